//! `completions`: completions for a shell.

use super::Answer;
use clap::Args;

/// What `completions` takes.
#[derive(Debug, Args)]
pub struct CompletionsArgs {}

/// Not there yet.
pub(super) fn completions(_args: &CompletionsArgs) -> Answer {
    Answer::failed("completions::missing", "this command is not built yet")
}
