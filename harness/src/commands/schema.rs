//! `schema`: what our files look like, for programs.

use super::Answer;
use clap::Args;

/// What `schema` takes.
#[derive(Debug, Args)]
pub struct SchemaArgs {}

/// Not there yet.
pub(super) fn schema(_args: &SchemaArgs) -> Answer {
    Answer::failed("schema::missing", "this command is not built yet")
}
