//! The meaning of a program, computed plainly over the whole finite input.
//!
//! `Stream<T>` is a way of being told its records, one after the other. A windowed aggregation
//! hears all of its input, adds what lies in the same pane (a stretch of event time that no
//! window's edge divides), and sums the panes of every window that holds a record. Sessions are
//! found key by key, each record at the place in event time at which it arrived. It shares no
//! code with the executors but the aggregates themselves, which are part of the question and
//! tested against plain folds: not their window assignment, not their state, not their sliding
//! algorithms, and it never subtracts. It knows nothing of when an engine works; each record
//! brings along how far event time had come when it arrived, which is all that lateness depends
//! on. It needs memory for each key and pane that holds a record, or session, and none for the records,
//! unless sessions are asked of several streams in one. What is counted, falls silent or is joined is
//! looked at record by record, and silences and joins hold all of them.

mod reading;
mod windows;
mod sessions;
mod counted;
mod silences;
mod joins;

pub use reading::Reading;

use crate::aggregate::Aggregate;
use crate::counted::CountSpec;
use crate::dataflow::{Dataflow, Joined, Key, Numbered, Side, Windowed};
use crate::engine::EngineError;
use crate::join::JoinSpec;
use crate::record::{Data, Stamped};
use crate::session::SessionSpec;
use crate::silence::SilenceSpec;
use crate::time::{Moment, Timestamp};
use crate::window::{Alignment, Window, WindowSpec};
use foldhash::quality::FixedState;
use hashbrown::HashMap;
use joins::OneSide;
use sessions::OfKey;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::rc::Rc;
use windows::{PerKey, windows_of};

/// A record and the watermark that was in force when it arrived.
#[derive(Copy, Clone, Debug)]
pub struct Arrived<T> {
    /// The record.
    pub record: Stamped<T>,
    /// How far event time had come, by the rule that the engine under test follows;
    /// [`Timestamp::BEFORE_ALL`] where nothing can be late.
    pub watermark: Timestamp,
}

/// What a program means for an input.
#[derive(Clone, Debug)]
pub struct Meaning<O> {
    /// Every answer, once, with its final value, in no particular order.
    pub answers: Vec<Stamped<O>>,
    /// Records whose event time no engine accepts.
    pub rejected: u64,
    /// What each aggregation of windows or sessions saw, in the order of the plan.
    pub windows: Vec<Seen>,
}

/// What an aggregation of windows or sessions saw. A record has one session to be in.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Records that count in every window that holds them, or in some.
    pub accepted: u64,
    /// Of the accepted: those that do not count in all.
    pub partly_late: u64,
    /// Records that count nowhere.
    pub late: u64,
    /// Pairs of a record and a window that holds it.
    pub pairs: u64,
    /// Of the pairs: those that do not count.
    pub missed_pairs: u64,
}

/// The meaning of `plan` for `events`, which are in order of arrival.
///
/// # Errors
/// Where an answer has no value, such as a sum past 64 bits.
pub fn meaning<'a, I: Data, O: Data>(
    plan: impl FnOnce(&mut Reference<'a>, Told<'a, I>) -> Told<'a, O>,
    events: Vec<Arrived<I>>,
) -> Result<Meaning<O>, EngineError> {
    meaning_aligned(plan, Alignment::Starts, events)
}

/// The same, with windows that lie like this.
///
/// # Errors
/// Where an answer has no value, such as a sum past 64 bits.
pub fn meaning_aligned<'a, I: Data, O: Data>(
    plan: impl FnOnce(&mut Reference<'a>, Told<'a, I>) -> Told<'a, O>,
    alignment: Alignment,
    events: Vec<Arrived<I>>,
) -> Result<Meaning<O>, EngineError> {
    let mut answers = Vec::new();
    let tell = |hear: &mut dyn FnMut(Arrived<I>)| events.into_iter().for_each(hear);
    let (rejected, windows) = told(plan, alignment, tell, &mut |answer| answers.push(answer))?;
    Ok(Meaning { answers, rejected, windows })
}

/// The same by such a reading, where neither events nor answers have to be held: `tell` tells the
/// events, in order of arrival, and `hear` is told the answers. Returns how many records no engine accepts, and
/// what each windowed aggregation saw.
///
/// # Errors
/// Where an answer has no value, such as a sum past 64 bits. Those that `hear` was told before
/// mean nothing then.
pub fn told<'a, I: Data, O: Data>(
    plan: impl FnOnce(&mut Reference<'a>, Told<'a, I>) -> Told<'a, O>,
    reading: impl Into<Reading>,
    tell: impl FnOnce(&mut dyn FnMut(Arrived<I>)) + 'a,
    hear: &mut dyn FnMut(Stamped<O>),
) -> Result<(u64, Vec<Seen>), EngineError> {
    let rejected = Rc::new(Cell::new(0));
    let count = Rc::clone(&rejected);
    let acceptable: Told<'a, I> = Box::new(move |hear| {
        tell(&mut |arrived| {
            if arrived.record.event_time.is_acceptable() {
                hear(arrived);
            } else {
                count.set(count.get() + 1);
            }
        });
    });
    let mut reference = Reference { reading: reading.into(), ..Reference::default() };
    plan(&mut reference, acceptable)(&mut |arrived| hear(arrived.record));
    match reference.failure.take() {
        Some(failure) => Err(failure),
        None => Ok((rejected.get(), reference.windows)),
    }
}

/// A stream: called with who wants to hear, it tells every record.
pub type Told<'a, T> = Box<dyn FnOnce(&mut dyn FnMut(Arrived<T>)) + 'a>;

/// The interpreter. Made by [`meaning`].
#[derive(Debug, Default)]
pub struct Reference<'a> {
    reading: Reading,
    windows: Vec<Seen>,
    /// Whether some stream is told after another one, so that records need not come in the order in
    /// which they arrived.
    unites: bool,
    /// Of the answers without a value, the first that was to be told.
    failure: Rc<RefCell<Option<EngineError>>>,
    input: PhantomData<fn() -> &'a ()>,
}

impl<'a> Dataflow for Reference<'a> {
    type Stream<T: Data> = Told<'a, T>;

    fn map<T: Data, U: Data>(
        &mut self,
        input: Told<'a, T>,
        f: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Told<'a, U> {
        Box::new(move |hear| {
            input(&mut |Arrived { record: Stamped { event_time, due, value }, watermark }| {
                hear(Arrived { record: Stamped { event_time, due, value: f(value) }, watermark });
            });
        })
    }

    fn filter<T: Data>(
        &mut self,
        input: Told<'a, T>,
        keep: impl Fn(&T) -> bool + Send + Sync + 'static,
    ) -> Told<'a, T> {
        Box::new(move |hear| {
            input(&mut |arrived| {
                if keep(&arrived.record.value) {
                    hear(arrived);
                }
            });
        })
    }

    fn flat_map<T: Data, U: Data>(
        &mut self,
        input: Told<'a, T>,
        f: impl Fn(T, &mut dyn FnMut(U)) + Send + Sync + 'static,
    ) -> Told<'a, U> {
        Box::new(move |hear| {
            input(&mut |Arrived { record: Stamped { event_time, due, value }, watermark }| {
                f(value, &mut |value| {
                    hear(Arrived { record: Stamped { event_time, due, value }, watermark });
                });
            });
        })
    }

    fn fork<T: Data>(&mut self, input: Told<'a, T>) -> (Told<'a, T>, Told<'a, T>) {
        let mut all = Vec::new();
        input(&mut |arrived| all.push(arrived));
        let again = all.clone();
        (
            Box::new(|hear| all.into_iter().for_each(hear)),
            Box::new(|hear| again.into_iter().for_each(hear)),
        )
    }

    fn union<T: Data>(&mut self, left: Told<'a, T>, right: Told<'a, T>) -> Told<'a, T> {
        self.unites = true;
        Box::new(|hear| {
            left(hear);
            right(hear);
        })
    }

    fn aggregate<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Told<'a, T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        spec: WindowSpec,
        aggregate: A,
    ) -> Told<'a, Windowed<K, A::Output>> {
        let spec = spec.aligned(self.reading.alignment);
        let mut seen = Seen::default();
        let mut by_key: HashMap<K, PerKey<A::Partial>, FixedState> = HashMap::default();
        input(&mut |Arrived { record, watermark }| {
            let windows = windows_of(&spec, record.event_time);
            let counts = |window: &Window| {
                window.last_instant().saturating_add(spec.allowed_lateness()) > watermark
            };
            // Newest first, so those that count come before those that do not.
            let all = windows.len();
            let counting = if windows.clone().next_back().as_ref().is_none_or(counts) {
                all
            } else {
                windows.clone().take_while(counts).count()
            };
            seen.pairs += all as u64;
            seen.missed_pairs += (all - counting) as u64;
            if counting == 0 && all > 0 {
                seen.late += 1;
                return;
            }
            seen.accepted += 1;
            let of_key = by_key.entry(key(&record.value)).or_default();
            let input = value(&record.value);
            if counting == all {
                let pane = record.event_time.as_micros().div_euclid(spec.pane());
                of_key.pane(pane, &aggregate).add(&aggregate, &input, record.due);
            } else {
                seen.partly_late += 1;
                for window in windows.take(counting) {
                    let apart = of_key.apart.entry(window);
                    apart
                        .or_insert_with(|| Part::empty(&aggregate))
                        .add(&aggregate, &input, record.due);
                }
            }
        });
        self.windows.push(seen);
        self.answers(by_key, aggregate, move |of_key, aggregate| of_key.windows(&spec, aggregate))
    }

    fn session<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Told<'a, T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        spec: SessionSpec,
        aggregate: A,
    ) -> Told<'a, Windowed<K, A::Output>> {
        let spec = self.reading.late_by.map_or(spec, |late_by| spec.late_by(late_by));
        let mut seen = Seen::default();
        let mut by_key: HashMap<K, OfKey<A::Partial>, FixedState> = HashMap::default();
        let mut hear = |Arrived { record, watermark }: Arrived<T>| {
            let of_key = by_key.entry(key(&record.value)).or_default();
            seen.pairs += 1;
            if of_key.hear(&spec, &aggregate, &record.with(value(&record.value)), watermark) {
                seen.accepted += 1;
            } else {
                seen.late += 1;
                seen.missed_pairs += 1;
            }
        };
        if self.unites {
            let mut all = Vec::new();
            input(&mut |arrived| all.push(arrived));
            all.sort_by_key(|arrived| arrived.watermark);
            all.into_iter().for_each(hear);
        } else {
            input(&mut hear);
        }
        self.windows.push(seen);
        self.answers(by_key, aggregate, |of_key, _| of_key.sessions())
    }

    fn counted<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Told<'a, T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        spec: CountSpec,
        aggregate: A,
    ) -> Told<'a, Numbered<K, A::Output>> {
        let mut seen = Seen::default();
        let mut by_key: HashMap<K, counted::OfKey<A::Input, A::Partial>, FixedState> =
            HashMap::default();
        input(&mut |Arrived { record, .. }| {
            seen.pairs += 1;
            seen.accepted += 1;
            let of_key = by_key.entry(key(&record.value)).or_default();
            of_key.hear(&spec, &aggregate, record.with(value(&record.value)));
        });
        self.windows.push(seen);
        let parts = |of_key: counted::OfKey<A::Input, A::Partial>, _: &A| {
            (0..).zip(of_key.windows).map(|(number, full)| {
                let window = Window { start: full.earliest, end: full.latest.saturating_add(1) };
                ((number, window, full.at), full.part)
            })
        };
        self.each_answer(
            by_key,
            aggregate,
            parts,
            |(_, window, _)| *window,
            |which, key, value| {
                let (number, window, at) = which;
                (at, Numbered { number, window, key, value })
            },
        )
    }

    fn silences<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Told<'a, T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        spec: SilenceSpec,
        aggregate: A,
    ) -> Told<'a, Windowed<K, A::Output>> {
        let mut seen = Seen::default();
        let mut by_key: HashMap<K, Vec<Stamped<A::Input>>, FixedState> = HashMap::default();
        input(&mut |Arrived { record, watermark }| {
            seen.pairs += 1;
            if record.event_time <= watermark {
                seen.late += 1;
                seen.missed_pairs += 1;
                return;
            }
            seen.accepted += 1;
            let of_key = by_key.entry(key(&record.value)).or_default();
            of_key.push(record.with(value(&record.value)));
        });
        self.windows.push(seen);
        self.answers(by_key, aggregate, move |records, aggregate| {
            silences::silences(&spec, aggregate, records)
        })
    }

    fn joined<L: Data, R: Data, K: Key>(
        &mut self,
        sides: Told<'a, Side<L, R>>,
        key: impl Fn(&Side<L, R>) -> K + Send + Sync + 'static,
        spec: JoinSpec,
    ) -> Told<'a, Joined<K, L, R>> {
        let mut seen = Seen::default();
        let mut by_key: BTreeMap<K, (OneSide<L>, OneSide<R>)> = BTreeMap::new();
        sides(&mut |Arrived { record, watermark }| {
            seen.pairs += 1;
            if joins::is_late(&spec, record.event_time, watermark) {
                seen.late += 1;
                seen.missed_pairs += 1;
                return;
            }
            seen.accepted += 1;
            let (left, right) = by_key.entry(key(&record.value)).or_default();
            let Stamped { event_time, due, value } = record;
            match value {
                Side::Left(value) => left.push(Stamped { event_time, due, value }),
                Side::Right(value) => right.push(Stamped { event_time, due, value }),
            }
        });
        self.windows.push(seen);
        Box::new(move |hear| {
            for (key, sides) in by_key {
                joins::pairs(&spec, &key, sides, &mut |record| {
                    hear(Arrived { record, watermark: Timestamp::BEFORE_ALL });
                });
            }
        })
    }
}

impl<'a> Reference<'a> {
    /// What each key has come to, in the order of the keys.
    fn answers<K: Key, A: Aggregate, S: 'a, P>(
        &self,
        by_key: HashMap<K, S, FixedState>,
        aggregate: A,
        parts: impl Fn(S, &A) -> P + 'a,
    ) -> Told<'a, Windowed<K, A::Output>>
    where
        P: IntoIterator<Item = (Window, Part<A::Partial>)>,
    {
        self.each_answer(
            by_key,
            aggregate,
            parts,
            |window| *window,
            |window, key, value| (window.last_instant(), Windowed { window, key, value }),
        )
    }

    /// The same, where `W` tells the answers of a key apart, each of them over a stretch of event time;
    /// `answer` makes one, with its event time.
    fn each_answer<K: Key, A: Aggregate, S: 'a, W, P, O: Data>(
        &self,
        by_key: HashMap<K, S, FixedState>,
        aggregate: A,
        parts: impl Fn(S, &A) -> P + 'a,
        window_of: impl Fn(&W) -> Window + 'a,
        answer: impl Fn(W, K, A::Output) -> (Timestamp, O) + 'a,
    ) -> Told<'a, O>
    where
        P: IntoIterator<Item = (W, Part<A::Partial>)>,
    {
        let failure = Rc::clone(&self.failure);
        Box::new(move |hear| {
            let mut by_key: Vec<_> = by_key.into_iter().collect();
            by_key.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
            for (key, of_key) in by_key {
                for (which, part) in parts(of_key, &aggregate) {
                    match aggregate.lower(&part.partial) {
                        Ok(value) => {
                            let (event_time, value) = answer(which, key.clone(), value);
                            hear(Arrived {
                                record: Stamped { event_time, due: part.due, value },
                                watermark: Timestamp::BEFORE_ALL,
                            });
                        }
                        Err(cause) => {
                            let (key, window) = (format!("{key:?}"), window_of(&which));
                            let error = EngineError::Aggregate { key, window, cause };
                            failure.borrow_mut().get_or_insert(error);
                        }
                    }
                }
            }
        })
    }
}

/// What some records come to.
#[derive(Clone, Debug)]
struct Part<P> {
    partial: P,
    /// When the latest of them was due.
    due: Moment,
}

impl<P> Part<P> {
    fn empty<A: Aggregate<Partial = P>>(aggregate: &A) -> Self {
        Self { partial: aggregate.empty(), due: Moment::START }
    }

    fn add<A: Aggregate<Partial = P>>(&mut self, aggregate: &A, input: &A::Input, due: Moment) {
        aggregate.add(&mut self.partial, input);
        self.due = self.due.max(due);
    }

    fn combine<A: Aggregate<Partial = P>>(&mut self, aggregate: &A, other: &Self) {
        aggregate.combine(&mut self.partial, &other.partial);
        self.due = self.due.max(other.due);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::{CountAndSum, CountedSum};
    use proptest::prelude::*;

    fn arrived(key: u64, time: i64, value: i64, watermark: i64) -> Arrived<(u64, i64)> {
        Arrived {
            record: Stamped {
                event_time: Timestamp::from_micros(time),
                due: Moment::from_nanos(time.unsigned_abs()),
                value: (key, value),
            },
            watermark: Timestamp::from_micros(watermark),
        }
    }

    type Answer = Windowed<u64, CountedSum>;

    fn count_and_sum(
        spec: WindowSpec,
        alignment: Alignment,
        events: Vec<Arrived<(u64, i64)>>,
    ) -> Result<Meaning<Answer>, EngineError> {
        meaning_aligned(
            |flow, events| {
                flow.aggregate(events, |event| event.0, |event| event.1, spec, CountAndSum)
            },
            alignment,
            events,
        )
    }

    /// The definition, word for word: every record to every window that holds it, among all the
    /// windows that there are.
    fn by_definition(
        spec: WindowSpec,
        alignment: Alignment,
        events: &[Arrived<(u64, i64)>],
    ) -> BTreeMap<(Window, u64), (u64, i64, Moment)> {
        let (size, slide) = (spec.size(), spec.slide());
        let mut answers = BTreeMap::new();
        for Arrived { record, watermark } in events {
            let windows = (-200..200).map(|n| n * slide).map(|edge| match alignment {
                Alignment::Starts => (edge, edge + size),
                Alignment::Ends => (edge - size, edge),
            });
            let time = record.event_time.as_micros();
            for (start, end) in windows.filter(|(start, end)| (*start..*end).contains(&time)) {
                let (start, end) = (Timestamp::from_micros(start), Timestamp::from_micros(end));
                let window = Window { start, end };
                let last = window.end.as_micros() - 1 + spec.allowed_lateness();
                if last > watermark.as_micros() {
                    let answer =
                        answers.entry((window, record.value.0)).or_insert((0, 0, Moment::START));
                    answer.0 += 1;
                    answer.1 += record.value.1;
                    answer.2 = answer.2.max(record.due);
                }
            }
        }
        answers
    }

    proptest! {
        #[test]
        fn panes_mean_what_the_definition_says(
            size in 1_i64..40,
            slide in 1_i64..20,
            lateness in 0_i64..10,
            alignment in prop::sample::select(vec![Alignment::Starts, Alignment::Ends]),
            events in prop::collection::vec((0_u64..4, -60_i64..60, -9_i64..9, -80_i64..60), 0..80),
        ) {
            let spec = WindowSpec::sliding(size, slide)
                .and_then(|spec| spec.with_allowed_lateness(lateness))
                .unwrap();
            let events: Vec<_> =
                events.into_iter().map(|(k, t, v, w)| arrived(k, t, v, w)).collect();
            let want = by_definition(spec, alignment, &events);
            let got = count_and_sum(spec, alignment, events).unwrap();
            let got: BTreeMap<_, _> = got
                .answers
                .into_iter()
                .map(|Stamped { due, value: Windowed { window, key, value }, .. }| {
                    ((window, key), (value.count, value.sum, due))
                })
                .collect();
            prop_assert_eq!(got, want);
        }
    }

    #[test]
    fn a_sum_past_i64_names_the_key_and_the_window() {
        let spec = WindowSpec::tumbling(10).unwrap();
        let events = vec![arrived(7, 1, i64::MAX, i64::MIN), arrived(7, 2, 1, i64::MIN)];
        let failure = count_and_sum(spec, Alignment::Starts, events).unwrap_err().to_string();
        assert_eq!(
            failure,
            "key 7, window [0, 10) µs: the sum 9223372036854775808 does not fit a 64-bit integer"
        );
    }

    #[test]
    fn times_at_the_ends_of_i64_are_rejected() {
        let spec = WindowSpec::tumbling(10).unwrap();
        let events = vec![
            arrived(7, i64::MIN, 1, i64::MIN),
            arrived(7, i64::MAX, 1, i64::MIN),
            arrived(7, 0, 1, i64::MIN),
        ];
        let meaning = count_and_sum(spec, Alignment::Starts, events).unwrap();
        assert_eq!((meaning.rejected, meaning.answers.len()), (2, 1));
    }
}
