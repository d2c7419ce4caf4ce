//! Two runs: how far each figure moved, and how far it would have moved without any change.
//!
//! A dot with its 95 % interval per figure, on a scale on which twice and half lie equally far
//! from no change, over the zone in which two runs of the same thing lie. The verdict stands beside
//! it in words. A figure without a ratio is left out and counted.

use super::description::{Axis, Data, Description, Picture, Row, Rows, Unit};
use super::finished::Chart;
use crate::judge::gate::{self, Compared};

/// Shares at which a mark may stand on the axis, from the middle outward.
const TICKS: [f64; 15] =
    [0.0, -0.05, 0.05, -0.1, 0.1, -0.2, 0.2, -0.3, -0.5, 0.5, 1.0, -0.8, 4.0, -0.9, 9.0];

/// The farthest that is drawn, as a logarithm: ten times.
const FARTHEST: f64 = std::f64::consts::LN_10;

/// None if no figure has a ratio.
pub fn comparison(compared: &Compared) -> Option<Chart> {
    let rows: Vec<&gate::Row> = compared
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
    let left_out = compared.rows.len() - rows.len();
    let left_out = (left_out > 0)
        .then(|| format!("{} without a ratio left out.", crate::words::plural(left_out, "figure")));
    let words = "Better or worse is said in words: lower is better for times and costs, higher for \
                 rates.";
    let description = Description {
        name: "comparison".into(),
        title,
        definition: "New over base, the geometric mean over the repetitions, with the 95 % interval of \
                     the ratio. Hatched: what two runs of the same thing may differ by, without any \
                     change."
            .into(),
        data: Data::new(header, table.collect()),
        picture: Picture::Rows(drawn(&rows)),
        notes: left_out.into_iter().chain([words.into()]).collect(),
    };
    Some(description.into())
}

/// An axis of changes as logarithms of ratios, on which twice and half lie equally far from none.
pub(super) fn changes(name: &str, none: &str, range: (f64, f64)) -> Axis {
    let mut x = Axis::linear(name, Unit::Number, range);
    let told = |share: f64| match share * 100.0 {
        percent if percent.abs() < 0.5 => none.to_owned(),
        percent => format!("{percent:+.0} %").replace('-', "−"),
    };
    x.values = TICKS.map(|share| (share.ln_1p(), told(share))).to_vec();
    x.values.retain(|(at, _)| (range.0..=range.1).contains(at));
    x
}

fn drawn(rows: &[&gate::Row]) -> Rows {
    let log = |ratio: f64| ratio.max(f64::MIN_POSITIVE).ln().clamp(-FARTHEST, FARTHEST);
    let row = |row: &&gate::Row| {
        let change = gate::runs::change(row.comparison.ratio);
        let (cell, engine, metric) = (&row.cell, &row.engine, row.metric.name);
        let drift = log(1.0 + row.comparison.how.drift);
        Row {
            label: format!("{cell} {engine} {metric}: {change} {}", row.words()),
            interval: row.comparison.interval.map(|(low, high)| (log(low), log(high))),
            dots: vec![log(row.comparison.ratio)],
            zone: (drift > 0.0).then_some((-drift, drift)),
            ..Row::default()
        }
    };
    let rows: Vec<Row> = rows.iter().map(row).collect();
    let ends = |row: &Row| {
        let spans = row.interval.into_iter().chain(row.zone).flat_map(|(low, high)| [low, high]);
        spans.chain(row.dots.iter().copied()).fold(0.06, |most: f64, end| most.max(end.abs()))
    };
    let farthest = rows.iter().map(ends).fold(0.0, f64::max) * 1.06;
    let x = changes("change, on a scale of ratios", "no change", (-farthest, farthest));
    Rows { heading: "change from base to new".into(), x, legend: Vec::new(), figures: rows }
}
