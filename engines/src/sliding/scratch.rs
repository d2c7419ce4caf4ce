//! A column that is filled for one window and emptied again.

use crate::aggregate::Aggregate;
use crate::panes::Accumulator;

/// Accumulators by index, and which of them hold something.
#[derive(Clone)]
pub(super) struct Scratch<A: Aggregate> {
    accumulators: Vec<Accumulator<A::Partial>>,
    touched: Vec<u32>,
}

impl<A: Aggregate> Default for Scratch<A> {
    fn default() -> Self {
        Self { accumulators: Vec::new(), touched: Vec::new() }
    }
}

impl<A: Aggregate> Scratch<A> {
    pub(super) fn widen(&mut self, aggregate: &A, span: usize) {
        if self.accumulators.len() < span {
            self.accumulators.resize(span, Accumulator::empty(aggregate.empty()));
        }
    }

    #[inline]
    pub(super) fn accumulator(&mut self, index: u32) -> &mut Accumulator<A::Partial> {
        let accumulator = &mut self.accumulators[index as usize];
        if accumulator.is_empty() {
            self.touched.push(index);
        }
        accumulator
    }

    /// Reads what was filled in and empties it.
    pub(super) fn drain<E>(
        &mut self,
        aggregate: &A,
        mut each: impl FnMut(u32, &Accumulator<A::Partial>) -> Result<(), E>,
    ) -> Result<(), E> {
        for index in self.touched.drain(..) {
            let accumulator = &mut self.accumulators[index as usize];
            let accumulator = std::mem::replace(accumulator, Accumulator::empty(aggregate.empty()));
            each(index, &accumulator)?;
        }
        Ok(())
    }
}
