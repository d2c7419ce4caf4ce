//! The commands: what the user asked for, done.
//!
//! A command returns what it has to say and with which exit code; saying it is up to `main`.
//! Nothing here prints.

mod describe;
mod list;
mod prepare;
mod validate;
mod words;

use crate::args::{Args, Command};
use crate::diagnostic::{Mistake, Rejected};
use clap::ArgMatches;

/// What a command has to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Results, for stdout.
    pub results: String,
    /// What went wrong, for stderr.
    pub complaints: String,
    /// The exit code.
    pub exit: u8,
}

/// The exit code for a mistake of usage or configuration.
const USAGE: u8 = 2;

impl Answer {
    /// Everything is in order.
    fn ok(results: impl Into<String>) -> Self {
        Self { results: results.into(), ..Self::default() }
    }

    /// What was asked for cannot be done as it was asked for.
    fn rejected(rejected: &Rejected, colour: bool) -> Self {
        Self { complaints: rejected.render(colour), exit: USAGE, ..Self::default() }
    }

    /// The same for a mistake that is not about a text.
    fn mistaken(mistake: Mistake, colour: bool) -> Self {
        Self::rejected(&Rejected::because(mistake), colour)
    }
}

/// Does what was asked for. `matches` tells which values came from the environment.
pub fn dispatch(args: &Args, _matches: &ArgMatches, colour: bool) -> Answer {
    match &args.command {
        Some(Command::List { what, format }) => list::list(*what, *format),
        Some(Command::Describe { name }) => describe::describe(name, colour),
        Some(Command::Validate { files, format }) => validate::validate(files, *format, colour),
        _ => Answer::default(),
    }
}
