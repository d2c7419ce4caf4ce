//! What of a latency is the interval that somebody chose.
//!
//! An answer of a batch waits until its batch ends, for anything between nothing and one interval, and
//! then until the batch is computed. So it may come later than that of an engine without an interval by
//! both together, and that was known before anything ran: it is a setting, and nobody's win. What is
//! more than that is a finding, and so is any lead of the engine that makes batches.
//!
//! Spark's Structured Streaming begins a batch at each beat of its trigger. A batch learns how far event
//! time has come, and the next one answers by it, so that an answer of windows waits for two. Where a batch
//! takes longer than a beat, the next begins when it is done: nobody waits by the clock then.

use super::summary::{Summary, steady, verified};
use crate::record::{Batch, EngineRecord};

/// How long an answer waits for its batch, at most.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct IntervalWait {
    /// From the end of a batch to the end of the next, in nanoseconds.
    pub interval_ns: f64,
    /// For how many batches.
    pub batches: u32,
    /// From the start of a batch's job to its end, in nanoseconds: the median of the batches that hold
    /// events, and of the repetitions. Zero where no batch is told.
    pub processing_ns: f64,
}

impl IntervalWait {
    /// Of an engine; none where it has no interval, and where its batches do not begin by the clock.
    pub fn of(engine: &EngineRecord) -> Option<Self> {
        let interval_ns = engine.batch_every_s()? * 1e9;
        let holds_events = |batch: &&Batch| batch.records > 0;
        let each = steady(engine).filter_map(|repetition| {
            let batches = repetition.batches.iter().filter(holds_events);
            let processing: Vec<f64> = batches.map(|batch| batch.processing_s).collect();
            statistics::median(&processing)
        });
        let processing_ns = Summary::of(each).map_or(0.0, |summary| summary.median) * 1e9;
        let is_triggered = engine.interval_s.is_none();
        let of_windows = verified(engine).any(|it| it.verdict.completeness.is_some());
        let batches = if is_triggered && of_windows { 2 } else { 1 };
        let wait = Self { interval_ns, batches, processing_ns };
        (!is_triggered || processing_ns <= interval_ns).then_some(wait)
    }

    /// How long an answer waits for beats of the clock at most, in nanoseconds.
    pub fn most_ns(self) -> f64 {
        self.interval_ns * f64::from(self.batches)
    }

    /// Whether it alone makes answers so much later, in nanoseconds.
    pub fn explains(self, difference_ns: f64) -> bool {
        difference_ns > 0.0 && difference_ns <= self.most_ns() + self.processing_ns
    }
}

/// The wait for a batch that explains why one engine answers so much later than another, which has no
/// interval; none where it does not.
pub(crate) fn explained(
    sooner: &EngineRecord,
    later: &EngineRecord,
    difference_ns: f64,
) -> Option<IntervalWait> {
    let wait = IntervalWait::of(later).filter(|_| sooner.batch_every_s().is_none())?;
    wait.explains(difference_ns).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::EngineKind;
    use crate::sample;

    #[track_caller]
    fn check(difference_ns: f64, explained: bool) {
        let wait = IntervalWait { interval_ns: 90e6, batches: 1, processing_ns: 2e6 };
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
        let wait = IntervalWait { interval_ns: 500e6, batches: 1, processing_ns: 200e6 };
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
        let wait = IntervalWait { interval_ns: 500e6, batches: 1, processing_ns: 0.0 };
        assert_eq!(IntervalWait::of(&engine), Some(wait));
    }

    #[test]
    fn a_trigger_is_waited_for_as_an_interval_is_and_twice_by_windows() {
        let mut cell = sample::record().cells.remove(0);
        let engine = &mut cell.engines[0];
        (engine.kind, engine.interval_s) = (EngineKind::SparkStructured, None);
        engine.trigger_s = Some(0.5);
        let batch = |processing_s| Batch { processing_s, records: 9, ..Batch::default() };
        for repetition in &mut engine.repetitions {
            repetition.batches = vec![batch(0.1)];
            repetition.verdict.completeness = Some(1.0);
        }
        let of = |engine: &EngineRecord| IntervalWait::of(engine);
        let wait = IntervalWait { interval_ns: 500e6, batches: 2, processing_ns: 100e6 };
        assert_eq!(of(engine), Some(wait));
        assert!(wait.explains(1_100e6) && !wait.explains(1_101e6));
        let mut other = engine.clone();
        for repetition in &mut other.repetitions {
            repetition.verdict.completeness = None;
        }
        assert_eq!(of(&other), Some(IntervalWait { batches: 1, ..wait }), "each event by itself");
        for repetition in &mut other.repetitions {
            repetition.batches = vec![batch(0.6)];
        }
        assert_eq!(of(&other), None, "batches follow one another as fast as they can");
        assert_eq!(explained(&cell.engines[1], &cell.engines[0], 1_100e6), Some(wait));
        assert_eq!(explained(&cell.engines[0], &cell.engines[0], 1e6), None);
    }
}
