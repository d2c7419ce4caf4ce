//! A window join: the records of a key and a tumbling window, each of the left side with each of the
//! right one, when the window is over.

use super::Out;
use super::timed::Logic;
use crate::dataflow::{Joined, Key, Side};
use crate::engine::{EngineError, WindowCounts};
use crate::record::{Data, Stamped};
use crate::time::{Moment, Timestamp};
use crate::window::Window;
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// Pairs of each key in each window.
pub(crate) struct WindowJoin<K, L, R> {
    size: i64,
    keeps_left: bool,
    of: PhantomData<fn(K, L, R)>,
}

impl<K, L, R> WindowJoin<K, L, R> {
    /// In tumbling windows of `size` microseconds. Where it `keeps_left`, a record of the left side is
    /// answered alone where the right side has none.
    pub(crate) const fn new(size: i64, keeps_left: bool) -> Self {
        Self { size, keeps_left, of: PhantomData }
    }

    fn window(&self, start: i64) -> Window {
        Window {
            start: Timestamp::from_micros(start),
            end: Timestamp::from_micros(start + self.size),
        }
    }

    fn start_of(&self, time: Timestamp) -> i64 {
        let time = time.as_micros();
        time - time.rem_euclid(self.size)
    }
}

impl<K, L, R> Clone for WindowJoin<K, L, R> {
    fn clone(&self) -> Self {
        Self::new(self.size, self.keeps_left)
    }
}

/// The open windows of a key, by their starts.
#[derive(Clone)]
pub(crate) struct OfKey<L, R> {
    windows: BTreeMap<i64, Both<L, R>>,
    kept: u64,
}

impl<L, R> Default for OfKey<L, R> {
    fn default() -> Self {
        Self { windows: BTreeMap::new(), kept: 0 }
    }
}

/// Both sides of a window, each record with when it was due.
#[derive(Clone)]
struct Both<L, R> {
    left: Vec<(Moment, L)>,
    right: Vec<(Moment, R)>,
    /// The pair that is answered next, by its places.
    next: (usize, usize),
}

impl<L, R> Default for Both<L, R> {
    fn default() -> Self {
        Self { left: Vec::new(), right: Vec::new(), next: (0, 0) }
    }
}

/// Between two looks whether there is room for answers, so many pairs are answered.
const PAIRS_AT_ONCE: usize = 64;

impl<K: Key, L: Data, R: Data> WindowJoin<K, L, R> {
    /// Answers a window, or as much of it as there is room for. Returns whether that was all.
    fn answer(
        &self,
        key: &K,
        window: Window,
        both: &mut Both<L, R>,
        out: &mut impl Out<Joined<K, L, R>>,
    ) -> bool {
        let Both { left, right, next: (at_left, at_right) } = both;
        let mut answered = 0;
        while let Some((due, one)) = left.get(*at_left) {
            let other = right.get(*at_right);
            let is_alone = self.keeps_left && right.is_empty() && *at_right == 0;
            if other.is_none() && !is_alone {
                (*at_left, *at_right) = (*at_left + 1, 0);
                continue;
            }
            if answered == PAIRS_AT_ONCE {
                if !out.has_room() {
                    return false;
                }
                answered = 0;
            }
            answered += 1;
            out.emit(Stamped {
                event_time: window.last_instant(),
                due: other.map_or(*due, |(other, _)| (*due).max(*other)),
                value: Joined {
                    window,
                    key: key.clone(),
                    left: one.clone(),
                    right: other.map(|(_, other)| other.clone()),
                },
            });
            *at_right += 1;
        }
        true
    }
}

impl<K: Key, L: Data, R: Data> Logic for WindowJoin<K, L, R> {
    type Key = K;
    type Input = Side<L, R>;
    type Output = Joined<K, L, R>;
    type State = OfKey<L, R>;

    const NAME: &'static str = "window join";

    #[inline]
    fn is_late(&self, time: Timestamp, watermark: i64) -> bool {
        self.start_of(time) + self.size - 1 <= watermark
    }

    fn on_record(
        &self,
        of_key: &mut Self::State,
        Stamped { event_time, due, value }: Stamped<Side<L, R>>,
        _: i64,
        counts: &mut WindowCounts,
    ) {
        counts.accepted += 1;
        of_key.kept += 1;
        let both = of_key.windows.entry(self.start_of(event_time)).or_default();
        match value {
            Side::Left(left) => both.left.push((due, left)),
            Side::Right(right) => both.right.push((due, right)),
        }
    }

    fn on_turn(
        &self,
        key: &K,
        of_key: &mut Self::State,
        watermark: i64,
        out: &mut impl Out<Self::Output>,
    ) -> Result<(), EngineError> {
        while let Some(mut entry) = of_key.windows.first_entry() {
            let window = self.window(*entry.key());
            if window.last_instant().as_micros() > watermark
                || !self.answer(key, window, entry.get_mut(), out)
            {
                break;
            }
            let both = entry.remove();
            of_key.kept -= (both.left.len() + both.right.len()) as u64;
        }
        Ok(())
    }

    fn next_turn(&self, of_key: &Self::State) -> Option<i64> {
        let (start, _) = of_key.windows.first_key_value()?;
        Some(start + self.size - 1)
    }

    fn kept(&self, of_key: &Self::State) -> u64 {
        of_key.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyed::{Operator, Timed};

    /// Takes what there is room for, and says when it is enough.
    struct Narrow {
        room: usize,
        came: Vec<(u32, Option<u32>)>,
    }

    impl Out<Joined<u8, u32, u32>> for Narrow {
        fn emit(&mut self, answer: Stamped<Joined<u8, u32, u32>>) {
            self.room = self.room.saturating_sub(1);
            self.came.push((answer.value.left, answer.value.right));
        }

        fn has_room(&mut self) -> bool {
            self.room > 0
        }
    }

    #[test]
    fn a_product_is_answered_for_as_long_as_there_is_room_and_goes_on_in_its_order() {
        let mut operator = Timed::new(WindowJoin::<u8, u32, u32>::new(10, true));
        let time = Timestamp::from_micros(3);
        for n in 0..50 {
            for side in [Side::Left(n), Side::Right(n)] {
                operator.add((1, side), time, Moment::START, Timestamp::BEFORE_ALL);
            }
        }
        // A second key stays alone.
        operator.add((2, Side::Left(7)), time, Moment::START, Timestamp::BEFORE_ALL);
        let mut out = Narrow { room: 1, came: Vec::new() };
        let mut turns = 0;
        while !operator.advance_while(Timestamp::from_micros(9), &mut out).unwrap() {
            assert!(
                out.came.len() <= (turns + 1) * PAIRS_AT_ONCE,
                "no more than there is room for"
            );
            out.room = 1;
            turns += 1;
        }
        assert_eq!(turns, 50 * 50 / PAIRS_AT_ONCE, "a look for room after so many");
        let pairs = (0..50).flat_map(|left| (0..50).map(move |right| (left, Some(right))));
        assert!(out.came.iter().copied().eq(pairs.chain([(7, None)])));
        assert_eq!((operator.keys(), operator.counts().kept_most), (0, 101));
    }
}
