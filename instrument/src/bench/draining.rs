//! How long an engine may take from the last event to the last answer: whoever takes longer has not
//! sustained the load.

use settings::plan::EngineKind;
use std::time::Duration;

/// An engine without batches, and at least one with them.
const LEAST: Duration = Duration::from_secs(2);

/// Over how many batches an engine is at least that cuts one when the one before is done: the last
/// event comes while one is computed, belongs to the next, and moves the watermark by which the one
/// after that answers (Structured Streaming, whose watermark is in force from the next batch on).
const BATCHES: f64 = 3.0;

/// What such an engine may take at most, however long its batches are.
const MOST: Duration = Duration::from_secs(30);

/// What is allowed to drain.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Draining {
    /// This long.
    Within(Duration),
    /// Three batches that take as long as they take.
    ByBatches,
}

impl Draining {
    /// What is allowed to an engine: two seconds, or a batch where batches have a length.
    pub fn of(kind: &EngineKind) -> Self {
        if kind.has_free_batches() {
            return Self::ByBatches;
        }
        Self::Within(kind.interval().unwrap_or_default().max(LEAST))
    }

    /// As far as it is known before anything ran.
    pub const fn most(self) -> Duration {
        match self {
            Self::Within(most) => most,
            Self::ByBatches => MOST,
        }
    }

    /// In seconds, after batches took so long, in seconds; half of them took longer than the one that
    /// counts.
    pub fn most_s(self, batches_s: impl Iterator<Item = f64>) -> f64 {
        let most_s = self.most().as_secs_f64();
        if let Self::Within(_) = self {
            return most_s;
        }
        let mut batches_s: Vec<f64> = batches_s.collect();
        batches_s.sort_by(f64::total_cmp);
        let median_s = batches_s.get(batches_s.len() / 2).copied().unwrap_or(0.0);
        (BATCHES * median_s).clamp(LEAST.as_secs_f64(), most_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_that_take_as_long_as_they_take_drain_by_three_of_them() {
        let most_s = |batches_s: &[f64]| Draining::ByBatches.most_s(batches_s.iter().copied());
        for (batches_s, want) in [
            // The first one, in which everything is compiled, does not count for the others.
            (&[12.0, 1.5, 1.0][..], 4.5),
            (&[0.1, 0.2, 0.1], 2.0),
            (&[20.0], 30.0),
            (&[], 2.0),
        ] {
            assert!((most_s(batches_s) - want).abs() < 1e-9, "{batches_s:?}: {want} s");
        }
        let within = Draining::Within(Duration::from_secs(5));
        assert!((within.most_s([20.0].into_iter()) - 5.0).abs() < 1e-9, "nor do they elsewhere");
    }
}
