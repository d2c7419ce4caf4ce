//! What happens while a run goes on, for whoever wants to show it.
//!
//! A run tells one [`Feed`]; lines on stderr and a view in the terminal are two of them. Nothing
//! that is told here is needed to understand the record.

use instrument::bench::Order;
use instrument::measure::seen::Seen;
use reports::record::Repetition;
use settings::plan::{Plan, Repeat};

/// Shows what happens. It may be told from another thread than the one that runs the plan.
pub trait Feed: Send {
    /// Something has happened. Whoever is slow to return holds up the sampler, never an engine.
    fn tell(&mut self, happening: &Happening<'_>);
}

/// Something that has happened.
#[derive(Copy, Clone, Debug)]
pub enum Happening<'a> {
    /// A run begins: what it will do.
    Opened(&'a Plan),
    /// A circumstance, in a line.
    Noted(&'a str),
    /// A repetition begins.
    Begun(&'a Turn<'a>),
    /// How far it is, about every 100 ms.
    Seen(&'a Turn<'a>, &'a Seen),
    /// It has ended.
    Ended(&'a Turn<'a>, &'a Repetition),
    /// It has ended, and was one step of a search: what it says, in a line.
    Judged(&'a str),
}

/// Whose turn it is.
#[derive(Copy, Clone, Debug)]
pub struct Turn<'a> {
    /// What is measured.
    pub order: Order<'a>,
    /// How many repetitions there are to be.
    pub repeat: Repeat,
}

/// Shows nothing.
#[derive(Copy, Clone, Debug, Default)]
pub struct Silent;

impl Feed for Silent {
    fn tell(&mut self, _: &Happening<'_>) {}
}
