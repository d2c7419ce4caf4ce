//! From a plan to stages: lineage is cut at every keyed operator.
//!
//! [`Flow`] interprets a plan. Narrow steps only extend a lineage; a keyed operator ends a
//! stage and begins a new dataset, the stage's answers. A job runs the stages in the order in
//! which the plan named them, which is an order in which each comes after those it reads: map
//! tasks, a barrier, reduce tasks, a barrier, and again while there is more to map; in the end the
//! tasks of the result.

use super::aggregation::Aggregation;
use super::config::MicroBatchConfig;
use super::dataset::{Dataset, Filter, FlatMap, Map};
use super::keyed::Keyed;
use super::lineage::{Resource, Shape};
use super::scale::Scale;
use super::stage::Stage;
use crate::aggregate::Aggregate;
use crate::counted::CountSpec;
use crate::dataflow::{Dataflow, Joined, Key, Numbered, Side, Windowed};
use crate::engine::{Algorithm, EngineError};
use crate::join::{JoinSpec, Within};
use crate::keyed::{Counted, IntervalJoin, Logic, Sessions, Silences, WindowJoin};
use crate::record::Data;
use crate::session::SessionSpec;
use crate::silence::SilenceSpec;
use crate::window::WindowSpec;
use std::sync::Arc;

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
        if input.is_refined {
            self.refusal.get_or_insert_with(EngineError::reads_refined_answers);
        }
        let is_refined = self.scale.is_none() && window.allowed_lateness() > 0;
        let number = self.stages.len();
        let stage =
            self.scale.map_or(Ok(window), |scale| scale.windows(window)).and_then(|window| {
                let placing = (self.partitions, self.scale);
                Aggregation::new(
                    number,
                    &input,
                    (key, value),
                    window,
                    aggregate,
                    self.algorithm,
                    placing,
                )
            });
        self.stage(input, stage, is_refined)
    }

    fn session<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Dataset<I, T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        session: SessionSpec,
        aggregate: A,
    ) -> Dataset<I, Windowed<K, A::Output>> {
        let logic = Sessions::<K, A>::new(session, aggregate);
        self.keyed(input, (key, value), &logic, (session.gap(), session.allowed_lateness() > 0))
    }

    fn counted<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Dataset<I, T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        count: CountSpec,
        aggregate: A,
    ) -> Dataset<I, Numbered<K, A::Output>> {
        if !input.is_ordered {
            self.refusal.get_or_insert_with(EngineError::counts_without_an_order);
        }
        // No answer of it waits for event time.
        let logic = Counted::<K, A>::new(count, aggregate);
        self.keyed(input, (key, value), &logic, (i64::MAX, false))
    }

    fn silences<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Dataset<I, T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        silence: SilenceSpec,
        aggregate: A,
    ) -> Dataset<I, Windowed<K, A::Output>> {
        let logic = Silences::<K, A>::new(silence, aggregate);
        self.keyed(input, (key, value), &logic, (silence.length(), false))
    }

    fn joined<L: Data, R: Data, K: Key>(
        &mut self,
        sides: Dataset<I, Side<L, R>>,
        key: impl Fn(&Side<L, R>) -> K + Send + Sync + 'static,
        join: JoinSpec,
    ) -> Dataset<I, Joined<K, L, R>> {
        let said = (key, Side::clone);
        match join.within() {
            Within::Window(size) => {
                let logic = WindowJoin::<K, L, R>::new(size, join.keeps_left());
                self.keyed(sides, said, &logic, (size, false))
            }
            Within::Interval { lower, upper } => {
                let logic = IntervalJoin::<K, L, R>::new(lower, upper, join.keeps_left());
                self.keyed(sides, said, &logic, ((upper - lower).max(1), false))
            }
        }
    }
}

impl<I: Data> Flow<I> {
    /// A keyed operator of this logic, whose answers lie so far apart in event time, in microseconds,
    /// and may come again, changed by late records.
    fn keyed<T: Data, L: Logic>(
        &mut self,
        input: Dataset<I, T>,
        said: (
            impl Fn(&T) -> L::Key + Send + Sync + 'static,
            impl Fn(&T) -> L::Input + Send + Sync + 'static,
        ),
        logic: &L,
        (stride_us, refines): (i64, bool),
    ) -> Dataset<I, L::Output> {
        if input.is_refined {
            self.refusal.get_or_insert_with(EngineError::reads_refined_answers);
        }
        let number = self.stages.len();
        let stage = match self.scale {
            None => Ok(Keyed::new(number, &input, said, logic, (self.partitions, stride_us))),
            Some(_) => Err(EngineError::Unsupported(format!(
                "{} need the time of the data, which records do not keep where windows are put \
                 together of batches: use windows over event time",
                L::NAME
            ))),
        };
        self.stage(input, stage, refines)
    }

    /// Adds a stage that reads `input`. Returns its answers.
    fn stage<T: Data, O: Data>(
        &mut self,
        input: Dataset<I, T>,
        stage: Result<impl Stage<I> + 'static, EngineError>,
        is_refined: bool,
    ) -> Dataset<I, O> {
        let number = self.stages.len();
        match stage {
            Ok(stage) => {
                self.stages.push(Arc::new(stage));
                self.reads.push(input.reads);
            }
            Err(error) => {
                self.refusal.get_or_insert(error);
            }
        }
        Dataset::answers(number, self.partitions, is_refined)
    }
}
