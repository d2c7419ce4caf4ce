//! How an input is cut and marked.

use crate::load::schedule::Schedule;
use scenarios::Trigger;
use settings::plan::{Cell, Load, Marks};
use std::time::Duration;

/// How an input is cut and marked.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// When events are due.
    pub schedule: Schedule,
    /// How many partitions; event `n` belongs to partition `n % partitions`.
    pub partitions: usize,
    /// Where marks stand in each of them.
    pub marks: Marks,
    /// After how long without an event a partition holds the others back no longer.
    pub idle_after: Option<Duration>,
    /// How far a mark trails the greatest event time, in microseconds of event time.
    pub watermark_bound_us: i64,
    /// When answers to the question are due, and what they may miss.
    pub trigger: Trigger,
}

impl Layout {
    /// The input of a cell from this seed, of which a question is asked whose answers are
    /// due like this.
    pub fn of(cell: &Cell, seed: u64, trigger: Trigger) -> Self {
        let length = cell.measure.warm_up + cell.measure.duration;
        let schedule = match &cell.load {
            Load::Trace => Schedule::own(length),
            Load::Synthetic { rate, arrivals } => Schedule::of(rate, arrivals, seed, length),
        };
        Self {
            schedule,
            partitions: cell.partitions.max(1),
            marks: cell.marks,
            idle_after: cell.idle_after,
            watermark_bound_us: cell.watermark_bound_us,
            trigger,
        }
    }
}
