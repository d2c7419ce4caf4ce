//! One worker: its share of the sources, its copy of the program, and the loop that runs them.

use super::channel::{Inbound, Waker};
use super::operator::{Context, Downstream, Flush, Valve};
use super::topology::Assembly;
use crate::clock::{Clock, Patience};
use crate::engine::{Control, EngineError, Tally, WindowCounts};
use crate::ports::{Arrival, Source};
use crate::record::Data;
use crate::time::{Moment, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A source gives this many records at a time, at most. A slice is what a worker takes before it
/// looks at its other inputs and at the clock.
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
    /// The watermark over this worker's own source partitions.
    valve: Valve,
    head: Downstream<I>,
    /// Downstream first: what is nearly done goes before what has just come.
    gates: Vec<Box<dyn Inbound>>,
    head_has_ended: bool,
    turn: usize,
    waker: Arc<Waker>,
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
    /// The most records to take from a source.
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
        is_sole: bool,
        mut assembly: Assembly<I>,
        waker: Arc<Waker>,
    ) -> Result<Self, EngineError> {
        assembly.finish()?;
        let valve = Valve::new(sources.len());
        let head = assembly.head.take().expect("a checked assembly has a head");
        Ok(Self {
            inputs: sources.into_iter().map(|source| Input { source, has_ended: false }).collect(),
            is_sole,
            valve,
            head,
            gates: assembly.gates.into_values().rev().collect(),
            head_has_ended: false,
            turn: 0,
            waker,
            read: 0,
            rejected: 0,
            answers: 0,
        })
    }

    /// Does a bounded amount of work, and never waits.
    pub(super) fn step(
        &mut self,
        clock: &dyn Clock,
        control: &Control,
        choice: Choice,
    ) -> Result<Step, EngineError> {
        let now = clock.now();
        let seen = Timestamp::BEFORE_ALL;
        let mut cx = Context { clock, now, seen, failure: None, answers: 0 };
        let mut worked = None;
        for gate in &mut self.gates {
            if let Some(size) = gate.step(choice.turn, &mut cx) {
                *worked.get_or_insert(0) += size;
            }
        }
        let mut next_due = Moment::NEVER;
        if self.head.is_blocked() {
            self.head.flush(Flush::AfterSlice, &mut cx);
        } else if !self.head_has_ended {
            match self.take_slice(control, choice, &mut cx) {
                Step::Worked(size) => *worked.get_or_insert(0) += size,
                Step::Idle { next_due: moment } => next_due = moment,
                Step::Done => {
                    self.head_has_ended = true;
                    self.head.watermark(Timestamp::AFTER_ALL, &mut cx);
                    self.head.end(&mut cx);
                    worked = Some(worked.unwrap_or(0));
                }
            }
        }
        if worked.is_none() {
            self.head.flush(Flush::Idle, &mut cx);
            for gate in &mut self.gates {
                gate.flush(Flush::Idle, &mut cx);
            }
        }
        self.answers += cx.answers;
        if let Some(failure) = cx.failure {
            return Err(failure);
        }
        let is_over = self.head_has_ended
            && !self.head.is_blocked()
            && self.gates.iter().all(|gate| gate.is_over());
        Ok(match worked {
            _ if is_over => Step::Done,
            Some(size) => Step::Worked(size),
            None => Step::Idle { next_due },
        })
    }

    /// Takes a slice from the next source that has one.
    fn take_slice(&mut self, control: &Control, choice: Choice, cx: &mut Context<'_>) -> Step {
        let inputs = self.inputs.len();
        let mut next_due = Moment::NEVER;
        self.turn += 1 + choice.turn;
        for at in (0..inputs).map(|n| (self.turn + n) % inputs) {
            let input = &mut self.inputs[at];
            if input.has_ended {
                continue;
            }
            match input.source.poll(cx.now, choice.slice) {
                Arrival::Records(records) => {
                    let size = records.len();
                    self.read += size as u64;
                    control.add_read(size as u64);
                    if self.is_sole {
                        cx.seen = self.valve.output();
                    }
                    if records.iter().all(|record| record.event_time.is_acceptable()) {
                        self.head.push_each(records, cx);
                    } else {
                        for record in records {
                            if record.event_time.is_acceptable() {
                                self.head.push(record.clone(), cx);
                            } else {
                                self.rejected += 1;
                            }
                        }
                    }
                    self.head.flush(Flush::AfterSlice, cx);
                    return Step::Worked(size);
                }
                Arrival::Watermark(watermark) => {
                    if let Some(merged) = self.valve.advance(at, watermark) {
                        self.head.watermark(merged, cx);
                        self.head.flush(Flush::AfterSlice, cx);
                    }
                    return Step::Worked(1);
                }
                Arrival::Idle { next_due: moment } => next_due = next_due.min(moment),
                Arrival::End => {
                    input.has_ended = true;
                    if let Some(merged) = self.valve.advance(at, Timestamp::AFTER_ALL)
                        && merged < Timestamp::AFTER_ALL
                    {
                        self.head.watermark(merged, cx);
                        self.head.flush(Flush::AfterSlice, cx);
                        return Step::Worked(1);
                    }
                }
            }
        }
        if self.inputs.iter().all(|input| input.has_ended) {
            Step::Done
        } else {
            Step::Idle { next_due }
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
                Step::Worked(_) => idle_since = None,
                Step::Done => return Ok(()),
                Step::Idle { next_due } => {
                    let now = clock.now();
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
        let windows: &mut [WindowCounts] = &mut tally.windows;
        self.head.report(windows);
    }
}
