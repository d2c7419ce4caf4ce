//! Run time, and who may tell it.
//!
//! Only a [`Clock`] knows the [`Moment`]. It is always passed in, so that a test owns time, and
//! operators never ask for it.

use crate::time::{Moment, Timestamp};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Tells run time.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Moment;

    /// Lets time pass until `moment`, at the latest; may return earlier. A thread that waits
    /// for other threads as well passes through here often, and looks around in between.
    fn pass_until(&self, moment: Moment, patience: Patience);
}

/// How an idle thread waits. It is a setting, because it trades a core for microseconds.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub enum Patience {
    /// Never give up the core.
    Spin,
    /// Spin when what is awaited is less than this many nanoseconds away or has been awaited
    /// for less than that; sleep otherwise.
    SpinThenPark {
        /// How long to spin, in nanoseconds.
        spin_ns: u64,
    },
    /// Always sleep.
    Park,
}

/// The longest a thread sleeps before it looks around again, in nanoseconds.
const NAP_NS: u64 = 500_000;

/// The machine's monotonic clock.
#[derive(Copy, Clone, Debug)]
pub struct WallClock {
    start: Instant,
}

impl WallClock {
    /// A clock whose run starts now.
    #[expect(clippy::disallowed_methods, reason = "this is the one clock that may")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for WallClock {
    #[inline]
    #[expect(clippy::disallowed_methods, reason = "this is the one clock that may")]
    fn now(&self) -> Moment {
        let elapsed = Instant::now().duration_since(self.start);
        Moment::from_nanos(elapsed.as_secs() * 1_000_000_000 + u64::from(elapsed.subsec_nanos()))
    }

    fn pass_until(&self, moment: Moment, patience: Patience) {
        let left = moment.nanos_since(self.now());
        // A sleep overshoots by tens of microseconds, so it ends that much before its goal.
        let sleep = match patience {
            Patience::Spin => 0,
            Patience::SpinThenPark { spin_ns } => left.saturating_sub(spin_ns),
            Patience::Park => left,
        };
        if sleep == 0 {
            for _ in 0..16 {
                std::hint::spin_loop();
            }
        } else {
            std::thread::park_timeout(Duration::from_nanos(sleep.min(NAP_NS)));
        }
    }
}

/// A clock that a test or a simulation moves. Time passes only when somebody waits.
#[derive(Debug, Default)]
pub struct SimulatedClock {
    now: AtomicU64,
}

impl SimulatedClock {
    /// A clock that stands at `now`.
    pub fn at(now: Moment) -> Self {
        Self { now: AtomicU64::new(now.as_nanos()) }
    }

    /// Lets so many nanoseconds pass.
    pub fn advance(&self, nanos: u64) {
        self.now.fetch_add(nanos, Ordering::Relaxed);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Moment {
        Moment::from_nanos(self.now.load(Ordering::Relaxed))
    }

    /// Jumps there.
    fn pass_until(&self, moment: Moment, _patience: Patience) {
        if moment < Moment::NEVER {
            self.now.fetch_max(moment.as_nanos(), Ordering::Relaxed);
        }
    }
}

/// A clock that runs with the arrivals: what event time an event due at a moment has if nothing
/// delays it. Windows over batches are measured on it, so that they can be held against windows
/// over event time.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub struct ArrivalClock {
    /// The event time at the run's start.
    pub origin: Timestamp,
    /// How many microseconds of event time pass in a second of the run.
    pub micros_per_second: i64,
}

impl ArrivalClock {
    /// The event time at `moment`, rounded down.
    pub fn at(&self, moment: Moment) -> Timestamp {
        let passed =
            i128::from(moment.as_nanos()) * i128::from(self.micros_per_second) / 1_000_000_000;
        Timestamp::from_micros(
            self.origin.as_micros().saturating_add(i64::try_from(passed).unwrap_or(i64::MAX)),
        )
    }
}
