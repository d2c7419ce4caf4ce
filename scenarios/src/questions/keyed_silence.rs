//! Which keys have fallen silent that were heard of before, and what had they said? So meters and
//! machines are watched: an alert is about what does not come.

use super::aggregated::{Aggregated, Cut};
use crate::answer::SessionAnswer;
use crate::scenario::{Question, Scenario};
use crate::spec::AggregateName;
use crate::trigger::Trigger;
use crate::workload::{KeyLabels, KeyedEvent};
use engines::{Dataflow, SilenceSpec};
use std::marker::PhantomData;

/// Aggregates of what was heard of a key before it fell silent.
#[derive(Clone, Debug)]
pub struct KeyedSilence<E> {
    silence: SilenceSpec,
    asked: Aggregated,
    event: PhantomData<fn() -> E>,
}

impl<E> KeyedSilence<E> {
    /// These aggregates before these silences, over events whose values have so many decimals.
    pub fn new(
        silence: SilenceSpec,
        aggregates: Vec<AggregateName>,
        labels: KeyLabels,
        decimals: u8,
    ) -> Self {
        let asked = Aggregated { aggregates, labels, decimals };
        Self { silence, asked, event: PhantomData }
    }
}

impl<E: KeyedEvent> Scenario for KeyedSilence<E> {
    fn plan<F: Dataflow>(&self, flow: &mut F, events: F::Stream<E>) -> F::Stream<SessionAnswer> {
        self.asked.plan(flow, events, Cut::Silences(self.silence), SessionAnswer)
    }
}

impl<E: KeyedEvent> Question for KeyedSilence<E> {
    type Event = E;
    type Answer = SessionAnswer;

    fn trigger(&self) -> Trigger {
        Trigger::Passed
    }

    fn question(&self) -> String {
        format!(
            "The {} of what each key said before it was {}.",
            self.columns().join(", "),
            self.silence
        )
    }

    /// Another event may end a silence.
    fn is_monotone(&self) -> bool {
        false
    }

    fn columns(&self) -> Vec<&'static str> {
        self.asked.columns()
    }

    fn cells(&self, answer: &SessionAnswer) -> Vec<String> {
        self.asked.cells(&answer.0)
    }

    fn key_name(&self, key: u64) -> String {
        self.asked.labels.label(key)
    }
}
