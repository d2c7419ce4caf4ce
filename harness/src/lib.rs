//! Runs scenarios on engines and writes down what happened.
//!
//! The first half resolves what the user asked for into a [`plan::Plan`] that leaves nothing
//! open. The second half runs a plan: it schedules and paces the input, records and verifies the
//! answers, and never decides what to run.

pub mod plan;
