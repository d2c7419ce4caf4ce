//! What keeps answers from being complete: whom it costs most, in a clause of the verdict.

use super::verdict::{engines_in, shortened};
use crate::judge::summary::verified;
use crate::quantity;
use crate::record::{EngineRecord, RunRecord};
use crate::words::listed;
use std::collections::BTreeSet;

/// What the settings of an engine say of its windows where an event belongs to the one in which it
/// arrived, by the engine's own clock: no order of the input is good enough for those of event time.
pub const BY_ARRIVAL: &str = "batches, by when events arrived";

/// Whom it costs the most that events count elsewhere, and what does. As many places as the figure has when it is shown decide: where
/// several have the same, none of them has the most.
pub(super) fn costs(record: &RunRecord) -> Option<String> {
    let windowed: Vec<(&str, &EngineRecord, f64)> = engines_in(record)
        .filter_map(|(cell, engine)| {
            let all = verified(engine).filter_map(|r| r.verdict.completeness);
            Some((cell, engine, all.min_by(f64::total_cmp)?))
        })
        .collect();
    let (.., least) = windowed.iter().min_by(|a, b| a.2.total_cmp(&b.2))?;
    if *least >= 1.0 {
        return None;
    }
    let shown = quantity::completeness(*least);
    let alike = |one: &&(&str, &EngineRecord, f64)| quantity::completeness(one.2) == shown;
    let lowest: Vec<_> = windowed.iter().filter(alike).collect();
    // Of one there is no most.
    let how = match (lowest.len(), windowed.len()) {
        (1, 1) => "",
        (1, _) => " most",
        _ => " alike",
    };
    // In order or not, what goes by arrival counts where it came.
    let is_by_arrival = |(_, engine, _): &&(&str, &EngineRecord, f64)| {
        let is_so = |(name, value): &(String, String)| name == "windows" && value == BY_ARRIVAL;
        engine.settings.iter().any(is_so)
    };
    let cause = if lowest.iter().copied().all(|one| is_by_arrival(&one)) {
        "going by arrival"
    } else {
        "disorder"
    };
    let mut places: Vec<(&str, Vec<&str>)> = Vec::new();
    for (cell, engine, _) in lowest {
        match places.iter_mut().find(|(known, _)| known == cell) {
            Some((_, engines)) => engines.push(&engine.label),
            None => places.push((cell, vec![&engine.label])),
        }
    }
    let places: Vec<String> =
        places.iter().map(|(cell, engines)| format!("{} in {cell}", listed(engines))).collect();
    Some(format!(
        "{cause} costs {}{how}, where {shown} of the events count in the windows they belong to",
        shortened(&places)
    ))
}

/// Whether engines of one scenario differ in how complete their answers are, in as many places as are shown.
pub(super) fn differs(record: &RunRecord) -> bool {
    record.cells.iter().any(|cell| {
        let of = |engine: &EngineRecord| {
            let all = verified(engine).filter_map(|r| r.verdict.completeness);
            all.min_by(f64::total_cmp).map(quantity::completeness)
        };
        let shown: BTreeSet<String> = cell.engines.iter().filter_map(of).collect();
        shown.len() > 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn what_goes_by_arrival_is_not_blamed_on_disorder() {
        let mut record = sample::record();
        record.cells.remove(0);
        record.cells.truncate(1);
        let said = |record: &RunRecord| costs(record).unwrap();
        assert!(said(&record).starts_with("disorder costs micro-batch"), "{}", said(&record));
        let windows = ("windows".to_owned(), BY_ARRIVAL.to_owned());
        record.cells[0].engines[0].settings.push(windows);
        assert!(said(&record).starts_with("going by arrival costs"), "{}", said(&record));
        // Two that are alike, of which one goes by event time.
        for engine in &mut record.cells[0].engines {
            for repetition in &mut engine.repetitions {
                repetition.verdict.completeness = Some(0.5);
            }
        }
        assert!(said(&record).starts_with("disorder costs"), "{}", said(&record));
    }
}
