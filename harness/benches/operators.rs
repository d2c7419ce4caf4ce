//! What an operator costs per event, beside a bare loop that does the same work on the same input
//! in the same run.
//!
//! Everything is included: the pacer, the watermark marks, the recorder, the sampler, under the
//! real clock. The input is offered at a thousand million events per second, so that no engine
//! ever waits for it; event time has its own density. The bare loops read the same memory and
//! know no engine: they are the plain loops that `limit` and `advise` time, one thread, written by
//! hand, with the map that the engines use too. Every run is first checked against the bare loop's
//! count of answers and, at the small size, against the sum of what they say.
//!
//! `cargo test --benches` runs all of it at the small size.

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use criterion::{SamplingMode, measurement::WallTime};
use engines::{
    Algorithm, Clock as _, Count, Data, Dataflow, Patience, Tally, Timestamp, WallClock, WindowSpec,
};
use programs::{Case, Opened, Program};
use scenarios::spec::{
    AggregateName, CaseSpec, DelaySpec, DisorderSpec, KeysSpec, QuerySpec, SyntheticSpec,
    ValuesSpec, WordsSpec, WorkloadSpec,
};
use scenarios::workload::{Synthetic, Words};
use scenarios::{Keyed, Question, Scenario, Trigger, WindowAnswer, Workload};
use sluicebench::drivers::answering;
use sluicebench::load::input::Input;
use sluicebench::load::layout::Layout;
use sluicebench::load::marks::Chunk;
use sluicebench::load::schedule::Schedule;
use sluicebench::load::supply::Supply;
use sluicebench::measure::interval_log::IntervalLog;
use sluicebench::measure::trial::{Setting, run};
use sluicebench::measure::warm_up::Settling;
use sluicebench::plain::{Counted, Each, Global, Keys, Partial, Parts, Summed, windowed};
use sluicebench::plan::{EngineKind, Marks, WindowDomain};
use std::hash::Hash;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Events offered per second of the run: more than anything here can take.
const OFFERED_PER_S: u64 = 1_000_000_000;
const SECOND_US: i64 = 1_000_000;
const KEYS: u64 = 100_000;

fn second() -> WindowSpec {
    WindowSpec::tumbling(SECOND_US).expect("a second is a window")
}

/// Whether this is the small size: criterion tries everything once unless it is called by `cargo bench`.
fn is_small() -> bool {
    !std::env::args().any(|arg| arg == "--bench")
}

fn synthetic(
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
struct Load<E> {
    input: Input<E>,
    /// Events per second of event time.
    density: u64,
}

/// How many microseconds of event time pass in a second of a run that offers so many events in
/// each second of event time.
const fn event_us_per_second(density: u64) -> i64 {
    (OFFERED_PER_S / density).cast_signed() * SECOND_US
}

impl Load<Keyed> {
    /// `seconds` of event time. With disorder, each event is up to a second late.
    fn new(seconds: u64, density: u64, keys: KeysSpec, disorder: bool, partitions: usize) -> Self {
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
    fn of(
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

    fn events(&self) -> u64 {
        self.input.survey.events
    }

    /// The stretches of memory that the engines read, with their marks.
    fn memory(&self) -> Vec<Chunk<E>> {
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
    fn run(
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
    fn ask(&self, program: Arc<dyn Program<E, WindowAnswer>>) -> Case<E, WindowAnswer> {
        Case { program, workload: Arc::clone(&self.input.workload) }
    }

    /// A batch is a second of event time.
    fn micro_batch(&self) -> EngineKind {
        EngineKind::MicroBatch {
            interval: Duration::from_nanos(self.density * 1_000_000_000 / OFFERED_PER_S),
            windows: WindowDomain::EventTime,
            algorithm: Algorithm::Auto,
            attempts: 4,
        }
    }
}

/// Greedy, or strictly one event at a time.
const fn per_event(strict: bool) -> EngineKind {
    EngineKind::PerEvent {
        buffer_timeout: Duration::from_millis(1),
        buffer_records: 1024,
        algorithm: Algorithm::Auto,
        waiting: Patience::SpinThenPark { spin_ns: 50_000 },
        strict,
    }
}

/// Adds a row: `once` takes the time of one pass over the input.
fn row(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, mut once: impl FnMut() -> Duration) {
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|passes| (0..passes).map(|_| once()).sum());
    });
}

/// The time `work` takes, and what it gives.
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let clock = WallClock::start();
    let given = black_box(work());
    (Duration::from_nanos(clock.now().as_nanos()), given)
}

fn group<'a>(
    criterion: &'a mut Criterion,
    name: &str,
    events: u64,
) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(events));
    group
}

/// Keeps three of four, maps, counts per second.
#[derive(Clone, Debug)]
struct FilterMapCount;

const fn is_kept(event: &Keyed) -> bool {
    event.value % 4 != 0
}

impl Scenario for FilterMapCount {
    fn plan<F: Dataflow>(&self, flow: &mut F, events: F::Stream<Keyed>) -> F::Stream<WindowAnswer> {
        let kept = flow.filter(events, is_kept);
        let tripled = flow.map(kept, |event| Keyed { value: event.value * 3, ..event });
        let counts = flow.aggregate(tripled, |_| (), |_| (), second(), Count);
        flow.map(counts, |count| WindowAnswer {
            window: count.window,
            key: 0,
            count: count.value,
            sum: count.value.cast_signed(),
            extremes: None,
        })
    }
}

impl Question for FilterMapCount {
    type Event = Keyed;
    type Answer = WindowAnswer;

    fn trigger(&self) -> Trigger {
        Trigger::Windows(second())
    }

    fn question(&self) -> String {
        "How many of the events that are kept each second has.".to_owned()
    }

    fn columns(&self) -> Vec<&'static str> {
        vec!["count"]
    }

    fn cells(&self, answer: &WindowAnswer) -> Vec<String> {
        vec![answer.count.to_string()]
    }

    fn key_label(&self, _: &WindowAnswer) -> String {
        String::new()
    }
}

fn stateless(criterion: &mut Criterion) {
    let load = Load::new(10, 1_000_000, KeysSpec::Uniform { count: KEYS }, false, 1);
    let memory = load.memory();
    let bare = || {
        // Seconds come in order here: one counter at a time.
        let (mut counted, mut count, mut answers) = (0, 0_u64, 0_u64);
        for event in memory.iter().flat_map(|chunk| chunk.records.iter()) {
            if is_kept(&event.value) {
                black_box(event.value.value * 3);
                let second = event.event_time.as_micros() / SECOND_US;
                if second != counted {
                    answers += u64::from(black_box(count) > 0);
                    (counted, count) = (second, 0);
                }
                count += 1;
            }
        }
        answers + u64::from(black_box(count) > 0)
    };
    let answers = bare();
    let mut group = group(criterion, "filter, map, count", load.events());
    row(&mut group, "bare loop", || timed(bare).0);
    let check = |(time, tally): (Duration, Tally)| {
        assert_eq!(tally.answers, answers);
        time
    };
    let case = load.ask(Arc::new(FilterMapCount));
    row(&mut group, "per-event", || check(load.run(&per_event(false), 1, &case)));
    row(&mut group, "per-event, strict", || check(load.run(&per_event(true), 1, &case)));
    row(&mut group, "micro-batch", || check(load.run(&load.micro_batch(), 1, &case)));
    group.finish();
}

/// The plain loop over all of it, and how many answers it gave.
fn by_hand<E: Parts, P: Partial, K: Keys>(memory: &[Chunk<E>], window: WindowSpec) -> u64 {
    let mut answers = 0;
    let went = windowed::<E, P, K>(memory, window, &mut |answer| {
        black_box(&answer);
        answers += 1;
    });
    went.expect("its state is small");
    answers
}

/// Sum and count, per key or in all, compiled as it is for everyone.
fn count_and_sum(window: WindowSpec, keyed: bool) -> Arc<dyn Program<Keyed, WindowAnswer>> {
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

fn tumbling(criterion: &mut Criterion) {
    let program = count_and_sum(second(), true);
    let zipf = KeysSpec::Zipf { count: KEYS, exponent: 1.1 };
    for (name, keys) in [("uniform", KeysSpec::Uniform { count: KEYS }), ("zipf 1.1", zipf)] {
        let load = Load::new(10, 1_000_000, keys.clone(), true, 1);
        let memory = load.memory();
        let answers = by_hand::<_, Summed, Each>(&memory, second());
        let title = format!("tumbling 1 s, sum and count, 100,000 keys, {name}");
        let mut group = group(criterion, &title, load.events());
        let check = |(time, tally): (Duration, Tally)| {
            assert_eq!(tally.answers, answers);
            assert_eq!(tally.windows[0].accepted, tally.read);
            time
        };
        let case = load.ask(Arc::clone(&program));
        row(&mut group, "bare loop", || timed(|| by_hand::<_, Summed, Each>(&memory, second())).0);
        row(&mut group, "per-event", || check(load.run(&per_event(false), 1, &case)));
        row(&mut group, "per-event, strict", || check(load.run(&per_event(true), 1, &case)));
        row(&mut group, "micro-batch", || check(load.run(&load.micro_batch(), 1, &case)));
        drop((memory, load, case));
        let load = Load::new(10, 1_000_000, keys, true, 2);
        let case = load.ask(Arc::clone(&program));
        let check = |(time, tally): (Duration, Tally)| {
            assert_eq!(tally.windows[0].accepted, tally.read);
            time
        };
        row(&mut group, "per-event, 2 workers", || check(load.run(&per_event(false), 2, &case)));
        row(&mut group, "micro-batch, 2 workers", || {
            check(load.run(&load.micro_batch(), 2, &case))
        });
        group.finish();
    }
}

fn sliding(criterion: &mut Criterion) {
    // Two events per key and second throughout. For 10 s against 600 s the keys are fewer, so
    // that the long window fills up and slides for long: its last 600 answers per key, which the
    // end of the input fires at once, are an eighth of all.
    let shapes = [(60, 80, 200_000, KEYS), (10, 2400, 8_000, 4_000), (600, 2400, 8_000, 4_000)];
    for (panes, seconds, density, keys) in shapes {
        let load = Load::new(seconds, density, KeysSpec::Uniform { count: keys }, true, 1);
        let memory = load.memory();
        let window = WindowSpec::sliding(panes * SECOND_US, SECOND_US).expect("a window");
        let case = load.ask(count_and_sum(window, true));
        let title = format!("sliding {panes} s by 1 s, {keys} keys, {density} events per second");
        let mut group = group(criterion, &title, load.events());
        let answers = by_hand::<_, Summed, Each>(&memory, window);
        let check = |(time, tally): (Duration, Tally)| {
            assert_eq!(tally.windows[0].accepted, tally.read);
            assert_eq!(tally.answers, answers);
            time
        };
        row(&mut group, "bare loop", || timed(|| by_hand::<_, Summed, Each>(&memory, window)).0);
        row(&mut group, "per-event", || check(load.run(&per_event(false), 1, &case)));
        row(&mut group, "micro-batch", || check(load.run(&load.micro_batch(), 1, &case)));
        group.finish();
    }
}

/// A watermark after each event against one after 64, as each of the two suites of these names asks
/// per event, with a thousand events in each second of event time.
fn marks(criterion: &mut Criterion) {
    let density = 1_000;
    let window = WindowSpec::sliding(3_600 * SECOND_US, SECOND_US).expect("a window");
    let program = count_and_sum(window, false);
    let spec = synthetic(KeysSpec::Uniform { count: 10 }, None, event_us_per_second(density));
    let load = |every| {
        let workload = Synthetic::new(&spec, 42);
        Load::of(workload, 4_800, density, (1, Marks::Every(every), 0))
    };
    let bare = |memory: &[_]| by_hand::<_, Summed, Global>(memory, window);
    marked(criterion, "the last hour, every second", load, bare, &program);

    let window = WindowSpec::sliding(5 * SECOND_US, SECOND_US).expect("a window");
    let spec = WordsSpec {
        dictionary: 1_000,
        exponent: 1.0,
        words_per_line: 8,
        disorder: None,
        event_us_per_second: event_us_per_second(density),
        origin: Timestamp::from_micros(0),
    };
    let case = CaseSpec {
        workload: WorkloadSpec::Words(spec.clone()),
        query: QuerySpec::WordCount { window },
    };
    let program = match programs::open(&case, 0) {
        Ok(Opened::LineWindow(case)) => case.program,
        other => unreachable!("lines and windows, not {other:?}"),
    };
    let load = |every| Load::of(Words::new(&spec, 42), 1_000, density, (1, Marks::Every(every), 0));
    let bare = |memory: &[_]| by_hand::<_, Counted, Each>(memory, window);
    marked(criterion, "words of the last 5 s, every second", load, bare, &program);
}

/// The rows of a question: the bare loop, and one for each number of events to a mark.
fn marked<E: Data + Hash>(
    criterion: &mut Criterion,
    title: &str,
    load: impl Fn(u64) -> Load<E>,
    bare: impl Fn(&[Chunk<E>]) -> u64,
    program: &Arc<dyn Program<E, WindowAnswer>>,
) {
    let (rarely, each) = (load(64), load(1));
    let memory = rarely.memory();
    let answers = bare(&memory);
    let mut group = group(criterion, title, rarely.events());
    row(&mut group, "bare loop", || timed(|| bare(&memory)).0);
    for (name, load) in [("a mark after 64 events", rarely), ("a mark after each event", each)] {
        let case = load.ask(Arc::clone(program));
        row(&mut group, &format!("per-event, {name}"), || {
            let (time, tally) = load.run(&per_event(false), 1, &case);
            assert_eq!(tally.answers, answers);
            assert_eq!(tally.windows[0].late, 0);
            time
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(5));
    targets = stateless, tumbling, sliding, marks
}
criterion_main!(benches);
