//! How a micro-batch engine spends its intervals, in the manner of Spark's streaming tab.
//!
//! Four strips over the same time: input rate, scheduling delay, processing time, total delay.
//! The three delays share one range, so that they can be added up by eye. Delays are never
//! averaged: a scheduling delay drifts, and its mean says nothing.

use super::canvas::Align;
use super::frame::{Format, Frame, Panel};
use super::interactive::{self, Along, Axis, Drawn, Interactive, Rule, Series, Unit};
use super::palette::{Identity, Marker, identities};
use super::scale::Scale;
use super::{Chart, Data, Timing, thinned, warm_up_end_s};
use crate::judge::summary::median_repetition;
use crate::quantity::{self, seconds};
use crate::record::{Batch, CellRecord, EngineRecord, Repetition};
use crate::words::capitalised;
use std::fmt::Write as _;

/// Batches drawn at most.
const BATCHES_MAX: usize = 240;

/// The strip that the interval is drawn across.
const PROCESSING: &str = "processing time";

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
                format!("batch-delay-{}", crate::words::slug(&engine.label))
            };
            let interval_s = engine.interval_s.unwrap_or_else(|| usual_interval(repetition));
            let title = finding(cell, engine, repetition, interval_s);
            let shown = (engine.label.as_str(), identity, repetition);
            let batches = Batches::of(cell, shown, interval_s);
            let chart = Chart::drawn(name, title, batches.data(), |format, title| {
                draw(&batches, format, title)
            });
            chart.with(batches.interactive())
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
        repetition.batches.iter().filter(|b| b.close_s > warm_up_end_s(cell, repetition)).collect();
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

/// What is drawn of one engine's batches.
struct Batches<'a> {
    label: &'a str,
    identity: Identity,
    repetition: &'a Repetition,
    interval_s: f64,
    warm_up_end_s: f64,
    timing: Timing<'a>,
    /// Those that are drawn, and one of how many each is.
    shown: Vec<Batch>,
    every: usize,
    /// First and last second on the axis.
    time: (f64, f64),
    /// Range of the rates, and of all three delays, so that they can be added up by eye.
    rates: (f64, f64),
    delays: (f64, f64),
}

/// One strip of the chart.
struct Strip {
    name: &'static str,
    range: (f64, f64),
    show: fn(f64) -> String,
    unit: Unit,
    of: fn(&Batch, f64) -> f64,
}

impl<'a> Batches<'a> {
    fn of(
        cell: &CellRecord,
        (label, identity, repetition): (&'a str, Identity, &'a Repetition),
        interval_s: f64,
    ) -> Self {
        let timing = Timing::of(cell, [(label, identity, repetition)].into_iter());
        let (shown, every) = thinned(&repetition.batches, BATCHES_MAX, total_delay_s);
        let end = shown.iter().map(|b| b.close_s).fold(timing.start_s + cell.duration_s, f64::max);
        let highest = shown.iter().map(total_delay_s).filter(|s| s.is_finite()).fold(0.0, f64::max);
        let busiest = shown.iter().map(|b| b.records as f64 / interval_s).fold(0.0, f64::max);
        Self {
            label,
            identity,
            repetition,
            interval_s,
            warm_up_end_s: warm_up_end_s(cell, repetition),
            time: (-timing.start_s, timing.at(end)),
            timing,
            shown,
            every,
            rates: (0.0, busiest * 1.15),
            delays: (0.0, highest.max(interval_s) * 1.08),
        }
    }

    fn strips(&self) -> [Strip; 4] {
        let delay =
            |name, of| Strip { name, range: self.delays, show: seconds, unit: Unit::Seconds, of };
        [
            Strip {
                name: "input rate",
                range: self.rates,
                show: quantity::rate,
                unit: Unit::Rate,
                of: |batch, interval_s| batch.records as f64 / interval_s,
            },
            delay("scheduling delay", |batch, _| batch.scheduling_delay_s),
            delay(PROCESSING, |batch, _| batch.processing_s),
            delay("total delay", |batch, _| total_delay_s(batch)),
        ]
    }

    fn interactive(&self) -> Interactive {
        let panel = |strip: Strip| {
            let points = |is_long: bool| {
                let these = self
                    .shown
                    .iter()
                    .filter(move |b| (b.processing_s > self.interval_s) == is_long);
                these.map(move |b| (self.timing.at(b.close_s), (strip.of)(b, self.interval_s)))
            };
            let role = self.identity.line;
            // The same colour with a triangle, as on the drawing.
            let long_role = if role == "l-mb0" { "l-mb0d" } else { role };
            let mut plot = interactive::Panel::new(
                Axis::linear(strip.name, strip.unit, strip.range),
                vec![
                    Series::new(self.label, "", role, Drawn::Points, points(false)),
                    Series::new(
                        "longer than the interval",
                        "",
                        long_role,
                        Drawn::Points,
                        points(true),
                    )
                    .hollow(),
                ],
            );
            plot.height = 78;
            plot.regions = self.timing.regions();
            if strip.name == PROCESSING {
                let label =
                    format!("batch interval, {}", quantity::tick(&seconds(self.interval_s)));
                plot.rules.push(Rule {
                    along: Along::X,
                    at: self.interval_s,
                    label,
                    role: "l-rule",
                });
            }
            plot
        };
        let x = Axis::linear("seconds since the measured start", Unit::Time, self.time);
        Interactive { x, panels: self.strips().map(panel).to_vec() }
    }

    fn data(&self) -> Data {
        let header =
            ["batch closed at", "events", "scheduling delay", "processing time", "total delay"];
        let rows = thinned(&self.repetition.batches, 60, total_delay_s)
            .0
            .iter()
            .map(|batch| {
                vec![
                    format!("{:.2} s", self.timing.at(batch.close_s)).replace('-', "−"),
                    quantity::count(batch.records),
                    seconds(batch.scheduling_delay_s),
                    seconds(batch.processing_s),
                    seconds(total_delay_s(batch)),
                ]
            })
            .collect();
        Data { header: header.map(String::from).to_vec(), rows }
    }
}

fn draw(batches: &Batches<'_>, format: Format, title: &str) -> String {
    let Batches { identity, repetition, interval_s, timing, .. } = batches;
    let definition = "A batch closes when its interval ends, waits for the batches before it \
                      (scheduling delay), then is computed (processing time); the total delay is \
                      the sum. Triangle: longer than the interval.";
    let right = if format == Format::Wide { 120.0 } else { 14.0 };
    let mut frame = Frame::new(format, title, definition, right);
    frame.note("l-rule", &format!("batch interval, {}", quantity::tick(&seconds(*interval_s))));
    let strips = batches.strips();
    let panels: Vec<Panel> = strips.iter().map(|strip| frame.panel(78.0, strip.name)).collect();
    let Some(first) = panels.first() else { return frame.finish(title) };
    let x = Scale::linear(batches.time, first.x());
    frame.time_axis(&panels, &x);
    for (strip, panel) in strips.iter().zip(&panels) {
        let y = Scale::linear(strip.range, panel.y());
        frame.vertical_axis(*panel, &y, strip.show);
        if strip.name == PROCESSING {
            let at = y.at(*interval_s);
            frame.canvas.line("l-rule", &[(panel.left, at), (panel.right, at)]);
        }
        for batch in &batches.shown {
            let value = (strip.of)(batch, *interval_s);
            if !value.is_finite() {
                continue;
            }
            let at = (x.at(timing.at(batch.close_s)), y.at(value));
            if batch.processing_s > *interval_s {
                let hollow = Identity { marker: Marker::Triangle, ..*identity };
                frame.canvas.marker(hollow, at, 5.0, true);
            } else {
                frame.canvas.marker(*identity, at, 2.6, false);
            }
        }
        if format == Format::Wide {
            let measured = repetition.batches.iter().filter(|b| b.close_s > batches.warm_up_end_s);
            let values = measured.map(|batch| (strip.of)(batch, *interval_s));
            histogram(&mut frame, *identity, *panel, &y, values);
        }
    }
    if format == Format::Wide {
        let at = (first.right + 14.0, first.top - format.text() * 1.25);
        frame.canvas.text("muted", Align::Left, at, format.text() * 0.96, "batches by height");
    }
    let mut note = format!("Repetition {}, the one with the middle p99.", repetition.rep);
    if batches.every > 1 {
        let every = batches.every;
        let _ = write!(note, " Of each {every} batches the one with the longest delay is drawn.");
    }
    frame.footnote(&note);
    frame.finish(title)
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
