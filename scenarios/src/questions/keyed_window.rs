//! What do the values of each key come to, per window? The question with every knob: how time
//! is cut, which aggregates, per key or over all events.
//!
//! Sum, count and mean are asked of [`CountAndSum`], which has an inverse. As soon as a smallest
//! or a largest value is wanted, one [`Summarise`] answers all of it, and has none: an engine
//! must then do without subtracting. Nothing is asked twice.

use crate::answer::WindowAnswer;
use crate::decimal;
use crate::scenario::{Question, Scenario};
use crate::spec::AggregateName;
use crate::trigger::Trigger;
use crate::workload::{KeyLabels, KeyedEvent};
use engines::{CountAndSum, CountedSum, Dataflow, Key, Summarise, Summary, WindowSpec, Windowed};
use std::marker::PhantomData;

/// Aggregates of the values, per window.
#[derive(Clone, Debug)]
pub struct KeyedWindow<E> {
    window: WindowSpec,
    aggregates: Vec<AggregateName>,
    labels: KeyLabels,
    decimals: u8,
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
        Self { window, aggregates, labels, decimals, event: PhantomData }
    }

    fn wants_extremes(&self) -> bool {
        self.aggregates.iter().any(|name| matches!(name, AggregateName::Min | AggregateName::Max))
    }
}

impl<E: KeyedEvent> Scenario for KeyedWindow<E> {
    fn plan<F: Dataflow>(&self, flow: &mut F, events: F::Stream<E>) -> F::Stream<WindowAnswer> {
        let extremes = self.wants_extremes();
        match self.labels {
            // A key of no size: there is one slot for it, and an engine need not look it up.
            KeyLabels::Global => aggregated(flow, events, |_| (), self.window, extremes, |()| 0),
            _ => aggregated(flow, events, |e| e.keyed().key, self.window, extremes, |key| key),
        }
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
        self.aggregates.iter().map(|name| name.name()).collect()
    }

    fn cells(&self, answer: &WindowAnswer) -> Vec<String> {
        let value = |units: i64| decimal::render(i128::from(units), self.decimals);
        let cell = |name: &AggregateName| match name {
            AggregateName::Count => answer.count.to_string(),
            AggregateName::Sum => value(answer.sum),
            AggregateName::Min => answer.extremes.map_or_else(String::new, |(min, _)| value(min)),
            AggregateName::Max => answer.extremes.map_or_else(String::new, |(_, max)| value(max)),
            AggregateName::Mean => answer.mean(self.decimals),
        };
        self.aggregates.iter().map(cell).collect()
    }

    fn key_name(&self, key: u64) -> String {
        self.labels.label(key)
    }
}

/// The plan for one type of key.
fn aggregated<F: Dataflow, E: KeyedEvent, K: Key>(
    flow: &mut F,
    events: F::Stream<E>,
    key: impl Fn(&E) -> K + Send + Sync + 'static,
    window: WindowSpec,
    extremes: bool,
    number: impl Fn(K) -> u64 + Send + Sync + 'static,
) -> F::Stream<WindowAnswer> {
    let value = |event: &E| event.keyed().value;
    if extremes {
        let summaries = flow.aggregate(events, key, value, window, Summarise);
        flow.map(summaries, move |answer: Windowed<K, Summary>| {
            let Summary { count, sum, min, max } = answer.value;
            let (window, key) = (answer.window, number(answer.key));
            WindowAnswer { window, key, count, sum, extremes: Some((min, max)) }
        })
    } else {
        let sums = flow.aggregate(events, key, value, window, CountAndSum);
        flow.map(sums, move |answer: Windowed<K, CountedSum>| {
            let CountedSum { count, sum } = answer.value;
            let (window, key) = (answer.window, number(answer.key));
            WindowAnswer { window, key, count, sum, extremes: None }
        })
    }
}
