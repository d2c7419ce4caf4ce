//! Run records, statistics, charts, pages and verdicts.
//!
//! A leaf: it knows no engine, no scenario and no clock. What a run was is told to it in strings
//! and numbers ([`RunRecord`]), and it tells people.

pub mod record;

pub mod quantity;
pub mod statistics;
pub mod summary;

pub mod metrics;

pub mod compare;
pub mod verdict;
pub mod limit;

pub mod gate;

pub mod chart;
pub mod page;
mod sweep;
pub mod table;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod sample_sweep;

pub use page::{ReportError, write_report};
pub use record::{RecordError, RunRecord};
pub use table::terminal;
