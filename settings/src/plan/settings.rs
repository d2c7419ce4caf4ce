//! The settings that a cell was made from, each as what it was read as.
//!
//! Text is read once. From then on a rate is a number and a duration a duration, down to the
//! process that runs a repetition, so that nothing on the way is rounded, and no file is opened
//! again that may have changed. Which keys there are, and what they mean, is not known here.

use super::Repeat;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// A value of the type that its key takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Typed {
    /// A string, a word or a path.
    Text(String),
    /// A whole number.
    Integer(i128),
    /// A number.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// A length of run time.
    RunTime(Duration),
    /// A length of event time, in microseconds.
    EventTime(i64),
    /// Events per second.
    Rate(f64),
    /// Bytes.
    Size(u64),
    /// A number of repetitions.
    Repeat(Repeat),
    /// Some of several words.
    Choices(Vec<String>),
    /// Several of the same type.
    List(Vec<Typed>),
    /// A table or a choice is there.
    Present,
}

/// A value for every key that applies, by the key's dotted path.
pub type Values = BTreeMap<String, Typed>;

/// All settings of a cell: what was said, and every default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    /// What concerns all engines.
    pub cell: Values,
    /// Each engine's own, in the order in which they are reported.
    pub engines: Vec<OfEngine>,
    /// Each threshold's.
    pub thresholds: Vec<Values>,
}

/// The settings of one engine of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfEngine {
    /// The engine's name.
    pub name: String,
    /// Its settings.
    pub values: Values,
}
