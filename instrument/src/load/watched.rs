//! Moments chosen before a run: what becomes final at them is followed on its way.

use crate::load::final_due::FinalDue;
use engines::{Moment, Stamped};
use std::ops::Range;
use std::sync::Arc;

/// Due moments that are watched, in rising order.
pub type Watched = Arc<[Moment]>;

/// How many moments are watched at most.
pub const WATCHED_MOST: usize = 4096;

/// The moments of a run that are watched, evenly thinned out. `own` are dues of events, for
/// questions that have an answer for each.
pub fn watched(final_due: &FinalDue, own: &[Moment], measured: &Range<Moment>) -> Watched {
    let mut dues = match final_due {
        FinalDue::OwnEvent => own.to_vec(),
        FinalDue::Event(table) => table.dues().collect(),
        FinalDue::Batch(ends) => ends.within(measured).collect(),
    };
    dues.retain(|due| measured.contains(due));
    dues.dedup();
    let step = dues.len().div_ceil(WATCHED_MOST).max(1);
    dues.into_iter().step_by(step).collect()
}

/// When a source let go of an event that is due at a watched moment.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Release {
    pub(crate) due: Moment,
    pub(crate) released: Moment,
    /// When the next mark was read: before it, nobody can know that a window is complete.
    pub(crate) marked: Option<Moment>,
    /// How late the event itself was made, or the interval's last one past its close.
    pub(crate) late_ns: u64,
}

/// What a source notes.
#[derive(Debug)]
pub struct Releases {
    dues: Watched,
    at: usize,
    /// The next watched moment: all that an event is compared with.
    next: Moment,
    unmarked: usize,
    pub(crate) seen: Vec<Release>,
}

impl Releases {
    /// Notes the events that are due at these moments.
    pub fn watching(dues: Watched) -> Self {
        let next = dues.first().copied().unwrap_or(Moment::NEVER);
        Self { seen: Vec::with_capacity(dues.len()), dues, at: 0, next, unmarked: 0 }
    }

    /// These records were let go of at `now`; they had been made at `made`, if that was late.
    #[inline]
    pub fn release<E>(&mut self, records: &[Stamped<E>], now: Moment, made: Moment) {
        if records.last().is_some_and(|last| last.due >= self.next) {
            self.note(records, now, made);
        }
    }

    #[cold]
    fn note<E>(&mut self, records: &[Stamped<E>], now: Moment, made: Moment) {
        let Some(last) = records.last().map(|record| record.due) else { return };
        while self.next <= last && self.at < self.dues.len() {
            let due = self.next;
            if records.binary_search_by_key(&due, |record| record.due).is_ok() {
                let late_ns = made.as_nanos().saturating_sub(due.as_nanos());
                self.seen.push(Release { due, released: now, marked: None, late_ns });
            }
            self.step();
        }
    }

    /// Everything due before `close` was asked for then, and had been made at `made`.
    pub fn collect(&mut self, close: Moment, made: Moment) {
        while self.next < close && self.at < self.dues.len() {
            let late_ns = made.as_nanos().saturating_sub(close.as_nanos());
            self.seen.push(Release { due: self.next, released: close, marked: None, late_ns });
            self.step();
        }
    }

    /// A mark was read at `now`.
    #[inline]
    pub fn mark(&mut self, now: Moment) {
        for release in &mut self.seen[self.unmarked..] {
            release.marked = Some(now);
        }
        self.unmarked = self.seen.len();
    }

    fn step(&mut self) {
        self.at += 1;
        self.next = self.dues.get(self.at).copied().unwrap_or(Moment::NEVER);
    }
}
