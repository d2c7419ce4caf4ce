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

/// Where an answer is counted: when it is complete, in microseconds of event time; for an answer
/// that is final with its own event, the second of the run in which that was due.
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
    buckets: HashMap<BucketKey, Bucket, FixedState>,
    /// The bucket at hand: answers come grouped, so most of them need no look-up.
    key: BucketKey,
    bucket: Bucket,
}

/// Fixed, so that a digest can be compared with one of another day.
const HASH_SEED: u64 = 0x736c_7569_6365;

impl Default for Digest {
    fn default() -> Self {
        let hasher = FixedState::with_seed(HASH_SEED);
        let buckets = HashMap::with_hasher(hasher.clone());
        Self { hasher, buckets, key: 0, bucket: Bucket::default() }
    }
}

impl Digest {
    /// Counts one answer.
    #[inline]
    pub fn add<A: Answer>(&mut self, answer: &Stamped<A>) {
        let key = bucket_of(answer);
        if key != self.key {
            self.settle();
            self.key = key;
        }
        self.bucket.answers += 1;
        self.bucket.dues = self.bucket.dues.wrapping_add(answer.due.as_nanos());
        self.bucket.hashes = self.bucket.hashes.wrapping_add(self.hasher.hash_one(&answer.value));
    }

    /// Adds what another digest counted.
    pub fn merge(&mut self, mut other: Self) {
        self.settle();
        other.settle();
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

/// Where an answer is counted.
#[inline]
pub fn bucket_of<A: Answer>(answer: &Stamped<A>) -> BucketKey {
    match answer.value.complete_at() {
        Some(complete_at) => complete_at.as_micros(),
        None => second_of(answer.due),
    }
}

fn second_of(due: Moment) -> i64 {
    (due.as_nanos() / 1_000_000_000).cast_signed()
}
