//! How far apart two sets of runs lie when nothing is different: A against A.
//!
//! A change smaller than this is not news on the machine that was measured on, however sure a
//! test is of it. The floor is made from the runs themselves: their scatter around their own
//! middle is drawn from again and again, as two sets that do not differ.

use super::bootstrap::{RESAMPLES, Ranked};
use super::random::Draws;
use super::{mean, quantile, sorted};

/// Fewest figures that say anything about noise.
const FEWEST: usize = 4;

/// In 95 of 100 comparisons of `n_base` runs with `n_new` further runs of the same thing, the
/// ratio of the two medians is at most this far from 1: 0.03 is 3 %, up or down (as a factor, so
/// down is a division by 1.03). From figures of runs that do not differ. None if there are fewer
/// than four or one is not positive.
pub fn floor(values: &[f64], n_base: usize, n_new: usize, seed: u64) -> Option<f64> {
    floor_of(&scatter(values)?, n_base, n_new, seed)
}

/// The same from two sets that may differ in their level: only the scatter around it counts.
pub(super) fn floor_of_both(base: &[f64], new: &[f64], seed: u64) -> Option<f64> {
    let (mut pooled, other) = (scatter(base)?, scatter(new)?);
    pooled.extend(other);
    floor_of(&pooled, base.len(), new.len(), seed)
}

/// The same for pairs: in a world without a difference, which of a pair is which is the toss of a
/// coin, and what a pair has in common stays in common.
pub(super) fn floor_of_pairs(base: &[f64], new: &[f64], seed: u64) -> Option<f64> {
    let (base, new) = (scatter(base)?, scatter(new)?);
    let n = base.len().min(new.len());
    if n < FEWEST {
        return None;
    }
    let both: Vec<f64> = base[..n].iter().chain(&new[..n]).copied().collect();
    let (mut left, mut right) = (Ranked::new(&both), Ranked::new(&both));
    let mut draws = Draws::new(seed);
    let apart = (0..RESAMPLES).map(|_| {
        left.clear();
        right.clear();
        for _ in 0..n {
            let at = draws.below(2 * n);
            left.add(at);
            right.add((at + n) % (2 * n));
        }
        left.median() - right.median()
    });
    as_share(apart)
}

fn floor_of(scatter: &[f64], n_base: usize, n_new: usize, seed: u64) -> Option<f64> {
    if scatter.len() < FEWEST || n_base == 0 || n_new == 0 {
        return None;
    }
    let mut ranked = Ranked::new(scatter);
    let mut draws = Draws::new(seed);
    let mut median_of = |n: usize, draws: &mut Draws| {
        ranked.clear();
        for _ in 0..n {
            ranked.add(draws.below(ranked.len()));
        }
        ranked.median()
    };
    let apart =
        (0..RESAMPLES).map(|_| median_of(n_base, &mut draws) - median_of(n_new, &mut draws));
    as_share(apart)
}

fn as_share(apart: impl Iterator<Item = f64>) -> Option<f64> {
    let sizes = sorted(&apart.map(f64::abs).collect::<Vec<_>>());
    quantile(&sizes, 0.95).map(f64::exp_m1)
}

/// The logarithms around their mean. Figures lie closer to their own mean than to the true one;
/// the stretch makes up for that.
fn scatter(values: &[f64]) -> Option<Vec<f64>> {
    if values.len() < 2 || !values.iter().all(|value| *value > 0.0 && value.is_finite()) {
        return None;
    }
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let (n, mean) = (logs.len() as f64, mean(&logs));
    let stretch = (n / (n - 1.0)).sqrt();
    Some(logs.into_iter().map(|log| (log - mean) * stretch).collect())
}

#[cfg(test)]
mod tests {
    use super::super::made_up::MadeUp;
    use super::super::median;
    use super::*;

    fn runs(noise: &mut MadeUp, n: usize, deviation: f64) -> Vec<f64> {
        (0..n).map(|_| 5.0 * noise.log_normal(deviation)).collect()
    }

    #[test]
    fn nineteen_in_twenty_comparisons_without_a_difference_stay_below_it() {
        let mut noise = MadeUp::new(1);
        let below = (0..400)
            .filter(|seed| {
                let floor = floor(&runs(&mut noise, 20, 0.03), 5, 5, *seed).unwrap();
                let mut middle = || median(&runs(&mut noise, 5, 0.03)).unwrap();
                (middle() / middle()).ln().abs() <= floor.ln_1p()
            })
            .count();
        assert!((365..=395).contains(&below), "{below} of 400");
    }

    #[test]
    fn it_grows_with_the_noise_and_shrinks_with_the_runs() {
        let floor_of = |deviation: f64, runs_each: usize| {
            let values = runs(&mut MadeUp::new(7), 30, deviation);
            floor(&values, runs_each, runs_each, 1).unwrap()
        };
        assert!(floor_of(0.06, 5) > 1.5 * floor_of(0.03, 5));
        assert!(floor_of(0.03, 20) < 0.7 * floor_of(0.03, 5));
        // Efficiency of the median: 1.96 · √2 · 0.03 · 0.536 is 4.5 %.
        assert!((floor_of(0.03, 5) - 0.045).abs() < 0.015, "{}", floor_of(0.03, 5));
    }

    #[test]
    fn a_difference_between_the_sets_is_no_noise() {
        let (base, new) = ([1.0, 1.01, 0.99, 1.0, 1.02], [2.0, 2.02, 1.98, 2.0, 2.04]);
        let apart = floor_of_both(&base, &new, 1).unwrap();
        assert!(apart < 0.03, "{apart}");
        let of_pairs = floor_of_pairs(&base, &new, 1).unwrap();
        assert!(of_pairs < 1e-9, "all that varies is what a pair has in common: {of_pairs}");
    }

    #[test]
    fn what_has_no_logarithm_or_no_company_has_no_floor() {
        for values in [&[1.0, 2.0, 3.0][..], &[], &[0.0, 1.0, 2.0, 3.0], &[f64::NAN; 6]] {
            assert_eq!(floor(values, 5, 5, 1), None, "{values:?}");
        }
        assert_eq!(floor(&[7.0; 6], 5, 5, 1), Some(0.0), "no scatter, no noise");
    }
}
