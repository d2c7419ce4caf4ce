//! From a quantity to a place on the sheet, and where the ticks stand.
//!
//! Logarithmic axes have ticks at 1, 2 and 5 times the powers of ten, thinned to 1 and then to
//! every other power as the range grows; linear ones have round steps. Nothing here fails: a range
//! of nothing becomes a range of something.

use crate::chart::description::{Axis, Unit};
use crate::quantity;

/// A straight axis: a range of values laid onto a range of pixels.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    logarithmic: bool,
}

impl Scale {
    /// That of an axis.
    pub(super) fn of(axis: &Axis, pixels: (f64, f64)) -> Self {
        if axis.logarithmic {
            Self::logarithmic(axis.range, pixels)
        } else {
            Self::linear(axis.range, pixels)
        }
    }

    /// A linear axis.
    pub(super) fn linear((from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        let to = if to > from && to.is_finite() { to } else { from + 1.0 };
        Self { from, to, start, end, logarithmic: false }
    }

    /// A logarithmic axis; both ends are above zero.
    pub(super) fn logarithmic((from, to): (f64, f64), (start, end): (f64, f64)) -> Self {
        let from = if from > 0.0 && from.is_finite() { from } else { 1.0 };
        let to = if to > from * 1.001 && to.is_finite() { to } else { from * 10.0 };
        Self { from, to, start, end, logarithmic: true }
    }

    /// Where a value stands, in pixels. What lies outside of the range stands at its end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            (value / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        // Not a number, or below zero on a logarithmic axis: as low as can be shown.
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self.start + (self.end - self.start) * share
    }

    /// Smallest and largest value.
    pub(super) fn range(&self) -> (f64, f64) {
        (self.from, self.to)
    }

    /// Values of this unit that get a label, at most about `most` of them.
    pub(super) fn ticks(&self, unit: Unit, most: usize) -> Vec<f64> {
        match unit {
            // Every nine has its own, however many there are.
            Unit::Rarity => {
                let nines = [1.0, 2.0].into_iter().chain((1..=9).map(|n| 10.0_f64.powi(n)));
                nines.filter(|tick| *tick <= self.to * 1.001).collect()
            }
            _ if self.logarithmic => self.logarithmic_ticks(most),
            // Memory is counted in powers of two, so its round steps are too.
            Unit::Bytes => {
                let bases = std::iter::successors(Some(1.0), |base| Some(base * 1024.0));
                let base = bases.take_while(|base| *base <= self.to).last().unwrap_or(1.0);
                let scaled = Self { from: self.from / base, to: self.to / base, ..*self };
                scaled.linear_ticks(most).into_iter().map(|tick| tick * base).collect()
            }
            _ => self.linear_ticks(most),
        }
    }

    fn linear_ticks(&self, most: usize) -> Vec<f64> {
        let span = self.to - self.from;
        let rough = span / most.max(1) as f64;
        let power = 10.0_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|multiple| multiple * power)
            .into_iter()
            .find(|step| *step >= rough * 0.999)
            .unwrap_or(10.0 * power);
        let first = (self.from / step - 1e-6).ceil();
        (0..=2 * most)
            .map(|n| (first + n as f64) * step)
            .take_while(|tick| *tick <= self.to + step * 1e-6)
            .collect()
    }

    fn logarithmic_ticks(&self, most: usize) -> Vec<f64> {
        let (low, high) = (self.from.log10().floor(), self.to.log10().ceil());
        let within = |tick: &f64| (self.from * 0.999..=self.to * 1.001).contains(tick);
        let mut ticks = Vec::new();
        for multiples in [&[1.0, 2.0, 5.0][..], &[1.0]] {
            ticks = (0..=decades(high - low))
                .map(|n| 10.0_f64.powf(low + f64::from(n)))
                .flat_map(|power| multiples.iter().map(move |multiple| multiple * power))
                .filter(within)
                .collect::<Vec<f64>>();
            if ticks.len() <= most {
                return ticks;
            }
        }
        let every = ticks.len().div_ceil(most.max(1));
        ticks.into_iter().step_by(every).collect()
    }
}

/// A value as it is written at a tick, without zeros that say nothing.
pub(super) fn tick(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Time => {
            let text = format!("{:.3}", if value.abs() < 1e-9 { 0.0 } else { value });
            text.trim_end_matches('0').trim_end_matches('.').replace('-', "−")
        }
        Unit::Rarity if value < 1.5 => "0".into(),
        Unit::Rarity => {
            let digits = decades(value.log10().round() - 2.0) as usize;
            format!("{:.digits$} %", 100.0 - 100.0 / value)
        }
        _ if value == 0.0 => "0".into(),
        _ => quantity::tick(&show(unit)(value)),
    }
}

/// How a quantity is shown.
pub(in crate::chart) fn show(unit: Unit) -> fn(f64) -> String {
    match unit {
        Unit::Nanoseconds => quantity::nanoseconds,
        Unit::Microseconds => quantity::microseconds,
        Unit::Seconds | Unit::Time => quantity::seconds,
        Unit::Rate => quantity::rate,
        Unit::Bytes => quantity::bytes,
        Unit::Fraction => quantity::fraction,
        Unit::Ratio => quantity::ratio,
        Unit::Amount | Unit::Number | Unit::Rarity => quantity::amount,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "f64 has 617 decades")]
fn decades(span: f64) -> u32 {
    span.clamp(0.0, 700.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(scale: Scale, most: usize, want: &[f64]) {
        let ticks = scale.ticks(Unit::Number, most);
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= b.abs() * 1e-9 + 1e-12;
        assert!(
            ticks.len() == want.len() && ticks.iter().zip(want).all(close),
            "{ticks:?} for {want:?}"
        );
    }

    #[test]
    fn a_logarithmic_axis_has_ticks_at_1_2_and_5() {
        let scale = |from, to| Scale::logarithmic((from, to), (0.0, 100.0));
        check(scale(1e6, 2e7), 8, &[1e6, 2e6, 5e6, 1e7, 2e7]);
        check(scale(1e3, 1e9), 8, &[1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]);
        check(scale(1e0, 1e9), 5, &[1e0, 1e2, 1e4, 1e6, 1e8]);
    }

    #[test]
    fn a_linear_axis_has_round_steps() {
        let scale = |from, to| Scale::linear((from, to), (0.0, 100.0));
        check(scale(0.0, 10.0), 5, &[0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        check(scale(-2.0, 10.0), 6, &[-2.0, 0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        check(scale(0.0, 0.0), 2, &[0.0, 0.5, 1.0]);
    }

    #[test]
    fn memory_has_round_steps_of_its_own() {
        let mib = 1024.0 * 1024.0;
        let ticks = Scale::linear((0.0, 55.0 * mib), (0.0, 100.0)).ticks(Unit::Bytes, 6);
        let told: Vec<String> = ticks.into_iter().map(|value| tick(Unit::Bytes, value)).collect();
        assert_eq!(told, ["0", "10 MiB", "20 MiB", "30 MiB", "40 MiB", "50 MiB"]);
    }

    #[test]
    fn each_nine_is_named() {
        let labels = [1.0, 2.0, 10.0, 100.0, 1e3, 1e4, 1e6].map(|value| tick(Unit::Rarity, value));
        assert_eq!(labels, ["0", "50 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.9999 %"]);
    }

    proptest! {
        #[test]
        fn nothing_leaves_the_sheet(from in any::<f64>(), to in any::<f64>(), value in any::<f64>()) {
            for scale in [
                Scale::linear((if from.is_finite() { from } else { 0.0 }, to), (10.0, 90.0)),
                Scale::logarithmic((from, to), (90.0, 10.0)),
            ] {
                prop_assert!((10.0..=90.0).contains(&scale.at(value)));
                prop_assert!(scale.ticks(Unit::Number, 6).len() <= 24);
            }
        }
    }
}
