//! Between which rates another engine becomes the cheaper one, as far as that can be told.
//!
//! Where both hold a demand at two neighbouring rates, and the one costs less at the first and the other
//! at the second, they cost the same somewhere between: at about the rate at which the line through
//! both ratios meets one, on logarithms. Where one of them ceases to hold it, nothing is computed, nor
//! where their costs are not told apart at either rate.

use super::{Atlas, Column, Outcome, Spot};
use crate::record::EngineKind;

/// Where another engine becomes the cheaper one.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Turn {
    /// What is demanded, in nanoseconds at most.
    pub most_ns: u64,
    /// Who is cheaper at lower rates, and who is at higher ones.
    pub kinds: (EngineKind, EngineKind),
    /// Measured rates below and above, in events per second.
    pub between: (f64, f64),
    /// At about which rate they cost the same, in events per second.
    pub at_per_s: f64,
}

impl Atlas {
    /// Every rate at which two engines cost the same, level by level, the strictest first.
    pub fn turns(&self) -> Vec<Turn> {
        let levels = 0..self.asked.levels_ns.len();
        let turns = levels.flat_map(|level| {
            let pairs = self.neighbours();
            pairs.filter_map(move |(below, above)| turn(below, above, level))
        });
        turns.collect()
    }
}

fn turn(below: &Column, above: &Column, level: usize) -> Option<Turn> {
    let (below, above) = (below.spots.get(level)?, above.spots.get(level)?);
    // Where an engine is missing nobody is told to be the cheapest, and two ties are noise.
    let is_told = |spot: &Spot| spot.outcome.cheapest().is_some();
    let is_blank = |spot: &Spot| spot.outcome == Outcome::NotMeasured;
    if is_blank(below) || is_blank(above) || !(is_told(below) || is_told(above)) {
        return None;
    }
    let (first, second) = (cheapest(below)?, cheapest(above)?);
    let ratio = |spot: &Spot| Some((cost(spot, first)? / cost(spot, second)?).ln());
    let (before, after) = (ratio(below)?, ratio(above)?);
    if first == second || before >= 0.0 || after <= 0.0 {
        return None;
    }
    let way = before / (before - after);
    let rates = (below.rate_per_s, above.rate_per_s);
    let at_per_s = rates.0 * (rates.1 / rates.0).powf(way);
    Some(Turn { most_ns: below.most_ns, kinds: (first, second), between: rates, at_per_s })
}

/// Who costs the least of those that hold, sure or not.
fn cheapest(spot: &Spot) -> Option<EngineKind> {
    let holding = spot.choices.iter().filter(|choice| choice.holds());
    let costs = holding.filter_map(|it| Some((it.kind, it.cpu_us.as_ref()?.median)));
    costs.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(kind, _)| kind)
}

fn cost(spot: &Spot, kind: EngineKind) -> Option<f64> {
    let mut holding = spot.choices.iter().filter(|choice| choice.holds());
    let choice = holding.find(|choice| choice.kind == kind)?;
    choice.cpu_us.as_ref().map(|cpu| cpu.median).filter(|us| *us > 0.0)
}
