//! Every latency along the run: how many answers took how long, when.
//!
//! Percentiles hide a shape: waits that are spread evenly over a batch's interval, two ways to be
//! answered, one of which is slow. Here time runs to the right and latency upwards, both in
//! pieces, and a piece is the brighter the more answers are in it. The pieces of neighbouring
//! stretches are added up, which counts may be and percentiles may not.

use super::description::{Axis, Data, Description, Panel, Picture, Plot, Tile, Unit};
use super::palette::{CIVIDIS, step};
use super::timing::{self, Timing, chosen, tracks};
use crate::quantity::{self, nanoseconds};
use crate::record::bins::begin_ns;
use crate::record::{CellRecord, Latency, TimelineRow};
use crate::words::capitalised;
use std::collections::BTreeMap;

/// Pieces of time.
const COLUMNS: usize = 60;

/// Batches whose ends can be told apart along the top.
const ENDS_MAX: usize = 90;

/// How far from even, as a share of the interval, a wait may be spread and still be called even.
const EVEN: f64 = 0.1;

/// One engine's measured stretches, with and without answers.
struct Track<'a> {
    of: &'a timing::Track<'a>,
    rows: &'a [TimelineRow],
    stretch_s: f64,
}

/// Neighbouring stretches, and their answers by bin.
type Piece<'a> = (&'a [TimelineRow], BTreeMap<u32, u64>);

/// None if no record of a verified repetition has latencies by bin.
pub(super) fn chart(cell: &CellRecord) -> Option<Description> {
    let is_filled = |row: &TimelineRow| !row.latencies.is_empty();
    let found = tracks(cell, |repetition| repetition.timeline.iter().any(is_filled));
    let timing = Timing::of(cell, &found);
    let tracks: Vec<Track<'_>> = found
        .iter()
        .filter_map(|of| {
            let rows = &of.repetition.timeline;
            let (first, last) =
                (rows.iter().position(is_filled)?, rows.iter().rposition(is_filled)?);
            let rows = &rows[first..=last];
            let stretch_s = match rows {
                [first, .., last] => (last.t_s - first.t_s) / (rows.len() - 1) as f64,
                _ => 0.1,
            };
            Some(Track { of, rows, stretch_s })
        })
        .collect();
    if tracks.is_empty() {
        return None;
    }
    let plot = plot(&timing, &tracks);
    let mut note = chosen(tracks.iter().map(|track| track.of));
    if plot.panels.iter().any(|panel| !panel.ticked.is_empty()) {
        note.push_str(" Ticks along the top: where a batch's interval ended.");
    }
    let is_any_even = tracks.iter().any(|track| {
        let latency = track.of.repetition.result_latency.as_ref();
        latency.zip(track.of.engine.interval_s).is_some_and(|(latency, s)| is_even(latency, s))
    });
    if is_any_even {
        note.push_str(
            " Further up a piece spans a longer time, so what is spread evenly is brightest at the \
             top.",
        );
    }
    Some(Description {
        name: "latency-heat".into(),
        title: finding(&tracks),
        definition: "result_latency of the answers given in the measured part, by when they were \
                     given. The brighter, the more answers (log scale, the same for all engines)."
            .into(),
        picture: Picture::Still(plot),
        notes: vec![note],
        data: data(&tracks),
    })
}

/// How the answers of each engine are spread, in words.
fn finding(tracks: &[Track<'_>]) -> String {
    let each: Vec<String> = tracks
        .iter()
        .filter_map(|track| {
            let latency = track.of.repetition.result_latency.as_ref()?;
            let label = &track.of.engine.label;
            Some(match track.of.engine.interval_s.filter(|s| is_even(latency, *s)) {
                Some(interval_s) => format!(
                    "{label} answers after anything from nothing to its {} interval, evenly",
                    quantity::tick(&quantity::seconds(interval_s))
                ),
                None => match (latency.p50(), latency.p90()) {
                    (Some(half), Some(most)) if half > 0 => format!(
                        "half of {label}'s answers take up to {}, nine in ten up to {}",
                        nanoseconds(half as f64),
                        nanoseconds(most as f64)
                    ),
                    _ => format!(
                        "{label} gave {}, each after at most {}",
                        quantity::counted(latency.count, "answer"),
                        nanoseconds(latency.max_ns as f64)
                    ),
                },
            })
        })
        .collect();
    capitalised(&each.join("; "))
}

/// Whether latencies are spread evenly from nothing to an interval.
fn is_even(latency: &Latency, interval_s: f64) -> bool {
    let share = |ns: u64| ns as f64 / 1e9 / interval_s;
    let lies = |quantile: f64, ns: u64| (share(ns) - quantile).abs() <= EVEN;
    latency.p50().is_some_and(|ns| lies(0.5, ns))
        && latency.p90().is_some_and(|ns| lies(0.9, ns))
        && latency.p99().is_none_or(|ns| lies(0.99, ns))
}

/// Answers by bin, of several stretches.
fn summed(rows: &[TimelineRow]) -> BTreeMap<u32, u64> {
    let mut sum = BTreeMap::new();
    for (bin, count) in rows.iter().flat_map(|row| row.latencies.iter()) {
        *sum.entry(bin).or_default() += count;
    }
    sum
}

fn plot(timing: &Timing<'_>, tracks: &[Track<'_>]) -> Plot {
    let pieces = tracks.iter().map(|track| {
        let every = track.rows.len().div_ceil(COLUMNS).max(1);
        track.rows.chunks(every).map(|rows| (rows, summed(rows))).collect()
    });
    let pieces: Vec<Vec<Piece<'_>>> = pieces.collect();
    let counted = || pieces.iter().flatten().flat_map(|(_, bins)| bins);
    let most = counted().map(|(_, count)| *count).max().unwrap_or(1);
    let (lowest, highest) =
        counted().fold((u32::MAX, 0), |(low, high), (bin, _)| (low.min(*bin), high.max(*bin)));
    let begin_s = |track: &Track<'_>, rows: &[TimelineRow]| {
        timing.at(rows.first().map_or(0.0, |row| row.t_s) - track.stretch_s)
    };
    let end_s = |rows: &[TimelineRow]| timing.at(rows.last().map_or(0.0, |row| row.t_s));
    let from = tracks.iter().map(|t| begin_s(t, t.rows)).fold(f64::INFINITY, f64::min);
    let until = tracks.iter().map(|t| end_s(t.rows)).fold(f64::NEG_INFINITY, f64::max);
    let panel = |(track, pieces): (&Track<'_>, &Vec<Piece<'_>>)| {
        let timing::Track { engine, repetition, .. } = track.of;
        let name =
            format!("{}, repetition {}: result_latency (log scale)", engine.label, repetition.rep);
        let range_ns = (begin_ns(lowest), begin_ns(highest + 1));
        let y = Axis::logarithmic(name, Unit::Nanoseconds, range_ns);
        let tiles = tiles(pieces, most, |first, last| (begin_s(track, first), end_s(last)));
        let closed = repetition.batches.iter().map(|batch| timing.at(batch.close_s));
        let mut ticked: Vec<f64> = closed.filter(|at| (from..=until).contains(at)).collect();
        if ticked.len() > ENDS_MAX {
            ticked.clear();
        }
        Panel { tiles, ticked, ..Panel::new(y, 216, Vec::new()) }
    };
    let panels = tracks.iter().zip(&pieces).map(panel).collect();
    let ramp = Some(["1 answer".into(), quantity::count(most)]);
    Plot { ramp, ..Plot::new(Timing::over((from, until)), panels) }
}

/// The pieces of a panel; neighbours in time of one shade are one tile.
fn tiles(
    pieces: &[Piece<'_>],
    most: u64,
    along: impl Fn(&[TimelineRow], &[TimelineRow]) -> (f64, f64),
) -> Vec<Tile> {
    let shade = |count: u64| CIVIDIS[step(count as f64, (1.0, most as f64), CIVIDIS.len())];
    let mut bins: Vec<u32> = pieces.iter().flat_map(|(_, bins)| bins.keys().copied()).collect();
    bins.sort_unstable();
    bins.dedup();
    let mut tiles = Vec::new();
    for bin in bins {
        let shade_of = |(_, counts): &Piece<'_>| counts.get(&bin).map(|count| shade(*count));
        for run in pieces.chunk_by(|a, b| shade_of(a) == shade_of(b)) {
            if let [first, ..] = run
                && let Some(role) = shade_of(first)
            {
                let x = along(first.0, run[run.len() - 1].0);
                let y = (begin_ns(bin), begin_ns(bin + 1));
                tiles.push(Tile { x, y, role, text: String::new(), is_point: false });
            }
        }
    }
    tiles
}

fn data(tracks: &[Track<'_>]) -> Data {
    let mut rows = Vec::new();
    for track in tracks {
        let bins = summed(track.rows);
        let all: u64 = bins.values().sum();
        for (bin, count) in bins {
            rows.push(vec![
                track.of.engine.label.clone(),
                nanoseconds(begin_ns(bin)),
                nanoseconds(begin_ns(bin + 1)),
                quantity::count(count),
                quantity::fraction(count as f64 / all.max(1) as f64),
            ]);
        }
    }
    Data::new(["engine", "result_latency from", "up to", "answers", "share"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::bins::LatencyBins;
    use crate::sample;

    #[test]
    fn waits_for_a_batch_are_even_and_a_tail_is_not() {
        let latency = |p50_ns, p90_ns, p99_ns| Latency {
            count: 1_000,
            p50_ns,
            p90_ns,
            p99_ns,
            ..Latency::default()
        };
        assert!(is_even(&latency(45_100_000, 81_000_000, 89_200_000), 0.09));
        assert!(!is_even(&latency(60_000_000, 81_000_000, 89_200_000), 0.09));
        assert!(!is_even(&latency(45_100_000, 81_000_000, 189_200_000), 0.09));
    }

    #[test]
    fn a_record_without_bins_has_no_such_chart() {
        let mut record = sample::record();
        let chart = chart(&record.cells[0]).unwrap();
        assert_eq!(
            chart.title,
            "Micro-batch answers after anything from nothing to its 500 ms interval, evenly; half \
             of per-event's answers take up to 13.0 µs, nine in ten up to 26.9 µs"
        );
        let answers =
            |chart: &Description| chart.data.rows.iter().filter(|r| r[0] == "per-event").count();
        assert!(answers(&chart) > 8, "{:?}", chart.data.rows);
        for engine in &mut record.cells[0].engines {
            for row in engine.repetitions.iter_mut().flat_map(|r| &mut r.timeline) {
                row.latencies = LatencyBins::default();
            }
        }
        assert!(super::chart(&record.cells[0]).is_none());
    }
}
