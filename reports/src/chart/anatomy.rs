//! Where the time of an answer went, from its latest contributing event to its emission.
//!
//! A stacked bar per engine and class of answers, from zero and on one scale: the same parts for
//! every engine, adding up to the whole. Only means are stacked, since the parts of a percentile
//! do not add up to it. An engine whose answers were not sampled has no bar.

use super::description::{Axis, Data, Description, Picture, Row, Rows, Unit};
use super::palette::PARTS;
use crate::judge::summary::verified;
use crate::quantity::{self, nanoseconds};
use crate::record::study::{Anatomy, AnatomyRow};
use crate::record::{CellRecord, EngineRecord};
use crate::words::capitalised;

/// One engine's answers of one class, over its repetitions.
struct Bar<'a> {
    engine: &'a EngineRecord,
    class: AnatomyRow,
}

/// None if nothing was sampled, or nothing took any time.
pub(super) fn chart(cell: &CellRecord) -> Option<Description> {
    let parts = cell
        .engines
        .iter()
        .flat_map(verified)
        .find_map(|repetition| Some(repetition.anatomy.as_ref()?.parts.clone()))?;
    let bars: Vec<Bar<'_>> = cell
        .engines
        .iter()
        .flat_map(|engine| {
            classes(engine, &parts).into_iter().map(move |class| Bar { engine, class })
        })
        .collect();
    if bars.iter().all(|bar| bar.class.whole_ns <= 0.0) {
        return None;
    }
    let header = ["engine", "answers", "sampled", "whole"].into_iter().map(String::from);
    let rows = bars.iter().map(|Bar { engine, class }| {
        let named = [
            engine.label.clone(),
            class.class.clone(),
            quantity::count(class.answers),
            nanoseconds(class.whole_ns),
        ];
        named.into_iter().chain(class.parts_ns.iter().map(|ns| nanoseconds(*ns))).collect()
    });
    let data = Data { header: header.chain(parts.iter().cloned()).collect(), rows: rows.collect() };
    Some(Description {
        name: "anatomy".into(),
        title: finding(&bars, &parts),
        definition: "Mean length of each part of event_latency: from the due time of the latest \
                     contributing event to the answer's emission, for sampled answers."
            .into(),
        picture: Picture::Rows(drawn(&bars, &parts)),
        notes: vec![
            "The parts add up to the whole. Watermark bound: until an event arrived that made the \
             answer final. A part without an entry took no time; the table has every part."
                .into(),
        ],
        data,
    })
}

/// An engine's classes with all of its verified repetitions in them, each by its answers: a mean
/// over several runs is that of all their answers.
fn classes(engine: &EngineRecord, parts: &[String]) -> Vec<AnatomyRow> {
    let mut merged: Vec<AnatomyRow> = Vec::new();
    let alike = |anatomy: &&Anatomy| anatomy.parts == parts;
    let sampled = verified(engine).filter_map(|repetition| repetition.anatomy.as_ref());
    for row in sampled.filter(alike).flat_map(|anatomy| &anatomy.rows) {
        if row.answers == 0 || row.parts_ns.len() != parts.len() {
            continue;
        }
        let Some(into) = merged.iter_mut().find(|known| known.class == row.class) else {
            merged.push(row.clone());
            continue;
        };
        let answers = into.answers + row.answers;
        let share = row.answers as f64 / answers as f64;
        let towards = |mean: &mut f64, other: f64| *mean += (other - *mean) * share;
        for (mean, other) in into.parts_ns.iter_mut().zip(&row.parts_ns) {
            towards(mean, *other);
        }
        towards(&mut into.whole_ns, row.whole_ns);
        into.answers = answers;
    }
    merged
}

/// What most of each engine's time is spent on.
fn finding(bars: &[Bar<'_>], parts: &[String]) -> String {
    let mut said: Vec<&str> = Vec::new();
    let mut findings = Vec::new();
    for Bar { engine, class } in bars {
        // The first class is that of all answers.
        if said.contains(&engine.label.as_str()) {
            continue;
        }
        said.push(&engine.label);
        let most = parts.iter().zip(&class.parts_ns).max_by(|a, b| a.1.total_cmp(b.1));
        if let Some((part, ns)) = most.filter(|(_, ns)| **ns > 0.0) {
            let share = quantity::fraction(ns / class.whole_ns);
            let whole = nanoseconds(class.whole_ns);
            findings.push(format!("{} waits {whole}, {share} of it {part}", engine.label));
        }
    }
    capitalised(&findings.join("; "))
}

fn drawn(bars: &[Bar<'_>], parts: &[String]) -> Rows {
    let row = |Bar { engine, class }: &Bar<'_>| {
        let whole = nanoseconds(class.whole_ns);
        let bar = class.parts_ns.iter().enumerate().filter(|(_, ns)| **ns > 0.0);
        Row {
            label: format!("{}, {} of its answers: {whole}", engine.label, class.class),
            bar: bar.map(|(part, ns)| (fill(part).to_owned(), *ns)).collect(),
            ..Row::default()
        }
    };
    let longest = bars.iter().map(|bar| bar.class.whole_ns).fold(0.0, f64::max);
    let took_time =
        |(part, _): &(usize, &String)| bars.iter().any(|b| b.class.parts_ns[*part] > 0.0);
    let taken = parts.iter().enumerate().filter(took_time);
    Rows {
        heading: "mean time, from zero".into(),
        x: Axis::linear("mean time", Unit::Nanoseconds, (0.0, longest * 1.03)),
        legend: taken.map(|(part, name)| (fill(part).to_owned(), name.clone())).collect(),
        figures: bars.iter().map(row).collect(),
    }
}

fn fill(part: usize) -> &'static str {
    PARTS[part % PARTS.len()]
}

#[cfg(test)]
mod tests {
    use super::super::Chart;
    use super::*;
    use crate::sample;

    fn row(class: &str, answers: u64, batch_wait: f64, compute: f64) -> AnatomyRow {
        let parts_ns = vec![1e6, 0.0, 0.0, batch_wait, 0.0, compute, 0.0];
        AnatomyRow { class: class.into(), answers, whole_ns: parts_ns.iter().sum(), parts_ns }
    }

    /// The made-up run's first cell, whose engines wait as engines do.
    fn cell() -> CellRecord {
        let names = ["watermark bound", "pacing", "queue", "batch wait", "scheduling"];
        let parts: Vec<String> =
            names.into_iter().chain(["compute", "commit"]).map(String::from).collect();
        let mut cell = sample::record().cells.swap_remove(0);
        for (engine, batch_wait) in cell.engines.iter_mut().zip([49e6, 0.0]) {
            for (n, repetition) in engine.repetitions.iter_mut().enumerate() {
                let compute = 100e3 * (n + 1) as f64;
                repetition.anatomy = Some(Anatomy {
                    answers: 1000,
                    parts: parts.clone(),
                    rows: vec![
                        row("all", 1000, batch_wait, compute),
                        row("slowest 1 %", 10, batch_wait * 1.8, compute),
                    ],
                });
            }
        }
        cell
    }

    #[test]
    fn the_chart_as_it_is_written() {
        insta::assert_snapshot!("chart_anatomy", Chart::from(chart(&cell()).unwrap()).file());
    }

    #[test]
    fn means_of_repetitions_count_by_their_answers() {
        let mut cell = cell();
        let engine = &mut cell.engines[1];
        engine.repetitions[2].anatomy.as_mut().unwrap().rows[0].answers = 2000;
        let parts = engine.repetitions[0].anatomy.as_ref().unwrap().parts.clone();
        let all = &classes(engine, &parts)[0];
        assert_eq!(all.answers, 4000);
        let compute = (100e3 + 200e3 + 2.0 * 300e3) / 4.0;
        assert!((all.parts_ns[5] - compute).abs() < 1e-6, "{all:?}");
        let sum: f64 = all.parts_ns.iter().sum();
        assert!((all.whole_ns - sum).abs() < 1e-6, "the parts add up to the whole");
    }

    #[test]
    fn the_finding_names_the_greatest_part_of_each_engine() {
        let title = chart(&cell()).unwrap().title;
        assert_eq!(
            title,
            "Micro-batch waits 50.2 ms, 97.6 % of it batch wait; per-event waits 1.20 ms, 83.3 % of \
             it watermark bound"
        );
    }

    #[test]
    fn what_was_not_sampled_or_not_verified_is_not_drawn() {
        assert!(chart(&sample::record().cells[0]).is_none());
        let mut cell = cell();
        for repetition in cell.engines.iter_mut().flat_map(|engine| &mut engine.repetitions) {
            repetition.verdict.kind = crate::record::VerdictKind::Differs;
        }
        assert!(chart(&cell).is_none());
    }
}
