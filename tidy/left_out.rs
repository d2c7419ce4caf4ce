//! Says which check was left out, so that none is left out in silence.
//!
//! Some tests need what a machine may not have, such as a browser or recorded traces. One that
//! goes without says so here, in a line of its own that `scripts/check.sh` counts. It goes past the
//! test runner, which shows nobody what a test says that passes.

#![allow(dead_code, reason = "the packages that include this file use a part of it each")]

use std::env;
use std::io::{self, Write as _};

/// A check that only a user's machine may be without: with `CI=true` this fails.
#[track_caller]
pub(crate) fn left_out(what: &str) {
    assert!(env::var_os("CI").is_none_or(|ci| ci != "true"), "CI left out: {what}");
    left_out_anywhere(what);
}

/// A check of what is not in the repository and cannot be fetched: any machine may be without.
pub(crate) fn left_out_anywhere(what: &str) {
    // In one piece, since other tests speak at the same time. Who cannot hear is not told.
    let _ = io::stderr().write_all(format!("left out: {what}\n").as_bytes());
}
