//! The engines there are, by name, and what can be set on each.
//!
//! What an engine does is not known here: that is what the drivers are for.

use std::time::Duration;

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
    /// That collects for an interval, by name.
    pub const MICRO_BATCH: &'static str = "micro-batch";
    /// That lets each event through at once, by name.
    pub const PER_EVENT: &'static str = "per-event";

    /// The names of the engines, in the order in which they are reported. There is no other list
    /// of them.
    pub const NAMES: [&'static str; 2] = [Self::MICRO_BATCH, Self::PER_EVENT];

    /// The engine's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::MicroBatch { .. } => Self::MICRO_BATCH,
            Self::PerEvent { .. } => Self::PER_EVENT,
        }
    }

    /// The name of the engine that a label belongs to: it begins with it.
    pub fn labelled(label: &str) -> Option<&'static str> {
        Self::NAMES.into_iter().find(|name| label.starts_with(name))
    }

    /// For how long it collects before it computes; none for one that does not.
    pub const fn interval(&self) -> Option<Duration> {
        match self {
            Self::MicroBatch { interval, .. } => Some(*interval),
            Self::PerEvent { .. } => None,
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
