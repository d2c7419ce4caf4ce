//! Answers of shapes that no question has yet, made by changing what there is: rows of an outer
//! join, sessions, ranked rows. What they say is made up; how they are asked for is not.

use engines::{Count, Dataflow, Stamped, Summarise, Timestamp, Window, WindowSpec};
use scenarios::workload::Padded;
use scenarios::{Answer, Question, Scenario, Subject, Trigger};
use std::cmp::Ordering;

/// An event whose payload is its number.
pub(crate) type Event = Padded<1>;

/// A question whose answers can be spoilt.
pub(crate) trait Shape: Scenario<Event = Event> {
    /// The kinds of answer that there are, each of which is to be spoilt.
    const KINDS: &[fn(&Self::Answer) -> bool];

    /// Says what cannot be.
    fn alter(answer: &mut Self::Answer);

    /// Of one answer two that hold the same records.
    fn cut(answer: &Stamped<Self::Answer>) -> [Stamped<Self::Answer>; 2];
}

/// Each event with its partner, at once; and when a window has ended, what of a key had none.
#[derive(Clone, Debug)]
pub(crate) struct Outer(pub(crate) WindowSpec);

/// A row of an outer join. One without a right side has to wait, and has no window.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Row {
    left: u64,
    right: Option<u64>,
    until: Timestamp,
    records: u64,
}

impl Answer for Row {
    fn subject(&self) -> Subject {
        let until = self.complete_at().map(Timestamp::as_micros);
        Subject::of_key(Subject::hash_of((self.left, self.right, until)))
    }
    fn window(&self) -> Option<Window> {
        None
    }
    fn complete_at(&self) -> Option<Timestamp> {
        self.right.is_none().then_some(self.until)
    }
    fn shift(&mut self, by_us: i64) {
        if self.right.is_none() {
            self.until = self.until.saturating_add(by_us);
        }
    }
    fn count(&self) -> u64 {
        self.records
    }
}

impl Scenario for Outer {
    fn plan<F: Dataflow>(&self, flow: &mut F, events: F::Stream<Event>) -> F::Stream<Row> {
        let (paired, lonely) = flow.fork(events);
        let paired = flow.map(paired, |event| Row {
            left: event.payload[0],
            right: Some(event.keyed.key),
            until: Timestamp::NONE,
            records: 2,
        });
        let lonely = flow.aggregate(lonely, |event| event.keyed.key, |_| (), self.0, Count);
        let lonely = flow.map(lonely, |counted| Row {
            left: counted.key,
            right: None,
            until: counted.window.end,
            records: counted.value,
        });
        flow.union(paired, lonely)
    }
}

impl Question for Outer {
    type Event = Event;
    type Answer = Row;
    fn trigger(&self) -> Trigger {
        Trigger::Windows(self.0)
    }
    fn question(&self) -> String {
        "Each event, with its partner or without.".to_owned()
    }
    fn columns(&self) -> Vec<&'static str> {
        vec!["right", "records"]
    }
    fn cells(&self, row: &Row) -> Vec<String> {
        let right = row.right.map_or_else(String::new, |right| right.to_string());
        vec![right, row.records.to_string()]
    }
    fn key_label(&self, row: &Row) -> String {
        row.left.to_string()
    }
}

impl Shape for Outer {
    const KINDS: &[fn(&Row) -> bool] =
        &[|row| row.right.is_some(), |row| row.right.is_none() && row.records > 4];

    fn alter(row: &mut Row) {
        row.records += 1000;
    }

    fn cut(row: &Stamped<Row>) -> [Stamped<Row>; 2] {
        let records = row.value.records;
        [1, records - 1].map(|records| row.with(Row { records, ..row.value }))
    }
}

/// The stretches in which a key was heard of.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    /// How long they are.
    pub(crate) window: WindowSpec,
    /// Whether a later event never undoes one.
    pub(crate) is_monotone: bool,
}

/// A session: its window is part of the answer, and so it may be that of others in part.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Session {
    key: u64,
    window: Window,
    count: u64,
}

impl Answer for Session {
    fn subject(&self) -> Subject {
        Subject::of_key(self.key)
    }
    fn window(&self) -> Option<Window> {
        Some(self.window)
    }
    fn shift(&mut self, by_us: i64) {
        self.window = moved(self.window, by_us);
    }
    fn count(&self) -> u64 {
        self.count
    }
    fn fullness(&self, other: &Self) -> Option<Ordering> {
        let length = |window: Window| window.end.as_micros() - window.start.as_micros();
        let (own, others) = (self.window, other.window);
        let overlap = own.start < others.end && others.start < own.end;
        overlap.then(|| length(own).cmp(&length(others)).then(self.count.cmp(&other.count)))
    }
}

impl Scenario for Sessions {
    fn plan<F: Dataflow>(&self, flow: &mut F, events: F::Stream<Event>) -> F::Stream<Session> {
        let counts = flow.aggregate(events, |event| event.keyed.key, |_| (), self.window, Count);
        flow.map(counts, |counted| Session {
            key: counted.key,
            window: counted.window,
            count: counted.value,
        })
    }
}

impl Question for Sessions {
    type Event = Event;
    type Answer = Session;
    fn trigger(&self) -> Trigger {
        Trigger::Windows(self.window)
    }
    fn question(&self) -> String {
        "When each key was heard of.".to_owned()
    }
    fn is_monotone(&self) -> bool {
        self.is_monotone
    }
    fn columns(&self) -> Vec<&'static str> {
        vec!["count"]
    }
    fn cells(&self, session: &Session) -> Vec<String> {
        vec![session.count.to_string()]
    }
}

impl Shape for Sessions {
    const KINDS: &[fn(&Session) -> bool] = &[|session| session.count > 4];

    fn alter(session: &mut Session) {
        session.count += 1000;
    }

    fn cut(session: &Stamped<Session>) -> [Stamped<Session>; 2] {
        let Session { key, window, count } = session.value;
        let half_us = (window.end.as_micros() - window.start.as_micros()) / 2;
        let middle = window.start.saturating_add(half_us);
        let first = Session { key, window: Window { end: middle, ..window }, count: count / 2 };
        let rest = Window { start: middle, ..window };
        let second = Session { key, window: rest, count: count - count / 2 };
        [session.with(first), session.with(second)]
    }
}

/// The greatest value of each place of a group, per window.
#[derive(Clone, Debug)]
pub(crate) struct Ranking(pub(crate) WindowSpec);

/// A ranked row.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Ranked {
    window: Window,
    group: u64,
    rank: u64,
    score: i64,
    count: u64,
}

impl Answer for Ranked {
    fn subject(&self) -> Subject {
        Subject::of_window(self.window, Subject::hash_of((self.group, self.rank)))
    }
    fn window(&self) -> Option<Window> {
        Some(self.window)
    }
    fn shift(&mut self, by_us: i64) {
        self.window = moved(self.window, by_us);
    }
    fn count(&self) -> u64 {
        self.count
    }
    fn values_lie_between(&self, least: Option<&Self>, most: &Self) -> bool {
        self.score <= most.score && least.is_none_or(|least| least.score <= self.score)
    }
}

impl Scenario for Ranking {
    fn plan<F: Dataflow>(&self, flow: &mut F, events: F::Stream<Event>) -> F::Stream<Ranked> {
        let (key, value) = (|event: &Event| event.keyed.key, |event: &Event| event.keyed.value);
        let summaries = flow.aggregate(events, key, value, self.0, Summarise);
        flow.map(summaries, |summary| Ranked {
            window: summary.window,
            group: summary.key >> 3,
            rank: summary.key & 7,
            score: summary.value.max,
            count: summary.value.count,
        })
    }
}

impl Question for Ranking {
    type Event = Event;
    type Answer = Ranked;
    fn trigger(&self) -> Trigger {
        Trigger::Windows(self.0)
    }
    fn question(&self) -> String {
        "The first of each group.".to_owned()
    }
    fn columns(&self) -> Vec<&'static str> {
        vec!["rank", "score"]
    }
    fn cells(&self, row: &Ranked) -> Vec<String> {
        vec![row.rank.to_string(), row.score.to_string()]
    }
    fn key_label(&self, row: &Ranked) -> String {
        format!("group {}", row.group)
    }
}

impl Shape for Ranking {
    const KINDS: &[fn(&Ranked) -> bool] = &[|row| row.count > 4];

    fn alter(row: &mut Ranked) {
        row.score += 1000;
    }

    fn cut(row: &Stamped<Ranked>) -> [Stamped<Ranked>; 2] {
        let count = row.value.count;
        [1, count - 1].map(|count| row.with(Ranked { count, ..row.value }))
    }
}

const fn moved(window: Window, by_us: i64) -> Window {
    Window { start: window.start.saturating_add(by_us), end: window.end.saturating_add(by_us) }
}
