//! How long a plan will take, before it does.
//!
//! An estimate is from the plan alone: it knows neither this machine nor what an engine takes.

use crate::load::schedule::Schedule;
use crate::plan::{Cell, Load};
use std::time::Duration;

/// How long these cells take at so many repetitions each: the trials, and the making and checking
/// of their input, for which a million events take about a second and a half.
pub(crate) fn estimate(cells: &[Cell], repeat: u32) -> Duration {
    cells
        .iter()
        .map(|cell| {
            let length = cell.measure.warm_up + cell.measure.duration;
            let trials = u32::try_from(cell.engines.len()).unwrap_or(u32::MAX);
            let events = match &cell.load {
                Load::Synthetic { rate, arrivals } => {
                    let schedule = Schedule::of(rate, arrivals, cell.seed, length);
                    schedule.expected_events().unwrap_or(0) as f64
                }
                Load::Trace => 0.0,
            };
            let around = Duration::try_from_secs_f64(events * 1.5e-6).unwrap_or(Duration::ZERO);
            (length + around) * repeat * trials
        })
        .sum()
}

/// A time in words, no more exact than an estimate is.
pub(crate) fn about(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..100 => format!("{seconds} s"),
        seconds @ 100..6000 => format!("{} min", (seconds + 30) / 60),
        seconds @ 6000..360_000 => {
            let minutes = (seconds + 30) / 60;
            match minutes % 60 {
                0 => format!("{} h", minutes / 60),
                rest => format!("{} h {rest} min", minutes / 60),
            }
        }
        seconds => format!("{} days", (seconds + 43_200) / 86_400),
    }
}
