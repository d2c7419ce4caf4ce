//! How often each key occurs: uniform or Zipf.
//!
//! A key has a rank, 0 for the most frequent, and an id, which is what flows. The id is the rank
//! sent through a fixed one-to-one mixing of 64 bits: engines meet ids as they would meet
//! hashes or foreign keys, and no hash table, key group or branch predictor can profit from hot
//! keys being small and adjacent numbers. [`rank_of`] leads back, for people to read.
//!
//! Up to [`TABLE_KEYS`] keys, Zipf ranks come from an alias table (Walker 1977, Vose 1991): 8 ns
//! a draw. Above that the table would no longer fit a cache, and building it would be felt;
//! rejection-inversion (Hörmann and Derflinger 1996) needs no table and 45 ns.

use crate::spec::KeysSpec;
use rand::Rng;
use rand::distr::{Distribution, Uniform};
use rand_distr::Zipf;
use rand_distr::weighted::WeightedAliasIndex;

/// The most keys that get an alias table: 12 MiB of it.
pub const TABLE_KEYS: u64 = 1 << 20;

/// The id of the key with this rank.
#[inline]
pub const fn id_of(rank: u64) -> u64 {
    let mut word = rank.wrapping_add(OFFSET);
    word ^= word >> 32;
    word = word.wrapping_mul(FACTOR);
    word ^= word >> 32;
    word = word.wrapping_mul(FACTOR);
    word ^ (word >> 32)
}

/// The rank of the key with this id: undoes [`id_of`].
pub const fn rank_of(id: u64) -> u64 {
    let mut word = id ^ (id >> 32);
    word = word.wrapping_mul(inverse(FACTOR));
    word ^= word >> 32;
    word = word.wrapping_mul(inverse(FACTOR));
    word ^= word >> 32;
    word.wrapping_sub(OFFSET)
}

/// So that rank 0 does not become id 0.
const OFFSET: u64 = 0x5851_F42D_4C95_7F2D;
/// Any odd number has an inverse modulo 2^64; this one has its bits all over.
const FACTOR: u64 = 0xD6E8_FEB8_6659_FD93;

/// The inverse of an odd number modulo 2^64, by Newton's iteration: the number is its own
/// inverse modulo 8, and each step doubles the bits that are right.
const fn inverse(odd: u64) -> u64 {
    let mut guess = odd;
    let mut right_bits = 3;
    while right_bits < 64 {
        guess = guess.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(guess)));
        right_bits *= 2;
    }
    guess
}

/// Draws ranks.
#[derive(Debug)]
pub(crate) enum Ranks {
    One,
    Uniform(Uniform<u64>),
    Table(WeightedAliasIndex<f64>),
    /// With the last rank: a number of keys beyond 2^53 may round up.
    Zipf(Zipf<f64>, u64),
}

impl Ranks {
    /// For a spec that has been checked.
    pub(crate) fn new(keys: &KeysSpec) -> Self {
        match *keys {
            KeysSpec::Uniform { count: 1 } | KeysSpec::Zipf { count: 1, .. } => Self::One,
            KeysSpec::Weights { ref ranks, .. } if ranks.len() == 1 => Self::One,
            KeysSpec::Weights { ref ranks, ref weights } => {
                let weights = between(ranks, weights);
                Self::Table(WeightedAliasIndex::new(weights).expect("checked weights are positive"))
            }
            KeysSpec::Uniform { count } => {
                Self::Uniform(Uniform::new(0, count).expect("a checked spec has at least one key"))
            }
            // A flat Zipf is uniform, and must draw as such: same seed, same keys.
            KeysSpec::Zipf { count, exponent } if exponent <= 0.0 => {
                Self::new(&KeysSpec::Uniform { count })
            }
            KeysSpec::Zipf { count, exponent } if count <= TABLE_KEYS => {
                let weights = (1..=count).map(|rank| (rank as f64).powf(-exponent)).collect();
                Self::Table(WeightedAliasIndex::new(weights).expect("the first weight is one"))
            }
            KeysSpec::Zipf { count, exponent } => {
                let ranks = Zipf::new(count as f64, exponent);
                Self::Zipf(ranks.expect("a checked spec has a finite exponent"), count - 1)
            }
        }
    }

    #[inline]
    pub(crate) fn draw(&self, random: &mut impl Rng) -> u64 {
        match self {
            Self::One => 0,
            Self::Uniform(ranks) => ranks.sample(random),
            Self::Table(ranks) => ranks.sample(random) as u64,
            Self::Zipf(ranks, last) => (whole(ranks.sample(random)) - 1).min(*last),
        }
    }
}

/// The weights of all ranks from those of some: a power law from one to the next, since a line in
/// a plot of both logarithms is what popularity looks like between two measurements.
fn between(ranks: &[u64], weights: &[f64]) -> Vec<f64> {
    let mut all = vec![weights[0]];
    for (ends, heights) in ranks.windows(2).zip(weights.windows(2)) {
        let (first, last) = (ends[0] as f64, ends[1] as f64);
        let exponent = (heights[1] / heights[0]).ln() / (last / first).ln();
        let within = ends[0] + 1..ends[1];
        all.extend(within.map(|rank| heights[0] * (rank as f64 / first).powf(exponent)));
        all.push(heights[1]);
    }
    all
}

/// A rank from 1, which the distribution gives as a floating-point number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole numbers from 1 to the number of keys; `as` stops at the ends"
)]
fn whole(rank: f64) -> u64 {
    (rank as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::draws::{Purpose, Stream};
    use proptest::prelude::*;

    const EVENTS: u64 = 200_000;

    fn counts(keys: &KeysSpec, ranks: usize) -> Vec<u64> {
        let (source, stream) = (Ranks::new(keys), Stream::new(11, Purpose::Key));
        let mut counts = vec![0; ranks];
        for n in 0..EVENTS {
            let rank = source.draw(&mut stream.at(n));
            if let Some(count) = usize::try_from(rank).ok().and_then(|rank| counts.get_mut(rank)) {
                *count += 1;
            }
        }
        counts
    }

    /// The share of a rank, against theory, within five standard deviations.
    #[track_caller]
    fn share(count: u64, want: f64) {
        let slack = 5.0 * (EVENTS as f64 * want * (1.0 - want)).sqrt();
        let expected = EVENTS as f64 * want;
        assert!((count as f64 - expected).abs() <= slack, "{count}, not {expected} ± {slack}");
    }

    #[track_caller]
    fn follows_zipf(count: u64, exponent: f64) {
        let total: f64 = (1..=count).map(|rank| (rank as f64).powf(-exponent)).sum();
        let counts = counts(&KeysSpec::Zipf { count, exponent }, 10);
        for (rank, seen) in counts.iter().enumerate() {
            share(*seen, ((rank + 1) as f64).powf(-exponent) / total);
        }
    }

    #[test]
    fn the_head_of_a_zipf_distribution_has_the_share_that_the_law_gives_it() {
        follows_zipf(1_000, 1.0);
        follows_zipf(100_000, 1.1);
        follows_zipf(100_000, 0.5);
        follows_zipf(20, 3.0);
    }

    #[test]
    fn it_has_so_without_a_table_too() {
        follows_zipf(TABLE_KEYS + 1, 1.1);
        follows_zipf(TABLE_KEYS + 1, 1.0);
    }

    #[test]
    fn uniform_keys_occur_equally_often() {
        for seen in counts(&KeysSpec::Uniform { count: 50 }, 50) {
            share(seen, 1.0 / 50.0);
        }
    }

    #[test]
    fn a_flat_zipf_is_uniform() {
        let flat = counts(&KeysSpec::Zipf { count: 50, exponent: 0.0 }, 50);
        assert_eq!(flat, counts(&KeysSpec::Uniform { count: 50 }, 50));
    }

    #[test]
    fn weights_are_met_at_the_given_ranks_and_follow_a_power_law_between_them() {
        let weights = between(&[1, 3, 4, 16], &[8.0, 2.0, 2.0, 1.0]);
        assert_eq!(weights.len(), 16);
        assert!((weights[0] - 8.0).abs() < 1e-12);
        assert!((weights[2] - 2.0).abs() < 1e-12);
        assert!((weights[3] - 2.0).abs() < 1e-12);
        // Halfway from rank 4 to rank 16 by logarithm: the root of the two weights' product.
        assert!((weights[7] - 2.0_f64.sqrt()).abs() < 1e-12, "{}", weights[7]);
        assert!((weights[15] - 1.0).abs() < 1e-12);
        let keys = KeysSpec::Weights { ranks: vec![1, 2, 3], weights: vec![5.0, 3.0, 2.0] };
        for (seen, want) in counts(&keys, 3).into_iter().zip([0.5, 0.3, 0.2]) {
            share(seen, want);
        }
    }

    #[test]
    fn an_extreme_exponent_leaves_one_key() {
        for count in [1, 2, TABLE_KEYS, TABLE_KEYS + 1, u64::MAX] {
            let hot = counts(&KeysSpec::Zipf { count, exponent: 80.0 }, 1);
            assert_eq!(hot, [EVENTS], "{count} keys");
        }
    }

    #[test]
    fn hot_keys_are_not_small_numbers() {
        let ids: Vec<u64> = (0..4).map(id_of).collect();
        assert!(ids.iter().all(|id| *id > 1 << 48), "{ids:?}");
    }

    proptest! {
        #[test]
        fn an_id_leads_back_to_its_rank(rank: u64) {
            prop_assert_eq!(rank_of(id_of(rank)), rank);
            prop_assert_eq!(id_of(rank_of(rank)), rank);
        }

        #[test]
        fn a_rank_is_one_of_those_there_are(
            count in 1..=u64::MAX, exponent in 0.0..5.0, n: u64,
        ) {
            // Spares the test from filling a table per case.
            let count = if count <= TABLE_KEYS { count % 1_000 + 1 } else { count };
            for keys in [KeysSpec::Uniform { count }, KeysSpec::Zipf { count, exponent }] {
                let rank = Ranks::new(&keys).draw(&mut Stream::new(3, Purpose::Key).at(n));
                prop_assert!(rank < count);
            }
        }
    }
}
