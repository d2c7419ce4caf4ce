//! What a workload is to whoever reads its events.

use super::rejected::RejectedRow;
use super::remark::Remark;
use engines::{ArrivalClock, Data, Moment, Stamped};
use std::hash::Hash;

/// When an event reaches us, and when it set out.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When it is due.
    pub due: Moment,
    /// When it would have been due if no outage had held it up: what its event time counts from.
    pub sent: Moment,
}

impl Arrival {
    /// Of an event that nothing held up.
    pub const fn on_time(due: Moment) -> Self {
        Self { due, sent: due }
    }
}

/// What arrives.
pub trait Workload: Send + Sync + 'static {
    /// What an event holds.
    type Event: Data + Hash;

    /// The n-th event, owed to the engine at `due`. The same for the same arguments, always.
    ///
    /// # Panics
    /// If there is no n-th event, see [`Workload::len`].
    fn event(&self, n: u64, due: Moment) -> Stamped<Self::Event>;

    /// Appends the events number `first`, `first + step` and so on, one for each arrival: the same
    /// as [`Workload::event`] gives one at a time, under one call.
    ///
    /// # Panics
    /// If there is none of such a number.
    fn append(
        &self,
        first: u64,
        step: u64,
        arrivals: &[Arrival],
        into: &mut Vec<Stamped<Self::Event>>,
    ) {
        let numbers = (0..).map(|place: u64| first + place * step);
        into.extend(
            numbers
                .zip(arrivals)
                .map(|(n, arrival)| Stamped { due: arrival.due, ..self.event(n, arrival.sent) }),
        );
    }

    /// After how many events they say the same again; `None` where they never do.
    fn period(&self) -> Option<u64> {
        None
    }

    /// How many events there are; `None` where there is no end.
    fn len(&self) -> Option<u64>;

    /// Whether there is no event at all.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// When the n-th event is due, where the workload has a rhythm of its own: never before the
    /// event ahead of it. `None` where it follows a schedule, and for a number beyond the end.
    fn due(&self, n: u64) -> Option<Moment>;

    /// The event time of what arrives without delay.
    fn arrival_clock(&self) -> ArrivalClock;

    /// What of the input could not be read and was left out.
    fn rejected_rows(&self) -> &[RejectedRow];

    /// What its reader should know before believing what comes of it.
    fn remarks(&self) -> &[Remark] {
        &[]
    }

    /// Where the n-th event was read, in words such as `line 27`; `None` where it was made up.
    fn place(&self, _n: u64) -> Option<String> {
        None
    }

    /// How much time lies between the first event's arrival and the last one's, in microseconds of
    /// the input's own clock, however fast it is played; `None` where events are made up.
    fn span_us(&self) -> Option<u64> {
        None
    }

    /// What the n-th event is about, as a number that stands for its key; `None` where it was made
    /// up.
    fn key_of(&self, _n: u64) -> Option<u64> {
        None
    }

    /// Column headings of an event's [`Workload::cells`].
    fn columns(&self) -> Vec<&'static str>;

    /// The event as text, a cell per column.
    fn cells(&self, event: &Stamped<Self::Event>) -> Vec<String>;
}
