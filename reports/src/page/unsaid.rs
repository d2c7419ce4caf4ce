//! What a run does not say, and a reader might take from it all the same.
//!
//! Everything here follows from the record: what was offered, for how long, on what machine, at
//! which settings. It judges nothing and takes nothing back.

use crate::judge::summary::{measured, offered_per_s, spins};
use crate::quantity;
use crate::record::{EngineKind, EngineRecord, RunRecord};
use crate::text::unlike::{did_not_start, is_beside};
use crate::words::{listed, plural, span};
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
    sentences.push(failures(record));
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
    let real = || engines(record).filter(|engine| !engine.kind.is_embedded());
    if real().next().is_none() {
        return format!(
            "Both engines are {OURS}. They are not Spark and not Flink: a network, serialisation, a \
             cluster's scheduler and storage are in no figure here, and they cost both ways something."
        );
    }
    // A broker of the user's own may be anywhere.
    let is_near = |engine: &&EngineRecord| {
        setting(engine, "transport").is_none_or(|it| it.contains("loopback"))
    };
    let (absent, there): (Vec<_>, Vec<_>) = real().partition(|engine| did_not_start(engine));
    let on_cluster = |engine: &&EngineRecord| engine.is_on_cluster();
    let (elsewhere, here): (Vec<_>, Vec<_>) = there.into_iter().partition(on_cluster);
    let (near, far): (Vec<_>, Vec<_>) = here.into_iter().partition(is_near);
    let mut sentences = Vec::new();
    for (whose, one, several, rest) in [
        (
            labels(near),
            "ran in one process on this machine and was given its events over loopback",
            "each ran in one process on this machine and were given their events over loopback",
            "a network between machines, a cluster's scheduler and storage are in no figure here",
        ),
        (
            labels(far),
            "ran in one process on this machine",
            "each ran in one process on this machine",
            "a cluster's scheduler and storage are in no figure here",
        ),
        (
            labels(elsewhere),
            "ran on a cluster",
            "each ran on a cluster",
            "what its processes used is in no figure here, and what its network took is in each \
             latency",
        ),
    ] {
        let did = if whose.len() == 1 { one } else { several };
        sentences.extend((!whose.is_empty()).then(|| format!("{} {did}: {rest}.", listed(&whose))));
    }
    let (elsewhere, here): (Vec<_>, Vec<_>) = absent.into_iter().partition(on_cluster);
    for (whose, place) in [(here, "in one process on this machine"), (elsewhere, "on a cluster")] {
        let whose = labels(whose);
        let did = if whose.len() == 1 { "was to run" } else { "each were to run" };
        let told = || format!("{} {did} {place}, and did not start.", listed(&whose));
        sentences.extend((!whose.is_empty()).then(told));
    }
    if engines(record).any(|engine| engine.kind.is_embedded()) {
        let unlike = if engines(record).any(is_beside) {
            ": what is unlike stands in the table of what each engine had"
        } else {
            ""
        };
        sentences
            .push(format!("The other engines are {OURS}, and pay for no serialisation{unlike}."));
    }
    sentences.join(" ")
}

/// What was not put to the test: failures, and what is written against them.
fn failures(record: &RunRecord) -> String {
    let writes = |engine: &&EngineRecord| {
        let is_none = setting(engine, "checkpoints").is_none_or(|it| it == "none");
        !engine.kind.is_embedded() && !is_none
    };
    let writing = labels(engines(record).filter(writes));
    let cost = if writing.is_empty() {
        ", and what checkpoints cost, is not here".to_owned()
    } else {
        format!(" is not here, and what checkpoints cost is in the figures of {}", listed(&writing))
    };
    format!(
        "No engine was made to fail: how long recovery takes{cost}. State that outgrows memory is not \
         here, either."
    )
}

/// A setting of an engine, as it is shown.
fn setting<'a>(engine: &'a EngineRecord, name: &str) -> Option<&'a str> {
    let found = engine.settings.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// What engines are called, each once.
fn labels<'a>(engines: impl IntoIterator<Item = &'a EngineRecord>) -> Vec<&'a str> {
    let mut labels: Vec<&str> = Vec::new();
    for engine in engines {
        if !labels.contains(&engine.label.as_str()) {
            labels.push(&engine.label);
        }
    }
    labels
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
    let which = match labels(engines(record)).len() {
        1 => "the engine",
        2 => "either engine",
        _ => "each engine",
    };
    Some(format!(
        "Only {offered} was offered. How much more {which} would carry, and what it would cost per \
         event then, is not measured here: `sluicebench limit` finds the highest rate.{spins}"
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
    use crate::record::EngineProcess;
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

    #[test]
    fn what_is_said_of_a_real_engine_is_true_of_it() {
        let mut record = sample::record();
        record.cells.truncate(1);
        let engines = &mut record.cells[0].engines;
        engines.push(engines[0].clone());
        for (engine, kind) in engines.iter_mut().zip([
            EngineKind::Flink,
            EngineKind::SparkStructured,
            EngineKind::Storm,
        ]) {
            engine.kind = kind;
            engine.label = kind.name().to_owned();
            engine.settings = vec![("transport".into(), "TCP on loopback".into())];
            // Nothing is known of the process of one that did not start.
            engine.repetitions.clear();
        }
        engines[1].settings.push(("checkpoints".into(), "of every batch".into()));
        engines[2].settings.push(("checkpoints".into(), "none".into()));
        insta::assert_snapshot!(unsaid(&record).join("\n"), @r"
        flink, spark-structured and storm each ran in one process on this machine and were given their events over loopback: a network between machines, a cluster's scheduler and storage are in no figure here.
        Only 100 k/s was offered. How much more each engine would carry, and what it would cost per event then, is not measured here: `sluicebench limit` finds the highest rate.
        Each repetition was measured for 10 s. What shows after hours, such as leaks, growing state or a daily peak, is not in it.
        It was measured on one virtual machine, whose neighbours nobody sees, with 8 cores (Imaginary 3000): ratios may carry over to another, microseconds do not.
        All of it is one run, in which the engines took turns. Another run of the same thing may differ by 5.7 % and more in any figure, so that two pages side by side show no change: `sluicebench compare` reckons with it.
        No engine was made to fail: how long recovery takes is not here, and what checkpoints cost is in the figures of spark-structured. State that outgrows memory is not here, either.
        ");
        let engines = &mut record.cells[0].engines;
        engines[0].repetitions = sample::record().cells[0].engines[0].repetitions.clone();
        for repetition in &mut engines[0].repetitions {
            let process = EngineProcess { is_elsewhere: true, ..EngineProcess::default() };
            repetition.process = Some(process);
        }
        engines[1].settings[0].1 = "Kafka, the broker at host:9092".into();
        engines[2] = sample::record().cells[0].engines[0].clone();
        insta::assert_snapshot!(whose(&record), @"spark-structured ran in one process on this machine: a cluster's scheduler and storage are in no figure here. flink ran on a cluster: what its processes used is in no figure here, and what its network took is in each latency. The other engines are small ones, built to compare two ways to process a stream inside one process, and pay for no serialisation: what is unlike stands in the table of what each engine had.");
        // Where one was to run is said of one that never was there, too.
        let engines = &mut record.cells[0].engines;
        engines.truncate(2);
        for (engine, is_elsewhere) in engines.iter_mut().zip([false, true]) {
            engine.is_elsewhere = is_elsewhere;
            engine.repetitions = sample::record().cells[0].engines[0].repetitions.clone();
        }
        insta::assert_snapshot!(whose(&record), @"flink was to run in one process on this machine, and did not start. spark-structured was to run on a cluster, and did not start.");
    }
}
