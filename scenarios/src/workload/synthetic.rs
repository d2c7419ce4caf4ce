//! Events with a key and a value, made up.
//!
//! An event is two integers, [`Keyed`]. With a payload it carries that many random bytes more,
//! inside itself, as engines that copy their records would; nobody reads them.

use crate::decimal;
use crate::spec::{SyntheticSpec, ValuesSpec};
use crate::workload::disorder::Disorder;
use crate::workload::draws::{Purpose, Stream, quantile};
use crate::workload::events::Workload;
use crate::workload::keyed::{Keyed, KeyedEvent};
use crate::workload::moods::{Rotation, Silence};
use crate::workload::rejected::RejectedRow;
use crate::workload::skew::{self, Ranks};
use engines::{ArrivalClock, Moment, Stamped};
use rand::Rng;
use rand::distr::{Distribution, Uniform};
use rand_distr::Normal;
use std::marker::PhantomData;

/// Events of `E`, made up.
#[derive(Debug)]
pub struct Synthetic<E> {
    clock: ArrivalClock,
    disorder: Option<Disorder>,
    keys: (Stream, Ranks),
    values: (Stream, Values),
    /// How the hot keys change; `None` where they stay.
    rotation: Option<Rotation>,
    silence: Option<Silence>,
    decimals: u8,
    payload: Stream,
    event: PhantomData<fn() -> E>,
}

impl<E: KeyedEvent> Synthetic<E> {
    /// The workload with this seed.
    ///
    /// # Panics
    /// If the spec would fail [`crate::spec::CaseSpec::check`].
    pub fn new(spec: &SyntheticSpec, seed: u64) -> Self {
        Self {
            clock: ArrivalClock {
                origin: spec.origin,
                micros_per_second: spec.event_us_per_second,
            },
            disorder: spec.disorder.as_ref().map(|disorder| Disorder::new(seed, disorder)),
            keys: (Stream::new(seed, Purpose::Key), Ranks::new(&spec.keys)),
            values: (Stream::new(seed, Purpose::Value), Values::new(&spec.values)),
            rotation: spec.rotate_every.map(|every| Rotation::new(seed, every, &spec.keys)),
            silence: spec.silence.map(|silence| Silence::new(seed, silence, &spec.keys)),
            decimals: spec.decimals,
            payload: Stream::new(seed, Purpose::Payload),
            event: PhantomData,
        }
    }
}

impl<E> Synthetic<E> {
    /// Whose event the n-th is, and when it was sent.
    #[inline]
    fn rank(&self, n: u64, due: Moment) -> (u64, Moment) {
        let mut random = self.keys.0.at(n);
        let mut draw = |sent: Moment| {
            let rank = self.keys.1.draw(&mut random);
            self.rotation.as_ref().map_or(rank, |rotation| rotation.rank(rank, sent))
        };
        match &self.silence {
            Some(silence) => silence.rank(due, draw),
            None => (draw(due), due),
        }
    }
}

impl<E: KeyedEvent> Workload for Synthetic<E> {
    type Event = E;

    #[inline]
    fn event(&self, n: u64, due: Moment) -> Stamped<E> {
        let (rank, sent) = self.rank(n, due);
        let sent_at = self.clock.at(sent);
        let event_time = match &self.disorder {
            Some(disorder) => disorder.event_time(n, sent_at),
            None => sent_at,
        };
        let keyed =
            Keyed { key: skew::id_of(rank), value: self.values.1.draw(&mut self.values.0.at(n)) };
        Stamped { event_time, due, value: E::with_payload(keyed, &mut self.payload.at(n)) }
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
        &[]
    }

    fn columns(&self) -> Vec<&'static str> {
        let mut columns = vec!["key", "value"];
        if size_of::<E>() > size_of::<Keyed>() {
            columns.push("payload");
        }
        columns
    }

    fn cells(&self, event: &Stamped<E>) -> Vec<String> {
        let keyed = event.value.keyed();
        let value = decimal::render(i128::from(keyed.value), self.decimals);
        let mut cells = vec![skew::rank_of(keyed.key).to_string(), value];
        cells.extend(event.value.payload_hex());
        cells
    }
}

#[derive(Debug)]
enum Values {
    Constant(i64),
    Uniform(Uniform<i64>),
    Normal(Normal<f64>),
    Quantiles(Vec<i64>),
}

impl Values {
    fn new(spec: &ValuesSpec) -> Self {
        match spec {
            ValuesSpec::Constant(value) => Self::Constant(*value),
            ValuesSpec::Quantiles(table) => Self::Quantiles(table.clone()),
            ValuesSpec::Uniform { low, high } => Self::Uniform(
                Uniform::new_inclusive(*low, *high).expect("a checked spec has low ≤ high"),
            ),
            ValuesSpec::Normal { mean, deviation } => Self::Normal(
                Normal::new(*mean, *deviation).expect("a checked spec has finite parameters"),
            ),
        }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "`as` stops at the ends, which is meant")]
    fn draw(&self, random: &mut impl Rng) -> i64 {
        match self {
            Self::Constant(value) => *value,
            Self::Uniform(values) => values.sample(random),
            Self::Normal(values) => values.sample(random).round() as i64,
            Self::Quantiles(table) => quantile(table, random.next_u64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: u64 = 100_000;

    fn drawn(spec: &ValuesSpec) -> Vec<i64> {
        let (values, stream) = (Values::new(spec), Stream::new(2, Purpose::Value));
        (0..EVENTS).map(|n| values.draw(&mut stream.at(n))).collect()
    }

    #[test]
    fn uniform_values_reach_both_ends_and_no_further() {
        let values = drawn(&ValuesSpec::Uniform { low: -100, high: 100 });
        assert_eq!(values.iter().min(), Some(&-100));
        assert_eq!(values.iter().max(), Some(&100));
        let everything = drawn(&ValuesSpec::Uniform { low: i64::MIN, high: i64::MAX });
        assert!(everything.iter().any(|value| *value < i64::MIN / 2));
    }

    #[test]
    fn normal_values_have_their_mean_and_deviation() {
        let values = drawn(&ValuesSpec::Normal { mean: -500.0, deviation: 40.0 });
        let mean = values.iter().sum::<i64>() as f64 / EVENTS as f64;
        assert!((mean + 500.0).abs() < 5.0 * 40.0 / (EVENTS as f64).sqrt(), "{mean}");
        let within = values.iter().filter(|value| (**value + 500).abs() <= 40).count() as f64;
        // 40.5 deviations of 40 either side, since values are rounded: 68.9 %.
        assert!((within / EVENTS as f64 - 0.6887).abs() < 0.0075, "{within}");
    }

    #[test]
    fn measured_values_have_their_quantiles() {
        let values = drawn(&ValuesSpec::Quantiles(vec![-50, 0, 0, 10_000]));
        assert!(values.iter().all(|value| (-50..=10_000).contains(value)));
        let share = |holds: &dyn Fn(i64) -> bool| {
            values.iter().filter(|value| holds(**value)).count() as f64 / EVENTS as f64
        };
        assert!((share(&|value| value < 0) - 49.5 / 150.0).abs() < 0.01);
        assert!((share(&|value| value > 0) - 1.0 / 3.0).abs() < 0.01);
        assert!((share(&|value| value > 5_000) - 1.0 / 6.0).abs() < 0.01);
    }

    #[test]
    fn a_normal_value_stops_at_the_ends() {
        let values = drawn(&ValuesSpec::Normal { mean: 1e30, deviation: 0.0 });
        assert!(values.iter().all(|value| *value == i64::MAX));
    }
}
