//! The embedded micro-batch engine, in this process.

use super::{Nature, nanos, shown};
use crate::verify::{Rule, Told};
use engines::micro_batch::{BatchWindows, MicroBatchConfig};
use engines::{Algorithm, ArrivalClock};
use reports::record::EngineKind;
use settings::plan::WindowDomain;
use settings::plan::units::show_duration;
use std::time::Duration;

/// What is to be known of it before it runs.
pub(super) fn nature(
    interval: Duration,
    windows: WindowDomain,
    algorithm: Algorithm,
    attempts: u32,
) -> Nature {
    let interval_ns = nanos(interval);
    let (rule, domain) = match windows {
        WindowDomain::EventTime => (Rule::Batches { interval_ns }, "event-time"),
        WindowDomain::Batches => (Rule::OverBatches { interval_ns }, "batches"),
    };
    Nature {
        recorded: EngineKind::MicroBatch,
        rule,
        told: Told::All,
        algorithm: algorithm.name(),
        settings: vec![
            ("interval", show_duration(interval)),
            ("windows", domain.to_owned()),
            ("algorithm", algorithm.name().to_owned()),
            ("attempts", attempts.to_string()),
            ("waiting", shown(MicroBatchConfig::default().patience)),
        ],
    }
}

/// How it works, but for its workers.
pub(super) fn config(
    interval: Duration,
    windows: WindowDomain,
    algorithm: Algorithm,
    attempts: u32,
    arrival: ArrivalClock,
) -> MicroBatchConfig {
    MicroBatchConfig {
        interval_ns: nanos(interval),
        windows: match windows {
            WindowDomain::EventTime => BatchWindows::EventTime,
            WindowDomain::Batches => BatchWindows::Batches(arrival),
        },
        algorithm,
        attempts,
        ..MicroBatchConfig::default()
    }
}
