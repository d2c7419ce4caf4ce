//! What of an input could not be read and was left out.

use std::fmt;

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// The line it starts on; the first is 1.
    pub line: u64,
    /// The column at fault; empty if it is the row as a whole.
    pub column: String,
    /// What stands there, its first 60 characters.
    pub text: String,
    /// What was expected.
    pub why: String,
}

impl fmt::Display for RejectedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, text, why } = self;
        match (column.as_str(), text.as_str()) {
            ("", _) => write!(f, "line {line}: {why}: `{text}`"),
            (_, "") => write!(f, "line {line}, column `{column}`: {why}, found nothing"),
            (_, _) => write!(f, "line {line}, column `{column}`: {why}, found `{text}`"),
        }
    }
}
