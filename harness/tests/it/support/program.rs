//! The program, as a user calls it: in a folder of its own, by an environment that says nothing.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A call of the program that is not yet made.
pub(crate) fn sluicebench(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.current_dir(folder).args(arguments);
    for name in ["RATE", "DURATION", "SEED", "PARALLELISM", "REPEAT", "OUT", "FORMAT"] {
        command.env_remove(format!("SLUICEBENCH_{name}"));
    }
    for name in ["GITHUB_STEP_SUMMARY", "CLICOLOR_FORCE", "NO_COLOR"] {
        command.env_remove(name);
    }
    // What it keeps for itself is kept there, too.
    command.env("SLUICEBENCH_ENGINES", folder.join(".engines"));
    command.env("COLUMNS", "100");
    command
}

/// The program itself.
pub(crate) fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_sluicebench").into()
}

/// What came of a call.
pub(crate) struct Said {
    pub(crate) exit: i32,
    pub(crate) results: String,
    pub(crate) complaints: String,
}

/// Calls the program and waits for it.
#[track_caller]
pub(crate) fn said(folder: &Path, arguments: &[&str]) -> Said {
    answer(&mut sluicebench(folder, arguments))
}

/// Makes a call and waits for it.
#[track_caller]
pub(crate) fn answer(call: &mut Command) -> Said {
    let output = call.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said {
        exit: output.status.code().unwrap(),
        results: text(output.stdout),
        complaints: text(output.stderr),
    }
}

/// All of it as one text.
impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.results)?;
        if !self.complaints.is_empty() {
            write!(f, "--- stderr\n{}", self.complaints)?;
        }
        writeln!(f, "--- exit {}", self.exit)
    }
}
