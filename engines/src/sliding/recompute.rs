//! Recompute: every window is aggregated anew from its records.
//!
//! It is what `stream.window(W, S).aggregate(…)` does in a DStream program, and the yardstick
//! for the others. A record is added once per window that holds it.

use super::scratch::Scratch;
use crate::aggregate::Aggregate;
use crate::panes::{Accumulator, Panes};
use std::ops::Range;

#[derive(Clone)]
pub(crate) struct Recompute<A: Aggregate> {
    scratch: Scratch<A>,
}

impl<A: Aggregate> Default for Recompute<A> {
    fn default() -> Self {
        Self { scratch: Scratch::default() }
    }
}

impl<A: Aggregate> Recompute<A> {
    pub(super) fn answers<E>(
        &mut self,
        aggregate: &A,
        span: usize,
        panes: &Panes<A>,
        covered: Range<i64>,
        steps: &mut u64,
        each: impl FnMut(u32, &Accumulator<A::Partial>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.scratch.widen(aggregate, span);
        for pane in panes.range(covered).map(|(_, pane)| pane) {
            for (index, due, input) in &pane.records {
                self.scratch.accumulator(*index).add(aggregate, *due, input);
            }
            *steps += pane.records.len() as u64;
        }
        self.scratch.drain(aggregate, each)
    }
}
