//! Where a warm-up ends, and whether what follows is steady.
//!
//! The end is where the mean of the rest is known best: MSER-5, the marginal standard error rule
//! on means of five bins (White 1997; White, Cobb, Spratt 2000). That rule always names a point:
//! in a hundred bins of noise it cuts off some in one of five, and in a run that never settles it
//! stops somewhere. So what is cut off must be unlike the rest, for certain and by more than a
//! little, or nothing is; and the rest is tested for a drift: its slope must be
//! different from zero (Theil 1950, Sen 1968; Mann 1945, Kendall 1975) and add up to something
//! worth mentioning. A saw-tooth, such as the backlog of an engine that works in batches, rises
//! most of the time and drifts nowhere: where the series repeats itself it is averaged over whole
//! periods first.

use super::theil_sen::slope;
use super::{mean, middle, sorted, variance};

/// Bins that are averaged into one before the rule is applied.
const BATCH: usize = 5;

/// Fewest means over whole periods that a drift can be seen in.
const FEWEST: usize = 7;

/// A change over the whole rest that is worth mentioning, as a share of its level.
const RELEVANT: f64 = 0.05;

/// A trend this many standard deviations from none happens by chance in one series of fifty.
const CERTAIN: f64 = 2.326;

/// How many standard errors what is cut off must lie from the rest: more than one comparison would
/// ask for, since the rule has chosen the point where they lie apart the most.
const APART: f64 = 3.0;

/// How strongly a series must resemble itself one period later to be called periodic.
const ALIKE: f64 = 0.4;

/// What was found in a series.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Steady {
    /// The first bin after the warm-up; a multiple of five.
    pub start: usize,
    /// Whether the series is steady from there on. `Some(false)` is a result: this run has no
    /// steady state. None if the rest is too short to tell.
    pub is_steady: Option<bool>,
}

/// Finds the end of the warm-up in a series of bins of equal length, such as one second's
/// throughput each, and says whether the rest is steady. The warm-up is at most half the series.
pub fn detect(bins: &[f64]) -> Steady {
    let start = truncation(bins);
    // A period that fits only twice into all there is may fit less often into the rest.
    let period = period(&bins[start..]).or_else(|| period(bins));
    Steady { start, is_steady: drifts(&bins[start..], period).map(|drifts| !drifts) }
}

/// MSER-5: the truncation that minimises the squared deviations of the rest over the square of
/// its length. At most half: beyond, the rule prefers short tails to long truths. In a steady rest
/// noise alone makes almost as small a value somewhere, so the earliest point counts that comes
/// within a tenth of the smallest: it keeps the most of what was measured.
fn truncation(bins: &[f64]) -> usize {
    let batches: Vec<f64> = bins.chunks_exact(BATCH).map(mean).collect();
    let errors: Vec<f64> = (0..=batches.len() / 2)
        .map(|start| &batches[start..])
        .take_while(|rest| rest.len() > 1)
        .map(|rest| {
            let mean = mean(rest);
            rest.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / (rest.len() as f64).powi(2)
        })
        .collect();
    let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
    let start = errors.iter().position(|error| *error <= 1.1 * least).unwrap_or(0);
    if is_unlike(&batches[..start], &batches[start..]) { start * BATCH } else { 0 }
}

/// Whether what comes first is on another level than the rest, and not by chance.
fn is_unlike(first: &[f64], rest: &[f64]) -> bool {
    if first.is_empty() {
        return false;
    }
    let apart = (mean(first) - mean(rest)).abs();
    let error = (variance(rest) * (1.0 / first.len() as f64 + 1.0 / rest.len() as f64)).sqrt();
    apart > RELEVANT * mean(rest).abs() && apart > APART * error
}

/// Whether a series moves in one direction for certain and by more than a little. None if it is
/// too short to tell.
fn drifts(series: &[f64], period: Option<usize>) -> Option<bool> {
    let length = period.map_or(BATCH, |period| period * BATCH.div_ceil(period));
    let means: Vec<(f64, f64)> = series
        .chunks_exact(length)
        .enumerate()
        .map(|(n, period)| (n as f64, mean(period)))
        .collect();
    if means.len() < FEWEST {
        return None;
    }
    let slope = slope(&means)?;
    let least = slope.low.max(-slope.high).max(0.0) * (means.len() as f64 - 1.0);
    let level = series.iter().map(|value| value.abs()).sum::<f64>() / series.len() as f64;
    Some(least > RELEVANT * level && trend(&means).abs() > CERTAIN)
}

/// Kendall's statistic of a series against time in standard deviations, as Mann has it, ties
/// counted.
fn trend(points: &[(f64, f64)]) -> f64 {
    let mut score = 0.0;
    for (at, (_, before)) in points.iter().enumerate() {
        for (_, after) in &points[at + 1..] {
            score += f64::from(i8::from(after > before) - i8::from(after < before));
        }
    }
    let n = points.len() as f64;
    let pairs_of = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let values = sorted(&points.iter().map(|point| point.1).collect::<Vec<_>>());
    let ties: f64 =
        values.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|tie| pairs_of(tie.len() as f64)).sum();
    let variance = (pairs_of(n) - ties) / 18.0;
    // The step of one that a whole number takes is halved (continuity).
    if variance > 0.0 {
        score.signum() * (score.abs() - 1.0).max(0.0) / variance.sqrt()
    } else {
        0.0
    }
}

/// After how many bins a series repeats itself, if it does: the lag at which it is most like
/// itself, once it has been unlike itself. Fewer pairs lie further apart and count for less, so of
/// several periods the shortest wins, unless a multiple is nearer to a whole number of bins.
fn period(series: &[f64]) -> Option<usize> {
    let points: Vec<(f64, f64)> = (0..).map(f64::from).zip(series.iter().copied()).collect();
    let slope = slope(&points)?.median;
    let level = middle(&sorted(series))?;
    let rest: Vec<f64> = points.iter().map(|(x, y)| y - slope * x - level).collect();
    let around = mean(&rest);
    let rest: Vec<f64> = rest.into_iter().map(|value| value - around).collect();
    let power: f64 = rest.iter().map(|value| value.powi(2)).sum();
    if power <= 0.0 {
        return None;
    }
    let alike = |lag: usize| {
        let pairs = rest.iter().zip(&rest[lag..]);
        pairs.map(|(a, b)| a * b).sum::<f64>() / power
    };
    let unlike = (1..=series.len() / 2).find(|lag| alike(*lag) < 0.0)?;
    (unlike..=series.len() / 2)
        .map(|lag| (lag, alike(lag)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, alike)| *alike > ALIKE)
        .map(|(lag, _)| lag)
}

#[cfg(test)]
mod tests {
    use super::super::made_up::MadeUp;
    use super::*;

    const SEEDS: u64 = 200;

    /// How often a made-up series of `n` bins is called steady, not steady, or too short to tell.
    fn verdicts(n: u32, mut value: impl FnMut(f64, &mut MadeUp) -> f64) -> [u32; 3] {
        let mut counted = [0; 3];
        for seed in 0..SEEDS {
            let mut made_up = MadeUp::new(seed);
            let bins: Vec<f64> = (0..n).map(|bin| value(f64::from(bin), &mut made_up)).collect();
            match detect(&bins).is_steady {
                Some(true) => counted[0] += 1,
                Some(false) => counted[1] += 1,
                None => counted[2] += 1,
            }
        }
        counted
    }

    #[track_caller]
    fn steady(n: u32, value: impl FnMut(f64, &mut MadeUp) -> f64) {
        let counted = verdicts(n, value);
        assert!(counted[0] >= 195, "steady, not, too short: {counted:?}");
    }

    #[track_caller]
    fn drifting(n: u32, value: impl FnMut(f64, &mut MadeUp) -> f64) {
        let counted = verdicts(n, value);
        assert!(counted[1] >= 190, "steady, not, too short: {counted:?}");
    }

    #[test]
    fn noise_is_steady() {
        for n in [70, 100, 300, 1_000] {
            steady(n, |_, made_up| 100.0 * made_up.log_normal(0.05));
        }
        steady(100, |_, made_up| 100.0 * made_up.log_normal(0.3));
        steady(100, |_, _| 7.0);
        steady(100, |_, _| 0.0);
    }

    #[test]
    fn noise_alone_is_no_warm_up() {
        for (n, deviation) in [(80, 0.02), (80, 0.05), (100, 0.1), (100, 0.3), (300, 0.3)] {
            let late = (0..SEEDS)
                .filter(|seed| {
                    let mut made_up = MadeUp::new(*seed);
                    let bins: Vec<f64> = (0..n).map(|_| made_up.log_normal(deviation)).collect();
                    detect(&bins).start > 0
                })
                .count();
            assert!(late <= 20, "{n} bins, {deviation}: cut in {late} of {SEEDS}");
        }
    }

    #[test]
    fn noise_on_two_levels_is_steady() {
        steady(120, |_, made_up| {
            let level = if made_up.uniform() < 0.3 { 130.0 } else { 100.0 };
            level * made_up.log_normal(0.02)
        });
    }

    #[test]
    fn a_saw_tooth_is_steady_whatever_its_period() {
        for period in [2.0, 3.0, 4.7, 5.0, 7.3, 9.0, 10.0, 12.5, 15.0] {
            steady(240, |bin, made_up| {
                let phase = (bin / period).fract();
                1_000.0 * phase + 10.0 + 20.0 * made_up.uniform()
            });
        }
    }

    #[test]
    fn a_saw_tooth_that_is_too_slow_to_judge_is_not_called_a_drift() {
        // Three teeth at least: two are a rise, a fall and a rise, whatever they mean.
        for period in [30.0, 36.0, 40.0] {
            let counted = verdicts(120, |bin, made_up| {
                1_000.0 * (bin / period).fract() + 20.0 * made_up.uniform()
            });
            assert_eq!(counted[1], 0, "period {period}: {counted:?}");
        }
    }

    #[test]
    fn what_grows_and_grows_is_not_steady() {
        drifting(70, |bin, made_up| (100.0 + bin) * made_up.log_normal(0.02));
        drifting(200, |bin, made_up| (100.0 + 0.5 * bin) * made_up.log_normal(0.05));
        drifting(200, |bin, made_up| 100.0 * (1.0 + bin / 50.0).ln() + made_up.normal());
        drifting(200, |bin, made_up| (200.0 - 0.5 * bin) * made_up.log_normal(0.05));
        // A backlog that is emptied in batches and grows all the same.
        drifting(200, |bin, _| 1_000.0 * (bin / 8.0).fract() + 10.0 * bin);
    }

    #[test]
    fn a_drift_that_nobody_would_notice_is_steady() {
        steady(200, |bin, made_up| (100.0 + 0.01 * bin) * made_up.log_normal(0.001));
    }

    #[test]
    fn the_end_of_a_known_warm_up_is_found() {
        // Three times as slow at first, until a step, or with a decay that has gone from 200 % to
        // 4 % when two thirds of its time are over and to 1 % at its end.
        for end in [20_usize, 45] {
            let mut near = [0; 2];
            for seed in 0..SEEDS {
                let mut made_up = MadeUp::new(seed);
                let mut found = |extra: &dyn Fn(f64) -> f64| {
                    let bins: Vec<f64> = (0..150)
                        .map(|bin| 100.0 * (1.0 + extra(f64::from(bin))) * made_up.log_normal(0.05))
                        .collect();
                    detect(&bins).start
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
        for n in 0..BATCH * FEWEST {
            let bins: Vec<f64> = (0_u32..).take(n).map(|bin| f64::from(bin % 3)).collect();
            assert_eq!(detect(&bins).is_steady, None, "{n} bins");
        }
    }

    #[test]
    fn the_unit_does_not_matter() {
        let mut made_up = MadeUp::new(9);
        let bins: Vec<f64> = (0..150)
            .map(|bin| if bin < 30 { 3.0 } else { 1.0 } * made_up.log_normal(0.05))
            .collect();
        let scaled: Vec<f64> = bins.iter().map(|value| value * 1_024.0).collect();
        assert_eq!(detect(&bins), detect(&scaled));
    }
}
