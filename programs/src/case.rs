//! From a case in plain values to a program and its workload.
//!
//! The names of scenarios become types in [`scenarios::catalog`]; here these types are forgotten
//! again, down to what flows in and what comes out. [`open`] is not generic, so all programs are
//! compiled where it is.

use crate::program::Program;
use engines::Data;
use scenarios::catalog::{self, CaseError};
use scenarios::spec::CaseSpec;
use scenarios::workload::{Line, Padded};
use scenarios::{
    Answer, Keyed, NumberedAnswer, PairAnswer, Scenario, SessionAnswer, WindowAnswer, Workload,
};
use std::any::Any;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

/// A question over events of `E` with answers of `A`, and what it is asked of.
pub struct Case<E, A> {
    /// The question.
    pub program: Arc<dyn Program<E, A>>,
    /// What arrives.
    pub workload: Arc<dyn Workload<Event = E>>,
}

impl<E: Data, A: Answer> Case<E, A> {
    /// This scenario, asked of this workload.
    pub fn of<S, W>(scenario: S, workload: W) -> Self
    where
        S: Scenario<Event = E, Answer = A>,
        W: Workload<Event = E>,
    {
        Self { program: Arc::new(scenario), workload: Arc::new(workload) }
    }
}

impl<E, A> fmt::Debug for Case<E, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").finish_non_exhaustive()
    }
}

/// Takes a case, whatever flows in and comes out.
pub trait Visitor {
    /// What comes of it.
    type Output;

    /// Called once, by [`Opened::visit`].
    fn visit<E: Data + Hash, A: Answer>(self, case: Case<E, A>) -> Self::Output;
}

/// Makes the program and the workload of `case`. Reads the trace, if it is one.
///
/// # Errors
/// Where the case contradicts itself or its trace cannot be used.
pub fn open(case: &CaseSpec, seed: u64) -> Result<Opened, CaseError> {
    struct Keep;
    impl catalog::Visitor for Keep {
        type Output = Opened;
        fn visit<S: Scenario, W: Workload<Event = S::Event>>(self, scenario: S, work: W) -> Opened {
            Opened::of(Case::of(scenario, work))
        }
    }
    catalog::visit(case, seed, Keep)
}

/// Lists what flows in and comes out of the programs there are.
macro_rules! opened {
    ($($name:ident: $event:ty => $answer:ty,)*) => {
        /// A case that can be run: what flows in and what comes out of it is known here.
        #[derive(Debug)]
        pub enum Opened {
            $(
                #[doc = concat!("`", stringify!($event), "` in, `", stringify!($answer), "` out.")]
                $name(Case<$event, $answer>),
            )*
        }

        impl Opened {
            fn of<E: Data, A: Answer>(case: Case<E, A>) -> Self {
                let case: Box<dyn Any> = Box::new(case);
                $(
                    let case = match case.downcast() {
                        Ok(case) => return Self::$name(*case),
                        Err(case) => case,
                    };
                )*
                drop(case);
                unreachable!("a scenario's event and answer are listed where cases are opened")
            }

            /// Shows the case to `visitor`.
            pub fn visit<V: Visitor>(self, visitor: V) -> V::Output {
                match self {
                    $(Self::$name(case) => visitor.visit(case),)*
                }
            }
        }
    };
}

opened! {
    Keyed: Keyed => Keyed,
    KeyedWindow: Keyed => WindowAnswer,
    Padded: Padded<32> => Padded<32>,
    PaddedWindow: Padded<32> => WindowAnswer,
    LineWindow: Line => WindowAnswer,
    KeyedSession: Keyed => SessionAnswer,
    PaddedSession: Padded<32> => SessionAnswer,
    KeyedNumbered: Keyed => NumberedAnswer,
    PaddedNumbered: Padded<32> => NumberedAnswer,
    LineNumbered: Line => NumberedAnswer,
    KeyedPair: Keyed => PairAnswer,
    PaddedPair: Padded<32> => PairAnswer,
}
