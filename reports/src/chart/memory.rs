//! Memory along the run: what each engine held above what its input needs.
//!
//! From zero, so that twice as high is twice as much. Where there are more rows than fit, the
//! largest of each few is drawn: a peak never disappears.

use super::description::{Axis, Data, Description, Drawn, Panel, Picture, Plot, Series, Unit};
use super::timing::{MIDDLE, Timing, Track, thinned, tracks};
use crate::quantity::{self, bytes};
use crate::record::{CellRecord, TimelineRow};
use crate::words::capitalised;

/// Rows drawn at most.
const ROWS_MAX: usize = 300;

/// None if no verified repetition has a timeline with memory in it.
pub(super) fn chart(cell: &CellRecord) -> Option<Description> {
    let tracks = tracks(cell, |repetition| !repetition.timeline.is_empty());
    let memory = |row: &TimelineRow| row.memory_bytes as f64;
    let rows = |track: &Track<'_>| thinned(&track.repetition.timeline, ROWS_MAX, memory).0;
    let all: Vec<TimelineRow> = tracks.iter().flat_map(rows).collect();
    if all.iter().all(|row| row.memory_bytes == 0) {
        return None;
    }
    let timing = Timing::of(cell, &tracks);
    let peak = |track: &Track<'_>| track.repetition.peak_memory_bytes as f64;
    let highest = all.iter().map(memory).chain(tracks.iter().map(peak)).fold(1024.0, f64::max);
    let line = |track: &Track<'_>| {
        let rows = rows(track);
        let points = rows.iter().map(|row| (timing.at(row.t_s), memory(row)));
        let mut series = track.series("", Drawn::Area, points);
        let top = rows.iter().rev().max_by(|a, b| memory(a).total_cmp(&memory(b)));
        let told = format!("peak {}", quantity::tick(&bytes(peak(track))));
        series.named.extend(top.map(|row| (timing.at(row.t_s), memory(row), told)));
        series
    };
    let y = Axis::linear("memory above what the input needs", Unit::Bytes, (0.0, highest * 1.15));
    let series: Vec<Series> = tracks.iter().map(line).collect();
    let panel = Panel { regions: timing.regions(), ..Panel::new(y, 220, series) };
    let told = tracks.iter().flat_map(|track| {
        let label = track.label().to_owned();
        thinned(&rows(track), 60, memory).0.into_iter().map(move |row| (label.clone(), row))
    });
    let told = told.map(|(label, row)| vec![label, timing.told(row.t_s), bytes(memory(&row))]);
    let peaks: Vec<String> =
        tracks.iter().map(|track| format!("{} {}", track.label(), bytes(peak(track)))).collect();
    Some(Description {
        name: "memory".into(),
        title: capitalised(&format!("peak memory: {}", peaks.join(", "))),
        definition: "Resident memory of the process, less what it held before the engine began: \
                     state, queues, batches, and what the allocator keeps."
            .into(),
        picture: Picture::Live(Plot::new(timing.axis(all.iter().map(|row| row.t_s)), vec![panel])),
        notes: vec![format!(
            "{MIDDLE} Rows are taken every so often, so the peak may lie between two."
        )],
        data: Data::new(["engine", "since the measured start", "memory"], told.collect()),
    })
}
