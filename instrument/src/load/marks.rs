//! A partition as a row of chunks, and the watermark marks between its events.
//!
//! What events hold is not known here, nor who takes them.

use crate::load::idle::Carried;
use crate::load::layout::Layout;
use crate::load::reuse::Lent;
use engines::{Data, Moment, Stamped, Timestamp};
use settings::plan::Marks;
use std::sync::Arc;

/// A stretch of one partition.
#[derive(Clone, Debug)]
pub struct Chunk<E> {
    /// The events, in the order in which they are due.
    pub records: Arc<Vec<Stamped<E>>>,
    /// The watermark marks between them, in that order too.
    pub marks: Arc<[Mark]>,
    /// When the first event of the next chunk is due, or a mark before it; `None` if this is the
    /// last.
    pub next_due: Option<Moment>,
}

/// A watermark mark. Marks that would not raise the watermark are left out: they say nothing.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How many events of its chunk stand before it.
    pub after: usize,
    /// What it says.
    pub watermark: Timestamp,
    /// Before then it is not there, although the event before it is: that it takes a silent
    /// partition along is owed to what others say by then.
    pub from: Moment,
}

impl Mark {
    /// A mark that comes with the event before it.
    pub const fn behind(after: usize, watermark: Timestamp) -> Self {
        Self { after, watermark, from: Moment::START }
    }
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
        next_due = chunk.records.first().map(|record| {
            let mark = chunk.marks.first().filter(|mark| mark.after == 0);
            record.due.min(mark.map_or(Moment::NEVER, |mark| mark.from))
        });
    }
}

/// Cuts the events of one partition into chunks and puts the marks between them.
pub(super) struct Cutter<'a, E> {
    records: Vec<Stamped<E>>,
    marks: Vec<Mark>,
    marker: Marker,
    /// How many events there were.
    events: u64,
    /// The marks that take the partition along while it is silent.
    carried: &'a [Carried],
    lent: Lent<E>,
}

impl<'a, E: Data> Cutter<'a, E> {
    /// Nothing is cut yet. The memory of `chunks` chunks goes round.
    pub(super) fn new(layout: &Layout, carried: &'a [Carried], chunks: usize) -> Self {
        Self {
            records: Vec::new(),
            marks: Vec::new(),
            marker: Marker::new(layout),
            events: 0,
            carried,
            lent: Lent::new(chunks, CHUNK_RECORDS),
        }
    }

    /// How many events the chunk at hand still has room for; at least one.
    pub(super) const fn room(&self) -> usize {
        CHUNK_RECORDS - self.records.len()
    }

    /// Takes the events that `make` appends, at least one and no more than there is room for, and
    /// when the one behind them is due, if there is one; returns a chunk when one is full, or the
    /// last one.
    pub(super) fn take(
        &mut self,
        make: impl FnOnce(&mut Vec<Stamped<E>>),
        next_due: Option<Moment>,
    ) -> Option<Chunk<E>> {
        if self.records.capacity() == 0 {
            self.records = self.lent.room();
        }
        let before = self.records.len();
        make(&mut self.records);
        for place in before..self.records.len() {
            while let Some((carried, rest)) = self.carried.split_first()
                && carried.after <= self.events
            {
                let Carried { watermark, from, .. } = *carried;
                self.marks.push(Mark { after: place, watermark, from });
                self.marker.raise(watermark);
                self.carried = rest;
            }
            let Stamped { event_time, due, .. } = self.records[place];
            let next_due = self.records.get(place + 1).map(|next| next.due).or(next_due);
            let news = self.marker.see(event_time, due, next_due);
            self.marks.extend(news.map(|watermark| Mark::behind(place + 1, watermark)));
            self.events += 1;
        }
        let is_full = self.records.len() == CHUNK_RECORDS || next_due.is_none();
        let full = is_full
            .then(|| chunk(std::mem::take(&mut self.records), std::mem::take(&mut self.marks)));
        // A mark that takes the partition along comes before the event that it stands before.
        let carried = self.carried.first().filter(|carried| carried.after <= self.events);
        let carried = carried.map_or(Moment::NEVER, |carried| carried.from);
        let next_due = next_due.map(|due| due.min(carried));
        let full = full.flatten().map(|full| Chunk { next_due, ..full })?;
        self.lent.lend(&full.records);
        Some(full)
    }
}

/// The marks of one partition.
#[derive(Copy, Clone, Debug)]
pub(super) struct Marker {
    next: Next,
    bound_us: i64,
    greatest: Option<i64>,
    pub(super) marked: Timestamp,
}

/// Where the next mark stands.
#[derive(Copy, Clone, Debug)]
enum Next {
    /// Behind the last event that is due before this period ends.
    Period { length_ns: u64, ends_ns: u64 },
    /// Behind so many events more.
    Every { events: u64, until: u64 },
}

impl Marker {
    pub(super) fn new(layout: &Layout) -> Self {
        let next = match layout.marks {
            Marks::Period(length) => {
                let length_ns = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX).max(1);
                Next::Period { length_ns, ends_ns: length_ns }
            }
            Marks::Every(events) => Next::Every { events: events.max(1), until: events.max(1) },
        };
        Self {
            next,
            bound_us: layout.watermark_bound_us,
            greatest: None,
            marked: Timestamp::BEFORE_ALL,
        }
    }

    /// The next event, and when the one after it is due, if there is one; returns what a mark
    /// behind it says, if one stands there and that is news.
    #[inline]
    pub(super) fn see(
        &mut self,
        event_time: Timestamp,
        due: Moment,
        next_due: Option<Moment>,
    ) -> Option<Timestamp> {
        if event_time.is_acceptable() {
            self.greatest = self.greatest.max(Some(event_time.as_micros()));
        }
        let stands_here = match &mut self.next {
            Next::Period { length_ns, ends_ns } => {
                if due.as_nanos() >= *ends_ns {
                    let period = due.as_nanos() / *length_ns;
                    *ends_ns = period.saturating_add(1).saturating_mul(*length_ns);
                }
                next_due.is_none_or(|next_due| next_due.as_nanos() >= *ends_ns)
            }
            Next::Every { events, until } => {
                *until -= 1;
                let stands_here = *until == 0;
                if stands_here {
                    *until = *events;
                }
                stands_here
            }
        };
        if stands_here { self.news() } else { None }
    }

    /// What a mark here says, if that is news.
    fn news(&mut self) -> Option<Timestamp> {
        let watermark = self.greatest?.saturating_sub(self.bound_us).saturating_sub(1);
        let watermark = Timestamp::from_micros(watermark);
        (watermark > self.marked).then(|| {
            self.marked = watermark;
            watermark
        })
    }

    /// The partition was taken along to there.
    pub(super) fn raise(&mut self, watermark: Timestamp) {
        self.marked = self.marked.max(watermark);
    }
}
