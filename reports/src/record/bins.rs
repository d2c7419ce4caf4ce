//! How many latencies lie in which range, coarsely: enough to see a shape along a run, and little
//! enough to be kept for every tenth of a second of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Bins in which a latency grows tenfold.
pub const PER_DECADE: u32 = 8;

/// Latencies by bin. Bin n holds those from 10^(n / 8) ns up to where bin n + 1 begins; bins
/// without any are left out. Written as `bin:count` pairs with a space between them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct LatencyBins(Vec<(u32, u64)>);

impl LatencyBins {
    /// Of latencies in nanoseconds with how often each was seen, in rising order.
    pub fn of(latencies: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut bins: Vec<(u32, u64)> = Vec::new();
        for (ns, count) in latencies {
            let bin = bin_of(ns);
            match bins.last_mut() {
                Some((last, counted)) if *last == bin => *counted += count,
                _ => bins.push((bin, count)),
            }
        }
        Self(bins)
    }

    /// Each bin with the latencies in it, in rising order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.0.iter().copied()
    }

    /// Whether nothing was counted.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Where a bin begins, in nanoseconds.
pub fn begin_ns(bin: u32) -> f64 {
    10_f64.powf(f64::from(bin) / f64::from(PER_DECADE))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 8 × 20")]
fn bin_of(ns: u64) -> u32 {
    // A latency on a border belongs above it, whichever way a logarithm was rounded.
    ((ns.max(1) as f64).log10() * f64::from(PER_DECADE) + 1e-9).floor() as u32
}

impl From<LatencyBins> for String {
    fn from(bins: LatencyBins) -> Self {
        let mut text = Self::new();
        for (bin, count) in bins.iter() {
            let space = if text.is_empty() { "" } else { " " };
            let _ = write!(text, "{space}{bin}:{count}");
        }
        text
    }
}

impl TryFrom<String> for LatencyBins {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let pair = |pair: &str| {
            let (bin, count) = pair.split_once(':')?;
            // Nothing that takes longer than a century was ever recorded.
            Some((bin.parse().ok().filter(|bin| *bin < 160)?, count.parse().ok()?))
        };
        let bins: Option<Vec<(u32, u64)>> = text.split_whitespace().map(pair).collect();
        let bins = bins.filter(|bins| bins.is_sorted_by(|a, b| a.0 < b.0));
        bins.map(Self).ok_or_else(|| format!("`{text}` is no list of bin:count pairs that rise"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_is_an_eighth_of_a_decade() {
        let bins = LatencyBins::of([(0, 1), (1, 1), (999, 2), (1000, 4), (1333, 1), (1334, 8)]);
        assert_eq!(bins.iter().collect::<Vec<_>>(), [(0, 2), (23, 2), (24, 5), (25, 8)]);
        assert!((begin_ns(24) - 1000.0).abs() < 1e-6);
        for bin in 0..100_u32 {
            let ns = begin_ns(bin).ceil();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
            let found = bin_of(ns as u64);
            assert!(begin_ns(found) <= ns * (1.0 + 1e-9) && ns < begin_ns(found + 1), "{bin}");
        }
    }

    #[test]
    fn what_is_written_reads_back_and_nothing_else_does() {
        let bins = LatencyBins::of([(10, 3), (1_000_000, 7)]);
        let text = serde_json::to_string(&bins).unwrap();
        assert_eq!(text, "\"8:3 48:7\"");
        assert_eq!(serde_json::from_str::<LatencyBins>(&text).unwrap(), bins);
        assert!(serde_json::from_str::<LatencyBins>("\"\"").unwrap().is_empty());
        for wrong in ["\"8\"", "\"8:x\"", "\"9:1 8:1\"", "\"4000000000:1\""] {
            assert!(serde_json::from_str::<LatencyBins>(wrong).is_err(), "{wrong}");
        }
    }
}
