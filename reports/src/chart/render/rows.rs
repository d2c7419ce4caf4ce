//! Figures one below the other, drawn: bars, whole or in parts, and dots with their intervals.

use super::canvas::Align;
use super::frame::{Area, Entry, Frame};
use super::scale::Scale;
use super::text::{Weight, wrap};
use crate::chart::description::{Row, Rows};

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
    let height = tallest * size * 1.25 + if is_bars { 26.0 } else { 20.0 };
    let area = frame.panel(0.0, &rows.heading, "", 20.0);
    let bottom = area.top + height * rows.figures.len() as f64;
    let area = Area { left: 10.0, bottom, ..area };
    let x = Scale::of(&rows.x, (area.left, area.right));
    for (n, row) in rows.figures.iter().enumerate() {
        if let Some((low, high)) = row.zone {
            let middle = area.top + height * (n + 1) as f64 - 11.0;
            frame.canvas.rectangle(
                "b-hatch",
                (x.at(low), middle - 9.0),
                (x.at(high), middle + 9.0),
            );
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
    }
    if is_bars {
        frame.canvas.line("l-axis", &[(area.left, area.top), (area.left, area.bottom)]);
    }
    frame.canvas.line("l-axis", &[(area.left, area.bottom), (area.right, area.bottom)]);
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
