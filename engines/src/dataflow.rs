//! The language that scenarios are written in.
//!
//! Tagless final: a scenario is a function generic in `F: Dataflow`, and each interpreter
//! chooses what a `Stream<T>` is. The trait is used while a plan is built and never while it
//! runs; interpreters erase types at operator boundaries. It grows only with a scenario that
//! asks for it.
//!
//! | interpreter | `Stream<T>` | in words |
//! |---|---|---|
//! | `reference` | a way of being told every record | the meaning |
//! | `sketch` | a node of a drawing | the shape |
//! | `micro_batch` | a lineage | how to compute it for one batch |
//! | `per_event` | a way of being fed | how to be handed one event at a time |

use crate::aggregate::Aggregate;
use crate::counted::CountSpec;
use crate::join::JoinSpec;
use crate::record::Data;
use crate::session::SessionSpec;
use crate::silence::SilenceSpec;
use crate::window::{Window, WindowSpec};
use std::fmt::Debug;
use std::hash::Hash;

/// What a stream can be partitioned by.
pub trait Key: Data + Eq + Ord + Hash + Debug {}
impl<K: Data + Eq + Ord + Hash + Debug> Key for K {}

/// An answer for one key and window.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct Windowed<K, V> {
    /// The window it is for.
    pub window: Window,
    /// The key it is for.
    pub key: K,
    /// The answer.
    pub value: V,
}

/// An answer for one key and one of its windows of counted records.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct Numbered<K, V> {
    /// Which of the key's windows, from zero.
    pub number: u64,
    /// From the earliest event time in it to just after the latest.
    pub window: Window,
    /// The key it is for.
    pub key: K,
    /// The answer.
    pub value: V,
}

/// A record of one of two streams.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub enum Side<L, R> {
    /// Of the left one.
    Left(L),
    /// Of the right one.
    Right(R),
}

/// Two records that belong together, or one of the left side without a partner.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct Joined<K, L, R> {
    /// The window that they were joined in; of an interval join, from the earlier of them to just after
    /// the later, or to where the last partner could have been.
    pub window: Window,
    /// The key of both.
    pub key: K,
    /// The left one.
    pub left: L,
    /// The right one, if there is one.
    pub right: Option<R>,
}

/// The vocabulary of plans.
pub trait Dataflow {
    /// A stream of `T` in this interpreter's own representation.
    type Stream<T: Data>;

    /// Each record, changed.
    fn map<T: Data, U: Data>(
        &mut self,
        input: Self::Stream<T>,
        f: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Self::Stream<U>;

    /// The records that `keep` keeps.
    fn filter<T: Data>(
        &mut self,
        input: Self::Stream<T>,
        keep: impl Fn(&T) -> bool + Send + Sync + 'static,
    ) -> Self::Stream<T>;

    /// Any number of records for each: `f` hands each one to the function it is given.
    fn flat_map<T: Data, U: Data>(
        &mut self,
        input: Self::Stream<T>,
        f: impl Fn(T, &mut dyn FnMut(U)) + Send + Sync + 'static,
    ) -> Self::Stream<U>;

    /// The same stream twice.
    fn fork<T: Data>(&mut self, input: Self::Stream<T>) -> (Self::Stream<T>, Self::Stream<T>);

    /// Both streams as one. The watermark is the lower of the two.
    fn union<T: Data>(&mut self, left: Self::Stream<T>, right: Self::Stream<T>) -> Self::Stream<T>;

    /// One answer per key and window, once the watermark has passed the window's end.
    fn aggregate<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Self::Stream<T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        window: WindowSpec,
        aggregate: A,
    ) -> Self::Stream<Windowed<K, A::Output>>;

    /// One answer per key and session, once the watermark has passed the session's end. A session is
    /// a stretch in which a key is heard of again within the gap; the answer's window is from its
    /// first record to a gap after its last.
    fn session<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Self::Stream<T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        session: SessionSpec,
        aggregate: A,
    ) -> Self::Stream<Windowed<K, A::Output>>;

    /// One answer per key and window of counted records, as soon as the window is full. What comes after
    /// the last full one has none. It is the order in which a key's records come that is counted, so the
    /// events must come in an order: neither united from several streams, nor answers of another
    /// operator.
    fn counted<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Self::Stream<T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        count: CountSpec,
        aggregate: A,
    ) -> Self::Stream<Numbered<K, A::Output>>;

    /// One answer each time that a key falls silent after it was heard of often enough, once the
    /// watermark has passed the silence. The answer's window is from the first record of what was heard
    /// to the end of the silence. A record that the watermark has passed by is late.
    fn silences<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Self::Stream<T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        silence: SilenceSpec,
        aggregate: A,
    ) -> Self::Stream<Windowed<K, A::Output>>;

    /// The pairs of a left and a right record of one key that lie where `join` says. A record that comes
    /// when no pair with it could be answered any more is late.
    fn joined<L: Data, R: Data, K: Key>(
        &mut self,
        sides: Self::Stream<Side<L, R>>,
        key: impl Fn(&Side<L, R>) -> K + Send + Sync + 'static,
        join: JoinSpec,
    ) -> Self::Stream<Joined<K, L, R>>;

    /// The same of two streams.
    fn join<L: Data, R: Data, K: Key>(
        &mut self,
        left: Self::Stream<L>,
        right: Self::Stream<R>,
        (left_key, right_key): (
            impl Fn(&L) -> K + Send + Sync + 'static,
            impl Fn(&R) -> K + Send + Sync + 'static,
        ),
        join: JoinSpec,
    ) -> Self::Stream<Joined<K, L, R>> {
        let left = self.map(left, Side::Left);
        let right = self.map(right, Side::Right);
        let sides = self.union(left, right);
        let key = move |side: &Side<L, R>| match side {
            Side::Left(left) => left_key(left),
            Side::Right(right) => right_key(right),
        };
        self.joined(sides, key, join)
    }
}
