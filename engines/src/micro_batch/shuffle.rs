//! From map tasks to reduce partitions, by key: what all stages that end in a shuffle share, whatever
//! travels and whatever is done to it.

use super::dataset::Compute;
use super::lineage::{Batch, lock};
use crate::panes::partition_of;
use crate::record::{Data, Stamped};
use crate::time::Timestamp;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

/// What a stage reads, and what it takes out of each record of that.
pub(super) struct MapSide<I: Data, T: Data, F, G> {
    pub(super) parent: Arc<dyn Compute<I, T>>,
    pub(super) key: F,
    pub(super) input: G,
    /// Reduce partitions.
    pub(super) partitions: usize,
}

/// Records with their keys, dealt to one partition.
pub(super) type Dealt<K, V> = Vec<Stamped<(K, V)>>;

impl<I: Data, T: Data, F, G> MapSide<I, T, F, G> {
    /// The partitions of the parent that hold something: a map task for each.
    pub(super) fn tasks(&self, batch: &Batch<I>) -> Vec<usize> {
        let partitions = 0..self.parent.partitions(batch);
        partitions.filter(|task| self.parent.origins(batch, *task) > 0).collect()
    }

    /// Whether there is nothing to shuffle: as in Spark, where a dataset that is partitioned as
    /// wanted has a narrow dependency, the reduce task then reads what map tasks would have read.
    pub(super) const fn is_narrow(&self) -> bool {
        self.partitions == 1
    }

    /// Hands over each record of a chunk, or only those for the `wanted` partition, with the
    /// partition it belongs to and the time it counts for.
    #[inline]
    pub(super) fn deal<K, V>(
        &self,
        chunk: &[Stamped<T>],
        wanted: Option<usize>,
        time: impl Fn(&Stamped<T>) -> Timestamp,
        mut to: impl FnMut(usize, Stamped<(K, V)>),
    ) where
        K: Hash,
        F: Fn(&T) -> K,
        G: Fn(&T) -> V,
    {
        for record in chunk {
            let key = (self.key)(&record.value);
            let partition = partition_of(&key, self.partitions);
            if wanted.is_none_or(|wanted| wanted == partition) {
                let value = (key, (self.input)(&record.value));
                let event_time = time(record);
                to(partition, Stamped { event_time, due: record.due, value });
            }
        }
    }
}

/// The latest time of some records.
#[inline]
pub(super) fn latest_of<T>(records: &[Stamped<T>]) -> Timestamp {
    let times = records.iter().map(|record| record.event_time);
    times.fold(Timestamp::BEFORE_ALL, Timestamp::max)
}

/// What map tasks have left for one reduce partition.
pub(super) struct Inbox<D> {
    /// That of this round, with the numbers of the tasks.
    left: Vec<(usize, D)>,
    /// The tasks of earlier rounds of this batch; the state holds what they have left.
    pub(super) taken: Vec<usize>,
}

impl<D> Default for Inbox<D> {
    fn default() -> Self {
        Self { left: Vec::new(), taken: Vec::new() }
    }
}

impl<D> Inbox<D> {
    /// Map task `task` leaves something.
    pub(super) fn leave(&mut self, task: usize, delta: D) {
        self.left.push((task, delta));
    }

    /// What is there, in the order of the tasks.
    pub(super) fn in_order(&mut self) -> impl Iterator<Item = &D> {
        self.left.sort_unstable_by_key(|(task, _)| *task);
        self.left.iter().map(|(_, delta)| delta)
    }

    /// It is in the state: of a batch that goes on, or of one whose last round that was. Hands over
    /// what it was, for its memory.
    pub(super) fn settle(&mut self, is_last: bool) -> impl Iterator<Item = D> + use<D> {
        if is_last {
            self.taken.clear();
        } else {
            self.taken.extend(self.left.iter().map(|(task, _)| *task));
        }
        std::mem::take(&mut self.left).into_iter().map(|(_, delta)| delta)
    }
}

/// Memory that is used again.
pub(super) struct Spares<T>(Mutex<Vec<T>>);

impl<T> Default for Spares<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T> Spares<T> {
    /// Takes one, if there is one.
    pub(super) fn take(&self) -> Option<T> {
        lock(&self.0).pop()
    }

    /// Keeps one, unless there are so many.
    pub(super) fn keep(&self, spare: T, most: usize) {
        let mut spares = lock(&self.0);
        if spares.len() < most {
            spares.push(spare);
        }
    }
}

/// How many tables and vectors of a shuffle are kept for the next batch.
pub(super) const SPARES_MAX: usize = 64;
