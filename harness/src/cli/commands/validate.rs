//! `validate`: every mistake in a file, with line and caret.

use super::{Answer, USAGE};
use crate::cli::args::Printed;
use crate::config::{self, Traces};
use crate::plan::Cell;
use scenarios::catalog::WorkloadSpec;
use std::fmt::Write as _;

/// Checks each file by itself. A trace that is not there is mentioned, but is no mistake: the
/// file may be meant for another folder, or its path be given later.
pub(super) fn validate(files: &[String], format: Printed, colour: bool) -> Answer {
    let mut answer = Answer::default();
    let mut listed = Vec::new();
    for file in files {
        match config::load(std::slice::from_ref(file), &[], &[], Traces::MayBeAbsent) {
            Ok(loaded) => {
                let cells = loaded.cells.len();
                let cases = if cells == 1 { String::new() } else { format!(" ({cells} cases)") };
                let _ = writeln!(answer.results, "ok {file}{cases}");
                for note in loaded.cells.iter().filter_map(absent_trace) {
                    let _ = writeln!(answer.results, "   {note}");
                }
                listed.push(serde_json::json!({ "file": file, "ok": true, "mistakes": [] }));
            }
            Err(rejected) => {
                if !answer.complaints.is_empty() {
                    answer.complaints.push('\n');
                }
                answer.complaints.push_str(&rejected.render(colour));
                let number = rejected.mistakes.len();
                let many = if number == 1 { "mistake" } else { "mistakes" };
                let _ = writeln!(answer.complaints, "\n{number} {many} in {file}");
                answer.exit = USAGE;
                let mistakes = rejected.to_json();
                listed.push(serde_json::json!({ "file": file, "ok": false, "mistakes": mistakes }));
            }
        }
    }
    if format == Printed::Json {
        let json = serde_json::json!({ "schema_version": 1, "files": listed });
        answer.results = format!("{json:#}\n");
        answer.complaints.clear();
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
