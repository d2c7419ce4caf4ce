//! Runs scenarios on engines, many times over, and writes down what happened: the program.
//!
//! What is to be run is read by the package `settings`, and what one repetition takes, up to answers
//! that are verified, is the package `instrument`; their wings are named here for whoever uses this
//! one. Wings stand bottom up: each knows only those before it, which `tests/it/tidy.rs` holds.

pub use instrument::{
    bench, distributions, drivers, host, load, measure, plain, transport, verify,
};
pub use settings::{config, plan};

pub mod run;
pub mod studies;
pub mod cli;
