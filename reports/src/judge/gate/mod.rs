//! Two runs held against each other, and one run held against what is demanded of it.
//!
//! Only what is alike is compared: other machines, other builds and other questions are refused
//! with a list of what differs. Every repetition that was verified counts, none is left out, and
//! what the figures do not say is said to be unknown.

pub mod check;
pub mod comparable;
mod drift;
pub mod runs;

pub(in crate::judge) use check::engines_of;
pub use check::{Checked, Finding, Status, check};
pub use comparable::{Difference, Refusal};
pub use drift::is_again;
pub(crate) use drift::{is_itself, pace_told, work_times};
pub use runs::{Compared, Row, Side, Terms, compare};

#[cfg(test)]
mod tests;
