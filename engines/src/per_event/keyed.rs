//! A keyed operator on one worker: it takes records, and answers for as long as there is room for its
//! answers downstream.

use super::operator::{Consumer, Context, HANDFUL, Signal};
use super::registry::{Chain, Downstream, Flush, Holder, Reach, Registry, Room};
use crate::engine::{EngineError, WindowCounts};
use crate::keyed::{Operator, Out};
use crate::record::{Data, Stamped};
use crate::time::{Moment, Timestamp};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

/// A keyed operator, with what is downstream of it. It is fed by [`KeyBy`], where records stay on
/// their worker, and by the two sides of an exchange, where they do not.
pub(super) struct Keyed<O: Operator> {
    /// Its place in the plan.
    id: usize,
    operator: O,
    downstream: Chain<O::Output>,
    room: Room,
    /// Memory for a handful of answers that go downstream together.
    answers: Vec<Stamped<O::Output>>,
    /// What it was told and has not done yet, for want of room downstream.
    pending: VecDeque<Signal>,
}

/// Answers on their way downstream, a handful at a time.
struct Answering<'a, 'b, T: Data> {
    downstream: &'a mut Chain<T>,
    room: &'a Room,
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
        self.room.is_there()
    }
}

impl<O: Operator> Keyed<O> {
    /// The operator at place `id` of a plan, and whether there is room downstream of it.
    pub(super) fn new(id: usize, operator: O, downstream: Chain<O::Output>, room: Room) -> Self {
        Self { id, operator, downstream, room, answers: Vec::new(), pending: VecDeque::new() }
    }

    #[inline]
    pub(super) fn add(
        &mut self,
        said: (O::Key, O::Input),
        event_time: Timestamp,
        due: Moment,
        cx: &mut Context<'_>,
    ) {
        let Self { operator, downstream, room, answers, .. } = self;
        if operator.add(said, event_time, due, cx.seen) {
            answer_again(operator, Answering { downstream, room, answers, cx });
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
        let Self { operator, downstream, room, answers, .. } = self;
        operator.add_each(records, cx.seen, key, input, |operator| {
            answer_again(operator, Answering { downstream, room, answers, cx });
        });
    }

    /// Takes a signal, once there is room for what follows from those before it.
    pub(super) fn signal(&mut self, signal: Signal, cx: &mut Context<'_>) {
        if !self.pending.is_empty() || !self.heed(signal, cx) {
            self.pending.push_back(signal);
        }
    }

    /// Goes on with what it was told, for as long as there is room downstream.
    #[inline]
    pub(super) fn resume(&mut self, cx: &mut Context<'_>) {
        while let Some(signal) = self.pending.front().copied()
            && self.heed(signal, cx)
        {
            self.pending.pop_front();
        }
    }

    /// Does what follows from a signal, and hands it on. Returns whether all of it is done.
    fn heed(&mut self, signal: Signal, cx: &mut Context<'_>) -> bool {
        let Self { operator, downstream, room, answers, .. } = self;
        if let Signal::Watermark(watermark) = signal {
            let out = Answering { downstream, room, answers, cx: &mut *cx };
            let advanced = answering(out, |out| operator.advance_while(watermark, out));
            if advanced == Some(false) {
                return false;
            }
        }
        // Answers have left before anything downstream hears that their time is over.
        self.downstream.signal(signal, cx);
        true
    }

    /// Whether there is room for what follows from more records and signals.
    pub(super) fn has_room(&self) -> bool {
        self.pending.is_empty() && self.room.is_there()
    }
}

impl<O: Operator> Holder for Keyed<O> {
    fn let_go(&mut self, _: Flush, cx: &mut Context<'_>) {
        self.resume(cx);
    }

    fn has_room(&self) -> bool {
        self.pending.is_empty()
    }

    fn report(&self, windows: &mut [WindowCounts]) {
        let counts = self.operator.counts();
        windows[self.id] = windows[self.id].merged(counts);
        windows[self.id].algorithm = counts.algorithm;
    }
}

/// Lets an operator answer, by `answer`, and its answers go downstream, where none is ever late.
/// Returns what `answer` does, or nothing where that is an error, which is then kept.
fn answering<'a, 'b, T: Data, R>(
    mut out: Answering<'a, 'b, T>,
    answer: impl FnOnce(&mut Answering<'a, 'b, T>) -> Result<R, EngineError>,
) -> Option<R> {
    let seen = std::mem::replace(&mut out.cx.seen, Timestamp::BEFORE_ALL);
    let answered = answer(&mut out);
    out.hand_on();
    out.cx.seen = seen;
    match answered {
        Ok(done) => Some(done),
        Err(error) => {
            out.cx.failure.get_or_insert(error);
            None
        }
    }
}

/// Gives again the answers that records behind event time have changed.
#[cold]
fn answer_again<O: Operator>(operator: &mut O, out: Answering<'_, '_, O::Output>) {
    answering(out, |out| operator.answer_again(out));
}

/// Takes key and input out of each record for an operator on the same worker.
pub(super) struct KeyBy<O: Operator, FK, FV> {
    key: Arc<FK>,
    input: Arc<FV>,
    keyed: Rc<RefCell<Keyed<O>>>,
}

impl<O: Operator + 'static, FK, FV> KeyBy<O, FK, FV> {
    /// In front of an operator, of which `downstream` is in reach.
    pub(super) fn before<T: Data>(
        (key, input): (Arc<FK>, Arc<FV>),
        keyed: Keyed<O>,
        downstream: Reach,
        registry: &mut Registry,
    ) -> Downstream<T>
    where
        FK: Fn(&T) -> O::Key + 'static,
        FV: Fn(&T) -> O::Input + 'static,
    {
        let keyed = Rc::new(RefCell::new(keyed));
        let reach = downstream.and(registry.add(Rc::clone(&keyed) as Rc<RefCell<dyn Holder>>));
        Downstream { chain: Box::new(Self { key, input, keyed }), reach }
    }
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
        self.keyed.borrow_mut().add(said, record.event_time, record.due, cx);
    }

    fn push_each(&mut self, records: &[Stamped<T>], cx: &mut Context<'_>) {
        self.keyed.borrow_mut().add_each(records, &*self.key, &*self.input, cx);
    }

    fn push_all(&mut self, records: &mut Vec<Stamped<T>>, cx: &mut Context<'_>) {
        self.push_each(records, cx);
        records.clear();
    }

    fn signal(&mut self, signal: Signal, cx: &mut Context<'_>) {
        self.keyed.borrow_mut().signal(signal, cx);
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
    use std::cell::Cell;

    /// What came downstream.
    #[derive(Copy, Clone, Debug, PartialEq, Eq)]
    enum Came {
        Answer { start: i64, key: u64 },
        Watermark(i64),
        End,
    }

    /// Takes everything, and says when it is enough.
    #[derive(Clone)]
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

        fn signal(&mut self, signal: Signal, _: &mut Context<'_>) {
            self.came.borrow_mut().push(match signal {
                Signal::Watermark(watermark) => Came::Watermark(watermark.as_micros()),
                Signal::End => Came::End,
            });
        }
    }

    impl Holder for Narrow {
        fn let_go(&mut self, _: Flush, _: &mut Context<'_>) {}

        fn has_room(&self) -> bool {
            self.room.get() > 0
        }
    }

    /// An operator that counts is fed a handful of keys at each of five times that lie 10 apart.
    fn answers_as_there_is_room<O>(operator: O)
    where
        O: Operator<Key = u64, Input = (), Output = Windowed<u64, u64>>,
    {
        let clock = SimulatedClock::default();
        let mut cx = Context::new(&clock, Moment::START);
        let (came, room) = (Rc::default(), Rc::new(Cell::new(KEYS + 1)));
        let narrow = Narrow { came: Rc::clone(&came), room: Rc::clone(&room) };
        let mut registry = Registry::default();
        let number = registry.add(Rc::new(RefCell::new(narrow.clone())));
        let room_there = registry.room(&Reach::default().and(number));
        let mut keyed = Keyed::new(0, operator, Box::new(narrow), room_there);
        let mut want = Vec::new();
        for start in [0, 10, 20, 30, 40] {
            let time = Timestamp::from_micros(start);
            for key in (start.unsigned_abs() * 100..).take(KEYS) {
                keyed.add((key, ()), time, Moment::START, &mut cx);
                want.push(Came::Answer { start, key });
            }
        }
        want.extend([Came::Watermark(49), Came::Watermark(60), Came::End]);

        let watermark = |time| Signal::Watermark(Timestamp::from_micros(time));
        keyed.signal(watermark(49), &mut cx);
        assert_eq!(*came.borrow(), want[..2 * KEYS], "there was room for more after one handful");
        keyed.signal(watermark(60), &mut cx);
        keyed.signal(Signal::End, &mut cx);
        keyed.let_go(Flush::Idle, &mut cx);
        assert!(!keyed.has_room());
        assert_eq!(*came.borrow(), want[..2 * KEYS], "nothing more for want of room");
        room.set(1);
        keyed.resume(&mut cx);
        assert_eq!(*came.borrow(), want[..3 * KEYS]);
        room.set(1_000);
        keyed.resume(&mut cx);
        assert_eq!(*came.borrow(), want);
        assert!(keyed.has_room() && cx.failure.is_none());
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
