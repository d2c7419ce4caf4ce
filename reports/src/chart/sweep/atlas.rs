//! The map of who wins where: the rate to the right, what is demanded of the latency upwards, and at each
//! measured rate the cheapest engine that holds it.
//!
//! A tile stands for a point. Between two measured rates it is pale where both came to the same, and
//! empty where they did not: what changes there was not measured. Nothing reaches further than the
//! first and the last rate. An engine is told by its marker, too, and a number says by how much it is
//! cheaper, so that no colour stands alone.

use super::slice::provenance;
use crate::chart::description::{
    Axis, Data, Description, Drawn, Here, Panel, Picture, Plot, Rule, Series, Shade, Tile, Unit,
};
use crate::chart::palette::{HATCH, OFFERED, RULE, identities_of};
use crate::judge::atlas::{Atlas, Choice, Column, Margin, Outcome, Spot, Turn, level, rate};
use crate::quantity::{self, NONE, microseconds, ratio};
use crate::record::{EngineKind, RunRecord};

/// How much of the way to the next rate a tile takes, on either side of its own.
const REACH: f64 = 0.36;

/// How high the row of a level is, in pixels.
const ROW: u32 = 40;

/// The role of a tile where costs are too close to tell.
const TIE: &str = "f-neutral";

/// The same between two rates.
const TIE_BETWEEN: &str = "b-hatch";

/// None where nothing was measured.
pub(super) fn chart(record: &RunRecord, atlas: &Atlas) -> Option<Description> {
    if atlas.is_blank() {
        return None;
    }
    let quantile = atlas.quantile();
    Some(Description {
        name: "atlas".into(),
        title: atlas.finding(),
        definition: format!(
            "At each measured rate and for each {quantile} of result_latency that may be demanded: \
             the engine that holds it for the least processor time per event, at the best of its \
             settings that were tried. The number: how many times as much the next one costs that \
             holds it."
        ),
        picture: Picture::Still(Map::of(atlas).plot()),
        notes: notes(record, atlas),
        data: data(atlas),
    })
}

/// A map with its colours and its edges.
struct Map<'a> {
    atlas: &'a Atlas,
    roles: Vec<&'static str>,
    /// The edges of each column.
    across: Vec<(f64, f64)>,
    /// The edges of each level.
    up: Vec<(f64, f64)>,
}

impl<'a> Map<'a> {
    fn of(atlas: &'a Atlas) -> Self {
        let rates: Vec<f64> = atlas.columns.iter().map(|column| column.rate_per_s).collect();
        let levels: Vec<f64> = atlas.asked.levels_ns.iter().map(|ns| *ns as f64).collect();
        Self {
            atlas,
            roles: identities_of(atlas.kinds.iter().copied()),
            across: edges(&rates, REACH),
            up: edges(&levels, 0.5),
        }
    }

    fn role(&self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Cheapest { kind, .. } => {
                let place = self.atlas.kinds.iter().position(|it| *it == kind);
                place.map_or("", |place| self.roles[place])
            }
            Outcome::Tie => TIE,
            Outcome::Nobody => HATCH,
            Outcome::NotCosted | Outcome::NotSure | Outcome::NotMeasured => "",
        }
    }

    fn plot(&self) -> Plot {
        let ends = |edges: &[(f64, f64)]| {
            let first = edges.first().map_or(1.0, |edge| edge.0);
            (first, edges.last().map_or(10.0, |edge| edge.1))
        };
        let columns = self.atlas.columns.iter();
        let x = Axis {
            values: columns.map(|column| (column.rate_per_s, rate(column.rate_per_s))).collect(),
            ..Axis::logarithmic("events per second (log scale)", Unit::Rate, ends(&self.across))
        };
        let levels = self.atlas.asked.levels_ns.iter();
        let name = format!(
            "{} of result_latency that is demanded (log scale), stricter below",
            self.atlas.quantile()
        );
        let y = Axis {
            values: levels.map(|ns| (*ns as f64, level(*ns))).collect(),
            ..Axis::logarithmic(name, Unit::Nanoseconds, ends(&self.up))
        };
        let rows = u32::try_from(self.up.len()).unwrap_or(1).max(2);
        let mut panel = Panel::new(y, rows * ROW, self.crossings());
        panel.tiles = self.between().into_iter().chain(self.tiles()).collect();
        self.mark_own(&mut panel, x.range);
        Plot { shades: self.shades(), ..Plot::new(x, vec![panel]) }
    }

    /// A tile for each point of which something is known.
    fn tiles(&self) -> Vec<Tile> {
        let columns = self.atlas.columns.iter().zip(&self.across);
        let tiles = columns.flat_map(|(column, x)| {
            let spots = column.spots.iter().zip(&self.up);
            let known = spots.filter(|(spot, _)| spot.outcome != Outcome::NotMeasured);
            known.map(|(spot, y)| Tile {
                x: *x,
                y: *y,
                role: self.role(spot.outcome),
                text: text(spot.outcome),
                is_point: true,
            })
        });
        tiles.collect()
    }

    /// What lies between two rates that came to the same.
    fn between(&self) -> Vec<Tile> {
        let mut tiles = Vec::new();
        for (left, right) in self.atlas.neighbours() {
            let (Some(from), Some(to)) = (self.edge(left), self.edge(right)) else { continue };
            for ((a, b), y) in left.spots.iter().zip(&right.spots).zip(&self.up) {
                let (role, other) = (self.role(a.outcome), self.role(b.outcome));
                if role == other && !role.is_empty() {
                    let role = if role == TIE { TIE_BETWEEN } else { role };
                    let x = (from.1, to.0);
                    tiles.push(Tile { x, y: *y, role, text: String::new(), is_point: false });
                }
            }
        }
        tiles
    }

    fn edge(&self, column: &Column) -> Option<(f64, f64)> {
        let same = |other: &Column| other.written == column.written;
        self.atlas.columns.iter().position(same).map(|place| self.across[place])
    }

    /// Lines at which two engines cost the same, level by level joined where they go on.
    fn crossings(&self) -> Vec<Series> {
        let mut lines: Vec<(Turn, Vec<(f64, f64)>)> = Vec::new();
        for turn in self.atlas.turns() {
            let place = self.atlas.asked.levels_ns.iter().position(|ns| *ns == turn.most_ns);
            let Some((low, high)) = place.map(|place| self.up[place]) else { continue };
            let step = [(turn.at_per_s, low), (turn.at_per_s, high)];
            let goes_on = |(last, points): &&mut (Turn, Vec<(f64, f64)>)| {
                let end = points.last().map_or(0.0, |point| point.1);
                last.kinds == turn.kinds && (end / low - 1.0).abs() < 1e-9
            };
            match lines.iter_mut().find(goes_on) {
                Some((_, points)) => points.extend(step),
                None => lines.push((turn, step.to_vec())),
            }
        }
        let line = |(turn, points): (Turn, Vec<(f64, f64)>)| {
            let (first, second) = (turn.kinds.0.name(), turn.kinds.1.name());
            Series::new(
                format!("{first} and {second} cost the same"),
                "",
                OFFERED,
                Drawn::Thin,
                points,
            )
        };
        lines.into_iter().map(line).collect()
    }

    /// The user's own workload: a point where a demand is known, a line where there is none; nothing
    /// where it lies outside.
    fn mark_own(&self, panel: &mut Panel, (first, last): (f64, f64)) {
        let Some(own) = &self.atlas.own else { return };
        if !(first..=last).contains(&own.rate_per_s) {
            return;
        }
        let most = own.most_ns.map(|ns| ns as f64);
        if let Some(ns) = most.filter(|ns| (panel.y.range.0..=panel.y.range.1).contains(ns)) {
            let label = "this workload".to_owned();
            panel.here = Some(Here { at: (own.rate_per_s, ns), label });
        } else {
            let label = format!("this workload's rate, {}", rate(own.rate_per_s));
            panel.rules.push(Rule::upright(own.rate_per_s, label, RULE));
        }
    }

    fn shades(&self) -> Vec<Shade> {
        let wins = |kind: &EngineKind| {
            self.atlas.spots().any(|spot| spot.outcome.cheapest() == Some(*kind))
        };
        let engines = self.atlas.kinds.iter().zip(&self.roles).filter(|(kind, _)| wins(kind));
        let engines = engines.map(|(kind, role)| Shade { role, label: kind.name().to_owned() });
        let others = [
            (TIE, "tie: costs do not tell", vec![Outcome::Tie]),
            (HATCH, "nobody holds it", vec![Outcome::Nobody]),
            ("", "?: not sure, or cost not known", vec![Outcome::NotSure, Outcome::NotCosted]),
        ];
        let is_any = |some: &[Outcome]| self.atlas.spots().any(|it| some.contains(&it.outcome));
        let others = others.into_iter().filter(|(.., some)| is_any(some));
        let others = others.map(|(role, label, _)| Shade { role, label: label.to_owned() });
        engines.chain(others).collect()
    }
}

/// What is written on a point: by how much the cheapest is cheaper, in two digits.
fn text(outcome: Outcome) -> String {
    match outcome {
        Outcome::Cheapest { by: Margin::Times(by), .. } if by < 9.95 => format!("{by:.1}"),
        Outcome::Cheapest { by: Margin::Times(by), .. } => {
            quantity::tick(&quantity::significant(by.round()))
        }
        Outcome::Cheapest { by: Margin::Alone, .. } => "alone".to_owned(),
        Outcome::Tie => "tie".to_owned(),
        Outcome::Cheapest { by: Margin::NotKnown, .. } | Outcome::NotSure | Outcome::NotCosted => {
            "?".to_owned()
        }
        Outcome::Nobody | Outcome::NotMeasured => String::new(),
    }
}

/// From where to where each value reaches, where it takes this share of the way to its neighbours on
/// equal ratios; the first and the last as far out as in.
fn edges(values: &[f64], share: f64) -> Vec<(f64, f64)> {
    let way = |a: f64, b: f64| (b / a).powf(share);
    let edge = |at: usize| {
        let value = values[at];
        let below = at.checked_sub(1).map(|before| way(values[before], value));
        let above = values.get(at + 1).map(|next| way(value, *next));
        let alone = 10.0_f64.powf(share);
        let (down, up) = (below.or(above).unwrap_or(alone), above.or(below).unwrap_or(alone));
        (value / down, value * up)
    };
    (0..values.len()).map(edge).collect()
}

fn notes(record: &RunRecord, atlas: &Atlas) -> Vec<String> {
    let mut notes = vec![
        "Solid: measured, with the engine's marker; pale: between two measured rates that came to \
         the same. White: nothing is known there, or it changes there. Each setting was chosen by \
         the figures that are compared: the cheapest is that of these runs."
            .to_owned(),
    ];
    if !atlas.turns().is_empty() {
        notes.push(
            "Dotted: where two engines cost the same, by the line between their ratios at the \
             measured rates on both sides."
                .to_owned(),
        );
    }
    let (ours, others): (Vec<EngineKind>, Vec<EngineKind>) =
        atlas.kinds.iter().copied().partition(|kind| kind.is_embedded());
    if !ours.is_empty() && !others.is_empty() {
        notes.push(
            "Engines that are part of this program take no part beside those that can be deployed: \
             they pay for no serialisation and no socket."
                .to_owned(),
        );
    }
    notes.push(provenance(record));
    notes
}

/// The outcome of a point in words: "micro-batch", "nobody holds it".
fn outcome(spot: &Spot) -> String {
    match spot.outcome {
        Outcome::Cheapest { kind, .. } => kind.name().to_owned(),
        Outcome::Tie => "tie".to_owned(),
        Outcome::NotCosted => "costs not known".to_owned(),
        Outcome::Nobody => "nobody holds it".to_owned(),
        Outcome::NotSure => "nobody is sure to hold it".to_owned(),
        Outcome::NotMeasured => "not measured".to_owned(),
    }
}

/// A row per point: who, set how, at which cost, and what the others do.
fn data(atlas: &Atlas) -> Data {
    let demanded = format!("{} of at most", atlas.quantile());
    let header = ["rate", &demanded, "cheapest", "next costs", "engines"];
    let row = |spot: &Spot| {
        let by = match spot.outcome {
            Outcome::Cheapest { by: Margin::Times(by), .. } => ratio(by),
            Outcome::Cheapest { by: Margin::Alone, .. } => "alone".to_owned(),
            _ => NONE.to_owned(),
        };
        let engines: Vec<String> = spot.choices.iter().map(told).collect();
        vec![rate(spot.rate_per_s), level(spot.most_ns), outcome(spot), by, engines.join("; ")]
    };
    Data::new(header, atlas.spots().map(row).collect())
}

/// An engine at a point: "micro-batch (interval 50ms) 412 ns".
fn told(choice: &Choice) -> String {
    let cpu = choice.cpu_us.as_ref().map(|cpu| format!(" {}", microseconds(cpu.median)));
    let why = choice.why.as_ref().map(|why| format!(" {why}"));
    format!("{}{}{}", choice.called(), cpu.unwrap_or_default(), why.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::charts_across;
    use crate::judge::atlas::atlas;
    use crate::sample::atlas::{mapped, truths};

    fn plot(record: &RunRecord) -> Plot {
        Map::of(&atlas(record).unwrap()).plot()
    }

    #[test]
    fn a_map_as_it_is_drawn() {
        let charts = charts_across(&mapped(&truths(), 5, 0.01));
        let [map] = &charts[..] else { panic!("{} charts", charts.len()) };
        insta::assert_snapshot!("chart_atlas", map.file());
        assert_eq!(map.data.rows.len(), 16);
    }

    #[test]
    fn nothing_is_painted_between_rates_that_came_to_different_things() {
        let panel = plot(&mapped(&truths(), 5, 0.01)).panels.swap_remove(0);
        let points = panel.tiles.iter().filter(|tile| tile.is_point);
        assert_eq!(points.count(), 16);
        let between = panel.tiles.iter().filter(|tile| !tile.is_point);
        let of_level = |tile: &Tile| tile.y.0.to_bits();
        let mut rows: Vec<u64> = between.map(of_level).collect();
        rows.sort_unstable();
        // pmmm, pmmm, ppmm, ppp-: two steps of three go on in each row.
        let each: Vec<usize> = rows.chunk_by(|a, b| a == b).map(<[u64]>::len).collect();
        assert_eq!(each, [2, 2, 2, 2]);
    }

    #[test]
    fn what_was_not_measured_is_no_part_of_the_map() {
        let mut record = mapped(&truths(), 5, 0.01);
        record.cells.remove(1);
        let Plot { x, mut panels, .. } = plot(&record);
        let panel = panels.swap_remove(0);
        assert_eq!(panel.tiles.iter().filter(|tile| tile.is_point).count(), 12);
        // Between 1k/s and 100k/s another rate was planned.
        let is_across = |tile: &&Tile| tile.x.0 < 1e4 && tile.x.1 > 1e4;
        assert_eq!(panel.tiles.iter().filter(is_across).count(), 0);
        assert!(x.values.iter().all(|(rate, _)| *rate < 5e3 || *rate > 5e4), "{:?}", x.values);
        record.cells.clear();
        assert!(charts_across(&record).is_empty());
    }

    #[test]
    fn a_map_reaches_no_further_than_its_points() {
        let record = mapped(&truths(), 5, 0.01);
        let Plot { x, panels, .. } = plot(&record);
        for tile in &panels[0].tiles {
            assert!(tile.x.0 >= x.range.0 && tile.x.1 <= x.range.1, "{tile:?}");
            assert!(tile.x.0 < tile.x.1 && tile.y.0 < tile.y.1, "{tile:?}");
        }
        assert!(x.range.0 > 300.0 && x.range.1 < 3e6, "{:?}", x.range);
    }

    #[test]
    fn the_workload_is_a_point_with_a_demand_a_line_without_and_nothing_outside() {
        let marked = |rate: f64, most_ns: Option<u64>| {
            let mut record = mapped(&truths(), 3, 0.01);
            let asked = record.sweep.as_mut().unwrap().atlas.as_mut().unwrap();
            (asked.own_rate_per_s, asked.own_most_ns) = (Some(rate), most_ns);
            let panel = plot(&record).panels.swap_remove(0);
            (panel.here.is_some(), panel.rules.len())
        };
        assert_eq!(marked(5e4, Some(300_000_000)), (true, 0));
        assert_eq!(marked(5e4, None), (false, 1));
        assert_eq!(marked(5e7, Some(300_000_000)), (false, 0));
    }

    #[test]
    fn tiles_of_unequal_steps_lie_side_by_side() {
        let edges = edges(&[1.0, 10.0, 20.0], 0.5);
        for (pair, middle) in edges.windows(2).zip([10.0_f64.sqrt(), 200.0_f64.sqrt()]) {
            assert!(
                (pair[0].1 / middle - 1.0).abs() < 1e-9 && (pair[1].0 / middle - 1.0).abs() < 1e-9
            );
        }
        assert!(super::edges(&[7.0], 0.5)[0].0 < 7.0);
    }
}
