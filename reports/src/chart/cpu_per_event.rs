//! What an event costs: processor time of the work of an engine's threads over the events it accepted.
//!
//! Bars from zero, the cheapest first, every repetition a dot. Time spent spinning while there is
//! nothing to do is in none of them where the engine tells it, and is named; where it does not tell,
//! it is part of the bar, and that is named, too. Engines that fell behind are drawn and not ranked.

use super::description::{Axis, Data, Description, Picture, Row, Rows, Unit};
use super::palette::{identities, kin};
use crate::judge::compare::Outcome;
use crate::judge::lost::aside;
use crate::judge::metrics::CPU_PER_EVENT;
use crate::judge::summary::{Standing, Summary, spins, spun_share, standing};
use crate::quantity::{self, microseconds};
use crate::record::{CellRecord, EngineRecord};
use crate::words::capitalised;

/// One engine's cost.
struct Bar<'a> {
    engine: &'a EngineRecord,
    role: &'static str,
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
pub(super) fn chart(cell: &CellRecord, outcome: &Outcome<'_>) -> Option<Description> {
    let mut bars: Vec<Bar<'_>> = cell
        .engines
        .iter()
        .zip(identities(cell))
        .filter_map(|(engine, role)| {
            let cost_us = Summary::over(engine, CPU_PER_EVENT.figure)?;
            let hollow = standing(engine) == Standing::NotSustained;
            Some(Bar { engine, role, cost_us, hollow })
        })
        .collect();
    if bars.iter().all(|bar| bar.cost_us.high <= 0.0) {
        return None;
    }
    bars.sort_by(|a, b| a.cost_us.median.total_cmp(&b.cost_us.median));
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
    Some(Description {
        name: "cpu-per-event".into(),
        title: finding(outcome, &bars),
        definition:
            "Processor time of the work of the engine's threads over the whole run, warm-up \
                     included, over the events it accepted."
                .into(),
        data: Data::new(header, rows.collect()),
        picture: Picture::Rows(drawn(&bars)),
        notes: vec![note(&bars)],
    })
}

fn finding(outcome: &Outcome<'_>, bars: &[Bar<'_>]) -> String {
    match outcome {
        Outcome::Best { engine, figure, next, next_figure, .. } => format!(
            "{} costs less CPU: {} per event, against {} of {}{}",
            capitalised(&engine.label),
            microseconds(*figure),
            microseconds(*next_figure),
            next.label,
            aside([*engine])
        ),
        Outcome::Lower { engine, figure, next, next_figure, repetitions } => format!(
            "CPU time per event of {} is lower in these runs: {}, against {} of {} (n = \
             {repetitions}){}",
            engine.label,
            microseconds(*figure),
            microseconds(*next_figure),
            next.label,
            aside([*engine])
        ),
        Outcome::NoDifference { .. } => {
            let band = quantity::tick(&quantity::fraction(CPU_PER_EVENT.band));
            format!("The same CPU time per event within {band}")
        }
        Outcome::NotEnoughData { .. } | Outcome::Interval { .. } | Outcome::NoContest => {
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

fn drawn(bars: &[Bar<'_>]) -> Rows {
    let highest = bars.iter().map(|bar| bar.cost_us.high).fold(0.0, f64::max);
    let row = |bar: &Bar<'_>| Row {
        label: format!("{}: {}", bar.engine.label, bar.words()),
        bar: vec![(kin("f", bar.role), bar.cost_us.median)],
        hollow: bar.hollow,
        interval: bar.spread().map(|(_, low, high)| (low, high)),
        dots: bar.cost_us.points.clone(),
        ..Row::default()
    };
    Rows {
        heading: "CPU time per event, from zero".into(),
        x: Axis::linear("CPU time per event", Unit::Microseconds, (0.0, highest * 1.06)),
        legend: Vec::new(),
        figures: bars.iter().map(row).collect(),
    }
}

fn note(bars: &[Bar<'_>]) -> String {
    let mut notes = String::from("Dots: the verified repetitions.");
    let spun = |bar: &Bar<'_>| {
        let share = quantity::fraction(spun_share(bar.engine)?);
        Some(format!("{} {share}", bar.engine.label))
    };
    let spun: Vec<String> = bars.iter().filter_map(spun).collect();
    if !spun.is_empty() {
        notes.push_str(" Spun while there was nothing to do, and in no bar: ");
        notes.push_str(&spun.join(", "));
        notes.push_str(" of the processor time.");
    }
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
    notes
}
