//! The meaning of a program, computed plainly over the whole finite input.
//!
//! `Stream<T>` is a vector. Every windowed aggregation collects its records by key, sorts them by
//! event time and evaluates every window that holds one. It shares no code with the executors
//! but the aggregates themselves, which are part of the question and tested against plain folds:
//! not their window assignment, not their state, not their sliding algorithms, and it never
//! subtracts. It knows nothing of when an engine works; each record brings along how far event
//! time had come when it arrived, which is all that lateness depends on.

use crate::aggregate::Aggregate;
use crate::clock::Moment;
use crate::dataflow::{Dataflow, Key, Windowed};
use crate::engine::EngineError;
use crate::record::{Data, Stamped, Timestamp};
use crate::window::{Window, WindowSpec};
use foldhash::quality::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::ops::Range;

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
    /// What each windowed aggregation saw, in the order of the plan.
    pub windows: Vec<Seen>,
}

/// What a windowed aggregation saw.
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
pub fn meaning<I: Data, O: Data>(
    plan: impl FnOnce(&mut Reference, Vec<Arrived<I>>) -> Vec<Arrived<O>>,
    events: Vec<Arrived<I>>,
) -> Result<Meaning<O>, EngineError> {
    interpreted(Reference::default(), plan, events)
}

/// The same, but only of the windows that end in `ends`. The others may be given in part, and
/// what a part of a window comes to means nothing, not even where it overflows.
pub fn meaning_within<I: Data, O: Data>(
    ends: Range<Timestamp>,
    plan: impl FnOnce(&mut Reference, Vec<Arrived<I>>) -> Vec<Arrived<O>>,
    events: Vec<Arrived<I>>,
) -> Result<Meaning<O>, EngineError> {
    interpreted(Reference { ends: Some(ends), ..Reference::default() }, plan, events)
}

fn interpreted<I: Data, O: Data>(
    mut reference: Reference,
    plan: impl FnOnce(&mut Reference, Vec<Arrived<I>>) -> Vec<Arrived<O>>,
    events: Vec<Arrived<I>>,
) -> Result<Meaning<O>, EngineError> {
    let all = events.len();
    let mut acceptable = events;
    acceptable.retain(|arrived| arrived.record.event_time.is_acceptable());
    let rejected = (all - acceptable.len()) as u64;
    let answers = plan(&mut reference, acceptable);
    match reference.failure {
        Some(failure) => Err(failure),
        None => Ok(Meaning {
            answers: answers.into_iter().map(|arrived| arrived.record).collect(),
            rejected,
            windows: reference.windows,
        }),
    }
}

/// The interpreter. Made by [`meaning`].
#[derive(Debug, Default)]
pub struct Reference {
    windows: Vec<Seen>,
    failure: Option<EngineError>,
    /// Which windows are asked for, by their ends; all, if none.
    ends: Option<Range<Timestamp>>,
}

impl Dataflow for Reference {
    type Stream<T: Data> = Vec<Arrived<T>>;

    fn map<T: Data, U: Data>(
        &mut self,
        input: Vec<Arrived<T>>,
        f: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Vec<Arrived<U>> {
        input
            .into_iter()
            .map(|Arrived { record: Stamped { event_time, due, value }, watermark }| Arrived {
                record: Stamped { event_time, due, value: f(value) },
                watermark,
            })
            .collect()
    }

    fn filter<T: Data>(
        &mut self,
        input: Vec<Arrived<T>>,
        keep: impl Fn(&T) -> bool + Send + Sync + 'static,
    ) -> Vec<Arrived<T>> {
        input.into_iter().filter(|arrived| keep(&arrived.record.value)).collect()
    }

    fn flat_map<T: Data, U: Data>(
        &mut self,
        input: Vec<Arrived<T>>,
        f: impl Fn(T, &mut dyn FnMut(U)) + Send + Sync + 'static,
    ) -> Vec<Arrived<U>> {
        let mut output = Vec::new();
        for Arrived { record: Stamped { event_time, due, value }, watermark } in input {
            f(value, &mut |value| {
                output.push(Arrived { record: Stamped { event_time, due, value }, watermark });
            });
        }
        output
    }

    fn fork<T: Data>(&mut self, input: Vec<Arrived<T>>) -> (Vec<Arrived<T>>, Vec<Arrived<T>>) {
        (input.clone(), input)
    }

    fn union<T: Data>(
        &mut self,
        mut left: Vec<Arrived<T>>,
        right: Vec<Arrived<T>>,
    ) -> Vec<Arrived<T>> {
        left.extend(right);
        left
    }

    fn aggregate<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Vec<Arrived<T>>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        spec: WindowSpec,
        aggregate: A,
    ) -> Vec<Arrived<Windowed<K, A::Output>>> {
        let mut seen = Seen::default();
        let mut by_key: HashMap<K, PerKey<A>, FixedState> = HashMap::default();
        for Arrived { record, watermark } in input {
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
                continue;
            }
            seen.accepted += 1;
            let point =
                Point { time: record.event_time, due: record.due, input: value(&record.value) };
            let of_key = by_key.entry(key(&record.value)).or_default();
            if counting == all {
                of_key.whole.push(point);
            } else {
                seen.partly_late += 1;
                of_key.partial.extend(windows.take(counting).map(|window| (window, point.clone())));
            }
        }
        self.windows.push(seen);

        let mut answers = Vec::new();
        let mut by_key: Vec<_> = by_key.into_iter().collect();
        by_key.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        for (key, of_key) in by_key {
            for (window, part) in of_key.windows(&spec, &aggregate) {
                if self.ends.as_ref().is_some_and(|ends| !ends.contains(&window.end)) {
                    continue;
                }
                match aggregate.lower(&part.partial) {
                    Ok(value) => answers.push(Arrived {
                        record: Stamped {
                            event_time: window.last_instant(),
                            due: part.due,
                            value: Windowed { window, key: key.clone(), value },
                        },
                        watermark: Timestamp::BEFORE_ALL,
                    }),
                    Err(cause) => {
                        let key = format!("{key:?}");
                        self.failure.get_or_insert(EngineError::Aggregate { key, window, cause });
                    }
                }
            }
        }
        answers
    }
}

/// All windows that hold `time`, newest first, by the definition: starts are the multiples of
/// the slide.
fn windows_of(
    spec: &WindowSpec,
    time: Timestamp,
) -> impl DoubleEndedIterator<Item = Window> + ExactSizeIterator + Clone + use<> {
    let (size, slide, time) = (spec.size(), spec.slide(), time.as_micros());
    let newest = time - time.rem_euclid(slide);
    // `newest - n * slide + size > time`, so `n * slide < size - (time - newest)`.
    let room = size - (time - newest);
    let count = if room > 0 { (room - 1) / slide + 1 } else { 0 };
    (0..usize::try_from(count).expect("a window is shorter than the address space")).map(move |n| {
        let start = newest - i64::try_from(n).expect("it came from an i64") * slide;
        Window { start: Timestamp::from_micros(start), end: Timestamp::from_micros(start + size) }
    })
}

#[derive(Clone)]
struct Point<I> {
    time: Timestamp,
    due: Moment,
    input: I,
}

struct PerKey<A: Aggregate> {
    /// Records that count in every window that holds them.
    whole: Vec<Point<A::Input>>,
    /// The others, once for each window in which they count.
    partial: Vec<(Window, Point<A::Input>)>,
}

impl<A: Aggregate> Default for PerKey<A> {
    fn default() -> Self {
        Self { whole: Vec::new(), partial: Vec::new() }
    }
}

#[derive(Clone)]
struct Part<P> {
    partial: P,
    due: Moment,
}

impl<A: Aggregate> PerKey<A> {
    /// Every window that holds a record that counts.
    fn windows(mut self, spec: &WindowSpec, aggregate: &A) -> BTreeMap<Window, Part<A::Partial>> {
        self.whole.sort_by_key(|point| point.time);
        let times: Vec<Timestamp> = self.whole.iter().map(|point| point.time).collect();
        let tree = Tree::over(aggregate, &self.whole);
        let mut answers = BTreeMap::new();
        // Until the next window starts, each instant lies in no other windows than the one before.
        let mut looked_at_until = Timestamp::BEFORE_ALL;
        for time in &times {
            if *time < looked_at_until {
                continue;
            }
            let newest = time.as_micros() - time.as_micros().rem_euclid(spec.slide());
            looked_at_until = Timestamp::from_micros(newest + spec.slide());
            for window in windows_of(spec, *time) {
                // Windows come newest first; where one is known, so are the older ones.
                if answers.contains_key(&window) {
                    break;
                }
                let from = times.partition_point(|time| *time < window.start);
                let until = times.partition_point(|time| *time < window.end);
                answers.insert(window, tree.sum(aggregate, from, until));
            }
        }
        for (window, point) in self.partial {
            let part = answers
                .entry(window)
                .or_insert_with(|| Part { partial: aggregate.empty(), due: Moment::START });
            aggregate.add(&mut part.partial, &point.input);
            part.due = part.due.max(point.due);
        }
        answers
    }
}

/// A segment tree: the aggregate of any stretch of the points in a logarithm of combine steps.
struct Tree<P> {
    /// The leaves from the middle on; node `n` combines nodes `2n` and `2n + 1`.
    nodes: Vec<Part<P>>,
}

impl<P: Data> Tree<P> {
    fn over<A: Aggregate<Partial = P>>(aggregate: &A, points: &[Point<A::Input>]) -> Self {
        let count = points.len();
        let mut nodes =
            vec![Part { partial: aggregate.empty(), due: Moment::START }; (2 * count).max(1)];
        for (leaf, point) in nodes[count..].iter_mut().zip(points) {
            aggregate.add(&mut leaf.partial, &point.input);
            leaf.due = point.due;
        }
        for node in (1..count).rev() {
            let mut part = nodes[2 * node].clone();
            combine(aggregate, &mut part, &nodes[2 * node + 1]);
            nodes[node] = part;
        }
        Self { nodes }
    }

    fn sum<A: Aggregate<Partial = P>>(&self, aggregate: &A, from: usize, until: usize) -> Part<P> {
        let count = self.nodes.len() / 2;
        let mut whole = Part { partial: aggregate.empty(), due: Moment::START };
        let (mut left, mut right) = (from + count, until + count);
        while left < right {
            if left % 2 == 1 {
                combine(aggregate, &mut whole, &self.nodes[left]);
                left += 1;
            }
            if right % 2 == 1 {
                right -= 1;
                combine(aggregate, &mut whole, &self.nodes[right]);
            }
            left /= 2;
            right /= 2;
        }
        whole
    }
}

fn combine<A: Aggregate>(aggregate: &A, into: &mut Part<A::Partial>, other: &Part<A::Partial>) {
    aggregate.combine(&mut into.partial, &other.partial);
    into.due = into.due.max(other.due);
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
        events: Vec<Arrived<(u64, i64)>>,
    ) -> Result<Meaning<Answer>, EngineError> {
        meaning(
            |flow, events| {
                flow.aggregate(events, |event| event.0, |event| event.1, spec, CountAndSum)
            },
            events,
        )
    }

    /// The definition, word for word: every record to every window that holds it.
    fn by_definition(
        spec: WindowSpec,
        events: &[Arrived<(u64, i64)>],
    ) -> BTreeMap<(Window, u64), (u64, i64, Moment)> {
        let mut answers = BTreeMap::new();
        for Arrived { record, watermark } in events {
            for window in windows_of(&spec, record.event_time) {
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
        fn the_tree_means_what_the_definition_says(
            size in 1_i64..40,
            slide in 1_i64..20,
            lateness in 0_i64..10,
            events in prop::collection::vec((0_u64..4, -60_i64..60, -9_i64..9, -80_i64..60), 0..80),
        ) {
            let spec = WindowSpec::sliding(size, slide)
                .and_then(|spec| spec.with_allowed_lateness(lateness))
                .unwrap();
            let events: Vec<_> =
                events.into_iter().map(|(k, t, v, w)| arrived(k, t, v, w)).collect();
            let want = by_definition(spec, &events);
            let got = count_and_sum(spec, events).unwrap();
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
        let failure = count_and_sum(spec, events).unwrap_err().to_string();
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
        let meaning = count_and_sum(spec, events).unwrap();
        assert_eq!((meaning.rejected, meaning.answers.len()), (2, 1));
    }
}
