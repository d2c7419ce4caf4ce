//! Whether the engines kept up: events offered and taken per second, and events that wait.
//!
//! A micro-batch engine takes events in bursts, so rates are counted over whole intervals; its
//! backlog is a saw-tooth by nature and is drawn as it is.

use super::frame::{Entry, Format, Frame};
use super::interactive::{Axis, Drawn, Interactive, Panel, Series, Unit};
use super::palette::{Identity, identities};
use super::scale::Scale;
use super::{Chart, Data, Timing, thinned};
use crate::judge::summary::{Standing, median_repetition, standing};
use crate::quantity;
use crate::record::{CellRecord, EngineKind, EngineRecord, Repetition, TimelineRow};
use crate::words::capitalised;
use std::fmt::Write as _;

/// Points of the backlog drawn at most.
const ROWS_MAX: usize = 300;

/// One engine's median repetition.
struct Track<'a> {
    engine: &'a EngineRecord,
    identity: Identity,
    repetition: &'a Repetition,
    hollow: bool,
}

/// Rates over one stretch of time.
struct Rates {
    /// Its end, in seconds since the run's start.
    until: f64,
    /// Events per second that were due.
    offered: f64,
    /// Events per second that the engine took.
    accepted: f64,
}

/// None if no verified repetition has a timeline.
pub(super) fn chart(cell: &CellRecord) -> Option<Chart> {
    let tracks: Vec<Track<'_>> = cell
        .engines
        .iter()
        .zip(identities(cell))
        .filter_map(|(engine, identity)| {
            let repetition = median_repetition(engine)?;
            let hollow = standing(engine) == Standing::NotSustained;
            (!repetition.timeline.is_empty()).then_some(Track {
                engine,
                identity,
                repetition,
                hollow,
            })
        })
        .collect();
    if tracks.is_empty() {
        return None;
    }
    let title = finding(cell, &tracks);
    let shown = tracks.iter().map(|t| (t.engine.label.as_str(), t.identity, t.repetition));
    let timing = Timing::of(cell, shown);
    let data = data(cell, &timing, &tracks);
    let chart = Chart::drawn("throughput-and-backlog", title, data, |format, title| {
        draw(cell, &timing, &tracks, format, title)
    });
    Some(chart.with(interactive(cell, &timing, &tracks)))
}

fn finding(cell: &CellRecord, tracks: &[Track<'_>]) -> String {
    let behind: Vec<&str> =
        tracks.iter().filter(|t| t.hollow).map(|t| t.engine.label.as_str()).collect();
    let rate = quantity::rate(cell.input.offered_per_s);
    let who = match (tracks, behind.as_slice()) {
        ([only], []) => format!("{} keeps up with {rate}", only.engine.label),
        ([_, _], []) => format!("Both engines keep up with {rate}"),
        (_, []) => format!("All engines keep up with {rate}"),
        (_, [one]) => format!("{one} does not keep up with {rate}"),
        (_, several) => format!("{} do not keep up with {rate}", several.join(" and ")),
    };
    let waiting: Vec<String> = tracks
        .iter()
        .map(|track| {
            let most = quantity::amount(track.repetition.backlog_max as f64);
            format!("{} {}", track.engine.label, quantity::tick(&most))
        })
        .collect();
    capitalised(&format!("{who}; most events waiting: {}", waiting.join(", ")))
}

/// First and last second on the axis.
fn time(cell: &CellRecord, timing: &Timing<'_>, tracks: &[Track<'_>]) -> (f64, f64) {
    let times = tracks.iter().flat_map(|track| &track.repetition.timeline).map(|row| row.t_s);
    let end = times.fold(timing.start_s + cell.duration_s, f64::max);
    (-timing.start_s, timing.at(end))
}

fn interactive(cell: &CellRecord, timing: &Timing<'_>, tracks: &[Track<'_>]) -> Interactive {
    let bucket_s = bucket_s(cell);
    let mut flows = Vec::new();
    let mut waiting = Vec::new();
    for (n, track) in tracks.iter().enumerate() {
        let rates = rates(&track.repetition.timeline, bucket_s);
        let line = |of: fn(&Rates) -> f64| -> Vec<(f64, f64)> {
            rates.iter().map(|rate| (timing.at(rate.until), of(rate))).collect()
        };
        let (of, role) = (&track.engine.label, track.identity.line);
        // Every engine is offered the same.
        if n == 0 {
            let offered = line(|rate| rate.offered);
            flows.push(Series::new("offered", "", "l-offered", Drawn::Line, offered));
        }
        let taken = Series::new(of, "", role, Drawn::Line, line(|rate| rate.accepted));
        flows.push(taken.not_sustained(track.hollow));
        let backlog = |row: &TimelineRow| row.backlog as f64;
        let (rows, _) = thinned(&track.repetition.timeline, ROWS_MAX, backlog);
        let points = rows.iter().map(|row| (timing.at(row.t_s), backlog(row)));
        waiting.push(Series::new(of, "", role, Drawn::Line, points).not_sustained(track.hollow));
    }
    let from_zero = |name: &str, unit: Unit, series: &[Series]| {
        let points = series.iter().flat_map(|one| &one.points.0);
        let highest = points.map(|point| point.y).fold(1.0, f64::max);
        Axis::linear(name, unit, (0.0, highest * 1.15))
    };
    let mut upper = Panel::new(from_zero("events per second", Unit::Rate, &flows), flows);
    let mut lower = Panel::new(from_zero("backlog, events", Unit::Amount, &waiting), waiting);
    (upper.height, lower.height) = (150, 180);
    (upper.regions, lower.regions) = (timing.regions(), timing.regions());
    let x =
        Axis::linear("seconds since the measured start", Unit::Time, time(cell, timing, tracks));
    Interactive { x, panels: vec![upper, lower] }
}

/// A warning where batches come about as fast as the backlog is looked at, or faster: what is
/// drawn then is the beat between the two.
fn beat(tracks: &[Track<'_>]) -> String {
    let fast = tracks.iter().find_map(|track| {
        let [first, second, ..] = track.repetition.timeline.as_slice() else { return None };
        let stretch_s = second.t_s - first.t_s;
        let interval_s = track.engine.interval_s.filter(|s| *s < 4.0 * stretch_s)?;
        Some((interval_s, stretch_s))
    });
    let shown = |seconds: f64| quantity::tick(&quantity::seconds(seconds));
    fast.map_or_else(String::new, |(interval_s, stretch_s)| {
        format!(
            " The backlog is looked at every {}: with a batch every {}, the saw-tooth drawn is \
             slower than the real one, and only its height counts.",
            shown(stretch_s),
            shown(interval_s)
        )
    })
}

fn draw(
    cell: &CellRecord,
    timing: &Timing<'_>,
    tracks: &[Track<'_>],
    format: Format,
    title: &str,
) -> String {
    let bucket_s = bucket_s(cell);
    let definition = format!(
        "Offered: events that were due. Taken: events the engine took from its source. Rates over \
         {} at a time. Backlog: events due and not yet finished with.",
        quantity::tick(&quantity::seconds(bucket_s))
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
    frame.note("l-offered", "offered");
    let upper = frame.panel(format.height() * 0.5, "events per second");
    let lower = frame.panel(format.height() * 0.6, "backlog, events");

    let rates: Vec<Vec<Rates>> =
        tracks.iter().map(|track| rates(&track.repetition.timeline, bucket_s)).collect();
    let highest =
        rates.iter().flatten().map(|rate| rate.offered.max(rate.accepted)).fold(0.0, f64::max);
    let x = Scale::linear(time(cell, timing, tracks), upper.x());
    frame.time_axis(&[upper, lower], &x);
    frame.warm_ups(&[upper, lower], &x, timing);
    let y = Scale::linear((0.0, highest * 1.15), upper.y());
    frame.vertical_axis(upper, &y, quantity::rate);
    let place = |t_s: f64| x.at(timing.at(t_s));
    // Solid lines first: a dashed one on the same place shows both.
    let mut order: Vec<usize> = (0..tracks.len()).collect();
    order.sort_by_key(|n| tracks[*n].engine.kind != EngineKind::PerEvent);
    for n in order {
        let (track, rates) = (&tracks[n], &rates[n]);
        let line = |of: fn(&Rates) -> f64| -> Vec<(f64, f64)> {
            rates.iter().map(|rate| (place(rate.until), y.at(of(rate)))).collect()
        };
        let taken = line(|rate| rate.accepted);
        frame.canvas.line(track.identity.line, &taken);
        for at in taken.iter().skip(n).step_by((taken.len() / 6).max(2)) {
            frame.canvas.marker(track.identity, *at, 3.8, track.hollow);
        }
        // Every engine is offered the same.
        if n == 0 {
            frame.canvas.line("l-offered", &line(|rate| rate.offered));
        }
    }

    let backlog = |row: &TimelineRow| row.backlog as f64;
    let rows: Vec<(Vec<TimelineRow>, usize)> =
        tracks.iter().map(|track| thinned(&track.repetition.timeline, ROWS_MAX, backlog)).collect();
    let highest = rows.iter().flat_map(|(rows, _)| rows).map(backlog).fold(1.0, f64::max);
    let y = Scale::linear((0.0, highest * 1.15), lower.y());
    frame.vertical_axis(lower, &y, quantity::amount);
    for (track, (rows, _)) in tracks.iter().zip(&rows) {
        let line: Vec<(f64, f64)> =
            rows.iter().map(|row| (place(row.t_s), y.at(backlog(row)))).collect();
        frame.canvas.line(track.identity.line, &line);
        for at in line.iter().step_by((line.len() / 8).max(1)) {
            frame.canvas.marker(track.identity, *at, 3.8, track.hollow);
        }
    }
    let mut note = String::from("Each engine's repetition with the middle p99.");
    if let Some(every) = rows.iter().map(|(_, every)| *every).max().filter(|every| *every > 1) {
        let _ = write!(note, " Of each {every} rows the one with the largest backlog is drawn.");
    }
    note.push_str(&beat(tracks));
    frame.footnote(&note);
    frame.finish(title)
}

/// At least a second, and two whole batches.
fn bucket_s(cell: &CellRecord) -> f64 {
    let intervals = cell.engines.iter().filter_map(|engine| engine.interval_s);
    let bucket = intervals.fold(1.0, |bucket: f64, interval| bucket.max(2.0 * interval));
    if bucket.is_finite() { bucket } else { 1.0 }
}

fn rates(rows: &[TimelineRow], bucket_s: f64) -> Vec<Rates> {
    let bucket = |row: &TimelineRow| ((row.t_s - 1e-6) / bucket_s).floor();
    let mut begins = 0.0;
    let mut rates = Vec::new();
    for chunk in rows.chunk_by(|a, b| bucket(a).total_cmp(&bucket(b)).is_eq()) {
        let Some(last) = chunk.last() else { continue };
        let length = last.t_s - begins;
        // The end of the run seldom fills a bucket, and little of one says little about a rate.
        if length >= bucket_s * 0.5 {
            let sum = |of: fn(&TimelineRow) -> u64| chunk.iter().map(of).sum::<u64>() as f64;
            rates.push(Rates {
                until: last.t_s,
                offered: sum(|row| row.offered) / length,
                accepted: sum(|row| row.accepted) / length,
            });
        }
        begins = last.t_s;
    }
    rates
}

fn data(cell: &CellRecord, timing: &Timing<'_>, tracks: &[Track<'_>]) -> Data {
    let mut rows = Vec::new();
    for track in tracks {
        let timeline = &track.repetition.timeline;
        for rate in rates(timeline, bucket_s(cell)).iter().take(120) {
            let begins = rate.until - bucket_s(cell);
            let within = timeline.iter().filter(|row| row.t_s > begins && row.t_s <= rate.until);
            rows.push(vec![
                track.engine.label.clone(),
                format!("{:.1} s", timing.at(rate.until)).replace('-', "−"),
                quantity::rate(rate.offered),
                quantity::rate(rate.accepted),
                quantity::count(within.map(|row| row.backlog).max().unwrap_or(0)),
            ]);
        }
    }
    if rows.is_empty() {
        rows.push(vec![quantity::NONE.into(); 5]);
    }
    let header = ["engine", "until", "offered", "taken", "largest backlog"];
    Data { header: header.map(String::from).to_vec(), rows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_beat_between_batches_and_looks_is_named() {
        let mut record = sample::record();
        let note = |record: &crate::record::RunRecord| chart(&record.cells[0]).unwrap().wide;
        assert!(!note(&record).contains("slower than the real one"));
        record.cells[0].engines[0].interval_s = Some(0.09);
        let drawn = note(&record).replace('\u{a0}', " ");
        assert!(drawn.contains("every 100 ms") && drawn.contains("a batch every 90 ms"), "{drawn}");
    }

    #[test]
    fn rates_are_counted_over_whole_stretches() {
        let rows: Vec<TimelineRow> = (1..=25_u32)
            .map(|n| TimelineRow {
                t_s: f64::from(n) / 10.0,
                offered: 10,
                // In bursts, as a micro-batch engine does.
                accepted: if n % 5 == 0 { 50 } else { 0 },
                ..TimelineRow::default()
            })
            .collect();
        let rates = rates(&rows, 1.0);
        assert_eq!(rates.len(), 3);
        for rate in rates {
            assert!((rate.offered - 100.0).abs() < 1e-6);
            assert!((rate.accepted - 100.0).abs() < 1e-6);
        }
    }
}
