//! Charts that span the cells of a sweep: one per question that people ask by varying something.
//!
//! Which question it is follows from the keys that were varied. With two keys there is a chart
//! for each value of the second, unless the question is about both. A point that fell behind its
//! load is drawn hollow, one that was not verified is not drawn, and neither takes part in
//! finding a winner, a crossing or a limit.

mod atlas;
mod crossover;
mod demand;
mod disorder;
mod figure;
mod hockey;
mod other;
mod plot;
mod scalability;
mod skew;
mod slice;
mod window_cost;

use super::finished::{Chart, Part};
use crate::judge;
use crate::record::RunRecord;
use slice::{Slice, last, slice};

/// The charts of a sweep; none of any other run.
pub(crate) fn charts(record: &RunRecord) -> Vec<Chart> {
    let Some(sweep) = &record.sweep else { return Vec::new() };
    if let Some(map) = judge::atlas::atlas(record) {
        let map = atlas::chart(record, &map);
        return map.map(|map| Chart::from(map).part(Part::Atlas)).into_iter().collect();
    }
    let keys: Vec<&str> = sweep.axes.iter().map(|axis| axis.key.as_str()).collect();
    match keys[..] {
        [only] => slice(record, only, None).into_iter().flat_map(|s| asked(record, &s)).collect(),
        [first, second] => {
            if let Some(chart) = window_cost::plane(record, first, second) {
                return vec![Chart::from(chart).part(Part::Sweep)];
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
    let demand = demand::Demand::of(record).filter(|_| !searched);
    chart
        .or_else(|| other::chart(record, slice))
        .map(|chart| match demand {
            Some(demand) => demand.answered(slice, chart),
            None => chart,
        })
        .map(|chart| Chart::from(chart).part(part))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::figure::{cpu, p99};
    use super::slice::{Series, slice};
    use super::*;
    use crate::record::EngineKind;
    use crate::record::study::LimitOutcome;
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
                insta::assert_snapshot!(narrow, crate::chart::render::standalone(&chart.narrow));
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
        let slice = slice::slice(&record, "source.synthetic.rate", None).unwrap();
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
