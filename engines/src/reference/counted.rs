//! The windows of a key's records, by their definition: after each so many of them, the last so many.

use super::Part;
use crate::aggregate::Aggregate;
use crate::counted::CountSpec;
use crate::record::Stamped;
use crate::time::Timestamp;
use std::collections::VecDeque;

/// The last records of a key, and its windows.
#[derive(Debug)]
pub(super) struct OfKey<V, P> {
    last: VecDeque<Stamped<V>>,
    heard: u64,
    pub(super) windows: Vec<Full<P>>,
}

impl<V, P> Default for OfKey<V, P> {
    fn default() -> Self {
        Self { last: VecDeque::new(), heard: 0, windows: Vec::new() }
    }
}

/// A window, and when its last record was.
#[derive(Debug)]
pub(super) struct Full<P> {
    pub(super) part: Part<P>,
    pub(super) earliest: Timestamp,
    pub(super) latest: Timestamp,
    pub(super) at: Timestamp,
}

impl<V: Clone, P> OfKey<V, P> {
    /// Hears of the key once more.
    pub(super) fn hear<A>(&mut self, spec: &CountSpec, aggregate: &A, record: Stamped<V>)
    where
        A: Aggregate<Input = V, Partial = P>,
    {
        let at = record.event_time;
        self.last.push_back(record);
        if self.last.len() as u64 > spec.size() {
            self.last.pop_front();
        }
        self.heard += 1;
        if self.heard.is_multiple_of(spec.slide()) {
            let mut full = Full { part: Part::empty(aggregate), earliest: at, latest: at, at };
            for record in &self.last {
                full.part.add(aggregate, &record.value, record.due);
                full.earliest = full.earliest.min(record.event_time);
                full.latest = full.latest.max(record.event_time);
            }
            self.windows.push(full);
        }
    }
}
