//! The hockey stick: latency against the load that was offered.
//!
//! What is offered stands along the bottom, never what was achieved: beyond its limit an engine
//! achieves less, and the curve would fold back over itself. Equal ratios of load have equal room,
//! as people ask what twice of it would do. Four percentiles of one engine are one colour: what
//! half of the answers take, what most do, what the tail does, and the slowest.

use super::figure::{Figure, p50, p90, p99, slowest};
use super::plot::{Curve, Mark, Plot, Strip};
use super::slice::{Series, Slice};
use crate::chart::description::{Along, Description, Unit};
use crate::chart::palette::RULE;
use crate::judge::summary::{Standing, verified};
use crate::quantity::{nanoseconds, rate};
use crate::record::{EngineRecord, RunRecord};

/// None if nothing was verified.
pub(super) fn chart(record: &RunRecord, slice: &Slice<'_>) -> Option<Description> {
    let mut curves = slice.curves("p99", p99);
    if curves.is_empty() {
        return None;
    }
    for (what, figure) in [("p50", p50 as fn(&EngineRecord) -> _), ("max", slowest), ("p90", p90)] {
        let thin = slice.curves(what, figure).into_iter();
        curves.extend(thin.map(|curve| Curve { thin: true, ..curve }));
    }
    for curve in &mut curves {
        curve.is_named = true;
    }
    let best: Vec<(&Series<'_>, Highest)> =
        slice.series.iter().filter_map(|series| Some((series, highest(series)?))).collect();
    let marks = best
        .iter()
        .map(|(series, highest)| Mark::Rule {
            along: Along::Y,
            at: highest.per_s,
            label: format!("{} sustains {}", series.label, highest.shown()),
            role: series.role,
        })
        .collect();
    let strips = vec![
        Strip {
            heading: "result_latency: p99 bold; p50, p90 and max thin (log scale)".into(),
            unit: Unit::Nanoseconds,
            logarithmic: true,
            height: 1.0,
            curves,
            marks,
        },
        Strip {
            heading: "completed / offered".into(),
            unit: Unit::Fraction,
            logarithmic: false,
            height: 0.32,
            curves: slice.curves("completed / offered", achieved),
            marks: vec![Mark::Rule { along: Along::X, at: 1.0, label: String::new(), role: RULE }],
        },
    ];
    let plot = Plot {
        name: slice.name("hockey-stick"),
        title: slice.titled(&finding(&best)),
        definition: "result_latency: emission − due, against the rate at which events were due. \
                     Sustained: what was offered was completed and the backlog did not grow."
            .into(),
        across: slice.across("offered load", Unit::Rate, true),
        strips,
        theory: None,
        notes: slice.notes(record),
    };
    Some(plot.described())
}

/// The highest rate that was sustained, with all below it.
pub(super) struct Highest {
    pub(super) per_s: f64,
    pub(super) p99_ns: Option<f64>,
    /// Nothing higher was tried.
    is_last: bool,
}

impl Highest {
    fn shown(&self) -> String {
        format!("{}{}", if self.is_last { "at least " } else { "" }, rate(self.per_s))
    }
}

/// A rate that held above one that did not is chance until it is repeated: it does not count.
pub(super) fn highest(series: &Series<'_>) -> Option<Highest> {
    let held = series.points.iter().take_while(|point| point.standing == Standing::Fit);
    let last = held.last()?;
    let is_last = series.points.last().is_some_and(|point| point.at <= last.at);
    let p99_ns = p99(last.engine).map(|figure| figure.middle);
    Some(Highest { per_s: last.at, p99_ns, is_last })
}

fn finding(best: &[(&Series<'_>, Highest)]) -> String {
    if best.is_empty() {
        return "no engine sustained any of the rates that were offered".into();
    }
    let each: Vec<String> = best
        .iter()
        .map(|(series, highest)| {
            let p99 = highest
                .p99_ns
                .map_or_else(String::new, |ns| format!(" with a p99 of {}", nanoseconds(ns)));
            format!("{} sustains {}{p99}", series.label, highest.shown())
        })
        .collect();
    each.join("; ")
}

/// Completed over offered.
fn achieved(engine: &EngineRecord) -> Option<Figure> {
    let shares = verified(engine)
        .map(|r| r.throughput.completed_per_s / r.throughput.offered_per_s)
        .collect();
    Figure::of(shares)
}
