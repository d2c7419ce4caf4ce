//! Silences of a key: a process with state, a timer in event time and a time to live.
//!
//! Records wait until event time has come to them, so that they have their turn in its order.

use super::Out;
use super::timed::Logic;
use crate::aggregate::Aggregate;
use crate::dataflow::{Key, Windowed};
use crate::engine::{EngineError, WindowCounts};
use crate::panes::Accumulator;
use crate::record::Stamped;
use crate::silence::SilenceSpec;
use crate::time::Timestamp;
use crate::window::Window;
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// An aggregate of what was heard of each key before it fell silent.
pub(crate) struct Silences<K, A> {
    spec: SilenceSpec,
    aggregate: A,
    of: PhantomData<fn() -> K>,
}

impl<K, A> Silences<K, A> {
    pub(crate) const fn new(spec: SilenceSpec, aggregate: A) -> Self {
        Self { spec, aggregate, of: PhantomData }
    }
}

impl<K, A: Clone> Clone for Silences<K, A> {
    fn clone(&self) -> Self {
        Self::new(self.spec, self.aggregate.clone())
    }
}

/// What is known of a key.
#[derive(Clone)]
pub(crate) struct OfKey<P> {
    /// The records that event time has not come to, by their times in microseconds, each with how many
    /// they are.
    ahead: BTreeMap<i64, (Accumulator<P>, u64)>,
    heard: Option<Heard<P>>,
}

impl<P> Default for OfKey<P> {
    fn default() -> Self {
        Self { ahead: BTreeMap::new(), heard: None }
    }
}

/// What was heard of a key since it began.
#[derive(Clone)]
struct Heard<P> {
    /// When it was first and last heard of, in microseconds.
    first: i64,
    last: i64,
    records: u64,
    so_far: Accumulator<P>,
}

impl<K, A> Silences<K, A> {
    /// When a key that is not heard of any more is over, answered or not, in microseconds.
    const fn over_at<P>(&self, heard: &Heard<P>) -> i64 {
        heard.last
            + if self.is_enough(heard) { self.spec.length() } else { self.spec.forget_after() }
    }

    const fn is_enough<P>(&self, heard: &Heard<P>) -> bool {
        heard.records >= self.spec.after()
    }
}

impl<K: Key, A: Aggregate> Silences<K, A> {
    fn answer(
        &self,
        key: &K,
        heard: &Heard<A::Partial>,
    ) -> Result<Stamped<Windowed<K, A::Output>>, EngineError> {
        let window = Window {
            start: Timestamp::from_micros(heard.first),
            end: Timestamp::from_micros(self.over_at(heard)),
        };
        match self.aggregate.lower(&heard.so_far.partial) {
            Ok(value) => Ok(Stamped {
                event_time: window.last_instant(),
                due: heard.so_far.due(),
                value: Windowed { window, key: key.clone(), value },
            }),
            Err(cause) => Err(EngineError::Aggregate { key: format!("{key:?}"), window, cause }),
        }
    }
}

impl<K: Key, A: Aggregate> Logic for Silences<K, A> {
    type Key = K;
    type Input = A::Input;
    type Output = Windowed<K, A::Output>;
    type State = OfKey<A::Partial>;

    const NAME: &'static str = "silences";

    #[inline]
    fn is_late(&self, time: Timestamp, watermark: i64) -> bool {
        time.as_micros() <= watermark
    }

    fn on_record(
        &self,
        of_key: &mut Self::State,
        record: Stamped<A::Input>,
        _: i64,
        counts: &mut WindowCounts,
    ) {
        counts.accepted += 1;
        let empty = || (Accumulator::empty(self.aggregate.empty()), 0);
        let (so_far, records) =
            of_key.ahead.entry(record.event_time.as_micros()).or_insert_with(empty);
        so_far.add(&self.aggregate, record.due, &record.value);
        *records += 1;
    }

    fn on_turn(
        &self,
        key: &K,
        of_key: &mut Self::State,
        watermark: i64,
        out: &mut impl Out<Self::Output>,
    ) -> Result<(), EngineError> {
        loop {
            let next = of_key.ahead.first_key_value().map(|(time, _)| *time);
            let next = next.filter(|time| *time <= watermark);
            if let Some(heard) = &of_key.heard {
                let over_at = self.over_at(heard);
                if over_at - 1 <= watermark && next.is_none_or(|time| time >= over_at) {
                    if self.is_enough(heard) {
                        out.emit(self.answer(key, heard)?);
                    }
                    of_key.heard = None;
                    continue;
                }
            }
            if next.is_none() {
                return Ok(());
            }
            let Some((time, (so_far, records))) = of_key.ahead.pop_first() else { return Ok(()) };
            match &mut of_key.heard {
                Some(heard) => {
                    heard.last = time;
                    heard.records += records;
                    heard.so_far.combine(&self.aggregate, &so_far);
                }
                None => of_key.heard = Some(Heard { first: time, last: time, records, so_far }),
            }
        }
    }

    fn next_turn(&self, of_key: &Self::State) -> Option<i64> {
        let ahead = of_key.ahead.first_key_value().map(|(time, _)| *time);
        let over = of_key.heard.as_ref().map(|heard| self.over_at(heard) - 1);
        ahead.into_iter().chain(over).min()
    }

    fn kept(&self, of_key: &Self::State) -> u64 {
        of_key.ahead.len() as u64 + u64::from(of_key.heard.is_some())
    }
}
