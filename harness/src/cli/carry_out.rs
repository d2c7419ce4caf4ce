//! A plan, carried out, and what came of it.
//!
//! What it would take, traces and the folder are looked at first: what can be refused is refused
//! before anything runs.

use crate::cli::answer::{Answer, page_line};
use crate::cli::progress::{Progress, say};
use crate::run::bounds::{self, Beyond};
use crate::run::feed::Feed;
use crate::run::resume::Resumed;
use crate::run::{self, Outcome};
use engines::Data;
use instrument::bench::error::RunError;
use instrument::bench::exit::Exit;
use instrument::bench::folder;
use instrument::bench::{Bench, Here, Processes};
use instrument::distributions::{self, Need, Place};
use instrument::drivers::{self, Pins};
use instrument::host::usage;
use instrument::load::replay::Replay;
use programs::{Case, Visitor};
use reports::RunRecord;
use scenarios::catalog::CaseError;
use scenarios::spec::WorkloadSpec;
use scenarios::workload::Remark;
use settings::config::diagnostic::Mistake;
use settings::plan::{Cell, Format, Plan};
use std::collections::BTreeSet;
use std::hash::Hash;
#[cfg(feature = "live")]
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Runs a plan, or what is left of it in the folder to go on with, and tells what came of it.
/// `live` asks for a view in the terminal.
pub(super) fn carry_out(plan: &Plan, resume: Option<&Path>, live: bool, colour: bool) -> Answer {
    let tell = |came| told(came, plan.format, reports::text::table::terminal);
    carried_out(plan, resume, live, colour, tell)
}

/// The same, told by whoever asks.
pub(super) fn carried_out(
    plan: &Plan,
    resume: Option<&Path>,
    live: bool,
    colour: bool,
    tell: impl FnOnce(Result<Outcome, RunError>) -> Answer,
) -> Answer {
    let mut resumed = None;
    let look = || match resume {
        None => room(plan),
        Some(folder) => self::resumed(plan, folder).map(|found| resumed = Some(found)),
    };
    let Ready { stop, mut bench, traces } = match ready(plan, look, colour) {
        Ok(ready) => ready,
        Err(answer) => return answer,
    };
    tell_replays(&traces);
    let came = {
        // Gone before anything else is said: a view in the terminal gives it back.
        let mut feed = feed(live, &stop, colour);
        match resumed {
            None => run::run_plan(plan, &mut *bench, &mut *feed, &stop),
            Some(found) => run::resume_plan(plan, found, &mut *bench, &mut *feed, &stop),
        }
    };
    let interrupted = came.as_ref().ok().filter(|outcome| outcome.record.interrupted);
    let go_on = interrupted.map(|outcome| {
        let folder = outcome.folder.display();
        format!("interrupted: the same command with --resume {folder} does the rest\n")
    });
    let mut answer = tell(came);
    answer.complaints.extend(go_on);
    answer
}

/// What stands of the run in a folder, for a plan that asks for the same.
pub(super) fn resumed(plan: &Plan, folder: &Path) -> Result<Resumed, Mistake> {
    let record = before(folder, "run::resume", "run")?;
    Resumed::of(plan, folder, &record)
        .map_err(|why| not_gone_on_with("run::resume", &why, &record, folder))
}

/// The record of a run to go on with. `code` is that of whoever asks, `what` its word for a run.
pub(super) fn before(folder: &Path, code: &'static str, what: &str) -> Result<RunRecord, Mistake> {
    RunRecord::read(folder).map_err(|error| {
        Mistake::new(code, error.to_string())
            .help(format!("name the folder of a {what} that was written as far as it came"))
    })
}

/// Says why a run is not gone on with.
pub(super) fn not_gone_on_with(
    code: &'static str,
    why: &str,
    record: &RunRecord,
    folder: &Path,
) -> Mistake {
    Mistake::new(code, format!("this run cannot be gone on with: {why}")).help(format!(
        "ask for what it was made with: {}",
        going_on(&record.command, &folder.display().to_string())
    ))
}

/// The command that made a run, as it goes on with it: `--out` would ask for another folder, and is
/// refused for one that holds a run.
fn going_on(command: &str, folder: &str) -> String {
    let mut words = command.split(' ');
    let mut kept: Vec<&str> = Vec::new();
    while let Some(word) = words.next() {
        let is = |name: &str| word == name || word.strip_prefix(name).is_some_and(is_value);
        if !is("--out") && !is("--resume") {
            kept.push(word);
        } else {
            // A value with a space in it stands between quotes, and so in several of these words.
            let mut value =
                if word.contains('=') { word } else { words.next().unwrap_or_default() };
            let is_quoted = value.contains('\'');
            while is_quoted && !value.ends_with('\'') {
                let Some(more) = words.next() else { break };
                value = more;
            }
        }
    }
    let folder = if folder.contains(' ') { format!("'{folder}'") } else { folder.to_owned() };
    format!("{} --resume {folder}", kept.join(" "))
}

/// Whether this follows the name of an option in the same word.
fn is_value(rest: &str) -> bool {
    rest.starts_with('=')
}

/// Tells of the input of each cell what a run of it should not come as a surprise with: how much
/// of a trace it plays.
pub(super) fn tell_replays(inputs: &[TraceSeen]) {
    for TraceSeen { cell, replay, .. } in inputs {
        for sentence in replay.sentences() {
            say(&format!("{cell}: {sentence}"));
        }
    }
}

/// A wish to stop, which the interrupt key expresses, and where repetitions are measured. Before
/// that, traces are read and `room` says whether there is a place to write to: nobody wants to
/// learn of either after the run.
pub(super) fn ready(
    plan: &Plan,
    room: impl FnOnce() -> Result<(), Mistake>,
    colour: bool,
) -> Result<Ready, Answer> {
    let affordable = affordable(&plan.cells, plan.repeat.least(), plan.keep_results);
    affordable.map_err(|mistake| Answer::mistaken(mistake, colour))?;
    let traces = traces(&plan.cells).map_err(|error| Answer::of_case(&error))?;
    engines_are_here(&plan.cells).map_err(|mistake| Answer::mistaken(mistake, colour))?;
    for TraceSeen { cell, remarks, .. } in &traces {
        for Remark { text, advice, .. } in remarks {
            say(&format!("  ! {cell}: {text}: {advice}"));
        }
    }
    room().map_err(|mistake| Answer::mistaken(mistake, colour))?;
    let stop = interruptible(patience(plan.simulate))?;
    let bench = bench(plan, &stop).map_err(|error| {
        let message = format!("this program cannot find itself to start it again: {error}");
        Answer::failed("run::program", &message)
    })?;
    Ok(Ready { stop, bench, traces })
}

/// What a plan is carried out with.
pub(super) struct Ready {
    /// The wish to stop.
    pub(super) stop: Arc<AtomicBool>,
    /// Where repetitions are measured.
    pub(super) bench: Box<dyn Bench>,
    /// The traces that will be played.
    pub(super) traces: Vec<TraceSeen>,
}

/// Whether this machine can carry out so many repetitions of these cells.
pub(super) fn affordable(cells: &[Cell], repeat: u32, keep_results: bool) -> Result<(), Mistake> {
    let memory = usage::memory_total_bytes().into_iter().chain(usage::memory_limit_bytes()).min();
    // Where nobody knows how much there is, whatever is asked for is tried.
    let beyond = memory.and_then(|bytes| bounds::beyond(cells, repeat, keep_results, bytes));
    beyond.map_or(Ok(()), |Beyond { text, help }| {
        Err(Mistake::new("plan::beyond_this_machine", text).help(help))
    })
}

/// Whether the processors are here that engines are to have; who has which.
pub(super) fn pinned(cells: &[Cell]) -> Result<Vec<(&str, Pins)>, Mistake> {
    drivers::all_pins(cells).map_err(|why| {
        Mistake::new("plan::cpus", why).help("what they are for: sluicebench describe host")
    })
}

/// Whether all engines are here that run in processes of their own, and whoever of the user's own they
/// work with. What takes long before one can be started is done now, and not in a repetition.
fn engines_are_here(cells: &[Cell]) -> Result<(), Mistake> {
    pinned(cells)?;
    let place = Place::of_this_process();
    let wanted = wanted(cells).map_err(|why| Mistake::new("engine::not_here", why.to_owned()))?;
    for need in wanted {
        distributions::ready(need, &place).map_err(|lacking| {
            Mistake::new("engine::not_here", lacking.to_string())
                .help("what is here and what is missing: sluicebench engines")
        })?;
    }
    for cell in cells {
        for engine in &cell.engines {
            drivers::look(&engine.kind, cell).map_err(|why| {
                Mistake::new("engine::cluster", why)
                    .help("nothing was started; a cluster is given work only while it runs a cell")
            })?;
        }
    }
    let brokers = cells.iter().filter_map(|cell| cell.transport.kafka()?.brokers.as_deref());
    // Those of many cells are mostly the same.
    for addresses in brokers.collect::<BTreeSet<_>>() {
        drivers::beside::look_for_brokers(addresses).map_err(|why| {
            Mistake::new("engine::broker", why)
                .help("nothing was started; topics are made only while a cell is run")
        })?;
    }
    Ok(())
}

/// What a run of these cells would be refused for, as it is not here. Nothing is compiled for it, and
/// no cluster is asked.
pub(super) fn not_here(cells: &[Cell]) -> Vec<String> {
    let place = Place::of_this_process();
    match wanted(cells) {
        Ok(wanted) => {
            let lacking =
                wanted.into_iter().filter_map(|need| distributions::lacking(need, &place));
            lacking.map(|lacking| lacking.to_string()).collect()
        }
        Err(why) => vec![why.to_owned()],
    }
}

/// What engines and transports in processes of their own need, each once; or what this program cannot
/// do.
fn wanted(cells: &[Cell]) -> Result<Vec<Need<'_>>, &'static str> {
    let engines = cells.iter().flat_map(|cell| &cell.engines);
    let mut wanted: Vec<_> = engines.filter_map(|engine| drivers::needs(&engine.kind)).collect();
    for cell in cells {
        wanted.extend(drivers::carried_by(&cell.transport)?);
    }
    wanted.sort_unstable();
    wanted.dedup();
    Ok(wanted)
}

/// Whether the folder that the plan asks for can be written and holds no run.
pub(super) fn room(plan: &Plan) -> Result<(), Mistake> {
    folder::room(plan.out.as_deref()).map(drop).map_err(|error| match error {
        RunError::Unwritable { path, source } => {
            let shown = path.display();
            let message = format!("the folder `{shown}` cannot be written: {source}");
            Mistake::new("run::folder", message).help("name another one with --out DIR")
        }
        other => taken(&other).unwrap_or_else(|| Mistake::new("run::folder", other.to_string())),
    })
}

/// What to say where a folder is somebody else's.
fn taken(error: &RunError) -> Option<Mistake> {
    let (path, what) = match error {
        RunError::Occupied(path) => (path, "holds a run already"),
        RunError::Busy(path) => (path, "is being written by another run"),
        _ => return None,
    };
    let message = format!("the folder `{}` {what}", path.display());
    let help = "name another one with --out DIR; a run is never overwritten";
    Some(Mistake::new("run::folder", message).help(help))
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
                    format!("{}\n{}", text(&outcome.record), page_line(&page))
                }
            };
            Answer { results, exit: outcome.exit, ..Answer::default() }
        }
        Err(error) => not_done(&error),
    }
}

/// A run that could not go on.
pub(super) fn not_done(error: &RunError) -> Answer {
    // It was free when it was looked at.
    if let Some(mistake) = taken(error) {
        return Answer::mistaken(mistake, false);
    }
    let mut answer = Answer::failed("run::failed", &error.to_string());
    if matches!(error, RunError::Record(_) | RunError::Report(_) | RunError::Conformance(_)) {
        answer.complaints += "  help: what was finished before is kept: sluicebench report DIR \
                              --out ELSEWHERE\n";
    }
    answer
}

/// Who shows what happens: a view, where it is asked for and there is a terminal; else lines.
#[cfg(feature = "live")]
fn feed(live: bool, stop: &Arc<AtomicBool>, colour: bool) -> Box<dyn Feed> {
    if live && std::io::stderr().is_terminal() {
        match crate::cli::live::Screen::take(stop, colour) {
            Ok(screen) => return Box::new(screen),
            Err(error) => say(&format!("no view in this terminal: {error}")),
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

/// How long an interrupted program may take to stop by itself. The process of a repetition gives
/// itself ten seconds, and is given twelve; what is simulated has nobody beside it who would end it.
const fn patience(simulate: bool) -> Duration {
    Duration::from_secs(if simulate { 3 } else { 15 })
}

/// What is set once the user has had enough. The program ends after so long, whatever it is at.
pub(super) fn interruptible(patience: Duration) -> Result<Arc<AtomicBool>, Answer> {
    let stop = Arc::new(AtomicBool::new(false));
    stop_when_interrupted(&stop, patience).map_err(|error| {
        let message = format!("the interrupt key cannot be watched: {error}");
        Answer::failed("run::interrupt", &message)
    })?;
    Ok(stop)
}

/// The first interrupt lets the engines stop, so that finished cells are kept; whatever they are at,
/// the program ends when its patience does. The second interrupt ends it at once.
fn stop_when_interrupted(stop: &Arc<AtomicBool>, patience: Duration) -> Result<(), ctrlc::Error> {
    let stop = Arc::clone(stop);
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            Exit::Interrupted.now();
        }
        // Without a thread to wait in, the second interrupt has to do.
        let _ = std::thread::Builder::new().name("patience".to_owned()).spawn(move || {
            let (_nobody, never) = channel::<()>();
            let _ = never.recv_timeout(patience);
            Exit::Interrupted.now();
        });
        // Input that is being made and answers that are being checked are finished first.
        let _ = writeln!(
            std::io::stderr(),
            "interrupted: stopping as soon as what was begun is done; again to end at once"
        );
    })
}

/// What is known of a cell's trace before it is played.
#[derive(Clone, Debug)]
pub(super) struct TraceSeen {
    /// The cell's name.
    pub(super) cell: String,
    /// How much of it is played.
    pub(super) replay: Replay,
    /// What is strange about it.
    pub(super) remarks: Vec<Remark>,
}

/// Reads every trace once and lets it go again, and returns what was seen of each. A bad row in
/// the last cell's trace is not found out after all other cells have run.
pub(super) fn traces(cells: &[Cell]) -> Result<Vec<TraceSeen>, CaseError> {
    struct Look<'a>(&'a Cell);
    impl Visitor for Look<'_> {
        type Output = Option<TraceSeen>;
        fn visit<E: Data + Hash, A: scenarios::Answer>(self, case: Case<E, A>) -> Self::Output {
            Some(TraceSeen {
                cell: self.0.name.clone(),
                replay: Replay::of(self.0, &*case.workload)?,
                remarks: case.workload.remarks().to_vec(),
            })
        }
    }
    let mut seen = Vec::new();
    for (index, cell) in cells.iter().enumerate() {
        let is_trace = matches!(cell.case.workload, WorkloadSpec::Trace(_));
        let read = |other: &Cell| other.case.workload == cell.case.workload;
        if is_trace && !cells[..index].iter().any(read) {
            seen.extend(programs::open(&cell.case, cell.seed)?.visit(Look(cell)));
        }
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_with_a_run_asks_for_no_folder_of_its_own() {
        let told = |command: &str| going_on(command, "runs/a");
        let want = "sluicebench run x.toml --repeat 5 --resume runs/a";
        assert_eq!(told("sluicebench run x.toml --out runs/a --repeat 5"), want);
        assert_eq!(told("sluicebench run x.toml --out=runs/a --repeat 5"), want);
        assert_eq!(told("sluicebench run x.toml --repeat 5"), want);
        assert_eq!(told("sluicebench run x.toml --out 'my own runs' --repeat 5"), want);
        assert_eq!(told("sluicebench run x.toml --repeat 5 --resume runs/a"), want);
    }
}
