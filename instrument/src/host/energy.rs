//! Energy that the processors of this machine took, as they count it themselves (RAPL, of Intel and of
//! AMD, which the kernel shows alike).
//!
//! Each package has a counter in microjoules, which begins anew at a maximum. What is a part of a package
//! (its cores, its memory) is in its counter already, and what is wider than one (the platform) would
//! count it again: neither is read. A counter says nothing of who took it, so that what the machine takes
//! while nothing is asked is measured before, and whoever reads the figure takes it off.

use engines::{Clock as _, Moment, Patience, WallClock};
use reports::record::Energy;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the kernel shows the counters.
const FOLDER: &str = "/sys/class/powercap";

/// For how long a machine at rest is looked at: some hundred steps of a counter.
pub const REST: Duration = Duration::from_millis(500);

/// No package takes more, in watts: a counter that this brings around twice says nothing.
const WATTS_MOST: f64 = 500.0;

/// The counters of all packages of a machine.
#[derive(Clone, Debug)]
pub struct Meter {
    packages: Vec<Package>,
}

#[derive(Clone, Debug)]
struct Package {
    counter: PathBuf,
    /// What it counts to before it begins anew, in microjoules.
    range_uj: u64,
}

/// Why a machine does not tell what energy it takes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Untold {
    /// There is no counter of a package.
    #[error("the system shows no counter of it")]
    NoCounter,
    /// Somebody else may read it.
    #[error(
        "its counters may be read by root alone, until `sudo chmod a+r \
         /sys/class/powercap/intel-rapl:*/energy_uj`"
    )]
    Kept,
}

impl Meter {
    /// That of this machine.
    pub fn here() -> Result<Self, Untold> {
        Self::of(Path::new(FOLDER))
    }

    /// That of the machine whose counters lie in a folder.
    fn of(folder: &Path) -> Result<Self, Untold> {
        let entries = fs::read_dir(folder).map_err(|_| Untold::NoCounter)?;
        let mut packages = Vec::new();
        for place in entries.flatten().map(|entry| entry.path()) {
            let name = fs::read_to_string(place.join("name")).unwrap_or_default();
            let range = fs::read_to_string(place.join("max_energy_range_uj"));
            let range = range.ok().and_then(|text| text.trim().parse().ok());
            if let Some(range_uj) = range.filter(|_| name.starts_with("package-")) {
                packages.push(Package { counter: place.join("energy_uj"), range_uj });
            }
        }
        packages.sort_by(|a, b| a.counter.cmp(&b.counter));
        let meter = Self { packages };
        match meter.read() {
            _ if meter.packages.is_empty() => Err(Untold::NoCounter),
            None => Err(Untold::Kept),
            Some(_) => Ok(meter),
        }
    }

    /// What each counter says, in microjoules; none where one does not.
    fn read(&self) -> Option<Vec<u64>> {
        let read =
            |package: &Package| fs::read_to_string(&package.counter).ok()?.trim().parse().ok();
        self.packages.iter().map(read).collect()
    }

    /// What was taken between two readings, in joules; none where a counter may have come around twice
    /// in that time.
    fn joules(&self, before: &[u64], after: &[u64], length: Duration) -> Option<f64> {
        let mut joules = 0.0;
        for ((package, before), after) in self.packages.iter().zip(before).zip(after) {
            if length.as_secs_f64() * WATTS_MOST > package.range_uj as f64 / 1e6 {
                return None;
            }
            let anew = if after < before { package.range_uj } else { 0 };
            joules += (after + anew).saturating_sub(*before) as f64 / 1e6;
        }
        Some(joules)
    }

    /// What the machine takes while nothing is asked, looked at for so long; none where that is not told.
    pub fn at_rest(self, length: Duration) -> Option<AtRest> {
        let stretch = Stretch::begun(self)?;
        let until = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
        stretch.clock.pass_until(Moment::from_nanos(until), Patience::Park);
        let (meter, joules, length_s) = stretch.ended()?;
        Some(AtRest { meter, watts: joules / length_s })
    }
}

/// A machine of which it is known what it takes at rest.
#[derive(Clone, Debug)]
pub struct AtRest {
    meter: Meter,
    watts: f64,
}

impl AtRest {
    /// Begins to count.
    pub fn begin(self) -> Option<Counting> {
        let idle_w = self.watts;
        Some(Counting { stretch: Stretch::begun(self.meter)?, idle_w })
    }
}

/// Energy that is being counted.
#[derive(Debug)]
pub struct Counting {
    stretch: Stretch,
    idle_w: f64,
}

impl Counting {
    /// What was taken since it began; none where that is not told.
    pub fn end(self) -> Option<Energy> {
        let (_, joules, length_s) = self.stretch.ended()?;
        Some(Energy { joules, idle_w: self.idle_w, length_s })
    }
}

/// From one reading to another.
#[derive(Debug)]
struct Stretch {
    meter: Meter,
    clock: WallClock,
    before: Vec<u64>,
}

impl Stretch {
    fn begun(meter: Meter) -> Option<Self> {
        let before = meter.read()?;
        Some(Self { meter, clock: WallClock::start(), before })
    }

    /// The meter, joules, and seconds.
    fn ended(self) -> Option<(Meter, f64, f64)> {
        let length = Duration::from_nanos(self.clock.now().as_nanos());
        let after = self.meter.read()?;
        let joules = self.meter.joules(&self.before, &after, length)?;
        Some((self.meter, joules, length.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine whose packages stand at so many microjoules of a thousand joules.
    struct MadeUp(tempfile::TempDir);

    const RANGE_UJ: u64 = 1_000_000_000;

    impl MadeUp {
        fn new(packages: &[u64]) -> Self {
            let machine = Self(tempfile::tempdir().unwrap());
            for (n, uj) in packages.iter().enumerate() {
                machine.zone(&format!("intel-rapl:{n}"), &format!("package-{n}"), *uj);
            }
            machine
        }

        fn zone(&self, zone: &str, name: &str, uj: u64) {
            let place = self.0.path().join(zone);
            fs::create_dir_all(&place).unwrap();
            for (file, text) in [
                ("name", name.to_owned()),
                ("max_energy_range_uj", RANGE_UJ.to_string()),
                ("energy_uj", uj.to_string()),
            ] {
                fs::write(place.join(file), text + "\n").unwrap();
            }
        }

        fn meter(&self) -> Result<Meter, Untold> {
            Meter::of(self.0.path())
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn packages_are_added_up_and_nothing_is_counted_twice() {
        let machine = MadeUp::new(&[5_000_000, 7_000_000]);
        machine.zone("intel-rapl:0:0", "core", 1);
        machine.zone("intel-rapl:0:1", "dram", 2);
        machine.zone("intel-rapl:2", "psys", 3);
        let meter = machine.meter().unwrap();
        let before = meter.read().unwrap();
        assert_eq!(before, [5_000_000, 7_000_000]);
        let joules = meter.joules(&before, &[6_500_000, 10_000_000], SECOND).unwrap();
        assert!((joules - 4.5).abs() < 1e-9, "{joules}");
    }

    #[test]
    fn a_counter_that_begins_anew_goes_on() {
        let meter = MadeUp::new(&[RANGE_UJ - 2_000_000]).meter().unwrap();
        let joules = meter.joules(&[RANGE_UJ - 2_000_000], &[1_000_000], SECOND).unwrap();
        assert!((joules - 3.0).abs() < 1e-9, "{joules}");
        // In three seconds it may have come around twice.
        assert_eq!(meter.joules(&[0], &[1], 3 * SECOND), None);
    }

    #[test]
    fn what_was_taken_stands_beside_what_is_taken_at_rest() {
        let machine = MadeUp::new(&[0]);
        let resting = machine.meter().unwrap().at_rest(Duration::ZERO).unwrap();
        assert!(resting.watts.abs() < 1e-9, "{resting:?}");
        let counting = AtRest { watts: 3.0, ..resting }.begin().unwrap();
        machine.zone("intel-rapl:0", "package-0", 10_000_000);
        let energy = counting.end().unwrap();
        assert!((energy.joules - 10.0).abs() < 1e-9 && energy.length_s > 0.0, "{energy:?}");
        let above = 10.0 - 3.0 * energy.length_s;
        assert!((energy.above_rest_j() - above).abs() < 1e-9, "{energy:?}");
    }

    #[test]
    fn a_machine_without_a_counter_and_one_that_keeps_it_say_which_they_are() {
        let nothing = tempfile::tempdir().unwrap();
        let missing = Meter::of(&nothing.path().join("powercap")).unwrap_err();
        assert_eq!(missing, Untold::NoCounter);
        assert_eq!(Meter::of(nothing.path()).unwrap_err(), Untold::NoCounter);
        // What cannot be read, whoever asks.
        let machine = MadeUp::new(&[1, 2]);
        let counter = machine.0.path().join("intel-rapl:1/energy_uj");
        fs::remove_file(&counter).unwrap();
        fs::create_dir(&counter).unwrap();
        let kept = machine.meter().unwrap_err();
        assert_eq!(kept, Untold::Kept);
        assert!(kept.to_string().contains("sudo chmod a+r"), "{kept}");
    }
}
