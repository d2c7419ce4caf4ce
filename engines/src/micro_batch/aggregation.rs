//! A windowed aggregation: from map tasks, by key, to reduce partitions with their state.
//!
//! The map side combines where that pays: a map task then leaves one
//! [`PaneTable`](crate::panes::PaneTable) for each reduce partition, and what crosses the shuffle
//! is a partial aggregate per key and pane. Where a task has nearly as many keys as records, it
//! only deals the records. A reduce task takes in what all map tasks have left, in the order of the
//! tasks, and lets its [`WindowState`] advance to the batch's watermark. Map tasks are pure. A
//! reduce task changes its state; if it panics, the state is thrown away and computed again from
//! the batches that live panes still hold records of, without giving any answer twice. Where these are
//! much more than the state, it is copied, and the batches since then will do: what is kept of the
//! input is bounded by the state, however long the windows are.
//!
//! An aggregation that reads another one's answers recomputes from those answers, which are kept
//! for as long as it may need them: they are few, and the stage before need not run again.

use super::dataset::Dataset;
use super::lineage::{Batch, History, Need, lock};
use super::pool::Work;
use super::reduction::{Delta, Partition, Reduction, add_dealt, add_each, combine, moved};
use super::scale::Scale;
use super::shuffle::{MapSide, latest_of};
use super::stage::Stage;
use crate::aggregate::Aggregate;
use crate::dataflow::{Key, Windowed};
use crate::engine::{Algorithm, EngineError, WindowCounts};
use crate::record::{Data, Stamped};
use crate::state::WindowState;
use crate::time::Timestamp;
use crate::window::WindowSpec;
use foldhash::fast::FixedState;
use std::hash::BuildHasher;
use std::sync::Arc;

/// A windowed aggregation of records `T` by key `K`.
pub(super) struct Aggregation<I: Data, T: Data, K: Key, A: Aggregate, F, G> {
    number: usize,
    map_side: MapSide<I, T, F, G>,
    reduction: Reduction<K, A>,
}

/// Combining pays where each key has at least so many records in a task. Measured with 100,000
/// uniform keys: adding a record costs about 15 ns, dealing it 3, absorbing an accumulator 25.
const RECORDS_PER_KEY_LEAST: usize = 8;

/// For samples. Not the hasher of keyed state, whose seed is its own.
const SAMPLER: FixedState = FixedState::with_seed(0x5a);

impl<I, T, K, A, F, G> Aggregation<I, T, K, A, F, G>
where
    I: Data,
    T: Data,
    K: Key,
    A: Aggregate,
    F: Fn(&T) -> K + Send + Sync + 'static,
    G: Fn(&T) -> A::Input + Send + Sync + 'static,
{
    /// Stage `number` of a plan, with so many reduce partitions.
    pub(super) fn new(
        number: usize,
        parent: &Dataset<I, T>,
        (key, value): (F, G),
        spec: WindowSpec,
        aggregate: A,
        algorithm: Algorithm,
        (partitions, scale): (usize, Option<Scale>),
    ) -> Result<Self, EngineError> {
        let origin_us = scale.map_or(0, |scale| scale.origin_us);
        let reduction = Reduction::new(partitions, origin_us, spec, aggregate, algorithm)?;
        let parent = Arc::clone(&parent.lineage);
        let map_side = MapSide { parent, key, input: value, partitions };
        Ok(Self { number, map_side, reduction })
    }

    /// The map side of one task. Returns what is for each partition, how many records it read,
    /// and the latest time among them.
    fn dealt(&self, batch: &Batch<I>, task: usize) -> (Vec<Delta<K, A>>, u64, Timestamp) {
        let (mut records, mut latest) = (0, Timestamp::BEFORE_ALL);
        let expected = self.map_side.parent.origins(batch, task);
        let mut dealt = self.reduction.deals();
        let mut tables = None;
        self.map_side.parent.compute(batch, task, &mut |chunk| {
            if records == 0 {
                if self.combining_pays(chunk, expected) {
                    tables = Some(self.reduction.tables());
                } else {
                    // A little more than their share, for keys are not dealt evenly.
                    let share = expected / dealt.len();
                    for dealt in &mut dealt {
                        dealt.reserve(share + share / 8);
                    }
                }
            }
            records += chunk.len() as u64;
            self.deal(batch, chunk, None, |to, record| {
                latest = latest.max(record.event_time);
                dealt[to].push(record);
            });
            for (table, dealt) in tables.iter_mut().flatten().zip(&mut dealt) {
                combine(table, dealt);
                dealt.clear();
            }
        });
        let deltas = match tables {
            Some(tables) => {
                for dealt in dealt {
                    self.reduction.keep(Delta::Dealt(dealt));
                }
                tables.into_iter().map(Delta::Combined).collect()
            }
            None => dealt.into_iter().map(Delta::Dealt).collect(),
        };
        (deltas, records, latest)
    }

    /// Whether the map side should combine, judged by the first records of about so many.
    ///
    /// Combining costs as much as counting the record at once, and absorbing a partial aggregate
    /// costs more than that; so it pays where each stands for several records. How many keys
    /// there are is read off the pairs of equal keys in a sample (the birthday paradox).
    fn combining_pays(&self, chunk: &[Stamped<T>], expected: usize) -> bool {
        let sample = chunk.len().min(expected / 32);
        let mut hashes: Vec<u64> = chunk[..sample]
            .iter()
            .map(|record| SAMPLER.hash_one((self.map_side.key)(&record.value)))
            .collect();
        hashes.sort_unstable();
        let runs = hashes.chunk_by(|a, b| a == b).map(<[u64]>::len);
        let pairs: usize = runs.map(|equal| equal * (equal - 1) / 2).sum();
        let keys = (sample * sample / 2).checked_div(pairs).unwrap_or(usize::MAX);
        keys.saturating_mul(RECORDS_PER_KEY_LEAST) <= expected
    }

    /// Reads what such tasks have for one of several partitions into its state.
    fn read_part(
        &self,
        batch: &Batch<I>,
        tasks: &[usize],
        partition: usize,
        state: &mut WindowState<K, A>,
    ) {
        let mut dealt = Vec::new();
        for task in tasks {
            self.map_side.parent.compute(batch, *task, &mut |chunk| {
                self.deal(batch, chunk, Some(partition), |_, record| dealt.push(record));
                add_dealt(state, &dealt);
                dealt.clear();
            });
        }
    }

    /// Reads everything into the state of the only partition. Returns how many records, and the
    /// latest time among them.
    fn read(&self, batch: &Batch<I>, state: &mut WindowState<K, A>) -> (u64, Timestamp) {
        let (mut records, mut latest) = (0, Timestamp::BEFORE_ALL);
        let mut dealt = Vec::new();
        for task in self.map_side.tasks(batch) {
            self.map_side.parent.compute(batch, task, &mut |chunk| {
                records += chunk.len() as u64;
                if batch.time.is_none() && self.reduction.origin_us == 0 {
                    latest = latest.max(latest_of(chunk));
                    add_each(state, chunk, &self.map_side.key, &self.map_side.input);
                } else {
                    self.deal(batch, chunk, None, |_, record| dealt.push(record));
                    latest = latest.max(latest_of(&dealt));
                    add_dealt(state, &dealt);
                    dealt.clear();
                }
            });
        }
        (records, latest)
    }

    /// Hands over each record of a chunk, or only those for the `wanted` partition, with the
    /// partition it belongs to and the time it counts for.
    #[inline]
    fn deal(
        &self,
        batch: &Batch<I>,
        chunk: &[Stamped<T>],
        wanted: Option<usize>,
        to: impl FnMut(usize, Stamped<(K, A::Input)>),
    ) {
        let time = |record: &Stamped<T>| match batch.time {
            Some(time) => time,
            None => moved(record.event_time, -self.reduction.origin_us),
        };
        self.map_side.deal(chunk, wanted, time, to);
    }

    /// Computes the state of a partition again: from its copy, if it has one, and the batches since
    /// then that still matter, up to the watermark in force for `batch`, and from what has been taken
    /// in of that.
    fn rebuild(
        &self,
        batch: &Batch<I>,
        partition: usize,
        held: &Partition<K, A>,
        history: &History<I>,
    ) -> Result<WindowState<K, A>, EngineError> {
        let (mut state, mut unheard) = (self.reduction.muted_state(held)?, Vec::new());
        // Other partitions may have been copied earlier.
        for past in history.needed_by(self.number).iter().filter(|past| past.job > held.copied) {
            if self.map_side.is_narrow() {
                self.read(past, &mut state);
            } else {
                self.read_part(past, &self.map_side.tasks(past), partition, &mut state);
            }
            past.end();
            self.reduction.advance(&mut state, past.watermark, &mut unheard)?;
        }
        self.reduction.advance(&mut state, batch.before, &mut unheard)?;
        self.read_part(batch, &held.inbox.taken, partition, &mut state);
        state.mute(false);
        Ok(state)
    }
}

impl<I, T, K, A, F, G> Stage<I> for Aggregation<I, T, K, A, F, G>
where
    I: Data,
    T: Data,
    K: Key,
    A: Aggregate,
    F: Fn(&T) -> K + Send + Sync + 'static,
    G: Fn(&T) -> A::Input + Send + Sync + 'static,
{
    fn map_tasks(&self, batch: &Batch<I>) -> Vec<usize> {
        if self.map_side.is_narrow() { Vec::new() } else { self.map_side.tasks(batch) }
    }

    fn reduce_tasks(&self) -> Vec<usize> {
        (0..self.reduction.partitions.len()).collect()
    }

    fn map(&self, batch: &Batch<I>, task: usize) -> Work {
        let (deltas, records, latest) = self.dealt(batch, task);
        batch.saw(self.number, latest);
        self.reduction.count_taken(records);
        self.reduction.leave(task, deltas);
        Work { records, answers: 0 }
    }

    fn reduce(
        &self,
        batch: &Batch<I>,
        number: usize,
        history: &History<I>,
        is_last: bool,
    ) -> Result<Work, EngineError> {
        let partition = &mut *lock(&self.reduction.partitions[number]);
        // Taken out, so that a panic from here on leaves nothing half changed behind.
        let mut state = if let Some(state) = partition.state.take() {
            state
        } else {
            let state = self.rebuild(batch, number, partition, history)?;
            partition.resume(&state);
            state
        };
        let mut work = Work::default();
        if self.map_side.is_narrow() {
            let latest;
            (work.records, latest) = self.read(batch, &mut state);
            batch.saw(self.number, latest);
            self.reduction.count_taken(work.records);
        }
        partition.take_in(&mut state);
        if is_last {
            let answers = self.reduction.answers(&mut state, batch.watermark)?;
            work.answers = answers.len() as u64;
            let output = batch.output(self.number, self.reduction.partitions.len());
            // Already there only if dropping the deltas below has panicked; then they are in it.
            let _ = output.partitions[number].set(answers);
            let kept = || history.kept_for(self.number);
            self.reduction.copy_if_worth_it(partition, &state, batch.job, kept);
        }
        self.reduction.settle(partition, state, is_last);
        Ok(work)
    }

    fn release(&self, batch: &Batch<I>) {
        let output = batch.take_output::<Windowed<K, A::Output>>(self.number);
        for partition in output.into_iter().flat_map(|output| output.partitions) {
            partition
                .into_inner()
                .into_iter()
                .for_each(|answers| self.reduction.keep_answers(answers));
        }
    }

    fn window(&self) -> Option<&WindowSpec> {
        Some(&self.reduction.spec)
    }

    fn stride_us(&self) -> i64 {
        self.reduction.spec.slide()
    }

    fn counts(&self) -> WindowCounts {
        self.reduction.counts()
    }

    fn next_firing(&self) -> Option<Timestamp> {
        self.reduction.next_firing()
    }

    fn need(&self) -> Need {
        self.reduction.need()
    }
}
