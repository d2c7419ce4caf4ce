//! Every case that can be written down opens, and what it opens to can be run; and the plan of the
//! house, held by `tidy`.

#![expect(clippy::unwrap_used, reason = "everything here is a test; Clippy knows only its roots")]

extern crate sluicebench_programs as programs;

mod opening;
mod tidy;
#[path = "../../../tidy/wings.rs"]
mod wings;
