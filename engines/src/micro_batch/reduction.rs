//! The reduce side of a windowed aggregation: partitions with their state, what map tasks leave
//! for them, and the memory that is used again.
//!
//! It knows neither the plan's input nor how records are read, so that it is compiled once for a
//! key and an aggregate, however many plans have them.

use super::lineage::{Need, lock};
use super::shuffle::{Dealt, Inbox, SPARES_MAX, Spares};
use crate::aggregate::Aggregate;
use crate::dataflow::{Key, Windowed};
use crate::engine::{Algorithm, EngineError, WindowCounts};
use crate::panes::PaneTable;
use crate::record::Stamped;
use crate::state::WindowState;
use crate::time::Timestamp;
use crate::window::{Window, WindowSpec};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The reduce partitions of one aggregation.
pub(super) struct Reduction<K: Key, A: Aggregate> {
    pub(super) spec: WindowSpec,
    /// The time at the run's start, for windows over batches; they are aligned to it.
    pub(super) origin_us: i64,
    aggregate: A,
    algorithm: Algorithm,
    pub(super) partitions: Vec<Mutex<Partition<K, A>>>,
    /// How many records were read for all partitions.
    taken: AtomicUsize,
    spare_tables: Spares<Box<PaneTable<K, A>>>,
    spare_deals: Spares<Dealt<K, A::Input>>,
    spare_answers: Spares<Vec<Answer<K, A>>>,
}

pub(super) type Answer<K, A> = Stamped<Windowed<K, <A as Aggregate>::Output>>;

/// One reduce partition.
pub(super) struct Partition<K: Key, A: Aggregate> {
    /// `None` after a panic.
    pub(super) state: Option<WindowState<K, A>>,
    /// The state as it was after this job of all, if so much of the input was kept that it was copied.
    copy: Option<WindowState<K, A>>,
    pub(super) copied: u64,
    /// How many records had been read when somebody last looked how much of the input is kept.
    looked_at: usize,
    /// What was counted when the last batch was done.
    settled: WindowCounts,
    /// What the state's own counts leave out because they began with a later state.
    before_state: WindowCounts,
    /// What the state counted while it was computed again; it had been counted before.
    rebuilding: WindowCounts,
    pub(super) inbox: Inbox<Delta<K, A>>,
}

/// So many records of the input are kept before anybody looks whether a copy of the state would free
/// them.
const INPUT_KEPT_LEAST: usize = 1 << 18;

/// A state is copied when so many times as many records of the input are kept for it as it takes to
/// copy, or [`INPUT_KEPT_LEAST`] if that is more: this, and [`INPUT_KEPT_LEAST`] more until the next
/// look, bounds what is kept of the input.
const INPUT_KEPT_PER_COPIED: usize = 8;

/// What a map task leaves for a reduce partition.
pub(super) enum Delta<K: Key, A: Aggregate> {
    Combined(Box<PaneTable<K, A>>),
    Dealt(Dealt<K, A::Input>),
}

impl<K: Key, A: Aggregate> Delta<K, A> {
    fn is_empty(&self) -> bool {
        match self {
            Self::Combined(table) => table.is_empty(),
            Self::Dealt(dealt) => dealt.is_empty(),
        }
    }
}

impl<K: Key, A: Aggregate> Reduction<K, A> {
    pub(super) fn new(
        partitions: usize,
        origin_us: i64,
        spec: WindowSpec,
        aggregate: A,
        algorithm: Algorithm,
    ) -> Result<Self, EngineError> {
        let partitions = (0..partitions)
            .map(|_| {
                let state = WindowState::new(aggregate.clone(), spec, algorithm)?;
                Ok(Mutex::new(Partition {
                    settled: state.counts(),
                    before_state: state.counts(),
                    rebuilding: state.counts(),
                    state: Some(state),
                    copy: None,
                    copied: 0,
                    looked_at: 0,
                    inbox: Inbox::default(),
                }))
            })
            .collect::<Result<_, EngineError>>()?;
        Ok(Self {
            spec,
            origin_us,
            aggregate,
            algorithm,
            partitions,
            taken: AtomicUsize::new(0),
            spare_tables: Spares::default(),
            spare_deals: Spares::default(),
            spare_answers: Spares::default(),
        })
    }

    /// A table for each partition, to combine in.
    pub(super) fn tables(&self) -> Vec<Box<PaneTable<K, A>>> {
        let new = || Box::new(PaneTable::new(self.aggregate.clone(), &self.spec, self.algorithm));
        let spare = |_| self.spare_tables.take().unwrap_or_else(new);
        self.partitions.iter().map(spare).collect()
    }

    /// A vector for each partition, to deal into.
    pub(super) fn deals(&self) -> Vec<Dealt<K, A::Input>> {
        let spare = |_| self.spare_deals.take().unwrap_or_default();
        self.partitions.iter().map(spare).collect()
    }

    /// Leaves for each partition what map task `task` has for it.
    pub(super) fn leave(&self, task: usize, deltas: Vec<Delta<K, A>>) {
        for (delta, partition) in deltas.into_iter().zip(&self.partitions) {
            if delta.is_empty() {
                self.keep(delta);
            } else {
                lock(partition).inbox.leave(task, delta);
            }
        }
    }

    /// Keeps the memory of a delta for the next batch.
    pub(super) fn keep(&self, delta: Delta<K, A>) {
        match delta {
            Delta::Combined(mut table) => {
                table.clear();
                self.spare_tables.keep(table, SPARES_MAX);
            }
            Delta::Dealt(mut dealt) => {
                dealt.clear();
                self.spare_deals.keep(dealt, SPARES_MAX);
            }
        }
    }

    /// Keeps the memory of answers that nobody will read again.
    pub(super) fn keep_answers(&self, mut answers: Vec<Answer<K, A>>) {
        answers.clear();
        self.spare_answers.keep(answers, self.partitions.len());
    }

    /// A state that is to be computed again, from a copy if there is one. Panes that are over may miss
    /// records of batches that are gone, and may hold some that were late. Their windows fire unheard;
    /// the panes that live are complete.
    pub(super) fn muted_state(
        &self,
        partition: &Partition<K, A>,
    ) -> Result<WindowState<K, A>, EngineError> {
        let mut state = match &partition.copy {
            Some(copy) => copy.clone(),
            None => WindowState::new(self.aggregate.clone(), self.spec, self.algorithm)?,
        };
        state.mute(true);
        Ok(state)
    }

    /// So many records have been read.
    pub(super) fn count_taken(&self, records: u64) {
        self.taken.fetch_add(usize::try_from(records).unwrap_or(usize::MAX), Ordering::Relaxed);
    }

    /// Copies the state of a partition after a job, if so much of the input is `kept` for it that this
    /// costs little beside reading that. Windows that are long would keep all of their input.
    pub(super) fn copy_if_worth_it(
        &self,
        partition: &mut Partition<K, A>,
        state: &WindowState<K, A>,
        job: u64,
        kept: impl FnOnce() -> usize,
    ) {
        let taken = self.taken.load(Ordering::Relaxed);
        if taken.wrapping_sub(partition.looked_at) < INPUT_KEPT_LEAST {
            return;
        }
        partition.looked_at = taken;
        let copied = state.size().saturating_mul(self.partitions.len());
        if kept() >= copied.saturating_mul(INPUT_KEPT_PER_COPIED).max(INPUT_KEPT_LEAST) {
            partition.copy = Some(state.clone());
            partition.copied = job;
        }
    }

    /// Which batches the states would have to be computed from.
    pub(super) fn need(&self) -> Need {
        let copied = self.partitions.iter().map(|partition| lock(partition).copied).min();
        let copied = copied.unwrap_or(0);
        self.oldest_live().map_or(Need::Nothing, |oldest| Need::Since(oldest, copied))
    }

    /// Lets a state come as far as `watermark`, and takes its answers.
    pub(super) fn advance(
        &self,
        state: &mut WindowState<K, A>,
        watermark: Timestamp,
        answers: &mut Vec<Answer<K, A>>,
    ) -> Result<(), EngineError> {
        let advanced = state.advance(watermark, &mut |answer| answers.push(self.released(answer)));
        advanced.map_err(|error| self.released_error(error))
    }

    /// The answers of a state up to `watermark`, in memory that has been used before.
    pub(super) fn answers(
        &self,
        state: &mut WindowState<K, A>,
        watermark: Timestamp,
    ) -> Result<Vec<Answer<K, A>>, EngineError> {
        let mut answers = self.spare_answers.take().unwrap_or_default();
        self.advance(state, watermark, &mut answers)?;
        Ok(answers)
    }

    /// Puts back the state of a partition whose deltas it has taken in, for this batch or, if it
    /// `is_last`, for the next one.
    pub(super) fn settle(
        &self,
        partition: &mut Partition<K, A>,
        state: WindowState<K, A>,
        is_last: bool,
    ) {
        partition.settled = settled(partition.before_state, state.counts(), partition.rebuilding);
        partition.state = Some(state);
        partition.inbox.settle(is_last).for_each(|delta| self.keep(delta));
    }

    pub(super) fn counts(&self) -> WindowCounts {
        let mut counts = self.partitions.iter().map(|partition| lock(partition).settled);
        let first = counts.next().unwrap_or_default();
        counts.fold(first, WindowCounts::merged)
    }

    pub(super) fn next_firing(&self) -> Option<Timestamp> {
        let states = self.partitions.iter().map(|partition| lock(partition));
        states.filter_map(|partition| partition.state.as_ref()?.next_firing()).min()
    }

    fn oldest_live(&self) -> Option<Timestamp> {
        let states = self.partitions.iter().map(|partition| lock(partition));
        states.filter_map(|partition| partition.state.as_ref()?.oldest_live_time()).min()
    }

    /// An answer in the time of the data, where state is kept in time since the run's start.
    fn released(&self, answer: Answer<K, A>) -> Answer<K, A> {
        let Windowed { window, key, value } = answer.value;
        Stamped {
            event_time: moved(answer.event_time, self.origin_us),
            due: answer.due,
            value: Windowed { window: self.released_window(window), key, value },
        }
    }

    fn released_error(&self, error: EngineError) -> EngineError {
        match error {
            EngineError::Aggregate { key, window, cause } => {
                EngineError::Aggregate { key, window: self.released_window(window), cause }
            }
            other => other,
        }
    }

    fn released_window(&self, window: Window) -> Window {
        Window {
            start: moved(window.start, self.origin_us),
            end: moved(window.end, self.origin_us),
        }
    }
}

impl<K: Key, A: Aggregate> Partition<K, A> {
    /// Counts on with a state that has been computed again.
    pub(super) fn resume(&mut self, state: &WindowState<K, A>) {
        self.before_state = self.settled;
        self.rebuilding = state.counts();
    }

    /// Takes what the map tasks have left into the state, in the order of the tasks.
    pub(super) fn take_in(&mut self, state: &mut WindowState<K, A>) {
        for delta in self.inbox.in_order() {
            match delta {
                Delta::Combined(table) => state.absorb(table),
                Delta::Dealt(dealt) => add_dealt(state, dealt),
            }
        }
    }
}

/// Combines what was dealt.
pub(super) fn combine<K: Key, A: Aggregate>(
    table: &mut PaneTable<K, A>,
    dealt: &Dealt<K, A::Input>,
) {
    table.add_each(dealt, Timestamp::BEFORE_ALL, &|(key, _)| key.clone(), &|(_, value)| {
        value.clone()
    });
}

/// Adds what was dealt.
pub(super) fn add_dealt<K: Key, A: Aggregate>(
    state: &mut WindowState<K, A>,
    dealt: &Dealt<K, A::Input>,
) {
    add_each(state, dealt, &|(key, _)| key.clone(), &|(_, value)| value.clone());
}

#[inline]
pub(super) fn add_each<T, K: Key, A: Aggregate>(
    state: &mut WindowState<K, A>,
    records: &[Stamped<T>],
    key: &impl Fn(&T) -> K,
    value: &impl Fn(&T) -> A::Input,
) {
    // What must be answered again is, when the state advances after the batch.
    state.add_each(records, Timestamp::BEFORE_ALL, key, value, |_| ());
}

#[inline]
pub(super) fn moved(time: Timestamp, micros: i64) -> Timestamp {
    time.saturating_add(micros)
}

/// What has been counted in all: before this state began, and by it since then.
fn settled(
    before_state: WindowCounts,
    state: WindowCounts,
    rebuilding: WindowCounts,
) -> WindowCounts {
    WindowCounts {
        accepted: before_state.accepted + state.accepted - rebuilding.accepted,
        partly_late: before_state.partly_late + state.partly_late - rebuilding.partly_late,
        late: before_state.late + state.late - rebuilding.late,
        missed_windows: before_state.missed_windows + state.missed_windows
            - rebuilding.missed_windows,
        combine_steps: before_state.combine_steps + state.combine_steps - rebuilding.combine_steps,
        kept_most: 0,
        longest_us: 0,
        algorithm: state.algorithm,
    }
}
