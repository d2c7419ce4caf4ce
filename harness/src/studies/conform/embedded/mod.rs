//! Cases on the engines that are part of this program, and on the reference: in simulated time,
//! through what anybody runs them by.
//!
//! Time stands still while an item of the input is worked on, so the moment of an answer tells which
//! item it came with. An engine that is asked about watermarks is shown events beforehand, in every
//! millisecond that matters, and tells how far event time has come by the windows it answers.

mod asked;
mod script;

use super::case::{Case, Event, Item};
use super::compare::{Answered, Late};
use super::row::Row;
use asked::{Asked, Cut, MS, Observed, Time, asked, number};
use engines::micro_batch::{BatchWindows, MicroBatchConfig};
use engines::per_event::PerEventConfig;
use engines::reference::Arrived;
use engines::{
    Alignment, ArrivalClock, Control, EngineError, Moment, Patience, SimulatedClock, Stamped,
    Tally, Timestamp,
};
use programs::{Program, counted, in_sessions, windowed};
use scenarios::spec::AggregateName;
use scenarios::{Keyed, WindowAnswer};
use script::{Reader, Script, sinks};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

/// An engine that is part of this program.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Embedded {
    PerEvent,
    MicroBatch,
    Reference,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// It cannot be asked: what it lacks, behind its name.
    Unsupported(String),
    /// It failed.
    Failed(String),
}

/// The seed that steps are drawn from.
const SEED: u64 = 1;

/// From one item of the input to the next, in nanoseconds, where there are no batches.
const ITEM_NS: u64 = 1_000;

impl Embedded {
    /// What it answers to a case.
    pub(super) fn answer(self, case: &Case, parallelism: usize) -> Result<Answered, NoAnswer> {
        let asked = asked(case).map_err(NoAnswer::Unsupported)?;
        if self == Self::Reference {
            return reference(case, &asked);
        }
        let run = Run { engine: self, case, asked: &asked, keys: Keys::of(case), parallelism };
        run.answer().map_err(|error| NoAnswer::Failed(error.to_string()))
    }
}

/// Keys as numbers.
struct Keys<'a>(Vec<Option<&'a str>>);

impl<'a> Keys<'a> {
    fn of(case: &'a Case) -> Self {
        let mut keys = Vec::new();
        for item in &case.input {
            if let Item::Event(Event { key, .. }) = item
                && !keys.contains(&key.as_deref())
            {
                keys.push(key.as_deref());
            }
        }
        Self(keys)
    }

    fn number(&self, key: Option<&str>) -> u64 {
        self.0.iter().position(|other| *other == key).map_or(0, |number| number as u64)
    }

    fn name(&self, key: u64) -> Option<String> {
        let number = usize::try_from(key).ok()?;
        self.0.get(number).copied().flatten().map(str::to_owned)
    }
}

/// A case on an engine.
struct Run<'a> {
    engine: Embedded,
    case: &'a Case,
    asked: &'a Asked,
    keys: Keys<'a>,
    parallelism: usize,
}

/// What came of a run.
struct Ran {
    given: Vec<(WindowAnswer, Moment)>,
    tally: Tally,
}

impl Run<'_> {
    fn answer(&self) -> Result<Answered, EngineError> {
        let ran = self.run(self.case.input.len())?;
        let rows = match self.asked.what {
            Observed::Rows => self.rows(&ran.given),
            Observed::Watermarks => self.watermarks(&ran.given),
        };
        let tells = self.asked.what == Observed::Rows
            && matches!(self.asked.time, Time::Marks { .. } | Time::Trailing { .. });
        let late = if tells { Late::Events(self.late(late_of(&ran.tally))?) } else { Late::Untold };
        Ok(Answered { rows, late })
    }

    /// The items of the input that are late, of which there are so many: those with which the count
    /// rises. A run over the input up to each of them tells.
    fn late(&self, count: u64) -> Result<Vec<usize>, EngineError> {
        let mut late = Vec::new();
        let mut before = 0;
        if count == 0 {
            return Ok(late);
        }
        for (index, item) in self.case.input.iter().enumerate() {
            if matches!(item, Item::Event(_)) {
                let counted = late_of(&self.run(index + 1)?.tally);
                if counted > before {
                    late.push(index);
                }
                before = counted;
            }
        }
        Ok(late)
    }

    /// Runs the first `until` items of the input.
    fn run(&self, until: usize) -> Result<Ran, EngineError> {
        let scripts = match self.engine {
            Embedded::PerEvent => self.by_items(until),
            _ => self.by_batches(until),
        };
        let sources = scripts.into_iter().map(Reader::boxed).collect();
        let (sinks, given) = sinks(self.parallelism);
        let algorithm = self.asked.algorithm;
        let program = program(self.asked);
        let (clock, control) = (SimulatedClock::default(), Control::default());
        let tally = if self.engine == Embedded::PerEvent {
            let config = PerEventConfig {
                parallelism: self.parallelism,
                algorithm,
                patience: Patience::Park,
                simulate: Some(SEED),
                ..PerEventConfig::default()
            };
            program.per_event(config, sources, sinks, &clock, &control)?
        } else {
            let windows = match self.asked.time {
                Time::Batches { .. } => BatchWindows::Batches(ArrivalClock {
                    origin: Timestamp::from_micros(0),
                    micros_per_second: 1_000_000,
                }),
                _ => BatchWindows::EventTime,
            };
            let config = MicroBatchConfig {
                parallelism: self.parallelism,
                interval_ns: self.interval_ns(),
                windows,
                algorithm,
                patience: Patience::Park,
                simulate: Some(SEED),
                ..MicroBatchConfig::default()
            };
            program.micro_batch(config, sources, sinks, &clock, &control)?
        };
        let given = std::mem::take(&mut *given.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Ran { given, tally })
    }

    fn interval_ns(&self) -> u64 {
        let batch = match self.asked.time {
            Time::Batches { batch } => batch,
            _ => 1_000,
        };
        batch.unsigned_abs().saturating_mul(1_000_000)
    }

    fn record(&self, event: &Event, due: Moment) -> Stamped<Keyed> {
        record(&self.keys, event, Timestamp::from_micros(event.t.saturating_mul(MS)), due)
    }

    /// Each item of the input at a moment of its own, in its channel.
    fn by_items(&self, until: usize) -> Vec<Script> {
        let channels = match &self.asked.time {
            Time::Marks { channels } => *channels,
            _ => 1,
        };
        let mut scripts = vec![Script::default(); channels.max(1)];
        self.probe(&mut scripts[0]);
        let mut due = Moment::START;
        for item in &self.case.input[..until] {
            due = due.saturating_add(ITEM_NS);
            match item {
                Item::Event(event) => {
                    let script = of(&mut scripts, event.channel);
                    script.records.push(self.record(event, due));
                }
                Item::Watermark { at, channel } => of(&mut scripts, *channel).mark(due, mark(*at)),
                Item::EndOfStream => {
                    for script in &mut scripts {
                        script.mark(due, Timestamp::AFTER_ALL);
                    }
                }
                _ => {}
            }
        }
        // The end of the run is none of the case's, and comes after it.
        for script in &mut scripts {
            script.end = due.saturating_add(ITEM_NS);
        }
        scripts
    }

    /// What stands before the n-th boundary in the n-th interval, in the stream that it is of.
    fn by_batches(&self, until: usize) -> Vec<Script> {
        let delays: &[i64] = match &self.asked.time {
            Time::Trailing { delays } => delays,
            _ => &[],
        };
        let mut scripts = vec![Script::default(); delays.len().max(1)];
        self.probe(&mut scripts[0]);
        let mut latest: Vec<Option<i64>> = vec![None; scripts.len()];
        let start = |batch: u64| Moment::from_nanos(batch.saturating_mul(self.interval_ns()));
        let mut batch = 0;
        for item in &self.case.input[..until] {
            match item {
                Item::Event(event) => {
                    let stream = event.channel.unwrap_or(0).min(scripts.len() - 1);
                    scripts[stream].records.push(self.record(event, start(batch)));
                    latest[stream] = latest[stream].max(Some(event.t));
                }
                Item::BatchBoundary => {
                    for (stream, delay) in delays.iter().enumerate() {
                        if let Some(latest) = latest[stream] {
                            scripts[stream].mark(start(batch), trailing(latest, *delay));
                        }
                    }
                    batch += 1;
                }
                _ => {}
            }
        }
        // Where it does not end with the last batch, it ends with one more that holds nothing.
        let end = if self.asked.time == Time::Ends { batch.saturating_sub(1) } else { batch };
        for script in &mut scripts {
            script.end = start(end);
        }
        scripts
    }

    /// Events in every millisecond that event time may come to, where that is asked.
    fn probe(&self, script: &mut Script) {
        if self.asked.what == Observed::Rows {
            return;
        }
        let delays: &[i64] = match &self.asked.time {
            Time::Trailing { delays } => delays,
            _ => &[0],
        };
        let mut near = Vec::new();
        for item in &self.case.input {
            match item {
                Item::Event(event) => near.extend(delays.iter().map(|delay| event.t - delay)),
                Item::Watermark { at, .. } => near.push(*at),
                _ => {}
            }
        }
        let rows = self.case.expected.iter().filter_map(Row::as_watermark);
        near.extend(rows);
        let mut times: Vec<i64> =
            near.iter().flat_map(|at| [at - 2, at - 1, *at, at + 1]).collect();
        times.sort_unstable();
        times.dedup();
        let event =
            |t| Event { t, key: None, value: Value::from(1), channel: None, has_side: false };
        let events = times.into_iter().map(event);
        script.records.extend(events.map(|event| self.record(&event, Moment::START)));
    }

    /// Which item of the input was at work at a moment, if one was.
    fn index(&self, moment: Moment) -> Option<usize> {
        let number = |step| usize::try_from(moment.as_nanos() / step).ok()?.checked_sub(1);
        if self.engine == Embedded::PerEvent {
            number(ITEM_NS).filter(|index| *index < self.case.input.len())
        } else {
            self.case.boundaries().get(number(self.interval_ns())?).copied()
        }
    }

    fn rows(&self, given: &[(WindowAnswer, Moment)]) -> Vec<Row> {
        let row = |(answer, moment): &(WindowAnswer, Moment)| {
            let index = self.index(*moment)?;
            Some(row(&self.keys, self.asked, answer, Some(index)))
        };
        given.iter().filter_map(row).collect()
    }

    /// How far event time has come with each item: to the end of the latest window that was answered.
    fn watermarks(&self, given: &[(WindowAnswer, Moment)]) -> Vec<Row> {
        let mut ends: BTreeMap<usize, i64> = BTreeMap::new();
        for (answer, moment) in given {
            let Some(index) = self.index(*moment) else { continue };
            let end = answer.window.end.as_micros() / MS;
            ends.entry(index).and_modify(|other| *other = end.max(*other)).or_insert(end);
        }
        if self.engine == Embedded::PerEvent {
            // A watermark is the last millisecond that is over.
            return ends.into_iter().map(|(index, end)| Row::watermark(end - 1, index)).collect();
        }
        // One is told with each batch, and begins at zero.
        let mut at = 0;
        let boundaries = self.case.boundaries().into_iter();
        boundaries
            .map(|index| {
                at = ends.get(&index).copied().unwrap_or(at).max(at);
                Row::watermark(at, index)
            })
            .collect()
    }
}

fn program(asked: &Asked) -> Arc<dyn Program<Keyed, WindowAnswer>> {
    match asked.cut {
        Cut::Windows(window) => windowed(window, asked.aggregate, asked.drops_zeros),
        Cut::Sessions(session) => in_sessions(session, asked.aggregate),
        Cut::Counted(count) => counted(count, asked.aggregate),
    }
}

fn of(scripts: &mut [Script], channel: Option<usize>) -> &mut Script {
    let last = scripts.len() - 1;
    &mut scripts[channel.unwrap_or(0).min(last)]
}

fn record(keys: &Keys<'_>, event: &Event, event_time: Timestamp, due: Moment) -> Stamped<Keyed> {
    let key = keys.number(event.key.as_deref());
    Stamped { event_time, due, value: Keyed { key, value: number(&event.value) } }
}

fn row(keys: &Keys<'_>, asked: &Asked, answer: &WindowAnswer, index: Option<usize>) -> Row {
    let value = match asked.aggregate {
        AggregateName::Count => Value::from(answer.count),
        AggregateName::Min => answer.extremes.map_or(Value::Null, |(least, _)| least.into()),
        AggregateName::Max => answer.extremes.map_or(Value::Null, |(_, most)| most.into()),
        AggregateName::Sum | AggregateName::Mean => Value::from(answer.sum),
    };
    let ms = |time: Timestamp| time.as_micros().div_euclid(MS);
    // What a number of events fills has no place in time.
    let has_window = !matches!(asked.cut, Cut::Counted(_));
    let window = has_window.then(|| (ms(answer.window.start), ms(answer.window.end)));
    Row::answer(window, keys.name(answer.key), value, index)
}

fn late_of(tally: &Tally) -> u64 {
    tally.windows.iter().map(|counts| counts.late).sum()
}

/// A watermark in milliseconds, the last one of which is over.
fn mark(ms: i64) -> Timestamp {
    let next = ms.checked_add(1).and_then(|ms| ms.checked_mul(MS));
    next.map_or(Timestamp::AFTER_ALL, |us| Timestamp::from_micros(us - 1))
}

/// A watermark that trails the latest event: what ends by then is over.
fn trailing(latest: i64, delay: i64) -> Timestamp {
    let us = latest.saturating_sub(delay).saturating_mul(MS);
    Timestamp::from_micros(us.saturating_sub(1))
}

/// What a case means: each answer once and with its last value, so that rows come with no item.
fn reference(case: &Case, asked: &Asked) -> Result<Answered, NoAnswer> {
    if asked.what == Observed::Watermarks {
        let why = "is told how far event time has come, and finds nothing out about it";
        return Err(NoAnswer::Unsupported(why.to_owned()));
    }
    if matches!(asked.cut, Cut::Counted(_)) {
        let why = "is held to the last answer of each key and window, and windows of counted events are \
                   told apart by neither";
        return Err(NoAnswer::Unsupported(why.to_owned()));
    }
    let keys = Keys::of(case);
    let (mut watermark, mut latest, mut batch) = (Timestamp::BEFORE_ALL, None, 0);
    let mut events = Vec::new();
    let mut number_of = Vec::new();
    for (index, item) in case.input.iter().enumerate() {
        match item {
            Item::Event(event) => {
                let ms = match asked.time {
                    Time::Batches { batch: length } => length.saturating_mul(batch),
                    _ => event.t,
                };
                latest = latest.max(Some(event.t));
                let time = Timestamp::from_micros(ms.saturating_mul(MS));
                let record = record(&keys, event, time, Moment::START);
                number_of.push(index);
                events.push(Arrived { record, watermark });
            }
            Item::Watermark { at, .. } => watermark = watermark.max(mark(*at)),
            Item::EndOfStream => watermark = Timestamp::AFTER_ALL,
            Item::BatchBoundary => {
                batch += 1;
                watermark = match &asked.time {
                    Time::Trailing { delays } => latest.map_or(watermark, |latest| {
                        watermark.max(trailing(latest, delays.first().copied().unwrap_or(0)))
                    }),
                    Time::Batches { .. } => watermark,
                    Time::Marks { .. } | Time::Ends => Timestamp::AFTER_ALL,
                };
            }
            _ => {}
        }
    }
    let (alignment, over) = match asked.time {
        Time::Batches { batch: length } => {
            let end = length.saturating_mul(batch).saturating_mul(MS);
            (Alignment::Ends, Timestamp::from_micros(end - 1))
        }
        _ => (Alignment::Starts, watermark),
    };
    let program = program(asked);
    let tell = |events: &[Arrived<Keyed>]| {
        let events = events.to_vec();
        let mut rows = Vec::new();
        let tell = Box::new(move |hear: &mut dyn FnMut(Arrived<Keyed>)| {
            events.into_iter().for_each(hear);
        });
        let (_, seen) = program.told(alignment.into(), tell, &mut |answer| {
            if answer.value.window.last_instant() <= over {
                rows.push(row(&keys, asked, &answer.value, None));
            }
        })?;
        Ok((rows, seen.iter().map(|seen| seen.late).sum::<u64>()))
    };
    let failed = |error: EngineError| NoAnswer::Failed(error.to_string());
    let (rows, _) = tell(&events).map_err(failed)?;
    let mut late = Vec::new();
    let mut before = 0;
    for (count, index) in number_of.into_iter().enumerate() {
        let (_, counted) = tell(&events[..=count]).map_err(failed)?;
        if counted > before {
            late.push(index);
        }
        before = counted;
    }
    Ok(Answered { rows, late: Late::Events(late) })
}
