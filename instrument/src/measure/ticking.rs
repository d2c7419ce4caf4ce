//! A simulated clock that notes how far the engine is at each tick that it passes.
//!
//! Whoever looks at a simulation from beside it sees how far it is when it happens to look, and
//! that depends on the machine. Time that is simulated passes only here, on the thread that
//! everything runs on, so what is noted here is the same in every run of the same seed.

use crate::load::survey::TICK_NS;
use crate::measure::timeline::Sample;
use engines::{Clock, Control, Moment, Patience, SimulatedClock};
use std::sync::{Arc, Mutex, PoisonError};

/// The clock of a simulated run.
#[derive(Debug)]
pub struct Ticking {
    clock: SimulatedClock,
    control: Arc<Control>,
    /// How many records had been taken when the clock stood at a tick, before anything that is due
    /// just then.
    read: Mutex<Vec<(Moment, u64)>>,
}

impl Ticking {
    /// At the start of a run that is followed by `control`.
    pub fn new(control: Arc<Control>) -> Self {
        Self { clock: SimulatedClock::default(), control, read: Mutex::default() }
    }

    /// What was noted, from the start of the run to where the clock stands: processor time and
    /// memory are the machine's, and as somebody beside it last `seen` them.
    pub fn among(&self, seen: &[Sample]) -> Vec<Sample> {
        let noted = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = seen.first() else { return Vec::new() };
        let mut seen = seen.iter().peekable();
        let mut latest = first;
        let end = (self.now(), self.control.read());
        let all = [(Moment::START, 0)].into_iter().chain(noted.iter().copied()).chain([end]);
        all.map(|(at, read)| {
            while let Some(next) = seen.next_if(|sample| sample.at <= at) {
                latest = next;
            }
            Sample { at, read, ..*latest }
        })
        .collect()
    }
}

impl Clock for Ticking {
    fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Jumps there. Of the ticks on its way the first and the last are noted: nothing is taken
    /// while time passes.
    fn pass_until(&self, moment: Moment, patience: Patience) {
        if moment < Moment::NEVER {
            let first = (self.now().as_nanos() / TICK_NS + 1) * TICK_NS;
            let last = moment.as_nanos() / TICK_NS * TICK_NS;
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = self.control.read();
            read.extend((first <= last).then(|| (Moment::from_nanos(first), taken)));
            read.extend((first < last).then(|| (Moment::from_nanos(last), taken)));
        }
        self.clock.pass_until(moment, patience);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Moment {
        Moment::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn what_was_taken_is_noted_at_the_ticks_and_not_where_somebody_looks() {
        let control = Arc::new(Control::default());
        let clock = Ticking::new(Arc::clone(&control));
        let pass = |until, taken| {
            control.add_read(taken);
            clock.pass_until(ms(until), Patience::Park);
        };
        pass(60, 1);
        pass(100, 2);
        pass(730, 4);
        pass(730, 8);
        clock.pass_until(Moment::NEVER, Patience::Park);
        assert_eq!(clock.now(), ms(730), "never is no time");
        let seen = |at, read, cpu_ns| Sample { at: ms(at), read, cpu_ns, memory_bytes: 0 };
        // Who looks on may begin to when the run is half over.
        let beside = [seen(150, 9, 5), seen(180, 9, 6), seen(730, 15, 7)];
        let told: Vec<(u64, u64, u64)> = clock
            .among(&beside)
            .iter()
            .map(|sample| (sample.at.as_nanos() / 1_000_000, sample.read, sample.cpu_ns))
            .collect();
        assert_eq!(told, [(0, 0, 5), (100, 3, 5), (200, 7, 6), (700, 7, 6), (730, 15, 7)]);
        assert_eq!(clock.among(&[]), []);
    }
}
