//! Judgements on made-up runs whose truth is known.

use super::*;
use crate::record::study::{Limit, LimitOutcome, Threshold};
use crate::record::{RunRecord, VerdictKind};
use crate::sample;
use crate::sample::pair::{Noise, demand, run, scaled};
use statistics::comparison::Change;

/// Runs a measurement must be able to decide on: as many as the standard suite makes.
const RUNS: u32 = 6;

fn p99s(record: &mut RunRecord, figures: &[u64]) {
    let engine = &mut record.cells[0].engines[0];
    let first = engine.repetitions[0].clone();
    engine.repetitions = figures
        .iter()
        .map(|ns| {
            let mut repetition = first.clone();
            let latency = repetition.result_latency.as_mut().unwrap();
            scaled(latency, *ns as f64 / latency.p99_ns as f64);
            latency.p99_ns = *ns;
            repetition
        })
        .collect();
}

#[track_caller]
fn decided(figures: &[u64], threshold: Threshold, want: Status, because: &str) {
    let mut record = sample::record();
    record.cells.truncate(1);
    record.cells[0].engines.truncate(1);
    p99s(&mut record, figures);
    record.cells[0].thresholds.push(threshold);
    let checked = check((&record, "new"), None, &Terms::default()).unwrap();
    let [finding] = &checked.findings[..] else { panic!("one demand, one finding") };
    assert_eq!(finding.status, want, "{figures:?}: {finding:?}");
    assert!(finding.because.contains(because), "{finding:?}");
}

#[test]
fn a_limit_is_decided_by_all_below_six_and_by_the_interval_from_six_on() {
    let below = |ns| demand("result_latency.p99", Some(ns), None, None);
    decided(&[90, 95, 99], below(100.0), Status::Passed, "all of them 90.0 ns to 99.0 ns, n = 3");
    decided(&[90, 95, 101], below(100.0), Status::Inconclusive, "n = 3");
    decided(&[100, 101, 120], below(100.0), Status::Violated, "n = 3");
    decided(&[99], below(100.0), Status::Passed, "n = 1");
    // One outlier among ten does not move the median past the limit.
    let mostly = [90, 91, 90, 92, 91, 90, 93, 92, 91, 300];
    decided(&mostly, below(100.0), Status::Passed, "95 % interval");
    let straddling = [80, 120, 81, 119, 82, 118, 83, 117];
    decided(&straddling, below(100.0), Status::Inconclusive, "95 % interval");
    decided(&[90, 95], demand("throughput.completed", None, Some(1e9), None), Status::Violated, "");
    decided(&[90, 95], demand("throughput.completed", None, Some(1.0), None), Status::Passed, "");
}

#[test]
fn nothing_measured_is_a_violation() {
    let unknown = demand("latency.p99", Some(1e9), None, None);
    decided(&[90], unknown, Status::Violated, "there is no such metric");
    let limit = demand("limit", None, Some(1.0), None);
    decided(&[90], limit, Status::Violated, "no limit was searched for");
    decided(
        &[],
        demand("drain", Some(1e9), None, None),
        Status::Violated,
        "no repetition was made",
    );
    let mut missing = demand("drain", Some(1e9), None, None);
    missing.engine = Some("per-event".into());
    decided(&[90], missing, Status::Violated, "this engine is not in the run");

    let mut record = sample::troubled();
    record.cells[2].thresholds.push(demand("drain", Some(1e9), None, None));
    let checked = check((&record, "new"), None, &Terms::default()).unwrap();
    assert!(checked.findings.iter().all(|finding| finding.status == Status::Violated));
    assert!(checked.findings[0].because.contains("none of 3 was verified (interrupted)"));
    assert_eq!(checked.wrong, Some(VerdictKind::LoadNotHeld), "void comes before wrong");
}

fn searched(record: &mut RunRecord, pass: f64, fail: f64) {
    for engine in record.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
        engine.limit = Some(Limit {
            outcome: LimitOutcome::Found,
            pass_per_s: Some(pass),
            fail_per_s: Some(fail),
            text: String::new(),
            window_s: 60.0,
            precision: 0.05,
            speed: None,
            slo: None,
            probes: Vec::new(),
        });
    }
}

#[test]
fn a_search_is_judged_by_its_bracket() {
    let of = |limit: f64| {
        let mut record = sample::record();
        record.cells.truncate(1);
        searched(&mut record, 100e3, 105e3);
        record.cells[0].thresholds.push(demand("limit", None, Some(limit), None));
        check((&record, "new"), None, &Terms::default()).unwrap().findings[0].status
    };
    assert_eq!(of(100e3), Status::Passed);
    assert_eq!(of(103e3), Status::Inconclusive);
    assert_eq!(of(105e3), Status::Violated);

    let against = |pass: f64, fail: f64| {
        let (mut base, mut new) = (sample::record(), sample::record());
        searched(&mut base, 100e3, 102e3);
        searched(&mut new, pass, fail);
        let compared = compare((&base, "a"), (&new, "b"), &Terms::default()).unwrap();
        let row = compared.rows.into_iter().find(|row| row.metric.name == "limit");
        row.unwrap().comparison.verdict
    };
    assert_eq!(against(101e3, 103e3), Change::Same);
    assert_eq!(against(80e3, 82e3), Change::Worse);
    assert_eq!(against(120e3, 122e3), Change::Better);
    assert_eq!(against(95e3, 98e3), Change::NotEnoughData);
}

/// Whether the whole check of a run against a baseline raises an alarm.
fn alarm(cells: usize, slower: f64, seed: u64) -> bool {
    let mut noise = Noise(seed.wrapping_mul(0x2545_F491_4F6C_DD1D));
    let base = run(cells, RUNS, 1.0, &mut noise);
    let new = run(cells, RUNS, slower, &mut noise);
    let checked = check((&new, "new"), Some((&base, "base")), &Terms::default()).unwrap();
    checked.count(Status::Violated) > 0
}

#[test]
fn two_runs_without_a_difference_raise_an_alarm_at_most_one_time_in_twenty() {
    let alarms = (0..500).filter(|seed| alarm(1, 1.0, *seed)).count();
    assert!(alarms <= 25, "{alarms} false alarms in 500 comparisons");
}

#[test]
fn a_tenth_slower_is_noticed_nine_times_in_ten() {
    let noticed = (0..100).filter(|seed| alarm(1, 1.1, 1_000 + *seed)).count();
    assert!(noticed >= 90, "{noticed} of 100");
}

#[test]
fn a_relative_threshold_allows_what_it_says() {
    let of = |worse_by: f64, slower: f64| {
        let mut noise = Noise(3);
        let base = run(1, 10, 1.0, &mut noise);
        let mut new = run(1, 10, slower, &mut noise);
        new.cells[0].thresholds.push(demand("result_latency.p99", None, None, Some(worse_by)));
        let checked = check((&new, "new"), Some((&base, "base")), &Terms::default()).unwrap();
        let findings = checked.findings.into_iter();
        let ours = findings.filter(|f| f.metric == "result_latency.p99").collect::<Vec<_>>();
        assert!(ours.iter().all(|f| f.demand.starts_with("worse by at most")), "{ours:?}");
        ours[0].status
    };
    assert_eq!(of(0.10, 1.3), Status::Violated);
    assert_eq!(of(0.50, 1.3), Status::Passed);
    assert_eq!(of(0.30, 1.3), Status::Inconclusive);
}

#[test]
fn a_relative_threshold_waits_for_a_baseline_and_says_so() {
    let mut record = sample::record();
    record.cells[0].thresholds.push(demand("drain", None, None, Some(0.1)));
    let checked = check((&record, "new"), None, &Terms::default()).unwrap();
    assert!(checked.findings.is_empty());
    assert_eq!(checked.remarks, ["1 threshold not looked at: they need --baseline"]);
}

#[test]
fn an_engine_that_is_gone_fails_and_a_scenario_that_is_gone_is_said() {
    let (base, mut new) = (sample::record(), sample::record());
    new.cells[0].engines.pop();
    new.cells.pop();
    let checked = check((&new, "new"), Some((&base, "base")), &Terms::default()).unwrap();
    let gone: Vec<_> = checked.findings.iter().filter(|f| f.status == Status::Violated).collect();
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert_eq!((gone[0].engine.as_str(), gone[0].cell.as_str()), ("per-event", "word-count"));
    assert!(checked.remarks.iter().any(|r| r == "base: identity is only in this run"));
}

#[track_caller]
fn refused(change: impl FnOnce(&mut RunRecord), forced: bool, code: &str) -> Refusal {
    let (base, mut new) = (sample::record(), sample::record());
    change(&mut new);
    let refusal =
        compare((&base, "a"), (&new, "b"), &Terms { forced, ..Terms::default() }).unwrap_err();
    assert_eq!(refusal.code, code, "{refusal:?}");
    *refusal
}

#[test]
fn unlike_machines_and_builds_are_refused_unless_somebody_insists() {
    let other = |record: &mut RunRecord| {
        record.host.cpu_model = "Imaginary 4000".into();
        record.host.memory_bytes *= 2;
        record.tool.rustc = "1.88.0".into();
        record.tool.profile = "dev".into();
        // What is compared may differ.
        record.tool.commit = "fedcba9".into();
        record.tool.version = "0.2.0".into();
    };
    let refusal = refused(other, false, "compare::not_comparable");
    let what: Vec<&str> = refusal.differences.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(what, ["processor", "profile", "rustc", "memory"]);

    let (base, mut new) = (sample::record(), sample::record());
    other(&mut new);
    let compared =
        compare((&base, "a"), (&new, "b"), &Terms { forced: true, ..Terms::default() }).unwrap();
    assert_eq!(compared.environment, refusal.differences, "every figure carries what differs");
}

#[test]
fn other_questions_and_other_inputs_are_refused_even_then() {
    let faster = |record: &mut RunRecord| {
        record.cells[0].resolved = record.cells[0].resolved.replace("100k/s", "200k/s");
    };
    let refusal = refused(faster, true, "compare::other_scenario");
    assert_eq!(refusal.differences[0].what, "word-count: source.synthetic.rate");
    assert_eq!(refusal.differences[0].new, "\"200k/s\"");
    let other_input = |record: &mut RunRecord| record.cells[1].input.hash = "0".repeat(16);
    let refusal = refused(other_input, true, "compare::other_input");
    assert_eq!(refusal.differences[0].what, "disorder: input of seed 42");
    let renamed = |record: &mut RunRecord| {
        for cell in &mut record.cells {
            cell.name.push_str("-2");
        }
    };
    refused(renamed, true, "compare::nothing_in_common");
}

#[test]
fn a_record_from_before_a_setting_is_held_against_what_was_done_then() {
    for heading in ["[engine.per-event]\n", "[[engine.per-event]]\nlabel = \"a\"\n"] {
        let (mut base, mut new) = (sample::record(), sample::record());
        base.cells[0].resolved = heading.into();
        base.cells[0].resolved += "waiting = \"park\"\n";
        new.cells[0].resolved = format!("{}strict = false\n", base.cells[0].resolved);
        assert!(compare((&base, "a"), (&new, "b"), &Terms::default()).is_ok(), "{heading}");
        new.cells[0].resolved = format!("{}strict = true\n", base.cells[0].resolved);
        let refusal = compare((&base, "a"), (&new, "b"), &Terms::default()).unwrap_err();
        assert_eq!(
            (&*refusal.differences[0].base, &*refusal.differences[0].new),
            ("false", "true")
        );
    }
}

#[test]
fn names_demands_and_absent_engines_change_no_result() {
    let (mut base, mut new) = (sample::record(), sample::record());
    let file = |title: &str, rest: &str| {
        format!(
            "title = \"{title}\"\n[source.trace]\npath = \"{title}.csv\"\nspeed = 2.0\n\n\
             [[engine.micro-batch]]\nlabel = \"a\"\ninterval = \"1s\"\n{rest}"
        )
    };
    base.cells[0].resolved = file("a", "[engine.per-event]\nbuffer_timeout = \"1ms\"\n");
    new.cells[0].resolved = file("b", "[[threshold]]\nmetric = \"drain\"\nbelow = \"1s\"\n");
    assert!(compare((&base, "a"), (&new, "b"), &Terms::default()).is_ok());
    new.cells[0].resolved = file("b", "[engine.per-event]\nbuffer_timeout = \"2ms\"\n");
    let refusal = compare((&base, "a"), (&new, "b"), &Terms::default()).unwrap_err();
    assert_eq!(refusal.differences[0].what, "word-count: engine.per-event.buffer_timeout");
    new.cells[0].resolved =
        base.cells[0].resolved.replace("interval = \"1s\"", "interval = \"2s\"");
    let refusal = compare((&base, "a"), (&new, "b"), &Terms::default()).unwrap_err();
    assert_eq!(refusal.differences.len(), 1, "{refusal:?}");
}
