//! `export`: a run in open formats, for other tools.
//!
//! A run's folder is read and never changed. Figures come from its record; distributions come
//! from its interval logs, since a record holds only points of them, and are held against the
//! record before they are written: a log that was cut short or edited is refused.

mod exporter;
mod tables;
mod logs;
mod csv;
mod hgrm;
mod hlog;
mod json;
#[cfg(feature = "parquet")]
mod parquet;

use crate::cli::answer::Answer;
use clap::Args;
use exporter::{ExportError, Exporter, Out};
use instrument::bench::folder::signs_of_a_run;
use reports::RunRecord;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What `export` takes.
#[expect(clippy::struct_excessive_bools, reason = "each is a format that can be asked for")]
#[derive(Clone, Debug, Default, Args)]
pub struct ExportArgs {
    /// The folder of a run.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,

    /// The folder to write; `export` in the run's own where nothing is said.
    #[arg(long, value_name = "FOLDER")]
    pub to: Option<PathBuf>,

    /// Repetitions, timelines and batches as CSV: each a table, with units in its heading.
    #[arg(long)]
    pub csv: bool,

    /// Each engine's latencies as a percentile ladder that plotters of `HdrHistogram` read.
    #[arg(long)]
    pub hgrm: bool,

    /// Each engine's latencies as an interval log, its repetitions merged second by second.
    #[arg(long)]
    pub hlog: bool,

    /// The record, in the format of this version, with its schema.
    #[arg(long)]
    pub json: bool,

    /// Repetitions, timelines and batches as Parquet.
    #[arg(long)]
    pub parquet: bool,

    /// Write over files that are there. A run's own are never written over.
    #[arg(long)]
    pub force: bool,
}

/// Writes what was asked for, or everything but Parquet where nothing was.
pub(in crate::cli) fn export(args: &ExportArgs) -> Answer {
    if args.parquet && !cfg!(feature = "parquet") {
        let message = "this build cannot write Parquet: build it with --features parquet";
        return Answer::failed("export::feature", message);
    }
    let record = match RunRecord::read(&args.folder) {
        Ok(record) => record,
        Err(error) => return Answer::failed("export::record", &error.to_string()),
    };
    let to = args.to.clone().unwrap_or_else(|| args.folder.join("export"));
    match signs_of_a_run(&to) {
        Ok(signs) if !is_export(&to, &signs) => {
            let message = format!(
                "the folder {} holds a run, which is never overwritten: name another one with --to",
                to.display()
            );
            return Answer::failed("export::folder", &message);
        }
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            let error = ExportError::Unwritable { path: to, source };
            return Answer::failed(error.code(), &error.to_string());
        }
        _ => {}
    }
    match write_all(args, &record, &to) {
        Ok(files) => {
            let mut answer = Answer::default();
            for file in files {
                let _ = writeln!(answer.results, "{}", file.display());
            }
            if record.interrupted {
                answer.complaints =
                    "note: the run was interrupted; what it had finished is exported\n".into();
            }
            answer
        }
        Err(error) => Answer::failed(error.code(), &error.to_string()),
    }
}

/// Whether what looks like a run in a folder is what this command wrote there: a record with its
/// schema, or merged logs and nothing else.
fn is_export(folder: &Path, signs: &[PathBuf]) -> bool {
    folder.join(json::SCHEMA).is_file() || signs.iter().all(|path| hlog::is_merged(path))
}

/// The formats that were asked for; where none was, all but Parquet, which not every build has.
fn formats(args: &ExportArgs) -> Vec<&'static dyn Exporter> {
    let everything = !(args.csv || args.hgrm || args.hlog || args.json || args.parquet);
    let all: &[(bool, &'static dyn Exporter)] = &[
        (args.csv || everything, &csv::Csv),
        #[cfg(feature = "parquet")]
        (args.parquet, &parquet::Parquet),
        (args.hgrm || everything, &hgrm::Hgrm),
        (args.hlog || everything, &hlog::Hlog),
        (args.json || everything, &json::Json),
    ];
    all.iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, format)| *format).collect()
}

fn write_all(
    args: &ExportArgs,
    record: &RunRecord,
    to: &Path,
) -> Result<Vec<PathBuf>, ExportError> {
    let formats = formats(args);
    let mut out = Out { to, force: args.force, files: Vec::new() };
    fs::create_dir_all(to)
        .map_err(|source| ExportError::Unwritable { path: to.to_owned(), source })?;
    for (name, table) in tables::all(record) {
        for format in &formats {
            format.table(name, &table, &mut out)?;
        }
    }
    if formats.iter().any(|format| format.holds_distributions()) {
        // One engine at a time: those of a long run fill memory.
        for engine in logs::engines(record, &args.folder) {
            let engine = engine?;
            for format in &formats {
                format.distributions(&engine, &mut out)?;
            }
        }
    }
    for format in &formats {
        format.record(record, &mut out)?;
    }
    Ok(out.files)
}
