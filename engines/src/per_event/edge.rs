//! A bounded edge between two workers.
//!
//! Records travel in buffers, each for a credit. The receiver of an edge grants a few when it begins,
//! and one again with each buffer that it has emptied and gives back: all that it granted is with the
//! sender, on the way, being emptied, or on its way back. Where a sender has none left, it keeps what
//! it is given, says that it has no room, and is not fed again until it has sent it: so a slow receiver
//! stops the source (backpressure), and nobody waits inside a chain.
//!
//! Watermarks travel inside the buffers, at their place among the records, and so does how far
//! event time had come where records entered the plan. Which events are late is therefore the same
//! however the buffers are cut, and however many of them lie on the way.

use super::operator::Signal;
use super::registry::Flush;
use crate::record::{Data, Stamped};
use crate::time::{Moment, Timestamp};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

/// The credits of an edge: so many buffers are on the way or being emptied at the most.
const GRANTED: usize = 8;

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
pub(super) struct Buffer<M> {
    pub(super) records: Vec<Stamped<M>>,
    /// Before which record a watermark stands.
    pub(super) marks: Vec<(usize, Timestamp)>,
    /// From which record on event time had come this far where they entered the plan.
    pub(super) seen: Vec<(usize, Timestamp)>,
    pub(super) is_last: bool,
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
pub(super) struct Outgoing<M> {
    settings: EdgeSettings,
    filling: Buffer<M>,
    /// What had been seen where the last record entered the plan.
    seen: Timestamp,
    /// When the filling buffer was first seen with something in it.
    waiting_since: Option<Moment>,
    /// What there was no credit for.
    kept: VecDeque<Buffer<M>>,
    credits: usize,
    sender: rtrb::Producer<Buffer<M>>,
    /// Buffers come back empty, each with the credit that it was sent for.
    returned: rtrb::Consumer<Buffer<M>>,
    /// Empty buffers to fill.
    empty: Vec<Buffer<M>>,
    receiver: Arc<Waker>,
}

impl<M: Data> Outgoing<M> {
    #[inline]
    pub(super) fn push(&mut self, record: Stamped<M>, seen: Timestamp) {
        if seen != self.seen {
            self.seen = seen;
            self.filling.seen.push((self.filling.records.len(), seen));
        }
        self.filling.records.push(record);
        if self.filling.records.len() >= self.settings.buffer_records {
            self.send();
        }
    }

    pub(super) fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::Watermark(watermark) => self.mark(watermark),
            Signal::End => {
                self.filling.is_last = true;
                self.send();
            }
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
        self.take_back();
        let next = self.empty.pop().unwrap_or_default();
        let full = std::mem::replace(&mut self.filling, next);
        self.kept.push_back(full);
        self.send_kept();
    }

    /// Takes back what the receiver has emptied.
    fn take_back(&mut self) {
        while let Ok(buffer) = self.returned.pop() {
            self.credits += 1;
            // Some were made beyond the credits, while there were none.
            if self.empty.len() < GRANTED {
                self.empty.push(buffer);
            }
        }
    }

    /// Sends what was kept, for as long as there are credits.
    fn send_kept(&mut self) {
        while self.credits > 0
            && let Some(buffer) = self.kept.pop_front()
        {
            self.credits -= 1;
            assert!(self.sender.push(buffer).is_ok(), "a credit is a place on the way");
            self.receiver.wake();
        }
    }

    pub(super) fn flush(&mut self, why: Flush, now: Moment) {
        if !self.kept.is_empty() {
            self.take_back();
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

    pub(super) fn has_room(&self) -> bool {
        self.kept.is_empty()
    }
}

/// The receiving end of an edge.
pub(super) struct Incoming<M> {
    pub(super) receiver: rtrb::Consumer<Buffer<M>>,
    emptied: rtrb::Producer<Buffer<M>>,
    sender: Arc<Waker>,
    /// What had been seen where the last record entered the plan.
    pub(super) seen: Timestamp,
}

impl<M: Data> Incoming<M> {
    pub(super) fn give_back(&mut self, mut buffer: Buffer<M>) {
        buffer.records.clear();
        buffer.marks.clear();
        buffer.seen.clear();
        buffer.is_last = false;
        assert!(self.emptied.push(buffer).is_ok(), "no more come back than were granted");
        self.sender.wake();
    }
}

/// One worker's ends of all the edges of an exchange; `None` where an edge would lead home.
pub(super) struct Ends<M> {
    pub(super) outgoing: Vec<Option<Outgoing<M>>>,
    pub(super) incoming: Vec<Option<Incoming<M>>>,
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
            let (sender, receiver) = rtrb::RingBuffer::new(GRANTED);
            let (emptied, returned) = rtrb::RingBuffer::new(GRANTED);
            ends[from].outgoing[to] = Some(Outgoing {
                settings,
                filling: Buffer::default(),
                seen: Timestamp::BEFORE_ALL,
                waiting_since: None,
                kept: VecDeque::new(),
                credits: GRANTED,
                sender,
                returned,
                empty: Vec::new(),
                receiver: Arc::clone(&wakers[to]),
            });
            ends[to].incoming[from] = Some(Incoming {
                receiver,
                emptied,
                sender: Arc::clone(&wakers[from]),
                seen: Timestamp::BEFORE_ALL,
            });
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix;

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

    /// A step of somebody at one of the two ends of an edge.
    #[derive(Copy, Clone, Debug)]
    enum At {
        Push,
        Flush,
        Take,
        GiveBack,
    }

    #[test]
    fn each_credit_is_at_one_end_or_on_the_way_and_nobody_sends_without() {
        let wakers = [Arc::default(), Arc::default()];
        let settings = EdgeSettings { buffer_records: 2, buffer_timeout_ns: 0 };
        let mut ends = edges::<u64>(&wakers, settings);
        let mut incoming = ends[1].incoming[0].take().unwrap();
        let mut outgoing = ends[0].outgoing[1].take().unwrap();
        let mut random = SplitMix::new(7);
        let (mut sent, mut came, mut held) = (0, Vec::new(), VecDeque::new());
        let (mut was_without, mut was_held) = (false, 0);
        for _ in 0..20_000 {
            let at = [At::Push, At::Push, At::Flush, At::Take, At::GiveBack][random.below(5)];
            match at {
                // Who has no room is not fed.
                At::Push if outgoing.has_room() => {
                    let event_time = Timestamp::from_micros(0);
                    let record = Stamped { event_time, due: Moment::START, value: sent };
                    outgoing.push(record, Timestamp::BEFORE_ALL);
                    sent += 1;
                }
                At::Push | At::Flush => outgoing.flush(Flush::AfterSlice, Moment::START),
                At::Take => held.extend(incoming.receiver.pop()),
                At::GiveBack => {
                    if let Some(buffer) = held.pop_front() {
                        came.extend(buffer.records.iter().map(|record| record.value));
                        incoming.give_back(buffer);
                    }
                }
            }
            let on_the_way = incoming.receiver.slots() + outgoing.returned.slots();
            assert_eq!(outgoing.credits + on_the_way + held.len(), GRANTED, "after {at:?}");
            assert!(outgoing.has_room() || outgoing.credits == 0, "who has credits sends");
            assert!(outgoing.kept.len() <= 1 && outgoing.empty.len() <= GRANTED);
            was_without |= !outgoing.has_room();
            was_held = was_held.max(held.len());
        }
        assert!(was_without && was_held == GRANTED, "all of them were with the receiver");
        outgoing.signal(Signal::End);
        loop {
            held.extend(incoming.receiver.pop());
            let Some(buffer) = held.pop_front() else { break };
            came.extend(buffer.records.iter().map(|record| record.value));
            incoming.give_back(buffer);
            outgoing.flush(Flush::Idle, Moment::START);
        }
        assert!(came.iter().copied().eq(0..sent), "all come, in their order");
        assert_eq!(outgoing.credits + outgoing.returned.slots(), GRANTED);
    }
}
