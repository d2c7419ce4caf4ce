//! Figures one below the other, drawn: bars, whole or in parts, or from zero to either side, and dots
//! with their intervals.

use super::canvas::Align;
use super::frame::{Area, Entry, Frame};
use super::scale::Scale;
use super::text::{Weight, text_width, wrap};
use crate::chart::description::{Lane, Row, Rows, Swing};

/// Height of a line among others of one row, in pixels.
const LANE: f64 = 13.0;

/// Height of a bar to either side, with the room about it.
const SWING: f64 = 20.0;

pub(super) fn draw(frame: &mut Frame, rows: &Rows) {
    let size = frame.format.text();
    let entries = rows.legend.iter();
    let entries: Vec<Entry<'_>> =
        entries.map(|(role, label)| Entry { role, label, hollow: false }).collect();
    frame.legend(&entries);
    let width = frame.canvas.width() - 30.0;
    let labels: Vec<Vec<String>> =
        rows.figures.iter().map(|row| wrap(&row.label, size, Weight::Regular, width)).collect();
    let tallest = labels.iter().map(Vec::len).max().unwrap_or(1) as f64;
    let is_bars = rows.figures.iter().any(|row| !row.bar.is_empty());
    let lanes = rows.figures.iter().map(|row| row.lanes.len()).max().unwrap_or(0) as f64;
    let swings = rows.figures.iter().map(|row| row.swings.len()).max().unwrap_or(0) as f64;
    let below = match (lanes > 0.0, swings > 0.0, is_bars) {
        (true, ..) => 12.0 + LANE * lanes,
        (_, true, _) => 10.0 + SWING * swings,
        (.., true) => 26.0,
        _ => 20.0,
    };
    let height = tallest * size * 1.25 + below;
    let area = frame.panel(0.0, &rows.heading, "", 20.0);
    let bottom = area.top + height * rows.figures.len() as f64;
    let area = Area { left: 10.0, bottom, ..area };
    let x = Scale::of(&rows.x, (area.left, area.right));
    for (n, row) in rows.figures.iter().enumerate() {
        if let Some((low, high)) = row.zone {
            let bottom = area.top + height * (n + 1) as f64 - 2.0;
            let high_as = if row.swings.is_empty() { 18.0 } else { SWING * swings };
            frame.canvas.rectangle("b-hatch", (x.at(low), bottom - high_as), (x.at(high), bottom));
        }
    }
    let ticks = frame.horizontal_axis(area, &x, &rows.x);
    for at in ticks {
        frame.canvas.line("l-grid", &[(at, area.top), (at, area.bottom)]);
    }
    for (n, (row, lines)) in rows.figures.iter().zip(&labels).enumerate() {
        let top = area.top + height * n as f64;
        for (line, text) in lines.iter().enumerate() {
            let at = (area.left + 2.0, top + size * (0.7 + 1.25 * line as f64));
            frame.canvas.text("ink", Align::Left, at, size, text);
        }
        draw_row(frame, row, &x, top + height - 11.0);
        let first = top + size * 1.25 * tallest + LANE / 2.0;
        for (n, lane) in row.lanes.iter().enumerate() {
            draw_lane(frame, lane, &x, first + LANE * n as f64);
        }
        let first = top + height - 2.0 - SWING * (swings - 0.5);
        for (n, swing) in row.swings.iter().enumerate() {
            draw_swing(frame, swing, &x, first + SWING * n as f64);
        }
    }
    if swings > 0.0 {
        frame.canvas.line("l-axis", &[(x.at(0.0), area.top), (x.at(0.0), area.bottom)]);
    }
    if is_bars {
        frame.canvas.line("l-axis", &[(area.left, area.top), (area.left, area.bottom)]);
    }
    frame.canvas.line("l-axis", &[(area.left, area.bottom), (area.right, area.bottom)]);
}

fn draw_lane(frame: &mut Frame, lane: &Lane, x: &Scale, y: f64) {
    frame.canvas.line(lane.role, &[(x.at(lane.from), y), (x.at(lane.to), y)]);
    if let Some(at) = lane.at {
        frame.canvas.marker(lane.role, (x.at(at), y), 4.6, lane.hollow);
    }
}

/// The bar, and at its end, or at that of its interval, what is written there; inside of the sheet.
fn draw_swing(frame: &mut Frame, swing: &Swing, x: &Scale, y: f64) {
    let (zero, end) = (x.at(0.0), x.at(swing.to));
    let (left, right) = (zero.min(end), zero.max(end).max(zero.min(end) + 1.0));
    let mut inset = |role: &str, by: f64| {
        let (left, right) = (left + by, right - by);
        if left < right {
            frame.canvas.rectangle(role, (left, y - 7.0 + by), (right, y + 7.0 - by));
        }
    };
    if swing.is_marked {
        inset("ink", -2.5);
    }
    inset(&swing.role, 0.0);
    if swing.hollow {
        inset("f-paper", 2.0);
    }
    let (mut first, mut last) = (left, right);
    if let Some((low, high)) = swing.interval {
        let (low, high) = (x.at(low), x.at(high));
        frame.canvas.bar("ink", (low, y), (high, y), 4.0);
        (first, last) = (first.min(low), last.max(high));
    }
    let size = frame.format.text() * 0.96;
    let width = text_width(&swing.label, size, Weight::Regular);
    let is_right = swing.to >= 0.0;
    let fits =
        if is_right { last + 7.0 + width < frame.canvas.width() } else { first - 7.0 > width };
    let (align, at) = if is_right == fits {
        (Align::Left, last.max(zero) + 7.0)
    } else {
        (Align::Right, first.min(zero) - 7.0)
    };
    frame.canvas.text("muted", align, (at, y), size, &swing.label);
}

fn draw_row(frame: &mut Frame, row: &Row, x: &Scale, middle: f64) {
    let mut from = 0.0;
    for (role, length) in &row.bar {
        let (left, right) = (x.at(from), x.at(from + length));
        frame.canvas.rectangle(role, (left, middle - 9.0), (right, middle + 9.0));
        if row.hollow {
            let inside = ((left + 2.0, middle - 7.0), ((right - 2.0).max(left), middle + 7.0));
            frame.canvas.rectangle("f-paper", inside.0, inside.1);
        }
        from += length;
    }
    // Neighbours are kept apart by a line, where both are wider than it.
    let ends = row.bar.iter().scan(0.0, |end, (_, length)| {
        *end += length;
        Some((x.at(*end), x.at(*end) - x.at(*end - length)))
    });
    let ends: Vec<(f64, f64)> = ends.collect();
    for pair in ends.windows(2).filter(|pair| pair.iter().all(|(_, wide)| *wide > 3.0)) {
        let at = pair[0].0;
        frame.canvas.rectangle("f-paper", (at - 0.5, middle - 9.0), (at + 0.5, middle + 9.0));
    }
    if let Some((low, high)) = row.interval {
        frame.canvas.bar("ink", (x.at(low), middle), (x.at(high), middle), 5.0);
    }
    for value in &row.dots {
        // Small on a bar, where they are many.
        let radius = if row.bar.is_empty() { 3.6 } else { 2.4 };
        frame.canvas.dot("f-paper", (x.at(*value), middle), radius + 1.0);
        frame.canvas.dot("ink", (x.at(*value), middle), radius);
    }
}
