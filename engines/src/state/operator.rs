//! Windows as a keyed operator, for whoever runs any of those.

use super::window_state::WindowState;
use crate::aggregate::Aggregate;
use crate::dataflow::{Key, Windowed};
use crate::engine::{EngineError, WindowCounts};
use crate::keyed::{Operator, Out};
use crate::record::Stamped;
use crate::time::{Moment, Timestamp};

impl<K: Key, A: Aggregate> Operator for WindowState<K, A> {
    type Key = K;
    type Input = A::Input;
    type Output = Windowed<K, A::Output>;

    #[inline]
    fn add(&mut self, said: (K, A::Input), time: Timestamp, due: Moment, seen: Timestamp) -> bool {
        Self::add(self, said, time, due, seen)
    }

    #[inline]
    fn add_each<T>(
        &mut self,
        records: &[Stamped<T>],
        seen: Timestamp,
        key: &impl Fn(&T) -> K,
        input: &impl Fn(&T) -> A::Input,
        again: impl FnMut(&mut Self),
    ) {
        Self::add_each(self, records, seen, key, input, again);
    }

    fn answer_again(&mut self, out: &mut impl Out<Self::Output>) -> Result<(), EngineError> {
        self.repeat(out)
    }

    #[inline]
    fn advance_while(
        &mut self,
        watermark: Timestamp,
        out: &mut impl Out<Self::Output>,
    ) -> Result<bool, EngineError> {
        Self::advance_while(self, watermark, out)
    }

    fn counts(&self) -> WindowCounts {
        Self::counts(self)
    }
}
