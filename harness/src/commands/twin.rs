//! `twin`: a synthetic source that resembles a trace.

use super::Answer;
use clap::Args;

/// What `twin` takes.
#[derive(Debug, Args)]
pub struct TwinArgs {}

/// Not there yet.
pub(super) fn twin(_args: &TwinArgs) -> Answer {
    Answer::failed("twin::missing", "this command is not built yet")
}
