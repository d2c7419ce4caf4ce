//! Windows over batches as an engine really cut them.
//!
//! What arrived in a batch belongs to it, whatever its event time, as with the embedded engine's
//! windows over batches; but these batches end when the wall clock says so, and which events each
//! holds is decided while they run, so the engine has to tell both. Everything is moved to the scale of
//! event time, on which a run's clock and the wall clock differ by where they begin.

use super::cuts::Cuts;
use engines::Timestamp;

/// From the wall clock, at whose multiples of an interval batches end, to event time.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scale {
    /// The end of some batch, in milliseconds since the epoch.
    at_ms: i64,
    /// How much event time has passed then since the run's start, in microseconds.
    passed_us: i64,
    /// How long a batch is, in milliseconds of the clock and in microseconds of event time.
    interval_ms: i64,
    interval_us: i64,
}

impl Scale {
    /// Of batches of `interval_ms` in a run that began when the wall clock was at `start_us`, in
    /// microseconds since the epoch, and in a second of which so many microseconds of event time
    /// pass.
    pub fn new(start_us: i64, interval_ms: i64, micros_per_second: i64) -> Self {
        let interval_ms = interval_ms.max(1);
        let at_ms = start_us.div_euclid(interval_ms * 1_000) * interval_ms;
        let event_us = |micros: i64| {
            let event = i128::from(micros) * i128::from(micros_per_second) / 1_000_000;
            i64::try_from(event).unwrap_or(i64::MAX)
        };
        Self {
            at_ms,
            passed_us: -event_us(start_us - at_ms * 1_000),
            interval_ms,
            interval_us: event_us(interval_ms * 1_000),
        }
    }

    /// How much event time has passed since the run's start when a batch ends then; none where none
    /// does.
    pub fn passed_us(&self, end_ms: i64) -> Option<i64> {
        let apart = end_ms.checked_sub(self.at_ms)?;
        (apart % self.interval_ms == 0)
            .then(|| apart / self.interval_ms)?
            .checked_mul(self.interval_us)?
            .checked_add(self.passed_us)
    }

    /// The same as a point of event time, for a time in microseconds and a run that began at
    /// `origin`.
    pub fn event_time(&self, end_us: i64, origin: Timestamp) -> Option<Timestamp> {
        let passed = (end_us % 1_000 == 0).then(|| self.passed_us(end_us / 1_000))??;
        Some(origin.saturating_add(passed))
    }
}

/// Batches as an engine cut them, and when it says that they ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OverCuts {
    pub(super) cuts: Cuts,
    /// For each batch its end, in milliseconds since the epoch, if the engine says so.
    ends_ms: Vec<Option<i64>>,
    scale: Scale,
}

impl OverCuts {
    /// These batches, on this scale.
    pub const fn new(cuts: Cuts, ends_ms: Vec<Option<i64>>, scale: Scale) -> Self {
        Self { cuts, ends_ms, scale }
    }

    /// The end of the first batch, from which windows are counted: one ends a slide after its
    /// beginning.
    fn first_ms(&self) -> i64 {
        self.ends_ms.first().copied().flatten().unwrap_or(self.scale.at_ms)
    }

    /// Where the first batch begins, as event time since the run's start in microseconds.
    pub(super) fn begins_us(&self) -> i64 {
        self.scale.passed_us(self.first_ms()).unwrap_or(0).saturating_sub(self.scale.interval_us)
    }

    /// Where a batch begins, as event time since the first one did.
    pub(super) fn begin_of(&self, batch: usize) -> Timestamp {
        let end_ms = self.ends_ms.get(batch).copied().flatten().unwrap_or(0);
        let batches = end_ms.saturating_sub(self.first_ms()) / self.scale.interval_ms.max(1);
        Timestamp::from_micros(batches.saturating_mul(self.scale.interval_us))
    }

    /// What is wrong with what an engine says of its batches, which was given so many events.
    pub(super) fn wrong(&self, given: u64) -> Vec<String> {
        self.wrong_end().into_iter().chain(self.cuts.wrong_reach(given)).collect()
    }

    /// What is wrong with when the batches are said to have ended, if something is.
    fn wrong_end(&self) -> Option<String> {
        let mut before: Option<i64> = None;
        for (batch, end) in self.ends_ms.iter().enumerate() {
            let Some(end) = *end else {
                return Some(format!("batch {batch}: its time was not told"));
            };
            let interval = self.scale.interval_ms;
            let is_right = match before {
                Some(before) => end.checked_sub(before) == Some(interval),
                None => self.scale.passed_us(end).is_some(),
            };
            if !is_right {
                let before = before.map_or("none".to_owned(), |before| before.to_string());
                return Some(format!(
                    "batch {batch}: it ended at {end} ms as told, and the one before at {before}, \
                     where one ends every {interval} ms"
                ));
            }
            before = Some(end);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_is_moved_to_where_the_run_began() {
        // Batches of 100 ms, each a second of event time; the run began 30 ms into one.
        let scale = Scale::new(1_700_000_000_030_000, 100, 10_000_000);
        assert_eq!(scale.passed_us(1_700_000_000_000), Some(-300_000));
        assert_eq!(scale.passed_us(1_700_000_000_100), Some(700_000));
        assert_eq!(scale.passed_us(1_699_999_999_900), Some(-1_300_000));
        assert_eq!(scale.passed_us(1_700_000_000_150), None, "no batch ends there");
        let origin = Timestamp::from_micros(5);
        let at = |us: i64| scale.event_time(us, origin).map(Timestamp::as_micros);
        assert_eq!(at(1_700_000_000_100_000), Some(700_005));
        assert_eq!(at(1_700_000_000_100_001), None);
        assert_eq!(at(i64::MAX - 807), None, "beyond what can be counted");
    }

    fn batches(ends_ms: &[Option<i64>]) -> OverCuts {
        let mut cuts = Cuts::new(0);
        for until in 0..ends_ms.len() {
            cuts.add(vec![until as u64], None).unwrap();
        }
        OverCuts::new(cuts, ends_ms.to_vec(), Scale::new(1_050_000, 100, 1_000_000))
    }

    #[test]
    fn batches_begin_where_the_one_before_ends() {
        let over = batches(&[Some(900), Some(1_000), Some(1_100)]);
        assert_eq!(over.wrong_end(), None);
        assert_eq!(over.begins_us(), -250_000, "the run began at 1050 ms");
        assert_eq!([0, 1, 2].map(|n| over.begin_of(n).as_micros()), [0, 100_000, 200_000]);
    }

    #[test]
    fn batches_that_end_at_other_times_than_they_can_are_told() {
        for (ends, says) in [
            (&[Some(900), None][..], "batch 1: its time was not told"),
            (&[Some(950)], "batch 0: it ended at 950 ms as told, and the one before at none"),
            (&[Some(900), Some(1_100)], "batch 1: it ended at 1100 ms as told, and the one before"),
            (&[Some(900), Some(900)], "where one ends every 100 ms"),
            (&[Some(900), Some(i64::MIN)], "batch 1"),
        ] {
            let told = batches(ends).wrong_end().unwrap();
            assert!(told.contains(says), "{told}");
        }
        // Whatever they are said to be, nothing goes beyond its bounds.
        for end in [i64::MIN, i64::MAX] {
            let over = batches(&[Some(900), Some(end)]);
            let _ = (over.begin_of(1), over.begins_us());
            let over = batches(&[Some(end), Some(900)]);
            let _ = (over.begin_of(1), over.begins_us());
        }
    }
}
