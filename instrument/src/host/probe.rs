//! What the machine does to a thread that only wants to run.
//!
//! A thread that reads the clock again and again sees every pause that the machine imposes on
//! it. No engine can be faster than that, so a latency stands beside what this finds.

use engines::{Clock, Moment, Patience, WallClock};
use statistics;
use std::hint::black_box;
use std::time::Duration;

/// Pauses of a thread that spun for a while.
#[derive(Copy, Clone, Debug, Default, PartialEq)]
pub struct Jitter {
    /// How long it spun, in seconds.
    pub length_s: f64,
    /// Pauses longer than 20 µs, 100 µs, 1 ms.
    pub pauses: [u64; 3],
    /// The longest, in nanoseconds.
    pub pause_ns_max: u64,
    /// The share of the time that was spent in pauses longer than 20 µs: also the probability
    /// that an event that arrives at any moment meets one.
    pub paused_share: f64,
    /// The same for pauses longer than 1 ms.
    pub long_paused_share: f64,
}

/// The pauses that are counted, in nanoseconds.
const LIMITS_NS: [u64; 3] = [20_000, 100_000, 1_000_000];

impl Jitter {
    /// For a record: a label with its unit, and a value ready to be shown.
    pub fn rows(&self) -> Vec<(String, String)> {
        if self.length_s <= 0.0 {
            return Vec::new();
        }
        let per_s = |count: u64| format!("{:.1}", count as f64 / self.length_s);
        let [short, middle, long] = self.pauses;
        vec![
            ("pauses > 20 µs, per s".to_owned(), per_s(short)),
            ("pauses > 100 µs, per s".to_owned(), per_s(middle)),
            ("pauses > 1 ms, per s".to_owned(), per_s(long)),
            ("longest pause, µs".to_owned(), format!("{:.0}", self.pause_ns_max as f64 / 1e3)),
            ("time in pauses > 20 µs, %".to_owned(), format!("{:.3}", self.paused_share * 100.0)),
        ]
    }
}

/// Spins for `length` and counts the pauses.
pub fn jitter(length: Duration) -> Jitter {
    let clock = WallClock::start();
    let end = Moment::from_nanos(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX));
    let mut pauses = [0; 3];
    let (mut pause_ns_max, mut paused_ns, mut long_paused_ns) = (0, 0, 0);
    let mut before = clock.now();
    while before < end {
        let now = clock.now();
        let gap = now.nanos_since(before);
        before = now;
        if gap > LIMITS_NS[0] {
            paused_ns += gap;
            long_paused_ns += if gap > LIMITS_NS[2] { gap } else { 0 };
            for (count, limit) in pauses.iter_mut().zip(LIMITS_NS) {
                *count += u64::from(gap > limit);
            }
        }
        pause_ns_max = pause_ns_max.max(gap);
    }
    let spun_ns = before.as_nanos();
    Jitter {
        length_s: spun_ns as f64 / 1e9,
        pauses,
        pause_ns_max,
        paused_share: paused_ns as f64 / spun_ns.max(1) as f64,
        long_paused_share: long_paused_ns as f64 / spun_ns.max(1) as f64,
    }
}

/// Steps of the piece of work below: about 10 ms of an ordinary core. Builds of the two kinds are
/// never compared.
const FIXED_STEPS: u32 = if cfg!(dev) { 200_000 } else { 5_000_000 };

/// How long one and the same piece of work takes, in nanoseconds: a loop in registers, which touches
/// no memory that an engine could find warm. A core that is slower, or shared, takes longer.
pub fn fixed_work_ns() -> u64 {
    let clock = WallClock::start();
    let before = clock.now();
    let mut state = black_box(0x9e37_79b9_7f4a_7c15_u64);
    for _ in 0..FIXED_STEPS {
        state = stirred(state);
    }
    black_box(state);
    clock.now().nanos_since(before)
}

/// A step of xorshift, each of which waits for the one before (Marsaglia 2003).
const fn stirred(mut state: u64) -> u64 {
    state ^= state << 13;
    state ^= state >> 7;
    state ^ (state << 17)
}

/// What a reading of the clock costs, in nanoseconds.
pub fn clock_read_ns() -> f64 {
    const READS: u64 = 50_000;
    let clock = WallClock::start();
    let before = clock.now();
    for _ in 0..READS {
        black_box(clock.now());
    }
    clock.now().nanos_since(before) as f64 / READS as f64
}

/// The smallest difference between two readings of the clock that is not zero, in nanoseconds.
pub(super) fn clock_precision_ns() -> u64 {
    let clock = WallClock::start();
    let mut least = u64::MAX;
    let mut before = clock.now();
    for _ in 0..50_000 {
        let now = clock.now();
        if now > before {
            least = least.min(now.nanos_since(before));
        }
        before = now;
    }
    least
}

/// How long after the end of a sleep of `length_ns` a thread runs again, in nanoseconds: median
/// and 99th percentile.
pub(super) fn timer_overshoot_ns(length_ns: u64) -> (u64, u64) {
    let clock = WallClock::start();
    let mut overshoots: Vec<u64> = (0..200)
        .map(|_| {
            let until = clock.now().saturating_add(length_ns);
            while clock.now() < until {
                clock.pass_until(until, Patience::Park);
            }
            clock.now().nanos_since(until)
        })
        .collect();
    overshoots.sort_unstable();
    (median(&overshoots), overshoots[overshoots.len() * 99 / 100])
}

/// Of sorted values: the one in the middle, or halfway between the two.
fn median(sorted: &[u64]) -> u64 {
    let upper = sorted.len() / 2;
    let lower = sorted.len().saturating_sub(1) / 2;
    sorted[lower].midpoint(sorted[upper])
}

/// How evenly equal work goes.
#[derive(Copy, Clone, Debug, Default, PartialEq)]
pub(super) struct Speeds {
    /// (slowest - fastest) / median over 100 ms each, of a loop in registers.
    pub(super) loop_spread: f64,
    /// The same of a walk through memory.
    pub(super) memory_spread: f64,
    /// Lowest and highest frequency that was seen, in kHz.
    pub(super) frequency_khz: Option<(u64, u64)>,
}

/// How long each of the two kinds of work is repeated by turns, in nanoseconds.
const BLOCK_NS: u64 = 100_000_000;

/// How often each of the two has its turn.
const BLOCKS: usize = 10;

/// More than caches hold, in words of 8 bytes: 64 MiB.
const WALK_WORDS: usize = 8 << 20;

/// Repeats equal work for two seconds: a loop that touches no memory, and a walk that touches
/// nothing else. A change of frequency shows in both, a neighbour in the caches in the second.
pub(super) fn speeds() -> Speeds {
    let mut memory: Vec<u64> = (0..WALK_WORDS as u64).collect();
    let (mut loops, mut walks) = (Vec::new(), Vec::new());
    let mut frequencies = Vec::new();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut at = 0;
    for _ in 0..BLOCKS {
        loops.push(block(|| {
            for _ in 0..20_000 {
                state = stirred(state);
            }
            black_box(state);
        }));
        walks.push(block(|| {
            for _ in 0..2_000 {
                // Far enough from one to the next that no line and no page is met twice soon.
                at = (at + 4_099 * 8) % WALK_WORDS;
                memory[at] = memory[at].wrapping_add(1);
            }
            black_box(memory[at]);
        }));
        frequencies.extend(super::usage::frequency_khz());
    }
    let range = frequencies.iter().min().zip(frequencies.iter().max());
    Speeds {
        loop_spread: spread(&mut loops),
        memory_spread: spread(&mut walks),
        frequency_khz: range.map(|(low, high)| (*low, *high)),
    }
}

/// The median time of a piece of work that is repeated for 100 ms, in nanoseconds.
fn block(mut work: impl FnMut()) -> f64 {
    let clock = WallClock::start();
    let mut lengths = Vec::new();
    let mut before = clock.now();
    while before.as_nanos() < BLOCK_NS {
        work();
        let now = clock.now();
        lengths.push(now.nanos_since(before));
        before = now;
    }
    lengths.sort_unstable();
    median(&lengths) as f64
}

fn spread(medians: &mut [f64]) -> f64 {
    medians.sort_unstable_by(f64::total_cmp);
    match (medians.first(), medians.last(), statistics::median(medians)) {
        (Some(least), Some(most), Some(median)) => (most - least) / median.max(1.0),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_work_takes_time_and_is_the_same_work() {
        assert!(fixed_work_ns() > 0);
        let mut state = 1;
        for _ in 0..3 {
            state = stirred(state);
        }
        assert_eq!(state, 0x9b1e_842f_6e86_2629, "the third step of xorshift64 from 1");
    }

    #[test]
    fn a_median_is_the_middle_or_halfway_between_two() {
        assert_eq!([median(&[7]), median(&[1, 2, 9]), median(&[1, 2, 4, 9])], [7, 2, 3]);
    }

    #[test]
    fn a_spread_is_the_range_over_the_median() {
        assert!((spread(&mut [110.0, 90.0, 100.0]) - 0.2).abs() < 1e-12);
        assert!(spread(&mut [5.0; 4]).abs() < 1e-12);
    }
}
