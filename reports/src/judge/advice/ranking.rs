//! The settings of a round, the best first: which of them go on, and what came of each that was tried.
//!
//! Who held what is demanded comes first, the cheapest of them before the others; behind them the ones
//! that missed it, the nearest first. A round has few repetitions, mostly one, so that it ranks and
//! concludes nothing. Where it has too few answers for a quantile that is demanded, the slowest answer
//! stands for that: what holds by it, holds.

use super::evidence::Evidence;
use super::holding::{Demand, Holding};
use crate::judge::metrics::CPU_PER_EVENT;
use crate::judge::summary::{Summary, spins, verified};
use crate::record::advice::Purpose;
use crate::record::{EngineKind, EngineRecord, RunRecord};

/// How an entry stands to the others of its round.
#[derive(Clone, PartialEq, Debug)]
pub struct Standing {
    /// What it is called, unique in the round.
    pub label: String,
    /// Which engine it is.
    pub kind: EngineKind,
    /// Whether every verified repetition held everything that is demanded, was right and kept up.
    pub meets: bool,
    /// Processor time per event, in microseconds: the middle one; none where it is not known.
    pub cost: Option<f64>,
    /// How many times what is demanded its worst figure is, so that at most 1 is held; infinite where
    /// it gave a wrong answer, failed or fell behind, or has too few answers to tell.
    pub miss: f64,
}

impl Standing {
    fn of(engine: &EngineRecord, demands: &[Demand]) -> Self {
        let demands: Vec<Demand> = demands.iter().map(|it| it.or_of_slowest(engine)).collect();
        let miss = Holding::of(engine, &demands).times(engine);
        let mut verified = verified(engine).peekable();
        let is_known = |cost: &Summary| !spins(engine) && cost.low > 0.0;
        let cost = Summary::over(engine, CPU_PER_EVENT.figure).filter(is_known);
        Self {
            label: engine.label.clone(),
            kind: engine.kind,
            meets: miss <= 1.0
                && verified.peek().is_some()
                && verified.all(|repetition| repetition.throughput.sustained),
            cost: cost.map(|cost| cost.median),
            miss,
        }
    }
}

/// Closer to what is allowed than this, as a share of it, several repetitions seldom show that it is
/// held: they scatter by some per cent, and another one has to hold it, too.
const SPARE: f64 = 0.9;

/// The entries of a run's question, the best first.
pub fn ranked(
    record: &RunRecord,
    demands: &[(f64, u64)],
    completeness: Option<f64>,
) -> Vec<Standing> {
    let engines = record.cells.first().map_or(&[][..], |cell| &cell.engines);
    ranked_among(engines, &Demand::all(demands, completeness))
}

/// These entries, which ran on one question, the best first.
pub(in crate::judge) fn ranked_among(
    engines: &[EngineRecord],
    demands: &[Demand],
) -> Vec<Standing> {
    let mut standings: Vec<Standing> =
        engines.iter().map(|engine| Standing::of(engine, demands)).collect();
    // Of those that hold it, how far from the edge they are is no merit beyond what it takes to show it.
    let miss = |standing: &Standing| if standing.meets { 0.0 } else { standing.miss };
    let is_close = |standing: &Standing| standing.meets && standing.miss > SPARE;
    let cost = |standing: &Standing| standing.cost.unwrap_or(f64::INFINITY);
    standings.sort_by(|a, b| {
        let by_cost = || cost(a).total_cmp(&cost(b));
        let by_spare = || is_close(a).cmp(&is_close(b));
        b.meets
            .cmp(&a.meets)
            .then(miss(a).total_cmp(&miss(b)))
            .then_with(by_spare)
            .then_with(by_cost)
    });
    standings
}

/// A setting that was tried, and what came of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Trial {
    /// Its standing in the last round that it was in.
    pub standing: Standing,
    /// Its settings that were tried at several values: name and value.
    pub setting: Vec<(String, String)>,
    /// In how many rounds it was.
    pub rounds: usize,
    /// Its place among the settings of its engine in the last of them, from 1.
    pub place: usize,
    /// How many of them there were.
    pub of: usize,
}

/// Every setting that was tried, engine by engine, those that stayed longest first.
pub fn trials(evidence: &Evidence) -> Vec<Trial> {
    let record = &evidence.record;
    let mut kinds: Vec<EngineKind> = Vec::new();
    let mut trials: Vec<Trial> = Vec::new();
    for (_, round) in evidence.of(Purpose::Tune) {
        let standings = ranked(round, &record.demands, record.completeness);
        let engines = round.cells.first().map_or(&[][..], |cell| &cell.engines);
        for engine in engines {
            let of_kind: Vec<&Standing> =
                standings.iter().filter(|standing| standing.kind == engine.kind).collect();
            let Some(at) = of_kind.iter().position(|it| it.label == engine.label) else { continue };
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            let known = trials.iter().position(|known| known.standing.label == engine.label);
            let trial = Trial {
                standing: of_kind[at].clone(),
                setting: evidence.tried(engine).into_iter().map(owned).collect(),
                rounds: known.map_or(0, |known| trials[known].rounds) + 1,
                place: at + 1,
                of: of_kind.len(),
            };
            if !kinds.contains(&engine.kind) {
                kinds.push(engine.kind);
            }
            match known {
                Some(known) => trials[known] = trial,
                None => trials.push(trial),
            }
        }
    }
    let of_kind = |trial: &Trial| kinds.iter().position(|kind| *kind == trial.standing.kind);
    trials.sort_by_key(|it| (of_kind(it), std::cmp::Reverse(it.rounds), it.place));
    trials
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::VerdictKind;
    use crate::sample;

    fn labels(record: &RunRecord) -> Vec<String> {
        let ranked = ranked(record, &[(0.99, 700_000_000)], None);
        ranked.into_iter().map(|standing| standing.label).collect()
    }

    #[test]
    fn the_cheapest_that_holds_comes_first_and_then_the_nearest_miss() {
        // Four settings, of which per-event fell behind; at 533, 853 and 2 240 ms.
        let mut record = sample::variants();
        let misses = ["micro-batch slices", "micro-batch recompute", "per-event"];
        assert_eq!(labels(&record), [&["micro-batch"][..], &misses].concat());
        for repetition in &mut record.cells[0].engines[1].repetitions {
            repetition.throughput.sustained = true;
        }
        let holds = ["micro-batch", "per-event"];
        assert_eq!(labels(&record), [&holds[..], &misses[..2]].concat(), "it costs more");
        for repetition in &mut record.cells[0].engines[1].repetitions {
            repetition.cpu_us_per_event /= 10.0;
        }
        assert_eq!(labels(&record)[0], "per-event");
        record.cells[0].engines[1].settings = vec![("waiting".into(), "spin".into())];
        assert_eq!(labels(&record)[..2], holds, "what its work costs is not known");
        record.cells[0].engines[0].repetitions[0].verdict.kind = VerdictKind::Differs;
        assert_eq!(labels(&record).last().unwrap(), "micro-batch", "its answers are wrong");
    }

    #[test]
    fn of_few_answers_the_slowest_one_ranks() {
        let mut record = sample::variants();
        record.cells[0].engines.truncate(1);
        for repetition in &mut record.cells[0].engines[0].repetitions {
            repetition.counts.answers_measured = 400;
            repetition.result_latency.as_mut().unwrap().count = 400;
        }
        let slowest_ns = |r: &crate::record::Repetition| r.result_latency.as_ref().unwrap().max_ns;
        let slowest_ns = record.cells[0].engines[0].repetitions.iter().map(slowest_ns).max();
        let meets = |most_ns: u64| ranked(&record, &[(0.99, most_ns)], None)[0].meets;
        assert!(meets(slowest_ns.unwrap()) && !meets(slowest_ns.unwrap() - 1));
    }

    #[test]
    fn what_came_of_each_setting_is_that_of_its_last_round() {
        let (record, runs) = sample::advice::priced();
        let trials = trials(&Evidence { record, runs });
        let told = |trial: &Trial| {
            let Trial { standing, rounds, place, of, .. } = trial;
            format!("{} {rounds} {place}/{of}", standing.label)
        };
        let told: Vec<String> = trials.iter().map(told).collect();
        let want = [
            "per-event buffer_records 256 2 1/1",
            "per-event buffer_records 1024 1 2/2",
            "flink buffer_timeout 5ms 2 1/1",
            "flink buffer_timeout 0ms 1 2/2",
            "spark-structured trigger 200ms 2 1/1",
            "spark-structured trigger 50ms 1 2/2",
            "storm max_spout_pending 1000 2 1/1",
            "storm max_spout_pending 100 1 2/2",
        ];
        assert_eq!(told, want);
        assert!(trials.iter().all(|trial| !trial.setting.is_empty()));
    }
}
