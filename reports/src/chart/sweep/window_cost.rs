//! What a sliding window costs: processor time per event against its length and slide.
//!
//! An engine that copies each event into every window that holds it pays in proportion to the
//! overlap, length over slide; one that shares slices between windows does not. Both lines are
//! drawn for comparison. Every cell of the plane has its number: colour alone says too little.

use super::figure::{cpu, cpu_of_work, p99};
use super::plot::{Across, Mark, Plot, Strip};
use super::slice::{Slice, coordinate, last, provenance};
use crate::chart::description::Plot as Panels;
use crate::chart::description::{Axis, Data, Description, Panel, Picture, Tile, Unit};
use crate::chart::palette::{CIVIDIS, DIVERGING, step};
use crate::judge::summary::{Standing, spins, standing};
use crate::quantity::{self, NONE, microseconds, ratio};
use crate::record::{CellRecord, RunRecord};

/// A line over the overlap. None if nothing was verified, or the overlap is not known.
pub(super) fn chart(record: &RunRecord, slice: &Slice<'_>) -> Option<Description> {
    let mut overlaps: Vec<(f64, f64, String)> = Vec::new();
    for point in slice.series.iter().flat_map(|series| &series.points) {
        let overlap = overlap(point.cell, slice.key)?;
        if !overlaps.iter().any(|(at, ..)| same(*at, point.at)) {
            let times = quantity::tick(&quantity::amount(overlap));
            let text = format!("{times} ({} {})", last(slice.key), point.written);
            overlaps.push((point.at, overlap, text));
        }
    }
    let moved = |at: f64| {
        overlaps.iter().find(|(from, ..)| same(*from, at)).map_or(at, |(_, overlap, _)| *overlap)
    };
    let mut curves = slice.curves("CPU per event", cpu);
    if curves.is_empty() {
        return None;
    }
    let mut values: Vec<(f64, String)> =
        overlaps.iter().map(|(_, overlap, text)| (*overlap, text.clone())).collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let across = Across {
        name: "overlap: windows that an event lies in".into(),
        logarithmic: true,
        values,
        unit: Unit::Number,
    };
    let (first, end) = across.ends();
    let mut marks = Vec::new();
    for curve in &mut curves {
        for spot in &mut curve.spots {
            spot.x = moved(spot.x);
        }
        curve.spots.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    // From the cheapest point at the smallest overlap: what copying would cost further on.
    let starts = curves.iter().filter_map(|curve| curve.spots.first());
    let start = starts.map(|spot| spot.figure.middle).min_by(f64::total_cmp);
    if let Some(start) = start {
        let most = curves.iter().flat_map(|curve| &curve.spots).map(|spot| spot.figure.middle);
        let most = most.fold(start, f64::max);
        // No further up than what was measured, so that the guide does not set the scale.
        let reach = (end / first).min(most * 3.0 / start).max(1.0);
        marks.push(Mark::Theory { points: vec![(first, start), (first * reach, start * reach)] });
    }
    let mut late = slice.curves("p99", p99);
    for curve in &mut late {
        for spot in &mut curve.spots {
            spot.x = moved(spot.x);
        }
        curve.spots.sort_by(|a, b| a.x.total_cmp(&b.x));
    }
    // In nanoseconds, as an axis of logarithms has no room below one.
    for figure in curves.iter_mut().flat_map(|curve| &mut curve.spots).map(|spot| &mut spot.figure)
    {
        figure.middle *= 1e3;
        figure.all.iter_mut().for_each(|value| *value *= 1e3);
        figure.interval = figure.interval.map(|(low, high)| (low * 1e3, high * 1e3));
    }
    for mark in &mut marks {
        if let Mark::Theory { points } = mark {
            for point in points {
                point.1 *= 1e3;
            }
        }
    }
    let plot = Plot {
        name: slice.name("window-cost"),
        title: slice.titled(&finding(slice)),
        definition: "Processor time over accepted events, and p99 of result_latency, as windows \
                     overlap more: length over slide."
            .into(),
        across,
        strips: vec![
            Strip {
                heading: "CPU time per event (log scale)".into(),
                unit: Unit::Nanoseconds,
                logarithmic: true,
                height: 0.85,
                curves,
                marks,
            },
            Strip {
                heading: "p99 of result_latency (log scale)".into(),
                unit: Unit::Nanoseconds,
                logarithmic: true,
                height: 0.6,
                curves: late,
                marks: Vec::new(),
            },
        ],
        theory: Some("a copy of each event per window would cost in proportion".into()),
        notes: slice.notes(record),
    };
    Some(plot.described())
}

fn same(a: f64, b: f64) -> bool {
    a.total_cmp(&b).is_eq()
}

fn finding(slice: &Slice<'_>) -> String {
    let each: Vec<String> = slice
        .series
        .iter()
        .filter_map(|series| {
            let held = series.points.iter().filter(|point| point.standing == Standing::Fit);
            let mut points: Vec<(f64, f64)> = held
                .filter_map(|p| Some((overlap(p.cell, slice.key)?, cpu_of_work(p.engine)?.middle)))
                .collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (first, end) = (points.first()?, points.last()?);
            let times = |value: f64| quantity::tick(&ratio(value));
            (end.0 > first.0).then(|| {
                format!(
                    "{} costs {} as much CPU for {} the overlap",
                    series.label,
                    times(end.1 / first.1),
                    times(end.0 / first.0)
                )
            })
        })
        .collect();
    if each.is_empty() { "what a sliding window costs".into() } else { each.join("; ") }
}

/// Length over slide of a cell's windows, with one of them varied.
fn overlap(cell: &CellRecord, key: &str) -> Option<f64> {
    let of = |name: &str| {
        if last(key) == name {
            return coordinate(cell, key)?.number;
        }
        let query = cell.resolved.split_once("[query.")?.1;
        let line = query.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")))?;
        microseconds_of(line.split('"').next()?)
    };
    let overlap = of("size")? / of("slide")?;
    (overlap.is_finite() && overlap > 0.0).then_some(overlap)
}

/// A length of event time as a resolved configuration writes it: a whole number and a unit.
fn microseconds_of(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let unit = match &text[end..] {
        "h" => 3.6e9,
        "min" => 6e7,
        "s" => 1e6,
        "ms" => 1e3,
        "us" => 1.0,
        _ => return None,
    };
    Some(text[..end].parse::<f64>().ok()? * unit)
}

/// CPU time per event of one engine, by length and slide; or how two of them compare.
struct Plane {
    name: String,
    /// By length, then slide: the figure and whether it was sustained.
    cells: Vec<Vec<Option<(f64, bool)>>>,
    is_ratio: bool,
}

/// Cells with numbers, where both length and slide were varied.
pub(super) fn plane(record: &RunRecord, first: &str, second: &str) -> Option<Description> {
    let is = |key: &str, name: &str| key.starts_with("query.") && last(key) == name;
    let (size, slide) = match (first, second) {
        (a, b) if is(a, "size") && is(b, "slide") => (a, b),
        (a, b) if is(a, "slide") && is(b, "size") => (b, a),
        _ => return None,
    };
    let (sizes, slides) = (values(record, size), values(record, slide));
    let mut labels: Vec<&str> = Vec::new();
    for engine in record.cells.iter().flat_map(|cell| &cell.engines) {
        if !labels.contains(&engine.label.as_str()) {
            labels.push(&engine.label);
        }
    }
    let at = |label: &str, size_at: &str, slide_at: &str| {
        let is_here = |cell: &&CellRecord| {
            coordinate(cell, size).is_some_and(|at| at.value == size_at)
                && coordinate(cell, slide).is_some_and(|at| at.value == slide_at)
        };
        let cell = record.cells.iter().find(is_here)?;
        let engine = cell.engines.iter().find(|engine| engine.label == label)?;
        let stands = standing(engine);
        if stands == Standing::Unfit {
            return None;
        }
        Some((cpu(engine)?.middle, stands == Standing::Fit))
    };
    let mut planes: Vec<Plane> = labels
        .iter()
        .map(|label| Plane {
            name: format!("{label}: CPU time per event"),
            cells: sizes
                .iter()
                .map(|size| slides.iter().map(|slide| at(label, &size.1, &slide.1)).collect())
                .collect(),
            is_ratio: false,
        })
        .collect();
    planes.retain(|plane| plane.cells.iter().flatten().any(Option::is_some));
    if planes.is_empty() {
        return None;
    }
    // What a worker that spins has used is the cost of waiting, and no ratio of it means anything.
    let mut engines = record.cells.iter().flat_map(|cell| &cell.engines);
    if let [a, b] = &planes[..]
        && !engines.any(spins)
    {
        let compared = |a: &Option<(f64, bool)>, b: &Option<(f64, bool)>| match (a, b) {
            (Some((a, true)), Some((b, true))) if *b > 0.0 => Some((a / b, true)),
            _ => None,
        };
        let cells = a.cells.iter().zip(&b.cells);
        let cells = cells.map(|(a, b)| a.iter().zip(b).map(|(a, b)| compared(a, b)).collect());
        let name = format!("{} over {}", labels[0], labels[1]);
        planes.push(Plane { name, cells: cells.collect(), is_ratio: true });
    }
    Some(Description {
        name: "window-cost".into(),
        title: plane_finding(&planes, &labels),
        definition: "Processor time over accepted events, for each length and slide of a sliding \
                     window. Colours are logarithmic and the same for all engines."
            .into(),
        picture: Picture::Still(plane_drawn(&planes, &sizes, &slides)),
        notes: vec![
            "Rows: length of the window; columns: its slide. –: contradictory, or without \
             verified answers; in brackets: not sustained, and in no comparison."
                .into(),
            provenance(record),
        ],
        data: plane_data(&planes, &sizes, &slides),
    })
}

/// The values of a key at which something was run, rising.
fn values(record: &RunRecord, key: &str) -> Vec<(f64, String)> {
    let mut values: Vec<(f64, String)> = Vec::new();
    for at in record.cells.iter().filter_map(|cell| coordinate(cell, key)) {
        if !values.iter().any(|(_, written)| *written == at.value) {
            values.push((at.number.unwrap_or(0.0), at.value.clone()));
        }
    }
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    values
}

fn plane_finding(planes: &[Plane], labels: &[&str]) -> String {
    let compared = planes.iter().find(|plane| plane.is_ratio);
    let all: Vec<f64> = compared
        .iter()
        .flat_map(|plane| plane.cells.iter().flatten())
        .flatten()
        .map(|c| c.0)
        .collect();
    if let (Some(low), Some(high), [a, b]) = (
        all.iter().copied().min_by(f64::total_cmp),
        all.iter().copied().max_by(f64::total_cmp),
        labels,
    ) {
        return format!(
            "{} costs {} to {} the CPU time of {b}, by length and slide",
            crate::words::capitalised(a),
            quantity::significant(low),
            ratio(high)
        );
    }
    "CPU time per event, by length and slide of the window".into()
}

fn plane_drawn(planes: &[Plane], sizes: &[(f64, String)], slides: &[(f64, String)]) -> Panels {
    let figures = |is_ratio: bool| {
        planes.iter().filter(move |plane| plane.is_ratio == is_ratio).flat_map(|plane| {
            let held = plane.cells.iter().flatten().flatten().filter(|cell| cell.1);
            held.map(|cell| cell.0).filter(|value| *value > 0.0)
        })
    };
    let range = (figures(false).fold(f64::MAX, f64::min), figures(false).fold(0.0, f64::max));
    let far = figures(true).map(|value| value.ln().abs()).fold(0.1, f64::max).exp();
    let tile = |is_ratio: bool, column: usize, row: usize, cell: Option<(f64, bool)>| {
        let (role, text) = match cell {
            None => ("", NONE.into()),
            Some((value, true)) if is_ratio => {
                let place = step(value, (1.0 / far, far), DIVERGING.len());
                (DIVERGING[place], quantity::significant(value))
            }
            Some((value, true)) => {
                (CIVIDIS[step(value, range, CIVIDIS.len())], microseconds(value))
            }
            Some((value, false)) => ("b-hatch", format!("({})", microseconds(value))),
        };
        let (x, y) = (column as f64, row as f64);
        Tile { x: (x, x + 1.0), y: (y, y + 1.0), role, text, is_point: false }
    };
    let along = |name: &str, values: &[(f64, String)]| {
        let middle = |(n, (_, text)): (usize, &(f64, String))| (n as f64 + 0.5, text.clone());
        let range = (0.0, values.len() as f64);
        let values = values.iter().enumerate().map(middle).collect();
        Axis { values, ..Axis::linear(name, Unit::Number, range) }
    };
    let panel = |plane: &Plane| {
        let rows = plane.cells.iter().enumerate().flat_map(|(row, cells)| {
            let cells = cells.iter().enumerate();
            cells.map(move |(column, cell)| tile(plane.is_ratio, column, row, *cell))
        });
        let height = u32::try_from(sizes.len()).unwrap_or(1) * 33;
        Panel { tiles: rows.collect(), ..Panel::new(along(&plane.name, sizes), height, Vec::new()) }
    };
    Panels::new(along("slide", slides), planes.iter().map(panel).collect())
}

fn plane_data(planes: &[Plane], sizes: &[(f64, String)], slides: &[(f64, String)]) -> Data {
    let mut header = vec!["size".to_owned(), "slide".to_owned()];
    header.extend(planes.iter().map(|plane| plane.name.clone()));
    let mut rows = Vec::new();
    for (n, (_, size)) in sizes.iter().enumerate() {
        for (m, (_, slide)) in slides.iter().enumerate() {
            let mut row = vec![size.clone(), slide.clone()];
            row.extend(planes.iter().map(|plane| match plane.cells[n][m] {
                Some((value, _)) if plane.is_ratio => ratio(value),
                Some((value, true)) => microseconds(value),
                Some((value, false)) => format!("{}, not sustained", microseconds(value)),
                None => NONE.into(),
            }));
            rows.push(row);
        }
    }
    Data { header, rows }
}
