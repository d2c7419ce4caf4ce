//! The points between two ends.
//!
//! How many there are has been said; where they lie is computed here, with as few digits as keep
//! them apart.

use settings::plan::settings::Typed;
use std::time::Duration;

/// How the points of a range lie.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Spacing {
    /// Equal differences.
    Linear,
    /// Equal ratios.
    Logarithmic,
}

/// The points between two ends, with as few digits as keeps them where they belong; none if they
/// cannot be told apart.
pub(super) fn spaced(
    low: f64,
    high: f64,
    points: usize,
    spacing: Spacing,
    whole: bool,
) -> Option<Vec<f64>> {
    let steps = (points - 1) as f64;
    let exact: Vec<f64> = (1..points - 1)
        .map(|n| {
            let share = n as f64 / steps;
            match spacing {
                Spacing::Linear => low + (high - low) * share,
                Spacing::Logarithmic => low * (high / low).powf(share),
            }
        })
        .collect();
    // A fiftieth of a step aside is not seen on a chart; on a logarithmic axis a tenth.
    let near = |rounded: f64, exact: f64| match spacing {
        Spacing::Linear => (rounded - exact).abs() <= ((high - low) / steps).abs() * 0.02,
        Spacing::Logarithmic => {
            (rounded / exact).ln().abs() <= ((high / low).ln() / steps).abs() * 0.1
        }
    };
    let rounded = |digits: usize| -> Vec<f64> {
        let to = |exact: &f64| {
            let rounded: f64 = format!("{exact:.*e}", digits - 1).parse().unwrap_or(*exact);
            if whole { rounded.round() } else { rounded }
        };
        exact.iter().map(to).collect()
    };
    let distinct = |points: &[f64]| {
        let all = || [low].into_iter().chain(points.iter().copied()).chain([high]);
        let pairs = || all().zip(all().skip(1));
        pairs().all(|(a, b)| a < b) || pairs().all(|(a, b)| a > b)
    };
    let all_near = |points: &[f64]| points.iter().zip(&exact).all(|(r, e)| near(*r, *e));
    let tries = || (2..=15).map(rounded).filter(|points| distinct(points));
    tries().find(|points| all_near(points)).or_else(|| tries().next_back())
}

/// A number as a value of the same type as another.
#[expect(clippy::cast_possible_truncation, reason = "it lies between two that are in range")]
#[expect(clippy::cast_sign_loss, reason = "durations and sizes have no sign")]
pub(super) fn like(other: &Typed, number: f64) -> Typed {
    match other {
        Typed::RunTime(_) => Typed::RunTime(Duration::from_nanos(number as u64)),
        Typed::EventTime(_) => Typed::EventTime(number as i64),
        Typed::Size(_) => Typed::Size(number as u64),
        Typed::Integer(_) => Typed::Integer(number as i128),
        Typed::Rate(_) => Typed::Rate(number),
        _ => Typed::Number(number),
    }
}
