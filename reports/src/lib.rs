//! Run records, statistics, charts, pages and verdicts.
//!
//! A leaf: it knows no engine, no scenario and no clock. What a run was is told to it in strings
//! and numbers ([`RunRecord`]), and it tells people.

pub mod record;

pub use record::{RecordError, RunRecord};
