//! The answer of a windowed question, and how it is shown.
//!
//! One type serves every windowed question, so that the harness checks, counts and writes them
//! in one way. It holds integers only; what a key or a value means is known to the scenario.

use crate::Answer;
use crate::decimal;
use crate::workload::skew;
use crate::workload::words;
use engines::Window;
use std::sync::Arc;

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

/// What a key is called when people see it.
#[derive(Clone, Debug)]
pub enum KeyLabels {
    /// Nothing: there is only one.
    Global,
    /// By its rank in the distribution it was drawn from; `0` is the most frequent.
    Rank,
    /// By the word it stands for.
    Word,
    /// As it stands in a trace, whose keys are numbered in the order in which the file first
    /// mentions them.
    Named(Arc<[Box<str>]>),
}

impl KeyLabels {
    /// What `key` is called.
    pub fn label(&self, key: u64) -> String {
        match self {
            Self::Global => String::new(),
            Self::Rank => skew::rank_of(key).to_string(),
            Self::Word => words::word(key),
            Self::Named(names) => usize::try_from(skew::rank_of(key))
                .ok()
                .and_then(|number| names.get(number))
                .map_or_else(String::new, ToString::to_string),
        }
    }
}
