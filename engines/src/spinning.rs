//! How much of waiting was spinning: time on a processor in which there was nothing to do.
//!
//! It is known from the moments at which a thread looked for something to do and found nothing, all of
//! which it reads anyway. From one such look to the next is a round. A round of spinning is shorter than
//! any sleep; what took longer was slept through, or the processor was somebody else's meanwhile, and
//! counts for nothing. So what is counted here was on a processor, and there may have been a little more.
//! Both executors count alike, so that what is left of their processor time can be compared.

use crate::clock::Patience;
use crate::time::Moment;

/// The longest round that is taken for spinning, in nanoseconds: several looks at a clock and some
/// turns of a loop take less, and going to sleep and waking up takes more.
const ROUND_NS_MOST: u64 = 5_000;

/// What one thread has spun.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Spinning {
    is_counted: bool,
    since: Option<Moment>,
    spun_ns: u64,
}

impl Spinning {
    /// Of a thread that waits like this and has not waited yet. One that always sleeps spins never,
    /// however short its sleep is.
    pub(crate) fn new(patience: Patience) -> Self {
        Self { is_counted: patience != Patience::Park, since: None, spun_ns: 0 }
    }

    /// It looked at this moment, and found nothing to do.
    #[inline]
    pub(crate) fn idle(&mut self, looked: Moment) {
        self.end_round(looked);
        self.since = Some(looked).filter(|_| self.is_counted);
    }

    /// It looked at this moment, and has something to do.
    #[inline]
    pub(crate) fn busy(&mut self, looked: Moment) {
        if self.since.is_some() {
            self.end_round(looked);
            self.since = None;
        }
    }

    /// So much in all, in nanoseconds.
    pub(crate) const fn spun_ns(&self) -> u64 {
        self.spun_ns
    }

    fn end_round(&mut self, looked: Moment) {
        let Some(since) = self.since else { return };
        let took = looked.nanos_since(since);
        if took <= ROUND_NS_MOST {
            self.spun_ns += took;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ns: u64) -> Moment {
        Moment::from_nanos(ns)
    }

    #[test]
    fn rounds_of_looking_in_vain_are_spun_and_work_is_not() {
        let mut spinning = Spinning::new(Patience::Spin);
        spinning.busy(at(50));
        spinning.idle(at(100));
        spinning.idle(at(900));
        spinning.busy(at(1_500));
        assert_eq!(spinning.spun_ns(), 1_400, "up to the look that found something");
        spinning.busy(at(2_000));
        spinning.idle(at(9_000));
        spinning.busy(at(9_100));
        assert_eq!(spinning.spun_ns(), 1_500, "work is no round");
    }

    #[test]
    fn what_took_longer_than_any_round_was_slept_through_or_somebody_elses() {
        let mut spinning = Spinning::new(Patience::SpinThenPark { spin_ns: 50_000 });
        spinning.idle(at(0));
        spinning.idle(at(ROUND_NS_MOST));
        spinning.idle(at(2 * ROUND_NS_MOST + 1));
        spinning.busy(at(500_000));
        assert_eq!(spinning.spun_ns(), ROUND_NS_MOST);
    }

    #[test]
    fn who_always_sleeps_never_spins() {
        let mut spinning = Spinning::new(Patience::Park);
        spinning.idle(at(0));
        spinning.idle(at(10));
        spinning.busy(at(20));
        assert_eq!(spinning.spun_ns(), 0);
    }
}
