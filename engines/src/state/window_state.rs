//! What records do to a window's state: where they go, and which come too late.
//!
//! A record is late for a window when `end - 1 + allowed_lateness <= watermark`. A record that is
//! late for some of its windows counts in the others. With allowed lateness, a record for a window
//! that has fired makes that window's answer come again. When windows fire is not decided here.

use crate::aggregate::Aggregate;
use crate::dataflow::Key;
use crate::engine::{Algorithm, EngineError, WindowCounts};
use crate::keyed::WATERMARK_MAX;
use crate::panes::{Accumulator, KeyTable, LOOKAHEAD, PaneTable, Panes, SealedPane};
use crate::record::Stamped;
use crate::sliding::{Sliding, resolve};
use crate::time::{Moment, Timestamp};
use crate::window::WindowSpec;
use std::collections::{BTreeSet, VecDeque};

/// The state of one windowed aggregation on one worker or partition.
#[derive(Clone)]
pub(crate) struct WindowState<K: Key, A: Aggregate> {
    pub(super) spec: WindowSpec,
    /// Panes that no fired window covers.
    pub(super) open: PaneTable<K, A>,
    /// Panes that some fired window covers and some coming one, or that lateness keeps.
    pub(super) sealed: Panes<A>,
    pub(super) sliding: Sliding<A>,
    pub(super) watermark: i64,
    /// Every window that starts before this has fired or had nothing in it.
    pub(super) next_start: i64,
    /// The first pane that no fired window covers.
    pub(super) open_from: i64,
    /// Records whose source had come further than this state when they were sent, so that it is
    /// not yet known which of their windows they miss; by how far it had come.
    pub(super) ahead: VecDeque<Ahead<K, A::Input>>,
    /// Answers to give again, by window start and key index.
    pub(super) again: BTreeSet<(i64, u32)>,
    pub(super) counts: WindowCounts,
    pub(super) sweep_at: usize,
    /// How many keys the windows fired since the last sweep have walked past, since they had
    /// nothing there.
    pub(super) walked: usize,
    pub(super) walk_at: usize,
    /// Windows fire unheard.
    pub(super) is_muted: bool,
}

/// A record that waits for this state to come as far as the record's source had.
#[derive(Clone)]
pub(super) struct Ahead<K, V> {
    /// How far that was, in microseconds.
    pub(super) seen: i64,
    pub(super) key: K,
    pub(super) time: Timestamp,
    pub(super) due: Moment,
    pub(super) input: V,
}

/// Keys are swept when there are this many at least.
pub(super) const SWEEP_MIN: usize = 4096;

/// Keys are swept when windows have walked past as many as there are, this many times over.
pub(super) const WALKED_MAX: usize = 4;

/// What a record's pane allows.
enum Standing {
    /// No window that holds it has fired, or it lies in a gap and no window holds it.
    Open,
    /// Too late for all of this many windows.
    Late { missed: u64 },
    /// Some windows that hold it have fired; too late for this many.
    Reopened { missed: u64 },
}

impl<K: Key, A: Aggregate> WindowState<K, A> {
    /// Nothing yet.
    pub(crate) fn new(
        aggregate: A,
        spec: WindowSpec,
        algorithm: Algorithm,
    ) -> Result<Self, EngineError> {
        let algorithm = resolve::<A>(algorithm, &spec)?;
        Ok(Self {
            spec,
            open: PaneTable::new(aggregate, &spec, algorithm),
            sealed: Panes::new(),
            sliding: Sliding::new(algorithm),
            watermark: -WATERMARK_MAX,
            next_start: -WATERMARK_MAX,
            open_from: i64::MIN,
            ahead: VecDeque::new(),
            again: BTreeSet::new(),
            counts: WindowCounts { algorithm: algorithm.name(), ..WindowCounts::default() },
            sweep_at: SWEEP_MIN,
            walked: 0,
            walk_at: WALKED_MAX * SWEEP_MIN,
            is_muted: false,
        })
    }

    /// What has happened so far.
    pub(crate) const fn counts(&self) -> WindowCounts {
        self.counts
    }

    /// Whether windows fire unheard: while a state is computed again, what would be answered has
    /// been answered before, and may even be incomplete.
    pub(crate) const fn mute(&mut self, is_muted: bool) {
        self.is_muted = is_muted;
    }

    /// How many keys, partial aggregates, and records where those are kept, it consists of.
    pub(crate) fn size(&self) -> usize {
        let sealed = self.sealed.values().map(SealedPane::size);
        self.open.size() + sealed.sum::<usize>()
    }

    /// The start of the oldest pane that still holds something.
    pub(crate) fn oldest_live_time(&self) -> Option<Timestamp> {
        let sealed = self.sealed.first_key_value().map(|(pane, _)| *pane);
        let pane = [sealed, self.open.first_pane()].into_iter().flatten().min()?;
        Some(Timestamp::from_micros(pane * self.spec.pane()))
    }

    /// Adds a record. `seen` is how far event time had come where it entered the plan, if that is
    /// known; by that it is judged, wherever this state stands. Returns whether some answer must be
    /// given again, by [`Self::repeat`].
    #[inline]
    pub(crate) fn add(
        &mut self,
        (key, input): (K, A::Input),
        time: Timestamp,
        due: Moment,
        seen: Timestamp,
    ) -> bool {
        let pane = self.open.pane_of(time);
        let open_from = self.open_from_as_of(seen);
        if pane >= open_from {
            self.counts.accepted += 1;
            self.open.add_to_pane(pane, key, due, input);
            return false;
        }
        if open_from > self.open_from {
            self.wait((key, input), time, due, seen);
            return false;
        }
        self.add_behind(pane, due, || (key, input))
    }

    /// The first pane that no window covers which has fired, or would have if this state had come
    /// as far as `seen`.
    #[inline]
    fn open_from_as_of(&self, seen: Timestamp) -> i64 {
        if seen.as_micros() <= self.watermark {
            return self.open_from;
        }
        let (size, pane) = (self.spec.size(), self.spec.pane());
        let seen = seen.as_micros().min(WATERMARK_MAX);
        let last_complete = self.spec.last_start_at(seen + 1 - size);
        self.open_from.max((last_complete + size).div_euclid(pane))
    }

    /// Keeps a record until this state has come as far as `seen`.
    #[cold]
    fn wait(&mut self, (key, input): (K, A::Input), time: Timestamp, due: Moment, seen: Timestamp) {
        let seen = seen.as_micros().min(WATERMARK_MAX);
        let at = self.ahead.partition_point(|other| other.seen <= seen);
        self.ahead.insert(at, Ahead { seen, key, time, due, input });
    }

    /// Adds records one after another, all of which entered the plan when event time had come as far
    /// as `seen`, if that is known. Calls `repeat` whenever some answer must be given again, before
    /// the next record is added.
    #[inline]
    pub(crate) fn add_each<T>(
        &mut self,
        records: &[Stamped<T>],
        seen: Timestamp,
        key: &impl Fn(&T) -> K,
        value: &impl Fn(&T) -> A::Input,
        mut repeat: impl FnMut(&mut Self),
    ) {
        let first = self.open_from_as_of(seen);
        let open_from = self.open.start_of(first);
        let mut rest = records;
        while !rest.is_empty() {
            let added = self.open.add_each(rest, open_from, key, value);
            self.counts.accepted += added as u64;
            // What comes next has a record among it whose first windows have fired.
            let mixed;
            (mixed, rest) = rest[added..].split_at(LOOKAHEAD.min(rest.len() - added));
            self.add_mixed(mixed, (seen, open_from), key, value, &mut repeat);
        }
    }

    /// Adds a few records, some of them earlier than `open_from`: where those belong, if anywhere,
    /// is found out before their key is looked at.
    #[inline(never)]
    fn add_mixed<T>(
        &mut self,
        records: &[Stamped<T>],
        (seen, open_from): (Timestamp, Timestamp),
        key: &impl Fn(&T) -> K,
        value: &impl Fn(&T) -> A::Input,
        repeat: &mut impl FnMut(&mut Self),
    ) {
        let mut indexes = [None; LOOKAHEAD];
        for (index, record) in indexes.iter_mut().zip(records) {
            if record.event_time >= open_from {
                *index = Some(self.open.keys.index_of(key(&record.value)));
            }
        }
        for (index, Stamped { event_time, due, value: record }) in indexes.iter().zip(records) {
            if let Some(index) = index {
                self.counts.accepted += 1;
                self.open.add_indexed(*index, *event_time, *due, value(record));
            } else if seen.as_micros() > self.watermark {
                self.wait((key(record), value(record)), *event_time, *due, seen);
            } else {
                let pane = self.open.pane_of(*event_time);
                if self.add_behind(pane, *due, || (key(record), value(record))) {
                    repeat(self);
                }
            }
        }
    }

    /// Adds a record to a pane that some fired window may cover. What it says is asked for only
    /// where it counts.
    #[cold]
    #[inline(never)]
    fn add_behind(&mut self, pane: i64, due: Moment, said: impl FnOnce() -> (K, A::Input)) -> bool {
        match self.standing(pane) {
            Standing::Open => {
                self.counts.accepted += 1;
                let (key, input) = said();
                self.open.add_to_pane(pane, key, due, input);
                false
            }
            Standing::Late { missed } => {
                self.counts.late += 1;
                self.counts.missed_windows += missed;
                false
            }
            Standing::Reopened { missed } => {
                self.count_reopened(1, missed);
                let (key, input) = said();
                let index = self.open.keys.index_of(key);
                if self.open.keeps_records() {
                    self.sealed.entry(pane).or_default().records.push((index, due, input));
                    self.mark_again(pane, index);
                } else {
                    let mut accumulator = Accumulator::empty(self.open.aggregate.empty());
                    accumulator.add(&self.open.aggregate, due, &input);
                    self.add_sealed(pane, index, &accumulator);
                }
                !self.again.is_empty()
            }
        }
    }

    /// Adds what a batch's map side has combined.
    pub(crate) fn absorb(&mut self, delta: &PaneTable<K, A>) {
        self.counts.accepted += delta.in_gaps();
        let mut indexes = vec![u32::MAX; delta.keys.span()];
        let mut translate = |keys: &mut KeyTable<K>, theirs: u32| {
            let index = &mut indexes[theirs as usize];
            if *index == u32::MAX {
                *index = keys.index_of(delta.keys.key(theirs).clone());
            }
            *index
        };
        for (pane, records) in delta.panes() {
            match self.standing(pane) {
                Standing::Open => {
                    self.counts.accepted += records;
                    self.open.absorb_pane(delta, pane, &mut translate);
                }
                Standing::Late { missed } => {
                    self.counts.late += records;
                    self.counts.missed_windows += missed * records;
                }
                Standing::Reopened { missed } => {
                    self.count_reopened(records, missed);
                    delta.each_accumulator(pane, |index, accumulator| {
                        let index = translate(&mut self.open.keys, index);
                        self.add_sealed(pane, index, accumulator);
                    });
                    delta.each_record(pane, |index, due, input| {
                        let index = translate(&mut self.open.keys, index);
                        let sealed = self.sealed.entry(pane).or_default();
                        sealed.records.push((index, due, input.clone()));
                        self.mark_again(pane, index);
                    });
                }
            }
        }
    }

    fn count_reopened(&mut self, records: u64, missed: u64) {
        self.counts.accepted += records;
        self.counts.missed_windows += missed * records;
        if missed > 0 {
            self.counts.partly_late += records;
        }
    }

    /// The start of the last window for which everything still to come is late.
    fn last_closed(&self) -> i64 {
        let size = self.spec.size();
        self.spec.last_start_at(self.watermark + 1 - self.spec.allowed_lateness() - size)
    }

    fn standing(&self, pane: i64) -> Standing {
        if pane >= self.open_from {
            return Standing::Open;
        }
        let time = pane * self.spec.pane();
        let (first, last) = (self.spec.first_start_after(time), self.spec.last_start_at(time));
        let closed = self.last_closed();
        let windows_until =
            |until: i64| u64::try_from((until - first) / self.spec.slide() + 1).unwrap_or(0);
        if first > last {
            Standing::Open
        } else if last <= closed {
            Standing::Late { missed: windows_until(last) }
        } else if first <= closed {
            Standing::Reopened { missed: windows_until(closed) }
        } else {
            Standing::Reopened { missed: 0 }
        }
    }

    /// Adds to a pane that some fired window covers.
    fn add_sealed(&mut self, pane: i64, index: u32, accumulator: &Accumulator<A::Partial>) {
        let aggregate = &self.open.aggregate;
        let sealed = self.sealed.entry(pane).or_default();
        let is_new = sealed.add_afterwards(aggregate, index, accumulator);
        if pane * self.spec.pane() >= self.next_start {
            let span = self.open.keys.span();
            let steps = &mut self.counts.combine_steps;
            self.sliding.enter_late(aggregate, span, pane, (index, accumulator), is_new, steps);
        }
        self.mark_again(pane, index);
    }

    /// Remembers the fired windows over `pane` that lateness keeps open.
    fn mark_again(&mut self, pane: i64, index: u32) {
        if self.spec.allowed_lateness() == 0 {
            return;
        }
        let (time, slide) = (pane * self.spec.pane(), self.spec.slide());
        let first = self.spec.first_start_after(time).max(self.last_closed() + slide);
        let last = self.spec.last_start_at(time).min(self.next_start - slide);
        let mut start = first;
        while start <= last {
            self.again.insert((start, index));
            start += slide;
        }
    }
}
