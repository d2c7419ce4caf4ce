//! Panes: what has been aggregated per key in one stretch of event time.
//!
//! Layout, chosen by measurement: one hash lookup per record finds the key's index; each pane is
//! a column of accumulators by that index. An open pane takes records. A sealed pane has been
//! covered by a fired window: it is packed into a list sorted by index, which sliding algorithms
//! read from front to back, and the few records that still reach it lie beside the list. Panes
//! are the same under both executors, so that only the execution model differs. No clock, no
//! randomness, and no output in the order of a hash map.

mod keys;
mod accumulator;
mod divider;
mod sealed;
mod table;
mod adding;

pub(crate) use accumulator::Accumulator;
pub(crate) use adding::LOOKAHEAD;
pub(crate) use keys::{HASHER, KEY_GROUPS, KeyTable, column_anew, partition_of};
pub(crate) use sealed::{Panes, SealedPane};
pub(crate) use table::PaneTable;
