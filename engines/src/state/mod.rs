//! Keyed window state, shared by both executors.
//!
//! Window state is the same under both, so that only the execution model differs: the per-event
//! engine adds one record after another and advances at every watermark mark; the micro-batch
//! engine absorbs what a batch's map side has combined and advances once per batch. Everything
//! below is computed from records and watermarks alone; no clock, no randomness, and no output
//! in the order of a hash map.
//!
//! Layout, chosen by measurement: one hash lookup per record finds the key's index; each pane is
//! a column of partial aggregates by that index. A pane that some fired window covers is sealed:
//! packed into a list sorted by index, which sliding algorithms read from front to back.

mod keys;
mod panes;
mod window_state;

pub(crate) use keys::{KEY_GROUPS, partition_of};
pub(crate) use panes::{Cell, PaneTable, SealedPane};
pub(crate) use window_state::WindowState;
