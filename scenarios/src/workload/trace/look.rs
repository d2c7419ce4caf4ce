//! A first look at a file that nobody has described yet: how it seems to be cut, and what each of
//! its columns seems to hold.
//!
//! It only looks. What a column is to a scenario is for whoever asks to decide, and for the user
//! to confirm.

use super::calendar::date_without_separators;
use super::columns::holds_values;
use super::dialect::{DELIMITERS, Dialect, called};
use super::error::TraceError;
use super::text::Text;
use super::time_form::{Meaning, TimeColumn, TimeForm};
use crate::decimal::{self, Decimal};
use crate::spec::{NotationSpec, TimeUnit};
use csv::ByteRecord;
use engines::Timestamp;
use std::collections::BTreeSet;
use std::path::Path;

/// What a file seems to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// How it seems to be written. The delimiter is that of the file, be it the usual one.
    pub notation: NotationSpec,
    /// Its columns, in their order.
    pub columns: Vec<ColumnLook>,
    /// How many rows were looked at.
    pub rows: usize,
}

/// What a column seems to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnLook {
    /// What it is called, by the first line or by number.
    pub name: String,
    /// What its values are.
    pub holds: Holds,
    /// How many different values it has.
    pub distinct: usize,
}

/// What the values of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Times.
    Times {
        /// What they count, by their magnitude, where they are numbers.
        unit: Option<TimeUnit>,
        /// Whether they name no offset.
        is_local: bool,
        /// Each of them, in the order of the file, in microseconds since the epoch.
        micros: Vec<i64>,
    },
    /// Dates without separators, which are no times as they are.
    Dates,
    /// Numbers.
    Numbers,
    /// Text.
    Text,
    /// Nothing at all.
    Nothing,
}

/// Looks at the beginning of a file.
pub fn look(path: &Path) -> Result<Look, TraceError> {
    let mut text = Text::open(path)?;
    // The last line may be cut off, where the file goes on.
    if text.is_longer()
        && let Some(end) = text.head.iter().rposition(|byte| *byte == b'\n')
    {
        text.head.truncate(end + 1);
    }
    let delimiter = text.separator.unwrap_or_else(|| delimiter_of(&text.head));
    let mut records = records(&text.head, delimiter);
    if records.is_empty() {
        return Err(TraceError::Empty { path: path.to_path_buf() });
    }
    let header = !holds_values(&records[0]);
    let mut notation =
        NotationSpec { delimiter: Some(char::from(delimiter)), header, ..NotationSpec::default() };
    let names = called(&notation, &records[0]);
    if header {
        records.remove(0);
    }
    if records.is_empty() {
        return Err(TraceError::NoRows { path: path.to_path_buf() });
    }
    let cells = |at: usize| -> Vec<String> {
        let cells = records.iter().map(|record| record.get(at).unwrap_or_default());
        cells.map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect()
    };
    let columns: Vec<Vec<String>> = (0..names.len()).map(cells).collect();
    notation.decimal_comma = columns.iter().any(|cells| has_decimal_commas(cells));
    let meaning = Meaning::of(&notation).expect("a delimiter and a comma mean something");
    let looks = names.into_iter().zip(&columns).map(|(name, cells)| ColumnLook {
        name,
        holds: holds(cells, &meaning, notation.decimal_comma),
        distinct: cells.iter().collect::<BTreeSet<_>>().len(),
    });
    Ok(Look { columns: looks.collect(), rows: records.len(), notation })
}

/// How many rows are looked at.
const ROWS: usize = 1_000;

fn records(head: &[u8], delimiter: u8) -> Vec<ByteRecord> {
    let reader = Dialect { delimiter }.builder().from_reader(head);
    reader.into_byte_records().map_while(Result::ok).take(ROWS).collect()
}

/// The delimiter that parts every row into as many fields, and into more than the others.
fn delimiter_of(head: &[u8]) -> u8 {
    let fields = |delimiter: u8| {
        let records = records(head, delimiter);
        let first = records.first().map_or(0, ByteRecord::len);
        let alike = records.iter().filter(|record| record.len() == first).count();
        // A row in a hundred may be one of the bad ones.
        if alike * 100 >= records.len() * 99 { first } else { 1 }
    };
    let best = DELIMITERS.into_iter().rev().max_by_key(|delimiter| fields(*delimiter));
    best.unwrap_or(b',')
}

/// Whether all that is there are numbers, some of them with a comma.
fn has_decimal_commas(cells: &[String]) -> bool {
    let number = |cell: &String| {
        decimal::with_point(cell).is_some_and(|number| Decimal::parse(&number).is_ok())
    };
    let mut there = cells.iter().filter(|cell| !cell.is_empty());
    there.clone().any(|cell| cell.contains(',')) && there.all(number)
}

fn holds(cells: &[String], meaning: &Meaning, decimal_comma: bool) -> Holds {
    let there: Vec<&str> =
        cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
    if there.is_empty() {
        return Holds::Nothing;
    }
    if there.iter().all(|cell| date_without_separators(cell).is_some()) {
        return Holds::Dates;
    }
    let mut column = TimeColumn::new(0);
    let times = there.iter().map(|cell| column.parse(cell, meaning, 1).map(Timestamp::as_micros));
    if let Ok(micros) = times.collect::<Result<Vec<i64>, _>>() {
        let unit = match column.form {
            Some(TimeForm::Number(unit)) => Some(unit),
            _ => None,
        };
        return Holds::Times { unit, is_local: column.seen.local > 0, micros };
    }
    let number = |cell: &&str| {
        let number = if decimal_comma { decimal::with_point(cell) } else { Some((*cell).into()) };
        number.is_some_and(|number| Decimal::parse(&number).is_ok())
    };
    if there.iter().all(number) { Holds::Numbers } else { Holds::Text }
}
