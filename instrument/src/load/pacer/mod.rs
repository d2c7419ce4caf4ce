//! Releases each event at the moment it is due.
//!
//! The pacer never waits for the engine. When the engine falls behind, events queue up here and
//! their latency keeps growing, as it would for a user. Waiting politely would hide the stall
//! ("coordinated omission", Tene 2013). It reads no clock: it is told the time, and asks for it only
//! when its own input was late, to say how late.

use crate::load::marks::{Chunk, Mark};
use crate::load::starving::Starving;
use crate::load::supply::Supply;
use crate::load::watched::{Release, Releases, Watched};
use engines::{Arrival, Block, Clock, Collected, Data, Moment, Source, Stamped, Timestamp};
use hdrhistogram::Histogram;
use std::sync::mpsc::TryRecvError;
use std::sync::{Arc, Mutex};

/// One partition of the input, released as it falls due.
pub struct Paced<E> {
    supply: Supply<E>,
    chunk: Chunk<E>,
    /// How many events of the chunk are released.
    at: usize,
    /// How many marks of the chunk are released or left out.
    marks_at: usize,
    /// Marks before this are left out.
    marks_from: Timestamp,
    /// Where the next slice must end: at the next mark, or with the chunk.
    cut: usize,
    ended: bool,
    starved: bool,
    starving: Starving,
    /// Whether to wait for a chunk that is late, because time stands still meanwhile.
    wait: bool,
    clock: Arc<dyn Clock>,
    /// When the chunk at hand was there, if it was late.
    made: Moment,
    releases: Releases,
    delivery: Delivery,
    home: Home,
}

/// Where a source leaves what it delivered when it is dropped.
pub type Home = Arc<Mutex<Vec<Delivery>>>;

/// What a source delivered, and how late it was itself.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// How many events it released.
    pub released: u64,
    /// How late, in nanoseconds, those events were that were not there when they were due and
    /// asked for. Empty in a run whose input was made before the clock started.
    pub starved: Option<Histogram<u64>>,
    /// When it released the events that are due at watched moments.
    pub releases: Vec<Release>,
}

impl Delivery {
    /// What two sources delivered.
    pub fn merge(&mut self, other: &Self) {
        self.released += other.released;
        self.releases.extend(&other.releases);
        if let Some(theirs) = &other.starved {
            match &mut self.starved {
                Some(ours) => ours.add(theirs).expect("both have the same range"),
                None => self.starved = Some(theirs.clone()),
            }
        }
    }

    /// The lateness that 999 of 1,000 released events did not exceed, in nanoseconds.
    pub fn lateness_ns_p999(&self) -> u64 {
        let Some(starved) = &self.starved else { return 0 };
        // Those that were not starved have none, so only the tail is in the histogram.
        let late = starved.len();
        let allowed = self.released / 1000;
        if late <= allowed {
            return 0;
        }
        starved.value_at_quantile(1.0 - allowed as f64 / late as f64)
    }
}

impl<E: Data> Paced<E> {
    /// A source over a supply; on its end it adds to `home` what it delivered. `simulated` says
    /// that time stands still while it waits.
    pub fn new(supply: Supply<E>, simulated: bool, clock: Arc<dyn Clock>, home: Home) -> Self {
        let mut paced = Self {
            supply,
            chunk: Chunk { records: Arc::default(), marks: Arc::default(), next_due: None },
            at: 0,
            marks_at: 0,
            marks_from: Timestamp::BEFORE_ALL,
            cut: 0,
            ended: false,
            starved: false,
            starving: Starving::default(),
            wait: true,
            clock,
            made: Moment::START,
            releases: Releases::watching(Watched::default()),
            delivery: Delivery::default(),
            home,
        };
        // The first chunk is awaited: no event of it can have been asked for yet.
        paced.turn_page(Moment::START, None);
        paced.wait = simulated;
        paced.starved = false;
        paced
    }

    /// The same, and it notes when it releases what is due at these moments.
    #[must_use]
    pub fn watching(mut self, dues: Watched) -> Self {
        self.releases = Releases::watching(dues);
        self
    }

    /// The same, and it tells there what it waits for.
    #[must_use]
    pub fn telling(mut self, starving: Starving) -> Self {
        self.starving = starving;
        self
    }

    /// Takes the next chunk. Returns whether there was one. `close` is when the interval ends
    /// whose events are asked for, if they are asked for by the interval.
    fn turn_page(&mut self, now: Moment, close: Option<Moment>) -> bool {
        let mut next = match &mut self.supply {
            Supply::Held(chunks) => chunks.next().ok_or(TryRecvError::Disconnected),
            Supply::Ahead(chunks) => chunks.try_recv(),
        };
        if let (Err(TryRecvError::Empty), Supply::Ahead(chunks)) = (&next, &self.supply) {
            self.starved = self.chunk.next_due.is_some_and(|due| due <= now);
            if let Some(due) = self.chunk.next_due.filter(|_| self.starved) {
                self.starving.begin(due);
            }
            if self.wait {
                next = chunks.recv().map_err(|_| TryRecvError::Disconnected);
            }
        }
        match next {
            Ok(chunk) => {
                self.chunk = chunk;
                (self.at, self.marks_at) = (0, 0);
                self.find_cut();
                self.made = Moment::START;
                if std::mem::take(&mut self.starved) {
                    self.starving.end();
                    self.note_lateness(close);
                }
                true
            }
            Err(TryRecvError::Empty) => false,
            Err(TryRecvError::Disconnected) => {
                self.ended = true;
                false
            }
        }
    }

    fn find_cut(&mut self) {
        // Marks rise, so those that are left out stand together.
        let marks = &self.chunk.marks[self.marks_at..];
        if marks.first().is_some_and(|mark| mark.watermark < self.marks_from) {
            self.marks_at += marks.partition_point(|mark| mark.watermark < self.marks_from);
        }
        self.cut = match self.chunk.marks.get(self.marks_at) {
            Some(mark) => mark.after,
            None => self.chunk.records.len(),
        };
    }

    /// Counts the events of a chunk that came too late. What is due in an interval is asked for
    /// at its close: until then it may be made without making anybody wait.
    fn note_lateness(&mut self, close: Option<Moment>) {
        let now = self.clock.now();
        self.made = now;
        let starved = self.delivery.starved.get_or_insert_with(|| {
            Histogram::new_with_bounds(1, 3_600_000_000_000, 2).expect("a range that exists")
        });
        let wanted_until = close.unwrap_or(now).min(now);
        for record in self.chunk.records.iter().take_while(|record| record.due < wanted_until) {
            starved.saturating_record(now.nanos_since(record.due.max(close.unwrap_or(record.due))));
        }
    }

    /// The mark that stands here, if one does, whether or not it is there yet.
    #[inline]
    fn mark_here(&self) -> Option<Mark> {
        self.chunk.marks.get(self.marks_at).filter(|mark| mark.after == self.at).copied()
    }

    /// When the next event is due, or a mark before it; `None` after the last event.
    fn next_due(&self) -> Option<Moment> {
        let due = match self.chunk.records.get(self.at) {
            Some(record) => record.due,
            None if self.ended => return None,
            None => self.chunk.next_due?,
        };
        Some(self.mark_here().map_or(due, |mark| due.min(mark.from)))
    }
}

/// How soon a source that is starved wants to be asked again, in nanoseconds.
const RETRY_NS: u64 = 20_000;

impl<E: Data> Source for Paced<E> {
    type Item = E;

    #[inline]
    fn poll(&mut self, now: Moment, limit: usize) -> Arrival<'_, E> {
        while self.at == self.cut {
            if let Some(mark) = self.mark_here() {
                if mark.from > now {
                    return Arrival::Idle { next_due: mark.from };
                }
                self.marks_at += 1;
                self.find_cut();
                self.releases.mark(now);
                return Arrival::Watermark(mark.watermark);
            }
            if !self.ended {
                self.turn_page(now, None);
            }
            if self.ended {
                return Arrival::End;
            }
            if self.at == self.chunk.records.len() {
                let next_due = self.chunk.next_due.filter(|due| *due > now);
                let retry = now.saturating_add(RETRY_NS);
                return Arrival::Idle { next_due: next_due.unwrap_or(retry) };
            }
        }
        let waiting = &self.chunk.records[self.at..self.cut];
        let most = waiting.len().min(limit.max(1));
        if waiting[0].due > now {
            return Arrival::Idle { next_due: waiting[0].due };
        }
        let due = due_among(&waiting[..most], now);
        let from = self.at;
        self.at += due;
        self.delivery.released += due as u64;
        let records = &self.chunk.records[from..self.at];
        self.releases.release(records, now, self.made);
        Arrival::Records(records)
    }

    fn leave_out_marks_before(&mut self, watermark: Timestamp) {
        self.marks_from = watermark;
        self.find_cut();
    }

    fn collect(&mut self, close: Moment) -> Collected<E> {
        let mut blocks = Vec::new();
        let mut watermark = None;
        // An interval cannot close without its events, so here a late chunk is waited for.
        let wait = std::mem::replace(&mut self.wait, true);
        loop {
            let records: &[Stamped<E>] = &self.chunk.records;
            let until = self.at + records[self.at..].partition_point(|record| record.due < close);
            if until > self.at {
                blocks.push(Block::new(Arc::clone(&self.chunk.records), self.at..until));
                self.delivery.released += (until - self.at) as u64;
                self.at = until;
            }
            while let Some(mark) = self.chunk.marks.get(self.marks_at)
                && mark.after <= self.at
                && mark.from < close
            {
                watermark = Some(mark.watermark);
                self.marks_at += 1;
            }
            let done = self.at < self.chunk.records.len()
                || self.chunk.next_due.is_some_and(|due| due >= close);
            if done || self.ended {
                break;
            }
            if !self.turn_page(close, Some(close)) {
                break;
            }
        }
        self.wait = wait;
        self.releases.collect(close, self.made);
        self.find_cut();
        Collected { blocks, watermark, next_due: self.next_due() }
    }
}

/// How many of these are due, the first of which is. To an engine that keeps up it is one, to one
/// that is far behind all of them; so these two are looked at first.
#[inline]
fn due_among<E>(waiting: &[Stamped<E>], now: Moment) -> usize {
    let is_due = |record: &Stamped<E>| record.due <= now;
    match waiting {
        [_, second, ..] if !is_due(second) => 1,
        [.., last] if is_due(last) => waiting.len(),
        _ => waiting.partition_point(is_due),
    }
}

impl<E> Drop for Paced<E> {
    fn drop(&mut self) {
        if let Ok(mut home) = self.home.lock() {
            self.delivery.releases = std::mem::take(&mut self.releases.seen);
            home.push(std::mem::take(&mut self.delivery));
        }
    }
}

#[cfg(test)]
mod tests;
