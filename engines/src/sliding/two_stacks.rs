//! Two-stacks: a running aggregate per key for aggregates without an inverse (Tangwongsan et
//! al., "In-Order Sliding-Window Aggregation in Worst-Case Constant Time", VLDB Journal 2021,
//! where it is the baseline).
//!
//! Each key has its own pair of stacks over the panes in which it has something. The back is one
//! aggregate; the front holds suffix aggregates, so that dropping the oldest pane is a pop. When
//! the front is empty the back is flipped into it: as many steps as the key has panes, and since
//! keys flip on their own, not all in the same slide.

use crate::aggregate::Aggregate;
use crate::panes::{Accumulator, SealedPane, column_anew};
use std::collections::VecDeque;

#[derive(Clone, Debug)]
struct Stacks<P> {
    /// What each pane holds, oldest first.
    panes: VecDeque<(i64, Accumulator<P>)>,
    /// Aggregates of the oldest panes: the last is over all of them, the first over the newest
    /// of them alone.
    front: Vec<Accumulator<P>>,
    /// The aggregate of the panes that are not in the front.
    back: Accumulator<P>,
}

#[derive(Clone)]
pub(crate) struct TwoStacks<A: Aggregate> {
    stacks: Vec<Stacks<A::Partial>>,
}

impl<A: Aggregate> Default for TwoStacks<A> {
    fn default() -> Self {
        Self { stacks: Vec::new() }
    }
}

impl<A: Aggregate> TwoStacks<A> {
    fn widen(&mut self, aggregate: &A, span: usize) {
        if self.stacks.len() < span {
            self.stacks.resize_with(span, || Stacks {
                panes: VecDeque::new(),
                front: Vec::new(),
                back: Accumulator::empty(aggregate.empty()),
            });
        }
    }

    pub(super) fn renumber(&mut self, anew: &[u32]) {
        self.stacks = column_anew(std::mem::take(&mut self.stacks), anew);
    }

    pub(super) fn enter(
        &mut self,
        aggregate: &A,
        span: usize,
        pane: i64,
        sealed: &SealedPane<A>,
        steps: &mut u64,
    ) {
        self.widen(aggregate, span);
        for (index, accumulator) in &sealed.accumulators {
            let stacks = &mut self.stacks[*index as usize];
            stacks.panes.push_back((pane, accumulator.clone()));
            stacks.back.combine(aggregate, accumulator);
            *steps += 1;
        }
        for (index, accumulator) in &sealed.afterwards {
            self.enter_late(aggregate, span, pane, (*index, accumulator), steps);
        }
    }

    pub(super) fn enter_late(
        &mut self,
        aggregate: &A,
        span: usize,
        pane: i64,
        (index, accumulator): (u32, &Accumulator<A::Partial>),
        steps: &mut u64,
    ) {
        self.widen(aggregate, span);
        let stacks = &mut self.stacks[index as usize];
        match stacks.panes.binary_search_by_key(&pane, |(pane, _)| *pane) {
            Ok(at) => stacks.panes[at].1.combine(aggregate, accumulator),
            Err(at) => stacks.panes.insert(at, (pane, accumulator.clone())),
        }
        stacks.front.clear();
        stacks.back = Accumulator::empty(aggregate.empty());
        for (_, accumulator) in &stacks.panes {
            stacks.back.combine(aggregate, accumulator);
        }
        *steps += stacks.panes.len() as u64;
    }

    pub(super) fn leave(
        &mut self,
        aggregate: &A,
        pane: i64,
        sealed: &SealedPane<A>,
        steps: &mut u64,
    ) {
        sealed.each(|index, _| {
            let stacks = &mut self.stacks[index as usize];
            if stacks.panes.front().is_none_or(|(oldest, _)| *oldest != pane) {
                return;
            }
            if stacks.front.is_empty() {
                let mut suffix = Accumulator::empty(aggregate.empty());
                for (_, accumulator) in stacks.panes.iter().rev() {
                    suffix.combine(aggregate, accumulator);
                    stacks.front.push(suffix.clone());
                }
                *steps += stacks.panes.len() as u64;
                stacks.back = Accumulator::empty(aggregate.empty());
            }
            stacks.front.pop();
            stacks.panes.pop_front();
        });
    }

    pub(super) fn answers<E>(
        &self,
        aggregate: &A,
        steps: &mut u64,
        mut each: impl FnMut(u32, &Accumulator<A::Partial>) -> Result<(), E>,
    ) -> Result<(), E> {
        for (index, stacks) in (0..).zip(&self.stacks) {
            match stacks.front.last() {
                _ if stacks.panes.is_empty() => (),
                None => each(index, &stacks.back)?,
                Some(front) if stacks.back.is_empty() => each(index, front)?,
                Some(front) => {
                    let mut whole = front.clone();
                    whole.combine(aggregate, &stacks.back);
                    *steps += 1;
                    each(index, &whole)?;
                }
            }
        }
        Ok(())
    }
}
