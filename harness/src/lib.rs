//! Runs scenarios on engines and writes down what happened.
//!
//! The first half resolves what the user asked for into a [`plan::Plan`] that leaves nothing
//! open. The second half runs a plan: it schedules and paces the input, records and verifies the
//! answers, and never decides what to run.

pub mod args;
pub mod commands;
pub mod config;
pub mod diagnostic;
pub mod plan;
pub mod sweep;
pub mod twin;
pub mod units;
pub mod anatomy;
pub mod ballast;
pub mod bench;
pub mod feed;
pub mod folder;
pub mod host;
pub mod known;
pub mod input;
pub mod limit;
pub mod order;
pub mod pacer;
#[cfg(feature = "live")]
pub mod live;
pub mod progress;
pub mod recorder;
pub mod repetition;
pub mod run;
pub mod schedule;
pub mod self_cost;
pub mod timeline;
pub mod trial;
pub mod verify;
pub mod warm_up;
pub mod warnings;
