//! What a scenario demands of its engines, and who holds it.
//!
//! Of the thresholds of a cell those count here that a user feels: on the latency of answers, and on how
//! complete they are. Who misses one is out of the question, whatever it costs, so costs are compared
//! among the others alone.

use super::advice::{Demand, Holding, Met};
use super::gate::engines_of;
use super::metrics::{COMPLETENESS, metric};
use crate::record::study::Threshold;
use crate::record::{CellRecord, EngineRecord};
use statistics::Better;

/// What is demanded of an engine of a cell, in the order of its thresholds.
pub(crate) fn demands(cell: &CellRecord, engine: &EngineRecord) -> Vec<Demand> {
    let is_meant = |threshold: &&Threshold| {
        engines_of(cell, threshold).iter().any(|meant| meant.label == engine.label)
    };
    cell.thresholds.iter().filter(is_meant).filter_map(demand).collect()
}

fn demand(threshold: &Threshold) -> Option<Demand> {
    let metric = metric(&threshold.metric)?;
    let is_felt = metric.is_of_result_latency() || metric.name == COMPLETENESS;
    let bound = match metric.better {
        Better::Lower => threshold.below,
        Better::Higher => threshold.above,
    };
    bound.filter(|_| is_felt).map(|bound| Demand { metric, bound })
}

/// Whether an engine holds what is demanded of it; none where nothing is.
pub(crate) fn holding(cell: &CellRecord, engine: &EngineRecord) -> Option<Holding> {
    let demands = demands(cell, engine);
    (!demands.is_empty()).then(|| Holding::of(engine, &demands))
}

/// Whether an engine misses what is demanded of it.
pub(super) fn misses(cell: &CellRecord, engine: &EngineRecord) -> bool {
    holding(cell, engine).is_some_and(|holding| holding.met == Met::Misses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn threshold(metric: &str, engine: Option<&str>, bound: f64) -> Threshold {
        let is_completeness = metric == COMPLETENESS;
        Threshold {
            metric: metric.into(),
            engine: engine.map(Into::into),
            below: (!is_completeness).then_some(bound),
            above: is_completeness.then_some(bound),
            worse_by: None,
            written: String::new(),
        }
    }

    #[track_caller]
    fn check(thresholds: &[Threshold], want: [Option<Met>; 2]) {
        let mut cell = sample::record().cells.remove(1);
        cell.thresholds = thresholds.to_vec();
        let met = |engine| holding(&cell, engine).map(|holding| holding.met);
        assert_eq!([met(&cell.engines[0]), met(&cell.engines[1])], want, "{thresholds:?}");
    }

    #[test]
    fn who_holds_what_is_demanded_of_latency_and_completeness() {
        use Met::{Misses, Surely};
        let p99 = |engine, ns| threshold("result_latency.p99", engine, ns);
        check(&[], [None; 2]);
        check(&[p99(None, 100e6)], [Some(Misses), Some(Surely)]);
        check(&[p99(None, 1e9)], [Some(Surely); 2]);
        check(&[p99(Some("micro-batch"), 100e6)], [Some(Misses), None]);
        // Of micro-batch 98.1 % are where they belong, of per-event more.
        check(&[threshold(COMPLETENESS, None, 0.99)], [Some(Misses), Some(Surely)]);
        check(&[p99(None, 1e9), threshold(COMPLETENESS, None, 0.99)], [Some(Misses), Some(Surely)]);
    }

    #[test]
    fn what_no_user_feels_is_no_demand_of_theirs() {
        check(&[threshold("cpu_per_event", None, 1e-6)], [None; 2]);
        check(&[threshold("no such metric", None, 1.0)], [None; 2]);
        let mut worse = threshold("result_latency.p99", None, 1.0);
        (worse.below, worse.worse_by) = (None, Some(0.1));
        check(&[worse], [None; 2]);
    }
}
