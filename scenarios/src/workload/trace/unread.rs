//! What a text seems to be that is no time, or no number, and what to write instead.
//!
//! Only texts that could not be read come here: nothing is taken for what it seems to be.

use crate::decimal::{self, Decimal, DecimalError};
use jiff::civil::Date;

/// What a text seems to be that was to be a time; none where it looks like none.
pub(super) fn almost_time(text: &str) -> Option<String> {
    let text = text.trim();
    let date_end = text.find([' ', 'T', ',']).unwrap_or(text.len());
    let parts: Vec<&str> = text[..date_end].split(['.', '/', '-']).collect();
    if let [first, second, third] = parts[..]
        && [first, second, third].iter().all(|part| is_digits(part))
    {
        let separator = text[first.len()..].chars().next().unwrap_or('.');
        return date_of(first, second, third, separator);
    }
    let lower = text.to_ascii_lowercase();
    let mut words = lower.split(|letter: char| !letter.is_ascii_alphabetic());
    let has_name =
        words.any(|word| word.len() >= 3 && MONTHS.iter().any(|month| month.starts_with(word)));
    if has_name && text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Some(
            "this looks like a date with the name of a month: write all of the column as \
             2001-01-31T08:30:00+02:00"
                .to_owned(),
        );
    }
    let of_day: Vec<&str> = text.split(['.', ' ']).next()?.split(':').collect();
    let is_of_day = matches!(of_day.len(), 2 | 3) && of_day.iter().all(|part| is_digits(part));
    is_of_day.then(|| {
        "this looks like a time of day without its date: write both into one column, as in \
         2001-01-31T08:30:00"
            .to_owned()
    })
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Three numbers as a date in another order than ISO 8601.
fn date_of(first: &str, second: &str, third: &str, separator: char) -> Option<String> {
    let number = |text: &str| text.parse::<i8>().ok();
    let exists = |year: &str, month: &str, day: &str| {
        let (year, month, day) = (year.parse().ok()?, number(month)?, number(day)?);
        Date::new(year, month, day).ok()
    };
    let written = format!("{first}{separator}{second}{separator}{third}");
    let as_iso = |date: Date| format!("this looks like a date: write {date} for {written}");
    if first.len() == 4 {
        return (separator != '-').then(|| exists(first, second, third).map(as_iso)).flatten();
    }
    if third.len() != 4 {
        return None;
    }
    let (day_first, month_first) = (exists(third, second, first), exists(third, first, second));
    match (day_first, month_first) {
        (Some(date), Some(_)) if separator == '.' => Some(as_iso(date)),
        (Some(date), Some(other)) if date != other => Some(format!(
            "this looks like a date whose day or month comes first: write {date} or {other} for \
             {written}, whichever it means"
        )),
        (Some(date), _) | (None, Some(date)) => Some(as_iso(date)),
        (None, None) => None,
    }
}

/// What may stand beside an amount of money in letters.
const CURRENCIES: [&str; 6] = ["EUR", "USD", "GBP", "CHF", "JPY", "KR"];

/// What a text seems to be that was to be a number; none where it looks like none.
pub(super) fn almost_number(text: &str, decimal_comma: bool) -> Option<String> {
    let text = text.trim();
    let is_of_number =
        |letter: char| letter.is_ascii_digit() || "+-.,'_ \u{a0}\u{202f}’".contains(letter);
    let is_beside = |letter: char| !letter.is_ascii_digit() && !"+-.,".contains(letter);
    let bare = text.trim_matches(is_beside);
    let sign = if text.starts_with('-') && !bare.starts_with('-') { "-" } else { "" };
    let bare = bare.trim_start_matches(['-', '+']).trim_start_matches(is_beside);
    let beside: String = text.chars().filter(|letter| !is_of_number(*letter)).collect();
    let (left, right) = text.split_once(bare).filter(|_| !bare.is_empty())?;
    let is_bare = bare.chars().all(is_of_number);
    let letters: String = beside.chars().filter(|letter| letter.is_alphabetic()).collect();
    let is_word = beside.chars().count() > 3
        || !(letters.is_empty() || CURRENCIES.contains(&letters.to_ascii_uppercase().as_str()));
    if !is_bare || is_word || beside.contains(['/', ':', '#']) {
        return None;
    }
    let bracketed = left.contains('(') && right.contains(')');
    let sign = if bracketed || left.contains('-') { "-" } else { sign };
    let number = match whole_of(bare, decimal_comma) {
        Some(joined) if beside.is_empty() => {
            let example = format!("{sign}{joined}");
            return Some(format!(
                "expected a number whose thousands are not parted: write {example} for {text} in \
                 all of the column; to leave such rows out would leave out the large ones"
            ));
        }
        Some(joined) => joined,
        None if beside.is_empty() => return None,
        None => bare.to_owned(),
    };
    Some(format!("expected a number alone: write {sign}{number} for {text} in all of the column"))
}

/// A number with its thousands parted, without what parts them, written as its file should.
fn whole_of(text: &str, decimal_comma: bool) -> Option<String> {
    let point = if decimal_comma { ',' } else { '.' };
    // The last mark stands before the decimals where it is another one than those before it.
    let marks: Vec<char> = text.chars().filter(|letter| !letter.is_ascii_digit()).collect();
    let (first, last) = (*marks.first()?, *marks.last()?);
    let (grouped, decimals) = match text.rsplit_once(last) {
        Some((whole, decimals)) if last != first && (last == '.' || last == ',') => {
            (whole, Some(decimals))
        }
        _ => (text, None),
    };
    let groups: Vec<&str> = grouped.split(first).collect();
    let (head, rest) = groups.split_first()?;
    let are_thousands = !rest.is_empty()
        && (1..=3).contains(&head.len())
        && head.bytes().all(|byte| byte.is_ascii_digit())
        && rest.iter().all(|group| group.len() == 3 && is_digits(group));
    // A single group behind a mark that stands before decimals elsewhere: it may be those.
    let may_be_decimals = decimals.is_none() && rest.len() == 1 && (first == ',' || first == '.');
    if !are_thousands || may_be_decimals {
        return None;
    }
    let decimals = decimals.map_or_else(String::new, |decimals| format!("{point}{decimals}"));
    decimals
        .chars()
        .skip(1)
        .all(|digit| digit.is_ascii_digit())
        .then(|| groups.concat() + &decimals)
}

/// Why a text is no number, and what to write or set instead; `delimiter` is what stands between the
/// fields of its file.
pub(super) fn why_no_number(
    text: &str,
    why: DecimalError,
    decimal_comma: bool,
    delimiter: &str,
) -> String {
    if why != DecimalError::NotDecimal {
        return why.to_string();
    }
    if let Some(why) = almost_number(text, decimal_comma) {
        return why;
    }
    let commas = text.bytes().filter(|byte| *byte == b',').count();
    let with_comma = decimal::with_point(text).filter(|_| commas == 1);
    let is_number = with_comma.is_some_and(|number| Decimal::parse(&number).is_ok());
    if decimal_comma {
        let parted = if Decimal::parse(text).is_ok() {
            "; if the point parts thousands, take it out of all of the column"
        } else {
            ""
        };
        return format!(
            "expected a number with a decimal comma such as -12,50, as decimal_comma says{parted}"
        );
    }
    if is_number {
        return format!(
            "{why}; if the comma stands before the decimals, set decimal_comma = true (the \
             delimiter is `{delimiter}`)"
        );
    }
    why.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_almost_a_time_is_told_with_what_to_write() {
        let time = |text: &str| almost_time(text).unwrap_or_default();
        assert!(time("03.11.2025 08:00:04").contains("write 2025-11-03 for 03.11.2025"));
        assert!(time("2025/11/03").contains("write 2025-11-03 for 2025/11/03"));
        assert!(time("31/01/2025 9:00").contains("write 2025-01-31 for 31/01/2025"));
        assert!(time("11/03/2025").contains("write 2025-03-11 or 2025-11-03 for 11/03/2025"));
        for named in ["[30/Nov/2025:08:00:00 +0100]", "Mon, 3 Nov 2025 08:00:00 GMT", "Nov 3 08:00"]
        {
            assert!(time(named).contains("name of a month"), "{named}");
        }
        for of_day in ["22:00:06", "7:05", "22:00:06.250", "9:30 PM"] {
            assert!(time(of_day).contains("without its date"), "{of_day}");
        }
        for none in ["", "soon", "2024-02-30T08:00:00Z", "1.2.3", "7", "99.99.2025", "march"] {
            assert_eq!(almost_time(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_almost_a_number_is_told_with_what_to_write() {
        let number = |text: &str, comma: bool| almost_number(text, comma).unwrap_or_default();
        assert!(number("2.324,53", true).contains("write 2324,53 for 2.324,53"));
        assert!(number("3,171,790", false).contains("write 3171790 for 3,171,790"));
        assert!(number("-1,171.5", false).contains("write -1171.5 for -1,171.5"));
        assert!(number("1 234 567", false).contains("write 1234567 for 1 234 567"));
        assert!(number("1'234.50", false).contains("write 1234.50 for 1'234.50"));
        assert!(number("$4,574.36", false).contains("number alone: write 4574.36 for $4,574.36"));
        assert!(number("-$12.50", false).contains("write -12.50 for -$12.50"));
        assert!(number("(12.50)", false).contains("write -12.50 for (12.50)"));
        assert!(number("12,50 €", true).contains("write 12,50 for 12,50 €"));
        assert!(number("12.50 EUR", false).contains("write 12.50 for 12.50 EUR"));
        assert_eq!(number("u7", false), "");
        assert!(number("15%", false).contains("write 15 for 15%"));
        for (none, comma) in [
            ("", false),
            ("many", false),
            ("1,5", false),
            ("1,234", false),
            ("1.234", true),
            ("0x10", false),
            ("1.2.3", false),
            ("--1", false),
            ("12:30", false),
        ] {
            assert_eq!(almost_number(none, comma), None, "{none}");
        }
    }

    #[test]
    fn any_text_is_looked_at() {
        for text in ["٣", "£", "-", "()", ",,,", "é1é", "1\u{a0}2", "'", "$$$1", "..."] {
            let _ = (almost_number(text, false), almost_number(text, true), almost_time(text));
        }
    }
}
