//! The settings of each engine that a map over demands tries: for each demand the one by which it
//! collects for as long as that allows, and the user's own.
//!
//! What an engine collects for is what it trades latency for. Tried at one value for each demand, no
//! engine is set worse than another for want of trying, and no value is tried that none of the demands
//! asks for. How per-event waits is tried in every way, since a worker that is woken for each event costs
//! another one than a worker that spins. All else is as the user has set it.

use super::field::{is_waiting_told, parked, spaces};
use super::space::{Axis, Ground, WAITING};
use crate::studies::limit::probe::Slo;
use settings::config::diagnostic::Rejected;
use settings::config::{Loaded, Variant};
use settings::plan::settings::Typed;
use settings::plan::{Cell, Load, RateShape};
use std::time::Duration;

/// How much of what is demanded something may be collected for: the rest is for the work.
const COLLECTED: f64 = 0.8;

/// The first cell of these with every engine at settings for these demands, of which there is at least
/// one. Per-event is parked while it waits, unless somebody has said how it waits.
pub fn spread(loaded: &mut Loaded, demands: &[Slo]) -> Result<Cell, Rejected> {
    let is_parked = !is_waiting_told(loaded);
    let cell = loaded.cells.swap_remove(0);
    let cell = if is_parked { parked(&cell)? } else { cell };
    let rate_per_s = match &cell.load {
        Load::Synthetic { rate: RateShape::Constant { per_second }, .. } => *per_second,
        Load::Synthetic { rate, .. } => rate.most_within(1.0),
        Load::Trace => 0.0,
    };
    let by_most = |a: &&Slo, b: &&Slo| a.most_ns.cmp(&b.most_ns);
    let lenient: Vec<Slo> = demands.iter().max_by(by_most).copied().into_iter().collect();
    let strictest = demands.iter().min_by(by_most).map_or(0, |slo| slo.most_ns);
    let ground = Ground {
        shortest: Duration::from_nanos(strictest / 2),
        ..Ground::new(&cell, &lenient, rate_per_s, is_parked)
    };
    let mut variants: Vec<Variant> = Vec::new();
    for space in spaces(&ground) {
        variants.extend(space.own(&cell));
        let trades = |axis: &Axis| axis.knob.is_collecting || axis.knob.key == WAITING;
        for (number, axis) in space.axes.iter().enumerate().filter(|(_, axis)| trades(axis)) {
            let levels = levels(axis, demands).into_iter();
            variants.extend(levels.filter_map(|level| space.moved(&cell, number, level)));
        }
    }
    cell.on(&variants)
}

/// The values of an axis, by number and but for its own, that one of the demands asks for: of lengths
/// the longest that each allows, and of all else every one.
fn levels(axis: &Axis, demands: &[Slo]) -> Vec<usize> {
    let allows = |slo: &Slo, level: &Typed| match level {
        Typed::RunTime(length) => *length <= Duration::from_nanos(slo.most_ns).mul_f64(COLLECTED),
        _ => true,
    };
    let is_length = axis.levels.iter().any(|level| matches!(level, Typed::RunTime(_)));
    let mut levels: Vec<usize> = if is_length {
        let longest = |slo: &Slo| axis.levels.iter().rposition(|level| allows(slo, level));
        demands.iter().filter_map(longest).collect()
    } else {
        (0..axis.levels.len()).collect()
    };
    levels.sort_unstable();
    levels.dedup();
    levels.retain(|level| *level != axis.own);
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::config::{self, Given, Traces};

    fn labels(engines: &[&str], settings: &[&str], most_ms: &[u64]) -> Vec<String> {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let engines: Vec<_> = engines.iter().map(|name| (*name).to_owned()).collect();
        let names = ["keyed-window".to_owned()];
        let loaded = config::load(&names, &given, &engines, Traces::MayBeAbsent);
        let mut loaded = loaded.unwrap_or_else(|rejected| panic!("{rejected}"));
        let demand = |ms: &u64| Slo { quantile: 0.99, most_ns: ms * 1_000_000 };
        let demands: Vec<Slo> = most_ms.iter().map(demand).collect();
        let cell = spread(&mut loaded, &demands).unwrap_or_else(|rejected| panic!("{rejected}"));
        cell.engines.into_iter().map(|engine| engine.label).collect()
    }

    #[test]
    fn batches_are_as_long_as_each_demand_allows_and_as_the_user_has_set_them() {
        let own = ["engine.micro-batch.interval=90ms"];
        let told = labels(&["micro-batch", "per-event"], &own, &[5, 50, 500]);
        let want = [
            "micro-batch",
            "micro-batch (interval 4ms)",
            "micro-batch (interval 40ms)",
            "micro-batch (interval 400ms)",
            "per-event (park)",
            "per-event (waiting spin-then-park)",
        ];
        assert_eq!(told, want);
    }

    #[test]
    fn no_batch_is_longer_than_what_five_of_fit_into_a_run() {
        let told = labels(&["micro-batch"], &["measure.duration=2s"], &[20, 100_000]);
        assert!(told.contains(&"micro-batch (interval 400ms)".to_owned()), "{told:?}");
        assert_eq!(told.len(), 3, "{told:?}");
    }

    #[test]
    fn how_somebody_lets_an_engine_wait_is_kept() {
        let told = labels(&["per-event"], &["engine.per-event.waiting=spin"], &[20]);
        assert_eq!(told, ["per-event"]);
    }

    #[test]
    fn what_is_counted_is_tried_at_every_value_and_nothing_else_is() {
        let told = labels(&["flink"], &[], &[10, 200]);
        let want = ["flink", "flink (timeout 5ms)"];
        assert_eq!(told[..2], want, "{told:?}");
        let reuse = told.iter().filter(|label| label.contains("reuse")).count();
        assert_eq!(reuse, 0, "it trades nothing: {told:?}");
        let open = ["engine.storm.open_ports=true"];
        let storm = labels(&["storm"], &open, &[10, 200]);
        assert!(
            storm.len() >= 6 && storm.iter().all(|label| !label.contains("ackers")),
            "{storm:?}"
        );
    }
}
