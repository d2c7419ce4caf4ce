//! Cutting time into windows, and windows into panes.
//!
//! A window is `[start, end)`. Windows over event time start at the multiples of their slide, also
//! before the epoch; windows over batches end there, see [`Alignment`]. A pane is the longest
//! stretch that no window edge cuts: the greatest common divisor of size and slide, so that every
//! window is a whole number of panes (Li et al., "No Pane, No Gain", SIGMOD Record 2005). Window
//! assignment is the same under both executors, so that only when the work runs differs.

use crate::time::Timestamp;
use std::fmt;

/// A stretch of event time, `[start, end)`.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct Window {
    /// The first instant inside.
    pub start: Timestamp,
    /// The first instant after.
    pub end: Timestamp,
}

impl Window {
    /// The last instant inside: a window is complete when the watermark reaches it.
    #[inline]
    pub const fn last_instant(self) -> Timestamp {
        Timestamp::from_micros(self.end.as_micros() - 1)
    }
}

/// Which edge of every window stands at a multiple of the slide. It is all the same where the slide
/// divides the size.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug, Default)]
pub enum Alignment {
    /// Its start: windows over event time, as Flink and Structured Streaming have them.
    #[default]
    Starts,
    /// Its end: windows over batches, as Spark's `DStream`s have them. A window is asked for every
    /// so many batches, and holds those that came last.
    Ends,
}

/// How a question cuts time. All lengths in microseconds.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub struct WindowSpec {
    size: i64,
    slide: i64,
    allowed_lateness: i64,
    alignment: Alignment,
}

/// The longest window, slide or lateness: about 36,000 years.
pub(crate) const LENGTH_MAX: i64 = 1 << 60;

/// A window that cannot be.
#[derive(Copy, Clone, Eq, PartialEq, Debug, thiserror::Error)]
pub enum WindowError {
    /// Size, slide or gap is not positive, or lateness is negative.
    #[error("a window's {what} must be at least {least} µs, not {got} µs")]
    TooShort {
        /// Which length.
        what: &'static str,
        /// The shortest allowed, in microseconds.
        least: i64,
        /// What was asked for, in microseconds.
        got: i64,
    },
    /// Longer than about 36,000 years.
    #[error("a window's {what} of {got} µs is longer than any stream")]
    TooLong {
        /// Which length.
        what: &'static str,
        /// What was asked for, in microseconds.
        got: i64,
    },
}

impl WindowSpec {
    /// Windows that follow one another without overlap.
    pub fn tumbling(size_us: i64) -> Result<Self, WindowError> {
        Self::sliding(size_us, size_us)
    }

    /// Windows of `size_us` that start every `slide_us`. A slide longer than the size leaves
    /// gaps: events in a gap belong to no window.
    pub fn sliding(size_us: i64, slide_us: i64) -> Result<Self, WindowError> {
        for (what, least, got) in [("size", 1, size_us), ("slide", 1, slide_us)] {
            if got < least {
                return Err(WindowError::TooShort { what, least, got });
            }
            if got > LENGTH_MAX {
                return Err(WindowError::TooLong { what, got });
            }
        }
        Ok(Self {
            size: size_us,
            slide: slide_us,
            allowed_lateness: 0,
            alignment: Alignment::Starts,
        })
    }

    /// The same windows, kept for `lateness_us` after they have fired: an event that comes
    /// within that time still counts, and the answer is given again.
    pub fn with_allowed_lateness(self, lateness_us: i64) -> Result<Self, WindowError> {
        if lateness_us < 0 {
            return Err(WindowError::TooShort {
                what: "allowed lateness",
                least: 0,
                got: lateness_us,
            });
        }
        if lateness_us > LENGTH_MAX {
            return Err(WindowError::TooLong { what: "allowed lateness", got: lateness_us });
        }
        Ok(Self { allowed_lateness: lateness_us, ..self })
    }

    /// Windows of the same lengths that lie like this.
    #[must_use]
    pub const fn aligned(self, alignment: Alignment) -> Self {
        Self { alignment, ..self }
    }

    /// Which of their edges stand at multiples of the slide.
    pub const fn alignment(&self) -> Alignment {
        self.alignment
    }

    /// By how much windows start after a multiple of the slide, in microseconds: less than a
    /// slide, and a whole number of panes.
    #[inline]
    pub const fn offset(&self) -> i64 {
        match self.alignment {
            Alignment::Starts => 0,
            Alignment::Ends => (-self.size).rem_euclid(self.slide),
        }
    }

    /// Length of a window, in microseconds.
    pub const fn size(&self) -> i64 {
        self.size
    }

    /// From one window's start to the next, in microseconds.
    pub const fn slide(&self) -> i64 {
        self.slide
    }

    /// How long a window is kept after it has fired, in microseconds.
    pub const fn allowed_lateness(&self) -> i64 {
        self.allowed_lateness
    }

    /// Length of a pane, in microseconds.
    pub const fn pane(&self) -> i64 {
        let (mut a, mut b) = (self.size, self.slide);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    }

    /// The window that starts at `start`.
    #[inline]
    pub const fn window_at(&self, start: i64) -> Window {
        Window {
            start: Timestamp::from_micros(start),
            end: Timestamp::from_micros(start + self.size),
        }
    }

    /// The start of the last window that starts at or before `time`. It holds `time` unless
    /// `time` lies in a gap.
    #[inline]
    pub const fn last_start_at(&self, time: i64) -> i64 {
        let offset = self.offset();
        (time - offset).div_euclid(self.slide) * self.slide + offset
    }

    /// The start of the first window whose end lies after `time`. It holds `time` unless
    /// `time` lies in a gap.
    #[inline]
    pub const fn first_start_after(&self, time: i64) -> i64 {
        // The first start that is greater than `time - size`.
        self.last_start_at(time - self.size) + self.slide
    }

    /// The first watermark after `watermark` that changes anything for such windows: one of them is
    /// complete then, or closed, where lateness has kept it. All watermarks before it are the same
    /// to them as `watermark`.
    pub fn next_turn(&self, watermark: Timestamp) -> Timestamp {
        // No window that may hold a record reaches further, even with lateness.
        let watermark = watermark.as_micros().clamp(-(1 << 62), 1 << 62);
        let next_end = |after: i64| {
            let last_complete = self.last_start_at(after + 1 - self.size);
            last_complete + self.slide + self.size - 1
        };
        let lateness = self.allowed_lateness;
        let complete = next_end(watermark);
        let closed = next_end(watermark - lateness) + lateness;
        Timestamp::from_micros(complete.min(closed))
    }
}

/// A length in microseconds, in the largest unit that it is a whole number of.
pub(crate) fn span(us: i64) -> String {
    match us {
        us if us % 3_600_000_000 == 0 => format!("{}h", us / 3_600_000_000),
        us if us % 60_000_000 == 0 => format!("{}min", us / 60_000_000),
        us if us % 1_000_000 == 0 => format!("{}s", us / 1_000_000),
        us if us % 1_000 == 0 => format!("{}ms", us / 1_000),
        us => format!("{us}us"),
    }
}

impl fmt::Display for WindowSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.size == self.slide {
            write!(f, "tumbling {}", span(self.size))?;
        } else {
            write!(f, "sliding {} by {}", span(self.size), span(self.slide))?;
        }
        if self.allowed_lateness > 0 {
            write!(f, ", lateness {}", span(self.allowed_lateness))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn starts(size: i64, slide: i64, time: i64, want: &[i64]) {
        starts_of(WindowSpec::sliding(size, slide).unwrap(), time, want);
    }

    #[track_caller]
    fn starts_of(spec: WindowSpec, time: i64, want: &[i64]) {
        let (size, slide) = (spec.size(), spec.slide());
        let (first, last) = (spec.first_start_after(time), spec.last_start_at(time));
        let got: Vec<i64> = (0..1_000)
            .map(|n| first + n * slide)
            .take_while(|start| *start <= last)
            .filter(|start| *start <= time)
            .filter(|start| time < start + size)
            .collect();
        assert_eq!(got, want, "windows of {size} by {slide} that hold {time}");
    }

    #[test]
    fn an_event_on_the_edge_opens_the_next_window() {
        starts(10, 10, 9, &[0]);
        starts(10, 10, 10, &[10]);
    }

    #[test]
    fn sliding_windows_overlap() {
        starts(30, 10, 25, &[0, 10, 20]);
        starts(30, 10, 30, &[10, 20, 30]);
    }

    #[test]
    fn windows_before_the_epoch_are_floored_too() {
        starts(10, 10, -1, &[-10]);
        starts(30, 10, -25, &[-50, -40, -30]);
    }

    #[test]
    fn an_event_in_a_gap_belongs_to_no_window() {
        starts(5, 10, 3, &[0]);
        starts(5, 10, 7, &[]);
    }

    #[test]
    fn windows_that_end_at_multiples_of_the_slide_hold_what_came_last() {
        let of = |size, slide| WindowSpec::sliding(size, slide).unwrap().aligned(Alignment::Ends);
        // Three by two: [-1, 2), [1, 4), [3, 6).
        starts_of(of(3, 2), 0, &[-1]);
        starts_of(of(3, 2), 1, &[-1, 1]);
        starts_of(of(3, 2), 3, &[1, 3]);
        // Two by three: [1, 3), [4, 6), and gaps at 0 and 3.
        starts_of(of(2, 3), 0, &[]);
        starts_of(of(2, 3), 2, &[1]);
        starts_of(of(2, 3), 3, &[]);
        starts_of(of(2, 3), -1, &[-2]);
        // Where the slide divides the size there is no difference.
        starts_of(of(30, 10), 25, &[0, 10, 20]);
    }

    proptest! {
        #[test]
        fn watermarks_turn_something_where_a_window_ends_or_is_closed(
            size in 1_i64..30,
            slide in 1_i64..30,
            lateness in prop_oneof![Just(0_i64), 1_i64..40],
            alignment in prop_oneof![Just(Alignment::Starts), Just(Alignment::Ends)],
            watermark in -100_i64..100,
        ) {
            let spec = WindowSpec::sliding(size, slide)
                .and_then(|spec| spec.with_allowed_lateness(lateness))
                .unwrap()
                .aligned(alignment);
            // By the definition: the windows that are complete, and those that are closed.
            let stand = |watermark: i64| {
                let starts = (-200..200).map(|n| n * slide + spec.offset());
                let last = |start: i64| spec.window_at(start).last_instant().as_micros();
                let complete = starts.clone().filter(|start| last(*start) <= watermark).count();
                (complete, starts.filter(|start| last(*start) + lateness <= watermark).count())
            };
            let turn = spec.next_turn(Timestamp::from_micros(watermark)).as_micros();
            prop_assert!(turn > watermark);
            prop_assert_eq!(stand(turn - 1), stand(watermark));
            prop_assert_ne!(stand(turn), stand(watermark));
        }
    }

    #[test]
    fn at_the_ends_of_time_the_next_turn_is_some_time() {
        let spec = WindowSpec::sliding(LENGTH_MAX, LENGTH_MAX - 1)
            .and_then(|spec| spec.with_allowed_lateness(LENGTH_MAX))
            .unwrap();
        assert!(spec.next_turn(Timestamp::BEFORE_ALL) < Timestamp::EARLIEST);
        assert!(spec.next_turn(Timestamp::AFTER_ALL) > Timestamp::LATEST);
    }

    #[test]
    fn a_pane_is_the_greatest_common_divisor() {
        assert_eq!(WindowSpec::sliding(60, 8).unwrap().pane(), 4);
        assert_eq!(WindowSpec::tumbling(7).unwrap().pane(), 7);
    }

    #[test]
    fn lengths_are_checked() {
        assert!(WindowSpec::tumbling(0).is_err());
        assert!(WindowSpec::sliding(1, -1).is_err());
        assert!(WindowSpec::tumbling(i64::MAX).is_err());
        assert!(WindowSpec::tumbling(1).unwrap().with_allowed_lateness(-1).is_err());
    }
}
