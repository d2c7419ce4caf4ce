//! Workloads and questions from outside: the same events for the same seed, a trace read exactly or
//! refused, every plan drawn, every question answered; and the plan of the house, held by `tidy`.

#![expect(clippy::unwrap_used, reason = "everything here is a test; Clippy knows only its roots")]

extern crate sluicebench_scenarios as scenarios;

mod determinism;
mod trace;
mod trace_notation;
mod trace_strange;
mod shapes;
mod meaning;
mod tidy;
#[path = "../../../tidy/left_out.rs"]
mod left_out;
#[path = "../../../tidy/wings.rs"]
mod wings;
