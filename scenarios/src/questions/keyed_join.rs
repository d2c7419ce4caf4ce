//! Which events of two streams belong together? Impressions and clicks, orders and payments: both sides
//! come in one input here, told apart by their values, so that they share a schedule and its disorder.

use crate::answer::PairAnswer;
use crate::decimal;
use crate::scenario::{Question, Scenario};
use crate::trigger::Trigger;
use crate::workload::{KeyLabels, KeyedEvent};
use engines::{Dataflow, JoinSpec, Joined, WindowSpec, Within};
use std::marker::PhantomData;

/// Pairs of events with one key.
#[derive(Clone, Debug)]
pub struct KeyedJoin<E> {
    join: JoinSpec,
    left_below: i64,
    labels: KeyLabels,
    decimals: u8,
    event: PhantomData<fn() -> E>,
}

impl<E> KeyedJoin<E> {
    /// This join, where events with values below `left_below`, in units of 10^-`decimals`, are the left
    /// side and all others the right one.
    pub const fn new(join: JoinSpec, left_below: i64, labels: KeyLabels, decimals: u8) -> Self {
        Self { join, left_below, labels, decimals, event: PhantomData }
    }
}

impl<E: KeyedEvent> Scenario for KeyedJoin<E> {
    fn plan<F: Dataflow>(&self, flow: &mut F, events: F::Stream<E>) -> F::Stream<PairAnswer> {
        let left_below = self.left_below;
        let (left, right) = flow.fork(events);
        let left = flow.filter(left, move |event| event.keyed().value < left_below);
        let right = flow.filter(right, move |event| event.keyed().value >= left_below);
        let key = |event: &E| event.keyed().key;
        let pairs = flow.join(left, right, (key, key), self.join);
        let in_windows = matches!(self.join.within(), Within::Window(_));
        flow.map(pairs, move |Joined { window, key, left, right }: Joined<u64, E, E>| PairAnswer {
            window,
            key,
            left: left.keyed().value,
            right: right.as_ref().map(|right| right.keyed().value),
            waits: in_windows || right.is_none(),
        })
    }
}

impl<E: KeyedEvent> Question for KeyedJoin<E> {
    type Event = E;
    type Answer = PairAnswer;

    fn trigger(&self) -> Trigger {
        match self.join.within() {
            Within::Window(size) => {
                Trigger::Windows(WindowSpec::tumbling(size).expect("a join's window is one"))
            }
            Within::Interval { .. } => Trigger::Passed,
        }
    }

    fn question(&self) -> String {
        format!("Pairs of a left and a right event of one key ({}).", self.join)
    }

    /// Another event may be the partner of one that stands alone.
    fn is_monotone(&self) -> bool {
        false
    }

    fn columns(&self) -> Vec<&'static str> {
        vec!["left", "right"]
    }

    fn cells(&self, answer: &PairAnswer) -> Vec<String> {
        let value = |units: i64| decimal::render(i128::from(units), self.decimals);
        vec![value(answer.left), answer.right.map_or_else(String::new, value)]
    }

    fn key_label(&self, answer: &PairAnswer) -> String {
        self.labels.label(answer.key)
    }

    fn key_name(&self, key: u64) -> String {
        self.labels.label(key)
    }
}
