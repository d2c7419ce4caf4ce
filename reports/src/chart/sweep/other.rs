//! Any other setting that was varied: latency and work against its values.

use super::figure::{Figure, cpu, is_bound, limit, p99};
use super::plot::{Plot, Strip};
use super::slice::{Point, Slice, last, unit_of};
use crate::chart::description::{Description, Unit};
use crate::judge::summary::Standing;
use crate::quantity::{nanoseconds, rate};
use crate::record::RunRecord;

/// None if nothing was verified, or only at one value.
pub(super) fn chart(record: &RunRecord, slice: &Slice<'_>) -> Option<Description> {
    let unit = unit_of(slice.key);
    let mut across = slice.across(slice.key, unit, slice.is_wide());
    slice.key.clone_into(&mut across.name);
    let strips = strips(slice)?;
    let plot = Plot {
        name: slice.name(&crate::words::slug(last(slice.key))),
        title: slice.titled(&finding(slice)),
        definition: definition(slice).into(),
        across,
        strips,
        theory: None,
        notes: slice.notes(record),
    };
    Some(plot.described())
}

/// What is asked of a slice that was searched, and of one that was not.
pub(super) fn definition(slice: &Slice<'_>) -> &'static str {
    if is_searched(slice) {
        "The highest rate that was sustained in a search; the bar reaches to the lowest above it \
         that was not, and without a bar it is at least so much."
    } else {
        "p99 of result_latency (emission − due), and processor time over accepted events."
    }
}

pub(super) fn is_searched(slice: &Slice<'_>) -> bool {
    slice.series.iter().flat_map(|s| &s.points).any(|point| point.engine.limit.is_some())
}

/// The highest sustainable rate where it was searched; else latency above work.
pub(super) fn strips<'a>(slice: &Slice<'a>) -> Option<Vec<Strip<'a>>> {
    if is_searched(slice) {
        let curves = slice.curves("highest sustainable rate", limit);
        return (!curves.is_empty()).then(|| {
            vec![Strip {
                heading: "highest sustainable rate".into(),
                unit: Unit::Rate,
                logarithmic: false,
                height: 1.0,
                curves,
                marks: Vec::new(),
            }]
        });
    }
    let late = slice.curves("p99", p99);
    (!late.is_empty()).then(|| {
        vec![
            Strip {
                heading: "p99 of result_latency (log scale)".into(),
                unit: Unit::Nanoseconds,
                logarithmic: true,
                height: 0.85,
                curves: late,
                marks: Vec::new(),
            },
            Strip {
                heading: "CPU time per event".into(),
                unit: Unit::Microseconds,
                logarithmic: false,
                height: 0.6,
                curves: slice.curves("CPU per event", cpu),
                marks: Vec::new(),
            },
        ]
    })
}

/// From where to where each engine's figure goes.
pub(super) fn finding(slice: &Slice<'_>) -> String {
    let searched = is_searched(slice);
    let figure = if searched { limit } else { p99 };
    let show = if searched { rate } else { nanoseconds };
    let what = if searched { "highest sustainable rate" } else { "latency (p99)" };
    let each: Vec<String> = slice
        .series
        .iter()
        .filter_map(|series| {
            let fit = |point: &&Point<'_>| searched || point.standing == Standing::Fit;
            let mut held =
                series.points.iter().filter(fit).filter_map(|p| Some((p, figure(p.engine)?)));
            let told = |(point, figure): &(&Point<'_>, Figure)| {
                let least = if is_bound(point.engine) { "at least " } else { "" };
                format!("{least}{}", show(figure.middle))
            };
            let from = held.next()?;
            let Some(to) = held.next_back().filter(|_| !series.flat) else {
                return Some(format!("{} {}", series.label, told(&from)));
            };
            Some(format!(
                "{} {} at {}, {} at {}",
                series.label,
                told(&from),
                from.0.written,
                told(&to),
                to.0.written
            ))
        })
        .collect();
    if each.is_empty() {
        return format!("no value of {} was sustained", last(slice.key));
    }
    format!("{what} by {}: {}", last(slice.key), each.join("; "))
}
