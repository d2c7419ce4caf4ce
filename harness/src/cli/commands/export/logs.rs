//! Interval logs of a run, read back and merged.
//!
//! Percentiles are read from merged histograms and never averaged.

use instrument::measure::latency::Latencies;
use instrument::measure::logged::{self, Interval, LogError, QUANTITIES};
use reports::RunRecord;
use reports::record::{CellRecord, EngineRecord, Repetition};
use reports::words::slug;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// What the comment in a merged log says, and that in the log of a repetition does not.
pub(super) const MERGED: &str = "repetitions merged";

/// The latencies of an engine on a cell, its verified repetitions merged.
pub(super) struct EngineLog {
    /// The start of its files' names.
    pub(super) name: String,
    /// A comment for a file of them: the cell, the engine and how many repetitions.
    pub(super) about: String,
    whole: [Latencies; 2],
    /// By when they start, counted from the start of their runs.
    pub(super) intervals: BTreeMap<Duration, (Duration, [Latencies; 2])>,
}

/// Every engine of every cell that has a verified repetition with latencies.
pub(super) fn engines<'a>(
    record: &'a RunRecord,
    folder: &'a Path,
) -> impl Iterator<Item = Result<EngineLog, LogError>> + 'a {
    let engines =
        record.cells.iter().flat_map(|cell| cell.engines.iter().map(move |engine| (cell, engine)));
    let is_measured =
        |(_, engine): &(&CellRecord, &EngineRecord)| measured(engine).next().is_some();
    engines
        .filter(is_measured)
        .map(|(cell, engine)| EngineLog::read(cell, engine, folder, record.cells.len() > 1))
}

fn measured(engine: &EngineRecord) -> impl Iterator<Item = &Repetition> {
    let verified = engine.repetitions.iter().filter(|repetition| repetition.is_verified());
    verified.filter(|repetition| repetition.result_latency.is_some())
}

impl EngineLog {
    fn read(
        cell: &CellRecord,
        engine: &EngineRecord,
        folder: &Path,
        has_cells: bool,
    ) -> Result<Self, LogError> {
        let label = slug(&engine.label);
        let count = measured(engine).count();
        let mut log = Self {
            name: if has_cells { format!("{}-{label}", cell.name) } else { label.clone() },
            about: format!("[{} {}, {MERGED}: {count}]", cell.name, engine.label),
            whole: Default::default(),
            intervals: BTreeMap::new(),
        };
        for repetition in measured(engine) {
            let file = format!("{label}-{}.hlog", repetition.rep);
            // A run that was cut short after its first cell was still one of several.
            let of_cell = folder.join(format!("{}-{file}", cell.name));
            let is_one_of_several = has_cells || of_cell.exists();
            let path = if is_one_of_several { of_cell } else { folder.join(file) };
            log.add(&path, repetition)?;
        }
        Ok(log)
    }

    fn add(&mut self, path: &Path, repetition: &Repetition) -> Result<(), LogError> {
        let found = logged::read(path, repetition)?;
        for Interval { start, length, quantity, latencies } in &found.intervals {
            let of_start = self.intervals.entry(*start);
            let (_, histograms) = of_start.or_insert_with(|| (*length, Default::default()));
            histograms[*quantity].add(latencies);
        }
        for (whole, found) in self.whole.iter_mut().zip(&found.whole) {
            whole.add(found);
        }
        Ok(())
    }

    /// Each quantity's name and distribution.
    pub(super) fn ladders(&self) -> impl Iterator<Item = (&'static str, &Latencies)> {
        QUANTITIES.iter().map(|(_, name)| *name).zip(&self.whole)
    }
}
