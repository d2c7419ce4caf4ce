//! A ratio, or "no difference".
//!
//! Two engines differ in a figure when no repetition of one reaches into the range of the other
//! and the middle figures lie further apart than anyone would act on. It names no winner on less.

pub use crate::metrics::{CPU_PER_EVENT, Metric, RESULT_LATENCY_P99};
use crate::record::{CellRecord, EngineRecord};
use crate::summary::{Better, Standing, Summary, standing};

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

/// Compares the engines of a cell by a metric that is better low, leaving out those that are unfit.
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
