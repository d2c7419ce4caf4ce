//! What goes between the program and the process of a repetition: one line of JSON each.
//!
//! Both ends are the same program, so this is no format that anyone else may rely on.

use super::{Facts, Measured, Order};
use crate::bench::folder::Folder;
use crate::config;
use crate::measure::intervals::histogram;
use crate::measure::seen::Seen;
use crate::plan::Cell;
use hdrhistogram::Histogram;
use reports::record::{Repetition, Truth};
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
    Measured(Box<Brought>),
    /// The run cannot go on, and why.
    Refused(String),
}

/// [`Measured`], with the occupied cells of its histograms.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Brought {
    repetition: Repetition,
    result: Vec<(u64, u64)>,
    event: Vec<(u64, u64)>,
    algorithm: Option<String>,
    truth: Option<Truth>,
    facts: Option<Facts>,
}

impl From<Measured> for Brought {
    fn from(measured: Measured) -> Self {
        Self {
            result: sparse(&measured.result),
            event: sparse(&measured.event),
            repetition: measured.repetition,
            algorithm: measured.algorithm,
            truth: measured.truth,
            facts: measured.facts,
        }
    }
}

impl From<Brought> for Measured {
    fn from(brought: Brought) -> Self {
        Self {
            result: dense(&brought.result),
            event: dense(&brought.event),
            repetition: brought.repetition,
            algorithm: brought.algorithm,
            truth: brought.truth,
            facts: brought.facts,
        }
    }
}

fn sparse(histogram: &Histogram<u64>) -> Vec<(u64, u64)> {
    histogram.iter_recorded().map(|at| (at.value_iterated_to(), at.count_at_value())).collect()
}

fn dense(cells: &[(u64, u64)]) -> Histogram<u64> {
    let mut histogram = histogram();
    for (value, count) in cells {
        histogram.saturating_record_n(*value, *count);
    }
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_comes_over_whole() {
        let mut there = histogram::<u64>();
        for value in [1, 2, 3, 1000, 123_456_789, 3_599_999_999_999] {
            there.record_n(value, value % 7 + 1).unwrap();
        }
        let here = dense(&sparse(&there));
        assert_eq!(here, there);
        assert_eq!(here.max(), there.max());
        assert!(dense(&[]).is_empty());
    }
}
