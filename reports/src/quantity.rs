//! How a number is shown: three significant digits and a unit that fits.
//!
//! Every function is total. What is not a number is shown as "–", never as 0; a share is never
//! rounded up to a whole it has not reached, nor shown in more digits than anything here has. A unit
//! begins where its number does: a value that rounds to the next unit's first is shown in that.

/// What stands where there is no number.
pub const NONE: &str = "–";

/// A span given in nanoseconds: "412 µs", "1.23 ms".
pub fn nanoseconds(ns: f64) -> String {
    scaled(ns, &SPANS)
}

/// A span given in microseconds.
pub fn microseconds(us: f64) -> String {
    nanoseconds(us * 1e3)
}

/// A span given in seconds.
pub fn seconds(s: f64) -> String {
    nanoseconds(s * 1e9)
}

/// A rate given in events per second: "412 k/s".
pub fn rate(per_s: f64) -> String {
    scaled(per_s, &[(1.0, "/s"), (1e3, " k/s"), (1e6, " M/s"), (1e9, " G/s")])
}

/// An amount of memory given in bytes: "64.0 MiB". A unit begins at 1 024 of the one before, so that
/// up to 1 023 of it are shown, with a digit more.
pub fn bytes(amount: f64) -> String {
    const UNITS: [&str; 5] = [" B", " KiB", " MiB", " GiB", " TiB"];
    if !amount.is_finite() {
        return NONE.into();
    }
    if amount < 0.0 {
        return format!("−{}", bytes(-amount));
    }
    let (mut number, mut unit) = (amount, 0);
    // From here on a number rounds to 1 024, the first of the next unit.
    while number >= 1023.5 && unit + 1 < UNITS.len() {
        (number, unit) = (number / 1024.0, unit + 1);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 1 024")]
    let shown = match number {
        999.5..1023.5 => count(number.round() as u64),
        _ => significant(number),
    };
    format!("{shown}{}", UNITS[unit])
}

/// A whole number with its digits in groups of three: "12 418".
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A number of things with their name: "1 answer", "12 418 answers".
pub fn counted(n: u64, what: &str) -> String {
    format!("{} {what}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A number of things that need not be whole or exact: "412 k", "1.20 M".
pub fn amount(n: f64) -> String {
    scaled(n, &[(1.0, ""), (1e3, " k"), (1e6, " M"), (1e9, " G")])
}

/// A share, in percent: "0.310 %". Less than a whole is never "100 %", and what is too little to be
/// measured is not shown in its digits.
pub fn fraction(share: f64) -> String {
    match share * 100.0 {
        percent if !percent.is_finite() => NONE.into(),
        percent if percent < 0.0 => format!("−{}", fraction(-share)),
        percent if percent > 0.0 && percent < 1e-4 => "<0.0001 %".into(),
        // What would be rounded up to a whole.
        percent if (99.95..100.0).contains(&percent) => "99.9 %".into(),
        percent => scaled(percent, &[(1.0, " %")]),
    }
}

/// A share that should be whole, with as many nines as it has: "99.998 %". Only 1 is "100 %".
pub fn completeness(share: f64) -> String {
    if !share.is_finite() {
        return NONE.into();
    }
    if share >= 1.0 {
        return "100 %".into();
    }
    if share < 0.0 {
        return fraction(share);
    }
    let missing = (1.0 - share) * 100.0;
    // Two digits of what is missing; a share has no more than 12 digits worth showing.
    let decimals = (1.0 - missing.log10().floor()).clamp(1.0, 12.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 1 to 12")]
    let decimals = decimals as usize;
    format!("{:.decimals$} %", 100.0 - missing)
}

/// How many times one figure is another: "12.1 times".
pub fn ratio(times: f64) -> String {
    scaled(times, &[(1.0, " times")])
}

/// A quantity as an axis label: the same without trailing zeros, "5 ms" for "5.00 ms".
pub fn tick(quantity: &str) -> String {
    let end = quantity.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(quantity.len());
    let (number, unit) = quantity.split_at(end);
    if !number.contains('.') {
        return quantity.into();
    }
    format!("{}{unit}", number.trim_end_matches('0').trim_end_matches('.'))
}

/// A text whose numbers stay with what follows them when a line is broken.
pub fn glued(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        out.push(if c == ' ' && before.is_ascii_digit() { '\u{a0}' } else { c });
        before = c;
    }
    out
}

/// Spans in nanoseconds. Minutes begin where seconds would need a fourth digit.
const SPANS: [(f64, &str); 7] = [
    (1.0, " ns"),
    (1e3, " µs"),
    (1e6, " ms"),
    (1e9, " s"),
    (600e9, " min"),
    (36_000e9, " h"),
    (864_000e9, " d"),
];

/// `value` in the largest of `units` that it reaches, rising. The first element of a unit is
/// where it begins to be used, which is its size too, except for those of [`SPANS`] that begin
/// later.
fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    if !value.is_finite() {
        return NONE.into();
    }
    if value < 0.0 {
        return format!("−{}", scaled(-value, units));
    }
    // The unit is that of the rounded value, so that 999.9 µs becomes 1.00 ms and not 1000 µs; and
    // so is the number, or 599.5 s, which are 10.0 min, would be 9.99 of them.
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    let (begins, name) = units
        .iter()
        .rev()
        .find(|(begins, _)| *begins <= rounded)
        .or(units.first())
        .copied()
        .unwrap_or((1.0, ""));
    let size = match name {
        " min" => 60e9,
        " h" => 3_600e9,
        " d" => 86_400e9,
        _ => begins,
    };
    let value = if value < begins { value.max(rounded) } else { value };
    format!("{}{name}", significant(value / size))
}

/// Three significant digits without an exponent, where that is possible in a reasonable width.
pub(crate) fn significant(value: f64) -> String {
    match value {
        0.0 => "0".into(),
        v if !(1e-4..999_999.5).contains(&v) => format!("{v:.2e}"),
        v if v < 0.01 => format!("{v:.5}"),
        v if v < 0.1 => format!("{v:.4}"),
        v if v < 0.9995 => format!("{v:.3}"),
        v if v < 9.995 => format!("{v:.2}"),
        v if v < 99.95 => format!("{v:.1}"),
        v if v < 999.5 => format!("{v:.0}"),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 1e6")]
        v => {
            let step = 10.0_f64.powf(v.log10().floor() - 2.0);
            count(((v / step).round() * step).round() as u64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_span_has_three_digits_and_a_unit_that_fits() {
        let rows = [
            (0.0, "0 ns"),
            (7.0, "7.00 ns"),
            (412.4, "412 ns"),
            (999.4, "999 ns"),
            (999.6, "1.00 µs"),
            (12_345.0, "12.3 µs"),
            (999_600.0, "1.00 ms"),
            (97_000_000.0, "97.0 ms"),
            (1.234e9, "1.23 s"),
            (599e9, "599 s"),
            (599.4e9, "599 s"),
            (599.5e9, "10.0 min"),
            (600e9, "10.0 min"),
            (35_970e9, "10.0 h"),
            (863_900e9, "10.0 d"),
            (7.2e12, "120 min"),
            (36e12, "10.0 h"),
            (-5e6, "−5.00 ms"),
            (u64::MAX as f64, "214 000 d"),
            (f64::NAN, "–"),
            (f64::INFINITY, "–"),
        ];
        for (ns, want) in rows {
            assert_eq!(nanoseconds(ns), want, "{ns} ns");
        }
    }

    #[test]
    fn other_quantities() {
        assert_eq!(rate(412_345.0), "412 k/s");
        assert_eq!(rate(50.0), "50.0/s");
        assert_eq!(rate(999_999.0), "1.00 M/s");
        assert_eq!(count(12_418), "12 418");
        assert_eq!(count(999), "999");
        assert_eq!(count(u64::MAX), "18 446 744 073 709 551 615");
        assert_eq!(counted(1, "answer"), "1 answer");
        assert_eq!(counted(12_418, "answer"), "12 418 answers");
        assert_eq!(amount(20_000.0), "20.0 k");
        assert_eq!(ratio(12.13), "12.1 times");
        assert_eq!(ratio(f64::NAN), "–");
        assert_eq!(microseconds(0.41), "410 ns");
        assert_eq!(seconds(0.2), "200 ms");
    }

    #[test]
    fn a_binary_unit_begins_at_1024_of_the_one_before() {
        const KI: f64 = 1024.0;
        let rows = [
            (0.0, "0 B"),
            (999.0, "999 B"),
            (1000.0, "1 000 B"),
            (1023.0, "1 023 B"),
            (1024.0, "1.00 KiB"),
            (1020.0 * KI, "1 020 KiB"),
            (1023.4 * KI, "1 023 KiB"),
            (1023.6 * KI, "1.00 MiB"),
            (64.0 * KI * KI, "64.0 MiB"),
            (KI * KI * KI, "1.00 GiB"),
            (KI * KI * KI * KI, "1.00 TiB"),
            (-1024.0, "−1.00 KiB"),
            (f64::NAN, "–"),
        ];
        for (amount, want) in rows {
            assert_eq!(bytes(amount), want, "{amount}");
        }
    }

    #[test]
    fn a_share_is_whole_only_when_it_is() {
        let rows = [
            (0.0, "0 %"),
            (6e-17, "<0.0001 %"),
            (2e-6, "0.00020 %"),
            (0.0031, "0.310 %"),
            (0.9994, "99.9 %"),
            (0.9996, "99.9 %"),
            (1.0 - 1e-15, "99.9 %"),
            (1.0, "100 %"),
            (1.5, "150 %"),
            (-0.9996, "−99.9 %"),
            (f64::NAN, "–"),
        ];
        for (share, want) in rows {
            assert_eq!(fraction(share), want, "{share}");
        }
        assert_eq!(completeness(1.0), "100 %");
        assert_eq!(completeness(0.99998), "99.9980 %");
        assert_eq!(completeness(0.971), "97.1 %");
        assert_eq!(completeness(0.0), "0.0 %");
        assert_eq!(completeness(f64::NAN), "–");
        assert_ne!(completeness(1.0 - 1e-11), "100 %");
    }

    #[test]
    fn numbers_hold_on_to_their_units() {
        let text = glued("1 204 events in 5 ms, both");
        assert_eq!(text, "1\u{a0}204\u{a0}events in 5\u{a0}ms, both");
    }

    #[test]
    fn a_tick_drops_its_zeros() {
        assert_eq!(tick("5.00 ms"), "5 ms");
        assert_eq!(tick("200 µs"), "200 µs");
        assert_eq!(tick("0 ns"), "0 ns");
        assert_eq!(tick("1.20 M/s"), "1.2 M/s");
    }

    proptest! {
        #[test]
        fn no_number_is_too_much(value in any::<f64>(), n in any::<u64>()) {
            for show in [nanoseconds, microseconds, seconds, rate, bytes, amount, fraction, completeness, ratio] {
                for value in [value, n as f64, f64::MIN_POSITIVE, f64::MAX, f64::MIN, f64::NAN] {
                    let text = show(value);
                    prop_assert!(!text.is_empty());
                    prop_assert!(text.chars().count() < 24, "{text} is too wide");
                    prop_assert!(value.is_finite() || text == NONE, "{text} for {value}");
                    let _ = tick(&text);
                }
            }
            prop_assert_eq!(count(n).replace(' ', "").parse::<u64>().ok(), Some(n));
        }

        #[test]
        fn three_digits_are_kept(ns in 1.0..1e12) {
            let text = nanoseconds(ns);
            let (number, unit) = text.rsplit_once(' ').unwrap();
            let size = match unit {
                "ns" => 1.0, "µs" => 1e3, "ms" => 1e6, "s" => 1e9, "min" => 60e9, _ => 3600e9,
            };
            let back = number.parse::<f64>().unwrap() * size;
            prop_assert!((back / ns - 1.0).abs() < 0.0051, "{ns} became {text}");
        }
    }
}
