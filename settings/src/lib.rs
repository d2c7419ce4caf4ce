//! From what somebody writes to what will be run: files, environment and arguments in, a plan that
//! leaves nothing open out.
//!
//! It measures nothing and is compiled for how soon it is built. Wings stand bottom up: each knows
//! only those before it, which `tests/it/tidy.rs` holds.

pub mod plan;
pub mod config;
