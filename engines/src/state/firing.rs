//! When windows fire, slide and are forgotten.
//!
//! Windows fire in the order of their starts, each once, when the watermark reaches its last
//! instant; after that only what lateness lets in makes an answer come again.

use super::window_state::{SWEEP_MIN, WATERMARK_MAX, WindowState};
use crate::aggregate::Aggregate;
use crate::dataflow::{Key, Windowed};
use crate::engine::EngineError;
use crate::panes::{Accumulator, SealedPane};
use crate::record::Stamped;
use crate::time::Timestamp;
use crate::window::Window;

impl<K: Key, A: Aggregate> WindowState<K, A> {
    /// The watermark that completes the next window with something in it, and no other.
    pub(crate) fn next_firing(&self) -> Option<Timestamp> {
        let start = self.next_window_with_data()?;
        Some(self.spec.window_at(start).last_instant())
    }

    /// Gives again the answers that late records have changed.
    pub(crate) fn repeat(
        &mut self,
        emit: &mut impl FnMut(Stamped<Windowed<K, A::Output>>),
    ) -> Result<(), EngineError> {
        while let Some((start, index)) = self.again.pop_first() {
            let window = self.spec.window_at(start);
            let aggregate = &self.open.aggregate;
            let mut whole = Accumulator::empty(aggregate.empty());
            let pane = self.spec.pane();
            let covered = start / pane..(start + self.spec.size()) / pane;
            for sealed in self.sealed.range(covered).map(|(_, sealed)| sealed) {
                for accumulator in sealed.of(index) {
                    whole.combine(aggregate, accumulator);
                    self.counts.combine_steps += 1;
                }
                for (_, due, input) in sealed.records.iter().filter(|(of, ..)| *of == index) {
                    whole.add(aggregate, *due, input);
                    self.counts.combine_steps += 1;
                }
            }
            if !self.is_muted {
                emit(answer(aggregate, window, self.open.keys.key(index), &whole)?);
            }
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
        let is_muted = self.is_muted;
        let one_pane = covered.end - covered.start == 1;
        if one_pane && self.spec.allowed_lateness() == 0 && !self.open.keeps_records() {
            // The pane is the window, and nothing can come after: no need to pack it first.
            let mut failure = None;
            self.open.drain(covered.start, |key, accumulator| {
                if failure.is_none() && !is_muted {
                    match answer(&aggregate, window, key, &accumulator) {
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
            |index, accumulator| {
                if !is_muted {
                    emit(answer(&aggregate, window, keys.key(index), accumulator)?);
                }
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
    accumulator: &Accumulator<A::Partial>,
) -> Result<Stamped<Windowed<K, A::Output>>, EngineError> {
    match aggregate.lower(&accumulator.partial) {
        Ok(value) => Ok(Stamped {
            event_time: window.last_instant(),
            due: accumulator.due(),
            value: Windowed { window, key: key.clone(), value },
        }),
        Err(cause) => Err(EngineError::Aggregate { key: format!("{key:?}"), window, cause }),
    }
}
