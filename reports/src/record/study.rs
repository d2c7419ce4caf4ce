//! What a study adds to a record: where a cell lies in a sweep, which limit was found and how,
//! what was demanded, when a run had become steady, and where an answer's time went.
//!
//! Like everything in a record: text and numbers, read again next year.

use super::undefined::nan_if_null;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The axes of a sweep; each cell of the run is a point on them.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Sweep {
    /// One or two.
    pub axes: Vec<Axis>,
    /// What is demanded of `result_latency` at every point: a quantile (1 is the highest value) and
    /// the most that it may be, in nanoseconds.
    #[serde(default)]
    pub slo: Option<(f64, u64)>,
    /// Which map is to be drawn of it, where the rate was varied for one.
    #[serde(default)]
    pub atlas: Option<Atlas>,
}

/// What a map of the cheapest engine was asked for: over the rate, which was measured, and over what
/// may be demanded of the latency, which follows from the same runs.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Atlas {
    /// Which quantile of `result_latency` is demanded, from 0 to 1; 1 is the highest value.
    pub quantile: f64,
    /// The most that it may be, in nanoseconds, level by level, rising.
    pub levels_ns: Vec<u64>,
    /// The rate of the scenario itself, in events per second; none where it changes during a run.
    pub own_rate_per_s: Option<f64>,
    /// What its user demands of that quantile, in nanoseconds, where that is said.
    pub own_most_ns: Option<u64>,
}

/// A setting that was varied.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Axis {
    /// The key's full path, such as `engine.micro-batch.interval`.
    pub key: String,
    /// Its values as they are written in a file, in the order of the sweep.
    pub values: Vec<String>,
}

/// Where a cell lies on one axis.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Coordinate {
    /// The axis' key.
    pub key: String,
    /// The value, as it is written in a file.
    pub value: String,
    /// The same as a number in base units (ns of run time, µs of event time, events per second,
    /// bytes, or the number itself); none for a word.
    pub number: Option<f64>,
}

/// A demand on a metric: what `check` holds a run against.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Threshold {
    /// The metric's name, such as `result_latency.p99`.
    pub metric: String,
    /// The engine's name or label; every engine, if none.
    pub engine: Option<String>,
    /// The figure must lie below this, in the metric's base unit.
    pub below: Option<f64>,
    /// The figure must lie above this, in the metric's base unit.
    pub above: Option<f64>,
    /// How much worse than the baseline the figure may be, as a share: 0.1 is 10 %.
    pub worse_by: Option<f64>,
    /// The demand as it was written.
    pub written: String,
}

/// How the start of a repetition that is not measured was chosen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WarmUp {
    /// Where it ends, in seconds since the run's start.
    #[serde(deserialize_with = "nan_if_null")]
    pub end_s: f64,
    /// How that was decided.
    pub decided: WarmUpDecided,
    /// Whether all that was measured behind it was steady; none where that was not told.
    pub steady: Option<bool>,
    /// Why it was not told.
    #[serde(default)]
    pub untold: Option<Untold>,
    /// The same in a sentence.
    pub text: String,
}

/// Why it was not told whether a repetition was steady.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Untold {
    /// Too little was measured to tell.
    TooShort,
    /// The load itself changes, so that nothing is expected to be steady.
    LoadVaries,
}

/// Whether the measured part of a repetition was in a steady state.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum SteadyState {
    /// It was.
    Reached,
    /// It was not: what was measured moved.
    NotReached,
    /// Too little was measured to tell.
    NotTold,
    /// Nobody asked: the load itself changes, or the record is from before it was looked for.
    NotAsked,
}

/// How the end of a warm-up was decided.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WarmUpDecided {
    /// The configuration says it.
    Fixed,
    /// It was found in the run.
    Detected,
    /// None was found before the cap.
    Capped,
}

/// Where the time of sampled answers went, from the due time of their latest contributing event
/// to their emission. In each row the parts add up to the whole.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Anatomy {
    /// How many answers were sampled.
    pub answers: u64,
    /// The parts' names, in the order in which time passes through them. The same for every
    /// engine; a part that an engine does not have is zero.
    pub parts: Vec<String>,
    /// Means over classes of answers: all of them, then the slowest hundredth.
    pub rows: Vec<AnatomyRow>,
}

/// The mean anatomy of a class of answers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AnatomyRow {
    /// Which answers: "all", "slowest 1 %".
    pub class: String,
    /// How many.
    pub answers: u64,
    /// Mean length of each part, in nanoseconds.
    pub parts_ns: Vec<f64>,
    /// Mean of the whole, in nanoseconds: the sum of the parts.
    pub whole_ns: f64,
}

/// The highest sustainable rate of one engine, as far as it was found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// What came of the search.
    pub outcome: LimitOutcome,
    /// The highest rate that was sustained, in events per second.
    pub pass_per_s: Option<f64>,
    /// The lowest rate above it that was not, in events per second.
    pub fail_per_s: Option<f64>,
    /// The same two as speeds of a trace, where those were searched: a trace has no rate.
    #[serde(default)]
    pub speed: Option<(Option<f64>, Option<f64>)>,
    /// In a sentence, with the reason where the limit is not known.
    pub text: String,
    /// How long a probe measured after its warm-up, in seconds.
    #[serde(deserialize_with = "nan_if_null")]
    pub window_s: f64,
    /// How narrow the bracket had to become, as a share.
    #[serde(default, deserialize_with = "nan_if_null")]
    pub precision: f64,
    /// The demand on the tail beside the other conditions: quantile (0 to 1) and nanoseconds.
    pub slo: Option<(f64, u64)>,
    /// Every probe, in the order in which it was made.
    pub probes: Vec<Probe>,
}

/// What the question of a cell takes where somebody answers it by hand: one loop over the same input in
/// memory, on one core and as fast as it goes, whose answers equal the reference.
#[derive(Copy, Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PlainLoop {
    /// Time of one core per event, in nanoseconds, in the fastest pass.
    pub ns_per_event: f64,
    /// Events that it read in a pass.
    pub events: u64,
    /// Answers that it gave in a pass.
    pub answers: u64,
    /// Passes that were timed.
    pub passes: u32,
}

impl PlainLoop {
    /// Whether it takes any time at all, and not for ever.
    pub(super) fn is_sayable(&self) -> bool {
        self.ns_per_event.is_finite() && self.ns_per_event > 0.0
    }
}

/// What came of the search for a limit.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LimitOutcome {
    /// It lies between the highest pass and the lowest fail, confirmed and refuted.
    Found,
    /// The engine sustained all that could be offered here: the limit lies above.
    AtLeast,
    /// The probes do not say.
    Unknown,
}

/// One rate, tried.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Probe {
    /// Why it was made.
    pub purpose: ProbePurpose,
    /// Events per second that were offered.
    #[serde(deserialize_with = "nan_if_null")]
    pub rate_per_s: f64,
    /// The speed of the trace, where that was searched.
    #[serde(default)]
    pub speed: Option<f64>,
    /// Whether they were sustained.
    pub outcome: ProbeOutcome,
    /// Which condition decided, in a sentence.
    pub reason: String,
    /// How long it measured, in seconds: longer than planned where the slope was in doubt.
    #[serde(deserialize_with = "nan_if_null")]
    pub window_s: f64,
    /// How fast the backlog grew, as a share of the offered rate: 95 % interval of the slope.
    pub backlog_slope: Option<(f64, f64)>,
    /// 99th percentile of `result_latency`, in nanoseconds.
    pub p99_ns: Option<u64>,
    /// Events finished with per second.
    #[serde(deserialize_with = "nan_if_null")]
    pub completed_per_s: f64,
    /// Processor time per event, in microseconds.
    #[serde(deserialize_with = "nan_if_null")]
    pub cpu_us_per_event: f64,
    /// The seed of its input.
    pub seed: u64,
}

/// Why a probe was made.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProbePurpose {
    /// To find a rate that is too high and one that is not, by doubling or halving.
    Bracket,
    /// To narrow the bracket.
    Bisect,
    /// To see whether the answer holds.
    Confirm,
    /// To see whether a tenth more fails.
    Refute,
}

/// What a probe showed.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeOutcome {
    /// Sustained.
    Pass,
    /// Not sustained.
    Fail,
    /// It does not say: the load was not held, or it was stopped.
    Unknown,
    /// The load generator could not offer this rate.
    NotOffered,
}
