//! Collecting what fell due in an interval, and cutting it into tasks.
//!
//! What becomes of the records is not known here, nor when an interval ends.

use super::dataset::CHUNK;
use super::lineage::Root;
use crate::ports::{Block, Source};
use crate::record::Data;
use crate::time::{Moment, Timestamp};

/// The sources, and how far each has come.
pub(super) struct Intake<I> {
    partitions: Vec<Inlet<I>>,
}

struct Inlet<I> {
    source: Box<dyn Source<Item = I>>,
    /// The last mark in it.
    mark: Timestamp,
    has_ended: bool,
}

/// What an interval has brought.
pub(super) struct Collection<I> {
    pub(super) roots: Vec<Root<I>>,
    pub(super) records: u64,
    /// The merged watermark after it.
    pub(super) watermark: Timestamp,
    /// When the next record is due; `None` when there will be no more.
    pub(super) next_due: Option<Moment>,
}

impl<I: Data> Intake<I> {
    pub(super) fn new(sources: Vec<Box<dyn Source<Item = I>>>) -> Self {
        let inlet = |source| Inlet { source, mark: Timestamp::BEFORE_ALL, has_ended: false };
        Self { partitions: sources.into_iter().map(inlet).collect() }
    }

    /// Everything due before `close`, cut into about `parallelism` tasks per source.
    pub(super) fn collect(&mut self, close: Moment, parallelism: usize) -> Collection<I> {
        let (mut roots, mut records) = (Vec::new(), 0);
        // The least mark of those that go on, and of those that end now. A source that ended
        // before holds nobody back.
        let (mut going_on, mut ending): (Option<Timestamp>, Option<Timestamp>) = (None, None);
        let mut next_due: Option<Moment> = None;
        let least =
            |marks: Option<Timestamp>, mark| Some(marks.map_or(mark, |least| least.min(mark)));
        for inlet in self.partitions.iter_mut().filter(|inlet| !inlet.has_ended) {
            let collected = inlet.source.collect(close);
            inlet.mark = inlet.mark.max(collected.watermark.unwrap_or(inlet.mark));
            records += collected.blocks.iter().map(|block| block.len() as u64).sum::<u64>();
            roots.extend(cut(collected.blocks, parallelism).into_iter().map(Root::new));
            if let Some(due) = collected.next_due {
                next_due = Some(next_due.map_or(due, |earlier| earlier.min(due)));
                going_on = least(going_on, inlet.mark);
            } else {
                inlet.has_ended = true;
                ending = least(ending, inlet.mark);
            }
        }
        // The last batch of all fires what its marks complete; the end of the input comes after.
        let watermark = going_on.or(ending).unwrap_or(Timestamp::BEFORE_ALL);
        Collection { roots, records, watermark, next_due }
    }
}

/// The most records of a task: what it deals to other partitions is read while it is still in
/// the second-level cache, and what a retry repeats stays small.
const TASK_RECORDS_MAX: usize = 1 << 15;

/// Cuts blocks into `wanted` tasks of about the same size, or more where those would be too
/// large, or fewer where they would be smaller than a chunk.
fn cut<I>(blocks: Vec<Block<I>>, wanted: usize) -> Vec<Vec<Block<I>>> {
    let records: usize = blocks.iter().map(Block::len).sum();
    let size = records.div_ceil(wanted.max(1)).clamp(CHUNK, TASK_RECORDS_MAX);
    // A single block is cut evenly. Of several, each is cut finer than needed, and the pieces
    // are put together again until a task is nearest to its size.
    let piece = if blocks.len() == 1 { size } else { (size / 8).max(CHUNK) };
    let mut tasks: Vec<Vec<Block<I>>> = Vec::new();
    let mut filled = 0;
    for piece in blocks.into_iter().flat_map(|block| block.split(piece)) {
        let length = piece.len();
        match tasks.last_mut() {
            Some(task) if filled + length / 2 < size && filled + length <= TASK_RECORDS_MAX => {
                task.push(piece);
                filled += length;
            }
            _ => {
                tasks.push(vec![piece]);
                filled = length;
            }
        }
    }
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Stamped;
    use std::sync::Arc;

    #[track_caller]
    fn cuts(blocks: &[usize], wanted: usize, want: &[usize]) {
        let blocks = blocks
            .iter()
            .map(|length| {
                let record =
                    Stamped { event_time: Timestamp::LATEST, due: Moment::START, value: () };
                Block::new(Arc::new(vec![record; *length]), 0..*length)
            })
            .collect();
        let got: Vec<usize> =
            cut(blocks, wanted).iter().map(|task| task.iter().map(Block::len).sum()).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn a_batch_is_cut_into_tasks_of_about_the_same_size() {
        cuts(&[], 2, &[]);
        cuts(&[1], 2, &[1]);
        cuts(&[1024], 7, &[1024]);
        cuts(&[10_000], 2, &[5_000, 5_000]);
        cuts(&[10_001], 2, &[5_001, 5_000]);
        cuts(&[100; 30], 2, &[1500, 1500]);
        cuts(&[12_000, 12_000, 12_000, 4_000], 2, &[19_500, 20_500]);
    }

    #[test]
    fn no_task_is_larger_than_the_cache() {
        cuts(&[80_000], 1, &[32_768, 32_768, 14_464]);
        cuts(&[30_000, 30_000], 1, &[30_000, 30_000]);
    }
}
