//! The two doors of an engine: where records come in and where answers go out.
//!
//! A [`Source`] is one partition of the input, read by one thread. It has two handles, because
//! the two engines reach for it differently: [`Source::poll`] for what is due by now, one slice
//! at a time, and [`Source::collect`] for all that fell due in an interval. Both release the
//! same records with the same watermark marks between them, and neither waits for an engine.

use crate::record::{Data, Stamped};
use crate::time::{Moment, Timestamp};
use std::ops::Range;
use std::sync::Arc;

/// One partition of the input.
pub trait Source: Send {
    /// What it carries.
    type Item: Data;

    /// The next records that are due by `now`: at most `limit`, and none beyond the next
    /// watermark mark that is not left out.
    fn poll(&mut self, now: Moment, limit: usize) -> Arrival<'_, Self::Item>;

    /// To the engine that polls, all marks before `watermark` say the same as none, from here on.
    /// So a source may leave them out, and give at once the records on both sides of them.
    fn leave_out_marks_before(&mut self, watermark: Timestamp) {
        let _ = watermark;
    }

    /// Everything due before `close` that has not been released yet. Only meaningful once
    /// `close` has passed.
    fn collect(&mut self, close: Moment) -> Collected<Self::Item>;
}

/// What a source has to say.
#[derive(Debug)]
pub enum Arrival<'a, T> {
    /// Records, in order of arrival; at least one.
    Records(&'a [Stamped<T>]),
    /// A mark in the input: no later record is meant to be older than this.
    Watermark(Timestamp),
    /// Nothing is due yet; something will be at this moment.
    Idle {
        /// When the next record or mark is due.
        next_due: Moment,
    },
    /// There will be no more.
    End,
}

/// What fell due in an interval.
#[derive(Clone, Debug)]
pub struct Collected<T> {
    /// The records, in order of arrival. They are shared, not copied, and can be read again.
    pub blocks: Vec<Block<T>>,
    /// The last watermark mark released so far, if it is new.
    pub watermark: Option<Timestamp>,
    /// When the next record is due, or a mark before it; `None` when no record will follow.
    pub next_due: Option<Moment>,
}

/// A stretch of the input that can be read any number of times.
#[derive(Clone, Debug)]
pub struct Block<T> {
    records: Arc<Vec<Stamped<T>>>,
    range: Range<usize>,
}

impl<T> Block<T> {
    /// A stretch of `records`.
    ///
    /// # Panics
    /// If `range` reaches beyond them.
    pub fn new(records: Arc<Vec<Stamped<T>>>, range: Range<usize>) -> Self {
        assert!(
            range.start <= range.end && range.end <= records.len(),
            "a block inside its records"
        );
        Self { records, range }
    }

    /// The records.
    pub fn records(&self) -> &[Stamped<T>] {
        &self.records[self.range.clone()]
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// The block in pieces of at most `most` records.
    pub fn split(self, most: usize) -> impl Iterator<Item = Self> {
        let (records, end) = (self.records, self.range.end);
        self.range.step_by(most.max(1)).map(move |start| Self {
            records: Arc::clone(&records),
            range: start..end.min(start + most.max(1)),
        })
    }
}

/// Where one worker's answers go.
pub trait Sink: Send {
    /// What it takes.
    type Item: Data;

    /// Takes answers that left the engine at `emitted`, or shortly before: the engine reads the
    /// clock once for a handful of answers, after the last of them.
    fn accept(&mut self, answers: &[Stamped<Self::Item>], emitted: Moment);
}
