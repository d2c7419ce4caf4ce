//! One figure over several repetitions: the middle one, and how far they lie apart.
//!
//! The unit of analysis is the repetition. Percentiles are never averaged over more than the two
//! repetitions in the middle, halfway between which the median of an even number lies: the one
//! median of all of this program ([`statistics::median`]).
//! Fewer than six repetitions give points and no interval of confidence, because none can be
//! had: the range of five independent figures misses the median once in sixteen times. From six
//! on there is one, by resampling ([`bootstrap`]); with so few figures it is somewhat too narrow,
//! so it is shown beside the figures and decides nothing. Who differs from whom is decided by
//! [`comparison`](statistics::comparison).

use crate::quantity;
use crate::record::study::SteadyState;
use crate::record::{CellRecord, EngineKind, EngineRecord, Lost, Repetition, VerdictKind};
use crate::words::span;
use statistics::{self, bootstrap};

/// Of all resampling in a report: the same record gives the same report.
pub(crate) const SEED: u64 = 42;

/// A figure over repetitions.
#[derive(Clone, PartialEq, Debug)]
pub struct Summary {
    /// The figures, in the order of the repetitions.
    pub points: Vec<f64>,
    /// The middle one; of two, halfway between them.
    pub median: f64,
    /// The smallest.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// Where the true median lies: the 95 % interval by resampling (BCa), from six repetitions
    /// on.
    pub interval: Option<(f64, f64)>,
}

impl Summary {
    /// Of these figures, leaving out what is not a number; none of nothing.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let points: Vec<f64> = figures.into_iter().filter(|figure| figure.is_finite()).collect();
        let low = points.iter().copied().min_by(f64::total_cmp)?;
        let high = points.iter().copied().max_by(f64::total_cmp)?;
        let median = statistics::median(&points)?;
        let interval = bootstrap::median_interval(&points, SEED);
        Some(Self { points, median, low, high, interval })
    }

    /// Of a figure of an engine's repetitions, as far as they are [`shown`].
    pub fn over(
        engine: &EngineRecord,
        figure: impl Fn(&Repetition) -> Option<f64>,
    ) -> Option<Self> {
        Self::of(shown(engine).filter_map(figure))
    }
}

/// The repetitions whose speed may be shown.
pub fn verified(engine: &EngineRecord) -> impl Iterator<Item = &Repetition> + Clone {
    engine.repetitions.iter().filter(|repetition| repetition.is_verified())
}

/// What an engine lost without a word, in the verified repetition in which that was most; none that
/// may lose nothing.
pub fn most_lost(engine: &EngineRecord) -> Option<Lost> {
    verified(engine).filter_map(|one| one.verdict.lost).max_by_key(|lost| lost.memberships)
}

/// How many of them stand so to a steady state.
pub fn count_of(engine: &EngineRecord, state: SteadyState) -> usize {
    verified(engine).filter(|repetition| repetition.steady_state() == state).count()
}

/// Those of them that an engine is judged by, against another engine, another run or a threshold:
/// what moves to its end has no figures but those of the moment at which it was cut off. What was
/// not told is not steady, and stands beside nothing that is; where it is all there is, as in a run
/// of a second, it is judged by, and [`is_untold`] says so.
pub fn steady(engine: &EngineRecord) -> impl Iterator<Item = &Repetition> + Clone {
    let is_told = count_of(engine, SteadyState::Reached) > 0;
    verified(engine).filter(move |repetition| match repetition.steady_state() {
        SteadyState::Reached | SteadyState::NotAsked => true,
        SteadyState::NotTold => !is_told,
        SteadyState::NotReached => false,
    })
}

/// Whether an engine is judged by repetitions of which nobody knows whether they were steady.
pub fn is_untold(engine: &EngineRecord) -> bool {
    steady(engine).any(|repetition| repetition.steady_state() == SteadyState::NotTold)
}

/// Those whose figures stand for the engine: the ones it is judged by, so that a table shows what
/// the verdict goes by. Where there are none all of them, beside the word that says so.
pub fn shown(engine: &EngineRecord) -> impl Iterator<Item = &Repetition> + Clone {
    let judged: Vec<u32> = steady(engine).map(|repetition| repetition.rep).collect();
    verified(engine).filter(move |repetition| judged.is_empty() || judged.contains(&repetition.rep))
}

/// The repetition with the middle p99 of `result_latency` among those that are [`shown`]: the one
/// that stands for all where only one can be drawn; of two in the middle, the worse. By the slowest
/// answer, where one of them has too few for a p99; the first of them, where no latency was
/// measured. `Choice` says which it was.
pub fn median_repetition(engine: &EngineRecord) -> Option<&Repetition> {
    let has_p99 = Choice::of(engine) != Choice::Slowest;
    let slow = |repetition: &Repetition| {
        let latency = repetition.result_latency.as_ref()?;
        if has_p99 { latency.p99() } else { Some(latency.max_ns) }
    };
    let mut measured: Vec<&Repetition> = shown(engine).filter(|r| slow(r).is_some()).collect();
    measured.sort_by_key(|repetition| slow(repetition));
    measured.get(measured.len() / 2).copied().or_else(|| shown(engine).next())
}

/// How the repetition that stands for an engine was chosen.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Choice {
    /// There is one.
    Only,
    /// By its p99 of `result_latency`.
    P99,
    /// By its slowest answer, as answers are too few for a p99.
    Slowest,
    /// None has a latency.
    First,
}

impl Choice {
    pub(crate) fn of(engine: &EngineRecord) -> Self {
        let mut latencies = shown(engine).filter_map(|r| r.result_latency.as_ref()).peekable();
        if shown(engine).nth(1).is_none() {
            Self::Only
        } else if latencies.peek().is_none() {
            Self::First
        } else if latencies.all(|latency| latency.p99().is_some()) {
            Self::P99
        } else {
            Self::Slowest
        }
    }

    /// Which repetition that is, as in "the repetition with the middle p99".
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Only => "only repetition",
            Self::P99 => "repetition with the middle p99",
            Self::Slowest => "repetition with the middle slowest answer",
            Self::First => "first repetition",
        }
    }
}

/// Events per second that were due in the measured part, which is what engines are held against:
/// the middle one over the repetitions that measured. Where none did, what the whole run offers; not a
/// number where nobody came so far as to make that.
pub fn offered_per_s(cell: &CellRecord) -> f64 {
    let measured = cell.engines.iter().flat_map(verified).filter(|r| r.has_measured());
    let offered: Vec<f64> = measured.map(|r| r.throughput.offered_per_s).collect();
    let of_all = if cell.input.was_made() { cell.input.offered_per_s } else { f64::NAN };
    statistics::median(&offered).unwrap_or(of_all)
}

/// Whether an engine may enter a comparison on this cell.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Right whenever it was looked at, and it kept up.
    Fit,
    /// Right, but it fell behind the load at least once.
    NotSustained,
    /// Right and not behind, but none of its repetitions reached a steady state.
    Unsteady,
    /// Right, but no event fell due in the measured part: there is nothing to keep up with.
    Unmeasured,
    /// Right, but its time was simulated, and belongs to no machine.
    Simulated,
    /// It gave a wrong answer or failed in at least one repetition, or none was verified.
    Unfit,
}

/// Where an engine stands. A void or interrupted repetition says nothing about the engine; a
/// wrong one says everything, also about the others.
pub fn standing(engine: &EngineRecord) -> Standing {
    let wrong = engine
        .repetitions
        .iter()
        .any(|r| matches!(r.verdict.kind, VerdictKind::Differs | VerdictKind::Failed));
    if wrong || verified(engine).next().is_none() {
        return Standing::Unfit;
    }
    if verified(engine).any(Repetition::is_simulated) {
        return Standing::Simulated;
    }
    if !verified(engine).any(Repetition::has_measured) {
        return Standing::Unmeasured;
    }
    if verified(engine).any(|repetition| !repetition.throughput.sustained) {
        return Standing::NotSustained;
    }
    if steady(engine).next().is_none() {
        return Standing::Unsteady;
    }
    Standing::Fit
}

/// How long the repetitions of these cells were measured, in words, by what the verified ones say:
/// a trace may end before the duration that was asked for. None where nothing was measured.
pub(crate) fn measured<'a>(cells: impl IntoIterator<Item = &'a CellRecord>) -> Option<String> {
    let lengths = cells.into_iter().flat_map(|cell| {
        let made = cell.engines.iter().flat_map(verified);
        let told = made.map(|r| if r.has_measured() { r.measured_s } else { Some(0.0) });
        let mut told: Vec<f64> = told.map(|s| s.unwrap_or(cell.duration_s)).collect();
        // Nothing is known of what was not verified, or has only probes.
        if told.is_empty() {
            told.push(cell.duration_s);
        }
        told
    });
    let lengths = lengths.filter(|seconds| *seconds > 0.0);
    span(lengths, |seconds| quantity::tick(&quantity::seconds(seconds)))
}

/// How an engine's workers wait while there is nothing to do, where that is a setting of it.
pub(crate) fn waits(engine: &EngineRecord) -> Option<&str> {
    let waiting = engine.settings.iter().find(|(name, _)| name == "waiting");
    waiting.map(|(_, how)| how.as_str())
}

/// How much of an engine's processor time was spun while there was nothing to do, from 0 to 1, in the
/// middle repetition; none where it is not told.
pub(crate) fn spun_share(engine: &EngineRecord) -> Option<f64> {
    Summary::over(engine, |r| Some(r.spun_s? / r.cpu_s)).map(|share| share.median)
}

/// Whether an engine's workers burn their cores while there is nothing to do, and nobody knows how much of
/// its processor time that is: a record from before it was counted.
pub(crate) fn spins(engine: &EngineRecord) -> bool {
    let is_told = shown(engine).next().is_some() && shown(engine).all(|r| r.spun_s.is_some());
    let may_spin = waits(engine).is_some_and(|how| how.starts_with("spin"));
    engine.kind == EngineKind::PerEvent && may_spin && !is_told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::compare;
    use crate::judge::metrics::HEADLINES;
    use crate::record::study::{Untold, WarmUp, WarmUpDecided};
    use crate::sample;
    use statistics::Better;
    use statistics::comparison::{self, How};

    const HOW: How = How { better: Better::Lower, band: 0.1, paired: true, drift: 0.0 };

    fn median(figures: &[f64]) -> f64 {
        Summary::of(figures.iter().copied()).unwrap().median
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these figures are handed through, or halved exactly")]
    fn the_median_is_the_middle_figure_or_halfway_between_two() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[f64::NAN, 7.0]), 7.0);
        assert_eq!(Summary::of([f64::NAN]), None);
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "it is one computation, wherever it is asked for")]
    fn there_is_one_median_wherever_it_is_shown() {
        // An even number of repetitions, for which there might be two.
        let mut noise = sample::pair::Noise(5);
        let run = sample::pair::run(1, 6, 1.0, &mut noise);
        let engine = &run.cells[0].engines[0];
        for metric in HEADLINES {
            let figures = metric.steady_figures(engine);
            let want = statistics::median(&figures).unwrap();
            assert_eq!(Summary::of(figures.iter().copied()).unwrap().median, want);
            assert_eq!(compare::middle(engine, *metric), Some(want));
            let compared = comparison::compare(&figures, &figures, HOW);
            assert_eq!((compared.base_median, compared.new_median), (want, want));
        }
    }

    #[test]
    fn fewer_than_six_repetitions_have_no_interval() {
        let interval =
            |n: u32| Summary::of((0..n).map(f64::from)).and_then(|summary| summary.interval);
        for n in 1..6 {
            assert_eq!(interval(n), None, "{n} repetitions");
        }
        let (low, high) = interval(6).unwrap();
        assert!(low < 1.0 && high > 4.0, "{low} {high}");
        for n in 6..30 {
            let summary = Summary::of((0..n).map(|i| f64::from(i * i))).unwrap();
            let (low, high) = summary.interval.unwrap();
            assert!(low <= summary.median && summary.median <= high, "{summary:?}");
            assert_eq!(interval(n), interval(n), "the same each time");
        }
    }

    #[test]
    fn an_unverified_repetition_has_no_figure() {
        let mut record = sample::record();
        let engine = &mut record.cells[0].engines[0];
        let of = |engine: &EngineRecord| {
            Summary::over(engine, |r| Some(f64::from(r.rep))).map(|s| s.points)
        };
        assert_eq!(of(engine), Some(vec![1.0, 2.0, 3.0]));
        engine.repetitions[1].verdict.kind = VerdictKind::LoadNotHeld;
        assert_eq!(of(engine), Some(vec![1.0, 3.0]));
        assert_eq!(standing(engine), Standing::Fit, "a void repetition is no fault of the engine");
        engine.repetitions[1].verdict.kind = VerdictKind::Differs;
        assert_eq!(standing(engine), Standing::Unfit, "a wrong answer is");
    }

    #[test]
    fn what_measured_nothing_and_what_was_simulated_is_fit_for_no_comparison() {
        let mut record = sample::record();
        let engine = &mut record.cells[0].engines[0];
        for repetition in &mut engine.repetitions[1..] {
            repetition.throughput.offered_per_s = 0.0;
        }
        assert_eq!(standing(engine), Standing::Fit, "one of them measured something");
        engine.repetitions[0].throughput.offered_per_s = f64::NAN;
        assert_eq!(standing(engine), Standing::Unmeasured);
        engine.repetitions[0].trace_hash = Some("0123456789abcdef".into());
        assert_eq!(standing(engine), Standing::Simulated);
    }

    #[test]
    fn what_drifts_is_shown_only_where_nothing_else_is_and_judges_nothing() {
        let mut record = sample::record();
        let engine = &mut record.cells[0].engines[0];
        let of = |engine: &EngineRecord| -> (Vec<u32>, usize) {
            (shown(engine).map(|r| r.rep).collect(), steady(engine).count())
        };
        assert_eq!(of(engine), (vec![1, 2, 3], 3));
        told(&mut engine.repetitions[1], Some(false));
        assert_eq!(of(engine), (vec![1, 3], 2));
        assert_eq!(standing(engine), Standing::Fit);
        engine.repetitions.iter_mut().for_each(|repetition| told(repetition, Some(false)));
        assert_eq!(of(engine), (vec![1, 2, 3], 0));
        assert_eq!(standing(engine), Standing::Unsteady);
    }

    /// Says of a repetition whether it was steady, or that it was too short to tell.
    fn told(repetition: &mut Repetition, steady: Option<bool>) {
        repetition.warm_up = Some(WarmUp {
            end_s: 1.0,
            decided: WarmUpDecided::Capped,
            steady,
            untold: steady.is_none().then_some(Untold::TooShort),
            text: String::new(),
        });
    }

    #[test]
    fn what_was_not_told_is_judged_by_only_where_nothing_is_steady() {
        let mut record = sample::record();
        let engine = &mut record.cells[0].engines[0];
        let of = |engine: &EngineRecord| -> (Vec<u32>, bool) {
            (steady(engine).map(|r| r.rep).collect(), is_untold(engine))
        };
        assert_eq!(of(engine), (vec![1, 2, 3], false), "nobody asked");
        engine.repetitions.iter_mut().for_each(|repetition| told(repetition, None));
        assert_eq!(of(engine), (vec![1, 2, 3], true));
        assert_eq!(standing(engine), Standing::Fit);
        told(&mut engine.repetitions[0], Some(false));
        assert_eq!(of(engine), (vec![2, 3], true));
        told(&mut engine.repetitions[2], Some(true));
        assert_eq!(of(engine), (vec![3], false));
        assert_eq!(count_of(engine, SteadyState::NotTold), 1);
        // What changes by itself is expected to move.
        for repetition in &mut engine.repetitions {
            told(repetition, None);
            repetition.warm_up.as_mut().unwrap().untold = Some(Untold::LoadVaries);
        }
        assert_eq!(of(engine), (vec![1, 2, 3], false));
    }

    #[test]
    fn the_repetition_that_stands_for_all_has_the_middle_p99() {
        let record = sample::record();
        let engine = &record.cells[0].engines[0];
        let middle = median_repetition(engine).unwrap();
        let p99 = |r: &Repetition| r.result_latency.as_ref().map(|l| l.p99_ns as f64);
        let summary = Summary::over(engine, p99).unwrap();
        assert_eq!(p99(middle), Some(summary.median));
    }

    #[test]
    fn which_repetition_stands_for_all_is_said_as_it_was_chosen() {
        let mut engine = sample::record().cells.remove(0).engines.remove(0);
        assert_eq!(Choice::of(&engine), Choice::P99);
        for (repetition, slowest) in engine.repetitions.iter_mut().zip([7, 9, 8]) {
            let latency = repetition.result_latency.as_mut().unwrap();
            (latency.count, latency.max_ns, latency.p99_ns) = (3, slowest, 10 - slowest);
        }
        assert_eq!(Choice::of(&engine), Choice::Slowest);
        let middle = median_repetition(&engine).unwrap();
        assert_eq!(middle.result_latency.as_ref().unwrap().max_ns, 8);
        engine.repetitions.truncate(1);
        assert_eq!(Choice::of(&engine).words(), "only repetition");
        engine.repetitions.push(engine.repetitions[0].clone());
        engine.repetitions[1].rep = 2;
        engine.repetitions.iter_mut().for_each(|repetition| repetition.result_latency = None);
        assert_eq!(Choice::of(&engine), Choice::First);
    }
}
