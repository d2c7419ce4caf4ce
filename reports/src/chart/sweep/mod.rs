//! Charts that span the cells of a sweep: one per question that people ask by varying something.
//!
//! Which question it is follows from the keys that were varied. With two keys there is a chart
//! for each value of the second, unless the question is about both. A point that fell behind its
//! load is drawn hollow, one that was not verified is not drawn, and neither takes part in
//! finding a winner, a crossing or a limit.

mod crossover;
mod disorder;
mod hockey;
mod other;
mod plot;
mod scalability;
mod skew;
mod window_cost;

use super::interactive::Unit;
use super::palette::{Identity, identities_of};
use super::{Chart, Part};
use crate::judge::metrics::{CPU_PER_EVENT, Metric, RESULT_LATENCY_P99};
use crate::judge::summary::{Standing, Summary, standing};
use crate::record::study::{Coordinate, Limit, LimitOutcome};
use crate::record::{CellRecord, EngineKind, EngineRecord, RunRecord};
use crate::statistics::bootstrap;
use crate::words::slug;
use plot::{Across, Curve, Spot};

/// The charts of a sweep; none of any other run.
pub(crate) fn charts(record: &RunRecord) -> Vec<Chart> {
    let Some(sweep) = &record.sweep else { return Vec::new() };
    let keys: Vec<&str> = sweep.axes.iter().map(|axis| axis.key.as_str()).collect();
    match keys[..] {
        [only] => slice(record, only, None).into_iter().flat_map(|s| asked(record, &s)).collect(),
        [first, second] => {
            if let Some(chart) = window_cost::plane(record, first, second) {
                return vec![chart.part(Part::Sweep)];
            }
            let (along, fixed) =
                if rank(second) < rank(first) { (second, first) } else { (first, second) };
            let values = sweep.axes.iter().find(|axis| axis.key == fixed);
            let values = values.map_or(&[][..], |axis| axis.values.as_slice());
            values
                .iter()
                .filter_map(|value| slice(record, along, Some((fixed, value))))
                .flat_map(|slice| asked(record, &slice))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Keys whose question is the more particular come first.
fn rank(key: &str) -> usize {
    let order: [fn(&str) -> bool; 7] = [
        is_interval,
        is_rate,
        // The path goes through growing lateness; how much disorder there is stays fixed.
        |key| is_disorder(key) && !key.contains(".disorder."),
        is_disorder,
        is_skew,
        is_window,
        |key| key == "parallelism",
    ];
    order.iter().position(|is| is(key)).unwrap_or(order.len())
}

fn is_interval(key: &str) -> bool {
    key == "engine.micro-batch.interval"
}

fn is_rate(key: &str) -> bool {
    key.starts_with("source.") && last(key) == "rate"
}

fn is_disorder(key: &str) -> bool {
    key.contains(".disorder.") || key.ends_with(".watermark") || key.ends_with(".allowed_lateness")
}

fn is_skew(key: &str) -> bool {
    key == "source.synthetic.keys.zipf.exponent" || key == "source.words.exponent"
}

fn is_window(key: &str) -> bool {
    key.starts_with("query.") && ["size", "slide"].contains(&last(key))
}

/// The charts of one key varied.
fn asked(record: &RunRecord, slice: &Slice<'_>) -> Vec<Chart> {
    let searched = slice.series.iter().flat_map(|s| &s.points).any(|p| p.engine.limit.is_some());
    let chart = match slice.key {
        key if is_interval(key) && !searched => crossover::chart(record, slice),
        key if is_rate(key) && !searched => hockey::chart(record, slice),
        key if is_disorder(key) && !searched => disorder::chart(record, slice),
        key if is_skew(key) => skew::chart(record, slice),
        key if is_window(key) && !searched => window_cost::chart(record, slice),
        "parallelism" => scalability::chart(record, slice),
        _ => None,
    };
    let part = match slice.key {
        key if is_interval(key) => Part::Crossover,
        key if is_rate(key) => Part::Limits,
        _ => Part::Sweep,
    };
    // Where there is nothing to draw for the particular question, the plain one remains.
    chart
        .or_else(|| other::chart(record, slice))
        .map(|chart| chart.part(part))
        .into_iter()
        .collect()
}

/// What one key does, everything else fixed.
struct Slice<'a> {
    key: &'a str,
    /// The other axis, where there is one, and where on it this is.
    fixed: Option<(&'a str, &'a str)>,
    series: Vec<Series<'a>>,
}

/// One engine along a slice.
struct Series<'a> {
    label: &'a str,
    kind: EngineKind,
    identity: Identity,
    /// By rising value.
    points: Vec<Point<'a>>,
    /// What is varied does not concern it: its one point stands for all.
    flat: bool,
}

/// One engine at one value.
struct Point<'a> {
    /// The value in base units; its place in the order, for words.
    at: f64,
    written: &'a str,
    cell: &'a CellRecord,
    engine: &'a EngineRecord,
    standing: Standing,
}

fn slice<'a>(
    record: &'a RunRecord,
    key: &'a str,
    fixed: Option<(&'a str, &'a str)>,
) -> Option<Slice<'a>> {
    let axes = &record.sweep.as_ref()?.axes;
    let words = &axes.iter().find(|axis| axis.key == key)?.values;
    let mut engines: Vec<(&str, EngineKind)> = Vec::new();
    for engine in record.cells.iter().flat_map(|cell| &cell.engines) {
        if !engines.iter().any(|(label, _)| *label == engine.label) {
            engines.push((&engine.label, engine.kind));
        }
    }
    let identities = identities_of(engines.iter().map(|(_, kind)| *kind));
    let mut series: Vec<Series<'a>> = Vec::new();
    for ((label, kind), identity) in engines.into_iter().zip(identities) {
        let mut points: Vec<Point<'a>> = Vec::new();
        for cell in &record.cells {
            let is_here = fixed.is_none_or(|(key, value)| {
                !concerns(key, kind) || coordinate(cell, key).is_some_and(|at| at.value == value)
            });
            let Some(at) = coordinate(cell, key).filter(|_| is_here) else { continue };
            let Some(engine) = cell.engines.iter().find(|engine| engine.label == label) else {
                continue;
            };
            if points.iter().any(|point| point.written == at.value) {
                continue;
            }
            let place = words.iter().position(|word| *word == at.value).unwrap_or(0);
            points.push(Point {
                at: at.number.unwrap_or(place as f64),
                written: &at.value,
                cell,
                engine,
                // A search says itself which rates held; it has probes and no repetitions.
                standing: match &engine.limit {
                    Some(_) if engine.repetitions.is_empty() => Standing::Fit,
                    _ => standing(engine),
                },
            });
        }
        points.sort_by(|a, b| a.at.total_cmp(&b.at));
        series.push(Series { label, kind, identity, points, flat: !concerns(key, kind) });
    }
    series.retain(|series| !series.points.is_empty());
    (!series.is_empty()).then_some(Slice { key, fixed, series })
}

/// Whether a key changes anything for an engine of this kind.
fn concerns(key: &str, kind: EngineKind) -> bool {
    match key.strip_prefix("engine.").and_then(|rest| rest.split('.').next()) {
        Some("micro-batch") => kind == EngineKind::MicroBatch,
        Some("per-event") => kind == EngineKind::PerEvent,
        _ => true,
    }
}

fn coordinate<'a>(cell: &'a CellRecord, key: &str) -> Option<&'a Coordinate> {
    cell.point.iter().find(|at| at.key == key)
}

impl<'a> Slice<'a> {
    /// A name for a chart's file, unique in the run.
    fn name(&self, of: &str) -> String {
        match self.fixed {
            Some((key, value)) => {
                format!("{of}-{}-{}", slug(last(key)), slug(&value.replace('.', "p")))
            }
            None => of.to_owned(),
        }
    }

    /// A finding with where on the other axis it was found.
    fn titled(&self, finding: &str) -> String {
        match self.fixed {
            Some((key, value)) => format!("At {} = {value}: {finding}", last(key)),
            None => crate::words::capitalised(finding),
        }
    }

    /// What stands along the bottom: every value at which something was measured.
    fn across(&self, name: &str, unit: Unit, logarithmic: bool) -> Across {
        let mut values: Vec<(f64, String)> = Vec::new();
        for point in self.series.iter().filter(|series| !series.flat).flat_map(|s| &s.points) {
            if !values.iter().any(|(_, written)| written == point.written) {
                values.push((point.at, point.written.to_owned()));
            }
        }
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let positive = values.first().is_some_and(|value| value.0 > 0.0);
        Across { name: name.to_owned(), logarithmic: logarithmic && positive, values, unit }
    }

    /// A curve per engine.
    fn curves(
        &self,
        what: &'static str,
        figure: fn(&EngineRecord) -> Option<Figure>,
    ) -> Vec<Curve<'a>> {
        let curve = |series: &Series<'a>| {
            let shown = series.points.iter().filter(|point| point.standing != Standing::Unfit);
            let mut spots: Vec<Spot> = shown
                .filter_map(|point| {
                    let hollow = point.standing == Standing::NotSustained;
                    Some(Spot { x: point.at, figure: figure(point.engine)?, hollow })
                })
                .collect();
            let mut flat = None;
            if series.flat {
                // One that fell behind stands nowhere.
                flat = spots.drain(..).find(|spot| !spot.hollow).map(|spot| spot.figure);
            }
            let (label, identity) = (series.label, series.identity);
            Curve { label, what, identity, faint: false, spots, flat }
        };
        let curves = self.series.iter().map(curve);
        curves.filter(|curve| !curve.spots.is_empty() || curve.flat.is_some()).collect()
    }

    /// Whether the values span more than two decades.
    fn is_wide(&self) -> bool {
        let values = self.across("", Unit::Number, false).ends();
        values.0 > 0.0 && values.1 / values.0 > 100.0
    }

    /// What the reader must know of every chart: how often, how uncertain, from which run.
    fn notes(&self, record: &RunRecord) -> Vec<String> {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let counts = points().map(|point| crate::judge::summary::verified(point.engine).count());
        let (least, most) = counts.fold((usize::MAX, 0), |(a, b), n| (a.min(n), b.max(n)));
        let counted = if least == most { least.to_string() } else { format!("{least} to {most}") };
        let shown = match (least, most) {
            (_, 0) => String::new(),
            (_, 1) => "One repetition each, so how much this varies is not known.".into(),
            (least, _) if least >= INTERVAL_FROM => {
                format!(
                    "Median of {counted} repetitions; bars: its 95 % interval (bootstrap, BCa)."
                )
            }
            _ => format!(
                "Median of {counted} repetitions, shown as dots; below {INTERVAL_FROM} there is no \
                 interval."
            ),
        };
        let behind = points().any(|point| point.standing == Standing::NotSustained);
        let unfit = points().filter(|point| point.standing == Standing::Unfit).count();
        let mut notes = vec![shown];
        notes.retain(|note| !note.is_empty());
        if behind {
            notes.push(
                "Hollow: not sustained, so it takes part in no comparison and is joined to nothing."
                    .into(),
            );
        }
        if unfit > 0 {
            let points = crate::words::plural(unfit, "point");
            notes.push(format!("Not drawn: {points} without verified answers."));
        }
        notes.push(provenance(record));
        notes
    }
}

/// Fewer repetitions have no interval.
const INTERVAL_FROM: usize = 6;

/// Where the numbers of a chart are from.
fn provenance(record: &RunRecord) -> String {
    format!(
        "Run {}, {}, commit {}, on {} ({} cores).",
        record.name, record.started, record.tool.commit, record.host.cpu_model, record.host.cores
    )
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// A figure over an engine's verified repetitions.
#[derive(Clone, PartialEq, Debug)]
struct Figure {
    middle: f64,
    /// 95 % interval of the median, from six repetitions on.
    interval: Option<(f64, f64)>,
    all: Vec<f64>,
}

impl Figure {
    fn of(values: Vec<f64>, metric: &Metric) -> Option<Self> {
        let summary = Summary::of(values, metric.better)?;
        let interval = bootstrap::median_interval(&summary.points, SEED);
        Some(Self { middle: summary.median, interval, all: summary.points })
    }

    /// From where to where it may lie: its interval, or else all that was measured.
    fn reach(&self) -> (f64, f64) {
        let all = || self.all.iter().copied().chain([self.middle]);
        self.interval
            .unwrap_or_else(|| (all().fold(f64::MAX, f64::min), all().fold(f64::MIN, f64::max)))
    }
}

/// The same record is always drawn in the same way.
const SEED: u64 = 42;

fn p99(engine: &EngineRecord) -> Option<Figure> {
    Figure::of(RESULT_LATENCY_P99.figures(engine), &RESULT_LATENCY_P99)
}

fn p50(engine: &EngineRecord) -> Option<Figure> {
    let of = crate::judge::summary::verified(engine).filter_map(|r| r.result_latency.as_ref());
    Figure::of(of.map(|latency| latency.p50_ns as f64).collect(), &RESULT_LATENCY_P99)
}

fn cpu(engine: &EngineRecord) -> Option<Figure> {
    Figure::of(CPU_PER_EVENT.figures(engine), &CPU_PER_EVENT)
}

/// The highest sustainable rate that was found, and the lowest above it that was not.
fn limit(engine: &EngineRecord) -> Option<Figure> {
    let limit = engine.limit.as_ref().filter(|limit| is_known(limit))?;
    let middle = limit.pass_per_s?;
    let interval = limit.fail_per_s.map(|fail| (middle, fail));
    Some(Figure { middle, interval, all: vec![middle] })
}

/// The same where it was found, and is not merely more than was tried: what can be divided by.
fn limit_found(engine: &EngineRecord) -> Option<Figure> {
    limit(engine).filter(|_| !is_bound(engine))
}

/// Whether a search only knows that an engine sustains at least so much.
fn is_bound(engine: &EngineRecord) -> bool {
    engine.limit.as_ref().is_some_and(|limit| limit.outcome == LimitOutcome::AtLeast)
}

fn is_known(limit: &Limit) -> bool {
    limit.outcome != LimitOutcome::Unknown
}

/// Where a rising row of points crosses a height, on logarithmic axes; the first such place.
fn crossing(points: &[(f64, f64)], height: impl Fn(f64) -> f64) -> Option<f64> {
    points.windows(2).find_map(|pair| {
        let [(x0, y0), (x1, y1)] = pair else { return None };
        let (d0, d1) = ((y0 / height(*x0)).ln(), (y1 / height(*x1)).ln());
        let crosses = d0.is_finite() && d1.is_finite() && (d0 <= 0.0) != (d1 <= 0.0);
        crosses.then(|| (x0.ln() + (x1 / x0).ln() * d0 / (d0 - d1)).exp())
    })
}

/// How values of a key are shown on an axis, and whether in the run's time.
fn unit_of(key: &str) -> Unit {
    match last(key) {
        "rate" => Unit::Rate,
        "interval" | "buffer_timeout" | "spin" | "duration" | "warm_up" => Unit::Nanoseconds,
        "size" | "slide" | "watermark" | "allowed_lateness" | "mean" | "cap" | "scale" => {
            Unit::Microseconds
        }
        _ => Unit::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::sweep as sample;

    fn all() -> Vec<(&'static str, RunRecord)> {
        vec![
            ("interval", sample::interval(6)),
            ("interval_once", sample::interval(1)),
            ("rate", sample::rate(3)),
            ("disorder", sample::disorder(3)),
            ("slide", sample::slide(3)),
            ("plane", sample::plane()),
            ("skew", sample::skew()),
            ("workers", sample::workers()),
        ]
    }

    #[test]
    fn every_chart_as_it_is_written() {
        for (name, record) in all() {
            for chart in charts(&record) {
                insta::assert_snapshot!(format!("{name}_{}", chart.name), chart.file());
                let narrow = format!("{name}_{}_narrow", chart.name);
                insta::assert_snapshot!(narrow, super::super::canvas::standalone(&chart.narrow));
            }
        }
    }

    #[test]
    fn titles_state_what_was_found() {
        let title = |(name, record): (&str, RunRecord)| -> Vec<String> {
            charts(&record).into_iter().map(|c| format!("{name}: {}", c.title)).collect()
        };
        let titles: Vec<String> = all().into_iter().flat_map(title).collect();
        insta::assert_snapshot!("titles", titles.join("\n"));
    }

    #[test]
    fn drawings_hold_no_colour_and_no_undefined_number_and_tables_are_whole() {
        for (name, record) in all() {
            let charts = charts(&record);
            assert!(!charts.is_empty(), "{name}");
            for chart in charts {
                for svg in [&chart.wide, &chart.narrow] {
                    assert!(svg.contains("role=\"img\" aria-label=\""), "{name}");
                    assert!(!svg.contains('#') && !svg.contains("NaN"), "{name}");
                }
                assert!(!chart.data.rows.is_empty(), "{name}");
                for row in &chart.data.rows {
                    assert_eq!(row.len(), chart.data.header.len(), "{name}");
                }
            }
        }
    }

    #[test]
    fn what_is_merely_sustained_at_least_is_held_against_nothing() {
        let mut record = sample::skew();
        for engine in record.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
            let limit = engine.limit.as_mut().unwrap();
            (limit.outcome, limit.fail_per_s) = (LimitOutcome::AtLeast, None);
        }
        let [chart] = &charts(&record)[..] else { panic!("one question, one chart") };
        assert!(!chart.title.contains("times"), "{}", chart.title);
        assert!(chart.title.contains("micro-batch at least 900 k/s at 0"), "{}", chart.title);
    }

    #[test]
    fn the_hottest_key_says_what_the_busiest_worker_has_at_least() {
        let [chart] = &charts(&sample::skew())[..] else { panic!("one question, one chart") };
        let column = chart.data.header.iter().position(|h| h.starts_with("events of the busiest"));
        let busiest: Vec<&str> = chart.data.rows.iter().map(|row| &*row[column.unwrap()]).collect();
        // 1000 keys over four workers: the sum of r^-1.2 is 4.33 and that of r^-1.6 is 2.26.
        let even = "1.00 times";
        assert_eq!(busiest, [even, even, even, even, "1.77 times"]);
        // One worker has all keys, whatever they are.
        let mut alone = sample::skew();
        alone.cells.iter_mut().for_each(|cell| cell.parallelism = 1);
        assert!(!charts(&alone)[0].data.header.iter().any(|h| h.contains("busiest")));
    }

    #[test]
    fn a_crossing_is_found_where_it_is() {
        // y = 100 / x crosses 7 at 100 / 7.
        let points: Vec<(f64, f64)> = [1.0, 3.0, 10.0, 30.0].map(|x| (x, 100.0 / x)).to_vec();
        let found = crossing(&points, |_| 7.0).unwrap();
        assert!((found / (100.0 / 7.0) - 1.0).abs() < 1e-9, "{found}");
        assert_eq!(crossing(&points, |_| 1000.0), None);
        assert_eq!(crossing(&points[..1], |_| 7.0), None);
        assert_eq!(crossing(&[(1.0, f64::NAN), (2.0, 1.0)], |_| 1.5), None);
    }

    fn by_kind<'a>(slice: &'a Slice<'_>, kind: EngineKind) -> &'a Series<'a> {
        slice.series.iter().find(|series| series.kind == kind).unwrap()
    }

    #[test]
    fn the_interval_that_costs_the_same_work_is_found_with_its_bounds() {
        let record = sample::interval(6);
        let slice = slice(&record, "engine.micro-batch.interval", None).unwrap();
        let batched = by_kind(&slice, EngineKind::MicroBatch);
        let steady = by_kind(&slice, EngineKind::PerEvent);
        assert!(steady.flat && !batched.flat);
        let cross = crossover::cross(batched, steady, cpu).unwrap();
        // Between 27 ms and 72 ms the curve is drawn as a straight line, which it nearly is.
        assert!((cross.interval_ns / 30e6 - 1.0).abs() < 0.05, "{}", cross.interval_ns);
        let (low, high) = cross.reach.unwrap();
        assert!(low < cross.interval_ns && cross.interval_ns < high);
        assert!(crossover::cross(batched, steady, p99).is_none(), "it never answers as soon");
    }

    #[test]
    fn what_fell_behind_takes_part_in_nothing() {
        let mut record = sample::interval(6);
        for cell in &mut record.cells[1..] {
            for repetition in cell.engines.iter_mut().flat_map(|engine| &mut engine.repetitions) {
                repetition.throughput.sustained = cell.point[0].number > Some(5e7);
            }
        }
        let slice = slice(&record, "engine.micro-batch.interval", None).unwrap();
        let batched = by_kind(&slice, EngineKind::MicroBatch);
        let steady = by_kind(&slice, EngineKind::PerEvent);
        assert!(crossover::cross(batched, steady, cpu).is_none(), "only its far side holds");
        let record = sample::rate(3);
        let slice = super::slice(&record, "source.synthetic.rate", None).unwrap();
        let highest = |kind| hockey::highest(by_kind(&slice, kind)).unwrap().per_s;
        assert!((highest(EngineKind::PerEvent) - 300e3).abs() < 1.0);
        assert!((highest(EngineKind::MicroBatch) - 200e3).abs() < 1.0, "400 k/s was chance");
    }

    #[test]
    fn what_was_not_verified_is_nowhere() {
        for (name, mut record) in all() {
            for repetition in record
                .cells
                .iter_mut()
                .flat_map(|cell| &mut cell.engines)
                .flat_map(|engine| &mut engine.repetitions)
            {
                repetition.verdict.kind = crate::record::VerdictKind::Differs;
            }
            let searched = record.cells[0].engines[0].limit.is_some();
            assert_eq!(charts(&record).is_empty(), !searched, "{name}");
        }
    }

    #[test]
    fn a_second_key_makes_a_chart_for_each_of_its_values() {
        let intervals = [("10ms", 1e7), ("1s", 1e9)];
        let rates = [("1k/s", 1e3), ("2k/s", 2e3)];
        let axes: [sample::Values<'_>; 2] =
            [("source.synthetic.rate", &rates), ("engine.micro-batch.interval", &intervals)];
        let record = sample::swept(&axes, 1, |at| {
            let mut all = vec![sample::Made::new(EngineKind::MicroBatch, at[1], 0.4)];
            if at[1] < 1e8 {
                all.push(sample::Made::new(EngineKind::PerEvent, 1e5, 0.7));
            }
            all
        });
        let charts = charts(&record);
        let names: Vec<&str> = charts.iter().map(|chart| chart.name.as_str()).collect();
        assert_eq!(names, ["batch-interval-rate-1k-s", "batch-interval-rate-2k-s"]);
        assert!(charts[1].title.starts_with("At rate = 2k/s: "), "{}", charts[1].title);
        assert!(charts[1].data.header.iter().any(|name| name.contains("per-event")));
    }
}
