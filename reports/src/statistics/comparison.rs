//! Two sets of runs, and whether they differ: better, worse, the same, or not enough data.
//!
//! A change is announced only where four things agree: a test on the runs finds it after all the
//! comparisons of the family were counted against it (Welch 1947 on logarithms, or paired; Holm
//! 1979), the interval of the ratio excludes 1, the ratio lies above what two sets of the same
//! runs differ by on this machine, and the interval does not lie wholly within the band that
//! nobody would act on. "The same" is a finding too, and needs the whole interval within the
//! band. All else is "not enough data", never "no difference".

use super::bootstrap::{self, RESAMPLES, Ranked};
use super::random::Draws;
use super::{Better, holm, mean, median, noise, variance};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Fewest runs on each side that a verdict rests on. To find a true change of a tenth nine times
/// in ten takes more, the noisier the runs and the longer the table: at 3 % of noise between runs
/// 6 among six comparisons and 8 among thirty-two; at 5 % 12 and 15.
pub const FEWEST_RUNS: usize = 5;

/// How often a family of comparisons without any difference may raise an alarm.
const FALSE_ALARMS: f64 = 0.05;

/// What is known beforehand about two sets of figures.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct How {
    /// Which end is the good one.
    pub better: Better,
    /// A ratio this close to 1 makes no difference to anyone: 0.1 is 10 %, up or down.
    pub band: f64,
    /// The n-th figure of one side and the n-th of the other were measured on the same input and
    /// next to each other in time. Ignored where one side has more figures.
    pub paired: bool,
    /// Of the resampling.
    pub seed: u64,
}

/// What a comparison says.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// The new side is better, by more than the band or the noise explains.
    Better,
    /// The new side is worse, by more than the band or the noise explains.
    Worse,
    /// Any difference lies within the band.
    Same,
    /// The figures do not say.
    NotEnoughData,
}

/// Two sets of figures, compared.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// What was known beforehand.
    pub how: How,
    /// Figures on the base side and on the new one.
    pub runs: (usize, usize),
    /// Median of the base; NaN of nothing.
    pub base_median: f64,
    /// Median of the new side; NaN of nothing.
    pub new_median: f64,
    /// New median over base median. Infinite where only the base is zero, 1 where both are.
    pub ratio: f64,
    /// 95 % interval of the ratio: BCa, from [`FEWEST_RUNS`] a side on.
    pub interval: Option<(f64, f64)>,
    /// How probable a difference like this is where there is none; for this comparison alone.
    pub p_value: Option<f64>,
    /// The same with the family counted against it; see [`decide`].
    pub p_adjusted: Option<f64>,
    /// How far from 1 the ratio of two such sets is when nothing is different, 95 times in 100.
    pub noise_floor: Option<f64>,
    /// What to make of it.
    pub verdict: Change,
}

/// Compares two sets of figures, one per run, as the only comparison there is. Where it is one of
/// several, give them all to [`decide`].
pub fn compare(base: &[f64], new: &[f64], how: How) -> Comparison {
    let paired = how.paired && base.len() == new.len();
    let (base, new): (Vec<f64>, Vec<f64>) = if paired {
        base.iter().zip(new).filter(|(b, n)| b.is_finite() && n.is_finite()).unzip()
    } else {
        let finite = |side: &[f64]| side.iter().copied().filter(|v| v.is_finite()).collect();
        (finite(base), finite(new))
    };
    let base_median = median(&base).unwrap_or(f64::NAN);
    let new_median = median(&new).unwrap_or(f64::NAN);
    // A ratio of figures that may be negative means nothing.
    let sayable = base.iter().chain(&new).all(|value| *value >= 0.0);
    let enough = sayable && base.len().min(new.len()) >= FEWEST_RUNS;
    let noise_floor = if paired {
        noise::floor_of_pairs(&base, &new, how.seed)
    } else {
        noise::floor_of_both(&base, &new, how.seed)
    };
    let mut comparison = Comparison {
        how: How { paired, ..how },
        runs: (base.len(), new.len()),
        base_median,
        new_median,
        ratio: if sayable { ratio(base_median, new_median) } else { f64::NAN },
        interval: enough.then(|| interval(&base, &new, paired, how.seed)),
        p_value: if enough { p_value(&base, &new, paired) } else { None },
        p_adjusted: None,
        noise_floor,
        verdict: Change::NotEnoughData,
    };
    decide(std::slice::from_mut(&mut comparison));
    comparison
}

/// Gives a family of comparisons their verdicts: all that are looked at together, such as every
/// metric of every scenario, so that a long table does not raise more alarms than a short one.
pub fn decide(family: &mut [Comparison]) {
    let p: Vec<f64> = family.iter().map(|one| one.p_value.unwrap_or(f64::NAN)).collect();
    for (comparison, adjusted) in family.iter_mut().zip(holm::adjusted(&p)) {
        comparison.p_adjusted = (!adjusted.is_nan()).then_some(adjusted);
        comparison.verdict = comparison.change();
    }
}

impl Comparison {
    fn change(&self) -> Change {
        let Some((low, high)) = self.interval else { return Change::NotEnoughData };
        let band = 1.0 + self.how.band;
        if 1.0 / band <= low && high <= band {
            return Change::Same;
        }
        let significant = self.p_adjusted.is_some_and(|p| p <= FALSE_ALARMS);
        let excludes_one = low > 1.0 || high < 1.0;
        let apart = self.ratio.max(1.0 / self.ratio) - 1.0;
        let above_noise = self.noise_floor.is_none_or(|floor| apart > floor);
        if !(significant && excludes_one && above_noise) {
            return Change::NotEnoughData;
        }
        if (self.ratio > 1.0) == (self.how.better == Better::Higher) {
            Change::Better
        } else {
            Change::Worse
        }
    }
}

fn ratio(base: f64, new: f64) -> f64 {
    if base.total_cmp(&new).is_eq() { 1.0 } else { new / base }
}

/// The 95 % interval of the ratio of medians. Pairs are drawn as pairs.
fn interval(base: &[f64], new: &[f64], paired: bool, seed: u64) -> (f64, f64) {
    let (mut below, mut above) = (Ranked::new(base), Ranked::new(new));
    let mut draws = Draws::new(seed);
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            below.clear();
            above.clear();
            for _ in 0..base.len() {
                let at = draws.below(base.len());
                below.add(at);
                if paired {
                    above.add(at);
                }
            }
            if !paired {
                for _ in 0..new.len() {
                    above.add(draws.below(new.len()));
                }
            }
            ratio(below.median(), above.median())
        })
        .collect();
    let (base_median, new_median) = (below.full_median(), above.full_median());
    let (base_without, new_without) = (below.medians_without_one(), above.medians_without_one());
    // How the estimate bends is the same on any scale, and on that of logarithms a ratio and its
    // inverse are alike. Zeros have no logarithm, and then nothing is said about the bend.
    let log = |medians: Vec<f64>| medians.into_iter().map(f64::ln).collect::<Vec<_>>();
    let (base_without, new_without) = (log(base_without), log(new_without));
    let acceleration = if paired {
        let both: Vec<f64> = base_without.iter().zip(&new_without).map(|(b, n)| n - b).collect();
        bootstrap::acceleration(&[&both])
    } else {
        let base_without: Vec<f64> = base_without.into_iter().map(|log| -log).collect();
        bootstrap::acceleration(&[&base_without, &new_without])
    };
    let acceleration = if acceleration.is_finite() { acceleration } else { 0.0 };
    bootstrap::bca(&mut ratios, ratio(base_median, new_median), acceleration)
}

/// Two-sided. On logarithms, because noise in times and rates is a factor; on the figures
/// themselves where one of them is zero.
fn p_value(base: &[f64], new: &[f64], paired: bool) -> Option<f64> {
    let positive = base.iter().chain(new).all(|value| *value > 0.0);
    let scaled = |side: &[f64]| -> Vec<f64> {
        side.iter().map(|value| if positive { value.ln() } else { *value }).collect()
    };
    let (base, new) = (scaled(base), scaled(new));
    let (apart, error, freedom) = if paired {
        let differences: Vec<f64> = base.iter().zip(&new).map(|(b, n)| n - b).collect();
        let n = differences.len() as f64;
        (mean(&differences), (variance(&differences) / n).sqrt(), n - 1.0)
    } else {
        let part = |side: &[f64]| variance(side) / side.len() as f64;
        let (b, n) = (part(&base), part(&new));
        let freedom = (b + n).powi(2)
            / (b.powi(2) / (base.len() as f64 - 1.0) + n.powi(2) / (new.len() as f64 - 1.0));
        (mean(&new) - mean(&base), (b + n).sqrt(), freedom)
    };
    // Runs that agree to the last digit, as simulated ones do, differ for certain or not at all.
    let size = base.iter().chain(&new).fold(1.0_f64, |size, value| size.max(value.abs()));
    if error <= size * 1e-12 {
        return Some(if apart.abs() <= size * 1e-12 { 1.0 } else { 0.0 });
    }
    let t = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some((2.0 * t.sf((apart / error).abs())).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::super::made_up::MadeUp;
    use super::*;
    use proptest::prelude::*;

    const LATENCY: How = How { better: Better::Lower, band: 0.10, paired: false, seed: 42 };

    /// How one set of runs is made.
    #[derive(Copy, Clone, Debug)]
    enum Noise {
        /// A factor around 1 with this deviation.
        LogNormal(f64),
        /// One run in four is 8 % slower, beside 1 % of noise.
        Bimodal,
        /// Each run is 0.5 % slower than the one before, beside 2 % of noise.
        Drift,
        /// What a pair has in common varies by 5 %, the rest by 2 %.
        Shared,
    }

    fn sides(noise: Noise, runs: usize, change: f64, made_up: &mut MadeUp) -> (Vec<f64>, Vec<f64>) {
        let pair = |run: usize, made_up: &mut MadeUp| {
            let common = match noise {
                Noise::LogNormal(_) | Noise::Bimodal => 1.0,
                Noise::Drift => 1.0 + 0.005 * run as f64,
                Noise::Shared => made_up.log_normal(0.05),
            };
            let mut one = || match noise {
                Noise::LogNormal(deviation) => made_up.log_normal(deviation),
                Noise::Bimodal => {
                    let slow = if made_up.uniform() < 0.25 { 1.08 } else { 1.0 };
                    slow * made_up.log_normal(0.01)
                }
                Noise::Drift | Noise::Shared => made_up.log_normal(0.02),
            };
            (40e6 * common * one(), 40e6 * common * change * one())
        };
        (0..runs).map(|run| pair(run, made_up)).unzip()
    }

    fn family(how: How, noise: Noise, runs: usize, changes: &[f64], seed: u64) -> Vec<Comparison> {
        let mut made_up = MadeUp::new(seed);
        let mut family: Vec<Comparison> = changes
            .iter()
            .map(|change| {
                let (base, new) = sides(noise, runs, *change, &mut made_up);
                compare(&base, &new, How { seed, ..how })
            })
            .collect();
        decide(&mut family);
        family
    }

    fn is_alarm(comparison: &Comparison) -> bool {
        matches!(comparison.verdict, Change::Better | Change::Worse)
    }

    #[test]
    fn figures_that_say_so_are_called_better_worse_or_the_same() {
        let base = [100.0, 101.0, 99.0, 100.5, 99.5];
        let times = |factor: f64| base.map(|value| value * factor);
        let verdict = |new: &[f64], how: How| compare(&base, new, how).verdict;
        let throughput = How { better: Better::Higher, ..LATENCY };
        assert_eq!(verdict(&times(1.2), LATENCY), Change::Worse);
        assert_eq!(verdict(&times(0.8), LATENCY), Change::Better);
        assert_eq!(verdict(&times(1.2), throughput), Change::Better);
        assert_eq!(verdict(&times(0.8), throughput), Change::Worse);
        assert_eq!(verdict(&times(1.001), LATENCY), Change::Same);
        assert_eq!(verdict(&[70.0, 140.0, 90.0, 130.0, 95.0], LATENCY), Change::NotEnoughData);
        assert_eq!(verdict(&times(1.2)[..4], LATENCY), Change::NotEnoughData, "four runs");
        assert_eq!(verdict(&[f64::NAN; 9], LATENCY), Change::NotEnoughData);
    }

    #[test]
    fn pairs_show_what_the_runs_alone_hide() {
        let mut made_up = MadeUp::new(4);
        let (base, new): (Vec<f64>, Vec<f64>) = (0..10)
            .map(|_| {
                let common = made_up.log_normal(0.2);
                (common, 1.2 * common * made_up.log_normal(0.01))
            })
            .unzip();
        let verdict = |paired| compare(&base, &new, How { paired, ..LATENCY }).verdict;
        assert_eq!(verdict(false), Change::NotEnoughData);
        assert_eq!(verdict(true), Change::Worse);
        let unlike = compare(&base, &new[..9], How { paired: true, ..LATENCY });
        assert!(!unlike.how.paired, "nine runs are no partners of ten");
    }

    #[test]
    fn zeros_and_runs_that_agree_to_the_last_digit_are_compared_too() {
        let of = |base: &[f64], new: &[f64]| {
            let comparison = compare(base, new, LATENCY);
            (comparison.ratio, comparison.verdict)
        };
        assert_eq!(of(&[0.0; 5], &[0.0; 5]), (1.0, Change::Same));
        assert_eq!(of(&[0.0; 5], &[3.0; 5]), (f64::INFINITY, Change::Worse));
        assert_eq!(of(&[3.0; 5], &[0.0; 5]), (0.0, Change::Better));
        assert_eq!(of(&[7.0; 5], &[7.0; 5]), (1.0, Change::Same));
        assert_eq!(of(&[1.0; 5], &[2.0; 5]), (2.0, Change::Worse));
        assert_eq!(of(&[-1.0; 5], &[2.0; 5]).1, Change::NotEnoughData);
    }

    #[test]
    fn a_long_table_asks_for_more_than_a_short_one() {
        let base = [100.0, 104.0, 97.0, 102.0, 98.0];
        let new = [113.0, 110.0, 118.0, 106.0, 114.0];
        let one = compare(&base, &new, LATENCY);
        assert_eq!(one.verdict, Change::Worse);
        let mut family = vec![one; 1];
        let plain = compare(&base, &[103.0, 99.0, 101.0, 96.0, 105.0], LATENCY);
        family.extend(std::iter::repeat_n(plain, 400));
        decide(&mut family);
        assert_eq!(family[0].verdict, Change::NotEnoughData);
        assert!(family[0].p_adjusted > family[0].p_value);
    }

    #[test]
    fn a_family_without_any_difference_raises_an_alarm_in_one_of_twenty_at_most() {
        // 500 comparisons of two sets of runs by six figures each, with every kind of noise. The
        // band is that of throughput, which hides less than that of latency.
        let noises = [
            Noise::LogNormal(0.01),
            Noise::LogNormal(0.03),
            Noise::LogNormal(0.05),
            Noise::Bimodal,
            Noise::Drift,
            Noise::Shared,
        ];
        let alarms = (0..500)
            .filter(|seed| {
                let noise = noises[usize::try_from(seed % 6).unwrap()];
                let how = How { band: 0.05, paired: seed % 4 < 2, ..LATENCY };
                family(how, noise, if seed % 2 == 0 { 5 } else { 10 }, &[1.0; 6], *seed)
                    .iter()
                    .any(is_alarm)
            })
            .count();
        assert!(alarms <= 25, "{alarms} of 500");
    }

    /// How often in 200 families a change of a tenth is found that is the only one in it.
    fn tenths_found(deviation: f64, runs: usize, others: usize) -> usize {
        let noise = Noise::LogNormal(deviation);
        let is_found = |seed: u64| {
            let mut made_up = MadeUp::new(seed);
            let (base, new) = sides(noise, runs, 1.1, &mut made_up);
            let mut family = vec![compare(&base, &new, How { seed, ..LATENCY })];
            for _ in 0..others {
                // Of its neighbours a verdict feels nothing but how probable they are.
                let (base, new) = sides(noise, runs, 1.0, &mut made_up);
                let p_value = p_value(&base, &new, false);
                family.push(Comparison { p_value, ..family[0].clone() });
            }
            decide(&mut family);
            family[0].verdict == Change::Worse
        };
        (0..200).filter(|seed| is_found(*seed)).count()
    }

    #[test]
    fn a_change_of_a_tenth_is_found_nine_times_in_ten() {
        // Noise between runs, runs a side, and comparisons beside it in which nothing changed.
        let rows = [(0.03, 5, 0), (0.03, 6, 5), (0.03, 8, 31), (0.05, 12, 5), (0.05, 15, 31)];
        for (deviation, runs, others) in rows {
            let found = tenths_found(deviation, runs, others);
            assert!(found >= 180, "{found} of 200: {deviation}, {runs} runs, {others} others");
        }
        // With the fewest runs there may be, it is not, once there is company.
        assert!(tenths_found(0.03, FEWEST_RUNS, 5) < 180);
        assert!(tenths_found(0.05, FEWEST_RUNS, 0) < 180);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn either_side_may_be_the_base_and_any_unit_the_unit(
            base in prop::collection::vec(50.0_f64..150.0, 5..9),
            new in prop::collection::vec(50.0_f64..150.0, 5..9),
        ) {
            let plain = compare(&base, &new, LATENCY);
            let scaled = |side: &[f64]| side.iter().map(|v| v * 1_024.0).collect::<Vec<_>>();
            let other_unit = compare(&scaled(&base), &scaled(&new), LATENCY);
            prop_assert_eq!(plain.verdict, other_unit.verdict);
            prop_assert!((plain.ratio - other_unit.ratio).abs() < 1e-9);
            let turned = compare(&new, &base, LATENCY);
            prop_assert!((plain.ratio * turned.ratio - 1.0).abs() < 1e-9);
            let p = |c: &Comparison| c.p_value.unwrap();
            prop_assert!((p(&plain) - p(&turned)).abs() < 1e-9);
        }
    }
}
