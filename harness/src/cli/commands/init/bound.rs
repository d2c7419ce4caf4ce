//! How long a scenario waits for what is late: by what its file has seen, and never for so long that
//! nothing is left to be measured.

use super::own::LENGTHS;
use reports::quantity;
use scenarios::Workload as _;
use scenarios::workload::Trace;

/// A bound on disorder.
pub(super) struct Bound {
    /// As it is written.
    pub(super) name: &'static str,
    /// How many events are within it, in words.
    pub(super) within: String,
    /// What whoever reads the file should know of it.
    pub(super) remarks: Vec<String>,
}

/// What part of a trace may pass before the first window can end: with the warm-up there is more
/// than half of it left to be measured.
const PART_MOST: f64 = 0.25;

impl Bound {
    /// The bound for a trace that lasts so long, in seconds, and whether one column says both when an
    /// event happened and when it came.
    pub(super) fn of(trace: &Trace, span_s: f64, is_one_column: bool) -> Self {
        if is_one_column {
            let within = "nothing is, as one column says both when it happened and when it came";
            return Self { name: "0s", within: within.to_owned(), remarks: Vec::new() };
        }
        let times = times(trace);
        let leads =
            times.iter().map(|time| time.happened_us.saturating_sub(time.arrived_us)).collect();
        let farthest_us = farthest_ahead_us(leads);
        let is_stray = |time: &Time| time.happened_us.saturating_sub(time.arrived_us) > farthest_us;
        let mut behind_us = Vec::with_capacity(times.len());
        let mut latest_us = i64::MIN;
        let (mut strays, mut first_stray) = (0_u64, None);
        for (n, time) in (0_u64..).zip(&times) {
            if is_stray(time) {
                strays += 1;
                first_stray.get_or_insert((n, time.happened_us.abs_diff(time.arrived_us)));
                behind_us.push(0);
            } else {
                latest_us = latest_us.max(time.happened_us);
                behind_us.push(latest_us.abs_diff(time.happened_us));
            }
        }
        behind_us.sort_unstable();
        let behind_most = behind_us.get(behind_us.len() * 99 / 100).copied().unwrap_or(0);
        let (needed_s, most_s) = (behind_most as f64 / 1e6, span_s * PART_MOST);
        let needed =
            LENGTHS.iter().find(|(s, _)| *s >= needed_s).unwrap_or(&LENGTHS[LENGTHS.len() - 1]);
        let most = LENGTHS.iter().rev().find(|(s, _)| *s <= most_s).unwrap_or(&LENGTHS[0]);
        let is_capped = needed.0 > most.0;
        let (bound_s, name) = if is_capped { *most } else { *needed };
        let within = behind_us.partition_point(|us| *us as f64 / 1e6 <= bound_s);
        let within = share(within, behind_us.len());
        let mut remarks = Vec::new();
        if let Some((n, ahead_us)) = first_stray {
            let place = trace.place(n).unwrap_or_else(|| format!("place {n}"));
            let more = match strays - 1 {
                0 => String::new(),
                n => format!(", as {} more", quantity::counted(n, "row")),
            };
            remarks.push(format!(
                "the event in {place} lies {} ahead of when it came{more}: the watermark was guessed \
                 without it; correct it or take it out, as it makes those after it late",
                quantity::microseconds(ahead_us as f64)
            ));
        }
        if is_capped {
            remarks.push(format!(
                "99 of 100 events are within a watermark of {} alone, which leaves hardly a window to \
                 be measured of {}; {name} is written: {within}",
                needed.1,
                quantity::seconds(span_s)
            ));
        }
        Self { name, within, remarks }
    }
}

/// How many of them are within, in words; never more than there are.
fn share(within: usize, of: usize) -> String {
    if within == of {
        return "all events are within it".to_owned();
    }
    let tenths = within * 1000 / of.max(1);
    format!("{}.{} of 100 events are within it", tenths / 10, tenths % 10)
}

/// When an event happened and when it came, in microseconds since the epoch.
struct Time {
    happened_us: i64,
    arrived_us: i64,
}

fn times(trace: &Trace) -> Vec<Time> {
    let rows = trace.len().unwrap_or(0);
    let clock = trace.arrival_clock();
    let time = |n| {
        let due = trace.due(n)?;
        let arrived = clock.at(due);
        let happened = trace.event(n, due).event_time;
        Some(Time { happened_us: happened.as_micros(), arrived_us: arrived.as_micros() })
    };
    (0..rows).filter_map(time).collect()
}

/// How far an event may lie ahead of its own arrival and still be like the others: as much beyond 99
/// of 100 of them as those differ among each other.
fn farthest_ahead_us(mut leads: Vec<i64>) -> i64 {
    const LEAST_US: i64 = 1_000_000;
    if leads.is_empty() {
        return i64::MAX;
    }
    leads.sort_unstable();
    let at = |percent: usize| leads[(leads.len() * percent / 100).min(leads.len() - 1)];
    let (low, high) = (at(1), leads[(leads.len() * 99).div_ceil(100) - 1]);
    high.saturating_add(high.saturating_sub(low).max(LEAST_US))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::spec::{NotationSpec, OnBadRow, TraceSpec};
    use std::fmt::Write as _;

    /// The bound for events a second apart that come so many seconds after they happened.
    fn of_delays(count: i64, delay_s: impl Fn(i64) -> i64) -> Bound {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.csv");
        let mut text = "at,happened\n".to_owned();
        for n in 0..count {
            let at = 1_720_612_800 + n;
            let _ = writeln!(text, "{at},{}", at - delay_s(n));
        }
        std::fs::write(&file, text).unwrap();
        let spec = TraceSpec {
            path: file,
            arrival: "at".to_owned(),
            event_time: "happened".to_owned(),
            key: None,
            value: None,
            speed: 1.0,
            on_bad_row: OnBadRow::Fail,
            notation: NotationSpec::default(),
        };
        let trace = Trace::load(&spec).unwrap();
        Bound::of(&trace, trace.span_us().unwrap() as f64 / 1e6, false)
    }

    #[test]
    fn it_is_what_99_of_100_events_are_within() {
        let all = of_delays(1000, |n| if n % 10 == 0 { 4 } else { 0 });
        assert_eq!((all.name, &*all.within), ("5s", "all events are within it"));
        let most = of_delays(1000, |n| if n % 200 == 199 { 100 } else { 0 });
        assert_eq!((most.name, &*most.within), ("0s", "99.5 of 100 events are within it"));
        assert!(most.remarks.is_empty(), "{:?}", most.remarks);
        // All of them equally late are in order.
        assert_eq!(of_delays(1000, |_| 500).name, "0s");
    }

    #[test]
    fn one_event_far_ahead_is_named_and_changes_nothing() {
        let stray = of_delays(1000, |n| if n == 300 { -18_000 } else { n % 2 * 3 });
        assert_eq!((stray.name, &*stray.within), ("5s", "all events are within it"));
        assert_eq!(stray.remarks.len(), 1);
        let said = &stray.remarks[0];
        assert!(said.contains("line 302 lies 300 min ahead"), "{said}");
    }

    #[test]
    fn it_never_takes_what_is_to_be_measured() {
        let half = of_delays(1000, |n| if n % 2 == 0 { 800 } else { 0 });
        assert_eq!(half.name, "1min", "{:?}", half.remarks);
        let said = &half.remarks[0];
        assert!(said.contains("30min") && said.contains("1min is written: "), "{said}");
        assert!(half.within.contains(" of 100 events"), "{}", half.within);
    }
}
