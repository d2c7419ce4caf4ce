//! From a file to text: unpacked, without what stands before its first line, and in an encoding
//! that can be read. What the lines mean is not known here.

use super::error::TraceError;
use super::members::{MAGIC, Members, TrailingBytes};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

/// The text of a trace.
pub(super) struct Text {
    /// Its beginning, at most [`HEAD_BYTES`], for a look at how it is written.
    pub(super) head: Vec<u8>,
    rest: Box<dyn Read>,
    /// What Excel says in a line of its own, `sep=;`, before the first.
    pub(super) separator: Option<u8>,
    /// Lines of the file that stand before this text.
    pub(super) lines_before: u64,
    is_longer: bool,
}

/// How much of a text is looked at before it is read.
const HEAD_BYTES: usize = 1 << 16;

impl Text {
    /// Opens a file, unpacks it if it is gzip, and looks at its beginning.
    pub(super) fn open(path: &Path) -> Result<Self, TraceError> {
        let mut bytes = unpacked(path)?;
        let mut head = Vec::new();
        // What goes wrong here is told where the reader gets to it, since it counts the lines.
        let failed = bytes.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head).err();
        let is_longer = head.len() == HEAD_BYTES;
        let rest: Box<dyn Read> = match failed {
            Some(error) => Box::new(Failing(Some(error))),
            None => bytes,
        };
        if is_utf16(&head) {
            return Err(TraceError::Utf16 { path: path.to_path_buf() });
        }
        let mark = if head.starts_with(UTF8_MARK) { UTF8_MARK.len() } else { 0 };
        head.drain(..mark);
        let separator = separator(&head);
        if let Some((_, length)) = separator {
            head.drain(..length);
        }
        Ok(Self {
            head,
            rest,
            separator: separator.map(|(separator, _)| separator),
            lines_before: u64::from(separator.is_some()),
            is_longer,
        })
    }

    /// Whether there is more than its beginning.
    pub(super) fn is_longer(&self) -> bool {
        self.is_longer
    }

    /// All of it.
    pub(super) fn into_reader(self) -> impl Read {
        Cursor::new(self.head).chain(self.rest)
    }
}

/// The byte order mark of UTF-8.
const UTF8_MARK: &[u8] = "\u{feff}".as_bytes();

/// The bytes of a file, unpacked if it is gzip.
fn unpacked(path: &Path) -> Result<Box<dyn Read>, TraceError> {
    let open_error = |cause| TraceError::Open { path: path.to_path_buf(), cause };
    let file = File::open(path).map_err(open_error)?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    // Its content tells better than its name what it is.
    let start = file.fill_buf().map_err(open_error)?;
    if start.starts_with(&MAGIC) {
        return Ok(Box::new(Members::new(file)));
    }
    let named_gz = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    match (named_gz, start.is_empty()) {
        (true, true) => Err(TraceError::Empty { path: path.to_path_buf() }),
        (true, false) => Err(TraceError::NotGzip { path: path.to_path_buf() }),
        (false, _) => Ok(Box::new(file)),
    }
}

/// Whether a text is UTF-16, which spreadsheets call "Unicode": it says so, or every other byte of
/// its beginning is zero, which no text in UTF-8 has any of.
fn is_utf16(head: &[u8]) -> bool {
    let letters = head.chunks_exact(2).take(64);
    let zeros = |at: usize| letters.clone().filter(|pair| pair[at] == 0).count();
    head.starts_with(&[0xff, 0xfe])
        || head.starts_with(&[0xfe, 0xff])
        || (letters.len() > 1 && zeros(0).max(zeros(1)) * 2 > letters.len())
}

/// What a first line such as `sep=;` names, and how long that line is.
fn separator(head: &[u8]) -> Option<(u8, usize)> {
    let end = head.iter().position(|byte| *byte == b'\n')? + 1;
    let line = std::str::from_utf8(&head[..end]).ok()?.trim_end_matches(['\r', '\n']);
    let line = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    let named = line.get(..4).filter(|word| word.eq_ignore_ascii_case("sep="))?;
    let [separator] = &line.as_bytes()[named.len()..] else { return None };
    Some((*separator, end))
}

/// Fails with this, once.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// What a failure to read means; `line` is the last that was read.
pub(super) fn read_error(path: &Path, line: u64, error: &csv::Error) -> TraceError {
    let path = path.to_path_buf();
    let csv::ErrorKind::Io(cause) = error.kind() else {
        return TraceError::Read { path, line, cause: error.to_string() };
    };
    let trailing = cause.get_ref().and_then(|inner| inner.downcast_ref::<TrailingBytes>());
    match trailing {
        Some(TrailingBytes { bytes }) => TraceError::TrailingBytes { path, bytes: *bytes },
        None if cause.kind() == io::ErrorKind::UnexpectedEof => {
            TraceError::Truncated { path, line }
        }
        None => TraceError::Read { path, line, cause: cause.to_string() },
    }
}
