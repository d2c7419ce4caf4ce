//! When events are due, as it was asked for: how many per second, and how they are spread; and where
//! marks between them say how far event time has come.
//!
//! Which event is due when is not known here.

use super::units::show_duration;
use std::f64::consts::PI;
use std::time::Duration;

/// When events are due.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// The schedule says.
    Synthetic {
        /// How many events per second.
        rate: RateShape,
        /// How they are spread within that rate.
        arrivals: Arrivals,
    },
    /// The trace says.
    Trace,
}

/// The offered rate over the length of a run, in events per second.
#[derive(Clone, Debug, PartialEq)]
pub enum RateShape {
    /// Always the same.
    Constant {
        /// Events per second.
        per_second: f64,
    },
    /// One rate after the other; the last one stays.
    Steps {
        /// The rates, in order.
        rates: Vec<f64>,
        /// How long each lasts.
        every: Duration,
    },
    /// Straight from one rate to another, which stays.
    Ramp {
        /// At the start.
        from: f64,
        /// At the end.
        to: f64,
        /// How long it takes.
        over: Duration,
    },
    /// Up and down around a mean; it starts at the mean and rises.
    Sine {
        /// In the middle.
        mean: f64,
        /// How far it goes from there; at most the mean.
        amplitude: f64,
        /// From one peak to the next.
        period: Duration,
    },
    /// A base, and peaks at regular intervals.
    Burst {
        /// Between bursts.
        base: f64,
        /// During a burst.
        peak: f64,
        /// From the end of one burst to the end of the next; the first ends after so long.
        every: Duration,
        /// How long a burst is.
        lasts: Duration,
    },
    /// Now a rate, now nothing.
    OnOff {
        /// While it is on.
        rate: f64,
        /// How long it is on.
        on: Duration,
        /// How long it is off.
        off: Duration,
    },
    /// A constant rate of which nothing reaches us for a while; then all of it does, in order.
    Outage {
        /// The rate at which events are sent.
        rate: f64,
        /// When the outage begins.
        at: Duration,
        /// How long it is.
        lasts: Duration,
        /// The rate at which what was held up comes in; `None` for all at once.
        catch_up: Option<f64>,
    },
    /// Steps of equal length, over and over, as a day repeats.
    Profile {
        /// On average over a period.
        mean: f64,
        /// The height of each step, in any unit.
        weights: Vec<f64>,
        /// How long they take together.
        period: Duration,
    },
}

impl RateShape {
    /// How many events come in that many seconds where most come. A little more than that where the
    /// rate goes in steps or straight up or down: as many as if it stayed at its highest.
    pub fn most_within(&self, seconds: f64) -> f64 {
        // Of a stretch of time that comes back, the most that so many seconds hold.
        let on = |lasts: f64, every: f64| {
            (seconds / every).floor() * lasts + (seconds % every).min(lasts)
        };
        match self {
            Self::Constant { per_second: rate } | Self::Outage { rate, .. } => rate * seconds,
            Self::Steps { rates, .. } => rates.iter().copied().fold(0.0, f64::max) * seconds,
            Self::Ramp { from, to, .. } => from.max(*to) * seconds,
            Self::Sine { mean, amplitude, period } => {
                let turns = seconds / period.as_secs_f64();
                let swing = (PI * turns.fract()).sin() / PI * period.as_secs_f64();
                mean * seconds + amplitude * swing
            }
            Self::Burst { base, peak, every, lasts } => {
                let (lasts, every) = (lasts.as_secs_f64(), every.as_secs_f64());
                let in_bursts = if peak >= base {
                    on(lasts, every)
                } else {
                    seconds - on(every - lasts, every)
                };
                base * seconds + (peak - base) * in_bursts
            }
            Self::OnOff { rate, on: lasts, off } => {
                rate * on(lasts.as_secs_f64(), (*lasts + *off).as_secs_f64())
            }
            Self::Profile { mean, weights, period } => {
                let highest = weights.iter().copied().fold(0.0, f64::max);
                let rate = mean * highest * weights.len() as f64 / weights.iter().sum::<f64>();
                (rate * seconds).min(mean * (seconds + period.as_secs_f64()))
            }
        }
    }
}

/// How events are spread within a rate.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Arrivals {
    /// One after each equal stretch of time.
    #[default]
    Even,
    /// Independently of one another, so that they come in clumps.
    Poisson,
    /// As measured somewhere.
    Gaps {
        /// Evenly spaced quantiles of the distance from one event to the next, from the shortest
        /// to the longest, in any unit.
        quantiles: Vec<f64>,
        /// The share of events that come together with the one before, and so have no distance
        /// to it at all.
        together: f64,
    },
}
/// Where watermark marks stand in each source partition.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Marks {
    /// After the last event that is due in each stretch of the run of this length.
    Period(Duration),
    /// After every so many events.
    Every(u64),
}

impl Marks {
    /// Where they stand, to complete "a watermark mark stands".
    pub fn shown(&self) -> String {
        match self {
            Self::Period(length) => {
                format!("after the last event due in each {}", show_duration(*length))
            }
            Self::Every(1) => "after each event".to_owned(),
            Self::Every(events) => format!("after every {events} events of a source partition"),
        }
    }

    /// About how long an event waits for the mark behind it, in seconds, where so many events per
    /// second are due evenly in a partition.
    pub fn wait_s(&self, per_second: f64) -> f64 {
        let gap_s = 1.0 / per_second;
        match self {
            Self::Period(length) => (length.as_secs_f64() - gap_s).max(0.0) / 2.0,
            Self::Every(events) => (*events as f64 - 1.0) * gap_s / 2.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_that_come_within_some_time_come_where_the_rate_is_highest() {
        let s = Duration::from_secs_f64;
        let burst = RateShape::Burst { base: 10.0, peak: 100.0, every: s(5.0), lasts: s(1.0) };
        let lull = RateShape::Burst { base: 100.0, peak: 10.0, every: s(5.0), lasts: s(1.0) };
        let sine = RateShape::Sine { mean: 100.0, amplitude: 50.0, period: s(4.0) };
        let profile = RateShape::Profile { mean: 100.0, weights: vec![1.0, 3.0], period: s(2.0) };
        let outage = RateShape::Outage { rate: 10.0, at: s(1.0), lasts: s(3.0), catch_up: None };
        for (shape, seconds, most) in [
            (RateShape::Constant { per_second: 100.0 }, 2.0, 200.0),
            (RateShape::Steps { rates: vec![10.0, 90.0, 20.0], every: s(9.0) }, 2.0, 180.0),
            (RateShape::Ramp { from: 90.0, to: 10.0, over: s(9.0) }, 2.0, 180.0),
            (RateShape::Ramp { from: 10.0, to: 90.0, over: s(9.0) }, 2.0, 180.0),
            (burst.clone(), 0.5, 50.0),
            (burst.clone(), 4.0, 130.0),
            // From one burst to the end of the next.
            (burst, 6.0, 240.0),
            (lull.clone(), 4.0, 400.0),
            (lull, 5.0, 410.0),
            (sine.clone(), 4.0, 400.0),
            // Around its peak, half a turn.
            (sine, 2.0, 200.0 + 200.0 / PI),
            (RateShape::OnOff { rate: 10.0, on: s(1.0), off: s(2.0) }, 3.5, 15.0),
            (outage, 2.0, 20.0),
            (profile.clone(), 1.0, 150.0),
            (profile, 100.0, 10_200.0),
        ] {
            let found = shape.most_within(seconds);
            assert!((found - most).abs() < 1e-6, "{shape:?} in {seconds} s: {found}");
        }
    }
}
