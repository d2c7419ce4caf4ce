//! A made-up run for tests: plausible shapes, the same to the byte every time.
//!
//! Nothing here was measured, and nothing outside tests can reach it.

pub(crate) mod sweep;
pub(crate) mod pair;
pub(crate) mod advice;
pub(crate) mod atlas;

use crate::record::bins::LatencyBins;
use crate::record::study::{Limit, LimitOutcome, Probe, ProbeOutcome, ProbePurpose, Threshold};
use crate::record::{
    Batch, CellRecord, Counts, EngineKind, EngineRecord, Host, InputRecord, Latency, Repetition,
    RunRecord, SCHEMA_VERSION, SelfCost, Throughput, TimelineRow, Tool, Truth, Verdict,
    VerdictKind, Warning,
};

/// Three cells, two engines, three repetitions each, all verified.
pub(crate) fn record() -> RunRecord {
    RunRecord {
        schema_version: SCHEMA_VERSION,
        name: "quick".into(),
        title: "Both engines on three everyday questions".into(),
        command: "sluicebench run quick --repeat 3".into(),
        started: "2026-11-20T10:00:00Z".into(),
        tool: Tool {
            version: "0.1.0".into(),
            commit: "0123abc".into(),
            profile: "release".into(),
            rustc: "1.95.0".into(),
            flags: Some(String::new()),
            allocator: Some("system (glibc)".into()),
        },
        host: Host {
            name: None,
            cpu_model: "Imaginary 3000".into(),
            cores: 8,
            memory_bytes: 16 << 30,
            kernel: "Linux 6.1".into(),
            governor: "performance".into(),
            clock_source: "tsc".into(),
            load_before: 0.12,
            virtual_machine: Some("kvm".into()),
            cgroup_cpu_limit: None,
            smt: Some(false),
            numa_nodes: Some(1),
            energy_untold: None,
            jitter: vec![("longest stall in 1 s".into(), "84.0 µs".into())],
        },
        interrupted: false,
        self_cost: SelfCost {
            pacing_ns_per_event: 3.1,
            recording_ns_per_answer: 6.4,
            clock_read_ns: 24.0,
        },
        cells: vec![
            cell("word-count", "Words per five seconds, every second", 0.5, 1.0),
            cell("disorder", "Events per key and minute, a tenth of them late", 0.2, 0.981),
            cell("identity", "Nothing at all: the floor under every other number", 0.1, 1.0),
        ],
        warnings: vec![Warning {
            code: "host::shared".into(),
            text: "this is a virtual machine".into(),
            advice: "neighbours may disturb it: repeat, and compare within one run only".into(),
        }],
        sweep: None,
        conformance: Vec::new(),
    }
}

/// The same run gone wrong in every way there is: in `word-count` the micro-batch engine's second
/// repetition has wrong answers, in `disorder` the load was not held in the first one of
/// per-event, `identity` was interrupted. Every speed that must not be shown is a seven-digit
/// number that begins with 77.
pub(crate) fn troubled() -> RunRecord {
    let mut record = record();
    record.interrupted = true;
    spoil(&mut record, 0, 0, 1, VerdictKind::Differs, "3 of 1 200 answers differ");
    record.cells[0].engines[0].repetitions[1].verdict.differences =
        vec!["window 10:00:05, key 17: 1 203 for 1 204".into()];
    spoil(&mut record, 1, 1, 0, VerdictKind::LoadNotHeld, "412 k/s of 500 k/s were offered");
    for engine in 0..2 {
        for repetition in 0..3 {
            spoil(&mut record, 2, engine, repetition, VerdictKind::Interrupted, "stopped at 3 s");
        }
    }
    record
}

/// One question asked of three settings of one engine and one of the other, which fell behind.
pub(crate) fn variants() -> RunRecord {
    let mut record = record();
    record.cells.truncate(1);
    let engines = &mut record.cells[0].engines;
    for (algorithm, percent) in [("slices", 160_u32), ("recompute", 420)] {
        let mut engine = engines[0].clone();
        engine.label = format!("micro-batch {algorithm}");
        engine.algorithm = algorithm.into();
        for repetition in &mut engine.repetitions {
            repetition.cpu_us_per_event *= f64::from(percent) / 100.0;
            let latency = repetition.result_latency.get_or_insert_default();
            let scaled = |ns: u64| ns * u64::from(percent) / 100;
            latency.p50_ns = scaled(latency.p50_ns);
            latency.p90_ns = scaled(latency.p90_ns);
            latency.p99_ns = scaled(latency.p99_ns);
            latency.p999_ns = scaled(latency.p999_ns);
            latency.max_ns = scaled(latency.max_ns);
            for point in &mut latency.ladder {
                point.1 = scaled(point.1);
            }
        }
        engines.push(engine);
    }
    for repetition in &mut engines[1].repetitions {
        repetition.throughput.sustained = false;
    }
    record
}

/// Limits searched and found for one engine, and not for the other; a demand on the tail.
pub(crate) fn limited() -> RunRecord {
    let mut record = record();
    record.cells.truncate(1);
    let cell = &mut record.cells[0];
    cell.thresholds = vec![Threshold {
        metric: "result_latency.p99".into(),
        engine: None,
        below: Some(100e6),
        above: None,
        worse_by: None,
        written: "result_latency.p99 below 100ms".into(),
    }];
    for (engine, top) in cell.engines.iter_mut().zip([400e3, 900e3]) {
        let batched = engine.kind == EngineKind::MicroBatch;
        let probe = |n: u64, share: f64, purpose: ProbePurpose| Probe {
            purpose,
            rate_per_s: top * share,
            outcome: match share {
                share if share < 1.02 => ProbeOutcome::Pass,
                share if share < 1.7 => ProbeOutcome::Fail,
                _ => ProbeOutcome::NotOffered,
            },
            reason: "the backlog grows by 3.1 % of the offered rate".into(),
            window_s: 10.0,
            backlog_slope: Some((share - 1.03, share - 1.01)),
            p99_ns: (share < 1.7).then_some(whole(if batched { 5e8 } else { 8e4 } * share * share)),
            completed_per_s: top * share.min(1.02),
            cpu_us_per_event: 0.5,
            seed: n,
            speed: None,
        };
        let probes = vec![
            probe(1, 0.25, ProbePurpose::Bracket),
            probe(2, 0.5, ProbePurpose::Bracket),
            probe(3, 1.0, ProbePurpose::Bracket),
            probe(4, if batched { 1.5 } else { 2.0 }, ProbePurpose::Bracket),
            probe(5, if batched { 1.04 } else { 1.01 }, ProbePurpose::Bisect),
            probe(6, 1.0, ProbePurpose::Confirm),
            probe(7, if batched { 1.1 } else { 1.01 }, ProbePurpose::Refute),
        ];
        engine.limit = Some(Limit {
            outcome: if batched { LimitOutcome::Found } else { LimitOutcome::AtLeast },
            pass_per_s: Some(if batched { top } else { top * 1.01 }),
            fail_per_s: batched.then_some(top * 1.04),
            text: if batched {
                "confirmed by 3 of 3 probes, refuted a tenth above".into()
            } else {
                "more could not be offered here".into()
            },
            window_s: 10.0,
            slo: Some((0.99, 1_000_000_000)),
            precision: 0.05,
            speed: None,
            probes,
        });
    }
    record
}

fn spoil(
    record: &mut RunRecord,
    cell: usize,
    engine: usize,
    repetition: usize,
    kind: VerdictKind,
    text: &str,
) {
    let repetition = &mut record.cells[cell].engines[engine].repetitions[repetition];
    repetition.verdict.kind = kind;
    repetition.verdict.text = text.into();
    let latency = Latency {
        count: 1_000,
        p50_ns: 7_700_001,
        p90_ns: 7_710_000,
        p99_ns: 7_720_000,
        p999_ns: 7_730_000,
        max_ns: 7_740_000,
        mean_ns: 7_750_000.0,
        ladder: vec![(50.0, 7_700_001), (100.0, 7_740_000)],
    };
    repetition.result_latency = Some(latency.clone());
    repetition.event_latency = Some(latency);
    repetition.throughput.completed_per_s = 7_760_000.0;
    repetition.cpu_us_per_event = 7.77;
}

fn cell(name: &str, title: &str, interval_s: f64, completeness: f64) -> CellRecord {
    CellRecord {
        name: name.into(),
        title: title.into(),
        scenario: name.into(),
        question: format!("{title}?"),
        resolved: format!("name = \"{name}\"\n[source.synthetic]\nrate = \"100k/s\"\n"),
        seed: 42,
        parallelism: 2,
        input: InputRecord {
            events: 1_200_000,
            hash: "9f3a0c55d1e2b477".into(),
            made: "before the clock started".into(),
            period_events: None,
            partitions: 1,
            offered_per_s: 100_000.0,
            rejected_rows: 0,
            marks: Some("after the last event due in each 1ms".into()),
        },
        latency_definition: "An answer is due when the first event arrives that carries the \
                             watermark past its window's end."
            .into(),
        warm_up_s: 2.0,
        duration_s: 10.0,
        truth: Some(Truth { answers: 1_200, memberships: 6_000_000 }),
        engines: vec![
            engine(EngineKind::MicroBatch, interval_s, completeness),
            engine(EngineKind::PerEvent, interval_s, 1.0 - (1.0 - completeness) / 4.0),
        ],
        warnings: Vec::new(),
        point: Vec::new(),
        thresholds: Vec::new(),
        plain_loop: None,
    }
}

fn engine(kind: EngineKind, interval_s: f64, completeness: f64) -> EngineRecord {
    let batched = kind == EngineKind::MicroBatch;
    EngineRecord {
        label: if batched { "micro-batch" } else { "per-event" }.into(),
        kind,
        algorithm: if batched { "inverse" } else { "subtract-on-evict" }.into(),
        settings: vec![
            ("interval".into(), if batched { format!("{interval_s} s") } else { "none".into() }),
            ("idle".into(), "spin, then park".into()),
        ],
        interval_s: batched.then_some(interval_s),
        trigger_s: None,
        is_elsewhere: false,
        repetitions: (1..=3)
            .map(|rep| repetition(rep, batched, interval_s, completeness))
            .collect(),
        merged_result_latency: None,
        merged_event_latency: None,
        floor: None,
        limit: None,
    }
}

fn repetition(rep: u32, batched: bool, interval_s: f64, completeness: f64) -> Repetition {
    let noise = Noise(u64::from(rep) * 7 + u64::from(batched));
    let scale = 1.0 + 0.03 * f64::from(rep);
    // Waiting for a batch is spread evenly over the interval; passing through has a tail.
    let latency = move |percentile: f64| -> f64 {
        let share = percentile / 100.0;
        let tail = 1.0 / (1.0 - share).max(1e-4);
        if batched {
            (interval_s * 1e9 * share + 2e6 * tail.powf(0.3)) * scale
        } else {
            9_000.0 * tail.powf(0.45) * scale
        }
    };
    Repetition {
        rep,
        counts: Counts {
            read: 1_200_000,
            accepted: 1_199_640,
            late: 350,
            partly_late: Some(120),
            rejected: 10,
            accepted_late_extra: if batched { 85 } else { 0 },
            answers: 1_200,
            answers_measured: 1_000,
            combine_steps: 24_000,
            retries: 0,
            missed_windows: Some(900),
        },
        result_latency: Some(distribution(latency)),
        event_latency: Some(distribution(move |percentile| latency(percentile) + 4e6)),
        throughput: Throughput {
            offered_per_s: 100_000.0,
            accepted_per_s: 100_000.0,
            completed_per_s: 99_980.0,
            drain_s: 0.01,
            sustained: true,
            backlog_slope: Some((-0.002, 0.001)),
        },
        backlog_max: if batched { whole(interval_s * 100_000.0) } else { 212 },
        backlog_end: if batched { 4_000 } else { 3 },
        cpu_s: if batched { 0.49 } else { 0.79 } * scale,
        cpu_us_per_event: if batched { 0.41 } else { 0.66 } * scale,
        peak_memory_bytes: if batched { 48 << 20 } else { 9 << 20 },
        batches: if batched { batches(interval_s, noise) } else { Vec::new() },
        batches_one_of: None,
        timeline: timeline(latency, batched, interval_s, noise),
        verdict: Verdict {
            kind: VerdictKind::Verified,
            text: "1 200 answers equal the reference".into(),
            answers_checked: 1_200,
            completeness: Some(completeness),
            distance: Some((1.0 - completeness) * 1.1),
            bounds_only: false,
            lost: None,
            differences: Vec::new(),
        },
        trace_hash: None,
        failure: None,
        seed: None,
        input_hash: None,
        warm_up: None,
        anatomy: None,
        mark_wait: None,
        pause: None,
        spun_s: None,
        fixed_work: None,
        energy: None,
        process: None,
        p99_ns_thirds: None,
        sessions: None,
        kept_most: None,
        measured_s: None,
    }
}

fn distribution(latency: impl Fn(f64) -> f64) -> Latency {
    let ns = |percentile: f64| whole(latency(percentile));
    let mut ladder: Vec<(f64, u64)> =
        (0..=18).map(|step| f64::from(step) * 5.0).map(|p| (p, ns(p))).collect();
    for nines in 1..=3 {
        let missing = 10.0_f64.powi(1 - nines);
        for part in [0.75, 0.5, 0.25, 0.1] {
            let percentile = 100.0 - missing * part * 10.0;
            if percentile > 90.0 {
                ladder.push((percentile, ns(percentile)));
            }
        }
    }
    ladder.push((100.0, ns(99.995)));
    Latency {
        count: 1_000,
        p50_ns: ns(50.0),
        p90_ns: ns(90.0),
        p99_ns: ns(99.0),
        p999_ns: ns(99.9),
        max_ns: ns(99.995),
        mean_ns: latency(55.0),
        ladder,
    }
}

fn batches(interval_s: f64, mut noise: Noise) -> Vec<Batch> {
    let mut free_at = 0.0_f64;
    (1..=1_000)
        .map(|n| f64::from(n) * interval_s)
        .take_while(|close_s| *close_s < 12.001)
        .map(|close_s| {
            let hiccup = if (7.0..7.0 + interval_s).contains(&close_s) { 3.6 } else { 1.0 };
            let processing_s = interval_s * (0.31 + 0.1 * noise.next()) * hiccup;
            let starts = free_at.max(close_s);
            free_at = starts + processing_s;
            Batch {
                close_s,
                scheduling_delay_s: starts - close_s,
                processing_s,
                records: whole(interval_s * 100_000.0 * (0.97 + 0.06 * noise.next())),
                ..Batch::default()
            }
        })
        .collect()
}

fn timeline(
    latency: impl Fn(f64) -> f64,
    batched: bool,
    interval_s: f64,
    mut noise: Noise,
) -> Vec<TimelineRow> {
    (1..=120_u32)
        .map(|n| {
            let t_s = f64::from(n) / 10.0;
            let cold = if t_s < 1.0 { 3.0 } else { 1.0 };
            let answered = !batched || (t_s / interval_s).fract() < 0.1 / interval_s - 1e-9;
            let at = |percentile: f64, noise: &mut Noise| {
                let wobble = 0.9 + 0.3 * noise.next();
                answered.then(|| whole(latency(percentile) * cold * wobble))
            };
            let p50_ns = at(50.0, &mut noise);
            let p99_ns = at(99.0, &mut noise).max(p50_ns);
            TimelineRow {
                t_s,
                offered: 10_000,
                accepted: 9_900 + whole(200.0 * noise.next()),
                backlog: if batched {
                    whole((t_s / interval_s).fract() * interval_s * 100_000.0)
                } else {
                    whole(20.0 * noise.next())
                },
                answers: if answered { 10 } else { 0 },
                p50_ns,
                p99_ns,
                p999_ns: p99_ns.map(|ns| ns + ns / 10),
                max_ns: p99_ns.map(|ns| ns + ns / 5),
                latencies: if answered && n > 20 {
                    let percent = |n: u32| (whole(latency(f64::from(n) + 0.5)), 10);
                    LatencyBins::of((0..100).map(percent))
                } else {
                    LatencyBins::default()
                },
                cpu: 0.5,
                memory_bytes: u64::from(if batched { 28 + n % 5 * 5 } else { 5 + n % 3 }) << 20,
                note: if n == 70 { "checkpoint".into() } else { String::new() },
            }
        })
        .collect()
}

/// Numbers between 0 and 1 that look random: splitmix64.
#[derive(Copy, Clone)]
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "made-up and small")]
pub(crate) fn whole(value: f64) -> u64 {
    value.round() as u64
}
