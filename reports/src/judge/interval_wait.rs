//! What of a latency is the interval that somebody chose.
//!
//! An answer of a batch waits until its batch ends, for anything between nothing and one interval, and
//! then until the batch is computed. So it may come later than that of an engine without an interval by
//! both together, and that was known before anything ran: it is a setting, and nobody's win. What is
//! more than that is a finding, and so is any lead of the engine that makes batches.

use super::summary::{Summary, steady};
use crate::record::{Batch, EngineRecord};

/// How long an answer waits for its batch, at most.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct IntervalWait {
    /// From the end of a batch to the end of the next, in nanoseconds.
    pub interval_ns: f64,
    /// From the start of a batch's job to its end, in nanoseconds: the median of the batches that hold
    /// events, and of the repetitions. Zero where no batch is told.
    pub processing_ns: f64,
}

impl IntervalWait {
    /// Of an engine; none where it has no interval.
    pub fn of(engine: &EngineRecord) -> Option<Self> {
        let holds_events = |batch: &&Batch| batch.records > 0;
        let each = steady(engine).filter_map(|repetition| {
            let batches = repetition.batches.iter().filter(holds_events);
            let processing: Vec<f64> = batches.map(|batch| batch.processing_s).collect();
            statistics::median(&processing)
        });
        let processing_s = Summary::of(each).map_or(0.0, |summary| summary.median);
        Some(Self { interval_ns: engine.interval_s? * 1e9, processing_ns: processing_s * 1e9 })
    }

    /// Whether it alone makes answers so much later, in nanoseconds.
    pub fn explains(self, difference_ns: f64) -> bool {
        difference_ns > 0.0 && difference_ns <= self.interval_ns + self.processing_ns
    }
}

/// The wait for a batch that explains why one engine answers so much later than another, which has no
/// interval; none where it does not.
pub(crate) fn explained(
    sooner: &EngineRecord,
    later: &EngineRecord,
    difference_ns: f64,
) -> Option<IntervalWait> {
    let wait = IntervalWait::of(later).filter(|_| sooner.interval_s.is_none())?;
    wait.explains(difference_ns).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[track_caller]
    fn check(difference_ns: f64, explained: bool) {
        let wait = IntervalWait { interval_ns: 90e6, processing_ns: 2e6 };
        assert_eq!(wait.explains(difference_ns), explained, "{difference_ns}");
    }

    #[test]
    fn an_answer_waits_between_nothing_and_an_interval_and_for_its_batch() {
        check(-1.0, false);
        check(0.0, false);
        check(1.0, true);
        check(90e6, true);
        check(92e6, true);
        check(92e6 + 1.0, false);
        check(f64::NAN, false);
    }

    #[test]
    fn the_wait_is_that_of_the_engine_with_an_interval_against_one_without() {
        let mut cell = sample::record().cells.remove(0);
        for repetition in &mut cell.engines[0].repetitions {
            let batch = |processing_s, records| Batch { processing_s, records, ..Batch::default() };
            // One stood still, and one had nothing to do.
            repetition.batches = vec![batch(0.1, 9), batch(7.0, 9), batch(0.2, 9), batch(0.0, 0)];
        }
        let [batched, other] = &cell.engines[..] else { panic!("two engines") };
        let wait = IntervalWait { interval_ns: 500e6, processing_ns: 200e6 };
        assert_eq!(IntervalWait::of(batched), Some(wait));
        assert_eq!(explained(other, batched, 700e6), Some(wait));
        assert_eq!(explained(other, batched, 701e6), None, "it is later by more than that");
        assert_eq!(explained(batched, other, 1e6), None, "no batch makes this one later");
        assert_eq!(explained(batched, batched, 1e6), None, "of two settings neither is without");
        assert_eq!(IntervalWait::of(other), None);
    }

    #[test]
    fn where_no_batch_is_told_it_is_the_interval_alone() {
        let mut engine = sample::record().cells.remove(0).engines.remove(0);
        engine.repetitions.iter_mut().for_each(|repetition| repetition.batches.clear());
        let wait = IntervalWait { interval_ns: 500e6, processing_ns: 0.0 };
        assert_eq!(IntervalWait::of(&engine), Some(wait));
    }
}
