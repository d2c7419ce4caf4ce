//! What a chart shows, said once: which numbers on which axes, whose they are, what is marked.
//!
//! A chart's file goes from the record to this and no further. The static drawing, the numbers
//! for a page whose scripts run and their table all follow from it, so they cannot disagree. It
//! names roles and quantities, and knows no colours, and of pixels only how high a panel is. What
//! is written beside a point is in both, as a reader who can point at it needs to be told where to
//! look all the same; left out of the numbers for scripts (`serde(skip)`) is what only a drawing
//! has room for.

use super::palette::RULE;
use super::render::short;
use serde::Serialize;

/// A chart before it is drawn.
pub(super) struct Description {
    /// What its file is called, without an ending; unique in a cell.
    pub(super) name: String,
    /// The finding.
    pub(super) title: String,
    /// What the numbers are, in a sentence or two.
    pub(super) definition: String,
    pub(super) picture: Picture,
    /// Reservations, to be said below.
    pub(super) notes: Vec<String>,
    pub(super) data: Data,
}

/// What there is to look at.
pub(super) enum Picture {
    /// To be zoomed and read out where scripts run.
    Live(Plot),
    /// Whose drawing says it all.
    Still(Plot),
    /// Bars or dots from left to right, one below the other; as still.
    Rows(Rows),
}

/// The numbers behind a chart, as a table of texts.
#[derive(Clone, PartialEq, Debug)]
pub struct Data {
    /// Column headings.
    pub header: Vec<String>,
    /// One text per column.
    pub rows: Vec<Vec<String>>,
}

impl Data {
    pub(super) fn new<const N: usize>(header: [&str; N], rows: Vec<Vec<String>>) -> Self {
        Self { header: header.map(String::from).to_vec(), rows }
    }
}

/// Panels over one horizontal axis.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Plot {
    /// The horizontal axis of every panel.
    pub x: Axis,
    /// Panels from top to bottom.
    pub panels: Vec<Panel>,
    /// What the least and the most of a ramp of shades stand for.
    #[serde(skip)]
    pub ramp: Option<[String; 2]>,
    /// What shades of tiles stand for.
    #[serde(skip)]
    pub shades: Vec<Shade>,
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
    /// Areas of one shade each.
    #[serde(skip)]
    pub tiles: Vec<Tile>,
    /// Moments ticked along its top.
    #[serde(skip)]
    pub ticked: Vec<f64>,
    /// Values counted by height, beside the panel where there is room.
    #[serde(skip)]
    pub counted: Vec<f64>,
    /// What a reader looks for in it.
    #[serde(skip)]
    pub here: Option<Here>,
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
    #[serde(serialize_with = "short::range")]
    pub range: (f64, f64),
    /// What is written at which value instead of round numbers, what needs its room most first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<(f64, String)>,
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
    /// Role of its lines, such as "l-mb0": gives colour, dash, marker.
    pub role: &'static str,
    /// How it is drawn.
    pub drawn: Drawn,
    /// From left to right.
    pub points: Points,
    /// What the legend calls it, where that is more than whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legend: Option<String>,
    /// Single measurements behind the points.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "short::dots")]
    pub dots: Vec<(f64, f64)>,
    /// Points with something written beside them, or nothing but their marker.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "short::named")]
    pub named: Vec<(f64, f64, String)>,
    /// It stands at one height whatever is varied: from where to where that may lie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reach: Option<(f64, f64)>,
    /// It fell behind as a whole, so its hollow points are joined to each other.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_behind: bool,
}

/// How a series is drawn.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drawn {
    /// A line in the engine's dash, with its marker at the points or now and then.
    Line,
    /// The same above a pale area that begins at zero.
    Area,
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
    /// The same along the horizontal axis.
    pub across: Option<(f64, f64)>,
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
    /// The computed point that it stands for, at which height and from where to where it may lie:
    /// then there is that point and no line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<(f64, Option<(f64, f64)>)>,
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

/// A stretch of the horizontal axis, set apart.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Region {
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// What it is: "warm-up, not measured".
    pub label: String,
    /// "l-hatch" where it is hatched, else the role of the engine in whose colour it is shaded.
    pub role: &'static str,
}

/// A rectangle of one shade.
#[derive(Clone, PartialEq, Debug)]
pub struct Tile {
    /// From left to right.
    pub x: (f64, f64),
    /// From bottom to top.
    pub y: (f64, f64),
    /// Role of the area; empty for none. That of an engine's lines stands for its colour, which is
    /// pale where nothing was measured; "l-hatch" where it is hatched.
    pub role: &'static str,
    /// Written on it where there is room; may be empty.
    pub text: String,
    /// Whether it stands for something that was measured in its middle, which is marked then.
    pub is_point: bool,
}

/// What a shade stands for, where a legend says so.
#[derive(Clone, PartialEq, Debug)]
pub struct Shade {
    /// That of a tile that stands for a measured point.
    pub role: &'static str,
    /// In words.
    pub label: String,
}

/// A place that a reader looks for, such as that of their own workload.
#[derive(Clone, PartialEq, Debug)]
pub struct Here {
    /// Where it is, on both axes.
    pub at: (f64, f64),
    /// What it is.
    pub label: String,
}

/// Figures one below the other, over one horizontal axis.
pub(super) struct Rows {
    /// What is shown, above all of them.
    pub(super) heading: String,
    pub(super) x: Axis,
    /// What the shades of the parts stand for; nothing where there is one part.
    pub(super) legend: Vec<(String, String)>,
    pub(super) figures: Vec<Row>,
}

/// One figure.
#[derive(Default)]
pub(super) struct Row {
    /// In words, above it.
    pub(super) label: String,
    /// Parts of a bar from zero, one after the other.
    pub(super) bar: Vec<(String, f64)>,
    /// The bar is empty: something is not as it should be.
    pub(super) hollow: bool,
    /// From where to where it may lie.
    pub(super) interval: Option<(f64, f64)>,
    /// Single values.
    pub(super) dots: Vec<f64>,
    /// What is hatched behind it.
    pub(super) zone: Option<(f64, f64)>,
    /// Lines one below the other, each an engine's.
    pub(super) lanes: Vec<Lane>,
    /// Bars from zero to either side, one below the other.
    pub(super) swings: Vec<Swing>,
}

/// A bar from zero to one side, with what is written at its end.
pub(super) struct Swing {
    /// Role of the area.
    pub(super) role: String,
    pub(super) to: f64,
    /// From where to where its end may lie.
    pub(super) interval: Option<(f64, f64)>,
    /// The bar is empty: it is the lower one of two.
    pub(super) hollow: bool,
    /// It has a bold outline.
    pub(super) is_marked: bool,
    pub(super) label: String,
}

/// A line from one value to another with a point on it.
pub(super) struct Lane {
    /// Role of the line.
    pub(super) role: &'static str,
    pub(super) from: f64,
    pub(super) to: f64,
    /// Where its marker stands.
    pub(super) at: Option<f64>,
    /// Something is not as it should be.
    pub(super) hollow: bool,
}

impl Plot {
    /// Panels with nothing but series, rules and regions in them.
    pub(super) fn new(x: Axis, panels: Vec<Panel>) -> Self {
        Self { x, panels, ramp: None, shades: Vec::new() }
    }
}

impl Axis {
    /// A linear axis.
    pub(super) fn linear(name: impl Into<String>, unit: Unit, range: (f64, f64)) -> Self {
        Self { name: name.into(), unit, logarithmic: false, range, values: Vec::new() }
    }

    /// A logarithmic axis; its range lies above zero.
    pub(super) fn logarithmic(name: impl Into<String>, unit: Unit, range: (f64, f64)) -> Self {
        Self { logarithmic: true, ..Self::linear(name, unit, range) }
    }
}

impl Panel {
    /// A panel with nothing across it.
    pub(super) fn new(y: Axis, height: u32, series: Vec<Series>) -> Self {
        Self {
            y,
            height,
            series,
            rules: Vec::new(),
            regions: Vec::new(),
            tiles: Vec::new(),
            ticked: Vec::new(),
            counted: Vec::new(),
            here: None,
        }
    }
}

impl Series {
    /// A series of plain points.
    pub(super) fn new(
        of: impl Into<String>,
        what: impl Into<String>,
        role: &'static str,
        drawn: Drawn,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        let points = points.into_iter().map(|(x, y)| Point { x, y, ..Point::default() });
        Self {
            of: of.into(),
            what: what.into(),
            role,
            drawn,
            points: Points(points.collect()),
            legend: None,
            dots: Vec::new(),
            named: Vec::new(),
            reach: None,
            is_behind: false,
        }
    }

    /// The same under another name in the static legend.
    #[must_use]
    pub(super) fn called(mut self, legend: String) -> Self {
        self.legend = Some(legend);
        self
    }

    /// The same with every marker hollow.
    #[must_use]
    pub(super) fn hollow(mut self) -> Self {
        self.points.0.iter_mut().for_each(|point| point.hollow = true);
        self
    }

    /// The same as it is shown of an engine that fell behind, if it did: hollow, and in words.
    #[must_use]
    pub(super) fn not_sustained(mut self, fell_behind: bool) -> Self {
        if fell_behind {
            for name in [Some(&mut self.of), self.legend.as_mut()].into_iter().flatten() {
                name.push_str(" (not sustained)");
            }
            self.is_behind = true;
            return self.hollow();
        }
        self
    }
}

impl Rule {
    /// Where something is demanded, or whole.
    pub(super) fn across(at: f64, label: String) -> Self {
        Self { along: Along::X, at, label, role: RULE, through: None }
    }

    /// A line from bottom to top.
    pub(super) fn upright(at: f64, label: String, role: &'static str) -> Self {
        Self { along: Along::Y, at, label, role, through: None }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_opens_to_the_next_tick() {
        assert_eq!(opened((13e3, 410e6)), (10e3, 500e6));
        assert_eq!(opened((0.0, 0.0)), (1.0, 2.0));
    }

    #[test]
    fn a_series_that_was_not_sustained_is_hollow_throughout() {
        let series = Series::new("per-event", "", "l-pe0", Drawn::Line, [(1.0, 2.0), (2.0, 3.0)]);
        let series = series.called("per-event, repetition 1".into());
        assert_eq!(series.clone().not_sustained(false), series);
        let behind = series.not_sustained(true);
        assert_eq!(behind.of, "per-event (not sustained)");
        assert_eq!(behind.legend.unwrap(), "per-event, repetition 1 (not sustained)");
        assert!(behind.points.0.iter().all(|point| point.hollow));
    }
}
