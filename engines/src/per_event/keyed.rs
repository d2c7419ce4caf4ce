//! A keyed operator on one worker: it takes records, and answers for as long as there is room for its
//! answers downstream.

use super::operator::{Asked, Consumer, Context, Downstream, Flush, HANDFUL};
use crate::engine::{EngineError, WindowCounts};
use crate::keyed::{Operator, Out};
use crate::record::{Data, Stamped};
use crate::time::{Moment, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;

/// A keyed operator, with what is downstream of it. It is fed by [`KeyBy`], where records stay on
/// their worker, and by the two sides of an exchange, where they do not.
pub(super) struct Keyed<O: Operator> {
    /// Its place in the plan.
    id: usize,
    operator: O,
    downstream: Downstream<O::Output>,
    /// Memory for a handful of answers that go downstream together.
    answers: Vec<Stamped<O::Output>>,
    /// What it was told and has not done yet, for want of room downstream.
    pending: VecDeque<Signal>,
}

/// What an operator is told beside records.
#[derive(Copy, Clone, Debug)]
enum Signal {
    Watermark(Timestamp),
    End,
}

/// Answers on their way downstream, a handful at a time.
struct Answering<'a, 'b, T: Data> {
    downstream: &'a mut Downstream<T>,
    answers: &'a mut Vec<Stamped<T>>,
    cx: &'a mut Context<'b>,
}

impl<T: Data> Answering<'_, '_, T> {
    fn hand_on(&mut self) {
        if !self.answers.is_empty() {
            self.downstream.push_all(self.answers, self.cx);
        }
    }
}

impl<T: Data> Out<T> for Answering<'_, '_, T> {
    #[inline]
    fn emit(&mut self, answer: Stamped<T>) {
        self.answers.push(answer);
        if self.answers.len() == HANDFUL {
            self.hand_on();
        }
    }

    fn has_room(&mut self) -> bool {
        self.hand_on();
        !self.downstream.is_blocked(&mut Asked::default())
    }
}

/// Lets an operator answer, by `answer`, and its answers go downstream, where none is ever late.
/// Returns what `answer` does, or nothing where that is an error, which is then kept.
fn answering<O: Operator, R>(
    operator: &mut O,
    downstream: &mut Downstream<O::Output>,
    answers: &mut Vec<Stamped<O::Output>>,
    cx: &mut Context<'_>,
    answer: impl FnOnce(&mut O, &mut Answering<'_, '_, O::Output>) -> Result<R, EngineError>,
) -> Option<R> {
    let seen = std::mem::replace(&mut cx.seen, Timestamp::BEFORE_ALL);
    let mut out = Answering { downstream, answers, cx: &mut *cx };
    let answered = answer(operator, &mut out);
    out.hand_on();
    cx.seen = seen;
    match answered {
        Ok(done) => Some(done),
        Err(error) => {
            cx.failure.get_or_insert(error);
            None
        }
    }
}

impl<O: Operator> Keyed<O> {
    /// The operator at place `id` of a plan.
    pub(super) fn new(id: usize, operator: O, downstream: Downstream<O::Output>) -> Self {
        Self { id, operator, downstream, answers: Vec::new(), pending: VecDeque::new() }
    }

    #[inline]
    pub(super) fn add(
        &mut self,
        said: (O::Key, O::Input),
        event_time: Timestamp,
        due: Moment,
        cx: &mut Context<'_>,
    ) {
        if self.operator.add(said, event_time, due, cx.seen) {
            answer_again(&mut self.operator, &mut self.downstream, &mut self.answers, cx);
        }
    }

    /// Takes records one after another.
    #[inline]
    pub(super) fn add_each<T>(
        &mut self,
        records: &[Stamped<T>],
        key: &impl Fn(&T) -> O::Key,
        input: &impl Fn(&T) -> O::Input,
        cx: &mut Context<'_>,
    ) {
        let (downstream, answers) = (&mut self.downstream, &mut self.answers);
        let seen = cx.seen;
        self.operator.add_each(records, seen, key, input, |operator| {
            answer_again(operator, downstream, answers, cx);
        });
    }

    pub(super) fn watermark(&mut self, watermark: Timestamp, cx: &mut Context<'_>) {
        if self.pending.is_empty() && self.advance(watermark, cx) {
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
                // Answers leave before anything downstream hears that their time is over.
                Signal::Watermark(watermark) if self.advance(watermark, cx) => {
                    self.downstream.watermark(watermark, cx);
                }
                Signal::Watermark(_) => return,
                Signal::End => self.downstream.end(cx),
            }
            self.pending.pop_front();
        }
    }

    /// Answers what a watermark completes. Returns whether all of it is done.
    fn advance(&mut self, watermark: Timestamp, cx: &mut Context<'_>) -> bool {
        let Self { operator, downstream, answers, .. } = self;
        let advance = |operator: &mut O, out: &mut Answering<'_, '_, O::Output>| {
            operator.advance_while(watermark, out)
        };
        answering(operator, downstream, answers, cx, advance).unwrap_or(true)
    }

    pub(super) fn flush(&mut self, why: Flush, cx: &mut Context<'_>) {
        self.resume(cx);
        self.downstream.flush(why, cx);
    }

    /// Whether it has not done what it was told, or downstream has no room.
    pub(super) fn is_blocked(&self, asked: &mut Asked) -> bool {
        !self.pending.is_empty() || self.downstream.is_blocked(asked)
    }

    pub(super) fn report(&self, windows: &mut [WindowCounts]) {
        let counts = self.operator.counts();
        windows[self.id] = windows[self.id].merged(counts);
        windows[self.id].algorithm = counts.algorithm;
        self.downstream.report(windows);
    }
}

/// Gives again the answers that records behind event time have changed.
#[cold]
fn answer_again<O: Operator>(
    operator: &mut O,
    downstream: &mut Downstream<O::Output>,
    answers: &mut Vec<Stamped<O::Output>>,
    cx: &mut Context<'_>,
) {
    answering(operator, downstream, answers, cx, |operator, out| operator.answer_again(out));
}

/// Takes key and input out of each record for an operator on the same worker.
pub(super) struct KeyBy<O: Operator, FK, FV> {
    pub(super) key: Arc<FK>,
    pub(super) input: Arc<FV>,
    pub(super) keyed: Keyed<O>,
}

impl<T, O, FK, FV> Consumer<T> for KeyBy<O, FK, FV>
where
    T: Data,
    O: Operator,
    FK: Fn(&T) -> O::Key,
    FV: Fn(&T) -> O::Input,
{
    #[inline]
    fn push(&mut self, record: Stamped<T>, cx: &mut Context<'_>) {
        let said = ((self.key)(&record.value), (self.input)(&record.value));
        self.keyed.add(said, record.event_time, record.due, cx);
    }

    fn push_each(&mut self, records: &[Stamped<T>], cx: &mut Context<'_>) {
        self.keyed.add_each(records, &*self.key, &*self.input, cx);
    }

    fn push_all(&mut self, records: &mut Vec<Stamped<T>>, cx: &mut Context<'_>) {
        self.push_each(records, cx);
        records.clear();
    }

    fn watermark(&mut self, watermark: Timestamp, cx: &mut Context<'_>) {
        self.keyed.watermark(watermark, cx);
    }

    fn flush(&mut self, why: Flush, cx: &mut Context<'_>) {
        self.keyed.flush(why, cx);
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.keyed.end(cx);
    }

    fn is_blocked(&self, asked: &mut Asked) -> bool {
        self.keyed.is_blocked(asked)
    }

    fn report(&self, windows: &mut [WindowCounts]) {
        self.keyed.report(windows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::Count;
    use crate::clock::SimulatedClock;
    use crate::dataflow::Windowed;
    use crate::engine::Algorithm;
    use crate::keyed::{Sessions, Timed};
    use crate::session::SessionSpec;
    use crate::state::WindowState;
    use crate::window::WindowSpec;
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;
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

        fn is_blocked(&self, _: &mut Asked) -> bool {
            self.room.get() == 0
        }

        fn report(&self, _: &mut [WindowCounts]) {}
    }

    /// An operator that counts is fed a handful of keys at each of five times that lie 10 apart.
    fn answers_as_there_is_room<O>(operator: O)
    where
        O: Operator<Key = u64, Input = (), Output = Windowed<u64, u64>>,
    {
        let clock = SimulatedClock::default();
        let mut cx = Context {
            clock: &clock,
            now: Moment::START,
            seen: Timestamp::BEFORE_ALL,
            failure: None,
            answers: 0,
            unions: BTreeMap::new(),
        };
        let (came, room) = (Rc::default(), Rc::new(Cell::new(KEYS + 1)));
        let narrow = Narrow { came: Rc::clone(&came), room: Rc::clone(&room) };
        let mut keyed = Keyed::new(0, operator, Box::new(narrow));
        let mut want = Vec::new();
        for start in [0, 10, 20, 30, 40] {
            let time = Timestamp::from_micros(start);
            for key in (start.unsigned_abs() * 100..).take(KEYS) {
                keyed.add((key, ()), time, Moment::START, &mut cx);
                want.push(Came::Answer { start, key });
            }
        }
        want.extend([Came::Watermark(49), Came::Watermark(60), Came::End]);

        keyed.watermark(Timestamp::from_micros(49), &mut cx);
        assert_eq!(*came.borrow(), want[..2 * KEYS], "there was room for more after one handful");
        keyed.watermark(Timestamp::from_micros(60), &mut cx);
        keyed.end(&mut cx);
        keyed.flush(Flush::Idle, &mut cx);
        assert!(keyed.is_blocked(&mut Asked::default()));
        assert_eq!(*came.borrow(), want[..2 * KEYS], "nothing more for want of room");
        room.set(1);
        keyed.resume(&mut cx);
        assert_eq!(*came.borrow(), want[..3 * KEYS]);
        room.set(1_000);
        keyed.resume(&mut cx);
        assert_eq!(*came.borrow(), want);
        assert!(!keyed.is_blocked(&mut Asked::default()) && cx.failure.is_none());
    }

    /// As many as have their turns between two looks for room.
    const KEYS: usize = HANDFUL;

    #[test]
    fn windows_fire_for_as_long_as_there_is_room_and_go_on_in_their_order() {
        let spec = WindowSpec::tumbling(10).unwrap();
        answers_as_there_is_room(WindowState::new(Count, spec, Algorithm::Auto).unwrap());
    }

    #[test]
    fn keys_have_their_turns_for_as_long_as_there_is_room_and_go_on_in_their_order() {
        let spec = SessionSpec::new(10).unwrap();
        answers_as_there_is_room(Timed::new(Sessions::new(spec, Count)));
    }
}
