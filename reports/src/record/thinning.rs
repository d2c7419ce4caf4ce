//! Of more than anyone reads, the worst.

use super::{Batch, Repetition};

/// At most `most` items, each the worst of as many that stood together, and of how many. Nothing
/// grows with the length of a run, and no stall disappears.
pub(crate) fn thinned<T: Clone>(
    items: &[T],
    most: usize,
    badness: impl Fn(&T) -> f64,
) -> (Vec<T>, usize) {
    let every = items.len().div_ceil(most).max(1);
    let worst =
        |chunk: &[T]| chunk.iter().max_by(|a, b| badness(a).total_cmp(&badness(b))).cloned();
    (items.chunks(every).filter_map(worst).collect(), every)
}

/// How many batches of a repetition a record holds at the most.
pub const BATCHES_MOST: usize = 1_000;

impl Repetition {
    /// Lets go of all but the longest batches where there are more than a record holds: in intervals of
    /// microseconds they are millions.
    pub fn keep_longest_batches(&mut self) {
        let delay_s = |batch: &Batch| batch.scheduling_delay_s + batch.processing_s;
        let (kept, one_of) = thinned(&self.batches, BATCHES_MOST, delay_s);
        self.batches = kept;
        self.batches_one_of = (one_of > 1).then_some(one_of as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_worst() {
        let items: Vec<u32> = (0..1000).collect();
        let badness = |x: &u32| if *x == 503 { 1e9 } else { -f64::from(*x) };
        let (kept, every) = thinned(&items, 100, badness);
        assert_eq!((kept.len(), every), (100, 10));
        assert!(kept.contains(&503) && kept.contains(&10) && !kept.contains(&19));
        assert_eq!(thinned(&items[..5], 100, badness), (items[..5].to_vec(), 1));
    }

    #[test]
    fn of_more_batches_than_a_record_holds_the_longest_stand_there() {
        let mut repetition =
            crate::sample::record().cells.remove(0).engines.remove(0).repetitions.remove(0);
        let own = repetition.batches.clone();
        repetition.keep_longest_batches();
        assert_eq!((repetition.batches.clone(), repetition.batches_one_of), (own, None));
        let batch = |n: usize| Batch {
            close_s: n as f64,
            processing_s: if n == 4_321 { 9.0 } else { 1.0 },
            ..Batch::default()
        };
        repetition.batches = (0..10 * BATCHES_MOST).map(batch).collect();
        repetition.keep_longest_batches();
        assert_eq!((repetition.batches.len(), repetition.batches_one_of), (BATCHES_MOST, Some(10)));
        assert!(repetition.batches.is_sorted_by(|a, b| a.close_s < b.close_s));
        assert!(
            repetition.batches.iter().any(|batch| batch.close_s.to_bits() == 4_321f64.to_bits())
        );
    }
}
