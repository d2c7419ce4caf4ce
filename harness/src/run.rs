//! Runs a plan: all cells, all engines, all repetitions, and writes down what happened.
//!
//! Within a cell the engines take turns, and the order is turned round with each repetition
//! (ABBA), so that a machine that grows warm or busy favours none of them. The record is written
//! again after every repetition: whatever happens next, what is finished is kept. An engine that
//! fails ends its repetition and nothing else.

use crate::folder::{self, Folder};
use crate::host::{self, usage};
use crate::input::{Input, Layout};
use crate::plan::{Arrivals, Cell, EngineKind, EngineSetting, Load, Plan, RateShape, WindowDomain};
use crate::progress::Progress;
use crate::recorder::intervals::{IntervalLog, histogram};
use crate::repetition::{checked, latency, obstacle, repetition, unchecked};
use crate::schedule::Schedule;
use crate::self_cost::self_cost;
use crate::timeline;
use crate::trial::{self, Setting, Trial, final_due};
use crate::units::show_duration;
use crate::verify::{Checker, Finding, Judgement, Rule, arrived_late};
use crate::warnings::{Doubt, about_host};
use engines::micro_batch::{BatchWindows, MicroBatch, MicroBatchConfig};
use engines::per_event::{PerEvent, PerEventConfig};
use engines::{EngineError, Patience, Tally};
use hdrhistogram::Histogram;
use reports::quantity;
use reports::record::{
    CellRecord, EngineKind as Kind, EngineRecord, InputRecord, RecordError, Repetition, RunRecord,
    SCHEMA_VERSION, Truth, VerdictKind,
};
use reports::{ReportError, write_report};
use scenarios::catalog::{CaseError, Visitor, visit};
use scenarios::{Scenario, Workload};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

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
}

impl RunError {
    fn case(cell: &Cell, source: CaseError) -> Self {
        Self::Case { cell: cell.name.clone(), source: Box::new(source) }
    }

    pub(crate) fn unwritable(path: &Path, source: io::Error) -> Self {
        Self::Unwritable { path: path.to_owned(), source }
    }
}

/// Runs all of it. `stop` ends it early: what is finished is kept and reported.
pub fn run_plan(plan: &Plan, stop: &Arc<AtomicBool>) -> Result<Outcome, RunError> {
    let started = host::utc_now();
    let folder = Folder::make(plan.out.as_deref(), &plan.name, started, plan.cells.len())?;
    let progress = Progress::default();
    progress.opening(plan);
    host::sharpen_timers();
    let jitter = host::jitter(host::PROBE);
    let machine = host::describe(&jitter);
    let mut doubts = about_host(&machine, &jitter);
    doubts.extend(about_plan(plan, machine.cores));
    let self_cost = self_cost();
    progress.line(&host::line(&machine));
    for doubt in &doubts {
        let warning = doubt.warning();
        progress.line(&format!("  ! {}: {}", warning.text, warning.advice));
    }
    progress.line(&format!(
        "measuring costs {:.1} ns per event, {:.1} ns per answer; a reading of the clock, {:.1} ns",
        self_cost.pacing_ns_per_event, self_cost.recording_ns_per_answer, self_cost.clock_read_ns
    ));
    let record = RunRecord {
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
    };
    record.write(folder.path())?;
    let mut run = Run { plan, folder: &folder, progress: &progress, stop, started, record };
    for cell in &plan.cells {
        if run.is_stopped() {
            break;
        }
        let visited = visit(&cell.case, cell.seed, CellVisitor { run: &mut run, cell });
        visited.map_err(|source| RunError::case(cell, source))??;
    }
    let mut record = run.record;
    record.interrupted = stop.load(Ordering::Relaxed);
    record.write(folder.path())?;
    write_report(std::slice::from_ref(&record), folder.path())?;
    let exit = exit_code(&record, plan.strict);
    Ok(Outcome { record, folder: folder.path().to_owned(), exit })
}

/// Writes the input of a cell as it will arrive, as CSV. Returns how many events there are.
pub fn write_events(cell: &Cell, out: &Path) -> Result<u64, RunError> {
    visit(&cell.case, cell.seed, EventsVisitor { cell, out })
        .map_err(|source| RunError::case(cell, source))?
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
    let doubts = ["run::few_repetitions", "run::unstable", "verify::bounds_only"];
    let of_cells = record.cells.iter().flat_map(|cell| &cell.warnings);
    record.warnings.iter().chain(of_cells).any(|warning| doubts.contains(&warning.code.as_str()))
}

fn about_plan(plan: &Plan, cores: u32) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if plan.simulate {
        doubts.push(Doubt::Simulated);
        return doubts;
    }
    let workers = plan.cells.iter().map(|cell| cell.parallelism).max().unwrap_or(1);
    if workers >= cores as usize && workers > 1 {
        doubts.push(Doubt::Crowded { workers, cores });
    }
    if plan.repeat < REPETITIONS_LEAST {
        doubts.push(Doubt::FewRepetitions { repetitions: plan.repeat });
    }
    doubts
}

/// Fewer say nothing about how far apart repetitions are.
const REPETITIONS_LEAST: u32 = 3;

/// Fewer answers leave less than one above p99.9.
const ANSWERS_LEAST: u64 = 1000;

/// How far the p99 of repetitions may lie apart.
const SPREAD_MAX: f64 = 0.25;

/// When events are due and how the input is cut.
fn layout<S: Scenario>(cell: &Cell, scenario: &S) -> Layout {
    let length = cell.measure.warm_up + cell.measure.duration;
    let schedule = match &cell.load {
        Load::Trace => Schedule::own(length),
        Load::Synthetic { rate: RateShape::Constant { per_second }, arrivals } => match arrivals {
            Arrivals::Even => Schedule::even(*per_second, length),
            Arrivals::Poisson => Schedule::poisson(*per_second, cell.seed, length),
        },
    };
    Layout {
        schedule,
        partitions: cell.partitions.max(1),
        watermark_every: cell.watermark_every,
        watermark_bound_us: cell.watermark_bound_us,
        window: scenario.window(),
    }
}

struct EventsVisitor<'a> {
    cell: &'a Cell,
    out: &'a Path,
}

impl Visitor for EventsVisitor<'_> {
    type Output = Result<u64, RunError>;

    fn visit<S: Scenario, W: Workload<Event = S::Event>>(
        self,
        scenario: S,
        workload: W,
    ) -> Self::Output {
        let layout = layout(self.cell, &scenario);
        // Nothing is held: the events are written as they are made.
        let input = Input::make(Arc::new(workload), layout, 0);
        let events = (0..).zip(input.events().map(|(_, event)| event));
        folder::write_events(self.out, &*input.workload, events)
    }
}

/// A run under way.
struct Run<'a> {
    plan: &'a Plan,
    folder: &'a Folder,
    progress: &'a Progress,
    stop: &'a Arc<AtomicBool>,
    started: SystemTime,
    record: RunRecord,
}

impl Run<'_> {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

struct CellVisitor<'a, 'b> {
    run: &'a mut Run<'b>,
    cell: &'a Cell,
}

impl Visitor for CellVisitor<'_, '_> {
    type Output = Result<(), RunError>;

    fn visit<S: Scenario, W: Workload<Event = S::Event>>(
        self,
        scenario: S,
        workload: W,
    ) -> Self::Output {
        run_cell(self.run, self.cell, &scenario, workload)
    }
}

/// From this many events on, making them takes long enough to be told of.
const MANY_EVENTS: u64 = 5_000_000;

fn run_cell<S: Scenario, W: Workload<Event = S::Event>>(
    run: &mut Run<'_>,
    cell: &Cell,
    scenario: &S,
    workload: W,
) -> Result<(), RunError> {
    // Half of what is free: the engine and the check need the rest.
    let budget = usage::memory_available_bytes().unwrap_or(1 << 30) / 2;
    let layout = layout(cell, scenario);
    let events = layout.schedule.expected_events().unwrap_or(0);
    if events >= MANY_EVENTS {
        run.progress.line(&format!(
            "{}: making {} events first",
            cell.name,
            quantity::count(events)
        ));
    }
    let input = Input::make_unless(Arc::new(workload), layout, budget, run.stop);
    if run.is_stopped() {
        return Ok(());
    }
    let rejected = run.folder.file_of_cell(cell, "rejected.csv");
    folder::write_rejected(&rejected, input.workload.rejected_rows())?;
    run.record.cells.push(cell_record(cell, scenario, &input));
    let mut checker = Checker::new(scenario, &input);
    let mut merged: Vec<_> = cell.engines.iter().map(|_| (histogram(), histogram())).collect();
    for rep in 0..run.plan.repeat.max(1) {
        let mut order: Vec<usize> = (0..cell.engines.len()).collect();
        if rep % 2 == 1 {
            order.reverse();
        }
        for index in order {
            if run.is_stopped() {
                return Ok(());
            }
            let setting = &cell.engines[index];
            let done = run_once(run, cell, setting, rep + 1, scenario, &input, &mut checker)?;
            let record = run.record.cells.last_mut().expect("it was pushed above");
            record.truth = record.truth.or(done.truth);
            let engine = &mut record.engines[index];
            if let Some(algorithm) = done.algorithm {
                algorithm.clone_into(&mut engine.algorithm);
            }
            if done.repetition.is_verified() {
                merge(&mut merged[index], &done.totals, engine);
            }
            engine.repetitions.push(done.repetition);
            run.record.write(run.folder.path())?;
        }
    }
    let record = run.record.cells.last_mut().expect("it was pushed above");
    let doubts = about_cell(record);
    record.warnings.extend(doubts.iter().map(Doubt::warning));
    Ok(())
}

fn merge(
    merged: &mut (Histogram<u64>, Histogram<u64>),
    totals: &crate::recorder::intervals::Totals,
    engine: &mut EngineRecord,
) {
    let (result, event) = merged;
    result.add(&totals.result).expect("all have the same range");
    event.add(&totals.event).expect("all have the same range");
    engine.merged_result_latency = latency(result);
    engine.merged_event_latency = latency(event);
}

/// What one repetition leaves.
struct Done {
    repetition: Repetition,
    totals: crate::recorder::intervals::Totals,
    algorithm: Option<&'static str>,
    truth: Option<Truth>,
}

fn run_once<S: Scenario, W: Workload<Event = S::Event>>(
    run: &Run<'_>,
    cell: &Cell,
    setting: &EngineSetting,
    rep: u32,
    scenario: &S,
    input: &Input<W>,
    checker: &mut Checker<'_, S, W>,
) -> Result<Done, RunError> {
    let file = |ending| run.folder.file(cell, &setting.label, rep, ending);
    let judgement = judgement(setting, cell, scenario);
    let keep_all = run.plan.keep_results
        || judgement.refined
        || (judgement.bounds_only && input.survey.late_possible > 0);
    let settings = Setting {
        warm_up: cell.measure.warm_up,
        over_batches: over_batches(setting, scenario),
        interval_ns: interval_ns(&setting.kind),
        keep_all,
        simulate: run.plan.simulate,
    };
    let log_path = file(".hlog");
    let about = format!("[{} {}, repetition {rep}]", cell.name, setting.label);
    let log = IntervalLog::to(Box::new(folder::create(&log_path)?), run.started, &about);
    let name = format!("{} {} {rep}/{}", cell.name, setting.label, run.plan.repeat.max(1));
    let length = cell.measure.warm_up + cell.measure.duration;
    let live = run.progress.trial(&name, &input.survey, length);
    let simulate = run.plan.simulate.then_some(cell.seed);
    let mut trial: Trial<S::Answer> = match &setting.kind {
        EngineKind::MicroBatch { interval, windows, algorithm, attempts } => {
            let engine = MicroBatch::new(MicroBatchConfig {
                parallelism: cell.parallelism,
                interval_ns: nanos(*interval),
                windows: match windows {
                    WindowDomain::EventTime => BatchWindows::EventTime,
                    WindowDomain::Batches => BatchWindows::Batches(input.workload.arrival_clock()),
                },
                algorithm: *algorithm,
                attempts: *attempts,
                simulate,
                ..MicroBatchConfig::default()
            });
            trial::run(&engine, scenario, input, settings, log, run.stop, &live)
        }
        EngineKind::PerEvent { buffer_timeout, buffer_records, algorithm, waiting } => {
            let engine = PerEvent::new(PerEventConfig {
                parallelism: cell.parallelism,
                buffer_timeout_ns: nanos(*buffer_timeout),
                buffer_records: *buffer_records,
                algorithm: *algorithm,
                patience: *waiting,
                simulate,
            });
            trial::run(&engine, scenario, input, settings, log, run.stop, &live)
        }
    };
    if let Err(error) = &mut trial.tally {
        name_key(error, scenario);
    }
    let finding = match (obstacle(&trial, input), &trial.tally) {
        (Some(verdict), _) => Err(verdict),
        (None, Ok(tally)) => checker.check(judgement, &trial.kept, tally).map_err(|mut error| {
            name_key(&mut error, scenario);
            unchecked(&error)
        }),
        (None, Err(error)) => Err(unchecked(error)),
    };
    let verdict = finding.as_ref().map_or_else(Clone::clone, checked);
    let finding = finding.ok();
    let repetition = repetition(
        rep,
        &trial,
        input,
        cell.measure.warm_up,
        interval_ns(&setting.kind),
        verdict,
        finding.as_ref(),
    );
    live.end(&told(&repetition));

    let batches = trial.tally.as_ref().map_or(&[][..], |tally: &Tally| tally.batches.as_slice());
    if let Err(source) = trial.samples.logged {
        return Err(RunError::unwritable(&log_path, source));
    }
    let path = file("-timeline.csv");
    timeline::write(&path, &repetition.timeline, batches)
        .map_err(|source| RunError::unwritable(&path, source))?;
    if run.plan.keep_results {
        folder::write_results(&file("-results.csv"), scenario, &trial.kept.answers)?;
        if finding.as_ref().is_some_and(|finding| !finding.bounds_only) {
            let late = arrived_late(input, judgement.rule, scenario.window());
            folder::write_events(&file("-late.csv"), &*input.workload, late)?;
        }
    }
    let algorithm = trial
        .tally
        .as_ref()
        .ok()
        .and_then(|tally| tally.windows.first())
        .map(|windows| windows.algorithm);
    let truth = finding.as_ref().and_then(truth);
    Ok(Done { repetition, totals: trial.samples.totals, algorithm, truth })
}

/// Gives the key in an error the name that the user knows it by.
fn name_key(error: &mut EngineError, scenario: &impl Scenario) {
    if let EngineError::Aggregate { key, .. } = error {
        *key = key.parse().map_or_else(|_| "of all events".to_owned(), |id| scenario.key_name(id));
    }
}

fn truth(finding: &Finding) -> Option<Truth> {
    finding.distance.map(|distance| Truth {
        answers: distance.truth_answers,
        memberships: finding.fates.meant_pairs,
    })
}

/// How an engine's answers are judged.
fn judgement<S: Scenario>(setting: &EngineSetting, cell: &Cell, scenario: &S) -> Judgement {
    let window = scenario.window();
    let refined = window.is_some_and(|window| window.allowed_lateness() > 0);
    let rule = match (&setting.kind, &window) {
        (_, None) => Rule::Truth,
        (EngineKind::PerEvent { .. }, _) => Rule::Marks,
        (EngineKind::MicroBatch { interval, windows, .. }, _) => {
            let interval_ns = nanos(*interval);
            match windows {
                WindowDomain::EventTime => Rule::Batches { interval_ns },
                WindowDomain::Batches => Rule::OverBatches { interval_ns },
            }
        }
    };
    Judgement { rule, bounds_only: rule == Rule::Marks && cell.partitions > 1, refined }
}

fn over_batches<S: Scenario>(setting: &EngineSetting, scenario: &S) -> Option<u64> {
    match &setting.kind {
        EngineKind::MicroBatch { interval, windows: WindowDomain::Batches, .. }
            if scenario.window().is_some() =>
        {
            Some(nanos(*interval))
        }
        _ => None,
    }
}

fn interval_ns(kind: &EngineKind) -> Option<u64> {
    match kind {
        EngineKind::MicroBatch { interval, .. } => Some(nanos(*interval)),
        EngineKind::PerEvent { .. } => None,
    }
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

/// A repetition in a line.
fn told(repetition: &Repetition) -> String {
    let verdict = &repetition.verdict;
    let Some(latency) = repetition.result_latency.as_ref().filter(|_| repetition.is_verified())
    else {
        return format!("{}: {}", verdict.kind, verdict.text);
    };
    let ns = |ns: u64| quantity::nanoseconds(ns as f64);
    format!(
        "✓ {}; p50 {}, p99 {}, {} CPU per event{}",
        verdict.text,
        ns(latency.p50_ns),
        ns(latency.p99_ns),
        quantity::microseconds(repetition.cpu_us_per_event),
        if repetition.throughput.sustained { "" } else { "; not sustained" }
    )
}

fn cell_record<S: Scenario, W: Workload<Event = S::Event>>(
    cell: &Cell,
    scenario: &S,
    input: &Input<W>,
) -> CellRecord {
    let length_s = timeline::seconds(input.survey.last_due.as_nanos());
    let rejected = input.workload.rejected_rows();
    let mut doubts = Vec::new();
    if let Some(first) = rejected.first() {
        let rows = rejected.len() as u64;
        doubts.push(Doubt::RejectedRows { rows, first: first.to_string() });
    }
    let engines = cell.engines.iter();
    if engines.clone().any(|setting| judgement(setting, cell, scenario).bounds_only)
        && input.survey.late_possible > 0
    {
        doubts.push(Doubt::BoundsOnly { events: input.survey.late_possible });
    }
    CellRecord {
        name: cell.name.clone(),
        title: cell.title.clone(),
        scenario: cell.scenario.clone(),
        question: question(scenario),
        resolved: cell.resolved_toml.clone(),
        seed: cell.seed,
        parallelism: u32::try_from(cell.parallelism).unwrap_or(u32::MAX),
        input: InputRecord {
            events: input.survey.events,
            hash: format!("{:016x}", input.survey.hash),
            made: input.made().to_owned(),
            partitions: u32::try_from(input.layout.partitions).unwrap_or(u32::MAX),
            offered_per_s: input.survey.events as f64 / length_s,
            rejected_rows: rejected.len() as u64,
        },
        latency_definition: latency_definition(cell, scenario, input),
        warm_up_s: cell.measure.warm_up.as_secs_f64(),
        duration_s: cell.measure.duration.as_secs_f64(),
        truth: None,
        engines: engines.map(engine_record).collect(),
        warnings: doubts.iter().map(Doubt::warning).collect(),
        point: cell.point.clone(),
        thresholds: cell.thresholds.clone(),
    }
}

fn question<S: Scenario>(scenario: &S) -> String {
    match scenario.window() {
        None => "Each event is its own answer.".to_owned(),
        Some(window) => {
            format!("The {} of each window ({window}), per key.", scenario.columns().join(", "))
        }
    }
}

/// Which event makes an answer due, for each way in which the engines of a cell cut windows.
fn latency_definition<S: Scenario, W: Workload<Event = S::Event>>(
    cell: &Cell,
    scenario: &S,
    input: &Input<W>,
) -> String {
    let mut definitions: Vec<&str> = Vec::new();
    for setting in &cell.engines {
        let definition = final_due(input, over_batches(setting, scenario)).definition();
        if !definitions.contains(&definition) {
            definitions.push(definition);
        }
    }
    let refined = scenario.window().is_some_and(|window| window.allowed_lateness() > 0);
    format!(
        "An answer is due with {}{}.",
        definitions.join("; over batches, at "),
        if refined { ", or with a later event that changes it" } else { "" }
    )
}

fn engine_record(setting: &EngineSetting) -> EngineRecord {
    let (kind, algorithm, settings) = match &setting.kind {
        EngineKind::MicroBatch { interval, windows, algorithm, attempts } => (
            Kind::MicroBatch,
            algorithm,
            vec![
                ("interval", show_duration(*interval)),
                (
                    "windows",
                    match windows {
                        WindowDomain::EventTime => "event-time".to_owned(),
                        WindowDomain::Batches => "batches".to_owned(),
                    },
                ),
                ("algorithm", algorithm.name().to_owned()),
                ("attempts", attempts.to_string()),
                ("waiting", waiting(MicroBatchConfig::default().patience)),
            ],
        ),
        EngineKind::PerEvent { buffer_timeout, buffer_records, algorithm, waiting: patience } => (
            Kind::PerEvent,
            algorithm,
            vec![
                ("buffer_timeout", show_duration(*buffer_timeout)),
                ("buffer_records", buffer_records.to_string()),
                ("algorithm", algorithm.name().to_owned()),
                ("waiting", waiting(*patience)),
            ],
        ),
    };
    EngineRecord {
        label: setting.label.clone(),
        kind,
        algorithm: algorithm.name().to_owned(),
        settings: settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        interval_s: interval_ns(&setting.kind).map(timeline::seconds),
        repetitions: Vec::new(),
        merged_result_latency: None,
        merged_event_latency: None,
        limit: None,
    }
}

fn waiting(patience: Patience) -> String {
    match patience {
        Patience::Spin => "spin".to_owned(),
        Patience::SpinThenPark { spin_ns } => {
            format!("spin-then-park, spin {}", show_duration(Duration::from_nanos(spin_ns)))
        }
        Patience::Park => "park".to_owned(),
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
        let answers = engine.repetitions.iter().filter(|repetition| repetition.is_verified());
        if let Some(least) = answers.map(|repetition| repetition.counts.answers_measured).min()
            && least < ANSWERS_LEAST
        {
            doubts.push(Doubt::FewAnswers { engine: engine.label.clone(), answers: least });
        }
    }
    doubts
}
