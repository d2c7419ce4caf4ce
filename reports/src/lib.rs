//! Run records, charts, pages and verdicts.
//!
//! It knows no engine, no scenario and no clock. What a run was is told to it in strings and numbers
//! ([`RunRecord`]), and it tells people. Its wings stand in reading order, and each knows only those
//! above it.

pub mod files;
pub mod words;

pub mod record;

pub mod quantity;

pub mod judge;

pub mod chart;
pub mod text;
pub mod page;

#[cfg(test)]
mod sample;

pub use record::RunRecord;
