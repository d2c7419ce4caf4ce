//! How things are said: numbers of them, lists of them, names as part of a link.
//!
//! It knows no record and no unit; how a number with a unit is shown is for
//! [`quantity`](crate::quantity).

/// A text as part of a file's name or of a link: lower-case letters, digits and hyphens.
pub fn slug(text: &str) -> String {
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
pub(crate) fn listed(names: &[&str]) -> String {
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
