//! `validate`: every mistake in a file, with line and caret.

use crate::bench::exit::Exit;
use crate::cli::answer::Answer;
use crate::cli::options::Printed;
use crate::config::diagnostic::PlacedMistake;
use crate::config::{self, Traces};
use crate::plan::Cell;
use scenarios::catalog::WorkloadSpec;
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
                files.push(ValidatedFile { file: file.clone(), ok: true, mistakes: Vec::new() });
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
                files.push(ValidatedFile { file: file.clone(), ok: false, mistakes });
            }
        }
    }
    if format == Printed::Json {
        let exit = answer.exit;
        return Answer { exit, ..Answer::document(&Validated { schema_version: 1, files }) };
    }
    answer
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
