//! When an engine stalls, latency is counted from when events were due.

use crate::support::{answering, stalling, synthetic, unwatched};
use engines::{Algorithm, ArrivalClock, Clock, Control, Data, EngineError, Moment, Stamped};
use programs::{Case, Visitor, open};
use reports::record::{Verdict, VerdictKind};
use scenarios::spec::{CaseSpec, QuerySpec};
use scenarios::workload::RejectedRow;
use scenarios::{Answer, Trigger, Workload};
use sluicebench::bench::repetition::obstacle;
use sluicebench::load::input::Input;
use sluicebench::load::layout::Layout;
use sluicebench::load::schedule::Schedule;
use sluicebench::measure::interval_log::IntervalLog;
use sluicebench::measure::trial::{Answering, Doors, Setting, run};
use sluicebench::measure::warm_up::Settling;
use sluicebench::plan::{EngineKind, EngineSetting, Marks, WindowDomain};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LENGTH: Duration = Duration::from_secs(10);

struct StallOnce {
    engine: EngineKind,
    stall: Duration,
    warm_up: Duration,
}

/// Latency in nanoseconds: median, p99.9, max; and how many answers were measured and given.
#[derive(Debug)]
struct Seen {
    p50: u64,
    p999: u64,
    max: u64,
    measured: u64,
    given: u64,
    slowest_interval: u64,
}

impl Visitor for StallOnce {
    type Output = Seen;

    fn visit<E: Data + Hash, A: Answer>(self, case: Case<E, A>) -> Seen {
        let layout = Layout {
            schedule: Schedule::even(1000.0, LENGTH),
            partitions: 1,
            marks: Marks::Every(256),
            idle_after: None,
            watermark_bound_us: 0,
            trigger: Trigger::Event,
        };
        let input = Input::make(Arc::clone(&case.workload), layout, u64::MAX);
        let at = Moment::from_nanos(5_000_000_000);
        let engine = stalling(answering(&self.engine, &case, 1), at, self.stall);
        let setting = Setting {
            warm_up: self.warm_up,
            settling: Settling::default(),
            over_batches: None,
            interval_ns: None,
            refined: false,
            keep_all: false,
            simulate: true,
        };
        let stop = AtomicBool::new(false);
        let (trial, _) = run(engine, &input, setting, IntervalLog::none(), &stop, &mut unwatched);
        trial.tally.as_ref().unwrap();
        let latency = trial.samples.collected.totals.result.recorded().unwrap();
        let slowest =
            trial.samples.collected.emissions.iter().filter_map(|interval| interval.latency);
        Seen {
            p50: latency.p50_ns,
            p999: latency.p999_ns,
            max: latency.max_ns,
            measured: latency.count,
            given: trial.account.answers_given,
            slowest_interval: slowest.map(|latency| latency.max_ns).max().unwrap(),
        }
    }
}

fn stall(engine: EngineSetting, stall: Duration, warm_up: Duration) -> Seen {
    let case = CaseSpec { workload: synthetic(None), query: QuerySpec::Identity };
    open(&case, 42).unwrap().visit(StallOnce { engine: engine.kind, stall, warm_up })
}

fn per_event() -> EngineSetting {
    crate::support::per_event(Algorithm::Auto)
}

fn micro_batch() -> EngineSetting {
    crate::support::micro_batch(WindowDomain::EventTime, Algorithm::Auto)
}

const SECOND: u64 = 1_000_000_000;

#[test]
fn a_stall_of_a_second_is_seen_in_full_by_all_who_waited() {
    let quiet = stall(per_event(), Duration::ZERO, Duration::ZERO);
    assert!(quiet.max < SECOND / 1000, "{quiet:?}");
    let stalled = stall(per_event(), Duration::from_secs(1), Duration::ZERO);
    // A thousand of ten thousand events fell due meanwhile. Each waited for what was left of the
    // second, so a tenth of them waited for more than nine tenths of it.
    assert!(stalled.max >= SECOND, "{stalled:?}");
    assert!(stalled.p999 >= SECOND * 98 / 100, "{stalled:?}");
    assert!(stalled.p50 < SECOND / 1000, "{stalled:?}");
    assert!(stalled.slowest_interval >= SECOND, "{stalled:?}");
    assert_eq!(stalled.given, 10_000, "nothing is lost, and nothing is skipped");
}

#[test]
fn a_stall_adds_to_what_a_batch_waits_anyway() {
    let quiet = stall(micro_batch(), Duration::ZERO, Duration::ZERO);
    assert!((99_000_000..=101_000_000).contains(&quiet.max), "{quiet:?}");
    let stalled = stall(micro_batch(), Duration::from_secs(1), Duration::ZERO);
    assert!(stalled.max >= SECOND, "{stalled:?}");
    assert_eq!(stalled.given, 10_000);
}

#[test]
fn a_stall_in_the_warm_up_is_not_measured_and_loses_nothing() {
    let seen = stall(per_event(), Duration::from_secs(1), Duration::from_secs(7));
    assert!(seen.max < SECOND / 1000, "{seen:?}");
    assert_eq!((seen.measured, seen.given), (3000, 10_000));
    assert!(seen.slowest_interval >= SECOND, "the timeline shows it: {seen:?}");
}

/// A workload whose last event is not made before somebody lets it.
struct Withheld<E> {
    inner: Arc<dyn Workload<Event = E>>,
    last: u64,
    is_stopped: Arc<AtomicBool>,
}

impl<E: Data + Hash> Workload for Withheld<E> {
    type Event = E;

    fn event(&self, n: u64, due: Moment) -> Stamped<E> {
        while n == self.last && self.is_stopped.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        self.inner.event(n, due)
    }

    fn len(&self) -> Option<u64> {
        self.inner.len()
    }

    fn due(&self, n: u64) -> Option<Moment> {
        self.inner.due(n)
    }

    fn arrival_clock(&self) -> ArrivalClock {
        self.inner.arrival_clock()
    }

    fn rejected_rows(&self) -> &[RejectedRow] {
        self.inner.rejected_rows()
    }

    fn columns(&self) -> Vec<&'static str> {
        self.inner.columns()
    }

    fn cells(&self, event: &Stamped<E>) -> Vec<String> {
        self.inner.cells(event)
    }
}

/// Runs an engine whose input stops coming, and returns what was in the way.
struct Withhold;

impl Visitor for Withhold {
    type Output = Option<Verdict>;

    fn visit<E: Data + Hash, A: Answer>(self, case: Case<E, A>) -> Option<Verdict> {
        // More than is made ahead, all of it due within a few milliseconds.
        const EVENTS: u64 = 3_000_000;
        let layout = Layout {
            schedule: Schedule::even(1e9, Duration::from_nanos(EVENTS)),
            partitions: 1,
            marks: Marks::Every(256),
            idle_after: None,
            watermark_bound_us: 0,
            trigger: Trigger::Event,
        };
        let is_stopped = Arc::new(AtomicBool::new(false));
        let workload = Withheld {
            inner: Arc::clone(&case.workload),
            last: EVENTS - 1,
            is_stopped: Arc::clone(&is_stopped),
        };
        let input = Input::make(Arc::new(workload), layout, 0);
        assert_eq!(input.survey.events, EVENTS);
        is_stopped.store(true, Ordering::Relaxed);
        let kind = per_event().kind;
        let Answering { workers, usage, .. } = answering(&kind, &case, 1);
        let answer = move |mut doors: Doors<E, A>, clock: &dyn Clock, control: &Control| {
            while !control.is_stopped() {
                for source in &mut doors.sources {
                    let _ = source.poll(clock.now(), 256);
                }
            }
            is_stopped.store(false, Ordering::Relaxed);
            Err(EngineError::Stopped)
        };
        let engine = Answering { workers, usage, answer: Box::new(answer) };
        let setting = Setting {
            warm_up: Duration::ZERO,
            settling: Settling::default(),
            over_batches: None,
            interval_ns: None,
            refined: false,
            keep_all: false,
            simulate: false,
        };
        let stop = AtomicBool::new(false);
        let (trial, _) = run(engine, &input, setting, IntervalLog::none(), &stop, &mut unwatched);
        obstacle(&trial, &input.survey)
    }
}

#[test]
fn an_input_that_is_late_by_more_than_the_run_is_long_is_not_waited_for() {
    let case = CaseSpec { workload: synthetic(None), query: QuerySpec::Identity };
    let verdict = open(&case, 42).unwrap().visit(Withhold).expect("it was ended from outside");
    assert_eq!(verdict.kind, VerdictKind::LoadNotHeld);
    assert!(verdict.text.starts_with("given up early: the input was late by"), "{}", verdict.text);
}
