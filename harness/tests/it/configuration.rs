//! Files, arguments and the environment, resolved: what is written is what runs.

use proptest::prelude::*;
use scenarios::catalog::{SCENARIOS, SUITES};
use scenarios::spec::{AggregateName, QuerySpec, WorkloadSpec};
use sluicebench::config::diagnostic::Rejected;
use sluicebench::config::{self, Given, Loaded, Sets, Traces, keys, schema};
use sluicebench::plan::{Cell, EngineKind, Load, Marks, RateShape, WindowDomain};
use std::path::Path;
use std::time::Duration;

fn set(text: impl Into<String>) -> Given {
    Given { from: "command line", prefix: "--set ".into(), sets: Sets::Any, text: text.into() }
}

fn load(name: &str, given: &[Given]) -> Result<Loaded, Rejected> {
    config::load(&[name.to_owned()], given, &[], Traces::MayBeAbsent)
}

#[track_caller]
fn cell(name: &str, settings: &[&str]) -> Cell {
    let given: Vec<_> = settings.iter().map(|text| set(*text)).collect();
    let mut loaded = load(name, &given).unwrap_or_else(|rejected| panic!("{rejected}"));
    assert_eq!(loaded.cells.len(), 1, "{name}");
    loaded.cells.remove(0)
}

#[track_caller]
fn refused(name: &str, settings: &[&str], code: &str, message: &str) {
    let given: Vec<_> = settings.iter().map(|text| set(*text)).collect();
    let rejected = load(name, &given).expect_err("this contradicts itself");
    let found = rejected
        .mistakes
        .iter()
        .any(|mistake| mistake.code == code && mistake.message.contains(message));
    assert!(found, "no {code} about {message:?} in\n{rejected}");
}

/// Writes a text to a file of its own and reads it again.
#[track_caller]
fn read_again(folder: &Path, text: &str) -> Cell {
    let file = folder.join("again.toml");
    std::fs::write(&file, text).unwrap();
    let loaded = load(file.to_str().unwrap(), &[]);
    loaded.unwrap_or_else(|rejected| panic!("{rejected}\n{text}")).cells.remove(0)
}

#[track_caller]
fn comes_back(cell: &Cell) {
    let folder = tempfile::tempdir().unwrap();
    let mut again = read_again(folder.path(), &cell.resolved_toml);
    // A path is relative to its file; this file has moved.
    let mut here = cell.clone();
    for cell in [&mut again, &mut here] {
        if let WorkloadSpec::Trace(trace) = &mut cell.case.workload {
            trace.path = trace.path.file_name().unwrap().into();
            let line = cell.resolved_toml.lines().find(|line| line.starts_with("path = "));
            cell.resolved_toml = cell.resolved_toml.replace(line.unwrap(), "path = …");
            cell.settings.cell.remove("source.trace.path");
        }
    }
    assert_eq!(again, here, "{}", cell.resolved_toml);
}

#[test]
fn everything_built_in_validates_and_comes_back_from_its_resolved_file() {
    for (name, _) in SCENARIOS.iter().chain(SUITES) {
        let loaded = load(name, &[]).unwrap_or_else(|rejected| panic!("{rejected}"));
        assert_eq!(loaded.name, *name);
        assert!(!loaded.title.is_empty(), "{name} says what it asks");
        for cell in &loaded.cells {
            comes_back(cell);
        }
    }
}

#[test]
fn the_resolved_file_says_every_key_that_applies() {
    let cell = cell("keyed-window", &[]);
    for path in ["source.synthetic", "query.window", "engine.micro-batch", "engine.per-event"] {
        for key in keys::children(path) {
            let applies = !matches!(key.unsaid, schema::Unsaid::Absent);
            let said = cell.resolved_toml.contains(&format!("\n{} = ", key.name()));
            assert!(said || !applies, "{} is not in\n{}", key.path, cell.resolved_toml);
        }
    }
}

fn marks() -> impl Strategy<Value = Marks> {
    prop_oneof![
        (1_u64..1 << 40).prop_map(Marks::Every),
        (1_u64..1 << 40).prop_map(|micros| Marks::Period(Duration::from_micros(micros))),
    ]
}

#[test]
fn marks_stand_by_the_time_or_by_the_number_of_events() {
    let every = "source.synthetic.watermark_every=1";
    let period = "source.synthetic.watermark_period=5ms";
    assert_eq!(cell("keyed-window", &[]).marks, Marks::Period(Duration::from_millis(1)));
    assert_eq!(cell("keyed-window", &[every]).marks, Marks::Every(1));
    // The one that is said last takes the place of the other, whichever layer it stands in.
    let five = Marks::Period(Duration::from_millis(5));
    assert_eq!(cell("keyed-window", &[every, period]).marks, five);
    assert_eq!(cell("keyed-window", &[period, every]).marks, Marks::Every(1));
    let folder = tempfile::tempdir().unwrap();
    let of = |marks: &str| {
        format!(
            "name = \"both\"\n[source.synthetic]\nrate = \"5k/s\"\n{marks}\n\
             [query.window]\nsize = \"10s\"\n"
        )
    };
    assert_eq!(read_again(folder.path(), &of("watermark_every = 9")).marks, Marks::Every(9));
    let path = folder.path().join("twice.toml");
    let twice = of("watermark_every = 9\nwatermark_period = \"1ms\"");
    std::fs::write(&path, twice).unwrap();
    let path = path.to_string_lossy().into_owned();
    let rejected = config::load(&[path], &[], &[], Traces::MayBeAbsent).unwrap_err().to_string();
    assert!(rejected.contains("it is said twice where watermark marks stand"), "{rejected}");
}

#[test]
fn the_defaults_of_the_table_are_what_a_short_file_means() {
    let folder = tempfile::tempdir().unwrap();
    let short = "name = \"short\"\n[source.synthetic]\nrate = \"5k/s\"\n\
                 [query.window]\nsize = \"10s\"\n";
    let cell = read_again(folder.path(), short);
    assert_eq!((cell.seed, cell.parallelism, cell.partitions), (42, 1, 1));
    let default = Marks::Period(Duration::from_millis(1));
    assert_eq!((cell.marks, cell.watermark_bound_us), (default, 0));
    assert_eq!(cell.scenario, "short");
    let QuerySpec::Window { window, aggregates, keyed } = &cell.case.query else {
        panic!("a window was asked for")
    };
    assert_eq!((window.size(), window.slide()), (10_000_000, 10_000_000));
    assert_eq!((window.allowed_lateness(), *keyed), (0, true));
    assert_eq!(aggregates[..], [AggregateName::Count, AggregateName::Sum]);
    let labels: Vec<_> = cell.engines.iter().map(|engine| engine.label.as_str()).collect();
    assert_eq!(labels, ["micro-batch", "per-event"]);
    assert_eq!(cell.measure.duration, Duration::from_secs(10));
    comes_back(&cell);
}

/// A scenario file with these thresholds.
fn demanding(text: &str) -> String {
    format!(
        "name = \"short\"\n[source.synthetic]\nrate = \"5k/s\"\n[query.window]\nsize = \"10s\"\n{text}"
    )
}

#[test]
fn a_threshold_is_read_in_the_unit_of_its_metric_and_comes_back() {
    let rows = [
        ("result_latency.p99", "below = \"100ms\"", (Some(1e8), None, None)),
        ("cpu_per_event", "below = \"2us\"", (Some(2.0), None, None)),
        ("drain", "below = \"2s\"", (Some(2.0), None, None)),
        ("throughput.completed", "above = \"50k/s\"", (None, Some(5e4), None)),
        ("peak_memory", "below = \"1MiB\"", (Some(1_048_576.0), None, None)),
        ("completeness", "above = \"99.9%\"", (None, Some(0.999), None)),
        ("completeness", "above = 0.999", (None, Some(0.999), None)),
        ("backlog.max", "below = 1000", (Some(1e3), None, None)),
        ("limit", "above = \"1M/s\"\nworse_by = \"10%\"", (None, Some(1e6), Some(0.1))),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (metric, demand, want) in rows {
        let text = demanding(&format!("[[threshold]]\nmetric = \"{metric}\"\n{demand}\n"));
        let cell = read_again(folder.path(), &text);
        let [threshold] = &cell.thresholds[..] else { panic!("one threshold: {metric}") };
        let found = (threshold.below, threshold.above, threshold.worse_by);
        assert_eq!(found, want, "{metric} {demand}");
        assert_eq!(threshold.metric, metric);
        comes_back(&cell);
    }
}

#[test]
fn a_threshold_that_could_not_hold_or_not_fail_is_refused() {
    let rows = [
        ("metric = \"p99\"\nbelow = \"1s\"", "config::no_such_metric", "`p99`, which no engine"),
        ("metric = \"cpu_per_event\"", "config::missing_key", "demands nothing"),
        ("below = \"1s\"", "config::missing_key", "needs a key `metric`"),
        ("metric = \"drain\"\nbelow = 5", "config::unit", "a duration needs a unit"),
        ("metric = \"drain\"\nbelow = \"5k/s\"", "config::value", "is not a duration"),
        ("metric = \"limit\"\nabove = \"5s\"", "config::value", "is not a rate"),
        ("metric = \"drain\"\nworse_by = \"5s\"", "config::value", "is not a share"),
        ("metric = \"completeness\"\nabove = \"101%\"", "config::range", "more than the whole"),
        ("metric = \"completeness\"\nabove = \"100%\"", "config::range", "never above 100 %"),
        ("metric = \"late\"\nbelow = \"0\"", "config::range", "`late` is never below 0"),
        ("metric = \"drain\"\nbelow = \"0s\"", "config::range", "`drain` is never below 0"),
        (
            "metric = \"drain\"\nabove = \"2s\"\nbelow = \"1s\"",
            "config::conflict",
            "no figure lies above",
        ),
        (
            "metric = \"drain\"\nbelow = \"1s\"\nengine = \"per-evnt\"",
            "config::no_such_engine",
            "no engine `per-evnt`",
        ),
        (
            "metric = \"drain\"\nbelow = \"1s\"\nengine = \"per-event (x)\"",
            "config::no_such_engine",
            "no engine `per-event (x)`",
        ),
        ("metric = \"drain\"\nbellow = \"1s\"", "config::unknown_key", "`bellow`"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demanding.toml");
    for (threshold, code, message) in rows {
        std::fs::write(&file, demanding(&format!("[[threshold]]\n{threshold}\n"))).unwrap();
        refused(file.to_str().unwrap(), &[], code, message);
    }
    std::fs::write(&file, demanding("[threshold]\nmetric = \"drain\"\n")).unwrap();
    refused(file.to_str().unwrap(), &[], "config::type", "takes tables");
}

#[test]
fn a_suite_and_its_cases_add_their_thresholds_to_those_of_the_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let of = |metric: &str| format!("metric = \"{metric}\"\nworse_by = \"10%\"\n");
    let scenario = demanding(&format!("[[threshold]]\n{}", of("drain")));
    std::fs::write(folder.path().join("one.toml"), scenario).unwrap();
    let suite = folder.path().join("suite.toml");
    let text = format!(
        "name = \"s\"\n[[threshold]]\n{}\n[[case]]\nscenario = \"one.toml\"\nname = \"a\"\n\
         [[case.threshold]]\n{}\n[[case]]\nscenario = \"one.toml\"\nname = \"b\"\n",
        of("limit"),
        of("late")
    );
    std::fs::write(&suite, text).unwrap();
    let loaded = load(suite.to_str().unwrap(), &[]).unwrap_or_else(|r| panic!("{r}"));
    let metrics: Vec<Vec<_>> = (loaded.cells.iter())
        .map(|cell| cell.thresholds.iter().map(|demand| demand.metric.as_str()).collect())
        .collect();
    assert_eq!(metrics, [vec!["drain", "late", "limit"], vec!["drain", "limit"]]);
    for cell in &loaded.cells {
        comes_back(cell);
    }
}

#[test]
fn an_override_reaches_the_cell_and_leaves_the_rest_alone() {
    let before = cell("keyed-window", &[]);
    let after = cell(
        "keyed-window",
        &["query.window.slide=500ms", "engine.micro-batch.interval=50ms", "seed=7"],
    );
    let QuerySpec::Window { window, .. } = &after.case.query else { panic!("a window") };
    assert_eq!(window.slide(), 500_000);
    assert_eq!(after.seed, 7);
    let EngineKind::MicroBatch { interval, .. } = after.engines[0].kind else {
        panic!("micro-batch comes first")
    };
    assert_eq!(interval, Duration::from_millis(50));
    assert_eq!(after.case.workload, before.case.workload);
    assert_eq!(after.engines[1], before.engines[1], "naming one engine does not drop the other");
}

#[test]
fn another_choice_of_keys_takes_the_place_of_the_first() {
    for text in ["source.synthetic.keys.zipf.count=5", "source.synthetic.keys={zipf={count=5}}"] {
        let toml = cell("keyed-window", &[text]).resolved_toml;
        assert!(toml.contains("keys = { zipf = { count = 5, exponent = 1.0 } }"), "{toml}");
    }
}

#[test]
fn another_source_is_a_conflict_and_not_a_replacement() {
    refused(
        "keyed-window",
        &["source.trace.path=x.csv"],
        "config::conflict",
        "`synthetic` and `trace`",
    );
}

#[test]
fn the_rate_goes_to_whichever_source_there_is_and_not_to_a_trace() {
    let rate = Given {
        from: "command line",
        prefix: "--rate ".into(),
        sets: Sets::Rate,
        text: "1.5k/s".into(),
    };
    for cell in load("quick", std::slice::from_ref(&rate)).unwrap().cells {
        let Load::Synthetic { rate: RateShape::Constant { per_second }, .. } = cell.load else {
            panic!("{} is made up", cell.name)
        };
        assert!((per_second - 1_500.0).abs() < 1e-9, "{}", cell.name);
    }
    let rejected = load("flight-departures", &[rate]).unwrap_err();
    assert!(rejected.to_string().contains("source.trace.speed"), "{rejected}");
}

#[test]
fn contradictions_are_refused() {
    let batches = "engine.micro-batch.windows=batches";
    for (name, settings, message) in [
        ("keyed-window", &["query.window.slide=2s"][..], "longer than the window"),
        ("word-count", &["query.word-count.slide=6s"], "longer than the window"),
        ("hour-by-second", &["query.window.slide=1us"], "every event into 3600000000 windows"),
        ("keyed-window", &[batches], "the slide (100ms) is not a multiple"),
        (
            "keyed-window",
            &[batches, "engine.micro-batch.interval=100ms", "query.window.size=250ms"],
            "the window (250ms) is not a multiple",
        ),
        (
            "keyed-window",
            &[batches, "engine.micro-batch.interval=100ms", "query.window.allowed_lateness=1s"],
            "no event is ever late",
        ),
        ("hour-by-second", &[batches, "engine.micro-batch.interval=1500us"], "holds 1500ms"),
        ("keyed-window", &[batches, "engine.micro-batch.interval=1500ns"], "exact edges"),
        ("flight-departures", &[batches], "which holds 2h of event time"),
        ("flight-departures", &["engine.per-event.algorithm=inverse"], "`min` has no inverse"),
        ("flight-departures", &["measure.input_memory=1GiB"], "a trace is played once"),
    ] {
        refused(name, settings, "config::conflict", message);
    }
}

#[test]
fn windows_over_batches_are_multiples_on_the_arrival_clock() {
    // A thousand seconds of event time pass in a second, so that 1 ms is the slide of one second.
    let settings = ["engine.micro-batch.windows=batches", "engine.micro-batch.interval=1ms"];
    let cell = cell("hour-by-second", &settings);
    let EngineKind::MicroBatch { windows, .. } = cell.engines[0].kind else {
        panic!("micro-batch")
    };
    assert_eq!(windows, WindowDomain::Batches);
}

#[test]
fn a_longer_slide_is_allowed_on_purpose() {
    let cell = cell("keyed-window", &["query.window.slide=2s", "query.window.gaps=allow"]);
    let QuerySpec::Window { window, .. } = cell.case.query else { panic!("a window") };
    assert_eq!((window.size(), window.slide()), (1_000_000, 2_000_000));
}

#[test]
fn a_suite_compares_settings_of_one_engine() {
    let loaded = load("windows", &[]).unwrap();
    let labels: Vec<_> =
        loaded.cells[0].engines.iter().map(|engine| engine.label.as_str()).collect();
    assert_eq!(
        labels,
        [
            "micro-batch (inverse)",
            "micro-batch (slices)",
            "micro-batch (recompute)",
            "per-event (inverse)",
            "per-event (slices)",
            "per-event (recompute)",
        ]
    );
    let only = config::load(&["windows".into()], &[], &["per-event".into()], Traces::MayBeAbsent);
    assert!(only.unwrap().cells.iter().all(|cell| cell.engines.len() == 3));
    let all = load("windows", &[set("engine.micro-batch.attempts=2")]).unwrap();
    for engine in all.cells.iter().flat_map(|cell| &cell.engines) {
        assert!(!matches!(engine.kind, EngineKind::MicroBatch { attempts, .. } if attempts != 2));
    }
}

#[test]
fn a_suite_of_ones_own_finds_scenarios_beside_it_and_traces_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("deep")).unwrap();
    std::fs::write(
        folder.path().join("deep/mine.toml"),
        "name = \"mine\"\n[source.trace]\npath = \"mine.csv\"\narrival = \"a\"\n\
         event_time = \"e\"\n[query.identity]\n",
    )
    .unwrap();
    let suite = folder.path().join("suite.toml");
    std::fs::write(
        &suite,
        "name = \"ours\"\nrepeat = 3\n[[case]]\nscenario = \"deep/mine.toml\"\n\
         [[case]]\nscenario = \"identity\"\nname = \"floor\"\n",
    )
    .unwrap();
    let loaded = load(suite.to_str().unwrap(), &[]).unwrap();
    assert_eq!((loaded.name.as_str(), loaded.repeat.to_string()), ("ours", "3".into()));
    let names: Vec<_> = loaded.cells.iter().map(|cell| cell.name.as_str()).collect();
    assert_eq!(names, ["mine", "floor"]);
    assert_eq!(loaded.cells[1].scenario, "identity");
    let WorkloadSpec::Trace(trace) = &loaded.cells[0].case.workload else { panic!("a trace") };
    assert_eq!(trace.path, folder.path().join("deep/mine.csv"));
}

#[test]
fn a_trace_that_is_not_there_is_found_out_before_running() {
    let names = ["flight-departures".to_owned()];
    let missing = [set("source.trace.path=/nowhere/flights.csv")];
    let rejected = config::load(&names, &missing, &[], Traces::MustExist).unwrap_err();
    assert_eq!(rejected.mistakes.len(), 1, "{rejected}");
    assert_eq!(rejected.mistakes[0].code, "config::no_such_file");
    assert!(config::load(&names, &missing, &[], Traces::MayBeAbsent).is_ok());
}

#[test]
fn one_mistake_in_a_scenario_of_several_cases_is_told_once() {
    let rejected = load("windows", &[set("measure.durration=1s")]).unwrap_err();
    assert_eq!(rejected.mistakes.len(), 1, "{rejected}");
}

#[test]
fn a_scenario_that_is_named_twice_gets_two_names() {
    let names = ["identity".to_owned(), "identity".to_owned()];
    let loaded = config::load(&names, &[], &[], Traces::MayBeAbsent).unwrap();
    let names: Vec<_> = loaded.cells.iter().map(|cell| cell.name.as_str()).collect();
    assert_eq!(names, ["identity", "identity-2"]);
}

fn length() -> impl Strategy<Value = i64> {
    prop_oneof![1_i64..5_000, (1_i64..5_000).prop_map(|ms| ms * 1_000), 1_i64..1 << 50]
}

fn keys() -> impl Strategy<Value = String> {
    prop_oneof![
        (1_u64..1 << 40).prop_map(|count| format!("{{ uniform = {{ count = {count} }} }}")),
        (1_u64..100_000, 0.0..3.0_f64)
            .prop_map(|(count, s)| format!("{{ zipf = {{ count = {count}, exponent = {s:?} }} }}")),
    ]
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|value| format!("{{ constant = {value} }}")),
        (any::<i64>(), any::<i64>()).prop_map(|(a, b)| {
            format!("{{ uniform = {{ low = {}, high = {} }} }}", a.min(b), a.max(b))
        }),
        (-1e9..1e9_f64, 0.0..1e6_f64).prop_map(|(mean, deviation)| {
            format!("{{ normal = {{ mean = {mean:?}, deviation = {deviation:?} }} }}")
        }),
    ]
}

fn delay() -> impl Strategy<Value = String> {
    prop_oneof![
        (length(), length()).prop_map(|(mean, cap)| format!(
            "{{ exponential = {{ mean = \"{mean}us\", cap = \"{cap}us\" }} }}"
        )),
        (length(), 0.1..4.0_f64).prop_map(|(scale, shape)| format!(
            "{{ pareto = {{ scale = \"{scale}us\", shape = {shape:?} }} }}"
        )),
        (length(), length()).prop_map(|(a, b)| {
            format!("{{ uniform = {{ low = \"{}us\", high = \"{}us\" }} }}", a.min(b), a.max(b))
        }),
        length().prop_map(|us| format!("{{ constant = \"{us}us\" }}")),
    ]
}

fn engines() -> impl Strategy<Value = Vec<String>> {
    let algorithm =
        prop::sample::select(&["auto", "recompute", "slices", "inverse", "two-stacks"][..]);
    let waiting = prop::sample::select(&["spin", "spin-then-park", "park"][..]);
    (1_000_u64..1 << 40, algorithm, waiting, 0_u64..1 << 30, 1_u32..1_000, 1_u32..1 << 20).prop_map(
        |(interval, algorithm, waiting, spin, attempts, records)| {
            vec![
                format!("engine.micro-batch.interval={interval}ns"),
                format!("engine.micro-batch.algorithm={algorithm}"),
                format!("engine.micro-batch.attempts={attempts}"),
                format!("engine.per-event.algorithm={algorithm}"),
                format!("engine.per-event.waiting={waiting}"),
                format!("engine.per-event.spin={spin}ns"),
                format!("engine.per-event.buffer_records={records}"),
            ]
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is set reaches the cell, and the cell's resolved file means the same cell.
    #[test]
    fn a_resolved_file_means_the_same_cell(
        per_s in 1e-3..1e9_f64,
        (a, b, bound, late) in (length(), length(), length(), length()),
        (keys, values, delay, cap) in (keys(), values(), delay(), any::<bool>()),
        fraction in 0.0..=1.0_f64,
        engines in engines(),
        (seed, marks, partitions) in (0_i64..i64::MAX, marks(), 1_u64..1_024),
    ) {
        // A million windows per event are the most.
        let (size, slide) = (a.max(b), a.min(b).max(a.max(b) / 1_000_000 + 1));
        let mut settings = vec![
            format!("source.synthetic.rate={per_s}/s"),
            format!("source.synthetic.keys={keys}"),
            format!("source.synthetic.values={values}"),
            format!("source.synthetic.disorder.fraction={fraction:?}"),
            format!("source.synthetic.disorder.delay={delay}"),
            match marks {
                Marks::Every(events) => format!("source.synthetic.watermark_every={events}"),
                Marks::Period(length) => {
                    format!("source.synthetic.watermark_period={}us", length.as_micros())
                }
            },
            format!("source.synthetic.partitions={partitions}"),
            format!("source.synthetic.arrivals={}", if cap { "poisson" } else { "even" }),
            format!("query.window.size={size}us"),
            format!("query.window.slide={slide}us"),
            format!("query.window.watermark={bound}us"),
            format!("query.window.allowed_lateness={late}us"),
            format!("seed={seed}"),
        ];
        if cap && !delay.contains("cap") {
            settings.push(format!("source.synthetic.disorder.cap={bound}us"));
        }
        settings.extend(engines);
        let settings: Vec<_> = settings.iter().map(String::as_str).collect();
        let cell = cell("keyed-window", &settings);
        let QuerySpec::Window { window, .. } = &cell.case.query else { panic!("a window") };
        prop_assert_eq!((window.size(), window.slide()), (size, slide));
        prop_assert_eq!((cell.watermark_bound_us, window.allowed_lateness()), (bound, late));
        prop_assert_eq!(i64::try_from(cell.seed).unwrap(), seed);
        prop_assert_eq!((cell.marks, cell.partitions as u64), (marks, partitions));
        let Load::Synthetic { rate: RateShape::Constant { per_second }, .. } = &cell.load else {
            panic!("made up")
        };
        prop_assert_eq!(per_second.to_bits(), per_s.to_bits());
        comes_back(&cell);
    }

    /// No text makes the reader panic, and what it says about it can be shown.
    #[test]
    fn any_text_is_read_or_refused(text in "[a-z=\"\\[\\]{}., \n0-9#é\u{1F600}_-]{0,120}") {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("any.toml");
        std::fs::write(&file, &text).unwrap();
        if let Err(rejected) = load(file.to_str().unwrap(), &[]) {
            prop_assert!(!rejected.mistakes.is_empty());
            prop_assert!(rejected.to_string().starts_with("error["));
            prop_assert_eq!(rejected.placed().len(), rejected.mistakes.len());
        }
    }

    /// Nor does a built-in scenario with a character too many or too few.
    #[test]
    fn a_damaged_scenario_is_read_or_refused(at in 0_usize..900, with in "[\"\\[=.\n5 ]?", which in 0_usize..6) {
        let (_, text) = SCENARIOS[which];
        let mut text: Vec<char> = text.chars().collect();
        let at = at % text.len();
        text.splice(at..=at, with.chars());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("damaged.toml");
        std::fs::write(&file, text.into_iter().collect::<String>()).unwrap();
        if let Err(rejected) = load(file.to_str().unwrap(), &[]) {
            prop_assert!(rejected.to_string().starts_with("error["));
        }
    }
}

#[test]
fn a_key_of_more_steps_than_a_stack_holds_is_a_mistake_of_its_suite() {
    let folder = tempfile::tempdir().unwrap();
    let suite = folder.path().join("suite.toml");
    let key = vec!["a"; 100_000].join(".");
    let case = format!("[[case]]\nscenario = \"identity\"\nset = {{ \"{key}\" = 1 }}\n");
    std::fs::write(&suite, format!("name = \"deep\"\n{case}")).unwrap();
    let rejected = load(suite.to_str().unwrap(), &[]).unwrap_err();
    let mistake = &rejected.mistakes[0];
    assert_eq!(
        (mistake.code, &*mistake.message),
        ("config::unknown_key", "no key has more than 16 steps")
    );
}

#[test]
fn a_partial_suite_leaves_out_what_cannot_be_asked_and_says_so() {
    let loaded = load("real", &[]).unwrap_or_else(|rejected| panic!("{rejected}"));
    let engines = |loaded: &Loaded, name: &str| -> Vec<&'static str> {
        let cell = loaded.cells.iter().find(|cell| cell.name == name).unwrap();
        cell.engines.iter().map(|engine| engine.kind.name()).collect()
    };
    let all = [EngineKind::EMBEDDED.as_slice(), &["flink", "spark-structured"]].concat();
    let real_time = [all.as_slice(), &["spark-real-time", "spark-dstream"]].concat();
    assert_eq!(engines(&loaded, "identity"), real_time);
    for name in ["keyed-window", "word-count"] {
        assert_eq!(engines(&loaded, name), [all.as_slice(), &["spark-dstream"]].concat());
    }
    let [storm, real_time] = loaded.left_out.as_slice() else { panic!("{:?}", loaded.left_out) };
    assert_eq!(storm.engine, "storm");
    assert_eq!(storm.cells, ["identity", "keyed-window", "word-count"]);
    assert!(storm.way_out.contains("set engine.storm.open_ports = true"), "{storm:?}");
    assert_eq!(real_time.cells, ["keyed-window", "word-count"]);
    assert!(real_time.why.contains("has no operator with state"), "{real_time:?}");
    let open = load("real", &[set("engine.storm.open_ports=true")]).unwrap();
    assert!(engines(&open, "word-count").contains(&"storm"));
    assert_eq!(open.left_out.len(), 1);
    // Of the one that is left nothing can be left out, nor where all of them cannot be asked.
    let only = config::load(&["real".into()], &[], &["storm".into()], Traces::MayBeAbsent);
    assert!(only.unwrap_err().to_string().contains("listens on all interfaces"));
    // What is wrong with the case itself is as wrong as ever.
    refused("real", &[r#"source.words.rate="0/s""#], "config::range", "");
}
