//! How often has each word been seen, per window?
//!
//! The oldest question in the field. A line becomes its words, and words are counted by key:
//! one record in, many out, then a keyed window. It refuses to parse text, see
//! [`crate::workload::words`].

use crate::answer::WindowAnswer;
use crate::scenario::{Question, Scenario};
use crate::trigger::Trigger;
use crate::workload::{KeyLabels, Line};
use engines::{Count, Dataflow, WindowSpec};

/// How often each word was seen.
#[derive(Clone, Debug)]
pub struct WordCount {
    window: WindowSpec,
}

impl WordCount {
    /// In these windows.
    pub fn new(window: WindowSpec) -> Self {
        Self { window }
    }
}

impl Scenario for WordCount {
    fn plan<F: Dataflow>(&self, flow: &mut F, lines: F::Stream<Line>) -> F::Stream<WindowAnswer> {
        let words = flow.flat_map(lines, |line: Line, emit: &mut dyn FnMut(u64)| {
            line.words().for_each(emit);
        });
        let counts = flow.aggregate(words, |word| *word, |_| (), self.window, Count);
        flow.map(counts, |counted| WindowAnswer {
            window: counted.window,
            key: counted.key,
            count: counted.value,
            sum: i64::try_from(counted.value).unwrap_or(i64::MAX),
            extremes: None,
        })
    }
}

impl Question for WordCount {
    type Event = Line;
    type Answer = WindowAnswer;

    fn trigger(&self) -> Trigger {
        Trigger::Windows(self.window)
    }

    fn question(&self) -> String {
        super::per_window(&self.columns(), self.window)
    }

    fn columns(&self) -> Vec<&'static str> {
        vec!["count"]
    }

    fn cells(&self, answer: &WindowAnswer) -> Vec<String> {
        vec![answer.count.to_string()]
    }

    fn key_name(&self, key: u64) -> String {
        KeyLabels::Word.label(key)
    }
}
