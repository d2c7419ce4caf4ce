//! What flows along an edge: a value, when it happened, and when it was due.

use crate::time::{Moment, Timestamp};

/// Anything a stream can carry. Engines move values between threads and, in the micro-batch
/// engine, compute them again from their lineage; so they are cloned and shared.
pub trait Data: Clone + Send + Sync + 'static {}
impl<T: Clone + Send + Sync + 'static> Data for T {}

/// A value with its two times: when it happened, and when the engine should have had it.
///
/// For an answer, `event_time` is the last instant of its window and `due` belongs to the
/// latest-due event that contributed to it.
#[derive(Copy, Clone, Eq, PartialEq, Debug)]
pub struct Stamped<T> {
    /// When it happened, according to the data.
    pub event_time: Timestamp,
    /// When it should have reached the engine.
    pub due: Moment,
    /// What happened.
    pub value: T,
}

impl<T> Stamped<T> {
    /// The same times around another value.
    #[inline]
    pub fn with<U>(&self, value: U) -> Stamped<U> {
        Stamped { event_time: self.event_time, due: self.due, value }
    }
}
