//! How a micro-batch engine spends its intervals, in the manner of Spark's streaming tab.
//!
//! Four strips over the same time: input rate, scheduling delay, processing time, total delay.
//! The three delays share one range, so that they can be added up by eye. Delays are never
//! averaged: a scheduling delay drifts, and its mean says nothing.

use super::description::{
    Axis, Data, Description, Drawn, Panel, Picture, Plot, Rule, Series, Unit,
};
use super::timing::{Timing, Track, thinned, tracks, warm_up_end_s};
use crate::judge::summary::Choice;
use crate::quantity::{self, seconds};
use crate::record::{Batch, CellRecord, EngineRecord, Repetition};
use crate::words::capitalised;
use crate::words::slug;
use std::fmt::Write as _;

/// Batches drawn at most.
const BATCHES_MAX: usize = 240;

/// One chart for each engine with batches in a verified repetition.
pub(super) fn charts(cell: &CellRecord) -> Vec<Description> {
    let tracks = tracks(cell, |repetition| !repetition.batches.is_empty());
    let alone = tracks.len() == 1;
    let name = |track: &Track<'_>| {
        let whose = if alone { String::new() } else { format!("-{}", slug(track.label())) };
        format!("batch-delay{whose}")
    };
    tracks.iter().map(|track| chart(cell, track, name(track))).collect()
}

fn chart(cell: &CellRecord, track: &Track<'_>, name: String) -> Description {
    let Track { engine, repetition, .. } = *track;
    let interval_s = engine.interval_s.unwrap_or_else(|| usual_interval(repetition));
    let timing = Timing::of(cell, std::slice::from_ref(track));
    let (shown, every) = thinned(&repetition.batches, BATCHES_MAX, total_delay_s);
    let mut note = match Choice::of(engine) {
        Choice::Only => "The only repetition.".to_owned(),
        choice => format!("Repetition {}: the {}.", repetition.rep, choice.words()),
    };
    if every > 1 {
        let _ = write!(note, " Of each {every} batches the one with the longest delay is drawn.");
    }
    let times = shown.iter().map(|batch| batch.close_s);
    let panels = panels(cell, track, interval_s, &timing, &shown);
    Description {
        name,
        title: finding(cell, engine, repetition, interval_s),
        definition: "A batch closes when its interval ends, waits for the batches before it \
                     (scheduling delay), then is computed (processing time); the total delay is \
                     the sum. Triangle: longer than the interval."
            .into(),
        picture: Picture::Live(Plot::new(timing.axis(times), panels)),
        notes: vec![note],
        data: data(repetition, &timing),
    }
}

/// Input rate above, and three delays on one range.
fn panels(
    cell: &CellRecord,
    track: &Track<'_>,
    interval_s: f64,
    timing: &Timing<'_>,
    shown: &[Batch],
) -> Vec<Panel> {
    let rate = |batch: &Batch| batch.records as f64 / interval_s;
    let highest = shown.iter().map(total_delay_s).filter(|s| s.is_finite()).fold(0.0, f64::max);
    let busiest = shown.iter().map(rate).fold(0.0, f64::max);
    let delay = |name| Axis::linear(name, Unit::Seconds, (0.0, highest.max(interval_s) * 1.08));
    let measured: Vec<&Batch> = measured(cell, track.repetition).collect();
    // The same colour with a triangle.
    let long_role = if track.role == "l-mb0" { "l-mb0d" } else { track.role };
    let panel = |y: Axis, of: &dyn Fn(&Batch) -> f64| {
        let points = |is_long: bool| -> Vec<(f64, f64)> {
            let these = shown.iter().filter(|b| (b.processing_s > interval_s) == is_long);
            these.map(|batch| (timing.at(batch.close_s), of(batch))).collect()
        };
        let long = "longer than the interval";
        let series = vec![
            Series::new(track.label(), "", track.role, Drawn::Points, points(false)),
            Series::new(long, "", long_role, Drawn::Points, points(true)).hollow(),
        ];
        let counted = measured.iter().map(|batch| of(batch)).collect();
        Panel { regions: timing.regions(), counted, ..Panel::new(y, 78, series) }
    };
    let mut processing = panel(delay("processing time"), &|batch| batch.processing_s);
    let label = format!("batch interval, {}", quantity::tick(&seconds(interval_s)));
    processing.rules.push(Rule::across(interval_s, label));
    vec![
        panel(Axis::linear("input rate", Unit::Rate, (0.0, busiest * 1.15)), &rate),
        panel(delay("scheduling delay"), &|batch| batch.scheduling_delay_s),
        processing,
        panel(delay("total delay"), &total_delay_s),
    ]
}

/// Batches that closed after the warm-up.
fn measured<'a>(
    cell: &CellRecord,
    repetition: &'a Repetition,
) -> impl Iterator<Item = &'a Batch> + use<'a> {
    let end_s = warm_up_end_s(cell, repetition);
    repetition.batches.iter().filter(move |batch| batch.close_s > end_s)
}

fn finding(
    cell: &CellRecord,
    engine: &EngineRecord,
    repetition: &Repetition,
    interval_s: f64,
) -> String {
    let measured: Vec<&Batch> = measured(cell, repetition).collect();
    let over = measured.iter().filter(|batch| batch.processing_s > interval_s).count();
    let longest = |of: fn(&Batch) -> f64| {
        measured.iter().map(|batch| of(batch)).filter(|s| s.is_finite()).fold(0.0, f64::max)
    };
    let (busiest, waited) = (longest(|b| b.processing_s), longest(|b| b.scheduling_delay_s));
    let interval = quantity::tick(&seconds(interval_s));
    let whose = capitalised(&engine.label);
    if measured.is_empty() {
        return format!("{whose}: no batch closed in the measured part");
    }
    if repetition.is_simulated() {
        return format!(
            "{whose}: {} in the measured part; time was simulated, in which computing takes none",
            batches(measured.len())
        );
    }
    if over == 0 {
        let fit = match measured.len() {
            1 => "its 1 batch fits".to_owned(),
            n => format!("all {} fit", batches(n)),
        };
        return format!(
            "{whose}: {fit} into the {interval} interval, the longest took {} ({} of it)",
            seconds(busiest),
            quantity::fraction(busiest / interval_s)
        );
    }
    format!(
        "{whose}: {over} of {} took longer than the {interval} interval; later ones waited up to {}",
        batches(measured.len()),
        seconds(waited)
    )
}

fn data(repetition: &Repetition, timing: &Timing<'_>) -> Data {
    let header =
        ["batch closed at", "events", "scheduling delay", "processing time", "total delay"];
    let row = |batch: &Batch| {
        vec![
            format!("{:.2} s", timing.at(batch.close_s)).replace('-', "−"),
            quantity::count(batch.records),
            seconds(batch.scheduling_delay_s),
            seconds(batch.processing_s),
            seconds(total_delay_s(batch)),
        ]
    };
    Data::new(header, thinned(&repetition.batches, 60, total_delay_s).0.iter().map(row).collect())
}

fn batches(n: usize) -> String {
    if n == 1 { "1 batch".into() } else { format!("{n} batches") }
}

fn total_delay_s(batch: &Batch) -> f64 {
    batch.scheduling_delay_s + batch.processing_s
}

/// Between the first two batches, where the record does not say.
fn usual_interval(repetition: &Repetition) -> f64 {
    match repetition.batches.as_slice() {
        [first, second, ..] if second.close_s > first.close_s => second.close_s - first.close_s,
        [only, ..] if only.close_s > 0.0 => only.close_s,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn title(change: impl Fn(&mut Repetition)) -> String {
        let mut cell = sample::record().cells.remove(0);
        cell.engines.iter_mut().flat_map(|engine| &mut engine.repetitions).for_each(change);
        charts(&cell)[0].title.replace('\u{a0}', " ")
    }

    #[test]
    fn what_no_batch_shows_is_not_said_of_all_of_them() {
        let usual = title(|_| ());
        assert!(usual.contains("1 of 20 batches took longer"), "{usual}");
        let none = title(|repetition| repetition.batches.truncate(1));
        assert_eq!(none, "Micro-batch: no batch closed in the measured part");
        let simulated = title(|repetition| repetition.trace_hash = Some("0123abcd".into()));
        assert!(
            simulated.contains("time was simulated") && !simulated.contains("longest"),
            "{simulated}"
        );
    }
}
