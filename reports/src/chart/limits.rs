//! How the highest sustainable rate was found: every probe, by the rate that was offered.
//!
//! Offered load lies on the horizontal axis, never what was achieved: that curve would fold back
//! on itself where an engine gives way. Filled is sustained, hollow is not, and the limit lies in
//! the shaded bracket between the highest pass and the lowest fail. No curve is drawn through
//! probes: each stands for itself. A thin line is that of a model, where one foretells probes that
//! it does not know; it ends where they do.

use super::description::{
    Axis, Data, Description, Drawn, Panel, Picture, Plot, Point, Region, Rule, Series, Unit, opened,
};
use super::palette::{RULE, identities};
use crate::judge::capacity::{self, Twin, error, loads, twin};
use crate::judge::plain_loop;
use crate::quantity::{self, nanoseconds, rate};
use crate::record::study::{Limit, LimitOutcome, PlainLoop, Probe, ProbeOutcome, ProbePurpose};
use crate::record::{CellRecord, EngineRecord};
use crate::words::{capitalised, plural};

/// One engine's search.
struct Search<'a> {
    engine: &'a EngineRecord,
    role: &'static str,
    limit: &'a Limit,
    twin: Option<Twin>,
}

impl Search<'_> {
    /// Probes that offered what they were meant to and say something.
    fn told(&self) -> impl Iterator<Item = &Probe> {
        let told = |p: &&Probe| matches!(p.outcome, ProbeOutcome::Pass | ProbeOutcome::Fail);
        self.limit.probes.iter().filter(told).filter(|probe| probe.rate_per_s > 0.0)
    }
}

fn searches(cell: &CellRecord) -> Vec<Search<'_>> {
    cell.engines
        .iter()
        .zip(identities(cell))
        .filter_map(|(engine, role)| {
            let limit = engine.limit.as_ref()?;
            Some(Search { engine, role, limit, twin: twin(&loads(limit)).ok() })
        })
        .collect()
}

/// None if no engine's limit was searched.
pub(super) fn chart(cell: &CellRecord) -> Option<Description> {
    let searches = searches(cell);
    if searches.iter().all(|search| search.told().next().is_none()) {
        return None;
    }
    Some(Description {
        name: "limits".into(),
        title: finding(&searches),
        definition: "Each point is one probe: a run of its own at one offered rate. Filled: \
                     sustained. Hollow: not. Shaded: between the highest pass and the lowest \
                     fail, where the limit lies."
            .into(),
        picture: Picture::Live(plot(&searches, cell.plain_loop.as_ref())),
        notes: notes(&searches, cell.plain_loop.as_ref()),
        data: data(&searches),
    })
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

fn plot(searches: &[Search<'_>], plain: Option<&PlainLoop>) -> Plot {
    let (mut rates, tails) = extent(searches);
    let most_by_hand = plain.map(plain_loop::most_per_s);
    rates.1 = most_by_hand.map_or(rates.1, |most| rates.1.max(most * 1.15));
    let points = |value: fn(&Probe) -> f64| -> Vec<Series> {
        let of = |search: &Search<'_>| {
            let mut series = Series::new(&search.engine.label, "", search.role, Drawn::Points, []);
            let point = |probe: &Probe| Point {
                x: probe.rate_per_s,
                y: value(probe),
                hollow: probe.outcome != ProbeOutcome::Pass,
                ..Point::default()
            };
            series.points.0 = search.told().map(point).collect();
            series.points.0.sort_by(|a, b| a.x.total_cmp(&b.x));
            series
        };
        searches.iter().map(of).collect()
    };
    let mut tail = points(|probe| probe.p99_ns.map_or(f64::NAN, |ns| ns as f64));
    tail.extend(searches.iter().filter_map(foretold));
    let y = Axis::logarithmic("p99 of result_latency (log scale)", Unit::Nanoseconds, tails);
    let mut upper = Panel::new(y, 250, tail);
    let share = points(|probe| probe.completed_per_s / probe.rate_per_s);
    let name = "completed, as a share of what was offered";
    let mut lower = Panel::new(Axis::linear(name, Unit::Fraction, (0.0, 1.12)), 90, share);
    lower.rules.push(Rule::across(1.0, String::new()));
    for Search { engine, role, limit, .. } in searches {
        if let Some(pass) = limit.pass_per_s {
            let label = format!("{} {}", engine.label, quantity::tick(&rate(pass)));
            upper.rules.push(Rule::upright(pass, label, role));
            if let Some(to) = limit.fail_per_s {
                let label = format!("where the limit of {} lies", engine.label);
                for panel in [&mut upper, &mut lower] {
                    let label = label.clone();
                    panel.regions.push(Region { from: pass, to, label, role });
                }
            }
        }
    }
    if let Some(most) = most_by_hand {
        let label = format!("{}, one core: {}", plain_loop::NAME, quantity::tick(&rate(most)));
        upper.rules.push(Rule::upright(most, label, RULE));
    }
    if let Some((quantile, ns)) = searches.iter().find_map(|search| search.limit.slo) {
        upper.rules.push(Rule::across(ns as f64, demand(quantile, ns)));
    }
    Plot::new(Axis::logarithmic("offered rate (log scale)", Unit::Rate, rates), vec![upper, lower])
}

/// What a model says of the p99 between the least and the highest rate that it is made from.
fn foretold(Search { engine, role, twin, .. }: &Search<'_>) -> Option<Series> {
    let twin = twin.as_ref()?;
    let series = Series::new(&engine.label, "p99 by a model", role, Drawn::Thin, twin.curve());
    Some(series.called(format!("{}: model, {}", engine.label, error(&twin.held_out))))
}

/// "p99 below 100 ms, as demanded"
fn demand(quantile: f64, ns: u64) -> String {
    let percentile = format!("{:.4}", quantile * 100.0);
    let percentile = percentile.trim_end_matches('0').trim_end_matches('.');
    format!("p{percentile} below {}, as demanded", quantity::tick(&nanoseconds(ns as f64)))
}

/// How many probes are not drawn, and why.
fn silent(searches: &[Search<'_>]) -> Option<String> {
    let of = |what: ProbeOutcome| {
        let probes = searches.iter().flat_map(|search| &search.limit.probes);
        probes.filter(move |probe| probe.outcome == what)
    };
    let unheld = of(ProbeOutcome::NotOffered).count();
    let mut reasons: Vec<&str> =
        of(ProbeOutcome::Unknown).map(|probe| probe.reason.as_str()).collect();
    let open = reasons.len();
    reasons.dedup();
    let mut parts = Vec::new();
    if unheld > 0 {
        parts.push(format!("{} not offered the load", told(unheld, "was", "were")));
    }
    match reasons.as_slice() {
        [] => (),
        [only] => parts.push(format!("{} open: {only}", told(open, "stayed", "stayed"))),
        [first, ..] => parts.push(format!(
            "{} open, each for a reason that is in the data, such as \u{201c}{first}\u{201d}",
            told(open, "stayed", "stayed")
        )),
    }
    let are = if unheld + open == 1 { "It is" } else { "They are" };
    (!parts.is_empty()).then(|| format!("{}. {are} in the data only.", parts.join("; ")))
}

/// "1 probe was", "8 probes were"
fn told(n: usize, one: &str, several: &str) -> String {
    format!("{} {}", plural(n, "probe"), if n == 1 { one } else { several })
}

fn notes(searches: &[Search<'_>], plain: Option<&PlainLoop>) -> Vec<String> {
    let silent = silent(searches);
    let told = searches.iter().filter(|search| !search.limit.text.is_empty()).map(|search| {
        let text = search.limit.text.trim_end_matches('.');
        format!("{}: {text}.", capitalised(&search.engine.label))
    });
    let models = searches.iter().map(|Search { engine, limit, .. }| {
        format!("{}, {}.", capitalised(&engine.label), capacity::told(limit))
    });
    let by_hand = plain.map(|plain| capitalised(&plain_loop::sentence(plain, None)) + ".");
    silent.into_iter().chain(told).chain(models).chain(by_hand).collect()
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
    Data::new(header, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_plain_loop_is_a_line_where_it_would_have_a_core_to_do() {
        let mut cell = sample::limited().cells.remove(0);
        let plain = PlainLoop { ns_per_event: 12.5, events: 1 << 20, answers: 1_040, passes: 5 };
        cell.plain_loop = Some(plain);
        let plot = plot(&searches(&cell), cell.plain_loop.as_ref());
        let is_line = |rule: &&Rule| rule.label.starts_with(plain_loop::NAME);
        let line = plot.panels[0].rules.iter().find(is_line).unwrap();
        assert!((line.at - 80e6).abs() < 1.0, "{}", line.label);
        assert!(
            notes(&searches(&cell), Some(&plain)).last().unwrap().contains("12.5 ns of one core")
        );
        let chart = crate::chart::Chart::from(chart(&cell).unwrap());
        assert!(chart.wide.contains("a plain loop, one core: 80"), "it is within the picture");
    }

    #[test]
    fn a_model_is_drawn_where_probes_are_and_nowhere_else() {
        let mut cell = sample::limited().cells.remove(0);
        let lines = |cell: &CellRecord| -> Vec<Series> {
            let plot = plot(&searches(cell), None);
            let series = plot.panels.into_iter().flat_map(|panel| panel.series);
            series.filter(|series| series.drawn == Drawn::Thin).collect()
        };
        assert!(lines(&cell).is_empty(), "of too few probes there is no model");
        let probes = &mut cell.engines[0].limit.as_mut().unwrap().probes;
        let like = probes[0].clone();
        let probe = |n: u32| Probe {
            rate_per_s: f64::from(n) * 1e5,
            completed_per_s: f64::from(n) * 1e5,
            p99_ns: Some(50_000_000 + u64::from(n) * 4_000_000),
            backlog_slope: Some((-0.001, 0.001)),
            ..like.clone()
        };
        let behind =
            Probe { outcome: ProbeOutcome::Fail, backlog_slope: Some((0.1, 0.2)), ..probe(9) };
        *probes = (1..=6).map(probe).chain([behind]).collect();
        let lines = lines(&cell);
        let [only] = &lines[..] else { panic!("{lines:?}") };
        let ends = [only.points.0[0], only.points.0[only.points.0.len() - 1]];
        let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        assert!(close(ends[0].x, 1e5) && close(ends[0].y, 54e6), "{ends:?}");
        assert!(close(ends[1].x, 6e5) && close(ends[1].y, 74e6), "none at 900 k/s: {ends:?}");
        assert!(only.legend.as_ref().unwrap().ends_with("n = 4"), "{:?}", only.legend);
        assert!(
            notes(&searches(&cell), None)
                .iter()
                .any(|note| note.contains("by a model of its probes: p99 of 54.0"))
        );
    }

    #[test]
    fn probes_that_are_not_drawn_are_told_with_their_own_reason() {
        let mut cell = sample::limited().cells.remove(0);
        let told =
            |cell: &CellRecord| notes(&searches(cell), None).remove(0).replace('\u{a0}', " ");
        let probes = |cell: &mut CellRecord, outcomes: &[(ProbeOutcome, &str)]| {
            for engine in &mut cell.engines {
                engine.limit.as_mut().unwrap().probes.retain(|p| p.outcome == ProbeOutcome::Pass);
            }
            let probes = &mut cell.engines[0].limit.as_mut().unwrap().probes;
            let like = probes[0].clone();
            probes.extend(outcomes.iter().map(|(outcome, reason)| Probe {
                outcome: *outcome,
                reason: (*reason).to_owned(),
                ..like.clone()
            }));
        };
        let few = (ProbeOutcome::Unknown, "too few answers for a p99: 40, and it takes 1 000");
        probes(&mut cell, &[few]);
        assert_eq!(
            told(&cell),
            "1 probe stayed open: too few answers for a p99: 40, and it takes 1 000. It is in the \
             data only."
        );
        let grew = (ProbeOutcome::Unknown, "the backlog grew by 0 % to 3 % of the load");
        probes(&mut cell, &[few, grew, (ProbeOutcome::NotOffered, "late by 3 ms")]);
        assert_eq!(
            told(&cell),
            "1 probe was not offered the load; 2 probes stayed open, each for a reason that is in \
             the data, such as \u{201c}too few answers for a p99: 40, and it takes 1 000\u{201d}. \
             They are in the data only."
        );
    }
}
