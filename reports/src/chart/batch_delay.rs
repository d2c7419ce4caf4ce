//! How a micro-batch engine spends its intervals, in the manner of Spark's streaming tab.
//!
//! Four strips over the same time: input rate, scheduling delay, processing time, total delay.
//! The three delays share one range, so that they can be added up by eye. Delays are never
//! averaged: a scheduling delay drifts, and its mean says nothing.

use super::frame::{Format, Frame, Panel};
use super::palette::{Identity, Marker, identities};
use super::scale::Scale;
use super::{Chart, Data, thinned};
use crate::quantity::{self, seconds};
use crate::record::{Batch, CellRecord, EngineRecord, Repetition};
use crate::summary::median_repetition;
use crate::verdict::capitalised;
use std::fmt::Write as _;

/// Batches drawn at most.
const BATCHES_MAX: usize = 240;

/// One chart for each engine with batches in a verified repetition.
pub(super) fn charts(cell: &CellRecord) -> Vec<Chart> {
    let engines: Vec<(&EngineRecord, Identity, &Repetition)> = cell
        .engines
        .iter()
        .zip(identities(cell))
        .filter_map(|(engine, identity)| {
            let repetition = median_repetition(engine)?;
            (!repetition.batches.is_empty()).then_some((engine, identity, repetition))
        })
        .collect();
    let alone = engines.len() == 1;
    engines
        .into_iter()
        .map(|(engine, identity, repetition)| {
            let name = if alone {
                "batch-delay".to_owned()
            } else {
                format!("batch-delay-{}", crate::page::slug(&engine.label))
            };
            let interval_s = engine.interval_s.unwrap_or_else(|| usual_interval(repetition));
            let title = finding(cell, engine, repetition, interval_s);
            let data = data(cell, repetition);
            Chart::drawn(name, title, data, |format, title| {
                draw(cell, identity, repetition, interval_s, format, title)
            })
        })
        .collect()
}

fn finding(
    cell: &CellRecord,
    engine: &EngineRecord,
    repetition: &Repetition,
    interval_s: f64,
) -> String {
    let measured: Vec<&Batch> =
        repetition.batches.iter().filter(|batch| batch.close_s > cell.warm_up_s).collect();
    let over = measured.iter().filter(|batch| batch.processing_s > interval_s).count();
    let longest = |of: fn(&Batch) -> f64| {
        measured.iter().map(|batch| of(batch)).filter(|s| s.is_finite()).fold(0.0, f64::max)
    };
    let (busiest, waited) = (longest(|b| b.processing_s), longest(|b| b.scheduling_delay_s));
    let interval = quantity::tick(&seconds(interval_s));
    if over == 0 {
        return format!(
            "{}: all {} fit into the {interval} interval, the longest took {} ({} of it)",
            capitalised(&engine.label),
            batches(measured.len()),
            seconds(busiest),
            quantity::fraction(busiest / interval_s)
        );
    }
    format!(
        "{}: {over} of {} took longer than the {interval} interval; later ones waited up to {}",
        capitalised(&engine.label),
        batches(measured.len()),
        seconds(waited)
    )
}

fn draw(
    cell: &CellRecord,
    identity: Identity,
    repetition: &Repetition,
    interval_s: f64,
    format: Format,
    title: &str,
) -> String {
    let definition = "A batch closes when its interval ends, waits for the batches before it \
                      (scheduling delay), then is computed (processing time); the total delay is \
                      the sum. Triangle: longer than the interval.";
    let right = if format == Format::Wide { 120.0 } else { 14.0 };
    let mut frame = Frame::new(format, title, definition, right);
    frame.note("l-rule", &format!("batch interval, {}", quantity::tick(&seconds(interval_s))));
    let (batches, every) = thinned(&repetition.batches, BATCHES_MAX, total_delay_s);
    let end = batches.iter().map(|b| b.close_s).fold(cell.warm_up_s + cell.duration_s, f64::max);
    let highest = batches.iter().map(total_delay_s).filter(|s| s.is_finite()).fold(0.0, f64::max);
    let delays = (0.0, highest.max(interval_s) * 1.08);
    let rate = |batch: &Batch| batch.records as f64 / interval_s;
    let rates = (0.0, batches.iter().map(rate).fold(0.0, f64::max) * 1.15);
    let strips: [Strip<'_>; 4] = [
        Strip { name: "input rate", range: rates, show: quantity::rate, of: &rate },
        Strip {
            name: "scheduling delay",
            range: delays,
            show: seconds,
            of: &|batch| batch.scheduling_delay_s,
        },
        Strip { name: "processing time", range: delays, show: seconds, of: &|b| b.processing_s },
        Strip { name: "total delay", range: delays, show: seconds, of: &total_delay_s },
    ];
    let mut panels: Vec<Panel> = Vec::new();
    for strip in &strips {
        panels.push(frame.panel(78.0, strip.name));
    }
    let Some(first) = panels.first() else { return frame.finish(title) };
    let x = Scale::linear((-cell.warm_up_s, end - cell.warm_up_s), first.x());
    frame.time_axis(&panels, &x);
    for (strip, panel) in strips.iter().zip(&panels) {
        let y = Scale::linear(strip.range, panel.y());
        frame.vertical_axis(*panel, &y, strip.show);
        if strip.name == "processing time" {
            let at = y.at(interval_s);
            frame.canvas.line("l-rule", &[(panel.left, at), (panel.right, at)]);
        }
        for batch in &batches {
            let value = (strip.of)(batch);
            if !value.is_finite() {
                continue;
            }
            let at = (x.at(batch.close_s - cell.warm_up_s), y.at(value));
            if batch.processing_s > interval_s {
                let hollow = Identity { marker: Marker::Triangle, ..identity };
                frame.canvas.marker(hollow, at, 5.0, true);
            } else {
                frame.canvas.marker(identity, at, 2.6, false);
            }
        }
        if format == Format::Wide {
            let measured = repetition.batches.iter().filter(|b| b.close_s > cell.warm_up_s);
            histogram(&mut frame, identity, *panel, &y, measured.map(strip.of));
        }
    }
    let mut note = format!("Repetition {}, the one with the middle p99.", repetition.rep);
    if format == Format::Wide {
        note.push_str(" At the right: how many measured batches lie at each height.");
    }
    if every > 1 {
        let _ = write!(note, " Of each {every} batches the one with the longest delay is drawn.");
    }
    frame.footnote(&note);
    frame.finish(title)
}

/// One strip of the chart.
struct Strip<'a> {
    name: &'a str,
    range: (f64, f64),
    show: fn(f64) -> String,
    of: &'a dyn Fn(&Batch) -> f64,
}

/// Bars to the right of a panel, on its vertical axis.
fn histogram(
    frame: &mut Frame,
    identity: Identity,
    panel: Panel,
    y: &Scale,
    values: impl Iterator<Item = f64>,
) {
    const BINS: usize = 13;
    let (low, high) = y.range();
    let mut bins = [0_usize; BINS];
    for value in values.filter(|value| value.is_finite()) {
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 13")]
        let bin = (share * BINS as f64) as usize;
        bins[bin.min(BINS - 1)] += 1;
    }
    let fullest = bins.iter().copied().max().unwrap_or(0).max(1) as f64;
    let (bottom, top) = y.pixels();
    let height = (bottom - top) / BINS as f64;
    let left = panel.right + 14.0;
    let room = frame.canvas.width() - left - 12.0;
    for (n, count) in bins.iter().enumerate() {
        if *count > 0 {
            let low = bottom - n as f64 * height;
            let width = (*count as f64 / fullest * room).max(1.0);
            frame.canvas.rectangle(
                identity.fill,
                (left, low - 0.75),
                (left + width, low - height + 0.75),
            );
        }
    }
    frame.canvas.line("l-axis", &[(left, top), (left, bottom)]);
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

fn data(cell: &CellRecord, repetition: &Repetition) -> Data {
    let header =
        ["batch closed at", "events", "scheduling delay", "processing time", "total delay"];
    let rows = thinned(&repetition.batches, 60, total_delay_s)
        .0
        .iter()
        .map(|batch| {
            vec![
                format!("{:.2} s", batch.close_s - cell.warm_up_s).replace('-', "−"),
                quantity::count(batch.records),
                seconds(batch.scheduling_delay_s),
                seconds(batch.processing_s),
                seconds(total_delay_s(batch)),
            ]
        })
        .collect();
    Data { header: header.map(String::from).to_vec(), rows }
}
