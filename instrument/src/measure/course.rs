//! How far a run had come by each moment, and how fast: from what was seen beside it and, for an
//! engine that works in batches, from its own account of them.
//!
//! Taken is not finished: an engine may read ahead of what it computes, without end. Where every event
//! has an answer of its own, it is finished with when that is given. Where answers are of windows and
//! nobody tells of batches, taken is all that is known, and what an engine holds within shows in its
//! latencies and in how long it takes to drain.
//!
//! A batch is finished with at once and was worked on all along, so a count of finished events
//! jumps. A backlog is taken from the jumps, as they are what waits; a rate over a part of the run
//! is not, or it would depend on where between two jumps the part begins.

use crate::load::survey::{Survey, TICK_NS};
use crate::measure::intervals::Emission;
use crate::measure::timeline::{Sample, seconds};
use engines::{BatchTiming, Moment};
use reports::record::TimelineRow;
use statistics::growth::{self, Growth};

/// How far a run had come by each moment.
#[derive(Debug)]
pub struct Course<'a> {
    survey: &'a Survey,
    samples: &'a [Sample],
    /// When the engine had taken or finished how many records, where it says so itself: an
    /// engine that works in batches takes and finishes them by the batch.
    batches: Option<(Steps, Steps)>,
    /// How many answers there were by the end of each tick, where every event has one of its own.
    answered: Option<Vec<u64>>,
}

/// A count that jumps, in order of time.
type Steps = Vec<Step>;

#[derive(Copy, Clone, Debug)]
struct Step {
    /// From when on the batch was all that was worked for: the one before is out of the way, and
    /// its interval has begun.
    begun: Moment,
    /// When the count jumps.
    at: Moment,
    /// Where the work for the batch is as far as that before its input ended; the jump itself but
    /// for the last one, whose interval goes on for longer than there is input.
    done: Moment,
    /// The count before.
    before: u64,
    /// The count from then on.
    after: u64,
}

impl<'a> Course<'a> {
    /// From what was sampled, from the answers where every event has one of its own and, for an
    /// engine that works in batches, from its own account; `interval_ns` is how long it collects for
    /// one of them.
    pub fn new(
        survey: &'a Survey,
        samples: &'a [Sample],
        own_answers: Option<&[Emission]>,
        batches: &[BatchTiming],
        interval_ns: Option<u64>,
    ) -> Self {
        let steps = |at: fn(&BatchTiming) -> Moment| -> Steps {
            let mut last = (Moment::START, 0);
            let step = |batch: &BatchTiming| {
                let (previous, before) = last;
                let opened = interval_ns.map_or(previous, |interval_ns| {
                    Moment::from_nanos(batch.close.as_nanos().saturating_sub(interval_ns))
                });
                let (at, begun) = (at(batch), previous.max(opened));
                let waited_ns = batch.close.nanos_since(survey.last_due);
                let done = Moment::from_nanos(at.as_nanos().saturating_sub(waited_ns)).max(begun);
                let after = before + batch.records;
                last = (at, after);
                Step { begun, at, done, before, after }
            };
            batches.iter().map(step).collect()
        };
        let batches = (!batches.is_empty())
            .then(|| (steps(|batch| batch.started), steps(|batch| batch.finished)));
        let answered = own_answers.map(answered_by_tick);
        Self { survey, samples, batches, answered }
    }

    /// Events that were due before `moment`.
    pub fn offered(&self, moment: Moment) -> u64 {
        self.survey.due_before(moment)
    }

    /// Events the engine had taken by `moment`, in proportion between two samples.
    pub fn accepted(&self, moment: Moment) -> u64 {
        match &self.batches {
            Some((started, _)) => step_at(started, moment),
            None => self.between(moment, |sample| sample.read),
        }
    }

    /// Events the engine had finished with by `moment`: those of finished batches; where there are
    /// none, those it had answered; where an answer is of many events, those it had taken.
    pub fn completed(&self, moment: Moment) -> u64 {
        let taken = || self.accepted(moment);
        match (&self.batches, &self.answered) {
            (Some((_, finished)), _) => step_at(finished, moment),
            (None, Some(answered)) => self.finished(taken(), answered_at(answered, moment)),
            (None, None) => taken(),
        }
    }

    /// Of those taken, those answered, or without an answer to come: an event that no engine accepts
    /// is finished with as it is taken. What was answered again was taken once.
    fn finished(&self, taken: u64, answered: u64) -> u64 {
        answered.saturating_add(self.survey.rejected).min(taken)
    }

    /// Events that were due and not finished with.
    pub fn backlog(&self, moment: Moment) -> u64 {
        self.offered(moment).saturating_sub(self.completed(moment))
    }

    /// The last look at which not all events were taken; the run's start, if they always were.
    pub fn not_all_taken_at(&self) -> Moment {
        let lacking = self.samples.iter().rev().find(|sample| sample.read < self.survey.events);
        lacking.map_or(Moment::START, |sample| sample.at)
    }

    /// Events taken per second, between two moments.
    pub fn accepted_per_s(&self, from: Moment, until: Moment) -> f64 {
        match &self.batches {
            Some((started, _)) => per_s(along(started, until) - along(started, from), from, until),
            None => per_s((self.accepted(until) - self.accepted(from)) as f64, from, until),
        }
    }

    /// Events finished per second, between two moments.
    pub fn completed_per_s(&self, from: Moment, until: Moment) -> f64 {
        if let Some((_, finished)) = &self.batches {
            per_s(along(finished, until) - along(finished, from), from, until)
        } else {
            let finished = self.completed(until).saturating_sub(self.completed(from));
            per_s(finished as f64, from, until)
        }
    }

    /// Most events that waited at once, at any tick in the range or at its end.
    pub fn backlog_max(&self, from: Moment, until: Moment) -> u64 {
        ticks(from, until).chain([until]).map(|tick| self.backlog(tick)).max().unwrap_or(0)
    }

    /// How fast the backlog grew, in events per second. A backlog that is emptied in batches is a
    /// saw-tooth, so it is looked at when a batch has finished; at any other beat the two would
    /// interfere. `None` where there are too few looks to tell.
    pub fn backlog_slope(&self, from: Moment, until: Moment) -> Option<Growth> {
        let looks: Vec<Moment> = match &self.batches {
            Some((_, finished)) => finished
                .iter()
                .map(|step| step.at)
                .filter(|at| (from..until).contains(at))
                .collect(),
            None => ticks(from, until).collect(),
        };
        let looks: Vec<(f64, f64)> =
            looks.into_iter().map(|at| (seconds(at.as_nanos()), self.backlog(at) as f64)).collect();
        growth::growth(&looks)
    }

    /// One row per 100 ms, to the end of the run. How latencies are distributed is said from
    /// `measured_from` on.
    pub fn rows(
        &self,
        emissions: &[Emission],
        measured_from: Moment,
        memory_before: u64,
    ) -> Vec<TimelineRow> {
        let Some(end) = self.samples.last().map(|sample| sample.at) else { return Vec::new() };
        let last_emission = emissions.last().map_or(0, |emission| emission.index + 1);
        let last = end.as_nanos().div_ceil(TICK_NS).max(last_emission);
        let mut emissions = emissions.iter().peekable();
        (0..last)
            .map(|tick| {
                let from = Moment::from_nanos(tick * TICK_NS);
                let until = from.saturating_add(TICK_NS);
                let emission = emissions.next_if(|emission| emission.index == tick);
                let latency = emission.and_then(|emission| emission.latency);
                let is_measured = from >= measured_from;
                let latencies = emission.filter(|_| is_measured).map(|e| e.latencies.clone());
                let cpu_ns = self.between(until, |sample| sample.cpu_ns)
                    - self.between(from, |sample| sample.cpu_ns);
                let memory = self.between(until, |sample| sample.memory_bytes);
                TimelineRow {
                    t_s: seconds(until.as_nanos()),
                    offered: self.offered(until) - self.offered(from),
                    accepted: self.accepted(until) - self.accepted(from),
                    backlog: self.backlog(until),
                    answers: emission.map_or(0, |emission| emission.answers),
                    p50_ns: latency.map(|latency| latency.p50_ns),
                    p99_ns: latency.map(|latency| latency.p99_ns),
                    p999_ns: latency.and_then(|latency| latency.p999_ns),
                    max_ns: latency.map(|latency| latency.max_ns),
                    latencies: latencies.unwrap_or_default(),
                    cpu: cpu_ns as f64 / TICK_NS as f64,
                    memory_bytes: memory.saturating_sub(memory_before),
                    note: String::new(),
                }
            })
            .collect()
    }

    /// A counter at `moment`, in proportion between the samples around it. Counters that fall,
    /// as memory does, are followed down.
    fn between(&self, moment: Moment, of: impl Fn(&Sample) -> u64) -> u64 {
        let at = self.samples.partition_point(|sample| sample.at < moment);
        let (Some(after), Some(before)) =
            (self.samples.get(at), at.checked_sub(1).and_then(|at| self.samples.get(at)))
        else {
            let nearest = if at == 0 { self.samples.first() } else { self.samples.last() };
            return nearest.map_or(0, of);
        };
        let length = u128::from(after.at.nanos_since(before.at)).max(1);
        let part = u128::from(moment.nanos_since(before.at));
        let (low, high) = (u128::from(of(before)), u128::from(of(after)));
        let value = (low * (length - part) + high * part) / length;
        u64::try_from(value).expect("between two u64s")
    }
}

/// How many answers there were by the end of each tick.
fn answered_by_tick(emissions: &[Emission]) -> Vec<u64> {
    let mut by_tick = Vec::new();
    let mut answers: u64 = 0;
    for emission in emissions {
        let tick = usize::try_from(emission.index).unwrap_or(usize::MAX);
        // Nothing was answered between the one before and this one.
        by_tick.resize(tick.max(by_tick.len()), answers);
        answers += emission.answers;
        by_tick.push(answers);
    }
    by_tick
}

/// How many there were by a moment, in proportion within a tick.
fn answered_at(by_tick: &[u64], moment: Moment) -> u64 {
    let last = by_tick.last().copied().unwrap_or(0);
    let tick = usize::try_from(moment.as_nanos() / TICK_NS).unwrap_or(usize::MAX);
    let before = tick.checked_sub(1).map_or(0, |tick| by_tick.get(tick).copied().unwrap_or(last));
    let after = by_tick.get(tick).copied().unwrap_or(last);
    let part = u128::from(after - before) * u128::from(moment.as_nanos() % TICK_NS);
    before + u64::try_from(part / u128::from(TICK_NS)).expect("a part of a u64")
}

fn step_at(steps: &Steps, moment: Moment) -> u64 {
    let at = steps.partition_point(|step| step.at <= moment);
    at.checked_sub(1).map_or(0, |at| steps[at].after)
}

/// A count at `moment`, each jump spread over the time that it took, so that silence before it has
/// no part in it.
fn along(steps: &Steps, moment: Moment) -> f64 {
    let at = steps.partition_point(|step| step.done <= moment);
    let Some(step) = steps.get(at) else {
        return steps.last().map_or(0.0, |step| step.after as f64);
    };
    let length_ns = step.done.nanos_since(step.begun).max(1) as f64;
    let part = moment.nanos_since(step.begun) as f64 / length_ns;
    step.before as f64 + (step.after - step.before) as f64 * part.min(1.0)
}

fn per_s(events: f64, from: Moment, until: Moment) -> f64 {
    events / seconds(until.nanos_since(from))
}

/// The ticks in a range, its end included.
fn ticks(from: Moment, until: Moment) -> impl Iterator<Item = Moment> {
    let first = from.as_nanos().div_ceil(TICK_NS);
    let last = until.as_nanos() / TICK_NS;
    (first..=last).map(|tick| Moment::from_nanos(tick * TICK_NS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::survey::DueSample;
    use reports::record::bins::LatencyBins;

    fn survey(per_tick: u64, ticks: u64) -> Survey {
        Survey {
            each_answered: true,
            events: per_tick * ticks,
            hash: 0,
            last_due: Moment::from_nanos(ticks * TICK_NS - 1),
            schedule_end: Moment::from_nanos(ticks * TICK_NS),
            last_due_by_partition: Vec::new(),
            due_by_tick: (0..=ticks).map(|tick| tick * per_tick).collect(),
            final_due: None,
            late_possible: 0,
            ahead: None,
            rejected: 0,
            sample: DueSample::default(),
            carried: Vec::new(),
        }
    }

    fn sample_at(ms: u64, read: u64) -> Sample {
        Sample {
            at: Moment::from_nanos(ms * 1_000_000),
            read,
            cpu_ns: ms * 500_000,
            memory_bytes: 0,
        }
    }

    fn ms(ms: u64) -> Moment {
        Moment::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn a_sampler_that_wakes_late_shifts_no_number() {
        let survey = survey(100, 10);
        let samples: Vec<Sample> =
            [0, 130, 210, 390, 400, 1000].iter().map(|at| sample_at(*at, *at)).collect();
        let course = Course::new(&survey, &samples, None, &[], None);
        let rows = course.rows(&[], Moment::START, 0);
        assert_eq!(rows.len(), 10);
        for row in rows {
            assert_eq!((row.offered, row.accepted), (100, 100), "{row:?}");
            assert!((row.cpu - 0.5).abs() < 1e-9, "{row:?}");
        }
    }

    #[test]
    fn a_run_has_drained_when_the_last_event_is_taken() {
        let survey = survey(100, 10);
        let looks = [(100, 90), (1000, 900), (1400, 999), (1500, 1000), (1600, 1000)];
        let samples: Vec<Sample> = looks.iter().map(|(at, read)| sample_at(*at, *read)).collect();
        assert_eq!(Course::new(&survey, &samples, None, &[], None).not_all_taken_at(), ms(1400));
        assert_eq!(
            Course::new(&survey, &samples[3..], None, &[], None).not_all_taken_at(),
            Moment::START
        );
    }

    #[test]
    fn an_engine_that_falls_behind_has_a_backlog_that_grows() {
        let survey = survey(100, 20);
        let samples: Vec<Sample> = (0..=20).map(|tick| sample_at(tick * 100, tick * 70)).collect();
        let course = Course::new(&survey, &samples, None, &[], None);
        assert_eq!(course.backlog(ms(1000)), 300);
        assert_eq!(course.backlog_max(ms(500), ms(2000)), 600);
        // The end of the range belongs to it, wherever it lies between two ticks.
        let end = Moment::from_nanos(1_999_999_999);
        assert!(course.backlog_max(ms(500), end) >= course.backlog(end));
        let growth = course.backlog_slope(ms(500), ms(2000)).unwrap().low;
        assert!((growth - 300.0).abs() < 1e-6, "{growth}");
        let too_few = course.backlog_slope(ms(500), ms(700));
        assert_eq!(too_few, None);
    }

    fn emission(index: u64, answers: u64) -> Emission {
        Emission { index, answers, latency: None, latencies: LatencyBins::default() }
    }

    #[test]
    fn who_takes_everything_at_once_and_answers_less_has_a_backlog_that_grows() {
        let survey = survey(100, 20);
        let samples: Vec<Sample> = (0..=20).map(|tick| sample_at(tick * 100, tick * 100)).collect();
        // None in the first two ticks and in the seventh, and seventy in each other.
        let silent = |tick: &u64| ![0, 1, 6].contains(tick);
        let emissions: Vec<Emission> = (0..20).filter(silent).map(|n| emission(n, 70)).collect();
        let course = Course::new(&survey, &samples, Some(&emissions), &[], None);
        assert_eq!((course.completed(ms(200)), course.completed(ms(250))), (0, 35));
        assert_eq!(course.backlog(ms(1000)), 1000 - 7 * 70);
        assert_eq!((course.accepted(ms(1000)), course.backlog(ms(9000))), (1000, 2000 - 17 * 70));
        let growth = course.backlog_slope(ms(700), ms(2000)).unwrap().low;
        assert!((growth - 300.0).abs() < 1e-6, "{growth}");
        assert!((course.completed_per_s(ms(700), ms(2000)) - 700.0).abs() < 1e-6);
        assert!((course.accepted_per_s(ms(700), ms(2000)) - 1000.0).abs() < 1e-6);
        // What windows answer says nothing of single events.
        assert_eq!(Course::new(&survey, &samples, None, &[], None).backlog(ms(1000)), 0);
    }

    #[test]
    fn what_is_answered_again_or_never_will_be_does_not_wait() {
        let samples = [sample_at(0, 0), sample_at(200, 200)];
        let completed = |rejected, answers| {
            let (survey, emissions) =
                (Survey { rejected, ..survey(100, 2) }, [emission(0, answers)]);
            Course::new(&survey, &samples, Some(&emissions), &[], None).completed(ms(200))
        };
        assert_eq!((completed(0, 190), completed(0, 250)), (190, 200));
        assert_eq!((completed(4, 190), completed(4, 196)), (194, 200));
    }

    #[test]
    fn a_backlog_that_goes_up_and_down_does_not_grow_for_certain() {
        let survey = survey(100, 20);
        let waits = [9, 2, 7, 3, 8, 1, 9, 4, 2, 8, 3, 9, 1, 7, 4, 8, 2, 9, 5, 3, 9];
        let samples: Vec<Sample> = (0..=20)
            .zip(waits)
            .map(|(tick, wait)| sample_at(tick * 100, (tick * 100_u64).saturating_sub(wait)))
            .collect();
        let course = Course::new(&survey, &samples, None, &[], None);
        let growth = course.backlog_slope(ms(100), ms(2000)).unwrap().low;
        assert!(growth < 0.0, "{growth}");
    }

    /// Batches of `interval` ms at a thousand events per second, each computed for `work` ms.
    fn batches(count: u64, interval: u64, work: impl Fn(u64) -> u64) -> Vec<BatchTiming> {
        let batch = |n| BatchTiming {
            close: ms(n * interval),
            started: ms(n * interval),
            finished: ms(n * interval + work(n)),
            records: interval,
        };
        (1..=count).map(batch).collect()
    }

    #[test]
    fn a_saw_tooth_does_not_grow() {
        let survey = survey(100, 20);
        let samples = [sample_at(0, 0), sample_at(2000, 2000)];
        // 90 ms against looks every 100 ms would seem to grow for most of a second.
        let batches = batches(22, 90, |_| 3);
        let course = Course::new(&survey, &samples, None, &batches, Some(90_000_000));
        let growth = course.backlog_slope(ms(500), ms(1500)).unwrap().low;
        assert!(growth.abs() < 1e-6, "{growth}");
        assert!((course.completed_per_s(ms(500), ms(1500)) - 1000.0).abs() < 1e-6);
        assert!((course.accepted_per_s(ms(500), ms(1500)) - 1000.0).abs() < 1e-6);
        assert_eq!(course.backlog(ms(500)), 50, "what was taken is not yet done");
    }

    #[test]
    fn batches_that_take_longer_and_longer_fall_behind() {
        let survey = survey(100, 40);
        let samples = [sample_at(0, 0), sample_at(4000, 4000)];
        let batches = batches(22, 90, |n| n * 20);
        let course = Course::new(&survey, &samples, None, &batches, Some(90_000_000));
        let growth = course.backlog_slope(ms(500), ms(1500)).unwrap().low;
        // In 110 ms between two ends 110 events fall due and 90 are finished with.
        assert!((growth - 20.0 / 0.11).abs() < 1.0, "{growth}");
    }

    /// A second of a thousand events, four of silence, and another second.
    fn with_a_silence() -> Survey {
        let due = (0..=60_u64).map(|tick| 100 * (tick.min(10) + tick.saturating_sub(50)));
        Survey { events: 2000, due_by_tick: due.collect(), ..survey(1, 60) }
    }

    #[test]
    fn a_silence_at_the_start_of_the_measured_part_belongs_to_it() {
        let (survey, samples) = (with_a_silence(), [sample_at(0, 0), sample_at(6000, 2000)]);
        let batch = |close| BatchTiming {
            close: ms(close),
            started: ms(close),
            finished: ms(close + 5),
            records: 50,
        };
        let early = (1..=20).map(|n| batch(n * 50));
        let late = (1..=20).map(|n| batch(5000 + n * 50));
        let batches: Vec<BatchTiming> = early.chain(late).collect();
        let course = Course::new(&survey, &samples, None, &batches, Some(50_000_000));
        // What came out is what went in: a thousand events in four seconds, and not in one.
        let until = survey.measured(ms(2000)).end;
        let offered = (course.offered(until) - course.offered(ms(2000))) as f64 / 4.0;
        assert!((offered - 250.0).abs() < 1e-6, "{offered}");
        let taken = course.accepted_per_s(ms(2000), until);
        assert!((taken - 250.0).abs() < 0.5, "{taken}");
        // All but what the last 5 ms are for.
        let completed = course.completed_per_s(ms(2000), until);
        assert!((completed - 250.0).abs() < 1.5, "{completed}");
        // And one at the end, before the last batch of the run.
        let few: Vec<BatchTiming> = batches[..21].to_vec();
        let course = Course::new(&survey, &samples, None, &few, Some(50_000_000));
        let completed = course.completed_per_s(ms(500), ms(5055));
        assert!((completed - 555.0 / 4.555).abs() < 2.0, "{completed}");
    }

    #[test]
    fn an_interval_that_outlasts_the_input_takes_nothing_off_the_rate() {
        // The last batch is collected until 2.05 s, and its input ends at 2.0 s.
        let survey = survey(100, 20);
        let samples = [sample_at(0, 0), sample_at(2000, 2000)];
        let mut all = batches(22, 90, |_| 3);
        all.push(BatchTiming { records: 20, ..batches(23, 90, |_| 3)[22] });
        let course = Course::new(&survey, &samples, None, &all, Some(90_000_000));
        let completed = course.completed_per_s(ms(500), ms(2000));
        assert!((completed - 1000.0).abs() < 0.01, "{completed}");
    }
}
