//! From panes to windows: one file per algorithm.
//!
//! All of them are told when a pane enters the window and when it leaves, and asked for the
//! window's aggregates in between. What each does at which of the three moments is the
//! difference, and the number of steps it takes is counted, so that they compare without a
//! clock. Both executors use the same algorithms.

mod scratch;
mod recompute;
mod slices;
mod subtract_on_evict;
mod two_stacks;

use crate::aggregate::Aggregate;
use crate::engine::{Algorithm, EngineError};
use crate::panes::{Accumulator, Panes, SealedPane};
use crate::window::WindowSpec;
use recompute::Recompute;
use slices::Slices;
use std::ops::Range;
use subtract_on_evict::SubtractOnEvict;
use two_stacks::TwoStacks;

/// The chosen algorithm and its state.
#[derive(Clone)]
pub(crate) enum Sliding<A: Aggregate> {
    Recompute(Recompute<A>),
    Slices(Slices<A>),
    SubtractOnEvict(SubtractOnEvict<A>),
    TwoStacks(TwoStacks<A>),
}

/// What `wanted` comes to for this aggregate and window.
pub(crate) fn resolve<A: Aggregate>(
    wanted: Algorithm,
    spec: &WindowSpec,
) -> Result<Algorithm, EngineError> {
    match wanted {
        Algorithm::Auto if spec.size() == spec.pane() => Ok(Algorithm::Slices),
        Algorithm::Auto if A::INVERTIBLE => Ok(Algorithm::SubtractOnEvict),
        Algorithm::Auto => Ok(Algorithm::TwoStacks),
        Algorithm::SubtractOnEvict if !A::INVERTIBLE => Err(EngineError::Unsupported(
            "this aggregate has no inverse (min and max have none): use algorithm \"two-stacks\", \
             \"slices\" or \"auto\""
                .to_owned(),
        )),
        named => Ok(named),
    }
}

impl<A: Aggregate> Sliding<A> {
    /// # Panics
    /// On `Auto`, which [`resolve`] turns into one of the others.
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Auto => unreachable!("resolve comes first"),
            Algorithm::Recompute => Self::Recompute(Recompute::default()),
            Algorithm::Slices => Self::Slices(Slices::default()),
            Algorithm::SubtractOnEvict => Self::SubtractOnEvict(SubtractOnEvict::default()),
            Algorithm::TwoStacks => Self::TwoStacks(TwoStacks::default()),
        }
    }

    /// The next pane enters the window; indexes are below `span`.
    pub(crate) fn enter(
        &mut self,
        aggregate: &A,
        span: usize,
        pane: i64,
        sealed: &SealedPane<A>,
        steps: &mut u64,
    ) {
        match self {
            Self::Recompute(_) | Self::Slices(_) => (),
            Self::SubtractOnEvict(it) => it.enter(aggregate, span, sealed, steps),
            Self::TwoStacks(it) => it.enter(aggregate, span, pane, sealed, steps),
        }
    }

    /// Something more for a pane that is in the window. `is_new` says that the index had nothing
    /// among what came after the pane was sealed.
    pub(crate) fn enter_late(
        &mut self,
        aggregate: &A,
        span: usize,
        pane: i64,
        (index, accumulator): (u32, &Accumulator<A::Partial>),
        is_new: bool,
        steps: &mut u64,
    ) {
        match self {
            Self::Recompute(_) | Self::Slices(_) => (),
            Self::SubtractOnEvict(it) => {
                it.enter_late(aggregate, span, (index, accumulator), is_new, steps);
            }
            Self::TwoStacks(it) => {
                it.enter_late(aggregate, span, pane, (index, accumulator), steps);
            }
        }
    }

    /// The oldest pane leaves the window; `rest` are the numbers of the panes that stay.
    pub(crate) fn leave(
        &mut self,
        aggregate: &A,
        pane: i64,
        panes: &Panes<A>,
        rest: Range<i64>,
        steps: &mut u64,
    ) {
        match self {
            Self::Recompute(_) | Self::Slices(_) => (),
            Self::SubtractOnEvict(it) => it.leave(aggregate, pane, panes, rest, steps),
            Self::TwoStacks(it) => it.leave(aggregate, pane, &panes[&pane], steps),
        }
    }

    /// Goes by new indexes; those that are gone have nothing in the window.
    pub(crate) fn renumber(&mut self, anew: &[u32]) {
        match self {
            // What they hold is empty between two windows.
            Self::Recompute(it) => *it = Recompute::default(),
            Self::Slices(it) => *it = Slices::default(),
            Self::SubtractOnEvict(it) => it.renumber(anew),
            Self::TwoStacks(it) => it.renumber(anew),
        }
    }

    /// The aggregate of each index that has something in the window, which covers the panes
    /// `covered`.
    pub(crate) fn answers<E>(
        &mut self,
        aggregate: &A,
        span: usize,
        panes: &Panes<A>,
        covered: Range<i64>,
        steps: &mut u64,
        each: impl FnMut(u32, &Accumulator<A::Partial>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Recompute(it) => it.answers(aggregate, span, panes, covered, steps, each),
            Self::Slices(it) => it.answers(aggregate, span, panes, covered, steps, each),
            Self::SubtractOnEvict(it) => it.answers(each),
            Self::TwoStacks(it) => it.answers(aggregate, steps, each),
        }
    }
}
