//! Slices: every pane is aggregated once, every window combines the panes it covers.
//!
//! Records are touched once; a window of `n` panes costs `n` combine steps per key. This is
//! stream slicing as in Scotty (Traub et al., EDBT 2019) and Flink's SQL windows.

use super::scratch::Scratch;
use crate::aggregate::Aggregate;
use crate::panes::{Accumulator, Panes};
use std::ops::Range;

#[derive(Clone)]
pub(crate) struct Slices<A: Aggregate> {
    scratch: Scratch<A>,
}

impl<A: Aggregate> Default for Slices<A> {
    fn default() -> Self {
        Self { scratch: Scratch::default() }
    }
}

impl<A: Aggregate> Slices<A> {
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
            pane.each(|index, accumulator| {
                self.scratch.accumulator(index).combine(aggregate, accumulator);
            });
            *steps += (pane.accumulators.len() + pane.afterwards.len()) as u64;
        }
        self.scratch.drain(aggregate, each)
    }
}
