//! An engine in a process of its own: started, given the events over sockets, and listened to.
//!
//! Whatever the engine is, its job speaks the protocol of [`crate::transport`], and all that differs
//! is a [`Launch`]: what to start, and with which words. First the process is started, and waited
//! for until all of it has dialled in and its clock was compared with ours; only then does the run's
//! clock start, so that no latency holds any of that. Events go out as their sources release them,
//! open loop; what the job does not take waits in its socket and then here, and goes on growing old.
//!
//! Sockets block, and there is a thread for each: a thread that writes 64 KiB at a time is no slower
//! than a runtime that would do so for it, and stands nowhere between a due time and its socket.
//! Nothing here knows which engine it is, or whether what it answers is right.

mod arrival;
#[cfg_attr(not(feature = "kafka"), path = "no_broker.rs")]
mod broker;
mod carry;
mod child;
mod clocks;
mod cores;
mod facts;
mod happened;
mod feed;
mod hear;
mod job;
mod ways;

pub(super) use arrival::look as look_where_to_listen;
pub use broker::look as look_for_brokers;
pub(super) use carry::OWN;
pub use child::Remainder;
pub use job::Job;

use crate::host::group::ProcessGroup;
use crate::host::usage::Usage;
use crate::transport::Aggregate;
use crate::verify::{Judgement, Rule, Told};
use carry::Parts;
use clocks::Clocks;
use engines::{Clock as _, WallClock};
use facts::Facts;
use reports::record::{Cores, EngineProcess, Repetition, Stamps};
use settings::plan::Address;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What to start.
#[derive(Clone, Debug)]
pub struct Launch {
    /// What the engine is called.
    pub engine: &'static str,
    /// The program.
    pub program: PathBuf,
    /// Its arguments, up to those of the job.
    pub arguments: Vec<String>,
    /// Environment variables beside those of this process.
    pub environment: Vec<(String, String)>,
    /// What the job is to do.
    pub job: Job,
    /// Which release it is to be: what its version begins with.
    pub version: String,
    /// What it counts of late events.
    pub told: Told,
    /// How long its batches are, where its windows are made of them and told by the wall clock.
    pub batches: Option<Duration>,
    /// Whether it answers by batches, each of which it tells of when it is finished.
    pub by_batches: bool,
    /// What is known of it before it runs: name and value.
    pub known: Vec<(String, String)>,
    /// How long it is waited for.
    pub patience: Patience,
}

/// A job whose work is done in processes of somebody else's: the one that is started submits it, and
/// keeps its control connection.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Where its sources and sinks find this program, which listens there; port 0 for whichever is
    /// free. None where they are in the process that is started.
    pub reach: Option<Address>,
    /// What may be left of it there.
    pub remainder: Option<Arc<dyn Remainder>>,
}

/// What is said where a broker is asked for, and this program has no Kafka.
pub(super) const NO_KAFKA: &str = "this program was built without Kafka: build one that has it, by \
     `cargo build --release --features kafka`, or leave transport = \"kafka\" out";

/// How long an engine is waited for.
#[derive(Copy, Clone, Debug)]
pub struct Patience {
    /// Until all of it has dialled in.
    pub start: Duration,
    /// While it could go on and does not.
    pub stall: Duration,
    /// Until it has ended by itself.
    pub end: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            start: Duration::from_mins(2),
            stall: Duration::from_mins(1),
            end: Duration::from_secs(5),
        }
    }
}

/// Why an engine is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotReady {
    /// Somebody wants to stop.
    Stopped,
    /// It failed: why, and the way out.
    Failed(String),
}

/// An engine that runs and waits for its first event.
#[derive(Debug)]
pub struct Running {
    engine: &'static str,
    aggregate: Option<Aggregate>,
    told: Told,
    batches: Option<Duration>,
    by_batches: bool,
    patience: Patience,
    sinks: usize,
    /// Of the job's own process.
    own_clock: Clocks,
    /// Of its sinks; none where answers count from their arrival, since they come from other clocks.
    clocks: Option<Clocks>,
    is_elsewhere: bool,
    start_up: Duration,
    cores: Option<Cores>,
    group: ProcessGroup,
    facts: Mutex<Facts>,
    parts: Mutex<Option<Parts>>,
}

impl Running {
    /// Starts an engine, and waits until all of it is there. `stop` ends the waiting.
    ///
    /// # Errors
    /// Where it does not come to that.
    pub fn start(launch: Launch, stop: &AtomicBool) -> Result<Self, NotReady> {
        Self::arrived(launch, None, stop)
    }

    /// The same for an engine whose workers are elsewhere.
    ///
    /// # Errors
    /// Where it does not come to that.
    pub fn start_elsewhere(
        launch: Launch,
        elsewhere: Elsewhere,
        stop: &AtomicBool,
    ) -> Result<Self, NotReady> {
        Self::arrived(launch, Some(elsewhere), stop)
    }

    fn arrived(
        launch: Launch,
        elsewhere: Option<Elsewhere>,
        stop: &AtomicBool,
    ) -> Result<Self, NotReady> {
        let clock = WallClock::start();
        let Launch { engine, patience, told, batches, by_batches, ref job, .. } = launch;
        let aggregate = job.aggregate;
        let is_elsewhere = elsewhere.is_some();
        let has_reach = elsewhere.as_ref().is_some_and(|elsewhere| elsewhere.reach.is_some());
        let arrived = arrival::arrived(launch, elsewhere, &clock, stop)?;
        let start_up = Duration::from_nanos(clock.now().as_nanos());
        let group = ProcessGroup::of(arrived.parts.child.id());
        let cores = cores::in_force(&group, arrived.pins.as_ref(), is_elsewhere);
        Ok(Self {
            engine,
            aggregate,
            told,
            batches,
            by_batches,
            patience,
            sinks: arrived.parts.sinks.len(),
            own_clock: Clocks::new(clock, arrived.readings),
            // The way of an answer through a broker is part of its latency.
            clocks: if arrived.parts.broker.is_some() {
                None
            } else if !has_reach {
                Some(Clocks::new(clock, arrived.readings))
            } else if arrived.of_sinks.len() == arrived.parts.sinks.len() {
                Clocks::of_workers(clock, &arrived.of_sinks)
            } else {
                None
            },
            is_elsewhere,
            start_up,
            cores,
            group,
            facts: Mutex::new(arrived.facts),
            parts: Mutex::new(Some(arrived.parts)),
        })
    }

    /// How many sinks it has.
    pub const fn sinks(&self) -> usize {
        self.sinks
    }

    /// The processes that do its work, where they are ours.
    fn ours(&self) -> Option<&ProcessGroup> {
        (!self.is_elsewhere).then_some(&self.group)
    }

    /// How its answers are judged, now that it has run: by the batches that it cut, if they decide, and
    /// by what it emitted again.
    pub fn judged(&self, judgement: Judgement) -> Judgement {
        let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        let rule = match judgement.rule {
            Rule::Cuts(_) => Rule::Cuts(Arc::new(facts.cuts.clone())),
            Rule::OverCuts(_) => Rule::OverCuts(Arc::new(facts.over_cuts())),
            rule => rule,
        };
        Judgement { rule, repeated: facts.repeated, ..judgement }
    }

    /// Tells in the record of a run what happened to it while it ran.
    pub fn tell(&self, repetition: &mut Repetition) {
        let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(to_run) = facts.to_run {
            facts.happened.tell_batches(&mut repetition.batches, to_run);
            facts.happened.note(&mut repetition.timeline, to_run);
        }
    }

    /// What is known of it, and what it has told of itself so far.
    pub fn about(&self) -> EngineProcess {
        let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        EngineProcess {
            start_up_s: self.start_up.as_secs_f64(),
            clock_bound_ns: self.clocks.as_ref().map_or(0, Clocks::bound_ns),
            is_same_clock: self.clocks.as_ref().is_some_and(Clocks::is_same),
            stamps: if self.clocks.is_some() { Stamps::Emission } else { Stamps::Arrival },
            is_elsewhere: self.is_elsewhere,
            cores: self.cores.clone(),
            ..facts.record()
        }
    }
}

/// Its processes', as long as they are there; those of somebody else are not told.
impl Usage for Running {
    fn cpu_ns(&self) -> Option<u64> {
        self.ours()?.cpu_ns()
    }
    fn memory_bytes(&self) -> Option<u64> {
        self.ours()?.memory_bytes()
    }
    fn reset_memory_peak(&self) -> bool {
        self.ours().is_some_and(Usage::reset_memory_peak)
    }
    fn memory_peak_bytes(&self) -> Option<u64> {
        self.ours()?.memory_peak_bytes()
    }
    fn holds_the_load(&self) -> bool {
        false
    }
}
