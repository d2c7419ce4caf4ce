//! The verdict: a handful of sentences, computed from the record.
//!
//! What decides between the engines comes first: who holds what is demanded and at which cost, or who is
//! cheaper and how complete the answers are; then who answers sooner, and where that is the interval
//! alone, which was known beforehand; last the noise within the run, where there are repetitions
//! enough to know it, and what may be believed. It refuses to name a speed that was not verified, a
//! winner within the noise, or one of fewer than five repetitions: of these one is lower, in these
//! runs.

use super::{completeness, contest, demanded, interval, intervals, limit, lost, sweep, unlike};
use crate::judge::compare::{NoiseFloor, may_head, noise_floor};
use crate::judge::gate::comparable::is_simulated;
use crate::judge::limit::is_search;
use crate::judge::metrics::{CPU_PER_EVENT, Metric, RESULT_LATENCY_P99};
use crate::judge::summary::{Standing, spins, standing, verified, waits};
use crate::quantity;
use crate::record::{EngineRecord, Repetition, RunRecord};
use crate::words::{capitalised, listed, of_all, plural};
use std::fmt::Write as _;

/// What a run found, one sentence per element; never more than nine, six of a sweep, or what
/// a search found.
pub fn verdict(record: &RunRecord) -> Vec<String> {
    if record.sweep.is_some() {
        let mut sentences = sweep::findings(record);
        // A sweep of searches has probes and no repetitions; its limits tell what held.
        if engines_in(record).any(|(_, engine)| !engine.repetitions.is_empty()) {
            sentences.push(validity(record));
        }
        return sentences;
    }
    if is_search(record) {
        return limit::sentences(record);
    }
    let cheaper = contest::sentence(record, CPU_PER_EVENT, "costs less CPU");
    let sooner = contest::sentence(record, RESULT_LATENCY_P99, "answers sooner");
    let interval = interval::sentence(record);
    let is_compared = [&cheaper, &sooner, &interval].into_iter().any(Option::is_some);
    let mut sentences = Vec::new();
    sentences.extend(demanded::sentence(record));
    sentences.extend(cheaper);
    sentences.extend(waiting(record));
    if completeness::differs(record) {
        sentences.extend(completeness::costs(record).map(|costs| capitalised(&costs) + "."));
    }
    sentences.extend(sooner.map(|sentence| intervals::beside(record, sentence)));
    sentences.extend(interval);
    sentences.extend(unlike::sentence(record).filter(|_| is_compared));
    sentences.extend(noise(record));
    sentences.push(validity(record));
    sentences
}

/// What two sets of this run's repetitions differ by when nothing is different, and where that is
/// the most.
fn noise(record: &RunRecord) -> Option<String> {
    let floors: Vec<(Metric, NoiseFloor<'_>)> = [RESULT_LATENCY_P99, CPU_PER_EVENT]
        .into_iter()
        .filter_map(|metric| noise_floor(record, metric).map(|floor| (metric, floor)))
        .collect();
    let runs = floors.iter().map(|(_, floor)| floor.runs).min()?;
    let each: Vec<String> = floors
        .iter()
        .map(|(metric, NoiseFloor { share, cell, engine, .. })| {
            let share = quantity::fraction(*share);
            format!("{share} in the {} ({} in {})", metric.words, engine.label, cell.name)
        })
        .collect();
    let each: Vec<&str> = each.iter().map(String::as_str).collect();
    Some(format!(
        "Noise within this run, where it is the greatest: two sets of {runs} repetitions of the \
         same thing differ by up to {}, 19 times in 20; another run may differ by more.",
        listed(&each)
    ))
}

/// CPU time spent on waiting is a choice and not a need. Where the only figure of the per-event
/// engine is that of workers that spin while they have nothing to do, nobody is cheaper, and a
/// reader must know why.
fn waiting(record: &RunRecord) -> Option<String> {
    let mut ways: Vec<&str> = Vec::new();
    let mut cells: Vec<&str> = Vec::new();
    for cell in &record.cells {
        let fit = |engine: &&EngineRecord| may_head(engine);
        let (spinning, ranked): (Vec<_>, Vec<_>) =
            cell.engines.iter().filter(fit).partition(|engine| spins(engine));
        let is_left_out = |engine: &&&EngineRecord| ranked.iter().all(|r| r.kind != engine.kind);
        let left_out: Vec<_> = spinning.iter().filter(is_left_out).collect();
        if cell.engines.len() < 2 || left_out.is_empty() {
            continue;
        }
        cells.push(&cell.name);
        ways.extend(left_out.iter().filter_map(|engine| waits(engine)));
    }
    if cells.is_empty() {
        return None;
    }
    ways.sort_unstable();
    ways.dedup();
    let cells = if cells.len() == record.cells.len() && cells.len() > 1 {
        format!("{} scenarios", of_all(cells.len(), cells.len()))
    } else {
        listed(&cells)
    };
    Some(format!(
        "Nothing is said of who costs less CPU in {cells}: per-event keeps up and spins while it waits \
         (waiting = {}), so what waiting costs is in its CPU time, too; measured beside it with \
         waiting = \"park\", it is that of its work.",
        listed(&ways)
    ))
}

/// Why repetitions show no speed, with their place; empty if all do. Repetitions with the same
/// reason share an entry.
pub fn invalid(record: &RunRecord) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for (cell, engine) in engines_in(record) {
        let mut grouped: Vec<(String, Vec<String>)> = Vec::new();
        for repetition in engine.repetitions.iter().filter(|r| !r.is_verified()) {
            let verdict = &repetition.verdict;
            let mut reason = verdict.kind.to_string();
            if !verdict.text.is_empty() {
                let _ = write!(reason, " ({})", verdict.text.trim_end_matches('.'));
            }
            let rep = repetition.rep.to_string();
            match grouped.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, reps)) => reps.push(rep),
                None => grouped.push((reason, vec![rep])),
            }
        }
        for (reason, reps) in grouped {
            let many = if reps.len() == 1 { "" } else { "s" };
            let reps = listed(&reps.iter().map(String::as_str).collect::<Vec<_>>());
            reasons.push(format!("{} in {cell}, repetition{many} {reps}: {reason}", engine.label));
        }
    }
    reasons
}

fn validity(record: &RunRecord) -> String {
    let all: Vec<_> = record
        .cells
        .iter()
        .flat_map(|cell| &cell.engines)
        .flat_map(|engine| &engine.repetitions)
        .collect();
    let right: Vec<_> = all.iter().filter(|repetition| repetition.is_verified()).collect();
    let answers = right.iter().map(|r| r.verdict.answers_checked).sum();
    let mut parts = Vec::new();
    if record.interrupted {
        parts.push("interrupted, so only what was finished counts".to_owned());
    }
    parts.push(if right.is_empty() {
        "no repetition was verified, so there is no speed to show".to_owned()
    } else {
        let scope = if right.len() == all.len() {
            match all.len() {
                1 => "the only repetition".into(),
                n => format!("{} repetitions", of_all(n, n)),
            }
        } else {
            format!("{} of {}", right.len(), plural(all.len(), "repetition"))
        };
        let one = if answers == 1 { "s" } else { "" };
        let how = if right.iter().any(|r| r.verdict.bounds_only) {
            let within = |may_lose: bool| {
                right.iter().any(|r| r.verdict.bounds_only && r.verdict.lost.is_some() == may_lose)
            };
            let who_leaves = match (within(false), within(true)) {
                (_, false) => "several source partitions leave",
                (false, true) => "an engine leaves that loses events",
                (true, true) => "several source partitions leave, and an engine that loses events",
            };
            format!(
                "agree{one} with the reference, in part only within the bounds that {who_leaves}"
            )
        } else {
            format!("equal{one} the reference")
        };
        format!("verified: the {} of {scope} {how}", quantity::counted(answers, "answer"))
    });
    let invalid = invalid_engines(record);
    if !invalid.is_empty() {
        parts.push(format!("not valid, and without a speed: {}", shortened(&invalid)));
    }
    let behind: Vec<String> = engines_in(record)
        .filter(|(_, engine)| standing(engine) == Standing::NotSustained)
        .map(|(cell, engine)| format!("{} in {cell}", engine.label))
        .collect();
    parts.extend(unranked(record));
    if record.sweep.is_some() {
        // Where it was is in the table and on the charts.
        if !behind.is_empty() {
            let points = plural(behind.len(), "point");
            parts.push(format!("at {points} an engine fell behind the load, and is not compared"));
        }
        return capitalised(&parts.join("; ")) + ".";
    }
    if !behind.is_empty() {
        parts.push(format!("fell behind the load, and so not compared: {}", behind.join(", ")));
    }
    parts.extend(completeness::costs(record).filter(|_| !completeness::differs(record)));
    parts.extend(lost::clause(record));
    capitalised(&parts.join("; ")) + "."
}

/// Why engines that answered right are not ranked all the same: time that was simulated, nothing
/// that was measured, answers too few for the quantile that would rank them.
fn unranked(record: &RunRecord) -> Vec<String> {
    if is_simulated(record) {
        return vec!["time was simulated, so nothing is said of who is sooner or cheaper".into()];
    }
    let mut parts = Vec::new();
    let idle: Vec<String> = engines_in(record)
        .filter(|(_, engine)| standing(engine) == Standing::Unmeasured)
        .map(|(cell, engine)| format!("{} in {cell}", engine.label))
        .collect();
    if !idle.is_empty() {
        let idle = shortened(&idle);
        parts.push(format!("nothing measured, as no event fell due after the warm-up: {idle}"));
    }
    let few: Vec<String> = record
        .cells
        .iter()
        .filter_map(|cell| {
            let of_cell =
                cell.engines.iter().filter(|engine| verified(engine).any(Repetition::has_measured));
            let few = of_cell.filter_map(|engine| RESULT_LATENCY_P99.too_few(engine));
            Some(format!("{} ({})", cell.name, few.min_by_key(|few| few.answers)?))
        })
        .collect();
    if !few.is_empty() {
        let few = shortened(&few);
        parts.push(format!("too few answers for a {}: {few}", RESULT_LATENCY_P99.words));
    }
    parts
}

/// The first three, and how many more there are.
pub(super) fn shortened(all: &[String]) -> String {
    let (shown, more) = all.split_at(all.len().min(3));
    let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
    format!("{}{more}", shown.join(", "))
}

/// The same as [`invalid`] in short: one entry per cell, engine and reason.
fn invalid_engines(record: &RunRecord) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for (cell, engine) in engines_in(record) {
        for repetition in engine.repetitions.iter().filter(|r| !r.is_verified()) {
            let reason = format!("{} in {cell} ({})", engine.label, repetition.verdict.kind);
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    reasons
}

pub(super) fn engines_in(record: &RunRecord) -> impl Iterator<Item = (&str, &EngineRecord)> {
    record
        .cells
        .iter()
        .flat_map(|cell| cell.engines.iter().map(move |engine| (cell.name.as_str(), engine)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::EngineKind;
    use crate::sample;

    #[test]
    fn what_waiting_costs_is_left_out_and_named() {
        let mut record = sample::record();
        let said = |record: &RunRecord| verdict(record).join("\n");
        assert!(!said(&record).contains("spins while it waits"));
        let engines = record.cells.iter_mut().flat_map(|cell| &mut cell.engines);
        for engine in engines.filter(|engine| engine.kind == EngineKind::PerEvent) {
            engine.settings.push(("waiting".into(), "spin-then-park, spin 50us".into()));
        }
        insta::assert_snapshot!(said(&record), @r#"
        Nothing is said of who costs less CPU in all 3 scenarios: per-event keeps up and spins while it waits (waiting = spin-then-park, spin 50us), so what waiting costs is in its CPU time, too; measured beside it with waiting = "park", it is that of its work.
        Disorder costs micro-batch in disorder most, where 98.1 % of the events count in the windows they belong to.
        The difference in p99 of result_latency is the interval of micro-batch in all 3 scenarios: 113 ms to 533 ms against 75.8 µs of per-event, where an answer waits for its batch for up to 100 ms to 500 ms, and until that is computed.
        Verified: the 21 600 answers of all 18 repetitions equal the reference.
        "#);
        // Where it was measured asleep as well, there is a figure to rank.
        for cell in &mut record.cells {
            let mut parked = cell.engines[1].clone();
            parked.label = "per-event (parked)".into();
            parked.settings = vec![("waiting".into(), "park".into())];
            cell.engines.push(parked);
        }
        assert!(!said(&record).contains("spins while it waits"));
        assert!(said(&record).contains("of per-event (parked)"), "{}", said(&record));
    }

    #[test]
    fn a_verdict_names_the_finding_and_what_was_checked() {
        insta::assert_snapshot!(verdict(&sample::record()).join("\n"), @r"
        Micro-batch is lower in these runs in all 3 scenarios: CPU time per event 1.61 times lower (435 ns against 700 ns); 3 repetitions are too few to name a winner.
        Disorder costs micro-batch in disorder most, where 98.1 % of the events count in the windows they belong to.
        The difference in p99 of result_latency is the interval of micro-batch in all 3 scenarios: 113 ms to 533 ms against 75.8 µs of per-event, where an answer waits for its batch for up to 100 ms to 500 ms, and until that is computed.
        Verified: the 21 600 answers of all 18 repetitions equal the reference.
        ");
    }

    #[test]
    fn a_run_gone_wrong_says_so_in_words() {
        insta::assert_snapshot!(verdict(&sample::troubled()).join("\n"), @r"
        Micro-batch is lower in these runs in disorder: CPU time per event 1.63 times lower (435 ns against 710 ns); 2 repetitions are too few to name a winner.
        Disorder costs micro-batch in disorder most, where 98.1 % of the events count in the windows they belong to.
        The difference in p99 of result_latency is the interval of micro-batch in disorder: 218 ms against 76.9 µs of per-event, where an answer waits for its batch for up to 200 ms, and until that is computed.
        Interrupted, so only what was finished counts; verified: the 12 000 answers of 10 of 18 repetitions equal the reference; not valid, and without a speed: micro-batch in word-count (answers differ), per-event in disorder (load not held), micro-batch in identity (interrupted) and 1 more.
        ");
    }

    #[test]
    fn engines_that_cannot_be_told_apart_are_not_ranked() {
        let mut record = sample::record();
        record.cells.truncate(1);
        let twin = record.cells[0].engines[1].repetitions.clone();
        record.cells[0].engines[0].repetitions = twin;
        insta::assert_snapshot!(verdict(&record).join("\n"), @r"
        Not enough data to rank the CPU time per event in word-count.
        Not enough data to rank the p99 of result_latency in word-count; micro-batch answers by the batch, and was set to one every 500 ms.
        Verified: the 7 200 answers of all 6 repetitions equal the reference.
        ");
    }

    #[test]
    fn with_repetitions_enough_the_noise_is_told() {
        let mut record = sample::record();
        record.cells.truncate(1);
        let cost = [0.400, 0.410, 0.405, 0.395, 0.402, 0.408];
        for engine in &mut record.cells[0].engines {
            let like = engine.repetitions[0].clone();
            engine.repetitions = (1..)
                .zip(cost)
                .map(|(rep, cost)| {
                    let mut repetition = like.clone();
                    (repetition.rep, repetition.cpu_us_per_event) = (rep, cost);
                    repetition
                })
                .collect();
        }
        insta::assert_snapshot!(verdict(&record).join("\n"), @r"
        The CPU time per event is the same within 5 % in word-count.
        The difference in p99 of result_latency is the interval of micro-batch in word-count: 518 ms against 73.6 µs of per-event, where an answer waits for its batch for up to 500 ms, and until that is computed.
        Noise within this run, where it is the greatest: two sets of 6 repetitions of the same thing differ by up to 0 % in the p99 of result_latency (per-event in word-count) and 2.05 % in the CPU time per event (per-event in word-count), 19 times in 20; another run may differ by more.
        Verified: the 14 400 answers of all 12 repetitions equal the reference.
        ");
    }

    #[test]
    fn one_repetition_knows_no_noise() {
        let mut record = sample::record();
        record.cells.truncate(1);
        for engine in &mut record.cells[0].engines {
            engine.repetitions.truncate(1);
        }
        insta::assert_snapshot!(verdict(&record).join("\n"), @r"
        Micro-batch is lower in these runs in word-count: CPU time per event 1.61 times lower (422 ns against 680 ns); one repetition each, so the noise is not known.
        The difference in p99 of result_latency is the interval of micro-batch in word-count: 518 ms against 73.6 µs of per-event, where an answer waits for its batch for up to 500 ms, and until that is computed.
        Verified: the 2 400 answers of both repetitions equal the reference.
        ");
    }

    #[test]
    fn an_engine_that_fell_behind_is_not_compared() {
        let mut record = sample::record();
        record.cells.truncate(1);
        record.cells[0].engines[0].repetitions[2].throughput.sustained = false;
        insta::assert_snapshot!(verdict(&record).join("\n"), @r"
        Verified: the 7 200 answers of all 6 repetitions equal the reference; fell behind the load, and so not compared: micro-batch in word-count.
        ");
    }

    #[test]
    fn several_settings_of_one_engine_are_ranked_where_no_other_kept_up() {
        let mut record = sample::variants();
        insta::assert_snapshot!(verdict(&record).join("\n"), @r"
        Micro-batch is lower in these runs in word-count: CPU time per event 1.60 times lower (435 ns against 695 ns of micro-batch slices); 3 repetitions are too few to name a winner.
        Micro-batch is lower in these runs in word-count: p99 of result_latency 1.60 times lower (533 ms against 853 ms of micro-batch slices); 3 repetitions are too few to name a winner; micro-batch answers by the batch, and was set to one every 500 ms.
        Verified: the 14 400 answers of all 12 repetitions equal the reference; fell behind the load, and so not compared: per-event in word-count.
        ");
        record.cells[0].engines.retain(|engine| engine.kind == EngineKind::MicroBatch);
        insta::assert_snapshot!(verdict(&record).join("\n"), @r"
        Micro-batch is lower in these runs in word-count: CPU time per event 1.60 times lower (435 ns against 695 ns of micro-batch slices); 3 repetitions are too few to name a winner.
        Micro-batch is lower in these runs in word-count: p99 of result_latency 1.60 times lower (533 ms against 853 ms of micro-batch slices); 3 repetitions are too few to name a winner.
        Verified: the 10 800 answers of all 9 repetitions equal the reference.
        ");
    }

    #[test]
    fn of_one_engine_and_one_answer_there_is_no_most_and_no_plural() {
        let mut record = sample::record();
        record.cells.remove(0);
        record.cells.truncate(1);
        record.cells[0].engines.truncate(1);
        record.cells[0].engines[0].repetitions.truncate(1);
        record.cells[0].engines[0].repetitions[0].verdict.answers_checked = 1;
        let last = verdict(&record).pop().unwrap();
        assert_eq!(
            last,
            "Verified: the 1 answer of the only repetition equals the reference; disorder costs \
             micro-batch in disorder, where 98.1 % of the events count in the windows they belong \
             to."
        );
    }

    /// The verdict on one cell after this was done to every repetition of it.
    fn after(change: impl Fn(&mut Repetition)) -> String {
        let mut record = sample::record();
        record.cells.truncate(1);
        let engines = record.cells.iter_mut().flat_map(|cell| &mut cell.engines);
        engines.flat_map(|engine| &mut engine.repetitions).for_each(change);
        verdict(&record).join("\n")
    }

    #[test]
    fn three_answers_have_no_p99_and_head_nothing() {
        let few = after(|repetition| {
            repetition.counts.answers_measured = 3;
            repetition.result_latency.as_mut().unwrap().count = 3;
        });
        insta::assert_snapshot!(few, @"Verified: the 7 200 answers of all 6 repetitions equal the reference; too few answers for a p99 of result_latency: word-count (3 measured, 1 000 needed).");
    }

    #[test]
    fn where_no_event_was_measured_nobody_is_cheaper() {
        let nothing = after(|repetition| {
            repetition.counts.answers_measured = 0;
            repetition.result_latency = None;
            repetition.throughput.offered_per_s = 0.0;
        });
        insta::assert_snapshot!(nothing, @"Verified: the 7 200 answers of all 6 repetitions equal the reference; nothing measured, as no event fell due after the warm-up: micro-batch in word-count, per-event in word-count.");
    }

    #[test]
    fn simulated_time_ranks_nobody() {
        let simulated = after(|repetition| repetition.trace_hash = Some("0123abcd".into()));
        insta::assert_snapshot!(simulated, @"Verified: the 7 200 answers of all 6 repetitions equal the reference; time was simulated, so nothing is said of who is sooner or cheaper.");
    }

    #[test]
    fn a_tie_is_not_the_most() {
        let mut record = sample::record();
        record.cells.drain(..1);
        record.cells.truncate(1);
        let mut said = |least: f64| {
            for repetition in &mut record.cells[0].engines[1].repetitions {
                repetition.verdict.completeness = Some(least);
            }
            let said = verdict(&record);
            let costs = said.iter().find(|sentence| sentence.contains("isorder costs"));
            costs.unwrap().split("; ").last().unwrap().to_owned()
        };
        let shown = "where 98.1 % of the events count in the windows they belong to.";
        let alike = format!("disorder costs micro-batch and per-event in disorder alike, {shown}");
        assert_eq!(said(0.981).replace('\u{a0}', " "), alike);
        let most = format!("Disorder costs micro-batch in disorder most, {shown}");
        assert_eq!(said(0.99).replace('\u{a0}', " "), most);
    }

    #[test]
    fn nothing_measured_is_nothing_to_say() {
        let mut record = sample::record();
        record.cells.clear();
        assert_eq!(verdict(&record), ["No repetition was verified, so there is no speed to show."]);
    }
}
