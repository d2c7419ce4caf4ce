//! From what a trial brought to what a record says of it.
//!
//! The verdict comes first: a trial that failed, was interrupted, whose load was not held or
//! whose answers differ has no latency here at all, so that no page can show one by mistake.

use super::Draining;
use crate::load::survey::Survey;
use crate::measure::anatomy;
use crate::measure::course::Course;
use crate::measure::intervals::Totals;
use crate::measure::latency::Latencies;
use crate::measure::mark_wait;
use crate::measure::timeline::seconds;
use crate::measure::trial::Trial;
use crate::verify::Finding;
use engines::{AggregateError, EngineError, Moment, Tally};
use reports::quantity;
use reports::record::study::Anatomy;
use reports::record::{
    Batch, Counts, MarkWait, Pause, Repetition, Throughput, Verdict, VerdictKind,
};
use std::ops::Range;

/// What helps where an input cannot be made as fast as it is due.
pub(super) const REMEDY: &str = "make the run shorter so that its input fits in memory, let it go round (measure.input_memory), or \
     lower the rate";

/// The share of the planned events that has to be delivered.
const DELIVERED_LEAST: f64 = 0.999;

/// How late the load itself may be at p99.9, in nanoseconds, or as a share of the p99 latency.
pub const LATENESS_NS_MAX: u64 = 1_000_000;
const LATENESS_SHARE_MAX: f64 = 0.01;

/// How much of the offered rate the backlog may grow by and still count as kept up with.
const BACKLOG_GROWTH_MAX: f64 = 0.01;

/// Why a trial is not to be verified, if it is not.
pub fn obstacle(trial: &Trial, survey: &Survey) -> Option<Verdict> {
    if let Some(late_ns) = trial.input_lost_ns {
        let text = format!(
            "given up early: the input was late by {}, which is more than the run is long; {REMEDY}",
            quantity::nanoseconds(late_ns as f64)
        );
        return Some(verdict(VerdictKind::LoadNotHeld, &text));
    }
    // Whoever ended it early may have done so because of this.
    if let Some(late) = late_input(trial) {
        return Some(verdict(VerdictKind::LoadNotHeld, &late));
    }
    if trial.interrupted {
        return Some(verdict(VerdictKind::Interrupted, "stopped before the end of its input"));
    }
    if let Some(panic) = &trial.panic {
        return Some(verdict(VerdictKind::Failed, &format!("the engine panicked: {panic}")));
    }
    if let Err(error) = &trial.tally {
        return Some(verdict(VerdictKind::Failed, &error.to_string()));
    }
    let account = &trial.account;
    if account.latencies_negative > 0 {
        let (were, they) = match account.latencies_negative {
            1 => ("was", "it was"),
            _ => ("were", "they were"),
        };
        let text = format!(
            "{} {were} emitted before {they} due, so nothing measured here is valid",
            quantity::counted(account.latencies_negative, "answer")
        );
        return Some(verdict(VerdictKind::Failed, &text));
    }
    if account.latencies_beyond > 0 {
        let text = format!(
            "{} took more than an hour, beyond what is recorded",
            quantity::counted(account.latencies_beyond, "answer")
        );
        return Some(verdict(VerdictKind::Failed, &text));
    }
    let planned = survey.events;
    let released = trial.delivery.released;
    if (released as f64) < planned as f64 * DELIVERED_LEAST {
        let text = format!(
            "{} of {} planned events were delivered",
            quantity::count(released),
            quantity::count(planned)
        );
        return Some(verdict(VerdictKind::LoadNotHeld, &text));
    }
    None
}

/// By how much the input itself was late, if it was too late for any latency to be the engine's.
fn late_input(trial: &Trial) -> Option<String> {
    let lateness_ns = trial.delivery.lateness_ns_p999();
    let p99_ns = trial.samples.collected.totals.result.value_at_quantile(0.99);
    let allowed_ns = (p99_ns as f64 * LATENESS_SHARE_MAX).max(LATENESS_NS_MAX as f64);
    (lateness_ns as f64 > allowed_ns).then(|| {
        format!(
            "the input itself was late, by {} at p99.9, so no latency is the engine's own; {REMEDY}",
            quantity::nanoseconds(lateness_ns as f64)
        )
    })
}

/// The verdict of a check.
pub fn checked(finding: &Finding) -> Verdict {
    Verdict {
        kind: if finding.is_right { VerdictKind::Verified } else { VerdictKind::Differs },
        text: finding.text.clone(),
        answers_checked: finding.answers_checked,
        completeness: finding.completeness,
        distance: finding.distance.map(|distance| distance.ratio()),
        bounds_only: finding.bounds_only,
        lost: finding.lost,
        differences: finding.differences.clone(),
    }
}

/// A check that could not be made.
pub fn unchecked(error: &EngineError) -> Verdict {
    let kind = match error {
        EngineError::Aggregate { .. } => VerdictKind::Differs,
        _ => VerdictKind::Failed,
    };
    verdict(kind, &format!("the reference has no answer: {error}"))
}

/// A check that could not be made of answers that are there, by an engine that may let its sums wrap.
pub fn unchecked_answers(error: &EngineError, engine: &str, wraps_sums: bool) -> Verdict {
    let mut verdict = unchecked(error);
    if let EngineError::Aggregate { cause: AggregateError::SumOverflow(_), .. } = error {
        let why = if wraps_sums { ", as its sums wrap without a word" } else { "" };
        verdict.text = format!("{}; {engine} gave one all the same{why}", verdict.text);
    }
    verdict
}

fn verdict(kind: VerdictKind, text: &str) -> Verdict {
    Verdict {
        kind,
        text: text.to_owned(),
        answers_checked: 0,
        completeness: None,
        distance: None,
        bounds_only: false,
        lost: None,
        differences: Vec::new(),
    }
}

/// What the record says.
pub fn repetition(
    rep: u32,
    trial: &Trial,
    survey: &Survey,
    interval_ns: Option<u64>,
    draining: Draining,
    verdict: Verdict,
    finding: Option<&Finding>,
) -> Repetition {
    let none = Tally::default();
    let tally = trial.tally.as_ref().unwrap_or(&none);
    let samples = &trial.samples;
    let course = Course::new(
        survey,
        &samples.samples,
        samples.own_answers(survey),
        &tally.batches,
        interval_ns,
    );
    let span = survey.measured(trial.measured_from);
    let is_valid = verdict.kind == VerdictKind::Verified;
    let latency = |latencies: &Latencies| latencies.recorded().filter(|_| is_valid);
    let counts = counts(trial, tally, finding);
    let cpu_s = seconds(trial.cpu_ns);
    let failure = (verdict.kind == VerdictKind::Failed).then(|| verdict.text.clone());
    Repetition {
        rep,
        result_latency: latency(&trial.samples.collected.totals.result),
        event_latency: latency(&trial.samples.collected.totals.event),
        throughput: throughput(&course, trial, survey, &span, drain_most_ns(tally, draining)),
        backlog_max: course.backlog_max(span.start, span.end),
        backlog_end: course.backlog(span.end),
        cpu_s,
        cpu_us_per_event: if counts.accepted == 0 {
            f64::NAN
        } else {
            cpu_s * 1e6 / counts.accepted as f64
        },
        counts,
        peak_memory_bytes: trial.memory_peak_bytes,
        batches: tally
            .batches
            .iter()
            .map(|batch| Batch {
                close_s: seconds(batch.close.as_nanos()),
                scheduling_delay_s: seconds(batch.started.nanos_since(batch.close)),
                processing_s: seconds(batch.finished.nanos_since(batch.started)),
                records: batch.records,
                ..Batch::default()
            })
            .collect(),
        batches_one_of: None,
        timeline: course.rows(
            &trial.samples.collected.emissions,
            span.start,
            trial.memory_before_bytes,
        ),
        trace_hash: (tally.trace_hash != 0).then(|| format!("{:016x}", tally.trace_hash)),
        failure,
        verdict,
        seed: None,
        input_hash: None,
        warm_up: Some(trial.warm_up.clone()),
        anatomy: is_valid.then(|| where_time_went(trial, tally, survey, &span)).flatten(),
        mark_wait: is_valid.then(|| mark_wait(trial, tally, survey, &span, interval_ns)).flatten(),
        pause: trial.samples.latest.map(|(planned, late_ns)| Pause {
            at_s: seconds(planned.as_nanos()),
            late_s: seconds(late_ns),
        }),
        spun_s: tally.spun_ns.map(|spun_ns| seconds(spun_ns).min(cpu_s)),
        fixed_work: None,
        energy: None,
        process: None,
        p99_ns_thirds: is_valid.then(|| p99_ns_thirds(&trial.samples.collected.totals)).flatten(),
        measured_s: Some(seconds(span.end.nanos_since(span.start))),
        sessions: None,
        kept_most: None,
    }
}

fn where_time_went(
    trial: &Trial,
    tally: &Tally,
    survey: &Survey,
    span: &Range<Moment>,
) -> Option<Anatomy> {
    let releases = &trial.delivery.releases;
    let has_windows = survey.final_due.is_some();
    anatomy::anatomy(&trial.account.emissions, span, releases, &tally.batches, has_windows)
}

fn mark_wait(
    trial: &Trial,
    tally: &Tally,
    survey: &Survey,
    span: &Range<Moment>,
    interval_ns: Option<u64>,
) -> Option<MarkWait> {
    survey.final_due.as_ref()?;
    let (emissions, releases) = (&trial.account.emissions, &trial.delivery.releases);
    let batches = interval_ns.map(|interval_ns| (interval_ns, tally.batches.as_slice()));
    mark_wait::mark_wait(emissions, span, releases, batches)
}

/// Fewer answers have no 99th percentile but their maximum.
pub const ANSWERS_FOR_P99: u64 = 100;

/// The 99th percentile of each third, in nanoseconds.
pub fn p99_ns_thirds(totals: &Totals) -> Option<[u64; 3]> {
    let enough = totals.thirds.iter().all(|third| third.len() >= ANSWERS_FOR_P99);
    enough.then(|| totals.thirds.each_ref().map(|third| third.value_at_quantile(0.99)))
}

fn counts(trial: &Trial, tally: &Tally, finding: Option<&Finding>) -> Counts {
    let windows = tally.windows.first().copied().unwrap_or_default();
    let fates = finding.map(|finding| finding.fates);
    let passed = tally.read.saturating_sub(tally.rejected);
    Counts {
        read: tally.read,
        // An unchecked run has only its own account, in records of the aggregation.
        accepted: fates
            .map_or(if tally.windows.is_empty() { passed } else { windows.accepted }, |fates| {
                fates.accepted
            }),
        late: fates.map_or(windows.late, |fates| fates.late),
        partly_late: match finding {
            Some(finding) => finding.knows_partly_late.then_some(finding.fates.partly_late),
            None => Some(windows.partly_late),
        },
        rejected: tally.rejected,
        accepted_late_extra: finding.map_or(0, |finding| finding.accepted_late_extra),
        answers: trial.account.answers_given,
        answers_measured: trial.account.answers_measured,
        combine_steps: tally.windows.iter().map(|windows| windows.combine_steps).sum(),
        retries: tally.retries,
        missed_windows: match fates {
            Some(fates) => Some(fates.missed_pairs),
            None => Some(windows.missed_windows),
        },
    }
}

/// How long it may take to drain.
fn drain_most_ns(tally: &Tally, draining: Draining) -> f64 {
    let took = tally.batches.iter().map(|batch| batch.finished.nanos_since(batch.started));
    draining.most_s(took.map(seconds)) * 1e9
}

fn throughput(
    course: &Course<'_>,
    trial: &Trial,
    survey: &Survey,
    span: &Range<Moment>,
    drain_most_ns: f64,
) -> Throughput {
    let (from, until) = (span.start, span.end);
    let offered = course.offered(until).saturating_sub(course.offered(from));
    let offered_per_s = offered as f64 / seconds(until.nanos_since(from));
    let last_due = survey.last_due;
    let drained = trial.account.last_emitted.max(course.not_all_taken_at());
    let drain_ns = drained.nanos_since(last_due);
    let slope = course.backlog_slope(from, until);
    let backlog_slope = slope.map(|slope| (slope.low / offered_per_s, slope.high / offered_per_s));
    let is_growing = backlog_slope.is_some_and(|(low, _)| low > BACKLOG_GROWTH_MAX);
    Throughput {
        offered_per_s,
        accepted_per_s: course.accepted_per_s(from, until),
        completed_per_s: course.completed_per_s(from, until),
        drain_s: seconds(drain_ns),
        sustained: !is_growing && drain_ns as f64 <= drain_most_ns,
        backlog_slope,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::input::Input;
    use crate::load::input::tests::{Listed, layout};
    use crate::load::pacer::Delivery;
    use crate::measure::intervals::Collected;
    use crate::measure::recorder::Account;
    use crate::measure::timeline::Samples;
    use crate::measure::warm_up::{self, Bins, Settling};
    use hdrhistogram::Histogram;
    use std::sync::Arc;
    use std::time::Duration;

    const NOTHING: Bins = Bins { length_ns: 1, series: Vec::new() };

    /// A trial of 10,000 events in which everything went well, and its input.
    fn trial() -> (Trial, Survey) {
        let events = (0..10_000).map(|n| (n, 0, 0, 0)).collect();
        let input = Input::make(Arc::new(Listed { events }), layout(1, 256, 0), u64::MAX);
        let mut result = Latencies::default();
        result.record_n(2_000_000, 10_000);
        let trial = Trial {
            tally: Ok(Tally { read: 10_000, ..Tally::default() }),
            panic: None,
            interrupted: false,
            account: Account::default(),
            samples: Samples {
                samples: Vec::new(),
                collected: Collected::of(Totals { result, ..Totals::none() }),
                own_cpu_ns: 0,
                latest: None,
            },
            measured_from: Moment::START,
            warm_up: warm_up::decide(&NOTHING, Duration::ZERO, Settling::default()).1,
            delivery: Delivery { released: 10_000, ..Delivery::default() },
            ended: Moment::START,
            input_lost_ns: None,
            cpu_ns: 0,
            memory_before_bytes: 0,
            memory_peak_bytes: 0,
        };
        (trial, input.survey)
    }

    #[track_caller]
    fn stands_in_the_way(change: impl FnOnce(&mut Trial), want: Option<VerdictKind>) {
        let (mut trial, survey) = trial();
        change(&mut trial);
        let verdict = obstacle(&trial, &survey);
        assert_eq!(verdict.as_ref().map(|verdict| verdict.kind), want, "{verdict:?}");
    }

    fn late(ns: u64, events: u64) -> Histogram<u64> {
        let mut late = Histogram::new_with_bounds(1, 3_600_000_000_000, 2).unwrap();
        late.record_n(ns, events).unwrap();
        late
    }

    #[test]
    fn a_load_that_was_not_held_voids_the_run() {
        use VerdictKind::LoadNotHeld;
        stands_in_the_way(|_| (), None);
        stands_in_the_way(
            |trial| trial.delivery.starved = Some(late(5_000_000, 20)),
            Some(LoadNotHeld),
        );
        // One event in a thousand may be late, and any of them by a millisecond.
        stands_in_the_way(|trial| trial.delivery.starved = Some(late(5_000_000, 10)), None);
        stands_in_the_way(|trial| trial.delivery.starved = Some(late(900_000, 5000)), None);
        // A hundredth of the p99 latency is late enough to be allowed, too.
        stands_in_the_way(
            |trial| {
                trial.delivery.starved = Some(late(5_000_000, 20));
                trial.samples.collected.totals.result.record_n(1_000_000_000, 1_000_000);
            },
            None,
        );
        stands_in_the_way(|trial| trial.delivery.released = 9_989, Some(LoadNotHeld));
        stands_in_the_way(|trial| trial.delivery.released = 9_990, None);
    }

    #[test]
    fn a_trial_that_failed_is_not_checked() {
        use VerdictKind::{Failed, Interrupted};
        stands_in_the_way(|trial| trial.interrupted = true, Some(Interrupted));
        stands_in_the_way(
            |trial| (trial.interrupted, trial.input_lost_ns) = (true, Some(3_000_000_000)),
            Some(VerdictKind::LoadNotHeld),
        );
        // A run that was given up because its input did not come says so.
        stands_in_the_way(
            |trial| {
                trial.interrupted = true;
                trial.delivery.starved = Some(late(5_000_000, 20));
            },
            Some(VerdictKind::LoadNotHeld),
        );
        stands_in_the_way(|trial| trial.panic = Some("why".into()), Some(Failed));
        stands_in_the_way(
            |trial| trial.tally = Err(EngineError::Unsupported("no".into())),
            Some(Failed),
        );
        stands_in_the_way(|trial| trial.account.latencies_negative = 1, Some(Failed));
        stands_in_the_way(|trial| trial.account.latencies_beyond = 1, Some(Failed));
    }
}
