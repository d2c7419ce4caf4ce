//! `export`: a run in open formats.

use super::Answer;
use clap::Args;

/// What `export` takes.
#[derive(Debug, Args)]
pub struct ExportArgs {}

/// Not there yet.
pub(super) fn export(_args: &ExportArgs) -> Answer {
    Answer::failed("export::missing", "this command is not built yet")
}
