//! How often the statistics say what is true, where the truth is known: how often an interval holds
//! it, how many tables without a change find one, how many changes are found. Beside it what a
//! plainer way would say, which is why it is not done so. Unit tests draw a tenth of it.
//!
//! `cargo test` runs it at a small size, `cargo bench` with thousands of draws.

use sluicebench_statistics::comparison::{
    Change, Comparison, FEWEST_RUNS, How, compare, decide, tells_apart,
};
use sluicebench_statistics::power::Question;
use sluicebench_statistics::{Better, bootstrap, median, noise};
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

    fn normal(&mut self) -> f64 {
        (-2.0 * self.next().ln()).sqrt() * (TAU * self.next()).cos()
    }

    /// A factor around 1 whose logarithm has this deviation.
    fn factor(&mut self, deviation: f64) -> f64 {
        (deviation * self.normal()).exp()
    }

    fn factors(&mut self, runs: usize, level: f64, deviation: f64) -> Vec<f64> {
        (0..runs).map(|_| level * self.factor(deviation)).collect()
    }
}

/// A side of a comparison, drawn around 1.
type Side = fn(&mut Draws) -> f64;

const NORMAL: Side = |draws| 1.0 + 0.05 * draws.normal();
const LOG_NORMAL: Side = |draws| draws.factor(0.05);
const BIMODAL: Side = |draws| {
    let slow = if draws.next() < 0.25 { 1.08 } else { 1.0 };
    slow * draws.factor(0.01)
};

const PAIRED: How = How { better: Better::Lower, band: 0.05, paired: true, drift: 0.0 };

fn main() {
    let is_small = !std::env::args().any(|arg| arg == "--bench");
    let sets = if is_small { 60 } else { 4_000 };
    medians(sets);
    stopped(sets);
    ratios(sets);
    tables(sets);
    found(sets);
    few(sets);
}

/// How many of so many draws were as asked, and three deviations of such a count.
#[derive(Copy, Clone)]
struct Count {
    of: usize,
    sets: usize,
}

impl Count {
    fn of(sets: usize, mut is_so: impl FnMut(usize) -> bool) -> Self {
        Self { of: (0..sets).filter(|set| is_so(*set)).count(), sets }
    }

    fn share(self) -> f64 {
        self.of as f64 / self.sets as f64
    }

    fn luck(self, promised: f64) -> f64 {
        3.0 * (promised * (1.0 - promised) / self.sets as f64).sqrt()
    }

    #[track_caller]
    fn at_least(self, promised: f64) {
        assert!(self.share() >= promised - self.luck(promised), "{} < {promised}", self.share());
    }

    #[track_caller]
    fn at_most(self, promised: f64) {
        assert!(self.share() <= promised + self.luck(promised), "{} > {promised}", self.share());
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark says what it found")]
fn say(what: &str, share: f64, plainer: Option<f64>) {
    let plainer = plainer.map_or_else(String::new, |share| format!("  ({:.1} %)", share * 100.0));
    println!("{what:<66} {:>5.1} %{plainer}", share * 100.0);
}

/// Of single medians: what an interval that is called 95 % holds.
fn medians(sets: usize) {
    for (figures, least) in [(6, 0.93), (7, 0.89), (10, 0.93)] {
        let mut draws = Draws(figures);
        let held = Count::of(sets, |seed| {
            // An exponential distribution, whose median is the logarithm of two.
            let values: Vec<f64> = (0..figures).map(|_| -draws.next().ln()).collect();
            let (low, high) = bootstrap::median_interval(&values, seed as u64).expect("enough");
            (low..=high).contains(&std::f64::consts::LN_2)
        });
        say(&format!("median, {figures} figures: intervals that hold it"), held.share(), None);
        held.at_least(least);
    }
}

/// Of medians of runs that go on until enough is known.
fn stopped(sets: usize) {
    // Each looks several times, with all resamples.
    let sets = (sets / 4).max(20);
    let mut draws = Draws(8);
    let held = Count::of(sets, |seed| {
        let mut values = draws.factors(5, 1.0, 0.05);
        while values.len() < 20
            && bootstrap::half_width(&values, seed as u64).is_none_or(|half| half > 0.03)
        {
            values.push(draws.factor(0.05));
        }
        let interval = bootstrap::median_interval(&values, seed as u64);
        interval.is_some_and(|(low, high)| (low..=high).contains(&1.0))
    });
    say("median, stopped when known to 3 %, 5 % of noise: hold it", held.share(), None);
    held.at_least(0.85);
}

/// Of ratios of pairs; in brackets resampled medians of whole pairs.
fn ratios(sets: usize) {
    for (name, side) in [("normal", NORMAL), ("log-normal", LOG_NORMAL), ("bimodal", BIMODAL)] {
        for runs in [5, 6, 10] {
            let mut draws = Draws(runs);
            let mut resampled = 0;
            let held = Count::of(sets, |_| {
                let mut of = |level: f64| -> Vec<f64> {
                    (0..runs).map(|_| level * side(&mut draws)).collect()
                };
                let (base, new) = (of(1.0), of(1.2));
                let holds = |(low, high): (f64, f64)| (low..=high).contains(&1.2);
                resampled += usize::from(holds(resample(&base, &new, &mut draws)));
                compare(&base, &new, PAIRED).interval.is_some_and(holds)
            });
            let plainer = Count { of: resampled, sets }.share();
            say(
                &format!("ratio, {name}, {runs} pairs: hold it (resampled)"),
                held.share(),
                Some(plainer),
            );
            held.at_least(0.93);
        }
    }
}

/// The middle 95 % of the ratio of medians of pairs that are drawn anew.
fn resample(base: &[f64], new: &[f64], draws: &mut Draws) -> (f64, f64) {
    const RESAMPLES: usize = 200;
    let n = base.len() as f64;
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below n")]
            let places: Vec<usize> =
                base.iter().map(|_| ((draws.next() * n) as usize).min(base.len() - 1)).collect();
            let of = |side: &[f64]| {
                median(&places.iter().map(|at| side[*at]).collect::<Vec<_>>()).unwrap_or(f64::NAN)
            };
            of(new) / of(base)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    (ratios[RESAMPLES / 40], ratios[RESAMPLES - 1 - RESAMPLES / 40])
}

/// Of tables of 24 comparisons without a change between two runs that drift by 2 % as a whole, with
/// 2 % of noise: how many have a "worse". In brackets without any regard for that.
fn tables(sets: usize) {
    let sets = (sets / 4).max(20);
    for runs in [5, 20] {
        type Known = fn(&mut Draws, f64) -> f64;
        let known: [(&str, Known); 3] = [
            ("presumed", |_, _| noise::presumed()),
            ("from six runs of the same thing", |draws, _| {
                noise::between_runs(&[&draws.factors(6, 1.0, 0.02)])
            }),
            ("from timed work", |draws, shift| {
                let (base, new) = (draws.factors(24, 1.0, 0.01), draws.factors(24, shift, 0.01));
                noise::pace(&base, &new).map_or(0.0, |pace| pace.beyond)
            }),
        ];
        for (name, known) in known {
            let mut draws = Draws(runs as u64);
            let mut unheeded = 0;
            let alarmed = Count::of(sets, |_| {
                let shift = [draws.factor(0.02), draws.factor(0.02)];
                let drift = known(&mut draws, shift[1] / shift[0]);
                let figures: Vec<_> =
                    (0..24).map(|_| shift.map(|shift| draws.factors(runs, shift, 0.02))).collect();
                let is_alarmed = |drift: f64| {
                    let how = How { drift, ..PAIRED };
                    let of = |[base, new]: &[Vec<f64>; 2]| compare(base, new, how);
                    let mut family: Vec<Comparison> = figures.iter().map(of).collect();
                    decide(&mut family);
                    family.iter().any(|one| one.verdict == Change::Worse)
                };
                unheeded += usize::from(is_alarmed(0.0));
                is_alarmed(drift)
            });
            let plainer = Count { of: unheeded, sets }.share();
            let what = format!("24 rows, drift {name}, {runs} runs: worse (unheeded)");
            say(&what, alarmed.share(), Some(plainer));
            alarmed.at_most(0.05);
        }
    }
}

/// Of changes among others of which none is: how many are found, by pairs; in brackets what is told
/// beforehand.
fn found(sets: usize) {
    let sets = (sets / 4).max(20);
    let rows = [
        (0.03, 0.0, 6, 0.10, 6),
        (0.03, 0.0, 24, 0.10, 8),
        (0.05, 0.0, 24, 0.10, 14),
        (0.03, noise::presumed(), 24, 0.10, 14),
        (0.03, 0.10, 24, 0.20, 10),
    ];
    for (deviation, allowed, comparisons, change, runs) in rows {
        let question = Question { noise: deviation, allowed, comparisons };
        let how = How { drift: allowed, ..PAIRED };
        let mut draws = Draws(runs as u64);
        let found = Count::of(sets, |_| {
            let mut of = |level: f64| draws.factors(runs, level, deviation);
            let mut family = vec![compare(&of(1.0), &of(1.0 + change), how)];
            family.extend((1..comparisons).map(|_| compare(&of(1.0), &of(1.0), how)));
            decide(&mut family);
            family[0].verdict == Change::Worse
        });
        let told = question.finds(change, runs);
        let what = format!(
            "{:.0} % in {comparisons} rows, {:.1} % allowed, noise {:.0} %, {runs} runs: found (told)",
            change * 100.0,
            allowed * 100.0,
            deviation * 100.0
        );
        say(&what, found.share(), Some(told));
        found.at_least(told - 0.03);
        found.at_most((told + 0.03).min(1.0));
    }
}

/// Of 24 comparisons by too few runs at 30 % of noise: how many tables name a winner; in brackets by
/// ranges that do not touch and medians a twentieth apart.
fn few(sets: usize) {
    for runs in 1..FEWEST_RUNS {
        let mut draws = Draws(runs as u64);
        let mut ranges = 0;
        let won = Count::of(sets, |_| {
            let (mut is_won, mut is_apart) = (false, false);
            for _ in 0..24 {
                let [one, other] = [(); 2].map(|()| draws.factors(runs, 1.0, 0.3));
                let of = |side: &[f64]| median(side).unwrap_or(f64::NAN);
                let times = (of(&one) / of(&other)).max(of(&other) / of(&one));
                let end = |side: &[f64], pick: fn(f64, f64) -> f64| {
                    side.iter().copied().reduce(pick).unwrap_or(f64::NAN)
                };
                let apart = end(&one, f64::max) < end(&other, f64::min)
                    || end(&other, f64::max) < end(&one, f64::min);
                is_won |= apart && times >= tells_apart(runs);
                is_apart |= apart && times > 1.05;
            }
            ranges += usize::from(is_apart);
            is_won
        });
        let plainer = Count { of: ranges, sets }.share();
        say(
            &format!("24 rows, {runs} runs at 30 %: a winner (by ranges)"),
            won.share(),
            Some(plainer),
        );
        won.at_most(0.05);
    }
}
