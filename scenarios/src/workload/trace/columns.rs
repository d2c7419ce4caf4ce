//! Which column means what, and from a record to a row.

use super::error::TraceError;
use super::time_form::{TimeColumn, TimeForm};
use crate::decimal::Decimal;
use crate::spec::TraceSpec;
use crate::workload::labels::KeyLabels;
use crate::workload::rejected::RejectedRow;
use crate::workload::skew;
use csv::ByteRecord;
use engines::Timestamp;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Where in a row to find what, and what is known of it so far.
pub(super) struct Columns {
    names: Vec<String>,
    arrival: TimeColumn,
    event_time: TimeColumn,
    key: Option<usize>,
    value: ValueColumn,
    keys: HashMap<Box<str>, u64, FixedState>,
    key_names: Vec<Box<str>>,
}

enum ValueColumn {
    None,
    One(usize),
    Product(usize, usize),
}

impl Columns {
    pub(super) fn find(spec: &TraceSpec, header: &ByteRecord) -> Result<Self, TraceError> {
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
