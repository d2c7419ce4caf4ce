//! When an engine stalls, latency is counted from when events were due.

use crate::support::{answering, stalling, synthetic, unwatched};
use engines::{Algorithm, Data, Moment};
use programs::{Case, Visitor, open};
use scenarios::spec::{CaseSpec, QuerySpec};
use scenarios::{Answer, Trigger};
use sluicebench::load::input::Input;
use sluicebench::load::layout::Layout;
use sluicebench::load::schedule::Schedule;
use sluicebench::measure::interval_log::IntervalLog;
use sluicebench::measure::trial::{Setting, run};
use sluicebench::measure::warm_up::Settling;
use sluicebench::plan::{EngineKind, EngineSetting, Marks, WindowDomain};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
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
