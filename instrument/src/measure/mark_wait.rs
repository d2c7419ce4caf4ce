//! What of an answer's latency was the wait for a watermark mark.
//!
//! The event that completes an answer is there, and no engine can know it before the mark behind it.
//! An engine that takes events as they come waits until it reads that mark. One that works in batches
//! waits in any case for the end of the interval in which the event came, so that only whole
//! intervals beyond that one are owed to the mark.

use super::anatomy::{Emitted, batch_of, by_due, complete};
use crate::load::watched::Release;
use engines::{BatchTiming, Moment};
use reports::record::MarkWait;
use std::ops::Range;

/// The mean wait of the answers that became final in the measured part; none if no answer's way was
/// seen. `batches` are those of an engine that has them, and how long they collect, in nanoseconds.
pub fn mark_wait(
    emissions: &[Emitted],
    measured: &Range<Moment>,
    releases: &[Release],
    batches: Option<(u64, &[BatchTiming])>,
) -> Option<MarkWait> {
    let by_due = by_due(releases);
    let (mut answers, mut waited_ns, mut whole_ns) = (0_u64, 0_u128, 0_u128);
    for answer in emissions.iter().filter(|answer| measured.contains(&answer.final_due)) {
        let wait = match batches {
            None => by_due.get(&answer.final_due).map(|release| until_mark_ns(answer, release)),
            Some((interval_ns, batches)) => batch_of(batches, answer)
                .map(|batch| batch.close.nanos_since(interval_end(answer, interval_ns, batch))),
        };
        let Some(wait_ns) = wait else { continue };
        answers += 1;
        waited_ns += u128::from(wait_ns);
        whole_ns += u128::from(answer.left.nanos_since(answer.final_due));
    }
    let mean = |sum: u128| sum as f64 / answers as f64;
    (answers > 0).then(|| MarkWait { mean_ns: mean(waited_ns), of_mean_ns: mean(whole_ns) })
}

fn until_mark_ns(answer: &Emitted, release: &Release) -> u64 {
    let released = release.released.max(complete(answer));
    let marked = release.marked.filter(|marked| *marked <= answer.left).unwrap_or(released);
    marked.max(released).nanos_since(released)
}

/// The end of the interval in which an answer became complete, or that of its batch, if that is
/// earlier.
fn interval_end(answer: &Emitted, interval_ns: u64, batch: &BatchTiming) -> Moment {
    let index = complete(answer).as_nanos() / interval_ns.max(1);
    let end = index.saturating_add(1).saturating_mul(interval_ns);
    Moment::from_nanos(end).min(batch.close)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(nanos: u64) -> Moment {
        Moment::from_nanos(nanos)
    }

    const ALL: Range<Moment> = Moment::START..Moment::NEVER;

    const ANSWER: Emitted = Emitted { contributed: at(0), final_due: at(100), left: at(1100) };

    #[track_caller]
    fn check(wait: Option<MarkWait>, mean_ns: f64, share: f64) {
        let wait = wait.expect("the answer was seen");
        assert!((wait.mean_ns - mean_ns).abs() < 1e-9, "{wait:?}");
        assert!((wait.share() - share).abs() < 1e-9, "{wait:?}");
    }

    #[test]
    fn an_answer_waits_from_its_event_to_the_mark_behind_it() {
        let release =
            Release { due: at(100), released: at(200), marked: Some(at(950)), late_ns: 0 };
        check(mark_wait(&[ANSWER], &ALL, &[release], None), 750.0, 0.75);
        // A mark that was read only later was not what the answer waited for.
        let later = Release { marked: Some(at(5000)), ..release };
        check(mark_wait(&[ANSWER], &ALL, &[later], None), 0.0, 0.0);
        // An event that was let in after the end moves the moment from which the mark is missed.
        let let_in = Emitted { contributed: at(900), ..ANSWER };
        check(mark_wait(&[let_in], &ALL, &[release], None), 50.0, 0.05);
        assert_eq!(mark_wait(&[ANSWER], &(at(101)..at(200)), &[release], None), None);
    }

    #[test]
    fn a_batch_owes_the_marks_only_the_intervals_beyond_the_one_in_which_it_was_complete() {
        let batch = |close: u64| BatchTiming {
            close: at(close),
            started: at(close),
            finished: at(close + 50),
            records: 1,
        };
        let batches = [batch(250), batch(500), batch(750), batch(1000)];
        check(mark_wait(&[ANSWER], &ALL, &[], Some((250, &batches))), 750.0, 0.75);
        let at_once = Emitted { left: at(300), ..ANSWER };
        check(mark_wait(&[at_once], &ALL, &[], Some((250, &batches))), 0.0, 0.0);
        // Over batches an answer is final at the end of its own interval.
        let over = Emitted { contributed: at(0), final_due: at(250), left: at(300) };
        check(mark_wait(&[over], &ALL, &[], Some((250, &batches))), 0.0, 0.0);
    }
}
