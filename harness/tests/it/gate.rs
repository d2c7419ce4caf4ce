//! `compare` and `check`, as a user meets them: on folders that this test writes.

use crate::support::program::{answer, said, sluicebench};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// The record of a made-up run: one scenario, one engine, its p99s in milliseconds.
pub(crate) fn record(p99s_ms: &[u64]) -> Value {
    let latency = |ms: u64| {
        let ns = ms * 1_000_000;
        json!({
            "count": 1000, "p50_ns": ns / 2, "p90_ns": ns * 9 / 10, "p99_ns": ns, "p999_ns": ns,
            "max_ns": ns, "mean_ns": ns / 2, "ladder": [[50.0, ns / 2], [100.0, ns]],
        })
    };
    let repetition = |rep: usize, ms: u64| {
        json!({
            "rep": rep + 1,
            "counts": {
                "read": 1000, "accepted": 1000, "late": 0, "partly_late": 0, "rejected": 0,
                "accepted_late_extra": 0, "answers": 1000, "answers_measured": 1000,
                "combine_steps": 0, "retries": 0, "missed_windows": 0,
            },
            "result_latency": latency(ms),
            "event_latency": latency(ms),
            "throughput": {
                "offered_per_s": 1000.0, "accepted_per_s": 1000.0,
                "completed_per_s": 1000.0 - rep as f64, "drain_s": 0.1, "sustained": true,
            },
            "backlog_max": 10, "backlog_end": 0, "cpu_s": 1.0,
            "cpu_us_per_event": 1.0 + 0.001 * rep as f64,
            "peak_memory_bytes": 1024, "batches": [], "timeline": [],
            "verdict": {
                "kind": "verified", "text": "all equal", "answers_checked": 100,
                "completeness": 1.0, "distance": 0.0, "bounds_only": false, "differences": [],
            },
            "trace_hash": null, "failure": null,
        })
    };
    let repetitions: Vec<Value> =
        p99s_ms.iter().enumerate().map(|(rep, ms)| repetition(rep, *ms)).collect();
    json!({
        "schema_version": 2, "name": "mine", "title": "Mine", "command": "sluicebench run mine.toml",
        "started": "2026-11-20T10:00:00Z",
        "tool": {
            "version": "0.1.0", "commit": "0123abc", "profile": "release", "rustc": "1.95.0",
        },
        "host": {
            "name": null, "cpu_model": "Imaginary 3000", "cores": 8, "memory_bytes": 1_u64 << 34,
            "kernel": "Linux 6.1", "governor": "performance", "clock_source": "tsc",
            "load_before": 0.1, "virtual_machine": null, "cgroup_cpu_limit": null, "jitter": [],
        },
        "interrupted": false,
        "self_cost": {
            "pacing_ns_per_event": 3.0, "recording_ns_per_answer": 6.0, "clock_read_ns": 24.0,
        },
        "warnings": [],
        "cells": [{
            "name": "mine", "title": "Mine", "scenario": "mine", "question": "Which?",
            "resolved": "name = \"mine\"\n[source.synthetic]\nrate = \"1k/s\"\n",
            "seed": 42, "parallelism": 1,
            "input": {
                "events": 1000, "hash": "00112233aabbccdd", "made": "before the clock started",
                "partitions": 1, "offered_per_s": 1000.0, "rejected_rows": 0,
            },
            "latency_definition": "due", "warm_up_s": 1.0, "duration_s": 1.0, "truth": null,
            "engines": [{
                "label": "per-event", "kind": "per-event", "algorithm": "slices", "settings": [],
                "interval_s": null, "repetitions": repetitions,
            }],
            "thresholds": [{
                "metric": "result_latency.p99", "engine": null, "below": 100e6, "above": null,
                "worse_by": null, "written": "result_latency.p99 below 100ms",
            }],
        }],
    })
}

pub(crate) const FAST: [u64; 6] = [80, 81, 82, 80, 81, 82];
const SLOW: [u64; 6] = [120, 121, 122, 120, 121, 122];
const MIXED: [u64; 6] = [80, 120, 81, 121, 82, 122];

pub(crate) fn write(folder: &Path, name: &str, record: &Value) {
    let run = folder.join(name);
    std::fs::create_dir_all(&run).unwrap();
    std::fs::write(run.join("run.json"), record.to_string()).unwrap();
}

#[track_caller]
fn exits(arguments: &[&str], change: impl FnOnce(&mut Value), figures: &[u64], want: i32) {
    let folder = tempfile::tempdir().unwrap();
    let mut run = record(figures);
    change(&mut run);
    write(folder.path(), "run", &run);
    write(folder.path(), "base", &record(&FAST));
    let said = said(folder.path(), arguments);
    assert_eq!(said.exit, want, "{arguments:?}: {}", said.complaints);
    assert!(want == 0 || !said.complaints.is_empty(), "an exit code without a word");
}

#[test]
fn every_outcome_has_its_exit_code() {
    let check = ["check", "run"];
    let strict = ["check", "run", "--strict"];
    exits(&check, |_| (), &FAST, 0);
    exits(&check, |_| (), &SLOW, 3);
    exits(&check, |_| (), &MIXED, 0);
    exits(&strict, |_| (), &MIXED, 5);
    exits(&strict, |_| (), &FAST, 0);
    exits(&check, |_| (), &[], 3);
    let verdict = |kind: &'static str| {
        move |run: &mut Value| {
            run["cells"][0]["engines"][0]["repetitions"][0]["verdict"]["kind"] = kind.into();
        }
    };
    exits(&check, verdict("differs"), &SLOW, 4);
    exits(&check, verdict("load-not-held"), &SLOW, 6);
    exits(&check, verdict("failed"), &FAST, 1);
    exits(&strict, |run| run["interrupted"] = true.into(), &FAST, 5);

    let against = ["check", "run", "--baseline", "base"];
    let undemanding = |run: &mut Value| run["cells"][0]["thresholds"] = json!([]);
    exits(&check, undemanding, &FAST, 2);
    exits(&against, undemanding, &FAST, 0);
    exits(&against, undemanding, &SLOW, 3);
    exits(&["compare", "base", "run"], |_| (), &SLOW, 0);
}

/// Figures of the base, all so many hundredths of it.
fn shifted(hundredths: u64) -> [u64; 6] {
    FAST.map(|ms| ms * hundredths / 100)
}

#[test]
fn further_runs_of_the_same_thing_say_what_is_noise() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut run = record(&SLOW);
    run["cells"][0]["thresholds"] = json!([]);
    write(folder, "run", &run);
    write(folder, "base", &record(&FAST));
    for (n, hundredths) in [60, 80, 90, 120, 140, 160].into_iter().enumerate() {
        write(&folder.join("wild"), &n.to_string(), &record(&shifted(hundredths)));
    }
    // What lies beside them and is of something else is left out.
    let mut other = record(&shifted(110));
    other["host"]["cores"] = 2.into();
    write(&folder.join("wild"), "elsewhere", &other);
    write(folder, "elsewhere", &other);
    write(folder, "broken", &json!({ "schema_version": 2 }));
    let check = |again: &[&str]| {
        let rest = again.iter().flat_map(|run| ["--again", *run]);
        let arguments: Vec<&str> =
            ["check", "run", "--baseline", "base"].into_iter().chain(rest).collect();
        said(folder, &arguments)
    };
    let alone = check(&[]);
    assert_eq!(alone.exit, 3, "{alone}");
    assert!(alone.results.contains("within one run"), "{alone}");
    assert!(alone.results.contains("taken for up to 5.70 %"), "{alone}");
    let known = check(&["wild"]);
    assert_eq!(known.exit, 0, "half as much again is what such runs differ by: {known}");
    assert!(known.results.contains("8 runs of the same things"), "{known}");
    let compared = said(folder, &["compare", "base", "run", "--again", "wild"]);
    assert!(compared.results.contains("~ within noise"), "{compared}");
    for (again, why) in [
        ("base", "is one of the two"),
        ("elsewhere", "another of neither"),
        ("broken", "is not a run record"),
        ("nowhere", "cannot read"),
        (".", "no run in `.`"),
    ] {
        let refused = check(&[again]);
        assert_eq!(refused.exit, 2, "{again}: {refused}");
        assert!(refused.complaints.contains(why), "{again}: {refused}");
    }
}

#[test]
fn a_violation_is_told_in_full() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "run", &record(&SLOW));
    write(folder.path(), "base", &record(&FAST));
    insta::assert_snapshot!("check", said(folder.path(), &["check", "run", "--baseline", "base"]));
    insta::assert_snapshot!("compare", said(folder.path(), &["compare", "base", "run"]));
}

#[test]
fn what_cannot_be_compared_says_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "base", &record(&FAST));
    let mut rows = String::new();
    let mut row = |change: &dyn Fn(&mut Value), arguments: &[&str]| {
        let mut run = record(&FAST);
        change(&mut run);
        write(folder, "run", &run);
        let _ = writeln!(rows, "$ {}\n{}", arguments.join(" "), said(folder, arguments));
    };
    let compare = ["compare", "base", "run"];
    let elsewhere = |run: &mut Value| {
        run["host"]["cpu_model"] = "Imaginary 4000".into();
        run["tool"]["rustc"] = "1.88.0".into();
    };
    row(&elsewhere, &compare);
    row(&elsewhere, &["check", "run", "--baseline", "base"]);
    let resolved = "name = \"mine\"\n[source.synthetic]\nrate = \"2k/s\"\n";
    row(&|run| run["cells"][0]["resolved"] = resolved.into(), &compare);
    row(&|run| run["cells"][0]["input"]["hash"] = "ffff".into(), &compare);
    row(&|run| run["cells"][0]["name"] = "other".into(), &compare);
    row(&|_| (), &["compare", "nowhere", "run"]);
    row(&|_| (), &["compare", "base", "run", "--metric", "p99_latency"]);
    row(
        &|run| run["cells"][0]["engines"][0]["repetitions"][0]["counts"]["late"] = 7.into(),
        &compare,
    );
    std::fs::write(folder.join("base/run.json"), &record(&FAST).to_string()[..400]).unwrap();
    row(&|_| (), &compare);
    assert!(!rows.contains("--- exit 0"), "{rows}");
    insta::assert_snapshot!("refusals", rows);
}

#[test]
fn insisting_marks_every_output() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = record(&SLOW);
    run["host"]["cores"] = 2.into();
    write(folder.path(), "run", &run);
    write(folder.path(), "base", &record(&FAST));
    for format in ["text", "markdown", "html", "junit", "bmf", "json"] {
        let arguments = ["compare", "base", "run", "--force", "--format", format];
        let text = said(folder.path(), &arguments).to_string().replace('_', " ");
        assert!(text.contains("different environment"), "{format}: {text}");
    }
}

#[test]
fn the_outcome_goes_to_a_file_and_to_the_step_summary() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "run", &record(&SLOW));
    let summary = folder.path().join("summary.md");
    std::fs::write(&summary, "before\n").unwrap();
    let arguments = ["check", "run", "--format", "junit", "--out", "tests.xml"];
    let mut command = sluicebench(folder.path(), &arguments);
    let said = answer(command.env("GITHUB_STEP_SUMMARY", &summary));
    assert_eq!(said.exit, 3);
    let xml = std::fs::read_to_string(folder.path().join("tests.xml")).unwrap();
    assert!(xml.contains("<failure message=\"121 ms"), "{xml}");
    assert!(said.results.contains("✗ violated"), "{said}");
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.starts_with("before\n**mine**: 1 demand, 1 violated"), "{summary}");
}

/// A against A: the same suite twice. Simulated time has no noise at all, so that nothing but the
/// same may come of it; only the processor works as it did in truth.
#[test]
fn two_runs_of_the_same_settings_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for out in ["a", "b"] {
        let run = [
            "run",
            "keyed-window",
            "--simulate",
            "--rate",
            "2k/s",
            "--duration",
            "2s",
            "--set",
            "measure.warm_up=500ms",
            "--repeat",
            "6",
            "--out",
            out,
        ];
        let said = said(folder.path(), &run);
        assert_eq!(said.exit, 0, "{}", said.complaints);
    }
    let said = said(folder.path(), &["compare", "a", "b", "--format", "json"]);
    assert_eq!(said.exit, 0, "{}", said.complaints);
    let compared: Value = serde_json::from_str(&said.results).unwrap();
    let rows = compared["comparisons"].as_array().unwrap();
    let timed: Vec<_> = rows.iter().filter(|row| row["metric"] != "cpu_per_event").collect();
    assert!(timed.len() >= 4, "{rows:?}");
    for row in timed {
        let ratio = row["ratio"].as_f64().unwrap();
        assert_eq!(row["verdict"], "same", "{row}");
        assert!((ratio - 1.0).abs() < 1e-3, "{row}");
    }
}
