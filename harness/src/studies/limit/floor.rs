//! A demand that no rate can meet, known before anything is measured.
//!
//! An answer of an engine with batches waits for the end of the batch that completes it, and when
//! that is the schedule says alone. Where so many answers surely wait for longer than is demanded
//! that the demand cannot hold, at whatever rate, there is nothing to search for. It claims this
//! only of what it can compute: answers to single events, and windows over made-up event time.

use super::level::Searched;
use super::subject::Subject;
use engines::WindowSpec;
use reports::quantity;
use scenarios::spec::{DelaySpec, DisorderSpec, QuerySpec, WorkloadSpec};
use settings::plan::units;
use settings::plan::{Arrivals, Cell, EngineKind, Load, WindowDomain};

/// Answers are not spread over the windows quite evenly: so many times more than may wait for too
/// long have to.
const MARGIN: f64 = 2.0;

/// How late the first event behind a window's end may come, as a share of the interval. The rate
/// from which on it does not is the one from which on the claim is made.
const SLACK: f64 = 0.02;

impl Subject<'_> {
    /// Why no rate can meet the demand on the latency, if that is known.
    pub(super) fn hopeless(&self) -> Option<String> {
        let slo = self.options.slo?;
        let EngineKind::MicroBatch { interval, windows: WindowDomain::EventTime, .. } = self.kind()
        else {
            return None;
        };
        let interval_ns = u64::try_from(interval.as_nanos()).ok()?;
        let floor = Floor::of(self.cell, interval_ns)?;
        let Searched::Rate { start } = self.searched else { return None };
        let share = floor.share_beyond(slo.most_ns);
        if share <= MARGIN * (1.0 - slo.quantile) || start < floor.rate_least {
            return None;
        }
        let from = if floor.rate_least > 0.0 {
            format!(" of {} or more", quantity::rate(floor.rate_least.ceil()))
        } else {
            String::new()
        };
        let most = quantity::tick(&quantity::nanoseconds(slo.most_ns as f64));
        Some(format!(
            "sustains no rate{from} (not searched: with a batch every {}, {} of the answers wait \
             longer than {most} for the end of their batch, as the schedule alone says; {slo} was \
             demanded; set a shorter engine.micro-batch.interval)",
            units::show_duration(*interval),
            quantity::tick(&quantity::fraction((share * 100.0).floor() / 100.0)),
        ))
    }
}

/// How long answers wait for the end of their batch at least.
#[derive(Clone, Debug, PartialEq)]
struct Floor {
    /// From which rate on, in events per second.
    rate_least: f64,
    interval_ns: u64,
    /// When answers are due within an interval, at the earliest: equally frequent. Nothing where
    /// every moment is.
    phases_ns: Vec<u64>,
    /// By how much later they may be due.
    slack_ns: u64,
}

impl Floor {
    fn of(cell: &Cell, interval_ns: u64) -> Option<Self> {
        let Load::Synthetic { arrivals, .. } = &cell.load else { return None };
        let (disorder, us_per_s) = match &cell.case.workload {
            WorkloadSpec::Synthetic(made) if made.silence.is_none() => {
                (made.disorder.as_ref(), made.event_us_per_second)
            }
            WorkloadSpec::Words(made) => (made.disorder.as_ref(), made.event_us_per_second),
            WorkloadSpec::Synthetic(_) | WorkloadSpec::Trace(_) => return None,
        };
        let window = match &cell.case.query {
            // An answer is due with its own event, and those come at any moment of an interval.
            QuerySpec::Identity | QuerySpec::Counted { .. } => {
                let (phases_ns, slack_ns) = (Vec::new(), 0);
                return Some(Self { rate_least: 0.0, interval_ns, phases_ns, slack_ns });
            }
            QuerySpec::Window { window, .. } | QuerySpec::WordCount { window } => window,
            // When a session ends or a partner comes is a matter of the events.
            QuerySpec::Session { .. } | QuerySpec::Silence { .. } | QuerySpec::Join { .. } => {
                return None;
            }
        };
        // Where event time goes with the events, windows end more often at a higher rate.
        if cell.event_time_goes_with_events() {
            return None;
        }
        let gaps = gaps(arrivals)? * in_time(disorder)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of an interval, which fits"
        )]
        let slack_ns = (interval_ns as f64 * SLACK) as u64;
        let rate_least = gaps * cell.partitions.max(1) as f64 * 1e9 / slack_ns.max(1) as f64;
        let phases_ns = phases(window, cell.watermark_bound_us, us_per_s, interval_ns);
        Some(Self { rate_least, interval_ns, phases_ns, slack_ns })
    }

    /// Which share of the answers surely waits for longer than this.
    fn share_beyond(&self, most_ns: u64) -> f64 {
        if self.phases_ns.is_empty() {
            let reach_ns = most_ns.saturating_add(self.slack_ns);
            return self.interval_ns.saturating_sub(reach_ns) as f64 / self.interval_ns as f64;
        }
        // One that may slip beyond the end of its interval may wait for nothing there.
        let waits = |phase: &&u64| {
            let latest_ns = **phase + self.slack_ns;
            latest_ns < self.interval_ns && self.interval_ns - latest_ns > most_ns
        };
        self.phases_ns.iter().filter(waits).count() as f64 / self.phases_ns.len() as f64
    }
}

/// After how many mean gaps between events there has surely been one: all but one time in twenty
/// thousand.
fn gaps(arrivals: &Arrivals) -> Option<f64> {
    match arrivals {
        Arrivals::Even => Some(1.0),
        Arrivals::Poisson => Some(10.0),
        Arrivals::Gaps { .. } => None,
    }
}

/// How many events it takes until one is surely not delayed. None where too many are, or where
/// some come before their time.
fn in_time(disorder: Option<&DisorderSpec>) -> Option<f64> {
    let Some(DisorderSpec { fraction, delay, .. }) = disorder else { return Some(1.0) };
    let is_late = !matches!(delay, DelaySpec::Quantiles(_));
    (is_late && *fraction <= 0.5).then(|| {
        if *fraction > 0.0 { (1.0 + (1.0 / 20_000_f64).ln() / fraction.ln()).ceil() } else { 1.0 }
    })
}

/// How many phases are looked at one by one; with more, an answer is due at any moment.
const PHASES_MOST: u64 = 10_000;

/// At which moments of an interval windows are complete.
fn phases(window: &WindowSpec, bound_us: i64, us_per_s: i64, interval_ns: u64) -> Vec<u64> {
    let ns = |micros: i64| -> Option<u64> {
        let scaled = i128::from(micros) * 1_000_000_000;
        let per_s = i128::from(us_per_s.max(1));
        (scaled % per_s == 0).then(|| u64::try_from(scaled / per_s).ok()).flatten()
    };
    let complete = window.size().checked_add(bound_us);
    let (Some(slide_ns), Some(first_ns)) = (ns(window.slide()), complete.and_then(ns)) else {
        return Vec::new();
    };
    let step = gcd(slide_ns, interval_ns);
    let count = interval_ns / step;
    if count > PHASES_MOST {
        return Vec::new();
    }
    (0..count).map(|n| (first_ns % step) + n * step).collect()
}

const fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engines::{Moment, Timestamp};
    use instrument::load::final_due::EventTableBuilder;
    use proptest::prelude::*;
    use scenarios::Trigger;

    const MS: u64 = 1_000_000;

    fn floor(size_ms: i64, slide_ms: i64, bound_ms: i64, batch_ms: u64) -> Floor {
        let window = WindowSpec::sliding(size_ms * 1000, slide_ms * 1000).unwrap();
        let interval_ns = batch_ms * MS;
        Floor {
            rate_least: 0.0,
            interval_ns,
            phases_ns: phases(&window, bound_ms * 1000, 1_000_000, interval_ns),
            slack_ns: interval_ns / 50,
        }
    }

    #[test]
    fn the_share_that_waits_for_too_long_is_that_of_the_phases() {
        let close = |share: f64, want: f64| assert!((share - want).abs() < 1e-9, "{share}");
        // Seven windows to a batch, due 0, 100, ... 600 ms into it.
        close(floor(1000, 100, 0, 700).share_beyond(100 * MS), 6.0 / 7.0);
        close(floor(1000, 100, 0, 700).share_beyond(690 * MS), 0.0);
        // Always in step: due at the start of a batch, or, with a bound, just before its end.
        close(floor(1000, 1000, 0, 500).share_beyond(100 * MS), 1.0);
        close(floor(1000, 1000, 450, 500).share_beyond(10 * MS), 1.0);
        close(floor(1000, 1000, 495, 500).share_beyond(0), 0.0);
        let any = Floor { phases_ns: Vec::new(), slack_ns: 0, ..floor(1000, 100, 0, 100) };
        close(any.share_beyond(60 * MS), 0.4);
        close(any.share_beyond(200 * MS), 0.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Against the table of a real schedule: no more answers are claimed to wait than do.
        #[test]
        fn what_is_claimed_of_the_schedule_is_true_of_it(
            slide_ms in 1_i64..40,
            panes in 1_i64..4,
            bound_ms in 0_i64..60,
            interval_ms in 5_u64..80,
            most_ms in 0_u64..80,
            gap_us in 20_u64..100,
        ) {
            let size_ms = slide_ms * panes;
            let floor = floor(size_ms, slide_ms, bound_ms, interval_ms);
            prop_assume!(gap_us * 1_000 <= floor.slack_ns);
            let window = WindowSpec::sliding(size_ms * 1000, slide_ms * 1000).unwrap();
            let mut table = EventTableBuilder::new(Trigger::Windows(window), 1, bound_ms * 1000);
            // Whole rounds of all phases, behind the first windows.
            let ns = |ms: i64| ms.unsigned_abs() * MS;
            let round_ns = ns(slide_ms) * floor.phases_ns.len().max(1) as u64;
            let from_ns = ns(size_ms + bound_ms);
            let until_ns = from_ns + round_ns * 2;
            for due_us in (0..until_ns / 1000 + gap_us * 2).step_by(usize::try_from(gap_us).unwrap()) {
                let time = Timestamp::from_micros(i64::try_from(due_us).unwrap());
                table.see(0, time, Moment::from_nanos(due_us * 1000));
            }
            let interval_ns = interval_ms * MS;
            let rounds = from_ns..until_ns;
            let dues = table.build().dues().map(Moment::as_nanos).collect::<Vec<u64>>();
            let dues: Vec<u64> = dues.into_iter().filter(|due| rounds.contains(due)).collect();
            let late = dues
                .iter()
                .filter(|due| interval_ns - *due % interval_ns > most_ms * MS)
                .count();
            // The ends of the rounds may cut off one or two.
            let claimed = floor.share_beyond(most_ms * MS) * dues.len() as f64;
            prop_assert!(late as f64 + 3.0 >= claimed, "{late} of {}, {claimed}", dues.len());
        }
    }
}
