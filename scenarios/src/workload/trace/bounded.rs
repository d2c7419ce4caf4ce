//! Texts that end, and rows of them that do.
//!
//! What is read is bounded before it is kept: a row of any length, and a stream that unpacks for ever,
//! are told of as such, and not read until memory is full.

use std::error::Error;
use std::fmt;
use std::io::{self, Read};

/// The longest row, in bytes.
pub(super) const ROW_MOST: u64 = 1 << 20;

/// How many times as large as its file a gzip stream may become. Texts of events become ten times as
/// large, the most monotonous ones fifty times, and zeros a thousand times.
pub(super) const TIMES_MOST: u64 = 200;

/// However small its file is, a stream may become as large as this.
const ALWAYS: u64 = 64 << 20;

/// What went on for too long.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum TooLong {
    /// A row.
    Row,
    /// A gzip stream.
    Stream,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Row => "a row is too long",
            Self::Stream => "a gzip stream unpacks to too much",
        })
    }
}

impl Error for TooLong {}

/// A text of which so much may be read, until more is allowed.
#[derive(Debug)]
pub(super) struct Bounded<R> {
    inner: R,
    left: u64,
    what: TooLong,
}

impl<R> Bounded<R> {
    /// A text whose rows are read one after the other, each after [`Bounded::allow_row`].
    pub(super) const fn by_rows(inner: R) -> Self {
        Self { inner, left: 0, what: TooLong::Row }
    }

    /// The text of a gzip stream in a file of so many bytes.
    pub(super) const fn unpacked(inner: R, file_bytes: u64) -> Self {
        let most = file_bytes.saturating_mul(TIMES_MOST);
        let left = if most > ALWAYS { most } else { ALWAYS };
        Self { inner, left, what: TooLong::Stream }
    }

    /// Lets another row be read: as much as a row may have, and what a reader takes at once.
    pub(super) const fn allow_row(&mut self, at_once: u64) {
        self.left = ROW_MOST + at_once;
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 && !buffer.is_empty() {
            // The end may be just here.
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::new(io::ErrorKind::InvalidData, self.what)),
            };
        }
        let read = self.inner.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_in_time_is_read_and_what_does_not_is_named() {
        let bytes = vec![b'x'; usize::try_from(ROW_MOST).unwrap()];
        let read = |length: usize, what: TooLong| {
            let mut bounded = Bounded { inner: &bytes[..length], left: 1_000, what };
            let mut text = Vec::new();
            let read = bounded.read_to_end(&mut text);
            read.map_err(|error| *error.get_ref().unwrap().downcast_ref::<TooLong>().unwrap())
        };
        for what in [TooLong::Row, TooLong::Stream] {
            assert_eq!(read(0, what), Ok(0));
            assert_eq!(read(999, what), Ok(999));
            assert_eq!(read(1_000, what), Ok(1_000));
            assert_eq!(read(1_001, what), Err(what));
        }
    }
}
