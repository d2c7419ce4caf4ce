//! Nothing at all: each event comes out as it went in.
//!
//! The question: *what does it cost merely to pass through?* The plan has no operator, so this
//! is the floor under every other number.

use crate::decimal;
use crate::scenario::{Question, Scenario};
use crate::trigger::Trigger;
use crate::workload::{KeyLabels, KeyedEvent};
use engines::Dataflow;
use std::marker::PhantomData;

/// Each event is its own answer.
#[derive(Clone, Debug)]
pub struct Identity<E> {
    labels: KeyLabels,
    decimals: u8,
    event: PhantomData<fn() -> E>,
}

impl<E> Identity<E> {
    /// Over events whose keys are called so and whose values have so many decimals.
    pub fn new(labels: KeyLabels, decimals: u8) -> Self {
        Self { labels, decimals, event: PhantomData }
    }
}

impl<E: KeyedEvent> Scenario for Identity<E> {
    fn plan<F: Dataflow>(&self, _: &mut F, events: F::Stream<E>) -> F::Stream<E> {
        events
    }
}

impl<E: KeyedEvent> Question for Identity<E> {
    type Event = E;
    type Answer = E;

    fn trigger(&self) -> Trigger {
        Trigger::Event
    }

    fn question(&self) -> String {
        "Each event is its own answer.".to_owned()
    }

    fn columns(&self) -> Vec<&'static str> {
        vec!["value"]
    }

    fn cells(&self, answer: &E) -> Vec<String> {
        vec![decimal::render(i128::from(answer.keyed().value), self.decimals)]
    }

    fn key_name(&self, key: u64) -> String {
        self.labels.label(key)
    }
}
