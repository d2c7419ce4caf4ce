//! Says which check was left out, so that none is left out in silence.
//!
//! Some tests need what a machine may not have, such as a browser or recorded traces. One that
//! goes without says so here: in a line of its own, and in the file that `SLUICEBENCH_LEFT_OUT`
//! names, because nobody is shown what a test prints that passes. `scripts/check.sh` counts them.

#![allow(dead_code, reason = "the packages that include this file use a part of it each")]
#![allow(clippy::print_stderr, reason = "a test speaks to who runs it")]

use std::env;
use std::fs::File;
use std::io::Write as _;

/// A check that only a user's machine may be without: with `CI=true` this fails.
#[track_caller]
pub(crate) fn left_out(what: &str) {
    assert!(env::var_os("CI").is_none_or(|ci| ci != "true"), "CI left out: {what}");
    left_out_anywhere(what);
}

/// A check of what is not in the repository and cannot be fetched: any machine may be without.
pub(crate) fn left_out_anywhere(what: &str) {
    let line = format!("left out: {what}\n");
    eprint!("{line}");
    if let Some(path) = env::var_os("SLUICEBENCH_LEFT_OUT") {
        // In one write, since others append to it at the same time.
        let file = File::options().create(true).append(true).open(&path);
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
