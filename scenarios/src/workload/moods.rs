//! Keys that change their ways in the course of a run: hot ones that cool down while others heat
//! up, and some that fall silent and then all speak at once.
//!
//! Both are functions of the seed, the event's number and the moment, so that an event can still
//! be asked for in any order. Neither changes when events arrive or how many there are: that is
//! the schedule's, and it stays as it is.

use crate::spec::{KeysSpec, SilenceSpec};
use crate::workload::draws::{Purpose, Stream};
use engines::Moment;
use rand::Rng;
use std::time::Duration;

/// Which key has which rank, changing at regular times.
#[derive(Debug)]
pub(crate) struct Rotation {
    stream: Stream,
    every_ns: u64,
    count: u64,
}

impl Rotation {
    /// For a spec that has been checked.
    pub(crate) fn new(seed: u64, every: Duration, keys: &KeysSpec) -> Self {
        let stream = Stream::new(seed, Purpose::Rotation);
        Self { stream, every_ns: nanos(every), count: keys.count() }
    }

    /// The key, by its rank at the start, that has this rank at the moment: all are moved on by
    /// the same number, another one each time.
    #[inline]
    pub(crate) fn rank(&self, rank: u64, at: Moment) -> u64 {
        let turn = at.as_nanos() / self.every_ns;
        if turn == 0 {
            return rank;
        }
        let by = self.stream.at(turn).next_u64() % self.count;
        let moved = (u128::from(rank) + u128::from(by)) % u128::from(self.count);
        u64::try_from(moved).expect("below the number of keys")
    }
}

/// Keys that fall silent and then flood.
///
/// Time is cut into turns of equal length. Each ends with a silence and the flood after it: in the
/// silence all events are from other keys; in the flood all are from those that were silent, sent
/// during the silence, in the order in which they now arrive.
#[derive(Debug)]
pub(crate) struct Silence {
    stream: Stream,
    every_ns: u64,
    lasts_ns: u64,
    flood_ns: u64,
    /// A key is silent if its number for the turn is below this: the share, times 2^53.
    threshold: u64,
    count: u64,
}

/// How often a key is drawn before the next one in line is taken, and how many are looked at in
/// line: where one key has nearly all events, few draws bring another.
const DRAWS: u32 = 16;
const IN_LINE: u64 = 1024;

impl Silence {
    /// For a spec that has been checked.
    pub(crate) fn new(seed: u64, spec: SilenceSpec, keys: &KeysSpec) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share between 0 and 1, of 2^53"
        )]
        let threshold = (spec.share * (1u64 << 53) as f64) as u64;
        Self {
            stream: Stream::new(seed, Purpose::Silence),
            every_ns: nanos(spec.every),
            lasts_ns: nanos(spec.lasts),
            flood_ns: nanos(spec.flood),
            threshold,
            count: keys.count(),
        }
    }

    /// Whose event is due now, and when it was sent. `draw` gives the keys that would speak at a
    /// moment, one after the other.
    #[inline]
    pub(crate) fn rank(&self, due: Moment, mut draw: impl FnMut(Moment) -> u64) -> (u64, Moment) {
        let turn = due.as_nanos() / self.every_ns;
        let flood = self.every_ns - self.flood_ns;
        let silence = flood - self.lasts_ns;
        match due.as_nanos() % self.every_ns {
            within if within >= flood => {
                let passed = u128::from(within - flood) * u128::from(self.lasts_ns);
                let passed = u64::try_from(passed / u128::from(self.flood_ns));
                let passed = passed.expect("shorter than the silence");
                let sent = Moment::from_nanos(turn * self.every_ns + silence + passed);
                match self.pick(turn, true, || draw(sent)) {
                    Some(rank) => (rank, sent),
                    // Nobody was silent, so nothing was held back.
                    None => (draw(due), due),
                }
            }
            within if within >= silence => {
                let rank = self.pick(turn, false, || draw(due));
                (rank.unwrap_or_else(|| draw(due)), due)
            }
            _ => (draw(due), due),
        }
    }

    fn is_silent(&self, turn: u64, rank: u64) -> bool {
        // Two numbers in one address: a rank is spread over all 64 bits before the turn is added.
        let address = crate::workload::skew::id_of(rank).wrapping_add(turn);
        self.stream.at(address).next_u64() >> 11 < self.threshold
    }

    /// A key that is silent in this turn, or one that is not; `None` if none is found.
    fn pick(&self, turn: u64, silent: bool, mut draw: impl FnMut() -> u64) -> Option<u64> {
        let mut rank = draw();
        for _ in 1..DRAWS {
            if self.is_silent(turn, rank) == silent {
                return Some(rank);
            }
            rank = draw();
        }
        let mut in_line = (0..self.count.min(IN_LINE)).map(|step| {
            let next = (u128::from(rank) + u128::from(step)) % u128::from(self.count);
            u64::try_from(next).expect("below the number of keys")
        });
        in_line.find(|rank| self.is_silent(turn, *rank) == silent)
    }
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use crate::spec::{KeysSpec, SilenceSpec, SyntheticSpec, ValuesSpec};
    use crate::workload::{Keyed, Synthetic, Workload, skew};
    use engines::{Moment, Timestamp};
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    fn spec() -> SyntheticSpec {
        SyntheticSpec {
            keys: KeysSpec::Zipf { count: 100, exponent: 1.2 },
            rotate_every: None,
            values: ValuesSpec::Constant(1),
            decimals: 0,
            payload_bytes: 0,
            disorder: None,
            silence: None,
            event_us_per_second: 1_000_000,
            origin: Timestamp::from_micros(0),
        }
    }

    /// One event every millisecond: when it is due, its key's rank and its event time, both
    /// times in milliseconds.
    fn events(spec: &SyntheticSpec, count: u64) -> Vec<(u64, u64, i64)> {
        let workload = Synthetic::<Keyed>::new(spec, 42);
        let event = |n: u64| {
            let event = workload.event(n, Moment::from_nanos(n * 1_000_000));
            (n, skew::rank_of(event.value.key), event.event_time.as_micros() / 1_000)
        };
        (0..count).map(event).collect()
    }

    fn hottest(events: &[(u64, u64, i64)]) -> (u64, usize) {
        let mut counts = BTreeMap::new();
        for (_, rank, _) in events {
            *counts.entry(*rank).or_insert(0) += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).unwrap()
    }

    #[test]
    fn which_key_is_hot_changes_and_how_hot_it_is_does_not() {
        let still = events(&spec(), 50_000);
        let every = Some(Duration::from_secs(10));
        let turning = events(&SyntheticSpec { rotate_every: every, ..spec() }, 50_000);
        assert_eq!(turning[..10_000], still[..10_000], "the first turn is as without");
        let hot: Vec<_> = turning.chunks(10_000).map(hottest).collect();
        let keys: BTreeSet<_> = hot.iter().map(|(rank, _)| rank).collect();
        assert!(keys.len() >= 4, "{hot:?}");
        let (_, before) = hottest(&still[..10_000]);
        for (_, count) in hot {
            assert!(count.abs_diff(before) < 300, "{count} of 10000, not {before}");
        }
    }

    fn silent() -> SyntheticSpec {
        let seconds = Duration::from_secs;
        let silence = SilenceSpec {
            share: 0.25,
            every: seconds(10),
            lasts: seconds(2),
            flood: Duration::from_millis(500),
        };
        SyntheticSpec { silence: Some(silence), ..spec() }
    }

    #[test]
    fn who_was_silent_floods_with_what_it_held_back_in_order() {
        let all = events(&silent(), 30_000);
        for turn in all.chunks(10_000) {
            let ranks = |events: &[(u64, u64, i64)]| -> BTreeSet<u64> {
                events.iter().map(|event| event.1).collect()
            };
            let (quiet, flood) = (&turn[7_500..9_500], &turn[9_500..]);
            assert!(ranks(quiet).is_disjoint(&ranks(flood)));
            assert!(!ranks(flood).is_empty());
            let start = i64::try_from(turn[0].0).unwrap();
            for &(due, _, time) in &turn[..9_500] {
                assert_eq!(time, i64::try_from(due).unwrap(), "as it comes");
            }
            for (index, &(_, _, time)) in (0..).zip(flood) {
                assert_eq!(time, start + 7_500 + index * 4, "four times as fast");
            }
            assert!(ranks(turn).is_superset(&ranks(flood)));
        }
        let floods = |turn: usize| all[turn * 10_000 + 9_500..(turn + 1) * 10_000].iter();
        let who = |turn| floods(turn).map(|event| event.1).collect::<BTreeSet<_>>();
        assert_ne!(who(0), who(1), "others the next time");
    }

    #[test]
    fn where_one_key_has_all_events_somebody_else_still_speaks_for_it() {
        let keys = KeysSpec::Zipf { count: 20, exponent: 60.0 };
        for turn in events(&SyntheticSpec { keys, ..silent() }, 100_000).chunks(10_000) {
            let quiet: BTreeSet<_> = turn[7_500..9_500].iter().map(|event| event.1).collect();
            let flood: BTreeSet<_> = turn[9_500..].iter().map(|event| event.1).collect();
            assert!(quiet.is_disjoint(&flood), "{quiet:?} {flood:?}");
        }
    }

    #[test]
    fn with_a_single_key_there_is_nobody_else_and_time_goes_on() {
        let keys = KeysSpec::Uniform { count: 1 };
        for (due, rank, time) in events(&SyntheticSpec { keys, ..silent() }, 20_000) {
            assert_eq!(rank, 0);
            assert!(time <= i64::try_from(due).unwrap());
        }
    }
}
