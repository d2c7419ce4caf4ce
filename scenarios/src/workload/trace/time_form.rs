//! How a column writes its times.

use crate::decimal;
use crate::spec::{NotationSpec, TimeUnit};
use crate::workload::trace::calendar::{self, Calendar, Civil};
use crate::workload::trace::unread::almost_time;
use engines::Timestamp;
use std::borrow::Cow;

/// A column of times, and the form that its first readable row has settled.
pub(super) struct TimeColumn {
    pub(super) at: usize,
    pub(super) form: Option<TimeForm>,
    pub(super) seen: Seen,
}

/// What was seen of a column's times, of those in ISO 8601.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// How many name an offset or a zone.
    pub(super) absolute: u64,
    /// How many name neither.
    pub(super) local: u64,
    /// How many exist twice in their zone, and the line and text of the first.
    pub(super) twice: u64,
    pub(super) first_twice: Option<(u64, String)>,
    /// How many lie in a second that was inserted, and the line and text of the first.
    pub(super) leap: u64,
    pub(super) first_leap: Option<(u64, String)>,
}

/// A form of times.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum TimeForm {
    Iso8601,
    /// A number, by the epoch or the origin that is set.
    Number(TimeUnit),
}

/// What a time means that does not say so itself.
pub(super) struct Meaning {
    unit: Option<TimeUnit>,
    /// Microseconds from the epoch to what numbers count from.
    origin_us: Option<i128>,
    calendar: Calendar,
    decimal_comma: bool,
}

impl Meaning {
    /// As the spec says it.
    pub(super) fn of(notation: &NotationSpec) -> Result<Self, String> {
        let origin = notation.time_origin.as_deref().map(calendar::origin_us).transpose()?;
        Ok(Self {
            unit: notation.time_unit,
            origin_us: origin,
            calendar: Calendar::of(notation.time_zone.as_deref())?,
            decimal_comma: notation.decimal_comma,
        })
    }
}

impl Meaning {
    /// Whether a comma stands before decimals.
    pub(super) const fn decimal_comma(&self) -> bool {
        self.decimal_comma
    }
}

impl TimeColumn {
    pub(super) fn new(at: usize) -> Self {
        Self { at, form: None, seen: Seen::default() }
    }

    /// Whether its numbers count from an origin that somebody set.
    pub(super) fn has_origin(&self, meaning: &Meaning) -> bool {
        matches!(self.form, Some(TimeForm::Number(_))) && meaning.origin_us.is_some()
    }

    /// Reads a time in the form that the column has; the first readable one decides it.
    pub(super) fn parse(
        &mut self,
        text: &str,
        meaning: &Meaning,
        line: u64,
    ) -> Result<Timestamp, String> {
        let text = text.trim();
        let number = as_number(text, meaning);
        let (form, micros) = match (self.form, number) {
            (Some(TimeForm::Number(unit)), Some(number)) => {
                (TimeForm::Number(unit), Ok(unit_us(&number, unit, meaning)))
            }
            (Some(form @ TimeForm::Number(unit)), None) => {
                let from = origin_in_words(meaning);
                let number = format!("expected a number of {} {from}", unit.word());
                let why = instead_of(text, meaning)
                    .unwrap_or_else(|| format!("{number}, as in the rows before"));
                (form, Err(why))
            }
            (None, Some(number)) => match settled(&number, meaning) {
                Ok(unit) => (TimeForm::Number(unit), Ok(unit_us(&number, unit, meaning))),
                Err(why) => return Err(why),
            },
            (form, _) => (TimeForm::Iso8601, self.iso8601(text, meaning, line, form.is_some())),
        };
        let time = i64::try_from(micros?.unwrap_or(i128::MAX));
        let time = time.map_or(Timestamp::NONE, Timestamp::from_micros);
        if !time.is_acceptable() {
            return Err("expected a time within 73,000 years of 1970".to_string());
        }
        self.form = Some(form);
        Ok(time)
    }

    fn iso8601(
        &mut self,
        text: &str,
        meaning: &Meaning,
        line: u64,
        is_settled: bool,
    ) -> Result<Option<i128>, String> {
        match meaning.calendar.read(text) {
            Some(Ok(Civil { micros, is_local, is_twice })) => {
                if is_local {
                    self.seen.local += 1;
                } else {
                    self.seen.absolute += 1;
                }
                if is_twice {
                    self.seen.twice += 1;
                    self.seen.first_twice.get_or_insert_with(|| (line, text.to_owned()));
                }
                if has_leap_second(text) {
                    self.seen.leap += 1;
                    self.seen.first_leap.get_or_insert_with(|| (line, text.to_owned()));
                }
                Ok(Some(micros))
            }
            Some(Err(why)) => Err(why),
            None => Err(instead_of(text, meaning).unwrap_or_else(|| {
                let expected = if is_settled {
                    "expected a time in ISO 8601 such as 2001-01-31T08:30:00Z, as in the rows before"
                } else {
                    "expected a time: ISO 8601 such as 2001-01-31T08:30:00Z, or a number of \
                     seconds, milliseconds, microseconds or nanoseconds since 1970"
                };
                match almost_time(text) {
                    None => expected.to_owned(),
                    Some(what) => format!("{expected}; {what}"),
                }
            })),
        }
    }
}

/// Whether a time's seconds are 60.
fn has_leap_second(text: &str) -> bool {
    let of_day = text.get(11..).unwrap_or_default();
    let seconds = if of_day.contains(':') { of_day.get(6..8) } else { of_day.get(4..6) };
    seconds == Some("60")
}

/// The text as a number with a decimal point, if it is one.
fn as_number<'a>(text: &'a str, meaning: &Meaning) -> Option<Cow<'a, str>> {
    let number = if meaning.decimal_comma { decimal::with_point(text)? } else { text.into() };
    decimal::parse_micros(&number, 1).is_ok().then_some(number)
}

/// What the numbers of a column count, by its first.
fn settled(number: &str, meaning: &Meaning) -> Result<TimeUnit, String> {
    if let Some(unit) = meaning.unit {
        return Ok(unit);
    }
    if let Some(written) = calendar::date_without_separators(number) {
        return Err(format!(
            "expected a time, and this looks like a date: write it as {written}, or, if it is a \
             number of seconds, say so with time_unit = \"s\""
        ));
    }
    // What counts from an origin of its own has no magnitude to go by.
    if meaning.origin_us.is_some() {
        return Ok(TimeUnit::Seconds);
    }
    // Read with one microsecond as the unit, the number is as it stands.
    let micros = decimal::parse_micros(number, 1).unwrap_or(i128::MAX);
    match micros.unsigned_abs() {
        0..100_000_000_000 => Ok(TimeUnit::Seconds),
        100_000_000_000..100_000_000_000_000 => Ok(TimeUnit::Millis),
        100_000_000_000_000..100_000_000_000_000_000 => Ok(TimeUnit::Micros),
        100_000_000_000_000_000..100_000_000_000_000_000_000 => Ok(TimeUnit::Nanos),
        _ => Err("expected a time within 73,000 years of 1970".to_owned()),
    }
}

/// So many units after the origin, in microseconds since the epoch; none beyond all that fits.
fn unit_us(number: &str, unit: TimeUnit, meaning: &Meaning) -> Option<i128> {
    let passed = match unit {
        TimeUnit::Seconds => decimal::parse_micros(number, 1_000_000),
        TimeUnit::Millis => decimal::parse_micros(number, 1_000),
        TimeUnit::Micros => decimal::parse_micros(number, 1),
        TimeUnit::Nanos => decimal::parse_nanos(number),
    };
    passed.ok()?.checked_add(meaning.origin_us.unwrap_or(0))
}

fn origin_in_words(meaning: &Meaning) -> &'static str {
    if meaning.origin_us.is_some() { "since time_origin" } else { "since 1970" }
}

/// What to write or set instead of what is almost a time: a number with a comma, or a time that
/// something follows which is not read.
pub(super) fn instead_of(text: &str, meaning: &Meaning) -> Option<String> {
    let commas = text.bytes().filter(|byte| *byte == b',').count();
    let with_point = decimal::with_point(text).filter(|_| commas == 1 && !meaning.decimal_comma);
    if with_point.is_some_and(|number| decimal::parse_micros(&number, 1).is_ok()) {
        return Some(
            "expected a time with a decimal point; if the comma stands before the decimals, set \
             decimal_comma = true"
                .to_owned(),
        );
    }
    let is_time = |text: &str| {
        as_number(text, meaning).is_some() || matches!(meaning.calendar.read(text), Some(Ok(_)))
    };
    let ends = text.char_indices().map(|(at, _)| at).rev();
    let mut starts = ends.map(|at| text[..at].trim_end()).filter(|start| !start.is_empty());
    let start = starts.find(|start| is_time(start))?;
    let rest = text[start.len()..].trim_start();
    // What looks like more of a time is a time that is none, and not one with something behind it.
    let has_time_of_day = start.contains(':');
    let mut letters = rest.chars();
    let is_apart = match letters.next() {
        Some('T' | 't') => !letters.next().is_some_and(|letter| letter.is_ascii_digit()),
        Some('+' | '-') => has_time_of_day,
        Some(letter) => letter.is_alphabetic() || letter == '(' || letter == '[',
        None => false,
    };
    is_apart.then(|| {
        format!(
            "expected nothing after the time {start}: an offset follows it at once, as in \
             2001-01-31T08:30:00+02:00; a zone is set by time_zone, and a unit by time_unit"
        )
    })
}
