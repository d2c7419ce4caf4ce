//! One scenario, one engine, one seed: run it and measure it.
//!
//! Everything that can be made before the clock starts is made before it starts: the input, the
//! buffers of the recorders, the threads that look on. From then on the engine has the calling
//! thread, and nothing here touches it until it returns. Whether its answers are right is not
//! decided here.

use crate::bench::{Phase, Seen, Watch};
use crate::host::usage;
use crate::load::final_due::{BatchEnds, FinalDue};
use crate::load::input::Input;
use crate::load::pacer::{self, Delivery, Paced};
use crate::measure::anatomy;
use crate::measure::ballast::Ballast;
use crate::measure::intervals::{Collector, IntervalLog};
use crate::measure::recorder::{ANSWERS_KEPT, Kept, Recording, recorders};
use crate::measure::timeline::{self, Course, Sample, Samples, sample, watch_simulated};
use crate::measure::warm_up::{self, Bins, Settling};
use engines::{
    Clock, Control, Engine, EngineError, Moment, SimulatedClock, Sink, Source, Tally, WallClock,
    panic_message,
};
use reports::record::study::WarmUp;
use scenarios::{Scenario, Workload};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// How one trial is run.
#[derive(Copy, Clone, Debug)]
pub struct Setting {
    /// From the start; what falls due in it is not measured.
    pub warm_up: Duration,
    /// How the end of the warm-up is chosen, beside that.
    pub settling: Settling,
    /// The batch interval in nanoseconds, where windows are made of batches.
    pub over_batches: Option<u64>,
    /// The batch interval in nanoseconds, where there are batches: what is asked for at once.
    pub interval_ns: Option<u64>,
    /// Whether all answers are kept, whatever their number.
    pub keep_all: bool,
    /// Whether time is simulated.
    pub simulate: bool,
}

/// What a trial brought.
#[derive(Debug)]
pub struct Trial<A> {
    /// What the engine says it did, or why it failed.
    pub tally: Result<Tally, EngineError>,
    /// A panic of the engine, if that is why.
    pub panic: Option<String>,
    /// Whether somebody stopped it.
    pub interrupted: bool,
    /// The answers.
    pub kept: Kept<A>,
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
    /// Processor time of the engine's threads, in nanoseconds: that of the process while the
    /// engine ran, less that of the sampler and of the threads that make the input.
    pub cpu_ns: u64,
    /// Memory before the engine started, its input in place, in bytes.
    pub memory_before_bytes: u64,
    /// The most memory while it ran above that, in bytes.
    pub memory_peak_bytes: u64,
}

/// The part of a run that is measured: the answers that fell due in it. A trace may end before
/// the time is up.
pub fn measured<W: Workload>(input: &Input<W>, from: Moment) -> Range<Moment> {
    let until = input.layout.schedule.end().min(input.survey.last_due.saturating_add(1));
    from..until.max(from)
}

fn moment_after(length: Duration) -> Moment {
    Moment::from_nanos(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX))
}

/// What `result_latency` counts from.
pub fn final_due<W: Workload>(input: &Input<W>, over_batches: Option<u64>) -> FinalDue {
    match (&input.survey.final_due, over_batches) {
        (None, _) => FinalDue::OwnEvent,
        (Some(_), Some(interval_ns)) => FinalDue::Batch(BatchEnds::new(
            input.workload.arrival_clock(),
            interval_ns,
            input.survey.last_due,
        )),
        (Some(table), None) => FinalDue::Event(Arc::clone(table)),
    }
}

/// Runs it. `watch` is told about every 100 ms how far it is, and may end it.
pub fn run<E, S, W>(
    engine: &E,
    scenario: &S,
    input: &Input<W>,
    setting: Setting,
    log: IntervalLog,
    stop: &AtomicBool,
    watch: Watch<'_>,
) -> Trial<S::Answer>
where
    E: Engine,
    S: Scenario,
    W: Workload<Event = S::Event>,
{
    let detect_from = setting.settling.detect_from;
    let after = |length: Duration| measured(input, moment_after(length));
    let bin_ticks = warm_up::bin_ticks(&after(setting.warm_up), setting.interval_ns);
    let span = after(detect_from.unwrap_or(setting.warm_up).min(setting.warm_up));
    let final_due = final_due(input, setting.over_batches);
    let moments = anatomy::watched(&final_due, input.survey.sample.dues(), &span);
    let recording = Recording {
        final_due,
        measured: span,
        watched: Arc::clone(&moments),
        unsettled: detect_from.is_some(),
        bin_ticks,
        refined: scenario.window().is_some_and(|window| window.allowed_lateness() > 0),
        answers_kept: (!setting.keep_all).then_some(ANSWERS_KEPT),
        simulated: setting.simulate,
    };
    let (sinks, collector, home) = recorders::<S::Answer>(engine.workers(), &recording, log);
    let sinks: Vec<Box<dyn Sink<Item = S::Answer>>> =
        sinks.into_iter().map(|sink| Box::new(sink) as Box<dyn Sink<Item = S::Answer>>).collect();
    let control = Control::default();
    let (supplies, makers) = input.supply(setting.interval_ns.unwrap_or(0));
    let delivered = pacer::Home::default();
    let (done, is_done) = mpsc::channel::<()>();

    let ballast = (!setting.simulate).then(|| Ballast::take(engine.workers() + 1));
    let can_reset = usage::reset_memory_peak();
    let memory_before_bytes = usage::memory_bytes().unwrap_or(0);
    let cpu_before = usage::process_cpu_ns();
    let clock: Arc<dyn Clock> = if setting.simulate {
        Arc::new(SimulatedClock::default())
    } else {
        Arc::new(WallClock::start())
    };
    let sources: Vec<Box<dyn Source<Item = S::Event>>> = supplies
        .into_iter()
        .map(|supply| {
            let home = Arc::clone(&delivered);
            let paced = Paced::new(supply, setting.simulate, Arc::clone(&clock), home);
            Box::new(paced.watching(Arc::clone(&moments))) as Box<_>
        })
        .collect();

    let was_ended = AtomicBool::new(false);
    let mut look = |sample: &Sample, collector: &Collector| {
        let verdict = watch(&seen(sample, collector, input));
        was_ended.fetch_or(verdict.is_break(), Ordering::Relaxed);
        verdict
    };

    let (ran, ended, at_end, mut samples) = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("sampler".to_owned());
        let (clock, control, look) = (&*clock, &control, &mut look);
        let watcher = thread
            .spawn_scoped(scope, move || {
                if setting.simulate {
                    watch_simulated(clock, control, stop, collector, look)
                } else {
                    timeline::watch(clock, control, stop, collector, &is_done, look)
                }
            })
            .expect("the system has room for another thread");
        let ran = catch_unwind(AssertUnwindSafe(|| {
            engine.run(|flow, events| scenario.plan(flow, events), sources, sinks, clock, control)
        }));
        let ended = clock.now();
        let at_end = sample(clock, control);
        drop(done);
        let samples = watcher.join().expect("the sampler does not panic");
        (ran, ended, at_end, samples)
    });
    let peak = usage::memory_peak_bytes().filter(|_| can_reset);
    drop(ballast);
    let most_seen_bytes = samples.samples.iter().map(|seen| seen.memory_bytes).max().unwrap_or(0);
    let makers_cpu_ns = makers.stop();

    let (tally, panic) = match ran {
        Ok(tally) => (tally, None),
        Err(payload) => (Err(EngineError::Stopped), Some(panic_message(&*payload))),
    };
    let others_ns = samples.own_cpu_ns + makers_cpu_ns;
    let cpu_ns = at_end.cpu_ns.saturating_sub(cpu_before.unwrap_or(0)).saturating_sub(others_ns);
    let interrupted = (stop.load(Ordering::Relaxed) || was_ended.load(Ordering::Relaxed))
        && panic.is_none()
        && matches!(tally, Err(EngineError::Stopped));
    let (measured_from, warm_up) = settle(input, setting, bin_ticks, &tally, &mut samples);
    let mut kept = merged(&home);
    if detect_from.is_some() {
        kept.answers_measured = samples.collected.totals.result.len();
    }
    Trial {
        tally,
        panic,
        interrupted,
        kept,
        measured_from,
        warm_up,
        delivery: delivery(&delivered),
        samples,
        ended,
        cpu_ns,
        memory_before_bytes,
        memory_peak_bytes: peak.unwrap_or(most_seen_bytes).saturating_sub(memory_before_bytes),
    }
}

fn seen<W: Workload>(sample: &Sample, collector: &Collector, input: &Input<W>) -> Seen {
    let latest = collector.latest();
    Seen {
        phase: Phase::Running,
        at: sample.at,
        events: input.survey.events,
        offered: input.survey.due_before(sample.at),
        read: sample.read,
        answers: collector.answers(),
        p50_ns: latest.map(|spread| spread.p50_ns),
        p99_ns: latest.map(|spread| spread.p99_ns),
        cpu_ns: sample.cpu_ns,
        memory_bytes: sample.memory_bytes,
    }
}

/// Decides where the measured part begins.
fn settle<W: Workload>(
    input: &Input<W>,
    setting: Setting,
    bin_ticks: u64,
    tally: &Result<Tally, EngineError>,
    samples: &mut Samples,
) -> (Moment, WarmUp) {
    let batches = tally.as_ref().map_or(&[][..], |tally| tally.batches.as_slice());
    let course = Course::new(&input.survey, &samples.samples, batches);
    // In simulated time the sampler sees how far an engine is when it happens to look.
    let completed = (!setting.simulate || !batches.is_empty()).then_some(&course);
    let until = measured(input, Moment::START).end;
    let bins = Bins::of(bin_ticks, until, completed, &samples.collected.medians);
    let (from, warm_up) = warm_up::decide(&bins, setting.warm_up, setting.settling);
    samples.collected.settle(&measured(input, from));
    (from, warm_up)
}

fn merged<A: scenarios::Answer>(home: &crate::measure::recorder::Home<A>) -> Kept<A> {
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
