//! What an engine costs at the rate that is to be held, and which of two costs less.
//!
//! The cost of a repetition is the cores that its work kept busy: processor time per event, times the
//! rate. Where prices are said it is money for an hour of that, with the memory at its peak where that
//! has a price. Two engines are compared by the ratio of their costs over the repetitions that had the
//! same input ([`comparison`]).

use crate::judge::compare::pairs;
use crate::judge::metrics::CPU_PER_EVENT;
use crate::judge::summary::{Summary, spins, steady};
use crate::quantity::{self, significant};
use crate::record::advice::Prices;
use crate::record::{EngineRecord, Repetition};
use statistics::comparison::{self, Change, Comparison, How, tells_apart};
use statistics::{Better, noise};

/// Hours of a month, as those who rent machines out count them.
pub(crate) const MONTH_H: f64 = 730.0;

/// Costs closer than by this factor are too close to choose by, where it is not known which is lower;
/// what may lie farther apart is not known well enough.
pub(super) const CLOSE: f64 = 1.25;

/// Fewest repetitions by whose ranges alone one engine is called the cheaper one, likely.
pub(super) const FEW: usize = 3;

/// At which rate, and at which prices.
pub(in crate::judge) struct Sheet<'a> {
    pub(in crate::judge) rate_per_s: f64,
    pub(in crate::judge) prices: Option<&'a Prices>,
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
}

impl Money {
    /// Such as "12.3 EUR".
    pub fn show(&self, amount: f64) -> String {
        if amount.is_finite() {
            format!("{} {}", significant(amount), self.currency)
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

    /// What engines are compared by: money for an hour, or cores where nobody says what they cost.
    pub(super) fn cost(&self, repetition: &Repetition) -> Option<f64> {
        let cores = self.cores(repetition)?;
        let Some(prices) = self.prices else { return Some(cores) };
        let memory = match prices.gib_hour {
            Some(price) => price * repetition.peak_memory()? / f64::from(1 << 30),
            None => 0.0,
        };
        Some(prices.core_hour * cores + memory)
    }

    /// The costs of an engine over its steady repetitions, or why they are not known, to stand behind
    /// its name.
    pub(in crate::judge) fn costs(&self, engine: &EngineRecord) -> Result<Summary, String> {
        if spins(engine) {
            let why = "spins while it waits, so that what its work alone costs is not known";
            return Err(why.to_owned());
        }
        let costs = Summary::of(steady(engine).filter_map(|repetition| self.cost(repetition)));
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

    /// The middle cost as money; none without prices.
    pub(super) fn money(&self, costs: &Summary) -> Option<Money> {
        let prices = self.prices?;
        Some(Money {
            month: costs.median * MONTH_H,
            million: costs.median / (self.rate_per_s * 3_600.0) * 1e6,
            currency: prices.currency.clone(),
        })
    }
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
        let figure = |repetition: &Repetition| sheet.cost(repetition);
        let all = |engine| steady(engine).filter_map(figure).collect::<Vec<f64>>();
        let (base, new) = (all(best), all(rival));
        // Who acts on this runs it another time: what may differ between two runs has to be exceeded.
        let (better, band, drift) = (Better::Lower, CPU_PER_EVENT.band, noise::presumed());
        let how = How { better, band, paired: false, drift };
        let comparison = match pairs(best, rival, figure) {
            Some((base, new)) => comparison::compare(&base, &new, How { paired: true, ..how }),
            None => comparison::compare(&base, &new, how),
        };
        let lead = lead(&comparison).unwrap_or_else(|| lead_of_few(&base, &new));
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

/// By the ranges of few repetitions.
fn lead_of_few(lower: &[f64], higher: &[f64]) -> Lead {
    let runs = lower.len().min(higher.len());
    let times = if runs >= FEW { CLOSE } else { tells_apart(runs) };
    let summaries = Summary::of(lower.to_vec()).zip(Summary::of(higher.to_vec()));
    let is_apart = summaries.is_some_and(|(lower, higher)| {
        lower.high < higher.low && lower.median * times < higher.median
    });
    if is_apart { Lead::Ahead } else { Lead::Open }
}

#[cfg(test)]
mod tests {
    use super::*;
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

    const SHEET: Sheet<'static> = Sheet { rate_per_s: 100_000.0, prices: None };

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
        let is_ahead = (0..500).filter(|_| lead_of_few(&made(), &made()) == Lead::Ahead).count();
        assert_eq!(is_ahead, 0);
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
            sheet.money(&sheet.costs(&engine).unwrap()).unwrap()
        };
        // A fifth of a core; 9 MiB.
        assert!((month(&prices).month - 0.2 * 0.04 * 730.0).abs() < 1e-9);
        assert!((month(&prices).million - 0.008 / 360.0).abs() < 1e-9);
        assert_eq!(month(&prices).show(month(&prices).month), "5.84 EUR");
        prices.gib_hour = Some(1.0);
        let memory = 9.0 / 1_024.0;
        assert!((month(&prices).month - (0.008 + memory) * 730.0).abs() < 1e-6);
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
