//! How late an input is, while a source waits for it.
//!
//! A source says which event should be there and is not; whoever looks on can tell from it that a
//! load will never be held, long before the last event would have come. It decides nothing.

use engines::Moment;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What one source waits for, seen from another thread.
#[derive(Clone, Debug)]
pub struct Starving(Arc<AtomicU64>);

/// Nothing that is due is missing.
const FED: u64 = u64::MAX;

impl Default for Starving {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(FED)))
    }
}

impl Starving {
    /// For the source: the event that is due then is not there.
    pub fn begin(&self, due: Moment) {
        self.0.store(due.as_nanos(), Ordering::Relaxed);
    }

    /// For the source: it is there now.
    pub fn end(&self) {
        self.0.store(FED, Ordering::Relaxed);
    }

    /// By how much the input is late at this moment, in nanoseconds.
    pub fn late_ns(&self, now: Moment) -> u64 {
        now.as_nanos().saturating_sub(self.0.load(Ordering::Relaxed))
    }
}

/// The making of an input, held against the pace at which it will be due: what takes so much
/// longer to make than to offer can never be offered.
#[derive(Copy, Clone, Debug)]
pub struct Pace {
    /// When the schedule ends.
    pub end: Moment,
}

/// Looking at every event once takes longer than making it alone does, so that much more is
/// allowed while the input is looked at before the run.
const LOOKING: u64 = 2;

impl Pace {
    /// Whether an input is late by more than its run is long, which has come so far by then.
    pub const fn is_lost(self, late_ns: u64) -> bool {
        late_ns > self.end.as_nanos()
    }

    /// The same before the run, of events made up to the one that is `due`, in so many nanoseconds.
    pub fn is_lost_beforehand(self, made_in: Moment, due: Moment) -> bool {
        self.is_lost(made_in.nanos_since(due.min(made_in)) / LOOKING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Moment {
        Moment::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn an_input_is_late_while_somebody_waits_for_it() {
        let starving = Starving::default();
        assert_eq!(starving.late_ns(at(5)), 0);
        starving.begin(at(2));
        assert_eq!(starving.late_ns(at(5)), 3_000_000_000);
        assert_eq!(starving.late_ns(at(1)), 0);
        starving.end();
        assert_eq!(starving.late_ns(at(9)), 0);
    }

    #[test]
    fn it_is_lost_when_it_is_late_by_more_than_the_run_is_long() {
        let pace = Pace { end: at(2) };
        assert!(!pace.is_lost(2_000_000_000) && pace.is_lost(2_000_000_001));
        assert!(!pace.is_lost_beforehand(at(4), at(0)), "it has looked at every event as well");
        assert!(!pace.is_lost_beforehand(at(6), at(2)) && pace.is_lost_beforehand(at(7), at(2)));
        assert!(!pace.is_lost_beforehand(at(1), at(2)), "ahead of its time");
    }
}
