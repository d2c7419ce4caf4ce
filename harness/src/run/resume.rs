//! A run that was cut short, by an interrupt or by whatever ended the program: what of it stands,
//! and whether a plan may go on with it.
//!
//! A repetition that was interrupted is made again; one that came to an end stands, whatever it
//! found. The merged latencies of an engine are read back from the interval logs, which hold all
//! of them. Nothing is measured or written here.

use crate::run::Both;
use crate::run::opening::about_plan;
use instrument::bench::folder::{Folder, RESULTS};
use instrument::bench::warnings::Doubt;
use instrument::host::{self, Jitter};
use instrument::measure::logged;
use reports::RunRecord;
use reports::judge::gate::comparable::{self, Difference};
use reports::record::{EngineRecord, VerdictKind, Warning};
use settings::plan::{Cell, Plan};
use std::path::Path;

/// A run that is gone on with.
#[derive(Clone, Debug)]
pub struct Resumed {
    pub(super) folder: Folder,
    pub(super) record: RunRecord,
    /// The verified latencies of each engine of the record's cells.
    pub(super) merged: Vec<Vec<Both>>,
    was_whole: bool,
}

impl Resumed {
    /// What stands of the run that `folder` holds, for a plan that asks for the same.
    ///
    /// # Errors
    /// What the run lacks or has otherwise, in words.
    pub fn of(plan: &Plan, folder: &Path, record: &RunRecord) -> Result<Self, String> {
        let mut engines = record.cells.iter().flat_map(|cell| &cell.engines);
        if engines.any(|engine| engine.limit.is_some()) {
            return Err("it is a search, not a run".to_owned());
        }
        if record.name != plan.name {
            return Err(format!("it is a run of `{}`, not of `{}`", record.name, plan.name));
        }
        is_alike(record, plan)?;
        let simulated = has_code(&record.warnings, &Doubt::Simulated);
        if simulated != plan.simulate {
            let (then, now) = if simulated { ("was", "not now") } else { ("was not", "now") };
            return Err(format!("its time {then} simulated, and {now}"));
        }
        let started = humantime::parse_rfc3339(&record.started)
            .map_err(|error| format!("when it started cannot be read: {error}"))?;
        let folder =
            Folder::again(folder, started, plan.cells.len()).map_err(|error| error.to_string())?;
        let was_whole = !record.interrupted;
        // As for any run that goes on, until it has come to its end.
        let mut record = RunRecord { interrupted: true, ..record.clone() };
        judged_anew(&mut record.warnings);
        for doubt in about_plan(plan, record.host.cores) {
            if !has_code(&record.warnings, &doubt) {
                record.warnings.push(doubt.warning());
            }
        }
        let mut merged = Vec::new();
        for recorded in &mut record.cells {
            judged_anew(&mut recorded.warnings);
            let cell = plan.cells.iter().find(|cell| cell.name == recorded.name);
            let cell = cell.expect("a plan that is alike has every cell of the record");
            let engines = recorded.engines.iter_mut();
            let of_cell: Result<_, _> =
                engines.map(|engine| what_stands(&folder, cell, engine)).collect();
            merged.push(of_cell?);
            kept_alike(&folder, cell, &recorded.engines, plan.keep_results)?;
        }
        Ok(Self { folder, record, merged, was_whole })
    }

    /// Whether it had come to an end; if not, somebody stopped it, or it was killed.
    pub const fn was_whole(&self) -> bool {
        self.was_whole
    }

    /// How many repetitions are finished.
    pub fn finished(&self) -> usize {
        let engines = self.record.cells.iter().flat_map(|cell| &cell.engines);
        engines.map(|engine| engine.repetitions.len()).sum()
    }
}

/// Leaves out what was interrupted, and reads the latencies of the rest.
fn what_stands(folder: &Folder, cell: &Cell, engine: &mut EngineRecord) -> Result<Both, String> {
    engine.repetitions.retain(|repetition| repetition.verdict.kind != VerdictKind::Interrupted);
    let mut merged = Both::default();
    let verified = engine.repetitions.iter().filter(|repetition| repetition.is_verified());
    for repetition in verified.filter(|repetition| repetition.result_latency.is_some()) {
        let path = folder.file(cell, &engine.label, repetition.rep, ".hlog");
        let logged = logged::read(&path, repetition).map_err(|error| error.to_string())?;
        let [result, event] = &logged.whole;
        merged.0.add(result);
        merged.1.add(event);
    }
    Ok(merged)
}

/// Whether all that is finished left its answers in files, or none of it did, as it is asked for now.
fn kept_alike(
    folder: &Folder,
    cell: &Cell,
    engines: &[EngineRecord],
    keep_results: bool,
) -> Result<(), String> {
    let all_alike = engines.iter().all(|engine| {
        let mut verified = engine.repetitions.iter().filter(|repetition| repetition.is_verified());
        verified.all(|repetition| {
            let answers = folder.file(cell, &engine.label, repetition.rep, RESULTS);
            answers.exists() == keep_results
        })
    });
    let (then, now) = if keep_results { ("not kept", "are") } else { ("kept", "are not") };
    let message = format!("its answers were {then} (--keep-results), and now they {now}");
    all_alike.then_some(()).ok_or(message)
}

/// Leaves out the warnings about repetitions as a whole: there will be more of them.
fn judged_anew(warnings: &mut Vec<Warning>) {
    warnings.retain(|warning| !warning.code.starts_with("run::"));
}

fn has_code(warnings: &[Warning], doubt: &Doubt) -> bool {
    let code = doubt.warning().code;
    warnings.iter().any(|warning| warning.code == code)
}

/// Whether what a record holds was measured on this machine, by this build and with the settings
/// of this plan, as far as it holds something; or what was otherwise.
pub(crate) fn is_alike(record: &RunRecord, plan: &Plan) -> Result<(), String> {
    // What two machines or two builds measure says nothing together.
    let host = host::describe(&Jitter::default());
    let here = RunRecord { host, tool: host::tool(), ..record.clone() };
    if let Some(Difference { what, base, new }) = comparable::environment(record, &here).first() {
        return Err(format!("it was measured elsewhere ({what}: {base}, here {new})"));
    }
    if record.sweep != plan.sweep {
        return Err("it has other points of a sweep, or none".to_owned());
    }
    for recorded in &record.cells {
        let Some(cell) = plan.cells.iter().find(|cell| cell.name == recorded.name) else {
            return Err(format!("`{}` is in it, which is not asked for now", recorded.name));
        };
        if recorded.resolved != cell.resolved_toml {
            return Err(format!("the settings of `{}` were others", recorded.name));
        }
        let known = recorded.engines.iter().map(|engine| &engine.label);
        if !known.eq(cell.engines.iter().map(|engine| &engine.label)) {
            return Err(format!("the engines on `{}` were others", recorded.name));
        }
    }
    Ok(())
}
