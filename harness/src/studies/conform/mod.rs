//! Small streams with the exact rows that an engine has to answer with, put to engines.
//!
//! The cases are distilled from what the tests of Flink and Spark assert. An engine is put those that
//! state its own rules; those of ours follow somebody's, and are put that one's. What an engine cannot
//! be asked is said with the reason, and is no difference. The comparison is one for all engines.

mod placed;
mod row;
mod spec;
mod case;
mod compare;
mod embedded;
mod beside;
mod crashing;

pub use case::{Case, Semantics, built_in, read};
pub use compare::Difference;
pub use placed::Misplaced;
pub use spec::operators;

use beside::Said;
use compare::{Answered, difference};
use embedded::{Embedded, NoAnswer};
use instrument::distributions::{self, Lacking, Place};
use row::Row;
use std::sync::atomic::{AtomicBool, Ordering};

/// Who is put cases.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Player {
    /// The reference: the meaning of a program, and when nothing.
    Reference,
    /// Our engine that lets each event through at once; by Flink's rules.
    PerEvent,
    /// Our engine that collects for an interval; by Spark's rules.
    MicroBatch,
    /// Apache Flink.
    Flink,
    /// Apache Spark's Structured Streaming.
    SparkStructured,
    /// Apache Spark's `DStream`s.
    SparkDStream,
}

impl Player {
    /// All there are.
    pub const ALL: [Self; 6] = [
        Self::Reference,
        Self::PerEvent,
        Self::MicroBatch,
        Self::Flink,
        Self::SparkStructured,
        Self::SparkDStream,
    ];

    /// Those that are part of this program.
    pub const EMBEDDED: [Self; 3] = [Self::Reference, Self::PerEvent, Self::MicroBatch];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::PerEvent => "per-event",
            Self::MicroBatch => "micro-batch",
            Self::Flink => "flink",
            Self::SparkStructured => "spark-structured",
            Self::SparkDStream => "spark-dstream",
        }
    }

    /// What it runs on, if that is no part of this program.
    pub const fn engine(self) -> Option<distributions::Engine> {
        match self {
            Self::Reference | Self::PerEvent | Self::MicroBatch => None,
            Self::Flink => Some(distributions::Engine::Flink),
            Self::SparkStructured | Self::SparkDStream => Some(distributions::Engine::Spark),
        }
    }

    /// At which parallelisms, where nobody says.
    pub const fn parallelisms(self) -> &'static [usize] {
        match self {
            Self::PerEvent | Self::MicroBatch => &[1, 2, 7],
            _ => &[1],
        }
    }

    /// Whether it is put cases by these rules.
    pub const fn follows(self, semantics: Semantics) -> bool {
        match self {
            Self::Reference => true,
            Self::PerEvent | Self::Flink => matches!(semantics, Semantics::Flink),
            Self::MicroBatch => matches!(semantics, Semantics::Structured | Semantics::DStream),
            Self::SparkStructured => matches!(semantics, Semantics::Structured),
            Self::SparkDStream => matches!(semantics, Semantics::DStream),
        }
    }

    /// Whether it can be restored where it was, so that it may crash after each item.
    pub const fn is_restored(self) -> bool {
        matches!(self, Self::Flink | Self::SparkStructured)
    }

    /// What it has to answer to a case.
    fn expected(self, case: &Case) -> Vec<Row> {
        match self {
            Self::Flink | Self::SparkStructured | Self::SparkDStream => case.expected.clone(),
            Self::PerEvent | Self::MicroBatch => case.expected_of_ours(),
            // It says each answer once, with its last value.
            Self::Reference => {
                let mut last: Vec<Row> = Vec::new();
                for row in case.expected_of_ours() {
                    last.retain(|other| !row.replaces(other));
                    last.push(row);
                }
                last
            }
        }
    }
}

/// How an engine answered a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As expected.
    Same,
    /// Not as expected: where first, and at which parallelism.
    Differs(Difference, usize),
    /// Not at all, as it failed: why, and at which parallelism.
    Failed(String, usize),
    /// It cannot be asked: what it lacks, to stand behind its name.
    Unsupported(String),
}

/// How cases are put.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// At which parallelisms; those of the engine where there are none.
    pub parallelisms: Vec<usize>,
    /// Whether the engine crashes after each item of a case, and is restored.
    pub crashes: bool,
}

/// The cases that an engine was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its version, if it has one of its own.
    pub version: Option<String>,
    /// The version of the Java that it ran on, if it did.
    pub java: Option<String>,
    /// At which parallelisms.
    pub parallelisms: Vec<usize>,
    /// Cases by name, and how each was answered, in their order.
    pub outcomes: Vec<(String, Outcome)>,
}

/// Why an engine could not be put cases.
#[derive(Debug, thiserror::Error)]
pub enum NotPut {
    /// Something is not here.
    #[error(transparent)]
    Lacking(#[from] Lacking),
    /// Its process did not do what it was asked for.
    #[error("{0}")]
    Failed(String),
    /// Somebody wanted to stop.
    #[error("stopped before the last case")]
    Stopped,
}

/// Puts the cases that state an engine's rules to it. `release` is which release of an engine that is
/// no part of this program, the newest that is supported where nobody says. `stop` ends it.
///
/// # Errors
/// Where it cannot be put any.
pub fn put(
    player: Player,
    release: Option<&str>,
    cases: &[Case],
    way: &Way,
    stop: &AtomicBool,
) -> Result<Heard, NotPut> {
    let cases: Vec<&Case> = cases.iter().filter(|case| player.follows(case.semantics)).collect();
    let parallelisms: &[usize] = &way.parallelisms;
    let parallelisms =
        if parallelisms.is_empty() { player.parallelisms() } else { parallelisms }.to_vec();
    let mut heard = Heard {
        version: None,
        java: None,
        outcomes: cases.iter().map(|case| (case.name.clone(), Outcome::Same)).collect(),
        parallelisms,
    };
    for parallelism in heard.parallelisms.clone() {
        let Told { version, java, answers } = if let Some(engine) = embedded(player) {
            of_embedded(engine, &cases, parallelism, stop)?
        } else {
            let place = Place::of_this_process();
            let asked = Asked { player, release, parallelism, crashes: way.crashes };
            beside::answers(&asked, &cases, &place, stop)?
        };
        (heard.version, heard.java) = (version, java);
        for ((case, answer), (_, outcome)) in cases.iter().zip(answers).zip(&mut heard.outcomes) {
            if *outcome == Outcome::Same {
                let rows = answer.as_ref().map_or_else(|_| Vec::new(), |it| it.rows.clone());
                let judged = judged(player, case, answer, parallelism);
                *outcome = if way.crashes {
                    crashing::of_restored(player, case, &rows, judged)
                } else {
                    judged
                };
            }
        }
    }
    Ok(heard)
}

fn judged(
    player: Player,
    case: &Case,
    answer: Result<Answered, NoAnswer>,
    parallelism: usize,
) -> Outcome {
    match answer {
        Ok(answered) => match difference(case, &player.expected(case), &answered) {
            None => Outcome::Same,
            Some(difference) => Outcome::Differs(difference, parallelism),
        },
        Err(NoAnswer::Unsupported(why)) => Outcome::Unsupported(why),
        Err(NoAnswer::Failed(why)) => Outcome::Failed(why, parallelism),
    }
}

/// An engine in a process of its own that is put cases.
struct Asked<'a> {
    player: Player,
    release: Option<&'a str>,
    parallelism: usize,
    crashes: bool,
}

/// What an engine answers to each case, and what ran.
struct Told {
    version: Option<String>,
    java: Option<String>,
    answers: Vec<Said>,
}

/// The engine of this program that is put cases.
const fn embedded(player: Player) -> Option<Embedded> {
    match player {
        Player::Reference => Some(Embedded::Reference),
        Player::PerEvent => Some(Embedded::PerEvent),
        Player::MicroBatch => Some(Embedded::MicroBatch),
        Player::Flink | Player::SparkStructured | Player::SparkDStream => None,
    }
}

fn of_embedded(
    engine: Embedded,
    cases: &[&Case],
    parallelism: usize,
    stop: &AtomicBool,
) -> Result<Told, NotPut> {
    let mut answers = Vec::new();
    for case in cases {
        if stop.load(Ordering::Relaxed) {
            return Err(NotPut::Stopped);
        }
        answers.push(engine.answer(case, parallelism));
    }
    Ok(Told { version: None, java: None, answers })
}

#[cfg(test)]
mod tests;
