//! An interval join: each record of the left side with those of the right one that lie within bounds of
//! it, as soon as both are there.
//!
//! A record is kept until no partner of it can come any more, which is when the watermark has passed both
//! it and the last time that a partner could have. Since what the watermark has passed by is late, nobody
//! asks for it later.

use super::Out;
use super::timed::Logic;
use crate::dataflow::{Joined, Key, Side};
use crate::engine::{EngineError, WindowCounts};
use crate::record::{Data, Stamped};
use crate::time::{Moment, Timestamp};
use crate::window::Window;
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// Pairs of each key.
pub(crate) struct IntervalJoin<K, L, R> {
    lower: i64,
    upper: i64,
    keeps_left: bool,
    of: PhantomData<fn(K, L, R)>,
}

impl<K, L, R> IntervalJoin<K, L, R> {
    /// Whose right record is from `lower` to `upper` microseconds after the left one. Where it
    /// `keeps_left`, a record of the left side is answered alone when no partner can come any more.
    pub(crate) const fn new(lower: i64, upper: i64, keeps_left: bool) -> Self {
        Self { lower, upper, keeps_left, of: PhantomData }
    }
}

impl<K, L, R> IntervalJoin<K, L, R> {
    /// The watermark with which a record of the left side that came at `time` has found all its partners.
    const fn left_over_at(&self, time: i64) -> i64 {
        if self.upper > 0 { time + self.upper } else { time }
    }

    /// The same, of the right side.
    const fn right_over_at(&self, time: i64) -> i64 {
        if self.lower < 0 { time - self.lower } else { time }
    }
}

impl<K, L, R> Clone for IntervalJoin<K, L, R> {
    fn clone(&self) -> Self {
        Self::new(self.lower, self.upper, self.keeps_left)
    }
}

/// The records of one side, by time in microseconds, then in the order in which they came.
type Kept<V> = BTreeMap<(i64, u64), One<V>>;

#[derive(Clone)]
struct One<V> {
    due: Moment,
    value: V,
    has_partner: bool,
}

/// What is kept of a key.
#[derive(Clone)]
pub(crate) struct OfKey<L, R> {
    left: Kept<L>,
    right: Kept<R>,
    /// How many records there were.
    came: u64,
    /// Pairs that are not answered yet: the times of both, and what they say.
    ready: Vec<Pair<L, R>>,
}

#[derive(Clone)]
struct Pair<L, R> {
    times: (i64, i64),
    due: Moment,
    left: L,
    right: R,
}

impl<L, R> Default for OfKey<L, R> {
    fn default() -> Self {
        Self { left: BTreeMap::new(), right: BTreeMap::new(), came: 0, ready: Vec::new() }
    }
}

/// Those of one side within some times, both inclusive.
fn within<V>(
    kept: &mut Kept<V>,
    from: i64,
    until: i64,
) -> impl Iterator<Item = (i64, &mut One<V>)> {
    kept.range_mut((from, 0)..=(until, u64::MAX)).map(|((time, _), one)| (*time, one))
}

impl<K: Key, L: Data, R: Data> Logic for IntervalJoin<K, L, R> {
    type Key = K;
    type Input = Side<L, R>;
    type Output = Joined<K, L, R>;
    type State = OfKey<L, R>;

    const NAME: &'static str = "interval join";

    #[inline]
    fn is_late(&self, time: Timestamp, watermark: i64) -> bool {
        time.as_micros() <= watermark
    }

    fn on_record(
        &self,
        of_key: &mut Self::State,
        Stamped { event_time, due, value }: Stamped<Side<L, R>>,
        _: i64,
        counts: &mut WindowCounts,
    ) {
        counts.accepted += 1;
        let time = event_time.as_micros();
        let OfKey { left: lefts, right: rights, came, ready } = of_key;
        *came += 1;
        match value {
            Side::Left(left) => {
                let before = ready.len();
                for (other, right) in within(rights, time + self.lower, time + self.upper) {
                    let (due, right) = (due.max(right.due), right.value.clone());
                    ready.push(Pair { times: (time, other), due, left: left.clone(), right });
                }
                let has_partner = ready.len() > before;
                lefts.insert((time, *came), One { due, value: left, has_partner });
            }
            Side::Right(right) => {
                for (other, left) in within(lefts, time - self.upper, time - self.lower) {
                    left.has_partner = true;
                    let (due, left) = (due.max(left.due), left.value.clone());
                    ready.push(Pair { times: (other, time), due, left, right: right.clone() });
                }
                rights.insert((time, *came), One { due, value: right, has_partner: false });
            }
        }
    }

    fn on_turn(
        &self,
        key: &K,
        of_key: &mut Self::State,
        watermark: i64,
        out: &mut impl Out<Self::Output>,
    ) -> Result<(), EngineError> {
        let mut answer = |(first, last): (i64, i64), due: Moment, left: L, right: Option<R>| {
            let (start, last) = (Timestamp::from_micros(first), Timestamp::from_micros(last));
            let window = Window { start, end: last.saturating_add(1) };
            let value = Joined { window, key: key.clone(), left, right };
            out.emit(Stamped { event_time: last, due, value });
        };
        for Pair { times: (left_at, right_at), due, left, right } in of_key.ready.drain(..) {
            let times = (left_at.min(right_at), left_at.max(right_at));
            answer(times, due, left, Some(right));
        }
        while let Some(entry) = of_key.left.first_entry() {
            let (time, _) = *entry.key();
            let over_at = self.left_over_at(time);
            if over_at > watermark {
                break;
            }
            let One { due, value, has_partner } = entry.remove();
            if self.keeps_left && !has_partner {
                answer((time, over_at), due, value, None);
            }
        }
        while let Some(entry) = of_key.right.first_entry()
            && self.right_over_at(entry.key().0) <= watermark
        {
            entry.remove();
        }
        Ok(())
    }

    fn next_turn(&self, of_key: &Self::State) -> Option<i64> {
        if !of_key.ready.is_empty() {
            return Some(i64::MIN);
        }
        let left = of_key.left.first_key_value().map(|((time, _), _)| self.left_over_at(*time));
        let right = of_key.right.first_key_value().map(|((time, _), _)| self.right_over_at(*time));
        left.into_iter().chain(right).min()
    }

    fn kept(&self, of_key: &Self::State) -> u64 {
        (of_key.left.len() + of_key.right.len()) as u64
    }
}
