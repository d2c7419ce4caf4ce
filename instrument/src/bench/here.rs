//! A repetition in this process: input, engine, check, files.
//!
//! Who started the process, whose turn is next and what other repetitions found is not known here.

use super::facts::{facts, hash};
use super::{Bench, Draining, Measured, Order};
use crate::bench::error::RunError;
use crate::bench::folder;
use crate::bench::repetition::{
    REMEDY, checked, obstacle, repetition, unchecked, unchecked_answers,
};
use crate::drivers::beside::{NotReady, Running};
use crate::drivers::{self, Pins};
use crate::host;
use crate::host::energy::{AtRest, Counting, Meter, REST};
use crate::load::input::{Input, memory_budget_bytes, size};
use crate::load::layout::Layout;
use crate::load::period::offered;
use crate::load::starving::Pace;
use crate::load::survey::{Survey, windows};
use crate::measure::interval_log::IntervalLog;
use crate::measure::seen::{Phase, Seen, Watch};
use crate::measure::timeline;
use crate::measure::trial::{self, Answered, Setting};
use crate::verify::{Checker, Finding, Judgement, Rule, arrived_late};
use engines::{ArrivalClock, Clock as _, Data, EngineError, Moment, WallClock};
use programs::{Case, Visitor};
use reports::files::Over;
use reports::quantity;
use reports::record::study::PlainLoop;
use reports::record::{FixedWork, Repetition, Sessions, Truth, VerdictKind};
use reports::words::harmless;
use scenarios::{Answer, Question};
use settings::plan::{Cell, CpuList};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Measures in this process, on the calling thread.
#[derive(Clone, Debug)]
pub struct Here {
    stop: Arc<AtomicBool>,
    /// Whether nobody else has threads in this process.
    is_alone: bool,
}

impl Here {
    /// `stop` ends what is running.
    pub const fn new(stop: Arc<AtomicBool>) -> Self {
        Self { stop, is_alone: false }
    }

    /// The same in a process that is there for nothing else: it leaves an engine beside it the
    /// processors that are the engine's.
    pub const fn alone(stop: Arc<AtomicBool>) -> Self {
        Self { stop, is_alone: true }
    }
}

impl Bench for Here {
    fn plain_loop(&mut self, cell: &Cell) -> Result<Option<PlainLoop>, RunError> {
        super::plain_loop(cell)
    }

    fn measure(&mut self, order: &Order<'_>, watch: Watch<'_>) -> Result<Measured, RunError> {
        let case = programs::open(&order.cell.case, order.seed)
            .map_err(|source| RunError::case(order.cell, source))?;
        case.visit(Once { order, stop: &self.stop, is_alone: self.is_alone, watch })
    }
}

struct Once<'a> {
    order: &'a Order<'a>,
    stop: &'a AtomicBool,
    is_alone: bool,
    watch: Watch<'a>,
}

impl Visitor for Once<'_> {
    type Output = Result<Measured, RunError>;

    fn visit<E: Data + Hash, A: Answer>(self, case: Case<E, A>) -> Self::Output {
        let Self { order, stop, is_alone, watch } = self;
        let layout = Layout::of(order.cell, order.seed, case.program.trigger());
        let input_memory = order.cell.measure.input_memory;
        let budget = input_memory.unwrap_or(u64::MAX).min(memory_budget_bytes());
        let Case { program, workload } = case;
        let case = Case { workload: offered(order.cell, workload, &layout), program };
        let (windows, window_bytes) = windows(&*case.workload, &layout);
        if window_bytes > memory_budget_bytes() {
            let text = format!(
                "given up before it began: {} windows end in its input, and to know when each of them \
                 is complete takes {}, which is more than two thirds of the memory that is free; make \
                 the run shorter, or lower the rate",
                quantity::count(windows),
                quantity::bytes(window_bytes as f64)
            );
            return Ok(Measured::nothing(order, VerdictKind::LoadNotHeld, text));
        }
        let events = layout.schedule.expected_events().unwrap_or(0);
        let go_on = watch(&Seen { events, ..Seen::default() }).is_continue();
        // What is held is there before the clock starts, however long that takes; and a clock that
        // is simulated waits for its input.
        let is_made_ahead = size(&*case.workload, &layout).1 > budget && !order.simulate;
        let pace = Pace { end: layout.schedule.end() };
        let clock = WallClock::start();
        let is_lost = AtomicBool::new(false);
        let give_up = |due: Moment| {
            if is_made_ahead && pace.is_lost_beforehand(clock.now(), due) {
                is_lost.store(true, Ordering::Relaxed);
            }
            is_lost.load(Ordering::Relaxed) || stop.load(Ordering::Relaxed)
        };
        let input = Input::make_unless(Arc::clone(&case.workload), layout, budget, &give_up);
        let input = input.within(input_memory);
        if is_lost.load(Ordering::Relaxed) {
            let made_s = timeline::seconds(input.survey.last_due.as_nanos());
            let text = format!(
                "given up before it began: after {} the input of its first {} was made, so it would \
                 be late by more than the run is long; {REMEDY}",
                quantity::seconds(timeline::seconds(clock.now().as_nanos())),
                quantity::seconds(made_s)
            );
            return Ok(Measured::nothing(order, VerdictKind::LoadNotHeld, text));
        }
        if stop.load(Ordering::Relaxed) || !go_on {
            let text = "stopped before its input was made".to_owned();
            return Ok(Measured::nothing(order, VerdictKind::Interrupted, text));
        }
        if let Some(files) = order.files {
            let rejected = files.file_of_cell(order.cell, "rejected.csv");
            folder::write_rejected(&rejected, input.workload.rejected_rows())?;
        }
        run_once(order, &case, &input, stop, is_alone, watch)
    }
}

fn run_once<E: Data + Hash, A: Answer>(
    order: &Order<'_>,
    case: &Case<E, A>,
    input: &Input<E>,
    stop: &AtomicBool,
    is_alone: bool,
    watch: Watch<'_>,
) -> Result<Measured, RunError> {
    let Order { cell, rep, .. } = *order;
    let program = &*case.program;
    let setting = order.setting();
    let judgement = drivers::judgement(&setting.kind, program, cell.partitions);
    let keep_all = order.keep_results || judgement.needs_answers(&input.survey);
    let interval_ns = drivers::interval_ns(&setting.kind);
    let settings = how(order, &judgement, keep_all);
    let file = |ending| Some(order.files?.file(cell, &setting.label, rep, ending));
    let log_path = file(".hlog");
    let (log, log_file) = match (&log_path, order.files) {
        (Some(path), Some(files)) => {
            let about = format!("[{} {}, repetition {rep}]", cell.name, setting.label);
            let (partial, out) = folder::create(path)?;
            (IntervalLog::to(Box::new(out), files.started(), &one_line(&about)), Some(partial))
        }
        _ => (IntervalLog::none(), None),
    };
    let simulate = order.simulate.then_some(order.seed);
    // How fast the machine is, apart from any engine; simulated time is as fast as it is said to be.
    let fixed_work_ns = || (!order.simulate).then(host::fixed_work_ns);
    let before_ns = fixed_work_ns();
    let meter = if order.simulate { None } else { Meter::here().ok() };
    let at_rest = meter.and_then(|meter| meter.at_rest(REST));
    let (started, room) = match started(order, input.workload.arrival_clock(), stop, is_alone) {
        Ok(started) => started,
        // What it would have been given is known all the same.
        Err(why) => {
            let facts = Some(facts(cell, case, input));
            return Ok(Measured { facts, ..not_started(order, why) });
        }
    };
    let answering = match &started {
        Some(running) => drivers::beside(running, input.workload.arrival_clock()),
        None => drivers::answering(&setting.kind, case, cell.parallelism, simulate),
    };
    let counting = at_rest.and_then(AtRest::begin);
    let (mut trial, kept) = trial::run(answering, input, settings, log, stop, watch);
    let energy = counting.and_then(Counting::end);
    drop(room);
    let fixed_work = before_ns.zip(fixed_work_ns()).map(of_fixed_work);
    if let Err(error) = &mut trial.tally {
        name_key(error, program);
    }
    // What decides about late events may be known only now.
    let judgement = match &started {
        Some(running) => running.judged(judgement),
        None => judgement,
    };
    let finding = match (obstacle(&trial, &input.survey), &trial.tally) {
        (Some(verdict), _) => Err(verdict),
        (None, Ok(tally)) => {
            let events = input.survey.events;
            // Whoever wants to stop now waits for the check: it is all that is left.
            let _ = watch(&Seen { phase: Phase::Checking, events, ..Seen::default() });
            let mut checker = Checker::new(program, input);
            checker.check(&judgement, &kept, tally).map_err(|mut error| {
                name_key(&mut error, program);
                unchecked_answers(&error, setting.kind.name(), drivers::wraps_sums(&setting.kind))
            })
        }
        (None, Err(error)) => Err(unchecked(error)),
    };
    let (verdict, finding) = (finding.as_ref().map_or_else(Clone::clone, checked), finding.ok());
    let draining = Draining::of(&setting.kind);
    let survey = &input.survey;
    let mut repetition =
        repetition(rep, &trial, survey, interval_ns, draining, verdict, finding.as_ref());
    if let Some(running) = &started {
        tell_process(&mut repetition, running, finding.is_some(), &judgement.rule);
    }
    repetition.keep_longest_batches();
    repetition.seed = Some(order.seed);
    repetition.input_hash = Some(hash(&input.survey));
    tell_kept(&mut repetition, &trial.tally, survey, input.workload.arrival_clock());
    repetition.energy = energy;
    repetition.fixed_work = fixed_work;

    let batches = trial.tally.as_ref().map_or(&[][..], |tally| tally.batches.as_slice());
    if let (Some(partial), Some(path)) = (log_file, &log_path) {
        let written = trial.samples.collected.logged.and_then(|()| partial.put(Over::Anything));
        written.map_err(|source| RunError::unwritable(path, source))?;
    }
    if let Some(path) = file("-timeline.csv") {
        timeline::write(&path, &repetition.timeline, batches)
            .map_err(|source| RunError::unwritable(&path, source))?;
    }
    if order.keep_results {
        if let Some(path) = file(folder::RESULTS) {
            folder::write_results(&path, program, &kept.answers)?;
        }
        if finding.as_ref().is_some_and(|found| judgement.tells_each_late(found))
            && let Some(path) = file("-late.csv")
        {
            let late = arrived_late(input, &judgement.rule, program.trigger());
            folder::write_events(&path, Over::Anything, &*input.workload, late)?;
        }
    }
    Ok(Measured {
        algorithm: algorithm(&trial.tally),
        truth: finding.as_ref().and_then(truth),
        facts: Some(facts(cell, case, input)),
        repetition,
        result: trial.samples.collected.totals.result,
        event: trial.samples.collected.totals.event,
    })
}

/// How long the same piece of work took before and after.
fn of_fixed_work((before_ns, after_ns): (u64, u64)) -> FixedWork {
    FixedWork { before_ns, after_ns }
}

/// How a trial is run.
fn how(order: &Order<'_>, judgement: &Judgement, keep_all: bool) -> Setting {
    let (cell, setting) = (order.cell, order.setting());
    Setting {
        warm_up: cell.measure.warm_up,
        over_batches: drivers::over_batches(judgement),
        interval_ns: drivers::interval_ns(&setting.kind),
        settling: drivers::settling(cell, setting),
        refined: judgement.refined,
        keep_all,
        simulate: order.simulate,
    }
}

/// Starts an engine that runs in a process of its own, and leaves it its processors. The input is made,
/// and the answers are checked, on all that there are.
fn started(
    order: &Order<'_>,
    arrival: ArrivalClock,
    stop: &AtomicBool,
    is_alone: bool,
) -> Result<(Option<Running>, Option<Room>), NotReady> {
    let room = is_alone.then(|| make_room(order)).transpose().map_err(NotReady::Failed)?;
    Ok((drivers::start(&order.setting().kind, order.cell, arrival, stop)?, room))
}

/// By which algorithm windows were computed, where there were any.
fn algorithm(answered: &Answered) -> Option<String> {
    let windows = answered.as_ref().ok()?.windows.first()?;
    Some(windows.algorithm.to_owned())
}

/// What was kept of sessions, where there were any.
fn sessions(answered: &Answered, survey: &Survey, arrival: ArrivalClock) -> Option<Sessions> {
    let counts = answered.as_ref().ok()?.windows.iter().filter(|counts| counts.longest_us > 0);
    let longest_us = counts.clone().map(|counts| counts.longest_us).max()?;
    let per_second = arrival.micros_per_second as f64;
    Some(Sessions {
        kept_most: counts.map(|counts| counts.kept_most).sum(),
        longest_s: longest_us as f64 / 1e6,
        passed_s: timeline::seconds(survey.last_due.as_nanos()) * per_second / 1e6,
    })
}

/// Tells what was kept while it ran.
fn tell_kept(told: &mut Repetition, answered: &Answered, survey: &Survey, arrival: ArrivalClock) {
    told.sessions = sessions(answered, survey, arrival);
    told.kept_most = kept_most(answered);
}

/// What was kept of all that has neither windows of event time nor sessions, where there was any.
fn kept_most(answered: &Answered) -> Option<u64> {
    let windows = &answered.as_ref().ok()?.windows;
    let kept =
        windows.iter().filter(|counts| counts.longest_us == 0).map(|counts| counts.kept_most);
    Some(kept.sum()).filter(|kept| *kept > 0)
}

/// Until it goes, this process keeps to the processors that are not its engine's.
struct Room {
    given: Option<CpuList>,
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Some(given) = &self.given {
            // Where the system refuses what it allowed before, the check takes longer.
            let _ = host::cpus::hold_this_process(given.numbers());
        }
    }
}

/// Leaves the engine its processors, where it has some of its own.
fn make_room(order: &Order<'_>) -> Result<Room, String> {
    let pins = drivers::pins(&order.setting().kind, order.cell)?;
    let Some(pins) = pins.filter(Pins::holds_harness) else { return Ok(Room { given: None }) };
    host::cpus::hold_this_process(pins.harness.numbers()).map_err(|error| {
        format!("this program cannot be held to {}: {error}", pins.harness.told())
    })?;
    Ok(Room { given: Some(pins.given) })
}

/// Tells what is known of an engine's own process. What it does not count is not told where no check
/// has found it out.
fn tell_process(repetition: &mut Repetition, running: &Running, is_checked: bool, rule: &Rule) {
    if matches!(rule, Rule::Cuts(_) | Rule::OverCuts(_) | Rule::AtMost) {
        // It waits for no mark: for a watermark of its own, or for the clock.
        repetition.mark_wait = None;
    }
    let about = running.about();
    if about.is_elsewhere {
        (repetition.cpu_s, repetition.cpu_us_per_event) = (f64::NAN, f64::NAN);
        repetition.timeline.iter_mut().for_each(|row| row.cpu = f64::NAN);
    }
    repetition.process = Some(about);
    running.tell(repetition);
    if !is_checked {
        (repetition.counts.partly_late, repetition.counts.missed_windows) = (None, None);
    }
}

/// A repetition whose engine never was there.
fn not_started(order: &Order<'_>, why: NotReady) -> Measured {
    let (kind, text) = match why {
        NotReady::Stopped => {
            (VerdictKind::Interrupted, "stopped before its engine had started".to_owned())
        }
        NotReady::Failed(why) => (VerdictKind::Failed, why),
    };
    Measured::nothing(order, kind, text)
}

/// A text for a comment in a log, which a line ends.
fn one_line(text: &str) -> String {
    harmless(text).replace('\n', " ")
}

/// Gives the key in an error the name that the user knows it by.
fn name_key<Q: Question + ?Sized>(error: &mut EngineError, question: &Q) {
    if let EngineError::Aggregate { key, .. } = error {
        *key = key.parse().map_or_else(|_| "of all events".to_owned(), |id| question.key_name(id));
    }
}

fn truth(finding: &Finding) -> Option<Truth> {
    finding.distance.map(|distance| Truth {
        answers: distance.truth_answers,
        memberships: finding.fates.meant_pairs,
    })
}
