//! A windowed aggregation on one worker: it adds records to its state, and fires windows for as long
//! as there is room for their answers downstream.

use super::operator::{Consumer, Context, Downstream, Flush, HANDFUL};
use crate::aggregate::Aggregate;
use crate::dataflow::{Key, Windowed};
use crate::engine::{EngineError, WindowCounts};
use crate::record::{Data, Stamped};
use crate::state::{Out, WindowState};
use crate::time::{Moment, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;

/// A windowed aggregation. It is fed by [`KeyBy`], where records stay on their worker, and by
/// the two sides of an exchange, where they do not.
pub(super) struct Aggregation<K: Key, A: Aggregate> {
    /// Its place in the plan.
    id: usize,
    state: WindowState<K, A>,
    downstream: Downstream<Windowed<K, A::Output>>,
    /// Memory for a handful of answers that go downstream together.
    answers: Answers<K, A>,
    /// What it was told and has not done yet, for want of room downstream.
    pending: VecDeque<Signal>,
}

type Answers<K, A> = Vec<Stamped<Windowed<K, <A as Aggregate>::Output>>>;

/// What an operator is told beside records.
#[derive(Copy, Clone, Debug)]
enum Signal {
    Watermark(Timestamp),
    End,
}

/// Answers on their way downstream, a handful at a time.
struct Firing<'a, 'b, K: Key, A: Aggregate> {
    downstream: &'a mut Downstream<Windowed<K, A::Output>>,
    answers: &'a mut Answers<K, A>,
    cx: &'a mut Context<'b>,
}

impl<K: Key, A: Aggregate> Firing<'_, '_, K, A> {
    fn hand_on(&mut self) {
        if !self.answers.is_empty() {
            self.downstream.push_all(self.answers, self.cx);
        }
    }
}

impl<K: Key, A: Aggregate> Out<K, A::Output> for Firing<'_, '_, K, A> {
    #[inline]
    fn emit(&mut self, answer: Stamped<Windowed<K, A::Output>>) {
        self.answers.push(answer);
        if self.answers.len() == HANDFUL {
            self.hand_on();
        }
    }

    fn has_room(&mut self) -> bool {
        self.hand_on();
        !self.downstream.is_blocked()
    }
}

/// Lets a state answer, by `fire`, and its answers go downstream, where none is ever late. Returns
/// what `fire` does, or nothing where that is an error, which is then kept.
fn answering<K: Key, A: Aggregate, R>(
    state: &mut WindowState<K, A>,
    downstream: &mut Downstream<Windowed<K, A::Output>>,
    answers: &mut Answers<K, A>,
    cx: &mut Context<'_>,
    fire: impl FnOnce(&mut WindowState<K, A>, &mut Firing<'_, '_, K, A>) -> Result<R, EngineError>,
) -> Option<R> {
    let seen = std::mem::replace(&mut cx.seen, Timestamp::BEFORE_ALL);
    let mut firing = Firing::<K, A> { downstream, answers, cx: &mut *cx };
    let fired = fire(state, &mut firing);
    firing.hand_on();
    cx.seen = seen;
    match fired {
        Ok(done) => Some(done),
        Err(error) => {
            cx.failure.get_or_insert(error);
            None
        }
    }
}

impl<K: Key, A: Aggregate> Aggregation<K, A> {
    /// The aggregation at place `id` of a plan.
    pub(super) fn new(
        id: usize,
        state: WindowState<K, A>,
        downstream: Downstream<Windowed<K, A::Output>>,
    ) -> Self {
        Self { id, state, downstream, answers: Vec::new(), pending: VecDeque::new() }
    }

    #[inline]
    pub(super) fn add(
        &mut self,
        key: K,
        event_time: Timestamp,
        due: Moment,
        input: A::Input,
        cx: &mut Context<'_>,
    ) {
        if self.state.add((key, input), event_time, due, cx.seen) {
            repeat(&mut self.state, &mut self.downstream, &mut self.answers, cx);
        }
    }

    /// Adds records one after another.
    #[inline]
    pub(super) fn add_each<T>(
        &mut self,
        records: &[Stamped<T>],
        key: &impl Fn(&T) -> K,
        value: &impl Fn(&T) -> A::Input,
        cx: &mut Context<'_>,
    ) {
        let (downstream, answers) = (&mut self.downstream, &mut self.answers);
        let seen = cx.seen;
        self.state.add_each(records, seen, key, value, |state| {
            repeat(state, downstream, answers, cx);
        });
    }

    pub(super) fn watermark(&mut self, watermark: Timestamp, cx: &mut Context<'_>) {
        if self.pending.is_empty() && self.fire(watermark, cx) {
            self.downstream.watermark(watermark, cx);
        } else {
            self.pending.push_back(Signal::Watermark(watermark));
        }
    }

    pub(super) fn end(&mut self, cx: &mut Context<'_>) {
        self.pending.push_back(Signal::End);
        self.resume(cx);
    }

    /// Goes on with what it was told, for as long as there is room downstream.
    #[inline]
    pub(super) fn resume(&mut self, cx: &mut Context<'_>) {
        while let Some(signal) = self.pending.front().copied() {
            match signal {
                // Windows fire before anything downstream hears that their time is over.
                Signal::Watermark(watermark) if self.fire(watermark, cx) => {
                    self.downstream.watermark(watermark, cx);
                }
                Signal::Watermark(_) => return,
                Signal::End => self.downstream.end(cx),
            }
            self.pending.pop_front();
        }
    }

    /// Fires what a watermark completes. Returns whether all of it is done.
    fn fire(&mut self, watermark: Timestamp, cx: &mut Context<'_>) -> bool {
        let Self { state, downstream, answers, .. } = self;
        let fire = |state: &mut WindowState<K, A>, firing: &mut Firing<'_, '_, K, A>| {
            state.advance_while(watermark, firing)
        };
        answering(state, downstream, answers, cx, fire).unwrap_or(true)
    }

    pub(super) fn flush(&mut self, why: Flush, cx: &mut Context<'_>) {
        self.resume(cx);
        self.downstream.flush(why, cx);
    }

    /// Whether it has not done what it was told, or downstream has no room.
    pub(super) fn is_blocked(&self) -> bool {
        !self.pending.is_empty() || self.downstream.is_blocked()
    }

    pub(super) fn report(&self, windows: &mut [WindowCounts]) {
        let counts = self.state.counts();
        windows[self.id] = windows[self.id].merged(counts);
        windows[self.id].algorithm = counts.algorithm;
        self.downstream.report(windows);
    }
}

/// Gives again the answers that late records have changed.
#[cold]
fn repeat<K: Key, A: Aggregate>(
    state: &mut WindowState<K, A>,
    downstream: &mut Downstream<Windowed<K, A::Output>>,
    answers: &mut Answers<K, A>,
    cx: &mut Context<'_>,
) {
    answering(state, downstream, answers, cx, |state, firing| state.repeat(firing));
}

/// Takes key and value out of each record for an aggregation on the same worker.
pub(super) struct KeyBy<K: Key, A: Aggregate, FK, FV> {
    pub(super) key: Arc<FK>,
    pub(super) value: Arc<FV>,
    pub(super) aggregation: Aggregation<K, A>,
}

impl<T, K, A, FK, FV> Consumer<T> for KeyBy<K, A, FK, FV>
where
    T: Data,
    K: Key,
    A: Aggregate,
    FK: Fn(&T) -> K,
    FV: Fn(&T) -> A::Input,
{
    #[inline]
    fn push(&mut self, record: Stamped<T>, cx: &mut Context<'_>) {
        let (key, input) = ((self.key)(&record.value), (self.value)(&record.value));
        self.aggregation.add(key, record.event_time, record.due, input, cx);
    }

    fn push_each(&mut self, records: &[Stamped<T>], cx: &mut Context<'_>) {
        self.aggregation.add_each(records, &*self.key, &*self.value, cx);
    }

    fn push_all(&mut self, records: &mut Vec<Stamped<T>>, cx: &mut Context<'_>) {
        self.push_each(records, cx);
        records.clear();
    }

    fn watermark(&mut self, watermark: Timestamp, cx: &mut Context<'_>) {
        self.aggregation.watermark(watermark, cx);
    }

    fn flush(&mut self, why: Flush, cx: &mut Context<'_>) {
        self.aggregation.flush(why, cx);
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.aggregation.end(cx);
    }

    fn is_blocked(&self) -> bool {
        self.aggregation.is_blocked()
    }

    fn report(&self, windows: &mut [WindowCounts]) {
        self.aggregation.report(windows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::Count;
    use crate::clock::SimulatedClock;
    use crate::engine::Algorithm;
    use crate::window::WindowSpec;
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    /// What came downstream.
    #[derive(Copy, Clone, Debug, PartialEq, Eq)]
    enum Came {
        Answer { start: i64, key: u64 },
        Watermark(i64),
        End,
    }

    /// Takes everything, and says when it is enough.
    struct Narrow {
        came: Rc<RefCell<Vec<Came>>>,
        room: Rc<Cell<usize>>,
    }

    impl Consumer<Windowed<u64, u64>> for Narrow {
        fn push(&mut self, record: Stamped<Windowed<u64, u64>>, cx: &mut Context<'_>) {
            assert_eq!(cx.seen, Timestamp::BEFORE_ALL, "an answer is never late");
            let Windowed { window, key, .. } = record.value;
            self.came.borrow_mut().push(Came::Answer { start: window.start.as_micros(), key });
            self.room.set(self.room.get().saturating_sub(1));
        }

        fn watermark(&mut self, watermark: Timestamp, _: &mut Context<'_>) {
            self.came.borrow_mut().push(Came::Watermark(watermark.as_micros()));
        }

        fn flush(&mut self, _: Flush, _: &mut Context<'_>) {}

        fn end(&mut self, _: &mut Context<'_>) {
            self.came.borrow_mut().push(Came::End);
        }

        fn is_blocked(&self) -> bool {
            self.room.get() == 0
        }

        fn report(&self, _: &mut [WindowCounts]) {}
    }

    #[test]
    fn windows_fire_for_as_long_as_there_is_room_and_go_on_in_their_order() {
        let clock = SimulatedClock::default();
        let mut cx = Context {
            clock: &clock,
            now: Moment::START,
            seen: Timestamp::BEFORE_ALL,
            failure: None,
            answers: 0,
        };
        let (came, room) = (Rc::new(RefCell::new(Vec::new())), Rc::new(Cell::new(4)));
        let narrow = Narrow { came: Rc::clone(&came), room: Rc::clone(&room) };
        let spec = WindowSpec::tumbling(10).unwrap();
        let state = WindowState::new(Count, spec, Algorithm::Auto).unwrap();
        let mut aggregation = Aggregation::<u64, _>::new(0, state, Box::new(narrow));
        let mut want = Vec::new();
        for start in [0, 10, 20, 30, 40] {
            for key in 0..3 {
                let time = Timestamp::from_micros(start + 5);
                aggregation.add(key, time, Moment::START, (), &mut cx);
                want.push(Came::Answer { start, key });
            }
        }
        want.extend([Came::Watermark(49), Came::Watermark(60), Came::End]);

        aggregation.watermark(Timestamp::from_micros(49), &mut cx);
        assert_eq!(*came.borrow(), want[..6], "two windows: there was room for another after one");
        aggregation.watermark(Timestamp::from_micros(60), &mut cx);
        aggregation.end(&mut cx);
        aggregation.flush(Flush::Idle, &mut cx);
        assert!(aggregation.is_blocked());
        assert_eq!(*came.borrow(), want[..6], "nothing more for want of room");
        room.set(1);
        aggregation.resume(&mut cx);
        assert_eq!(*came.borrow(), want[..9]);
        room.set(100);
        aggregation.resume(&mut cx);
        assert_eq!(*came.borrow(), want);
        assert!(!aggregation.is_blocked() && cx.failure.is_none());
    }
}
