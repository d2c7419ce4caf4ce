//! The same chart for a page whose scripts run: its numbers, not its picture.
//!
//! The page zooms, reads out values and redraws in other colours; for that it needs numbers with
//! units, and who each line belongs to. It decides nothing here: ranges, words and thinning are
//! those of the drawing, which stays on the page wherever no script runs.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

/// What a chart offers where scripts run: panels over one horizontal axis.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Interactive {
    /// The horizontal axis of every panel.
    pub x: Axis,
    /// Panels from top to bottom.
    pub panels: Vec<Panel>,
}

/// One plot among those above one another.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Panel {
    /// The vertical axis; its name stands above the panel.
    pub y: Axis,
    /// Height in pixels.
    pub height: u32,
    /// What is drawn, from back to front.
    pub series: Vec<Series>,
    /// Straight lines across, such as a limit that somebody demands.
    pub rules: Vec<Rule>,
    /// Stretches of the horizontal axis that are set apart, such as the warm-up.
    pub regions: Vec<Region>,
}

/// An axis: what it measures, and how far it reaches.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Axis {
    /// What it measures, as written beside it.
    pub name: String,
    /// How its values are shown.
    pub unit: Unit,
    /// Logarithmic, with ticks at 1, 2 and 5.
    pub logarithmic: bool,
    /// First and last value shown before somebody zooms.
    pub range: (f64, f64),
}

/// How a number on an axis is shown. The names are those of [`crate::quantity`].
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A span in nanoseconds: "412 µs".
    Nanoseconds,
    /// A span in microseconds.
    Microseconds,
    /// A span in seconds.
    Seconds,
    /// Seconds along a run, with a plain number at the ticks: "3.5".
    Time,
    /// Events per second: "412 k/s".
    Rate,
    /// Memory: "64.0 MiB".
    Bytes,
    /// A number of things: "412 k".
    Amount,
    /// A share between 0 and 1: "12.0 %".
    Fraction,
    /// How many times something is something else: "1.20 times".
    Ratio,
    /// A plain number, without a unit.
    Number,
    /// 1/(1 − p), shown as the percentile p: "99.9 %".
    Rarity,
}

/// Points that belong together.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Series {
    /// Whose it is: one entry of the legend, which shows and hides all series of that name.
    pub of: String,
    /// What it is of that engine, such as "p99"; empty if there is only one thing it could be.
    pub what: String,
    /// Role of its lines on the drawing, such as "l-mb0": gives colour, dash, marker.
    pub role: &'static str,
    /// How it is drawn.
    pub drawn: Drawn,
    /// From left to right.
    pub points: Points,
}

/// How a series is drawn.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drawn {
    /// A line in the engine's dash, with its marker at the points or now and then.
    Line,
    /// A thin line without markers.
    Thin,
    /// A thin pale line that is not read out: a single repetition.
    Faint,
    /// A pale area between the ends of the points' intervals.
    Band,
    /// Markers only, with their intervals as bars.
    Points,
    /// Small dots only.
    Dots,
}

/// Points of a series, from left to right.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Points(pub Vec<Point>);

/// One point of a series.
#[derive(Copy, Clone, PartialEq, Debug, Default)]
pub struct Point {
    /// Where it stands on the horizontal axis, in its unit.
    pub x: f64,
    /// Its value, in the vertical axis' unit; what is not a number is a hole in the line.
    pub y: f64,
    /// From where to where it may lie, or a band reaches.
    pub interval: Option<(f64, f64)>,
    /// Whether something is not as it should be, such as a load that was not sustained.
    pub hollow: bool,
}

/// A straight line across a panel.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Rule {
    /// Which way it runs.
    pub along: Along,
    /// Where it stands on the other axis.
    pub at: f64,
    /// Written at its end; may be empty.
    pub label: String,
    /// Role of its line: "l-rule", or that of an engine.
    pub role: &'static str,
}

/// Which way a rule runs.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Along {
    /// From left to right, at a value of the vertical axis.
    X,
    /// From bottom to top, at a value of the horizontal axis.
    Y,
}

/// A stretch of the horizontal axis, hatched.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Region {
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// What it is: "warm-up, not measured".
    pub label: String,
}

impl Axis {
    /// A linear axis.
    pub fn linear(name: &str, unit: Unit, range: (f64, f64)) -> Self {
        Self { name: name.into(), unit, logarithmic: false, range }
    }

    /// A logarithmic axis; its range lies above zero.
    pub fn logarithmic(name: &str, unit: Unit, range: (f64, f64)) -> Self {
        Self { name: name.into(), unit, logarithmic: true, range }
    }
}

impl Panel {
    /// A panel of the usual height with nothing across it.
    pub fn new(y: Axis, series: Vec<Series>) -> Self {
        Self { y, height: 280, series, rules: Vec::new(), regions: Vec::new() }
    }
}

impl Series {
    /// A series of plain points.
    pub fn new(
        of: impl Into<String>,
        what: impl Into<String>,
        role: &'static str,
        drawn: Drawn,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        let points = points.into_iter().map(|(x, y)| Point { x, y, ..Point::default() });
        Self { of: of.into(), what: what.into(), role, drawn, points: Points(points.collect()) }
    }

    /// The same with every marker hollow.
    #[must_use]
    pub fn hollow(mut self) -> Self {
        self.points.0.iter_mut().for_each(|point| point.hollow = true);
        self
    }

    /// The same as it is shown of an engine that fell behind, if it did: hollow, and in words.
    #[must_use]
    pub fn not_sustained(mut self, fell_behind: bool) -> Self {
        if fell_behind {
            self.of.push_str(" (not sustained)");
            return self.hollow();
        }
        self
    }
}

/// Columns instead of rows, and four digits of each number: a page has thousands of points.
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

/// A number with five significant digits, as short as they go.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.0.is_finite() {
            return serializer.serialize_none();
        }
        let short: f64 = format!("{:.4e}", self.0).parse().unwrap_or(self.0);
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
    fn a_series_that_was_not_sustained_is_hollow_throughout() {
        let series = Series::new("per-event", "", "l-pe0", Drawn::Line, [(1.0, 2.0), (2.0, 3.0)]);
        assert_eq!(series.clone().not_sustained(false), series);
        let behind = series.not_sustained(true);
        assert_eq!(behind.of, "per-event (not sustained)");
        assert!(behind.points.0.iter().all(|point| point.hollow));
    }
}
