//! `plan`: what a run would do, how long it would take and what it needs. Nothing is run and
//! nothing is written.
//!
//! Lengths of time and bytes of disk are estimates; events, memory for the input, order and
//! settings are what the run itself would come to.

use super::demanded::{self, Demanded};
use super::prepare;
use crate::cli::answer::Answer;
use crate::cli::carry_out::{affordable, not_here, pinned, resumed};
use crate::cli::options::RunArgs;
use crate::run::estimate::{about, answers, estimate};
use crate::run::{self, calibration};
use clap::Args;
use engines::Data;
use instrument::bench::waits_for_marks;
use instrument::bench::warnings::{Doubt, about_host};
use instrument::drivers::{all_pins, interval_ns};
use instrument::host;
use instrument::load::input;
use instrument::load::layout::Layout;
use instrument::load::period::offered;
use instrument::load::replay::Replay;
use programs::{Case, Visitor};
use reports::quantity;
use reports::record::{BATCHES_MOST, Warning};
use reports::words::{brief, titled};
use scenarios::catalog::CaseError;
use schemars::JsonSchema;
use serde::Serialize;
use settings::config::lint::{Remark, remarks};
use settings::config::{self, Given, Traces, Written};
use settings::plan::{Cell, EngineSetting, Format, Plan};
use std::fmt::Write as _;
use std::hash::Hash;
use std::time::Duration;

/// What `plan` takes: all that `run` does.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// What would be run.
    #[command(flatten)]
    pub run: RunArgs,
}

/// What a run would do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Planned {
    /// Of this format: 1.
    schema_version: u32,
    /// What the run would be called.
    name: String,
    /// The same for a headline.
    title: String,
    /// How often each engine runs each cell, at least.
    repetitions_least: u32,
    /// How often at most, where the repetitions themselves decide.
    repetitions_most: u32,
    /// How many repetitions of it are finished in the folder to go on with, in all.
    repetitions_finished: usize,
    /// How long it takes at least, in seconds; none where time is simulated.
    estimated_s_least: Option<u64>,
    /// How long at most, in seconds.
    estimated_s_most: Option<u64>,
    /// What is measured before all else, for the floors of engines in processes of their own.
    calibrations: Vec<String>,
    /// The first repetition, in the order in which it is run: cell and engine.
    order: Vec<(String, String)>,
    /// About how much would be written at most, in bytes, without the answers.
    disk_bytes: u64,
    /// What is compared.
    cells: Vec<PlannedCell>,
    /// The machine, in a line.
    host: String,
    /// Reasons not to trust the run, each with advice.
    warnings: Vec<Warning>,
}

/// One question on one input.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct PlannedCell {
    /// Short name.
    name: String,
    /// The same for a headline.
    title: String,
    /// The engines that are compared.
    engines: Vec<String>,
    /// Start of each repetition that is not measured, in seconds; the least, where it is found
    /// in the run.
    warm_up_s: f64,
    /// Length of the measured part, in seconds.
    duration_s: f64,
    /// Events of a repetition, at most.
    events: u64,
    /// About how many answers each engine gives in a repetition, where that follows from the
    /// settings.
    answers: Option<u64>,
    /// What it takes to hold them all in memory, in bytes.
    input_bytes: u64,
    /// What they take of it: no more than they may, where that is said.
    memory_bytes: u64,
    /// When they would be made on this machine as it is now.
    made: String,
    /// After how many events they say the same again, where the first of them go round; none where each
    /// is made anew.
    period_events: Option<u64>,
    /// On which processors each engine in a process of its own runs, and this program beside it, in
    /// words.
    cores: Vec<String>,
    /// Where watermark marks stand, if answers wait for them.
    marks: Option<String>,
    /// About how long answers wait for one, in seconds.
    mark_wait_s: Option<f64>,
    /// What is not a default, and where it was written.
    settings: Vec<Written>,
    /// What is demanded of it, and how many repetitions that takes.
    demands: Vec<Demanded>,
    /// What is no mistake in it and may not be meant.
    remarks: Vec<Remark>,
    /// How much of a trace is played; none where events are made up.
    trace: Option<PlannedTrace>,
}

/// How much of a trace is played.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct PlannedTrace {
    /// Its rows that can be read.
    rows: u64,
    /// Those of its file that cannot, and are left out.
    rows_rejected: u64,
    /// Those that fall due before the run ends.
    rows_played: u64,
    /// From its first arrival to its last, in seconds of the trace.
    span_s: f64,
    /// At which speed it would last as long as the run; none where all of it arrives at once.
    speed_to_fill: Option<f64>,
    /// How many windows end within a batch, for each length of batches, shortest first.
    windows_per_batch: Vec<f64>,
    /// All of this in sentences.
    sentences: Vec<String>,
}

impl PlannedTrace {
    fn of(replay: &Replay) -> Self {
        Self {
            rows: replay.rows,
            rows_rejected: replay.rejected,
            rows_played: replay.played,
            span_s: replay.span_s,
            speed_to_fill: replay.speed_to_fill(),
            windows_per_batch: replay.batches.iter().filter_map(|batch| batch.windows).collect(),
            sentences: replay.sentences(),
        }
    }
}

/// Tells what `run` would do with the same arguments.
pub(in crate::cli) fn plan(args: &PlanArgs, given: &[Given], colour: bool) -> Answer {
    let run = &args.run;
    let command = prepare::typed(std::env::args_os());
    let loaded = config::load(&run.what, given, &run.engines, Traces::MustExist);
    let planned = loaded.and_then(|loaded| Ok((loaded, prepare::plan(run, given, command)?)));
    let (loaded, plan) = match planned {
        Ok(planned) => planned,
        Err(rejected) => return Answer::rejected(&rejected, colour),
    };
    if let Err(mistake) = affordable(&plan.cells, plan.repeat.least(), plan.keep_results) {
        return Answer::mistaken(mistake, colour);
    }
    if let Err(mistake) = pinned(&plan.cells) {
        return Answer::mistaken(mistake, colour);
    }
    // Nothing else runs here, so that a shorter look than that of `doctor` will do.
    let resumed = run.resume.as_deref().map(|folder| resumed(&plan, folder)).transpose();
    let finished = match resumed {
        Ok(resumed) => resumed.map_or(0, |resumed| resumed.finished()),
        Err(mistake) => return Answer::mistaken(mistake, colour),
    };
    let jitter = host::jitter(host::PROBE);
    let machine = host::describe(&jitter);
    let mut doubts = about_host(&machine, &jitter);
    doubts.extend(run::opening::about_plan(&plan, machine.cores));
    doubts.extend(run::opening::left_out(&plan));
    doubts.extend(not_here(&plan.cells).into_iter().map(Doubt::NotHere));
    match planned_of(&plan, loaded.written, finished, &host::line(&machine), &doubts) {
        Ok(planned) if plan.format == Format::Json => Answer::document(&planned),
        Ok(planned) => Answer::ok(text(&planned)),
        Err(error) => Answer::of_case(&error),
    }
}

fn planned_of(
    plan: &Plan,
    written: Vec<Vec<Written>>,
    finished: usize,
    host: &str,
    doubts: &[Doubt],
) -> Result<Planned, CaseError> {
    let (least, most) = (plan.repeat.least(), plan.repeat.most());
    let trials: usize = plan.cells.iter().map(|cell| cell.engines.len()).sum();
    let seconds = |repeat| {
        let all = trials * repeat as usize;
        let left = all.saturating_sub(finished) as f64 / all.max(1) as f64;
        let floors = if left > 0.0 { calibration::time(plan) } else { Duration::ZERO };
        let time = || estimate(&plan.cells, repeat).mul_f64(left) + floors;
        (!plan.simulate).then(|| time().as_secs())
    };
    let label = |(cell, engine): (usize, usize)| {
        let cell = &plan.cells[cell];
        (cell.name.clone(), cell.engines[engine].label.clone())
    };
    let planned = |(cell, written)| planned_cell(plan, cell, written);
    let cells: Result<Vec<_>, _> = plan.cells.iter().zip(written).map(planned).collect();
    let (cells, strange): (Vec<_>, Vec<_>) = cells?.into_iter().unzip();
    let apart = plan.cells.iter().zip(&cells).filter(|_| !plan.simulate);
    let apart = apart.filter_map(|(cell, planned)| marks_apart(cell, planned.mark_wait_s?));
    let mut warnings: Vec<Warning> =
        doubts.iter().cloned().chain(apart).map(|doubt| doubt.warning()).collect();
    for warning in strange.into_iter().flatten() {
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    Ok(Planned {
        schema_version: 1,
        name: plan.name.clone(),
        title: plan.title.clone(),
        repetitions_least: least,
        repetitions_most: most,
        repetitions_finished: finished,
        estimated_s_least: seconds(least),
        estimated_s_most: seconds(most),
        calibrations: calibration::told(plan),
        order: run::block(&plan.cells, 1).into_iter().map(label).collect(),
        disk_bytes: plan.cells.iter().map(disk_bytes).sum::<u64>() * u64::from(most) + PAGE_BYTES,
        cells,
        host: host.to_owned(),
        warnings,
    })
}

/// What is known of a cell when its workload is open.
struct Sizes {
    /// How many events there are at most, and how many bytes it takes to hold them all.
    size: (u64, u64),
    /// After how many they go round, if they do.
    period: Option<u64>,
    replay: Option<Replay>,
    strange: Vec<Warning>,
    /// About how long answers wait for a mark, in seconds.
    mark_wait_s: Option<f64>,
    span_us: Option<u64>,
}

/// What is planned for a cell, and what is strange about its input.
fn planned_cell(
    plan: &Plan,
    cell: &Cell,
    settings: Vec<Written>,
) -> Result<(PlannedCell, Vec<Warning>), CaseError> {
    struct Size<'a>(&'a Cell);
    impl Visitor for Size<'_> {
        type Output = Sizes;
        fn visit<E: Data + Hash, A: scenarios::Answer>(self, case: Case<E, A>) -> Self::Output {
            let Self(cell) = self;
            let layout = Layout::of(cell, cell.seed, case.program.trigger());
            let rejected = Doubt::of_rejected(case.workload.rejected_rows());
            let remarks = case.workload.remarks().iter().cloned().map(Doubt::Strange);
            let strange =
                rejected.into_iter().chain(remarks).map(|doubt| doubt.warning()).collect();
            let replay = Replay::of(cell, &*case.workload);
            let has_marks = waits_for_marks(cell, &*case.program);
            let per_second = input::mean_per_s(&*case.workload, &layout) / cell.partitions as f64;
            let mark_wait_s = has_marks.then(|| cell.marks.wait_s(per_second));
            let span_us = case.workload.span_us();
            let size = input::size(&*case.workload, &layout);
            let period = offered(cell, case.workload, &layout).period();
            Sizes { size, period, replay, strange, mark_wait_s, span_us }
        }
    }
    let Sizes { size: (events, input_bytes), period, replay, strange, mark_wait_s, span_us } =
        programs::open(&cell.case, cell.seed)?.visit(Size(cell));
    let events = replay.as_ref().map_or(events, |replay| replay.played);
    let input_memory = cell.measure.input_memory;
    let budget = input_memory.unwrap_or(u64::MAX).min(input::memory_budget_bytes());
    let planned = PlannedCell {
        name: cell.name.clone(),
        title: cell.title.clone(),
        engines: cell.engines.iter().map(|engine| engine.label.clone()).collect(),
        warm_up_s: cell.measure.warm_up.as_secs_f64(),
        duration_s: cell.measure.duration.as_secs_f64(),
        events,
        answers: answers(cell).map(whole),
        input_bytes,
        memory_bytes: input_bytes.min(input_memory.unwrap_or(u64::MAX)),
        made: input::made_when(input_bytes <= budget, period),
        period_events: period,
        cores: cores(cell),
        marks: mark_wait_s.map(|_| cell.marks.shown()),
        mark_wait_s,
        demands: demanded::demanded(plan, cell),
        remarks: remarks(cell, &settings, span_us),
        settings,
        trace: replay.as_ref().map(PlannedTrace::of),
    };
    Ok((planned, strange))
}

/// Who runs where, of the engines in processes of their own.
fn cores(cell: &Cell) -> Vec<String> {
    let cells = std::slice::from_ref(cell);
    let pinned = all_pins(cells).unwrap_or_default();
    pinned.into_iter().map(|(engine, pins)| format!("{engine}: {}", pins.told())).collect()
}

/// Whether answers wait for marks longer than for one of the engines: one that takes events as they
/// come needs far less than a millisecond, and one that collects makes them wait for half of its
/// interval.
fn marks_apart(cell: &Cell, wait_s: f64) -> Option<Doubt> {
    let engine_s = |engine: &EngineSetting| {
        interval_ns(&engine.kind).map_or(0.0, |interval_ns| interval_ns as f64 / 2e9)
    };
    let engine_s = cell.engines.iter().map(engine_s).fold(f64::INFINITY, f64::min);
    (wait_s > engine_s.max(run::MARK_WAIT_NS_MAX / 1e9)).then(|| Doubt::MarksApart {
        cell: cell.name.clone(),
        marks: cell.marks.shown(),
        wait_s,
    })
}

/// About what a page and its charts take, in bytes.
const PAGE_BYTES: u64 = 1 << 20;

/// About what one repetition of every engine of a cell writes, in bytes: ten rows of a timeline a
/// second, here and in the record, a distribution a second in the interval log, and the batches.
fn disk_bytes(cell: &Cell) -> u64 {
    const SECOND_BYTES: f64 = 10.0 * 400.0 + 2.0 * 1_500.0;
    const BATCH_BYTES: f64 = 150.0;
    let length_s = (cell.measure.warm_up + cell.measure.duration).as_secs_f64();
    let engines = cell.engines.iter().map(|engine| {
        let batches = interval_ns(&engine.kind)
            .map_or(0.0, |interval_ns| length_s * 1e9 / interval_ns as f64)
            .min(BATCHES_MOST as f64);
        SECOND_BYTES * length_s + BATCH_BYTES * batches
    });
    whole(engines.sum::<f64>())
}

/// An estimate, without its fraction.
fn whole(estimate: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
    let whole = estimate as u64;
    whole
}

fn text(planned: &Planned) -> String {
    let mut out = titled(&planned.name, &planned.title) + "\n";
    let trials = planned.order.len();
    let (least, most) = (planned.repetitions_least, planned.repetitions_most);
    let (often, at_most) = match (least, most) {
        (1, 1) => ("once".to_owned(), ""),
        (least, most) if least == most => (format!("{most} times"), ""),
        (least, most) => (format!("{least} to {most} times"), "at most "),
    };
    let _ = writeln!(
        out,
        "\n{}, on them {} in all, each {often}: {at_most}{}",
        counted(planned.cells.len(), "cell"),
        counted(trials, "setting of engines"),
        counted(trials * most as usize, "repetition")
    );
    if planned.repetitions_finished > 0 {
        let finished = counted(planned.repetitions_finished, "repetition");
        let _ = writeln!(out, "finished  {finished}; the time is that of the rest");
    }
    let seconds = |seconds| about(Duration::from_secs(seconds));
    let time = match (planned.estimated_s_least, planned.estimated_s_most) {
        (Some(least), Some(most)) if least == most => format!("about {}", seconds(most)),
        (Some(least), Some(most)) => format!("from {} to {}", seconds(least), seconds(most)),
        _ => "simulated: as fast as it can be computed".to_owned(),
    };
    let _ = writeln!(out, "time      {time}");
    for (n, calibration) in planned.calibrations.iter().enumerate() {
        let _ = writeln!(out, "{:<8}  {calibration}", if n == 0 { "floor" } else { "" });
    }
    let largest = planned.cells.iter().map(|cell| cell.memory_bytes).max().unwrap_or(0);
    let _ = writeln!(out, "memory    {} for the largest input", quantity::bytes(largest as f64));
    let disk = quantity::bytes(planned.disk_bytes as f64);
    let _ = writeln!(out, "disk      about {disk}, without --keep-results");
    let _ = writeln!(out, "order     drawn anew for each repetition; the first:");
    for (cell, engine) in &planned.order {
        let _ = writeln!(out, "            {cell} {engine}");
    }
    for cell in &planned.cells {
        let _ = writeln!(out, "\n{}", titled(&cell.name, &cell.title));
        let _ = writeln!(out, "  engines   {}", cell.engines.join(", "));
        let _ = writeln!(
            out,
            "  length    {} warm-up, {} measured",
            quantity::seconds(cell.warm_up_s),
            quantity::seconds(cell.duration_s)
        );
        let _ = writeln!(
            out,
            "  input     {}, {}, made {}",
            quantity::counted(cell.events, "event"),
            quantity::bytes(cell.input_bytes as f64),
            cell.made
        );
        if let Some(answers) = cell.answers {
            let answers = quantity::count(answers);
            let _ = writeln!(out, "  answers   about {answers} of each engine");
        }
        for (n, sentence) in cell.trace.iter().flat_map(|trace| &trace.sentences).enumerate() {
            let _ = writeln!(out, "  {:<8}  {sentence}", if n == 0 { "trace" } else { "" });
        }
        for (n, cores) in cell.cores.iter().enumerate() {
            let _ = writeln!(out, "  {:<8}  {cores}", if n == 0 { "cores" } else { "" });
        }
        if let Some(marks) = &cell.marks {
            let _ = writeln!(out, "  marks     {marks}");
        }
        out += &demanded::lines(&cell.demands, most);
        let _ = writeln!(out, "  settings  file < environment < command line; the rest is default");
        let width = cell.settings.iter().map(|setting| setting.key.len()).max().unwrap_or(0);
        for Written { key, value, from, line } in &cell.settings {
            let line = line.map_or_else(String::new, |line| format!(", line {line}"));
            let value = brief(value, 120);
            let _ = writeln!(out, "    {key:width$} = {value}  ({from}{line})");
        }
        for remark in &cell.remarks {
            out.push_str(&remark.indented("  "));
        }
    }
    let _ = writeln!(out, "\n{}", planned.host);
    for warning in &planned.warnings {
        let _ = writeln!(out, "  ! {}: {}", warning.text, warning.advice);
    }
    out
}

fn counted(count: usize, one: &str) -> String {
    match one.split_once(' ') {
        _ if count == 1 => format!("1 {one}"),
        Some((noun, rest)) => format!("{count} {noun}s {rest}"),
        None => format!("{count} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches as _;

    /// What is planned for these arguments, and how it is shown.
    fn planned(arguments: &[&str]) -> (Planned, String) {
        let command = PlanArgs::augment_args(clap::Command::new("plan"));
        let matches = command.get_matches_from(["plan"].iter().chain(arguments));
        let args = PlanArgs::from_arg_matches(&matches).unwrap();
        let given = args.run.settings.given(&matches);
        let loaded =
            config::load(&args.run.what, &given, &args.run.engines, Traces::MustExist).unwrap();
        let plan = prepare::plan(&args.run, &given, String::new()).unwrap();
        let doubts = run::opening::about_plan(&plan, 8);
        let planned =
            planned_of(&plan, loaded.written, 0, "8 cores, Imaginary 3000", &doubts).unwrap();
        let text = text(&planned);
        (planned, text)
    }

    #[test]
    fn a_plan_says_what_where_from_and_how_long() {
        let typed = ["keyed-window", "--rate", "20k/s", "--set", "seed=7", "--repeat", "5..20"];
        insta::assert_snapshot!("plan_of_one", planned(&typed).1);
    }

    #[test]
    fn what_is_said_last_is_where_it_came_from() {
        let (planned, _) = planned(&["keyed-window", "--set", "engine.micro-batch.interval=50ms"]);
        let setting = |key: &str| {
            planned.cells[0].settings.iter().find(|setting| setting.key == key).cloned()
        };
        let interval = setting("engine.micro-batch.interval").unwrap();
        assert_eq!((interval.from.as_str(), interval.value.as_str()), ("command line", "50ms"));
        assert_eq!(interval.line, None);
        let rate = setting("source.synthetic.rate").unwrap();
        assert_eq!(
            (rate.from.as_str(), rate.value.as_str()),
            ("keyed-window.toml, built in", "\"100k/s\"")
        );
        assert!(rate.line.is_some());
        assert_eq!(setting("parallelism"), None, "a default was written by nobody");
    }

    #[test]
    fn an_input_too_large_is_made_ahead_of_need() {
        let (small, _) = planned(&["identity", "--rate", "1k/s", "--duration", "1s"]);
        assert_eq!(small.cells[0].made, "before the clock started");
        let (large, _) = planned(&["identity", "--rate", "1G/s", "--duration", "10h"]);
        assert_eq!(large.cells[0].made, "ahead of need, by another thread");
        assert!(large.cells[0].input_bytes > 1 << 40);
        assert!(large.estimated_s_most > small.estimated_s_most);
    }

    #[test]
    fn an_input_that_may_take_only_so_much_goes_round_and_the_plan_says_after_how_many_events() {
        let long = ["identity", "--rate", "1M/s", "--duration", "1h"];
        let (planned, text) =
            planned(&[&long[..], &["--set", "measure.input_memory=1GiB"]].concat());
        let cell = &planned.cells[0];
        assert_eq!((cell.period_events, cell.memory_bytes), (Some(1 << 24), 1 << 30));
        assert!(cell.input_bytes > 100 << 30);
        assert!(text.contains("memory    1.00 GiB for the largest input"), "{text}");
        assert!(text.contains(&format!("going round every {} events", quantity::count(1 << 24))));
    }

    #[test]
    fn marks_that_stand_too_far_apart_are_named_before_anything_runs() {
        let told = |set: &str| {
            let (planned, text) = planned(&["keyed-window", "--set", set]);
            let codes = planned.warnings.iter().filter(|warning| warning.code == "input::marks");
            (codes.count(), text)
        };
        let (warnings, text) = told("source.synthetic.watermark_every=50_000");
        assert_eq!(warnings, 1, "{text}");
        assert!(
            text.contains("marks     after every 50000 events of a source partition"),
            "{text}"
        );
        assert!(text.contains("answers will wait about 250 ms for a watermark mark"), "{text}");
        assert_eq!(told("seed=1").0, 0, "the default is at most a millisecond");
        assert_eq!(told("source.synthetic.watermark_every=1").0, 0);
    }

    #[test]
    fn a_suite_is_planned_case_by_case_in_the_order_of_the_run() {
        let (planned, _) = planned(&["quick"]);
        assert_eq!(planned.cells.len(), 4);
        assert_eq!(planned.order.len(), 8);
        assert_eq!((planned.repetitions_least, planned.repetitions_most), (2, 2));
        let json = serde_json::to_value(&planned).unwrap();
        let schema = reports::record::schema::of::<Planned>("plan:1", "", 1);
        assert!(jsonschema::is_valid(&schema, &json), "{json:#}");
    }

    #[test]
    fn simulated_time_takes_no_time_that_is_known() {
        let (planned, text) = planned(&["identity", "--simulate"]);
        assert_eq!(planned.estimated_s_most, None);
        assert!(text.contains("simulated"), "{text}");
    }
}
