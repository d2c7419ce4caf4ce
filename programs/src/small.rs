//! Questions that are put together as plain values, for whoever holds an engine against cases of a
//! few events: aggregates per window, session or count of events, and an answer may be left out by what it says.

use crate::program::Program;
use engines::{CountSpec, Dataflow, SessionSpec, WindowSpec};
use scenarios::spec::AggregateName;
use scenarios::{
    Answer, KeyLabels, Keyed, KeyedCount, KeyedSession, KeyedWindow, NumberedAnswer, Question,
    Scenario, SessionAnswer, Trigger, WindowAnswer,
};
use std::sync::Arc;

/// One aggregate of the values of each key, per window. Where `drops_zeros`, no answer comes whose
/// sum is zero.
pub fn windowed(
    window: WindowSpec,
    aggregate: AggregateName,
    drops_zeros: bool,
) -> Arc<dyn Program<Keyed, WindowAnswer>> {
    let question = KeyedWindow::new(window, vec![aggregate], KeyLabels::Rank, 0);
    if drops_zeros { Arc::new(WithoutZeros(question)) } else { Arc::new(question) }
}

/// One aggregate of the values of each key, per session: an answer for each window that a session has
/// had.
pub fn in_sessions(
    session: SessionSpec,
    aggregate: AggregateName,
) -> Arc<dyn Program<Keyed, WindowAnswer>> {
    Arc::new(AsWindows(KeyedSession::new(session, vec![aggregate], KeyLabels::Rank, 0)))
}

/// One aggregate of the values of each key, per window of counted events: an answer for each.
pub fn counted(
    count: CountSpec,
    aggregate: AggregateName,
) -> Arc<dyn Program<Keyed, WindowAnswer>> {
    Arc::new(AsWindows(KeyedCount::new(count, vec![aggregate], KeyLabels::Rank, 0)))
}

/// A question whose answers are taken for those of windows.
struct AsWindows<S>(S);

/// What is told of an answer as of that of a window.
trait Within: Answer {
    fn of(self) -> WindowAnswer;

    fn from(answer: WindowAnswer) -> Self;
}

impl Within for SessionAnswer {
    fn of(self) -> WindowAnswer {
        self.0
    }

    fn from(answer: WindowAnswer) -> Self {
        Self(answer)
    }
}

impl Within for NumberedAnswer {
    fn of(self) -> WindowAnswer {
        self.of
    }

    fn from(answer: WindowAnswer) -> Self {
        Self { number: 0, of: answer }
    }
}

impl<S: Scenario<Event = Keyed, Answer: Within>> Scenario for AsWindows<S> {
    fn plan<F: Dataflow>(&self, flow: &mut F, events: F::Stream<Keyed>) -> F::Stream<WindowAnswer> {
        let answers = self.0.plan(flow, events);
        flow.map(answers, Within::of)
    }
}

impl<S: Question<Event = Keyed, Answer: Within>> Question for AsWindows<S> {
    type Event = Keyed;
    type Answer = WindowAnswer;

    fn trigger(&self) -> Trigger {
        self.0.trigger()
    }

    fn question(&self) -> String {
        self.0.question()
    }

    fn is_monotone(&self) -> bool {
        self.0.is_monotone()
    }

    fn columns(&self) -> Vec<&'static str> {
        self.0.columns()
    }

    fn cells(&self, answer: &WindowAnswer) -> Vec<String> {
        self.0.cells(&Within::from(*answer))
    }
}

/// A question without those of its answers whose sum is zero.
struct WithoutZeros(KeyedWindow<Keyed>);

impl Scenario for WithoutZeros {
    fn plan<F: Dataflow>(&self, flow: &mut F, events: F::Stream<Keyed>) -> F::Stream<WindowAnswer> {
        let answers = self.0.plan(flow, events);
        flow.filter(answers, |answer| answer.sum != 0)
    }
}

impl Question for WithoutZeros {
    type Event = Keyed;
    type Answer = WindowAnswer;

    fn trigger(&self) -> Trigger {
        self.0.trigger()
    }

    fn question(&self) -> String {
        format!("{}, where the sum is not zero", self.0.question())
    }

    fn columns(&self) -> Vec<&'static str> {
        self.0.columns()
    }

    fn cells(&self, answer: &WindowAnswer) -> Vec<String> {
        self.0.cells(answer)
    }
}
