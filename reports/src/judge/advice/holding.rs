//! Whether an engine holds what is demanded of it, as far as its repetitions show.
//!
//! A demand is on every run, and not on the middle of them. It is held for sure where every verified
//! repetition holds it, and by more than they scatter: another one would hold it, too, 19 times in 20
//! ([`prediction`]). It is missed where no repetition holds it. All else is neither, and is advised to
//! nobody.

use crate::judge::metrics::{COMPLETENESS, Metric, metric, of_quantile};
use crate::judge::summary::{Standing, Summary, standing, verified};
use crate::quantity;
use crate::record::{EngineRecord, Repetition, VerdictKind};
use crate::words::plural;
use statistics::{Better, prediction};

/// Whether a demand is held, the worst first.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Met {
    /// No repetition holds it, or the engine gave wrong answers, failed or fell behind.
    Misses,
    /// The repetitions do not say.
    Perhaps,
    /// Every repetition holds it, and another one would.
    Surely,
}

/// Something that is demanded of an engine.
#[derive(Copy, Clone, Debug)]
pub struct Demand {
    /// Of which figure.
    pub metric: &'static Metric,
    /// How much it may be at most, or at least where more of it is better, in the metric's base unit.
    pub bound: f64,
}

impl Demand {
    /// All that is demanded: quantiles of `result_latency` in nanoseconds, and the least completeness.
    pub(in crate::judge) fn all(quantiles: &[(f64, u64)], completeness: Option<f64>) -> Vec<Self> {
        let latencies = quantiles.iter().map(|(quantile, most_ns)| Self {
            metric: of_quantile(*quantile).expect("no other quantile is read or asked for"),
            bound: *most_ns as f64,
        });
        let least = completeness
            .map(|bound| Self { metric: metric(COMPLETENESS).expect("it is a metric"), bound });
        latencies.chain(least).collect()
    }

    /// Such as "a p99 of at most 500 ms".
    pub fn words(&self) -> String {
        self.metric.demanded(self.bound)
    }

    /// Such as "p99".
    pub fn name(&self) -> &'static str {
        self.metric.words.trim_end_matches(" of result_latency")
    }

    fn figure(&self, repetition: &Repetition) -> Option<f64> {
        match (self.metric.figure)(repetition) {
            // Where no window is asked about, every event counts.
            None if self.metric.name == COMPLETENESS => Some(1.0),
            figure => figure,
        }
    }

    /// How many times what is allowed a figure is: 1 and less holds the demand. Of a share it is what
    /// is missing that counts.
    fn times(&self, figure: f64) -> f64 {
        let (is, may_be) = match self.metric.better {
            Better::Lower => (figure, self.bound),
            Better::Higher => (1.0 - figure, 1.0 - self.bound),
        };
        if is <= 0.0 { 0.0 } else { is / may_be.max(0.0) }
    }

    /// A figure of it as it is shown.
    pub fn show(&self, figure: f64) -> String {
        self.metric.show(figure)
    }

    /// The same of the slowest answer, where an engine has too few answers for the quantile.
    pub(super) fn or_of_slowest(self, engine: &EngineRecord) -> Self {
        let slowest = of_quantile(1.0).filter(|_| self.metric.too_few(engine).is_some());
        Self { metric: slowest.unwrap_or(self.metric), ..self }
    }

    /// Whether an engine holds it, by its verified repetitions.
    fn held(self, engine: &EngineRecord) -> Held {
        let figures: Vec<Option<f64>> = verified(engine).map(|r| self.figure(r)).collect();
        let times: Vec<f64> = figures.iter().flatten().map(|figure| self.times(*figure)).collect();
        let is_whole = !times.is_empty() && times.len() == figures.len();
        let would_again = || prediction::stays_below(&times).is_some_and(|level| level <= 1.0);
        let met = if !times.is_empty() && times.iter().all(|times| *times > 1.0) {
            Met::Misses
        } else if is_whole && times.iter().all(|times| *times <= 1.0) && would_again() {
            Met::Surely
        } else {
            Met::Perhaps
        };
        let worst = times.iter().copied().fold(0.0, f64::max);
        Held {
            demand: self,
            figures: Summary::of(figures.into_iter().flatten()),
            times: if is_whole { worst } else { f64::INFINITY },
            met,
        }
    }
}

/// What is known of an engine and a demand.
#[derive(Clone, Debug)]
pub struct Held {
    /// What is demanded.
    pub demand: Demand,
    /// The figures of its verified repetitions; none where none has one.
    pub figures: Option<Summary>,
    /// How many times what is allowed the worst of them is; infinite where one is missing.
    pub times: f64,
    /// Whether it is held.
    pub met: Met,
}

impl Held {
    /// The worst figure.
    pub fn worst(&self) -> Option<f64> {
        let figures = self.figures.as_ref()?;
        Some(if self.demand.metric.better == Better::Lower { figures.high } else { figures.low })
    }

    /// The best figure.
    pub(super) fn best(&self) -> Option<f64> {
        let figures = self.figures.as_ref()?;
        Some(if self.demand.metric.better == Better::Lower { figures.low } else { figures.high })
    }

    /// Why it is not held for sure, to stand behind the engine's name; none where it is.
    fn why(&self, engine: &EngineRecord) -> Option<String> {
        let words = self.demand.words();
        let show = |figure: Option<f64>| {
            figure.map_or_else(|| quantity::NONE.to_owned(), |figure| self.demand.show(figure))
        };
        let all = self.figures.as_ref().map_or(0, |figures| figures.points.len());
        if self.met == Met::Surely {
            return None;
        }
        if let Some(few) = self.demand.metric.too_few(engine) {
            return Some(format!("has too few answers for a {} ({few})", self.demand.name()));
        }
        Some(match self.met {
            Met::Misses if all == 1 => format!("misses {words}, with {}", show(self.best())),
            Met::Misses => format!("misses {words}, with {} at best", show(self.best())),
            // Those that have one hold it.
            _ if self.times.is_infinite()
                && all > 0
                && self.worst().is_some_and(|worst| self.demand.times(worst) <= 1.0) =>
            {
                let without = verified(engine).count() - all;
                format!(
                    "has too few answers for a {} in {without} of its repetitions",
                    self.demand.name()
                )
            }
            _ if self.times > 1.0 => format!(
                "does not hold {words} in each of its repetitions ({} to {})",
                show(self.best()),
                show(self.worst())
            ),
            _ if all == 1 => format!("held {words} in a single repetition"),
            _ => format!(
                "held {words}, though by less than its repetitions scatter ({} to {})",
                show(self.best()),
                show(self.worst())
            ),
        })
    }
}

/// What is known of an engine and all that is demanded.
#[derive(Clone, Debug)]
pub struct Holding {
    /// Whether all of it is held.
    pub met: Met,
    /// Why it is not for sure, to stand behind the engine's name; none where it is.
    pub why: Option<String>,
    /// Whether it was right and kept up, whatever is demanded.
    pub fit: Met,
    /// Demand by demand.
    pub held: Vec<Held>,
}

impl Holding {
    /// Of an engine, by its verified repetitions.
    pub(in crate::judge) fn of(engine: &EngineRecord, demands: &[Demand]) -> Self {
        let held: Vec<Held> = demands.iter().map(|demand| demand.held(engine)).collect();
        let of_demands = held.iter().map(|held| (held.met, held.why(engine)));
        let fitness = fitness(engine);
        let fit = fitness.0;
        let all = std::iter::once(fitness).chain(of_demands);
        let (met, why) = all.min_by_key(|(met, _)| *met).expect("there is its fitness at least");
        Self { met, why, fit, held }
    }

    /// How many times what is allowed its worst figure is; infinite where one is missing, and where
    /// the engine is not fit.
    pub(super) fn times(&self, engine: &EngineRecord) -> f64 {
        let worst = self.held.iter().map(|held| held.times).fold(0.0, f64::max);
        if fitness(engine).0 == Met::Misses { f64::INFINITY } else { worst }
    }
}

/// Whether an engine was right and kept up, whatever else is demanded, and why not.
fn fitness(engine: &EngineRecord) -> (Met, Option<String>) {
    let all = engine.repetitions.len();
    let right = verified(engine).count();
    let of_all = |some: usize, of: usize| {
        if some == of {
            return String::new();
        }
        format!(" in {some} of {}", plural(of, "repetition"))
    };
    let having = |kind: VerdictKind| {
        let mut having = engine.repetitions.iter().filter(|r| r.verdict.kind == kind).peekable();
        having.peek().is_some().then(|| of_all(having.count(), all))
    };
    if let Some(wrong) = having(VerdictKind::Differs) {
        return (Met::Misses, Some(format!("gave wrong answers{wrong}")));
    }
    if let Some(failed) = having(VerdictKind::Failed) {
        return (Met::Misses, Some(format!("failed{failed}")));
    }
    let behind = verified(engine).filter(|r| !r.throughput.sustained).count();
    let perhaps = |why: &str| (Met::Perhaps, Some(why.to_owned()));
    match standing(engine) {
        Standing::Fit => (Met::Surely, None),
        Standing::NotSustained => (
            if behind == right { Met::Misses } else { Met::Perhaps },
            Some(format!("fell behind the load{}", of_all(behind, right))),
        ),
        Standing::Unsteady => perhaps("reached no steady state"),
        Standing::Unmeasured => perhaps("measured nothing, as no event fell due after its warm-up"),
        Standing::Simulated => perhaps("ran in simulated time, which is that of no machine"),
        Standing::Unfit => perhaps("has no repetition that was verified"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    /// The holding of an engine whose repetitions have these p99 in milliseconds, of at most 100 ms.
    fn holding(p99_ms: &[u32], change: impl FnOnce(&mut EngineRecord)) -> (Met, String) {
        let mut engine = sample::record().cells.remove(0).engines.remove(1);
        let like = engine.repetitions.remove(0);
        engine.repetitions = (1..)
            .zip(p99_ms)
            .map(|(rep, ms)| {
                let mut repetition = like.clone();
                repetition.rep = rep;
                repetition.result_latency.as_mut().unwrap().p99_ns = u64::from(*ms) * 1_000_000;
                repetition
            })
            .collect();
        change(&mut engine);
        let holding = Holding::of(&engine, &Demand::all(&[(0.99, 100_000_000)], None));
        (holding.met, holding.why.unwrap_or_default())
    }

    #[track_caller]
    fn check(p99_ms: &[u32], met: Met, why: &str) {
        let (found, said) = holding(p99_ms, |_| ());
        assert_eq!((found, said.as_str()), (met, why), "{p99_ms:?}");
    }

    #[test]
    fn it_is_held_where_every_repetition_holds_it_by_more_than_they_scatter() {
        check(&[50, 51, 49, 52, 50], Met::Surely, "");
        check(&[50, 51], Met::Surely, "");
        let barely = "held a p99 of at most 100 ms, though by less than its repetitions scatter (90.0 ms to \
             99.0 ms)";
        check(&[90, 99, 95, 92, 97], Met::Perhaps, barely);
        check(&[50], Met::Perhaps, "held a p99 of at most 100 ms in a single repetition");
    }

    #[test]
    fn a_repetition_without_enough_answers_is_told_as_that() {
        let few = |engine: &mut EngineRecord| {
            let repetition = &mut engine.repetitions[2];
            repetition.counts.answers_measured = 400;
            repetition.result_latency.as_mut().unwrap().count = 400;
        };
        let (met, why) = holding(&[50, 51, 49, 52, 50], few);
        assert_eq!(met, Met::Perhaps);
        assert_eq!(why, "has too few answers for a p99 in 1 of its repetitions");
    }

    #[test]
    fn it_is_missed_where_none_does_and_open_where_they_straddle() {
        let missed = "misses a p99 of at most 100 ms, with 101 ms at best";
        check(&[101, 140, 120], Met::Misses, missed);
        check(&[140], Met::Misses, "misses a p99 of at most 100 ms, with 140 ms");
        let open = "does not hold a p99 of at most 100 ms in each of its repetitions (80.0 ms to \
                    120 ms)";
        check(&[80, 120, 95], Met::Perhaps, open);
        check(&[], Met::Perhaps, "has no repetition that was verified");
    }

    #[test]
    fn who_was_wrong_or_fell_behind_holds_nothing() {
        let fast = [1, 1, 1];
        let of = |change: fn(&mut EngineRecord)| holding(&fast, change);
        let wrong = of(|engine| engine.repetitions[1].verdict.kind = VerdictKind::Differs);
        assert_eq!(wrong, (Met::Misses, "gave wrong answers in 1 of 3 repetitions".to_owned()));
        let failed = of(|engine| {
            engine.repetitions.iter_mut().for_each(|r| r.verdict.kind = VerdictKind::Failed);
        });
        assert_eq!(failed, (Met::Misses, "failed".to_owned()));
        let behind = of(|engine| {
            engine.repetitions.iter_mut().for_each(|r| r.throughput.sustained = false);
        });
        assert_eq!(behind, (Met::Misses, "fell behind the load".to_owned()));
        let once = of(|engine| engine.repetitions[0].throughput.sustained = false);
        assert_eq!(once.0, Met::Perhaps, "{}", once.1);
        let few = of(|engine| {
            for repetition in &mut engine.repetitions {
                repetition.counts.answers_measured = 400;
                repetition.result_latency.as_mut().unwrap().count = 400;
            }
        });
        let why = "has too few answers for a p99 (400 measured, 1 000 needed)";
        assert_eq!(few, (Met::Perhaps, why.to_owned()));
        let simulated = of(|engine| engine.repetitions[0].trace_hash = Some("ab".into()));
        assert_eq!(simulated.0, Met::Perhaps, "{}", simulated.1);
    }

    #[test]
    fn of_completeness_it_is_what_is_missing_that_counts() {
        let mut engine = sample::record().cells.remove(1).engines.remove(0);
        let met = |engine: &EngineRecord, least: f64| {
            Holding::of(engine, &Demand::all(&[], Some(least))).met
        };
        // Each repetition has 98.1 %.
        assert_eq!([met(&engine, 0.98), met(&engine, 0.999)], [Met::Surely, Met::Misses]);
        assert_eq!(met(&engine, 1.0), Met::Misses);
        for repetition in &mut engine.repetitions {
            repetition.verdict.completeness = None;
        }
        assert_eq!(met(&engine, 1.0), Met::Surely, "no window is asked about");
    }
}
