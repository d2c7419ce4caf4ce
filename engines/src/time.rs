//! The two kinds of time: event time is a [`Timestamp`], run time is a [`Moment`].
//!
//! They are different types because comparing them is always a mistake, and it must not compile:
//!
//! ```compile_fail,E0308
//! use sluicebench_engines::{Moment, Timestamp};
//! let _ = Timestamp::from_micros(1) < Moment::from_nanos(1);
//! ```

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
    #[inline]
    pub const fn saturating_add(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

/// Run time: nanoseconds since the run's start.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug, Default)]
pub struct Moment(u64);

impl Moment {
    /// The run's start.
    pub const START: Self = Self(0);
    /// Later than every run.
    pub const NEVER: Self = Self(u64::MAX);

    /// From nanoseconds since the run's start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the run's start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// This moment and so many nanoseconds; stops at [`Moment::NEVER`].
    #[must_use]
    #[inline]
    pub const fn saturating_add(self, nanos: u64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// How long after `earlier` this is, in nanoseconds; zero if it is not after it.
    #[inline]
    pub const fn nanos_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
