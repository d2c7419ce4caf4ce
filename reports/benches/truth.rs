//! How often an interval holds the truth, with as many resamples as everyone gets. Unit tests draw
//! a tenth of them.
//!
//! `cargo test` runs it at a small size, `cargo bench` with thousands of draws.

use sluicebench_reports::statistics::bootstrap::median_interval;

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
}

#[expect(clippy::print_stdout, reason = "a benchmark says what it found")]
fn main() {
    let is_small = !std::env::args().any(|arg| arg == "--bench");
    let sets = if is_small { 100 } else { 4_000 };
    // What the statistics promise of intervals that are called 95 %; the rest is luck.
    for (figures, least) in [(6, 0.93), (7, 0.89), (10, 0.93)] {
        let mut draws = Draws(figures);
        let holds = (0..sets).filter(|seed| {
            // An exponential distribution, whose median is the logarithm of two.
            let values: Vec<f64> = (0..figures).map(|_| -draws.next().ln()).collect();
            let (low, high) = median_interval(&values, *seed).expect("there are figures enough");
            (low..=high).contains(&std::f64::consts::LN_2)
        });
        let share = holds.count() as f64 / sets as f64;
        println!("{figures} figures: {:.1} % of {sets} intervals hold the median", share * 100.0);
        let luck = 3.0 * (least * (1.0 - least) / sets as f64).sqrt();
        assert!(share >= least - luck, "{share} of the intervals hold the truth, not {least}");
    }
}
