//! What flows along an edge: a value, when it happened, and when it was due.
//!
//! Event time is a [`Timestamp`]; run time is a [`Moment`]. They are different types because
//! comparing them is always a mistake, and it must not compile:
//!
//! ```compile_fail,E0308
//! use sluicebench_engines::{Moment, Timestamp};
//! let _ = Timestamp::from_micros(1) < Moment::from_nanos(1);
//! ```

use crate::clock::Moment;

/// Anything a stream can carry. Engines move values between threads and, in the micro-batch
/// engine, compute them again from their lineage; so they are cloned and shared.
pub trait Data: Clone + Send + Sync + 'static {}
impl<T: Clone + Send + Sync + 'static> Data for T {}

/// Event time: microseconds since the Unix epoch, according to the data.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct Timestamp(i64);

impl Timestamp {
    /// "No time". An event that carries it is rejected.
    pub const NONE: Self = Self(i64::MIN);
    /// The watermark before anything is known. No event can be late for it.
    pub const BEFORE_ALL: Self = Self(i64::MIN);
    /// The watermark at the end of the input: every window is complete.
    pub const AFTER_ALL: Self = Self(i64::MAX);
    /// The earliest event time an engine accepts, about 73,000 years before the epoch. Keeping
    /// events away from the ends of `i64` is what makes window arithmetic total.
    pub const EARLIEST: Self = Self(-(1 << 61));
    /// The latest event time an engine accepts.
    pub const LATEST: Self = Self(1 << 61);

    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whether an event may carry this time. What fails this is rejected by every engine and by
    /// the reference, and never moves a watermark.
    #[inline]
    pub const fn is_acceptable(self) -> bool {
        // One comparison: what is too early wraps around and becomes too late.
        self.0.wrapping_sub(Self::EARLIEST.0).cast_unsigned()
            <= Self::LATEST.0.abs_diff(Self::EARLIEST.0)
    }

    /// This time, moved by so many microseconds; stops at the ends of `i64`.
    #[must_use]
    pub const fn saturating_add(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

/// A value with its two times: when it happened, and when the engine should have had it.
///
/// For an answer, `event_time` is the last instant of its window and `due` belongs to the
/// latest-due event that contributed to it.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub struct Stamped<T> {
    /// When it happened, according to the data.
    pub event_time: Timestamp,
    /// When it should have reached the engine.
    pub due: Moment,
    /// What happened.
    pub value: T,
}

impl<T> Stamped<T> {
    /// The same times around another value.
    #[inline]
    pub fn with<U>(&self, value: U) -> Stamped<U> {
        Stamped { event_time: self.event_time, due: self.due, value }
    }
}
