//! `compare`: two runs, held against each other.

use super::Answer;
use clap::Args;

/// What `compare` takes.
#[derive(Debug, Args)]
pub struct CompareArgs {}

/// Not there yet.
pub(super) fn compare(_args: &CompareArgs) -> Answer {
    Answer::failed("compare::missing", "this command is not built yet")
}
