//! Why a trace cannot be used, with the remedy.

use crate::workload::rejected::RejectedRow;
use std::io;
use std::path::PathBuf;

/// Why a trace cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// There is no such file, or it may not be read.
    #[error("cannot open the trace {path}: {cause}", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It is there, and no file.
    #[error(
        "the trace {path} is {what}; a trace is read more than once: put it into a file",
        path = path.display()
    )]
    NoFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// Its first line does not end.
    #[error(
        "the trace {path} has no line of column names: its first {bytes} bytes hold no end of a line; \
         it is no CSV",
        path = path.display()
    )]
    LongHeader {
        /// The file.
        path: PathBuf,
        /// How many bytes were looked at.
        bytes: usize,
    },
    /// A row goes on for longer than any row does.
    #[error(
        "the trace {path} has a row after line {line} that is longer than {most} bytes: this is no CSV, \
         or a quotation mark is missing there",
        path = path.display()
    )]
    LongRow {
        /// The file.
        path: PathBuf,
        /// The last line that was read.
        line: u64,
        /// How long a row may be.
        most: u64,
    },
    /// A small file that unpacks to a very large one.
    #[error(
        "the trace {path} unpacks to more than {times} times its size, which no recorded events do: \
         its gzip stream is damaged, or made to fill memory",
        path = path.display()
    )]
    Bomb {
        /// The file.
        path: PathBuf,
        /// How many times its size.
        times: u64,
    },
    /// The gzip stream is damaged.
    #[error(
        "the trace {path} is damaged after line {line}: {cause}; fetch it again. What can be read of \
         it: gzip -dc {path} > part.csv",
        path = path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The last line that was read.
        line: u64,
        /// What is wrong with the stream.
        cause: String,
    },
    /// Its name ends in `.gz`, and its content is something else.
    #[error("the trace {path} is named .gz but is not gzip; rename or compress it", path = path.display())]
    NotGzip {
        /// The file.
        path: PathBuf,
    },
    /// The gzip stream stops before its end.
    #[error(
        "the trace {path} is truncated: its gzip stream stops after line {line}; fetch it again",
        path = path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The last line that was read.
        line: u64,
    },
    /// Reading failed.
    #[error(
        "the trace {path} cannot be read beyond line {line}: {cause}; copy it to a disk that can be \
         read",
        path = path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// The last line that was read.
        line: u64,
        /// What went wrong.
        cause: String,
    },
    /// After its gzip stream stands something else.
    #[error(
        "the trace {path} has {bytes} more bytes after the end of its gzip stream, which are \
         neither padding nor gzip; nothing says that they are events. Without them, where what \
         stands before is whole: gzip -dc {path} | gzip > whole.csv.gz",
        path = path.display()
    )]
    TrailingBytes {
        /// The file.
        path: PathBuf,
        /// How many.
        bytes: u64,
    },
    /// It is text in another encoding.
    #[error(
        "the trace {path} is UTF-16, which spreadsheets call Unicode text; save it as CSV in \
         UTF-8: iconv -f UTF-16 -t UTF-8 {path} > utf8.csv",
        path = path.display()
    )]
    Utf16 {
        /// The file.
        path: PathBuf,
    },
    /// A setting of how it is written that means nothing.
    #[error("{why}")]
    Notation {
        /// The setting, and what to write instead.
        why: String,
    },
    /// Its first line holds values.
    #[error(
        "the trace {path} has no column `{column}`, which {setting} names: its first line has no \
         names but values, {}; write a header there, or set header = false and call the columns \
         by number, such as {setting} = \"1\"",
        listed(columns),
        path = path.display(),
    )]
    NoHeader {
        /// The file.
        path: PathBuf,
        /// The setting that names the column.
        setting: &'static str,
        /// The name.
        column: String,
        /// What the first line has.
        columns: Vec<String>,
    },
    /// There is nothing in it.
    #[error("the trace {path} is empty; expected a line of column names", path = path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// There are column names and nothing else.
    #[error("the trace {path} has column names but no rows", path = path.display())]
    NoRows {
        /// The file.
        path: PathBuf,
    },
    /// Column names in another encoding, or no text at all.
    #[error(
        "the trace {path} has column names that are not UTF-8; save it as CSV in UTF-8; from Latin-1, as \
         Excel saves it: iconv -f WINDOWS-1252 -t UTF-8 {path} > utf8.csv",
        path = path.display()
    )]
    HeaderNotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// A column that the spec names is not there.
    #[error(
        "the trace {path} has no column `{column}`, which {setting} names{}; it has {}{}",
        suggestion.as_ref().map_or_else(String::new, |name| format!(" (did you mean `{name}`?)")),
        listed(columns),
        delimiter.as_ref().map_or_else(String::new, |delimiter| format!(
            "; with another delimiter it has that one: set delimiter = \"{}\"",
            if *delimiter == '\t' { "\\t".to_owned() } else { delimiter.to_string() }
        )),
        path = path.display(),
    )]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The setting that names it.
        setting: &'static str,
        /// The name.
        column: String,
        /// The columns there are.
        columns: Vec<String>,
        /// The most similar of them, if one is similar.
        suggestion: Option<String>,
        /// A delimiter by which the column is there.
        delimiter: Option<char>,
    },
    /// A column that the spec names is there twice.
    #[error(
        "the trace {path} has more than one column `{column}`, which {setting} names; rename one",
        path = path.display()
    )]
    AmbiguousColumn {
        /// The file.
        path: PathBuf,
        /// The setting that names it.
        setting: &'static str,
        /// The name.
        column: String,
    },
    /// A value that is neither a column nor a product of two.
    #[error("the value `{value}` is neither a column nor a product of two, such as `a * b`")]
    Value {
        /// The setting.
        value: String,
    },
    /// A row that cannot be read.
    #[error(
        "the trace {path} cannot be read: {row}; correct it, or leave out all \
         like it with on_bad_row = \"reject\"",
        path = path.display()
    )]
    BadRow {
        /// The file.
        path: PathBuf,
        /// The row.
        row: Box<RejectedRow>,
    },
    /// No row could be read.
    #[error(
        "all {rows} rows of the trace {path} were rejected; the first: {first}",
        path = path.display()
    )]
    AllRejected {
        /// The file.
        path: PathBuf,
        /// How many rows there are.
        rows: usize,
        /// The first of them.
        first: Box<RejectedRow>,
    },
}

/// The names of columns in a sentence.
fn listed(columns: &[String]) -> String {
    columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
