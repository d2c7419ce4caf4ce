//! How far a repetition is: what whoever watches is told, from here or from another process.

use engines::Moment;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// Who is told how far a repetition is, possibly from another thread.
pub type Watch<'a> = &'a mut (dyn FnMut(&Seen) -> ControlFlow<()> + Send);

/// What a repetition is at.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Its input is made and looked at.
    #[default]
    Making,
    /// The engine runs.
    Running,
    /// The answers are held against the reference.
    Checking,
}

/// How far a repetition is.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What it is at; outside of [`Phase::Running`] only `events` is of interest.
    pub phase: Phase,
    /// When, on the run's clock.
    #[serde(with = "moment")]
    pub at: Moment,
    /// Events of the whole input.
    pub events: u64,
    /// Events that were due by then.
    pub offered: u64,
    /// Events the engine had taken.
    pub read: u64,
    /// Events it had finished with: those that were answered, where each has an answer of its own, or
    /// those of finished batches. None where neither is known.
    pub finished: Option<u64>,
    /// Answers it had given.
    pub answers: u64,
    /// Median `result_latency`, in nanoseconds, of the latest 100 ms with an answer.
    pub p50_ns: Option<u64>,
    /// 99th percentile of the same.
    pub p99_ns: Option<u64>,
    /// Processor time that whoever answers had used, in nanoseconds.
    pub cpu_ns: u64,
    /// Its memory, in bytes.
    pub memory_bytes: u64,
}

impl Seen {
    /// Events that were due and not taken.
    pub const fn backlog(&self) -> u64 {
        self.offered.saturating_sub(self.read)
    }

    /// Events that were due and not finished with, taken or not; none where nobody knows.
    pub fn unfinished(&self) -> Option<u64> {
        Some(self.offered.saturating_sub(self.finished?))
    }
}

/// A moment as nanoseconds.
mod moment {
    use engines::Moment;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn serialize<S: Serializer>(at: &Moment, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(at.as_nanos())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Moment, D::Error> {
        u64::deserialize(from).map(Moment::from_nanos)
    }
}
