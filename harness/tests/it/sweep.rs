//! `sweep`, from what is typed to the record of a simulated run.

use crate::support::program::said;
use reports::RunRecord;
use sluicebench::distributions::Place;
use sluicebench::studies::sweep::{Planned, Request, plan};
use std::fmt::Write as _;
use std::time::Duration;

/// Sweeps that are refused, each for another reason.
const REFUSED: &[&[&str]] = &[
    &["keyed-window"],
    &["keyed-window", "interval"],
    &["keyed-window", "interval="],
    &["keyed-window", "interval=10ms,,20ms"],
    &["keyed-window", "intervall=1ms"],
    &["keyed-window", "algorithm=auto,inverse"],
    &["keyed-window", "keys=3"],
    &["keyed-window", "title=a,b"],
    &["keyed-window", "query.word-count.slide=1s"],
    &["identity", "window.slide=1s,2s"],
    &["keyed-window", "interval=10ms..10s"],
    &["keyed-window", "rate=50k/s..100k/s"],
    &["keyed-window", "interval=10ms..10s/0ms"],
    &["keyed-window", "interval=10ms..10s/8"],
    &["keyed-window", "interval=10ms..10s/log0"],
    &["keyed-window", "interval=10ms..10s/log1"],
    &["keyed-window", "interval=10ms..10s/logs"],
    &["keyed-window", "interval=10ms..10ms/log4"],
    &["keyed-window", "interval=10..100/log4"],
    &["keyed-window", "disorder.fraction=0..1/log5"],
    &["keyed-window", "disorder.fraction=0,1.5"],
    &["keyed-window", "parallelism=1..3/lin8"],
    &["keyed-window", "waiting=spin..park/lin3"],
    &["keyed-window", "rate=50k/s,50000/s"],
    &["keyed-window", "rate=10k/s", "rate=20k/s"],
    &["keyed-window", "rate=10k/s", "interval=10ms", "parallelism=2..8/log3"],
    &["keyed-window", "rate=1k/s..100k/s/lin100", "interval=1ms..1s/log100"],
    &["keyed-window", "rate=1k/s..9M/s/log300", "interval=1ms..1s/log3000"],
    &["keyed-window", "rate=10k/s,20k/s", "--repeat", "1000"],
    &["keyed-window", "rate=10k/s,20k/s", "--budget", "5"],
    &["keyed-window", "window.slide=10s,20s"],
    &["keyed-window", "interval=10ms,20ms", "--engine", "per-event"],
    &["keyed-window", "interval=10ms,20ms", "--slo", "p99=105days"],
    &["quick", "rate=1k/s,2k/s"],
];

#[test]
fn what_cannot_be_swept_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = String::new();
    for arguments in REFUSED {
        let said = said(folder.path(), &[&["sweep"], *arguments].concat());
        let complaint = said.complaints;
        assert_eq!((said.exit, said.results.as_str()), (2, ""), "{arguments:?}: {complaint}");
        let _ = writeln!(all, "$ sluicebench sweep {}\n{complaint}", arguments.join(" "));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was begun");
    insta::assert_snapshot!("sweeps_refused", all);
}

fn planned(what: &str, axes: &[&str]) -> Planned {
    let axes: Vec<_> = axes.iter().map(|&axis| axis.to_owned()).collect();
    let request = Request {
        what,
        axes: &axes,
        given: &[],
        engines: &[],
        repeat: None,
        budget: Duration::from_hours(2),
        simulate: false,
        search: None,
        slo: None,
        map: None,
        place: &Place::default(),
    };
    plan(&request).unwrap_or_else(|rejected| panic!("{rejected}"))
}

/// The cells, one in a line: name, point, engines.
fn cells(planned: &Planned) -> Vec<String> {
    let cell = |cell: &sluicebench::plan::Cell| {
        let point: Vec<_> = cell.point.iter().map(|at| at.value.as_str()).collect();
        let engines: Vec<_> = cell.engines.iter().map(|engine| engine.label.as_str()).collect();
        format!("{}: {}: {}", cell.name, point.join(" "), engines.join(" "))
    };
    planned.cells.iter().map(cell).collect()
}

#[test]
fn an_engine_runs_again_only_where_something_concerns_it() {
    assert_eq!(
        cells(&planned("keyed-window", &["interval=10ms,20ms,30ms"])),
        [
            "keyed-window-interval-10ms: 10ms: micro-batch per-event",
            "keyed-window-interval-20ms: 20ms: micro-batch",
            "keyed-window-interval-30ms: 30ms: micro-batch",
        ]
    );
    assert_eq!(
        cells(&planned("keyed-window", &["interval=10ms,20ms", "rate=1k/s,2k/s"])),
        [
            "keyed-window-interval-10ms-rate-1k: 10ms 1k/s: micro-batch per-event",
            "keyed-window-interval-10ms-rate-2k: 10ms 2k/s: micro-batch per-event",
            "keyed-window-interval-20ms-rate-1k: 20ms 1k/s: micro-batch",
            "keyed-window-interval-20ms-rate-2k: 20ms 2k/s: micro-batch",
        ]
    );
}

#[test]
fn two_engines_that_vary_each_by_itself_meet_at_no_point_of_nothing_new() {
    assert_eq!(
        cells(&planned("keyed-window", &["interval=10ms,20ms", "waiting=spin,park"])),
        [
            "keyed-window-interval-10ms-waiting-spin: 10ms spin: micro-batch per-event",
            "keyed-window-interval-10ms-waiting-park: 10ms park: per-event",
            "keyed-window-interval-20ms-waiting-spin: 20ms spin: micro-batch",
        ]
    );
}

/// The template is swept as it says itself, over the key that the labels of its settings quote.
#[test]
fn a_sweep_over_what_labels_quote_names_what_runs_and_runs_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let init = said(folder.path(), &["init", "my.toml", "--template", "engine-choice"]);
    assert_eq!(init.exit, 0, "{init}");
    let path = folder.path().join("my.toml");
    assert_eq!(
        cells(&planned(path.to_str().unwrap(), &["interval=10ms,50ms,2s"])),
        [
            "my-interval-10ms: 10ms: micro-batch per-event per-event (parked)",
            "my-interval-50ms: 50ms: micro-batch",
            "my-interval-2s: 2s: micro-batch",
        ]
    );
    let by_rate = planned(path.to_str().unwrap(), &["rate=1k/s,2k/s"]);
    let labels: Vec<_> = by_rate.cells[1].engines.iter().map(|one| one.label.as_str()).collect();
    let as_written =
        ["micro-batch (50 ms)", "micro-batch (700 ms)", "per-event", "per-event (parked)"];
    assert_eq!(labels, as_written);
}

#[test]
fn a_point_has_its_setting_and_every_other_is_as_before() {
    let planned = planned("word-count", &["rate=1k/s,2k/s"]);
    for (cell, rate) in planned.cells.iter().zip(["1k/s", "2k/s"]) {
        assert!(cell.resolved_toml.contains(&format!("rate = \"{rate}\"")), "{}", cell.name);
        assert!(cell.resolved_toml.contains("dictionary = 1000"), "{}", cell.name);
        assert_eq!(cell.scenario, "word-count");
    }
    assert_eq!(planned.sweep.axes[0].key, "source.words.rate");
    assert_eq!(planned.name, "word-count-by-rate");
}

#[test]
fn contradictory_points_are_left_out_and_named() {
    let planned = planned("keyed-window", &["window.size=500ms,1s", "slide=250ms,1s,2s"]);
    assert_eq!(planned.cells.len(), 3);
    insta::assert_snapshot!(planned.notices.join("\n"), @r#"
    3 points are left out as contradictory: size = 500ms, slide = 1s (slide (1s) is longer than the window (500ms): events would be skipped); size = 500ms, slide = 2s (slide (2s) is longer than the window (500ms): events would be skipped); size = 1s, slide = 2s (slide (2s) is longer than the window (1s): events would be skipped)
    "#);
}

#[test]
fn what_is_missing_is_stated() {
    let disorder = planned("keyed-window", &["disorder.fraction=0,0.1"]);
    let skew = planned("keyed-window", &["keys.zipf.exponent=1,1.5"]);
    assert_eq!(skew.cells.len(), 3, "the control is there");
    let notices = [disorder.notices, skew.notices].concat().join("\n");
    insta::assert_snapshot!(notices, @r#"
    the scenario says nothing of `source.synthetic.disorder.delay`, which `disorder.fraction` needs: taking { exponential = { mean = "100ms" } } (another: --set source.synthetic.disorder.delay=...)
    an exponent of 0, all keys alike, was added as the control
    the scenario says nothing of `source.synthetic.keys.zipf.count`, which `keys.zipf.exponent` needs: taking 100 (another: --set source.synthetic.keys.zipf.count=...)
    "#);
}

#[test]
fn what_is_not_here_is_left_out_of_a_partial_suite_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let suite = "name = \"part\"\npartial = true\n[[case]]\nscenario = \"identity\"\n\
                 [case.set]\n\"engine.flink\" = {}\n";
    std::fs::write(folder.path().join("part.toml"), suite).unwrap();
    let sweep = |more: &[&str]| said(folder.path(), &[&["sweep", "part.toml"], more].concat());
    let simulated = ["--simulate", "--duration", "500ms", "--set", "measure.warm_up=100ms"];
    // Whose time cannot be simulated is none of those that run.
    let told = sweep(&[&["rate=1k/s,2k/s", "--out", "out"][..], &simulated].concat());
    assert_eq!(told.exit, 0, "{told}");
    let record = RunRecord::read(&folder.path().join("out")).unwrap();
    let engines: Vec<_> = record.cells.iter().map(|cell| cell.engines.len()).collect();
    assert_eq!(engines, [2, 2], "those of this program");
    let mut warnings = record.warnings.iter().filter(|one| one.code == "plan::left_out");
    assert!(warnings.next().is_some_and(|one| one.text.contains("flink")), "{told}");

    // What only concerns it would change nothing.
    let told = sweep(&["engine.flink.buffer_timeout=1ms,2ms"]);
    assert_eq!(told.exit, 2, "{told}");
    assert!(told.complaints.contains("is a key of flink, which is left out: "), "{told}");
    assert!(told.complaints.contains("`sluicebench engines` tells what is here"), "{told}");
}

#[test]
fn a_simulated_sweep_is_recorded_point_by_point() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "sweep",
        "keyed-window",
        "interval=20ms,50ms,200ms",
        "--simulate",
        "--rate",
        "2k/s",
        "--duration",
        "2s",
        "--set",
        "measure.warm_up=500ms",
        "--repeat",
        "2",
        "--slo",
        "p99=100ms",
        "--out",
        "out",
    ];
    let said = said(folder.path(), &arguments);
    assert_eq!(said.exit, 0, "{said}");
    assert!(said.results.contains("simulated, so nothing is ranked"), "{said}");
    let record = RunRecord::read(&folder.path().join("out")).unwrap();
    let sweep = record.sweep.as_ref().unwrap();
    assert_eq!(sweep.axes[0].values, ["20ms", "50ms", "200ms"]);
    assert_eq!(sweep.slo, Some((0.99, 100_000_000)));
    let points: Vec<_> = record
        .cells
        .iter()
        .map(|cell| {
            let at = &cell.point[0];
            let runs: Vec<_> = cell
                .engines
                .iter()
                .map(|engine| format!("{} x{}", engine.label, engine.repetitions.len()))
                .collect();
            for repetition in cell.engines.iter().flat_map(|engine| &engine.repetitions) {
                assert!(repetition.is_verified(), "{:?}", repetition.verdict);
            }
            format!("{} = {} ({:?}): {}", at.key, at.value, at.number, runs.join(", "))
        })
        .collect();
    assert_eq!(
        points,
        [
            "engine.micro-batch.interval = 20ms (Some(20000000.0)): micro-batch x2, per-event x2",
            "engine.micro-batch.interval = 50ms (Some(50000000.0)): micro-batch x2",
            "engine.micro-batch.interval = 200ms (Some(200000000.0)): micro-batch x2",
        ]
    );
    assert!(folder.path().join("out/report.html").is_file());
}
