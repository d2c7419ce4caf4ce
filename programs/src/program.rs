//! A question that can be run: each interpreter of the language, behind an object.

use engines::micro_batch::{MicroBatch, MicroBatchConfig};
use engines::per_event::{PerEvent, PerEventConfig};
use engines::reference::{self, Arrived, Reading, Seen};
use engines::sketch;
use engines::{
    Clock, Control, Data, Engine as _, EngineError, Sink, Source, Stamped, StreamOf, Tally,
};
use scenarios::{Answer, Question, Scenario};

/// Where events come from, a source per partition.
pub type Sources<E> = Vec<Box<dyn Source<Item = E>>>;

/// Where answers go, a sink per worker.
pub type Sinks<A> = Vec<Box<dyn Sink<Item = A>>>;

/// Tells events, in order of arrival, to whoever it is given.
pub type Tell<'a, E> = Box<dyn FnOnce(&mut dyn FnMut(Arrived<E>)) + 'a>;

/// A question over events of `E` with answers of `A`, ready to be run.
pub trait Program<E: Data, A: Answer>: Question<Event = E, Answer = A> {
    /// Runs it as micro-batches; `sinks` are as many as the configuration has workers.
    ///
    /// # Errors
    /// Those of the engine.
    fn micro_batch(
        &self,
        config: MicroBatchConfig,
        sources: Sources<E>,
        sinks: Sinks<A>,
        clock: &dyn Clock,
        control: &Control,
    ) -> Result<Tally, EngineError>;

    /// Runs it event by event; `sinks` are as many as the configuration has workers.
    ///
    /// # Errors
    /// Those of the engine.
    fn per_event(
        &self,
        config: PerEventConfig,
        sources: Sources<E>,
        sinks: Sinks<A>,
        clock: &dyn Clock,
        control: &Control,
    ) -> Result<Tally, EngineError>;

    /// Tells `hear` what the events mean by such a reading, see [`reference::told`].
    ///
    /// # Errors
    /// Where an answer has no value.
    fn told(
        &self,
        reading: Reading,
        tell: Tell<'_, E>,
        hear: &mut dyn FnMut(Stamped<A>),
    ) -> Result<(u64, Vec<Seen>), EngineError>;

    /// The shape of the plan, drawn.
    fn sketch(&self) -> String;
}

/// A scenario's plan for one executor, erased: what runs it is compiled for what flows in and what
/// comes out, and not again for every scenario.
type Plan<'a, F, E, A> = Box<dyn FnOnce(&mut F, StreamOf<F, E>) -> StreamOf<F, A> + 'a>;

impl<S: Scenario> Program<S::Event, S::Answer> for S {
    fn micro_batch(
        &self,
        config: MicroBatchConfig,
        sources: Sources<S::Event>,
        sinks: Sinks<S::Answer>,
        clock: &dyn Clock,
        control: &Control,
    ) -> Result<Tally, EngineError> {
        let plan: Plan<'_, _, _, _> = Box::new(|flow, events| self.plan(flow, events));
        MicroBatch::new(config).run(plan, sources, sinks, clock, control)
    }

    fn per_event(
        &self,
        config: PerEventConfig,
        sources: Sources<S::Event>,
        sinks: Sinks<S::Answer>,
        clock: &dyn Clock,
        control: &Control,
    ) -> Result<Tally, EngineError> {
        let plan: Plan<'_, _, _, _> = Box::new(|flow, events| self.plan(flow, events));
        PerEvent::new(config).run(plan, sources, sinks, clock, control)
    }

    fn told(
        &self,
        reading: Reading,
        tell: Tell<'_, S::Event>,
        hear: &mut dyn FnMut(Stamped<S::Answer>),
    ) -> Result<(u64, Vec<Seen>), EngineError> {
        let plan: Plan<'_, _, _, _> = Box::new(|flow, events| self.plan(flow, events));
        reference::told(plan, reading, tell, hear)
    }

    fn sketch(&self) -> String {
        let plan: Plan<'_, _, S::Event, S::Answer> =
            Box::new(|flow, events| self.plan(flow, events));
        sketch::draw(plan)
    }
}
