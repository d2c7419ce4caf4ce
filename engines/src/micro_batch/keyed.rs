//! A keyed operator as a stage: its records are shuffled by key, and each reduce partition has the
//! operator's state for its keys.
//!
//! Map tasks are pure. A reduce task changes the state; if it panics, the state is thrown away and
//! computed again from a copy and from the batches that came since then. How far back a key's state
//! reaches does not matter for that: a session that never ends keeps no input. A copy is made when
//! every partition could have had as many records as this one has keys, so that copying costs a
//! constant per record, and no more is kept of the input than that and the batch at work.

use super::dataset::{Compute, Dataset};
use super::lineage::{Batch, History, Need, lock};
use super::pool::Work;
use super::shuffle::{Dealt, Inbox, MapSide, SPARES_MAX, Spares, latest_of};
use super::stage::Stage;
use crate::engine::{EngineError, WindowCounts};
use crate::keyed::{Logic, Operator, Roomy, Timed};
use crate::record::{Data, Stamped};
use crate::time::Timestamp;
use crate::window::WindowSpec;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A keyed operator over records `T`.
pub(super) struct Keyed<I: Data, T: Data, L: Logic, F, G> {
    number: usize,
    map_side: MapSide<I, T, F, G>,
    stride_us: i64,
    partitions: Vec<Mutex<Partition<L>>>,
    /// How many records reduce tasks have taken in.
    taken: AtomicUsize,
    spare_deals: Spares<Dealt<L::Key, L::Input>>,
    spare_answers: Spares<Vec<Stamped<L::Output>>>,
}

/// One reduce partition.
struct Partition<L: Logic> {
    /// `None` after a panic.
    state: Option<Timed<L>>,
    /// The state as it was after this job of all.
    copy: Timed<L>,
    copied: u64,
    /// How many records all partitions had taken in then.
    copied_at: usize,
    inbox: Inbox<Dealt<L::Key, L::Input>>,
}

/// A state is not copied for fewer records of a partition than this.
const COPIED_LEAST: usize = 4096;

/// How many keys have their turns in one job, where event time jumps far.
const TURNS_PER_JOB: usize = 1024;

impl<I, T, L, F, G> Keyed<I, T, L, F, G>
where
    I: Data,
    T: Data,
    L: Logic,
    F: Fn(&T) -> L::Key + Send + Sync + 'static,
    G: Fn(&T) -> L::Input + Send + Sync + 'static,
{
    /// Stage `number` of a plan, with so many reduce partitions.
    pub(super) fn new(
        number: usize,
        parent: &Dataset<I, T>,
        (key, input): (F, G),
        logic: &L,
        (partitions, stride_us): (usize, i64),
    ) -> Self {
        let parent: Arc<dyn Compute<I, T>> = Arc::clone(&parent.lineage);
        let partition = |_| {
            let (state, copy) = (Some(Timed::new(logic.clone())), Timed::new(logic.clone()));
            Mutex::new(Partition { state, copy, copied: 0, copied_at: 0, inbox: Inbox::default() })
        };
        Self {
            number,
            map_side: MapSide { parent, key, input, partitions },
            stride_us,
            partitions: (0..partitions).map(partition).collect(),
            taken: AtomicUsize::new(0),
            spare_deals: Spares::default(),
            spare_answers: Spares::default(),
        }
    }

    /// Reads what such tasks have for one partition into its state. Returns how many records that
    /// were, and the latest time among them.
    fn read(
        &self,
        batch: &Batch<I>,
        tasks: &[usize],
        partition: usize,
        state: &mut Timed<L>,
    ) -> (usize, Timestamp) {
        let (mut records, mut latest) = (0, Timestamp::BEFORE_ALL);
        let MapSide { parent, key, input, .. } = &self.map_side;
        let mut dealt = Vec::new();
        for task in tasks {
            parent.compute(batch, *task, &mut |chunk| {
                if self.map_side.is_narrow() {
                    records += chunk.len();
                    latest = latest.max(latest_of(chunk));
                    // What must be answered at once is, when the state advances after the batch.
                    state.add_each(chunk, Timestamp::BEFORE_ALL, key, input, |_| ());
                } else {
                    let time = |record: &Stamped<T>| record.event_time;
                    self.map_side.deal(chunk, Some(partition), time, |_, one| dealt.push(one));
                    records += dealt.len();
                    latest = latest.max(latest_of(&dealt));
                    add_dealt(state, &dealt);
                    dealt.clear();
                }
            });
        }
        (records, latest)
    }

    /// Computes the state of a partition again: from its copy and the batches since then, up to the
    /// watermark in force for `batch`, and from what has been taken in of that. What it answers was
    /// answered before.
    fn rebuild(
        &self,
        batch: &Batch<I>,
        partition: usize,
        held: &Partition<L>,
        history: &History<I>,
    ) -> Result<Timed<L>, EngineError> {
        let mut state = held.copy.clone();
        let mut unheard = Roomy(|_: Stamped<L::Output>| ());
        // Other partitions may have been copied earlier.
        for past in history.needed_by(self.number).iter().filter(|past| past.job > held.copied) {
            state.advance_while(past.before, &mut unheard)?;
            self.read(past, &self.map_side.tasks(past), partition, &mut state);
            past.end();
            state.advance_while(past.watermark, &mut unheard)?;
        }
        state.advance_while(batch.before, &mut unheard)?;
        self.read(batch, &held.inbox.taken, partition, &mut state);
        Ok(state)
    }

    fn keep(&self, mut dealt: Dealt<L::Key, L::Input>) {
        dealt.clear();
        self.spare_deals.keep(dealt, SPARES_MAX);
    }
}

fn add_dealt<L: Logic>(state: &mut Timed<L>, dealt: &Dealt<L::Key, L::Input>) {
    let key = |(key, _): &(L::Key, L::Input)| key.clone();
    let input = |(_, input): &(L::Key, L::Input)| input.clone();
    state.add_each(dealt, Timestamp::BEFORE_ALL, &key, &input, |_| ());
}

impl<I, T, L, F, G> Stage<I> for Keyed<I, T, L, F, G>
where
    I: Data,
    T: Data,
    L: Logic,
    F: Fn(&T) -> L::Key + Send + Sync + 'static,
    G: Fn(&T) -> L::Input + Send + Sync + 'static,
{
    fn map_tasks(&self, batch: &Batch<I>) -> Vec<usize> {
        if self.map_side.is_narrow() { Vec::new() } else { self.map_side.tasks(batch) }
    }

    fn reduce_tasks(&self) -> Vec<usize> {
        (0..self.partitions.len()).collect()
    }

    fn map(&self, batch: &Batch<I>, task: usize) -> Work {
        let (mut records, mut latest) = (0, Timestamp::BEFORE_ALL);
        let spare = |_| self.spare_deals.take().unwrap_or_default();
        let mut all: Vec<Dealt<_, _>> = self.partitions.iter().map(spare).collect();
        self.map_side.parent.compute(batch, task, &mut |chunk| {
            records += chunk.len() as u64;
            latest = latest.max(latest_of(chunk));
            let time = |record: &Stamped<T>| record.event_time;
            self.map_side.deal(chunk, None, time, |to, record| all[to].push(record));
        });
        batch.saw(self.number, latest);
        for (dealt, partition) in all.into_iter().zip(&self.partitions) {
            if dealt.is_empty() {
                self.keep(dealt);
            } else {
                lock(partition).inbox.leave(task, dealt);
            }
        }
        Work { records, answers: 0 }
    }

    fn reduce(
        &self,
        batch: &Batch<I>,
        number: usize,
        history: &History<I>,
        is_last: bool,
    ) -> Result<Work, EngineError> {
        let partition = &mut *lock(&self.partitions[number]);
        // Taken out, so that a panic from here on leaves nothing half changed behind.
        let mut state = if let Some(state) = partition.state.take() {
            state
        } else {
            self.rebuild(batch, number, partition, history)?
        };
        let mut work = Work::default();
        let mut records = 0;
        if self.map_side.is_narrow() {
            let latest;
            (records, latest) = self.read(batch, &self.map_side.tasks(batch), number, &mut state);
            work.records = records as u64;
            batch.saw(self.number, latest);
        }
        for dealt in partition.inbox.in_order() {
            add_dealt(&mut state, dealt);
            records += dealt.len();
        }
        if is_last {
            let mut answers = self.spare_answers.take().unwrap_or_default();
            state.advance_while(batch.watermark, &mut Roomy(|answer| answers.push(answer)))?;
            work.answers = answers.len() as u64;
            let output = batch.output(self.number, self.partitions.len());
            // Already there only if what follows has panicked; then they are in it.
            let _ = output.partitions[number].set(answers);
        }
        let taken = self.taken.fetch_add(records, Ordering::Relaxed) + records;
        let most = state.keys().max(COPIED_LEAST).saturating_mul(self.partitions.len());
        if is_last && taken - partition.copied_at >= most {
            partition.copy = state.clone();
            (partition.copied, partition.copied_at) = (batch.job, taken);
        }
        partition.state = Some(state);
        partition.inbox.settle(is_last).for_each(|dealt| self.keep(dealt));
        Ok(work)
    }

    fn release(&self, batch: &Batch<I>) {
        let output = batch.take_output::<L::Output>(self.number);
        for partition in output.into_iter().flat_map(|output| output.partitions) {
            if let Some(mut answers) = partition.into_inner() {
                answers.clear();
                self.spare_answers.keep(answers, self.partitions.len());
            }
        }
    }

    fn window(&self) -> Option<&WindowSpec> {
        None
    }

    fn stride_us(&self) -> i64 {
        self.stride_us
    }

    fn counts(&self) -> WindowCounts {
        let state = |partition: &Mutex<Partition<L>>| {
            let partition = lock(partition);
            partition.state.as_ref().unwrap_or(&partition.copy).counts()
        };
        let mut counts = self.partitions.iter().map(state);
        let first = counts.next().unwrap_or_default();
        counts.fold(first, WindowCounts::merged)
    }

    fn next_firing(&self) -> Option<Timestamp> {
        let states = self.partitions.iter().map(|partition| lock(partition));
        states.filter_map(|partition| partition.state.as_ref()?.turn_of(TURNS_PER_JOB)).min()
    }

    fn need(&self) -> Need {
        let copied = self.partitions.iter().map(|partition| lock(partition).copied).min();
        copied.map_or(Need::Nothing, Need::After)
    }
}
