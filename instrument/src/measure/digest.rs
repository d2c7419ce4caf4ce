//! What a stream of answers was, in two numbers per bucket.
//!
//! A digest tells apart any two multisets of answers, but for a chance of 2^-64 per bucket, and
//! is blind to their order, which no engine promises. It costs a hash per answer and never
//! grows with the number of answers, so that a run of any length is checked in full.

use engines::{Moment, Stamped};
use foldhash::quality::FixedState;
use hashbrown::HashMap;
use scenarios::Answer;
use std::hash::BuildHasher as _;

/// Where an answer is counted: when it is complete, in microseconds of event time or in powers of two of
/// them; for an answer that is final with its own event, the second of the run in which that was due.
pub type BucketKey = i64;

/// The answers of one bucket.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// How many.
    pub answers: u64,
    /// The sum of their hashes, modulo 2^64.
    pub hashes: u64,
    /// The sum of the due times they carry, modulo 2^64: an engine may not say that an answer
    /// had later events than it had.
    pub dues: u64,
}

impl Bucket {
    fn add(&mut self, other: Self) {
        self.answers += other.answers;
        self.hashes = self.hashes.wrapping_add(other.hashes);
        self.dues = self.dues.wrapping_add(other.dues);
    }
}

/// The answers of a run, or of a part of it.
#[derive(Clone, Debug)]
pub struct Digest {
    hasher: FixedState,
    /// How wide a bucket is, as a power of two.
    log2: u32,
    buckets: HashMap<BucketKey, Bucket, FixedState>,
    /// The bucket at hand: answers come grouped, so most of them need no look-up.
    key: BucketKey,
    bucket: Bucket,
}

/// Fixed, so that a digest can be compared with one of another day.
const HASH_SEED: u64 = 0x736c_7569_6365;

impl Default for Digest {
    fn default() -> Self {
        Self::of(0)
    }
}

impl Digest {
    /// No answer yet, in buckets that are so wide, as a power of two.
    pub fn of(log2: u32) -> Self {
        let hasher = FixedState::with_seed(HASH_SEED);
        let buckets = HashMap::with_hasher(hasher.clone());
        Self { hasher, log2, buckets, key: 0, bucket: Bucket::default() }
    }

    /// Counts one answer.
    #[inline]
    pub fn add<A: Answer>(&mut self, answer: &Stamped<A>) {
        let key = bucket_of(answer, self.log2);
        if key != self.key {
            self.settle();
            self.key = key;
        }
        self.bucket.answers += 1;
        self.bucket.dues = self.bucket.dues.wrapping_add(answer.due.as_nanos());
        self.bucket.hashes = self.bucket.hashes.wrapping_add(self.hasher.hash_one(&answer.value));
    }

    /// Adds what another digest counted, in buckets as wide as its own; where it has
    /// counted nothing, it takes over their width.
    ///
    /// # Panics
    /// If both have counted something, in buckets of unlike width.
    pub fn merge(&mut self, mut other: Self) {
        self.settle();
        other.settle();
        if self.buckets.is_empty() && !other.buckets.is_empty() {
            self.log2 = other.log2;
        }
        assert!(
            self.log2 == other.log2 || other.buckets.is_empty(),
            "answers of one run are counted in the same buckets"
        );
        for (key, bucket) in other.buckets {
            self.buckets.entry(key).or_default().add(bucket);
        }
    }

    /// All buckets that hold an answer.
    pub fn into_buckets(mut self) -> HashMap<BucketKey, Bucket, FixedState> {
        self.settle();
        self.buckets
    }

    /// One number for all of it, to be shown: equal digests have equal checksums.
    pub fn checksum(&self) -> u64 {
        let mut settled = self.clone();
        settled.settle();
        settled.buckets.iter().fold(0, |sum: u64, (key, bucket)| {
            sum.wrapping_add(self.hasher.hash_one((key, bucket.answers, bucket.hashes)))
        })
    }

    fn settle(&mut self) {
        if self.bucket.answers > 0 {
            self.buckets.entry(self.key).or_default().add(std::mem::take(&mut self.bucket));
        }
    }
}

/// Where an answer is counted, in buckets that are so wide, as a power of two.
#[inline]
pub fn bucket_of<A: Answer>(answer: &Stamped<A>, log2: u32) -> BucketKey {
    match answer.value.complete_at() {
        Some(complete_at) => complete_at.as_micros() >> log2,
        None => second_of(answer.due),
    }
}

fn second_of(due: Moment) -> i64 {
    (due.as_nanos() / 1_000_000_000).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use engines::{Timestamp, Window};
    use proptest::prelude::*;
    use scenarios::WindowAnswer;

    /// An answer for the window of ten microseconds that ends then.
    fn answer(end_us: i64, sum: i64) -> Stamped<WindowAnswer> {
        let [start, end] = [end_us - 10, end_us].map(Timestamp::from_micros);
        let value =
            WindowAnswer { window: Window { start, end }, key: 1, count: 1, sum, extremes: None };
        Stamped { event_time: end, due: Moment::START, value }
    }

    fn buckets<'a>(
        log2: u32,
        answers: impl Iterator<Item = &'a (i64, i64)>,
    ) -> HashMap<BucketKey, Bucket, FixedState> {
        let mut digest = Digest::of(log2);
        answers.for_each(|(end_us, sum)| digest.add(&answer(*end_us, *sum)));
        digest.into_buckets()
    }

    proptest! {
        /// Wide buckets are fewer, hold the same, and tell an altered answer like narrow ones.
        #[test]
        fn however_wide_buckets_are_they_tell_answers_apart_in_whatever_order(
            answers in proptest::collection::vec((-5_000_i64..5_000, -9_i64..9), 1..200),
            log2 in 0_u32..12,
            altered in any::<prop::sample::Index>(),
        ) {
            let want = buckets(log2, answers.iter());
            prop_assert_eq!(&buckets(log2, answers.iter().rev()), &want);
            prop_assert!(want.len() as u64 <= (10_000 >> log2) + 2);
            let count: u64 = want.values().map(|bucket| bucket.answers).sum();
            prop_assert_eq!(count, answers.len() as u64);
            let mut other = answers.clone();
            other[altered.index(answers.len())].1 += 1;
            prop_assert_ne!(buckets(log2, other.iter()), want);
        }
    }

    #[test]
    fn what_several_workers_counted_is_what_one_would_have() {
        let all: Vec<(i64, i64)> = (0..100).map(|n| (n * 7, n)).collect();
        for log2 in [0, 5] {
            let mut merged = Digest::default();
            for part in all.chunks(30) {
                let mut digest = Digest::of(log2);
                for (end_us, sum) in part {
                    digest.add(&answer(*end_us, *sum));
                }
                merged.merge(digest);
            }
            merged.merge(Digest::default());
            assert_eq!(merged.into_buckets(), buckets(log2, all.iter()));
        }
    }
}
