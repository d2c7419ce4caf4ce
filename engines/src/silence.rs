//! Keys that fall silent after they were heard of often enough.
//!
//! What is heard of a key is remembered from its first record on, in the order of event time. Once
//! that is `after` records, a silence of `length` is answered: nothing was heard from the last
//! record until so much later. Before that, what is remembered is forgotten when nothing was heard
//! for `forget_after`, the state's time to live, and nobody is told. Both begin the key anew. It is a
//! process function with state, one timer in event time and a time to live (Flink's
//! `KeyedProcessFunction`), as alerts on meters and machines are written; since records have their turn
//! in the order of event time, what is answered is a property of the input.

use crate::window::{LENGTH_MAX, WindowError, span};
use std::fmt;

/// Which silences are asked for. Lengths in microseconds.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub struct SilenceSpec {
    length: i64,
    after: u64,
    forget_after: i64,
}

/// A silence that cannot be asked for.
#[derive(Copy, Clone, Eq, PartialEq, Debug, thiserror::Error)]
pub enum SilenceError {
    /// A length that is none.
    #[error(transparent)]
    Length(#[from] WindowError),
    /// It would be asked for of keys that were never heard of.
    #[error("a key is silent after one record at least, not after none")]
    AfterNothing,
}

impl SilenceSpec {
    /// Silences of `length_us` of keys that were heard of `after` times, each within `forget_after_us`
    /// of the one before.
    ///
    /// # Errors
    /// Where a length is not positive, or longer than any stream, or nothing need be heard.
    pub fn new(length_us: i64, after: u64, forget_after_us: i64) -> Result<Self, SilenceError> {
        for (what, got) in [("silence", length_us), ("time to live", forget_after_us)] {
            if got < 1 {
                return Err(WindowError::TooShort { what, least: 1, got }.into());
            }
            if got > LENGTH_MAX {
                return Err(WindowError::TooLong { what, got }.into());
            }
        }
        if after == 0 {
            return Err(SilenceError::AfterNothing);
        }
        Ok(Self { length: length_us, after, forget_after: forget_after_us })
    }

    /// How long nothing is heard, in microseconds.
    pub const fn length(&self) -> i64 {
        self.length
    }

    /// After how many records.
    pub const fn after(&self) -> u64 {
        self.after
    }

    /// How long a key that was heard of less often is remembered, in microseconds.
    pub const fn forget_after(&self) -> i64 {
        self.forget_after
    }
}

impl fmt::Display for SilenceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "silent for {} after {} records, forgotten after {}",
            span(self.length),
            self.after,
            span(self.forget_after)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_the_number_are_checked() {
        let said = |spec: Result<SilenceSpec, SilenceError>| spec.unwrap_err().to_string();
        let short = "a window's silence must be at least 1 µs, not 0 µs";
        assert_eq!(said(SilenceSpec::new(0, 1, 1)), short);
        assert!(said(SilenceSpec::new(1, 1, 0)).contains("time to live"));
        assert!(SilenceSpec::new(LENGTH_MAX + 1, 1, 1).is_err());
        let none = "a key is silent after one record at least, not after none";
        assert_eq!(said(SilenceSpec::new(1, 0, 1)), none);
        let spec = SilenceSpec::new(30_000_000, 10, 600_000_000).unwrap();
        assert_eq!(spec.to_string(), "silent for 30s after 10 records, forgotten after 10min");
    }
}
