//! How a column writes its times.

use crate::decimal;
use engines::Timestamp;

/// A column of times, and the form that its first readable row has settled.
pub(super) struct TimeColumn {
    pub(super) at: usize,
    pub(super) form: Option<TimeForm>,
}

/// A form of times.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum TimeForm {
    Iso8601,
    EpochSeconds,
    EpochMillis,
    EpochMicros,
}

impl TimeForm {
    /// Reads a time in the form that the column has; the first readable one decides it.
    pub(super) fn parse(form: &mut Option<Self>, text: &str) -> Result<Timestamp, String> {
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
