//! What is known of a cell once its input has been made: the question in a sentence, which event
//! makes an answer due, and what is doubtful about the input.

use crate::bench::Facts;
use crate::bench::warnings::Doubt;
use crate::drivers::{judgement, over_batches};
use crate::load::input::Input;
use crate::load::survey::Survey;
use crate::measure::timeline;
use crate::measure::trial::final_due;
use crate::plan::{Cell, EngineSetting};
use engines::{Data, WindowSpec};
use programs::{Case, Program};
use reports::record::InputRecord;
use scenarios::Answer;
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
    if let Some(first) = rejected.first() {
        let rows = rejected.len() as u64;
        doubts.push(Doubt::RejectedRows { rows, first: first.to_string() });
    }
    let window = case.program.window();
    let judged =
        |setting: &EngineSetting| judgement(&setting.kind, window.as_ref(), cell.partitions);
    if cell.engines.iter().any(|setting| judged(setting).bounds_only) && survey.late_possible > 0 {
        doubts.push(Doubt::BoundsOnly { events: survey.late_possible });
    }
    Facts {
        input: InputRecord {
            events: survey.events,
            hash: hash(survey),
            made: input.made().to_owned(),
            partitions: u32::try_from(input.layout.partitions).unwrap_or(u32::MAX),
            offered_per_s: survey.events as f64 / length_s,
            rejected_rows: rejected.len() as u64,
        },
        question: question(&*case.program),
        latency_definition: latency_definition(cell, window.as_ref(), input),
        warnings: doubts.iter().map(Doubt::warning).collect(),
    }
}

/// The hash of an input, as a record shows it.
pub(super) fn hash(survey: &Survey) -> String {
    format!("{:016x}", survey.hash)
}

fn question<E: Data, A: Answer>(program: &dyn Program<E, A>) -> String {
    match program.window() {
        None => "Each event is its own answer.".to_owned(),
        Some(window) => {
            format!("The {} of each window ({window}), per key.", program.columns().join(", "))
        }
    }
}

/// Which event makes an answer due, for each way in which the engines of a cell cut windows.
fn latency_definition<E: Data + Hash>(
    cell: &Cell,
    window: Option<&WindowSpec>,
    input: &Input<E>,
) -> String {
    let clock = input.workload.arrival_clock();
    let mut definitions: Vec<&str> = Vec::new();
    for setting in &cell.engines {
        let batches = over_batches(&judgement(&setting.kind, window, cell.partitions));
        let definition = final_due(&input.survey, clock, batches).definition();
        if !definitions.contains(&definition) {
            definitions.push(definition);
        }
    }
    let refined = window.is_some_and(|window| window.allowed_lateness() > 0);
    format!(
        "An answer is due with {}{}.",
        definitions.join("; over batches, at "),
        if refined { ", or with a later event that changes it" } else { "" }
    )
}
