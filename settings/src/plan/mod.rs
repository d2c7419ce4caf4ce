//! What will be run, with every default spelled out.
//!
//! A [`Plan`] is what the arguments, the environment and the files have been resolved into. It
//! holds plain values: whoever runs it never sees a configuration file, never fills in a default
//! and never finds a setting that contradicts another.

mod address;
mod load;
mod engine;
mod pinning;
mod repeat;
mod transport;
mod left_out;
pub mod settings;
pub mod units;

pub use address::Address;
pub use engine::{
    DstreamSetting, EngineKind, EngineSetting, FlinkCluster, FlinkSetting, JVM_WARM_UP,
    RealTimeSetting, SparkCluster, SparkSetting, StormCluster, StormSetting, WindowDomain,
};
pub use left_out::LeftOut;
pub use load::{Arrivals, Load, Marks, RateShape};
pub use pinning::{CPUS_MOST, CpuList, Cpus, NoCpus, Pinning};
pub use repeat::Repeat;
pub use transport::{KafkaSetting, Transport};

use reports::record::study::{Coordinate, Sweep, Threshold};
use settings::Settled;
use std::path::PathBuf;
use std::time::Duration;

/// Everything one invocation will run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Of the run; safe as part of a folder's name.
    pub name: String,
    /// What the run is about, in a phrase.
    pub title: String,
    /// What is compared, in the order in which it is reported.
    pub cells: Vec<Cell>,
    /// The folder to write; `None` for one that is named by time and name.
    pub out: Option<PathBuf>,
    /// Whether answers and late events are written as well.
    pub keep_results: bool,
    /// Whether the engines run on one thread in simulated time.
    pub simulate: bool,
    /// Whether engines in processes of their own are asked nothing first, for their floor.
    pub floors: Floors,
    /// How often each engine runs each cell.
    pub repeat: Repeat,
    /// How the outcome is printed.
    pub format: Format,
    /// The command line, as it was typed.
    pub command: String,
    /// Whether an inconclusive outcome is a failure.
    pub strict: bool,
    /// What is varied from cell to cell, where it is one question asked many times.
    pub sweep: Option<Sweep>,
    /// The engines that it goes on without.
    pub left_out: Vec<LeftOut>,
}

/// Whether engines in processes of their own are asked nothing before all else.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Default)]
pub enum Floors {
    /// They are, each setting once.
    Measured,
    /// They are not.
    #[default]
    LeftOut,
}

/// How the outcome is printed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: the run record.
    Json,
}

/// One scenario under one load, run on each of its engines.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Unique in the plan, and safe as part of a file's name.
    pub name: String,
    /// What it asks, in a phrase.
    pub title: String,
    /// The scenario it was made from.
    pub scenario: String,
    /// Workload and question.
    pub case: scenarios::spec::CaseSpec,
    /// When events are due.
    pub load: Load,
    /// How far a watermark trails the greatest event time seen, in microseconds of event time.
    pub watermark_bound_us: i64,
    /// Where watermark marks stand.
    pub marks: Marks,
    /// After how long without an event a source partition holds the others back no longer.
    pub idle_after: Option<Duration>,
    /// Into how many source partitions the input is cut.
    pub partitions: usize,
    /// What is compared.
    pub engines: Vec<EngineSetting>,
    /// What carries events to engines in processes of their own, and their answers back.
    pub transport: Transport,
    /// Which processors engines in processes of their own have, and which this program has then.
    pub pinning: Pinning,
    /// How many workers each engine has.
    pub parallelism: usize,
    /// Of the input, and of a simulation's choices.
    pub seed: u64,
    /// How long.
    pub measure: Measure,
    /// What is demanded of its figures.
    pub thresholds: Vec<Threshold>,
    /// The settings that all of this was made from.
    pub settings: Settled,
    /// The cell as a scenario file in which every default is written.
    pub resolved_toml: String,
    /// Where it lies in a sweep, axis by axis; empty elsewhere.
    pub point: Vec<Coordinate>,
}

/// How long a run is. Events are due in `[0, warm_up + duration)`, however long the warm-up then
/// turns out to be.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// From the start; what falls due in it is answered and verified, and not measured. The most
    /// that it may be, where its end is looked for in the run.
    pub warm_up: Duration,
    /// From here on the end of the warm-up is looked for in the run; none if it is fixed.
    pub warm_up_floor: Option<Duration>,
    /// The measured stretch after it.
    pub duration: Duration,
    /// How much memory its input may take, in bytes, if it is made up; where it would take more, it goes
    /// round. None where it is to be made anew to its end, however much that takes.
    pub input_memory: Option<u64>,
}
