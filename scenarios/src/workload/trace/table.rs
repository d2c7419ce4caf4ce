//! From a file to rows, in the order of the file, and what becomes of bad ones.

use super::columns::{Columns, TableRow};
use super::dialect::Dialect;
use super::error::TraceError;
use super::remarks::{remarks, thousands};
use super::text::{Text, read_error};
use crate::decimal::{self, Decimal};
use crate::spec::{OnBadRow, TraceSpec};
use crate::workload::labels::KeyLabels;
use crate::workload::rejected::RejectedRow;
use crate::workload::remark::Remark;
use csv::ByteRecord;
use std::path::Path;

/// What was read, in the order of the file.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) rows: Vec<TableRow>,
    pub(super) decimals: u8,
    pub(super) labels: KeyLabels,
    pub(super) rejected: Vec<RejectedRow>,
    pub(super) remarks: Vec<Remark>,
    /// Whether the file has no row more.
    pub(super) is_all: bool,
}

/// How many bytes are read at once.
const AT_ONCE: usize = 1 << 13;

impl Table {
    /// Reads all rows of the file that the spec names.
    pub(super) fn read(spec: &TraceSpec) -> Result<Self, TraceError> {
        Self::read_some(spec, u64::MAX)
    }

    /// Reads no more than the first so many rows.
    pub(super) fn read_some(spec: &TraceSpec, most: u64) -> Result<Self, TraceError> {
        let path = || spec.path.clone();
        let text = Text::open(&spec.path)?;
        let dialect = Dialect::of(spec, &text);
        let above = text.lines_before;
        let first = super::dialect::first_line(&text.head, dialect.delimiter);
        let found = Columns::find(spec, &first, &text, dialect);
        let mut builder = dialect.builder();
        let mut reader = builder.buffer_capacity(AT_ONCE).from_reader(text.into_reader());
        let (mut rows, mut record) = (Vec::new(), ByteRecord::new());
        let mut read = |record: &mut ByteRecord| {
            let before = reader.position().line();
            reader.get_mut().allow_row(AT_ONCE as u64);
            let is_there = reader.read_byte_record(record);
            let is_there = is_there
                .map_err(|cause| read_error(&spec.path, (before - 1).max(1) + above, &cause))?;
            let line = record.position().map_or(before, csv::Position::line);
            Ok::<_, TraceError>(is_there.then_some(line + above))
        };
        // What keeps the first line from being read comes before what it lacks.
        let mut line = read(&mut record)?;
        let mut columns = found?;
        if spec.notation.header {
            line = read(&mut record)?;
        }
        let mut bad_rows = BadRows { path: &spec.path, on: spec.on_bad_row, rejected: vec![] };
        let mut is_all = true;
        while let Some(at) = line {
            match columns.parse(&record, at) {
                Ok(row) => rows.push(row),
                Err(row) => bad_rows.add(row)?,
            }
            let so_far = (rows.len() + bad_rows.rejected.len()) as u64;
            line = if so_far < most {
                read(&mut record)?
            } else {
                // A file that ends here has been read to its end; what else follows is not read.
                is_all = !matches!(read(&mut record), Ok(Some(_)) | Err(_));
                None
            };
        }
        let parted = thousands(&columns, &rows);
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
                let mut remarks = remarks(spec, &columns, &fitting);
                remarks.extend(parted);
                let labels = columns.into_labels();
                Ok(Self { rows: fitting, decimals, labels, rejected, remarks, is_all })
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
