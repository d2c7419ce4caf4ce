//! An engine on a scenario, run after run: where the level of its figures changed.
//!
//! A panel per figure, each on a scale of its own that need not begin at zero, since a change of a
//! tenth is to be seen, over one line of runs. They stand evenly, however long nobody measured: what
//! counts is which run came before which. Points are not joined, as each is a run of its own; the
//! dotted lines are the levels that the changes part.

use super::description::{
    Axis, Data, Description, Drawn, Panel, Picture, Plot, Point, Rule, Series, Unit,
};
use super::finished::Chart;
use super::palette::{FAULT, OFFERED, RULE, identities_of};
use crate::judge::history::{self, History, Told};
use crate::judge::metrics;
use crate::quantity::NONE;
use crate::words::capitalised;

/// How many runs have their day written below, where there is room.
const DAYS_MOST: usize = 8;

/// All figures of an engine on a scenario, drawn.
pub struct Course {
    /// Name of the scenario.
    pub cell: String,
    /// Label of the engine.
    pub engine: String,
    /// Whether any of its figures changed its level.
    pub is_changed: bool,
    /// The drawing.
    pub chart: Chart,
}

/// Each engine on each scenario of which there are figures, in the order of the series.
pub fn courses(history: &History) -> Vec<Course> {
    let told: Vec<&history::Series> =
        history.series.iter().filter(|series| !series.points.is_empty()).collect();
    let of_engines = told.chunk_by(|a, b| a.cell == b.cell && a.engine == b.engine);
    let course = |all: &[&history::Series]| {
        let first = all.first()?;
        Some(Course {
            cell: first.cell.clone(),
            engine: first.engine.clone(),
            is_changed: all.iter().any(|series| !series.shifts.is_empty()),
            chart: description(history, all).into(),
        })
    };
    of_engines.filter_map(course).collect()
}

fn description(history: &History, all: &[&history::Series]) -> Description {
    let mut runs: Vec<usize> =
        all.iter().flat_map(|series| series.points.iter().map(|point| point.run)).collect();
    runs.sort_unstable();
    runs.dedup();
    let height = if all.len() > 1 { 150 } else { 240 };
    let panels = all.iter().map(|series| panel(series, &runs, height)).collect();
    Description {
        name: "history".into(),
        title: finding(history, all),
        definition:
            "Each point is a run: the median over its repetitions, with the 95 % interval from \
                     six of them on. Dotted: the median of the runs between two changes. Dashed: \
                     between these two runs the level changed."
                .into(),
        picture: Picture::Still(Plot::new(days(history, all, &runs), panels)),
        notes: vec!["Runs stand evenly, however long lies between them.".into()],
        data: data(history, all, &runs),
    }
}

/// What changed last in each figure.
fn finding(history: &History, all: &[&history::Series]) -> String {
    let outcome =
        |series: &&history::Series| format!("{} {}", series.metric.words, history.outcome(series));
    let each: Vec<String> = all.iter().map(outcome).collect();
    let of = all.first().map_or(String::new(), |one| format!("{} on {}", one.engine, one.cell));
    capitalised(&format!("{of}: {}", each.join("; ")))
}

/// Where a run stands along the chart.
fn place(runs: &[usize], run: usize) -> f64 {
    runs.partition_point(|other| *other < run) as f64
}

fn panel(series: &history::Series, runs: &[usize], height: u32) -> Panel {
    let unit = match series.metric.unit {
        metrics::Unit::Nanoseconds => Unit::Nanoseconds,
        metrics::Unit::Microseconds => Unit::Microseconds,
        metrics::Unit::Seconds => Unit::Seconds,
        metrics::Unit::PerSecond => Unit::Rate,
        metrics::Unit::Bytes => Unit::Bytes,
        metrics::Unit::Share | metrics::Unit::Ratio => Unit::Fraction,
        metrics::Unit::Events => Unit::Amount,
    };
    let at = |n: usize| place(runs, series.points[n].run);
    let role = identities_of(std::iter::once(series.kind)).first().copied().unwrap_or(RULE);
    let mut points = Series::new(&series.engine, "", role, Drawn::Points, []);
    let point = |(n, one): (usize, &history::Point)| Point {
        x: at(n),
        y: one.value,
        interval: one.interval,
        ..Point::default()
    };
    points.points.0 = series.points.iter().enumerate().map(point).collect();
    let mut levels = Vec::new();
    let mut rules = Vec::new();
    for (from, until, level) in levels_of(series) {
        // A hole between one level and the next.
        levels.extend([
            (at(from) - 0.4, level),
            (at(until) + 0.4, level),
            (at(until) + 0.4, f64::NAN),
        ]);
    }
    for shift in &series.shifts {
        let told = Told { series, shift };
        let change = shift.change.at;
        let between = f64::midpoint(at(change - 1), at(change));
        rules.push(Rule::upright(between, String::new(), RULE));
        let label = format!("{} {}", told.words(), told.change());
        rules.push(Rule::upright(between, label, FAULT));
    }
    let levels = Series::new("level", "", OFFERED, Drawn::Thin, levels);
    let name = format!("{}: {}", series.engine, series.metric.words);
    let y = Axis::linear(name, unit, range(series));
    Panel { rules, ..Panel::new(y, height, vec![points, levels]) }
}

/// From which point to which, and at which level, between changes.
fn levels_of(series: &history::Series) -> Vec<(usize, usize, f64)> {
    let last = series.points.len().saturating_sub(1);
    let values: Vec<f64> = series.points.iter().map(|point| point.value).collect();
    let starts = std::iter::once(0).chain(series.shifts.iter().map(|shift| shift.change.at));
    let ends = series.shifts.iter().map(|shift| shift.change.at - 1).chain([last]);
    let level = |(from, until): (usize, usize)| {
        Some((from, until, statistics::median(&values[from..=until])?))
    };
    starts.zip(ends).filter_map(level).collect()
}

/// What a panel shows: all points and their intervals, and at least a tenth of the level, so that
/// noise of a thousandth does not look like a change; with room above for what is written there.
fn range(series: &history::Series) -> (f64, f64) {
    let ends = series.points.iter().flat_map(|point| {
        let (low, high) = point.interval.unwrap_or((point.value, point.value));
        [point.value, low, high]
    });
    let ends: Vec<f64> = ends.filter(|end| end.is_finite()).collect();
    let low = ends.iter().copied().fold(f64::MAX, f64::min);
    let high = ends.iter().copied().fold(f64::MIN, f64::max);
    let (middle, least) = (f64::midpoint(low, high), 0.05 * high.abs());
    let half = ((high - low) / 2.0).max(least).max(f64::MIN_POSITIVE);
    let above = if series.shifts.is_empty() { 1.15 } else { 1.6 };
    ((middle - 1.15 * half).max(0.0), middle + above * half)
}

/// The days below: of the last run and the first, of those after a change, then of some between.
fn days(history: &History, all: &[&history::Series], runs: &[usize]) -> Axis {
    let changes = all
        .iter()
        .flat_map(|series| series.shifts.iter().map(|shift| series.points[shift.change.at].run));
    let some = runs.iter().copied().step_by(runs.len().div_ceil(DAYS_MOST).max(1));
    let ends = [runs.last(), runs.first()].into_iter().flatten().copied();
    let mut told: Vec<usize> = Vec::new();
    for run in ends.chain(changes).chain(some) {
        if !told.contains(&run) {
            told.push(run);
        }
    }
    let end = runs.len().saturating_sub(1) as f64;
    let mut x =
        Axis::linear("runs, by the day on which they started", Unit::Number, (-0.5, end + 0.5));
    let day = |run: &usize| (place(runs, *run), history.runs[*run].day().to_owned());
    x.values = told.iter().map(day).collect();
    x
}

fn data(history: &History, all: &[&history::Series], runs: &[usize]) -> Data {
    let mut header = vec!["started".to_owned(), "commit".to_owned(), "folder".to_owned()];
    header.extend(all.iter().map(|series| series.metric.name.to_owned()));
    let row = |run: &usize| {
        let told = &history.runs[*run];
        let figures = all.iter().map(|series| {
            let point = series.points.iter().find(|point| point.run == *run);
            point.map_or_else(|| NONE.into(), |point| series.metric.show(point.value))
        });
        let named = [&told.started, &told.commit, &told.folder].map(String::clone);
        named.into_iter().chain(figures).collect()
    };
    Data { header, rows: runs.iter().map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::history::{Asked, history};
    use crate::record::VerdictKind;
    use crate::sample::pair::nights;

    #[test]
    fn a_history_as_it_is_drawn() {
        let told = history(&nights(30, 18, 1.2), Vec::new(), &Asked::default());
        let courses = courses(&told);
        let engines: Vec<&str> = courses.iter().map(|course| course.engine.as_str()).collect();
        assert_eq!(engines, ["micro-batch", "per-event"]);
        assert!(courses.iter().all(|course| course.is_changed));
        let Chart { title, data, .. } = &courses[1].chart;
        insta::assert_snapshot!(title);
        assert_eq!(data.rows.len(), 30);
        assert!(data.rows.iter().all(|row| row.len() == data.header.len()));
        insta::assert_snapshot!("chart_history", courses[1].chart.file());
        for svg in [&courses[0].chart.wide, &courses[0].chart.narrow] {
            assert!(svg.contains("▼ worse +") && !svg.contains("NaN"), "a change is in words");
        }
    }

    #[test]
    fn a_figure_that_a_run_lacks_leaves_its_place_empty() {
        let mut runs = nights(10, 10, 1.0);
        for repetition in &mut runs[4].0.cells[0].engines[0].repetitions {
            repetition.verdict.kind = VerdictKind::Differs;
        }
        runs[4].0.cells[0].engines[1].repetitions.iter_mut().for_each(|repetition| {
            repetition.result_latency.as_mut().unwrap().count = 7;
        });
        let told = history(&runs, Vec::new(), &Asked::default());
        let courses = courses(&told);
        assert!(!courses[0].is_changed);
        assert_eq!(courses[0].chart.data.rows.len(), 9, "it has nothing in that run");
        assert_eq!(courses[1].chart.data.rows.len(), 10);
        assert_eq!(courses[1].chart.data.rows[4][3], NONE, "too few answers for a p99");
    }

    #[test]
    fn one_run_of_nothing_that_changes_is_drawn_without_fear() {
        let told = history(&nights(1, 1, 1.0), Vec::new(), &Asked::default());
        for course in courses(&told) {
            assert!(!course.chart.wide.contains("NaN") && !course.chart.wide.contains("inf"));
        }
        let nothing = history(&[], Vec::new(), &Asked::default());
        assert_eq!(courses(&nothing).len(), 0);
    }
}
