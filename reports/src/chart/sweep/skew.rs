//! Key skew: what it costs that some keys are more popular than others.
//!
//! The exponent is that of Zipf's law over the same number of keys at every point, so that all
//! points rank the same keys; 0 is the uniform control. Where the hottest key alone is more than
//! a worker's share, no even division of keys is possible any more, and that place is marked.

use super::super::Chart;
use super::super::interactive::{Along, Unit};
use super::plot::{Mark, Plot};
use super::{Slice, Standing, limit, other, p99};
use crate::quantity::{fraction, ratio};
use crate::record::{CellRecord, RunRecord};

/// None if nothing was verified.
pub(super) fn chart(record: &RunRecord, slice: &Slice<'_>) -> Option<Chart> {
    let mut strips = other::strips(slice)?;
    let cell = slice.series.first()?.points.first()?.cell;
    let mark = too_hot(cell, slice);
    for (n, strip) in strips.iter_mut().enumerate() {
        let labelled = |mark: &Mark| match mark {
            Mark::Rule { along, at, role, .. } if n > 0 => {
                Mark::Rule { along: *along, at: *at, label: String::new(), role }
            }
            mark => mark.clone(),
        };
        strip.marks.extend(mark.iter().map(labelled));
    }
    let mut plot = Plot {
        name: slice.name("key-skew"),
        title: slice.titled(&finding(slice)),
        definition: format!(
            "Keys by Zipf's law, the key of rank r in proportion to r^-exponent; 0: all alike. {}",
            other::definition(slice)
        ),
        across: slice.across("exponent", Unit::Number, false),
        strips,
        theory: None,
        notes: slice.notes(record),
    };
    if !slice.series.iter().any(|series| series.points.iter().any(|point| point.at == 0.0)) {
        plot.notes.insert(0, "No uniform control: there is no point at exponent 0.".into());
    }
    Some(plot.chart())
}

/// How many keys there are.
fn keys(cell: &CellRecord) -> Option<u32> {
    ["zipf = { count = ", "dictionary = "].iter().find_map(|before| {
        let rest = cell.resolved.split_once(before)?.1;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    })
}

/// The share of all events that the most popular key has.
fn hottest(keys: u32, exponent: f64) -> f64 {
    1.0 / (1..=keys).map(|rank| f64::from(rank).powf(-exponent)).sum::<f64>()
}

/// The exponent at which the hottest key fills a worker.
fn too_hot(cell: &CellRecord, slice: &Slice<'_>) -> Option<Mark> {
    let workers = cell.parallelism;
    // A million keys of rank a millionth are not looked at twice.
    let keys = keys(cell).filter(|keys| *keys <= 1_000_000)?;
    let (_, most) = slice.across("", Unit::Number, false).ends();
    if workers < 2 || hottest(keys, most) <= 1.0 / f64::from(workers) {
        return None;
    }
    let (mut low, mut high) = (0.0, most);
    for _ in 0..20 {
        let middle = f64::midpoint(low, high);
        if hottest(keys, middle) > 1.0 / f64::from(workers) { high = middle } else { low = middle }
    }
    let label = format!("hottest key > {} of all", fraction(1.0 / f64::from(workers)));
    Some(Mark::Rule { along: Along::Y, at: high, label, role: "l-rule" })
}

/// What the steepest skew leaves of the uniform figure.
fn finding(slice: &Slice<'_>) -> String {
    let searched = other::is_searched(slice);
    let figure = if searched { limit } else { p99 };
    let each: Vec<String> = slice
        .series
        .iter()
        .filter_map(|series| {
            let fit = |point: &&super::Point<'_>| searched || point.standing == Standing::Fit;
            let mut held =
                series.points.iter().filter(fit).filter_map(|p| Some((p, figure(p.engine)?)));
            let (first, even) = held.next().filter(|(point, _)| point.at == 0.0)?;
            let (end, skewed) = held.next_back().filter(|(point, _)| point.at > first.at)?;
            let times = ratio(skewed.middle / even.middle);
            Some(format!("{} {times} at exponent {}", series.label, end.written))
        })
        .collect();
    if each.is_empty() {
        return other::finding(slice);
    }
    let what = if searched { "highest sustainable rate" } else { "latency (p99)" };
    format!("{what} over that with all keys alike: {}", each.join("; "))
}
