//! What goes between the program and the process of a repetition: one line of JSON each.
//!
//! Both ends are the same program, so this is no format that anyone else may rely on.

use super::{Measured, Order};
use crate::bench::folder::Folder;
use crate::measure::seen::Seen;
use reports::record::study::Coordinate;
use serde::{Deserialize, Serialize};
use settings::plan::Cell;
use settings::plan::settings::Settled;

/// An [`Order`], written down.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Written {
    /// The settings that the cell was made from, as what they were read as.
    cell: Settled,
    /// Its name in the run, which may differ from that in its settings.
    name: String,
    /// Where it lies in a sweep.
    point: Vec<Coordinate>,
    engine: usize,
    rep: u32,
    seed: u64,
    files: Option<Folder>,
    keep_results: bool,
    simulate: bool,
}

impl Written {
    pub(super) fn of(order: &Order<'_>) -> Self {
        Self {
            cell: order.cell.settings.clone(),
            name: order.cell.name.clone(),
            point: order.cell.point.clone(),
            engine: order.engine,
            rep: order.rep,
            seed: order.seed,
            files: order.files.cloned(),
            keep_results: order.keep_results,
            simulate: order.simulate,
        }
    }

    /// The cell, made anew. What was in order there is so here, and is not looked at again.
    pub(super) fn cell(&self) -> Result<Cell, String> {
        let cell = Cell::of_settled(&self.cell)
            .ok_or_else(|| format!("these are not the settings of `{}`", self.name))?;
        let cell = Cell { name: self.name.clone(), point: self.point.clone(), ..cell };
        if self.engine < cell.engines.len() {
            Ok(cell)
        } else {
            Err(format!("there is no engine {} in `{}`", self.engine, self.name))
        }
    }

    /// The order, for the cell that was read.
    pub(super) fn order<'a>(&'a self, cell: &'a Cell) -> Order<'a> {
        Order {
            cell,
            engine: self.engine,
            rep: self.rep,
            seed: self.seed,
            files: self.files.as_ref(),
            keep_results: self.keep_results,
            simulate: self.simulate,
        }
    }
}

/// What the process of a repetition reports.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Report {
    /// How far it is.
    Seen(Seen),
    /// It is being stopped and has not ended yet.
    Stopping,
    /// What came of it; nothing follows.
    Measured(Box<Measured>),
    /// The run cannot go on, and why.
    Refused(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::catalog::{SCENARIOS, SUITES};
    use settings::config::{Traces, load};
    use settings::plan::settings::Typed;

    /// The cell as the process of a repetition gets to see it.
    fn over_there(cell: &Cell) -> Cell {
        let order = Order {
            cell,
            engine: 0,
            rep: 1,
            seed: 7,
            files: None,
            keep_results: false,
            simulate: false,
        };
        let line = serde_json::to_string(&Written::of(&order)).unwrap();
        let written: Written = serde_json::from_str(&line).unwrap();
        written.cell().unwrap_or_else(|why| panic!("{why}\n{line}"))
    }

    #[test]
    fn every_cell_comes_over_as_it_is() {
        let built_in = SCENARIOS.iter().chain(SUITES).map(|(name, _)| (*name).to_owned());
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../harness/src/cli/commands/init");
        let templates = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let templates = templates.filter(|path| path.extension().is_some_and(|ext| ext == "toml"));
        let templates = templates.map(|path| path.display().to_string());
        let mut cells = 0;
        for name in built_in.chain(templates) {
            let loaded = load(std::slice::from_ref(&name), &[], &[], Traces::MayBeAbsent);
            for cell in loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells {
                assert_eq!(over_there(&cell), cell, "{name}");
                cells += 1;
            }
        }
        assert!(cells > SCENARIOS.len() + SUITES.len(), "only {cells} cells");
    }

    #[test]
    fn numbers_without_a_short_text_come_over_bit_for_bit() {
        let name = ["keyed-window".to_owned()];
        let cell = load(&name, &[], &[], Traces::MayBeAbsent).unwrap().cells.swap_remove(0);
        for rate in [1_234_567.891_234_5, 0.1 + 0.2, 1e9 / 3.0, 5e-324, 1e9_f64.next_down()] {
            let (key, value) = ("a.key".to_owned(), "some".to_owned());
            let point = Coordinate { key, value, number: Some(rate) };
            let cell = cell.altered(&[("rate", Typed::Rate(rate))]).unwrap();
            let cell = Cell { name: "another-2".to_owned(), point: vec![point], ..cell };
            assert_eq!(over_there(&cell), cell);
        }
    }
}
