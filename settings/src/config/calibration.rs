//! The cell by which the floor of an engine is measured: the same engine with the same settings, and
//! nothing to compute.

use crate::config::{Traces, load};
use crate::plan::Cell;
use crate::plan::settings::Typed;
use std::time::Duration;

/// What of a cell decides how its events come to an engine and its answers back, besides the engine's
/// own settings.
const WAY: [&str; 4] = ["transport", "kafka", "host", "parallelism"];

/// How an engine is calibrated.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Light {
    /// Events per second.
    pub rate_per_s: f64,
    /// How long it warms up.
    pub warm_up: Duration,
    /// How long it is measured.
    pub duration: Duration,
}

impl Cell {
    /// The built-in scenario that asks nothing, under a light load, for one of this cell's engines: its
    /// settings, its way in and its way out. None if the cell was not made from settings.
    pub fn calibrating(&self, engine: usize, light: Light) -> Option<Self> {
        let own = self.settings.engines.get(engine)?;
        let identity = ["identity".to_owned()];
        // With no engine named: whether this one may run was asked where its own cell was made.
        let plain = load(&identity, &[], &[], Traces::MayBeAbsent).ok()?.cells.swap_remove(0);
        let mut settled = plain.settings;
        settled.engines = vec![own.clone()];
        let of_way = |path: &str| {
            let table = path.split('.').next().unwrap_or(path);
            WAY.contains(&table)
        };
        let way = self.settings.cell.iter().filter(|(path, _)| of_way(path));
        settled.cell.extend(way.map(|(path, value)| (path.clone(), value.clone())));
        let partitions = i128::try_from(self.partitions).ok()?;
        for (path, value) in [
            ("source.synthetic.partitions", Typed::Integer(partitions)),
            ("source.synthetic.rate", Typed::Rate(light.rate_per_s)),
            ("measure.warm_up", Typed::RunTime(light.warm_up)),
            ("measure.duration", Typed::RunTime(light.duration)),
        ] {
            settled.cell.insert(path.to_owned(), value);
        }
        Self::of_settled(&settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Given;
    use crate::plan::{Cpus, EngineKind, Load, RateShape};
    use scenarios::spec::QuerySpec;

    #[test]
    fn it_is_the_same_engine_on_the_same_way_with_nothing_to_compute() {
        let settings = [
            "transport=kafka",
            "kafka.acks=\"1\"",
            "host.engine_cpus=0",
            "parallelism=2",
            "source.words.partitions=3",
            "engine.flink.buffer_timeout=\"7ms\"",
            "engine.storm.open_ports=true",
        ];
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let engines = ["flink", "spark-structured", "storm"].map(str::to_owned);
        let loaded = load(&["word-count".to_owned()], &given, &engines, Traces::MayBeAbsent);
        let cell = loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0);
        let light = Light {
            rate_per_s: 1234.5,
            warm_up: Duration::from_secs(3),
            duration: Duration::from_secs(2),
        };
        for (index, engine) in cell.engines.iter().enumerate() {
            let made = cell.calibrating(index, light).unwrap();
            assert_eq!(made.engines, std::slice::from_ref(engine));
            assert_eq!(made.case.query, QuerySpec::Identity);
            let Load::Synthetic { rate: RateShape::Constant { per_second }, .. } = made.load else {
                panic!("{:?}", made.load)
            };
            assert_eq!(per_second.to_bits(), 1234.5_f64.to_bits());
            assert_eq!((made.partitions, made.parallelism), (3, 2));
            assert_eq!((&made.transport, &made.pinning), (&cell.transport, &cell.pinning));
            assert!(matches!(made.pinning.engine, Cpus::These(_)));
            assert_eq!(made.measure.warm_up, light.warm_up);
            assert_eq!((made.measure.warm_up_floor, made.measure.duration), (None, light.duration));
            assert!(made.thresholds.is_empty());
            // It goes to the process of a repetition by its settings.
            assert_eq!(Cell::of_settled(&made.settings).as_ref(), Some(&made));
        }
        assert!(matches!(cell.engines[0].kind, EngineKind::Flink(_)));
        assert_eq!(cell.calibrating(3, light), None);
    }
}
