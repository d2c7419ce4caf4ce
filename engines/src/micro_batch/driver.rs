//! Collect for an interval, then compute on the batch.
//!
//! Batch `b` is what fell due in `[b·i, (b+1)·i)`. When that interval has closed on the clock,
//! the driver collects it from the sources and runs one job: every stage of the plan, then the
//! result. A job that takes longer than the interval makes the next one start late, which is its
//! scheduling delay; batches are never merged and never dropped. The driver does not choose what
//! is late: watermarks are marks in the input, merged over its partitions, and the watermark in
//! force for a batch is the one after the batch before.

use super::config::MicroBatchConfig;
use super::dataset::Compute;
use super::exit::{Exit, ResultJob};
use super::flow::Plan;
use super::intake::Intake;
use super::lineage::{Batch, History, Need, Resource, Root};
use super::pool::Pool;
use super::scale::Scale;
use super::stage::{MapJob, ReduceJob, Stage};
use crate::clock::Clock;
use crate::engine::{BatchTiming, Control, EngineError, Tally};
use crate::record::Data;
use crate::spinning::Spinning;
use crate::time::{Moment, Timestamp};
use std::sync::Arc;

/// Runs the batches, one after the other.
pub(super) struct Driver<'a, 'env, I, O> {
    pub(super) config: &'env MicroBatchConfig,
    pub(super) scale: Option<Scale>,
    pub(super) clock: &'env dyn Clock,
    pub(super) control: &'env Control,
    pub(super) pool: &'a Pool<'env>,
    pub(super) intake: Intake<I>,
    pub(super) plan: Plan<I>,
    pub(super) result: Arc<dyn Compute<I, O>>,
    pub(super) exit: &'env Exit<O>,
    pub(super) history: &'env History<I>,
    pub(super) spinning: Spinning,
    /// How many jobs there were.
    pub(super) jobs: u64,
    pub(super) tally: Tally,
}

/// Up to this many windows are answered in the same job that takes the batch in.
const WINDOWS_AT_ONCE: i128 = 16;

impl<I: Data, O: Data> Driver<'_, '_, I, O> {
    pub(super) fn drive(&mut self) -> Result<(), EngineError> {
        let interval_ns = self.config.interval_ns;
        let mut index: u64 = 0;
        // The watermark after the batch before, and so the one in force for this batch.
        let mut before = Timestamp::BEFORE_ALL;
        self.control.tell_finished(0);
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
                self.control.tell_finished(self.tally.read);
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
        let spun_ns = self.spinning.spun_ns() + self.pool.spun_ns();
        self.tally.spun_ns = self.config.simulate.is_none().then_some(spun_ns);
        self.tally.trace_hash = self.pool.trace_hash();
        Ok(())
    }

    /// Whether so many windows may end between the two that their answers are not to be held all
    /// at once.
    fn spans_many_windows(&self, before: Timestamp, watermark: Timestamp) -> bool {
        let span = i128::from(watermark.as_micros()) - i128::from(before.as_micros());
        let strides = self.plan.stages.iter().map(|stage| i128::from(stage.stride_us()));
        strides.min().is_some_and(|stride| span / stride > WINDOWS_AT_ONCE)
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

    fn wait_until(&mut self, close: Moment) -> Result<(), EngineError> {
        loop {
            if self.control.is_stopped() {
                return Err(EngineError::Stopped);
            }
            let now = self.clock.now();
            if now >= close {
                self.spinning.busy(now);
                return Ok(());
            }
            self.spinning.idle(now);
            self.clock.pass_until(close, self.config.patience);
        }
    }

    /// Whether some window has something in it.
    fn is_live(&self) -> bool {
        self.plan.stages.iter().any(|stage| stage.need() != Need::Nothing)
    }

    /// With windows over batches, the first batch from `index` on at whose end a window that has
    /// something in it may end.
    fn next_firing(&self, index: u64) -> Option<u64> {
        let scale = self.scale?;
        let live = self.plan.stages.iter().filter(|stage| stage.need() != Need::Nothing);
        let windows = live.filter_map(|stage| stage.window());
        windows.map(|window| scale.next_end(window, index)).min()
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
        self.jobs += 1;
        let numbers = (index, self.jobs);
        let batch = Arc::new(Batch::new(numbers, time, watermarks, roots, self.plan.shape));
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
        let needs = self.plan.stages.iter().map(|stage| stage.need()).collect();
        self.history.settle(&batch, needs, |resource, batch| match resource {
            Resource::Input => batch.forget_roots(),
            Resource::Answers(stage) => self.plan.stages[stage].release(batch),
        });
        Ok(())
    }
}
