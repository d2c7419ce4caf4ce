//! `man`: manual pages.

use super::Answer;
use clap::Args;

/// What `man` takes.
#[derive(Debug, Args)]
pub struct ManArgs {}

/// Not there yet.
pub(super) fn man(_args: &ManArgs) -> Answer {
    Answer::failed("man::missing", "this command is not built yet")
}
