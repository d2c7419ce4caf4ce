//! Panes: what has been aggregated per key in one stretch of event time.
//!
//! An open pane takes records. It is a dense column of cells by key index where many keys have
//! something in it, and a hash map from index to cell where few have; it starts as what the pane
//! before it ended as. A sealed pane has been covered by a fired window. It is read as a whole
//! from then on, and the few records that still reach it lie beside the packed list.

use super::keys::KeyTable;
use crate::aggregate::Aggregate;
use crate::clock::Moment;
use crate::dataflow::Key;
use crate::engine::Algorithm;
use crate::record::Timestamp;
use crate::window::WindowSpec;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// A partial aggregate, with the due time of the latest-due record in it.
#[derive(Clone, Debug)]
pub(crate) struct Cell<P> {
    pub(crate) partial: P,
    /// [`Moment::NEVER`] marks a cell that holds nothing.
    pub(crate) due: Moment,
}

impl<P> Cell<P> {
    pub(crate) const fn empty(partial: P) -> Self {
        Self { partial, due: Moment::NEVER }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.due == Moment::NEVER
    }

    /// Adds what `other` holds.
    #[inline]
    pub(crate) fn combine<A: Aggregate<Partial = P>>(&mut self, aggregate: &A, other: &Self) {
        aggregate.combine(&mut self.partial, &other.partial);
        self.due = if self.is_empty() { other.due } else { self.due.max(other.due) };
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

type Records<A> = Vec<(u32, Moment, <A as Aggregate>::Input)>;

enum Body<A: Aggregate> {
    Dense(Vec<Cell<A::Partial>>),
    Sparse(HashMap<u32, Cell<A::Partial>, FixedState>),
    /// Nothing is aggregated: every window starts from the records.
    Records(Records<A>),
}

struct OpenPane<A: Aggregate> {
    body: Body<A>,
    /// The indexes that have a cell, in order of their first record.
    touched: Vec<u32>,
    /// How many records.
    records: u64,
}

/// Open panes by key: what a batch's map side has combined, or the open end of a window's state.
pub(crate) struct PaneTable<K: Key, A: Aggregate> {
    pub(super) aggregate: A,
    pub(super) keys: KeyTable<K>,
    pane_us: i64,
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

/// No pane has this number: event times end long before it.
const NO_PANE: i64 = i64::MIN;

impl<K: Key, A: Aggregate> PaneTable<K, A> {
    /// An empty table with the panes of `spec`. `Recompute` keeps records instead of partial
    /// aggregates.
    pub(crate) fn new(aggregate: A, spec: &WindowSpec, algorithm: Algorithm) -> Self {
        Self {
            aggregate,
            keys: KeyTable::new(),
            pane_us: spec.pane(),
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

    /// Adds a record.
    #[inline]
    pub(crate) fn add(&mut self, key: K, time: Timestamp, due: Moment, input: A::Input) {
        self.add_to_pane(self.pane_of(time), key, due, input);
    }

    /// The number of the pane that holds `time`.
    #[inline]
    pub(super) fn pane_of(&self, time: Timestamp) -> i64 {
        time.as_micros().div_euclid(self.pane_us)
    }

    #[inline]
    pub(super) fn add_to_pane(&mut self, pane: i64, key: K, due: Moment, input: A::Input) {
        if let Some((size, slide)) = self.gaps
            && (pane * self.pane_us).rem_euclid(slide) >= size
        {
            self.in_gaps += 1;
            return;
        }
        let index = self.keys.index_of(key);
        let slot = self.slot_of(pane);
        let open = &mut self.slots[slot];
        open.records += 1;
        if let Body::Dense(cells) = &mut open.body
            && let Some(cell) = cells.get_mut(index as usize)
        {
            if cell.is_empty() {
                open.touched.push(index);
                cell.due = due;
            } else {
                cell.due = cell.due.max(due);
            }
            self.aggregate.add(&mut cell.partial, &input);
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
            self.aggregate.add(&mut cell.partial, &input);
            cell.due = due;
            self.add_cell(slot, index, &cell);
        }
    }

    /// Combines `cell` into the one of `index`, wherever that lies.
    fn add_cell(&mut self, slot: usize, index: u32, cell: &Cell<A::Partial>) {
        let span = self.keys.span();
        let open = &mut self.slots[slot];
        if let Body::Sparse(cells) = &mut open.body
            && cells.len() * SPARSE_FACTOR > span.max(DENSE_ANYWAY)
        {
            let mut column = self.spares.pop().unwrap_or_default();
            column.resize(span, Cell::empty(self.aggregate.empty()));
            for index in &open.touched {
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
            Body::Sparse(cells) => {
                cells.entry(index).or_insert_with(|| Cell::empty(self.aggregate.empty()))
            }
            Body::Records(_) => unreachable!("records are never combined before a window fires"),
        };
        if target.is_empty() {
            open.touched.push(index);
        }
        target.combine(&self.aggregate, cell);
    }

    #[inline]
    fn slot_of(&mut self, pane: i64) -> usize {
        let (known, slot) = self.recent[pane.rem_euclid(RECENT as i64) as usize];
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
                Body::Sparse(HashMap::default())
            };
            let slot = if let Some(slot) = self.free.pop() {
                self.slots[slot].body = body;
                slot
            } else {
                self.slots.push(OpenPane { body, touched: Vec::new(), records: 0 });
                self.slots.len() - 1
            };
            self.order.insert(pane, slot);
            slot
        };
        self.recent[pane.rem_euclid(RECENT as i64) as usize] = (pane, slot);
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
                self.last_was_dense =
                    span <= DENSE_ANYWAY || open.touched.len() * SPARSE_FACTOR > span;
                if open.touched.len() * 4 > span {
                    for (index, cell) in column.iter_mut().take(span).enumerate() {
                        if !cell.is_empty() {
                            let index = u32::try_from(index).expect("indexes are u32");
                            each(&self.keys, index, std::mem::replace(cell, empty()));
                        }
                    }
                } else {
                    for index in &open.touched {
                        let cell = std::mem::replace(&mut column[*index as usize], empty());
                        each(&self.keys, *index, cell);
                    }
                }
                if self.spares.len() < SPARES_MAX {
                    self.spares.push(column);
                }
            }
            Body::Sparse(mut cells) => {
                self.last_was_dense = false;
                for index in &open.touched {
                    if let Some(cell) = cells.remove(index) {
                        each(&self.keys, *index, cell);
                    }
                }
            }
            Body::Records(_) => (),
        }
        open.touched.clear();
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
        let mut cells = Vec::with_capacity(self.slots[slot].touched.len());
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
                if target.is_empty() {
                    open.touched.push(index);
                }
                target.combine(&self.aggregate, cell);
            } else {
                self.add_cell(slot, index, cell);
            }
        });
    }

    /// Reads the cells of a pane, in the order of their first records.
    pub(super) fn each_cell(&self, pane: i64, mut each: impl FnMut(u32, &Cell<A::Partial>)) {
        let Some(slot) = self.order.get(&pane) else { return };
        let open = &self.slots[*slot];
        match &open.body {
            Body::Dense(column) => {
                if open.touched.len() * 4 > column.len() {
                    for (index, cell) in (0..).zip(column) {
                        if !cell.is_empty() {
                            each(index, cell);
                        }
                    }
                } else {
                    for index in &open.touched {
                        each(*index, &column[*index as usize]);
                    }
                }
            }
            Body::Sparse(cells) => {
                for index in &open.touched {
                    if let Some(cell) = cells.get(index) {
                        each(*index, cell);
                    }
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
            for index in &open.touched {
                live[*index as usize] = true;
            }
            if let Body::Records(records) = &open.body {
                for (index, _, _) in records {
                    live[*index as usize] = true;
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
