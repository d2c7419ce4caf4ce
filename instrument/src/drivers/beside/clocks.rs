//! The clock of a job, the run's clock, and what is known of the one by the other.
//!
//! On one host both are the kernel's monotonic clock, read by two programs. That is proven at each
//! start and not believed: a job is asked ten times what its clock says, and each reading lies
//! between the moment of asking and that of the answer. Where the kernel's own clock lies within all
//! of them, it is the clock, and the readings say how well that is known. Where it does not, the
//! readings are all there is, and a moment is taken to be as late as it can be: no latency is made
//! shorter by not knowing.

use engines::{Clock, Moment, WallClock};

/// How often a clock is asked for.
pub(super) const READINGS: usize = 10;

/// A job's clock was read between two moments of ours.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) asked: Moment,
    pub(super) job_ns: i64,
    pub(super) answered: Moment,
}

/// By how much a job's clock is ahead of ours, in nanoseconds, at least and at most.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Ahead {
    least: i128,
    most: i128,
}

impl Ahead {
    /// What all readings agree on.
    ///
    /// # Errors
    /// Where they do not agree, or there are none.
    pub(super) fn by(readings: &[Reading]) -> Result<Self, String> {
        let least = |one: &Reading| i128::from(one.job_ns) - i128::from(one.answered.as_nanos());
        let most = |one: &Reading| i128::from(one.job_ns) - i128::from(one.asked.as_nanos());
        let (least, most) = (readings.iter().map(least).max(), readings.iter().map(most).min());
        match least.zip(most) {
            Some((least, most)) if least <= most => Ok(Self { least, most }),
            _ => Err("its clock does not run as ours does, so that no latency could be told: it \
                      must give System.nanoTime() of the same host"
                .to_owned()),
        }
    }

    fn overlaps(self, other: Self) -> bool {
        self.least <= other.most && other.least <= self.most
    }
}

/// What is known of a job's clock.
#[derive(Debug)]
pub(super) struct Clocks {
    /// The clock that the readings were made by.
    ours: WallClock,
    told: Ahead,
    /// The same for the kernel's monotonic clock, where it is the job's.
    kernel: Option<Ahead>,
}

impl Clocks {
    /// From what was read by this clock.
    pub(super) fn new(ours: WallClock, told: Ahead) -> Self {
        let kernel = kernel_ahead(&ours).filter(|kernel| kernel.overlaps(told));
        Self { ours, told, kernel }
    }

    /// From what was read of the clocks of workers on their own, if each is this machine's.
    pub(super) fn of_workers(ours: WallClock, told: &[Ahead]) -> Option<Self> {
        let kernel = kernel_ahead(&ours)?;
        let (least, most) =
            (told.iter().map(|one| one.least).min()?, told.iter().map(|one| one.most).max()?);
        let all = told.iter().all(|one| kernel.overlaps(*one));
        all.then_some(Self { ours, told: Ahead { least, most }, kernel: Some(kernel) })
    }

    /// How well the readings alone know what the job's clock says, in nanoseconds.
    pub(super) fn bound_ns(&self) -> u64 {
        u64::try_from(self.told.most - self.told.least).unwrap_or(u64::MAX)
    }

    /// Whether it is the kernel's monotonic clock, as far as the readings can tell.
    pub(super) const fn is_same(&self) -> bool {
        self.kernel.is_some()
    }

    /// From the job's clock to that of a run.
    pub(super) fn to(&self, run: &dyn Clock) -> ToRun {
        // By how much ours is ahead of the run's; what takes least time between two looks tells best.
        let looks = (0..READINGS).map(|_| {
            let before = run.now();
            let ours = i128::from(self.ours.now().as_nanos());
            let after = run.now();
            (after.nanos_since(before), ours - i128::from(after.as_nanos()))
        });
        let ahead_of_run = looks.min().map_or(0, |(_, ahead)| ahead);
        let known = self.kernel.unwrap_or(self.told);
        let slack = known.most - known.least;
        ToRun { ahead_ns: known.least + ahead_of_run, slack_ns: u64::try_from(slack).unwrap_or(0) }
    }
}

/// From a job's clock to that of a run.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct ToRun {
    pub(super) ahead_ns: i128,
    /// By how much a moment may be taken for later than it was.
    pub(super) slack_ns: u64,
}

impl ToRun {
    /// The moment at which the job's clock said so; none before the run's start.
    #[inline]
    pub(super) fn moment(self, job_ns: i64) -> Option<Moment> {
        u64::try_from(i128::from(job_ns) - self.ahead_ns).ok().map(Moment::from_nanos)
    }
}

/// By how much the kernel's monotonic clock is ahead of one of ours.
#[cfg(target_os = "linux")]
fn kernel_ahead(ours: &dyn Clock) -> Option<Ahead> {
    let looks = (0..READINGS).map(|_| {
        let asked = ours.now();
        let kernel = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let answered = ours.now();
        let job_ns = kernel.tv_sec * 1_000_000_000 + kernel.tv_nsec;
        Reading { asked, job_ns, answered }
    });
    let best = looks.min_by_key(|look| look.answered.nanos_since(look.asked))?;
    Ahead::by(&[best]).ok()
}

/// By how much the kernel's monotonic clock is ahead of one of ours: not known on this system.
#[cfg(not(target_os = "linux"))]
fn kernel_ahead(_ours: &dyn Clock) -> Option<Ahead> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use engines::SimulatedClock;

    const fn reading(asked: u64, job_ns: i64, answered: u64) -> Reading {
        let (asked, answered) = (Moment::from_nanos(asked), Moment::from_nanos(answered));
        Reading { asked, job_ns, answered }
    }

    #[test]
    fn what_all_readings_agree_on_is_known() {
        // Ahead by 900 to 1000, 950 to 1010, and 880 to 990.
        let ahead = Ahead::by(&[
            reading(0, 1_000, 100),
            reading(200, 1_210, 260),
            reading(300, 1_290, 410),
        ]);
        assert_eq!(ahead, Ok(Ahead { least: 950, most: 990 }));
        let apart = Ahead::by(&[reading(0, 1_000, 10), reading(20, 2_000, 30)]);
        assert!(apart.unwrap_err().contains("does not run as ours"));
        assert!(Ahead::by(&[]).is_err());
    }

    #[test]
    fn a_moment_is_taken_to_be_as_late_as_it_can_be() {
        let told = Ahead { least: -500, most: 1_000 };
        let clocks = Clocks { ours: WallClock::start(), told, kernel: None };
        assert_eq!((clocks.bound_ns(), clocks.is_same()), (1_500, false));
        let run = SimulatedClock::at(Moment::from_nanos(7_000));
        let to_run = clocks.to(&run);
        assert_eq!(to_run.slack_ns, 1_500);
        // Ours is only just started, and so far behind the run's.
        let at_7_000 = i64::try_from(clocks.ours.now().as_nanos()).unwrap();
        let moment = to_run.moment(at_7_000).unwrap().as_nanos();
        assert!((7_500..1_000_000_000).contains(&moment), "{moment}");
        assert_eq!(to_run.moment(i64::MIN), None, "before the run");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn workers_have_this_machines_clock_if_each_of_them_has() {
        let of = |ahead: &[(i128, i128)]| {
            let ours = WallClock::start();
            let Ahead { least, most } = kernel_ahead(&ours).unwrap();
            let one = |(by, known): &(i128, i128)| Ahead {
                least: least + by - known,
                most: most + by + known,
            };
            Clocks::of_workers(ours, &ahead.iter().map(one).collect::<Vec<_>>())
        };
        let same = of(&[(0, 50_000), (0, 90_000)]).unwrap();
        assert!(same.is_same() && same.bound_ns() >= 180_000);
        assert!(of(&[(0, 50_000), (10_000_000_000, 50_000)]).is_none());
        assert!(of(&[]).is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernels_clock_is_known_where_it_is_the_jobs() {
        let ours = WallClock::start();
        let kernel = kernel_ahead(&ours).unwrap();
        assert!(kernel.most >= kernel.least);
        let told = Ahead { least: kernel.least - 40_000, most: kernel.most + 30_000 };
        let same = Clocks::new(ours, told);
        assert!(same.is_same() && same.bound_ns() >= 70_000);
        let told = Ahead { least: kernel.least + 9_000_000_000, most: kernel.most + 9_000_050_000 };
        let other = Clocks::new(WallClock::start(), told);
        assert!(!other.is_same() && other.bound_ns() >= 50_000);
    }
}
