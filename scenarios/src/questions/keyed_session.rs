//! What do the values of each key come to, per session? A session ends when nothing is heard of the
//! key for a while, as clicks of a user or bids of a bidder do; so how long it is depends on the
//! events, and two of them become one when a late event lies between them.

use super::aggregated::{Aggregated, Cut};
use crate::answer::SessionAnswer;
use crate::scenario::{Question, Scenario};
use crate::spec::AggregateName;
use crate::trigger::Trigger;
use crate::workload::{KeyLabels, KeyedEvent};
use engines::{Dataflow, SessionSpec};
use std::marker::PhantomData;

/// Aggregates of the values, per session.
#[derive(Clone, Debug)]
pub struct KeyedSession<E> {
    session: SessionSpec,
    asked: Aggregated,
    event: PhantomData<fn() -> E>,
}

impl<E> KeyedSession<E> {
    /// These aggregates in these sessions, over events whose values have so many decimals: per
    /// key, or over all events if `labels` are [`KeyLabels::Global`].
    pub fn new(
        session: SessionSpec,
        aggregates: Vec<AggregateName>,
        labels: KeyLabels,
        decimals: u8,
    ) -> Self {
        let asked = Aggregated { aggregates, labels, decimals };
        Self { session, asked, event: PhantomData }
    }
}

impl<E: KeyedEvent> Scenario for KeyedSession<E> {
    fn plan<F: Dataflow>(&self, flow: &mut F, events: F::Stream<E>) -> F::Stream<SessionAnswer> {
        self.asked.plan(flow, events, Cut::Sessions(self.session), SessionAnswer)
    }
}

impl<E: KeyedEvent> Question for KeyedSession<E> {
    type Event = E;
    type Answer = SessionAnswer;

    fn trigger(&self) -> Trigger {
        Trigger::Sessions(self.session)
    }

    fn question(&self) -> String {
        format!("The {} of each session ({}), per key.", self.columns().join(", "), self.session)
    }

    /// Another event may make two sessions one.
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
