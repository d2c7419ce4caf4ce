//! Sessions: stretches in which a key is heard of again and again, and the silence that ends one.
//!
//! A record counts for `[time, time + gap)`, its own window; those of one key whose own windows
//! overlap are one session, which reaches from the first to the last of them. Which records are
//! late is said here, and so is whether two that are just a gap apart are one session. Session
//! assignment is the same under both executors, so that only when the work runs differs.

use crate::time::Timestamp;
use crate::window::{LENGTH_MAX, Window, WindowError, span};
use std::fmt;

/// What becomes of two sessions of which one ends where the other begins.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug, Default)]
pub enum Touch {
    /// They stay two, as in Beam: a session is over when event time has come to its end, and no
    /// record on time can reach it any more.
    #[default]
    Split,
    /// They are one, as in Flink and Spark. A record just a gap after the last is on time when the
    /// session is already answered, and then begins another: so it depends on when event time moves.
    Merge,
}

/// What decides that a record is late.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug, Default)]
pub enum LateBy {
    /// The end of its own window, as in Spark: it is known of the record alone.
    #[default]
    OwnWindow,
    /// The end of the session that it would be in, as in Flink: a session that is still open saves
    /// it. So it depends on the order in which the records of a key come.
    Session,
}

/// How a question finds sessions. All lengths in microseconds.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub struct SessionSpec {
    gap: i64,
    touch: Touch,
    late_by: LateBy,
    allowed_lateness: i64,
}

impl SessionSpec {
    /// Sessions that end when nothing was heard of the key for `gap_us`.
    ///
    /// # Errors
    /// Where the gap is not positive, or longer than any stream.
    pub fn new(gap_us: i64) -> Result<Self, WindowError> {
        if gap_us < 1 {
            return Err(WindowError::TooShort { what: "gap", least: 1, got: gap_us });
        }
        if gap_us > LENGTH_MAX {
            return Err(WindowError::TooLong { what: "gap", got: gap_us });
        }
        let (touch, late_by) = (Touch::default(), LateBy::default());
        Ok(Self { gap: gap_us, touch, late_by, allowed_lateness: 0 })
    }

    /// The same sessions, kept for `lateness_us` after they were answered: a record that comes
    /// within that time still counts, also one that makes two of them one, and the answer is given
    /// again.
    ///
    /// # Errors
    /// Where it is negative, or longer than any stream.
    pub fn with_allowed_lateness(self, lateness_us: i64) -> Result<Self, WindowError> {
        let what = "allowed lateness";
        if lateness_us < 0 {
            return Err(WindowError::TooShort { what, least: 0, got: lateness_us });
        }
        if lateness_us > LENGTH_MAX {
            return Err(WindowError::TooLong { what, got: lateness_us });
        }
        Ok(Self { allowed_lateness: lateness_us, ..self })
    }

    /// The same, where those that touch become this.
    #[must_use]
    pub const fn touching(self, touch: Touch) -> Self {
        Self { touch, ..self }
    }

    /// The same, where this decides what is late.
    #[must_use]
    pub const fn late_by(self, late_by: LateBy) -> Self {
        Self { late_by, ..self }
    }

    /// The silence that ends a session, in microseconds.
    pub const fn gap(&self) -> i64 {
        self.gap
    }

    /// What becomes of those that touch.
    pub const fn touch(&self) -> Touch {
        self.touch
    }

    /// What decides that a record is late.
    pub const fn decides_late(&self) -> LateBy {
        self.late_by
    }

    /// How long a session is kept after it was answered, in microseconds.
    pub const fn allowed_lateness(&self) -> i64 {
        self.allowed_lateness
    }

    /// A record's own window.
    #[inline]
    pub const fn own_window(&self, time: Timestamp) -> Window {
        Window { start: time, end: time.saturating_add(self.gap) }
    }
}

impl fmt::Display for SessionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sessions, gap {}", span(self.gap))?;
        if self.touch == Touch::Merge {
            write!(f, ", touching ones merge")?;
        }
        if self.late_by == LateBy::Session {
            write!(f, ", late by session")?;
        }
        if self.allowed_lateness > 0 {
            write!(f, ", lateness {}", span(self.allowed_lateness))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_checked() {
        let said = |spec: Result<SessionSpec, WindowError>| spec.unwrap_err().to_string();
        assert_eq!(said(SessionSpec::new(0)), "a window's gap must be at least 1 µs, not 0 µs");
        assert!(SessionSpec::new(-1).is_err());
        assert!(SessionSpec::new(i64::MAX).is_err());
        let spec = SessionSpec::new(LENGTH_MAX).unwrap();
        assert!(spec.with_allowed_lateness(-1).is_err());
        assert!(spec.with_allowed_lateness(LENGTH_MAX + 1).is_err());
    }

    #[test]
    fn a_gap_and_what_is_not_as_usual_are_written_out() {
        let spec = SessionSpec::new(1_800_000_000).unwrap();
        assert_eq!(spec.to_string(), "sessions, gap 30min");
        let spec = spec.touching(Touch::Merge).late_by(LateBy::Session);
        let spec = spec.with_allowed_lateness(1_000_000).unwrap();
        assert_eq!(
            spec.to_string(),
            "sessions, gap 30min, touching ones merge, late by session, lateness 1s"
        );
    }
}
