//! From a key to a small dense index, and from a key to the worker that owns it.

use crate::dataflow::Key;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hash};

/// How many groups the keys fall into. Groups, not keys, are dealt to workers, as in Flink's
/// `KeyGroupRangeAssignment`, so it is also the highest parallelism.
pub(crate) const KEY_GROUPS: usize = 128;

/// The hasher of all keyed state. Its seed is fixed, so that runs repeat.
pub(crate) const HASHER: FixedState = FixedState::with_seed(0x51_u64);

/// Which of `partitions` owns `key`.
///
/// The group comes from the middle of the hash: hash tables use its two ends.
#[inline]
pub(crate) fn partition_of<K: Hash>(key: &K, partitions: usize) -> usize {
    let group = (HASHER.hash_one(key) >> 32) as usize % KEY_GROUPS;
    group * partitions / KEY_GROUPS
}

/// The new index of a key that is gone.
pub(crate) const GONE: u32 = u32::MAX;

/// Of a column by index, what belongs to keys that are not gone: it lies by their new indexes then.
pub(crate) fn column_anew<T>(column: Vec<T>, anew: &[u32]) -> Vec<T> {
    let living = column.into_iter().zip(anew).filter(|(_, index)| **index != GONE);
    living.map(|(one, _)| one).collect()
}

/// Of no key, so that it is compiled once.
fn sort_descending(indexes: &mut [u32]) {
    indexes.sort_unstable_by(|a, b| b.cmp(a));
}

/// Keys with an index each. Indexes are dense and are given again after [`KeyTable::retain`].
#[derive(Clone, Debug)]
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
        // Of a type without a size there is one key, and it has the first index.
        if size_of::<K>() == 0 && !self.indexes.is_empty() {
            return 0;
        }
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

    /// Forgets the keys whose index is not marked, and gives the others new indexes, without gaps
    /// and in the order of the old ones. Returns the new index of each old one, or [`GONE`].
    pub(crate) fn renumber(&mut self, live: &[bool]) -> Vec<u32> {
        let old = std::mem::take(&mut self.keys);
        let mut anew = vec![GONE; old.len()];
        for ((key, anew), _) in old.into_iter().zip(&mut anew).zip(live).filter(|(_, live)| **live)
        {
            *anew = u32::try_from(self.keys.len()).expect("there are no more keys than before");
            self.keys.push(key);
        }
        self.free = Vec::new();
        self.indexes = HashTable::with_capacity(self.keys.len());
        for (index, key) in (0..).zip(&self.keys) {
            let hash = HASHER.hash_one(key);
            self.indexes.insert_unique(hash, (key.clone(), index), |(key, _)| HASHER.hash_one(key));
        }
        anew
    }

    /// Forgets all keys and keeps the memory for about as many.
    pub(crate) fn clear(&mut self) {
        let keys = self.keys.len();
        self.indexes.clear();
        self.keys.clear();
        self.free.clear();
        if keys > 0 {
            self.indexes.shrink_to(2 * keys, |(key, _)| HASHER.hash_one(key));
            self.keys.shrink_to(2 * keys);
        }
    }
}
