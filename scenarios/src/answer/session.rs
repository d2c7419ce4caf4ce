//! The answer of a question about sessions: what one of them holds for a key.

use super::{Answer, Subject, WindowAnswer};
use engines::Window;
use std::cmp::Ordering;

/// What a session holds for a key. Its window is part of what is answered: from its first event to a
/// gap after its last.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct SessionAnswer(pub WindowAnswer);

impl Answer for SessionAnswer {
    fn subject(&self) -> Subject {
        Subject::of_key(self.0.key)
    }

    #[inline]
    fn window(&self) -> Option<Window> {
        Some(self.0.window)
    }

    fn shift(&mut self, by_us: i64) {
        self.0.shift(by_us);
    }

    fn count(&self) -> u64 {
        self.0.count
    }

    /// A session that a late event has made longer, or one with another, holds what it was. Two that
    /// only overlap stand side by side: the one was over when the other began.
    fn fullness(&self, other: &Self) -> Option<Ordering> {
        let (own, others) = (self.0.window, other.0.window);
        let holds = |one: Window, other: Window| one.start <= other.start && other.end <= one.end;
        match (holds(own, others), holds(others, own)) {
            (true, true) => Some(self.0.count.cmp(&other.0.count)),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::settled;
    use engines::{Moment, Stamped, Timestamp};

    fn session(start: i64, end: i64, count: u64) -> Stamped<SessionAnswer> {
        let [start, end] = [start, end].map(Timestamp::from_micros);
        let window = Window { start, end };
        let value = SessionAnswer(WindowAnswer { window, key: 1, count, sum: 0, extremes: None });
        Stamped { event_time: window.last_instant(), due: Moment::START, value }
    }

    #[track_caller]
    fn check(given: &[Stamped<SessionAnswer>], want: &[Stamped<SessionAnswer>]) {
        let mut got = settled(given.to_vec(), |_, _, _| ());
        got.sort_unstable_by_key(|answer| answer.value);
        assert_eq!(got, want);
    }

    #[test]
    fn a_session_takes_the_place_of_those_that_it_is_made_of() {
        let (first, second, both) = (session(0, 10, 1), session(15, 25, 2), session(0, 25, 4));
        check(&[first, second, both], &[both]);
        check(&[both, second, first], &[both]);
        let fuller = session(0, 25, 5);
        check(&[both, fuller], &[fuller]);
    }

    #[test]
    fn sessions_that_overlap_or_lie_apart_stand_side_by_side() {
        let (first, second, apart) = (session(20, 30, 1), session(25, 35, 1), session(50, 60, 1));
        check(&[apart, second, first], &[first, second, apart]);
    }
}
