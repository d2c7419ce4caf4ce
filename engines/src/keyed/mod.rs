//! Keyed operators: what happens to the records of a stream that is partitioned by key, below the
//! words of plans and above what either executor does with it.
//!
//! An [`Operator`] is fed one worker's or partition's share of the keys. It is a pure step function
//! of records and watermarks: it reads no clock, draws no random number and gives no answer in the
//! order of a hash map. The per-event engine feeds it what is due and lets it advance at every
//! watermark; the micro-batch engine feeds it what a batch has for the partition and lets it advance
//! once per batch. So both executors run the same operators, and only when the work runs differs.
//!
//! Windows are one such operator, with kernels of their own. Everything else is a [`Logic`]: what is
//! kept of a key, what a record does to that, and when the key is next to have a turn. [`Timed`]
//! makes an operator of it, and knows about event time for all of them.

mod timed;
mod sessions;
mod counted;
mod silences;
mod window_join;
mod interval_join;
#[cfg(test)]
mod tests;

pub(crate) use counted::Counted;
pub(crate) use interval_join::IntervalJoin;
pub(crate) use sessions::Sessions;
pub(crate) use silences::Silences;
#[cfg(any(feature = "micro-batch", test))]
pub(crate) use timed::Logic;
pub(crate) use timed::Timed;
pub(crate) use window_join::WindowJoin;

use crate::dataflow::Key;
use crate::engine::{EngineError, WindowCounts};
use crate::record::{Data, Stamped};
use crate::time::{Moment, Timestamp};

/// Watermarks are clamped to plus and minus this. No window that may hold a record reaches further,
/// even with lateness, so that arithmetic on watermarks cannot overflow.
pub(crate) const WATERMARK_MAX: i64 = 1 << 62;

/// Where an operator's answers go.
pub(crate) trait Out<T> {
    /// Takes one.
    fn emit(&mut self, answer: Stamped<T>);

    /// Whether there is room for some more.
    fn has_room(&mut self) -> bool;
}

/// Takes all that come.
pub(crate) struct Roomy<F>(pub(crate) F);

impl<T, F: FnMut(Stamped<T>)> Out<T> for Roomy<F> {
    #[inline]
    fn emit(&mut self, answer: Stamped<T>) {
        (self.0)(answer);
    }

    fn has_room(&mut self) -> bool {
        true
    }
}

/// What is done to the records of some keys.
pub(crate) trait Operator {
    /// What records are partitioned by.
    type Key: Key;
    /// What is said of a record beside its key.
    type Input: Data;
    /// The answers.
    type Output: Data;

    /// Takes one record. `seen` is how far event time had come where it entered the plan, if that is
    /// known; by that it is judged, wherever this operator stands. Returns whether something is to be
    /// answered at once, by [`Operator::answer_again`].
    fn add(
        &mut self,
        said: (Self::Key, Self::Input),
        time: Timestamp,
        due: Moment,
        seen: Timestamp,
    ) -> bool;

    /// Takes records one after another, all of which entered the plan when event time had come as far
    /// as `seen`, if that is known. Calls `again` whenever something is to be answered at once,
    /// before it takes the next.
    fn add_each<T>(
        &mut self,
        records: &[Stamped<T>],
        seen: Timestamp,
        key: &impl Fn(&T) -> Self::Key,
        input: &impl Fn(&T) -> Self::Input,
        again: impl FnMut(&mut Self),
    );

    /// Gives the answers that records behind event time have changed.
    fn answer_again(&mut self, out: &mut impl Out<Self::Output>) -> Result<(), EngineError>;

    /// Lets event time come as far as `watermark`, for as long as there is room for what is answered.
    /// Returns whether all of it is done; where `out` has no room in between, it is not, and the same
    /// call goes on with it, before which no record may be added.
    fn advance_while(
        &mut self,
        watermark: Timestamp,
        out: &mut impl Out<Self::Output>,
    ) -> Result<bool, EngineError>;

    /// What has happened to the records so far.
    fn counts(&self) -> WindowCounts;
}
