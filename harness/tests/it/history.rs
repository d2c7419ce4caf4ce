//! `history`, as a user meets it: on folders of runs that this test writes.

use crate::gate::{FAST, record, write};
use crate::support::program::said;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Writes a run a night into `runs`: its p99s are those of [`FAST`], so many hundredths of them.
fn nights(folder: &Path, hundredths: &[u64], change: impl Fn(usize, &mut Value)) {
    for (n, hundredths) in hundredths.iter().enumerate() {
        let mut run = record(&FAST.map(|ms| ms * hundredths / 100));
        run["started"] = format!("2026-11-{:02}T02:00:00Z", n + 1).into();
        run["tool"]["commit"] = format!("{:07x}", n + 1).into();
        change(n, &mut run);
        write(&folder.join("runs"), &format!("{:02}", n + 1), &run);
    }
}

/// Five nights, and five that are slower by half.
const SLOWER: [u64; 10] = [100, 100, 101, 100, 99, 150, 150, 151, 150, 149];

#[test]
fn a_change_is_told_with_the_runs_between_which_it_lies_and_fails_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // A night elsewhere, one that was cut short while it was written, and what is no run at all.
    nights(folder, &SLOWER, |n, run| {
        if n == 1 {
            run["host"]["cores"] = 2.into();
        }
    });
    fs::create_dir_all(folder.join("runs/11")).unwrap();
    fs::write(folder.join("runs/11/run.json"), "{\"schema_version\": 2, ").unwrap();
    fs::create_dir(folder.join("empty")).unwrap();
    let told = said(folder, &["history", "runs", "empty", "nowhere", "runs/03"]);
    assert_eq!(told.exit, 0, "{told}");
    insta::assert_snapshot!("history", told);
    let markdown = said(folder, &["history", "runs", "--format", "markdown"]);
    assert!(markdown.results.starts_with("**History**: 1 change in 3 series: 1 worse\n"));
    let document =
        said(folder, &["history", "runs", "--format", "json", "--metric", "completeness"]);
    let json: Value = serde_json::from_str(&document.results).unwrap();
    assert_eq!(json["series"].as_array().unwrap().len(), 4);
    let change = &json["series"][0]["changes"][0];
    let after = usize::try_from(change["between"][1].as_u64().unwrap()).unwrap();
    assert_eq!(json["runs"][after]["folder"], "runs/06");
    assert_eq!(change["verdict"], "worse");
}

#[test]
fn a_page_is_written_where_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    nights(folder, &SLOWER, |_, _| ());
    let arguments = ["history", "runs", "--format", "html", "--out", "page.html"];
    let told = said(folder, &arguments);
    assert_eq!(told.exit, 0, "{told}");
    assert!(told.results.starts_with("History of 10 runs"), "{told}");
    let page = fs::read_to_string(folder.join("page.html")).unwrap();
    assert!(page.contains("<figure") && page.contains("▼ worse"));
    assert_eq!(said(folder, &arguments).exit, 2, "it is there already");
    let record = ["history", "runs", "--out", "runs/04/run.json", "--force"];
    let lost = said(folder, &record);
    assert!(lost.exit == 2 && lost.complaints.contains("would be lost"), "{lost}");
}

#[test]
fn what_has_nothing_to_tell_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    nights(folder, &[100; 4], |_, _| ());
    let few = said(folder, &["history", "runs"]);
    assert_eq!(few.exit, 0, "{few}");
    assert!(few.results.contains("4 runs, and it takes 6"), "{few}");
    fs::create_dir(folder.join("empty")).unwrap();
    for (arguments, code, why) in [
        (&["history", "empty", "nowhere"][..], "history::nothing", "empty: it holds no run"),
        (&["history", "nowhere"], "history::nothing", "cannot read nowhere/run.json"),
        (&["history", "runs", "--engine", "other"], "history::engine", "has an engine `other`"),
        (&["history", "runs", "--metric", "p99"], "config::no_such_metric", "p99"),
    ] {
        let told = said(folder, arguments);
        assert_eq!(told.exit, 2, "{arguments:?}: {told}");
        assert!(told.complaints.contains(code), "{arguments:?}: {told}");
        assert!(told.complaints.contains(why), "{arguments:?}: {told}");
    }
    let own = said(folder, &["history", "runs", "--engine", "per-event"]);
    assert_eq!(own.exit, 0, "{own}");
}
