//! Workloads and the questions asked of them, each written once.
//!
//! A [`Workload`] says what the n-th event is; a [`Scenario`] says what is asked, as a plan that
//! is generic in [`engines::Dataflow`]. Nothing here knows an executor, a rate or a file format
//! other than that of a recorded trace: the schedule belongs to the harness, and which engine
//! runs a plan is not a scenario's business. That this crate compiles against the vocabulary
//! alone, without any executor, is checked by building it alone.

mod decimal;
pub mod spec;
mod answer;
mod trigger;
mod scenario;
pub mod workload;
mod questions;
pub mod catalog;

pub use answer::{
    Answer, NumberedAnswer, PairAnswer, SessionAnswer, Subject, WindowAnswer, settled,
};
pub use questions::{
    Identity, KeyedCount, KeyedJoin, KeyedSession, KeyedSilence, KeyedWindow, WordCount,
    WordsCounted,
};
pub use scenario::{Question, Scenario};
pub use trigger::{Places, Trigger};
pub use workload::{KeyLabels, Keyed, Workload};
