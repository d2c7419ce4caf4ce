//! The plain loop beside the engines: what a question takes by itself, and so what an engine takes
//! beyond that.
//!
//! It is no engine, and wins and loses nothing: it has one core, an input in memory and no way to grow.

use crate::quantity::{self, significant};
use crate::record::study::PlainLoop;

/// What it is called in tables and charts.
pub(crate) const NAME: &str = "a plain loop";

/// Cores that it would keep busy at a rate, in events per second.
pub(crate) fn cores(plain: &PlainLoop, rate_per_s: f64) -> f64 {
    plain.ns_per_event * rate_per_s / 1e9
}

/// The rate at which it would keep one core busy all the time, in events per second.
pub(crate) fn most_per_s(plain: &PlainLoop) -> f64 {
    1e9 / plain.ns_per_event
}

/// What it takes, in a sentence; at a rate, in events per second, where there is one to be held.
pub(crate) fn sentence(plain: &PlainLoop, rate_per_s: Option<f64>) -> String {
    let takes = quantity::nanoseconds(plain.ns_per_event);
    let most = quantity::tick(&quantity::rate(most_per_s(plain)));
    let at = rate_per_s.map_or_else(String::new, |rate| {
        let cores = significant(cores(plain, rate));
        format!(": {cores} cores at {}", quantity::tick(&quantity::rate(rate)))
    });
    format!(
        "a plain loop takes {takes} of one core per event{at}, and all of it at {most}; its {} equal the \
         reference",
        quantity::counted(plain.answers, "answer")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_loop_takes_is_told_with_what_that_comes_to() {
        let plain = PlainLoop { ns_per_event: 12.5, events: 1 << 20, answers: 1_040, passes: 5 };
        assert!((cores(&plain, 50_000.0) - 0.000_625).abs() < 1e-12);
        assert!((most_per_s(&plain) - 80e6).abs() < 1e-3);
        insta::assert_snapshot!(sentence(&plain, Some(50_000.0)), @"a plain loop takes 12.5 ns of one core per event: 0.00063 cores at 50 k/s, and all of it at 80 M/s; its 1 040 answers equal the reference");
        insta::assert_snapshot!(sentence(&plain, None), @"a plain loop takes 12.5 ns of one core per event, and all of it at 80 M/s; its 1 040 answers equal the reference");
    }
}
