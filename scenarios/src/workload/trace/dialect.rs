//! How the lines of a trace are cut into fields, and what the fields are called.
//!
//! A delimiter is never guessed from the looks of a text alone: where nobody says which it is,
//! it is the one that parts the first line into the columns that the spec names.

use crate::spec::{NotationSpec, TraceSpec};
use crate::workload::trace::text::Text;
use csv::ByteRecord;

/// How a file is cut.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// What stands between two fields.
    pub(super) delimiter: u8,
}

/// The delimiters that are looked for, in this order.
pub(super) const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

impl Dialect {
    /// That of a text from which these columns are asked.
    pub(super) fn of(spec: &TraceSpec, text: &Text) -> Self {
        let said = spec.notation.delimiter.and_then(|letter| u8::try_from(letter).ok());
        if let Some(delimiter) = said.or(text.separator) {
            return Self { delimiter };
        }
        let cut = DELIMITERS.map(|delimiter| (delimiter, first_line(&text.head, delimiter)));
        let asked = |fields: &ByteRecord| asked_of(spec, &called(&spec.notation, fields));
        let fitting = cut.iter().find(|(_, fields)| asked(fields));
        // None has them all: the one that parts it best shows best what there is.
        let best = cut.iter().rev().max_by_key(|(_, fields)| fields.len());
        Self { delimiter: fitting.or(best).map_or(b',', |(delimiter, _)| *delimiter) }
    }

    /// A reader of its records, the first line among them.
    pub(super) fn builder(self) -> csv::ReaderBuilder {
        let mut builder = csv::ReaderBuilder::new();
        // Flexible, since a row of the wrong length is a bad row like any other.
        builder.has_headers(false).flexible(true).delimiter(self.delimiter);
        builder
    }
}

/// The fields of the first line of a text, as this delimiter parts it.
pub(super) fn first_line(head: &[u8], delimiter: u8) -> ByteRecord {
    let mut record = ByteRecord::new();
    let read = Dialect { delimiter }.builder().from_reader(head).read_byte_record(&mut record);
    if read.is_ok_and(|is_there| is_there) { record } else { ByteRecord::new() }
}

/// What the columns are called: by the first line, or by number. What is no text has no name.
pub(super) fn called(notation: &NotationSpec, first: &ByteRecord) -> Vec<String> {
    let numbered = first.iter().enumerate();
    numbered
        .map(|(at, name)| match std::str::from_utf8(name) {
            _ if !notation.header => (at + 1).to_string(),
            Ok(name) => name.trim().to_owned(),
            Err(_) => String::new(),
        })
        .collect()
}

/// Whether all columns are there that the spec names.
fn asked_of(spec: &TraceSpec, names: &[String]) -> bool {
    let has = |name: &str| names.iter().any(|other| other == name);
    let value = |value: &str| has(value) || value.split('*').all(|factor| has(factor.trim()));
    has(&spec.arrival)
        && has(&spec.event_time)
        && spec.key.as_deref().is_none_or(has)
        && spec.value.as_deref().is_none_or(value)
}

/// Whether this can stand between two fields: one ASCII character that has no other meaning. The
/// message says what to write instead.
pub fn is_delimiter(text: &str) -> Result<(), String> {
    match text.as_bytes() {
        [letter] if letter.is_ascii() && !b"\"\r\n".contains(letter) => Ok(()),
        _ => Err(format!(
            "`{text}` is no delimiter; write one ASCII character, such as \";\" or \"\\t\""
        )),
    }
}

/// A delimiter as it is written in a message.
pub(super) fn shown(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "\\t".to_owned(),
        other => char::from(other).to_string(),
    }
}
