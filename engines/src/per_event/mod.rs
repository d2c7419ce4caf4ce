//! The per-event engine: a streaming dataflow, as Flink is one.
//!
//! Operators chain into tasks; events run through a chain to its end when they are there. Workers
//! exchange records by key group over bounded edges. What it refuses to do: wait for events in order
//! to work on many of them at once. It is greedy: of those that are already due it takes a slice, and
//! each operator works on the whole slice before the next one does. What comes of them is what would
//! come of one after the other, watermarks between them included: one that completes and closes no
//! window of the plan changes nothing, and is not passed on. Any may end a session. What the greed is
//! worth shows where it is forbidden ([`PerEventConfig::strict`]).
//!
//! It runs on one thread per worker under a real clock, or all workers on the calling thread,
//! with every step chosen by a seed.

mod topology;
mod operator;
mod registry;
mod keyed;
mod edge;
mod exchange;
mod worker;

pub use topology::{Flow, Upstream};

use crate::clock::{Clock, Patience};
use crate::engine::{
    Algorithm, Control, Engine, EngineError, StreamOf, Tally, WindowCounts, panic_message,
};
use crate::panes::KEY_GROUPS;
use crate::ports::{Sink, Source};
use crate::random::SplitMix;
use crate::record::Data;
use crate::threads::{self, until_refused};
use crate::time::Moment;
use edge::{EdgeSettings, Waker};
use operator::Collector;
use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use topology::{Assembly, Heeds, source};
use worker::{Choice, SLICE, Step, Worker};

/// How the per-event engine works.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct PerEventConfig {
    /// Workers, each on a thread; at most 128, the number of key groups.
    pub parallelism: usize,
    /// A partly filled buffer between workers leaves after this long, in nanoseconds. It leaves
    /// at once when its sender has nothing else to do.
    pub buffer_timeout_ns: u64,
    /// Records in a full buffer.
    pub buffer_records: usize,
    /// How windows are computed from panes.
    pub algorithm: Algorithm,
    /// How an idle worker waits.
    pub patience: Patience,
    /// One record or watermark at a time, through the whole chain, with a look at the clock before and
    /// a flush behind it: nobody looks ahead to what else is due, every watermark is passed on, and a
    /// record that goes to another worker goes alone, in a buffer of its own.
    pub strict: bool,
    /// Run on the calling thread, with every step drawn from this seed.
    pub simulate: Option<u64>,
}

impl Default for PerEventConfig {
    fn default() -> Self {
        Self {
            parallelism: 1,
            buffer_timeout_ns: 1_000_000,
            buffer_records: 1024,
            algorithm: Algorithm::Auto,
            patience: Patience::SpinThenPark { spin_ns: 50_000 },
            strict: false,
            simulate: None,
        }
    }
}

/// The engine.
#[derive(Copy, Clone, Debug)]
pub struct PerEvent {
    config: PerEventConfig,
}

impl PerEvent {
    /// An engine that works like this.
    pub fn new(config: PerEventConfig) -> Self {
        Self { config }
    }
}

impl Engine for PerEvent {
    type Flow<I: Data> = Flow<I>;

    fn run<I: Data, O: Data>(
        &self,
        plan: impl FnOnce(&mut Flow<I>, Upstream<I, I>) -> StreamOf<Flow<I>, O>,
        sources: Vec<Box<dyn Source<Item = I>>>,
        sinks: Vec<Box<dyn Sink<Item = O>>>,
        clock: &dyn Clock,
        control: &Control,
    ) -> Result<Tally, EngineError> {
        let workers = self.config.parallelism;
        if workers == 0 || workers > KEY_GROUPS {
            return Err(EngineError::Unsupported(format!(
                "parallelism {workers}: it must be between 1 and {KEY_GROUPS}"
            )));
        }
        if sinks.len() != workers {
            return Err(EngineError::sinks(sinks.len(), workers));
        }
        let mut flow = Flow::new(workers, self.config.algorithm);
        let answers = plan(&mut flow, source());
        if let Some(refusal) = flow.refusal {
            return Err(refusal);
        }
        let heeds: Arc<[Heeds]> = flow.heeds.into();

        let wakers: Vec<Arc<Waker>> = (0..workers).map(|_| Arc::default()).collect();
        let settings = EdgeSettings {
            buffer_records: if self.config.strict { 1 } else { self.config.buffer_records.max(1) },
            buffer_timeout_ns: self.config.buffer_timeout_ns,
        };
        let mut ends: Vec<BTreeMap<usize, Box<dyn Any + Send>>> =
            (0..workers).map(|_| BTreeMap::new()).collect();
        for (id, make) in flow.exchanges {
            for (worker, of_worker) in make(&wakers, settings).into_iter().enumerate() {
                ends[worker].insert(id, of_worker);
            }
        }
        let is_sole = sources.len() == 1;
        let mut shares: Vec<Vec<Box<dyn Source<Item = I>>>> =
            (0..workers).map(|_| Vec::new()).collect();
        for (partition, source) in sources.into_iter().enumerate() {
            shares[partition % workers].push(source);
        }
        let silent: Arc<[usize]> =
            (0..workers).filter(|worker| shares[*worker].is_empty()).collect();
        let parts: Vec<Part<I, O>> = shares
            .into_iter()
            .zip(sinks)
            .zip(ends)
            .zip(wakers)
            .enumerate()
            .map(|(worker, (((sources, sink), ends), waker))| Part {
                worker,
                sources,
                is_sole,
                is_strict: self.config.strict,
                heeds: Arc::clone(&heeds),
                sink,
                ends,
                waker,
                silent: Arc::clone(&silent),
            })
            .collect();
        let blank =
            Tally { windows: vec![WindowCounts::default(); heeds.len()], ..Tally::default() };
        if let Some(seed) = self.config.simulate {
            return simulate(parts, &answers, clock, control, seed, blank);
        }
        let abort = AtomicBool::new(false);
        let world = (clock, control, self.config.patience);
        let shifts = shifts(parts, &answers, world, (&abort, &blank));
        run_threads(shifts, &abort, blank.clone())
    }

    fn workers(&self) -> usize {
        self.config.parallelism
    }
}

/// What a worker is made of, on its way to its thread.
struct Part<I: Data, O: Data> {
    worker: usize,
    sources: Vec<Box<dyn Source<Item = I>>>,
    /// Whether one partition feeds the run.
    is_sole: bool,
    is_strict: bool,
    heeds: Arc<[Heeds]>,
    sink: Box<dyn Sink<Item = O>>,
    ends: BTreeMap<usize, Box<dyn Any + Send>>,
    waker: Arc<Waker>,
    silent: Arc<[usize]>,
}

impl<I: Data, O: Data> Part<I, O> {
    fn build(self, answers: &Upstream<I, O>) -> Result<Worker<I>, EngineError> {
        let mut assembly = Assembly::new(self.worker, self.ends, self.silent);
        let downstream = Collector::register(self.sink, &mut assembly.registry);
        answers.attach(&mut assembly, downstream);
        let how = (self.is_sole, self.is_strict);
        Worker::new(self.sources, how, self.heeds, assembly, self.waker)
    }
}

/// A worker, from its parts to what it has counted, on whichever thread calls it.
type Shift<'a> = Box<dyn FnOnce() -> Result<Tally, EngineError> + Send + 'a>;

fn shifts<'a, I: Data, O: Data>(
    parts: Vec<Part<I, O>>,
    answers: &'a Upstream<I, O>,
    (clock, control, patience): (&'a dyn Clock, &'a Control, Patience),
    (abort, blank): (&'a AtomicBool, &'a Tally),
) -> Vec<Shift<'a>> {
    let shift = |part: Part<I, O>| -> Shift<'a> {
        Box::new(move || {
            let mut worker = part.build(answers)?;
            worker.run(clock, control, abort, patience)?;
            let mut tally = blank.clone();
            worker.report(&mut tally);
            Ok(tally)
        })
    };
    parts.into_iter().map(shift).collect()
}

/// Runs every worker on a thread, the first one on this.
fn run_threads(
    shifts: Vec<Shift<'_>>,
    abort: &AtomicBool,
    mut tally: Tally,
) -> Result<Tally, EngineError> {
    let run_one = |(worker, shift): (usize, Shift<'_>)| -> Result<Tally, EngineError> {
        let outcome = catch_unwind(AssertUnwindSafe(shift)).unwrap_or_else(|panic| {
            Err(EngineError::WorkerPanicked { worker, cause: panic_message(panic.as_ref()) })
        });
        if outcome.is_err() {
            abort.store(true, Ordering::Relaxed);
        }
        outcome
    };
    let outcomes: Vec<Result<Tally, EngineError>> = std::thread::scope(|scope| {
        let mut shifts = shifts.into_iter().enumerate();
        let first = shifts.next();
        let run_one = &run_one;
        let others = shifts.map(|shift| threads::start(scope, shift.0, move || run_one(shift)));
        let (others, refused) = until_refused(others);
        // The calling thread is the first worker: one worker means one thread.
        let mut outcomes: Vec<_> = match refused {
            None => first.into_iter().map(run_one).collect(),
            Some(error) => {
                abort.store(true, Ordering::Relaxed);
                vec![Err(error)]
            }
        };
        outcomes.extend(others.into_iter().map(|thread| {
            thread.join().expect("a worker catches its own panics and says which it is")
        }));
        outcomes
    });
    for outcome in outcomes {
        merge(&mut tally, &outcome?);
    }
    Ok(tally)
}

fn merge(tally: &mut Tally, other: &Tally) {
    tally.read += other.read;
    tally.rejected += other.rejected;
    tally.answers += other.answers;
    if let Some(spun_ns) = other.spun_ns {
        *tally.spun_ns.get_or_insert(0) += spun_ns;
    }
    for (ours, theirs) in tally.windows.iter_mut().zip(&other.windows) {
        *ours = ours.merged(*theirs);
        ours.algorithm = theirs.algorithm;
    }
}

/// All workers on the calling thread: whose step is next, and how much it takes, comes from the
/// seed. Time passes only when nobody has anything to do. The trace counts what a step takes, records
/// and marks, and a source that leaves marks out has fewer of them.
fn simulate<I: Data, O: Data>(
    parts: Vec<Part<I, O>>,
    answers: &Upstream<I, O>,
    clock: &dyn Clock,
    control: &Control,
    seed: u64,
    mut tally: Tally,
) -> Result<Tally, EngineError> {
    let mut random = SplitMix::new(seed);
    let mut workers =
        parts.into_iter().map(|part| part.build(answers)).collect::<Result<Vec<_>, _>>()?;
    let mut running: Vec<usize> = (0..workers.len()).collect();
    // Workers that had nothing to do since somebody last did something, and until when.
    let mut idle: BTreeMap<usize, Moment> = BTreeMap::new();
    while !running.is_empty() {
        if control.is_stopped() {
            return Err(EngineError::Stopped);
        }
        let at = random.below(running.len());
        let worker = running[at];
        let choice = Choice { slice: 1 + random.below(SLICE), turn: random.below(4) };
        let step = catch_unwind(AssertUnwindSafe(|| workers[worker].step(clock, control, choice)));
        let step = step.unwrap_or_else(|panic| {
            Err(EngineError::WorkerPanicked { worker, cause: panic_message(panic.as_ref()) })
        })?;
        let note = match step {
            Step::Worked(size) => {
                idle.clear();
                size as u64
            }
            Step::Idle { next_due } => {
                idle.insert(worker, next_due);
                u64::MAX
            }
            Step::Done => {
                idle.clear();
                running.swap_remove(at);
                u64::MAX - 1
            }
        };
        for part in [clock.now().as_nanos(), worker as u64, note] {
            tally.trace_hash = SplitMix::new(tally.trace_hash ^ part).next();
        }
        if !running.is_empty() && idle.len() == running.len() {
            // The last thing an idle worker did may have been to send what it held back.
            if running.iter().any(|worker| workers[*worker].has_input()) {
                idle.clear();
                continue;
            }
            let next = idle.values().copied().min().unwrap_or(Moment::NEVER);
            assert!(
                next < Moment::NEVER,
                "somebody always has something to do until everybody is done"
            );
            clock.pass_until(next, Patience::Park);
            idle.clear();
        }
    }
    for worker in &workers {
        worker.report(&mut tally);
    }
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_is_refused_a_thread_says_so_and_ends() {
        let config = PerEventConfig { parallelism: 3, ..PerEventConfig::default() };
        threads::refusal::check(&PerEvent::new(config));
    }
}
