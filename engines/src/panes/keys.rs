//! From a key to a small dense index, and from a key to the worker that owns it.

use crate::dataflow::Key;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hash};

/// How many groups the keys fall into. Groups, not keys, are dealt to workers, as in Flink's
/// `KeyGroupRangeAssignment`, so it is also the highest parallelism.
pub(crate) const KEY_GROUPS: usize = 128;

/// The hasher of all keyed state. Its seed is fixed, so that runs repeat.
const HASHER: FixedState = FixedState::with_seed(0x51_u64);

/// Which of `partitions` owns `key`.
///
/// The group comes from the middle of the hash: hash tables use its two ends.
#[inline]
pub(crate) fn partition_of<K: Hash>(key: &K, partitions: usize) -> usize {
    let group = (HASHER.hash_one(key) >> 32) as usize % KEY_GROUPS;
    group * partitions / KEY_GROUPS
}

/// Of no key, so that it is compiled once.
fn sort_descending(indexes: &mut [u32]) {
    indexes.sort_unstable_by(|a, b| b.cmp(a));
}

/// Keys with an index each. Indexes are dense and are given again after [`KeyTable::retain`].
#[derive(Debug)]
pub(crate) struct KeyTable<K> {
    indexes: HashTable<(K, u32)>,
    keys: Vec<K>,
    free: Vec<u32>,
}

impl<K: Key> KeyTable<K> {
    pub(crate) const fn new() -> Self {
        Self { indexes: HashTable::new(), keys: Vec::new(), free: Vec::new() }
    }

    /// The index of `key`, which is given one if it has none.
    #[inline]
    pub(crate) fn index_of(&mut self, key: K) -> u32 {
        let hash = HASHER.hash_one(&key);
        match self.indexes.find(hash, |(known, _)| *known == key) {
            Some((_, index)) => *index,
            None => self.insert(hash, key),
        }
    }

    #[cold]
    #[inline(never)]
    fn insert(&mut self, hash: u64, key: K) -> u32 {
        let index = if let Some(index) = self.free.pop() {
            self.keys[index as usize] = key.clone();
            index
        } else {
            let index = u32::try_from(self.keys.len())
                .expect("fewer than four thousand million keys are alive in one worker");
            self.keys.push(key.clone());
            index
        };
        self.indexes.insert_unique(hash, (key, index), |(key, _)| HASHER.hash_one(key));
        index
    }

    /// The key with this index.
    #[inline]
    pub(crate) fn key(&self, index: u32) -> &K {
        &self.keys[index as usize]
    }

    /// One more than the highest index ever given.
    #[inline]
    pub(crate) const fn span(&self) -> usize {
        self.keys.len()
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.indexes.len()
    }

    /// Forgets the keys whose index is not marked; their indexes are given again.
    pub(crate) fn retain(&mut self, live: &[bool]) {
        let free = &mut self.free;
        self.indexes.retain(|(_, index)| {
            let keep = live[*index as usize];
            if !keep {
                free.push(*index);
            }
            keep
        });
        // The order of a hash table must not decide the order of later answers.
        sort_descending(free);
    }

    /// Forgets all keys and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.indexes.clear();
        self.keys.clear();
        self.free.clear();
    }
}
