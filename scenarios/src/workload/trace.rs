//! The same from a recorded file: a function read from CSV, plain or gzip.
//!
//! The file has a line of column names; the spec says which column means what. It is read once
//! and shared. Rows are put in order of arrival, and rows that arrive together stay as they
//! stand in the file. The first arrival is due at the run's start, and the others follow in the
//! trace's own rhythm, `speed` times as fast.
//!
//! **Times** are ISO 8601 (`2001-01-31T08:30:00Z`; without an offset it is UTC, without a time
//! of day midnight) or a number since the Unix epoch. Which of them is decided for each column
//! by its first readable row, and holds for all its rows: what is a number counts seconds if its
//! magnitude is below 10^11, milliseconds below 10^14, microseconds below 10^17. These borders
//! lie in the year 5138 and, read the other way, in March 1973. What is finer than a microsecond
//! is rounded down.
//!
//! **Values** are decimal numbers of at most nine decimals, exact: all become integers with as
//! many decimals as the finest of them has.
//!
//! **Keys** are taken as text, whatever they are, and numbered.
//!
//! A row that cannot be read is never guessed at and never left out in silence.

use crate::answer::KeyLabels;
use crate::catalog::{OnBadRow, TraceSpec};
use crate::decimal::{self, Decimal};
use crate::workload::{Keyed, Workload, skew};
use csv::ByteRecord;
use engines::{ArrivalClock, Moment, Stamped, Timestamp};
use flate2::bufread::MultiGzDecoder;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A recorded file, in memory. Clones share it.
#[derive(Clone, Debug)]
pub struct Trace {
    rows: Arc<[Row]>,
    clock: ArrivalClock,
    decimals: u8,
    labels: KeyLabels,
    rejected: Arc<[RejectedRow]>,
}

/// An event of the trace.
#[derive(Copy, Clone, Debug)]
struct Row {
    due: Moment,
    event_time: Timestamp,
    keyed: Keyed,
}

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// The line it starts on; the first is 1.
    pub line: u64,
    /// The column at fault; empty if it is the row as a whole.
    pub column: String,
    /// What stands there, its first 60 characters.
    pub text: String,
    /// What was expected.
    pub why: String,
}

impl fmt::Display for RejectedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, text, why } = self;
        match (column.as_str(), text.as_str()) {
            ("", _) => write!(f, "line {line}: {why}: `{text}`"),
            (_, "") => write!(f, "line {line}, column `{column}`: {why}, found nothing"),
            (_, _) => write!(f, "line {line}, column `{column}`: {why}, found `{text}`"),
        }
    }
}

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
    /// The gzip stream is damaged, or reading failed.
    #[error("the trace {path} cannot be read beyond line {line}: {cause}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The last line that was read.
        line: u64,
        /// What went wrong.
        cause: String,
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
        "the trace {path} has column names that are not UTF-8; save it as CSV in UTF-8",
        path = path.display()
    )]
    HeaderNotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// A column that the spec names is not there.
    #[error(
        "the trace {path} has no column `{column}`, which {setting} names{}; it has {}",
        suggestion.as_ref().map_or_else(String::new, |name| format!(" (did you mean `{name}`?)")),
        listed(columns),
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
        "the trace {path} cannot be read: {row}; correct it, or set on_bad_row = \"reject\"",
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

impl Trace {
    /// Reads the file.
    pub fn load(spec: &TraceSpec) -> Result<Self, TraceError> {
        let table = Table::read(spec, open(&spec.path)?)?;
        Ok(Self::from_table(table, spec.speed))
    }

    /// What its keys are called.
    pub fn labels(&self) -> KeyLabels {
        self.labels.clone()
    }

    /// How many decimals its values have.
    pub fn decimals(&self) -> u8 {
        self.decimals
    }

    /// Puts the rows in order and gives them their due times.
    fn from_table(mut table: Table, speed: f64) -> Self {
        // Stable: what arrives together keeps the order of the file.
        table.rows.sort_by_key(|row| row.arrival);
        let origin = table.rows.first().expect("a table has rows").arrival;
        let clock = ArrivalClock { origin, micros_per_second: micros_per_second(speed) };
        let rows = table.rows.iter().map(|row| Row {
            due: due(row.arrival, &clock),
            event_time: row.event_time,
            keyed: Keyed { key: row.key, value: row.value.units },
        });
        Self {
            rows: rows.collect(),
            clock,
            decimals: table.decimals,
            labels: table.labels,
            rejected: table.rejected.into(),
        }
    }

    fn row(&self, n: u64) -> Option<&Row> {
        usize::try_from(n).ok().and_then(|n| self.rows.get(n))
    }
}

impl Workload for Trace {
    type Event = Keyed;

    #[inline]
    fn event(&self, n: u64, due: Moment) -> Stamped<Keyed> {
        let row = self.row(n).expect("an event of a trace is one of its rows");
        Stamped { event_time: row.event_time, due, value: row.keyed }
    }

    fn len(&self) -> Option<u64> {
        Some(self.rows.len() as u64)
    }

    fn due(&self, n: u64) -> Option<Moment> {
        self.row(n).map(|row| row.due)
    }

    fn arrival_clock(&self) -> ArrivalClock {
        self.clock
    }

    fn rejected_rows(&self) -> &[RejectedRow] {
        &self.rejected
    }

    fn columns(&self) -> Vec<&'static str> {
        vec!["key", "value"]
    }

    fn cells(&self, event: &Stamped<Keyed>) -> Vec<String> {
        let Keyed { key, value } = event.value;
        vec![self.labels.label(key), decimal::render(i128::from(value), self.decimals)]
    }
}

/// How many microseconds of the trace pass in a second of the run; at least one.
#[expect(clippy::cast_possible_truncation, reason = "`as` stops at the ends, which is meant")]
fn micros_per_second(speed: f64) -> i64 {
    ((speed * 1e6).round() as i64).max(1)
}

/// The first moment at which the arrival clock has reached `arrival`. Rounding up means that a
/// row that arrives on the edge of a window over batches is not found before it.
fn due(arrival: Timestamp, clock: &ArrivalClock) -> Moment {
    let passed = i128::from(arrival.as_micros()) - i128::from(clock.origin.as_micros());
    let per_second = i128::from(clock.micros_per_second);
    let nanos = (passed * 1_000_000_000 + per_second - 1) / per_second;
    Moment::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// What was read, in the order of the file.
#[derive(Debug)]
struct Table {
    rows: Vec<TableRow>,
    decimals: u8,
    labels: KeyLabels,
    rejected: Vec<RejectedRow>,
}

#[derive(Debug)]
struct TableRow {
    line: u64,
    arrival: Timestamp,
    event_time: Timestamp,
    key: u64,
    value: Decimal,
}

impl Table {
    fn read(spec: &TraceSpec, input: Box<dyn Read>) -> Result<Self, TraceError> {
        let path = || spec.path.clone();
        // Flexible, since a row of the wrong length is a bad row like any other.
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
        let header = reader.byte_headers().map_err(|cause| read_error(&spec.path, 1, &cause))?;
        let mut columns = Columns::find(spec, header)?;
        let mut bad_rows = BadRows { path: &spec.path, on: spec.on_bad_row, rejected: vec![] };
        let (mut rows, mut record) = (Vec::new(), ByteRecord::new());
        loop {
            let before = reader.position().line();
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(cause) => return Err(read_error(&spec.path, before - 1, &cause)),
            }
            let line = record.position().map_or(before, csv::Position::line);
            match columns.parse(&record, line) {
                Ok(row) => rows.push(row),
                Err(row) => bad_rows.add(row)?,
            }
        }
        let decimals = rows.iter().map(|row| row.value.decimals).max().unwrap_or(0);
        let value_column = spec.value.as_deref().unwrap_or_default();
        let mut fitting = Vec::with_capacity(rows.len());
        for mut row in rows {
            match row.value.units_at(decimals) {
                Ok(units) => {
                    row.value = Decimal { units, decimals };
                    fitting.push(row);
                }
                Err(_) => bad_rows.add(RejectedRow {
                    line: row.line,
                    column: value_column.to_string(),
                    text: decimal::render(i128::from(row.value.units), row.value.decimals),
                    why: format!(
                        "expected a number that fits 64 bits with the decimals of the finest row, \
                         which are {decimals}"
                    ),
                })?,
            }
        }
        let mut rejected = bad_rows.rejected;
        rejected.sort_by_key(|row| row.line);
        match (fitting.is_empty(), rejected.first()) {
            (true, None) => Err(TraceError::NoRows { path: path() }),
            (true, Some(first)) => Err(TraceError::AllRejected {
                path: path(),
                rows: rejected.len(),
                first: Box::new(first.clone()),
            }),
            (false, _) => {
                Ok(Self { rows: fitting, decimals, labels: columns.into_labels(), rejected })
            }
        }
    }
}

/// What becomes of bad rows.
struct BadRows<'a> {
    path: &'a Path,
    on: OnBadRow,
    rejected: Vec<RejectedRow>,
}

impl BadRows<'_> {
    fn add(&mut self, row: RejectedRow) -> Result<(), TraceError> {
        match self.on {
            OnBadRow::Fail => {
                Err(TraceError::BadRow { path: self.path.to_path_buf(), row: Box::new(row) })
            }
            OnBadRow::Reject => {
                self.rejected.push(row);
                Ok(())
            }
        }
    }
}

/// Where in a row to find what, and what is known of it so far.
struct Columns {
    names: Vec<String>,
    arrival: TimeColumn,
    event_time: TimeColumn,
    key: Option<usize>,
    value: ValueColumn,
    keys: HashMap<Box<str>, u64, FixedState>,
    key_names: Vec<Box<str>>,
}

struct TimeColumn {
    at: usize,
    form: Option<TimeForm>,
}

enum ValueColumn {
    None,
    One(usize),
    Product(usize, usize),
}

impl Columns {
    fn find(spec: &TraceSpec, header: &ByteRecord) -> Result<Self, TraceError> {
        if header.is_empty() {
            return Err(TraceError::Empty { path: spec.path.clone() });
        }
        let names = header
            .iter()
            .map(|name| std::str::from_utf8(name).map(|name| name.trim().to_string()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| TraceError::HeaderNotUtf8 { path: spec.path.clone() })?;
        let find = |setting: &'static str, column: &str| {
            let mut found = (0..names.len()).filter(|at| names[*at] == column);
            match (found.next(), found.next()) {
                (Some(at), None) => Ok(at),
                (Some(_), Some(_)) => Err(TraceError::AmbiguousColumn {
                    path: spec.path.clone(),
                    setting,
                    column: column.to_string(),
                }),
                (None, _) => Err(TraceError::MissingColumn {
                    path: spec.path.clone(),
                    setting,
                    column: column.to_string(),
                    columns: names.clone(),
                    suggestion: similar(column, &names),
                }),
            }
        };
        let value = match spec.value.as_deref() {
            None => ValueColumn::None,
            // A column may have a star in its name; if it exists, it is meant.
            Some(value) if names.iter().any(|name| name == value) || !value.contains('*') => {
                ValueColumn::One(find("value", value)?)
            }
            Some(value) => {
                let factors: Vec<&str> = value.split('*').map(str::trim).collect();
                match factors.as_slice() {
                    [left, right] if !left.is_empty() && !right.is_empty() => {
                        ValueColumn::Product(find("value", left)?, find("value", right)?)
                    }
                    _ => return Err(TraceError::Value { value: value.to_string() }),
                }
            }
        };
        let arrival = TimeColumn { at: find("arrival", &spec.arrival)?, form: None };
        let event_time = TimeColumn { at: find("event_time", &spec.event_time)?, form: None };
        let key = spec.key.as_deref().map(|key| find("key", key)).transpose()?;
        let keys = HashMap::with_hasher(FixedState::default());
        Ok(Self { arrival, event_time, key, value, keys, key_names: Vec::new(), names })
    }

    fn parse(&mut self, record: &ByteRecord, line: u64) -> Result<TableRow, RejectedRow> {
        if record.len() != self.names.len() {
            let fields = |count| if count == 1 { "field" } else { "fields" };
            let (want, got) = (self.names.len(), record.len());
            let whole: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
            return Err(RejectedRow {
                line,
                column: String::new(),
                text: beginning(&whole.join(",")),
                why: format!("expected {want} {}, found {got}", fields(want)),
            });
        }
        let names = &self.names;
        let refuse = |at: usize, why: String| RejectedRow {
            line,
            column: names[at].clone(),
            text: beginning(&String::from_utf8_lossy(&record[at])),
            why,
        };
        let text = |at: usize| {
            std::str::from_utf8(&record[at]).map_err(|_| refuse(at, "expected UTF-8".to_string()))
        };
        let time = |column: &mut TimeColumn| {
            TimeForm::parse(&mut column.form, text(column.at)?)
                .map_err(|why| refuse(column.at, why))
        };
        let (arrival, event_time) = (time(&mut self.arrival)?, time(&mut self.event_time)?);
        let value = match self.value {
            ValueColumn::None => Decimal { units: 1, decimals: 0 },
            ValueColumn::One(at) => {
                Decimal::parse(text(at)?).map_err(|why| refuse(at, why.to_string()))?
            }
            ValueColumn::Product(left, right) => {
                // Each factor alone first, so that the one at fault is named.
                for at in [left, right] {
                    if let Err(why) = Decimal::parse(text(at)?) {
                        return Err(refuse(at, why.to_string()));
                    }
                }
                let product = Decimal::parse_product(text(left)?, text(right)?);
                product.map_err(|why| {
                    let mut row = refuse(left, format!("{why} as product"));
                    row.column = format!("{} * {}", names[left], names[right]);
                    row.text = format!("{} * {}", row.text, beginning(text(right).unwrap_or("")));
                    row
                })?
            }
        };
        let key = match self.key {
            None => 0,
            Some(at) => {
                let name = text(at)?;
                if let Some(id) = self.keys.get(name) {
                    *id
                } else {
                    let id = skew::id_of(self.key_names.len() as u64);
                    self.keys.insert(name.into(), id);
                    self.key_names.push(name.into());
                    id
                }
            }
        };
        Ok(TableRow { line, arrival, event_time, key, value })
    }

    fn into_labels(self) -> KeyLabels {
        match self.key {
            None => KeyLabels::Global,
            Some(_) => KeyLabels::Named(self.key_names.into()),
        }
    }
}

/// How a column writes its times.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum TimeForm {
    Iso8601,
    EpochSeconds,
    EpochMillis,
    EpochMicros,
}

impl TimeForm {
    /// Reads a time in the form that the column has; the first readable one decides it.
    fn parse(form: &mut Option<Self>, text: &str) -> Result<Timestamp, String> {
        let text = text.trim();
        let read_as = match *form {
            Some(form) => form,
            None => Self::of(text).ok_or(
                "expected a time: ISO 8601 such as 2001-01-31T08:30:00Z, or a number of seconds, \
                 milliseconds or microseconds since 1970"
                    .to_string(),
            )?,
        };
        let micros = read_as.micros(text).ok_or_else(|| {
            let settled = if form.is_some() { ", as in the rows before" } else { "" };
            format!("expected {}{settled}", read_as.expected())
        })?;
        let time = i64::try_from(micros).map_or(Timestamp::NONE, Timestamp::from_micros);
        if !time.is_acceptable() {
            return Err("expected a time within 73,000 years of 1970".to_string());
        }
        *form = Some(read_as);
        Ok(time)
    }

    /// What form this text is in, if it is in one.
    fn of(text: &str) -> Option<Self> {
        let Ok(micros) = decimal::parse_micros(text, 1) else {
            return iso8601(text).map(|_| Self::Iso8601);
        };
        // Read with one microsecond as the unit, the number is as it stands.
        match micros.unsigned_abs() {
            0..100_000_000_000 => Some(Self::EpochSeconds),
            100_000_000_000..100_000_000_000_000 => Some(Self::EpochMillis),
            100_000_000_000_000..100_000_000_000_000_000 => Some(Self::EpochMicros),
            _ => None,
        }
    }

    fn micros(self, text: &str) -> Option<i128> {
        match self {
            Self::Iso8601 => iso8601(text),
            Self::EpochSeconds => decimal::parse_micros(text, 1_000_000).ok(),
            Self::EpochMillis => decimal::parse_micros(text, 1_000).ok(),
            Self::EpochMicros => decimal::parse_micros(text, 1).ok(),
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Iso8601 => "a time in ISO 8601 such as 2001-01-31T08:30:00Z",
            Self::EpochSeconds => "a number of seconds since 1970",
            Self::EpochMillis => "a number of milliseconds since 1970",
            Self::EpochMicros => "a number of microseconds since 1970",
        }
    }
}

/// Microseconds since the epoch, rounded down.
fn iso8601(text: &str) -> Option<i128> {
    let time = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })?;
    Some(time.as_nanosecond().div_euclid(1_000))
}

/// Opens a file, and unpacks it if it is gzip.
fn open(path: &Path) -> Result<Box<dyn Read>, TraceError> {
    let open_error = |cause| TraceError::Open { path: path.to_path_buf(), cause };
    let file = File::open(path).map_err(open_error)?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    // Its content tells better than its name what it is.
    let start = file.fill_buf().map_err(open_error)?;
    if start.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(MultiGzDecoder::new(file)));
    }
    let named_gz = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    match (named_gz, start.is_empty()) {
        (true, true) => Err(TraceError::Empty { path: path.to_path_buf() }),
        (true, false) => Err(TraceError::NotGzip { path: path.to_path_buf() }),
        (false, _) => Ok(Box::new(file)),
    }
}

/// What a failure to read means.
fn read_error(path: &Path, line: u64, error: &csv::Error) -> TraceError {
    let path = path.to_path_buf();
    match error.kind() {
        csv::ErrorKind::Io(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
            TraceError::Truncated { path, line }
        }
        csv::ErrorKind::Io(cause) => TraceError::Read { path, line, cause: cause.to_string() },
        _ => TraceError::Read { path, line, cause: error.to_string() },
    }
}

/// The name most like `wanted`, if one is like it at all.
fn similar(wanted: &str, names: &[String]) -> Option<String> {
    let likeness = |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &wanted.to_lowercase());
    names
        .iter()
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name.clone())
}

/// The names of columns in a sentence.
fn listed(columns: &[String]) -> String {
    columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The beginning of a text that may be long, on one line.
fn beginning(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut beginning = String::new();
    for (count, letter) in text.chars().enumerate() {
        match letter {
            _ if count == SHOWN => {
                beginning.push('…');
                break;
            }
            _ if letter.is_control() => beginning.extend(letter.escape_default()),
            _ => beginning.push(letter),
        }
    }
    beginning
}
