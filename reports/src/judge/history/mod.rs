//! The same figures over many runs, such as those of every night: where their level changed.
//!
//! A run gives one point to each series, and how far runs scatter is seen in the series itself. So
//! nothing is presumed of what two runs differ by, as it is where there are only two
//! ([`gate`](super::gate)). A cell of a run is part of a series where it could be compared with that
//! of the latest run that has it; what could not is left out and named. A history tells: it demands
//! nothing, and nobody fails by it.

mod told;
#[cfg(test)]
mod tests;

use super::gate::comparable::{self, Difference};
use super::gate::runs::SEED;
use super::gate::{is_itself, work_times};
use super::metrics::{Metric, looked_at};
use crate::record::{CellRecord, EngineKind, EngineRecord, RunRecord};
use crate::words::plural;
use statistics::Better;
use statistics::change_points::{ChangePoint, change_points};
use statistics::noise::{self, Pace};

/// What is asked of many runs.
#[derive(Copy, Clone, Debug, Default)]
pub struct Asked<'a> {
    /// By what else than the headlines.
    pub also: &'a [&'static Metric],
    /// Only the engines of these labels or kinds; all, where there are none.
    pub engines: &'a [String],
    /// Whether runs of other machines or builds belong to a series all the same.
    pub forced: bool,
}

/// What many runs say of the same things.
#[derive(Clone, Debug)]
pub struct History {
    /// The runs, the oldest first.
    pub runs: Vec<Run>,
    /// Scenario by scenario, engine by engine, metric by metric.
    pub series: Vec<Series>,
    /// What is part of no series.
    pub left_out: Vec<LeftOut>,
}

/// One of the runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// Its folder, as it was found.
    pub folder: String,
    /// When it started: RFC 3339, UTC.
    pub started: String,
    /// The commit of what measured.
    pub commit: String,
}

/// A run, or a cell of it, that is part of no series.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// The folder of the run.
    pub folder: String,
    /// Name of the cell; none where it is all of the run.
    pub cell: Option<String>,
    /// Why, in words.
    pub why: String,
    /// Whether it would be part of a series if somebody insisted: its machine or its build is
    /// another, and nothing else.
    pub is_elsewhere: bool,
}

/// A figure of an engine on a scenario, run by run.
#[derive(Clone, Debug)]
pub struct Series {
    /// Name of the scenario.
    pub cell: String,
    /// Label of the engine.
    pub engine: String,
    /// What the engine is.
    pub kind: EngineKind,
    /// The figure.
    pub metric: &'static Metric,
    /// Its value in each run that has one, the oldest first.
    pub points: Vec<Point>,
    /// How many runs had the engine on the scenario and no such figure of it.
    pub without: usize,
    /// Where its level changed, the oldest first.
    pub shifts: Vec<Shift>,
}

/// A figure in one run.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Point {
    /// Place of the run among [`History::runs`].
    pub run: usize,
    /// The median over the repetitions, in the unit of the metric.
    pub value: f64,
    /// Where that lies: the 95 % interval, from six repetitions on; of a search, its bracket.
    pub interval: Option<(f64, f64)>,
}

/// A change of a figure's level.
#[derive(Clone, Debug)]
pub struct Shift {
    /// Where it is and how large; places are those among [`Series::points`].
    pub change: ChangePoint,
    /// What to make of it.
    pub turn: Turn,
    /// What differs between the last run before and the first one after.
    pub differences: Vec<Difference>,
    /// How fast the machine was after it, against before, where it was timed.
    pub pace: Option<Pace>,
}

/// What to make of a change of level.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Towards the good end.
    Better,
    /// Away from it.
    Worse,
    /// Either, and less than anyone would act on.
    WithinBand,
    /// No more than the machine itself changed.
    WithMachine,
}

/// A change in the words of a table: where, of what, by how much.
#[derive(Copy, Clone, Debug)]
pub struct Told<'a> {
    /// The series.
    pub series: &'a Series,
    /// Its change.
    pub shift: &'a Shift,
}

/// What changed between two runs.
#[derive(Clone, Debug)]
pub struct Gap<'a> {
    /// The last run before.
    pub before: &'a Run,
    /// The first run after.
    pub after: &'a Run,
    /// The changes, in the order of the series.
    pub told: Vec<Told<'a>>,
}

/// A record without what happened when, which a history does not look at: so little that hundreds of
/// runs are held at once.
#[must_use]
pub fn lean(mut record: RunRecord) -> RunRecord {
    for engine in record.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
        (engine.merged_result_latency, engine.merged_event_latency) = (None, None);
        if let Some(limit) = &mut engine.limit {
            limit.probes = Vec::new();
        }
        for repetition in &mut engine.repetitions {
            (repetition.batches, repetition.timeline) = (Vec::new(), Vec::new());
            repetition.anatomy = None;
            let latencies = [&mut repetition.result_latency, &mut repetition.event_latency];
            for latency in latencies.into_iter().flatten() {
                latency.ladder = Vec::new();
            }
        }
    }
    record
}

/// What these runs say, each with its folder, in any order. `unread` is what could not be read, to
/// be named with what is left out here.
pub fn history(runs: &[(RunRecord, String)], unread: Vec<LeftOut>, asked: &Asked<'_>) -> History {
    let mut sorted: Vec<&(RunRecord, String)> = runs.iter().collect();
    sorted.sort_by(|(a, in_a), (b, in_b)| (&a.started, in_a).cmp(&(&b.started, in_b)));
    let mut left_out = unread;
    let mut kept: Vec<&(RunRecord, String)> = Vec::new();
    for run in sorted {
        // Named twice, found in two folders, or copied.
        if let Some((_, folder)) = kept.iter().find(|(other, _)| is_itself(other, &run.0)) {
            let why = format!("it is the run of {folder}");
            left_out.push(LeftOut::whole(&run.1, why));
        } else {
            kept.push(run);
        }
    }
    let newest_first = || kept.iter().rev().flat_map(|(run, _)| &run.cells);
    let mut series = Vec::new();
    let mut unlike: Vec<Vec<LeftOut>> = vec![Vec::new(); kept.len()];
    for name in each_once(newest_first().map(|cell| cell.name.as_str())) {
        let all = kept.iter().enumerate().filter_map(|(n, (run, _))| {
            let cell = run.cells.iter().find(|cell| cell.name == name)?;
            Some((n, run, cell))
        });
        let all: Vec<(usize, &RunRecord, &CellRecord)> = all.collect();
        let Some(&(_, latest_run, latest)) = all.last() else { continue };
        let mut alike: Vec<(usize, &CellRecord)> = Vec::new();
        for (n, run, cell) in all {
            let others = comparable::of_cell((run, cell), (latest_run, latest), asked.forced);
            if let Some(why) = because(&others) {
                let others = comparable::of_cell((run, cell), (latest_run, latest), true);
                unlike[n].push(LeftOut {
                    cell: Some(name.to_owned()),
                    is_elsewhere: others.is_empty(),
                    ..LeftOut::whole(&kept[n].1, why)
                });
            } else {
                alike.push((n, cell));
            }
        }
        series.extend(of_cell(&kept, &alike, asked));
    }
    for ((run, folder), mut unlike) in kept.iter().zip(unlike) {
        if run.cells.is_empty() {
            left_out.push(LeftOut::whole(folder, "there is no scenario in it".into()));
        }
        // Said once of a run that is another as a whole.
        let is_whole = unlike.len() == run.cells.len()
            && unlike.windows(2).all(|pair| pair[0].why == pair[1].why);
        if is_whole {
            unlike.truncate(1);
            for one in &mut unlike {
                one.cell = None;
            }
        }
        left_out.extend(unlike);
    }
    let runs = kept.iter().map(|(run, folder)| Run {
        folder: folder.clone(),
        started: run.started.clone(),
        commit: run.tool.commit.clone(),
    });
    History { runs: runs.collect(), series, left_out }
}

fn each_once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all: Vec<&str> = Vec::new();
    for name in names {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// Why a cell cannot be held against the latest one; none where it can.
fn because(others: &[Difference]) -> Option<String> {
    let Difference { what, base, new } = others.first()?;
    let more = match others.len() - 1 {
        0 => String::new(),
        more => format!("; {} more", plural(more, "difference")),
    };
    Some(format!("{what} is {base}, in the latest run {new}{more}"))
}

/// The series of a cell, as these runs have it.
fn of_cell(
    kept: &[&(RunRecord, String)],
    alike: &[(usize, &CellRecord)],
    asked: &Asked<'_>,
) -> Vec<Series> {
    let newest_first = || alike.iter().rev().flat_map(|(_, cell)| &cell.engines);
    let mut all = Vec::new();
    for label in each_once(newest_first().map(|engine| engine.label.as_str())) {
        let engines: Vec<Placed<'_>> = alike
            .iter()
            .filter_map(|&(run, cell)| {
                let engine = cell.engines.iter().find(|engine| engine.label == label)?;
                Some(Placed { run, cell, engine })
            })
            .collect();
        let is_asked = |engine: &EngineRecord| {
            let names = [engine.label.as_str(), engine.kind.name()];
            asked.engines.is_empty() || asked.engines.iter().any(|it| names.contains(&it.as_str()))
        };
        if !engines.last().is_some_and(|latest| is_asked(latest.engine)) {
            continue;
        }
        for metric in looked_at(asked.also) {
            let is_named = asked.also.iter().any(|other| other.name == metric.name);
            let series = one(kept, &engines, metric);
            // A run without repetitions is a search, and most runs search nothing.
            all.extend(series.filter(|series| is_named || !series.points.is_empty()));
        }
    }
    all
}

/// An engine in one of the runs.
#[derive(Copy, Clone)]
struct Placed<'a> {
    run: usize,
    cell: &'a CellRecord,
    engine: &'a EngineRecord,
}

fn one(
    kept: &[&(RunRecord, String)],
    engines: &[Placed<'_>],
    metric: &'static Metric,
) -> Option<Series> {
    let latest = engines.last()?;
    let told = engines.iter().filter_map(|placed| {
        let (value, interval) = metric.level(placed.engine, SEED)?;
        Some((*placed, Point { run: placed.run, value, interval }))
    });
    let (placed, points): (Vec<Placed<'_>>, Vec<Point>) = told.unzip();
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let shift = |change: ChangePoint| {
        let (before, after) = (&placed[change.at - 1], &placed[change.at]);
        let mut differences = comparable::circumstances(&kept[before.run].0, &kept[after.run].0);
        // When they started is told with each, and how busy the machine was is the run's own matter.
        differences.retain(|one| !["started", "load before the run"].contains(&one.what.as_str()));
        let times = |placed: &[Placed<'_>]| work_times(placed.iter().map(|one| one.cell));
        let (since, until) = (change.at - change.runs.0, change.at + change.runs.1);
        let pace =
            noise::pace(&times(&placed[since..change.at]), &times(&placed[change.at..until]));
        let turn = turn(&change, metric, pace);
        Shift { change, turn, differences, pace }
    };
    let shifts = change_points(&values).into_iter().map(shift).collect();
    Some(Series {
        cell: latest.cell.name.clone(),
        engine: latest.engine.label.clone(),
        kind: latest.engine.kind,
        metric,
        without: engines.len() - points.len(),
        points,
        shifts,
    })
}

fn turn(change: &ChangePoint, metric: &Metric, pace: Option<Pace>) -> Turn {
    let (low, high) = change.interval;
    let reaches = |share: f64| low <= 1.0 + share && high >= 1.0 / (1.0 + share);
    let is_worse = (change.ratio > 1.0) == (metric.better == Better::Lower);
    // A machine that became slower explains no figure that became better.
    let explains = |pace: Pace| (pace.ratio > 1.0) == is_worse && reaches(pace.beyond);
    let band = 1.0 + metric.band;
    if 1.0 / band <= low && high <= band {
        Turn::WithinBand
    } else if metric.unit.is_of_time() && pace.is_some_and(explains) {
        Turn::WithMachine
    } else if is_worse {
        Turn::Worse
    } else {
        Turn::Better
    }
}
