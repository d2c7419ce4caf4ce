//! Where another run of the same thing will lie, by those that were made.
//!
//! A demand is on every run, and not on the middle of them: that the middle of five is surely below a
//! limit says little about the sixth. So what is asked here is no interval of confidence, which closes
//! on the middle as runs become more, but one of prediction, which has the scatter of a single run in
//! it however many there are (Hahn, Meeker: "Statistical Intervals", 1991, section 4).

use super::ratio::reach;
use super::{mean, variance};

/// Fewest runs that show any scatter.
const FEWEST: usize = 2;

/// A level that another run of the same thing stays below, 19 times in 20: Student's t, one-sided, on
/// logarithms, since noise is a factor, and on the values themselves where one of them is zero. None
/// of fewer than two runs, or where a value is below zero or no number.
pub fn stays_below(values: &[f64]) -> Option<f64> {
    let sayable = values.iter().all(|value| value.is_finite() && *value >= 0.0);
    if values.len() < FEWEST || !sayable {
        return None;
    }
    let positive = values.iter().all(|value| *value > 0.0);
    let scale = |value: &f64| if positive { value.ln() } else { *value };
    let scaled: Vec<f64> = values.iter().map(scale).collect();
    let n = scaled.len() as f64;
    // Two-sided but for a tenth is one-sided but for a twentieth.
    let far = reach(n - 1.0, 0.1) * (variance(&scaled) * (1.0 + 1.0 / n)).sqrt();
    let end = mean(&scaled) + far;
    Some(if positive { end.exp() } else { end })
}

#[cfg(test)]
mod tests {
    use super::super::made_up::MadeUp;
    use super::*;

    #[test]
    fn another_run_stays_below_as_often_as_is_said() {
        for runs in [2, 3, 5, 10] {
            let mut noise = MadeUp::new(runs);
            let below = (0..600)
                .filter(|_| {
                    let made: Vec<f64> = (0..runs).map(|_| 40e6 * noise.log_normal(0.05)).collect();
                    40e6 * noise.log_normal(0.05) <= stays_below(&made).unwrap()
                })
                .count();
            // 570 of 600, give or take three deviations of such a count.
            assert!((554..=586).contains(&below), "{below} of 600, by {runs} runs");
        }
    }

    #[test]
    fn more_runs_do_not_close_it_on_their_middle() {
        let level = |runs: usize| {
            let mut noise = MadeUp::new(9);
            let made: Vec<f64> = (0..runs).map(|_| noise.log_normal(0.05)).collect();
            stays_below(&made).unwrap()
        };
        // 1.645 deviations of a single run, however many there are.
        for runs in [100, 1_000] {
            assert!((level(runs) - 0.082_f64.exp()).abs() < 0.03, "{}", level(runs));
        }
    }

    #[test]
    fn the_level_is_that_of_a_table() {
        // Logarithms 0.1 to 0.5: mean 0.3, deviation 0.158; t of four, one-sided, is 2.132.
        let made = [0.1_f64, 0.2, 0.3, 0.4, 0.5].map(f64::exp);
        let want = (0.3 + 2.131_847 * 0.158_113_9 * 1.2_f64.sqrt()).exp();
        assert!((stays_below(&made).unwrap() / want - 1.0).abs() < 1e-4);
    }

    #[test]
    fn what_has_no_logarithm_is_taken_as_it_is_and_one_run_says_nothing() {
        assert_eq!(stays_below(&[0.0; 3]), Some(0.0));
        let level = stays_below(&[0.0, 1.0, 2.0]).unwrap();
        assert!(level > 2.0 && level < 6.0, "{level}");
        for values in [&[][..], &[7.0], &[1.0, f64::NAN], &[1.0, -1.0]] {
            assert_eq!(stays_below(values), None, "{values:?}");
        }
    }
}
