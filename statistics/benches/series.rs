//! How often what is said of a series is true: whether it is steady, where its warm-up ends, how
//! fast it grows, whether more workers ever bring less, and where it changed its level. Unit tests
//! draw hundreds.
//!
//! `cargo test` runs it at a small size, `cargo bench` with thousands of draws.

use sluicebench_statistics::change_points::change_points;
use sluicebench_statistics::growth::growth;
use sluicebench_statistics::steady::{is_steady, warm_up};
use sluicebench_statistics::usl::{self, Peak};
use std::f64::consts::TAU;

/// Uniform numbers in (0, 1), the same each time: `SplitMix64` (Steele, Lea and Flood 2014).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 + f64::EPSILON
    }

    /// Mean 0, deviation 1 (Box, Muller 1958).
    fn normal(&mut self) -> f64 {
        (-2.0 * self.next().ln()).sqrt() * (TAU * self.next()).cos()
    }
}

fn main() {
    let is_small = !std::env::args().any(|arg| arg == "--bench");
    steady_states(if is_small { 100 } else { 5_000 });
    growths(if is_small { 100 } else { 5_000 });
    peaks(if is_small { 20 } else { 2_000 });
    changes(if is_small { 100 } else { 5_000 });
}

/// Says how often something is so, and holds it against the most that it may be, but for luck.
#[expect(clippy::print_stdout, reason = "a benchmark says what it found")]
#[track_caller]
fn at_most(most: f64, draws: u64, what: &str, mut is_so: impl FnMut(&mut Draws) -> bool) {
    let count =
        (0..draws).filter(|draw| is_so(&mut Draws(draw.wrapping_mul(0x2545_f491_4f6c_dd1d))));
    let share = count.count() as f64 / draws as f64;
    println!("{what}: {:.1} % of {draws}", share * 100.0);
    let luck = 3.0 * (most * (1.0 - most) / draws as f64).sqrt();
    assert!(share <= most + luck, "{what}: {share}, not {most}");
}

/// What the level is at a point of a series, from 0 to 1.
type Level = fn(f64) -> f64;

fn steady_states(draws: u64) {
    // Of noise, how much of a bin is left in the next, and how far they scatter.
    let noise = |draws: &mut Draws, bins: u32, kept: f64, deviation: f64| -> Vec<f64> {
        let mut now = draws.normal();
        (0..bins)
            .map(|_| {
                now = kept * now + (1.0 - kept * kept).sqrt() * draws.normal();
                (deviation * now).exp()
            })
            .collect()
    };
    for bins in [35, 50, 70, 100, 200, 600, 1_800] {
        for (kept, deviation) in [(0.0, 0.02), (0.0, 0.1), (0.0, 0.3), (0.6, 0.02), (0.6, 0.2)] {
            if kept > 0.0 && bins < 100 {
                continue;
            }
            let what = format!("{bins} bins of noise, {deviation}, {kept} of it kept");
            at_most(0.05, draws, &format!("{what}: unsteady"), |draws| {
                is_steady(&noise(draws, bins, kept, deviation)) != Some(true)
            });
            at_most(0.05, draws, &format!("{what}: cut"), |draws| {
                warm_up(&noise(draws, bins, kept, deviation)) > 0
            });
        }
    }
    let series: [(&str, Level); 6] = [
        ("nine times as high for the first 30 %", |at| if at < 0.3 { 9.0 } else { 1.0 }),
        ("twice as high for the first eighth", |at| if at < 0.125 { 2.0 } else { 1.0 }),
        ("half as high again in the last quarter", |at| if at < 0.75 { 1.0 } else { 1.5 }),
        ("a half more, evenly", |at| 1.0 + 0.5 * at),
        ("a third less, evenly", |at| 1.0 - at / 3.0),
        ("three times as high at first, e times less each fifth", |at| {
            1.0 + 2.0 * (-5.0 * at).exp()
        }),
    ];
    for bins in [70, 100, 200, 600] {
        for (name, level) in series {
            for deviation in [0.0, 0.02, 0.05] {
                let what = format!("{bins} bins, {name}, noise {deviation}: not found");
                at_most(0.05, draws, &what, |draws| {
                    let noise = noise(draws, bins, 0.0, deviation);
                    let at = (0..bins).map(|bin| f64::from(bin) / f64::from(bins));
                    let values: Vec<f64> = at.zip(noise).map(|(at, n)| level(at) * n).collect();
                    is_steady(&values) != Some(false)
                });
            }
        }
    }
}

fn growths(draws: u64) {
    for memory_s in [0.1, 1.0, 5.0, 20.0, 60.0] {
        let kept = (-0.1_f64 / memory_s).exp();
        for length_s in [60, 120, 240] {
            let what = format!("{length_s} s, remembers {memory_s} s: bounds without the truth");
            at_most(0.1, draws, &what, |draws| {
                let mut now = draws.normal();
                let looks: Vec<(f64, f64)> = (0..length_s * 10)
                    .map(|look| {
                        now = kept * now + (1.0 - kept * kept).sqrt() * draws.normal();
                        (f64::from(look) / 10.0, now)
                    })
                    .collect();
                growth(&looks).is_none_or(|growth| growth.low > 0.0 || growth.high < 0.0)
            });
        }
    }
    for looks in [6, 10, 20, 600] {
        let what = format!("{looks} looks at what forgets nothing: bounds without the truth");
        at_most(0.1, draws, &what, |draws| {
            let mut now = 0.0;
            let looks: Vec<(f64, f64)> = (0..looks)
                .map(|look| {
                    now += draws.normal();
                    (f64::from(look), now)
                })
                .collect();
            growth(&looks).is_none_or(|growth| growth.low > 0.0 || growth.high < 0.0)
        });
    }
}

fn peaks(draws: u64) {
    const WORKERS: [f64; 8] = [1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0];
    for sigma in [0.0, 0.05, 0.3] {
        for noise in [0.01, 0.03, 0.1] {
            let what = format!("σ {sigma}, κ 0, noise {noise}: a peak all the same");
            at_most(0.05, draws, &what, |draws| {
                let points = WORKERS.map(|n| {
                    (n, 1_000.0 * n / (1.0 + sigma * (n - 1.0)) * (noise * draws.normal()).exp())
                });
                usl::fit(&points).is_some_and(|law| matches!(law.peak(24.0), Peak::At(_)))
            });
        }
    }
}

fn changes(draws: u64) {
    let runs = |draws: &mut Draws, levels: &[(usize, f64)], deviation: f64| -> Vec<f64> {
        let levels = levels.iter().flat_map(|(runs, level)| std::iter::repeat_n(*level, *runs));
        levels.map(|level| level * (deviation * draws.normal()).exp()).collect()
    };
    for length in [6, 10, 20, 40, 100, 300] {
        for deviation in [0.01, 0.1] {
            let what = format!("{length} runs without a change, noise {deviation}: one found");
            at_most(0.03, draws, &what, |draws| {
                !change_points(&runs(draws, &[(length, 1.0)], deviation)).is_empty()
            });
        }
    }
    for (after, most) in [(3, 0.6), (4, 0.3), (5, 0.15), (10, 0.05), (30, 0.05)] {
        let what = format!("a tenth more since {after} runs, noise 0.03: not found there");
        at_most(most, draws, &what, |draws| {
            let found = change_points(&runs(draws, &[(30, 1.0), (after, 1.1)], 0.03));
            !matches!(&found[..], [point] if point.at.abs_diff(30) <= 1)
        });
    }
}
