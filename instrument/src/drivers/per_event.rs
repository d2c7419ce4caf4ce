//! The embedded per-event engine, in this process.

use super::{Nature, nanos, shown};
use crate::verify::{Rule, Told};
use engines::per_event::PerEventConfig;
use engines::{Algorithm, Patience};
use reports::record::EngineKind;
use settings::plan::units::show_duration;
use std::time::Duration;

/// What is to be known of it before it runs.
pub(super) fn nature(
    buffer_timeout: Duration,
    buffer_records: usize,
    algorithm: Algorithm,
    waiting: Patience,
) -> Nature {
    Nature {
        recorded: EngineKind::PerEvent,
        rule: Rule::Marks,
        told: Told::All,
        algorithm: algorithm.name(),
        settings: vec![
            ("buffer_timeout", show_duration(buffer_timeout)),
            ("buffer_records", buffer_records.to_string()),
            ("algorithm", algorithm.name().to_owned()),
            ("waiting", shown(waiting)),
        ],
    }
}

/// How it works, but for its workers.
pub(super) fn config(
    buffer_timeout: Duration,
    buffer_records: usize,
    algorithm: Algorithm,
    waiting: Patience,
) -> PerEventConfig {
    PerEventConfig {
        buffer_timeout_ns: nanos(buffer_timeout),
        buffer_records,
        algorithm,
        patience: waiting,
        ..PerEventConfig::default()
    }
}
