//! A stage as the driver sees it, and the tasks it has for a batch.

use super::lineage::{Batch, History, Need};
use super::pool::{Job, Work};
use crate::engine::{EngineError, WindowCounts};
use crate::record::Data;
use crate::time::Timestamp;
use crate::window::WindowSpec;
use std::sync::Arc;

/// A stage that ends in a shuffle, with the types of its records erased.
pub(super) trait Stage<I>: Send + Sync {
    /// The map tasks that have something to do.
    fn map_tasks(&self, batch: &Batch<I>) -> Vec<usize>;

    /// The reduce tasks: one for each partition.
    fn reduce_tasks(&self) -> Vec<usize>;

    /// Computes a partition of what the stage reads, and deals it out by key.
    fn map(&self, batch: &Batch<I>, task: usize) -> Work;

    /// Takes in what the map tasks have left for a partition, and answers after the last round.
    fn reduce(
        &self,
        batch: &Batch<I>,
        partition: usize,
        history: &History<I>,
        is_last: bool,
    ) -> Result<Work, EngineError>;

    /// Nobody will read the answers of this batch again.
    fn release(&self, batch: &Batch<I>);

    /// How it cuts time, if that does not depend on the records.
    fn window(&self) -> Option<&WindowSpec>;

    /// How far event time goes from one time of answers to the next, in microseconds. Where it jumps
    /// over many, what is answered meanwhile is not to be held all at once.
    fn stride_us(&self) -> i64;

    /// What happened to the records so far.
    fn counts(&self) -> WindowCounts;

    /// The watermark that completes the next answers, as many as are to be given at once.
    fn next_firing(&self) -> Option<Timestamp>;

    /// Which batches its state would have to be computed from, were it lost.
    fn need(&self) -> Need;
}

/// The map side of a stage for one batch.
pub(super) struct MapJob<I> {
    pub(super) batch: Arc<Batch<I>>,
    pub(super) number: usize,
    pub(super) stage: Arc<dyn Stage<I>>,
}

impl<I: Data> Job for MapJob<I> {
    fn place(&self) -> (u64, usize) {
        (self.batch.index, 2 * self.number)
    }

    fn attempt(&self, task: usize) -> Result<Work, EngineError> {
        Ok(self.stage.map(&self.batch, task))
    }
}

/// The reduce side of a stage for one batch.
pub(super) struct ReduceJob<'env, I> {
    pub(super) batch: Arc<Batch<I>>,
    pub(super) number: usize,
    pub(super) stage: Arc<dyn Stage<I>>,
    pub(super) history: &'env History<I>,
    pub(super) is_last: bool,
}

impl<I: Data> Job for ReduceJob<'_, I> {
    fn place(&self) -> (u64, usize) {
        (self.batch.index, 2 * self.number + 1)
    }

    fn attempt(&self, task: usize) -> Result<Work, EngineError> {
        self.stage.reduce(&self.batch, task, self.history, self.is_last)
    }
}
