//! A ratio, or "no difference".
//!
//! Two engines differ in a figure when no repetition of one reaches into the range of the other
//! and the middle figures lie further apart than anyone would act on. It names no winner on less.

use crate::quantity;
use crate::record::{CellRecord, EngineRecord, Repetition};
use crate::summary::{Better, Standing, Summary, standing};

/// A figure that engines are compared by. Lower is better in all of them.
#[derive(Copy, Clone)]
pub struct Metric {
    /// What it is called in a sentence.
    pub name: &'static str,
    /// Its value in one repetition.
    pub figure: fn(&Repetition) -> Option<f64>,
    /// How it is shown.
    pub show: fn(f64) -> String,
    /// Differences up to this share are not worth acting on.
    pub band: f64,
}

/// 99th percentile of `result_latency`, in nanoseconds; 10 % is the band of equivalence.
pub const RESULT_LATENCY_P99: Metric = Metric {
    name: "p99 of result_latency",
    figure: |repetition| repetition.result_latency.as_ref().map(|latency| latency.p99_ns as f64),
    show: quantity::nanoseconds,
    band: 0.10,
};

/// CPU time per accepted event, in microseconds; 5 % is the band of equivalence.
pub const CPU_PER_EVENT: Metric = Metric {
    name: "CPU time per event",
    figure: |repetition| Some(repetition.cpu_us_per_event),
    show: quantity::microseconds,
    band: 0.05,
};

/// What a comparison found on one cell.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome<'a> {
    /// One engine is better than every other.
    Best {
        /// The better one, and its middle figure.
        engine: &'a EngineRecord,
        /// Its middle figure.
        figure: f64,
        /// The next best.
        next: &'a EngineRecord,
        /// Its middle figure.
        next_figure: f64,
        /// Fewest repetitions that either figure rests on.
        repetitions: usize,
    },
    /// The two best cannot be told apart.
    NoDifference {
        /// The lower middle figure is this one's.
        engine: &'a EngineRecord,
        /// Its middle figure.
        figure: f64,
        /// The next best.
        next: &'a EngineRecord,
        /// Its middle figure.
        next_figure: f64,
    },
    /// Fewer than two engines are fit to be compared.
    NoContest,
}

/// Compares the engines of a cell by a metric, leaving out those that are unfit.
pub fn compare(cell: &CellRecord, metric: Metric) -> Outcome<'_> {
    let mut ranked: Vec<(&EngineRecord, Summary)> = cell
        .engines
        .iter()
        .filter(|engine| standing(engine) == Standing::Fit)
        .filter_map(|engine| {
            Summary::over(engine, Better::Lower, metric.figure).map(|summary| (engine, summary))
        })
        .collect();
    ranked.sort_by(|a, b| a.1.median.total_cmp(&b.1.median));
    let [(engine, best), (next, second), ..] = ranked.as_slice() else {
        return Outcome::NoContest;
    };
    let (figure, next_figure) = (best.median, second.median);
    if differs(best, second, metric.band) {
        let repetitions = best.points.len().min(second.points.len());
        Outcome::Best { engine, figure, next, next_figure, repetitions }
    } else {
        Outcome::NoDifference { engine, figure, next, next_figure }
    }
}

/// Whether `lower` is really below `higher`.
fn differs(lower: &Summary, higher: &Summary, band: f64) -> bool {
    lower.high < higher.low && lower.median * (1.0 + band) < higher.median
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lower: &[f64], higher: &[f64], want: bool) {
        let of = |figures: &[f64]| Summary::of(figures.iter().copied(), Better::Lower).unwrap();
        assert_eq!(differs(&of(lower), &of(higher), 0.10), want, "{lower:?} against {higher:?}");
    }

    #[test]
    fn figures_apart_differ() {
        check(&[1.0, 1.1, 1.2], &[2.0, 2.1, 2.2], true);
        check(&[0.0], &[1.0], true);
    }

    #[test]
    fn one_repetition_inside_the_other_range_is_no_difference() {
        check(&[1.0, 1.1, 2.05], &[2.0, 2.1, 2.2], false);
    }

    #[test]
    fn what_nobody_would_act_on_is_no_difference() {
        check(&[1.00, 1.01], &[1.05, 1.06], false);
        check(&[0.0, 0.0], &[0.0, 0.0], false);
    }
}
