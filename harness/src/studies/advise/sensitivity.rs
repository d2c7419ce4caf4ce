//! What of a workload is varied by itself: at half and at double of what it is, all else the same.
//!
//! One table says it, the most telling first, so that whatever time does not reach for is the last of
//! it. What a scenario has not, such as disorder, is not varied: half and double of nothing are
//! nothing. Values that contradict the scenario are no values of it.

use instrument::bench::error::RunError;
use reports::record::advice::{Factor, FactorKind};
use reports::record::study::Coordinate;
use reports::words::{slug, titled};
use scenarios::spec::{QuerySpec, WorkloadSpec};
use settings::config::shown;
use settings::plan::settings::Typed;
use settings::plan::{Cell, Load, RateShape};

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
    CANDIDATES.iter().map(|candidate| candidate.kind.words()).collect()
}

/// Half and double.
const TIMES: [f64; 2] = [0.5, 2.0];

/// What is varied of a cell, and the cells in which it is; none where no other value is possible, which
/// the factor says then.
pub(super) struct Varied {
    pub(super) factor: Factor,
    pub(super) cells: Vec<Cell>,
}

/// All that can be varied of a cell. Of a recorded trace nothing is: part of it would be another workload.
pub(super) fn varied(cell: &Cell) -> Vec<Varied> {
    let all = CANDIDATES.iter().filter(|candidate| concerns(candidate.kind, cell));
    all.filter_map(|candidate| candidate.of(cell)).collect()
}

/// Whether anything may come of another value.
fn concerns(kind: FactorKind, cell: &Cell) -> bool {
    let is_asked_by_key = match cell.case.query {
        QuerySpec::Window { keyed, .. } => keyed,
        QuerySpec::WordCount { .. } => true,
        QuerySpec::Identity => false,
    };
    match (kind, &cell.case.workload) {
        (_, WorkloadSpec::Trace(_)) => false,
        // Of a rate that changes, half and double are another course.
        (FactorKind::Rate, _) => {
            matches!(&cell.load, Load::Synthetic { rate: RateShape::Constant { .. }, .. })
        }
        (FactorKind::Keys, _) => is_asked_by_key,
        _ => true,
    }
}

impl Candidate {
    /// As a cell has it; none if it has it not.
    fn of(&self, cell: &Cell) -> Option<Varied> {
        let value = |key: &str| cell.settings.cell.get(key);
        let (keys, own) = self.keys.iter().find_map(|keys| Some((keys, value(keys[0])?)))?;
        let number = number(own).filter(|number| *number > 0.0)?;
        let mut cells: Vec<Cell> = Vec::new();
        let mut refused = None;
        for times in TIMES {
            let changes = keys.iter().filter_map(|key| Some((*key, scaled(value(key)?, times)?)));
            let changes: Vec<(&str, Typed)> = changes.collect();
            let Some((_, other)) = changes.first().filter(|(_, other)| other != own) else {
                continue;
            };
            match cell.altered(&changes) {
                Ok(altered) => cells.push(self.at(keys[0], other, cell, altered)?),
                Err(rejected) => {
                    let why = rejected.mistakes.first().map(|mistake| mistake.message.clone());
                    refused = refused.or(why);
                }
            }
        }
        let left_out = cells.is_empty().then(|| refused.unwrap_or_else(|| ALONE.to_owned()));
        let value = shown(own)?;
        let factor = Factor { kind: self.kind, key: keys[0].to_owned(), value, number, left_out };
        Some(Varied { factor, cells })
    }

    /// A cell at another value, called by it.
    fn at(&self, key: &str, other: &Typed, cell: &Cell, altered: Cell) -> Option<Cell> {
        let value = shown(other)?;
        let name = key.rsplit('.').next().unwrap_or(key);
        Some(Cell {
            name: format!("{}-{}-{}", cell.name, slug(self.kind.words()), slug(&value)),
            title: titled(&cell.title, &format!("{name} = {value}")),
            point: vec![Coordinate { key: key.to_owned(), number: number(other), value }],
            ..altered
        })
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
        assert_eq!(told("flight-departures", &[]), [""; 0], "part of a trace is another workload");
        let steps = "source.synthetic.rate={ shape = \"steps\", rates = [\"1k/s\", \"2k/s\"], every = \"1s\" }";
        assert!(told("keyed-window", &[steps])[0].starts_with("number of keys"));
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
