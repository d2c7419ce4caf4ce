//! Operators: one record in, some out; watermarks pass through.
//!
//! A chain of operators is a nest of boxes, with no queue between them. Records that are taken
//! together go through it together, an operator after the other, with one virtual call each for all
//! of them: nobody waits for them to become more, and what comes of them is what would come of one
//! after the other. Operators never read a clock: the [`Context`] is for the ends of a chain.

use crate::clock::Clock;
use crate::engine::{EngineError, WindowCounts};
use crate::ports::Sink;
use crate::record::{Data, Stamped};
use crate::selection::Selection;
use crate::time::{Moment, Timestamp};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// What a worker lends to a chain for one step.
pub(super) struct Context<'a> {
    pub(super) clock: &'a dyn Clock,
    /// When this step began.
    pub(super) now: Moment,
    /// How far event time had come where the records that are pushed entered the plan: which of them
    /// are late is a property of the input, however far the operators on their way have come.
    /// [`Timestamp::BEFORE_ALL`] where that is not known, and for answers, which are never late.
    pub(super) seen: Timestamp,
    /// The first thing that went wrong.
    pub(super) failure: Option<EngineError>,
    /// How many answers have left.
    pub(super) answers: u64,
    /// Unions that a flush has come to and not gone beyond, by their number.
    pub(super) unions: BTreeMap<usize, Rc<dyn Joint>>,
}

impl Context<'_> {
    /// Has the unions that a flush has come to flushed, each once and after all that feeds it, however
    /// many ways lead there.
    pub(super) fn flush_unions(&mut self, why: Flush) {
        while let Some((_, union)) = self.unions.pop_last() {
            union.flush(why, self);
        }
    }
}

/// Why a chain is asked to let go of what it holds.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub(super) enum Flush {
    /// A slice of records has passed: answers leave, buffers leave when their time is up.
    AfterSlice,
    /// There is nothing else to do: everything leaves.
    Idle,
}

/// Whatever takes records of `T`.
pub(super) trait Consumer<T: Data> {
    /// Takes one record and does all that follows from it.
    fn push(&mut self, record: Stamped<T>, cx: &mut Context<'_>);

    /// Takes records that belong to somebody else. One virtual call for all of them.
    fn push_each(&mut self, records: &[Stamped<T>], cx: &mut Context<'_>) {
        for record in records {
            self.push(record.clone(), cx);
        }
    }

    /// Takes all records out of `records`. One virtual call for all of them.
    fn push_all(&mut self, records: &mut Vec<Stamped<T>>, cx: &mut Context<'_>) {
        for record in records.drain(..) {
            self.push(record, cx);
        }
    }

    /// Event time has come this far.
    fn watermark(&mut self, watermark: Timestamp, cx: &mut Context<'_>);

    /// Lets go of what is held back. A union only notes that it is to do so, and does it in
    /// [`Context::flush_unions`].
    fn flush(&mut self, why: Flush, cx: &mut Context<'_>);

    /// No record and no watermark will follow.
    fn end(&mut self, cx: &mut Context<'_>);

    /// Whether something downstream has no room that was not `asked` yet. What is pushed all the same
    /// is kept.
    fn is_blocked(&self, asked: &mut Asked) -> bool;

    /// Adds what the keyed operators downstream have counted, at their place in the plan.
    fn report(&self, windows: &mut [WindowCounts]);
}

/// The unions that were asked whether there is room: where branches meet again, the first of them
/// asks for all.
#[derive(Debug, Default)]
pub(super) struct Asked(Vec<u64>);

impl Asked {
    /// Whether this union was not asked before.
    fn is_first(&mut self, union: usize) -> bool {
        let (word, bit) = (union / 64, 1 << (union % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let is_first = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_first
    }
}

/// A boxed consumer.
pub(super) type Downstream<T> = Box<dyn Consumer<T>>;

/// The methods that only pass on.
macro_rules! pass_on {
    ($($method:ident),*) => {$(pass_on!(@ $method);)*};
    (@ watermark) => {
        fn watermark(&mut self, watermark: Timestamp, cx: &mut Context<'_>) {
            self.downstream.watermark(watermark, cx);
        }
    };
    (@ flush) => {
        fn flush(&mut self, why: Flush, cx: &mut Context<'_>) {
            self.downstream.flush(why, cx);
        }
    };
    (@ end) => {
        fn end(&mut self, cx: &mut Context<'_>) {
            self.downstream.end(cx);
        }
    };
    (@ is_blocked) => {
        fn is_blocked(&self, asked: &mut Asked) -> bool {
            self.downstream.is_blocked(asked)
        }
    };
    (@ report) => {
        fn report(&self, windows: &mut [WindowCounts]) {
            self.downstream.report(windows);
        }
    };
}

pub(super) struct Map<U, F> {
    f: Arc<F>,
    downstream: Downstream<U>,
    /// Memory for what comes of several records.
    changed: Vec<Stamped<U>>,
}

impl<U, F> Map<U, F> {
    pub(super) fn new(f: Arc<F>, downstream: Downstream<U>) -> Self {
        Self { f, downstream, changed: Vec::new() }
    }
}

impl<T: Data, U: Data, F: Fn(T) -> U> Consumer<T> for Map<U, F> {
    #[inline]
    fn push(&mut self, Stamped { event_time, due, value }: Stamped<T>, cx: &mut Context<'_>) {
        self.downstream.push(Stamped { event_time, due, value: (self.f)(value) }, cx);
    }

    fn push_each(&mut self, records: &[Stamped<T>], cx: &mut Context<'_>) {
        let changed = records.iter().map(|record| record.with((self.f)(record.value.clone())));
        self.changed.extend(changed);
        self.downstream.push_all(&mut self.changed, cx);
    }

    fn push_all(&mut self, records: &mut Vec<Stamped<T>>, cx: &mut Context<'_>) {
        let changed = records.drain(..).map(|Stamped { event_time, due, value }| Stamped {
            event_time,
            due,
            value: (self.f)(value),
        });
        self.changed.extend(changed);
        self.downstream.push_all(&mut self.changed, cx);
    }

    pass_on!(watermark, flush, end, is_blocked, report);
}

pub(super) struct Filter<T, F> {
    keep: Arc<F>,
    downstream: Downstream<T>,
    selection: Selection,
    /// Memory for what is kept of several records.
    kept: Vec<Stamped<T>>,
}

impl<T, F> Filter<T, F> {
    pub(super) fn new(keep: Arc<F>, downstream: Downstream<T>) -> Self {
        Self { keep, downstream, selection: Selection::default(), kept: Vec::new() }
    }
}

impl<T: Data, F: Fn(&T) -> bool> Consumer<T> for Filter<T, F> {
    #[inline]
    fn push(&mut self, record: Stamped<T>, cx: &mut Context<'_>) {
        if (self.keep)(&record.value) {
            self.downstream.push(record, cx);
        }
    }

    fn push_each(&mut self, records: &[Stamped<T>], cx: &mut Context<'_>) {
        let keep = |record: &Stamped<T>| (self.keep)(&record.value);
        self.selection.pick(records, keep, &mut self.kept);
        if !self.kept.is_empty() {
            self.downstream.push_all(&mut self.kept, cx);
        }
    }

    fn push_all(&mut self, records: &mut Vec<Stamped<T>>, cx: &mut Context<'_>) {
        records.retain(|record| (self.keep)(&record.value));
        if !records.is_empty() {
            self.downstream.push_all(records, cx);
        }
    }

    pass_on!(watermark, flush, end, is_blocked, report);
}

pub(super) struct FlatMap<U, F> {
    pub(super) f: Arc<F>,
    pub(super) downstream: Downstream<U>,
}

impl<T: Data, U: Data, F: Fn(T, &mut dyn FnMut(U))> Consumer<T> for FlatMap<U, F> {
    #[inline]
    fn push(&mut self, Stamped { event_time, due, value }: Stamped<T>, cx: &mut Context<'_>) {
        let downstream = &mut self.downstream;
        (self.f)(value, &mut |value| downstream.push(Stamped { event_time, due, value }, cx));
    }

    pass_on!(watermark, flush, end, is_blocked, report);
}

pub(super) struct Fork<T> {
    pub(super) left: Downstream<T>,
    pub(super) right: Downstream<T>,
}

impl<T: Data> Consumer<T> for Fork<T> {
    fn push(&mut self, record: Stamped<T>, cx: &mut Context<'_>) {
        self.left.push(record.clone(), cx);
        self.right.push(record, cx);
    }

    fn watermark(&mut self, watermark: Timestamp, cx: &mut Context<'_>) {
        self.left.watermark(watermark, cx);
        self.right.watermark(watermark, cx);
    }

    fn flush(&mut self, why: Flush, cx: &mut Context<'_>) {
        self.left.flush(why, cx);
        self.right.flush(why, cx);
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.left.end(cx);
        self.right.end(cx);
    }

    fn is_blocked(&self, asked: &mut Asked) -> bool {
        self.left.is_blocked(asked) || self.right.is_blocked(asked)
    }

    fn report(&self, windows: &mut [WindowCounts]) {
        self.left.report(windows);
        self.right.report(windows);
    }
}

/// The watermark of several inputs: the lowest of theirs, never going back.
#[derive(Debug)]
pub(super) struct Valve {
    inputs: Vec<Timestamp>,
    output: Timestamp,
    ended: Vec<bool>,
}

impl Valve {
    pub(super) fn new(inputs: usize) -> Self {
        Self {
            inputs: vec![Timestamp::BEFORE_ALL; inputs],
            output: Timestamp::BEFORE_ALL,
            ended: vec![false; inputs],
        }
    }

    /// Input `input` has come as far as `watermark`. Returns the new watermark, if it moved.
    #[inline]
    pub(super) fn advance(&mut self, input: usize, watermark: Timestamp) -> Option<Timestamp> {
        self.inputs[input] = self.inputs[input].max(watermark);
        let lowest = self.inputs.iter().copied().min()?;
        (lowest > self.output).then(|| {
            self.output = lowest;
            lowest
        })
    }

    /// The watermark.
    pub(super) const fn output(&self) -> Timestamp {
        self.output
    }

    /// Input `input` has ended. Returns whether all have.
    pub(super) fn end(&mut self, input: usize) -> bool {
        self.ended[input] = true;
        self.ended.iter().all(|ended| *ended)
    }
}

/// Two inputs, one output.
pub(super) struct Union<T> {
    valve: Valve,
    downstream: Downstream<T>,
}

impl<T: Data> Union<T> {
    /// The two ports of a union. Of two unions, the one that comes first has the greater `number`.
    pub(super) fn ports(number: usize, downstream: Downstream<T>) -> (UnionPort<T>, UnionPort<T>) {
        let union = Rc::new(RefCell::new(Self { valve: Valve::new(2), downstream }));
        let left = UnionPort { number, input: 0, union: Rc::clone(&union) };
        (left, UnionPort { number, input: 1, union })
    }
}

/// Where branches meet: what lies behind it is flushed once.
pub(super) trait Joint {
    /// Has what lies behind it flushed.
    fn flush(&self, why: Flush, cx: &mut Context<'_>);
}

impl<T: Data> Joint for RefCell<Union<T>> {
    fn flush(&self, why: Flush, cx: &mut Context<'_>) {
        self.borrow_mut().downstream.flush(why, cx);
    }
}

pub(super) struct UnionPort<T> {
    number: usize,
    input: usize,
    union: Rc<RefCell<Union<T>>>,
}

impl<T: Data> Consumer<T> for UnionPort<T> {
    fn push(&mut self, record: Stamped<T>, cx: &mut Context<'_>) {
        self.union.borrow_mut().downstream.push(record, cx);
    }

    fn push_each(&mut self, records: &[Stamped<T>], cx: &mut Context<'_>) {
        self.union.borrow_mut().downstream.push_each(records, cx);
    }

    fn push_all(&mut self, records: &mut Vec<Stamped<T>>, cx: &mut Context<'_>) {
        self.union.borrow_mut().downstream.push_all(records, cx);
    }

    fn watermark(&mut self, watermark: Timestamp, cx: &mut Context<'_>) {
        let union = &mut *self.union.borrow_mut();
        if let Some(merged) = union.valve.advance(self.input, watermark) {
            union.downstream.watermark(merged, cx);
        }
    }

    fn flush(&mut self, _: Flush, cx: &mut Context<'_>) {
        let union = Rc::clone(&self.union);
        cx.unions.entry(self.number).or_insert(union);
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        let union = &mut *self.union.borrow_mut();
        if union.valve.end(self.input) {
            union.downstream.end(cx);
        }
    }

    fn is_blocked(&self, asked: &mut Asked) -> bool {
        asked.is_first(self.number) && self.union.borrow().downstream.is_blocked(asked)
    }

    fn report(&self, windows: &mut [WindowCounts]) {
        // What lies behind a union is reported once.
        if self.input == 0 {
            self.union.borrow().downstream.report(windows);
        }
    }
}

/// Answers go to the sink this many at a time, at the latest.
pub(super) const HANDFUL: usize = 64;

/// The end of a plan: hands answers to the sink, with one clock read for a handful of them.
pub(super) struct Collector<O: Data> {
    sink: Box<dyn Sink<Item = O>>,
    answers: Vec<Stamped<O>>,
}

impl<O: Data> Collector<O> {
    pub(super) fn new(sink: Box<dyn Sink<Item = O>>) -> Self {
        Self { sink, answers: Vec::with_capacity(HANDFUL) }
    }

    fn hand_over(&mut self, cx: &mut Context<'_>) {
        if !self.answers.is_empty() {
            cx.answers += self.answers.len() as u64;
            self.sink.accept(&self.answers, cx.clock.now());
            self.answers.clear();
        }
    }
}

impl<O: Data> Consumer<O> for Collector<O> {
    #[inline]
    fn push(&mut self, record: Stamped<O>, cx: &mut Context<'_>) {
        self.answers.push(record);
        if self.answers.len() == HANDFUL {
            self.hand_over(cx);
        }
    }

    fn push_all(&mut self, records: &mut Vec<Stamped<O>>, cx: &mut Context<'_>) {
        let mut rest = &records[..];
        while self.answers.is_empty()
            && let Some((handful, more)) = rest.split_at_checked(HANDFUL)
        {
            // Nothing is waiting: there is no need to copy them first.
            cx.answers += HANDFUL as u64;
            self.sink.accept(handful, cx.clock.now());
            rest = more;
        }
        self.push_each(rest, cx);
        records.clear();
    }

    fn watermark(&mut self, _: Timestamp, _: &mut Context<'_>) {}

    fn flush(&mut self, _: Flush, cx: &mut Context<'_>) {
        self.hand_over(cx);
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.hand_over(cx);
    }

    fn is_blocked(&self, _: &mut Asked) -> bool {
        false
    }

    fn report(&self, _: &mut [WindowCounts]) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimulatedClock;
    use std::cell::Cell;

    /// How often the end of a chain was flushed and asked for room, of which it has none.
    #[derive(Clone, Default)]
    struct End {
        flushed: Rc<Cell<usize>>,
        asked: Rc<Cell<usize>>,
        is_blocked: bool,
    }

    impl Consumer<u64> for End {
        fn push(&mut self, _: Stamped<u64>, _: &mut Context<'_>) {}

        fn watermark(&mut self, _: Timestamp, _: &mut Context<'_>) {}

        fn flush(&mut self, _: Flush, _: &mut Context<'_>) {
            self.flushed.set(self.flushed.get() + 1);
        }

        fn end(&mut self, _: &mut Context<'_>) {}

        fn is_blocked(&self, _: &mut Asked) -> bool {
            self.asked.set(self.asked.get() + 1);
            self.is_blocked
        }

        fn report(&self, _: &mut [WindowCounts]) {}
    }

    /// A chain in front of an end, which forks and unites so often; one branch of each fork also has an
    /// end of its own.
    fn chain(end: &End, beside: &End, forks: usize) -> Downstream<u64> {
        (0..forks).fold(Box::new(end.clone()), |downstream: Downstream<u64>, number| {
            let (left, right) = Union::ports(number, downstream);
            let right = Fork { left: Box::new(right), right: Box::new(beside.clone()) };
            Box::new(Fork { left: Box::new(left), right: Box::new(right) })
        })
    }

    #[test]
    fn what_lies_behind_many_unions_is_flushed_once_and_after_all_that_feeds_it() {
        let (end, beside) = (End::default(), End::default());
        let mut chain = chain(&end, &beside, 70);
        let clock = SimulatedClock::default();
        let (now, seen) = (Moment::START, Timestamp::BEFORE_ALL);
        let unions = BTreeMap::new();
        let mut cx = Context { clock: &clock, now, seen, failure: None, answers: 0, unions };
        for times in 1..3 {
            chain.flush(Flush::AfterSlice, &mut cx);
            assert_eq!(beside.flushed.get(), (times - 1) * 70 + 1, "the first union holds it up");
            cx.flush_unions(Flush::AfterSlice);
            assert_eq!((beside.flushed.get(), end.flushed.get()), (times * 70, times));
            assert!(cx.unions.is_empty());
        }
    }

    #[test]
    fn who_has_no_room_behind_many_unions_is_found_and_asked_once() {
        let (end, beside) = (End::default(), End::default());
        assert!(!chain(&end, &beside, 70).is_blocked(&mut Asked::default()));
        assert_eq!((end.asked.get(), beside.asked.get()), (1, 70));
        let full = End { is_blocked: true, ..End::default() };
        assert!(chain(&full, &beside, 70).is_blocked(&mut Asked::default()));
        assert!(chain(&end, &full, 70).is_blocked(&mut Asked::default()));
    }
}
