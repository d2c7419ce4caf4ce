//! One engine, one cell, once: who does it, and what comes back.
//!
//! A [`Bench`] takes an [`Order`] and brings what was [`Measured`]; what to run and how often is
//! not its business, and it writes no record. There are two. [`Processes`] starts a process for
//! each order, so that no repetition inherits memory, threads or a bad turn of the allocator from
//! the one before, and one that dies takes nothing with it. [`Here`] does it in this process: for
//! simulated time, where nothing can be inherited, and for tests.

pub mod error;
pub mod folder;
pub mod exit;
pub mod warnings;
pub mod repetition;
mod draining;
mod measured;
mod facts;
mod child;
mod here;
mod process;
mod wire;

pub use child::serve;
pub use draining::Draining;
pub use facts::waits_for_marks;
pub use here::Here;
pub use measured::{Facts, Measured};
pub use process::Processes;

use crate::bench::error::RunError;
use crate::bench::folder::Folder;
use crate::measure::seen::Watch;
use crate::plain::{self, PlainError};
use reports::record::study::PlainLoop;
use settings::plan::{Cell, EngineSetting};

/// Measures what it is ordered to.
pub trait Bench {
    /// Runs one repetition. `watch` is told about every 100 ms how far it is, and may end it
    /// early: what then comes back is an interrupted repetition with what there was.
    ///
    /// An engine that fails, a process that dies and a wish to stop are repetitions as well,
    /// whose verdict says so; an error means that the run cannot go on.
    fn measure(&mut self, order: &Order<'_>, watch: Watch<'_>) -> Result<Measured, RunError>;

    /// Times the plain loop of a cell, in this process; see [`plain`]. None where there is none, and of a
    /// bench that makes its figures up.
    fn plain_loop(&mut self, _: &Cell) -> Result<Option<PlainLoop>, RunError> {
        Ok(None)
    }
}

/// Times the plain loop of a cell.
fn plain_loop(cell: &Cell) -> Result<Option<PlainLoop>, RunError> {
    plain::measure(cell).map_err(|error| match error {
        PlainError::Case(source) => RunError::Case { cell: cell.name.clone(), source },
        wrong @ PlainError::Wrong { .. } => {
            RunError::Refused(format!("cell `{}`: {wrong}", cell.name))
        }
    })
}

/// One repetition to be run.
#[derive(Copy, Clone, Debug)]
pub struct Order<'a> {
    /// What is asked of which input.
    pub cell: &'a Cell,
    /// Which of the cell's engines.
    pub engine: usize,
    /// Which time this is, from 1.
    pub rep: u32,
    /// Of the input, in place of the cell's own; a trace heeds none.
    pub seed: u64,
    /// Where interval log, timeline and answers are written; nowhere, if none.
    pub files: Option<&'a Folder>,
    /// Whether answers and late events are written as well.
    pub keep_results: bool,
    /// Whether time is simulated, on one thread.
    pub simulate: bool,
}

impl Order<'_> {
    /// The engine and its settings.
    pub fn setting(&self) -> &EngineSetting {
        &self.cell.engines[self.engine]
    }
}
