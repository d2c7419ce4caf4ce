//! Curves over what was varied: how every chart of a sweep is drawn, told and read out.
//!
//! A chart says which curves it has and what is to be marked on them; drawing, data table and
//! numbers for scripts follow from that, so that the three cannot disagree. What fell behind its
//! load is hollow and never joined to what did not. Uncertainty is that of repetitions: an
//! interval from six on, and below that the repetitions themselves as dots.

use super::figure::Figure;
use crate::chart::description::Plot as Panels;
use crate::chart::description::{
    Along, Axis, Data, Description, Drawn, Panel, Picture, Point, Region, Rule, Series, Unit,
    opened,
};
use crate::chart::palette::{HATCH, OFFERED, RULE};
use crate::chart::render::show;
use crate::quantity::NONE;

/// What stands along the bottom.
#[derive(Clone, Debug)]
pub(super) struct Across {
    /// What it measures.
    pub(super) name: String,
    /// Whether equal ratios have equal room.
    pub(super) logarithmic: bool,
    /// The values, rising: where they stand, and as they were written.
    pub(super) values: Vec<(f64, String)>,
    /// How a value between them is shown.
    pub(super) unit: Unit,
}

/// One engine along the values.
#[derive(Clone, Debug)]
pub(super) struct Curve<'a> {
    /// Whose it is.
    pub(super) label: &'a str,
    /// What it is of that engine.
    pub(super) what: &'static str,
    /// Role of its lines.
    pub(super) role: &'static str,
    /// Drawn thin, without markers.
    pub(super) thin: bool,
    /// What it is stands at its end.
    pub(super) is_named: bool,
    /// From left to right.
    pub(super) spots: Vec<Spot>,
    /// Where it stands at every value, if what was varied does not concern it.
    pub(super) flat: Option<Figure>,
}

/// One point of a curve.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) x: f64,
    pub(super) figure: Figure,
    /// It fell behind its load.
    pub(super) hollow: bool,
}

/// A mark on a strip.
#[derive(Clone, Debug)]
pub(super) enum Mark {
    /// A line across or up, with a label.
    Rule { along: Along, at: f64, label: String, role: &'static str },
    /// A dotted line that was computed and not measured.
    Theory { points: Vec<(f64, f64)> },
    /// A stretch that is set apart.
    Region { from: f64, to: f64, label: String },
    /// A point that was computed, with where it may lie.
    Crossing { at: (f64, f64), interval: Option<(f64, f64)>, label: String },
}

/// One panel.
#[derive(Clone, Debug)]
pub(super) struct Strip<'a> {
    pub(super) heading: String,
    pub(super) unit: Unit,
    /// Logarithmic; else linear from zero.
    pub(super) logarithmic: bool,
    /// Height relative to that of a usual panel.
    pub(super) height: f64,
    pub(super) curves: Vec<Curve<'a>>,
    pub(super) marks: Vec<Mark>,
}

/// A chart of a sweep.
#[derive(Clone, Debug)]
pub(super) struct Plot<'a> {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) definition: String,
    pub(super) across: Across,
    pub(super) strips: Vec<Strip<'a>>,
    /// Said of the dotted line, if there is one.
    pub(super) theory: Option<String>,
    pub(super) notes: Vec<String>,
}

impl Plot<'_> {
    pub(super) fn described(self) -> Description {
        let x = Axis { values: self.across.labels(), ..self.across.axis() };
        let panels =
            self.strips.iter().map(|strip| strip.panel(&self.across, self.theory.as_ref()));
        Description {
            data: self.data(),
            picture: Picture::Live(Panels::new(x, panels.collect())),
            name: self.name,
            title: self.title,
            definition: self.definition,
            notes: self.notes,
        }
    }

    fn data(&self) -> Data {
        let mut header = vec![self.across.name.clone()];
        let mut rows: Vec<Vec<String>> =
            self.across.values.iter().map(|(_, text)| vec![text.clone()]).collect();
        for strip in &self.strips {
            for curve in &strip.curves {
                header.push(format!("{} {}", curve.label, curve.what));
                for ((at, _), row) in self.across.values.iter().zip(&mut rows) {
                    row.push(curve.told(*at, strip.unit));
                }
            }
            // A panel of nothing but what was computed is read out as well.
            if let ([], [Mark::Theory { points }, ..]) = (&strip.curves[..], &strip.marks[..]) {
                header.push(strip.heading.clone());
                for ((at, _), row) in self.across.values.iter().zip(&mut rows) {
                    let near = |point: &&(f64, f64)| (point.0 - at).abs() <= at.abs() * 1e-9;
                    let told = points.iter().find(near).map(|point| show(strip.unit)(point.1));
                    row.push(told.unwrap_or_else(|| NONE.into()));
                }
            }
        }
        Data { header, rows }
    }
}

impl Across {
    /// First and last value.
    pub(super) fn ends(&self) -> (f64, f64) {
        let first = self.values.first().map_or(0.0, |value| value.0);
        (first, self.values.last().map_or(1.0, |value| value.0))
    }

    fn axis(&self) -> Axis {
        let scale = if self.logarithmic { " (log scale)" } else { "" };
        let name = format!("{}{scale}", self.name);
        Axis { logarithmic: self.logarithmic, ..Axis::linear(name, self.unit, self.ends()) }
    }

    /// What is written along the bottom, the ends before the others.
    fn labels(&self) -> Vec<(f64, String)> {
        let mut values: Vec<_> = self.values.iter().enumerate().collect();
        values.sort_by_key(|(n, _)| usize::from(*n != 0 && *n + 1 != self.values.len()));
        values.into_iter().map(|(_, value)| value.clone()).collect()
    }
}

impl Curve<'_> {
    /// The figure at a value, in words.
    fn told(&self, at: f64, unit: Unit) -> String {
        let show = show(unit);
        let near = |spot: &&Spot| (spot.x - at).abs() <= at.abs() * 1e-9;
        let spot = self.spots.iter().find(near);
        let figure = spot.map(|spot| &spot.figure).or(self.flat.as_ref());
        let Some(figure) = figure else { return NONE.into() };
        let interval = figure
            .interval
            .map_or_else(String::new, |(low, high)| format!(" ({} to {})", show(low), show(high)));
        let hollow = if spot.is_some_and(|spot| spot.hollow) { ", not sustained" } else { "" };
        format!("{}{interval}{hollow}", show(figure.middle))
    }
}

impl Strip<'_> {
    fn range(&self) -> (f64, f64) {
        let figures = self.curves.iter().flat_map(|curve| {
            curve.spots.iter().map(|spot| &spot.figure).chain(curve.flat.as_ref())
        });
        let mut all: Vec<f64> = figures
            .flat_map(|figure| {
                let ends = figure.interval.map_or([figure.middle; 2], |(low, high)| [low, high]);
                figure.all.iter().copied().chain(ends).chain([figure.middle])
            })
            .collect();
        for mark in &self.marks {
            match mark {
                Mark::Theory { points } => all.extend(points.iter().map(|point| point.1)),
                Mark::Rule { along: Along::X, at, .. } => all.push(*at),
                _ => {}
            }
        }
        let all = || all.iter().copied().filter(|value| value.is_finite());
        let (low, high) = (all().fold(f64::MAX, f64::min), all().fold(0.0, f64::max));
        if self.logarithmic { opened((low.min(high), high)) } else { (0.0, high * 1.1) }
    }

    fn panel(&self, across: &Across, theory: Option<&String>) -> Panel {
        let (first, last) = across.ends();
        let name = self.heading.clone();
        let y =
            Axis { logarithmic: self.logarithmic, ..Axis::linear(name, self.unit, self.range()) };
        let height = if self.height < 0.7 { 110 } else { 260 };
        let mut panel = Panel::new(y, height, Vec::new());
        panel.series = self.curves.iter().map(|curve| curve.series((first, last))).collect();
        for mark in &self.marks {
            match mark {
                Mark::Rule { along, at, label, role } => {
                    let (along, label) = (*along, label.clone());
                    panel.rules.push(Rule { along, at: *at, label, role, through: None });
                }
                Mark::Crossing { at, interval, label } => panel.rules.push(Rule {
                    through: Some((at.1, *interval)),
                    ..Rule::upright(at.0, label.clone(), RULE)
                }),
                Mark::Region { from, to, label } => panel.regions.push(Region {
                    from: from.max(first),
                    to: to.min(last),
                    label: label.clone(),
                    role: HATCH,
                }),
                Mark::Theory { points } => panel.series.push(Series {
                    legend: theory.cloned(),
                    ..Series::new("expected", "", OFFERED, Drawn::Thin, points.iter().copied())
                }),
            }
        }
        panel
    }
}

impl Curve<'_> {
    fn series(&self, (first, last): (f64, f64)) -> Series {
        let drawn = if self.thin { Drawn::Thin } else { Drawn::Line };
        let mut series = Series::new(self.label, self.what, self.role, drawn, []);
        let point = |x: f64, figure: &Figure, hollow: bool| Point {
            x,
            y: figure.middle,
            interval: figure.interval,
            hollow,
            across: None,
        };
        if let Some(figure) = &self.flat {
            series.reach = Some(figure.reach());
            series.points.0 = [first, last].map(|x| point(x, figure, false)).to_vec();
            return series;
        }
        let spots = self.spots.iter();
        series.points.0 = spots.map(|spot| point(spot.x, &spot.figure, spot.hollow)).collect();
        // Where its line ends, if it has one: what fell behind is joined to nothing.
        let held = self.spots.iter().take_while(|spot| !spot.hollow).last();
        if let Some(end) = held.or(self.spots.last()).filter(|_| self.is_named) {
            series.named.push((end.x, end.figure.middle, self.what.to_owned()));
        }
        let single = |spot: &&Spot| spot.figure.interval.is_none() && spot.figure.all.len() > 1;
        for spot in self.spots.iter().filter(|_| !self.thin).filter(single) {
            series.dots.extend(spot.figure.all.iter().map(|value| (spot.x, *value)));
        }
        series
    }
}
