//! A gzip stream to its end, and what stands after it.
//!
//! A file may hold several streams, one after the other; the text goes on from each to the next.
//! After the last, zeros are padding, as `gunzip` has it. Anything else is no part of the text and
//! no damage to it either, and is told as what it is.

use flate2::bufread::GzDecoder;
use std::error::Error;
use std::fmt;
use std::io::{self, BufRead, Read};

/// The text of a gzip file.
pub(super) struct Members<R> {
    state: State<R>,
}

enum State<R> {
    Within(GzDecoder<R>),
    Ended,
}

/// Bytes after the end of the last stream that are neither padding nor a further stream.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct TrailingBytes {
    /// How many, the zeros before them left out.
    pub(super) bytes: u64,
}

impl fmt::Display for TrailingBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes after the end of the gzip stream", self.bytes)
    }
}

impl Error for TrailingBytes {}

/// How a gzip stream begins.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

impl<R: BufRead> Members<R> {
    /// Of a file that begins with [`MAGIC`].
    pub(super) fn new(file: R) -> Self {
        Self { state: State::Within(GzDecoder::new(file)) }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let State::Within(stream) = &mut self.state else { return Ok(0) };
            let read = stream.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let State::Within(stream) = std::mem::replace(&mut self.state, State::Ended) else {
                return Ok(0);
            };
            let mut file = stream.into_inner();
            if goes_on(&mut file)? {
                self.state = State::Within(GzDecoder::new(file));
            }
        }
    }
}

/// Whether another stream follows; fails where something else does.
fn goes_on(file: &mut impl BufRead) -> io::Result<bool> {
    let mut has_padding = false;
    loop {
        let rest = file.fill_buf()?;
        if rest.is_empty() {
            return Ok(false);
        }
        let zeros = rest.iter().take_while(|byte| **byte == 0).count();
        has_padding |= zeros > 0;
        let is_over = zeros == rest.len();
        file.consume(zeros);
        if !is_over {
            break;
        }
    }
    let rest = file.fill_buf()?;
    // One byte is enough to tell them apart where the buffer ends between the two.
    if !has_padding && MAGIC.starts_with(&rest[..rest.len().min(MAGIC.len())]) {
        return Ok(true);
    }
    let bytes = io::copy(file, &mut io::sink())?;
    Err(io::Error::new(io::ErrorKind::InvalidData, TrailingBytes { bytes }))
}
