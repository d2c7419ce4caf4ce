//! The plain loop: the question of a cell, answered by hand and as fast as it goes.
//!
//! What it takes per event on one core is what the question itself costs; what an engine takes beyond
//! that is the price of being general, distributed and fed event by event. It reads the input of the
//! cell from memory, as one partition, heeds its marks, and is timed alone: nobody paces it, and nobody
//! records when its answers come. They are held against the reference like an engine's, and a loop that
//! answers otherwise is a fault of this program.

mod windows;

pub use windows::{Counted, Each, Global, Keys, Partial, Parts, Summarised, Summed, windowed};

use crate::load::input::{Input, size};
use crate::load::layout::Layout;
use crate::load::marks::Chunk;
use crate::load::supply::Supply;
use crate::measure::digest::Digest;
use crate::verify::{Checker, Rule};
use engines::{Clock as _, Data, Moment, Stamped, WallClock, WindowSpec};
use programs::{Case, Opened};
use reports::record::study::PlainLoop;
use scenarios::catalog::CaseError;
use scenarios::spec::{AggregateName, QuerySpec};
use scenarios::{Answer, WindowAnswer};
use settings::plan::{Cell, Load};
use std::hash::Hash;
use std::hint::black_box;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

/// How many events it reads at most: enough for every cache to be as full as it gets.
const EVENTS_MOST: u64 = 1 << 20;

/// How much memory its input takes at most, in bytes.
const INPUT_BYTES_MOST: u64 = 1 << 29;

/// How many passes over the input are made at most, and how long they may take together before another
/// one is begun. The fastest stands for all: whatever made another slower was not the loop.
const PASSES_MOST: u32 = 5;
const PASSES_NS_MOST: u64 = 500_000_000;

/// Why nothing can be said of a plain loop that should be there.
#[derive(Debug, thiserror::Error)]
pub enum PlainError {
    /// Question or workload cannot be opened.
    #[error(transparent)]
    Case(Box<CaseError>),
    /// The loop is wrong.
    #[error(
        "the plain loop gave {given} answers, which are not the {expected} of the reference: please \
         report this, and leave it out with --no-calibration"
    )]
    Wrong {
        /// How many it gave.
        given: u64,
        /// How many are right.
        expected: u64,
    },
}

/// Times the loop over the input of a cell, or over its beginning where that is long. None where there
/// is no such loop: where windows are answered again or have gaps between them, where a loop would hold
/// more state than anybody writes by hand, and where the input does not fit in memory.
///
/// # Errors
/// Where the cell cannot be opened, and where the loop is wrong.
pub fn measure(cell: &Cell) -> Result<Option<PlainLoop>, PlainError> {
    let query = &cell.case.query;
    let opened = programs::open(&cell.case, cell.seed);
    match opened.map_err(|source| PlainError::Case(Box::new(source)))? {
        Opened::Keyed(case) => timed(&case, cell, &Through),
        Opened::Padded(case) => timed(&case, cell, &Through),
        Opened::KeyedWindow(case) => aggregated(&case, cell, query),
        Opened::PaddedWindow(case) => aggregated(&case, cell, query),
        Opened::LineWindow(case) => match query {
            QuerySpec::WordCount { window } => in_windows::<_, Counted, Each>(&case, cell, *window),
            _ => Ok(None),
        },
        // Nobody writes sessions that a late event may join by hand, nor what has timers or two sides.
        Opened::KeyedSession(_)
        | Opened::PaddedSession(_)
        | Opened::KeyedNumbered(_)
        | Opened::PaddedNumbered(_)
        | Opened::LineNumbered(_)
        | Opened::KeyedPair(_)
        | Opened::PaddedPair(_) => Ok(None),
    }
}

/// The loop for what is asked of the values of keys.
fn aggregated<E: Data + Hash + Parts>(
    case: &Case<E, WindowAnswer>,
    cell: &Cell,
    query: &QuerySpec,
) -> Result<Option<PlainLoop>, PlainError> {
    let QuerySpec::Window { window, aggregates, keyed } = query else { return Ok(None) };
    let is_extreme = |name: &AggregateName| matches!(name, AggregateName::Min | AggregateName::Max);
    match (aggregates.iter().any(is_extreme), keyed) {
        (false, false) => in_windows::<_, Summed, Global>(case, cell, *window),
        (false, true) => in_windows::<_, Summed, Each>(case, cell, *window),
        (true, false) => in_windows::<_, Summarised, Global>(case, cell, *window),
        (true, true) => in_windows::<_, Summarised, Each>(case, cell, *window),
    }
}

/// So many panes of a window are combined anew each time it slides, at most: who has more of them
/// writes something else.
const PANES_ANEW_MOST: i64 = 64;

fn in_windows<E: Data + Hash + Parts, P: Partial, K: Keys>(
    case: &Case<E, WindowAnswer>,
    cell: &Cell,
    window: WindowSpec,
) -> Result<Option<PlainLoop>, PlainError> {
    let is_known = window.allowed_lateness() == 0
        && window.slide() <= window.size()
        && (P::SUBTRACTS || window.size() / window.pane() <= PANES_ANEW_MOST);
    if !is_known {
        return Ok(None);
    }
    timed(case, cell, &Windowed::<P, K> { window, state: PhantomData })
}

/// A way through all of an input.
trait Pass<E, A> {
    /// Hears each answer; none where it takes too much.
    fn go(&self, chunks: &[Chunk<E>], hear: &mut impl FnMut(Stamped<A>)) -> Option<()>;
}

/// Each event is its own answer.
struct Through;

impl<E: Data> Pass<E, E> for Through {
    fn go(&self, chunks: &[Chunk<E>], hear: &mut impl FnMut(Stamped<E>)) -> Option<()> {
        let records = chunks.iter().flat_map(|chunk| chunk.records.iter());
        records.filter(|record| record.event_time.is_acceptable()).cloned().for_each(hear);
        Some(())
    }
}

/// Windows with this state per key and these keys.
struct Windowed<P, K> {
    window: WindowSpec,
    state: PhantomData<fn() -> (P, K)>,
}

impl<E: Parts, P: Partial, K: Keys> Pass<E, WindowAnswer> for Windowed<P, K> {
    fn go(&self, chunks: &[Chunk<E>], hear: &mut impl FnMut(Stamped<WindowAnswer>)) -> Option<()> {
        windowed::<E, P, K>(chunks, self.window, &mut |value: WindowAnswer| {
            hear(Stamped { event_time: value.window.last_instant(), due: Moment::START, value });
        })
    }
}

fn timed<E: Data + Hash, A: Answer>(
    case: &Case<E, A>,
    cell: &Cell,
    pass: &impl Pass<E, A>,
) -> Result<Option<PlainLoop>, PlainError> {
    let Some(input) = input(case, cell) else { return Ok(None) };
    let (mut supplies, _) = input.supply(0);
    let Some(Supply::Held(chunks)) = supplies.pop() else { return Ok(None) };
    let chunks: Vec<Chunk<E>> = chunks.collect();
    let (mut fastest_ns, mut passes, mut answers) = (u64::MAX, 0, 0);
    let clock = WallClock::start();
    while passes < PASSES_MOST && clock.now().as_nanos() < PASSES_NS_MOST {
        answers = 0;
        let before = clock.now();
        let went = pass.go(&chunks, &mut |answer| {
            black_box(&answer);
            answers += 1;
        });
        fastest_ns = fastest_ns.min(clock.now().nanos_since(before));
        passes += 1;
        if went.is_none() {
            return Ok(None);
        }
    }
    if !check(case, &input, &chunks, pass)? || input.survey.events == 0 {
        return Ok(None);
    }
    let ns_per_event = fastest_ns as f64 / input.survey.events as f64;
    Ok(Some(PlainLoop { ns_per_event, events: input.survey.events, answers, passes }))
}

/// The input of a cell as one partition, or its beginning; none where that is too much.
fn input<E: Data + Hash, A: Answer>(case: &Case<E, A>, cell: &Cell) -> Option<Input<E>> {
    let mut cell = cell.clone();
    (cell.partitions, cell.idle_after) = (1, None);
    let trigger = case.program.trigger();
    let whole = Layout::of(&cell, cell.seed, trigger);
    let (events, _) = size(&*case.workload, &whole);
    if events > EVENTS_MOST {
        if matches!(cell.load, Load::Trace) {
            return None;
        }
        let length = cell.measure.warm_up + cell.measure.duration;
        let share = EVENTS_MOST as f64 / events as f64;
        (cell.measure.warm_up, cell.measure.duration) = (Duration::ZERO, length.mul_f64(share));
    }
    let layout = Layout::of(&cell, cell.seed, trigger);
    let (_, bytes) = size(&*case.workload, &layout);
    (bytes <= INPUT_BYTES_MOST)
        .then(|| Input::make(Arc::clone(&case.workload), layout, INPUT_BYTES_MOST))
}

/// Goes through the input once more and holds every answer against the reference. False where that has
/// none, such as where a sum is beyond what an answer holds.
fn check<E: Data + Hash, A: Answer>(
    case: &Case<E, A>,
    input: &Input<E>,
    chunks: &[Chunk<E>],
    pass: &impl Pass<E, A>,
) -> Result<bool, PlainError> {
    let Ok(expected) = Checker::new(&*case.program, input).expected(&Rule::Marks) else {
        return Ok(false);
    };
    let (mut digest, mut given) = (Digest::of(input.survey.bucket_log2()), 0);
    let passed = pass.go(chunks, &mut |answer| {
        digest.add(&answer);
        given += 1;
    });
    // Of when an answer was due a loop in memory knows nothing.
    let buckets = digest.into_buckets();
    let is_right = buckets.len() == expected.buckets.len()
        && buckets.iter().all(|(key, got)| {
            let want = expected.buckets.get(key);
            want.is_some_and(|want| (want.answers, want.hashes) == (got.answers, got.hashes))
        });
    if is_right {
        return Ok(passed.is_some());
    }
    Err(PlainError::Wrong { given, expected: expected.answers_count })
}

#[cfg(test)]
mod tests;
