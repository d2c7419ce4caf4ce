//! What the tests of measuring and verifying share: cells that are small, and engines that are
//! real but for one flaw.

pub(crate) mod program;

use engines::{Algorithm, Clock, Control, Data, Moment, Patience, Sink, Stamped, Timestamp};
use programs::Case;
use scenarios::Answer;
use scenarios::spec::{
    AggregateName, CaseSpec, DelaySpec, DisorderSpec, KeysSpec, QuerySpec, SyntheticSpec,
    ValuesSpec, WorkloadSpec,
};
use sluicebench::bench::Here;
use sluicebench::bench::error::RunError;
use sluicebench::drivers;
use sluicebench::measure::seen::Seen;
use sluicebench::measure::trial::{Answering, Doors};
use sluicebench::plan::settings::Settled;
use sluicebench::plan::{
    Arrivals, Cell, EngineKind, EngineSetting, Floors, Format, Load, Marks, Measure, Pinning, Plan,
    RateShape, Repeat, Transport, WindowDomain,
};
use sluicebench::run::feed::Silent;
use sluicebench::run::{Outcome, run_plan};
use std::hash::Hash;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(crate) fn synthetic(disorder: Option<DisorderSpec>) -> WorkloadSpec {
    WorkloadSpec::Synthetic(SyntheticSpec {
        keys: KeysSpec::Zipf { count: 50, exponent: 1.1 },
        values: ValuesSpec::Uniform { low: -100, high: 100 },
        payload_bytes: 0,
        decimals: 0,
        rotate_every: None,
        silence: None,
        disorder,
        event_us_per_second: 1_000_000,
        origin: Timestamp::from_micros(1_600_000_000_000_000),
    })
}

/// A third of the events are late by a fifth of a second on average.
pub(crate) fn heavy() -> DisorderSpec {
    DisorderSpec {
        fraction: 0.3,
        delay: DelaySpec::Exponential { mean_us: 200_000 },
        cap_us: Some(2_000_000),
    }
}

pub(crate) fn window(spec: engines::WindowSpec, aggregates: &[AggregateName]) -> QuerySpec {
    QuerySpec::Window { window: spec, aggregates: aggregates.to_vec(), keyed: true }
}

pub(crate) fn micro_batch(windows: WindowDomain, algorithm: Algorithm) -> EngineSetting {
    EngineSetting {
        label: format!("micro-batch {windows:?} {}", algorithm.name()),
        kind: EngineKind::MicroBatch {
            interval: Duration::from_millis(100),
            windows,
            algorithm,
            attempts: 4,
        },
    }
}

pub(crate) fn per_event(algorithm: Algorithm) -> EngineSetting {
    EngineSetting {
        label: format!("per-event {}", algorithm.name()),
        kind: EngineKind::PerEvent {
            buffer_timeout: Duration::from_millis(1),
            buffer_records: 64,
            algorithm,
            waiting: Patience::Spin,
            strict: false,
        },
    }
}

/// Three seconds, half a second of them warm-up.
pub(crate) fn cell(workload: WorkloadSpec, query: QuerySpec, engines: Vec<EngineSetting>) -> Cell {
    Cell {
        name: "cell".into(),
        title: "A cell".into(),
        scenario: "keyed-window".into(),
        case: CaseSpec { workload, query },
        load: Load::Synthetic {
            rate: RateShape::Constant { per_second: 4000.0 },
            arrivals: Arrivals::Poisson,
        },
        watermark_bound_us: 100_000,
        marks: Marks::Every(16),
        idle_after: None,
        partitions: 1,
        engines,
        transport: Transport::Tcp,
        pinning: Pinning::default(),
        parallelism: 1,
        seed: 42,
        measure: Measure {
            warm_up_floor: None,
            warm_up: Duration::from_millis(500),
            duration: Duration::from_millis(2500),
            input_memory: None,
        },
        thresholds: Vec::new(),
        settings: Settled::default(),
        resolved_toml: String::new(),
        point: Vec::new(),
    }
}

pub(crate) fn plan(cells: Vec<Cell>, out: &Path) -> Plan {
    Plan {
        name: "test".into(),
        title: "A test".into(),
        cells,
        out: Some(out.to_owned()),
        keep_results: true,
        simulate: true,
        floors: Floors::LeftOut,
        repeat: Repeat::times(1),
        format: Format::Text,
        command: "sluicebench run".into(),
        strict: false,
        sweep: None,
        left_out: Vec::new(),
    }
}

/// Runs a plan in this process, and shows nothing.
pub(crate) fn run_here(plan: &Plan, stop: &Arc<AtomicBool>) -> Result<Outcome, RunError> {
    run_plan(plan, &mut Here::new(Arc::clone(stop)), &mut Silent, stop)
}

/// Watches nothing.
pub(crate) fn unwatched(_: &Seen) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// What is done to the answers of one sink call.
pub(crate) type Flaw<O> = Box<dyn FnMut(&[Stamped<O>]) -> Vec<Stamped<O>> + Send>;

/// An engine ready to answer a case on one worker, in simulated time.
pub(crate) fn answering<'a, E: Data + Hash, A: Answer>(
    kind: &'a EngineKind,
    case: &'a Case<E, A>,
    seed: u64,
) -> Answering<'a, E, A> {
    drivers::answering(kind, case, 1, Some(seed))
}

/// An engine whose answers pass through a flaw on their way out.
pub(crate) fn flawed<'a, E: Data, A: Data>(
    engine: Answering<'a, E, A>,
    mut flaw: impl FnMut() -> Flaw<A> + 'a,
) -> Answering<'a, E, A> {
    through(engine, move |sink| Box::new(FlawedSink { sink, flaw: flaw() }))
}

/// An engine whose sinks are others.
pub(crate) fn through<'a, E: Data, A: Data>(
    engine: Answering<'a, E, A>,
    mut other: impl FnMut(Box<dyn Sink<Item = A>>) -> Box<dyn Sink<Item = A>> + 'a,
) -> Answering<'a, E, A> {
    let Answering { workers, answer, usage } = engine;
    let answer = move |Doors { sources, sinks }: Doors<E, A>, clock: &dyn Clock, control: &_| {
        let sinks = sinks.into_iter().map(&mut other).collect();
        answer(Doors { sources, sinks }, clock, control)
    };
    Answering { workers, answer: Box::new(answer), usage }
}

struct FlawedSink<O> {
    sink: Box<dyn Sink<Item = O>>,
    flaw: Flaw<O>,
}

impl<O: Data> Sink for FlawedSink<O> {
    type Item = O;
    fn accept(&mut self, answers: &[Stamped<O>], emitted: Moment) {
        let answers = (self.flaw)(answers);
        if !answers.is_empty() {
            self.sink.accept(&answers, emitted);
        }
    }
}

/// An engine that stands still once, for `length`, when the clock has come to `at`.
pub(crate) fn stalling<E: Data, A: Data>(
    engine: Answering<'_, E, A>,
    at: Moment,
    length: Duration,
) -> Answering<'_, E, A> {
    let Answering { workers, answer, usage } = engine;
    let answer = move |doors: Doors<E, A>, clock: &dyn Clock, control: &Control| {
        let clock = StallingClock { clock, at, length, has_stalled: AtomicBool::new(false) };
        answer(doors, &clock, control)
    };
    Answering { workers, answer: Box::new(answer), usage }
}

struct StallingClock<'a> {
    clock: &'a dyn Clock,
    at: Moment,
    length: Duration,
    has_stalled: AtomicBool,
}

impl Clock for StallingClock<'_> {
    fn now(&self) -> Moment {
        let now = self.clock.now();
        if now >= self.at && !self.has_stalled.swap(true, Ordering::Relaxed) {
            let nanos = u64::try_from(self.length.as_nanos()).unwrap();
            self.clock.pass_until(now.saturating_add(nanos), Patience::Spin);
        }
        self.clock.now()
    }
    fn pass_until(&self, moment: Moment, patience: Patience) {
        self.clock.pass_until(moment, patience);
    }
}
