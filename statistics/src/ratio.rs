//! Where the ratio of two sets of runs lies, and how probable it is where there is none.
//!
//! Noise in times and rates is a factor, so it is the logarithms of figures that scatter evenly.
//! On them the interval and the test are those of Student's t: over the differences of the pairs
//! where runs come in pairs, and where they do not with each side's own scatter (Welch 1947). They
//! are two readings of one distance, so that they never contradict each other. Resampling is no way
//! out: so few runs do not show the tails that it draws from, and what it calls 95 % of pairs holds
//! the truth 82 to 92 times in 100 with five to ten of them (`cargo bench` shows it).
//!
//! A figure that is zero has no logarithm. Then nothing is taken for granted but that a run lies
//! above its median as often as below: the interval ends at ranks (Conover 1999, section 3.2), and
//! is never too narrow, but wide.

use super::{mean, median, sorted, variance};
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

/// What two sets of figures, all of them zero or more, say of their ratio.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(super) struct Estimate {
    /// New over base: the geometric mean, over the pairs where there are pairs; the ratio of the
    /// medians where a figure is zero.
    pub(super) ratio: f64,
    /// Where the true ratio lies, 95 times in 100.
    pub(super) interval: (f64, f64),
    /// How probable as large a difference is where there is none.
    pub(super) p_value: Option<f64>,
    /// How far from 1, as a share, such a ratio is where there is none, 95 times in 100; none where
    /// a figure is zero.
    pub(super) noise: Option<f64>,
}

/// Of figures that were measured in pairs: as many on either side.
pub(super) fn of_pairs(base: &[f64], new: &[f64]) -> Estimate {
    let apart = |base: &[f64], new: &[f64]| {
        let differences: Vec<f64> = base.iter().zip(new).map(|(b, n)| n - b).collect();
        let n = differences.len() as f64;
        let error = (variance(&differences) / n).sqrt();
        Apart { by: mean(&differences), error, freedom: n - 1.0 }
    };
    if let Some((base, new)) = logarithms(base, new) {
        return apart(&base, &new).on_logarithms(size(&base, &new));
    }
    let ratios: Vec<f64> = base.iter().zip(new).map(|(b, n)| of(*b, *n)).collect();
    let ratios = sorted(&ratios);
    Estimate {
        ratio: median(&ratios).unwrap_or(f64::NAN),
        interval: between_ranks(&ratios),
        p_value: apart(base, new).p_value(size(base, new)),
        noise: None,
    }
}

/// Of figures that have nothing to do with each other.
pub(super) fn of_both(base: &[f64], new: &[f64]) -> Estimate {
    of_sides(base, new, |base, new| {
        let part = |side: &[f64]| variance(side) / side.len() as f64;
        let (b, n) = (part(base), part(new));
        let freedom = (b + n).powi(2)
            / (b.powi(2) / (base.len() as f64 - 1.0) + n.powi(2) / (new.len() as f64 - 1.0));
        Apart { by: mean(new) - mean(base), error: (b + n).sqrt(), freedom }
    })
}

/// Of figures that have nothing to do with each other and scatter alike on both sides, two or more of
/// them each: what the larger side shows of the scatter holds for the smaller.
pub(super) fn of_alike(base: &[f64], new: &[f64]) -> Estimate {
    of_sides(base, new, |base, new| {
        let freedom = (base.len() + new.len()) as f64 - 2.0;
        let squares = |side: &[f64]| variance(side) * (side.len() as f64 - 1.0);
        let of_one = (squares(base) + squares(new)) / freedom;
        let parts = 1.0 / base.len() as f64 + 1.0 / new.len() as f64;
        Apart { by: mean(new) - mean(base), error: (of_one * parts).sqrt(), freedom }
    })
}

fn of_sides(base: &[f64], new: &[f64], apart: fn(&[f64], &[f64]) -> Apart) -> Estimate {
    if let Some((base, new)) = logarithms(base, new) {
        return apart(&base, &new).on_logarithms(size(&base, &new));
    }
    let middle = |side: &[f64]| median(side).unwrap_or(f64::NAN);
    let (low, high) = between_ranks(&sorted(base));
    let (new_low, new_high) = between_ranks(&sorted(new));
    Estimate {
        ratio: of(middle(base), middle(new)),
        interval: (of(high, new_low), of(low, new_high)),
        p_value: apart(base, new).p_value(size(base, new)),
        noise: None,
    }
}

/// New over base: 1 where they are the same, also where both are zero.
pub(super) fn of(base: f64, new: f64) -> f64 {
    if base.total_cmp(&new).is_eq() { 1.0 } else { new / base }
}

/// How far Student's t of so many degrees of freedom strays to either side, but for this share of
/// the draws: 2.78 for four and 0.05.
pub(super) fn reach(freedom: f64, but_for: f64) -> f64 {
    let t = StudentsT::new(0.0, 1.0, freedom);
    t.map_or(f64::INFINITY, |t| t.inverse_cdf(1.0 - but_for / 2.0))
}

/// A distance, and how well it is known.
struct Apart {
    by: f64,
    error: f64,
    freedom: f64,
}

impl Apart {
    fn on_logarithms(&self, size: f64) -> Estimate {
        let far = if self.is_exact(size) { 0.0 } else { self.error * reach(self.freedom, 0.05) };
        // What is left of figures that agree to the last digit is rounding.
        let by = if self.by.abs() <= size * EXACT { 0.0 } else { self.by };
        Estimate {
            ratio: by.exp(),
            interval: ((by - far).exp(), (by + far).exp()),
            p_value: self.p_value(size),
            noise: Some(far.exp_m1()),
        }
    }

    /// Two-sided.
    fn p_value(&self, size: f64) -> Option<f64> {
        // Runs that agree to the last digit, as simulated ones do, differ for certain or not at
        // all.
        if self.is_exact(size) {
            return Some(if self.by.abs() <= size * EXACT { 1.0 } else { 0.0 });
        }
        let t = StudentsT::new(0.0, 1.0, self.freedom).ok()?;
        Some((2.0 * t.sf((self.by / self.error).abs())).min(1.0))
    }

    fn is_exact(&self, size: f64) -> bool {
        self.error <= size * EXACT
    }
}

/// Less than this share of the figures is rounding.
const EXACT: f64 = 1e-12;

/// The largest of the figures in size, and at least 1.
fn size(base: &[f64], new: &[f64]) -> f64 {
    base.iter().chain(new).fold(1.0_f64, |size, value| size.max(value.abs()))
}

fn logarithms(base: &[f64], new: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
    let all_positive = base.iter().chain(new).all(|value| *value > 0.0);
    let logs = |side: &[f64]| side.iter().map(|value| value.ln()).collect();
    all_positive.then(|| (logs(base), logs(new)))
}

/// The narrowest interval between two figures, as many from either end, that holds the median that
/// they were drawn around at least 93 times in 100: from the smallest to the largest of five,
/// which holds it 94 times.
fn between_ranks(sorted: &[f64]) -> (f64, f64) {
    let n = sorted.len();
    let Ok(coin) = Binomial::new(0.5, n as u64) else { return (f64::NAN, f64::NAN) };
    let holds = |left_out: usize| 1.0 - 2.0 * coin.cdf(left_out as u64) >= 0.93;
    let left_out = (0..n / 2).take_while(|left_out| holds(*left_out)).last().unwrap_or(0);
    match (sorted.get(left_out), sorted.get((n - 1).saturating_sub(left_out))) {
        (Some(low), Some(high)) => (*low, *high),
        _ => (f64::NAN, f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up::MadeUp;
    use super::*;

    #[track_caller]
    fn near(got: f64, want: f64) {
        assert!((got / want - 1.0).abs() < 1e-4, "{got} is not {want}");
    }

    #[test]
    fn the_interval_is_that_of_a_table() {
        near(reach(4.0, 0.05), 2.776_445);
        near(reach(19.0, 0.05), 2.093_024);
        near(reach(5.0, 0.01), 4.032_143);
        // Differences of logarithms 0.1, 0.2, 0.3, 0.4, 0.5: mean 0.3, deviation 0.158.
        let base = [1.0; 5];
        let new = [0.1_f64, 0.2, 0.3, 0.4, 0.5].map(f64::exp);
        let estimate = of_pairs(&base, &new);
        near(estimate.ratio, 0.3_f64.exp());
        let far = 2.776_445 * 0.158_113_9 / 5.0_f64.sqrt();
        near(estimate.interval.0, (0.3 - far).exp());
        near(estimate.interval.1, (0.3 + far).exp());
        near(estimate.noise.unwrap(), far.exp_m1());
        near(estimate.p_value.unwrap(), 0.013_236);
    }

    #[test]
    fn sides_that_scatter_alike_lend_each_other_their_scatter() {
        // Logarithms 0, 0.1, 0.2 and 0.4 to 0.7: pooled variance 0.014 of five degrees of freedom.
        let base = [0.0_f64, 0.1, 0.2].map(f64::exp);
        let new = [0.4_f64, 0.5, 0.6, 0.7].map(f64::exp);
        let estimate = of_alike(&base, &new);
        near(estimate.ratio, 0.45_f64.exp());
        let far = 2.570_582 * (0.014_f64 * (1.0 / 3.0 + 1.0 / 4.0)).sqrt();
        near(estimate.interval.0, (0.45 - far).exp());
        near(estimate.interval.1, (0.45 + far).exp());
        // A table has 0.01 at 4.03 and 0.002 at 5.89; this is 4.98.
        assert!((0.002..0.01).contains(&estimate.p_value.unwrap()), "{estimate:?}");
        assert_eq!(of_alike(&[7.0; 3], &[7.0; 9]).p_value, Some(1.0));
        assert_eq!(of_alike(&[7.0; 3], &[8.0; 9]).p_value, Some(0.0));
    }

    #[test]
    fn without_logarithms_ranks_say_where_it_lies() {
        let base = [0.0, 1.0, 2.0, 4.0, 5.0];
        let estimate = of_pairs(&base, &base.map(|value| value * 3.0));
        assert_eq!((estimate.ratio, estimate.interval), (3.0, (1.0, 3.0)), "of nothing, nothing");
        assert_eq!(of_pairs(&[0.0; 5], &[2.0; 5]).interval, (f64::INFINITY, f64::INFINITY));
        let apart = of_both(&[0.0, 1.0, 2.0, 3.0, 4.0], &[8.0, 10.0, 12.0, 10.0, 9.0]);
        assert_eq!((apart.ratio, apart.interval), (5.0, (2.0, f64::INFINITY)));
        // One of either end may be left out from nine figures on: 1 − 2 · 10 / 512.
        let ranks = |n: u32| between_ranks(&(1..=n).map(f64::from).collect::<Vec<_>>());
        assert_eq!([ranks(5), ranks(8), ranks(9)], [(1.0, 5.0), (1.0, 8.0), (2.0, 8.0)]);
    }

    /// How runs vary from one to the next.
    #[derive(Copy, Clone, Debug)]
    enum Noise {
        Normal(f64),
        LogNormal(f64),
        /// One run in four is 8 % slower, beside 1 % of noise.
        Bimodal,
    }

    impl Noise {
        fn draw(self, made_up: &mut MadeUp) -> f64 {
            match self {
                Self::Normal(deviation) => 1.0 + deviation * made_up.normal(),
                Self::LogNormal(deviation) => made_up.log_normal(deviation),
                Self::Bimodal => {
                    let slow = if made_up.uniform() < 0.25 { 1.08 } else { 1.0 };
                    slow * made_up.log_normal(0.01)
                }
            }
        }
    }

    #[test]
    fn it_holds_the_true_ratio_as_often_as_it_says() {
        // Of 600 intervals at least 93 in 100, less three deviations of such a count.
        const DRAWS: usize = 600;
        let least = 0.93 * DRAWS as f64 - 3.0 * (DRAWS as f64 * 0.93 * 0.07).sqrt();
        for noise in [Noise::Normal(0.05), Noise::LogNormal(0.05), Noise::Bimodal] {
            for runs in [5, 6, 10] {
                let mut made_up = MadeUp::new(runs);
                let mut held = [0; 2];
                for _ in 0..DRAWS {
                    let side = |made_up: &mut MadeUp, level: f64| -> Vec<f64> {
                        (0..runs).map(|_| level * noise.draw(made_up)).collect()
                    };
                    let (base, new) = (side(&mut made_up, 40e6), side(&mut made_up, 48e6));
                    for (held, estimate) in
                        held.iter_mut().zip([of_pairs(&base, &new), of_both(&base, &new)])
                    {
                        let (low, high) = estimate.interval;
                        *held += usize::from((low..=high).contains(&1.2));
                    }
                }
                for (held, what) in held.into_iter().zip(["pairs", "two sets"]) {
                    assert!(held as f64 >= least, "{held} of {DRAWS}: {noise:?}, {runs} {what}");
                }
            }
        }
    }
}
