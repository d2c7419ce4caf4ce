//! Windows of counted records: what a key's last records come to, each time that enough have come.

use super::Out;
use super::timed::{Logic, NEVER};
use crate::aggregate::Aggregate;
use crate::counted::CountSpec;
use crate::dataflow::{Key, Numbered};
use crate::engine::{EngineError, WindowCounts};
use crate::panes::Accumulator;
use crate::record::Stamped;
use crate::time::Timestamp;
use crate::window::Window;
use std::collections::VecDeque;
use std::marker::PhantomData;

/// An aggregate of each window of each key.
pub(crate) struct Counted<K, A> {
    spec: CountSpec,
    aggregate: A,
    of: PhantomData<fn() -> K>,
}

impl<K, A> Counted<K, A> {
    pub(crate) const fn new(spec: CountSpec, aggregate: A) -> Self {
        Self { spec, aggregate, of: PhantomData }
    }
}

impl<K, A: Clone> Clone for Counted<K, A> {
    fn clone(&self) -> Self {
        Self::new(self.spec, self.aggregate.clone())
    }
}

/// The records of a key that are in a window to come, and the windows that are not answered yet.
#[derive(Clone)]
pub(crate) struct OfKey<P> {
    /// Whole parts, the oldest first.
    parts: VecDeque<Part<P>>,
    /// The part that takes records, and how many it has.
    open: Option<(Part<P>, u64)>,
    /// How many records there were since the last window.
    since: u64,
    /// How many windows there were.
    windows: u64,
    ready: Vec<Ready<P>>,
}

impl<P> Default for OfKey<P> {
    fn default() -> Self {
        Self { parts: VecDeque::new(), open: None, since: 0, windows: 0, ready: Vec::new() }
    }
}

#[derive(Clone)]
struct Part<P> {
    so_far: Accumulator<P>,
    /// The earliest and the latest event time in it.
    times: (Timestamp, Timestamp),
}

impl<P: Clone> Part<P> {
    fn combine<A: Aggregate<Partial = P>>(&mut self, aggregate: &A, other: &Self) {
        self.so_far.combine(aggregate, &other.so_far);
        self.spread(other.times);
    }

    fn spread(&mut self, (first, last): (Timestamp, Timestamp)) {
        self.times = (self.times.0.min(first), self.times.1.max(last));
    }
}

/// A window that is full.
#[derive(Clone)]
struct Ready<P> {
    number: u64,
    whole: Part<P>,
    /// The event time of the record that filled it.
    at: Timestamp,
}

impl<K: Key, A: Aggregate> Logic for Counted<K, A> {
    type Key = K;
    type Input = A::Input;
    type Output = Numbered<K, A::Output>;
    type State = OfKey<A::Partial>;

    const NAME: &'static str = "windows of counted records";

    fn is_late(&self, _: Timestamp, _: i64) -> bool {
        false
    }

    fn on_record(
        &self,
        of_key: &mut Self::State,
        record: Stamped<A::Input>,
        _: i64,
        counts: &mut WindowCounts,
    ) {
        counts.accepted += 1;
        let at = record.event_time;
        let empty =
            || (Part { so_far: Accumulator::empty(self.aggregate.empty()), times: (at, at) }, 0);
        let (part, records) = of_key.open.get_or_insert_with(empty);
        part.so_far.add(&self.aggregate, record.due, &record.value);
        part.spread((at, at));
        *records += 1;
        of_key.since += 1;
        if *records < self.spec.part() {
            return;
        }
        if let Some((part, _)) = of_key.open.take() {
            if of_key.parts.len() as u64 == self.spec.parts() {
                of_key.parts.pop_front();
            }
            of_key.parts.push_back(part);
        }
        if of_key.since < self.spec.slide() {
            return;
        }
        of_key.since = 0;
        let number = of_key.windows;
        of_key.windows += 1;
        let mut parts = of_key.parts.iter();
        let Some(mut whole) = parts.next().cloned() else { return };
        for part in parts {
            whole.combine(&self.aggregate, part);
            counts.combine_steps += 1;
        }
        of_key.ready.push(Ready { number, whole, at });
    }

    fn on_turn(
        &self,
        key: &K,
        of_key: &mut Self::State,
        _: i64,
        out: &mut impl Out<Self::Output>,
    ) -> Result<(), EngineError> {
        for Ready { number, whole, at } in of_key.ready.drain(..) {
            let (start, last) = whole.times;
            let window = Window { start, end: last.saturating_add(1) };
            let value = self.aggregate.lower(&whole.so_far.partial).map_err(|cause| {
                EngineError::Aggregate { key: format!("{key:?}"), window, cause }
            })?;
            out.emit(Stamped {
                event_time: at,
                due: whole.so_far.due(),
                value: Numbered { number, window, key: key.clone(), value },
            });
        }
        Ok(())
    }

    fn next_turn(&self, of_key: &Self::State) -> Option<i64> {
        // A full window is answered at once; a key is never forgotten, since its next record counts on.
        Some(if of_key.ready.is_empty() { NEVER } else { i64::MIN })
    }

    fn kept(&self, of_key: &Self::State) -> u64 {
        of_key.parts.len() as u64 + u64::from(of_key.open.is_some())
    }
}
