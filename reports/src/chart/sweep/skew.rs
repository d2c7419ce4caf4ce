//! Key skew: what it costs that some keys are more popular than others.
//!
//! The exponent is that of Zipf's law over the same number of keys at every point, so that all
//! points rank the same keys; 0 is the uniform control. Where the hottest key alone is more than
//! a worker's share, no even division of keys is possible any more, and that place is marked. What
//! the hottest key does to the workers follows from Zipf's law and is drawn as computed: nobody
//! counted the events of each worker, and the true worst worker may have more.

use super::figure::{limit_found, p99};
use super::other;
use super::plot::{Mark, Plot, Strip};
use super::slice::{Point, Slice};
use crate::chart::description::{Along, Description, Unit};
use crate::chart::palette::RULE;
use crate::judge::limit::best;
use crate::judge::summary::Standing;
use crate::quantity::{fraction, rate, ratio};
use crate::record::{CellRecord, RunRecord};

/// None if nothing was verified.
pub(super) fn chart(record: &RunRecord, slice: &Slice<'_>) -> Option<Description> {
    let mut strips = other::strips(slice)?;
    let cell = slice.series.first()?.points.first()?.cell;
    let law = Law::of(cell);
    if let Some(law) = &law {
        strips.push(law.busiest(slice));
    }
    let mark = law.as_ref().and_then(|law| too_hot(law, slice));
    for (n, strip) in strips.iter_mut().enumerate() {
        let labelled = |mark: &Mark| match mark {
            Mark::Rule { along, at, role, .. } if n > 0 => {
                Mark::Rule { along: *along, at: *at, label: String::new(), role }
            }
            mark => mark.clone(),
        };
        strip.marks.extend(mark.iter().map(labelled));
    }
    let mut notes = slice.notes(record);
    if let Some(law) = &law {
        let (bounds, note) = law.bounds(slice);
        strips[0].marks.extend(bounds);
        notes.splice(0..0, note);
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
        theory: law.map(|_| "computed from the hottest key's share; not measured".into()),
        notes,
    };
    if !slice.series.iter().any(|series| series.points.iter().any(|point| point.at == 0.0)) {
        plot.notes.insert(0, "No uniform control: there is no point at exponent 0.".into());
    }
    Some(plot.described())
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

/// How popular the hottest key is, and over how many workers keys are divided.
struct Law {
    keys: u32,
    workers: f64,
}

impl Law {
    /// None where one worker has all keys, or it is not known how many keys there are.
    fn of(cell: &CellRecord) -> Option<Self> {
        // A million keys of rank a millionth are not looked at twice.
        let keys = keys(cell).filter(|keys| *keys <= 1_000_000)?;
        (cell.parallelism > 1).then(|| Self { keys, workers: f64::from(cell.parallelism) })
    }

    /// The hottest key's share in units of a worker's even share.
    fn load(&self, exponent: f64) -> f64 {
        hottest(self.keys, exponent) * self.workers
    }

    /// The exponent at which the hottest key fills a worker, if it comes to that.
    fn full(&self, most: f64) -> Option<f64> {
        if self.load(most) <= 1.0 {
            return None;
        }
        let (mut low, mut high) = (0.0, most);
        for _ in 0..20 {
            let middle = f64::midpoint(low, high);
            if self.load(middle) > 1.0 { high = middle } else { low = middle }
        }
        Some(high)
    }

    /// Values at which to draw: those of the slice, and where the hottest key fills a worker.
    fn exponents(&self, slice: &Slice<'_>) -> Vec<f64> {
        let across = slice.across("", Unit::Number, false);
        let mut exponents: Vec<f64> = across.values.iter().map(|value| value.0).collect();
        exponents.extend(self.full(across.ends().1));
        exponents.sort_by(f64::total_cmp);
        exponents
    }

    /// What the worker with the hottest key has to do over what an even share would be.
    fn busiest(&self, slice: &Slice<'_>) -> Strip<'static> {
        let at = |exponent: f64| (exponent, self.load(exponent).max(1.0));
        let points = self.exponents(slice).into_iter().map(at).collect();
        Strip {
            heading: "events of the busiest worker over the mean, at least".into(),
            unit: Unit::Ratio,
            logarithmic: false,
            height: 0.6,
            curves: Vec::new(),
            marks: vec![Mark::Theory { points }],
        }
    }

    /// One worker's capacity over the hottest key's share, per engine, from where that key fills
    /// a worker. Drawn where limits were searched and the uniform control says what an event
    /// costs; with a note that says what it is worth.
    fn bounds(&self, slice: &Slice<'_>) -> (Vec<Mark>, Option<String>) {
        let steepest = slice.across("", Unit::Number, false).ends().1;
        let Some(full) = self.full(steepest) else { return (Vec::new(), None) };
        let mut marks = Vec::new();
        let mut told = Vec::new();
        for series in &slice.series {
            let control = series.points.iter().find(|point| point.at == 0.0);
            let cost_us = control
                .and_then(|point| best(point.engine.limit.as_ref()?))
                .map(|probe| probe.cpu_us_per_event)
                .filter(|cost_us| cost_us.is_finite() && *cost_us > 0.0);
            let Some(cost_us) = cost_us else { continue };
            let bound = |exponent: f64| 1e6 / (hottest(self.keys, exponent) * cost_us);
            let exponents = self.exponents(slice).into_iter().filter(|at| *at >= full);
            marks.push(Mark::Theory { points: exponents.map(|at| (at, bound(at))).collect() });
            told.push(format!("{} {}", series.label, rate(bound(steepest))));
        }
        let note = (!told.is_empty()).then(|| {
            format!(
                "Dotted rates: 1 / (share of the hottest key × CPU time per event at exponent 0), \
                 what one worker can take if all of an event's work is its own; at the end: {}.",
                told.join(", ")
            )
        });
        (marks, note)
    }
}

/// The exponent at which the hottest key fills a worker.
fn too_hot(law: &Law, slice: &Slice<'_>) -> Option<Mark> {
    let at = law.full(slice.across("", Unit::Number, false).ends().1)?;
    let label = format!("hottest key > {} of all", fraction(1.0 / law.workers));
    Some(Mark::Rule { along: Along::Y, at, label, role: RULE })
}

/// What the steepest skew leaves of the uniform figure.
fn finding(slice: &Slice<'_>) -> String {
    let searched = other::is_searched(slice);
    let figure = if searched { limit_found } else { p99 };
    let each: Vec<String> = slice
        .series
        .iter()
        .filter_map(|series| {
            let fit = |point: &&Point<'_>| searched || point.standing == Standing::Fit;
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
