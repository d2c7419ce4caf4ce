//! What shall run, in plain values: what arrives, and what is asked of it.
//!
//! Nothing here is a type of an event or of a question, and nothing is parsed: how a scenario
//! file spells these things belongs to the harness, and what becomes of them to the catalog, which
//! also says which of them contradict themselves.

pub use crate::decimal::DECIMALS_MAX;

use engines::{CountSpec, JoinSpec, SessionSpec, Timestamp, WindowSpec};
use std::path::PathBuf;
use std::time::Duration;

/// A question and what it is asked of.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseSpec {
    /// What arrives.
    pub workload: WorkloadSpec,
    /// What is asked.
    pub query: QuerySpec,
}

/// What arrives.
#[derive(Clone, Debug, PartialEq)]
pub enum WorkloadSpec {
    /// Events with a key and a value, made up.
    Synthetic(SyntheticSpec),
    /// Lines of words, made up.
    Words(WordsSpec),
    /// Events from a recorded file.
    Trace(TraceSpec),
}

impl WorkloadSpec {
    /// Whether what an event says depends on its number alone, so that a stretch of them can be
    /// played round and round: not where keys change with the time, and not of a trace.
    pub const fn can_go_round(&self) -> bool {
        match self {
            Self::Synthetic(made) => made.rotate_every.is_none() && made.silence.is_none(),
            Self::Words(_) => true,
            Self::Trace(_) => false,
        }
    }

    /// How many keys or words there are, and how many of them are drawn for each event; none of a
    /// trace.
    pub fn draws(&self) -> Option<(u64, u64)> {
        match self {
            Self::Synthetic(made) => Some((made.keys.count(), 1)),
            Self::Words(made) => Some((made.dictionary, made.words_per_line)),
            Self::Trace(_) => None,
        }
    }
}

/// Events with a key and a value, made up.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntheticSpec {
    /// How often each key occurs.
    pub keys: KeysSpec,
    /// After how much run time other keys become the frequent ones; `None` for never.
    pub rotate_every: Option<Duration>,
    /// What the values are, in units of 10^-decimals.
    pub values: ValuesSpec,
    /// How many digits of a value stand behind its point; at most [`DECIMALS_MAX`].
    pub decimals: u8,
    /// How many bytes each event carries beside its key and value: one of [`PAYLOAD_BYTES`].
    pub payload_bytes: usize,
    /// Which events are older than their arrival; `None` for none.
    pub disorder: Option<DisorderSpec>,
    /// Which keys fall silent from time to time; `None` for none.
    pub silence: Option<SilenceSpec>,
    /// Microseconds of event time that pass in a second of the run.
    pub event_us_per_second: i64,
    /// The event time at the run's start.
    pub origin: Timestamp,
}

/// The payloads an event can carry, in bytes. A payload lies inside its event, since an
/// allocation for each would outweigh what is measured; so each size is a type, compiled in.
pub const PAYLOAD_BYTES: [usize; 2] = [0, 256];

/// How often each key occurs.
#[derive(Clone, Debug, PartialEq)]
pub enum KeysSpec {
    /// All equally often.
    Uniform {
        /// How many keys.
        count: u64,
    },
    /// The key of rank r (from 1) in proportion to r^-exponent.
    Zipf {
        /// How many keys.
        count: u64,
        /// 0 is uniform, 1 is the classic law.
        exponent: f64,
    },
    /// As measured somewhere: a power law between one given rank and the next.
    Weights {
        /// Ascending, from 1 to the number of keys.
        ranks: Vec<u64>,
        /// How often the key of each of these ranks occurs, in any unit.
        weights: Vec<f64>,
    },
}

impl KeysSpec {
    /// How many keys there are.
    pub fn count(&self) -> u64 {
        match self {
            Self::Uniform { count } | Self::Zipf { count, .. } => *count,
            Self::Weights { ranks, .. } => ranks.last().copied().unwrap_or(1),
        }
    }
}

/// Keys that fall silent together and then send all at once what they had to say, as a part of a
/// network does that loses its uplink. How many events arrive does not change, only whose.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct SilenceSpec {
    /// The share of the keys; other keys each time.
    pub share: f64,
    /// From one flood's end to the next.
    pub every: Duration,
    /// How long these keys are silent.
    pub lasts: Duration,
    /// How long it takes them afterwards to send what they held back.
    pub flood: Duration,
}

/// What the values are.
#[derive(Clone, Debug, PartialEq)]
pub enum ValuesSpec {
    /// Always the same.
    Constant(i64),
    /// Any of these equally often.
    Uniform {
        /// The smallest.
        low: i64,
        /// The largest.
        high: i64,
    },
    /// A normal distribution, rounded to integers; it stops at the ends of `i64`.
    Normal {
        /// Where it is centred.
        mean: f64,
        /// Its standard deviation.
        deviation: f64,
    },
    /// As measured somewhere: evenly spaced quantiles from the smallest to the largest, straight
    /// in between.
    Quantiles(Vec<i64>),
}

/// Which events are older than their arrival, and by how much.
#[derive(Clone, Debug, PartialEq)]
pub struct DisorderSpec {
    /// The share of events that is delayed, 0 to 1.
    pub fraction: f64,
    /// How long these were on their way.
    pub delay: DelaySpec,
    /// The longest delay, in microseconds of event time; longer ones become this.
    pub cap_us: Option<i64>,
}

/// How long a delayed event was on its way, in microseconds of event time.
#[derive(Clone, Debug, PartialEq)]
pub enum DelaySpec {
    /// An exponential distribution.
    Exponential {
        /// Its mean.
        mean_us: i64,
    },
    /// A Pareto distribution: many short delays, a few very long ones.
    Pareto {
        /// The shortest delay.
        scale_us: i64,
        /// The tail's exponent; at 1 or below the mean is infinite.
        shape: f64,
    },
    /// Any of these equally often.
    Uniform {
        /// The shortest.
        low_us: i64,
        /// The longest.
        high_us: i64,
    },
    /// Always the same.
    Constant {
        /// How long.
        us: i64,
    },
    /// As measured somewhere: evenly spaced quantiles from the shortest to the longest, straight
    /// in between. Below zero, an event is announced before it happens.
    Quantiles(Vec<i64>),
}

/// Lines of words, made up.
#[derive(Clone, Debug, PartialEq)]
pub struct WordsSpec {
    /// How many words there are.
    pub dictionary: u64,
    /// The word of rank r (from 1) occurs in proportion to r^-exponent.
    pub exponent: f64,
    /// How many words stand on a line; at most `workload::words::WORDS_PER_LINE_MAX`.
    pub words_per_line: u64,
    /// Which lines are older than their arrival; `None` for none.
    pub disorder: Option<DisorderSpec>,
    /// Microseconds of event time that pass in a second of the run.
    pub event_us_per_second: i64,
    /// The event time at the run's start.
    pub origin: Timestamp,
}

/// Events from a recorded file: CSV with a header, plain or gzip.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceSpec {
    /// The file.
    pub path: PathBuf,
    /// The column with the time an event reached us: order and pace.
    pub arrival: String,
    /// The column with the time it happened.
    pub event_time: String,
    /// The column with its key; `None` for none.
    pub key: Option<String>,
    /// The column with its value, or two as `a * b`; `None` counts each event as 1.
    pub value: Option<String>,
    /// Seconds of the trace in a second of the run.
    pub speed: f64,
    /// What a row that cannot be read means.
    pub on_bad_row: OnBadRow,
    /// How the file writes what is in it.
    pub notation: NotationSpec,
}

/// How a recorded file writes what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotationSpec {
    /// What a number in a column of times counts; `None` to go by its magnitude.
    pub time_unit: Option<TimeUnit>,
    /// The IANA name of the time zone of times that name no offset; `None` for UTC.
    pub time_zone: Option<String>,
    /// The time that numbers in a column of times count from; `None` for the Unix epoch.
    pub time_origin: Option<String>,
    /// What stands between two fields, an ASCII character; `None` for whichever of comma, tab,
    /// semicolon and bar parts the first line into the columns that are named.
    pub delimiter: Option<char>,
    /// Whether a comma stands before the decimals of a number, and no point.
    pub decimal_comma: bool,
    /// Whether the first line names the columns; if not, they are called by number, from 1.
    pub header: bool,
}

impl Default for NotationSpec {
    fn default() -> Self {
        Self {
            time_unit: None,
            time_zone: None,
            time_origin: None,
            delimiter: None,
            decimal_comma: false,
            header: true,
        }
    }
}

/// What a number in a column of times counts.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
}

impl TimeUnit {
    /// All of them, from the longest to the shortest.
    pub const ALL: [Self; 4] = [Self::Seconds, Self::Millis, Self::Micros, Self::Nanos];

    /// Its name in a scenario file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Millis => "ms",
            Self::Micros => "us",
            Self::Nanos => "ns",
        }
    }

    /// Its name in a sentence.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Millis => "milliseconds",
            Self::Micros => "microseconds",
            Self::Nanos => "nanoseconds",
        }
    }
}

/// What a row that cannot be read means.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum OnBadRow {
    /// The trace cannot be used.
    #[default]
    Fail,
    /// The row is left out, counted and listed.
    Reject,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum QuerySpec {
    /// Nothing: each event is its own answer.
    Identity,
    /// How often each word was seen, per window.
    WordCount {
        /// How time is cut.
        window: WindowSpec,
    },
    /// Aggregates of the values, per window.
    Window {
        /// How time is cut.
        window: WindowSpec,
        /// Which aggregates, in the order they are shown.
        aggregates: Vec<AggregateName>,
        /// Per key, or over all events.
        keyed: bool,
    },
    /// Aggregates of the values, per session.
    Session {
        /// How sessions are found.
        session: SessionSpec,
        /// Which aggregates, in the order they are shown.
        aggregates: Vec<AggregateName>,
        /// Per key, or over all events.
        keyed: bool,
    },
    /// Aggregates of the values, per window of counted events; of lines, how often each word was in one.
    Counted {
        /// How events are counted.
        count: CountSpec,
        /// Which aggregates, in the order they are shown.
        aggregates: Vec<AggregateName>,
        /// Per key, or over all events.
        keyed: bool,
    },
    /// Aggregates of what was heard of each key before it fell silent.
    Silence {
        /// Which silences.
        silence: engines::SilenceSpec,
        /// Which aggregates, in the order they are shown.
        aggregates: Vec<AggregateName>,
    },
    /// Pairs of events with one key.
    Join {
        /// How they are joined.
        join: JoinSpec,
        /// Events with values below this, as values are shown, are the left side.
        left_below: i64,
    },
}

/// An aggregate that can be asked for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum AggregateName {
    /// How many.
    Count,
    /// Their sum.
    Sum,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// Sum over count.
    Mean,
}

impl AggregateName {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Count, Self::Sum, Self::Min, Self::Max, Self::Mean];

    /// Its name in a scenario file, and the heading of its column.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
            Self::Mean => "mean",
        }
    }
}
