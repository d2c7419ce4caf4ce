//! `completions`: what a shell offers while a command is typed.
//!
//! They are made from the same definition that reads the command line, so that they cannot lie.

use super::Answer;
use crate::cli::args::Args as Typed;
use clap::Args;
use clap_complete::Shell;

/// What `completions` takes.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// The script that the shell reads.
pub(super) fn completions(args: &CompletionsArgs) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Typed::shown(), "sluicebench", &mut script);
    Answer::ok(String::from_utf8_lossy(&script))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use clap::ValueEnum as _;

    #[test]
    fn every_shell_learns_of_every_command_that_is_shown_and_of_no_other() {
        for shell in Shell::value_variants() {
            let script = completions(&CompletionsArgs { shell: *shell }).results;
            for command in Typed::command().get_subcommands() {
                let is_there = script.contains(command.get_name());
                assert_eq!(is_there, !command.is_hide_set(), "{shell}: {}", command.get_name());
            }
        }
    }
}
