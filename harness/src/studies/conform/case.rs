//! The format of cases: small streams, and the exact rows that an engine has to answer with.
//!
//! All times are milliseconds. Whatever nobody reads is refused, so that a mistake in a case is not
//! taken for one of an engine.

use super::placed::{Misplaced, Placed};
use super::row::Row;
use super::spec::Spec;
use serde_json::Value;

/// The cases that are part of this program.
const BUILT_IN: &str = include_str!("cases.json");

/// Whose rules a case states.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Semantics {
    /// Flink's.
    Flink,
    /// Those of Spark's `DStream`s.
    DStream,
    /// Those of Spark's Structured Streaming.
    Structured,
}

impl Semantics {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Flink, Self::DStream, Self::Structured];

    /// What they are called in a case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flink => "flink",
            Self::DStream => "spark-dstream",
            Self::Structured => "spark-structured",
        }
    }
}

/// A small stream, and what has to come of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What it is called, unlike any other.
    pub name: String,
    /// Whose rules it states.
    pub semantics: Semantics,
    pub(super) spec: Spec,
    pub(super) input: Vec<Item>,
    pub(super) expected: Vec<Row>,
    /// Which events of the input are too late for all that they could count in.
    pub(super) late: Vec<usize>,
    /// What ours answers instead at the end of some windows, where the original is wrong by design.
    pub(super) ours: Vec<Ours>,
    /// As it was written.
    pub(super) written: Value,
}

/// What ours answers at the end of a window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ours {
    /// When it ends.
    pub(super) end: i64,
    /// Keys and values.
    pub(super) answers: Vec<(String, Value)>,
}

/// What happens next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Event(Event),
    Watermark { at: i64, channel: Option<usize> },
    BatchBoundary,
    EndOfStream,
    SnapshotRestore,
    Restart,
    Status,
    ProcessingTime,
    PeriodicEmit,
}

/// An event of the input.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) t: i64,
    pub(super) key: Option<String>,
    pub(super) value: Value,
    /// Which input it is of, where there are several.
    pub(super) channel: Option<usize>,
    pub(super) has_side: bool,
}

/// The cases that are part of this program.
///
/// # Errors
/// None, unless they are broken.
pub fn built_in() -> Result<Vec<Case>, Misplaced> {
    read(BUILT_IN)
}

/// The cases of a file.
///
/// # Errors
/// What is wrong with it, in which case and where in it.
pub fn read(text: &str) -> Result<Vec<Case>, Misplaced> {
    let value: Value = serde_json::from_str(text).map_err(|error| Misplaced {
        place: format!("line {}", error.line()),
        message: format!("this is no JSON: {error}"),
    })?;
    let whole = Placed::whole(&value);
    let mut cases: Vec<Case> = Vec::new();
    for placed in whole.items()? {
        let case = Case::read(&placed)?;
        if cases.iter().any(|other| other.name == case.name) {
            return Err(placed.wrong("there is another case of this name"));
        }
        cases.push(case);
    }
    if cases.is_empty() {
        return Err(whole.wrong("there is no case here"));
    }
    Ok(cases)
}

const MEMBERS: [&str; 10] = [
    "name",
    "source",
    "engine_semantics",
    "spec",
    "input",
    "expected",
    "late",
    "notes",
    "model_note",
    "ours",
];

impl Case {
    fn read(placed: &Placed<'_>) -> Result<Self, Misplaced> {
        placed.only(&MEMBERS)?;
        let name = placed.needed("name")?;
        if name.text()?.is_empty() {
            return Err(name.wrong("a case needs a name"));
        }
        placed.needed("source")?.text()?;
        let semantics = placed.needed("engine_semantics")?;
        let named = |semantics: &Semantics| semantics.name() == semantics_name(placed);
        let semantics = Semantics::ALL.into_iter().find(named).ok_or_else(|| {
            let all = Semantics::ALL.map(Semantics::name).join(", ");
            semantics.wrong(format!("expected one of {all}"))
        })?;
        let spec = placed.needed("spec")?;
        let spec = Spec::read(&spec, semantics)?;
        let input = placed.needed("input")?;
        let input: Vec<Item> =
            input.items()?.map(|item| Item::read(&item)).collect::<Result<_, _>>()?;
        let expected = placed.needed("expected")?;
        let expected: Vec<Row> =
            expected.items()?.map(|row| Row::read(&row, input.len())).collect::<Result<_, _>>()?;
        let mut late = Vec::new();
        for item in placed.needed("late")?.items()? {
            item.only(&["index", "t", "key", "v"])?;
            let index = item.needed("index")?;
            let number = index.below(input.len())?;
            if !matches!(input[number], Item::Event(_)) {
                return Err(index.wrong("no event stands there in the input"));
            }
            late.push(number);
        }
        for name in ["notes", "model_note"] {
            if let Some(note) = placed.member(name)? {
                note.text()?;
            }
        }
        let ours = match placed.member("ours")? {
            None => Vec::new(),
            Some(ours) => read_ours(&ours)?,
        };
        let boundaries = input.iter().filter(|item| **item == Item::BatchBoundary).count();
        if semantics != Semantics::Flink && boundaries == 0 {
            return Err(placed.needed("input")?.wrong("no `batch_boundary` ends a batch"));
        }
        Ok(Self {
            name: name.text()?.to_owned(),
            semantics,
            spec,
            input,
            expected,
            late,
            ours,
            written: placed.value.clone(),
        })
    }

    /// The numbers of the items that end batches.
    pub(super) fn boundaries(&self) -> Vec<usize> {
        let ends = |(_, item): &(usize, &Item)| **item == Item::BatchBoundary;
        self.input.iter().enumerate().filter(ends).map(|(index, _)| index).collect()
    }

    /// What one of ours has to answer with.
    pub(super) fn expected_of_ours(&self) -> Vec<Row> {
        let mut rows = self.expected.clone();
        let boundaries = self.boundaries();
        let window = self.spec.number("/window").unwrap_or(0);
        let batch = self.spec.number("/batch").unwrap_or(1);
        for Ours { end, answers } in &self.ours {
            let number = usize::try_from(end / batch).ok().and_then(|number| number.checked_sub(1));
            let Some(index) = number.and_then(|number| boundaries.get(number)) else { continue };
            rows.retain(|row| row.index != Some(*index));
            let start = end.saturating_sub(window);
            let answers = answers.iter();
            rows.extend(
                answers.map(|(key, value)| Row::of_window((start, *end), key, value, *index)),
            );
        }
        rows
    }
}

fn semantics_name<'a>(case: &Placed<'a>) -> &'a str {
    case.value.get("engine_semantics").and_then(Value::as_str).unwrap_or_default()
}

/// `{"T4000": [["a", -5]]}`: when a window ends, and its keys and values.
fn read_ours(placed: &Placed<'_>) -> Result<Vec<Ours>, Misplaced> {
    let mut all = Vec::new();
    for name in placed.object()?.keys() {
        let rows = placed.needed(name)?;
        let end = name.strip_prefix('T').and_then(|end| end.parse().ok());
        let end = end.ok_or_else(|| rows.wrong("expected a name such as `T4000`"))?;
        let mut answers = Vec::new();
        for row in rows.items()? {
            match row.value.as_array().map(Vec::as_slice) {
                Some([Value::String(key), value]) => answers.push((key.clone(), value.clone())),
                _ => return Err(row.wrong("expected a key and a value, such as [\"a\", -5]")),
            }
        }
        all.push(Ours { end, answers });
    }
    Ok(all)
}

impl Item {
    fn read(placed: &Placed<'_>) -> Result<Self, Misplaced> {
        let has = |name: &str| placed.value.get(name).is_some();
        let is_true = |name: &'static str, item: Self| -> Result<Self, Misplaced> {
            placed.only(&[name])?;
            let flag = placed.needed(name)?;
            if flag.flag()? { Ok(item) } else { Err(flag.wrong("expected true")) }
        };
        placed.object()?;
        if has("t") {
            return Event::read(placed).map(Self::Event);
        }
        if has("watermark") {
            placed.only(&["watermark", "channel", "side"])?;
            let at = placed.needed("watermark")?.number()?;
            let (channel, _) = channel(placed)?;
            return Ok(Self::Watermark { at, channel });
        }
        if has("batch_boundary") {
            return is_true("batch_boundary", Self::BatchBoundary);
        }
        if has("end_of_stream") {
            return is_true("end_of_stream", Self::EndOfStream);
        }
        if has("snapshot_restore") {
            return is_true("snapshot_restore", Self::SnapshotRestore);
        }
        if has("restart") {
            return is_true("restart", Self::Restart);
        }
        if has("periodic_emit") {
            return is_true("periodic_emit", Self::PeriodicEmit);
        }
        if has("processing_time") {
            placed.only(&["processing_time"])?;
            placed.needed("processing_time")?.number()?;
            return Ok(Self::ProcessingTime);
        }
        if has("status") {
            placed.only(&["status", "channel"])?;
            let status = placed.needed("status")?;
            if !["idle", "active"].contains(&status.text()?) {
                return Err(status.wrong("expected idle or active"));
            }
            placed.needed("channel")?.number_from(0)?;
            return Ok(Self::Status);
        }
        Err(placed.wrong(
            "this is no event (`t` is missing) and no watermark, processing_time, batch_boundary, \
             periodic_emit, status, snapshot_restore, restart or end_of_stream",
        ))
    }
}

impl Event {
    fn read(placed: &Placed<'_>) -> Result<Self, Misplaced> {
        placed.only(&["t", "key", "v", "side", "stream", "channel"])?;
        let t = placed.needed("t")?.number()?;
        let key = placed.member_if("key")?;
        let key = key.map(|key| key.text().map(str::to_owned)).transpose()?;
        let value = placed.member("v")?.map_or_else(|| Ok(Value::from(1)), |v| v.any())?;
        let (channel, has_side) = channel(placed)?;
        Ok(Self { t, key, value, channel, has_side })
    }
}

/// Which input an item is of, and whether it is one of two sides.
fn channel(placed: &Placed<'_>) -> Result<(Option<usize>, bool), Misplaced> {
    if let Some(side) = placed.member("side")? {
        return match side.text()? {
            "L" => Ok((Some(0), true)),
            "R" => Ok((Some(1), true)),
            _ => Err(side.wrong("expected L or R")),
        };
    }
    let number = match placed.member("stream")? {
        None => placed.member("channel")?,
        stream => stream,
    };
    Ok((number.map(|number| number.below(1 << 10)).transpose()?, false))
}
