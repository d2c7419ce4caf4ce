//! A partition as a row of chunks, and the watermark marks between its events.
//!
//! What events hold is not known here, nor who takes them.

use crate::load::layout::Layout;
use engines::{Data, Moment, Stamped, Timestamp};
use std::sync::Arc;

/// A stretch of one partition.
#[derive(Clone, Debug)]
pub struct Chunk<E> {
    /// The events, in the order in which they are due.
    pub records: Arc<Vec<Stamped<E>>>,
    /// The watermark marks between them, in that order too.
    pub marks: Arc<[Mark]>,
    /// When the first event of the next chunk is due; `None` if this is the last.
    pub next_due: Option<Moment>,
}

/// A watermark mark. Marks that would not raise the watermark are left out: they say nothing.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How many events of its chunk stand before it.
    pub after: usize,
    /// What it says.
    pub watermark: Timestamp,
}

/// How many events a chunk holds.
pub(super) const CHUNK_RECORDS: usize = 1 << 16;

/// A chunk of these, if there are any.
pub(super) fn chunk<E>(mut records: Vec<Stamped<E>>, marks: Vec<Mark>) -> Option<Chunk<E>> {
    records.shrink_to_fit();
    (!records.is_empty()).then(|| Chunk {
        records: Arc::new(records),
        marks: marks.into(),
        next_due: None,
    })
}

/// Tells each chunk when the next begins.
pub(super) fn link<E>(chunks: &mut [Chunk<E>]) {
    let mut next_due = None;
    for chunk in chunks.iter_mut().rev() {
        chunk.next_due = next_due;
        next_due = chunk.records.first().map(|record| record.due);
    }
}

/// Cuts the events of one partition into chunks and puts the marks between them.
pub(super) struct Cutter<E> {
    records: Vec<Stamped<E>>,
    marks: Vec<Mark>,
    marker: Marker,
}

impl<E: Data> Cutter<E> {
    pub(super) fn new(layout: &Layout) -> Self {
        Self { records: Vec::new(), marks: Vec::new(), marker: Marker::new(layout) }
    }

    /// Takes an event; returns a chunk when one is full.
    pub(super) fn push(&mut self, event: Stamped<E>) -> Option<Chunk<E>> {
        let news = self.marker.see(event.event_time);
        if self.records.capacity() == 0 {
            self.records.reserve_exact(CHUNK_RECORDS);
        }
        self.records.push(event);
        let after = self.records.len();
        self.marks.extend(news.map(|watermark| Mark { after, watermark }));
        if after == CHUNK_RECORDS { self.cut() } else { None }
    }

    fn cut(&mut self) -> Option<Chunk<E>> {
        chunk(std::mem::take(&mut self.records), std::mem::take(&mut self.marks))
    }

    pub(super) fn finish(mut self) -> Option<Chunk<E>> {
        self.cut()
    }
}

/// The marks of one partition.
#[derive(Copy, Clone, Debug)]
pub(super) struct Marker {
    every: u64,
    until_mark: u64,
    bound_us: i64,
    greatest: Option<i64>,
    pub(super) marked: Timestamp,
}

impl Marker {
    pub(super) fn new(layout: &Layout) -> Self {
        let every = layout.watermark_every.max(1);
        Self {
            every,
            until_mark: every,
            bound_us: layout.watermark_bound_us,
            greatest: None,
            marked: Timestamp::BEFORE_ALL,
        }
    }

    /// The next event; returns what a mark behind it says, if one stands there and that is news.
    #[inline]
    pub(super) fn see(&mut self, event_time: Timestamp) -> Option<Timestamp> {
        if event_time.is_acceptable() {
            self.greatest = self.greatest.max(Some(event_time.as_micros()));
        }
        self.until_mark -= 1;
        if self.until_mark > 0 {
            return None;
        }
        self.until_mark = self.every;
        let watermark = self.greatest?.saturating_sub(self.bound_us).saturating_sub(1);
        let watermark = Timestamp::from_micros(watermark);
        (watermark > self.marked).then(|| {
            self.marked = watermark;
            watermark
        })
    }
}
