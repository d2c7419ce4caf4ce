//! When each event is due.
//!
//! A schedule is fixed before the clock starts and is never moved by an engine: how fast an
//! engine takes its events has no bearing on when they were meant to reach it ("intended send
//! time", Tene 2013). It is a pure function of the event's number, so that a run can be checked
//! without its input having been stored. It knows nothing of what the events say.

use engines::Moment;
use std::time::Duration;

/// When each event of a run is due.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Schedule {
    rhythm: Rhythm,
    end: Moment,
}

#[derive(Copy, Clone, Debug, PartialEq)]
enum Rhythm {
    Even { events_per_megasecond: u64 },
    Poisson { events_per_megasecond: u64, seed: u64 },
    Own,
}

impl Schedule {
    /// Event `n` is due at `n / rate`, exactly: the error of one event never adds to the next.
    /// Rates are taken to a millionth of an event per second.
    pub fn even(events_per_s: f64, length: Duration) -> Self {
        Self {
            rhythm: Rhythm::Even { events_per_megasecond: per_megasecond(events_per_s) },
            end: end_of(length),
        }
    }

    /// Independent arrivals: the gaps are exponential, each drawn from the seed and its number.
    pub fn poisson(events_per_s: f64, seed: u64, length: Duration) -> Self {
        Self {
            rhythm: Rhythm::Poisson { events_per_megasecond: per_megasecond(events_per_s), seed },
            end: end_of(length),
        }
    }

    /// The workload says when each event is due, as a trace does.
    pub fn own(length: Duration) -> Self {
        Self { rhythm: Rhythm::Own, end: end_of(length) }
    }

    /// Events due from here on are not offered.
    pub const fn end(&self) -> Moment {
        self.end
    }

    /// When each event is due, in order of their numbers, which is also the order in time. For a
    /// workload with a rhythm of its own, `own` tells it, and `None` ends it.
    pub fn dues<F: Fn(u64) -> Option<Moment>>(&self, own: F) -> Dues<F> {
        let (remainder, step) = match self.rhythm {
            Rhythm::Even { events_per_megasecond } => (events_per_megasecond, NS_PER_MEGASECOND),
            Rhythm::Poisson { .. } | Rhythm::Own => (1, 0),
        };
        Dues {
            schedule: *self,
            own,
            n: 0,
            at: 0,
            quotient: step / remainder,
            remainder: step % remainder,
            carried: 0,
        }
    }

    /// About how many events there will be, where the schedule alone knows.
    pub fn expected_events(&self) -> Option<u64> {
        match self.rhythm {
            Rhythm::Even { events_per_megasecond }
            | Rhythm::Poisson { events_per_megasecond, .. } => {
                let events = u128::from(self.end.as_nanos()) * u128::from(events_per_megasecond);
                Some(
                    u64::try_from(events.div_ceil(u128::from(NS_PER_MEGASECOND)))
                        .unwrap_or(u64::MAX),
                )
            }
            Rhythm::Own => None,
        }
    }
}

const NS_PER_MEGASECOND: u64 = 1_000_000_000_000_000;

/// Poisson arrivals are kept to a thousandth of a nanosecond, or their rate would drift by the
/// rounding of each gap.
const PS_PER_NS: u64 = 1000;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and a rate beyond that is one event per nanosecond anyway"
)]
fn per_megasecond(events_per_s: f64) -> u64 {
    assert!(events_per_s > 0.0, "a plan's rate is positive");
    ((events_per_s * 1e6).round() as u64).max(1)
}

fn end_of(length: Duration) -> Moment {
    Moment::from_nanos(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX))
}

/// The due times of a schedule, one after the other.
#[derive(Clone, Debug)]
pub struct Dues<F> {
    schedule: Schedule,
    own: F,
    n: u64,
    /// Nanoseconds where arrivals are even, picoseconds where they are independent.
    at: u64,
    /// The even gap, as a whole number of nanoseconds and what is left over: the division is
    /// done once, the carrying keeps it exact.
    quotient: u64,
    remainder: u64,
    carried: u64,
}

impl<F: Fn(u64) -> Option<Moment>> Iterator for Dues<F> {
    type Item = Moment;

    #[inline]
    fn next(&mut self) -> Option<Moment> {
        let due = match self.schedule.rhythm {
            Rhythm::Even { events_per_megasecond } => {
                let due = self.at;
                self.at = due.saturating_add(self.quotient);
                self.carried += self.remainder;
                if self.carried >= events_per_megasecond {
                    self.carried -= events_per_megasecond;
                    self.at = self.at.saturating_add(1);
                }
                Moment::from_nanos(due)
            }
            Rhythm::Poisson { events_per_megasecond, seed } => {
                self.at = self.at.saturating_add(gap_ps(seed, self.n, events_per_megasecond));
                Moment::from_nanos(self.at / PS_PER_NS)
            }
            Rhythm::Own => (self.own)(self.n)?,
        };
        self.n += 1;
        (due < self.schedule.end).then_some(due)
    }
}

/// The gap before event `n`, by inversion of the exponential distribution.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the logarithm of a number in (0, 1] is finite and not positive, and a cast saturates"
)]
fn gap_ps(seed: u64, n: u64, events_per_megasecond: u64) -> u64 {
    let mean_ps = 1e18 / events_per_megasecond as f64;
    // 53 bits make a float in [0, 1); turned round it is never zero.
    let uniform = 1.0 - (mixed(seed, n) >> 11) as f64 / (1_u64 << 53) as f64;
    (-uniform.ln() * mean_ps).round() as u64
}

/// A number that looks random, from a seed and a position: the output function of `SplitMix64`
/// (Steele, Lea and Flood, OOPSLA 2014) over a seeded counter.
fn mixed(seed: u64, n: u64) -> u64 {
    let finish = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    // The seed goes through once by itself, so that neighbouring seeds share no stretch.
    finish(finish(seed).wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn none(_: u64) -> Option<Moment> {
        None
    }

    fn dues(schedule: Schedule) -> Vec<u64> {
        schedule.dues(none).map(Moment::as_nanos).collect()
    }

    #[test]
    fn three_per_second_do_not_drift() {
        let got = dues(Schedule::even(3.0, Duration::from_secs(2)));
        assert_eq!(got, [0, 333_333_333, 666_666_666, 1_000_000_000, 1_333_333_333, 1_666_666_666]);
    }

    #[test]
    fn a_rate_may_be_below_one() {
        let got = dues(Schedule::even(0.25, Duration::from_secs(9)));
        assert_eq!(got, [0, 4_000_000_000, 8_000_000_000]);
    }

    #[test]
    fn an_event_due_at_the_end_is_not_offered() {
        assert_eq!(dues(Schedule::even(1.0, Duration::from_secs(2))).len(), 2);
    }

    #[test]
    fn own_rhythm_ends_with_the_trace_or_the_duration() {
        let trace = [0, 5, 5, 9, 20].map(Moment::from_nanos);
        let tell = |n: u64| trace.get(usize::try_from(n).unwrap()).copied();
        let length = |nanos| Schedule::own(Duration::from_nanos(nanos));
        assert_eq!(length(100).dues(tell).count(), 5);
        assert_eq!(length(10).dues(tell).collect::<Vec<_>>(), trace[..4]);
    }

    #[test]
    fn poisson_arrivals_hold_their_rate_and_their_variance() {
        let got = dues(Schedule::poisson(100_000.0, 42, Duration::from_secs(10)));
        // A million arrivals: five standard deviations are half a percent.
        assert!((995_000..1_005_000).contains(&got.len()), "{}", got.len());
        let gaps: Vec<f64> = got.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        let deviation = variance.sqrt() / mean;
        assert!(
            (0.99..1.01).contains(&deviation),
            "exponential gaps deviate by their mean: {deviation}"
        );
        let short = gaps.iter().filter(|gap| **gap < mean * std::f64::consts::LN_2).count();
        let median = short as f64 / gaps.len() as f64;
        assert!((0.495..0.505).contains(&median), "half the gaps are below ln 2: {median}");
    }

    #[test]
    fn poisson_is_a_function_of_its_seed() {
        let run = |seed| dues(Schedule::poisson(1000.0, seed, Duration::from_secs(1)));
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        assert!(run(1).is_sorted());
    }

    proptest! {
        /// The carried remainder equals the one big division.
        #[test]
        fn even_dues_equal_the_exact_quotient(rate_micro in 1_000_000_u64..4_000_000_000_000) {
            let schedule = Schedule::even(rate_micro as f64 / 1e6, Duration::from_hours(1));
            let Rhythm::Even { events_per_megasecond } = schedule.rhythm else { unreachable!() };
            for (n, due) in schedule.dues(none).take(2000).enumerate() {
                let exact = n as u128 * u128::from(NS_PER_MEGASECOND) / u128::from(events_per_megasecond);
                prop_assert_eq!(u128::from(due.as_nanos()), exact);
            }
        }

        #[test]
        fn the_expected_number_of_even_events_is_their_number(rate in 0.5_f64..2000.0, ms in 1_u64..3000) {
            let schedule = Schedule::even(rate, Duration::from_millis(ms));
            prop_assert_eq!(schedule.expected_events(), Some(schedule.dues(none).count() as u64));
        }
    }
}
