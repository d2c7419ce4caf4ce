//! A synthetic source that resembles a trace, so that a workload can be shared or scaled without
//! its data.
//!
//! What is taken over is how often and in which rhythm events arrive, how uneven their keys are,
//! how late they come and how large their values are: each by itself. What depends on two of them
//! at once is lost, such as one key's own values; so is every row and the name of every key. How
//! close the twin is gets measured on as many events of its own as the trace has, and said for
//! each property, also where it is not close.

mod closeness;
mod latency;
mod file;
mod fit;
mod keys;

pub use closeness::Property;
pub use fit::{Fit, Observed, Rhythm, Values};
pub use keys::Keys;
pub use latency::{Wait, Waited};
pub use reports::record::twin::Closeness;

use instrument::bench::error::RunError;
use reports::record::twin as record;
use scenarios::spec::WorkloadSpec;
use scenarios::workload::{Trace, TraceError};
use settings::config;
use settings::config::diagnostic::Rejected;
use settings::plan::Cell;

/// A twin, and how close it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Twin {
    /// The scenario file.
    pub text: String,
    /// How many events the trace has.
    pub events: u64,
    /// How long it is, in seconds of the trace.
    pub span_s: f64,
    /// Per property.
    pub properties: Vec<Property>,
    /// What answers wait for with either input, per engine.
    pub waits: Vec<Wait>,
}

impl Twin {
    /// What a record says of it: of which trace it is, what was taken for granted of that, and by which
    /// name its scenario stands beside the record.
    pub fn recorded(&self, trace: &str, taken: &[String], scenario: &str) -> record::Twin {
        record::Twin {
            trace: trace.to_owned(),
            scenario: scenario.to_owned(),
            taken: taken.to_vec(),
            events: self.events,
            properties: self.properties.iter().map(Property::recorded).collect(),
            waits: self.waits.iter().map(Wait::recorded).collect(),
        }
    }
}

/// Why there is no twin.
#[derive(Debug, thiserror::Error)]
pub enum TwinError {
    /// The source is made up already.
    #[error(
        "`{name}` has no trace to resemble: its events are made up already; name a scenario with \
         [source.trace]"
    )]
    NoTrace {
        /// The scenario.
        name: String,
    },
    /// The trace cannot be read.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// Too little to fit anything to.
    #[error(
        "the trace has {events} events, but a distribution takes at least {EVENTS_LEAST} to be \
         recognised; give a longer one"
    )]
    TooShort {
        /// How many there are.
        events: usize,
    },
    /// No rhythm.
    #[error(
        "all {events} events of the trace arrive at the same moment, so it has no rate; name \
         another column as `arrival`"
    )]
    AtOnce {
        /// How many there are.
        events: usize,
    },
    /// One of the two cannot be run.
    #[error("the trace and its twin cannot be run to compare their latencies: {0}")]
    Unrun(#[from] RunError),
    /// A mistake of ours, or a setting that a synthetic source cannot have.
    #[error("the twin cannot be read back: {0}")]
    Unreadable(Box<Rejected>),
}

/// Fewer events say nothing about a distribution.
pub const EVENTS_LEAST: usize = 100;

/// Makes the twin of a cell's trace. It offers `rate_per_s` on average, if that is given, and what
/// the trace does at its speed otherwise. How close it is does not depend on it: everything else
/// stays as it is.
pub fn twin(cell: &Cell, rate_per_s: Option<f64>) -> Result<Twin, TwinError> {
    let WorkloadSpec::Trace(spec) = &cell.case.workload else {
        return Err(TwinError::NoTrace { name: cell.name.clone() });
    };
    // At its own speed a moment of the run is a moment of the trace, to the microsecond.
    let trace = Trace::load(&scenarios::spec::TraceSpec { speed: 1.0, ..spec.clone() })?;
    let observed = Observed::of_trace(&trace);
    let events = observed.arrivals_s.len();
    if events < EVENTS_LEAST {
        return Err(TwinError::TooShort { events });
    }
    if observed.span_s() <= 0.0 {
        return Err(TwinError::AtOnce { events });
    }
    let mut fit = Fit::of(&observed, spec.speed);
    let plain = file::scenario(cell, &fit, spec.speed, &observed, &[]);
    let unreadable = |rejected| TwinError::Unreadable(Box::new(rejected));
    let made = config::of_text(&plain).map_err(unreadable)?;
    let own = Observed::of_cell(&made, events, spec.speed);
    let properties = closeness::properties(&observed, &own);
    let waits = latency::waits(cell, &made)?;
    if let Some(rate_per_s) = rate_per_s {
        fit.rhythm.scale(rate_per_s / spec.speed);
    }
    let text = file::scenario(cell, &fit, spec.speed, &observed, &properties);
    config::of_text(&text).map_err(unreadable)?;
    Ok(Twin { text, events: events as u64, span_s: observed.span_s(), properties, waits })
}
