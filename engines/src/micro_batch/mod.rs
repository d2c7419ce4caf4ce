//! The micro-batch engine: collect for an interval, then compute on the batch.
//!
//! | interpreter | `Stream<T>` | in words |
//! |---|---|---|
//! | `micro_batch` | [`Dataset`] | how to compute it for one batch |
//!
//! What is kept of the input is what the live panes were made from, as far as that came since the last
//! copy of a state, so that a task that panics can be computed again. Its blocks are shared with the
//! source, not copied.

mod config;
mod scale;
mod lineage;
mod dataset;
mod pool;
mod stage;
mod shuffle;
mod reduction;
mod aggregation;
mod keyed;
mod flow;
mod exit;
mod intake;
mod driver;

pub use config::{BatchWindows, MicroBatchConfig};
pub use dataset::Dataset;
pub use flow::Flow;

use crate::clock::Clock;
use crate::engine::{Control, Engine, EngineError, StreamOf, Tally};
use crate::panes::KEY_GROUPS;
use crate::ports::{Sink, Source};
use crate::record::Data;
use crate::spinning::Spinning;
use driver::Driver;
use exit::Exit;
use intake::Intake;
use lineage::History;
use pool::Pool;
use scale::Scale;

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
            return Err(EngineError::sinks(sinks.len(), self.workers()));
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
            spinning: Spinning::new(config.patience),
            jobs: 0,
            tally: Tally::default(),
        };
        pool.drive(helpers, &mut || driver.drive())?;
        Ok(driver.tally)
    }

    fn workers(&self) -> usize {
        self.config.parallelism.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::refusal;

    #[test]
    fn an_engine_that_is_refused_a_thread_says_so_and_ends() {
        let config = MicroBatchConfig { parallelism: 3, ..MicroBatchConfig::default() };
        refusal::check(&MicroBatch::new(config));
    }
}
