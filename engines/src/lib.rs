//! Two stream engines behind one vocabulary, and a reference to judge both.
//!
//! A plan is written once, generic in [`Dataflow`]. What stays the same under both executors is
//! shared and says so at the top of its file: window assignment, aggregates, keyed operators. What
//! differs is when work runs, over how much data at once, and how it recovers. The reference
//! shares none of it.

mod time;
mod record;
mod clock;
mod window;
mod session;
mod counted;
mod silence;
mod join;
mod aggregate;
mod dataflow;
mod ports;
mod engine;
#[cfg(any(feature = "micro-batch", feature = "per-event"))]
mod selection;
#[cfg(any(feature = "micro-batch", feature = "per-event"))]
#[cfg_attr(
    not(feature = "micro-batch"),
    allow(dead_code, reason = "only a map side hands over combined panes")
)]
mod panes;
#[cfg(any(feature = "micro-batch", feature = "per-event"))]
#[cfg_attr(
    not(all(feature = "micro-batch", feature = "per-event")),
    allow(dead_code, reason = "each executor asks an operator for something of its own")
)]
mod keyed;
#[cfg(any(feature = "micro-batch", feature = "per-event"))]
mod sliding;
#[cfg(any(feature = "micro-batch", feature = "per-event"))]
#[cfg_attr(
    not(feature = "micro-batch"),
    allow(dead_code, reason = "only a map side hands over combined panes")
)]
mod state;
#[cfg(feature = "micro-batch")]
pub mod micro_batch;
#[cfg(any(feature = "micro-batch", feature = "per-event"))]
mod random;
#[cfg(any(feature = "micro-batch", feature = "per-event"))]
mod spinning;
#[cfg(any(feature = "micro-batch", feature = "per-event"))]
mod threads;
#[cfg(feature = "per-event")]
pub mod per_event;
pub mod reference;
pub mod sketch;

pub use aggregate::{
    Aggregate, AggregateError, Count, CountAndSum, CountAndSumPartial, CountedSum, Summarise,
    Summary, SummaryPartial, WideSum,
};
pub use clock::{ArrivalClock, Clock, Patience, SimulatedClock, WallClock};
pub use counted::{CountError, CountSpec};
pub use dataflow::{Dataflow, Joined, Key, Numbered, Side, Windowed};
pub use engine::{
    Algorithm, BatchTiming, Control, Engine, EngineError, StreamOf, Tally, WindowCounts,
    panic_message,
};
pub use join::{JoinError, JoinSpec, Within};
pub use ports::{Arrival, Block, Collected, Sink, Source};
pub use record::{Data, Stamped};
pub use session::{LateBy, SessionSpec, Touch};
pub use silence::{SilenceError, SilenceSpec};
pub use time::{Moment, Timestamp};
pub use window::{Alignment, Window, WindowError, WindowSpec};
