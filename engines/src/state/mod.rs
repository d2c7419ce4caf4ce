//! Keyed window state, shared by both executors: lateness, firing, forgetting.
//!
//! Window state is the same under both, so that only the execution model differs: the per-event
//! engine adds what is due and advances at every watermark mark that counts; the micro-batch
//! engine absorbs what a batch's map side has combined and advances once per batch. Everything
//! here is computed from records and watermarks alone; no clock, no randomness, and no output in
//! the order of a hash map.

mod window_state;
mod firing;
mod operator;
#[cfg(test)]
mod tests;

pub(crate) use window_state::WindowState;
