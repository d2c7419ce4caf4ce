//! What more workers bring, by the Universal Scalability Law (Gunther 1993, 2007):
//! `X(N) = λN / (1 + σ(N − 1) + κN(N − 1))`, where λ is the throughput of one worker, σ the share
//! of work that waits for its turn and κ the cost of agreement between any two.
//!
//! `N / X` is linear in three numbers that cannot be negative, so there is nothing to search for:
//! each of the four ways to set σ and κ to zero or not is a small linear system, and the best one
//! that keeps the bounds is the answer. Errors are taken to be a share of the throughput. It
//! refuses intervals below six points, and says nothing about worker counts that lie outside of
//! those measured.

use super::random::Draws;
use super::{quantile, sorted};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Fewest points of a fit with intervals.
pub const FEWEST: usize = 6;

/// Fewer in unit tests, which fit hundreds of runs whose truth is known; `cargo bench` does it as
/// often as everyone does.
const RESAMPLES: usize = if cfg!(test) { 400 } else { 2_000 };
const SEED: u64 = 42;

/// A fitted law.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Usl {
    /// Throughput of one worker, in the unit of the points.
    pub lambda: Parameter,
    /// Contention: the share of work that is done one after the other.
    pub sigma: Parameter,
    /// Coherence: the cost of each pair of workers, as a share of one worker's work.
    pub kappa: Parameter,
}

/// Where throughput is highest.
#[derive(Copy, Clone, PartialEq, Debug)]
pub enum Peak {
    /// At about so many workers, within what was measured.
    At(f64),
    /// It falls somewhere, but beyond what was measured, where a fit says nothing.
    Beyond,
    /// Whether it falls anywhere is not told.
    NotTold,
}

/// One fitted number.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Parameter {
    /// The estimate.
    pub value: f64,
    /// Its 95 % interval, from six points on.
    pub interval: Option<(f64, f64)>,
}

impl Usl {
    /// Throughput at `n` workers.
    pub fn throughput(&self, n: f64) -> f64 {
        law(self.values(), n)
    }

    /// What the fit tells of a number of workers beyond which throughput falls, where no more than
    /// `most` were measured. Noise alone makes κ greater than zero in every other fit, and with it
    /// a peak somewhere; so there is none unless κ's interval leaves zero.
    pub fn peak(&self, most: f64) -> Peak {
        let [_, sigma, kappa] = self.values();
        if self.kappa.interval.is_none_or(|(low, _)| low <= 0.0) {
            return Peak::NotTold;
        }
        // More waits than work: one worker carries the most.
        let peak = ((1.0 - sigma).max(0.0) / kappa).sqrt().max(1.0);
        if peak <= most { Peak::At(peak) } else { Peak::Beyond }
    }

    /// The fewest workers that have this throughput, a share of one where it is less than that of one;
    /// none where no number of workers has it.
    pub fn workers(&self, throughput: f64) -> Option<f64> {
        let [lambda, sigma, kappa] = self.values();
        if throughput <= lambda {
            return Some(throughput / lambda);
        }
        // κX N² − (λ − σX + κX) N + (1 − σ) X = 0, by the root that stays whole where κ is zero.
        let (square, rest) = (kappa * throughput, (1.0 - sigma) * throughput);
        let slope = lambda - sigma * throughput + square;
        let under = slope.powi(2) - 4.0 * square * rest;
        (slope > 0.0 && under >= 0.0).then(|| 2.0 * rest / (slope + under.sqrt()))
    }

    fn values(&self) -> [f64; 3] {
        [self.lambda.value, self.sigma.value, self.kappa.value]
    }
}

fn law([lambda, sigma, kappa]: [f64; 3], n: f64) -> f64 {
    lambda * n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0))
}

/// Fits the law to points of (workers, throughput). None below three different worker counts, or
/// where a point is not positive.
pub fn fit(points: &[(f64, f64)]) -> Option<Usl> {
    if different(points)? < 3 {
        return None;
    }
    let best = solve(points, &FULL)?;
    let mut fits: [Vec<f64>; 3] = Default::default();
    if points.len() >= FEWEST {
        for resample in resamples(points, best)? {
            for (list, value) in fits.iter_mut().zip(resample) {
                list.push(value);
            }
        }
    }
    let parameter = |at: usize| {
        let fits = sorted(&fits[at]);
        let interval = quantile(&fits, 0.025).zip(quantile(&fits, 0.975));
        // The estimate itself is never outside of what is said about it.
        let interval = interval.map(|(low, high)| (low.min(best[at]), high.max(best[at])));
        Parameter { value: best[at], interval }
    };
    Some(Usl { lambda: parameter(0), sigma: parameter(1), kappa: parameter(2) })
}

/// The same where κ is taken to be zero, for which two different worker counts do, and no interval is
/// told. None below that, or where a point is not positive.
pub fn fit_contention(points: &[(f64, f64)]) -> Option<Usl> {
    if different(points)? < 2 {
        return None;
    }
    let parameter = |value: f64| Parameter { value, interval: None };
    let [lambda, sigma, kappa] = solve(points, &CONTENTION)?.map(parameter);
    Some(Usl { lambda, sigma, kappa })
}

/// How many different worker counts there are; none where a point is not positive.
fn different(points: &[(f64, f64)]) -> Option<usize> {
    let is_usable = |(n, x): &(f64, f64)| *n >= 1.0 && *x > 0.0 && n.is_finite() && x.is_finite();
    let counts = sorted(&points.iter().map(|point| point.0).collect::<Vec<_>>());
    let different = counts.chunk_by(|a, b| a.total_cmp(b).is_eq()).count();
    points.iter().all(is_usable).then_some(different)
}

/// Which of λ, σ and κ are used, in each way to set the last two to zero or not.
const FULL: [[bool; 3]; 4] =
    [[true, true, true], [true, true, false], [true, false, true], [true, false, false]];

/// The same where κ is zero.
const CONTENTION: [[bool; 3]; 2] = [[true, true, false], [true, false, false]];

/// Fits to what might have been measured as well: the law with the residuals dealt anew. They are
/// stretched as far as Student's distribution is wider than the normal one, since three numbers
/// fitted to six points leave small residuals whatever the truth is.
fn resamples(points: &[(f64, f64)], best: [f64; 3]) -> Option<Vec<[f64; 3]>> {
    let residuals: Vec<f64> = points.iter().map(|(n, x)| law(best, *n) / x - 1.0).collect();
    let count = points.len() as f64;
    let student = StudentsT::new(0.0, 1.0, count - 3.0).ok()?;
    let stretch = (count / (count - 3.0)).sqrt() * student.inverse_cdf(0.975) / 1.96;
    let mut draws = Draws::new(SEED);
    let fits = (0..RESAMPLES).filter_map(|_| {
        let dealt = points.iter().map(|(n, _)| {
            // A residual of -1 would be an infinite throughput.
            let residual = (residuals[draws.below(residuals.len())] * stretch).max(-0.9);
            (*n, law(best, *n) / (1.0 + residual))
        });
        solve(&dealt.collect::<Vec<_>>(), &FULL)
    });
    Some(fits.collect())
}

/// The best λ, σ and κ within their bounds, in one of these ways.
fn solve(points: &[(f64, f64)], ways: &[[bool; 3]]) -> Option<[f64; 3]> {
    // N / X = a + b (N − 1) + c N (N − 1), each row divided by N / X.
    let rows: Vec<[f64; 3]> = points
        .iter()
        .map(|(n, x)| {
            let weight = x / n;
            [weight, weight * (n - 1.0), weight * n * (n - 1.0)]
        })
        .collect();
    let error = |fit: &[f64; 3]| -> f64 {
        let miss = |row: &[f64; 3]| row.iter().zip(fit).map(|(r, f)| r * f).sum::<f64>() - 1.0;
        rows.iter().map(|row| miss(row).powi(2)).sum()
    };
    let [a, b, c] = ways
        .iter()
        .filter_map(|used| least_squares(&rows, *used))
        .filter(|fit| fit[0] > 0.0 && fit[1] >= 0.0 && fit[2] >= 0.0)
        .min_by(|x, y| error(x).total_cmp(&error(y)))?;
    Some([1.0 / a, b / a, c / a])
}

/// Minimises the squares of `rows · fit − 1` over the columns that are used; the others are zero.
fn least_squares(rows: &[[f64; 3]], used: [bool; 3]) -> Option<[f64; 3]> {
    let columns: Vec<usize> = (0..3).filter(|column| used[*column]).collect();
    // Normal equations of columns scaled to the same size, with the right side beside them.
    let sizes: Vec<f64> =
        columns.iter().map(|c| rows.iter().map(|r| r[*c].powi(2)).sum::<f64>().sqrt()).collect();
    let scaled = |row: &[f64; 3], at: usize| row[columns[at]] / sizes[at];
    let size = columns.len();
    let mut system: Vec<Vec<f64>> = (0..size)
        .map(|i| {
            let mut line: Vec<f64> = (0..size)
                .map(|j| rows.iter().map(|row| scaled(row, i) * scaled(row, j)).sum())
                .collect();
            line.push(rows.iter().map(|row| scaled(row, i)).sum());
            line
        })
        .collect();
    for pivot in 0..size {
        let best = (pivot..size)
            .max_by(|a, b| system[*a][pivot].abs().total_cmp(&system[*b][pivot].abs()))?;
        system.swap(pivot, best);
        if system[pivot][pivot].abs() < 1e-12 {
            return None;
        }
        let lead = system[pivot].clone();
        for (_, line) in system.iter_mut().enumerate().filter(|(at, _)| *at != pivot) {
            let factor = line[pivot] / lead[pivot];
            for (value, lead) in line.iter_mut().zip(&lead) {
                *value -= factor * lead;
            }
        }
    }
    let mut fit = [0.0; 3];
    for (at, column) in columns.iter().enumerate() {
        fit[*column] = system[at][size] / system[at][at] / sizes[at];
    }
    Some(fit)
}

#[cfg(test)]
mod tests {
    use super::super::made_up::MadeUp;
    use super::*;

    const WORKERS: [f64; 8] = [1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0];

    fn points(truth: [f64; 3], workers: &[f64], noise: f64, seed: u64) -> Vec<(f64, f64)> {
        let mut made_up = MadeUp::new(seed);
        workers.iter().map(|n| (*n, law(truth, *n) * made_up.log_normal(noise))).collect()
    }

    #[track_caller]
    fn check_recovered(truth: [f64; 3]) {
        let fit = fit(&points(truth, &WORKERS, 0.0, 1)).unwrap();
        for (got, want) in fit.values().into_iter().zip(truth) {
            assert!((got - want).abs() < 1e-9 * (1.0 + want), "{fit:?} is not {truth:?}");
        }
    }

    #[test]
    fn what_was_made_by_the_law_is_recovered() {
        check_recovered([1_000.0, 0.05, 0.001]);
        check_recovered([250_000.0, 0.0, 0.0]);
        check_recovered([3.0, 0.3, 0.0]);
        check_recovered([3.0, 0.0, 0.02]);
    }

    #[test]
    fn the_intervals_hold_the_truth() {
        let truth = [1_000.0, 0.05, 0.002];
        let mut held = [0; 3];
        for seed in 0..200 {
            let fit = fit(&points(truth, &WORKERS, 0.03, seed)).unwrap();
            for (at, parameter) in [fit.lambda, fit.sigma, fit.kappa].iter().enumerate() {
                let (low, high) = parameter.interval.unwrap();
                held[at] += u32::from((low..=high).contains(&truth[at]));
                assert!(low >= 0.0, "{fit:?}");
            }
        }
        assert!(held.iter().all(|held| *held >= 185), "{held:?} of 200");
    }

    #[test]
    fn with_noise_it_still_comes_close() {
        let truth = [1_000.0, 0.05, 0.002];
        let fit = fit(&points(truth, &WORKERS, 0.01, 3)).unwrap();
        assert!((fit.lambda.value / 1_000.0 - 1.0).abs() < 0.03, "{fit:?}");
        assert!((fit.sigma.value - 0.05).abs() < 0.02, "{fit:?}");
        assert!((fit.kappa.value - 0.002).abs() < 0.001, "{fit:?}");
        let Peak::At(peak) = fit.peak(24.0) else { panic!("{fit:?}") };
        assert!((peak - 21.8).abs() < 3.0, "{fit:?}");
        assert_eq!(fit.peak(12.0), Peak::Beyond, "nothing is said of what was not measured");
    }

    #[test]
    fn a_peak_is_told_where_there_is_one_and_hardly_ever_where_there_is_none() {
        let told = |truth: [f64; 3], noise: f64| {
            let fits = (0..100).map(|seed| fit(&points(truth, &WORKERS, noise, seed)).unwrap());
            fits.filter(|fit| matches!(fit.peak(24.0), Peak::At(_))).count()
        };
        for (sigma, noise) in [(0.05, 0.03), (0.05, 0.1), (0.3, 0.03)] {
            let made_up = told([1_000.0, sigma, 0.0], noise);
            assert!(made_up <= 5, "σ {sigma}, noise {noise}: {made_up} of 100 have a peak");
        }
        let found = told([1_000.0, 0.05, 0.005], 0.03);
        assert!(found >= 95, "{found} of 100");
    }

    #[test]
    fn throughput_better_than_linear_stays_within_the_bounds() {
        let superlinear: Vec<(f64, f64)> = WORKERS.iter().map(|n| (*n, n.powf(1.1))).collect();
        let fit = fit(&superlinear).unwrap();
        assert_eq!((fit.sigma.value, fit.kappa.value), (0.0, 0.0));
        assert_eq!(fit.peak(24.0), Peak::NotTold);
    }

    #[test]
    fn too_few_points_have_no_fit_or_no_interval() {
        let truth = [10.0, 0.1, 0.01];
        assert_eq!(fit(&points(truth, &WORKERS[..2], 0.0, 1)), None);
        assert_eq!(fit(&points(truth, &[1.0, 1.0, 2.0, 2.0], 0.0, 1)), None);
        assert_eq!(fit(&[(1.0, 10.0), (2.0, 0.0), (3.0, 20.0)]), None);
        let few = fit(&points(truth, &WORKERS[..5], 0.01, 1)).unwrap();
        assert_eq!(few.sigma.interval, None);
    }

    #[test]
    fn so_many_workers_have_a_throughput_as_have_it_by_the_law() {
        for truth in [[10.0, 0.1, 0.01], [10.0, 0.3, 0.0], [10.0, 0.0, 0.0], [10.0, 0.0, 0.02]] {
            let fit = fit(&points(truth, &WORKERS, 0.0, 1)).unwrap();
            for n in [1.0, 1.7, 3.0, 5.0] {
                let found = fit.workers(law(truth, n)).unwrap();
                assert!((found / n - 1.0).abs() < 1e-6, "{found} for {n} of {truth:?}");
            }
            let share = fit.workers(2.5).unwrap();
            assert!((share - 0.25).abs() < 1e-9, "a share of one: {share}");
        }
        let limited = fit(&points([10.0, 0.5, 0.0], &WORKERS, 0.0, 1)).unwrap();
        assert_eq!(limited.workers(21.0), None, "it never carries twice what one does");
        let falling = fit(&points([10.0, 0.1, 0.05], &WORKERS, 0.0, 1)).unwrap();
        assert_eq!(falling.workers(100.0), None);
    }

    #[test]
    fn two_worker_counts_tell_what_waits() {
        let truth = [10.0, 0.2, 0.0];
        let fit = fit_contention(&points(truth, &[1.0, 2.0], 0.0, 1)).unwrap();
        assert!((fit.lambda.value - 10.0).abs() < 1e-9 && (fit.sigma.value - 0.2).abs() < 1e-9);
        assert_eq!((fit.kappa.value, fit.sigma.interval), (0.0, None));
        assert_eq!(fit_contention(&[(2.0, 10.0), (2.0, 11.0)]), None);
        assert_eq!(fit_contention(&[(1.0, 10.0), (2.0, 0.0)]), None);
        // Better than linear is taken for linear, and not for a σ below zero.
        let superlinear = fit_contention(&[(1.0, 10.0), (2.0, 22.0)]).unwrap();
        assert!(superlinear.sigma.value.abs() < 1e-12);
    }

    #[test]
    fn the_unit_of_throughput_is_the_unit_of_lambda_and_nothing_else() {
        let plain = points([10.0, 0.1, 0.01], &WORKERS, 0.02, 5);
        let scaled: Vec<(f64, f64)> = plain.iter().map(|(n, x)| (*n, x * 1_024.0)).collect();
        let (plain, scaled) = (fit(&plain).unwrap(), fit(&scaled).unwrap());
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9 * (1.0 + a.abs());
        assert!(near(plain.lambda.value * 1_024.0, scaled.lambda.value));
        assert!(near(plain.sigma.value, scaled.sigma.value));
        assert!(near(plain.kappa.value, scaled.kappa.value));
    }
}
