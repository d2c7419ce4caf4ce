//! How many repetitions it takes: to find a change, and to let what has not changed pass.
//!
//! It is the paired test of [`comparison`](super::comparison), told beforehand: figures scatter from
//! one repetition to the next by a factor, and their own scatter is all that the test will know of
//! it. A change is found where the interval lies wholly beyond what is allowed and the test still
//! holds when every other comparison was counted against it. How much the figures scatter is for
//! whoever asks to say.

use super::comparison::{FALSE_ALARMS, FEWEST_RUNS};
use super::ratio::reach;
use statrs::distribution::{ContinuousCDF, Normal};
use std::f64::consts::SQRT_2;

/// So often, of those that are there, a change must be found for the repetitions to be enough.
const OFTEN: f64 = 0.9;

/// What is to be found out.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Question {
    /// Deviation of one repetition from the next, as a share: 0.03 is 3 %.
    pub noise: f64,
    /// What a figure may differ by, as a share, before it counts: the interval must lie beyond it,
    /// or within.
    pub allowed: f64,
    /// How many comparisons are looked at together.
    pub comparisons: usize,
}

impl Question {
    /// How probable it is that so many pairs of repetitions find a change of this share.
    pub fn finds(&self, change: f64, runs: usize) -> f64 {
        let freedom = runs as f64 - 1.0;
        let error = self.error(runs);
        // The first of Holm's steps asks for the most.
        let all = reach(freedom, FALSE_ALARMS / self.comparisons.max(1) as f64);
        let own = reach(freedom, 0.05);
        over_scatters(freedom, |scatter| {
            let must = (self.allowed.ln_1p() + own * scatter * error).max(all * scatter * error);
            (change.ln_1p() - must) / error
        })
    }

    /// How probable it is that so many pairs of repetitions show that a figure that has not changed
    /// does not differ by more than is allowed.
    pub fn passes(&self, runs: usize) -> f64 {
        let freedom = runs as f64 - 1.0;
        let error = self.error(runs);
        let own = reach(freedom, 0.05);
        over_scatters(freedom, |scatter| (self.allowed.ln_1p() - own * scatter * error) / error)
    }

    /// The fewest repetitions that find a change of this share nine times in ten; none where `most`
    /// do not.
    pub fn runs_to_find(&self, change: f64, most: usize) -> Option<usize> {
        // What is not beyond what is allowed is not there to be found.
        if change <= self.allowed {
            return None;
        }
        fewest(most, |runs| self.finds(change, runs))
    }

    /// The fewest repetitions with which what has not changed passes nine times in ten; none where
    /// it does not with `most`.
    pub fn runs_to_pass(&self, most: usize) -> Option<usize> {
        fewest(most, |runs| self.passes(runs))
    }

    /// Of the mean of so many differences: both of a pair scatter.
    fn error(&self, runs: usize) -> f64 {
        self.noise.max(1e-6) * SQRT_2 / (runs as f64).sqrt()
    }
}

fn fewest(most: usize, probable: impl Fn(usize) -> f64) -> Option<usize> {
    (FEWEST_RUNS..=most).find(|runs| probable(*runs) >= OFTEN)
}

/// The mean of the normal probability of `z` over what the scatter of a sample may turn out to be,
/// as a multiple of the true one: the root of chi squared over its degrees of freedom, by the
/// approximation of Wilson and Hilferty (1931), which is good to a hundredth from four on.
fn over_scatters(freedom: f64, z: impl Fn(f64) -> f64) -> f64 {
    const PARTS: usize = 100;
    let normal = Normal::standard();
    let part = 2.0 / (9.0 * freedom);
    let all = (0..PARTS).map(|n| {
        let quantile = normal.inverse_cdf((n as f64 + 0.5) / PARTS as f64);
        let squared = (1.0 - part + quantile * part.sqrt()).max(0.0).powi(3);
        normal.cdf(z(squared.sqrt()))
    });
    all.sum::<f64>() / PARTS as f64
}

#[cfg(test)]
mod tests {
    use super::super::Better;
    use super::super::comparison::{Change, Comparison, How, compare, decide};
    use super::super::made_up::MadeUp;
    use super::*;

    /// How often in 400 draws a change is found, and what has not changed passes, by the rule itself.
    fn seen(question: Question, change: f64, runs: usize) -> (f64, f64) {
        const DRAWS: usize = 400;
        let how = How { better: Better::Lower, band: 0.0, paired: true, drift: question.allowed };
        let mut made_up = MadeUp::new(runs as u64);
        let (mut found, mut passed) = (0, 0);
        for _ in 0..DRAWS {
            let mut side = |level: f64| -> Vec<f64> {
                (0..runs).map(|_| level * made_up.log_normal(question.noise)).collect()
            };
            let (base, new, unchanged) = (side(1.0), side(1.0 + change), side(1.0));
            // Of its neighbours a verdict feels nothing but how probable they are.
            let one = compare(&base, &new, how);
            let plain = Comparison { p_value: Some(0.5), ..one.clone() };
            let mut family = vec![plain; question.comparisons];
            family[0] = one;
            decide(&mut family);
            found += usize::from(family[0].verdict == Change::Worse);
            let (_, high) = compare(&base, &unchanged, how).interval.unwrap();
            passed += usize::from(high < 1.0 + question.allowed);
        }
        (found as f64 / DRAWS as f64, passed as f64 / DRAWS as f64)
    }

    #[test]
    fn it_is_what_simulations_show() {
        let rows = [(0.03, 0.05, 1, 0.12, 6), (0.03, 0.1, 24, 0.2, 8), (0.05, 0.1, 6, 0.2, 12)];
        for (noise, allowed, comparisons, change, runs) in rows {
            let question = Question { noise, allowed, comparisons };
            let (found, passed) = seen(question, change, runs);
            // Three deviations of a share of 400, and a hundredth for the approximation.
            let near = |got: f64, told: f64| (got - told).abs() < 0.085;
            let told = (question.finds(change, runs), question.passes(runs));
            assert!(near(found, told.0), "found {found}, told {told:?}: {question:?}");
            assert!(near(passed, told.1), "passed {passed}, told {told:?}: {question:?}");
        }
    }

    #[test]
    fn the_fewest_are_enough_and_one_less_is_not() {
        let question = Question { noise: 0.03, allowed: 0.05, comparisons: 24 };
        let runs = question.runs_to_find(0.1, 1000).unwrap();
        assert!(question.finds(0.1, runs) >= 0.9 && question.finds(0.1, runs - 1) < 0.9);
        let noisier = Question { noise: 0.06, ..question };
        assert!(noisier.runs_to_find(0.1, 1000).unwrap() > runs);
        assert!(question.runs_to_find(0.2, 1000).unwrap() < runs);
        let alone = Question { comparisons: 1, ..question };
        assert!(alone.runs_to_find(0.1, 1000).unwrap() <= runs);
        assert!(noisier.runs_to_pass(1000) > question.runs_to_pass(1000));
        assert_eq!(question.runs_to_find(0.05, 1000), None, "it is allowed");
        assert_eq!(noisier.runs_to_find(0.06, 10), None, "not with so few");
    }
}
