//! The micro-batch engine, held against plain expectations and against the reference.

mod support;

mod agreement;
mod batches;
mod driver;
mod event_time;
mod kept_input;
mod retries;
mod sessions;
mod simulated;
