//! How uneven the keys of a trace are.
//!
//! A trace shows no ranks: its keys are ranked by how often they came, and so by luck as well. The
//! most frequent of equal keys is the one that was lucky, which looks like a law where there is
//! none, and keys that never came are in no count. So it is tested first whether all keys are
//! alike; and a law is the one whose own samples, ranked in the same way, are as uneven as the
//! trace (indirect inference: Gouriéroux, Monfort, Renault 1993). Where no law is close, the counts
//! are taken as they are.

use super::fit::NEAR;
use crate::run::order::mixed;
use std::f64::consts::TAU;

/// How uneven keys are.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {
    /// All alike, as far as the events can tell.
    Uniform {
        /// How many, those that did not come included.
        count: usize,
    },
    /// The law that bears his name.
    Zipf {
        /// How many, those that did not come included.
        count: usize,
        /// The one whose samples are as uneven as the trace.
        exponent: f64,
    },
    /// Counts at some ranks.
    Weights(Vec<(usize, u64)>),
}

/// No more keys than this many times those that came are thought to be behind a law.
const UNSEEN_MOST: usize = 64;

/// Between them lies the exponent, found by bisection.
const EXPONENT_MOST: f64 = 10.0;
const STEPS: usize = 17;

/// How many samples of a law are looked at: few where each is of many keys.
const SAMPLES: usize = 20;
const KEYS_IN_SAMPLES: usize = 20_000;

/// What chance exceeds one time in a hundred, in standard deviations.
const SURE: f64 = 2.326;

impl Keys {
    /// From how many events each key has, the most frequent first.
    pub(super) fn of(counts: &[u64]) -> Self {
        let events = counts.iter().sum::<u64>() as f64;
        let seen = counts.len();
        let all = count_behind(seen, events, 0.0, seen.saturating_mul(seen).max(1));
        if are_alike(counts, all, events) {
            return Self::Uniform { count: all };
        }
        let law = Law::of(counts, events);
        if law.is_near(counts, events) {
            return Self::Zipf { count: law.count, exponent: law.exponent };
        }
        // Every rank at first, then ever fewer: what counts is their distance as a ratio.
        let mut ranks: Vec<usize> = Vec::new();
        let mut rank = 1;
        while rank < seen {
            ranks.push(rank);
            rank += (rank / 16).max(1);
        }
        ranks.push(seen);
        Self::Weights(ranks.into_iter().map(|rank| (rank, counts[rank - 1])).collect())
    }
}

/// Whether counts scatter no more about their mean than those of equal keys do (Pearson 1900), at a
/// level of one in a hundred by the approximation of Wilson and Hilferty (1931).
fn are_alike(counts: &[u64], all: usize, events: f64) -> bool {
    let each = events / all as f64;
    let of_seen = counts.iter().map(|count| (*count as f64 - each).powi(2) / each);
    let squares = of_seen.sum::<f64>() + (all - counts.len()) as f64 * each;
    let freedom = all as f64 - 1.0;
    let width = 2.0 / (9.0 * freedom);
    all == 1 || squares <= freedom * (1.0 - width + SURE * width.sqrt()).powi(3)
}

/// How many keys there are if so many of them came: those of which that many are expected.
fn count_behind(seen: usize, events: f64, exponent: f64, most: usize) -> usize {
    let expected = |count: usize| -> f64 {
        let weights = weights(count, exponent);
        let each = weights.iter().map(|(weight, keys)| keys * -(-events * weight).exp_m1());
        each.sum()
    };
    let is_enough = |count: usize| expected(count) >= seen as f64 - 0.5;
    let (mut low, mut high) = (seen, seen);
    while !is_enough(high) && high < most {
        low = high;
        high = high.saturating_mul(2).min(most);
    }
    while high - low > 1 + low / 1_000 {
        let middle = low + (high - low) / 2;
        if is_enough(middle) { high = middle } else { low = middle }
    }
    high
}

/// The shares of so many keys under the law, the most frequent first, each with how many keys have
/// about it: one at first, then a sixty-fourth of those before.
fn weights(count: usize, exponent: f64) -> Vec<(f64, f64)> {
    let mut weights = Vec::new();
    let mut rank = 1;
    while rank <= count {
        let keys = (rank / 64).clamp(1, count + 1 - rank);
        let middle = rank as f64 + (keys as f64 - 1.0) / 2.0;
        weights.push((middle.powf(-exponent), keys as f64));
        rank += keys;
    }
    let whole: f64 = weights.iter().map(|(weight, keys)| weight * keys).sum();
    for (weight, _) in &mut weights {
        *weight /= whole;
    }
    weights
}

/// A law, and what it makes.
struct Law {
    count: usize,
    exponent: f64,
}

impl Law {
    /// The law whose samples of as many events have, on average, the mean logarithm of the rank
    /// that was seen. It falls as the exponent grows.
    fn of(counts: &[u64], events: f64) -> Self {
        let seen = counts.len();
        let law = |exponent: f64| {
            let most = seen.saturating_mul(UNSEEN_MOST);
            Self { count: count_behind(seen, events, exponent, most), exponent }
        };
        let wanted = mean_ln_rank(counts);
        let (mut low, mut high) = (0.0, EXPONENT_MOST);
        for _ in 0..STEPS {
            let middle = f64::midpoint(low, high);
            let samples = law(middle).samples(seen, events);
            let found = samples.iter().map(|sample| mean_ln_rank(sample)).sum::<f64>()
                / samples.len() as f64;
            if found > wanted { low = middle } else { high = middle }
        }
        law(f64::midpoint(low, high))
    }

    /// What it makes of so many events, the most frequent key first. The same draws for every law.
    fn samples(&self, seen: usize, events: f64) -> Vec<Vec<u64>> {
        let weights = weights(self.count, self.exponent);
        let samples = (KEYS_IN_SAMPLES / seen).clamp(2, SAMPLES) as u64;
        (1..=samples).map(|sample| sampled(&weights, events, mixed(sample))).collect()
    }

    /// Whether the counts lie no further from what it makes on average than can be ignored, or than
    /// its own samples do.
    fn is_near(&self, counts: &[u64], events: f64) -> bool {
        let curves: Vec<Vec<f64>> = self
            .samples(counts.len(), events)
            .iter()
            .map(|sample| shares(sample, counts.len()))
            .collect();
        let average: Vec<f64> = (0..counts.len())
            .map(|rank| curves.iter().map(|curve| curve[rank]).sum::<f64>() / curves.len() as f64)
            .collect();
        let furthest = |curve: &[f64]| {
            curve.iter().zip(&average).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        let chance = curves.iter().map(|curve| furthest(curve)).fold(0.0, f64::max);
        furthest(&shares(counts, counts.len())) <= chance.max(NEAR)
    }
}

/// The mean logarithm of an event's rank, if keys are ranked by how often they came.
fn mean_ln_rank(counts: &[u64]) -> f64 {
    let ranked = (1_u32..).zip(counts);
    let (events, sum) = ranked.fold((0.0, 0.0), |(events, sum), (rank, count)| {
        (events + *count as f64, sum + *count as f64 * f64::from(rank).ln())
    });
    sum / events
}

/// The share of the events that the keys up to each rank have.
fn shares(counts: &[u64], ranks: usize) -> Vec<f64> {
    let all = counts.iter().sum::<u64>() as f64;
    let counts = counts.iter().copied().chain(std::iter::repeat(0));
    let summed = counts.scan(0, |sum, count| {
        *sum += count;
        Some(*sum as f64 / all)
    });
    summed.take(ranks).collect()
}

/// How many events each key has that came, the most frequent first.
fn sampled(weights: &[(f64, f64)], events: f64, seed: u64) -> Vec<u64> {
    let mut counts = Vec::new();
    let mut key = 0_u64;
    for (weight, keys) in weights {
        let expected = events * weight;
        if expected < RARE {
            // Hardly one of them comes twice.
            let came = poisson(expected * keys, mixed(seed ^ key));
            counts.extend(std::iter::repeat_n(1, usize::try_from(came).unwrap_or(0)));
            key += 1;
            continue;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        for _ in 0..*keys as u64 {
            counts.push(poisson(expected, mixed(seed ^ key)));
            key += 1;
        }
    }
    counts.retain(|count| *count > 0);
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts
}

/// Fewer expected events of a key than this are one at most.
const RARE: f64 = 0.02;

/// More expected events than this are nearly normal.
const MANY: f64 = 30.0;

/// A number of events around the expected one (Poisson), from a seed of its own.
fn poisson(expected: f64, seed: u64) -> u64 {
    let uniform = |bits: u64| ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    let (first, second) = (uniform(seed), uniform(mixed(seed)));
    if expected > MANY {
        let normal = (-2.0 * first.ln()).sqrt() * (TAU * second).cos();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from zero up"
        )]
        return (expected + expected.sqrt() * normal).round().max(0.0) as u64;
    }
    let mut count = 0;
    let mut chance = (-expected).exp();
    let mut until = chance;
    while first > until && chance > 0.0 {
        count += 1;
        chance *= expected / count as f64;
        until += chance;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts of so many events on so many keys under the law.
    fn made_up(count: usize, exponent: f64, events: f64, seed: u64) -> Vec<u64> {
        sampled(&weights(count, exponent), events, mixed(!seed))
    }

    #[test]
    fn keys_that_are_alike_are_told_so_and_counted_with_those_that_did_not_come() {
        for (count, events) in [(60, 20_000.0), (1_000, 20_000.0), (1_000, 1_000.0)] {
            let mut alike = 0;
            for seed in 0..100 {
                if let Keys::Uniform { count: told } = Keys::of(&made_up(count, 0.0, events, seed))
                {
                    let off = (told as f64 / count as f64 - 1.0).abs();
                    assert!(off < 0.12, "seed {seed}: {told} of {count}");
                    alike += 1;
                }
            }
            assert!(alike >= 95, "{events} events of {count} keys: {alike} of 100");
        }
        assert_eq!(Keys::of(&[500]), Keys::Uniform { count: 1 });
        // Where no key comes twice there are more than anyone will ever count.
        let Keys::Uniform { count } = Keys::of(&[1; 200]) else { panic!("all alike") };
        assert!(count >= 20_000, "{count}");
    }

    #[test]
    fn the_exponent_of_a_law_is_found_without_a_bias() {
        for (count, exponent, events) in
            [(60, 1.2, 20_000.0), (1_000, 0.3, 5_000.0), (1_000, 0.8, 5_000.0), (300, 1.0, 500.0)]
        {
            let found: Vec<f64> = (0..20)
                .filter_map(|seed| match Keys::of(&made_up(count, exponent, events, seed)) {
                    Keys::Zipf { exponent, .. } => Some(exponent),
                    Keys::Uniform { .. } | Keys::Weights(_) => None,
                })
                .collect();
            let mean = found.iter().sum::<f64>() / found.len() as f64;
            assert!(found.len() >= 19, "{exponent}: {found:?}");
            assert!((mean - exponent).abs() < 0.03, "{exponent}: {mean} on average");
        }
    }

    #[test]
    fn what_no_law_makes_is_taken_as_it_is() {
        let mut counts = vec![5_000; 10];
        counts.extend([100; 30]);
        let Keys::Weights(weights) = Keys::of(&counts) else { panic!("no law is close") };
        assert_eq!((weights[0], weights.last().copied()), ((1, 5_000), Some((40, 100))));
    }
}
