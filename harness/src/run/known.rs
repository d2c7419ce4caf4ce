//! Whether the medians of a run are known well enough to stop repeating.
//!
//! Looked at are the figures that decide: the 99th percentile of `result_latency` and processor
//! time per event, for every engine of every cell. Stopping when an interval is narrow makes it a
//! little too narrow: what is called 95 % then holds the median about 88 times in 100, which
//! [`bootstrap`] has measured and a run that stops so says. That is
//! why there is a least number of repetitions, and why no verdict rests on this.

use reports::judge::metrics::{CPU_PER_EVENT, RESULT_LATENCY_P99};
use reports::judge::summary::steady;
use reports::quantity;
use reports::record::{EngineRecord, Repetition, RunRecord};
use statistics::bootstrap;
use std::fmt;

/// Half of an interval may be this share of its median.
pub const HALF_WIDTH_MAX: f64 = 0.03;

/// The median that is known worst.
#[derive(Clone, Debug, PartialEq)]
pub struct Worst {
    /// Whose it is and of what.
    pub of: String,
    /// Half of its 95 % interval as a share of it; infinite where there is no interval yet.
    pub half_width: f64,
}

type Figure = fn(&Repetition) -> Option<f64>;

impl fmt::Display for Worst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.half_width.is_finite() {
            write!(f, "{} is known to ±{} only", self.of, quantity::fraction(self.half_width))
        } else {
            write!(f, "{} has no interval", self.of)
        }
    }
}

/// The median that is known worst; none if nothing has a figure. An engine without a steady
/// repetition has none, and is not waited for: more of what drifts would tell no more.
pub fn worst(record: &RunRecord) -> Option<Worst> {
    let figures: [(&str, Figure); 2] =
        [("p99", RESULT_LATENCY_P99.figure), ("CPU per event", CPU_PER_EVENT.figure)];
    let engines =
        record.cells.iter().flat_map(|cell| cell.engines.iter().map(move |engine| (cell, engine)));
    engines
        .flat_map(|(cell, engine)| {
            figures.into_iter().filter_map(move |(name, figure)| {
                let half_width = half_width(engine, figure)?;
                let of = format!("the {name} of {} in {}", engine.label, cell.name);
                Some(Worst { of, half_width })
            })
        })
        .max_by(|a, b| a.half_width.total_cmp(&b.half_width))
}

fn half_width(engine: &EngineRecord, figure: Figure) -> Option<f64> {
    let values = steady(engine).filter_map(figure).filter(|value| value.is_finite());
    bootstrap::half_width(&values.collect::<Vec<_>>(), SEED)
}

/// Of the resampling: the same repetitions stop the same run.
const SEED: u64 = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use reports::record::study::{WarmUp, WarmUpDecided};
    use std::path::Path;

    /// An engine of the published record, each of whose repetitions costs as much as is said and
    /// is steady or not.
    fn engine(repetitions: &[(f64, bool)]) -> EngineRecord {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/tests/old_records/1");
        let mut record = RunRecord::read(&folder).unwrap();
        let mut engine = record.cells.remove(0).engines.remove(0);
        let like = engine.repetitions[0].clone();
        let repetition = |(rep, (cost, steady)): (u32, &(f64, bool))| Repetition {
            rep,
            cpu_us_per_event: *cost,
            warm_up: Some(WarmUp {
                end_s: 1.0,
                decided: WarmUpDecided::Fixed,
                steady: Some(*steady),
                untold: None,
                text: String::new(),
            }),
            ..like.clone()
        };
        engine.repetitions = (1..).zip(repetitions).map(repetition).collect();
        engine
    }

    #[test]
    fn what_drifts_makes_nothing_known() {
        let width = |repetitions: &[(f64, bool)]| {
            half_width(&engine(repetitions), |repetition| Some(repetition.cpu_us_per_event))
        };
        let steady = [(1.0, true); 6];
        assert_eq!(width(&steady), Some(0.0));
        let drifting: Vec<_> = steady.iter().copied().chain([(9.0, false); 6]).collect();
        assert_eq!(width(&drifting), Some(0.0), "it does not widen what is known");
        assert_eq!(width(&drifting[3..]), Some(f64::INFINITY), "nor does it stand in for more");
        assert_eq!(width(&drifting[6..]), None);
    }
}
