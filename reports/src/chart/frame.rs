//! What all charts have in common: a title, a definition, a legend, panels and their axes.

use super::Timing;
use super::canvas::{Align, Canvas, text_width, wrap};
use super::palette::Identity;
use super::scale::Scale;
use crate::quantity;

/// For which page a chart is drawn. A wide one that is shrunk to a narrow page has letters that
/// nobody can read.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Format {
    Wide,
    Narrow,
}

impl Format {
    fn width(self) -> f64 {
        match self {
            Self::Wide => 880.0,
            Self::Narrow => 400.0,
        }
    }

    /// Height of the usual panel.
    pub(super) fn height(self) -> f64 {
        match self {
            Self::Wide => 300.0,
            Self::Narrow => 250.0,
        }
    }

    /// Size of most texts.
    pub(super) fn text(self) -> f64 {
        match self {
            Self::Wide => 12.5,
            Self::Narrow => 11.5,
        }
    }

    fn title(self) -> f64 {
        match self {
            Self::Wide => 17.0,
            Self::Narrow => 15.0,
        }
    }

    fn left(self) -> f64 {
        match self {
            Self::Wide => 66.0,
            Self::Narrow => 54.0,
        }
    }

    /// About how many labels fit along the horizontal axis.
    pub(super) fn ticks(self) -> usize {
        match self {
            Self::Wide => 10,
            Self::Narrow => 5,
        }
    }
}

/// One entry of a legend.
pub(super) struct Entry<'a> {
    pub(super) identity: Identity,
    pub(super) label: &'a str,
    /// The engine did not keep up.
    pub(super) hollow: bool,
}

/// A chart being drawn, from the top down.
pub(super) struct Frame {
    pub(super) canvas: Canvas,
    pub(super) format: Format,
    y: f64,
    /// Kept free at the right, in pixels.
    right: f64,
    /// What is said beside the picture: the definition, then each footnote.
    said: Vec<String>,
}

/// A rectangle with axes, in pixels.
#[derive(Copy, Clone)]
pub(super) struct Panel {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Panel {
    pub(super) fn x(self) -> (f64, f64) {
        (self.left, self.right)
    }

    /// Bottom first, as values grow upwards.
    pub(super) fn y(self) -> (f64, f64) {
        (self.bottom, self.top)
    }
}

impl Frame {
    pub(super) fn new(format: Format, title: &str, definition: &str, right: f64) -> Self {
        let mut canvas = Canvas::new(format.width());
        let width = format.width() - 16.0;
        let mut y = 4.0;
        for (role, size, text) in
            [("ink title", format.title(), title), ("muted", format.text(), definition)]
        {
            for line in wrap(&quantity::glued(text), size, width) {
                y += size * 0.72;
                canvas.text(role, Align::Left, (8.0, y), size, &line);
                y += size * 0.72;
            }
            y += 4.0;
        }
        Self { canvas, format, y, right, said: vec![definition.into()] }
    }

    /// Names the engines, each with its dash and its marker.
    pub(super) fn legend(&mut self, entries: &[Entry<'_>]) {
        let size = self.format.text();
        let (mut x, mut y) = (8.0, self.y + 9.0);
        for entry in entries {
            let label = if entry.hollow {
                format!("{} (not sustained)", entry.label)
            } else {
                entry.label.to_owned()
            };
            let width = 46.0 + text_width(&label, size) + 16.0;
            if x > 8.0 && x + width > self.canvas.width() {
                (x, y) = (8.0, y + size * 1.6);
            }
            self.canvas.line(entry.identity.line, &[(x, y), (x + 36.0, y)]);
            self.canvas.marker(entry.identity, (x + 18.0, y), 4.2, entry.hollow);
            self.canvas.text("ink", Align::Left, (x + 43.0, y), size, &label);
            x += width;
        }
        self.y = y + 10.0;
    }

    /// One more entry for a line that is no engine's.
    pub(super) fn note(&mut self, role: &'static str, label: &str) {
        let (size, y) = (self.format.text(), self.y + 9.0);
        self.canvas.line(role, &[(8.0, y), (44.0, y)]);
        self.canvas.text("ink", Align::Left, (51.0, y), size, label);
        self.y = y + 10.0;
    }

    /// The next panel below, with what it shows written above it.
    pub(super) fn panel(&mut self, height: f64, name: &str) -> Panel {
        let size = self.format.text();
        let y = self.y + size * 1.2;
        self.canvas.text("ink strong", Align::Left, (8.0, y), size, name);
        let top = y + size * 1.25;
        self.y = top + height;
        Panel {
            left: self.format.left(),
            right: self.canvas.width() - self.right,
            top,
            bottom: self.y,
        }
    }

    /// Labels at the left, with a line across at each.
    pub(super) fn vertical_axis(&mut self, panel: Panel, scale: &Scale, show: fn(f64) -> String) {
        let most = if panel.bottom - panel.top > 150.0 { 9 } else { 4 };
        for tick in scale.ticks(most) {
            let y = scale.at(tick);
            self.canvas.line("l-grid", &[(panel.left, y), (panel.right, y)]);
            let label = if tick == 0.0 { "0".into() } else { quantity::tick(&show(tick)) };
            let at = (panel.left - 7.0, y);
            self.canvas.text("muted", Align::Right, at, self.format.text() * 0.96, &label);
        }
        self.canvas.line("l-axis", &[(panel.left, panel.bottom), (panel.right, panel.bottom)]);
    }

    /// Labels below. `show` gives a label for each of the values.
    pub(super) fn horizontal_axis(
        &mut self,
        panel: Panel,
        scale: &Scale,
        ticks: &[f64],
        show: impl Fn(f64) -> String,
        name: &str,
    ) {
        let size = self.format.text();
        let y = panel.bottom + size * 1.05;
        for tick in ticks {
            let x = scale.at(*tick);
            self.canvas.line("l-axis", &[(x, panel.bottom), (x, panel.bottom + 4.0)]);
            self.canvas.text("muted", Align::Centre, (x, y + 1.0), size * 0.96, &show(*tick));
        }
        let middle = f64::midpoint(panel.left, panel.right);
        let below = y + size * 1.5;
        self.canvas.text("muted", Align::Centre, (middle, below), size, name);
        self.y = below + size;
    }

    /// Seconds since the measured start, below; and the warm-up hatched, in every panel given.
    pub(super) fn time_axis(&mut self, panels: &[Panel], scale: &Scale) {
        let Some(last) = panels.last().copied() else { return };
        let ticks = scale.ticks(self.format.ticks());
        let show = |tick: f64| {
            let tick = if tick.abs() < 1e-9 { 0.0 } else { tick };
            let text = format!("{tick:.3}");
            text.trim_end_matches('0').trim_end_matches('.').replace('-', "−")
        };
        self.horizontal_axis(last, scale, &ticks, show, "seconds since the measured start");
        let start = scale.at(0.0);
        for (n, panel) in panels.iter().enumerate() {
            if start - panel.left > 1.0 {
                self.hatch(*panel, start);
            }
            if n == 0 && start - panel.left > 1.0 {
                let at = (panel.right, panel.top - self.format.text() * 1.25);
                let text = "hatched: warm-up, not measured";
                self.canvas.text("muted", Align::Right, at, self.format.text() * 0.96, text);
            }
        }
    }

    /// Who was still warming up after the others had begun: a strip at the foot of each panel, in
    /// the engine's colour, up to where its measured part begins.
    pub(super) fn warm_ups(&mut self, panels: &[Panel], scale: &Scale, timing: &Timing<'_>) {
        let late = timing.warm_ups.iter().filter(|(.., end_s)| *end_s > 1e-9);
        for (place, (_, identity, end_s)) in late.enumerate() {
            for panel in panels {
                let bottom = panel.bottom - 9.0 * place as f64;
                let (from, to) = (scale.at(0.0), scale.at(*end_s));
                self.canvas.rectangle(identity.band, (from, bottom - 8.0), (to, bottom));
                self.canvas.line(identity.line, &[(to, bottom - 10.0), (to, bottom)]);
            }
        }
    }

    /// Where what comes next may begin.
    pub(super) const fn below(&self) -> f64 {
        self.y
    }

    /// Room for what was drawn below the last panel by hand.
    pub(super) fn skip(&mut self, height: f64) {
        self.y += height;
    }

    /// A definition or a reservation below the last panel.
    pub(super) fn footnote(&mut self, text: &str) {
        self.said.push(text.into());
        let size = self.format.text() * 0.94;
        for line in wrap(&quantity::glued(text), size, self.canvas.width() - 16.0) {
            self.y += size * 0.72;
            self.canvas.text("muted", Align::Left, (8.0, self.y), size, &line);
            self.y += size * 0.72;
        }
    }

    pub(super) fn finish(mut self, label: &str) -> String {
        self.canvas.extend_to(self.y + 8.0);
        self.canvas.finish(label, &self.said.join("\n"))
    }

    fn hatch(&mut self, panel: Panel, end: f64) {
        self.canvas.rectangle("b-hatch", (panel.left, panel.top), (end, panel.bottom));
        let (width, height) = (end - panel.left, panel.bottom - panel.top);
        let mut offset = 10.0;
        while offset < width + height {
            // A rising diagonal, cut at the four edges.
            let from = (panel.left + (offset - height).max(0.0), panel.top + offset.min(height));
            let to = (panel.left + offset.min(width), panel.top + (offset - width).max(0.0));
            self.canvas.line("l-hatch", &[from, to]);
            offset += 10.0;
        }
    }
}
