//! The hockey stick: latency against the load that was offered.
//!
//! What is offered stands along the bottom, never what was achieved: beyond its limit an engine
//! achieves less, and the curve would fold back over itself. Equal ratios of load have equal room,
//! as people ask what twice of it would do. Four percentiles of one engine are one colour: what
//! half of the answers take, what most do, what the tail does, and the slowest. Where a model of the
//! runs foretells those that it does not know, it is dotted between them.

use super::figure::{Figure, p50, p90, p99, slowest};
use super::plot::{Curve, Mark, Plot, Strip};
use super::slice::{Point, Series, Slice};
use crate::chart::description::{Along, Description, Unit};
use crate::chart::palette::RULE;
use crate::judge::capacity::{Twin, load, twin, why_not};
use crate::judge::summary::{Standing, verified};
use crate::quantity::{nanoseconds, rate};
use crate::record::{EngineRecord, RunRecord};
use crate::words::capitalised;
use statistics::capacity::{Load, Refusal};

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
    let models: Vec<(&str, Result<Twin, Refusal>)> =
        slice.series.iter().map(|series| (series.label, model(series))).collect();
    let foretold = models
        .iter()
        .filter_map(|(_, model)| Some(Mark::Theory { points: model.as_ref().ok()?.curve() }));
    let marks = best
        .iter()
        .map(|(series, highest)| Mark::Rule {
            along: Along::Y,
            at: highest.per_s,
            label: format!("{} sustains {}", series.label, highest.shown()),
            role: series.role,
        })
        .chain(foretold)
        .collect();
    let is_modelled = models.iter().any(|(_, model)| model.is_ok());
    let mut notes: Vec<String> = models.iter().map(|(label, model)| told(label, model)).collect();
    notes.extend(slice.notes(record));
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
        theory: is_modelled.then(|| "p99 by a model of the runs".to_owned()),
        notes,
    };
    Some(plot.described())
}

/// What the runs at all rates say of those between them. Beyond the highest rate that was sustained
/// they say what is completed.
fn model(series: &Series<'_>) -> Result<Twin, Refusal> {
    let most = highest(series).map_or(0.0, |highest| highest.per_s);
    let of = |point: &Point<'_>| {
        let (at, is_held) = (point.at, point.at <= most);
        let loads = verified(point.engine).map(move |repetition| load(repetition, at));
        let loads = loads.map(|load| Load { tail: load.tail.filter(|_| is_held), ..load });
        loads.collect::<Vec<_>>()
    };
    twin(&series.points.iter().flat_map(of).collect::<Vec<_>>())
}

/// What a model says, or why there is none.
fn told(label: &str, model: &Result<Twin, Refusal>) -> String {
    let label = capitalised(label);
    match model {
        Ok(twin) => format!("{label}, by a model of the runs: {}.", twin.words()),
        Err(refusal) => format!("{label}: no model of the runs, {}.", why_not(refusal)),
    }
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

#[cfg(test)]
mod tests {
    use super::super::slice::slice;
    use super::*;
    use crate::sample::sweep as sample;

    #[test]
    fn a_model_ends_where_the_load_was_no_longer_sustained() {
        let record = sample::rate(3);
        let slice = slice(&record, "source.synthetic.rate", None).unwrap();
        let range = |label: &str| {
            let series = slice.series.iter().find(|series| series.label == label).unwrap();
            model(series).unwrap().model.range
        };
        assert_eq!(range("per-event"), (50e3, 300e3));
        assert_eq!(range("micro-batch"), (50e3, 200e3), "400 k/s was chance");
        let notes = chart(&record, &slice).unwrap().notes;
        assert!(
            notes.iter().any(|note| note.starts_with("Per-event, by a model of the runs: p99"))
        );
    }
}
