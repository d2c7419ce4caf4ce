//! One scenario, one engine, one seed: run it and measure it.
//!
//! Everything that can be made before the clock starts is made before it starts: the input, the
//! buffers of the recorders, the threads that look on. From then on the engine has the calling
//! thread, and nothing here touches it until it returns. Whether its answers are right is not
//! decided here.

use crate::host::usage::Usage;
use crate::load::final_due::{BatchEnds, Ends, FinalDue};
use crate::load::input::Input;
use crate::load::pacer::{self, Delivery, Paced};
use crate::load::starving::{Pace, Starving};
use crate::load::supply::Makers;
use crate::load::survey::Survey;
use crate::load::watched::watched;
use crate::measure::ballast::Ballast;
use crate::measure::course::Course;
use crate::measure::interval_log::IntervalLog;
use crate::measure::intervals::Collector;
use crate::measure::recorder::{self, ANSWERS_KEPT, Account, Kept, recorders};
use crate::measure::recording::Recording;
use crate::measure::seen::{Phase, Seen, Watch};
use crate::measure::ticking::Ticking;
use crate::measure::timeline::{self, Outside, Sample, Samples, watch_simulated};
use crate::measure::warm_up::{self, Bins, Settling};
use engines::{
    ArrivalClock, Clock, Control, Data, EngineError, Moment, Sink, Tally, WallClock, panic_message,
};
use programs::{Sinks, Sources};
use reports::record::study::WarmUp;
use scenarios::Answer;
use std::hash::Hash;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// How one trial is run.
#[derive(Copy, Clone, Debug)]
pub struct Setting {
    /// From the start; what falls due in it is not measured.
    pub warm_up: Duration,
    /// How the end of the warm-up is chosen, beside that.
    pub settling: Settling,
    /// When batches end, where windows are made of batches.
    pub over_batches: Option<Ends>,
    /// The batch interval in nanoseconds, where there are batches: what is asked for at once.
    pub interval_ns: Option<u64>,
    /// Whether answers may be given again, with another value.
    pub refined: bool,
    /// Whether all answers are kept, whatever their number.
    pub keep_all: bool,
    /// Whether time is simulated.
    pub simulate: bool,
}

/// What a trial brought, but for the answers themselves.
#[derive(Debug)]
pub struct Trial {
    /// What the engine says it did, or why it failed.
    pub tally: Result<Tally, EngineError>,
    /// A panic of the engine, if that is why.
    pub panic: Option<String>,
    /// Whether somebody stopped it.
    pub interrupted: bool,
    /// How many answers there were, and when.
    pub account: Account,
    /// What was seen from outside.
    pub samples: Samples,
    /// Where the measured part begins.
    pub measured_from: Moment,
    /// How that was decided.
    pub warm_up: WarmUp,
    /// What the sources delivered.
    pub delivery: Delivery,
    /// When the engine returned.
    pub ended: Moment,
    /// By how much the input was late when the trial was given up because of that, in nanoseconds.
    pub input_lost_ns: Option<u64>,
    /// Processor time of whoever answers, in nanoseconds; where the load and the sampler are in it
    /// too, less theirs.
    pub cpu_ns: u64,
    /// Memory before the engine started, its input in place, in bytes; none of an engine in a process
    /// of its own.
    pub memory_before_bytes: u64,
    /// The most memory while it ran above that, in bytes.
    pub memory_peak_bytes: u64,
}

fn moment_after(length: Duration) -> Moment {
    Moment::from_nanos(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX))
}

/// What `result_latency` counts from, over event time or over batches of this length.
pub fn final_due(survey: &Survey, clock: ArrivalClock, over_batches: Option<Ends>) -> FinalDue {
    match (&survey.final_due, over_batches) {
        (None, _) => FinalDue::OwnEvent,
        (Some(_), Some(ends)) => FinalDue::Batch(BatchEnds::new(clock, ends, survey.last_due)),
        (Some(table), None) => FinalDue::Event(Arc::clone(table)),
    }
}

/// Whoever answers, ready to begin: what a driver makes of an engine.
pub struct Answering<'a, E, A> {
    /// How many workers it has, and so how many sinks.
    pub workers: usize,
    /// Takes the sources, gives the answers, and says what it did. Called once, on the thread
    /// that the trial is run on.
    pub answer: Answerer<'a, E, A>,
    /// Whose processor time and memory count.
    pub usage: &'a dyn Usage,
}

/// Takes the sources, gives the answers, and says what it did.
pub type Answerer<'a, E, A> = Box<dyn FnOnce(Doors<E, A>, &dyn Clock, &Control) -> Answered + 'a>;

/// Where events come from and where answers go.
pub struct Doors<E, A> {
    /// A source per partition.
    pub sources: Sources<E>,
    /// A sink per worker.
    pub sinks: Sinks<A>,
}

/// What an engine says it did, or why it failed.
pub type Answered = Result<Tally, EngineError>;

/// Runs it. `watch` is told about every 100 ms how far it is, and may end it. Returns what was
/// seen from outside, and the answers.
pub fn run<E: Data + Hash, A: Answer>(
    answering: Answering<'_, E, A>,
    input: &Input<E>,
    setting: Setting,
    log: IntervalLog,
    stop: &AtomicBool,
    watch: Watch<'_>,
) -> (Trial, Kept<A>) {
    let Answering { workers, answer, usage } = answering;
    let plan = Plan::new(&input.survey, input.workload.arrival_clock(), setting);
    let (sinks, collector, home) = recorders::<A>(workers, &plan.recording, log);
    let sinks = sinks.into_iter().map(|sink| Box::new(sink) as Box<dyn Sink<Item = A>>).collect();
    let (supplies, makers) = input.supply(setting.interval_ns.unwrap_or(0));
    let delivered = pacer::Home::default();
    let starving: Vec<Starving> = supplies.iter().map(|_| Starving::default()).collect();
    let begin = |clock: &Arc<dyn Clock>| {
        let source = |(supply, starving): (_, &Starving)| {
            let home = Arc::clone(&delivered);
            let paced = Paced::new(supply, setting.simulate, Arc::clone(clock), home);
            let paced = paced.telling(starving.clone());
            Box::new(paced.watching(Arc::clone(&plan.recording.watched))) as Box<_>
        };
        let sources = supplies.into_iter().zip(&starving).map(source).collect();
        let doors = Doors { sources, sinks };
        let run = move |clock: &dyn Clock, control: &Control| answer(doors, clock, control);
        Box::new(run) as Box<dyn FnOnce(&dyn Clock, &Control) -> Answered + '_>
    };
    let looks_on = (&input.survey, &starving[..]);
    let seen = Seeing { looks_on, usage, workers, collector, makers, stop, watch };
    let mut trial = observe(&plan, seen, Box::new(begin));
    let mut kept = merged(&home);
    let measured = trial.account.answers_measured;
    trial.account = std::mem::take(&mut kept.account);
    if plan.recording.unsettled {
        trial.account.answers_measured = measured;
    }
    trial.delivery = delivery(&delivered);
    (trial, kept)
}

/// What is decided before a trial begins.
struct Plan {
    setting: Setting,
    recording: Recording,
}

impl Plan {
    fn new(survey: &Survey, clock: ArrivalClock, setting: Setting) -> Self {
        let detect_from = setting.settling.detect_from;
        let after = |length: Duration| survey.measured(moment_after(length));
        let bin_ticks = warm_up::bin_ticks(&after(setting.warm_up), setting.interval_ns);
        let span = after(detect_from.unwrap_or(setting.warm_up).min(setting.warm_up));
        let final_due = final_due(survey, clock, setting.over_batches);
        let recording = Recording {
            watched: watched(&final_due, survey.sample.dues(), &span),
            final_due,
            measured: span,
            unsettled: detect_from.is_some(),
            bin_ticks,
            bucket_log2: survey.bucket_log2(),
            refined: setting.refined,
            answers_kept: (!setting.keep_all).then_some(ANSWERS_KEPT),
            simulated: setting.simulate,
        };
        Self { setting, recording }
    }
}

/// Who looks on, and at what.
struct Seeing<'a> {
    /// What is known of the input, and what its sources wait for.
    looks_on: (&'a Survey, &'a [Starving]),
    usage: &'a dyn Usage,
    workers: usize,
    collector: Collector,
    makers: Makers,
    stop: &'a AtomicBool,
    watch: Watch<'a>,
}

/// Makes the sources, as soon as there is a clock, and then the run.
type Begin<'a> =
    Box<dyn FnOnce(&Arc<dyn Clock>) -> Box<dyn FnOnce(&dyn Clock, &Control) -> Answered + 'a> + 'a>;

/// Runs what `begin` makes, and sees all that can be seen of it from outside.
fn observe(plan: &Plan, seeing: Seeing<'_>, begin: Begin<'_>) -> Trial {
    let Seeing { looks_on: (survey, starving), usage, workers, collector, makers, stop, watch } =
        seeing;
    let setting = plan.setting;
    let control = Arc::new(Control::default());
    let ticking = setting.simulate.then(|| Arc::new(Ticking::new(Arc::clone(&control))));
    let (done, is_done) = mpsc::channel::<()>();

    let is_here = usage.holds_the_load();
    let ballast = (is_here && !setting.simulate).then(|| Ballast::take(workers + 1));
    let can_reset = usage.reset_memory_peak();
    // Of an engine that has its memory to itself, all of it counts.
    let memory_before_bytes = if is_here { usage.memory_bytes().unwrap_or(0) } else { 0 };
    let cpu_before = usage.cpu_ns();
    let clock: Arc<dyn Clock> = match &ticking {
        Some(ticking) => Arc::<Ticking>::clone(ticking),
        None => Arc::new(WallClock::start()),
    };
    let answer = begin(&clock);

    let was_ended = AtomicBool::new(false);
    let pace = Pace { end: survey.schedule_end };
    let input_lost_ns = AtomicU64::new(0);
    let mut look = |sample: &Sample, collector: &Collector| {
        let mut verdict = watch(&seen(sample, collector, survey, control.finished()));
        let late_ns = starving.iter().map(|one| one.late_ns(sample.at)).max().unwrap_or(0);
        if !setting.simulate && pace.is_lost(late_ns) {
            input_lost_ns.store(late_ns, Ordering::Relaxed);
            verdict = ControlFlow::Break(());
        }
        was_ended.fetch_or(verdict.is_break(), Ordering::Relaxed);
        verdict
    };

    let (ran, ended, at_end, mut samples) = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("sampler".to_owned());
        let (run, look) = (Outside { clock: &*clock, control: &control, usage }, &mut look);
        let watcher = thread
            .spawn_scoped(scope, move || {
                if setting.simulate {
                    watch_simulated(run, stop, collector, look)
                } else {
                    timeline::watch(run, stop, collector, &is_done, look)
                }
            })
            .expect("the system has room for another thread");
        let ran = catch_unwind(AssertUnwindSafe(|| answer(run.clock, run.control)));
        let ended = run.clock.now();
        let at_end = run.sample();
        drop(done);
        let samples = watcher.join().expect("the sampler does not panic");
        (ran, ended, at_end, samples)
    });
    let peak = usage.memory_peak_bytes().filter(|_| can_reset);
    drop(ballast);
    if let Some(ticking) = &ticking {
        samples.samples = ticking.among(&samples.samples);
    }
    let most_seen_bytes = samples.samples.iter().map(|seen| seen.memory_bytes).max().unwrap_or(0);
    let makers_cpu_ns = makers.stop();

    let (tally, panic) = match ran {
        Ok(tally) => (tally, None),
        Err(payload) => (Err(EngineError::Stopped), Some(panic_message(&*payload))),
    };
    let others_ns = if is_here { samples.own_cpu_ns + makers_cpu_ns } else { 0 };
    let cpu_ns = at_end.cpu_ns.saturating_sub(cpu_before.unwrap_or(0)).saturating_sub(others_ns);
    let interrupted = (stop.load(Ordering::Relaxed) || was_ended.load(Ordering::Relaxed))
        && panic.is_none()
        && matches!(tally, Err(EngineError::Stopped));
    let (measured_from, warm_up) = settle(survey, plan, &tally, &mut samples);
    Trial {
        tally,
        panic,
        interrupted,
        account: Account {
            answers_measured: samples.collected.totals.result.len(),
            ..Account::default()
        },
        measured_from,
        warm_up,
        input_lost_ns: Some(input_lost_ns.into_inner()).filter(|late_ns| *late_ns > 0),
        delivery: Delivery::default(),
        samples,
        ended,
        cpu_ns,
        memory_before_bytes,
        // The system counts the two apart, and one may be ahead of the other.
        memory_peak_bytes: peak
            .map_or(most_seen_bytes, |peak| peak.max(most_seen_bytes))
            .saturating_sub(memory_before_bytes),
    }
}

/// What whoever watches is told; `of_batches` are the events of finished batches, where they are told.
fn seen(sample: &Sample, collector: &Collector, survey: &Survey, of_batches: Option<u64>) -> Seen {
    let latest = collector.latest();
    // What was answered again was taken once.
    let answered = || collector.answers().saturating_add(survey.rejected).min(sample.read);
    Seen {
        phase: Phase::Running,
        at: sample.at,
        events: survey.events,
        offered: survey.due_before(sample.at),
        read: sample.read,
        finished: if survey.each_answered { Some(answered()) } else { of_batches },
        answers: collector.answers(),
        p50_ns: latest.map(|spread| spread.p50_ns),
        p99_ns: latest.map(|spread| spread.p99_ns),
        cpu_ns: sample.cpu_ns,
        memory_bytes: sample.memory_bytes,
    }
}

/// Decides where the measured part begins.
fn settle(
    survey: &Survey,
    plan: &Plan,
    tally: &Answered,
    samples: &mut Samples,
) -> (Moment, WarmUp) {
    let setting = plan.setting;
    let batches = tally.as_ref().map_or(&[][..], |tally| tally.batches.as_slice());
    // By what was taken: when answers came is in the medians beside it.
    let course = Course::new(survey, &samples.samples, None, batches, setting.interval_ns);
    let until = survey.measured(Moment::START).end;
    let bin_ticks = plan.recording.bin_ticks;
    let bins = Bins::of(bin_ticks, until, &course, &samples.collected.medians);
    let (from, warm_up) = warm_up::decide(&bins, setting.warm_up, setting.settling);
    samples.collected.settle(&survey.measured(from));
    (from, warm_up)
}

fn merged<A: Answer>(home: &recorder::Home<A>) -> Kept<A> {
    let parts = std::mem::take(&mut *home.lock().expect("recorders do not panic"));
    let mut kept = Kept::default();
    for part in parts {
        kept.merge(part);
    }
    kept
}

fn delivery(home: &pacer::Home) -> Delivery {
    let mut all = Delivery::default();
    home.lock().expect("sources do not panic").iter().for_each(|part| all.merge(part));
    all
}
