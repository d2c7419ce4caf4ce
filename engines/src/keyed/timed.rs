//! Keyed state with event-time timers: one for each key, which is the next time the key is to have a
//! turn.
//!
//! A timer that turns out to be early costs one look: a key that keeps being heard of need not move
//! its timer with every record. Keys have their turns in the order of time, then of keys. A record
//! whose source had come further than this operator waits until the operator has come as far, so
//! that what is kept of a key is what it was when the record entered the plan.

use super::{Operator, Out, WATERMARK_MAX};
use crate::dataflow::Key;
use crate::engine::{EngineError, WindowCounts};
use crate::panes::HASHER;
use crate::record::{Data, Stamped};
use crate::time::{Moment, Timestamp};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use std::collections::{BTreeSet, VecDeque};

/// What is asked of each key. It holds no state itself.
pub(crate) trait Logic: Clone + Send + Sync + 'static {
    /// What records are partitioned by.
    type Key: Key;
    /// What is said of a record beside its key.
    type Input: Data;
    /// The answers.
    type Output: Data;
    /// What is kept of a key.
    type State: Default + Clone + Send + Sync + 'static;

    /// What it is called in a run's record.
    const NAME: &'static str;

    /// Whether a record is too late whatever is kept of its key, which need not be looked at then.
    /// The watermark is in microseconds.
    fn is_late(&self, time: Timestamp, watermark: i64) -> bool;

    /// A record of a key.
    fn on_record(
        &self,
        state: &mut Self::State,
        record: Stamped<Self::Input>,
        watermark: i64,
        counts: &mut WindowCounts,
    );

    /// A key's turn: event time has come as far as [`Logic::next_turn`] said, or further. It does
    /// all that is due by the watermark, for as long as `out` has room, where it asks for that: what
    /// is left then is done in the key's next turn, which is at once.
    fn on_turn(
        &self,
        key: &Self::Key,
        state: &mut Self::State,
        watermark: i64,
        out: &mut impl Out<Self::Output>,
    ) -> Result<(), EngineError>;

    /// The watermark with which the key is next to have a turn, in microseconds; one that has passed
    /// means at once, [`NEVER`] that no watermark is. `None` where nothing is left of the key.
    fn next_turn(&self, state: &Self::State) -> Option<i64>;

    /// How much is kept of the key, in the logic's own unit.
    fn kept(&self, state: &Self::State) -> u64;
}

/// A logic with its state: an operator.
#[derive(Clone)]
pub(crate) struct Timed<L: Logic> {
    logic: L,
    keys: HashMap<L::Key, Slot<L::State>, FixedState>,
    /// When keys have their turns.
    turns: BTreeSet<(i64, L::Key)>,
    /// Records whose source had come further than this operator when they were sent, by how far.
    ahead: VecDeque<Ahead<L::Key, L::Input>>,
    watermark: i64,
    counts: WindowCounts,
    /// How much is kept of all keys.
    kept: u64,
}

#[derive(Clone)]
struct Slot<S> {
    state: S,
    /// The key's place among the turns; [`NEVER`] where it has none.
    turn: i64,
}

/// The turn of a key that has none for now.
pub(super) const NEVER: i64 = i64::MAX;

impl<S: Default> Default for Slot<S> {
    fn default() -> Self {
        Self { state: S::default(), turn: NEVER }
    }
}

#[derive(Clone)]
struct Ahead<K, V> {
    /// How far its source had come, in microseconds.
    seen: i64,
    key: K,
    record: Stamped<V>,
}

/// Between two looks whether there is room for answers, at most so many keys have their turns.
const TURNS_AT_ONCE: usize = 64;

/// Less memory than for so many keys is not given back.
const SHRINK_MIN: usize = 4096;

impl<L: Logic> Timed<L> {
    /// Nothing yet.
    pub(crate) fn new(logic: L) -> Self {
        Self {
            logic,
            keys: HashMap::with_hasher(HASHER),
            turns: BTreeSet::new(),
            ahead: VecDeque::new(),
            watermark: -WATERMARK_MAX,
            counts: WindowCounts { algorithm: L::NAME, ..WindowCounts::default() },
            kept: 0,
        }
    }

    /// How many keys it knows.
    pub(crate) fn keys(&self) -> usize {
        self.keys.len()
    }

    /// A watermark by which so many keys have had their turn, or all that will have one.
    pub(crate) fn turn_of(&self, keys: usize) -> Option<Timestamp> {
        let turns = self.turns.iter().take(keys);
        turns.fold(None, |_, (turn, _)| Some(Timestamp::from_micros(*turn)))
    }

    fn is_due(&self) -> bool {
        self.turns.first().is_some_and(|(turn, _)| *turn <= self.watermark)
    }

    /// Takes a record into what is kept of its key. Returns whether the key is to have its turn at
    /// once.
    fn take(&mut self, key: L::Key, record: Stamped<L::Input>) -> bool {
        let mut entry = match self.keys.entry(key) {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert_entry(Slot::default()),
        };
        let slot = entry.get_mut();
        let before = self.logic.kept(&slot.state);
        self.logic.on_record(&mut slot.state, record, self.watermark, &mut self.counts);
        self.kept = self.kept - before + self.logic.kept(&slot.state);
        self.counts.kept_most = self.counts.kept_most.max(self.kept);
        let Some(turn) = self.logic.next_turn(&slot.state) else {
            // It was late, and of its key there was nothing.
            entry.remove();
            return false;
        };
        if turn < slot.turn {
            let later = std::mem::replace(&mut slot.turn, turn);
            let key = entry.key();
            if later != NEVER {
                self.turns.remove(&(later, key.clone()));
            }
            self.turns.insert((turn, key.clone()));
        }
        turn <= self.watermark
    }

    const fn count_late(&mut self) {
        self.counts.late += 1;
        self.counts.missed_windows += 1;
    }

    /// Keeps a record until this operator has come as far as `seen`.
    fn wait(&mut self, key: L::Key, record: Stamped<L::Input>, seen: i64) {
        let at = self.ahead.partition_point(|other| other.seen <= seen);
        self.ahead.insert(at, Ahead { seen, key, record });
    }

    /// Lets some keys have their turns.
    fn take_turns(&mut self, out: &mut impl Out<L::Output>) -> Result<(), EngineError> {
        for _ in 0..TURNS_AT_ONCE {
            if !self.is_due() {
                break;
            }
            let Some((_, key)) = self.turns.pop_first() else { break };
            let slot = self.keys.get_mut(&key).expect("what has a turn is kept");
            let before = self.logic.kept(&slot.state);
            self.logic.on_turn(&key, &mut slot.state, self.watermark, out)?;
            self.kept = self.kept - before + self.logic.kept(&slot.state);
            if let Some(turn) = self.logic.next_turn(&slot.state) {
                slot.turn = turn;
                if turn != NEVER {
                    self.turns.insert((turn, key));
                }
                if turn <= self.watermark {
                    // There was no room for all that is due.
                    break;
                }
            } else {
                self.keys.remove(&key);
            }
        }
        Ok(())
    }

    fn advance_to(
        &mut self,
        watermark: i64,
        out: &mut impl Out<L::Output>,
    ) -> Result<bool, EngineError> {
        self.watermark = self.watermark.max(watermark);
        while self.is_due() {
            if !out.has_room() {
                return Ok(false);
            }
            self.take_turns(out)?;
        }
        // After a burst of keys, the memory of those that are gone goes too.
        if self.keys.capacity() > SHRINK_MIN && self.keys.len() * 8 < self.keys.capacity() {
            self.keys.shrink_to(self.keys.len() * 2);
        }
        Ok(true)
    }
}

fn clamped(watermark: Timestamp) -> i64 {
    watermark.as_micros().clamp(-WATERMARK_MAX, WATERMARK_MAX)
}

impl<L: Logic> Operator for Timed<L> {
    type Key = L::Key;
    type Input = L::Input;
    type Output = L::Output;

    #[inline]
    fn add(
        &mut self,
        (key, value): (L::Key, L::Input),
        event_time: Timestamp,
        due: Moment,
        seen: Timestamp,
    ) -> bool {
        let record = Stamped { event_time, due, value };
        let seen = clamped(seen);
        if seen > self.watermark {
            self.wait(key, record, seen);
            return false;
        }
        if self.logic.is_late(event_time, self.watermark) {
            self.count_late();
            return false;
        }
        self.take(key, record)
    }

    fn add_each<T>(
        &mut self,
        records: &[Stamped<T>],
        seen: Timestamp,
        key: &impl Fn(&T) -> L::Key,
        input: &impl Fn(&T) -> L::Input,
        mut again: impl FnMut(&mut Self),
    ) {
        let seen = clamped(seen);
        for record in records {
            let key = || key(&record.value);
            if seen > self.watermark {
                self.wait(key(), record.with(input(&record.value)), seen);
            } else if self.logic.is_late(record.event_time, self.watermark) {
                // Neither key nor input are asked for.
                self.count_late();
            } else if self.take(key(), record.with(input(&record.value))) {
                again(self);
            }
        }
    }

    fn answer_again(&mut self, out: &mut impl Out<L::Output>) -> Result<(), EngineError> {
        while self.is_due() {
            self.take_turns(out)?;
        }
        Ok(())
    }

    fn advance_while(
        &mut self,
        watermark: Timestamp,
        out: &mut impl Out<L::Output>,
    ) -> Result<bool, EngineError> {
        let watermark = clamped(watermark);
        while let Some(first) = self.ahead.front()
            && first.seen <= watermark
        {
            if !self.advance_to(first.seen, out)? {
                return Ok(false);
            }
            if let Some(Ahead { key, record, .. }) = self.ahead.pop_front() {
                if self.logic.is_late(record.event_time, self.watermark) {
                    self.count_late();
                } else if self.take(key, record) {
                    self.answer_again(out)?;
                }
            }
        }
        self.advance_to(watermark, out)
    }

    fn counts(&self) -> WindowCounts {
        self.counts
    }
}
