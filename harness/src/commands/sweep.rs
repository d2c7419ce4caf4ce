//! `sweep`: one or two settings varied.

use super::Answer;
use clap::Args;

/// What `sweep` takes.
#[derive(Debug, Args)]
pub struct SweepArgs {}

/// Not there yet.
pub(super) fn sweep(_args: &SweepArgs) -> Answer {
    Answer::failed("sweep::missing", "this command is not built yet")
}
