//! Who is better by a figure, over all the scenarios of a run, in a sentence.
//!
//! It refuses to name a winner of fewer than five repetitions: of these one is lower, in these runs.
//! Where the interval of a batch explains who is later there is no winner either, and
//! [`interval`](super::interval) says so.

use crate::judge::compare::{Outcome, compare_all};
use crate::judge::lost::aside;
use crate::judge::metrics::Metric;
use crate::quantity;
use crate::record::{EngineRecord, RunRecord};
use crate::words::{capitalised, listed, of_all};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A win in words: whose, where, by how much, and the figures.
struct Win<'a> {
    engine: &'a str,
    record: &'a EngineRecord,
    cell: &'a str,
    times: f64,
    figures: String,
    /// Whether it is one, or only the lower figure of too few repetitions.
    is_sure: bool,
}

/// Who `does` it better by a metric, and by how much; none where nobody is held against anybody, or where
/// nothing but intervals is found.
pub(super) fn sentence(record: &RunRecord, metric: Metric, does: &str) -> Option<String> {
    let mut by_interval = 0;
    let mut wins: Vec<Win<'_>> = Vec::new();
    let mut ties: Vec<&str> = Vec::new();
    let mut repetitions = usize::MAX;
    let mut engines: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = Vec::new();
    for (cell, outcome) in record.cells.iter().zip(compare_all(record, metric)) {
        let is_sure = matches!(outcome, Outcome::Best { .. });
        match outcome {
            Outcome::Best { engine, figure, next, next_figure, repetitions: n }
            | Outcome::Lower { engine, figure, next, next_figure, repetitions: n } => {
                repetitions = repetitions.min(n);
                engines.extend([engine.label.as_str(), next.label.as_str()]);
                let (lower, higher) = (metric.show(figure), metric.show(next_figure));
                wins.push(Win {
                    engine: &engine.label,
                    record: engine,
                    cell: &cell.name,
                    times: next_figure / figure,
                    // With two engines it is clear whose the other figure is.
                    figures: if cell.engines.len() > 2 {
                        format!("{lower} against {higher} of {}", next.label)
                    } else {
                        format!("{lower} against {higher}")
                    },
                    is_sure,
                });
            }
            Outcome::NoDifference { .. } => ties.push(&cell.name),
            Outcome::NotEnoughData { .. } => open.push(&cell.name),
            Outcome::Interval { .. } => by_interval += 1,
            Outcome::NoContest => (),
        }
    }
    let told = wins.len() + ties.len() + open.len();
    if told == 0 {
        return None;
    }
    let contests = told + by_interval;
    let mut parts: Vec<String> = Vec::new();
    for (engine, is_sure) in engines.iter().flat_map(|engine| [(*engine, true), (*engine, false)]) {
        let is_own = |win: &&Win<'_>| win.engine == engine && win.is_sure == is_sure;
        let mut own: Vec<&Win<'_>> = wins.iter().filter(is_own).collect();
        own.sort_by(|a, b| a.times.total_cmp(&b.times));
        let by = |win: &Win<'_>| quantity::ratio(win.times);
        let place = |win: &Win<'_>| format!("{} lower in {} ({})", by(win), win.cell, win.figures);
        let name = metric.words;
        let does = if is_sure { does } else { "is lower in these runs" };
        let lost = aside(own.iter().map(|win| win.record));
        match own.as_slice() {
            [] => (),
            [only] => parts.push(format!(
                "{engine} {does} in {}: {name} {} lower ({}){lost}",
                only.cell,
                by(only),
                only.figures
            )),
            [least, .., most] => {
                let how_many = of_all(own.len(), contests);
                let by = if by(least) == by(most) {
                    format!("{} lower ({})", by(least), least.figures)
                } else {
                    format!("{}, up to {}", place(least), place(most))
                };
                parts.push(format!("{engine} {does} in {how_many} scenarios: {name} {by}{lost}"));
            }
        }
    }
    let within = quantity::tick(&quantity::fraction(metric.band));
    if !ties.is_empty() {
        let same = format!("the same within {within} in {}", listed(&ties));
        let only = wins.is_empty();
        parts.push(if only { format!("the {} is {same}", metric.words) } else { same });
    }
    if !open.is_empty() {
        let what = if parts.is_empty() {
            format!("not enough data to rank the {}", metric.words)
        } else {
            "not enough data to tell".into()
        };
        parts.push(format!("{what} in {}", listed(&open)));
    }
    let mut sentence = capitalised(&parts.join("; "));
    if repetitions == 1 {
        sentence.push_str("; one repetition each, so the noise is not known");
    } else if wins.iter().any(|win| !win.is_sure) {
        let _ = write!(sentence, "; {repetitions} repetitions are too few to name a winner");
    }
    sentence.push('.');
    Some(sentence)
}
