//! Every latency along the run: how many answers took how long, when.
//!
//! Percentiles hide a shape: waits that are spread evenly over a batch's interval, two ways to be
//! answered, one of which is slow. Here time runs to the right and latency upwards, both in
//! pieces, and a piece is the brighter the more answers are in it. The pieces of neighbouring
//! stretches are added up, which counts may be and percentiles may not.

use super::canvas::Align;
use super::frame::{Format, Frame, Panel};
use super::palette::{CIVIDIS, Identity, identities, step};
use super::scale::Scale;
use super::{Chart, Data, Timing};
use crate::judge::summary::median_repetition;
use crate::quantity::{self, nanoseconds};
use crate::record::bins::begin_ns;
use crate::record::{CellRecord, EngineRecord, Latency, Repetition, TimelineRow};
use crate::words::capitalised;
use std::collections::BTreeMap;

/// Pieces of time on a wide drawing; a narrow one has half of them.
const COLUMNS: usize = 60;

/// Batches whose ends can be told apart along the top.
const ENDS_MAX: usize = 90;

/// How far from even, as a share of the interval, a wait may be spread and still be called even.
const EVEN: f64 = 0.1;

/// One engine's median repetition.
struct Track<'a> {
    engine: &'a EngineRecord,
    identity: Identity,
    repetition: &'a Repetition,
    /// Its measured stretches, with and without answers.
    rows: &'a [TimelineRow],
    stretch_s: f64,
}

/// Neighbouring stretches, and their answers by bin.
type Piece<'a> = (&'a [TimelineRow], BTreeMap<u32, u64>);

/// None if no record of a verified repetition has latencies by bin.
pub(super) fn chart(cell: &CellRecord) -> Option<Chart> {
    let tracks: Vec<Track<'_>> = cell
        .engines
        .iter()
        .zip(identities(cell))
        .filter_map(|(engine, identity)| {
            let repetition = median_repetition(engine)?;
            let rows = &repetition.timeline;
            let is_filled = |row: &TimelineRow| !row.latencies.is_empty();
            let (first, last) =
                (rows.iter().position(is_filled)?, rows.iter().rposition(is_filled)?);
            let rows = &rows[first..=last];
            let stretch_s = match rows {
                [first, .., last] => (last.t_s - first.t_s) / (rows.len() - 1) as f64,
                _ => 0.1,
            };
            Some(Track { engine, identity, repetition, rows, stretch_s })
        })
        .collect();
    if tracks.is_empty() {
        return None;
    }
    let shown = tracks.iter().map(|t| (t.engine.label.as_str(), t.identity, t.repetition));
    let timing = Timing::of(cell, shown);
    let title = finding(&tracks);
    let data = data(&tracks);
    Some(Chart::drawn("latency-heat", title, data, |format, title| {
        draw(&timing, &tracks, format, title)
    }))
}

/// How the answers of each engine are spread, in words.
fn finding(tracks: &[Track<'_>]) -> String {
    let each: Vec<String> = tracks
        .iter()
        .filter_map(|track| {
            let latency = track.repetition.result_latency.as_ref()?;
            let label = &track.engine.label;
            Some(match track.engine.interval_s.filter(|s| is_even(latency, *s)) {
                Some(interval_s) => format!(
                    "{label} answers after anything from nothing to its {} interval, evenly",
                    quantity::tick(&quantity::seconds(interval_s))
                ),
                None => format!(
                    "half of {label}'s answers take up to {}, nine in ten up to {}",
                    nanoseconds(latency.p50_ns as f64),
                    nanoseconds(latency.p90_ns as f64)
                ),
            })
        })
        .collect();
    capitalised(&each.join("; "))
}

/// Whether latencies are spread evenly from nothing to an interval.
fn is_even(latency: &Latency, interval_s: f64) -> bool {
    let share = |ns: u64| ns as f64 / 1e9 / interval_s;
    [(0.5, latency.p50_ns), (0.9, latency.p90_ns), (0.99, latency.p99_ns)]
        .into_iter()
        .all(|(quantile, ns)| (share(ns) - quantile).abs() <= EVEN)
}

/// Answers by bin, of several stretches.
fn summed(rows: &[TimelineRow]) -> BTreeMap<u32, u64> {
    let mut sum = BTreeMap::new();
    for (bin, count) in rows.iter().flat_map(|row| row.latencies.iter()) {
        *sum.entry(bin).or_default() += count;
    }
    sum
}

fn draw(timing: &Timing<'_>, tracks: &[Track<'_>], format: Format, title: &str) -> String {
    let definition = "result_latency of the answers given in the measured part, by when they were \
                      given. The brighter, the more answers (log scale, the same for all engines).";
    let columns = match format {
        Format::Wide => COLUMNS,
        Format::Narrow => COLUMNS / 2,
    };
    let pieces: Vec<Vec<Piece<'_>>> = tracks
        .iter()
        .map(|track| {
            let every = track.rows.len().div_ceil(columns).max(1);
            track.rows.chunks(every).map(|rows| (rows, summed(rows))).collect()
        })
        .collect();
    let counted = || pieces.iter().flatten().flat_map(|(_, bins)| bins);
    let most = counted().map(|(_, count)| *count).max().unwrap_or(1);
    let (lowest, highest) =
        counted().fold((u32::MAX, 0), |(low, high), (bin, _)| (low.min(*bin), high.max(*bin)));
    let range_ns = (begin_ns(lowest), begin_ns(highest + 1));
    let begin_s = |track: &Track<'_>, rows: &[TimelineRow]| {
        timing.at(rows.first().map_or(0.0, |row| row.t_s) - track.stretch_s)
    };
    let end_s = |rows: &[TimelineRow]| timing.at(rows.last().map_or(0.0, |row| row.t_s));
    let from = tracks.iter().map(|t| begin_s(t, t.rows)).fold(f64::INFINITY, f64::min);
    let until = tracks.iter().map(|t| end_s(t.rows)).fold(f64::NEG_INFINITY, f64::max);

    let mut frame = Frame::new(format, title, definition, 20.0);
    ramp(&mut frame, most);
    let mut ends_shown = false;
    for (place, (track, pieces)) in tracks.iter().zip(&pieces).enumerate() {
        let name = format!(
            "{}, repetition {}: result_latency (log scale)",
            track.engine.label, track.repetition.rep
        );
        let panel = frame.panel(format.height() * 0.72, &name);
        let y = Scale::logarithmic(range_ns, panel.y());
        let x = Scale::linear((from, until), panel.x());
        frame.vertical_axis(panel, &y, nanoseconds);
        draw_pieces(&mut frame, pieces, most, |rows, bin, width| {
            let right = x.at(end_s(width));
            let (low, high) = (y.at(begin_ns(bin)), y.at(begin_ns(bin + 1)));
            ((x.at(begin_s(track, rows)), low), (right, high))
        });
        ends_shown |= draw_ends(&mut frame, timing, track, panel, &x);
        if place + 1 == tracks.len() {
            frame.time_axis(&[panel], &x);
        }
    }
    let mut note = String::from("Each engine's repetition with the middle p99.");
    if ends_shown {
        note.push_str(" Ticks along the top: where a batch's interval ended.");
    }
    let is_any_even = tracks.iter().any(|track| {
        let latency = track.repetition.result_latency.as_ref();
        latency.zip(track.engine.interval_s).is_some_and(|(latency, s)| is_even(latency, s))
    });
    if is_any_even {
        note.push_str(
            " Further up a piece spans a longer time, so what is spread evenly is brightest at the \
             top.",
        );
    }
    frame.footnote(&note);
    frame.finish(title)
}

/// The pieces of a panel; neighbours in time of one shade are one rectangle.
fn draw_pieces(
    frame: &mut Frame,
    pieces: &[Piece<'_>],
    most: u64,
    corners: impl Fn(&[TimelineRow], u32, &[TimelineRow]) -> ((f64, f64), (f64, f64)),
) {
    let shade = |count: u64| step(count as f64, (1.0, most as f64), CIVIDIS.len());
    let mut bins: Vec<u32> = pieces.iter().flat_map(|(_, bins)| bins.keys().copied()).collect();
    bins.sort_unstable();
    bins.dedup();
    for bin in bins {
        let shades: Vec<Option<usize>> =
            pieces.iter().map(|(_, counts)| counts.get(&bin).map(|count| shade(*count))).collect();
        let mut first = 0;
        for run in shades.chunk_by(|a, b| a == b) {
            let last = first + run.len() - 1;
            if let Some(shade) = run[0] {
                let (low, high) = corners(pieces[first].0, bin, pieces[last].0);
                frame.canvas.rectangle(CIVIDIS[shade], low, high);
            }
            first = last + 1;
        }
    }
}

/// Where batches ended, if there are few enough to tell apart. Returns whether there are.
fn draw_ends(
    frame: &mut Frame,
    timing: &Timing<'_>,
    track: &Track<'_>,
    panel: Panel,
    x: &Scale,
) -> bool {
    let (from, until) = x.range();
    let ends: Vec<f64> = track
        .repetition
        .batches
        .iter()
        .map(|batch| timing.at(batch.close_s))
        .filter(|at| (from..=until).contains(at))
        .collect();
    let is_clear = !ends.is_empty() && ends.len() <= ENDS_MAX;
    for end in ends.iter().filter(|_| is_clear) {
        let at = x.at(*end);
        frame.canvas.line("l-ink", &[(at, panel.top - 4.0), (at, panel.top + 1.0)]);
    }
    is_clear
}

/// What the shades mean.
fn ramp(frame: &mut Frame, most: u64) {
    let (size, width) = (frame.format.text(), 22.0);
    let top = frame.below();
    let text = |frame: &mut Frame, align, x: f64, text: &str| {
        frame.canvas.text("muted", align, (x, top + 6.0), size * 0.96, text);
    };
    text(frame, Align::Left, 8.0, "1 answer");
    let left = 8.0 + size * 5.0;
    for (place, role) in CIVIDIS.iter().enumerate() {
        let from = left + width * place as f64;
        frame.canvas.rectangle(role, (from, top), (from + width, top + 12.0));
    }
    let right = left + width * CIVIDIS.len() as f64 + 8.0;
    text(frame, Align::Left, right, &quantity::count(most));
    frame.skip(18.0);
}

fn data(tracks: &[Track<'_>]) -> Data {
    let mut rows = Vec::new();
    for track in tracks {
        let bins = summed(track.rows);
        let all: u64 = bins.values().sum();
        for (bin, count) in bins {
            rows.push(vec![
                track.engine.label.clone(),
                nanoseconds(begin_ns(bin)),
                nanoseconds(begin_ns(bin + 1)),
                quantity::count(count),
                quantity::fraction(count as f64 / all.max(1) as f64),
            ]);
        }
    }
    let header = ["engine", "result_latency from", "up to", "answers", "share"];
    Data { header: header.map(String::from).to_vec(), rows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::bins::LatencyBins;
    use crate::sample;

    #[test]
    fn waits_for_a_batch_are_even_and_a_tail_is_not() {
        let latency =
            |p50_ns, p90_ns, p99_ns| Latency { p50_ns, p90_ns, p99_ns, ..Latency::default() };
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
            |chart: &Chart| chart.data.rows.iter().filter(|r| r[0] == "per-event").count();
        assert!(answers(&chart) > 8, "{:?}", chart.data.rows);
        for engine in &mut record.cells[0].engines {
            for row in engine.repetitions.iter_mut().flat_map(|r| &mut r.timeline) {
                row.latencies = LatencyBins::default();
            }
        }
        assert!(super::chart(&record.cells[0]).is_none());
    }
}
