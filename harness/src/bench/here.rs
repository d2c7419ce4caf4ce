//! A repetition in this process: input, engine, check, files.

use super::{Bench, Facts, Measured, Order, Phase, Seen, Watch};
use crate::bench::folder;
use crate::bench::repetition::{checked, obstacle, repetition, unchecked};
use crate::bench::warnings::Doubt;
use crate::load::input::{Input, Layout, memory_budget_bytes};
use crate::load::schedule::Schedule;
use crate::measure::intervals::IntervalLog;
use crate::measure::timeline;
use crate::measure::trial::{self, Setting, Trial, final_due};
use crate::measure::warm_up::Settling;
use crate::plan::{Cell, EngineKind, EngineSetting, Load, RateShape, WindowDomain};
use crate::run::RunError;
use crate::verify::{Checker, Finding, Judgement, Rule, arrived_late};
use engines::micro_batch::{BatchWindows, MicroBatch, MicroBatchConfig};
use engines::per_event::{PerEvent, PerEventConfig};
use engines::{EngineError, Tally};
use reports::record::{InputRecord, Truth, VerdictKind};
use scenarios::catalog::{Visitor, visit};
use scenarios::{Scenario, Workload};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Measures in this process, on the calling thread.
#[derive(Clone, Debug)]
pub struct Here {
    stop: Arc<AtomicBool>,
}

impl Here {
    /// `stop` ends what is running.
    pub const fn new(stop: Arc<AtomicBool>) -> Self {
        Self { stop }
    }
}

impl Bench for Here {
    fn measure(&mut self, order: &Order<'_>, watch: Watch<'_>) -> Result<Measured, RunError> {
        let once = Once { order, stop: &self.stop, watch };
        visit(&order.cell.case, order.seed, once)
            .map_err(|source| RunError::case(order.cell, source))?
    }
}

struct Once<'a> {
    order: &'a Order<'a>,
    stop: &'a AtomicBool,
    watch: Watch<'a>,
}

impl Visitor for Once<'_> {
    type Output = Result<Measured, RunError>;

    fn visit<S: Scenario, W: Workload<Event = S::Event>>(
        self,
        scenario: S,
        workload: W,
    ) -> Self::Output {
        let Self { order, stop, watch } = self;
        let budget = memory_budget_bytes();
        let layout = layout(order.cell, order.seed, &scenario);
        let events = layout.schedule.expected_events().unwrap_or(0);
        let go_on = watch(&Seen { events, ..Seen::default() }).is_continue();
        let input = Input::make_unless(Arc::new(workload), layout, budget, stop);
        if stop.load(Ordering::Relaxed) || !go_on {
            let text = "stopped before its input was made".to_owned();
            return Ok(Measured::nothing(order, VerdictKind::Interrupted, text));
        }
        if let Some(files) = order.files {
            let rejected = files.file_of_cell(order.cell, "rejected.csv");
            folder::write_rejected(&rejected, input.workload.rejected_rows())?;
        }
        run_once(order, &scenario, &input, stop, watch)
    }
}

/// When events are due and how the input is cut.
pub(crate) fn layout<S: Scenario>(cell: &Cell, seed: u64, scenario: &S) -> Layout {
    let length = cell.measure.warm_up + cell.measure.duration;
    let schedule = match &cell.load {
        Load::Trace => Schedule::own(length),
        Load::Synthetic { rate, arrivals } => Schedule::of(rate, arrivals, seed, length),
    };
    Layout {
        schedule,
        partitions: cell.partitions.max(1),
        watermark_every: cell.watermark_every,
        watermark_bound_us: cell.watermark_bound_us,
        window: scenario.window(),
    }
}

fn run_once<S: Scenario, W: Workload<Event = S::Event>>(
    order: &Order<'_>,
    scenario: &S,
    input: &Input<W>,
    stop: &AtomicBool,
    watch: Watch<'_>,
) -> Result<Measured, RunError> {
    let Order { cell, rep, .. } = *order;
    let setting = order.setting();
    let judgement = judgement(setting, cell, scenario);
    let keep_all = order.keep_results
        || judgement.refined
        || (judgement.bounds_only && input.survey.late_possible > 0);
    let settings = Setting {
        warm_up: cell.measure.warm_up,
        over_batches: over_batches(setting, scenario),
        interval_ns: interval_ns(&setting.kind),
        settling: settling(cell, setting),
        keep_all,
        simulate: order.simulate,
    };
    let file = |ending| Some(order.files?.file(cell, &setting.label, rep, ending));
    let log_path = file(".hlog");
    let log = match (&log_path, order.files) {
        (Some(path), Some(files)) => {
            let about = format!("[{} {}, repetition {rep}]", cell.name, setting.label);
            IntervalLog::to(Box::new(folder::create(path)?), files.started(), &about)
        }
        _ => IntervalLog::none(),
    };
    let mut trial: Trial<S::Answer> =
        run_engine(order, scenario, input, settings, log, stop, watch);
    if let Err(error) = &mut trial.tally {
        name_key(error, scenario);
    }
    let finding = match (obstacle(&trial, input), &trial.tally) {
        (Some(verdict), _) => Err(verdict),
        (None, Ok(tally)) => {
            let events = input.survey.events;
            // Whoever wants to stop now waits for the check: it is all that is left.
            let _ = watch(&Seen { phase: Phase::Checking, events, ..Seen::default() });
            let mut checker = Checker::new(scenario, input);
            checker.check(judgement, &trial.kept, tally).map_err(|mut error| {
                name_key(&mut error, scenario);
                unchecked(&error)
            })
        }
        (None, Err(error)) => Err(unchecked(error)),
    };
    let verdict = finding.as_ref().map_or_else(Clone::clone, checked);
    let finding = finding.ok();
    let mut repetition =
        repetition(rep, &trial, input, interval_ns(&setting.kind), verdict, finding.as_ref());
    repetition.seed = Some(order.seed);
    repetition.input_hash = Some(hash(input));

    let batches = trial.tally.as_ref().map_or(&[][..], |tally: &Tally| tally.batches.as_slice());
    if let (Err(source), Some(path)) = (trial.samples.collected.logged, &log_path) {
        return Err(RunError::unwritable(path, source));
    }
    if let Some(path) = file("-timeline.csv") {
        timeline::write(&path, &repetition.timeline, batches)
            .map_err(|source| RunError::unwritable(&path, source))?;
    }
    if order.keep_results {
        if let Some(path) = file("-results.csv") {
            folder::write_results(&path, scenario, &trial.kept.answers)?;
        }
        if finding.as_ref().is_some_and(|finding| !finding.bounds_only)
            && let Some(path) = file("-late.csv")
        {
            let late = arrived_late(input, judgement.rule, scenario.window());
            folder::write_events(&path, &*input.workload, late)?;
        }
    }
    let windows = trial.tally.as_ref().ok().and_then(|tally| tally.windows.first());
    Ok(Measured {
        algorithm: windows.map(|windows| windows.algorithm.to_owned()),
        truth: finding.as_ref().and_then(truth),
        facts: Some(facts(cell, scenario, input)),
        repetition,
        result: trial.samples.collected.totals.result,
        event: trial.samples.collected.totals.event,
    })
}

/// Ten batches are looked at before a warm-up may be over.
const BATCHES_LEAST: u32 = 10;

fn settling(cell: &Cell, setting: &EngineSetting) -> Settling {
    let constant = matches!(&cell.load, Load::Synthetic { rate: RateShape::Constant { .. }, .. });
    let batches = match &setting.kind {
        EngineKind::MicroBatch { interval, .. } => interval.saturating_mul(BATCHES_LEAST),
        EngineKind::PerEvent { .. } => Duration::ZERO,
    };
    let floor = cell.measure.warm_up_floor.filter(|_| constant);
    Settling { detect_from: floor.map(|floor| floor.max(batches)), load_varies: !constant }
}

fn run_engine<S: Scenario, W: Workload<Event = S::Event>>(
    order: &Order<'_>,
    scenario: &S,
    input: &Input<W>,
    settings: Setting,
    log: IntervalLog,
    stop: &AtomicBool,
    watch: Watch<'_>,
) -> Trial<S::Answer> {
    let simulate = order.simulate.then_some(order.seed);
    let parallelism = order.cell.parallelism;
    match &order.setting().kind {
        EngineKind::MicroBatch { interval, windows, algorithm, attempts } => {
            let engine = MicroBatch::new(MicroBatchConfig {
                parallelism,
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
            trial::run(&engine, scenario, input, settings, log, stop, watch)
        }
        EngineKind::PerEvent { buffer_timeout, buffer_records, algorithm, waiting } => {
            let engine = PerEvent::new(PerEventConfig {
                parallelism,
                buffer_timeout_ns: nanos(*buffer_timeout),
                buffer_records: *buffer_records,
                algorithm: *algorithm,
                patience: *waiting,
                simulate,
            });
            trial::run(&engine, scenario, input, settings, log, stop, watch)
        }
    }
}

fn hash<W: Workload>(input: &Input<W>) -> String {
    format!("{:016x}", input.survey.hash)
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

pub(crate) fn interval_ns(kind: &EngineKind) -> Option<u64> {
    match kind {
        EngineKind::MicroBatch { interval, .. } => Some(nanos(*interval)),
        EngineKind::PerEvent { .. } => None,
    }
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

/// What is known of the cell now.
fn facts<S: Scenario, W: Workload<Event = S::Event>>(
    cell: &Cell,
    scenario: &S,
    input: &Input<W>,
) -> Facts {
    let length_s = timeline::seconds(input.survey.last_due.as_nanos());
    let rejected = input.workload.rejected_rows();
    let mut doubts = Vec::new();
    if let Some(first) = rejected.first() {
        let rows = rejected.len() as u64;
        doubts.push(Doubt::RejectedRows { rows, first: first.to_string() });
    }
    if cell.engines.iter().any(|setting| judgement(setting, cell, scenario).bounds_only)
        && input.survey.late_possible > 0
    {
        doubts.push(Doubt::BoundsOnly { events: input.survey.late_possible });
    }
    Facts {
        input: InputRecord {
            events: input.survey.events,
            hash: hash(input),
            made: input.made().to_owned(),
            partitions: u32::try_from(input.layout.partitions).unwrap_or(u32::MAX),
            offered_per_s: input.survey.events as f64 / length_s,
            rejected_rows: rejected.len() as u64,
        },
        question: question(scenario),
        latency_definition: latency_definition(cell, scenario, input),
        warnings: doubts.iter().map(Doubt::warning).collect(),
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
