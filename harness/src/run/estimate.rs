//! How long a plan will take, before it does.
//!
//! An estimate is from the plan, from which processors an engine in a process of its own is held
//! to here, and from whether energy is counted here, for which the machine at rest is looked at before each
//! repetition: it looks at nothing else of this machine, and counts what it takes on two cores of an
//! ordinary one in a release build. Events and answers are counted as they are to be expected; what an
//! engine takes while its input still comes costs no time of its own.

use instrument::drivers;
use instrument::host::energy::{Meter, REST};
use instrument::load::schedule::Schedule;
use scenarios::spec::{CaseSpec, KeysSpec, QuerySpec, WorkloadSpec};
use settings::plan::{Cell, EngineKind, Load};
use std::time::Duration;

/// What the making and checking of an event takes, in seconds: of a million, half a second, which is
/// what a line of eight words takes; an event with one key takes a third of it.
const EVENT_S: f64 = 0.5e-6;

/// What an answer takes that is computed when the input has ended, and checked, in seconds. Those
/// that are given meanwhile take the engine's time and not the run's, but are checked as well.
const ANSWER_S: f64 = 0.26e-6;

/// What a process takes to start and to end.
pub(super) const PROCESS: Duration = Duration::from_millis(100);

/// What an engine in a process of its own takes to start and to end, where it may use two processors.
const JVM: Duration = Duration::from_secs(8);

/// The same of one that is held to a single processor, where what compiles it waits for what it runs.
const JVM_ON_ONE: Duration = Duration::from_secs(16);

/// How long these cells take at so many repetitions each: the trials, what is left to answer when
/// their input ends, and the making and checking of it all.
pub(crate) fn estimate(cells: &[Cell], repeat: u32) -> Duration {
    estimate_with(cells, repeat, rest())
}

/// The same where a look at the machine at rest takes so long.
fn estimate_with(cells: &[Cell], repeat: u32, rest: Duration) -> Duration {
    let each = |cell: &Cell| trial(cell).saturating_add(rest) * engines(cell) + starts(cell);
    cells.iter().map(|cell| each(cell) * repeat).sum()
}

/// How long a repetition looks at the machine at rest here: not at all where its energy is not counted.
pub(super) fn rest() -> Duration {
    if Meter::here().is_ok() { REST } else { Duration::ZERO }
}

/// What the engines of a cell take to start and to end that run in processes of their own.
fn starts(cell: &Cell) -> Duration {
    let beside = cell.engines.iter().filter(|engine| !engine.kind.is_embedded());
    beside.map(|engine| start(&engine.kind, cell)).sum()
}

/// What an engine in a process of its own takes to start and to end, where it is held to the processors
/// that it has in this cell.
pub(crate) fn start(kind: &EngineKind, cell: &Cell) -> Duration {
    // Processors that are not here are refused elsewhere.
    let pins = drivers::pins(kind, cell).ok().flatten();
    let is_on_one = pins.is_some_and(|pins| pins.engine.count() == 1);
    if is_on_one { JVM_ON_ONE } else { JVM }
}

fn engines(cell: &Cell) -> u32 {
    u32::try_from(cell.engines.len()).unwrap_or(u32::MAX)
}

/// How long one repetition of one engine takes.
fn trial(cell: &Cell) -> Duration {
    let around_s = events(cell) * EVENT_S + answers(cell).unwrap_or(0.0) * ANSWER_S;
    let around = Duration::try_from_secs_f64(around_s).unwrap_or(Duration::MAX);
    length(cell).saturating_add(PROCESS).saturating_add(around)
}

pub(crate) fn length(cell: &Cell) -> Duration {
    cell.measure.warm_up + cell.measure.duration
}

/// How many events a repetition has; none of a trace, which nobody has read yet.
pub(crate) fn events(cell: &Cell) -> f64 {
    match &cell.load {
        Load::Synthetic { rate, arrivals } => {
            let schedule = Schedule::of(rate, arrivals, cell.seed, length(cell));
            schedule.expected_events().unwrap_or(0) as f64
        }
        Load::Trace => 0.0,
    }
}

/// About how many answers an engine gives in a repetition, where windows are asked for and their
/// input is made up.
pub(crate) fn answers(cell: &Cell) -> Option<f64> {
    let CaseSpec { workload, query } = &cell.case;
    let events = events(cell);
    let span = |event_us_per_second: i64| length(cell).as_secs_f64() * event_us_per_second as f64;
    let uneven = |count, exponent| KeysSpec::Zipf { count, exponent };
    let (window, keys, draws, span_us) = match (workload, query) {
        (WorkloadSpec::Synthetic(source), QuerySpec::Window { window, keyed, .. }) => {
            let one = KeysSpec::Uniform { count: 1 };
            let keys = if *keyed { source.keys.clone() } else { one };
            (window, keys, events, span(source.event_us_per_second))
        }
        (WorkloadSpec::Words(source), QuerySpec::WordCount { window }) => {
            let words = events * source.words_per_line as f64;
            let keys = uneven(source.dictionary, source.exponent);
            (window, keys, words, span(source.event_us_per_second))
        }
        // Every so many events of a key one, whenever those come.
        (WorkloadSpec::Words(source), QuerySpec::Counted { count, .. }) => {
            return Some(events * source.words_per_line as f64 / count.slide() as f64);
        }
        (_, QuerySpec::Counted { count, .. }) => return Some(events / count.slide() as f64),
        _ => return None,
    };
    let (size, slide) = (window.size() as f64, window.slide() as f64);
    let of_key = |share: f64| windows_with_any(draws * share, span_us, size) / slide;
    Some(classes(&keys).into_iter().map(|(keys, share)| keys * of_key(share)).sum())
}

/// Over how long a stretch, in the unit of `span`, a window may end and hold at least one of
/// `events` that lie at random in a span. A window of length `size` that lies over a part x of the
/// span holds none with a probability of exp(-x events / span).
fn windows_with_any(events: f64, span: f64, size: f64) -> f64 {
    if events <= 0.0 || span <= 0.0 {
        return 0.0;
    }
    let per_unit = events / span;
    let inside = span.min(size);
    let some = -(-per_unit * inside).exp_m1();
    // As it comes in and as it leaves; between, its part of the span stays the same.
    let at_the_ends = 2.0 * (inside - some / per_unit);
    at_the_ends + (span - size).abs() * some
}

/// The keys in classes of about the same share: how many, and the share of each.
fn classes(keys: &KeysSpec) -> Vec<(f64, f64)> {
    let (count, weight): (u64, Box<dyn Fn(f64) -> f64 + '_>) = match keys {
        KeysSpec::Uniform { count } => return vec![(*count as f64, 1.0 / *count as f64)],
        KeysSpec::Zipf { count, exponent } => {
            let exponent = *exponent;
            (*count, Box::new(move |rank| rank.powf(-exponent)))
        }
        KeysSpec::Weights { ranks, weights } => {
            let count = ranks.last().copied().unwrap_or(1);
            (count, Box::new(|rank| between(ranks, weights, rank)))
        }
    };
    let mut classes = Vec::new();
    let mut first = 1;
    while first <= count {
        // Each a sixteenth longer than all before it: two hundred of a million keys.
        let last = (first + first / 16).min(count);
        let middle = ((first as f64) * (last as f64)).sqrt();
        classes.push(((last - first + 1) as f64, weight(middle)));
        first = last + 1;
    }
    let all: f64 = classes.iter().map(|(keys, weight)| keys * weight).sum();
    classes.into_iter().map(|(keys, weight)| (keys, weight / all)).collect()
}

/// The weight of a rank: a power law from each given rank to the next.
fn between(ranks: &[u64], weights: &[f64], rank: f64) -> f64 {
    let next = ranks.partition_point(|known| (*known as f64) <= rank);
    let before = next.saturating_sub(1);
    let (Some(low), Some(high)) = (weights.get(before), weights.get(next)) else {
        return weights.last().copied().unwrap_or(1.0);
    };
    let (from, to) = (ranks[before] as f64, ranks[next] as f64);
    low * (rank / from).powf((high / low).ln() / (to / from).ln())
}

/// A time in words, no more exact than an estimate is.
pub(crate) fn about(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..100 => format!("{seconds} s"),
        seconds @ 100..6000 => format!("{} min", (seconds + 30) / 60),
        seconds @ 6000..360_000 => {
            let minutes = (seconds + 30) / 60;
            match minutes % 60 {
                0 => format!("{} h", minutes / 60),
                rest => format!("{} h {rest} min", minutes / 60),
            }
        }
        seconds => format!("{} days", (seconds + 43_200) / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use instrument::bench::{Bench as _, Here, Order};
    use instrument::host::cpus;
    use settings::config::{self, Given, Traces};
    use std::ops::ControlFlow;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    fn cells(name: &str, settings: &[&str]) -> Vec<Cell> {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let loaded = config::load(&[name.to_owned()], &given, &[], Traces::MayBeAbsent);
        loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells
    }

    #[test]
    fn an_engine_in_a_process_of_its_own_takes_its_time_to_start() {
        let one_start = |pins: &[&str]| {
            let mut cells = cells("identity", &[&["engine.flink.heap=1GiB"], pins].concat());
            let three = estimate(&cells, 4);
            cells[0].engines.retain(|engine| engine.kind.is_embedded());
            let two = u32::try_from(cells[0].engines.len()).unwrap();
            three.saturating_sub(estimate(&cells, 4) / two * 3) / 4
        };
        assert_eq!(one_start(&["host.engine_cpus=none"]), JVM);
        let given = cpus::in_force(std::process::id()).unwrap_or_default();
        if given.len() > 1 {
            // The last one, whichever it is.
            let last = given.last().unwrap();
            let held = format!("host.engine_cpus=\"{last}\"");
            assert_eq!(one_start(&[&held]), JVM_ON_ONE);
        }
        // A cluster is held to nothing of ours.
        let elsewhere = "engine.flink.cluster=\"http://127.0.0.1:8081\"";
        let cells = cells("identity", &[elsewhere]);
        let flink = cells[0].engines.iter().find(|engine| !engine.kind.is_embedded()).unwrap();
        assert_eq!(start(&flink.kind, &cells[0]), JVM);
    }

    /// How many answers a simulated run of a cell gives.
    fn given(cell: &Cell) -> f64 {
        let (seed, files) = (cell.seed, None);
        let order =
            Order { cell, engine: 0, rep: 1, seed, files, keep_results: false, simulate: true };
        let mut here = Here::new(Arc::new(AtomicBool::new(false)));
        let measured = here.measure(&order, &mut |_| ControlFlow::Continue(())).unwrap();
        assert!(measured.repetition.is_verified(), "{:?}", measured.repetition.verdict);
        measured.repetition.counts.answers as f64
    }

    #[test]
    fn as_many_answers_are_expected_as_are_given() {
        const SHORT: &[&str] = &["measure.warm_up=200ms", "measure.duration=800ms"];
        let rows: [(&str, &[&str]); 7] = [
            ("keyed-window", &["source.synthetic.rate=5k/s"]),
            (
                "keyed-window",
                &["source.synthetic.rate=200/s", "source.synthetic.keys.uniform.count=2000"],
            ),
            ("keyed-window", &["source.synthetic.rate=1k/s", "query.window.size=20s"]),
            ("keyed-window", &["source.synthetic.rate=1k/s", "query.window.keyed=false"]),
            (
                "keyed-window",
                &[
                    "source.synthetic.rate=2k/s",
                    "source.synthetic.keys={ zipf = { count = 5000, exponent = 1.2 } }",
                ],
            ),
            ("word-count", &["source.words.rate=500/s"]),
            (
                "hour-by-second",
                &["source.synthetic.rate=1k/s", "source.synthetic.event_time_per_second=100s"],
            ),
        ];
        for (name, settings) in rows {
            let cell = cells(name, &[SHORT, settings].concat()).swap_remove(0);
            let (expected, given) = (answers(&cell).unwrap(), given(&cell));
            let ratio = expected / given;
            assert!((0.85..1.18).contains(&ratio), "{name} {settings:?}: {expected} for {given}");
        }
    }

    #[test]
    fn windows_that_outlast_the_input_count_as_what_they_take() {
        // A day by one second of forty thousand seconds: a hundred million answers, most of them
        // when the input has ended.
        let day = [
            "source.synthetic.rate=1k/s",
            "source.synthetic.event_time_per_second=10000s",
            "source.synthetic.keys.uniform.count=1000",
            "query.window.size=1day",
            "query.window.slide=1s",
            "engine.micro-batch.interval=100ms",
            "measure.warm_up=1s",
            "measure.duration=3s",
        ];
        let cells = cells("keyed-window", &day);
        let answers = answers(&cells[0]).unwrap();
        assert!((104e6..108e6).contains(&answers), "{answers}");
        let seconds = estimate(&cells, 1).as_secs();
        assert!((45..90).contains(&seconds), "two engines: {seconds} s");
    }

    #[test]
    fn what_waits_for_no_window_takes_its_length_and_little_more() {
        let cells = cells("identity", &["source.synthetic.rate=1k/s"]);
        assert_eq!(answers(&cells[0]), None);
        let with = |rest| estimate_with(&cells, 5, rest);
        let seconds = with(Duration::ZERO).as_secs();
        assert_eq!(seconds, 61, "five times six seconds on two engines");
        assert_eq!(with(REST), with(Duration::ZERO) + REST * 10, "a look before each of them");
    }
}
