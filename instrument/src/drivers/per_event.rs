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
    (buffer_timeout, buffer_records): (Duration, usize),
    algorithm: Algorithm,
    waiting: Patience,
    strict: bool,
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
            ("strict", strict.to_string()),
        ],
    }
}

/// How it works, but for its workers.
pub(super) fn config(
    (buffer_timeout, buffer_records): (Duration, usize),
    algorithm: Algorithm,
    waiting: Patience,
    strict: bool,
) -> PerEventConfig {
    PerEventConfig {
        buffer_timeout_ns: nanos(buffer_timeout),
        buffer_records,
        algorithm,
        patience: waiting,
        strict,
        ..PerEventConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_reaches_the_engine_and_the_record() {
        for strict in [false, true] {
            let buffers = (Duration::from_millis(2), 7);
            let told = nature(buffers, Algorithm::Auto, Patience::Park, strict).settings;
            assert!(told.contains(&("strict", strict.to_string())), "{told:?}");
            let set = config(buffers, Algorithm::Auto, Patience::Park, strict);
            assert_eq!(
                (set.buffer_timeout_ns, set.buffer_records, set.patience, set.strict),
                (2_000_000, 7, Patience::Park, strict)
            );
        }
    }
}
