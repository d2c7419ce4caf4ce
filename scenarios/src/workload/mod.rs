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

mod rejected;
mod remark;
mod events;
mod draws;
pub mod skew;
mod keyed;
mod moods;
pub mod disorder;
pub mod synthetic;
pub mod words;
mod labels;
mod round;
pub mod trace;

pub use events::{Arrival, Workload};
pub use keyed::{Keyed, KeyedEvent, Padded};
pub use labels::KeyLabels;
pub use rejected::RejectedRow;
pub use remark::Remark;
pub use round::Round;
pub use synthetic::Synthetic;
pub use trace::{Trace, TraceError};
pub use words::{Line, Words};
