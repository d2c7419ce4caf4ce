//! A sweep as text: what was found, and one row per point.
//!
//! A map of the cheapest engine says what it maps, and has a table of its own. Of any other sweep the
//! sentences are the titles of the charts, so that terminal and page say the same. The
//! verdict of an ordinary run, which compares engines in every cell, would be a list as long as
//! the sweep and is not printed.

use super::atlas;
use crate::chart;
use crate::judge;
use crate::judge::metrics::{CPU_PER_EVENT, Metric, RESULT_LATENCY_P99, metric};
use crate::judge::summary::{Standing, Summary, is_untold, standing, verified};
use crate::quantity::{self, NONE};
use crate::record::study::LimitOutcome;
use crate::record::{CellRecord, EngineRecord, RunRecord, Warning};
use comfy_table::{CellAlignment, Table};
use std::fmt::Write as _;

/// More findings than this are left to the page.
const FINDINGS_MAX: usize = 3;

/// What stands where an engine was not run again, as nothing that concerns it is new.
const SAME: &str = "\"";

/// What a sweep found, a sentence each.
pub(crate) fn findings(record: &RunRecord) -> Vec<String> {
    if let Some(map) = judge::atlas::atlas(record) {
        return map.sentences();
    }
    let mut titles: Vec<String> =
        chart::charts_across(record).into_iter().map(|chart| format!("{}.", chart.title)).collect();
    let more = titles.len().saturating_sub(FINDINGS_MAX);
    titles.truncate(FINDINGS_MAX);
    if more > 0 {
        titles.push(format!("{more} more findings stand on the page."));
    }
    titles
}

/// One engine at one point: what is shown of it.
struct Shown {
    rate: String,
    p99: String,
    cpu: String,
    held: String,
    complete: String,
}

fn shown(engine: &EngineRecord) -> Shown {
    let figure = |metric: &Metric| {
        Summary::of(metric.figures(engine))
            .map_or_else(|| NONE.into(), |summary| metric.show(summary.median))
    };
    let held = match standing(engine) {
        Standing::Fit if is_untold(engine) => "yes, not told steady",
        Standing::Fit => "yes",
        Standing::NotSustained => "no",
        Standing::Unfit => "not verified",
        Standing::Unsteady => "no steady state",
        Standing::Unmeasured => "not measured",
        Standing::Simulated => "simulated",
    };
    let rate = engine.limit.as_ref().map_or_else(String::new, |limit| {
        let rate = |per_s: Option<f64>| per_s.map_or_else(|| NONE.into(), quantity::rate);
        match limit.outcome {
            LimitOutcome::Found => {
                format!("{} to {}", rate(limit.pass_per_s), rate(limit.fail_per_s))
            }
            LimitOutcome::AtLeast => format!("at least {}", rate(limit.pass_per_s)),
            LimitOutcome::Unknown => "unknown".into(),
        }
    });
    Shown {
        rate,
        p99: figure(&RESULT_LATENCY_P99),
        cpu: figure(&CPU_PER_EVENT),
        held: held.into(),
        complete: metric("completeness").map_or_else(|| NONE.into(), figure),
    }
}

/// Whether an event came too late for a window at any point: then that differs between the points,
/// or is what they have in common.
fn is_incomplete(record: &RunRecord) -> bool {
    let engines = record.cells.iter().flat_map(|cell| &cell.engines);
    engines.flat_map(verified).any(|r| r.verdict.completeness.is_some_and(|share| share < 1.0))
}

/// Whether the highest sustainable rate was searched at the points.
fn is_searched(record: &RunRecord) -> bool {
    record.cells.iter().flat_map(|cell| &cell.engines).any(|engine| engine.limit.is_some())
}

/// The engines of a sweep; one that a setting does not concern is not in every cell.
fn labels(record: &RunRecord) -> Vec<&str> {
    let mut labels: Vec<&str> = Vec::new();
    for engine in record.cells.iter().flat_map(|cell| &cell.engines) {
        if !labels.contains(&engine.label.as_str()) {
            labels.push(&engine.label);
        }
    }
    labels
}

/// Heading and rows: the point, then for each engine what is shown of it.
fn rows(record: &RunRecord) -> (Vec<String>, Vec<Vec<String>>) {
    let (searched, incomplete) = (is_searched(record), is_incomplete(record));
    let axes = record.sweep.iter().flat_map(|sweep| &sweep.axes);
    let last = |key: &str| key.rsplit('.').next().unwrap_or(key).to_owned();
    let mut header: Vec<String> = axes.map(|axis| last(&axis.key)).collect();
    let labels = labels(record);
    for label in &labels {
        if searched {
            header.push(format!("{label} sustainable rate"));
        } else {
            header.extend([
                format!("{label} p99"),
                "CPU per event".to_owned(),
                "sustained".to_owned(),
            ]);
            header.extend(incomplete.then(|| "complete".to_owned()));
        }
    }
    let row = |cell: &CellRecord| {
        let mut row: Vec<String> = cell.point.iter().map(|at| at.value.clone()).collect();
        for label in &labels {
            let engine = cell.engines.iter().find(|engine| engine.label == *label);
            match (engine.map(shown), searched) {
                (Some(shown), true) => row.push(shown.rate),
                (Some(shown), false) => {
                    row.extend([shown.p99, shown.cpu, shown.held]);
                    row.extend(incomplete.then_some(shown.complete));
                }
                (None, true) => row.push(SAME.into()),
                (None, false) => {
                    row.extend([SAME; 3].map(String::from));
                    row.extend(incomplete.then(|| SAME.to_owned()));
                }
            }
        }
        row
    };
    (header, record.cells.iter().map(row).collect())
}

/// One row per point; of a map, a row per demand.
pub(crate) fn plain(record: &RunRecord) -> String {
    if let Some(map) = judge::atlas::atlas(record) {
        return atlas::plain(&map);
    }
    let (header, rows) = rows(record);
    let axes = record.sweep.as_ref().map_or(0, |sweep| sweep.axes.len());
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((1, 1));
        if column.index >= axes {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, " {}", line.trim_end());
        text
    })
}

/// The same as a Markdown table.
pub(crate) fn markdown(record: &RunRecord) -> String {
    if let Some(map) = judge::atlas::atlas(record) {
        return atlas::markdown(&map);
    }
    let (header, rows) = rows(record);
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut text = line(&header);
    let _ = writeln!(text, "|{}", "---|".repeat(header.len()));
    for row in rows {
        text.push_str(&line(&row));
    }
    text
}

/// The reasons for doubt in its points, each once: what it says of one point, and of how many.
pub(crate) fn warnings(record: &RunRecord) -> Vec<Warning> {
    let mut unique: Vec<(Warning, usize)> = Vec::new();
    for warning in record.cells.iter().flat_map(|cell| &cell.warnings) {
        match unique.iter_mut().find(|(known, _)| known.code == warning.code) {
            Some((_, points)) => *points += 1,
            None => unique.push((warning.clone(), 1)),
        }
    }
    unique
        .into_iter()
        .map(|(mut warning, times)| {
            if times > 1 {
                let _ = write!(warning.text, " (and {} more like it)", times - 1);
            }
            warning
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::sample::sweep as sample;
    use crate::text::{table, verdict};

    #[test]
    fn a_terminal_shows_findings_and_a_row_per_point() {
        insta::assert_snapshot!("sweep_interval", table::terminal(&sample::interval(6)));
        insta::assert_snapshot!("sweep_rate", table::terminal(&sample::rate(3)));
        insta::assert_snapshot!("sweep_plane", table::terminal(&sample::plane()));
        insta::assert_snapshot!("sweep_skew", table::terminal(&sample::skew()));
    }

    #[test]
    fn markdown_has_a_row_per_point() {
        insta::assert_snapshot!("sweep_markdown", table::markdown(&sample::interval(3)));
    }

    #[test]
    fn the_verdict_of_a_sweep_is_no_list_of_its_cells() {
        let said = verdict::verdict(&sample::rate(3)).join("\n");
        assert!(!said.contains("keyed-window-"), "{said}");
    }

    #[test]
    fn what_a_shorter_wait_costs_stands_in_the_row() {
        let mut record = sample::rate(1);
        assert!(!table::plain(&record).contains("complete"));
        for engine in &mut record.cells[0].engines {
            for repetition in &mut engine.repetitions {
                repetition.verdict.completeness = Some(0.961);
            }
        }
        let shown = table::plain(&record).replace('\u{a0}', " ");
        assert!(shown.contains("complete") && shown.contains("96.1 %"), "{shown}");
    }
}
