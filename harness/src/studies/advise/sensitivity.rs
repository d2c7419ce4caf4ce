//! What of a workload is varied by itself: at half and at double of what it is, all else the same.
//!
//! One table says it, the most telling first, so that whatever time does not reach for is the last of
//! it. What a scenario has not, such as disorder, is not varied: half and double of nothing are
//! nothing. Values that contradict the scenario are no values of it. A rate that changes is scaled as
//! a whole, and a trace is replayed slower and faster, each time as much of it.

use super::budget::MEASURED_LEAST;
use crate::run::estimate::{events, length};
use instrument::bench::error::RunError;
use reports::quantity;
use reports::record::advice::{Factor, FactorKind};
use reports::record::study::Coordinate;
use reports::words::{slug, titled};
use scenarios::spec::{QuerySpec, WorkloadSpec};
use settings::config::shown;
use settings::plan::Cell;
use settings::plan::settings::Typed;

/// Something that can be varied.
struct Candidate {
    kind: FactorKind,
    /// The keys that it may stand under, of which a scenario has one; with what goes along with it.
    keys: &'static [&'static [&'static str]],
}

const CANDIDATES: &[Candidate] = &[
    Candidate {
        kind: FactorKind::Rate,
        keys: &[&["source.synthetic.rate"], &["source.words.rate"]],
    },
    Candidate {
        kind: FactorKind::Keys,
        keys: &[
            &["source.synthetic.keys.uniform.count"],
            &["source.synthetic.keys.zipf.count"],
            &["source.words.dictionary"],
        ],
    },
    Candidate {
        kind: FactorKind::Disorder,
        keys: &[&["source.synthetic.disorder.fraction"], &["source.words.disorder.fraction"]],
    },
    Candidate {
        kind: FactorKind::Delay,
        keys: &[
            &["source.synthetic.disorder.delay.exponential.mean"],
            &["source.synthetic.disorder.delay.pareto.scale"],
            &["source.synthetic.disorder.delay.constant"],
            &[
                "source.synthetic.disorder.delay.uniform.high",
                "source.synthetic.disorder.delay.uniform.low",
            ],
            &["source.words.disorder.delay.exponential.mean"],
            &["source.words.disorder.delay.pareto.scale"],
            &["source.words.disorder.delay.constant"],
            &[
                "source.words.disorder.delay.uniform.high",
                "source.words.disorder.delay.uniform.low",
            ],
        ],
    },
    Candidate {
        kind: FactorKind::Slide,
        keys: &[&["query.window.slide"], &["query.word-count.slide"]],
    },
];

/// What can be varied, in its order, for people.
pub(crate) fn told() -> Vec<&'static str> {
    let of_keys = CANDIDATES.iter().map(|candidate| candidate.kind.words());
    of_keys.chain([FactorKind::Speed.words()]).collect()
}

/// Half and double.
const TIMES: [f64; 2] = [0.5, 2.0];

/// What is varied of a cell, and the cells in which it is; none where no other value is possible, which
/// the factor says then.
pub(super) struct Varied {
    pub(super) factor: Factor,
    pub(super) cells: Vec<Cell>,
}

/// All that can be varied of a cell. What is recorded in a trace is as it is, but for how fast it comes.
pub(super) fn varied(cell: &Cell) -> Vec<Varied> {
    let all = CANDIDATES.iter().filter(|candidate| concerns(candidate.kind, cell));
    let of_keys = all.filter_map(|candidate| candidate.of(cell));
    of_speed(cell).into_iter().chain(of_changing_rate(cell)).chain(of_keys).collect()
}

/// A trace at half and at double speed. As much of it is played, so that it lasts for longer or shorter.
fn of_speed(cell: &Cell) -> Option<Varied> {
    const KEY: &str = "source.trace.speed";
    let own = cell.settings.cell.get(KEY)?;
    let speed = number(own)?;
    let measure = cell.measure;
    let at = |times: f64| {
        let lasts = length(cell).div_f64(times).saturating_sub(measure.warm_up);
        let other = Typed::Number(speed * times);
        let told = (shown(&other).unwrap_or_default(), speed * times);
        if lasts < measure.duration.min(MEASURED_LEAST) {
            return (told, Err(OVER.to_owned()));
        }
        (told, altered(cell, &[(KEY, other), ("measure.duration", Typed::RunTime(lasts))]))
    };
    let (kind, value) = (FactorKind::Speed, shown(own)?);
    Some(of_values(cell, (kind, KEY), (value, speed), TIMES.map(at)))
}

/// Why a trace is not played faster.
const OVER: &str = "played faster it would be over before it was measured";

/// A rate that changes, with all of its numbers halved and doubled: the same course, lower and higher.
/// Told by what it is on average. None of one that is a single number.
fn of_changing_rate(cell: &Cell) -> Option<Varied> {
    const RATES: [&str; 2] = ["source.synthetic.rate", "source.words.rate"];
    let of = |key: &str| -> Vec<(&String, &Typed)> {
        let inside = format!("{key}.");
        let all = cell.settings.cell.iter();
        all.filter(|(path, value)| path.starts_with(&inside) && is_rate(value)).collect()
    };
    let (key, numbers) = RATES.iter().find_map(|key| {
        let numbers = of(key);
        (!numbers.is_empty()).then_some((*key, numbers))
    })?;
    let mean = events(cell) / length(cell).as_secs_f64();
    let told = |per_s: f64| format!("{} on average", quantity::tick(&quantity::rate(per_s)));
    let at = |times: f64| {
        let changes = numbers.iter();
        let changes = changes.filter_map(|(path, it)| Some((path.as_str(), scaled(it, times)?)));
        let changes: Vec<(&str, Typed)> = changes.collect();
        ((told(mean * times), mean * times), altered(cell, &changes))
    };
    (mean > 0.0)
        .then(|| of_values(cell, (FactorKind::Rate, key), (told(mean), mean), TIMES.map(at)))
}

/// Whether a value is a rate, or several.
fn is_rate(value: &Typed) -> bool {
    match value {
        Typed::Rate(_) => true,
        Typed::List(items) => !items.is_empty() && items.iter().all(is_rate),
        _ => false,
    }
}

/// A value in words and as a number, and the cell at it or why there is none.
type At = ((String, f64), Result<Cell, String>);

/// What is varied, from its own value in words and as a number to these.
fn of_values(
    cell: &Cell,
    (kind, key): (FactorKind, &str),
    (value, number): (String, f64),
    values: impl IntoIterator<Item = At>,
) -> Varied {
    let mut cells = Vec::new();
    let mut refused = None;
    for ((value, number), altered) in values {
        match altered {
            Ok(altered) => {
                let point = Coordinate { key: key.to_owned(), value, number: Some(number) };
                cells.push(called(kind, cell, point, altered));
            }
            Err(why) => refused = refused.or(Some(why)),
        }
    }
    let left_out = cells.is_empty().then(|| refused.unwrap_or_else(|| ALONE.to_owned()));
    let factor = Factor { kind, key: key.to_owned(), value, number, left_out };
    Varied { factor, cells }
}

/// The same cell with some keys changed, or why that cannot be.
fn altered(cell: &Cell, changes: &[(&str, Typed)]) -> Result<Cell, String> {
    cell.altered(changes).map_err(|rejected| {
        let why = rejected.mistakes.first().map(|mistake| mistake.message.clone());
        why.unwrap_or_else(|| ALONE.to_owned())
    })
}

/// A cell at another value, called by it.
fn called(kind: FactorKind, cell: &Cell, at: Coordinate, altered: Cell) -> Cell {
    let name = at.key.rsplit('.').next().unwrap_or(&at.key);
    Cell {
        name: format!("{}-{}-{}", cell.name, slug(kind.words()), slug(&at.value)),
        title: titled(&cell.title, &format!("{name} = {}", at.value)),
        point: vec![at],
        ..altered
    }
}

/// Whether anything may come of another value.
fn concerns(kind: FactorKind, cell: &Cell) -> bool {
    let is_asked_by_key = match cell.case.query {
        QuerySpec::Window { keyed, .. }
        | QuerySpec::Session { keyed, .. }
        | QuerySpec::Counted { keyed, .. } => keyed,
        QuerySpec::WordCount { .. } | QuerySpec::Silence { .. } | QuerySpec::Join { .. } => true,
        QuerySpec::Identity => false,
    };
    match (kind, &cell.case.workload) {
        (FactorKind::Slide, _) => true,
        (_, WorkloadSpec::Trace(_)) => false,
        (FactorKind::Keys, _) => is_asked_by_key,
        _ => true,
    }
}

impl Candidate {
    /// As a cell has it; none if it has it not.
    fn of(&self, cell: &Cell) -> Option<Varied> {
        let value = |key: &str| cell.settings.cell.get(key);
        let (keys, own) = self.keys.iter().find_map(|keys| Some((keys, value(keys[0])?)))?;
        let own_number = number(own).filter(|number| *number > 0.0)?;
        let at = |times: f64| {
            let changes = keys.iter().filter_map(|key| Some((*key, scaled(value(key)?, times)?)));
            let changes: Vec<(&str, Typed)> = changes.collect();
            let (_, other) = changes.first().filter(|(_, other)| other != own)?;
            Some(((shown(other)?, number(other)?), altered(cell, &changes)))
        };
        let values = TIMES.into_iter().filter_map(at);
        let own = (shown(own)?, own_number);
        Some(of_values(cell, (self.kind, keys[0]), own, values))
    }
}

/// Why a value is not varied that has no half and no double.
const ALONE: &str = "half and double of it are no values that it can have";

/// A value as a number in base units; none of a word.
fn number(value: &Typed) -> Option<f64> {
    match value {
        Typed::Rate(number) | Typed::Number(number) => Some(*number),
        Typed::Integer(integer) => Some(*integer as f64),
        Typed::EventTime(micros) => Some(*micros as f64),
        _ => None,
    }
}

/// So many times a value; a share is never more than all. None of a word.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float cast saturates, and what is refused is left out"
)]
fn scaled(value: &Typed, times: f64) -> Option<Typed> {
    Some(match value {
        Typed::Rate(rate) => Typed::Rate(rate * times),
        Typed::Number(share) => Typed::Number((share * times).min(1.0)),
        Typed::Integer(count) => Typed::Integer(((*count as f64 * times).round() as i128).max(1)),
        Typed::EventTime(micros) => Typed::EventTime((*micros as f64 * times).round() as i64),
        Typed::List(items) => {
            Typed::List(items.iter().map(|item| scaled(item, times)).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// The same on two of its engines alone, by their labels.
pub(super) fn on(cell: &Cell, labels: &[String; 2]) -> Result<Cell, RunError> {
    let is_one = |engine: usize| labels.contains(&cell.engines[engine].label);
    let kept = cell.keeping(is_one);
    kept.ok_or_else(|| RunError::Refused("an engine that is to be varied is not there".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::config::{self, Given, Traces};
    use settings::plan::{Arrivals, Load, RateShape};
    use std::time::Duration;

    fn told(name: &str, settings: &[&str]) -> Vec<String> {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let loaded = config::load(&[name.to_owned()], &given, &[], Traces::MayBeAbsent);
        let cell = loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0);
        let all = varied(&cell);
        let line = |varied: &Varied| {
            let Varied { factor, cells } = varied;
            let values = cells.iter().map(|cell| cell.point[0].value.as_str()).collect::<Vec<_>>();
            let why = factor.left_out.as_deref().unwrap_or_default();
            format!("{} {}: {}{why}", factor.kind.words(), factor.value, values.join(" "))
        };
        all.iter().map(line).collect()
    }

    #[test]
    fn half_and_double_of_what_a_scenario_has() {
        assert_eq!(
            told("keyed-window", &[]),
            [
                "rate 100k/s: 50k/s 200k/s",
                "number of keys 100: 50 200",
                "slide of the window 100ms: 50ms 200ms"
            ]
        );
        let late = [
            "source.synthetic.disorder.fraction=0.8",
            "source.synthetic.disorder.delay.uniform={ low = \"10ms\", high = \"100ms\" }",
        ];
        let late = told("keyed-window", &late);
        assert_eq!(
            late[2..4],
            ["share of late events 0.8: 0.4 1.0", "delay of late events 100ms: 50ms 200ms"]
        );
        assert_eq!(told("word-count", &[]).len(), 3);
    }

    #[test]
    fn what_contradicts_or_changes_nothing_is_left_out() {
        // A slide of twice the window would skip events, and one key has no half.
        let alone = ["query.window.slide=1s", "source.synthetic.keys.uniform.count=1"];
        assert_eq!(
            told("keyed-window", &alone)[1..],
            ["number of keys 1: 2", "slide of the window 1s: 500ms"]
        );
        assert_eq!(
            told("keyed-window", &["query.window.keyed=false"]).len(),
            2,
            "no answer has a key"
        );
        assert_eq!(told("identity", &[]).len(), 1);
    }

    #[test]
    fn a_rate_that_changes_is_scaled_as_a_whole() {
        let rate = |shape: &str| format!("source.synthetic.rate={shape}");
        let cell = |shape: &str| {
            let given = [Given::set(rate(shape)), Given::set("measure.warm_up=0s")];
            let given = [&given[..], &[Given::set("measure.duration=2s")]].concat();
            let loaded =
                config::load(&["keyed-window".to_owned()], &given, &[], Traces::MayBeAbsent);
            loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0)
        };
        let steps = cell("{ shape = \"steps\", rates = [\"1k/s\", \"2k/s\"], every = \"1s\" }");
        let all = varied(&steps);
        let Varied { factor, cells } = &all[0];
        assert_eq!((factor.kind, factor.value.as_str()), (FactorKind::Rate, "1.5 k/s on average"));
        assert!((factor.number - 1_500.0).abs() < 1.0, "{}", factor.number);
        let rates: Vec<&Load> = cells.iter().map(|cell| &cell.load).collect();
        let of = |rates: [f64; 2]| Load::Synthetic {
            rate: RateShape::Steps { rates: rates.to_vec(), every: Duration::from_secs(1) },
            arrivals: Arrivals::Even,
        };
        assert_eq!(rates, [&of([500.0, 1_000.0]), &of([2_000.0, 4_000.0])]);
        assert_eq!(cells[0].name, "keyed-window-rate-750-s-on-average");
        assert!((cells[1].point[0].number.unwrap() - 3_000.0).abs() < 2.0);
        assert_eq!(all.iter().filter(|it| it.factor.kind == FactorKind::Rate).count(), 1);

        let profile = "{ shape = \"profile\", mean = \"4k/s\", weights = [1, 3], period = \"1s\" }";
        let load = |cell: &Cell| match &cell.load {
            Load::Synthetic { rate: RateShape::Profile { mean, weights, .. }, .. } => {
                (*mean, weights.clone())
            }
            other => panic!("{other:?}"),
        };
        let all = varied(&cell(profile));
        assert_eq!(
            all[0].cells.iter().map(load).collect::<Vec<_>>(),
            [(2_000.0, vec![1.0, 3.0]), (8_000.0, vec![1.0, 3.0])]
        );
        // The same with one number in a table.
        let constant = varied(&cell("{ shape = \"constant\", rate = \"4k/s\" }"));
        assert_eq!(constant[0].cells.len(), 2);
    }

    #[test]
    fn a_trace_is_replayed_slower_and_faster_and_as_much_of_it() {
        let of = |settings: &[&str]| {
            let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
            let names = ["flight-departures".to_owned()];
            let loaded = config::load(&names, &given, &[], Traces::MayBeAbsent);
            loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0)
        };
        let own = of(&["measure.warm_up=2s", "measure.duration=10s", "source.trace.speed=1000"]);
        let all = varied(&own);
        let Varied { factor, cells } = &all[0];
        assert_eq!((factor.kind, factor.value.as_str()), (FactorKind::Speed, "1000.0"));
        let told = |cell: &Cell| {
            let WorkloadSpec::Trace(trace) = &cell.case.workload else { panic!("a trace") };
            (trace.speed, cell.measure.warm_up.as_secs(), cell.measure.duration.as_secs())
        };
        assert_eq!(cells.iter().map(told).collect::<Vec<_>>(), [(500.0, 2, 22), (2_000.0, 2, 4)]);
        // What is recorded is as it is; what is asked of it is not.
        let kinds: Vec<FactorKind> = all.iter().map(|it| it.factor.kind).collect();
        assert_eq!(kinds, [FactorKind::Speed, FactorKind::Slide]);

        let short = of(&["measure.warm_up=20s", "measure.duration=10s"]);
        assert_eq!(varied(&short)[0].cells.len(), 1, "at double the speed it is over by then");
    }

    #[test]
    fn each_cell_is_called_by_what_it_changes() {
        let loaded =
            config::load(&["keyed-window".to_owned()], &[], &[], Traces::MayBeAbsent).unwrap();
        let cells: Vec<Cell> =
            varied(&loaded.cells[0]).into_iter().flat_map(|it| it.cells).collect();
        let names: Vec<&str> = cells.iter().map(|cell| cell.name.as_str()).collect();
        assert_eq!(names[0], "keyed-window-rate-50k-s");
        let mut apart = names.clone();
        apart.sort_unstable();
        apart.dedup();
        assert_eq!(apart.len(), names.len(), "{names:?}");
        assert!(cells[0].title.ends_with("rate = 50k/s"), "{}", cells[0].title);
        assert_eq!(cells[0].engines, loaded.cells[0].engines);
    }
}
