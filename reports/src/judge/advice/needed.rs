//! How many cores an engine needs to hold what is demanded at the rate that is to be held.
//!
//! The search for its limit tells how much so many cores carry while the demand holds. The rate over
//! what one of them carries is what is needed: a share of a core, where one carries more than that.
//! Where more than one is needed it follows from the scalability of limits with several numbers of
//! workers ([`usl`]); from one alone in proportion, which is right if the engine scales evenly. Nobody
//! needs less than what its work keeps busy.
//!
//! A limit lies between the highest rate that was sustained and the lowest that was not. Where the
//! search was cut off, or could offer no more, the first alone is known: then so many cores are needed
//! at most.

use super::entry::Entry;
use super::evidence::Carried;
use super::holding::Met;
use crate::judge::limit::best;
use crate::judge::summary::verified;
use crate::quantity::significant;
use crate::record::EngineRecord;
use crate::record::study::{Limit, LimitOutcome};
use statistics::usl;

/// Cores that an engine needs.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Needed {
    /// From where to where they lie, by the lowest rate that was not sustained and the highest that
    /// was; no less than what the work keeps busy.
    pub reach: (f64, f64),
    /// Whether the far end of that is all that is known.
    pub is_at_most: bool,
    /// What the highest rate that was sustained says alone, however much its work keeps busy at the
    /// rate that is to be held.
    pub by_limit: f64,
    /// What more than one core rests on.
    pub scaling: Scaling,
}

/// How many cores follow from what some carry.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Scaling {
    /// It needs one core at the most, or a share of it.
    OneCore,
    /// By a law of scalability, fitted to limits with so many different numbers of workers.
    Fitted(usize),
    /// In proportion: limits with one number of workers are all that was measured.
    Even,
}

impl Needed {
    /// Of an engine whose limits were found with these numbers of workers, those of the workload first,
    /// and whose work keeps so many cores busy at the rate; none where no rate was sustained.
    pub(super) fn of(
        engine: &EngineRecord,
        carried: &[Carried<'_>],
        rate_per_s: f64,
        busy: f64,
    ) -> Option<Self> {
        let held_to =
            verified(engine).find_map(|it| it.process.as_ref()?.cores.as_ref()?.held_to());
        let all: Vec<(f64, &Limit)> = carried
            .iter()
            .map(|it| {
                (cores(it.limit, held_to.map_or(it.workers, |most| most.min(it.workers))), it.limit)
            })
            .collect();
        let (_, own) = *all.first()?;
        let (high, scaling) = by(&all, rate_per_s, |limit| limit.pass_per_s)?;
        let low = by(&all, rate_per_s, |limit| limit.fail_per_s);
        let low = low.filter(|_| own.outcome == LimitOutcome::Found).map(|(low, _)| low);
        Some(Self {
            reach: (low.map_or(busy, |low| low.min(high).max(busy)), high.max(busy)),
            is_at_most: low.is_none(),
            by_limit: high,
            scaling,
        })
    }

    /// Whether its work keeps more cores busy at the rate than it would need by its limit: who takes
    /// events as they come does more for each of them while few are waiting.
    pub fn is_busier(&self) -> bool {
        self.by_limit < self.reach.0
    }

    /// The cores: in the middle of where they lie, or as many as are needed at the most.
    pub fn cores(&self) -> f64 {
        let (low, high) = self.reach;
        if self.is_at_most { high } else { (low * high).sqrt() }
    }

    /// Such as "0.472 cores", "at most 0.200 cores" or "1.11 cores, if it scales evenly, which was not
    /// measured".
    pub fn words(&self) -> String {
        let most = if self.is_at_most { "at most " } else { "" };
        let even = if self.scaling == Scaling::Even {
            ", if it scales evenly, which was not measured"
        } else {
            ""
        };
        format!("{most}{} cores{even}", significant(self.cores()))
    }
}

/// Cores by which an engine with so many workers carried its limit: as many, or what it kept busy there
/// where that is more.
fn cores(limit: &Limit, workers: u32) -> f64 {
    let busy = best(limit).map_or(f64::NAN, |it| it.cpu_us_per_event * it.rate_per_s / 1e6);
    f64::from(workers).max(busy)
}

/// The cores that carry a rate, by one end of where the limits lie.
fn by(
    all: &[(f64, &Limit)],
    rate_per_s: f64,
    end: impl Fn(&Limit) -> Option<f64>,
) -> Option<(f64, Scaling)> {
    let (cores, own) = all.first()?;
    let even = rate_per_s * cores / end(own)?;
    if even <= 1.0 {
        return Some((even, Scaling::OneCore));
    }
    let is_found = |limit: &Limit| limit.outcome == LimitOutcome::Found;
    let found = all.iter().filter(|(_, limit)| is_found(limit));
    let points: Vec<(f64, f64)> =
        found.filter_map(|(cores, limit)| Some((*cores, end(limit)?))).collect();
    let law = usl::fit(&points).or_else(|| usl::fit_contention(&points));
    let fitted = law.filter(|_| is_found(own)).and_then(|law| law.workers(rate_per_s));
    Some(match fitted {
        Some(cores) => (cores, Scaling::Fitted(points.len())),
        None => (even, Scaling::Even),
    })
}

/// What an engine needs for each core that its work keeps busy.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::judge) struct Reserve {
    /// What the engine is called.
    pub(super) label: String,
    /// From where to where that lies.
    pub(super) reach: (f64, f64),
}

impl Reserve {
    /// In the middle of where it lies.
    pub(super) fn times(&self) -> f64 {
        (self.reach.0 * self.reach.1).sqrt()
    }
}

/// What each engine needs for a core that it keeps busy, where those that are to be chosen from can be
/// compared by what they need: of each something is known, and of one at least more than that it is so
/// much at the most. Else nothing, and they are compared by what they keep busy.
pub(super) fn reserves(entries: &[Entry<'_>]) -> Vec<Reserve> {
    let competes =
        |it: &&Entry<'_>| !it.is_beside && it.cost.is_ok() && it.holding.met == Met::Surely;
    let mut needed = entries.iter().filter(competes).map(|entry| entry.needed);
    let is_told = |needed: Option<Needed>| needed.is_some_and(|needed| !needed.is_at_most);
    if !(needed.clone().all(|needed| needed.is_some()) && needed.any(is_told)) {
        return Vec::new();
    }
    let reserve = |entry: &Entry<'_>| {
        let ((low, high), busy) = (entry.needed?.reach, entry.busy?);
        let label = entry.engine.label.clone();
        Some(Reserve { label, reach: (low / busy, high / busy) })
    };
    entries.iter().filter_map(reserve).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Cores, EngineProcess};
    use crate::sample;

    /// A limit between these rates, at whose best probe an event takes so many microseconds.
    fn limit(pass: Option<f64>, fail: Option<f64>, cpu_us: f64) -> Limit {
        let mut limit = sample::limited().cells.remove(0).engines.remove(0).limit.unwrap();
        limit.outcome = if fail.is_some() { LimitOutcome::Found } else { LimitOutcome::Unknown };
        (limit.pass_per_s, limit.fail_per_s) = (pass, fail);
        limit.probes.truncate(1);
        (limit.probes[0].rate_per_s, limit.probes[0].cpu_us_per_event) =
            (pass.unwrap_or(1.0), cpu_us);
        limit
    }

    #[track_caller]
    fn needed(limits: &[(u32, Limit)], rate_per_s: f64, busy: f64) -> Needed {
        let engine = sample::record().cells.remove(0).engines.remove(1);
        let carried: Vec<Carried<'_>> = limits
            .iter()
            .map(|(workers, limit)| Carried { folder: "limit", workers: *workers, limit })
            .collect();
        Needed::of(&engine, &carried, rate_per_s, busy).unwrap()
    }

    fn near(a: f64, b: f64) -> bool {
        (a / b - 1.0).abs() < 1e-9
    }

    #[test]
    fn a_share_of_a_core_stays_one() {
        let found = needed(&[(2, limit(Some(200e3), Some(208e3), 1.0))], 10e3, 0.02);
        assert!(near(found.reach.0, 20e3 / 208e3) && near(found.reach.1, 0.1), "{found:?}");
        assert_eq!((found.scaling, found.is_at_most), (Scaling::OneCore, false));
        assert_eq!(found.words(), "0.0981 cores");
    }

    #[test]
    fn nobody_needs_less_than_it_keeps_busy_nor_carries_by_fewer_cores_than_that() {
        // 9 µs at 200 k/s are 1.8 cores of one worker.
        let busy = needed(&[(1, limit(Some(200e3), Some(210e3), 9.0))], 50e3, 0.5);
        assert_eq!(busy.reach, (0.5, 0.5));
        assert!(busy.is_busier() && near(busy.by_limit, 0.45), "{busy:?}");
        let more = needed(&[(1, limit(Some(200e3), Some(210e3), 9.0))], 50e3, 0.1);
        assert!(near(more.reach.1, 1.8 / 4.0) && !more.is_busier(), "{more:?}");
        let spun = needed(&[(1, limit(Some(200e3), Some(210e3), f64::NAN))], 50e3, 0.1);
        assert!(near(spun.reach.1, 0.25), "{spun:?}");
    }

    #[test]
    fn what_a_search_was_cut_off_at_is_the_most_that_is_needed() {
        let most = needed(&[(1, limit(Some(100e3), None, 1.0))], 20e3, 0.05);
        assert_eq!((most.reach, most.is_at_most), ((0.05, 0.2), true));
        assert_eq!(most.words(), "at most 0.200 cores");
        let nothing = limit(None, Some(5e3), 1.0);
        let engine = sample::record().cells.remove(0).engines.remove(1);
        let carried = [Carried { folder: "limit", workers: 1, limit: &nothing }];
        assert_eq!(Needed::of(&engine, &carried, 20e3, 0.05), None);
    }

    #[test]
    fn more_than_a_core_follows_from_several_numbers_of_workers_or_is_said_not_to() {
        // By the law with σ = 0.25: one worker carries 100 k/s, two 160, four 229.
        let at = |workers: u32| {
            let n = f64::from(workers);
            let rate = 100e3 * n / (1.0 + 0.25 * (n - 1.0));
            (workers, limit(Some(rate), Some(rate * 1.05), 0.1))
        };
        let alone = needed(&[at(4)], 160e3, 0.1);
        assert_eq!(alone.scaling, Scaling::Even);
        assert!(near(alone.reach.1, 2.8), "{alone:?}");
        let words = "2.73 cores, if it scales evenly, which was not measured";
        assert_eq!(alone.words(), words);
        for others in [&[2][..], &[1, 2]] {
            let all: Vec<(u32, Limit)> =
                std::iter::once(4).chain(others.iter().copied()).map(at).collect();
            let fitted = needed(&all, 160e3, 0.1);
            assert!((fitted.reach.1 - 2.0).abs() < 1e-6, "{fitted:?}");
            assert_eq!(fitted.scaling, Scaling::Fitted(all.len()));
        }
        // What was cut off is no point of a law.
        let cut = [at(4), (2, limit(Some(160e3), None, 0.1))];
        assert_eq!(needed(&cut, 160e3, 0.1).scaling, Scaling::Even);
    }

    #[test]
    fn who_was_held_to_fewer_processors_than_it_has_workers_had_those() {
        let cores = |engine: &str, harness: &str| Cores {
            engine: engine.into(),
            harness: harness.into(),
            why: String::new(),
        };
        assert_eq!(cores("1-3,5", "0").held_to(), Some(4));
        assert_eq!(cores("1", "0").held_to(), Some(1));
        for (engine, harness) in [("0-1", "0-1"), ("", "0"), ("some", "0"), ("3-1", "0")] {
            assert_eq!(cores(engine, harness).held_to(), None, "{engine}");
        }
        let mut engine = sample::record().cells.remove(0).engines.remove(1);
        for repetition in &mut engine.repetitions {
            let cores = Some(cores("1", "0"));
            repetition.process = Some(EngineProcess { cores, ..EngineProcess::default() });
        }
        let found = limit(Some(200e3), Some(210e3), 1.0);
        let carried = [Carried { folder: "limit", workers: 2, limit: &found }];
        let needed = Needed::of(&engine, &carried, 50e3, 0.1).unwrap();
        assert!(near(needed.reach.1, 0.25), "{needed:?}");
    }
}
