//! The memory of chunks that were played, used again for those that come.
//!
//! To touch fresh memory takes longer than to make events in it. So whoever makes an input ahead of
//! need remembers the chunks that it handed on, and takes back the oldest when it is let go of. What
//! an engine holds for longer is the engine's, and forgotten here.

use engines::Stamped;
use std::collections::VecDeque;
use std::sync::Arc;

/// Chunks that were handed on, the oldest first.
pub(super) struct Lent<E> {
    chunks: VecDeque<Arc<Vec<Stamped<E>>>>,
    /// How many are remembered.
    most: usize,
    /// How many events have room in one.
    records: usize,
}

impl<E> Lent<E> {
    /// None is handed on yet. No memory is used again before so many are, so that this is how many
    /// there are where each is let go of in time.
    pub(super) fn new(most: usize, records: usize) -> Self {
        Self { chunks: VecDeque::new(), most: most.max(1), records }
    }

    /// Room for the next chunk, empty.
    pub(super) fn room(&mut self) -> Vec<Stamped<E>> {
        let oldest = if self.chunks.len() < self.most { None } else { self.chunks.pop_front() };
        match oldest.map(Arc::try_unwrap) {
            Some(Ok(mut records)) => {
                records.clear();
                records
            }
            Some(Err(_)) | None => Vec::with_capacity(self.records),
        }
    }

    /// This one is handed on.
    pub(super) fn lend(&mut self, chunk: &Arc<Vec<Stamped<E>>>) {
        self.chunks.push_back(Arc::clone(chunk));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Where the memory of each of so many chunks lies, when each is let go of behind so many others.
    fn places(count: usize, most: usize, held: usize) -> Vec<usize> {
        let mut lent = Lent::<u64>::new(most, 8);
        let mut engine = VecDeque::new();
        let place = |_| {
            let records = lent.room();
            assert!(records.is_empty() && records.capacity() >= 8);
            let at = records.as_ptr().addr();
            let chunk = Arc::new(records);
            lent.lend(&chunk);
            engine.push_back(chunk);
            if engine.len() > held {
                engine.pop_front();
            }
            at
        };
        (0..count).map(place).collect()
    }

    #[test]
    fn what_was_let_go_of_is_used_again_and_nothing_else() {
        let all = places(100, 5, 4);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 5, "five chunks go round");
        for (n, place) in all.iter().enumerate().skip(5) {
            assert_eq!(*place, all[n - 5], "the oldest first");
        }
    }

    #[test]
    fn what_an_engine_holds_is_never_written_over() {
        let mut lent = Lent::<u64>::new(2, 8);
        let mut held = Vec::new();
        for n in 0..20 {
            let mut records = lent.room();
            let (event_time, due) = (engines::Timestamp::NONE, engines::Moment::START);
            records.push(Stamped { event_time, due, value: n });
            let chunk = Arc::new(records);
            lent.lend(&chunk);
            held.push(chunk);
        }
        assert!(held.iter().zip(0..).all(|(chunk, n)| chunk[0].value == n));
        assert_eq!(lent.chunks.len(), 2, "no more is remembered");
    }
}
