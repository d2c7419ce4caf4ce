//! `export`: a run in open formats, for other tools.
//!
//! A run's folder is read and never changed. Figures come from its record; distributions come
//! from its interval logs, since a record holds only points of them, and are held against the
//! record before they are written: a log that was cut short or edited is refused.

mod logs;
#[cfg(feature = "parquet")]
mod parquet;
mod table;

use super::{Answer, FAILED, schema};
use clap::Args;
use reports::RunRecord;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
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
}

/// Why something could not be exported.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    /// A file cannot be written.
    #[error("cannot write {}: {source}; name another folder with --to", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A log is not there or not as the run wrote it.
    #[error(transparent)]
    Log(#[from] logs::LogError),
}

impl ExportError {
    const fn code(&self) -> &'static str {
        match self {
            Self::Unwritable { .. } => "export::unwritable",
            Self::Log(_) => "export::log",
        }
    }
}

/// Writes what was asked for, or everything but Parquet where nothing was.
pub(super) fn export(args: &ExportArgs) -> Answer {
    if args.parquet && !cfg!(feature = "parquet") {
        let message = "this build cannot write Parquet: build it with --features parquet";
        return Answer::failed("export::feature", message);
    }
    let record = match RunRecord::read(&args.folder) {
        Ok(record) => record,
        Err(error) => return Answer::failed("export::record", &error.to_string()),
    };
    let to = args.to.clone().unwrap_or_else(|| args.folder.join("export"));
    if to.join(reports::record::FILE_NAME).exists() && !is_export(&to) {
        let message = format!(
            "the folder {} holds a run, which is never overwritten: name another one with --to",
            to.display()
        );
        return Answer::failed("export::folder", &message);
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
        Err(error) => Answer { exit: FAILED, ..Answer::failed(error.code(), &error.to_string()) },
    }
}

/// Whether a folder is one that this command wrote.
fn is_export(folder: &Path) -> bool {
    folder.join(SCHEMA).is_file()
}

/// The schema beside the record.
const SCHEMA: &str = "run.schema.json";

fn write_all(
    args: &ExportArgs,
    record: &RunRecord,
    to: &Path,
) -> Result<Vec<PathBuf>, ExportError> {
    let everything = !(args.csv || args.hgrm || args.hlog || args.json || args.parquet);
    let mut out = Out { to, files: Vec::new() };
    fs::create_dir_all(to)
        .map_err(|source| ExportError::Unwritable { path: to.to_owned(), source })?;
    let tables = [
        ("repetitions", table::repetitions(record)),
        ("timeline", table::timeline(record)),
        ("batches", table::batches(record)),
    ];
    for (name, table) in tables {
        if args.csv || everything {
            out.write(&format!("{name}.csv"), |file| table.write_csv(file))?;
        }
        #[cfg(feature = "parquet")]
        if args.parquet {
            out.write(&format!("{name}.parquet"), |file| parquet::write(&table, file))?;
        }
    }
    if args.hgrm || args.hlog || everything {
        for engine in logs::engines(record, &args.folder) {
            let engine = engine?;
            if args.hgrm || everything {
                for (quantity, histogram) in engine.ladders() {
                    let name = format!("{}-{quantity}_ns.hgrm", engine.name);
                    out.write(&name, |file| logs::write_hgrm(file, histogram))?;
                }
            }
            if args.hlog || everything {
                out.write(&format!("{}.hlog", engine.name), |file| engine.write_hlog(file))?;
            }
        }
    }
    if args.json || everything {
        let json = |value: &serde_json::Value| format!("{value:#}\n");
        let record = serde_json::to_value(record).map_err(io::Error::from);
        out.write(SCHEMA, |file| {
            file.write_all(json(&schema::of(schema::Described::Run)).as_bytes())
        })?;
        out.write(reports::record::FILE_NAME, |file| file.write_all(json(&record?).as_bytes()))?;
    }
    Ok(out.files)
}

/// The folder that is written, and what is in it so far.
struct Out<'a> {
    to: &'a Path,
    files: Vec<PathBuf>,
}

impl Out<'_> {
    fn write(
        &mut self,
        name: &str,
        content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), ExportError> {
        let path = self.to.join(name);
        let written = File::create(&path).map(BufWriter::new).and_then(|mut file| {
            content(&mut file)?;
            file.flush()
        });
        written.map_err(|source| ExportError::Unwritable { path: path.clone(), source })?;
        self.files.push(path);
        Ok(())
    }
}
