//! What of each engine is tuned, and over which values.
//!
//! One table says it for all of them. What would change an answer or a guarantee is tuned by nobody:
//! an engine is set faster here, and never looser. Values that contradict the scenario are no values
//! of it; the user's own always are.

use crate::studies::limit::probe::Slo;
use settings::config::keys;
use settings::config::schema::Kind;
use settings::config::{Variant, shown};
use settings::plan::settings::Typed;
use settings::plan::{Cell, EngineKind};
use std::fmt::Write as _;
use std::time::Duration;

/// A setting that is tuned.
pub(super) struct Knob {
    engine: &'static str,
    /// The key, in the engine's table.
    pub(super) key: &'static str,
    /// What it is called in a label, where a value alone says too little.
    word: &'static str,
    values: fn(&Ground<'_>) -> Vec<Typed>,
    /// Whether it is what the engine collects by: the more, the cheaper an event, and the later its
    /// answer.
    pub(super) is_collecting: bool,
    /// The values in words, for people.
    told: &'static str,
}

/// What the values of a knob depend on.
#[derive(Copy, Clone, Debug)]
pub(super) struct Ground<'a> {
    /// The cell, and in it how many workers there are.
    pub(super) cell: &'a Cell,
    /// How long something may be collected at the most.
    pub(super) waits: Duration,
    /// The shortest that something is collected for is no longer than this.
    pub(super) shortest: Duration,
    /// Events per second.
    pub(super) rate_per_s: f64,
    /// Whether per-event was parked for this study, and is not set to wait as it does by anybody else.
    pub(super) is_parked: bool,
}

/// How many of the longest batches are measured at the least.
pub(super) const BATCHES: u32 = 5;

impl<'a> Ground<'a> {
    /// A cell of which this is demanded. What is collected for longer than is demanded cannot meet it, but
    /// for the share of the events that come near its end.
    pub(super) fn new(cell: &'a Cell, demands: &[Slo], rate_per_s: f64, is_parked: bool) -> Self {
        let most = |slo: &Slo| Duration::from_nanos(slo.most_ns).div_f64(slo.quantile);
        let longest = cell.measure.duration / BATCHES;
        let waits = demands.iter().map(most).min().unwrap_or(longest).min(longest);
        Self { cell, waits, shortest: waits, rate_per_s, is_parked }
    }
}

/// All that is tuned, engine by engine.
const KNOBS: &[Knob] = &[
    Knob {
        engine: EngineKind::MICRO_BATCH,
        key: "interval",
        word: "interval",
        values: |ground| lengths(ground, 50, MICROSECOND, MICROSECOND),
        is_collecting: true,
        told: "from a fiftieth of what is demanded to all of it",
    },
    Knob {
        engine: EngineKind::PER_EVENT,
        key: WAITING,
        word: "waiting",
        values: |_| vec![text(PARK), text("spin-then-park")],
        is_collecting: false,
        told: "park and spin-then-park; where somebody sets it, that alone",
    },
    Knob {
        engine: EngineKind::PER_EVENT,
        key: "buffer_timeout",
        word: "timeout",
        values: |ground| {
            if ground.cell.parallelism > 1 { millis(&[0, 1, 5, 20, 100]) } else { vec![] }
        },
        is_collecting: true,
        told: "0s to 100ms, with more than one worker",
    },
    Knob {
        engine: EngineKind::PER_EVENT,
        key: "buffer_records",
        word: "records",
        values: |ground| {
            if ground.cell.parallelism > 1 { integers([64, 256, 1024, 4096]) } else { vec![] }
        },
        is_collecting: false,
        told: "64 to 4096, with more than one worker",
    },
    Knob {
        engine: EngineKind::FLINK,
        key: "buffer_timeout",
        word: "timeout",
        values: |_| millis(&[0, 1, 5, 10, 20, 50, 100]),
        is_collecting: true,
        told: "0s to 100ms",
    },
    Knob {
        engine: EngineKind::FLINK,
        key: "object_reuse",
        word: "object reuse",
        values: |_| vec![Typed::Flag(false), Typed::Flag(true)],
        is_collecting: false,
        told: "false and true",
    },
    Knob {
        engine: EngineKind::SPARK_STRUCTURED,
        key: "trigger",
        word: "trigger",
        values: |ground| [millis(&[0]), lengths(ground, 10, MILLISECOND, MILLISECOND)].concat(),
        is_collecting: true,
        told: "0s, and from a tenth of what is demanded to all of it",
    },
    Knob {
        engine: EngineKind::SPARK_STRUCTURED,
        key: "shuffle_partitions",
        word: "partitions",
        values: |ground| {
            let workers = i128::try_from(ground.cell.parallelism).unwrap_or(1);
            integers([0, workers * 2, workers * 4])
        },
        is_collecting: false,
        told: "as many as workers, twice and four times as many",
    },
    Knob {
        engine: EngineKind::SPARK_STRUCTURED,
        key: "max_records_per_batch",
        word: "records",
        values: |ground| {
            // Less than what falls due while the longest batch collects would fall behind.
            let due = ground.rate_per_s * ground.waits.as_secs_f64();
            #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
            let due = (due.ceil() as i128).max(1);
            integers([0, due * 2, due * 8])
        },
        is_collecting: false,
        told: "no limit, and two and eight times what falls due meanwhile",
    },
    Knob {
        engine: EngineKind::SPARK_DSTREAM,
        key: "interval",
        word: "interval",
        values: |ground| lengths(ground, 20, MILLISECOND, MILLISECOND * 10),
        is_collecting: true,
        told: "from a twentieth of what is demanded to all of it",
    },
    Knob {
        engine: EngineKind::SPARK_DSTREAM,
        key: "algorithm",
        word: "algorithm",
        values: |_| words("engine.spark-dstream.algorithm"),
        is_collecting: false,
        told: "recompute and inverse",
    },
    Knob {
        engine: EngineKind::STORM,
        key: "max_spout_pending",
        word: "pending",
        values: |_| integers([100, 300, 1_000, 3_000, 10_000, 30_000]),
        is_collecting: true,
        told: "100 to 30000",
    },
    Knob {
        engine: EngineKind::STORM,
        key: "ackers",
        word: "ackers",
        values: |ground| integers([1, 2, i128::try_from(ground.cell.parallelism).unwrap_or(1)]),
        is_collecting: false,
        told: "1, 2, as many as workers; not 0, which would lose events",
    },
];

/// How an idle worker of the embedded per-event engine waits: the key.
pub(super) const WAITING: &str = "waiting";

/// The way of waiting that costs no processor time, so that what is counted is that of the work.
pub(super) const PARK: &str = "park";

/// Lengths that people write, as tenths of a power of ten: many of them divide a window's slide.
const TENTHS: [u64; 10] = [10, 12, 15, 20, 25, 30, 40, 50, 60, 75];

const MICROSECOND: Duration = Duration::from_micros(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Lengths in whole units, from a part of what something may be collected for to all of it, and no
/// shorter than the least.
fn lengths(ground: &Ground<'_>, part: u32, unit: Duration, least: Duration) -> Vec<Typed> {
    let low = (ground.waits / part).min(ground.shortest).max(least);
    // In tenths of a microsecond, to more than a day.
    let scales = (0..12).map(|power| 10_u64.pow(power));
    let all =
        scales.flat_map(|scale| TENTHS.map(|tenths| Duration::from_nanos(100 * tenths * scale)));
    let is_whole = |it: &Duration| it.as_nanos().is_multiple_of(unit.as_nanos());
    let lengths = all.filter(is_whole).filter(|it| (low..=ground.waits).contains(it));
    lengths.map(Typed::RunTime).collect()
}

fn millis(all: &[u64]) -> Vec<Typed> {
    all.iter().map(|ms| Typed::RunTime(Duration::from_millis(*ms))).collect()
}

fn integers<const N: usize>(all: [i128; N]) -> Vec<Typed> {
    all.map(Typed::Integer).to_vec()
}

fn text(word: &str) -> Typed {
    Typed::Text(word.to_owned())
}

/// The words that a key takes.
fn words(path: &str) -> Vec<Typed> {
    match keys::key(path).map(|key| &key.kind) {
        Some(Kind::Choice(words)) => words.iter().map(|word| text(word)).collect(),
        _ => Vec::new(),
    }
}

/// The values of one knob for one engine of a cell, in rising order, and which of them is its own.
pub(super) struct Axis {
    pub(super) knob: &'static Knob,
    pub(super) levels: Vec<Typed>,
    pub(super) own: usize,
}

impl Axis {
    /// A value as a label says it.
    pub(super) fn told(&self, level: usize) -> String {
        let value = shown(&self.levels[level]).unwrap_or_default();
        format!("{} {value}", self.knob.word)
    }
}

/// What can be tuned of one of the cell's engines, by number; `fixed` are keys that are left alone.
pub(super) fn axes(ground: &Ground<'_>, engine: usize, fixed: &[&str]) -> Vec<Axis> {
    let own = &ground.cell.settings.engines[engine];
    let knobs = KNOBS.iter().filter(|knob| knob.engine == own.name && !fixed.contains(&knob.key));
    let axes = knobs.filter_map(|knob| {
        let value = own.values.get(&format!("engine.{}.{}", own.name, knob.key))?.clone();
        let mut levels = (knob.values)(ground);
        levels.retain(|level| *level == value || is_possible(ground, engine, knob, level));
        if levels.is_empty() {
            return None;
        }
        if !levels.contains(&value) {
            levels.push(value.clone());
        }
        levels.sort_by(|a, b| size(a).total_cmp(&size(b)));
        levels.dedup();
        let own = levels.iter().position(|level| *level == value)?;
        (levels.len() > 1).then_some(Axis { knob, levels, own })
    });
    axes.collect()
}

/// Whether an engine can be set to this and nothing else changed.
fn is_possible(ground: &Ground<'_>, engine: usize, knob: &Knob, level: &Typed) -> bool {
    let changes = vec![(knob.key, level.clone())];
    ground.cell.on(&[Variant { engine, label: None, changes }]).is_ok()
}

/// By what values are put in order; words stay as they were listed.
fn size(value: &Typed) -> f64 {
    match value {
        Typed::RunTime(length) => length.as_secs_f64(),
        Typed::Integer(integer) => *integer as f64,
        _ => 0.0,
    }
}

/// All of it, for people.
pub(crate) fn told() -> String {
    listed(|_| true)
}

/// What each engine collects by, for people.
pub(crate) fn collecting_told() -> String {
    listed(|knob| knob.is_collecting)
}

fn listed(is_told: impl Fn(&Knob) -> bool) -> String {
    let knobs: Vec<&Knob> = KNOBS.iter().filter(|knob| is_told(knob)).collect();
    let width = |of: fn(&Knob) -> &str| knobs.iter().map(|knob| of(knob).len()).max().unwrap_or(0);
    let (engine, key) = (width(|knob| knob.engine), width(|knob| knob.key));
    let mut out = String::new();
    let mut before = "";
    for knob in knobs {
        let name = if knob.engine == before { "" } else { knob.engine };
        let _ = writeln!(out, "  {name:engine$}  {:key$}  {}", knob.key, knob.told);
        before = knob.engine;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::config::{self, Given, Traces};

    fn levels(settings: &[&str], engine: &str) -> Vec<String> {
        levels_within(Duration::from_millis(500), settings, engine)
    }

    fn levels_within(waits: Duration, settings: &[&str], engine: &str) -> Vec<String> {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let loaded = config::load(
            &["keyed-window".to_owned()],
            &given,
            &[engine.to_owned()],
            Traces::MayBeAbsent,
        );
        let cell = loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0);
        let ground =
            Ground { cell: &cell, waits, shortest: waits, rate_per_s: 1e3, is_parked: true };
        let axes = axes(&ground, 0, &[]);
        let line = |axis: &Axis| {
            let all = axis.levels.iter().enumerate().map(|(n, level)| {
                let shown = shown(level).unwrap();
                if n == axis.own { format!("<{shown}>") } else { shown }
            });
            format!("{}: {}", axis.knob.key, all.collect::<Vec<_>>().join(" "))
        };
        axes.iter().map(line).collect()
    }

    #[test]
    fn every_knob_is_a_key_of_its_engine() {
        for knob in KNOBS {
            let path = format!("engine.{}.{}", knob.engine, knob.key);
            assert!(keys::key(&path).is_some(), "{path}");
        }
    }

    #[test]
    fn the_users_own_value_is_among_those_that_are_possible() {
        let own = ["engine.micro-batch.interval=90ms"];
        assert_eq!(
            levels(&own, "micro-batch"),
            [
                "interval: 10ms 12ms 15ms 20ms 25ms 30ms 40ms 50ms 60ms 75ms <90ms> 100ms 120ms 150ms \
              200ms 250ms 300ms 400ms 500ms"
            ]
        );
        // Whole batches make up a window and its slide.
        let batches = ["engine.micro-batch.windows=batches", "engine.micro-batch.interval=50ms"];
        assert_eq!(levels(&batches, "micro-batch"), ["interval: 10ms 20ms 25ms <50ms> 100ms"]);
        assert_eq!(levels(&[], "per-event"), ["waiting: park <spin-then-park>"]);
        assert_eq!(levels(&["parallelism=2"], "per-event").len(), 3);
        let inverse = levels(&[], "spark-dstream");
        assert_eq!(inverse[1], "algorithm: <recompute> inverse");
        let without = levels(&["query.window.aggregates=[\"max\"]"], "spark-dstream");
        assert_eq!(without.len(), 1, "a maximum has no inverse: {without:?}");
    }

    #[test]
    fn who_demands_microseconds_has_batches_of_microseconds_tried() {
        let demanded = Duration::from_micros(250);
        let own = ["engine.micro-batch.interval=90ms"];
        assert_eq!(
            levels_within(demanded, &own, "micro-batch"),
            [
                "interval: 5us 6us 10us 12us 15us 20us 25us 30us 40us 50us 60us 75us 100us 120us 150us \
              200us 250us <90ms>"
            ]
        );
        // Spark counts in milliseconds: nothing is left to choose there.
        let spark = levels_within(demanded, &[], "spark-structured");
        assert!(spark.iter().all(|line| !line.starts_with("trigger")), "{spark:?}");
    }

    #[test]
    fn what_is_tuned_is_told_engine_by_engine() {
        insta::assert_snapshot!("tuned", told());
    }
}
