//! What benches of operators share: an input at more than anything can take, the engines over it, and
//! the bare loop.

#![allow(dead_code, reason = "each bench takes what it needs")]

use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, measurement::WallTime};
use engines::{Algorithm, Clock as _, Data, Patience, Tally, Timestamp, WallClock, WindowSpec};
use programs::{Case, Opened, Program};
use scenarios::spec::{
    AggregateName, CaseSpec, DelaySpec, DisorderSpec, KeysSpec, QuerySpec, SyntheticSpec,
    ValuesSpec, WorkloadSpec,
};
use scenarios::workload::Synthetic;
use scenarios::{Keyed, Trigger, WindowAnswer, Workload};
use sluicebench::drivers::answering;
use sluicebench::load::input::Input;
use sluicebench::load::layout::Layout;
use sluicebench::load::marks::Chunk;
use sluicebench::load::schedule::Schedule;
use sluicebench::load::supply::Supply;
use sluicebench::measure::interval_log::IntervalLog;
use sluicebench::measure::trial::{Setting, run};
use sluicebench::measure::warm_up::Settling;
use sluicebench::plain::{Keys, Partial, Parts, windowed};
use sluicebench::plan::{EngineKind, Marks, WindowDomain};
use std::hash::Hash;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Events offered per second of the run: more than anything here can take.
pub(crate) const OFFERED_PER_S: u64 = 1_000_000_000;
pub(crate) const SECOND_US: i64 = 1_000_000;
pub(crate) const KEYS: u64 = 100_000;

pub(crate) fn second() -> WindowSpec {
    WindowSpec::tumbling(SECOND_US).expect("a second is a window")
}

/// Whether this is the small size: criterion tries everything once unless it is called by `cargo bench`.
pub(crate) fn is_small() -> bool {
    !std::env::args().any(|arg| arg == "--bench")
}

pub(crate) fn synthetic(
    keys: KeysSpec,
    disorder: Option<DisorderSpec>,
    event_us_per_second: i64,
) -> SyntheticSpec {
    SyntheticSpec {
        keys,
        values: ValuesSpec::Uniform { low: -100, high: 100 },
        payload_bytes: 0,
        decimals: 0,
        rotate_every: None,
        silence: None,
        disorder,
        event_us_per_second,
        origin: Timestamp::from_micros(0),
    }
}

/// An input and how dense its event time is.
pub(crate) struct Load<E> {
    pub(crate) input: Input<E>,
    /// Events per second of event time.
    pub(crate) density: u64,
}

/// How many microseconds of event time pass in a second of a run that offers so many events in
/// each second of event time.
pub(crate) const fn event_us_per_second(density: u64) -> i64 {
    (OFFERED_PER_S / density).cast_signed() * SECOND_US
}

impl Load<Keyed> {
    /// `seconds` of event time. With disorder, each event is up to a second late.
    pub(crate) fn new(
        seconds: u64,
        density: u64,
        keys: KeysSpec,
        disorder: bool,
        partitions: usize,
    ) -> Self {
        let disorder_of = disorder.then_some(DisorderSpec {
            fraction: 1.0,
            delay: DelaySpec::Uniform { low_us: 0, high_us: SECOND_US },
            cap_us: None,
        });
        let spec = synthetic(keys, disorder_of, event_us_per_second(density));
        let bound_us = if disorder { SECOND_US } else { 0 };
        let cut = (partitions, Marks::Every(256), bound_us);
        Self::of(Synthetic::new(&spec, 42), seconds, density, cut)
    }
}

impl<E: Data + Hash> Load<E> {
    /// `seconds` of event time of a workload, cut into so many partitions, marked like this, with
    /// watermarks that stay so far behind.
    pub(crate) fn of(
        workload: impl Workload<Event = E>,
        seconds: u64,
        density: u64,
        (partitions, marks, watermark_bound_us): (usize, Marks, i64),
    ) -> Self {
        let events = if is_small() { 50_000 } else { seconds * density };
        let length = Duration::from_nanos(events * 1_000_000_000 / OFFERED_PER_S);
        let layout = Layout {
            schedule: Schedule::even(OFFERED_PER_S as f64, length),
            partitions,
            marks,
            idle_after: None,
            watermark_bound_us,
            trigger: Trigger::Windows(second()),
        };
        let input = Input::make(Arc::new(workload), layout, u64::MAX);
        Self { input, density }
    }

    pub(crate) fn events(&self) -> u64 {
        self.input.survey.events
    }

    /// The stretches of memory that the engines read, with their marks.
    pub(crate) fn memory(&self) -> Vec<Chunk<E>> {
        let (supplies, _) = self.input.supply(0);
        supplies
            .into_iter()
            .flat_map(|supply| match supply {
                Supply::Held(chunks) => chunks.collect::<Vec<_>>(),
                Supply::Ahead(_) => unreachable!("the budget is unlimited"),
            })
            .collect()
    }

    /// Runs an engine over it. Returns how long it took, and what it did.
    pub(crate) fn run(
        &self,
        engine: &EngineKind,
        parallelism: usize,
        case: &Case<E, WindowAnswer>,
    ) -> (Duration, Tally) {
        let setting = Setting {
            warm_up: Duration::ZERO,
            settling: Settling::default(),
            over_batches: None,
            interval_ns: None,
            refined: false,
            keep_all: false,
            simulate: false,
        };
        let mut unwatched = |_: &_| ControlFlow::Continue(());
        let log = IntervalLog::none();
        let stop = AtomicBool::new(false);
        let answering = answering(engine, case, parallelism, None);
        let (trial, _) = run(answering, &self.input, setting, log, &stop, &mut unwatched);
        let tally = trial.tally.expect("the plan is sound");
        assert_eq!(tally.read, self.events(), "every event is read");
        assert_eq!(trial.account.answers_given, tally.answers, "every answer is recorded");
        (Duration::from_nanos(trial.ended.as_nanos()), tally)
    }

    /// A question, asked of this input.
    pub(crate) fn ask(&self, program: Arc<dyn Program<E, WindowAnswer>>) -> Case<E, WindowAnswer> {
        Case { program, workload: Arc::clone(&self.input.workload) }
    }

    /// A batch is a second of event time.
    pub(crate) fn micro_batch(&self) -> EngineKind {
        EngineKind::MicroBatch {
            interval: Duration::from_nanos(self.density * 1_000_000_000 / OFFERED_PER_S),
            windows: WindowDomain::EventTime,
            algorithm: Algorithm::Auto,
            attempts: 4,
        }
    }
}

/// Greedy, or strictly one event at a time.
pub(crate) const fn per_event(strict: bool) -> EngineKind {
    EngineKind::PerEvent {
        buffer_timeout: Duration::from_millis(1),
        buffer_records: 1024,
        algorithm: Algorithm::Auto,
        waiting: Patience::SpinThenPark { spin_ns: 50_000 },
        strict,
    }
}

/// Adds a row: `once` takes the time of one pass over the input.
pub(crate) fn row(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    mut once: impl FnMut() -> Duration,
) {
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|passes| (0..passes).map(|_| once()).sum());
    });
}

/// The time `work` takes, and what it gives.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let clock = WallClock::start();
    let given = black_box(work());
    (Duration::from_nanos(clock.now().as_nanos()), given)
}

pub(crate) fn group<'a>(
    criterion: &'a mut Criterion,
    name: &str,
    events: u64,
) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(events));
    group
}

/// The plain loop over all of it, and how many answers it gave.
pub(crate) fn by_hand<E: Parts, P: Partial, K: Keys>(
    memory: &[Chunk<E>],
    window: WindowSpec,
) -> u64 {
    let mut answers = 0;
    let went = windowed::<E, P, K>(memory, window, &mut |answer| {
        black_box(&answer);
        answers += 1;
    });
    went.expect("its state is small");
    answers
}

/// Sum and count, per key or in all, compiled as it is for everyone.
pub(crate) fn count_and_sum(
    window: WindowSpec,
    keyed: bool,
) -> Arc<dyn Program<Keyed, WindowAnswer>> {
    let aggregates = vec![AggregateName::Count, AggregateName::Sum];
    let case = CaseSpec {
        workload: WorkloadSpec::Synthetic(synthetic(KeysSpec::Uniform { count: 1 }, None, 1)),
        query: QuerySpec::Window { window, aggregates, keyed },
    };
    match programs::open(&case, 0) {
        Ok(Opened::KeyedWindow(case)) => case.program,
        other => unreachable!("keyed events and windows, not {other:?}"),
    }
}
