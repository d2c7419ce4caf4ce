//! The task threads: a stage is a barrier, and a task that panics is run again.
//!
//! The thread that drives the batches is itself the first task thread; the others wait between
//! stages, spinning or parked as [`Patience`] says. Tasks are taken from a shared counter, so a
//! thread that wakes late finds less to do and delays nobody. A task that panics is computed
//! again from its lineage, on the same thread, a bounded number of times. The pool knows nothing
//! of what a task does.

use super::lineage::lock;
use crate::clock::{Clock, Patience};
use crate::engine::{Control, EngineError, panic_message};
use crate::random::SplitMix;
use crate::spinning::Spinning;
use crate::threads::{self, until_refused};
use crate::time::Moment;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock};
use std::thread::{self, Thread};

/// The tasks of one stage.
pub(super) trait Job: Send + Sync {
    /// The batch and the stage, for the message of a failure.
    fn place(&self) -> (u64, usize);

    /// Computes a task, from its lineage alone. May be called again after a panic.
    fn attempt(&self, task: usize) -> Result<Work, EngineError>;

    /// Makes a task's result seen outside. Called once, after an attempt has succeeded.
    fn commit(&self, _task: usize) {}
}

/// How much a task did.
#[derive(Copy, Clone, Default, Debug)]
pub(super) struct Work {
    /// Records it read.
    pub(super) records: u64,
    /// Answers it made.
    pub(super) answers: u64,
}

/// The threads, or their simulation.
pub(super) struct Pool<'env> {
    clock: &'env dyn Clock,
    control: &'env Control,
    patience: Patience,
    attempts: u32,
    driver: Thread,
    helpers: OnceLock<Vec<Thread>>,
    /// The stage at work, and how many there have been.
    posted: Mutex<Option<Arc<Run<'env>>>>,
    posts: AtomicU64,
    is_closing: AtomicBool,
    retries: AtomicU64,
    spun_ns: AtomicU64,
    simulation: Option<Mutex<Simulation>>,
}

/// One stage at work.
struct Run<'env> {
    job: Arc<dyn Job + 'env>,
    tasks: Vec<usize>,
    next: AtomicUsize,
    left: AtomicUsize,
    records: AtomicU64,
    answers: AtomicU64,
    /// Nobody starts another task.
    is_halted: AtomicBool,
    failure: Mutex<Option<EngineError>>,
}

impl<'env> Pool<'env> {
    /// A pool driven by the calling thread, without helpers yet. With a seed, the pool is
    /// simulated: the order of a stage's tasks is drawn from it.
    pub(super) fn new(
        clock: &'env dyn Clock,
        control: &'env Control,
        patience: Patience,
        attempts: u32,
        seed: Option<u64>,
    ) -> Self {
        Self {
            clock,
            control,
            patience,
            attempts: attempts.max(1),
            driver: thread::current(),
            helpers: OnceLock::new(),
            posted: Mutex::new(None),
            posts: AtomicU64::new(0),
            is_closing: AtomicBool::new(false),
            retries: AtomicU64::new(0),
            spun_ns: AtomicU64::new(0),
            simulation: seed.map(|seed| Mutex::new(Simulation::new(seed))),
        }
    }

    /// Drives with so many helpers beside the calling thread; not at all, if they cannot all be
    /// had.
    pub(super) fn drive(
        &self,
        helpers: usize,
        drive: &mut dyn FnMut() -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        thread::scope(|scope| {
            // Also when the driver panics, or the helpers would never end.
            let _closing = Closing(self);
            let helpers = (1..=helpers).map(|number| threads::start(scope, number, || self.help()));
            let (helpers, refused) = until_refused(helpers);
            let helpers = helpers.iter().map(|helper| helper.thread().clone()).collect();
            self.helpers.set(helpers).expect("a pool is driven once");
            refused.map_or_else(drive, Err)
        })
    }

    /// Runs the tasks of a stage and returns when all have succeeded, with what they did.
    pub(super) fn run(
        &self,
        job: Arc<dyn Job + 'env>,
        mut tasks: Vec<usize>,
    ) -> Result<Work, EngineError> {
        if let Some(simulation) = &self.simulation {
            lock(simulation).shuffle(&mut tasks);
        }
        let helpers = self.helpers.get().map_or(&[][..], Vec::as_slice);
        let wanted = helpers.len().min(tasks.len().saturating_sub(1));
        let run = Arc::new(Run {
            job,
            next: AtomicUsize::new(0),
            left: AtomicUsize::new(tasks.len()),
            tasks,
            records: AtomicU64::new(0),
            answers: AtomicU64::new(0),
            is_halted: AtomicBool::new(false),
            failure: Mutex::new(None),
        });
        if wanted > 0 {
            *lock(&self.posted) = Some(Arc::clone(&run));
            self.posts.fetch_add(1, Ordering::Release);
            helpers[..wanted].iter().for_each(Thread::unpark);
        }
        self.work_on(&run);
        let mut idle = Idle::since(self.clock.now(), self.patience);
        while run.left.load(Ordering::Acquire) > 0 {
            idle.wait(self.clock, self.patience);
        }
        self.add_spun(&idle);
        if wanted > 0 {
            *lock(&self.posted) = None;
        }
        if let Some(failure) = lock(&run.failure).take() {
            return Err(failure);
        }
        if run.is_halted.load(Ordering::Relaxed) {
            return Err(EngineError::Stopped);
        }
        Ok(Work {
            records: run.records.load(Ordering::Relaxed),
            answers: run.answers.load(Ordering::Relaxed),
        })
    }

    /// How many tasks were run again.
    pub(super) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// What all threads have spun between and within stages so far, in nanoseconds.
    pub(super) fn spun_ns(&self) -> u64 {
        self.spun_ns.load(Ordering::Relaxed)
    }

    fn add_spun(&self, idle: &Idle) {
        self.spun_ns.fetch_add(idle.spinning.spun_ns(), Ordering::Relaxed);
    }

    /// Takes a step into the trace of a simulated run.
    pub(super) fn trace(&self, step: &[u64]) {
        if let Some(simulation) = &self.simulation {
            lock(simulation).record(self.clock.now(), step);
        }
    }

    /// The hash over all steps of a simulated run; zero otherwise.
    pub(super) fn trace_hash(&self) -> u64 {
        self.simulation.as_ref().map_or(0, |simulation| lock(simulation).hash)
    }

    fn help(&self) {
        let mut seen = 0;
        let mut idle = Idle::since(self.clock.now(), self.patience);
        while !self.is_closing.load(Ordering::Acquire) {
            let posts = self.posts.load(Ordering::Acquire);
            if posts == seen {
                idle.wait(self.clock, self.patience);
                continue;
            }
            seen = posts;
            let posted = lock(&self.posted).clone();
            if let Some(run) = posted {
                self.add_spun(&idle);
                self.work_on(&run);
                idle = Idle::since(self.clock.now(), self.patience);
            }
        }
    }

    fn work_on(&self, run: &Run<'_>) {
        while let Some(task) = run.tasks.get(run.next.fetch_add(1, Ordering::Relaxed)) {
            self.do_task(run, *task);
            if run.left.fetch_sub(1, Ordering::AcqRel) == 1 {
                self.driver.unpark();
            }
        }
    }

    fn do_task(&self, run: &Run<'_>, task: usize) {
        if self.control.is_stopped() {
            run.is_halted.store(true, Ordering::Relaxed);
        }
        if run.is_halted.load(Ordering::Relaxed) {
            return;
        }
        match self.attempt(&*run.job, task) {
            Ok(work) => {
                run.records.fetch_add(work.records, Ordering::Relaxed);
                run.answers.fetch_add(work.answers, Ordering::Relaxed);
                if self.simulation.is_some() {
                    let (batch, stage) = run.job.place();
                    self.trace(&[batch, stage as u64, task as u64, work.records, work.answers]);
                }
            }
            Err(error) => {
                run.is_halted.store(true, Ordering::Relaxed);
                lock(&run.failure).get_or_insert(error);
            }
        }
    }

    fn attempt(&self, job: &dyn Job, task: usize) -> Result<Work, EngineError> {
        let mut attempts = 1;
        let mut outcome = quietly(|| job.attempt(task));
        while outcome.is_err() && attempts < self.attempts {
            attempts += 1;
            self.retries.fetch_add(1, Ordering::Relaxed);
            outcome = quietly(|| job.attempt(task));
        }
        let failed = |cause| {
            let (batch, stage) = job.place();
            EngineError::TaskFailed { batch, stage, task, attempts, cause }
        };
        let work = outcome.map_err(failed)??;
        // Never twice: a sink that has panicked may have taken some of the answers.
        quietly(|| job.commit(task)).map_err(failed)?;
        Ok(work)
    }
}

/// Sends the helpers home.
struct Closing<'a, 'env>(&'a Pool<'env>);

impl Drop for Closing<'_, '_> {
    fn drop(&mut self) {
        self.0.is_closing.store(true, Ordering::Release);
        self.0.helpers.get().into_iter().flatten().for_each(Thread::unpark);
    }
}

/// A thread that waits for another one.
struct Idle {
    since: Moment,
    rounds: u64,
    spinning: Spinning,
}

/// No round of spinning is shorter than this, so that a clock that stands still cannot make
/// anyone spin for ever.
const ROUND_NS_LEAST: u64 = 20;

impl Idle {
    fn since(now: Moment, patience: Patience) -> Self {
        let mut spinning = Spinning::new(patience);
        spinning.idle(now);
        Self { since: now, rounds: 0, spinning }
    }

    /// Waits a little, or until somebody unparks this thread.
    fn wait(&mut self, clock: &dyn Clock, patience: Patience) {
        let mut look = || {
            let now = clock.now();
            self.spinning.idle(now);
            now
        };
        let spins = match patience {
            Patience::Spin => {
                look();
                true
            }
            Patience::SpinThenPark { spin_ns } => {
                self.rounds < spin_ns / ROUND_NS_LEAST && look().nanos_since(self.since) < spin_ns
            }
            Patience::Park => false,
        };
        if spins {
            self.rounds += 1;
            for _ in 0..16 {
                std::hint::spin_loop();
            }
        } else {
            thread::park();
        }
    }
}

thread_local! {
    static IN_TASK: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f`; a panic in it ends as its message, without a word on standard error.
fn quietly<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !IN_TASK.try_with(Cell::get).unwrap_or(false) {
                previous(info);
            }
        }));
    });
    let outer = IN_TASK.replace(true);
    // What a panicking task leaves behind is thrown away by whoever owns it.
    let outcome = catch_unwind(AssertUnwindSafe(f));
    IN_TASK.set(outer);
    outcome.map_err(|payload| panic_message(&*payload))
}

/// Seeded choice and the hash over what was chosen.
struct Simulation {
    random: SplitMix,
    hash: u64,
}

impl Simulation {
    const fn new(seed: u64) -> Self {
        Self { random: SplitMix::new(seed), hash: 0 }
    }

    /// Fisher and Yates.
    fn shuffle(&mut self, tasks: &mut [usize]) {
        for last in (1..tasks.len()).rev() {
            tasks.swap(last, self.random.below(last + 1));
        }
    }

    fn record(&mut self, now: Moment, step: &[u64]) {
        for word in [now.as_nanos()].iter().chain(step) {
            self.hash = SplitMix::new(self.hash.rotate_left(5) ^ word).next();
        }
    }
}
