//! From a file to rows, in the order of the file, and what becomes of bad ones.

use super::columns::{Columns, TableRow};
use super::error::TraceError;
use crate::decimal::{self, Decimal};
use crate::spec::{OnBadRow, TraceSpec};
use crate::workload::labels::KeyLabels;
use crate::workload::rejected::RejectedRow;
use csv::ByteRecord;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// What was read, in the order of the file.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) rows: Vec<TableRow>,
    pub(super) decimals: u8,
    pub(super) labels: KeyLabels,
    pub(super) rejected: Vec<RejectedRow>,
}

impl Table {
    pub(super) fn read(spec: &TraceSpec, input: Box<dyn Read>) -> Result<Self, TraceError> {
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

/// Opens a file, and unpacks it if it is gzip.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>, TraceError> {
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
