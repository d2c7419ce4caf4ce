//! How fast something grows, whatever a few odd looks at it say.

use super::midway;

/// Most points whose pairs are all looked at. More are thinned out evenly.
const MOST: usize = 400;

/// Fewest points that bound a slope: with four, even the flattest and the steepest of all pairs
/// enclose the true slope less than 95 times in a hundred.
const FEWEST: usize = 5;

/// A slope and its 95 % bounds.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Slope {
    /// The median of the slopes between any two points.
    pub median: f64,
    /// The true slope is at least this.
    pub low: f64,
    /// The true slope is at most this.
    pub high: f64,
}

/// The slope of `y` over `x` (Theil 1950), with 95 % bounds between two of the pairwise slopes,
/// chosen by the normal approximation of Kendall's statistic (Sen 1968). None below five points.
///
/// The bounds take the points to be independent. What swings with a period must be looked at once
/// a period, or be averaged over whole ones.
pub fn slope(points: &[(f64, f64)]) -> Option<Slope> {
    let step = points.len().div_ceil(MOST).max(1);
    let points: Vec<(f64, f64)> = points.iter().step_by(step).copied().collect();
    let n = points.len() as f64;
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    for (at, (x0, y0)) in points.iter().enumerate() {
        slopes.extend(points[at + 1..].iter().map(|(x1, y1)| (y1 - y0) / (x1 - x0)));
    }
    slopes.retain(|slope| slope.is_finite());
    if points.len() < FEWEST || slopes.is_empty() {
        return None;
    }
    let spread = 1.96 * (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    let rank = ((slopes.len() as f64 - spread) / 2.0).floor() - 1.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank, from 0")]
    let rank = (rank.max(0.0) as usize).min((slopes.len() - 1) / 2);
    let last = slopes.len() - 1;
    Some(Slope {
        median: midway(of_rank(&mut slopes, last / 2), of_rank(&mut slopes, last.div_ceil(2))),
        low: of_rank(&mut slopes, rank),
        high: of_rank(&mut slopes, last - rank),
    })
}

/// The value that so many others are not above. Four of them are found sooner than all are sorted.
fn of_rank(values: &mut [f64], rank: usize) -> f64 {
    *values.select_nth_unstable_by(rank, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::super::made_up::MadeUp;
    use super::*;
    use proptest::prelude::*;

    fn line(n: u32, slope: f64) -> Vec<(f64, f64)> {
        (0..n).map(|x| (f64::from(x), slope * f64::from(x) + 3.0)).collect()
    }

    #[test]
    fn a_line_has_its_own_slope() {
        for n in [5, 6, 50, 399, 400, 401, 5_000] {
            let slope = slope(&line(n, 2.5)).unwrap();
            assert!((slope.median - 2.5).abs() < 1e-9, "{n}: {slope:?}");
            assert!((slope.low - 2.5).abs() + (slope.high - 2.5).abs() < 1e-9, "{n}: {slope:?}");
        }
    }

    #[test]
    fn too_few_points_bound_nothing() {
        for n in 0..5 {
            assert_eq!(slope(&line(n, 1.0)), None, "{n} points");
        }
        let one_moment: Vec<(f64, f64)> = (0..10).map(|y| (1.0, f64::from(y))).collect();
        assert_eq!(slope(&one_moment), None, "all at the same moment");
    }

    #[test]
    fn a_third_of_the_points_gone_wild_does_not_turn_it() {
        let mut points = line(60, 2.0);
        for point in points.iter_mut().step_by(4) {
            point.1 += 1e6;
        }
        let slope = slope(&points).unwrap();
        assert!((slope.median - 2.0).abs() < 1e-9, "{slope:?}");
    }

    #[test]
    fn the_bounds_of_sens_own_example() {
        // Sen 1968: the estimate is 4, the 93 % bounds are 3.71 and 4.38. Ours are asked for 95 %
        // and may only be wider.
        let x = [1.0, 2.0, 3.0, 4.0, 10.0, 12.0, 18.0];
        let y = [9.0, 15.0, 19.0, 20.0, 45.0, 55.0, 78.0];
        let points: Vec<(f64, f64)> = x.into_iter().zip(y).collect();
        let slope = slope(&points).unwrap();
        assert!((slope.median - 4.0).abs() < 1e-9, "{slope:?}");
        assert!(slope.low < 3.72, "{slope:?}");
        assert!(slope.high > 4.37, "{slope:?}");
    }

    #[test]
    fn the_bounds_hold_95_times_in_a_hundred() {
        let held = (0..1_000)
            .filter(|seed| {
                let mut noise = MadeUp::new(*seed);
                let points: Vec<(f64, f64)> =
                    line(12, 0.7).into_iter().map(|(x, y)| (x, y + noise.normal())).collect();
                let slope = slope(&points).unwrap();
                (slope.low..=slope.high).contains(&0.7)
            })
            .count();
        assert!((940..=985).contains(&held), "{held} of 1,000");
    }

    proptest! {
        #[test]
        fn it_scales_with_both_axes_and_turns_with_the_sign(
            values in prop::collection::vec(-1e3_f64..1e3, 5..40),
            scale in 0.1_f64..100.0,
        ) {
            let points = |factor: f64, pace: f64| -> Vec<(f64, f64)> {
                (0_u32..).zip(&values).map(|(x, y)| (f64::from(x) * pace, y * factor)).collect()
            };
            let (plain, scaled) =
                (slope(&points(1.0, 1.0)).unwrap(), slope(&points(-scale, 2.0)).unwrap());
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + a.abs());
            prop_assert!(near(scaled.median, -scale * plain.median / 2.0));
            prop_assert!(near(scaled.low, -scale * plain.high / 2.0));
            prop_assert!(near(scaled.high, -scale * plain.low / 2.0));
        }
    }
}
