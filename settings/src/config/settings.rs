//! Settings: every key that applies, the value it has, and where that was written.
//!
//! A value is of the type that its key takes, so that whoever asks for it need not look twice. What
//! a pair of settings means together is not known here.

use super::diagnostic::Place;
use super::keys;
use super::schema::Key;
use crate::plan::Repeat;
use crate::plan::settings::{Typed, Values};
use std::collections::BTreeMap;
use std::time::Duration;

/// Every key that applies, and what it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Settings(BTreeMap<&'static str, Setting>);

impl Settings {
    pub(super) fn get(&self, path: &str) -> Option<&Setting> {
        self.0.get(path)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    pub(super) fn place(&self, path: &str) -> Option<&Place> {
        self.get(path)?.place.as_ref()
    }

    pub(super) fn key_place(&self, path: &str) -> Option<&Place> {
        let setting = self.get(path)?;
        setting.key_place.as_ref().or(setting.place.as_ref())
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        match &self.get(path)?.value {
            Typed::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn integer<N: TryFrom<i128>>(&self, path: &str) -> Option<N> {
        match self.get(path)?.value {
            Typed::Integer(integer) => N::try_from(integer).ok(),
            _ => None,
        }
    }

    pub(super) fn number(&self, path: &str) -> Option<f64> {
        match self.get(path)?.value {
            Typed::Number(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn flag(&self, path: &str) -> Option<bool> {
        match self.get(path)?.value {
            Typed::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    pub(super) fn run_time(&self, path: &str) -> Option<Duration> {
        match self.get(path)?.value {
            Typed::RunTime(length) => Some(length),
            _ => None,
        }
    }

    pub(super) fn event_time(&self, path: &str) -> Option<i64> {
        match self.get(path)?.value {
            Typed::EventTime(micros) => Some(micros),
            _ => None,
        }
    }

    pub(super) fn rate(&self, path: &str) -> Option<f64> {
        match self.get(path)?.value {
            Typed::Rate(per_s) => Some(per_s),
            _ => None,
        }
    }

    pub(super) fn size(&self, path: &str) -> Option<u64> {
        match self.get(path)?.value {
            Typed::Size(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn repeat(&self, path: &str) -> Option<Repeat> {
        match self.get(path)?.value {
            Typed::Repeat(repeat) => Some(repeat),
            _ => None,
        }
    }

    pub(super) fn choices(&self, path: &str) -> Option<&[String]> {
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

    pub(super) fn integers<N: TryFrom<i128>>(&self, path: &str) -> Option<Vec<N>> {
        self.list(path, |item| match item {
            Typed::Integer(integer) => N::try_from(*integer).ok(),
            _ => None,
        })
    }

    /// Numbers or rates.
    pub(super) fn numbers(&self, path: &str) -> Option<Vec<f64>> {
        self.list(path, |item| match item {
            Typed::Number(number) | Typed::Rate(number) => Some(*number),
            _ => None,
        })
    }

    pub(super) fn event_times(&self, path: &str) -> Option<Vec<i64>> {
        self.list(path, |item| match item {
            Typed::EventTime(micros) => Some(*micros),
            _ => None,
        })
    }

    /// The values alone.
    pub(super) fn values(&self) -> Values {
        self.0.iter().map(|(path, setting)| ((*path).to_owned(), setting.value.clone())).collect()
    }

    /// Settings of these values, written nowhere; none if one of them is of no key.
    pub(super) fn of_values(values: &Values) -> Option<Self> {
        let mut settings = Self::default();
        for (path, value) in values {
            settings.put(keys::key(path)?, value.clone(), None, None);
        }
        Some(settings)
    }

    /// Puts a value in the place of whatever was said of its key: for one that may be a table, of
    /// all keys in it as well, and for one that says what another one says, of that.
    pub(super) fn change(&mut self, key: &'static Key, value: Typed) {
        let inside = below(key.path, "");
        let rival = keys::rival(key.path).map(|rival| rival.path);
        self.0.retain(|path, _| !path.starts_with(&inside) && Some(*path) != rival);
        self.put(key, value, None, None);
    }

    /// Takes away what was said of a key.
    pub(super) fn remove(&mut self, path: &str) {
        self.0.remove(path);
    }

    /// Says a value otherwise, where it was written.
    pub(super) fn restate(&mut self, path: &str, value: Typed) {
        if let Some(setting) = self.0.get_mut(path) {
            setting.value = value;
        }
    }

    /// The key that was chosen at a choice.
    pub(super) fn picked(&self, path: &str) -> Option<&'static Key> {
        keys::children(path).find(|key| self.has(key.path))
    }

    pub(super) fn put(
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

/// A value, and where it and its key were written; nowhere, for a default.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    pub(super) value: Typed,
    pub(super) place: Option<Place>,
    pub(super) key_place: Option<Place>,
}

/// The path of a key in a table.
pub(super) fn below(path: &str, key: &str) -> String {
    format!("{path}.{key}")
}

/// The paths at which a cap can stand.
pub(super) fn caps(disorder: &str) -> [String; 3] {
    ["cap", "delay.exponential.cap", "delay.pareto.cap"].map(|key| below(disorder, key))
}
