//! A figure of one engine at one value: its median over repetitions, with how far it may lie aside.

use crate::judge::compare::may_be_ranked;
use crate::judge::metrics::{CPU_PER_EVENT, RESULT_LATENCY_P99};
use crate::judge::summary::Summary;
use crate::record::study::{Limit, LimitOutcome};
use crate::record::{EngineRecord, Latency};
use statistics::bootstrap;

/// A figure over an engine's verified repetitions.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Figure {
    pub(super) middle: f64,
    /// 95 % interval of the median, from six repetitions on.
    pub(super) interval: Option<(f64, f64)>,
    pub(super) all: Vec<f64>,
}

impl Figure {
    pub(super) fn of(values: Vec<f64>) -> Option<Self> {
        let summary = Summary::of(values)?;
        let interval = bootstrap::median_interval(&summary.points, SEED);
        Some(Self { middle: summary.median, interval, all: summary.points })
    }

    /// From where to where it may lie: its interval, or else all that was measured.
    pub(super) fn reach(&self) -> (f64, f64) {
        let all = || self.all.iter().copied().chain([self.middle]);
        self.interval
            .unwrap_or_else(|| (all().fold(f64::MAX, f64::min), all().fold(f64::MIN, f64::max)))
    }
}

/// The same record is always drawn in the same way.
const SEED: u64 = 42;

pub(super) fn p99(engine: &EngineRecord) -> Option<Figure> {
    Figure::of(RESULT_LATENCY_P99.figures(engine))
}

/// How long an answer came after the latest event in it: with the wait for the watermark, which
/// `result_latency` leaves out.
pub(super) fn event_p99(engine: &EngineRecord) -> Option<Figure> {
    let of = crate::judge::summary::verified(engine).filter_map(|r| r.event_latency.as_ref());
    let of = of.filter_map(Latency::p99).map(|ns| ns as f64);
    Figure::of(of.collect())
}

pub(super) fn p50(engine: &EngineRecord) -> Option<Figure> {
    latency(engine, Latency::p50)
}

pub(super) fn p90(engine: &EngineRecord) -> Option<Figure> {
    latency(engine, Latency::p90)
}

pub(super) fn slowest(engine: &EngineRecord) -> Option<Figure> {
    latency(engine, |latency| Some(latency.max_ns))
}

fn latency(engine: &EngineRecord, of: fn(&Latency) -> Option<u64>) -> Option<Figure> {
    let all = crate::judge::summary::verified(engine).filter_map(|r| r.result_latency.as_ref());
    Figure::of(all.filter_map(of).map(|ns| ns as f64).collect())
}

pub(super) fn cpu(engine: &EngineRecord) -> Option<Figure> {
    Figure::of(CPU_PER_EVENT.figures(engine))
}

/// The same where it is the cost of work, and can be held against another engine's.
pub(super) fn cpu_of_work(engine: &EngineRecord) -> Option<Figure> {
    cpu(engine).filter(|_| may_be_ranked(engine, &CPU_PER_EVENT))
}

/// The highest sustainable rate that was found, and the lowest above it that was not.
pub(super) fn limit(engine: &EngineRecord) -> Option<Figure> {
    let limit = engine.limit.as_ref().filter(|limit| is_known(limit))?;
    let middle = limit.pass_per_s?;
    let interval = limit.fail_per_s.map(|fail| (middle, fail));
    Some(Figure { middle, interval, all: vec![middle] })
}

/// The same where it was found, and is not merely more than was tried: what can be divided by.
pub(super) fn limit_found(engine: &EngineRecord) -> Option<Figure> {
    limit(engine).filter(|_| !is_bound(engine))
}

/// Whether a search only knows that an engine sustains at least so much.
pub(super) fn is_bound(engine: &EngineRecord) -> bool {
    engine.limit.as_ref().is_some_and(|limit| limit.outcome == LimitOutcome::AtLeast)
}

fn is_known(limit: &Limit) -> bool {
    limit.outcome != LimitOutcome::Unknown
}
