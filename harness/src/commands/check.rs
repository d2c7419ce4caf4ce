//! `check`: a run, held against what was demanded of it.

use super::Answer;
use clap::Args;

/// What `check` takes.
#[derive(Debug, Args)]
pub struct CheckArgs {}

/// Not there yet.
pub(super) fn check(_args: &CheckArgs) -> Answer {
    Answer::failed("check::missing", "this command is not built yet")
}
