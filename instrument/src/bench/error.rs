//! Why a run could not go on.

use reports::page::ReportError;
use reports::record::RecordError;
use reports::record::conformance::NotConformance;
use scenarios::catalog::CaseError;
use settings::plan::Cell;
use std::io;
use std::path::{Path, PathBuf};

/// Why a run could not go on. What was finished before is in its folder.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The folder is not empty.
    #[error("{} holds a run already: choose another folder with --out, or remove it", .0.display())]
    Occupied(PathBuf),
    /// Another run is being written there.
    #[error("{} is being written by another run: choose another folder with --out", .0.display())]
    Busy(PathBuf),
    /// A file or folder cannot be written.
    #[error("cannot write {}: {source}; what was finished before is kept", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The record cannot be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The report cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// What lies beside the record cannot be read.
    #[error(transparent)]
    Conformance(#[from] NotConformance),
    /// A cell's input cannot be made.
    #[error("cell `{cell}`: {source}")]
    Case {
        /// Which cell.
        cell: String,
        /// What is wrong with it.
        source: Box<CaseError>,
    },
    /// The process of a repetition says why the run cannot go on.
    #[error("{0}")]
    Refused(String),
}

impl RunError {
    /// Of a cell whose question or workload could not be opened.
    pub fn case(cell: &Cell, source: CaseError) -> Self {
        Self::Case { cell: cell.name.clone(), source: Box::new(source) }
    }

    /// Of a file that cannot be written.
    pub fn unwritable(path: &Path, source: io::Error) -> Self {
        Self::Unwritable { path: path.to_owned(), source }
    }
}
