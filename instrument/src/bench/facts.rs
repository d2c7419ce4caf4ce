//! What is known of a cell once its input has been made: the question in a sentence, which event
//! makes an answer due, and what is doubtful about the input.

use crate::bench::Facts;
use crate::bench::warnings::Doubt;
use crate::drivers::{judgement, over_batches};
use crate::load::ahead::{KeyAhead, key_ahead};
use crate::load::input::Input;
use crate::load::replay::Replay;
use crate::load::survey::{Ahead, Survey};
use crate::measure::timeline;
use crate::measure::trial::final_due;
use engines::Data;
use programs::{Case, Program};
use reports::record::InputRecord;
use scenarios::{Answer, Question};
use settings::plan::{Cell, EngineSetting};
use std::hash::Hash;

/// What is known of the cell now.
pub(super) fn facts<E: Data + Hash, A: Answer>(
    cell: &Cell,
    case: &Case<E, A>,
    input: &Input<E>,
) -> Facts {
    let survey = &input.survey;
    let length_s = timeline::seconds(survey.last_due.as_nanos());
    let rejected = input.workload.rejected_rows();
    let mut doubts = Vec::new();
    doubts.extend(Doubt::of_rejected(rejected));
    doubts.extend(input.workload.remarks().iter().cloned().map(Doubt::Strange));
    doubts.extend(moved_watermark(input).or_else(|| moved_by_key(input)));
    let replay = Replay::of(cell, &*input.workload);
    doubts.extend(replay.filter(Replay::is_part).map(Doubt::PartOfTrace));
    doubts.extend(few_keys(cell, input));
    let program = &*case.program;
    let spoken = &survey.last_due_by_partition;
    let silent = spoken.iter().filter(|last| last.is_none()).count();
    let is_waited_for = cell.idle_after.is_none() && waits_for_marks(cell, program);
    if silent > 0 && survey.events > 0 && is_waited_for {
        doubts.push(Doubt::SilentPartitions { silent, of: spoken.len() });
    }
    let judged = |setting: &EngineSetting| judgement(&setting.kind, program, cell.partitions);
    if cell.engines.iter().any(|setting| judged(setting).bounds_only) && survey.late_possible > 0 {
        doubts.push(Doubt::BoundsOnly { events: survey.late_possible });
    }
    Facts {
        input: InputRecord {
            events: survey.events,
            hash: hash(survey),
            made: input.made(),
            period_events: input.workload.period(),
            partitions: u32::try_from(input.layout.partitions).unwrap_or(u32::MAX),
            offered_per_s: survey.events as f64 / length_s,
            rejected_rows: rejected.len() as u64,
            marks: waits_for_marks(cell, program).then(|| input.layout.marks.shown()),
        },
        question: program.question(),
        latency_definition: latency_definition(cell, program, input),
        warnings: doubts.iter().map(Doubt::warning).collect(),
    }
}

/// Where not all keys come of an input that goes round: one that is drawn four times in a period on
/// average is missed by one period in fifty.
fn few_keys<E: Data + Hash>(cell: &Cell, input: &Input<E>) -> Option<Doubt> {
    let period = input.workload.period()?;
    let (keys, draws) = cell.case.workload.draws()?;
    let is_few = keys.saturating_mul(4) > period.saturating_mul(draws);
    is_few.then_some(Doubt::FewKeys { keys, period })
}

/// How many of a hundred events one alone has to make late to be named.
const MOVED_LEAST_PERCENT: u64 = 1;

/// Fewer events than this are late by themselves.
const MOVED_LEAST: u64 = 5;

/// The event that made so many others late that it is hardly one like them.
fn moved_watermark<E: Data + Hash>(input: &Input<E>) -> Option<Doubt> {
    let Survey { events, ahead, .. } = input.survey;
    let Ahead { event, by_us, late } = ahead?;
    let is_many = are_many(late, events);
    let place = input.workload.place(event).unwrap_or_else(|| format!("place {event}"));
    is_many.then_some(Doubt::MovedWatermark { place, by_us, late, events })
}

/// Whether so many of these events are more than are late by themselves.
const fn are_many(late: u64, events: u64) -> bool {
    late >= MOVED_LEAST && late * 100 >= events * MOVED_LEAST_PERCENT
}

/// The key that most of all that is late is late because of, as its events lie ahead.
fn moved_by_key<E: Data + Hash>(input: &Input<E>) -> Option<Doubt> {
    let Survey { events, late_possible, .. } = input.survey;
    if !are_many(late_possible, events) {
        return None;
    }
    let ahead = key_ahead(&*input.workload, &input.layout, events)?;
    let KeyAhead { key, by_us, late, late_of_all } = ahead;
    let is_cause = are_many(late, events) && late * 3 >= late_of_all * 2;
    is_cause.then_some(Doubt::KeyAhead { key, by_us, late, events })
}

/// Whether some engine's answers are complete only when a mark says so.
pub fn waits_for_marks<Q: Question + ?Sized>(cell: &Cell, question: &Q) -> bool {
    let by_batches = |setting: &EngineSetting| {
        over_batches(&judgement(&setting.kind, question, cell.partitions)).is_some()
    };
    question.trigger().waits() && !cell.engines.iter().all(by_batches)
}

/// The hash of an input, as a record shows it.
pub(super) fn hash(survey: &Survey) -> String {
    format!("{:016x}", survey.hash)
}

/// Which event makes an answer due, for each way in which the engines of a cell cut windows.
fn latency_definition<E: Data + Hash, A: Answer>(
    cell: &Cell,
    program: &dyn Program<E, A>,
    input: &Input<E>,
) -> String {
    let clock = input.workload.arrival_clock();
    let mut definitions: Vec<&str> = Vec::new();
    for setting in &cell.engines {
        let batches = over_batches(&judgement(&setting.kind, program, cell.partitions));
        let definition = final_due(&input.survey, clock, batches).definition(program.trigger());
        if !definitions.contains(&definition) {
            definitions.push(definition);
        }
    }
    format!(
        "An answer is due with {}{}.",
        definitions.join("; over batches, at "),
        if program.refines() { ", or with a later event that changes it" } else { "" }
    )
}
