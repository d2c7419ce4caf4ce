//! How wide a text is, before anybody has seen it.
//!
//! No font is read: which one a page is shown in is the reader's. So each character counts as wide
//! as the widest of those that a browser is likely to take for the style sheet's. A text is then
//! never wider than it is taken for; in most fonts some room stays free.

/// The weight that a text is set in.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Weight {
    Regular,
    /// What the style sheet sets at 600 and above, for which most fonts have their bold only.
    Bold,
}

impl Weight {
    /// That of a role's texts.
    pub(super) fn of(role: &str) -> Self {
        let is_bold = role.split(' ').any(|class| matches!(class, "title" | "strong"));
        if is_bold { Self::Bold } else { Self::Regular }
    }
}

/// The printable ASCII characters, in hundredths of the font's size: the widest each of Cantarell,
/// `DejaVu` Sans, Inter, Lato, Liberation Sans (as wide as Arial and Helvetica), Noto Sans, Open
/// Sans and Roboto.
#[rustfmt::skip]
const REGULAR: [u8; 95] = [
    32, 41, 46, 84, 64, 99, 78, 28, 39, 39, 56, 84, 32, 46, 32, 46, 64, 64, 64, 64, 65, 64, 64, 64,
    64, 64, 34, 34, 84, 84, 84, 56, 102, 69, 69, 73, 77, 67, 62, 78, 77, 34, 56, 67, 57, 93, 77, 80,
    67, 80, 73, 67, 65, 75, 69, 104, 69, 67, 69, 39, 46, 39, 84, 56, 58, 62, 64, 56, 64, 62, 37, 64,
    64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64, 60, 82, 60, 60, 55, 64, 56, 64, 84,
];

/// The same of their bold.
#[rustfmt::skip]
const BOLD: [u8; 95] = [
    35, 46, 53, 84, 70, 102, 88, 31, 46, 46, 57, 84, 38, 47, 38, 47, 70, 70, 70, 70, 70, 70, 70, 70,
    70, 70, 40, 40, 84, 84, 84, 62, 104, 78, 77, 76, 83, 69, 69, 83, 84, 39, 57, 78, 64, 100, 84, 85,
    74, 85, 77, 72, 69, 82, 78, 111, 78, 73, 73, 46, 47, 46, 84, 56, 61, 68, 72, 60, 72, 68, 44, 72,
    72, 35, 35, 67, 35, 105, 72, 69, 72, 72, 50, 60, 48, 72, 66, 93, 65, 66, 59, 72, 56, 72, 84,
];

/// How wide a text is at most, in pixels.
pub(super) fn text_width(text: &str, size: f64, weight: Weight) -> f64 {
    text.chars().map(|c| f64::from(wide(c, weight))).sum::<f64>() / 100.0 * size
}

fn wide(c: char, weight: Weight) -> u8 {
    let (ascii, letter, any) = match weight {
        Weight::Regular => (&REGULAR, 85, 112),
        Weight::Bold => (&BOLD, 92, 118),
    };
    match (c, u32::from(c)) {
        ('\u{a0}', _) => ascii[0],
        ('µ', _) => ascii[usize::from(b'u' - b' ')] + 2,
        ('·', _) => ascii[usize::from(b'.' - b' ')],
        ('–', _) => 66,
        (_, code @ 0x20..=0x7E) => ascii[code as usize - 0x20],
        // Latin letters with something above or below them, Greek ones.
        (_, 0xA1..=0x3FF) => letter,
        // Signs and letters of other scripts; pictures are wider than they are high.
        (_, ..=0xFFFF) => any,
        _ => 140,
    }
}

/// A text cut into lines of at most `width` pixels: at its ordinary spaces, and inside of a word
/// only where the word alone is wider than a line.
pub(super) fn wrap(text: &str, size: f64, weight: Weight, width: f64) -> Vec<String> {
    let measured = |text: &str| text_width(text, size, weight);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if let Some(line) = lines.last_mut()
            && measured(line) + measured(" ") + measured(word) <= width
        {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        let mut rest = word;
        while measured(rest) > width {
            let (begin, end) = rest.split_at(broken(rest, &|text| measured(text) <= width));
            lines.push(begin.to_owned());
            rest = end;
        }
        if !rest.is_empty() {
            lines.push(rest.to_owned());
        }
    }
    lines
}

/// Where to break a word so that its begin fits: behind a hyphen or the like if there is one, and
/// behind its first character at least.
fn broken(word: &str, fits: &dyn Fn(&str) -> bool) -> usize {
    let ends = word.char_indices().map(|(at, c)| (at + c.len_utf8(), c));
    let fitting: Vec<(usize, char)> = ends.take_while(|(end, _)| fits(&word[..*end])).collect();
    let kind = fitting.iter().rev().find(|(_, c)| "-/_,;=".contains(*c)).map(|(end, _)| *end);
    let last = fitting.last().map(|(end, _)| *end);
    kind.or(last).or_else(|| word.chars().next().map(char::len_utf8)).unwrap_or(word.len())
}

/// As much of a text as fits, with a sign where something is missing.
pub(super) fn shortened(text: &str, size: f64, weight: Weight, width: f64) -> String {
    if text_width(text, size, weight) <= width {
        return text.to_owned();
    }
    let fits = |text: &str| text_width(text, size, weight) + text_width("…", size, weight) <= width;
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = ends.take_while(|end| fits(&text[..*end])).last().unwrap_or(0);
    format!("{}…", text[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Weight::{Bold, Regular};

    #[test]
    fn lines_are_cut_between_words() {
        let wrap = |text, width| wrap(text, 10.0, Regular, width);
        assert_eq!(wrap("one two three", 1000.0), ["one two three"]);
        assert_eq!(wrap("one two three", 50.0), ["one two", "three"]);
        assert!(wrap("", 1.0).is_empty());
    }

    #[test]
    fn a_word_that_is_wider_than_a_line_is_cut_behind_a_hyphen_or_anywhere() {
        let wrap = |text, width| wrap(text, 10.0, Bold, width);
        assert_eq!(wrap("of micro-batch here", 50.0), ["of", "micro-", "batch", "here"]);
        assert_eq!(wrap("abc", 1.0), ["a", "b", "c"], "one character at least");
        let lines = wrap("an_unbreakable_thing_and_ünbréakable", 60.0);
        assert_eq!(lines.concat(), "an_unbreakable_thing_and_ünbréakable", "nothing is lost");
        assert!(lines.iter().all(|line| text_width(line, 10.0, Bold) <= 60.0), "{lines:?}");
    }

    #[test]
    fn what_does_not_fit_says_that_something_is_missing() {
        assert_eq!(shortened("short", 10.0, Regular, 100.0), "short");
        let cut = shortened("rather longer than that", 10.0, Regular, 60.0);
        assert!(cut.ends_with('…') && text_width(&cut, 10.0, Regular) <= 60.0, "{cut}");
    }

    /// Advance widths of some texts in fonts that are read, in pixels at a size of 100.
    #[test]
    fn no_text_is_wider_than_it_is_taken_for() {
        for (text, weight, real) in [
            ("micro-batch", Regular, 600.9),
            ("micro-batch", Bold, 674.6),
            ("9.35\u{a0}k", Bold, 348.0),
            ("WWW", Bold, 330.9),
            ("日本", Regular, 200.0),
        ] {
            let taken = text_width(text, 100.0, weight);
            assert!(taken >= real, "{text} is taken for {taken}");
            assert!(taken <= real * 1.2, "{text} is taken for {taken}: half of the page is empty");
        }
    }
}
