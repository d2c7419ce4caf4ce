//! What becomes of an answer where one thing is other than in the workload, all else the same: the
//! advised engine and the next best, each at its best setting, at half and at double of it.
//!
//! Each value is decided by the same rule as the answer itself (`decision`): who holds what is demanded
//! there, and costs less by more than two runs of the same thing may differ by. Where neither can be
//! told from the other it is a tie, and no winner is flipped by noise.
//!
//! No limit is searched there: what an engine needs for a core that it keeps busy is taken to be what it
//! is in the workload.

use super::cost::{Against, FEW, Lead, Sheet};
use super::decision::decide;
use super::entry::{Entry, Row};
use super::evidence::Evidence;
use super::holding::{Demand, Met};
use super::{Place, break_even};
use crate::judge::summary::Summary;
use crate::quantity::{self, significant};
use crate::record::advice::{Factor, FactorKind, Purpose};
use crate::record::{CellRecord, EngineKind, EngineRecord};

pub use super::batching::Batching;
pub use break_even::Turn;

/// What a change of the workload does to an answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Sensitivity {
    /// The folder of the run, relative to that of the advice.
    pub run: String,
    /// The advised engine, or the first of those between whom nothing decides, and the next best: what
    /// they are called, and which they are.
    pub engines: [(String, EngineKind); 2],
    /// Whether the first of them is advised.
    pub is_advised: bool,
    /// The costs in the workload as it is.
    pub base: Ratio,
    /// What was varied, the one first that moves the costs farthest.
    pub swings: Vec<Swing>,
    /// From which batch interval on who has one is the cheaper one, by the rounds of tuning.
    pub batching: Option<Batching>,
}

/// The cost of the second engine over that of the first.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Ratio {
    /// How many times as much it costs.
    pub ratio: f64,
    /// From where to where that may lie.
    pub reach: (f64, f64),
    /// Whether this is the 95 % interval; else it is what the repetitions of both allow.
    pub is_interval: bool,
    /// Fewest repetitions of either.
    pub repetitions: usize,
}

impl Ratio {
    /// `second` over `first`; none where either cost is not known.
    fn of(first: &EngineRecord, second: &EngineRecord, sheet: &Sheet<'_>) -> Option<Self> {
        let (lower, higher) = (sheet.costs(first).ok()?, sheet.costs(second).ok()?);
        let comparison = Against::of(first, second, sheet).comparison;
        let aside = sheet.aside([first, second]).exp();
        let range = |lower: &Summary, higher: &Summary| {
            (higher.low / lower.high / aside, higher.high / lower.low * aside)
        };
        let ratio = Self {
            ratio: comparison.ratio,
            reach: comparison.interval.unwrap_or_else(|| range(&lower, &higher)),
            is_interval: comparison.interval.is_some(),
            repetitions: comparison.runs.0.min(comparison.runs.1),
        };
        let is_known = |figure: f64| figure.is_finite() && figure > 0.0;
        [ratio.ratio, ratio.reach.0, ratio.reach.1].into_iter().all(is_known).then_some(ratio)
    }
}

/// One thing that was varied.
#[derive(Clone, PartialEq, Debug)]
pub struct Swing {
    /// What it is, and its value in the workload.
    pub factor: Factor,
    /// The values that were measured, in rising order; that of the workload is not among them.
    pub points: Vec<Point>,
    /// Where the answer turns, in rising order.
    pub turns: Vec<Turn>,
}

impl Swing {
    /// How far apart the ratios of costs lie, that of the workload among them, as a logarithm to base 2.
    fn span(&self, base: f64) -> f64 {
        let ratios = self.points.iter().filter_map(|point| Some(point.cost?.ratio)).chain([base]);
        let logs: Vec<f64> = ratios.map(f64::log2).collect();
        let end = |of: fn(f64, f64) -> f64, from: f64| logs.iter().copied().fold(from, of);
        end(f64::max, f64::NEG_INFINITY) - end(f64::min, f64::INFINITY)
    }

    /// A value, such as "a rate of 100 k/s".
    pub fn at(&self, point: &Point) -> String {
        format!("a {} of {}", self.factor.kind.words(), self.factor.kind.show(point.number))
    }
}

/// One value of what was varied.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// As it is written in a file.
    pub value: String,
    /// The same in the unit of its factor.
    pub number: f64,
    /// The costs there; none where one is not known.
    pub cost: Option<Ratio>,
    /// Who is the better choice there.
    pub favours: Favours,
    /// Who does not hold what is demanded there for sure, and why: the first engine, the second.
    pub misses: [Option<String>; 2],
}

/// Who is the better choice at a value.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Favours {
    /// The first engine, as in the workload.
    First,
    /// The second: the answer is another one.
    Second,
    /// They are not told apart.
    Tie,
    /// Neither holds what is demanded.
    Nobody,
    /// Neither holds it for sure, and one may.
    NotSure,
}

impl Favours {
    /// In a few words, by the names of the engines.
    pub fn words(self, sensitivity: &Sensitivity) -> String {
        let [first, second] = &sensitivity.engines;
        match self {
            Self::First => first.0.clone(),
            Self::Second if sensitivity.is_advised => format!("{}: flips the winner", second.0),
            Self::Second => second.0.clone(),
            Self::Tie => "a tie".to_owned(),
            Self::Nobody => "neither holds".to_owned(),
            Self::NotSure => "neither is sure to hold".to_owned(),
        }
    }
}

impl FactorKind {
    /// Whether it is how much comes in a second.
    pub(super) const fn is_load(self) -> bool {
        matches!(self, Self::Rate | Self::Speed)
    }

    /// What it is called.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Speed => "speed of the trace",
            Self::Keys => "number of keys",
            Self::Disorder => "share of late events",
            Self::Delay => "delay of late events",
            Self::Slide => "slide of the window",
        }
    }
}

/// The labels of the two engines whose answer is worth asking again with something varied: the first
/// two that take part, of which the first holds what is demanded and both have a cost.
pub fn contenders(evidence: &Evidence) -> Option<[String; 2]> {
    let advice = super::advise(evidence);
    let winner = advice.winner.map(|winner| &advice.rows[winner]);
    let first = winner.or_else(|| advice.rows.iter().find(|row| row.is_fit()))?;
    let is_other = |row: &&Row| row.label != first.label && row.place != Place::Beside;
    let second = advice.rows.iter().filter(is_other).find(|row| row.cores.is_some())?;
    let is_known = first.is_fit() && first.cores.is_some();
    is_known.then(|| [first.label.clone(), second.label.clone()])
}

impl Sensitivity {
    /// What was varied in the last run for it, where that is of the engines and of the machine of the
    /// answer.
    pub(super) fn of(
        evidence: &Evidence,
        demands: &[Demand],
        rows: &[Row],
        winner: Option<usize>,
        by: &Sheet<'_>,
    ) -> Option<Self> {
        let unlike = evidence.unlike();
        let is_like = |run: &str| unlike.iter().all(|(folder, _)| *folder != run);
        let (run, record) =
            evidence.of(Purpose::Sensitivity).rfind(|(run, _)| is_like(&run.folder))?;
        let labels: Vec<&str> =
            record.cells.first()?.engines.iter().map(|engine| engine.label.as_str()).collect();
        // In the order of the answer, in which who is advised comes first.
        let mut pair = rows.iter().filter(|row| labels.contains(&row.label.as_str()));
        let (first, second) = (pair.next()?, pair.next()?);
        let is_advised = winner.is_some_and(|winner| rows[winner].label == first.label);
        if winner.is_some() && !is_advised {
            return None;
        }
        let labels = [first, second].map(|row| row.label.as_str());
        let asked = &evidence.record;
        let sheet = |rate_per_s: f64| Sheet { rate_per_s, ..*by };
        let engines = in_cell(evidence.cell()?, labels)?;
        let base = Ratio::of(engines[0], engines[1], &sheet(asked.rate_per_s))?;
        let is_held = first.is_fit() && second.is_fit();
        let names = [&first.name, &second.name];
        let swing = |factor: &Factor| {
            let mut points: Vec<Point> = Vec::new();
            for cell in &record.cells {
                let Some(at) = cell.point.iter().find(|at| at.key == factor.key) else { continue };
                let Some((number, engines)) = at.number.zip(in_cell(cell, labels)) else {
                    continue;
                };
                // By fewer nobody misses a demand or costs more for sure.
                if engines.iter().any(|engine| engine.repetitions.len() < FEW) {
                    continue;
                }
                let times = if factor.kind.is_load() { number / factor.number } else { 1.0 };
                let rate_per_s = asked.rate_per_s * times;
                points.push(Point::of(
                    (at.value.as_str(), number),
                    engines,
                    names,
                    demands,
                    &sheet(rate_per_s),
                ));
            }
            points.sort_by(|a, b| a.number.total_cmp(&b.number));
            let turns = break_even::turns(factor.number, Some(&base).filter(|_| is_held), &points);
            (!points.is_empty()).then(|| Swing { factor: factor.clone(), points, turns })
        };
        let mut swings: Vec<Swing> = asked.factors.iter().filter_map(swing).collect();
        if swings.is_empty() {
            return None;
        }
        swings.sort_by(|a, b| b.span(base.ratio).total_cmp(&a.span(base.ratio)));
        let engines = [first, second].map(|row| (row.name.clone(), row.kind));
        // No limit was searched of what lost in tuning.
        let busy = Sheet { reserves: &[], ..*by };
        let batching = Batching::of(evidence, [first, second], &busy);
        Some(Self { run: run.folder.clone(), engines, is_advised, base, swings, batching })
    }
}

impl Sensitivity {
    /// The names of the columns of [`Self::row`].
    pub const HEADER: [&str; 5] = ["varied", "value", "cost", "from, to", "better there"];

    /// A value in words: what was varied, from which value to which, what the second engine costs against
    /// the first there, how far that may lie aside, and who is the better choice.
    pub fn row(&self, swing: &Swing, point: &Point) -> [String; 5] {
        let kind = swing.factor.kind;
        let cost = point.cost.as_ref();
        let reach =
            |(low, high): (f64, f64)| format!("{} to {}", significant(low), significant(high));
        [
            kind.words().to_owned(),
            format!("{} in place of {}", kind.show(point.number), kind.show(swing.factor.number)),
            cost.map_or_else(|| quantity::NONE.to_owned(), |cost| quantity::ratio(cost.ratio)),
            cost.map_or_else(String::new, |cost| reach(cost.reach)),
            point.favours.words(self),
        ]
    }

    /// All values, the factor first that moves the costs farthest.
    pub fn values(&self) -> impl Iterator<Item = (&Swing, &Point)> {
        self.swings.iter().flat_map(|swing| swing.points.iter().map(move |point| (swing, point)))
    }

    /// The values at which another engine is the answer, such as "a rate of 100 k/s".
    pub fn flips(&self) -> Vec<String> {
        let flips = self.values().filter(|(_, point)| point.favours == Favours::Second);
        flips.map(|(swing, point)| swing.at(point)).collect()
    }
}

/// The engines of a cell by their labels, where something was measured of both.
fn in_cell<'a>(cell: &'a CellRecord, labels: [&str; 2]) -> Option<[&'a EngineRecord; 2]> {
    let found = |label: &str| {
        let mut engines = cell.engines.iter();
        engines.find(|engine| engine.label == label && !engine.repetitions.is_empty())
    };
    Some([found(labels[0])?, found(labels[1])?])
}

impl Point {
    /// What is true of these engines at a value, in words and as a number.
    fn of(
        (value, number): (&str, f64),
        engines: [&EngineRecord; 2],
        names: [&String; 2],
        demands: &[Demand],
        sheet: &Sheet<'_>,
    ) -> Self {
        let entries = engines.map(|engine| Entry::new(engine, demands, sheet, false));
        let met = [entries[0].holding.met, entries[1].holding.met];
        let decision = decide(&entries, sheet);
        let is_within = |against: &Against| {
            against.comparison.interval.is_some() && against.lead != Lead::Beyond
        };
        let favours = match decision.winner {
            Some(0) => Favours::First,
            // That the first one may miss a demand is no reason yet to take the other, and neither is a
            // likely lead: of many values that are looked at, one has it by chance.
            Some(_) if met[0] == Met::Perhaps => Favours::Tie,
            Some(_)
                if met[0] == Met::Surely && decision.against[0].as_ref().is_some_and(is_within) =>
            {
                Favours::Tie
            }
            Some(_) => Favours::Second,
            None if met == [Met::Misses; 2] => Favours::Nobody,
            None if !met.contains(&Met::Surely) => Favours::NotSure,
            _ => Favours::Tie,
        };
        let why = |at: usize| Some(format!("{} {}", names[at], entries[at].holding.why.as_ref()?));
        Self {
            value: value.to_owned(),
            number,
            cost: Ratio::of(engines[0], engines[1], sheet),
            favours,
            misses: [why(0), why(1)],
        }
    }

    /// Whether both engines hold what is demanded there, so that their costs decide.
    pub(super) fn is_held(&self) -> bool {
        self.misses.iter().all(Option::is_none)
    }
}
