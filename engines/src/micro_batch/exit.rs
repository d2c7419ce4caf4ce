//! The door for answers, and the stage that hands them over.

use super::dataset::Compute;
use super::lineage::{Batch, lock};
use super::pool::{Job, Work};
use crate::clock::Clock;
use crate::engine::EngineError;
use crate::ports::Sink;
use crate::record::{Data, Stamped};
use std::sync::{Arc, Mutex};

/// One sink per worker, and memory that is used again.
pub(super) struct Exit<O> {
    sinks: Vec<Mutex<Box<dyn Sink<Item = O>>>>,
    spares: Mutex<Vec<Vec<Stamped<O>>>>,
}

/// How many answers share a reading of the clock.
const PIECE: usize = 64;

impl<O: Data> Exit<O> {
    pub(super) fn new(sinks: Vec<Box<dyn Sink<Item = O>>>) -> Self {
        Self { sinks: sinks.into_iter().map(Mutex::new).collect(), spares: Mutex::new(Vec::new()) }
    }

    fn accept(&self, partition: usize, answers: &[Stamped<O>], clock: &dyn Clock) {
        let mut sink = lock(&self.sinks[partition % self.sinks.len()]);
        for piece in answers.chunks(PIECE) {
            sink.accept(piece, clock.now());
        }
    }

    fn keep(&self, mut answers: Vec<Stamped<O>>) {
        let mut spares = lock(&self.spares);
        if spares.len() < self.sinks.len() {
            answers.clear();
            spares.push(answers);
        }
    }
}

/// The last stage of a batch: computes the result and hands it over.
pub(super) struct ResultJob<'env, I, O> {
    pub(super) batch: Arc<Batch<I>>,
    pub(super) number: usize,
    pub(super) result: Arc<dyn Compute<I, O>>,
    pub(super) exit: &'env Exit<O>,
    pub(super) clock: &'env dyn Clock,
    /// What each partition has come to, until it is committed.
    computed: Vec<Mutex<Vec<Stamped<O>>>>,
}

impl<'env, I: Data, O: Data> ResultJob<'env, I, O> {
    /// The job, and its tasks.
    pub(super) fn new(
        batch: Arc<Batch<I>>,
        number: usize,
        result: Arc<dyn Compute<I, O>>,
        exit: &'env Exit<O>,
        clock: &'env dyn Clock,
    ) -> (Self, Vec<usize>) {
        let partitions = 0..result.partitions(&batch);
        let computed = partitions.clone().map(|_| Mutex::default()).collect();
        let tasks = partitions.filter(|task| result.origins(&batch, *task) > 0).collect();
        (Self { batch, number, result, exit, clock, computed }, tasks)
    }
}

impl<I: Data, O: Data> Job for ResultJob<'_, I, O> {
    fn place(&self) -> (u64, usize) {
        (self.batch.index, 2 * self.number)
    }

    fn attempt(&self, task: usize) -> Result<Work, EngineError> {
        let mut answers = lock(&self.exit.spares).pop().unwrap_or_default();
        self.result.compute(&self.batch, task, &mut |chunk| answers.extend_from_slice(chunk));
        let work = Work { records: 0, answers: answers.len() as u64 };
        *lock(&self.computed[task]) = answers;
        Ok(work)
    }

    fn commit(&self, task: usize) {
        let answers = std::mem::take(&mut *lock(&self.computed[task]));
        self.exit.accept(task, &answers, self.clock);
        self.exit.keep(answers);
    }
}
