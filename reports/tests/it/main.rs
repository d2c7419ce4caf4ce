//! The reports as their readers meet them.

#![expect(clippy::unwrap_used, reason = "tests and their helpers")]

use sluicebench_reports::record;

mod report;
mod browser;
mod pictures;
mod old_records;
mod tidy;

#[path = "../../../tidy/left_out.rs"]
mod left_out;
#[path = "../../../tidy/wings.rs"]
mod wings;
#[path = "../../src/sample/mod.rs"]
mod sample;
