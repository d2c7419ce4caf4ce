//! An aggregate that can be kept from answering.

use crate::aggregate::{Aggregate, AggregateError};
use crate::engine::Algorithm;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An aggregate that gives no answers while its state is computed again: what would be answered
/// then has been answered before, and may even be incomplete.
#[derive(Clone)]
pub(super) struct Muted<A> {
    aggregate: A,
    pub(super) is_muted: Arc<AtomicBool>,
}

impl<A: Aggregate> Aggregate for Muted<A> {
    type Input = A::Input;
    type Partial = A::Partial;
    type Output = Option<A::Output>;
    const INVERTIBLE: bool = A::INVERTIBLE;

    #[inline]
    fn empty(&self) -> A::Partial {
        self.aggregate.empty()
    }
    #[inline]
    fn add(&self, partial: &mut A::Partial, input: &A::Input) {
        self.aggregate.add(partial, input);
    }
    #[inline]
    fn combine(&self, partial: &mut A::Partial, other: &A::Partial) {
        self.aggregate.combine(partial, other);
    }
    #[inline]
    fn subtract(&self, partial: &mut A::Partial, other: &A::Partial) {
        self.aggregate.subtract(partial, other);
    }
    #[inline]
    fn lower(&self, partial: &A::Partial) -> Result<Option<A::Output>, AggregateError> {
        if self.is_muted.load(Ordering::Relaxed) {
            return Ok(None);
        }
        self.aggregate.lower(partial).map(Some)
    }
}

/// What a new state is made of.
pub(super) struct Fresh<A> {
    pub(super) aggregate: A,
    pub(super) algorithm: Algorithm,
}

impl<A: Clone> Fresh<A> {
    pub(super) fn aggregate(&self, is_muted: bool) -> Muted<A> {
        Muted { aggregate: self.aggregate.clone(), is_muted: Arc::new(AtomicBool::new(is_muted)) }
    }
}
