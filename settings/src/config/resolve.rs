//! From a draft to a cell: each step in its turn, and all mistakes of all steps together.

use super::beside;
use super::build::build;
use super::check::Checker;
use super::contradictions::contradictions;
use super::diagnostic::{Mistake, Sources};
use super::draft::Draft;
use super::engines::{EngineSettings, engine_settings, label};
use super::relabel::relabel;
use super::settings::Settings;
use super::threshold::{self, Demand};
use super::transport;
use crate::plan::settings::Typed;
use crate::plan::{Cell, LeftOut};

/// The cell, or all that is wrong with it. `plain` is the same draft before anything was laid over
/// it; `only` are the engines that were asked for; all, if it is empty.
pub(super) fn resolve(
    draft: &Draft,
    plain: &Draft,
    sources: &Sources,
    only: &[&'static str],
) -> Result<(Cell, Vec<LeftOut>), Vec<Mistake>> {
    let mut checker = Checker { unreadable: draft.unreadable, ..Checker::default() };
    checker.table("", &draft.root, &["engine"]);
    let mut all = engine_settings(draft, only, &mut checker);
    relabel(&mut all, &engine_settings(plain, only, &mut Checker::default()));
    let labels: Vec<String> = all.iter().map(label).collect();
    let demands = threshold::read(&draft.root, &labels, &mut checker);
    let Checker { mut settings, mut mistakes, .. } = checker;
    beside::warm_up(&mut settings, &all, sources);
    transport::fill(&mut settings);
    let left_out = if draft.partial { leave_out(&settings, &mut all) } else { Vec::new() };
    contradictions(&settings, &all, &mut mistakes);
    // What could not be read has been told already, and may be what is missing here.
    if draft.unreadable || !mistakes.is_empty() {
        return Err(mistakes);
    }
    reach_trace(&mut settings, sources);
    let cell = build(&settings, &all, &demands);
    let cell = cell.expect("settings without a mistake hold every key that applies");
    Ok((checked(cell, &settings)?, left_out))
}

/// Takes out the engines that cannot be asked this, each with the first reason. Where none could, all
/// stay, to be told as the mistake that it is.
fn leave_out(settings: &Settings, all: &mut Vec<EngineSettings>) -> Vec<LeftOut> {
    let among = |engines: &[EngineSettings]| {
        let mut mistakes = Vec::new();
        contradictions(settings, engines, &mut mistakes);
        mistakes
    };
    let without = among(&[]);
    let reason = |engine: &EngineSettings| {
        let with = among(std::slice::from_ref(engine));
        with.into_iter().find(|mistake| !without.contains(mistake))
    };
    let reasons: Vec<Option<Mistake>> = all.iter().map(reason).collect();
    if reasons.iter().all(Option::is_some) {
        return Vec::new();
    }
    let cell = settings.text("name").unwrap_or_default();
    let left_out = all.iter().zip(&reasons).filter_map(|(engine, reason)| {
        let Mistake { message, help, .. } = reason.as_ref()?;
        Some(LeftOut {
            cells: vec![cell.to_owned()],
            engine: label(engine),
            why: message.clone(),
            way_out: help.clone().unwrap_or_default(),
        })
    });
    let left_out = left_out.collect();
    let mut reasons = reasons.into_iter();
    all.retain(|_| reasons.next().is_none_or(|reason| reason.is_none()));
    left_out
}

/// The cell of settings that were resolved before and changed since, or all that is wrong with it.
pub(super) fn resolve_anew(
    settings: &Settings,
    all: &[EngineSettings],
    demands: &[Demand],
) -> Result<Cell, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut settings = settings.clone();
    transport::fill(&mut settings);
    let settings = &settings;
    contradictions(settings, all, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    match build(settings, all, demands) {
        Some(cell) => checked(cell, settings),
        None => Err(vec![Mistake::new("config::missing_key", "a key is missing that applies")]),
    }
}

/// The trace's file, as it is reached from the working directory.
fn reach_trace(settings: &mut Settings, sources: &Sources) {
    const PATH: &str = "source.trace.path";
    let base = settings.place(PATH).and_then(|place| sources.get(place.source).base.as_deref());
    let (Some(path), Some(base)) = (settings.text(PATH), base) else { return };
    let reached = base.join(path).to_string_lossy().into_owned();
    settings.restate(PATH, Typed::Text(reached));
}

fn checked(cell: Cell, settings: &Settings) -> Result<Cell, Vec<Mistake>> {
    match cell.case.check() {
        Ok(()) => Ok(cell),
        Err(why) => {
            let place = settings.picked("source").and_then(|key| settings.place(key.path));
            Err(vec![Mistake::new("config::range", why).at(place, "of this source")])
        }
    }
}
