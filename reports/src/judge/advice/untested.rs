//! What an advice does not rest on: what nobody tested, and what makes its evidence doubtful.

use super::decision::Place;
use super::entry::Row;
use super::evidence::Evidence;
use super::needed::Needed;
use super::ranking::trials;
use super::sensitivity::Sensitivity;
use crate::judge::summary::waits;
use crate::quantity::{self, significant};
use crate::record::EngineKind;
use crate::record::advice::{FactorKind, Purpose};
use crate::record::twin::{Closeness, Likeness, Twin};
use crate::words::{listed, span};

/// Reasons to doubt an answer that are not in the figures.
pub(super) fn doubts(evidence: &Evidence) -> Vec<String> {
    let mut doubts = Vec::new();
    let of = evidence.deciding().map(|(run, _)| run.folder.as_str()).unwrap_or_default();
    for (folder, differences) in evidence.unlike() {
        let each: Vec<String> = differences
            .iter()
            .map(|one| format!("{} {} there, {} in {of}", one.what, one.new, one.base))
            .collect();
        let purpose = evidence.runs.iter().find(|(run, _)| run.folder == *folder);
        let but = match purpose.map(|(run, _)| run.purpose) {
            Some(Purpose::Limit) => "its limits are left out",
            Some(Purpose::Sensitivity) => "what was varied in it is left out",
            Some(Purpose::Tune) => "the settings that it chose may not be the best ones here",
            _ => "nothing is taken from it",
        };
        doubts
            .push(format!("{folder} is of another machine or build ({}): {but}.", each.join("; ")));
    }
    doubts.extend(evidence.record.twin.as_ref().and_then(unlike_its_trace));
    let stopped = evidence.runs.iter().filter(|(_, record)| record.interrupted);
    let stopped: Vec<&str> = stopped.map(|(run, _)| run.folder.as_str()).collect();
    if evidence.record.interrupted || !stopped.is_empty() {
        let place =
            if stopped.is_empty() { String::new() } else { format!(" in {}", listed(&stopped)) };
        doubts.push(format!("It was stopped before its end{place}: what had finished counts."));
    }
    if evidence.deciding().is_some_and(|(run, _)| run.purpose == Purpose::Tune) {
        doubts.push(
            "The best settings were not compared in a run of their own: the figures are those of \
             tuning, and the best of many looks better than it is."
                .to_owned(),
        );
    }
    doubts
}

/// What of a twin is not like its trace; none where all of it is.
fn unlike_its_trace(twin: &Twin) -> Option<String> {
    let is_unlike = |it: &&Likeness| it.closeness == Closeness::Not;
    let unlike = twin.properties.iter().filter(is_unlike).map(|it| it.name.as_str());
    let unlike: Vec<&str> = unlike.collect();
    let trace = &twin.trace;
    (!unlike.is_empty()).then(|| {
        format!("The workload is a twin of {trace}, and not like it in this: {}.", listed(&unlike))
    })
}

/// What was not tested, a sentence each.
pub(super) fn untested(
    evidence: &Evidence,
    rows: &[Row],
    sensitivity: Option<&Sensitivity>,
) -> Vec<String> {
    let record = &evidence.record;
    let mut untested: Vec<String> =
        record.left_out.iter().map(|(who, why)| left_out(who, why)).collect();
    untested.extend(settings(evidence));
    untested.extend(waiting(evidence));
    if let Some(Twin { trace, .. }) = &record.twin {
        untested.push(format!(
            "The workload is a twin of {trace}, each property fitted by itself: what depends on two of \
             them at once, such as one key's own values, is lost."
        ));
    }
    let beside: Vec<&str> =
        rows.iter().filter(|row| row.place == Place::Beside).map(|row| row.name.as_str()).collect();
    if !beside.is_empty() {
        let is = if beside.len() == 1 { "is a part" } else { "are parts" };
        untested.push(format!(
            "{} {is} of this program, shown for what the way to process costs by itself, and not \
             advised beside engines that can be deployed: no serialisation and no socket is in it.",
            listed(&beside)
        ));
    }
    if !evidence.is_metered() {
        let host = evidence.deciding().map(|(_, deciding)| &deciding.host);
        let why = host.and_then(|host| host.energy_untold.as_deref());
        let why = why.map_or_else(String::new, |why| format!(" ({why})"));
        let has_price = record.prices.as_ref().is_some_and(|prices| prices.kilowatt_hour.is_some());
        let price =
            if has_price { ", so that the price of a kilowatt-hour is in no figure" } else { "" };
        untested.push(format!("This machine did not tell what energy it took{why}{price}."));
    }
    let cores = if rows.iter().any(|row| row.needed.is_some()) {
        "Cores needed are those for the rate itself, by limits that were searched once, on the processors \
         that the engine had here"
    } else {
        "Cores are those that were busy on average, and headroom is that of the processors that the \
         engine had here"
    };
    untested.push(format!("{cores}: what to have ready for peaks is not said."));
    let rate = quantity::tick(&quantity::rate(record.rate_per_s));
    for row in rows {
        if let Some(needed) = row.needed.filter(Needed::is_busier) {
            untested.push(format!(
                "At {rate} the work of {} keeps {} cores busy, more than the {} that follow from its limit: \
                 the fewer events wait, the more each of them costs. What it does with less of a core was \
                 not measured.",
                row.name,
                significant(needed.cores()),
                significant(needed.by_limit),
            ));
        }
    }
    if rows.iter().any(|row| !row.foretold.is_empty()) {
        untested.push(format!(
            "What is foretold for other rates than {rate} is that of a model of the probes, each of \
             which was run once."
        ));
    }
    untested.extend(factors(evidence, sensitivity));
    let has_disorder = record.factors.iter().any(|factor| factor.kind == FactorKind::Disorder);
    let is_windowed = evidence.cell().is_some_and(|cell| cell.truth.is_some());
    if sensitivity.is_some() && is_windowed && !has_disorder {
        untested.push("The workload has no late events, and none were made up.".to_owned());
    }
    let has_rates =
        sensitivity.is_some_and(|told| told.swings.iter().any(|swing| swing.factor.kind.is_load()));
    let other = if has_rates { "Rates beyond half and double of" } else { "Other rates than" };
    untested.push(format!(
        "{other} {rate}, failures and recovery, state that outgrows memory, and a network \
         between machines were not tested."
    ));
    untested
}

/// What of the workload was not varied, by the reasons why.
fn factors(evidence: &Evidence, sensitivity: Option<&Sensitivity>) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for factor in &evidence.record.factors {
        let is_told = sensitivity
            .is_some_and(|told| told.swings.iter().any(|swing| swing.factor.key == factor.key));
        let why = match &factor.left_out {
            _ if is_told => continue,
            Some(why) => why.as_str(),
            None if evidence.record.interrupted => "it was stopped before that was measured",
            None => "the run in which they were varied is not of the engines of this answer",
        };
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(factor.kind.words()),
            None => reasons.push((why, vec![factor.kind.words()])),
        }
    }
    let sentence = |(why, names): &(&str, Vec<&str>)| {
        let names = listed(names);
        format!("What half and double of the {names} would change is not known: {why}.")
    };
    reasons.iter().map(sentence).collect()
}

fn left_out(who: &str, why: &str) -> String {
    format!("{who} was left out: {}.", why.trim_end_matches('.'))
}

/// How many settings were tried.
fn settings(evidence: &Evidence) -> Option<String> {
    let mut tried: Vec<(EngineKind, usize)> = Vec::new();
    for trial in trials(evidence) {
        match tried.iter_mut().find(|(kind, _)| *kind == trial.standing.kind) {
            Some((_, count)) => *count += 1,
            None => tried.push((trial.standing.kind, 1)),
        }
    }
    let many = span(tried.iter().map(|(_, count)| *count as f64), |count| format!("{count:.0}"));
    Some(match many {
        Some(many) if many == "1" => "No setting was tried but the given one.".to_owned(),
        Some(many) => format!(
            "Of each engine {many} settings were tried; what other settings, and those that were not \
             varied, would do is not known."
        ),
        None if evidence.runs.is_empty() => return None,
        None => "No setting was tried but the given one.".to_owned(),
    })
}

/// Whose processor time is without that of waiting.
fn waiting(evidence: &Evidence) -> Option<String> {
    let engines = evidence.cell().map_or(&[][..], |cell| &cell.engines);
    let parks = |kind| engines.iter().any(|it| it.kind == kind && waits(it) == Some("park"));
    parks(EngineKind::PerEvent).then(|| {
        "The CPU time of per-event is that of workers that sleep while there is nothing to do \
         (waiting = \"park\"); such workers answer some microseconds later than spinning ones."
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn who_was_left_out_and_what_was_not_varied_is_said() {
        let (mut record, mut runs) = sample::advice::priced();
        record.left_out = vec![("storm".into(), "it is not installed.".into())];
        record.prices.as_mut().unwrap().kilowatt_hour = Some(0.3);
        let said = |record: &crate::record::advice::AdviceRecord, runs: &[_]| {
            let evidence = Evidence { record: record.clone(), runs: runs.to_vec() };
            untested(&evidence, &[], None).join("\n")
        };
        let all = said(&record, &runs);
        let energy =
            "did not tell what energy it took, so that the price of a kilowatt-hour is in no";
        for words in ["storm was left out: it is not installed.", "settings were tried", energy] {
            assert!(all.contains(words), "{words}: {all}");
        }
        let compared = runs.iter().position(|(run, _)| run.purpose == Purpose::Compare).unwrap();
        runs[compared].1.host.energy_untold = Some("nobody may read it".into());
        assert!(said(&record, &runs).contains("energy it took (nobody may read it), so"));
        for engine in &mut runs[compared].1.cells[0].engines {
            let energy = Some(crate::record::Energy::default());
            engine.repetitions.iter_mut().for_each(|it| it.energy = energy);
        }
        assert!(!said(&record, &runs).contains("energy"));
        runs.retain(|(run, _)| run.purpose != Purpose::Tune);
        assert!(said(&record, &runs).contains("No setting was tried but the given one."));
        let settings = &mut runs[0].1.cells[0].engines[0];
        settings.kind = EngineKind::PerEvent;
        settings.settings = vec![("waiting".into(), "park".into())];
        assert!(said(&record, &runs).contains("sleep while there is nothing to do"));
    }

    #[test]
    fn what_was_cut_short_is_said() {
        let (mut record, mut runs) = sample::advice::priced();
        record.interrupted = true;
        runs.retain(|(run, _)| run.purpose == Purpose::Tune);
        runs[0].1.interrupted = true;
        let said = doubts(&Evidence { record, runs }).join("\n");
        assert!(said.contains("stopped before its end in tune-1: what had"), "{said}");
        assert!(said.contains("not compared in a run of their own"), "{said}");
    }
}
