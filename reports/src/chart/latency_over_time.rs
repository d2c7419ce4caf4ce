//! When it was slow: `result_latency` along the run, as a band from p50 to p99 per engine, a thin
//! line for p99.9 where there are answers enough for one, and dots for the slowest.
//!
//! Percentiles of neighbouring stretches are never combined: where there are more than fit, the
//! worst of each few is drawn. Stretches without an answer have no point.

use super::canvas::Align;
use super::frame::{Entry, Format, Frame, Panel};
use super::interactive::{
    Along, Axis, Drawn, Interactive, Panel as Plot, Point, Rule, Series, Unit,
};
use super::palette::{Identity, identities};
use super::scale::{Scale, opened};
use super::{Chart, Data, Timing, thinned, warm_up_end_s};
use crate::judge::summary::{Standing, median_repetition, standing};
use crate::quantity::{self, nanoseconds};
use crate::record::{CellRecord, EngineRecord, Repetition, TimelineRow};
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

impl Track<'_> {
    /// Whether the record knows the p99.9 of any stretch.
    fn has_tail(&self) -> bool {
        self.rows.iter().any(|row| row.p999_ns.is_some())
    }
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
    let shown = tracks.iter().map(|t| (t.engine.label.as_str(), t.identity, t.repetition));
    let timing = Timing::of(cell, shown);
    let title = finding(cell, &timing, &tracks);
    let data = data(&timing, &tracks);
    let chart = Chart::drawn("latency-over-time", title, data, |format, title| {
        draw(cell, &timing, &tracks, format, title)
    });
    Some(chart.with(interactive(cell, &timing, &tracks)))
}

fn finding(cell: &CellRecord, timing: &Timing<'_>, tracks: &[Track<'_>]) -> String {
    let worst: Vec<String> = tracks
        .iter()
        .filter_map(|track| {
            let row = track
                .rows
                .iter()
                .filter(|row| row.t_s > warm_up_end_s(cell, track.repetition))
                .max_by_key(|row| row.p99_ns)?;
            Some(format!(
                "{} {} at {:.1} s",
                track.engine.label,
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

fn draw(
    cell: &CellRecord,
    timing: &Timing<'_>,
    tracks: &[Track<'_>],
    format: Format,
    title: &str,
) -> String {
    let stretch = stretch_s(tracks);
    let tail = if tracks.iter().any(Track::has_tail) {
        "the thin line above it is p99.9, where a stretch has a thousand answers; "
    } else {
        ""
    };
    let definition = format!(
        "result_latency of the answers given in each {}: band from p50 to p99; {tail}dots are the \
         slowest.",
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
    let (time, latency) = extent(cell, timing, tracks);
    let y = Scale::logarithmic(latency, panel.y());
    let x = Scale::linear(time, panel.x());
    frame.time_axis(&[panel], &x);
    frame.warm_ups(&[panel], &x, timing);
    frame.vertical_axis(panel, &y, nanoseconds);
    for track in tracks {
        draw_track(&mut frame, timing, track, &x, &y);
    }
    draw_notes(&mut frame, &marks(timing, tracks), panel, &x);
    let every = tracks.iter().map(|track| track.every).max().unwrap_or(1);
    let mut note = String::from("Each engine's repetition with the middle p99.");
    if every > 1 {
        let _ = write!(note, " Of each {every} stretches the one with the highest p99 is drawn.");
    }
    frame.footnote(&note);
    frame.finish(title)
}

fn draw_track(frame: &mut Frame, timing: &Timing<'_>, track: &Track<'_>, x: &Scale, y: &Scale) {
    let identity = track.identity;
    for run in unbroken(&track.rows) {
        let along = |ns: fn(&TimelineRow) -> Option<u64>| -> Vec<(f64, f64)> {
            run.iter()
                .filter_map(|row| Some((x.at(timing.at(row.t_s)), y.at(ns(row)? as f64))))
                .collect()
        };
        let (p50, p99) = (along(|row| row.p50_ns), along(|row| row.p99_ns));
        let mut band = p99.clone();
        band.extend(p50.iter().rev());
        frame.canvas.area(identity.band, &band);
        if track.has_tail() {
            for part in run.chunk_by(|a, b| a.p999_ns.is_some() == b.p999_ns.is_some()) {
                let p999: Vec<(f64, f64)> = part
                    .iter()
                    .filter_map(|row| Some((x.at(timing.at(row.t_s)), y.at(row.p999_ns? as f64))))
                    .collect();
                frame.canvas.line(identity.thin, &p999);
            }
        } else {
            frame.canvas.line(identity.faint, &p99);
        }
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

/// What the timelines note, and when; what two engines note at once stands there once.
fn marks<'a>(timing: &Timing<'_>, tracks: &[Track<'a>]) -> Vec<(f64, &'a str)> {
    let mut seen: Vec<(f64, &str)> = tracks
        .iter()
        .flat_map(|track| &track.repetition.timeline)
        .filter(|row| !row.note.is_empty())
        .map(|row| (timing.at(row.t_s), row.note.as_str()))
        .collect();
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    seen.dedup_by(|a, b| a.1 == b.1 && (a.0 - b.0).abs() < 0.05);
    seen.truncate(100);
    seen
}

fn draw_notes(frame: &mut Frame, marks: &[(f64, &str)], panel: Panel, x: &Scale) {
    let size = frame.format.text() * 0.96;
    let mut free_from = panel.left;
    for (t, note) in marks {
        let at = x.at(*t);
        let top = panel.top + 2.0;
        frame.canvas.area("f-fault", &[(at - 4.0, top), (at + 4.0, top), (at, top + 7.0)]);
        let width = super::canvas::text_width(note, size);
        if at + 8.0 > free_from && at + 8.0 + width < panel.right {
            frame.canvas.text("ink", Align::Left, (at + 7.0, top + 4.0), size, note);
            free_from = at + 8.0 + width + 10.0;
        }
    }
}

/// First and last second, fastest and slowest answer.
fn extent(
    cell: &CellRecord,
    timing: &Timing<'_>,
    tracks: &[Track<'_>],
) -> ((f64, f64), (f64, f64)) {
    let rows = || tracks.iter().flat_map(|track| &track.rows);
    let low = rows().filter_map(|row| row.p50_ns).min().unwrap_or(1);
    let high = rows().filter_map(|row| row.max_ns.or(row.p99_ns)).max().unwrap_or(1);
    let end = rows().map(|row| row.t_s).fold(cell.duration_s + timing.start_s, f64::max);
    ((-timing.start_s, timing.at(end)), opened((low as f64, high as f64)))
}

fn interactive(cell: &CellRecord, timing: &Timing<'_>, tracks: &[Track<'_>]) -> Interactive {
    let mut series = Vec::new();
    for track in tracks {
        let line = |what: &str, drawn: Drawn, ns: fn(&TimelineRow) -> Option<u64>| {
            let mut points: Vec<(f64, f64)> = Vec::new();
            for run in unbroken(&track.rows) {
                if let Some((t, _)) = points.last().copied() {
                    points.push((t + 1e-6, f64::NAN));
                }
                let value = |row: &TimelineRow| ns(row).map_or(f64::NAN, |ns| ns as f64);
                points.extend(run.iter().map(|row| (timing.at(row.t_s), value(row))));
            }
            let of = &track.engine.label;
            Series::new(of, what, track.identity.line, drawn, points).not_sustained(track.hollow)
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
    let (time, latency) = extent(cell, timing, tracks);
    let y = Axis::logarithmic("result_latency (log scale)", Unit::Nanoseconds, latency);
    let mut panel = Plot::new(y, series);
    panel.regions = timing.regions();
    panel.rules = marks(timing, tracks)
        .into_iter()
        .map(|(at, note)| Rule { along: Along::Y, at, label: note.into(), role: "l-fault" })
        .collect();
    let x = Axis::linear("seconds since the measured start", Unit::Time, time);
    Interactive { x, panels: vec![panel] }
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

fn data(timing: &Timing<'_>, tracks: &[Track<'_>]) -> Data {
    let mut rows = Vec::new();
    for track in tracks {
        let p99 = |row: &TimelineRow| row.p99_ns.unwrap_or(0) as f64;
        let show =
            |ns: Option<u64>| ns.map_or_else(|| quantity::NONE.into(), |ns| nanoseconds(ns as f64));
        for row in thinned(&track.rows, 60, p99).0 {
            rows.push(vec![
                track.engine.label.clone(),
                format!("{:.1} s", timing.at(row.t_s)).replace('-', "−"),
                quantity::count(row.answers),
                show(row.p50_ns),
                show(row.p99_ns),
                show(row.p999_ns),
                show(row.max_ns),
            ]);
        }
    }
    let header = ["engine", "since the measured start", "answers", "p50", "p99", "p99.9", "max"];
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
