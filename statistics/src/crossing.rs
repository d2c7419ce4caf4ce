//! Where a row of points crosses a height.
//!
//! Between two points that were measured, and nowhere else: what lies beyond the first and the last is
//! not told.

/// Where a row of points crosses a height, on logarithmic axes; the first such place. The points come
/// in the order of their first coordinate, which is above zero.
pub fn crossing(points: &[(f64, f64)], height: impl Fn(f64) -> f64) -> Option<f64> {
    crossings(points, height).next().map(|(at, _)| at)
}

/// Every such place, each with whether the row lies below the height behind it.
pub fn crossings(
    points: &[(f64, f64)],
    height: impl Fn(f64) -> f64,
) -> impl Iterator<Item = (f64, bool)> {
    points.windows(2).filter_map(move |pair| {
        let [(x0, y0), (x1, y1)] = pair else { return None };
        let (d0, d1) = ((y0 / height(*x0)).ln(), (y1 / height(*x1)).ln());
        let crosses = d0.is_finite() && d1.is_finite() && (d0 <= 0.0) != (d1 <= 0.0);
        crosses.then(|| ((x0.ln() + (x1 / x0).ln() * d0 / (d0 - d1)).exp(), d1 <= 0.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossing_is_found_where_it_is() {
        // y = 100 / x crosses 7 at 100 / 7.
        let points: Vec<(f64, f64)> = [1.0, 3.0, 10.0, 30.0].map(|x| (x, 100.0 / x)).to_vec();
        let found = crossing(&points, |_| 7.0).unwrap();
        assert!((found / (100.0 / 7.0) - 1.0).abs() < 1e-9, "{found}");
        assert_eq!(crossing(&points, |_| 1000.0), None);
        assert_eq!(crossing(&points[..1], |_| 7.0), None);
        assert_eq!(crossing(&[(1.0, f64::NAN), (2.0, 1.0)], |_| 1.5), None);
    }

    #[test]
    fn every_crossing_is_found_and_on_which_side_it_leaves() {
        let there_and_back = [(1.0, 4.0), (2.0, 1.0), (4.0, 4.0)];
        let found: Vec<(f64, bool)> = crossings(&there_and_back, |_| 2.0).collect();
        let [(first, true), (second, false)] = found[..] else { panic!("{found:?}") };
        assert!((first / 2.0_f64.sqrt() - 1.0).abs() < 1e-9, "{first}");
        assert!((second / 8.0_f64.sqrt() - 1.0).abs() < 1e-9, "{second}");
    }
}
