//! Made-up runs whose truth is known.

use super::*;
use crate::metrics;
use crate::record::study::{Limit, LimitOutcome, Threshold};
use crate::record::{Latency, RunRecord, VerdictKind};
use crate::sample;
use crate::statistics::comparison::Change;

/// Runs a measurement must be able to decide on: as many as the standard suite makes.
const RUNS: u32 = 6;

/// Noise that looks random: splitmix64.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A factor around 1 with this deviation: the sum of twelve is close to normal.
    fn factor(&mut self, deviation: f64) -> f64 {
        let normal = (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0;
        (normal * deviation).exp()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "made-up and small")]
fn scaled(latency: &mut Latency, by: f64) {
    let scale = |ns: &mut u64| *ns = (*ns as f64 * by).round() as u64;
    for ns in [
        &mut latency.p50_ns,
        &mut latency.p90_ns,
        &mut latency.p99_ns,
        &mut latency.p999_ns,
        &mut latency.max_ns,
    ] {
        scale(ns);
    }
    latency.mean_ns *= by;
    for (_, ns) in &mut latency.ladder {
        scale(ns);
    }
}

/// A run of so many repetitions that differ by noise alone: 3 % in a tail, 2 % in processor time,
/// 0.5 % in a rate. `slower` makes every engine slower by this factor.
fn run(cells: usize, runs: u32, slower: f64, noise: &mut Noise) -> RunRecord {
    let mut record = sample::record();
    record.cells.truncate(cells);
    for cell in &mut record.cells {
        for engine in &mut cell.engines {
            let first = engine.repetitions[0].clone();
            engine.repetitions = (1..=runs)
                .map(|rep| {
                    let mut repetition = first.clone();
                    repetition.rep = rep;
                    repetition.seed = Some(42 + u64::from(rep));
                    repetition.input_hash = Some(format!("{rep:016x}"));
                    repetition.batches.clear();
                    repetition.timeline.clear();
                    let tail = slower * noise.factor(0.03);
                    for latency in [&mut repetition.result_latency, &mut repetition.event_latency] {
                        scaled(latency.as_mut().unwrap(), tail);
                    }
                    repetition.cpu_us_per_event *= slower * noise.factor(0.02);
                    repetition.throughput.completed_per_s *= noise.factor(0.005) / slower;
                    repetition
                })
                .collect();
        }
    }
    record
}

fn demand(
    metric: &str,
    below: Option<f64>,
    above: Option<f64>,
    worse_by: Option<f64>,
) -> Threshold {
    let (metric, engine) = (metric.to_owned(), None);
    Threshold { written: format!("{metric} as demanded"), metric, engine, below, above, worse_by }
}

fn p99s(record: &mut RunRecord, figures: &[u64]) {
    let engine = &mut record.cells[0].engines[0];
    let first = engine.repetitions[0].clone();
    engine.repetitions = figures
        .iter()
        .map(|ns| {
            let mut repetition = first.clone();
            let latency = repetition.result_latency.as_mut().unwrap();
            scaled(latency, *ns as f64 / latency.p99_ns as f64);
            latency.p99_ns = *ns;
            repetition
        })
        .collect();
}

#[track_caller]
fn decided(figures: &[u64], threshold: Threshold, want: Status, because: &str) {
    let mut record = sample::record();
    record.cells.truncate(1);
    record.cells[0].engines.truncate(1);
    p99s(&mut record, figures);
    record.cells[0].thresholds.push(threshold);
    let checked = check((&record, "new"), None, false).unwrap();
    let [finding] = &checked.findings[..] else { panic!("one demand, one finding") };
    assert_eq!(finding.status, want, "{figures:?}: {finding:?}");
    assert!(finding.because.contains(because), "{finding:?}");
}

#[test]
fn a_limit_is_decided_by_all_below_six_and_by_the_interval_from_six_on() {
    let below = |ns| demand("result_latency.p99", Some(ns), None, None);
    decided(&[90, 95, 99], below(100.0), Status::Passed, "all of them 90.0 ns to 99.0 ns, n = 3");
    decided(&[90, 95, 101], below(100.0), Status::Inconclusive, "n = 3");
    decided(&[100, 101, 120], below(100.0), Status::Violated, "n = 3");
    decided(&[99], below(100.0), Status::Passed, "n = 1");
    // One outlier among ten does not move the median past the limit.
    let mostly = [90, 91, 90, 92, 91, 90, 93, 92, 91, 300];
    decided(&mostly, below(100.0), Status::Passed, "95 % interval");
    let straddling = [80, 120, 81, 119, 82, 118, 83, 117];
    decided(&straddling, below(100.0), Status::Inconclusive, "95 % interval");
    decided(&[90, 95], demand("throughput.completed", None, Some(1e9), None), Status::Violated, "");
    decided(&[90, 95], demand("throughput.completed", None, Some(1.0), None), Status::Passed, "");
}

#[test]
fn nothing_measured_is_a_violation() {
    let unknown = demand("latency.p99", Some(1e9), None, None);
    decided(&[90], unknown, Status::Violated, "there is no such metric");
    let limit = demand("limit", None, Some(1.0), None);
    decided(&[90], limit, Status::Violated, "no limit was searched for");
    decided(
        &[],
        demand("drain", Some(1e9), None, None),
        Status::Violated,
        "no repetition was made",
    );
    let mut missing = demand("drain", Some(1e9), None, None);
    missing.engine = Some("per-event".into());
    decided(&[90], missing, Status::Violated, "this engine is not in the run");

    let mut record = sample::troubled();
    record.cells[2].thresholds.push(demand("drain", Some(1e9), None, None));
    let checked = check((&record, "new"), None, false).unwrap();
    assert!(checked.findings.iter().all(|finding| finding.status == Status::Violated));
    assert!(checked.findings[0].because.contains("none of 3 was verified (interrupted)"));
    assert_eq!(checked.wrong, Some(VerdictKind::LoadNotHeld), "void comes before wrong");
}

fn searched(record: &mut RunRecord, pass: f64, fail: f64) {
    for engine in record.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
        engine.limit = Some(Limit {
            outcome: LimitOutcome::Found,
            pass_per_s: Some(pass),
            fail_per_s: Some(fail),
            text: String::new(),
            window_s: 60.0,
            precision: 0.05,
            speed: None,
            slo: None,
            probes: Vec::new(),
        });
    }
}

#[test]
fn a_search_is_judged_by_its_bracket() {
    let of = |limit: f64| {
        let mut record = sample::record();
        record.cells.truncate(1);
        searched(&mut record, 100e3, 105e3);
        record.cells[0].thresholds.push(demand("limit", None, Some(limit), None));
        check((&record, "new"), None, false).unwrap().findings[0].status
    };
    assert_eq!(of(100e3), Status::Passed);
    assert_eq!(of(103e3), Status::Inconclusive);
    assert_eq!(of(105e3), Status::Violated);

    let against = |pass: f64, fail: f64| {
        let (mut base, mut new) = (sample::record(), sample::record());
        searched(&mut base, 100e3, 102e3);
        searched(&mut new, pass, fail);
        let compared = compare((&base, "a"), (&new, "b"), &[], false).unwrap();
        let row = compared.rows.into_iter().find(|row| row.metric.name == "limit");
        row.unwrap().comparison.verdict
    };
    assert_eq!(against(101e3, 103e3), Change::Same);
    assert_eq!(against(80e3, 82e3), Change::Worse);
    assert_eq!(against(120e3, 122e3), Change::Better);
    assert_eq!(against(95e3, 98e3), Change::NotEnoughData);
}

/// Whether the whole check of a run against a baseline raises an alarm.
fn alarm(cells: usize, slower: f64, seed: u64) -> bool {
    let mut noise = Noise(seed.wrapping_mul(0x2545_F491_4F6C_DD1D));
    let base = run(cells, RUNS, 1.0, &mut noise);
    let new = run(cells, RUNS, slower, &mut noise);
    let checked = check((&new, "new"), Some((&base, "base")), false).unwrap();
    checked.count(Status::Violated) > 0
}

#[test]
fn two_runs_without_a_difference_raise_an_alarm_at_most_one_time_in_twenty() {
    let alarms = (0..500).filter(|seed| alarm(1, 1.0, *seed)).count();
    assert!(alarms <= 25, "{alarms} false alarms in 500 comparisons");
}

#[test]
fn a_tenth_slower_is_noticed_nine_times_in_ten() {
    let noticed = (0..100).filter(|seed| alarm(1, 1.1, 1_000 + *seed)).count();
    assert!(noticed >= 90, "{noticed} of 100");
}

#[test]
fn a_relative_threshold_allows_what_it_says() {
    let of = |worse_by: f64, slower: f64| {
        let mut noise = Noise(3);
        let base = run(1, 10, 1.0, &mut noise);
        let mut new = run(1, 10, slower, &mut noise);
        new.cells[0].thresholds.push(demand("result_latency.p99", None, None, Some(worse_by)));
        let checked = check((&new, "new"), Some((&base, "base")), false).unwrap();
        let findings = checked.findings.into_iter();
        let ours = findings.filter(|f| f.metric == "result_latency.p99").collect::<Vec<_>>();
        assert!(ours.iter().all(|f| f.demand.starts_with("worse by at most")), "{ours:?}");
        ours[0].status
    };
    assert_eq!(of(0.10, 1.3), Status::Violated);
    assert_eq!(of(0.50, 1.3), Status::Passed);
    assert_eq!(of(0.30, 1.3), Status::Inconclusive);
}

#[test]
fn a_relative_threshold_waits_for_a_baseline_and_says_so() {
    let mut record = sample::record();
    record.cells[0].thresholds.push(demand("drain", None, None, Some(0.1)));
    let checked = check((&record, "new"), None, false).unwrap();
    assert!(checked.findings.is_empty());
    assert_eq!(checked.remarks, ["1 threshold not looked at: they need --baseline"]);
}

#[test]
fn an_engine_that_is_gone_fails_and_a_scenario_that_is_gone_is_said() {
    let (base, mut new) = (sample::record(), sample::record());
    new.cells[0].engines.pop();
    new.cells.pop();
    let checked = check((&new, "new"), Some((&base, "base")), false).unwrap();
    let gone: Vec<_> = checked.findings.iter().filter(|f| f.status == Status::Violated).collect();
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert_eq!((gone[0].engine.as_str(), gone[0].cell.as_str()), ("per-event", "word-count"));
    assert!(checked.remarks.iter().any(|r| r == "base: identity is only in this run"));
}

/// Two runs of two engines: one scenario became slower, the other did not change.
fn changed() -> (RunRecord, RunRecord) {
    let mut noise = Noise(11);
    let base = run(2, 7, 1.0, &mut noise);
    let mut new = run(2, 7, 1.0, &mut noise);
    let slow = run(1, 7, 1.4, &mut noise);
    new.cells[0].engines[1] = slow.cells[0].engines[1].clone();
    new.tool.commit = "89abcde".into();
    new.cells[0].thresholds.push(demand("result_latency.p99", Some(1e8), None, None));
    new.cells[0].thresholds.push(demand("completeness", None, Some(0.999), None));
    (base, new)
}

#[test]
fn a_comparison_is_shown_in_every_format() {
    let (base, new) = changed();
    let compared = compare((&base, "runs/a"), (&new, "runs/b"), &[], false).unwrap();
    insta::assert_snapshot!("compared_text", formats::compared_text(&compared));
    insta::assert_snapshot!("compared_markdown", formats::compared_markdown(&compared));
    insta::assert_snapshot!("compared_junit", formats::compared_junit(&compared));
    insta::assert_snapshot!("bmf", formats::bmf(&new, false));
    let json: serde_json::Value = serde_json::from_str(&formats::compared_json(&compared)).unwrap();
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["comparisons"].as_array().unwrap().len(), compared.rows.len());
    let worse = compared.changed().count();
    assert!(worse > 0);
}

#[test]
fn a_check_is_shown_in_every_format() {
    let (base, new) = changed();
    let checked = check((&new, "runs/b"), Some((&base, "runs/a")), false).unwrap();
    insta::assert_snapshot!("checked_text", formats::checked_text(&checked));
    insta::assert_snapshot!("checked_markdown", formats::checked_markdown(&checked));
    insta::assert_snapshot!("checked_junit", formats::checked_junit(&checked));
    let json: serde_json::Value = serde_json::from_str(&formats::checked_json(&checked)).unwrap();
    assert_eq!(json["findings"].as_array().unwrap().len(), checked.findings.len());
    assert_eq!(json["violated"], checked.count(Status::Violated));
}

#[test]
fn a_comparison_and_a_check_are_pages_that_need_no_network() {
    let (base, mut new) = changed();
    new.name = "<script>alert(1)</script>".into();
    let compared = compare((&base, "runs/a"), (&new, "runs/b"), &[], false).unwrap();
    let checked = check((&new, "runs/b"), Some((&base, "runs/a")), false).unwrap();
    let alone = check((&new, "runs/b"), None, false).unwrap();
    let pages = [
        crate::page::comparison::compared(&compared),
        crate::page::comparison::checked(&checked),
        crate::page::comparison::checked(&alone),
    ];
    for page in &pages {
        assert!(page.contains("default-src 'none'") && !page.contains("<script>alert"));
        for attribute in ["src=", "href="] {
            for (at, _) in page.match_indices(attribute) {
                let value: String = page[at..].chars().take(40).collect();
                assert!(!value.contains("http") && !value.contains("//"), "{value}");
            }
        }
    }
    let plain = |page: &str| page.replace('\u{a0}', " ");
    for page in &pages[..2] {
        let page = plain(page);
        let noise = page.find(&compared.noise_sentence()).unwrap();
        assert!(noise < page.find("<h2>").unwrap(), "the noise comes first");
        for row in &compared.rows {
            assert!(page.contains(&row.words()), "{}", row.words());
        }
        assert!(page.contains("id=\"cmp-") && page.contains("▼ worse") && page.contains("<svg"));
    }
    assert!(plain(&pages[1]).contains("✗ violated"));
    assert!(pages[2].contains("What is demanded") && !pages[2].contains("What changed"));
}

#[test]
fn a_comparison_is_drawn_with_its_verdicts_in_words() {
    let (base, new) = changed();
    let compared = compare((&base, "runs/a"), (&new, "runs/b"), &[], false).unwrap();
    let chart = crate::chart::comparison(&compared).unwrap();
    assert_eq!(chart.data.rows.len(), compared.rows.len());
    let svg = chart.file();
    assert!(svg.contains("worse") && svg.contains("same within 10"), "words, not only dots");
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "every place is a number");
    let nothing = Compared { rows: Vec::new(), ..compared };
    assert!(crate::chart::comparison(&nothing).is_none());
}

#[test]
fn nothing_changed_is_one_line() {
    let (base, _) = changed();
    let compared = compare((&base, "runs/a"), (&base, "runs/a"), &[], false).unwrap();
    assert_eq!(compared.changed().count(), 0);
    insta::assert_snapshot!(
        formats::compared_markdown(&compared),
        @"**quick**: no change in 12 comparisons (0 worse, 0 better, 12 the same, 0 without enough data)"
    );
    let checked = check((&base, "runs/a"), Some((&base, "runs/a")), false).unwrap();
    insta::assert_snapshot!(
        formats::checked_markdown(&checked),
        @"**quick**: 12 demands, all passed"
    );
}

#[test]
fn every_figure_in_the_bencher_format_lies_within_its_bounds() {
    let (_, new) = changed();
    let json: serde_json::Value = serde_json::from_str(&formats::bmf(&new, true)).unwrap();
    let benchmarks = json.as_object().unwrap();
    assert_eq!(benchmarks.len(), 4);
    for (name, measures) in benchmarks {
        assert!(name.ends_with("(different environment)"), "{name}");
        for (name, measure) in measures.as_object().unwrap() {
            assert!(metrics::metric(name).is_some(), "{name}");
            let of = |key: &str| measure[key].as_f64().unwrap();
            assert!(of("lower_value") <= of("value") && of("value") <= of("upper_value"), "{name}");
        }
    }
}

#[track_caller]
fn refused(change: impl FnOnce(&mut RunRecord), forced: bool, code: &str) -> Refusal {
    let (base, mut new) = (sample::record(), sample::record());
    change(&mut new);
    let refusal = compare((&base, "a"), (&new, "b"), &[], forced).unwrap_err();
    assert_eq!(refusal.code, code, "{refusal:?}");
    *refusal
}

#[test]
fn unlike_machines_and_builds_are_refused_unless_somebody_insists() {
    let other = |record: &mut RunRecord| {
        record.host.cpu_model = "Imaginary 4000".into();
        record.host.memory_bytes *= 2;
        record.tool.rustc = "1.88.0".into();
        record.tool.profile = "dev".into();
        // What is compared may differ.
        record.tool.commit = "fedcba9".into();
        record.tool.version = "0.2.0".into();
    };
    let refusal = refused(other, false, "compare::not_comparable");
    let what: Vec<&str> = refusal.differences.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(what, ["processor", "profile", "rustc", "memory"]);

    let (base, mut new) = (sample::record(), sample::record());
    other(&mut new);
    let compared = compare((&base, "a"), (&new, "b"), &[], true).unwrap();
    for text in [
        formats::compared_text(&compared),
        formats::compared_markdown(&compared),
        formats::compared_junit(&compared),
        formats::compared_json(&compared),
    ] {
        assert!(text.contains("different environment") || text.contains("different_environment"));
    }
}

#[test]
fn other_questions_and_other_inputs_are_refused_even_then() {
    let faster = |record: &mut RunRecord| {
        record.cells[0].resolved = record.cells[0].resolved.replace("100k/s", "200k/s");
    };
    let refusal = refused(faster, true, "compare::other_scenario");
    assert_eq!(refusal.differences[0].what, "word-count: source.synthetic.rate");
    assert_eq!(refusal.differences[0].new, "\"200k/s\"");
    let other_input = |record: &mut RunRecord| record.cells[1].input.hash = "0".repeat(16);
    let refusal = refused(other_input, true, "compare::other_input");
    assert_eq!(refusal.differences[0].what, "disorder: input of seed 42");
    let renamed = |record: &mut RunRecord| {
        for cell in &mut record.cells {
            cell.name.push_str("-2");
        }
    };
    refused(renamed, true, "compare::nothing_in_common");
}

#[test]
fn names_demands_and_absent_engines_change_no_result() {
    let (mut base, mut new) = (sample::record(), sample::record());
    let file = |title: &str, rest: &str| {
        format!(
            "title = \"{title}\"\n[source.trace]\npath = \"{title}.csv\"\nspeed = 2.0\n\n\
             [[engine.micro-batch]]\nlabel = \"a\"\ninterval = \"1s\"\n{rest}"
        )
    };
    base.cells[0].resolved = file("a", "[engine.per-event]\nbuffer_timeout = \"1ms\"\n");
    new.cells[0].resolved = file("b", "[[threshold]]\nmetric = \"drain\"\nbelow = \"1s\"\n");
    assert!(compare((&base, "a"), (&new, "b"), &[], false).is_ok());
    new.cells[0].resolved = file("b", "[engine.per-event]\nbuffer_timeout = \"2ms\"\n");
    let refusal = compare((&base, "a"), (&new, "b"), &[], false).unwrap_err();
    assert_eq!(refusal.differences[0].what, "word-count: engine.per-event.buffer_timeout");
    new.cells[0].resolved =
        base.cells[0].resolved.replace("interval = \"1s\"", "interval = \"2s\"");
    let refusal = compare((&base, "a"), (&new, "b"), &[], false).unwrap_err();
    assert_eq!(refusal.differences.len(), 1, "{refusal:?}");
}
