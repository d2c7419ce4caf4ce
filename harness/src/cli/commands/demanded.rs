//! How many repetitions the demands of a scenario take, told before anything runs.
//!
//! How far repetitions will lie apart nobody knows beforehand, so it is told for a quiet machine and
//! for one that is not. A limit takes as many as an interval has; a demand on what has changed as
//! many as the test takes that will decide it.

use reports::judge::metrics::HEADLINES;
use reports::quantity::{fraction, tick};
use reports::record::study::Threshold;
use schemars::JsonSchema;
use serde::Serialize;
use settings::plan::{Cell, Plan};
use statistics::power::Question;
use statistics::{bootstrap, noise};
use std::fmt::Write as _;

/// A demand, and how many repetitions it takes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Demanded {
    /// The demand, as it was written.
    demand: String,
    /// From so many repetitions on a limit is decided by an interval; with fewer, all of them have
    /// to lie on one side. None of a demand on what has changed.
    decided_by_interval_from: Option<usize>,
    /// What a demand on what has changed takes, for several scatters of the repetitions.
    takes: Vec<Takes>,
    /// How many comparisons are counted against each other then.
    comparisons: usize,
}

/// How many repetitions it takes where they scatter by so much.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Takes {
    /// Deviation of one repetition from the next, as a share.
    noise: f64,
    /// The change that is to be found, as a share: twice what is allowed.
    change: f64,
    /// With so many, a run in which nothing has changed passes nine times in ten; none where a
    /// thousand are too few.
    repetitions_to_pass: Option<usize>,
    /// With so many, the change is found nine times in ten; none where a thousand are too few.
    repetitions_to_find: Option<usize>,
}

/// Deviations from one repetition to the next that are told of: a quiet machine, and one that is
/// not.
const NOISES: [f64; 2] = [0.03, 0.05];

/// More nobody can ask for.
const MOST: usize = settings::plan::Repeat::MOST as usize;

/// What is demanded of a cell of a plan.
pub(super) fn demanded(plan: &Plan, cell: &Cell) -> Vec<Demanded> {
    let comparisons = plan.cells.iter().map(compared).sum();
    cell.thresholds.iter().map(|threshold| of(threshold, comparisons)).collect()
}

/// How many comparisons a check of this cell against a baseline makes: the headlines of every
/// engine, and whatever else is demanded relative to it.
fn compared(cell: &Cell) -> usize {
    let is_more = |threshold: &&Threshold| {
        let is_headline = HEADLINES.iter().any(|metric| metric.name == threshold.metric);
        threshold.worse_by.is_some() && !is_headline
    };
    let more = cell.thresholds.iter().filter(is_more).count();
    cell.engines.len() * (HEADLINES.len() + more)
}

fn of(threshold: &Threshold, comparisons: usize) -> Demanded {
    let is_limit = threshold.below.is_some() || threshold.above.is_some();
    let takes = threshold.worse_by.into_iter().flat_map(|allowed| {
        NOISES.map(|noise| {
            let change = 2.0 * allowed;
            let question = |allowed| Question { noise, allowed, comparisons };
            // What two runs may differ by without a change is never called one.
            let beyond = question(allowed.max(noise::presumed()));
            Takes {
                noise,
                change,
                repetitions_to_pass: question(allowed).runs_to_pass(MOST),
                repetitions_to_find: beyond.runs_to_find(change, MOST),
            }
        })
    });
    Demanded {
        demand: threshold.written.clone(),
        decided_by_interval_from: is_limit.then_some(bootstrap::FEWEST),
        takes: takes.collect(),
        comparisons,
    }
}

/// The demands as lines of a plan, where so many repetitions are planned at most.
pub(super) fn lines(all: &[Demanded], planned: u32) -> String {
    let mut out = String::new();
    for (n, one) in all.iter().enumerate() {
        let heading = if n == 0 { "demands" } else { "" };
        let _ = writeln!(out, "  {heading:<8}  {}", one.demand);
        let mut line = |text: String| {
            let _ = writeln!(out, "              {text}");
        };
        if let Some(least) = one.decided_by_interval_from {
            line(format!(
                "from {least} repetitions on by the interval of the median; with fewer, all must lie \
                 on one side{}",
                too_few(planned, Some(least))
            ));
        }
        for takes in &one.takes {
            let percent = |share: f64| tick(&fraction(share));
            let most = takes.repetitions_to_pass.max(takes.repetitions_to_find);
            let unknown = takes.repetitions_to_pass.and(takes.repetitions_to_find).is_none();
            line(format!(
                "at {} between repetitions: {} let an unchanged run pass, {} find one that is {} \
                 worse{}",
                percent(takes.noise),
                told(takes.repetitions_to_pass),
                told(takes.repetitions_to_find),
                percent(takes.change),
                too_few(planned, most.filter(|_| !unknown))
            ));
        }
        if !one.takes.is_empty() {
            let of = one.comparisons;
            line(format!("nine times in ten, with {of} comparisons counted against each other"));
        }
    }
    out
}

fn told(repetitions: Option<usize>) -> String {
    repetitions.map_or_else(|| "no number".to_owned(), |repetitions| repetitions.to_string())
}

/// Whether fewer are planned.
fn too_few(planned: u32, needed: Option<usize>) -> String {
    match needed {
        Some(needed) if needed <= planned as usize => String::new(),
        _ => format!("; planned: {planned}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threshold(below: Option<f64>, worse_by: Option<f64>) -> Threshold {
        let metric = "result_latency.p99".to_owned();
        let written = "result_latency.p99 as demanded".to_owned();
        Threshold { metric, engine: None, below, above: None, worse_by, written }
    }

    #[test]
    fn a_demand_says_how_many_repetitions_it_takes() {
        let relative = of(&threshold(None, Some(0.1)), 12);
        let [quiet, noisy] = &relative.takes[..] else { panic!("{relative:?}") };
        let of_quiet = (quiet.repetitions_to_pass.unwrap(), quiet.repetitions_to_find.unwrap());
        let of_noisy = (noisy.repetitions_to_pass.unwrap(), noisy.repetitions_to_find.unwrap());
        assert!(of_quiet.0 < of_noisy.0 && of_quiet.1 < of_noisy.1, "{relative:?}");
        assert!(of_quiet.0 >= 5 && of_noisy.1 < 40, "{relative:?}");
        let long = of(&threshold(None, Some(0.1)), 5_000);
        assert!(long.takes[1].repetitions_to_find > noisy.repetitions_to_find, "{long:?}");
        // Twice of what is allowed is no more than two runs differ by.
        let tight = of(&threshold(None, Some(0.02)), 12);
        assert_eq!(tight.takes[0].repetitions_to_find, None);
        let text = lines(&[of(&threshold(Some(1e8), None), 12), relative, tight], 5);
        insta::assert_snapshot!("demanded", text);
        assert!(!lines(&[of(&threshold(Some(1e8), None), 12)], 6).contains("planned"), "{text}");
    }
}
