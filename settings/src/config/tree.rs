//! A configuration as a tree in which every key and value knows where it was written.
//!
//! Files, the environment and arguments are laid over one another here, as text; what the keys
//! mean is not known here, except which of them are a choice of one, because choosing another
//! takes the place of the first.

use super::diagnostic::{Mistake, Place, SourceText, Sources};
use super::keys;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub(crate) value: Value,
    /// Where it was written; for a table, its heading. `None` for a default.
    pub(crate) place: Option<Place>,
}

impl Node {
    /// A value that was written alone, in the source of this number, so many bytes from its start.
    pub fn alone(text: &str, number: usize, shift: usize, place: Place) -> Self {
        Self { value: read_value(text, number, shift), place: Some(place) }
    }
}

/// What TOML knows, and nothing that it does not.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    /// The digits as they were written stay with it, since integers are read to 128 bits.
    Integer(i128),
    Number(f64),
    Flag(bool),
    Date,
    List(Vec<Node>),
    Table(Table),
}

impl Value {
    /// What it is, in a message about this one.
    pub(crate) const fn told(&self) -> &'static str {
        match self {
            Self::Number(number) if number.is_nan() => "nan, which is no number",
            Self::Number(number) if number.is_infinite() => {
                "a number beyond all that can be counted"
            }
            value => value.kind(),
        }
    }

    /// What it is called in a message.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Number(_) => "a number",
            Self::Flag(_) => "true or false",
            Self::Date => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// Keys in the order of their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table(pub(crate) Vec<Entry>);

/// A key of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// Where the key was written; `None` for a default.
    pub(crate) place: Option<Place>,
    pub(crate) node: Node,
}

impl Table {
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }
}

impl Node {
    /// An empty table that nobody wrote.
    pub(crate) const fn empty() -> Self {
        Self { value: Value::Table(Table(Vec::new())), place: None }
    }

    pub(crate) fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The node at a dotted path.
    pub(crate) fn find(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |node, key| Some(&node.table()?.get(key)?.node))
    }

    /// Puts a value at a path, and takes away what it replaces.
    pub(crate) fn put(&mut self, path: &[(String, Option<Place>)], value: &Self) {
        self.put_below("", path, value);
    }

    fn put_below(&mut self, at: &str, path: &[(String, Option<Place>)], value: &Self) {
        let Some(((key, place), rest)) = path.split_first() else {
            return self.merge(at, value);
        };
        if let Value::List(items) = &mut self.value
            && items.iter().any(|item| item.table().is_some())
        {
            for item in items {
                item.put_below(at, path, value);
            }
            return;
        }
        if self.table().is_none() {
            self.value = Value::Table(Table::default());
        }
        let Value::Table(table) = &mut self.value else { unreachable!("made a table above") };
        if keys::replaces(at) {
            table.0.retain(|entry| entry.key == *key);
        }
        let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        if let Some(rival) = keys::rival(&path) {
            table.0.retain(|entry| entry.key != rival.name());
        }
        let found = table.0.iter().position(|entry| entry.key == *key);
        let index = found.unwrap_or_else(|| {
            let node = Self { value: Value::Table(Table::default()), place: place.clone() };
            table.0.push(Entry { key: key.clone(), place: place.clone(), node });
            table.0.len() - 1
        });
        let entry = &mut table.0[index];
        if rest.is_empty() {
            entry.place.clone_from(place);
        }
        entry.node.put_below(&path, rest, value);
    }

    /// Tables are merged key by key; everything else is replaced.
    fn merge(&mut self, at: &str, value: &Self) {
        if let (Value::Table(_) | Value::List(_), Value::Table(table)) = (&self.value, &value.value)
        {
            for entry in &table.0 {
                let step = [(entry.key.clone(), entry.place.clone())];
                self.put_below(at, &step, &entry.node);
            }
            if table.0.is_empty() {
                self.place.clone_from(&value.place);
            }
        } else {
            *self = value.clone();
        }
    }
}

/// How deep a key can lie in a file. None lies deeper than half of that.
pub(crate) const STEPS_MOST: usize = 16;

/// How many mistakes of syntax are told of a file: one that has more is something else altogether.
const SYNTAX_TOLD: usize = 10;

/// Reads a file. The first mistakes of syntax are returned, one for each line; what could be read is
/// returned beside them.
pub(crate) fn read(sources: &Sources, number: usize) -> (Node, Vec<Mistake>) {
    let text = &sources.get(number).text;
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut lines = Vec::new();
    let mut mistakes = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let line = text[..span.start.min(text.len())].matches('\n').count();
        // Further errors on a line are consequences of the first.
        if !lines.contains(&line) {
            lines.push(line);
            let place = Place { source: number, span: visible(text, span) };
            // "unclosed table, expected `]`": what, and what should stand at the place.
            let (what, expected) = match error.message().rsplit_once(", expected ") {
                Some((what, expected)) if expected != "nothing" => (what, expected),
                _ => (error.message(), ""),
            };
            let label = match expected {
                "" => "here".into(),
                expected => format!("expected {expected}"),
            };
            mistakes.push(
                Mistake::new("config::syntax", format!("this is not TOML: {what}"))
                    .at(Some(&place), label),
            );
            if mistakes.len() == SYNTAX_TOLD {
                break;
            }
        }
    }
    let mut root = Node { value: Value::Table(Table::default()), place: None };
    if let Value::Table(entries) = &mut root.value {
        *entries = convert_table(table.get_ref(), number, 0);
    }
    (root, mistakes)
}

/// A span that can be shown: on whole characters, and on at least one where the line has any.
fn visible(text: &str, span: Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    // At the end of a line there is nothing to point at but what stands before it.
    if text[start..end].trim_end_matches(['\r', '\n']).is_empty() {
        let before = text[..start].chars().next_back().filter(|c| *c != '\n');
        return start - before.map_or(0, char::len_utf8)..start;
    }
    start..end
}

fn convert_table(table: &DeTable<'_>, number: usize, shift: usize) -> Table {
    let place =
        |span: Range<usize>| Place { source: number, span: span.start + shift..span.end + shift };
    Table(
        table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref().to_string(),
                place: Some(place(key.span())),
                node: Node {
                    value: convert(value.get_ref(), number, shift),
                    place: Some(place(value.span())),
                },
            })
            .collect(),
    )
}

fn convert(value: &DeValue<'_>, number: usize, shift: usize) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => {
            let digits = integer.as_str();
            let digits = digits.strip_prefix('+').unwrap_or(digits);
            // Beyond 128 bits it is beyond every range, whichever number stands for it.
            Value::Integer(i128::from_str_radix(digits, integer.radix()).unwrap_or(i128::MAX))
        }
        DeValue::Float(number) => Value::Number(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| Node {
                    value: convert(item.get_ref(), number, shift),
                    place: Some(Place {
                        source: number,
                        span: item.span().start + shift..item.span().end + shift,
                    }),
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(convert_table(table, number, shift)),
    }
}

/// A value that is written alone: a default, or what follows `=` in an argument. What is not
/// TOML is a string, so that `50ms` needs no quotes within those of a shell.
pub(crate) fn read_value(text: &str, number: usize, shift: usize) -> Value {
    match DeValue::parse(text) {
        Ok(value) => convert(value.get_ref(), number, shift),
        Err(_) => Value::Text(text.to_owned()),
    }
}

/// A setting that is laid over a file: a dotted path and a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Override {
    /// Each key of the path, and where it was written.
    pub(crate) path: Vec<(String, Option<Place>)>,
    /// The value.
    pub(crate) node: Node,
}

/// Reads `key=value`, which stands in `text` from byte `from` on. `prefix` is written before it.
pub(crate) fn read_override(
    sources: &mut Sources,
    name: &str,
    prefix: &str,
    assignment: &str,
) -> Result<Override, Mistake> {
    let text = format!("{prefix}{assignment}");
    let whole = prefix.len()..text.len();
    let number = sources.add(SourceText { name: name.into(), text, base: None });
    let whole = Place { source: number, span: whole };
    let is_path = |path: &str| {
        path.split('.').all(|key| !key.trim().is_empty()) && path.split('.').count() <= STEPS_MOST
    };
    let Some((path, value)) = assignment.split_once('=').filter(|(path, _)| is_path(path)) else {
        return Err(Mistake::new("config::override", "this is not a setting")
            .at(Some(&whole), "no `key=value`")
            .help(
                "write a dotted key and a value, such as --set engine.micro-batch.interval=50ms",
            ));
    };
    let mut at = prefix.len();
    let path = path
        .split('.')
        .map(|key| {
            let start = at + (key.len() - key.trim_start().len());
            at += key.len() + 1;
            let span = start..start + key.trim().len();
            (key.trim().to_owned(), Some(Place { source: number, span }))
        })
        .collect();
    let start = at + (value.len() - value.trim_start().len());
    let value = value.trim();
    let place = Some(Place { source: number, span: start..start + value.len() });
    Ok(Override { path, node: Node { value: read_value(value, number, start), place } })
}
