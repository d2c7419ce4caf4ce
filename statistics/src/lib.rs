//! What may be concluded from figures that vary from run to run.
//!
//! The unit of analysis is the run: every figure that comes in is one run's, such as its p99. The
//! thousands of latencies inside a run share that run's memory layout, frequency and neighbours,
//! so they are not independent, and an interval made from them would be absurdly narrow
//! (Georges, Buytaert, Eeckhout, OOPSLA 2007; Kalibera, Jones, ISMM 2013). Nothing here averages
//! percentiles, and nothing is random: the same figures and the same seed give the same answer
//! next year.

pub mod comparison;
mod ratio;
pub mod bootstrap;
pub mod noise;
pub mod prediction;
pub mod power;
pub mod holm;
pub mod growth;
pub mod steady;
pub mod change_points;
pub mod usl;
pub mod capacity;
mod crossing;
pub mod distance;
pub mod latin_hypercube;
pub mod halving;
mod random;
#[cfg(test)]
mod made_up;

pub use crossing::{crossing, crossings};

use std::cmp::Ordering;

/// Which end of a figure is the good one.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Better {
    /// Latency, CPU time, memory.
    Lower,
    /// Throughput, completeness.
    Higher,
}

/// The middle value, halfway between the two where there are two; none of nothing. What is not
/// a number is left out. Whatever is called a median of repetitions is this one.
pub fn median(values: &[f64]) -> Option<f64> {
    middle(&sorted(values))
}

/// In rising order, without what is not a number.
fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The median of sorted values.
fn middle(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    Some(if sorted.len().is_multiple_of(2) {
        midway(sorted[sorted.len() / 2 - 1], upper)
    } else {
        upper
    })
}

/// Halfway between two values; exactly the value where they are the same.
fn midway(a: f64, b: f64) -> f64 {
    if a.total_cmp(&b) == Ordering::Equal { a } else { a.midpoint(b) }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// With the denominator `n - 1`.
fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)
}

/// The smallest value that a share of at least `q` does not exceed.
fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let rank = (q * sorted.len() as f64).ceil() - 1.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and no higher than the last rank"
    )]
    Some(sorted[rank.clamp(0.0, last as f64) as usize])
}
