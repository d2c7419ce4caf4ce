//! What the user typed, and what they see.
//!
//! [`args`] is all that can be typed, [`dispatch()`] hands it to a command, and a command returns an
//! `answer`. Values of settings stay text here: they are read where those of files are read, so
//! that both mean the same and a mistake in either is shown in the same way.

pub mod args;
mod options;
mod dispatch;
mod answer;
mod output;
mod commands;
mod carry_out;
pub(crate) mod progress;
#[cfg(feature = "live")]
mod live;

pub use dispatch::dispatch;
