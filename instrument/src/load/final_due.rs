//! When each answer became final, computed from the schedule alone.
//!
//! `result_latency` counts from the due time of the event whose arrival made the answer final
//! under an ideal watermark: one that moves after every event. It is known before the run, so no
//! engine can flatter itself by it. Answers that only the end of the input brings out have no
//! such event; for them there is no entry, and so no latency.

use engines::{ArrivalClock, Moment, Timestamp};
use scenarios::Trigger;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// What an answer's `result_latency` counts from.
#[derive(Clone, Debug)]
pub enum FinalDue {
    /// The event that it is the answer to.
    OwnEvent,
    /// The first event that carries the ideal watermark to where it is complete.
    Event(Arc<EventTable>),
    /// The end of the interval in which it is complete.
    Batch(BatchEnds),
}

impl FinalDue {
    /// When an answer became final that is complete at `complete_at`; `None` if only the end of the
    /// input made it so. Answers that are final with their own event are not asked for here.
    pub fn of(&self, complete_at: Timestamp) -> Option<Moment> {
        match self {
            Self::OwnEvent => None,
            Self::Event(table) => table.due_of(complete_at),
            Self::Batch(ends) => ends.due_of(complete_at),
        }
    }

    /// The definition in words, for the record.
    pub const fn definition(&self, trigger: Trigger) -> &'static str {
        match self {
            Self::OwnEvent | Self::Event(_) => trigger.due(),
            Self::Batch(_) => "the end of the batch interval in which the window ends",
        }
    }
}

/// Over event time: which event completes which answers.
#[derive(Clone, Debug, Default)]
pub struct EventTable {
    /// The last instant at which answers are complete, and the due time of the event that made it
    /// so; both rise.
    steps: Vec<(Timestamp, Moment)>,
}

impl EventTable {
    /// How much event time lies between the first answers to become complete and the last ones, in
    /// microseconds, and in how many steps they do.
    pub fn span(&self) -> (u64, usize) {
        let ends = self.steps.first().zip(self.steps.last());
        let span_us =
            ends.map_or(0, |((first, _), (last, _))| last.as_micros().abs_diff(first.as_micros()));
        (span_us, self.steps.len())
    }

    /// Every moment at which answers become complete.
    pub fn dues(&self) -> impl Iterator<Item = Moment> + '_ {
        self.steps.iter().map(|(_, due)| *due)
    }

    fn due_of(&self, complete_at: Timestamp) -> Option<Moment> {
        let step = self.steps.partition_point(|(complete, _)| *complete < complete_at);
        self.steps.get(step).map(|(_, due)| *due)
    }
}

/// Makes an [`EventTable`] from the events in the order in which they are due.
#[derive(Clone, Debug)]
pub struct EventTableBuilder {
    trigger: Trigger,
    bound_us: i64,
    /// The greatest event time of each partition; `None` while it has none.
    greatest: Vec<Option<i64>>,
    /// The ideal watermark that was last looked at.
    watermark: Option<i64>,
    idle: Option<Idle>,
    table: EventTable,
}

/// Which partitions hold nobody back, where silence frees the others.
#[derive(Clone, Debug)]
struct Idle {
    after_ns: u64,
    /// When each has spoken last.
    last: Vec<Moment>,
    is_silent: Vec<bool>,
    has_ended: Vec<bool>,
}

impl EventTableBuilder {
    /// For answers that are due like this, over so many partitions, under a watermark that trails
    /// by `bound_us`.
    pub fn new(trigger: Trigger, partitions: usize, bound_us: i64) -> Self {
        Self {
            trigger,
            bound_us,
            greatest: vec![None; partitions],
            watermark: None,
            idle: None,
            table: EventTable::default(),
        }
    }

    /// The same, and a partition holds nobody back when nothing has come of it for so long, or
    /// nothing will.
    #[must_use]
    pub fn idle_after(mut self, after: Option<Duration>) -> Self {
        let partitions = self.greatest.len();
        self.idle = after.map(|after| Idle {
            after_ns: u64::try_from(after.as_nanos()).unwrap_or(u64::MAX),
            last: vec![Moment::START; partitions],
            is_silent: vec![false; partitions],
            has_ended: vec![false; partitions],
        });
        self
    }

    /// The next event.
    #[inline]
    pub fn see(&mut self, partition: usize, event_time: Timestamp, due: Moment) {
        if self.idle.is_some() {
            self.pass(partition, due);
        }
        if !event_time.is_acceptable() {
            return;
        }
        let greatest = &mut self.greatest[partition];
        if greatest.is_some_and(|greatest| greatest >= event_time.as_micros()) {
            return;
        }
        *greatest = Some(event_time.as_micros());
        self.advance(due);
    }

    /// Time has come to the next event, of this partition: those that fall silent by then do so.
    #[cold]
    fn pass(&mut self, partition: usize, due: Moment) {
        while let Some(idle) = &mut self.idle {
            let awake = (0..idle.last.len()).filter(|one| !idle.is_silent[*one]);
            let Some(first) = awake.min_by_key(|one| idle.last[*one]) else { break };
            let silent = idle.last[first].saturating_add(idle.after_ns);
            if silent > due {
                break;
            }
            idle.is_silent[first] = true;
            self.advance(silent);
        }
        if let Some(idle) = &mut self.idle {
            (idle.last[partition], idle.is_silent[partition]) = (due, false);
        }
    }

    /// Nothing will follow the event of this partition that was seen last.
    pub fn end(&mut self, partition: usize, due: Moment) {
        if let Some(idle) = &mut self.idle {
            idle.has_ended[partition] = true;
            self.advance(due);
        }
    }

    /// A partition has moved, or holds the others back no longer: perhaps all of them together have
    /// moved.
    fn advance(&mut self, due: Moment) {
        let holds = |partition: &usize| {
            self.idle
                .as_ref()
                .is_none_or(|idle| !idle.is_silent[*partition] && !idle.has_ended[*partition])
        };
        let holding = (0..self.greatest.len()).filter(holds);
        let Some(least) = holding.map(|one| self.greatest[one]).min().flatten() else { return };
        let watermark = least.saturating_sub(self.bound_us).saturating_sub(1);
        if self.watermark.is_some_and(|before| before >= watermark) {
            return;
        }
        self.watermark = Some(watermark);
        let Some(complete) = self.trigger.complete_by(Timestamp::from_micros(watermark)) else {
            return;
        };
        if self.table.steps.last().is_none_or(|(before, _)| *before < complete) {
            self.table.steps.push((complete, due));
        }
    }

    /// The table.
    pub fn build(self) -> EventTable {
        self.table
    }
}

/// For windows over batches: a window ends when an interval does.
#[derive(Copy, Clone, Debug)]
pub struct BatchEnds {
    clock: ArrivalClock,
    ends: Ends,
    /// The end of the last interval that holds an event; where nobody knows it, that event.
    last: Moment,
}

/// When batches end.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Every so many nanoseconds since the run's start.
    Every(u64),
    /// As often, and when an engine's own clock says so: at which moments is not known before.
    AsCut,
}

impl BatchEnds {
    /// Intervals that end like this, up to the one in which the last event is due.
    pub fn new(clock: ArrivalClock, ends: Ends, last_due: Moment) -> Self {
        let last = match ends {
            Ends::Every(interval_ns) => Moment::from_nanos(
                (last_due.as_nanos() / interval_ns).saturating_add(1).saturating_mul(interval_ns),
            ),
            Ends::AsCut => last_due,
        };
        Self { clock, ends, last }
    }

    /// The ends of intervals in a range, as far as they are known.
    pub fn within(&self, range: &Range<Moment>) -> impl Iterator<Item = Moment> {
        let end = range.end.min(self.last);
        let known = match self.ends {
            Ends::Every(interval_ns) => {
                Some((range.start.as_nanos().div_ceil(interval_ns), interval_ns))
            }
            Ends::AsCut => None,
        };
        known.into_iter().flat_map(move |(first, interval_ns)| {
            (first..)
                .map(move |n| Moment::from_nanos(n.saturating_mul(interval_ns)))
                .take_while(move |moment| *moment < end)
        })
    }

    fn due_of(&self, end: Timestamp) -> Option<Moment> {
        // The first interval's end at which the arrival clock, which rounds down, has reached the
        // window's end.
        let passed = i128::from(end.as_micros()) - i128::from(self.clock.origin.as_micros());
        let per_second = i128::from(self.clock.micros_per_second.max(1));
        let nanos = -(-passed.max(0) * 1_000_000_000).div_euclid(per_second);
        let nanos = u64::try_from(nanos).ok()?;
        let at = Moment::from_nanos(match self.ends {
            Ends::Every(interval_ns) => nanos.div_ceil(interval_ns).saturating_mul(interval_ns),
            // It is whole batches, so that one ends with it.
            Ends::AsCut => nanos,
        });
        (at <= self.last).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engines::WindowSpec;
    use proptest::prelude::*;

    fn us(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn table(spec: WindowSpec, partitions: usize, bound: i64, times: &[i64]) -> EventTable {
        let mut builder = EventTableBuilder::new(Trigger::Windows(spec), partitions, bound);
        for (n, time) in times.iter().enumerate() {
            builder.see(n % partitions, us(*time), Moment::from_nanos(n as u64 * 10));
        }
        builder.build()
    }

    /// The definition, word by word: after each event, ask the watermark.
    fn naive(partitions: usize, bound: i64, times: &[i64], end: i64) -> Option<Moment> {
        (0..times.len()).find_map(|n| {
            let watermark = (0..partitions)
                .map(|partition| {
                    times[..=n].iter().skip(partition).step_by(partitions).max().copied()
                })
                .collect::<Option<Vec<i64>>>()?
                .into_iter()
                .map(|greatest| greatest - bound - 1)
                .min()?;
            (watermark >= end - 1).then_some(Moment::from_nanos(n as u64 * 10))
        })
    }

    #[test]
    fn the_event_at_the_end_plus_the_bound_completes_a_window() {
        let spec = WindowSpec::tumbling(10).unwrap();
        let table = table(spec, 1, 5, &[0, 14, 15, 16, 100]);
        assert_eq!(table.due_of(us(10)), Some(Moment::from_nanos(20)));
        assert_eq!(table.due_of(us(90)), Some(Moment::from_nanos(40)));
        assert_eq!(table.due_of(us(100)), None, "only the end of the input completes it");
    }

    #[test]
    fn a_partition_that_is_silent_for_too_long_holds_nobody_back() {
        let spec = WindowSpec::tumbling(10).unwrap();
        let of = |idle_after: Option<u64>| {
            let mut builder = EventTableBuilder::new(Trigger::Windows(spec), 3, 0)
                .idle_after(idle_after.map(Duration::from_nanos));
            // The third never speaks, the second only once.
            for (partition, time, due) in [(0, 5, 0), (1, 12, 10), (0, 25, 50), (0, 47, 130)] {
                builder.see(partition, us(time), Moment::from_nanos(due));
            }
            let table = builder.build();
            [10, 20, 40, 50].map(|end| table.due_of(us(end)).map(Moment::as_nanos))
        };
        assert_eq!(of(None), [None; 4]);
        // Once the third is silent the second is waited for, then only the first.
        assert_eq!(of(Some(100)), [Some(100), Some(110), Some(130), None]);
    }

    #[test]
    fn an_event_outside_of_time_moves_nothing() {
        let spec = WindowSpec::tumbling(10).unwrap();
        let table = table(spec, 1, 0, &[0, i64::MAX, i64::MIN, 10]);
        assert_eq!(table.due_of(us(10)), Some(Moment::from_nanos(30)));
    }

    #[test]
    fn a_window_over_batches_is_due_when_its_last_interval_ends() {
        let clock = ArrivalClock { origin: us(1_000_000), micros_per_second: 60_000_000 };
        let every = Ends::Every(100_000_000);
        let ends = BatchEnds::new(clock, every, Moment::from_nanos(950_000_000));
        let due = |end: i64| ends.due_of(us(end)).map(Moment::as_nanos);
        assert_eq!(due(1_000_000 + 6_000_000), Some(100_000_000));
        assert_eq!(due(1_000_000 + 60_000_000), Some(1_000_000_000));
        assert_eq!(due(1_000_000 + 66_000_000), None, "no interval ends there any more");
    }

    #[test]
    fn batches_that_end_when_they_do_end_with_their_windows() {
        let clock = ArrivalClock { origin: us(1_000), micros_per_second: 3_000_000 };
        let ends = BatchEnds::new(clock, Ends::AsCut, Moment::from_nanos(5_000));
        let due = |end: i64| ends.due_of(us(end)).map(Moment::as_nanos);
        // A microsecond of event time takes a third of one, and is over at the nanosecond after.
        assert_eq!([997, 1_000, 1_001, 1_003].map(due), [Some(0), Some(0), Some(334), Some(1_000)]);
        assert_eq!([1_015, 1_016].map(due), [Some(5_000), None], "behind the last event");
        let all = Moment::START..Moment::NEVER;
        assert_eq!(ends.within(&all).count(), 0, "at which moments is not known");
    }

    #[test]
    fn an_arrival_clock_that_rounds_still_finds_the_interval() {
        // A third of a microsecond per interval: most intervals end between two instants.
        let clock = ArrivalClock { origin: us(0), micros_per_second: 1 };
        let every = Ends::Every(300_000_000);
        let ends = BatchEnds::new(clock, every, Moment::from_nanos(100_000_000_000));
        for k in 1..300_u64 {
            let end = clock.at(Moment::from_nanos(k * 300_000_000));
            let due = ends.due_of(end).unwrap();
            assert!(clock.at(due) >= end);
            assert!(due <= Moment::from_nanos(k * 300_000_000), "the first of them");
        }
    }

    proptest! {
        #[test]
        fn the_table_equals_the_definition(
            size in 1_i64..40,
            slide in 1_i64..40,
            bound in 0_i64..20,
            partitions in 1_usize..4,
            times in prop::collection::vec(-100_i64..200, 0..60),
        ) {
            let spec = WindowSpec::sliding(size, slide).unwrap();
            let table = table(spec, partitions, bound, &times);
            for start in -30_i64..60 {
                let end = start * slide + size;
                prop_assert_eq!(table.due_of(us(end)), naive(partitions, bound, &times, end));
            }
        }
    }
}
