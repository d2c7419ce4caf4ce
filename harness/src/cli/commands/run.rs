//! `run` and `events`: what needs an engine, or its input.

use super::{Answer, INTERRUPTED, USAGE, prepare, report};
use crate::bench::{Bench, Here, Processes};
use crate::cli::args::RunArgs;
#[cfg(feature = "live")]
use crate::cli::progress;
use crate::cli::progress::Progress;
use crate::config::Given;
use crate::plan::{Format, Plan};
use crate::run::feed::Feed;
use crate::run::{self, Outcome, RunError};
use reports::RunRecord;
#[cfg(feature = "live")]
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs what was asked for, and tells what came of it.
pub(super) fn run(args: &RunArgs, given: &[Given], colour: bool) -> Answer {
    let command = prepare::typed(std::env::args_os());
    let plan = match prepare::plan(args, given, command) {
        Ok(plan) => plan,
        Err(rejected) => return Answer::rejected(&rejected, colour),
    };
    if args.live && !cfg!(feature = "live") {
        let message = "this build has no view in the terminal: build it with --features live";
        return Answer { exit: USAGE, ..Answer::failed("run::feature", message) };
    }
    carry_out(&plan, args.live, colour)
}

/// Runs a plan, and tells what came of it. `live` asks for a view in the terminal.
pub(super) fn carry_out(plan: &Plan, live: bool, colour: bool) -> Answer {
    if let Err(error) = prepare::traces(&plan.cells) {
        return Answer::of_case(&error);
    }
    if let Err(mistake) = prepare::folder(plan.out.as_deref()) {
        return Answer::mistaken(mistake, colour);
    }
    let (stop, mut bench) = match ready(plan) {
        Ok(ready) => ready,
        Err(answer) => return answer,
    };
    let came = {
        // Gone before anything else is said: a view in the terminal gives it back.
        let mut feed = feed(live, &stop, colour);
        run::run_plan(plan, &mut *bench, &mut *feed, &stop)
    };
    told(came, plan.format, reports::terminal)
}

/// A wish to stop, which the interrupt key expresses, and where repetitions are measured.
pub(super) fn ready(plan: &Plan) -> Result<(Arc<AtomicBool>, Box<dyn Bench>), Answer> {
    let stop = Arc::new(AtomicBool::new(false));
    stop_when_interrupted(&stop).map_err(|error| {
        let message = format!("the interrupt key cannot be watched: {error}");
        Answer::failed("run::interrupt", &message)
    })?;
    let bench = bench(plan, &stop).map_err(|error| {
        let message = format!("this program cannot find itself to start it again: {error}");
        Answer::failed("run::program", &message)
    })?;
    Ok((stop, bench))
}

/// What came of a run; `text` is how a record is told to people.
pub(super) fn told(
    came: Result<Outcome, RunError>,
    format: Format,
    text: fn(&RunRecord) -> String,
) -> Answer {
    match came {
        Ok(outcome) => {
            let results = match format {
                Format::Json => match serde_json::to_string_pretty(&outcome.record) {
                    Ok(json) => json + "\n",
                    Err(error) => return Answer::failed("run::record", &error.to_string()),
                },
                Format::Text => {
                    let page = outcome.folder.join("report.html");
                    format!("{}\n{}", text(&outcome.record), report::line(&page))
                }
            };
            Answer { results, exit: outcome.exit, ..Answer::default() }
        }
        Err(error) => {
            let mut answer = Answer::failed("run::failed", &error.to_string());
            if matches!(error, RunError::Record(_) | RunError::Report(_)) {
                answer.complaints += "  help: what was finished before is kept: sluicebench \
                                      report DIR --out ELSEWHERE\n";
            }
            answer
        }
    }
}

/// Who shows what happens: a view, where it is asked for and there is a terminal; else lines.
#[cfg(feature = "live")]
fn feed(live: bool, stop: &Arc<AtomicBool>, colour: bool) -> Box<dyn Feed> {
    if live && std::io::stderr().is_terminal() {
        match crate::cli::live::Screen::take(stop, colour) {
            Ok(screen) => return Box::new(screen),
            Err(error) => progress::say(&format!("no view in this terminal: {error}")),
        }
    }
    Box::new(Progress::default())
}

/// Who shows what happens: lines.
#[cfg(not(feature = "live"))]
fn feed(_live: bool, _stop: &Arc<AtomicBool>, _colour: bool) -> Box<dyn Feed> {
    Box::new(Progress::default())
}

/// Where repetitions are measured: each in a process of its own. Simulated time is the same in
/// any process, so it is left in this one.
fn bench(plan: &Plan, stop: &Arc<AtomicBool>) -> std::io::Result<Box<dyn Bench>> {
    Ok(if plan.simulate {
        Box::new(Here::new(Arc::clone(stop)))
    } else {
        Box::new(Processes::of_this_program(Arc::clone(stop))?)
    })
}

/// Writes the input of one scenario.
pub(super) fn events(scenario: &str, out: &Path, given: &[Given], colour: bool) -> Answer {
    let cell = match prepare::one_cell(scenario, given) {
        Ok(cell) => cell,
        Err(rejected) => return Answer::rejected(&rejected, colour),
    };
    match run::write_events(&cell, out) {
        Ok(events) => Answer::ok(format!("{events} events in {}\n", out.display())),
        Err(RunError::Case { source, .. }) => Answer::of_case(&source),
        Err(error) => Answer::failed("events::failed", &error.to_string()),
    }
}

/// The first interrupt lets the engines stop, so that finished cells are kept; the second ends
/// the program at once.
fn stop_when_interrupted(stop: &Arc<AtomicBool>) -> Result<(), ctrlc::Error> {
    let stop = Arc::clone(stop);
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
        // Input that is being made and answers that are being checked are finished first.
        let _ = writeln!(
            std::io::stderr(),
            "interrupted: stopping as soon as what was begun is done; again to end at once"
        );
    })
}
