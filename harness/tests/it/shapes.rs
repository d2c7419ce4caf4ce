//! Every shape of a load, and keys that change their ways: both engines give the answers of the
//! reference under each, in simulated time, and an input's settings come back from its file.

use reports::record::VerdictKind;
use sluicebench::config::diagnostic::Mistake;
use sluicebench::config::{self, Given, Sets, Traces};
use sluicebench::plan::{Cell, Plan};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Loads that change within a second or two, each by the keys that make it.
const LOADS: [(&str, &str); 13] = [
    ("constant", "rate={ shape = \"constant\", rate = \"2k/s\" }"),
    ("steps", "rate={ shape = \"steps\", rates = [\"1k/s\", \"4k/s\"], every = \"400ms\" }"),
    ("ramp", "rate={ shape = \"ramp\", from = \"100/s\", to = \"5k/s\", over = \"1s\" }"),
    (
        "sine",
        "rate={ shape = \"sine\", mean = \"2k/s\", amplitude = \"2k/s\", period = \"700ms\" }",
    ),
    (
        "burst",
        "rate={ shape = \"burst\", base = \"500/s\", peak = \"9k/s\", every = \"500ms\", lasts = \"100ms\" }",
    ),
    ("on-off", "rate={ shape = \"on-off\", rate = \"5k/s\", on = \"200ms\", off = \"300ms\" }"),
    ("outage", "rate={ shape = \"outage\", rate = \"2k/s\", at = \"300ms\", lasts = \"500ms\" }"),
    (
        "catch-up",
        "rate={ shape = \"outage\", rate = \"2k/s\", at = \"300ms\", lasts = \"500ms\", catch_up = \"6k/s\" }",
    ),
    (
        "profile",
        "rate={ shape = \"profile\", mean = \"2k/s\", weights = [0, 1, 5.5, 2], period = \"800ms\" }",
    ),
    ("gaps", "arrivals={ gaps = [0, 0, 0.5, 4], together = 0.25 }"),
    ("rotation", "keys={ zipf = { count = 40, exponent = 1.3, rotate_every = \"300ms\" } }"),
    (
        "silence",
        "disorder={ silence = { share = 0.25, every = \"700ms\", lasts = \"300ms\", flood = \"100ms\" } }",
    ),
    (
        "measured",
        "disorder={ fraction = 0.4, delay = { quantiles = [\"-50ms\", \"0s\", \"20ms\", \"700ms\"] } }",
    ),
];

#[track_caller]
fn cell(name: &str, settings: &[&str]) -> Cell {
    let base =
        ["source.synthetic.rate=\"2k/s\"", "measure.warm_up=\"0s\"", "measure.duration=\"1700ms\""];
    let given: Vec<Given> = base
        .iter()
        .copied()
        .map(str::to_owned)
        .chain(settings.iter().map(|setting| format!("source.synthetic.{setting}")))
        .map(|text| Given { from: "command line", prefix: "--set ".into(), sets: Sets::Any, text })
        .collect();
    let loaded = config::load(&["keyed-window".into()], &given, &[], Traces::MustExist);
    let mut loaded = loaded.unwrap_or_else(|rejected| panic!("{rejected}"));
    Cell { name: name.into(), ..loaded.cells.swap_remove(0) }
}

#[test]
fn both_engines_are_right_under_every_load() {
    let mut cells = Vec::new();
    for (name, setting) in LOADS {
        for (arrivals, partitions) in [("even", 1), ("poisson", 3)] {
            let arrivals = format!("arrivals={arrivals}");
            let settings = [&arrivals, setting, &format!("partitions={partitions}")];
            cells.push(cell(&format!("{name}-{partitions}"), &settings));
        }
    }
    let events = cells.len();
    let folder = tempfile::tempdir().unwrap();
    let plan = crate::support::plan(cells, &folder.path().join("run"));
    let plan = Plan { keep_results: false, ..plan };
    let outcome = crate::support::run_here(&plan, &Arc::new(AtomicBool::new(false))).unwrap();
    assert_eq!((outcome.record.cells.len(), outcome.exit.code()), (events, 0));
    for cell in &outcome.record.cells {
        for engine in &cell.engines {
            let verdict = &engine.repetitions[0].verdict;
            let (name, kind) = (format!("{}: {}", cell.name, engine.label), verdict.kind);
            assert_eq!(kind, VerdictKind::Verified, "{name}: {}", verdict.text);
            assert!(verdict.answers_checked > 0, "{name}");
        }
    }
}

#[test]
fn every_load_comes_back_from_its_resolved_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("again.toml");
    let values = "values={ quantiles = [-5, 0, 250] }";
    let weights = "keys={ weights = { ranks = [1, 2, 50], weights = [9, 4.5, 0.1] } }";
    for (name, setting) in LOADS {
        let first = cell("keyed-window", &[setting, values, weights, "decimals=2"]);
        let first = if name == "rotation" { cell("keyed-window", &[setting]) } else { first };
        std::fs::write(&file, &first.resolved_toml).unwrap();
        let names = [file.to_str().unwrap().to_owned()];
        let again = config::load(&names, &[], &[], Traces::MustExist);
        let again = again.unwrap_or_else(|rejected| panic!("{rejected}\n{}", first.resolved_toml));
        assert_eq!(again.cells[0], first, "{}", first.resolved_toml);
    }
}

/// What is refused: the settings, and a part of what is said.
const NONSENSE: [(&str, &str, &str); 19] = [
    ("rate={ rate = \"1/s\" }", "config::missing_key", "needs a key `shape`"),
    ("rate={ shape = \"sin\" }", "config::value", "`sin` is not a choice"),
    ("rate={ shape = \"sine\", mean = \"5/s\" }", "config::missing_key", "needs a key `amplitude`"),
    (
        "rate={ shape = \"ramp\", from = \"1/s\", to = \"2/s\", over = \"1s\", period = \"1s\" }",
        "config::conflict",
        "`period` is not a key of the shape \"ramp\"",
    ),
    (
        "rate={ shape = \"sine\", mean = \"5/s\", amplitude = \"6/s\", period = \"1s\" }",
        "config::conflict",
        "amplitude is above the mean",
    ),
    (
        "rate={ shape = \"sine\", mean = \"5/s\", amplitude = \"5/s\", period = \"0s\" }",
        "config::range",
        "`period` must be at least 1ms",
    ),
    (
        "rate={ shape = \"burst\", base = \"1/s\", peak = \"9/s\", every = \"1s\", lasts = \"1s\" }",
        "config::conflict",
        "nothing in between",
    ),
    (
        "rate={ shape = \"outage\", rate = \"5/s\", at = \"1s\", lasts = \"1s\", catch_up = \"5/s\" }",
        "config::conflict",
        "never be caught up",
    ),
    ("rate={ shape = \"steps\", rates = [], every = \"1s\" }", "config::range", "`rates` is empty"),
    (
        "rate={ shape = \"steps\", rates = [\"1/s\", 5], every = \"1s\" }",
        "config::unit",
        "a rate needs a unit",
    ),
    ("rate={ shape = \"steps\", rates = \"1/s\", every = \"1s\" }", "config::type", "takes a list"),
    (
        "rate={ shape = \"profile\", mean = \"1/s\", weights = [0, 0], period = \"1s\" }",
        "config::range",
        "without any height",
    ),
    ("arrivals={ gaps = [1, 0] }", "config::range", "sort them"),
    ("arrivals={ gaps = [0, 0] }", "config::range", "no time between events"),
    (
        "disorder={ silence = { share = 0.5, every = \"1s\", lasts = \"700ms\", flood = \"500ms\" } }",
        "config::conflict",
        "do not fit into 1s",
    ),
    (
        "disorder={ fraction = 0.5, silence = { share = 0.5, every = \"1s\", lasts = \"1ms\", flood = \"1ms\" } }",
        "config::missing_key",
        "needs a key `delay` as well",
    ),
    ("disorder={ fraction = 0.5 }", "config::missing_key", "needs a key `delay`"),
    ("values={ quantiles = [3, 1] }", "config::range", "sort them"),
    (
        "keys={ zipf = { count = 5, rotate_every = \"0s\" } }",
        "config::range",
        "`rotate_every` must be longer than nothing",
    ),
];

#[test]
fn nonsense_is_refused_with_its_reason() {
    for (setting, code, message) in NONSENSE {
        let text = format!("source.synthetic.{setting}");
        let given =
            [Given { from: "command line", prefix: "--set ".into(), sets: Sets::Any, text }];
        let loaded = config::load(&["keyed-window".into()], &given, &[], Traces::MustExist);
        let rejected = loaded.expect_err(setting);
        let found = |mistake: &&Mistake| mistake.code == code && mistake.message.contains(message);
        assert!(rejected.mistakes.iter().find(found).is_some(), "{setting}\n{rejected}");
    }
}

#[test]
fn the_rate_of_the_command_line_takes_the_place_of_a_shape() {
    let given = |sets, text: &str| Given {
        from: "command line",
        prefix: "--set ".into(),
        sets,
        text: text.into(),
    };
    let shape = given(Sets::Any, &format!("source.synthetic.{}", LOADS[3].1));
    let rate = given(Sets::Rate, "7k/s");
    let loaded = config::load(&["keyed-window".into()], &[shape, rate], &[], Traces::MustExist);
    let toml = loaded.unwrap().cells.swap_remove(0).resolved_toml;
    assert!(toml.contains("\nrate = \"7k/s\"\n"), "{toml}");
}
