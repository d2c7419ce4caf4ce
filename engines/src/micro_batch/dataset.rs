//! A dataset: partitions, and how to compute each of them for any batch.
//!
//! `Stream<T>` of the micro-batch engine is a [`Dataset`]: a lineage, in the sense of Spark's RDD
//! (Zaharia et al., NSDI 2012). Narrow steps are fused: a task pulls chunks of about a thousand
//! records through all of them, with one dynamic call per step and chunk, and the loops over
//! records are monomorphic. What is already in memory, a source's blocks or a stage's answers,
//! goes by reference and is never copied. A union has as many partitions as the larger of its parents:
//! each is one of the left and one of the right, so that branches that meet again do not multiply
//! tasks. Nothing here knows about threads, retries or windows.

use super::lineage::{Batch, Resource, lock};
use crate::ports::Block;
use crate::record::{Data, Stamped};
use crate::selection::Selection;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// How many records go through a step at a time: enough to hide the call, few enough for the
/// first-level cache.
pub(super) const CHUNK: usize = 1024;

/// How to compute a dataset's partitions.
pub(super) trait Compute<I, T>: Send + Sync {
    /// How many there are for this batch.
    fn partitions(&self, batch: &Batch<I>) -> usize;

    /// How many records a partition is computed from; if none, it is empty.
    fn origins(&self, batch: &Batch<I>, partition: usize) -> usize;

    /// Hands over one partition's records, at most [`CHUNK`] at a time. Computing it again gives
    /// the same records in the same order.
    fn compute(&self, batch: &Batch<I>, partition: usize, out: &mut dyn FnMut(&[Stamped<T>]));
}

/// The micro-batch engine's stream: a lineage to compute for each batch.
pub struct Dataset<I: Data, T: Data> {
    pub(super) lineage: Arc<dyn Compute<I, T>>,
    /// What the lineage starts from.
    pub(super) reads: Vec<Resource>,
    /// Answers may come again in it, changed by late records.
    pub(super) is_refined: bool,
    /// Whether its records are in the order in which they came.
    pub(super) is_ordered: bool,
    /// The same, in that order.
    origins: Vec<Arc<dyn Origin<I>>>,
    memory: Memory,
}

/// What lineages start from.
trait Origin<I>: Send + Sync {
    /// How many partitions it has for this batch.
    fn partitions(&self, batch: &Batch<I>) -> usize;

    /// How many records a partition has.
    fn records(&self, batch: &Batch<I>, partition: usize) -> usize;
}

/// Whether a dataset's records are in memory after it has been computed once.
enum Memory {
    /// Every reader computes it.
    No,
    /// It is always there.
    Always,
    /// It is kept until so many readers have read it.
    Forked(Arc<AtomicUsize>),
}

impl<I: Data, T: Data> Dataset<I, T> {
    /// The input itself.
    pub(super) fn input() -> Self
    where
        Input: Compute<I, T>,
    {
        Self {
            lineage: Arc::new(Input),
            reads: vec![Resource::Input],
            is_refined: false,
            is_ordered: true,
            origins: vec![Arc::new(Input)],
            memory: Memory::Always,
        }
    }

    /// The answers of a stage.
    pub(super) fn answers(stage: usize, partitions: usize, is_refined: bool) -> Self {
        let answers = Arc::new(Answers { stage, partitions, of: PhantomData::<fn() -> T> });
        let origin = Arc::clone(&answers) as Arc<dyn Origin<I>>;
        Self {
            lineage: answers,
            reads: vec![Resource::Answers(stage)],
            is_refined,
            is_ordered: false,
            origins: vec![origin],
            memory: Memory::Always,
        }
    }

    /// A dataset computed from this one, record by record.
    pub(super) fn narrow<U: Data, C: Compute<I, U> + 'static>(
        self,
        step: impl FnOnce(Arc<dyn Compute<I, T>>) -> C,
    ) -> Dataset<I, U> {
        let Self { lineage, reads, is_refined, is_ordered, origins, .. } = self;
        let lineage = Arc::new(step(lineage));
        Dataset { lineage, reads, is_refined, is_ordered, origins, memory: Memory::No }
    }

    /// The records of both.
    pub(super) fn union(self, other: Self) -> Self {
        let (mut reads, mut origins) = (self.reads, self.origins);
        for (resource, origin) in other.reads.into_iter().zip(other.origins) {
            if !reads.contains(&resource) {
                reads.push(resource);
                origins.push(origin);
            }
        }
        let (left, right) = (self.lineage, other.lineage);
        let lineage = Arc::new(Union { left, right, origins: origins.clone() });
        let is_refined = self.is_refined || other.is_refined;
        Self { lineage, reads, is_refined, is_ordered: false, origins, memory: Memory::No }
    }

    /// Twice the same. What would be computed twice is persisted as fork `number` of the plan.
    pub(super) fn fork(self, number: usize) -> (Self, Self) {
        let (lineage, memory) = match self.memory {
            Memory::Always => (self.lineage, Memory::Always),
            Memory::Forked(readers) => {
                readers.fetch_add(1, Ordering::Relaxed);
                (self.lineage, Memory::Forked(readers))
            }
            Memory::No => {
                let readers = Arc::new(AtomicUsize::new(2));
                let persisted =
                    Persisted { parent: self.lineage, number, readers: Arc::clone(&readers) };
                (Arc::new(persisted) as Arc<dyn Compute<I, T>>, Memory::Forked(readers))
            }
        };
        let twin = match &memory {
            Memory::Forked(readers) => Memory::Forked(Arc::clone(readers)),
            _ => Memory::Always,
        };
        let Self { reads, is_refined, is_ordered, origins, .. } = self;
        let right = Self {
            lineage,
            reads: reads.clone(),
            is_refined,
            is_ordered,
            origins: origins.clone(),
            memory: twin,
        };
        let lineage = Arc::clone(&right.lineage);
        (Self { lineage, reads, is_refined, is_ordered, origins, memory }, right)
    }
}

/// The input: blocks, without the records that no engine accepts.
pub(super) struct Input;

impl<I: Data> Origin<I> for Input {
    fn partitions(&self, batch: &Batch<I>) -> usize {
        batch.roots().len()
    }

    fn records(&self, batch: &Batch<I>, partition: usize) -> usize {
        batch.roots()[partition].blocks.iter().map(Block::len).sum()
    }
}

impl<I: Data> Compute<I, I> for Input {
    fn partitions(&self, batch: &Batch<I>) -> usize {
        Origin::partitions(self, batch)
    }

    fn origins(&self, batch: &Batch<I>, partition: usize) -> usize {
        self.records(batch, partition)
    }

    fn compute(&self, batch: &Batch<I>, partition: usize, out: &mut dyn FnMut(&[Stamped<I>])) {
        let root = &batch.roots()[partition];
        let mut rejected = 0;
        for block in &root.blocks {
            for chunk in block.records().chunks(CHUNK) {
                rejected += pass_acceptable(chunk, out);
            }
        }
        root.rejected.store(rejected, Ordering::Relaxed);
    }
}

/// Hands over what may be accepted and counts what may not.
fn pass_acceptable<T>(chunk: &[Stamped<T>], out: &mut dyn FnMut(&[Stamped<T>])) -> u64 {
    // Without an early exit, the compiler checks several records at a time.
    let all = chunk.iter().fold(true, |all, record| all & record.event_time.is_acceptable());
    if all {
        out(chunk);
        return 0;
    }
    let mut rejected = 0;
    for run in chunk.chunk_by(|a, b| a.event_time.is_acceptable() == b.event_time.is_acceptable()) {
        if run[0].event_time.is_acceptable() {
            out(run);
        } else {
            rejected += run.len() as u64;
        }
    }
    rejected
}

/// The answers of a stage.
struct Answers<T> {
    stage: usize,
    partitions: usize,
    of: PhantomData<T>,
}

impl<I: Data, T: Data> Origin<I> for Answers<fn() -> T> {
    fn partitions(&self, _: &Batch<I>) -> usize {
        self.partitions
    }

    fn records(&self, batch: &Batch<I>, partition: usize) -> usize {
        let output = batch.output::<T>(self.stage, self.partitions);
        output.partitions[partition].get().map_or(0, Vec::len)
    }
}

impl<I: Data, T: Data> Compute<I, T> for Answers<fn() -> T> {
    fn partitions(&self, batch: &Batch<I>) -> usize {
        Origin::partitions(self, batch)
    }

    fn origins(&self, batch: &Batch<I>, partition: usize) -> usize {
        self.records(batch, partition)
    }

    fn compute(&self, batch: &Batch<I>, partition: usize, out: &mut dyn FnMut(&[Stamped<T>])) {
        let output = batch.output::<T>(self.stage, self.partitions);
        let answers = output.partitions[partition]
            .get()
            .expect("a stage has run before those that read it, and its answers are kept for them");
        answers.chunks(CHUNK).for_each(out);
    }
}

/// Each record, changed.
pub(super) struct Map<I, T, F> {
    pub(super) parent: Arc<dyn Compute<I, T>>,
    pub(super) f: F,
}

impl<I: Data, T: Data, U: Data, F: Fn(T) -> U + Send + Sync> Compute<I, U> for Map<I, T, F> {
    fn partitions(&self, batch: &Batch<I>) -> usize {
        self.parent.partitions(batch)
    }

    fn origins(&self, batch: &Batch<I>, partition: usize) -> usize {
        self.parent.origins(batch, partition)
    }

    fn compute(&self, batch: &Batch<I>, partition: usize, out: &mut dyn FnMut(&[Stamped<U>])) {
        let mut changed = Vec::with_capacity(CHUNK);
        self.parent.compute(batch, partition, &mut |chunk| {
            changed.clear();
            changed.extend(chunk.iter().map(|record| record.with((self.f)(record.value.clone()))));
            out(&changed);
        });
    }
}

/// The records that are kept.
pub(super) struct Filter<I, T, F> {
    pub(super) parent: Arc<dyn Compute<I, T>>,
    pub(super) keep: F,
}

impl<I: Data, T: Data, F: Fn(&T) -> bool + Send + Sync> Compute<I, T> for Filter<I, T, F> {
    fn partitions(&self, batch: &Batch<I>) -> usize {
        self.parent.partitions(batch)
    }

    fn origins(&self, batch: &Batch<I>, partition: usize) -> usize {
        self.parent.origins(batch, partition)
    }

    fn compute(&self, batch: &Batch<I>, partition: usize, out: &mut dyn FnMut(&[Stamped<T>])) {
        let (mut selection, mut kept) = (Selection::default(), Vec::with_capacity(CHUNK));
        self.parent.compute(batch, partition, &mut |chunk| {
            kept.clear();
            selection.pick(chunk, |record| (self.keep)(&record.value), &mut kept);
            if !kept.is_empty() {
                out(&kept);
            }
        });
    }
}

/// Any number of records for each.
pub(super) struct FlatMap<I, T, F> {
    pub(super) parent: Arc<dyn Compute<I, T>>,
    pub(super) f: F,
}

impl<I: Data, T: Data, U: Data, F: Fn(T, &mut dyn FnMut(U)) + Send + Sync> Compute<I, U>
    for FlatMap<I, T, F>
{
    fn partitions(&self, batch: &Batch<I>) -> usize {
        self.parent.partitions(batch)
    }

    fn origins(&self, batch: &Batch<I>, partition: usize) -> usize {
        self.parent.origins(batch, partition)
    }

    fn compute(&self, batch: &Batch<I>, partition: usize, out: &mut dyn FnMut(&[Stamped<U>])) {
        let mut made: Vec<Stamped<U>> = Vec::with_capacity(CHUNK);
        self.parent.compute(batch, partition, &mut |chunk| {
            for record in chunk {
                (self.f)(record.value.clone(), &mut |value| {
                    // One record may become any number; a chunk stays a chunk.
                    if made.len() == CHUNK {
                        out(&made);
                        made.clear();
                    }
                    made.push(record.with(value));
                });
            }
        });
        if !made.is_empty() {
            out(&made);
        }
    }
}

/// Of both parents, the partitions of one number as one: the left one's records first. How many there
/// are is known without asking the parents, each of which might ask its own, and so on: where branches
/// meet again and again, there are far more ways through a plan than steps in it.
struct Union<I, T> {
    left: Arc<dyn Compute<I, T>>,
    right: Arc<dyn Compute<I, T>>,
    origins: Vec<Arc<dyn Origin<I>>>,
}

impl<I: Data, T: Data> Compute<I, T> for Union<I, T> {
    fn partitions(&self, batch: &Batch<I>) -> usize {
        self.origins.iter().map(|origin| origin.partitions(batch)).max().unwrap_or(0)
    }

    fn origins(&self, batch: &Batch<I>, partition: usize) -> usize {
        let there = self.origins.iter().filter(|origin| partition < origin.partitions(batch));
        there.map(|origin| origin.records(batch, partition)).sum()
    }

    fn compute(&self, batch: &Batch<I>, partition: usize, out: &mut dyn FnMut(&[Stamped<T>])) {
        for parent in [&self.left, &self.right] {
            if partition < parent.partitions(batch) {
                parent.compute(batch, partition, out);
            }
        }
    }
}

/// What several branches read: computed once per batch and kept until all of them have read it, or
/// nobody will. What is gone is computed again, and kept again.
struct Persisted<I, T> {
    parent: Arc<dyn Compute<I, T>>,
    number: usize,
    readers: Arc<AtomicUsize>,
}

enum Holding<T> {
    Nothing,
    Records { records: Arc<Vec<Stamped<T>>>, readers_left: usize },
}

impl<I: Data, T: Data> Compute<I, T> for Persisted<I, T> {
    fn partitions(&self, batch: &Batch<I>) -> usize {
        self.parent.partitions(batch)
    }

    fn origins(&self, batch: &Batch<I>, partition: usize) -> usize {
        self.parent.origins(batch, partition)
    }

    fn compute(&self, batch: &Batch<I>, partition: usize, out: &mut dyn FnMut(&[Stamped<T>])) {
        let held = batch.persisted(self.number, || {
            let partitions = self.parent.partitions(batch);
            (0..partitions).map(|_| Mutex::new(Holding::<T>::Nothing)).collect::<Vec<_>>()
        });
        let records = self.read(&held[partition], batch, partition);
        records.chunks(CHUNK).for_each(out);
        // Counted only now: a reader that has failed will come again.
        let mut holding = lock(&held[partition]);
        if let Holding::Records { readers_left, .. } = &mut *holding {
            *readers_left = readers_left.saturating_sub(1);
            if *readers_left == 0 {
                *holding = Holding::Nothing;
            }
        }
    }
}

impl<I: Data, T: Data> Persisted<I, T> {
    /// The partition's records. The lock is held while they are computed, so that a second reader
    /// waits for them instead of computing them as well. Lineages have no cycles, so nobody waits for
    /// themselves.
    fn read(
        &self,
        holding: &Mutex<Holding<T>>,
        batch: &Batch<I>,
        partition: usize,
    ) -> Arc<Vec<Stamped<T>>> {
        let mut holding = lock(holding);
        match &*holding {
            Holding::Records { records, .. } => Arc::clone(records),
            Holding::Nothing => {
                let mut records = Vec::new();
                self.parent.compute(batch, partition, &mut |chunk| {
                    records.extend_from_slice(chunk);
                });
                let records = Arc::new(records);
                *holding = Holding::Records {
                    records: Arc::clone(&records),
                    readers_left: self.readers.load(Ordering::Relaxed),
                };
                records
            }
        }
    }
}
