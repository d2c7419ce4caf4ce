//! Runs scenarios on engines and writes down what happened.
//!
//! The first half resolves what the user asked for into a [`plan::Plan`] that leaves nothing
//! open. The second half runs a plan: it schedules and paces the input, records and verifies the
//! answers, and never decides what to run. Wings stand bottom up: each knows only those before
//! it, which `tests/it/tidy.rs` holds.

pub mod plan;
pub mod host;
pub mod load;
pub mod config;
pub mod measure;
pub mod verify;
pub mod transport;
pub mod distributions;
pub mod drivers;
pub mod bench;
pub mod run;
pub mod studies;
pub mod cli;
