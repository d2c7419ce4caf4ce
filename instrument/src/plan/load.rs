//! When events are due, as it was asked for: how many per second, and how they are spread; and where
//! marks between them say how far event time has come.
//!
//! Which event is due when is not known here.

use super::units::show_duration;
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
