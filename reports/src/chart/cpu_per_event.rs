//! What an event costs: processor time of an engine's threads over the events it accepted.
//!
//! Bars from zero, the cheapest first, every repetition a dot. Time spent spinning while there
//! is nothing to do is part of it and is named: an engine that waits that way does burn the
//! core. Engines that fell behind are drawn and not ranked.

use super::canvas::Align;
use super::frame::{Format, Frame, Panel};
use super::palette::{Identity, identities};
use super::scale::Scale;
use super::{Chart, Data};
use crate::judge::compare::Outcome;
use crate::judge::metrics::CPU_PER_EVENT;
use crate::judge::summary::{Standing, Summary, spins, standing};
use crate::quantity::{self, microseconds};
use crate::record::{CellRecord, EngineRecord};
use crate::statistics::Better;
use crate::words::capitalised;

/// Height of a bar with its label above it.
const ROW: f64 = 42.0;

/// One engine's cost.
struct Bar<'a> {
    engine: &'a EngineRecord,
    identity: Identity,
    cost_us: Summary,
    hollow: bool,
}

impl Bar<'_> {
    /// "435 ns", with what is known of its spread.
    fn words(&self) -> String {
        let middle = microseconds(self.cost_us.median);
        let n = self.cost_us.points.len();
        let behind = if self.hollow { ", not sustained" } else { "" };
        match self.spread() {
            None => format!("{middle} (one repetition{behind})"),
            Some((what, low, high)) => format!(
                "{middle} ({what} {} to {}, n = {n}{behind})",
                microseconds(low),
                microseconds(high)
            ),
        }
    }

    /// An interval from six repetitions on, else how far they lie apart.
    fn spread(&self) -> Option<(&'static str, f64, f64)> {
        let Summary { points, low, high, interval, .. } = &self.cost_us;
        match interval {
            Some((low, high)) => Some(("95 % interval", *low, *high)),
            None if points.len() > 1 => Some(("from", *low, *high)),
            None => None,
        }
    }
}

/// None if no verified repetition knows its processor time. `outcome` is who costs less.
pub(super) fn chart(cell: &CellRecord, outcome: &Outcome<'_>) -> Option<Chart> {
    let mut bars: Vec<Bar<'_>> = cell
        .engines
        .iter()
        .zip(identities(cell))
        .filter_map(|(engine, identity)| {
            let cost_us = Summary::over(engine, Better::Lower, CPU_PER_EVENT.figure)?;
            let hollow = standing(engine) == Standing::NotSustained;
            Some(Bar { engine, identity, cost_us, hollow })
        })
        .collect();
    if bars.iter().all(|bar| bar.cost_us.high <= 0.0) {
        return None;
    }
    bars.sort_by(|a, b| a.cost_us.median.total_cmp(&b.cost_us.median));
    let title = finding(outcome, &bars);
    let header = ["engine", "CPU per event", "lowest", "highest", "95 % interval", "repetitions"];
    let rows = bars.iter().map(|bar| {
        let Summary { points, median, low, high, interval } = &bar.cost_us;
        vec![
            bar.engine.label.clone(),
            microseconds(*median),
            microseconds(*low),
            microseconds(*high),
            interval.map_or_else(
                || quantity::NONE.into(),
                |(low, high)| format!("{} to {}", microseconds(low), microseconds(high)),
            ),
            points.len().to_string(),
        ]
    });
    let data = Data { header: header.map(String::from).to_vec(), rows: rows.collect() };
    Some(Chart::drawn("cpu-per-event", title, data, |format, title| draw(&bars, format, title)))
}

fn finding(outcome: &Outcome<'_>, bars: &[Bar<'_>]) -> String {
    match outcome {
        Outcome::Best { engine, figure, next, next_figure, .. } => format!(
            "{} costs less CPU: {} per event, against {} of {}",
            capitalised(&engine.label),
            microseconds(*figure),
            microseconds(*next_figure),
            next.label
        ),
        Outcome::NoDifference { .. } => {
            let band = quantity::tick(&quantity::fraction(CPU_PER_EVENT.band));
            format!("The same CPU time per event within {band}")
        }
        Outcome::NotEnoughData { .. } | Outcome::NoContest => {
            let each: Vec<String> = bars
                .iter()
                .map(|bar| format!("{} {}", bar.engine.label, microseconds(bar.cost_us.median)))
                .collect();
            let open = matches!(outcome, Outcome::NotEnoughData { .. });
            let doubt = if open { "Not enough data to rank the " } else { "" };
            format!("{doubt}CPU time per event: {}", each.join(", "))
        }
    }
}

fn draw(bars: &[Bar<'_>], format: Format, title: &str) -> String {
    let definition = "Processor time of the engine's threads over the whole run, warm-up included, \
                      over the events it accepted.";
    let mut frame = Frame::new(format, title, definition, 20.0);
    let panel = frame.panel(ROW * bars.len() as f64, "CPU time per event, from zero");
    let panel = Panel { left: 10.0, ..panel };
    let highest = bars.iter().map(|bar| bar.cost_us.high).fold(0.0, f64::max);
    let x = Scale::linear((0.0, highest * 1.06), panel.x());
    let ticks = x.ticks(format.ticks());
    for tick in &ticks {
        frame.canvas.line("l-grid", &[(x.at(*tick), panel.top), (x.at(*tick), panel.bottom)]);
    }
    for (place, bar) in bars.iter().enumerate() {
        let top = panel.top + ROW * place as f64;
        let label = format!("{}: {}", bar.engine.label, bar.words());
        frame.canvas.text("ink", Align::Left, (panel.left, top + 10.0), format.text(), &label);
        let (from, to) = ((x.at(0.0), top + 19.0), (x.at(bar.cost_us.median), top + 37.0));
        frame.canvas.rectangle(bar.identity.fill, from, to);
        let middle = top + 28.0;
        if bar.hollow {
            let inset = |(x, y): (f64, f64), by: f64| (x + by, y + by);
            frame.canvas.rectangle("f-paper", inset(from, 2.0), inset(to, -2.0));
        }
        if let Some((_, low, high)) = bar.spread() {
            let (low, high) = (x.at(low), x.at(high));
            frame.canvas.line("l-ink", &[(low, middle), (high, middle)]);
            for end in [low, high] {
                frame.canvas.line("l-ink", &[(end, middle - 5.0), (end, middle + 5.0)]);
            }
        }
        for point in &bar.cost_us.points {
            frame.canvas.dot("f-paper", (x.at(*point), middle), 3.4);
            frame.canvas.dot("ink", (x.at(*point), middle), 2.4);
        }
    }
    let show =
        |tick: f64| if tick == 0.0 { "0".into() } else { quantity::tick(&microseconds(tick)) };
    frame.canvas.line("l-axis", &[(panel.left, panel.top), (panel.left, panel.bottom)]);
    frame.horizontal_axis(panel, &x, &ticks, show, "CPU time per event");
    let mut notes = String::from("Dots: the verified repetitions.");
    if bars.iter().any(|bar| bar.cost_us.interval.is_none()) {
        notes.push_str(" Fewer than six give no interval, so the line is their range.");
    }
    let spinning: Vec<&str> =
        bars.iter().filter(|bar| spins(bar.engine)).map(|bar| bar.engine.label.as_str()).collect();
    if !spinning.is_empty() {
        notes.push_str(" Time spent spinning while there is nothing to do is included: ");
        notes.push_str(&spinning.join(", "));
        notes.push('.');
    }
    frame.footnote(&notes);
    frame.finish(title)
}
