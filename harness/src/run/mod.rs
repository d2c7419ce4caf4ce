//! Runs a plan: all cells, all engines, all repetitions, and writes down what happened.
//!
//! Repetitions go in blocks of every engine of every cell, each block in an order of its own, so
//! that a machine that grows warm or busy favours none of them. The record is written again after
//! every repetition: whatever happens next, what is finished is kept. How a repetition is
//! measured, and where, is up to the bench; what fails there ends its repetition and nothing else.

pub mod feed;
pub mod order;
pub mod known;

use crate::bench::folder::{self, Folder};
use crate::bench::repetition::latency;
use crate::bench::warnings::{Doubt, about_host};
use crate::bench::{Bench, Measured, Order};
use crate::drivers::{Nature, nature};
use crate::host;
use crate::load::input::Input;
use crate::load::layout::Layout;
use crate::measure::intervals::histogram;
use crate::measure::self_cost::self_cost;
use crate::measure::timeline;
use crate::plan::{Cell, EngineSetting, Load, Plan};
use crate::run::feed::{Feed, Happening, Turn};
use engines::Data;
use hdrhistogram::Histogram;
use programs::{Case, Visitor};
use reports::quantity;
use reports::record::{
    CellRecord, EngineRecord, InputRecord, RecordError, RunRecord, SCHEMA_VERSION, VerdictKind,
};
use reports::{ReportError, write_report};
use scenarios::Answer;
use scenarios::catalog::CaseError;
use std::hash::Hash;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Everything that was measured.
    pub record: RunRecord,
    /// The folder it was written to.
    pub folder: PathBuf,
    /// The program's exit code.
    pub exit: u8,
}

/// Why a run could not go on. What was finished before is in its folder.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The folder is not empty.
    #[error("{} holds a run already: choose another folder with --out, or remove it", .0.display())]
    Occupied(PathBuf),
    /// A file or folder cannot be written.
    #[error("cannot write {}: {source}; what was finished before is kept", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The record cannot be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The report cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A cell's input cannot be made.
    #[error("cell `{cell}`: {source}")]
    Case {
        /// Which cell.
        cell: String,
        /// What is wrong with it.
        source: Box<CaseError>,
    },
    /// The process of a repetition says why the run cannot go on.
    #[error("{0}")]
    Refused(String),
}

impl RunError {
    pub(crate) fn case(cell: &Cell, source: CaseError) -> Self {
        Self::Case { cell: cell.name.clone(), source: Box::new(source) }
    }

    pub(crate) fn unwritable(path: &Path, source: io::Error) -> Self {
        Self::Unwritable { path: path.to_owned(), source }
    }
}

/// Runs all of it on `bench`, and tells `feed` what happens. `stop` ends it early: what is
/// finished is kept and reported.
pub fn run_plan(
    plan: &Plan,
    bench: &mut dyn Bench,
    feed: &mut dyn Feed,
    stop: &AtomicBool,
) -> Result<Outcome, RunError> {
    let started = host::utc_now();
    let folder = Folder::make(plan.out.as_deref(), &plan.name, started, plan.cells.len())?;
    feed.tell(&Happening::Opened(plan));
    let record = opened(plan, started, |cores| about_plan(plan, cores), feed);
    record.write(folder.path())?;
    let mut run =
        Run { plan, folder: &folder, stop, record, begun: Vec::new(), merged: Vec::new() };
    run.all_blocks(bench, feed)?;
    let mut record = run.record;
    record.interrupted = stop.load(Ordering::Relaxed);
    for cell in &mut record.cells {
        let doubts = about_cell(cell);
        cell.warnings.extend(doubts.iter().map(Doubt::warning));
    }
    record.write(folder.path())?;
    write_report(std::slice::from_ref(&record), folder.path())?;
    let exit = exit_code(&record, plan.strict);
    Ok(Outcome { record, folder: folder.path().to_owned(), exit })
}

/// A record with its circumstances, and nothing measured yet. What is doubtful about the plan
/// depends on how many cores there are.
pub(crate) fn opened(
    plan: &Plan,
    started: SystemTime,
    doubts_about_plan: impl FnOnce(u32) -> Vec<Doubt>,
    feed: &mut dyn Feed,
) -> RunRecord {
    host::sharpen_timers();
    let jitter = host::jitter(host::PROBE);
    let machine = host::describe(&jitter);
    let mut doubts = about_host(&machine, &jitter);
    doubts.extend(doubts_about_plan(machine.cores));
    let self_cost = self_cost();
    feed.tell(&Happening::Noted(&host::line(&machine)));
    for doubt in &doubts {
        let warning = doubt.warning();
        feed.tell(&Happening::Noted(&format!("  ! {}: {}", warning.text, warning.advice)));
    }
    feed.tell(&Happening::Noted(&format!(
        "measuring costs {:.1} ns per event, {:.1} ns per answer: with no engine in between, one \
         core paces and records {} one at a time, and more where an engine takes many at once; a \
         reading of the clock, {:.1} ns",
        self_cost.pacing_ns_per_event,
        self_cost.recording_ns_per_answer,
        quantity::rate(1e9 / (self_cost.pacing_ns_per_event + self_cost.recording_ns_per_answer)),
        self_cost.clock_read_ns
    )));
    RunRecord {
        schema_version: SCHEMA_VERSION,
        name: plan.name.clone(),
        title: plan.title.clone(),
        command: plan.command.clone(),
        started: host::rfc3339(started),
        tool: host::tool(),
        host: machine,
        interrupted: false,
        self_cost,
        cells: Vec::new(),
        warnings: doubts.iter().map(Doubt::warning).collect(),
        sweep: plan.sweep.clone(),
    }
}

/// Writes the input of a cell as it will arrive, as CSV. Returns how many events there are.
pub fn write_events(cell: &Cell, out: &Path) -> Result<u64, RunError> {
    programs::open(&cell.case, cell.seed)
        .map_err(|source| RunError::case(cell, source))?
        .visit(EventsVisitor { cell, out })
}

/// Interrupted before void, void before wrong, wrong before failed: the reason not to read the
/// numbers comes before what they say. A sound run that decides nothing fails only where that is
/// asked for.
fn exit_code(record: &RunRecord, strict: bool) -> u8 {
    let repetitions = || {
        let engines = record.cells.iter().flat_map(|cell| &cell.engines);
        engines.flat_map(|engine| &engine.repetitions)
    };
    let any = |kind| repetitions().any(|repetition| repetition.verdict.kind == kind);
    if record.interrupted || any(VerdictKind::Interrupted) {
        130
    } else if any(VerdictKind::LoadNotHeld) {
        6
    } else if any(VerdictKind::Differs) {
        4
    } else if any(VerdictKind::Failed) {
        1
    } else if strict && is_inconclusive(record) {
        5
    } else {
        0
    }
}

/// Whether the run's own warnings say that it does not decide between engines.
fn is_inconclusive(record: &RunRecord) -> bool {
    let doubts = [
        "run::few_repetitions",
        "run::unstable",
        "run::not_known",
        "run::no_steady_state",
        "verify::bounds_only",
    ];
    let of_cells = record.cells.iter().flat_map(|cell| &cell.warnings);
    record.warnings.iter().chain(of_cells).any(|warning| doubts.contains(&warning.code.as_str()))
}

/// What is doubtful about what is to be run.
pub(crate) fn about_plan(plan: &Plan, cores: u32) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if plan.simulate {
        doubts.push(Doubt::Simulated);
        return doubts;
    }
    doubts.extend(crowded(plan, cores));
    if plan.repeat.most() < REPETITIONS_LEAST {
        doubts.push(Doubt::FewRepetitions { repetitions: plan.repeat.most() });
    }
    doubts
}

/// Whether the workers of a plan leave no core for anything else.
pub(crate) fn crowded(plan: &Plan, cores: u32) -> Option<Doubt> {
    let workers = plan.cells.iter().map(|cell| cell.parallelism).max().unwrap_or(1);
    (workers >= cores as usize && workers > 1).then_some(Doubt::Crowded { workers, cores })
}

/// Fewer say nothing about how far apart repetitions are.
const REPETITIONS_LEAST: u32 = 3;

/// Fewer answers leave less than one above p99.9.
const ANSWERS_LEAST: u64 = 1000;

/// How far the p99 of repetitions may lie apart.
const SPREAD_MAX: f64 = 0.25;

struct EventsVisitor<'a> {
    cell: &'a Cell,
    out: &'a Path,
}

impl Visitor for EventsVisitor<'_> {
    type Output = Result<u64, RunError>;

    fn visit<E: Data + Hash, A: Answer>(self, case: Case<E, A>) -> Self::Output {
        let layout = Layout::of(self.cell, self.cell.seed, case.program.window());
        // Nothing is held: the events are written as they are made.
        let input = Input::make(case.workload, layout, 0);
        let events = (0..).zip(input.events().map(|(_, event)| event));
        folder::write_events(self.out, &*input.workload, events)
    }
}

/// Every engine of every cell once, as numbers of both, in the order of repetition `rep`.
pub(crate) fn block(cells: &[Cell], rep: u32) -> Vec<(usize, usize)> {
    let turns: Vec<(usize, usize)> = (0..cells.len())
        .flat_map(|cell| (0..cells[cell].engines.len()).map(move |engine| (cell, engine)))
        .collect();
    let seed = cells.first().map_or(0, |cell| cell.seed);
    order::shuffled(turns.len(), seed, rep).into_iter().map(|turn| turns[turn]).collect()
}

/// A run under way.
struct Run<'a> {
    plan: &'a Plan,
    folder: &'a Folder,
    stop: &'a AtomicBool,
    record: RunRecord,
    /// Which cells of the plan the record has, in its order: those of which a repetition is done.
    begun: Vec<usize>,
    /// The verified latencies of each engine of these cells.
    merged: Vec<Vec<Latencies>>,
}

/// `result_latency` and `event_latency` of several repetitions.
type Latencies = (Histogram<u64>, Histogram<u64>);

impl Run<'_> {
    /// Block after block, until all are done or nothing is left to learn.
    fn all_blocks(&mut self, bench: &mut dyn Bench, feed: &mut dyn Feed) -> Result<(), RunError> {
        for rep in 1..=self.plan.repeat.most() {
            for (cell, engine) in block(&self.plan.cells, rep) {
                if self.stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
                self.one(cell, engine, rep, bench, feed)?;
            }
            let repeat = self.plan.repeat;
            let stopped = self.stop.load(Ordering::Relaxed);
            if repeat.is_open() && rep >= repeat.least() && !stopped && self.is_known(rep, feed) {
                break;
            }
        }
        Ok(())
    }

    /// Whether all medians are known well enough after `rep` repetitions. Says so, or what is not
    /// known when there are no more to come.
    fn is_known(&mut self, rep: u32, feed: &mut dyn Feed) -> bool {
        let percent = known::HALF_WIDTH_MAX * 100.0;
        let text = match known::worst(&self.record) {
            Some(worst) if worst.half_width > known::HALF_WIDTH_MAX => {
                if rep == self.plan.repeat.most() {
                    let doubt = Doubt::NotKnown { repetitions: rep, worst };
                    let warning = doubt.warning();
                    feed.tell(&Happening::Noted(&format!("{}; {}", warning.text, warning.advice)));
                    self.record.warnings.push(warning);
                }
                return false;
            }
            Some(_) => format!("every median is known to within {percent:.0} %: done"),
            None => "nothing was verified that could be known better: done".to_owned(),
        };
        feed.tell(&Happening::Noted(&format!("after {rep} repetitions {text}")));
        true
    }

    /// One repetition of one engine of one cell.
    fn one(
        &mut self,
        index: usize,
        engine: usize,
        rep: u32,
        bench: &mut dyn Bench,
        feed: &mut dyn Feed,
    ) -> Result<(), RunError> {
        let cell = &self.plan.cells[index];
        // A trace is what it is; only what is made up can be made up anew.
        let seed = match cell.load {
            Load::Trace => cell.seed,
            Load::Synthetic { .. } => order::seed(cell.seed, rep),
        };
        let order = Order {
            cell,
            engine,
            rep,
            seed,
            files: Some(self.folder),
            keep_results: self.plan.keep_results,
            simulate: self.plan.simulate,
        };
        let turn = Turn { order, repeat: self.plan.repeat };
        feed.tell(&Happening::Begun(&turn));
        let measured = bench.measure(&order, &mut |seen| {
            feed.tell(&Happening::Seen(&turn, seen));
            ControlFlow::Continue(())
        })?;
        feed.tell(&Happening::Ended(&turn, &measured.repetition));
        self.keep(index, engine, measured);
        self.record.write(self.folder.path())?;
        Ok(())
    }

    fn keep(&mut self, index: usize, engine: usize, measured: Measured) {
        let at = self.begun.binary_search(&index).unwrap_or_else(|at| {
            let cell = &self.plan.cells[index];
            self.begun.insert(at, index);
            self.record.cells.insert(at, cell_record(cell));
            let empty = || (histogram(), histogram());
            self.merged.insert(at, cell.engines.iter().map(|_| empty()).collect());
            at
        });
        let cell = &mut self.record.cells[at];
        if let (Some(facts), true) = (measured.facts, cell.question.is_empty()) {
            cell.input = facts.input;
            cell.question = facts.question;
            cell.latency_definition = facts.latency_definition;
            cell.warnings = facts.warnings;
        }
        cell.truth = cell.truth.or(measured.truth);
        let record = &mut cell.engines[engine];
        if let Some(algorithm) = measured.algorithm {
            record.algorithm = algorithm;
        }
        if measured.repetition.is_verified() {
            let (result, event) = &mut self.merged[at][engine];
            result.add(&measured.result).expect("all have the same range");
            event.add(&measured.event).expect("all have the same range");
            record.merged_result_latency = latency(result);
            record.merged_event_latency = latency(event);
        }
        record.repetitions.push(measured.repetition);
    }
}

/// What is known of a cell before its input has been made.
pub(crate) fn cell_record(cell: &Cell) -> CellRecord {
    CellRecord {
        name: cell.name.clone(),
        title: cell.title.clone(),
        scenario: cell.scenario.clone(),
        question: String::new(),
        resolved: cell.resolved_toml.clone(),
        seed: cell.seed,
        parallelism: u32::try_from(cell.parallelism).unwrap_or(u32::MAX),
        input: InputRecord::default(),
        latency_definition: String::new(),
        warm_up_s: cell.measure.warm_up.as_secs_f64(),
        duration_s: cell.measure.duration.as_secs_f64(),
        truth: None,
        engines: cell.engines.iter().map(engine_record).collect(),
        warnings: Vec::new(),
        point: cell.point.clone(),
        thresholds: cell.thresholds.clone(),
    }
}

fn engine_record(setting: &EngineSetting) -> EngineRecord {
    let Nature { recorded, interval_ns, algorithm, settings, .. } = nature(&setting.kind);
    EngineRecord {
        label: setting.label.clone(),
        kind: recorded,
        algorithm: algorithm.name().to_owned(),
        settings: settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        interval_s: interval_ns.map(timeline::seconds),
        repetitions: Vec::new(),
        merged_result_latency: None,
        merged_event_latency: None,
        limit: None,
    }
}

/// What is doubtful about the repetitions of a cell.
fn about_cell(cell: &CellRecord) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for engine in &cell.engines {
        let p99s: Vec<u64> = engine
            .repetitions
            .iter()
            .filter(|repetition| repetition.is_verified())
            .filter_map(|repetition| Some(repetition.result_latency.as_ref()?.p99_ns))
            .collect();
        if let (Some(least), Some(most)) = (p99s.iter().min(), p99s.iter().max())
            && p99s.len() > 1
        {
            let spread = *most as f64 / (*least).max(1) as f64 - 1.0;
            if spread > SPREAD_MAX {
                doubts.push(Doubt::Unstable { engine: engine.label.clone(), spread });
            }
        }
        let unsteady: Vec<u32> = engine
            .repetitions
            .iter()
            .filter(|repetition| repetition.is_verified() && !repetition.may_be_steady())
            .map(|repetition| repetition.rep)
            .collect();
        if !unsteady.is_empty() {
            let (engine, of) = (engine.label.clone(), engine.repetitions.len());
            doubts.push(Doubt::NoSteadyState { engine, repetitions: unsteady, of });
        }
        let answers = engine.repetitions.iter().filter(|repetition| repetition.is_verified());
        if let Some(least) = answers.map(|repetition| repetition.counts.answers_measured).min()
            && least < ANSWERS_LEAST
        {
            doubts.push(Doubt::FewAnswers { engine: engine.label.clone(), answers: least });
        }
    }
    doubts
}
