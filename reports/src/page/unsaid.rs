//! What a run does not say, and a reader might take from it all the same.
//!
//! Everything here follows from the record: what was offered, for how long, on what machine, at
//! which settings. It judges nothing and takes nothing back.

use super::ledger::is_beside;
use crate::judge::summary::{measured, offered_per_s, spins};
use crate::quantity;
use crate::record::{EngineKind, EngineRecord, RunRecord};
use crate::words::{plural, span};
use statistics::noise;

/// One sentence each, the one that matters most for a choice first.
pub(super) fn unsaid(record: &RunRecord) -> Vec<String> {
    let mut sentences = vec![whose(record)];
    sentences.extend(intervals(record));
    sentences.extend(settings(record));
    sentences.extend(rates(record));
    sentences.extend(lengths(record));
    sentences.push(machine(record));
    sentences.push(format!(
        "All of it is one run, in which the engines took turns. Another run of the same thing may \
         differ by {} and more in any figure, so that two pages side by side show no change: \
         `sluicebench compare` reckons with it.",
        quantity::tick(&quantity::fraction((noise::presumed() * 1e3).round() / 1e3))
    ));
    sentences.push(
        "No engine was made to fail: what checkpoints cost, and how long recovery takes, is not \
         here. Neither is state that outgrows memory."
            .to_owned(),
    );
    if matches!(record.tool.commit.as_str(), "" | "unknown") {
        sentences.push(
            "The commit that the program was built from is not known, so nobody can be sure to \
             build it again."
                .to_owned(),
        );
    }
    sentences
}

/// What of that is true of an advice, which says the rest itself: the run is the one that decides.
pub(super) fn unsaid_of_advice(record: &RunRecord) -> Vec<String> {
    std::iter::once(whose(record)).chain(lengths(record)).chain([machine(record)]).collect()
}

/// Where it was measured, and what of it may carry over.
fn machine(record: &RunRecord) -> String {
    let host = &record.host;
    let machine = match &host.virtual_machine {
        Some(_) => "one virtual machine, whose neighbours nobody sees",
        None => "one machine",
    };
    format!(
        "It was measured on {machine}, with {} ({}): ratios may carry over to another, \
         microseconds do not.",
        plural(host.cores as usize, "core"),
        host.cpu_model
    )
}

/// What the engines are, and what is in no figure because of that.
fn whose(record: &RunRecord) -> String {
    const OURS: &str =
        "small ones, built to compare two ways to process a stream inside one process";
    if !engines(record).any(is_beside) {
        return format!(
            "Both engines are {OURS}. They are not Spark and not Flink: a network, serialisation, a \
             cluster's scheduler and storage are in no figure here, and they cost both ways something."
        );
    }
    let mut names: Vec<&str> = Vec::new();
    for engine in engines(record).filter(|engine| is_beside(engine)) {
        if !names.contains(&engine.label.as_str()) {
            names.push(&engine.label);
        }
    }
    let one = format!(
        "{} ran in one process on this machine and was given its events over loopback: a network \
         between machines, a cluster's scheduler and storage are in no figure here.",
        names.join(", ")
    );
    if engines(record).all(is_beside) {
        return one;
    }
    format!(
        "{one} The other engines are {OURS}, and pay for no serialisation: what they have and it has \
         not stands in the table of what each engine had."
    )
}

fn engines(record: &RunRecord) -> impl Iterator<Item = &EngineRecord> {
    record.cells.iter().flat_map(|cell| &cell.engines)
}

/// The latency of batches is a setting, before it is a property.
fn intervals(record: &RunRecord) -> Option<String> {
    let batched = engines(record).filter(|engine| engine.kind == EngineKind::MicroBatch);
    let shown = |seconds: f64| quantity::tick(&quantity::seconds(seconds));
    let intervals = span(batched.filter_map(|engine| engine.interval_s), shown)?;
    Some(format!(
        "An answer of the micro-batch engine waits for the end of its batch, so its latency is \
         mostly the interval that was set: {intervals}. Another interval gives another latency \
         and another cost; `sluicebench sweep` over engine.micro-batch.interval shows both."
    ))
}

/// What else of an engine a map might have tried.
fn settings(record: &RunRecord) -> Option<String> {
    record.sweep.as_ref()?.atlas.as_ref()?;
    Some(
        "Of each engine one thing was set at several values, by which it trades latency for cost; \
         all else is as it was given, and the best of the values is chosen by the figures that are \
         compared. For one workload `sluicebench advise` tunes the rest, and compares in a run \
         apart."
            .to_owned(),
    )
}

fn rates(record: &RunRecord) -> Option<String> {
    if engines(record).any(|engine| engine.limit.is_some()) {
        return None;
    }
    let offered = record.cells.iter().map(offered_per_s);
    let offered = span(offered, |rate| quantity::tick(&quantity::rate(rate)))?;
    let spins = if engines(record).any(spins) {
        " A per-event worker that spins while it waits burns its core at any load, so at a higher \
         one each event costs less, and its disadvantage shrinks."
    } else {
        ""
    };
    Some(format!(
        "Only {offered} was offered. How much more either engine would carry, and what it would \
         cost per event then, is not measured here: `sluicebench limit` finds the highest rate.{spins}"
    ))
}

fn lengths(record: &RunRecord) -> Option<String> {
    if record.cells.is_empty() {
        return None;
    }
    let Some(lengths) = measured(&record.cells) else {
        return Some("No event fell due in the measured part, so nothing was measured.".to_owned());
    };
    Some(format!(
        "Each repetition was measured for {lengths}. What shows after hours, such as leaks, \
         growing state or a daily peak, is not in it."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn what_is_not_said_follows_from_what_was_measured() {
        let mut record = sample::record();
        let said = unsaid(&record).join("\n");
        for words in ["100 ms to 500 ms", "Only 100 k/s was offered", "for 10 s", "8 cores"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(!said.contains("commit") && !said.contains("burns its core"));
        for repetition in record.cells.iter_mut().flat_map(|c| &mut c.engines[0].repetitions) {
            repetition.measured_s = Some(0.75);
        }
        assert!(
            unsaid(&record).join("\n").contains("measured for 750 ms to 10 s"),
            "a trace ended"
        );
        record.tool.commit = "unknown".into();
        let settings = &mut record.cells[0].engines[1].settings;
        settings.push(("waiting".into(), "spin-then-park, spin 50us".into()));
        let said = unsaid(&record).join("\n");
        assert!(said.contains("commit") && said.contains("burns its core"));
        assert!(!unsaid(&sample::limited()).join("\n").contains("was offered"));
        let map = sample::atlas::mapped(&sample::atlas::truths(), 1, 0.01);
        assert!(unsaid(&map).join("\n").contains("sluicebench advise"));
    }
}
