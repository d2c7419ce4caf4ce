//! Which column means what, and from a record to a row.

use super::dialect::{self, DELIMITERS, Dialect};
use super::error::TraceError;
use super::text::Text;
use super::time_form::{Meaning, TimeColumn};
use super::unread::why_no_number;
use crate::decimal::{self, Decimal, DecimalError};
use crate::spec::{NotationSpec, TraceSpec};
use crate::workload::labels::KeyLabels;
use crate::workload::rejected::RejectedRow;
use crate::workload::skew;
use csv::ByteRecord;
use engines::Timestamp;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::borrow::Cow;

/// Why a field is refused that is no text, and how it becomes one.
const NOT_UTF8: &str = "expected UTF-8; if the file is Latin-1, as Excel saves CSV: iconv -f \
                        WINDOWS-1252 -t UTF-8 FILE > utf8.csv";

/// Where in a row to find what, and what is known of it so far.
pub(super) struct Columns {
    pub(super) names: Vec<String>,
    pub(super) arrival: TimeColumn,
    pub(super) event_time: TimeColumn,
    pub(super) meaning: Meaning,
    pub(super) dialect: Dialect,
    decimal_comma: bool,
    key: Option<usize>,
    value: ValueColumn,
    keys: HashMap<Box<str>, u64, FixedState>,
    pub(super) key_names: Vec<Box<str>>,
}

enum ValueColumn {
    None,
    One(usize),
    Product(usize, usize),
}

impl Columns {
    /// The columns that the spec names, in a text whose first line has these fields.
    pub(super) fn find(
        spec: &TraceSpec,
        first: &ByteRecord,
        text: &Text,
        dialect: Dialect,
    ) -> Result<Self, TraceError> {
        if first.is_empty() {
            return Err(TraceError::Empty { path: spec.path.clone() });
        }
        let meaning = Meaning::of(&spec.notation);
        let meaning = meaning.map_err(|why| TraceError::Notation { why })?;
        if spec.notation.header && first.iter().any(|name| std::str::from_utf8(name).is_err()) {
            return Err(TraceError::HeaderNotUtf8 { path: spec.path.clone() });
        }
        let names = dialect::called(&spec.notation, first);
        let find = |setting: &'static str, column: &str| {
            let mut found = (0..names.len()).filter(|at| names[*at] == column);
            match (found.next(), found.next()) {
                (Some(at), None) => Ok(at),
                (Some(_), Some(_)) => Err(TraceError::AmbiguousColumn {
                    path: spec.path.clone(),
                    setting,
                    column: column.to_string(),
                }),
                (None, _) if spec.notation.header && holds_values(first) => {
                    Err(TraceError::NoHeader {
                        path: spec.path.clone(),
                        setting,
                        column: column.to_string(),
                        columns: names.clone(),
                    })
                }
                (None, _) => Err(TraceError::MissingColumn {
                    path: spec.path.clone(),
                    setting,
                    column: column.to_string(),
                    columns: names.clone(),
                    suggestion: similar(column, &names),
                    delimiter: other_delimiter(text, dialect, column),
                }),
            }
        };
        let arrival = TimeColumn::new(find("arrival", &spec.arrival)?);
        let event_time = TimeColumn::new(find("event_time", &spec.event_time)?);
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
        let key = spec.key.as_deref().map(|key| find("key", key)).transpose()?;
        let keys = HashMap::with_hasher(FixedState::default());
        Ok(Self {
            names,
            arrival,
            event_time,
            meaning,
            dialect,
            decimal_comma: spec.notation.decimal_comma,
            key,
            value,
            keys,
            key_names: Vec::new(),
        })
    }

    pub(super) fn parse(
        &mut self,
        record: &ByteRecord,
        line: u64,
    ) -> Result<TableRow, RejectedRow> {
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
            std::str::from_utf8(&record[at]).map_err(|_| refuse(at, NOT_UTF8.to_owned()))
        };
        let meaning = &self.meaning;
        let time = |column: &mut TimeColumn| {
            let read = column.parse(text(column.at)?, meaning, line);
            read.map_err(|why| refuse(column.at, why))
        };
        let (decimal_comma, dialect) = (self.decimal_comma, self.dialect);
        let number = |at: usize| {
            let text = text(at)?;
            let number = if decimal_comma { decimal::with_point(text) } else { Some(text.into()) };
            let number = number.ok_or(DecimalError::NotDecimal);
            match number.and_then(|number| Decimal::parse(&number).map(|_| number)) {
                Ok(number) => Ok(number),
                Err(why) => {
                    let delimiter = dialect::shown(dialect.delimiter);
                    Err(refuse(at, why_no_number(text, why, decimal_comma, &delimiter)))
                }
            }
        };
        let (arrival, event_time) = (time(&mut self.arrival)?, time(&mut self.event_time)?);
        let value = match self.value {
            ValueColumn::None => Decimal { units: 1, decimals: 0 },
            ValueColumn::One(at) => {
                Decimal::parse(&number(at)?).map_err(|why| refuse(at, why.to_string()))?
            }
            ValueColumn::Product(left, right) => {
                // Each factor alone first, so that the one at fault is named.
                let (left_number, right_number): (Cow<'_, str>, _) =
                    (number(left)?, number(right)?);
                let product = Decimal::parse_product(&left_number, &right_number);
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

    /// The column whose numbers are the values, if it is one.
    pub(super) fn value_name(&self) -> Option<&str> {
        match self.value {
            ValueColumn::One(at) => Some(&self.names[at]),
            ValueColumn::None | ValueColumn::Product(..) => None,
        }
    }

    /// Whether a comma stands before decimals.
    pub(super) const fn decimal_comma(&self) -> bool {
        self.decimal_comma
    }

    pub(super) fn into_labels(self) -> KeyLabels {
        match self.key {
            None => KeyLabels::Global,
            Some(_) => KeyLabels::Named(self.key_names.into()),
        }
    }
}

/// A row that could be read.
#[derive(Debug)]
pub(super) struct TableRow {
    pub(super) line: u64,
    pub(super) arrival: Timestamp,
    pub(super) event_time: Timestamp,
    pub(super) key: u64,
    pub(super) value: Decimal,
}

/// Whether the first line of a file is none of names: one of its fields is a number or a time.
pub(super) fn holds_values(first: &ByteRecord) -> bool {
    let meaning = Meaning::of(&NotationSpec::default()).expect("nothing is said");
    first.iter().any(|field| {
        let field = std::str::from_utf8(field).unwrap_or_default();
        Decimal::parse(field).is_ok() || TimeColumn::new(0).parse(field, &meaning, 1).is_ok()
    })
}

/// Another delimiter, by which the first line has this column.
fn other_delimiter(text: &Text, dialect: Dialect, column: &str) -> Option<char> {
    let others = DELIMITERS.into_iter().filter(|other| *other != dialect.delimiter);
    let has = |delimiter: &u8| {
        let fields = dialect::first_line(&text.head, *delimiter);
        fields.iter().any(|field| field.trim_ascii() == column.as_bytes())
    };
    others.into_iter().find(has).map(char::from)
}

/// The name most like `wanted`, if one is like it at all.
fn similar(wanted: &str, names: &[String]) -> Option<String> {
    // A name that nobody would type is not mistyped either, and takes long to compare.
    const TYPED: usize = 200;
    if wanted.len() > TYPED {
        return None;
    }
    let likeness = |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &wanted.to_lowercase());
    names
        .iter()
        .filter(|name| name.len() <= TYPED)
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name.clone())
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
