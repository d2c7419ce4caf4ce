//! Memory along the run: what each engine held above what its input needs.
//!
//! From zero, so that twice as high is twice as much. Where there are more rows than fit, the
//! largest of each few is drawn: a peak never disappears.

use super::description::{Axis, Data, Description, Drawn, Panel, Picture, Plot, Series, Unit};
use super::timing::{Timing, Track, chosen, tracks};
use crate::judge::compare::middle;
use crate::judge::metrics::metric;
use crate::quantity::{self, bytes};
use crate::record::{CellRecord, Repetition, TimelineRow, thinned};
use crate::words::capitalised;

/// Rows drawn at most.
const ROWS_MAX: usize = 300;

/// None if no verified repetition has a timeline with memory in it.
pub(super) fn chart(cell: &CellRecord) -> Option<Description> {
    let is_told = |repetition: &Repetition| repetition.peak_memory().is_some();
    let tracks = tracks(cell, |it| !it.timeline.is_empty() && is_told(it));
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
    // The title says what the tables say, over all repetitions; a line is one of them.
    let over_all = |track: &Track<'_>| {
        metric("peak_memory").and_then(|metric| middle(track.engine, *metric)).unwrap_or(f64::NAN)
    };
    let peaks = tracks.iter().map(|it| format!("{} {}", it.label(), bytes(over_all(it))));
    let peaks: Vec<String> = peaks.collect();
    Some(Description {
        name: "memory".into(),
        title: capitalised(&format!("peak memory: {}", peaks.join(", "))),
        definition: "Resident memory of the process, less what it held before the engine began: \
                     state, queues, batches, and what the allocator keeps."
            .into(),
        picture: Picture::Live(Plot::new(timing.axis(all.iter().map(|row| row.t_s)), vec![panel])),
        notes: vec![format!(
            "{} Rows are taken every so often, so the peak may lie between two.",
            chosen(tracks.iter())
        )],
        data: Data::new(["engine", "since the measured start", "memory"], told.collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn the_title_says_what_the_tables_say() {
        let mut cell = sample::record().cells.remove(0);
        for (rep, repetition) in (0..).zip(&mut cell.engines[0].repetitions) {
            // The middle one by its p99 is not the middle one by its memory.
            repetition.peak_memory_bytes = [3 << 20, 9 << 20, 5 << 20][rep];
        }
        let title = chart(&cell).unwrap().title.replace('\u{a0}', " ");
        assert!(title.starts_with("Peak memory: micro-batch 5.00 MiB"), "{title}");
    }
}
