//! The micro-batch engine, held against plain expectations and against the reference.
//!
//! Everything runs under a clock that the test moves, save where the threads themselves are the
//! subject; nothing here sleeps or measures.
#![cfg(feature = "micro-batch")]
#![expect(clippy::unwrap_used, reason = "everything here is a test; Clippy knows only its roots")]

extern crate sluicebench_engines as engines;

mod support;

mod agreement;
mod batches;
mod driver;
mod event_time;
mod retries;
mod simulated;
