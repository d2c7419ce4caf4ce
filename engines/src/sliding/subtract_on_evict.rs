//! Subtract-on-evict: a running aggregate per key; what enters is combined, what leaves is
//! subtracted. Spark's `reduceByKeyAndWindow` with an inverse function.
//!
//! A slide costs what enters and what leaves and nothing else, however long the window. Beside
//! each aggregate stands the number of accumulators in it. A key is dropped when that reaches zero
//! and not when its value looks neutral: values that cancel out are still an answer, which is where
//! Spark's own filter on the value goes wrong.
//!
//! The due time of the latest contributor has no inverse. When the accumulator that brought it
//! leaves and others stay, it is looked for among those: they lie in the next few panes, since
//! everything in them was due before something in the pane that leaves.

use crate::aggregate::Aggregate;
use crate::panes::{Accumulator, Panes, SealedPane, column_anew};
use crate::time::Moment;
use std::ops::Range;

#[derive(Clone, Debug)]
struct Running<P> {
    total: Accumulator<P>,
    /// How many accumulators are in the total.
    live: u32,
}

#[derive(Clone)]
pub(crate) struct SubtractOnEvict<A: Aggregate> {
    running: Vec<Running<A::Partial>>,
    /// The indexes whose latest contributor is leaving.
    orphans: Vec<u32>,
}

impl<A: Aggregate> Default for SubtractOnEvict<A> {
    fn default() -> Self {
        Self { running: Vec::new(), orphans: Vec::new() }
    }
}

impl<A: Aggregate> SubtractOnEvict<A> {
    fn widen(&mut self, aggregate: &A, span: usize) {
        if self.running.len() < span {
            let nothing = Running { total: Accumulator::empty(aggregate.empty()), live: 0 };
            self.running.resize(span, nothing);
        }
    }

    pub(super) fn renumber(&mut self, anew: &[u32]) {
        self.running = column_anew(std::mem::take(&mut self.running), anew);
        self.orphans = Vec::new();
    }

    pub(super) fn enter(
        &mut self,
        aggregate: &A,
        span: usize,
        sealed: &SealedPane<A>,
        steps: &mut u64,
    ) {
        self.widen(aggregate, span);
        sealed.each(|index, accumulator| {
            let running = &mut self.running[index as usize];
            running.total.combine(aggregate, accumulator);
            running.live += 1;
            *steps += 1;
        });
    }

    pub(super) fn enter_late(
        &mut self,
        aggregate: &A,
        span: usize,
        (index, accumulator): (u32, &Accumulator<A::Partial>),
        is_new: bool,
        steps: &mut u64,
    ) {
        self.widen(aggregate, span);
        let running = &mut self.running[index as usize];
        running.total.combine(aggregate, accumulator);
        running.live += u32::from(is_new);
        *steps += 1;
    }

    pub(super) fn leave(
        &mut self,
        aggregate: &A,
        pane: i64,
        panes: &Panes<A>,
        rest: Range<i64>,
        steps: &mut u64,
    ) {
        panes[&pane].each(|index, accumulator| {
            let running = &mut self.running[index as usize];
            running.live -= 1;
            *steps += 1;
            if running.live == 0 {
                // Exactly neutral again by the law of the inverse; the fresh value also forgets
                // what an inexact inverse would leave behind.
                running.total = Accumulator::empty(aggregate.empty());
                return;
            }
            aggregate.subtract(&mut running.total.partial, &accumulator.partial);
            if running.total.due() == accumulator.due() {
                self.orphans.push(index);
            }
        });
        for index in self.orphans.drain(..) {
            let running = &mut self.running[index as usize];
            if running.live > 0 {
                running.total.set_due(latest_due(index, running.live, panes, rest.clone()));
            }
        }
    }

    pub(super) fn answers<E>(
        &self,
        mut each: impl FnMut(u32, &Accumulator<A::Partial>) -> Result<(), E>,
    ) -> Result<(), E> {
        for (index, running) in (0..).zip(&self.running) {
            if running.live > 0 {
                each(index, &running.total)?;
            }
        }
        Ok(())
    }
}

/// The latest due among the `live` accumulators of `index` in the panes `among`.
fn latest_due<A: Aggregate>(index: u32, live: u32, panes: &Panes<A>, among: Range<i64>) -> Moment {
    let mut found = 0;
    let mut latest = Moment::START;
    for sealed in panes.range(among).map(|(_, sealed)| sealed) {
        for accumulator in sealed.of(index) {
            latest = latest.max(accumulator.due());
            found += 1;
        }
        if found >= live {
            break;
        }
    }
    latest
}
