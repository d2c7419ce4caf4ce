//! The sessions of a key, by their definition: records of which each is less than a gap from the
//! next, as far as event time had not passed them by when it arrived.
//!
//! Records come in the order in which they arrived, each with how far event time had come. It keeps
//! when a session was first and last heard of, and knows of no window.

use super::Part;
use crate::aggregate::Aggregate;
use crate::record::Stamped;
use crate::session::{LateBy, SessionSpec, Touch};
use crate::time::Timestamp;
use crate::window::Window;

/// What was heard of a key.
#[derive(Debug)]
pub(super) struct OfKey<P> {
    open: Vec<Session<P>>,
    /// Nothing joins those any more.
    over: Vec<(Window, Part<P>)>,
}

impl<P> Default for OfKey<P> {
    fn default() -> Self {
        Self { open: Vec::new(), over: Vec::new() }
    }
}

#[derive(Debug)]
struct Session<P> {
    /// When it was first and last heard of, in microseconds.
    first: i64,
    last: i64,
    /// It ends when nothing was heard for this long, in microseconds.
    gap: i64,
    part: Part<P>,
}

impl<P> Session<P> {
    /// Whether a record at `time` is near enough.
    fn is_near(&self, touch: Touch, time: i64) -> bool {
        let apart = (self.first - time).max(time - self.last).max(0);
        apart < self.gap || (touch == Touch::Merge && apart == self.gap)
    }

    fn named(self) -> (Window, Part<P>) {
        let start = Timestamp::from_micros(self.first);
        let end = Timestamp::from_micros(self.last + self.gap);
        (Window { start, end }, self.part)
    }
}

/// Whether event time has passed by what was last heard of then, lateness included.
fn has_passed(spec: &SessionSpec, watermark: Timestamp, last: i64) -> bool {
    let until = last + spec.gap() + spec.allowed_lateness();
    until <= watermark.as_micros().saturating_add(1)
}

impl<P: Clone> OfKey<P> {
    /// Hears of the key once more. Returns whether that is in time.
    pub(super) fn hear<A: Aggregate<Partial = P>>(
        &mut self,
        spec: &SessionSpec,
        aggregate: &A,
        record: &Stamped<A::Input>,
        watermark: Timestamp,
    ) -> bool {
        let passed = self.open.extract_if(.., |open| has_passed(spec, watermark, open.last));
        self.over.extend(passed.map(Session::named));
        let time = record.event_time.as_micros();
        let is_passed = has_passed(spec, watermark, time);
        if is_passed && spec.decides_late() == LateBy::OwnWindow {
            return false;
        }
        let near = self.open.extract_if(.., |open| open.is_near(spec.touch(), time));
        let near: Vec<Session<P>> = near.collect();
        if near.is_empty() && is_passed {
            return false;
        }
        let mut part = Part::empty(aggregate);
        part.add(aggregate, &record.value, record.due);
        let mut whole = Session { first: time, last: time, gap: spec.gap(), part };
        for session in near {
            whole.first = whole.first.min(session.first);
            whole.last = whole.last.max(session.last);
            whole.part.combine(aggregate, &session.part);
        }
        self.open.push(whole);
        true
    }

    /// All of its sessions, in the order in which they end.
    pub(super) fn sessions(self) -> Vec<(Window, Part<P>)> {
        let mut all = self.over;
        all.extend(self.open.into_iter().map(Session::named));
        all.sort_by_key(|(window, _)| *window);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Arrived, Meaning, meaning};
    use super::*;
    use crate::aggregate::Count;
    use crate::dataflow::Dataflow;
    use crate::time::Moment;

    /// Times of one key, each with how far event time had come.
    fn counted(spec: SessionSpec, heard: &[(i64, i64)]) -> Meaning<(i64, i64, u64)> {
        let arrived = |(time, watermark): &(i64, i64)| Arrived {
            record: Stamped {
                event_time: Timestamp::from_micros(*time),
                due: Moment::START,
                value: (),
            },
            watermark: Timestamp::from_micros(*watermark),
        };
        let events = heard.iter().map(arrived).collect();
        meaning(
            |flow, events| {
                let sessions = flow.session(events, |()| 0_u8, |()| (), spec, Count);
                flow.map(sessions, |answer| {
                    let Window { start, end } = answer.window;
                    (start.as_micros(), end.as_micros(), answer.value)
                })
            },
            events,
        )
        .unwrap()
    }

    #[track_caller]
    fn check(spec: SessionSpec, heard: &[(i64, i64)], want: &[(i64, i64, u64)], late: u64) {
        let meaning = counted(spec, heard);
        let got: Vec<_> = meaning.answers.iter().map(|answer| answer.value).collect();
        assert_eq!(got, want, "{heard:?}");
        assert_eq!(meaning.windows[0].late, late, "{heard:?}");
    }

    const BEFORE: i64 = i64::MIN;

    #[test]
    fn a_session_ends_a_gap_after_it_was_last_heard_of() {
        let spec = SessionSpec::new(10).unwrap();
        check(spec, &[(0, BEFORE), (9, BEFORE), (18, BEFORE)], &[(0, 28, 3)], 0);
        check(spec, &[(18, BEFORE), (0, BEFORE)], &[(0, 10, 1), (18, 28, 1)], 0);
        check(spec, &[(18, BEFORE), (0, BEFORE), (9, BEFORE)], &[(0, 28, 3)], 0);
    }

    #[test]
    fn those_that_touch_are_two_or_one() {
        let spec = SessionSpec::new(10).unwrap();
        let heard = [(0, BEFORE), (10, BEFORE)];
        check(spec, &heard, &[(0, 10, 1), (10, 20, 1)], 0);
        check(spec.touching(Touch::Merge), &heard, &[(0, 20, 2)], 0);
    }

    #[test]
    fn what_comes_when_a_session_is_over_begins_another_if_it_is_in_time() {
        let spec = SessionSpec::new(10).unwrap();
        check(spec, &[(20, BEFORE), (25, 28)], &[(20, 35, 2)], 0);
        check(spec, &[(20, BEFORE), (25, 29)], &[(20, 30, 1), (25, 35, 1)], 0);
        check(spec, &[(20, BEFORE), (25, 34)], &[(20, 30, 1)], 1);
        let patient = spec.with_allowed_lateness(5).unwrap();
        check(patient, &[(20, BEFORE), (25, 33)], &[(20, 35, 2)], 0);
        check(patient, &[(20, BEFORE), (25, 34)], &[(20, 30, 1), (25, 35, 1)], 0);
        check(patient, &[(20, BEFORE), (25, 39)], &[(20, 30, 1)], 1);
    }

    #[test]
    fn a_late_record_is_saved_by_an_open_session_where_that_decides() {
        let spec = SessionSpec::new(10).unwrap();
        let heard = [(20, BEFORE), (12, 25)];
        check(spec, &heard, &[(20, 30, 1)], 1);
        check(spec.late_by(LateBy::Session), &heard, &[(12, 30, 2)], 0);
    }
}
