//! Programs as chains of operators.
//!
//! `Stream<T>` is an [`Upstream`]: how to be fed. Given a consumer of `T`, it wires up everything
//! between that consumer and the source. Every worker wires up its own copy; the functions of the
//! plan are shared. A keyed operator cuts the chain where there is more than one worker.

use super::edge::{EdgeSettings, Ends, Waker, edges};
use super::exchange::{Inbound, Said, exchange};
use super::keyed::{KeyBy, Keyed};
use super::operator::{Filter, FlatMap, Fork, Map, Union};
use super::registry::{Downstream, Registry};
use crate::aggregate::Aggregate;
use crate::counted::CountSpec;
use crate::dataflow::{Dataflow, Joined, Key, Numbered, Side, Windowed};
use crate::engine::{Algorithm, EngineError};
use crate::join::{JoinSpec, Within};
use crate::keyed::{Counted, IntervalJoin, Operator, Sessions, Silences, Timed, WindowJoin};
use crate::record::Data;
use crate::session::SessionSpec;
use crate::silence::SilenceSpec;
use crate::state::WindowState;
use crate::time::Timestamp;
use crate::window::WindowSpec;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How to be fed with `T`, by events of `I`.
pub struct Upstream<I: Data, T: Data> {
    attach: Arc<Attach<I, T>>,
    nature: Nature,
}

/// What is known of a stream when the plan is built.
#[derive(Copy, Clone)]
struct Nature {
    /// Nothing but the sources feeds it: no exchange lies upstream.
    is_local: bool,
    /// Answers may come again in it, changed by late records.
    is_refined: bool,
    /// Its records are in the order in which they came.
    is_ordered: bool,
}

type Attach<I, T> = dyn Fn(&mut Assembly<I>, Downstream<T>) + Send + Sync;

impl<I: Data, T: Data> Upstream<I, T> {
    fn new(
        nature: Nature,
        attach: impl Fn(&mut Assembly<I>, Downstream<T>) + Send + Sync + 'static,
    ) -> Self {
        Self { attach: Arc::new(attach), nature }
    }

    /// Wires up this worker's chain, from `downstream` back to the source.
    pub(super) fn attach(&self, assembly: &mut Assembly<I>, downstream: Downstream<T>) {
        (self.attach)(assembly, downstream);
    }
}

/// The events themselves.
pub(super) fn source<I: Data>() -> Upstream<I, I> {
    let nature = Nature { is_local: true, is_refined: false, is_ordered: true };
    Upstream::new(nature, |assembly, downstream| assembly.head = Some(downstream))
}

/// One worker's copy of a program, while it is being wired up and afterwards.
pub(super) struct Assembly<I> {
    pub(super) worker: usize,
    /// Where the events go.
    pub(super) head: Option<Downstream<I>>,
    /// Where other workers' records come in, upstream first.
    pub(super) gates: BTreeMap<usize, Box<dyn Inbound>>,
    /// This worker's ends of each exchange, by its operator's place in the plan.
    ends: BTreeMap<usize, Box<dyn Any>>,
    /// The branches of forks that wait for the other one.
    forks: BTreeMap<usize, Branch<I>>,
    /// What the operators hold.
    pub(super) registry: Registry,
    /// The workers that read no source. They never hold event time back.
    silent: Arc<[usize]>,
    pub(super) failure: Option<EngineError>,
}

/// A branch of a fork that is wired up, while the other one is not.
struct Branch<I> {
    downstream: Box<dyn Any>,
    /// Feeds it with all that comes to the fork.
    alone: Alone<I>,
}

type Alone<I> = Box<dyn FnOnce(&mut Assembly<I>, Box<dyn Any>)>;

impl<I> Assembly<I> {
    pub(super) fn new(
        worker: usize,
        ends: BTreeMap<usize, Box<dyn Any + Send>>,
        silent: Arc<[usize]>,
    ) -> Self {
        Self {
            worker,
            silent,
            head: None,
            gates: BTreeMap::new(),
            ends: ends.into_iter().map(|(id, ends)| (id, ends as Box<dyn Any>)).collect(),
            forks: BTreeMap::new(),
            registry: Registry::default(),
            failure: None,
        }
    }

    /// Wires up what is left when the answers are: forks of which somebody reads one branch alone.
    /// Says what is wrong with the program, if something is.
    pub(super) fn finish(&mut self) -> Result<(), EngineError> {
        while let Some((_, Branch { downstream, alone })) = self.forks.pop_last() {
            alone(self, downstream);
        }
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        if self.head.is_none() {
            return Err(EngineError::Unsupported(
                "the answers of this plan do not come from its events".to_owned(),
            ));
        }
        Ok(())
    }
}

/// Makes every worker's ends of an exchange.
type MakeEnds = Box<dyn Fn(&[Arc<Waker>], EdgeSettings) -> Vec<Box<dyn Any + Send>>>;

/// The interpreter: collects what all workers need to agree on.
pub struct Flow<I> {
    workers: usize,
    algorithm: Algorithm,
    forks: usize,
    /// Which watermarks each keyed operator heeds, in the order of the plan.
    pub(super) heeds: Vec<Heeds>,
    pub(super) exchanges: Vec<(usize, MakeEnds)>,
    pub(super) refusal: Option<EngineError>,
    of: std::marker::PhantomData<fn(I)>,
}

/// Which watermarks a keyed operator heeds. All others are to it as the last of those.
#[derive(Copy, Clone, Debug)]
pub(super) enum Heeds {
    /// Those that complete or close such a window.
    Windows(WindowSpec),
    /// Any: what a watermark turns depends on the records.
    Every,
    /// None: no watermark turns anything.
    None,
}

impl Heeds {
    /// The first watermark after `watermark` that it heeds.
    pub(super) fn next_turn(self, watermark: Timestamp) -> Timestamp {
        match self {
            Self::Windows(window) => window.next_turn(watermark),
            Self::Every => watermark.saturating_add(1),
            Self::None => Timestamp::AFTER_ALL,
        }
    }
}

impl<I> Flow<I> {
    pub(super) fn new(workers: usize, algorithm: Algorithm) -> Self {
        Self {
            workers,
            algorithm,
            forks: 0,
            heeds: Vec::new(),
            exchanges: Vec::new(),
            refusal: None,
            of: std::marker::PhantomData,
        }
    }
}

impl<I: Data> Dataflow for Flow<I> {
    type Stream<T: Data> = Upstream<I, T>;

    fn map<T: Data, U: Data>(
        &mut self,
        input: Upstream<I, T>,
        f: impl Fn(T) -> U + Send + Sync + 'static,
    ) -> Upstream<I, U> {
        let f = Arc::new(f);
        Upstream::new(input.nature, move |assembly, downstream| {
            input.attach(assembly, downstream.after(|chain| Map::new(Arc::clone(&f), chain)));
        })
    }

    fn filter<T: Data>(
        &mut self,
        input: Upstream<I, T>,
        keep: impl Fn(&T) -> bool + Send + Sync + 'static,
    ) -> Upstream<I, T> {
        let keep = Arc::new(keep);
        Upstream::new(input.nature, move |assembly, downstream| {
            input.attach(assembly, downstream.after(|chain| Filter::new(Arc::clone(&keep), chain)));
        })
    }

    fn flat_map<T: Data, U: Data>(
        &mut self,
        input: Upstream<I, T>,
        f: impl Fn(T, &mut dyn FnMut(U)) + Send + Sync + 'static,
    ) -> Upstream<I, U> {
        let f = Arc::new(f);
        Upstream::new(input.nature, move |assembly, downstream| {
            let f = Arc::clone(&f);
            input.attach(assembly, downstream.after(|downstream| FlatMap { f, downstream }));
        })
    }

    fn fork<T: Data>(&mut self, input: Upstream<I, T>) -> (Upstream<I, T>, Upstream<I, T>) {
        let id = self.forks;
        self.forks += 1;
        let nature = input.nature;
        let input = Arc::new(input);
        let branch = |is_left: bool| {
            let input = Arc::clone(&input);
            let attach = move |assembly: &mut Assembly<I>, downstream: Downstream<T>| {
                let of_this_fork = |downstream: Box<dyn Any>| {
                    *downstream.downcast::<Downstream<T>>().expect("both branches carry one type")
                };
                let Some(other) = assembly.forks.remove(&id) else {
                    let input = Arc::clone(&input);
                    let alone: Alone<I> = Box::new(move |assembly, downstream| {
                        input.attach(assembly, of_this_fork(downstream));
                    });
                    assembly.forks.insert(id, Branch { downstream: Box::new(downstream), alone });
                    return;
                };
                let other = of_this_fork(other.downstream);
                let (left, right) = if is_left { (downstream, other) } else { (other, downstream) };
                input.attach(assembly, Fork::of(left, right));
            };
            Upstream::new(nature, attach)
        };
        (branch(true), branch(false))
    }

    fn union<T: Data>(&mut self, left: Upstream<I, T>, right: Upstream<I, T>) -> Upstream<I, T> {
        let nature = Nature {
            is_local: left.nature.is_local && right.nature.is_local,
            is_refined: left.nature.is_refined || right.nature.is_refined,
            is_ordered: false,
        };
        Upstream::new(nature, move |assembly, downstream| {
            let (left_port, right_port) = Union::ports(downstream);
            left.attach(assembly, left_port);
            right.attach(assembly, right_port);
        })
    }

    fn aggregate<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Upstream<I, T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        window: WindowSpec,
        aggregate: A,
    ) -> Upstream<I, Windowed<K, A::Output>> {
        let algorithm = self.algorithm;
        let make = move || WindowState::<K, A>::new(aggregate.clone(), window, algorithm);
        let kind = Kind { heeds: Heeds::Windows(window), refines: window.allowed_lateness() > 0 };
        self.keyed(input, (key, value), kind, make)
    }

    fn session<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Upstream<I, T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        session: SessionSpec,
        aggregate: A,
    ) -> Upstream<I, Windowed<K, A::Output>> {
        let make = move || Ok(Timed::new(Sessions::<K, A>::new(session, aggregate.clone())));
        let kind = Kind { heeds: Heeds::Every, refines: session.allowed_lateness() > 0 };
        self.keyed(input, (key, value), kind, make)
    }

    fn counted<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Upstream<I, T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        count: CountSpec,
        aggregate: A,
    ) -> Upstream<I, Numbered<K, A::Output>> {
        if !input.nature.is_ordered {
            self.refusal.get_or_insert_with(EngineError::counts_without_an_order);
        }
        let make = move || Ok(Timed::new(Counted::<K, A>::new(count, aggregate.clone())));
        let kind = Kind { heeds: Heeds::None, refines: false };
        self.keyed(input, (key, value), kind, make)
    }

    fn silences<T: Data, K: Key, A: Aggregate>(
        &mut self,
        input: Upstream<I, T>,
        key: impl Fn(&T) -> K + Send + Sync + 'static,
        value: impl Fn(&T) -> A::Input + Send + Sync + 'static,
        silence: SilenceSpec,
        aggregate: A,
    ) -> Upstream<I, Windowed<K, A::Output>> {
        let make = move || Ok(Timed::new(Silences::<K, A>::new(silence, aggregate.clone())));
        let kind = Kind { heeds: Heeds::Every, refines: false };
        self.keyed(input, (key, value), kind, make)
    }

    fn joined<L: Data, R: Data, K: Key>(
        &mut self,
        sides: Upstream<I, Side<L, R>>,
        key: impl Fn(&Side<L, R>) -> K + Send + Sync + 'static,
        join: JoinSpec,
    ) -> Upstream<I, Joined<K, L, R>> {
        let said = (key, Side::clone);
        let kind = Kind { heeds: Heeds::Every, refines: false };
        let left = join.keeps_left();
        match join.within() {
            Within::Window(size) => {
                let make = move || Ok(Timed::new(WindowJoin::<K, L, R>::new(size, left)));
                self.keyed(sides, said, kind, make)
            }
            Within::Interval { lower, upper } => {
                let logic = move || IntervalJoin::<K, L, R>::new(lower, upper, left);
                self.keyed(sides, said, kind, move || Ok(Timed::new(logic())))
            }
        }
    }
}

/// What is known of a keyed operator when the plan is built.
#[derive(Copy, Clone)]
struct Kind {
    heeds: Heeds,
    /// Its answers may come again, changed by late records.
    refines: bool,
}

impl<I: Data> Flow<I> {
    /// A keyed operator, of which `make` makes each worker's, behind an exchange where there is more
    /// than one worker.
    fn keyed<T: Data, O: Operator + 'static>(
        &mut self,
        input: Upstream<I, T>,
        (key, value): (
            impl Fn(&T) -> O::Key + Send + Sync + 'static,
            impl Fn(&T) -> O::Input + Send + Sync + 'static,
        ),
        kind: Kind,
        make: impl Fn() -> Result<O, EngineError> + Send + Sync + 'static,
    ) -> Upstream<I, O::Output> {
        let id = self.heeds.len();
        self.heeds.push(kind.heeds);
        if self.workers > 1 {
            let make: MakeEnds = Box::new(|wakers, settings| {
                edges::<Said<O>>(wakers, settings)
                    .into_iter()
                    .map(|ends| Box::new(ends) as Box<dyn Any + Send>)
                    .collect()
            });
            self.exchanges.push((id, make));
        }
        if input.nature.is_refined {
            self.refusal.get_or_insert_with(EngineError::reads_refined_answers);
        }
        let (key, value) = (Arc::new(key), Arc::new(value));
        let nature = Nature {
            is_local: self.workers == 1 && input.nature.is_local,
            is_refined: kind.refines,
            is_ordered: false,
        };
        Upstream::new(nature, move |assembly, downstream| {
            let operator = match make() {
                Ok(operator) => operator,
                Err(failure) => {
                    assembly.failure.get_or_insert(failure);
                    return;
                }
            };
            let Downstream { chain, reach } = downstream;
            let registry = &mut assembly.registry;
            let keyed = Keyed::new(id, operator, chain, registry.room(&reach));
            let said = (Arc::clone(&key), Arc::clone(&value));
            let consumer = match assembly.ends.remove(&id) {
                None => KeyBy::before(said, keyed, reach, registry),
                Some(ends) => {
                    let ends = *ends
                        .downcast::<Ends<Said<O>>>()
                        .expect("the ends were made for this operator");
                    let silent = if input.nature.is_local { &assembly.silent[..] } else { &[] };
                    let at = (assembly.worker, silent);
                    let (sender, gate) = exchange(at, ends, said, keyed, reach, registry);
                    assembly.gates.insert(id, Box::new(gate));
                    sender
                }
            };
            input.attach(assembly, consumer);
        })
    }
}
