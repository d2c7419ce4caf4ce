//! The drawing of a chart: everything that it says, on paper.
//!
//! One order from back to front holds for all: what is set apart, the grid, pale areas, lines (a
//! dashed one above a solid one, so that both are seen where they coincide), rules, points, words.

use super::canvas::Align;
use super::frame::{Area, Entry, Format, Frame, point_on, shade};
use super::labels::{draw_names, draw_rules, stands_above};
use super::rows;
use super::scale::Scale;
use super::text::{Weight, text_width};
use crate::chart::description::{Description, Drawn, Panel, Picture, Plot, Point, Series, Tile};
use crate::chart::palette::{CIVIDIS, HATCH, ink_on, is_dashed, kin, marker};

/// Room at the right, in pixels, where nothing asks for more.
const MARGIN: f64 = 20.0;

/// Room at the right for counts by height.
const COUNTED: f64 = 120.0;

/// A chart as SVG for a page that has the style sheet.
pub(in crate::chart) fn drawn(description: &Description, format: Format) -> String {
    let Description { title, definition, picture, notes, .. } = description;
    let mut frame = Frame::new(format, title, definition);
    match picture {
        Picture::Live(plot) | Picture::Still(plot) => draw(&mut frame, plot),
        Picture::Rows(rows) => rows::draw(&mut frame, rows),
    }
    for note in notes {
        frame.footnote(note);
    }
    frame.finish(title)
}

fn draw(frame: &mut Frame, plot: &Plot) {
    frame.legend(&legend(plot));
    frame.shades(&plot.shades, plot.panels.iter().find_map(|panel| panel.here.as_ref()));
    frame.make_room(plot.panels.iter().map(|panel| &panel.y));
    if let Some(ends) = &plot.ramp {
        frame.ramp(ends, &CIVIDIS);
    }
    let right = margin(plot, frame.format);
    for (n, panel) in plot.panels.iter().enumerate() {
        let apart = if n == 0 { apart(panel) } else { String::new() };
        let area = frame.panel(f64::from(panel.height), &panel.y.name, &apart, right);
        // Inside of the panel where single values are marked, so that none stands on its edge.
        let inset = if plot.x.values.is_empty() || panel.series.is_empty() { 0.0 } else { 16.0 };
        let x = Scale::of(&plot.x, (area.left + inset, area.right - inset));
        draw_panel(frame, panel, area, &x);
        if n == 0 && !panel.counted.is_empty() && frame.format == Format::Wide {
            let (size, left) = (frame.format.text(), area.right + 14.0);
            let at = (left, area.top - size * 1.25);
            frame.canvas.text("muted", Align::Left, at, size * 0.96, "count by height");
        }
        if n + 1 == plot.panels.len() {
            frame.horizontal_axis(area, &x, &plot.x);
        }
    }
}

/// What is set apart in a panel, in words.
fn apart(panel: &Panel) -> String {
    let labels = |hatched: bool| -> Vec<&str> {
        let regions = panel.regions.iter().filter(|region| (region.role == HATCH) == hatched);
        regions.map(|region| region.label.as_str()).collect()
    };
    let kinds = [("hatched", labels(true)), ("shaded", labels(false))].into_iter();
    let kinds = kinds.filter(|(_, labels)| !labels.is_empty());
    kinds
        .map(|(how, labels)| format!("{how}: {}", labels.join("; ")))
        .collect::<Vec<_>>()
        .join("; ")
}

fn legend(plot: &Plot) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let series = || plot.panels.iter().flat_map(|panel| &panel.series);
    for one in series().filter(|one| !one.points.0.is_empty()) {
        let label = one.legend.as_deref().unwrap_or(&one.of);
        if entries.iter().all(|entry| entry.label != label) {
            let same = series().filter(|other| other.of == one.of);
            let hollow = same.flat_map(|other| &other.points.0).all(|point| point.hollow);
            entries.push(Entry { role: one.role, label, hollow });
        }
    }
    entries.sort_by_key(|entry| marker(entry.role).is_none());
    entries
}

/// Room at the right: for counts, or for what is written at the last value.
fn margin(plot: &Plot, format: Format) -> f64 {
    let size = format.text();
    let is_last = |x: f64| x >= plot.x.range.1 * 0.999;
    let named = plot.panels.iter().flat_map(|panel| &panel.series).flat_map(|one| &one.named);
    let named = named
        .filter(|(x, ..)| is_last(*x))
        .map(|name| text_width(&name.2, size, Weight::Regular) + 14.0);
    let values = plot.x.values.iter().filter(|(x, _)| is_last(*x));
    let values = values.map(|(_, text)| text_width(text, size, Weight::Regular) / 2.0 - 8.0);
    let counted = plot.panels.iter().any(|panel| !panel.counted.is_empty());
    let least = if counted && format == Format::Wide { COUNTED } else { MARGIN };
    named.chain(values).fold(least, f64::max)
}

fn draw_panel(frame: &mut Frame, panel: &Panel, area: Area, x: &Scale) {
    let size = frame.format.text();
    let labelled = panel.rules.iter().filter(|rule| stands_above(rule)).count() as f64;
    // Labels of lines that run up have the top to themselves.
    let room = if labelled > 0.0 { size * (1.4 * labelled + 0.6) } else { 0.0 };
    let inset = if panel.y.values.is_empty() || panel.series.is_empty() { 0.0 } else { 9.0 };
    let y = Scale::of(&panel.y, (area.bottom - inset, area.top + room + inset));
    for region in &panel.regions {
        let (from, to) = (edge(region.from, x, area), edge(region.to, x, area));
        if region.role == HATCH && to - from > 1.0 {
            frame.hatch(area, (from, to));
        } else {
            let role = kin("b", region.role);
            frame.canvas.rectangle(&role, (from, area.top), (to, area.bottom));
        }
    }
    let is_lined = panel.y.values.is_empty() || panel.tiles.is_empty();
    frame.vertical_axis(area, &y, &panel.y, is_lined);
    for tile in &panel.tiles {
        draw_tile(frame, tile, x, &y);
    }
    let mut series: Vec<&Series> = panel.series.iter().collect();
    series.sort_by_key(|one| layer(one));
    for one in &series {
        draw_line(frame, one, area, x, &y);
    }
    let mut taken = draw_rules(frame, panel, area, x, &y);
    for (place, one) in panel.series.iter().enumerate() {
        draw_points(frame, one, place, x, &y);
    }
    draw_names(frame, panel, area, (x, &y), &mut taken);
    if let Some(here) = &panel.here {
        frame.ring((x.at(here.at.0), y.at(here.at.1)));
    }
    for at in &panel.ticked {
        frame.canvas.line("l-ink", &[(x.at(*at), area.top - 4.0), (x.at(*at), area.top + 1.0)]);
    }
    if let Some(role) = panel.series.first().map(|one| kin("f", one.role))
        && frame.format == Format::Wide
        && !panel.counted.is_empty()
    {
        draw_counted(frame, &role, area, &y, &panel.counted);
    }
}

fn draw_tile(frame: &mut Frame, tile: &Tile, x: &Scale, y: &Scale) {
    let size = frame.format.text();
    let gap = if tile.text.is_empty() && !tile.is_point { 0.0 } else { 1.5 };
    let from = (x.at(tile.x.0) + gap, y.at(tile.y.0) - gap);
    let to = (x.at(tile.x.1) - gap, y.at(tile.y.1) + gap);
    let filled = shade(tile.role, tile.is_point);
    if tile.role == HATCH {
        frame.hatch(Area { left: from.0, right: to.0, top: to.1, bottom: from.1 }, (from.0, to.0));
    } else if !tile.role.is_empty() {
        frame.canvas.rectangle(&filled, from, to);
    }
    let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
    let mut at = middle;
    if tile.is_point {
        let (shape, ink) = point_on(tile.role);
        at.1 -= size * 0.6;
        frame.canvas.shape(ink, shape, (middle.0, middle.1 + size * 0.6), 2.6);
    }
    let ink = ink_on(&filled);
    // In a tile that is too narrow for it, its table says it.
    let fits = !tile.is_point || text_width(&tile.text, size, Weight::of(ink)) <= to.0 - from.0;
    if !tile.text.is_empty() && fits {
        frame.canvas.text(ink, Align::Centre, at, size, &tile.text);
    }
}

/// The end of a stretch; one that ends with the axis ends with the panel.
fn edge(at: f64, x: &Scale, area: Area) -> f64 {
    let (first, last) = x.range();
    match at {
        at if at <= first => area.left,
        at if at >= last => area.right,
        at => x.at(at),
    }
}

/// From back to front.
fn layer(series: &Series) -> usize {
    match series.drawn {
        Drawn::Band => 0,
        Drawn::Faint => 1,
        Drawn::Line | Drawn::Area => 2 + usize::from(is_dashed(series.role)),
        Drawn::Thin | Drawn::Points | Drawn::Dots => 4,
    }
}

fn draw_line(frame: &mut Frame, series: &Series, area: Area, x: &Scale, y: &Scale) {
    let place = |point: &Point| (x.at(point.x), y.at(point.y));
    if let Some((low, high)) = series.reach {
        let (top, bottom) = (y.at(high), y.at(low));
        if bottom - top > 1.0 {
            let band = kin("b", series.role);
            frame.canvas.rectangle(&band, (area.left, top), (area.right, bottom));
        }
        if let Some(point) = series.points.0.first() {
            let height = y.at(point.y);
            frame.canvas.line(series.role, &[(area.left, height), (area.right, height)]);
        }
        return;
    }
    let is_joined = |point: &Point| point.y.is_finite() && (series.is_behind || !point.hollow);
    for run in series.points.0.chunk_by(|a, b| is_joined(a) == is_joined(b)) {
        if !run.first().is_some_and(is_joined) {
            continue;
        }
        let line: Vec<(f64, f64)> = run.iter().map(place).collect();
        match series.drawn {
            Drawn::Band => {
                let end = |of: fn((f64, f64)) -> f64| {
                    let ends =
                        run.iter().filter_map(move |point| Some((point.x, of(point.interval?))));
                    ends.map(|(at, value)| (x.at(at), y.at(value))).collect::<Vec<_>>()
                };
                let (mut outline, below) = (end(|ends| ends.1), end(|ends| ends.0));
                outline.extend(below.into_iter().rev());
                frame.canvas.area(&kin("b", series.role), &outline);
            }
            Drawn::Area => {
                let mut outline = line.clone();
                if let [first, .., last] = line[..] {
                    outline.extend([(last.0, area.bottom), (first.0, area.bottom)]);
                }
                frame.canvas.area(&kin("b", series.role), &outline);
                frame.canvas.line(series.role, &line);
            }
            Drawn::Line => frame.canvas.line(series.role, &line),
            Drawn::Thin => frame.canvas.line(&thin(series.role), &line),
            Drawn::Faint => frame.canvas.line(&kin("t", series.role), &line),
            Drawn::Points | Drawn::Dots => {}
        }
    }
}

/// The role of an engine's lines where they are thin; what is no engine's is thin as it is.
pub(super) fn thin(role: &str) -> String {
    if marker(role).is_some() { kin("o", role) } else { role.into() }
}

/// `place` is that of the series in its panel: markers of lines that coincide stand apart.
fn draw_points(frame: &mut Frame, series: &Series, place: usize, x: &Scale, y: &Scale) {
    let fill = kin("f", series.role);
    let shown = || series.points.0.iter().filter(|point| point.y.is_finite());
    let many = shown().count();
    let is_line = matches!(series.drawn, Drawn::Line | Drawn::Area);
    // A marker now and then tells lines apart without colour.
    let every = if is_line && many > 9 { many.div_ceil(9) } else { 1 };
    let offset = place * every.div_ceil(3) % every;
    for (at, value) in &series.dots {
        frame.canvas.dot(&fill, (x.at(*at), y.at(*value)), 1.6);
    }
    for (n, point) in shown().enumerate() {
        // What has something to say for itself is always marked.
        let is_told = point.interval.or(point.across).is_some() || point.hollow != series.is_behind;
        if n % every != offset && !is_told {
            continue;
        }
        let at = (x.at(point.x), y.at(point.y));
        match series.drawn {
            Drawn::Dots => frame.canvas.dot(&fill, at, 1.3),
            Drawn::Line | Drawn::Area | Drawn::Points if series.reach.is_none() => {
                if let Some((low, high)) = point.interval {
                    frame.canvas.bar(&fill, (at.0, y.at(high)), (at.0, y.at(low)), 4.0);
                }
                if let Some((low, high)) = point.across {
                    frame.canvas.bar(&fill, (x.at(low), at.1), (x.at(high), at.1), 0.7);
                }
                let size = match (is_line, many) {
                    (true, 10..) => 3.9,
                    (false, 61..) if !point.hollow => 2.6,
                    _ => 4.6,
                };
                frame.canvas.marker(series.role, at, size, point.hollow);
            }
            _ => {}
        }
    }
}

/// Bars to the right of a panel, on its vertical axis.
fn draw_counted(frame: &mut Frame, role: &str, area: Area, y: &Scale, values: &[f64]) {
    const BINS: usize = 13;
    let (low, high) = y.range();
    let mut bins = [0_usize; BINS];
    for value in values.iter().filter(|value| value.is_finite()) {
        let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 13")]
        let bin = (share * BINS as f64) as usize;
        bins[bin.min(BINS - 1)] += 1;
    }
    let fullest = bins.iter().copied().max().unwrap_or(0).max(1) as f64;
    let height = (area.bottom - area.top) / BINS as f64;
    let left = area.right + 14.0;
    for (n, count) in bins.iter().enumerate().filter(|(_, count)| **count > 0) {
        let bottom = area.bottom - n as f64 * height;
        let width = (*count as f64 / fullest * (COUNTED - 26.0)).max(1.0);
        let corner = (left + width, bottom - height + 0.75);
        frame.canvas.rectangle(role, (left, bottom - 0.75), corner);
    }
    frame.canvas.line("l-axis", &[(left, area.top), (left, area.bottom)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::description::{Axis, Data, Region, Rule, Unit};
    use crate::chart::palette::RULE;

    /// A panel from 0 to 100 on both axes, 100 pixels high.
    fn panel(series: Vec<Series>) -> Panel {
        Panel::new(Axis::linear("how much", Unit::Number, (0.0, 100.0)), 100, series)
    }

    #[track_caller]
    fn lines(panel: Panel) -> Vec<String> {
        let x = Axis::linear("when", Unit::Number, (0.0, 100.0));
        let description = Description {
            name: "any".into(),
            title: "what was found".into(),
            definition: String::new(),
            picture: Picture::Still(Plot::new(x, vec![panel])),
            notes: Vec::new(),
            data: Data::new([], Vec::new()),
        };
        drawn(&description, Format::Wide).lines().map(str::to_owned).collect()
    }

    /// Where a text stands, in pixels from the left and from the top.
    fn place(line: &str) -> (f64, f64) {
        let number = |name: &str| {
            let rest = line.split_once(&format!(" {name}=\"")).unwrap().1;
            rest.split('"').next().unwrap().parse::<f64>().unwrap() / 4.0
        };
        (number("x"), number("y"))
    }

    #[test]
    fn no_word_lies_over_another() {
        let series = |n: u32| {
            let mut series = Series::new(n.to_string(), "", "l-pe0", Drawn::Line, []);
            series.named.push((50.0, 50.0, format!("words of {n}")));
            series
        };
        let lines = lines(panel((0..9).map(series).collect()));
        let words: Vec<(f64, f64)> =
            lines.iter().filter(|line| line.contains("words of")).map(|line| place(line)).collect();
        assert!((3..9).contains(&words.len()), "{words:?}");
        for (n, a) in words.iter().enumerate() {
            for b in &words[..n] {
                assert!((a.0 - b.0).abs() > 60.0 || (a.1 - b.1).abs() > 12.0, "{words:?}");
            }
        }
    }

    #[test]
    fn words_one_above_the_other_stay_beside_their_points() {
        let series = |n: u32| {
            let height = 50.0 + 4.0 * f64::from(n);
            let mut series = Series::new(n.to_string(), "", "l-pe0", Drawn::Thin, []);
            series.named.push((50.0, height, format!("words of {n}")));
            series
        };
        let lines = lines(panel((0..4).map(series).collect()));
        let named = |n: &u32| lines.iter().find(|line| line.contains(&format!("words of {n}")));
        let heights: Vec<f64> =
            (0..4).filter_map(|n| named(&n)).map(|line| place(line).1).collect();
        assert!(heights.len() > 1, "{heights:?}");
        assert!(heights.is_sorted_by(|a, b| a > b), "the higher value is not below: {heights:?}");
    }

    #[test]
    fn a_demand_at_the_very_top_is_named_inside() {
        let height = |at: f64| {
            let mut panel = panel(Vec::new());
            panel.rules.push(Rule::across(at, "as demanded".into()));
            let lines = lines(panel);
            let line = lines.iter().find(|line| line.contains(RULE)).unwrap();
            let points = line.split_once("points=\"").unwrap().1;
            let rule = points.split([',', ' ']).nth(1).unwrap().parse::<f64>().unwrap() / 4.0;
            rule - place(lines.iter().find(|line| line.contains("demanded")).unwrap()).1
        };
        assert!(height(50.0) > 8.0, "above its line");
        assert!(height(100.0) < -8.0, "below its line");
    }

    #[test]
    fn what_fell_behind_is_joined_to_nothing_unless_all_of_it_did() {
        let count = |series: Series| {
            lines(panel(vec![series])).iter().filter(|line| line.contains("\"l-mb0\"")).count()
        };
        let series =
            || Series::new("a", "", "l-mb0", Drawn::Line, (0..4).map(|n| (f64::from(n), 1.0)));
        let mut one = series();
        one.points.0[3].hollow = true;
        // Each of them has a line in the legend as well.
        assert_eq!(count(one), 2);
        assert_eq!(count(series().hollow()), 1);
        assert_eq!(count(series().not_sustained(true)), 2);
    }

    #[test]
    fn a_stretch_is_hatched_or_shaded_and_says_so() {
        let mut panel = panel(Vec::new());
        for role in [HATCH, "l-mb0"] {
            panel.regions.push(Region { from: 10.0, to: 30.0, label: "apart".into(), role });
        }
        let text = lines(panel).join("\n");
        assert!(text.contains("hatched: apart; shaded: apart"), "{text}");
        assert!(text.contains("\"b-hatch\"") && text.contains("\"b-mb0\""));
    }
}
