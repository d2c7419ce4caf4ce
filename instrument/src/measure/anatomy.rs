//! Where the time of an answer went: the same parts for both engines, adding up to the whole.
//!
//! When answers become final is known before a run, so a few thousand of those moments are chosen
//! to be watched. The source notes when it let go of the event that is due then, the recorder when
//! an answer that became final then was emitted, and the engine that works in batches says itself
//! when they closed and started. Nothing is asked of an engine that it does not do anyway. It
//! refuses to guess: an answer whose release nobody saw is left out.

use crate::load::watched::{Release, WATCHED_MOST, Watched};
use engines::{BatchTiming, Moment, Stamped};
use reports::record::study::{Anatomy, AnatomyRow};
use std::collections::HashMap;
use std::ops::Range;

/// How many answers a worker notes at most.
const SAMPLES_MOST: usize = 4 * WATCHED_MOST;

/// The parts, in the order in which time passes through them.
pub const PARTS: [&str; 7] =
    ["watermark bound", "pacing", "queue", "batch wait", "scheduling", "compute", "commit"];

/// The length of each part, in nanoseconds.
type Parts = [u64; PARTS.len()];

/// An answer that became final at a watched moment.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Emitted {
    /// When the latest event in it was due.
    pub(super) contributed: Moment,
    pub(super) final_due: Moment,
    pub(super) left: Moment,
}

/// What a recorder notes.
#[derive(Debug)]
pub struct Emissions {
    dues: Watched,
    at: usize,
    next: Moment,
    /// The window at hand, and how many of its answers may still be noted.
    window: (Moment, usize),
    pub(crate) seen: Vec<Emitted>,
}

impl Emissions {
    /// Notes the answers that become final at these moments.
    pub fn watching(dues: Watched) -> Self {
        let next = dues.first().copied().unwrap_or(Moment::NEVER);
        let most = if dues.is_empty() { 0 } else { SAMPLES_MOST };
        Self { seen: Vec::with_capacity(most), dues, at: 0, next, window: (Moment::NEVER, 0) }
    }

    /// An answer to one event.
    #[inline]
    pub fn own(&mut self, due: Moment, emitted: Moment) {
        if due >= self.next {
            self.note_own(due, emitted);
        }
    }

    #[cold]
    fn note_own(&mut self, due: Moment, emitted: Moment) {
        while self.next < due {
            self.at += 1;
            self.next = self.dues.get(self.at).copied().unwrap_or(Moment::NEVER);
        }
        if self.next == due {
            self.push(Emitted { contributed: due, final_due: due, left: emitted });
            self.at += 1;
            self.next = self.dues.get(self.at).copied().unwrap_or(Moment::NEVER);
        }
    }

    /// Some answers for a window: those that are noted are evenly spread over them, since the
    /// keys that are seen first are those that are seen often.
    pub fn window<A>(&mut self, answers: &[Stamped<A>], final_due: Moment, emitted: Moment) {
        if final_due != self.window.0 {
            let is_watched = self.dues.binary_search(&final_due).is_ok();
            let each = (SAMPLES_MOST / self.dues.len().max(1)).max(1);
            self.window = (final_due, if is_watched { each } else { 0 });
        }
        if self.window.1 == 0 {
            return;
        }
        for answer in answers.iter().step_by(answers.len().div_ceil(self.window.1).max(1)) {
            self.window.1 -= 1;
            self.push(Emitted { contributed: answer.due, final_due, left: emitted });
        }
    }

    fn push(&mut self, emitted: Emitted) {
        if self.seen.len() < SAMPLES_MOST {
            self.seen.push(emitted);
        }
    }
}

/// The parts of every answer whose way was seen.
fn dissected(
    emissions: &[Emitted],
    releases: &[Release],
    batches: &[BatchTiming],
    waits_for_marks: bool,
) -> Vec<Parts> {
    let by_due = by_due(releases);
    emissions
        .iter()
        .filter_map(|answer| {
            let release = by_due.get(&answer.final_due);
            if batches.is_empty() {
                through_a_queue(answer, release?, waits_for_marks)
            } else {
                through_a_batch(
                    answer,
                    batch_of(batches, answer)?,
                    release.map_or(0, |release| release.late_ns),
                )
            }
        })
        .collect()
}

/// The first release of what is due at each moment.
pub(super) fn by_due(releases: &[Release]) -> HashMap<Moment, Release> {
    let mut by_due: HashMap<Moment, Release> = HashMap::with_capacity(releases.len());
    for release in releases {
        let first = by_due.entry(release.due).or_insert(*release);
        if release.released < first.released {
            *first = *release;
        }
    }
    by_due
}

/// The batch that an answer came out of.
pub(super) fn batch_of<'a>(
    batches: &'a [BatchTiming],
    answer: &Emitted,
) -> Option<&'a BatchTiming> {
    let started = batches.partition_point(|batch| batch.started <= answer.left);
    batches.get(started.checked_sub(1)?)
}

/// An event that is handed on at once waits for its own supply, then for the engine to take it.
/// An answer for a window waits for the mark after it, too.
fn through_a_queue(answer: &Emitted, release: &Release, waits_for_marks: bool) -> Option<Parts> {
    let complete = complete(answer);
    let released = release.released.max(complete);
    let marked = release.marked.filter(|marked| waits_for_marks && *marked <= answer.left);
    let known = marked.unwrap_or(released).max(released);
    let waited_ns = released.nanos_since(complete);
    let pacing_ns = release.late_ns.min(waited_ns);
    let bound_ns = complete.nanos_since(answer.contributed) + known.nanos_since(released);
    let compute_ns = between(known, answer.left)?;
    Some([bound_ns, pacing_ns, waited_ns - pacing_ns, 0, 0, compute_ns, 0])
}

/// An event in a batch waits for the interval's end, then for the batches before.
fn through_a_batch(answer: &Emitted, batch: &BatchTiming, late_ns: u64) -> Option<Parts> {
    let complete = complete(answer);
    let bound_ns = complete.nanos_since(answer.contributed);
    let batch_ns = between(complete, batch.close)?;
    let delayed_ns = between(batch.close, batch.started)?;
    let pacing_ns = late_ns.min(delayed_ns);
    let compute_ns = between(batch.started, answer.left)?;
    Some([bound_ns, pacing_ns, 0, batch_ns, delayed_ns - pacing_ns, compute_ns, 0])
}

/// When nothing more was to come into an answer: when it was final, or later where the engine had
/// not learnt that yet and let one more event in.
pub(super) fn complete(answer: &Emitted) -> Moment {
    answer.final_due.max(answer.contributed)
}

fn between(from: Moment, to: Moment) -> Option<u64> {
    to.as_nanos().checked_sub(from.as_nanos())
}

/// What a record says of the answers that became final in the measured part; none if no answer's
/// way was seen. `batches` is empty for an engine
/// that has none; `waits_for_marks` says whether an answer needs a watermark to be complete.
pub fn anatomy(
    emissions: &[Emitted],
    measured: &Range<Moment>,
    releases: &[Release],
    batches: &[BatchTiming],
    waits_for_marks: bool,
) -> Option<Anatomy> {
    let emissions: Vec<Emitted> =
        emissions.iter().copied().filter(|answer| measured.contains(&answer.final_due)).collect();
    let mut answers = dissected(&emissions, releases, batches, waits_for_marks);
    if answers.is_empty() {
        return None;
    }
    answers.sort_by_key(|parts| std::cmp::Reverse(parts.iter().sum::<u64>()));
    let slowest = &answers[..answers.len().div_ceil(100)];
    let rows = vec![row("all", &answers), row("slowest 1 %", slowest)];
    Some(Anatomy { answers: answers.len() as u64, parts: PARTS.map(String::from).to_vec(), rows })
}

fn row(class: &str, answers: &[Parts]) -> AnatomyRow {
    let mean = |part: usize| {
        let sum: u128 = answers.iter().map(|parts| u128::from(parts[part])).sum();
        sum as f64 / answers.len() as f64
    };
    let parts_ns: Vec<f64> = (0..PARTS.len()).map(mean).collect();
    AnatomyRow {
        class: class.into(),
        answers: answers.len() as u64,
        whole_ns: parts_ns.iter().sum(),
        parts_ns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::watched::Releases;
    use engines::Timestamp;
    use std::sync::Arc;

    const fn at(nanos: u64) -> Moment {
        Moment::from_nanos(nanos)
    }

    fn whole(answer: &Emitted) -> u64 {
        answer.left.nanos_since(answer.contributed)
    }

    /// Each part by its name, where it is not zero.
    #[track_caller]
    fn check(answer: Emitted, release: Release, batches: &[BatchTiming], want: &[(&str, u64)]) {
        let all = dissected(&[answer], &[release], batches, true);
        let parts = all[0];
        let seen: Vec<(&str, u64)> =
            PARTS.into_iter().zip(parts).filter(|(_, length)| *length > 0).collect();
        assert_eq!(seen, want);
        assert_eq!(parts.iter().sum::<u64>(), whole(&answer));
    }

    const ALL: Range<Moment> = Moment::START..Moment::NEVER;

    const ANSWER: Emitted =
        Emitted { contributed: Moment::START, final_due: at(100), left: at(1000) };

    #[test]
    fn an_event_waits_for_its_supply_the_queue_and_the_mark() {
        let release = Release { due: at(100), released: at(400), marked: None, late_ns: 0 };
        check(ANSWER, release, &[], &[("watermark bound", 100), ("queue", 300), ("compute", 600)]);
        let late = Release { late_ns: 50, marked: Some(at(500)), ..release };
        check(
            ANSWER,
            late,
            &[],
            &[("watermark bound", 200), ("pacing", 50), ("queue", 250), ("compute", 500)],
        );
        let very_late = Release { late_ns: 9999, ..release };
        check(
            ANSWER,
            very_late,
            &[],
            &[("watermark bound", 100), ("pacing", 300), ("compute", 600)],
        );
    }

    #[test]
    fn a_batch_waits_for_its_end_and_for_the_batches_before() {
        let release = Release { due: at(100), released: at(500), marked: None, late_ns: 0 };
        let batch = |close: u64, started: u64, finished: u64| BatchTiming {
            close: at(close),
            started: at(started),
            finished: at(finished),
            records: 1,
        };
        let batches = [batch(250, 250, 700), batch(500, 700, 1100), batch(750, 1100, 1200)];
        let all =
            [("watermark bound", 100), ("batch wait", 400), ("scheduling", 200), ("compute", 300)];
        check(ANSWER, release, &batches, &all);
        let late = Release { late_ns: 60, ..release };
        let all = [
            ("watermark bound", 100),
            ("pacing", 60),
            ("batch wait", 400),
            ("scheduling", 140),
            ("compute", 300),
        ];
        check(ANSWER, late, &batches, &all);
    }

    #[test]
    fn an_event_let_in_after_the_end_shortens_the_wait_and_nothing_is_negative() {
        let release =
            Release { due: at(100), released: at(120), marked: Some(at(300)), late_ns: 0 };
        let answer = Emitted { contributed: at(200), ..ANSWER };
        check(answer, release, &[], &[("watermark bound", 100), ("compute", 700)]);
        let batch =
            BatchTiming { close: at(500), started: at(500), finished: at(1100), records: 1 };
        check(answer, release, &[batch], &[("batch wait", 300), ("compute", 500)]);
    }

    #[test]
    fn an_answer_nobody_saw_released_is_left_out() {
        assert_eq!(anatomy(&[ANSWER], &ALL, &[], &[], true), None);
        assert_eq!(anatomy(&[], &ALL, &[], &[], true), None);
    }

    #[test]
    fn a_source_notes_what_it_releases_of_what_is_watched() {
        let record = |due: u64| Stamped { event_time: Timestamp::NONE, due: at(due), value: () };
        let mut releases = Releases::watching(Arc::new([at(20), at(30), at(35), at(50)]));
        releases.release(&[record(10)], at(11), Moment::START);
        releases.mark(at(12));
        releases.release(&[record(20), record(30), record(40)], at(45), at(25));
        releases.mark(at(46));
        releases.mark(at(60));
        let seen: Vec<_> =
            releases.seen.iter().map(|r| (r.due, r.released, r.marked, r.late_ns)).collect();
        let marked = Some(at(46));
        assert_eq!(seen, [(at(20), at(45), marked, 5), (at(30), at(45), marked, 0)]);
        releases.collect(at(70), at(75));
        assert_eq!(releases.seen.last().map(|r| (r.due, r.late_ns)), Some((at(50), 5)));
    }

    #[test]
    fn the_slowest_hundredth_has_a_row_of_its_own() {
        let emissions: Vec<Emitted> = (1..=200)
            .map(|n| Emitted { contributed: at(0), final_due: at(n), left: at(n * 1000) })
            .collect();
        let releases: Vec<Release> = (1..=200)
            .map(|n| Release { due: at(n), released: at(n), marked: None, late_ns: 0 })
            .collect();
        let anatomy = anatomy(&emissions, &ALL, &releases, &[], false).unwrap();
        assert_eq!(anatomy.answers, 200);
        let means: Vec<(u64, f64)> = anatomy.rows.iter().map(|r| (r.answers, r.whole_ns)).collect();
        assert_eq!(means, [(200, 100_500.0), (2, 199_500.0)]);
        let later = super::anatomy(&emissions, &(at(101)..at(150)), &releases, &[], false).unwrap();
        assert_eq!(later.answers, 49, "the warm-up is none of it");
    }
}
