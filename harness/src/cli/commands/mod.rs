//! The commands: what the user asked for, done.
//!
//! A command returns what it has to say and with which exit code; saying it is up to `main`.
//! Nothing here prints.

pub mod check;
pub mod compare;
pub mod completions;
mod describe;
mod doctor;
mod gate;
pub mod export;
pub mod init;
pub mod limit;
mod list;
pub mod man;
pub mod plan;
mod prepare;
mod report;
mod run;
pub mod schema;
pub mod sweep;
pub mod twin;
mod validate;
mod words;

use crate::cli::args::{Args, Command};
use crate::config::diagnostic::{Mistake, Rejected};
use clap::ArgMatches;
use scenarios::catalog::CaseError;
use scenarios::workload::TraceError;

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

/// The exit code of a program that was interrupted.
pub(crate) const INTERRUPTED: i32 = 130;
/// The exit code for what went wrong on the way.
const FAILED: u8 = 1;
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

    /// What was asked for could not be done.
    fn failed(code: &str, message: &str) -> Self {
        let complaints = format!("error[{code}]: {message}\n");
        Self { complaints, exit: FAILED, ..Self::default() }
    }

    /// A scenario cannot be made. What its file got wrong is a mistake of configuration; what is
    /// wrong with its trace is not.
    fn of_case(error: &CaseError) -> Self {
        let message = error.to_string();
        match error {
            CaseError::Invalid(_)
            | CaseError::Trace(
                TraceError::Open { .. }
                | TraceError::MissingColumn { .. }
                | TraceError::AmbiguousColumn { .. }
                | TraceError::Value { .. },
            ) => Self { exit: USAGE, ..Self::failed("trace::column", &message) },
            CaseError::Trace(_) => Self::failed("trace::unreadable", &message),
        }
    }

    /// The same for a mistake that is not about a text.
    fn mistaken(mistake: Mistake, colour: bool) -> Self {
        Self::rejected(&Rejected::because(mistake), colour)
    }
}

/// Does what was asked for. `matches` tells which values came from the environment.
pub fn dispatch(args: &Args, matches: &ArgMatches, colour: bool) -> Answer {
    let matches = matches.subcommand().map_or(matches, |(_, matches)| matches);
    let Some(command) = &args.command else { return Answer::default() };
    match command {
        Command::Run(args) => run::run(args, &args.settings.given(matches), colour),
        Command::List { what, format } => list::list(*what, *format),
        Command::Describe { name } => describe::describe(name, colour),
        Command::Validate { files, format } => validate::validate(files, *format, colour),
        Command::Events { scenario, out, settings } => {
            run::events(scenario, out, &settings.given(matches), colour)
        }
        Command::Report { folders, out } => report::report(folders, out.as_deref()),
        Command::Limit(args) => limit::limit(args, &args.settings.given(matches), colour),
        Command::Sweep(args) => sweep::sweep(args, &args.settings.given(matches), colour),
        Command::Compare(args) => compare::compare(args, colour),
        Command::Check(args) => check::check(args, colour),
        Command::Twin(args) => twin::twin(args, &args.settings.given(matches), colour),
        Command::Plan(args) => plan::plan(args, &args.run.settings.given(matches), colour),
        Command::Init(args) => init::init(args, colour),
        Command::Schema(args) => schema::schema(args),
        Command::Export(args) => export::export(args),
        Command::Completions(args) => completions::completions(args),
        Command::Man(args) => man::man(args),
        Command::Trial => Answer { exit: crate::bench::serve(), ..Answer::default() },
        Command::Doctor { format } => doctor::doctor(*format),
    }
}
