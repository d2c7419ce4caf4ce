//! Scalability: what more workers bring.
//!
//! Only a search for the highest sustainable rate can say so: at a fixed rate, a second worker
//! has nothing to add. Where the rate was searched, Gunther's universal scalability law is fitted
//! per engine, with its bounds from six worker counts on; fewer give points and no law.

use super::figure::limit_found;
use super::other;
use super::plot::{Mark, Plot};
use super::slice::{Point, Slice};
use crate::chart::description::{Description, Unit};
use crate::quantity::{rate, ratio, tick};
use crate::record::RunRecord;
use statistics::usl::{self, Parameter, Peak, Usl};

/// Fewer worker counts than this leave the law's bounds open.
const POINTS_LEAST: usize = 6;

/// None if nothing was verified.
pub(super) fn chart(record: &RunRecord, slice: &Slice<'_>) -> Option<Description> {
    let mut strips = other::strips(slice)?;
    let mut notes = Vec::new();
    let mut fitted: Vec<(&str, Usl)> = Vec::new();
    if other::is_searched(slice) {
        for series in &slice.series {
            let points: Vec<(f64, f64)> = series
                .points
                .iter()
                .filter_map(|point| Some((point.at, limit_found(point.engine)?.middle)))
                .collect();
            if points.len() < POINTS_LEAST {
                notes.push(format!(
                    "{}: {} worker counts; a law of scalability needs {POINTS_LEAST}.",
                    series.label,
                    points.len()
                ));
            } else if let Some(law) = usl::fit(&points) {
                let most = points.iter().map(|point| point.0).fold(1.0, f64::max);
                notes.push(law_in_words(series.label, &law, most));
                strips[0].marks.push(Mark::Theory { points: curve(&law, &points) });
                fitted.push((series.label, law));
            }
        }
    } else {
        notes.push(
            "At one fixed rate: more workers cannot complete more than is offered. For the rate \
             that they could sustain, add --limit."
                .into(),
        );
    }
    notes.extend(slice.notes(record));
    let theory = (!fitted.is_empty()).then(|| "universal scalability law, fitted".to_owned());
    if theory.is_some() {
        notes.push("The law: X(n) = λn / (1 + σ(n − 1) + κn(n − 1)) (Gunther).".into());
    }
    let plot = Plot {
        name: slice.name("scalability"),
        title: slice.titled(&finding(slice, &fitted)),
        definition: other::definition(slice).into(),
        across: slice.across("workers per engine", Unit::Number, false),
        strips,
        theory,
        notes,
    };
    Some(plot.described())
}

fn curve(law: &Usl, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (Some((first, _)), Some((end, _))) = (points.first(), points.last()) else {
        return Vec::new();
    };
    (0..=60)
        .map(|n| first + (end - first) * f64::from(n) / 60.0)
        .map(|n| (n, law.throughput(n)))
        .collect()
}

/// "micro-batch: one worker alone 400 k/s; contention σ 0.05 (…), coherence κ 0.002 (…); …"
fn law_in_words(label: &str, law: &Usl, most: f64) -> String {
    let with = |parameter: &Parameter, show: &dyn Fn(f64) -> String| {
        let bounds = parameter
            .interval
            .map_or_else(String::new, |(low, high)| format!(" ({} to {})", show(low), show(high)));
        format!("{}{bounds}", show(parameter.value))
    };
    let plain = |value: f64| format!("{value:.4}").replace('-', "−");
    let peak = match law.peak(most) {
        Peak::At(peak) => format!("highest at {peak:.0} workers"),
        Peak::Beyond => format!("it still rises at {most}, the most that were measured"),
        Peak::NotTold => "whether it falls with more workers is not told: κ may be 0".to_owned(),
    };
    format!(
        "{label}: one worker alone λ {}, contention σ {}, coherence κ {}, with 95 % intervals; {peak}.",
        with(&law.lambda, &rate),
        with(&law.sigma, &plain),
        with(&law.kappa, &plain),
    )
}

/// What the fewest workers and the most of them carry, and how much more that is: measured, and
/// so never more than was seen, whatever the law's parameters are.
fn finding(slice: &Slice<'_>, fitted: &[(&str, Usl)]) -> String {
    let each: Vec<String> = slice
        .series
        .iter()
        .filter(|series| fitted.iter().any(|(label, _)| *label == series.label))
        .filter_map(|series| {
            let found = |point: &Point<'_>| Some((point.at, limit_found(point.engine)?.middle));
            let mut found = series.points.iter().filter_map(found);
            let ((few, low), (many, high)) = (found.next()?, found.next_back()?);
            let workers =
                |n: f64| if n > 1.0 { format!("{n} workers") } else { format!("{n} worker") };
            let (times, ideal) = (high / low, many / few);
            let gain = if times > 1.0 {
                let [times, ideal] = [times, ideal].map(|n| tick(&ratio(n)));
                format!("{times} as much for {ideal} the workers")
            } else {
                "no more for all of them".into()
            };
            let (fewest, most) = (workers(few), workers(many));
            Some(format!(
                "{} carries {} with {fewest} and {} with {most}, {gain}",
                series.label,
                rate(low),
                rate(high)
            ))
        })
        .collect();
    if each.is_empty() { other::finding(slice) } else { each.join("; ") }
}
