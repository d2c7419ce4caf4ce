//! `validate`: every mistake in a file, with line and caret.

use crate::bench::exit::Exit;
use crate::cli::answer::Answer;
use crate::cli::options::Printed;
use crate::config::diagnostic::PlacedMistake;
use crate::config::lint::{Remark, remarks};
use crate::config::{self, Traces, Written};
use crate::plan::Cell;
use scenarios::spec::WorkloadSpec;
use schemars::JsonSchema;
use serde::Serialize;
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
    /// Whether there is no mistake in it.
    ok: bool,
    /// What is no mistake and may not be meant.
    warnings: Vec<Remark>,
}

/// Checks each file by itself. A trace that is not there is mentioned, but is no mistake: the
/// file may be meant for another folder, or its path be given later.
pub(in crate::cli) fn validate(named: &[String], format: Printed, colour: bool) -> Answer {
    let mut answer = Answer::default();
    let mut files = Vec::new();
    for file in named {
        match config::load(std::slice::from_ref(file), &[], &[], Traces::MayBeAbsent) {
            Ok(loaded) => {
                let cells = loaded.cells.len();
                let cases = if cells == 1 { String::new() } else { format!(" ({cells} cases)") };
                let _ = writeln!(answer.results, "ok {file}{cases}");
                for note in loaded.cells.iter().filter_map(absent_trace) {
                    let _ = writeln!(answer.results, "   {note}");
                }
                let warnings = unique(loaded.cells.iter().zip(&loaded.written));
                for warning in &warnings {
                    answer.results.push_str(&warning.indented("   "));
                }
                let (file, mistakes) = (file.clone(), Vec::new());
                files.push(ValidatedFile { file, ok: true, mistakes, warnings });
            }
            Err(rejected) => {
                if !answer.complaints.is_empty() {
                    answer.complaints.push('\n');
                }
                answer.complaints.push_str(&rejected.render(colour));
                let number = rejected.mistakes.len();
                let many = if number == 1 { "mistake" } else { "mistakes" };
                let _ = writeln!(answer.complaints, "\n{number} {many} in {file}");
                answer.exit = Exit::Usage;
                let mistakes = rejected.placed();
                let (file, warnings) = (file.clone(), Vec::new());
                files.push(ValidatedFile { file, ok: false, mistakes, warnings });
            }
        }
    }
    if format == Printed::Json {
        let exit = answer.exit;
        return Answer { exit, ..Answer::document(&Validated { schema_version: 1, files }) };
    }
    answer
}

/// What is to be thought about in any of the cells; once, where several share it.
fn unique<'a>(cells: impl Iterator<Item = (&'a Cell, &'a Vec<Written>)>) -> Vec<Remark> {
    let mut all = Vec::new();
    for remark in cells.flat_map(|(cell, written)| remarks(cell, written)) {
        if !all.contains(&remark) {
            all.push(remark);
        }
    }
    all
}

fn absent_trace(cell: &Cell) -> Option<String> {
    match &cell.case.workload {
        WorkloadSpec::Trace(trace) if !trace.path.is_file() => Some(format!(
            "its trace `{}` is not there; give one with --set source.trace.path=FILE",
            trace.path.display()
        )),
        _ => None,
    }
}
