//! Runs scenarios on engines and writes down what happened.
//!
//! The first half resolves what the user asked for into a [`plan::Plan`] that leaves nothing
//! open. The second half runs a plan: it schedules and paces the input, records and verifies the
//! answers, and never decides what to run. Wings stand bottom up: each knows only those before
//! it, which `tests/it/tidy.rs` holds.

pub use instrument::{
    bench, config, distributions, drivers, host, load, measure, plan, transport, verify,
};

pub mod run;
pub mod studies;
pub mod cli;
