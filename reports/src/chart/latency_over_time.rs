//! When it was slow: `result_latency` along the run, as a band from p50 to p99 per engine, a thin
//! line for p99.9 where there are answers enough for one, and dots for the slowest.
//!
//! Percentiles of neighbouring stretches are never combined: where there are more than fit, the
//! worst of each few is drawn. Stretches without an answer have no point.

use super::description::{
    Axis, Data, Description, Drawn, Panel, Picture, Plot, Point, Rule, Series, Unit, opened,
};
use super::palette::FAULT;
use super::timing::{self, Timing, chosen, warm_up_end_s};
use crate::quantity::{self, nanoseconds};
use crate::record::{CellRecord, TimelineRow, thinned};
use std::fmt::Write as _;

/// Stretches drawn at most; more cannot be told apart on a screen.
const ROWS_MAX: usize = 300;

/// One engine's stretches with answers, or the worst of each few.
struct Track<'a> {
    of: timing::Track<'a>,
    rows: Vec<TimelineRow>,
    every: usize,
}

impl Track<'_> {
    /// Whether the record knows the p99.9 of any stretch.
    fn has_tail(&self) -> bool {
        self.rows.iter().any(|row| row.p999_ns.is_some())
    }
}

/// None if no verified repetition has a timeline with answers.
pub(super) fn chart(cell: &CellRecord) -> Option<Description> {
    let is_answered = |row: &&TimelineRow| row.p50_ns.is_some() && row.p99_ns.is_some();
    let found = timing::tracks(cell, |r| r.timeline.iter().any(|row| is_answered(&row)));
    if found.is_empty() {
        return None;
    }
    let timing = Timing::of(cell, &found);
    let thinned = found.into_iter().map(|of| {
        let answered = of.repetition.timeline.iter().filter(is_answered);
        let answered: Vec<TimelineRow> = answered.cloned().collect();
        let (rows, every) = thinned(&answered, ROWS_MAX, |row| row.p99_ns.unwrap_or(0) as f64);
        Track { of, rows, every }
    });
    let tracks: Vec<Track<'_>> = thinned.collect();
    let tail = if tracks.iter().any(Track::has_tail) {
        "the thin line above it is p99.9, where a stretch has a thousand answers; "
    } else {
        ""
    };
    let definition = format!(
        "result_latency of the answers given in each {}: band from p50 to p99; {tail}dots are the \
         slowest.",
        quantity::tick(&quantity::seconds(stretch_s(&tracks)))
    );
    let mut note = chosen(tracks.iter().map(|track| &track.of));
    let every = tracks.iter().map(|track| track.every).max().unwrap_or(1);
    if every > 1 {
        let _ = write!(note, " Of each {every} stretches the one with the highest p99 is drawn.");
    }
    Some(Description {
        name: "latency-over-time".into(),
        title: finding(cell, &timing, &tracks),
        definition,
        picture: Picture::Live(plot(&timing, &tracks)),
        notes: vec![note],
        data: data(&timing, &tracks),
    })
}

fn finding(cell: &CellRecord, timing: &Timing<'_>, tracks: &[Track<'_>]) -> String {
    let worst: Vec<String> = tracks
        .iter()
        .filter_map(|track| {
            let row = track
                .rows
                .iter()
                .filter(|row| row.t_s > warm_up_end_s(cell, track.of.repetition))
                .max_by_key(|row| row.p99_ns)?;
            Some(format!(
                "{} {} at {:.1} s",
                track.of.label(),
                nanoseconds(row.p99_ns? as f64),
                timing.at(row.t_s)
            ))
        })
        .collect();
    if worst.is_empty() {
        return "No answer was due after the warm-up".into();
    }
    format!("Slowest stretch, by p99: {}", worst.join("; "))
}

/// Runs of rows without a hole: a hole is four times longer than what is usual between answers.
fn unbroken(rows: &[TimelineRow]) -> Vec<&[TimelineRow]> {
    let mut gaps: Vec<f64> = rows.windows(2).map(|pair| pair[1].t_s - pair[0].t_s).collect();
    gaps.sort_by(f64::total_cmp);
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(f64::MAX);
    rows.chunk_by(|a, b| b.t_s - a.t_s <= usual * 4.0).collect()
}

/// The points of a line along a clock, with a hole where nothing was answered for long.
pub(super) fn along(
    rows: &[TimelineRow],
    at: impl Fn(f64) -> f64,
    of: fn(&TimelineRow) -> Option<u64>,
) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for run in unbroken(rows) {
        if let Some((t, _)) = points.last().copied() {
            points.push((t + 1e-6, f64::NAN));
        }
        let value = |row: &TimelineRow| of(row).map_or(f64::NAN, |value| value as f64);
        points.extend(run.iter().map(|row| (at(row.t_s), value(row))));
    }
    points
}

/// What the timelines note, and when; what two engines note at once stands there once.
fn marks<'a>(timing: &Timing<'_>, tracks: &[Track<'a>]) -> Vec<(f64, &'a str)> {
    let mut seen: Vec<(f64, &str)> = tracks
        .iter()
        .flat_map(|track| &track.of.repetition.timeline)
        .filter(|row| !row.note.is_empty())
        .map(|row| (timing.at(row.t_s), row.note.as_str()))
        .collect();
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    seen.dedup_by(|a, b| a.1 == b.1 && (a.0 - b.0).abs() < 0.05);
    seen.truncate(100);
    seen
}

fn plot(timing: &Timing<'_>, tracks: &[Track<'_>]) -> Plot {
    let mut series = Vec::new();
    for track in tracks {
        let line = |what: &str, drawn: Drawn, ns: fn(&TimelineRow) -> Option<u64>| {
            track.of.series(what, drawn, along(&track.rows, |t_s| timing.at(t_s), ns))
        };
        let p99 = line("p99", Drawn::Thin, |row| row.p99_ns);
        let p50 = line("p50", Drawn::Line, |row| row.p50_ns);
        let mut band = Series { what: "p50 to p99".into(), drawn: Drawn::Band, ..p50.clone() };
        for (point, Point { y: high, .. }) in band.points.0.iter_mut().zip(&p99.points.0) {
            point.interval = Some((point.y, *high));
        }
        series.extend([band, p99]);
        series.extend(track.has_tail().then(|| line("p99.9", Drawn::Thin, |row| row.p999_ns)));
        series.extend([p50, line("max", Drawn::Dots, |row| row.max_ns)]);
    }
    let rows = || tracks.iter().flat_map(|track| &track.rows);
    let low = rows().filter_map(|row| row.p50_ns).min().unwrap_or(1);
    let high = rows().filter_map(|row| row.max_ns.or(row.p99_ns)).max().unwrap_or(1);
    let range = opened((low as f64, high as f64));
    let y = Axis::logarithmic("result_latency (log scale)", Unit::Nanoseconds, range);
    let note = |(at, note): (f64, &str)| Rule::upright(at, note.into(), FAULT);
    let panel = Panel {
        regions: timing.regions(),
        rules: marks(timing, tracks).into_iter().map(note).collect(),
        ..Panel::new(y, 280, series)
    };
    Plot::new(timing.axis(rows().map(|row| row.t_s)), vec![panel])
}

/// Length of one row of the timelines, in seconds.
fn stretch_s(tracks: &[Track<'_>]) -> f64 {
    let mut lengths: Vec<f64> = tracks
        .iter()
        .flat_map(|track| track.of.repetition.timeline.windows(2))
        .map(|pair| pair[1].t_s - pair[0].t_s)
        .filter(|length| *length > 0.0)
        .collect();
    lengths.sort_by(f64::total_cmp);
    // Rows are cut at whole milliseconds; what is below is rounding.
    lengths.get(lengths.len() / 2).map_or(0.1, |length| (length * 1e3).round() / 1e3)
}

fn data(timing: &Timing<'_>, tracks: &[Track<'_>]) -> Data {
    let mut rows = Vec::new();
    for track in tracks {
        let p99 = |row: &TimelineRow| row.p99_ns.unwrap_or(0) as f64;
        let show =
            |ns: Option<u64>| ns.map_or_else(|| quantity::NONE.into(), |ns| nanoseconds(ns as f64));
        for row in thinned(&track.rows, 60, p99).0 {
            rows.push(vec![
                track.of.label().to_owned(),
                timing.told(row.t_s),
                quantity::count(row.answers),
                show(row.p50_ns),
                show(row.p99_ns),
                show(row.p999_ns),
                show(row.max_ns),
            ]);
        }
    }
    let header = ["engine", "since the measured start", "answers", "p50", "p99", "p99.9", "max"];
    Data::new(header, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_breaks_the_line() {
        let row = |t_s| TimelineRow { t_s, p50_ns: Some(1), ..TimelineRow::default() };
        let rows: Vec<TimelineRow> = [0.0, 1.0, 2.0, 3.0, 9.0, 10.0].map(row).to_vec();
        assert_eq!(unbroken(&rows).iter().map(|run| run.len()).collect::<Vec<_>>(), [4, 2]);
        assert_eq!(unbroken(&rows[..1]).len(), 1);
        assert!(unbroken(&[]).is_empty());
    }
}
