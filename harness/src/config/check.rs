//! Holds a tree against the table of keys, and turns what is in order into settings.
//!
//! Each key is looked at by itself: whether it exists, has the right type, a unit, a value in
//! range. All mistakes are collected. What a pair of settings means together is in `resolve.rs`.

use super::schema::{self, Key, Kind, Unsaid};
use super::tree::{Entry, Node, Table, Value, read_value};
use crate::config::diagnostic::{Mistake, Place, listed, nearest};
use crate::plan::Repeat;
use crate::plan::units::{self, UnitError};
use std::collections::BTreeMap;
use std::time::Duration;

/// A value of the type that its key takes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Typed {
    Text(String),
    Integer(i128),
    Number(f64),
    Flag(bool),
    RunTime(Duration),
    EventTime(i64),
    Rate(f64),
    Size(u64),
    Repeat(Repeat),
    Choices(Vec<&'static str>),
    List(Vec<Typed>),
    /// A table or a choice is there.
    Present,
}

/// A value, and where it and its key were written; nowhere, for a default.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    pub(crate) value: Typed,
    pub(crate) place: Option<Place>,
    pub(crate) key_place: Option<Place>,
}

/// Every key that applies, and what it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings(BTreeMap<&'static str, Setting>);

impl Settings {
    pub(crate) fn get(&self, path: &str) -> Option<&Setting> {
        self.0.get(path)
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    pub(crate) fn place(&self, path: &str) -> Option<&Place> {
        self.get(path)?.place.as_ref()
    }

    pub(crate) fn key_place(&self, path: &str) -> Option<&Place> {
        let setting = self.get(path)?;
        setting.key_place.as_ref().or(setting.place.as_ref())
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        match &self.get(path)?.value {
            Typed::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn integer<N: TryFrom<i128>>(&self, path: &str) -> Option<N> {
        match self.get(path)?.value {
            Typed::Integer(integer) => N::try_from(integer).ok(),
            _ => None,
        }
    }

    pub(crate) fn number(&self, path: &str) -> Option<f64> {
        match self.get(path)?.value {
            Typed::Number(number) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn flag(&self, path: &str) -> Option<bool> {
        match self.get(path)?.value {
            Typed::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    pub(crate) fn run_time(&self, path: &str) -> Option<Duration> {
        match self.get(path)?.value {
            Typed::RunTime(length) => Some(length),
            _ => None,
        }
    }

    pub(crate) fn event_time(&self, path: &str) -> Option<i64> {
        match self.get(path)?.value {
            Typed::EventTime(micros) => Some(micros),
            _ => None,
        }
    }

    pub(crate) fn rate(&self, path: &str) -> Option<f64> {
        match self.get(path)?.value {
            Typed::Rate(per_s) => Some(per_s),
            _ => None,
        }
    }

    pub(crate) fn size(&self, path: &str) -> Option<u64> {
        match self.get(path)?.value {
            Typed::Size(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) fn repeat(&self, path: &str) -> Option<Repeat> {
        match self.get(path)?.value {
            Typed::Repeat(repeat) => Some(repeat),
            _ => None,
        }
    }

    pub(crate) fn choices(&self, path: &str) -> Option<&[&'static str]> {
        match &self.get(path)?.value {
            Typed::Choices(words) => Some(words),
            _ => None,
        }
    }

    /// What `of` makes of each item of a list.
    fn list<T>(&self, path: &str, of: impl Fn(&Typed) -> Option<T>) -> Option<Vec<T>> {
        match &self.get(path)?.value {
            Typed::List(items) => items.iter().map(of).collect(),
            _ => None,
        }
    }

    pub(crate) fn integers<N: TryFrom<i128>>(&self, path: &str) -> Option<Vec<N>> {
        self.list(path, |item| match item {
            Typed::Integer(integer) => N::try_from(*integer).ok(),
            _ => None,
        })
    }

    /// Numbers or rates.
    pub(crate) fn numbers(&self, path: &str) -> Option<Vec<f64>> {
        self.list(path, |item| match item {
            Typed::Number(number) | Typed::Rate(number) => Some(*number),
            _ => None,
        })
    }

    pub(crate) fn event_times(&self, path: &str) -> Option<Vec<i64>> {
        self.list(path, |item| match item {
            Typed::EventTime(micros) => Some(*micros),
            _ => None,
        })
    }

    /// The key that was chosen at a [`Kind::Pick`].
    pub(crate) fn picked(&self, path: &str) -> Option<&'static Key> {
        schema::children(path).find(|key| self.has(key.path))
    }

    fn put(
        &mut self,
        key: &'static Key,
        value: Typed,
        place: Option<&Place>,
        entry: Option<&Place>,
    ) {
        let setting = Setting { value, place: place.cloned(), key_place: entry.cloned() };
        self.0.insert(key.path, setting);
    }
}

/// Collects settings and mistakes from one tree.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    pub(crate) settings: Settings,
    pub(crate) mistakes: Vec<Mistake>,
    /// What is missing may be in the lines that could not be read.
    pub(crate) unreadable: bool,
}

impl Checker {
    /// The table of keys at `path`; `skip` are keys that are looked at elsewhere.
    pub(crate) fn table(&mut self, path: &'static str, node: &Node, skip: &[&str]) {
        let Some(table) = node.table() else {
            return self.wrong_type(path, &Kind::Table, node);
        };
        for entry in &table.0 {
            if skip.contains(&entry.key.as_str()) {
                continue;
            }
            match schema::children(path).find(|key| key.name() == entry.key) {
                Some(key) => self.entry(key, entry),
                None => self.unknown(path, entry),
            }
        }
        for key in schema::children(path) {
            if table.get(key.name()).is_none() && !skip.contains(&key.name()) {
                self.absent(key, table, node.place.as_ref());
            }
        }
        // After all others, since it takes over what they are.
        for key in schema::children(path) {
            if let Unsaid::Same(other) = key.unsaid
                && !self.settings.has(key.path)
                && table.get(key.name()).is_none()
                && let Some(other) = schema::children(path).find(|key| key.name() == other)
                && let Some(setting) = self.settings.get(other.path)
            {
                let value = setting.value.clone();
                self.settings.put(key, value, None, None);
            }
        }
    }

    fn absent(&mut self, key: &'static Key, beside: &Table, table: Option<&Place>) {
        match key.unsaid {
            Unsaid::RequiredWithout(other, _) if beside.get(other).is_some() => {}
            Unsaid::Is(text) => {
                let entry = Entry {
                    key: key.name().into(),
                    place: None,
                    node: Node { value: read_value(text, 0, 0), place: None }.without_places(),
                };
                self.entry(key, &entry);
            }
            Unsaid::Required(example) | Unsaid::RequiredWithout(_, example) if !self.unreadable => {
                let whose = match key.parent() {
                    "" => "a scenario file ".into(),
                    "suite" => "a suite ".into(),
                    parent => format!("[{}] ", shown(parent)),
                };
                let (code, name) = ("config::missing_key", key.name());
                self.mistakes.push(
                    Mistake::new(code, format!("{whose}needs a key `{name}`: {}", key.meaning))
                        .at(table, format!("no `{name}` here"))
                        .help(format!("add {example}")),
                );
            }
            // A table that may be left out still has defaults, unless it stands for a choice.
            Unsaid::Absent if key.path == "measure" => self.table(key.path, &Node::empty(), &[]),
            Unsaid::Required(_)
            | Unsaid::RequiredWithout(..)
            | Unsaid::Absent
            | Unsaid::Same(_) => {}
        }
    }

    fn unknown(&mut self, path: &str, entry: &Entry) {
        let names = || schema::children(path).map(Key::name);
        let table = shown(path);
        let (whose, describe) = match (table, path) {
            (_, "suite") => ("a suite".into(), "describe suite".into()),
            ("", _) => ("a scenario file".into(), "describe scenario".into()),
            (table, _) => (format!("[{table}]"), format!("describe {table}")),
        };
        let all = match names().next() {
            Some(_) => format!("All keys: sluicebench {describe}"),
            None => "It has no keys".into(),
        };
        let help = match nearest(&entry.key, names()) {
            Some(name) => format!("did you mean `{name}`?  {all}"),
            None if names().next().is_some() => {
                format!("its keys are {}.  {all}", listed(names()))
            }
            None => all,
        };
        self.mistakes.push(
            Mistake::new("config::unknown_key", format!("unknown key `{}`", entry.key))
                .at(entry.place.as_ref(), format!("not a key of {whose}"))
                .help(help),
        );
    }

    fn entry(&mut self, key: &'static Key, entry: &Entry) {
        let node = &entry.node;
        let place = node.place.as_ref();
        match &key.kind {
            Kind::Table | Kind::Inline => {
                if node.table().is_some() {
                    self.settings.put(key, Typed::Present, place, entry.place.as_ref());
                }
                self.table(key.path, node, &[]);
            }
            Kind::OrTable(_) if node.table().is_some() => {
                self.settings.put(key, Typed::Present, place, entry.place.as_ref());
                self.table(key.path, node, &[]);
            }
            Kind::Pick { .. } => self.pick(key, node),
            // Whoever asks for these goes through the tree itself.
            Kind::Tables | Kind::Overrides => {}
            Kind::NotYet => self.mistakes.push(
                Mistake::new(
                    "config::not_supported",
                    format!("`{}` is not supported yet: {}", entry.key, key.meaning),
                )
                .at(entry.place.as_ref().or(place), "not supported yet")
                .help(
                    "leave it out; what is supported: sluicebench describe ".to_owned()
                        + shown(key.parent()),
                ),
            ),
            kind => {
                if let Some(value) = self.value(key, kind, node) {
                    self.settings.put(key, value, place, entry.place.as_ref());
                }
            }
        }
    }

    fn pick(&mut self, key: &'static Key, node: &Node) {
        let Some(table) = node.table() else {
            return self.wrong_type(key.path, &key.kind, node);
        };
        let mut chosen = Vec::new();
        let known = |entry: &Entry| schema::children(key.path).any(|key| key.name() == entry.key);
        let whole = self.unreadable;
        // Where two are chosen, what the wrong one lacks is of no interest.
        self.unreadable |= table.0.iter().filter(|entry| known(entry)).count() > 1;
        for entry in &table.0 {
            match schema::children(key.path).find(|key| key.name() == entry.key) {
                Some(option) => {
                    self.entry(option, entry);
                    chosen.push((option, entry));
                }
                None => self.unknown(key.path, entry),
            }
        }
        self.unreadable = whole;
        let options = || listed(schema::children(key.path).map(Key::name));
        match chosen[..] {
            [] if table.0.is_empty() && !self.unreadable => self.mistakes.push(
                Mistake::new(
                    "config::missing_key",
                    format!("[{}] is empty: {}", shown(key.path), key.meaning),
                )
                .at(node.place.as_ref(), "nothing chosen here")
                .help(format!("choose one of {}", options())),
            ),
            [] | [_] => {}
            [ref rest @ .., (last, _)] => {
                let (first, _) = rest[0];
                let message = format!(
                    "[{}] holds {} and {}, but takes one of {}",
                    shown(key.path),
                    listed(rest.iter().map(|(key, _)| key.name())),
                    listed([last.name()]),
                    options()
                );
                let mut mistake = Mistake::new("config::conflict", message).help(format!(
                    "keep `{}` or `{}`",
                    first.name(),
                    last.name()
                ));
                for (index, (_, entry)) in chosen.iter().enumerate() {
                    let place = entry.node.place.as_ref().filter(|_| entry.node.table().is_some());
                    let text = if index == 0 { "one" } else { "another" };
                    mistake = mistake.at(place.or(entry.place.as_ref()), text);
                }
                self.mistakes.push(mistake);
            }
        }
    }

    fn wrong_type(&mut self, path: &str, kind: &Kind, node: &Node) {
        let name = if shown(path).is_empty() { "a file" } else { shown(path) };
        self.mistakes.push(
            Mistake::new(
                "config::type",
                format!("`{name}` takes {}, not {}", kind.takes(), node.value.kind()),
            )
            .at(node.place.as_ref(), node.value.kind()),
        );
    }

    /// The value as its key takes it; `None` if it cannot be, which has then been said.
    fn value(&mut self, key: &'static Key, kind: &Kind, node: &Node) -> Option<Typed> {
        match (kind, &node.value) {
            (Kind::OrTable(simple), _) => return self.value(key, simple, node),
            (Kind::List(kind), Value::List(items)) => return self.list(key, kind, node, items),
            _ => {}
        }
        let read = |error: UnitError| {
            let code = match error {
                UnitError::Bare { .. } => "config::unit",
                _ => "config::value",
            };
            Mistake::new(code, error.to_string()).at(node.place.as_ref(), error.remedy())
        };
        let out_of_range = || {
            Mistake::new("config::range", format!("`{}` takes {}", key.name(), kind.takes()))
                .at(node.place.as_ref(), "out of range")
                .help(format!("what it means: sluicebench describe {}", shown(key.path)))
        };
        let bare = bare(node);
        let result = match (kind, &node.value) {
            (Kind::Text | Kind::Path | Kind::Amount, Value::Text(text)) => {
                Ok(Typed::Text(text.clone()))
            }
            (Kind::Name, Value::Text(text)) => name(text, key, node),
            (Kind::Flag, Value::Flag(flag)) => Ok(Typed::Flag(*flag)),
            (Kind::Integer { least, most }, Value::Integer(integer)) => {
                if (least..=most).contains(&integer) {
                    Ok(Typed::Integer(*integer))
                } else {
                    Err(out_of_range())
                }
            }
            (Kind::Amount, Value::Integer(_) | Value::Number(_)) => {
                number(node).map(Typed::Number).ok_or_else(out_of_range)
            }
            (Kind::Number { least, most }, Value::Integer(_) | Value::Number(_)) => number(node)
                .filter(|number| number.is_finite() && (least..=most).contains(&number))
                .map(Typed::Number)
                .ok_or_else(out_of_range),
            (Kind::Positive, Value::Integer(_) | Value::Number(_)) => number(node)
                .filter(|number| number.is_finite() && *number > 0.0)
                .map(Typed::Number)
                .ok_or_else(out_of_range),
            (Kind::RunTimeOr { word, .. }, Value::Text(text)) if text == word => {
                Ok(Typed::Text((*word).into()))
            }
            (Kind::RunTime { least_ns } | Kind::RunTimeOr { least_ns, .. }, Value::Text(text)) => {
                let least = Duration::from_nanos(*least_ns);
                units::duration(text).map_err(read).and_then(|length| {
                    let long_enough = (length >= least).then_some(Typed::RunTime(length));
                    long_enough.ok_or_else(|| too_short(key, node, least))
                })
            }
            (Kind::EventTime { least_us }, Value::Text(text)) => {
                let least = Duration::from_micros(least_us.unsigned_abs());
                event_time(text, *least_us).map_err(read).and_then(|micros| {
                    let long_enough = (micros >= *least_us).then_some(Typed::EventTime(micros));
                    long_enough.ok_or_else(|| too_short(key, node, least))
                })
            }
            (Kind::Rate, Value::Text(text)) => match units::rate_per_s(text) {
                Ok(per_s) if per_s.is_finite() && per_s > 0.0 => Ok(Typed::Rate(per_s)),
                Ok(_) => Err(Mistake::new(
                    "config::range",
                    format!("a {} of {text} offers no events", key.name()),
                )
                .at(node.place.as_ref(), "must be above zero")),
                Err(error) => Err(read(error)),
            },
            (Kind::Size, Value::Text(text)) => {
                units::size_bytes(text).map(Typed::Size).map_err(read)
            }
            (Kind::Repeat, Value::Integer(_) | Value::Text(_)) => {
                repeat(&node.value).ok_or_else(out_of_range)
            }
            (Kind::RunTime { .. } | Kind::RunTimeOr { .. } | Kind::EventTime { .. }, _)
                if bare.is_some() =>
            {
                Err(read(units::bare_duration(&bare.unwrap_or_default())))
            }
            (Kind::Rate, _) if bare.is_some() => {
                Err(read(units::bare_rate(&bare.unwrap_or_default())))
            }
            (Kind::Size, _) if bare.is_some() => {
                Err(read(units::bare_size(&bare.unwrap_or_default())))
            }
            (Kind::Choice(words), Value::Text(text)) => {
                word(text, words, node).map(|word| Typed::Text(word.into()))
            }
            (Kind::Choices(words), Value::List(items)) => {
                return self.words(key, words, node, items);
            }
            _ => {
                self.wrong_type(key.path, kind, node);
                return None;
            }
        };
        result.map_err(|mistake| self.mistakes.push(mistake)).ok()
    }

    fn list(
        &mut self,
        key: &'static Key,
        kind: &Kind,
        node: &Node,
        items: &[Node],
    ) -> Option<Typed> {
        if items.is_empty() {
            self.mistakes.push(
                Mistake::new("config::range", format!("`{}` is empty", key.name()))
                    .at(node.place.as_ref(), "nothing is listed here")
                    .help(format!("list {}", key.meaning)),
            );
            return None;
        }
        // All of them are looked at, so that all mistakes are told.
        let typed: Vec<_> = items.iter().map(|item| self.value(key, kind, item)).collect();
        typed.into_iter().collect::<Option<_>>().map(Typed::List)
    }

    fn words(
        &mut self,
        key: &'static Key,
        words: &'static [&'static str],
        node: &Node,
        items: &[Node],
    ) -> Option<Typed> {
        let before = self.mistakes.len();
        let mut chosen = Vec::new();
        for item in items {
            let Value::Text(text) = &item.value else {
                self.wrong_type(key.path, &key.kind, item);
                continue;
            };
            match word(text, words, item) {
                Ok(word) if chosen.contains(&word) => self.mistakes.push(
                    Mistake::new("config::value", format!("`{word}` is listed twice"))
                        .at(item.place.as_ref(), "the second time"),
                ),
                Ok(word) => chosen.push(word),
                Err(mistake) => self.mistakes.push(mistake),
            }
        }
        if items.is_empty() {
            self.mistakes.push(
                Mistake::new("config::range", format!("`{}` is empty", key.name()))
                    .at(node.place.as_ref(), "nothing is asked here")
                    .help(format!("list some of {}", listed(words.iter().copied()))),
            );
        }
        (self.mistakes.len() == before).then_some(Typed::Choices(chosen))
    }
}

/// One value by itself, as its key takes it.
pub(crate) fn typed(key: &'static Key, node: &Node) -> Result<Typed, Vec<Mistake>> {
    let mut checker = Checker::default();
    checker.value(key, key.kind.alone(), node).ok_or(checker.mistakes)
}

/// A number without a unit, as it is written.
fn bare(node: &Node) -> Option<String> {
    match node.value {
        Value::Integer(integer) => Some(integer.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A number, whichever way it is written.
fn number(node: &Node) -> Option<f64> {
    match node.value {
        // Integers of a configuration are far below 2^53; beyond that, the nearest will do.
        Value::Integer(integer) => Some(integer as f64),
        Value::Number(number) => Some(number),
        _ => None,
    }
}

fn word(text: &str, words: &'static [&'static str], node: &Node) -> Result<&'static str, Mistake> {
    if let Some(word) = words.iter().find(|word| **word == text) {
        return Ok(word);
    }
    let all = format!("it takes {}", listed(words.iter().copied()));
    let help = match nearest(text, words.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?  {all}"),
        None => all,
    };
    Err(Mistake::new("config::value", format!("`{text}` is not a choice here"))
        .at(node.place.as_ref(), "not one of the choices")
        .help(help))
}

fn name(text: &str, key: &Key, node: &Node) -> Result<Typed, Mistake> {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !text.is_empty() && text.len() <= 80 && text.chars().all(is_safe) && !text.starts_with('.') {
        return Ok(Typed::Text(text.into()));
    }
    Err(Mistake::new("config::value", format!("`{}` cannot be part of a file's name", key.name()))
        .at(node.place.as_ref(), "up to 80 letters, digits, `-`, `_` and `.`")
        .help("put what people read into `title`"))
}

fn repeat(value: &Value) -> Option<Typed> {
    let read = match value {
        Value::Integer(times) => times.to_string().parse(),
        Value::Text(text) => text.parse(),
        _ => return None,
    };
    read.ok().map(Typed::Repeat)
}

/// A length of event time; one that may be below zero can have a minus before it.
fn event_time(text: &str, least_us: i64) -> Result<i64, UnitError> {
    match text.trim().strip_prefix('-') {
        Some(length) if least_us < 0 => units::event_time_us(length).map(|micros| -micros),
        _ => units::event_time_us(text),
    }
}

fn too_short(key: &Key, node: &Node, least: Duration) -> Mistake {
    // Nobody thinks of a nanosecond as the shortest run.
    let message = if least <= Duration::from_micros(1) {
        format!("`{}` must be longer than nothing", key.name())
    } else {
        format!("`{}` must be at least {}", key.name(), units::show_duration(least))
    };
    Mistake::new("config::range", message).at(node.place.as_ref(), "too short")
}

/// A path as the user writes it.
pub(crate) fn shown(path: &str) -> &str {
    match path {
        "suite" => "",
        path => path.strip_prefix("suite.").unwrap_or(path),
    }
}

impl Node {
    /// The same as a default: written nowhere.
    fn without_places(mut self) -> Self {
        self.place = None;
        match &mut self.value {
            Value::List(items) => {
                *items = items.drain(..).map(Self::without_places).collect();
            }
            Value::Table(table) => {
                for entry in &mut table.0 {
                    entry.place = None;
                    let node = std::mem::replace(&mut entry.node, Self::empty());
                    entry.node = node.without_places();
                }
            }
            _ => {}
        }
        self
    }
}
