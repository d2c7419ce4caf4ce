//! What is demanded, who holds it, and at which cost: the sentence that leads a verdict where a
//! scenario has demands on its answers.

use super::verdict::shortened;
use crate::judge::advice::{Demand, Met};
use crate::judge::compare::{may_be_ranked, middle};
use crate::judge::demands::{demands, holding};
use crate::judge::metrics::CPU_PER_EVENT;
use crate::record::{CellRecord, EngineRecord, RunRecord};
use crate::words::{capitalised, listed, span};

/// An engine, and where it stands to one and the same demand: cell by cell.
struct Stands<'a> {
    label: &'a str,
    at: Vec<(&'a CellRecord, &'a EngineRecord, Met)>,
}

/// Who holds what is demanded, and at which processor time per event; none where nothing is demanded of
/// the answers. Demands that are the same words are one.
pub(super) fn sentence(record: &RunRecord) -> Option<String> {
    let mut asked: Vec<(String, Vec<Stands<'_>>)> = Vec::new();
    for cell in &record.cells {
        for engine in &cell.engines {
            let Some(holding) = holding(cell, engine) else { continue };
            let words: Vec<String> = demands(cell, engine).iter().map(Demand::words).collect();
            let words = listed(&words.iter().map(String::as_str).collect::<Vec<_>>());
            let at = asked.iter().position(|(known, _)| *known == words).unwrap_or_else(|| {
                asked.push((words, Vec::new()));
                asked.len() - 1
            });
            let engines = &mut asked[at].1;
            let of = engines.iter().position(|stands| stands.label == engine.label);
            let of = of.unwrap_or_else(|| {
                engines.push(Stands { label: &engine.label, at: Vec::new() });
                engines.len() - 1
            });
            engines[of].at.push((cell, engine, holding.met));
        }
    }
    let parts: Vec<String> = asked
        .into_iter()
        .map(|(words, engines)| {
            let engines: Vec<String> = engines.iter().map(|stands| told(record, stands)).collect();
            format!("demanded is {words}: {}", engines.join("; "))
        })
        .collect();
    (!parts.is_empty()).then(|| capitalised(&parts.join(". And ")) + ".")
}

/// Where an engine holds a demand and at which cost, where it is not sure to, and where it misses it.
fn told(record: &RunRecord, stands: &Stands<'_>) -> String {
    let of = |met: Met| stands.at.iter().filter(move |(.., own)| *own == met);
    let places = |met: Met| {
        let names: Vec<String> = of(met).map(|(cell, ..)| cell.name.clone()).collect();
        let few: Vec<&str> = names.iter().map(String::as_str).collect();
        match names.len() {
            0 => None,
            all if all > 1 && all == record.cells.len() => Some("everywhere".to_owned()),
            1..=3 => Some(format!("in {}", listed(&few))),
            _ => Some(format!("in {}", shortened(&names))),
        }
    };
    let cost = |met: Met| {
        let known = of(met).filter(|(_, engine, _)| may_be_ranked(engine, &CPU_PER_EVENT));
        let costs = known.filter_map(|(_, engine, _)| middle(engine, CPU_PER_EVENT));
        let cost = span(costs, |us| CPU_PER_EVENT.show(us));
        cost.map_or_else(String::new, |cost| format!(" at {cost} of CPU per event"))
    };
    let clauses = [
        (Met::Surely, "holds it"),
        (Met::Perhaps, "is not sure to hold it"),
        (Met::Misses, "misses it"),
    ];
    let clauses: Vec<String> = clauses
        .into_iter()
        .filter_map(|(met, does)| {
            let cost = if met == Met::Misses { String::new() } else { cost(met) };
            Some(format!("{does} {}{cost}", places(met)?))
        })
        .collect();
    let clauses: Vec<&str> = clauses.iter().map(String::as_str).collect();
    format!("{} {}", stands.label, listed(&clauses))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::study::Threshold;
    use crate::sample;

    fn most(p99_ns: f64) -> Threshold {
        Threshold {
            metric: "result_latency.p99".into(),
            engine: None,
            below: Some(p99_ns),
            above: None,
            worse_by: None,
            written: String::new(),
        }
    }

    #[test]
    fn who_holds_a_demand_is_said_with_the_cost_and_who_misses_it_without() {
        let mut record = sample::record();
        assert_eq!(sentence(&record), None, "nothing is demanded");
        record.cells.iter_mut().for_each(|cell| cell.thresholds = vec![most(300e6)]);
        insta::assert_snapshot!(sentence(&record).unwrap(), @"Demanded is a p99 of at most 300 ms: micro-batch holds it in disorder and identity at 435 ns of CPU per event and misses it in word-count; per-event holds it everywhere at 700 ns of CPU per event.");
        // One repetition shows no scatter, and what was not demanded is not judged.
        record.cells.truncate(2);
        record.cells[0].thresholds.clear();
        record.cells[1].engines[0].repetitions.truncate(1);
        insta::assert_snapshot!(sentence(&record).unwrap(), @"Demanded is a p99 of at most 300 ms: micro-batch is not sure to hold it in disorder at 422 ns of CPU per event; per-event holds it in disorder at 700 ns of CPU per event.");
    }

    #[test]
    fn what_spinning_costs_is_no_cost_of_who_holds_it() {
        let mut record = sample::record();
        record.cells.truncate(1);
        record.cells[0].thresholds = vec![most(100e6)];
        let spins = ("waiting".to_owned(), "spin".to_owned());
        record.cells[0].engines[1].settings.push(spins);
        insta::assert_snapshot!(sentence(&record).unwrap(), @"Demanded is a p99 of at most 100 ms: micro-batch misses it in word-count; per-event holds it in word-count.");
    }
}
