//! Runs scenarios on engines, many times over, and writes down what happened: the program.
//!
//! What one repetition takes, from a [`plan::Plan`] that leaves nothing open to answers that are
//! verified, is the package `instrument`, whose wings are named here for whoever uses this one.
//! Wings stand bottom up: each knows only those before it, which `tests/it/tidy.rs` holds.

pub use instrument::{
    bench, config, distributions, drivers, host, load, measure, plan, transport, verify,
};

pub mod run;
pub mod studies;
pub mod cli;
