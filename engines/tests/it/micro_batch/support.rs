//! A source that is a list, a sink that collects, and a way to run a plan between them.

use engines::micro_batch::{BatchWindows, Flow, MicroBatch, MicroBatchConfig};
use engines::{
    Arrival, Block, Clock, Collected, Control, Data, Dataflow, Engine, EngineError, Key, Moment,
    Patience, SimulatedClock, Sink, Source, Stamped, StreamOf, Tally, Timestamp, WindowSpec,
    Windowed,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// An event with key and value.
pub(crate) type Event = (u32, i64);

pub(crate) fn at_ms(ms: u64) -> Moment {
    Moment::from_nanos(ms * 1_000_000)
}

pub(crate) fn us(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// An event due at a millisecond, with an event time in microseconds.
pub(crate) fn event(due_ms: u64, time_us: i64, key: u32, value: i64) -> Stamped<Event> {
    Stamped { event_time: us(time_us), due: at_ms(due_ms), value: (key, value) }
}

/// A partition of the input that is known from the start.
#[derive(Clone)]
pub(crate) struct Listed<T> {
    records: Arc<Vec<Stamped<T>>>,
    /// After how many records a watermark says what.
    marks: Vec<(usize, Timestamp)>,
    next: usize,
    pub(crate) collections: Arc<AtomicUsize>,
}

impl<T: Data> Listed<T> {
    /// Records in order of arrival; after each `every` of them, a watermark that trails by
    /// `bound_us`.
    pub(crate) fn new(records: Vec<Stamped<T>>, every: usize, bound_us: i64) -> Self {
        let mut marks = Vec::new();
        let mut latest = None;
        for (n, record) in records.iter().enumerate() {
            if record.event_time.is_acceptable() {
                latest = latest.max(Some(record.event_time.as_micros()));
            }
            if let Some(latest) = latest
                && (n + 1) % every == 0
            {
                marks.push((n + 1, us(latest.saturating_sub(bound_us).saturating_sub(1))));
            }
        }
        Self { records: Arc::new(records), marks, next: 0, collections: Arc::default() }
    }

    /// The last mark among the records due before `close`, and whether that is all there is.
    pub(crate) fn standing(&self, close: Moment) -> (Timestamp, bool) {
        let end = self.records.partition_point(|record| record.due < close);
        let mark = self.marks.iter().rev().find(|(after, _)| *after <= end);
        (mark.map_or(Timestamp::BEFORE_ALL, |(_, mark)| *mark), end == self.records.len())
    }

    pub(crate) fn records(&self) -> &[Stamped<T>] {
        &self.records
    }
}

/// Blocks are no longer than this, so that batches consist of several.
const BLOCK: usize = 700;

impl<T: Data> Source for Listed<T> {
    type Item = T;

    fn poll(&mut self, _: Moment, _: usize) -> Arrival<'_, T> {
        unreachable!("a micro-batch engine collects")
    }

    fn collect(&mut self, close: Moment) -> Collected<T> {
        self.collections.fetch_add(1, Ordering::Relaxed);
        let end = self.records.partition_point(|record| record.due < close);
        let block = Block::new(Arc::clone(&self.records), self.next..end);
        let new = self.marks.iter().filter(|(after, _)| (self.next + 1..=end).contains(after));
        let watermark = new.map(|(_, mark)| *mark).next_back();
        self.next = end;
        Collected {
            blocks: block.split(BLOCK).collect(),
            watermark,
            next_due: self.records.get(end).map(|record| record.due),
        }
    }
}

/// What reached the sinks: which one, what, and when.
pub(crate) type Emitted<O> = Arc<Mutex<Vec<(usize, Stamped<O>, Moment)>>>;

pub(crate) struct Collecting<O> {
    worker: usize,
    emitted: Emitted<O>,
}

impl<O: Data> Sink for Collecting<O> {
    type Item = O;

    fn accept(&mut self, answers: &[Stamped<O>], at: Moment) {
        assert!((1..=64).contains(&answers.len()), "a handful of answers shares a clock reading");
        let answers = answers.iter().map(|answer| (self.worker, answer.clone(), at));
        self.emitted.lock().expect("no sink panics").extend(answers);
    }
}

pub(crate) fn sinks<O: Data>(workers: usize) -> (Vec<Box<dyn Sink<Item = O>>>, Emitted<O>) {
    let emitted = Emitted::default();
    let sink = |worker| Collecting { worker, emitted: Arc::clone(&emitted) };
    let sinks = (0..workers).map(|worker| Box::new(sink(worker)) as Box<dyn Sink<Item = O>>);
    (sinks.collect(), emitted)
}

pub(crate) fn config(parallelism: usize, interval_ms: u64) -> MicroBatchConfig {
    MicroBatchConfig {
        parallelism,
        interval_ns: interval_ms * 1_000_000,
        patience: Patience::Park,
        ..MicroBatchConfig::default()
    }
}

/// What a run has come to.
#[derive(Debug)]
pub(crate) struct Ran<O> {
    pub(crate) tally: Tally,
    pub(crate) emitted: Vec<(usize, Stamped<O>, Moment)>,
}

/// Runs a plan over lists, in simulated time.
pub(crate) fn run<I: Data, O: Data>(
    config: MicroBatchConfig,
    plan: impl FnOnce(&mut Flow<I>, StreamOf<Flow<I>, I>) -> StreamOf<Flow<I>, O>,
    sources: Vec<Listed<I>>,
) -> Result<Ran<O>, EngineError> {
    run_on(config, plan, sources, &SimulatedClock::default(), &Control::default())
}

pub(crate) fn run_on<I: Data, O: Data>(
    config: MicroBatchConfig,
    plan: impl FnOnce(&mut Flow<I>, StreamOf<Flow<I>, I>) -> StreamOf<Flow<I>, O>,
    sources: Vec<Listed<I>>,
    clock: &dyn Clock,
    control: &Control,
) -> Result<Ran<O>, EngineError> {
    let engine = MicroBatch::new(config);
    let (sinks, emitted) = sinks(engine.workers());
    let sources =
        sources.into_iter().map(|source| Box::new(source) as Box<dyn Source<Item = I>>).collect();
    let tally = engine.run(plan, sources, sinks, clock, control)?;
    let emitted = emitted.lock().expect("no sink panics").clone();
    assert_eq!(tally.answers, emitted.len() as u64, "every answer is counted once");
    assert_eq!(tally.read, control.read(), "what is read is seen outside");
    Ok(Ran { tally, emitted })
}

/// An answer in short: when it came (ms), window start (us), key, value.
pub(crate) type Row<V> = (u64, i64, u32, V);

impl<V: Data + Ord> Ran<Windowed<u32, V>> {
    /// The answers, sorted.
    pub(crate) fn rows(&self) -> Vec<Row<V>> {
        let mut rows: Vec<_> = self
            .emitted
            .iter()
            .map(|(_, answer, emitted)| {
                let Windowed { window, key, value } = answer.value.clone();
                assert_eq!(answer.event_time, window.last_instant());
                (emitted.as_nanos() / 1_000_000, window.start.as_micros(), key, value)
            })
            .collect();
        rows.sort();
        rows
    }
}

/// Windows over batches whose clock starts at zero and runs with the run's.
pub(crate) fn over_batches(config: MicroBatchConfig, origin_us: i64) -> MicroBatchConfig {
    let clock = engines::ArrivalClock { origin: us(origin_us), micros_per_second: 1_000_000 };
    MicroBatchConfig { windows: BatchWindows::Batches(clock), ..config }
}

/// The sum of each key in windows of so many microseconds.
pub(crate) fn sums<F: Dataflow>(
    flow: &mut F,
    events: F::Stream<Event>,
    window: WindowSpec,
) -> F::Stream<Windowed<u32, i64>> {
    let sums =
        flow.aggregate(events, |(key, _)| *key, |(_, value)| *value, window, engines::CountAndSum);
    flow.map(sums, |answer| with_value(&answer, answer.value.sum))
}

pub(crate) fn with_value<K: Key, V, W>(answer: &Windowed<K, V>, value: W) -> Windowed<K, W> {
    Windowed { window: answer.window, key: answer.key.clone(), value }
}
