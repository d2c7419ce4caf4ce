//! When answers are due, and what of the input they may miss.
//!
//! Plain data with total methods: whoever lays an input out, surveys it or judges it asks here, and
//! knows none of the kinds. Its arithmetic is written for it alone and shares nothing with that of
//! the engines, since answers are checked by it. Which watermark is in force is not known here.

use engines::{Alignment, SessionSpec, Timestamp, Touch, WindowSpec};

/// When answers are due, and what of the input they may miss.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Each event has an answer, which is final with it, and none is late.
    Event,
    /// An answer is final with the last event in it, and none is late.
    Filled,
    /// Once per window, when event time has passed its end. An event is late for a window that has
    /// fired and is not kept any longer.
    Windows(WindowSpec),
    /// When nothing can come any more that would change it. An event is late that event time has passed by.
    Passed,
    /// Once per session, when event time has passed its end. An event is late that would begin one
    /// which is not kept any longer.
    Sessions(SessionSpec),
}

/// Where an event counts under a watermark, in answers.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Those that hold it where it stands in time.
    pub all: u64,
    /// Of those: it is not too late for them.
    pub open: u64,
    /// Those that hold it by event time.
    pub meant: u64,
    /// Of those: they hold it where it stands, and it is not too late for them.
    pub right: u64,
}

impl Trigger {
    /// Whether answers wait for event time. Where they do not, there is neither lateness nor a
    /// distance from the truth.
    pub const fn waits(&self) -> bool {
        match self {
            Self::Event | Self::Filled => false,
            Self::Windows(_) | Self::Passed | Self::Sessions(_) => true,
        }
    }

    /// The same, of windows that lie like this.
    #[must_use]
    pub const fn aligned(self, alignment: Alignment) -> Self {
        match self {
            Self::Event | Self::Filled | Self::Passed | Self::Sessions(_) => self,
            Self::Windows(spec) => Self::Windows(spec.aligned(alignment)),
        }
    }

    /// Which event an answer is due with, to complete "an answer is due with".
    pub const fn due(&self) -> &'static str {
        match self {
            Self::Event => "the event that it is the answer to",
            Self::Filled => "the event that fills its window",
            Self::Windows(_) => {
                "the first event that carries the watermark past the window's end, were the \
                 watermark to move after every event"
            }
            Self::Passed => {
                "the later event of a pair; what is told of the absence of events, with the first event \
                 that carries the watermark past its end, were the watermark to move after every event"
            }
            Self::Sessions(_) => {
                "the first event that carries the watermark past the session's end, were the \
                 watermark to move after every event"
            }
        }
    }

    /// The last instant at which an answer can be complete under a watermark; see
    /// [`crate::Answer::complete_at`]. `None` where answers wait for none.
    pub fn complete_by(&self, watermark: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Event | Self::Filled => None,
            Self::Windows(spec) => {
                // A window is complete when the watermark reaches its last instant: `end - 1`. The
                // start of the last such window is the last that lies at or before
                // `watermark + 1 - size`.
                let latest = watermark.saturating_add(1).saturating_add(-spec.size());
                let start = Timestamp::from_micros(last_start(spec, latest.as_micros()));
                Some(start.saturating_add(spec.size()))
            }
            // Those end at any time, and the last instant of one that ends then has passed.
            Self::Passed | Self::Sessions(_) => Some(watermark.saturating_add(1)),
        }
    }

    /// Whether an event is too late for one of its answers under a mark. Of sessions: whether one that
    /// it would be in may be over, so that it begins another where it is in time.
    #[inline]
    pub fn misses(&self, event_time: Timestamp, mark: Timestamp) -> bool {
        match self {
            Self::Event | Self::Filled => false,
            Self::Windows(spec) => {
                let passed = |last: Timestamp| last.saturating_add(spec.allowed_lateness()) <= mark;
                // No window of an event ends before it, so one that is ahead of the marks is not
                // late: most need no division to find their first window.
                passed(event_time) && {
                    // The last window that has ended by then, and the one after it.
                    let ended = last_start(spec, event_time.as_micros() - spec.size());
                    let first_end = ended + spec.slide() + spec.size();
                    passed(Timestamp::from_micros(first_end - 1))
                }
            }
            Self::Passed => event_time <= mark,
            Self::Sessions(spec) => {
                let reach = i64::from(spec.touch() == Touch::Merge);
                let kept = event_time.saturating_add(spec.allowed_lateness() - reach);
                kept <= mark
            }
        }
    }

    /// Where an event counts that stands in time at `event_time` and is meant to stand at `meant`;
    /// both are times that an engine accepts.
    #[inline]
    pub fn places(&self, event_time: Timestamp, meant: Timestamp, watermark: Timestamp) -> Places {
        match self {
            Self::Event | Self::Filled => Places::default(),
            Self::Windows(spec) => {
                let all = Starts::holding(spec, event_time);
                // The window that starts at `start` has fired when `start + size - 1 + lateness` is
                // not above the watermark. Where that stops at the lowest number there is, none has
                // fired.
                let fired = watermark
                    .as_micros()
                    .saturating_sub(spec.allowed_lateness())
                    .saturating_sub(spec.size() - 1);
                let open = all.after(fired);
                let meant = if meant == event_time { all } else { Starts::holding(spec, meant) };
                Places {
                    all: all.count(),
                    open: open.count(),
                    meant: meant.count(),
                    right: open.both(meant).count(),
                }
            }
            Self::Passed => {
                let open = u64::from(event_time > watermark);
                let right = if meant == event_time { open } else { 0 };
                Places { all: 1, open, meant: 1, right }
            }
            Self::Sessions(spec) => {
                let open = u64::from(!ends_by(spec, event_time, watermark));
                let right = if meant == event_time { open } else { 0 };
                Places { all: 1, open, meant: 1, right }
            }
        }
    }

    /// How long an answer is kept after it was given, in microseconds, so that an event still finds
    /// it; zero where it is not.
    pub const fn allowed_lateness_us(&self) -> i64 {
        match self {
            Self::Event | Self::Filled | Self::Passed => 0,
            Self::Windows(spec) => spec.allowed_lateness(),
            Self::Sessions(spec) => spec.allowed_lateness(),
        }
    }
}

/// Whether a session of one event at this time is not kept any longer under a watermark: its end
/// and what is allowed after it lie at most an instant ahead.
#[inline]
const fn ends_by(spec: &SessionSpec, event_time: Timestamp, watermark: Timestamp) -> bool {
    let kept_until = event_time.as_micros() + spec.gap() + spec.allowed_lateness();
    kept_until - 1 <= watermark.as_micros()
}

/// The start of the last window that starts at or before `time`.
#[inline]
const fn last_start(spec: &WindowSpec, time: i64) -> i64 {
    // From a window's start to its edge that stands at a multiple of the slide.
    let to_edge = match spec.alignment() {
        Alignment::Starts => 0,
        Alignment::Ends => spec.size(),
    };
    (time + to_edge).div_euclid(spec.slide()) * spec.slide() - to_edge
}

/// The windows whose starts lie in a range.
#[derive(Copy, Clone, Debug)]
struct Starts {
    spec: WindowSpec,
    /// First and last start, inclusive; none if the first is above the last.
    first: i64,
    last: i64,
}

impl Starts {
    /// Those that hold an instant that an engine accepts: starts in `(time - size, time]`.
    #[inline]
    fn holding(spec: &WindowSpec, time: Timestamp) -> Self {
        let time = time.as_micros();
        let last = last_start(spec, time);
        let tumbles = spec.size() == spec.slide();
        let first =
            if tumbles { last } else { last_start(spec, time - spec.size()) + spec.slide() };
        Self { spec: *spec, first, last }
    }

    /// Of these, those that start after `limit`.
    #[inline]
    fn after(self, limit: i64) -> Self {
        if limit < self.first {
            return self;
        }
        if limit >= self.last {
            return Self { first: self.last + self.spec.slide(), ..self };
        }
        Self { first: last_start(&self.spec, limit) + self.spec.slide(), ..self }
    }

    #[inline]
    fn both(self, other: Self) -> Self {
        Self { first: self.first.max(other.first), last: self.last.min(other.last), ..self }
    }

    #[inline]
    fn count(self) -> u64 {
        match self.last - self.first {
            0 => 1,
            span if span < 0 => 0,
            span => (span / self.spec.slide() + 1).unsigned_abs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn us(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    /// The starts of all windows around zero.
    fn starts(slide: i64, to_edge: i64) -> impl Iterator<Item = i64> + Clone {
        (-200..200).map(move |n| n * slide - to_edge)
    }

    #[test]
    fn sessions_trigger_as_they_are_defined() {
        let spec = SessionSpec::new(10).unwrap();
        let trigger = Trigger::Sessions(spec);
        assert_eq!(trigger.complete_by(us(19)), Some(us(20)), "[10, 20) is over with 19");
        for (time, watermark, is_late) in [(5, 13, false), (5, 14, true), (6, 14, false)] {
            let places = trigger.places(us(time), us(time), us(watermark));
            let open = u64::from(!is_late);
            assert_eq!(places, Places { all: 1, open, meant: 1, right: open });
        }
        // A session that ends at 15 is over with 14, and an event at 14 would have been in it.
        assert!(trigger.misses(us(14), us(14)) && !trigger.misses(us(15), us(14)));
        let merging = Trigger::Sessions(spec.touching(Touch::Merge));
        assert!(merging.misses(us(15), us(14)) && !merging.misses(us(16), us(14)));
        let patient = Trigger::Sessions(spec.with_allowed_lateness(7).unwrap());
        assert!(!patient.misses(us(8), us(14)) && patient.misses(us(7), us(14)));
        assert_eq!(patient.places(us(0), us(0), us(15)).open, 1);
        assert_eq!(patient.places(us(0), us(0), us(16)).open, 0);
    }

    proptest! {
        /// Word by word: look at every window there is.
        #[test]
        fn windows_trigger_as_they_are_defined(
            size in 1_i64..20,
            slide in 1_i64..20,
            lateness in 0_i64..10,
            time in -50_i64..50,
            meant in -50_i64..50,
            watermark in -60_i64..60,
            ends in any::<bool>(),
        ) {
            let spec = WindowSpec::sliding(size, slide).unwrap();
            let alignment = if ends { Alignment::Ends } else { Alignment::Starts };
            let starts = || starts(slide, if ends { size } else { 0 });
            let trigger = Trigger::Windows(spec.with_allowed_lateness(lateness).unwrap());
            let trigger = trigger.aligned(alignment);
            let holds = |start: &i64, time: i64| (*start..start + size).contains(&time);
            let is_open = |start: &i64| start + size - 1 + lateness > watermark;
            let all = starts().filter(|start| holds(start, time));
            let right = all.clone().filter(|start| is_open(start) && holds(start, meant));
            let want = Places {
                all: all.clone().count() as u64,
                open: all.clone().filter(is_open).count() as u64,
                meant: starts().filter(|start| holds(start, meant)).count() as u64,
                right: right.count() as u64,
            };
            prop_assert_eq!(trigger.places(us(time), us(meant), us(watermark)), want);
            if want.all > 0 {
                prop_assert_eq!(trigger.misses(us(time), us(watermark)), want.open < want.all);
            }
            let complete = starts().map(|start| start + size);
            let complete = complete.filter(|end| end - 1 <= watermark).max();
            prop_assert_eq!(trigger.complete_by(us(watermark)), complete.map(us));
        }
    }

    #[test]
    fn what_event_time_has_passed_by_is_late() {
        let trigger = Trigger::Passed;
        assert!(trigger.waits() && trigger.misses(us(5), us(5)) && !trigger.misses(us(6), us(5)));
        assert_eq!(trigger.complete_by(us(5)), Some(us(6)));
        let open = Places { all: 1, open: 1, meant: 1, right: 1 };
        assert_eq!(trigger.places(us(6), us(6), us(5)), open);
        assert_eq!(trigger.places(us(6), us(9), us(5)), Places { right: 0, ..open });
        assert_eq!(trigger.places(us(5), us(5), us(5)), Places { open: 0, right: 0, ..open });
    }

    #[test]
    fn what_waits_for_no_time_misses_nothing() {
        for trigger in [Trigger::Event, Trigger::Filled] {
            let late = us(i64::MAX);
            assert!(!trigger.waits());
            assert!(!trigger.misses(us(0), late));
            assert_eq!(trigger.complete_by(late), None);
            assert_eq!(trigger.places(us(0), us(0), late), Places::default());
        }
    }
}
