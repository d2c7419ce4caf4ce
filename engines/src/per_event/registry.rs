//! What a worker's operators hold back, and who has them let go of it.
//!
//! Records and signals run down a chain, one operator handing on to the next. Everything else goes
//! through here: letting go of what is held, whether there is room for more, what was counted. Each
//! operator that has any of these is registered once, those that come last in the plan first. So a
//! plan that forks and unites n times costs n, however many ways lead through it, and an operator
//! that has nothing of its own needs to know of none of it.

use super::operator::{Consumer, Context};
use crate::engine::WindowCounts;
use crate::record::Data;
use std::cell::RefCell;
use std::rc::Rc;

/// Why operators are asked to let go of what they hold.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub(super) enum Flush {
    /// A slice of records has passed: answers leave, buffers leave when their time is up.
    AfterSlice,
    /// There is nothing else to do: everything leaves.
    Idle,
}

/// An operator that holds something back.
pub(super) trait Holder {
    /// Lets go of what it holds, for as long as there is room downstream.
    fn let_go(&mut self, why: Flush, cx: &mut Context<'_>);

    /// Whether it has room for more. What comes all the same is kept.
    fn has_room(&self) -> bool {
        true
    }

    /// Adds what it has counted, at its place in the plan.
    fn report(&self, _windows: &mut [WindowCounts]) {}
}

/// Everything that one worker's operators hold.
#[derive(Default)]
pub(super) struct Registry {
    /// Those that come last in the plan first.
    holders: Vec<Rc<RefCell<dyn Holder>>>,
}

impl Registry {
    /// Registers an operator, after all that are downstream of it. Returns its number.
    pub(super) fn add(&mut self, holder: Rc<RefCell<dyn Holder>>) -> usize {
        self.holders.push(holder);
        self.holders.len() - 1
    }

    /// Has those within reach let go of what they hold, each once and after all that feed it.
    pub(super) fn let_go(&self, reach: &Reach, why: Flush, cx: &mut Context<'_>) {
        for number in reach.0.iter().rev() {
            self.holders[*number].borrow_mut().let_go(why, cx);
        }
    }

    /// Has all of them let go of what they hold.
    pub(super) fn let_go_all(&self, why: Flush, cx: &mut Context<'_>) {
        for holder in self.holders.iter().rev() {
            holder.borrow_mut().let_go(why, cx);
        }
    }

    /// Whoever feeds those within reach asks this whether they have room.
    pub(super) fn room(&self, reach: &Reach) -> Room {
        Room(reach.0.iter().map(|number| Rc::clone(&self.holders[*number])).collect())
    }

    /// Adds what all of them have counted.
    pub(super) fn report(&self, windows: &mut [WindowCounts]) {
        for holder in &self.holders {
            holder.borrow().report(windows);
        }
    }
}

/// The numbers of the holders that a record may come to, each once, ascending.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach(Vec<usize>);

impl Reach {
    /// And one more, registered after all of them.
    pub(super) fn and(mut self, number: usize) -> Self {
        debug_assert!(self.0.last().is_none_or(|last| *last < number), "downstream comes first");
        self.0.push(number);
        self
    }

    /// What either of two reaches.
    pub(super) fn merged(mut self, other: &Self) -> Self {
        self.0.extend_from_slice(&other.0);
        self.0.sort_unstable();
        self.0.dedup();
        self
    }
}

/// Whether there is room downstream.
#[derive(Default)]
pub(super) struct Room(Vec<Rc<RefCell<dyn Holder>>>);

impl Room {
    /// Whether all have some.
    pub(super) fn is_there(&self) -> bool {
        self.0.iter().all(|holder| holder.borrow().has_room())
    }
}

/// A chain of operators, to which nothing is known but that it takes records of `T`.
pub(super) type Chain<T> = Box<dyn Consumer<T>>;

/// What is to be fed with records of `T`, and what of it holds something back.
pub(super) struct Downstream<T> {
    pub(super) chain: Chain<T>,
    pub(super) reach: Reach,
}

impl<T: Data> Downstream<T> {
    /// With an operator in front that holds nothing.
    pub(super) fn after<U: Data, C: Consumer<U> + 'static>(
        self,
        operator: impl FnOnce(Chain<T>) -> C,
    ) -> Downstream<U> {
        Downstream { chain: Box::new(operator(self.chain)), reach: self.reach }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimulatedClock;
    use crate::per_event::operator::{Fork, Union};
    use crate::time::{Moment, Timestamp};
    use std::cell::Cell;

    /// What happened to an end of a chain.
    #[derive(Default)]
    struct End {
        is_full: bool,
        asked: Cell<usize>,
        /// In which place it let go, by a count that all ends share.
        let_go: Vec<usize>,
        count: Rc<Cell<usize>>,
    }

    impl Holder for End {
        fn let_go(&mut self, _: Flush, _: &mut Context<'_>) {
            self.let_go.push(self.count.get());
            self.count.set(self.count.get() + 1);
        }

        fn has_room(&self) -> bool {
            self.asked.set(self.asked.get() + 1);
            !self.is_full
        }

        fn report(&self, windows: &mut [WindowCounts]) {
            windows[0].accepted += 1;
        }
    }

    struct Nothing;

    impl Consumer<u64> for Nothing {
        fn push(&mut self, _: crate::record::Stamped<u64>, _: &mut Context<'_>) {}

        fn signal(&mut self, _: super::super::operator::Signal, _: &mut Context<'_>) {}
    }

    /// An end behind so many forks whose branches meet again, each fork with an end of its own beside.
    fn world(forks: usize) -> (Registry, Vec<Rc<RefCell<End>>>, Downstream<u64>) {
        let (mut registry, mut ends) = (Registry::default(), Vec::new());
        let count = Rc::<Cell<usize>>::default();
        let mut end = |registry: &mut Registry| {
            let end = Rc::new(RefCell::new(End { count: Rc::clone(&count), ..End::default() }));
            ends.push(Rc::clone(&end));
            let reach = Reach::default().and(registry.add(end));
            Downstream { chain: Box::new(Nothing) as Chain<u64>, reach }
        };
        let mut downstream = end(&mut registry);
        for _ in 0..forks {
            let (left, right) = Union::ports(downstream);
            let beside = end(&mut registry);
            let right = Fork::of(right, beside);
            downstream = Fork::of(left, right);
        }
        (registry, ends, downstream)
    }

    #[test]
    fn what_lies_behind_many_unions_lets_go_once_and_after_all_that_feeds_it() {
        let (registry, ends, downstream) = world(70);
        let clock = SimulatedClock::default();
        let mut cx = Context::new(&clock, Moment::START);
        registry.let_go(&downstream.reach, Flush::AfterSlice, &mut cx);
        registry.let_go_all(Flush::Idle, &mut cx);
        for (number, end) in ends.iter().enumerate() {
            assert_eq!(end.borrow().let_go, [70 - number, 71 + 70 - number], "upstream first");
        }
        assert_eq!(cx.seen, Timestamp::BEFORE_ALL);
    }

    #[test]
    fn who_has_no_room_behind_many_unions_is_found_and_each_is_asked_once() {
        let (registry, ends, downstream) = world(70);
        let room = registry.room(&downstream.reach);
        assert!(room.is_there());
        assert!(ends.iter().all(|end| end.borrow().asked.get() == 1));
        for end in &ends {
            end.borrow_mut().is_full = true;
            assert!(!room.is_there());
            end.borrow_mut().is_full = false;
        }
        assert!(Registry::default().room(&Reach::default()).is_there());
    }

    #[test]
    fn what_lies_behind_many_unions_is_reported_once() {
        let (registry, ..) = world(70);
        let mut windows = [WindowCounts::default()];
        registry.report(&mut windows);
        assert_eq!(windows[0].accepted, 71);
    }
}
