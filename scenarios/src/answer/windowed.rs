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

#[cfg(test)]
mod tests {
    use super::*;
    use engines::Timestamp;

    fn of(count: u64, sum: i64, extremes: (i64, i64)) -> WindowAnswer {
        let window = Window { start: Timestamp::from_micros(0), end: Timestamp::from_micros(10) };
        WindowAnswer { window, key: 1, count, sum, extremes: Some(extremes) }
    }

    #[track_caller]
    fn check(got: WindowAnswer, least: Option<WindowAnswer>, lies_between: bool) {
        let most = of(5, 10, (-3, 8));
        assert_eq!(got.lies_between(least.as_ref(), &most), lies_between, "{got:?}");
    }

    #[test]
    fn an_answer_over_as_many_events_as_a_bound_is_that_bound() {
        let least = of(2, 1, (0, 1));
        for low in [None, Some(least)] {
            check(of(5, 10, (-3, 8)), low, true);
            check(of(5, 11, (-3, 8)), low, false);
            check(of(6, 10, (-3, 8)), low, false);
        }
        check(least, Some(least), true);
        check(of(2, 2, (0, 2)), Some(least), false);
        check(of(1, 1, (1, 1)), Some(least), false);
        check(of(1, 1, (1, 1)), None, true);
        check(of(0, 0, (0, 0)), None, false);
    }

    #[test]
    fn extremes_in_between_lie_between_those_of_the_bounds_and_sums_are_free() {
        let least = Some(of(2, 1, (0, 1)));
        check(of(3, 99, (-3, 8)), least, true);
        check(of(3, 0, (0, 1)), least, true);
        check(of(3, 0, (-4, 1)), least, false);
        check(of(3, 0, (0, 9)), least, false);
        check(of(3, 0, (1, 8)), least, false);
        check(of(3, 0, (1, 8)), None, true);
        check(WindowAnswer { extremes: None, ..of(3, 0, (0, 1)) }, least, false);
    }

    #[test]
    fn a_window_is_moved_as_a_whole() {
        let mut answer = of(1, 1, (1, 1));
        answer.shift(-7);
        assert_eq!((answer.window.start.as_micros(), answer.window.end.as_micros()), (-7, 3));
    }
}
