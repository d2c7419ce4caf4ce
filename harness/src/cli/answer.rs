//! What a command has to say, and how the program ends after it.
//!
//! Saying it is up to `main`: nothing here prints.

use instrument::bench::exit::Exit;
use reports::words::{concise, harmless};
use scenarios::catalog::CaseError;
use scenarios::workload::TraceError;
use serde::Serialize;
use settings::config::diagnostic::{Mistake, Rejected};
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

    /// The same with nothing in it that a terminal obeys or hides, but for our own colours where
    /// there are some: this is where all that is said to people goes through.
    #[must_use]
    pub(super) fn harmless(self, colour: bool) -> Self {
        let complaints = if colour {
            // What of a mistake was typed was written out before it was coloured.
            coloured(&self.complaints)
        } else {
            harmless(&self.complaints).into_owned()
        };
        Self { results: harmless(&self.results).into_owned(), complaints, ..self }
    }

    /// What was asked for cannot be done as it was asked for.
    pub(super) fn rejected(rejected: &Rejected, colour: bool) -> Self {
        Self { complaints: rejected.render(colour), exit: Exit::Usage, ..Self::default() }
    }

    /// What was asked for could not be done.
    pub(super) fn failed(code: &str, message: &str) -> Self {
        let complaints = format!("error[{code}]: {}\n", harmless(&concise(message)));
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
        | TraceError::NoFile { .. }
        | TraceError::MissingColumn { .. }
        | TraceError::AmbiguousColumn { .. }
        | TraceError::NoHeader { .. }
        | TraceError::Notation { .. }
        | TraceError::Value { .. } => COLUMN,
        _ => "trace::unreadable",
    }
}

/// A text in which colours stay and all else is written out that a terminal would obey: an escape
/// with digits, semicolons and an `m` behind it sets how letters look, and does nothing else.
fn coloured(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split("\u{1b}[");
    out.push_str(&harmless(parts.next().unwrap_or_default()));
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(part.len());
        let is_colour = part[end..].starts_with('m');
        out.push_str(if is_colour { "\u{1b}[" } else { "\\u001b[" });
        out.push_str(&harmless(part));
    }
    out
}

/// The line that says where a page is.
pub(super) fn page_line(page: &Path) -> String {
    let bytes = std::fs::metadata(page).map_or(0, |metadata| metadata.len());
    format!("Report  {} ({:.1} MB, works offline)\n", page.display(), bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_obeyed_by_no_terminal_but_for_our_colours() {
        let typed = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}";
        let shown = "\\u001b]0;owned\\u0007\\u009b31m\\u202e";
        let said = || Answer {
            results: typed.into(),
            complaints: format!("\u{1b}[31merror\u{1b}[0m: {typed} \u{1b}[2J\u{1b}"),
            exit: Exit::Failed,
        };
        let plain = said().harmless(false);
        assert_eq!(plain.results, shown);
        assert!(!plain.complaints.contains('\u{1b}'), "{}", plain.complaints);
        let coloured = said().harmless(true);
        assert_eq!(coloured.results, shown);
        let want = format!("\u{1b}[31merror\u{1b}[0m: {shown} \\u001b[2J\\u001b");
        assert_eq!(coloured.complaints, want);
    }
}
