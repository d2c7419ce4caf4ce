//! One chart each: what it shows, its finding as title, its definition below, its data as a
//! table. Every chart is drawn twice, for a wide and for a narrow page.
//!
//! Only verified repetitions are drawn. A chart without any does not exist; the page says why.

mod anatomy;
mod batch_delay;
mod canvas;
mod comparison;
mod cpu_per_event;
mod frame;
pub mod interactive;
mod latency_heat;
mod latency_over_time;
mod limits;
mod memory;
pub(crate) mod palette;
mod percentiles;
mod scale;
mod sweep;
mod throughput_and_backlog;

use crate::judge::compare::{Outcome, compare_all};
use crate::judge::metrics::{CPU_PER_EVENT, RESULT_LATENCY_P99};
use crate::record::{CellRecord, Repetition, RunRecord};
pub use comparison::comparison;
pub use interactive::Interactive;

/// A finished chart.
#[derive(Clone, PartialEq, Debug)]
pub struct Chart {
    /// What its file is called, without an ending; unique in a cell.
    pub name: String,
    /// The finding.
    pub title: String,
    /// SVG for a wide page, to be put into one that has [`style_sheet`].
    pub wide: String,
    /// The same for a narrow page.
    pub narrow: String,
    /// The numbers behind it.
    pub data: Data,
    /// The same for a page whose scripts run; none where the drawing says it all.
    pub interactive: Option<Interactive>,
    /// Where it stands on a page.
    pub part: Part,
}

/// The part of a page that a chart belongs to: what it helps to decide.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// How much an engine carries: a search for its limit, latency against the load.
    Limits,
    /// How a latency is distributed.
    Percentiles,
    /// From which batch interval on the other engine is the better one.
    Crossover,
    /// What happened in one scenario.
    Scenario,
    /// The same in more detail than most want to see.
    Detail,
    /// What any other thing that was varied does.
    Sweep,
}

impl Chart {
    /// The chart as a file that can be opened alone.
    pub fn file(&self) -> String {
        canvas::standalone(&self.wide)
    }

    /// Draws both versions.
    fn drawn(
        name: impl Into<String>,
        title: String,
        data: Data,
        draw: impl Fn(frame::Format, &str) -> String,
    ) -> Self {
        Self {
            name: name.into(),
            wide: draw(frame::Format::Wide, &title),
            narrow: draw(frame::Format::Narrow, &title),
            title,
            data,
            interactive: None,
            part: Part::Scenario,
        }
    }

    /// The same in another part of the page.
    #[must_use]
    fn part(self, part: Part) -> Self {
        Self { part, ..self }
    }

    /// The same with numbers to zoom into.
    #[must_use]
    fn with(mut self, interactive: Interactive) -> Self {
        self.interactive = Some(interactive);
        self
    }
}

/// The numbers behind a chart, as a table of texts.
#[derive(Clone, PartialEq, Debug)]
pub struct Data {
    /// Column headings.
    pub header: Vec<String>,
    /// One text per column.
    pub rows: Vec<Vec<String>>,
}

/// The charts of each cell of a run, in the order of the page; those for which there is something
/// to draw. What they say of who is better is said over all cells at once.
pub fn charts(record: &RunRecord) -> Vec<Vec<Chart>> {
    let sooner = compare_all(record, RESULT_LATENCY_P99);
    let cheaper = compare_all(record, CPU_PER_EVENT);
    // A sweep has its own charts of limits and tails: those of one point are its details.
    let part = |part: Part| if record.sweep.is_some() { Part::Scenario } else { part };
    let of_cell = |((cell, sooner), cheaper): ((&CellRecord, &Outcome<'_>), &Outcome<'_>)| {
        let mut charts = Vec::new();
        charts.extend(limits::chart(cell).map(|chart| chart.part(part(Part::Limits))));
        let percentiles = percentiles::chart(cell, sooner);
        charts.extend(percentiles.map(|chart| chart.part(part(Part::Percentiles))));
        charts.extend(latency_over_time::chart(cell));
        charts.extend(throughput_and_backlog::chart(cell));
        charts.extend(batch_delay::charts(cell));
        charts.extend(anatomy::chart(cell));
        charts.extend(cpu_per_event::chart(cell, cheaper));
        charts.extend(memory::chart(cell));
        charts.extend(latency_heat::chart(cell).map(|chart| chart.part(Part::Detail)));
        charts
    };
    record.cells.iter().zip(&sooner).zip(&cheaper).map(of_cell).collect()
}

/// The charts of a run that span its cells, in the order of the page.
pub fn charts_across(record: &RunRecord) -> Vec<Chart> {
    sweep::charts(record)
}

/// What a page must have for the charts in it to have colours, on light and on dark ground.
pub fn style_sheet() -> String {
    palette::style_sheet()
}

/// Along which time the charts of a cell are drawn: seconds since the earliest measured start
/// of the repetitions shown. One input gives one schedule, so what was due at the same moment
/// stands at the same place, whichever engine warmed up longer.
struct Timing<'a> {
    /// The zero of the axis, in seconds since the run's start.
    start_s: f64,
    /// Whose warm-up ended when, on the axis.
    warm_ups: Vec<(&'a str, palette::Identity, f64)>,
}

impl<'a> Timing<'a> {
    fn of(
        cell: &CellRecord,
        shown: impl Iterator<Item = (&'a str, palette::Identity, &'a Repetition)>,
    ) -> Self {
        let ends: Vec<_> =
            shown.map(|(label, identity, r)| (label, identity, warm_up_end_s(cell, r))).collect();
        let start_s = ends.iter().map(|(.., end_s)| *end_s).fold(f64::INFINITY, f64::min);
        let start_s = if start_s.is_finite() { start_s } else { cell.warm_up_s };
        let on_axis = |(label, identity, end_s)| (label, identity, end_s - start_s);
        Self { start_s, warm_ups: ends.into_iter().map(on_axis).collect() }
    }

    /// A time of the record on the axis.
    fn at(&self, t_s: f64) -> f64 {
        t_s - self.start_s
    }

    /// What a page hatches: where nobody was measured yet, then who was not.
    fn regions(&self) -> Vec<interactive::Region> {
        let from = -self.start_s;
        let mut regions = Vec::new();
        if self.start_s > 0.0 {
            let label = "warm-up, not measured".into();
            regions.push(interactive::Region { from, to: 0.0, label });
        }
        for (label, _, end_s) in self.warm_ups.iter().filter(|(.., end_s)| *end_s > 1e-9) {
            let label = format!("warm-up of {label}");
            regions.push(interactive::Region { from: 0.0, to: *end_s, label });
        }
        regions
    }
}

/// When the measured part of a repetition begins, in seconds since the run's start.
fn warm_up_end_s(cell: &CellRecord, repetition: &Repetition) -> f64 {
    let found = repetition.warm_up.as_ref().map(|warm_up| warm_up.end_s);
    found.filter(|end_s| end_s.is_finite()).unwrap_or(cell.warm_up_s)
}

/// At most `most` items, each the worst of as many that stood together, and of how many. A page
/// does not grow with the length of a run, and no stall disappears from it.
fn thinned<T: Clone>(items: &[T], most: usize, badness: impl Fn(&T) -> f64) -> (Vec<T>, usize) {
    let every = items.len().div_ceil(most).max(1);
    let worst =
        |chunk: &[T]| chunk.iter().max_by(|a, b| badness(a).total_cmp(&badness(b))).cloned();
    (items.chunks(every).filter_map(worst).collect(), every)
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
            let chart = latency_over_time::chart(cell).unwrap().interactive.unwrap();
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
        Per-event answers sooner: p99 of 75.8 µs, against 533 ms of micro-batch
        Slowest stretch, by p99: micro-batch 638 ms at 3.5 s; per-event 90.9 µs at 4.1 s
        Both engines keep up with 100 k/s; most events waiting: micro-batch 50 k, per-event 212
        Micro-batch: 1 of 20 batches took longer than the 500 ms interval; later ones waited up to 122 ms
        Micro-batch costs less CPU: 435 ns per event, against 700 ns of per-event
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

    #[test]
    fn thinning_keeps_the_worst() {
        let items: Vec<u32> = (0..1000).collect();
        let badness = |x: &u32| if *x == 503 { 1e9 } else { -f64::from(*x) };
        let (kept, every) = thinned(&items, 100, badness);
        assert_eq!((kept.len(), every), (100, 10));
        assert!(kept.contains(&503) && kept.contains(&10) && !kept.contains(&19));
        assert_eq!(thinned(&items[..5], 100, badness), (items[..5].to_vec(), 1));
    }
}
