//! Engine against engine on one cell: who is better by a figure, if that can be said.
//!
//! From five repetitions a side on, the rule is that of
//! [`comparison`], with repetitions paired that had the same input. Both engines took turns in one
//! run, so that what differs between runs is in neither of them alone.
//! With fewer, only what needs no statistics is said: that one is lower in these runs, where no
//! repetition of it reaches into the range of the other and the medians lie further apart than
//! anyone would act on. That names no winner, unless it is so many times lower as noise makes
//! nothing of so few ([`tells_apart`]). Nothing is called the same on less.
//!
//! Where two engines are fit to be compared, they are, and not settings of them: each enters with the
//! best one that was measured. Where one alone is, whatever else ran, its settings are. Where a latency
//! is demanded, costs are compared among those who hold it. Who is later by the interval of its batches
//! alone loses nothing to anybody (`judge::interval_wait`). Processor time that went into waiting is no cost of
//! an event, so an engine that spins, and kept up, enters no contest about that; what it does when it
//! sleeps can be measured beside it.

use super::demands::misses;
use super::interval_wait::explained;
use super::metrics::{CPU_PER_EVENT, Metric};
use super::summary::{Standing, Summary, spins, standing, steady};
use crate::record::{CellRecord, EngineKind, EngineRecord, Repetition, RunRecord};
use statistics::comparison::{self, Change, Comparison, FEWEST_RUNS, How, tells_apart};
use statistics::noise;

/// What a comparison found on one cell.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome<'a> {
    /// One engine is better than every other.
    Best {
        /// The better one, and its middle figure.
        engine: &'a EngineRecord,
        /// Its middle figure.
        figure: f64,
        /// The next best.
        next: &'a EngineRecord,
        /// Its middle figure.
        next_figure: f64,
        /// Fewest repetitions that either figure rests on.
        repetitions: usize,
    },
    /// One engine is lower than every other in these runs, which are too few to say that it is
    /// better.
    Lower {
        /// The lower one.
        engine: &'a EngineRecord,
        /// Its middle figure.
        figure: f64,
        /// The next lowest.
        next: &'a EngineRecord,
        /// Its middle figure.
        next_figure: f64,
        /// Fewest repetitions that either figure rests on.
        repetitions: usize,
    },
    /// One engine answers later than every other that it is held against by no more than an answer waits
    /// for its batch: the difference follows from the interval that was set, and nobody wins.
    Interval {
        /// The one that answers sooner, and has no interval.
        engine: &'a EngineRecord,
        /// Its middle figure.
        figure: f64,
        /// The next soonest, which has one.
        next: &'a EngineRecord,
        /// Its middle figure.
        next_figure: f64,
    },
    /// The two best are the same within the metric's band.
    NoDifference {
        /// The lower middle figure is this one's.
        engine: &'a EngineRecord,
        /// Its middle figure.
        figure: f64,
        /// The next best.
        next: &'a EngineRecord,
        /// Its middle figure.
        next_figure: f64,
    },
    /// The repetitions do not say which of the two best is better, nor that they are the same.
    NotEnoughData {
        /// The lower middle figure is this one's.
        engine: &'a EngineRecord,
        /// Its middle figure.
        figure: f64,
        /// The next best.
        next: &'a EngineRecord,
        /// Its middle figure.
        next_figure: f64,
        /// Fewest repetitions that either figure rests on.
        repetitions: usize,
    },
    /// Fewer than two engines are fit to be compared.
    NoContest,
}

/// Fewer measured answers head nothing, whatever they cost.
const ANSWERS_LEAST: u64 = 100;

/// Whether anything may be headed by an engine's figures.
pub fn may_head(engine: &EngineRecord) -> bool {
    let has_answers = |r: &Repetition| r.counts.answers_measured >= ANSWERS_LEAST;
    standing(engine) == Standing::Fit && steady(engine).all(has_answers)
}

/// Whether a figure of an engine is one that it can be ranked by. Whoever keeps up has had time to
/// wait: what a worker that spins has used meanwhile is in its processor time, and nothing tells
/// how much that is.
pub fn may_be_ranked(engine: &EngineRecord, metric: &Metric) -> bool {
    may_head(engine) && !(metric.name == CPU_PER_EVENT.name && spins(engine))
}

/// Whether an engine is held against the others of its cell by a metric. What one costs that misses
/// what is demanded of it is no matter.
pub fn takes_part(cell: &CellRecord, engine: &EngineRecord, metric: &Metric) -> bool {
    let is_out = || metric.name == CPU_PER_EVENT.name && misses(cell, engine);
    may_be_ranked(engine, metric) && !is_out()
}

/// Compares the engines of every cell of a run, in their order, by a metric that is better low,
/// leaving out those that are unfit. The cells are one family: many do not make a winner by chance
/// more likely than one. Whatever is said of a single cell is taken from here, so that no chart
/// names a winner that the verdict does not.
pub fn compare_all(record: &RunRecord, metric: Metric) -> Vec<Outcome<'_>> {
    let mut contests: Vec<Option<Contest<'_>>> =
        record.cells.iter().map(|cell| contest(cell, metric)).collect();
    let mut family: Vec<Comparison> =
        contests.iter().flatten().filter_map(|contest| contest.tested.clone()).collect();
    comparison::decide(&mut family);
    let tested = contests.iter_mut().flatten().filter_map(|contest| contest.tested.as_mut());
    for (tested, decided) in tested.zip(family) {
        *tested = decided;
    }
    contests
        .into_iter()
        .map(|contest| contest.map_or(Outcome::NoContest, |contest| contest.outcome(metric)))
        .collect()
}

/// How far apart two sets of repetitions of one run lie, 19 times in 20. What differs between two
/// runs is not in it, and in no comparison of engines either.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct NoiseFloor<'a> {
    /// As a share: 0.03 is 3 %.
    pub share: f64,
    /// Of how many runs each set is.
    pub runs: usize,
    /// The cell in which it was found.
    pub cell: &'a CellRecord,
    /// The engine on which it was found.
    pub engine: &'a EngineRecord,
}

/// The noise where it is the greatest. None below five steady repetitions, and none of simulated
/// time.
pub fn noise_floor(record: &RunRecord, metric: Metric) -> Option<NoiseFloor<'_>> {
    record
        .cells
        .iter()
        .flat_map(|cell| cell.engines.iter().map(move |engine| (cell, engine)))
        .filter(|(_, engine)| standing(engine) != Standing::Simulated)
        .filter_map(|(cell, engine)| {
            let figures = metric.steady_figures(engine);
            let runs = figures.len();
            let enough = runs >= FEWEST_RUNS;
            let share = enough.then(|| noise::floor(&figures, runs, runs))??;
            Some(NoiseFloor { share, runs, cell, engine })
        })
        .max_by(|a, b| a.share.total_cmp(&b.share))
}

/// The middle of the figures that stand for an engine.
pub fn middle(engine: &EngineRecord, metric: Metric) -> Option<f64> {
    Summary::of(metric.figures(engine)).map(|summary| summary.median)
}

/// The two best engines of a cell, the better one first.
struct Contest<'a> {
    engines: [&'a EngineRecord; 2],
    summaries: [Summary; 2],
    /// The second against the first, where there are enough repetitions.
    tested: Option<Comparison>,
}

fn contest(cell: &CellRecord, metric: Metric) -> Option<Contest<'_>> {
    let mut ranked: Vec<(&EngineRecord, Summary)> = cell
        .engines
        .iter()
        .filter(|engine| takes_part(cell, engine, &metric))
        .filter_map(|engine| {
            let figures = steady(engine).filter_map(metric.figure);
            Summary::of(figures).map(|summary| (engine, summary))
        })
        .collect();
    ranked.sort_by(|a, b| a.1.median.total_cmp(&b.1.median));
    best_settings(&mut ranked, |(engine, _)| engine.kind);
    let mut ranked = ranked.into_iter();
    let ((best, lower), (next, higher)) = (ranked.next()?, ranked.next()?);
    let enough = lower.points.len().min(higher.points.len()) >= FEWEST_RUNS;
    let tested = enough.then(|| {
        let how = How { better: metric.better, band: metric.band, paired: false, drift: 0.0 };
        match pairs(next, best, |_, repetition| (metric.figure)(repetition)) {
            Some((base, new)) => comparison::compare(&base, &new, How { paired: true, ..how }),
            None => comparison::compare(&higher.points, &lower.points, how),
        }
    });
    Some(Contest { engines: [best, next], summaries: [lower, higher], tested })
}

/// Leaves of a ranking, the best first, the best setting of each engine, where it has more than one
/// engine and not merely several settings of one. Who is in no ranking, such as one that fell behind,
/// keeps nobody else's settings from being compared.
pub fn best_settings<T>(ranked: &mut Vec<T>, kind: impl Fn(&T) -> EngineKind) {
    if ranked.windows(2).all(|pair| kind(&pair[0]) == kind(&pair[1])) {
        return;
    }
    let mut entered: Vec<EngineKind> = Vec::new();
    ranked.retain(|one| {
        let is_first = !entered.contains(&kind(one));
        entered.push(kind(one));
        is_first
    });
}

/// The figures of repetitions that had the same number and the same input, if there are enough.
pub(super) fn pairs(
    base: &EngineRecord,
    new: &EngineRecord,
    figure: impl Fn(&EngineRecord, &Repetition) -> Option<f64>,
) -> Option<(Vec<f64>, Vec<f64>)> {
    let paired: (Vec<f64>, Vec<f64>) = steady(base)
        .filter_map(|ours| {
            let theirs = steady(new).find(|r| r.rep == ours.rep && r.seed == ours.seed)?;
            figure(base, ours).zip(figure(new, theirs))
        })
        .filter(|(base, new)| base.is_finite() && new.is_finite())
        .unzip();
    (paired.0.len() >= FEWEST_RUNS).then_some(paired)
}

impl<'a> Contest<'a> {
    fn outcome(self, metric: Metric) -> Outcome<'a> {
        let outcome = self.by_figures(metric);
        let (Outcome::Best { engine, figure, next, next_figure, .. }
        | Outcome::Lower { engine, figure, next, next_figure, .. }) = outcome
        else {
            return outcome;
        };
        let is_interval = metric.is_of_result_latency()
            && explained(engine, next, next_figure - figure).is_some();
        if is_interval {
            return Outcome::Interval { engine, figure, next, next_figure };
        }
        outcome
    }

    /// Who is better by the figures alone, whatever they come from.
    fn by_figures(self, metric: Metric) -> Outcome<'a> {
        let ([engine, next], [lower, higher]) = (self.engines, &self.summaries);
        let (figure, next_figure) = (lower.median, higher.median);
        let repetitions = lower.points.len().min(higher.points.len());
        let change = match &self.tested {
            Some(tested) => tested.verdict,
            None if !differs(lower, higher, metric.band) => Change::NotEnoughData,
            None if lower.median * tells_apart(repetitions) <= higher.median => Change::Better,
            None => {
                return Outcome::Lower { engine, figure, next, next_figure, repetitions };
            }
        };
        match change {
            Change::Better => Outcome::Best { engine, figure, next, next_figure, repetitions },
            Change::Same => Outcome::NoDifference { engine, figure, next, next_figure },
            // Paired medians may fall the other way round than the middle figures: a draw.
            Change::Worse | Change::NotEnoughData => {
                Outcome::NotEnoughData { engine, figure, next, next_figure, repetitions }
            }
        }
    }
}

/// Whether `lower` is really below `higher`, as far as few repetitions can say.
fn differs(lower: &Summary, higher: &Summary, band: f64) -> bool {
    lower.high < higher.low && lower.median * (1.0 + band) < higher.median
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::metrics::RESULT_LATENCY_P99;
    use crate::record::study::Threshold;
    use crate::sample;

    #[track_caller]
    fn check(lower: &[f64], higher: &[f64], want: bool) {
        let of = |figures: &[f64]| Summary::of(figures.iter().copied()).unwrap();
        assert_eq!(differs(&of(lower), &of(higher), 0.10), want, "{lower:?} against {higher:?}");
    }

    #[test]
    fn figures_apart_differ() {
        check(&[1.0, 1.1, 1.2], &[2.0, 2.1, 2.2], true);
        check(&[0.0], &[1.0], true);
    }

    #[test]
    fn one_repetition_inside_the_other_range_is_no_difference() {
        check(&[1.0, 1.1, 2.05], &[2.0, 2.1, 2.2], false);
    }

    #[test]
    fn what_nobody_would_act_on_is_no_difference() {
        check(&[1.00, 1.01], &[1.05, 1.06], false);
        check(&[0.0, 0.0], &[0.0, 0.0], false);
    }

    /// A cell whose first engine has these figures for CPU time and whose second has those.
    fn cell(first: &[f64], second: &[f64]) -> CellRecord {
        let mut cell = sample::record().cells.remove(0);
        for (engine, figures) in cell.engines.iter_mut().zip([first, second]) {
            let like = engine.repetitions[0].clone();
            engine.repetitions = (1..)
                .zip(figures)
                .map(|(rep, figure)| {
                    let mut repetition = like.clone();
                    (repetition.rep, repetition.cpu_us_per_event) = (rep, *figure);
                    repetition
                })
                .collect();
        }
        cell
    }

    fn word(outcome: &Outcome<'_>) -> String {
        match outcome {
            Outcome::Best { engine, .. } => engine.label.clone(),
            Outcome::Lower { engine, .. } => format!("{} is lower", engine.label),
            Outcome::Interval { .. } => "its interval".into(),
            Outcome::NoDifference { .. } => "the same".into(),
            Outcome::NotEnoughData { .. } => "not enough data".into(),
            Outcome::NoContest => "no contest".into(),
        }
    }

    #[track_caller]
    fn check_engines(first: &[f64], second: &[f64], want: &str) {
        let mut record = sample::record();
        record.cells = vec![cell(first, second)];
        assert_eq!(word(&compare_all(&record, CPU_PER_EVENT)[0]), want);
    }

    #[test]
    fn few_repetitions_that_lie_apart_are_lower_and_name_no_winner() {
        check_engines(&[1.0, 1.1], &[2.0, 2.1], "micro-batch is lower");
        check_engines(&[2.0, 2.1], &[1.0, 1.1], "per-event is lower");
        check_engines(&[1.0, 1.1, 1.0, 1.2], &[2.0, 2.1, 2.2, 1.9], "micro-batch is lower");
        check_engines(&[1.0], &[2.0], "micro-batch is lower");
        check_engines(&[1.0, 1.1], &[1.0, 1.1], "not enough data");
        check_engines(&[1.0], &[], "no contest");
    }

    #[test]
    fn so_many_times_lower_that_noise_makes_nothing_of_it_names_a_winner() {
        check_engines(&[1.0, 1.1], &[4.0, 4.1], "micro-batch");
        check_engines(&[1.0], &[3.9], "micro-batch is lower");
        check_engines(&[1.0], &[4.0], "micro-batch");
        check_engines(&[1.0, 5.0], &[4.0, 24.0], "not enough data");
        check_engines(&[0.0, 0.0], &[1.0, 1.1], "micro-batch");
    }

    #[test]
    fn no_winner_comes_of_noise_where_repetitions_are_few() {
        // 200 runs of a cell whose engines are the same but for 5 % of noise.
        for runs in 1..FEWEST_RUNS {
            let mut noise = sample::pair::Noise(runs as u64);
            let mut record = sample::record();
            record.cells = vec![cell(&vec![1.0; runs], &vec![1.0; runs])];
            let mut words = Vec::new();
            for _ in 0..200 {
                for engine in &mut record.cells[0].engines {
                    for repetition in &mut engine.repetitions {
                        repetition.cpu_us_per_event = noise.factor(0.05);
                    }
                }
                words.push(word(&compare_all(&record, CPU_PER_EVENT)[0]));
            }
            let is_won = |word: &&String| ["micro-batch", "per-event"].contains(&word.as_str());
            assert_eq!(words.iter().filter(is_won).count(), 0, "{runs} repetitions");
            let is_lower = words.iter().any(|word| word.ends_with("is lower"));
            assert!(is_lower || runs > 2, "{runs} repetitions: {words:?}");
        }
    }

    /// Who wins and against whom.
    fn winner(cell: &CellRecord, metric: Metric) -> Option<(String, String)> {
        let mut record = sample::record();
        record.cells = vec![cell.clone()];
        match compare_all(&record, metric).remove(0) {
            Outcome::Best { engine, next, .. } => Some((engine.label.clone(), next.label.clone())),
            _ => None,
        }
    }

    #[test]
    fn where_two_engines_ran_each_enters_with_its_best_setting() {
        let mut cell = cell(&[2.0, 2.1], &[20.0, 20.1]);
        let mut dear = cell.engines[0].clone();
        dear.label = "micro-batch (dear)".into();
        for repetition in &mut dear.repetitions {
            repetition.cpu_us_per_event *= 4.0;
        }
        cell.engines.insert(0, dear);
        let won = |by: &str, against: &str| Some((by.to_owned(), against.to_owned()));
        assert_eq!(winner(&cell, CPU_PER_EVENT), won("micro-batch", "per-event"));
        // Without the other engine there are its settings alone, and they are compared.
        let mut alone = cell.clone();
        alone.engines.truncate(2);
        assert_eq!(winner(&alone, CPU_PER_EVENT), won("micro-batch", "micro-batch (dear)"));
        // One that ran and fell behind is compared with nobody, and keeps nobody from it.
        for repetition in &mut cell.engines[2].repetitions {
            repetition.throughput.sustained = false;
        }
        assert_eq!(winner(&cell, CPU_PER_EVENT), won("micro-batch", "micro-batch (dear)"));
        // Of two settings, the one that fell behind leaves the other without an opponent.
        for repetition in &mut cell.engines[0].repetitions {
            repetition.throughput.sustained = false;
        }
        assert_eq!(winner(&cell, CPU_PER_EVENT), None);
    }

    #[test]
    fn what_waiting_costs_ranks_nobody() {
        let mut cell = cell(&[1.0, 1.1], &[4.0, 4.1]);
        let waits = |how: &str| vec![("waiting".to_owned(), how.to_owned())];
        cell.engines[1].settings = waits("spin-then-park, spin 50us");
        assert_eq!(winner(&cell, CPU_PER_EVENT), None);
        let mut record = sample::record();
        record.cells = vec![cell.clone()];
        let sooner = compare_all(&record, RESULT_LATENCY_P99).remove(0);
        assert!(sooner != Outcome::NoContest, "its answers are as soon as they are");
        // The same engine, asleep while it waits, measured beside it.
        let mut parked = cell.engines[1].clone();
        (parked.label, parked.settings) = ("per-event (parked)".into(), waits("park"));
        cell.engines.push(parked);
        let won = Some(("micro-batch".to_owned(), "per-event (parked)".to_owned()));
        assert_eq!(winner(&cell, CPU_PER_EVENT), won);
    }

    #[test]
    fn who_is_later_by_its_interval_alone_loses_nothing_and_by_more_it_does() {
        let mut record = sample::record();
        record.cells.truncate(1);
        let of = |record: &RunRecord| word(&compare_all(record, RESULT_LATENCY_P99)[0]);
        assert_eq!(of(&record), "its interval", "some 533 ms, of batches every 500 ms");
        record.cells[0].engines[0].interval_s = Some(0.1);
        assert_eq!(of(&record), "per-event", "more than an interval and a batch");
        record.cells[0].engines[0].interval_s = None;
        assert_eq!(of(&record), "per-event");
        // Whoever makes batches and is sooner all the same wins.
        record.cells[0].engines[1].interval_s = Some(0.5);
        assert_eq!(of(&record), "per-event");
    }

    #[test]
    fn what_an_engine_costs_that_misses_a_demand_is_compared_with_nobody() {
        let mut cell = cell(&[1.0, 1.1], &[4.0, 4.1]);
        cell.thresholds = vec![Threshold {
            metric: RESULT_LATENCY_P99.name.into(),
            engine: None,
            below: Some(1e9),
            above: None,
            worse_by: None,
            written: "< 1s".into(),
        }];
        let won = Some(("micro-batch".to_owned(), "per-event".to_owned()));
        assert_eq!(winner(&cell, CPU_PER_EVENT), won, "both hold it");
        cell.thresholds[0].below = Some(100e6);
        assert_eq!(winner(&cell, CPU_PER_EVENT), None, "batches of 500 ms miss 100 ms");
    }

    #[test]
    fn where_spinning_is_told_apart_work_is_compared_with_work() {
        let mut cell = cell(&[1.0, 1.1], &[10.0, 10.1]);
        cell.engines[1].settings = vec![("waiting".to_owned(), "spin".to_owned())];
        for repetition in &mut cell.engines[1].repetitions {
            (repetition.cpu_s, repetition.spun_s) = (10.0, Some(9.8));
        }
        let won = |by: &str, against: &str| Some((by.to_owned(), against.to_owned()));
        assert_eq!(winner(&cell, CPU_PER_EVENT), won("per-event", "micro-batch"), "0.2 against 1");
        // One repetition that does not tell makes nobody know.
        cell.engines[1].repetitions[0].spun_s = None;
        assert_eq!(winner(&cell, CPU_PER_EVENT), None);
    }

    #[test]
    fn five_repetitions_are_tested() {
        let base = [1.00, 1.01, 0.99, 1.02, 0.98];
        check_engines(&base, &base.map(|us| us * 1.2), "micro-batch");
        check_engines(&base, &base.map(|us| us * 1.01), "the same");
        check_engines(&base, &[0.7, 1.4, 1.0, 1.3, 0.9], "not enough data");
        // Each range reaches into the other, and yet every pair says the same.
        let drifting = [1.0, 1.1, 1.2, 1.3, 1.4];
        check_engines(&drifting, &[1.19, 1.32, 1.44, 1.57, 1.67], "micro-batch");
    }

    #[test]
    fn many_cells_ask_for_more_than_one() {
        let mut record = sample::record();
        let close = cell(&[1.0, 1.04, 0.97, 1.02, 1.01], &[1.09, 1.06, 1.15, 1.05, 1.13]);
        let plain = cell(&[1.0, 1.05, 0.95, 1.1, 0.9], &[1.1, 0.92, 1.0, 0.96, 1.06]);
        record.cells = vec![close.clone()];
        assert_eq!(word(&compare_all(&record, CPU_PER_EVENT)[0]), "micro-batch");
        record.cells.extend(std::iter::repeat_n(plain, 40));
        let outcomes = compare_all(&record, CPU_PER_EVENT);
        assert_eq!(outcomes.len(), 41);
        assert_eq!(word(&outcomes[0]), "not enough data");
    }

    #[test]
    fn the_noise_of_a_machine_needs_five_repetitions() {
        let mut record = sample::record();
        assert_eq!(noise_floor(&record, CPU_PER_EVENT), None);
        record.cells = vec![cell(&[1.0, 1.05, 0.95, 1.1, 0.9], &[2.0; 6])];
        let floor = noise_floor(&record, CPU_PER_EVENT).unwrap();
        assert_eq!(floor.runs, 5, "the noisier of the two");
        assert_eq!(floor.engine.label, "micro-batch");
        assert!((0.05..0.25).contains(&floor.share), "{}", floor.share);
    }
}
