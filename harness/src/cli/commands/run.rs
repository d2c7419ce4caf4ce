//! `run`: scenarios or suites on both engines.

use super::prepare;
use crate::cli::answer::Answer;
use crate::cli::carry_out::carry_out;
use crate::cli::options::RunArgs;
use instrument::bench::exit::Exit;
use settings::config::Given;

/// Runs what was asked for, and tells what came of it.
pub(in crate::cli) fn run(args: &RunArgs, given: &[Given], colour: bool) -> Answer {
    let command = prepare::typed(std::env::args_os());
    let plan = match prepare::plan(args, given, command) {
        Ok(plan) => plan,
        Err(rejected) => return Answer::rejected(&rejected, colour),
    };
    if args.live && !cfg!(feature = "live") {
        let message = "this build has no view in the terminal: build it with --features live";
        return Answer { exit: Exit::Usage, ..Answer::failed("run::feature", message) };
    }
    carry_out(&plan, args.resume.as_deref(), args.live, colour)
}
