//! Open panes: those that take records.
//!
//! An open pane is a dense column of accumulators by key index where many keys have something in
//! it, and a hash map from index to accumulator where few have; it starts as what the pane before
//! it ended as. Which panes a window covers is not known here.

use super::accumulator::Accumulator;
use super::divider::Divider;
use super::keys::{KeyTable, column_anew};
use super::sealed::{Records, SealedPane};
use crate::aggregate::Aggregate;
use crate::dataflow::Key;
use crate::engine::Algorithm;
use crate::time::Moment;
use crate::window::WindowSpec;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// Columns wider than this many times the accumulators in them are stored as a hash map.
const SPARSE_FACTOR: usize = 8;
/// Columns up to this width are always dense: they are small.
const DENSE_ANYWAY: usize = 256;
/// How many emptied columns are kept for the panes to come.
const SPARES_MAX: usize = 4;
/// How many open panes may be columns with less in them than a column is worth.
const HARDLY_FILLED_MAX: usize = 4;
/// The most recently used panes are found without a tree, by their lowest bits.
const RECENT: usize = 16;

#[derive(Clone)]
pub(super) enum Body<A: Aggregate> {
    Dense(Vec<Accumulator<A::Partial>>),
    /// Accumulators by index, and the indexes in the order of their first records.
    Sparse(HashMap<u32, Accumulator<A::Partial>, FixedState>, Vec<u32>),
    /// Nothing is aggregated: every window starts from the records.
    Records(Records<A>),
}

#[derive(Clone)]
pub(super) struct OpenPane<A: Aggregate> {
    pub(super) body: Body<A>,
    /// How many records.
    pub(super) records: u64,
}

/// Open panes by key: what a batch's map side has combined, or the open end of a window's state.
#[derive(Clone)]
pub(crate) struct PaneTable<K: Key, A: Aggregate> {
    pub(crate) aggregate: A,
    pub(crate) keys: KeyTable<K>,
    pub(super) panes: Divider,
    /// The windows, where they leave gaps.
    pub(super) gaps: Option<WindowSpec>,
    pub(super) in_gaps: u64,
    pub(super) keep_records: bool,
    order: BTreeMap<i64, usize>,
    pub(super) slots: Vec<OpenPane<A>>,
    free: Vec<usize>,
    recent: [(i64, usize); RECENT],
    spares: Vec<Vec<Accumulator<A::Partial>>>,
    last_was_dense: bool,
    /// The panes that began as columns and were hardly filled when the last one began.
    hardly_filled: Vec<i64>,
}

/// Of the partial aggregate alone, so that it is not compiled again for every key.
fn sort_by_index<P>(accumulators: &mut [(u32, Accumulator<P>)]) {
    if !accumulators.is_sorted_by_key(|(index, _)| *index) {
        accumulators.sort_unstable_by_key(|(index, _)| *index);
    }
}

/// Where a pane stands among the recent ones.
#[inline]
fn recent_place(pane: i64) -> usize {
    usize::try_from(pane.cast_unsigned() % RECENT as u64).expect("it is below a usize")
}

/// No pane has this number: event times end long before it.
const NO_PANE: i64 = i64::MIN;

impl<K: Key, A: Aggregate> PaneTable<K, A> {
    /// An empty table with the panes of `spec`. `Recompute` keeps records instead of partial
    /// aggregates.
    pub(crate) fn new(aggregate: A, spec: &WindowSpec, algorithm: Algorithm) -> Self {
        Self {
            aggregate,
            keys: KeyTable::new(),
            panes: Divider::new(spec.pane()),
            gaps: (spec.slide() > spec.size()).then_some(*spec),
            in_gaps: 0,
            keep_records: algorithm == Algorithm::Recompute,
            order: BTreeMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            recent: [(NO_PANE, 0); RECENT],
            spares: Vec::new(),
            last_was_dense: false,
            hardly_filled: Vec::new(),
        }
    }

    /// Combines `accumulator` into the one of `index`, wherever that lies.
    pub(super) fn add_accumulator(
        &mut self,
        slot: usize,
        index: u32,
        accumulator: &Accumulator<A::Partial>,
    ) {
        let span = self.keys.span();
        let open = &mut self.slots[slot];
        if let Body::Sparse(accumulators, order) = &mut open.body
            && accumulators.len() * SPARSE_FACTOR > span.max(DENSE_ANYWAY)
        {
            let mut column = self.spares.pop().unwrap_or_default();
            column.resize(column.len().max(span), Accumulator::empty(self.aggregate.empty()));
            for index in order {
                if let Some(accumulator) = accumulators.remove(index) {
                    column[*index as usize] = accumulator;
                }
            }
            open.body = Body::Dense(column);
        }
        let target = match &mut open.body {
            Body::Dense(column) => {
                if index as usize >= column.len() {
                    // Keys are still being discovered: leave room for as many again.
                    column.resize((span * 2).max(64), Accumulator::empty(self.aggregate.empty()));
                }
                &mut column[index as usize]
            }
            Body::Sparse(accumulators, order) => accumulators.entry(index).or_insert_with(|| {
                order.push(index);
                Accumulator::empty(self.aggregate.empty())
            }),
            Body::Records(_) => unreachable!("records are never combined before a window fires"),
        };
        target.combine(&self.aggregate, accumulator);
    }

    #[inline]
    pub(super) fn slot_of(&mut self, pane: i64) -> usize {
        let (known, slot) = self.recent[recent_place(pane)];
        if known == pane { slot } else { self.find_or_open(pane) }
    }

    #[inline(never)]
    fn find_or_open(&mut self, pane: i64) -> usize {
        let slot = if let Some(slot) = self.order.get(&pane) {
            *slot
        } else {
            let body = if self.keep_records {
                Body::Records(Vec::new())
            } else if self.begins_dense(pane) {
                let mut column = self.spares.pop().unwrap_or_default();
                column.resize(
                    column.len().max(self.keys.span()),
                    Accumulator::empty(self.aggregate.empty()),
                );
                Body::Dense(column)
            } else {
                Body::Sparse(HashMap::default(), Vec::new())
            };
            let slot = if let Some(slot) = self.free.pop() {
                self.slots[slot].body = body;
                slot
            } else {
                self.slots.push(OpenPane { body, records: 0 });
                self.slots.len() - 1
            };
            self.order.insert(pane, slot);
            slot
        };
        self.recent[recent_place(pane)] = (pane, slot);
        slot
    }

    /// Whether a pane that has nothing yet is a column: where all are small, or where the pane
    /// before it was one in the end. Columns that are hardly filled are few, so that records with
    /// times far apart do not take one each: the oldest of them becomes a map, once, and others
    /// begin as one until a pane has again ended as a column.
    fn begins_dense(&mut self, pane: i64) -> bool {
        let span = self.keys.span();
        if span <= DENSE_ANYWAY || !self.last_was_dense {
            return span <= DENSE_ANYWAY;
        }
        let (order, slots) = (&self.order, &self.slots);
        self.hardly_filled.retain(|pane| {
            let slot = order.get(pane).map(|slot| &slots[*slot]);
            slot.is_some_and(|open| open.records * (SPARSE_FACTOR as u64) < span as u64)
        });
        if self.hardly_filled.len() >= HARDLY_FILLED_MAX {
            let oldest = self.hardly_filled.remove(0);
            self.make_sparse(oldest);
            self.last_was_dense = false;
        }
        self.hardly_filled.push(pane);
        true
    }

    /// Turns a column into a map.
    fn make_sparse(&mut self, pane: i64) {
        let open = &mut self.slots[self.order[&pane]];
        let Body::Dense(column) = &mut open.body else { return };
        let (mut accumulators, mut order) = (HashMap::default(), Vec::new());
        for (index, accumulator) in (0..).zip(column.iter_mut()) {
            if !accumulator.is_empty() {
                let empty = Accumulator::empty(self.aggregate.empty());
                accumulators.insert(index, std::mem::replace(accumulator, empty));
                order.push(index);
            }
        }
        let sparse = Body::Sparse(accumulators, order);
        if let Body::Dense(column) = std::mem::replace(&mut open.body, sparse)
            && self.spares.len() < SPARES_MAX
        {
            self.spares.push(column);
        }
    }

    /// Forgets the keys that are not marked, and gives the others new indexes, in the order of the
    /// old ones. Returns the new index of each old one.
    pub(crate) fn renumber(&mut self, live: &[bool]) -> Vec<u32> {
        let anew = self.keys.renumber(live);
        self.spares = Vec::new();
        for slot in self.order.values() {
            let open = &mut self.slots[*slot];
            match &mut open.body {
                Body::Dense(column) => *column = column_anew(std::mem::take(column), &anew),
                Body::Sparse(accumulators, order) => {
                    let old = std::mem::take(accumulators).into_iter();
                    *accumulators = old.map(|(index, one)| (anew[index as usize], one)).collect();
                    for index in order {
                        *index = anew[*index as usize];
                    }
                }
                Body::Records(records) => {
                    for (index, ..) in records {
                        *index = anew[*index as usize];
                    }
                }
            }
        }
        anew
    }

    /// How many records fell between windows. They belong nowhere, and are not late.
    pub(crate) const fn in_gaps(&self) -> u64 {
        self.in_gaps
    }

    /// Whether records are kept as they are.
    pub(crate) const fn keeps_records(&self) -> bool {
        self.keep_records
    }

    /// Whether it holds nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty() && self.in_gaps == 0
    }

    /// The first pane that holds something.
    pub(crate) fn first_pane(&self) -> Option<i64> {
        self.order.first_key_value().map(|(pane, _)| *pane)
    }

    /// The panes that hold something, in order, and how many records each has.
    pub(crate) fn panes(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        self.order.iter().map(|(pane, slot)| (*pane, self.slots[*slot].records))
    }

    /// How many accumulators and records it holds, empty ones in columns and one for each key included.
    pub(crate) fn size(&self) -> usize {
        let size = |slot: &usize| match &self.slots[*slot].body {
            Body::Dense(column) => column.len(),
            Body::Sparse(accumulators, _) => accumulators.len(),
            Body::Records(records) => records.len(),
        };
        self.keys.len() + self.order.values().map(size).sum::<usize>()
    }

    /// Empties the table and keeps its memory.
    pub(crate) fn clear(&mut self) {
        while let Some((_, slot)) = self.order.pop_first() {
            self.drain_slot(slot, |_, _, _| ());
        }
        let span = self.keys.span();
        if span > 0 {
            self.spares.retain(|column| column.len() <= 4 * span.max(DENSE_ANYWAY));
        }
        self.keys.clear();
        self.in_gaps = 0;
    }

    /// Takes a pane out of the table and hands over its accumulators: in the order of their
    /// indexes, where many keys have one, and in the order of their first records otherwise.
    pub(crate) fn drain(&mut self, pane: i64, mut each: impl FnMut(&K, Accumulator<A::Partial>)) {
        if let Some(slot) = self.order.remove(&pane) {
            self.drain_slot(slot, |keys, index, accumulator| each(keys.key(index), accumulator));
        }
    }

    fn drain_slot(
        &mut self,
        slot: usize,
        mut each: impl FnMut(&KeyTable<K>, u32, Accumulator<A::Partial>),
    ) {
        self.recent = [(NO_PANE, 0); RECENT];
        let open = &mut self.slots[slot];
        let span = self.keys.span();
        let empty = || Accumulator::empty(self.aggregate.empty());
        match std::mem::replace(&mut open.body, Body::Records(Vec::new())) {
            Body::Dense(mut column) => {
                let mut filled = 0;
                for (index, accumulator) in (0..).zip(column.iter_mut().take(span)) {
                    if !accumulator.is_empty() {
                        filled += 1;
                        each(&self.keys, index, std::mem::replace(accumulator, empty()));
                    }
                }
                self.last_was_dense = span <= DENSE_ANYWAY || filled * SPARSE_FACTOR > span;
                if self.spares.len() < SPARES_MAX {
                    self.spares.push(column);
                }
            }
            Body::Sparse(mut accumulators, order) => {
                self.last_was_dense = false;
                for index in order {
                    if let Some(accumulator) = accumulators.remove(&index) {
                        each(&self.keys, index, accumulator);
                    }
                }
            }
            Body::Records(_) => (),
        }
        open.records = 0;
        self.free.push(slot);
    }

    /// Takes a pane out of the table and packs it.
    pub(crate) fn seal(&mut self, pane: i64) -> Option<SealedPane<A>> {
        let slot = self.order.remove(&pane)?;
        if self.keep_records {
            let body = &mut self.slots[slot].body;
            let Body::Records(records) = std::mem::replace(body, Body::Records(Vec::new())) else {
                unreachable!("a table that keeps records has no other body")
            };
            self.drain_slot(slot, |_, _, _| ());
            return Some(SealedPane { records, ..SealedPane::default() });
        }
        // As many as there are records, or as there are keys, at the most.
        let room = usize::try_from(self.slots[slot].records).unwrap_or(usize::MAX);
        let mut accumulators = Vec::with_capacity(room.min(self.keys.span()));
        self.drain_slot(slot, |_, index, accumulator| accumulators.push((index, accumulator)));
        sort_by_index(&mut accumulators);
        Some(SealedPane { accumulators, ..SealedPane::default() })
    }

    /// Adds everything in one pane of `delta`, whose indexes `translate` maps to ours.
    pub(crate) fn absorb_pane(
        &mut self,
        delta: &Self,
        pane: i64,
        translate: &mut impl FnMut(&mut KeyTable<K>, u32) -> u32,
    ) {
        let slot = self.find_or_open(pane);
        let theirs = &delta.slots[delta.order[&pane]];
        self.slots[slot].records += theirs.records;
        if let Body::Records(records) = &theirs.body {
            for (index, due, input) in records {
                let index = translate(&mut self.keys, *index);
                let Body::Records(ours) = &mut self.slots[slot].body else {
                    unreachable!("both keep records or neither does")
                };
                ours.push((index, *due, input.clone()));
            }
            return;
        }
        delta.each_accumulator(pane, |index, accumulator| {
            let index = translate(&mut self.keys, index);
            let open = &mut self.slots[slot];
            if let Body::Dense(column) = &mut open.body
                && let Some(target) = column.get_mut(index as usize)
            {
                target.combine(&self.aggregate, accumulator);
            } else {
                self.add_accumulator(slot, index, accumulator);
            }
        });
    }

    /// Reads the accumulators of a pane.
    pub(crate) fn each_accumulator(
        &self,
        pane: i64,
        mut each: impl FnMut(u32, &Accumulator<A::Partial>),
    ) {
        let Some(slot) = self.order.get(&pane) else { return };
        let open = &self.slots[*slot];
        match &open.body {
            Body::Dense(column) => {
                for (index, accumulator) in (0..).zip(column.iter().take(self.keys.span())) {
                    if !accumulator.is_empty() {
                        each(index, accumulator);
                    }
                }
            }
            Body::Sparse(accumulators, order) => {
                for index in order {
                    each(*index, &accumulators[index]);
                }
            }
            Body::Records(_) => (),
        }
    }

    /// Reads the records of a pane, where records are kept.
    pub(crate) fn each_record(&self, pane: i64, mut each: impl FnMut(u32, Moment, &A::Input)) {
        let Some(slot) = self.order.get(&pane) else { return };
        if let Body::Records(records) = &self.slots[*slot].body {
            for (index, due, input) in records {
                each(*index, *due, input);
            }
        }
    }

    /// Marks the indexes that some open pane needs.
    pub(crate) fn mark_live(&self, live: &mut [bool]) {
        for slot in self.order.values() {
            let open = &self.slots[*slot];
            match &open.body {
                Body::Dense(column) => {
                    for (live, accumulator) in live.iter_mut().zip(column) {
                        *live |= !accumulator.is_empty();
                    }
                }
                Body::Sparse(_, order) => {
                    for index in order {
                        live[*index as usize] = true;
                    }
                }
                Body::Records(records) => {
                    for (index, ..) in records {
                        live[*index as usize] = true;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::Count;

    fn columns(table: &PaneTable<u64, Count>) -> usize {
        let wide = |open: &&OpenPane<Count>| matches!(&open.body, Body::Dense(column) if column.len() > DENSE_ANYWAY);
        table.slots.iter().filter(wide).count() + table.spares.len()
    }

    #[test]
    fn records_far_apart_do_not_take_a_column_each() {
        let spec = WindowSpec::tumbling(10).unwrap();
        let mut table = PaneTable::<u64, _>::new(Count, &spec, Algorithm::Slices);
        let fill = |table: &mut PaneTable<u64, Count>, pane: i64| {
            (0..5_000).for_each(|key| table.add_to_pane(pane, key, Moment::START, ()));
        };
        fill(&mut table, 0);
        table.drain(0, |_, _| ());
        let mut far = 1_000;
        for pane in 1..20 {
            for _ in 0..50 {
                far += 1;
                table.add_to_pane(far, 7, Moment::START, ());
            }
            fill(&mut table, pane);
            let mut sum = 0;
            table.drain(pane, |_, accumulator| sum += accumulator.partial);
            assert_eq!(sum, 5_000);
        }
        assert!(columns(&table) <= HARDLY_FILLED_MAX + SPARES_MAX + 1, "{}", columns(&table));
        // All are still there, whatever they are stored as.
        for pane in 1_001..=far {
            let mut found = Vec::new();
            table.drain(pane, |key, accumulator| found.push((*key, accumulator.partial)));
            assert_eq!(found, [(7, 1)], "pane {pane}");
        }
    }
}
