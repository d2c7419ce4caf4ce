//! A stretch of made-up events, played round and round.
//!
//! To draw an event takes longer than a fast engine takes for it, so that none can be drawn while
//! such an engine runs; and to hold all of a long run takes gigabytes a second. So what the events of
//! one period say is drawn once and kept: key, value, what rides along, and how much older than its
//! arrival each is. Event `n` says what event `n` modulo the period says, and happened as long before
//! its own arrival. It is still a function of its number, and whoever checks answers asks the same one:
//! numbers, due times and event times go on.
//!
//! What comes again is all that is random about events. How often each key occurs is as the period
//! drew it, and a key that it did not draw never comes; the same delays follow one another in the same
//! order. It is for events that depend on their number and on the clock alone, see
//! [`crate::spec::WorkloadSpec::can_go_round`].

use super::events::{Arrival, Workload};
use super::rejected::RejectedRow;
use super::remark::Remark;
use engines::{ArrivalClock, Data, Moment, Stamped};
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, OnceLock};

/// Events that go round. What they say is drawn when it is first asked for.
pub struct Round<E> {
    events: Arc<dyn Workload<Event = E>>,
    clock: ArrivalClock,
    /// A power of two.
    period: u64,
    /// All as long as one another.
    blocks: Box<[Block<E>]>,
}

/// Neighbouring events of a period, drawn together.
type Block<E> = OnceLock<Box<[Part<E>]>>;

/// What is kept of an event.
struct Part<E> {
    value: E,
    /// How much older than its arrival, in microseconds of event time.
    delay_us: i64,
}

/// How many events are drawn together at most; a power of two.
const BLOCK: u64 = 1 << 16;

impl<E: Data + Hash> Round<E> {
    /// The first events of a workload, `period` of them, over and over.
    ///
    /// # Panics
    /// If the period is no power of two.
    pub fn new(events: Arc<dyn Workload<Event = E>>, period: u64) -> Self {
        assert!(period.is_power_of_two(), "a period is a power of two");
        let blocks = (0..period.div_ceil(BLOCK)).map(|_| OnceLock::new()).collect();
        let clock = events.arrival_clock();
        Self { events, clock, period, blocks }
    }

    /// How much memory the events of a period take, in bytes.
    pub const fn bytes(period: u64) -> u64 {
        period.saturating_mul(size_of::<Part<E>>() as u64)
    }

    /// The longest period whose events take no more memory than this.
    pub const fn longest_within(bytes: u64) -> u64 {
        match (bytes / size_of::<Part<E>>() as u64).checked_ilog2() {
            Some(log2) => 1 << log2,
            None => 1,
        }
    }

    /// What event `n` says and those behind it, to the end of a block.
    #[inline]
    fn parts_from(&self, n: u64) -> &[Part<E>] {
        let at = n & (self.period - 1);
        let length = self.period.min(BLOCK);
        let number = index(at / length);
        let block = self.blocks[number].get_or_init(|| self.drawn(at - at % length, length));
        &block[index(at % length)..]
    }

    #[cold]
    fn drawn(&self, first: u64, length: u64) -> Box<[Part<E>]> {
        let sent_us = self.clock.at(Moment::START).as_micros();
        let part = |n| {
            let Stamped { event_time, value, .. } = self.events.event(n, Moment::START);
            Part { value, delay_us: sent_us.saturating_sub(event_time.as_micros()) }
        };
        (first..first + length).map(part).collect()
    }

    #[inline]
    fn stamped(&self, part: &Part<E>, arrival: Arrival) -> Stamped<E> {
        Stamped {
            event_time: self.clock.at(arrival.sent).saturating_add(part.delay_us.saturating_neg()),
            due: arrival.due,
            value: part.value.clone(),
        }
    }
}

fn index(place: u64) -> usize {
    usize::try_from(place).expect("a period fits in memory")
}

impl<E: Data + Hash> Workload for Round<E> {
    type Event = E;

    #[inline]
    fn event(&self, n: u64, due: Moment) -> Stamped<E> {
        self.stamped(&self.parts_from(n)[0], Arrival::on_time(due))
    }

    fn append(&self, first: u64, step: u64, arrivals: &[Arrival], into: &mut Vec<Stamped<E>>) {
        let stride = index(step.max(1));
        let (mut n, mut arrivals) = (first, arrivals);
        while !arrivals.is_empty() {
            let parts = self.parts_from(n);
            let (now, later) = arrivals.split_at(parts.len().div_ceil(stride).min(arrivals.len()));
            if stride == 1 {
                let pairs = now.iter().zip(parts);
                into.extend(pairs.map(|(arrival, part)| self.stamped(part, *arrival)));
            } else {
                let pairs = now.iter().zip(parts.iter().step_by(stride));
                into.extend(pairs.map(|(arrival, part)| self.stamped(part, *arrival)));
            }
            n += now.len() as u64 * step;
            arrivals = later;
        }
    }

    fn period(&self) -> Option<u64> {
        Some(self.period)
    }

    fn len(&self) -> Option<u64> {
        None
    }

    fn due(&self, _: u64) -> Option<Moment> {
        None
    }

    fn arrival_clock(&self) -> ArrivalClock {
        self.clock
    }

    fn rejected_rows(&self) -> &[RejectedRow] {
        self.events.rejected_rows()
    }

    fn remarks(&self) -> &[Remark] {
        self.events.remarks()
    }

    fn columns(&self) -> Vec<&'static str> {
        self.events.columns()
    }

    fn cells(&self, event: &Stamped<E>) -> Vec<String> {
        self.events.cells(event)
    }
}

impl<E> fmt::Debug for Round<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Round").field("period", &self.period).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{DelaySpec, DisorderSpec, KeysSpec, SyntheticSpec, ValuesSpec, WordsSpec};
    use crate::workload::{Keyed, Synthetic, Words};
    use engines::Timestamp;
    use proptest::prelude::*;

    fn synthetic() -> Arc<dyn Workload<Event = Keyed>> {
        let spec = SyntheticSpec {
            keys: KeysSpec::Zipf { count: 100_000, exponent: 1.0 },
            rotate_every: None,
            values: ValuesSpec::Uniform { low: -100, high: 100 },
            decimals: 0,
            payload_bytes: 0,
            disorder: Some(DisorderSpec {
                fraction: 0.3,
                // Some are announced before they happen.
                delay: DelaySpec::Quantiles(vec![-50_000, 0, 2_000_000]),
                cap_us: None,
            }),
            silence: None,
            event_us_per_second: 3_000_000,
            origin: Timestamp::from_micros(77),
        };
        Arc::new(Synthetic::<Keyed>::new(&spec, 42))
    }

    fn words() -> Arc<dyn Workload<Event = crate::workload::Line>> {
        let spec = WordsSpec {
            dictionary: 1_000,
            exponent: 1.0,
            words_per_line: 8,
            disorder: None,
            event_us_per_second: 10_000_000,
            origin: Timestamp::from_micros(0),
        };
        Arc::new(Words::new(&spec, 42))
    }

    fn at(us: u64) -> Moment {
        Moment::from_nanos(us * 1_000)
    }

    /// Whether the first period is what it is of, and all behind it that at a later time.
    fn goes_round<E: Data + Hash + PartialEq + fmt::Debug>(
        events: &Arc<dyn Workload<Event = E>>,
        period: u64,
    ) {
        let round = Round::new(Arc::clone(events), period);
        for n in (0..period).step_by(7).chain([period - 1]) {
            let plain = events.event(n, at(n));
            assert_eq!(round.event(n, at(n)), plain, "event {n}");
            // In the next round a second later, whoever asks first.
            for turn in [3, 1, 2] {
                let later = round.event(n + turn * period, at(n + turn * 1_000_000));
                let plain = events.event(n, at(n + turn * 1_000_000));
                assert_eq!(later, plain, "event {n} of round {turn}");
                assert_eq!(later.due, at(n + turn * 1_000_000));
            }
        }
    }

    #[test]
    fn events_of_the_first_period_are_as_without_and_then_come_again_at_their_own_times() {
        goes_round(&synthetic(), BLOCK * 2);
        goes_round(&synthetic(), 64);
        goes_round(&words(), 1 << 10);
    }

    #[test]
    fn no_period_takes_more_memory_than_it_may() {
        let of_part = size_of::<Part<Keyed>>() as u64;
        for bytes in [0, 1, of_part, of_part * 2 - 1, of_part * 2, 1 << 20, 1 << 29] {
            let period = Round::<Keyed>::longest_within(bytes);
            assert!(period == 1 || Round::<Keyed>::bytes(period) <= bytes, "{period} in {bytes}");
            let longer = period.checked_mul(2).map(Round::<Keyed>::bytes);
            assert!(longer.is_none_or(|longer| longer > bytes), "{period} in {bytes}");
        }
        let round = Round::new(synthetic(), 1 << 20);
        assert!(round.blocks.iter().all(|block| block.get().is_none()), "nothing is drawn yet");
        round.event(BLOCK * 3 + 5, Moment::START);
        let drawn = round.blocks.iter().filter_map(OnceLock::get).map(|block| block.len() as u64);
        assert_eq!(drawn.sum::<u64>(), BLOCK);
    }

    proptest! {
        /// Of any number and stride, over the ends of blocks and of periods.
        #[test]
        fn many_at_once_are_the_same_as_one_at_a_time(
            log2 in 0_u32..18, first in 0_u64..200_000, step in 1_u64..9, count in 0_u64..3_000,
        ) {
            let round = Round::new(synthetic(), 1 << log2);
            // Far on, so that it takes a step over an end.
            let first = first + (BLOCK << 3) - 1_000;
            let due = |place: u64| Arrival { due: at(place * 3 + 5), sent: at(place * 3) };
            let arrivals: Vec<_> = (0..count).map(due).collect();
            let mut many = Vec::new();
            round.append(first, step, &arrivals, &mut many);
            let one = |place: u64| Stamped {
                due: due(place).due,
                ..round.event(first + place * step, due(place).sent)
            };
            prop_assert_eq!(many, (0..count).map(one).collect::<Vec<_>>());
        }
    }
}
