//! The highest sustainable rate of an engine on a scenario.
//!
//! [`search`] says which rate to try next, [`probe`] whether one that was tried is sustained;
//! [`find()`] makes the probes and writes down what came, and [`run_limit`] keeps it. A trace has no
//! rate; there the searched quantity is how fast it is replayed.

pub mod probe;
pub mod search;
mod level;
mod subject;
mod floor;
mod told;
mod find;
mod session;
#[cfg(test)]
mod tests;

pub use find::{DOUBLINGS, Means, find};
pub(crate) use level::RATE_MOST;
pub use level::{Options, PRECISION, PRECISION_FINE, Searched, window_demanded};
pub use session::{LimitPlan, obstacle, run_limit};
pub use subject::{OtherSearch, Subject};
