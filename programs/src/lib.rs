//! Every question on every executor, compiled as one unit.
//!
//! This is where a plan meets an engine. A scenario is generic in its interpreter, so whoever
//! runs it has it compiled once more; done here and nowhere else, the loops of an operator, its
//! state and its exchange stand in one unit that is optimised as a whole, and whoever asks sees
//! two objects: a [`Program`], which can be run, and a [`Workload`](scenarios::Workload). What is
//! called through them once per record is only what an engine calls through an object anyway, its
//! sources and sinks. Nothing here measures, paces or checks.

mod program;
mod case;
mod small;

pub use case::{Case, Opened, Visitor, open};
pub use program::{Program, Sinks, Sources, Tell};
pub use small::{counted, in_sessions, windowed};
