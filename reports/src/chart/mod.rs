//! One file per question that a picture answers: from the record to a description of what is to be
//! seen, with its finding as title. Renderers make of it a drawing for a wide and one for a narrow
//! page, and numbers for a page whose scripts run.
//!
//! Only verified repetitions are drawn. A chart without any does not exist; the page says why.

mod finished;
mod description;
pub(crate) mod palette;
mod render;
mod timing;

mod anatomy;
mod batch_delay;
mod advice_cost;
mod comparison;
mod cpu_per_event;
mod history;
mod latency_heat;
mod latency_over_time;
mod limits;
mod over_each_other;
mod memory;
mod overview;
mod percentiles;
mod sweep;
mod throughput_and_backlog;
mod tornado;

use crate::judge::compare::{Outcome, compare_all};
use crate::judge::metrics::{CPU_PER_EVENT, RESULT_LATENCY_P99};
use crate::record::{CellRecord, RunRecord};
pub use advice_cost::advice_cost;
pub use comparison::comparison;
pub use description::{Data, Plot};
pub use finished::{Chart, Part};
pub use history::{Course, courses};
pub use over_each_other::{Shared, over_each_other};
pub use palette::RUNS_APART;
pub use tornado::tornado;

/// The charts of each cell of a run, in the order of the page; those for which there is something
/// to draw. What they say of who is better is said over all cells at once.
pub fn charts(record: &RunRecord) -> Vec<Vec<Chart>> {
    let sooner = compare_all(record, RESULT_LATENCY_P99);
    let cheaper = compare_all(record, CPU_PER_EVENT);
    // A sweep has its own charts of limits and tails: those of one point are its details.
    let part = |part: Part| if record.sweep.is_some() { Part::Scenario } else { part };
    let of_cell = |((cell, sooner), cheaper): ((&CellRecord, &Outcome<'_>), &Outcome<'_>)| {
        let drawn = |description: description::Description| Chart::from(description);
        let mut charts = Vec::new();
        charts.extend(limits::chart(cell).map(|limits| drawn(limits).part(part(Part::Limits))));
        let percentiles = percentiles::chart(cell, sooner).map(drawn);
        charts.extend(percentiles.map(|chart| chart.part(part(Part::Percentiles))));
        charts.extend(latency_over_time::chart(cell).map(drawn));
        charts.extend(throughput_and_backlog::chart(cell).map(drawn));
        charts.extend(batch_delay::charts(cell).into_iter().map(drawn));
        charts.extend(anatomy::chart(cell).map(drawn));
        charts.extend(cpu_per_event::chart(cell, cheaper).map(drawn));
        charts.extend(memory::chart(cell).map(drawn));
        charts.extend(latency_heat::chart(cell).map(|heat| drawn(heat).part(Part::Detail)));
        charts
    };
    record.cells.iter().zip(&sooner).zip(&cheaper).map(of_cell).collect()
}

/// The charts of a run that span its cells, in the order of the page.
pub fn charts_across(record: &RunRecord) -> Vec<Chart> {
    if record.sweep.is_some() {
        return sweep::charts(record);
    }
    overview::chart(record)
        .map(|chart| Chart::from(chart).part(Part::Overview))
        .into_iter()
        .collect()
}

/// What a page must have for the charts in it to have colours, on light and on dark ground.
pub fn style_sheet() -> String {
    palette::style_sheet()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn every_chart_as_it_is_written() {
        let record = sample::record();
        for chart in charts(&record).remove(0) {
            insta::assert_snapshot!(format!("chart_{}", chart.name), chart.file());
        }
        let record = sample::limited();
        let limits = charts(&record).remove(0).remove(0);
        insta::assert_snapshot!("chart_limits", limits.file());
        assert_eq!(
            limits.title,
            "Micro-batch sustains 400 k/s and gives way at 416 k/s; per-event sustains at least \
             909 k/s"
        );
    }

    #[test]
    fn who_warmed_up_longer_is_hatched_longer_on_one_axis() {
        let mut record = sample::record();
        let at = |record: &RunRecord| {
            let cell = &record.cells[0];
            let chart = Chart::from(latency_over_time::chart(cell).unwrap()).interactive.unwrap();
            let regions = &chart.panels[0].regions;
            regions.iter().map(|r| (r.label.clone(), r.from, r.to)).collect::<Vec<_>>()
        };
        let all = "warm-up, not measured".to_owned();
        assert_eq!(at(&record), [(all.clone(), -2.0, 0.0)]);
        for repetition in &mut record.cells[0].engines[0].repetitions {
            repetition.warm_up = Some(crate::record::study::WarmUp {
                end_s: 3.5,
                decided: crate::record::study::WarmUpDecided::Detected,
                steady: Some(true),
                untold: None,
                text: String::new(),
            });
        }
        let own = "warm-up of micro-batch".to_owned();
        assert_eq!(at(&record), [(all, -2.0, 0.0), (own, 0.0, 1.5)]);
    }

    #[test]
    fn titles_state_the_finding() {
        let record = sample::record();
        let titles: Vec<String> = charts(&record).remove(0).into_iter().map(|c| c.title).collect();
        insta::assert_snapshot!(titles.join("\n"), @r"
        The difference at p99 is the interval of micro-batch: 533 ms, against 75.8 µs of per-event
        Slowest stretch, by p99: micro-batch 638 ms at 3.5 s; per-event 90.9 µs at 4.1 s
        Both engines keep up with 100 k/s; most events waiting: micro-batch 50 k, per-event 212
        Micro-batch: 1 of 20 batches took longer than the 500 ms interval; later ones waited up to 122 ms
        CPU time per event of micro-batch is lower in these runs: 435 ns, against 700 ns of per-event (n = 3)
        Peak memory: micro-batch 48.0 MiB, per-event 9.00 MiB
        Micro-batch answers after anything from nothing to its 500 ms interval, evenly; half of per-event's answers take up to 13.0 µs, nine in ten up to 26.9 µs
        ");
    }

    #[test]
    fn what_was_not_verified_is_not_drawn() {
        let record = sample::troubled();
        assert!(charts(&record).remove(2).is_empty(), "interrupted");
        for (cell, charts) in record.cells.iter().zip(charts(&record)) {
            for chart in charts {
                let text = format!("{} {} {:?}", chart.wide, chart.narrow, chart.data);
                for speed in ["7.70 ms", "7.72 ms", "7.74 ms", "7.76 M/s", "7.77"] {
                    assert!(!text.contains(speed), "{}: {speed} of {}", cell.name, chart.name);
                }
            }
        }
    }

    #[test]
    fn a_drawing_is_accessible_and_has_no_colour_of_its_own() {
        for chart in charts(&sample::record()).into_iter().flatten() {
            for svg in [&chart.wide, &chart.narrow] {
                assert!(svg.contains("role=\"img\" aria-label=\""), "{}", chart.name);
                assert!(svg.contains("<title>"), "{}", chart.name);
                assert!(!svg.contains('#'), "{} has a colour outside the style sheet", chart.name);
                assert!(!svg.contains("NaN"), "{}", chart.name);
            }
            assert!(!chart.data.rows.is_empty(), "{}", chart.name);
            for row in &chart.data.rows {
                assert_eq!(row.len(), chart.data.header.len(), "{}", chart.name);
            }
        }
    }

    #[test]
    fn a_run_of_nothing_is_drawn_without_fear() {
        let mut record = sample::record();
        for engine in &mut record.cells[0].engines {
            for repetition in &mut engine.repetitions {
                repetition.timeline.truncate(1);
                repetition.batches.truncate(1);
                for batch in &mut repetition.batches {
                    batch.processing_s = f64::NAN;
                }
                for row in &mut repetition.timeline {
                    (row.t_s, row.p50_ns, row.p99_ns, row.max_ns) = (0.0, Some(0), Some(0), None);
                }
                let latency = repetition.result_latency.get_or_insert_default();
                *latency = crate::record::Latency { ladder: Vec::new(), ..Default::default() };
            }
        }
        for chart in charts(&record).remove(0) {
            assert!(!chart.wide.contains("NaN"), "{}", chart.name);
        }
    }
}
