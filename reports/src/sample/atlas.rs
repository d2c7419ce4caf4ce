//! Made-up maps whose truth is known: what each engine costs and how soon it answers, at each rate and
//! setting.

use super::pair::{Noise, bare, scaled};
use crate::record::study::{Atlas, Axis, Coordinate, Sweep};
use crate::record::{EngineKind, EngineProcess, EngineRecord, RunRecord};

/// What is true of an engine at one of its settings, by the rate.
#[derive(Copy, Clone)]
pub(crate) struct Truth {
    /// Which it is.
    pub(crate) kind: EngineKind,
    /// A setting that differs between its entries: name and value.
    pub(crate) setting: (&'static str, &'static str),
    /// 99th percentile of `result_latency`, in milliseconds.
    pub(crate) p99_ms: fn(f64) -> f64,
    /// Processor time per event, in microseconds.
    pub(crate) cpu_us: fn(f64) -> f64,
    /// The highest rate that it sustains, in events per second.
    pub(crate) limit_per_s: f64,
}

/// Rates of the made-up maps, as they are written.
pub(crate) const RATES: [(&str, f64); 4] =
    [("1k/s", 1e3), ("10k/s", 1e4), ("100k/s", 1e5), ("1M/s", 1e6)];

/// Demands of the made-up maps, in milliseconds.
pub(crate) const LEVELS_MS: [u64; 4] = [5, 30, 200, 1_000];

/// Two engines: batches cost the less the longer they are, and a single event always the same; no
/// engine holds 5 ms at a million a second.
pub(crate) fn truths() -> Vec<Truth> {
    let batches = |value, p99_ms, cpu_us| Truth {
        kind: EngineKind::MicroBatch,
        setting: ("interval", value),
        p99_ms,
        cpu_us,
        limit_per_s: 3e6,
    };
    vec![
        // A batch takes a time of its own, so that it is dear where few events share it.
        batches("20ms", |_| 21.0, |rate| 0.35 + 6_000.0 / rate),
        batches("150ms", |_| 152.0, |rate| 0.30 + 1_000.0 / rate),
        batches("800ms", |_| 805.0, |rate| 0.28 + 600.0 / rate),
        Truth {
            kind: EngineKind::PerEvent,
            setting: ("waiting", "park"),
            p99_ms: |rate| if rate < 5e5 { 1.0 } else { 12.0 },
            cpu_us: |_| 0.6,
            limit_per_s: 3e6,
        },
    ]
}

/// The map of these engines at all rates, with so many repetitions that scatter by this share.
pub(crate) fn mapped(truths: &[Truth], repetitions: u32, scatter: f64) -> RunRecord {
    let mut noise = Noise(17);
    let mut record = bare();
    record.name = "atlas-keyed-window".into();
    record.title = "Events per key and second: by rate".into();
    record.command = "sluicebench atlas my.toml".into();
    record.warnings.clear();
    let like = record.cells.swap_remove(0);
    record.cells.clear();
    for (written, rate) in RATES {
        let mut cell = like.clone();
        cell.name = format!("keyed-window-rate-{}", written.trim_end_matches("/s"));
        cell.point = vec![Coordinate {
            key: "source.synthetic.rate".into(),
            value: written.into(),
            number: Some(rate),
        }];
        let entry = |truth| entry(&like.engines[1], truth, rate, repetitions, scatter, &mut noise);
        cell.engines = truths.iter().map(entry).collect();
        record.cells.push(cell);
    }
    record.sweep = Some(Sweep {
        axes: vec![Axis {
            key: "source.synthetic.rate".into(),
            values: RATES.iter().map(|(written, _)| (*written).to_owned()).collect(),
        }],
        slo: None,
        atlas: Some(Atlas {
            quantile: 0.99,
            levels_ns: LEVELS_MS.iter().map(|ms| ms * 1_000_000).collect(),
            own_rate_per_s: Some(5e4),
            own_most_ns: Some(300_000_000),
        }),
    });
    record
}

fn entry(
    like: &EngineRecord,
    truth: &Truth,
    rate: f64,
    repetitions: u32,
    scatter: f64,
    noise: &mut Noise,
) -> EngineRecord {
    let mut engine = like.clone();
    let first = engine.repetitions.swap_remove(0);
    engine.kind = truth.kind;
    engine.label = format!("{} ({} {})", truth.kind.name(), truth.setting.0, truth.setting.1);
    engine.settings = vec![(truth.setting.0.to_owned(), truth.setting.1.to_owned())];
    engine.interval_s = None;
    let one = |rep: u32| {
        let mut repetition = first.clone();
        repetition.rep = rep;
        repetition.seed = Some(42 + u64::from(rep));
        let result = repetition.result_latency.as_mut().expect("it was measured");
        let p99_ns = (truth.p99_ms)(rate) * 1e6 * noise.factor(scatter);
        let by = p99_ns / result.p99_ns as f64;
        scaled(result, by);
        scaled(repetition.event_latency.as_mut().expect("it was measured"), by);
        repetition.cpu_us_per_event = (truth.cpu_us)(rate) * noise.factor(scatter);
        repetition.process = (!truth.kind.is_embedded()).then(EngineProcess::default);
        let throughput = &mut repetition.throughput;
        throughput.offered_per_s = rate;
        throughput.completed_per_s = rate.min(truth.limit_per_s);
        throughput.sustained = truth.limit_per_s >= rate;
        repetition
    };
    engine.repetitions = (1..=repetitions).map(one).collect();
    engine
}
