//! Which engine a workload needs, how it is set, what that costs, how sure that is, and what would
//! change it: from records alone, so that advice made again says the same.
//!
//! Whoever holds what is demanded, at the rate that is to be held, is compared by what it costs there:
//! the cores that it needs for that, by the search for its limit; where that says too little, the cores
//! that its work keeps busy; in money,
//! where somebody says what a core and memory cost. Nobody who misses a demand, or whose answers are
//! wrong, is ever advised, whatever it costs; nor is anybody who is not sure to hold it
//! ([`Met::Surely`]).
//!
//! What decides is the run in which the best setting of each engine took turns. Figures of tuning
//! decide nothing: the best of many trials looks better than it is.
//!
//! Engines that are part of this program are advised where there are no others. Beside others they
//! show what a way to process costs by itself, and take no part: they pay for no serialisation and no
//! socket, and nobody can deploy them.

mod evidence;
mod holding;
mod needed;
mod cost;
mod ranking;
mod entry;
mod decision;
mod edge;
mod sensitivity;
mod break_even;
mod batching;
mod sentences;
mod untested;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod days;

pub use cost::{Against, Lead, Money};
pub(crate) use decision::DEFINITION;
pub use decision::{Confidence, Place};
pub(crate) use entry::FORETOLD;
pub use entry::{Foretold, Headroom, Row};
pub use evidence::Evidence;
pub use holding::{Demand, Held, Holding, Met};
pub use needed::{Needed, Scaling};
pub use ranking::{Standing, Trial, ranked, trials};
pub use sensitivity::{Batching, Favours, Point, Ratio, Sensitivity, Swing, Turn, contenders};

pub(in crate::judge) use cost::Sheet;
pub(in crate::judge) use decision::decide;
pub(in crate::judge) use entry::Entry;
pub(in crate::judge) use evidence::differing;
pub(in crate::judge) use ranking::ranked_among;

/// What to do, and how sure that is.
#[derive(Clone, Debug)]
pub struct Advice {
    /// How sure the answer is, whichever it is: that nobody holds the demand is one, too.
    pub confidence: Confidence,
    /// At most four: what to take; why; what it costs against the next best; what would change it.
    pub sentences: Vec<Sentence>,
    /// The engines, each at its best setting: who is advised, or the cheapest of those between whom
    /// nothing decides, first.
    pub rows: Vec<Row>,
    /// Which row is advised; none where that cannot be said.
    pub winner: Option<usize>,
    /// What is demanded.
    pub demands: Vec<Demand>,
    /// Whether engines were compared by the cores that their work keeps busy, as those that they need
    /// are not known.
    pub is_by_busy: bool,
    /// Reasons to doubt the answer that are not in the figures: runs of other machines, or cut short.
    pub doubts: Vec<String>,
    /// What a change of the workload would do; none where it was not measured.
    pub sensitivity: Option<Sensitivity>,
    /// What was not tested, a sentence each.
    pub untested: Vec<String>,
}

/// A sentence, and what it rests on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sentence {
    /// The sentence.
    pub text: String,
    /// Folders of the runs that support it, relative to that of the advice.
    pub runs: Vec<String>,
}

/// What follows from the runs.
pub fn advise(evidence: &Evidence) -> Advice {
    let record = &evidence.record;
    let demands = Demand::all(&record.demands, record.completeness);
    let busy = Sheet {
        rate_per_s: record.rate_per_s,
        prices: record.prices.as_ref(),
        reserves: &[],
        is_metered: evidence.is_metered(),
    };
    let mut entries = entry::entries(evidence, &demands, &busy);
    let reserves = needed::reserves(&entries);
    let sheet = Sheet { reserves: &reserves, ..busy };
    for entry in &mut entries {
        entry.cost = sheet.costs(entry.engine);
    }
    let mut decision = decide(&entries, &sheet);
    // What is kept busy says who needs less, and not for sure.
    let is_by_busy = reserves.is_empty() && decision.places.contains(&Place::Dearer);
    if decision.confidence == Confidence::Certain && is_by_busy {
        decision.confidence = Confidence::Likely;
    }
    // The setting of an engine that was tuned elsewhere may not be its best one here, and one that was
    // chosen by the very figures that decide looks better than it is.
    if decision.confidence == Confidence::Certain && !evidence.is_tuned_here() {
        decision.confidence = Confidence::Likely;
    }
    if decision.confidence <= Confidence::Likely && edge::is_at_the_edge(&entries, &decision) {
        decision.confidence = Confidence::AtTheEdge;
    }
    let rows = entry::rows(evidence, &entries, &decision, &sheet);
    let winner = decision.winner.and_then(|winner| {
        let label = &entries[winner].engine.label;
        rows.iter().position(|row| row.label == *label)
    });
    let sensitivity = Sensitivity::of(evidence, &demands, &rows, winner, &sheet);
    let told = sentences::Told {
        evidence,
        demands: &demands,
        rows: &rows,
        winner,
        sensitivity: sensitivity.as_ref(),
        is_by_busy: reserves.is_empty(),
    };
    let sentences = told.sentences(decision.confidence);
    let mut doubts = untested::doubts(evidence);
    doubts.extend((decision.confidence == Confidence::AtTheEdge).then(edge::doubt));
    Advice {
        confidence: decision.confidence,
        sentences,
        winner,
        is_by_busy: reserves.is_empty(),
        doubts,
        untested: untested::untested(evidence, &rows, sensitivity.as_ref()),
        sensitivity,
        rows,
        demands,
    }
}
