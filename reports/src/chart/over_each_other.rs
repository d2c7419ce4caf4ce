//! Several runs over each other: the same engine on the same scenario, run by run.
//!
//! A panel per engine with a scale of its own, as runs are compared and not engines; in it a line per run, all of them
//! along one clock, whose zero is each run's own measured start. Who is better is not said here:
//! that takes more than the repetition in the middle, and `compare` says it.

use super::description::{
    Axis, Data, Description, Drawn, Panel, Picture, Plot, Region, Series, Unit, opened,
};
use super::finished::Chart;
use super::latency_over_time;
use super::palette::{HATCH, RUNS_APART, identity_of_run};
use super::percentiles::rarity;
use super::timing::{Timing, Track, tracks};
use crate::judge::metrics::{RESULT_LATENCY_P99, of_quantile};
use crate::judge::summary::{Standing, median_repetition, standing};
use crate::quantity::{self, NONE, nanoseconds};
use crate::record::{
    CellRecord, EngineKind, EngineRecord, Latency, Repetition, RunRecord, TimelineRow, thinned,
};
use crate::words::capitalised;

/// Points of a line at most.
const ROWS_MAX: usize = 240;

/// A scenario that several runs have, with its charts.
pub struct Shared {
    /// Its name.
    pub cell: String,
    /// Its title.
    pub title: String,
    /// The runs over each other.
    pub charts: Vec<Chart>,
}

/// A run, as it is called here, and its place among all of them.
type Run<'a> = (usize, &'a str, &'a CellRecord);

/// Each scenario that two or more of these runs have, by what the runs are called. More than
/// [`RUNS_APART`] cannot be told apart: only the first of them are drawn.
pub fn over_each_other(runs: &[(String, &RunRecord)]) -> Vec<Shared> {
    let runs = &runs[..runs.len().min(RUNS_APART)];
    let mut names: Vec<&str> = Vec::new();
    for cell in runs.iter().flat_map(|(_, record)| &record.cells) {
        if !names.contains(&cell.name.as_str()) {
            names.push(&cell.name);
        }
    }
    let shared = |name: &str| {
        let here = runs.iter().enumerate().filter_map(|(n, (run, record))| {
            let cell = record.cells.iter().find(|cell| cell.name == name)?;
            Some((n, run.as_str(), cell))
        });
        let here: Vec<Run<'_>> = here.collect();
        let charts: Vec<Chart> =
            [percentiles(&here), over_time(&here)].into_iter().flatten().map(Chart::from).collect();
        let (_, _, cell) = here.first().filter(|_| !charts.is_empty())?;
        Some(Shared { cell: cell.name.clone(), title: cell.title.clone(), charts })
    };
    names.into_iter().filter_map(shared).collect()
}

/// What there is of the engines of a run, with its place and what it is called.
type Found<'a, T> = (usize, &'a str, Vec<(&'a EngineRecord, T)>);

/// The engines that at least two of these runs have something of, in the order of the first.
fn engines<T>(found: &[Found<'_, T>]) -> Vec<(String, EngineKind)> {
    let mut counted: Vec<(String, EngineKind, usize)> = Vec::new();
    for (engine, _) in found.iter().flat_map(|(.., engines)| engines) {
        match counted.iter_mut().find(|(label, ..)| *label == engine.label) {
            Some((.., times)) => *times += 1,
            None => counted.push((engine.label.clone(), engine.kind, 1)),
        }
    }
    let several = counted.into_iter().filter(|(.., times)| *times > 1);
    several.map(|(label, kind, _)| (label, kind)).collect()
}

/// The range of a panel: that of its own lines, as runs are compared and not engines.
fn heights(lines: &[Series]) -> (f64, f64) {
    let all = || lines.iter().flat_map(|line| &line.points.0).map(|point| point.y);
    let known = || all().filter(|value| value.is_finite());
    opened((known().fold(f64::MAX, f64::min), known().fold(1.0, f64::max)))
}

/// A quantile of a distribution over the repetitions of an engine, where the run itself shows it:
/// where one of them alone has the answers for it.
fn told_if_known(engine: &EngineRecord, latency: &Latency, quantile: f64) -> String {
    let is_known = of_quantile(quantile).is_some_and(|metric| metric.too_few(engine).is_none());
    let of = match quantile {
        q if q < 0.6 => Latency::p50,
        q if q < 0.95 => Latency::p90,
        q if q < 0.995 => Latency::p99,
        _ => Latency::p999,
    };
    of(latency).filter(|_| is_known).map_or_else(|| NONE.into(), |ns| nanoseconds(ns as f64))
}

/// One line per run in the panel of an engine.
fn series(
    label: &str,
    run: &str,
    what: &str,
    role: &'static str,
    drawn: Drawn,
    points: Vec<(f64, f64)>,
) -> Series {
    Series::new(format!("{label}, {run}"), what, role, drawn, points)
}

fn percentiles(runs: &[Run<'_>]) -> Option<Description> {
    let latency = |engine: &'_ EngineRecord| -> Option<Latency> {
        let middle = median_repetition(engine)?.result_latency.as_ref()?;
        Some(engine.merged_result_latency.as_ref().unwrap_or(middle).clone())
    };
    let found: Vec<_> = runs
        .iter()
        .map(|(n, run, cell)| {
            let all = cell.engines.iter().filter_map(|it| Some((it, latency(it)?)));
            (*n, *run, all.collect::<Vec<_>>())
        })
        .collect();
    let engines = engines(&found);
    let mut panels = Vec::new();
    let mut rows = Vec::new();
    let mut told = Vec::new();
    let all = || found.iter().flat_map(|(.., engines)| engines.iter().map(|(_, latency)| latency));
    let most = all().map(|latency| latency.count).max().unwrap_or(1).max(100) as f64;
    for (label, kind) in &engines {
        let mut lines = Vec::new();
        let mut each = Vec::new();
        for (n, run, engines) in &found {
            let Some((engine, latency)) = engines.iter().find(|(it, _)| it.label == *label) else {
                continue;
            };
            let role = identity_of_run(*kind, *n);
            let n_answers = latency.count.max(1) as f64;
            let steps = latency.ladder.iter();
            let mut points: Vec<(f64, f64)> =
                steps.map(|(p, ns)| (rarity(*p, n_answers), *ns as f64)).collect();
            points.dedup();
            let line = series(label, run, "", role, Drawn::Line, points);
            lines.push(line.not_sustained(standing(engine) == Standing::NotSustained));
            each.push(match RESULT_LATENCY_P99.too_few(engine) {
                Some(few) => format!("none in {run} (too few answers: {few})"),
                None => format!("{} in {run}", told_if_known(engine, latency, 0.99)),
            });
            let mut row = vec![label.clone(), (*run).to_owned()];
            row.extend([0.5, 0.9, 0.99, 0.999].map(|q| told_if_known(engine, latency, q)));
            row.push(nanoseconds(latency.max_ns as f64));
            rows.push(row);
        }
        told.push(format!("{label} {}", each.join(", ")));
        let name = format!("{label}: result_latency (log scale)");
        let y = Axis::logarithmic(name, Unit::Nanoseconds, heights(&lines));
        panels.push(Panel::new(y, 180, lines));
    }
    if panels.is_empty() {
        return None;
    }
    let name = "percentile, as 1 / (1 − p) (log scale)";
    let x = Axis::logarithmic(name, Unit::Rarity, (1.0, most));
    Some(Description {
        name: "percentiles".into(),
        title: format!("p99: {}", told.join("; ")),
        definition: "The distribution of result_latency (emission − due) of each engine, run over \
                     run, each engine on a scale of its own."
            .into(),
        picture: Picture::Live(Plot::new(x, panels)),
        notes: vec![
            "Of each run its repetitions' histograms merged, or the one repetition that stands for \
             them."
                .into(),
        ],
        data: Data::new(["engine", "run", "p50", "p90", "p99", "p99.9", "max"], rows),
    })
}

/// A run's middle repetition of an engine, with its clock.
struct Lap<'a> {
    rows: Vec<TimelineRow>,
    track: Track<'a>,
    start_s: f64,
}

fn over_time(runs: &[Run<'_>]) -> Option<Description> {
    let has_rows = |repetition: &Repetition| !repetition.timeline.is_empty();
    let found: Vec<_> = runs
        .iter()
        .map(|(n, run, cell)| {
            let tracks = tracks(cell, has_rows);
            let start_s = -Timing::of(cell, &tracks).at(0.0);
            let laps = tracks.into_iter().map(|track| {
                let slow = |row: &TimelineRow| row.p99_ns.unwrap_or(0) as f64;
                let (rows, _) = thinned(&track.repetition.timeline, ROWS_MAX, slow);
                (track.engine, Lap { rows, track, start_s })
            });
            (*n, *run, laps.collect::<Vec<_>>())
        })
        .collect();
    let engines = engines(&found);
    let laps = || found.iter().flat_map(|(.., engines)| engines.iter().map(|(_, lap)| lap));
    let begin = laps().map(|lap| lap.start_s).fold(0.0, f64::max);
    let end = laps().filter_map(|lap| lap.rows.last().map(|row| row.t_s - lap.start_s));
    let end = end.fold(1.0, f64::max);
    let rows = || laps().flat_map(|lap| &lap.rows);
    let warm_up = (begin > 0.0).then(|| Region {
        from: -begin,
        to: 0.0,
        label: "warm-up, not measured".into(),
        role: HATCH,
    });
    let mut panels = Vec::new();
    let mut data = Vec::new();
    let mut told = Vec::new();
    let mut waiting = Vec::new();
    for (label, kind) in &engines {
        let mut lines = Vec::new();
        let mut each = Vec::new();
        for (n, run, engines) in &found {
            let Some((_, lap)) = engines.iter().find(|(it, _)| it.label == *label) else {
                continue;
            };
            let role = identity_of_run(*kind, *n);
            let line = |what: &str, drawn: Drawn, of: fn(&TimelineRow) -> Option<u64>| {
                let known: Vec<TimelineRow> =
                    lap.rows.iter().filter(|row| of(row).is_some()).cloned().collect();
                let points = latency_over_time::along(&known, |t_s| t_s - lap.start_s, of);
                series(label, run, what, role, drawn, points).not_sustained(lap.track.hollow)
            };
            lines.push(line("p99", Drawn::Line, |row| row.p99_ns));
            lines.push(line("p50", Drawn::Thin, |row| row.p50_ns));
            waiting.push(line("events waiting", Drawn::Line, |row| Some(row.backlog)));
            let measured = lap.rows.iter().filter(|row| row.t_s > lap.start_s);
            let worst = measured.filter_map(|row| Some((row.p99_ns?, row.t_s)));
            let worst = worst.max_by_key(|(ns, _)| *ns);
            each.extend(worst.map(|(ns, t_s)| {
                format!("{} at {:.1} s in {run}", nanoseconds(ns as f64), t_s - lap.start_s)
            }));
            data.extend(table(label, run, lap));
        }
        told.extend((!each.is_empty()).then(|| format!("{label} {}", each.join(", "))));
        let name = format!("{label}: result_latency, p99 bold, p50 thin (log scale)");
        let y = Axis::logarithmic(name, Unit::Nanoseconds, heights(&lines));
        panels.push(Panel {
            regions: warm_up.iter().cloned().collect(),
            ..Panel::new(y, 170, lines)
        });
    }
    if panels.is_empty() {
        return None;
    }
    let most = rows().map(|row| row.backlog).max().unwrap_or(1).max(1) as f64;
    let y = Axis::linear("events waiting", Unit::Amount, (0.0, most * 1.08));
    panels.push(Panel { regions: warm_up.into_iter().collect(), ..Panel::new(y, 110, waiting) });
    let finding = if told.is_empty() {
        "No answer was due after the warm-up".to_owned()
    } else {
        format!("slowest stretch, by p99: {}", told.join("; "))
    };
    let x = Timing::over((-begin, end));
    Some(Description {
        name: "over-time".into(),
        title: capitalised(&finding),
        definition: "result_latency along the runs and events due and not yet finished with, on \
                     one clock: zero is each run's own measured start."
            .into(),
        picture: Picture::Live(Plot::new(x, panels)),
        notes: vec![
            "Of each run and engine the repetition with the middle p99, or with the middle \
                     slowest answer where answers are too few for one."
                .into(),
        ],
        data: Data::new(
            ["engine", "run", "since the measured start", "p50", "p99", "waiting"],
            data,
        ),
    })
}

/// A lap in words, at most so many rows that somebody may read them.
fn table(label: &str, run: &str, lap: &Lap<'_>) -> Vec<Vec<String>> {
    let slow = |row: &TimelineRow| row.p99_ns.unwrap_or(0) as f64;
    let told = |ns: Option<u64>| ns.map_or_else(|| NONE.into(), |ns| nanoseconds(ns as f64));
    let row = |row: TimelineRow| {
        let at = format!("{:.1} s", row.t_s - lap.start_s).replace('-', "−");
        let waiting = quantity::count(row.backlog);
        vec![label.to_owned(), run.to_owned(), at, told(row.p50_ns), told(row.p99_ns), waiting]
    };
    thinned(&lap.rows, 60, slow).0.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::study::{WarmUp, WarmUpDecided};
    use crate::sample;

    /// Two runs of the same, of which the second is slower and was warm later.
    fn two() -> (RunRecord, RunRecord) {
        let (base, mut new) = (sample::record(), sample::record());
        new.cells.remove(2);
        for repetition in new
            .cells
            .iter_mut()
            .flat_map(|cell| &mut cell.engines)
            .flat_map(|it| &mut it.repetitions)
        {
            sample::pair::scaled(repetition.result_latency.as_mut().unwrap(), 2.0);
            repetition.warm_up = Some(WarmUp {
                end_s: 3.0,
                decided: WarmUpDecided::Detected,
                steady: Some(true),
                untold: None,
                text: String::new(),
            });
        }
        (base, new)
    }

    fn drawn(base: &RunRecord, new: &RunRecord) -> Vec<Shared> {
        over_each_other(&[("base".into(), base), ("new".into(), new)])
    }

    #[test]
    fn the_charts_as_they_are_written() {
        let (base, new) = two();
        let shared = drawn(&base, &new);
        assert_eq!(
            shared.iter().map(|it| it.cell.as_str()).collect::<Vec<_>>(),
            ["word-count", "disorder"]
        );
        for chart in &shared[0].charts {
            insta::assert_snapshot!(format!("chart_over_{}", chart.name), chart.file());
            assert!(!chart.wide.contains("NaN"));
        }
        let titles: Vec<&str> = shared[0].charts.iter().map(|chart| chart.title.as_str()).collect();
        assert_eq!(
            titles[0],
            "p99: micro-batch 533 ms in base, 1.07 s in new; per-event 75.8 µs in base, 152 µs in new"
        );
        assert!(titles[1].starts_with("Slowest stretch, by p99: micro-batch "), "{}", titles[1]);
    }

    #[test]
    fn one_clock_begins_at_each_runs_own_measured_start() {
        let (base, new) = two();
        let plot = drawn(&base, &new).remove(0).charts.remove(1).interactive.unwrap();
        assert_eq!(plot.panels.len(), 3, "an engine each, and what waits");
        // A row of both, in the record at 4 s and 5 s: two seconds after either start.
        for (n, at_s) in [(0, 2.0), (2, 2.0)] {
            let series = &plot.panels[1].series[n];
            let rows = &[&base, &new][n / 2].cells[0].engines[1].repetitions[1].timeline;
            let start_s = [2.0, 3.0][n / 2];
            let row = rows.iter().find(|row| (row.t_s - start_s - at_s).abs() < 1e-9).unwrap();
            let point = series.points.0.iter().find(|point| (point.x - at_s).abs() < 1e-9).unwrap();
            assert!((point.y - row.p99_ns.unwrap() as f64).abs() < 1.0, "{}", series.of);
        }
        assert!((plot.x.range.0 + 3.0).abs() < 1e-9, "from the begin of the longer warm-up");
        let names: Vec<&str> = plot.panels[0].series.iter().map(|one| one.of.as_str()).collect();
        assert_eq!(
            names,
            ["micro-batch, base", "micro-batch, base", "micro-batch, new", "micro-batch, new"]
        );
        let roles: Vec<&str> = plot.panels[0].series.iter().map(|one| one.role).collect();
        assert_ne!(roles[0], roles[2], "told apart without reading");
    }

    #[test]
    fn what_only_one_run_has_is_not_drawn_and_neither_is_what_was_not_verified() {
        let (base, mut new) = two();
        new.cells[0].engines.remove(0);
        let shared = drawn(&base, &new);
        assert!(shared[0].charts.iter().all(|chart| !chart.title.contains("micro-batch")));
        new.cells.truncate(1);
        let kind = crate::record::VerdictKind::Differs;
        for repetition in &mut new.cells[0].engines[0].repetitions {
            repetition.verdict.kind = kind;
        }
        assert!(drawn(&base, &new).is_empty(), "nothing of both");
    }

    #[test]
    fn more_runs_than_can_be_told_apart_are_not_drawn() {
        let record = sample::record();
        let runs: Vec<(String, &RunRecord)> =
            (0..9).map(|n| (format!("run {n}"), &record)).collect();
        let chart = over_each_other(&runs).remove(0).charts.remove(0);
        assert!(chart.title.contains("run 3") && !chart.title.contains("run 4"), "{}", chart.title);
    }

    #[test]
    fn a_p99_that_a_run_refuses_heads_no_overlay() {
        let (base, mut new) = two();
        let engine = &mut new.cells[0].engines[1];
        // 40 answers in each of three repetitions are no thousand, merged or not.
        for repetition in &mut engine.repetitions {
            repetition.counts.answers_measured = 40;
            repetition.result_latency.as_mut().unwrap().count = 40;
        }
        let merged = engine.repetitions[0].result_latency.clone().unwrap();
        engine.merged_result_latency = Some(Latency { count: 120, ..merged });
        let shared = drawn(&base, &new);
        let chart = &shared[0].charts[0];
        assert!(
            chart
                .title
                .ends_with("in base, none in new (too few answers: 40 measured, 1 000 needed)"),
            "{}",
            chart.title
        );
        // Merged they may be a thousand, and the run shows no p99 for all that.
        new.cells[0].engines[1].merged_result_latency.as_mut().unwrap().count = 5000;
        assert_eq!(drawn(&base, &new)[0].charts[0].title, chart.title);
    }
}
