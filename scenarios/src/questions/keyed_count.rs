//! What do the last so many values of each key come to, each time that some more have come? It is the
//! number of events that ends a window, not the time; of lines, that of their words, as in Meituan's
//! comparison of Flink and Storm.

use super::aggregated::Aggregated;
use crate::answer::{NumberedAnswer, WindowAnswer};
use crate::scenario::{Question, Scenario};
use crate::spec::AggregateName;
use crate::trigger::Trigger;
use crate::workload::{KeyLabels, KeyedEvent, Line};
use engines::{Count, CountSpec, Dataflow};
use std::marker::PhantomData;

/// What is asked, where it is columns of each window.
fn asks(columns: &[&str], what: &str, count: CountSpec) -> String {
    format!("The {} of windows of counted {what} ({count}), per key.", columns.join(", "))
}

/// Aggregates of the values, per window of counted events.
#[derive(Clone, Debug)]
pub struct KeyedCount<E> {
    count: CountSpec,
    asked: Aggregated,
    event: PhantomData<fn() -> E>,
}

impl<E> KeyedCount<E> {
    /// These aggregates in these windows, over events whose values have so many decimals: per
    /// key, or over all events if `labels` are [`KeyLabels::Global`].
    pub fn new(
        count: CountSpec,
        aggregates: Vec<AggregateName>,
        labels: KeyLabels,
        decimals: u8,
    ) -> Self {
        let asked = Aggregated { aggregates, labels, decimals };
        Self { count, asked, event: PhantomData }
    }
}

impl<E: KeyedEvent> Scenario for KeyedCount<E> {
    fn plan<F: Dataflow>(&self, flow: &mut F, events: F::Stream<E>) -> F::Stream<NumberedAnswer> {
        self.asked.counted(flow, events, self.count)
    }
}

impl<E: KeyedEvent> Question for KeyedCount<E> {
    type Event = E;
    type Answer = NumberedAnswer;

    fn trigger(&self) -> Trigger {
        Trigger::Filled
    }

    fn question(&self) -> String {
        asks(&self.columns(), "events", self.count)
    }

    fn columns(&self) -> Vec<&'static str> {
        self.asked.columns()
    }

    fn cells(&self, answer: &NumberedAnswer) -> Vec<String> {
        self.asked.cells(&answer.of)
    }

    fn key_label(&self, answer: &NumberedAnswer) -> String {
        self.asked.labels.label(answer.of.key)
    }

    fn key_name(&self, key: u64) -> String {
        self.asked.labels.label(key)
    }
}

/// Windows of counted words.
#[derive(Clone, Debug)]
pub struct WordsCounted {
    count: CountSpec,
}

impl WordsCounted {
    /// These windows.
    pub const fn new(count: CountSpec) -> Self {
        Self { count }
    }
}

impl Scenario for WordsCounted {
    fn plan<F: Dataflow>(&self, flow: &mut F, lines: F::Stream<Line>) -> F::Stream<NumberedAnswer> {
        let words = flow.flat_map(lines, |line: Line, emit: &mut dyn FnMut(u64)| {
            line.words().for_each(emit);
        });
        let counts = flow.counted(words, |word| *word, |_| (), self.count, Count);
        flow.map(counts, |counted| NumberedAnswer {
            number: counted.number,
            of: WindowAnswer {
                window: counted.window,
                key: counted.key,
                count: counted.value,
                sum: i64::try_from(counted.value).unwrap_or(i64::MAX),
                extremes: None,
            },
        })
    }
}

impl Question for WordsCounted {
    type Event = Line;
    type Answer = NumberedAnswer;

    fn trigger(&self) -> Trigger {
        Trigger::Filled
    }

    fn question(&self) -> String {
        asks(&self.columns(), "words", self.count)
    }

    fn columns(&self) -> Vec<&'static str> {
        vec!["count"]
    }

    fn cells(&self, answer: &NumberedAnswer) -> Vec<String> {
        vec![answer.of.count.to_string()]
    }

    fn key_label(&self, answer: &NumberedAnswer) -> String {
        KeyLabels::Word.label(answer.of.key)
    }

    fn key_name(&self, key: u64) -> String {
        KeyLabels::Word.label(key)
    }
}
