//! What an operator costs per event, beside a bare loop that does the same work on the same input
//! in the same run.
//!
//! Everything is included: the pacer, the watermark marks, the recorder, the sampler, under the
//! real clock. The input is offered at a thousand million events per second, so that no engine
//! ever waits for it; event time has its own density. The bare loops read the same memory and
//! know no engine: one thread, hand-written, each the best we know for its question with the map
//! that the engines use too. Every run is first checked against the bare loop's count of answers
//! and, at the small size, against the sum of what they say.
//!
//! `cargo test --benches` runs all of it at the small size.

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use criterion::{SamplingMode, measurement::WallTime};
use engines::{
    Algorithm, Clock as _, Count, Data, Dataflow, Patience, Stamped, Tally, Timestamp, WallClock,
    WindowSpec,
};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use programs::{Case, Opened, Program};
use scenarios::spec::{
    AggregateName, CaseSpec, DelaySpec, DisorderSpec, KeysSpec, QuerySpec, SyntheticSpec,
    ValuesSpec, WordsSpec, WorkloadSpec,
};
use scenarios::workload::{Line, Synthetic, Words};
use scenarios::{Keyed, Question, Scenario, Trigger, WindowAnswer, Workload};
use sluicebench::drivers::answering;
use sluicebench::load::input::Input;
use sluicebench::load::layout::Layout;
use sluicebench::load::schedule::Schedule;
use sluicebench::load::supply::Supply;
use sluicebench::measure::interval_log::IntervalLog;
use sluicebench::measure::trial::{Setting, run};
use sluicebench::measure::warm_up::Settling;
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

    /// The stretches of memory that the engines read.
    fn memory(&self) -> Vec<Arc<Vec<Stamped<E>>>> {
        let (supplies, _) = self.input.supply(0);
        supplies
            .into_iter()
            .flat_map(|supply| match supply {
                Supply::Held(chunks) => chunks.map(|chunk| chunk.records).collect::<Vec<_>>(),
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

const fn per_event() -> EngineKind {
    EngineKind::PerEvent {
        buffer_timeout: Duration::from_millis(1),
        buffer_records: 1024,
        algorithm: Algorithm::Auto,
        waiting: Patience::SpinThenPark { spin_ns: 50_000 },
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
        for event in memory.iter().flat_map(|records| records.iter()) {
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
    row(&mut group, "per-event", || check(load.run(&per_event(), 1, &case)));
    row(&mut group, "micro-batch", || check(load.run(&load.micro_batch(), 1, &case)));
    group.finish();
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

type PerKey = HashMap<u64, (i64, u64), FixedState>;

/// One map per window; windows fire when the watermark passes their end.
fn bare_tumbling(memory: &[Arc<Vec<Stamped<Keyed>>>]) -> u64 {
    let mut windows: Vec<(i64, PerKey)> = Vec::new();
    let mut results: Vec<(u64, i64, u64)> = Vec::new();
    let (mut latest, mut answers) = (i64::MIN, 0);
    for (n, event) in memory.iter().flat_map(|records| records.iter()).enumerate() {
        let time = event.event_time.as_micros();
        let start = time.div_euclid(SECOND_US);
        let at = windows.iter().position(|(open, _)| *open == start).unwrap_or_else(|| {
            windows.push((start, PerKey::default()));
            windows.len() - 1
        });
        let map = &mut windows[at].1;
        let (sum, count) = map.entry(event.value.key).or_insert((0, 0));
        *sum += event.value.value;
        *count += 1;
        latest = latest.max(time);
        if (n + 1) % 256 == 0 {
            let watermark = latest - SECOND_US - 1;
            while let Some(at) =
                windows.iter().position(|(start, _)| (start + 1) * SECOND_US - 1 <= watermark)
            {
                let (_, map) = windows.swap_remove(at);
                answers += give(&mut results, map.iter().map(|(k, v)| (*k, v.0, v.1)));
            }
        }
    }
    for (_, map) in windows {
        answers += give(&mut results, map.iter().map(|(k, v)| (*k, v.0, v.1)));
    }
    answers
}

/// Writes answers to a reused vector.
fn give(results: &mut Vec<(u64, i64, u64)>, answers: impl Iterator<Item = (u64, i64, u64)>) -> u64 {
    results.clear();
    results.extend(answers);
    black_box(results.as_slice());
    results.len() as u64
}

fn tumbling(criterion: &mut Criterion) {
    let program = count_and_sum(second(), true);
    let zipf = KeysSpec::Zipf { count: KEYS, exponent: 1.1 };
    for (name, keys) in [("uniform", KeysSpec::Uniform { count: KEYS }), ("zipf 1.1", zipf)] {
        let load = Load::new(10, 1_000_000, keys.clone(), true, 1);
        let memory = load.memory();
        let answers = bare_tumbling(&memory);
        let title = format!("tumbling 1 s, sum and count, 100,000 keys, {name}");
        let mut group = group(criterion, &title, load.events());
        let check = |(time, tally): (Duration, Tally)| {
            assert_eq!(tally.answers, answers);
            assert_eq!(tally.windows[0].accepted, tally.read);
            time
        };
        let case = load.ask(Arc::clone(&program));
        row(&mut group, "bare loop", || timed(|| bare_tumbling(&memory)).0);
        row(&mut group, "per-event", || check(load.run(&per_event(), 1, &case)));
        row(&mut group, "micro-batch", || check(load.run(&load.micro_batch(), 1, &case)));
        drop((memory, load, case));
        let load = Load::new(10, 1_000_000, keys, true, 2);
        let case = load.ask(Arc::clone(&program));
        let check = |(time, tally): (Duration, Tally)| {
            assert_eq!(tally.windows[0].accepted, tally.read);
            time
        };
        row(&mut group, "per-event, 2 workers", || check(load.run(&per_event(), 2, &case)));
        row(&mut group, "micro-batch, 2 workers", || {
            check(load.run(&load.micro_batch(), 2, &case))
        });
        group.finish();
    }
}

/// A ring with a place for each pane of a window and a few more, and which place a pane has.
fn ring<T: Clone>(panes: i64, pane: T) -> (Vec<T>, impl Fn(i64) -> usize) {
    let places = usize::try_from(panes + 4).expect("small").next_power_of_two();
    let place = move |pane: i64| {
        let place = pane.rem_euclid(i64::try_from(places).expect("small"));
        usize::try_from(place).expect("small")
    };
    (vec![pane; places], place)
}

/// Subtract-on-evict over columns: a key's index, a column of sums and counts per second, a
/// running total per key.
fn bare_sliding(memory: &[Arc<Vec<Stamped<Keyed>>>], panes: i64) -> u64 {
    let column = vec![(0_i64, 0_u64); usize::try_from(KEYS).expect("small")];
    let (mut columns, place) = ring(panes, column.clone());
    let mut totals = column;
    let mut indexes: HashMap<u64, u32, FixedState> = HashMap::default();
    let mut keys: Vec<u64> = Vec::new();
    let mut results: Vec<(u64, i64, u64)> = Vec::new();
    let (mut next, mut latest, mut answers) = (-1, i64::MIN, 0);
    for (n, event) in memory.iter().flat_map(|records| records.iter()).enumerate() {
        let time = event.event_time.as_micros();
        let index = *indexes.entry(event.value.key).or_insert_with(|| {
            keys.push(event.value.key);
            u32::try_from(keys.len() - 1).expect("there are 100,000")
        });
        let (sum, count) = &mut columns[place(time.div_euclid(SECOND_US))][index as usize];
        *sum += event.value.value;
        *count += 1;
        latest = latest.max(time);
        if (n + 1) % 256 == 0 {
            let watermark = latest - SECOND_US - 1;
            while (next + 1) * SECOND_US - 1 <= watermark {
                for index in 0..keys.len() {
                    let leaves = std::mem::take(&mut columns[place(next - panes)][index]);
                    let enters = columns[place(next)][index];
                    let total = &mut totals[index];
                    total.0 += enters.0 - leaves.0;
                    total.1 = total.1 + enters.1 - leaves.1;
                }
                let live = totals.iter().zip(&keys).filter(|(total, _)| total.1 > 0);
                answers += give(&mut results, live.map(|(total, key)| (*key, total.0, total.1)));
                next += 1;
            }
        }
    }
    answers
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
        let mut answers = None;
        let mut check = |(time, tally): (Duration, Tally)| {
            assert_eq!(tally.windows[0].accepted, tally.read);
            assert_eq!(*answers.get_or_insert(tally.answers), tally.answers);
            time
        };
        row(&mut group, "bare loop", || timed(|| bare_sliding(&memory, panes)).0);
        row(&mut group, "per-event", || check(load.run(&per_event(), 1, &case)));
        row(&mut group, "micro-batch", || check(load.run(&load.micro_batch(), 1, &case)));
        group.finish();
    }
}

/// The last hour of all events, every second: a ring of sums and counts, a running total. Event time
/// comes in order, and an event is the watermark for all before it.
fn bare_hour(memory: &[Arc<Vec<Stamped<Keyed>>>], panes: i64) -> u64 {
    let (mut ring, place) = ring(panes, (0_i64, 0_u64));
    let (mut total, mut current, mut answers) = ((0, 0), 0, 0);
    let mut close = |ring: &mut Vec<(i64, u64)>, pane: i64| {
        let leaves = std::mem::take(&mut ring[place(pane - panes)]);
        let enters = ring[place(pane)];
        total = (total.0 + enters.0 - leaves.0, total.1 + enters.1 - leaves.1);
        answers += u64::from(black_box(total).1 > 0);
    };
    for event in memory.iter().flat_map(|records| records.iter()) {
        let pane = event.event_time.as_micros().div_euclid(SECOND_US);
        while current < pane {
            close(&mut ring, current);
            current += 1;
        }
        let (sum, count) = &mut ring[place(pane)];
        *sum += event.value.value;
        *count += 1;
    }
    for pane in current..current + panes {
        close(&mut ring, pane);
    }
    answers
}

/// How often each word was seen in the last seconds, every second: a word's index, a column of
/// counts per second, a running total per word.
fn bare_word_count(memory: &[Arc<Vec<Stamped<Line>>>], panes: i64, words: usize) -> u64 {
    let (mut columns, place) = ring(panes, vec![0_u64; words]);
    let mut totals = vec![0_u64; words];
    let mut indexes: HashMap<u64, usize, FixedState> = HashMap::default();
    let mut keys: Vec<u64> = Vec::new();
    let mut results: Vec<(u64, i64, u64)> = Vec::new();
    let (mut current, mut answers) = (0, 0);
    let mut close = |columns: &mut Vec<Vec<u64>>, keys: &[u64], pane: i64| {
        for (index, total) in totals.iter_mut().enumerate() {
            let leaves = std::mem::take(&mut columns[place(pane - panes)][index]);
            *total = *total + columns[place(pane)][index] - leaves;
        }
        let live = totals.iter().zip(keys).filter(|(total, _)| **total > 0);
        answers += give(&mut results, live.map(|(total, key)| (*key, 0, *total)));
    };
    for line in memory.iter().flat_map(|records| records.iter()) {
        let pane = line.event_time.as_micros().div_euclid(SECOND_US);
        while current < pane {
            close(&mut columns, &keys, current);
            current += 1;
        }
        for word in line.value.words() {
            let index = *indexes.entry(word).or_insert_with(|| {
                keys.push(word);
                keys.len() - 1
            });
            columns[place(pane)][index] += 1;
        }
    }
    for pane in current..current + panes {
        close(&mut columns, &keys, pane);
    }
    answers
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
    let bare = |memory: &[_]| bare_hour(memory, 3_600);
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
    let bare = |memory: &[_]| bare_word_count(memory, 5, 1_000);
    marked(criterion, "words of the last 5 s, every second", load, bare, &program);
}

/// The rows of a question: the bare loop, and one for each number of events to a mark.
fn marked<E: Data + Hash>(
    criterion: &mut Criterion,
    title: &str,
    load: impl Fn(u64) -> Load<E>,
    bare: impl Fn(&[Arc<Vec<Stamped<E>>>]) -> u64,
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
            let (time, tally) = load.run(&per_event(), 1, &case);
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
