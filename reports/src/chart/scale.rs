//! From a quantity to a place on the sheet, and where the ticks stand.
//!
//! Logarithmic axes have ticks at 1, 2 and 5 times the powers of ten, thinned to 1 and then to
//! every other power as the range grows; linear ones begin at zero. Nothing here fails: a range
//! of nothing becomes a range of something.

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

    /// Both ends, in pixels.
    pub(super) fn pixels(&self) -> (f64, f64) {
        (self.start, self.end)
    }

    /// Values that get a label, at most about `most` of them.
    pub(super) fn ticks(&self, most: usize) -> Vec<f64> {
        if self.logarithmic { self.logarithmic_ticks(most) } else { self.linear_ticks(most) }
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

/// The range of latencies, in nanoseconds, opened to 1, 2 or 5 times a power of ten.
pub(super) fn opened((low, high): (f64, f64)) -> (f64, f64) {
    let steps = |value: f64| {
        let power = 10.0_f64.powf(value.log10().floor());
        [1.0, 2.0, 5.0, 10.0].map(|multiple| multiple * power)
    };
    let (low, high) = (low.max(1.0), high.max(1.0));
    let below = steps(low).into_iter().rev().find(|step| *step <= low * 1.0001).unwrap_or(low);
    let above = steps(high).into_iter().find(|step| *step >= high * 0.9999).unwrap_or(high);
    (below, above.max(below * 2.0))
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
        let ticks = scale.ticks(most);
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
    fn a_range_opens_to_the_next_tick() {
        assert_eq!(opened((13e3, 410e6)), (10e3, 500e6));
        assert_eq!(opened((0.0, 0.0)), (1.0, 2.0));
    }

    proptest! {
        #[test]
        fn nothing_leaves_the_sheet(from in any::<f64>(), to in any::<f64>(), value in any::<f64>()) {
            for scale in [
                Scale::linear((if from.is_finite() { from } else { 0.0 }, to), (10.0, 90.0)),
                Scale::logarithmic((from, to), (90.0, 10.0)),
            ] {
                prop_assert!((10.0..=90.0).contains(&scale.at(value)));
                prop_assert!(scale.ticks(6).len() <= 24);
            }
        }
    }
}
