//! The batch interval: what waiting longer costs in latency, and saves in work.
//!
//! The per-event engine has no interval, so it is a band across. The expected p99 is drawn beside
//! the measured one: if answers fall due evenly over an interval, 99 % of them wait for at most
//! 0.99 of it, and then for the batch to be computed.

use super::figure::{Figure, cpu, cpu_of_work, p99};
use super::plot::{Mark, Plot, Strip};
use super::slice::{Point, Series, Slice};
use crate::chart::description::{Description, Unit};
use crate::judge::interval_wait::explained;
use crate::judge::summary::{Standing, median_repetition};
use crate::quantity::{microseconds, nanoseconds};
use crate::record::{EngineKind, EngineRecord, RunRecord};
use statistics::{self, crossing};

/// None if no interval was sustained and verified.
pub(super) fn chart(record: &RunRecord, slice: &Slice<'_>) -> Option<Description> {
    let late = slice.curves("p99", p99);
    let batched = slice.series.iter().find(|series| series.kind == EngineKind::MicroBatch)?;
    if !late.iter().any(|curve| !curve.spots.is_empty()) {
        return None;
    }
    let (soonest, cheapest) = (best(slice, p99), best(slice, cpu_of_work));
    let latency = soonest.as_ref().and_then(|(steady, _)| cross(batched, steady, p99));
    let work = cheapest.as_ref().and_then(|(steady, _)| cross(batched, steady, cpu_of_work));
    let mut marks = Vec::new();
    marks.extend(unstable(batched));
    marks.push(Mark::Theory { points: expected(batched) });
    marks.extend(latency.as_ref().map(|cross| cross.mark("as soon as per-event")));
    let strips = vec![
        Strip {
            heading: "p99 of result_latency (log scale)".into(),
            unit: Unit::Nanoseconds,
            logarithmic: true,
            height: 0.95,
            curves: late,
            marks,
        },
        Strip {
            heading: "CPU time per event".into(),
            unit: Unit::Microseconds,
            logarithmic: false,
            height: 0.6,
            curves: slice.curves("CPU per event", cpu),
            marks: work.iter().map(|cross| cross.mark("same CPU time")).collect(),
        },
    ];
    let plot = Plot {
        name: slice.name("batch-interval"),
        title: slice.titled(&finding(
            batched,
            (soonest, latency.as_ref()),
            (cheapest, work.as_ref()),
        )),
        definition: "The micro-batch engine at several batch intervals; the per-event engine has \
                     none and is a band."
            .into(),
        across: slice.across("batch interval", Unit::Nanoseconds, true),
        strips,
        theory: Some("expected p99: 0.99 × interval + median processing time".into()),
        notes: slice.notes(record),
    };
    Some(plot.described())
}

/// A setting that knows no interval, with its figure: the best of those that were measured.
type Best<'a> = (&'a Series<'a>, f64);

/// The setting without an interval that is best by a figure.
fn best<'a>(slice: &'a Slice<'a>, figure: fn(&EngineRecord) -> Option<Figure>) -> Option<Best<'a>> {
    let held = slice.series.iter().filter(|series| series.flat).filter_map(|series| {
        let point = series.points.first().filter(|point| point.standing == Standing::Fit)?;
        Some((series, figure(point.engine)?.middle))
    });
    held.min_by(|a, b| a.1.total_cmp(&b.1))
}

/// Where two engines are the same.
pub(super) struct Cross {
    pub(super) interval_ns: f64,
    value: f64,
    pub(super) reach: Option<(f64, f64)>,
}

impl Cross {
    fn mark(&self, what: &str) -> Mark {
        let reach = self.reach.map_or_else(String::new, |(low, high)| {
            format!(" ({} to {})", nanoseconds(low), nanoseconds(high))
        });
        Mark::Crossing {
            at: (self.interval_ns, self.value),
            interval: self.reach,
            label: format!("{what} at {}{reach}", nanoseconds(self.interval_ns)),
        }
    }
}

/// Where the batched engine's figure crosses that of the steady one. From six repetitions on
/// with how far it may lie aside, were both figures at the ends of their intervals.
pub(super) fn cross(
    batched: &Series<'_>,
    steady: &Series<'_>,
    figure: fn(&EngineRecord) -> Option<Figure>,
) -> Option<Cross> {
    let fit = |series: &Series<'_>| -> Vec<(f64, Figure)> {
        let points = series.points.iter().filter(|point| point.standing == Standing::Fit);
        points.filter_map(|point| Some((point.at, figure(point.engine)?))).collect()
    };
    let (points, level) = (fit(batched), fit(steady).into_iter().next()?.1);
    let at = |of: fn(&Figure) -> f64, height: f64| {
        let points: Vec<(f64, f64)> = points.iter().map(|(x, figure)| (*x, of(figure))).collect();
        crossing(&points, |_| height)
    };
    let interval_ns = at(|figure| figure.middle, level.middle)?;
    let known = level.interval.is_some() && points.iter().all(|(_, f)| f.interval.is_some());
    let ends = [
        at(|figure| figure.reach().0, level.reach().1),
        at(|figure| figure.reach().1, level.reach().0),
    ];
    let reach = match ends {
        [Some(a), Some(b)] if known => Some((a.min(b), a.max(b))),
        _ => None,
    };
    Some(Cross { interval_ns, value: level.middle, reach })
}

/// Median processing time of a batch, in nanoseconds.
fn processing(engine: &EngineRecord) -> Option<f64> {
    let batches = median_repetition(engine)?.batches.iter();
    let all = batches.map(|batch| batch.processing_s * 1e9).filter(|ns| ns.is_finite());
    statistics::median(&all.collect::<Vec<_>>())
}

fn expected(batched: &Series<'_>) -> Vec<(f64, f64)> {
    let points = batched.points.iter().filter(|point| point.standing != Standing::Unfit);
    points.filter_map(|p| Some((p.at, 0.99 * p.at + processing(p.engine)?))).collect()
}

/// The intervals in which a batch takes longer than its interval.
fn unstable(batched: &Series<'_>) -> Option<Mark> {
    let is_over = |n: &usize| {
        let point = &batched.points[*n];
        processing(point.engine).is_some_and(|ns| ns > point.at)
    };
    let last = (0..batched.points.len()).rfind(is_over)?;
    let here = batched.points[last].at;
    let to = batched.points.get(last + 1).map_or(f64::INFINITY, |next| (here * next.at).sqrt());
    let label = "unstable: processing > interval".into();
    Some(Mark::Region { from: f64::NEG_INFINITY, to, label })
}

fn finding(
    batched: &Series<'_>,
    (soonest, latency): (Option<Best<'_>>, Option<&Cross>),
    (cheapest, work): (Option<Best<'_>>, Option<&Cross>),
) -> String {
    let fit = || batched.points.iter().filter(|point| point.standing == Standing::Fit);
    let Some(shortest) = fit().next() else {
        return format!("{} keeps up at none of the intervals", batched.label);
    };
    let late = |point: &Point<'_>| p99(point.engine).map(|figure| figure.middle);
    let Some((steady, level_ns)) = soonest else {
        let with = late(shortest)
            .map_or_else(String::new, |ns| format!(", with a p99 of {} there", nanoseconds(ns)));
        return format!("{} keeps up from {} on{with}", batched.label, shortest.written);
    };
    let label = steady.label;
    // What follows from the interval alone at each of them is no news, and nobody's win.
    let is_interval = |point: &Point<'_>| {
        let difference_ns = late(point).map(|ns| ns - level_ns);
        steady.points.first().zip(difference_ns).is_some_and(|(steady, difference_ns)| {
            explained(steady.engine, point.engine, difference_ns).is_some()
        })
    };
    let follows = fit().all(is_interval);
    let sooner = match latency {
        Some(cross) => format!(
            "{} answers as soon as {label} at intervals of {}",
            batched.label,
            nanoseconds(cross.interval_ns)
        ),
        None => match late(shortest) {
            Some(ns) if follows => format!(
                "the difference in p99 is the interval at each ({} against {} of {label} at {})",
                nanoseconds(ns),
                nanoseconds(level_ns),
                shortest.written
            ),
            Some(ns) if ns > level_ns => format!(
                "{} answers sooner at every interval ({} against {} at {})",
                label,
                nanoseconds(level_ns),
                nanoseconds(ns),
                shortest.written
            ),
            _ => format!("{} answers sooner at every interval that holds", batched.label),
        },
    };
    let Some((Series { label, .. }, work_us)) = cheapest else {
        return format!(
            "{sooner}; whose CPU costs less is not said, as {label} spins while it waits"
        );
    };
    let cheaper = match work {
        Some(cross) => {
            let longest = fit().next_back().and_then(|point| cpu(point.engine));
            let falls = longest.is_some_and(|figure| figure.middle < work_us);
            let side = if falls { "from" } else { "up to" };
            format!("{} costs less CPU {side} {}", batched.label, nanoseconds(cross.interval_ns))
        }
        None => match cpu(shortest.engine) {
            Some(figure) if figure.middle < work_us => format!(
                "{} costs less CPU at every interval ({} against {} at {})",
                batched.label,
                microseconds(figure.middle),
                microseconds(work_us),
                shortest.written
            ),
            _ => format!("{label} costs less CPU at every interval"),
        },
    };
    // What decides stands first.
    if follows { format!("{cheaper}; {sooner}") } else { format!("{sooner}; {cheaper}") }
}
