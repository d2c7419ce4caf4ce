//! Two runs: how far each figure moved, and how far it would have moved without any change.
//!
//! A dot with its 95 % interval per figure, on a scale on which twice and half lie equally far
//! from no change, over the zone that is noise on this machine. The verdict stands beside it in
//! words. A figure without a ratio is left out and counted.

use super::canvas::Align;
use super::frame::{Format, Frame, Panel};
use super::scale::Scale;
use super::{Chart, Data};
use crate::judge::gate::{Compared, Row};
use crate::quantity;

/// Height of a figure with its words above it: in one line, and in two on a narrow page.
const fn row_height(format: Format) -> f64 {
    match format {
        Format::Wide => 34.0,
        Format::Narrow => 50.0,
    }
}

/// Shares at which a mark may stand on the axis.
const TICKS: [f64; 15] =
    [-0.9, -0.8, -0.5, -0.3, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 4.0, 9.0];

/// The farthest that is drawn, as a logarithm: ten times.
const FARTHEST: f64 = std::f64::consts::LN_10;

/// None if no figure has a ratio.
pub fn comparison(compared: &Compared) -> Option<Chart> {
    let rows: Vec<&Row> = compared
        .rows
        .iter()
        .filter(|row| row.comparison.ratio.is_finite() && row.comparison.ratio > 0.0)
        .collect();
    if rows.is_empty() {
        return None;
    }
    let other = if compared.environment.is_empty() { "" } else { " (different environment)" };
    let title = format!(
        "{} against {}: {}{other}",
        compared.new.name,
        compared.base.name,
        compared.tally()
    );
    let header = ["scenario", "engine", "metric", "change", "verdict"];
    let table = rows.iter().map(|row| {
        let cells = [&row.cell, &row.engine, row.metric.name, &row.sentence(), &row.words()];
        cells.map(str::to_owned).to_vec()
    });
    let data = Data { header: header.map(String::from).to_vec(), rows: table.collect() };
    let left_out = compared.rows.len() - rows.len();
    Some(Chart::drawn("comparison", title, data, |format, title| {
        draw(&rows, left_out, format, title)
    }))
}

fn draw(rows: &[&Row], left_out: usize, format: Format, title: &str) -> String {
    let definition = "New over base, median of the repetitions, with the 95 % interval of the \
                      ratio. Hatched: what two sets of such runs differ by without any change.";
    let mut frame = Frame::new(format, title, definition, 20.0);
    let row_height = row_height(format);
    let panel = frame.panel(row_height * rows.len() as f64, "change from base to new");
    let panel = Panel { left: 10.0, ..panel };
    let log = |ratio: f64| ratio.ln().clamp(-FARTHEST, FARTHEST);
    let farthest = rows
        .iter()
        .flat_map(|row| {
            let (low, high) = row.comparison.interval.unwrap_or((1.0, 1.0));
            let floor = 1.0 + row.comparison.noise_floor.unwrap_or(0.0);
            [row.comparison.ratio, low, high, floor].map(|ratio| log(ratio).abs())
        })
        .fold(0.06, f64::max)
        * 1.06;
    let x = Scale::linear((-farthest, farthest), panel.x());
    let ticks: Vec<f64> =
        TICKS.iter().map(|share| share.ln_1p()).filter(|tick| tick.abs() <= farthest).collect();
    // Marks that would touch are thinned from the middle outward.
    let apart = (panel.right - panel.left) / format.ticks() as f64 * 0.7;
    let mut kept: Vec<f64> = vec![0.0];
    for tick in ticks {
        if kept.iter().all(|other| (x.at(*other) - x.at(tick)).abs() >= apart) {
            kept.push(tick);
        }
    }
    for (place, row) in rows.iter().enumerate() {
        let top = panel.top + row_height * place as f64;
        let middle = top + row_height - 10.0;
        if let Some(floor) = row.comparison.noise_floor {
            let (low, high) = (x.at(log(1.0 / (1.0 + floor))), x.at(log(1.0 + floor)));
            frame.canvas.rectangle("b-hatch", (low, middle - 8.0), (high, middle + 8.0));
        }
    }
    for tick in &kept {
        frame.canvas.line("l-grid", &[(x.at(*tick), panel.top), (x.at(*tick), panel.bottom)]);
    }
    for (place, row) in rows.iter().enumerate() {
        let top = panel.top + row_height * place as f64;
        let middle = top + row_height - 10.0;
        let name = format!("{} {} {}", row.cell, row.engine, row.metric.name);
        let found =
            format!("{} {}", crate::judge::gate::runs::change(row.comparison.ratio), row.words());
        let lines = match format {
            Format::Wide => vec![format!("{name}: {found}")],
            Format::Narrow => vec![name, found],
        };
        for (n, line) in lines.iter().enumerate() {
            let at = (panel.left, top + 9.0 + 16.0 * n as f64);
            frame.canvas.text("ink", Align::Left, at, format.text(), line);
        }
        if let Some((low, high)) = row.comparison.interval {
            let (low, high) = (x.at(log(low.max(f64::MIN_POSITIVE))), x.at(log(high)));
            frame.canvas.line("l-ink", &[(low, middle), (high, middle)]);
        }
        frame.canvas.dot("ink", (x.at(log(row.comparison.ratio)), middle), 3.6);
    }
    let show = |tick: f64| {
        let share = (tick.exp_m1() * 100.0).round();
        if share == 0.0 { "no change".into() } else { format!("{share:+.0} %").replace('-', "−") }
    };
    frame.horizontal_axis(panel, &x, &kept, show, "change, on a scale of ratios");
    if left_out > 0 {
        let figures = crate::words::plural(left_out, "figure");
        frame.footnote(&format!("{figures} without a ratio left out."));
    }
    frame.footnote(&quantity::glued(
        "Better or worse is said in words: lower is better for times and costs, higher for rates.",
    ));
    frame.finish(title)
}
