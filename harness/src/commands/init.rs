//! `init`: a scenario file to start from.

use super::Answer;
use clap::Args;

/// What `init` takes.
#[derive(Debug, Args)]
pub struct InitArgs {}

/// Not there yet.
pub(super) fn init(_args: &InitArgs) -> Answer {
    Answer::failed("init::missing", "this command is not built yet")
}
