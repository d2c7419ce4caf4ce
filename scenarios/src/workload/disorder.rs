//! How late is late: the delay between an event's time and its arrival.
//!
//! An event that nothing delays has the event time that the arrival clock shows when it is due.
//! A given share of the events was on its way for a while, and is that much older. Arrivals keep
//! their order; it is event times that step back. Delays are in event time, so what share of a
//! window comes late does not change when the same input is played faster.
//!
//! No delay exceeds [`DELAY_MAX_US`], whatever its distribution: the tail of a Pareto reaches
//! any number, and an event from before the stars would be rejected, not late.

use crate::spec::{DelaySpec, DisorderSpec};
use crate::workload::draws::{Purpose, Stream, quantile};
use engines::Timestamp;
use rand::Rng;
use rand::distr::{Distribution, Uniform};
use rand_distr::{Exp, Pareto};

/// The longest delay there is, about a hundred years, in microseconds.
pub const DELAY_MAX_US: i64 = 100 * 365 * 86_400 * 1_000_000;

/// Makes some events older than their arrival.
#[derive(Debug)]
pub(crate) struct Disorder {
    stream: Stream,
    /// An event is delayed if its first 53 random bits are below this: the share, times 2^53.
    threshold: u64,
    delays: Delays,
    cap_us: i64,
}

#[derive(Debug)]
enum Delays {
    Exponential(Exp<f64>),
    Pareto(Pareto<f64>),
    Uniform(Uniform<i64>),
    Constant(i64),
    Quantiles(Vec<i64>),
}

impl Disorder {
    /// For a spec that has been checked.
    pub(crate) fn new(seed: u64, spec: &DisorderSpec) -> Self {
        let delays = match &spec.delay {
            DelaySpec::Exponential { mean_us } => Delays::Exponential(
                Exp::new(1.0 / *mean_us as f64).expect("a checked spec has a positive mean"),
            ),
            DelaySpec::Pareto { scale_us, shape } => Delays::Pareto(
                Pareto::new(*scale_us as f64, *shape).expect("a checked spec has a positive shape"),
            ),
            DelaySpec::Uniform { low_us, high_us } => Delays::Uniform(
                Uniform::new_inclusive(*low_us, *high_us).expect("a checked spec has low ≤ high"),
            ),
            DelaySpec::Constant { us } => Delays::Constant(*us),
            DelaySpec::Quantiles(table) => Delays::Quantiles(table.clone()),
        };
        Self {
            stream: Stream::new(seed, Purpose::Delay),
            threshold: truncated(spec.fraction * (1u64 << 53) as f64).cast_unsigned(),
            delays,
            cap_us: spec.cap_us.unwrap_or(DELAY_MAX_US).min(DELAY_MAX_US),
        }
    }

    /// The event time of the n-th event, which arrives when the arrival clock shows `arrival`.
    #[inline]
    pub(crate) fn event_time(&self, n: u64, arrival: Timestamp) -> Timestamp {
        let mut random = self.stream.at(n);
        if random.next_u64() >> 11 >= self.threshold {
            return arrival;
        }
        let delay_us = match &self.delays {
            Delays::Exponential(delays) => truncated(delays.sample(&mut random)),
            Delays::Pareto(delays) => truncated(delays.sample(&mut random)),
            Delays::Uniform(delays) => delays.sample(&mut random),
            Delays::Constant(us) => *us,
            Delays::Quantiles(table) => quantile(table, random.next_u64()),
        };
        arrival.saturating_add(-delay_us.clamp(-DELAY_MAX_US, self.cap_us))
    }
}

/// Towards zero; stops at the ends of `i64`.
#[expect(clippy::cast_possible_truncation, reason = "`as` stops at the ends, which is meant")]
fn truncated(number: f64) -> i64 {
    number as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: u64 = 100_000;

    fn delays(fraction: f64, delay: DelaySpec, cap_us: Option<i64>) -> Vec<i64> {
        let disorder = Disorder::new(5, &DisorderSpec { fraction, delay, cap_us });
        let arrival = Timestamp::from_micros(1 << 60);
        (0..EVENTS)
            .map(|n| arrival.as_micros() - disorder.event_time(n, arrival).as_micros())
            .collect()
    }

    /// A share of all events, within five standard deviations.
    #[track_caller]
    fn share(count: usize, want: f64) {
        let slack = 5.0 * (EVENTS as f64 * want * (1.0 - want)).sqrt();
        let expected = EVENTS as f64 * want;
        assert!((count as f64 - expected).abs() <= slack, "{count}, not {expected} ± {slack}");
    }

    #[test]
    fn so_large_a_share_is_delayed_and_the_rest_is_not() {
        for fraction in [0.0, 0.01, 0.1, 0.5, 0.999, 1.0] {
            let delays = delays(fraction, DelaySpec::Constant { us: 7 }, None);
            assert!(delays.iter().all(|delay| *delay == 0 || *delay == 7));
            share(delays.iter().filter(|delay| **delay == 7).count(), fraction);
        }
    }

    #[test]
    fn exponential_delays_have_their_mean_and_their_tail() {
        let delays = delays(1.0, DelaySpec::Exponential { mean_us: 1_000_000 }, None);
        let mean = delays.iter().sum::<i64>() as f64 / EVENTS as f64;
        // The deviation of an exponential is its mean.
        assert!((mean - 1e6).abs() < 5.0 * 1e6 / (EVENTS as f64).sqrt(), "{mean}");
        share(delays.iter().filter(|delay| **delay > 3_000_000).count(), (-3.0f64).exp());
    }

    #[test]
    fn pareto_delays_start_at_the_scale_and_thin_out_by_the_shape() {
        let delays = delays(1.0, DelaySpec::Pareto { scale_us: 50_000, shape: 1.3 }, None);
        assert!(delays.iter().all(|delay| *delay >= 50_000));
        for factor in [2, 10, 100] {
            let beyond = delays.iter().filter(|delay| **delay > 50_000 * factor).count();
            share(beyond, (factor as f64).powf(-1.3));
        }
    }

    #[test]
    fn uniform_delays_reach_both_ends_and_no_further() {
        let delays = delays(1.0, DelaySpec::Uniform { low_us: 3, high_us: 6 }, None);
        for delay in 3..=6 {
            share(delays.iter().filter(|seen| **seen == delay).count(), 0.25);
        }
        assert!(delays.iter().all(|delay| (3..=6).contains(delay)));
    }

    #[test]
    fn measured_delays_have_their_quantiles_and_may_be_below_zero() {
        let delays = delays(1.0, DelaySpec::Quantiles(vec![-100, 0, 0, 1_000, 5_000]), None);
        assert!(delays.iter().all(|delay| (-100..=5_000).contains(delay)));
        share(delays.iter().filter(|delay| **delay < 0).count(), 0.25 * 99.5 / 100.0);
        share(delays.iter().filter(|delay| **delay > 500).count(), 0.25 + 0.25 * 0.4995);
        share(delays.iter().filter(|delay| **delay > 1_000).count(), 0.25);
    }

    #[test]
    fn longer_delays_become_the_cap() {
        let delays = delays(1.0, DelaySpec::Pareto { scale_us: 1_000, shape: 1.0 }, Some(10_000));
        assert_eq!(delays.iter().max(), Some(&10_000));
        share(delays.iter().filter(|delay| **delay == 10_000).count(), 0.1);
    }

    #[test]
    fn no_tail_leads_out_of_acceptable_time() {
        let delays = delays(1.0, DelaySpec::Pareto { scale_us: 1 << 50, shape: 0.01 }, None);
        assert_eq!(delays.iter().max(), Some(&DELAY_MAX_US));
        let disorder = Disorder::new(
            5,
            &DisorderSpec {
                fraction: 1.0,
                delay: DelaySpec::Constant { us: i64::MAX },
                cap_us: Some(i64::MAX),
            },
        );
        assert!(disorder.event_time(0, Timestamp::from_micros(0)).is_acceptable());
    }
}
