//! What a change of the workload would do, as text: a row for each value, and where the answer turns.
//! Nothing is decided here.

use crate::judge::advice::{Favours, Sensitivity};
use crate::quantity;
use comfy_table::{CellAlignment, Table};

/// What stands above the values: what was varied, and the costs in the workload as it is.
pub(crate) fn heading(told: &Sensitivity) -> String {
    let [(first, _), (second, _)] = &told.engines;
    format!(
        "One thing at a time, other than in the workload: what {second} costs against {first}, {} as it is.",
        quantity::tick(&quantity::ratio(told.base.ratio))
    )
}

/// Where the answer turns and where it does not, a sentence each.
pub(crate) fn turns(told: &Sensitivity) -> Vec<String> {
    let turns = told.turns().into_iter();
    turns.map(|turn| crate::words::capitalised(&format!("{turn}."))).collect()
}

/// Reservations, a sentence each: who misses what is demanded where, what the ranges are, and what the
/// rounds of tuning say of the batch interval.
pub(crate) fn notes(told: &Sensitivity) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for swing in &told.swings {
        let kind = swing.factor.kind;
        for point in &swing.points {
            let at = format!("At a {} of {}", kind.words(), kind.show(point.number));
            // What the answer turns by is told with where it turns.
            let is_told = point.favours == Favours::Second;
            let misses = point.misses.iter().skip(usize::from(is_told)).flatten();
            notes.extend(misses.map(|why| format!("{at} {why}.")));
        }
    }
    let costs = || {
        let points = told.swings.iter().flat_map(|swing| &swing.points);
        points.filter_map(|point| point.cost.as_ref())
    };
    if costs().any(|cost| !cost.is_interval) {
        let fewest = costs().map(|cost| cost.repetitions).min().unwrap_or(0);
        notes.push(format!(
            "With {} at a value, the range is what they allow; from five on it is the 95 % interval.",
            quantity::counted(fewest as u64, "repetition")
        ));
    }
    notes.extend(told.batching.as_ref().map(|it| crate::words::capitalised(&it.sentence())));
    notes
}

/// All of it for a terminal.
pub(crate) fn terminal(told: &Sensitivity) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(Sensitivity::HEADER);
    let mut before = String::new();
    for swing in &told.swings {
        for point in &swing.points {
            let [what, value, cost, reach, favours] = told.row(swing, point);
            let shown = if what == before { String::new() } else { what.clone() };
            before = what;
            table.add_row([
                shown,
                value.replace(" in place", "\nin place"),
                cost,
                reach.replace(" to ", " to\n"),
                favours.replace(": ", ":\n"),
            ]);
        }
    }
    for column in table.column_iter_mut() {
        column.set_padding((1, 1));
        if (2..4).contains(&column.index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.lines().map(|line| format!(" {}", line.trim_end()));
    let notes = turns(told).into_iter().chain(notes(told)).map(|note| format!("  {note}"));
    let heading = [heading(told)].into_iter();
    heading.chain(lines).chain(notes).collect::<Vec<_>>().join("\n")
}
