//! What is concluded of a backlog that remembers, whose growth is known, if it is looked at for as
//! long as a search would; for tests and for `cargo bench`.

use super::made_up::Noise;
use super::searches::{PER_EVENT, cell};
use crate::studies::limit::DOUBLINGS;
use crate::studies::limit::probe::Terms;
use instrument::bench::{Draining, Measured, Order};
use instrument::measure::latency::Latencies;
use reports::record::study::ProbeOutcome;
use reports::record::{Repetition, VerdictKind};
use statistics::growth::growth;
use std::f64::consts::TAU;
use std::time::Duration;

/// When, and how much waited, both in seconds of the load.
pub(super) type Looks = Vec<(f64, f64)>;

/// A backlog that grows, and goes up and down besides.
#[derive(Copy, Clone, Debug)]
pub(super) struct Backlog {
    /// How long it remembers.
    pub(super) memory_s: f64,
    /// How far it goes up and down, in seconds of the load.
    pub(super) deviation_s: f64,
    /// How fast it grows, as a share of the load.
    pub(super) growth: f64,
}

impl Backlog {
    /// Ten looks a second.
    pub(super) fn looks(self, seed: u64, length_s: u32) -> Looks {
        let mut noise = Noise(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut normal = || {
            let radius = (-2.0 * (1.0 - noise.uniform()).ln()).sqrt();
            radius * (TAU * noise.uniform()).cos()
        };
        let kept = (-0.1 / self.memory_s).exp();
        let mut now = normal();
        (0..length_s * 10)
            .map(|look| {
                now = kept * now + (1.0 - kept * kept).sqrt() * normal();
                let at = f64::from(look) / 10.0;
                (at, self.deviation_s * now + self.growth * at)
            })
            .collect()
    }
}

/// A backlog that rises for `period_s` by this share of the load, and falls to nothing.
pub(super) fn teeth(seed: u64, length_s: u32, period_s: f64, rise: f64) -> Looks {
    let mut noise = Noise(seed);
    let phase = noise.uniform();
    (0..length_s * 10)
        .map(|look| {
            let at = f64::from(look) / 10.0;
            let tooth = rise * period_s * (at / period_s + phase).fract();
            (at, tooth + 0.01 * noise.uniform())
        })
        .collect()
}

/// How often what was concluded.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Chances {
    pub(super) passes: u32,
    pub(super) fails: u32,
    /// How many were in doubt to the end.
    pub(super) doubts: u32,
    /// How many intervals of the first look hold no growth at all, where there is none.
    pub(super) held: u32,
}

/// What is concluded of what `looks` gives for each seed and length in seconds.
pub(super) fn chances(seeds: std::ops::Range<u64>, looks: impl Fn(u64, u32) -> Looks) -> Chances {
    let mut sound = sound();
    let mut chances = Chances::default();
    for seed in seeds {
        let mut concluded = ProbeOutcome::Unknown;
        for doubling in 0..=DOUBLINGS {
            // A longer look is another look.
            let growth = growth(&looks(seed * 8 + u64::from(doubling), 60 << doubling));
            let bounds = growth.map(|growth| (growth.low, growth.high));
            if doubling == 0 {
                let holds = bounds.is_some_and(|(low, high)| low <= 0.0 && high >= 0.0);
                chances.held += u32::from(holds);
            }
            sound.throughput.backlog_slope = bounds;
            let judgement = Terms {
                interval: None,
                draining: Draining::Within(Duration::from_secs(2)),
                slo: None,
            }
            .judge(&sound);
            if !judgement.in_doubt {
                concluded = judgement.outcome;
                break;
            }
        }
        match concluded {
            ProbeOutcome::Pass => chances.passes += 1,
            ProbeOutcome::Fail => chances.fails += 1,
            ProbeOutcome::Unknown | ProbeOutcome::NotOffered => chances.doubts += 1,
        }
    }
    chances
}

/// A repetition of which only the backlog is in question.
pub(super) fn sound() -> Repetition {
    let cell = cell(1);
    let order = Order {
        cell: &cell,
        engine: PER_EVENT,
        rep: 1,
        seed: 1,
        files: None,
        keep_results: false,
        simulate: false,
    };
    let mut repetition = Measured::nothing(&order, VerdictKind::Verified, String::new()).repetition;
    let mut values = Latencies::default();
    values.record_n(50_000_000, 1000);
    repetition.result_latency = values.recorded();
    repetition.p99_ns_thirds = Some([70, 50, 54]);
    repetition.throughput.backlog_slope = Some((-0.02, 0.009));
    repetition.throughput.drain_s = 1.9;
    repetition
}
