//! Event-time windows over keyed panes: lateness, firing, sliding, forgetting.
//!
//! Windows fire in the order of their starts, each once, when the watermark reaches its last
//! instant. A record is late for a window when `end - 1 + allowed_lateness <= watermark`. A
//! record that is late for some of its windows counts in the others. With allowed lateness, a
//! record for a window that has fired makes that window's answer come again.

use super::panes::{Cell, LOOKAHEAD, PaneTable, SealedPane};
use crate::aggregate::Aggregate;
use crate::dataflow::{Key, Windowed};
use crate::engine::{Algorithm, EngineError, WindowCounts};
use crate::record::Stamped;
use crate::sliding::{Panes, Sliding, resolve};
use crate::time::{Moment, Timestamp};
use crate::window::{Window, WindowSpec};
use std::collections::BTreeSet;

/// Watermarks are clamped to plus and minus this. No window that may hold a record reaches
/// further, even with lateness, so nothing below can overflow.
const WATERMARK_MAX: i64 = 1 << 62;

/// Keys are swept when there are this many at least.
const SWEEP_MIN: usize = 4096;

/// The state of one windowed aggregation on one worker or partition.
pub(crate) struct WindowState<K: Key, A: Aggregate> {
    spec: WindowSpec,
    /// Panes that no fired window covers.
    open: PaneTable<K, A>,
    /// Panes that some fired window covers and some coming one, or that lateness keeps.
    sealed: Panes<A>,
    sliding: Sliding<A>,
    watermark: i64,
    /// Every window that starts before this has fired or had nothing in it.
    next_start: i64,
    /// The first pane that no fired window covers.
    open_from: i64,
    /// Answers to give again, by window start and key index.
    again: BTreeSet<(i64, u32)>,
    counts: WindowCounts,
    sweep_at: usize,
}

/// What a record's pane allows.
enum Standing {
    /// No window that holds it has fired, or it lies in a gap and no window holds it.
    Open,
    /// Too late for all of this many windows.
    Late { missed: u64 },
    /// Some windows that hold it have fired; too late for this many.
    Reopened { missed: u64 },
}

impl<K: Key, A: Aggregate> WindowState<K, A> {
    /// Nothing yet.
    pub(crate) fn new(
        aggregate: A,
        spec: WindowSpec,
        algorithm: Algorithm,
    ) -> Result<Self, EngineError> {
        let algorithm = resolve::<A>(algorithm, &spec)?;
        Ok(Self {
            spec,
            open: PaneTable::new(aggregate, &spec, algorithm),
            sealed: Panes::new(),
            sliding: Sliding::new(algorithm),
            watermark: -WATERMARK_MAX,
            next_start: -WATERMARK_MAX,
            open_from: i64::MIN,
            again: BTreeSet::new(),
            counts: WindowCounts { algorithm: algorithm.name(), ..WindowCounts::default() },
            sweep_at: SWEEP_MIN,
        })
    }

    /// What has happened so far.
    pub(crate) const fn counts(&self) -> WindowCounts {
        self.counts
    }

    /// The start of the oldest pane that still holds something.
    pub(crate) fn oldest_live_time(&self) -> Option<Timestamp> {
        let sealed = self.sealed.first_key_value().map(|(pane, _)| *pane);
        let pane = [sealed, self.open.first_pane()].into_iter().flatten().min()?;
        Some(Timestamp::from_micros(pane * self.spec.pane()))
    }

    /// The watermark that completes the next window with something in it, and no other.
    pub(crate) fn next_firing(&self) -> Option<Timestamp> {
        let start = self.next_window_with_data()?;
        Some(self.spec.window_at(start).last_instant())
    }

    /// Adds a record. Returns whether some answer must be given again, by [`Self::repeat`].
    #[inline]
    pub(crate) fn add(&mut self, key: K, time: Timestamp, due: Moment, input: A::Input) -> bool {
        let pane = self.open.pane_of(time);
        if pane >= self.open_from {
            self.counts.accepted += 1;
            self.open.add_to_pane(pane, key, due, input);
            return false;
        }
        self.add_behind(pane, key, due, input)
    }

    /// Adds records one after another. Calls `repeat` whenever some answer must be given again,
    /// before the next record is added.
    #[inline]
    pub(crate) fn add_each<T>(
        &mut self,
        records: &[Stamped<T>],
        key: &impl Fn(&T) -> K,
        value: &impl Fn(&T) -> A::Input,
        mut repeat: impl FnMut(&mut Self),
    ) {
        let open_from = Timestamp::from_micros(self.open_from.saturating_mul(self.spec.pane()));
        let mut rest = records;
        while !rest.is_empty() {
            let added = self.open.add_each(rest, open_from, key, value);
            self.counts.accepted += added as u64;
            // What comes next has a record among it whose first windows have fired.
            let singly;
            (singly, rest) = rest[added..].split_at(LOOKAHEAD.min(rest.len() - added));
            for Stamped { event_time, due, value: record } in singly {
                if self.add(key(record), *event_time, *due, value(record)) {
                    repeat(self);
                }
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn add_behind(&mut self, pane: i64, key: K, due: Moment, input: A::Input) -> bool {
        match self.standing(pane) {
            Standing::Open => {
                self.counts.accepted += 1;
                self.open.add_to_pane(pane, key, due, input);
                false
            }
            Standing::Late { missed } => {
                self.counts.late += 1;
                self.counts.missed_windows += missed;
                false
            }
            Standing::Reopened { missed } => {
                self.count_reopened(1, missed);
                let index = self.open.keys.index_of(key);
                if self.open.keeps_records() {
                    self.sealed.entry(pane).or_default().records.push((index, due, input));
                    self.mark_again(pane, index);
                } else {
                    let mut cell = Cell::empty(self.open.aggregate.empty());
                    cell.add(&self.open.aggregate, due, &input);
                    self.add_sealed(pane, index, &cell);
                }
                !self.again.is_empty()
            }
        }
    }

    /// Adds what a batch's map side has combined.
    pub(crate) fn absorb(&mut self, delta: &PaneTable<K, A>) {
        self.counts.accepted += delta.in_gaps();
        let mut indexes = vec![u32::MAX; delta.keys.span()];
        let mut translate = |keys: &mut super::keys::KeyTable<K>, theirs: u32| {
            let index = &mut indexes[theirs as usize];
            if *index == u32::MAX {
                *index = keys.index_of(delta.keys.key(theirs).clone());
            }
            *index
        };
        for (pane, records) in delta.panes() {
            match self.standing(pane) {
                Standing::Open => {
                    self.counts.accepted += records;
                    self.open.absorb_pane(delta, pane, &mut translate);
                }
                Standing::Late { missed } => {
                    self.counts.late += records;
                    self.counts.missed_windows += missed * records;
                }
                Standing::Reopened { missed } => {
                    self.count_reopened(records, missed);
                    delta.each_cell(pane, |index, cell| {
                        let index = translate(&mut self.open.keys, index);
                        self.add_sealed(pane, index, cell);
                    });
                    delta.each_record(pane, |index, due, input| {
                        let index = translate(&mut self.open.keys, index);
                        let sealed = self.sealed.entry(pane).or_default();
                        sealed.records.push((index, due, input.clone()));
                        self.mark_again(pane, index);
                    });
                }
            }
        }
    }

    fn count_reopened(&mut self, records: u64, missed: u64) {
        self.counts.accepted += records;
        self.counts.missed_windows += missed * records;
        if missed > 0 {
            self.counts.partly_late += records;
        }
    }

    /// The start of the last window for which everything still to come is late.
    fn last_closed(&self) -> i64 {
        let size = self.spec.size();
        self.spec.last_start_at(self.watermark + 1 - self.spec.allowed_lateness() - size)
    }

    fn standing(&self, pane: i64) -> Standing {
        if pane >= self.open_from {
            return Standing::Open;
        }
        let time = pane * self.spec.pane();
        let (first, last) = (self.spec.first_start_after(time), self.spec.last_start_at(time));
        let closed = self.last_closed();
        let windows_until =
            |until: i64| u64::try_from((until - first) / self.spec.slide() + 1).unwrap_or(0);
        if first > last {
            Standing::Open
        } else if last <= closed {
            Standing::Late { missed: windows_until(last) }
        } else if first <= closed {
            Standing::Reopened { missed: windows_until(closed) }
        } else {
            Standing::Reopened { missed: 0 }
        }
    }

    /// Adds to a pane that some fired window covers.
    fn add_sealed(&mut self, pane: i64, index: u32, cell: &Cell<A::Partial>) {
        let aggregate = &self.open.aggregate;
        let sealed = self.sealed.entry(pane).or_default();
        let is_new = sealed.add_afterwards(aggregate, index, cell);
        if pane * self.spec.pane() >= self.next_start {
            let span = self.open.keys.span();
            let steps = &mut self.counts.combine_steps;
            self.sliding.enter_late(aggregate, span, pane, (index, cell), is_new, steps);
        }
        self.mark_again(pane, index);
    }

    /// Remembers the fired windows over `pane` that lateness keeps open.
    fn mark_again(&mut self, pane: i64, index: u32) {
        if self.spec.allowed_lateness() == 0 {
            return;
        }
        let (time, slide) = (pane * self.spec.pane(), self.spec.slide());
        let first = self.spec.first_start_after(time).max(self.last_closed() + slide);
        let last = self.spec.last_start_at(time).min(self.next_start - slide);
        let mut start = first;
        while start <= last {
            self.again.insert((start, index));
            start += slide;
        }
    }

    /// Gives again the answers that late records have changed.
    pub(crate) fn repeat(
        &mut self,
        emit: &mut impl FnMut(Stamped<Windowed<K, A::Output>>),
    ) -> Result<(), EngineError> {
        while let Some((start, index)) = self.again.pop_first() {
            let window = self.spec.window_at(start);
            let aggregate = &self.open.aggregate;
            let mut whole = Cell::empty(aggregate.empty());
            let pane = self.spec.pane();
            let covered = start / pane..(start + self.spec.size()) / pane;
            for sealed in self.sealed.range(covered).map(|(_, sealed)| sealed) {
                for cell in sealed.of(index) {
                    whole.combine(aggregate, cell);
                    self.counts.combine_steps += 1;
                }
                for (_, due, input) in sealed.records.iter().filter(|(of, ..)| *of == index) {
                    whole.add(aggregate, *due, input);
                    self.counts.combine_steps += 1;
                }
            }
            emit(answer(aggregate, window, self.open.keys.key(index), &whole)?);
        }
        Ok(())
    }

    /// Lets event time come as far as `watermark`: fires what is complete, forgets what is over.
    #[inline]
    pub(crate) fn advance(
        &mut self,
        watermark: Timestamp,
        emit: &mut impl FnMut(Stamped<Windowed<K, A::Output>>),
    ) -> Result<(), EngineError> {
        let watermark = watermark.as_micros().clamp(-WATERMARK_MAX, WATERMARK_MAX);
        if !self.again.is_empty() {
            self.repeat(emit)?;
        }
        if watermark <= self.watermark {
            return Ok(());
        }
        self.watermark = watermark;
        // The next window ends at `next_start + size`; it is complete at the instant before.
        if watermark < self.next_start.saturating_add(self.spec.size() - 1) {
            return Ok(());
        }
        self.fire_complete(emit)
    }

    #[inline(never)]
    fn fire_complete(
        &mut self,
        emit: &mut impl FnMut(Stamped<Windowed<K, A::Output>>),
    ) -> Result<(), EngineError> {
        let (size, slide, pane) = (self.spec.size(), self.spec.slide(), self.spec.pane());
        let last_complete = self.spec.last_start_at(self.watermark + 1 - size);
        while let Some(start) = self.next_window_with_data() {
            if start > last_complete {
                break;
            }
            self.fire(start, emit)?;
        }
        self.next_start = self.next_start.max(last_complete + slide);
        self.open_from = self.open_from.max((last_complete + size).div_euclid(pane));
        self.forget_closed();
        if self.open.keys.len() >= self.sweep_at {
            self.sweep();
        }
        Ok(())
    }

    /// Windows without data are skipped, so that a quiet year costs nothing.
    fn next_window_with_data(&self) -> Option<i64> {
        let running = self.next_start.div_euclid(self.spec.pane());
        let sealed = self.sealed.range(running..).next().map(|(pane, _)| *pane);
        let oldest = [sealed, self.open.first_pane()].into_iter().flatten().min()?;
        Some(self.spec.first_start_after(oldest * self.spec.pane()).max(self.next_start))
    }

    fn fire(
        &mut self,
        start: i64,
        emit: &mut impl FnMut(Stamped<Windowed<K, A::Output>>),
    ) -> Result<(), EngineError> {
        let window = self.spec.window_at(start);
        let pane_us = self.spec.pane();
        let covered = start / pane_us..(start + self.spec.size()) / pane_us;
        let next_start = start + self.spec.slide();
        let aggregate = self.open.aggregate.clone();
        let one_pane = covered.end - covered.start == 1;
        if one_pane && self.spec.allowed_lateness() == 0 && !self.open.keeps_records() {
            // The pane is the window, and nothing can come after: no need to pack it first.
            let mut failure = None;
            self.open.drain(covered.start, |key, cell| {
                if failure.is_none() {
                    match answer(&aggregate, window, key, &cell) {
                        Ok(answer) => emit(answer),
                        Err(error) => failure = Some(error),
                    }
                }
            });
            self.next_start = next_start;
            return failure.map_or(Ok(()), Err);
        }
        let span = self.open.keys.span();
        let steps = &mut self.counts.combine_steps;
        while let Some(pane) = self.open.first_pane().filter(|pane| *pane < covered.end) {
            if let Some(sealed) = self.open.seal(pane) {
                self.sliding.enter(&aggregate, span, pane, &sealed, steps);
                self.sealed.insert(pane, sealed);
            }
        }
        let keys = &self.open.keys;
        self.sliding.answers(
            &aggregate,
            span,
            &self.sealed,
            covered.clone(),
            steps,
            |index, cell| {
                emit(answer(&aggregate, window, keys.key(index), cell)?);
                Ok(())
            },
        )?;
        // What the next window does not cover leaves.
        let stays = next_start.div_euclid(pane_us);
        let running = self.next_start.div_euclid(pane_us);
        let leaving: Vec<i64> = self.sealed.range(running..stays).map(|(pane, _)| *pane).collect();
        for pane in leaving {
            let rest = pane + 1..covered.end.max(stays);
            self.sliding.leave(&aggregate, pane, &self.sealed, rest, steps);
        }
        self.next_start = next_start;
        self.open_from = self.open_from.max(covered.end);
        if self.spec.allowed_lateness() == 0 {
            self.forget_closed();
        }
        Ok(())
    }

    /// Drops the sealed panes that neither a coming window nor lateness needs.
    fn forget_closed(&mut self) {
        while let Some(entry) = self.sealed.first_entry() {
            let last = self.spec.last_start_at(*entry.key() * self.spec.pane());
            let fired = last < self.next_start;
            let closed = last + self.spec.size() - 1 + self.spec.allowed_lateness();
            if !fired || closed > self.watermark {
                break;
            }
            entry.remove();
        }
    }

    /// Forgets the keys that no pane holds. Worth its while only when there are many more than
    /// the last time, so that it costs a constant per key that was ever new.
    fn sweep(&mut self) {
        let mut live = vec![false; self.open.keys.span()];
        self.open.mark_live(&mut live);
        self.sealed.values().for_each(|pane: &SealedPane<A>| pane.mark_live(&mut live));
        self.open.keys.retain(&live);
        self.sweep_at = (self.open.keys.len() * 2).max(SWEEP_MIN);
    }
}

#[inline]
fn answer<K: Key, A: Aggregate>(
    aggregate: &A,
    window: Window,
    key: &K,
    cell: &Cell<A::Partial>,
) -> Result<Stamped<Windowed<K, A::Output>>, EngineError> {
    match aggregate.lower(&cell.partial) {
        Ok(value) => Ok(Stamped {
            event_time: window.last_instant(),
            due: cell.due(),
            value: Windowed { window, key: key.clone(), value },
        }),
        Err(cause) => Err(EngineError::Aggregate { key: format!("{key:?}"), window, cause }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::{CountAndSum, CountedSum, Summarise, Summary};
    use crate::dataflow::Dataflow;
    use crate::reference::{Arrived, Seen, meaning};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Copy, Clone, Debug)]
    enum Step {
        Record { key: u64, time: i64, value: i64 },
        Watermark(i64),
    }

    type Answers<V> = BTreeMap<(Window, u64), (V, Moment)>;

    /// How the steps reach the state: one by one, or combined between watermarks.
    #[derive(Copy, Clone, Debug)]
    enum Path {
        PerRecord,
        PerBatch,
    }

    fn by_state<A>(
        aggregate: &A,
        spec: WindowSpec,
        algorithm: Algorithm,
        path: Path,
        steps: &[Step],
    ) -> (Answers<A::Output>, WindowCounts)
    where
        A: Aggregate<Input = i64>,
    {
        let mut state = WindowState::new(aggregate.clone(), spec, algorithm).unwrap();
        let resolved = resolve::<A>(algorithm, &spec).unwrap();
        let mut delta = PaneTable::new(aggregate.clone(), &spec, resolved);
        let mut answers = Answers::new();
        let mut first_answers = BTreeSet::new();
        let mut emit = |answer: Stamped<Windowed<u64, A::Output>>| {
            let Windowed { window, key, value } = answer.value;
            let is_new = first_answers.insert((window, key));
            assert!(
                is_new || spec.allowed_lateness() > 0,
                "without lateness {window:?} of key {key} is answered once"
            );
            answers.insert((window, key), (value, answer.due));
        };
        for (n, step) in (0..).zip(steps) {
            match (*step, path) {
                (Step::Record { key, time, value }, Path::PerRecord) => {
                    let due = Moment::from_nanos(n);
                    if state.add(key, Timestamp::from_micros(time), due, value) {
                        state.repeat(&mut emit).unwrap();
                    }
                }
                (Step::Record { key, time, value }, Path::PerBatch) => {
                    let record = Stamped {
                        event_time: Timestamp::from_micros(time),
                        due: Moment::from_nanos(n),
                        value: (key, value),
                    };
                    delta.add_each(&[record], Timestamp::BEFORE_ALL, &|event| event.0, &|event| {
                        event.1
                    });
                }
                (Step::Watermark(watermark), _) => {
                    state.absorb(&delta);
                    delta.clear();
                    state.advance(Timestamp::from_micros(watermark), &mut emit).unwrap();
                }
            }
        }
        state.absorb(&delta);
        state.advance(Timestamp::AFTER_ALL, &mut emit).unwrap();
        assert_eq!(state.oldest_live_time(), None, "nothing is left after the end");
        (answers, state.counts())
    }

    fn by_reference<A>(
        aggregate: &A,
        spec: WindowSpec,
        steps: &[Step],
    ) -> (Answers<A::Output>, Seen)
    where
        A: Aggregate<Input = i64>,
    {
        let mut watermark = Timestamp::BEFORE_ALL;
        let mut events = Vec::new();
        for (n, step) in (0..).zip(steps) {
            match *step {
                Step::Record { key, time, value } => events.push(Arrived {
                    record: Stamped {
                        event_time: Timestamp::from_micros(time),
                        due: Moment::from_nanos(n),
                        value: (key, value),
                    },
                    watermark,
                }),
                Step::Watermark(mark) => watermark = watermark.max(Timestamp::from_micros(mark)),
            }
        }
        let aggregate = aggregate.clone();
        let meaning = meaning(
            |flow, events| flow.aggregate(events, |e| e.0, |e| e.1, spec, aggregate),
            events,
        )
        .unwrap();
        let answers = meaning
            .answers
            .into_iter()
            .map(|Stamped { due, value: Windowed { window, key, value }, .. }| {
                ((window, key), (value, due))
            })
            .collect();
        (answers, meaning.windows[0])
    }

    #[track_caller]
    fn agree<A>(aggregate: &A, spec: WindowSpec, algorithms: &[Algorithm], steps: &[Step])
    where
        A: Aggregate<Input = i64>,
        A::Output: PartialEq + std::fmt::Debug,
    {
        let (want, seen) = by_reference(aggregate, spec, steps);
        for algorithm in algorithms {
            for path in [Path::PerRecord, Path::PerBatch] {
                let (got, counts) = by_state(aggregate, spec, *algorithm, path, steps);
                assert_eq!(got, want, "{algorithm:?} {path:?} {spec}");
                assert_eq!(
                    (counts.accepted, counts.late, counts.partly_late, counts.missed_windows),
                    (seen.accepted, seen.late, seen.partly_late, seen.missed_pairs),
                    "{algorithm:?} {path:?} {spec}"
                );
            }
        }
    }

    const WITH_INVERSE: [Algorithm; 5] = [
        Algorithm::Auto,
        Algorithm::Recompute,
        Algorithm::Slices,
        Algorithm::SubtractOnEvict,
        Algorithm::TwoStacks,
    ];
    const WITHOUT: [Algorithm; 4] =
        [Algorithm::Auto, Algorithm::Recompute, Algorithm::Slices, Algorithm::TwoStacks];

    fn steps(keys: u64) -> impl Strategy<Value = Vec<Step>> {
        let record = (0..keys, -70_i64..70, -9_i64..9)
            .prop_map(|(key, time, value)| Step::Record { key, time, value });
        let watermark = (-90_i64..80).prop_map(Step::Watermark);
        prop::collection::vec(prop_oneof![6 => record, 1 => watermark], 0..120)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn every_algorithm_and_path_means_what_the_reference_says(
            size in 1_i64..40,
            slide in 1_i64..20,
            lateness in prop_oneof![3 => Just(0_i64), 1 => 1_i64..30],
            steps in steps(4),
        ) {
            let spec = WindowSpec::sliding(size, slide)
                .and_then(|spec| spec.with_allowed_lateness(lateness))
                .unwrap();
            agree(&CountAndSum, spec, &WITH_INVERSE, &steps);
            agree(&Summarise, spec, &WITHOUT, &steps);
        }

        #[test]
        fn many_keys_pass_through_sparse_and_dense_columns(
            size in 1_i64..30,
            slide in 1_i64..30,
            burst in 300_u64..900,
            steps in steps(900),
        ) {
            // A burst of keys first, so that later panes are sparse in comparison.
            let burst = (0..burst).map(|key| Step::Record { key, time: -70, value: 1 });
            let steps: Vec<Step> = burst.chain(steps).collect();
            let spec = WindowSpec::sliding(size, slide).unwrap();
            agree(&CountAndSum, spec, &WITH_INVERSE, &steps);
        }
    }

    #[test]
    fn values_that_cancel_out_are_still_an_answer() {
        let spec = WindowSpec::sliding(20, 10).unwrap();
        let steps = [
            Step::Record { key: 1, time: 5, value: 3 },
            Step::Record { key: 1, time: 15, value: -3 },
            Step::Watermark(100),
        ];
        let (answers, _) =
            by_state(&CountAndSum, spec, Algorithm::SubtractOnEvict, Path::PerBatch, &steps);
        let middle = spec.window_at(0);
        assert_eq!(answers[&(middle, 1)].0, CountedSum { count: 2, sum: 0 });
        assert_eq!(answers.len(), 3, "the key leaves with its last value and not before");
    }

    #[test]
    fn extremes_come_back_when_what_hid_them_leaves() {
        let spec = WindowSpec::sliding(20, 10).unwrap();
        let steps = [
            Step::Record { key: 1, time: 5, value: 100 },
            Step::Record { key: 1, time: 15, value: 7 },
            Step::Watermark(100),
        ];
        let (answers, _) =
            by_state(&Summarise, spec, Algorithm::TwoStacks, Path::PerRecord, &steps);
        let last = spec.window_at(10);
        assert_eq!(answers[&(last, 1)].0, Summary { count: 1, sum: 7, min: 7, max: 7 });
    }

    #[test]
    fn a_quiet_year_costs_no_steps() {
        let spec = WindowSpec::sliding(3_600_000_000, 1_000_000).unwrap();
        let year = 365 * 86_400_000_000;
        let steps = [
            Step::Record { key: 1, time: 0, value: 1 },
            Step::Watermark(year),
            Step::Record { key: 1, time: year, value: 1 },
        ];
        let (answers, counts) =
            by_state(&CountAndSum, spec, Algorithm::SubtractOnEvict, Path::PerRecord, &steps);
        assert_eq!(answers.len(), 2 * 3600);
        assert_eq!(counts.combine_steps, 4, "each pane enters once and leaves once");
    }

    #[test]
    fn inverse_takes_a_hundredth_of_the_steps_of_recompute_at_3600_panes() {
        let spec = WindowSpec::sliding(3_600_000_000, 1_000_000).unwrap();
        let steps: Vec<Step> = (0..9_000)
            .flat_map(|second| {
                let time = second * 1_000_000;
                [Step::Record { key: 1, time, value: second }, Step::Watermark(time - 1)]
            })
            .collect();
        let of = |algorithm| {
            let (answers, counts) =
                by_state(&CountAndSum, spec, algorithm, Path::PerRecord, &steps);
            (answers, counts.combine_steps)
        };
        let (inverse, inverse_steps) = of(Algorithm::SubtractOnEvict);
        let (recompute, recompute_steps) = of(Algorithm::Recompute);
        assert_eq!(inverse, recompute);
        assert_eq!(inverse_steps, 2 * 9_000, "what enters and what leaves, nothing else");
        assert!(recompute_steps >= 100 * inverse_steps, "{recompute_steps} {inverse_steps}");
    }

    #[test]
    fn a_key_that_is_gone_is_forgotten() {
        let spec = WindowSpec::tumbling(10).unwrap();
        let mut state = WindowState::new(CountAndSum, spec, Algorithm::Auto).unwrap();
        for n in 0..1_000_000_i64 {
            let key = n.unsigned_abs();
            state.add(key, Timestamp::from_micros(n / 100), Moment::START, 1);
            state.advance(Timestamp::from_micros(n / 100 - 1), &mut |_| ()).unwrap();
        }
        let span = state.open.keys.span();
        assert!(span <= 3 * SWEEP_MIN, "{span} indexes for 1,000 live keys");
    }
}
