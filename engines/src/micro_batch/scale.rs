//! Batches as a measure of time.
//!
//! What lies in a batch is not known here; what has no exact edges is refused.

use crate::clock::ArrivalClock;
use crate::engine::EngineError;
use crate::time::Timestamp;
use crate::window::{Alignment, WindowSpec};

/// How long a batch is, for windows over batches.
#[derive(Copy, Clone, Debug)]
pub(super) struct Scale {
    /// The time of the data at the run's start, in microseconds.
    pub(super) origin_us: i64,
    /// How much time of the data passes in a batch interval, in microseconds.
    interval_us: i64,
}

impl Scale {
    pub(super) fn new(clock: ArrivalClock, interval_ns: u64) -> Result<Self, EngineError> {
        let scaled = i128::from(interval_ns) * i128::from(clock.micros_per_second);
        let length_us = i64::try_from(scaled / 1_000_000_000).unwrap_or(i64::MAX);
        if scaled % 1_000_000_000 != 0 || !(1..=1 << 60).contains(&length_us) {
            return Err(EngineError::Unsupported(format!(
                "windows over batches need a batch interval of whole microseconds of event time: \
                 {interval_ns} ns at {} µs of event time per second are not; choose another \
                 interval, or windows over event time",
                clock.micros_per_second
            )));
        }
        if !clock.origin.is_acceptable() {
            return Err(EngineError::Unsupported(format!(
                "windows over batches cannot begin at {} µs, a time that no event may have",
                clock.origin.as_micros()
            )));
        }
        Ok(Self { origin_us: clock.origin.as_micros(), interval_us: length_us })
    }

    /// Such windows, put together of whole batches: they end every slide since the run's start.
    pub(super) fn windows(self, window: WindowSpec) -> Result<WindowSpec, EngineError> {
        for (what, length_us) in [("size", window.size()), ("slide", window.slide())] {
            if length_us % self.interval_us != 0 {
                return Err(EngineError::Unsupported(format!(
                    "a window's {what} of {length_us} µs is not a multiple of the batch interval, \
                     which is {} µs of event time: change one of them, or use windows over event \
                     time",
                    self.interval_us
                )));
            }
        }
        Ok(window.aligned(Alignment::Ends))
    }

    /// When batch `index` began, in microseconds of event time since the run's start.
    pub(super) fn start_of(self, index: u64) -> Timestamp {
        let passed = i128::from(index) * i128::from(self.interval_us);
        let latest = Timestamp::LATEST.as_micros();
        Timestamp::from_micros(i64::try_from(passed).map_or(latest, |passed| passed.min(latest)))
    }

    /// The first batch from `index` on whose end is the end of some window.
    pub(super) fn next_end(self, window: &WindowSpec, index: u64) -> u64 {
        let slide = u64::try_from(window.slide() / self.interval_us).unwrap_or(1);
        let behind = index.saturating_add(1) % slide;
        index.saturating_add(if behind == 0 { 0 } else { slide - behind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn ends(size: i64, slide: i64, index: u64, want: u64) {
        let scale = Scale { origin_us: 0, interval_us: 10 };
        let window = WindowSpec::sliding(size, slide).unwrap();
        assert_eq!(scale.next_end(&window, index), want, "{size} by {slide} from batch {index}");
    }

    #[test]
    fn windows_end_with_batches() {
        ends(10, 10, 0, 0);
        ends(10, 10, 5, 5);
        ends(30, 10, 4, 4);
        // A window of three batches every two ends after batches 1, 3, 5…
        ends(30, 20, 0, 1);
        ends(30, 20, 1, 1);
        ends(30, 20, 2, 3);
        // A window of one batch every three ends after batches 2, 5, 8…
        ends(10, 30, 1, 2);
        ends(10, 30, 3, 5);
        ends(60, 60, 1, 5);
    }

    #[test]
    fn an_interval_is_whole_microseconds_of_event_time() {
        let clock = |micros_per_second| ArrivalClock {
            origin: Timestamp::from_micros(-5),
            micros_per_second,
        };
        assert_eq!(Scale::new(clock(1_000_000), 1_000).unwrap().interval_us, 1);
        assert_eq!(Scale::new(clock(60_000_000), 1_000_000_000).unwrap().interval_us, 60_000_000);
        assert!(Scale::new(clock(1_000_000), 1_500).is_err());
        assert!(Scale::new(clock(0), 1_000).is_err());
        assert!(Scale::new(clock(-1_000_000), 1_000).is_err());
        let scale = Scale::new(clock(1_000_000), 1_000_000).unwrap();
        let error = scale.windows(WindowSpec::sliding(3_000, 1_500).unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a window's slide of 1500 µs is not a multiple of the batch interval, which is 1000 \
             µs of event time: change one of them, or use windows over event time"
        );
    }
}
