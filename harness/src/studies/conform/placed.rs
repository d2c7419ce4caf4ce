//! A JSON value and where it stands, so that whatever is wrong with it is told with its place.

use serde_json::{Map, Value};
use std::fmt;

/// A value of a file of cases.
#[derive(Copy, Clone, Debug)]
pub(super) struct Placed<'a> {
    pub(super) value: &'a Value,
    place: Place<'a>,
}

/// Where a value stands: below which, and by which name or number.
#[derive(Copy, Clone, Debug)]
enum Place<'a> {
    Whole,
    Member(&'a Placed<'a>, &'a str),
    Item(&'a Placed<'a>, usize),
}

/// What is wrong with a value, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct Misplaced {
    /// Where.
    pub place: String,
    /// What.
    pub message: String,
}

impl fmt::Display for Placed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Whole => f.write_str("cases"),
            Place::Member(parent, name) => write!(f, "{parent}.{name}"),
            // A case is called by its name, where it has one.
            Place::Item(parent, number) => match (&parent.place, self.value.get("name")) {
                (Place::Whole, Some(Value::String(name))) => write!(f, "case `{name}`"),
                _ => write!(f, "{parent}[{number}]"),
            },
        }
    }
}

impl<'a> Placed<'a> {
    /// All of a file.
    pub(super) const fn whole(value: &'a Value) -> Self {
        Self { value, place: Place::Whole }
    }

    /// What is wrong with it.
    pub(super) fn wrong(&self, message: impl Into<String>) -> Misplaced {
        Misplaced { place: self.to_string(), message: message.into() }
    }

    fn expected(&self, what: &str) -> Misplaced {
        let shown: String = self.value.to_string().chars().take(60).collect();
        self.wrong(format!("expected {what}, not {shown}"))
    }

    pub(super) fn object(&self) -> Result<&'a Map<String, Value>, Misplaced> {
        self.value.as_object().ok_or_else(|| self.expected("an object"))
    }

    pub(super) fn items(&'a self) -> Result<impl Iterator<Item = Placed<'a>>, Misplaced> {
        let items = self.value.as_array().ok_or_else(|| self.expected("an array"))?;
        let item = |(number, value)| Self { value, place: Place::Item(self, number) };
        Ok(items.iter().enumerate().map(item))
    }

    pub(super) fn text(&self) -> Result<&'a str, Misplaced> {
        self.value.as_str().ok_or_else(|| self.expected("a text"))
    }

    /// A whole number, exact to the ends of 64 bits.
    pub(super) fn number(&self) -> Result<i64, Misplaced> {
        self.value.as_i64().ok_or_else(|| self.expected("a whole number of 64 bits"))
    }

    /// Any value, whose number, if it is one, is no whole number beyond 64 bits.
    pub(super) fn any(&self) -> Result<Value, Misplaced> {
        const BEYOND: f64 = 9_223_372_036_854_775_808.0;
        let is_beyond = |number: &serde_json::Number| {
            number.as_i64().is_none() && number.as_f64().is_none_or(|it| it.abs() >= BEYOND)
        };
        match self.value {
            Value::Number(number) if is_beyond(number) => {
                Err(self.expected("a whole number of 64 bits"))
            }
            value => Ok(value.clone()),
        }
    }

    pub(super) fn number_from(&self, least: i64) -> Result<i64, Misplaced> {
        match self.number()? {
            number if number < least => Err(self.expected(&format!("{least} or more"))),
            number => Ok(number),
        }
    }

    pub(super) fn flag(&self) -> Result<bool, Misplaced> {
        self.value.as_bool().ok_or_else(|| self.expected("true or false"))
    }

    /// The number of an item among `count`.
    pub(super) fn below(&self, count: usize) -> Result<usize, Misplaced> {
        let number = usize::try_from(self.number()?).ok().filter(|number| *number < count);
        number.ok_or_else(|| self.expected(&format!("a number below {count}")))
    }

    /// The member of this name, if it is there.
    pub(super) fn member(&'a self, name: &'a str) -> Result<Option<Placed<'a>>, Misplaced> {
        let value = self.object()?.get(name);
        Ok(value.map(|value| Self { value, place: Place::Member(self, name) }))
    }

    /// The same where nothing is said by `null`.
    pub(super) fn member_if(&'a self, name: &'a str) -> Result<Option<Placed<'a>>, Misplaced> {
        Ok(self.member(name)?.filter(|member| !member.value.is_null()))
    }

    /// The member of this name, which has to be there.
    pub(super) fn needed(&'a self, name: &'a str) -> Result<Placed<'a>, Misplaced> {
        self.member(name)?.ok_or_else(|| self.wrong(format!("`{name}` is missing")))
    }

    /// Refuses members that nobody reads.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Misplaced> {
        match self.object()?.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let known = known.join(", ");
                Err(self.wrong(format!("there is no `{name}` here; there can be {known}")))
            }
        }
    }
}
