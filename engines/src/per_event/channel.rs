//! A bounded edge between two workers, and the keyed exchange made of such edges.
//!
//! Records travel in buffers over a ring of a few places. Where the ring is full, the sender keeps
//! what it is given, says that it is blocked, and is not fed again until it has sent it: so a slow
//! receiver stops the source (backpressure), and nobody waits inside a chain. A receiver gives a
//! buffer back when it has emptied it, so that the edge's pool of buffers is used again.
//!
//! Watermarks travel inside the buffers, at their place among the records, and so does how far
//! event time had come where records entered the plan. Which events are late is therefore the same
//! however the buffers are cut, and however many of them lie on the way.

use super::keyed::Keyed;
use super::operator::{Asked, Consumer, Context, Flush, Valve};
use crate::engine::WindowCounts;
use crate::keyed::Operator;
use crate::panes::partition_of;
use crate::record::{Data, Stamped};
use crate::time::{Moment, Timestamp};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

/// Buffers in flight on one edge, and the most in its pool.
const IN_FLIGHT: usize = 8;

/// Wakes a worker that sleeps for want of input.
#[derive(Debug, Default)]
pub(super) struct Waker {
    thread: OnceLock<Thread>,
    sleeps: AtomicBool,
    wakes: AtomicU64,
}

impl Waker {
    /// This worker runs on the calling thread.
    pub(super) fn settle(&self) {
        self.thread.get_or_init(std::thread::current);
    }

    /// How often it was called.
    pub(super) fn wakes(&self) -> u64 {
        self.wakes.load(Ordering::SeqCst)
    }

    /// The worker is about to sleep. Returns whether it may: nobody has called since there had been
    /// so many `wakes`, and whoever calls from here on ends the sleep.
    pub(super) fn may_sleep(&self, wakes: u64) -> bool {
        self.sleeps.store(true, Ordering::SeqCst);
        self.wakes() == wakes
    }

    pub(super) fn awake(&self) {
        self.sleeps.store(false, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn wake(&self) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        if self.sleeps.load(Ordering::SeqCst)
            && self.sleeps.swap(false, Ordering::SeqCst)
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }
}

/// Records on their way, with the watermarks between them.
#[derive(Debug)]
struct Buffer<M> {
    records: Vec<Stamped<M>>,
    /// Before which record a watermark stands.
    marks: Vec<(usize, Timestamp)>,
    /// From which record on event time had come this far where they entered the plan.
    seen: Vec<(usize, Timestamp)>,
    is_last: bool,
}

impl<M> Default for Buffer<M> {
    fn default() -> Self {
        Self { records: Vec::new(), marks: Vec::new(), seen: Vec::new(), is_last: false }
    }
}

impl<M> Buffer<M> {
    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.marks.is_empty() && !self.is_last
    }
}

/// How edges are cut.
#[derive(Copy, Clone, Debug)]
pub(super) struct EdgeSettings {
    /// A buffer leaves when it holds this many records.
    pub(super) buffer_records: usize,
    /// A buffer leaves when it has waited this long, in nanoseconds.
    pub(super) buffer_timeout_ns: u64,
}

/// The sending end of an edge.
struct Outgoing<M> {
    settings: EdgeSettings,
    filling: Buffer<M>,
    /// What had been seen where the last record entered the plan.
    seen: Timestamp,
    /// When the filling buffer was first seen with something in it.
    waiting_since: Option<Moment>,
    /// What there was no room for.
    kept: VecDeque<Buffer<M>>,
    sender: rtrb::Producer<Buffer<M>>,
    /// Buffers that have come back empty.
    pool: rtrb::Consumer<Buffer<M>>,
    receiver: Arc<Waker>,
}

impl<M: Data> Outgoing<M> {
    #[inline]
    fn push(&mut self, record: Stamped<M>, seen: Timestamp) {
        if seen != self.seen {
            self.seen = seen;
            self.filling.seen.push((self.filling.records.len(), seen));
        }
        self.filling.records.push(record);
        if self.filling.records.len() >= self.settings.buffer_records {
            self.send();
        }
    }

    fn mark(&mut self, watermark: Timestamp) {
        let place = self.filling.records.len();
        match self.filling.marks.last_mut() {
            Some((last, mark)) if *last == place => *mark = watermark,
            _ => self.filling.marks.push((place, watermark)),
        }
    }

    fn send(&mut self) {
        self.waiting_since = None;
        let next = self.pool.pop().unwrap_or_default();
        let full = std::mem::replace(&mut self.filling, next);
        self.kept.push_back(full);
        self.send_kept();
    }

    fn send_kept(&mut self) {
        while let Some(buffer) = self.kept.pop_front() {
            if let Err(rtrb::PushError::Full(buffer)) = self.sender.push(buffer) {
                self.kept.push_front(buffer);
                break;
            }
            self.receiver.wake();
        }
    }

    fn flush(&mut self, why: Flush, now: Moment) {
        if !self.kept.is_empty() {
            self.send_kept();
        }
        if self.filling.is_empty() {
            return;
        }
        let since = *self.waiting_since.get_or_insert(now);
        let waited = now.nanos_since(since);
        if why == Flush::Idle || waited >= self.settings.buffer_timeout_ns {
            self.send();
        }
    }

    fn end(&mut self) {
        self.filling.is_last = true;
        self.send();
    }

    fn is_blocked(&self) -> bool {
        !self.kept.is_empty()
    }
}

/// The receiving end of an edge.
struct Incoming<M> {
    receiver: rtrb::Consumer<Buffer<M>>,
    pool: rtrb::Producer<Buffer<M>>,
    sender: Arc<Waker>,
    /// What had been seen where the last record entered the plan.
    seen: Timestamp,
}

impl<M: Data> Incoming<M> {
    fn give_back(&mut self, mut buffer: Buffer<M>) {
        buffer.records.clear();
        buffer.marks.clear();
        buffer.seen.clear();
        buffer.is_last = false;
        // A buffer beyond the pool's size, made while the sender was blocked, is dropped here.
        let _ = self.pool.push(buffer);
        self.sender.wake();
    }
}

/// One worker's ends of all the edges of an exchange; `None` where an edge would lead home.
pub(super) struct Ends<M> {
    outgoing: Vec<Option<Outgoing<M>>>,
    incoming: Vec<Option<Incoming<M>>>,
}

/// The edges between all workers.
pub(super) fn edges<M: Data>(wakers: &[Arc<Waker>], settings: EdgeSettings) -> Vec<Ends<M>> {
    let workers = wakers.len();
    let mut ends: Vec<Ends<M>> = (0..workers)
        .map(|_| Ends {
            outgoing: (0..workers).map(|_| None).collect(),
            incoming: (0..workers).map(|_| None).collect(),
        })
        .collect();
    for from in 0..workers {
        for to in (0..workers).filter(|to| *to != from) {
            let (sender, receiver) = rtrb::RingBuffer::new(IN_FLIGHT);
            let (pool_end, pool) = rtrb::RingBuffer::new(IN_FLIGHT);
            ends[from].outgoing[to] = Some(Outgoing {
                settings,
                filling: Buffer::default(),
                seen: Timestamp::BEFORE_ALL,
                waiting_since: None,
                kept: VecDeque::new(),
                sender,
                pool,
                receiver: Arc::clone(&wakers[to]),
            });
            ends[to].incoming[from] = Some(Incoming {
                receiver,
                pool: pool_end,
                sender: Arc::clone(&wakers[from]),
                seen: Timestamp::BEFORE_ALL,
            });
        }
    }
    ends
}

/// A keyed operator behind an exchange, with the watermarks of all the workers that feed it.
pub(super) struct Merged<O: Operator> {
    keyed: Keyed<O>,
    valve: Valve,
}

impl<O: Operator> Merged<O> {
    #[inline]
    fn add_each(&mut self, records: &[Stamped<Said<O>>], cx: &mut Context<'_>) {
        self.keyed.add_each(
            records,
            &|(key, _): &Said<O>| key.clone(),
            &|(_, input): &Said<O>| input.clone(),
            cx,
        );
    }

    fn watermark(&mut self, from: usize, watermark: Timestamp, cx: &mut Context<'_>) {
        if let Some(merged) = self.valve.advance(from, watermark) {
            self.keyed.watermark(merged, cx);
        }
    }

    fn end(&mut self, from: usize, cx: &mut Context<'_>) {
        if self.valve.end(from) {
            self.keyed.end(cx);
        }
    }
}

/// A key and what an operator is told with it, on its way to the key's worker.
pub(super) type Said<O> = (<O as Operator>::Key, <O as Operator>::Input);

/// The sending side of a keyed exchange: records whose key lives here go straight on.
pub(super) struct Exchange<O: Operator, FK, FV> {
    home: usize,
    key: Arc<FK>,
    input: Arc<FV>,
    outgoing: Vec<Option<Outgoing<Said<O>>>>,
    here: Rc<RefCell<Merged<O>>>,
    /// The records of a slice whose key lives here.
    stay: Vec<Stamped<Said<O>>>,
}

/// The two sides of worker `home` in a keyed exchange before an operator. Nothing will come from the
/// `silent` workers: event time does not wait for them to say so, because then it would depend on a
/// race how far it has come.
pub(super) fn exchange<O: Operator, FK, FV>(
    home: usize,
    ends: Ends<Said<O>>,
    silent: &[usize],
    (key, input): (Arc<FK>, Arc<FV>),
    keyed: Keyed<O>,
) -> (Exchange<O, FK, FV>, Gate<O>) {
    let mut merged = Valve::new(ends.outgoing.len());
    for worker in silent {
        merged.advance(*worker, Timestamp::AFTER_ALL);
    }
    let here = Rc::new(RefCell::new(Merged { keyed, valve: merged }));
    let open = ends.incoming.iter().flatten().count();
    let gate = Gate { incoming: ends.incoming, here: Rc::clone(&here), begun: None, open, turn: 0 };
    (Exchange { home, key, input, outgoing: ends.outgoing, here, stay: Vec::new() }, gate)
}

impl<T, O, FK, FV> Consumer<T> for Exchange<O, FK, FV>
where
    T: Data,
    O: Operator,
    FK: Fn(&T) -> O::Key,
    FV: Fn(&T) -> O::Input,
{
    #[inline]
    fn push(&mut self, record: Stamped<T>, cx: &mut Context<'_>) {
        let said = ((self.key)(&record.value), (self.input)(&record.value));
        let to = partition_of(&said.0, self.outgoing.len());
        if let Some(edge) = &mut self.outgoing[to] {
            edge.push(record.with(said), cx.seen);
        } else {
            self.here.borrow_mut().keyed.add(said, record.event_time, record.due, cx);
        }
    }

    fn push_each(&mut self, records: &[Stamped<T>], cx: &mut Context<'_>) {
        for record in records {
            let said = ((self.key)(&record.value), (self.input)(&record.value));
            let to = partition_of(&said.0, self.outgoing.len());
            let record = record.with(said);
            match &mut self.outgoing[to] {
                Some(edge) => edge.push(record, cx.seen),
                None => self.stay.push(record),
            }
        }
        self.here.borrow_mut().add_each(&self.stay, cx);
        self.stay.clear();
    }

    fn push_all(&mut self, records: &mut Vec<Stamped<T>>, cx: &mut Context<'_>) {
        self.push_each(records, cx);
        records.clear();
    }

    fn watermark(&mut self, watermark: Timestamp, cx: &mut Context<'_>) {
        for edge in self.outgoing.iter_mut().flatten() {
            edge.mark(watermark);
        }
        self.here.borrow_mut().watermark(self.home, watermark, cx);
    }

    fn flush(&mut self, why: Flush, cx: &mut Context<'_>) {
        for edge in self.outgoing.iter_mut().flatten() {
            edge.flush(why, cx.now);
        }
        self.here.borrow_mut().keyed.flush(why, cx);
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        for edge in self.outgoing.iter_mut().flatten() {
            edge.end();
        }
        self.here.borrow_mut().end(self.home, cx);
    }

    fn is_blocked(&self, asked: &mut Asked) -> bool {
        self.outgoing.iter().flatten().any(Outgoing::is_blocked)
            || self.here.borrow().keyed.is_blocked(asked)
    }

    fn report(&self, windows: &mut [WindowCounts]) {
        self.here.borrow().keyed.report(windows);
    }
}

/// The receiving side of a keyed exchange, as a worker sees it.
pub(super) trait Inbound {
    /// Takes one buffer, if there is one, or as much of it as there is room for downstream. Returns
    /// how many records and watermarks that were.
    fn step(&mut self, turn: usize, cx: &mut Context<'_>) -> Option<usize>;

    /// Whether a buffer waits.
    fn has_input(&self) -> bool;

    /// Lets go of what is held back downstream.
    fn flush(&mut self, why: Flush, cx: &mut Context<'_>);

    /// Whether all workers have said that they are done, and everything has left.
    fn is_over(&self) -> bool;
}

/// The receiving side of a keyed exchange.
pub(super) struct Gate<O: Operator> {
    incoming: Vec<Option<Incoming<Said<O>>>>,
    here: Rc<RefCell<Merged<O>>>,
    /// A buffer that is taken in part, and the worker that it is from.
    begun: Option<(usize, Begun<Said<O>>)>,
    /// How many edges have not ended.
    open: usize,
    turn: usize,
}

/// A buffer, and how far it is taken.
struct Begun<M> {
    buffer: Buffer<M>,
    records: usize,
    marks: usize,
    seen: usize,
}

impl<O: Operator> Gate<O> {
    /// What to go on with: the buffer that is taken in part, or the next one.
    fn next(&mut self, turn: usize) -> Option<(usize, Begun<Said<O>>)> {
        if self.begun.is_some() {
            return self.begun.take();
        }
        let edges = self.incoming.len();
        self.turn = (self.turn + 1 + turn) % edges;
        (0..edges).map(|n| (self.turn + n) % edges).find_map(|from| {
            let buffer = self.incoming[from].as_mut()?.receiver.pop().ok()?;
            Some((from, Begun { buffer, records: 0, marks: 0, seen: 0 }))
        })
    }
}

impl<O: Operator> Merged<O> {
    /// Takes what there is room for of a buffer from worker `from`. Returns whether that was all.
    fn take(
        &mut self,
        from: usize,
        begun: &mut Begun<Said<O>>,
        seen: &mut Timestamp,
        cx: &mut Context<'_>,
    ) -> bool {
        let Begun { buffer, records, marks, seen: seen_at } = begun;
        loop {
            let mark = buffer.marks.get(*marks);
            let place = mark.map_or(buffer.records.len(), |(place, _)| *place);
            while *records < place {
                while let Some((_, further)) =
                    buffer.seen.get(*seen_at).filter(|(from, _)| from <= records)
                {
                    *seen = *further;
                    *seen_at += 1;
                }
                let until = buffer.seen.get(*seen_at).map_or(place, |(from, _)| place.min(*from));
                cx.seen = *seen;
                self.add_each(&buffer.records[*records..until], cx);
                *records = until;
            }
            cx.seen = Timestamp::BEFORE_ALL;
            let Some((_, watermark)) = mark else { return true };
            *marks += 1;
            self.watermark(from, *watermark, cx);
            if self.keyed.is_blocked(&mut Asked::default()) {
                return false;
            }
        }
    }
}

impl<O: Operator> Inbound for Gate<O> {
    fn step(&mut self, turn: usize, cx: &mut Context<'_>) -> Option<usize> {
        let here = Rc::clone(&self.here);
        let here = &mut *here.borrow_mut();
        here.keyed.resume(cx);
        if here.keyed.is_blocked(&mut Asked::default()) {
            return None;
        }
        let (from, mut begun) = self.next(turn)?;
        let edge = self.incoming[from].as_mut().expect("a buffer came from there");
        let before = begun.records + begun.marks;
        let is_all = here.take(from, &mut begun, &mut edge.seen, cx);
        let size = begun.records + begun.marks - before;
        if is_all {
            if begun.buffer.is_last {
                self.open -= 1;
                here.end(from, cx);
            }
            edge.give_back(begun.buffer);
        } else {
            self.begun = Some((from, begun));
        }
        here.keyed.flush(Flush::AfterSlice, cx);
        Some(size)
    }

    fn has_input(&self) -> bool {
        self.begun.is_some() || self.incoming.iter().flatten().any(|edge| !edge.receiver.is_empty())
    }

    fn flush(&mut self, why: Flush, cx: &mut Context<'_>) {
        self.here.borrow_mut().keyed.flush(why, cx);
    }

    fn is_over(&self) -> bool {
        self.open == 0 && !self.here.borrow().keyed.is_blocked(&mut Asked::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_between_the_last_look_and_sleep_is_not_lost() {
        let waker = Waker::default();
        let before = waker.wakes();
        assert!(waker.may_sleep(before), "nobody called");
        waker.awake();
        // Room on a full ring is made after the send that failed, and before the worker sleeps.
        waker.wake();
        assert!(!waker.may_sleep(before));
        waker.awake();
        assert!(waker.may_sleep(waker.wakes()), "a call that has been heeded is over");
    }
}
