//! Durations, rates and sizes, as people write them.
//!
//! What is written is kept exactly or refused: a duration never loses a nanosecond, and a length
//! of event time is never finer than the microseconds it is counted in. A bare number is refused
//! as well, because nobody can tell what `5` was meant to be.

use std::fmt::Write as _;
use std::time::Duration;

/// Why a quantity cannot be read. The message completes "`x` …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// A number alone.
    #[error("{what} needs a unit")]
    Bare {
        /// A duration, a rate or a size.
        what: &'static str,
        /// What could be written instead.
        write: String,
    },
    /// Not such a quantity at all.
    #[error("`{got}` is not {what}")]
    Unreadable {
        /// A duration, a rate or a size.
        what: &'static str,
        /// What was written.
        got: String,
        /// What can be written.
        write: String,
    },
    /// Event time is counted in microseconds.
    #[error("`{got}` is finer than a microsecond, which event time is counted in")]
    TooFine {
        /// What was written.
        got: String,
    },
    /// Beyond what can be counted.
    #[error("`{got}` is more than {most}")]
    TooLarge {
        /// What was written.
        got: String,
        /// The most there is.
        most: &'static str,
    },
}

impl UnitError {
    /// One action that would mend it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Bare { write, .. } | Self::Unreadable { write, .. } => format!("write {write}"),
            Self::TooFine { .. } => "write a whole number of microseconds".into(),
            Self::TooLarge { most, .. } => format!("write at most {most}"),
        }
    }
}

/// Whether this is a number and nothing else.
fn is_bare(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '_' | '-'))
}

/// The error for a number without a unit where a duration is meant.
pub fn bare_duration(number: &str) -> UnitError {
    UnitError::Bare {
        what: "a duration",
        write: format!("\"{number}s\", \"{number}ms\" or \"{number}m\""),
    }
}

/// The error for a number without a unit where a rate is meant.
pub fn bare_rate(number: &str) -> UnitError {
    let write = match number.parse::<f64>() {
        // Whoever wrote 50000 did not mean thousands of them.
        Ok(count) if count >= 1e3 => format!("\"{number}/s\""),
        _ => format!("\"{number}/s\" or \"{number}k/s\""),
    };
    UnitError::Bare { what: "a rate", write }
}

/// The error for a number without a unit where a size is meant.
pub fn bare_size(number: &str) -> UnitError {
    UnitError::Bare {
        what: "a size",
        write: format!("\"{number}B\", \"{number}KiB\" or \"{number}MiB\""),
    }
}

/// A length of run time, such as `250ms`, `1.5s` or `1h 30min`.
pub fn duration(text: &str) -> Result<Duration, UnitError> {
    if is_bare(text) {
        return Err(bare_duration(text.trim()));
    }
    let longest = Duration::from_nanos(u64::MAX);
    match humantime::parse_duration(text.trim()) {
        Ok(length) if length <= longest => Ok(length),
        Ok(_) => Err(UnitError::TooLarge { got: text.into(), most: "584 years" }),
        // A fraction overflows as well where it is finer than a nanosecond.
        Err(humantime::DurationError::NumberOverflow) if !text.contains('.') => {
            Err(UnitError::TooLarge { got: text.into(), most: "584 years" })
        }
        Err(_) => Err(UnitError::Unreadable {
            what: "a duration",
            got: text.into(),
            write: "a number with a unit, such as \"250ms\", \"10s\" or \"1h\"".into(),
        }),
    }
}

/// A length of event time in microseconds.
pub fn event_time_us(text: &str) -> Result<i64, UnitError> {
    let length = duration(text)?;
    if !length.subsec_nanos().is_multiple_of(1_000) {
        return Err(UnitError::TooFine { got: text.into() });
    }
    // At most 584 years of microseconds, which is far below the end of i64.
    i64::try_from(length.as_micros())
        .map_err(|_| UnitError::TooLarge { got: text.into(), most: "584 years" })
}

/// A rate in events per second, such as `200/s`, `50k/s` or `1.5M/s`.
pub fn rate_per_s(text: &str) -> Result<f64, UnitError> {
    let unreadable = || UnitError::Unreadable {
        what: "a rate",
        got: text.into(),
        write: "a number of events per second, such as \"200/s\", \"50k/s\" or \"1.5M/s\"".into(),
    };
    if is_bare(text) {
        return Err(bare_rate(text.trim()));
    }
    let (count, unit) = text.split_once('/').ok_or_else(unreadable)?;
    let per_s: f64 = match unit.trim() {
        "s" | "sec" => 1.0,
        "min" => 60.0,
        "h" => 3_600.0,
        _ => return Err(unreadable()),
    };
    let count = count.trim();
    let (number, zeros) = match count.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&count[..at], "3"),
        Some((at, 'M')) => (&count[..at], "6"),
        Some((at, 'G')) => (&count[..at], "9"),
        _ => (count, "0"),
    };
    let number = number.trim();
    // As one decimal literal, so that `1.1k/s` is the number nearest to 1100 and not a product.
    let count = plain_number(number, zeros).ok_or_else(unreadable)?;
    Ok(count / per_s)
}

/// A size in bytes, such as `64MiB`, `1kB` or `0B`.
pub fn size_bytes(text: &str) -> Result<u64, UnitError> {
    if is_bare(text) {
        return Err(bare_size(text.trim()));
    }
    match text.trim().parse::<bytesize::ByteSize>() {
        Ok(size) if size.as_u64() < u64::MAX => Ok(size.as_u64()),
        Ok(_) => Err(UnitError::TooLarge { got: text.into(), most: "16 EiB" }),
        Err(_) => Err(UnitError::Unreadable {
            what: "a size",
            got: text.into(),
            write: "a number with a unit, such as \"0B\", \"100B\" or \"64MiB\"".into(),
        }),
    }
}

/// A share, such as `10%` or `0.1`; not below zero.
pub fn share(text: &str) -> Result<f64, UnitError> {
    let text = text.trim();
    let (number, zeros) = match text.strip_suffix('%') {
        Some(percent) => (percent.trim(), "-2"),
        None => (text, "0"),
    };
    // As one decimal literal, so that `10%` is the number nearest to a tenth.
    plain_number(number, zeros).ok_or_else(|| UnitError::Unreadable {
        what: "a share",
        got: text.into(),
        write: "a share, such as \"10%\" or \"99.9%\"".into(),
    })
}

/// A number of things, such as `1000` or `50k`; not below zero.
pub fn amount(text: &str) -> Result<f64, UnitError> {
    let text = text.trim();
    let (number, zeros) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (text[..at].trim(), "3"),
        Some((at, 'M')) => (text[..at].trim(), "6"),
        _ => (text, "0"),
    };
    plain_number(number, zeros).ok_or_else(|| UnitError::Unreadable {
        what: "a number of events",
        got: text.into(),
        write: "a number, such as \"1000\" or \"50k\"".into(),
    })
}

/// Decimal digits with this exponent behind them.
fn plain_number(digits: &str, exponent: &str) -> Option<f64> {
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return None;
    }
    format!("{digits}e{exponent}").parse().ok()
}

/// A length of run time, in the largest unit that holds it without a fraction.
pub fn show_duration(length: Duration) -> String {
    let nanos = length.as_nanos();
    let units = [(3_600_000_000_000, "h"), (60_000_000_000, "min")];
    let small = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    for (unit, name) in units.into_iter().chain(small) {
        if nanos > 0 && nanos.is_multiple_of(unit) {
            return format!("{}{name}", nanos / unit);
        }
    }
    if nanos == 0 { "0s".into() } else { format!("{nanos}ns") }
}

/// A length of event time, in the largest unit that holds it without a fraction.
pub fn show_event_time(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    sign.to_owned() + &show_duration(Duration::from_micros(micros.unsigned_abs()))
}

/// A rate in events per second.
pub fn show_rate(per_s: f64) -> String {
    let mut text = String::new();
    for (unit, name) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if per_s >= unit {
            let _ = write!(text, "{}{name}/s", per_s / unit);
            // A quotient that does not lead back to the same number is not shown.
            if rate_per_s(&text).is_ok_and(|again| again.to_bits() == per_s.to_bits()) {
                return text;
            }
            text.clear();
        }
    }
    format!("{per_s}/s")
}

/// A size in bytes, in the largest unit that holds it without a fraction.
pub fn show_size(bytes: u64) -> String {
    for (shift, name) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes > 0 && bytes.is_multiple_of(1 << shift) {
            return format!("{}{name}", bytes >> shift);
        }
    }
    format!("{bytes}B")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn lasts(text: &str, nanos: u64) {
        assert_eq!(duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
    }

    #[test]
    fn durations_are_read_exactly() {
        lasts("250ms", 250_000_000);
        lasts("1min", 60_000_000_000);
        lasts("1h", 3_600_000_000_000);
        lasts("1h 30min", 5_400_000_000_000);
        lasts("1.5s", 1_500_000_000);
        lasts("1ns", 1);
        lasts("0s", 0);
        lasts("9223372036854775807ns", 9_223_372_036_854_775_807);
        assert_eq!(event_time_us("10min"), Ok(600_000_000));
        assert_eq!(event_time_us("9007199254740993us"), Ok(9_007_199_254_740_993));
    }

    #[test]
    fn a_bare_number_is_refused_with_what_to_write() {
        for text in ["5", "0", "1.5", "1_000", "-3"] {
            assert!(matches!(duration(text), Err(UnitError::Bare { .. })), "{text}");
            assert!(matches!(rate_per_s(text), Err(UnitError::Bare { .. })), "{text}");
            assert!(matches!(size_bytes(text), Err(UnitError::Bare { .. })), "{text}");
        }
        let error = duration("5").unwrap_err();
        assert_eq!(error.to_string(), "a duration needs a unit");
        assert_eq!(error.remedy(), r#"write "5s", "5ms" or "5m""#);
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "s", "fast", "-1s", "5 parsecs", "1s,", "0.0000000001s"] {
            assert!(matches!(duration(text), Err(UnitError::Unreadable { .. })), "{text}");
        }
        assert!(matches!(duration("600y"), Err(UnitError::TooLarge { .. })));
        assert!(matches!(duration("99999999999999999y"), Err(UnitError::TooLarge { .. })));
        assert!(matches!(event_time_us("1500ns"), Err(UnitError::TooFine { .. })));
    }

    #[track_caller]
    fn comes_at(text: &str, per_s: f64) {
        assert_eq!(rate_per_s(text).map(f64::to_bits), Ok(per_s.to_bits()), "{text}");
    }

    #[test]
    fn rates_are_read_exactly() {
        comes_at("200/s", 200.0);
        comes_at("50k/s", 50_000.0);
        comes_at("1.5M/s", 1_500_000.0);
        comes_at("1.1k/s", 1_100.0);
        comes_at("2G/s", 2e9);
        comes_at("1_000/s", 1_000.0);
        comes_at("0.5/s", 0.5);
        comes_at("30/min", 0.5);
        comes_at("0/s", 0.0);
        for text in
            ["", "/s", "k/s", "fast", "5k", "-5/s", "5/fortnight", "1e3/s", "1.2.3/s", "inf/s"]
        {
            assert!(matches!(rate_per_s(text), Err(UnitError::Unreadable { .. })), "{text}");
        }
    }

    #[test]
    fn shares_and_amounts_are_read_exactly() {
        let bits = |found: Result<f64, UnitError>| found.map(f64::to_bits);
        assert_eq!(bits(share("10%")), Ok(0.1_f64.to_bits()));
        assert_eq!(bits(share("99.9 %")), Ok(0.999_f64.to_bits()));
        assert_eq!(bits(share("0.25")), Ok(0.25_f64.to_bits()));
        assert_eq!(bits(amount("50k")), Ok(50_000_f64.to_bits()));
        for text in ["", "%", "-1%", "ten", "1.2.3", "inf"] {
            assert!(matches!(share(text), Err(UnitError::Unreadable { .. })), "{text}");
            assert!(matches!(amount(text), Err(UnitError::Unreadable { .. })), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_in_binary_and_decimal_units() {
        assert_eq!(size_bytes("64MiB"), Ok(67_108_864));
        assert_eq!(size_bytes("64MB"), Ok(64_000_000));
        assert_eq!(size_bytes("0B"), Ok(0));
        assert!(matches!(size_bytes("big"), Err(UnitError::Unreadable { .. })));
        assert!(matches!(size_bytes("-1B"), Err(UnitError::Unreadable { .. })));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(nanos: u64, micros in 0..=18_446_744_073_709_551_i64, bytes in 0_u64..1 << 50, per_s in 1e-3_f64..1e12) {
            let length = Duration::from_nanos(nanos);
            prop_assert_eq!(duration(&show_duration(length)), Ok(length));
            prop_assert_eq!(event_time_us(&show_event_time(micros)), Ok(micros));
            prop_assert_eq!(size_bytes(&show_size(bytes)), Ok(bytes));
            let again = rate_per_s(&show_rate(per_s)).map(f64::to_bits);
            prop_assert_eq!(again, Ok(per_s.to_bits()));
        }
    }
}
