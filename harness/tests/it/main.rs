//! The harness from outside, in one program: it is linked once, and its helpers are compiled once.
//!
//! All tests share a process and two cores with whatever else runs just then. So none of them may
//! change the environment or the current folder, wait for a length of time, look at a speed, or
//! take for its own whatever it finds among the children of this process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod advise;
mod agreement;
mod any_shape;
mod atlas;
#[cfg(target_os = "linux")]
mod beside;
mod broken;
mod command_line;
mod configuration;
mod conform;
mod gate;
mod history;
#[path = "../../../tidy/left_out.rs"]
mod left_out;
mod limit;
mod mutations;
mod measurement;
mod overload;
mod own_trace;
#[cfg(target_os = "linux")]
mod processes;
mod repeating;
mod resume;
mod shapes;
mod support;
mod sweep;
mod tools;
mod twin;
mod tidy;
mod verification;
#[path = "../../../tidy/wings.rs"]
mod wings;
