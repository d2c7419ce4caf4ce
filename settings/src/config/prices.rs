//! A sheet of prices: what the resources of an engine cost, as TOML.
//!
//! Every price is a number of one currency, which has to be said. A price that is not known is left
//! out: none is ever taken for zero.

use super::diagnostic::{Mistake, Rejected, SourceText, Sources, listed, nearest};
use super::library::{BYTES_MOST, contents};
use super::tree::{self, Entry, Node, Value};
use crate::plan::units;
use reports::record::advice::Prices;
use std::path::Path;

/// A key of a sheet: its name, what it is, how it is written, and whether it has to be.
struct Row {
    name: &'static str,
    meaning: &'static str,
    example: &'static str,
    is_required: bool,
}

const fn row(name: &'static str, meaning: &'static str, example: &'static str) -> Row {
    Row { name, meaning, example, is_required: false }
}

/// All keys of a sheet.
const ROWS: [Row; 4] = [
    Row { is_required: true, ..row("currency", "what the prices are in", "currency = \"EUR\"") },
    Row { is_required: true, ..row("core_hour", "a core for an hour", "core_hour = 0.04") },
    row("gib_hour", "a GiB of memory for an hour", "gib_hour = 0.005"),
    row("kilowatt_hour", "a kilowatt-hour", "kilowatt_hour = 0.30"),
];

/// A sheet as it can be written, a line for each key.
pub fn example() -> String {
    let width = ROWS.iter().map(|row| row.example.len()).max().unwrap_or(0);
    let line = |row: &Row| {
        let may = if row.is_required { "" } else { "; may be left out" };
        format!("{:width$}  # {}{may}\n", row.example, row.meaning)
    };
    ROWS.iter().map(line).collect()
}

/// The prices of a sheet, or all that is wrong with it.
pub fn read(path: &Path) -> Result<Prices, Rejected> {
    let text = text(path).map_err(Rejected::because)?;
    let mut sources = Sources::default();
    let source = SourceText { name: path.display().to_string(), text, base: None };
    let number = sources.add(source);
    let (root, mut mistakes) = tree::read(&sources, number);
    // What is missing of a sheet that cannot be read may be in what was not.
    if mistakes.is_empty()
        && let Some(prices) = prices(&root, &mut mistakes)
    {
        return Ok(prices);
    }
    Err(Rejected { sources, mistakes })
}

/// All of the file.
fn text(path: &Path) -> Result<String, Mistake> {
    let shown = path.display();
    let mistake = |code, message: String| Mistake::new(code, message).help(SHEET);
    let bytes = contents(path).map_err(|error| {
        mistake(
            "config::no_such_file",
            format!("the sheet of prices `{shown}` cannot be read: {error}"),
        )
    })?;
    if bytes.len() as u64 > BYTES_MOST {
        let most = units::show_size(BYTES_MOST);
        let message = format!("`{shown}` is larger than {most}, which no sheet of prices is");
        return Err(mistake("config::too_large", message));
    }
    let is_text = String::from_utf8(bytes);
    is_text.map_err(|_| mistake("config::syntax", format!("`{shown}` is not UTF-8 text")))
}

/// What is said where there is no sheet.
const SHEET: &str = "give the path of a sheet of prices: sluicebench describe advise shows one";

/// What the keys say; none if anything is wrong with them.
fn prices(root: &Node, mistakes: &mut Vec<Mistake>) -> Option<Prices> {
    let entries = root.table().map_or(&[][..], |table| &table.0);
    let names = || ROWS.iter().map(|row| row.name);
    for entry in entries.iter().filter(|entry| !names().any(|name| name == entry.key)) {
        let help = match nearest(&entry.key, names()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("its keys are {}", listed(names())),
        };
        mistakes.push(
            Mistake::new("config::unknown_key", format!("unknown key `{}`", entry.key))
                .at(entry.place.as_ref(), "not a key of a sheet of prices")
                .help(help),
        );
    }
    let entry = |name: &str| entries.iter().find(|entry| entry.key == name);
    for row in ROWS.iter().filter(|row| row.is_required && entry(row.name).is_none()) {
        let Row { name, meaning, example, .. } = row;
        let message = format!("a sheet of prices needs a key `{name}`: {meaning}");
        let mistake = Mistake::new("config::missing_key", message);
        mistakes.push(mistake.help(format!("add {example}")));
    }
    let mut price = |name: &str| entry(name).and_then(|entry| amount(entry, mistakes));
    let (core_hour, gib_hour, kilowatt_hour) =
        (price("core_hour"), price("gib_hour"), price("kilowatt_hour"));
    let currency = entry("currency").and_then(|entry| currency(entry, mistakes));
    let prices = Prices { currency: currency?, core_hour: core_hour?, gib_hour, kilowatt_hour };
    mistakes.is_empty().then_some(prices)
}

/// The longest name of a currency.
const CURRENCY_MOST: usize = 12;

fn currency(entry: &Entry, mistakes: &mut Vec<Mistake>) -> Option<String> {
    let node = &entry.node;
    let (code, message, what) = match &node.value {
        Value::Text(text) if (1..=CURRENCY_MOST).contains(&text.trim().chars().count()) => {
            return Some(text.trim().to_owned());
        }
        Value::Text(_) => ("config::value", "no currency is called that", "this"),
        other => ("config::type", "`currency` takes a string", other.kind()),
    };
    let mistake = Mistake::new(code, message).at(node.place.as_ref(), what);
    mistakes.push(mistake.help("write what stands behind a price, such as currency = \"EUR\""));
    None
}

fn amount(entry: &Entry, mistakes: &mut Vec<Mistake>) -> Option<f64> {
    let Entry { key, node, .. } = entry;
    let number = match &node.value {
        Value::Integer(integer) => Some(*integer as f64),
        Value::Number(number) => Some(*number).filter(|number| number.is_finite()),
        _ => None,
    };
    let (code, message, what) = match number {
        Some(number) if number >= 0.0 => return Some(number),
        Some(_) => ("config::range", format!("`{key}` is below zero"), "nobody is paid to use it"),
        None => ("config::type", format!("`{key}` takes a number"), node.value.told()),
    };
    let example = ROWS.iter().find(|row| row.name == key).map_or("", |row| row.example);
    let mistake = Mistake::new(code, message).at(node.place.as_ref(), what);
    mistakes.push(mistake.help(format!("write {example}; what it is in stands in `currency`")));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(text: &str) -> Result<Prices, Rejected> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prices.toml");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn a_sheet_is_read_and_what_it_leaves_out_is_not_known() {
        let prices = sheet(&example()).unwrap_or_else(|rejected| panic!("{rejected}"));
        assert_eq!((prices.currency.as_str(), prices.kilowatt_hour), ("EUR", Some(0.30)));
        let least = sheet("currency = \"points\"\ncore_hour = 1\n").unwrap();
        let want = Prices {
            currency: "points".to_owned(),
            core_hour: 1.0,
            gib_hour: None,
            kilowatt_hour: None,
        };
        assert_eq!(least, want);
    }

    #[test]
    fn what_is_wrong_with_a_sheet_is_told_where_it_is() {
        let good = "currency = \"EUR\"\ncore_hour = 0.04\n";
        for (text, code, words) in [
            ("core_hour = 0.04", "config::missing_key", "needs a key `currency`"),
            ("currency = \"EUR\"", "config::missing_key", "needs a key `core_hour`"),
            ("", "config::missing_key", "`currency`"),
            ("currency = 5\ncore_hour = 1", "config::type", "an integer"),
            ("currency = \" \"\ncore_hour = 1", "config::value", "no currency"),
            (&format!("{good}gib_hours = 1"), "config::unknown_key", "did you mean `gib_hour`?"),
            (&format!("{good}colour = 1"), "config::unknown_key", "its keys are `currency`"),
            (&format!("{good}gib_hour = -1"), "config::range", "below zero"),
            (&format!("{good}gib_hour = nan"), "config::type", "takes a number"),
            (&format!("{good}gib_hour = inf"), "config::type", "takes a number"),
            (&format!("{good}gib_hour = \"0.005 EUR\""), "config::type", "stands in `currency`"),
            ("currency = \"EUR", "config::syntax", "not TOML"),
            (&format!("{good}core_hour = 1"), "config::syntax", "not TOML"),
        ] {
            let rejected = sheet(text).expect_err(text);
            assert_eq!(rejected.mistakes[0].code, code, "{text}: {rejected}");
            assert!(rejected.to_string().contains(words), "{text}: {rejected}");
        }
    }

    #[test]
    fn what_is_no_file_or_has_no_end_is_no_sheet() {
        let folder = tempfile::tempdir().unwrap();
        let code = |path: &Path| read(path).expect_err("refused").mistakes[0].code;
        assert_eq!(code(&folder.path().join("nothing.toml")), "config::no_such_file");
        assert_eq!(code(folder.path()), "config::no_such_file");
        #[cfg(unix)]
        assert_eq!(code(Path::new("/dev/zero")), "config::too_large");
    }
}
