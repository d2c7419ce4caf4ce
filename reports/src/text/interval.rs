//! Where an engine is later than another by the interval of its batches alone: one sentence, and no
//! winner, since that was known before anything ran.

use crate::judge::compare::{Outcome, compare_all};
use crate::judge::interval_wait::IntervalWait;
use crate::judge::lost::aside;
use crate::judge::metrics::RESULT_LATENCY_P99;
use crate::quantity;
use crate::record::{EngineRecord, RunRecord};
use crate::words::{capitalised, of_all, span};

/// A scenario in which the interval explains the difference.
struct Place<'a> {
    cell: &'a str,
    sooner: &'a EngineRecord,
    later: &'a EngineRecord,
    figures: (f64, f64),
}

/// In which scenarios the difference is the interval, with the figures; none where it is in none.
pub(super) fn sentence(record: &RunRecord) -> Option<String> {
    let outcomes = compare_all(record, RESULT_LATENCY_P99);
    let contests = outcomes.iter().filter(|outcome| **outcome != Outcome::NoContest).count();
    let mut pairs: Vec<Vec<Place<'_>>> = Vec::new();
    for (cell, outcome) in record.cells.iter().zip(outcomes) {
        let Outcome::Interval { engine, figure, next, next_figure } = outcome else { continue };
        let place =
            Place { cell: &cell.name, sooner: engine, later: next, figures: (figure, next_figure) };
        let is_same = |pair: &&mut Vec<Place<'_>>| {
            pair[0].sooner.label == engine.label && pair[0].later.label == next.label
        };
        match pairs.iter_mut().find(is_same) {
            Some(pair) => pair.push(place),
            None => pairs.push(vec![place]),
        }
    }
    let parts: Vec<String> = pairs.iter().map(|pair| part(pair, contests)).collect();
    (!parts.is_empty()).then(|| capitalised(&parts.join("; ")) + ".")
}

/// Of two engines, of which the later one's interval explains the difference in these places.
fn part(places: &[Place<'_>], contests: usize) -> String {
    let show = |ns: f64| RESULT_LATENCY_P99.show(ns);
    let over = |figure: fn(&Place<'_>) -> f64| span(places.iter().map(figure), show);
    let waits: Vec<IntervalWait> =
        places.iter().filter_map(|place| IntervalWait::of(place.later)).collect();
    let most = span(waits.iter().map(|wait| wait.most_ns()), |ns| quantity::tick(&show(ns)));
    let is_two = waits.iter().any(|wait| wait.batches > 1);
    let place = match places {
        [only] => format!("in {}", only.cell),
        several => format!("in {} scenarios", of_all(several.len(), contests)),
    };
    format!(
        "the difference in {} is the interval of {} {place}: {} against {} of {}, where an answer waits \
         for its batch{} for up to {}, and until that is computed{}",
        RESULT_LATENCY_P99.words,
        places[0].later.label,
        over(|place| place.figures.1).unwrap_or_default(),
        over(|place| place.figures.0).unwrap_or_default(),
        places[0].sooner.label,
        if is_two { " and the next one" } else { "" },
        most.unwrap_or_default(),
        match aside(places.iter().map(|place| place.sooner)) {
            lost if lost.is_empty() => lost,
            lost => format!("; {} is sooner{lost}", places[0].sooner.label),
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::EngineKind;
    use crate::sample;

    #[test]
    fn the_interval_is_said_once_for_all_scenarios_and_not_where_it_explains_nothing() {
        let mut record = sample::record();
        insta::assert_snapshot!(sentence(&record).unwrap(), @"The difference in p99 of result_latency is the interval of micro-batch in all 3 scenarios: 113 ms to 533 ms against 75.8 µs of per-event, where an answer waits for its batch for up to 100 ms to 500 ms, and until that is computed.");
        record.cells.truncate(1);
        insta::assert_snapshot!(sentence(&record).unwrap(), @"The difference in p99 of result_latency is the interval of micro-batch in word-count: 533 ms against 75.8 µs of per-event, where an answer waits for its batch for up to 500 ms, and until that is computed.");
        // An engine that takes half a second where its batches are a tenth of one is late itself.
        record.cells[0].engines[0].interval_s = Some(0.1);
        assert_eq!(sentence(&record), None);
        assert_eq!(sentence(&sample::variants()), None, "of two settings with one interval");
        // Windows of one that begins batches by a trigger wait for two of them.
        let engine = &mut record.cells[0].engines[0];
        (engine.label, engine.kind) = ("spark-structured".into(), EngineKind::SparkStructured);
        (engine.interval_s, engine.trigger_s) = (None, Some(0.3));
        for repetition in &mut engine.repetitions {
            repetition.verdict.completeness = Some(1.0);
        }
        insta::assert_snapshot!(sentence(&record).unwrap(), @"The difference in p99 of result_latency is the interval of spark-structured in word-count: 533 ms against 75.8 µs of per-event, where an answer waits for its batch and the next one for up to 600 ms, and until that is computed.");
    }
}
