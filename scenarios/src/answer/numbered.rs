//! The answer of a question about windows of counted events: what one of them holds for a key.

use super::{Answer, Subject, WindowAnswer};
use engines::{Timestamp, Window};

/// What one of a key's windows of counted events holds. It is final with the event that fills it.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct NumberedAnswer {
    /// Which of the key's windows, from zero.
    pub number: u64,
    /// What it holds. Its stretch is from the earliest event time in it to just after the latest.
    pub of: WindowAnswer,
}

impl Answer for NumberedAnswer {
    fn subject(&self) -> Subject {
        Subject::of_key(Subject::hash_of((self.of.key, self.number)))
    }

    fn window(&self) -> Option<Window> {
        Some(self.of.window)
    }

    fn complete_at(&self) -> Option<Timestamp> {
        None
    }

    fn shift(&mut self, by_us: i64) {
        self.of.shift(by_us);
    }

    fn count(&self) -> u64 {
        self.of.count
    }
}
