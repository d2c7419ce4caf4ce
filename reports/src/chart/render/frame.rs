//! What all drawings have in common: a title, a definition, a legend, panels and their axes.
//!
//! What is drawn inside a panel is not known here, nor what any of it means.

use super::canvas::{Align, Canvas};
use super::scale::{Scale, tick};
use super::text::{Weight, shortened, text_width, wrap};
use crate::chart::description::{Axis, Here, Shade};
use crate::chart::palette::{HATCH, Marker, kin, marker};
use crate::quantity;

/// For which page a chart is drawn. A wide one that is shrunk to a narrow page has letters that
/// nobody can read.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(in crate::chart) enum Format {
    Wide,
    Narrow,
}

/// Lengths that differ between the formats, in pixels.
struct Lengths {
    width: f64,
    /// How high a panel is, relative to what is asked.
    height: f64,
    text: f64,
    title: f64,
    left: f64,
    /// About how many round numbers fit along the horizontal axis.
    ticks: usize,
}

impl Format {
    const fn lengths(self) -> Lengths {
        match self {
            Self::Wide => Lengths {
                width: 880.0,
                height: 1.0,
                text: 12.5,
                title: 17.0,
                left: 70.0,
                ticks: 10,
            },
            Self::Narrow => Lengths {
                width: 400.0,
                height: 0.84,
                text: 11.5,
                title: 15.0,
                left: 60.0,
                ticks: 5,
            },
        }
    }

    /// Size of most texts.
    pub(super) const fn text(self) -> f64 {
        self.lengths().text
    }
}

/// Round numbers along a vertical axis at most.
const TICKS_MOST: usize = 9;

/// One entry of a legend.
pub(super) struct Entry<'a> {
    /// Role of the line before it, or of the area.
    pub(super) role: &'a str,
    pub(super) label: &'a str,
    /// The engine did not keep up.
    pub(super) hollow: bool,
}

/// A chart being drawn, from the top down.
pub(super) struct Frame {
    pub(super) canvas: Canvas,
    pub(super) format: Format,
    y: f64,
    /// Where panels begin.
    left: f64,
    /// What is said beside the picture: the definition, then each footnote.
    said: Vec<String>,
}

/// A rectangle with axes, in pixels.
#[derive(Copy, Clone)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Area {
    /// Its middle, from left to right.
    pub(super) const fn middle(self) -> f64 {
        f64::midpoint(self.left, self.right)
    }
}

impl Frame {
    pub(super) fn new(format: Format, title: &str, definition: &str) -> Self {
        let mut canvas = Canvas::new(format.lengths().width);
        let width = canvas.width() - 16.0;
        let mut y = 4.0;
        for (role, size, text) in
            [("ink title", format.lengths().title, title), ("muted", format.text(), definition)]
        {
            for line in wrap(&quantity::glued(text), size, Weight::of(role), width) {
                y += size * 0.72;
                canvas.text(role, Align::Left, (8.0, y), size, &line);
                y += size * 0.72;
            }
            y += 4.0;
        }
        Self { canvas, format, y, left: format.lengths().left, said: vec![definition.into()] }
    }

    /// Names the engines, each with its dash and its marker; or shades, each with its area.
    pub(super) fn legend(&mut self, entries: &[Entry<'_>]) {
        if entries.is_empty() {
            return;
        }
        let size = self.format.text();
        let (mut x, mut y) = (8.0, self.y + 9.0);
        for Entry { role, label, hollow } in entries {
            let is_line = role.starts_with("l-");
            let swatch = if is_line { 43.0 } else { 20.0 };
            let room = self.canvas.width() - 16.0 - swatch;
            let lines = wrap(&quantity::glued(label), size, Weight::Regular, room);
            let widths = lines.iter().map(|line| text_width(line, size, Weight::Regular));
            let width = swatch + widths.fold(0.0, f64::max) + 16.0;
            if x > 8.0 && x + width > self.canvas.width() {
                (x, y) = (8.0, y + size * 1.6);
            }
            if is_line {
                self.canvas.line(role, &[(x, y), (x + 36.0, y)]);
                self.canvas.marker(role, (x + 18.0, y), 4.2, *hollow);
            } else {
                self.canvas.rectangle(role, (x, y - 6.0), (x + 14.0, y + 6.0));
            }
            for (n, line) in lines.iter().enumerate() {
                y += if n == 0 { 0.0 } else { size * 1.3 };
                self.canvas.text("ink", Align::Left, (x + swatch, y), size, line);
            }
            x += width;
        }
        self.y = y + 10.0;
    }

    /// Names the shades of tiles, each with the mark of a measured point, and what a reader looks for.
    pub(super) fn shades(&mut self, shades: &[Shade], here: Option<&Here>) {
        if shades.is_empty() {
            return;
        }
        let size = self.format.text();
        let (mut x, mut y) = (8.0, self.y + 9.0);
        let shades = shades.iter().map(|shade| (Some(shade.role), &shade.label));
        for (role, label) in shades.chain(here.map(|here| (None, &here.label))) {
            let width = 26.0 + text_width(label, size, Weight::Regular) + 16.0;
            if x > 8.0 && x + width > self.canvas.width() {
                (x, y) = (8.0, y + size * 1.6);
            }
            match role {
                Some(role) => self.swatch(role, (x, y)),
                None => self.ring((x + 10.0, y)),
            }
            self.canvas.text("ink", Align::Left, (x + 26.0, y), size, label);
            x += width;
        }
        self.y = y + 10.0;
    }

    /// A tile of this role as a legend shows it, from here to the right.
    fn swatch(&mut self, role: &str, (x, y): (f64, f64)) {
        let (from, to) = ((x, y - 7.0), (x + 20.0, y + 7.0));
        if role == HATCH {
            let area = Area { left: from.0, right: to.0, top: from.1, bottom: to.1 };
            self.hatch(area, (from.0, to.0));
        } else if !role.is_empty() {
            self.canvas.rectangle(&shade(role, true), from, to);
        }
        let (shape, ink) = point_on(role);
        self.canvas.shape(ink, shape, (x + 10.0, y), 2.6);
    }

    /// A ring with a cross in it, which marks what a reader looks for.
    pub(super) fn ring(&mut self, at: (f64, f64)) {
        for (role, radius) in [("f-paper", 9.0), ("ink", 7.5), ("f-paper", 5.8)] {
            self.canvas.dot(role, at, radius);
        }
        for (dx, dy) in [(6.6, 0.85), (0.85, 6.6)] {
            self.canvas.rectangle("ink", (at.0 - dx, at.1 - dy), (at.0 + dx, at.1 + dy));
        }
    }

    /// A ramp of shades between what the least and the most of them stand for.
    pub(super) fn ramp(&mut self, [least, most]: &[String; 2], roles: &[&str]) {
        let (size, y) = (self.format.text() * 0.96, self.y + 6.0);
        self.canvas.text("muted", Align::Left, (8.0, y), size, least);
        let mut x = 16.0 + text_width(least, size, Weight::Regular);
        for role in roles {
            self.canvas.rectangle(role, (x, y - 6.0), (x + 22.0, y + 6.0));
            x += 22.0;
        }
        self.canvas.text("muted", Align::Left, (x + 8.0, y), size, most);
        self.y += 18.0;
    }

    /// Makes room at the left for what is written along these axes.
    pub(super) fn make_room<'a>(&mut self, axes: impl Iterator<Item = &'a Axis>) {
        let size = self.format.text() * 0.96;
        for axis in axes {
            let labels = written(axis, &Scale::of(axis, (0.0, 1.0)), TICKS_MOST).into_iter();
            let widest = labels.map(|(_, label)| text_width(&label, size, Weight::Regular));
            self.left = widest.fold(self.left, |left, width| left.max(width + 12.0));
        }
        // What is wider still is shortened, not the panel.
        self.left = self.left.min(self.canvas.width() * 0.35);
    }

    /// The next panel below, with what it shows written above it and what is set apart in it to
    /// the right of that, where there is room, or below.
    pub(super) fn panel(&mut self, height: f64, name: &str, apart: &str, right: f64) -> Area {
        let size = self.format.text();
        let room = self.canvas.width() - 16.0;
        self.y += size * 1.2;
        for (n, line) in wrap(name, size, Weight::Bold, room).iter().enumerate() {
            self.y += if n == 0 { 0.0 } else { size * 1.3 };
            self.canvas.text("ink strong", Align::Left, (8.0, self.y), size, line);
        }
        let right = self.canvas.width() - right;
        let small = size * 0.96;
        let needed =
            text_width(name, size, Weight::Bold) + 24.0 + text_width(apart, small, Weight::Regular);
        if apart.is_empty() {
        } else if needed < right {
            self.canvas.text("muted", Align::Right, (right, self.y), small, apart);
        } else {
            for line in wrap(&quantity::glued(apart), small, Weight::Regular, room) {
                self.y += size * 1.3;
                self.canvas.text("muted", Align::Left, (8.0, self.y), small, &line);
            }
        }
        let top = self.y + size * 1.25;
        self.y = top + height * self.format.lengths().height;
        Area { left: self.left, right, top, bottom: self.y }
    }

    /// Labels at the left, with a line across at each if asked for.
    pub(super) fn vertical_axis(&mut self, area: Area, scale: &Scale, axis: &Axis, is_lined: bool) {
        let most = if area.bottom - area.top > 150.0 { TICKS_MOST } else { 4 };
        for (value, label) in written(axis, scale, most) {
            let y = scale.at(value);
            if is_lined {
                self.canvas.line("l-grid", &[(area.left, y), (area.right, y)]);
            }
            let (at, size) = ((area.left - 7.0, y), self.format.text() * 0.96);
            let label = shortened(&label, size, Weight::Regular, area.left - 10.0);
            self.canvas.text("muted", Align::Right, at, size, &label);
        }
        self.canvas.line("l-axis", &[(area.left, area.bottom), (area.right, area.bottom)]);
    }

    /// Labels below, as many as have room; returns where they stand.
    pub(super) fn horizontal_axis(&mut self, area: Area, scale: &Scale, axis: &Axis) -> Vec<f64> {
        let size = self.format.text();
        let y = area.bottom + size * 1.05;
        let mut kept: Vec<(f64, f64, f64)> = Vec::new();
        for (value, label) in written(axis, scale, self.format.lengths().ticks) {
            let half = text_width(&label, size * 0.96, Weight::Regular) / 2.0;
            let x = scale.at(value);
            // All of it on the sheet.
            let middle = x.clamp(half + 3.0, (self.canvas.width() - half - 3.0).max(half + 3.0));
            if kept.iter().any(|(_, at, reach)| (at - middle).abs() < reach + half + 7.0) {
                continue;
            }
            kept.push((x, middle, half));
            self.canvas.line("l-axis", &[(x, area.bottom), (x, area.bottom + 4.0)]);
            self.canvas.text("muted", Align::Centre, (middle, y + 1.0), size * 0.96, &label);
        }
        let below = y + size * 1.5;
        self.canvas.text("muted", Align::Centre, (area.middle(), below), size, &axis.name);
        self.y = below + size;
        kept.into_iter().map(|(x, ..)| x).collect()
    }

    /// Sets a stretch apart.
    pub(super) fn hatch(&mut self, area: Area, (from, to): (f64, f64)) {
        self.canvas.rectangle("b-hatch", (from, area.top), (to, area.bottom));
        let (width, height) = (to - from, area.bottom - area.top);
        let mut offset = 10.0;
        while offset < width + height {
            // A rising diagonal, cut at the four edges.
            let start = (from + (offset - height).max(0.0), area.top + offset.min(height));
            let end = (from + offset.min(width), area.top + (offset - width).max(0.0));
            self.canvas.line("l-hatch", &[start, end]);
            offset += 10.0;
        }
    }

    /// A reservation below the last panel.
    pub(super) fn footnote(&mut self, text: &str) {
        self.said.push(text.into());
        let (size, width) = (self.format.text() * 0.94, self.canvas.width() - 16.0);
        for line in wrap(&quantity::glued(text), size, Weight::Regular, width) {
            self.y += size * 0.72;
            self.canvas.text("muted", Align::Left, (8.0, self.y), size, &line);
            self.y += size * 0.72;
        }
    }

    pub(super) fn finish(mut self, label: &str) -> String {
        self.canvas.extend_to(self.y + 8.0);
        self.canvas.finish(label, &self.said.join("\n"))
    }
}

/// The role of the area that a tile's role stands for.
pub(super) fn shade(role: &str, is_point: bool) -> String {
    match marker(role) {
        Some(_) => kin(if is_point { "f" } else { "b" }, role),
        None => role.to_owned(),
    }
}

/// What marks a measured point on a tile of this role, and in which role it is drawn.
pub(super) fn point_on(role: &str) -> (Marker, &'static str) {
    let is_filled = marker(role).is_some() || role.starts_with("f-");
    (marker(role).unwrap_or(Marker::Circle), if is_filled { "f-paper" } else { "f-neutral" })
}

/// What is written along an axis, and where.
fn written(axis: &Axis, scale: &Scale, most: usize) -> Vec<(f64, String)> {
    if axis.values.is_empty() {
        let ticks = scale.ticks(axis.unit, most).into_iter();
        return ticks.map(|value| (value, tick(axis.unit, value))).collect();
    }
    axis.values.clone()
}
