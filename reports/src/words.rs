//! How things are said: numbers of them, lists of them, names as part of a link.
//!
//! It knows no record and no unit; how a number with a unit is shown is for
//! [`quantity`](crate::quantity). What others have written, be it a title, a key or a path, is
//! shown here as it is and obeyed by nobody: whatever goes to people goes through [`harmless`].

use std::borrow::Cow;
use std::fmt::Write as _;

/// A text as it may be shown to people, on a terminal, in a drawing or on a page: what would be
/// obeyed there, or hide, stands in it as it is written in JSON and TOML, such as `\u001b`. So a
/// document for programs stays the document that it is.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_obeyed(c) {
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character is obeyed, or hides, where it is to be shown: control characters other than
/// the end of a line and the tabulator, marks that turn the direction of what follows, ends of lines
/// that only some see, and what no XML may hold.
pub const fn is_obeyed(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{8}'
            | '\u{b}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}'
    )
}

/// A text of about `most` characters: of a longer one its beginning, its end, and how much of it is
/// left out between.
pub fn brief(text: &str, most: usize) -> Cow<'_, str> {
    let count = text.chars().count();
    // What is left out takes some room itself.
    if count <= most + most / 4 {
        return Cow::Borrowed(text);
    }
    let (head, tail) = (most * 2 / 3, most / 3);
    let place = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    let (begins, ends) = (&text[..place(head)], &text[place(count - tail)..]);
    Cow::Owned(format!("{begins}… ({} more characters) …{ends}", count - head - tail))
}

/// A message in which nothing that it quotes between backticks, and not the whole of it either, is
/// longer than anybody reads.
pub fn concise(message: &str) -> Cow<'_, str> {
    const QUOTED: usize = 160;
    const WHOLE: usize = 4_000;
    if message.len() <= QUOTED {
        return Cow::Borrowed(message);
    }
    let parts = message.split('`').enumerate();
    let parts = parts.map(|(n, part)| if n % 2 == 1 { brief(part, QUOTED) } else { part.into() });
    let parts: Vec<_> = parts.collect();
    Cow::Owned(brief(&parts.join("`"), WHOLE).into_owned())
}

/// The longest text as part of a name. A file's name has 255 bytes at most, and others stand before
/// and behind.
const SLUG_MOST: usize = 100;

/// A text as part of a file's name or of a link: lower-case letters, digits and hyphens, a hundred at
/// most. Of a longer one there is the beginning, and a digest that tells it from others.
pub fn slug(text: &str) -> String {
    let slug = slug_of_any_length(text);
    if slug.len() <= SLUG_MOST {
        return slug;
    }
    let digest = format!("{:016x}", digest(&slug));
    let begins = slug[..SLUG_MOST - digest.len() - 1].trim_end_matches('-');
    format!("{begins}-{digest}")
}

/// FNV-1a (Fowler, Noll and Vo 1991), 64 bits: the same on every machine and in every version.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn slug_of_any_length(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// "word-count: Words per second", and what has no title by its name alone.
pub fn titled(name: &str, title: &str) -> String {
    if title.is_empty() { name.to_owned() } else { format!("{name}: {title}") }
}

/// "1 repetition", "12 repetitions".
pub(crate) fn plural(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// "both", "all 3", "2 of 3".
pub(crate) fn of_all(some: usize, all: usize) -> String {
    match (some, all) {
        (2, 2) => "both".into(),
        (some, all) if some == all => format!("all {all}"),
        (some, all) => format!("{some} of {all}"),
    }
}

/// "a", "a and b", "a, b and c".
pub fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).into(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// "90 ms", or "50 ms to 90 ms".
pub(crate) fn span(
    values: impl Iterator<Item = f64>,
    show: impl Fn(f64) -> String,
) -> Option<String> {
    let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let low = values.iter().copied().min_by(f64::total_cmp)?;
    let high = values.iter().copied().max_by(f64::total_cmp)?;
    let (low, high) = (show(low), show(high));
    Some(if low == high { low } else { format!("{low} to {high}") })
}

/// With a capital, unless it begins with a name that has none.
pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_fit_for_a_file_and_a_link() {
        assert_eq!(slug("Micro-batch 20 ms!"), "micro-batch-20-ms");
        assert_eq!(slug("../a b/"), "a-b");
    }

    #[test]
    fn a_long_slug_is_as_long_as_a_name_can_be_and_told_from_others() {
        let long = |end: &str| slug(&format!("{}{end}", "L".repeat(300)));
        assert_eq!((long("a").len(), long("b").len()), (SLUG_MOST, SLUG_MOST));
        assert_ne!(long("a"), long("b"), "they end otherwise");
        assert_eq!(long("a"), long("a"));
        let fits = "l".repeat(SLUG_MOST);
        assert_eq!(slug(&fits), fits);
    }

    #[test]
    fn what_a_terminal_would_obey_is_written_out_and_all_else_stays() {
        for (text, shown) in [
            ("\u{1b}]0;owned\u{7}\u{1b}[31m", "\\u001b]0;owned\\u0007\\u001b[31m"),
            ("a\0b\u{8}\r\u{7f}\u{9b}31m", "a\\u0000b\\u0008\\u000d\\u007f\\u009b31m"),
            ("\u{202e}txt.exe\u{2066}\u{feff}", "\\u202etxt.exe\\u2066\\ufeff"),
            ("a\nb\tc \u{a0}µ – 日本 👩‍🚀 é", "a\nb\tc \u{a0}µ – 日本 👩‍🚀 é"),
        ] {
            assert_eq!(harmless(text), shown);
        }
        // A document means what it meant.
        let text = "\u{1b}\u{7f}\u{9b}\u{202e}\u{2028}\\";
        let json = serde_json::to_string(text).unwrap();
        assert_eq!(serde_json::from_str::<String>(&harmless(&json)).unwrap(), text);
    }

    #[test]
    fn what_nobody_reads_is_left_out_and_counted() {
        assert_eq!(brief("short", 30), "short");
        assert_eq!(brief(&"µ".repeat(37), 30), "µ".repeat(37), "no shorter with the words");
        assert_eq!(
            brief(&"µ".repeat(1_000_000), 30),
            format!("{}… (999970 more characters) …{}", "µ".repeat(20), "µ".repeat(10))
        );
        let key = "k".repeat(1 << 20);
        let message = concise(&format!("unknown key `{key}` in `x.toml`")).into_owned();
        assert!(message.starts_with("unknown key `kkk"), "{message}");
        assert!(message.len() < 300 && message.ends_with("kkk` in `x.toml`"), "{message}");
        assert!(concise(&"word ".repeat(1 << 20)).len() < 5_000);
    }

    #[test]
    fn what_is_several_is_said_as_such() {
        assert_eq!([plural(1, "run"), plural(2, "run")], ["1 run", "2 runs"]);
        assert_eq!([of_all(2, 2), of_all(3, 3), of_all(1, 3)], ["both", "all 3", "1 of 3"]);
        assert_eq!([listed(&["a"]), listed(&["a", "b", "c"])], ["a", "a, b and c"]);
        let shown = |value: f64| format!("{value}");
        assert_eq!(span([3.0, f64::NAN, 1.0].into_iter(), shown).unwrap(), "1 to 3");
        assert_eq!(span([1.0; 2].into_iter(), shown).unwrap(), "1");
        assert_eq!(span([f64::NAN].into_iter(), shown), None);
    }
}
