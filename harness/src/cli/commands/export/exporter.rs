//! What a format is, to whoever offers it a run: what it holds, and where that is written.

use super::logs::EngineLog;
use super::tables::Table;
use instrument::measure::logged::LogError;
use reports::RunRecord;
use reports::files::{self, Over};
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// A format: what of a run it holds, and how that is written. It is offered everything.
pub(super) trait Exporter {
    /// A table, by its name.
    fn table(&self, _name: &str, _table: &Table, _out: &mut Out<'_>) -> Result<(), ExportError> {
        Ok(())
    }

    /// Whether it holds distributions: only then are the run's interval logs read.
    fn holds_distributions(&self) -> bool {
        false
    }

    /// The distributions of an engine on a cell.
    fn distributions(&self, _engine: &EngineLog, _out: &mut Out<'_>) -> Result<(), ExportError> {
        Ok(())
    }

    /// The record itself.
    fn record(&self, _record: &RunRecord, _out: &mut Out<'_>) -> Result<(), ExportError> {
        Ok(())
    }
}

/// Why something could not be exported.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExportError {
    /// A file cannot be written.
    #[error("cannot write {}: {source}; name another folder with --to", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is there.
    #[error(
        "{} is there already: name another folder with --to, or write over it with --force",
        .0.display()
    )]
    Exists(PathBuf),
    /// A log is not there or not as the run wrote it.
    #[error("{0}, or leave out --hgrm and --hlog")]
    Log(#[from] LogError),
}

impl ExportError {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Unwritable { .. } => "export::unwritable",
            Self::Exists(_) => "export::folder",
            Self::Log(_) => "export::log",
        }
    }
}

/// The folder that is written, and what is in it so far.
pub(super) struct Out<'a> {
    pub(super) to: &'a Path,
    /// Whether what is there may go.
    pub(super) force: bool,
    pub(super) files: Vec<PathBuf>,
}

impl Out<'_> {
    pub(super) fn write(
        &mut self,
        name: &str,
        content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), ExportError> {
        let path = self.to.join(name);
        let over = if self.force { Over::Anything } else { Over::Nothing };
        files::write(&path, over, content).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => ExportError::Exists(path.clone()),
            _ => ExportError::Unwritable { path: path.clone(), source },
        })?;
        self.files.push(path);
        Ok(())
    }
}
