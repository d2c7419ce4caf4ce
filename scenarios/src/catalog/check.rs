//! What a case may not be: settings out of range, and questions that do not fit what is asked.
//!
//! Everything that passes here can be built without failing; only a trace can still turn out
//! not to be readable. It reads no file.

use crate::spec::{
    AggregateName, CaseSpec, DECIMALS_MAX, DelaySpec, DisorderSpec, KeysSpec, PAYLOAD_BYTES,
    QuerySpec, SilenceSpec, SyntheticSpec, TraceSpec, ValuesSpec, WordsSpec, WorkloadSpec,
};
use crate::workload::skew::TABLE_KEYS;
use crate::workload::trace::{is_delimiter, is_origin, is_zone};
use crate::workload::words::{DICTIONARY_MAX, WORDS_PER_LINE_MAX};
use engines::Timestamp;

pub(super) const NEEDS_WORDS: &str =
    "word-count counts the words of lines; give it a `words` source, or ask for a window instead";
pub(super) const WORDS_ARE_COUNTED: &str =
    "a word has no value, so there is nothing of it but how often it came; ask for \"count\" alone";
pub(super) const ONLY_WORDS: &str =
    "a `words` source has lines, not keys and values; ask word-count of it";

impl CaseSpec {
    /// Whether it can run. The message names the first setting that is wrong, and the remedy.
    pub fn check(&self) -> Result<(), String> {
        match &self.workload {
            WorkloadSpec::Synthetic(spec) => synthetic(spec)?,
            WorkloadSpec::Words(spec) => words(spec)?,
            WorkloadSpec::Trace(spec) => trace(spec)?,
        }
        match (&self.workload, &self.query) {
            (WorkloadSpec::Words(_), QuerySpec::WordCount { .. }) => Ok(()),
            (WorkloadSpec::Words(_), QuerySpec::Counted { aggregates, .. }) => {
                require(aggregates == &[AggregateName::Count], || WORDS_ARE_COUNTED.to_string())
            }
            (WorkloadSpec::Words(_), _) => Err(ONLY_WORDS.to_string()),
            (_, QuerySpec::WordCount { .. }) => Err(NEEDS_WORDS.to_string()),
            (_, QuerySpec::Identity) => Ok(()),
            (
                workload,
                QuerySpec::Window { aggregates, keyed, .. }
                | QuerySpec::Counted { aggregates, keyed, .. },
            ) => aggregated("window", workload, aggregates, *keyed),
            (workload, QuerySpec::Session { aggregates, keyed, .. }) => {
                aggregated("session", workload, aggregates, *keyed)
            }
            (workload, QuerySpec::Silence { aggregates, .. }) => {
                aggregated("silence", workload, aggregates, true)
            }
            (workload, QuerySpec::Join { .. }) => {
                aggregated("join", workload, &[AggregateName::Count], true)
            }
        }
    }
}

/// What is asked of the values in a window or session.
fn aggregated(
    what: &str,
    workload: &WorkloadSpec,
    aggregates: &[AggregateName],
    keyed: bool,
) -> Result<(), String> {
    require(!aggregates.is_empty(), || {
        format!("a {what} without aggregates has no answer; ask for \"count\"")
    })?;
    for (place, name) in aggregates.iter().enumerate() {
        require(!aggregates[..place].contains(name), || {
            format!("the aggregate {} is asked for twice", name.name())
        })?;
    }
    match workload {
        WorkloadSpec::Trace(TraceSpec { key: None, .. }) if keyed => Err(format!(
            "a {what} per key needs to know which column is the key; name it as `key`, or ask for a \
             {what} over all events"
        )),
        _ => Ok(()),
    }
}

fn synthetic(spec: &SyntheticSpec) -> Result<(), String> {
    match &spec.keys {
        KeysSpec::Uniform { count } => keys(*count)?,
        KeysSpec::Zipf { count, exponent } => {
            keys(*count)?;
            zipf(*exponent)?;
        }
        KeysSpec::Weights { ranks, weights } => weighted(ranks, weights)?,
    }
    require(spec.rotate_every.is_none_or(|every| !every.is_zero()), || {
        "the hot keys change after some time, not after none".to_string()
    })?;
    spec.silence.as_ref().map_or(Ok(()), silence)?;
    require(spec.decimals <= DECIMALS_MAX, || {
        format!("a value has at most {DECIMALS_MAX} decimals, not {}", spec.decimals)
    })?;
    match &spec.values {
        ValuesSpec::Constant(_) => {}
        ValuesSpec::Uniform { low, high } => require(low <= high, || {
            format!("uniform values need low ≤ high, not {low} and {high}")
        })?,
        ValuesSpec::Normal { mean, deviation } => {
            require(mean.is_finite(), || format!("normal values need a finite mean, not {mean}"))?;
            require(deviation.is_finite() && *deviation >= 0.0, || {
                format!("normal values need a deviation of 0 or more, not {deviation}")
            })?;
        }
        ValuesSpec::Quantiles(table) => quantiles("values", table)?,
    }
    require(PAYLOAD_BYTES.contains(&spec.payload_bytes), || {
        let sizes = PAYLOAD_BYTES.map(|bytes| bytes.to_string()).join(" or ");
        format!("a payload has {sizes} bytes, not {}", spec.payload_bytes)
    })?;
    event_time(spec.event_us_per_second, spec.origin)?;
    disorder(spec.disorder.as_ref())
}

fn words(spec: &WordsSpec) -> Result<(), String> {
    require((1..=DICTIONARY_MAX).contains(&spec.dictionary), || {
        format!("a dictionary has 1 to {DICTIONARY_MAX} words, not {}", spec.dictionary)
    })?;
    zipf(spec.exponent)?;
    require((1..=WORDS_PER_LINE_MAX as u64).contains(&spec.words_per_line), || {
        format!("a line has 1 to {WORDS_PER_LINE_MAX} words, not {}", spec.words_per_line)
    })?;
    event_time(spec.event_us_per_second, spec.origin)?;
    disorder(spec.disorder.as_ref())
}

fn trace(spec: &TraceSpec) -> Result<(), String> {
    // The bounds are those of the arrival clock, which counts whole microseconds per second.
    require((1e-6..=1e12).contains(&spec.speed), || {
        format!("a trace's speed is between 0.000001 and 1e12, not {}", spec.speed)
    })?;
    let notation = &spec.notation;
    notation.time_zone.as_deref().map_or(Ok(()), is_zone)?;
    notation.time_origin.as_deref().map_or(Ok(()), is_origin)?;
    let delimiter = notation.delimiter.map(String::from);
    delimiter.as_deref().map_or(Ok(()), is_delimiter)
}

fn disorder(spec: Option<&DisorderSpec>) -> Result<(), String> {
    let Some(DisorderSpec { fraction, delay, cap_us }) = spec else { return Ok(()) };
    require((0.0..=1.0).contains(fraction), || {
        format!("the fraction of delayed events is between 0 and 1, not {fraction}")
    })?;
    let at_least = |what: &str, least: i64, us: i64| {
        require(us >= least, || format!("{what} is at least {least} µs, not {us} µs"))
    };
    match delay {
        DelaySpec::Exponential { mean_us } => at_least("an exponential delay's mean", 1, *mean_us)?,
        DelaySpec::Pareto { scale_us, shape } => {
            at_least("a Pareto delay's scale", 1, *scale_us)?;
            require(shape.is_finite() && *shape > 0.0, || {
                format!("a Pareto delay's shape is above 0, not {shape}")
            })?;
        }
        DelaySpec::Uniform { low_us, high_us } => {
            at_least("a uniform delay's low", 0, *low_us)?;
            require(low_us <= high_us, || {
                format!("a uniform delay needs low ≤ high, not {low_us} µs and {high_us} µs")
            })?;
        }
        DelaySpec::Constant { us } => at_least("a constant delay", 0, *us)?,
        DelaySpec::Quantiles(table) => quantiles("delays", table)?,
    }
    cap_us.map_or(Ok(()), |us| at_least("a delay's cap", 0, us))
}

/// Quantiles of `what`, from the least to the greatest.
fn quantiles(what: &str, table: &[i64]) -> Result<(), String> {
    require(table.len() >= 2, || {
        format!("quantiles of {what} go from the least to the greatest: give at least two")
    })?;
    require(table.is_sorted(), || {
        format!("quantiles of {what} go from the least to the greatest: sort them")
    })
}

fn weighted(ranks: &[u64], weights: &[f64]) -> Result<(), String> {
    require(ranks.len() == weights.len(), || {
        format!("each rank has a weight: {} ranks, {} weights", ranks.len(), weights.len())
    })?;
    require(ranks.first() == Some(&1), || "the first rank is 1".to_string())?;
    require(ranks.is_sorted_by(|a, b| a < b), || "ranks ascend".to_string())?;
    require(ranks.last().is_some_and(|last| *last <= TABLE_KEYS), || {
        format!("at most {TABLE_KEYS} keys can have weights")
    })?;
    require(weights.iter().all(|weight| weight.is_finite() && *weight > 0.0), || {
        "a weight is above 0".to_string()
    })
}

fn silence(spec: &SilenceSpec) -> Result<(), String> {
    require(spec.share > 0.0 && spec.share < 1.0, || {
        format!("the share of keys that falls silent is between 0 and 1, not {}", spec.share)
    })?;
    require(!spec.lasts.is_zero() && !spec.flood.is_zero(), || {
        "a silence and the flood after it take some time".to_string()
    })?;
    require(spec.lasts.checked_add(spec.flood).is_some_and(|both| both <= spec.every), || {
        format!(
            "a silence of {:?} and a flood of {:?} do not fit into {:?}",
            spec.lasts, spec.flood, spec.every
        )
    })
}

fn keys(count: u64) -> Result<(), String> {
    require(count >= 1, || "there must be at least one key".to_string())
}

fn zipf(exponent: f64) -> Result<(), String> {
    require(exponent.is_finite() && exponent >= 0.0, || {
        format!("a Zipf exponent is 0 or more, not {exponent}")
    })
}

fn event_time(us_per_second: i64, origin: Timestamp) -> Result<(), String> {
    require(us_per_second >= 1, || {
        format!("at least 1 µs of event time passes in a second, not {us_per_second} µs")
    })?;
    require(origin.is_acceptable(), || {
        format!("no engine accepts an event time of {} µs as origin", origin.as_micros())
    })
}

fn require(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}
