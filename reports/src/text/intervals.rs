//! What a sentence about latencies says of the intervals that batches were set to.

use crate::judge::compare::{Outcome, compare_all};
use crate::judge::metrics::RESULT_LATENCY_P99;
use crate::quantity;
use crate::record::{EngineKind, EngineRecord, RunRecord};
use crate::words::{listed, span};
use std::fmt::Write as _;

/// The latency of a batch is above all the interval somebody chose. Where one is held against an
/// engine that makes none, a reader must know that beside the figure, and whose interval it is.
pub(super) fn beside(record: &RunRecord, mut sentence: String) -> String {
    let outcomes = compare_all(record, RESULT_LATENCY_P99);
    // Where the interval is all of the difference, a sentence of its own says so.
    let is_told =
        |outcome: &Outcome<'_>| !matches!(outcome, Outcome::Interval { .. } | Outcome::NoContest);
    let told = || record.cells.iter().zip(&outcomes).filter(|(_, outcome)| is_told(outcome));
    let engines = || told().flat_map(|(cell, _)| &cell.engines);
    if engines().all(|engine| engine.kind == EngineKind::MicroBatch) {
        return sentence;
    }
    let shown = |seconds: f64| quantity::tick(&quantity::seconds(seconds));
    let kinds: Vec<EngineKind> =
        engines().filter(|it| it.batch_every_s().is_some()).map(|engine| engine.kind).collect();
    let first = |(at, kind): &(usize, &EngineKind)| !kinds[..*at].contains(kind);
    let each: Vec<(&str, String)> = kinds
        .iter()
        .enumerate()
        .filter(first)
        .filter_map(|(_, kind)| {
            let of_kind = engines().filter(|engine| engine.kind == *kind);
            Some((kind.name(), span(of_kind.filter_map(EngineRecord::batch_every_s), shown)?))
        })
        .collect();
    let said = match each.as_slice() {
        [] => return sentence,
        [(name, every)] => format!("{name} answers by the batch, and was set to one every {every}"),
        several => {
            let each: Vec<String> = several
                .iter()
                .map(|(name, every)| format!("{name} to one every {every}"))
                .collect();
            let each: Vec<&str> = each.iter().map(String::as_str).collect();
            format!("what answers by the batch was set to an interval: {}", listed(&each))
        }
    };
    sentence.truncate(sentence.trim_end_matches('.').len());
    let _ = write!(sentence, "; {said}.");
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use crate::text::verdict::verdict;

    #[test]
    fn an_interval_is_told_of_whoever_was_set_to_it() {
        let mut record = sample::record();
        record.cells.truncate(1);
        record.cells[0].engines[0].interval_s = Some(0.1);
        // None of ours takes part.
        for (engine, kind) in
            record.cells[0].engines.iter_mut().zip([EngineKind::SparkDstream, EngineKind::Flink])
        {
            engine.label = kind.name().to_owned();
            engine.kind = kind;
        }
        let sooner = |record: &RunRecord| {
            let told = |sentence: &String| sentence.contains(" answers sooner in ");
            verdict(record).into_iter().find(told).unwrap_or_default()
        };
        insta::assert_snapshot!(sooner(&record), @"Flink answers sooner in word-count: p99 of result_latency 7 040 times lower (75.8 µs against 533 ms); spark-dstream answers by the batch, and was set to one every 100 ms.");
        let mut ours = sample::record().cells[0].engines[0].clone();
        ours.interval_s = Some(0.09);
        record.cells[0].engines.push(ours);
        insta::assert_snapshot!(sooner(&record), @"Flink answers sooner in word-count: p99 of result_latency 7 040 times lower (75.8 µs against 533 ms of spark-dstream); what answers by the batch was set to an interval: spark-dstream to one every 100 ms and micro-batch to one every 90 ms.");
    }
}
