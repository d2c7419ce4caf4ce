//! How close a twin is to its trace, property by property.
//!
//! Two numbers each: the Kolmogorov–Smirnov distance, which knows no unit, and the 1-Wasserstein
//! distance, which says how much it is in the unit of the property. A small sample
//! is granted as much as chance alone would part two samples of the same source.

use super::fit::{Observed, binned};
use reports::record::twin::{Closeness, Likeness};
use statistics::distance::{kolmogorov_smirnov, wasserstein};

/// How close one property is.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// What it is called.
    pub name: &'static str,
    /// What it is.
    pub what: &'static str,
    /// The judgement.
    pub closeness: Closeness,
    /// Kolmogorov–Smirnov distance, from 0 to 1.
    pub ks: f64,
    /// 1-Wasserstein distance, in the property's unit.
    pub wasserstein: f64,
    /// The mean over the trace, in the same unit.
    pub mean: f64,
    /// Both in words, with the unit: of a property of both signs the mean size, as its mean may be
    /// none.
    pub shown: (String, String),
}

impl Property {
    /// What a record says of it.
    pub(super) fn recorded(&self) -> Likeness {
        Likeness {
            name: self.name.to_owned(),
            closeness: self.closeness,
            kolmogorov_smirnov: self.ks,
            wasserstein: self.wasserstein,
            distance: self.shown.0.clone(),
            sentence: self.sentence(),
        }
    }

    /// The judgement as a sentence.
    pub fn sentence(&self) -> String {
        let Self { name, what, ks, shown: (distance, mean), .. } = self;
        let closeness = match self.closeness {
            Closeness::Close => "close to the trace",
            Closeness::Roughly => "roughly like the trace",
            Closeness::Not => "not like the trace",
        };
        format!(
            "{name}: {closeness}; {what} differs by {distance} on average, of {mean} (D {ks:.3})"
        )
    }
}

/// Into how many stretches the whole is cut to count its events.
const STRETCHES: usize = 200;

/// Every property of a trace and its twin.
pub(super) fn properties(trace: &Observed, twin: &Observed) -> Vec<Property> {
    let seconds = |s: f64| shown_seconds(s);
    let micros = |delays: &[i64]| delays.iter().map(|us| *us as f64 / 1e6).collect::<Vec<_>>();
    let scale = 10_f64.powi(-i32::from(trace.decimals));
    let values = |values: &[i64]| values.iter().map(|v| *v as f64 * scale).collect::<Vec<_>>();
    let span = trace.span_s();
    let counts = |seen: &Observed| -> Vec<f64> {
        // What the twin sends beyond the trace's end stands beyond it.
        let until = seen.arrivals_s.partition_point(|at| *at <= span);
        let counts = binned(&seen.arrivals_s[..until], span, STRETCHES);
        counts.into_iter().map(|count| count as f64).collect()
    };
    let plain = |number: f64| format!("{number:.3}");
    let mut all = vec![
        property(
            "gaps",
            "the time from one event to the next",
            (&trace.gaps_s(), &twin.gaps_s()),
            &seconds,
        ),
        property(
            "rhythm",
            "when an event arrives",
            (&trace.arrivals_s, &twin.arrivals_s),
            &seconds,
        ),
        property(
            "counts",
            "the number of events in a 200th of the trace",
            (&counts(trace), &counts(twin)),
            &|events| format!("{events:.1} events"),
        ),
    ];
    if trace.key_counts.len() > 1 {
        let ranks = (ranks(&trace.key_counts), ranks(&twin.key_counts));
        let what = "the rank of an event's key";
        all.push(property("keys", what, (&ranks.0, &ranks.1), &|ranks| {
            format!("{ranks:.2} ranks")
        }));
    }
    let delays = (micros(&trace.delays_us), micros(&twin.delays_us));
    all.push(property("delays", "how late an event comes", (&delays.0, &delays.1), &seconds));
    let values = (values(&trace.values), values(&twin.values));
    all.push(property("values", "an event's value", (&values.0, &values.1), &plain));
    all
}

fn property(
    name: &'static str,
    what: &'static str,
    (trace, twin): (&[f64], &[f64]),
    show: &dyn Fn(f64) -> String,
) -> Property {
    let (ks, moved) = (kolmogorov_smirnov(trace, twin), wasserstein(trace, twin));
    let mean = trace.iter().sum::<f64>() / trace.len() as f64;
    // The two-sample distance that chance exceeds one time in twenty (Smirnov 1939).
    let chance = 1.36 * (1.0 / trace.len() as f64 + 1.0 / twin.len() as f64).sqrt();
    let size = trace.iter().map(|number| number.abs()).sum::<f64>() / trace.len() as f64;
    let is_within = |ks_most: f64, share: f64| ks <= ks_most || moved <= share * size;
    let closeness = if is_within(chance.max(0.05), 0.02) && moved <= size {
        Closeness::Close
    } else if is_within((2.0 * chance).max(0.15), 0.05) {
        Closeness::Roughly
    } else {
        Closeness::Not
    };
    let is_signed =
        trace.iter().any(|number| *number < 0.0) && trace.iter().any(|number| *number > 0.0);
    let of = if is_signed {
        format!("a mean of {} either way", show(size))
    } else {
        format!("a mean of {}", show(mean))
    };
    let shown = (show(moved), of);
    Property { name, what, closeness, ks, wasserstein: moved, mean, shown }
}

/// The rank of each event's key.
fn ranks(counts: &[u64]) -> Vec<f64> {
    let ranked = (1_u32..).zip(counts);
    let each = |(rank, count): (u32, &u64)| {
        std::iter::repeat_n(f64::from(rank), usize::try_from(*count).unwrap_or(0))
    };
    ranked.flat_map(each).collect()
}

/// Seconds in a unit that people read; below zero, too.
fn shown_seconds(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let seconds = seconds.abs();
    let (number, unit) = match seconds {
        s if s >= 2.0 * 86_400.0 => (s / 86_400.0, "days"),
        s if s >= 2.0 * 3_600.0 => (s / 3_600.0, "h"),
        s if s >= 120.0 => (s / 60.0, "min"),
        s if s >= 1.0 || s <= 0.0 => (s, "s"),
        s => (s * 1e3, "ms"),
    };
    format!("{sign}{number:.3} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_by_more_than_it_is_is_never_close() {
        let seconds = |s: f64| shown_seconds(s);
        let of = |trace: &[f64], twin: &[f64]| {
            property("delays", "how late an event comes", (trace, twin), &seconds)
        };
        // One event of a hundred five hours ahead, and in the twin a day behind.
        let trace: Vec<f64> = (0..100).map(|n| if n == 7 { -18_000.0 } else { 1.0 }).collect();
        let far: Vec<f64> = (0..100).map(|n| if n == 7 { 90_000.0 } else { 1.0 }).collect();
        let moved = of(&trace, &far);
        assert_eq!(moved.closeness, Closeness::Roughly, "{moved:?}");
        assert!(moved.sentence().contains("of a mean of 3.01"), "{}", moved.sentence());
        let same = of(&trace, &trace);
        assert_eq!(same.closeness, Closeness::Close);
        // What is not at all is like itself.
        assert_eq!(of(&[0.0; 9], &[0.0; 9]).closeness, Closeness::Close);
        assert!(of(&[2.0; 9], &[2.0; 9]).sentence().contains("of a mean of 2.000 s (D"));
    }
}
