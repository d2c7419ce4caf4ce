//! The answer of a join: two events that belong together, or one without a partner.

use super::{Answer, Subject};
use engines::{Timestamp, Window};
use std::cmp::Ordering;

/// Two events that belong together, or one of the left side alone.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct PairAnswer {
    /// The window that they were joined in; of an interval join from the earlier to just after the later,
    /// or to where the last partner could have been.
    pub window: Window,
    /// The key of both.
    pub key: u64,
    /// The left one's value.
    pub left: i64,
    /// The right one's value; `None` where there is none.
    pub right: Option<i64>,
    /// Whether it is final when event time has passed its stretch, and not with the later of the two.
    pub waits: bool,
}

impl Answer for PairAnswer {
    fn subject(&self) -> Subject {
        Subject::of_key(Subject::hash_of((self.window, self.key, self.left, self.right)))
    }

    fn window(&self) -> Option<Window> {
        Some(self.window)
    }

    fn complete_at(&self) -> Option<Timestamp> {
        self.waits.then_some(self.window.end)
    }

    fn shift(&mut self, by_us: i64) {
        self.window = Window {
            start: self.window.start.saturating_add(by_us),
            end: self.window.end.saturating_add(by_us),
        };
    }

    fn count(&self) -> u64 {
        1 + u64::from(self.right.is_some())
    }

    /// Two pairs that say the same are two pairs.
    fn fullness(&self, _: &Self) -> Option<Ordering> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::settled;
    use engines::{Moment, Stamped};

    #[test]
    fn pairs_that_say_the_same_stand_side_by_side_and_move_as_a_whole() {
        let [start, end] = [3, 9].map(Timestamp::from_micros);
        let window = Window { start, end };
        let mut pair = PairAnswer { window, key: 1, left: 2, right: Some(5), waits: false };
        let given = Stamped { event_time: start, due: Moment::START, value: pair };
        assert_eq!(settled(vec![given, given], |_, _, _| panic!("side by side")).len(), 2);
        assert_eq!((pair.count(), pair.complete_at()), (2, None));
        pair.shift(-3);
        assert_eq!((pair.window.start.as_micros(), pair.window.end.as_micros()), (0, 6));
        let alone = PairAnswer { right: None, waits: true, ..pair };
        assert_eq!((alone.count(), alone.complete_at()), (1, Some(Timestamp::from_micros(6))));
        assert_ne!(alone.subject(), pair.subject());
    }
}
