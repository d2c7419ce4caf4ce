//! Advice for programs: what `advise --format json` prints.

use reports::judge::advice::{Advice, Evidence, Favours, Point, Row, Scaling, Sensitivity, Swing};
use reports::judge::summary::Summary;
use reports::record::advice::AdviceRecord;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::Path;

/// Which engine to take, and what that rests on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::cli::commands) struct Advised {
    /// Of this format: 1.
    schema_version: u32,
    /// The folder of the advice, as it was named.
    folder: String,
    /// How sure the answer is: `certain`, `likely`, `at the edge`, `a toss-up` or `not enough data`.
    confidence: String,
    /// Whether engines were compared by the cores kept busy, as those that they need are not known.
    by_cores_kept_busy: bool,
    /// The label of the engine that is advised; none where that cannot be said.
    winner: Option<String>,
    /// The answer, at most four sentences.
    sentences: Vec<Said>,
    /// The engines, each at its best setting.
    engines: Vec<Told>,
    /// What a change of the workload would do; none where it was not measured.
    sensitivity: Option<Varied>,
    /// Reasons to doubt the answer that are not in the figures.
    doubts: Vec<String>,
    /// What was not tested.
    untested: Vec<String>,
    /// What was asked, and the runs that answer it.
    asked: AdviceRecord,
}

/// A sentence, and the folders of the runs that it rests on, relative to that of the advice.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Said {
    text: String,
    runs: Vec<String>,
}

/// An engine at its best setting.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Told {
    /// What it is called in the runs.
    label: String,
    /// Which engine it is.
    kind: String,
    /// Its settings that were tried at several values, in words.
    setting: String,
    /// Where it stands, such as `advised` or `misses`.
    place: String,
    /// 99th percentile of `result_latency`, in nanoseconds.
    p99_ns: Option<Figure>,
    /// Processor time per event, in microseconds.
    cpu_us_per_event: Option<Figure>,
    /// Cores that it needs to hold what is demanded at the rate that is to be held; none where its limit
    /// is not known.
    cores_needed: Option<CoresNeeded>,
    /// Cores that its work keeps busy at the rate that is to be held.
    cores: Option<Figure>,
    /// Most memory at once, in bytes.
    memory_bytes: Option<Figure>,
    /// What the machine took above what it takes at rest, in watts; none where it does not tell.
    watts: Option<Figure>,
    /// The highest rate that it sustains, in multiples of the one that is to be held.
    headroom: Option<f64>,
    /// What it would do at higher rates, by a model of those that were run.
    foretold: Vec<Foretold>,
    /// What it costs in a month, in the currency of the prices; at the most, where the cores needed are
    /// known no better.
    month: Option<f64>,
}

/// Cores that an engine needs.
#[derive(Copy, Clone, Debug, Serialize, JsonSchema)]
struct CoresNeeded {
    /// How many.
    cores: f64,
    /// From where to where they lie.
    interval: (f64, f64),
    /// Whether it needs so many at the most, and perhaps fewer.
    at_most: bool,
    /// How many follow from the highest rate that was sustained alone, where its work keeps more busy at
    /// the rate that is to be held, too.
    by_limit: f64,
    /// Whether that rests on its scaling evenly, which was not measured.
    if_even: bool,
}

/// What an engine would do at a rate that was not run.
#[derive(Copy, Clone, Debug, Serialize, JsonSchema)]
struct Foretold {
    /// The rate, in multiples of the one that is to be held.
    times: f64,
    /// 99th percentile of `result_latency`, in nanoseconds.
    p99_ns: f64,
    /// The middle of the model's errors where it does not know the answer, as a share.
    held_out_error: f64,
    /// How many errors that is the middle of.
    held_out_points: usize,
}

/// What a change of the workload would do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Varied {
    /// The folder of the run, relative to that of the advice.
    run: String,
    /// The engines: the advised one, or the first of those between whom nothing decides, and the next best.
    engines: [String; 2],
    /// The cost of the second over that of the first in the workload as it is.
    cost: f64,
    /// Where the answer turns, where nothing decides, and what does not change it, in words.
    turns: Vec<String>,
    /// Value by value, that of the factor first that moves the costs farthest.
    values: Vec<Changed>,
}

/// One thing of the workload at another value.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Changed {
    /// The key that was changed.
    key: String,
    /// The value, as it is written in a file.
    value: String,
    /// The cost of the second engine over that of the first; none where one is not known.
    cost: Option<f64>,
    /// From where to where that may lie: its 95 % interval from five repetitions on, before that what
    /// they allow.
    reach: Option<(f64, f64)>,
    /// The better choice there: an engine, or none where nothing decides or neither is sure to hold
    /// what is demanded.
    better: Option<String>,
    /// Who does not hold what is demanded there, and why.
    misses: Vec<String>,
}

/// A figure over repetitions.
#[derive(Copy, Clone, Debug, Serialize, JsonSchema)]
struct Figure {
    /// The middle one.
    median: f64,
    /// Where the true median lies, 19 times in 20; none of fewer than six repetitions.
    interval: Option<(f64, f64)>,
}

impl Advised {
    /// What is advised on this evidence.
    pub(super) fn of(folder: &Path, evidence: &Evidence, advice: &Advice) -> Self {
        let said = advice.sentences.iter();
        Self {
            schema_version: 1,
            folder: folder.display().to_string(),
            confidence: advice.confidence.words().to_owned(),
            by_cores_kept_busy: advice.is_by_busy,
            winner: advice.winner.map(|winner| advice.rows[winner].label.clone()),
            sentences: said
                .map(|it| Said { text: it.text.clone(), runs: it.runs.clone() })
                .collect(),
            engines: advice.rows.iter().map(told).collect(),
            sensitivity: advice.sensitivity.as_ref().map(varied),
            doubts: advice.doubts.clone(),
            untested: advice.untested.clone(),
            asked: evidence.record.clone(),
        }
    }
}

fn varied(told: &Sensitivity) -> Varied {
    let names = told.engines.each_ref().map(|(name, _)| name.clone());
    let value = |(swing, point): (&Swing, &Point)| Changed {
        key: swing.factor.key.clone(),
        value: point.value.clone(),
        cost: point.cost.map(|cost| cost.ratio),
        reach: point.cost.map(|cost| cost.reach),
        better: match point.favours {
            Favours::First => Some(names[0].clone()),
            Favours::Second => Some(names[1].clone()),
            Favours::Tie | Favours::Nobody | Favours::NotSure => None,
        },
        misses: point.misses.iter().flatten().cloned().collect(),
    };
    Varied {
        run: told.run.clone(),
        cost: told.base.ratio,
        turns: told.turns(),
        values: told.values().map(value).collect(),
        engines: names.clone(),
    }
}

fn told(row: &Row) -> Told {
    let figure = |summary: &Option<Summary>| {
        let summary = summary.as_ref()?;
        Some(Figure { median: summary.median, interval: summary.interval })
    };
    let foretold = row.foretold.iter().map(|it| Foretold {
        times: it.times,
        p99_ns: it.p99_ns,
        held_out_error: it.held_out.error,
        held_out_points: it.held_out.points,
    });
    Told {
        label: row.label.clone(),
        kind: row.kind.name().to_owned(),
        setting: row.setting.clone(),
        place: row.place.words().to_owned(),
        p99_ns: figure(&row.p99_ns),
        cpu_us_per_event: figure(&row.cpu_us),
        cores_needed: row.needed.map(|needed| CoresNeeded {
            cores: needed.cores(),
            interval: needed.reach,
            at_most: needed.is_at_most,
            by_limit: needed.by_limit,
            if_even: needed.scaling == Scaling::Even,
        }),
        cores: figure(&row.cores),
        memory_bytes: figure(&row.memory),
        watts: figure(&row.watts),
        headroom: row.headroom.map(|headroom| headroom.pass),
        foretold: foretold.collect(),
        month: row.money.as_ref().map(|money| money.month),
    }
}
