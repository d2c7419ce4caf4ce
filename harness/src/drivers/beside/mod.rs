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
mod facts;
mod feed;
mod hear;
mod job;
mod ways;

pub(super) use carry::OWN;
pub use job::Job;

use crate::host::group::ProcessGroup;
use crate::host::usage::Usage;
use crate::transport::Aggregate;
use crate::verify::{Judgement, Rule, Told};
use carry::Parts;
use clocks::Clocks;
use engines::{Clock as _, WallClock};
use facts::Facts;
use reports::record::EngineProcess;
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
    /// What is known of it before it runs: name and value.
    pub known: Vec<(String, String)>,
    /// How long it is waited for.
    pub patience: Patience,
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
    patience: Patience,
    sinks: usize,
    clocks: Clocks,
    start_up: Duration,
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
        let clock = WallClock::start();
        let Launch { engine, patience, told, ref job, .. } = launch;
        let aggregate = job.aggregate;
        let arrived = arrival::arrived(launch, &clock, stop)?;
        let start_up = Duration::from_nanos(clock.now().as_nanos());
        Ok(Self {
            engine,
            aggregate,
            told,
            patience,
            sinks: arrived.parts.sinks.len(),
            clocks: Clocks::new(clock, arrived.readings),
            start_up,
            group: ProcessGroup::of(arrived.parts.child.id()),
            facts: Mutex::new(arrived.facts),
            parts: Mutex::new(Some(arrived.parts)),
        })
    }

    /// How many sinks it has.
    pub const fn sinks(&self) -> usize {
        self.sinks
    }

    /// How its answers are judged, now that it has run: by the batches that it cut, if they decide.
    pub fn judged(&self, judgement: Judgement) -> Judgement {
        if !matches!(judgement.rule, Rule::Cuts(_)) {
            return judgement;
        }
        let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        Judgement { rule: Rule::Cuts(Arc::new(facts.cuts.clone())), ..judgement }
    }

    /// What is known of it, and what it has told of itself so far.
    pub fn about(&self) -> EngineProcess {
        let facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        EngineProcess {
            start_up_s: self.start_up.as_secs_f64(),
            clock_bound_ns: self.clocks.bound_ns(),
            is_same_clock: self.clocks.is_same(),
            ..facts.record()
        }
    }
}

/// Its processes', as long as they are there.
impl Usage for Running {
    fn cpu_ns(&self) -> Option<u64> {
        self.group.cpu_ns()
    }
    fn memory_bytes(&self) -> Option<u64> {
        self.group.memory_bytes()
    }
    fn reset_memory_peak(&self) -> bool {
        self.group.reset_memory_peak()
    }
    fn memory_peak_bytes(&self) -> Option<u64> {
        self.group.memory_peak_bytes()
    }
    fn holds_the_load(&self) -> bool {
        false
    }
}
