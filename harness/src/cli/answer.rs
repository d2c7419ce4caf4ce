//! What a command has to say, and how the program ends after it.
//!
//! Saying it is up to `main`: nothing here prints.

use crate::bench::exit::Exit;
use crate::config::diagnostic::{Mistake, Rejected};
use scenarios::catalog::CaseError;
use scenarios::workload::TraceError;
use serde::Serialize;
use std::path::Path;

/// What a command has to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Results, for stdout.
    pub results: String,
    /// What went wrong, for stderr.
    pub complaints: String,
    /// How the program ends.
    pub exit: Exit,
}

impl Answer {
    /// Everything is in order.
    pub(super) fn ok(results: impl Into<String>) -> Self {
        Self { results: results.into(), ..Self::default() }
    }

    /// A document for programs.
    pub(super) fn document(document: &impl Serialize) -> Self {
        match serde_json::to_string_pretty(document) {
            Ok(json) => Self::ok(json + "\n"),
            Err(error) => Self::failed("output::lost", &error.to_string()),
        }
    }

    /// What was asked for cannot be done as it was asked for.
    pub(super) fn rejected(rejected: &Rejected, colour: bool) -> Self {
        Self { complaints: rejected.render(colour), exit: Exit::Usage, ..Self::default() }
    }

    /// What was asked for could not be done.
    pub(super) fn failed(code: &str, message: &str) -> Self {
        let complaints = format!("error[{code}]: {message}\n");
        Self { complaints, exit: Exit::Failed, ..Self::default() }
    }

    /// A scenario cannot be made. What its file got wrong is a mistake of configuration; what is
    /// wrong with its trace is not.
    pub(super) fn of_case(error: &CaseError) -> Self {
        let code = match error {
            CaseError::Invalid(_) => COLUMN,
            CaseError::Trace(error) => code_of(error),
        };
        let failed = Self::failed(code, &error.to_string());
        if code == COLUMN { Self { exit: Exit::Usage, ..failed } } else { failed }
    }

    /// The same for a mistake that is not about a text.
    pub(super) fn mistaken(mistake: Mistake, colour: bool) -> Self {
        Self::rejected(&Rejected::because(mistake), colour)
    }
}

/// The code of a scenario file that does not fit its trace.
const COLUMN: &str = "trace::column";

/// The code of what is wrong with a trace, or with what a scenario file says of it.
pub(super) const fn code_of(error: &TraceError) -> &'static str {
    match error {
        TraceError::Open { .. }
        | TraceError::MissingColumn { .. }
        | TraceError::AmbiguousColumn { .. }
        | TraceError::NoHeader { .. }
        | TraceError::Notation { .. }
        | TraceError::Value { .. } => COLUMN,
        _ => "trace::unreadable",
    }
}

/// The line that says where a page is.
pub(super) fn page_line(page: &Path) -> String {
    let bytes = std::fs::metadata(page).map_or(0, |metadata| metadata.len());
    format!("Report  {} ({:.1} MB, works offline)\n", page.display(), bytes as f64 / 1e6)
}
