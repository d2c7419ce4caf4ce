//! A record as it is put together, by a run as by a search: where a cell stands in it, and what is
//! learnt of it from whatever was measured first.

use super::opening::cell_record;
use instrument::bench::Measured;
use reports::RunRecord;
use reports::record::{CellRecord, EngineRecord};
use settings::plan::{Cell, Plan};

/// Where the record has a cell of the plan. It is made room for, in the plan's order, if it is new.
pub(crate) fn place(record: &mut RunRecord, plan: &Plan, cell: &Cell) -> usize {
    let cells = &mut record.cells;
    if let Some(known) = cells.iter().position(|known| known.name == cell.name) {
        return known;
    }
    let before = plan.cells.iter().take_while(|other| other.name != cell.name);
    let at = before.filter(|other| cells.iter().any(|known| known.name == other.name)).count();
    cells.insert(at, cell_record(cell));
    at
}

/// Writes down what is known of a cell and of an engine once something was measured.
pub(crate) fn learn<'a>(
    cell: &'a mut CellRecord,
    engine: usize,
    measured: &Measured,
) -> &'a mut EngineRecord {
    if let (Some(facts), true) = (&measured.facts, cell.question.is_empty()) {
        cell.input.clone_from(&facts.input);
        cell.question.clone_from(&facts.question);
        cell.latency_definition.clone_from(&facts.latency_definition);
        cell.warnings.clone_from(&facts.warnings);
    }
    let engine = &mut cell.engines[engine];
    if let Some(algorithm) = &measured.algorithm {
        engine.algorithm.clone_from(algorithm);
    }
    engine
}
