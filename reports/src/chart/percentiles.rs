//! The whole distribution of `result_latency`: an HDR percentile plot.
//!
//! The horizontal axis is 1/(1 − p), logarithmic, so that each further nine has as much room as
//! the one before; on a linear one the tail, which is what users feel, would be a pixel. Where
//! fewer than ten answers lie beyond, it says so. Percentiles of repetitions are never averaged:
//! the bold line is their merged histogram, or the repetition in the middle.

use super::description::{
    Axis, Data, Description, Drawn, Panel, Picture, Plot, Region, Rule, Series, Unit, opened,
};
use super::palette::{HATCH, identities};
use crate::judge::compare::Outcome;
use crate::judge::lost::aside;
use crate::judge::metrics::RESULT_LATENCY_P99;
use crate::judge::summary::{Choice, Standing, median_repetition, standing, verified};
use crate::quantity::{self, nanoseconds};
use crate::record::{CellRecord, EngineRecord, Latency, answers_for};
use crate::words::capitalised;

/// One engine's distribution.
struct Curve<'a> {
    engine: &'a EngineRecord,
    role: &'static str,
    bold: &'a Latency,
    faint: Vec<(u32, &'a Latency)>,
    hollow: bool,
}

/// None if no verified repetition has a latency. `outcome` is who answers sooner.
pub(super) fn chart(cell: &CellRecord, outcome: &Outcome<'_>) -> Option<Description> {
    let curves: Vec<Curve<'_>> = cell
        .engines
        .iter()
        .zip(identities(cell))
        .filter_map(|(engine, role)| {
            let middle = median_repetition(engine)?.result_latency.as_ref()?;
            let bold = engine.merged_result_latency.as_ref().unwrap_or(middle);
            let faint: Vec<(u32, &Latency)> = verified(engine)
                .filter_map(|r| Some((r.rep, r.result_latency.as_ref()?)))
                .collect();
            let hollow = standing(engine) == Standing::NotSustained;
            Some(Curve { engine, role, bold, faint, hollow })
        })
        .collect();
    if curves.is_empty() {
        return None;
    }
    let demands = demands(cell);
    let met = demands.iter().map(|demand| demand.met(&curves));
    Some(Description {
        name: "percentiles".into(),
        title: finding(cell, outcome, &curves),
        definition: format!("result_latency: emission − due. {}", cell.latency_definition),
        picture: Picture::Live(plot(&demands, &curves)),
        notes: std::iter::once(repetitions_note(&curves)).chain(met).collect(),
        data: data(&curves),
    })
}

fn finding(cell: &CellRecord, outcome: &Outcome<'_>, curves: &[Curve<'_>]) -> String {
    match outcome {
        Outcome::Best { engine, figure, next, next_figure, .. } => format!(
            "{} answers sooner: p99 of {}, against {} of {}{}",
            capitalised(&engine.label),
            nanoseconds(*figure),
            nanoseconds(*next_figure),
            next.label,
            aside([*engine])
        ),
        Outcome::Lower { engine, figure, next, next_figure, repetitions } => format!(
            "p99 of {} is lower in these runs: {}, against {} of {} (n = {repetitions}){}",
            engine.label,
            nanoseconds(*figure),
            nanoseconds(*next_figure),
            next.label,
            aside([*engine])
        ),
        Outcome::Interval { engine, figure, next, next_figure } => format!(
            "The difference at p99 is the interval of {}: {}, against {} of {}{}",
            next.label,
            nanoseconds(*next_figure),
            nanoseconds(*figure),
            engine.label,
            aside([*engine])
        ),
        Outcome::NoDifference { engine, figure, next, next_figure } => format!(
            "The same at p99 within {}: {} {}, {} {}",
            quantity::tick(&quantity::fraction(RESULT_LATENCY_P99.band)),
            engine.label,
            nanoseconds(*figure),
            next.label,
            nanoseconds(*next_figure)
        ),
        Outcome::NotEnoughData { engine, figure, next, next_figure, .. } => format!(
            "Not enough data to rank p99: {} {}, {} {}",
            engine.label,
            nanoseconds(*figure),
            next.label,
            nanoseconds(*next_figure)
        ),
        Outcome::NoContest => {
            let each: Vec<String> = curves
                .iter()
                .map(|curve| {
                    let p99 = curve.bold.p99();
                    let p99 =
                        p99.map_or_else(|| quantity::NONE.into(), |ns| nanoseconds(ns as f64));
                    let tag = if curve.hollow { ", not sustained" } else { "" };
                    format!("{} {p99}{tag}", curve.engine.label)
                })
                .collect();
            let are = |what: Standing| -> Vec<&str> {
                let those = cell.engines.iter().filter(|engine| standing(engine) == what);
                those.map(|engine| engine.label.as_str()).collect()
            };
            let few = cell.engines.iter().filter_map(|e| RESULT_LATENCY_P99.too_few(e));
            if let Some(few) = few.min_by_key(|few| few.answers) {
                return format!("Not compared: too few answers for a p99 ({few})");
            }
            let why = match (are(Standing::Unfit).as_slice(), are(Standing::Simulated).is_empty()) {
                ([], true) => String::new(),
                ([], false) => ", as time was simulated".into(),
                (wrong, _) => format!(", as {} was not verified throughout", wrong.join(" and ")),
            };
            format!("Not compared{why}; p99: {}", each.join("; "))
        }
    }
}

/// A limit that somebody demands of `result_latency`.
struct Demand {
    below_ns: f64,
    label: String,
}

/// What the scenario demands of `result_latency`, each limit once.
fn demands(cell: &CellRecord) -> Vec<Demand> {
    let mut demands: Vec<Demand> = Vec::new();
    for threshold in &cell.thresholds {
        let percentile = threshold.metric.strip_prefix("result_latency.");
        let (Some(percentile), Some(below_ns)) = (percentile, threshold.below) else { continue };
        let percentile = if percentile == "p999" { "p99.9" } else { percentile };
        let limit = quantity::tick(&nanoseconds(below_ns));
        let label = format!("{percentile} below {limit}, as demanded");
        if below_ns > 0.0 && demands.iter().all(|known| known.label != label) {
            demands.push(Demand { below_ns, label });
        }
    }
    demands
}

impl Demand {
    /// "Within 100 ms: 99.2 % of the answers of micro-batch, …"
    fn met(&self, curves: &[Curve<'_>]) -> String {
        let each: Vec<String> = curves
            .iter()
            .map(|curve| {
                let share = quantity::completeness(share_within(curve.bold, self.below_ns));
                format!("{share} of the answers of {}", curve.engine.label)
            })
            .collect();
        let limit = quantity::tick(&nanoseconds(self.below_ns));
        format!("Within {limit}: {}.", each.join(", "))
    }
}

/// Which share of the answers took no longer, between two steps of the ladder by a straight line.
fn share_within(latency: &Latency, limit_ns: f64) -> f64 {
    if latency.max_ns as f64 <= limit_ns {
        return 1.0;
    }
    let mut below = (0.0, 0.0);
    for (percentile, ns) in &latency.ladder {
        let ns = *ns as f64;
        if ns > limit_ns {
            let part = (limit_ns - below.1) / (ns - below.1).max(1.0);
            return (below.0 + (percentile - below.0) * part).clamp(0.0, 100.0) / 100.0;
        }
        below = (*percentile, ns);
    }
    below.0 / 100.0
}

fn plot(demands: &[Demand], curves: &[Curve<'_>]) -> Plot {
    let along = |latency: &Latency| -> Vec<(f64, f64)> {
        let n = latency.count.max(1) as f64;
        let mut points: Vec<(f64, f64)> =
            latency.ladder.iter().map(|(p, ns)| (rarity(*p, n), *ns as f64)).collect();
        // Beyond one in all there is the slowest alone.
        let slowest = points.pop();
        points.retain(|point| point.0 < n);
        points.extend(slowest);
        points
    };
    let mut series = Vec::new();
    for Curve { engine, role, bold, faint, hollow } in curves {
        for (rep, latency) in faint {
            let what = format!("repetition {rep}");
            let line = Series::new(&engine.label, what, role, Drawn::Faint, along(latency));
            series.push(line.called(legend(engine, bold)).not_sustained(*hollow));
        }
        let line = Series::new(&engine.label, "", role, Drawn::Line, along(bold));
        let mut line = line.called(legend(engine, bold)).not_sustained(*hollow);
        let n = bold.count.max(1) as f64;
        let p99 = bold.p99().map(|ns| ns as f64);
        line.named.extend(p99.map(|ns| (100.0, ns, format!("p99 {}", nanoseconds(ns)))));
        line.named.push((
            n,
            bold.max_ns as f64,
            format!("max {}", nanoseconds(bold.max_ns as f64)),
        ));
        series.push(line);
    }
    let every =
        || curves.iter().flat_map(|c| c.faint.iter().map(|(_, latency)| *latency).chain([c.bold]));
    let counts = every().map(|latency| latency.count.max(1) as f64);
    // Answers in the smallest distribution, and in the largest one.
    let (fewest, most) = counts.fold((f64::MAX, 100.0), |(low, high), n| (low.min(n), n.max(high)));
    let low = every().filter_map(|l| l.ladder.first()).map(|point| point.1).min().unwrap_or(1);
    let high = every().map(|latency| latency.max_ns).max().unwrap_or(1);
    let demanded = demands.iter().map(|demand| demand.below_ns);
    let reach = |(low, high): (f64, f64), ns: f64| (low.min(ns), high.max(ns));
    let latency = opened(demanded.fold((low as f64, high as f64), reach));
    let y = Axis::logarithmic("result_latency (log scale)", Unit::Nanoseconds, latency);
    let mut panel = Panel::new(y, 280, series);
    panel.regions.push(Region {
        from: (fewest / 10.0).max(1.0),
        to: most,
        label: "fewer than 10 answers beyond".into(),
        role: HATCH,
    });
    let rules = demands.iter().map(|demand| Rule::across(demand.below_ns, demand.label.clone()));
    panel.rules = rules.collect();
    let name = "percentile, as 1 / (1 − p) (log scale)";
    Plot::new(Axis::logarithmic(name, Unit::Rarity, (1.0, most)), vec![panel])
}

/// An engine with how many answers its bold line stands for.
fn legend(engine: &EngineRecord, bold: &Latency) -> String {
    format!("{}, {}", engine.label, quantity::counted(bold.count, "answer"))
}

fn repetitions_note(curves: &[Curve<'_>]) -> String {
    let most = curves.iter().map(|curve| curve.faint.len()).max().unwrap_or(0);
    if most < 2 {
        return "One repetition, so how much this varies is not known.".into();
    }
    let choices = curves.iter().map(|curve| Choice::of(curve.engine));
    let bold = if curves.iter().all(|curve| curve.engine.merged_result_latency.is_some()) {
        "the repetitions' histograms merged".to_owned()
    } else {
        format!("the {}", choices.max().map_or("", Choice::words))
    };
    format!("Bold: {bold}. Thin: each of up to {most} verified repetitions.")
}

/// 1/(1 − p): one answer in so many is slower. No answer is rarer than one of all.
pub(super) fn rarity(percentile: f64, n: f64) -> f64 {
    if percentile >= 100.0 { n } else { (100.0 / (100.0 - percentile)).min(n) }
}

fn data(curves: &[Curve<'_>]) -> Data {
    let mut header = vec!["percentile".to_owned()];
    header.extend(curves.iter().map(|curve| curve.engine.label.clone()));
    let rows = [50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.99, 100.0]
        .map(|percentile| {
            let name = if percentile < 100.0 { format!("{percentile} %") } else { "max".into() };
            let mut row = vec![name];
            row.extend(curves.iter().map(|curve| {
                if percentile < 100.0 && curve.bold.count < answers_for(percentile / 100.0) {
                    return quantity::NONE.into();
                }
                at(curve.bold, percentile)
                    .map_or_else(|| quantity::NONE.into(), |ns| nanoseconds(ns as f64))
            }));
            row
        })
        .to_vec();
    Data { header, rows }
}

fn at(latency: &Latency, percentile: f64) -> Option<u64> {
    let known = [
        (50.0, latency.p50_ns),
        (90.0, latency.p90_ns),
        (99.0, latency.p99_ns),
        (99.9, latency.p999_ns),
        (100.0, latency.max_ns),
    ];
    let near = |p: f64| (p - percentile).abs() < 1e-9;
    known
        .iter()
        .find(|(p, _)| near(*p))
        .map(|(_, ns)| *ns)
        .or_else(|| latency.ladder.iter().find(|(p, _)| *p >= percentile - 1e-9).map(|(_, ns)| *ns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_lies_between_two_steps() {
        let latency = Latency {
            max_ns: 400,
            ladder: vec![(0.0, 100), (50.0, 200), (90.0, 300), (100.0, 400)],
            ..Latency::default()
        };
        for (limit_ns, want) in
            [(50.0, 0.0), (200.0, 0.5), (250.0, 0.7), (350.0, 0.95), (400.0, 1.0), (1e9, 1.0)]
        {
            let share = share_within(&latency, limit_ns);
            assert!((share - want).abs() < 1e-9, "{share} within {limit_ns}");
        }
    }

    #[test]
    fn nothing_is_rarer_than_one_of_all() {
        assert!((rarity(99.0, 1e6) - 100.0).abs() < 1e-9);
        assert!((rarity(100.0, 50.0) - 50.0).abs() < 1e-9);
        assert!((rarity(99.9999, 50.0) - 50.0).abs() < 1e-9);
    }
}
