//! `advise`, as a user meets it: what is refused, what a study leaves behind, and that advice made again
//! from its records says the same. Which engine is better says nothing here: no test looks at a speed.

use crate::support::program::{self, sluicebench};
use reports::RunRecord;
use reports::judge::advice::Evidence;
use reports::record::advice::{AdviceRecord, Purpose};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Exit code, results and complaints.
#[track_caller]
fn said(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let said = program::said(folder, arguments);
    (said.exit, said.results, said.complaints)
}

/// Advice that is refused before anything is begun, each for another reason.
const REFUSED: &[&[&str]] = &[
    &["keyed-window"],
    &["keyed-window", "--slo", "completeness=0.999"],
    &["keyed-window", "--slo", "p99"],
    &["keyed-window", "--slo", "p99=1s", "--slo", "p99=2s"],
    &["keyed-window", "--slo", "p50=1s", "--slo", "p99=500ms"],
    &["keyed-window", "--slo", "p99=1s", "--slo", "completeness=101%"],
    &["keyed-window", "--slo", "p99=1s", "--budget", "1s", "--engine", "per-event"],
    &["keyed-window", "--slo", "p99=1s", "--budget", "soon"],
    &["keyed-window", "--slo", "p99=1s", "--engine", "fink"],
    &["keyed-window", "--slo", "p99=1s", "--engine", "spark-real-time"],
    &["keyed-window", "--slo", "p99=1s", "--set", "query.window.slide=5s"],
    &["keyed-window", "--slo", "p99=1s", "--price", "nothing.toml"],
    &["keyed-window", "--slo", "p99=1s", "--price", "prices.toml"],
    &["standard", "--slo", "p99=1s"],
    &["keyed-window", "identity", "--slo", "p99=1s"],
    &["keyedwindow", "--slo", "p99=1s"],
    &["empty", "--slo", "p99=1s"],
    &["advised", "--slo", "p99=1s"],
    &["advised", "--rate", "5k/s"],
    &["advised", "--no-sensitivity"],
    &["advised", "--arrival", "came"],
    &["events.csv", "--arrival", "cane", "--key", "who", "--slo", "p99=1s"],
    &["events.csv", "--arrival", "came", "--key", "whom", "--slo", "p99=1s"],
    &["events.csv", "--arrival", "came", "--key", "who"],
    &["events.csv", "--arrival", "came", "--slo", "p99=1s"],
    &["notes", "--arrival", "came", "--slo", "p99=1s"],
    &["keyed-window", "--arrival", "came", "--slo", "p99=1s"],
    &["mine.toml", "--key", "who", "--slo", "p99=1s"],
    &["gone.csv", "--arrival", "came", "--slo", "p99=1s"],
    &["advised", "keyed-window"],
    &["advised"],
    &["keyed-window", "--slo", "p99=1s", "--engine", "per-event", "--out", "advised"],
];

#[test]
fn what_cannot_be_advised_on_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["empty", "advised"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("advised/advice.json"), "{}").unwrap();
    fs::write(folder.path().join("prices.toml"), "core_hour = \"0.04 EUR\"\ngib_hours = 1\n")
        .unwrap();
    fs::write(folder.path().join("events.csv"), "came,who\n1720612800,a\n1720612801,b\n").unwrap();
    fs::write(folder.path().join("notes"), "Dear reader,\nthis is no table.\n").unwrap();
    let mut all = String::new();
    for arguments in REFUSED {
        let arguments = [&["advise"], *arguments].concat();
        let (exit, results, complaint) = said(folder.path(), &arguments);
        assert_eq!((exit, results.as_str()), (2, ""), "{arguments:?}: {complaint}");
        let _ = writeln!(all, "$ sluicebench {}\n{complaint}", arguments.join(" "));
    }
    assert_eq!(fs::read_dir(folder.path().join("runs")).map_or(0, Iterator::count), 0);
    insta::assert_snapshot!("advice_refused", all);
}

/// As short as it can be: a light load, trials of a fifth of a second, as little time as will do for one
/// thing to be varied, and a demand for which any answers are enough.
const SMALL: &[&str] = &[
    "advise",
    "keyed-window",
    "--slo",
    "max=2s",
    "--engine",
    "micro-batch",
    "--engine",
    "per-event",
    "--rate",
    "2k/s",
    "--duration",
    "200ms",
    "--set",
    "measure.warm_up=0s",
    "--budget",
    "27s",
];

fn small<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [SMALL, more].concat()
}

#[test]
fn advice_rests_on_runs_and_says_the_same_when_it_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = "currency = \"EUR\"\ncore_hour = 0.04\ngib_hour = 0.005\n";
    fs::write(folder.path().join("prices.toml"), sheet).unwrap();
    let (exit, results, progress) =
        said(folder.path(), &small(&["--price", "prices.toml", "--out", "out"]));
    assert!([0, 3].contains(&exit), "{exit}: {progress}");
    assert!(progress.contains("Tuning, round 1 of "), "{progress}");
    assert!(progress.contains("The best of each: micro-batch"), "{progress}");

    let out = folder.path().join("out");
    let record = AdviceRecord::read(&out).unwrap();
    assert_eq!((record.name.as_str(), record.interrupted), ("keyed-window", false));
    assert_eq!((record.demands.as_slice(), record.budget_s), (&[(1.0, 2_000_000_000)][..], 27.0));
    assert!((record.rate_per_s - 2_000.0).abs() < 10.0, "{}", record.rate_per_s);
    let purposes: Vec<Purpose> = record.runs.iter().map(|run| run.purpose).collect();
    assert_eq!(purposes.first(), Some(&Purpose::Tune));
    assert!(purposes.contains(&Purpose::Compare), "{purposes:?}");
    let limit = purposes.iter().position(|purpose| *purpose == Purpose::Limit).unwrap();
    assert!(purposes[..limit].contains(&Purpose::Compare), "{purposes:?}");
    // Where the machine took longer before, nothing is varied, and what is not has a reason.
    let is_varied = purposes.contains(&Purpose::Sensitivity);
    let left_out = record.factors.iter().filter(|factor| factor.left_out.is_some()).count();
    assert_eq!(left_out < record.factors.len(), is_varied, "{:?}", record.factors);
    assert_eq!(record.factors.len(), 3, "{:?}", record.factors);
    for run in &record.runs {
        let of_run = out.join(&run.folder);
        assert!(of_run.join("report.html").is_file(), "{}", run.folder);
        let run = RunRecord::read(&of_run).unwrap();
        assert_eq!((run.interrupted, run.command.as_str()), (false, record.command.as_str()));
    }
    let page = fs::read(out.join("report.html")).unwrap();
    let text = fs::read_to_string(out.join("advice.md")).unwrap();
    assert!(results.starts_with(&text), "what is said is what is kept: {results}");

    // Again, from what is there and nothing else.
    fs::remove_file(out.join("advice.md")).unwrap();
    let (again, said_again, complaints) = said(folder.path(), &["advise", "out"]);
    assert_eq!((again, said_again, complaints.as_str()), (exit, results, ""));
    assert_eq!(fs::read(out.join("report.html")).unwrap(), page);
    assert_eq!(fs::read_to_string(out.join("advice.md")).unwrap(), text);

    // By other prices, in place of those that it was asked with, and nothing is written then.
    fs::write(folder.path().join("prices.toml"), sheet.replace("EUR", "CHF")).unwrap();
    let (_, other, _) = said(folder.path(), &["advise", "out", "--price", "prices.toml"]);
    assert!(other.contains("CHF") && !other.contains("EUR"), "{other}");
    assert_eq!(fs::read(out.join("report.html")).unwrap(), page);

    let (_, document, _) = said(folder.path(), &["advise", "out", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["asked"]["name"], "keyed-window");
    assert_eq!(document["folder"], "out");
    assert_eq!(document["sensitivity"].is_object(), is_varied);
    assert_eq!(document["engines"].as_array().unwrap().len(), 2);
    let schema = said(folder.path(), &["schema", "advise"]).1;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);

    // A run that supports it is gone.
    fs::remove_dir_all(out.join("compare")).unwrap();
    let (exit, _, complaint) = said(folder.path(), &["advise", "out"]);
    assert!(exit == 2 && complaint.contains("advise::record"), "{complaint}");
}

/// A trace in a file, a second from one event to the next, with a key and a value.
fn write_trace(folder: &Path, events: u32) {
    let mut text = String::from("came,who,how_much\n");
    for n in 0..events {
        let _ = writeln!(text, "{},who-{},{}", 1_720_612_800 + n, n % 7, n % 13);
    }
    fs::write(folder.join("events.csv"), text).unwrap();
}

#[test]
fn advice_on_a_file_of_events_is_on_its_twin_and_says_how_close_that_is() {
    let folder = tempfile::tempdir().unwrap();
    write_trace(folder.path(), 600);
    let columns = ["advise", "events.csv", "--arrival", "came", "--key", "who"];
    let window = ["--set", "query.window.size=1s", "--no-sensitivity", "--out", "out"];
    let (came, results, progress) =
        said(folder.path(), &[&columns[..], &SMALL[2..], &window].concat());
    assert!([0, 3].contains(&came), "{came}: {progress}");
    assert!(progress.contains("Fitting a twin to events.csv"), "{progress}");
    for taken in ["arrival: `came`", "value: `how_much`", "windows of 1s"] {
        assert!(progress.contains(taken), "{taken}: {progress}");
    }

    let out = folder.path().join("out");
    let record = AdviceRecord::read(&out).unwrap();
    assert_eq!((record.name.as_str(), record.interrupted), ("events-twin", false));
    assert!((record.rate_per_s / 2_000.0 - 1.0).abs() < 0.1, "{}", record.rate_per_s);
    let twin = record.twin.as_ref().unwrap();
    assert_eq!((twin.trace.as_str(), twin.events), ("events.csv", 600));
    // It is the one that `twin` fits to the same.
    let fitted = [&["twin"], &columns[1..], &["--rate", "2k/s", "--duration", "200ms"]].concat();
    let more =
        ["--set", "measure.warm_up=0s", "--set", "query.window.size=1s", "--out", "own.toml"];
    let (exit, told, complaints) = said(folder.path(), &[&fitted[..], &more].concat());
    assert_eq!(exit, 0, "{complaints}");
    let text = |path: &Path| fs::read_to_string(path).unwrap();
    assert_eq!(text(&out.join("twin.toml")), text(&folder.path().join("own.toml")));
    assert_eq!(said(folder.path(), &["validate", "out/twin.toml"]).0, 0);
    for property in &twin.properties {
        assert!(results.contains(&property.sentence), "{}: {results}", property.sentence);
        assert!(told.contains(&property.sentence), "{}: {told}", property.sentence);
    }
    let page = text(&out.join("report.html"));
    assert!(page.contains("How close the workload is to its trace"), "it is not on the page");

    fs::remove_file(folder.path().join("events.csv")).unwrap();
    let (again, said_again, complaints) = said(folder.path(), &["advise", "out"]);
    assert_eq!((again, said_again, complaints.as_str()), (came, results, ""));
    assert_eq!(text(&out.join("report.html")), page);
    let (_, document, _) = said(folder.path(), &["advise", "out", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let gaps = &document["asked"]["twin"]["properties"][0];
    assert_eq!(gaps["name"], "gaps");
    assert!(gaps["kolmogorov_smirnov"].is_number() && gaps["wasserstein"].is_number(), "{gaps}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_keeps_what_is_finished_and_says_what_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let mut study = sluicebench(folder.path(), &small(&["--out", "out"]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = folder.path().join("out");
    let is_tuned = || AdviceRecord::read(&out).is_ok_and(|record| !record.runs.is_empty());
    let mut looks = 0;
    while !is_tuned() {
        looks += 1;
        assert!(looks < 6000, "no round is finished in a minute");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    let kill = format!("kill -INT {}", study.id());
    assert!(Command::new("sh").arg("-c").arg(kill).status().unwrap().success());
    assert_eq!(study.wait().unwrap().code(), Some(130));

    let evidence = Evidence::read(&out).unwrap();
    assert!(evidence.record.interrupted);
    assert_eq!(evidence.runs[0].0.purpose, Purpose::Tune);
    assert!(out.join("report.html").is_file() && out.join("advice.md").is_file());
    let (exit, results, _) = said(folder.path(), &["advise", "out"]);
    assert_eq!(exit, 130, "{results}");
}
