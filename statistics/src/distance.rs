//! How far two samples of a distribution lie apart.

use super::sorted;

/// The largest gap between the two distribution functions, from 0 to 1 (Kolmogorov 1933, Smirnov
/// 1939). Says nothing about how far apart the values are. NaN if a side is empty.
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> f64 {
    let mut largest = 0.0_f64;
    let total = walk(a, b, |gap, _| largest = largest.max(gap));
    if total { largest } else { f64::NAN }
}

/// How far, on average, a value of one sample must be moved to make it the other: the area
/// between the two distribution functions, in the values' unit (1-Wasserstein; Vallender 1974).
/// NaN if a side is empty.
pub fn wasserstein(a: &[f64], b: &[f64]) -> f64 {
    let mut area = 0.0;
    let total = walk(a, b, |gap, width| area += gap * width);
    if total { area } else { f64::NAN }
}

/// Shows the gap between the distribution functions after each value, and how far it is to the
/// next value. Says whether there were values on both sides.
fn walk(a: &[f64], b: &[f64], mut see: impl FnMut(f64, f64)) -> bool {
    let (a, b) = (sorted(a), sorted(b));
    if a.is_empty() || b.is_empty() {
        return false;
    }
    let values = sorted(&[a.as_slice(), &b].concat());
    let (mut in_a, mut in_b) = (0, 0);
    for (at, value) in values.iter().enumerate() {
        in_a += a[in_a..].iter().take_while(|of_a| *of_a <= value).count();
        in_b += b[in_b..].iter().take_while(|of_b| *of_b <= value).count();
        let gap = (in_a as f64 / a.len() as f64 - in_b as f64 / b.len() as f64).abs();
        see(gap, values.get(at + 1).map_or(0.0, |next| next - value));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(a: &[f64], b: &[f64], smirnov: f64, moved: f64) {
        let got = (kolmogorov_smirnov(a, b), wasserstein(a, b));
        assert!((got.0 - smirnov).abs() < 1e-12, "{a:?} {b:?}: {got:?}");
        assert!((got.1 - moved).abs() < 1e-12, "{a:?} {b:?}: {got:?}");
    }

    #[test]
    fn rows_worked_out_by_hand() {
        check(&[1.0], &[1.0], 0.0, 0.0);
        check(&[0.0], &[7.0], 1.0, 7.0);
        check(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0], 1.0 / 3.0, 1.0);
        check(&[0.0, 1.0, 3.0], &[5.0, 6.0, 8.0], 1.0, 5.0);
        // Gaps: after 1 a half, after 2 a quarter the other way, after 3 a quarter, after 4 none.
        check(&[1.0, 3.0], &[2.0, 2.0, 2.0, 4.0], 0.5, 0.5 + 0.25 + 0.25);
        check(&[1.0, 1.0, 1.0, 5.0], &[1.0, 5.0], 0.25, 1.0);
    }

    #[test]
    fn nothing_is_no_distance_from_anything() {
        assert!(kolmogorov_smirnov(&[], &[1.0]).is_nan());
        assert!(wasserstein(&[1.0], &[]).is_nan());
    }

    proptest! {
        #[test]
        fn they_are_distances(
            a in prop::collection::vec(-1e3_f64..1e3, 1..40),
            b in prop::collection::vec(-1e3_f64..1e3, 1..40),
            c in prop::collection::vec(-1e3_f64..1e3, 1..40),
            scale in 0.1_f64..100.0,
        ) {
            for distance in [kolmogorov_smirnov, wasserstein] {
                prop_assert!(distance(&a, &a).abs() < 1e-9);
                prop_assert!((distance(&a, &b) - distance(&b, &a)).abs() < 1e-9);
                prop_assert!(distance(&a, &c) <= distance(&a, &b) + distance(&b, &c) + 1e-9);
            }
            let scaled = |values: &[f64]| values.iter().map(|v| v * scale + 5.0).collect::<Vec<_>>();
            let (x, y) = (scaled(&a), scaled(&b));
            prop_assert!((kolmogorov_smirnov(&x, &y) - kolmogorov_smirnov(&a, &b)).abs() < 1e-9);
            let want = scale * wasserstein(&a, &b);
            prop_assert!((wasserstein(&x, &y) - want).abs() < 1e-6 * (1.0 + want));
        }
    }
}
