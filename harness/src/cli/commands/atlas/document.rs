//! A map for programs: what `atlas --format json` prints.

use reports::RunRecord;
use reports::judge::atlas::{Atlas, Choice, Outcome, Spot, Turn, atlas};
use reports::record::study;
use schemars::JsonSchema;
use serde::Serialize;

/// Which engine is the cheapest that holds a demand, over rates and demands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::cli::commands) struct Mapped {
    /// Of this format: 1.
    schema_version: u32,
    /// Short name of what was run, as in the folder's name.
    name: String,
    /// Whether the run did not come to its end.
    interrupted: bool,
    /// What follows, at most three sentences.
    sentences: Vec<String>,
    /// What was asked: the quantile, the demands in nanoseconds, and the user's own workload.
    asked: study::Atlas,
    /// Rates that were planned and at which nothing was measured, as they are written.
    not_measured: Vec<String>,
    /// The points that were measured: rate by rate from the lowest, the strictest demand first.
    points: Vec<Point>,
    /// Where two engines cost the same.
    turns: Vec<Same>,
    /// What the user's own demand comes to at its rate, or at the measured rates on both sides of it.
    own: Vec<Point>,
}

/// A demand at a rate.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Point {
    /// Events per second.
    rate_per_s: f64,
    /// What is demanded, in nanoseconds at most.
    most_ns: u64,
    /// `cheapest`, `tie`, `costs not known`, `nobody`, `not sure` or `not measured`.
    outcome: &'static str,
    /// Which engine is the cheapest that holds it, where one is.
    cheapest: Option<&'static str>,
    /// How many times as much the next one costs that holds it.
    next_costs: Option<f64>,
    /// The engines, each at the setting that stands for it; who holds it before who does not.
    engines: Vec<Told>,
}

/// An engine at a point.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Told {
    /// Which it is.
    kind: &'static str,
    /// What it is called in the record.
    label: String,
    /// Its settings that differ between its entries, in words.
    setting: String,
    /// Where it stands, such as `advised`, `costs more` or `misses`.
    place: &'static str,
    /// Processor time of its work in microseconds per event, the middle one.
    cpu_us_per_event: Option<f64>,
    /// Why it does not hold the demand for sure, or why its cost is not known.
    why: Option<String>,
}

/// A rate at which two engines cost the same.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Same {
    /// What is demanded, in nanoseconds at most.
    most_ns: u64,
    /// Who is the cheaper one below.
    below: &'static str,
    /// Who is the cheaper one above.
    above: &'static str,
    /// The measured rates on both sides, in events per second.
    between_per_s: (f64, f64),
    /// About where, in events per second.
    at_per_s: f64,
}

impl Mapped {
    /// The map of a record; none of a run that is none.
    pub(super) fn of(record: &RunRecord) -> Option<Self> {
        let map = atlas(record)?;
        let sentences = map.sentences();
        let points = map.spots().map(point).collect();
        let turns = map.turns().into_iter().map(same).collect();
        let Atlas { asked, without, own, .. } = map;
        let own = own.map_or_else(Vec::new, |own| own.near.iter().map(point).collect());
        Some(Self {
            schema_version: 1,
            name: record.name.clone(),
            interrupted: record.interrupted,
            sentences,
            asked,
            not_measured: without,
            points,
            turns,
            own,
        })
    }
}

fn point(spot: &Spot) -> Point {
    let (outcome, next_costs) = match spot.outcome {
        Outcome::Cheapest { by, .. } => ("cheapest", by.times()),
        Outcome::Tie => ("tie", None),
        Outcome::NotCosted => ("costs not known", None),
        Outcome::Nobody => ("nobody", None),
        Outcome::NotSure => ("not sure", None),
        Outcome::NotMeasured => ("not measured", None),
    };
    Point {
        rate_per_s: spot.rate_per_s,
        most_ns: spot.most_ns,
        outcome,
        cheapest: spot.outcome.cheapest().map(reports::record::EngineKind::name),
        next_costs,
        engines: spot.choices.iter().map(told).collect(),
    }
}

fn told(choice: &Choice) -> Told {
    Told {
        kind: choice.kind.name(),
        label: choice.label.clone(),
        setting: choice.setting.clone(),
        place: choice.place.words(),
        cpu_us_per_event: choice.cpu_us.as_ref().map(|cpu| cpu.median),
        why: choice.why.clone(),
    }
}

fn same(turn: Turn) -> Same {
    Same {
        most_ns: turn.most_ns,
        below: turn.kinds.0.name(),
        above: turn.kinds.1.name(),
        between_per_s: turn.between,
        at_per_s: turn.at_per_s,
    }
}
