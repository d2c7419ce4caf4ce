//! A cell on the page: what was asked, who is better by which figure, and every engine's figures,
//! settings and repetitions. A repetition that was not verified has words, and no figure.

use super::ledger::ledger;
use crate::judge::compare::{Outcome, compare_all, middle, takes_part};
use crate::judge::gate::{Finding, Terms, check};
use crate::judge::interval_wait::explained;
use crate::judge::lost;
use crate::judge::metrics::{
    CPU_PER_EVENT, LIMIT, Metric, RESULT_LATENCY_P99, THROUGHPUT_COMPLETED, metric,
};
use crate::judge::plain_loop;
use crate::judge::summary::{
    Standing, count_of, measured, most_lost, offered_per_s, standing, verified,
};
use crate::quantity::{self, NONE};
use crate::record::study::{LimitOutcome, SteadyState};
use crate::record::{
    CellRecord, EngineRecord, Latency, Lost, MarkWait, Repetition, RunRecord, VerdictKind,
};
use crate::text::table::{FIGURES, Figure};
use crate::text::{floor, memory};
use crate::words::{capitalised, plural, span};
use minijinja::{Value, context};
use statistics::Better;

/// A run with who is better in each of its cells, by each figure of the verdict table: decided
/// once, for the whole page.
pub(super) struct Judged<'a> {
    pub(super) record: &'a RunRecord,
    headlines: Vec<(&'static Metric, Vec<Outcome<'a>>)>,
    findings: Vec<Finding>,
}

impl<'a> Judged<'a> {
    pub(super) fn of(record: &'a RunRecord) -> Self {
        let headlines = headlines(record).map(|metric| (metric, compare_all(record, *metric)));
        // Without a baseline there is nothing to be unlike, and so no refusal.
        let findings = check((record, &record.name), None, &Terms::default()).map(|it| it.findings);
        Self { record, headlines: headlines.collect(), findings: findings.unwrap_or_default() }
    }

    /// Whether an engine is better than every other of its cell by a figure.
    fn is_best(&self, cell: usize, engine: &EngineRecord, name: &str) -> bool {
        let outcomes = self.headlines.iter().find(|(metric, _)| metric.name == name);
        let outcome = outcomes.and_then(|(_, outcomes)| outcomes.get(cell));
        matches!(outcome, Some(Outcome::Best { engine: best, .. }) if best.label == engine.label)
    }
}

/// Where marks stand, and what of each engine's latency was the wait for one.
fn marks_fact(cell: &CellRecord, marks: &str) -> String {
    let waits = cell.engines.iter().filter_map(|engine| {
        let wait = MarkWait::mean(verified(engine).filter_map(|r| r.mark_wait))?;
        (wait.mean_ns > 0.0).then(|| {
            format!(
                "; answers of {} waited {} for one on average, {} of their result_latency",
                engine.label,
                quantity::nanoseconds(wait.mean_ns),
                quantity::fraction(wait.share())
            )
        })
    });
    format!("{marks}{}", waits.collect::<String>())
}

/// A cell as the page shows it, under this id and with these drawings.
pub(super) fn cell_values(
    id: &str,
    judged: &Judged<'_>,
    place: usize,
    (charts, details): (Vec<Value>, Vec<Value>),
) -> Value {
    let cell = &judged.record.cells[place];
    let engines: Vec<Value> =
        cell.engines.iter().map(|engine| engine_values(judged, place, engine)).collect();
    let input = &cell.input;
    let limits = cell.engines.iter().filter_map(|engine| engine.limit.as_ref());
    let windows: Vec<f64> =
        limits.flat_map(|limit| &limit.probes).map(|probe| probe.window_s).collect();
    let mut facts = vec![
        ("Scenario", cell.scenario.clone()),
        (
            "Input",
            if input.was_made() {
                format!(
                    "{}, {} offered, made {}",
                    quantity::counted(input.events, "event"),
                    quantity::rate(offered_per_s(cell)),
                    input.made
                )
            } else {
                "not made: no repetition came so far".into()
            },
        ),
        (
            "Input hash",
            if input.was_made() {
                format!(
                    "{}, seed {}, {}",
                    input.hash,
                    cell.seed,
                    plural(input.partitions as usize, "source partition")
                )
            } else {
                format!("{NONE}, seed {}", cell.seed)
            },
        ),
        ("Workers", cell.parallelism.to_string()),
        (
            "Measured",
            match measured([cell]) {
                _ if !is_repeated(cell) && !windows.is_empty() => format!(
                    "by probes of {}, each after a warm-up of {}",
                    span(windows.iter().copied(), |s| quantity::tick(&quantity::seconds(s)))
                        .unwrap_or_default(),
                    quantity::tick(&quantity::seconds(cell.warm_up_s))
                ),
                Some(measured) => format!(
                    "{measured} after a warm-up of {}",
                    quantity::tick(&quantity::seconds(cell.warm_up_s))
                ),
                None => "nothing: no event fell due after the warm-up".into(),
            },
        ),
        ("Due", cell.latency_definition.clone()),
    ];
    if let Some(plain) = &cell.plain_loop {
        facts.push(("A plain loop", capitalised(&plain_loop::sentence(plain, None))));
    }
    if let Some(marks) = &input.marks {
        facts.push(("Watermark marks", marks_fact(cell, marks)));
    }
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
    let charts_missing =
        !cell.engines.iter().any(|engine| verified(engine).next().is_some()) && is_repeated(cell);
    context! {
        id => id,
        name => cell.name.clone(),
        title => cell.title.clone(),
        question => cell.question.clone(),
        engines => engines,
        windowed => cell.engines.iter().flat_map(verified).any(|r| r.verdict.completeness.is_some()),
        ledger => ledger(cell),
        floors => floor::sentences(cell),
        memory => memory::sentence(cell),
        facts => facts,
        resolved => cell.resolved.clone(),
        charts => charts,
        details => details,
        charts_missing => charts_missing,
        repeated => is_repeated(cell),
    }
}

/// Whether there are repetitions to be told of: a search has its probes alone.
pub(super) fn is_repeated(cell: &CellRecord) -> bool {
    cell.engines.iter().any(|engine| !engine.repetitions.is_empty())
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
        kept => sessions(engine).or_else(|| kept(engine)),
    }
}

/// What an engine kept of sessions, in the first verified repetition.
fn sessions(engine: &EngineRecord) -> Option<String> {
    let sessions = verified(engine).next()?.sessions?;
    Some(format!(
        "kept up to {} sessions at once, of which the longest had become {} of event time",
        quantity::count(sessions.kept_most),
        quantity::seconds(sessions.longest_s)
    ))
}

/// What an engine kept of counted events, silences or a join, in the first verified repetition.
fn kept(engine: &EngineRecord) -> Option<String> {
    let kept_most = verified(engine).next()?.kept_most?;
    let kept = quantity::count(kept_most);
    Some(format!("kept up to {kept} records and partial results at once"))
}

/// The columns of the verdict table: what decides between engines, as far as the run has it.
pub(super) fn headlines(record: &RunRecord) -> impl Iterator<Item = &'static Metric> {
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
    // Where there is no contest nothing is so many times anything.
    if !is_searched && *outcome == Outcome::NoContest {
        return context! { text => text, ratio => "", class => "" };
    }
    let fit = |engine: &&EngineRecord| {
        if is_searched { is_found(engine) } else { takes_part(cell, engine, metric) }
    };
    // What is offered decides what is completed, and what is whole needs no ranking.
    let ranked = !matches!(metric.name, "throughput.completed" | "completeness");
    // A process with its virtual machine is no multiple of a part of another.
    if metric.name == "peak_memory" && memory::is_unlike(cell) {
        return context! { text => text, ratio => "\u{2260}", class => "" };
    }
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
            Outcome::Lower { .. }
            | Outcome::Interval { .. }
            | Outcome::NoDifference { .. }
            | Outcome::NoContest => (false, false),
        }
    };
    let lower = match outcome {
        Outcome::Lower { engine, .. } if !is_searched => Some(is(engine)),
        _ => None,
    };
    if let Some(words) = by_interval(engine, value, metric, outcome) {
        return context! { text => text, ratio => words, class => "" };
    }
    let more = format!("× {}", quantity::ratio(times).trim_end_matches(" times"));
    let (ratio, class) = match times {
        _ if is_winner => ("best ◂".to_owned(), "best winner"),
        times if !times.is_finite() => (String::new(), ""),
        // So few repetitions win and lose nothing, and so have no colour either.
        _ if lower == Some(true) => ("lower in these runs".into(), ""),
        _ if lower == Some(false) => (format!("{more} in these runs"), ""),
        times if is_open && times <= 1.0 + metric.band => ("not told apart".into(), ""),
        _ if is_open => (format!("{more}, not told apart"), ""),
        times if times <= 1.0 + metric.band => ("no difference".into(), ""),
        times if times < 1.5 => (more, "tint1"),
        times if times < 4.0 => (more, "tint2"),
        _ => (more, "tint3"),
    };
    context! { text => text, ratio => ratio, class => class }
}

/// What stands beside a latency that is later than the soonest by the interval of its batches alone, or
/// sooner by that; none beside others.
fn by_interval(
    engine: &EngineRecord,
    value: f64,
    metric: &Metric,
    outcome: &Outcome<'_>,
) -> Option<&'static str> {
    let (best, figure, is_first) = match outcome {
        Outcome::Interval { engine: best, figure, .. } => {
            (best, figure, best.label == engine.label)
        }
        Outcome::Best { engine: best, figure, .. }
        | Outcome::Lower { engine: best, figure, .. } => (best, figure, false),
        _ => return None,
    };
    if is_first {
        return Some("");
    }
    let is_later = || explained(best, engine, value - figure).is_some();
    (metric.is_of_result_latency() && is_later()).then_some("by its interval")
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
    match standing(engine) {
        Standing::NotSustained => {
            tag("not sustained", "it completed less than was offered, or its backlog grew");
        }
        Standing::Unmeasured => tag("not measured", "no event fell due in the measured part"),
        Standing::Simulated => tag("simulated", "its times are of no machine"),
        Standing::Fit | Standing::Unsteady | Standing::Unfit => (),
    }
    if count_of(engine, SteadyState::NotReached) > 0 {
        tag("unstable", "no steady state: what was measured still drifted");
    }
    if count_of(engine, SteadyState::NotTold) > 0 {
        let why = "too little was measured to tell whether it was in a steady state";
        tag("not told steady", why);
    }
    let warm_up_s =
        |r: &Repetition| r.warm_up.as_ref().map_or(cell.warm_up_s, |warm_up| warm_up.end_s);
    if verified(engine).any(|repetition| warm_up_s(repetition) <= 0.0) {
        tag("cold", "measured from the first event on, without a warm-up");
    }
    if verified(engine).any(|repetition| repetition.verdict.bounds_only) {
        tag("within bounds", "checked to lie between what must count and what may");
    }
    if let Some(lost) = most_lost(engine) {
        let why = "counted in no answer, and not told as late: its figures are those of less work";
        tag(&lost::brief(lost), if lost.memberships > 0 { why } else { "though it may" });
    }
    tags
}

/// What an engine does not count is not zero.
const NOT_TOLD: &str = "not told";

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
        partly_late => counts.partly_late.map_or_else(|| NOT_TOLD.to_owned(), n),
        missed_windows => counts.missed_windows.map_or_else(|| NOT_TOLD.to_owned(), n),
        lost => repetition.verdict.lost.map(lost_words),
        extra => n(counts.accepted_late_extra),
        adds_up => counts.read == counts.accepted + counts.late + counts.rejected,
    }
}

/// What was lost, in numbers.
fn lost_words(lost: Lost) -> String {
    let share = quantity::fraction(lost.share());
    format!("{} ({share})", quantity::count(lost.memberships))
}

/// A figure of one repetition, where it has it.
fn figure(repetition: &Repetition, metric: &Metric) -> String {
    (metric.figure)(repetition).map_or_else(|| NONE.into(), |value| metric.show(value))
}

fn repetition_values(repetition: &Repetition) -> Value {
    let verdict = &repetition.verdict;
    let words = if repetition.is_verified() {
        let behind = if repetition.throughput.sustained { "" } else { ", not sustained" };
        let bounds = if verdict.bounds_only { ", within bounds" } else { "" };
        let lost = verdict.lost.map_or_else(String::new, |it| format!(", {}", lost::brief(it)));
        format!("verified{bounds}{lost}{behind}")
    } else {
        format!("{}: {}", verdict.kind, verdict.text)
    };
    let mut figures = Vec::new();
    if repetition.is_verified() {
        let latency = repetition.result_latency.as_ref();
        let ns =
            |ns: Option<u64>| ns.map_or_else(|| NONE.into(), |ns| quantity::nanoseconds(ns as f64));
        figures = vec![
            ns(latency.and_then(Latency::p50)),
            ns(latency.and_then(Latency::p99)),
            ns(latency.map(|l| l.max_ns)),
            figure(repetition, &THROUGHPUT_COMPLETED),
            figure(repetition, &CPU_PER_EVENT),
            repetition.peak_memory().map_or_else(|| NONE.into(), quantity::bytes),
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
