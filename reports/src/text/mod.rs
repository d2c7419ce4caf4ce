//! What was found, in words: verdicts, tables and the formats that programs read.
//!
//! Nothing is decided here; who is better and what is demanded comes from
//! [`judge`](crate::judge).

pub mod completeness;
pub(crate) mod lost;
pub(crate) mod unlike;
pub(crate) mod floor;
pub(crate) mod memory;
mod intervals;
pub mod verdict;
mod contest;
mod demanded;
mod interval;
pub mod limit;
mod atlas;
pub(crate) mod sweep;
pub mod table;
pub mod gate;
pub mod history;
pub mod twin;
pub mod advice;
pub(crate) mod sensitivity;
