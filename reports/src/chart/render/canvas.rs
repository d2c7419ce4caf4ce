//! A sheet to draw on: plotters' SVG writer, with roles in place of colours.
//!
//! plotters writes colours into every element and draws on whole pixels. Here each role gets a
//! stand-in colour that is replaced by a class at the end, and a pixel is cut into [`SCALE`]
//! parts. A text that would leave the sheet is moved back onto it.

use super::text::{Weight, shortened, text_width};
use crate::chart::palette::{Marker, SCALE, kin, marker, style_sheet};
use crate::words::harmless;
use plotters::prelude::{
    Color, DrawingBackend as _, IntoFont, RGBColor, SVGBackend, ShapeStyle, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Room that is left free at both sides of the sheet, in pixels.
const EDGE: f64 = 2.0;

/// Where a text stands, seen from its point.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// A sheet of a given width in pixels, as high as what is drawn asks for.
pub(super) struct Canvas {
    svg: String,
    width: f64,
    height: f64,
    roles: Vec<String>,
}

impl Canvas {
    pub(super) fn new(width: f64) -> Self {
        Self { svg: String::new(), width, height: 0.0, roles: Vec::new() }
    }

    /// Makes the sheet as high as this, in pixels.
    pub(super) fn extend_to(&mut self, height: f64) {
        self.height = self.height.max(height);
    }

    pub(super) fn width(&self) -> f64 {
        self.width
    }

    /// A line through points, in pixels.
    pub(super) fn line(&mut self, role: &str, points: &[(f64, f64)]) {
        if points.len() < 2 {
            return;
        }
        let style = self.style(role);
        let points: Vec<(i32, i32)> = points.iter().map(|point| units(*point)).collect();
        self.draw(|backend| backend.draw_path(points, &style));
    }

    /// A filled polygon.
    pub(super) fn area(&mut self, role: &str, points: &[(f64, f64)]) {
        let style = self.style(role);
        let points: Vec<(i32, i32)> = points.iter().map(|point| units(*point)).collect();
        self.draw(|backend| backend.fill_polygon(points, &style));
    }

    /// A filled rectangle between two corners.
    pub(super) fn rectangle(&mut self, role: &str, from: (f64, f64), to: (f64, f64)) {
        let style = self.style(role);
        let low = (from.0.min(to.0), from.1.min(to.1));
        let high = (from.0.max(to.0), from.1.max(to.1));
        self.draw(|backend| backend.draw_rect(units(low), units(high), &style, true));
    }

    /// A filled disc.
    pub(super) fn dot(&mut self, role: &str, at: (f64, f64), radius: f64) {
        let style = self.style(role);
        let radius = units((radius, 0.0)).0.unsigned_abs();
        self.draw(|backend| backend.draw_circle(units(at), radius, &style, true));
    }

    /// The marker of an engine's line, if it has one; hollow where something is not as it should
    /// be.
    pub(super) fn marker(&mut self, role: &str, at: (f64, f64), size: f64, hollow: bool) {
        let Some(shape) = marker(role) else { return };
        self.shape(&kin("f", role), shape, at, size);
        if hollow {
            self.shape("f-paper", shape, at, size * 0.55);
        }
    }

    /// A bar from one place to another, straight up or across, with a stroke at each end.
    pub(super) fn bar(&mut self, role: &str, from: (f64, f64), to: (f64, f64), end: f64) {
        let is_up = (from.0 - to.0).abs() < 0.01;
        let wide = |(x, y): (f64, f64), half: f64, along: f64| {
            let (dx, dy) = if is_up { (half, along) } else { (along, half) };
            ((x - dx, y - dy), (x + dx, y + dy))
        };
        self.rectangle(role, wide(from, 0.7, 0.0).0, wide(to, 0.7, 0.0).1);
        for place in [from, to] {
            let (low, high) = wide(place, end, 0.7);
            self.rectangle(role, low, high);
        }
    }

    /// A filled shape about a point; `size` is half its width.
    pub(super) fn shape(&mut self, role: &str, shape: Marker, at: (f64, f64), size: f64) {
        let (x, y) = at;
        match shape {
            Marker::Circle => self.dot(role, at, size),
            Marker::Square => {
                let half = size * 0.9;
                self.rectangle(role, (x - half, y - half), (x + half, y + half));
            }
            Marker::Triangle => {
                let (half, low) = (size * 1.15, size * 0.8);
                self.area(role, &[(x, y - size * 1.2), (x + half, y + low), (x - half, y + low)]);
            }
            Marker::Diamond => {
                let far = size * 1.25;
                self.area(role, &[(x, y - far), (x + far, y), (x, y + far), (x - far, y)]);
            }
        }
    }

    /// A line of text; `at` is where its middle height begins, is centred or ends. `size` is
    /// that of the font, in pixels. It is moved to where the sheet holds all of it, and shortened
    /// if the sheet cannot.
    pub(super) fn text(&mut self, role: &str, align: Align, at: (f64, f64), size: f64, text: &str) {
        let weight = Weight::of(role);
        let text = &shortened(&harmless(text), size, weight, self.width - 2.0 * EDGE);
        let width = text_width(text, size, weight);
        let left = match align {
            Align::Left => at.0,
            Align::Centre => at.0 - width / 2.0,
            Align::Right => at.0 - width,
        };
        let last = (self.width - EDGE - width).max(EDGE);
        let at = (at.0 - left + left.clamp(EDGE, last), at.1);
        let colour = self.stand_in(role);
        let h_pos = match align {
            Align::Left => HPos::Left,
            Align::Centre => HPos::Center,
            Align::Right => HPos::Right,
        };
        // The writer divides by 1.24, to match what it takes for the size of a font.
        let size = size * f64::from(SCALE) * 1.24;
        let style: TextStyle<'_> =
            ("sans-serif", size).into_font().color(&colour).pos(Pos::new(h_pos, VPos::Center));
        let at = units(at);
        self.draw(|backend| backend.draw_text(text, &style, at));
    }

    /// The finished drawing, for use inside a page that has the style sheet. `label` is what
    /// somebody hears who cannot see it, `description` what they hear when they ask for more.
    pub(super) fn finish(&mut self, label: &str, description: &str) -> String {
        let mut body = String::new();
        for line in self.svg.lines() {
            body.push_str(line.trim_end());
            if line.starts_with("<text") || !line.starts_with('<') {
                continue;
            }
            body.push('\n');
        }
        // Longest numbers do not matter: every stand-in has six digits.
        for (place, role) in self.roles.iter().enumerate() {
            let colour = hexadecimal(place);
            for attribute in ["fill", "stroke"] {
                body = body
                    .replace(&format!("{attribute}=\"{colour}\""), &format!("class=\"{role}\""));
            }
        }
        for noise in [
            " opacity=\"1\"",
            " stroke=\"none\"",
            " stroke-width=\"1\"",
            " font-family=\"sans-serif\"",
            " text-anchor=\"start\"",
        ] {
            body = body.replace(noise, "");
        }
        let label = escape(label);
        let description = match description {
            "" => String::new(),
            text => format!("<desc>{}</desc>\n", escape(text)),
        };
        let scale = f64::from(SCALE);
        format!(
            "<svg class=\"chart\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {} {}\" \
             width=\"{}\" height=\"{}\" xmlns=\"http://www.w3.org/2000/svg\">\n\
             <title>{label}</title>\n{description}{body}</svg>\n",
            self.width * scale,
            self.height * scale,
            self.width,
            self.height,
        )
    }

    /// Every element is written by a writer of its own into the same text: one writer would
    /// borrow the sheet for as long as it is drawn on.
    fn draw<E: std::fmt::Debug>(
        &mut self,
        element: impl FnOnce(&mut SVGBackend<'_>) -> Result<(), E>,
    ) {
        let mut text = String::new();
        let mut backend = SVGBackend::with_string(&mut text, (1, 1));
        element(&mut backend).expect("writing SVG into memory cannot fail");
        backend.present().expect("writing SVG into memory cannot fail");
        drop(backend);
        // Without the writer's own frame, the first and the last line.
        let inner = text.split_once('\n').map_or("", |(_, rest)| rest);
        self.svg.push_str(inner.trim_end().trim_end_matches("</svg>"));
    }

    fn style(&mut self, role: &str) -> ShapeStyle {
        self.stand_in(role).filled()
    }

    fn stand_in(&mut self, role: &str) -> RGBColor {
        let place = self.roles.iter().position(|known| known == role).unwrap_or_else(|| {
            self.roles.push(role.to_owned());
            self.roles.len() - 1
        });
        let place = u8::try_from(place).expect("a drawing has fewer than 256 roles");
        RGBColor(0xF0, 0x0D, place)
    }
}

/// A drawing that can be opened alone: with its own ground, and of the style sheet what it uses.
pub(in crate::chart) fn standalone(svg: &str) -> String {
    let (head, rest) = svg.split_once(">\n").unwrap_or((svg, ""));
    let ground = "<rect class=\"f-paper\" width=\"100%\" height=\"100%\"/>";
    let classes = rest.split(" class=\"").skip(1).filter_map(|text| text.split('"').next());
    let used: BTreeSet<&str> = classes.flat_map(str::split_whitespace).chain(["f-paper"]).collect();
    let sheet = used_of(&style_sheet(), &used);
    format!("{head}>\n<style>\n{sheet}</style>\n{ground}\n{rest}")
}

/// The rules of our own style sheet for these classes, and those for a chart as a whole.
fn used_of(sheet: &str, classes: &BTreeSet<&str>) -> String {
    let is_used = |selector: &&str| {
        selector.strip_prefix(".chart .").is_none_or(|class| classes.contains(class))
    };
    let mut used = String::new();
    for line in sheet.lines() {
        // Where rules for a dark ground, or for paper, begin and end.
        let is_rules = line.starts_with(".chart");
        let mut kept = if is_rules { String::new() } else { line.to_owned() };
        for (selectors, rest) in line.split_inclusive('}').filter_map(|rule| rule.split_once('{')) {
            let selectors: Vec<&str> = selectors.split(',').filter(is_used).collect();
            if is_rules && !selectors.is_empty() {
                let _ = write!(kept, "{}{{{rest}", selectors.join(","));
            }
        }
        if !kept.is_empty() {
            used += &kept;
            used.push('\n');
        }
    }
    used
}

/// Text for an attribute or for the inside of an element.
pub(super) fn escape(text: &str) -> String {
    let text = harmless(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn hexadecimal(place: usize) -> String {
    format!("#F00D{place:02X}")
}

#[expect(clippy::cast_possible_truncation, reason = "float casts saturate, and a sheet is small")]
fn units((x, y): (f64, f64)) -> (i32, i32) {
    let scale = f64::from(SCALE);
    ((x * scale).round() as i32, (y * scale).round() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_names_roles_and_no_colour() {
        let mut canvas = Canvas::new(100.0);
        canvas.extend_to(50.0);
        canvas.line("l-pe0", &[(0.0, 0.0), (10.5, 10.25)]);
        canvas.rectangle("f-paper", (10.0, 10.0), (0.0, 0.0));
        canvas.dot("f-mb0", (5.0, 5.0), 3.0);
        canvas.text("ink", Align::Right, (50.0, 20.0), 12.0, "a < b & \"c\"");
        insta::assert_snapshot!(canvas.finish("what \"it\" shows", ""));
    }

    #[test]
    fn a_file_carries_the_styles_of_what_is_in_it_alone() {
        let mut canvas = Canvas::new(100.0);
        canvas.extend_to(50.0);
        canvas.line("l-pe0", &[(0.0, 0.0), (10.5, 10.25)]);
        let file = standalone(&canvas.finish("", ""));
        let (light, others) = file.split_once("@media (prefers-color-scheme:dark){\n").unwrap();
        let (dark, paper) = others.split_once("}\n@media print{\n").unwrap();
        for (part, stroke) in [(light, "#0072B2"), (dark, "#56B4E9"), (paper, "#0072B2")] {
            assert!(part.contains(&format!(".chart .l-pe0{{stroke:{stroke}}}")), "{part}");
            assert!(part.contains(".chart .f-paper{fill:"), "{part}");
        }
        assert!(
            light.contains(".chart{font-family:") && light.contains(".chart .l-pe0{stroke-width")
        );
        for other in ["l-mb0", "t-pe0", "l-st0", "r-c0", "halo", "{}"] {
            assert!(!file.contains(other), "{other} in\n{file}");
        }
        assert_eq!(file.matches('{').count(), file.matches('}').count());
    }

    #[test]
    fn what_was_typed_leaves_a_drawing_well_formed() {
        let typed = "a\u{1b}[31m\0b\u{7}\u{202e}\u{ffff}<x>";
        let mut canvas = Canvas::new(400.0);
        canvas.text("ink", Align::Left, (10.0, 20.0), 12.0, typed);
        let svg = canvas.finish(typed, typed);
        assert!(!svg.chars().any(crate::words::is_obeyed), "{svg:?}");
        let shown = "a\\u001b[31m\\u0000b\\u0007\\u202e\\uffff&lt;x&gt;";
        assert_eq!(svg.matches(shown).count(), 4, "label, title, description and text: {svg}");
    }

    #[test]
    fn a_text_stays_on_the_sheet() {
        let placed = |align, at: f64, text: &str| {
            let mut canvas = Canvas::new(100.0);
            canvas.text("ink", align, (at, 10.0), 10.0, text);
            let svg = canvas.finish("", "");
            let line = svg.lines().find(|line| line.starts_with("<text")).unwrap().to_owned();
            let x = line.split_once(" x=\"").unwrap().1.split('"').next().unwrap();
            (x.parse::<f64>().unwrap() / 4.0, line)
        };
        let (end, _) = placed(Align::Centre, 99.0, "99.9999 %");
        assert!(end < 76.0, "{end}: half of it lies to the right");
        let (end, _) = placed(Align::Right, 10.0, "99.9999 %");
        assert!(end > 40.0, "{end}: all of it lies to the left");
        assert!((placed(Align::Left, 30.0, "99 %").0 - 30.0).abs() < 1e-9, "it has room there");
        let (begin, line) = placed(Align::Left, 90.0, "what no sheet of this width can hold");
        assert!(begin < 10.0 && line.contains('…'), "{line}");
    }
}
