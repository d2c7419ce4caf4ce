//! Where a series of runs changed its level: change points.
//!
//! E-divisive means (Matteson, James, JASA 2014) as Hunter has it, which is Apache Otava today
//! (Fleming, Kołaczkowski et al., ICPE 2023). Of all places to cut a stretch, the candidate is the
//! one whose sides lie farthest apart by their energy distance. Whether it stands is for Student's t
//! and not for permutations, so that nothing is drawn. A window goes along the series, so that a
//! large step far away hides no small one. What is found in it at ten times the level asked for is
//! weak; then the weakest go, one by one, until each that is left holds against all that lies
//! between its neighbours.
//!
//! Three things are our own. Distances and the test are on logarithms, as noise is a factor. A change
//! has at least three runs on either side (`min.size` in the R package ecp), and holds without the run
//! of either side that lies farthest from the other: one bad night is none. And in a window a candidate is tested against what follows it up to
//! where that lies farthest apart, not up to the next cut, or what came and went is not found: of a
//! fifth more for eight runs, in noise of 2 %, every other time. Both sides of a cut are taken to
//! scatter alike, as in Hunter: of the three newest runs alone nobody knows how far they do.
//!
//! The level is that of one cut whose place is given. Here it is chosen, so a series without any
//! change shows one more often than that: of 1,000 series in noise of 3 %, 4 of 40 runs do, 7 of 100
//! and 21 of 300. A tenth more is found there and nowhere else 507 times behind three runs of it,
//! 925 times behind five. (The tests count it.) Runs are taken to be independent of each other;
//! where a slow hour spans several of them, alarms are more.

use super::{median, ratio};
use std::iter;
use std::ops::Range;

/// How probable as large a difference between the sides of one given cut may be where there is none,
/// for it to count.
pub const SIGNIFICANT: f64 = 0.001;

/// Fewest values on either side of a change.
pub const FEWEST_ASIDE: usize = 3;

/// Fewest values in which a change can be found.
pub const FEWEST: usize = 2 * FEWEST_ASIDE;

/// How many values are looked at together.
const WINDOW: usize = 50;

/// What is at first let pass in a window.
const WEAK: f64 = 10.0 * SIGNIFICANT;

/// A place at which a series changed its level.
#[derive(Clone, PartialEq, Debug)]
pub struct ChangePoint {
    /// Where the first value after the change stands in the series, from 0.
    pub at: usize,
    /// How many values there are since the change before, and until the next.
    pub runs: (usize, usize),
    /// Median of those before, in the unit of the series.
    pub before: f64,
    /// Median of those after.
    pub after: f64,
    /// After over before: of the geometric means; where a value is zero, of the medians. Infinite
    /// where only what was before is zero.
    pub ratio: f64,
    /// 95 % interval of the ratio, were the place given.
    pub interval: (f64, f64),
    /// How probable as large a difference is where there is none, were the place given; without the
    /// run that speaks for it most.
    pub p_value: f64,
}

/// The change points of a series of figures, one per run, zero or more each, the oldest first. What
/// is not a number is left out. None where a figure is negative, as ratios mean nothing then.
pub fn change_points(values: &[f64]) -> Vec<ChangePoint> {
    let places: Vec<usize> = (0..values.len()).filter(|at| values[*at].is_finite()).collect();
    let known: Vec<f64> = places.iter().map(|at| values[*at]).collect();
    if known.iter().any(|value| *value < 0.0) {
        return Vec::new();
    }
    let mut points = strong(&known, weak(&known));
    for point in &mut points {
        point.at = places[point.at];
    }
    points
}

/// Cuts that a window shows, rising; none is closer to another, or to an end, than the fewest values
/// of a side.
fn weak(values: &[f64]) -> Vec<usize> {
    let is_positive = values.iter().all(|value| *value > 0.0);
    let scaled: Vec<f64> =
        values.iter().map(|value| if is_positive { value.ln() } else { *value }).collect();
    let (mut cuts, mut start) = (Vec::new(), 0);
    while start < values.len() {
        let window = start..values.len().min(start + WINDOW);
        let found = divided(&values[window.clone()], &scaled[window]);
        cuts.extend(found.iter().map(|at| start + at));
        // Never behind what was found, so that no cut is found twice or beside itself.
        start = (start + WINDOW / 2).max(cuts.last().copied().unwrap_or(0));
    }
    cuts
}

/// Divides a window, the farthest apart first, until what comes next does not hold.
fn divided(values: &[f64], scaled: &[f64]) -> Vec<usize> {
    let mut cuts: Vec<usize> = Vec::new();
    loop {
        let candidates = stretches(&cuts, values.len()).into_iter().filter_map(|stretch| {
            let (at, end, apart) = farthest(&scaled[stretch.clone()])?;
            Some((stretch.start + at, stretch.start..stretch.start + end, apart))
        });
        let best = candidates.max_by(|(.., a), (.., b)| a.total_cmp(b));
        let Some((at, stretch, _)) = best else { return cuts };
        if measured(values, stretch.start..at, at..stretch.end).p_value > WEAK {
            return cuts;
        }
        cuts.push(at);
        cuts.sort_unstable();
    }
}

/// Lets the weakest cut go as long as it does not hold against all between its neighbours.
fn strong(values: &[f64], mut cuts: Vec<usize>) -> Vec<ChangePoint> {
    loop {
        let stretches = stretches(&cuts, values.len());
        let pairs = stretches.windows(2);
        let points: Vec<ChangePoint> =
            pairs.map(|pair| measured(values, pair[0].clone(), pair[1].clone())).collect();
        let weakest = points.iter().enumerate().max_by(|a, b| a.1.p_value.total_cmp(&b.1.p_value));
        match weakest {
            Some((n, point)) if point.p_value > SIGNIFICANT => cuts.remove(n),
            _ => return points,
        };
    }
}

/// What lies between cuts.
fn stretches(cuts: &[usize], len: usize) -> Vec<Range<usize>> {
    let starts = iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain(iter::once(len));
    starts.zip(ends).map(|(start, end)| start..end).collect()
}

fn measured(values: &[f64], before: Range<usize>, after: Range<usize>) -> ChangePoint {
    let (at, before, after) = (after.start, &values[before], &values[after]);
    let estimate = ratio::of_alike(before, after);
    let middle = |side: &[f64]| median(side).unwrap_or(f64::NAN);
    ChangePoint {
        at,
        runs: (before.len(), after.len()),
        before: middle(before),
        after: middle(after),
        ratio: estimate.ratio,
        interval: estimate.interval,
        p_value: p_value(before, after)
            .max(p_value(&without_farthest(before, after), after))
            .max(p_value(before, &without_farthest(after, before))),
    }
}

fn p_value(before: &[f64], after: &[f64]) -> f64 {
    ratio::of_alike(before, after).p_value.filter(|p| !p.is_nan()).unwrap_or(1.0)
}

/// A side without the value that lies farthest from the other: what rests on one run is no change.
fn without_farthest(side: &[f64], other: &[f64]) -> Vec<f64> {
    let middle = median(other).unwrap_or(f64::NAN);
    let far = |at: &usize| (side[*at] - middle).abs();
    let farthest = (0..side.len()).max_by(|a, b| far(a).total_cmp(&far(b)));
    let kept = side.iter().enumerate().filter(|(at, _)| Some(*at) != farthest);
    kept.map(|(_, value)| *value).collect()
}

/// The cut of a stretch at which what is before it and what follows, up to any end, lie farthest
/// apart, that end, and how far: the scaled energy distance of Matteson and James (2014, section 2.2) with
/// plain differences.
fn farthest(values: &[f64]) -> Option<(usize, usize, f64)> {
    let mut best: Option<(usize, usize, f64)> = None;
    // Sums of the distances of all pairs: within what is before, within what follows, across.
    let mut within_before = 0.0;
    for at in 1..values.len() {
        let (before, rest) = values.split_at(at);
        within_before += distances(before[at - 1], &before[..at - 1]);
        if at < FEWEST_ASIDE {
            continue;
        }
        let (mut within_after, mut across) = (0.0, 0.0);
        for (n, value) in rest.iter().enumerate() {
            within_after += distances(*value, &rest[..n]);
            across += distances(*value, before);
            if n + 1 < FEWEST_ASIDE {
                continue;
            }
            let (b, a) = (at as f64, (n + 1) as f64);
            let inner = a * within_before / (b - 1.0) + b * within_after / (a - 1.0);
            let apart = 2.0 * (across - inner) / (a + b);
            if best.is_none_or(|(.., most)| apart > most) {
                best = Some((at, at + n + 1, apart));
            }
        }
    }
    best
}

fn distances(value: f64, others: &[f64]) -> f64 {
    others.iter().map(|other| (value - other).abs()).sum()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::MadeUp;
    use super::*;
    use proptest::prelude::*;

    /// Figures of so many runs at each level, one after the other, with so much noise.
    fn series(levels: &[(usize, f64)], deviation: f64, seed: u64) -> Vec<f64> {
        let mut made_up = MadeUp::new(seed);
        let runs = levels.iter().flat_map(|(runs, level)| iter::repeat_n(*level, *runs));
        runs.map(|level| 80e6 * level * made_up.log_normal(deviation)).collect()
    }

    fn places(values: &[f64]) -> Vec<usize> {
        change_points(values).iter().map(|point| point.at).collect()
    }

    /// In how many of 1,000 series something is so.
    fn counted(is_so: impl Fn(u64) -> bool) -> usize {
        (0..1000).filter(|seed| is_so(*seed)).count()
    }

    #[test]
    fn fewer_than_one_series_in_a_hundred_without_a_change_shows_one() {
        for runs in [8, 20, 40, 100] {
            let alarms = counted(|seed| !places(&series(&[(runs, 1.0)], 0.03, seed)).is_empty());
            assert!(alarms < 10, "{alarms} of 1,000 series of {runs}");
        }
    }

    #[test]
    fn a_step_of_a_tenth_in_noise_of_three_hundredths_is_found_where_it_is() {
        for (after, least) in [(3, 450), (5, 900), (20, 950)] {
            let step = |seed| series(&[(20, 1.0), (after, 1.1)], 0.03, seed);
            let hits = counted(|seed| {
                let found = places(&step(seed));
                matches!(found[..], [at] if at.abs_diff(20) <= 1)
            });
            assert!(hits >= least, "{hits} of 1,000 with {after} runs after it");
        }
    }

    #[test]
    fn what_is_told_of_a_change_is_what_was_made_up() {
        let told = change_points(&series(&[(20, 1.0), (25, 0.8)], 0.01, 3));
        let [change] = &told[..] else { panic!("{told:?}") };
        assert_eq!((change.at, change.runs), (20, (20, 25)));
        assert!((change.before / 80e6 - 1.0).abs() < 0.01, "{change:?}");
        assert!((change.after / 64e6 - 1.0).abs() < 0.01, "{change:?}");
        let (low, high) = change.interval;
        assert!(low < change.ratio && change.ratio < high && high - low < 0.02, "{change:?}");
        assert!((low..high).contains(&0.8) && change.p_value < 1e-9, "{change:?}");
    }

    #[test]
    fn two_steps_are_two_and_there_and_back_is_both() {
        let up_and_up = counted(|seed| {
            places(&series(&[(20, 1.0), (15, 1.15), (20, 1.3)], 0.02, seed)) == [20, 35]
        });
        assert!(up_and_up >= 950, "{up_and_up} of 1,000");
        let back = counted(|seed| {
            places(&series(&[(20, 1.0), (8, 1.2), (20, 1.0)], 0.02, seed)) == [20, 28]
        });
        assert!(back >= 950, "{back} of 1,000");
    }

    #[test]
    fn a_small_step_far_from_a_large_one_is_found_in_a_long_series() {
        let values = series(&[(60, 1.0), (90, 4.0), (70, 4.3)], 0.02, 5);
        let found = places(&values);
        let [first, second] = found[..] else { panic!("{found:?}") };
        assert_eq!(first, 60);
        assert!(second.abs_diff(150) <= 1, "{found:?}");
    }

    #[test]
    fn a_ramp_is_a_stair_that_rises() {
        let ramp: Vec<(usize, f64)> = (0..40).map(|n| (1, 1.0 + 0.01 * f64::from(n))).collect();
        let found = change_points(&series(&ramp, 0.01, 7));
        assert!(!found.is_empty() && found.iter().all(|point| point.ratio > 1.0), "{found:?}");
    }

    #[test]
    fn one_bad_night_is_no_change() {
        for at in [0, 20, 38, 39] {
            let alarms = counted(|seed| {
                let mut values = series(&[(40, 1.0)], 0.03, seed);
                values[at] *= 1.5;
                !places(&values).is_empty()
            });
            assert!(alarms < 10, "{alarms} of 1,000 with one at {at}");
        }
    }

    #[test]
    fn few_values_and_values_that_agree_say_nothing_but_what_is_certain() {
        for few in 0..FEWEST {
            let rising: Vec<f64> = [1.0, 1.0, 1.0, 2.0, 2.0][..few].to_vec();
            assert_eq!(change_points(&rising), [], "{few} values");
        }
        // A tenth is no binary fraction.
        assert_eq!(change_points(&[0.1; 60]), []);
        assert_eq!(change_points(&[0.0; 60]), []);
        // As simulated runs are: without any noise.
        let exact = change_points(&[7.0, 7.0, 7.0, 8.0, 8.0, 8.0]);
        assert_eq!(exact.len(), 1);
        assert_eq!((exact[0].at, exact[0].runs), (3, (3, 3)));
        assert!((exact[0].ratio - 8.0 / 7.0).abs() < 1e-12 && exact[0].p_value == 0.0, "{exact:?}");
        let from_nothing = change_points(&[0.0, 0.0, 0.0, 0.0, 5.0, 5.0, 5.0, 5.0]);
        assert_eq!(from_nothing.len(), 1);
        assert_eq!((from_nothing[0].at, from_nothing[0].ratio), (4, f64::INFINITY));
    }

    #[test]
    fn what_is_no_number_is_left_out_and_moves_no_place() {
        let mut values = series(&[(10, 1.0), (10, 1.5)], 0.01, 1);
        assert_eq!(places(&values), [10]);
        for at in [0, 9, 9, 15] {
            values.insert(at, f64::NAN);
        }
        values.push(f64::INFINITY);
        assert_eq!(places(&values), [13]);
        assert_eq!(change_points(&[f64::NAN; 20]), []);
        values[3] = -1.0;
        assert_eq!(change_points(&values), [], "of figures below zero nothing is a multiple");
    }

    proptest! {
        #[test]
        fn changes_stand_apart_and_make_up_the_series(
            values in prop::collection::vec(prop_oneof![Just(0.0), 0.0..1e12_f64], 0..160)
        ) {
            let found = change_points(&values);
            let mut before = 0;
            for (n, point) in found.iter().enumerate() {
                let next = found.get(n + 1).map_or(values.len(), |next| next.at);
                prop_assert_eq!(point.runs, (point.at - before, next - point.at));
                prop_assert!(point.runs.0.min(point.runs.1) >= FEWEST_ASIDE);
                prop_assert!(point.p_value <= SIGNIFICANT);
                before = point.at;
            }
        }
    }
}
