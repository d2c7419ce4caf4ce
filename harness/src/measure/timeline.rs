//! What happened when: a look at the run every 100 ms, from beside it.
//!
//! The sampler shares no lock with an engine and asks it nothing: it reads two counters, the
//! kernel's accounts and what the recorders send. What it costs is subtracted from the
//! processor time it reports. Rows are aligned afterwards, so a sampler that wakes late shifts
//! no number.

use crate::host::usage::{self, Usage};
use crate::load::survey::{Survey, TICK_NS};
use crate::measure::intervals::{Collected, Collector, Emission};
use engines::{BatchTiming, Clock, Control, Moment};
use reports::files::{self, Over};
use reports::record::TimelineRow;
use reports::statistics::growth::{self, Growth};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// What was seen at a moment.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub at: Moment,
    /// Records the engine had taken.
    pub read: u64,
    /// Processor time the process had used, in nanoseconds.
    pub cpu_ns: u64,
    /// Memory of the process, in bytes.
    pub memory_bytes: u64,
}

/// What a sampler brings home.
#[derive(Debug)]
pub struct Samples {
    /// In order of time.
    pub samples: Vec<Sample>,
    /// What the recorders sent.
    pub collected: Collected,
    /// Processor time of the sampler itself, in nanoseconds.
    pub own_cpu_ns: u64,
    /// When it was to look and did so latest, and by how many nanoseconds; none where it had no
    /// times to keep.
    pub latest: Option<(Moment, u64)>,
}

/// A run as it is seen from outside.
#[derive(Copy, Clone)]
pub struct Outside<'a> {
    /// Its clock.
    pub clock: &'a dyn Clock,
    /// How far the engine is, and how it is told to stop.
    pub control: &'a Control,
    /// What it takes of the machine.
    pub usage: &'a dyn Usage,
}

impl Outside<'_> {
    /// A look at this very moment.
    pub fn sample(&self) -> Sample {
        Sample {
            at: self.clock.now(),
            read: self.control.read(),
            cpu_ns: self.usage.cpu_ns().unwrap_or(0),
            memory_bytes: self.usage.memory_bytes().unwrap_or(0),
        }
    }
}

/// Who is told what the sampler sees, and may end the run.
pub type Look<'a> = &'a mut (dyn FnMut(&Sample, &Collector) -> ControlFlow<()> + Send);

/// How long after each 100 ms the sampler looks. Windows and batches close at round times, and a
/// sampler that wakes up just then would be in the way of what it looks at.
const OFF_THE_HOUR_NS: u64 = 37_000_000;

/// Looks every 100 ms until `done` is closed. Passes a wish to stop on to the engine.
pub fn watch(
    run: Outside<'_>,
    stop: &AtomicBool,
    mut collector: Collector,
    done: &Receiver<()>,
    look: Look<'_>,
) -> Samples {
    let own_before = usage::thread_cpu_ns();
    let mut samples = vec![run.sample()];
    let mut latest: Option<(Moment, u64)> = None;
    loop {
        let now = run.clock.now();
        let next = (now.as_nanos().saturating_sub(OFF_THE_HOUR_NS) / TICK_NS + 1) * TICK_NS
            + OFF_THE_HOUR_NS;
        match done.recv_timeout(Duration::from_nanos(next - now.as_nanos())) {
            Err(RecvTimeoutError::Timeout) | Ok(()) => (),
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if stop.load(Ordering::Relaxed) {
            run.control.stop();
        }
        let seen = run.sample();
        let planned = Moment::from_nanos(next);
        let late_ns = seen.at.as_nanos().saturating_sub(next);
        if latest.is_none_or(|(_, latest_ns)| late_ns > latest_ns) {
            latest = Some((planned, late_ns));
        }
        collector.collect(seen.at);
        if look(&seen, &collector).is_break() {
            run.control.stop();
        }
        samples.push(seen);
    }
    samples.push(run.sample());
    // What is merged from here on is not measured any more.
    let own_cpu_ns = own_before
        .zip(usage::thread_cpu_ns())
        .map_or(0, |(before, after)| after.saturating_sub(before));
    Samples { samples, collected: collector.finish(), own_cpu_ns, latest }
}

/// Merges what the recorders of a simulated run send, whose time is not this machine's.
pub fn watch_simulated(
    run: Outside<'_>,
    stop: &AtomicBool,
    mut collector: Collector,
    look: Look<'_>,
) -> Samples {
    let own_before = usage::thread_cpu_ns();
    let mut samples = vec![run.sample()];
    while collector.wait(Duration::from_millis(20)) {
        if stop.load(Ordering::Relaxed) {
            run.control.stop();
        }
        let seen = run.sample();
        if samples.last().is_some_and(|last| seen.at.nanos_since(last.at) >= TICK_NS) {
            if look(&seen, &collector).is_break() {
                run.control.stop();
            }
            samples.push(seen);
        }
    }
    samples.push(run.sample());
    // What is merged from here on is not measured any more.
    let own_cpu_ns = own_before
        .zip(usage::thread_cpu_ns())
        .map_or(0, |(before, after)| after.saturating_sub(before));
    Samples { samples, collected: collector.finish(), own_cpu_ns, latest: None }
}

/// How far a run had come by each moment.
#[derive(Debug)]
pub struct Course<'a> {
    survey: &'a Survey,
    samples: &'a [Sample],
    /// When the engine had taken or finished how many records, where it says so itself: an
    /// engine that works in batches takes and finishes them by the batch.
    batches: Option<(Steps, Steps)>,
}

/// A count that jumps: from each moment on it is the number beside it.
type Steps = Vec<(Moment, u64)>;

impl<'a> Course<'a> {
    /// From what was sampled and, for an engine that works in batches, from its own account.
    pub fn new(survey: &'a Survey, samples: &'a [Sample], batches: &[BatchTiming]) -> Self {
        let steps = |at: fn(&BatchTiming) -> Moment| -> Steps {
            let counted = batches.iter().scan(0, |sum, batch| {
                *sum += batch.records;
                Some((at(batch), *sum))
            });
            counted.collect()
        };
        let batches = (!batches.is_empty())
            .then(|| (steps(|batch| batch.started), steps(|batch| batch.finished)));
        Self { survey, samples, batches }
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

    /// Events the engine had finished with by `moment`: those of finished batches, or, where
    /// there are none, those it had taken.
    pub fn completed(&self, moment: Moment) -> u64 {
        match &self.batches {
            Some((_, finished)) => step_at(finished, moment),
            None => self.accepted(moment),
        }
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
            Some((started, _)) => per_s_in_steps(started, from, until),
            None => per_s(self.accepted(until) - self.accepted(from), from, until),
        }
    }

    /// Events finished per second, between two moments.
    pub fn completed_per_s(&self, from: Moment, until: Moment) -> f64 {
        match &self.batches {
            Some((_, finished)) => per_s_in_steps(finished, from, until),
            None => self.accepted_per_s(from, until),
        }
    }

    /// Most events that waited at once, at any tick in the range.
    pub fn backlog_max(&self, from: Moment, until: Moment) -> u64 {
        ticks(from, until).map(|tick| self.backlog(tick)).max().unwrap_or(0)
    }

    /// How fast the backlog grew, in events per second. A backlog that is emptied in batches is a
    /// saw-tooth, so it is looked at when a batch has finished; at any other beat the two would
    /// interfere. `None` where there are too few looks to tell.
    pub fn backlog_slope(&self, from: Moment, until: Moment) -> Option<Growth> {
        let looks: Vec<Moment> = match &self.batches {
            Some((_, finished)) => {
                finished.iter().map(|(at, _)| *at).filter(|at| (from..until).contains(at)).collect()
            }
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

fn step_at(steps: &Steps, moment: Moment) -> u64 {
    let at = steps.partition_point(|(at, _)| *at <= moment);
    at.checked_sub(1).map_or(0, |at| steps[at].1)
}

fn per_s(events: u64, from: Moment, until: Moment) -> f64 {
    events as f64 / seconds(until.nanos_since(from))
}

/// Between two steps and not between two moments: what a step adds says nothing about the
/// moments before it.
fn per_s_in_steps(steps: &Steps, from: Moment, until: Moment) -> f64 {
    let first = steps.partition_point(|(at, _)| *at < from);
    let last = steps.partition_point(|(at, _)| *at <= until);
    match (steps.get(first), last.checked_sub(1).and_then(|at| steps.get(at))) {
        (Some((from, before)), Some((until, after))) if until > from => {
            per_s(after - before, *from, *until)
        }
        _ => f64::NAN,
    }
}

/// The ticks in a range, its end included.
fn ticks(from: Moment, until: Moment) -> impl Iterator<Item = Moment> {
    let first = from.as_nanos().div_ceil(TICK_NS);
    let last = until.as_nanos() / TICK_NS;
    (first..=last).map(|tick| Moment::from_nanos(tick * TICK_NS))
}

/// Nanoseconds as seconds.
pub fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

/// Writes a timeline as CSV, with a note in the row in which a batch finished.
pub fn write(path: &Path, rows: &[TimelineRow], batches: &[BatchTiming]) -> io::Result<()> {
    files::write(path, Over::Anything, |out| write_rows(out, rows, batches))
}

fn write_rows(
    out: impl io::Write,
    rows: &[TimelineRow],
    batches: &[BatchTiming],
) -> io::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record([
        "t_s",
        "offered",
        "accepted",
        "backlog",
        "answers",
        "p50_ns",
        "p99_ns",
        "p999_ns",
        "max_ns",
        "cpu",
        "memory_bytes",
        "note",
    ])?;
    let mut batches = (1..).zip(batches).peekable();
    for row in rows {
        let mut notes: Vec<String> =
            Some(row.note.clone()).filter(|n| !n.is_empty()).into_iter().collect();
        while let Some((number, batch)) =
            batches.next_if(|(_, batch)| seconds(batch.finished.as_nanos()) <= row.t_s)
        {
            notes.push(format!("batch {number}: {} records", batch.records));
        }
        let optional =
            |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
        out.write_record([
            format!("{:.1}", row.t_s),
            row.offered.to_string(),
            row.accepted.to_string(),
            row.backlog.to_string(),
            row.answers.to_string(),
            optional(row.p50_ns),
            optional(row.p99_ns),
            optional(row.p999_ns),
            optional(row.max_ns),
            format!("{:.3}", row.cpu),
            row.memory_bytes.to_string(),
            notes.join("; "),
        ])?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::final_due::FinalDue;
    use crate::load::survey::DueSample;
    use crate::measure::interval_log::IntervalLog;
    use crate::measure::intervals::channel as intervals;
    use crate::measure::recording::Recording;
    use engines::Patience;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;
    use std::sync::mpsc::{Sender, channel};

    fn survey(per_tick: u64, ticks: u64) -> Survey {
        Survey {
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

    /// A clock that stands still for two seconds, at the third time that it is looked at.
    struct Paused(AtomicU64);

    impl Clock for Paused {
        fn now(&self) -> Moment {
            let looks = self.0.fetch_add(1, Ordering::Relaxed);
            // A nanosecond before the sampler is to look, so that nobody waits in this test.
            Moment::from_nanos(136_999_999 + if looks < 2 { 0 } else { 2_000_000_001 })
        }

        fn pass_until(&self, _: Moment, _: Patience) {}
    }

    struct Nothing;

    impl Usage for Nothing {
        fn cpu_ns(&self) -> Option<u64> {
            None
        }
        fn memory_bytes(&self) -> Option<u64> {
            None
        }
        fn memory_peak_bytes(&self) -> Option<u64> {
            None
        }
        fn reset_memory_peak(&self) -> bool {
            false
        }
        fn holds_the_load(&self) -> bool {
            false
        }
    }

    #[test]
    fn a_pause_of_the_whole_process_is_seen_by_who_was_to_look() {
        let (clock, control) = (Paused(AtomicU64::new(0)), Control::default());
        let run = Outside { clock: &clock, control: &control, usage: &Nothing };
        let (done, is_done) = channel();
        let mut done: Option<Sender<()>> = Some(done);
        let stop = AtomicBool::new(false);
        let recording = Recording {
            final_due: FinalDue::OwnEvent,
            measured: Moment::START..Moment::NEVER,
            refined: false,
            answers_kept: None,
            simulated: false,
            unsettled: false,
            bin_ticks: 10,
            watched: Arc::default(),
        };
        let (_, collector) = intervals(0, true, &recording, IntervalLog::none());
        let samples = watch(run, &stop, collector, &is_done, &mut |_, _| {
            done = None;
            ControlFlow::Continue(())
        });
        assert_eq!(samples.latest, Some((ms(137), 2_000_000_000)));
    }

    #[test]
    fn a_sampler_that_wakes_late_shifts_no_number() {
        let survey = survey(100, 10);
        let samples: Vec<Sample> =
            [0, 130, 210, 390, 400, 1000].iter().map(|at| sample_at(*at, *at)).collect();
        let course = Course::new(&survey, &samples, &[]);
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
        assert_eq!(Course::new(&survey, &samples, &[]).not_all_taken_at(), ms(1400));
        assert_eq!(Course::new(&survey, &samples[3..], &[]).not_all_taken_at(), Moment::START);
    }

    #[test]
    fn an_engine_that_falls_behind_has_a_backlog_that_grows() {
        let survey = survey(100, 20);
        let samples: Vec<Sample> = (0..=20).map(|tick| sample_at(tick * 100, tick * 70)).collect();
        let course = Course::new(&survey, &samples, &[]);
        assert_eq!(course.backlog(ms(1000)), 300);
        assert_eq!(course.backlog_max(ms(500), ms(2000)), 600);
        let growth = course.backlog_slope(ms(500), ms(2000)).unwrap().low;
        assert!((growth - 300.0).abs() < 1e-6, "{growth}");
        let too_few = course.backlog_slope(ms(500), ms(700));
        assert_eq!(too_few, None);
    }

    #[test]
    fn a_backlog_that_goes_up_and_down_does_not_grow_for_certain() {
        let survey = survey(100, 20);
        let waits = [9, 2, 7, 3, 8, 1, 9, 4, 2, 8, 3, 9, 1, 7, 4, 8, 2, 9, 5, 3, 9];
        let samples: Vec<Sample> = (0..=20)
            .zip(waits)
            .map(|(tick, wait)| sample_at(tick * 100, (tick * 100_u64).saturating_sub(wait)))
            .collect();
        let course = Course::new(&survey, &samples, &[]);
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
        let course = Course::new(&survey, &samples, &batches);
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
        let course = Course::new(&survey, &samples, &batches);
        let growth = course.backlog_slope(ms(500), ms(1500)).unwrap().low;
        // In 110 ms between two ends 110 events fall due and 90 are finished with.
        assert!((growth - 20.0 / 0.11).abs() < 1.0, "{growth}");
    }
}
