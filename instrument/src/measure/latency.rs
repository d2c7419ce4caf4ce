//! A distribution of latencies: one type from the recorder to the record.
//!
//! Of which answers or events they are, and whether these count, is not known here.

use hdrhistogram::{AdditionError, Histogram};
use reports::record::Latency;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Deref;

/// Latencies in nanoseconds, from 1 ns to 1 h, to three digits. What can be asked of them is what
/// can be asked of a histogram.
#[derive(Clone, Debug, PartialEq)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(histogram())
    }
}

impl Deref for Latencies {
    type Target = Histogram<u64>;

    fn deref(&self) -> &Histogram<u64> {
        &self.0
    }
}

impl Latencies {
    /// So many more of this length; what is longer than an hour counts as an hour.
    pub fn record_n(&mut self, ns: u64, count: u64) {
        self.0.saturating_record_n(ns, count);
    }

    /// All of these as well.
    pub fn add_cells(&mut self, cells: &[(u64, u64)]) {
        for (ns, count) in cells {
            self.record_n(*ns, *count);
        }
    }

    /// All that others hold as well.
    pub fn add(&mut self, others: &Self) {
        self.merge(&others.0).expect("all have the same range");
    }

    /// All that a histogram holds as well, such as one that was read.
    ///
    /// # Errors
    /// Where that reaches beyond an hour.
    pub fn merge(&mut self, histogram: &Histogram<u64>) -> Result<(), AdditionError> {
        self.0.add(histogram)
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// As a record has it; `None` if there is nothing in it.
    pub fn recorded(&self) -> Option<Latency> {
        if self.is_empty() {
            return None;
        }
        let at = |quantile: f64| self.value_at_quantile(quantile);
        Some(Latency {
            count: self.len(),
            p50_ns: at(0.5),
            p90_ns: at(0.9),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            max_ns: self.max(),
            mean_ns: self.mean(),
            ladder: self.ladder(),
        })
    }

    /// Points evenly spread over log(1 / (1 − p)), as far as the number of answers reaches, then
    /// the maximum.
    fn ladder(&self) -> Vec<(f64, u64)> {
        const POINTS: u32 = 59;
        let decades = (self.len() as f64).log10().max(0.0);
        let mut ladder: Vec<(f64, u64)> = (0..POINTS)
            .map(|point| {
                let above = 10_f64.powf(-decades * f64::from(point) / f64::from(POINTS));
                (100.0 * (1.0 - above), self.value_at_quantile(1.0 - above))
            })
            .collect();
        ladder.push((100.0, self.max()));
        ladder.dedup_by(|next, before| next.0 <= before.0);
        ladder
    }
}

/// Its occupied cells: value and count.
impl Serialize for Latencies {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let cells = self.iter_recorded();
        to.collect_seq(cells.map(|cell| (cell.value_iterated_to(), cell.count_at_value())))
    }
}

impl<'de> Deserialize<'de> for Latencies {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut latencies = Self::default();
        latencies.add_cells(&Vec::deserialize(from)?);
        Ok(latencies)
    }
}

/// The longest latency that is told apart from longer ones: an hour, in nanoseconds.
const LATENCY_NS_MAX: u64 = 3_600_000_000_000;

/// An empty histogram: 1 ns to 1 h, to three digits.
pub fn histogram<T: hdrhistogram::Counter>() -> Histogram<T> {
    Histogram::new_with_bounds(1, LATENCY_NS_MAX, 3).expect("a range that exists")
}

/// What is said of a few latencies, in nanoseconds.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Half were faster.
    pub p50_ns: u64,
    /// 99 % were faster.
    pub p99_ns: u64,
    /// 99.9 % were faster; none of fewer than a thousand.
    pub p999_ns: Option<u64>,
    /// The slowest.
    pub max_ns: u64,
}

/// Leaves the cells in rising order.
pub(super) fn quantiles(cells: &mut Cells) -> Option<Spread> {
    cells.sort_unstable();
    let all: u64 = cells.iter().map(|(_, count)| count).sum();
    let at = |rank: u64| {
        let mut passed = 0;
        cells.iter().find_map(|(value, count)| {
            passed += count;
            (passed >= rank).then_some(*value)
        })
    };
    let (max_ns, _) = *cells.last()?;
    Some(Spread {
        p50_ns: at(all.div_ceil(2))?,
        p99_ns: at(all - all / 100)?,
        p999_ns: if all < 1000 { None } else { at(all - all / 1000) },
        max_ns,
    })
}

/// Value and count of each occupied cell of a histogram.
pub(super) type Cells = Vec<(u64, u64)>;

pub(super) fn add_cells(histogram: &Histogram<u32>, to: &mut Cells) {
    if !histogram.is_empty() {
        to.extend(
            histogram
                .iter_recorded()
                .map(|cell| (cell.value_iterated_to(), u64::from(cell.count_at_value()))),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        values.into_iter().for_each(|value| latencies.record_n(value, 1));
        latencies
    }

    #[test]
    fn they_come_over_whole() {
        let mut there = Latencies::default();
        for value in [1, 2, 3, 1000, 123_456_789, 3_599_999_999_999] {
            there.record_n(value, value % 7 + 1);
        }
        let text = serde_json::to_string(&there).unwrap();
        let here: Latencies = serde_json::from_str(&text).unwrap();
        assert_eq!(here, there);
        assert_eq!(here.max(), there.max());
        assert!(serde_json::from_str::<Latencies>("[]").unwrap().is_empty());
    }

    #[test]
    fn a_ladder_rises_to_the_maximum() {
        let latency = of((1..=100_000).map(|value| value * 17)).recorded().unwrap();
        assert_eq!(latency.ladder.len(), 60);
        assert!(
            latency.ladder.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1),
            "{:?}",
            latency.ladder
        );
        assert_eq!(latency.ladder[59], (100.0, latency.max_ns));
        assert!((1_699_000..=1_702_000).contains(&latency.max_ns));
        assert!((849_000..=851_000).contains(&latency.p50_ns));
    }

    #[test]
    fn one_answer_is_a_distribution_too() {
        let latency = of([5]).recorded().unwrap();
        assert_eq!(
            (latency.p50_ns, latency.max_ns, latency.ladder.last()),
            (5, 5, Some(&(100.0, 5)))
        );
        assert!(Latencies::default().recorded().is_none());
    }

    #[test]
    fn quantiles_of_a_few() {
        let spread = |mut cells: Cells| {
            quantiles(&mut cells).map(|s| (s.p50_ns, s.p99_ns, s.p999_ns, s.max_ns))
        };
        assert_eq!(spread(vec![]), None);
        assert_eq!(spread(vec![(7, 1)]), Some((7, 7, None, 7)));
        assert_eq!(spread(vec![(9, 1), (1, 98), (5, 1)]), Some((1, 5, None, 9)));
        assert_eq!(spread(vec![(9, 1), (1, 999)]), Some((1, 1, Some(1), 9)));
        assert_eq!(spread(vec![(9, 2), (1, 998)]), Some((1, 1, Some(9), 9)));
    }
}
