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
        survey.each_answered.then_some(&self.collected.emissions)
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
        self.sample_after(None)
    }

    /// The same after an earlier look. A process that has ended tells of no memory any more: it holds
    /// what it held last, and not nothing.
    fn sample_after(&self, earlier: Option<&Sample>) -> Sample {
        let held_last = earlier.map(|sample| sample.memory_bytes);
        Sample {
            at: self.clock.now(),
            read: self.control.read(),
            cpu_ns: self.usage.cpu_ns().unwrap_or(0),
            memory_bytes: self.usage.memory_bytes().or(held_last).unwrap_or(0),
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
        let seen = run.sample_after(samples.last());
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
    samples.push(run.sample_after(samples.last()));
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
        let mut finished: Vec<(u64, u64)> = Vec::new();
        while let Some((number, batch)) =
            batches.next_if(|(_, batch)| seconds(batch.finished.as_nanos()) <= row.t_s)
        {
            finished.push((number, batch.records));
        }
        notes.extend(told(&finished));
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

/// How many batches a row tells one by one.
const TOLD_MOST: usize = 20;

/// Batches by number and records, that finished in one row.
fn told(finished: &[(u64, u64)]) -> Vec<String> {
    if let (Some((first, _)), Some((last, _)), true) =
        (finished.first(), finished.last(), finished.len() > TOLD_MOST)
    {
        let records: u64 = finished.iter().map(|(_, records)| records).sum();
        return vec![format!("batches {first} to {last}: {records} records")];
    }
    let each = |(number, records): &(u64, u64)| format!("batch {number}: {records} records");
    finished.iter().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::final_due::FinalDue;
    use crate::measure::interval_log::IntervalLog;
    use crate::measure::intervals::channel as intervals;
    use crate::measure::recording::Recording;
    use engines::Patience;
    use std::sync::atomic::AtomicU64;
    use std::sync::mpsc::{Sender, channel};
    use std::sync::{Arc, Mutex};

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

    /// What a process tells of its memory, look by look, and nothing any more after that.
    struct Told(Mutex<Vec<u64>>);

    impl Usage for Told {
        fn cpu_ns(&self) -> Option<u64> {
            None
        }
        fn memory_bytes(&self) -> Option<u64> {
            self.0.lock().unwrap().pop()
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

    /// What is seen in three looks, in the last of them behind a pause, of a process that tells so much
    /// of its memory.
    fn seen(told: &[u64]) -> Samples {
        let (clock, control) = (Paused(AtomicU64::new(0)), Control::default());
        let usage = Told(Mutex::new(told.iter().rev().copied().collect()));
        let run = Outside { clock: &clock, control: &control, usage: &usage };
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
        watch(run, &stop, collector, &is_done, &mut |_, _| {
            done = None;
            ControlFlow::Continue(())
        })
    }

    #[test]
    fn a_pause_of_the_whole_process_is_seen_by_who_was_to_look() {
        assert_eq!(seen(&[]).latest, Some((ms(137), 2_000_000_000)));
    }

    #[test]
    fn the_memory_of_a_process_that_is_gone_is_what_it_was_last() {
        let bytes = |told: &[u64]| -> Vec<u64> {
            seen(told).samples.iter().map(|sample| sample.memory_bytes).collect()
        };
        assert_eq!(bytes(&[5, 9, 4]), [5, 9, 4]);
        assert_eq!(bytes(&[5, 9]), [5, 9, 9]);
        assert_eq!(bytes(&[5]), [5, 5, 5]);
        assert_eq!(bytes(&[]), [0, 0, 0], "nobody ever tells");
    }

    #[test]
    fn a_row_tells_a_few_batches_one_by_one_and_many_as_one() {
        assert_eq!(told(&[(3, 7), (4, 0)]), ["batch 3: 7 records", "batch 4: 0 records"]);
        let many: Vec<(u64, u64)> = (5..=105).map(|number| (number, 2)).collect();
        assert_eq!(told(&many), ["batches 5 to 105: 202 records"]);
        assert!(told(&[]).is_empty());
    }
}
