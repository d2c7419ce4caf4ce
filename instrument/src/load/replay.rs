//! How much of a trace a run plays at its speed, and what becomes of its windows on the way.
//!
//! A trace keeps its own pace, so that how long it lasts in a run follows from its speed alone: a
//! run may end before the trace has begun in earnest, and an hour of it may pass within a batch.

use engines::{Data, Moment};
use reports::quantity;
use scenarios::Workload;
use scenarios::spec::{QuerySpec, WorkloadSpec};
use settings::plan::{Cell, Load};
use std::hash::Hash;
use std::time::Duration;

/// How much of a trace a run plays.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// Events of the trace.
    pub rows: u64,
    /// Rows of its file that cannot be read and are none of those.
    pub rejected: u64,
    /// Those that fall due before the run ends.
    pub played: u64,
    /// From the trace's first arrival to its last, in seconds of the trace.
    pub span_s: f64,
    /// Seconds of the trace in a second of the run.
    pub speed: f64,
    /// From the run's start to its end, warm-up included.
    pub length: Duration,
    /// The batches of each engine that has them, shortest first.
    pub batches: Vec<Batched>,
}

/// What a batch holds of a trace.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Batched {
    /// How long it collects.
    pub interval: Duration,
    /// How long that is in the trace, in seconds.
    pub holds_s: f64,
    /// How many windows end within it; none where no window is asked about.
    pub windows: Option<f64>,
}

impl Replay {
    /// That of a cell over this workload; none where its events are made up.
    pub fn of<E: Data + Hash>(cell: &Cell, workload: &dyn Workload<Event = E>) -> Option<Self> {
        let (WorkloadSpec::Trace(spec), Load::Trace) = (&cell.case.workload, &cell.load) else {
            return None;
        };
        let rows = workload.len()?;
        let length = cell.measure.warm_up + cell.measure.duration;
        let end = Moment::from_nanos(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX));
        let micros_per_second = workload.arrival_clock().micros_per_second as f64;
        let slide_us = match &cell.case.query {
            QuerySpec::Identity
            | QuerySpec::Session { .. }
            | QuerySpec::Counted { .. }
            | QuerySpec::Silence { .. }
            | QuerySpec::Join { .. } => None,
            QuerySpec::Window { window, .. } | QuerySpec::WordCount { window } => {
                Some(window.slide())
            }
        };
        let intervals = cell.engines.iter().filter_map(|engine| engine.kind.interval());
        let mut batches: Vec<Batched> = intervals
            .map(|interval| {
                let holds_us = interval.as_secs_f64() * micros_per_second;
                let windows = slide_us.map(|slide_us| holds_us / slide_us as f64);
                Batched { interval, holds_s: holds_us / 1e6, windows }
            })
            .collect();
        batches.sort_by_key(|batched| batched.interval);
        batches.dedup();
        Some(Self {
            rows,
            rejected: workload.rejected_rows().len() as u64,
            played: due_before(workload, rows, end),
            span_s: workload.span_us()? as f64 / 1e6,
            speed: spec.speed,
            length,
            batches,
        })
    }

    /// Whether the run ends before the trace does.
    pub fn is_part(&self) -> bool {
        self.played < self.rows
    }

    /// How long the whole trace lasts at this speed, in seconds.
    pub fn lasts_s(&self) -> f64 {
        self.span_s / self.speed
    }

    /// The speed at which the trace lasts as long as the run; none where all of it comes at once.
    /// Rounded up, so that its last event is played.
    pub fn speed_to_fill(&self) -> Option<f64> {
        speed_to_fill(self.span_s, self.length)
    }

    /// How much is played, in a sentence without a full stop.
    pub fn part(&self) -> String {
        let rows = quantity::count(self.rows);
        let (that_can, others) = match self.rejected {
            0 => ("", String::new()),
            n => (
                " that can be read",
                format!("; {} of its file cannot be read", quantity::counted(n, "row")),
            ),
        };
        let length = quantity::seconds(self.length.as_secs_f64());
        let span = quantity::seconds(self.span_s);
        let speed = shown_speed(self.speed);
        if self.is_part() {
            let share = self.played as f64 / self.rows as f64;
            let played_s = self.speed * self.length.as_secs_f64();
            return format!(
                "{} of the {rows} rows of the trace{that_can} are played ({}): at speed {speed} the \
                 run's {length} see {} of its {span}{others}",
                quantity::count(self.played),
                quantity::fraction(share),
                quantity::seconds(played_s)
            );
        }
        let lasts = quantity::seconds(self.lasts_s());
        let played = match self.rows {
            1 => format!("the 1 row of the trace{that_can} is played"),
            _ => format!("all {rows} rows of the trace{that_can} are played"),
        };
        format!("{played}: at speed {speed} its {span} last {lasts} of the run's {length}{others}")
    }

    /// What would play all of it, and no more than it.
    pub fn advice(&self) -> String {
        match self.speed_to_fill() {
            Some(speed) => format!(
                "speed = {} would fill {} with all of it",
                shown_speed(speed),
                quantity::seconds(self.length.as_secs_f64())
            ),
            None => "all of it arrives at the same moment: no speed makes it longer".to_owned(),
        }
    }

    /// All that is to be said of it before a run, in sentences without a full stop.
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = vec![self.part()];
        sentences.extend(self.of_batches());
        let is_full = self.lasts_s() > 0.95 * self.length.as_secs_f64();
        if self.is_part() || !is_full {
            sentences.push(self.advice());
        }
        sentences
    }

    /// What the batches of each length hold, in sentences without a full stop.
    pub fn of_batches(&self) -> Vec<String> {
        let sentence = |batched: &Batched| {
            let interval = quantity::seconds(batched.interval.as_secs_f64());
            let holds = quantity::seconds(batched.holds_s);
            let windows = match batched.windows {
                None => String::new(),
                Some(windows) if windows < 1.0 => {
                    format!(
                        ", and a window ends in every {} of them",
                        quantity::amount(1.0 / windows)
                    )
                }
                Some(windows) => {
                    format!(", and {} windows end within each", quantity::amount(windows))
                }
            };
            format!("a batch of {interval} holds {holds} of the trace{windows}")
        };
        self.batches.iter().map(sentence).collect()
    }
}

/// The speed at which so many seconds of a trace last as long as a run; none where it is no time at
/// all. Rounded up to three digits, so that the last event is played.
pub fn speed_to_fill(span_s: f64, length: Duration) -> Option<f64> {
    let exact = span_s / length.as_secs_f64();
    (exact.is_finite() && exact > 0.0).then(|| {
        let step = 10_f64.powf(exact.log10().floor() - 2.0);
        // A quotient that is whole but for its last bits is whole.
        let steps = (exact / step * (1.0 + 1e-9)).floor() + 1.0;
        // Above a hundred, as a whole number.
        if step >= 1.0 { (steps * step).round() } else { steps / (1.0 / step).round() }
    })
}

/// A speed as it can be written in a scenario file.
pub fn shown_speed(speed: f64) -> String {
    format!("{speed}")
}

/// How many events are due before `end`. They are in the order in which they are due.
fn due_before<E: Data + Hash>(workload: &dyn Workload<Event = E>, rows: u64, end: Moment) -> u64 {
    let (mut low, mut high) = (0, rows);
    while low < high {
        let middle = low + (high - low) / 2;
        if workload.due(middle).is_some_and(|due| due < end) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn replay(span_s: f64, speed: f64, length_s: u64, rows: u64, played: u64) -> Replay {
        let length = Duration::from_secs(length_s);
        Replay { rows, rejected: 0, played, span_s, speed, length, batches: Vec::new() }
    }

    #[test]
    fn a_part_says_how_much_and_what_would_play_all() {
        let replay = replay(7_776_000.0, 1.0, 12, 90, 1);
        insta::assert_snapshot!(replay.part(), @"1 of the 90 rows of the trace are played (1.11 %): at speed 1 the run's 12.0 s see 12.0 s of its 90.0 d");
        insta::assert_snapshot!(replay.advice(), @"speed = 649000 would fill 12.0 s with all of it");
    }

    #[test]
    fn a_trace_that_is_over_at_once_says_how_soon() {
        let replay = replay(3_600.0, 3_600_000.0, 12, 90, 90);
        assert!(!replay.is_part());
        insta::assert_snapshot!(replay.part(), @"all 90 rows of the trace are played: at speed 3600000 its 60.0 min last 1.00 ms of the run's 12.0 s");
        insta::assert_snapshot!(replay.advice(), @"speed = 301 would fill 12.0 s with all of it");
    }

    #[test]
    fn rows_that_cannot_be_read_are_none_of_all() {
        let all = Replay { rejected: 30, ..replay(3_600.0, 301.0, 12, 90, 90) };
        insta::assert_snapshot!(all.part(), @"all 90 rows of the trace that can be read are played: at speed 301 its 60.0 min last 12.0 s of the run's 12.0 s; 30 rows of its file cannot be read");
        let part = Replay { rejected: 1, ..replay(7_776_000.0, 1.0, 12, 90, 1) };
        insta::assert_snapshot!(part.part(), @"1 of the 90 rows of the trace that can be read are played (1.11 %): at speed 1 the run's 12.0 s see 12.0 s of its 90.0 d; 1 row of its file cannot be read");
    }

    #[test]
    fn what_comes_at_once_has_no_speed() {
        assert_eq!(replay(0.0, 1.0, 12, 3, 3).speed_to_fill(), None);
    }

    #[test]
    fn windows_that_end_within_a_batch_are_counted() {
        let batched =
            |windows| Batched { interval: Duration::from_millis(200), holds_s: 7_200.0, windows };
        let of = |windows| Replay { batches: vec![batched(windows)], ..replay(1.0, 1.0, 1, 1, 1) };
        insta::assert_snapshot!(of(Some(1200.0)).of_batches()[0], @"a batch of 200 ms holds 120 min of the trace, and 1.20 k windows end within each");
        insta::assert_snapshot!(of(Some(0.25)).of_batches()[0], @"a batch of 200 ms holds 120 min of the trace, and a window ends in every 4.00 of them");
        insta::assert_snapshot!(of(None).of_batches()[0], @"a batch of 200 ms holds 120 min of the trace");
    }

    proptest! {
        #[test]
        fn the_speed_that_fills_plays_all_and_wastes_little(
            span_s in 1e-3_f64..1e9, length_s in 1_u64..100_000,
        ) {
            let replay = replay(span_s, 1.0, length_s, 1, 1);
            let lasts_s = span_s / replay.speed_to_fill().unwrap();
            let length_s = length_s as f64;
            prop_assert!(lasts_s < length_s, "{lasts_s} of {length_s}");
            prop_assert!(lasts_s > 0.98 * length_s, "{lasts_s} of {length_s}");
        }
    }
}
