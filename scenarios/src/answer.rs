//! What comes back: what a checker needs to know of an answer, and the answer of a windowed
//! question.
//!
//! One type serves every windowed question, so that the harness checks, counts and writes them
//! in one way. It holds integers only; what a key or a value means is known to the scenario.

use crate::decimal;
use engines::{Data, Window};
use std::fmt::Debug;
use std::hash::Hash;

/// What the harness needs to know of an answer in order to check and count it.
pub trait Answer: Data + Ord + Hash + Debug {
    /// The window it is for; `None` where there is one answer per event.
    fn window(&self) -> Option<Window>;

    /// Says that it is for another window. Does nothing where there is none.
    fn set_window(&mut self, window: Window);

    /// How many events are counted in it.
    fn count(&self) -> u64;

    /// The sum in it; the event's value where there is one answer per event, and the count where
    /// nothing is summed.
    fn sum(&self) -> i64;

    /// The smallest and the largest value, if it has them.
    fn extremes(&self) -> Option<(i64, i64)>;
}

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
    fn window(&self) -> Option<Window> {
        Some(self.window)
    }
    fn set_window(&mut self, window: Window) {
        self.window = window;
    }
    fn count(&self) -> u64 {
        self.count
    }
    fn sum(&self) -> i64 {
        self.sum
    }
    fn extremes(&self) -> Option<(i64, i64)> {
        self.extremes
    }
}
