//! Made-up sweeps whose truth is known: where curves cross, where an engine falls behind.

use crate::record::study::{
    Axis, Coordinate, Limit, LimitOutcome, Probe, ProbeOutcome, ProbePurpose, Sweep,
};
use crate::record::{EngineKind, Latency, RunRecord};
use crate::sample;

/// What an engine does at a point.
#[derive(Copy, Clone)]
pub(crate) struct Made {
    pub(crate) kind: EngineKind,
    pub(crate) p99_ns: f64,
    pub(crate) cpu_us: f64,
    pub(crate) completeness: Option<f64>,
    /// How long answers wait for the watermark.
    pub(crate) watermark_ns: f64,
    pub(crate) sustained: bool,
    /// Completed over offered.
    pub(crate) achieved: f64,
    pub(crate) offered_per_s: f64,
    pub(crate) processing_s: f64,
    /// Highest pass and lowest fail, where that was searched.
    pub(crate) limit: Option<(f64, f64)>,
}

impl Made {
    pub(crate) fn new(kind: EngineKind, p99_ns: f64, cpu_us: f64) -> Self {
        Self {
            kind,
            p99_ns,
            cpu_us,
            completeness: Some(1.0),
            watermark_ns: 0.0,
            sustained: true,
            achieved: 1.0,
            offered_per_s: 100_000.0,
            processing_s: 0.002,
            limit: None,
        }
    }
}

/// An axis: key, and values as they are written and as numbers.
pub(crate) type Values<'a> = (&'a str, &'a [(&'a str, f64)]);

/// The same latency, each of it longer by so much.
fn later(latency: &Latency, by_ns: u64) -> Latency {
    Latency {
        p50_ns: latency.p50_ns + by_ns,
        p90_ns: latency.p90_ns + by_ns,
        p99_ns: latency.p99_ns + by_ns,
        p999_ns: latency.p999_ns + by_ns,
        max_ns: latency.max_ns + by_ns,
        mean_ns: latency.mean_ns + by_ns as f64,
        ladder: latency.ladder.iter().map(|(at, ns)| (*at, ns + by_ns)).collect(),
        ..latency.clone()
    }
}

/// A sweep in which engines do what `made` says at each point, give or take 2 % by repetition.
pub(crate) fn swept(
    axes: &[Values<'_>],
    repetitions: u32,
    made: impl Fn(&[f64]) -> Vec<Made>,
) -> RunRecord {
    let mut record = sample::record();
    record.name = "keyed-window-sweep".into();
    record.warnings.clear();
    let model = record.cells.remove(0);
    record.cells.clear();
    record.sweep = Some(Sweep {
        axes: axes
            .iter()
            .map(|(key, values)| Axis {
                key: (*key).into(),
                values: values.iter().map(|(written, _)| (*written).into()).collect(),
            })
            .collect(),
        ..Sweep::default()
    });
    let mut points: Vec<Vec<usize>> = vec![Vec::new()];
    for (_, values) in axes {
        points = points
            .iter()
            .flat_map(|point| (0..values.len()).map(|n| [point.clone(), vec![n]].concat()))
            .collect();
    }
    for point in points {
        let numbers: Vec<f64> = axes.iter().zip(&point).map(|((_, v), n)| v[*n].1).collect();
        let mut cell = model.clone();
        cell.resolved = "name = \"keyed-window\"\n[source.synthetic]\nkeys = { zipf = { count = \
                         1000, exponent = 1.0 } }\n\n[query.window]\nsize = \"1min\"\nslide = \
                         \"1s\"\n"
            .into();
        cell.point = axes
            .iter()
            .zip(&point)
            .map(|((key, values), n)| Coordinate {
                key: (*key).into(),
                value: values[*n].0.into(),
                number: Some(values[*n].1),
            })
            .collect();
        let at: Vec<&str> = cell.point.iter().map(|at| at.value.as_str()).collect();
        cell.name = format!("keyed-window-{}", at.join("-").replace('/', ""));
        let engines = std::mem::take(&mut cell.engines);
        for made in made(&numbers) {
            let Some(like) = engines.iter().find(|engine| engine.kind == made.kind) else {
                continue;
            };
            let mut engine = like.clone();
            let first = engine.repetitions[0].clone();
            engine.repetitions = (1..=repetitions)
                .map(|rep| {
                    let mut repetition = first.clone();
                    repetition.rep = rep;
                    // Between 0.98 and 1.02, and not in order.
                    let noise = 1.0 + 0.04 * (f64::from(rep * 5 % 7) / 6.0 - 0.5);
                    if let Some(latency) = &mut repetition.result_latency {
                        let ns = |share: f64| sample::whole(made.p99_ns * noise * share);
                        latency.p50_ns = ns(0.5);
                        latency.p90_ns = ns(0.9);
                        latency.p99_ns = ns(1.0);
                        latency.p999_ns = ns(1.1);
                        latency.max_ns = ns(1.3);
                        latency.mean_ns = made.p99_ns * noise * 0.55;
                        latency.ladder = vec![(50.0, ns(0.5)), (99.0, ns(1.0)), (100.0, ns(1.3))];
                    }
                    let result = repetition.result_latency.as_ref();
                    repetition.event_latency =
                        result.map(|latency| later(latency, sample::whole(made.watermark_ns)));
                    repetition.cpu_us_per_event = made.cpu_us * noise;
                    repetition.throughput.offered_per_s = made.offered_per_s;
                    repetition.throughput.completed_per_s = made.offered_per_s * made.achieved;
                    repetition.throughput.sustained = made.sustained;
                    repetition.verdict.completeness = made.completeness;
                    let late = 1.0 - made.completeness.unwrap_or(1.0);
                    let counts = &mut repetition.counts;
                    counts.late = sample::whole(counts.read as f64 * late);
                    counts.accepted = counts.read - counts.late - counts.rejected;
                    for batch in &mut repetition.batches {
                        batch.processing_s = made.processing_s;
                    }
                    repetition.timeline.truncate(3);
                    repetition
                })
                .collect();
            let interval = cell.point.iter().find(|at| at.key == INTERVAL);
            let interval_s = interval.and_then(|at| at.number).map(|ns| ns / 1e9);
            engine.interval_s = engine.interval_s.map(|of_all| interval_s.unwrap_or(of_all));
            engine.limit = made.limit.map(|(pass, fail)| Limit {
                outcome: LimitOutcome::Found,
                pass_per_s: Some(pass),
                fail_per_s: Some(fail),
                text: String::new(),
                window_s: 60.0,
                slo: None,
                precision: 0.05,
                speed: None,
                probes: Vec::new(),
            });
            cell.engines.push(engine);
        }
        record.cells.push(cell);
    }
    record
}

use EngineKind::{MicroBatch, PerEvent};

const INTERVAL: &str = "engine.micro-batch.interval";

/// Batches cost 0.3 µs per event and 12 µs per batch and thousand events: as much CPU as the
/// per-event engine's 0.7 µs at an interval of 30 ms. Below 8 ms they take longer than they last.
pub(crate) fn interval(repetitions: u32) -> RunRecord {
    let values = [
        ("5ms", 5e6),
        ("10ms", 1e7),
        ("27ms", 27e6),
        ("72ms", 72e6),
        ("190ms", 19e7),
        ("520ms", 52e7),
        ("1400ms", 14e8),
        ("10s", 1e10),
    ];
    swept(&[(INTERVAL, &values)], repetitions, |at| {
        let ns = at[0];
        let batch = Made {
            sustained: ns > 8e6,
            achieved: if ns > 8e6 { 1.0 } else { 0.8 },
            processing_s: 0.006 + ns / 1e9 * 0.1,
            ..Made::new(MicroBatch, ns * 1.08 + 6e6, 0.3 + 0.4 * 3e7 / ns)
        };
        let mut all = vec![batch];
        if ns < 6e6 {
            all.push(Made::new(PerEvent, 80e3, 0.7));
        }
        all
    })
}

/// Per-event holds up to 300 k/s, micro-batch up to 200 k/s and, by chance, 400 k/s.
pub(crate) fn rate(repetitions: u32) -> RunRecord {
    let values: Vec<(String, f64)> =
        (1..=8).map(|n| (format!("{}k/s", n * 50), f64::from(n) * 5e4)).collect();
    let values: Vec<(&str, f64)> = values.iter().map(|(w, n)| (w.as_str(), *n)).collect();
    swept(&[("source.synthetic.rate", &values)], repetitions, |at| {
        let rate = at[0];
        let engine = |kind, holds: bool, base: f64, limit: f64| Made {
            sustained: holds,
            achieved: if holds { 1.0 } else { limit / rate },
            offered_per_s: rate,
            ..Made::new(kind, base / (1.0 - (rate / limit).min(0.999)), 0.4)
        };
        let lucky = rate <= 210e3 || rate > 390e3;
        vec![engine(MicroBatch, lucky, 9e7, 230e3), engine(PerEvent, rate <= 310e3, 60e3, 330e3)]
    })
}

/// More disorder costs completeness, and the micro-batch engine less of it.
pub(crate) fn disorder(repetitions: u32) -> RunRecord {
    let values = [("0", 0.0), ("0.01", 0.01), ("0.1", 0.1), ("0.5", 0.5)];
    swept(&[("source.synthetic.disorder.fraction", &values)], repetitions, |at| {
        let lost = at[0] * 0.6;
        vec![
            Made {
                completeness: Some(1.0 - lost * 0.5),
                ..Made::new(MicroBatch, 9.5e7 * (1.0 + at[0] * 0.2), 0.4)
            },
            Made {
                completeness: Some(1.0 - lost),
                ..Made::new(PerEvent, 70e3 * (1.0 + at[0] * 3.0), 0.7)
            },
        ]
    })
}

/// A watermark that trails further makes answers more complete, and later; no engine is slower for
/// it.
pub(crate) fn watermark(repetitions: u32) -> RunRecord {
    let values = [("0s", 0.0), ("100ms", 1e8), ("1s", 1e9)];
    swept(&[("query.window.watermark", &values)], repetitions, |at| {
        let (watermark_ns, completeness) = (at[0], Some(1.0 - 0.1 / (1.0 + at[0] / 1e7)));
        vec![
            Made { completeness, watermark_ns, ..Made::new(MicroBatch, 9e7, 0.4) },
            Made { completeness, watermark_ns, ..Made::new(PerEvent, 1e6, 0.7) },
        ]
    })
}

/// Windows of a minute: one engine shares slices, the other copies.
pub(crate) fn slide(repetitions: u32) -> RunRecord {
    let values =
        [("100ms", 1e5), ("300ms", 3e5), ("1s", 1e6), ("6s", 6e6), ("20s", 2e7), ("1min", 6e7)];
    swept(&[("query.window.slide", &values)], repetitions, |at| {
        let overlap = 6e7 / at[0];
        vec![
            Made::new(MicroBatch, 1e8, 0.2 + 0.02 * overlap),
            Made::new(PerEvent, 1e5 * overlap.sqrt(), 0.5 + 0.001 * overlap),
        ]
    })
}

/// Length and slide; where the slide is longer, nothing was run.
pub(crate) fn plane() -> RunRecord {
    let sizes = [("1s", 1e6), ("10s", 1e7), ("1min", 6e7)];
    let slides = [("100ms", 1e5), ("1s", 1e6), ("10s", 1e7), ("1min", 6e7)];
    let axes: [Values<'_>; 2] = [("query.window.size", &sizes), ("query.window.slide", &slides)];
    let mut record = swept(&axes, 3, |at| {
        let overlap = at[0] / at[1];
        let held = overlap < 500.0;
        vec![
            Made { sustained: held, ..Made::new(MicroBatch, 1e8, 0.2 + 0.02 * overlap) },
            Made::new(PerEvent, 1e5, 0.6 + 0.001 * overlap),
        ]
    });
    record.cells.retain(|cell| cell.point[0].number >= cell.point[1].number);
    record
}

/// Skew over four workers, with the highest sustainable rate searched at each exponent.
pub(crate) fn skew() -> RunRecord {
    let values = [("0", 0.0), ("0.4", 0.4), ("0.8", 0.8), ("1.2", 1.2), ("1.6", 1.6)];
    let mut record = swept(&[("source.synthetic.keys.zipf.exponent", &values)], 1, |at| {
        let falls = 1.0 / (1.0 + at[0] * at[0]);
        let limit = |most: f64| Some((most * falls, most * falls * 1.05));
        vec![
            Made { limit: limit(900e3), ..Made::new(MicroBatch, 1e8, 0.4) },
            Made { limit: limit(500e3), ..Made::new(PerEvent, 1e5, 0.7) },
        ]
    });
    for cell in &mut record.cells {
        cell.parallelism = 4;
    }
    for engine in record.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
        engine.repetitions.clear();
        let Some(limit) = &mut engine.limit else { continue };
        let rate_per_s = limit.pass_per_s.unwrap_or_default();
        limit.probes.push(Probe {
            purpose: ProbePurpose::Confirm,
            rate_per_s,
            speed: None,
            outcome: ProbeOutcome::Pass,
            reason: "no growth of the backlog at most".into(),
            window_s: 60.0,
            backlog_slope: Some((0.0, 0.0)),
            p99_ns: None,
            completed_per_s: rate_per_s,
            // Three of the four workers are busy throughout.
            cpu_us_per_event: 3e6 / rate_per_s,
            seed: 1,
        });
    }
    record
}

/// Workers: a law with a contention of 0.05 and a coherence of 0.002, exactly.
pub(crate) fn workers() -> RunRecord {
    let values = [("1", 1.0), ("2", 2.0), ("3", 3.0), ("4", 4.0), ("6", 6.0), ("8", 8.0)];
    let mut record = swept(&[("parallelism", &values)], 1, |at| {
        let n = at[0];
        let law = |lambda: f64| lambda * n / (1.0 + 0.05 * (n - 1.0) + 0.002 * n * (n - 1.0));
        let limit = |lambda: f64| Some((law(lambda), law(lambda) * 1.05));
        vec![
            Made { limit: limit(400e3), ..Made::new(MicroBatch, 1e8, 0.4) },
            Made { limit: limit(300e3), ..Made::new(PerEvent, 1e5, 0.7) },
        ]
    });
    for engine in record.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
        engine.repetitions.clear();
    }
    record
}
