//! A question, asked of a stream, as whoever runs it sees it.

use crate::answer::Answer;
use engines::{Data, Dataflow, WindowSpec};

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

    /// The answer as text, a cell per column. Exact, but for a mean (see [`crate::WindowAnswer::mean`]).
    fn cells(&self, answer: &Self::Answer) -> Vec<String>;

    /// What the answer's key is called: `LAS`, a word, `17`; empty where there is no key.
    fn key_label(&self, answer: &Self::Answer) -> String;

    /// What a key is called where there is no answer to show it.
    fn key_name(&self, key: u64) -> String {
        key.to_string()
    }
}
