//! Both engines from outside: held against the reference, against plain expectations, and against
//! one another's rules; and the plan of the house, held by `tidy`.
//!
//! Everything runs under a clock that the test moves, save where the threads themselves are the
//! subject; nothing here sleeps or measures.

#![expect(clippy::unwrap_used, reason = "everything here is a test; Clippy knows only its roots")]

extern crate sluicebench_engines as engines;

#[cfg(all(feature = "micro-batch", feature = "per-event"))]
mod support;
#[cfg(all(feature = "micro-batch", feature = "per-event"))]
mod agreement;
#[cfg(all(feature = "micro-batch", feature = "per-event"))]
mod forks;
#[cfg(all(feature = "micro-batch", feature = "per-event"))]
mod sessions;
#[cfg(all(feature = "micro-batch", feature = "per-event"))]
mod counted;
#[cfg(all(feature = "micro-batch", feature = "per-event"))]
mod silences;
#[cfg(all(feature = "micro-batch", feature = "per-event"))]
mod joins;
#[cfg(feature = "micro-batch")]
mod micro_batch;
mod tidy;
#[path = "../../../tidy/wings.rs"]
mod wings;
