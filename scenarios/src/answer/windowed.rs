//! The answer of a question about windows: counts, sums and extremes of a key.
//!
//! It holds integers only; what a key or a value means is known to the question.

use super::{Answer, Subject};
use crate::decimal;
use engines::Window;

/// What a window holds for a key.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct WindowAnswer {
    /// The window it is for.
    pub window: Window,
    /// The key it is for; zero where the question has no key.
    pub key: u64,
    /// How many events.
    pub count: u64,
    /// The sum of their values, in units of 10^-decimals of the workload; the count where
    /// nothing is summed.
    pub sum: i64,
    /// The smallest and the largest value, where they were asked for.
    pub extremes: Option<(i64, i64)>,
}

impl WindowAnswer {
    /// The mean as text: six decimals, or as many as the values have if those are more, rounded
    /// half to even. It is made from the exact sum and count, so equal answers have equal means.
    pub fn mean(&self, decimals: u8) -> String {
        decimal::render_mean(self.sum, self.count, decimals)
    }
}

impl Answer for WindowAnswer {
    fn subject(&self) -> Subject {
        Subject::of_window(self.window, self.key)
    }

    #[inline]
    fn window(&self) -> Option<Window> {
        Some(self.window)
    }

    fn shift(&mut self, by_us: i64) {
        self.window = Window {
            start: self.window.start.saturating_add(by_us),
            end: self.window.end.saturating_add(by_us),
        };
    }

    #[inline]
    fn count(&self) -> u64 {
        self.count
    }

    /// Sums are free; extremes lie between those of the smaller set and those of the larger one.
    fn values_lie_between(&self, least: Option<&Self>, most: &Self) -> bool {
        match (self.extremes, least.and_then(|least| least.extremes), most.extremes) {
            (Some(own), least, Some(most)) => {
                own.0 >= most.0
                    && own.1 <= most.1
                    && least.is_none_or(|least| own.0 <= least.0 && own.1 >= least.1)
            }
            (None, None, None) => true,
            _ => false,
        }
    }
}
