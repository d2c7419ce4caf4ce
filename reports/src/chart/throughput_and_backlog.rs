//! Whether the engines kept up: events offered and taken per second, and events that wait.
//!
//! A micro-batch engine takes events in bursts, so rates are counted over whole intervals; its
//! backlog is a saw-tooth by nature and is drawn as it is.

use super::description::{Axis, Data, Description, Drawn, Panel, Picture, Plot, Series, Unit};
use super::palette::OFFERED;
use super::timing::{Timing, Track, chosen, tracks, warm_up_end_s};
use crate::judge::summary::{Standing, offered_per_s, standing};
use crate::quantity;
use crate::record::{CellRecord, Repetition, TimelineRow, thinned};
use crate::words::{capitalised, listed};
use std::fmt::Write as _;

/// Points of the backlog drawn at most.
const ROWS_MAX: usize = 300;

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
pub(super) fn chart(cell: &CellRecord) -> Option<Description> {
    let tracks = tracks(cell, |repetition| !repetition.timeline.is_empty());
    if tracks.is_empty() {
        return None;
    }
    let timing = Timing::of(cell, &tracks);
    let bucket_s = bucket_s(cell);
    let definition = format!(
        "Offered: events that were due. Taken: events the engine took from its source. Rates over \
         {} at a time. Backlog: events due and not yet finished with.",
        quantity::tick(&quantity::seconds(bucket_s))
    );
    let mut flows = Vec::new();
    let mut waiting = Vec::new();
    let mut most = 1;
    for (n, track) in tracks.iter().enumerate() {
        let rates = rates(&track.repetition.timeline, bucket_s);
        let line = |of: fn(&Rates) -> f64| rates.iter().map(move |r| (r.until, of(r)));
        let at = |(until, value)| (timing.at(until), value);
        // Every engine is offered the same.
        if n == 0 {
            let offered = line(|rate| rate.offered).map(at);
            flows.push(Series::new("offered", "", OFFERED, Drawn::Line, offered));
        }
        flows.push(track.series("", Drawn::Line, line(|rate| rate.accepted).map(at)));
        let backlog = |row: &TimelineRow| row.backlog as f64;
        let (rows, every) = thinned(&track.repetition.timeline, ROWS_MAX, backlog);
        let points = rows.iter().map(|row| (timing.at(row.t_s), backlog(row)));
        waiting.push(track.series("", Drawn::Line, points));
        most = most.max(every);
    }
    let panel = |name: &str, unit: Unit, height: u32, series: Vec<Series>| {
        let points = series.iter().flat_map(|one| &one.points.0);
        let highest = points.map(|point| point.y).fold(1.0, f64::max);
        let y = Axis::linear(name, unit, (0.0, highest * 1.15));
        Panel { regions: timing.regions(), ..Panel::new(y, height, series) }
    };
    let panels = vec![
        panel("events per second", Unit::Rate, 150, flows),
        panel("backlog, events", Unit::Amount, 180, waiting),
    ];
    let times = tracks.iter().flat_map(|track| &track.repetition.timeline).map(|row| row.t_s);
    let mut note = chosen(tracks.iter());
    if most > 1 {
        let _ = write!(note, " Of each {most} rows the one with the largest backlog is drawn.");
    }
    note.push_str(&beat(&tracks));
    note.push_str(&unseen(&tracks));
    Some(Description {
        name: "throughput-and-backlog".into(),
        title: finding(cell, &tracks),
        definition,
        picture: Picture::Live(Plot::new(timing.axis(times), panels)),
        notes: vec![note],
        data: data(cell, &timing, &tracks),
    })
}

fn finding(cell: &CellRecord, tracks: &[Track<'_>]) -> String {
    let behind: Vec<&str> =
        tracks.iter().filter(|t| t.hollow).map(|t| t.engine.label.as_str()).collect();
    let rate = offered(cell, tracks);
    let any = |what: Standing| tracks.iter().any(|track| standing(track.engine) == what);
    let who = if any(Standing::Simulated) {
        "time was simulated, so that nobody could fall behind".to_owned()
    } else if any(Standing::Unmeasured) {
        "no event fell due in the measured part".to_owned()
    } else {
        kept_up(tracks, &behind, &rate)
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

/// How much louder than the mean a stretch has to be for the mean alone to mislead.
const PEAK_LEAST: f64 = 1.25;

/// What was offered in the measured part, with its peak where it was not even.
fn offered(cell: &CellRecord, tracks: &[Track<'_>]) -> String {
    let mean = offered_per_s(cell);
    let stretches = tracks.first().map_or_else(Vec::new, |track| {
        let end_s = warm_up_end_s(cell, track.repetition);
        let measured = rates(&track.repetition.timeline, bucket_s(cell)).into_iter();
        measured.filter(|rate| rate.until > end_s).map(|rate| rate.offered).collect()
    });
    let peak = stretches.into_iter().fold(0.0, f64::max);
    if peak > mean * PEAK_LEAST {
        let bucket = quantity::tick(&quantity::seconds(bucket_s(cell)));
        let (mean, peak) = (quantity::rate(mean), quantity::rate(peak));
        return format!("{mean} on average, up to {peak} over {bucket}");
    }
    quantity::rate(mean)
}

/// Who keeps up with a rate, and who does not.
fn kept_up(tracks: &[Track<'_>], behind: &[&str], rate: &str) -> String {
    match (tracks, behind) {
        ([only], []) => format!("{} keeps up with {rate}", only.engine.label),
        ([_, _], []) => format!("Both engines keep up with {rate}"),
        (_, []) => format!("All engines keep up with {rate}"),
        (_, [one]) => format!("{one} does not keep up with {rate}"),
        (_, several) => format!("{} do not keep up with {rate}", several.join(" and ")),
    }
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

/// Who may hold events within that nobody sees waiting: engines in processes of their own that tell of
/// no batches, where an answer is of a window and not of an event.
fn unseen(tracks: &[Track<'_>]) -> String {
    let of_windows = |repetition: &Repetition| repetition.verdict.completeness.is_some();
    let who: Vec<&str> = tracks
        .iter()
        .filter(|track| !track.engine.kind.is_embedded() && of_windows(track.repetition))
        .filter(|track| track.repetition.batches.is_empty())
        .map(|track| track.engine.label.as_str())
        .collect();
    if who.is_empty() {
        return String::new();
    }
    format!(
        " What {} took and still computes is not in the backlog, as answers are of windows: it shows \
         in latencies, and in the time to drain.",
        listed(&who)
    )
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
                timing.told(rate.until),
                quantity::rate(rate.offered),
                quantity::rate(rate.accepted),
                quantity::count(within.map(|row| row.backlog).max().unwrap_or(0)),
            ]);
        }
    }
    if rows.is_empty() {
        rows.push(vec![quantity::NONE.into(); 5]);
    }
    Data::new(["engine", "until", "offered", "taken", "largest backlog"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::EngineKind;
    use crate::sample;

    #[test]
    fn a_beat_between_batches_and_looks_is_named() {
        let mut record = sample::record();
        let note =
            |record: &crate::record::RunRecord| chart(&record.cells[0]).unwrap().notes.concat();
        assert!(!note(&record).contains("slower than the real one"));
        record.cells[0].engines[0].interval_s = Some(0.09);
        let drawn = note(&record);
        assert!(drawn.contains("every 100 ms") && drawn.contains("a batch every 90 ms"), "{drawn}");
    }

    #[test]
    fn what_nobody_sees_waiting_is_said() {
        let mut record = sample::record();
        let note =
            |record: &crate::record::RunRecord| chart(&record.cells[0]).unwrap().notes.concat();
        assert!(!note(&record).contains("still computes"), "ours take what they finish with");
        record.cells[0].engines[1].kind = EngineKind::Flink;
        record.cells[0].engines[1].label = "flink".into();
        assert!(note(&record).contains("What flink took and still computes"), "{}", note(&record));
        for repetition in &mut record.cells[0].engines[1].repetitions {
            repetition.verdict.completeness = None;
        }
        assert!(!note(&record).contains("still computes"), "each event has its answer");
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

    #[test]
    fn the_rate_in_the_title_is_that_of_the_measured_part_with_its_peak() {
        let mut record = sample::record();
        let title = |record: &crate::record::RunRecord| {
            chart(&record.cells[0]).unwrap().title.replace('\u{a0}', " ")
        };
        record.cells[0].input.offered_per_s = 500.0;
        let even = title(&record);
        assert!(even.starts_with("Both engines keep up with 100 k/s; "), "{even}");
        let cell = &mut record.cells[0];
        for repetition in cell.engines.iter_mut().flat_map(|engine| &mut engine.repetitions) {
            repetition.throughput.offered_per_s = 50_000.0;
        }
        let uneven = title(&record);
        let start = "Both engines keep up with 50.0 k/s on average, up to 100 k/s over 1";
        assert!(uneven.starts_with(start), "{uneven}");
    }
}
