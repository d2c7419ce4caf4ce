//! How the micro-batch engine works, as whoever runs it chooses.

use crate::clock::{ArrivalClock, Patience};
use crate::engine::Algorithm;

/// What windows are made of.
#[derive(Copy, Clone, Eq, PartialEq, Debug, Default)]
pub enum BatchWindows {
    /// The time each record carries, with a watermark per batch: Structured Streaming's.
    #[default]
    EventTime,
    /// The batch a record arrived in, measured on this clock: a `DStream`'s. Windows end every slide
    /// since the run's start, and those that began before it are answered as far as they go.
    Batches(ArrivalClock),
}

/// How the micro-batch engine works.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct MicroBatchConfig {
    /// Task threads, and partitions of every shuffle.
    pub parallelism: usize,
    /// The batch interval, in nanoseconds.
    pub interval_ns: u64,
    /// What windows are made of.
    pub windows: BatchWindows,
    /// How windows are computed from their panes.
    pub algorithm: Algorithm,
    /// How often a task is tried before the run fails.
    pub attempts: u32,
    /// How the threads wait: for the end of an interval, and for one another.
    pub patience: Patience,
    /// Everything on the calling thread, the order of tasks drawn from this seed.
    pub simulate: Option<u64>,
}

impl Default for MicroBatchConfig {
    /// One thread, an interval of 200 ms, four attempts.
    fn default() -> Self {
        Self {
            parallelism: 1,
            interval_ns: 200_000_000,
            windows: BatchWindows::EventTime,
            algorithm: Algorithm::Auto,
            attempts: 4,
            patience: Patience::SpinThenPark { spin_ns: 20_000 },
            simulate: None,
        }
    }
}
