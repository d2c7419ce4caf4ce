//! The numbers of a chart as the page's script hands them to uPlot.
//!
//! The page zooms, reads out values and redraws in other colours; for that it needs numbers with
//! units, and who each line belongs to. It decides nothing: ranges, words and thinning are those
//! of the description, as they are for the drawing, which stays wherever no script runs.

use crate::chart::description::{Point, Points};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// Columns instead of rows, and five digits of each number: a page has thousands of points.
impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let points: Vec<&Point> = self.0.iter().filter(|point| point.x.is_finite()).collect();
        let column = |of: &dyn Fn(&Point) -> f64| -> Vec<Number> {
            points.iter().map(|point| Number(of(point))).collect()
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("x", &column(&|point| point.x))?;
        map.serialize_entry("y", &column(&|point| point.y))?;
        if points.iter().any(|point| point.interval.is_some()) {
            let end = |n: usize| {
                move |point: &Point| {
                    point.interval.map_or(f64::NAN, |i| if n == 0 { i.0 } else { i.1 })
                }
            };
            map.serialize_entry("low", &column(&end(0)))?;
            map.serialize_entry("high", &column(&end(1)))?;
        }
        let hollow: Vec<usize> =
            points.iter().enumerate().filter(|(_, p)| p.hollow).map(|(n, _)| n).collect();
        if !hollow.is_empty() {
            map.serialize_entry("hollow", &hollow)?;
        }
        map.end()
    }
}

/// Points and what is written beside them, in as few digits.
pub(in crate::chart) mod short {
    use super::Number;
    use serde::ser::Serializer;

    /// Pairs of numbers.
    pub(in crate::chart) fn dots<S: Serializer>(
        dots: &[(f64, f64)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(dots.iter().map(|(x, y)| (Number(*x), Number(*y))))
    }

    /// A first and a last value between which all points lie that lay there with all of their digits.
    pub(in crate::chart) fn range<S: Serializer>(
        (first, last): &(f64, f64),
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let (short_first, short_last) = (Number(*first).short(), Number(*last).short());
        serializer.collect_seq([first.min(short_first), last.max(short_last)])
    }

    /// Pairs of numbers, each with a text.
    pub(in crate::chart) fn named<S: Serializer>(
        named: &[(f64, f64, String)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(named.iter().map(|(x, y, text)| (Number(*x), Number(*y), text)))
    }
}

/// A number with five significant digits, as short as they go.
struct Number(f64);

impl Number {
    fn short(&self) -> f64 {
        format!("{:.4e}", self.0).parse().unwrap_or(self.0)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.0.is_finite() {
            return serializer.serialize_none();
        }
        let short = self.short();
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
        if short.fract() == 0.0 && short.abs() < 1e15 {
            return serializer.serialize_i64(short as i64);
        }
        serializer.serialize_f64(short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::description::{Axis, Drawn, Series, Unit};

    #[test]
    fn points_are_columns_of_short_numbers() {
        let mut points = Points(vec![
            Point { x: 0.1 + 0.2, y: 1_234_567.0, ..Point::default() },
            Point { x: 2.0, y: f64::NAN, hollow: true, ..Point::default() },
            Point { x: f64::NAN, y: 1.0, ..Point::default() },
        ]);
        let written = |points: &Points| serde_json::to_string(points).unwrap();
        assert_eq!(written(&points), r#"{"x":[0.3,2],"y":[1234600,null],"hollow":[1]}"#);
        points.0[0].interval = Some((1.0, 2.5));
        points.0.truncate(1);
        assert_eq!(written(&points), r#"{"x":[0.3],"y":[1234600],"low":[1],"high":[2.5]}"#);
    }

    #[test]
    fn a_point_at_the_end_of_an_axis_stays_on_it() {
        for (low, high) in [(-2.000_04, 12.345_61), (-12.345_61, 2.000_04), (0.0, 5e8)] {
            let axis = Axis::linear("", Unit::Time, (low, high));
            let range = serde_json::to_value(&axis).unwrap()["range"].clone();
            let end = |n: usize| range[n].as_f64().unwrap();
            let ends = [low, high].map(|x| Point { x, ..Point::default() });
            let points = serde_json::to_value(Points(ends.to_vec())).unwrap();
            let x = |n: usize| points["x"][n].as_f64().unwrap();
            assert!(end(0) <= x(0) && x(1) <= end(1), "{range} {points}");
            assert!((end(0) - low).abs() + (end(1) - high).abs() < 1e-3, "{range}");
        }
    }

    #[test]
    fn what_is_written_beside_a_point_goes_with_the_numbers() {
        let mut series =
            Series::new("a", "p99", "l-pe0", Drawn::Line, []).called("a, n = 2".into());
        let bare = serde_json::to_value(&series).unwrap();
        assert!(["named", "dots", "is_behind"].iter().all(|name| bare.get(name).is_none()));
        series.named.push((1.0, 1_234_567.0, "max 1.23 ms".into()));
        series.dots.push((0.1 + 0.2, 2.0));
        series.is_behind = true;
        let full = serde_json::to_value(&series).unwrap();
        assert_eq!(full["named"], serde_json::json!([[1, 1_234_600, "max 1.23 ms"]]));
        assert_eq!(full["dots"], serde_json::json!([[0.3, 2]]));
        assert_eq!((&full["legend"], &full["is_behind"]), (&"a, n = 2".into(), &true.into()));
    }
}
