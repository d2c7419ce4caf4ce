//! What a key is: what it means, what it takes, what it is when nobody says.
//!
//! Which keys there are is in `keys.rs`.

use crate::plan::Cpus;
use crate::plan::settings::Typed;
use crate::plan::units;
use std::time::Duration;

/// The most events per second that any load is asked to have; no machine offers them.
pub(super) const RATE_MOST: f64 = 1e9;

/// A key of a scenario file, or of a suite (below `suite`).
#[derive(Clone, Debug)]
pub struct Key {
    /// The dotted path.
    pub path: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is when nobody says.
    pub unsaid: Unsaid,
    /// What it means, in a sentence without a full stop.
    pub meaning: &'static str,
}

/// What a key takes.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A table of further keys.
    Table,
    /// The same, written in one line.
    Inline,
    /// This, or a table of further keys in its place.
    OrTable(&'static Kind),
    /// Any number of these, at least one.
    List(&'static Kind),
    /// A table that holds exactly one of its keys; whether a later choice replaces an earlier
    /// one or stands in conflict with it.
    Pick {
        /// A later choice takes the place of an earlier one.
        replace: bool,
    },
    /// Any number of tables.
    Tables,
    /// Dotted keys of a scenario file, with values.
    Overrides,
    /// Any string.
    Text,
    /// A string that can be part of a file's name.
    Name,
    /// A file, relative to the file that it is written in.
    Path,
    /// A whole number.
    Integer {
        /// The smallest.
        least: i128,
        /// The largest.
        most: i128,
    },
    /// A number.
    Number {
        /// The smallest.
        least: f64,
        /// The largest.
        most: f64,
    },
    /// A number above zero.
    Positive,
    /// True or false.
    Flag,
    /// A length of run time.
    RunTime {
        /// The shortest, in nanoseconds.
        least_ns: u64,
        /// The longest, in nanoseconds.
        most_ns: u64,
    },
    /// The same, or a word.
    RunTimeOr {
        /// The shortest, in nanoseconds.
        least_ns: u64,
        /// The longest, in nanoseconds.
        most_ns: u64,
        /// The word.
        word: &'static str,
    },
    /// A length of event time.
    EventTime {
        /// The shortest, in microseconds.
        least_us: i64,
    },
    /// A number of repetitions, or two of them with `..` between.
    Repeat,
    /// Events per second.
    Rate,
    /// One of these numbers of bytes.
    Size(&'static [usize]),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Some processors, or a word.
    Cpus,
    /// A number, with or without a unit: what it means is known with the key beside it.
    Amount,
    /// Some of these words, each at most once.
    Choices(&'static [&'static str]),
    /// Planned, and refused until it is there.
    NotYet,
}

/// What a key is when nobody says.
#[derive(Clone, Debug)]
pub enum Unsaid {
    /// It has to be written; this is how.
    Required(&'static str),
    /// It has to be written unless that key beside it is; this is how.
    RequiredWithout(&'static str, &'static str),
    /// Nothing.
    Absent,
    /// This, as TOML.
    Is(&'static str),
    /// Nothing where that key beside it is written, and elsewhere this, as TOML.
    IsWithout(&'static str, &'static str),
    /// What that key beside it is.
    Same(&'static str),
}

impl Key {
    /// The last part of the path.
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }

    /// The path without the last part.
    pub fn parent(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(parent, _)| parent)
    }
}

impl Kind {
    /// What it takes where it is not written as a table.
    pub(crate) fn alone(&self) -> &Self {
        match self {
            Self::OrTable(alone) => alone,
            kind => kind,
        }
    }

    /// Whether a value is of its type and in its range.
    pub(super) fn admits(&self, value: &Typed) -> bool {
        match (self, value) {
            (Self::OrTable(alone), value) => alone.admits(value),
            (Self::List(kind), Typed::List(items)) => items.iter().all(|item| kind.admits(item)),
            (Self::Integer { least, most }, Typed::Integer(integer)) => {
                (least..=most).contains(&integer)
            }
            (Self::Number { least, most }, Typed::Number(number)) => {
                number.is_finite() && (least..=most).contains(&number)
            }
            (Self::Positive, Typed::Number(number)) => number.is_finite() && *number > 0.0,
            (Self::Rate, Typed::Rate(number)) => *number > 0.0 && *number <= RATE_MOST,
            (
                Self::RunTime { least_ns, most_ns } | Self::RunTimeOr { least_ns, most_ns, .. },
                Typed::RunTime(length),
            ) => {
                (Duration::from_nanos(*least_ns)..=Duration::from_nanos(*most_ns)).contains(length)
            }
            (Self::EventTime { least_us }, Typed::EventTime(micros)) => micros >= least_us,
            (Self::RunTimeOr { word, .. }, Typed::Text(text)) => text == word,
            (Self::Size(sizes), Typed::Size(bytes)) => {
                sizes.iter().any(|size| *size as u64 == *bytes)
            }
            (Self::Choice(words), Typed::Text(text)) => words.contains(&text.as_str()),
            (Self::Choices(words), Typed::Choices(chosen)) => {
                chosen.iter().all(|word| words.contains(&word.as_str()))
            }
            (Self::Cpus, Typed::Text(text)) => text.parse::<Cpus>().is_ok(),
            (Self::Text | Self::Path | Self::Name, Typed::Text(_))
            | (Self::Amount, Typed::Text(_) | Typed::Number(_))
            | (Self::Flag, Typed::Flag(_))
            | (Self::Repeat, Typed::Repeat(_)) => true,
            _ => false,
        }
    }

    /// What it takes, in words.
    pub fn takes(&self) -> String {
        match self {
            Self::Table | Self::Inline => "a table".into(),
            Self::Pick { .. } => "a table with exactly one of its keys".into(),
            Self::OrTable(simple) => format!("{}; or a table", simple.takes()),
            Self::List(item) => format!("a list, each of it {}", item.takes()),
            Self::Tables => "tables".into(),
            Self::Overrides => "dotted keys of a scenario file, with values".into(),
            Self::Text => "a string".into(),
            Self::Name => "a string of letters, digits, `-`, `_` and `.`".into(),
            Self::Path => "a path, relative to the file it is written in".into(),
            Self::Integer { least, most } if *most >= i128::from(i64::MAX) => {
                if *least <= i128::from(i64::MIN) {
                    "an integer".into()
                } else {
                    format!("an integer of at least {least}")
                }
            }
            Self::Integer { least, most } => format!("an integer from {least} to {most}"),
            Self::Number { least, most } => match (least.is_finite(), most.is_finite()) {
                (true, true) => format!("a number from {least} to {most}"),
                (true, false) => format!("a number of at least {least}"),
                _ => "a number".into(),
            },
            Self::Positive => "a number above 0".into(),
            Self::Flag => "true or false".into(),
            Self::RunTime { .. } => "a duration, such as \"250ms\" or \"10s\"".into(),
            Self::EventTime { least_us } if *least_us < 0 => {
                "a length of event time, such as \"30s\" or \"-5min\"".into()
            }
            Self::RunTimeOr { word, .. } => {
                format!("a duration, such as \"250ms\" or \"10s\", or \"{word}\"")
            }
            Self::EventTime { .. } => "a length of event time, such as \"30s\" or \"1h\"".into(),
            Self::Rate => "a rate, such as \"200/s\", \"50k/s\" or \"1.5M/s\"".into(),
            Self::Repeat => "a number from 1 to 1000, or two of them such as \"5..20\"".into(),
            Self::Size(sizes) => {
                let sizes: Vec<_> = sizes
                    .iter()
                    .map(|size| format!("\"{}\"", units::show_size(*size as u64)))
                    .collect();
                let (last, rest) = sizes.split_last().expect("a choice of sizes");
                format!("one of the sizes {} and {last}", rest.join(", "))
            }
            Self::Cpus => {
                "numbers of CPUs, such as \"0\", \"2-5\" or \"0,2\", or \"auto\" or \"none\"".into()
            }
            Self::Amount => "a value with its unit, such as \"100ms\", \"50k/s\" or \"10%\"".into(),
            Self::Choice(words) => format!("one of {}", quoted(words)),
            Self::Choices(words) => format!("a list of {}", quoted(words)),
            Self::NotYet => "nothing: it is not supported yet".into(),
        }
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}
