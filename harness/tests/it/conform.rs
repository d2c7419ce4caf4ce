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
    let mut global = case();
    global["spec"]["assigner"] = json!({"type": "global"});
    let said = put(folder.path(), &global, &["--parallelism", "3"]);
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
    // What is kept is the same, an engine at a time.
    let kept = folder.path().join(".engines/conformance");
    let mut files: Vec<_> = fs::read_dir(kept).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort_unstable();
    assert_eq!(files.len(), 3, "{files:?}");
    for file in files {
        let kept: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        assert!(validator.is_valid(&kept));
        let engines = printed["engines"].as_array().unwrap();
        assert!(engines.contains(&kept["engines"][0]), "{kept}");
    }
    let totals = |engine: &Value| (engine["ok"].as_u64(), engine["differs"].as_u64());
    let engines: Vec<_> = printed["engines"].as_array().unwrap().iter().map(totals).collect();
    assert_eq!(engines, [28, 17, 14].map(|ok| (Some(ok), Some(0))));
}

#[test]
fn what_puts_or_asks_nothing_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let mut global = case();
    global["spec"]["assigner"] = json!({"type": "global"});
    let none = put(folder.path(), &global, &[]);
    assert_eq!(none.exit, 1, "{none}");
    assert!(none.complaints.contains("error[conform::nothing_asked]"), "{none}");
    assert!(none.results.contains("it can be asked none of 1 case\n"), "{none}");
    let arguments = ["conform", "--cases", "cases.json", "--engine", "micro-batch"];
    let none = said(folder.path(), &arguments);
    assert_eq!(none.exit, 2, "{none}");
    for words in ["no case states the rules that micro-batch goes by", "all state those of `flink`"]
    {
        assert!(none.complaints.contains(words), "{none}");
    }
    // Where nobody named it, it is left out.
    let others = put(folder.path(), &case(), &[]);
    assert_eq!(others.exit, 0, "{others}");
    let others = said(folder.path(), &arguments[..3]);
    assert_eq!(others.exit, 0, "{others}");
    assert!(!others.results.contains("micro-batch"), "{others}");
    let crashes = said(folder.path(), &["conform", "--crashes"]);
    assert_eq!(crashes.exit, 2, "{crashes}");
    assert!(crashes.complaints.contains("--engine flink --engine spark-structured"), "{crashes}");
}

#[test]
fn what_came_of_cases_is_kept_where_it_is_asked_for_and_nothing_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let kept = put(folder.path(), &case(), &["--out", "kept"]);
    assert_eq!(kept.exit, 0, "{kept}");
    let name = format!("kept/per-event-{}.json", env!("CARGO_PKG_VERSION"));
    let file = folder.path().join(&name);
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.contains("\"file\": \"cases.json\""), "{written}");
    let again = put(folder.path(), &case(), &["--out", "kept"]);
    assert_eq!(again.exit, 1, "{again}");
    assert!(again.complaints.contains("is there already"), "{again}");
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
    let forced = put(folder.path(), &case(), &["--out", "kept", "--force"]);
    assert_eq!(forced.exit, 0, "{forced}");
    assert!(!folder.path().join(".engines").exists(), "cases of one's own are kept nowhere else");
    // A folder that cannot be made.
    let nowhere = put(folder.path(), &case(), &["--out", "cases.json/in"]);
    assert_eq!(nowhere.exit, 1, "{nowhere}");
    assert!(nowhere.complaints.contains("cannot be written"), "{nowhere}");
}

#[test]
fn what_came_of_an_engine_is_told_though_the_next_one_cannot_be_put_any() {
    let folder = tempfile::tempdir().unwrap();
    let both = ["--engine", "flink", "--out", "cases.json/in"];
    let ended = put(folder.path(), &case(), &both);
    assert_eq!(ended.exit, 1, "{ended}");
    let [out, engine] = ["error[conform::out]", "error[conform::engine]: flink"]
        .map(|words| ended.complaints.find(words).unwrap_or_else(|| panic!("{words}: {ended}")));
    assert!(out < engine, "{ended}");
    assert!(ended.results.contains("per-event: the same answers"), "{ended}");
    let first = said(folder.path(), &["conform", "--engine", "flink", "--format", "json"]);
    assert_eq!((first.exit, first.results.as_str()), (1, ""), "{first}");
}

#[test]
fn the_page_of_a_run_shows_what_is_kept_of_its_engines() {
    let folder = tempfile::tempdir().unwrap();
    let run = ["run", "identity", "--simulate", "--duration", "100ms", "--out", "run"];
    let page = |folder: &Path| fs::read_to_string(folder.join("run/report.html")).unwrap();
    assert_eq!(said(folder.path(), &["conform", "--engine", "per-event"]).exit, 0);
    let ran = said(folder.path(), &run);
    assert_eq!(ran.exit, 0, "{ran}");
    let told = page(folder.path()).replace('\u{a0}', " ");
    assert!(told.contains("id=\"run-1-conformance\"") && told.contains("✓ on 17 of 17 cases"));
    assert!(told.contains("Of micro-batch nothing of this kind"), "it was put none");
    // From the run's own folder alone.
    fs::remove_dir_all(folder.path().join(".engines")).unwrap();
    assert_eq!(said(folder.path(), &["report", "run"]).exit, 0);
    assert!(page(folder.path()).contains("run-1-conformance"));
    let beside = folder.path().join("run/conformance");
    let file = fs::read_dir(&beside).unwrap().next().unwrap().unwrap().path();
    fs::write(&file, "{}").unwrap();
    let broken = said(folder.path(), &["report", "run"]);
    assert_eq!(broken.exit, 1, "{broken}");
    assert!(broken.complaints.contains("error[report::conformance]"), "{broken}");
    fs::remove_dir_all(beside).unwrap();
    assert_eq!(said(folder.path(), &["report", "run"]).exit, 0);
    assert!(!page(folder.path()).contains("run-1-conformance"));
}

#[test]
fn what_tells_of_no_cases_takes_nothing_from_a_run_but_itself() {
    let folder = tempfile::tempdir().unwrap();
    let page = || fs::read_to_string(folder.path().join("run/report.html")).unwrap();
    let run = ["run", "identity", "--simulate", "--duration", "100ms"];
    assert_eq!(said(folder.path(), &["conform", "--engine", "per-event"]).exit, 0);
    fs::write(folder.path().join(".engines/conformance/bad.json"), "{}").unwrap();
    let ran = said(folder.path(), &[&run[..], &["--out", "run"]].concat());
    assert_eq!(ran.exit, 0, "{ran}");
    assert!(ran.complaints.contains("conformance/bad.json: `schema_version` is missing"), "{ran}");
    assert!(page().contains("run-1-conformance"), "that of the others is there");
    // As it is where somebody has put something there.
    let beside = folder.path().join("run/conformance");
    fs::write(beside.join("worse.json"), "[").unwrap();
    let resume = [&run[..], &["--resume", "run"]].concat();
    let again = said(folder.path(), &resume);
    assert_eq!(again.exit, 0, "{again}");
    assert!(again.complaints.contains("worse.json: does not tell"), "{again}");
    assert!(page().contains("run-1-conformance"));
    // Where nothing can be copied to.
    fs::remove_dir_all(&beside).unwrap();
    fs::write(&beside, "").unwrap();
    fs::remove_file(folder.path().join("run/report.html")).unwrap();
    let nowhere = said(folder.path(), &resume);
    assert_eq!(nowhere.exit, 0, "{nowhere}");
    assert!(nowhere.complaints.contains("run/conformance: cannot be read"), "{nowhere}");
    assert!(nowhere.results.contains("per-event"), "{nowhere}");
    assert!(!page().contains("run-1-conformance"));
}
