//! A map of the cheapest engine as text: demands down, rates across, the most lenient demand first, as
//! the drawing has it.

use super::table::beside_each_other;
use crate::judge::atlas::{Atlas, Margin, Outcome, level, rate};
use crate::quantity::{NONE, significant};
use comfy_table::{CellAlignment, Table};
use std::fmt::Write as _;

/// The map as a table for a terminal: as many rates side by side as there is room for.
pub(super) fn plain(atlas: &Atlas) -> String {
    let places: Vec<usize> = (0..atlas.columns.len()).collect();
    let below = " A number: how many times as much the next one costs that holds it, too.\n \
                 ?: nobody holds it for sure, or what it costs is not known.";
    format!("{}\n\n{below}\n", beside_each_other(&places, |some, _| table(atlas, some)))
}

/// The same as a Markdown table.
pub(super) fn markdown(atlas: &Atlas) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let columns = atlas.columns.iter().map(|column| rate(column.rate_per_s));
    let mut text = line(heading(atlas).into_iter().chain(columns).collect());
    let _ = writeln!(text, "|{}", "---|".repeat(atlas.columns.len() + 1));
    for (at, most_ns) in atlas.asked.levels_ns.iter().enumerate().rev() {
        let spots = atlas.columns.iter().map(|column| &column.spots[at]);
        let cells = spots.map(|spot| words(spot.outcome).join(" "));
        text += &line(std::iter::once(level(*most_ns)).chain(cells).collect());
    }
    text
}

fn heading(atlas: &Atlas) -> [String; 1] {
    [format!("{} of at most", atlas.quantile())]
}

fn table(atlas: &Atlas, places: &[usize]) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    let columns = || places.iter().map(|place| &atlas.columns[*place]);
    let rates = columns().map(|column| rate(column.rate_per_s));
    table.set_header(heading(atlas).into_iter().chain(rates));
    for (at, most_ns) in atlas.asked.levels_ns.iter().enumerate().rev() {
        let cells = columns().map(|column| words(column.spots[at].outcome).join("\n"));
        table.add_row(std::iter::once(level(*most_ns)).chain(cells));
    }
    for column in table.column_iter_mut() {
        column.set_padding((1, 1));
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.lines().map(|line| format!(" {}", line.trim_end())).collect()
}

/// What stands at a point: who is the cheapest, and by how much.
fn words(outcome: Outcome) -> Vec<String> {
    match outcome {
        Outcome::Cheapest { kind, by } => {
            let by = match by {
                Margin::Times(times) => significant(times),
                Margin::Alone => "alone".to_owned(),
                Margin::NotKnown => "?".to_owned(),
            };
            vec![kind.name().to_owned(), by]
        }
        Outcome::Tie => vec!["tie".to_owned()],
        Outcome::Nobody => vec!["nobody".to_owned()],
        Outcome::NotCosted | Outcome::NotSure => vec!["?".to_owned()],
        Outcome::NotMeasured => vec![NONE.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use crate::sample::atlas::{mapped, truths};
    use crate::text::table;

    #[test]
    fn a_terminal_shows_the_map_with_the_most_lenient_demand_above() {
        let mut record = mapped(&truths(), 5, 0.01);
        insta::assert_snapshot!("atlas", table::terminal(&record));
        insta::assert_snapshot!("atlas_markdown", table::markdown(&record));
        record.cells.clear();
        let text = table::terminal(&record);
        assert!(text.contains("No rate was measured"), "{text}");
    }
}
