//! Searches the limits of a plan and keeps what is found. Behind the search for that of an engine in a
//! process of its own, its floor is measured at a tenth of it; before that for the first engine of a cell,
//! the plain loop is timed.
//!
//! The record of the run is written after every probe, so that a search that was ended, by whom
//! or whatever, can be gone on with. It overwrites no run but the one it goes on with.

use super::find::{Means, find};
use super::level::{Options, Searched};
use super::subject::Subject;
use crate::run::Outcome;
use crate::run::assembly::{learn, place};
use crate::run::calibration::Calibration;
use crate::run::conformance;
use crate::run::feed::{Feed, Happening};
use crate::run::opening::{crowded, left_out, opened};
use crate::run::plain_loop;
use crate::run::resume::is_alike;
use engines::Clock;
use instrument::bench::Bench;
use instrument::bench::error::RunError;
use instrument::bench::exit::Exit;
use instrument::bench::folder::Folder;
use instrument::distributions::Place;
use instrument::host;
use reports::page::write_report;
use reports::record::RunRecord;
use reports::record::study::{Limit, LimitOutcome};
use settings::plan::Plan;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// What to search.
#[derive(Clone, Debug)]
pub struct LimitPlan {
    /// The cells and their engines, and what is written about the run.
    pub plan: Plan,
    /// What is asked of every search.
    pub options: Options,
    /// The run to go on with, and its folder.
    pub resume: Option<(PathBuf, RunRecord)>,
}

/// Searches the limit of every engine on every cell. `stop` ends it early: what is finished is
/// kept, and can be gone on with.
pub fn run_limit(
    limit_plan: &LimitPlan,
    bench: &mut dyn Bench,
    feed: &mut dyn Feed,
    clock: &dyn Clock,
    stop: &AtomicBool,
) -> Result<Outcome, RunError> {
    let LimitPlan { plan, options, resume } = limit_plan;
    let mut subjects = Vec::new();
    for (number, cell) in plan.cells.iter().enumerate() {
        let searched = Searched::of(cell)?;
        subjects.extend(
            (0..cell.engines.len())
                .map(|engine| (number, Subject { cell, engine, searched, options })),
        );
    }
    let started = host::utc_now();
    // Held to the end, so that no other search writes into it.
    let (held, mut record) = if let Some((folder, record)) = resume {
        (Folder::again(folder, started, plan.cells.len())?, record.clone())
    } else {
        let folder = Folder::make(plan.out.as_deref(), &plan.name, started, plan.cells.len())?;
        let doubts = |cores| left_out(plan).chain(crowded(plan, cores)).collect();
        (folder, opened(plan, started, doubts, feed))
    };
    let folder = held.path().to_owned();
    // Until it has come to its end: whatever ends the program meanwhile cannot say so.
    record.interrupted = true;
    for (number, subject) in &subjects {
        let (cell, engine) = (place(&mut record, plan, subject.cell), subject.engine);
        let limit = &mut record.cells[cell].engines[engine].limit;
        let before = limit.get_or_insert_with(|| subject.nothing()).clone();
        if subject.engine == 0
            && record.cells[cell].plain_loop.is_none()
            && !stop.load(Ordering::Relaxed)
        {
            record.cells[cell].plain_loop =
                plain_loop::timed(subject.cell, plan.floors, bench, feed)?;
        }
        // Where it came to an end, the same probes lead there again.
        let named = format!(
            "{}: searching the highest {} that {} sustains",
            subject.cell.name,
            subject.searched.name(),
            subject.cell.engines[subject.engine].label
        );
        // Behind an interrupt what is not searched is written down as such, and not announced.
        if !stop.load(Ordering::Relaxed) {
            feed.tell(&Happening::Noted(&named));
        }
        let mut means = Means { bench, feed, clock, stop };
        let found = find(subject, &before, &mut means, &mut |limit, measured| {
            learn(&mut record.cells[cell], engine, measured).limit = Some(limit.clone());
            record.write(&folder)?;
            Ok(())
        })?;
        let known = &mut record.cells[cell].engines[engine];
        let sustained = found.pass_per_s.filter(|_| known.floor.is_none());
        known.limit = Some(found);
        record.write(&folder)?;
        let at = (*number, engine);
        let floor = sustained.and_then(|rate| Calibration::behind_search(plan, at, rate));
        let Some(floor) = floor.filter(|_| !stop.load(Ordering::Relaxed)) else { continue };
        match floor.carried_out(plan, means.bench, means.feed, stop) {
            Some(Ok(floor)) => record.cells[cell].engines[engine].floor = Some(floor),
            Some(Err(warning)) => record.warnings.push(warning),
            None => {}
        }
        record.write(&folder)?;
    }
    record.interrupted = stop.load(Ordering::Relaxed);
    record.write(&folder)?;
    conformance::put_beside(&mut record, &folder, &Place::of_this_process(), feed);
    write_report(std::slice::from_ref(&record), &folder)?;
    let exit = exit(&record, plan.strict);
    Ok(Outcome { record, folder, exit })
}

/// Interrupted before inconclusive; a limit that is not known is a result, unless the user is
/// strict.
fn exit(record: &RunRecord, strict: bool) -> Exit {
    let mut limits = record.cells.iter().flat_map(|cell| &cell.engines);
    let unknown = |limit: &Limit| limit.outcome == LimitOutcome::Unknown;
    if record.interrupted {
        Exit::Interrupted
    } else if strict && limits.any(|engine| engine.limit.as_ref().is_some_and(unknown)) {
        Exit::Inconclusive
    } else {
        Exit::Ok
    }
}

/// Whether a run can be gone on with by this plan; or what it lacks or has otherwise.
pub fn obstacle(record: &RunRecord, plan: &Plan, options: &Options) -> Result<(), String> {
    let limits =
        || record.cells.iter().flat_map(|cell| &cell.engines).filter(|e| e.limit.is_some());
    if limits().next().is_none() {
        return Err("it is no run of `limit`".to_owned());
    }
    is_alike(record, plan)?;
    for recorded in &record.cells {
        let Some(cell) = plan.cells.iter().find(|cell| cell.name == recorded.name) else {
            continue;
        };
        let searched = Searched::of(cell).map_err(|error| error.to_string())?;
        for (engine, setting) in cell.engines.iter().enumerate() {
            let subject = Subject { cell, engine, searched, options };
            let before = recorded.engines.iter().find(|engine| engine.label == setting.label);
            if let Some(limit) = before.and_then(|engine| engine.limit.as_ref()) {
                subject.resumed(limit).map_err(|error| error.to_string())?;
            }
        }
    }
    Ok(())
}
