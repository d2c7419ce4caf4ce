//! Which limits a run searched for, and where each engine was at its best.

use crate::record::study::{Limit, Probe, ProbeOutcome};
use crate::record::{CellRecord, EngineRecord, RunRecord};

/// Whether limits were searched in this run.
pub fn is_search(record: &RunRecord) -> bool {
    limits(record).next().is_some()
}

/// Every limit that was searched, with its cell and its engine.
pub fn limits(record: &RunRecord) -> impl Iterator<Item = (&CellRecord, &EngineRecord, &Limit)> {
    record.cells.iter().flat_map(|cell| {
        let engines = cell.engines.iter();
        engines.filter_map(move |engine| Some((cell, engine, engine.limit.as_ref()?)))
    })
}

/// The last probe that passed at the highest rate that was sustained.
pub fn best(limit: &Limit) -> Option<&Probe> {
    let pass = limit.pass_per_s?;
    let near = |probe: &&Probe| {
        probe.outcome == ProbeOutcome::Pass && (probe.rate_per_s / pass - 1.0).abs() < 1e-9
    };
    limit.probes.iter().rev().find(near)
}
