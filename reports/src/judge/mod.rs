//! Who is better, what is demanded, and what may be compared.
//!
//! Everything that a text, a chart or a page says of two engines or two runs is decided here,
//! once, so that no two of them can say different things.

pub mod summary;
pub mod lost;
pub mod metrics;
pub mod interval_wait;
pub mod demands;
pub mod compare;
pub mod limit;
pub(crate) mod plain_loop;
pub mod capacity;
pub mod gate;
pub mod history;
pub mod advice;
pub mod atlas;
