//! Panes that a fired window covers: packed, and read as a whole from then on.

use super::accumulator::Accumulator;
use crate::aggregate::Aggregate;
use crate::time::Moment;
use std::collections::BTreeMap;

/// The sealed panes, by number.
pub(crate) type Panes<A> = BTreeMap<i64, SealedPane<A>>;

/// Records that are kept as they are, with the index of their key and when they were due.
pub(super) type Records<A> = Vec<(u32, Moment, <A as Aggregate>::Input)>;

/// A pane that a fired window covers.
#[derive(Clone)]
pub(crate) struct SealedPane<A: Aggregate> {
    /// Sorted by index.
    pub(crate) accumulators: Vec<(u32, Accumulator<A::Partial>)>,
    /// What came after the sealing.
    pub(crate) afterwards: BTreeMap<u32, Accumulator<A::Partial>>,
    /// Instead of accumulators, where records are kept.
    pub(crate) records: Records<A>,
}

impl<A: Aggregate> Default for SealedPane<A> {
    fn default() -> Self {
        Self { accumulators: Vec::new(), afterwards: BTreeMap::new(), records: Vec::new() }
    }
}

impl<A: Aggregate> SealedPane<A> {
    /// How many accumulators and records it holds.
    pub(crate) fn size(&self) -> usize {
        self.accumulators.len() + self.afterwards.len() + self.records.len()
    }

    /// All accumulators; an index may come twice.
    pub(crate) fn each(&self, mut each: impl FnMut(u32, &Accumulator<A::Partial>)) {
        for (index, accumulator) in &self.accumulators {
            each(*index, accumulator);
        }
        for (index, accumulator) in &self.afterwards {
            each(*index, accumulator);
        }
    }

    /// The accumulators of one index, at most two.
    pub(crate) fn of(&self, index: u32) -> impl Iterator<Item = &Accumulator<A::Partial>> {
        let packed = self.accumulators.binary_search_by_key(&index, |(index, _)| *index).ok();
        packed.map(|at| &self.accumulators[at].1).into_iter().chain(self.afterwards.get(&index))
    }

    /// Adds to what came after the sealing. Returns whether the index had nothing there.
    pub(crate) fn add_afterwards(
        &mut self,
        aggregate: &A,
        index: u32,
        accumulator: &Accumulator<A::Partial>,
    ) -> bool {
        let mut is_new = false;
        self.afterwards
            .entry(index)
            .or_insert_with(|| {
                is_new = true;
                Accumulator::empty(aggregate.empty())
            })
            .combine(aggregate, accumulator);
        is_new
    }

    /// Goes by new indexes, which are in the order of the old ones.
    pub(crate) fn renumber(&mut self, anew: &[u32]) {
        for (index, _) in &mut self.accumulators {
            *index = anew[*index as usize];
        }
        let afterwards = std::mem::take(&mut self.afterwards).into_iter();
        self.afterwards = afterwards.map(|(index, one)| (anew[index as usize], one)).collect();
        for (index, ..) in &mut self.records {
            *index = anew[*index as usize];
        }
    }

    /// Marks the indexes it needs.
    pub(crate) fn mark_live(&self, live: &mut [bool]) {
        self.each(|index, _| live[index as usize] = true);
        for (index, _, _) in &self.records {
            live[*index as usize] = true;
        }
    }
}
