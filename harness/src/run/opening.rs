//! A record before anything is measured: its circumstances, and what is doubtful about the plan.
//!
//! Nothing is run here, and no doubt keeps a plan from being run.

use crate::run::feed::{Feed, Happening};
use instrument::bench::warnings::{Doubt, about_host};
use instrument::drivers::{Nature, Pins, all_pins, interval_ns, nature};
use instrument::host;
use instrument::measure::self_cost::self_cost;
use instrument::measure::timeline;
use reports::quantity;
use reports::record::{CellRecord, EngineRecord, InputRecord, RunRecord, SCHEMA_VERSION};
use settings::plan::{Cell, EngineSetting, JVM_WARM_UP, Plan, Transport};
use statistics::comparison::FEWEST_RUNS;
use std::time::{Duration, SystemTime};

/// A record with its circumstances, and nothing measured yet. What is doubtful about the plan
/// depends on how many cores there are.
pub(crate) fn opened(
    plan: &Plan,
    started: SystemTime,
    doubts_about_plan: impl FnOnce(u32) -> Vec<Doubt>,
    feed: &mut dyn Feed,
) -> RunRecord {
    host::sharpen_timers();
    let jitter = host::jitter(host::PROBE);
    let machine = host::describe(&jitter);
    let mut doubts = about_host(&machine, &jitter);
    doubts.extend(doubts_about_plan(machine.cores));
    doubts.extend(left_out(plan));
    let self_cost = self_cost();
    feed.tell(&Happening::Noted(&host::line(&machine)));
    for (engine, pins) in all_pins(&plan.cells).unwrap_or_default() {
        if pins.engine.shared(&pins.harness).is_empty() {
            feed.tell(&Happening::Noted(&format!("{engine}: {}", pins.told())));
        }
    }
    for doubt in &doubts {
        let warning = doubt.warning();
        feed.tell(&Happening::Noted(&format!("  ! {}: {}", warning.text, warning.advice)));
    }
    feed.tell(&Happening::Noted(&format!(
        "measuring costs {:.1} ns per event, {:.1} ns per answer: with no engine in between, one \
         core paces and records {} one at a time, and more where an engine takes many at once; a \
         reading of the clock, {:.1} ns",
        self_cost.pacing_ns_per_event,
        self_cost.recording_ns_per_answer,
        quantity::rate(1e9 / (self_cost.pacing_ns_per_event + self_cost.recording_ns_per_answer)),
        self_cost.clock_read_ns
    )));
    RunRecord {
        schema_version: SCHEMA_VERSION,
        name: plan.name.clone(),
        title: plan.title.clone(),
        command: plan.command.clone(),
        started: host::rfc3339(started),
        tool: host::tool(),
        host: machine,
        // Until it has come to its end: whatever ends the program meanwhile cannot say so.
        interrupted: true,
        self_cost,
        cells: Vec::new(),
        warnings: doubts.iter().map(Doubt::warning).collect(),
        sweep: plan.sweep.clone(),
        conformance: Vec::new(),
    }
}

/// What a run goes on without.
pub(crate) fn left_out(plan: &Plan) -> impl Iterator<Item = Doubt> {
    plan.left_out.iter().cloned().map(Doubt::LeftOut)
}

/// What is doubtful about what is to be run.
pub(crate) fn about_plan(plan: &Plan, cores: u32) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if plan.simulate {
        doubts.push(Doubt::Simulated);
        return doubts;
    }
    doubts.extend(cold(plan));
    doubts.extend(crowded(plan, cores));
    doubts.extend(shared(plan));
    if (plan.repeat.most() as usize) < FEWEST_RUNS {
        doubts.push(Doubt::FewRepetitions { repetitions: plan.repeat.most() });
    }
    doubts
}

/// Engines that are measured before they have warmed up, those with the same warm-up together.
fn cold(plan: &Plan) -> Vec<Doubt> {
    let mut cold: Vec<(Duration, Vec<String>)> = Vec::new();
    for cell in &plan.cells {
        let measure = cell.measure;
        if measure.warm_up_floor.is_some() || measure.warm_up >= JVM_WARM_UP {
            continue;
        }
        for engine in cell.engines.iter().filter(|engine| !engine.kind.is_embedded()) {
            let label = engine.label.clone();
            match cold.iter_mut().find(|(warm_up, _)| *warm_up == measure.warm_up) {
                Some((_, engines)) if engines.contains(&label) => {}
                Some((_, engines)) => engines.push(label),
                None => cold.push((measure.warm_up, vec![label])),
            }
        }
    }
    let doubt = |(warm_up, engines): (Duration, Vec<String>)| Doubt::Cold {
        engines,
        warm_up_s: warm_up.as_secs_f64(),
        least_s: JVM_WARM_UP.as_secs_f64(),
    };
    cold.into_iter().map(doubt).collect()
}

/// Engines that share processors with what measures them, though nobody asked that none be pinned.
fn shared(plan: &Plan) -> Vec<Doubt> {
    // What cannot be had is refused elsewhere.
    let pinned = all_pins(&plan.cells).unwrap_or_default();
    let are_one =
        |pins: &Pins| !pins.is_unwanted() && !pins.engine.shared(&pins.harness).is_empty();
    let shared = pinned.into_iter().filter(|(_, pins)| are_one(pins));
    let doubt = |(engine, pins): (&str, Pins)| Doubt::Shared {
        engine: engine.to_owned(),
        cores: pins.told(),
    };
    shared.map(doubt).collect()
}

/// Whether the workers of a plan leave no core for anything else.
pub(crate) fn crowded(plan: &Plan, cores: u32) -> Option<Doubt> {
    let workers = plan.cells.iter().map(|cell| cell.parallelism).max().unwrap_or(1);
    (workers >= cores as usize && workers > 1).then_some(Doubt::Crowded { workers, cores })
}

/// What is known of a cell before its input has been made.
pub(crate) fn cell_record(cell: &Cell) -> CellRecord {
    CellRecord {
        name: cell.name.clone(),
        title: cell.title.clone(),
        scenario: cell.scenario.clone(),
        question: String::new(),
        resolved: cell.resolved_toml.clone(),
        seed: cell.seed,
        parallelism: u32::try_from(cell.parallelism).unwrap_or(u32::MAX),
        input: InputRecord::default(),
        latency_definition: String::new(),
        warm_up_s: cell.measure.warm_up.as_secs_f64(),
        duration_s: cell.measure.duration.as_secs_f64(),
        truth: None,
        engines: cell.engines.iter().map(|engine| engine_record(engine, &cell.transport)).collect(),
        warnings: Vec::new(),
        point: cell.point.clone(),
        thresholds: cell.thresholds.clone(),
        plain_loop: None,
    }
}

fn engine_record(setting: &EngineSetting, transport: &Transport) -> EngineRecord {
    let Nature { recorded, algorithm, settings, .. } = nature(&setting.kind).through(transport);
    EngineRecord {
        label: setting.label.clone(),
        kind: recorded,
        algorithm: algorithm.to_owned(),
        settings: settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        interval_s: interval_ns(&setting.kind).map(timeline::seconds),
        trigger_s: setting.kind.trigger().map(|trigger| trigger.as_secs_f64()),
        is_elsewhere: setting.kind.is_elsewhere(),
        repetitions: Vec::new(),
        merged_result_latency: None,
        merged_event_latency: None,
        floor: None,
        limit: None,
    }
}
