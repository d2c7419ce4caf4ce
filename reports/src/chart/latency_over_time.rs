//! When it was slow: `result_latency` along the run, as a band from p50 to p99 per engine.
//!
//! Percentiles of neighbouring stretches are never combined: where there are more than fit, the
//! worst of each few is drawn. Stretches without an answer have no point.

use super::canvas::Align;
use super::frame::{Entry, Format, Frame, Panel};
use super::palette::{Identity, identities};
use super::scale::{Scale, opened};
use super::{Chart, Data, thinned};
use crate::quantity::{self, nanoseconds};
use crate::record::{CellRecord, EngineRecord, Repetition, TimelineRow};
use crate::summary::{Standing, median_repetition, standing};
use std::fmt::Write as _;

/// Stretches drawn at most; more cannot be told apart on a screen.
const ROWS_MAX: usize = 300;

/// One engine's median repetition.
struct Track<'a> {
    engine: &'a EngineRecord,
    identity: Identity,
    repetition: &'a Repetition,
    rows: Vec<TimelineRow>,
    every: usize,
    hollow: bool,
}

/// None if no verified repetition has a timeline with answers.
pub(super) fn chart(cell: &CellRecord) -> Option<Chart> {
    let tracks: Vec<Track<'_>> = cell
        .engines
        .iter()
        .zip(identities(cell))
        .filter_map(|(engine, identity)| {
            let repetition = median_repetition(engine)?;
            let answered: Vec<TimelineRow> = repetition
                .timeline
                .iter()
                .filter(|row| row.p50_ns.is_some() && row.p99_ns.is_some())
                .cloned()
                .collect();
            let p99 = |row: &TimelineRow| row.p99_ns.unwrap_or(0) as f64;
            let (rows, every) = thinned(&answered, ROWS_MAX, p99);
            let hollow = standing(engine) == Standing::NotSustained;
            (!rows.is_empty()).then_some(Track {
                engine,
                identity,
                repetition,
                rows,
                every,
                hollow,
            })
        })
        .collect();
    if tracks.is_empty() {
        return None;
    }
    let title = finding(cell, &tracks);
    let data = data(cell, &tracks);
    Some(Chart::drawn("latency-over-time", title, data, |format, title| {
        draw(cell, &tracks, format, title)
    }))
}

fn finding(cell: &CellRecord, tracks: &[Track<'_>]) -> String {
    let worst: Vec<String> = tracks
        .iter()
        .filter_map(|track| {
            let row = track
                .rows
                .iter()
                .filter(|row| row.t_s > cell.warm_up_s)
                .max_by_key(|row| row.p99_ns)?;
            Some(format!(
                "{} {} at {:.1} s",
                track.engine.label,
                nanoseconds(row.p99_ns? as f64),
                row.t_s - cell.warm_up_s
            ))
        })
        .collect();
    if worst.is_empty() {
        return "No answer was due after the warm-up".into();
    }
    format!("Slowest stretch, by p99: {}", worst.join("; "))
}

fn draw(cell: &CellRecord, tracks: &[Track<'_>], format: Format, title: &str) -> String {
    let stretch = stretch_s(tracks);
    let definition = format!(
        "result_latency of the answers given in each {}: band from p50 to p99, dots are the slowest.",
        quantity::tick(&quantity::seconds(stretch))
    );
    let mut frame = Frame::new(format, title, &definition, 20.0);
    let labels: Vec<String> = tracks
        .iter()
        .map(|t| format!("{}, repetition {}", t.engine.label, t.repetition.rep))
        .collect();
    let entries: Vec<Entry<'_>> = tracks
        .iter()
        .zip(&labels)
        .map(|(track, label)| Entry { identity: track.identity, label, hollow: track.hollow })
        .collect();
    frame.legend(&entries);
    let panel = frame.panel(format.height(), "result_latency (log scale)");
    let rows = || tracks.iter().flat_map(|track| &track.rows);
    let low = rows().filter_map(|row| row.p50_ns).min().unwrap_or(1);
    let high = rows().filter_map(|row| row.max_ns.or(row.p99_ns)).max().unwrap_or(1);
    let y = Scale::logarithmic(opened((low as f64, high as f64)), panel.y());
    let end = rows().map(|row| row.t_s).fold(cell.duration_s + cell.warm_up_s, f64::max);
    let x = Scale::linear((-cell.warm_up_s, end - cell.warm_up_s), panel.x());
    frame.time_axis(&[panel], &x);
    frame.vertical_axis(panel, &y, nanoseconds);
    for track in tracks {
        draw_track(&mut frame, cell, track, &x, &y);
    }
    draw_notes(&mut frame, cell, tracks, panel, &x);
    let every = tracks.iter().map(|track| track.every).max().unwrap_or(1);
    let mut note = String::from("Each engine's repetition with the middle p99.");
    if every > 1 {
        let _ = write!(note, " Of each {every} stretches the one with the highest p99 is drawn.");
    }
    frame.footnote(&note);
    frame.finish(title)
}

fn draw_track(frame: &mut Frame, cell: &CellRecord, track: &Track<'_>, x: &Scale, y: &Scale) {
    let identity = track.identity;
    for run in unbroken(&track.rows) {
        let along = |ns: fn(&TimelineRow) -> Option<u64>| -> Vec<(f64, f64)> {
            run.iter()
                .filter_map(|row| Some((x.at(row.t_s - cell.warm_up_s), y.at(ns(row)? as f64))))
                .collect()
        };
        let (p50, p99) = (along(|row| row.p50_ns), along(|row| row.p99_ns));
        let mut band = p99.clone();
        band.extend(p50.iter().rev());
        frame.canvas.area(identity.band, &band);
        frame.canvas.line(identity.faint, &p99);
        frame.canvas.line(identity.line, &p50);
        for at in along(|row| row.max_ns) {
            frame.canvas.dot(identity.fill, at, 1.3);
        }
        // A marker now and then tells the lines apart without colour.
        for at in p50.iter().step_by((p50.len() / 8).max(1)) {
            frame.canvas.marker(identity, *at, 3.8, track.hollow);
        }
    }
}

/// Runs of rows without a hole: a hole is four times longer than what is usual between answers.
fn unbroken(rows: &[TimelineRow]) -> Vec<&[TimelineRow]> {
    let mut gaps: Vec<f64> = rows.windows(2).map(|pair| pair[1].t_s - pair[0].t_s).collect();
    gaps.sort_by(f64::total_cmp);
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(f64::MAX);
    rows.chunk_by(|a, b| b.t_s - a.t_s <= usual * 4.0).collect()
}

fn draw_notes(frame: &mut Frame, cell: &CellRecord, tracks: &[Track<'_>], panel: Panel, x: &Scale) {
    let size = frame.format.text() * 0.96;
    let notes = tracks.iter().flat_map(|track| &track.repetition.timeline);
    let mut free_from = panel.left;
    let mut seen: Vec<(f64, &str)> = notes
        .filter(|row| !row.note.is_empty())
        .map(|row| (row.t_s - cell.warm_up_s, row.note.as_str()))
        .collect();
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    seen.dedup_by(|a, b| a.1 == b.1 && (a.0 - b.0).abs() < 0.05);
    for (t, note) in seen.into_iter().take(100) {
        let at = x.at(t);
        let top = panel.top + 2.0;
        frame.canvas.area("f-fault", &[(at - 4.0, top), (at + 4.0, top), (at, top + 7.0)]);
        let width = super::canvas::text_width(note, size);
        if at + 8.0 > free_from && at + 8.0 + width < panel.right {
            frame.canvas.text("ink", Align::Left, (at + 7.0, top + 4.0), size, note);
            free_from = at + 8.0 + width + 10.0;
        }
    }
}

/// Length of one row of the timelines, in seconds.
fn stretch_s(tracks: &[Track<'_>]) -> f64 {
    let mut lengths: Vec<f64> = tracks
        .iter()
        .flat_map(|track| track.repetition.timeline.windows(2))
        .map(|pair| pair[1].t_s - pair[0].t_s)
        .filter(|length| *length > 0.0)
        .collect();
    lengths.sort_by(f64::total_cmp);
    // Rows are cut at whole milliseconds; what is below is rounding.
    lengths.get(lengths.len() / 2).map_or(0.1, |length| (length * 1e3).round() / 1e3)
}

fn data(cell: &CellRecord, tracks: &[Track<'_>]) -> Data {
    let mut rows = Vec::new();
    for track in tracks {
        let p99 = |row: &TimelineRow| row.p99_ns.unwrap_or(0) as f64;
        let show =
            |ns: Option<u64>| ns.map_or_else(|| quantity::NONE.into(), |ns| nanoseconds(ns as f64));
        for row in thinned(&track.rows, 60, p99).0 {
            rows.push(vec![
                track.engine.label.clone(),
                format!("{:.1} s", row.t_s - cell.warm_up_s).replace('-', "−"),
                quantity::count(row.answers),
                show(row.p50_ns),
                show(row.p99_ns),
                show(row.max_ns),
            ]);
        }
    }
    let header = ["engine", "since the measured start", "answers", "p50", "p99", "max"];
    Data { header: header.map(String::from).to_vec(), rows }
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
