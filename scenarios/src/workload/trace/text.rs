//! From a file to text: unpacked, without what stands before its first line, and in an encoding
//! that can be read. What the lines mean is not known here.

use super::bounded::{Bounded, ROW_MOST, TIMES_MOST, TooLong};
use super::error::TraceError;
use super::members::{MAGIC, Members, TrailingBytes};
use std::fs::{File, Metadata};
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
        if is_longer && !head.contains(&b'\n') {
            return Err(TraceError::LongHeader { path: path.to_path_buf(), bytes: HEAD_BYTES });
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

    /// All of it, row by row.
    pub(super) fn into_reader(self) -> Bounded<impl Read> {
        Bounded::by_rows(Cursor::new(self.head).chain(self.rest))
    }
}

/// Why a path is no file that can be read again and again.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum NoFile {
    /// Nothing is there, or nothing that we may see.
    Absent,
    /// Something else is, called so.
    Other(&'static str),
}

/// Why a path is no file, if it is none.
pub fn no_file(path: &Path) -> Option<NoFile> {
    match std::fs::metadata(path) {
        Ok(meta) => other_than_file(&meta).map(NoFile::Other),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Some(NoFile::Other("where nobody but its owner can look"))
        }
        Err(_) => Some(NoFile::Absent),
    }
}

/// What it is, in words, where it is no file.
fn other_than_file(meta: &Metadata) -> Option<&'static str> {
    let kind = meta.file_type();
    if kind.is_file() {
        return None;
    }
    if kind.is_dir() {
        return Some("a folder");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    Some("no file")
}

/// The byte order mark of UTF-8.
const UTF8_MARK: &[u8] = "\u{feff}".as_bytes();

/// The bytes of a file, unpacked if it is gzip.
fn unpacked(path: &Path) -> Result<Box<dyn Read>, TraceError> {
    let open_error = |cause| TraceError::Open { path: path.to_path_buf(), cause };
    // A pipe that nobody writes into could be waited for for ever.
    let meta = std::fs::metadata(path).map_err(open_error)?;
    if let Some(what) = other_than_file(&meta) {
        return Err(TraceError::NoFile { path: path.to_path_buf(), what });
    }
    let file = File::open(path).map_err(open_error)?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    // Its content tells better than its name what it is.
    let start = file.fill_buf().map_err(open_error)?;
    if start.starts_with(&MAGIC) {
        return Ok(Box::new(Bounded::unpacked(Members::new(file), meta.len())));
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
    // Zeros alone are no text at all.
    let most = |at: usize| zeros(at) * 2 > letters.len();
    let is_half_zero = most(0) != most(1);
    head.starts_with(&[0xff, 0xfe])
        || head.starts_with(&[0xfe, 0xff])
        || (letters.len() > 1 && is_half_zero)
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
    let inner = cause.get_ref();
    if let Some(TrailingBytes { bytes }) = inner.and_then(|inner| inner.downcast_ref()) {
        return TraceError::TrailingBytes { path, bytes: *bytes };
    }
    match (inner.and_then(|inner| inner.downcast_ref()), cause.kind()) {
        (Some(TooLong::Row), _) => TraceError::LongRow { path, line, most: ROW_MOST },
        (Some(TooLong::Stream), _) => TraceError::Bomb { path, times: TIMES_MOST },
        (None, io::ErrorKind::UnexpectedEof) => TraceError::Truncated { path, line },
        // What the decoder says of bytes that are no stream.
        (None, io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            TraceError::Damaged { path, line, cause: cause.to_string() }
        }
        (None, _) => TraceError::Read { path, line, cause: cause.to_string() },
    }
}
