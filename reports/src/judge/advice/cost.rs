//! What an engine costs at the rate that is to be held, and which of two costs less.
//!
//! The cost of a repetition is the cores that it needs: those that its work kept busy, which is processor
//! time per event times the rate, times what the engine needs for a core that it keeps busy
//! ([`Reserve`]), where that is known of those that are compared. Where prices are said it is money for
//! an hour of that, with the memory at its peak and the energy above that of the machine at rest, where
//! these have a price and are known. Two engines are compared by the
//! ratio of their costs over the repetitions that had the same input ([`comparison`]); that the search
//! for a limit tells where it lies, and was made once, makes the interval wider.

use super::needed::{Needed, Reserve};
use crate::judge::compare::pairs;
use crate::judge::metrics::CPU_PER_EVENT;
use crate::judge::summary::{Summary, spins, steady};
use crate::quantity::{self, significant};
use crate::record::advice::Prices;
use crate::record::{EngineRecord, Repetition};
use statistics::comparison::{self, Change, Comparison, How, tells_apart};
use statistics::{Better, noise};
use std::f64::consts::SQRT_2;

/// Hours of a month, as those who rent machines out count them.
pub(crate) const MONTH_H: f64 = 730.0;

/// Costs closer than by this factor are too close to choose by, where it is not known which is lower;
/// what may lie farther apart is not known well enough.
pub(super) const CLOSE: f64 = 1.25;

/// Deviation of a search for a limit from its like, on logarithms, that is taken for granted: 3.5 %, as a
/// run is presumed to stray by 2 %, and on a noisy day by more. Of two searches each is made once, and not
/// in turns, so that nothing is seen of it.
const SEARCHED: f64 = 0.035;

/// Fewest repetitions by whose ranges alone one engine is called the cheaper one, likely.
pub(super) const FEW: usize = 3;

/// At which rate, and at which prices.
#[derive(Copy, Clone)]
pub(in crate::judge) struct Sheet<'a> {
    pub(in crate::judge) rate_per_s: f64,
    pub(in crate::judge) prices: Option<&'a Prices>,
    /// What engines need for a core that they keep busy; nothing where they are compared by what they
    /// keep busy.
    pub(in crate::judge) reserves: &'a [Reserve],
    /// Whether the machine told what energy it took in every repetition that decides.
    pub(in crate::judge) is_metered: bool,
}

/// What something costs in money.
#[derive(Clone, PartialEq, Debug)]
pub struct Money {
    /// For a month of 730 hours.
    pub month: f64,
    /// For a million events.
    pub million: f64,
    /// In which currency.
    pub currency: String,
    /// Whether it is this at the most, as the cores that are needed are.
    pub is_at_most: bool,
}

impl Money {
    /// Such as "12.3 EUR", or "at most 12.3 EUR".
    pub fn show(&self, amount: f64) -> String {
        if amount.is_finite() {
            let most = if self.is_at_most { "at most " } else { "" };
            format!("{most}{} {}", significant(amount), self.currency)
        } else {
            quantity::NONE.to_owned()
        }
    }
}

impl Sheet<'_> {
    /// Cores that were busy for the engine.
    pub(super) fn cores(&self, repetition: &Repetition) -> Option<f64> {
        (CPU_PER_EVENT.figure)(repetition).map(|us| us * self.rate_per_s / 1e6)
    }

    /// The power above that of the machine at rest, in watts; none where no energy was told.
    pub(super) fn watts(&self, repetition: &Repetition) -> Option<f64> {
        let joules = repetition.energy?.above_rest_j();
        let per_event = joules / repetition.counts.accepted as f64;
        Some(per_event * self.rate_per_s).filter(|watts| watts.is_finite())
    }

    /// What an engine needs for a core that it keeps busy, where engines are compared by that.
    fn reserve(&self, engine: &EngineRecord) -> Option<&Reserve> {
        self.reserves.iter().find(|reserve| reserve.label == engine.label)
    }

    /// Whether the cost of an engine is of the kind that the others are compared by.
    pub(super) fn compares(&self, engine: &EngineRecord) -> bool {
        self.reserves.is_empty() || self.reserve(engine).is_some()
    }

    /// What engines are compared by: money for an hour, or cores where nobody says what they cost.
    fn cost(&self, engine: &EngineRecord, repetition: &Repetition) -> Option<f64> {
        self.at(repetition, self.reserve(engine).map_or(1.0, Reserve::times))
    }

    /// The same where so many cores are needed for one that is busy.
    fn at(&self, repetition: &Repetition, times: f64) -> Option<f64> {
        let cores = self.cores(repetition)? * times;
        let Some(prices) = self.prices else { return Some(cores) };
        let memory = match prices.gib_hour {
            Some(price) => price * repetition.peak_memory()? / f64::from(1 << 30),
            None => 0.0,
        };
        let energy = match prices.kilowatt_hour.filter(|_| self.is_metered) {
            Some(price) => price * self.watts(repetition)? / 1e3,
            None => 0.0,
        };
        Some(prices.core_hour * cores + memory + energy)
    }

    /// The costs of an engine over its steady repetitions, or why they are not known, to stand behind
    /// its name.
    pub(in crate::judge) fn costs(&self, engine: &EngineRecord) -> Result<Summary, String> {
        if spins(engine) {
            let why = "spins while it waits, so that what its work alone costs is not known";
            return Err(why.to_owned());
        }
        let costs = over(engine, |repetition| self.cost(engine, repetition));
        let mut processes = engine.repetitions.iter().filter_map(|r| r.process.as_ref());
        // Nothing is what is too little for the clock that counts it, and no share of anything.
        if costs.as_ref().is_some_and(|costs| costs.low <= 0.0) {
            return Err("took less processor time than can be told".to_owned());
        }
        costs.ok_or_else(|| {
            if processes.any(|process| process.is_elsewhere) {
                "ran on a cluster, whose processor time and memory are not known here".to_owned()
            } else {
                "has no processor time that is known".to_owned()
            }
        })
    }

    /// The middle of the cores that were busy for an engine.
    pub(super) fn busy(&self, engine: &EngineRecord) -> Option<f64> {
        over(engine, |repetition| self.cores(repetition)).map(|cores| cores.median)
    }

    /// The middle cost of what an engine needs as money, and of what it keeps busy where that is not
    /// known; none without prices.
    pub(super) fn money(&self, engine: &EngineRecord, needed: Option<&Needed>) -> Option<Money> {
        let prices = self.prices?;
        let times = match needed {
            Some(needed) => needed.cores() / self.busy(engine)?,
            None => 1.0,
        };
        let hour = over(engine, |repetition| self.at(repetition, times))?.median;
        Some(Money {
            month: hour * MONTH_H,
            million: hour / (self.rate_per_s * 3_600.0) * 1e6,
            currency: prices.currency.clone(),
            is_at_most: needed.is_some_and(|needed| needed.is_at_most),
        })
    }

    /// How far the cost of an engine may lie from the middle, on logarithms, for what it needs is known
    /// no better: half of where that lies. Nothing where engines are compared by what they keep busy.
    fn spread(&self, engine: &EngineRecord) -> f64 {
        let Some(Reserve { reach: (low, high), .. }) = self.reserve(engine) else { return 0.0 };
        let end = |times: f64| over(engine, |repetition| self.at(repetition, times));
        let ends = end(*low).zip(end(*high));
        ends.map_or(0.0, |(low, high)| (high.median / low.median).ln() / 2.0)
    }

    /// How far the ratio of two costs may lie aside, on logarithms, whatever the repetitions say: by
    /// where both limits lie, and as each was searched once.
    pub(super) fn aside(&self, engines: [&EngineRecord; 2]) -> f64 {
        let [first, second] = engines.map(|engine| self.spread(engine));
        let is_searched = engines.iter().any(|engine| self.reserve(engine).is_some());
        let again = if is_searched { 1.96 * SQRT_2 * SEARCHED } else { 0.0 };
        first.hypot(second).hypot(again)
    }
}

/// A figure over the repetitions that an engine is judged by.
fn over(engine: &EngineRecord, figure: impl Fn(&Repetition) -> Option<f64>) -> Option<Summary> {
    Summary::of(steady(engine).filter_map(figure))
}

/// How an engine's cost stands to that of a cheaper one.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lead {
    /// The other one is cheaper by more than two runs of the same thing may differ by, for sure.
    Beyond,
    /// The other one is cheaper in these runs, and by more than anyone would let pass.
    Ahead,
    /// They are too close to choose by: the same, or either may be the cheaper one, and not by far.
    Level,
    /// The figures do not say.
    Open,
}

/// An engine's cost against that of a cheaper one.
#[derive(Clone, PartialEq, Debug)]
pub struct Against {
    /// Its cost over the other one's.
    pub comparison: Comparison,
    /// What follows.
    pub lead: Lead,
}

impl Against {
    /// `rival` against `best`.
    pub(super) fn of(best: &EngineRecord, rival: &EngineRecord, sheet: &Sheet<'_>) -> Self {
        let all = |engine: &EngineRecord| -> Vec<f64> {
            steady(engine).filter_map(|repetition| sheet.cost(engine, repetition)).collect()
        };
        let (base, new, aside) = (all(best), all(rival), sheet.aside([best, rival]));
        // Who acts on this runs it another time: what may differ between two runs has to be exceeded.
        let (better, band, drift) = (Better::Lower, CPU_PER_EVENT.band, noise::presumed());
        let how = How { better, band, paired: false, drift };
        let comparison = match pairs(best, rival, |engine, it| sheet.cost(engine, it)) {
            Some((base, new)) => comparison::compare(&base, &new, How { paired: true, ..how }),
            None => comparison::compare(&base, &new, how),
        };
        let comparison = comparison.widened(aside);
        let lead = lead(&comparison).unwrap_or_else(|| lead_of_few(&base, &new, aside));
        Self { comparison, lead }
    }
}

/// By the interval of the ratio; none where there are too few repetitions for one.
fn lead(comparison: &Comparison) -> Option<Lead> {
    let (low, high) = comparison.interval?;
    let is_ahead = comparison.is_within_drift() && comparison.ratio > 1.0 + comparison.how.band;
    Some(match comparison.verdict {
        Change::Worse => Lead::Beyond,
        Change::Same => Lead::Level,
        Change::Better | Change::NotEnoughData if is_ahead => Lead::Ahead,
        Change::Better | Change::NotEnoughData if 1.0 / CLOSE <= low && high <= CLOSE => {
            Lead::Level
        }
        Change::Better | Change::NotEnoughData => Lead::Open,
    })
}

/// By the ranges of few repetitions, whose ratio may lie so far aside, on logarithms.
fn lead_of_few(lower: &[f64], higher: &[f64], aside: f64) -> Lead {
    let runs = lower.len().min(higher.len());
    let times = if runs >= FEW { CLOSE } else { tells_apart(runs) };
    let summaries = Summary::of(lower.to_vec()).zip(Summary::of(higher.to_vec()));
    let is_apart = summaries.is_some_and(|(low, high)| {
        let lower = |figure: f64| figure * aside.exp();
        lower(low.high) < high.low && lower(low.median) * times < high.median
    });
    if is_apart { Lead::Ahead } else { Lead::Open }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Energy;
    use crate::sample;

    fn engines(first: &[f64], second: &[f64]) -> [EngineRecord; 2] {
        let like = sample::record().cells.remove(0).engines.remove(1);
        [first, second].map(|figures| {
            let mut engine = like.clone();
            let one = engine.repetitions.remove(0);
            engine.repetitions = (1..)
                .zip(figures)
                .map(|(rep, us)| {
                    let mut repetition = one.clone();
                    (repetition.rep, repetition.cpu_us_per_event) = (rep, *us);
                    repetition
                })
                .collect();
            engine
        })
    }

    const SHEET: Sheet<'static> =
        Sheet { rate_per_s: 100_000.0, prices: None, reserves: &[], is_metered: false };

    #[track_caller]
    fn check(first: &[f64], second: &[f64], want: Lead) {
        let [best, rival] = engines(first, second);
        assert_eq!(Against::of(&best, &rival, &SHEET).lead, want, "{first:?} {second:?}");
    }

    #[test]
    fn who_is_cheaper_is_said_as_surely_as_it_is_known() {
        let base = [1.00, 1.01, 0.99, 1.02, 0.98];
        let times = |by: f64| base.map(|us| us * by);
        check(&base, &times(1.2), Lead::Beyond);
        // For sure, and by no more than another run may differ.
        check(&base, &[1.06, 1.10, 1.03, 1.11, 1.02], Lead::Ahead);
        // For sure, and by no more than anyone would let pass.
        check(&base, &times(1.02), Lead::Level);
        check(&base, &[0.97, 1.07, 0.95, 1.06, 1.01], Lead::Level);
        check(&base, &[0.7, 1.6, 0.9, 1.7, 1.0], Lead::Open);
    }

    #[test]
    fn of_few_repetitions_only_what_lies_far_apart_is_ahead() {
        check(&[1.0, 1.1, 1.05], &[1.5, 1.6, 1.55], Lead::Ahead);
        check(&[1.0, 1.1, 1.05], &[1.2, 1.25, 1.22], Lead::Open);
        check(&[1.0, 1.6, 1.05], &[1.5, 1.6, 1.55], Lead::Open);
        check(&[1.0], &[3.9], Lead::Open);
        check(&[1.0], &[4.1], Lead::Ahead);
        check(&[1.0], &[], Lead::Open);
    }

    #[test]
    fn no_lead_of_few_comes_of_noise() {
        let mut noise = sample::pair::Noise(3);
        let mut made = || -> Vec<f64> { (0..FEW).map(|_| noise.factor(0.05)).collect() };
        let is_ahead = |_: &u32| lead_of_few(&made(), &made(), 0.0) == Lead::Ahead;
        assert_eq!((0..500).filter(is_ahead).count(), 0);
    }

    #[test]
    fn what_is_needed_decides_and_no_more_surely_than_it_is_known() {
        let base = [1.00, 1.01, 0.99, 1.02, 0.98];
        let [mut best, mut rival] = engines(&base, &base.map(|us| us * 1.3));
        (best.label, rival.label) = ("best".into(), "rival".into());
        let against = |best_reach: (f64, f64), rival_reach: (f64, f64)| {
            let reserve = |label: &str, reach: (f64, f64)| Reserve { label: label.into(), reach };
            let reserves = [reserve("best", best_reach), reserve("rival", rival_reach)];
            Against::of(&best, &rival, &Sheet { reserves: &reserves, ..SHEET })
        };
        // As much for each core that is busy.
        let same = against((1.5, 1.6), (1.5, 1.6));
        assert!((same.comparison.ratio / 1.3 - 1.0).abs() < 1e-9, "{same:?}");
        assert_eq!(same.lead, Lead::Beyond);
        let (low, high) = same.comparison.interval.unwrap();
        assert!(low < 1.3 / 1.05 && high > 1.3 * 1.05, "searched once: {low} to {high}");
        // Half as much again for the one that keeps less busy: it needs more.
        let other = against((1.95, 2.05), (1.0, 1.05));
        assert!(other.comparison.ratio < 0.7, "{other:?}");
        // At the most ten times as much: nobody knows.
        assert_eq!(against((1.0, 10.0), (1.5, 1.6)).lead, Lead::Open);
        // At the most as much as the other one keeps busy.
        assert_eq!(against((1.0, 1.05), (3.0, 3.1)).lead, Lead::Beyond);
    }

    #[test]
    fn a_price_makes_money_of_cores_and_memory() {
        let [engine, _] = engines(&[2.0; 5], &[]);
        let mut prices = Prices {
            currency: "EUR".into(),
            core_hour: 0.04,
            gib_hour: None,
            kilowatt_hour: Some(0.3),
        };
        let month = |prices: &Prices| {
            let sheet = Sheet { prices: Some(prices), ..SHEET };
            sheet.money(&engine, None).unwrap()
        };
        // A fifth of a core; 9 MiB.
        assert!((month(&prices).month - 0.2 * 0.04 * 730.0).abs() < 1e-9);
        assert!((month(&prices).million - 0.008 / 360.0).abs() < 1e-9);
        assert_eq!(month(&prices).show(month(&prices).month), "5.84 EUR");
        prices.gib_hour = Some(1.0);
        let memory = 9.0 / 1_024.0;
        assert!((month(&prices).month - (0.008 + memory) * 730.0).abs() < 1e-6);
        // 100 J above rest for a million events are 10 W at 100 k/s.
        let mut metered = engine.clone();
        for repetition in &mut metered.repetitions {
            repetition.energy = Some(Energy { joules: 150.0, idle_w: 5.0, length_s: 10.0 });
            repetition.counts.accepted = 1_000_000;
        }
        let hour = |is_metered: bool| {
            let sheet = Sheet { prices: Some(&prices), is_metered, ..SHEET };
            sheet.money(&metered, None).unwrap().month / 730.0
        };
        assert!((hour(true) - hour(false) - 0.3 * 0.01).abs() < 1e-9, "a hundredth of a kWh");
        let cold = Energy { joules: 1.0, idle_w: 5.0, length_s: 10.0 };
        assert_eq!(cold.above_rest_j().to_bits(), 0);
        // A price is for what is needed, and memory is not needed twice.
        let needed = Needed {
            reach: (0.1, 0.4),
            is_at_most: true,
            by_limit: 0.4,
            scaling: super::super::Scaling::OneCore,
        };
        let sheet = Sheet { prices: Some(&prices), ..SHEET };
        let most = sheet.money(&engine, Some(&needed)).unwrap();
        assert!((most.month - (0.016 + memory) * 730.0).abs() < 1e-6);
        assert!(most.show(most.month).starts_with("at most "), "{most:?}");
    }

    #[test]
    fn what_waiting_costs_and_what_a_cluster_does_is_no_cost_of_an_event() {
        let [mut engine, _] = engines(&[2.0; 5], &[]);
        engine.settings = vec![("waiting".into(), "spin".into())];
        assert!(SHEET.costs(&engine).unwrap_err().contains("spins while it waits"));
        engine.settings.clear();
        for repetition in &mut engine.repetitions {
            repetition.cpu_us_per_event = f64::NAN;
        }
        assert!(SHEET.costs(&engine).unwrap_err().contains("no processor time"));
        for repetition in &mut engine.repetitions {
            repetition.cpu_us_per_event = 0.0;
        }
        assert!(SHEET.costs(&engine).unwrap_err().contains("less processor time than can be told"));
    }
}
