//! Disorder: completeness against latency, the two ends of one trade.
//!
//! Latency alone would flatter an engine that drops what comes late, so neither is ever shown
//! without the other. The latency is `event_latency`, from the latest event in an answer: waiting
//! longer for what is late makes answers more complete and later, and `result_latency`, which
//! begins only when the watermark has come, would say that it costs nothing. Where it is waiting that
//! was varied, the finding is what an aimed-at completeness costs at least. Completeness has a scale of
//! nines, on which the step from 99 to 99.9 % is as long as that from 90 to 99 %.

use super::figure::{Figure, event_p99};
use super::slice::{Slice, last};
use crate::chart::description::{
    Axis, Data, Description, Drawn, Panel, Picture, Plot, Point, Series, Unit, opened,
};
use crate::judge::summary::{Standing, verified};
use crate::quantity::{self, NONE, nanoseconds};
use crate::record::{EngineRecord, RunRecord};

/// One engine at one value.
struct Spot<'a> {
    written: &'a str,
    p99: Figure,
    complete: Figure,
    late_per_mille: f64,
    hollow: bool,
}

/// One engine's way through the values.
struct Path<'a> {
    label: &'a str,
    role: &'static str,
    spots: Vec<Spot<'a>>,
}

impl<'a> Path<'a> {
    /// Where it did not fall behind.
    fn held(&self) -> impl Iterator<Item = &Spot<'a>> {
        self.spots.iter().filter(|spot| !spot.hollow)
    }
}

/// None if no window is asked about, so that nothing can be incomplete, or nothing was verified.
pub(super) fn chart(record: &RunRecord, slice: &Slice<'_>) -> Option<Description> {
    let paths: Vec<Path<'_>> = slice
        .series
        .iter()
        .map(|series| Path {
            label: series.label,
            role: series.role,
            spots: series
                .points
                .iter()
                .filter(|point| point.standing != Standing::Unfit)
                .filter_map(|point| {
                    Some(Spot {
                        written: point.written,
                        p99: event_p99(point.engine)?,
                        complete: completeness(point.engine)?,
                        late_per_mille: late(point.engine)?,
                        hollow: point.standing == Standing::NotSustained,
                    })
                })
                .collect(),
        })
        .filter(|path| !path.spots.is_empty())
        .collect();
    if paths.is_empty() {
        return None;
    }
    let key = last(slice.key);
    let labels = format!("Labels: {key}; the path goes through them in their order.");
    Some(Description {
        name: slice.name("completeness"),
        title: slice.titled(&price(&paths, slice.key).unwrap_or_else(|| finding(&paths, key))),
        definition:
            "Completeness: pairs of an event and a window that count where event time says, \
                     over all such pairs. p99 of event_latency: emission − due time of the latest event \
                     in the answer, so that the wait for the watermark is in it."
                .into(),
        picture: Picture::Still(plot(&paths)),
        notes: std::iter::once(labels).chain(slice.notes(record)).collect(),
        data: data(&paths, slice.key),
    })
}

fn completeness(engine: &EngineRecord) -> Option<Figure> {
    let all = verified(engine).filter_map(|r| r.verdict.completeness).collect();
    Figure::of(all)
}

/// Events too late for all of their windows, of a thousand; the middle repetition's.
fn late(engine: &EngineRecord) -> Option<f64> {
    let of = verified(engine)
        .map(|r| r.counts.late as f64 * 1e3 / (r.counts.read.max(1)) as f64)
        .collect();
    Figure::of(of).map(|figure| figure.middle)
}

/// What people aim at, the most first.
const AIMS: [f64; 3] = [0.999, 0.99, 0.9];

/// What the highest aim that somebody comes to costs each engine: its soonest answers that are so
/// complete, beside its soonest at all. None where the key is not one of waiting, or nobody comes to any.
fn price(paths: &[Path<'_>], key: &str) -> Option<String> {
    if !["watermark", "allowed_lateness"].contains(&last(key)) {
        return None;
    }
    let is_met = |aim: f64| move |spot: &&Spot<'_>| spot.complete.middle >= aim;
    let soonest = |a: &&Spot<'_>, b: &&Spot<'_>| a.p99.middle.total_cmp(&b.p99.middle);
    let aim = AIMS
        .into_iter()
        .find(|aim| paths.iter().flat_map(Path::held).any(|it| is_met(*aim)(&it)))?;
    let told = |spot: &Spot<'_>| format!("{} at {}", nanoseconds(spot.p99.middle), spot.written);
    let each = paths.iter().filter_map(|path| {
        let at_all = path.held().min_by(soonest)?;
        let Some(met) = path.held().filter(is_met(aim)).min_by(soonest) else {
            let most = path.held().map(|spot| spot.complete.middle).fold(0.0, f64::max);
            let most = quantity::completeness(most);
            return Some(format!("{} comes to {most} at most", path.label));
        };
        let instead = if at_all.written == met.written {
            String::new()
        } else {
            let complete = quantity::completeness(at_all.complete.middle);
            format!(", where {complete} costs {}", told(at_all))
        };
        Some(format!("{} {}{instead}", path.label, told(met)))
    });
    let each: Vec<String> = each.collect();
    let aim = quantity::tick(&quantity::fraction(aim));
    Some(format!("{aim} complete costs {} (p99)", each.join("; ")))
}

fn finding(paths: &[Path<'_>], key: &str) -> String {
    let each: Vec<String> = paths
        .iter()
        .filter_map(|path| {
            let (first, end) = (path.held().next()?, path.held().skip(1).last());
            let told = |spot: &Spot<'_>| {
                format!(
                    "{} complete {} after their latest event (p99) at {}",
                    quantity::completeness(spot.complete.middle),
                    nanoseconds(spot.p99.middle),
                    spot.written
                )
            };
            let end = end.map_or_else(String::new, |end| format!(", {}", told(end)));
            Some(format!("{} {}{end}", path.label, told(first)))
        })
        .collect();
    if each.is_empty() {
        return format!("no value of {key} was sustained");
    }
    format!("answers by {key}: {}", each.join("; "))
}

/// How many nines a share has; a whole has none that could be counted.
fn nines(share: f64) -> Option<f64> {
    (share < 1.0).then(|| -(1.0 - share).log10())
}

fn plot(paths: &[Path<'_>]) -> Plot {
    let spots = || paths.iter().flat_map(|path| &path.spots);
    let latencies = || spots().flat_map(|spot| [spot.p99.reach().0, spot.p99.reach().1]);
    let ends = (latencies().fold(f64::MAX, f64::min), latencies().fold(1.0, f64::max));
    let counted = || spots().filter_map(|spot| nines(spot.complete.middle));
    let low = counted().fold(3.0, f64::min).floor();
    let high = counted().fold(low + 1.0, f64::max).ceil() + 1.0;
    let height = |share: f64| nines(share).unwrap_or(high);
    let name = "completeness (scale of nines); better is up and to the left ↖";
    let mut y = Axis::linear(name, Unit::Number, (low, high));
    let steps = std::iter::successors(Some(low), |at| Some(at + 1.0)).take_while(|at| *at < high);
    let told = |at: f64| quantity::tick(&quantity::completeness(1.0 - 10.0_f64.powf(-at)));
    y.values = steps.map(|at| (at, told(at))).chain([(high, "100 %".into())]).collect();
    let series = |path: &Path<'_>| {
        let mut series = Series::new(path.label, "", path.role, Drawn::Line, []);
        for spot in &path.spots {
            let (x, y) = (spot.p99.middle, height(spot.complete.middle));
            let (across, hollow) = (spot.p99.interval, spot.hollow);
            series.points.0.push(Point { x, y, across, hollow, interval: None });
            series.named.push((x, y, spot.written.to_owned()));
            if across.is_none() && spot.p99.all.len() > 1 {
                let all = spot.p99.all.iter().zip(&spot.complete.all);
                series.dots.extend(all.map(|(ns, share)| (*ns, height(*share))));
            }
        }
        series
    };
    let x = Axis::logarithmic("p99 of event_latency (log scale)", Unit::Nanoseconds, opened(ends));
    Plot::new(x, vec![Panel::new(y, 300, paths.iter().map(series).collect())])
}

fn data(paths: &[Path<'_>], key: &str) -> Data {
    let mut header = vec![key.to_owned()];
    let mut values: Vec<&str> = Vec::new();
    for path in paths {
        for what in ["p99 of event_latency", "completeness", "late per 1 000"] {
            header.push(format!("{} {what}", path.label));
        }
        for spot in &path.spots {
            if !values.contains(&spot.written) {
                values.push(spot.written);
            }
        }
    }
    let rows = values
        .iter()
        .map(|value| {
            let mut row = vec![(*value).to_owned()];
            for path in paths {
                match path.spots.iter().find(|spot| spot.written == *value) {
                    Some(spot) => {
                        let hollow = if spot.hollow { ", not sustained" } else { "" };
                        row.push(format!("{}{hollow}", nanoseconds(spot.p99.middle)));
                        row.push(quantity::completeness(spot.complete.middle));
                        row.push(quantity::amount(spot.late_per_mille));
                    }
                    None => row.extend([NONE; 3].map(String::from)),
                }
            }
            row
        })
        .collect();
    Data { header, rows }
}

#[cfg(test)]
mod tests {
    use super::super::slice::slice;
    use super::*;
    use crate::sample::sweep as sample;

    #[test]
    fn waiting_for_what_is_late_costs_what_is_waited() {
        let record = sample::watermark(3);
        let slice = slice(&record, "query.window.watermark", None).unwrap();
        let chart = chart(&record, &slice).unwrap();
        let column = |name: &str| chart.data.header.iter().position(|cell| cell == name).unwrap();
        for label in ["micro-batch", "per-event"] {
            let at = column(&format!("{label} p99 of event_latency"));
            let latencies: Vec<&str> = chart.data.rows.iter().map(|row| row[at].as_str()).collect();
            assert!(latencies[0].ends_with(" ms"), "{latencies:?}");
            assert!(latencies[2].ends_with(" s"), "a second of watermark is in it: {latencies:?}");
        }
        let rows = &chart.data.rows;
        assert!(rows.iter().all(|row| row[column("per-event completeness")].ends_with('%')));
    }

    /// The title of a sweep over the watermark, changed.
    fn title(change: impl Fn(&mut RunRecord)) -> String {
        let mut record = sample::watermark(3);
        change(&mut record);
        let slice = slice(&record, "query.window.watermark", None).unwrap();
        chart(&record, &slice).unwrap().title
    }

    /// Takes completeness from an engine at the points from the `n`-th on.
    fn incomplete(record: &mut RunRecord, from: usize, label: &str) {
        let engines = record.cells[from..].iter_mut().flat_map(|cell| &mut cell.engines);
        for engine in engines.filter(|engine| engine.label == label) {
            engine.repetitions.iter_mut().for_each(|it| it.verdict.completeness = Some(0.5));
        }
    }

    #[test]
    fn what_is_aimed_at_has_its_price() {
        assert_eq!(
            title(|_| ()),
            "99.9 % complete costs micro-batch 1.09 s at 1s, where 90.0 % costs 90.0 ms at 0s; per-event \
             1.00 s at 1s, where 90.0 % costs 1.00 ms at 0s (p99)"
        );
        let half = title(|record| incomplete(record, 2, "per-event"));
        assert!(half.contains("; per-event comes to 99.09 % at most"), "{half}");
        let less = title(|record| {
            incomplete(record, 2, "per-event");
            incomplete(record, 2, "micro-batch");
        });
        assert!(
            less.starts_with("99 % complete costs micro-batch") && less.contains("at 100ms"),
            "{less}"
        );
        let none = title(|record| {
            incomplete(record, 0, "per-event");
            incomplete(record, 0, "micro-batch");
        });
        assert!(none.starts_with("Answers by watermark: "), "{none}");
    }

    #[test]
    fn what_fell_behind_is_no_price() {
        let title = title(|record| {
            let engines = record.cells[2].engines.iter_mut().flat_map(|it| &mut it.repetitions);
            engines.for_each(|repetition| repetition.throughput.sustained = false);
        });
        assert!(title.starts_with("99 % complete costs"), "{title}");
    }
}
