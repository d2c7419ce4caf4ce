//! How the highest sustainable rate was found: every probe, by the rate that was offered.
//!
//! Offered load lies on the horizontal axis, never what was achieved: that curve would fold back
//! on itself where an engine gives way. Filled is sustained, hollow is not, and the limit lies in
//! the shaded bracket between the highest pass and the lowest fail. No curve is drawn through
//! probes: each stands for itself.

use super::canvas::Align;
use super::frame::{Entry, Format, Frame};
use super::interactive::{self, Along, Axis, Drawn, Interactive, Point, Rule, Series, Unit};
use super::palette::{Identity, identities};
use super::scale::{Scale, opened};
use super::{Chart, Data};
use crate::quantity::{self, nanoseconds, rate};
use crate::record::study::{Limit, LimitOutcome, Probe, ProbeOutcome, ProbePurpose};
use crate::record::{CellRecord, EngineRecord};
use crate::words::capitalised;

/// One engine's search.
struct Search<'a> {
    engine: &'a EngineRecord,
    identity: Identity,
    limit: &'a Limit,
}

impl Search<'_> {
    /// Probes that offered what they were meant to and say something.
    fn told(&self) -> impl Iterator<Item = &Probe> {
        let told = |p: &&Probe| matches!(p.outcome, ProbeOutcome::Pass | ProbeOutcome::Fail);
        self.limit.probes.iter().filter(told).filter(|probe| probe.rate_per_s > 0.0)
    }
}

/// None if no engine's limit was searched.
pub(super) fn chart(cell: &CellRecord) -> Option<Chart> {
    let searches: Vec<Search<'_>> = cell
        .engines
        .iter()
        .zip(identities(cell))
        .filter_map(|(engine, identity)| {
            Some(Search { engine, identity, limit: engine.limit.as_ref()? })
        })
        .collect();
    if searches.iter().all(|search| search.told().next().is_none()) {
        return None;
    }
    let title = finding(&searches);
    let data = data(&searches);
    let chart = Chart::drawn("limits", title, data, |format, title| draw(&searches, format, title));
    Some(chart.with(interactive(&searches)))
}

fn finding(searches: &[Search<'_>]) -> String {
    let each: Vec<String> = searches
        .iter()
        .map(|Search { engine, limit, .. }| {
            let label = &engine.label;
            match (limit.outcome, limit.pass_per_s, limit.fail_per_s) {
                (LimitOutcome::Found, Some(pass), Some(fail)) => {
                    format!("{label} sustains {} and gives way at {}", rate(pass), rate(fail))
                }
                (LimitOutcome::AtLeast | LimitOutcome::Found, Some(pass), _) => {
                    format!("{label} sustains at least {}", rate(pass))
                }
                _ => format!("the limit of {label} is not known"),
            }
        })
        .collect();
    capitalised(&each.join("; "))
}

/// Ranges of both axes: rates, and the tails of the probes that have one.
fn extent(searches: &[Search<'_>]) -> ((f64, f64), (f64, f64)) {
    let probes = || searches.iter().flat_map(Search::told);
    let over = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::MAX, 0.0), |(low, high): (f64, f64), v| (low.min(v), high.max(v)))
    };
    let rates = over(&mut probes().map(|probe| probe.rate_per_s));
    let slo = searches.iter().filter_map(|search| search.limit.slo).map(|(_, ns)| ns);
    let tails = over(&mut probes().filter_map(|p| p.p99_ns).chain(slo).map(|ns| ns as f64));
    ((rates.0 * 0.85, rates.1 * 1.15), opened((tails.0.min(tails.1), tails.1)))
}

const RATE: &str = "offered rate (log scale)";
const TAIL: &str = "p99 of result_latency (log scale)";
const SHARE: &str = "completed, as a share of what was offered";

fn share(probe: &Probe) -> f64 {
    probe.completed_per_s / probe.rate_per_s
}

fn interactive(searches: &[Search<'_>]) -> Interactive {
    let (rates, tails) = extent(searches);
    let points = |value: fn(&Probe) -> f64| -> Vec<Series> {
        let of = |search: &Search<'_>| {
            let label = search.engine.label.clone();
            let role = search.identity.line;
            let mut series = Series::new(label, "", role, Drawn::Points, []);
            let mut points: Vec<Point> = search
                .told()
                .map(|probe| Point {
                    x: probe.rate_per_s,
                    y: value(probe),
                    interval: None,
                    hollow: probe.outcome != ProbeOutcome::Pass,
                })
                .collect();
            points.sort_by(|a, b| a.x.total_cmp(&b.x));
            series.points.0 = points;
            series
        };
        searches.iter().map(of).collect()
    };
    let tail = points(|probe| probe.p99_ns.map_or(f64::NAN, |ns| ns as f64));
    let mut upper =
        interactive::Panel::new(Axis::logarithmic(TAIL, Unit::Nanoseconds, tails), tail);
    let shares = Axis::linear(SHARE, Unit::Fraction, (0.0, 1.12));
    let mut lower = interactive::Panel::new(shares, points(share));
    (upper.height, lower.height) = (250, 90);
    let whole = Rule { along: Along::X, at: 1.0, label: String::new(), role: "l-rule" };
    lower.rules.push(whole);
    for Search { engine, identity, limit } in searches {
        if let Some(pass) = limit.pass_per_s {
            let label = format!("{} {}", engine.label, quantity::tick(&rate(pass)));
            upper.rules.push(Rule { along: Along::Y, at: pass, label, role: identity.line });
            if let Some(to) = limit.fail_per_s {
                let label = format!("where the limit of {} lies", engine.label);
                upper.regions.push(interactive::Region { from: pass, to, label });
            }
        }
    }
    if let Some((quantile, ns)) = searches.iter().find_map(|search| search.limit.slo) {
        let label = demand(quantile, ns);
        upper.rules.push(Rule { along: Along::X, at: ns as f64, label, role: "l-rule" });
    }
    Interactive { x: Axis::logarithmic(RATE, Unit::Rate, rates), panels: vec![upper, lower] }
}

/// "p99 below 100 ms, as demanded"
fn demand(quantile: f64, ns: u64) -> String {
    let percentile = format!("{:.4}", quantile * 100.0);
    let percentile = percentile.trim_end_matches('0').trim_end_matches('.');
    format!("p{percentile} below {}, as demanded", quantity::tick(&nanoseconds(ns as f64)))
}

fn draw(searches: &[Search<'_>], format: Format, title: &str) -> String {
    let definition = "Each point is one probe: a run of its own at one offered rate. Filled: \
                      sustained. Hollow: not. Shaded: between the highest pass and the lowest \
                      fail, where the limit lies.";
    let mut frame = Frame::new(format, title, definition, 20.0);
    let entries: Vec<Entry<'_>> = searches
        .iter()
        .map(|search| Entry {
            identity: search.identity,
            label: &search.engine.label,
            hollow: false,
        })
        .collect();
    frame.legend(&entries);
    let (rates, tails) = extent(searches);
    let upper = frame.panel(format.height() * 0.85, TAIL);
    let lower = frame.panel(90.0, SHARE);
    let x = Scale::logarithmic(rates, upper.x());
    let y = Scale::logarithmic(tails, upper.y());
    let strip = Scale::linear((0.0, 1.12), lower.y());
    for Search { identity, limit, .. } in searches {
        if let (Some(pass), Some(fail)) = (limit.pass_per_s, limit.fail_per_s) {
            for panel in [upper, lower] {
                let (from, to) = ((x.at(pass), panel.top), (x.at(fail), panel.bottom));
                frame.canvas.rectangle(identity.band, from, to);
            }
        }
    }
    frame.vertical_axis(upper, &y, nanoseconds);
    frame.vertical_axis(lower, &strip, quantity::fraction);
    let size = format.text();
    for (place, Search { engine, identity, limit }) in searches.iter().enumerate() {
        let Some(pass) = limit.pass_per_s else { continue };
        let at = x.at(pass);
        frame.canvas.line(identity.line, &[(at, upper.top), (at, upper.bottom)]);
        let label = format!("{} {}", engine.label, quantity::tick(&rate(pass)));
        let (align, shift) = if at > f64::midpoint(upper.left, upper.right) {
            (Align::Right, -6.0)
        } else {
            (Align::Left, 6.0)
        };
        let height = upper.top + size * (0.8 + 1.4 * place as f64);
        frame.canvas.text("ink", align, (at + shift, height), size, &label);
    }
    if let Some((quantile, ns)) = searches.iter().find_map(|search| search.limit.slo) {
        let at = y.at(ns as f64);
        frame.canvas.line("l-rule", &[(upper.left, at), (upper.right, at)]);
        let label = demand(quantile, ns);
        frame.canvas.text("ink", Align::Left, (upper.left + 6.0, at - size * 0.8), size, &label);
    }
    let whole = strip.at(1.0);
    frame.canvas.line("l-rule", &[(lower.left, whole), (lower.right, whole)]);
    for search in searches {
        for probe in search.told() {
            let hollow = probe.outcome != ProbeOutcome::Pass;
            let at = x.at(probe.rate_per_s);
            if let Some(ns) = probe.p99_ns {
                let at = (at, y.at(ns as f64));
                frame.canvas.marker(search.identity, at, 5.0, hollow);
            }
            if share(probe).is_finite() {
                frame.canvas.marker(search.identity, (at, strip.at(share(probe))), 4.0, hollow);
            }
        }
    }
    let ticks = x.ticks(format.ticks());
    frame.horizontal_axis(lower, &x, &ticks, |tick| quantity::tick(&rate(tick)), RATE);
    let silent = searches.iter().map(|s| s.limit.probes.len() - s.told().count()).sum::<usize>();
    if silent > 0 {
        let many = if silent == 1 { "1 probe says".into() } else { format!("{silent} probes say") };
        frame.footnote(&format!(
            "{many} nothing, as the load was not held, and is in the data only."
        ));
    }
    for Search { engine, limit, .. } in searches {
        if !limit.text.is_empty() {
            let text = limit.text.trim_end_matches('.');
            frame.footnote(&format!("{}: {text}.", capitalised(&engine.label)));
        }
    }
    frame.finish(title)
}

fn data(searches: &[Search<'_>]) -> Data {
    let header = [
        "engine",
        "purpose",
        "offered",
        "outcome",
        "p99",
        "completed",
        "backlog slope",
        "measured",
        "reason",
    ];
    let mut rows = Vec::new();
    for Search { engine, limit, .. } in searches {
        for probe in &limit.probes {
            let purpose = match probe.purpose {
                ProbePurpose::Bracket => "bracket",
                ProbePurpose::Bisect => "bisect",
                ProbePurpose::Confirm => "confirm",
                ProbePurpose::Refute => "refute",
            };
            let outcome = match probe.outcome {
                ProbeOutcome::Pass => "✓ sustained",
                ProbeOutcome::Fail => "✗ not sustained",
                ProbeOutcome::Unknown => "– unknown",
                ProbeOutcome::NotOffered => "– not offered",
            };
            let slope = |(low, high): (f64, f64)| {
                format!("{} to {}", quantity::fraction(low), quantity::fraction(high))
            };
            rows.push(vec![
                engine.label.clone(),
                purpose.into(),
                rate(probe.rate_per_s),
                outcome.into(),
                probe.p99_ns.map_or_else(|| quantity::NONE.into(), |ns| nanoseconds(ns as f64)),
                rate(probe.completed_per_s),
                probe.backlog_slope.map_or_else(|| quantity::NONE.into(), slope),
                quantity::tick(&quantity::seconds(probe.window_s)),
                probe.reason.clone(),
            ]);
        }
    }
    Data { header: header.map(String::from).to_vec(), rows }
}
