//! Panes: what has been aggregated per key in one stretch of event time.
//!
//! An open pane takes records. It is a dense column of cells by key index where many keys have
//! something in it, and a hash map from index to cell where few have; it starts as what the pane
//! before it ended as. A sealed pane has been covered by a fired window. It is read as a whole
//! from then on, and the few records that still reach it lie beside the packed list.

use super::keys::KeyTable;
use crate::aggregate::Aggregate;
use crate::dataflow::Key;
use crate::engine::Algorithm;
use crate::record::Stamped;
use crate::time::{Moment, Timestamp};
use crate::window::WindowSpec;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// A partial aggregate, with the due time of the latest-due record in it.
#[derive(Clone, Debug)]
pub(crate) struct Cell<P> {
    pub(crate) partial: P,
    /// One more than the latest due time; zero where there is nothing. So adding a record needs
    /// no branch on memory that may be far away.
    seen: u64,
}

impl<P> Cell<P> {
    pub(crate) const fn empty(partial: P) -> Self {
        Self { partial, seen: 0 }
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.seen == 0
    }

    /// The due time of the latest-due record.
    #[inline]
    pub(crate) const fn due(&self) -> Moment {
        Moment::from_nanos(self.seen.saturating_sub(1))
    }

    /// Sets the due time of the latest-due record.
    pub(crate) const fn set_due(&mut self, due: Moment) {
        self.seen = due.as_nanos().saturating_add(1);
    }

    /// Adds a record.
    #[inline]
    pub(crate) fn add<A: Aggregate<Partial = P>>(
        &mut self,
        aggregate: &A,
        due: Moment,
        input: &A::Input,
    ) {
        aggregate.add(&mut self.partial, input);
        self.seen = self.seen.max(due.as_nanos().saturating_add(1));
    }

    /// Adds what `other` holds.
    #[inline]
    pub(crate) fn combine<A: Aggregate<Partial = P>>(&mut self, aggregate: &A, other: &Self) {
        aggregate.combine(&mut self.partial, &other.partial);
        self.seen = self.seen.max(other.seen);
    }
}

/// Columns wider than this many times the cells in them are stored as a hash map.
const SPARSE_FACTOR: usize = 8;
/// Columns up to this width are always dense: they are small.
const DENSE_ANYWAY: usize = 256;
/// How many emptied columns are kept for the panes to come.
const SPARES_MAX: usize = 4;
/// The most recently used panes are found without a tree, by their lowest bits.
const RECENT: usize = 16;

/// How many records are looked up before the first of them is added, so that their memory is
/// fetched side by side. Measured: 21 ns a record with 1, 15 with 16 to 32, no better with more.
pub(super) const LOOKAHEAD: usize = 32;

/// Floor division by a constant that is only known at run time, by multiplication.
#[derive(Copy, Clone, Debug)]
struct Divider {
    divisor: i64,
    inverse: u64,
    /// A multiple of the divisor that lifts every acceptable time above zero, and that multiple.
    lift: i64,
    lift_quotient: i64,
}

impl Divider {
    fn new(divisor: i64) -> Self {
        let lift_quotient = (1 << 61) / divisor + 1;
        Self {
            divisor,
            inverse: u64::MAX / divisor.unsigned_abs(),
            lift: lift_quotient * divisor,
            lift_quotient,
        }
    }

    /// `value.div_euclid(divisor)`, for values between the earliest and the latest timestamp.
    #[inline]
    fn floor(self, value: i64) -> i64 {
        let lifted = (value + self.lift).cast_unsigned();
        // Too small by one at most: the inverse is cut off by less than one part in 2^64.
        let estimate = ((u128::from(lifted) * u128::from(self.inverse)) >> 64) as u64;
        let divisor = self.divisor.unsigned_abs();
        let short = lifted - estimate * divisor >= divisor;
        (estimate + u64::from(short)).cast_signed() - self.lift_quotient
    }
}

type Records<A> = Vec<(u32, Moment, <A as Aggregate>::Input)>;

enum Body<A: Aggregate> {
    Dense(Vec<Cell<A::Partial>>),
    /// Cells by index, and the indexes in the order of their first records.
    Sparse(HashMap<u32, Cell<A::Partial>, FixedState>, Vec<u32>),
    /// Nothing is aggregated: every window starts from the records.
    Records(Records<A>),
}

struct OpenPane<A: Aggregate> {
    body: Body<A>,
    /// How many records.
    records: u64,
}

/// Open panes by key: what a batch's map side has combined, or the open end of a window's state.
pub(crate) struct PaneTable<K: Key, A: Aggregate> {
    pub(super) aggregate: A,
    pub(super) keys: KeyTable<K>,
    panes: Divider,
    /// Window size and slide, where windows leave gaps.
    gaps: Option<(i64, i64)>,
    in_gaps: u64,
    keep_records: bool,
    order: BTreeMap<i64, usize>,
    slots: Vec<OpenPane<A>>,
    free: Vec<usize>,
    recent: [(i64, usize); RECENT],
    spares: Vec<Vec<Cell<A::Partial>>>,
    last_was_dense: bool,
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
            gaps: (spec.slide() > spec.size()).then(|| (spec.size(), spec.slide())),
            in_gaps: 0,
            keep_records: algorithm == Algorithm::Recompute,
            order: BTreeMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            recent: [(NO_PANE, 0); RECENT],
            spares: Vec::new(),
            last_was_dense: false,
        }
    }

    /// Adds records one after another, none of them earlier than `from`. Returns how many: all,
    /// or those before the first few that have an earlier one among them.
    #[inline]
    pub(crate) fn add_each<T>(
        &mut self,
        records: &[Stamped<T>],
        from: Timestamp,
        key: &impl Fn(&T) -> K,
        value: &impl Fn(&T) -> A::Input,
    ) -> usize {
        let mut indexes = [0; LOOKAHEAD];
        let mut added = 0;
        for records in records.chunks(LOOKAHEAD) {
            let mut earliest = from;
            for (index, record) in indexes.iter_mut().zip(records) {
                earliest = earliest.min(record.event_time);
                *index = self.keys.index_of(key(&record.value));
            }
            if earliest < from {
                break;
            }
            for (index, record) in indexes.iter().zip(records) {
                let pane = self.panes.floor(record.event_time.as_micros());
                if !self.is_in_gap(pane) {
                    self.add_at(pane, *index, record.due, value(&record.value));
                }
            }
            added += records.len();
        }
        added
    }

    /// The number of the pane that holds `time`.
    #[inline]
    pub(super) fn pane_of(&self, time: Timestamp) -> i64 {
        self.panes.floor(time.as_micros())
    }

    #[inline]
    pub(super) fn add_to_pane(&mut self, pane: i64, key: K, due: Moment, input: A::Input) {
        if !self.is_in_gap(pane) {
            let index = self.keys.index_of(key);
            self.add_at(pane, index, due, input);
        }
    }

    /// Whether no window holds this pane; then what would go there is counted here.
    #[inline]
    fn is_in_gap(&mut self, pane: i64) -> bool {
        let Some((size, slide)) = self.gaps else { return false };
        let is_in_gap = (pane * self.panes.divisor).rem_euclid(slide) >= size;
        self.in_gaps += u64::from(is_in_gap);
        is_in_gap
    }

    #[inline]
    fn add_at(&mut self, pane: i64, index: u32, due: Moment, input: A::Input) {
        let slot = self.slot_of(pane);
        let open = &mut self.slots[slot];
        open.records += 1;
        if let Body::Dense(cells) = &mut open.body
            && let Some(cell) = cells.get_mut(index as usize)
        {
            cell.add(&self.aggregate, due, &input);
        } else {
            self.add_slowly(slot, index, due, input);
        }
    }

    #[inline(never)]
    fn add_slowly(&mut self, slot: usize, index: u32, due: Moment, input: A::Input) {
        if self.keep_records {
            let Body::Records(records) = &mut self.slots[slot].body else {
                unreachable!("a table that keeps records has no other body")
            };
            records.push((index, due, input));
        } else {
            let mut cell = Cell::empty(self.aggregate.empty());
            cell.add(&self.aggregate, due, &input);
            self.add_cell(slot, index, &cell);
        }
    }

    /// Combines `cell` into the one of `index`, wherever that lies.
    fn add_cell(&mut self, slot: usize, index: u32, cell: &Cell<A::Partial>) {
        let span = self.keys.span();
        let open = &mut self.slots[slot];
        if let Body::Sparse(cells, order) = &mut open.body
            && cells.len() * SPARSE_FACTOR > span.max(DENSE_ANYWAY)
        {
            let mut column = self.spares.pop().unwrap_or_default();
            column.resize(column.len().max(span), Cell::empty(self.aggregate.empty()));
            for index in order {
                if let Some(cell) = cells.remove(index) {
                    column[*index as usize] = cell;
                }
            }
            open.body = Body::Dense(column);
        }
        let target = match &mut open.body {
            Body::Dense(column) => {
                if index as usize >= column.len() {
                    // Keys are still being discovered: leave room for as many again.
                    column.resize((span * 2).max(64), Cell::empty(self.aggregate.empty()));
                }
                &mut column[index as usize]
            }
            Body::Sparse(cells, order) => cells.entry(index).or_insert_with(|| {
                order.push(index);
                Cell::empty(self.aggregate.empty())
            }),
            Body::Records(_) => unreachable!("records are never combined before a window fires"),
        };
        target.combine(&self.aggregate, cell);
    }

    #[inline]
    fn slot_of(&mut self, pane: i64) -> usize {
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
            } else if self.last_was_dense || self.keys.span() <= DENSE_ANYWAY {
                let mut column = self.spares.pop().unwrap_or_default();
                column.resize(
                    column.len().max(self.keys.span()),
                    Cell::empty(self.aggregate.empty()),
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

    /// How many records fell between windows. They belong nowhere, and are not late.
    pub(super) const fn in_gaps(&self) -> u64 {
        self.in_gaps
    }

    /// Whether records are kept as they are.
    pub(super) const fn keeps_records(&self) -> bool {
        self.keep_records
    }

    /// Whether it holds nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty() && self.in_gaps == 0
    }

    /// The first pane that holds something.
    pub(super) fn first_pane(&self) -> Option<i64> {
        self.order.first_key_value().map(|(pane, _)| *pane)
    }

    /// The panes that hold something, in order, and how many records each has.
    pub(super) fn panes(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        self.order.iter().map(|(pane, slot)| (*pane, self.slots[*slot].records))
    }

    /// Empties the table and keeps its memory.
    pub(crate) fn clear(&mut self) {
        while let Some((_, slot)) = self.order.pop_first() {
            self.drain_slot(slot, |_, _, _| ());
        }
        self.keys.clear();
        self.in_gaps = 0;
    }

    /// Takes a pane out of the table and hands over its cells: in the order of their indexes,
    /// where many keys have one, and in the order of their first records otherwise.
    pub(super) fn drain(&mut self, pane: i64, mut each: impl FnMut(&K, Cell<A::Partial>)) {
        if let Some(slot) = self.order.remove(&pane) {
            self.drain_slot(slot, |keys, index, cell| each(keys.key(index), cell));
        }
    }

    fn drain_slot(
        &mut self,
        slot: usize,
        mut each: impl FnMut(&KeyTable<K>, u32, Cell<A::Partial>),
    ) {
        self.recent = [(NO_PANE, 0); RECENT];
        let open = &mut self.slots[slot];
        let span = self.keys.span();
        let empty = || Cell::empty(self.aggregate.empty());
        match std::mem::replace(&mut open.body, Body::Records(Vec::new())) {
            Body::Dense(mut column) => {
                let mut filled = 0;
                for (index, cell) in (0..).zip(column.iter_mut().take(span)) {
                    if !cell.is_empty() {
                        filled += 1;
                        each(&self.keys, index, std::mem::replace(cell, empty()));
                    }
                }
                self.last_was_dense = span <= DENSE_ANYWAY || filled * SPARSE_FACTOR > span;
                if self.spares.len() < SPARES_MAX {
                    self.spares.push(column);
                }
            }
            Body::Sparse(mut cells, order) => {
                self.last_was_dense = false;
                for index in order {
                    if let Some(cell) = cells.remove(&index) {
                        each(&self.keys, index, cell);
                    }
                }
            }
            Body::Records(_) => (),
        }
        open.records = 0;
        self.free.push(slot);
    }

    /// Takes a pane out of the table and packs it.
    pub(super) fn seal(&mut self, pane: i64) -> Option<SealedPane<A>> {
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
        let mut cells = Vec::with_capacity(room.min(self.keys.span()));
        self.drain_slot(slot, |_, index, cell| cells.push((index, cell)));
        if !cells.is_sorted_by_key(|(index, _)| *index) {
            cells.sort_unstable_by_key(|(index, _)| *index);
        }
        Some(SealedPane { cells, ..SealedPane::default() })
    }

    /// Adds everything in one pane of `delta`, whose indexes `translate` maps to ours.
    pub(super) fn absorb_pane(
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
        delta.each_cell(pane, |index, cell| {
            let index = translate(&mut self.keys, index);
            let open = &mut self.slots[slot];
            if let Body::Dense(column) = &mut open.body
                && let Some(target) = column.get_mut(index as usize)
            {
                target.combine(&self.aggregate, cell);
            } else {
                self.add_cell(slot, index, cell);
            }
        });
    }

    /// Reads the cells of a pane.
    pub(super) fn each_cell(&self, pane: i64, mut each: impl FnMut(u32, &Cell<A::Partial>)) {
        let Some(slot) = self.order.get(&pane) else { return };
        let open = &self.slots[*slot];
        match &open.body {
            Body::Dense(column) => {
                for (index, cell) in (0..).zip(column.iter().take(self.keys.span())) {
                    if !cell.is_empty() {
                        each(index, cell);
                    }
                }
            }
            Body::Sparse(cells, order) => {
                for index in order {
                    each(*index, &cells[index]);
                }
            }
            Body::Records(_) => (),
        }
    }

    /// Reads the records of a pane, where records are kept.
    pub(super) fn each_record(&self, pane: i64, mut each: impl FnMut(u32, Moment, &A::Input)) {
        let Some(slot) = self.order.get(&pane) else { return };
        if let Body::Records(records) = &self.slots[*slot].body {
            for (index, due, input) in records {
                each(*index, *due, input);
            }
        }
    }

    /// Marks the indexes that some open pane needs.
    pub(super) fn mark_live(&self, live: &mut [bool]) {
        for slot in self.order.values() {
            let open = &self.slots[*slot];
            match &open.body {
                Body::Dense(column) => {
                    for (live, cell) in live.iter_mut().zip(column) {
                        *live |= !cell.is_empty();
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

/// A pane that a fired window covers.
pub(crate) struct SealedPane<A: Aggregate> {
    /// Sorted by index.
    pub(crate) cells: Vec<(u32, Cell<A::Partial>)>,
    /// What came after the sealing.
    pub(crate) afterwards: BTreeMap<u32, Cell<A::Partial>>,
    /// Instead of cells, where records are kept.
    pub(crate) records: Records<A>,
}

impl<A: Aggregate> Default for SealedPane<A> {
    fn default() -> Self {
        Self { cells: Vec::new(), afterwards: BTreeMap::new(), records: Vec::new() }
    }
}

impl<A: Aggregate> SealedPane<A> {
    /// All cells; an index may come twice.
    pub(crate) fn each(&self, mut each: impl FnMut(u32, &Cell<A::Partial>)) {
        for (index, cell) in &self.cells {
            each(*index, cell);
        }
        for (index, cell) in &self.afterwards {
            each(*index, cell);
        }
    }

    /// The cells of one index, at most two.
    pub(crate) fn of(&self, index: u32) -> impl Iterator<Item = &Cell<A::Partial>> {
        let packed = self.cells.binary_search_by_key(&index, |(index, _)| *index).ok();
        packed.map(|at| &self.cells[at].1).into_iter().chain(self.afterwards.get(&index))
    }

    /// Adds to what came after the sealing. Returns whether the index had nothing there.
    pub(crate) fn add_afterwards(
        &mut self,
        aggregate: &A,
        index: u32,
        cell: &Cell<A::Partial>,
    ) -> bool {
        let mut is_new = false;
        self.afterwards
            .entry(index)
            .or_insert_with(|| {
                is_new = true;
                Cell::empty(aggregate.empty())
            })
            .combine(aggregate, cell);
        is_new
    }

    /// Marks the indexes it needs.
    pub(super) fn mark_live(&self, live: &mut [bool]) {
        self.each(|index, _| live[index as usize] = true);
        for (index, _, _) in &self.records {
            live[*index as usize] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn dividing_by_multiplication_is_dividing(
            divisor in prop_oneof![1_i64..100, 1_i64..(1 << 60), Just(1), Just(1 << 60)],
            value in prop_oneof![
                -1000_i64..1000,
                -(1_i64 << 61)..=(1 << 61),
                Just(-(1 << 61)),
                Just(1 << 61),
            ],
            near in -1_i64..=1,
        ) {
            let divider = Divider::new(divisor);
            prop_assert_eq!(divider.floor(value), value.div_euclid(divisor));
            let multiple = value.div_euclid(divisor) * divisor + near;
            if multiple.abs() <= 1 << 61 {
                prop_assert_eq!(divider.floor(multiple), multiple.div_euclid(divisor));
            }
        }
    }
}
