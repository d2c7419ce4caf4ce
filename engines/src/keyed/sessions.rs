//! Sessions of a key: a record joins those that its own window reaches, and makes them one.

use super::Out;
use super::timed::Logic;
use crate::aggregate::Aggregate;
use crate::dataflow::{Key, Windowed};
use crate::engine::{EngineError, WindowCounts};
use crate::panes::Accumulator;
use crate::record::Stamped;
use crate::session::{LateBy, SessionSpec, Touch};
use crate::time::Timestamp;
use crate::window::Window;
use std::marker::PhantomData;
use std::ops::Range;

/// An aggregate of each session of each key.
pub(crate) struct Sessions<K, A> {
    spec: SessionSpec,
    aggregate: A,
    of: PhantomData<fn() -> K>,
}

impl<K, A> Sessions<K, A> {
    pub(crate) const fn new(spec: SessionSpec, aggregate: A) -> Self {
        Self { spec, aggregate, of: PhantomData }
    }
}

impl<K, A: Clone> Clone for Sessions<K, A> {
    fn clone(&self) -> Self {
        Self::new(self.spec, self.aggregate.clone())
    }
}

/// A session that is not over.
#[derive(Clone)]
pub(crate) struct Session<P> {
    /// When its first own window starts and its last one ends, in microseconds.
    start: i64,
    end: i64,
    so_far: Accumulator<P>,
    /// Whether it was answered as it is.
    is_answered: bool,
}

impl<K: Key, A: Aggregate> Sessions<K, A> {
    /// From this watermark on, nothing joins a session that ends there; in microseconds.
    const fn over_at(&self, end: i64) -> i64 {
        end - 1 + self.spec.allowed_lateness()
    }

    /// Which of a key's sessions an own window reaches. They lie apart and in order.
    fn reached(&self, sessions: &[Session<A::Partial>], own: Window) -> Range<usize> {
        let (start, end) = (own.start.as_micros(), own.end.as_micros());
        // Where those that touch are one, it is as if they were an instant longer.
        let more = i64::from(self.spec.touch() == Touch::Merge);
        let first = sessions.partition_point(|session| session.end + more <= start);
        let more = sessions[first..].partition_point(|session| session.start < end + more);
        first..first + more
    }
}

impl<K: Key, A: Aggregate> Logic for Sessions<K, A> {
    type Key = K;
    type Input = A::Input;
    type Output = Windowed<K, A::Output>;
    type State = Vec<Session<A::Partial>>;

    const NAME: &'static str = "sessions";

    #[inline]
    fn is_late(&self, time: Timestamp, watermark: i64) -> bool {
        self.spec.decides_late() == LateBy::OwnWindow
            && self.over_at(self.spec.own_window(time).end.as_micros()) <= watermark
    }

    fn on_record(
        &self,
        sessions: &mut Self::State,
        record: Stamped<A::Input>,
        watermark: i64,
        counts: &mut WindowCounts,
    ) {
        let own = self.spec.own_window(record.event_time);
        let (start, end) = (own.start.as_micros(), own.end.as_micros());
        let reached = self.reached(sessions, own);
        let at = reached.start;
        if reached.is_empty() {
            if self.over_at(end) <= watermark {
                counts.late += 1;
                counts.missed_windows += 1;
                return;
            }
            let so_far = Accumulator::empty(self.aggregate.empty());
            if sessions.is_empty() {
                // Most keys have one session at a time.
                sessions.reserve_exact(1);
            }
            sessions.insert(at, Session { start, end, so_far, is_answered: false });
        }
        counts.accepted += 1;
        // What the record joins lies in a row; the first of them becomes all of them.
        let (first, others) =
            sessions[at..reached.end.max(at + 1)].split_first_mut().expect("there is one by now");
        for other in &*others {
            first.end = other.end;
            first.so_far.combine(&self.aggregate, &other.so_far);
            counts.combine_steps += 1;
        }
        first.start = first.start.min(start);
        first.end = first.end.max(end);
        first.so_far.add(&self.aggregate, record.due, &record.value);
        first.is_answered = false;
        counts.longest_us = counts.longest_us.max(first.end.abs_diff(first.start));
        if reached.len() > 1 {
            sessions.drain(at + 1..reached.end);
        }
    }

    fn on_turn(
        &self,
        key: &K,
        sessions: &mut Self::State,
        watermark: i64,
        out: &mut impl Out<Self::Output>,
    ) -> Result<(), EngineError> {
        for session in &mut *sessions {
            if session.is_answered || session.end - 1 > watermark {
                continue;
            }
            let window = Window {
                start: Timestamp::from_micros(session.start),
                end: Timestamp::from_micros(session.end),
            };
            let value = self.aggregate.lower(&session.so_far.partial).map_err(|cause| {
                EngineError::Aggregate { key: format!("{key:?}"), window, cause }
            })?;
            session.is_answered = true;
            out.emit(Stamped {
                event_time: window.last_instant(),
                due: session.so_far.due(),
                value: Windowed { window, key: key.clone(), value },
            });
        }
        sessions.retain(|session| self.over_at(session.end) > watermark);
        Ok(())
    }

    fn next_turn(&self, sessions: &Self::State) -> Option<i64> {
        let turn = |session: &Session<_>| {
            if session.is_answered { self.over_at(session.end) } else { session.end - 1 }
        };
        sessions.iter().map(turn).min()
    }

    fn kept(&self, sessions: &Self::State) -> u64 {
        sessions.len() as u64
    }
}
