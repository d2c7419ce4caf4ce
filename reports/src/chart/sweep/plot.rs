//! Curves over what was varied: how every chart of a sweep is drawn, told and read out.
//!
//! A chart says which curves it has and what is to be marked on them; drawing, data table and
//! numbers for scripts follow from that, so that the three cannot disagree. What fell behind its
//! load is hollow and never joined to what did not. Uncertainty is that of repetitions: an
//! interval from six on, and below that the repetitions themselves as dots.

use super::super::canvas::{Align, text_width};
use super::super::frame::{Entry, Format, Frame, Panel};
use super::super::interactive::{self, Along, Drawn, Interactive, Unit};
use super::super::palette::{Identity, Marker};
use super::super::scale::{Scale, opened};
use super::super::{Chart, Data};
use super::Figure;
use crate::quantity::{self, NONE};

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
    pub(super) identity: Identity,
    /// Drawn thin and pale, without markers.
    pub(super) faint: bool,
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

impl Mark {
    /// Whether it has a label at the top of its panel.
    fn stands_above(&self) -> bool {
        match self {
            Self::Rule { along: Along::Y, label, .. } | Self::Region { label, .. } => {
                !label.is_empty()
            }
            _ => false,
        }
    }
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
    pub(super) fn chart(self) -> Chart {
        let chart =
            Chart::drawn(self.name.clone(), self.title.clone(), self.data(), |format, _| {
                self.draw(format)
            });
        chart.with(self.interactive())
    }

    fn draw(&self, format: Format) -> String {
        // The last label hangs over the end of its axis by half of its width.
        let last =
            self.across.values.last().map_or(0.0, |(_, text)| text_width(text, format.text()));
        let right = (last / 2.0 - 8.0).max(18.0);
        let mut frame = Frame::new(format, &self.title, &self.definition, right);
        let mut entries: Vec<Entry<'_>> = Vec::new();
        for curve in self.strips.iter().flat_map(|strip| &strip.curves) {
            if !entries.iter().any(|entry| entry.label == curve.label) {
                let (identity, label) = (curve.identity, curve.label);
                entries.push(Entry { identity, label, hollow: false });
            }
        }
        frame.legend(&entries);
        if let Some(theory) = &self.theory {
            frame.note("l-offered", theory);
        }
        let mut last = None;
        for strip in &self.strips {
            let panel = frame.panel(format.height() * strip.height, &strip.heading);
            let x = self.x(panel);
            strip.draw(&mut frame, panel, &x);
            last = Some((panel, x));
        }
        if let Some((panel, x)) = last {
            let ticks = self.ticks(&x, format.text());
            let show = |tick: f64| self.written(tick);
            frame.horizontal_axis(panel, &x, &ticks, show, &self.across_name());
        }
        for note in &self.notes {
            frame.footnote(note);
        }
        frame.finish(&self.title)
    }

    fn across_name(&self) -> String {
        let scale = if self.across.logarithmic { " (log scale)" } else { "" };
        format!("{}{scale}", self.across.name)
    }

    /// Inside of the panel, so that a marker does not stand on its edge.
    fn x(&self, panel: Panel) -> Scale {
        let pixels = (panel.left + 16.0, panel.right - 16.0);
        let ends = self.across.ends();
        if self.across.logarithmic {
            Scale::logarithmic(ends, pixels)
        } else {
            Scale::linear(ends, pixels)
        }
    }

    /// The values that have room for a label, the ends before the others.
    fn ticks(&self, x: &Scale, size: f64) -> Vec<f64> {
        let values = &self.across.values;
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by_key(|n| usize::from(*n != 0 && *n + 1 != values.len()));
        let mut taken: Vec<(f64, f64)> = Vec::new();
        let mut ticks = Vec::new();
        for n in order {
            let (at, text) = &values[n];
            let half = text_width(text, size) / 2.0 + 4.0;
            let (left, right) = (x.at(*at) - half, x.at(*at) + half);
            if taken.iter().all(|(from, to)| right < *from || left > *to) {
                taken.push((left, right));
                ticks.push(*at);
            }
        }
        ticks
    }

    fn written(&self, at: f64) -> String {
        let near = |value: &&(f64, String)| (value.0 - at).abs() <= at.abs() * 1e-9;
        self.across.values.iter().find(near).map_or_else(String::new, |(_, text)| text.clone())
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

    fn interactive(&self) -> Interactive {
        let across = &self.across;
        let panels = self.strips.iter().map(|strip| strip.interactive(across)).collect();
        let x = interactive::Axis {
            name: self.across_name(),
            unit: across.unit,
            logarithmic: across.logarithmic,
            range: across.ends(),
        };
        Interactive { x, panels }
    }
}

impl Across {
    /// First and last value.
    pub(super) fn ends(&self) -> (f64, f64) {
        let first = self.values.first().map_or(0.0, |value| value.0);
        (first, self.values.last().map_or(1.0, |value| value.0))
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

    fn draw(&self, frame: &mut Frame, panel: Panel, x: &Scale) {
        let size = frame.format.text();
        let labelled = self.marks.iter().filter(|mark| mark.stands_above()).count();
        // Labels of lines that run up have the top to themselves.
        let room = if labelled > 0 { size * (1.4 * labelled as f64 + 0.6) } else { 0.0 };
        let heights = (panel.bottom, panel.top + room);
        let y = if self.logarithmic {
            Scale::logarithmic(self.range(), heights)
        } else {
            Scale::linear(self.range(), heights)
        };
        for mark in &self.marks {
            if let Mark::Region { from, to, .. } = mark {
                let (from, to) = (region_end(*from, x, panel), region_end(*to, x, panel));
                frame.canvas.rectangle("b-hatch", (from, panel.top), (to, panel.bottom));
            }
        }
        frame.vertical_axis(panel, &y, show(self.unit));
        for curve in &self.curves {
            curve.draw(frame, panel, x, &y);
        }
        let mut taken = 0.0;
        for mark in &self.marks {
            match mark {
                Mark::Theory { points } => {
                    let points: Vec<_> =
                        points.iter().map(|(at, value)| (x.at(*at), y.at(*value))).collect();
                    frame.canvas.line("l-offered", &points);
                }
                Mark::Rule { along: Along::X, at, label, role } => {
                    let at = y.at(*at);
                    frame.canvas.line(role, &[(panel.left, at), (panel.right, at)]);
                    let place = (panel.right - 4.0, at - size * 0.7);
                    frame.canvas.text("muted", Align::Right, place, size * 0.96, label);
                }
                Mark::Rule { along: Along::Y, at, label, role } => {
                    let at = x.at(*at);
                    frame.canvas.line(role, &[(at, panel.top), (at, panel.bottom)]);
                    if mark.stands_above() {
                        let place = (at, panel.top + size * (0.8 + taken));
                        beside(frame, panel, place, label);
                        taken += 1.4;
                    }
                }
                Mark::Region { to, label, .. } => {
                    let place = (region_end(*to, x, panel), panel.top + size * (0.8 + taken));
                    beside(frame, panel, place, &format!("◂ {label}"));
                    taken += 1.4;
                }
                Mark::Crossing { at, interval, label } => {
                    let height = y.at(at.1);
                    if let Some((low, high)) = interval {
                        let ends = [(x.at(*low), height), (x.at(*high), height)];
                        frame.canvas.line("l-rule", &ends);
                    }
                    let place = (x.at(at.0), height);
                    frame.canvas.shape("f-paper", Marker::Diamond, place, 8.0);
                    frame.canvas.shape("f-fault", Marker::Diamond, place, 6.0);
                    let above = height - size * 1.5;
                    let down = above < panel.top + size;
                    let label_y = if down { height + size * 1.5 } else { above };
                    beside(frame, panel, (place.0, label_y), label);
                }
            }
        }
    }

    fn interactive(&self, across: &Across) -> interactive::Panel {
        let (first, last) = across.ends();
        let point = |x: f64, figure: &Figure, hollow: bool| interactive::Point {
            x,
            y: figure.middle,
            interval: figure.interval,
            hollow,
        };
        let mut series = Vec::new();
        for curve in &self.curves {
            let points: Vec<_> = match &curve.flat {
                Some(figure) => [first, last].iter().map(|x| point(*x, figure, false)).collect(),
                None => curve.spots.iter().map(|s| point(s.x, &s.figure, s.hollow)).collect(),
            };
            series.push(interactive::Series {
                of: curve.label.to_owned(),
                what: curve.what.to_owned(),
                role: if curve.faint { curve.identity.faint } else { curve.identity.line },
                drawn: if curve.faint { Drawn::Thin } else { Drawn::Line },
                points: interactive::Points(points),
            });
        }
        let mut rules = Vec::new();
        let mut regions = Vec::new();
        for mark in &self.marks {
            match mark {
                Mark::Rule { along, at, label, role } => rules.push(interactive::Rule {
                    along: *along,
                    at: *at,
                    label: label.clone(),
                    role,
                }),
                Mark::Crossing { at, label, .. } => rules.push(interactive::Rule {
                    along: Along::Y,
                    at: at.0,
                    label: label.clone(),
                    role: "l-rule",
                }),
                Mark::Region { from, to, label } => regions.push(interactive::Region {
                    from: from.max(first),
                    to: to.min(last),
                    label: label.clone(),
                }),
                Mark::Theory { points } => series.push(interactive::Series {
                    of: "expected".into(),
                    what: String::new(),
                    role: "l-offered",
                    drawn: Drawn::Thin,
                    points: interactive::Points(
                        points
                            .iter()
                            .map(|&(x, y)| interactive::Point {
                                x,
                                y,
                                interval: None,
                                hollow: false,
                            })
                            .collect(),
                    ),
                }),
            }
        }
        interactive::Panel {
            y: interactive::Axis {
                name: self.heading.clone(),
                unit: self.unit,
                logarithmic: self.logarithmic,
                range: self.range(),
            },
            height: if self.height < 0.7 { 110 } else { 260 },
            series,
            rules,
            regions,
        }
    }
}

/// The end of a region in pixels; one without an end reaches the edge of the panel.
fn region_end(at: f64, x: &Scale, panel: Panel) -> f64 {
    if at == f64::NEG_INFINITY {
        panel.left
    } else if at == f64::INFINITY {
        panel.right
    } else {
        x.at(at)
    }
}

/// A label right of a place, or left of it where there is no room.
fn beside(frame: &mut Frame, panel: Panel, (x, y): (f64, f64), label: &str) {
    let size = frame.format.text() * 0.96;
    let width = text_width(label, size);
    let (align, x) = if x + 7.0 + width <= panel.right {
        (Align::Left, x + 7.0)
    } else if x - 7.0 - width >= panel.left {
        (Align::Right, x - 7.0)
    } else {
        (Align::Right, panel.right - 2.0)
    };
    let left = if align == Align::Left { x } else { x - width };
    let ground = ((left - 2.0, y - size * 0.62), (left + width + 2.0, y + size * 0.62));
    frame.canvas.rectangle("f-paper", ground.0, ground.1);
    frame.canvas.text("ink", align, (x, y), size, label);
}

impl Curve<'_> {
    fn draw(&self, frame: &mut Frame, panel: Panel, x: &Scale, y: &Scale) {
        let line = if self.faint { self.identity.faint } else { self.identity.line };
        if let Some(figure) = &self.flat {
            let (low, high) = figure.reach();
            let (top, bottom) = (y.at(high), y.at(low));
            if bottom - top > 1.0 {
                let band = self.identity.band;
                frame.canvas.rectangle(band, (panel.left, top), (panel.right, bottom));
            }
            let height = y.at(figure.middle);
            frame.canvas.line(line, &[(panel.left, height), (panel.right, height)]);
            return;
        }
        for pair in self.spots.windows(2) {
            if let [a, b] = pair
                && !a.hollow
                && !b.hollow
            {
                let at = |spot: &Spot| (x.at(spot.x), y.at(spot.figure.middle));
                frame.canvas.line(line, &[at(a), at(b)]);
            }
        }
        if self.faint {
            return;
        }
        for spot in &self.spots {
            let at = (x.at(spot.x), y.at(spot.figure.middle));
            if let Some((low, high)) = spot.figure.interval {
                let (top, bottom) = (y.at(high), y.at(low));
                let fill = self.identity.fill;
                frame.canvas.rectangle(fill, (at.0 - 0.7, top), (at.0 + 0.7, bottom));
                for end in [top, bottom] {
                    frame.canvas.rectangle(fill, (at.0 - 4.0, end - 0.7), (at.0 + 4.0, end + 0.7));
                }
            } else if spot.figure.all.len() > 1 {
                for value in &spot.figure.all {
                    frame.canvas.dot(self.identity.fill, (at.0, y.at(*value)), 1.6);
                }
            }
            frame.canvas.marker(self.identity, at, 4.6, spot.hollow);
        }
    }
}

/// How a quantity is shown.
pub(super) fn show(unit: Unit) -> fn(f64) -> String {
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
