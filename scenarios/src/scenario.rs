//! A question, asked of a stream, as whoever runs it sees it.

use crate::answer::Answer;
use crate::trigger::Trigger;
use engines::{Data, Dataflow};

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

    /// When an answer is due, and which events are too late for it.
    fn trigger(&self) -> Trigger;

    /// What is asked, in a sentence.
    fn question(&self) -> String;

    /// Whether an answer may be given again, fuller.
    fn refines(&self) -> bool {
        self.trigger().allowed_lateness_us() > 0
    }

    /// Whether more events only ever add to answers, so that whatever a race between partitions
    /// makes late, answers lie between two bounds. Not so where a later event undoes a match.
    fn is_monotone(&self) -> bool {
        true
    }

    /// Column headings of an answer's [`Question::cells`].
    fn columns(&self) -> Vec<&'static str>;

    /// The answer as text, a cell per column. Exact, but for a mean (see [`crate::WindowAnswer::mean`]).
    fn cells(&self, answer: &Self::Answer) -> Vec<String>;

    /// What the answer's key is called: `LAS`, a word, `17`; empty where there is no key.
    fn key_label(&self, answer: &Self::Answer) -> String {
        self.key_name(answer.subject().key)
    }

    /// What a key is called where there is no answer to show it.
    fn key_name(&self, key: u64) -> String {
        key.to_string()
    }
}
