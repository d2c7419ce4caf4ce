//! Random numbers by address: the same `(seed, purpose, n)` gives the same numbers.
//!
//! `SplitMix64` (Steele, Lea, Flood, OOPSLA 2014), started anew for each event at a place that
//! depends on its number. It is a counter put through a mixing function, so reaching the n-th
//! stream costs the same as reaching the first, some nanoseconds. It is no source of secrets.
//! Distributions on top of it are those of `rand` and `rand_distr`; the lock file pins their
//! version, and a snapshot of the first events notices when one of them draws differently.

use rand::TryRng;
use rand::rand_core::utils::fill_bytes_via_next_word;
use std::convert::Infallible;

/// What is drawn. Each purpose has numbers of its own, so that changing how one is used leaves
/// the others as they were.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Purpose {
    Key = 1,
    Value = 2,
    Delay = 3,
    Payload = 4,
    Words = 5,
    Rotation = 6,
    Silence = 7,
}

/// The entry of a table of evenly spaced quantiles for a random number, straight between two.
#[inline]
pub(crate) fn quantile(table: &[i64], random: u64) -> i64 {
    let share = (random >> 11) as f64 / (1u64 << 53) as f64;
    let place = share * (table.len() - 1) as f64;
    let index = between_entries(place).min(table.len() - 2);
    let (low, high) = (table[index] as f64, table[index + 1] as f64);
    rounded(low + (high - low) * (place - index as f64)).clamp(table[index], table[index + 1])
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the length of a table, rounded down on purpose"
)]
fn between_entries(place: f64) -> usize {
    place as usize
}

#[expect(clippy::cast_possible_truncation, reason = "it lies between two integers")]
fn rounded(number: f64) -> i64 {
    number.round() as i64
}

/// The numbers of one seed for one purpose.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Stream {
    key: u64,
}

impl Stream {
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        Self { key: mixed(mixed(seed.wrapping_add(STEP)).wrapping_add(purpose as u64)) }
    }

    /// The numbers for the n-th event.
    #[inline]
    pub(crate) fn at(self, n: u64) -> Draws {
        Draws { state: mixed(self.key.wrapping_add(n.wrapping_mul(STEP))) }
    }
}

/// An endless sequence of random numbers, for one event.
#[derive(Debug)]
pub(crate) struct Draws {
    state: u64,
}

impl TryRng for Draws {
    type Error = Infallible;

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.state = self.state.wrapping_add(STEP);
        Ok(mixed(self.state))
    }

    /// The upper half, which is the better mixed one.
    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|word| u32::try_from(word >> 32).expect("32 bits"))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        fill_bytes_via_next_word(bytes, || self.try_next_u64())
    }
}

/// 2^64 over the golden ratio: multiples of it are spread evenly.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Every bit of the input changes about half the bits of the output (Stafford's variant 13).
#[inline]
const fn mixed(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn a_number_depends_on_seed_purpose_and_event_and_on_nothing_else() {
        let first = |seed, purpose, n| Stream::new(seed, purpose).at(n).next_u64();
        let here = first(1, Purpose::Key, 5);
        assert_eq!(here, first(1, Purpose::Key, 5));
        assert_ne!(here, first(2, Purpose::Key, 5));
        assert_ne!(here, first(1, Purpose::Value, 5));
        assert_ne!(here, first(1, Purpose::Key, 6));
    }

    #[test]
    fn every_bit_is_set_half_the_time_across_events_and_along_one() {
        let events = 1u64 << 16;
        let across = (0..events).map(|n| Stream::new(7, Purpose::Key).at(n).next_u64());
        let mut draws = Stream::new(7, Purpose::Delay).at(3);
        let along = (0..events).map(|_| draws.next_u64());
        for words in [across.collect::<Vec<_>>(), along.collect()] {
            for bit in 0..64 {
                let set = words.iter().filter(|word| *word >> bit & 1 == 1).count() as f64;
                // Five standard deviations of a fair coin.
                let slack = 5.0 * (events as f64).sqrt() / 2.0;
                assert!((set - events as f64 / 2.0).abs() < slack, "bit {bit}: {set}");
            }
        }
    }
}
