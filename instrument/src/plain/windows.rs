//! Windows as somebody writes them who needs no engine: a loop, a column of partial aggregates per pane
//! and a running total, on one thread.
//!
//! It heeds the marks of its input as engines do, so that it gives their answers, and knows nothing of
//! sources, sinks, workers or clocks. Windows that are answered again, and such with gaps between them,
//! it does not know.

use crate::load::marks::Chunk;
use engines::{Stamped, Window, WindowSpec};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use scenarios::workload::{Line, Padded};
use scenarios::{Keyed, WindowAnswer};
use std::collections::VecDeque;

/// What an event is to a loop: keys, each with a value.
pub trait Parts {
    /// Them, in order.
    fn parts(&self) -> impl Iterator<Item = (u64, i64)>;
}

impl Parts for Line {
    fn parts(&self) -> impl Iterator<Item = (u64, i64)> {
        self.words().map(|word| (word, 0))
    }
}

impl Parts for Keyed {
    fn parts(&self) -> impl Iterator<Item = (u64, i64)> {
        std::iter::once((self.key, self.value))
    }
}

impl<const WORDS: usize> Parts for Padded<WORDS> {
    fn parts(&self) -> impl Iterator<Item = (u64, i64)> {
        std::iter::once((self.keyed.key, self.keyed.value))
    }
}

/// What is kept of some events of a key.
pub trait Partial: Copy {
    /// Of no events.
    const NONE: Self;
    /// Whether what leaves a window can be taken off a total.
    const SUBTRACTS: bool;

    /// One more event, with this value.
    fn see(&mut self, value: i64);
    /// As many more as another one is of.
    fn add(&mut self, other: Self);
    /// As many less; called only where [`Self::SUBTRACTS`].
    fn take(&mut self, other: Self);
    /// The answer for a key; none of no events.
    fn answer(self, window: Window, key: u64) -> Option<WindowAnswer>;
}

/// How many events.
#[derive(Copy, Clone, Debug)]
pub struct Counted(u64);

impl Partial for Counted {
    const NONE: Self = Self(0);
    const SUBTRACTS: bool = true;

    #[inline]
    fn see(&mut self, _: i64) {
        self.0 += 1;
    }
    #[inline]
    fn add(&mut self, other: Self) {
        self.0 += other.0;
    }
    #[inline]
    fn take(&mut self, other: Self) {
        self.0 -= other.0;
    }
    #[inline]
    fn answer(self, window: Window, key: u64) -> Option<WindowAnswer> {
        let (count, sum) = (self.0, self.0.cast_signed());
        (count > 0).then_some(WindowAnswer { window, key, count, sum, extremes: None })
    }
}

/// How many events, and the sum of their values.
#[derive(Copy, Clone, Debug)]
pub struct Summed {
    count: u64,
    sum: i64,
}

impl Partial for Summed {
    const NONE: Self = Self { count: 0, sum: 0 };
    const SUBTRACTS: bool = true;

    #[inline]
    fn see(&mut self, value: i64) {
        self.add(Self { count: 1, sum: value });
    }
    // A total may pass through sums that no answer has; what does not fit an answer is told by the
    // reference.
    #[inline]
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.sum = self.sum.wrapping_add(other.sum);
    }
    #[inline]
    fn take(&mut self, other: Self) {
        self.count -= other.count;
        self.sum = self.sum.wrapping_sub(other.sum);
    }
    #[inline]
    fn answer(self, window: Window, key: u64) -> Option<WindowAnswer> {
        let Self { count, sum } = self;
        (count > 0).then_some(WindowAnswer { window, key, count, sum, extremes: None })
    }
}

/// The same, with the smallest and the largest value: what leaves cannot be taken off.
#[derive(Copy, Clone, Debug)]
pub struct Summarised {
    of: Summed,
    min: i64,
    max: i64,
}

impl Partial for Summarised {
    const NONE: Self = Self { of: Summed::NONE, min: i64::MAX, max: i64::MIN };
    const SUBTRACTS: bool = false;

    #[inline]
    fn see(&mut self, value: i64) {
        self.add(Self { of: Summed { count: 1, sum: value }, min: value, max: value });
    }
    #[inline]
    fn add(&mut self, other: Self) {
        self.of.add(other.of);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
    fn take(&mut self, _: Self) {
        unreachable!("a smallest value has no inverse");
    }
    #[inline]
    fn answer(self, window: Window, key: u64) -> Option<WindowAnswer> {
        let extremes = Some((self.min, self.max));
        Some(WindowAnswer { extremes, ..self.of.answer(window, key)? })
    }
}

/// Where the state of a key lies.
pub trait Keys: Default {
    /// The place of a key, which is the next one if it is new.
    fn place(&mut self, key: u64) -> usize;
    /// The keys that are known, by their places.
    fn known(&self) -> &[u64];
}

/// One place for all of them.
#[derive(Copy, Clone, Debug, Default)]
pub struct Global;

impl Keys for Global {
    #[inline]
    fn place(&mut self, _: u64) -> usize {
        0
    }
    fn known(&self) -> &[u64] {
        &[0]
    }
}

/// A place for each.
#[derive(Clone, Debug, Default)]
pub struct Each {
    places: HashMap<u64, usize, FixedState>,
    known: Vec<u64>,
}

impl Keys for Each {
    #[inline]
    fn place(&mut self, key: u64) -> usize {
        *self.places.entry(key).or_insert_with(|| {
            self.known.push(key);
            self.known.len() - 1
        })
    }
    fn known(&self) -> &[u64] {
        &self.known
    }
}

/// As many partial aggregates are held at most; a loop that would take more is none that anybody writes.
const PARTIALS_MOST: usize = 1 << 24;

/// The windows of a question while it is answered. Panes and windows go by number: a window's is that of
/// its start in slides, and so it begins with the pane of that number times the panes of a slide.
struct Windows<P> {
    spec: WindowSpec,
    /// Panes of a window, and of a slide.
    panes: (i64, i64),
    /// The panes that are held, from `first` on, each a column by the places of keys.
    columns: VecDeque<Vec<P>>,
    first: i64,
    /// The pane at hand, and when it begins.
    pane: (i64, i64),
    /// Of the panes before `entered` that are held; where windows overlap and what leaves can be taken off.
    totals: Vec<P>,
    entered: i64,
    /// The first window that has not fired, and the watermark at which it does.
    next: i64,
    turn: i64,
    partials: usize,
}

impl<P: Partial> Windows<P> {
    fn new(spec: WindowSpec) -> Self {
        let pane = spec.pane();
        Self {
            spec,
            panes: (spec.size() / pane, spec.slide() / pane),
            columns: VecDeque::new(),
            first: 0,
            pane: (0, 0),
            totals: Vec::new(),
            entered: i64::MIN,
            next: i64::MIN,
            turn: i64::MIN,
            partials: 0,
        }
    }

    fn rolls(&self) -> bool {
        P::SUBTRACTS && self.panes.0 > self.panes.1
    }

    #[inline]
    fn see<E: Parts>(&mut self, records: &[Stamped<E>], keys: &mut impl Keys) {
        let length = self.spec.pane();
        for record in records.iter().filter(|record| record.event_time.is_acceptable()) {
            let time = record.event_time.as_micros();
            if time < self.pane.1 || time - self.pane.1 >= length {
                let pane = time.div_euclid(length);
                self.pane = (pane, pane * length);
            }
            let pane = self.pane.0;
            // All the windows that hold it have fired.
            if self.next > i64::MIN && pane < self.next * self.panes.1 {
                continue;
            }
            let is_entered = pane < self.entered;
            for (key, value) in record.value.parts() {
                let place = keys.place(key);
                let column = self.column(pane, place);
                column[place].see(value);
                if is_entered {
                    if self.totals.len() <= place {
                        self.totals.resize(place + 1, P::NONE);
                    }
                    self.totals[place].see(value);
                }
            }
        }
    }

    /// The column of a pane, with this place in it.
    #[inline]
    fn column(&mut self, pane: i64, place: usize) -> &mut [P] {
        if self.columns.is_empty() {
            self.first = pane;
        }
        while pane < self.first {
            self.columns.push_front(Vec::new());
            self.first -= 1;
        }
        let at = usize::try_from(pane - self.first).expect("it is not before the first");
        if at >= self.columns.len() {
            self.partials += at + 1 - self.columns.len();
            self.columns.resize(at + 1, Vec::new());
        }
        let column = &mut self.columns[at];
        if column.len() <= place {
            self.partials += place + 1 - column.len();
            column.resize(place + 1, P::NONE);
        }
        column
    }

    #[inline]
    fn advance(&mut self, watermark: i64, keys: &[u64], hear: &mut impl FnMut(WindowAnswer)) {
        if watermark >= self.turn {
            let last = watermark.saturating_add(1).saturating_sub(self.spec.size());
            self.fire_until(last.div_euclid(self.spec.slide()) + 1, keys, hear);
        }
    }

    /// Fires all windows before this one that have not.
    fn fire_until(&mut self, until: i64, keys: &[u64], hear: &mut impl FnMut(WindowAnswer)) {
        let (of_window, of_slide) = self.panes;
        let held = i64::try_from(self.columns.len()).expect("panes are few");
        // Those that reach into the first pane that is held, and those that begin with the last.
        let lowest = (self.first - of_window).div_euclid(of_slide) + 1;
        let behind = (self.first + held - 1).div_euclid(of_slide) + 1;
        if held > 0 {
            for window in self.next.max(lowest)..until.min(behind) {
                self.fire(window, keys, hear);
            }
            if until >= behind {
                self.columns.clear();
                self.totals.clear();
                (self.entered, self.partials) = (i64::MIN, 0);
            }
        }
        self.next = until;
        self.turn = (until * self.spec.slide()).saturating_add(self.spec.size() - 1);
    }

    fn fire(&mut self, number: i64, keys: &[u64], hear: &mut impl FnMut(WindowAnswer)) {
        let (from, until) = (number * self.panes.1, number * self.panes.1 + self.panes.0);
        let rolls = self.rolls();
        if !rolls {
            self.totals.clear();
        }
        self.totals.resize(keys.len(), P::NONE);
        while self.first < from
            && let Some(leaves) = self.columns.pop_front()
        {
            self.first += 1;
            self.partials -= leaves.len() + 1;
            if rolls {
                let both = self.totals.iter_mut().zip(leaves);
                both.for_each(|(total, leaves)| total.take(leaves));
            }
        }
        let enters = if rolls { self.entered.max(self.first) } else { self.first };
        for pane in enters..until {
            let at = usize::try_from(pane - self.first).expect("it is not before the first");
            let Some(enters) = self.columns.get(at) else { break };
            let both = self.totals.iter_mut().zip(enters);
            both.for_each(|(total, enters)| total.add(*enters));
        }
        if rolls {
            self.entered = until;
        }
        let window = self.spec.window_at(number * self.spec.slide());
        let answers = self.totals.iter().zip(keys);
        answers.filter_map(|(total, key)| total.answer(window, *key)).for_each(hear);
    }
}

/// Answers what a question about windows asks of these events, `hear`ing each answer. None where it
/// would take more state than anybody has for it.
pub fn windowed<E: Parts, P: Partial, K: Keys>(
    chunks: &[Chunk<E>],
    spec: WindowSpec,
    hear: &mut impl FnMut(WindowAnswer),
) -> Option<()> {
    let (mut windows, mut keys) = (Windows::<P>::new(spec), K::default());
    for chunk in chunks {
        let mut from = 0;
        for mark in &*chunk.marks {
            windows.see(&chunk.records[from..mark.after], &mut keys);
            windows.advance(mark.watermark.as_micros(), keys.known(), hear);
            from = mark.after;
        }
        windows.see(&chunk.records[from..], &mut keys);
        if windows.partials > PARTIALS_MOST {
            return None;
        }
    }
    windows.fire_until(i64::MAX / spec.slide() / 2, keys.known(), hear);
    Some(())
}
