//! Operators: one record in, some out; watermarks pass through.
//!
//! A chain of operators is a nest of boxes, with no queue between them. Records that are taken
//! together go through it together, an operator after the other, with one virtual call each for all
//! of them: nobody waits for them to become more, and what comes of them is what would come of one
//! after the other. Operators never read a clock: the [`Context`] is for the ends of a chain.

use super::registry::{Chain, Downstream, Flush, Holder, Reach, Registry};
use crate::clock::Clock;
use crate::engine::EngineError;
use crate::ports::Sink;
use crate::record::{Data, Stamped};
use crate::selection::Selection;
use crate::time::{Moment, Timestamp};
use std::cell::RefCell;
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
}

impl<'a> Context<'a> {
    /// For a step that begins `now`.
    pub(super) fn new(clock: &'a dyn Clock, now: Moment) -> Self {
        Self { clock, now, seen: Timestamp::BEFORE_ALL, failure: None, answers: 0 }
    }
}

/// What goes through a plan between records, at its place among them.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Event time has come this far.
    Watermark(Timestamp),
    /// No record and no signal will follow.
    End,
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

    /// Takes a signal, behind the records that came before it.
    fn signal(&mut self, signal: Signal, cx: &mut Context<'_>);
}

/// A consumer that is also registered with its worker.
impl<T: Data, C: Consumer<T>> Consumer<T> for Rc<RefCell<C>> {
    fn push(&mut self, record: Stamped<T>, cx: &mut Context<'_>) {
        self.borrow_mut().push(record, cx);
    }

    fn push_each(&mut self, records: &[Stamped<T>], cx: &mut Context<'_>) {
        self.borrow_mut().push_each(records, cx);
    }

    fn push_all(&mut self, records: &mut Vec<Stamped<T>>, cx: &mut Context<'_>) {
        self.borrow_mut().push_all(records, cx);
    }

    fn signal(&mut self, signal: Signal, cx: &mut Context<'_>) {
        self.borrow_mut().signal(signal, cx);
    }
}

pub(super) struct Map<U, F> {
    f: Arc<F>,
    downstream: Chain<U>,
    /// Memory for what comes of several records.
    changed: Vec<Stamped<U>>,
}

impl<U, F> Map<U, F> {
    pub(super) fn new(f: Arc<F>, downstream: Chain<U>) -> Self {
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

    fn signal(&mut self, signal: Signal, cx: &mut Context<'_>) {
        self.downstream.signal(signal, cx);
    }
}

pub(super) struct Filter<T, F> {
    keep: Arc<F>,
    downstream: Chain<T>,
    selection: Selection,
    /// Memory for what is kept of several records.
    kept: Vec<Stamped<T>>,
}

impl<T, F> Filter<T, F> {
    pub(super) fn new(keep: Arc<F>, downstream: Chain<T>) -> Self {
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

    fn signal(&mut self, signal: Signal, cx: &mut Context<'_>) {
        self.downstream.signal(signal, cx);
    }
}

pub(super) struct FlatMap<U, F> {
    pub(super) f: Arc<F>,
    pub(super) downstream: Chain<U>,
}

impl<T: Data, U: Data, F: Fn(T, &mut dyn FnMut(U))> Consumer<T> for FlatMap<U, F> {
    #[inline]
    fn push(&mut self, Stamped { event_time, due, value }: Stamped<T>, cx: &mut Context<'_>) {
        let downstream = &mut self.downstream;
        (self.f)(value, &mut |value| downstream.push(Stamped { event_time, due, value }, cx));
    }

    fn signal(&mut self, signal: Signal, cx: &mut Context<'_>) {
        self.downstream.signal(signal, cx);
    }
}

pub(super) struct Fork<T> {
    left: Chain<T>,
    right: Chain<T>,
}

impl<T: Data> Fork<T> {
    /// Feeds both.
    pub(super) fn of(left: Downstream<T>, right: Downstream<T>) -> Downstream<T> {
        let reach = left.reach.merged(&right.reach);
        Downstream { chain: Box::new(Self { left: left.chain, right: right.chain }), reach }
    }
}

impl<T: Data> Consumer<T> for Fork<T> {
    fn push(&mut self, record: Stamped<T>, cx: &mut Context<'_>) {
        self.left.push(record.clone(), cx);
        self.right.push(record, cx);
    }

    fn signal(&mut self, signal: Signal, cx: &mut Context<'_>) {
        self.left.signal(signal, cx);
        self.right.signal(signal, cx);
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

    /// Takes a signal of input `input`. Returns the one that follows from it for all of them, if any.
    #[inline]
    pub(super) fn take(&mut self, input: usize, signal: Signal) -> Option<Signal> {
        match signal {
            Signal::Watermark(watermark) => self.advance(input, watermark).map(Signal::Watermark),
            Signal::End => {
                self.ended[input] = true;
                self.ended.iter().all(|ended| *ended).then_some(Signal::End)
            }
        }
    }
}

/// Two inputs, one output.
pub(super) struct Union<T> {
    valve: Valve,
    downstream: Chain<T>,
}

impl<T: Data> Union<T> {
    /// The two ports of a union.
    pub(super) fn ports(downstream: Downstream<T>) -> (Downstream<T>, Downstream<T>) {
        let Downstream { chain, reach } = downstream;
        let union = Rc::new(RefCell::new(Self { valve: Valve::new(2), downstream: chain }));
        let port = |input| Downstream {
            chain: Box::new(UnionPort { input, union: Rc::clone(&union) }),
            reach: reach.clone(),
        };
        (port(0), port(1))
    }
}

struct UnionPort<T> {
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

    fn signal(&mut self, signal: Signal, cx: &mut Context<'_>) {
        let union = &mut *self.union.borrow_mut();
        if let Some(merged) = union.valve.take(self.input, signal) {
            union.downstream.signal(merged, cx);
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
    /// A collector for `sink`.
    pub(super) fn register(
        sink: Box<dyn Sink<Item = O>>,
        registry: &mut Registry,
    ) -> Downstream<O> {
        let answers = Vec::with_capacity(HANDFUL);
        let collector = Rc::new(RefCell::new(Self { sink, answers }));
        let number = registry.add(Rc::clone(&collector) as Rc<RefCell<dyn Holder>>);
        Downstream { chain: Box::new(collector), reach: Reach::default().and(number) }
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

    fn signal(&mut self, signal: Signal, cx: &mut Context<'_>) {
        match signal {
            Signal::Watermark(_) => {}
            Signal::End => self.hand_over(cx),
        }
    }
}

impl<O: Data> Holder for Collector<O> {
    fn let_go(&mut self, _: Flush, cx: &mut Context<'_>) {
        self.hand_over(cx);
    }
}
