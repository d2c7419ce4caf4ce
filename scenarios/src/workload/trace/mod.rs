//! The same from a recorded file: a function read from CSV, plain or gzip.
//!
//! The file has a line of column names; the spec says which column means what. It is read once
//! and shared. Rows are put in order of arrival, and rows that arrive together stay as they
//! stand in the file. The first arrival is due at the run's start, and the others follow in the
//! trace's own rhythm, `speed` times as fast.
//!
//! **Times** are ISO 8601 (`2001-01-31T08:30:00Z`; without an offset it is in the time zone that
//! is set, or UTC; without a time of day midnight) or a number since the Unix epoch, or since the
//! origin that is set. Which of them is decided for each column by its first readable row, and
//! holds for all its rows. Where nobody says what a number counts, it counts seconds if its
//! magnitude is below 10^11, milliseconds below 10^14, microseconds below 10^17, nanoseconds below
//! 10^20. These borders lie in the year 5138 and, read the other way, in March 1973. What is finer
//! than a microsecond is rounded down. A first row that looks like a date without separators is
//! refused, as is text after a time and a time that clocks never showed; one that they showed
//! twice is the earlier, and is told of, as is a leap second, which is the one before it. Where one
//! column says both when an event happened and when it came, rows that stand out of order are told of.
//!
//! **Values** are decimal numbers of at most nine decimals, exact: all become integers with as
//! many decimals as the finest of them has.
//!
//! **Keys** are taken as text, whatever they are, and numbered.
//!
//! **Sizes**: a row has a megabyte at most, and a gzip stream becomes no more than two hundred times as
//! large as the file it is in, beyond 64 MiB: what is larger is no trace, and would fill memory.
//!
//! A row that cannot be read is never guessed at and never left out in silence.

mod error;
mod members;
mod bounded;
mod text;
mod dialect;
mod calendar;
mod unread;
mod time_form;
mod columns;
mod remarks;
mod table;
mod look;

pub use calendar::{is_origin, is_zone};
pub use dialect::is_delimiter;
pub use error::TraceError;
pub use look::{ColumnLook, Holds, Look, look};
pub use text::{NoFile, no_file};

use crate::decimal;
use crate::spec::TraceSpec;
use crate::workload::events::Workload;
use crate::workload::keyed::Keyed;
use crate::workload::labels::KeyLabels;
use crate::workload::rejected::RejectedRow;
use crate::workload::remark::Remark;
use engines::{ArrivalClock, Moment, Stamped, Timestamp};
use std::sync::Arc;
use table::Table;

/// A recorded file, in memory. Clones share it.
#[derive(Clone, Debug)]
pub struct Trace {
    rows: Arc<[Row]>,
    clock: ArrivalClock,
    decimals: u8,
    labels: KeyLabels,
    rejected: Arc<[RejectedRow]>,
    remarks: Arc<[Remark]>,
    /// Where each row stands in the file; apart from the rows, since nothing hot asks.
    lines: Arc<[u64]>,
    /// From its first arrival to its last, in microseconds.
    span_us: u64,
}

/// What the first rows of a file say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// How many rows were read, those that cannot be among them.
    pub rows: u64,
    /// Whether these are all that the file has.
    pub is_all: bool,
    /// What is strange about them.
    pub remarks: Vec<Remark>,
    /// Those that cannot be read and are left out.
    pub rejected: Vec<RejectedRow>,
    /// From the first arrival among them to the last, in microseconds.
    pub span_us: u64,
}

/// An event of the trace.
#[derive(Copy, Clone, Debug)]
struct Row {
    due: Moment,
    event_time: Timestamp,
    keyed: Keyed,
}

impl Trace {
    /// Reads the file.
    pub fn load(spec: &TraceSpec) -> Result<Self, TraceError> {
        Ok(Self::from_table(Table::read(spec)?, spec.speed))
    }

    /// Reads the first so many rows of the file and lets them go again: whether it can be read as
    /// the spec says, so far.
    pub fn try_some(spec: &TraceSpec, rows: u64) -> Result<Tried, TraceError> {
        let table = Table::read_some(spec, rows)?;
        let arrivals = table.rows.iter().map(|row| row.arrival.as_micros());
        let (first, last) = (arrivals.clone().min().unwrap_or(0), arrivals.max().unwrap_or(0));
        Ok(Tried {
            rows: (table.rows.len() + table.rejected.len()) as u64,
            is_all: table.is_all,
            remarks: table.remarks,
            rejected: table.rejected,
            span_us: last.abs_diff(first),
        })
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
        let last = table.rows.last().map_or(origin, |row| row.arrival);
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
            remarks: table.remarks.into(),
            lines: table.rows.iter().map(|row| row.line).collect(),
            span_us: last.as_micros().abs_diff(origin.as_micros()),
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

    fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    fn place(&self, n: u64) -> Option<String> {
        let line = usize::try_from(n).ok().and_then(|n| self.lines.get(n))?;
        Some(format!("line {line}"))
    }

    fn span_us(&self) -> Option<u64> {
        Some(self.span_us)
    }

    fn key_of(&self, n: u64) -> Option<u64> {
        self.row(n).map(|row| row.keyed.key)
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
