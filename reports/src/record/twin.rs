//! How close a synthetic source is to the trace that it was fitted to, where a workload is one.

use super::undefined::nan_if_null;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The twin of a trace: a synthetic source that resembles it, each property fitted by itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Twin {
    /// What it resembles, as that was named.
    pub trace: String,
    /// The scenario that was fitted: the name of its file in the folder.
    pub scenario: String,
    /// What was taken for granted of the trace where nobody said it, a sentence each: which column is
    /// what, and what is asked.
    pub taken: Vec<String>,
    /// How many events the trace has.
    pub events: u64,
    /// How close it is, property by property.
    pub properties: Vec<Likeness>,
    /// What answers wait for with either input, engine by engine.
    pub waits: Vec<Waiting>,
}

/// How close one property of a twin is to that of its trace.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Likeness {
    /// What it is called, such as "gaps".
    pub name: String,
    /// The judgement.
    pub closeness: Closeness,
    /// Kolmogorov-Smirnov distance, from 0 to 1.
    #[serde(deserialize_with = "nan_if_null")]
    pub kolmogorov_smirnov: f64,
    /// 1-Wasserstein distance, in the property's own unit.
    #[serde(deserialize_with = "nan_if_null")]
    pub wasserstein: f64,
    /// The same in words, with the unit.
    pub distance: String,
    /// All of it in a sentence, without its point.
    pub sentence: String,
}

/// What answers of one engine wait for with a trace and with its twin, in simulated time.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Waiting {
    /// The judgement; none where either has no answer.
    pub closeness: Option<Closeness>,
    /// In words: the engine, and `event_latency` with either.
    pub text: String,
}

/// A judgement by the Kolmogorov-Smirnov distance, unless the other one is very small: where all gaps
/// are 50 ms, to have them all at 49.9 ms is the largest distance that the first one knows.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Closeness {
    /// A D of at most 0.05, or what chance allows, and moved by no more than what it is; or moved by at
    /// most 2 % of that.
    Close,
    /// At most 0.15, or twice what chance allows; or moved by at most 5 %.
    Roughly,
    /// More.
    Not,
}

impl fmt::Display for Closeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Close => "close",
            Self::Roughly => "roughly",
            Self::Not => "not",
        })
    }
}
