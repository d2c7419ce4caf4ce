//! Aggregates of the values of each key, however event time is cut: what windows and sessions are
//! asked for in the same words.
//!
//! Sum, count and mean are asked of [`CountAndSum`], which has an inverse. As soon as a smallest
//! or a largest value is wanted, one [`Summarise`] answers all of it, and has none: an engine
//! must then do without subtracting. Nothing is asked twice.

use crate::answer::{NumberedAnswer, WindowAnswer};
use crate::decimal;
use crate::spec::AggregateName;
use crate::workload::{KeyLabels, KeyedEvent};
use engines::{
    Aggregate, CountAndSum, CountSpec, CountedSum, Data, Dataflow, Key, Numbered, SessionSpec,
    SilenceSpec, Summarise, Summary, Window, WindowSpec, Windowed,
};

/// How event time is cut.
#[derive(Copy, Clone, Debug)]
pub(super) enum Cut {
    Windows(WindowSpec),
    Sessions(SessionSpec),
    Silences(SilenceSpec),
}

/// Which aggregates, in the order they are shown, of whose values.
#[derive(Clone, Debug)]
pub(super) struct Aggregated {
    pub(super) aggregates: Vec<AggregateName>,
    /// Per key, or over all events if these are [`KeyLabels::Global`].
    pub(super) labels: KeyLabels,
    /// How many decimals a value has.
    pub(super) decimals: u8,
}

impl Aggregated {
    /// The question as a plan, whose answers become what `answer` makes of them.
    pub(super) fn plan<F: Dataflow, E: KeyedEvent, O: Data>(
        &self,
        flow: &mut F,
        events: F::Stream<E>,
        cut: Cut,
        answer: impl Fn(WindowAnswer) -> O + Send + Sync + 'static,
    ) -> F::Stream<O> {
        let extremes = self.wants_extremes();
        match self.labels {
            // A key of no size: there is one slot for it, and an engine need not look it up.
            KeyLabels::Global => by_key(flow, events, |_| (), (cut, extremes), |()| 0, answer),
            _ => by_key(flow, events, |e| e.keyed().key, (cut, extremes), |key| key, answer),
        }
    }

    /// The same, per window of counted events.
    pub(super) fn counted<F: Dataflow, E: KeyedEvent>(
        &self,
        flow: &mut F,
        events: F::Stream<E>,
        count: CountSpec,
    ) -> F::Stream<NumberedAnswer> {
        let extremes = self.wants_extremes();
        match self.labels {
            KeyLabels::Global => counted_by(flow, events, |_| (), (count, extremes), |()| 0),
            _ => counted_by(flow, events, |e| e.keyed().key, (count, extremes), |key| key),
        }
    }

    fn wants_extremes(&self) -> bool {
        self.aggregates.iter().any(|name| matches!(name, AggregateName::Min | AggregateName::Max))
    }

    pub(super) fn columns(&self) -> Vec<&'static str> {
        self.aggregates.iter().map(|name| name.name()).collect()
    }

    pub(super) fn cells(&self, answer: &WindowAnswer) -> Vec<String> {
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
}

/// The plan for one type of key.
fn by_key<F: Dataflow, E: KeyedEvent, K: Key, O: Data>(
    flow: &mut F,
    events: F::Stream<E>,
    key: impl Fn(&E) -> K + Send + Sync + 'static,
    (cut, extremes): (Cut, bool),
    number: impl Fn(K) -> u64 + Send + Sync + 'static,
    answer: impl Fn(WindowAnswer) -> O + Send + Sync + 'static,
) -> F::Stream<O> {
    if extremes {
        let summaries = cut_by(flow, events, key, cut, Summarise);
        flow.map(summaries, move |given: Windowed<K, Summary>| {
            answer(summarised(given.window, number(given.key), given.value))
        })
    } else {
        let sums = cut_by(flow, events, key, cut, CountAndSum);
        flow.map(sums, move |given: Windowed<K, CountedSum>| {
            answer(summed(given.window, number(given.key), given.value))
        })
    }
}

const fn summarised(window: Window, key: u64, given: Summary) -> WindowAnswer {
    let Summary { count, sum, min, max } = given;
    WindowAnswer { window, key, count, sum, extremes: Some((min, max)) }
}

const fn summed(window: Window, key: u64, given: CountedSum) -> WindowAnswer {
    let CountedSum { count, sum } = given;
    WindowAnswer { window, key, count, sum, extremes: None }
}

/// The plan for one type of key, where events are counted.
fn counted_by<F: Dataflow, E: KeyedEvent, K: Key>(
    flow: &mut F,
    events: F::Stream<E>,
    key: impl Fn(&E) -> K + Send + Sync + 'static,
    (count, extremes): (CountSpec, bool),
    name: impl Fn(K) -> u64 + Send + Sync + 'static,
) -> F::Stream<NumberedAnswer> {
    let value = |event: &E| event.keyed().value;
    if extremes {
        let summaries = flow.counted(events, key, value, count, Summarise);
        flow.map(summaries, move |given: Numbered<K, Summary>| NumberedAnswer {
            number: given.number,
            of: summarised(given.window, name(given.key), given.value),
        })
    } else {
        let sums = flow.counted(events, key, value, count, CountAndSum);
        flow.map(sums, move |given: Numbered<K, CountedSum>| NumberedAnswer {
            number: given.number,
            of: summed(given.window, name(given.key), given.value),
        })
    }
}

/// One aggregate of the values.
fn cut_by<F: Dataflow, E: KeyedEvent, K: Key, A: Aggregate<Input = i64>>(
    flow: &mut F,
    events: F::Stream<E>,
    key: impl Fn(&E) -> K + Send + Sync + 'static,
    cut: Cut,
    aggregate: A,
) -> F::Stream<Windowed<K, A::Output>> {
    let value = |event: &E| event.keyed().value;
    match cut {
        Cut::Windows(window) => flow.aggregate(events, key, value, window, aggregate),
        Cut::Sessions(session) => flow.session(events, key, value, session, aggregate),
        Cut::Silences(silence) => flow.silences(events, key, value, silence, aggregate),
    }
}
