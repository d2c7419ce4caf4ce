//! `validate`: every mistake in a file, with line and caret.

use crate::cli::answer::{Answer, code_of};
use crate::cli::options::Printed;
use instrument::bench::exit::Exit;
use reports::quantity;
use reports::words::harmless;
use scenarios::spec::{TraceSpec, WorkloadSpec};
use scenarios::workload::trace::{NoFile, no_file};
use scenarios::workload::{Remark, Trace};
use schemars::JsonSchema;
use serde::Serialize;
use settings::config::diagnostic::{Mistake, PlacedMistake, Rejected};
use settings::config::lint::{self, remarks};
use settings::config::{self, Traces, Written};
use settings::plan::Cell;
use std::fmt::Write as _;

/// What is wrong with scenario files and suites; by name, in the order in which it is printed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Validated {
    /// Each file that was named.
    files: Vec<ValidatedFile>,
    /// Of this format: 1.
    schema_version: u32,
}

/// What is wrong with one of them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct ValidatedFile {
    /// As it was named.
    file: String,
    /// All of them.
    mistakes: Vec<PlacedMistake>,
    /// What is strange about what it reads, and no mistake of the file.
    notes: Vec<String>,
    /// Whether there is no mistake in it.
    ok: bool,
    /// What is no mistake and may not be meant.
    warnings: Vec<lint::Remark>,
}

/// Checks each file by itself, and the first rows of a trace that it names. A trace that is not
/// there is mentioned, but is no mistake: the file may be meant for another folder, or its path be
/// given later.
pub(in crate::cli) fn validate(named: &[String], format: Printed, colour: bool) -> Answer {
    let mut answer = Answer::default();
    let mut files = Vec::new();
    for file in named {
        match config::load(std::slice::from_ref(file), &[], &[], Traces::MayBeAbsent) {
            Ok(loaded) => {
                let Seen { notes, mistakes, spans } = traces(&loaded.cells);
                if !mistakes.is_empty() {
                    let rejected = Rejected { mistakes, ..Rejected::default() };
                    files.push(refuse(&mut answer, file, &rejected, colour));
                    continue;
                }
                let cells = loaded.cells.len();
                let cases = if cells == 1 { String::new() } else { format!(" ({cells} cases)") };
                let _ = writeln!(answer.results, "ok {file}{cases}");
                for note in &notes {
                    let _ = writeln!(answer.results, "   {note}");
                }
                let warnings = unique(loaded.cells.iter().zip(&loaded.written), &spans);
                for warning in &warnings {
                    answer.results.push_str(&warning.indented("   "));
                }
                files.push(ValidatedFile {
                    file: file.clone(),
                    ok: true,
                    notes,
                    mistakes: Vec::new(),
                    warnings,
                });
            }
            Err(rejected) => files.push(refuse(&mut answer, file, &rejected, colour)),
        }
    }
    if format == Printed::Json {
        let exit = answer.exit;
        return Answer { exit, ..Answer::document(&Validated { schema_version: 1, files }) };
    }
    answer
}

/// What is to be thought about in any of the cells; once, where several share it.
fn unique<'a>(
    cells: impl Iterator<Item = (&'a Cell, &'a Vec<Written>)>,
    spans: &[(TraceSpec, u64)],
) -> Vec<lint::Remark> {
    let mut all = Vec::new();
    let span_us = |cell: &Cell| {
        let WorkloadSpec::Trace(trace) = &cell.case.workload else { return None };
        spans.iter().find(|(spec, _)| spec == trace).map(|(_, span_us)| *span_us)
    };
    for remark in cells.flat_map(|(cell, written)| remarks(cell, written, span_us(cell))) {
        if !all.contains(&remark) {
            all.push(remark);
        }
    }
    all
}

/// Adds what is wrong with a file to the answer.
fn refuse(answer: &mut Answer, file: &str, rejected: &Rejected, colour: bool) -> ValidatedFile {
    if !answer.complaints.is_empty() {
        answer.complaints.push('\n');
    }
    answer.complaints.push_str(&rejected.render(colour));
    let number = rejected.mistakes.len();
    let many = if number == 1 { "mistake" } else { "mistakes" };
    let _ = writeln!(answer.complaints, "\n{number} {many} in {}", harmless(file));
    answer.exit = Exit::Usage;
    let mistakes = rejected.placed();
    ValidatedFile {
        file: file.to_owned(),
        ok: false,
        notes: Vec::new(),
        mistakes,
        warnings: Vec::new(),
    }
}

/// How many rows of a trace are read. The rest are read before a run, when they are needed.
const FIRST_ROWS: u64 = 100_000;

/// What was seen of the traces of some cells.
#[derive(Default)]
struct Seen {
    /// What is to be noted.
    notes: Vec<String>,
    /// What is wrong with them.
    mistakes: Vec<Mistake>,
    /// How much time lies in each that was read to its end, in microseconds.
    spans: Vec<(TraceSpec, u64)>,
}

/// Looks at the traces of these cells.
fn traces(cells: &[Cell]) -> Seen {
    let Seen { mut notes, mut mistakes, mut spans } = Seen::default();
    let mut seen: Vec<&TraceSpec> = Vec::new();
    for cell in cells {
        let WorkloadSpec::Trace(trace) = &cell.case.workload else { continue };
        if seen.contains(&trace) {
            continue;
        }
        seen.push(trace);
        if no_file(&trace.path) == Some(NoFile::Absent) {
            notes.push(format!(
                "its trace `{}` is not there; give one with --set source.trace.path=FILE",
                trace.path.display()
            ));
            continue;
        }
        match Trace::try_some(trace, FIRST_ROWS) {
            Ok(tried) => {
                let first = tried.rejected.first();
                notes.extend(first.map(|first| {
                    let rows = quantity::counted(tried.rejected.len() as u64, "row");
                    format!("! {rows} cannot be read and would be left out; the first: {first}")
                }));
                let note = |remark: Remark| format!("! {}: {}", remark.text, remark.advice);
                notes.extend(tried.remarks.into_iter().map(note));
                if tried.is_all {
                    spans.push((trace.clone(), tried.span_us));
                } else {
                    notes.push(format!(
                        "of `{}` the first {} rows were looked at, and no more",
                        trace.path.display(),
                        quantity::count(tried.rows)
                    ));
                }
            }
            Err(error) => mistakes.push(Mistake::new(code_of(&error), error.to_string())),
        }
    }
    Seen { notes, mistakes, spans }
}
