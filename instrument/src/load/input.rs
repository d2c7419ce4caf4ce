//! The input of a cell: the same bytes for every engine.
//!
//! Events are made before the clock starts, or, where they do not fit in memory, ahead of need
//! by a thread per partition; what making them costs never counts against an engine. Where even that
//! is too slow, the first of them go round (`period`). Either way
//! a partition is a row of [`Chunk`]s, so that an engine cannot tell the two apart. Every event
//! is seen once before the run, by the [`Survey`], which knows what the schedule alone decides:
//! how many events are due by when, and which event completes which answers.

use crate::host::usage;
use crate::load::layout::Layout;
use crate::load::make::{dues, hands_for, made, make_stretches};
use crate::load::marks::{CHUNK_RECORDS, Chunk, Mark, chunk, link};
use crate::load::supply::{CHUNKS_BESIDE, Makers, Supply, make_partition};
use crate::load::survey::{Survey, Surveyor};
use engines::{Data, Moment, Stamped};
use reports::quantity;
use scenarios::Workload;
use scenarios::workload::Round;
use settings::plan::Marks;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;

/// The input of a cell.
pub struct Input<E> {
    /// Where events come from.
    pub workload: Arc<dyn Workload<Event = E>>,
    /// How they are cut and marked.
    pub layout: Layout,
    /// What is known of them.
    pub survey: Survey,
    held: Option<Vec<Vec<Chunk<E>>>>,
    /// How many bytes it may take while it is made ahead of need; none where nobody says.
    memory_bytes: Option<u64>,
}

/// The events of an input, one after the other.
enum Events<'a, E, M> {
    /// Of the partitions, each a row of full chunks; the last may be shorter.
    Held {
        partitions: &'a [Vec<Chunk<E>>],
        row: usize,
        partition: usize,
    },
    Made(M),
}

impl<E: Data, M: Iterator<Item = (usize, Stamped<E>)>> Iterator for Events<'_, E, M> {
    type Item = (usize, Stamped<E>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Held { partitions, row, partition } => {
                let at = *partition;
                let chunk = partitions[at].get(*row / CHUNK_RECORDS)?;
                let event = chunk.records.get(*row % CHUNK_RECORDS)?.clone();
                *partition += 1;
                if *partition == partitions.len() {
                    *partition = 0;
                    *row += 1;
                }
                Some((at, event))
            }
            Self::Made(events) => events.next(),
        }
    }
}

impl<E: Data + Hash> Input<E> {
    /// Looks at every event, and holds them all if they fit into `memory_budget_bytes`.
    pub fn make(
        workload: Arc<dyn Workload<Event = E>>,
        layout: Layout,
        memory_budget_bytes: u64,
    ) -> Self {
        Self::make_unless(workload, layout, memory_budget_bytes, &|_| false)
    }

    /// The same, but gives up soon when `give_up` says so, which is asked now and then and told
    /// when the last event is due that was made: what it returns is then cut short, and of no use.
    pub fn make_unless(
        workload: Arc<dyn Workload<Event = E>>,
        layout: Layout,
        memory_budget_bytes: u64,
        give_up: &dyn Fn(Moment) -> bool,
    ) -> Self {
        let (events, bytes) = size(&*workload, &layout);
        let fits = bytes <= memory_budget_bytes;
        let mut surveyor = Surveyor::new(&layout);
        let mut held: Vec<_> = (0..layout.partitions).map(|_| Vec::new()).collect();
        let hands = hands_for(events, layout.partitions);
        let (from, by) = (&*workload, &layout);
        std::thread::scope(|scope| {
            let rows: Vec<_> = (0..hands)
                .map(|hand| {
                    let (made, row) = sync_channel(1);
                    std::thread::Builder::new()
                        .name(format!("input-{hand}"))
                        .spawn_scoped(scope, move || make_stretches(from, by, hand, hands, &made))
                        .expect("the system has room for another thread");
                    row
                })
                .collect();
            // The stretches go round the threads that make them, and are looked at in order.
            for row in rows.iter().cycle() {
                let Ok(stretch) = row.recv() else { break };
                let marks = surveyor.see(&stretch);
                if fits {
                    for ((chunks, records), marks) in held.iter_mut().zip(stretch.parts).zip(marks)
                    {
                        chunks.extend(chunk(records, marks));
                    }
                }
                if give_up(surveyor.last_due()) {
                    break;
                }
            }
        });
        for chunks in &mut held {
            link(chunks);
        }
        let held = fits.then_some(held);
        Self { workload, layout, survey: surveyor.finish(), held, memory_bytes: None }
    }

    /// The same, and it takes no more memory than this while it is made ahead of need: an engine that
    /// asks for more at once waits for it, which counts against the load. A few chunks of each partition
    /// there are in any case.
    #[must_use]
    pub const fn within(mut self, memory_bytes: Option<u64>) -> Self {
        self.memory_bytes = memory_bytes;
        self
    }

    /// When the events are made, for the record.
    pub fn made(&self) -> String {
        made_when(self.held.is_some(), self.workload.period())
    }

    /// The partitions, from their beginning. Where they are made ahead of need, this returns
    /// when as much is there as is made ahead: twice what is due in `at_once_ns`, which is how
    /// much an engine asks for at once.
    pub fn supply(&self, at_once_ns: u64) -> (Vec<Supply<E>>, Makers) {
        let mut makers =
            Makers { stop: Arc::default(), threads: Vec::new(), cpu_ns: Arc::default() };
        let supplies = match &self.held {
            Some(partitions) => {
                partitions.iter().map(|chunks| Supply::Held(chunks.clone().into_iter())).collect()
            }
            None => self.make_ahead(&mut makers, self.chunks_ahead(at_once_ns)),
        };
        (supplies, makers)
    }

    /// Every event with its partition, in the order in which they are due: read where they are
    /// held, made once more where they are not.
    pub fn events(&self) -> impl Iterator<Item = (usize, Stamped<E>)> + '_ {
        let partitions = self.layout.partitions as u64;
        match &self.held {
            Some(partitions) => Events::Held { partitions, row: 0, partition: 0 },
            None => Events::Made(dues(&*self.workload, &self.layout).map(move |(n, arrival)| {
                let partition = usize::try_from(n % partitions).expect("fewer than partitions");
                (partition, made(&*self.workload, n, arrival))
            })),
        }
    }

    /// How many chunks of a partition are made ahead. While a batch is taken the next one must
    /// be there already, or the engine would wait for its input in measured time.
    fn chunks_ahead(&self, at_once_ns: u64) -> usize {
        let per_event = size_of::<Stamped<E>>().max(1);
        let by_size = AHEAD_BYTES / (CHUNK_RECORDS * per_event * self.layout.partitions);
        let per_chunk = (CHUNK_RECORDS * self.layout.partitions) as u64;
        let by_batch = (2 * self.survey.most_due_within(at_once_ns)).div_ceil(per_chunk) + 1;
        let wanted = by_size.max(usize::try_from(by_batch).unwrap_or(usize::MAX)).max(2);
        wanted.min(self.chunks_most())
    }

    /// How many chunks of each partition may be made ahead.
    fn chunks_most(&self) -> usize {
        let Some(memory_bytes) = self.memory_bytes else { return usize::MAX };
        let period_bytes = self.workload.period().map_or(0, Round::<E>::bytes);
        let chunks = memory_bytes.saturating_sub(period_bytes) / self.chunk_bytes();
        usize::try_from(chunks).unwrap_or(usize::MAX).saturating_sub(CHUNKS_BESIDE).max(1)
    }

    /// What a chunk of every partition takes, with its marks, in bytes.
    fn chunk_bytes(&self) -> u64 {
        let (events, bytes) = size(&*self.workload, &self.layout);
        let per_event = bytes.div_ceil(events.max(1)).max(1);
        per_event.saturating_mul((CHUNK_RECORDS * self.layout.partitions) as u64)
    }

    fn make_ahead(&self, makers: &mut Makers, in_flight: usize) -> Vec<Supply<E>> {
        let mut supplies = Vec::new();
        let (full, is_full) = sync_channel(self.layout.partitions);
        for partition in 0..self.layout.partitions {
            let (chunks, supply) = sync_channel(in_flight);
            supplies.push(Supply::Ahead(supply));
            let (workload, layout) = (Arc::clone(&self.workload), self.layout.clone());
            let carried = self.survey.carried[partition].clone();
            let (stop, full) = (Arc::clone(&makers.stop), full.clone());
            let cpu_ns = Arc::clone(&makers.cpu_ns);
            let make = move || {
                let before = make_partition(
                    &*workload,
                    (&layout, &carried),
                    partition,
                    (&chunks, in_flight),
                    &stop,
                    full,
                );
                let used = before.zip(usage::thread_cpu_ns());
                let used = used.map_or(0, |(before, after)| after.saturating_sub(before));
                cpu_ns.fetch_add(used, Ordering::Relaxed);
            };
            makers.threads.push(
                std::thread::Builder::new()
                    .name(format!("input-{partition}"))
                    .spawn(make)
                    .expect("the system has room for another thread"),
            );
        }
        drop(full);
        // Each maker reports once, when its queue is full or it has come to the end.
        while is_full.recv().is_ok() {}
        supplies
    }
}

/// How many bytes of events are made ahead of need, at least.
const AHEAD_BYTES: usize = 32 << 20;

/// How many events an input has at most, and how many bytes it takes to hold them all.
pub fn size<W: Workload + ?Sized>(workload: &W, layout: &Layout) -> (u64, u64) {
    let most = layout.schedule.expected_events().unwrap_or(u64::MAX);
    let most = workload.len().map_or(most, |len| len.min(most));
    let events = most.saturating_mul(size_of::<Stamped<W::Event>>() as u64);
    let marks = marks_most(workload, layout, most).saturating_mul(size_of::<Mark>() as u64);
    (most, events.saturating_add(marks))
}

/// How many marks there are at most: no more than are due, and since each says more than the one
/// before, no more than its partition has microseconds of event time.
fn marks_most<W: Workload + ?Sized>(workload: &W, layout: &Layout, events: u64) -> u64 {
    let partitions = layout.partitions as u64;
    let due = match layout.marks {
        Marks::Every(every) => events / every.max(1),
        Marks::Period(length) => {
            let end = u128::from(layout.schedule.end().as_nanos());
            let periods = u64::try_from(end / length.as_nanos().max(1)).unwrap_or(u64::MAX);
            events.min(periods.saturating_add(1).saturating_mul(partitions))
        }
    };
    // Each may take along all others.
    let due = if layout.idle_after.is_some() { due.saturating_mul(partitions) } else { due };
    if workload.len().is_some() {
        return due;
    }
    let micros_per_s = workload.arrival_clock().micros_per_second.unsigned_abs();
    let micros = u128::from(layout.schedule.end().as_nanos()) * u128::from(micros_per_s);
    let micros = u64::try_from(micros / 1_000_000_000).unwrap_or(u64::MAX);
    due.min(micros.saturating_add(1).saturating_mul(partitions))
}

/// How many events per second are due on average.
pub fn mean_per_s<W: Workload + ?Sized>(workload: &W, layout: &Layout) -> f64 {
    let seconds = |moment: Moment| moment.as_nanos() as f64 / 1e9;
    if let Some(len) = workload.len() {
        let last_due = len.checked_sub(1).and_then(|last| workload.due(last));
        return len as f64 / seconds(last_due.unwrap_or(Moment::START));
    }
    let events = layout.schedule.expected_events().unwrap_or(0);
    events as f64 / seconds(layout.schedule.end())
}

/// How much memory an input may take, in bytes: two thirds of what is free, since the engine and
/// the check need the rest.
pub fn memory_budget_bytes() -> u64 {
    usage::memory_available_bytes().unwrap_or(1 << 30) / 3 * 2
}

/// When the events are made that are held in memory, or are not, and after how many they go round.
pub fn made_when(are_held: bool, period: Option<u64>) -> String {
    match period {
        _ if are_held => "before the clock started".to_owned(),
        None => "ahead of need, by another thread".to_owned(),
        Some(period) => format!(
            "ahead of need, by another thread, going round every {} events",
            quantity::count(period)
        ),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::load::schedule::Schedule;
    use engines::{ArrivalClock, Timestamp, WindowSpec};
    use scenarios::workload::RejectedRow;
    use scenarios::{Keyed, Trigger};
    use std::time::Duration;

    /// Events with the times they are told to have.
    #[derive(Debug)]
    pub(crate) struct Listed {
        /// Due time in nanoseconds, event time in microseconds, key, value.
        pub(crate) events: Vec<(u64, i64, u64, i64)>,
    }

    impl Workload for Listed {
        type Event = Keyed;
        fn event(&self, n: u64, _: Moment) -> Stamped<Keyed> {
            let (due, event_time, key, value) = self.events[usize::try_from(n).unwrap()];
            Stamped {
                event_time: Timestamp::from_micros(event_time),
                due: Moment::from_nanos(due),
                value: Keyed { key, value },
            }
        }
        fn len(&self) -> Option<u64> {
            Some(self.events.len() as u64)
        }
        fn due(&self, n: u64) -> Option<Moment> {
            Some(Moment::from_nanos(self.events.get(usize::try_from(n).unwrap())?.0))
        }
        fn arrival_clock(&self) -> ArrivalClock {
            ArrivalClock { origin: Timestamp::from_micros(0), micros_per_second: 1_000_000 }
        }
        fn rejected_rows(&self) -> &[RejectedRow] {
            &[]
        }
        fn columns(&self) -> Vec<&'static str> {
            vec!["key", "value"]
        }
        fn cells(&self, event: &Stamped<Keyed>) -> Vec<String> {
            vec![event.value.key.to_string(), event.value.value.to_string()]
        }
    }

    pub(crate) fn layout(partitions: usize, every: u64, bound: i64) -> Layout {
        Layout {
            schedule: Schedule::own(Duration::from_secs(1000)),
            partitions,
            marks: Marks::Every(every),
            idle_after: None,
            watermark_bound_us: bound,
            trigger: Trigger::Event,
        }
    }

    fn input(events: Vec<(u64, i64, u64, i64)>, layout: Layout, budget: u64) -> Input<Keyed> {
        Input::make(Arc::new(Listed { events }), layout, budget)
    }

    fn rising(count: u64) -> Vec<(u64, i64, u64, i64)> {
        (0..count).map(|n| (n * 1000, n.cast_signed() * 10, n % 7, 1)).collect()
    }

    fn chunks<E: Data + Hash>(input: &Input<E>) -> Vec<Vec<Chunk<E>>> {
        let (supplies, _makers) = input.supply(0);
        supplies
            .into_iter()
            .map(|supply| match supply {
                Supply::Held(chunks) => chunks.collect(),
                Supply::Ahead(chunks) => chunks.into_iter().collect(),
            })
            .collect()
    }

    #[test]
    fn events_go_round_the_partitions() {
        let input = input(rising(10), layout(3, 2, 0), u64::MAX);
        let dues: Vec<Vec<u64>> = chunks(&input)
            .iter()
            .map(|chunks| {
                chunks[0].records.iter().map(|record| record.due.as_nanos() / 1000).collect()
            })
            .collect();
        assert_eq!(dues, [vec![0, 3, 6, 9], vec![1, 4, 7], vec![2, 5, 8]]);
    }

    #[test]
    fn a_mark_that_says_nothing_new_is_left_out() {
        let events = vec![
            (0, i64::MIN, 0, 0),
            (1, 100, 0, 0),
            (2, 50, 0, 0),
            (3, i64::MAX, 0, 0),
            (4, 101, 0, 0),
        ];
        let input = input(events, layout(1, 1, 9), u64::MAX);
        let mark = |after, watermark| Mark::behind(after, Timestamp::from_micros(watermark));
        assert_eq!(*chunks(&input)[0][0].marks, [mark(2, 90), mark(5, 91)]);
        assert_eq!(input.survey.rejected, 2);
    }

    #[test]
    fn what_is_made_ahead_equals_what_is_held() {
        let count = CHUNK_RECORDS as u64 * 5 + 17;
        // Of these periods, some end with a chunk and some within one.
        let period = |micros| Marks::Period(Duration::from_micros(micros));
        let marks = [Marks::Every(256), period(64), period(1_000)];
        let each = [1, 2].into_iter().flat_map(|n| marks.map(|marks| (n, marks, None)));
        // Of two partitions, each is silent for 2 µs between two of its events.
        let idle = (2, period(64), Some(Duration::from_nanos(1_500)));
        for (partitions, marks, idle_after) in each.chain([idle]) {
            let layout = Layout { marks, idle_after, ..layout(partitions, 256, 30) };
            let held = input(rising(count), layout.clone(), u64::MAX);
            let ahead = input(rising(count), layout, 0);
            assert_eq!(held.made(), "before the clock started");
            assert_eq!(ahead.made(), "ahead of need, by another thread");
            assert_eq!(held.survey.hash, ahead.survey.hash);
            for (held, ahead) in chunks(&held).iter().zip(&chunks(&ahead)) {
                assert_eq!(held.len(), ahead.len());
                for (held, ahead) in held.iter().zip(ahead) {
                    assert_eq!(held.records, ahead.records);
                    assert_eq!(held.marks, ahead.marks);
                    assert_eq!(held.next_due, ahead.next_due);
                }
            }
        }
    }

    #[test]
    fn where_events_go_round_their_times_and_marks_go_on() {
        use scenarios::spec::{DelaySpec, DisorderSpec, KeysSpec, SyntheticSpec, ValuesSpec};
        let spec = SyntheticSpec {
            keys: KeysSpec::Zipf { count: 1_000, exponent: 1.0 },
            rotate_every: None,
            values: ValuesSpec::Uniform { low: -9, high: 9 },
            decimals: 0,
            payload_bytes: 0,
            disorder: Some(DisorderSpec {
                fraction: 0.3,
                delay: DelaySpec::Exponential { mean_us: 9_000 },
                cap_us: None,
            }),
            silence: None,
            event_us_per_second: 7_000_000,
            origin: Timestamp::from_micros(0),
        };
        let round = || {
            let made = Arc::new(scenarios::workload::Synthetic::<Keyed>::new(&spec, 7));
            Arc::new(Round::new(made, 1 << 14))
        };
        for (partitions, every) in [(1, 1), (1, 100), (2, 7)] {
            let schedule = Schedule::even(1_234_567.0, Duration::from_millis(150));
            let layout = Layout { schedule, ..layout(partitions, every, 1_000) };
            let held = Input::make(round(), layout.clone(), u64::MAX);
            let ahead = Input::make(round(), layout, 0);
            assert_eq!(held.survey.hash, ahead.survey.hash);
            assert!(held.survey.events > 11 << 14, "several rounds: {}", held.survey.events);
            for (held, ahead) in chunks(&held).iter().zip(&chunks(&ahead)) {
                for (held, ahead) in held.iter().zip(ahead) {
                    assert_eq!((&held.records, &held.marks), (&ahead.records, &ahead.marks));
                }
                let records = || ahead.iter().flat_map(|chunk| chunk.records.iter());
                assert!(records().is_sorted_by(|one, next| one.due <= next.due));
                let marks = || ahead.iter().flat_map(|chunk| chunk.marks.iter());
                assert!(marks().is_sorted_by(|one, next| one.watermark < next.watermark));
                assert!(marks().count() > 1_000, "{}", marks().count());
            }
        }
    }

    #[test]
    fn a_mark_stands_after_the_last_event_of_each_period_also_where_a_chunk_ends() {
        let count = CHUNK_RECORDS as u64 + 10;
        // Two events in each period, so that one ends with the chunk.
        let marks = Marks::Period(Duration::from_micros(2));
        let input = input(rising(count), Layout { marks, ..layout(1, 1, 0) }, u64::MAX);
        let chunks = &chunks(&input)[0];
        let after = |chunk: usize| chunks[chunk].marks.iter().map(|mark| mark.after);
        assert!(after(0).eq((1..=CHUNK_RECORDS / 2).map(|period| 2 * period)));
        assert!(after(1).eq([2, 4, 6, 8, 10]));
    }

    #[test]
    fn makers_stop_when_nobody_wants_the_rest() {
        let ahead = input(rising(CHUNK_RECORDS as u64 * 40), layout(1, 256, 30), 0);
        let (supplies, makers) = ahead.supply(0);
        drop(supplies);
        drop(makers);
    }

    #[test]
    fn an_input_that_is_given_up_is_cut_short() {
        let all = CHUNK_RECORDS as u64 * 40;
        let workload = Arc::new(Listed { events: rising(all) });
        let half = rising(all / 2).last().map(|event| Moment::from_nanos(event.0)).unwrap();
        let late = |due: Moment| due > half;
        let input = Input::make_unless(workload, layout(1, 256, 30), 0, &late);
        assert!((all / 2..all).contains(&input.survey.events), "{}", input.survey.events);
    }

    #[test]
    fn every_field_is_in_the_hash() {
        let hash = |events| input(events, layout(1, 256, 0), u64::MAX).survey.hash;
        let base = hash(vec![(1, 2, 3, 4), (5, 6, 7, 8)]);
        assert_eq!(base, hash(vec![(1, 2, 3, 4), (5, 6, 7, 8)]));
        for other in [
            vec![(0, 2, 3, 4), (5, 6, 7, 8)],
            vec![(1, 0, 3, 4), (5, 6, 7, 8)],
            vec![(1, 2, 0, 4), (5, 6, 7, 8)],
            vec![(1, 2, 3, 0), (5, 6, 7, 8)],
            vec![(1, 6, 7, 8), (5, 2, 3, 4)],
            vec![(1, 2, 3, 4)],
        ] {
            assert_ne!(base, hash(other.clone()), "{other:?}");
        }
    }

    #[test]
    fn no_input_takes_more_memory_than_was_reckoned_with() {
        use scenarios::spec::{KeysSpec, SyntheticSpec, ValuesSpec};
        for (rate, every, micros_per_second, partitions) in
            [(1e6, 1, 1_000_000, 1), (4e6, 1, 1_000_000, 2), (2e5, 3, 50_000_000, 1)]
        {
            let spec = SyntheticSpec {
                keys: KeysSpec::Uniform { count: 4 },
                rotate_every: None,
                values: ValuesSpec::Constant(1),
                decimals: 0,
                payload_bytes: 0,
                disorder: None,
                silence: None,
                event_us_per_second: micros_per_second,
                origin: Timestamp::from_micros(0),
            };
            let layout = Layout {
                schedule: Schedule::even(rate, Duration::from_millis(50)),
                ..layout(partitions, every, 0)
            };
            let workload = Arc::new(scenarios::workload::Synthetic::<Keyed>::new(&spec, 7));
            let (events, bytes) = size(&*workload, &layout);
            let input = Input::make(workload, layout, u64::MAX);
            let chunks = chunks(&input);
            let marks: usize = chunks.iter().flatten().map(|chunk| chunk.marks.len()).sum();
            let records: usize = chunks.iter().flatten().map(|chunk| chunk.records.len()).sum();
            let taken = records * size_of::<Stamped<Keyed>>() + marks * size_of::<Mark>();
            assert_eq!(records as u64, events);
            assert!(taken as u64 <= bytes && bytes <= taken as u64 * 11 / 10, "{taken}, {bytes}");
        }
    }

    #[test]
    fn the_table_of_dues_is_exact_at_ticks() {
        let events: Vec<_> = [0, 99_999_999, 100_000_000, 350_000_000, 350_000_001]
            .iter()
            .map(|due| (*due, 0, 0, 0))
            .collect();
        let survey = input(events, layout(1, 256, 0), u64::MAX).survey;
        let due_before = |ms: u64| survey.due_before(Moment::from_nanos(ms * 1_000_000));
        assert_eq!([0, 100, 200, 300, 400, 5000].map(due_before), [0, 2, 3, 3, 5, 5]);
    }

    #[test]
    fn as_much_is_made_ahead_as_two_batches_need() {
        // 40 chunks of a million events per second: 2.6 s.
        let ahead = input(rising(CHUNK_RECORDS as u64 * 40), layout(1, 256, 30), 0);
        let least = AHEAD_BYTES / (CHUNK_RECORDS * size_of::<Stamped<Keyed>>());
        assert_eq!(ahead.chunks_ahead(0), least);
        assert_eq!(ahead.chunks_ahead(10_000_000), least, "10 ms are less than there is anyway");
        let batch = 1_000_000;
        assert_eq!(ahead.survey.most_due_within(1_000_000_000), batch);
        let chunks = ahead.chunks_ahead(1_000_000_000) * CHUNK_RECORDS;
        assert!(chunks as u64 >= 2 * batch, "{chunks} events");
        let all = ahead.chunks_ahead(u64::MAX);
        assert!((81..=82).contains(&all), "never more than twice all there is: {all}");
    }

    #[test]
    fn lateness_is_possible_only_by_the_marks_of_the_own_partition() {
        let spec = WindowSpec::tumbling(10).unwrap();
        let late = |events, partitions| {
            let layout = Layout { trigger: Trigger::Windows(spec), ..layout(partitions, 1, 0) };
            input(events, layout, u64::MAX).survey.late_possible
        };
        let events = vec![(0, 25, 0, 0), (1, 5, 0, 0), (2, 7, 0, 0), (3, 30, 0, 0)];
        assert_eq!(late(events.clone(), 1), 2);
        assert_eq!(late(events, 2), 1, "the second partition had seen nothing newer");
    }
}
