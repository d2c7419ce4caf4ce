//! Times as people write them, and the moments they mean.
//!
//! Time zones come with the program, so that a file means the same on every machine.

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// What a time means that names no offset.
pub(super) struct Calendar {
    zone: TimeZone,
}

/// A time that was read.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Civil {
    /// Microseconds since the epoch, rounded down.
    pub(super) micros: i128,
    /// Whether it names neither an offset nor a zone.
    pub(super) is_local: bool,
    /// Whether clocks showed it twice; it is then the earlier of the two.
    pub(super) is_twice: bool,
}

impl Calendar {
    /// In the zone of this name; UTC, where there is none.
    pub(super) fn of(zone: Option<&str>) -> Result<Self, String> {
        let zone = zone.map_or(Ok(TimeZone::UTC), zone_called)?;
        Ok(Self { zone })
    }

    /// Reads ISO 8601, to the last letter. None if it is none; a time that clocks never showed, or
    /// whose offset and zone contradict each other, is refused with the reason.
    pub(super) fn read(&self, text: &str) -> Option<Result<Civil, String>> {
        let pieces = Pieces::parse(text).ok()?;
        let time = DateTime::from_parts(pieces.date(), pieces.time().unwrap_or(Time::midnight()));
        let Ok(zone) = pieces.to_time_zone() else {
            let why =
                "expected the IANA name of a time zone in the brackets, such as Europe/Berlin";
            return Some(Err(why.to_owned()));
        };
        if let Some(offset) = pieces.to_numeric_offset() {
            let Ok(moment) = offset.to_timestamp(time) else { return Some(Err(beyond())) };
            let is_utc = matches!(pieces.offset(), Some(jiff::fmt::temporal::PiecesOffset::Zulu));
            if zone.is_some_and(|zone| !is_utc && zone.to_offset(moment) != offset) {
                return Some(Err("expected an offset that is one of the zone behind it at that \
                                 time"
                    .to_owned()));
            }
            return Some(Ok(Civil { micros: micros(moment), is_local: false, is_twice: false }));
        }
        let is_local = zone.is_none();
        let zone = zone.as_ref().unwrap_or(&self.zone);
        let ambiguous = zone.to_ambiguous_timestamp(time);
        let is_twice = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => false,
            AmbiguousOffset::Fold { .. } => true,
            AmbiguousOffset::Gap { .. } => {
                let name = zone.iana_name().unwrap_or("its zone");
                return Some(Err(format!(
                    "expected a time that clocks showed: in {name} they were put forward past \
                     this one"
                )));
            }
        };
        let Ok(moment) = ambiguous.earlier() else { return Some(Err(beyond())) };
        Some(Ok(Civil { micros: micros(moment), is_local, is_twice }))
    }
}

/// Why a time is refused that the calendar ends before.
fn beyond() -> String {
    "expected a time between the years -9999 and 9999, whose last day stands for no time at all, as a \
     rule"
        .to_owned()
}

fn micros(moment: jiff::Timestamp) -> i128 {
    moment.as_nanosecond().div_euclid(1_000)
}

/// Whether this is the IANA name of a time zone. The message says what to write instead.
pub fn is_zone(name: &str) -> Result<(), String> {
    zone_called(name).map(drop)
}

/// Whether this is a time that numbers can count from. The message says what to write instead.
pub fn is_origin(text: &str) -> Result<(), String> {
    origin_us(text).map(drop)
}

/// The zone of this IANA name.
fn zone_called(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| {
        format!("no time zone is called `{name}`; write an IANA name, such as Europe/Berlin")
    })
}

/// What numbers count from, in microseconds since the epoch: a time that says where it is.
pub(super) fn origin_us(text: &str) -> Result<i128, String> {
    let utc = Calendar { zone: TimeZone::UTC };
    match utc.read(text.trim()) {
        Some(Ok(Civil { micros, .. })) => Ok(micros),
        _ => Err(format!(
            "the origin `{text}` is no time; write ISO 8601, such as 2001-01-31T08:30:00Z"
        )),
    }
}

/// A number of 8, 12 or 14 digits that reads as a date between 1900 and 2100, with a time of day or
/// without, in ISO 8601.
pub(super) fn date_without_separators(number: &str) -> Option<String> {
    let (digits, decimals) = number.split_once('.').unwrap_or((number, ""));
    let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_whole
        || !matches!(digits.len(), 8 | 12 | 14)
        || decimals.bytes().any(|byte| byte != b'0')
    {
        return None;
    }
    let part =
        |from: usize, to: usize| digits.get(from..to).map_or(Some(0), |part| part.parse().ok());
    let (year, month, day) = (digits[..4].parse().ok()?, part(4, 6)?, part(6, 8)?);
    let date = Date::new(year, month, day).ok()?;
    let time = Time::new(part(8, 10)?, part(10, 12)?, part(12, 14)?, 0).ok()?;
    (1900..=2100).contains(&year).then(|| match digits.len() {
        8 => date.to_string(),
        _ => DateTime::from_parts(date, time).to_string(),
    })
}

/// A moment as it is shown to people, in UTC, without what is finer than a second; the year alone
/// where the calendar ends before it.
pub(super) fn shown(micros: i64) -> String {
    let seconds = jiff::Timestamp::from_second(micros.div_euclid(1_000_000));
    let year = |years: i64| format!("the year {}", 1970 + years);
    seconds
        .map_or_else(|_| year(micros.div_euclid(31_556_952_000_000)), |moment| moment.to_string())
}
