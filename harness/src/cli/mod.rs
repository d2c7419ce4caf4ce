//! What the user typed, and what they see.

pub mod args;
pub mod progress;
#[cfg(feature = "live")]
pub mod live;
pub mod commands;
