//! How far apart two sets of runs lie when nothing is different: A against A.
//!
//! Two things make it. Repetitions of one run scatter, and that is seen in the run. And two runs of
//! the same thing differ by what all repetitions of a run have in common: the hour, the neighbours,
//! where the machine put them. No scatter within a run shows that, and more repetitions only make a
//! test surer of it; it is known from further runs of the same thing, or has to be taken for granted.

use super::ratio::reach;
use super::{mean, variance};
use std::f64::consts::SQRT_2;

/// Fewest figures that say anything about noise.
const FEWEST: usize = 4;

/// In 95 of 100 comparisons of `n_base` repetitions with `n_new` further ones of the same run, the
/// ratio of the two geometric means is at most this far from 1: 0.03 is 3 %, up or down (as a
/// factor, so down is a division by 1.03). From figures of repetitions that do not differ. None if
/// there are fewer than four or one is not positive.
pub fn floor(values: &[f64], n_base: usize, n_new: usize) -> Option<f64> {
    let positive = values.iter().all(|value| *value > 0.0 && value.is_finite());
    if values.len() < FEWEST || !positive || n_base == 0 || n_new == 0 {
        return None;
    }
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let of_one = variance(&logs).sqrt();
    let parts = 1.0 / n_base as f64 + 1.0 / n_new as f64;
    Some(share(reach(logs.len() as f64 - 1.0, 0.05) * of_one * parts.sqrt()))
}

/// A distance on logarithms as a share. What is left of figures that agree to the last digit is
/// rounding, and no noise.
fn share(far: f64) -> f64 {
    if far < 1e-12 { 0.0 } else { far.exp_m1() }
}

/// Deviation of a run from its like that is taken for granted where nothing better is known, on
/// logarithms: 2 %. A virtual machine among others strays by that from one hour to the next.
pub const PRESUMED: f64 = 0.02;

/// So far, as a share, two runs of the same thing differ at most then, 95 times in 100: 5.7 %.
pub fn presumed() -> f64 {
    (1.959_964 * SQRT_2 * PRESUMED).exp_m1()
}

/// So many degrees of freedom make an estimate of their own: six runs of the same thing.
pub const ENOUGH: usize = 5;

/// How far two runs of the same thing differ at most, as a share, 95 times in 100, by whatever their
/// repetitions have in common. Each group has the level of a figure, above zero, in every run of
/// one and the same thing. Up to [`ENOUGH`] degrees of freedom it is [`presumed`], or what was seen
/// where that is more; from there on it is an estimate from the runs alone (Student's t), which may
/// be less.
pub fn between_runs(groups: &[&[f64]]) -> f64 {
    let groups: Vec<Vec<f64>> = groups
        .iter()
        .map(|group| group.iter().filter(|level| **level > 0.0).map(|level| level.ln()).collect())
        .collect();
    let freedom: usize = groups.iter().map(|group| group.len().saturating_sub(1)).sum();
    if freedom < ENOUGH {
        let apart = groups.iter().map(|group| {
            let ends = |pick: fn(f64, f64) -> f64| group.iter().copied().reduce(pick);
            ends(f64::max).zip(ends(f64::min)).map_or(0.0, |(high, low)| high - low)
        });
        return presumed().max(share(apart.fold(0.0, f64::max)));
    }
    let squares = groups.iter().filter(|group| group.len() > 1).map(|group| {
        let mean = mean(group);
        group.iter().map(|level| (level - mean).powi(2)).sum::<f64>()
    });
    let of_one = (squares.sum::<f64>() / freedom as f64).sqrt();
    share(reach(freedom as f64, 0.05) * SQRT_2 * of_one)
}

/// How fast a machine was in one run against another, by the time of the same piece of work.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Pace {
    /// The time in the new run over that in the base.
    pub ratio: f64,
    /// How far from 1 it may be, as a share: up to the far end of its 95 % interval.
    pub beyond: f64,
}

/// From the times that the same piece of work took in either run, above zero; none with fewer than
/// four of one.
pub fn pace(base: &[f64], new: &[f64]) -> Option<Pace> {
    let timed = |times: &[f64]| -> Vec<f64> {
        times.iter().copied().filter(|time| *time > 0.0 && time.is_finite()).collect()
    };
    let (base, new) = (timed(base), timed(new));
    if base.len().min(new.len()) < FEWEST {
        return None;
    }
    let estimate = super::ratio::of_both(&base, &new);
    let (low, high) = estimate.interval;
    Some(Pace { ratio: estimate.ratio, beyond: high.max(1.0 / low) - 1.0 })
}

#[cfg(test)]
mod tests {
    use super::super::made_up::MadeUp;
    use super::*;

    fn runs(noise: &mut MadeUp, n: usize, deviation: f64) -> Vec<f64> {
        (0..n).map(|_| 5.0 * noise.log_normal(deviation)).collect()
    }

    #[test]
    fn nineteen_in_twenty_comparisons_without_a_difference_stay_below_it() {
        let mut noise = MadeUp::new(1);
        let below = (0..600)
            .filter(|_| {
                let floor = floor(&runs(&mut noise, 10, 0.03), 5, 5).unwrap();
                let mut middle = || {
                    let logs: Vec<f64> =
                        runs(&mut noise, 5, 0.03).iter().map(|value| value.ln()).collect();
                    mean(&logs)
                };
                (middle() - middle()).abs() <= floor.ln_1p()
            })
            .count();
        // 570 of 600, give or take three deviations of such a count.
        assert!((554..=586).contains(&below), "{below} of 600");
    }

    #[test]
    fn it_grows_with_the_noise_and_shrinks_with_the_runs() {
        let floor_of = |deviation: f64, runs_each: usize| {
            let values = runs(&mut MadeUp::new(7), 30, deviation);
            floor(&values, runs_each, runs_each).unwrap()
        };
        assert!(floor_of(0.06, 5) > 1.5 * floor_of(0.03, 5));
        assert!(floor_of(0.03, 20) < 0.7 * floor_of(0.03, 5));
        // 2.05 · 0.03 · √(2/5) is 3.9 %.
        assert!((floor_of(0.03, 5) - 0.039).abs() < 0.012, "{}", floor_of(0.03, 5));
    }

    #[test]
    fn what_has_no_logarithm_or_no_company_has_no_floor() {
        for values in [&[1.0, 2.0, 3.0][..], &[], &[0.0, 1.0, 2.0, 3.0], &[f64::NAN; 6]] {
            assert_eq!(floor(values, 5, 5), None, "{values:?}");
        }
        assert_eq!(floor(&[7.0; 6], 5, 5), Some(0.0), "no scatter, no noise");
        // A tenth is no binary fraction, and its mean is not quite what it is made of.
        assert_eq!(floor(&[0.1; 6], 5, 5), Some(0.0), "nor is rounding any");
    }

    #[test]
    fn few_runs_of_the_same_thing_only_add_to_what_is_presumed() {
        let presumed = presumed();
        assert!((presumed - 0.057).abs() < 0.001, "{presumed}");
        let is = |groups: &[&[f64]], want: f64| (between_runs(groups) - want).abs() < 1e-9;
        assert!(is(&[], presumed) && is(&[&[7.0]], presumed), "one run has no like");
        assert!(is(&[&[1.0, 1.001, 0.999]], presumed), "three are no estimate");
        assert!(is(&[&[1.0], &[1.0, 1.2]], 0.2), "and yet they are seen");
        assert!(is(&[&[1.0; 6]], 0.0), "six are");
        assert!(is(&[&[1.0; 4], &[3.0; 3]], 0.0), "of one thing or the other");
    }

    #[test]
    fn nineteen_in_twenty_further_runs_stay_below_what_six_show() {
        let mut noise = MadeUp::new(3);
        let below = (0..600)
            .filter(|_| {
                let six = runs(&mut noise, 6, 0.01);
                let pair = runs(&mut noise, 2, 0.01);
                (pair[0] / pair[1]).ln().abs() <= between_runs(&[&six]).ln_1p()
            })
            .count();
        assert!((554..=586).contains(&below), "{below} of 600");
    }

    #[test]
    fn a_slower_machine_is_known_by_its_work() {
        let mut noise = MadeUp::new(5);
        let (base, slow) = (runs(&mut noise, 20, 0.01), runs(&mut noise, 20, 0.01));
        let slow: Vec<f64> = slow.iter().map(|time| time * 1.08).collect();
        let pace_of = |base: &[f64], new: &[f64]| pace(base, new).unwrap();
        let slower = pace_of(&base, &slow);
        assert!((slower.ratio - 1.08).abs() < 0.01 && slower.beyond > 0.08, "{slower:?}");
        let faster = pace_of(&slow, &base);
        assert!((faster.beyond - slower.beyond).abs() < 1e-9, "either way");
        assert!(pace_of(&base, &base).beyond < 0.01);
        assert_eq!(pace(&base[..3], &slow), None);
        assert_eq!(pace(&[0.0; 9], &slow), None);
    }
}
