//! One worker: its share of the sources, its copy of the program, and the loop that runs them.

use super::edge::Waker;
use super::exchange::Inbound;
use super::operator::{Context, Signal, Valve};
use super::registry::{Downstream, Flush, Registry, Room};
use super::topology::{Assembly, Heeds};
use crate::clock::{Clock, Patience};
use crate::engine::{Control, EngineError, Tally};
use crate::ports::{Arrival, Source};
use crate::record::Data;
use crate::spinning::Spinning;
use crate::time::{Moment, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many records and marks a worker takes of a source before it looks at its other inputs and at
/// the clock, at most.
pub(super) const SLICE: usize = 256;

struct Input<I: Data> {
    source: Box<dyn Source<Item = I>>,
    has_ended: bool,
}

pub(super) struct Worker<I: Data> {
    inputs: Vec<Input<I>>,
    /// Whether one partition feeds the run: then it is known how far event time had come when a
    /// record entered the plan. Where there are several, it depends on when they meet.
    is_sole: bool,
    /// Whether it takes one record or mark in a step, and passes every watermark on.
    is_strict: bool,
    /// Which watermarks the keyed operators of the plan heed.
    heeds: Arc<[Heeds]>,
    /// The watermark over this worker's own source partitions, as far as it was passed on.
    valve: Valve,
    /// No watermark before this changes anything for an operator of the plan; none is passed on.
    next_turn: Timestamp,
    head: Downstream<I>,
    /// Whether there is room for what comes from the sources.
    room: Room,
    /// What the operators hold.
    registry: Registry,
    /// Downstream first: what is nearly done goes before what has just come.
    gates: Vec<Box<dyn Inbound>>,
    head_has_ended: bool,
    turn: usize,
    waker: Arc<Waker>,
    /// When it last looked for something to do.
    looked: Moment,
    /// What it spun while there was nothing, once it has run on a thread of its own.
    spun_ns: Option<u64>,
    read: u64,
    rejected: u64,
    answers: u64,
}

/// What a step came to.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub(super) enum Step {
    /// So many records and watermarks were taken.
    Worked(usize),
    /// Nothing to do before this moment, unless another worker sends something.
    Idle { next_due: Moment },
    /// Nothing to do ever again.
    Done,
}

/// What a simulation decides where threads would race.
#[derive(Copy, Clone, Debug)]
pub(super) struct Choice {
    /// The most records and marks to take from a source.
    pub(super) slice: usize,
    /// Shifts whose turn it is.
    pub(super) turn: usize,
}

impl Choice {
    /// What threads do.
    pub(super) const FIXED: Self = Self { slice: SLICE, turn: 0 };
}

impl<I: Data> Worker<I> {
    /// # Errors
    /// When the program cannot be run.
    pub(super) fn new(
        sources: Vec<Box<dyn Source<Item = I>>>,
        (is_sole, is_strict): (bool, bool),
        heeds: Arc<[Heeds]>,
        mut assembly: Assembly<I>,
        waker: Arc<Waker>,
    ) -> Result<Self, EngineError> {
        assembly.finish()?;
        let valve = Valve::new(sources.len());
        let head = assembly.head.take().expect("a checked assembly has a head");
        let mut worker = Self {
            inputs: sources.into_iter().map(|source| Input { source, has_ended: false }).collect(),
            is_sole,
            is_strict,
            heeds,
            valve,
            next_turn: Timestamp::BEFORE_ALL,
            room: assembly.registry.room(&head.reach),
            registry: assembly.registry,
            head,
            gates: assembly.gates.into_values().rev().collect(),
            head_has_ended: false,
            turn: 0,
            waker,
            looked: Moment::START,
            spun_ns: None,
            read: 0,
            rejected: 0,
            answers: 0,
        };
        worker.find_next_turn();
        Ok(worker)
    }

    /// Does a bounded amount of work, and never waits.
    pub(super) fn step(
        &mut self,
        clock: &dyn Clock,
        control: &Control,
        choice: Choice,
    ) -> Result<Step, EngineError> {
        let now = clock.now();
        self.looked = now;
        let mut cx = Context::new(clock, now);
        let mut worked = None;
        for gate in &mut self.gates {
            if let Some(size) = gate.step(choice.turn, &mut cx) {
                self.registry.let_go(gate.reach(), Flush::AfterSlice, &mut cx);
                *worked.get_or_insert(0) += size;
            }
        }
        let mut next_due = Moment::NEVER;
        if !self.room.is_there() {
            self.registry.let_go(&self.head.reach, Flush::AfterSlice, &mut cx);
        } else if !self.head_has_ended {
            match self.take_slice(control, choice, &mut cx) {
                Step::Worked(size) => *worked.get_or_insert(0) += size,
                Step::Idle { next_due: moment } => next_due = moment,
                Step::Done => {
                    self.head_has_ended = true;
                    let over = Signal::Watermark(Timestamp::AFTER_ALL);
                    self.head.chain.signal(over, &mut cx);
                    self.head.chain.signal(Signal::End, &mut cx);
                    worked = Some(worked.unwrap_or(0));
                }
            }
        }
        if worked.is_none() {
            self.registry.let_go_all(Flush::Idle, &mut cx);
        }
        self.answers += cx.answers;
        if let Some(failure) = cx.failure {
            return Err(failure);
        }
        let is_over = self.head_has_ended
            && self.room.is_there()
            && self.gates.iter().all(|gate| gate.is_over());
        Ok(match worked {
            _ if is_over => Step::Done,
            Some(size) => Step::Worked(size),
            None => Step::Idle { next_due },
        })
    }

    /// Takes a slice from the next source that has one, and has it flushed once.
    fn take_slice(&mut self, control: &Control, choice: Choice, cx: &mut Context<'_>) -> Step {
        let inputs = self.inputs.len();
        let mut next_due = Moment::NEVER;
        self.turn += 1 + choice.turn;
        let first = self.turn;
        for at in (0..inputs).map(|n| (first + n) % inputs) {
            if self.inputs[at].has_ended {
                continue;
            }
            let before = self.read;
            let limit = if self.is_strict { 1 } else { choice.slice };
            let (taken, idle_until) = self.take_from(at, limit, cx);
            if taken > 0 {
                control.add_read(self.read - before);
                self.registry.let_go(&self.head.reach, Flush::AfterSlice, cx);
                return Step::Worked(taken);
            }
            next_due = next_due.min(idle_until);
        }
        if self.inputs.iter().all(|input| input.has_ended) {
            Step::Done
        } else {
            Step::Idle { next_due }
        }
    }

    /// Takes up to `limit` records and marks from a source, for as long as it has some that are due
    /// and there is room for what follows from them. Returns how many, and when it has more, as far
    /// as it was asked.
    fn take_from(&mut self, at: usize, limit: usize, cx: &mut Context<'_>) -> (usize, Moment) {
        let mut taken = 0;
        while taken < limit {
            match self.inputs[at].source.poll(cx.now, limit - taken) {
                Arrival::Records(records) => {
                    taken += records.len();
                    self.read += records.len() as u64;
                    if self.is_sole {
                        cx.seen = self.valve.output();
                    }
                    if records.iter().all(|record| record.event_time.is_acceptable()) {
                        self.head.chain.push_each(records, cx);
                    } else {
                        for record in records {
                            if record.event_time.is_acceptable() {
                                self.head.chain.push(record.clone(), cx);
                            } else {
                                self.rejected += 1;
                            }
                        }
                    }
                }
                Arrival::Watermark(watermark) => {
                    taken += 1;
                    let is_turn = watermark >= self.next_turn;
                    if is_turn && self.advance(at, watermark, cx) && !self.room.is_there() {
                        break;
                    }
                }
                Arrival::Idle { next_due } => return (taken, next_due),
                Arrival::End => {
                    self.inputs[at].has_ended = true;
                    // That all have ended is more than a watermark, and told elsewhere.
                    let goes_on = self.inputs.iter().any(|input| !input.has_ended);
                    taken += usize::from(goes_on && self.advance(at, Timestamp::AFTER_ALL, cx));
                    break;
                }
            }
        }
        (taken, Moment::NEVER)
    }

    /// A source has come as far as `watermark`. Returns whether event time has moved by that.
    fn advance(&mut self, at: usize, watermark: Timestamp, cx: &mut Context<'_>) -> bool {
        let Some(merged) = self.valve.advance(at, watermark) else { return false };
        self.head.chain.signal(Signal::Watermark(merged), cx);
        self.find_next_turn();
        true
    }

    /// Finds the next watermark that changes anything for an operator of the plan: until then what is
    /// kept, wherever that is, stays as it is, and which records are late for it is the same. Sources
    /// need not stop at marks before it.
    fn find_next_turn(&mut self) {
        if self.is_strict {
            return;
        }
        let output = self.valve.output();
        let turns = self.heeds.iter().map(|heeds| heeds.next_turn(output));
        self.next_turn = turns.min().unwrap_or(Timestamp::AFTER_ALL);
        for input in &mut self.inputs {
            input.source.leave_out_marks_before(self.next_turn);
        }
    }

    /// Runs to the end, on a thread of its own.
    pub(super) fn run(
        &mut self,
        clock: &dyn Clock,
        control: &Control,
        abort: &AtomicBool,
        patience: Patience,
    ) -> Result<(), EngineError> {
        self.waker.settle();
        let mut idle_since = None;
        let mut spinning = Spinning::new(patience);
        loop {
            // Whoever wakes this worker from here on has found it at work or will find it asleep.
            let wakes = self.waker.wakes();
            if control.is_stopped() {
                return Err(EngineError::Stopped);
            }
            // Another worker has failed and says why.
            if abort.load(Ordering::Relaxed) {
                return Ok(());
            }
            match self.step(clock, control, Choice::FIXED)? {
                Step::Worked(_) => {
                    spinning.busy(self.looked);
                    idle_since = None;
                }
                Step::Done => {
                    spinning.busy(self.looked);
                    self.spun_ns = Some(spinning.spun_ns());
                    return Ok(());
                }
                Step::Idle { next_due } => {
                    let now = clock.now();
                    // The first look in vain sends on what was held back; those behind it do nothing.
                    spinning.idle(if idle_since.is_none() { now } else { self.looked });
                    let since = *idle_since.get_or_insert(now);
                    self.wait(clock, next_due, now.nanos_since(since), patience, wakes);
                }
            }
        }
    }

    /// Waits, unless somebody has called since there had been so many `wakes`: there may be input,
    /// or room for what is held back.
    fn wait(
        &self,
        clock: &dyn Clock,
        next_due: Moment,
        idle_ns: u64,
        patience: Patience,
        wakes: u64,
    ) {
        if self.gates.is_empty() {
            clock.pass_until(next_due, patience);
            return;
        }
        if let Patience::SpinThenPark { spin_ns } = patience
            && idle_ns < spin_ns
        {
            // Another worker may need this very core to send what is awaited.
            std::thread::yield_now();
            return;
        }
        if self.waker.may_sleep(wakes) {
            clock.pass_until(next_due, patience);
        }
        self.waker.awake();
    }

    /// Whether another worker's records wait to be taken.
    pub(super) fn has_input(&self) -> bool {
        self.gates.iter().any(|gate| gate.has_input())
    }

    /// Adds what this worker did.
    pub(super) fn report(&self, tally: &mut Tally) {
        tally.read += self.read;
        tally.rejected += self.rejected;
        tally.answers += self.answers;
        if let Some(spun_ns) = self.spun_ns {
            *tally.spun_ns.get_or_insert(0) += spun_ns;
        }
        self.registry.report(&mut tally.windows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimulatedClock;
    use crate::per_event::operator::Consumer;
    use crate::per_event::registry::{Holder, Reach};
    use crate::ports::Collected;
    use crate::record::Stamped;
    use crate::window::WindowSpec;
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;
    use std::rc::Rc;

    /// What a chain is told.
    #[derive(Copy, Clone, Debug, PartialEq, Eq)]
    enum Heard {
        Record(i64),
        Watermark(i64),
        Flush,
    }

    /// The head of a chain, which has no room after one of its watermarks.
    #[derive(Clone)]
    struct Head {
        heard: Rc<RefCell<Vec<Heard>>>,
        is_blocked: Rc<Cell<bool>>,
        full_at: i64,
    }

    impl Consumer<i64> for Head {
        fn push(&mut self, record: Stamped<i64>, _: &mut Context<'_>) {
            self.heard.borrow_mut().push(Heard::Record(record.value));
        }

        fn signal(&mut self, signal: Signal, _: &mut Context<'_>) {
            if let Signal::Watermark(watermark) = signal {
                let watermark = watermark.as_micros();
                self.is_blocked.set(watermark == self.full_at);
                self.heard.borrow_mut().push(Heard::Watermark(watermark));
            }
        }
    }

    impl Holder for Head {
        fn let_go(&mut self, _: Flush, _: &mut Context<'_>) {
            self.heard.borrow_mut().push(Heard::Flush);
        }

        fn has_room(&self) -> bool {
            !self.is_blocked.get()
        }
    }

    /// A record at each of some times in a row, and a mark behind each that says so. It leaves no
    /// mark out.
    struct Marked {
        records: Vec<Stamped<i64>>,
        given: usize,
        passed: usize,
    }

    impl Source for Marked {
        type Item = i64;

        fn poll(&mut self, _: Moment, _: usize) -> Arrival<'_, i64> {
            if self.passed < self.given {
                self.passed += 1;
                return Arrival::Watermark(self.records[self.passed - 1].event_time);
            }
            self.given += 1;
            match self.records.get(self.given - 1..self.given) {
                Some(one) => Arrival::Records(one),
                None => Arrival::End,
            }
        }

        fn collect(&mut self, _: Moment) -> Collected<i64> {
            unreachable!("it is polled")
        }
    }

    type World = (Worker<i64>, Rc<RefCell<Vec<Heard>>>, Rc<Cell<bool>>);

    /// A worker that reads times from 1 to 25 for windows of 10.
    fn world(full_at: i64) -> World {
        world_of(full_at, false)
    }

    fn world_of(full_at: i64, is_strict: bool) -> World {
        let (heard, is_blocked) = (Rc::default(), Rc::default());
        let chain = Head { heard: Rc::clone(&heard), is_blocked: Rc::clone(&is_blocked), full_at };
        let mut assembly = Assembly::new(0, BTreeMap::new(), Arc::new([]));
        let number = assembly.registry.add(Rc::new(RefCell::new(chain.clone())));
        let reach = Reach::default().and(number);
        assembly.head = Some(Downstream { chain: Box::new(chain), reach });
        let record = |time| Stamped {
            event_time: Timestamp::from_micros(time),
            due: Moment::START,
            value: time,
        };
        let source = Marked { records: (1..=25).map(record).collect(), given: 0, passed: 0 };
        let heeds = Arc::new([Heeds::Windows(WindowSpec::tumbling(10).unwrap())]);
        let sources: Vec<Box<dyn Source<Item = i64>>> = vec![Box::new(source)];
        let worker = Worker::new(sources, (true, is_strict), heeds, assembly, Arc::default());
        (worker.unwrap(), heard, is_blocked)
    }

    fn step(worker: &mut Worker<i64>, slice: usize) -> Step {
        let (clock, control) = (SimulatedClock::default(), Control::default());
        worker.step(&clock, &control, Choice { slice, turn: 0 }).unwrap()
    }

    fn records(times: std::ops::RangeInclusive<i64>) -> Vec<Heard> {
        times.map(Heard::Record).collect()
    }

    #[test]
    fn a_step_takes_records_and_marks_and_passes_on_what_completes_a_window() {
        let (mut worker, heard, _) = world(i64::MIN);
        assert_eq!(step(&mut worker, 20), Step::Worked(20), "ten records and their marks");
        let first = [Heard::Record(1), Heard::Watermark(1)];
        let mut want = first.to_vec();
        want.extend(records(2..=9));
        want.push(Heard::Watermark(9));
        want.extend([Heard::Record(10), Heard::Flush]);
        assert_eq!(heard.take(), want, "one flush, and of the watermarks those that count");
        assert_eq!(step(&mut worker, 1), Step::Worked(1));
        assert_eq!(heard.take(), [Heard::Record(11), Heard::Flush]);
        assert_eq!(step(&mut worker, 256), Step::Worked(29));
        let mut want = records(12..=19);
        want.push(Heard::Watermark(19));
        want.extend(records(20..=25));
        want.push(Heard::Flush);
        assert_eq!(heard.take(), want);
        assert_eq!(step(&mut worker, 256), Step::Done);
        assert_eq!(worker.read, 25);
    }

    #[test]
    fn a_strict_worker_takes_one_at_a_time_and_leaves_out_no_watermark() {
        let (mut worker, heard, _) = world_of(i64::MIN, true);
        for time in 1..=25 {
            assert_eq!(step(&mut worker, 256), Step::Worked(1));
            assert_eq!(heard.take(), [Heard::Record(time), Heard::Flush]);
            assert_eq!(step(&mut worker, 256), Step::Worked(1));
            assert_eq!(heard.take(), [Heard::Watermark(time), Heard::Flush]);
        }
        assert_eq!(step(&mut worker, 256), Step::Done);
        assert_eq!(worker.read, 25);
    }

    /// A clock that a look at it takes 100 ns of, and waiting nothing.
    #[derive(Default)]
    struct Looked(SimulatedClock);

    impl Clock for Looked {
        fn now(&self) -> Moment {
            self.0.advance(100);
            self.0.now()
        }

        fn pass_until(&self, _: Moment, _: Patience) {}
    }

    /// A record every microsecond.
    struct Due {
        record: Stamped<i64>,
        left: u64,
    }

    impl Source for Due {
        type Item = i64;

        fn poll(&mut self, now: Moment, _: usize) -> Arrival<'_, i64> {
            if self.left == 0 {
                return Arrival::End;
            }
            if now < self.record.due {
                return Arrival::Idle { next_due: self.record.due };
            }
            self.left -= 1;
            self.record.due = self.record.due.saturating_add(1_000);
            Arrival::Records(std::slice::from_ref(&self.record))
        }

        fn collect(&mut self, _: Moment) -> Collected<i64> {
            unreachable!("it is polled")
        }
    }

    #[test]
    fn what_a_worker_spins_is_told_apart_from_its_work() {
        let spun = |patience: Patience| {
            let (mut worker, ..) = world(i64::MIN);
            let (event_time, due) = (Timestamp::from_micros(1), Moment::from_nanos(1_000));
            let record = Stamped { event_time, due, value: 1 };
            worker.inputs[0].source = Box::new(Due { record, left: 10 });
            let (clock, control) = (Looked::default(), Control::default());
            worker.run(&clock, &control, &AtomicBool::new(false), patience).unwrap();
            let mut tally = Tally::default();
            worker.report(&mut tally);
            (tally.read, tally.spun_ns, clock.now())
        };
        let (read, spun_ns, ended) = spun(Patience::Spin);
        assert_eq!(read, 10);
        let share = spun_ns.unwrap() as f64 / ended.as_nanos() as f64;
        assert!(
            (0.5..0.95).contains(&share),
            "of each microsecond some looks are in vain: {share}"
        );
        assert_eq!(spun(Patience::Park).1, Some(0));
    }

    #[test]
    fn a_worker_feeds_nothing_behind_a_watermark_for_which_there_is_no_room() {
        let (mut worker, heard, is_blocked) = world(9);
        assert_eq!(step(&mut worker, 256), Step::Worked(18));
        assert_eq!(heard.take().last_chunk(), Some(&[Heard::Watermark(9), Heard::Flush]));
        step(&mut worker, 256);
        assert!(heard.take().iter().all(|heard| *heard == Heard::Flush), "not fed meanwhile");
        is_blocked.set(false);
        assert_eq!(step(&mut worker, 2), Step::Worked(2));
        assert_eq!(heard.take(), [Heard::Record(10), Heard::Flush]);
    }
}
