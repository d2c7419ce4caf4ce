//! Where the warm-up of a repetition ended, and whether what followed was steady.
//!
//! Both are looked for in what came out: events finished with, and the median latency, in bins of
//! equal length. What is measured is judged whole, to the end of its last bin; what was too short to
//! judge is not steady, and is told apart from what moves. An engine that works in batches gets bins
//! of whole batches where they are short enough to be many. Nothing is looked for where the load
//! itself changes: what follows it is no drift.

use crate::load::survey::TICK_NS;
use crate::measure::course::Course;
use crate::measure::timeline::seconds;
use engines::Moment;
use reports::quantity;
use reports::record::study::{Untold, WarmUp, WarmUpDecided};
use statistics::steady;
use std::ops::Range;
use std::time::Duration;

/// How a warm-up is chosen, beside its length.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Settling {
    /// Its end is looked for from here on, and its length is only the most that it may be; none
    /// for a warm-up of a fixed length.
    pub detect_from: Option<Duration>,
    /// Whether the load itself changes, so that nothing can be steady.
    pub load_varies: bool,
}

/// About how many bins the measured part is cut into, if they would be shorter than a second: more
/// than are needed, and no more than an engine's answers fill.
const BINS: u64 = 80;

/// How many ticks of 100 ms a bin is long: at most a second for 80 of them, a batch at least, and
/// whole batches if twice as long a bin is. Where it is none, batches beat with the bins, in a
/// period that is found.
pub fn bin_ticks(measured: &Range<Moment>, interval_ns: Option<u64>) -> u64 {
    let least = (measured.end.nanos_since(measured.start) / BINS / TICK_NS).clamp(1, 10);
    let Some(interval_ns) = interval_ns.filter(|interval| *interval >= TICK_NS / 2) else {
        return least;
    };
    let batches = |ticks: &u64| (ticks * TICK_NS).is_multiple_of(interval_ns);
    let least = least.max(interval_ns.div_ceil(TICK_NS));
    (least..=2 * least).find(batches).unwrap_or(least)
}

/// How long has to be measured to tell whether it is steady, at bins of this many ticks: as long as
/// it takes where nothing has a period.
pub fn least_ns(bin_ticks: u64) -> u64 {
    bin_ticks * TICK_NS * steady::BINS_LEAST as u64
}

/// What a repetition brought forth, bin by bin, from its start to the end of its input.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    /// How long each is, in nanoseconds.
    pub length_ns: u64,
    /// Series of as many figures as there are bins.
    pub series: Vec<Vec<f64>>,
}

impl Bins {
    /// From what was finished with in each bin, and from its median latency; a bin without an
    /// answer goes by the one before.
    pub fn of(ticks: u64, until: Moment, course: &Course<'_>, medians: &[Option<u64>]) -> Self {
        let length_ns = ticks * TICK_NS;
        let count = until.as_nanos() / length_ns;
        let by = |bin: u64| course.completed(Moment::from_nanos(bin * length_ns));
        let finished = (0..count).map(|bin| by(bin + 1).saturating_sub(by(bin)) as f64);
        let mut series = vec![finished.collect()];
        series.extend(filled(medians, usize::try_from(count).unwrap_or(usize::MAX)));
        Self { length_ns, series }
    }

    /// Where the first bin begins from which on all series are at their level.
    fn settled_ns(&self) -> u64 {
        let starts = self.series.iter().map(|bins| steady::warm_up(bins) as u64);
        starts.max().unwrap_or(0).saturating_mul(self.length_ns)
    }

    /// Whether no series moves from `from_ns` on. One that does decides; `None` if none does and
    /// not all are long enough to tell.
    fn is_steady(&self, from_ns: u64) -> Option<bool> {
        let first = usize::try_from(from_ns.div_ceil(self.length_ns)).unwrap_or(usize::MAX);
        let told = self.series.iter().map(|bins| steady::is_steady(bins.get(first..)?));
        let told: Vec<Option<bool>> = told.collect();
        if told.contains(&Some(false)) {
            return Some(false);
        }
        (!told.is_empty() && !told.contains(&None)).then_some(true)
    }
}

/// The medians of so many bins, where there is one at all; a bin without goes by the one before.
fn filled(medians: &[Option<u64>], bins: usize) -> Option<Vec<f64>> {
    let mut last = *medians.iter().flatten().next()?;
    let all = medians.iter().copied().chain(std::iter::repeat(None)).take(bins);
    let fill = |median: Option<u64>| {
        last = median.unwrap_or(last);
        last as f64
    };
    Some(all.map(fill).collect())
}

/// Decides where the warm-up ends. `most` is its length, or the most that it may be.
pub fn decide(bins: &Bins, most: Duration, settling: Settling) -> (Moment, WarmUp) {
    let nanos = |length: Duration| u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
    // What is measured by the tick begins with one.
    let whole = |nanos: u64| nanos.div_ceil(TICK_NS).saturating_mul(TICK_NS);
    let shown = |ns: u64| quantity::nanoseconds(ns as f64);
    let (end_ns, decided, mut text) = match settling.detect_from {
        None => {
            let end_ns = nanos(most);
            (end_ns, WarmUpDecided::Fixed, format!("the first {}, as configured", shown(end_ns)))
        }
        Some(floor) => {
            let (floor, cap) = (whole(nanos(floor)), whole(nanos(most)));
            let settled = whole(bins.settled_ns());
            if settled > cap {
                let text = format!("not at its level before the longest warm-up, {}", shown(cap));
                (cap, WarmUpDecided::Capped, text)
            } else {
                let text = format!("found in the run, at its level from {} on", shown(settled));
                (settled.clamp(floor.min(cap), cap), WarmUpDecided::Detected, text)
            }
        }
    };
    let (steady, untold) = if settling.load_varies {
        (None, Some(Untold::LoadVaries))
    } else if decided == WarmUpDecided::Capped {
        (Some(false), None)
    } else {
        let steady = bins.is_steady(end_ns);
        (steady, steady.is_none().then_some(Untold::TooShort))
    };
    text.push_str(match (steady, untold) {
        (_, Some(Untold::LoadVaries)) => "; the load changes, so nothing is expected to be steady",
        (Some(false), _) => "; no steady state",
        (Some(true), _) => "",
        (None, _) => "; too short to tell whether it was steady",
    });
    let warm_up = WarmUp { end_s: seconds(end_ns), decided, steady, untold, text };
    (Moment::from_nanos(end_ns), warm_up)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldhash::quality::FixedState;
    use std::hash::BuildHasher as _;

    const SECOND: u64 = 1_000_000_000;

    fn hash(n: u64) -> u64 {
        FixedState::with_seed(2).hash_one(n)
    }

    /// A second per bin, a little uneven, as a run is.
    fn bins(level: impl Fn(u64) -> f64) -> Bins {
        let uneven = |n: u64| (hash(n) % 1000) as f64 / 1000.0 - 0.5;
        let series = (0..100).map(|n| level(n) * (1.0 + 0.02 * uneven(n))).collect();
        Bins { length_ns: SECOND, series: vec![series] }
    }

    fn detected(bins: &Bins) -> (u64, WarmUpDecided, Option<bool>) {
        let detect_from = Some(Duration::from_secs(2));
        let settling = Settling { detect_from, load_varies: false };
        let (end, warm_up) = decide(bins, Duration::from_secs(20), settling);
        assert!((warm_up.end_s - end.as_nanos() as f64 / 1e9).abs() < 1e-9);
        (end.as_nanos() / SECOND, warm_up.decided, warm_up.steady)
    }

    #[test]
    fn a_transient_is_cut_between_floor_and_cap() {
        use WarmUpDecided::{Capped, Detected};
        let slow_for = |seconds: u64| bins(move |n| if n < seconds { 900.0 } else { 100.0 });
        assert_eq!(detected(&slow_for(10)), (10, Detected, Some(true)));
        assert_eq!(detected(&slow_for(0)), (2, Detected, Some(true)), "never before the floor");
        assert_eq!(detected(&slow_for(30)), (20, Capped, Some(false)), "never after the cap");
        // Where nobody looks for its end, what is left of it is measured, and told.
        let fixed = |bins: &Bins| decide(bins, Duration::from_secs(2), Settling::default()).1;
        assert_eq!(fixed(&slow_for(30)).steady, Some(false), "30 s at 900, then at 100");
        assert_eq!(fixed(&slow_for(0)).steady, Some(true));
    }

    #[test]
    fn a_warm_up_beyond_half_of_the_run_is_waited_for() {
        // Twice as slow for 25 s of the 40 that the defaults make, in bins of 100 ms.
        let settling = Settling { detect_from: Some(Duration::from_secs(10)), load_varies: false };
        let right = (0..100)
            .filter(|seed| {
                let uneven = |n: u64| 1.0 + 0.1 * ((hash(seed * 1000 + n) % 1000) as f64 / 1000.0);
                let level = |n: u64| if n < 250 { 2000.0 } else { 1000.0 };
                let series = vec![(0..400).map(|n| level(n) * uneven(n)).collect()];
                let bins = Bins { length_ns: SECOND / 10, series };
                let (end, warm_up) = decide(&bins, Duration::from_secs(30), settling);
                let at = end.as_nanos() / SECOND;
                (25..=26).contains(&at) && warm_up.steady == Some(true)
            })
            .count();
        assert!(right >= 95, "{right} of 100");
    }

    #[test]
    fn what_moves_decides_and_what_is_not_told_is_not_steady() {
        let both = |second: Vec<f64>| {
            let series = vec![vec![1.0; 100], second];
            let settling = Settling::default();
            decide(&Bins { length_ns: SECOND, series }, Duration::ZERO, settling).1
        };
        assert_eq!(both(vec![2.0; 100]).steady, Some(true));
        let step = (0..100).map(|n| if n < 75 { 1.0 } else { 1.5 }).collect();
        let told = both(step);
        assert_eq!((told.steady, told.untold), (Some(false), None));
        // Whole periods of 30 s fit three times: too few to tell.
        let told = both((0..100).map(|n| f64::from(n % 30)).collect());
        assert_eq!((told.steady, told.untold), (None, Some(Untold::TooShort)));
        assert!(told.text.ends_with("; too short to tell whether it was steady"), "{}", told.text);
    }

    #[test]
    fn noise_does_not_take_a_run_past_the_longest_warm_up() {
        let even = |n: u64, seed: u64| (hash(seed * 1000 + n) % 1000) as f64;
        let settling = Settling { detect_from: Some(Duration::from_secs(10)), load_varies: false };
        let capped = (0..100)
            .filter(|seed| {
                let series = vec![(0..72).map(|n| 1000.0 + 0.2 * even(n, *seed)).collect()];
                let bins = Bins { length_ns: SECOND, series };
                decide(&bins, Duration::from_secs(12), settling).1.steady == Some(false)
            })
            .count();
        assert!(capped <= 5, "{capped} of 100 without a steady state");
    }

    #[test]
    fn a_saw_tooth_is_steady_and_a_drift_is_not() {
        let tooth = bins(|n| 100.0 + (n % 5) as f64 * 20.0);
        assert_eq!(detected(&tooth).2, Some(true), "{tooth:?}");
        let drift = bins(|n| 100.0 + n as f64 * 5.0);
        assert_eq!(detected(&drift).2, Some(false));
        let (end, warm_up) = decide(&drift, Duration::from_secs(3), Settling::default());
        assert_eq!((end.as_nanos(), warm_up.steady), (3 * SECOND, Some(false)), "{warm_up:?}");
        assert!(warm_up.text.contains("as configured; no steady state"), "{}", warm_up.text);
        let varies = Settling { load_varies: true, ..Settling::default() };
        let warm_up = decide(&drift, Duration::from_secs(3), varies).1;
        assert_eq!((warm_up.steady, warm_up.untold), (None, Some(Untold::LoadVaries)));
    }

    #[test]
    fn what_is_too_short_is_neither_steady_nor_not() {
        let short = Bins { length_ns: SECOND, series: vec![vec![1.0, 2.0, 3.0]] };
        assert_eq!(decide(&short, Duration::ZERO, Settling::default()).1.steady, None);
        let nothing = Bins { length_ns: SECOND, series: vec![] };
        assert_eq!(decide(&nothing, Duration::ZERO, Settling::default()).1.steady, None);
    }

    #[test]
    fn bins_are_whole_batches_and_a_second_at_most() {
        let of = |seconds: u64, interval_ms: Option<u64>| {
            let measured = Moment::START..Moment::from_nanos(seconds * SECOND);
            bin_ticks(&measured, interval_ms.map(|ms| ms * 1_000_000))
        };
        assert_eq!([1, 10, 20, 60, 3600].map(|seconds| of(seconds, None)), [1, 1, 2, 7, 10]);
        assert_eq!(of(10, Some(1)), 1, "so many batches that a cut one does not count");
        assert_eq!(of(10, Some(250)), 5);
        assert_eq!(of(60, Some(250)), 10);
        assert_eq!(of(10, Some(2000)), 20);
        assert_eq!(of(10, Some(90)), 1, "900 ms would be too long for what is measured");
        assert_eq!(of(60, Some(90)), 9);
        assert_eq!(least_ns(of(12, Some(90))), 35 * SECOND / 10);
    }

    #[test]
    fn a_bin_without_an_answer_goes_by_the_one_before() {
        let medians = [None, Some(7), None, Some(9)];
        assert_eq!(filled(&medians, 6), Some(vec![7.0, 7.0, 7.0, 9.0, 9.0, 9.0]));
        assert_eq!(filled(&[None, None], 6), None);
    }
}
