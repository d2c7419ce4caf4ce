//! When windows fire, slide and are forgotten.
//!
//! Windows fire in the order of their starts, each once, when the watermark reaches its last
//! instant; after that only what lateness lets in makes an answer come again.

use super::window_state::{Ahead, SWEEP_MIN, WALKED_MAX, WindowState};
use crate::aggregate::Aggregate;
use crate::dataflow::{Key, Windowed};
use crate::engine::EngineError;
use crate::keyed::{Out, Roomy, WATERMARK_MAX};
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
        out: &mut impl Out<Windowed<K, A::Output>>,
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
                out.emit(answer(aggregate, window, self.open.keys.key(index), &whole)?);
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
        self.advance_while(watermark, &mut Roomy(emit)).map(drop)
    }

    /// The same, for as long as there is room. Returns whether all of it is done; where `out` has no room in between, it is not, and the same
    /// call goes on with it, before which no record may be added.
    #[inline]
    pub(crate) fn advance_while(
        &mut self,
        watermark: Timestamp,
        out: &mut impl Out<Windowed<K, A::Output>>,
    ) -> Result<bool, EngineError> {
        let watermark = watermark.as_micros().clamp(-WATERMARK_MAX, WATERMARK_MAX);
        if !self.again.is_empty() {
            self.repeat(out)?;
        }
        while let Some(first) = self.ahead.front()
            && first.seen <= watermark
        {
            if !self.advance_to(first.seen, out)? {
                return Ok(false);
            }
            if let Some(Ahead { key, time, due, input, .. }) = self.ahead.pop_front()
                && self.add((key, input), time, due, Timestamp::BEFORE_ALL)
            {
                self.repeat(out)?;
            }
        }
        self.advance_to(watermark, out)
    }

    #[inline]
    fn advance_to(
        &mut self,
        watermark: i64,
        out: &mut impl Out<Windowed<K, A::Output>>,
    ) -> Result<bool, EngineError> {
        self.watermark = self.watermark.max(watermark);
        // The next window ends at `next_start + size`; it is complete at the instant before.
        if self.watermark < self.next_start.saturating_add(self.spec.size() - 1) {
            return Ok(true);
        }
        self.fire_complete(out)
    }

    #[inline(never)]
    fn fire_complete(
        &mut self,
        out: &mut impl Out<Windowed<K, A::Output>>,
    ) -> Result<bool, EngineError> {
        let (size, slide, pane) = (self.spec.size(), self.spec.slide(), self.spec.pane());
        let last_complete = self.spec.last_start_at(self.watermark + 1 - size);
        while let Some(start) = self.next_window_with_data() {
            if start > last_complete {
                break;
            }
            if !out.has_room() {
                return Ok(false);
            }
            self.fire(start, out)?;
            self.sweep_if_worth_it();
        }
        self.next_start = self.next_start.max(last_complete + slide);
        self.open_from = self.open_from.max((last_complete + size).div_euclid(pane));
        self.forget_closed();
        self.sweep_if_worth_it();
        Ok(true)
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
        out: &mut impl Out<Windowed<K, A::Output>>,
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
            let (mut failure, mut answered) = (None, 0);
            self.open.drain(covered.start, |key, accumulator| {
                answered += 1;
                if failure.is_none() && !is_muted {
                    match answer(&aggregate, window, key, &accumulator) {
                        Ok(answer) => out.emit(answer),
                        Err(error) => failure = Some(error),
                    }
                }
            });
            self.next_start = next_start;
            self.walked = self.walked.saturating_add(self.open.keys.span() - answered);
            return failure.map_or(Ok(()), Err);
        }
        let mut answered = 0;
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
                answered += 1;
                if !is_muted {
                    out.emit(answer(&aggregate, window, keys.key(index), accumulator)?);
                }
                Ok(())
            },
        )?;
        self.walked = self.walked.saturating_add(span - answered);
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

    /// Forgets the keys that no pane holds: when there are many more than the last time, which
    /// costs a constant per key that was ever new, or when windows walk past many more than they
    /// answer for, which costs a part of their walking.
    fn sweep_if_worth_it(&mut self) {
        if self.open.keys.len() >= self.sweep_at || self.walked >= self.walk_at {
            self.sweep();
        }
    }

    #[cold]
    fn sweep(&mut self) {
        let span = self.open.keys.span();
        let mut live = vec![false; span];
        self.open.mark_live(&mut live);
        self.sealed.values().for_each(|pane: &SealedPane<A>| pane.mark_live(&mut live));
        let living = live.iter().filter(|is_live| **is_live).count();
        // After a burst of keys, those that stay move together, and the memory of the rest goes.
        let is_hollow = span > SWEEP_MIN && living * WALKED_MAX <= span;
        if is_hollow {
            self.renumber(&live);
        } else {
            self.open.keys.retain(&live);
        }
        self.sweep_at = (living * 2).max(SWEEP_MIN);
        // Where there was little to gain, the next time comes later.
        let least = WALKED_MAX * self.open.keys.span().max(SWEEP_MIN);
        self.walk_at = if is_hollow { least } else { least.max(self.walk_at.saturating_mul(2)) };
        self.walked = 0;
    }

    /// Gives the live keys new indexes, in the order of the old ones.
    fn renumber(&mut self, live: &[bool]) {
        assert!(self.again.is_empty(), "what is to be given again was, before windows fire");
        let anew = self.open.renumber(live);
        self.sealed.values_mut().for_each(|pane| pane.renumber(&anew));
        self.sliding.renumber(&anew);
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
