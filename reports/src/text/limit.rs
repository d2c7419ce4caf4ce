//! What a search for limits found, in sentences and a table.
//!
//! Engines are held against each other where the limits of both were found, or where one sustains
//! at least what is too much for the other: a limit that is merely "at least" loses to nothing, and
//! one that is not known wins and loses nothing.

use super::floor;
use crate::judge::capacity::told;
use crate::judge::compare::best_settings;
use crate::judge::limit::{best, limits};
use crate::judge::lost::aside_of_search;
use crate::judge::plain_loop;
use crate::quantity::{self, NONE};
use crate::record::study::{Limit, LimitOutcome};
use crate::record::{CellRecord, EngineRecord, RunRecord};
use comfy_table::{CellAlignment, Table};
use std::fmt::Write as _;

/// What was found: one sentence per engine and scenario, and one per scenario on who sustains
/// more, where both limits are known.
pub fn sentences(record: &RunRecord) -> Vec<String> {
    let mut sentences = Vec::new();
    for cell in &record.cells {
        let found = cell.engines.iter().filter_map(|engine| {
            let limit = engine.limit.as_ref()?;
            Some(format!("{}: {} {}.", cell.name, engine.label, limit.text))
        });
        sentences.extend(found);
        sentences.extend(contest(cell));
    }
    sentences
}

/// Who sustains more, where that is known of the two that sustain most.
pub fn contest(cell: &CellRecord) -> Option<String> {
    let mut known: Vec<(&EngineRecord, f64, Option<f64>)> = cell
        .engines
        .iter()
        .filter_map(|engine| {
            let limit = engine.limit.as_ref().filter(|l| l.outcome != LimitOutcome::Unknown)?;
            let fail = limit.fail_per_s.filter(|_| limit.outcome == LimitOutcome::Found);
            Some((engine, limit.pass_per_s?, fail))
        })
        .collect();
    known.sort_by(|a, b| b.1.total_cmp(&a.1));
    best_settings(&mut known, |(engine, ..)| engine.kind);
    let [(best, pass, fail), (next, next_pass, Some(next_fail)), ..] = *known.as_slice() else {
        return None;
    };
    let lost = aside_of_search(best);
    let (best, next) = (&best.label, &next.label);
    let range = |pass: f64, fail: Option<f64>| match fail {
        Some(fail) => format!("{} to {}", quantity::rate(pass), quantity::rate(fail)),
        None => format!("at least {}", quantity::rate(pass)),
    };
    let figures = format!("{} against {}", range(pass, fail), range(next_pass, Some(next_fail)));
    let name = &cell.name;
    // The true limit of each lies somewhere in its range.
    let least = quantity::ratio(pass / next_fail);
    match fail {
        Some(fail) if pass >= next_fail => {
            let (least, most) =
                (least.trim_end_matches(" times"), quantity::ratio(fail / next_pass));
            Some(format!(
                "{name}: {best} sustains {least} to {most} as much as {next} ({figures}){lost}."
            ))
        }
        None if pass >= next_fail => Some(format!(
            "{name}: {best} sustains at least {least} as much as {next} ({figures}){lost}."
        )),
        Some(_) => Some(format!(
            "{name}: {best} and {next} sustain as much, as far as the search saw ({figures})."
        )),
        None => None,
    }
}

/// What a model makes of each engine's probes, a sentence each.
fn models(record: &RunRecord) -> Vec<String> {
    let of = |(cell, engine, limit): (&CellRecord, &EngineRecord, &Limit)| {
        format!("{}: {}, {}.", cell.name, engine.label, told(limit))
    };
    limits(record).map(of).collect()
}

/// What a search ends with on a terminal: what was found, how the engines did at it, what a model
/// makes of it, and every reason for doubt.
pub fn terminal(record: &RunRecord) -> String {
    let mut text = sentences(record).join("\n");
    text.push_str("\n\n");
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header([
        "scenario",
        "engine",
        "sustained",
        "not sustained",
        "p99 there",
        "CPU per event",
        "probes",
    ]);
    for (cell, engine, limit) in limits(record) {
        let rate = |rate: Option<f64>| rate.map_or_else(|| NONE.to_owned(), quantity::rate);
        let at = best(limit);
        let p99 = at.and_then(|probe| probe.p99_ns);
        let cpu = at.map(|probe| probe.cpu_us_per_event).filter(|cpu| cpu.is_finite());
        table.add_row([
            cell.name.clone(),
            engine.label.clone(),
            rate(limit.pass_per_s),
            rate(limit.fail_per_s),
            p99.map_or_else(|| NONE.to_owned(), |ns| quantity::nanoseconds(ns as f64)),
            cpu.map_or_else(|| NONE.to_owned(), quantity::microseconds),
            limit.probes.len().to_string(),
        ]);
    }
    for cell in &record.cells {
        let Some(plain) = &cell.plain_loop else { continue };
        table.add_row([
            cell.name.clone(),
            plain_loop::NAME.to_owned(),
            quantity::rate(plain_loop::most_per_s(plain)),
            NONE.to_owned(),
            NONE.to_owned(),
            quantity::nanoseconds(plain.ns_per_event),
            NONE.to_owned(),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for line in table.lines() {
        let _ = writeln!(text, "{}", line.trim());
    }
    let loops = record.cells.iter().filter_map(|cell| {
        let told = plain_loop::sentence(cell.plain_loop.as_ref()?, None);
        Some(format!("{}: {told}.", cell.name))
    });
    let floors = record.cells.iter().flat_map(floor::sentences);
    for sentence in models(record).into_iter().chain(loops).chain(floors) {
        let _ = writeln!(text, "{sentence}");
    }
    let of_cells = record.cells.iter().flat_map(|cell| &cell.warnings);
    for warning in record.warnings.iter().chain(of_cells) {
        let _ = writeln!(text, "! {}: {} ({})", warning.code, warning.text, warning.advice);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::limit::is_search;
    use crate::record::study::{PlainLoop, Probe, ProbeOutcome, ProbePurpose};
    use crate::sample;

    fn limit(outcome: LimitOutcome, pass: f64, fail: Option<f64>, text: &str) -> Limit {
        let probe = Probe {
            purpose: ProbePurpose::Confirm,
            rate_per_s: pass,
            speed: None,
            outcome: ProbeOutcome::Pass,
            reason: "no growth of the backlog at most".into(),
            window_s: 60.0,
            backlog_slope: Some((-0.001, 0.001)),
            p99_ns: Some(93_000),
            completed_per_s: pass,
            cpu_us_per_event: 0.117,
            seed: 42,
        };
        Limit {
            outcome,
            pass_per_s: Some(pass),
            fail_per_s: fail,
            speed: None,
            text: text.into(),
            window_s: 60.0,
            precision: 0.05,
            slo: None,
            probes: vec![probe],
        }
    }

    fn searched(limits: [Option<Limit>; 2]) -> RunRecord {
        let mut record = sample::record();
        record.cells.truncate(1);
        record.warnings.clear();
        record.cells[0].warnings.clear();
        for (engine, limit) in record.cells[0].engines.iter_mut().zip(limits) {
            engine.repetitions.clear();
            engine.limit = limit;
        }
        record
    }

    use LimitOutcome::{AtLeast, Found, Unknown};

    #[test]
    fn what_was_found_is_told_in_sentences_and_figures() {
        let record = searched([
            Some(limit(Found, 4.0e6, Some(4.2e6), "sustains 4.00 M/s to 4.20 M/s (confirmed)")),
            Some(limit(Found, 8.4e6, Some(8.8e6), "sustains 8.40 M/s to 8.80 M/s (confirmed)")),
        ]);
        insta::assert_snapshot!(terminal(&record), @r"
        word-count: micro-batch sustains 4.00 M/s to 4.20 M/s (confirmed).
        word-count: per-event sustains 8.40 M/s to 8.80 M/s (confirmed).
        word-count: per-event sustains 2.00 to 2.20 times as much as micro-batch (8.40 M/s to 8.80 M/s against 4.00 M/s to 4.20 M/s).

        scenario    engine       sustained  not sustained  p99 there  CPU per event  probes
        word-count  micro-batch   4.00 M/s       4.20 M/s    93.0 µs         117 ns       1
        word-count  per-event     8.40 M/s       8.80 M/s    93.0 µs         117 ns       1
        word-count: micro-batch, no model of its probes, as 1 with a steady tail, at 1 rate, are too few: it takes 5 at 4.
        word-count: per-event, no model of its probes, as 1 with a steady tail, at 1 rate, are too few: it takes 5 at 4.
        ");
    }

    #[test]
    fn a_plain_loop_stands_beside_the_engines_and_in_no_contest() {
        let mut record = searched([Some(limit(Found, 4.0e6, Some(4.2e6), "sustains")), None]);
        let plain = PlainLoop { ns_per_event: 12.5, events: 1 << 20, answers: 1_040, passes: 5 };
        record.cells[0].plain_loop = Some(plain);
        assert_eq!(contest(&record.cells[0]), None);
        insta::assert_snapshot!(terminal(&record), @r"
        word-count: micro-batch sustains.

        scenario    engine        sustained  not sustained  p99 there  CPU per event  probes
        word-count  micro-batch    4.00 M/s       4.20 M/s    93.0 µs         117 ns       1
        word-count  a plain loop   80.0 M/s              –          –        12.5 ns       –
        word-count: micro-batch, no model of its probes, as 1 with a steady tail, at 1 rate, are too few: it takes 5 at 4.
        word-count: a plain loop takes 12.5 ns of one core per event, and all of it at 80 M/s; its 1 040 answers equal the reference.
        ");
    }

    #[test]
    fn limits_whose_ranges_overlap_are_not_ranked() {
        let record = searched([
            Some(limit(Found, 8.0e6, Some(8.41e6), "sustains")),
            Some(limit(Found, 8.4e6, Some(8.8e6), "sustains")),
        ]);
        let told = contest(&record.cells[0]).unwrap();
        assert!(told.contains("sustain as much, as far as the search saw"), "{told}");
    }

    #[test]
    fn a_limit_that_is_no_more_than_at_least_loses_to_nothing() {
        let found = || Some(limit(Found, 4.0e6, Some(4.2e6), "sustains"));
        let at_least = |pass| Some(limit(AtLeast, pass, None, ""));
        for other in [None, at_least(4.1e6), at_least(3e6), Some(limit(Unknown, 9e6, None, ""))] {
            assert_eq!(contest(&searched([found(), other]).cells[0]), None);
        }
        assert_eq!(contest(&searched([at_least(9e6), at_least(3e6)]).cells[0]), None);
        let told = contest(&searched([found(), at_least(8.4e6)]).cells[0]).unwrap();
        assert_eq!(
            told,
            "word-count: per-event sustains at least 2.00 times as much as micro-batch (at least \
             8.40 M/s against 4.00 M/s to 4.20 M/s)."
        );
        assert!(!is_search(&sample::record()));
        // Nobody counts what is lost in a search: who may lose is named as that.
        let mut record = searched([found(), at_least(8.4e6)]);
        let own =
            ("windows".to_owned(), format!("{}, a look every 1s", crate::judge::lost::OWN_BOLT));
        record.cells[0].engines[1].settings.push(own);
        let told = contest(&record.cells[0]).unwrap();
        assert!(told.ends_with("), which may have lost events, as its own windowed bolt does."));
    }
}
