//! Windows that hold a number of records, however long that takes.
//!
//! A key has an answer with each `slide` of its records, over the last `size` of them, or over all
//! where it had fewer; what comes after the last answer is in none. So Flink's `countWindow(size,
//! slide)` has it (`KeyedStream`), where tumbling windows are those of `slide == size`. It is the order
//! in which records come that decides what is in a window, and no event is late. A part is the most
//! records that no window's edge divides: the greatest common divisor of size and slide.

use std::fmt;

/// How a question counts records into windows.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub struct CountSpec {
    size: u64,
    slide: u64,
}

/// A window of counted records that cannot be.
#[derive(Copy, Clone, Eq, PartialEq, Debug, thiserror::Error)]
pub enum CountError {
    /// It would hold nothing, or never move.
    #[error("a window's {what} must be at least one record")]
    Nothing {
        /// Size or slide.
        what: &'static str,
    },
    /// It would be kept in more parts than a key can have.
    #[error(
        "windows of {size} records by {slide} are kept in {parts} parts per key, of {} that there \
         can be: a slide with a larger divisor in common with the size needs fewer",
        CountSpec::PARTS_MOST
    )]
    TooManyParts {
        /// Records in a window.
        size: u64,
        /// Records from one to the next.
        slide: u64,
        /// In how many parts a window is kept.
        parts: u64,
    },
}

impl CountSpec {
    /// The most parts that a window may be kept in, for each key.
    pub const PARTS_MOST: u64 = 1 << 16;

    /// Windows that follow one another.
    ///
    /// # Errors
    /// Where the size is zero.
    pub fn tumbling(size: u64) -> Result<Self, CountError> {
        Self::sliding(size, size)
    }

    /// A window after each `slide` records, over the last `size`.
    ///
    /// # Errors
    /// Where one of them is zero, or a window has too many parts.
    pub fn sliding(size: u64, slide: u64) -> Result<Self, CountError> {
        for (what, records) in [("size", size), ("slide", slide)] {
            if records == 0 {
                return Err(CountError::Nothing { what });
            }
        }
        let spec = Self { size, slide };
        match spec.parts() {
            parts if parts > Self::PARTS_MOST => {
                Err(CountError::TooManyParts { size, slide, parts })
            }
            _ => Ok(spec),
        }
    }

    /// Records in a window.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Records from one answer to the next.
    pub const fn slide(&self) -> u64 {
        self.slide
    }

    /// The most records that no window's edge divides.
    pub const fn part(&self) -> u64 {
        let (mut one, mut other) = (self.size, self.slide);
        while other > 0 {
            (one, other) = (other, one % other);
        }
        one
    }

    /// In how many parts a window is kept.
    pub const fn parts(&self) -> u64 {
        self.size / self.part()
    }
}

impl fmt::Display for CountSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.size, self.slide) {
            (size, slide) if size == slide => write!(f, "every {size} records"),
            (size, slide) => write!(f, "the last {size} records, every {slide}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_checked() {
        let said = |spec: Result<CountSpec, CountError>| spec.unwrap_err().to_string();
        assert_eq!(said(CountSpec::tumbling(0)), "a window's size must be at least one record");
        assert_eq!(said(CountSpec::sliding(1, 0)), "a window's slide must be at least one record");
        let many = said(CountSpec::sliding(1 << 17, 1));
        assert!(
            many.starts_with("windows of 131072 records by 1 are kept in 131072 parts per key")
        );
        assert!(CountSpec::sliding(1 << 16, 1).is_ok() && CountSpec::tumbling(u64::MAX).is_ok());
    }

    #[test]
    fn a_window_is_a_whole_number_of_parts() {
        for (size, slide, part, parts) in
            [(10, 10, 10, 1), (10, 4, 2, 5), (3, 7, 1, 3), (4, 8, 4, 1)]
        {
            let spec = CountSpec::sliding(size, slide).unwrap();
            assert_eq!((spec.part(), spec.parts()), (part, parts), "{spec}");
        }
    }
}
