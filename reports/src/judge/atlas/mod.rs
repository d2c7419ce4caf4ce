//! Which engine is the cheapest that holds a demand on the latency, over rates and over demands: the map
//! of who wins where, from the record of a sweep alone.
//!
//! What may be demanded needs no runs of its own. A sweep over the rate has each engine at several
//! settings; a demand is held or missed by what these did, and the cheapest setting that holds it
//! stands for its engine. Who holds and who is cheaper is decided as for any advice
//! ([`judge::advice`](super::advice)), point by point. So nothing is said of a rate that was not
//! measured, nor of one at which an engine is missing.
//!
//! A setting is chosen by the very figures that are compared. So the cheapest engine is that of these
//! runs, and no map is certain: `advise` compares in a run apart.

mod spot;
mod regions;
mod turns;
mod sentences;
#[cfg(test)]
mod tests;

pub use spot::{Choice, Margin, Outcome, Spot};
pub use turns::Turn;

use super::advice::Demand;
use crate::quantity;
use crate::record::study;
use crate::record::{CellRecord, EngineKind, RunRecord};
use spot::Question;
use statistics::comparison::FEWEST_RUNS;

/// Who is the cheapest that holds a demand, where.
#[derive(Clone, Debug)]
pub struct Atlas {
    /// What was asked.
    pub asked: study::Atlas,
    /// The engines, in the order in which they stand in the record.
    pub kinds: Vec<EngineKind>,
    /// Rates that were measured, rising.
    pub columns: Vec<Column>,
    /// Rates that were planned and at which nothing was measured, as they are written.
    pub without: Vec<String>,
    /// What the user's own workload gets; none where its rate changes during a run.
    pub own: Option<Own>,
}

/// One rate.
#[derive(Clone, PartialEq, Debug)]
pub struct Column {
    /// In events per second.
    pub rate_per_s: f64,
    /// As it is written in a file.
    pub written: String,
    /// Its place among the rates that were planned, as they were listed.
    place: usize,
    /// Level by level, the strictest first.
    pub spots: Vec<Spot>,
}

/// The user's own workload.
#[derive(Clone, PartialEq, Debug)]
pub struct Own {
    /// Its rate, in events per second.
    pub rate_per_s: f64,
    /// What is demanded, in nanoseconds; none where nobody says.
    pub most_ns: Option<u64>,
    /// What holds that at its rate, or at the next measured rates below and above; nothing where
    /// nothing is demanded, and where its rate lies outside of what was measured.
    pub near: Vec<Spot>,
}

/// The map of a sweep; none of any other run.
pub fn atlas(record: &RunRecord) -> Option<Atlas> {
    let sweep = record.sweep.as_ref()?;
    let asked = sweep.atlas.clone()?;
    let question = Question::of(record);
    let planned = sweep.axes.iter().flat_map(|axis| &axis.values);
    let mut columns = Vec::new();
    let mut without = Vec::new();
    for (place, written) in planned.enumerate() {
        let Some((rate_per_s, cell)) = measured_at(record, written) else {
            without.push(written.clone());
            continue;
        };
        let spot = |most_ns: &u64| question.spot(cell, rate_per_s, (asked.quantile, *most_ns));
        let spots = asked.levels_ns.iter().map(spot).collect();
        columns.push(Column { rate_per_s, written: written.clone(), place, spots });
    }
    columns.sort_by(|a, b| a.rate_per_s.total_cmp(&b.rate_per_s));
    let own = asked.own_rate_per_s.map(|rate_per_s| {
        let cells = near(&columns, rate_per_s);
        let most_ns = asked.own_most_ns;
        let spot = |column: &Column| {
            let (rate, cell) = measured_at(record, &column.written)?;
            Some(question.spot(cell, rate, (asked.quantile, most_ns?)))
        };
        Own { rate_per_s, most_ns, near: cells.into_iter().filter_map(spot).collect() }
    });
    Some(Atlas { asked, kinds: question.kinds, columns, without, own })
}

/// The cell in which a rate was measured, and the rate as a number.
fn measured_at<'a>(record: &'a RunRecord, written: &str) -> Option<(f64, &'a CellRecord)> {
    let mut cells = record.cells.iter();
    cells.find_map(|cell| {
        let at = cell.point.first().filter(|at| at.value == written)?;
        let has_measured = cell.engines.iter().any(|engine| !engine.repetitions.is_empty());
        Some((at.number.filter(|rate| *rate > 0.0)?, cell)).filter(|_| has_measured)
    })
}

/// The columns at a rate, or on both sides of it; none where it lies outside.
fn near(columns: &[Column], rate_per_s: f64) -> Vec<&Column> {
    let is_it = |column: &&Column| (column.rate_per_s / rate_per_s - 1.0).abs() < 1e-6;
    if let Some(exact) = columns.iter().find(is_it) {
        return vec![exact];
    }
    let sides = columns.windows(2).find(|pair| {
        let [below, above] = pair else { return false };
        below.rate_per_s < rate_per_s
            && rate_per_s < above.rate_per_s
            && are_neighbours(below, above)
    });
    sides.map_or_else(Vec::new, |pair| pair.iter().collect())
}

/// Whether no rate was planned between two.
fn are_neighbours(a: &Column, b: &Column) -> bool {
    a.place.abs_diff(b.place) == 1
}

impl Atlas {
    /// Columns side by side, between which no other was planned: what may be looked at together.
    pub fn neighbours(&self) -> impl Iterator<Item = (&Column, &Column)> {
        let pairs = self.columns.windows(2).map(|pair| (&pair[0], &pair[1]));
        pairs.filter(|(a, b)| are_neighbours(a, b))
    }

    /// All points of the map.
    pub fn spots(&self) -> impl Iterator<Item = &Spot> {
        self.columns.iter().flat_map(|column| &column.spots)
    }

    /// What is demanded, such as "p99".
    pub fn quantile(&self) -> &'static str {
        let demands = Demand::all(&[(self.asked.quantile, 0)], None);
        demands[0].name()
    }

    /// How often the engines ran between which a margin is told, where that is too seldom to name a winner,
    /// as it is of any two engines ([`FEWEST_RUNS`]).
    pub fn too_few(&self) -> Option<usize> {
        let is_told =
            |spot: &&Spot| matches!(spot.outcome, Outcome::Cheapest { by: Margin::Times(_), .. });
        let fewest = self.spots().filter(is_told).map(|spot| spot.repetitions).min()?;
        (fewest < FEWEST_RUNS).then_some(fewest)
    }

    /// Where no point says anything, this run says nothing of who wins where.
    pub fn is_blank(&self) -> bool {
        self.spots().all(|spot| spot.outcome == Outcome::NotMeasured)
    }
}

/// A level as it is written: "50 ms".
pub(crate) fn level(most_ns: u64) -> String {
    quantity::tick(&quantity::nanoseconds(most_ns as f64))
}

/// A rate as it is written: "50 k/s".
pub(crate) fn rate(per_s: f64) -> String {
    quantity::tick(&quantity::rate(per_s))
}
