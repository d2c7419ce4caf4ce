//! One page that says it all and opens from disk, without a network.
//!
//! Verdict, table, what an engine carries, how long answers take, each scenario in a fold, what was
//! varied, circumstances, configuration, definitions, and what all this does not say; in that
//! order. It can be read without scripts; where they run, uPlot draws the charts anew from the
//! numbers beside them (`page.js`). Every text of a record is escaped: a scenario's title is
//! no markup. A speed that was not verified is not in the file at all, so that nobody can copy
//! it out of there.

pub mod comparison;
mod skeleton;
mod unsaid;

use crate::chart::{self, Chart, Part};
use crate::compare::{Outcome, compare_all, middle};
use crate::gate::{Finding, check};
use crate::metrics::{CPU_PER_EVENT, LIMIT, Metric, RESULT_LATENCY_P99, metric};
use crate::quantity::{self, NONE};
use crate::record::study::LimitOutcome;
use crate::record::{
    CellRecord, EngineRecord, Repetition, RunRecord, VerdictKind, Warning, replace,
};
use crate::summary::{Better, Standing, standing, verified};
use crate::sweep;
use crate::table::{FIGURES, Figure};
use crate::verdict::{invalid, plural, verdict};
use minijinja::{Value, context};
use skeleton::{Bulk, drawing, fitting, render};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// A report that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is nothing to report on.
    #[error("there is no run to report on; give at least one folder that a run has written")]
    NoRun,
    /// The folder cannot be written to.
    #[error("cannot write {path}: {source}; choose another folder with --out")]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Writes `report.html` and `charts/*.svg` into a folder, making it if there is none, and
/// returns the page's path. Several runs stand on one page, one after the other.
pub fn write_report(records: &[RunRecord], folder: &Path) -> Result<PathBuf, ReportError> {
    if records.is_empty() {
        return Err(ReportError::NoRun);
    }
    let drawn: Vec<Drawn> = records.iter().map(Drawn::of).collect();
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source| ReportError::Unwritable { path, source }
    };
    let charts = folder.join("charts");
    fs::create_dir_all(&charts).map_err(unwritable(&charts))?;
    for (n, (record, drawn)) in records.iter().zip(&drawn).enumerate() {
        let names = record.cells.iter().map(|cell| cell.name.as_str());
        let of_cells = names
            .zip(&drawn.cells)
            .flat_map(|(cell, charts)| charts.iter().map(move |chart| (cell, chart)));
        for (cell, chart) in drawn.across.iter().map(|chart| ("", chart)).chain(of_cells) {
            let path = charts.join(file_name(records, n, cell, chart));
            replace(&path, chart.file().as_bytes()).map_err(unwritable(&path))?;
        }
    }
    let path = folder.join("report.html");
    replace(&path, page(records, &drawn).as_bytes()).map_err(unwritable(&path))?;
    Ok(path)
}

/// The charts of a run.
struct Drawn {
    /// Those that span its cells.
    across: Vec<Chart>,
    /// Those of each cell.
    cells: Vec<Vec<Chart>>,
}

impl Drawn {
    fn of(record: &RunRecord) -> Self {
        Self { across: chart::charts_across(record), cells: chart::charts(record) }
    }
}

/// A text as part of a file's name or of a link: lower-case letters, digits and hyphens.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// What a chart's file is called; a chart across the cells has no cell.
fn file_name(records: &[RunRecord], n: usize, cell: &str, chart: &Chart) -> String {
    let run = if records.len() == 1 { String::new() } else { format!("{}-", n + 1) };
    let cell = if cell.is_empty() { String::new() } else { slug(cell) + "-" };
    format!("{run}{cell}{}.svg", chart.name)
}

fn page(records: &[RunRecord], drawn: &[Drawn]) -> String {
    let title = match records {
        [only] => only.title.clone(),
        several => format!("{} runs", several.len()),
    };
    let definitions: Vec<Value> = FIGURES
        .iter()
        .enumerate()
        .filter(|(_, figure)| !matches!(figure.name, "p99" | "max"))
        .map(|(n, figure)| {
            context! { id => format!("d-{n}"), name => figure.name, text => figure.definition }
        })
        .collect();
    let judged: Vec<Judged<'_>> = records.iter().map(Judged::of).collect();
    fitting(|bulk| {
        let runs: Vec<Value> = judged
            .iter()
            .zip(drawn)
            .enumerate()
            .map(|(n, (judged, drawn))| run(records, n, judged, drawn, bulk))
            .collect();
        let values = context! { definitions => definitions.clone(), runs => runs };
        render(include_str!("page/report.html"), &title, bulk, values)
    })
}

/// A run with who is better in each of its cells, by each figure of the verdict table: decided
/// once, for the whole page.
struct Judged<'a> {
    record: &'a RunRecord,
    headlines: Vec<(&'static Metric, Vec<Outcome<'a>>)>,
    findings: Vec<Finding>,
}

impl<'a> Judged<'a> {
    fn of(record: &'a RunRecord) -> Self {
        let headlines = headlines(record).map(|metric| (metric, compare_all(record, *metric)));
        // Without a baseline there is nothing to be unlike, and so no refusal.
        let findings = check((record, &record.name), None, false).map(|it| it.findings);
        Self { record, headlines: headlines.collect(), findings: findings.unwrap_or_default() }
    }

    /// Whether an engine is better than every other of its cell by a figure.
    fn is_best(&self, cell: usize, engine: &EngineRecord, name: &str) -> bool {
        let outcomes = self.headlines.iter().find(|(metric, _)| metric.name == name);
        let outcome = outcomes.and_then(|(_, outcomes)| outcomes.get(cell));
        matches!(outcome, Some(Outcome::Best { engine: best, .. }) if best.label == engine.label)
    }
}

fn run(records: &[RunRecord], n: usize, judged: &Judged<'_>, drawn: &Drawn, bulk: Bulk) -> Value {
    let record = judged.record;
    let prefix = if records.len() == 1 { String::new() } else { format!("{}-", n + 1) };
    let id = format!("run-{}", n + 1);
    let cell_id = |cell: &CellRecord| format!("{prefix}{}", slug(&cell.name));
    let figure = |of: &str, cell: &str, chart: &Chart| {
        let file = format!("charts/{}", file_name(records, n, cell, chart));
        drawing(&format!("{of}-{}", chart.name), chart, &file, bulk)
    };
    let of_cell = |place: usize, part: Part| -> Vec<Value> {
        let (cell, charts) = (&record.cells[place], &drawn.cells[place]);
        let here = charts.iter().filter(|chart| chart.part == part);
        here.map(|chart| figure(&cell_id(cell), &cell.name, chart)).collect()
    };
    let cells: Vec<Value> = (0..record.cells.len())
        .map(|place| {
            let charts = (of_cell(place, Part::Scenario), of_cell(place, Part::Detail));
            cell_values(&cell_id(&record.cells[place]), judged, place, charts)
        })
        .collect();
    // Across the cells first, then cell by cell with its name above.
    let part = |part: Part| -> Vec<Value> {
        let across = drawn.across.iter().filter(|chart| chart.part == part);
        let across = across.map(|chart| {
            context! { chart => figure(&id, "", chart), cell => id.clone(), name => "", title => "" }
        });
        let mut entries: Vec<Value> = across.collect();
        for (place, cell) in record.cells.iter().enumerate() {
            entries.extend(of_cell(place, part).into_iter().map(|chart| {
                let (name, title) = (cell.name.clone(), cell.title.clone());
                context! { chart => chart, cell => cell_id(cell), name => name, title => title }
            }));
        }
        entries
    };
    let (limits, percentiles) = (part(Part::Limits), part(Part::Percentiles));
    let (crossover, sweeps) = (part(Part::Crossover), part(Part::Sweep));
    let contents: Vec<Value> = [
        ("limits", "how much each carries", !limits.is_empty()),
        ("percentiles", "how long answers take", !percentiles.is_empty()),
        ("crossover", "batch interval", !crossover.is_empty()),
        ("scenarios", "scenario by scenario", !cells.is_empty()),
        ("sweeps", "what was varied", !sweeps.is_empty()),
        ("circumstances", "circumstances", true),
        ("configuration", "configuration", true),
        ("unsaid", "what this does not say", true),
    ]
    .into_iter()
    .filter(|(.., is_there)| *is_there)
    .map(|(part, name, _)| context! { id => format!("{id}-{part}"), name => name })
    .collect();
    context! {
        id => id,
        title => record.title.clone(),
        name => record.name.clone(),
        started => record.started.clone(),
        command => record.command.clone(),
        version => format!("{} ({}, {})", record.tool.version, record.tool.commit, record.tool.profile),
        verdict => verdict(record),
        unsaid => unsaid::unsaid(record),
        invalid => invalid(record),
        warnings => warnings(record),
        circumstances => circumstances(record),
        contents => contents,
        groups => groups(),
        headings => FIGURES.iter().map(|f| context! { name => f.name.rsplit(' ').next().unwrap_or(f.name), title => f.definition }).collect::<Vec<_>>(),
        cells => cells,
        headlines => headlines(record)
            .map(|metric| context! { name => metric.words, definition => metric.definition })
            .collect::<Vec<_>>(),
        few => record
            .cells
            .iter()
            .flat_map(|cell| &cell.engines)
            .any(|e| !e.repetitions.is_empty() && verified(e).count() < 6),
        provenance => provenance(record),
        limits => limits,
        percentiles => percentiles,
        crossover => crossover,
        sweeps => sweeps,
    }
}

/// Which run a chart belongs to, for somebody who finds it alone.
fn provenance(record: &RunRecord) -> String {
    let host = record.host.name.as_deref().unwrap_or(&record.host.cpu_model);
    // As many digits as tell commits apart.
    let commit: String = record.tool.commit.chars().take(12).collect();
    format!("{}, {}, commit {commit}, {host}", record.name, record.started)
}

/// Heading over the columns of the verdict table: text, columns, link to the definition.
fn groups() -> Vec<Value> {
    let mut groups: Vec<(String, usize, usize)> = Vec::new();
    for (n, figure) in FIGURES.iter().enumerate() {
        match groups.last_mut() {
            Some((_, width, _)) if matches!(figure.name, "p99" | "max") => *width += 1,
            _ => groups.push((figure.name.trim_end_matches(" p50").to_owned(), 1, n)),
        }
    }
    groups
        .into_iter()
        .map(|(name, width, n)| {
            context! {
                name => name,
                width => width,
                id => format!("d-{n}"),
                title => FIGURES[n].definition,
            }
        })
        .collect()
}

fn cell_values(
    id: &str,
    judged: &Judged<'_>,
    place: usize,
    (charts, details): (Vec<Value>, Vec<Value>),
) -> Value {
    let cell = &judged.record.cells[place];
    let engines: Vec<Value> =
        cell.engines.iter().map(|engine| engine_values(judged, place, engine)).collect();
    let input = &cell.input;
    let mut facts = vec![
        ("Scenario", cell.scenario.clone()),
        (
            "Input",
            format!(
                "{} events, {} offered, made {}",
                quantity::count(input.events),
                quantity::rate(input.offered_per_s),
                input.made
            ),
        ),
        (
            "Input hash",
            format!(
                "{}, seed {}, {}",
                input.hash,
                cell.seed,
                plural(input.partitions as usize, "source partition")
            ),
        ),
        ("Workers", cell.parallelism.to_string()),
        (
            "Measured",
            format!(
                "{} after a warm-up of {}",
                quantity::tick(&quantity::seconds(cell.duration_s)),
                quantity::tick(&quantity::seconds(cell.warm_up_s))
            ),
        ),
        ("Due", cell.latency_definition.clone()),
    ];
    if input.rejected_rows > 0 {
        facts.push(("Rows left out", quantity::count(input.rejected_rows)));
    }
    if let Some(truth) = cell.truth {
        facts.push((
            "Truth",
            format!(
                "{} answers from {} pairs of an event and a window, were every event waited for",
                quantity::count(truth.answers),
                quantity::count(truth.memberships)
            ),
        ));
    }
    let facts: Vec<Value> =
        facts.into_iter().map(|(name, text)| context! { name => name, text => text }).collect();
    let charts_missing = !cell.engines.iter().any(|engine| verified(engine).next().is_some())
        && cell.engines.iter().any(|engine| !engine.repetitions.is_empty());
    context! {
        id => id,
        name => cell.name.clone(),
        title => cell.title.clone(),
        question => cell.question.clone(),
        engines => engines,
        windowed => cell.engines.iter().flat_map(verified).any(|r| r.verdict.completeness.is_some()),
        facts => facts,
        resolved => cell.resolved.clone(),
        charts => charts,
        details => details,
        charts_missing => charts_missing,
    }
}

fn engine_values(judged: &Judged<'_>, place: usize, engine: &EngineRecord) -> Value {
    let cell = &judged.record.cells[place];
    let headlines: Vec<Value> = judged
        .headlines
        .iter()
        .map(|(metric, outcomes)| headline(cell, engine, metric, &outcomes[place]))
        .collect();
    let figures: Vec<Value> = FIGURES
        .iter()
        .enumerate()
        .map(|(n, figure)| {
            let best = match figure.name {
                // The third is the p99 of result_latency; event_latency has one of its own.
                "p99" if n == 2 => judged.is_best(place, engine, RESULT_LATENCY_P99.name),
                "CPU per event" => judged.is_best(place, engine, CPU_PER_EVENT.name),
                _ => false,
            };
            context! { text => (figure.of)(engine), best => best }
        })
        .collect();
    let repetitions: Vec<Value> = engine.repetitions.iter().map(repetition_values).collect();
    let settings: Vec<Value> = engine
        .settings
        .iter()
        .map(|(name, value)| context! { name => name, value => value })
        .collect();
    let figure = |name: &str| FIGURES.iter().find(|f: &&Figure| f.name == name);
    let shown = |name: &str| figure(name).map_or_else(|| NONE.into(), |f| (f.of)(engine));
    context! {
        label => engine.label.clone(),
        algorithm => engine.algorithm.clone(),
        settings => settings,
        figures => figures,
        repetitions => repetitions,
        headlines => headlines,
        outcome => outcome(engine),
        tags => tags(cell, engine),
        demands => demands(&judged.findings, cell, engine),
        completeness => shown("completeness"),
        distance => shown("distance"),
        disorder => disorder(engine),
    }
}

/// The columns of the verdict table: what decides between engines, as far as the run has it.
fn headlines(record: &RunRecord) -> impl Iterator<Item = &'static Metric> {
    let names = [
        "result_latency.p99",
        "cpu_per_event",
        "peak_memory",
        "throughput.completed",
        "limit",
        "completeness",
    ];
    names.into_iter().filter_map(metric).filter(|metric| {
        let mut engines = record.cells.iter().flat_map(|cell| &cell.engines);
        // What every run has stays, also where nothing is valid; a search has its probes alone.
        if matches!(metric.name, "limit" | "completeness") {
            engines.any(|engine| !metric.figures(engine).is_empty())
        } else {
            engines.any(|engine| !engine.repetitions.is_empty() || engine.limit.is_none())
        }
    })
}

/// One figure of the verdict table: the value, how many times the best one it is, and a tint.
fn headline(
    cell: &CellRecord,
    engine: &EngineRecord,
    metric: &Metric,
    outcome: &Outcome<'_>,
) -> Value {
    let Some(value) = middle(engine, *metric) else {
        return context! { text => NONE, ratio => "", class => "" };
    };
    let is_searched = metric.name == LIMIT.name;
    let is_found = |engine: &EngineRecord| {
        engine.limit.as_ref().is_some_and(|limit| limit.outcome == LimitOutcome::Found)
    };
    // What merely was not exceeded is no limit, and wins and loses nothing.
    let bound = if is_searched && !is_found(engine) { "≥ " } else { "" };
    let text = format!("{bound}{}", metric.show(value));
    let fit = |engine: &&EngineRecord| {
        if is_searched { is_found(engine) } else { standing(engine) == Standing::Fit }
    };
    // What is offered decides what is completed, and what is whole needs no ranking.
    let ranked = !matches!(metric.name, "throughput.completed" | "completeness");
    let rivals: Vec<f64> =
        cell.engines.iter().filter(fit).filter_map(|engine| middle(engine, *metric)).collect();
    if !ranked || !fit(&engine) || rivals.len() < 2 {
        return context! { text => text, ratio => "", class => "" };
    }
    let worse_than = |a: f64, b: f64| match metric.better {
        Better::Lower => a / b,
        Better::Higher => b / a,
    };
    let best = rivals.iter().copied().reduce(|a, b| if worse_than(a, b) > 1.0 { b } else { a });
    let times = worse_than(value, best.unwrap_or(value));
    let is = |other: &&EngineRecord| other.label == engine.label;
    let (is_winner, is_open) = if is_searched {
        // What a search brackets has no repetitions to be told apart by.
        let near = |rival: &&f64| worse_than(**rival, value) <= 1.0 + metric.band;
        (rivals.iter().filter(near).count() == 1 && times <= 1.0, false)
    } else {
        match outcome {
            Outcome::Best { engine, .. } => (is(engine), false),
            Outcome::NotEnoughData { engine, next, .. } => (false, is(engine) || is(next)),
            Outcome::NoDifference { .. } | Outcome::NoContest => (false, false),
        }
    };
    let more = format!("× {}", quantity::ratio(times).trim_end_matches(" times"));
    let (ratio, class) = match times {
        _ if is_winner => ("best ◂".to_owned(), "best winner"),
        times if !times.is_finite() => (String::new(), ""),
        times if is_open && times <= 1.0 + metric.band => ("not told apart".into(), ""),
        _ if is_open => (format!("{more}, not told apart"), ""),
        times if times <= 1.0 + metric.band => ("no difference".into(), ""),
        times if times < 1.5 => (more, "tint1"),
        times if times < 4.0 => (more, "tint2"),
        _ => (more, "tint3"),
    };
    context! { text => text, ratio => ratio, class => class }
}

/// What is demanded of an engine on a cell, each with what became of it in a sign and a word.
fn demands(findings: &[Finding], cell: &CellRecord, engine: &EngineRecord) -> Vec<String> {
    let own = |f: &&Finding| f.cell == cell.name && f.engine == engine.label;
    let words =
        |f: &Finding| format!("{} {}: {} {}", f.status.sign(), f.status.word(), f.metric, f.demand);
    findings.iter().filter(own).map(words).collect()
}

/// The verdict in a word and a sign.
fn outcome(engine: &EngineRecord) -> String {
    let wrong = engine
        .repetitions
        .iter()
        .find(|r| matches!(r.verdict.kind, VerdictKind::Differs | VerdictKind::Failed));
    let right = verified(engine).count();
    match (wrong, right, engine.repetitions.len()) {
        (Some(wrong), ..) => format!("✗ {}", wrong.verdict.kind),
        (None, 0, 0) if engine.limit.is_some() => "– searched".into(),
        (None, 0, 0) => "– not run".into(),
        (None, 0, _) => format!("– {}", engine.repetitions[0].verdict.kind),
        (None, right, all) if right == all => "✓ verified".into(),
        (None, right, all) => format!("✓ verified {right} of {all}"),
    }
}

/// Reasons to read an engine's figures with care, each in a word.
fn tags(cell: &CellRecord, engine: &EngineRecord) -> Vec<Value> {
    let mut tags = Vec::new();
    let mut tag = |word: &str, why: &str| tags.push(context! { word => word, why => why });
    if standing(engine) == Standing::NotSustained {
        tag("not sustained", "it completed less than was offered, or its backlog grew");
    }
    let drifts = |r: &Repetition| r.warm_up.as_ref().is_some_and(|w| w.steady == Some(false));
    if verified(engine).any(drifts) {
        tag("unstable", "no steady state: what was measured still drifted");
    }
    let warm_up_s =
        |r: &Repetition| r.warm_up.as_ref().map_or(cell.warm_up_s, |warm_up| warm_up.end_s);
    if verified(engine).any(|repetition| warm_up_s(repetition) <= 0.0) {
        tag("cold", "measured from the first event on, without a warm-up");
    }
    if verified(engine).any(|repetition| repetition.verdict.bounds_only) {
        tag("within bounds", "checked to lie between what must count and what may");
    }
    tags
}

/// What disorder did to the events, in the first verified repetition; it is the same in each
/// where one source partition feeds the run.
fn disorder(engine: &EngineRecord) -> Value {
    let Some(repetition) = verified(engine).next() else { return Value::from(()) };
    let counts = repetition.counts;
    let n = quantity::count;
    context! {
        read => n(counts.read),
        accepted => n(counts.accepted),
        late => n(counts.late),
        rejected => n(counts.rejected),
        partly_late => n(counts.partly_late),
        missed_windows => n(counts.missed_windows),
        extra => n(counts.accepted_late_extra),
        adds_up => counts.read == counts.accepted + counts.late + counts.rejected,
    }
}

fn repetition_values(repetition: &Repetition) -> Value {
    let verdict = &repetition.verdict;
    let words = if repetition.is_verified() {
        let behind = if repetition.throughput.sustained { "" } else { ", not sustained" };
        let bounds = if verdict.bounds_only { ", within bounds" } else { "" };
        format!("verified{bounds}{behind}")
    } else {
        format!("{}: {}", verdict.kind, verdict.text)
    };
    let mut figures = Vec::new();
    if repetition.is_verified() {
        let latency = repetition.result_latency.as_ref();
        let ns =
            |ns: Option<u64>| ns.map_or_else(|| NONE.into(), |ns| quantity::nanoseconds(ns as f64));
        figures = vec![
            ns(latency.map(|l| l.p50_ns)),
            ns(latency.map(|l| l.p99_ns)),
            ns(latency.map(|l| l.max_ns)),
            quantity::rate(repetition.throughput.completed_per_s),
            quantity::microseconds(repetition.cpu_us_per_event),
            quantity::bytes(repetition.peak_memory_bytes as f64),
            quantity::count(repetition.backlog_max),
            quantity::seconds(repetition.throughput.drain_s),
            quantity::count(repetition.counts.answers),
            quantity::count(repetition.counts.combine_steps),
            quantity::count(repetition.counts.retries),
        ];
    }
    context! {
        rep => repetition.rep,
        verified => repetition.is_verified(),
        words => words,
        figures => figures,
        differences => verdict.differences.clone(),
        failure => repetition.failure.clone().unwrap_or_default(),
    }
}

/// Every reason for doubt, each advice once: of the run, then of its scenarios by name.
fn warnings(record: &RunRecord) -> Vec<Value> {
    let mut grouped: Vec<(&Warning, Vec<String>)> = Vec::new();
    let of_sweep = if record.sweep.is_some() { sweep::warnings(record) } else { Vec::new() };
    let of_run = record.warnings.iter().chain(&of_sweep).map(|w| (w, w.text.clone()));
    // A sweep has too many points to name each.
    let cells = record.cells.iter().filter(|_| record.sweep.is_none());
    let of_cells = cells.flat_map(|cell| {
        let inside = |w: &Warning| format!("in {}, {}", cell.name, w.text);
        cell.warnings.iter().map(move |w| (w, inside(w)))
    });
    for (warning, text) in of_run.chain(of_cells) {
        let alike = |w: &Warning| w.code == warning.code && w.advice == warning.advice;
        match grouped.iter_mut().find(|(known, _)| alike(known)) {
            Some((_, texts)) => texts.push(text),
            None => grouped.push((warning, vec![text])),
        }
    }
    grouped
        .into_iter()
        .map(|(warning, texts)| {
            let (code, advice) = (warning.code.clone(), warning.advice.clone());
            context! { code => code, texts => texts, advice => advice }
        })
        .collect()
}

fn circumstances(record: &RunRecord) -> Vec<Value> {
    let (host, tool, cost) = (&record.host, &record.tool, &record.self_cost);
    let mut machine = format!(
        "{}, {}, {}",
        host.cpu_model,
        plural(host.cores as usize, "core"),
        quantity::bytes(host.memory_bytes as f64)
    );
    if let Some(limit) = host.cgroup_cpu_limit {
        let _ = write!(machine, ", limited to {limit} by its cgroup");
    }
    if let Some(kind) = &host.virtual_machine {
        let _ = write!(machine, ", virtual: {kind}");
    }
    let mut rows = vec![
        ("Command".to_owned(), record.command.clone()),
        ("Started".into(), record.started.clone()),
        (
            "Tool".into(),
            format!(
                "sluicebench {}, commit {}, profile {}, rustc {}",
                tool.version, tool.commit, tool.profile, tool.rustc
            ),
        ),
        ("Machine".into(), machine),
        ("Kernel".into(), host.kernel.clone()),
        ("Frequency governor".into(), host.governor.clone()),
        ("Clock source".into(), host.clock_source.clone()),
        (
            "Load before the run".into(),
            if host.load_before.is_finite() {
                format!("{:.2}", host.load_before)
            } else {
                NONE.into()
            },
        ),
        (
            "Cost of measuring".into(),
            format!(
                "{} to pace an event by itself, {} to record an answer, {} to read the clock",
                quantity::nanoseconds(cost.pacing_ns_per_event),
                quantity::nanoseconds(cost.recording_ns_per_answer),
                quantity::nanoseconds(cost.clock_read_ns)
            ),
        ),
    ];
    if let Some(name) = &host.name {
        rows.insert(3, ("Host class".into(), name.clone()));
    }
    rows.extend(host.jitter.iter().cloned());
    rows.into_iter().map(|(name, text)| context! { name => name, text => text }).collect()
}

#[cfg(test)]
mod tests {
    use super::skeleton::{PAGE_BYTES_MAX, PLOT_LICENCE, PLOT_SCRIPT, PLOT_STYLE};
    use super::*;
    use crate::sample;

    fn written(record: &RunRecord) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = write_report(std::slice::from_ref(record), folder.path()).unwrap();
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_page_needs_no_network() {
        let page = written(&sample::record());
        for attribute in ["src=", "href=", "url(", "@import"] {
            for (at, _) in page.match_indices(attribute) {
                let value: String = page[at..].chars().take(40).collect();
                assert!(!value.contains("http") && !value.contains("//"), "{value}");
            }
        }
        assert!(page.contains("default-src 'none'"));
        assert!(page.len() < PAGE_BYTES_MAX, "{} bytes", page.len());
    }

    /// What is vendored is what was published: npm's own file, unchanged, with its licence.
    #[test]
    fn the_chart_library_is_the_published_one() {
        for (text, want) in [
            (PLOT_SCRIPT, "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"),
            (PLOT_STYLE, "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04"),
        ] {
            assert_eq!(sha256(text.as_bytes()), want);
        }
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(!PLOT_SCRIPT.contains("</script"), "it would end the element it stands in");
        let page = written(&sample::record());
        for part in [PLOT_SCRIPT, PLOT_LICENCE.trim_end(), "Permission is hereby granted"] {
            assert!(page.contains(part));
        }
    }

    /// FIPS 180-4, for this test alone: the digits are those that `sha256sum` prints.
    fn sha256(bytes: &[u8]) -> String {
        // The first 32 bits of the fractional parts of roots of the first primes.
        let fraction = |root: f64| ((root - root.floor()) * 2.0_f64.powi(32)).floor();
        let primes: Vec<u32> =
            (2_u32..312).filter(|n| (2..*n).all(|m| !n.is_multiple_of(m))).collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "32 bits")]
        let part = |root: f64| fraction(root) as u32;
        let k: Vec<u32> = primes.iter().map(|p| part(f64::from(*p).cbrt())).collect();
        let mut state: Vec<u32> =
            primes.iter().take(8).map(|p| part(f64::from(*p).sqrt())).collect();
        let mut padded = bytes.to_vec();
        padded.push(0x80);
        padded.resize(padded.len().next_multiple_of(64), 0);
        if bytes.len() % 64 >= 56 {
            padded.resize(padded.len() + 64, 0);
        }
        let end = padded.len() - 8;
        padded[end..].copy_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());
        for block in padded.chunks(64) {
            let word = |four: &[u8]| u32::from_be_bytes(four.try_into().unwrap());
            let mut w: Vec<u32> = block.chunks(4).map(word).collect();
            for n in 16..64 {
                let (a, b) = (w[n - 15], w[n - 2]);
                let a = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
                let b = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
                w.push(w[n - 16].wrapping_add(a).wrapping_add(w[n - 7]).wrapping_add(b));
            }
            let mut v = state.clone();
            for n in 0..64 {
                let sum = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
                let choice = (v[4] & v[5]) ^ (!v[4] & v[6]);
                let one = [sum, choice, k[n], w[n]].iter().fold(v[7], |a, b| a.wrapping_add(*b));
                let sum = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
                let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
                v.rotate_right(1);
                v[4] = v[4].wrapping_add(one);
                v[0] = one.wrapping_add(sum).wrapping_add(majority);
            }
            for (kept, new) in state.iter_mut().zip(v) {
                *kept = kept.wrapping_add(new);
            }
        }
        state.iter().fold(String::new(), |text, word| format!("{text}{word:08x}"))
    }

    #[test]
    fn a_page_shows_no_speed_that_was_not_verified() {
        let page = written(&sample::troubled()).replace('\u{a0}', " ");
        for speed in ["7.70 ms", "7.71 ms", "7.72 ms", "7.74 ms", "7.76 M/s", "7.77 µs"] {
            assert!(!page.contains(speed), "{speed}");
        }
        for words in ["answers differ", "load not held", "interrupted", "1 203 for 1 204"] {
            assert!(page.contains(words), "{words}");
        }
        // The same page does show what is there when it may.
        let mut forgiven = sample::troubled();
        forgiven.cells[0].engines[0].repetitions[1].verdict.kind = VerdictKind::Verified;
        assert!(written(&forgiven).contains("7.72\u{a0}ms"));
    }

    #[test]
    fn a_demand_stands_in_the_verdict_with_what_became_of_it() {
        let page = written(&sample::limited()).replace('\u{a0}', " ");
        assert!(page.contains("✗ violated: result_latency.p99 below 100 ms"));
        assert!(page.contains("✓ passed: result_latency.p99 below 100 ms"));
        assert!(!written(&sample::record()).contains("result_latency.p99 below"));
    }

    #[test]
    fn a_limit_that_was_not_found_wins_nothing() {
        let mut record = sample::limited();
        let page = written(&record).replace('\u{a0}', " ");
        assert!(page.contains("≥ 909 k&#x2f;s<span class=\"ratio\"></span>"), "at least");
        for engine in &mut record.cells[0].engines {
            engine.repetitions.clear();
        }
        let page = written(&record);
        assert!(page.contains("– searched") && !page.contains("– not run"));
        let table = &page[page.find("verdict-table\"").unwrap()..];
        let table = &table[..table.find("</table>").unwrap()];
        assert!(!table.contains("CPU time per event"), "a search measures no cost");
    }

    #[test]
    fn a_record_is_text_and_not_markup() {
        let mut record = sample::record();
        record.title = "<script>alert(1)</script>".into();
        record.cells[0].title = "a & b <i>".into();
        record.cells[0].engines[0].label = "x\"><script>".into();
        record.cells[0].latency_definition = "</svg><script>".into();
        let page = written(&record);
        assert!(!page.contains("<script>alert"));
        assert!(!page.contains("x\"><"));
        assert!(!page.contains("</svg><"));
        // The same words in the numbers of a chart cannot end the element they stand in.
        assert!(page.contains(r#""of":"x\">\u003cscript>""#));
        assert!(!page.contains("</script><"));
    }

    #[test]
    fn every_chart_is_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let record = sample::record();
        write_report(&[record.clone(), record], folder.path()).unwrap();
        let files = fs::read_dir(folder.path().join("charts")).unwrap().count();
        assert_eq!(files, 2 * 3 * 7);
        let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
        for file in fs::read_dir(folder.path().join("charts")).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(page.contains(&format!("href=\"charts/{name}\"")), "{name}");
        }
    }

    #[test]
    fn a_long_suite_still_makes_a_light_page() {
        let mut record = sample::record();
        let cell = record.cells[0].clone();
        for n in 0..40 {
            record.cells.push(CellRecord { name: format!("cell-{n}"), ..cell.clone() });
        }
        let page = written(&record);
        assert!(page.len() < PAGE_BYTES_MAX, "{} bytes", page.len());
        assert!(page.contains("cell-39"));
    }

    #[test]
    fn nothing_and_an_unwritable_folder_are_errors_that_say_so() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(write_report(&[], folder.path()), Err(ReportError::NoRun)));
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = write_report(&[sample::record()], &file).unwrap_err().to_string();
        assert!(error.contains("file") && error.contains("--out"), "{error}");
    }

    #[test]
    fn a_slug_is_fit_for_a_file_and_a_link() {
        assert_eq!(slug("Micro-batch 20 ms!"), "micro-batch-20-ms");
        assert_eq!(slug("../a b/"), "a-b");
    }
}
