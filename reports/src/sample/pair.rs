//! Made-up runs to be held against each other, whose differences are known.

use crate::record::study::Threshold;
use crate::record::{Latency, RunRecord};
use crate::sample;
use std::sync::OnceLock;

/// Two runs of two engines: one scenario became slower, the other did not change.
pub(crate) fn changed() -> (RunRecord, RunRecord) {
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

/// What runs are made from by the hundred: a record without what happened when.
static LEAN: OnceLock<RunRecord> = OnceLock::new();

/// One of them, before anything of it is changed.
pub(super) fn bare() -> RunRecord {
    LEAN.get_or_init(lean).clone()
}

fn lean() -> RunRecord {
    let mut record = sample::record();
    for engine in record.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
        engine.repetitions.truncate(1);
        engine.repetitions[0].batches.clear();
        engine.repetitions[0].timeline.clear();
    }
    record
}

/// A run of so many repetitions that differ by noise alone: 3 % in a tail, 2 % in processor time,
/// 0.5 % in a rate. `slower` makes every engine slower by this factor.
pub(crate) fn run(cells: usize, runs: u32, slower: f64, noise: &mut Noise) -> RunRecord {
    let mut record = bare();
    record.cells.truncate(cells);
    for cell in &mut record.cells {
        for engine in &mut cell.engines {
            let first = engine.repetitions.swap_remove(0);
            engine.repetitions = (1..=runs)
                .map(|rep| {
                    let mut repetition = first.clone();
                    repetition.rep = rep;
                    repetition.seed = Some(42 + u64::from(rep));
                    repetition.input_hash = Some(format!("{rep:016x}"));
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

/// A run a night of two engines on one scenario, each with its folder, at most thirty of them; from
/// the `from`-th on, counted from 0, every engine is slower by this factor.
pub(crate) fn nights(count: usize, from: usize, slower: f64) -> Vec<(RunRecord, String)> {
    let mut noise = Noise(29);
    (0..count)
        .map(|n| {
            let mut record = run(1, 6, if n < from { 1.0 } else { slower }, &mut noise);
            record.started = format!("2026-11-{:02}T02:00:00Z", n + 1);
            record.tool.commit = format!("{:07x}", n + 1);
            (record, format!("nights/{:02}", n + 1))
        })
        .collect()
}

/// A demand on a metric.
pub(crate) fn demand(
    metric: &str,
    below: Option<f64>,
    above: Option<f64>,
    worse_by: Option<f64>,
) -> Threshold {
    let (metric, engine) = (metric.to_owned(), None);
    Threshold { written: format!("{metric} as demanded"), metric, engine, below, above, worse_by }
}

/// Noise that looks random: splitmix64.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    /// Between 0 and 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A factor around 1 with this deviation: the sum of twelve is close to normal.
    pub(crate) fn factor(&mut self, deviation: f64) -> f64 {
        let normal = (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0;
        (normal * deviation).exp()
    }
}

/// Makes a latency so many times as long.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "made-up and small")]
pub(crate) fn scaled(latency: &mut Latency, by: f64) {
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
