//! Collect for an interval, then compute on the batch: the driver.
//!
//! | interpreter | `Stream<T>` | in words |
//! |---|---|---|
//! | `micro_batch` | [`Dataset`] | how to compute it for one batch |
//!
//! Batch `b` is what fell due in `[b·i, (b+1)·i)`. When that interval has closed on the clock,
//! the driver collects it from the sources and runs one job: every stage of the plan, then the
//! result. A job that takes longer than the interval makes the next one start late, which is its
//! scheduling delay; batches are never merged and never dropped. The driver does not choose what
//! is late: watermarks are marks in the input, merged over its partitions, and the watermark in
//! force for a batch is the one after the batch before.
//!
//! What is kept of the input is what the live panes were made from, so that a task that panics
//! can be computed again. Its blocks are shared with the source, not copied.

mod dataset;
mod lineage;
mod stage;
mod shuffle;
mod pool;

pub use dataset::Dataset;
pub use stage::Flow;

use crate::clock::{ArrivalClock, Clock, Patience};
use crate::engine::{Algorithm, BatchTiming, Control, Engine, EngineError, StreamOf, Tally};
use crate::panes::KEY_GROUPS;
use crate::ports::{Block, Sink, Source};
use crate::record::Data;
use crate::time::{Moment, Timestamp};
use crate::window::WindowSpec;
use dataset::{CHUNK, Compute};
use lineage::{Batch, History, Resource, Root};
use pool::Pool;
use stage::{Exit, MapJob, Plan, ReduceJob, ResultJob, Stage};
use std::sync::Arc;

/// What windows are made of.
#[derive(Copy, Clone, Eq, PartialEq, Debug, Default)]
pub enum BatchWindows {
    /// The time each record carries, with a watermark per batch: Structured Streaming's.
    #[default]
    EventTime,
    /// The batch a record arrived in, measured on this clock: a `DStream`'s. Windows are aligned
    /// to the run's start, and those that began before it are answered as far as they go.
    Batches(ArrivalClock),
}

/// How the micro-batch engine works.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct MicroBatchConfig {
    /// Task threads, and partitions of every shuffle.
    pub parallelism: usize,
    /// The batch interval, in nanoseconds.
    pub interval_ns: u64,
    /// What windows are made of.
    pub windows: BatchWindows,
    /// How windows are computed from their panes.
    pub algorithm: Algorithm,
    /// How often a task is tried before the run fails.
    pub attempts: u32,
    /// How the threads wait: for the end of an interval, and for one another.
    pub patience: Patience,
    /// Everything on the calling thread, the order of tasks drawn from this seed.
    pub simulate: Option<u64>,
}

impl Default for MicroBatchConfig {
    /// One thread, an interval of 200 ms, four attempts.
    fn default() -> Self {
        Self {
            parallelism: 1,
            interval_ns: 200_000_000,
            windows: BatchWindows::EventTime,
            algorithm: Algorithm::Auto,
            attempts: 4,
            patience: Patience::SpinThenPark { spin_ns: 20_000 },
            simulate: None,
        }
    }
}

/// The micro-batch engine.
#[derive(Clone, Debug)]
pub struct MicroBatch {
    config: MicroBatchConfig,
}

impl MicroBatch {
    /// An engine that works like this.
    pub const fn new(config: MicroBatchConfig) -> Self {
        Self { config }
    }
}

impl Engine for MicroBatch {
    type Flow<I: Data> = Flow<I>;

    fn run<I: Data, O: Data>(
        &self,
        plan: impl FnOnce(&mut Flow<I>, StreamOf<Flow<I>, I>) -> StreamOf<Flow<I>, O>,
        sources: Vec<Box<dyn Source<Item = I>>>,
        sinks: Vec<Box<dyn Sink<Item = O>>>,
        clock: &dyn Clock,
        control: &Control,
    ) -> Result<Tally, EngineError> {
        let config = &self.config;
        if config.interval_ns == 0 {
            return Err(EngineError::Unsupported(
                "the batch interval is zero: give it a length, such as \"200ms\"".to_owned(),
            ));
        }
        if self.workers() > KEY_GROUPS {
            return Err(EngineError::Unsupported(format!(
                "parallelism {}: it must be between 1 and {KEY_GROUPS}",
                self.workers()
            )));
        }
        if sinks.len() != self.workers() {
            return Err(EngineError::Unsupported(format!(
                "there are {} sinks for {} workers: give each worker its own",
                sinks.len(),
                self.workers()
            )));
        }
        let scale = match config.windows {
            BatchWindows::EventTime => None,
            BatchWindows::Batches(clock) => Some(Scale::new(clock, config.interval_ns)?),
        };
        let mut flow = Flow::new(config, scale);
        let result = plan(&mut flow, Dataset::input()).lineage;
        let plan = flow.finish()?;
        let history = History::new(plan.reads.clone());
        let exit = Exit::new(sinks);
        let pool = Pool::new(clock, control, config.patience, config.attempts, config.simulate);
        let helpers = if config.simulate.is_some() { 0 } else { self.workers() - 1 };
        let mut driver = Driver {
            config,
            scale,
            clock,
            control,
            pool: &pool,
            intake: Intake::new(sources),
            plan,
            result,
            exit: &exit,
            history: &history,
            tally: Tally::default(),
        };
        pool.drive(helpers, || driver.drive())?;
        Ok(driver.tally)
    }

    fn workers(&self) -> usize {
        self.config.parallelism.max(1)
    }
}

/// Batches as a measure of time, for windows over batches.
#[derive(Copy, Clone, Debug)]
struct Scale {
    /// The time of the data at the run's start, in microseconds.
    origin_us: i64,
    /// How much time of the data passes in a batch interval, in microseconds.
    interval_us: i64,
}

impl Scale {
    fn new(clock: ArrivalClock, interval_ns: u64) -> Result<Self, EngineError> {
        let scaled = i128::from(interval_ns) * i128::from(clock.micros_per_second);
        let length_us = i64::try_from(scaled / 1_000_000_000).unwrap_or(i64::MAX);
        if scaled % 1_000_000_000 != 0 || !(1..=1 << 60).contains(&length_us) {
            return Err(EngineError::Unsupported(format!(
                "windows over batches need a batch interval of whole microseconds of event time: \
                 {interval_ns} ns at {} µs of event time per second are not; choose another \
                 interval, or windows over event time",
                clock.micros_per_second
            )));
        }
        if !clock.origin.is_acceptable() {
            return Err(EngineError::Unsupported(format!(
                "windows over batches cannot begin at {} µs, a time that no event may have",
                clock.origin.as_micros()
            )));
        }
        Ok(Self { origin_us: clock.origin.as_micros(), interval_us: length_us })
    }

    /// Whether batches can be put together to such windows.
    fn check(self, window: &WindowSpec) -> Result<(), EngineError> {
        for (what, length_us) in [("size", window.size()), ("slide", window.slide())] {
            if length_us % self.interval_us != 0 {
                return Err(EngineError::Unsupported(format!(
                    "a window's {what} of {length_us} µs is not a multiple of the batch interval, \
                     which is {} µs of event time: change one of them, or use windows over event \
                     time",
                    self.interval_us
                )));
            }
        }
        Ok(())
    }

    /// When batch `index` began, in microseconds of event time since the run's start.
    fn start_of(self, index: u64) -> Timestamp {
        let passed = i128::from(index) * i128::from(self.interval_us);
        let latest = Timestamp::LATEST.as_micros();
        Timestamp::from_micros(i64::try_from(passed).map_or(latest, |passed| passed.min(latest)))
    }

    /// The first batch from `index` on whose end is the end of some window.
    fn next_end(self, window: &WindowSpec, index: u64) -> u64 {
        let batches = |length_us: i64| u64::try_from(length_us / self.interval_us).unwrap_or(1);
        let (size, slide) = (batches(window.size()), batches(window.slide()));
        // Windows end `size` batches after the multiples of their slide.
        let behind = (index.saturating_add(1) % slide + slide - size % slide) % slide;
        index.saturating_add(if behind == 0 { 0 } else { slide - behind })
    }
}

/// The sources, and how far each has come.
struct Intake<I> {
    partitions: Vec<Inlet<I>>,
}

struct Inlet<I> {
    source: Box<dyn Source<Item = I>>,
    /// The last mark in it.
    mark: Timestamp,
    has_ended: bool,
}

/// What an interval has brought.
struct Collection<I> {
    roots: Vec<Root<I>>,
    records: u64,
    /// The merged watermark after it.
    watermark: Timestamp,
    /// When the next record is due; `None` when there will be no more.
    next_due: Option<Moment>,
}

impl<I: Data> Intake<I> {
    fn new(sources: Vec<Box<dyn Source<Item = I>>>) -> Self {
        let inlet = |source| Inlet { source, mark: Timestamp::BEFORE_ALL, has_ended: false };
        Self { partitions: sources.into_iter().map(inlet).collect() }
    }

    /// Everything due before `close`, cut into about `parallelism` tasks per source.
    fn collect(&mut self, close: Moment, parallelism: usize) -> Collection<I> {
        let (mut roots, mut records) = (Vec::new(), 0);
        // The least mark of those that go on, and of those that end now. A source that ended
        // before holds nobody back.
        let (mut going_on, mut ending): (Option<Timestamp>, Option<Timestamp>) = (None, None);
        let mut next_due: Option<Moment> = None;
        let least =
            |marks: Option<Timestamp>, mark| Some(marks.map_or(mark, |least| least.min(mark)));
        for inlet in self.partitions.iter_mut().filter(|inlet| !inlet.has_ended) {
            let collected = inlet.source.collect(close);
            inlet.mark = inlet.mark.max(collected.watermark.unwrap_or(inlet.mark));
            records += collected.blocks.iter().map(|block| block.len() as u64).sum::<u64>();
            roots.extend(cut(collected.blocks, parallelism).into_iter().map(Root::new));
            if let Some(due) = collected.next_due {
                next_due = Some(next_due.map_or(due, |earlier| earlier.min(due)));
                going_on = least(going_on, inlet.mark);
            } else {
                inlet.has_ended = true;
                ending = least(ending, inlet.mark);
            }
        }
        // The last batch of all fires what its marks complete; the end of the input comes after.
        let watermark = going_on.or(ending).unwrap_or(Timestamp::BEFORE_ALL);
        Collection { roots, records, watermark, next_due }
    }
}

/// The most records of a task: what it deals to other partitions is read while it is still in
/// the second-level cache, and what a retry repeats stays small.
const TASK_RECORDS_MAX: usize = 1 << 15;

/// Cuts blocks into `wanted` tasks of about the same size, or more where those would be too
/// large, or fewer where they would be smaller than a chunk.
fn cut<I>(blocks: Vec<Block<I>>, wanted: usize) -> Vec<Vec<Block<I>>> {
    let records: usize = blocks.iter().map(Block::len).sum();
    let size = records.div_ceil(wanted.max(1)).clamp(CHUNK, TASK_RECORDS_MAX);
    // A single block is cut evenly. Of several, each is cut finer than needed, and the pieces
    // are put together again until a task is nearest to its size.
    let piece = if blocks.len() == 1 { size } else { (size / 8).max(CHUNK) };
    let mut tasks: Vec<Vec<Block<I>>> = Vec::new();
    let mut filled = 0;
    for piece in blocks.into_iter().flat_map(|block| block.split(piece)) {
        let length = piece.len();
        match tasks.last_mut() {
            Some(task) if filled + length / 2 < size && filled + length <= TASK_RECORDS_MAX => {
                task.push(piece);
                filled += length;
            }
            _ => {
                tasks.push(vec![piece]);
                filled = length;
            }
        }
    }
    tasks
}

/// Up to this many windows are answered in the same job that takes the batch in.
const WINDOWS_AT_ONCE: i128 = 16;

/// Runs the batches, one after the other.
struct Driver<'a, 'env, I, O> {
    config: &'env MicroBatchConfig,
    scale: Option<Scale>,
    clock: &'env dyn Clock,
    control: &'env Control,
    pool: &'a Pool<'env>,
    intake: Intake<I>,
    plan: Plan<I>,
    result: Arc<dyn Compute<I, O>>,
    exit: &'env Exit<O>,
    history: &'env History<I>,
    tally: Tally,
}

impl<I: Data, O: Data> Driver<'_, '_, I, O> {
    fn drive(&mut self) -> Result<(), EngineError> {
        let interval_ns = self.config.interval_ns;
        let mut index: u64 = 0;
        // The watermark after the batch before, and so the one in force for this batch.
        let mut before = Timestamp::BEFORE_ALL;
        loop {
            let close =
                Moment::START.saturating_add(interval_ns.saturating_mul(index.saturating_add(1)));
            self.wait_until(close)?;
            let started = self.clock.now();
            let collection = self.intake.collect(close, self.config.parallelism);
            let records = collection.records;
            self.control.add_read(records);
            self.tally.read += records;
            let (time, watermark) = match self.scale {
                None => (None, before.max(collection.watermark)),
                Some(scale) => {
                    let end = scale.start_of(index.saturating_add(1)).saturating_add(-1);
                    (Some(scale.start_of(index)), end)
                }
            };
            // A batch without news costs nothing and is no job.
            let is_news = if self.scale.is_some() { self.is_live() } else { watermark > before };
            if records > 0 || is_news {
                let first = if self.spans_many_windows(before, watermark) {
                    // Only taken in; what is complete now is answered window by window.
                    before
                } else {
                    watermark
                };
                self.job(index, time, (before, first), collection.roots)?;
                self.fire_until(index, time, first, watermark)?;
                let finished = self.clock.now();
                self.tally.batches.push(BatchTiming { close, started, finished, records });
                before = watermark;
            }
            let Some(next_due) = collection.next_due else { break };
            index = index.saturating_add(1);
            let next = (next_due.as_nanos() / interval_ns).max(index);
            index = self.next_firing(index).map_or(next, |firing| firing.min(next));
        }
        // The end of the input completes every window. It is no batch: nothing made it due. What
        // one stage answers another reads by its own time, as it would have come in time.
        self.fire_until(index.saturating_add(1), None, before, Timestamp::AFTER_ALL)?;
        self.tally.windows = self.plan.stages.iter().map(|stage| stage.counts()).collect();
        self.tally.retries = self.pool.retries();
        self.tally.trace_hash = self.pool.trace_hash();
        Ok(())
    }

    /// Whether so many windows may end between the two that their answers are not to be held all
    /// at once.
    fn spans_many_windows(&self, before: Timestamp, watermark: Timestamp) -> bool {
        let span = i128::from(watermark.as_micros()) - i128::from(before.as_micros());
        let slides = self.plan.stages.iter().map(|stage| i128::from(stage.window().slide()));
        slides.min().is_some_and(|slide| span / slide > WINDOWS_AT_ONCE)
    }

    /// Answers what event time has completed on its way from `before` to `watermark`, window
    /// after window.
    fn fire_until(
        &mut self,
        index: u64,
        time: Option<Timestamp>,
        mut before: Timestamp,
        watermark: Timestamp,
    ) -> Result<(), EngineError> {
        while before < watermark && !self.plan.stages.is_empty() {
            let firings = self.plan.stages.iter().filter_map(|stage| stage.next_firing());
            let next = firings.filter(|next| *next > before).min();
            let next = next.map_or(watermark, |next| next.min(watermark));
            self.job(index, time, (before, next), Vec::new())?;
            before = next;
        }
        Ok(())
    }

    fn wait_until(&self, close: Moment) -> Result<(), EngineError> {
        loop {
            if self.control.is_stopped() {
                return Err(EngineError::Stopped);
            }
            if self.clock.now() >= close {
                return Ok(());
            }
            self.clock.pass_until(close, self.config.patience);
        }
    }

    /// Whether some window has something in it.
    fn is_live(&self) -> bool {
        self.plan.stages.iter().any(|stage| stage.oldest_live().is_some())
    }

    /// With windows over batches, the first batch from `index` on at whose end a window that has
    /// something in it may end.
    fn next_firing(&self, index: u64) -> Option<u64> {
        let scale = self.scale?;
        let live = self.plan.stages.iter().filter(|stage| stage.oldest_live().is_some());
        live.map(|stage| scale.next_end(stage.window(), index)).min()
    }

    /// Shuffles what a stage reads, and lets it answer. What is dealt is taken in by rounds, a
    /// task for each thread, so that it never takes more memory than a cache, however large the
    /// batch is.
    fn stage(
        &self,
        batch: &Arc<Batch<I>>,
        number: usize,
        stage: &Arc<dyn Stage<I>>,
    ) -> Result<(), EngineError> {
        let tasks = stage.map_tasks(batch);
        let mut rounds = tasks.chunks(self.config.parallelism.max(1)).peekable();
        loop {
            if let Some(round) = rounds.next() {
                let (batch, stage) = (Arc::clone(batch), Arc::clone(stage));
                self.pool.run(Arc::new(MapJob { batch, number, stage }), round.to_vec())?;
            }
            let (batch, stage, history) = (Arc::clone(batch), Arc::clone(stage), self.history);
            let (tasks, is_last) = (stage.reduce_tasks(), rounds.peek().is_none());
            let job = ReduceJob { batch, number, stage, history, is_last };
            self.pool.run(Arc::new(job), tasks)?;
            if is_last {
                return Ok(());
            }
        }
    }

    /// Computes everything for one batch: each stage in turn, then the result.
    fn job(
        &mut self,
        index: u64,
        time: Option<Timestamp>,
        watermarks: (Timestamp, Timestamp),
        roots: Vec<Root<I>>,
    ) -> Result<(), EngineError> {
        let batch = Arc::new(Batch::new(index, time, watermarks, roots, self.plan.shape));
        for (number, stage) in self.plan.stages.iter().enumerate() {
            self.stage(&batch, number, stage)?;
        }
        let number = self.plan.stages.len();
        let result = Arc::clone(&self.result);
        let (job, tasks) =
            ResultJob::new(Arc::clone(&batch), number, result, self.exit, self.clock);
        self.tally.answers += self.pool.run(Arc::new(job), tasks)?.answers;
        self.tally.rejected += batch.rejected();
        batch.end();
        let oldest_live = self.plan.stages.iter().map(|stage| stage.oldest_live()).collect();
        self.history.settle(&batch, oldest_live, |resource, batch| match resource {
            Resource::Input => batch.forget_roots(),
            Resource::Answers(stage) => self.plan.stages[stage].release(batch),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Stamped;

    #[track_caller]
    fn cuts(blocks: &[usize], wanted: usize, want: &[usize]) {
        let blocks = blocks
            .iter()
            .map(|length| {
                let record =
                    Stamped { event_time: Timestamp::LATEST, due: Moment::START, value: () };
                Block::new(Arc::new(vec![record; *length]), 0..*length)
            })
            .collect();
        let got: Vec<usize> =
            cut(blocks, wanted).iter().map(|task| task.iter().map(Block::len).sum()).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn a_batch_is_cut_into_tasks_of_about_the_same_size() {
        cuts(&[], 2, &[]);
        cuts(&[1], 2, &[1]);
        cuts(&[1024], 7, &[1024]);
        cuts(&[10_000], 2, &[5_000, 5_000]);
        cuts(&[10_001], 2, &[5_001, 5_000]);
        cuts(&[100; 30], 2, &[1500, 1500]);
        cuts(&[12_000, 12_000, 12_000, 4_000], 2, &[19_500, 20_500]);
    }

    #[test]
    fn no_task_is_larger_than_the_cache() {
        cuts(&[80_000], 1, &[32_768, 32_768, 14_464]);
        cuts(&[30_000, 30_000], 1, &[30_000, 30_000]);
    }

    #[track_caller]
    fn ends(size: i64, slide: i64, index: u64, want: u64) {
        let scale = Scale { origin_us: 0, interval_us: 10 };
        let window = WindowSpec::sliding(size, slide).unwrap();
        assert_eq!(scale.next_end(&window, index), want, "{size} by {slide} from batch {index}");
    }

    #[test]
    fn windows_end_with_batches() {
        ends(10, 10, 0, 0);
        ends(10, 10, 5, 5);
        ends(30, 10, 4, 4);
        // A window of three batches every two ends after batches 0, 2, 4…
        ends(30, 20, 0, 0);
        ends(30, 20, 1, 2);
        ends(30, 20, 2, 2);
        // A window of one batch every three ends after batches 0, 3, 6…
        ends(10, 30, 1, 3);
        ends(10, 30, 3, 3);
        ends(60, 60, 1, 5);
    }

    #[test]
    fn an_interval_is_whole_microseconds_of_event_time() {
        let clock = |micros_per_second| ArrivalClock {
            origin: Timestamp::from_micros(-5),
            micros_per_second,
        };
        assert_eq!(Scale::new(clock(1_000_000), 1_000).unwrap().interval_us, 1);
        assert_eq!(Scale::new(clock(60_000_000), 1_000_000_000).unwrap().interval_us, 60_000_000);
        assert!(Scale::new(clock(1_000_000), 1_500).is_err());
        assert!(Scale::new(clock(0), 1_000).is_err());
        assert!(Scale::new(clock(-1_000_000), 1_000).is_err());
        let scale = Scale::new(clock(1_000_000), 1_000_000).unwrap();
        let error = scale.check(&WindowSpec::sliding(3_000, 1_500).unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a window's slide of 1500 µs is not a multiple of the batch interval, which is 1000 \
             µs of event time: change one of them, or use windows over event time"
        );
    }
}
