//! One point of a map: a rate that was measured, and a demand that may be made there.

use crate::judge::advice::{Demand, Entry, Met, Place, Sheet, decide, differing, ranked_among};
use crate::judge::summary::{Summary, verified};
use crate::record::{CellRecord, EngineKind, EngineRecord, RunRecord};

/// What is known of a demand at a rate.
#[derive(Clone, PartialEq, Debug)]
pub struct Spot {
    /// The rate, in events per second.
    pub rate_per_s: f64,
    /// What is demanded, in nanoseconds at most.
    pub most_ns: u64,
    /// What came of it.
    pub outcome: Outcome,
    /// Fewest verified repetitions of those that hold it.
    pub repetitions: usize,
    /// The engines, each at the setting that stands for it: who holds before who does not, and of
    /// these the cheapest first.
    pub choices: Vec<Choice>,
}

/// Who is the cheapest that holds what is demanded.
#[derive(Copy, Clone, PartialEq, Debug)]
pub enum Outcome {
    /// One is.
    Cheapest {
        /// Which.
        kind: EngineKind,
        /// By how much.
        by: Margin,
    },
    /// Several hold it, and the repetitions do not tell which of them costs less.
    Tie,
    /// Several hold it, and what they cost is not known.
    NotCosted,
    /// Every engine misses it, is wrong, or falls behind.
    Nobody,
    /// Nobody holds it for sure, and somebody may.
    NotSure,
    /// Not every engine was measured.
    NotMeasured,
}

/// By how much the cheapest is cheaper.
#[derive(Copy, Clone, PartialEq, Debug)]
pub enum Margin {
    /// The next one that holds it costs so many times as much.
    Times(f64),
    /// No other one holds it for sure.
    Alone,
    /// Others hold it, and what they cost is not known.
    NotKnown,
}

impl Margin {
    /// How many times as much the next one costs that holds it, where that is known.
    pub const fn times(self) -> Option<f64> {
        match self {
            Self::Times(times) => Some(times),
            Self::Alone | Self::NotKnown => None,
        }
    }
}

impl Outcome {
    /// Who it is that is the cheapest, where one is.
    pub const fn cheapest(self) -> Option<EngineKind> {
        match self {
            Self::Cheapest { kind, .. } => Some(kind),
            _ => None,
        }
    }
}

/// An engine, at the setting that stands for it.
#[derive(Clone, PartialEq, Debug)]
pub struct Choice {
    /// Which it is.
    pub kind: EngineKind,
    /// What it is called in the record.
    pub label: String,
    /// Those of its settings that differ between its entries, in words.
    pub setting: String,
    /// Where it stands.
    pub place: Place,
    /// Processor time of its work in microseconds per event; none where it is not known.
    pub cpu_us: Option<Summary>,
    /// Why it does not hold for sure, or why its cost is not known, to stand behind its name.
    pub why: Option<String>,
}

impl Choice {
    /// Whether it takes part and holds what is demanded for sure.
    pub const fn holds(&self) -> bool {
        !matches!(self.place, Place::Misses | Place::NotSure | Place::Beside)
    }

    /// Its name, with its setting.
    pub fn called(&self) -> String {
        if self.setting.is_empty() {
            self.kind.name().to_owned()
        } else {
            format!("{} ({})", self.kind.name(), self.setting)
        }
    }
}

/// What is asked at every point alike.
pub(super) struct Question<'a> {
    /// The engines of the record, in their order.
    pub(super) kinds: Vec<EngineKind>,
    /// All entries of all cells.
    entries: Vec<&'a EngineRecord>,
}

impl<'a> Question<'a> {
    pub(super) fn of(record: &'a RunRecord) -> Self {
        let entries: Vec<&EngineRecord> =
            record.cells.iter().flat_map(|cell| &cell.engines).collect();
        let mut kinds: Vec<EngineKind> = Vec::new();
        for entry in &entries {
            if !kinds.contains(&entry.kind) {
                kinds.push(entry.kind);
            }
        }
        Self { kinds, entries }
    }

    /// What a demand comes to in a cell.
    pub(super) fn spot(&self, cell: &CellRecord, rate_per_s: f64, demand: (f64, u64)) -> Spot {
        let demands = Demand::all(&[demand], None);
        let sheet = Sheet { rate_per_s, prices: None, reserves: &[], is_metered: false };
        let has_others = self.kinds.iter().any(|kind| !kind.is_embedded());
        let entry = |engine| Entry::new(engine, &demands, &sheet, has_others);
        let entries = best_of_each(&cell.engines, &demands, entry);
        let decision = decide(&entries, &sheet);
        let mut choices: Vec<(Choice, f64)> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            // Of the cheapest itself one, and of a cost that is not known more than of any other.
            let own = if entry.cost.is_ok() { 1.0 } else { f64::INFINITY };
            let ratio = decision.against[at].as_ref().map_or(own, |it| it.comparison.ratio);
            choices.push((self.choice(entry, decision.places[at]), ratio));
        }
        let order = |(choice, _): &(Choice, f64)| (!choice.holds(), choice.place != Place::Advised);
        choices.sort_by(|a, b| order(a).cmp(&order(b)).then(a.1.total_cmp(&b.1)));
        let is_measured = |kind: &EngineKind| {
            let mut of_kind = cell.engines.iter().filter(|engine| engine.kind == *kind);
            of_kind.any(|engine| !engine.repetitions.is_empty())
        };
        let takes_part = |kind: &&EngineKind| !(has_others && kind.is_embedded());
        let is_whole = self.kinds.iter().filter(takes_part).all(is_measured);
        let winner = decision.winner.map(|winner| entries[winner].engine.kind);
        let outcome = if is_whole { outcome(&choices, winner) } else { Outcome::NotMeasured };
        let choices: Vec<Choice> = choices.into_iter().map(|(choice, _)| choice).collect();
        let is_holding = |entry: &&Entry<'_>| !entry.is_beside && entry.holding.met == Met::Surely;
        let held = entries.iter().filter(is_holding).map(|entry| verified(entry.engine).count());
        let repetitions = held.min().unwrap_or(0);
        Spot { rate_per_s, most_ns: demand.1, outcome, repetitions, choices }
    }

    fn choice(&self, entry: &Entry<'_>, place: Place) -> Choice {
        let engine = entry.engine;
        let of_kind = self.entries.iter().copied().filter(|other| other.kind == engine.kind);
        let others: Vec<&EngineRecord> = of_kind.collect();
        let setting = differing(engine, &others).into_iter();
        let setting: Vec<String> = setting.map(|(name, value)| format!("{name} {value}")).collect();
        let cpu = |_: &Summary| entry.cost.is_ok();
        Choice {
            kind: engine.kind,
            label: engine.label.clone(),
            setting: setting.join(", "),
            place,
            cpu_us: Summary::over(engine, crate::judge::metrics::CPU_PER_EVENT.figure).filter(cpu),
            why: entry.holding.why.clone().or_else(|| entry.cost.as_ref().err().cloned()),
        }
    }
}

/// One entry of each engine: of those that hold for sure the cheapest, since how far from the edge they
/// are is no merit; else the one that comes nearest.
fn best_of_each<'a>(
    engines: &'a [EngineRecord],
    demands: &[Demand],
    entry: impl Fn(&'a EngineRecord) -> Entry<'a>,
) -> Vec<Entry<'a>> {
    let ranked = ranked_among(engines, demands);
    let found = |label: &String| engines.iter().find(|engine| engine.label == *label);
    let mut best: Vec<(Entry<'a>, f64)> = Vec::new();
    for standing in ranked {
        let Some(engine) = found(&standing.label) else { continue };
        let (own, cost) = (entry(engine), standing.cost.unwrap_or(f64::INFINITY));
        let is_sure = |entry: &Entry<'_>| entry.holding.met == Met::Surely;
        match best.iter_mut().find(|(other, _)| other.engine.kind == engine.kind) {
            None => best.push((own, cost)),
            Some((known, known_cost)) => {
                let is_better = is_sure(&own) && (!is_sure(known) || cost < *known_cost);
                if is_better {
                    (*known, *known_cost) = (own, cost);
                }
            }
        }
    }
    best.into_iter().map(|(entry, _)| entry).collect()
}

/// What follows; each choice stands with its cost over that of the cheapest.
fn outcome(choices: &[(Choice, f64)], winner: Option<EngineKind>) -> Outcome {
    let taking_part = || choices.iter().filter(|(choice, _)| choice.place != Place::Beside);
    let holding = || taking_part().filter(|(choice, _)| choice.holds());
    if let Some(kind) = winner {
        let others = || holding().filter(|(choice, _)| choice.kind != kind);
        let costed = others().filter(|(choice, _)| choice.cpu_us.is_some());
        let by = match costed.map(|(_, ratio)| *ratio).min_by(f64::total_cmp) {
            Some(times) => Margin::Times(times),
            None if others().next().is_some() => Margin::NotKnown,
            None => Margin::Alone,
        };
        return Outcome::Cheapest { kind, by };
    }
    let costed = holding().filter(|(choice, _)| choice.cpu_us.is_some()).count();
    match holding().count() {
        0 if taking_part().next().is_none() => Outcome::NotMeasured,
        0 if taking_part().all(|(choice, _)| choice.place == Place::Misses) => Outcome::Nobody,
        0 => Outcome::NotSure,
        _ if costed > 0 => Outcome::Tie,
        _ => Outcome::NotCosted,
    }
}
