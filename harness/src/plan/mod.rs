//! What will be run, with every default spelled out.
//!
//! A [`Plan`] is what the arguments, the environment and the files have been resolved into. It
//! holds plain values: whoever runs it never sees a configuration file, never fills in a default
//! and never finds a setting that contradicts another.

pub mod units;

use reports::record::study::{Coordinate, Sweep, Threshold};
use std::path::PathBuf;
use std::time::Duration;

/// Everything one invocation will run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Of the run; safe as part of a folder's name.
    pub name: String,
    /// What the run is about, in a phrase.
    pub title: String,
    /// What is compared, in the order in which it is reported.
    pub cells: Vec<Cell>,
    /// The folder to write; `None` for one that is named by time and name.
    pub out: Option<PathBuf>,
    /// Whether answers and late events are written as well.
    pub keep_results: bool,
    /// Whether the engines run on one thread in simulated time.
    pub simulate: bool,
    /// How often each engine runs each cell.
    pub repeat: Repeat,
    /// How the outcome is printed.
    pub format: Format,
    /// The command line, as it was typed.
    pub command: String,
    /// Whether an inconclusive outcome is a failure.
    pub strict: bool,
    /// What is varied from cell to cell, where it is one question asked many times.
    pub sweep: Option<Sweep>,
}

/// How often each engine runs each cell: so many times, or until it is known well enough.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Repeat {
    least: u32,
    most: u32,
}

impl Repeat {
    /// The most that can be asked for.
    pub const MOST: u32 = 1000;

    /// This often; at least once.
    pub const fn times(times: u32) -> Self {
        Self::between(times, times)
    }

    /// At least so often, and at most so often, if it takes that to know the medians well.
    pub const fn between(least: u32, most: u32) -> Self {
        let least = if least == 0 { 1 } else { least };
        Self { least, most: if most < least { least } else { most } }
    }

    /// How often at least.
    pub const fn least(self) -> u32 {
        self.least
    }

    /// How often at most.
    pub const fn most(self) -> u32 {
        self.most
    }

    /// Whether the repetitions themselves decide how many there are.
    pub const fn is_open(self) -> bool {
        self.least < self.most
    }
}

impl std::fmt::Display for Repeat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_open() {
            write!(f, "{}..{}", self.least, self.most)
        } else {
            write!(f, "{}", self.least)
        }
    }
}

impl std::str::FromStr for Repeat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| match text.trim().parse() {
            Ok(number @ 1..=Self::MOST) => Ok(number),
            _ => Err(format!(
                "write a number from 1 to {}, or two of them, such as 5..20",
                Self::MOST
            )),
        };
        let (least, most) = text.split_once("..").unwrap_or((text, text));
        let (least, most) = (number(least)?, number(most)?);
        if least > most {
            return Err(format!("{least} is more than {most}: write {most}..{least}"));
        }
        Ok(Self { least, most })
    }
}

/// How the outcome is printed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: the run record.
    Json,
}

/// One scenario under one load, run on each of its engines.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Unique in the plan, and safe as part of a file's name.
    pub name: String,
    /// What it asks, in a phrase.
    pub title: String,
    /// The scenario it was made from.
    pub scenario: String,
    /// Workload and question.
    pub case: scenarios::catalog::CaseSpec,
    /// When events are due.
    pub load: Load,
    /// How far a watermark trails the greatest event time seen, in microseconds of event time.
    pub watermark_bound_us: i64,
    /// After how many events of a partition a watermark mark follows.
    pub watermark_every: u64,
    /// Into how many source partitions the input is cut.
    pub partitions: usize,
    /// What is compared.
    pub engines: Vec<EngineSetting>,
    /// How many workers each engine has.
    pub parallelism: usize,
    /// Of the input, and of a simulation's choices.
    pub seed: u64,
    /// How long.
    pub measure: Measure,
    /// What is demanded of its figures.
    pub thresholds: Vec<Threshold>,
    /// The cell as a scenario file in which every default is written.
    pub resolved_toml: String,
    /// Where it lies in a sweep, axis by axis; empty elsewhere.
    pub point: Vec<Coordinate>,
}

/// When events are due.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// The schedule says.
    Synthetic {
        /// How many events per second.
        rate: RateShape,
        /// How they are spread within that rate.
        arrivals: Arrivals,
    },
    /// The trace says.
    Trace,
}

/// The offered rate over the length of a run, in events per second.
#[derive(Clone, Debug, PartialEq)]
pub enum RateShape {
    /// Always the same.
    Constant {
        /// Events per second.
        per_second: f64,
    },
    /// One rate after the other; the last one stays.
    Steps {
        /// The rates, in order.
        rates: Vec<f64>,
        /// How long each lasts.
        every: Duration,
    },
    /// Straight from one rate to another, which stays.
    Ramp {
        /// At the start.
        from: f64,
        /// At the end.
        to: f64,
        /// How long it takes.
        over: Duration,
    },
    /// Up and down around a mean; it starts at the mean and rises.
    Sine {
        /// In the middle.
        mean: f64,
        /// How far it goes from there; at most the mean.
        amplitude: f64,
        /// From one peak to the next.
        period: Duration,
    },
    /// A base, and peaks at regular intervals.
    Burst {
        /// Between bursts.
        base: f64,
        /// During a burst.
        peak: f64,
        /// From the end of one burst to the end of the next; the first ends after so long.
        every: Duration,
        /// How long a burst is.
        lasts: Duration,
    },
    /// Now a rate, now nothing.
    OnOff {
        /// While it is on.
        rate: f64,
        /// How long it is on.
        on: Duration,
        /// How long it is off.
        off: Duration,
    },
    /// A constant rate of which nothing reaches us for a while; then all of it does, in order.
    Outage {
        /// The rate at which events are sent.
        rate: f64,
        /// When the outage begins.
        at: Duration,
        /// How long it is.
        lasts: Duration,
        /// The rate at which what was held up comes in; `None` for all at once.
        catch_up: Option<f64>,
    },
    /// Steps of equal length, over and over, as a day repeats.
    Profile {
        /// On average over a period.
        mean: f64,
        /// The height of each step, in any unit.
        weights: Vec<f64>,
        /// How long they take together.
        period: Duration,
    },
}

/// How events are spread within a rate.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Arrivals {
    /// One after each equal stretch of time.
    #[default]
    Even,
    /// Independently of one another, so that they come in clumps.
    Poisson,
    /// As measured somewhere.
    Gaps {
        /// Evenly spaced quantiles of the distance from one event to the next, from the shortest
        /// to the longest, in any unit.
        quantiles: Vec<f64>,
        /// The share of events that come together with the one before, and so have no distance
        /// to it at all.
        together: f64,
    },
}

/// How long a run is. Events are due in `[0, warm_up + duration)`, however long the warm-up then
/// turns out to be.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// From the start; what falls due in it is answered and verified, and not measured. The most
    /// that it may be, where its end is looked for in the run.
    pub warm_up: Duration,
    /// From here on the end of the warm-up is looked for in the run; none if it is fixed.
    pub warm_up_floor: Option<Duration>,
    /// The measured stretch after it.
    pub duration: Duration,
}

/// One engine as it is set up for a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineSetting {
    /// Unique in the cell; the engine's name, with what distinguishes this setting in brackets.
    pub label: String,
    /// The engine and its settings.
    pub kind: EngineKind,
}

/// An engine and its settings.
#[derive(Clone, Debug, PartialEq)]
pub enum EngineKind {
    /// Collects for an interval, then computes.
    MicroBatch {
        /// How long it collects.
        interval: Duration,
        /// What windows are cut from.
        windows: WindowDomain,
        /// How windows are computed.
        algorithm: engines::Algorithm,
        /// How often a task is tried before the run fails.
        attempts: u32,
    },
    /// Lets each event through at once.
    PerEvent {
        /// How long a record may wait in a buffer that is not full.
        buffer_timeout: Duration,
        /// How many records fill a buffer.
        buffer_records: usize,
        /// How windows are computed.
        algorithm: engines::Algorithm,
        /// How an idle worker waits.
        waiting: engines::Patience,
    },
}

impl EngineKind {
    /// The engine's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::MicroBatch { .. } => "micro-batch",
            Self::PerEvent { .. } => "per-event",
        }
    }
}

/// What the micro-batch engine cuts windows from.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Default)]
pub enum WindowDomain {
    /// From event time; a watermark per batch says when a window is complete.
    #[default]
    EventTime,
    /// From batches: what arrived in an interval belongs to it.
    Batches,
}
