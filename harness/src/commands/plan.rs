//! `plan`: what would run.

use super::Answer;
use clap::Args;

/// What `plan` takes.
#[derive(Debug, Args)]
pub struct PlanArgs {}

/// Not there yet.
pub(super) fn plan(_args: &PlanArgs) -> Answer {
    Answer::failed("plan::missing", "this command is not built yet")
}
