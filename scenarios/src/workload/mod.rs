//! From `(seed, n)` to an event, and why it is a function.
//!
//! A generator with a state can be run once, from the beginning. A function of the event's
//! number can be asked for any event, in any order, by any thread, as often as needed: so a run
//! is replayed from any offset, its answers are checked without having stored its input, and
//! both engines get the same events whatever they do with them. What is random about an event
//! comes from `draws`, which are functions of `(seed, n, purpose)`; a purpose each for key,
//! value and delay means that other keys under the same seed keep the same disorder.
//!
//! Nothing here knows a rate: when an event is due is the schedule's business, and a workload is
//! told. Only a trace has a rhythm of its own.

mod draws;
pub mod skew;
mod moods;
pub mod disorder;
pub mod synthetic;
pub mod words;
pub mod trace;

pub use synthetic::{Keyed, KeyedEvent, Padded, Synthetic};
pub use trace::{RejectedRow, Trace, TraceError};
pub use words::{Line, Words};

use engines::{ArrivalClock, Data, Moment, Stamped};
use std::hash::Hash;

/// What arrives.
pub trait Workload: Send + Sync + 'static {
    /// What an event holds.
    type Event: Data + Hash;

    /// The n-th event, owed to the engine at `due`. The same for the same arguments, always.
    ///
    /// # Panics
    /// If there is no n-th event, see [`Workload::len`].
    fn event(&self, n: u64, due: Moment) -> Stamped<Self::Event>;

    /// How many events there are; `None` where there is no end.
    fn len(&self) -> Option<u64>;

    /// Whether there is no event at all.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// When the n-th event is due, where the workload has a rhythm of its own: never before the
    /// event ahead of it. `None` where it follows a schedule, and for a number beyond the end.
    fn due(&self, n: u64) -> Option<Moment>;

    /// The event time of what arrives without delay.
    fn arrival_clock(&self) -> ArrivalClock;

    /// What of the input could not be read and was left out.
    fn rejected_rows(&self) -> &[RejectedRow];

    /// Column headings of an event's [`Workload::cells`].
    fn columns(&self) -> Vec<&'static str>;

    /// The event as text, a cell per column.
    fn cells(&self, event: &Stamped<Self::Event>) -> Vec<String>;
}
