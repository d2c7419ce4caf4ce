//! What goes between the program and the process of a repetition: one line of JSON each.
//!
//! Both ends are the same program, so this is no format that anyone else may rely on.

use super::{Measured, Order};
use crate::bench::folder::Folder;
use crate::config;
use crate::measure::seen::Seen;
use crate::plan::Cell;
use serde::{Deserialize, Serialize};

/// An [`Order`], written down.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Written {
    /// The cell as a scenario file in which every default is written.
    cell: String,
    /// Its name in the run, which may differ from that in the file.
    name: String,
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
            cell: order.cell.resolved_toml.clone(),
            name: order.cell.name.clone(),
            engine: order.engine,
            rep: order.rep,
            seed: order.seed,
            files: order.files.cloned(),
            keep_results: order.keep_results,
            simulate: order.simulate,
        }
    }

    /// The cell, read again.
    pub(super) fn cell(&self) -> Result<Cell, String> {
        let mut cell = config::of_text(&self.cell, &[]).map_err(|found| found.render(false))?;
        cell.name.clone_from(&self.name);
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
