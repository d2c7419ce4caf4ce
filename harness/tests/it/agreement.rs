//! Every built-in scenario, as a user names it, on both engines: the answers are those of the
//! reference at any parallelism, by any algorithm, from any number of source partitions and under
//! heavy disorder; and a simulated run repeats to the step.
//!
//! Nothing here looks at a speed. Time is simulated throughout.

use crate::left_out::left_out_anywhere;
use engines::Algorithm;
use reports::record::{Repetition, RunRecord, VerdictKind};
use scenarios::catalog::SCENARIOS;
use sluicebench::config::{self, Given, Sets, Traces};
use sluicebench::plan::{Cell, EngineKind, EngineSetting, Plan, WindowDomain};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

const PARALLELISM: [usize; 3] = [1, 2, 7];

/// Every built-in scenario that needs no file, made small: what is set beside its file.
const SMALL: [(&str, &[&str]); 9] = [
    ("identity", &["source.synthetic.rate=\"5k/s\"", "measure.duration=\"300ms\""]),
    (
        "word-count",
        &[
            "source.words.rate=\"400/s\"",
            "source.words.dictionary=100",
            "measure.duration=\"1200ms\"",
        ],
    ),
    ("keyed-window", &["source.synthetic.rate=\"2k/s\"", "measure.duration=\"1300ms\""]),
    (
        // More than an hour of event time, so that windows lose events as well as gain them.
        "hour-by-second",
        &[
            "source.synthetic.rate=\"500/s\"",
            "source.synthetic.event_time_per_second=\"1000s\"",
            "measure.duration=\"4s\"",
            "engine.micro-batch.interval=\"70ms\"",
        ],
    ),
    (
        "sessions",
        &[
            "source.synthetic.rate=\"1k/s\"",
            "source.synthetic.keys={ uniform = { count = 100 } }",
            "measure.duration=\"1300ms\"",
        ],
    ),
    ("word-count-10", &["source.words.rate=\"1k/s\"", "measure.duration=\"1300ms\""]),
    (
        "silent-meters",
        &[
            "source.synthetic.rate=\"1k/s\"",
            "source.synthetic.keys={ uniform = { count = 100 } }",
            "measure.duration=\"1300ms\"",
        ],
    ),
    (
        "ad-clicks",
        &[
            "source.synthetic.rate=\"1k/s\"",
            "source.synthetic.keys={ uniform = { count = 100 } }",
            "measure.duration=\"1300ms\"",
        ],
    ),
    (
        "rides-by-window",
        &[
            "source.synthetic.rate=\"1k/s\"",
            "source.synthetic.keys={ uniform = { count = 100 } }",
            "measure.duration=\"1300ms\"",
        ],
    ),
];

#[test]
fn every_scenario_means_the_same_on_both_engines_at_any_parallelism() {
    let folder = tempfile::tempdir().unwrap();
    let traces = small_traces(folder.path());
    let mut cells = Vec::new();
    for parallelism in PARALLELISM {
        for (name, settings) in SMALL {
            cells.push(cell(name, settings, parallelism));
        }
        for (name, settings) in &traces {
            let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
            cells.push(cell(name, &settings, parallelism));
        }
    }
    let (record, exit) = run(cells.clone());
    let scenarios = SMALL.len() + traces.len();
    assert_eq!((record.cells.len(), exit), (PARALLELISM.len() * scenarios, 0));
    let hashes = verified(&record);

    let (again, _) = run(cells.clone());
    for (name, hash) in verified(&again) {
        assert_eq!(hashes.get(&name), Some(&hash), "{name:?}");
    }
    // Another seed is another chance for something to differ.
    let keyed_window = scenarios + 2;
    cells.truncate(keyed_window + 1);
    for cell in &mut cells {
        cell.seed += 1;
    }
    let (other, _) = run(cells);
    let other = verified(&other);
    for engine in ["micro-batch", "per-event"] {
        // Where two workers have much to exchange, another seed has them take other turns.
        let name = (format!("{keyed_window}-keyed-window-2: {engine}"), 1);
        assert_ne!(hashes[&name], other[&name], "{name:?}");
    }
}

#[test]
fn every_algorithm_gives_the_answers_of_the_reference() {
    use Algorithm::{Auto, Recompute, Slices, SubtractOnEvict, TwoStacks};
    let invertible = [Auto, Recompute, Slices, SubtractOnEvict];
    let extremes = [Auto, Recompute, Slices, TwoStacks];
    let disorder = "source.synthetic.disorder={ fraction = 0.3, delay = { pareto = \
                    { scale = \"50ms\", shape = 1.3, cap = \"5s\" } } }";
    let all = "query.window.aggregates=[\"count\", \"sum\", \"min\", \"max\", \"mean\"]";
    let mut cells = Vec::new();
    for parallelism in PARALLELISM {
        let keyed = [SMALL[2].1, &[disorder]].concat();
        let sums = cell("keyed-window", &keyed, parallelism);
        cells.push(by_algorithms(sums, &invertible, Some(100)));
        let keyed = [SMALL[2].1, &[disorder, all]].concat();
        let five = cell("keyed-window", &keyed, parallelism);
        cells.push(by_algorithms(five, &extremes, Some(100)));
        let words = cell("word-count", SMALL[1].1, parallelism);
        cells.push(by_algorithms(words, &invertible, Some(50)));
    }
    for settings in [&[][..], &["query.window.keyed=true"]] {
        let settings = [SMALL[3].1, settings].concat();
        let hour = cell("hour-by-second", &settings, 2);
        cells.push(by_algorithms(hour, &[Slices, SubtractOnEvict], None));
    }
    let (record, _) = run(cells);
    verified(&record);
    for cell in &record.cells {
        for engine in &cell.engines {
            let forced = engine.label.rsplit(' ').next().unwrap();
            assert!(forced == "auto" || forced == engine.algorithm, "{}", engine.label);
        }
    }
}

#[test]
fn an_hour_over_batches_is_computed_alike_by_every_algorithm() {
    let settings = [
        "source.synthetic.rate=\"500/s\"",
        "source.synthetic.event_time_per_second=\"1000s\"",
        "measure.duration=\"3700ms\"",
    ];
    let mut cell = cell("hour-by-second", &settings, 1);
    cell.engines = [Algorithm::Recompute, Algorithm::Slices, Algorithm::SubtractOnEvict]
        .map(|algorithm| micro_batch(WindowDomain::Batches, algorithm, 1))
        .to_vec();
    let (record, _) = run(vec![cell]);
    verified(&record);
    let steps: Vec<u64> = record.cells[0]
        .engines
        .iter()
        .map(|engine| engine.repetitions[0].counts.combine_steps)
        .collect();
    assert!(steps[0] > 50 * steps[2], "recompute, slices, inverse: {steps:?}");
}

#[test]
fn several_source_partitions_give_the_answers_of_the_reference() {
    let disorder = "source.synthetic.disorder={ fraction = 0.2, delay = { exponential = \
                    { mean = \"80ms\", cap = \"2s\" } } }";
    let refined = "query.window.allowed_lateness=\"200ms\"";
    let mut cells = Vec::new();
    for parallelism in PARALLELISM {
        for partitions in ["source.synthetic.partitions=3", "source.synthetic.partitions=8"] {
            for extra in [&[][..], &[disorder], &[disorder, refined]] {
                let settings = [SMALL[2].1, &[partitions], extra].concat();
                cells.push(cell("keyed-window", &settings, parallelism));
            }
        }
        let settings = [SMALL[1].1, &["source.words.partitions=5"]].concat();
        cells.push(cell("word-count", &settings, parallelism));
    }
    let (record, _) = run(cells);
    verified(&record);
}

#[test]
fn sessions_in_disorder_are_those_of_the_reference() {
    let disorder = "source.synthetic.disorder={ fraction = 0.3, delay = { pareto = \
                    { scale = \"2s\", shape = 1.3, cap = \"100s\" } } }";
    let all = "query.session.aggregates=[\"count\", \"sum\", \"min\", \"max\", \"mean\"]";
    let mut cells = Vec::new();
    for parallelism in PARALLELISM {
        for extra in [
            &[][..],
            &["query.session.allowed_lateness=\"5s\"", all],
            &["query.session.allowed_lateness=\"30s\"", "query.session.touch=\"merge\""],
            &["query.session.keyed=false", "query.session.gap=\"200ms\""],
            &["query.session.watermark=\"101s\"", "source.synthetic.partitions=3"],
            &["query.session.gap=\"60s\""],
        ] {
            let settings = [SMALL[4].1, &[disorder], extra].concat();
            cells.push(cell("sessions", &settings, parallelism));
        }
    }
    let (record, _) = run(cells);
    verified(&record);
    for cell in &record.cells {
        for engine in &cell.engines {
            let sessions = engine.repetitions[0].sessions.unwrap();
            assert!(sessions.kept_most > 0 && sessions.passed_s > 100.0, "{sessions:?}");
        }
    }
    let warned = record.cells[5].warnings.iter().any(|it| it.code == "run::endless_session");
    assert!(warned, "some user is never silent for as long");
    let counts = |at: usize| record.cells[at].engines[1].repetitions[0].counts;
    assert!(counts(0).late > 0 && counts(1).late > 0 && counts(4).late == 0);
    assert!(counts(0).late > counts(1).late, "lateness lets some in");
    assert!(counts(0).answers > 100 && counts(3).answers > 10);
}

#[test]
fn what_is_counted_falls_silent_or_is_joined_in_disorder_is_that_of_the_reference() {
    let disorder = "source.synthetic.disorder={ fraction = 0.3, delay = { pareto = \
                    { scale = \"1s\", shape = 1.3, cap = \"30s\" } } }";
    let folder = tempfile::tempdir().unwrap();
    let counted =
        ["size = 7\nslide = 3\naggregates = [\"sum\", \"max\"]", "size = 25\nkeyed = false"].map(
            |asked| {
                let (_, text) = SCENARIOS.iter().find(|(name, _)| *name == "sessions").unwrap();
                let (source, _) = text.split_once("[query.").unwrap();
                let path = folder.path().join(format!("{}.toml", asked.len()));
                std::fs::write(&path, format!("{source}[query.counted]\n{asked}\n")).unwrap();
                path.to_str().unwrap().to_owned()
            },
        );
    let mut cells = Vec::new();
    for parallelism in PARALLELISM {
        for file in &counted {
            let settings = [SMALL[4].1, &[disorder]].concat();
            cells.push(cell(file, &settings, parallelism));
        }
        for (place, extra) in [
            (6, &["query.silence.watermark=\"2s\""][..]),
            (6, &["query.silence.watermark=\"31s\"", "source.synthetic.partitions=3"]),
            (
                6,
                &[
                    "query.silence.aggregates=[\"mean\", \"min\"]",
                    "source.synthetic.payload=\"256B\"",
                ],
            ),
            (7, &["query.join.kind=\"inner\""]),
            (7, &["query.join.lower=\"-5s\"", "query.join.watermark=\"5s\""]),
            (7, &["query.join.watermark=\"31s\"", "source.synthetic.partitions=3"]),
            (8, &["query.join.kind=\"left\"", "source.synthetic.payload=\"256B\""]),
            (8, &["query.join.watermark=\"31s\"", "source.synthetic.partitions=3"]),
        ] {
            let settings = [SMALL[place].1, &[disorder], extra].concat();
            cells.push(cell(SMALL[place].0, &settings, parallelism));
        }
    }
    let (record, _) = run(cells);
    verified(&record);
    for (at, cell) in record.cells[..10].iter().enumerate() {
        for engine in &cell.engines {
            let counts = engine.repetitions[0].counts;
            assert!(counts.answers > 30, "cell {at}: {counts:?}");
            assert!(engine.repetitions[0].kept_most > Some(0), "cell {at}");
            let is_late = matches!(at, 2 | 4 | 5 | 6 | 8);
            assert_eq!(counts.late > 0, is_late, "cell {at}: {counts:?}");
        }
    }
}

#[test]
fn heavy_disorder_is_accounted_for_to_the_last_event() {
    let delays = [
        "{ pareto = { scale = \"300ms\", shape = 1.1, cap = \"1h\" } }",
        "{ exponential = { mean = \"1s\" } }",
        "{ uniform = { low = \"0s\", high = \"3s\" } }",
        "{ constant = \"700ms\" }",
    ];
    let mut cells = Vec::new();
    for (index, delay) in delays.into_iter().enumerate() {
        let disorder = format!("source.synthetic.disorder={{ fraction = 0.8, delay = {delay} }}");
        let settings = [SMALL[2].1, &[disorder.as_str()]].concat();
        let cell = cell("keyed-window", &settings, PARALLELISM[index % 3]);
        cells.push(by_algorithms(cell, &[Algorithm::Auto], Some(100)));
    }
    let (record, _) = run(cells);
    verified(&record);
    for (name, repetition) in repetitions(&record) {
        let completeness = repetition.verdict.completeness.unwrap();
        assert!(completeness < 0.9, "{name}: {completeness}");
        let missed = repetition.counts.missed_windows;
        assert!(missed > Some(0) || name.contains("over batches"), "{name}");
    }
}

/// Who has the recorded traces themselves says so with `SLUICEBENCH_DATA`, the folder they are
/// in; without it, small files in their likeness have been run above.
#[test]
fn the_recorded_traces_are_verified_where_they_are_at_hand() {
    let Some(data) = std::env::var_os("SLUICEBENCH_DATA").map(PathBuf::from) else {
        return left_out_anywhere("runs of the recorded traces: SLUICEBENCH_DATA names no folder");
    };
    let mut cells = Vec::new();
    for parallelism in [1, 2] {
        let mut add = |name, file, settings: &[&str]| {
            let path = format!("source.trace.path={}", data.join(file).display());
            cells.push(cell(name, &[settings, &[&path]].concat(), parallelism));
        };
        // All of the quarter, which would take four minutes of a clock that is not simulated.
        add("flight-departures", "flights.csv", &["measure.duration=\"300s\""]);
        add("retail-revenue", "retail.csv.gz", &[]);
    }
    let (record, _) = run(cells);
    verified(&record);
}

/// A cell of a built-in scenario, as the command line would make it. Its name says how.
#[track_caller]
fn cell(scenario: &str, settings: &[&str], parallelism: usize) -> Cell {
    let warm_up = "measure.warm_up=\"0s\"";
    let given: Vec<Given> = [warm_up]
        .iter()
        .chain(settings)
        .map(|setting| Given {
            from: "command line",
            prefix: "--set ".into(),
            sets: Sets::Any,
            text: (*setting).into(),
        })
        .collect();
    let loaded = config::load(&[scenario.into()], &given, &[], Traces::MustExist);
    let mut loaded = loaded.unwrap_or_else(|rejected| panic!("{}", rejected.render(false)));
    Cell { parallelism, ..loaded.cells.swap_remove(0) }
}

/// Both engines by each of the algorithms, and micro-batch over batches where its interval in
/// milliseconds is given.
fn by_algorithms(cell: Cell, algorithms: &[Algorithm], over_batches_ms: Option<u64>) -> Cell {
    let mut engines = Vec::new();
    for &algorithm in algorithms {
        for setting in &cell.engines {
            let mut setting = setting.clone();
            match &mut setting.kind {
                EngineKind::MicroBatch { algorithm: own, .. }
                | EngineKind::PerEvent { algorithm: own, .. } => *own = algorithm,
                EngineKind::Flink(_)
                | EngineKind::SparkStructured(_)
                | EngineKind::SparkRealTime(_)
                | EngineKind::SparkDstream(_)
                | EngineKind::Storm(_) => {
                    unreachable!("it runs where it is named")
                }
            }
            setting.label = format!("{} {}", setting.kind.name(), algorithm.name());
            engines.push(setting);
        }
        if let Some(interval) = over_batches_ms {
            engines.push(micro_batch(WindowDomain::Batches, algorithm, interval));
        }
    }
    Cell { engines, ..cell }
}

fn micro_batch(windows: WindowDomain, algorithm: Algorithm, interval_ms: u64) -> EngineSetting {
    EngineSetting {
        label: format!("micro-batch over batches {}", algorithm.name()),
        kind: EngineKind::MicroBatch {
            interval: Duration::from_millis(interval_ms),
            windows,
            algorithm,
            attempts: 1,
        },
    }
}

fn run(mut cells: Vec<Cell>) -> (RunRecord, u8) {
    for (index, cell) in cells.iter_mut().enumerate() {
        cell.name = format!("{index}-{}-{}", cell.scenario, cell.parallelism);
    }
    let folder = tempfile::tempdir().unwrap();
    let plan = crate::support::plan(cells, &folder.path().join("run"));
    let plan = Plan { keep_results: false, ..plan };
    let outcome = crate::support::run_here(&plan, &Arc::new(AtomicBool::new(false))).unwrap();
    (outcome.record, outcome.exit.code())
}

fn repetitions(record: &RunRecord) -> Vec<(String, &Repetition)> {
    let mut all = Vec::new();
    for cell in &record.cells {
        for engine in &cell.engines {
            let name = format!("{}: {}", cell.name, engine.label);
            all.extend(engine.repetitions.iter().map(|repetition| (name.clone(), repetition)));
        }
    }
    all
}

/// Sees to it that every repetition was verified and that its events are accounted for. Returns
/// the trace hashes, by cell, engine and repetition.
#[track_caller]
fn verified(record: &RunRecord) -> BTreeMap<(String, u32), String> {
    let mut hashes = BTreeMap::new();
    for (name, repetition) in repetitions(record) {
        let verdict = &repetition.verdict;
        let (kind, text) = (verdict.kind, &verdict.text);
        assert_eq!(kind, VerdictKind::Verified, "{name}: {text} {:?}", verdict.differences);
        assert!(verdict.answers_checked > 0, "{name}: {text}");
        let counts = repetition.counts;
        assert_eq!(counts.read, counts.accepted + counts.late + counts.rejected, "{name}");
        hashes.insert((name, repetition.rep), repetition.trace_hash.clone().unwrap());
    }
    hashes
}

/// Traces in the likeness of the recorded ones, one of them compressed: the scenario and what is
/// set beside its file.
fn small_traces(folder: &Path) -> [(&'static str, Vec<String>); 3] {
    let (mut flights, mut invoices) = (
        "departed_at,scheduled_at,origin,destination,distance_miles,delay_minutes\n".to_owned(),
        "invoiced_at,invoice,stock_code,quantity,unit_price,country\n".to_owned(),
    );
    for n in 0..800_u32 {
        let minute = n * 3;
        // Most are minutes away from their schedule, some of them hours.
        let delay = if n % 37 == 0 { 150 } else { n * 7 % 23 };
        let origin = ["LAS", "PHX", "OAK", "ORD", "JFK"][(n * n % 11 % 5) as usize];
        let (departed, scheduled) = (time(minute + 180), time(minute + 180 - delay));
        let miles = 100 + n * 31 % 2000;
        let _ = writeln!(flights, "{departed},{scheduled},{origin},SEA,{miles},{delay}");
        // Some are returns; prices have no, one or two decimals.
        let quantity = if n % 29 == 0 { -3 } else { i64::from(n % 12) + 1 };
        let price = ["2.55", "10", "0.8", "1234.56"][(n % 4) as usize];
        let country = ["United Kingdom", "France", "\"Korea, South\""][(n * n % 7 % 3) as usize];
        let when = time(n / 5 * 55);
        let _ = writeln!(invoices, "{when},{n},S{n},{quantity},{price},{country}");
    }
    let plain = folder.join("flights.csv");
    std::fs::write(&plain, flights).unwrap();
    let text = folder.join("retail.csv");
    std::fs::write(&text, &invoices).unwrap();
    let packed = folder.join("retail.csv.gz");
    std::fs::write(&packed, gzip(invoices.as_bytes())).unwrap();
    [("flight-departures", &plain), ("retail-revenue", &packed), ("retail-revenue", &text)]
        .map(|(name, path)| (name, vec![format!("source.trace.path={}", path.display())]))
}

/// A gzip file that stores its content as it is, which the format allows.
fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = content.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        packed.push(u8::from(blocks.peek().is_none()));
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend(block);
    }
    let mut crc = u32::MAX;
    for byte in content {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    packed.extend((!crc).to_le_bytes());
    packed.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
    packed
}

/// So many minutes into January 2001.
fn time(minutes: u32) -> String {
    let (day, hour, minute) = (minutes / 1440 + 1, minutes / 60 % 24, minutes % 60);
    format!("2001-01-{day:02}T{hour:02}:{minute:02}:00Z")
}
