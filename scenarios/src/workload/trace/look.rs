//! A first look at a file that nobody has described yet: how it seems to be cut, and what each of
//! its columns seems to hold.
//!
//! It only looks. What a column is to a scenario is for whoever asks to decide, and for the user
//! to confirm.

use super::calendar::date_without_separators;
use super::columns::holds_values;
use super::dialect::{DELIMITERS, Dialect, called, shown};
use super::error::TraceError;
use super::text::Text;
use super::time_form::{Meaning, TimeColumn, TimeForm, instead_of};
use super::unread::{almost_number, almost_time, why_no_number};
use crate::decimal::{self, Decimal, DecimalError};
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
    /// Whether it numbers the rows: whole numbers, each by one more than that of the row before.
    pub is_running: bool,
    /// What keeps it from being one of times, where it almost is.
    pub no_time: Option<String>,
    /// What keeps it from being one of numbers, where it almost is.
    pub no_number: Option<String>,
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
    let looks = names.into_iter().zip(&columns).map(|(name, cells)| {
        let holds = holds(cells, &meaning, notation.decimal_comma);
        let is_other = matches!(holds, Holds::Text | Holds::Dates);
        let delimiter = shown(delimiter);
        ColumnLook {
            name,
            distinct: cells.iter().collect::<BTreeSet<_>>().len(),
            is_running: is_running(cells),
            no_time: is_other.then(|| no_time(cells, &meaning)).flatten(),
            no_number: is_other
                .then(|| no_number(cells, notation.decimal_comma, &delimiter))
                .flatten(),
            holds,
        }
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
    let best = best.unwrap_or(b',');
    // Spaces stand in times and in names; they part fields where nothing else does, and the first
    // line has words.
    let is_words = !holds_values(&records(head, b' ').first().cloned().unwrap_or_default());
    if fields(best) == 1 && fields(b' ') > 1 && is_words { b' ' } else { best }
}

/// How many of a hundred cells may be unlike the others in a column that is called after those.
const STRAY_MOST_PERCENT: usize = 1;

/// Whether so few of these many are unlike the rest that the rest says what a column holds.
const fn is_stray(unlike: usize, of: usize) -> bool {
    unlike * 100 <= of * STRAY_MOST_PERCENT
}

/// Whether a cell says that there is nothing: empty, a word for it, or a date that stands for none.
fn is_nothing(cell: &str) -> bool {
    const WORDS: [&str; 8] = ["null", "nan", "na", "n/a", "none", "nil", "-", "\\n"];
    cell.is_empty() || WORDS.contains(&cell.to_ascii_lowercase().as_str()) || stands_for_none(cell)
}

/// Whether a cell is a date that stands for none.
fn stands_for_none(cell: &str) -> bool {
    ["9999-12-31", "0000-00-00"].iter().any(|date| cell.starts_with(date))
}

/// Whether all that is there are numbers, some of them with a comma.
fn has_decimal_commas(cells: &[String]) -> bool {
    let number = |cell: &String| {
        decimal::with_point(cell).is_some_and(|number| Decimal::parse(&number).is_ok())
    };
    // With its thousands parted by points it is no number, and says where the comma stands.
    let parted = |cell: &String| {
        almost_number(cell, true).is_some()
            && cell.find('.') < cell.rfind(',')
            && cell.contains('.')
    };
    let there = cells.iter().filter(|cell| !is_nothing(cell));
    let with_comma = there.clone().filter(|cell| cell.contains(',') && number(cell)).count();
    with_comma > 0 && there.clone().all(|cell| number(cell) || parted(cell))
}

fn holds(cells: &[String], meaning: &Meaning, decimal_comma: bool) -> Holds {
    if cells.iter().all(String::is_empty) {
        return Holds::Nothing;
    }
    let there: Vec<&str> =
        cells.iter().map(String::as_str).filter(|cell| !is_nothing(cell)).collect();
    if there.is_empty() {
        return Holds::Text;
    }
    if there.iter().all(|cell| date_without_separators(cell).is_some()) {
        return Holds::Dates;
    }
    let mut column = TimeColumn::new(0);
    let read = |cell: &&str| column.parse(cell, meaning, 1).ok().map(Timestamp::as_micros);
    let micros: Vec<i64> = there.iter().filter_map(read).collect();
    if !micros.is_empty() && is_stray(there.len() - micros.len(), there.len()) {
        let unit = match column.form {
            Some(TimeForm::Number(unit)) => Some(unit),
            _ => None,
        };
        return Holds::Times { unit, is_local: column.seen.local > 0, micros };
    }
    let numbers = there.iter().filter(|cell| is_number(cell, decimal_comma)).count();
    if is_stray(there.len() - numbers, there.len()) { Holds::Numbers } else { Holds::Text }
}

/// Two numbers follow each other by chance; so many rows are looked at for it at least.
const RUNNING_LEAST: usize = 3;

/// Whether cells are whole numbers, each by one more than the one before.
fn is_running(cells: &[String]) -> bool {
    let mut numbers = cells.iter().map(|cell| cell.parse::<i64>().ok());
    let Some(Some(first)) = numbers.next() else { return false };
    let expected = (first..=i64::MAX).skip(1).map(Some);
    cells.len() >= RUNNING_LEAST && numbers.zip(expected).all(|(is, expected)| is == expected)
}

/// The cell as a number with a decimal point.
fn as_number(cell: &str, decimal_comma: bool) -> Result<Decimal, DecimalError> {
    let number = if decimal_comma { decimal::with_point(cell) } else { Some(cell.into()) };
    number.map_or(Err(DecimalError::NotDecimal), |number| Decimal::parse(&number))
}

fn is_number(cell: &str, decimal_comma: bool) -> bool {
    as_number(cell, decimal_comma).is_ok()
}

/// Of the first cell that is no time: why, where most cells are or seem to be some.
fn no_time(cells: &[String], meaning: &Meaning) -> Option<String> {
    // Where there is nothing else, what stands for nothing says so itself.
    let is_bare = cells.iter().all(|cell| is_nothing(cell));
    let there = cells.iter().filter(|cell| !is_nothing(cell) || (is_bare && stands_for_none(cell)));
    let mut first = None;
    let mut almost = 0_usize;
    for cell in there.clone() {
        let mut column = TimeColumn::new(0);
        match column.parse(cell, meaning, 1) {
            Ok(_) => almost += usize::from(!is_number(cell, meaning.decimal_comma())),
            Err(why) => {
                let seems = stands_for_none(cell)
                    || almost_time(cell).is_some()
                    || instead_of(cell, meaning).is_some()
                    || date_without_separators(cell).is_some();
                almost += usize::from(seems);
                if seems {
                    first.get_or_insert_with(|| format!("`{cell}` stands there: {why}"));
                }
            }
        }
    }
    first.filter(|_| almost * 2 > there.count())
}

/// Of the first cell that is no number: why, where most cells are or seem to be some.
fn no_number(cells: &[String], decimal_comma: bool, delimiter: &str) -> Option<String> {
    let mut first = None;
    let (mut almost, mut unlike) = (0_usize, 0_usize);
    for cell in cells {
        match as_number(cell, decimal_comma) {
            Ok(_) => almost += 1,
            Err(why) => {
                let other = why != DecimalError::NotDecimal
                    || is_nothing(cell)
                    || almost_number(cell, decimal_comma).is_some()
                    || almost_number(cell, !decimal_comma).is_some()
                    || is_number(cell, !decimal_comma);
                almost += usize::from(other && !is_nothing(cell));
                unlike += 1;
                // What says nothing is named where nothing else is at fault.
                let rank = u8::from(is_nothing(cell)) + u8::from(cell.is_empty());
                let is_better = first.as_ref().is_none_or(|(best, _)| rank < *best);
                if other && is_better {
                    let why = why_no_number(cell, why, decimal_comma, delimiter);
                    let found =
                        if cell.is_empty() { "nothing".to_owned() } else { format!("`{cell}`") };
                    first = Some((rank, format!("{found} stands there: {why}")));
                }
            }
        }
    }
    let (_, why) = first.filter(|_| almost * 2 > cells.len())?;
    let more = match unlike {
        1 => String::new(),
        n => format!(" ({n} of {} are no numbers)", cells.len()),
    };
    Some(why + &more)
}
