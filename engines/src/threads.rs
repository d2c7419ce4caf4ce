//! Threads beside the calling one, which the system may refuse.
//!
//! A limit on processes, or no memory for another stack, is the world's doing and no bug, so it
//! comes back as an error and not as a panic. An engine whose threads are not all there must let
//! go of those that are: they would wait for the missing ones for ever.

use crate::engine::EngineError;
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// Starts the thread of worker `worker`, counted from 0.
pub(crate) fn start<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    worker: usize,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, EngineError> {
    let refused =
        |cause: std::io::Error| EngineError::NoThread { worker, cause: cause.to_string() };
    #[cfg(test)]
    room::take().map_err(refused)?;
    Builder::new().name(format!("worker-{worker}")).spawn_scoped(scope, work).map_err(refused)
}

/// The threads that could be started before one was refused, and that refusal.
pub(crate) fn until_refused<T>(
    started: impl Iterator<Item = Result<T, EngineError>>,
) -> (Vec<T>, Option<EngineError>) {
    let mut refused = None;
    let threads = started.map_while(|thread| thread.map_err(|error| refused = Some(error)).ok());
    (threads.collect(), refused)
}

/// A system that has room for so many threads more, for tests.
#[cfg(test)]
pub(crate) mod room {
    use std::cell::Cell;
    use std::io::{Error, ErrorKind};

    thread_local! {
        static LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
    }

    /// Runs `f` on a system with room for so many threads that this one starts.
    pub(crate) fn with<R>(threads: usize, f: impl FnOnce() -> R) -> R {
        LEFT.set(threads);
        let result = f();
        LEFT.set(usize::MAX);
        result
    }

    pub(super) fn take() -> Result<(), Error> {
        let left = LEFT.get().checked_sub(1);
        left.map(|left| LEFT.set(left)).ok_or_else(|| Error::from(ErrorKind::WouldBlock))
    }
}

/// Whether an engine that is refused a thread says so and ends.
#[cfg(test)]
pub(crate) mod refusal {
    use super::room;
    use crate::aggregate::Count;
    use crate::clock::WallClock;
    use crate::dataflow::{Dataflow, Windowed};
    use crate::engine::{Control, Engine, EngineError, Tally};
    use crate::ports::{Arrival, Collected, Sink, Source};
    use crate::record::Stamped;
    use crate::time::Moment;
    use crate::window::WindowSpec;

    /// A partition in which nothing ever comes: whoever waits for its end waits for ever.
    struct Silence;

    impl Source for Silence {
        type Item = u64;

        fn poll(&mut self, _: Moment, _: usize) -> Arrival<'_, u64> {
            Arrival::Idle { next_due: Moment::NEVER }
        }

        fn collect(&mut self, _: Moment) -> Collected<u64> {
            Collected { blocks: Vec::new(), watermark: None, next_due: Some(Moment::NEVER) }
        }
    }

    struct Nowhere;

    impl Sink for Nowhere {
        type Item = Windowed<u64, u64>;

        fn accept(&mut self, _: &[Stamped<Self::Item>], _: Moment) {}
    }

    fn on<E: Engine>(engine: &E) -> Result<Tally, EngineError> {
        let sources = vec![Box::new(Silence) as Box<dyn Source<Item = u64>>];
        let sinks = (0..engine.workers()).map(|_| Box::new(Nowhere) as Box<dyn Sink<Item = _>>);
        let window = WindowSpec::tumbling(10).expect("a window");
        engine.run(
            |flow, events| flow.aggregate(events, |event: &u64| *event, |_| (), window, Count),
            sources,
            sinks.collect(),
            &WallClock::start(),
            &Control::default(),
        )
    }

    /// With every number of threads that is too small.
    #[track_caller]
    pub(crate) fn check(engine: &impl Engine) {
        // The calling thread is a worker, too.
        for threads in 0..engine.workers() - 1 {
            let error = room::with(threads, || on(engine)).expect_err("there is a worker too few");
            let EngineError::NoThread { worker, .. } = error else { panic!("{error}") };
            assert_eq!(worker, threads + 1);
        }
    }
}
