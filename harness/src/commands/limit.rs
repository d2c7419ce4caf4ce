//! `limit`: the highest sustainable rate.

use super::Answer;
use clap::Args;

/// What `limit` takes.
#[derive(Debug, Args)]
pub struct LimitArgs {}

/// Not there yet.
pub(super) fn limit(_args: &LimitArgs) -> Answer {
    Answer::failed("limit::missing", "this command is not built yet")
}
