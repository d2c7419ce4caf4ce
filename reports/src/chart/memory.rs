//! Memory along the run: what each engine held above what its input needs.
//!
//! From zero, so that twice as high is twice as much. Where there are more rows than fit, the
//! largest of each few is drawn: a peak never disappears.

use super::canvas::Align;
use super::frame::{Entry, Format, Frame};
use super::interactive::{self, Axis, Drawn, Interactive, Series, Unit};
use super::palette::{Identity, identities};
use super::scale::Scale;
use super::{Chart, Data, Timing, thinned};
use crate::judge::summary::{Standing, median_repetition, standing};
use crate::quantity::{self, bytes};
use crate::record::{CellRecord, EngineRecord, Repetition, TimelineRow};
use crate::words::capitalised;

/// Rows drawn at most.
const ROWS_MAX: usize = 300;

/// One engine's median repetition.
struct Track<'a> {
    engine: &'a EngineRecord,
    identity: Identity,
    repetition: &'a Repetition,
    rows: Vec<TimelineRow>,
    hollow: bool,
}

/// None if no verified repetition has a timeline with memory in it.
pub(super) fn chart(cell: &CellRecord) -> Option<Chart> {
    let tracks: Vec<Track<'_>> = cell
        .engines
        .iter()
        .zip(identities(cell))
        .filter_map(|(engine, identity)| {
            let repetition = median_repetition(engine)?;
            let (rows, _) = thinned(&repetition.timeline, ROWS_MAX, |row| row.memory_bytes as f64);
            let hollow = standing(engine) == Standing::NotSustained;
            (!rows.is_empty()).then_some(Track { engine, identity, repetition, rows, hollow })
        })
        .collect();
    if tracks.iter().flat_map(|track| &track.rows).all(|row| row.memory_bytes == 0) {
        return None;
    }
    let shown = tracks.iter().map(|t| (t.engine.label.as_str(), t.identity, t.repetition));
    let timing = Timing::of(cell, shown);
    let peaks: Vec<String> = tracks
        .iter()
        .map(|t| format!("{} {}", t.engine.label, bytes(t.repetition.peak_memory_bytes as f64)))
        .collect();
    let title = capitalised(&format!("peak memory: {}", peaks.join(", ")));
    let mut rows = Vec::new();
    for track in &tracks {
        for row in thinned(&track.rows, 60, |row| row.memory_bytes as f64).0 {
            rows.push(vec![
                track.engine.label.clone(),
                format!("{:.1} s", timing.at(row.t_s)).replace('-', "−"),
                bytes(row.memory_bytes as f64),
            ]);
        }
    }
    let header = ["engine", "since the measured start", "memory"];
    let data = Data { header: header.map(String::from).to_vec(), rows };
    let chart = Chart::drawn("memory", title, data, |format, title| {
        draw(cell, &timing, &tracks, format, title)
    });
    Some(chart.with(interactive(cell, &timing, &tracks)))
}

/// Axes: seconds, and bytes from zero.
fn extent(cell: &CellRecord, timing: &Timing<'_>, tracks: &[Track<'_>]) -> [(f64, f64); 2] {
    let rows = || tracks.iter().flat_map(|track| &track.rows);
    let end = rows().map(|row| row.t_s).fold(timing.start_s + cell.duration_s, f64::max);
    let peaks = tracks.iter().map(|track| track.repetition.peak_memory_bytes);
    let highest = rows().map(|row| row.memory_bytes).chain(peaks).max().unwrap_or(0) as f64;
    [(-timing.start_s, timing.at(end)), (0.0, highest.max(1024.0) * 1.15)]
}

fn interactive(cell: &CellRecord, timing: &Timing<'_>, tracks: &[Track<'_>]) -> Interactive {
    let [time, memory] = extent(cell, timing, tracks);
    let line = |track: &Track<'_>| {
        let points = track.rows.iter().map(|row| (timing.at(row.t_s), row.memory_bytes as f64));
        Series::new(&track.engine.label, "", track.identity.line, Drawn::Line, points)
            .not_sustained(track.hollow)
    };
    let y = Axis::linear("memory above what the input needs", Unit::Bytes, memory);
    let mut panel = interactive::Panel::new(y, tracks.iter().map(line).collect());
    panel.height = 220;
    panel.regions = timing.regions();
    let x = Axis::linear("seconds since the measured start", Unit::Time, time);
    Interactive { x, panels: vec![panel] }
}

fn draw(
    cell: &CellRecord,
    timing: &Timing<'_>,
    tracks: &[Track<'_>],
    format: Format,
    title: &str,
) -> String {
    const MIB: f64 = 1024.0 * 1024.0;
    let definition = "Resident memory of the process, less what it held before the engine began: \
                      state, queues, batches, and what the allocator keeps.";
    let mut frame = Frame::new(format, title, definition, 20.0);
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
    let panel = frame.panel(format.height() * 0.75, "memory above what the input needs");
    let [time, memory] = extent(cell, timing, tracks);
    let x = Scale::linear(time, panel.x());
    // In the unit that it is shown in, so that its ticks are round.
    let unit = [1.0, 1.0 / 1024.0, 1.0 / MIB, 1.0 / (MIB * 1024.0)]
        .into_iter()
        .rev()
        .find(|unit| memory.1 * unit >= 1.0)
        .unwrap_or(1.0);
    let y = Scale::linear((0.0, memory.1 * unit), panel.y());
    frame.time_axis(&[panel], &x);
    frame.warm_ups(&[panel], &x, timing);
    let show: fn(f64) -> String = match unit {
        unit if unit >= 1.0 => |n| bytes(n),
        unit if unit * 1024.0 >= 1.0 => |n| bytes(n * 1024.0),
        unit if unit * MIB >= 1.0 => |n| bytes(n * MIB),
        _ => |n| bytes(n * MIB * 1024.0),
    };
    frame.vertical_axis(panel, &y, show);
    for track in tracks {
        let line: Vec<(f64, f64)> = track
            .rows
            .iter()
            .map(|row| (x.at(timing.at(row.t_s)), y.at(row.memory_bytes as f64 * unit)))
            .collect();
        let mut area = line.clone();
        if let (Some(first), Some(last)) = (line.first(), line.last()) {
            area.extend([(last.0, panel.bottom), (first.0, panel.bottom)]);
        }
        frame.canvas.area(track.identity.band, &area);
        frame.canvas.line(track.identity.line, &line);
        for at in line.iter().step_by((line.len() / 8).max(1)) {
            frame.canvas.marker(track.identity, *at, 3.8, track.hollow);
        }
        let top = line.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((at, height)) = top {
            let size = format.text();
            let (align, at) = if *at > f64::midpoint(panel.left, panel.right) {
                (Align::Right, *at)
            } else {
                (Align::Left, *at)
            };
            let label = quantity::tick(&bytes(track.repetition.peak_memory_bytes as f64));
            let height = (height - size).max(panel.top + size * 0.6);
            frame.canvas.text("ink", align, (at, height), size * 0.96, &format!("peak {label}"));
        }
    }
    frame.footnote("Each engine's repetition with the middle p99. Rows are taken every so often, so the peak may lie between two.");
    frame.finish(title)
}
