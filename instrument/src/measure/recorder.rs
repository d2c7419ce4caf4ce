//! Turns (due, emitted) into latencies, and answers into something that can be checked.
//!
//! A recorder is the sink of one worker and shares nothing with the others, so it takes no lock.
//! Within its budget it keeps the answers themselves; beyond it, only their digest, so that its
//! memory is bounded for a run of any length. A latency that is negative is counted and never
//! clamped: it means that something here is wrong, and the run is void. It reads no clock.

use crate::load::final_due::FinalDue;
use crate::measure::anatomy::{Emissions, Emitted};
use crate::measure::digest::Digest;
use crate::measure::interval_log::IntervalLog;
use crate::measure::intervals::{self, Collector, Shipper};
use crate::measure::recording::Recording;
use engines::{Moment, Sink, Stamped, Timestamp};
use scenarios::Answer;
use std::sync::{Arc, Mutex};

/// The answers of one worker.
#[derive(Debug)]
pub struct Recorder<A: Answer> {
    recording: Recording,
    shipper: Shipper,
    slots_used: usize,
    group: Group,
    emissions: Emissions,
    kept: Kept<A>,
    home: Home<A>,
}

/// Where recorders leave what they have when they are dropped.
pub type Home<A> = Arc<Mutex<Vec<Kept<A>>>>;

/// What is left of a worker's answers.
#[derive(Clone, Debug)]
pub struct Kept<A> {
    /// Those that were kept, in the order in which they were given.
    pub answers: Vec<Stamped<A>>,
    /// Slots for answers, written to before the run, so that keeping one maps no page.
    slots: Vec<Option<Stamped<A>>>,
    /// The rest.
    pub digest: Digest,
    /// How many they were, and when.
    pub account: Account,
}

/// How many answers there were, and when.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// How many there were.
    pub answers_given: u64,
    /// How many of them entered the latencies.
    pub answers_measured: u64,
    /// How many were emitted before they were due.
    pub latencies_negative: u64,
    /// How many took more than an hour.
    pub latencies_beyond: u64,
    /// When the last one was given that an event made due. Those that only the end of the input
    /// brings out say nothing of how far an engine was behind.
    pub last_emitted: Moment,
    /// Those that became final at a watched moment, or some of them.
    pub emissions: Vec<Emitted>,
}

/// When the answers at hand are complete, since answers come grouped by that.
#[derive(Copy, Clone, Debug)]
struct Group {
    complete_at: Timestamp,
    due: Option<Moment>,
}

/// How many answers are kept unless all of them are asked for.
pub const ANSWERS_KEPT: usize = 500_000;

/// How many bytes the kept answers may take, unless all of them are asked for.
const ANSWERS_KEPT_BYTES: usize = 32 << 20;

/// A recorder for each worker, the collector of their latencies, and where they will leave what
/// they kept.
pub fn recorders<A: Answer>(
    workers: usize,
    recording: &Recording,
    log: IntervalLog,
) -> (Vec<Recorder<A>>, Collector, Home<A>) {
    let one_to_one = matches!(recording.final_due, FinalDue::OwnEvent);
    let (shippers, collector) = intervals::channel(workers, one_to_one, recording, log);
    let home: Home<A> = Arc::default();
    let slots = recording.answers_kept.map_or(0, |most| {
        most.min(ANSWERS_KEPT_BYTES / size_of::<Option<Stamped<A>>>()) / workers.max(1)
    });
    let recorders = shippers.into_iter().map(|shipper| Recorder {
        recording: recording.clone(),
        shipper,
        slots_used: 0,
        group: Group { complete_at: Timestamp::NONE, due: None },
        emissions: Emissions::watching(Arc::clone(&recording.watched)),
        kept: Kept {
            slots: vec![None; slots],
            digest: Digest::of(recording.bucket_log2),
            ..Kept::default()
        },
        home: Arc::clone(&home),
    });
    (recorders.collect(), collector, home)
}

impl<A> Default for Kept<A> {
    fn default() -> Self {
        Self {
            answers: Vec::new(),
            slots: Vec::new(),
            digest: Digest::default(),
            account: Account::default(),
        }
    }
}

impl<A: Answer> Kept<A> {
    /// Adds what another worker kept.
    pub fn merge(&mut self, other: Self) {
        self.answers.extend(other.slots.into_iter().flatten());
        self.answers.extend(other.answers);
        self.digest.merge(other.digest);
        self.account.merge(other.account);
    }
}

impl Account {
    fn merge(&mut self, other: Self) {
        self.answers_given += other.answers_given;
        self.answers_measured += other.answers_measured;
        self.latencies_negative += other.latencies_negative;
        self.latencies_beyond += other.latencies_beyond;
        self.last_emitted = self.last_emitted.max(other.last_emitted);
        self.emissions.extend(other.emissions);
    }
}

impl<A: Answer> Recorder<A> {
    /// Answers that are due when their own event is.
    fn record_own(&mut self, answers: &[Stamped<A>], emitted: Moment) {
        self.kept.account.last_emitted = self.kept.account.last_emitted.max(emitted);
        let Some(interval) = &mut self.shipper.current else { return };
        // Where all answers are like that, the one latency is the other.
        let some_wait = !matches!(self.recording.final_due, FinalDue::OwnEvent);
        for answer in answers {
            let Some(latency) = emitted.as_nanos().checked_sub(answer.due.as_nanos()) else {
                self.kept.account.latencies_negative += 1;
                continue;
            };
            let recorded = if self.recording.measured.contains(&answer.due) {
                self.kept.account.answers_measured += 1;
                self.emissions.own(answer.due, emitted);
                if some_wait {
                    // What is out of range is so in both, and counted once.
                    let _ = interval.event.record(latency);
                }
                interval.result.record(latency)
            } else {
                interval.unmeasured.record(latency)
            };
            self.kept.account.latencies_beyond += u64::from(recorded.is_err());
        }
    }

    /// Answers that are due at once.
    fn record_together(&mut self, answers: &[Stamped<A>], due: Moment, emitted: Moment) {
        let Some(interval) = &mut self.shipper.current else { return };
        let Some(latency) = emitted.as_nanos().checked_sub(due.as_nanos()) else {
            self.kept.account.latencies_negative += answers.len() as u64;
            return;
        };
        let count = u32::try_from(answers.len()).unwrap_or(u32::MAX);
        if !self.recording.measured.contains(&due) {
            let recorded = interval.unmeasured.record_n(latency, count);
            self.kept.account.latencies_beyond += u64::from(recorded.is_err());
            return;
        }
        self.kept.account.answers_measured += answers.len() as u64;
        self.emissions.window(answers, due, emitted);
        let recorded = interval.result.record_n(latency, count);
        self.kept.account.latencies_beyond += u64::from(recorded.is_err());
        for answer in answers {
            match emitted.as_nanos().checked_sub(answer.due.as_nanos()) {
                Some(latency) => {
                    let recorded = interval.event.record(latency);
                    self.kept.account.latencies_beyond += u64::from(recorded.is_err());
                }
                None => self.kept.account.latencies_negative += 1,
            }
        }
    }

    /// Answers of which some wait until event time has come so far.
    fn record_waiting(&mut self, answers: &[Stamped<A>], emitted: Moment) {
        let mut rest = answers;
        while let Some(first) = rest.first() {
            let complete_at = first.value.complete_at();
            let is_same = |answer: &&Stamped<A>| answer.value.complete_at() == complete_at;
            let (group, tail) = rest.split_at(rest.iter().take_while(is_same).count());
            rest = tail;
            let Some(complete_at) = complete_at else {
                self.record_own(group, emitted);
                continue;
            };
            if complete_at != self.group.complete_at {
                let due = self.recording.final_due.of(complete_at);
                self.group = Group { complete_at, due };
            }
            // What only the end of the input brings out was made due by nothing.
            let Some(due) = self.group.due else { continue };
            self.kept.account.last_emitted = self.kept.account.last_emitted.max(emitted);
            if self.recording.refined {
                for answer in group {
                    let due = due.max(answer.due);
                    self.record_together(std::slice::from_ref(answer), due, emitted);
                }
            } else {
                self.record_together(group, due, emitted);
            }
        }
    }

    fn keep(&mut self, answers: &[Stamped<A>]) {
        let room = self.kept.slots.len() - self.slots_used;
        let (kept, digested) = answers.split_at(room.min(answers.len()));
        for (slot, answer) in self.kept.slots[self.slots_used..].iter_mut().zip(kept) {
            *slot = Some(answer.clone());
        }
        self.slots_used += kept.len();
        if self.recording.answers_kept.is_none() {
            self.kept.answers.extend_from_slice(digested);
        } else {
            for answer in digested {
                self.kept.digest.add(answer);
            }
        }
    }
}

impl<A: Answer> Sink for Recorder<A> {
    type Item = A;

    fn accept(&mut self, answers: &[Stamped<A>], emitted: Moment) {
        if emitted >= self.shipper.rotate_at {
            self.shipper.rotate(emitted);
        }
        if let Some(interval) = &mut self.shipper.current {
            interval.answers += answers.len() as u64;
        }
        self.kept.account.answers_given += answers.len() as u64;
        match self.recording.final_due {
            FinalDue::OwnEvent => self.record_own(answers, emitted),
            FinalDue::Event(_) | FinalDue::Batch(_) => self.record_waiting(answers, emitted),
        }
        self.keep(answers);
    }
}

impl<A: Answer> Drop for Recorder<A> {
    fn drop(&mut self) {
        // Copying the answers is left to whoever wants them: the engine is still being measured.
        let mut kept = std::mem::take(&mut self.kept);
        kept.account.emissions = std::mem::take(&mut self.emissions.seen);
        if let Ok(mut home) = self.home.lock() {
            home.push(kept);
        }
    }
}
