//! Holds a tree against the table of keys, and turns what is in order into settings.
//!
//! Each key is looked at by itself: whether it exists, has the right type, a unit, a value in
//! range. All mistakes are collected. What a pair of settings means together is in
//! `contradictions.rs`.

use super::diagnostic::{Mistake, Place, listed, nearest};
use super::keys;
use super::schema::{Key, Kind, RATE_MOST, Unsaid};
use super::settings::Settings;
use super::tree::{Entry, Node, Table, Value, read_value};
use crate::plan::Cpus;
use crate::plan::settings::Typed;
use crate::plan::units::{self, UnitError};
use std::time::Duration;

/// Collects settings and mistakes from one tree.
#[derive(Debug, Default)]
pub(super) struct Checker {
    pub(super) settings: Settings,
    pub(super) mistakes: Vec<Mistake>,
    /// What is missing may be in the lines that could not be read.
    pub(super) unreadable: bool,
}

impl Checker {
    /// The table of keys at `path`; `skip` are keys that are looked at elsewhere.
    pub(super) fn table(&mut self, path: &'static str, node: &Node, skip: &[&str]) {
        let Some(table) = node.table() else {
            return self.wrong_type(path, &Kind::Table, node);
        };
        for entry in &table.0 {
            if skip.contains(&entry.key.as_str()) {
                continue;
            }
            match keys::children(path).find(|key| key.name() == entry.key) {
                Some(key) => self.entry(key, entry),
                None => self.unknown(path, entry),
            }
        }
        for key in keys::children(path) {
            if table.get(key.name()).is_none() && !skip.contains(&key.name()) {
                self.absent(key, table, node.place.as_ref());
            }
        }
        // After all others, since it takes over what they are.
        for key in keys::children(path) {
            if let Unsaid::Same(other) = key.unsaid
                && !self.settings.has(key.path)
                && table.get(key.name()).is_none()
                && let Some(other) = keys::children(path).find(|key| key.name() == other)
                && let Some(setting) = self.settings.get(other.path)
            {
                let value = setting.value.clone();
                self.settings.put(key, value, None, None);
            }
        }
    }

    fn absent(&mut self, key: &'static Key, beside: &Table, table: Option<&Place>) {
        match key.unsaid {
            Unsaid::RequiredWithout(other, _) | Unsaid::IsWithout(other, _)
                if beside.get(other).is_some() => {}
            Unsaid::Is(text) | Unsaid::IsWithout(_, text) => {
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
            Unsaid::Absent if key.path == "measure" => {
                self.settings.put(key, Typed::Present, None, None);
                self.table(key.path, &Node::empty(), &[]);
            }
            Unsaid::Required(_)
            | Unsaid::RequiredWithout(..)
            | Unsaid::Absent
            | Unsaid::Same(_) => {}
        }
    }

    fn unknown(&mut self, path: &str, entry: &Entry) {
        let names = || keys::children(path).map(Key::name);
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
        let known = |entry: &Entry| keys::children(key.path).any(|key| key.name() == entry.key);
        let whole = self.unreadable;
        // Where two are chosen, what the wrong one lacks is of no interest.
        self.unreadable |= table.0.iter().filter(|entry| known(entry)).count() > 1;
        for entry in &table.0 {
            match keys::children(key.path).find(|key| key.name() == entry.key) {
                Some(option) => {
                    self.entry(option, entry);
                    chosen.push((option, entry));
                }
                None => self.unknown(key.path, entry),
            }
        }
        self.unreadable = whole;
        let options = || listed(keys::children(key.path).map(Key::name));
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
        let mut mistake = Mistake::new(
            "config::type",
            format!("`{name}` takes {}, not {}", kind.takes(), node.value.told()),
        )
        .at(node.place.as_ref(), node.value.told());
        if let Some(word) = meant(kind, &node.value) {
            let key = path.rsplit('.').next().unwrap_or(path);
            mistake = mistake.help(format!(
                "write it in quotes, {key} = \"{word}\": without them it is a number, which ends in \
                 no zero"
            ));
        }
        self.mistakes.push(mistake);
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
        let bare = bare(node);
        let result = match (kind, &node.value) {
            (Kind::Text | Kind::Path | Kind::Amount, Value::Text(text)) => {
                Ok(Typed::Text(text.clone()))
            }
            (Kind::Cpus, Value::Text(text)) => cpus(text, key, kind, node),
            // A single one, as people type it.
            (Kind::Cpus, Value::Integer(cpu)) => cpus(&cpu.to_string(), key, kind, node),
            (Kind::Name, Value::Text(text)) => name(text, key, node),
            (Kind::Flag, Value::Flag(flag)) => Ok(Typed::Flag(*flag)),
            (Kind::Integer { .. }, Value::Integer(integer)) => Ok(Typed::Integer(*integer)),
            // Integers of a configuration are far below 2^53; beyond that, the nearest will do.
            (Kind::Amount | Kind::Number { .. } | Kind::Positive, Value::Integer(integer)) => {
                Ok(Typed::Number(*integer as f64))
            }
            (Kind::Amount | Kind::Number { .. } | Kind::Positive, Value::Number(number)) => {
                Ok(Typed::Number(*number))
            }
            (Kind::RunTimeOr { word, .. }, Value::Text(text)) if text == word => {
                Ok(Typed::Text((*word).into()))
            }
            (Kind::RunTime { .. } | Kind::RunTimeOr { .. }, Value::Text(text)) => {
                units::duration(text).map(Typed::RunTime).map_err(read)
            }
            (Kind::EventTime { least_us }, Value::Text(text)) => {
                event_time(text, *least_us).map(Typed::EventTime).map_err(read)
            }
            (Kind::Rate, Value::Text(text)) => {
                units::rate_per_s(text).map(Typed::Rate).map_err(read)
            }
            (Kind::Size(_), Value::Text(text)) => {
                units::size_bytes(text).map(Typed::Size).map_err(read)
            }
            (Kind::Repeat, Value::Integer(_) | Value::Text(_)) => {
                repeat(&node.value).ok_or_else(|| out_of_range(key, kind, node))
            }
            (Kind::RunTime { .. } | Kind::RunTimeOr { .. } | Kind::EventTime { .. }, _)
                if bare.is_some() =>
            {
                Err(read(units::bare_duration(&bare.unwrap_or_default())))
            }
            (Kind::Rate, _) if bare.is_some() => {
                Err(read(units::bare_rate(&bare.unwrap_or_default())))
            }
            (Kind::Size(_), _) if bare.is_some() => {
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
        let in_range = |value: Typed| {
            if kind.admits(&value) { Ok(value) } else { Err(out_of_range(key, kind, node)) }
        };
        result.and_then(in_range).map_err(|mistake| self.mistakes.push(mistake)).ok()
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
                Ok(word) if chosen.iter().any(|other| other == word) => self.mistakes.push(
                    Mistake::new("config::value", format!("`{word}` is listed twice"))
                        .at(item.place.as_ref(), "the second time"),
                ),
                Ok(word) => chosen.push(word.to_owned()),
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
pub fn typed(key: &'static Key, node: &Node) -> Result<Typed, Vec<Mistake>> {
    let mut checker = Checker::default();
    checker.value(key, key.kind.alone(), node).ok_or(checker.mistakes)
}

/// A number without a unit, as it is written. One that is none, such as `nan` and what is beyond all
/// numbers, gets no better by a unit.
fn bare(node: &Node) -> Option<String> {
    match node.value {
        Value::Integer(integer) => Some(integer.to_string()),
        Value::Number(number) if number.abs() < 1e15 => Some(number.to_string()),
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

/// Some processors, written as the record shows them.
fn cpus(text: &str, key: &Key, kind: &Kind, node: &Node) -> Result<Typed, Mistake> {
    let read = text.parse::<Cpus>();
    read.map(|cpus| Typed::Text(cpus.to_string())).map_err(|_| out_of_range(key, kind, node))
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

/// A value of the right type that its key does not admit.
fn out_of_range(key: &Key, kind: &Kind, node: &Node) -> Mistake {
    let least = match kind {
        Kind::RunTime { least_ns, most_ns } | Kind::RunTimeOr { least_ns, most_ns, .. } => {
            let most = Duration::from_nanos(*most_ns);
            let is_written =
                |text: &String| units::duration(text).is_ok_and(|length| length > most);
            if matches!(&node.value, Value::Text(text) if is_written(text)) {
                let most = units::show_duration(most);
                let message = format!("`{}` must be at most {most}", key.name());
                return Mistake::new("config::range", message).at(node.place.as_ref(), "too long");
            }
            Duration::from_nanos(*least_ns)
        }
        Kind::EventTime { least_us } => Duration::from_micros(least_us.unsigned_abs()),
        Kind::Rate => {
            let written = match &node.value {
                Value::Text(text) => text.as_str(),
                _ => "nothing",
            };
            if units::rate_per_s(written).is_ok_and(|rate| rate > RATE_MOST) {
                let message = format!("a {} of {written} is offered by no machine", key.name());
                return Mistake::new("config::range", message)
                    .at(node.place.as_ref(), "too much")
                    .help(format!("write at most {}", units::show_rate(RATE_MOST)));
            }
            let message = format!("a {} of {written} offers no events", key.name());
            return Mistake::new("config::range", message)
                .at(node.place.as_ref(), "must be above zero");
        }
        kind => {
            let message = format!("`{}` takes {}", key.name(), kind.takes());
            return Mistake::new("config::range", message)
                .at(node.place.as_ref(), "out of range")
                .help(format!("what it means: sluicebench describe {}", shown(key.path)));
        }
    };
    // Nobody thinks of a nanosecond as the shortest run.
    let message = if least <= Duration::from_micros(1) {
        format!("`{}` must be longer than nothing", key.name())
    } else {
        format!("`{}` must be at least {}", key.name(), units::show_duration(least))
    };
    Mistake::new("config::range", message).at(node.place.as_ref(), "too short")
}

/// A path as the user writes it.
pub fn shown(path: &str) -> &str {
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
/// The word that somebody meant who wrote it as a number, such as a release: the one of the choice that
/// is this number.
fn meant(kind: &Kind, value: &Value) -> Option<&'static str> {
    let Kind::Choice(words) = kind else { return None };
    let number = match value {
        Value::Number(number) => *number,
        Value::Integer(integer) => *integer as f64,
        _ => return None,
    };
    words.iter().copied().find(|word| word.parse() == Ok(number))
}
