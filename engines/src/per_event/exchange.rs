//! The exchange in front of a keyed operator: each record goes to the worker that its key belongs to.
//!
//! Records whose key lives on their own worker go straight on; all others take an edge. The operator
//! has come as far as the slowest worker that feeds it, however far those are apart.

use super::edge::{Buffer, Ends, Incoming, Outgoing};
use super::keyed::Keyed;
use super::operator::{Consumer, Context, Signal, Valve};
use super::registry::{Downstream, Flush, Holder, Reach, Registry};
use crate::engine::WindowCounts;
use crate::keyed::Operator;
use crate::panes::partition_of;
use crate::record::{Data, Stamped};
use crate::time::Timestamp;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

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

    fn signal(&mut self, from: usize, signal: Signal, cx: &mut Context<'_>) {
        if let Some(merged) = self.valve.take(from, signal) {
            self.keyed.signal(merged, cx);
        }
    }
}

impl<O: Operator> Holder for Merged<O> {
    fn let_go(&mut self, why: Flush, cx: &mut Context<'_>) {
        self.keyed.let_go(why, cx);
    }

    fn has_room(&self) -> bool {
        Holder::has_room(&self.keyed)
    }

    fn report(&self, windows: &mut [WindowCounts]) {
        self.keyed.report(windows);
    }
}

/// A key and what an operator is told with it, on its way to the key's worker.
pub(super) type Said<O> = (<O as Operator>::Key, <O as Operator>::Input);

/// The edges from one worker to all others, at those workers' places; `None` at its own.
struct Edges<M>(Vec<Option<Outgoing<M>>>);

impl<M: Data> Holder for Edges<M> {
    fn let_go(&mut self, why: Flush, cx: &mut Context<'_>) {
        for edge in self.0.iter_mut().flatten() {
            edge.flush(why, cx.now);
        }
    }

    fn has_room(&self) -> bool {
        self.0.iter().flatten().all(Outgoing::has_room)
    }
}

/// The sending side of a keyed exchange: records whose key lives here go straight on.
struct Exchange<O: Operator, FK, FV> {
    home: usize,
    key: Arc<FK>,
    input: Arc<FV>,
    edges: Rc<RefCell<Edges<Said<O>>>>,
    here: Rc<RefCell<Merged<O>>>,
    /// The records of a slice whose key lives here.
    stay: Vec<Stamped<Said<O>>>,
}

/// The two sides of worker `home` in a keyed exchange before an operator, of which `downstream` is in
/// reach. Nothing will come from the `silent` workers: event time does not wait for them to say so,
/// because then it would depend on a race how far it has come.
pub(super) fn exchange<T, O, FK, FV>(
    (home, silent): (usize, &[usize]),
    ends: Ends<Said<O>>,
    (key, input): (Arc<FK>, Arc<FV>),
    keyed: Keyed<O>,
    downstream: Reach,
    registry: &mut Registry,
) -> (Downstream<T>, Gate<O>)
where
    T: Data,
    O: Operator + 'static,
    FK: Fn(&T) -> O::Key + 'static,
    FV: Fn(&T) -> O::Input + 'static,
{
    let mut merged = Valve::new(ends.outgoing.len());
    for worker in silent {
        merged.advance(*worker, Timestamp::AFTER_ALL);
    }
    let here = Rc::new(RefCell::new(Merged { keyed, valve: merged }));
    let reach = downstream.and(registry.add(Rc::clone(&here) as Rc<RefCell<dyn Holder>>));
    let open = ends.incoming.iter().flatten().count();
    let gate = Gate {
        incoming: ends.incoming,
        here: Rc::clone(&here),
        reach: reach.clone(),
        begun: None,
        open,
        turn: 0,
    };
    let edges = Rc::new(RefCell::new(Edges(ends.outgoing)));
    let reach = reach.and(registry.add(Rc::clone(&edges) as Rc<RefCell<dyn Holder>>));
    let exchange = Exchange { home, key, input, edges, here, stay: Vec::new() };
    (Downstream { chain: Box::new(exchange), reach }, gate)
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
        let edges = &mut self.edges.borrow_mut().0;
        let to = partition_of(&said.0, edges.len());
        if let Some(edge) = &mut edges[to] {
            edge.push(record.with(said), cx.seen);
        } else {
            self.here.borrow_mut().keyed.add(said, record.event_time, record.due, cx);
        }
    }

    fn push_each(&mut self, records: &[Stamped<T>], cx: &mut Context<'_>) {
        let edges = &mut self.edges.borrow_mut().0;
        for record in records {
            let said = ((self.key)(&record.value), (self.input)(&record.value));
            let to = partition_of(&said.0, edges.len());
            let record = record.with(said);
            match &mut edges[to] {
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

    fn signal(&mut self, signal: Signal, cx: &mut Context<'_>) {
        for edge in self.edges.borrow_mut().0.iter_mut().flatten() {
            edge.signal(signal);
        }
        self.here.borrow_mut().signal(self.home, signal, cx);
    }
}

/// The receiving side of a keyed exchange, as a worker sees it.
pub(super) trait Inbound {
    /// Takes one buffer, if there is one, or as much of it as there is room for downstream. Returns
    /// how many records and watermarks that were.
    fn step(&mut self, turn: usize, cx: &mut Context<'_>) -> Option<usize>;

    /// Whether a buffer waits.
    fn has_input(&self) -> bool;

    /// What of the worker's operators lies behind it and holds something.
    fn reach(&self) -> &Reach;

    /// Whether all workers have said that they are done, and everything has left.
    fn is_over(&self) -> bool;
}

/// The receiving side of a keyed exchange.
pub(super) struct Gate<O: Operator> {
    incoming: Vec<Option<Incoming<Said<O>>>>,
    here: Rc<RefCell<Merged<O>>>,
    reach: Reach,
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
            self.signal(from, Signal::Watermark(*watermark), cx);
            if !self.keyed.has_room() {
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
        if !here.keyed.has_room() {
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
                here.signal(from, Signal::End, cx);
            }
            edge.give_back(begun.buffer);
        } else {
            self.begun = Some((from, begun));
        }
        Some(size)
    }

    fn has_input(&self) -> bool {
        self.begun.is_some() || self.incoming.iter().flatten().any(|edge| !edge.receiver.is_empty())
    }

    fn reach(&self) -> &Reach {
        &self.reach
    }

    fn is_over(&self) -> bool {
        self.open == 0 && self.here.borrow().keyed.has_room()
    }
}
