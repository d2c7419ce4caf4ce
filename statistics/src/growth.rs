//! How fast something grows that remembers: a backlog a second ago is most of what it is now.
//!
//! Looks that follow one another closely are hardly more than one look, so an interval that takes
//! them for independent is many times too narrow. Here they are averaged into at most sixteen
//! blocks, and what is left over a straight line is taken for a process that forgets at a steady
//! pace (Uhlenbeck, Ornstein 1930): in no time, as noise does; within the series, as a queue does
//! that is nearly full; or never, as a queue that is behind. How fast is not known beforehand and
//! not to be had from sixteen blocks, so the slope is fitted for each of several memories (Aitken
//! 1935), and each counts by how likely it makes what was seen, in the manner of Zellner and
//! Tiao (1964). Where the memory may be long, the interval is wide.

use super::mean;
use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// Most blocks: more would say the same, and take longer.
const BLOCKS: usize = 16;

/// Fewest looks that bound a slope.
const FEWEST: usize = 6;

/// How long what is left over may be remembered, in blocks: from next to nothing to far longer than
/// the series.
const MEMORIES: [f64; 9] = [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0];

/// As good as forever.
const FOREVER: f64 = 64.0;

/// How many of the other memories that one counts for: next to a fitted line, what is never forgotten
/// looks as if it were (Kendall 1954). Found by simulation.
const FOREVER_COUNTS: f64 = 20.0;

/// A slope and its 95 % bounds.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Growth {
    /// The estimate.
    pub slope: f64,
    /// The true slope is at least this.
    pub low: f64,
    /// The true slope is at most this.
    pub high: f64,
}

/// The slope of `y` over `x`, both as they come: `x` ascends, at about equal distances. None below
/// six points, and where they are all at the same `x`.
pub fn growth(points: &[(f64, f64)]) -> Option<Growth> {
    if points.len() < FEWEST {
        return None;
    }
    let count = points.len().min(BLOCKS);
    let edge = |n: usize| n * points.len() / count;
    let block = |n: usize| &points[edge(n)..edge(n + 1)];
    let of = |part: fn(&(f64, f64)) -> f64| -> Vec<f64> {
        (0..count).map(|n| mean(&block(n).iter().map(part).collect::<Vec<_>>())).collect()
    };
    let (x, y) = (of(|point| point.0), of(|point| point.1));
    let (x, y) = (centred(&x), centred(&y));
    if x.last() <= x.first() {
        return None;
    }
    let forever = fit(&x, &y, FOREVER)
        .map(|fit| Fit { likelihood_ln: fit.likelihood_ln + FOREVER_COUNTS.ln(), ..fit });
    let others = MEMORIES.iter().filter_map(|memory| fit(&x, &y, *memory));
    let fits: Vec<Fit> = others.chain(forever).collect();
    let likeliest = fits.iter().map(|fit| fit.likelihood_ln).fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = fits.iter().map(|fit| (fit.likelihood_ln - likeliest).exp()).collect();
    let all: f64 = weights.iter().sum();
    let over = |of: &dyn Fn(&Fit) -> f64| {
        fits.iter().zip(&weights).map(|(fit, weight)| weight * of(fit)).sum::<f64>() / all
    };
    let slope = over(&|fit| fit.slope);
    let variance = over(&|fit| fit.variance + (fit.slope - slope).powi(2));
    let student = StudentsT::new(0.0, 1.0, count as f64 - 2.0).ok()?;
    let reach = student.inverse_cdf(0.975) * variance.sqrt();
    Some(Growth { slope, low: slope - reach, high: slope + reach })
}

/// Values less their mean.
fn centred(values: &[f64]) -> Vec<f64> {
    let mean = mean(values);
    values.iter().map(|value| value - mean).collect()
}

/// A straight line through what remembers for so long.
struct Fit {
    slope: f64,
    /// Of the slope.
    variance: f64,
    /// How likely this memory makes what was seen, whatever line and scatter there are, but for a
    /// constant.
    likelihood_ln: f64,
}

/// Generalised least squares (Aitken 1935). None where the arithmetic does not bear it.
fn fit(x: &[f64], y: &[f64], memory: f64) -> Option<Fit> {
    let (lower, root_of_determinant_ln) = cholesky(&covariance(x.len(), memory))?;
    let white = |values: &[f64]| solved(&lower, values);
    let (one, x, white_y) = (white(&vec![1.0; x.len()]), white(x), white(y));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (ones, across, along) = (dot(&one, &one), dot(&one, &x), dot(&x, &x));
    let determinant = ones * along - across.powi(2);
    let (from_one, from_x) = (dot(&one, &white_y), dot(&x, &white_y));
    let slope = (ones * from_x - across * from_one) / determinant;
    let level = (along * from_one - across * from_x) / determinant;
    let misses = (0..y.len()).map(|n| white_y[n] - level * one[n] - slope * x[n]);
    // A line without any scatter leaves no more than the arithmetic does.
    let least = f64::EPSILON.powi(2) * dot(&white_y, &white_y) + f64::MIN_POSITIVE;
    let squares = misses.map(|miss| miss.powi(2)).sum::<f64>().max(least);
    let freedom = y.len() as f64 - 2.0;
    Some(Fit {
        slope,
        variance: squares / freedom * ones / determinant,
        likelihood_ln: -root_of_determinant_ln
            - determinant.ln() / 2.0
            - freedom / 2.0 * squares.ln(),
    })
}

/// The covariances of the means over so many blocks of a process that forgets within `memory`
/// blocks: those of the first block with each.
fn covariance(count: usize, memory: f64) -> Vec<f64> {
    let pace = 1.0 / memory;
    let own = 2.0 * (pace + (-pace).exp_m1()) / pace.powi(2);
    let next = ((-pace).exp_m1() / pace).powi(2);
    let apart = (0..).map(|blocks: u32| next * (-pace * f64::from(blocks)).exp());
    std::iter::once(own).chain(apart).take(count).collect()
}

/// The lower triangle whose square is the matrix with these diagonals (Cholesky), and half of the
/// logarithm of its determinant.
fn cholesky(diagonals: &[f64]) -> Option<(Vec<Vec<f64>>, f64)> {
    let mut lower: Vec<Vec<f64>> = Vec::new();
    let mut half_ln = 0.0;
    for row in 0..diagonals.len() {
        let mut line: Vec<f64> = Vec::with_capacity(row + 1);
        for column in 0..row {
            let known: f64 = line.iter().zip(&lower[column]).map(|(a, b)| a * b).sum();
            line.push((diagonals[row - column] - known) / lower[column][column]);
        }
        let rest = diagonals[0] - line.iter().map(|value| value.powi(2)).sum::<f64>();
        if rest <= 0.0 {
            return None;
        }
        half_ln += rest.ln() / 2.0;
        line.push(rest.sqrt());
        lower.push(line);
    }
    Some((lower, half_ln))
}

/// What a lower triangle makes into these values.
fn solved(lower: &[Vec<f64>], values: &[f64]) -> Vec<f64> {
    let mut solved: Vec<f64> = Vec::with_capacity(values.len());
    for (line, value) in lower.iter().zip(values) {
        let known: f64 = line.iter().zip(&solved).map(|(a, b)| a * b).sum();
        solved.push((value - known) / line[solved.len()]);
    }
    solved
}

#[cfg(test)]
mod tests {
    use super::super::made_up::MadeUp;
    use super::*;
    use proptest::prelude::*;

    fn line(n: u32, slope: f64) -> Vec<(f64, f64)> {
        (0..n).map(|x| (f64::from(x), slope * f64::from(x) + 3.0)).collect()
    }

    /// A minute of looks every 100 ms at what grows by `slope` a second and remembers for so many
    /// seconds, with a deviation of 1.
    fn remembering(seed: u64, memory_s: f64, slope: f64) -> Vec<(f64, f64)> {
        let mut noise = MadeUp::new(seed);
        let kept = if memory_s > 0.0 { (-0.1 / memory_s).exp() } else { 0.0 };
        let mut now = noise.normal();
        (0..600)
            .map(|look| {
                now = kept * now + (1.0 - kept * kept).sqrt() * noise.normal();
                let at = f64::from(look) / 10.0;
                (at, now + slope * at)
            })
            .collect()
    }

    #[test]
    fn a_line_has_its_own_slope() {
        for n in [6, 7, 15, 16, 17, 50, 401, 5_000] {
            let growth = growth(&line(n, 2.5)).unwrap();
            assert!((growth.slope - 2.5).abs() < 1e-9, "{n}: {growth:?}");
            assert!((growth.low - 2.5).abs() + (growth.high - 2.5).abs() < 1e-6, "{n}: {growth:?}");
        }
        let flat =
            growth(&[(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (3.0, 0.0), (4.0, 0.0), (5.0, 0.0)]);
        assert!(flat.is_some_and(|flat| flat.low.abs() + flat.high.abs() < 1e-9), "{flat:?}");
    }

    #[test]
    fn too_few_points_bound_nothing() {
        for n in 0..6 {
            assert_eq!(growth(&line(n, 1.0)), None, "{n} points");
        }
        let one_moment: Vec<(f64, f64)> = (0..10).map(|y| (1.0, f64::from(y))).collect();
        assert_eq!(growth(&one_moment), None, "all at the same moment");
    }

    #[test]
    fn the_bounds_hold_however_long_it_remembers() {
        for memory_s in [0.0, 1.0, 5.0, 20.0, 60.0] {
            let held = (0..300)
                .filter(|seed| {
                    let growth = growth(&remembering(*seed, memory_s, 0.7)).unwrap();
                    (growth.low..=growth.high).contains(&0.7)
                })
                .count();
            assert!(held >= 275, "{memory_s} s: {held} of 300");
        }
    }

    #[test]
    fn the_bounds_hold_where_nothing_is_forgotten() {
        for n in [6_u32, 8, 16, 100] {
            let held = (0..300)
                .filter(|seed| {
                    let mut noise = MadeUp::new(*seed);
                    let mut sum = 0.0;
                    let walk: Vec<(f64, f64)> = (0..n)
                        .map(|x| {
                            sum += noise.normal();
                            (f64::from(x), sum)
                        })
                        .collect();
                    let growth = growth(&walk).unwrap();
                    (growth.low..=growth.high).contains(&0.0)
                })
                .count();
            assert!(held >= 258, "{n} looks: {held} of 300");
        }
    }

    #[test]
    fn what_forgets_at_once_is_known_well() {
        // Least squares with all of the looks would have an error of 0.0024.
        let mut wide: Vec<f64> = (0..100)
            .map(|seed| {
                let growth = growth(&remembering(seed, 0.0, 0.0)).unwrap();
                (growth.high - growth.low) / 2.0
            })
            .collect();
        wide.sort_unstable_by(f64::total_cmp);
        assert!(wide[50] < 0.025, "{}", wide[50]);
    }

    proptest! {
        #[test]
        fn it_scales_with_both_axes_and_turns_with_the_sign(
            values in prop::collection::vec(-1e3_f64..1e3, 6..40),
            scale in 0.1_f64..100.0,
        ) {
            let points = |factor: f64, pace: f64| -> Vec<(f64, f64)> {
                (0_u32..).zip(&values).map(|(x, y)| (f64::from(x) * pace, y * factor)).collect()
            };
            let (plain, scaled) =
                (growth(&points(1.0, 1.0)).unwrap(), growth(&points(-scale, 2.0)).unwrap());
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * (1.0 + a.abs());
            prop_assert!(near(scaled.slope, -scale * plain.slope / 2.0));
            prop_assert!(near(scaled.low, -scale * plain.high / 2.0));
            prop_assert!(near(scaled.high, -scale * plain.low / 2.0));
        }
    }
}
