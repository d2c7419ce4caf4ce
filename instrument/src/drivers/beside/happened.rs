//! What happened to an engine while it ran, as it told itself: batches, checkpoints, collections of
//! garbage. Moments are told by the clock of its process.

use super::clocks::ToRun;
use engines::{BatchTiming, Moment};
use reports::quantity;
use reports::record::{Batch, TimelineRow};
use serde_json::Value;

/// More is not kept: a run of hours with a collection every millisecond fills no memory.
const KEPT_MOST: usize = 100_000;

/// Collections of less in a row of the timeline are no mark in it, in milliseconds.
const PAUSE_LEAST_MS: f64 = 10.0;

/// What happened, and when.
#[derive(Clone, Debug, Default)]
pub(super) struct Happened {
    batches: Vec<ToldBatch>,
    /// When each collection of garbage ended, and how long it took in milliseconds.
    pauses: Vec<(i64, f64)>,
    checkpoints: Vec<Checkpoint>,
}

/// A batch as it was told.
#[derive(Clone, Debug, PartialEq)]
struct ToldBatch {
    /// When it was cut.
    cut_ns: i64,
    /// How long it waited for the batches before it, and then was computed.
    waited_ms: u64,
    took_ms: u64,
    records: u64,
    watermark_us: Option<i64>,
    state_rows: Option<u64>,
}

/// A checkpoint as it was told.
#[derive(Clone, Debug, PartialEq)]
struct Checkpoint {
    ended_ns: i64,
    text: String,
}

impl Happened {
    /// Takes what was told of a batch that holds so many records; one that does not say when it was is
    /// none of those.
    pub(super) fn batch(&mut self, told: &Value, records: u64) {
        // One that is cut when it is started says when that was and how long all of it took; one that
        // is cut by the clock says what it waited for as well.
        let number = |name: &str| told[name].as_u64();
        let at_once = told["started_ns"].as_i64().zip(number("trigger_ms"));
        let by_clock = told["closed_ns"].as_i64().zip(number("processing_ms"));
        let Some((cut_ns, took_ms)) = at_once.or(by_clock) else { return };
        let waited_ms = number("scheduling_delay_ms").unwrap_or(0);
        if self.batches.len() < KEPT_MOST {
            let watermark_us = told["watermark_us"].as_i64();
            let state_rows = number("state_rows");
            self.batches.push(ToldBatch {
                cut_ns,
                waited_ms,
                took_ms,
                records,
                watermark_us,
                state_rows,
            });
        }
    }

    /// Takes what was told of a collection of garbage.
    pub(super) fn pause(&mut self, told: &Value) {
        let pause = told["ended_ns"].as_i64().zip(told["ms"].as_f64());
        self.pauses.extend(pause.filter(|_| self.pauses.len() < KEPT_MOST));
    }

    /// Takes what was told of a checkpoint.
    pub(super) fn checkpoint(&mut self, told: &Value) {
        let Some((id, ended_ns)) = told["id"].as_u64().zip(told["ended_ns"].as_i64()) else {
            return;
        };
        let took = quantity::seconds(told["ms"].as_f64().unwrap_or(f64::NAN) / 1e3);
        let text = if told["is_complete"].as_bool() == Some(false) {
            format!("checkpoint {id} failed after {took}")
        } else {
            let bytes = quantity::bytes(told["bytes"].as_f64().unwrap_or(f64::NAN));
            format!("checkpoint {id}: {took}, {bytes}")
        };
        if self.checkpoints.len() < KEPT_MOST {
            self.checkpoints.push(Checkpoint { ended_ns, text });
        }
    }

    /// The batches but for those that were cut before the run began and hold nothing of it.
    fn of_run(&self, to_run: ToRun) -> impl Iterator<Item = &ToldBatch> {
        let is_of_it =
            move |batch: &&ToldBatch| batch.records > 0 || to_run.moment(batch.cut_ns).is_some();
        self.batches.iter().filter(is_of_it)
    }

    /// The batches by the run's clock, each after the one before.
    pub(super) fn timings(&self, to_run: ToRun) -> Vec<BatchTiming> {
        let (mut last_close, mut last) = (Moment::START, Moment::START);
        let timing = |batch: &ToldBatch| {
            // The first may have been started before the run, and hold events of it.
            let after = |ms: u64| {
                let ns = i64::try_from(ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
                to_run.moment(batch.cut_ns.saturating_add(ns)).unwrap_or(Moment::START)
            };
            let started = after(batch.waited_ms).max(last);
            // What is cut as it is started waits for none.
            let close = if batch.waited_ms == 0 { started } else { after(0).max(last_close) };
            let close = close.min(started);
            let finished = after(batch.waited_ms.saturating_add(batch.took_ms)).max(started);
            (last_close, last) = (close, finished);
            BatchTiming { close, started, finished, records: batch.records }
        };
        self.of_run(to_run).map(timing).collect()
    }

    /// Adds to each batch of a record what its timing does not say.
    pub(super) fn tell_batches(&self, batches: &mut [Batch], to_run: ToRun) {
        for (batch, told) in batches.iter_mut().zip(self.of_run(to_run)) {
            batch.state_rows = told.state_rows;
            batch.watermark_s = told.watermark_us.map(|micros| micros as f64 / 1e6);
        }
    }

    /// Notes in each row of a timeline what happened in it.
    pub(super) fn note(&self, rows: &mut [TimelineRow], to_run: ToRun) {
        let Some(last) = rows.len().checked_sub(1) else { return };
        let ends: Vec<f64> = rows.iter().map(|row| row.t_s).collect();
        let row_of = |job_ns: i64| {
            let at_s = to_run.moment(job_ns)?.as_nanos() as f64 / 1e9;
            Some(ends.partition_point(|end_s| *end_s < at_s)).filter(|row| *row <= last)
        };
        let mut paused_ms = vec![0.0; rows.len()];
        for (ended_ns, ms) in &self.pauses {
            if let Some(row) = row_of(*ended_ns) {
                paused_ms[row] += ms;
            }
        }
        let pauses = paused_ms.iter().enumerate().filter(|(_, ms)| **ms >= PAUSE_LEAST_MS);
        let pauses = pauses.map(|(row, ms)| (row, format!("GC {}", quantity::seconds(ms / 1e3))));
        let checkpoints = self
            .checkpoints
            .iter()
            .filter_map(|one| Some((row_of(one.ended_ns)?, one.text.clone())));
        for (row, text) in checkpoints.chain(pauses) {
            let note = &mut rows[row].note;
            if !note.is_empty() {
                note.push_str("; ");
            }
            note.push_str(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The job's clock is a second ahead of the run's.
    const TO_RUN: ToRun = ToRun { ahead_ns: 1_000_000_000, slack_ns: 0 };

    fn moment(ms: u64) -> Moment {
        Moment::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn batches_follow_one_another_on_the_runs_clock() {
        let mut happened = Happened::default();
        let told = |started_ms: i64, took_ms: u64| {
            json!({ "started_ns": started_ms * 1_000_000, "trigger_ms": took_ms, "state_rows": 7,
                    "watermark_us": -500_000 })
        };
        // From before the run: one that holds nothing of it, and one that holds its first event.
        happened.batch(&told(800, 90), 0);
        happened.batch(&told(900, 120), 1);
        happened.batch(&told(1_200, 300), 40);
        // A clock of days that is a millisecond behind.
        happened.batch(&told(1_499, 10), 2);
        happened.batch(&json!({ "id": 3 }), 9);
        let timing = |started, finished, records| BatchTiming {
            close: moment(started),
            started: moment(started),
            finished: moment(finished),
            records,
        };
        let want = [timing(0, 20, 1), timing(200, 500, 40), timing(500, 509, 2)];
        assert_eq!(happened.timings(TO_RUN), want);
        let mut batches = vec![Batch::default(); 3];
        happened.tell_batches(&mut batches, TO_RUN);
        assert_eq!((batches[2].state_rows, batches[2].watermark_s), (Some(7), Some(-0.5)));
    }

    #[test]
    fn a_batch_that_is_cut_by_the_clock_waits_for_those_before_it() {
        let mut happened = Happened::default();
        let told = |closed_ms: i64, waited_ms: u64, took_ms: u64| {
            json!({ "closed_ns": closed_ms * 1_000_000, "scheduling_delay_ms": waited_ms,
                    "processing_ms": took_ms })
        };
        happened.batch(&told(2_000, 0, 1_400), 10);
        happened.batch(&told(3_000, 401, 100), 20);
        let timing = |close, started, finished, records| BatchTiming {
            close: moment(close),
            started: moment(started),
            finished: moment(finished),
            records,
        };
        let want = [timing(1_000, 1_000, 2_400, 10), timing(2_000, 2_401, 2_501, 20)];
        assert_eq!(happened.timings(TO_RUN), want);
    }

    #[test]
    fn what_happened_is_noted_in_its_row() {
        let mut happened = Happened::default();
        for (ended_ms, ms) in [(1_010, 4), (1_090, 7), (1_150, 9), (500, 90), (9_000, 90)] {
            happened.pause(&json!({ "ended_ns": ended_ms * 1_000_000_i64, "ms": ms }));
        }
        happened.pause(&json!("nothing of use"));
        let checkpoint = |id: u64, is_complete: bool| {
            json!({ "id": id, "ended_ns": 1_095_000_000_i64 + 100_000_000 * id.cast_signed(), "ms": 12,
                    "bytes": 4096, "is_complete": is_complete })
        };
        happened.checkpoint(&checkpoint(0, true));
        happened.checkpoint(&checkpoint(2, false));
        let row = |t_s: f64| TimelineRow { t_s, ..TimelineRow::default() };
        let mut rows = [row(0.1), row(0.2), row(0.3)];
        happened.note(&mut rows, TO_RUN);
        let notes = rows.map(|row| row.note.replace('\u{a0}', " "));
        assert_eq!(
            notes,
            [
                "checkpoint 0: 12.0 ms, 4.00 KiB; GC 11.0 ms",
                "",
                "checkpoint 2 failed after 12.0 ms"
            ]
        );
        happened.note(&mut [], TO_RUN);
    }
}
