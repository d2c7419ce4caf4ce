//! `conform` as a user meets it: cases of one's own, and what is wrong with them.

use crate::support::program::{Said, said};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A case that our per-event engine answers as it says.
fn case() -> Value {
    json!({
        "name": "mine",
        "source": "a test",
        "engine_semantics": "flink",
        "spec": {
            "op": "window_agg",
            "assigner": {"type": "tumbling", "time": "event", "size": 1000},
            "agg": "sum",
            "trigger": {"type": "event_time"}
        },
        "input": [{"t": 10, "key": "a", "v": 3}, {"end_of_stream": true}],
        "expected": [{"window_start": 0, "window_end": 1000, "key": "a", "value": 3,
                      "emitted_after_index": 1}],
        "late": []
    })
}

/// What comes of a case on our per-event engine.
#[track_caller]
fn put(folder: &Path, case: &Value, more: &[&str]) -> Said {
    fs::write(folder.join("cases.json"), json!([case]).to_string()).unwrap();
    let arguments = ["conform", "--cases", "cases.json", "--engine", "per-event"];
    said(folder, &[&arguments[..], more].concat())
}

#[test]
fn cases_of_ones_own_are_put_and_a_difference_ends_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let right = put(folder.path(), &case(), &[]);
    insta::assert_snapshot!("conform", right.to_string());
    let mut wrong = case();
    wrong["expected"][0]["value"] = json!(4);
    insta::assert_snapshot!("conform_differs", put(folder.path(), &wrong, &[]).to_string());
    let mut session = case();
    session["spec"]["assigner"] = json!({"type": "session", "gap": 5});
    let said = put(folder.path(), &session, &["--parallelism", "3"]);
    insta::assert_snapshot!("conform_unsupported", said.to_string());
}

#[test]
fn a_name_is_shown_and_not_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let mut forged = case();
    forged["name"] = json!("mine\n  ok          another\u{1b}[2K");
    let said = put(folder.path(), &forged, &[]).to_string();
    assert!(said.contains(r"mine\n  ok          another\u001b[2K"), "{said}");
    assert!(!said.contains("\n  ok          another"), "{said}");
}

#[test]
fn what_is_no_case_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut broken = case();
    broken["input"][0]["v"] = json!("three");
    broken["input"][0]["t"] = json!("ten");
    insta::assert_snapshot!("conform_no_case", put(folder.path(), &broken, &[]).to_string());
    let none = said(folder.path(), &["conform", "--cases", "none.json"]);
    assert_eq!(none.exit, 2, "{none}");
    assert!(none.complaints.contains("none.json cannot be read"), "{none}");
}

#[test]
fn an_engine_that_there_is_not_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (engines, words) in [
        (&["flnk"][..], "did you mean `flink`"),
        (&["per-event@2"], "has no releases"),
        (&["flink@1.9"], "1.9"),
        (&["reference", "reference"], "named twice"),
    ] {
        let named = engines.iter().flat_map(|engine| ["--engine", engine]);
        let arguments: Vec<&str> = std::iter::once("conform").chain(named).collect();
        let said = said(folder.path(), &arguments);
        assert_eq!(said.exit, 2, "{said}");
        assert!(said.complaints.contains(words), "{said}");
    }
}

#[test]
fn what_is_printed_for_programs_is_what_its_schema_says() {
    let folder = tempfile::tempdir().unwrap();
    let schema = said(folder.path(), &["schema", "conform"]).results;
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let printed = said(folder.path(), &["conform", "--format", "json"]);
    assert_eq!(printed.exit, 0, "{printed}");
    let printed: Value = serde_json::from_str(&printed.results).unwrap();
    let mistakes: Vec<_> = validator.iter_errors(&printed).map(|e| e.to_string()).collect();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    let totals = |engine: &Value| (engine["ok"].as_u64(), engine["differs"].as_u64());
    let engines: Vec<_> = printed["engines"].as_array().unwrap().iter().map(totals).collect();
    assert_eq!(engines, [21, 10, 13].map(|ok| (Some(ok), Some(0))));
}
