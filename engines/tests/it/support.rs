//! What the tests of both engines share: a finite input, a sink that remembers, and the rules by
//! which each engine learns of event time.

use engines::micro_batch::{BatchWindows, MicroBatchConfig};
use engines::per_event::PerEventConfig;
use engines::reference::{Arrived, Meaning};
use engines::{
    Algorithm, Arrival, Block, Collected, Data, Moment, Patience, Sink, Source, Stamped, Tally,
    Timestamp,
};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

/// An event of the tests: a key and a value.
pub(crate) type Event = (u64, i64);

/// One partition of an input: records in order of arrival, a watermark mark after every
/// `mark_every` of them.
#[derive(Clone, Debug)]
pub(crate) struct Partition {
    pub(crate) records: Arc<Vec<Stamped<Event>>>,
    pub(crate) mark_every: usize,
    pub(crate) bound: i64,
    /// Whether its reader leaves out the marks that nobody heeds.
    pub(crate) leaves_out: bool,
}

impl Partition {
    /// The mark after the first `count` records.
    fn mark_after(&self, count: usize) -> Option<Timestamp> {
        let seen = &self.records[..count];
        let latest = seen.iter().map(|r| r.event_time).filter(|t| t.is_acceptable()).max()?;
        Some(latest.saturating_add(-self.bound - 1))
    }
}

/// Event `n` goes to partition `n % partitions`; it is due at `n * gap_ns`.
pub(crate) fn partitions(
    events: &[(i64, Event)],
    count: usize,
    gap_ns: u64,
    mark_every: usize,
    bound: i64,
) -> Vec<Partition> {
    (0..count)
        .map(|partition| Partition {
            records: Arc::new(
                (0_u64..)
                    .zip(events)
                    .skip(partition)
                    .step_by(count)
                    .map(|(n, (time, event))| Stamped {
                        event_time: Timestamp::from_micros(*time),
                        due: Moment::from_nanos(n * gap_ns),
                        value: *event,
                    })
                    .collect(),
            ),
            mark_every,
            bound,
            // Every other one, whichever they are.
            leaves_out: (events.len() + partition).is_multiple_of(2),
        })
        .collect()
}

/// Reads a partition.
pub(crate) struct Reader {
    partition: Partition,
    next: usize,
    marked: usize,
    marks_from: Timestamp,
    told: Option<Timestamp>,
}

impl Reader {
    pub(crate) fn boxed(partition: &Partition) -> Box<dyn Source<Item = Event>> {
        let marks_from = Timestamp::BEFORE_ALL;
        Box::new(Self { partition: partition.clone(), next: 0, marked: 0, marks_from, told: None })
    }
}

impl Source for Reader {
    type Item = Event;

    fn poll(&mut self, now: Moment, limit: usize) -> Arrival<'_, Event> {
        let every = self.partition.mark_every;
        if self.next > self.marked && self.next.is_multiple_of(every) {
            self.marked = self.next;
            if let Some(mark) = self.partition.mark_after(self.next)
                && mark >= self.marks_from
            {
                return Arrival::Watermark(mark);
            }
        }
        let records = &self.partition.records;
        let mut mark_at = (self.next / every + 1) * every;
        while mark_at <= records.len() && self.partition.mark_after(mark_at) < Some(self.marks_from)
        {
            mark_at += every;
        }
        let until = records.len().min(mark_at).min(self.next + limit);
        let due = records[self.next..until].iter().take_while(|r| r.due <= now).count();
        if due > 0 {
            self.next += due;
            return Arrival::Records(&records[self.next - due..self.next]);
        }
        match records.get(self.next) {
            Some(next) => Arrival::Idle { next_due: next.due },
            None => Arrival::End,
        }
    }

    fn leave_out_marks_before(&mut self, watermark: Timestamp) {
        if self.partition.leaves_out {
            self.marks_from = watermark;
        }
    }

    fn collect(&mut self, close: Moment) -> Collected<Event> {
        let from = self.next;
        let records = &self.partition.records;
        self.next += records[from..].iter().take_while(|r| r.due < close).count();
        let every = self.partition.mark_every;
        let mark = self.partition.mark_after(self.next / every * every);
        let is_new = mark > self.told;
        self.told = self.told.max(mark);
        Collected {
            blocks: vec![Block::new(Arc::clone(records), from..self.next)],
            watermark: mark.filter(|_| is_new),
            next_due: records.get(self.next).map(|next| next.due),
        }
    }
}

/// Remembers every answer.
#[derive(Debug)]
pub(crate) struct Memory<O>(pub Arc<Mutex<Given<O>>>);

/// Answers, each with the moment at which it was given.
pub(crate) type Given<O> = Vec<(Stamped<O>, Moment)>;

impl<O> Default for Memory<O> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<O: Data> Memory<O> {
    pub(crate) fn sinks(&self, count: usize) -> Vec<Box<dyn Sink<Item = O>>> {
        (0..count).map(|_| Box::new(Self(Arc::clone(&self.0))) as Box<dyn Sink<Item = O>>).collect()
    }

    /// All answers, sorted.
    pub(crate) fn sorted(&self) -> Vec<O>
    where
        O: Ord,
    {
        let mut answers: Vec<O> =
            self.0.lock().unwrap().iter().map(|(answer, _)| answer.value.clone()).collect();
        answers.sort();
        answers
    }
}

impl<O: Data> Sink for Memory<O> {
    type Item = O;

    fn accept(&mut self, answers: &[Stamped<O>], emitted: Moment) {
        let mut memory = self.0.lock().unwrap();
        memory.extend(answers.iter().map(|answer| (answer.clone(), emitted)));
    }
}

/// How an engine learns of event time.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// At every mark.
    Marks,
    /// At the end of every batch of so many nanoseconds.
    Batches(u64),
}

/// The whole input in order of arrival, each record with the watermark in force. By marks, the
/// input has one partition; by batches, any number.
pub(crate) fn arrived(partitions: &[Partition], rule: Rule) -> Vec<Arrived<Event>> {
    let mut all: Vec<Arrived<Event>> = Vec::new();
    for partition in partitions {
        for (n, record) in partition.records.iter().enumerate() {
            let watermark = match rule {
                Rule::Marks => {
                    partition.mark_after(n / partition.mark_every * partition.mark_every)
                }
                Rule::Batches(interval) => {
                    let start = record.due.as_nanos() / interval * interval;
                    partitions
                        .iter()
                        .map(|p| {
                            let before =
                                p.records.iter().take_while(|r| r.due.as_nanos() < start).count();
                            if before == p.records.len() {
                                Some(Timestamp::AFTER_ALL)
                            } else {
                                p.mark_after(before / p.mark_every * p.mark_every)
                            }
                        })
                        .min()
                        .flatten()
                }
            };
            all.push(Arrived {
                record: *record,
                watermark: watermark.unwrap_or(Timestamp::BEFORE_ALL),
            });
        }
    }
    all.sort_by_key(|arrived| arrived.record.due);
    all
}

/// Events of so many keys, at most so many.
pub(crate) fn events(keys: u64, most: usize) -> impl Strategy<Value = Vec<(i64, Event)>> {
    // Event time moves on with arrival, and some events are much too late.
    prop::collection::vec((0..keys, -60_i64..20, -9_i64..10), 0..most).prop_map(|draws| {
        (0..)
            .zip(draws)
            .map(|(n, (key, jitter, value)): (i64, _)| (n / 2 + jitter, (key, value)))
            .collect()
    })
}

/// Events, some of them at the ends of what an engine accepts, or beyond.
pub(crate) fn events_anywhere() -> impl Strategy<Value = Vec<(i64, Event)>> {
    let (first, last) = (Timestamp::EARLIEST.as_micros(), Timestamp::LATEST.as_micros());
    let edges = [i64::MIN, i64::MIN + 1, first - 1, first, first + 1, last - 1, last, last + 1];
    let edges = edges.into_iter().chain([i64::MAX - 1, i64::MAX]).collect::<Vec<_>>();
    let edge = (0_usize..200, prop::sample::select(edges));
    (events(4, 120), prop::collection::vec(edge, 0..3)).prop_map(|(mut events, edges)| {
        for (at, time) in edges {
            let at = at % (events.len() + 1);
            events.insert(at, (time, (1, 5)));
        }
        events
    })
}

/// Equal, or the first difference.
#[track_caller]
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(got: &[T], want: &[T], what: &str) {
    if let Some(at) = (0..got.len().max(want.len())).find(|at| got.get(*at) != want.get(*at)) {
        panic!("{what}: row {at} is {:?} and should be {:?}", got.get(at), want.get(at));
    }
}

/// What an engine counted is what the reference saw.
#[track_caller]
pub(crate) fn accounts<O>(tally: &Tally, want: &Meaning<O>, partitions: &[Partition]) {
    let events: usize = partitions.iter().map(|p| p.records.len()).sum();
    assert_eq!(tally.read, events as u64);
    assert_eq!(tally.rejected, want.rejected);
    assert_eq!(tally.windows.len(), want.windows.len());
    for (got, want) in tally.windows.iter().zip(&want.windows) {
        assert_eq!(
            (got.accepted, got.late, got.partly_late, got.missed_windows),
            (want.accepted, want.late, want.partly_late, want.missed_pairs)
        );
    }
}

/// A way to run a plan.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Way {
    PerEvent(PerEventConfig),
    MicroBatch(MicroBatchConfig),
}

/// One batch, in nanoseconds, in [`ways`].
pub(crate) const INTERVAL_NS: u64 = 10_000;

/// Both engines, on threads and simulated, and per-event in its strict mode in one of these ways.
pub(crate) fn ways(parallelism: usize, algorithm: Algorithm, seed: u64) -> Vec<Way> {
    let mut ways = Vec::new();
    let per_event = |strict: bool, simulate: Option<u64>| {
        Way::PerEvent(PerEventConfig {
            parallelism,
            buffer_timeout_ns: 1_000,
            // Small buffers, so that edges fill and block.
            buffer_records: 3,
            algorithm,
            patience: Patience::SpinThenPark { spin_ns: 1_000 },
            strict,
            simulate,
        })
    };
    ways.push(per_event(true, seed.is_multiple_of(2).then_some(seed)));
    for simulate in [None, Some(seed)] {
        ways.push(per_event(false, simulate));
        ways.push(Way::MicroBatch(MicroBatchConfig {
            parallelism,
            interval_ns: INTERVAL_NS,
            windows: BatchWindows::EventTime,
            algorithm,
            attempts: 4,
            patience: Patience::Park,
            simulate,
        }));
    }
    ways
}

impl Way {
    /// Whether a seed chooses every step.
    pub(crate) const fn is_simulated(self) -> bool {
        match self {
            Self::PerEvent(config) => config.simulate.is_some(),
            Self::MicroBatch(config) => config.simulate.is_some(),
        }
    }

    pub(crate) fn rule(self) -> Rule {
        match self {
            Self::PerEvent(_) => Rule::Marks,
            Self::MicroBatch(config) => Rule::Batches(config.interval_ns),
        }
    }
}

/// Runs `$plan` (a closure over flow and events) over `$partitions` in `$way`; gives the memory
/// of the sinks and the outcome.
macro_rules! run {
    ($way:expr, $partitions:expr, $clock:expr, $control:expr, $plan:expr) => {{
        use engines::Engine as _;
        let sources: Vec<_> = $partitions.iter().map($crate::support::Reader::boxed).collect();
        let memory = $crate::support::Memory::default();
        let outcome = match $way {
            $crate::support::Way::PerEvent(config) => {
                let engine = engines::per_event::PerEvent::new(config);
                let sinks = memory.sinks(engine.workers());
                engine.run($plan, sources, sinks, $clock, $control)
            }
            $crate::support::Way::MicroBatch(config) => {
                let engine = engines::micro_batch::MicroBatch::new(config);
                let sinks = memory.sinks(engine.workers());
                engine.run($plan, sources, sinks, $clock, $control)
            }
        };
        (memory, outcome)
    }};
}

pub(crate) use run;
