//! Up to which value an engine meets what is demanded of its latency, and what waiting that long
//! saves: what people ask of a sweep.
//!
//! A point meets a demand if all that is known of its figure lies within it, and misses it if all
//! lies beyond. What straddles it, fell behind its load or has too few answers meets nothing.

use super::figure::{Figure, cpu, cpu_of_work};
use super::is_interval;
use super::slice::{Point, Series, Slice, last};
use crate::chart::description::{Description, Picture, Rule, Unit};
use crate::judge::metrics::{CPU_PER_EVENT, Metric, RESULT_LATENCY_P99, of_quantile};
use crate::judge::summary::Standing;
use crate::quantity::{self, fraction, nanoseconds, ratio};
use crate::record::{EngineKind, RunRecord};
use crate::words::listed;

/// What is demanded of the latency at every point of a sweep.
#[derive(Copy, Clone)]
pub(super) struct Demand {
    metric: &'static Metric,
    most_ns: f64,
}

/// Whether a point meets a demand.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Met {
    Yes,
    No,
    Open,
}

impl Demand {
    /// The demand of a sweep, if it has one.
    pub(super) fn of(record: &RunRecord) -> Option<Self> {
        let (quantile, most_ns) = record.sweep.as_ref()?.slo?;
        Some(Self { metric: of_quantile(quantile)?, most_ns: most_ns as f64 })
    }

    /// "a p99 of at most 100 ms"
    fn words(&self) -> String {
        self.metric.demanded(self.most_ns)
    }

    fn figure(&self, point: &Point<'_>) -> Option<Figure> {
        Figure::of(self.metric.steady_figures(point.engine))
    }

    fn met(&self, point: &Point<'_>) -> Met {
        match (point.standing, self.figure(point)) {
            (Standing::NotSustained | Standing::Unfit, _) => Met::No,
            (Standing::Fit, Some(figure)) => match figure.reach() {
                (_, high) if high <= self.most_ns => Met::Yes,
                (low, _) if low > self.most_ns => Met::No,
                _ => Met::Open,
            },
            _ => Met::Open,
        }
    }

    /// A chart of a slice with the answer as its title, what it found otherwise below it, and the
    /// demand as a line where the chart shows the figure.
    pub(super) fn answered(&self, slice: &Slice<'_>, chart: Description) -> Description {
        let found = format!("{}.", chart.title);
        let mut answered = Description { title: slice.titled(&self.finding(slice)), ..chart };
        if answered.title != found.trim_end_matches('.') {
            answered.notes.insert(0, found);
        }
        if let Picture::Live(plot) = &mut answered.picture
            && self.metric.name == RESULT_LATENCY_P99.name
            && let Some(panel) = plot.panels.iter_mut().find(|p| p.y.unit == Unit::Nanoseconds)
        {
            let (low, high) = panel.y.range;
            panel.y.range = (low.min(self.most_ns / 1.2), high.max(self.most_ns * 1.2));
            panel.rules.push(Rule::across(self.most_ns, format!("{} demanded", self.words())));
        }
        answered
    }

    fn finding(&self, slice: &Slice<'_>) -> String {
        let (varied, fixed): (Vec<_>, Vec<_>) = slice.series.iter().partition(|s| !s.flat);
        let mut parts: Vec<String> =
            varied.iter().map(|series| self.told(slice, series, &fixed)).collect();
        for series in fixed {
            let Some(point) = series.points.first() else { continue };
            parts.push(match self.met(point) {
                Met::Yes => format!("{} meets it", series.label),
                Met::No => format!("{} does not{}", series.label, self.shown(point)),
                Met::Open => format!("whether {} does is not known", series.label),
            });
        }
        parts.join("; ")
    }

    /// " (120 ms)", or why there is no such figure.
    fn shown(&self, point: &Point<'_>) -> String {
        match (point.standing, self.figure(point)) {
            (Standing::NotSustained, _) => " (not sustained)".into(),
            (_, Some(figure)) => format!(" ({})", nanoseconds(figure.middle)),
            (_, None) => String::new(),
        }
    }

    fn told(&self, slice: &Slice<'_>, series: &Series<'_>, fixed: &[&Series<'_>]) -> String {
        let (points, label, words) = (&series.points, series.label, self.words());
        let key = last(slice.key);
        let met: Vec<Met> = points.iter().map(|point| self.met(point)).collect();
        let Some(first) = met.iter().position(|met| *met == Met::Yes) else {
            let open: Vec<&str> = written(points, &met, Met::Open);
            if !open.is_empty() {
                let at = listed(&open);
                return format!("whether {label} meets {words} is not known at {key} = {at}");
            }
            let nearest = points.iter().filter_map(|p| Some((p, self.figure(p)?.middle)));
            let nearest = nearest.min_by(|a, b| a.1.total_cmp(&b.1));
            let nearest = nearest.map_or_else(String::new, |(point, ns)| {
                format!(" (at best {} at {})", nanoseconds(ns), point.written)
            });
            return format!("{label} meets {words} at no {key} that was tried{nearest}");
        };
        let end = first + met[first..].iter().take_while(|met| **met == Met::Yes).count() - 1;
        let is_one_stretch = met[end + 1..].iter().all(|met| *met != Met::Yes);
        let numbers = points.iter().all(|point| {
            point.cell.point.iter().any(|at| at.key == slice.key && at.number.is_some())
        });
        let (from, to) = (points[first].written, points[end].written);
        let mut text = if !(is_one_stretch && numbers) {
            format!("{label} meets {words} at {key} = {}", listed(&written(points, &met, Met::Yes)))
        } else if met.iter().all(|met| *met == Met::Yes) {
            format!("{label} meets {words} at every {key} that was tried, up to {to}")
        } else if first == 0 {
            format!("up to {to} {label} meets {words}")
        } else if end + 1 == points.len() {
            format!("from {from} on {label} meets {words}")
        } else if first == end {
            format!("at {to} {label} meets {words}")
        } else {
            format!("from {from} to {to} {label} meets {words}")
        };
        if is_interval(slice.key) && series.kind == EngineKind::MicroBatch && is_one_stretch {
            text.push_str(&saved(&points[first], &points[end], fixed).unwrap_or_default());
        }
        text
    }
}

fn written<'a>(points: &[Point<'a>], met: &[Met], which: Met) -> Vec<&'a str> {
    let those = points.iter().zip(met).filter(|(_, met)| **met == which);
    those.map(|(point, _)| point.written).collect()
}

/// What the longest interval that is soon enough saves: of the cheapest setting of the other
/// engine, where that is the cost of work; else of the shortest interval that is soon enough.
fn saved(shortest: &Point<'_>, longest: &Point<'_>, fixed: &[&Series<'_>]) -> Option<String> {
    let cost = cpu(longest.engine)?.middle;
    let others = fixed.iter().filter_map(|series| {
        let point = series.points.first()?;
        Some((series.label, cpu_of_work(point.engine)?.middle))
    });
    let band = 1.0 + CPU_PER_EVENT.band;
    if let Some((label, other)) = others.min_by(|a, b| a.1.total_cmp(&b.1)) {
        return Some(match cost / other {
            share if share * band < 1.0 => {
                format!(", and saves {} of the CPU time of {label}", percent(1.0 - share))
            }
            share if share > band => {
                format!(", and costs {} the CPU time of {label}", ratio(share))
            }
            _ => format!(", at the CPU time of {label}"),
        });
    }
    let own = cpu(shortest.engine)?.middle;
    let share = cost / own;
    (shortest.written != longest.written && share * band < 1.0).then(|| {
        format!(", and saves {} of its CPU time at {}", percent(1.0 - share), shortest.written)
    })
}

fn percent(share: f64) -> String {
    quantity::tick(&fraction((share * 100.0).round() / 100.0))
}

#[cfg(test)]
mod tests {
    use crate::chart::charts_across;
    use crate::record::{EngineKind, RunRecord};
    use crate::sample::sweep as sample;

    fn asked(mut record: RunRecord, most_ns: u64) -> String {
        record.sweep.as_mut().unwrap().slo = Some((0.99, most_ns));
        let [chart] = &charts_across(&record)[..] else { panic!("one question, one chart") };
        assert!(!format!("{}{}", chart.wide, chart.narrow).contains("NaN"));
        chart.title.replace('\u{a0}', " ")
    }

    #[test]
    fn a_sweep_over_the_interval_says_up_to_where_and_what_that_saves() {
        let of = |most_ns| asked(sample::interval(6), most_ns);
        let told = [of(1_000_000), of(80_000_000), of(3_600_000_000_000)].join("\n");
        insta::assert_snapshot!(told, @r"
        Micro-batch meets a p99 of at most 1 ms at no interval that was tried (at best 11.4 ms at 5ms); per-event meets it
        From 10ms to 27ms micro-batch meets a p99 of at most 80 ms, and costs 1.06 times the CPU time of per-event; per-event meets it
        From 10ms on micro-batch meets a p99 of at most 60 min, and saves 57 % of the CPU time of per-event; per-event meets it
        ");
    }

    #[test]
    fn nothing_is_saved_of_what_another_engine_spends_on_waiting() {
        let mut record = sample::interval(6);
        for engine in record.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
            if engine.kind == EngineKind::PerEvent {
                engine.settings.push(("waiting".into(), "spin".into()));
            }
        }
        insta::assert_snapshot!(asked(record, 80_000_000), @"From 10ms to 27ms micro-batch meets a p99 of at most 80 ms, and saves 50 % of its CPU time at 10ms; per-event meets it");
    }

    #[test]
    fn a_sweep_over_the_rate_says_it_of_each_engine() {
        insta::assert_snapshot!(asked(sample::rate(3), 300_000_000), @"Up to 150k/s micro-batch meets a p99 of at most 300 ms; up to 300k/s per-event meets a p99 of at most 300 ms");
    }

    #[test]
    fn too_few_answers_meet_nothing() {
        let mut record = sample::interval(6);
        for engine in record.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
            let is_batched = engine.kind == EngineKind::MicroBatch;
            for repetition in engine.repetitions.iter_mut().filter(|_| is_batched) {
                repetition.result_latency.as_mut().unwrap().count = 999;
            }
        }
        let told = asked(record, 3_600_000_000_000);
        let unknown =
            "Whether micro-batch meets a p99 of at most 60 min is not known at interval =";
        assert!(told.starts_with(unknown), "{told}");
        assert!(told.ends_with("per-event meets it"), "{told}");
    }
}
