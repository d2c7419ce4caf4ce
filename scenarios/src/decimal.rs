//! Decimal numbers, to the last digit.
//!
//! Amounts of money arrive as decimal text and leave as decimal text. In between they are
//! integers with a known number of decimals, so that sums are exact and both engines and the
//! reference can be compared bit by bit. Nothing here passes through a floating-point number.

use std::borrow::Cow;

/// The most decimals a value may have.
pub const DECIMALS_MAX: u8 = 9;

/// A decimal number: `units` × 10^-`decimals`.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub(crate) struct Decimal {
    /// The number without its decimal point.
    pub(crate) units: i64,
    /// Digits after the decimal point; at most [`DECIMALS_MAX`].
    pub(crate) decimals: u8,
}

/// A number that is none, or that does not fit.
#[derive(Copy, Clone, Eq, PartialEq, Debug, thiserror::Error)]
pub(crate) enum DecimalError {
    /// Nothing, or only spaces.
    #[error("expected a number")]
    Empty,
    /// Not digits with at most one decimal point.
    #[error("expected a decimal number such as -12.50")]
    NotDecimal,
    /// `NaN`, `inf` and their spellings.
    #[error("expected a finite number")]
    NotFinite,
    /// An exponent.
    #[error("expected a number without an exponent, such as 1200 for 1.2e3")]
    Exponent,
    /// More decimals than are kept.
    #[error("expected at most {DECIMALS_MAX} decimals")]
    TooFine,
    /// Outside `i64`.
    #[error("expected a number that fits 64 bits")]
    TooLarge,
}

impl Decimal {
    /// Reads `-12.50`, `+3`, `.5` or `7.`; spaces around it are ignored.
    pub(crate) fn parse(text: &str) -> Result<Self, DecimalError> {
        Wide::parse(text)?.narrow()
    }

    /// Reads two numbers and multiplies them, exactly.
    pub(crate) fn parse_product(left: &str, right: &str) -> Result<Self, DecimalError> {
        let (left, right) = (Wide::parse(left)?, Wide::parse(right)?);
        let units = left.units.checked_mul(right.units).ok_or(DecimalError::TooLarge)?;
        Wide { units, decimals: left.decimals + right.decimals }.narrow()
    }

    /// The units of the same number with so many decimals, which are not fewer than it has.
    pub(crate) fn units_at(self, decimals: u8) -> Result<i64, DecimalError> {
        let factor =
            10i64.checked_pow(u32::from(decimals - self.decimals)).ok_or(DecimalError::TooLarge)?;
        self.units.checked_mul(factor).ok_or(DecimalError::TooLarge)
    }
}

/// A number on its way in, before it is known to fit.
struct Wide {
    units: i128,
    decimals: u32,
}

impl Wide {
    fn parse(text: &str) -> Result<Self, DecimalError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(DecimalError::Empty);
        }
        let (negative, digits) = match text.as_bytes()[0] {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if !(whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())) {
            return Err(complaint(digits));
        }
        if whole.is_empty() && fraction.is_empty() {
            return Err(DecimalError::NotDecimal);
        }
        // Zeros beyond what is kept say nothing; a spreadsheet writes many.
        let kept = fraction.len().min(usize::from(DECIMALS_MAX));
        let fraction = match &fraction[kept..] {
            rest if rest.bytes().all(|byte| byte == b'0') => &fraction[..kept],
            _ => return Err(DecimalError::TooFine),
        };
        let mut units = 0i128;
        for byte in whole.bytes().chain(fraction.bytes()) {
            units = units
                .checked_mul(10)
                .and_then(|units| units.checked_add(i128::from(byte - b'0')))
                .ok_or(DecimalError::TooLarge)?;
        }
        let decimals = u32::try_from(fraction.len()).expect("at most nine");
        Ok(Self { units: if negative { -units } else { units }, decimals })
    }

    fn narrow(mut self) -> Result<Decimal, DecimalError> {
        while self.decimals > u32::from(DECIMALS_MAX) {
            if self.units % 10 != 0 {
                return Err(DecimalError::TooFine);
            }
            self.units /= 10;
            self.decimals -= 1;
        }
        let units = i64::try_from(self.units).map_err(|_| DecimalError::TooLarge)?;
        let decimals = u8::try_from(self.decimals).expect("at most nine");
        Ok(Decimal { units, decimals })
    }
}

/// What is wrong with something that is not digits and a point.
fn complaint(digits: &str) -> DecimalError {
    let lower = digits.to_ascii_lowercase();
    if ["nan", "inf", "infinity"].contains(&lower.as_str()) {
        return DecimalError::NotFinite;
    }
    match lower.split_once('e') {
        Some((mantissa, exponent))
            if mantissa.parse::<f64>().is_ok() && exponent.parse::<i32>().is_ok() =>
        {
            DecimalError::Exponent
        }
        _ => DecimalError::NotDecimal,
    }
}

/// Reads a number of units of `micros` microseconds each, as microseconds, rounded down.
pub(crate) fn parse_micros(text: &str, micros: i64) -> Result<i128, DecimalError> {
    let number = Wide::parse(text)?;
    let micros = number.units.checked_mul(i128::from(micros)).ok_or(DecimalError::TooLarge)?;
    Ok(micros.div_euclid(10i128.pow(number.decimals)))
}

/// Reads a number of nanoseconds, as microseconds, rounded down.
pub(crate) fn parse_nanos(text: &str) -> Result<i128, DecimalError> {
    let number = Wide::parse(text)?;
    Ok(number.units.div_euclid(10i128.pow(number.decimals) * 1_000))
}

/// A number written with a decimal comma, with a point instead; none if it has a point already,
/// which would part its thousands, if anything.
pub(crate) fn with_point(text: &str) -> Option<Cow<'_, str>> {
    match (text.contains('.'), text.contains(',')) {
        (true, _) => None,
        (false, true) => Some(text.replacen(',', ".", 1).into()),
        (false, false) => Some(text.into()),
    }
}

/// `units` × 10^-`decimals` as text, with all its decimals: `-12.50`.
pub(crate) fn render(units: i128, decimals: u8) -> String {
    if decimals == 0 {
        return units.to_string();
    }
    let (sign, scale) = (if units < 0 { "-" } else { "" }, 10u128.pow(u32::from(decimals)));
    let magnitude = units.unsigned_abs();
    let width = usize::from(decimals);
    format!("{sign}{}.{:0width$}", magnitude / scale, magnitude % scale)
}

/// `sum` × 10^-`decimals` / `count` as text with six decimals, or with `decimals` if those are
/// more; rounded half to even. Empty for a count of zero.
pub(crate) fn render_mean(sum: i64, count: u64, decimals: u8) -> String {
    if count == 0 {
        return String::new();
    }
    let shown = decimals.max(6);
    let numerator = i128::from(sum) * 10i128.pow(u32::from(shown - decimals));
    let (quotient, rest) =
        (numerator.div_euclid(i128::from(count)), numerator.rem_euclid(i128::from(count)));
    let up = match (2 * rest).cmp(&i128::from(count)) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => quotient & 1,
        std::cmp::Ordering::Greater => 1,
    };
    render(quotient + up, shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn reads(text: &str, units: i64, decimals: u8) {
        assert_eq!(Decimal::parse(text), Ok(Decimal { units, decimals }), "{text:?}");
    }

    #[track_caller]
    fn refuses(text: &str, why: DecimalError) {
        assert_eq!(Decimal::parse(text), Err(why), "{text:?}");
    }

    #[test]
    fn decimals_are_read_as_written() {
        reads("0", 0, 0);
        reads("-0", 0, 0);
        reads("2.55", 255, 2);
        reads("2.50", 250, 2);
        reads("-12.5", -125, 1);
        reads("+3", 3, 0);
        reads(".5", 5, 1);
        reads("7.", 7, 0);
        reads(" 8 ", 8, 0);
        reads("0.000000001", 1, 9);
        reads("1.2500000000000", 1_250_000_000, 9);
        reads("9223372036854775807", i64::MAX, 0);
        reads("-9223372036854775808", i64::MIN, 0);
        reads("00000000000000000000000000000000000000000000000001", 1, 0);
    }

    #[test]
    fn what_is_no_decimal_is_refused_with_the_reason() {
        refuses("", DecimalError::Empty);
        refuses("   ", DecimalError::Empty);
        refuses("-", DecimalError::NotDecimal);
        refuses(".", DecimalError::NotDecimal);
        refuses("1.2.3", DecimalError::NotDecimal);
        refuses("1,200", DecimalError::NotDecimal);
        refuses("12 000", DecimalError::NotDecimal);
        refuses("--1", DecimalError::NotDecimal);
        refuses("£3", DecimalError::NotDecimal);
        refuses("٣", DecimalError::NotDecimal);
        refuses("0x10", DecimalError::NotDecimal);
        refuses("NaN", DecimalError::NotFinite);
        refuses("-inf", DecimalError::NotFinite);
        refuses("Infinity", DecimalError::NotFinite);
        refuses("1.2e3", DecimalError::Exponent);
        refuses("1E-3", DecimalError::Exponent);
        refuses("0.0000000001", DecimalError::TooFine);
        refuses("9223372036854775808", DecimalError::TooLarge);
        refuses("-9223372036854775809", DecimalError::TooLarge);
        refuses(&"9".repeat(60), DecimalError::TooLarge);
    }

    #[test]
    fn a_product_keeps_the_decimals_of_both() {
        assert_eq!(Decimal::parse_product("6", "2.55"), Ok(Decimal { units: 1530, decimals: 2 }));
        assert_eq!(
            Decimal::parse_product("-1.5", "0.10"),
            Ok(Decimal { units: -150, decimals: 3 })
        );
        assert_eq!(
            Decimal::parse_product("0.000002", "0.50000"),
            Ok(Decimal { units: 1000, decimals: 9 }),
            "zeros beyond nine decimals fall away"
        );
        assert_eq!(Decimal::parse_product("0.00001", "0.00001"), Err(DecimalError::TooFine));
        assert_eq!(Decimal::parse_product("9223372036854775807", "2"), Err(DecimalError::TooLarge));
        assert_eq!(Decimal::parse_product("2", "x"), Err(DecimalError::NotDecimal));
    }

    #[track_caller]
    fn mean(sum: i64, count: u64, decimals: u8, want: &str) {
        assert_eq!(render_mean(sum, count, decimals), want, "{sum}e-{decimals} / {count}");
    }

    #[test]
    fn a_mean_has_six_decimals_rounded_half_to_even() {
        mean(1, 3, 0, "0.333333");
        mean(2, 3, 0, "0.666667");
        mean(-2, 3, 0, "-0.666667");
        mean(5, 2, 0, "2.500000");
        mean(-5, 2, 0, "-2.500000");
        mean(1, 2_000_000, 0, "0.000000");
        mean(3, 2_000_000, 0, "0.000002");
        mean(-1, 2_000_000, 0, "0.000000");
        mean(-3, 2_000_000, 0, "-0.000002");
        mean(255, 2, 2, "1.275000");
        mean(1, 2, 9, "0.000000000");
        mean(i64::MAX, 1, 0, "9223372036854775807.000000");
        mean(i64::MIN, 1, 0, "-9223372036854775808.000000");
        mean(7, 0, 0, "");
    }

    proptest! {
        #[test]
        fn text_and_number_are_the_same_thing(units: i64, decimals in 0..=DECIMALS_MAX) {
            let text = render(i128::from(units), decimals);
            prop_assert_eq!(Decimal::parse(&text), Ok(Decimal { units, decimals }));
        }

        #[test]
        fn a_product_is_that_of_the_integers(
            a: i32, a_decimals in 0..=4u8, b: i32, b_decimals in 0..=5u8,
        ) {
            let (left, right) =
                (render(i128::from(a), a_decimals), render(i128::from(b), b_decimals));
            prop_assert_eq!(
                Decimal::parse_product(&left, &right),
                Ok(Decimal {
                    units: i64::from(a) * i64::from(b),
                    decimals: a_decimals + b_decimals,
                })
            );
        }

        #[test]
        fn more_decimals_change_the_units_and_not_the_number(
            units: i64, decimals in 0..=DECIMALS_MAX, more in 0..=DECIMALS_MAX,
        ) {
            let scale = decimals.max(more);
            let want = i128::from(units) * 10i128.pow(u32::from(scale - decimals));
            let got = Decimal { units, decimals }.units_at(scale);
            prop_assert_eq!(got.ok(), i64::try_from(want).ok());
        }

        #[test]
        fn a_mean_is_the_nearest_to_the_quotient(sum: i64, count in 1..=u64::MAX) {
            let shown = Wide::parse(&render_mean(sum, count, 0)).unwrap();
            let distance = shown.units * i128::from(count) - i128::from(sum) * 1_000_000;
            prop_assert!(2 * distance.unsigned_abs() <= u128::from(count));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = Decimal::parse(&text);
        }
    }
}
