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
    #[inline]
    pub fn at(&self, moment: Moment) -> Timestamp {
        const SECOND_NS: u64 = 1_000_000_000;
        let (seconds, nanos) = (moment.as_nanos() / SECOND_NS, moment.as_nanos() % SECOND_NS);
        let passed = if let Ok(per_second) = u64::try_from(self.micros_per_second) {
            // In 64 bits, which takes a fraction of the time: no part of a second is more than 2^64.
            let (whole, rest) = (per_second / SECOND_NS, per_second % SECOND_NS);
            let within = nanos * whole + nanos * rest / SECOND_NS;
            let passed = seconds.checked_mul(per_second).map(|us| us.checked_add(within));
            passed.flatten().and_then(|us| i64::try_from(us).ok())
        } else {
            let product = i128::from(moment.as_nanos()) * i128::from(self.micros_per_second);
            i64::try_from(product / i128::from(SECOND_NS)).ok()
        };
        self.origin.saturating_add(passed.unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn event_time_passes_in_proportion(
            nanos in prop_oneof![0_u64..100_000_000_000, any::<u64>()],
            micros_per_second in prop_oneof![1_i64..10_000_000, 1..=i64::MAX, -9_000_000_i64..0],
            origin in -1_000_000_i64..1_000_000,
        ) {
            let clock = ArrivalClock { origin: Timestamp::from_micros(origin), micros_per_second };
            let passed = i128::from(nanos) * i128::from(micros_per_second) / 1_000_000_000;
            let want = (i128::from(origin) + passed).min(i128::from(i64::MAX));
            let got = clock.at(Moment::from_nanos(nanos)).as_micros();
            // Where the clock stops, it may do so an origin earlier.
            let stops = passed > i128::from(i64::MAX);
            prop_assert!(stops || i128::from(got) == want, "{got}, not {want}");
        }
    }
}
