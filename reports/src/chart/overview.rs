//! Every scenario of a run at once: who answers when.
//!
//! A row per scenario and in it a line per engine, from its median over its p99 (the marker) to its
//! slowest answer, on one logarithmic scale; so that what holds for all scenarios and what holds
//! for one is seen before anybody has read a table. Nothing is averaged over scenarios.

use super::description::{Axis, Data, Description, Lane, Picture, Row, Rows, Unit, opened};
use super::palette::identities_of;
use crate::judge::compare::{Outcome, compare_all, middle};
use crate::judge::lost::aside;
use crate::judge::metrics::{CPU_PER_EVENT, Metric, RESULT_LATENCY_P99};
use crate::judge::summary::{Standing, median_repetition, standing};
use crate::quantity::{self, NONE, microseconds, nanoseconds};
use crate::record::{EngineKind, EngineRecord, RunRecord};
use crate::words::{capitalised, of_all};

/// None of a single scenario, whose own charts say more, and where nothing was verified.
pub(super) fn chart(record: &RunRecord) -> Option<Description> {
    let mut engines: Vec<(&str, EngineKind)> = Vec::new();
    for engine in record.cells.iter().flat_map(|cell| &cell.engines) {
        if !engines.iter().any(|(label, _)| *label == engine.label) {
            engines.push((&engine.label, engine.kind));
        }
    }
    let roles = identities_of(engines.iter().map(|(_, kind)| *kind));
    let role = |engine: &EngineRecord| {
        let place = engines.iter().position(|(label, _)| *label == engine.label);
        place.map_or(roles[0], |place| roles[place])
    };
    let lane = |engine: &EngineRecord| {
        let latency = median_repetition(engine)?.result_latency.as_ref()?;
        let hollow = standing(engine) == Standing::NotSustained;
        let at = middle(engine, RESULT_LATENCY_P99);
        Some(Lane {
            role: role(engine),
            from: latency.p50_ns as f64,
            to: latency.max_ns as f64,
            at,
            hollow,
        })
    };
    let mut rows = Vec::new();
    let mut data = Vec::new();
    for cell in &record.cells {
        let mut told = Vec::new();
        let mut lanes = Vec::new();
        for engine in &cell.engines {
            let Some(lane) = lane(engine) else { continue };
            let cpu = middle(engine, CPU_PER_EVENT).map_or_else(|| NONE.into(), microseconds);
            let p99 = lane.at.map_or_else(|| NONE.into(), nanoseconds);
            let behind = if lane.hollow { ", not sustained" } else { "" };
            told.push(format!("{} {p99}{behind}", engine.label));
            let (p50, max) = (nanoseconds(lane.from), nanoseconds(lane.to));
            let texts =
                [cell.name.clone(), format!("{}{behind}", engine.label), p50, p99, max, cpu];
            data.push(texts.to_vec());
            lanes.push(lane);
        }
        if !lanes.is_empty() {
            let label = format!("{}: {}", cell.name, told.join(", "));
            rows.push(Row { label, lanes, ..Row::default() });
        }
    }
    if rows.len() < 2 {
        return None;
    }
    let lanes = || rows.iter().flat_map(|row| &row.lanes);
    let low = lanes().map(|lane| lane.from).fold(f64::MAX, f64::min);
    let high = lanes().map(|lane| lane.to).fold(0.0, f64::max);
    let drawn = |role: &str| lanes().any(|lane| lane.role == role);
    let legend = roles.iter().zip(&engines).filter(|(role, _)| drawn(role));
    Some(Description {
        name: "overview".into(),
        title: finding(record),
        definition: "result_latency in each scenario: from p50 over p99, the marker, to the \
                     slowest answer. Beside the scenario's name each engine's p99."
            .into(),
        data: Data::new(["scenario", "engine", "p50", "p99", "max", "CPU per event"], data),
        notes: vec![
            "p99 is the median of the repetitions, p50 and max are those of the repetition in the \
             middle by it. No figure is an average over scenarios."
                .into(),
        ],
        picture: Picture::Rows(Rows {
            heading: "result_latency (log scale)".into(),
            x: Axis::logarithmic(
                "result_latency (log scale)",
                Unit::Nanoseconds,
                opened((low, high)),
            ),
            legend: legend
                .map(|(role, (label, _))| ((*role).to_owned(), (*label).to_owned()))
                .collect(),
            figures: rows,
        }),
    })
}

/// In how many scenarios which engine is better, by cost and by latency, or lower where the runs are
/// too few to say so; what is not decided anywhere is said of nobody.
fn finding(record: &RunRecord) -> String {
    let all = record.cells.len();
    let told = |metric: Metric, does: &str| {
        let outcomes = compare_all(record, metric);
        let mut told: Vec<(&str, String, Vec<&EngineRecord>)> = Vec::new();
        for outcome in &outcomes {
            let (engine, what) = match outcome {
                Outcome::Best { engine, .. } => (engine, does.to_owned()),
                Outcome::Lower { engine, .. } => (engine, format!("has {}", lower(&metric))),
                _ => continue,
            };
            match told.iter_mut().find(|(label, does, _)| *label == engine.label && *does == what) {
                Some((.., won)) => won.push(engine),
                None => told.push((&engine.label, what, vec![engine])),
            }
        }
        told.into_iter()
            .map(|(label, what, won)| {
                let (times, lost) = (of_all(won.len(), all), aside(won));
                format!("{label} {what} in {times} scenarios{lost}")
            })
            .collect::<Vec<_>>()
    };
    let mut parts = told(CPU_PER_EVENT, "costs less CPU");
    parts.extend(told(RESULT_LATENCY_P99, "answers sooner"));
    parts.extend(by_interval(record));
    if parts.is_empty() {
        let scenarios = quantity::counted(all as u64, "scenario");
        return format!("No engine is better than the others in any of {scenarios}");
    }
    capitalised(&parts.join("; "))
}

/// In how many scenarios the interval of batches alone makes one later than the other; none of none.
fn by_interval(record: &RunRecord) -> Option<String> {
    let outcomes = compare_all(record, RESULT_LATENCY_P99);
    let is_interval = |outcome: &&Outcome<'_>| matches!(outcome, Outcome::Interval { .. });
    let times = outcomes.iter().filter(is_interval).count();
    let scenarios = of_all(times, record.cells.len());
    (times > 0)
        .then(|| format!("the difference in latency is the interval in {scenarios} scenarios"))
}

/// What is said of a figure that too few runs have lower.
fn lower(metric: &Metric) -> String {
    format!("a lower {}, in these runs,", metric.words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Chart;
    use crate::sample;

    #[test]
    fn the_chart_as_it_is_written() {
        let chart = Chart::from(chart(&sample::record()).unwrap());
        insta::assert_snapshot!("chart_overview", chart.file());
        assert_eq!(
            chart.title,
            "Micro-batch has a lower CPU time per event, in these runs, in all 3 scenarios; the \
             difference in latency is the interval in all 3 scenarios"
        );
        assert_eq!(chart.data.rows.len(), 6);
    }

    #[test]
    fn who_is_lower_in_too_few_runs_is_called_no_better() {
        let mut record = sample::record();
        for cell in &mut record.cells {
            let cheap = cell.engines[0].repetitions.clone();
            cell.engines[1].repetitions = cheap;
            for repetition in &mut cell.engines[1].repetitions {
                repetition.cpu_us_per_event *= 1.7;
            }
        }
        let title = chart(&record).unwrap().title;
        assert_eq!(
            title,
            "Micro-batch has a lower CPU time per event, in these runs, in all 3 scenarios"
        );
    }

    #[test]
    fn one_scenario_has_no_overview_and_what_was_not_verified_no_line() {
        let mut record = sample::troubled();
        let rows = chart(&record).unwrap().data.rows;
        assert!(rows.iter().all(|row| row[0] != "identity"), "interrupted: {rows:?}");
        assert!(!format!("{rows:?}").contains("7.7"), "a speed that must not be shown");
        record.cells.truncate(1);
        assert!(chart(&record).is_none());
    }

    #[test]
    fn who_wins_nowhere_is_not_named() {
        let mut record = sample::record();
        for engine in record.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
            for repetition in &mut engine.repetitions {
                repetition.throughput.sustained = false;
            }
        }
        let chart = chart(&record).unwrap();
        assert_eq!(chart.title, "No engine is better than the others in any of 3 scenarios");
        assert!(chart.data.rows.iter().all(|row| row[1].ends_with(", not sustained")));
    }
}
