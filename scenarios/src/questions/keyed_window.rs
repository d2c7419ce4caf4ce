//! What do the values of each key come to, per window? The question with every knob: how time
//! is cut, which aggregates, per key or over all events.

use super::aggregated::{Aggregated, Cut};
use crate::answer::WindowAnswer;
use crate::scenario::{Question, Scenario};
use crate::spec::AggregateName;
use crate::trigger::Trigger;
use crate::workload::{KeyLabels, KeyedEvent};
use engines::{Dataflow, WindowSpec};
use std::marker::PhantomData;

/// Aggregates of the values, per window.
#[derive(Clone, Debug)]
pub struct KeyedWindow<E> {
    window: WindowSpec,
    asked: Aggregated,
    event: PhantomData<fn() -> E>,
}

impl<E> KeyedWindow<E> {
    /// These aggregates in these windows, over events whose values have so many decimals: per
    /// key, or over all events if `labels` are [`KeyLabels::Global`].
    pub fn new(
        window: WindowSpec,
        aggregates: Vec<AggregateName>,
        labels: KeyLabels,
        decimals: u8,
    ) -> Self {
        let asked = Aggregated { aggregates, labels, decimals };
        Self { window, asked, event: PhantomData }
    }
}

impl<E: KeyedEvent> Scenario for KeyedWindow<E> {
    fn plan<F: Dataflow>(&self, flow: &mut F, events: F::Stream<E>) -> F::Stream<WindowAnswer> {
        self.asked.plan(flow, events, Cut::Windows(self.window), |answer| answer)
    }
}

impl<E: KeyedEvent> Question for KeyedWindow<E> {
    type Event = E;
    type Answer = WindowAnswer;

    fn trigger(&self) -> Trigger {
        Trigger::Windows(self.window)
    }

    fn question(&self) -> String {
        super::per_window(&self.columns(), self.window)
    }

    fn columns(&self) -> Vec<&'static str> {
        self.asked.columns()
    }

    fn cells(&self, answer: &WindowAnswer) -> Vec<String> {
        self.asked.cells(answer)
    }

    fn key_name(&self, key: u64) -> String {
        self.asked.labels.label(key)
    }
}
