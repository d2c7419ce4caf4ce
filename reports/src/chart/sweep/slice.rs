//! A sweep along one of its keys, everything else fixed: one engine after the other, value by
//! value. What was not verified is in it and marked as such.

use super::figure::Figure;
use super::plot::{Across, Curve, Spot};
use crate::chart::description::Unit;
use crate::chart::palette::identities_of;
use crate::judge::summary::{Standing, standing};
use crate::quantity;
use crate::record::study::Coordinate;
use crate::record::{CellRecord, EngineKind, EngineRecord, RunRecord};
use crate::words::slug;

/// What one key does, everything else fixed.
pub(super) struct Slice<'a> {
    pub(super) key: &'a str,
    /// The other axis, where there is one, and where on it this is.
    fixed: Option<(&'a str, &'a str)>,
    pub(super) series: Vec<Series<'a>>,
}

/// One engine along a slice.
pub(super) struct Series<'a> {
    pub(super) label: &'a str,
    pub(super) kind: EngineKind,
    /// Role of its lines.
    pub(super) role: &'static str,
    /// By rising value.
    pub(super) points: Vec<Point<'a>>,
    /// What is varied does not concern it: its one point stands for all.
    pub(super) flat: bool,
}

/// One engine at one value.
pub(super) struct Point<'a> {
    /// The value in base units; its place in the order, for words.
    pub(super) at: f64,
    pub(super) written: &'a str,
    pub(super) cell: &'a CellRecord,
    pub(super) engine: &'a EngineRecord,
    pub(super) standing: Standing,
}

pub(super) fn slice<'a>(
    record: &'a RunRecord,
    key: &'a str,
    fixed: Option<(&'a str, &'a str)>,
) -> Option<Slice<'a>> {
    let axes = &record.sweep.as_ref()?.axes;
    let words = &axes.iter().find(|axis| axis.key == key)?.values;
    let mut engines: Vec<(&str, EngineKind)> = Vec::new();
    for engine in record.cells.iter().flat_map(|cell| &cell.engines) {
        if !engines.iter().any(|(label, _)| *label == engine.label) {
            engines.push((&engine.label, engine.kind));
        }
    }
    let identities = identities_of(engines.iter().map(|(_, kind)| *kind));
    let mut series: Vec<Series<'a>> = Vec::new();
    for ((label, kind), role) in engines.into_iter().zip(identities) {
        let mut points: Vec<Point<'a>> = Vec::new();
        for cell in &record.cells {
            let is_here = fixed.is_none_or(|(key, value)| {
                !concerns(key, kind) || coordinate(cell, key).is_some_and(|at| at.value == value)
            });
            let Some(at) = coordinate(cell, key).filter(|_| is_here) else { continue };
            let Some(engine) = cell.engines.iter().find(|engine| engine.label == label) else {
                continue;
            };
            if points.iter().any(|point| point.written == at.value) {
                continue;
            }
            let place = words.iter().position(|word| *word == at.value).unwrap_or(0);
            points.push(Point {
                at: at.number.unwrap_or(place as f64),
                written: &at.value,
                cell,
                engine,
                // A search says itself which rates held; it has probes and no repetitions.
                standing: match &engine.limit {
                    Some(_) if engine.repetitions.is_empty() => Standing::Fit,
                    _ => standing(engine),
                },
            });
        }
        points.sort_by(|a, b| a.at.total_cmp(&b.at));
        series.push(Series { label, kind, role, points, flat: !concerns(key, kind) });
    }
    series.retain(|series| !series.points.is_empty());
    (!series.is_empty()).then_some(Slice { key, fixed, series })
}

/// Whether a key changes anything for an engine of this kind.
fn concerns(key: &str, kind: EngineKind) -> bool {
    match key.strip_prefix("engine.").and_then(|rest| rest.split('.').next()) {
        Some("micro-batch") => kind == EngineKind::MicroBatch,
        Some("per-event") => kind == EngineKind::PerEvent,
        _ => true,
    }
}

pub(super) fn coordinate<'a>(cell: &'a CellRecord, key: &str) -> Option<&'a Coordinate> {
    cell.point.iter().find(|at| at.key == key)
}

impl<'a> Slice<'a> {
    /// A name for a chart's file, unique in the run.
    pub(super) fn name(&self, of: &str) -> String {
        match self.fixed {
            Some((key, value)) => {
                format!("{of}-{}-{}", slug(last(key)), slug(&value.replace('.', "p")))
            }
            None => of.to_owned(),
        }
    }

    /// A finding with where on the other axis it was found.
    pub(super) fn titled(&self, finding: &str) -> String {
        let mut points = self.series.iter().flat_map(|series| &series.points);
        let finding = match points.next().map(|point| point.standing) {
            // Of time that belongs to no machine, and of nothing, there is no finding.
            Some(Standing::Simulated) => "time was simulated, so nothing is ranked",
            Some(Standing::Unmeasured) if points.all(|p| p.standing == Standing::Unmeasured) => {
                "no event fell due in the measured part"
            }
            _ => finding,
        };
        match self.fixed {
            Some((key, value)) => format!("At {} = {value}: {finding}", last(key)),
            None => crate::words::capitalised(finding),
        }
    }

    /// What stands along the bottom: every value at which something was measured.
    pub(super) fn across(&self, name: &str, unit: Unit, logarithmic: bool) -> Across {
        let mut values: Vec<(f64, String)> = Vec::new();
        for point in self.series.iter().filter(|series| !series.flat).flat_map(|s| &s.points) {
            if !values.iter().any(|(_, written)| written == point.written) {
                values.push((point.at, point.written.to_owned()));
            }
        }
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let positive = values.first().is_some_and(|value| value.0 > 0.0);
        Across { name: name.to_owned(), logarithmic: logarithmic && positive, values, unit }
    }

    /// A curve per engine.
    pub(super) fn curves(
        &self,
        what: &'static str,
        figure: fn(&EngineRecord) -> Option<Figure>,
    ) -> Vec<Curve<'a>> {
        let curve = |series: &Series<'a>| {
            let shown = series.points.iter().filter(|point| point.standing != Standing::Unfit);
            let mut spots: Vec<Spot> = shown
                .filter_map(|point| {
                    let hollow = point.standing == Standing::NotSustained;
                    Some(Spot { x: point.at, figure: figure(point.engine)?, hollow })
                })
                .collect();
            let mut flat = None;
            if series.flat {
                // One that fell behind stands nowhere.
                flat = spots.drain(..).find(|spot| !spot.hollow).map(|spot| spot.figure);
            }
            let (label, role) = (series.label, series.role);
            Curve { label, what, role, thin: false, is_named: false, spots, flat }
        };
        let curves = self.series.iter().map(curve);
        curves.filter(|curve| !curve.spots.is_empty() || curve.flat.is_some()).collect()
    }

    /// Whether the values span more than two decades.
    pub(super) fn is_wide(&self) -> bool {
        let values = self.across("", Unit::Number, false).ends();
        values.0 > 0.0 && values.1 / values.0 > 100.0
    }

    /// What the reader must know of every chart: how often, how uncertain, from which run.
    pub(super) fn notes(&self, record: &RunRecord) -> Vec<String> {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let counts = points().map(|point| crate::judge::summary::verified(point.engine).count());
        let (least, most) = counts.fold((usize::MAX, 0), |(a, b), n| (a.min(n), b.max(n)));
        let counted = if least == most { least.to_string() } else { format!("{least} to {most}") };
        let shown = match (least, most) {
            (_, 0) => String::new(),
            (_, 1) => "One repetition each, so how much this varies is not known.".into(),
            (least, _) if least >= INTERVAL_FROM => {
                format!(
                    "Median of {counted} repetitions; bars: its 95 % interval (bootstrap, BCa)."
                )
            }
            _ => format!(
                "Median of {counted} repetitions, shown as dots; below {INTERVAL_FROM} there is no \
                 interval."
            ),
        };
        let behind = points().any(|point| point.standing == Standing::NotSustained);
        let unfit = points().filter(|point| point.standing == Standing::Unfit).count();
        let mut notes = vec![shown];
        notes.retain(|note| !note.is_empty());
        if behind {
            notes.push(
                "Hollow: not sustained, so it takes part in no comparison and is joined to nothing."
                    .into(),
            );
        }
        if unfit > 0 {
            let points = crate::words::plural(unfit, "point");
            notes.push(format!("Not drawn: {points} without verified answers."));
        }
        notes.push(provenance(record));
        notes
    }
}

/// Fewer repetitions have no interval.
const INTERVAL_FROM: usize = 6;

/// Where the numbers of a chart are from.
pub(super) fn provenance(record: &RunRecord) -> String {
    format!(
        "Run {}, {}, commit {}, on {} ({}).",
        record.name,
        record.started,
        record.tool.commit,
        record.host.cpu_model,
        quantity::counted(record.host.cores.into(), "core")
    )
}

pub(super) fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// How values of a key are shown on an axis, and whether in the run's time.
pub(super) fn unit_of(key: &str) -> Unit {
    match last(key) {
        "rate" => Unit::Rate,
        "interval" | "buffer_timeout" | "spin" | "duration" | "warm_up" => Unit::Nanoseconds,
        "size" | "slide" | "watermark" | "allowed_lateness" | "mean" | "cap" | "scale" => {
            Unit::Microseconds
        }
        _ => Unit::Number,
    }
}
