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

impl Samples {
    /// The answers, if every event of the input has one of its own.
    pub fn own_answers(&self, survey: &Survey) -> Option<&[Emission]> {
        survey.final_due.is_none().then_some(&self.collected.emissions)
    }
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
    use crate::measure::interval_log::IntervalLog;
    use crate::measure::intervals::channel as intervals;
    use crate::measure::recording::Recording;
    use engines::Patience;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;
    use std::sync::mpsc::{Sender, channel};

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
            bucket_log2: 0,
            watched: Arc::default(),
        };
        let (_, collector) = intervals(0, true, &recording, IntervalLog::none());
        let samples = watch(run, &stop, collector, &is_done, &mut |_, _| {
            done = None;
            ControlFlow::Continue(())
        });
        assert_eq!(samples.latest, Some((ms(137), 2_000_000_000)));
    }
}
