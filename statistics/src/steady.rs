//! Where a warm-up ends, and whether what is measured behind it keeps its level.
//!
//! A series moves if it can be cut into two parts whose means lie apart for certain and by more
//! than a little: that finds a warm-up that is not over, a step and a drift alike, wherever they
//! are (Page 1955). It is looked at whole, in the means of at most twenty stretches; what is cut
//! off first belongs to no measured part. How far a mean scatters is told by how neighbours differ
//! within either part (von Neumann 1941), so that neither a step nor a drift passes for noise. Since
//! the cut is the one of all that parts the most, more is asked of it than of one comparison; how
//! much more was found by simulation, for noise of which each bin has something of the one before.
//!
//! The end of a warm-up is where the mean of the rest is known best: MSER-5, the marginal standard
//! error rule on means of five bins (White 1997; White, Cobb, Spratt 2000). That rule always names a
//! point, so it is asked only where the series moves.
//!
//! A saw-tooth, such as the backlog of an engine that works in batches, rises most of the time and
//! moves nowhere: where a series repeats itself it is averaged over whole periods.

use super::mean;

/// Fewest bins that are averaged into one.
const BATCH: usize = 5;

/// Most stretches that a series is looked at in.
const STRETCHES: usize = 20;

/// Fewest: a step that falls into one of six is hidden by it.
const FEWEST: usize = 7;

/// Fewest that are whole periods, each of which has all that goes up and down.
const FEWEST_PERIODS: usize = 5;

/// Fewest bins of a series without a period that can be judged.
pub const BINS_LEAST: usize = BATCH * FEWEST;

/// How far two parts lie apart that are worth mentioning, as a share of the level.
const RELEVANT: f64 = 0.05;

/// What part of a series is left behind the longest warm-up that is looked for, and behind the
/// longest where that is not needed: a rule that minimises an error prefers the shortest rest that
/// chance made even.
const REST: usize = 4;
const REST_AT_FIRST: usize = 2;

/// How strongly a series must resemble itself one period later to be called periodic.
const ALIKE: f64 = 0.4;

/// More bins are averaged before a period is looked for.
const FINEST: usize = 240;

/// Where a warm-up ends, as the first bin behind it, in a series of bins of equal length such as one
/// second's throughput each. Nothing is cut off what keeps its level from the start, nor off what
/// is too short to tell. At most three quarters are.
pub fn warm_up(bins: &[f64]) -> usize {
    if is_steady(bins) != Some(false) {
        return 0;
    }
    let start = truncation(bins, REST_AT_FIRST);
    if is_steady(&bins[start..]) == Some(true) { start } else { truncation(bins, REST) }
}

/// Whether a series keeps its level from its first bin to its last. `Some(false)` is a result: it
/// has no steady state. None if it is too short to tell.
pub fn is_steady(bins: &[f64]) -> Option<bool> {
    let shortest = BATCH.max(bins.len() / STRETCHES);
    let (fewest, series): (usize, Vec<Vec<f64>>) = match period(bins) {
        Some(period) => {
            let length = period * shortest.div_ceil(period);
            // What is left over stands at the end once, and once at the start.
            let from_start = bins.chunks_exact(length).map(mean).collect();
            let mut from_end: Vec<f64> = bins.rchunks_exact(length).map(mean).collect();
            from_end.reverse();
            (FEWEST_PERIODS, vec![from_start, from_end])
        }
        None => (FEWEST, vec![means(bins, (bins.len() / BATCH).min(STRETCHES))]),
    };
    let is_told = series.iter().all(|means| means.len() >= fewest);
    is_told.then(|| !series.iter().any(|means| moves(means)))
}

/// The means of so many stretches, as long as each other to the bin.
fn means(bins: &[f64], stretches: usize) -> Vec<f64> {
    let edge = |n: usize| n * bins.len() / stretches;
    (0..stretches).map(|n| mean(&bins[edge(n)..edge(n + 1)])).collect()
}

/// Whether two parts of a series lie apart. A single stretch is a part at the start, where a
/// warm-up is, and not at the end, where it may be a pause.
fn moves(series: &[f64]) -> bool {
    let count = series.len() as f64;
    let level = series.iter().map(|value| value.abs()).sum::<f64>() / count;
    (1..series.len().saturating_sub(1)).any(|at| {
        let (first, rest) = series.split_at(at);
        let share = 1.0 / first.len() as f64 + 1.0 / rest.len() as f64;
        let error = (scatter(first, rest) * share).sqrt();
        (mean(first) - mean(rest)).abs() > RELEVANT * level + certain(count) * error
    })
}

/// How many standard errors the two parts that lie apart the most do by chance in one series of fifty,
/// if six tenths of each bin are left in the next, and in fewer than one of a hundred if nothing is.
fn certain(stretches: f64) -> f64 {
    4.15 + 320.0 / stretches.powi(3)
}

/// The variance of a stretch, from the differences between neighbours within either part; from
/// those one or two further on, where these are greater: what is next to each other may be alike.
fn scatter(first: &[f64], rest: &[f64]) -> f64 {
    let over = |lag: usize| {
        let differences =
            [first, rest].into_iter().flat_map(|part| part.iter().zip(part.iter().skip(lag)));
        let (count, squares) = differences
            .fold((0.0, 0.0), |(count, squares), (a, b)| (count + 1.0, squares + (a - b).powi(2)));
        squares / (2.0 * count)
    };
    (1..=3).map(over).fold(0.0, f64::max)
}

/// MSER-5: the truncation that minimises the squared deviations of the rest over the square of its
/// length. In a steady rest noise alone makes almost as small a value somewhere, so the earliest
/// point counts that comes within a tenth of the smallest: it keeps the most of what was measured.
fn truncation(bins: &[f64], rest: usize) -> usize {
    let batches: Vec<f64> = bins.chunks_exact(BATCH).map(mean).collect();
    let errors: Vec<f64> = (0..=batches.len() - batches.len() / rest)
        .map(|start| &batches[start..])
        .take_while(|rest| rest.len() > 1)
        .map(|rest| {
            let mean = mean(rest);
            rest.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / (rest.len() as f64).powi(2)
        })
        .collect();
    let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
    errors.iter().position(|error| *error <= 1.1 * least).unwrap_or(0) * BATCH
}

/// After how many bins a series repeats itself, if it does: the lag at which it is most like
/// itself, once it has been unlike itself. Fewer pairs lie further apart and count for less, so of
/// several periods the shortest wins, unless a multiple is nearer to a whole number of bins.
fn period(bins: &[f64]) -> Option<usize> {
    let step = bins.len().div_ceil(FINEST).max(1);
    let coarse: Vec<f64> = bins.chunks_exact(step).map(mean).collect();
    let rest = level(&coarse);
    let power_of = |values: &[f64]| values.iter().map(|value| value.powi(2)).sum::<f64>();
    let power = power_of(&rest);
    // What is left of a straight line is what the arithmetic rounds.
    if power <= 1e-24 * power_of(&coarse) {
        return None;
    }
    let alike = |lag: usize| {
        let pairs = rest.iter().zip(&rest[lag..]);
        pairs.map(|(a, b)| a * b).sum::<f64>() / power
    };
    let alike: Vec<f64> = (0..=rest.len() / 2).map(alike).collect();
    let unlike = alike.iter().position(|alike| *alike < 0.0)?;
    (unlike..alike.len())
        .max_by(|a, b| alike[*a].total_cmp(&alike[*b]))
        .filter(|lag| alike[*lag] > ALIKE)
        .map(|lag| lag * step)
}

/// A series without its mean and its trend, by least squares.
fn level(series: &[f64]) -> Vec<f64> {
    let middle = (series.len() as f64 - 1.0) / 2.0;
    let around = mean(series);
    let placed = || (0_u32..).map(|at| f64::from(at) - middle).zip(series);
    let along: f64 = placed().map(|(at, value)| at * (value - around)).sum();
    let slope = along / placed().map(|(at, _)| at.powi(2)).sum::<f64>().max(f64::MIN_POSITIVE);
    placed().map(|(at, value)| value - around - slope * at).collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::MadeUp;
    use super::*;

    const SEEDS: u64 = 200;

    type Series<'a> = &'a dyn Fn(f64, &mut MadeUp) -> f64;

    fn bins(seed: u64, n: u32, value: Series<'_>) -> Vec<f64> {
        let mut made_up = MadeUp::new(seed);
        (0..n).map(|bin| value(f64::from(bin), &mut made_up)).collect()
    }

    /// How often a made-up series of `n` bins is called steady, not steady, or too short to tell.
    fn verdicts(n: u32, value: Series<'_>) -> [u64; 3] {
        let mut counted = [0; 3];
        for seed in 0..SEEDS {
            counted[match is_steady(&bins(seed, n, value)) {
                Some(true) => 0,
                Some(false) => 1,
                None => 2,
            }] += 1;
        }
        counted
    }

    #[track_caller]
    fn steady(n: u32, value: Series<'_>) {
        let counted = verdicts(n, value);
        assert!(counted[0] >= SEEDS * 95 / 100, "steady, not, too short: {counted:?}");
    }

    #[track_caller]
    fn moving(n: u32, value: Series<'_>) {
        let counted = verdicts(n, value);
        assert!(counted[1] >= SEEDS * 95 / 100, "steady, not, too short: {counted:?}");
    }

    #[test]
    fn noise_is_steady() {
        for n in [35, 50, 70, 100, 300, 1_000] {
            steady(n, &|_, made_up| 100.0 * made_up.log_normal(0.05));
            steady(n, &|_, made_up| 100.0 * made_up.log_normal(0.3));
        }
        steady(100, &|_, _| 7.0);
        steady(100, &|_, _| 0.0);
    }

    #[test]
    fn noise_that_lasts_for_some_bins_is_steady() {
        // Each bin has most of what the one before it had.
        for n in [100, 300] {
            let mut told = 0;
            for seed in 0..SEEDS {
                let mut made_up = MadeUp::new(seed);
                let mut now = made_up.normal();
                let values: Vec<f64> = (0..n)
                    .map(|_| {
                        now = 0.6 * now + 0.8 * made_up.normal();
                        100.0 + 20.0 * now
                    })
                    .collect();
                told += u64::from(is_steady(&values) == Some(true));
            }
            assert!(told >= SEEDS * 95 / 100, "{n} bins: {told} of {SEEDS}");
        }
    }

    #[test]
    fn noise_alone_is_no_warm_up() {
        for (n, deviation) in [(80, 0.02), (80, 0.3), (300, 0.3), (1_000, 0.05), (1_000, 0.3)] {
            let late = (0..SEEDS)
                .filter(|seed| warm_up(&bins(*seed, n, &|_, m| m.log_normal(deviation))) > 0)
                .count();
            assert!(late <= 10, "{n} bins, {deviation}: cut in {late} of {SEEDS}");
        }
    }

    #[test]
    fn noise_on_two_levels_is_steady() {
        steady(120, &|_, made_up| {
            let level = if made_up.uniform() < 0.3 { 130.0 } else { 100.0 };
            level * made_up.log_normal(0.02)
        });
    }

    #[test]
    fn a_saw_tooth_is_steady_whatever_its_period() {
        for period in [2.0, 3.0, 4.7, 5.0, 7.3, 9.0, 10.0, 12.5, 15.0] {
            steady(240, &|bin, made_up| {
                let phase = (bin / period).fract();
                1_000.0 * phase + 10.0 + 20.0 * made_up.uniform()
            });
        }
    }

    #[test]
    fn a_saw_tooth_that_is_too_slow_to_judge_is_not_called_a_drift() {
        // Three teeth at least: two are a rise, a fall and a rise, whatever they mean.
        for period in [30.0, 36.0, 40.0] {
            let counted = verdicts(120, &|bin, made_up| {
                1_000.0 * (bin / period).fract() + 20.0 * made_up.uniform()
            });
            assert_eq!(counted[1], 0, "period {period}: {counted:?}");
        }
    }

    #[test]
    fn what_grows_and_grows_is_not_steady() {
        moving(70, &|bin, _| 1.0 + bin / 140.0);
        moving(70, &|bin, made_up| (100.0 + bin) * made_up.log_normal(0.02));
        moving(200, &|bin, made_up| (100.0 + 0.5 * bin) * made_up.log_normal(0.05));
        moving(200, &|bin, made_up| 100.0 * (1.0 + bin / 50.0).ln() + made_up.normal());
        moving(200, &|bin, made_up| (200.0 - 0.5 * bin) * made_up.log_normal(0.05));
        // A backlog that is emptied in batches and grows all the same.
        moving(200, &|bin, _| 1_000.0 * (bin / 8.0).fract() + 10.0 * bin);
    }

    #[test]
    fn a_step_is_found_wherever_it_is() {
        // The end of a warm-up that was not waited for, and half as much again near the end.
        moving(100, &|bin, m| if bin < 30.0 { 900.0 } else { 100.0 } * m.log_normal(0.02));
        moving(150, &|bin, m| if bin < 10.0 { 2.0 } else { 1.0 } * m.log_normal(0.05));
        for n in [40, 100, 400] {
            for deviation in [0.0, 0.02, 0.1] {
                moving(n, &|bin, made_up| {
                    let level = if bin < 0.75 * f64::from(n) { 100.0 } else { 150.0 };
                    level * made_up.log_normal(deviation)
                });
            }
        }
        // So slow that it is over in no part of the run.
        moving(100, &|bin, m| (1.0 + 2.0 * (-bin / 20.0).exp()) * m.log_normal(0.02));
    }

    #[test]
    fn a_drift_that_nobody_would_notice_is_steady() {
        steady(200, &|bin, made_up| (100.0 + 0.01 * bin) * made_up.log_normal(0.001));
    }

    #[test]
    fn the_end_of_a_known_warm_up_is_found() {
        // Three times as slow at first, until a step, or with a decay that has gone from 200 % to
        // 4 % when two thirds of its time are over and to 1 % at its end.
        for end in [20_usize, 45, 95] {
            let mut near = [0; 2];
            for seed in 0..SEEDS {
                let mut made_up = MadeUp::new(seed);
                let mut found = |extra: &dyn Fn(f64) -> f64| {
                    let bins: Vec<f64> = (0..150)
                        .map(|bin| 100.0 * (1.0 + extra(f64::from(bin))) * made_up.log_normal(0.05))
                        .collect();
                    warm_up(&bins)
                };
                let step = found(&|bin| if bin < end as f64 { 2.0 } else { 0.0 });
                // Noise may hide a good start, never a bad one.
                assert!(step >= end, "seed {seed}: {step}, step until {end}");
                near[0] += u32::from(step <= end + 2 * BATCH);
                let decay = found(&|bin| 2.0 * (-bin * 5.3 / end as f64).exp());
                near[1] += u32::from((end / 2..=end + 2 * BATCH).contains(&decay));
            }
            assert!(near.iter().all(|near| *near >= 175), "until {end}: {near:?} of {SEEDS}");
        }
    }

    #[test]
    fn too_short_a_series_says_nothing() {
        for n in 0..BINS_LEAST {
            let bins = vec![1.0; n];
            assert_eq!((is_steady(&bins), warm_up(&bins)), (None, 0), "{n} bins");
        }
        assert_eq!(is_steady(&[1.0; BINS_LEAST]), Some(true));
    }

    #[test]
    fn the_unit_does_not_matter() {
        let bins = bins(9, 150, &|bin, m| if bin < 30.0 { 3.0 } else { 1.0 } * m.log_normal(0.05));
        let scaled: Vec<f64> = bins.iter().map(|value| value * 1_024.0).collect();
        assert_eq!((warm_up(&bins), is_steady(&bins)), (warm_up(&scaled), is_steady(&scaled)));
    }
}
