//! Which operators a case may be about, and what each of them takes.

use super::case::Semantics;
use super::placed::{Misplaced, Placed};
use serde_json::Value;

/// What a parameter may be.
#[derive(Copy, Clone, Debug)]
enum Kind {
    /// A whole number of at least so much.
    From(i64),
    /// The same, or `null` for none.
    MayBe(i64),
    Flag,
    Text,
    Word(&'static [&'static str]),
    /// Whole numbers, or names.
    List,
    Table(&'static [Parameter]),
}

#[derive(Copy, Clone, Debug)]
struct Parameter {
    name: &'static str,
    kind: Kind,
    is_needed: bool,
}

const fn needs(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, is_needed: true }
}

const fn takes(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, is_needed: false }
}

const AGGREGATE: Parameter = needs("agg", Kind::Word(&["sum", "count", "min", "max", "list"]));

const ASSIGNER: Parameter = needs(
    "assigner",
    Kind::Table(&[
        needs("type", Kind::Word(&["tumbling", "sliding", "session", "global"])),
        takes("time", Kind::Word(&["event", "processing"])),
        takes("size", Kind::From(1)),
        takes("slide", Kind::From(1)),
        takes("gap", Kind::From(1)),
        takes("offset", Kind::From(i64::MIN)),
    ]),
);

const TRIGGER: Parameter = needs(
    "trigger",
    Kind::Table(&[
        needs("type", Kind::Word(&["event_time", "processing_time", "count", "end_of_stream"])),
        takes("count", Kind::From(1)),
        takes("purging", Kind::Flag),
    ]),
);

const EVICTOR: Parameter = takes(
    "evictor",
    Kind::Table(&[
        needs("type", Kind::Word(&["count", "time"])),
        takes("count", Kind::From(1)),
        takes("size", Kind::From(1)),
        needs("when", Kind::Word(&["before", "after"])),
    ]),
);

const SIDE_OUTPUT: Parameter = takes("side_output", Kind::Flag);
const BATCH: Parameter = needs("batch", Kind::From(1));
const WINDOW: Parameter = needs("window", Kind::From(1));
const SLIDE: Parameter = needs("slide", Kind::From(1));
const DELAY: Parameter = needs("watermark_delay", Kind::MayBe(0));
const DELAYS: Parameter = needs("streams", Kind::List);
const POLICY: Parameter = takes("policy", Kind::Word(&["min", "max"]));
const MODE: Parameter = needs("output_mode", Kind::Word(&["append", "update", "complete"]));
const NO_DATA: Parameter = takes("no_data_batches", Kind::Flag);

/// The operators by whose rules, by name, and what each takes.
const OPERATORS: &[(Semantics, &str, &[Parameter])] = &[
    (
        Semantics::Flink,
        "window_agg",
        &[
            ASSIGNER,
            AGGREGATE,
            TRIGGER,
            EVICTOR,
            takes("allowed_lateness", Kind::From(0)),
            SIDE_OUTPUT,
        ],
    ),
    (Semantics::Flink, "window_join", &[ASSIGNER]),
    (Semantics::Flink, "window_cogroup", &[ASSIGNER]),
    (
        Semantics::Flink,
        "interval_join",
        &[
            needs("lower", Kind::From(i64::MIN)),
            needs("lower_inclusive", Kind::Flag),
            needs("upper", Kind::From(i64::MIN)),
            needs("upper_inclusive", Kind::Flag),
            SIDE_OUTPUT,
        ],
    ),
    (Semantics::Flink, "watermark_generator", &[needs("max_out_of_orderness", Kind::From(0))]),
    (Semantics::Flink, "watermark_valve", &[needs("channels", Kind::From(1))]),
    (Semantics::DStream, "window", &[BATCH, WINDOW, SLIDE]),
    (
        Semantics::DStream,
        "reduce_by_key_and_window",
        &[
            BATCH,
            WINDOW,
            SLIDE,
            needs("func", Kind::Word(&["+"])),
            takes("inverse", Kind::Word(&["-"])),
            takes("filter", Kind::Word(&["value != 0"])),
        ],
    ),
    (Semantics::DStream, "count_by_window", &[BATCH, WINDOW, SLIDE]),
    (Semantics::DStream, "count_by_value_and_window", &[BATCH, WINDOW, SLIDE]),
    (Semantics::DStream, "update_state_by_key", &[BATCH]),
    (
        Semantics::DStream,
        "map_with_state",
        &[BATCH, needs("fn", Kind::Word(&["running_sum", "toggle_remove"]))],
    ),
    (Semantics::DStream, "join", &[BATCH]),
    (Semantics::DStream, "left_outer_join", &[BATCH]),
    (Semantics::DStream, "full_outer_join", &[BATCH]),
    (
        Semantics::Structured,
        "window_agg",
        &[
            needs("size", Kind::From(1)),
            takes("slide", Kind::From(1)),
            AGGREGATE,
            DELAY,
            MODE,
            NO_DATA,
        ],
    ),
    (Semantics::Structured, "agg_by_event_time", &[AGGREGATE, DELAY, MODE, NO_DATA]),
    (
        Semantics::Structured,
        "session_agg",
        &[needs("gap", Kind::From(1)), AGGREGATE, DELAY, MODE, NO_DATA],
    ),
    (
        Semantics::Structured,
        "dedup",
        &[needs("keys", Kind::List), takes("time_in_key", Kind::Flag), DELAY, MODE, NO_DATA],
    ),
    (Semantics::Structured, "watermark", &[DELAYS, POLICY, MODE, NO_DATA]),
    (
        Semantics::Structured,
        "window_join",
        &[needs("size", Kind::From(1)), DELAYS, POLICY, MODE, NO_DATA],
    ),
    (
        Semantics::Structured,
        "time_range_join",
        &[DELAYS, POLICY, needs("cond", Kind::Text), MODE, NO_DATA],
    ),
];

/// The names of the operators that a case by these rules may be about.
pub fn operators(semantics: Semantics) -> impl Iterator<Item = &'static str> {
    let own = OPERATORS.iter().filter(move |(other, ..)| *other == semantics);
    own.map(|(_, name, _)| *name)
}

/// The operator of a case and its parameters, which are what they may be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spec(Value);

impl Spec {
    /// Reads it, by these rules.
    pub(super) fn read(placed: &Placed<'_>, semantics: Semantics) -> Result<Self, Misplaced> {
        let op = placed.needed("op")?;
        let name = op.text()?;
        let mut all = OPERATORS.iter().filter(|(other, ..)| *other == semantics);
        let Some((.., parameters)) = all.find(|(_, other, _)| *other == name) else {
            return Err(op.wrong(format!(
                "{} has no operator `{name}`; there can be {}",
                semantics.name(),
                operators(semantics).collect::<Vec<_>>().join(", ")
            )));
        };
        let mut known = vec!["op"];
        known.extend(parameters.iter().map(|parameter| parameter.name));
        placed.only(&known)?;
        check(placed, parameters)?;
        Ok(Self(placed.value.clone()))
    }

    pub(super) fn op(&self) -> &str {
        self.text("/op").unwrap_or_default()
    }

    /// The text at a path such as `/assigner/type`.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.0.pointer(path)?.as_str()
    }

    pub(super) fn number(&self, path: &str) -> Option<i64> {
        self.0.pointer(path)?.as_i64()
    }

    pub(super) fn is_set(&self, path: &str) -> bool {
        self.0.pointer(path).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.0.pointer(path).is_some_and(|value| !value.is_null())
    }

    pub(super) fn numbers(&self, path: &str) -> Vec<i64> {
        let list = self.0.pointer(path).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_i64).collect()
    }
}

fn check(placed: &Placed<'_>, parameters: &[Parameter]) -> Result<(), Misplaced> {
    for Parameter { name, kind, is_needed } in parameters {
        let found = if *is_needed { Some(placed.needed(name)?) } else { placed.member(name)? };
        let Some(found) = found else { continue };
        match kind {
            Kind::MayBe(_) if found.value.is_null() => {}
            Kind::From(least) | Kind::MayBe(least) => drop(found.number_from(*least)?),
            Kind::Flag => drop(found.flag()?),
            Kind::Text => drop(found.text()?),
            Kind::Word(words) => {
                let word = found.text()?;
                if !words.contains(&word) {
                    let words = words.join(", ");
                    return Err(found.wrong(format!("expected one of {words}, not `{word}`")));
                }
            }
            Kind::List => {
                for item in found.items()? {
                    if !item.value.is_string() {
                        item.number()?;
                    }
                }
            }
            Kind::Table(parameters) => {
                let known: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
                found.only(&known)?;
                check(&found, parameters)?;
            }
        }
    }
    Ok(())
}
