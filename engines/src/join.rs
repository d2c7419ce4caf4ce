//! Which records of two streams belong together.
//!
//! Both sides are partitioned by one key, and a pair has one record of each. In a window join both lie
//! in one tumbling window of event time, which is answered when it is over. In an interval join the
//! right one lies within bounds of the left one, and a pair is answered as soon as both are there. With
//! `left`, a record of the left side that has found no partner when none can come any more is answered
//! alone. Which records are late is known of each alone: one whose window is over, or which the watermark
//! has passed by; so what is answered does not depend on the order in which the others came.

use crate::window::{LENGTH_MAX, WindowError, span};
use std::fmt;

/// How two streams are joined. Lengths in microseconds.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub struct JoinSpec {
    within: Within,
    left: bool,
}

/// Where in event time the two of a pair lie.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub enum Within {
    /// In one tumbling window of this size.
    Window(i64),
    /// The right one at least `lower` and at most `upper` after the left one, before it where negative.
    Interval {
        /// The lowest distance.
        lower: i64,
        /// The highest distance.
        upper: i64,
    },
}

/// A join that cannot be.
#[derive(Copy, Clone, Eq, PartialEq, Debug, thiserror::Error)]
pub enum JoinError {
    /// A window that is none.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// No record lies between the bounds.
    #[error("the lower bound of an interval, {lower} µs, is above the upper one, {upper} µs")]
    Crossed {
        /// The lower bound.
        lower: i64,
        /// The upper bound.
        upper: i64,
    },
    /// A bound longer than about 36,000 years.
    #[error("a bound of {0} µs is longer than any stream")]
    TooFar(i64),
}

impl JoinSpec {
    /// Pairs in one tumbling window of `size_us`.
    ///
    /// # Errors
    /// Where it is not positive, or longer than any stream.
    pub fn window(size_us: i64) -> Result<Self, JoinError> {
        let what = "size";
        if size_us < 1 {
            return Err(WindowError::TooShort { what, least: 1, got: size_us }.into());
        }
        if size_us > LENGTH_MAX {
            return Err(WindowError::TooLong { what, got: size_us }.into());
        }
        Ok(Self { within: Within::Window(size_us), left: false })
    }

    /// Pairs of which the right one is from `lower_us` to `upper_us` after the left one.
    ///
    /// # Errors
    /// Where nothing lies between the bounds, or one is longer than any stream.
    pub fn interval(lower_us: i64, upper_us: i64) -> Result<Self, JoinError> {
        let bounds = [lower_us, upper_us];
        if let Some(far) =
            bounds.into_iter().find(|bound| bound.unsigned_abs() > LENGTH_MAX.unsigned_abs())
        {
            return Err(JoinError::TooFar(far));
        }
        if lower_us > upper_us {
            return Err(JoinError::Crossed { lower: lower_us, upper: upper_us });
        }
        let within = Within::Interval { lower: lower_us, upper: upper_us };
        Ok(Self { within, left: false })
    }

    /// The same, where a record of the left side without a partner is answered alone.
    #[must_use]
    pub const fn left(self) -> Self {
        Self { left: true, ..self }
    }

    /// Where in event time the two of a pair lie.
    pub const fn within(&self) -> Within {
        self.within
    }

    /// Whether a record of the left side without a partner is answered alone.
    pub const fn keeps_left(&self) -> bool {
        self.left
    }
}

impl fmt::Display for JoinSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.left { "left" } else { "inner" };
        match self.within {
            Within::Window(size) => write!(f, "{kind}, windows of {}", span(size)),
            Within::Interval { lower, upper } => {
                let bound = |us: i64| match us {
                    0 => "0s".to_owned(),
                    us if us < 0 => format!("-{}", span(-us)),
                    us => format!("+{}", span(us)),
                };
                write!(f, "{kind}, from {} to {}", bound(lower), bound(upper))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_bounds_are_checked() {
        let said = |spec: Result<JoinSpec, JoinError>| spec.unwrap_err().to_string();
        assert_eq!(said(JoinSpec::window(0)), "a window's size must be at least 1 µs, not 0 µs");
        assert!(JoinSpec::window(LENGTH_MAX + 1).is_err());
        let crossed = "the lower bound of an interval, 2 µs, is above the upper one, 1 µs";
        assert_eq!(said(JoinSpec::interval(2, 1)), crossed);
        assert!(
            JoinSpec::interval(i64::MIN, 0).is_err() && JoinSpec::interval(0, i64::MAX).is_err()
        );
        assert!(JoinSpec::interval(5, 5).is_ok());
    }

    #[test]
    fn kind_and_reach_are_written_out() {
        let spec = JoinSpec::window(10_000_000).unwrap().left();
        assert_eq!(spec.to_string(), "left, windows of 10s");
        let spec = JoinSpec::interval(-1_000_000, 60_000_000).unwrap();
        assert_eq!(spec.to_string(), "inner, from -1s to +1min");
        assert_eq!(JoinSpec::interval(0, 5).unwrap().to_string(), "inner, from 0s to +5us");
    }
}
