//! What a search goes over, and how far: rates, or the speeds of a trace.
//!
//! Which level is tried next is not known here.

use super::probe::Slo;
use super::search::Bounds;
use engines::{Data, Moment};
use instrument::bench::error::RunError;
use instrument::load::schedule::Schedule;
use programs::{Case, Visitor};
use reports::quantity;
use scenarios::Answer;
use scenarios::spec::WorkloadSpec;
use settings::plan::settings::Typed;
use settings::plan::{Cell, EngineKind, Load};
use std::hash::Hash;
use std::time::Duration;

/// What is asked of a search beside the cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The demand on the latency, if there is one.
    pub slo: Option<Slo>,
    /// How narrow the bracket becomes, as a share.
    pub precision: f64,
    /// How long a probe measures; as long as the method demands, if none.
    pub window: Option<Duration>,
    /// How long the search for one engine's limit may take.
    pub budget: Duration,
    /// No level below this is tried.
    pub least: Option<f64>,
    /// No level above this is tried.
    pub most: Option<f64>,
    /// Whether whoever asked can have a search that was cut short gone on with.
    pub may_go_on: bool,
}

/// How narrow a bracket becomes, unless it is to be precise.
pub const PRECISION: f64 = 0.05;

/// How narrow it becomes if it is.
pub const PRECISION_FINE: f64 = 0.02;

/// No rate below one event per second is tried.
const RATE_LEAST: f64 = 1.0;

/// An event per nanosecond is the finest that a due time can tell.
pub(crate) const RATE_MOST: f64 = 1e9;

/// How much memory the input of a probe may take where nobody says, in bytes.
pub(super) const INPUT_MEMORY: u64 = 1 << 30;

/// How long a probe has to measure.
pub fn window_demanded(kind: &EngineKind) -> Duration {
    kind.interval().map_or(Duration::ZERO, |interval| interval * 20).max(Duration::from_mins(1))
}

/// What is searched over.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Searched {
    /// Events per second.
    Rate {
        /// The cell's own.
        start: f64,
    },
    /// How fast a trace is replayed.
    Speed {
        /// The cell's own.
        start: f64,
        /// Events per second at that speed, on the mean.
        rate_per_s: f64,
        /// How long the trace lasts at that speed, in seconds.
        length_s: f64,
    },
}

impl Searched {
    /// What is searched over in a cell. A trace is read for it.
    pub fn of(cell: &Cell) -> Result<Self, RunError> {
        match &cell.load {
            // The search offers constant rates; it starts at what this one is on the mean.
            Load::Synthetic { rate, arrivals } => {
                let length = cell.measure.warm_up + cell.measure.duration;
                let schedule = Schedule::of(rate, arrivals, cell.seed, length);
                let events = schedule.expected_events().unwrap_or(0);
                Ok(Self::Rate { start: (events as f64 / length.as_secs_f64()).max(RATE_LEAST) })
            }
            Load::Trace => {
                let (events, length_s) = programs::open(&cell.case, cell.seed)
                    .map_err(|source| RunError::case(cell, source))?
                    .visit(Pace);
                let start = match &cell.case.workload {
                    WorkloadSpec::Trace(trace) => trace.speed,
                    _ => 1.0,
                };
                Ok(Self::Speed { start, rate_per_s: events as f64 / length_s, length_s })
            }
        }
    }

    /// The cell's own rate, or the speed of its trace.
    pub const fn start(&self) -> f64 {
        match *self {
            Self::Rate { start } | Self::Speed { start, .. } => start,
        }
    }

    /// Its name, for people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Rate { .. } => "rate",
            Self::Speed { .. } => "speed of the trace",
        }
    }

    pub(super) fn bounds(&self, options: &Options) -> Bounds {
        let (start, least, most) = match *self {
            Self::Rate { start } => (start, RATE_LEAST, RATE_MOST),
            // At the same rates.
            Self::Speed { start, rate_per_s, .. } => {
                (start, start * RATE_LEAST / rate_per_s, start * RATE_MOST / rate_per_s)
            }
        };
        let least = options.least.unwrap_or(least);
        let most = options.most.map_or(most, |asked| asked.min(most));
        Bounds { start, least, most: most.max(least), precision: options.precision }
    }

    /// Events per second at a level, on the mean.
    pub fn rate_per_s(&self, level: f64) -> f64 {
        match *self {
            Self::Rate { .. } => level,
            Self::Speed { start, rate_per_s, .. } => rate_per_s * level / start,
        }
    }

    pub(super) fn speed(&self, level: f64) -> Option<f64> {
        matches!(self, Self::Speed { .. }).then_some(level)
    }

    /// How long there is something to offer at a level, in seconds.
    pub(super) fn length_s(&self, level: f64) -> f64 {
        match *self {
            Self::Rate { .. } => f64::INFINITY,
            Self::Speed { start, length_s, .. } => length_s * start / level,
        }
    }

    /// A level in words.
    pub(super) fn show(&self, level: f64) -> String {
        let rate = quantity::rate(self.rate_per_s(level));
        match self {
            Self::Rate { .. } => rate,
            Self::Speed { .. } => format!("{} ({rate})", quantity::ratio(level)),
        }
    }

    /// The key that sets a level, and the value that does.
    pub(super) const fn set(&self, level: f64) -> (&'static str, Typed) {
        match self {
            Self::Rate { .. } => ("rate", Typed::Rate(level)),
            Self::Speed { .. } => ("source.trace.speed", Typed::Number(level)),
        }
    }
}

/// How many events a trace has, and for how many seconds they fall due.
struct Pace;

impl Visitor for Pace {
    type Output = (u64, f64);

    fn visit<E: Data + Hash, A: Answer>(self, Case { workload, .. }: Case<E, A>) -> (u64, f64) {
        let events = workload.len().unwrap_or(0);
        let last = events.checked_sub(1).and_then(|last| workload.due(last));
        let nanos = last.unwrap_or(Moment::START).as_nanos().max(1);
        (events, nanos as f64 / 1e9)
    }
}
