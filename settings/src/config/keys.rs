//! Every key there is, once: what it means, what it takes, what it is when nobody says.
//!
//! Reading, "did you mean", `describe`, the JSON schema and the resolved file all go by this
//! table. It knows no file and no value.

use super::schema::{Key, Kind, Unsaid};
use crate::plan::{EngineKind, Transport};
use scenarios::spec::{DECIMALS_MAX, PAYLOAD_BYTES};
use scenarios::workload::words;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The key at a path.
pub fn key(path: &str) -> Option<&'static Key> {
    static BY_PATH: LazyLock<HashMap<&str, &Key>> =
        LazyLock::new(|| KEYS.iter().map(|key| (key.path, key)).collect());
    BY_PATH.get(path).copied()
}

/// The keys of the table at a path, in reading order.
pub fn children(path: &str) -> impl Iterator<Item = &'static Key> + use<> {
    static BY_PARENT: LazyLock<HashMap<&str, Vec<&Key>>> = LazyLock::new(|| {
        let mut all = HashMap::<_, Vec<_>>::new();
        for key in KEYS.iter().filter(|key| key.path != "suite") {
            all.entry(key.parent()).or_default().push(key);
        }
        all
    });
    BY_PARENT.get(path).into_iter().flatten().copied()
}

/// Whether choosing a key of this table replaces the choice that was made before.
pub(crate) fn replaces(path: &str) -> bool {
    matches!(key(path), Some(Key { kind: Kind::Pick { replace: true }, .. }))
}

/// The key beside this one that says the same in another way, so that one takes the place of the
/// other.
pub(crate) fn rival(path: &str) -> Option<&'static Key> {
    let own = key(path)?;
    let stands_for = |one: &Key, other: &Key| matches!(one.unsaid, Unsaid::IsWithout(name, _) if name == other.name());
    children(own.parent()).find(|other| stands_for(own, other) || stands_for(other, own))
}

const fn row(path: &'static str, kind: Kind, unsaid: Unsaid, meaning: &'static str) -> Key {
    Key { path, kind, unsaid, meaning }
}

const ALGORITHMS: Kind = Kind::Choice(&["auto", "recompute", "slices", "inverse", "two-stacks"]);
const EXISTING: Kind = Kind::Integer { least: 1, most: i64::MAX as i128 };
const ANY: Kind = Kind::Integer { least: i64::MIN as i128, most: i64::MAX as i128 };
const AT_LEAST_ZERO: Kind = Kind::Number { least: 0.0, most: f64::INFINITY };
const PARTITIONS: Kind = Kind::Integer { least: 1, most: 1_024 };
const DELAY: Kind = Kind::EventTime { least_us: 0 };
const SIGNED: Kind = Kind::EventTime { least_us: i64::MIN };
const LENGTH: Kind = Kind::EventTime { least_us: 1 };
const NOT_YET: Kind = Kind::NotYet;
const RATE: Kind = Kind::OrTable(&Kind::Rate);
const ARRIVALS: Kind = Kind::OrTable(&Kind::Choice(&["even", "poisson"]));
const SHAPE: Kind =
    Kind::Choice(&["constant", "steps", "ramp", "sine", "burst", "on-off", "outage", "profile"]);
/// The longest batch: nothing is computed, and nothing can end, before it closes.
const HOUR_NS: u64 = 3_600_000_000_000;

/// The longest that anything of a run takes: thirty days.
const MONTH_NS: u64 = 30 * 24 * HOUR_NS;

/// The heaps that a JVM can be given, in bytes.
const HEAPS: [usize; 7] = [256 << 20, 512 << 20, 1 << 30, 2 << 30, 4 << 30, 8 << 30, 16 << 30];

/// The same of Spark, which does not start with less than 450 MiB.
const HEAPS_OF_SPARK: [usize; 6] = [512 << 20, 1 << 30, 2 << 30, 4 << 30, 8 << 30, 16 << 30];

/// How much memory the input of a run may take, in bytes.
const INPUT_MEMORY: Kind = Kind::Size(&[
    16 << 20,
    32 << 20,
    64 << 20,
    128 << 20,
    256 << 20,
    512 << 20,
    1 << 30,
    2 << 30,
    4 << 30,
    8 << 30,
    16 << 30,
    32 << 30,
    64 << 30,
]);

const STRETCH: Kind = Kind::RunTime { least_ns: 1_000, most_ns: MONTH_NS };

/// A sine is drawn in pieces, and a profile may have thousands of steps.
const PERIOD: Kind = Kind::RunTime { least_ns: 1_000_000, most_ns: MONTH_NS };

const PARTITIONS_MEAN: &str = "into how many source partitions the input is cut";
const PERIOD_MEANS: &str = "a watermark mark stands after the last event due in each such stretch of the run: what an answer waits for a mark at most, at any rate";
const EVERY_MEANS: &str = "in place of watermark_period: after how many events of a partition a watermark mark follows; 1 is after each";
const IDLE_MEANS: &str = "after how long without an event, in time of the run, a source partition no longer holds the watermark of the others back";
const DENSITY_MEANS: &str = "how much event time passes in a second of the run";
const PER_EVENT_MEANS: &str = "in place of event_time_per_second: how much event time passes with each event, so that a window holds as many at whichever rate, and `limit` searches what they cost; of a constant rate";
const ARRIVALS_MEAN: &str = "whether events are due at equal distances or at random ones";
const DISORDER_MEANS: &str = "events that are older than their arrival";
const FRACTION_MEANS: &str = "the share of events that is delayed, 0 to 1";
const DELAY_MEANS: &str = "how long delayed events were on their way, in event time";
const CAP_MEANS: &str = "the longest delay; longer ones become this";
const ALGORITHM_MEANS: &str =
    "how windows are computed; \"auto\" is the cheapest that the aggregates allow";

const THRESHOLD_MEANS: &str = "what `check` holds a run against";
const METRIC_MEANS: &str = "the figure; all of them: sluicebench list metrics";
const OF_ENGINE_MEANS: &str = "the engine's name or label; every engine, where none is named";
const BELOW_MEANS: &str = "the figure must lie below this";
const ABOVE_MEANS: &str = "the figure must lie above this";
const WORSE_BY_MEANS: &str = "how much worse than a baseline the figure may be, such as \"10%\": violated where the whole interval lies beyond it, passed where none of it does; `plan` says how many repetitions that takes";
const METRIC_EXAMPLE: Unsaid = Unsaid::Required("metric = \"result_latency.p99\"");

/// The rows, in reading order.
#[rustfmt::skip] // One key in a row, as in a table.
pub static KEYS: &[Key] = &[
    row("name", Kind::Name, Unsaid::Required("name = \"my-scenario\""), "what the scenario is called, in reports and file names"),
    row("title", Kind::Text, Unsaid::Is("\"\""), "what it asks, in a phrase"),
    row("scenario", Kind::Name, Unsaid::Same("name"), "the scenario that this one was made from"),
    row("seed", Kind::Integer { least: 0, most: i64::MAX as i128 }, Unsaid::Is("42"), "of the input; the same seed gives the same events"),
    row("parallelism", Kind::Integer { least: 1, most: 256 }, Unsaid::Is("1"), "how many workers each engine has"),

    row("source", Kind::Pick { replace: false }, Unsaid::Required("[source.synthetic]"), "what arrives, and when"),
    row("source.synthetic", Kind::Table, Unsaid::Absent, "events with a key and a value, made up from the seed"),
    row("source.synthetic.rate", RATE, Unsaid::Required("rate = \"50k/s\""), "how many events are due per second"),
    row("source.synthetic.rate.shape", SHAPE, Unsaid::Required("shape = \"sine\""), "how the rate changes"),
    row("source.synthetic.rate.rate", Kind::Rate, Unsaid::Absent, "the rate of \"constant\", \"outage\", and \"on-off\" while it is on"),
    row("source.synthetic.rate.rates", Kind::List(&Kind::Rate), Unsaid::Absent, "the rates of \"steps\", one after the other; the last one stays"),
    row("source.synthetic.rate.from", Kind::Rate, Unsaid::Absent, "where a \"ramp\" starts"),
    row("source.synthetic.rate.to", Kind::Rate, Unsaid::Absent, "where a \"ramp\" ends, and stays"),
    row("source.synthetic.rate.over", STRETCH, Unsaid::Absent, "how long a \"ramp\" takes"),
    row("source.synthetic.rate.mean", Kind::Rate, Unsaid::Absent, "the middle of a \"sine\", and the average of a \"profile\""),
    row("source.synthetic.rate.amplitude", Kind::Rate, Unsaid::Absent, "how far a \"sine\" goes from its mean"),
    row("source.synthetic.rate.period", PERIOD, Unsaid::Absent, "how long a \"sine\" or a \"profile\" takes before it repeats"),
    row("source.synthetic.rate.weights", Kind::List(&AT_LEAST_ZERO), Unsaid::Absent, "the heights of the steps of a \"profile\", in any unit"),
    row("source.synthetic.rate.base", Kind::Rate, Unsaid::Absent, "the rate between bursts"),
    row("source.synthetic.rate.peak", Kind::Rate, Unsaid::Absent, "the rate during a \"burst\""),
    row("source.synthetic.rate.every", PERIOD, Unsaid::Absent, "how long each of the \"steps\" is; for \"burst\", from the end of one burst to the end of the next"),
    row("source.synthetic.rate.on", STRETCH, Unsaid::Absent, "how long \"on-off\" is on"),
    row("source.synthetic.rate.off", STRETCH, Unsaid::Absent, "how long \"on-off\" is off"),
    row("source.synthetic.rate.at", Kind::RunTime { least_ns: 0, most_ns: MONTH_NS }, Unsaid::Absent, "when an \"outage\" begins"),
    row("source.synthetic.rate.lasts", STRETCH, Unsaid::Absent, "how long a \"burst\" or an \"outage\" is"),
    row("source.synthetic.rate.catch_up", Kind::Rate, Unsaid::Absent, "the rate at which what an \"outage\" held up comes in after it; all at once, where nobody says"),
    row("source.synthetic.arrivals", ARRIVALS, Unsaid::Is("\"even\""), ARRIVALS_MEAN),
    row("source.synthetic.arrivals.gaps", Kind::List(&AT_LEAST_ZERO), Unsaid::Required("gaps = [0, 0.5, 1, 4]"), "as measured somewhere: evenly spaced quantiles of the gap between two events, from the shortest to the longest, in any unit"),
    row("source.synthetic.arrivals.together", Kind::Number { least: 0.0, most: 0.999_999 }, Unsaid::Is("0.0"), "the share of events that come together with the one before, without any gap"),
    row("source.synthetic.partitions", PARTITIONS, Unsaid::Is("1"), PARTITIONS_MEAN),
    row("source.synthetic.event_time_per_second", LENGTH, Unsaid::IsWithout("event_time_per_event", "\"1s\""), DENSITY_MEANS),
    row("source.synthetic.event_time_per_event", LENGTH, Unsaid::Absent, PER_EVENT_MEANS),
    row("source.synthetic.keys", Kind::Pick { replace: true }, Unsaid::Is("{ uniform = { count = 1000 } }"), "how often each key occurs"),
    row("source.synthetic.keys.uniform", Kind::Inline, Unsaid::Absent, "all keys equally often"),
    row("source.synthetic.keys.uniform.count", EXISTING, Unsaid::Required("count = 1000"), "how many keys there are"),
    row("source.synthetic.keys.zipf", Kind::Inline, Unsaid::Absent, "the key of rank r in proportion to r^-exponent"),
    row("source.synthetic.keys.zipf.count", EXISTING, Unsaid::Required("count = 1000"), "how many keys there are"),
    row("source.synthetic.keys.zipf.exponent", AT_LEAST_ZERO, Unsaid::Is("1.0"), "how uneven: 0 is uniform, 1 the classic law"),
    row("source.synthetic.keys.zipf.rotate_every", STRETCH, Unsaid::Absent, "after how much run time other keys become the hot ones"),
    row("source.synthetic.keys.weights", Kind::Inline, Unsaid::Absent, "as measured somewhere: a power law from each given rank to the next"),
    row("source.synthetic.keys.weights.ranks", Kind::List(&EXISTING), Unsaid::Required("ranks = [1, 2, 100]"), "ranks, from 1 to the number of keys"),
    row("source.synthetic.keys.weights.weights", Kind::List(&Kind::Positive), Unsaid::Required("weights = [40, 25, 1]"), "how often the key of each of these ranks occurs, in any unit"),
    row("source.synthetic.values", Kind::Pick { replace: true }, Unsaid::Is("{ uniform = { low = -100, high = 100 } }"), "what the values are"),
    row("source.synthetic.values.uniform", Kind::Inline, Unsaid::Absent, "any value of a range equally often"),
    row("source.synthetic.values.uniform.low", ANY, Unsaid::Required("low = -100"), "the smallest value"),
    row("source.synthetic.values.uniform.high", ANY, Unsaid::Required("high = 100"), "the largest value"),
    row("source.synthetic.values.normal", Kind::Inline, Unsaid::Absent, "a normal distribution, rounded to integers"),
    row("source.synthetic.values.normal.mean", Kind::Number { least: f64::NEG_INFINITY, most: f64::INFINITY }, Unsaid::Required("mean = 0.0"), "where it is centred"),
    row("source.synthetic.values.normal.deviation", AT_LEAST_ZERO, Unsaid::Required("deviation = 10.0"), "its standard deviation"),
    row("source.synthetic.values.constant", ANY, Unsaid::Absent, "always this value"),
    row("source.synthetic.values.quantiles", Kind::List(&ANY), Unsaid::Absent, "as measured somewhere: evenly spaced quantiles, from the smallest value to the largest"),
    row("source.synthetic.decimals", Kind::Integer { least: 0, most: DECIMALS_MAX as i128 }, Unsaid::Is("0"), "how many digits of a value stand behind its point: with 2, the value 1250 is shown as 12.50"),
    row("source.synthetic.payload", Kind::Size(&PAYLOAD_BYTES), Unsaid::Is("\"0B\""), "how many bytes an event carries beside its key and value"),
    row("source.synthetic.disorder", Kind::Table, Unsaid::Absent, DISORDER_MEANS),
    row("source.synthetic.disorder.fraction", Kind::Number { least: 0.0, most: 1.0 }, Unsaid::RequiredWithout("silence", "fraction = 0.1"), FRACTION_MEANS),
    row("source.synthetic.disorder.delay", Kind::Pick { replace: true }, Unsaid::RequiredWithout("silence", "delay = { exponential = { mean = \"100ms\" } }"), DELAY_MEANS),
    row("source.synthetic.disorder.delay.exponential", Kind::Inline, Unsaid::Absent, "an exponential distribution"),
    row("source.synthetic.disorder.delay.exponential.mean", LENGTH, Unsaid::Required("mean = \"100ms\""), "its mean"),
    row("source.synthetic.disorder.delay.exponential.cap", DELAY, Unsaid::Absent, CAP_MEANS),
    row("source.synthetic.disorder.delay.pareto", Kind::Inline, Unsaid::Absent, "many short delays and a few very long ones"),
    row("source.synthetic.disorder.delay.pareto.scale", LENGTH, Unsaid::Required("scale = \"50ms\""), "the shortest delay"),
    row("source.synthetic.disorder.delay.pareto.shape", Kind::Positive, Unsaid::Required("shape = 1.3"), "the tail's exponent; at 1 or below the mean is infinite"),
    row("source.synthetic.disorder.delay.pareto.cap", DELAY, Unsaid::Absent, CAP_MEANS),
    row("source.synthetic.disorder.delay.uniform", Kind::Inline, Unsaid::Absent, "any delay of a range equally often"),
    row("source.synthetic.disorder.delay.uniform.low", DELAY, Unsaid::Required("low = \"0s\""), "the shortest delay"),
    row("source.synthetic.disorder.delay.uniform.high", DELAY, Unsaid::Required("high = \"1s\""), "the longest delay"),
    row("source.synthetic.disorder.delay.constant", DELAY, Unsaid::Absent, "always this delay"),
    row("source.synthetic.disorder.delay.quantiles", Kind::List(&SIGNED), Unsaid::Absent, "as measured somewhere: evenly spaced quantiles, from the shortest delay to the longest; below zero, an event is announced before it happens"),
    row("source.synthetic.disorder.cap", DELAY, Unsaid::Absent, CAP_MEANS),
    row("source.synthetic.disorder.silence", Kind::Inline, Unsaid::Absent, "disorder that comes in bursts: some keys fall silent, then flood with what they held back"),
    row("source.synthetic.disorder.silence.share", Kind::Number { least: 0.0, most: 1.0 }, Unsaid::Required("share = 0.25"), "the share of the keys, other ones each time"),
    row("source.synthetic.disorder.silence.every", STRETCH, Unsaid::Required("every = \"10s\""), "from the end of one flood to the end of the next"),
    row("source.synthetic.disorder.silence.lasts", STRETCH, Unsaid::Required("lasts = \"2s\""), "how long they are silent"),
    row("source.synthetic.disorder.silence.flood", STRETCH, Unsaid::Required("flood = \"500ms\""), "how long only they are heard afterwards, with events from their silence in order"),
    row("source.synthetic.watermark_period", STRETCH, Unsaid::IsWithout("watermark_every", "\"1ms\""), PERIOD_MEANS),
    row("source.synthetic.watermark_every", EXISTING, Unsaid::Absent, EVERY_MEANS),
    row("source.synthetic.idle_after", STRETCH, Unsaid::Absent, IDLE_MEANS),

    row("source.words", Kind::Table, Unsaid::Absent, "lines of words, made up from the seed"),
    row("source.words.rate", RATE, Unsaid::Required("rate = \"10k/s\""), "how many lines are due per second"),
    row("source.words.rate.shape", SHAPE, Unsaid::Required("shape = \"sine\""), "how the rate changes"),
    row("source.words.rate.rate", Kind::Rate, Unsaid::Absent, "the rate of \"constant\", \"outage\", and \"on-off\" while it is on"),
    row("source.words.rate.rates", Kind::List(&Kind::Rate), Unsaid::Absent, "the rates of \"steps\", one after the other; the last one stays"),
    row("source.words.rate.from", Kind::Rate, Unsaid::Absent, "where a \"ramp\" starts"),
    row("source.words.rate.to", Kind::Rate, Unsaid::Absent, "where a \"ramp\" ends, and stays"),
    row("source.words.rate.over", STRETCH, Unsaid::Absent, "how long a \"ramp\" takes"),
    row("source.words.rate.mean", Kind::Rate, Unsaid::Absent, "the middle of a \"sine\", and the average of a \"profile\""),
    row("source.words.rate.amplitude", Kind::Rate, Unsaid::Absent, "how far a \"sine\" goes from its mean"),
    row("source.words.rate.period", PERIOD, Unsaid::Absent, "how long a \"sine\" or a \"profile\" takes before it repeats"),
    row("source.words.rate.weights", Kind::List(&AT_LEAST_ZERO), Unsaid::Absent, "the heights of the steps of a \"profile\", in any unit"),
    row("source.words.rate.base", Kind::Rate, Unsaid::Absent, "the rate between bursts"),
    row("source.words.rate.peak", Kind::Rate, Unsaid::Absent, "the rate during a \"burst\""),
    row("source.words.rate.every", PERIOD, Unsaid::Absent, "how long each of the \"steps\" is; for \"burst\", from the end of one burst to the end of the next"),
    row("source.words.rate.on", STRETCH, Unsaid::Absent, "how long \"on-off\" is on"),
    row("source.words.rate.off", STRETCH, Unsaid::Absent, "how long \"on-off\" is off"),
    row("source.words.rate.at", Kind::RunTime { least_ns: 0, most_ns: MONTH_NS }, Unsaid::Absent, "when an \"outage\" begins"),
    row("source.words.rate.lasts", STRETCH, Unsaid::Absent, "how long a \"burst\" or an \"outage\" is"),
    row("source.words.rate.catch_up", Kind::Rate, Unsaid::Absent, "the rate at which what an \"outage\" held up comes in after it; all at once, where nobody says"),
    row("source.words.arrivals", ARRIVALS, Unsaid::Is("\"even\""), ARRIVALS_MEAN),
    row("source.words.arrivals.gaps", Kind::List(&AT_LEAST_ZERO), Unsaid::Required("gaps = [0, 0.5, 1, 4]"), "as measured somewhere: evenly spaced quantiles of the gap between two events, from the shortest to the longest, in any unit"),
    row("source.words.arrivals.together", Kind::Number { least: 0.0, most: 0.999_999 }, Unsaid::Is("0.0"), "the share of events that come together with the one before, without any gap"),
    row("source.words.partitions", PARTITIONS, Unsaid::Is("1"), PARTITIONS_MEAN),
    row("source.words.event_time_per_second", LENGTH, Unsaid::IsWithout("event_time_per_event", "\"1s\""), DENSITY_MEANS),
    row("source.words.event_time_per_event", LENGTH, Unsaid::Absent, PER_EVENT_MEANS),
    row("source.words.dictionary", Kind::Integer { least: 1, most: words::DICTIONARY_MAX as i128 }, Unsaid::Is("10000"), "how many different words there are"),
    row("source.words.exponent", AT_LEAST_ZERO, Unsaid::Is("1.0"), "how uneven: the word of rank r occurs in proportion to r^-exponent"),
    row("source.words.words_per_line", Kind::Integer { least: 1, most: words::WORDS_PER_LINE_MAX as i128 }, Unsaid::Is("8"), "how many words stand on a line"),
    row("source.words.disorder", Kind::Table, Unsaid::Absent, DISORDER_MEANS),
    row("source.words.disorder.fraction", Kind::Number { least: 0.0, most: 1.0 }, Unsaid::Required("fraction = 0.1"), FRACTION_MEANS),
    row("source.words.disorder.delay", Kind::Pick { replace: true }, Unsaid::Required("delay = { exponential = { mean = \"100ms\" } }"), DELAY_MEANS),
    row("source.words.disorder.delay.exponential", Kind::Inline, Unsaid::Absent, "an exponential distribution"),
    row("source.words.disorder.delay.exponential.mean", LENGTH, Unsaid::Required("mean = \"100ms\""), "its mean"),
    row("source.words.disorder.delay.exponential.cap", DELAY, Unsaid::Absent, CAP_MEANS),
    row("source.words.disorder.delay.pareto", Kind::Inline, Unsaid::Absent, "many short delays and a few very long ones"),
    row("source.words.disorder.delay.pareto.scale", LENGTH, Unsaid::Required("scale = \"50ms\""), "the shortest delay"),
    row("source.words.disorder.delay.pareto.shape", Kind::Positive, Unsaid::Required("shape = 1.3"), "the tail's exponent; at 1 or below the mean is infinite"),
    row("source.words.disorder.delay.pareto.cap", DELAY, Unsaid::Absent, CAP_MEANS),
    row("source.words.disorder.delay.uniform", Kind::Inline, Unsaid::Absent, "any delay of a range equally often"),
    row("source.words.disorder.delay.uniform.low", DELAY, Unsaid::Required("low = \"0s\""), "the shortest delay"),
    row("source.words.disorder.delay.uniform.high", DELAY, Unsaid::Required("high = \"1s\""), "the longest delay"),
    row("source.words.disorder.delay.constant", DELAY, Unsaid::Absent, "always this delay"),
    row("source.words.disorder.delay.quantiles", Kind::List(&SIGNED), Unsaid::Absent, "as measured somewhere: evenly spaced quantiles, from the shortest delay to the longest; below zero, an event is announced before it happens"),
    row("source.words.disorder.cap", DELAY, Unsaid::Absent, CAP_MEANS),
    row("source.words.watermark_period", STRETCH, Unsaid::IsWithout("watermark_every", "\"1ms\""), PERIOD_MEANS),
    row("source.words.watermark_every", EXISTING, Unsaid::Absent, EVERY_MEANS),
    row("source.words.idle_after", STRETCH, Unsaid::Absent, IDLE_MEANS),

    row("source.trace", Kind::Table, Unsaid::Absent, "events from a recorded CSV file, plain or gzip"),
    row("source.trace.path", Kind::Path, Unsaid::Required("path = \"events.csv\""), "the file; one that ends in .gz is read as such"),
    row("source.trace.arrival", Kind::Text, Unsaid::Same("event_time"), "the column with the time an event reached us: order and pace"),
    row("source.trace.event_time", Kind::Text, Unsaid::Required("event_time = \"happened_at\""), "the column with the time it happened"),
    row("source.trace.key", Kind::Text, Unsaid::Absent, "the column with its key"),
    row("source.trace.value", Kind::Text, Unsaid::Absent, "the column with its value, or the product of two, as in \"quantity * unit_price\""),
    row("source.trace.speed", Kind::Positive, Unsaid::Is("1.0"), "the trace's own rhythm is replayed at this speed: seconds of the trace in a second of the run"),
    row("source.trace.on_bad_row", Kind::Choice(&["fail", "reject"]), Unsaid::Is("\"fail\""), "whether a row that cannot be read ends the run or is left out, counted and listed"),
    row("source.trace.time_unit", Kind::Choice(&["s", "ms", "us", "ns"]), Unsaid::Absent, "what numbers in a column of times count; by the magnitude of its first row, where nobody says"),
    row("source.trace.time_zone", Kind::Text, Unsaid::Absent, "the IANA name of the time zone, such as \"Europe/Berlin\", of times that name no offset; UTC, where nobody says"),
    row("source.trace.time_origin", Kind::Text, Unsaid::Absent, "the time that numbers in a column of times count from, such as \"2001-01-31T08:30:00Z\", by seconds or the time_unit; 1970, where nobody says"),
    row("source.trace.delimiter", Kind::Text, Unsaid::Absent, "the character between two fields, such as \";\" or \"\\t\"; where nobody says, whichever of comma, tab, semicolon and bar parts the first line into the columns that are named"),
    row("source.trace.decimal_comma", Kind::Flag, Unsaid::Is("false"), "whether a comma stands before the decimals of a number, as in 12,50"),
    row("source.trace.header", Kind::Flag, Unsaid::Is("true"), "whether the first line names the columns; if not, they are called by number, from \"1\""),
    row("source.trace.partitions", PARTITIONS, Unsaid::Is("1"), PARTITIONS_MEAN),
    row("source.trace.watermark_period", STRETCH, Unsaid::IsWithout("watermark_every", "\"1ms\""), PERIOD_MEANS),
    row("source.trace.watermark_every", EXISTING, Unsaid::Absent, EVERY_MEANS),
    row("source.trace.idle_after", STRETCH, Unsaid::Absent, IDLE_MEANS),

    row("query", Kind::Pick { replace: false }, Unsaid::Required("[query.window]"), "what is asked"),
    row("query.identity", Kind::Table, Unsaid::Absent, "nothing: each event is its own answer"),
    row("query.window", Kind::Table, Unsaid::Absent, "aggregates of the values, per window"),
    row("query.window.size", LENGTH, Unsaid::Required("size = \"1s\""), "how long a window is, in event time"),
    row("query.window.slide", LENGTH, Unsaid::Same("size"), "from one window's start to the next, in event time"),
    row("query.window.gaps", Kind::Choice(&["refuse", "allow"]), Unsaid::Is("\"refuse\""), "whether the slide may be longer than the window, so that events between windows count nowhere"),
    row("query.window.aggregates", Kind::Choices(&["count", "sum", "min", "max", "mean"]), Unsaid::Is("[\"count\", \"sum\"]"), "what is computed of the values in a window"),
    row("query.window.keyed", Kind::Flag, Unsaid::Is("true"), "one answer per key and window, or one per window"),
    row("query.window.watermark", DELAY, Unsaid::Is("\"0s\""), "bound on disorder: how far the watermark trails the latest event time seen"),
    row("query.window.allowed_lateness", DELAY, Unsaid::Is("\"0s\""), "how long a window is kept after it has fired, for events that come late"),
    row("query.window.trigger", NOT_YET, Unsaid::Absent, "when a window speaks, other than at its end"),
    row("query.session", Kind::Table, Unsaid::Absent, "aggregates of the values, per session: windows that end when nothing is heard of a key for a while"),
    row("query.session.gap", LENGTH, Unsaid::Required("gap = \"30min\""), "the silence that ends a session, in event time"),
    row("query.session.touch", Kind::Choice(&["split", "merge"]), Unsaid::Is("\"split\""), "what two sessions become of which one ends where the other begins: \"split\" leaves them two, \"merge\" makes them one where the first is not over yet, as Flink and Spark do"),
    row("query.session.aggregates", Kind::Choices(&["count", "sum", "min", "max", "mean"]), Unsaid::Is("[\"count\", \"sum\"]"), "what is computed of the values in a session"),
    row("query.session.keyed", Kind::Flag, Unsaid::Is("true"), "sessions of each key, or of all events together"),
    row("query.session.watermark", DELAY, Unsaid::Is("\"0s\""), "bound on disorder: how far the watermark trails the latest event time seen"),
    row("query.session.allowed_lateness", DELAY, Unsaid::Is("\"0s\""), "how long a session is kept after it was answered, for events that come late, join it or make two of them one"),
    row("query.counted", Kind::Table, Unsaid::Absent, "aggregates of the values, per window of so many events of a key, however long those take; of lines, how often each word came"),
    row("query.counted.size", EXISTING, Unsaid::Required("size = 10"), "how many events of a key are in a window; a key has fewer in its first ones, where they slide"),
    row("query.counted.slide", EXISTING, Unsaid::Same("size"), "how many events of a key come from one answer to the next"),
    row("query.counted.aggregates", Kind::Choices(&["count", "sum", "min", "max", "mean"]), Unsaid::Is("[\"count\", \"sum\"]"), "what is computed of the values in a window; of words, \"count\" alone"),
    row("query.counted.keyed", Kind::Flag, Unsaid::Is("true"), "windows of each key, or of all events together"),
    row("query.silence", Kind::Table, Unsaid::Absent, "keys that fall silent after they were heard of often enough, and aggregates of what they had said: state, a timer and a time to live for each key"),
    row("query.silence.length", LENGTH, Unsaid::Required("length = \"30s\""), "how long nothing is heard of a key, in event time, until that is told"),
    row("query.silence.after", EXISTING, Unsaid::Is("1"), "after how many events of the key"),
    row("query.silence.forget_after", LENGTH, Unsaid::Same("length"), "how long a key that was heard of less often is remembered after its last event, in event time: the time to live of its state"),
    row("query.silence.aggregates", Kind::Choices(&["count", "sum", "min", "max", "mean"]), Unsaid::Is("[\"count\", \"sum\"]"), "what is computed of the values that were heard before the silence"),
    row("query.silence.watermark", DELAY, Unsaid::Is("\"0s\""), "bound on disorder: how far the watermark trails the latest event time seen"),
    row("query.join", Kind::Table, Unsaid::Absent, "pairs of a left and a right event of one key: in one window, with size, or within an interval of one another, with lower and upper"),
    row("query.join.left_below", ANY, Unsaid::Required("left_below = 900"), "events with values below this are the left side, all others the right one; a value of decimals is meant as it is shown"),
    row("query.join.kind", Kind::Choice(&["inner", "left"]), Unsaid::Is("\"inner\""), "whether a left event without a partner is answered alone"),
    row("query.join.size", LENGTH, Unsaid::Absent, "how long a tumbling window is, in event time, that both must lie in"),
    row("query.join.lower", SIGNED, Unsaid::Absent, "how much later than the left event the right one is at least, in event time; below zero, before it"),
    row("query.join.upper", SIGNED, Unsaid::Absent, "how much later than the left event the right one is at most, in event time"),
    row("query.join.watermark", DELAY, Unsaid::Is("\"0s\""), "bound on disorder: how far the watermark trails the latest event time seen"),
    row("query.word-count", Kind::Table, Unsaid::Absent, "how often each word was seen, per window"),
    row("query.word-count.size", LENGTH, Unsaid::Is("\"5s\""), "how long a window is, in event time"),
    row("query.word-count.slide", LENGTH, Unsaid::Is("\"1s\""), "from one window's start to the next, in event time"),
    row("query.word-count.gaps", Kind::Choice(&["refuse", "allow"]), Unsaid::Is("\"refuse\""), "whether the slide may be longer than the window, so that events between windows count nowhere"),
    row("query.word-count.watermark", DELAY, Unsaid::Is("\"0s\""), "bound on disorder: how far the watermark trails the latest event time seen"),
    row("query.word-count.allowed_lateness", DELAY, Unsaid::Is("\"0s\""), "how long a window is kept after it has fired, for events that come late"),

    row("engine", Kind::Table, Unsaid::Absent, "the engines to compare; the two that are part of this program, where none is named"),
    row("engine.micro-batch", Kind::Table, Unsaid::Absent, "collects for an interval, then computes on the batch; several, written [[engine.micro-batch]], are compared with one another"),
    row("engine.micro-batch.label", Kind::Text, Unsaid::Absent, "what distinguishes this setting from another of the same engine"),
    row("engine.micro-batch.interval", Kind::RunTime { least_ns: 1_000, most_ns: HOUR_NS }, Unsaid::Is("\"200ms\""), "how long a batch collects, an hour at most"),
    row("engine.micro-batch.windows", Kind::Choice(&["event-time", "batches"]), Unsaid::Is("\"event-time\""), "whether windows are cut from event time or from the batches events arrived in"),
    row("engine.micro-batch.algorithm", ALGORITHMS, Unsaid::Is("\"auto\""), ALGORITHM_MEANS),
    row("engine.micro-batch.attempts", Kind::Integer { least: 1, most: 1_000 }, Unsaid::Is("4"), "how often a task that fails is tried before the run fails"),
    row("engine.micro-batch.checkpoint", NOT_YET, Unsaid::Absent, "writing state to disk while running"),
    row("engine.per-event", Kind::Table, Unsaid::Absent, "lets each event through at once; several, written [[engine.per-event]], are compared with one another"),
    row("engine.per-event.label", Kind::Text, Unsaid::Absent, "what distinguishes this setting from another of the same engine"),
    row("engine.per-event.buffer_timeout", Kind::RunTime { least_ns: 0, most_ns: MONTH_NS }, Unsaid::Is("\"1ms\""), "how long a record may wait in a buffer between workers that is not full"),
    row("engine.per-event.buffer_records", Kind::Integer { least: 1, most: 1 << 20 }, Unsaid::Is("1024"), "how many records fill a buffer between workers"),
    row("engine.per-event.algorithm", ALGORITHMS, Unsaid::Is("\"auto\""), ALGORITHM_MEANS),
    row("engine.per-event.waiting", Kind::Choice(&["spin", "spin-then-park", "park"]), Unsaid::Is("\"spin-then-park\""), "how an idle worker waits: spinning costs a core (in no verdict), parking microseconds"),
    row("engine.per-event.spin", Kind::RunTime { least_ns: 0, most_ns: MONTH_NS }, Unsaid::Is("\"50us\""), "how long an idle worker spins before it parks, with waiting = \"spin-then-park\""),
    row("engine.per-event.strict", Kind::Flag, Unsaid::Is("false"), "whether each event is taken alone, and nobody looks ahead to others that are due"),
    row("engine.per-event.checkpoint", NOT_YET, Unsaid::Absent, "writing state to disk while running"),
    row("engine.per-event.savepoint", NOT_YET, Unsaid::Absent, "starting from the state of an earlier run"),
    row("engine.flink", Kind::Table, Unsaid::Absent, "Apache Flink, in a process of its own: sluicebench engines says whether it is here; several, written [[engine.flink]], are compared with one another"),
    row("engine.flink.label", Kind::Text, Unsaid::Absent, "what distinguishes this setting from another of the same engine"),
    row("engine.flink.version", Kind::Choice(&["2.3", "1.20"]), Unsaid::Is("\"2.3\""), "which release of it"),
    row("engine.flink.api", Kind::Choice(&["datastream", "sql"]), Unsaid::Is("\"datastream\""), "which of its interfaces is asked: \"datastream\" is the DataStream API, \"sql\" windowing table-valued functions, TUMBLE and HOP, which answer a window once; a sum beyond 64 bits wraps there without a word, which the check finds, where a job of the DataStream API fails"),
    row("engine.flink.buffer_timeout", Kind::RunTime { least_ns: 0, most_ns: MONTH_NS }, Unsaid::Is("\"100ms\""), "how long a record may wait in a buffer that is not full, in whole milliseconds; 0 sends each at once"),
    row("engine.flink.object_reuse", Kind::Flag, Unsaid::Is("false"), "whether operators of a chain hand on the same object instead of a copy"),
    row("engine.flink.checkpoint_interval", Kind::RunTime { least_ns: 0, most_ns: MONTH_NS }, Unsaid::Is("\"0s\""), "from one checkpoint to the next, in whole milliseconds; 0 takes none, as Flink does by itself"),
    row("engine.flink.state", Kind::Choice(&["hashmap", "rocksdb"]), Unsaid::Is("\"hashmap\""), "where state is kept: \"hashmap\" is on the heap, \"rocksdb\" on disk, serialised"),
    row("engine.flink.heap", Kind::Size(&HEAPS), Unsaid::Is("\"2GiB\""), "the most memory of its heap (-Xmx)"),
    row("engine.flink.cluster", Kind::Text, Unsaid::Absent, "the REST address of a cluster that runs it, such as \"http://jobmanager:8081\"; without it a process of its own does"),
    row("engine.flink.reach", Kind::Text, Unsaid::Absent, "where the workers of the cluster find this program: HOST or HOST:PORT, an address of this machine or one that forwards to that port; 127.0.0.1 unless said, and nobody listens elsewhere then"),
    row("engine.spark-structured", Kind::Table, Unsaid::Absent, "Apache Spark's Structured Streaming, in micro-batches, in a process of its own: sluicebench engines says whether it is here; several, written [[engine.spark-structured]], are compared with one another"),
    row("engine.spark-structured.label", Kind::Text, Unsaid::Absent, "what distinguishes this setting from another of the same engine"),
    row("engine.spark-structured.version", Kind::Choice(&["4.2", "3.5"]), Unsaid::Is("\"4.2\""), "which release of it"),
    row("engine.spark-structured.trigger", Kind::RunTime { least_ns: 0, most_ns: HOUR_NS }, Unsaid::Is("\"0s\""), "from one batch to the next, in whole milliseconds; 0 is as fast as possible, as Spark does by itself"),
    row("engine.spark-structured.state", Kind::Choice(&["hdfs", "rocksdb"]), Unsaid::Is("\"hdfs\""), "where state is kept: \"hdfs\" is what Spark does by itself, on the heap and with files of each batch's changes on the local disk, whatever its name says; \"rocksdb\" is RocksDB on that disk, with such files"),
    row("engine.spark-structured.shuffle_partitions", Kind::Integer { least: 0, most: 1_024 }, Unsaid::Is("0"), "into how many parts records are shuffled; 0 is as many as there are workers"),
    row("engine.spark-structured.max_records_per_batch", Kind::Integer { least: 0, most: i64::MAX as i128 }, Unsaid::Is("0"), "how many records a batch holds at most; 0 is no limit"),
    row("engine.spark-structured.heap", Kind::Size(&HEAPS_OF_SPARK), Unsaid::Is("\"2GiB\""), "the most memory of its heap (-Xmx); of each executor, with master"),
    row("engine.spark-structured.master", Kind::Text, Unsaid::Absent, "the master of a cluster that runs its tasks, such as \"spark://host:7077\"; a process of its own is the driver, and without it all of it"),
    row("engine.spark-structured.reach", Kind::Text, Unsaid::Absent, "the address of this machine at which the executors of the cluster find the driver; 127.0.0.1 unless said, and nobody listens elsewhere then"),
    row("engine.spark-real-time", Kind::Table, Unsaid::Absent, "Apache Spark's Structured Streaming in real-time or continuous mode, which have no state, in a process of its own: sluicebench engines says whether it is here; several, written [[engine.spark-real-time]], are compared with one another"),
    row("engine.spark-real-time.label", Kind::Text, Unsaid::Absent, "what distinguishes this setting from another of the same engine"),
    row("engine.spark-real-time.version", Kind::Choice(&["4.2", "3.5"]), Unsaid::Is("\"4.2\""), "which release of it; real-time mode came with 4.1"),
    row("engine.spark-real-time.mode", Kind::Choice(&["real-time", "continuous"]), Unsaid::Is("\"real-time\""), "how rows go through at once: \"real-time\" is Trigger.RealTime, whose tasks run for a batch, \"continuous\" is Trigger.Continuous, the older one, whose tasks run on and on"),
    row("engine.spark-real-time.batch", Kind::RunTime { least_ns: 1_000_000_000, most_ns: HOUR_NS }, Unsaid::Is("\"5m\""), "how long a batch lasts, or an epoch in continuous mode, in whole milliseconds: rows go through at once, and at its end is a checkpoint, during which none does in real-time mode; Spark's own batch is five minutes"),
    row("engine.spark-real-time.heap", Kind::Size(&HEAPS_OF_SPARK), Unsaid::Is("\"2GiB\""), "the most memory of its heap (-Xmx)"),
    row("engine.spark-dstream", Kind::Table, Unsaid::Absent, "Apache Spark's DStreams, in windows over the batches that events arrived in, in a process of its own: sluicebench engines says whether it is here; several, written [[engine.spark-dstream]], are compared with one another"),
    row("engine.spark-dstream.label", Kind::Text, Unsaid::Absent, "what distinguishes this setting from another of the same engine"),
    row("engine.spark-dstream.version", Kind::Choice(&["4.2", "3.5"]), Unsaid::Is("\"4.2\""), "which release of it"),
    row("engine.spark-dstream.interval", Kind::RunTime { least_ns: 1_000_000, most_ns: HOUR_NS }, Unsaid::Is("\"100ms\""), "how long a batch collects, in whole milliseconds; windows and slides are whole batches, and Spark's own guide takes half a second for a short one"),
    row("engine.spark-dstream.algorithm", Kind::Choice(&["recompute", "inverse"]), Unsaid::Is("\"recompute\""), "how windows are computed: \"recompute\" adds up all batches of each, \"inverse\" takes out what leaves and adds what comes"),
    row("engine.spark-dstream.heap", Kind::Size(&HEAPS_OF_SPARK), Unsaid::Is("\"2GiB\""), "the most memory of its heap (-Xmx); of each executor, with master"),
    row("engine.spark-dstream.master", Kind::Text, Unsaid::Absent, "the master of a cluster that runs its receivers and tasks, such as \"spark://host:7077\"; a process of its own is the driver, and without it all of it"),
    row("engine.spark-dstream.reach", Kind::Text, Unsaid::Absent, "the address of this machine at which the executors of the cluster find the driver, and receivers this program; 127.0.0.1 unless said, and nobody listens elsewhere then"),
    row("engine.storm", Kind::Table, Unsaid::Absent, "Apache Storm, in a process of its own: sluicebench engines says whether it is here; several, written [[engine.storm]], are compared with one another"),
    row("engine.storm.label", Kind::Text, Unsaid::Absent, "what distinguishes this setting from another of the same engine"),
    row("engine.storm.version", Kind::Choice(&["2.8"]), Unsaid::Is("\"2.8\""), "which release of it"),
    row("engine.storm.workers", Kind::Integer { least: 1, most: 64 }, Unsaid::Is("1"), "over how many workers its tasks are spread: those of a cluster, or all of them in one process, where what one hands to another goes as bytes, too, and over no network"),
    row("engine.storm.ackers", Kind::Integer { least: 0, most: 1_024 }, Unsaid::Is("1"), "how many tasks track each event until it is acknowledged, so that one that is lost is emitted again; 0 tracks none, and what is lost stays lost"),
    row("engine.storm.max_spout_pending", Kind::Integer { least: 1, most: 1 << 30 }, Unsaid::Is("1000"), "how many events of a partition may be under way and not acknowledged, where they are tracked"),
    row("engine.storm.windows", Kind::Choice(&["marks", "storm"]), Unsaid::Is("\"marks\""), "what closes windows: \"marks\" is a bolt that acts on the marks of the input, so that what is late is exact; \"storm\" is Storm's own windowed bolt, which may lose events, and how many is a result"),
    row("engine.storm.watermark_interval", Kind::RunTime { least_ns: 1_000_000, most_ns: 3_600_000_000_000 }, Unsaid::Is("\"1s\""), "how often Storm's own windows look how far event time has come, with windows = \"storm\""),
    row("engine.storm.message_timeout", Kind::RunTime { least_ns: 1_000_000_000, most_ns: 2_147_483_000_000_000 }, Unsaid::Is("\"30s\""), "after how long an event that is not acknowledged is taken for lost and emitted again; Storm's own windows, with their slide, are no longer than that"),
    row("engine.storm.open_ports", Kind::Flag, Unsaid::Is("false"), "whether it may listen on all interfaces of this machine, as its ZooKeeper does; it does not run here without"),
    row("engine.storm.heap", Kind::Size(&HEAPS), Unsaid::Is("\"2GiB\""), "the most memory of its heap (-Xmx)"),
    row("engine.storm.cluster", Kind::Text, Unsaid::Absent, "the Nimbus of a cluster that runs it, HOST:PORT, such as \"nimbus:6627\", or several with commas between, of which the first that answers is used; without it a process of its own does"),
    row("engine.storm.reach", Kind::Text, Unsaid::Absent, "the address of this machine at which the workers of the cluster find this program; 127.0.0.1 unless said, and nobody listens elsewhere then"),

    row("transport", Kind::Choice(&["tcp", Transport::KAFKA]), Unsaid::Absent, "what carries events to an engine in a process of its own, and its answers back: \"tcp\", a connection for each source and sink, where nobody says; \"kafka\" puts a broker between"),
    row("kafka", Kind::Table, Unsaid::Absent, "how the broker is used, with transport = \"kafka\""),
    row("kafka.brokers", Kind::Text, Unsaid::Absent, "where brokers are, such as \"one:9092,two:9092\", at listeners without TLS or passwords; one of ours is started on loopback, where nobody says"),
    row("kafka.acks", Kind::Choice(&["all", "1", "0"]), Unsaid::Is("\"all\""), "how many brokers have to have a message: all that keep a copy, the one it is sent to, or none"),
    row("kafka.linger", Kind::RunTime { least_ns: 0, most_ns: 1_000_000_000 }, Unsaid::Is("\"1ms\""), "how long a message may wait for others that are sent with it; the job's side counts whole milliseconds, rounded down"),

    row("host", Kind::Table, Unsaid::Absent, "which processors engines in processes of their own have, so that they and what measures them are not in each other's way; engines that are part of this program are left where they are, since they share its process"),
    row("host.engine_cpus", Kind::Cpus, Unsaid::Is("\"auto\""), "those of the engine: \"auto\" is all but those of harness_cpus and, where that names some, the other threads of their cores if anything else is left; \"none\" pins it to none, and nothing at all unless harness_cpus names some"),
    row("host.harness_cpus", Kind::Cpus, Unsaid::Is("\"auto\""), "those of what paces the load and records the answers, and of a broker of ours: \"auto\" is one for each source partition and one more, at most half of what is here, whole cores where there are several; where engine_cpus names some, all others, without the other threads of their cores if anything else is left; \"none\" pins it to none, and nothing at all unless engine_cpus names some"),

    row("measure", Kind::Table, Unsaid::Absent, "how long a run is"),
    row("measure.warm_up", Kind::RunTimeOr { least_ns: 0, most_ns: MONTH_NS, word: "auto" }, Unsaid::Is("\"2s\""), "from the start of a run; answered and verified, and not measured; \"auto\" looks for its end in the run"),
    row("measure.warm_up_floor", Kind::RunTime { least_ns: 0, most_ns: MONTH_NS }, Unsaid::Is("\"10s\""), "the shortest warm-up, with warm_up = \"auto\"; never less than ten batches"),
    row("measure.warm_up_cap", Kind::RunTime { least_ns: 0, most_ns: MONTH_NS }, Unsaid::Is("\"30s\""), "the longest warm-up, with warm_up = \"auto\"; the run is this long and the duration"),
    row("measure.duration", Kind::RunTime { least_ns: 1, most_ns: MONTH_NS }, Unsaid::Is("\"10s\""), "the measured stretch after the warm-up"),
    row("measure.input_memory", INPUT_MEMORY, Unsaid::Absent, "how much memory made-up events may take: where all of them would take more, those that fit into half of it go round, so that keys, values and delays come again, and due and event times go on; where nobody says, all are made anew, held where they fit into two thirds of what is free, and `limit` takes 1GiB"),

    row("threshold", Kind::Tables, Unsaid::Absent, THRESHOLD_MEANS),
    row("threshold.metric", Kind::Text, METRIC_EXAMPLE, METRIC_MEANS),
    row("threshold.engine", Kind::Text, Unsaid::Absent, OF_ENGINE_MEANS),
    row("threshold.below", Kind::Amount, Unsaid::Absent, BELOW_MEANS),
    row("threshold.above", Kind::Amount, Unsaid::Absent, ABOVE_MEANS),
    row("threshold.worse_by", Kind::Amount, Unsaid::Absent, WORSE_BY_MEANS),

    row("suite", Kind::Table, Unsaid::Absent, "several scenarios in one run"),
    row("suite.name", Kind::Name, Unsaid::Required("name = \"my-suite\""), "what the suite is called, in reports and file names"),
    row("suite.title", Kind::Text, Unsaid::Is("\"\""), "what it is about, in a phrase"),
    row("suite.repeat", Kind::Repeat, Unsaid::Is("1"), "how often each engine runs each case"),
    row("suite.partial", Kind::Flag, Unsaid::Is("false"), "whether an engine that cannot be asked a case, or is not here, is left out of it and told, where the run would be refused otherwise"),
    row("suite.case", Kind::Tables, Unsaid::Required("[[case]]"), "one scenario and what is changed in it"),
    row("suite.case.scenario", Kind::Text, Unsaid::Required("scenario = \"keyed-window\""), "a built-in scenario's name, or a scenario file relative to this one"),
    row("suite.case.name", Kind::Name, Unsaid::Absent, "what the case is called, where it is not the scenario's name"),
    row("suite.case.title", Kind::Text, Unsaid::Absent, "what the case asks, where it is not the scenario's title"),
    row("suite.case.set", Kind::Overrides, Unsaid::Absent, "what is changed in the scenario"),
    row("suite.case.engines", Kind::Tables, Unsaid::Absent, "settings of engines to compare, where they are not the scenario's"),
    row("suite.case.engines.engine", Kind::Choice(&EngineKind::NAMES), Unsaid::Required("engine = \"per-event\""), "the engine"),
    row("suite.case.engines.label", Kind::Text, Unsaid::Absent, "what distinguishes this setting from another of the same engine"),
    row("suite.case.engines.set", Kind::Overrides, Unsaid::Absent, "what is changed in the engine's settings, as keys of its table"),
    row("suite.case.threshold", Kind::Tables, Unsaid::Absent, THRESHOLD_MEANS),
    row("suite.case.threshold.metric", Kind::Text, METRIC_EXAMPLE, METRIC_MEANS),
    row("suite.case.threshold.engine", Kind::Text, Unsaid::Absent, OF_ENGINE_MEANS),
    row("suite.case.threshold.below", Kind::Amount, Unsaid::Absent, BELOW_MEANS),
    row("suite.case.threshold.above", Kind::Amount, Unsaid::Absent, ABOVE_MEANS),
    row("suite.case.threshold.worse_by", Kind::Amount, Unsaid::Absent, WORSE_BY_MEANS),
    row("suite.threshold", Kind::Tables, Unsaid::Absent, THRESHOLD_MEANS),
    row("suite.threshold.metric", Kind::Text, METRIC_EXAMPLE, METRIC_MEANS),
    row("suite.threshold.engine", Kind::Text, Unsaid::Absent, OF_ENGINE_MEANS),
    row("suite.threshold.below", Kind::Amount, Unsaid::Absent, BELOW_MEANS),
    row("suite.threshold.above", Kind::Amount, Unsaid::Absent, ABOVE_MEANS),
    row("suite.threshold.worse_by", Kind::Amount, Unsaid::Absent, WORSE_BY_MEANS),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spark_is_given_less_than_it_starts_with() {
        let heaps =
            KEYS.iter().filter(|key| key.path.starts_with("engine.spark-") && key.name() == "heap");
        let least = heaps.map(|key| match key.kind {
            Kind::Size(sizes) => sizes.iter().min(),
            _ => None,
        });
        let least: Vec<_> = least.collect();
        // Below it Spark ends with INVALID_DRIVER_MEMORY, releases 3.5 and 4.2 alike.
        assert!(least.len() == 3 && least.iter().all(|it| it.is_some_and(|it| *it >= 471_859_200)));
    }

    #[test]
    fn every_engine_there_is_has_a_table() {
        let tables: Vec<_> = children("engine").map(Key::name).collect();
        assert_eq!(tables, EngineKind::NAMES);
    }

    #[test]
    fn every_row_has_a_parent_that_holds_keys_and_no_row_comes_twice() {
        for (index, row) in KEYS.iter().enumerate() {
            assert!(!KEYS[..index].iter().any(|other| other.path == row.path), "{}", row.path);
            if !row.parent().is_empty() {
                let parent = key(row.parent());
                let holds = parent.is_some_and(|parent| {
                    matches!(
                        parent.kind,
                        Kind::Table
                            | Kind::Inline
                            | Kind::OrTable(_)
                            | Kind::Pick { .. }
                            | Kind::Tables
                    )
                });
                assert!(holds, "{} has no table to stand in", row.path);
            }
        }
    }

    #[test]
    fn a_suite_and_its_cases_set_thresholds_as_a_scenario_does() {
        let below = |root: &str| -> Vec<_> {
            KEYS.iter().filter_map(|key| key.path.strip_prefix(root)).map(str::to_owned).collect()
        };
        assert_eq!(below("threshold"), below("suite.case.threshold"));
        assert_eq!(below("threshold"), below("suite.threshold"));
    }

    #[test]
    fn words_and_synthetic_events_share_the_same_disorder() {
        let below = |root: &str| -> Vec<_> {
            KEYS.iter().filter_map(|key| key.path.strip_prefix(root)).map(str::to_owned).collect()
        };
        // Silence is a matter of keys, which lines do not have.
        let synthetic = below("source.synthetic.disorder").into_iter();
        let shared: Vec<_> = synthetic.filter(|path| !path.starts_with(".silence")).collect();
        assert_eq!(shared, below("source.words.disorder"));
        for key in ["rate", "arrivals"] {
            let of = |source: &str| below(&format!("source.{source}.{key}"));
            assert_eq!(of("synthetic"), of("words"));
        }
    }
}
