//! What a batch was made of, and how long that has to be kept.
//!
//! A [`Batch`] is everything its datasets can be computed from: the blocks that were collected,
//! the answers of the stages before, the watermarks. Blocks are shared with the source, so
//! keeping a batch copies nothing. [`History`] keeps a batch while some live pane holds records
//! of it, or while it came after the last copy of a state: from those batches, and from no others, a
//! lost state can be computed again.
//! Nothing here computes anything.

use crate::ports::Block;
use crate::record::{Data, Stamped};
use crate::time::Timestamp;
use std::any::Any;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Locks, whether or not a task has panicked while it held the lock. What such a task leaves
/// behind is always valid: it is either untouched or gone.
pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One partition of a batch's input.
pub(super) struct Root<I> {
    pub(super) blocks: Vec<Block<I>>,
    /// Records that no engine accepts. Stored, not added, so that computing twice counts once.
    pub(super) rejected: AtomicU64,
}

impl<I> Root<I> {
    pub(super) const fn new(blocks: Vec<Block<I>>) -> Self {
        Self { blocks, rejected: AtomicU64::new(0) }
    }
}

/// What is held of one dataset for one batch; its type is known to the dataset.
type Slot = Mutex<Option<Arc<dyn Any + Send + Sync>>>;

fn fill<S: Any + Send + Sync>(slot: &Slot, init: impl FnOnce() -> S) -> Arc<S> {
    let held = Arc::clone(lock(slot).get_or_insert_with(|| Arc::new(init())));
    held.downcast::<S>().unwrap_or_else(|_| unreachable!("a slot belongs to one dataset"))
}

/// The answers of a stage, by partition.
pub(super) struct Output<T> {
    pub(super) partitions: Vec<OnceLock<Vec<Stamped<T>>>>,
}

/// How many slots a plan needs.
#[derive(Copy, Clone)]
pub(super) struct Shape {
    pub(super) stages: usize,
    pub(super) persisted: usize,
}

/// One batch: what fell due in an interval, and what is computed from it.
pub(super) struct Batch<I> {
    pub(super) index: u64,
    /// How many jobs there were before, and this one: an interval may have several.
    pub(super) job: u64,
    /// The time of every record, for windows over batches: when the batch began, in microseconds
    /// since the run's start. `None` where records carry their own.
    pub(super) time: Option<Timestamp>,
    /// The watermark in force for its records.
    pub(super) before: Timestamp,
    /// The watermark after it.
    pub(super) watermark: Timestamp,
    roots: Mutex<Arc<Vec<Root<I>>>>,
    /// Per stage, the latest time of the records that its map side has seen.
    latest: Vec<AtomicI64>,
    outputs: Vec<Slot>,
    persisted: Vec<Slot>,
}

impl<I: Data> Batch<I> {
    pub(super) fn new(
        (index, job): (u64, u64),
        time: Option<Timestamp>,
        (before, watermark): (Timestamp, Timestamp),
        roots: Vec<Root<I>>,
        shape: Shape,
    ) -> Self {
        let slots = |count: usize| (0..count).map(|_| Mutex::new(None)).collect();
        Self {
            index,
            job,
            time,
            before,
            watermark,
            roots: Mutex::new(Arc::new(roots)),
            latest: (0..shape.stages).map(|_| AtomicI64::new(i64::MIN)).collect(),
            outputs: slots(shape.stages),
            persisted: slots(shape.persisted),
        }
    }

    /// The partitions of the input.
    pub(super) fn roots(&self) -> Arc<Vec<Root<I>>> {
        Arc::clone(&lock(&self.roots))
    }

    /// Lets go of the input.
    pub(super) fn forget_roots(&self) {
        *lock(&self.roots) = Arc::default();
    }

    /// How many of its records no engine accepts, as far as they have been looked at.
    pub(super) fn rejected(&self) -> u64 {
        self.roots().iter().map(|root| root.rejected.load(Ordering::Relaxed)).sum()
    }

    /// The map side of `stage` has seen a record of this time.
    pub(super) fn saw(&self, stage: usize, time: Timestamp) {
        self.latest[stage].fetch_max(time.as_micros(), Ordering::Relaxed);
    }

    fn contributes(&self, stage: usize, need: Need) -> bool {
        let latest = self.latest[stage].load(Ordering::Relaxed);
        match need {
            Need::Nothing => false,
            Need::Since(oldest, job) => oldest.as_micros() <= latest && job < self.job,
            Need::After(job) => job < self.job && latest > i64::MIN,
        }
    }

    /// The answers of `stage`, which has so many partitions.
    pub(super) fn output<T: Data>(&self, stage: usize, partitions: usize) -> Arc<Output<T>> {
        fill(&self.outputs[stage], || Output {
            partitions: (0..partitions).map(|_| OnceLock::new()).collect(),
        })
    }

    /// Lets go of the answers of `stage`, and hands them over if nobody else holds them.
    pub(super) fn take_output<T: Data>(&self, stage: usize) -> Option<Output<T>> {
        let held = lock(&self.outputs[stage]).take()?;
        Arc::into_inner(held.downcast::<Output<T>>().ok()?)
    }

    /// What a fork holds of its parent.
    pub(super) fn persisted<S: Any + Send + Sync>(
        &self,
        fork: usize,
        init: impl FnOnce() -> S,
    ) -> Arc<S> {
        fill(&self.persisted[fork], init)
    }

    /// Whoever computed something from the batch is done, its job, or a task that has made a state
    /// again: nothing is held for a second branch any more.
    pub(super) fn end(&self) {
        for slot in &self.persisted {
            lock(slot).take();
        }
    }
}

/// What a stage's map side reads: the input, or the answers of an earlier stage.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub(super) enum Resource {
    Input,
    Answers(usize),
}

/// Which batches a lost state of a stage would have to be computed from.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub(super) enum Need {
    /// None: it holds nothing.
    Nothing,
    /// Those that hold a record of this time, or of a later one, and whose job was a later one than
    /// this: from then there is a copy, or it is zero.
    Since(Timestamp, u64),
    /// Those of which it holds a record and whose job was a later one: from then there is a copy.
    After(u64),
}

/// The batches that a lost state would have to be computed from.
pub(super) struct History<I> {
    /// What each stage reads.
    reads: Vec<Vec<Resource>>,
    kept: Mutex<Kept<I>>,
}

struct Kept<I> {
    queues: Vec<Queue<I>>,
    /// Per stage.
    needs: Vec<Need>,
}

/// The batches of which one resource is still held.
struct Queue<I> {
    resource: Resource,
    readers: Vec<usize>,
    batches: VecDeque<Arc<Batch<I>>>,
    sweep_at: usize,
}

/// Below this many batches, nobody looks behind the front of a queue.
const SWEEP_MIN: usize = 64;

impl<I: Data> History<I> {
    pub(super) fn new(reads: Vec<Vec<Resource>>) -> Self {
        let resources =
            [Resource::Input].into_iter().chain((0..reads.len()).map(Resource::Answers));
        let queues = resources
            .map(|resource| Queue {
                resource,
                readers: (0..reads.len()).filter(|n| reads[*n].contains(&resource)).collect(),
                batches: VecDeque::new(),
                sweep_at: SWEEP_MIN,
            })
            .collect();
        let needs = vec![Need::Nothing; reads.len()];
        Self { reads, kept: Mutex::new(Kept { queues, needs }) }
    }

    /// The batches from which the state of `stage` can be computed, oldest first.
    pub(super) fn needed_by(&self, stage: usize) -> Vec<Arc<Batch<I>>> {
        let kept = lock(&self.kept);
        let need = kept.needs[stage];
        // A batch that a stage needs is held in all that the stage reads; so look at the first.
        let queue = kept.queues.iter().find(|queue| self.reads[stage].contains(&queue.resource));
        queue
            .into_iter()
            .flat_map(|queue| &queue.batches)
            .filter(|batch| batch.contributes(stage, need))
            .map(Arc::clone)
            .collect()
    }

    /// How many records of the input are kept for the sake of `stage`.
    pub(super) fn kept_for(&self, stage: usize) -> usize {
        let batches = self.needed_by(stage);
        let roots = batches.iter().map(|batch| batch.roots());
        roots
            .map(|roots| roots.iter().flat_map(|root| &root.blocks).map(Block::len).sum::<usize>())
            .sum()
    }

    /// Takes in a batch whose job is done, after which the stages need these, and releases whatever
    /// none can need again.
    pub(super) fn settle(
        &self,
        batch: &Arc<Batch<I>>,
        needs: Vec<Need>,
        mut release: impl FnMut(Resource, &Batch<I>),
    ) {
        let kept = &mut *lock(&self.kept);
        kept.needs = needs;
        for queue in &mut kept.queues {
            let needed = |batch: &Batch<I>| {
                let mut readers = queue.readers.iter();
                readers.any(|stage| batch.contributes(*stage, kept.needs[*stage]))
            };
            if needed(batch) {
                queue.batches.push_back(Arc::clone(batch));
            } else {
                release(queue.resource, batch);
            }
            while let Some(front) = queue.batches.front()
                && !needed(front)
            {
                release(queue.resource, front);
                queue.batches.pop_front();
            }
            // One record from the far future holds its batch for as long; not those behind it.
            // Looking at all of them whenever they have doubled costs a constant per batch.
            if queue.batches.len() >= queue.sweep_at {
                queue.batches.retain(|batch| {
                    let keep = needed(batch);
                    if !keep {
                        release(queue.resource, batch);
                    }
                    keep
                });
                queue.sweep_at = (queue.batches.len() * 2).max(SWEEP_MIN);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { stages: 2, persisted: 0 };

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn since(micros: i64) -> Need {
        Need::Since(at(micros), 0)
    }

    /// A history in which stage 0 reads the input and stage 1 the answers of stage 0.
    fn chained() -> History<u8> {
        History::new(vec![vec![Resource::Input], vec![Resource::Answers(0)]])
    }

    fn settle(
        history: &History<u8>,
        index: u64,
        latest: [i64; 2],
        needs: [Need; 2],
    ) -> Vec<(u64, Resource)> {
        let batch = Arc::new(Batch::new(
            (index, index + 1),
            None,
            (Timestamp::BEFORE_ALL, Timestamp::BEFORE_ALL),
            vec![],
            SHAPE,
        ));
        for (stage, time) in latest.into_iter().enumerate() {
            batch.saw(stage, at(time));
        }
        let mut released = Vec::new();
        history.settle(&batch, needs.to_vec(), |resource, batch| {
            released.push((batch.index, resource));
        });
        released
    }

    fn needed(history: &History<u8>, stage: usize) -> Vec<u64> {
        history.needed_by(stage).iter().map(|batch| batch.index).collect()
    }

    #[test]
    fn a_batch_is_kept_while_a_live_pane_may_hold_its_records() {
        let history = chained();
        let unread = |index| (index, Resource::Answers(1));
        assert_eq!(
            settle(&history, 0, [10, i64::MIN], [since(0), Need::Nothing]),
            [(0, Resource::Answers(0)), unread(0)]
        );
        assert_eq!(
            settle(&history, 1, [20, i64::MIN], [since(10), Need::Nothing]),
            [(1, Resource::Answers(0)), unread(1)]
        );
        assert_eq!(needed(&history, 0), [0, 1]);
        // Stage 1 now has what stage 0 answered in batch 2; stage 0 has forgotten all before.
        assert_eq!(
            settle(&history, 2, [30, 15], [since(21), since(15)]),
            [(0, Resource::Input), (1, Resource::Input), unread(2)]
        );
        assert_eq!(needed(&history, 0), [2]);
        assert_eq!(needed(&history, 1), [2]);
        assert_eq!(
            settle(&history, 3, [i64::MIN; 2], [Need::Nothing; 2]),
            [
                (3, Resource::Input),
                (2, Resource::Input),
                (3, Resource::Answers(0)),
                (2, Resource::Answers(0)),
                unread(3)
            ]
        );
    }

    #[test]
    fn a_record_from_the_far_future_does_not_hold_the_batches_behind_it() {
        let history = chained();
        settle(&history, 0, [i64::MAX, i64::MIN], [since(0), Need::Nothing]);
        for index in 1..10_000 {
            let time = i64::try_from(index).unwrap();
            settle(&history, index, [time, i64::MIN], [since(time), Need::Nothing]);
        }
        let held = lock(&history.kept).queues[0].batches.len();
        assert!(held <= SWEEP_MIN, "{held} batches are held for the sake of one");
        assert_eq!(needed(&history, 0), [0, 9_999]);
    }

    #[test]
    fn of_a_state_that_was_copied_the_batches_since_then_are_kept() {
        let history = chained();
        let settle = |index, latest: i64, copied| {
            settle(&history, index, [latest, i64::MIN], [Need::After(copied), Need::Nothing]);
            needed(&history, 0)
        };
        assert_eq!(settle(0, 10, 0), [0]);
        assert_eq!(settle(1, i64::MIN, 0), [0], "none of its records are in the state");
        assert_eq!(settle(2, 5, 0), [0, 2]);
        assert_eq!(settle(3, 7, 3), [3], "the job of batch 2 was the third");
        assert_eq!(settle(4, 8, 5), [0; 0]);
    }
}
