//! Workloads and the questions asked of them, each written once.
//!
//! A [`Workload`] says what the n-th event is; a [`Scenario`] says what is asked, as a plan that
//! is generic in [`engines::Dataflow`]. Nothing here knows an executor, a rate or a file format
//! other than that of a recorded trace: the schedule belongs to the harness, and which engine
//! runs a plan is not a scenario's business. That this crate compiles against the vocabulary
//! alone, without any executor, is checked by building it alone.

mod answer;
pub mod catalog;
mod decimal;
mod identity;
mod keyed_window;
mod word_count;
pub mod workload;

pub use answer::{KeyLabels, WindowAnswer};
pub use identity::Identity;
pub use keyed_window::KeyedWindow;
pub use word_count::WordCount;
pub use workload::{Keyed, Workload};

use engines::{Data, Dataflow, Window, WindowSpec};
use std::fmt::Debug;
use std::hash::Hash;

/// A question that can be asked of a stream.
pub trait Scenario: Question {
    /// The question as a plan, in whatever representation `F` chooses.
    fn plan<F: Dataflow>(
        &self,
        flow: &mut F,
        events: F::Stream<Self::Event>,
    ) -> F::Stream<Self::Answer>;
}

/// What is to be known of a question without running it.
pub trait Question: Send + Sync + 'static {
    /// What is asked about.
    type Event: Data;
    /// What comes back.
    type Answer: Answer;

    /// How the question cuts time; `None` where there is one answer per event.
    fn window(&self) -> Option<WindowSpec>;

    /// Column headings of an answer's [`Question::cells`].
    fn columns(&self) -> Vec<&'static str>;

    /// The answer as text, a cell per column. Exact, but for a mean (see [`WindowAnswer::mean`]).
    fn cells(&self, answer: &Self::Answer) -> Vec<String>;

    /// What the answer's key is called: `LAS`, a word, `17`; empty where there is no key.
    fn key_label(&self, answer: &Self::Answer) -> String;

    /// What a key is called where there is no answer to show it.
    fn key_name(&self, key: u64) -> String {
        key.to_string()
    }
}

/// What the harness needs to know of an answer in order to check and count it.
pub trait Answer: Data + Ord + Hash + Debug {
    /// The window it is for; `None` where there is one answer per event.
    fn window(&self) -> Option<Window>;

    /// Says that it is for another window. Does nothing where there is none.
    fn set_window(&mut self, window: Window);

    /// How many events are counted in it.
    fn count(&self) -> u64;

    /// The sum in it; the event's value where there is one answer per event, and the count where
    /// nothing is summed.
    fn sum(&self) -> i64;

    /// The smallest and the largest value, if it has them.
    fn extremes(&self) -> Option<(i64, i64)>;
}
