//! When each event is due.
//!
//! A schedule is fixed before the clock starts and is never moved by an engine: how fast an
//! engine takes its events has no bearing on when they were meant to reach it ("intended send
//! time", Tene 2013). It is a pure function of the event's number, so that a run can be checked
//! without its input having been stored. It knows nothing of what the events say.
//!
//! Event `n` is due where the integral of the rate reaches `n`. Every shape of a rate is drawn in
//! straight pieces, over which that integral is a polynomial with integer coefficients; so it is
//! computed exactly, and no shape drifts however long it goes on. Independent arrivals at a rate
//! that changes are independent arrivals at the rate one, put through the same inverse
//! ("time rescaling", Brown et al. 2002).

use crate::load::curve::{
    Cursor, Curve, NS_PER_MEGASECOND, Outage, UNIT, nanos, per_megasecond, whole,
};
use engines::Moment;
use scenarios::workload::Arrival;
use settings::plan::{Arrivals, RateShape};
use std::sync::Arc;
use std::time::Duration;

/// When each event of a run is due.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    rhythm: Rhythm,
    end: Moment,
}

#[derive(Clone, Debug, PartialEq)]
enum Rhythm {
    Even { events_per_megasecond: u64 },
    Poisson { events_per_megasecond: u64, seed: u64 },
    Shaped { curve: Arc<Curve>, outage: Option<Outage>, spread: Spread },
    Own,
}

/// How far apart events are where the rate is one: what is left when its shape is taken away.
#[derive(Clone, Debug, PartialEq)]
enum Spread {
    Even,
    Poisson {
        seed: u64,
    },
    /// The share of gaps that are nothing, and quantiles of the others, as multiples of the mean
    /// of all.
    Gaps {
        seed: u64,
        together: f64,
        quantiles: Arc<[f64]>,
    },
}

impl Schedule {
    /// The schedule of a load. `seed` is used where arrivals are random.
    pub fn of(rate: &RateShape, arrivals: &Arrivals, seed: u64, length: Duration) -> Self {
        let spread = match (rate, arrivals) {
            (RateShape::Constant { per_second }, Arrivals::Even) => {
                return Self::even(*per_second, length);
            }
            (RateShape::Constant { per_second }, Arrivals::Poisson) => {
                return Self::poisson(*per_second, seed, length);
            }
            (_, Arrivals::Even) => Spread::Even,
            (_, Arrivals::Poisson) => Spread::Poisson { seed },
            (_, &Arrivals::Gaps { ref quantiles, together }) => {
                let quantiles = to_mean(quantiles, 1.0 / (1.0 - together));
                Spread::Gaps { seed, together, quantiles }
            }
        };
        let (curve, outage) = Curve::of(rate);
        Self {
            rhythm: Rhythm::Shaped { curve: Arc::new(curve), outage, spread },
            end: end_of(length),
        }
    }

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
            Rhythm::Poisson { .. } | Rhythm::Shaped { .. } | Rhythm::Own => (1, 0),
        };
        Dues {
            schedule: self.clone(),
            own,
            n: 0,
            at: 0,
            quotient: step / remainder,
            remainder: step % remainder,
            carried: 0,
            units: 0,
            cursor: Cursor::default(),
        }
    }

    /// How many events there will be, where the schedule alone knows: exactly so where arrivals
    /// are even, on average where they are random.
    pub fn expected_events(&self) -> Option<u64> {
        let end = self.end.as_nanos();
        let units = match &self.rhythm {
            Rhythm::Even { events_per_megasecond }
            | Rhythm::Poisson { events_per_megasecond, .. } => {
                u128::from(end) * u128::from(*events_per_megasecond)
            }
            Rhythm::Shaped { curve, outage, .. } => match outage {
                Some(outage) => outage.units_before(curve, end),
                None => curve.units_before(end),
            },
            Rhythm::Own => return None,
        };
        Some(u64::try_from(units.div_ceil(UNIT)).unwrap_or(u64::MAX))
    }
}

/// Poisson arrivals are kept to a thousandth of a nanosecond, or their rate would drift by the
/// rounding of each gap.
const PS_PER_NS: u64 = 1000;

fn end_of(length: Duration) -> Moment {
    Moment::from_nanos(nanos(length))
}

/// The same table with this mean, so that gaps drawn from it hold the rate. The mean of what is
/// drawn between two entries is half their sum.
fn to_mean(quantiles: &[f64], want: f64) -> Arc<[f64]> {
    let pairs = quantiles.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
    let mean = pairs.sum::<f64>() / (quantiles.len() - 1) as f64;
    quantiles.iter().map(|gap| gap / mean * want).collect()
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
    /// Where the rate has a shape: how far its integral has come, and where in the shape that is.
    units: u128,
    cursor: Cursor,
}

impl<F: Fn(u64) -> Option<Moment>> Iterator for Dues<F> {
    type Item = Arrival;

    #[inline]
    fn next(&mut self) -> Option<Arrival> {
        let arrival = match &self.schedule.rhythm {
            Rhythm::Even { events_per_megasecond } => {
                let due = self.at;
                self.at = due.saturating_add(self.quotient);
                self.carried += self.remainder;
                if self.carried >= *events_per_megasecond {
                    self.carried -= events_per_megasecond;
                    self.at = self.at.saturating_add(1);
                }
                Arrival::on_time(Moment::from_nanos(due))
            }
            Rhythm::Poisson { events_per_megasecond, seed } => {
                self.at = self.at.saturating_add(gap_ps(*seed, self.n, *events_per_megasecond));
                Arrival::on_time(Moment::from_nanos(self.at / PS_PER_NS))
            }
            Rhythm::Shaped { curve, outage, spread } => {
                self.units += spread.gap_units(self.n);
                let sent = curve.at(self.units, &mut self.cursor);
                let due = outage.map_or(sent, |outage| outage.due(self.units, sent));
                Arrival { due: Moment::from_nanos(due), sent: Moment::from_nanos(sent) }
            }
            Rhythm::Own => Arrival::on_time((self.own)(self.n)?),
        };
        self.n += 1;
        (arrival.due < self.schedule.end).then_some(arrival)
    }
}

impl Spread {
    /// By how much the integral of the rate grows from the event before `n` to it. The first of
    /// even arrivals is due at the start.
    fn gap_units(&self, n: u64) -> u128 {
        const MEAN: f64 = NS_PER_MEGASECOND as f64;
        let gap = match self {
            Self::Even => return if n == 0 { 0 } else { UNIT },
            Self::Poisson { seed } => -uniform(*seed, n).ln(),
            Self::Gaps { seed, together, quantiles } => {
                let share = (1.0 - uniform(*seed, n) - together) / (1.0 - together);
                if share < 0.0 { 0.0 } else { between(quantiles, share) }
            }
        };
        u128::from(whole(gap * MEAN))
    }
}

/// The entry of a table of quantiles at a share of the way through, straight between entries.
fn between(quantiles: &[f64], share: f64) -> f64 {
    let place = share * (quantiles.len() - 1) as f64;
    let index = usize::try_from(whole(place.floor())).unwrap_or(0).min(quantiles.len() - 2);
    let (low, high) = (quantiles[index], quantiles[index + 1]);
    low + (high - low) * (place - index as f64)
}

/// The gap before event `n`, by inversion of the exponential distribution.
fn gap_ps(seed: u64, n: u64, events_per_megasecond: u64) -> u64 {
    let mean_ps = 1e18 / events_per_megasecond as f64;
    whole(-uniform(seed, n).ln() * mean_ps)
}

/// A number in (0, 1]: 53 bits make a float in [0, 1); turned round it is never zero.
fn uniform(seed: u64, n: u64) -> f64 {
    1.0 - (mixed(seed, n) >> 11) as f64 / (1_u64 << 53) as f64
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

    fn dues(schedule: &Schedule) -> Vec<u64> {
        schedule.dues(none).map(|arrival| arrival.due.as_nanos()).collect()
    }

    #[test]
    fn three_per_second_do_not_drift() {
        let got = dues(&Schedule::even(3.0, Duration::from_secs(2)));
        assert_eq!(got, [0, 333_333_333, 666_666_666, 1_000_000_000, 1_333_333_333, 1_666_666_666]);
    }

    #[test]
    fn a_rate_may_be_below_one() {
        let got = dues(&Schedule::even(0.25, Duration::from_secs(9)));
        assert_eq!(got, [0, 4_000_000_000, 8_000_000_000]);
    }

    #[test]
    fn an_event_due_at_the_end_is_not_offered() {
        assert_eq!(dues(&Schedule::even(1.0, Duration::from_secs(2))).len(), 2);
    }

    #[test]
    fn own_rhythm_ends_with_the_trace_or_the_duration() {
        let trace = [0, 5, 5, 9, 20].map(Moment::from_nanos);
        let tell = |n: u64| trace.get(usize::try_from(n).unwrap()).copied();
        let length = |nanos| Schedule::own(Duration::from_nanos(nanos));
        assert_eq!(length(100).dues(tell).count(), 5);
        assert_eq!(
            length(10).dues(tell).map(|arrival| arrival.due).collect::<Vec<_>>(),
            trace[..4]
        );
    }

    #[test]
    fn poisson_arrivals_hold_their_rate_and_their_variance() {
        let got = dues(&Schedule::poisson(100_000.0, 42, Duration::from_secs(10)));
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
        let run = |seed| dues(&Schedule::poisson(1000.0, seed, Duration::from_secs(1)));
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        assert!(run(1).is_sorted());
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// When events are due under a shape, in milliseconds.
    #[track_caller]
    fn comes(rate: &RateShape, length: u64, want: &[u64]) {
        let schedule = Schedule::of(rate, &Arrivals::Even, 0, seconds(length));
        let got: Vec<u64> = dues(&schedule).into_iter().map(|ns| ns / 1_000_000).collect();
        assert_eq!(got, want, "{rate:?}");
        assert_eq!(schedule.expected_events(), Some(want.len() as u64), "{rate:?}");
    }

    #[test]
    fn each_shape_has_the_due_times_one_works_out_by_hand() {
        comes(&RateShape::Constant { per_second: 2.0 }, 2, &[0, 500, 1000, 1500]);
        let steps = RateShape::Steps { rates: vec![1.0, 4.0], every: seconds(2) };
        comes(&steps, 4, &[0, 1000, 2000, 2250, 2500, 2750, 3000, 3250, 3500, 3750]);
        // The last step stays.
        comes(
            &RateShape::Steps { rates: vec![2.0, 1.0], every: seconds(1) },
            4,
            &[0, 500, 1000, 2000, 3000],
        );
        // From 2/s to 4/s in 2 s: the integral is 2t + t²/2, the due time of n is √(4 + 2n) − 2.
        let ramp = RateShape::Ramp { from: 2.0, to: 4.0, over: seconds(2) };
        comes(&ramp, 3, &[0, 449, 828, 1162, 1464, 1741, 2000, 2250, 2500, 2750]);
        // Down to almost nothing: t − t²/4, for two seconds.
        let down = RateShape::Ramp { from: 2.0, to: 1e-6, over: seconds(2) };
        comes(&down, 10, &[0, 585, 1998]);
        let burst = RateShape::Burst { base: 1.0, peak: 4.0, every: seconds(3), lasts: seconds(1) };
        comes(&burst, 6, &[0, 1000, 2000, 2250, 2500, 2750, 3000, 4000, 5000, 5250, 5500, 5750]);
        // What would be due when it goes off is due when it goes on again.
        let on_off = RateShape::OnOff { rate: 2.0, on: seconds(1), off: seconds(2) };
        comes(&on_off, 7, &[0, 500, 3000, 3500, 6000, 6500]);
        let profile =
            RateShape::Profile { mean: 2.0, weights: vec![1.0, 0.0, 3.0, 0.0], period: seconds(4) };
        comes(&profile, 5, &[0, 500, 2000, 2166, 2333, 2500, 2666, 2833, 4000, 4500]);
    }

    #[test]
    fn a_sine_starts_at_its_mean_rises_and_comes_back() {
        let sine = RateShape::Sine { mean: 1000.0, amplitude: 1000.0, period: seconds(8) };
        let schedule = Schedule::of(&sine, &Arrivals::Even, 0, seconds(80));
        let all = dues(&schedule);
        assert_eq!(all.len(), 80_000, "the mean holds");
        // The integral is 1000 t + 1000 · 8/2π · (1 − cos(2πt/8)), to a ten-thousandth of it.
        for (n, due) in all.into_iter().enumerate() {
            let t = due as f64 / 1e9;
            let wave =
                8.0 / std::f64::consts::TAU * (1.0 - (std::f64::consts::TAU * t / 8.0).cos());
            let integral = 1000.0 * (t + wave);
            assert!((integral - n as f64).abs() < 0.3, "event {n} at {t}: {integral}");
        }
    }

    /// Due and sent, in milliseconds.
    fn through(outage: &RateShape, length: u64) -> Vec<(u64, u64)> {
        let schedule = Schedule::of(outage, &Arrivals::Even, 0, seconds(length));
        let both: Vec<_> = schedule.dues(none).collect();
        assert_eq!(schedule.expected_events(), Some(both.len() as u64));
        let ms = |moment: Moment| moment.as_nanos() / 1_000_000;
        both.into_iter().map(|arrival| (ms(arrival.due), ms(arrival.sent))).collect()
    }

    #[test]
    fn after_an_outage_what_it_held_up_floods_in_and_says_when_it_was_sent() {
        let outage =
            |catch_up| RateShape::Outage { rate: 2.0, at: seconds(1), lasts: seconds(2), catch_up };
        let at_once = through(&outage(None), 4);
        assert_eq!(
            at_once,
            [
                (0, 0),
                (500, 500),
                (3000, 1000),
                (3000, 1500),
                (3000, 2000),
                (3000, 2500),
                (3000, 3000),
                (3500, 3500)
            ]
        );
        // Four are held up; while they come in at 8/s, one more is sent, which waits its turn.
        let caught_up = through(&outage(Some(8.0)), 5);
        assert_eq!(
            caught_up,
            [
                (0, 0),
                (500, 500),
                (3000, 1000),
                (3125, 1500),
                (3250, 2000),
                (3375, 2500),
                (3500, 3000),
                (3625, 3500),
                (4000, 4000),
                (4500, 4500)
            ]
        );
        assert_eq!(through(&outage(None), 3).len(), 2, "cut off before it ends");
    }

    #[test]
    fn gaps_as_measured_hold_the_rate_and_keep_their_shape() {
        // Half of the gaps are nothing, the others are equal: pairs, on average.
        let gaps = Arrivals::Gaps { quantiles: vec![0.0, 0.0, 7.0, 7.0], together: 0.0 };
        let rate = RateShape::Constant { per_second: 1000.0 };
        let got = dues(&Schedule::of(&rate, &gaps, 42, seconds(100)));
        assert!((98_500..101_500).contains(&got.len()), "{}", got.len());
        let gaps: Vec<u64> = got.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let none = gaps.iter().filter(|gap| **gap == 0).count() as f64 / gaps.len() as f64;
        assert!((none - 1.0 / 3.0).abs() < 0.01, "{none}");
        assert!(gaps.iter().all(|gap| *gap <= 2_000_000), "the longest is twice the mean");
    }

    #[test]
    fn so_large_a_share_comes_together_and_the_rate_still_holds() {
        let gaps = Arrivals::Gaps { quantiles: vec![1.0, 3.0], together: 0.9 };
        let rate = RateShape::Constant { per_second: 1000.0 };
        let got = dues(&Schedule::of(&rate, &gaps, 42, seconds(100)));
        assert!((98_000..102_000).contains(&got.len()), "{}", got.len());
        let together = got.windows(2).filter(|pair| pair[0] == pair[1]).count();
        let share = together as f64 / got.len() as f64;
        assert!((share - 0.9).abs() < 0.005, "{share}");
    }

    #[test]
    fn poisson_arrivals_follow_a_changing_rate() {
        let rate = RateShape::OnOff { rate: 50_000.0, on: seconds(1), off: seconds(1) };
        let got = dues(&Schedule::of(&rate, &Arrivals::Poisson, 42, seconds(20)));
        assert!((497_000..503_000).contains(&got.len()), "{}", got.len());
        assert!(got.is_sorted());
        assert!(got.iter().all(|ns| ns / 1_000_000_000 % 2 == 0), "nothing comes while it is off");
        let on: Vec<u64> =
            got.iter().map(|ns| ns / 2_000_000_000 * 1_000_000_000 + ns % 1_000_000_000).collect();
        let gaps: Vec<f64> = on.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let short = gaps.iter().filter(|gap| **gap < mean * std::f64::consts::LN_2).count();
        let median = short as f64 / gaps.len() as f64;
        assert!(
            (0.49..0.51).contains(&median),
            "exponential, once the pauses are cut out: {median}"
        );
    }

    fn rate() -> impl Strategy<Value = f64> {
        prop_oneof![0.5_f64..50.0, 50.0..5_000.0, 5_000.0..50_000.0]
    }

    fn length() -> impl Strategy<Value = Duration> {
        (1_u64..3_000_000).prop_map(Duration::from_micros)
    }

    fn shape() -> impl Strategy<Value = RateShape> {
        prop_oneof![
            (proptest::collection::vec(rate(), 1..6), length())
                .prop_map(|(rates, every)| RateShape::Steps { rates, every }),
            (rate(), rate(), length()).prop_map(|(from, to, over)| RateShape::Ramp {
                from,
                to,
                over
            }),
            (rate(), 0.0..=1.0_f64, length()).prop_map(|(mean, share, period)| RateShape::Sine {
                mean,
                amplitude: mean * share,
                period,
            }),
            (rate(), rate(), length(), length()).prop_map(|(base, peak, calm, lasts)| {
                RateShape::Burst { base, peak, every: calm + lasts, lasts }
            }),
            (rate(), length(), length()).prop_map(|(rate, on, off)| RateShape::OnOff {
                rate,
                on,
                off
            }),
            (rate(), length(), length(), proptest::option::of(1.01..20.0_f64)).prop_map(
                |(rate, at, lasts, times)| {
                    RateShape::Outage { rate, at, lasts, catch_up: times.map(|times| rate * times) }
                }
            ),
            (rate(), proptest::collection::vec(0.0..9.0_f64, 1..40), length()).prop_map(
                |(mean, mut weights, period)| {
                    weights.push(1.0);
                    RateShape::Profile { mean, weights, period }
                }
            ),
        ]
    }

    proptest! {
        /// The due time of n is where the integral of the rate reaches n: so as many are due
        /// before any moment as the integral says, rounded up, since the first is due at once.
        #[test]
        fn as_many_are_due_before_any_moment_as_the_integral_says(
            shape in shape(), cuts in proptest::collection::vec(1_u64..4_000_000_000, 1..8),
        ) {
            let all = Schedule::of(&shape, &Arrivals::Even, 0, Duration::from_secs(4));
            let due = dues(&all);
            prop_assert!(due.is_sorted());
            for cut in cuts {
                let until = Schedule::of(&shape, &Arrivals::Even, 0, Duration::from_nanos(cut));
                let before = due.partition_point(|due| *due < cut) as u64;
                prop_assert_eq!(until.expected_events(), Some(before), "before {} ns", cut);
            }
        }

        /// Where a cursor stands makes no difference: the due time is a function of n alone.
        #[test]
        fn a_due_time_depends_on_its_number_alone(shape in shape(), skip in 1_usize..500) {
            let schedule = Schedule::of(&shape, &Arrivals::Even, 0, Duration::from_secs(4));
            let (curve, _) = Curve::of(&shape);
            let all: Vec<_> = schedule.dues(none).take(3000).collect();
            for (n, arrival) in all.iter().enumerate().step_by(skip) {
                let fresh = curve.at(n as u128 * UNIT, &mut Cursor::default());
                prop_assert_eq!(arrival.sent.as_nanos(), fresh);
            }
        }

        /// The carried remainder equals the one big division.
        #[test]
        fn even_dues_equal_the_exact_quotient(rate_micro in 1_000_000_u64..4_000_000_000_000) {
            let schedule = Schedule::even(rate_micro as f64 / 1e6, Duration::from_hours(1));
            let Rhythm::Even { events_per_megasecond } = schedule.rhythm else { unreachable!() };
            for (n, arrival) in schedule.dues(none).take(2000).enumerate() {
                let exact = n as u128 * u128::from(NS_PER_MEGASECOND) / u128::from(events_per_megasecond);
                prop_assert_eq!(u128::from(arrival.due.as_nanos()), exact);
            }
        }

        #[test]
        fn the_expected_number_of_even_events_is_their_number(rate in 0.5_f64..2000.0, ms in 1_u64..3000) {
            let schedule = Schedule::even(rate, Duration::from_millis(ms));
            prop_assert_eq!(schedule.expected_events(), Some(schedule.dues(none).count() as u64));
        }
    }
}
