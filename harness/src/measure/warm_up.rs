//! Where the warm-up of a repetition ended, and whether what followed was steady.
//!
//! Both are looked for in what came out: events finished with, and the median latency, in bins of
//! equal length. An engine that works in batches gets bins of whole batches, since half a batch in
//! each bin would be a saw-tooth of our own making. Nothing is looked for where the load itself
//! changes: what follows it is no drift.

use crate::load::survey::TICK_NS;
use crate::measure::timeline::{Course, seconds};
use engines::Moment;
use reports::quantity;
use reports::record::study::{WarmUp, WarmUpDecided};
use reports::statistics::steady;
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

/// About how many bins the measured part is cut into, if they would be shorter than a second. In
/// fewer, a drift cannot be told from a warm-up that takes half of them.
const BINS: u64 = 80;

/// How many ticks of 100 ms a bin is long: at most a second for 80 of them, and whole batches.
pub fn bin_ticks(measured: &Range<Moment>, interval_ns: Option<u64>) -> u64 {
    let least = (measured.end.nanos_since(measured.start) / BINS / TICK_NS).clamp(1, 10);
    let Some(interval_ns) = interval_ns.filter(|interval| *interval >= TICK_NS / 2) else {
        return least;
    };
    let batches = |ticks: &u64| (ticks * TICK_NS).is_multiple_of(interval_ns);
    // Where no whole number of ticks is one of batches, a longer bin makes less of it.
    let longest = least.max(interval_ns.div_ceil(TICK_NS)) * 5;
    (least..=longest).find(batches).unwrap_or(longest)
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
    /// From what was finished with, if that is known bin by bin, and from the median latency of
    /// each bin; a bin without an answer goes by the one before.
    pub fn of(
        ticks: u64,
        until: Moment,
        completed: Option<&Course<'_>>,
        medians: &[Option<u64>],
    ) -> Self {
        let length_ns = ticks * TICK_NS;
        let count = until.as_nanos() / length_ns;
        let mut series = Vec::new();
        if let Some(course) = completed {
            let by = |bin: u64| course.completed(Moment::from_nanos(bin * length_ns));
            series.push((0..count).map(|bin| by(bin + 1).saturating_sub(by(bin)) as f64).collect());
        }
        if let Some(first) = medians.iter().flatten().next() {
            let mut last = *first;
            let bins = usize::try_from(count).unwrap_or(usize::MAX);
            let filled = medians.iter().copied().chain(std::iter::repeat(None)).take(bins);
            series.push(
                filled
                    .map(|median| {
                        last = median.unwrap_or(last);
                        last as f64
                    })
                    .collect(),
            );
        }
        Self { length_ns, series }
    }

    /// Where the first bin begins from which on all series are at their level.
    fn settled_ns(&self) -> u64 {
        let starts = self.series.iter().map(|bins| steady::detect(bins).start as u64);
        starts.max().unwrap_or(0).saturating_mul(self.length_ns)
    }

    /// Whether no series drifts from `from_ns` on; `None` if all are too short to tell.
    fn is_steady(&self, from_ns: u64) -> Option<bool> {
        let first = usize::try_from(from_ns.div_ceil(self.length_ns)).unwrap_or(usize::MAX);
        let told: Vec<bool> = self
            .series
            .iter()
            .filter_map(|bins| steady::detect(bins.get(first..)?).is_steady)
            .collect();
        (!told.is_empty()).then(|| told.into_iter().all(|steady| steady))
    }
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
    let steady = if settling.load_varies {
        text.push_str("; the load changes, so nothing is expected to be steady");
        None
    } else if decided == WarmUpDecided::Capped {
        Some(false)
    } else {
        bins.is_steady(end_ns)
    };
    if steady == Some(false) {
        text.push_str("; no steady state");
    }
    let warm_up = WarmUp { end_s: seconds(end_ns), decided, steady, text };
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
        assert_eq!(detected(&slow_for(26)), (20, Capped, Some(false)), "never after the cap");
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
        assert_eq!(decide(&drift, Duration::from_secs(3), varies).1.steady, None);
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
        assert_eq!(of(10, Some(90)), 5, "900 ms would be too long for what is measured");
    }

    #[test]
    fn a_bin_without_an_answer_goes_by_the_one_before() {
        let medians = [None, Some(7), None, Some(9)];
        let bins = Bins::of(10, Moment::from_nanos(6 * SECOND), None, &medians);
        assert_eq!(bins.series, [[7.0, 7.0, 7.0, 9.0, 9.0, 9.0]]);
        let none = Bins::of(10, Moment::from_nanos(6 * SECOND), None, &[None, None]);
        assert_eq!(none.series, Vec::<Vec<f64>>::new());
    }
}
