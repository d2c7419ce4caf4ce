//! `atlas`, as a user meets it: what is refused, what a map leaves behind, and that one made again from
//! its record says the same. Which engine is better says nothing here: no test looks at a speed.

use crate::support::program::{said, sluicebench};
use reports::RunRecord;
use reports::judge::atlas::atlas;
use reports::record::EngineKind;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Maps that are refused before anything is begun, each for another reason.
const REFUSED: &[&[&str]] = &[
    &["keyed-window", "--vary", "rate"],
    &["keyed-window", "--vary", "interval=10ms,20ms"],
    &["keyed-window", "--vary", "slo=10ms,20ms"],
    &["keyed-window", "--vary", "slo.p98=10ms,20ms"],
    &["keyed-window", "--vary", "slo.p99=10,20"],
    &["keyed-window", "--vary", "slo.p99=10ms..1s"],
    &["keyed-window", "--vary", "slo.p99=1ms", "--vary", "slo.p50=1ms"],
    &["keyed-window", "--vary", "rate=1k/s", "--vary", "rate=2k/s"],
    &["keyed-window", "--vary", "rate=1k/s..2k/s"],
    &["keyed-window", "--vary", "rate=1k/s,1000/s"],
    &["keyed-window", "--vary", "slo.p99=1ms,1s", "--slo", "p50=10ms"],
    &["keyed-window", "--slo", "p99"],
    &["keyed-window", "--vary", "rate=1k/s..2k/s/log99"],
    &["keyed-window", "--vary", "slo.p99=1ms..2s/log99"],
    &["keyed-window", "--slo", "p99=9999h"],
    &["keyed-window", "--budget", "10s"],
    &["keyed-window", "--budget", "soon"],
    &["keyed-window", "--engine", "fink"],
    &["keyed-window", "--resume", "nowhere"],
    &["changing"],
    &["standard"],
    &["keyedwindow"],
    &["mapped", "--rate", "5k/s"],
    &["mapped", "--vary", "rate=1k/s,2k/s"],
    &["mapped", "--engine", "per-event"],
    &["mapped", "--slo", "p50=10ms"],
    &["run"],
    &["broken"],
];

#[test]
fn what_cannot_be_mapped_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str, record: &str| {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("run.json"), record).unwrap();
    };
    let small =
        ["identity", "--rate", "1k/s", "--duration", "100ms", "--set", "measure.warm_up=0s"];
    let once = ["--engine", "per-event", "--repeat", "1", "--out"];
    let axes = ["--vary", "rate=1k/s,2k/s", "--vary", "slo.p99=1s"];
    for arguments in [
        [&["run"], &small[..], &once, &["run"]].concat(),
        [&["atlas"], &small[..3], &axes, &small[3..], &once, &["mapped"]].concat(),
    ] {
        let came = said(folder.path(), &arguments);
        assert!([0, 6].contains(&came.exit), "{came}");
    }
    made("broken", "{}");
    let changing = "name = \"changing\"\n[source.synthetic]\nkeys = { uniform = { count = 9 } }\nrate = { shape = \"ramp\", \
                    from = \"1k/s\", to = \"2k/s\", over = \"1s\" }\n[query.identity]\n";
    fs::write(folder.path().join("changing.toml"), changing).unwrap();
    let before = fs::read_dir(folder.path()).unwrap().count();
    let mut all = String::new();
    for arguments in REFUSED {
        let typed: Vec<&str> = arguments
            .iter()
            .map(|it| if *it == "changing" { "changing.toml" } else { it })
            .collect();
        let came = said(folder.path(), &[&["atlas"], &typed[..]].concat());
        let complaint = came.complaints;
        assert_eq!((came.exit, came.results.as_str()), (2, ""), "{arguments:?}: {complaint}");
        let _ = writeln!(all, "$ sluicebench atlas {}\n{complaint}", arguments.join(" "));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before, "nothing was begun");
    insta::assert_snapshot!("maps_refused", all);
}

/// As small as a map can be: two rates, two demands, runs of a third of a second.
const SMALL: &[&str] = &[
    "atlas",
    "identity",
    "--vary",
    "rate=8k/s,4k/s",
    "--vary",
    "slo.p99=40ms,30s",
    "--slo",
    "p99=20s",
    "--rate",
    "6k/s",
    "--duration",
    "300ms",
    "--set",
    "measure.warm_up=0s",
    "--repeat",
    "2",
];

fn small<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [SMALL, more].concat()
}

#[test]
fn a_map_is_a_run_and_says_the_same_when_it_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let came = said(folder.path(), &small(&["--out", "out"]));
    assert!([0, 6].contains(&came.exit), "{came}");
    let out = folder.path().join("out");
    let record = RunRecord::read(&out).unwrap();
    let asked = record.sweep.as_ref().unwrap().atlas.clone().unwrap();
    assert_eq!(asked.levels_ns, [40_000_000, 30_000_000_000]);
    assert_eq!((asked.own_rate_per_s, asked.own_most_ns), (Some(6e3), Some(20_000_000_000)));
    let map = atlas(&record).unwrap();
    let rates: Vec<f64> = map.columns.iter().map(|column| column.rate_per_s).collect();
    assert_eq!(rates, [4e3, 8e3]);
    for cell in &record.cells {
        let labels: Vec<_> = cell.engines.iter().map(|engine| engine.label.as_str()).collect();
        // The longest batch that the stricter demand allows, and both ways to wait.
        assert!(labels.contains(&"micro-batch (interval 30ms)"), "{labels:?}");
        assert!(labels.ends_with(&["per-event (park)", "per-event (waiting spin-then-park)"]));
    }
    for said_first in map.sentences() {
        assert!(came.results.contains(&said_first), "{came}");
    }
    let drawn = fs::read(out.join("charts/atlas.svg")).unwrap();
    let page = fs::read(out.join("report.html")).unwrap();

    // Again, from what is there and nothing else.
    fs::remove_file(out.join("charts/atlas.svg")).unwrap();
    let again = said(folder.path(), &["atlas", "out"]);
    assert_eq!((again.exit, &again.results), (0, &came.results), "{again}");
    assert_eq!(fs::read(out.join("charts/atlas.svg")).unwrap(), drawn);
    assert_eq!(fs::read(out.join("report.html")).unwrap(), page);

    // For other demands, of which nothing is written.
    let other = ["atlas", "out", "--vary", "slo.p50=1s,2s,40s"];
    let came = said(folder.path(), &other);
    assert!(came.results.contains("p50") && came.results.contains("40 s"), "{came}");
    assert!(!came.results.contains("Report "), "{came}");
    assert_eq!(fs::read(out.join("charts/atlas.svg")).unwrap(), drawn);

    let document = said(folder.path(), &["atlas", "out", "--format", "json"]).results;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["points"].as_array().unwrap().len(), 4);
    assert_eq!(document["own"].as_array().unwrap().len(), 2, "on both sides of 6k/s");
    let schema = said(folder.path(), &["schema", "atlas"]).results;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
}

#[test]
fn what_nobody_says_is_taken_around_the_workload_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let short = ["--rate", "10k/s", "--duration", "100ms", "--set", "measure.warm_up=0s"];
    let one = ["--engine", "per-event", "--repeat", "1", "--slo", "p50=200ms", "--out", "out"];
    let came = said(folder.path(), &[&["atlas", "identity"], &short[..], &one].concat());
    assert!([0, 6].contains(&came.exit), "{came}");
    for axis in ["rate=1k/s..100k/s/log5", "slo.p50=20ms..2s/log5"] {
        assert!(came.complaints.contains(&format!("taking --vary {axis}")), "{came}");
    }
    let record = RunRecord::read(&folder.path().join("out")).unwrap();
    assert_eq!(record.name, "atlas-identity");
    assert_eq!((record.cells.len(), atlas(&record).unwrap().spots().count()), (5, 25));
}

#[test]
fn a_map_is_of_the_engines_that_are_advised_on_whatever_its_file_names() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "name = \"one\"\n[source.synthetic]\nrate = \"1k/s\"\nkeys = { uniform = { count = 9 } }\n\
                    [query.identity]\n[engine.per-event]\n[measure]\nwarm_up = \"0s\"\nduration = \"100ms\"\n";
    fs::write(folder.path().join("one.toml"), scenario).unwrap();
    let axes =
        ["--vary", "rate=1k/s,2k/s", "--vary", "slo.p99=1s", "--repeat", "1", "--out", "out"];
    let came = said(folder.path(), &[&["atlas", "one.toml"], &axes[..]].concat());
    assert!([0, 6].contains(&came.exit), "{came}");
    let kinds = atlas(&RunRecord::read(&folder.path().join("out")).unwrap()).unwrap().kinds;
    assert_eq!(kinds, [EngineKind::MicroBatch, EngineKind::PerEvent]);
    assert!(came.complaints.contains("without flink: "), "{came}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_map_is_of_what_is_finished_and_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let mut study = sluicebench(folder.path(), &small(&["--out", "out"]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = folder.path().join("out");
    wait_for(&out, &mut || study.try_wait().unwrap().is_none());
    let kill = format!("kill -INT {}", study.id());
    let _ = Command::new("sh").arg("-c").arg(kill).status().unwrap();
    let ended = study.wait().unwrap().code();
    // Where it was at its end by then, nothing was cut short.
    let record = RunRecord::read(&out).unwrap();
    assert_eq!(ended == Some(130), record.interrupted);
    let again = said(folder.path(), &["atlas", "out"]);
    assert_eq!(again.exit == 130, record.interrupted, "{again}");
    let whole = said(folder.path(), &small(&["--resume", "out"]));
    assert!([0, 6].contains(&whole.exit), "{whole}");
    let record = RunRecord::read(&out).unwrap();
    assert!(!record.interrupted && out.join("charts/atlas.svg").is_file());
    assert_eq!(record.cells.len(), 2);
    let mut engines = record.cells.iter().flat_map(|cell| &cell.engines);
    assert!(engines.all(|engine| engine.repetitions.len() == 2));
}

/// Until a repetition is finished in a folder, or the run is at its end.
#[cfg(target_os = "linux")]
fn wait_for(out: &Path, is_running: &mut dyn FnMut() -> bool) {
    let has_begun = || {
        RunRecord::read(out).is_ok_and(|record| {
            let mut engines = record.cells.iter().flat_map(|cell| &cell.engines);
            engines.any(|engine| !engine.repetitions.is_empty())
        })
    };
    let mut looks = 0;
    while is_running() && !has_begun() {
        looks += 1;
        assert!(looks < 12_000, "no repetition is finished in two minutes");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
