//! What a plan would take of this machine at the least, before any of it is spent.
//!
//! An input that does not fit in memory is made ahead of need, so that it may be larger than that;
//! but it is gone through three times, and one that is far larger is never come to the end of. The
//! rows of a time line and the batches are held to the end of the run, and so is all of a trace. A
//! plan that would take more is refused, with what would fit.

use crate::run::estimate::{answers, events, length};
use instrument::drivers::interval_ns;
use instrument::load::survey::TICK_NS;
use reports::quantity;
use scenarios::spec::WorkloadSpec;
use settings::plan::{Cell, units};
use std::time::Duration;

/// Why a plan is beyond a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beyond {
    /// What it would take.
    pub(crate) text: String,
    /// What would fit.
    pub(crate) help: String,
}

/// What an event takes at the least: its times, key and value.
const EVENT_BYTES: f64 = 32.0;

/// What an answer takes at the least: its times and what it says.
const ANSWER_BYTES: f64 = 32.0;

/// How many times the memory of a machine an input may take that is made ahead of need. On an
/// ordinary machine it takes hours to go through.
const AHEAD_MOST: f64 = 16.0;

/// About what a row of a time line takes, and a batch, here and in the record.
const ROW_BYTES: f64 = 300.0;
const BATCH_BYTES: f64 = 100.0;

/// Why so many repetitions of these cells are beyond a machine with this much memory; none where they
/// are not.
pub(crate) fn beyond(
    cells: &[Cell],
    repeat: u32,
    keep_results: bool,
    memory_bytes: u64,
) -> Option<Beyond> {
    let memory = memory_bytes as f64;
    let inputs = cells.iter().find_map(|cell| input_beyond(cell, memory));
    let kept = || {
        let mut kept = cells.iter().filter(|_| keep_results);
        kept.find_map(|cell| answers_beyond(cell, memory))
    };
    inputs.or_else(kept).or_else(|| record_beyond(cells, repeat, memory))
}

/// All answers of a repetition are held until they are written.
fn answers_beyond(cell: &Cell, memory: f64) -> Option<Beyond> {
    let answers = answers(cell).unwrap_or_else(|| events(cell));
    let most = memory / ANSWER_BYTES;
    (answers > most).then(|| Beyond {
        text: format!(
            "`{}` gives about {} answers, which --keep-results holds until they are written: {}, and \
             this machine has {} of memory",
            cell.name,
            quantity::count(whole(answers)),
            quantity::bytes(answers * ANSWER_BYTES),
            quantity::bytes(memory)
        ),
        help: format!(
            "run it without --keep-results, which proves as many answers right, or for {} at most \
             (measure.duration and measure.warm_up together)",
            units::show_duration(rounded(length(cell).as_secs_f64() * most / answers))
        ),
    })
}

fn input_beyond(cell: &Cell, memory: f64) -> Option<Beyond> {
    let name = &cell.name;
    if let WorkloadSpec::Trace(trace) = &cell.case.workload {
        // A row takes more than its text, or hardly less.
        let bytes = std::fs::metadata(&trace.path).map_or(0, |meta| meta.len()) as f64;
        return (bytes > memory).then(|| Beyond {
            text: format!(
                "the trace of `{name}` has {}, and all of it is held in memory, of which this \
                 machine has {}",
                quantity::bytes(bytes),
                quantity::bytes(memory)
            ),
            help: "take a part of it, or run its twin: sluicebench twin, of that part".to_owned(),
        });
    }
    let (events, most) = (events(cell), memory * AHEAD_MOST / EVENT_BYTES);
    (events > most).then(|| {
        let length_s = length(cell).as_secs_f64();
        Beyond {
            text: format!(
                "the input of `{name}` has {} events: {}, which is more than {AHEAD_MOST} times the \
                 memory of this machine ({}), and as much as is made ahead of need",
                quantity::count(whole(events)),
                quantity::bytes(events * EVENT_BYTES),
                quantity::bytes(memory)
            ),
            help: format!(
                "at this rate {} would fit (measure.duration and measure.warm_up together), or for \
                 this long {} (--rate)",
                units::show_duration(rounded(most / (events / length_s))),
                units::show_rate(floor(most / length_s))
            ),
        }
    })
}

fn record_beyond(cells: &[Cell], repeat: u32, memory: f64) -> Option<Beyond> {
    let bytes = |cell: &Cell| -> f64 {
        let length_s = length(cell).as_secs_f64();
        let engines = cell.engines.iter().map(|engine| {
            let interval_s = interval_ns(&engine.kind).map(|ns| ns as f64 / 1e9);
            // The last batch ends an interval after the run, at the latest.
            let rows = (length_s + interval_s.unwrap_or(0.0)) * 1e9 / TICK_NS as f64;
            let batches = interval_s.map_or(0.0, |interval_s| length_s / interval_s);
            rows * ROW_BYTES + batches * BATCH_BYTES
        });
        engines.sum::<f64>() * f64::from(repeat)
    };
    let held: f64 = cells.iter().map(bytes).sum();
    // The other half is for what is measured.
    let most = memory / 2.0;
    let longest = cells.iter().max_by(|a, b| bytes(a).total_cmp(&bytes(b)))?;
    (held > most).then(|| Beyond {
        text: format!(
            "the time lines and batches of this run would take {}, and this machine has {} of \
             memory",
            quantity::bytes(held),
            quantity::bytes(memory)
        ),
        help: format!(
            "measure for {} at most in `{}` (measure.duration), with fewer repetitions, or make \
             intervals longer (engine.micro-batch.interval)",
            units::show_duration(rounded(length(longest).as_secs_f64() * most / held)),
            longest.name
        ),
    })
}

/// A length of time that can be written, not above this.
fn rounded(seconds: f64) -> Duration {
    let ms = whole(seconds * 1e3);
    let unit = [3_600_000, 60_000, 1_000].into_iter().find(|unit| ms >= 10 * unit).unwrap_or(1);
    Duration::from_millis(ms - ms % unit)
}

/// A number of which two digits say enough, not above this.
fn floor(number: f64) -> f64 {
    let unit = 10_f64.powf(number.max(1.0).log10().floor() - 1.0);
    (number / unit).floor() * unit
}

fn whole(number: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let whole = number as u64;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::config::{self, Given, Traces};

    const GIB: u64 = 1 << 30;

    fn told(settings: &[&str], repeat: u32) -> Option<Beyond> {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let names = ["keyed-window".to_owned()];
        let loaded = config::load(&names, &given, &[], Traces::MayBeAbsent);
        let loaded = loaded.unwrap_or_else(|rejected| panic!("{rejected}"));
        beyond(&loaded.cells, repeat, false, 8 * GIB)
    }

    #[test]
    fn answers_that_memory_does_not_hold_are_not_kept() {
        let kept = |rate: &str, keep_results| {
            let given = [Given::set(format!("source.synthetic.rate={rate}"))];
            let names = ["identity".to_owned()];
            let loaded = config::load(&names, &given, &[], Traces::MayBeAbsent).unwrap();
            beyond(&loaded.cells, 1, keep_results, 8 * GIB)
        };
        assert_eq!((kept("100M/s", false), kept("10M/s", true)), (None, None));
        let Beyond { text, help } = kept("100M/s", true).unwrap();
        assert!(text.contains("gives about 600 000 000 answers"), "{text}");
        assert!(
            help.contains("without --keep-results") && help.contains("for 2684ms at most"),
            "{help}"
        );
    }

    #[test]
    fn an_input_that_nobody_comes_to_the_end_of_is_refused_with_what_would_fit() {
        assert_eq!(told(&["measure.duration=1h"], 20), None, "100 k/s for an hour");
        assert_eq!(
            told(&["source.synthetic.rate=10M/s", "measure.duration=5min"], 1),
            None,
            "made ahead of need"
        );
        let Beyond { text, help } =
            told(&["source.synthetic.rate=1G/s", "measure.duration=10min"], 1).unwrap();
        assert!(text.contains("`keyed-window` has 601 "), "{text}");
        let length = help.split("at this rate ").nth(1).unwrap().split(' ').next().unwrap();
        let rate = help.split("this long ").nth(1).unwrap().split(' ').next().unwrap();
        for fits in [
            [
                "source.synthetic.rate=1G/s".to_owned(),
                format!("measure.duration={length}"),
                warm_up(),
            ],
            [
                format!("source.synthetic.rate={rate}"),
                "measure.duration=10min".to_owned(),
                warm_up(),
            ],
        ] {
            let fits: Vec<&str> = fits.iter().map(String::as_str).collect();
            assert_eq!(told(&fits, 1), None, "{help}");
        }
    }

    fn warm_up() -> String {
        "measure.warm_up=0s".to_owned()
    }

    #[test]
    fn a_record_that_memory_does_not_hold_is_refused_with_what_would_fit() {
        let long = ["source.synthetic.rate=1/s", "measure.duration=30days"];
        assert_eq!(told(&["source.synthetic.rate=1/s", "measure.duration=1day"], 5), None);
        let Beyond { text, help } = told(&long, 5).unwrap();
        assert!(text.starts_with("the time lines and batches"), "{text}");
        let length = help.split("measure for ").nth(1).unwrap().split(' ').next().unwrap();
        let fits = format!("measure.duration={length}");
        assert_eq!(
            told(&["source.synthetic.rate=1/s", &fits, "measure.warm_up=0s"], 5),
            None,
            "{help}"
        );
        let many = ["interval=1us", "measure.duration=1h"];
        assert!(told(&many, 1).is_some(), "three and a half billion batches");
    }
}
