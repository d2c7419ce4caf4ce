//! From a plan to stages: lineage is cut at every shuffle.
//!
//! [`Flow`] interprets a plan. Narrow steps only extend a lineage; a windowed aggregation ends a
//! stage and begins a new dataset, the stage's answers. A job runs the stages in the order in
//! which the plan named them, which is an order in which each comes after those it reads: map
//! tasks, a barrier, reduce tasks, a barrier, and again while there is more to map; in the end the
//! tasks of the result.

use super::dataset::{Compute, Dataset, Filter, FlatMap, Map};
use super::lineage::{Batch, History, Resource, Shape, lock};
use super::pool::{Job, Work};
use super::shuffle::Shuffle;
use super::{MicroBatchConfig, Scale};
use crate::aggregate::Aggregate;
use crate::clock::Clock;
use crate::dataflow::{Dataflow, Key, Windowed};
use crate::engine::{Algorithm, EngineError, WindowCounts};
use crate::ports::Sink;
use crate::record::{Data, Stamped};
use crate::time::Timestamp;
use crate::window::WindowSpec;
use std::sync::{Arc, Mutex};

/// The micro-batch engine's interpreter: it builds lineages, and stages where they are cut.
pub struct Flow<I: Data> {
    partitions: usize,
    algorithm: Algorithm,
    scale: Option<Scale>,
    stages: Vec<Arc<dyn Stage<I>>>,
    reads: Vec<Vec<Resource>>,
    forks: usize,
    refusal: Option<EngineError>,
}

/// What a plan has come to.
pub(super) struct Plan<I> {
    /// In the order in which they were named.
    pub(super) stages: Vec<Arc<dyn Stage<I>>>,
    /// What each reads.
    pub(super) reads: Vec<Vec<Resource>>,
    pub(super) shape: Shape,
}

impl<I: Data> Flow<I> {
    pub(super) fn new(config: &MicroBatchConfig, scale: Option<Scale>) -> Self {
        Self {
            partitions: config.parallelism.max(1),
            algorithm: config.algorithm,
            scale,
            stages: Vec::new(),
            reads: Vec::new(),
            forks: 0,
            refusal: None,
        }
    }

    /// The stages, or why there can be none.
    pub(super) fn finish(self) -> Result<Plan<I>, EngineError> {
        let shape = Shape { stages: self.stages.len(), persisted: self.forks };
        match self.refusal {
            Some(refusal) => Err(refusal),
            None => Ok(Plan { stages: self.stages, reads: self.reads, shape }),
        }
    }
}

impl<I: Data> Dataflow for Flow<I> {
    type Stream<T: Data> = Dataset<I, T>;

    fn map<T: Data, U: Data>(
        &mut self,
        input: Dataset<I, T>,
        f: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Dataset<I, U> {
        input.narrow(|parent| Map { parent, f })
    }

    fn filter<T: Data>(
        &mut self,
        input: Dataset<I, T>,
        keep: impl Fn(&T) -> bool + Send + Sync + 'static,
    ) -> Dataset<I, T> {
        input.narrow(|parent| Filter { parent, keep })
    }

    fn flat_map<T: Data, U: Data>(
        &mut self,
        input: Dataset<I, T>,
        f: impl Fn(T, &mut dyn FnMut(U)) + Send + Sync + 'static,
    ) -> Dataset<I, U> {
        input.narrow(|parent| FlatMap { parent, f })
    }

    fn fork<T: Data>(&mut self, input: Dataset<I, T>) -> (Dataset<I, T>, Dataset<I, T>) {
        self.forks += 1;
        input.fork(self.forks - 1)
    }

    fn union<T: Data>(&mut self, left: Dataset<I, T>, right: Dataset<I, T>) -> Dataset<I, T> {
        left.union(right)
    }

    fn aggregate<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Dataset<I, T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        window: WindowSpec,
        aggregate: A,
    ) -> Dataset<I, Windowed<K, A::Output>> {
        let number = self.stages.len();
        let stage = self.scale.map_or(Ok(()), |scale| scale.check(&window)).and_then(|()| {
            let placing = (self.partitions, self.scale);
            Shuffle::new(number, &input, (key, value), window, aggregate, self.algorithm, placing)
        });
        match stage {
            Ok(stage) => {
                self.stages.push(Arc::new(stage));
                self.reads.push(input.reads);
            }
            Err(error) => {
                self.refusal.get_or_insert(error);
            }
        }
        Dataset::answers(number, self.partitions)
    }
}

/// A stage that ends in a shuffle, with the types of its records erased.
pub(super) trait Stage<I>: Send + Sync {
    /// The map tasks that have something to do.
    fn map_tasks(&self, batch: &Batch<I>) -> Vec<usize>;

    /// The reduce tasks: one for each partition.
    fn reduce_tasks(&self) -> Vec<usize>;

    /// Computes a partition of what the stage reads, and combines it.
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

    /// How it cuts time.
    fn window(&self) -> &WindowSpec;

    /// What happened to the records so far.
    fn counts(&self) -> WindowCounts;

    /// The watermark that completes the next window with something in it.
    fn next_firing(&self) -> Option<Timestamp>;

    /// The start of the oldest pane that holds something.
    fn oldest_live(&self) -> Option<Timestamp>;
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

/// How many answers share a reading of the clock.
const PIECE: usize = 64;

/// The door for answers: one sink per worker, and memory that is used again.
pub(super) struct Exit<O> {
    sinks: Vec<Mutex<Box<dyn Sink<Item = O>>>>,
    spares: Mutex<Vec<Vec<Stamped<O>>>>,
}

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
