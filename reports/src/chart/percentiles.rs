//! The whole distribution of `result_latency`: an HDR percentile plot.
//!
//! The horizontal axis is 1/(1 − p), logarithmic, so that each further nine has as much room as
//! the one before; on a linear one the tail, which is what users feel, would be a pixel. Where
//! fewer than ten answers lie beyond, it says so. Percentiles of repetitions are never averaged:
//! the bold line is their merged histogram, or the repetition in the middle.

use super::canvas::Align;
use super::frame::{Entry, Format, Frame};
use super::interactive::{Along, Axis, Drawn, Interactive, Panel, Region, Rule, Series, Unit};
use super::palette::{Identity, identities};
use super::scale::{Scale, opened};
use super::{Chart, Data};
use crate::judge::compare::Outcome;
use crate::judge::metrics::RESULT_LATENCY_P99;
use crate::judge::summary::{Standing, median_repetition, standing, verified};
use crate::quantity::{self, nanoseconds};
use crate::record::{CellRecord, EngineRecord, Latency};
use crate::words::capitalised;

/// One engine's distribution.
struct Curve<'a> {
    engine: &'a EngineRecord,
    identity: Identity,
    bold: &'a Latency,
    faint: Vec<(u32, &'a Latency)>,
    hollow: bool,
}

/// None if no verified repetition has a latency. `outcome` is who answers sooner.
pub(super) fn chart(cell: &CellRecord, outcome: &Outcome<'_>) -> Option<Chart> {
    let curves: Vec<Curve<'_>> = cell
        .engines
        .iter()
        .zip(identities(cell))
        .filter_map(|(engine, identity)| {
            let middle = median_repetition(engine)?.result_latency.as_ref()?;
            let bold = engine.merged_result_latency.as_ref().unwrap_or(middle);
            let faint: Vec<(u32, &Latency)> = verified(engine)
                .filter_map(|r| Some((r.rep, r.result_latency.as_ref()?)))
                .collect();
            let hollow = standing(engine) == Standing::NotSustained;
            Some(Curve { engine, identity, bold, faint, hollow })
        })
        .collect();
    if curves.is_empty() {
        return None;
    }
    let title = finding(cell, outcome, &curves);
    let data = data(&curves);
    let chart = Chart::drawn("percentiles", title, data, |format, title| {
        draw(cell, &curves, format, title)
    });
    Some(chart.with(interactive(cell, &curves)))
}

fn finding(cell: &CellRecord, outcome: &Outcome<'_>, curves: &[Curve<'_>]) -> String {
    match outcome {
        Outcome::Best { engine, figure, next, next_figure, .. } => format!(
            "{} answers sooner: p99 of {}, against {} of {}",
            capitalised(&engine.label),
            nanoseconds(*figure),
            nanoseconds(*next_figure),
            next.label
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
                    let p99 = nanoseconds(curve.bold.p99_ns as f64);
                    let tag = if curve.hollow { ", not sustained" } else { "" };
                    format!("{} {p99}{tag}", curve.engine.label)
                })
                .collect();
            let wrong: Vec<&str> = cell
                .engines
                .iter()
                .filter(|engine| standing(engine) == Standing::Unfit)
                .map(|engine| engine.label.as_str())
                .collect();
            let why = match wrong.as_slice() {
                [] => String::new(),
                wrong => format!(", as {} was not verified throughout", wrong.join(" and ")),
            };
            format!("Not compared{why}; p99: {}", each.join("; "))
        }
    }
}

fn draw(cell: &CellRecord, curves: &[Curve<'_>], format: Format, title: &str) -> String {
    let definition = format!("result_latency: emission − due. {}", cell.latency_definition);
    let mut frame = Frame::new(format, title, &definition, 96.0);
    let labels: Vec<String> = curves
        .iter()
        .map(|curve| {
            format!("{}, {}", curve.engine.label, quantity::counted(curve.bold.count, "answer"))
        })
        .collect();
    let entries: Vec<Entry<'_>> = curves
        .iter()
        .zip(&labels)
        .map(|(curve, label)| Entry { identity: curve.identity, label, hollow: curve.hollow })
        .collect();
    frame.legend(&entries);
    let panel = frame.panel(format.height(), "result_latency (log scale)");

    let Extent { fewest, most, latency } = extent(cell, curves);
    let x = Scale::logarithmic((1.0, most), panel.x());
    let y = Scale::logarithmic(latency, panel.y());

    let thin_from = x.at((fewest / 10.0).max(1.0));
    frame.canvas.rectangle("b-hatch", (thin_from, panel.top), (panel.right, panel.bottom));
    frame.vertical_axis(panel, &y, nanoseconds);
    let nines: Vec<f64> = [1.0, 2.0]
        .into_iter()
        .chain((1..=9).map(|n| 10.0_f64.powi(n)))
        .filter(|tick| *tick <= most * 1.001)
        .collect();
    let show = |tick: f64| percentile_label(tick);
    frame.horizontal_axis(panel, &x, &nines, show, "percentile, as 1 / (1 − p) (log scale)");

    for curve in curves {
        for (_, latency) in &curve.faint {
            frame.canvas.line(curve.identity.faint, &points(latency, &x, &y));
        }
        frame.canvas.line(curve.identity.line, &points(curve.bold, &x, &y));
    }
    let size = format.text();
    let lines: Vec<f64> = curves.iter().map(|curve| y.at(curve.bold.p99_ns as f64)).collect();
    let mut labels_at: Vec<f64> = Vec::new();
    let highest = curves.iter().map(|curve| y.at(curve.bold.max_ns as f64)).collect();
    let highest = spread(highest, size * 1.35, panel.bottom);
    for (curve, max_y) in curves.iter().zip(highest) {
        let bold = curve.bold;
        let n = bold.count.max(1) as f64;
        let marked = [(2.0, bold.p50_ns), (10.0, bold.p90_ns), (100.0, bold.p99_ns)];
        for (tick, ns) in marked.into_iter().chain([(1000.0, bold.p999_ns), (n, bold.max_ns)]) {
            if tick <= n {
                let at = (x.at(tick), y.at(ns as f64));
                frame.canvas.marker(curve.identity, at, 4.2, curve.hollow);
            }
        }
        // Above the line or below it; nowhere if both places are taken, as the table has it too.
        let p99_y = y.at(bold.p99_ns as f64);
        let place = [p99_y - size * 1.15, p99_y + size * 1.2].into_iter().find(|at| {
            let apart = |others: &[f64], gap: f64| others.iter().all(|o| (o - at).abs() > gap);
            apart(&lines, size * 1.1)
                && apart(&labels_at, size * 1.3)
                && *at > panel.top + size * 0.6
                && *at < panel.bottom - size * 0.6
        });
        if let Some(at) = place.filter(|_| n >= 100.0) {
            let label = format!("p99 {}", nanoseconds(bold.p99_ns as f64));
            frame.canvas.text("ink", Align::Centre, (x.at(100.0) - 6.0, at), size, &label);
            labels_at.push(at);
        }
        let label = format!("max {}", nanoseconds(bold.max_ns as f64));
        frame.canvas.text("ink", Align::Left, (x.at(n) + 8.0, max_y), size, &label);
    }
    let at = (panel.right - 5.0, panel.bottom - 9.0);
    frame.canvas.text("muted", Align::Right, at, size * 0.96, "fewer than 10 answers beyond");
    for demand in demands(cell) {
        let at = y.at(demand.below_ns);
        frame.canvas.line("l-rule", &[(panel.left, at), (panel.right, at)]);
        let place = (panel.left + 6.0, at - size * 0.8);
        frame.canvas.text("ink", Align::Left, place, size, &demand.label);
    }
    frame.footnote(&repetitions_note(curves));
    for demand in demands(cell) {
        frame.footnote(&demand.met(curves));
    }
    frame.finish(title)
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

/// How far the axes reach.
struct Extent {
    /// Answers in the smallest distribution.
    fewest: f64,
    /// Answers in the largest one, and at least 100.
    most: f64,
    /// From the fastest to the slowest, in nanoseconds.
    latency: (f64, f64),
}

fn extent(cell: &CellRecord, curves: &[Curve<'_>]) -> Extent {
    let every =
        || curves.iter().flat_map(|c| c.faint.iter().map(|(_, latency)| *latency).chain([c.bold]));
    let counts = every().map(|latency| latency.count.max(1) as f64);
    let (fewest, most) = counts.fold((f64::MAX, 100.0), |(low, high), n| (low.min(n), n.max(high)));
    let low = every().filter_map(|l| l.ladder.first()).map(|point| point.1).min().unwrap_or(1);
    let high = every().map(|latency| latency.max_ns).max().unwrap_or(1);
    let demanded = demands(cell).into_iter().map(|demand| demand.below_ns);
    let reach = |(low, high): (f64, f64), ns: f64| (low.min(ns), high.max(ns));
    let latency = opened(demanded.fold((low as f64, high as f64), reach));
    Extent { fewest, most, latency }
}

fn interactive(cell: &CellRecord, curves: &[Curve<'_>]) -> Interactive {
    let Extent { fewest, most, latency } = extent(cell, curves);
    let mut series = Vec::new();
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
    for curve in curves {
        for (rep, latency) in &curve.faint {
            let (of, what) = (&curve.engine.label, format!("repetition {rep}"));
            let line = Series::new(of, what, curve.identity.line, Drawn::Faint, along(latency));
            series.push(line.not_sustained(curve.hollow));
        }
        let (of, points) = (&curve.engine.label, along(curve.bold));
        let bold = Series::new(of, "", curve.identity.line, Drawn::Line, points);
        series.push(bold.not_sustained(curve.hollow));
    }
    let y = Axis::logarithmic("result_latency (log scale)", Unit::Nanoseconds, latency);
    let mut panel = Panel::new(y, series);
    panel.regions.push(Region {
        from: (fewest / 10.0).max(1.0),
        to: most,
        label: "fewer than 10 answers beyond".into(),
    });
    panel.rules = demands(cell)
        .into_iter()
        .map(|Demand { below_ns: at, label }| Rule { along: Along::X, at, label, role: "l-rule" })
        .collect();
    let name = "percentile, as 1 / (1 − p) (log scale)";
    Interactive { x: Axis::logarithmic(name, Unit::Rarity, (1.0, most)), panels: vec![panel] }
}

/// Heights of labels moved apart to at least `gap`, in their order from top to bottom, as near to
/// where they belong as going down and then up again allows.
fn spread(heights: Vec<f64>, gap: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|a, b| heights[*a].total_cmp(&heights[*b]));
    let mut placed = heights;
    let mut least = f64::MIN;
    for n in &order {
        placed[*n] = placed[*n].max(least);
        least = placed[*n] + gap;
    }
    let mut most = bottom;
    for n in order.iter().rev() {
        placed[*n] = placed[*n].min(most);
        most = placed[*n] - gap;
    }
    placed
}

fn repetitions_note(curves: &[Curve<'_>]) -> String {
    let most = curves.iter().map(|curve| curve.faint.len()).max().unwrap_or(0);
    if most < 2 {
        return "One repetition, so how much this varies is not known.".into();
    }
    let bold = if curves.iter().all(|curve| curve.engine.merged_result_latency.is_some()) {
        "the repetitions' histograms merged"
    } else {
        "the repetition with the middle p99"
    };
    format!("Bold: {bold}. Thin: each of up to {most} verified repetitions.")
}

fn points(latency: &Latency, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
    let n = latency.count.max(1) as f64;
    latency.ladder.iter().map(|(p, ns)| (x.at(rarity(*p, n)), y.at(*ns as f64))).collect()
}

/// 1/(1 − p): one answer in so many is slower. No answer is rarer than one of all.
fn rarity(percentile: f64, n: f64) -> f64 {
    if percentile >= 100.0 { n } else { (100.0 / (100.0 - percentile)).min(n) }
}

fn percentile_label(rarity: f64) -> String {
    if rarity < 1.5 {
        return "0".into();
    }
    let digits = (rarity.log10().round() - 2.0).max(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 7")]
    let digits = digits as usize;
    format!("{:.digits$} %", 100.0 - 100.0 / rarity)
}

fn data(curves: &[Curve<'_>]) -> Data {
    let mut header = vec!["percentile".to_owned()];
    header.extend(curves.iter().map(|curve| curve.engine.label.clone()));
    let rows = [50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.99, 100.0]
        .map(|percentile| {
            let name = if percentile < 100.0 { format!("{percentile} %") } else { "max".into() };
            let mut row = vec![name];
            row.extend(curves.iter().map(|curve| {
                let missing = curve.bold.count as f64 * (1.0 - percentile / 100.0);
                // One answer cannot tell a percentile that is rarer than itself.
                if percentile < 100.0 && missing < 1.0 - 1e-6 {
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
    fn each_nine_is_named() {
        let labels = [1.0, 2.0, 10.0, 100.0, 1e3, 1e4, 1e6].map(percentile_label);
        assert_eq!(labels, ["0", "50 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.9999 %"]);
    }

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
    fn labels_keep_apart_and_in_order() {
        assert_eq!(spread(vec![50.0, 10.0, 12.0], 10.0, 100.0), [50.0, 10.0, 20.0]);
        assert_eq!(spread(vec![99.0, 98.0], 10.0, 100.0), [100.0, 90.0]);
        assert!(spread(Vec::new(), 10.0, 100.0).is_empty());
    }

    #[test]
    fn nothing_is_rarer_than_one_of_all() {
        assert!((rarity(99.0, 1e6) - 100.0).abs() < 1e-9);
        assert!((rarity(100.0, 50.0) - 50.0).abs() < 1e-9);
        assert!((rarity(99.9999, 50.0) - 50.0).abs() < 1e-9);
    }
}
