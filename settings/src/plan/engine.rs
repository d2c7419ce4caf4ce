//! The engines there are, by name, and what can be set on each.
//!
//! What an engine does is not known here: that is what the drivers are for.

use super::Address;
use std::time::Duration;

/// One engine as it is set up for a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineSetting {
    /// Unique in the cell; the engine's name, with what distinguishes this setting in brackets.
    pub label: String,
    /// The engine and its settings.
    pub kind: EngineKind,
}

/// An engine and its settings.
#[derive(Clone, Debug, PartialEq)]
pub enum EngineKind {
    /// Collects for an interval, then computes.
    MicroBatch {
        /// How long it collects.
        interval: Duration,
        /// What windows are cut from.
        windows: WindowDomain,
        /// How windows are computed.
        algorithm: engines::Algorithm,
        /// How often a task is tried before the run fails.
        attempts: u32,
    },
    /// Lets each event through at once.
    PerEvent {
        /// How long a record may wait in a buffer that is not full.
        buffer_timeout: Duration,
        /// How many records fill a buffer.
        buffer_records: usize,
        /// How windows are computed.
        algorithm: engines::Algorithm,
        /// How an idle worker waits.
        waiting: engines::Patience,
        /// Whether one event is taken at a time, without a look at what else is due.
        strict: bool,
    },
    /// Apache Flink, in a process of its own.
    Flink(FlinkSetting),
    /// Apache Spark's Structured Streaming in micro-batches, in a process of its own.
    SparkStructured(SparkSetting),
    /// Apache Spark's Structured Streaming in real-time or continuous mode, in a process of its own.
    SparkRealTime(RealTimeSetting),
    /// Apache Spark's DStreams, in a process of its own.
    SparkDstream(DstreamSetting),
    /// Apache Storm, in a process of its own.
    Storm(StormSetting),
}

/// How Apache Spark is set up. What is not here is as Spark has it by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparkSetting {
    /// Which release: major and minor number, such as `4.2`.
    pub version: String,
    /// From one batch to the next; zero for as fast as possible.
    pub trigger: Duration,
    /// Where state is kept: `hdfs`, which is on the heap with files beside it, or `rocksdb`.
    pub state: String,
    /// Into how many parts records are shuffled; zero for as many as there are workers.
    pub shuffle_partitions: usize,
    /// How many records a batch holds at most; zero for no limit.
    pub max_records_per_batch: u64,
    /// The most memory of its heap, in bytes; of each executor, on a cluster.
    pub heap_bytes: u64,
    /// The cluster that runs its tasks; none for a process of ours.
    pub cluster: Option<SparkCluster>,
}

/// A cluster of the user's own, of which a process of ours is the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparkCluster {
    /// Its master.
    pub master: Address,
    /// The host at which its executors find the driver.
    pub reach: String,
}

/// How Apache Spark's real-time or continuous mode is set up. What is not here is as Spark has it by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealTimeSetting {
    /// Which release: major and minor number, such as `4.2`.
    pub version: String,
    /// How rows go through: `real-time` or `continuous`.
    pub mode: String,
    /// How long a batch lasts, or an epoch: from one checkpoint to the next.
    pub batch: Duration,
    /// The most memory of its heap, in bytes.
    pub heap_bytes: u64,
}

impl RealTimeSetting {
    /// Whether its tasks run on and on.
    pub fn is_continuous(&self) -> bool {
        self.mode == "continuous"
    }
}

/// How Apache Spark's DStreams are set up. What is not here is as Spark has it by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DstreamSetting {
    /// Which release: major and minor number, such as `4.2`.
    pub version: String,
    /// How long a batch collects.
    pub interval: Duration,
    /// How windows are computed: `recompute` adds all batches of each, `inverse` takes out what leaves.
    pub algorithm: String,
    /// The most memory of its heap, in bytes; of each executor, on a cluster.
    pub heap_bytes: u64,
    /// The cluster that runs its receivers and tasks; none for a process of ours.
    pub cluster: Option<SparkCluster>,
}

/// How Apache Flink is set up. What is not here is as Flink has it by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlinkSetting {
    /// Which release: major and minor number, such as `2.3`.
    pub version: String,
    /// Which of its interfaces is asked: `datastream` or `sql`.
    pub api: String,
    /// How long a record may wait in a buffer that is not full.
    pub buffer_timeout: Duration,
    /// Whether operators of a chain hand on the same object instead of a copy.
    pub object_reuse: bool,
    /// From one checkpoint to the next; zero for none.
    pub checkpoint_interval: Duration,
    /// Where state is kept: `hashmap`, which is on the heap, or `rocksdb`, which is on disk.
    pub state: String,
    /// The most memory of its heap, in bytes, where it runs in a process of ours.
    pub heap_bytes: u64,
    /// The cluster that runs it; none for a process of ours.
    pub cluster: Option<FlinkCluster>,
}

impl FlinkSetting {
    /// Whether it is asked in SQL.
    pub fn asks_sql(&self) -> bool {
        self.api == "sql"
    }
}

/// How Apache Storm is set up. What is not here is as Storm has it by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StormSetting {
    /// Which release: major and minor number, such as `2.8`.
    pub version: String,
    /// Over how many workers its tasks are spread: all of them in its process, or those of a cluster.
    pub workers: usize,
    /// How many tasks track tuples until they are acknowledged; zero for no tracking.
    pub ackers: usize,
    /// How many tuples of a spout may be under way and not acknowledged.
    pub max_spout_pending: usize,
    /// What closes windows: `marks`, a bolt that acts on the marks of the input, or `storm`, its own.
    pub windows: String,
    /// How often its own windows look how far event time has come.
    pub watermark_interval: Duration,
    /// After how long an event that is not acknowledged is taken for lost.
    pub message_timeout: Duration,
    /// The most memory of its heap, in bytes, where it runs in a process of ours.
    pub heap_bytes: u64,
    /// The cluster that runs it; none for a process of ours.
    pub cluster: Option<StormCluster>,
}

impl StormSetting {
    /// What [`Self::windows`] says where they are its own.
    pub const OWN_WINDOWS: &'static str = "storm";

    /// Whether windows are its own.
    pub fn has_own_windows(&self) -> bool {
        self.windows == Self::OWN_WINDOWS
    }
}

/// A cluster of the user's own, to which a process of ours submits its topology.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StormCluster {
    /// Where its Nimbuses take calls, one at least; the first that answers is used.
    pub nimbuses: Vec<Address>,
    /// The host at which its workers find this program and that process.
    pub reach: Address,
}

/// A cluster of the user's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlinkCluster {
    /// Where its REST interface is.
    pub rest: Address,
    /// Where its workers find this program; port 0 for whichever is free.
    pub reach: Address,
}

impl EngineKind {
    /// That collects for an interval, by name.
    pub const MICRO_BATCH: &'static str = "micro-batch";
    /// That lets each event through at once, by name.
    pub const PER_EVENT: &'static str = "per-event";

    /// Apache Flink, by name.
    pub const FLINK: &'static str = "flink";

    /// Apache Spark's Structured Streaming, by name.
    pub const SPARK_STRUCTURED: &'static str = "spark-structured";

    /// Apache Spark's real-time mode, by name.
    pub const SPARK_REAL_TIME: &'static str = "spark-real-time";

    /// Apache Spark's DStreams, by name.
    pub const SPARK_DSTREAM: &'static str = "spark-dstream";

    /// Apache Storm, by name.
    pub const STORM: &'static str = "storm";

    /// The names of the engines, in the order in which they are reported. There is no other list
    /// of them.
    pub const NAMES: [&'static str; 7] = [
        Self::MICRO_BATCH,
        Self::PER_EVENT,
        Self::FLINK,
        Self::SPARK_STRUCTURED,
        Self::SPARK_REAL_TIME,
        Self::SPARK_DSTREAM,
        Self::STORM,
    ];

    /// The names of those that are part of this program: what runs where nobody names an engine.
    pub const EMBEDDED: [&'static str; 2] = [Self::MICRO_BATCH, Self::PER_EVENT];

    /// The engine's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::MicroBatch { .. } => Self::MICRO_BATCH,
            Self::PerEvent { .. } => Self::PER_EVENT,
            Self::Flink(_) => Self::FLINK,
            Self::SparkStructured(_) => Self::SPARK_STRUCTURED,
            Self::SparkRealTime(_) => Self::SPARK_REAL_TIME,
            Self::SparkDstream(_) => Self::SPARK_DSTREAM,
            Self::Storm(_) => Self::STORM,
        }
    }

    /// Whether it is part of this program; one that is not runs in a process of its own, which has
    /// to be installed, started and warmed up.
    pub fn is_embedded(&self) -> bool {
        Self::EMBEDDED.contains(&self.name())
    }

    /// Whether a cluster of the user's own does its work.
    pub const fn is_elsewhere(&self) -> bool {
        match self {
            Self::Flink(setting) => setting.cluster.is_some(),
            Self::SparkStructured(setting) => setting.cluster.is_some(),
            Self::SparkDstream(setting) => setting.cluster.is_some(),
            Self::Storm(setting) => setting.cluster.is_some(),
            Self::MicroBatch { .. } | Self::PerEvent { .. } | Self::SparkRealTime(_) => false,
        }
    }

    /// The name of the engine that a label belongs to: it begins with it.
    pub fn labelled(label: &str) -> Option<&'static str> {
        Self::NAMES.into_iter().find(|name| label.starts_with(name))
    }

    /// For how long it collects before it computes; none for one that does not.
    pub const fn interval(&self) -> Option<Duration> {
        match self {
            Self::MicroBatch { interval, .. } => Some(*interval),
            Self::SparkDstream(setting) => Some(setting.interval),
            Self::PerEvent { .. }
            | Self::Flink(_)
            | Self::SparkStructured(_)
            | Self::SparkRealTime(_)
            | Self::Storm(_) => None,
        }
    }

    /// From one batch to the next, where batches begin by the clock with whatever has come by then; none
    /// for one that begins them as soon as it can.
    pub const fn trigger(&self) -> Option<Duration> {
        match self {
            Self::SparkStructured(setting) if !setting.trigger.is_zero() => Some(setting.trigger),
            Self::MicroBatch { .. }
            | Self::PerEvent { .. }
            | Self::Flink(_)
            | Self::SparkStructured(_)
            | Self::SparkRealTime(_)
            | Self::SparkDstream(_)
            | Self::Storm(_) => None,
        }
    }

    /// Whether it computes on batches that take as long as they take, one after the other.
    pub const fn has_free_batches(&self) -> bool {
        matches!(self, Self::SparkStructured(_))
    }
}

/// How long a JVM warms up at least, as it compiles what it runs while it runs it.
pub const JVM_WARM_UP: Duration = Duration::from_secs(20);

/// What the micro-batch engine cuts windows from.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Default)]
pub enum WindowDomain {
    /// From event time; a watermark per batch says when a window is complete.
    #[default]
    EventTime,
    /// From batches: what arrived in an interval belongs to it.
    Batches,
}
