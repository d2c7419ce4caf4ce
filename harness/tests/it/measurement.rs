//! A plan, run: real engines, in simulated time, so that every figure is the same every time.

use crate::support::{cell, heavy, micro_batch, per_event, plan, run_here, synthetic, window};
use engines::{Algorithm, WindowSpec};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use reports::record::{Repetition, RunRecord, Throughput, VerdictKind};
use scenarios::spec::{
    AggregateName, DelaySpec, DisorderSpec, KeysSpec, QuerySpec, SyntheticSpec, WordsSpec,
    WorkloadSpec,
};
use sluicebench::plan::{Cell, EngineSetting, Load, Measure, Repeat, WindowDomain};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

fn run(cells: Vec<Cell>) -> (RunRecord, u8, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let stop = Arc::new(AtomicBool::new(false));
    let outcome = run_here(&plan(cells, &out), &stop).unwrap();
    (outcome.record, outcome.exit.code(), folder)
}

fn all_of(record: &RunRecord) -> Vec<(String, &Repetition)> {
    let mut all = Vec::new();
    for cell in &record.cells {
        for engine in &cell.engines {
            let name = format!("{}: {}", cell.name, engine.label);
            all.extend(engine.repetitions.iter().map(|repetition| (name.clone(), repetition)));
        }
    }
    all
}

#[track_caller]
fn verified(cell: Cell) -> RunRecord {
    let (record, exit, _folder) = run(vec![cell]);
    for (name, repetition) in all_of(&record) {
        let verdict = &repetition.verdict;
        let (kind, text) = (verdict.kind, &verdict.text);
        assert_eq!(kind, VerdictKind::Verified, "{name}: {text} {:?}", verdict.differences);
        let counts = repetition.counts;
        assert_eq!(counts.read, counts.accepted + counts.late + counts.rejected, "{name}");
        assert!(counts.answers_measured > 0, "{name}: {counts:?}");
        assert_eq!(repetition.result_latency.as_ref().unwrap().count, counts.answers_measured);
        assert_eq!(repetition.event_latency.as_ref().unwrap().count, counts.answers_measured);
    }
    assert_eq!(exit, 0);
    record
}

/// Both engines by every algorithm that has an answer to the question.
fn every_engine(algorithms: &[Algorithm]) -> Vec<EngineSetting> {
    let mut engines = Vec::new();
    for algorithm in algorithms {
        engines.push(micro_batch(WindowDomain::EventTime, *algorithm));
        engines.push(micro_batch(WindowDomain::Batches, *algorithm));
        engines.push(per_event(*algorithm));
    }
    engines
}

const INVERTIBLE: [Algorithm; 4] =
    [Algorithm::Auto, Algorithm::Recompute, Algorithm::Slices, Algorithm::SubtractOnEvict];

fn tumbling() -> WindowSpec {
    WindowSpec::tumbling(500_000).unwrap()
}

fn sliding() -> WindowSpec {
    WindowSpec::sliding(1_000_000, 200_000).unwrap()
}

const COUNT_AND_SUM: [AggregateName; 2] = [AggregateName::Count, AggregateName::Sum];

#[test]
fn windows_under_disorder_are_verified_and_what_it_costs_is_told() {
    for parallelism in [1, 2] {
        for spec in [tumbling(), sliding()] {
            let query = window(spec, &COUNT_AND_SUM);
            let cell = cell(synthetic(Some(heavy())), query, every_engine(&INVERTIBLE));
            let record = verified(Cell { parallelism, ..cell });
            for (name, repetition) in all_of(&record) {
                let completeness = repetition.verdict.completeness.unwrap();
                let distance = repetition.verdict.distance.unwrap();
                assert!(completeness < 1.0 && completeness > 0.3, "{name}: {completeness}");
                assert!(distance > 0.0 && distance < 1.0, "{name}: {distance}");
                if name.contains("per-event") {
                    assert!(repetition.counts.late > 0, "{name}: the bound is short");
                }
            }
        }
    }
}

#[test]
fn an_input_that_goes_round_is_verified_over_all_of_its_rounds() {
    for (parallelism, disorder) in [(1, None), (1, Some(heavy())), (2, Some(heavy()))] {
        let query = window(sliding(), &COUNT_AND_SUM);
        let cell = cell(synthetic(disorder), query, every_engine(&[Algorithm::Auto]));
        // Half of it holds a key, a value and a delay of each of 1,024 events.
        let measure = Measure { input_memory: Some(48 << 10), ..cell.measure };
        let anew = verified(Cell { parallelism, ..cell.clone() });
        let record = verified(Cell { parallelism, measure, ..cell });
        let [input, anew] = [&record, &anew].map(|record| &record.cells[0].input);
        assert_eq!((input.period_events, anew.period_events), (Some(1 << 10), None));
        assert!(input.made.ends_with("going round every 1 024 events"), "{}", input.made);
        assert!(input.events > 11 << 10, "several rounds: {}", input.events);
        assert_eq!(input.events, anew.events, "as many as without");
        assert_ne!(input.hash, anew.hash, "others than without");
        let has_few = |record: &RunRecord| {
            record.cells[0].warnings.iter().any(|warning| warning.code == "input::goes_round")
        };
        assert!(!has_few(&record), "fifty keys of a thousand events");
    }
}

#[test]
fn a_period_too_short_for_all_keys_is_told() {
    let WorkloadSpec::Synthetic(made) = synthetic(None) else { panic!("it is made up") };
    for (count, is_told) in [(256, false), (257, true)] {
        let keys = KeysSpec::Uniform { count };
        let workload = WorkloadSpec::Synthetic(SyntheticSpec { keys, ..made.clone() });
        let engines = vec![per_event(Algorithm::Auto)];
        let cell = cell(workload, QuerySpec::Identity, engines);
        let measure = Measure { input_memory: Some(48 << 10), ..cell.measure };
        let record = verified(Cell { measure, ..cell });
        let codes = record.cells[0].warnings.iter().map(|warning| warning.code.as_str());
        assert_eq!(
            codes.filter(|code| *code == "input::goes_round").count() > 0,
            is_told,
            "{count}"
        );
    }
}

#[test]
fn without_disorder_nothing_is_late_and_event_time_is_met() {
    let engines =
        vec![micro_batch(WindowDomain::EventTime, Algorithm::Auto), per_event(Algorithm::Auto)];
    let record = verified(cell(synthetic(None), window(tumbling(), &COUNT_AND_SUM), engines));
    for (name, repetition) in all_of(&record) {
        assert_eq!(repetition.counts.late, 0, "{name}");
        assert_eq!(repetition.verdict.completeness, Some(1.0), "{name}");
        assert_eq!(repetition.verdict.distance, Some(0.0), "{name}");
    }
    let truth = record.cells[0].truth.unwrap();
    assert_eq!(truth.memberships, record.cells[0].input.events);
}

#[test]
fn extremes_by_two_stacks_are_verified() {
    let all = [AggregateName::Count, AggregateName::Min, AggregateName::Max, AggregateName::Mean];
    let engines = every_engine(&[Algorithm::Auto, Algorithm::Slices, Algorithm::TwoStacks]);
    let record = verified(cell(synthetic(Some(heavy())), window(sliding(), &all), engines));
    assert_eq!(record.cells[0].engines[0].algorithm, "two-stacks");
}

#[test]
fn the_parts_of_a_wait_add_up_to_it_on_every_engine() {
    let questions = [QuerySpec::Identity, window(tumbling(), &COUNT_AND_SUM)];
    for (query, parallelism) in questions.into_iter().flat_map(|q| [(q.clone(), 1), (q, 2)]) {
        let record = verified(Cell {
            parallelism,
            ..cell(synthetic(Some(heavy())), query.clone(), every_engine(&[Algorithm::Auto]))
        });
        for (name, repetition) in all_of(&record) {
            let name = format!("{query:?}, {parallelism} workers, {name}");
            let anatomy = repetition.anatomy.as_ref().unwrap_or_else(|| panic!("{name}: none"));
            let [all, slowest] = anatomy.rows.as_slice() else { panic!("{name}: {anatomy:?}") };
            let sum: f64 = all.parts_ns.iter().sum();
            assert!((sum - all.whole_ns).abs() <= 1e-9 * sum, "{name}: {anatomy:?}");
            assert!(all.parts_ns.iter().all(|part| *part >= 0.0), "{name}: {anatomy:?}");
            assert!(slowest.whole_ns >= all.whole_ns, "{name}: {anatomy:?}");
            // Sampled evenly, so the mean of the sample is nearly that of all answers.
            let mean_ns = repetition.event_latency.as_ref().unwrap().mean_ns;
            let is_batch = name.contains("micro-batch");
            if is_batch {
                let apart = (all.whole_ns / mean_ns - 1.0).abs();
                assert!(apart < 0.1, "{name}: {mean_ns} {anatomy:?}");
            }
            let part = |name: &str| {
                all.parts_ns[anatomy.parts.iter().position(|part| part == name).unwrap()]
            };
            let has_windows = query != QuerySpec::Identity;
            assert_eq!(part("watermark bound") > 0.0, has_windows, "{name}: {anatomy:?}");
            if is_batch && !has_windows {
                // A batch is 100 ms, and an event waits half of it on average.
                let waited_ns = part("batch wait");
                assert!((45e6..55e6).contains(&waited_ns), "{name}: {anatomy:?}");
            }
            assert!(is_batch || part("batch wait") == 0.0, "{name}: {anatomy:?}");
        }
    }
}

#[test]
fn one_answer_per_event_has_one_latency() {
    let engines =
        vec![micro_batch(WindowDomain::EventTime, Algorithm::Auto), per_event(Algorithm::Auto)];
    let record = verified(cell(synthetic(Some(heavy())), QuerySpec::Identity, engines));
    for (name, repetition) in all_of(&record) {
        assert_eq!(repetition.result_latency, repetition.event_latency, "{name}");
        assert_eq!(repetition.verdict.completeness, None, "{name}");
        assert_eq!(repetition.counts.answers, record.cells[0].input.events, "{name}");
    }
    // A batch is 100 ms, and an event waits half of it on average.
    let batch = record.cells[0].engines[0].repetitions[0].result_latency.as_ref().unwrap();
    assert!((45_000_000.0..55_000_000.0).contains(&batch.mean_ns), "{}", batch.mean_ns);
    let event = record.cells[0].engines[1].repetitions[0].result_latency.as_ref().unwrap();
    assert!(event.max_ns < 1_000_000, "{event:?}");
}

#[test]
fn words_are_counted_and_their_lines_accounted_for() {
    let words = WorkloadSpec::Words(WordsSpec {
        dictionary: 100,
        exponent: 1.0,
        words_per_line: 5,
        disorder: Some(heavy()),
        event_us_per_second: 1_000_000,
        origin: engines::Timestamp::from_micros(0),
    });
    let query = QuerySpec::WordCount { window: sliding() };
    for parallelism in [1, 2] {
        let cell = cell(words.clone(), query.clone(), every_engine(&INVERTIBLE));
        verified(Cell { parallelism, ..cell });
    }
}

#[test]
fn a_window_that_waits_is_answered_again() {
    let spec = tumbling().with_allowed_lateness(300_000).unwrap();
    let engines =
        vec![micro_batch(WindowDomain::EventTime, Algorithm::Auto), per_event(Algorithm::Auto)];
    for parallelism in [1, 2] {
        let cell = cell(synthetic(Some(heavy())), window(spec, &COUNT_AND_SUM), engines.clone());
        let record = verified(Cell { parallelism, ..cell });
        let counts = record.cells[0].engines[1].repetitions[0].counts;
        let checked = record.cells[0].engines[1].repetitions[0].verdict.answers_checked;
        assert!(counts.answers > checked, "{counts:?}");
    }
}

#[test]
fn several_partitions_are_checked_by_bounds_only_where_it_is_a_race() {
    let engines =
        vec![micro_batch(WindowDomain::EventTime, Algorithm::Auto), per_event(Algorithm::Auto)];
    for (disorder, is_race) in [(Some(heavy()), true), (None, false)] {
        for parallelism in [1, 2] {
            let cell = cell(
                synthetic(disorder.clone()),
                window(sliding(), &COUNT_AND_SUM),
                engines.clone(),
            );
            let record = verified(Cell { parallelism, partitions: 3, ..cell });
            let bounds =
                |engine: usize| record.cells[0].engines[engine].repetitions[0].verdict.bounds_only;
            assert!(!bounds(0), "a batch merges the marks of all partitions");
            assert_eq!(bounds(1), is_race);
        }
    }
}

#[test]
fn a_batch_learns_late_and_so_accepts_more() {
    let engines =
        vec![micro_batch(WindowDomain::EventTime, Algorithm::Auto), per_event(Algorithm::Auto)];
    let record =
        verified(cell(synthetic(Some(heavy())), window(tumbling(), &COUNT_AND_SUM), engines));
    let counts = |engine: usize| record.cells[0].engines[engine].repetitions[0].counts;
    assert!(counts(0).accepted_late_extra > 0);
    assert_eq!(counts(0).accepted, counts(1).accepted + counts(0).accepted_late_extra);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let make = || {
        let engines = every_engine(&[Algorithm::Auto]);
        verified(cell(synthetic(Some(heavy())), window(sliding(), &COUNT_AND_SUM), engines))
    };
    let (one, two) = (make(), make());
    for ((name, one), (_, two)) in all_of(&one).iter().zip(&all_of(&two)) {
        assert!(one.trace_hash.is_some(), "{name}");
        assert_eq!(one.trace_hash, two.trace_hash, "{name}");
        assert_eq!(one.result_latency, two.result_latency, "{name}");
        assert_eq!(one.counts, two.counts, "{name}");
        // Nor does it hang on when somebody looked.
        assert_eq!(one.throughput, two.throughput, "{name}");
        let flow = |it: &Repetition| -> Vec<(u64, u64)> {
            it.timeline.iter().map(|row| (row.accepted, row.backlog)).collect()
        };
        assert_eq!(flow(one), flow(two), "{name}");
        let Throughput { offered_per_s, completed_per_s, .. } = one.throughput;
        let apart = (completed_per_s / offered_per_s - 1.0).abs();
        assert!(apart < 0.02, "{name}: {completed_per_s} of {offered_per_s}");
    }
    assert_eq!(one.cells[0].input.hash, two.cells[0].input.hash);
}

#[test]
fn warm_up_leaves_measurements_out_and_checks_everything() {
    let engines = vec![per_event(Algorithm::Auto)];
    let short = cell(synthetic(None), QuerySpec::Identity, engines);
    let long = Cell {
        measure: Measure {
            warm_up: Duration::ZERO,
            warm_up_floor: None,
            duration: Duration::from_secs(3),
            input_memory: None,
        },
        ..short.clone()
    };
    let (short, long) = (verified(short), verified(long));
    let of = |record: &RunRecord| record.cells[0].engines[0].repetitions[0].clone();
    let (short, long) = (of(&short), of(&long));
    assert_eq!(short.verdict.answers_checked, long.verdict.answers_checked);
    assert_eq!(long.counts.answers_measured, long.counts.answers);
    let share = short.counts.answers_measured as f64 / short.counts.answers as f64;
    assert!((share - 2.5 / 3.0).abs() < 0.02, "{share}");
    assert_eq!(short.timeline.iter().map(|row| row.answers).sum::<u64>(), short.counts.answers);
}

#[test]
fn a_folder_has_every_file_and_the_answers_in_order() {
    let engines =
        vec![per_event(Algorithm::Auto), micro_batch(WindowDomain::EventTime, Algorithm::Auto)];
    let (record, _, folder) =
        run(vec![cell(synthetic(Some(heavy())), window(tumbling(), &COUNT_AND_SUM), engines)]);
    let out = folder.path().join("run");
    let read = |name: &str| {
        std::fs::read_to_string(out.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    for name in
        ["run.json", "report.html", "per-event-auto-1.hlog", "per-event-auto-1-timeline.csv"]
    {
        assert!(!read(name).is_empty(), "{name}");
    }
    let results = read("per-event-auto-1-results.csv");
    let mut lines = results.lines();
    assert_eq!(lines.next(), Some("window_start_us,window_end_us,key,count,sum"));
    let windows: Vec<(i64, i64)> = lines
        .map(|line| {
            let mut cells = line.split(',').map(str::parse::<i64>);
            (cells.next().unwrap().unwrap(), cells.next().unwrap().unwrap())
        })
        .collect();
    assert!(windows.is_sorted());
    let repetition = &record.cells[0].engines[0].repetitions[0];
    assert_eq!(windows.len() as u64, repetition.verdict.answers_checked);
    let late = read("per-event-auto-1-late.csv");
    assert_eq!(late.lines().count() as u64 - 1, repetition.counts.late);

    let log = read("per-event-auto-1.hlog");
    let counted: u64 = IntervalLogIterator::new(log.as_bytes())
        .filter_map(|entry| match entry.unwrap() {
            LogEntry::Interval(interval) => Some(interval),
            _ => None,
        })
        .filter(|interval| interval.tag().is_some_and(|tag| tag.as_str() == "result"))
        .map(|interval| answers_in(interval.encoded_histogram()))
        .sum();
    assert_eq!(counted, repetition.counts.answers_measured);
}

fn answers_in(encoded: &str) -> u64 {
    let bytes = base64(encoded);
    let histogram: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
    histogram.len()
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |c: u8| {
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            .iter()
            .position(|d| *d == c)
    };
    let bits: Vec<usize> = text.bytes().filter_map(digit).collect();
    let mut bytes = Vec::new();
    for four in bits.chunks(4) {
        let word = four.iter().fold(0, |word, digit| word << 6 | digit) << (6 * (4 - four.len()));
        let three = [word >> 16, word >> 8, word].map(|byte| u8::try_from(byte & 255).unwrap());
        bytes.extend_from_slice(&three[..four.len() - 1]);
    }
    bytes
}

#[test]
fn repetitions_have_seeds_of_their_own_and_merge_into_one_distribution() {
    let folder = tempfile::tempdir().unwrap();
    let engines =
        vec![per_event(Algorithm::Auto), micro_batch(WindowDomain::EventTime, Algorithm::Auto)];
    let cell = cell(synthetic(None), window(tumbling(), &COUNT_AND_SUM), engines);
    let run = |out: &str| {
        let out = folder.path().join(out);
        let plan = plan(vec![cell.clone()], &out);
        let plan = sluicebench::plan::Plan { repeat: Repeat::times(3), ..plan };
        run_here(&plan, &Arc::new(AtomicBool::new(false))).unwrap().record
    };
    let record = run("first");
    let engines = &record.cells[0].engines;
    for engine in engines {
        let reps: Vec<u32> = engine.repetitions.iter().map(|r| r.rep).collect();
        assert_eq!(reps, [1, 2, 3]);
        let merged = engine.merged_result_latency.as_ref().unwrap().count;
        let each = engine.repetitions.iter().map(|r| r.result_latency.as_ref().unwrap().count);
        assert_eq!(merged, each.sum::<u64>());
    }
    let inputs = |engine: usize| -> Vec<(u64, String)> {
        let repetitions = engines[engine].repetitions.iter();
        repetitions.map(|r| (r.seed.unwrap(), r.input_hash.clone().unwrap())).collect()
    };
    assert_eq!(inputs(0), inputs(1), "within a block all engines have the same input");
    let [first, second, third] = &inputs(0)[..] else { panic!("three repetitions") };
    assert_eq!((first.0, &first.1), (record.cells[0].seed, &record.cells[0].input.hash));
    assert!(first.1 != second.1 && second.1 != third.1 && first.1 != third.1, "and others after");
    let steps = |record: &RunRecord| -> Vec<Option<String>> {
        all_of(record).into_iter().map(|(_, repetition)| repetition.trace_hash.clone()).collect()
    };
    assert_eq!(steps(&run("second")), steps(&record), "all of it follows from the seed");
}

#[test]
fn an_interrupt_keeps_what_is_there_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let cell = cell(synthetic(None), QuerySpec::Identity, vec![per_event(Algorithm::Auto)]);
    let stop = Arc::new(AtomicBool::new(true));
    let outcome = run_here(&plan(vec![cell], &out), &stop).unwrap();
    assert_eq!(outcome.exit.code(), 130);
    assert!(outcome.record.interrupted);
    assert!(RunRecord::read(&out).unwrap().interrupted);
    assert!(out.join("report.html").exists());
}

#[test]
fn a_sum_past_64_bits_fails_its_repetition_and_no_other_cell() {
    let mut huge = cell(
        synthetic(None),
        window(tumbling(), &COUNT_AND_SUM),
        vec![per_event(Algorithm::Auto), micro_batch(WindowDomain::EventTime, Algorithm::Auto)],
    );
    huge.name = "huge".into();
    if let WorkloadSpec::Synthetic(spec) = &mut huge.case.workload {
        spec.values = scenarios::spec::ValuesSpec::Constant(i64::MAX);
    }
    let good = cell(synthetic(None), QuerySpec::Identity, vec![per_event(Algorithm::Auto)]);
    let (record, exit, _folder) = run(vec![huge, good]);
    for engine in &record.cells[0].engines {
        let repetition = &engine.repetitions[0];
        assert_eq!(repetition.verdict.kind, VerdictKind::Failed);
        let failure = repetition.failure.as_ref().unwrap();
        assert!(failure.contains("key ") && failure.contains("window ["), "{failure}");
        assert!(repetition.result_latency.is_none());
    }
    assert_eq!(record.cells[1].engines[0].repetitions[0].verdict.kind, VerdictKind::Verified);
    assert_eq!(exit, 1);
}

#[test]
fn an_input_without_events_is_a_run_without_answers() {
    let mut empty = cell(synthetic(None), QuerySpec::Identity, vec![per_event(Algorithm::Auto)]);
    empty.measure = Measure { warm_up: Duration::ZERO, duration: Duration::ZERO, ..empty.measure };
    empty.load = Load::Synthetic {
        rate: sluicebench::plan::RateShape::Constant { per_second: 1.0 },
        arrivals: sluicebench::plan::Arrivals::Even,
    };
    let (record, exit, _folder) = run(vec![empty]);
    assert_eq!(exit, 0);
    assert_eq!(record.cells[0].engines[0].repetitions[0].counts.answers, 0);
}

#[test]
fn one_window_longer_than_the_run_has_no_latency() {
    let spec = WindowSpec::tumbling(3_600_000_000).unwrap();
    let disorder =
        DisorderSpec { fraction: 0.1, delay: DelaySpec::Constant { us: 1000 }, cap_us: None };
    let engines =
        vec![per_event(Algorithm::Auto), micro_batch(WindowDomain::EventTime, Algorithm::Auto)];
    let (record, exit, _folder) =
        run(vec![cell(synthetic(Some(disorder)), window(spec, &COUNT_AND_SUM), engines)]);
    assert_eq!(exit, 0);
    for (name, repetition) in all_of(&record) {
        assert!(repetition.counts.answers > 0, "{name}");
        assert_eq!(repetition.counts.answers_measured, 0, "{name}");
        assert_eq!(repetition.result_latency, None, "{name}: nothing made these answers due");
    }
}
