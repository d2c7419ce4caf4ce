//! `completions`: what a shell offers while a command is typed.
//!
//! They are made from the definition that reads the command line, which is handed in, so that they
//! cannot lie.

use crate::cli::answer::Answer;
use clap::Args;
use clap_complete::Shell;

/// What `completions` takes.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// The script that the shell reads, for what is shown of the command line.
pub(in crate::cli) fn completions(args: &CompletionsArgs, shown: &mut clap::Command) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, shown, "sluicebench", &mut script);
    Answer::ok(String::from_utf8_lossy(&script))
}
