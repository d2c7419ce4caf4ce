//! Two sets of runs, and whether they differ: better, worse, the same, or not enough data.
//!
//! A change is announced only where three things agree: a test on the runs finds it after all the
//! comparisons of the family were counted against it (Student's t over pairs, or Welch 1947, on
//! logarithms; Holm 1979), the whole 95 % interval of the ratio lies on one side of 1 and farther
//! from it than two runs of the same thing may differ, and the interval does not lie wholly within
//! the band that nobody would act on. "The same" is a finding too, and needs the whole interval
//! within the band. All else is "not enough data", never "no difference".
//!
//! That rule is all that is promised. "Worse" says that the figure is worse, surely, and perhaps by
//! more than the band; that it is worse by more than the band, for sure, it does not say: of a true
//! change of 6 % under a band of 10 % the interval may well leave "no difference". Who wants that
//! sets a threshold (`worse_by`), beyond which the whole interval has to lie.

use super::{Better, holm, median, ratio};

/// Fewest runs on each side that a verdict rests on. How many it takes to find a change is told by
/// [`power`](super::power): where repetitions scatter by 3 %, a tenth is found nine times in ten by
/// 5 pairs of them as the only comparison, by 7 among six and 9 among thirty-two; where they scatter
/// by 5 %, by 8, 13 and 16. Between two runs, which are taken to differ by up to 5.7 % without a
/// change, it takes 14, or 36.
pub const FEWEST_RUNS: usize = 5;

/// How often a family of comparisons without any difference may raise an alarm.
pub(super) const FALSE_ALARMS: f64 = 0.05;

/// How many times one figure must be another's for so few runs to name a winner, where no run of
/// the one reaches into the range of the other either. It is what noise alone makes of the
/// worst of 24 comparisons, one time in twenty, if a run strays from the next by 30 %, of which so
/// few show nothing: simulated in the tests.
pub const fn tells_apart(runs: usize) -> f64 {
    match runs {
        0 => f64::INFINITY,
        1 => 4.0,
        _ => 3.0,
    }
}

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
    /// Two runs of the same thing may differ by this share, up or down, whatever their repetitions
    /// say of themselves: see [`noise`](super::noise). 0 where both sides are of one run, whose
    /// repetitions took turns.
    pub drift: f64,
}

/// What a comparison says.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// The new side is better, by more than noise explains; perhaps by less than the band.
    Better,
    /// The new side is worse, by more than noise explains; perhaps by less than the band.
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
    /// New over base, from [`FEWEST_RUNS`] a side on the geometric mean of the pairs' ratios, or
    /// the ratio of the geometric means; below that, and where a figure is zero, of the medians.
    /// Infinite where only the base is zero, 1 where both are.
    pub ratio: f64,
    /// 95 % interval of the ratio, from [`FEWEST_RUNS`] a side on: Student's t on logarithms; where
    /// a figure is zero, ranks.
    pub interval: Option<(f64, f64)>,
    /// How probable a difference like this is where there is none; for this comparison alone.
    pub p_value: Option<f64>,
    /// The same with the family counted against it; see [`decide`].
    pub p_adjusted: Option<f64>,
    /// How far from 1 the ratio of two such sets of one run is when nothing is different, 95 times
    /// in 100. What differs between runs is [`How::drift`].
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
    let estimate = enough
        .then(|| if paired { ratio::of_pairs(&base, &new) } else { ratio::of_both(&base, &new) });
    let of_medians = if sayable { ratio::of(base_median, new_median) } else { f64::NAN };
    let mut comparison = Comparison {
        how: How { paired, ..how },
        runs: (base.len(), new.len()),
        base_median,
        new_median,
        ratio: estimate.map_or(of_medians, |estimate| estimate.ratio),
        interval: estimate.map(|estimate| estimate.interval),
        p_value: estimate.and_then(|estimate| estimate.p_value),
        p_adjusted: None,
        noise_floor: estimate.and_then(|estimate| estimate.noise),
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
    /// The same where one of the sides was multiplied by something known only so far: `by` is half of its
    /// own 95 % interval, on logarithms, and has nothing to do with the figures. The interval becomes
    /// wider by it and the verdict follows; `p_value` stays that of the figures alone. What has no
    /// interval, or is zero, stays as it is.
    #[must_use]
    pub fn widened(mut self, by: f64) -> Self {
        let ratio = self.ratio;
        self.interval = self.interval.map(|(low, high)| {
            if by <= 0.0 || low <= 0.0 || !high.is_finite() {
                return (low, high);
            }
            let far = |end: f64| (end / ratio).ln().hypot(by).exp();
            (ratio / far(low), ratio * far(high))
        });
        self.verdict = self.change();
        self
    }

    fn change(&self) -> Change {
        let Some((low, high)) = self.interval else { return Change::NotEnoughData };
        let band = 1.0 + self.how.band;
        if 1.0 / band <= low && high <= band {
            return Change::Same;
        }
        if !(self.is_significant() && self.is_beyond(self.how.drift)) {
            return Change::NotEnoughData;
        }
        if (self.ratio > 1.0) == (self.how.better == Better::Higher) {
            Change::Better
        } else {
            Change::Worse
        }
    }

    fn is_significant(&self) -> bool {
        self.p_adjusted.is_some_and(|p| p <= FALSE_ALARMS)
    }

    /// Whether the whole interval lies farther from 1 than this share.
    fn is_beyond(&self, share: f64) -> bool {
        self.interval.is_some_and(|(low, high)| low > 1.0 + share || high < 1.0 / (1.0 + share))
    }

    /// Whether the figures differ for sure, and by no more than two runs of the same thing may: more
    /// repetitions would not decide it, further runs might.
    pub fn is_within_drift(&self) -> bool {
        self.verdict == Change::NotEnoughData
            && self.is_significant()
            && self.is_beyond(0.0)
            && !self.is_beyond(self.how.drift)
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up::MadeUp;
    use super::super::noise;
    use super::*;
    use proptest::prelude::*;

    const LATENCY: How = How { better: Better::Lower, band: 0.10, paired: false, drift: 0.0 };

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
                compare(&base, &new, how)
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
    fn what_the_figures_were_multiplied_by_widens_what_is_said_of_them() {
        let base = [100.0, 101.0, 99.0, 100.5, 99.5];
        let new = base.map(|value| value * 1.12);
        let plain = compare(&base, &new, LATENCY);
        assert_eq!(plain.clone().widened(0.0), plain);
        let wide = plain.clone().widened(0.2);
        let (low, high) = wide.interval.unwrap();
        assert!((low * high / wide.ratio.powi(2) - 1.0).abs() < 0.01, "{low} to {high}");
        assert!((0.2..0.21).contains(&(high / wide.ratio).ln()), "{high}");
        assert_eq!((plain.verdict, wide.verdict), (Change::Worse, Change::NotEnoughData));
        assert!(!wide.is_within_drift(), "the interval holds 1");
        let zero = compare(&[0.0; 5], &[3.0; 5], LATENCY);
        assert_eq!(zero.clone().widened(0.2), zero);
        let few = compare(&base[..4], &new[..4], LATENCY);
        assert_eq!(few.clone().widened(0.2), few);
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

    /// As `compare` does with two runs of the same inputs.
    const PAIRED: How = How { paired: true, ..LATENCY };

    /// How often in 200 families a change of a tenth is found that is the only one in it.
    fn tenths_found(deviation: f64, runs: usize, others: usize, how: How) -> usize {
        let noise = Noise::LogNormal(deviation);
        let mut made_up = MadeUp::new(runs as u64);
        let mut is_found = || {
            let (base, new) = sides(noise, runs, 1.1, &mut made_up);
            let mut family = vec![compare(&base, &new, how)];
            for _ in 0..others {
                let (base, new) = sides(noise, runs, 1.0, &mut made_up);
                family.push(compare(&base, &new, how));
            }
            decide(&mut family);
            family[0].verdict == Change::Worse
        };
        (0..200).filter(|_| is_found()).count()
    }

    #[test]
    fn a_change_of_a_tenth_is_found_nine_times_in_ten() {
        // Noise between runs, runs a side, and comparisons beside it in which nothing changed: what
        // `FEWEST_RUNS` says. Three deviations of such a count are 13.
        let drifting = How { drift: noise::presumed(), ..PAIRED };
        let rows = [
            (0.03, 5, 0, PAIRED),
            (0.03, 7, 5, PAIRED),
            (0.03, 9, 31, PAIRED),
            (0.05, 8, 0, PAIRED),
            (0.05, 13, 5, PAIRED),
            (0.05, 16, 31, PAIRED),
            (0.03, 14, 31, drifting),
            (0.05, 36, 5, drifting),
        ];
        for (deviation, runs, others, how) in rows {
            let found = tenths_found(deviation, runs, others, how);
            assert!(found >= 167, "{found} of 200: {deviation}, {runs} runs, {others} others");
        }
        // With the fewest runs there may be, it is not, once there is company.
        assert!(tenths_found(0.03, FEWEST_RUNS, 31, PAIRED) < 180);
        assert!(tenths_found(0.05, FEWEST_RUNS, 0, PAIRED) < 180);
    }

    #[test]
    fn worse_promises_that_it_is_worse_and_not_by_how_much() {
        // A true change of 6 % under a band of 10 %: told by many runs, as what it is.
        let mut made_up = MadeUp::new(6);
        let (base, new) = sides(Noise::LogNormal(0.03), 40, 1.06, &mut made_up);
        let told = compare(&base, &new, PAIRED);
        let (low, high) = told.interval.unwrap();
        assert!(low > 1.0 && low < 1.06 && high < 1.1, "{told:?}");
        assert_eq!(told.verdict, Change::Same, "no run will act on it");
        let (base, new) = sides(Noise::LogNormal(0.03), 10, 1.09, &mut made_up);
        let told = compare(&base, &new, PAIRED);
        assert!(told.interval.unwrap().0 < 1.1, "it may be less than the band");
        assert_eq!(told.verdict, Change::Worse);
    }

    /// Of so many tables of 24 comparisons without a change, how many find one to be worse: each run
    /// is slower or faster as a whole by 2 %, its repetitions by 2 % beside that. `drift` is what
    /// is known of that, from the two runs' own shifts.
    fn tables_with_a_worse(
        tables: usize,
        runs: usize,
        mut drift: impl FnMut(&mut MadeUp, f64) -> f64,
    ) -> usize {
        let mut made_up = MadeUp::new(runs as u64);
        let mut is_alarmed = || {
            let shift = [made_up.log_normal(0.02), made_up.log_normal(0.02)];
            let drift = drift(&mut made_up, shift[1] / shift[0]);
            let how = How { band: 0.05, drift, ..PAIRED };
            let mut one = || {
                let mut side = |shift: f64| -> Vec<f64> {
                    (0..runs).map(|_| shift * made_up.log_normal(0.02)).collect()
                };
                compare(&side(shift[0]), &side(shift[1]), how)
            };
            let mut family: Vec<Comparison> = (0..24).map(|_| one()).collect();
            decide(&mut family);
            family.iter().any(|one| one.verdict == Change::Worse)
        };
        (0..tables).filter(|_| is_alarmed()).count()
    }

    #[test]
    fn what_two_runs_differ_by_is_no_change_whatever_is_known_of_it() {
        // One in twenty of 300 tables, and three deviations of such a count.
        const MOST: usize = 15 + 11;
        for runs in [5, 20] {
            let presumed = tables_with_a_worse(300, runs, |_, _| noise::presumed());
            assert!(presumed <= MOST, "{presumed} of 300 at {runs} repetitions, presumed");
            let of_six = tables_with_a_worse(300, runs, |made_up, _| {
                let levels: Vec<f64> = (0..6).map(|_| made_up.log_normal(0.02)).collect();
                noise::between_runs(&[&levels])
            });
            assert!(of_six <= MOST, "{of_six} of 300 at {runs} repetitions, from six runs");
            let of_work = tables_with_a_worse(300, runs, |made_up, shift| {
                let mut times = |shift: f64| -> Vec<f64> {
                    (0..24).map(|_| shift * made_up.log_normal(0.01)).collect()
                };
                noise::pace(&times(1.0), &times(shift)).unwrap().beyond
            });
            assert!(of_work <= MOST, "{of_work} of 300 at {runs} repetitions, from timed work");
        }
        // And were it not heeded, more repetitions would only make a test surer of it.
        assert!(tables_with_a_worse(300, 20, |_, _| 0.0) > 2 * MOST);
    }

    #[test]
    fn what_differs_for_sure_and_by_no_more_than_runs_do_is_told_apart() {
        let base = [100.0, 101.0, 99.0, 100.5, 99.5];
        let new = base.map(|value| value * 1.08);
        let how = How { band: 0.05, ..PAIRED };
        assert_eq!(compare(&base, &new, how).verdict, Change::Worse);
        let drifting = compare(&base, &new, How { drift: 0.1, ..how });
        assert_eq!(drifting.verdict, Change::NotEnoughData);
        assert!(drifting.is_within_drift());
        let wide = [70.0, 140.0, 90.0, 130.0, 95.0];
        assert!(!compare(&base, &wide, How { drift: 0.1, ..how }).is_within_drift());
        assert!(!compare(&base, &base, How { drift: 0.1, ..how }).is_within_drift());
    }

    #[test]
    fn so_few_runs_name_no_winner_of_24_by_noise() {
        // At 30 % of noise, one in twenty of 600 families, and three deviations of such a count.
        const MOST: usize = 30 + 17;
        for runs in 1..FEWEST_RUNS {
            let mut made_up = MadeUp::new(runs as u64);
            let mut is_won = || {
                let mut side =
                    || -> Vec<f64> { (0..runs).map(|_| made_up.log_normal(0.3)).collect() };
                let (one, other) = (median(&side()).unwrap(), median(&side()).unwrap());
                one.max(other) / one.min(other) >= tells_apart(runs)
            };
            let won = (0..600).filter(|_| (0..24).any(|_| is_won())).count();
            assert!(won <= MOST, "{won} of 600 with {runs}");
        }
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
