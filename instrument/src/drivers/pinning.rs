//! Which processors an engine in a process of its own has, and which are left to this program.
//!
//! An engine that shares its processors with what paces its load and records its answers is measured
//! with both in each other's way, so that each has its own where there are enough. An engine that is
//! part of this program shares its process, and one on a cluster is not ours: neither is pinned. A
//! broker of ours is started where this program is: it is a part of the way, and not of the engine.

use crate::host::{cpus, usage};
use reports::record::Cores;
use settings::plan::{Cell, CpuList, Cpus, EngineKind, Pinning};

/// Which processors are whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pins {
    /// Those of the engine.
    pub engine: CpuList,
    /// Those of this program.
    pub harness: CpuList,
    /// All that there are for both.
    pub given: CpuList,
    /// Why so, in words.
    pub why: String,
}

impl Pins {
    /// Whether the engine has fewer than there are.
    pub fn holds_engine(&self) -> bool {
        self.engine != self.given
    }

    /// Whether this program has fewer than there are.
    pub fn holds_harness(&self) -> bool {
        self.harness != self.given
    }

    /// Whether somebody asked that nothing be pinned.
    pub fn is_unwanted(&self) -> bool {
        self.why == UNWANTED
    }

    /// What a JVM has to be told where it sees one processor instead of several: by itself it would
    /// take another collector then, and be another engine. Whoever names one by the environment has
    /// that.
    pub fn jvm_option(&self) -> Option<&'static str> {
        let memory = usage::memory_total_bytes().into_iter().chain(usage::memory_limit_bytes());
        let has_memory = memory.min().is_some_and(|bytes| bytes >= SERVER_BYTES);
        let names_one = |name| std::env::var(name).is_ok_and(|options| names_collector(&options));
        let is_named = ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"];
        let is_another = self.engine.count() < 2 && self.given.count() >= 2 && has_memory;
        (is_another && !is_named.into_iter().any(names_one)).then_some("-XX:+UseG1GC")
    }

    /// In words: who has what, and why.
    pub fn told(&self) -> String {
        Cores {
            engine: self.engine.to_string(),
            harness: self.harness.to_string(),
            why: self.why.clone(),
        }
        .told()
    }
}

/// Whether options of a JVM say which collector it takes.
fn names_collector(options: &str) -> bool {
    let mut words = options.split(|c: char| c.is_whitespace() || c == '"' || c == '\'');
    words.any(|word| word.strip_prefix("-XX:+Use").is_some_and(|rest| rest.ends_with("GC")))
}

/// From so much memory on a JVM with two processors or more takes G1 by itself.
const SERVER_BYTES: u64 = 1792 << 20;

/// What there is to be shared out.
#[derive(Clone, Debug)]
struct Here {
    /// The processors, those that are threads of one core together.
    cores: Vec<Vec<usize>>,
    /// How many of them may be busy at once.
    at_once: usize,
}

/// Which processors an engine of a cell and this program have; none where nothing is pinned that
/// could be: an engine of this program, one on a cluster, or a system that does not tell.
///
/// # Errors
/// Where somebody asks for processors that are not here: why, and the way out.
pub fn pins(kind: &EngineKind, cell: &Cell) -> Result<Option<Pins>, String> {
    if kind.is_embedded() || kind.is_elsewhere() {
        return Ok(None);
    }
    shared_out(&cell.pinning, cell.partitions, cell.parallelism)
}

/// Which engines of these cells are pinned, and how, each way once.
///
/// # Errors
/// As [`pins`].
pub fn all_pins(cells: &[Cell]) -> Result<Vec<(&str, Pins)>, String> {
    let mut all: Vec<(&str, Pins)> = Vec::new();
    for cell in cells {
        for engine in &cell.engines {
            if let Some(pins) = pins(&engine.kind, cell)? {
                let told = (engine.label.as_str(), pins);
                if !all.contains(&told) {
                    all.push(told);
                }
            }
        }
    }
    Ok(all)
}

/// The same for an engine in a process of ours with so many workers, whose source has so many
/// partitions.
///
/// # Errors
/// As above.
pub(super) fn shared_out(
    asked: &Pinning,
    partitions: usize,
    workers: usize,
) -> Result<Option<Pins>, String> {
    let Some(given) = cpus::given() else {
        let said = [&asked.engine, &asked.harness].iter().any(|it| matches!(it, Cpus::These(_)));
        return if said {
            Err("processors can be chosen on Linux alone: leave host.engine_cpus and \
                 host.harness_cpus out"
                .to_owned())
        } else {
            Ok(None)
        };
    };
    let here = Here { cores: cpus::cores(&given.cpus), at_once: given.at_once };
    decided(asked, (partitions, workers), &here).map(Some)
}

/// `sizes` are those of the source and of the engine: partitions and workers.
fn decided(asked: &Pinning, sizes: (usize, usize), here: &Here) -> Result<Pins, String> {
    let given = CpuList::of(here.cores.iter().flatten().copied());
    for (key, cpus) in [("engine_cpus", &asked.engine), ("harness_cpus", &asked.harness)] {
        let Cpus::These(list) = cpus else { continue };
        let beyond = list.without(&given);
        if !beyond.is_empty() {
            return Err(format!(
                "host.{key} = \"{list}\": {} {} not among those that this program may use, which \
                 {} {given}; choose among them, or leave host.{key} out",
                beyond.told(),
                if beyond.count() == 1 { "is" } else { "are" },
                if given.count() == 1 { "is" } else { "are" },
            ));
        }
    }
    // What is left beside those that were named: cores of which none is named, or else what is left
    // of theirs; all, where nothing is.
    let beside = |list: &CpuList| {
        let is_free =
            |core: &&Vec<usize>| CpuList::of(core.iter().copied()).shared(list).is_empty();
        let free = CpuList::of(here.cores.iter().filter(is_free).flatten().copied());
        let left = [free, given.without(list)].into_iter().find(|left| !left.is_empty());
        left.unwrap_or_else(|| given.clone())
    };
    let (engine, harness, why) = match (&asked.engine, &asked.harness) {
        (Cpus::These(engine), Cpus::These(harness)) => (engine.clone(), harness.clone(), NAMED),
        (Cpus::These(engine), Cpus::Auto) => (engine.clone(), beside(engine), NAMED),
        (Cpus::Auto, Cpus::These(harness)) => (beside(harness), harness.clone(), NAMED),
        (Cpus::These(engine), Cpus::Any) => (engine.clone(), given.clone(), NAMED),
        (Cpus::Any, Cpus::These(harness)) => (given.clone(), harness.clone(), NAMED),
        (Cpus::Any, _) | (_, Cpus::Any) => (given.clone(), given.clone(), UNWANTED),
        (Cpus::Auto, Cpus::Auto) if here.at_once < 2 => {
            (given.clone(), given.clone(), "there is one processor for both")
        }
        (Cpus::Auto, Cpus::Auto) => {
            let harness = of_harness(here, sizes);
            (given.without(&harness), harness, "by default")
        }
    };
    let shared = engine.shared(&harness);
    let why = if engine == harness || shared.is_empty() {
        why.to_owned()
    } else {
        format!("they share {}, {why}", shared.told())
    };
    Ok(Pins { engine, harness, given, why })
}

const UNWANTED: &str = "as [host] asks";
const NAMED: &str = "as [host] names them";

/// One processor for each partition, whose events a thread of its own sends, and one for whoever
/// hears answers: at most half of what there is, and what the engine's workers leave; but one at
/// least. The first ones, and whole cores where there are several.
fn of_harness(here: &Here, (partitions, workers): (usize, usize)) -> CpuList {
    let all = here.cores.iter().map(Vec::len).sum::<usize>().min(here.at_once);
    let most = (all / 2).min(all.saturating_sub(workers)).max(1);
    let wanted = partitions.saturating_add(1).min(most);
    if here.cores.len() < 2 {
        let of_one = here.cores.iter().flatten().copied();
        return CpuList::of(of_one.take(wanted));
    }
    let mut taken = Vec::new();
    // The last core is the engine's, whatever else is.
    for core in &here.cores[..here.cores.len() - 1] {
        if taken.len() >= wanted {
            break;
        }
        taken.extend(core);
    }
    CpuList::of(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many cores of so many threads each, numbered as Linux does: first threads first.
    fn here(cores: usize, threads: usize) -> Here {
        let core = |first| (0..threads).map(|thread| first + thread * cores).collect();
        Here { cores: (0..cores).map(core).collect(), at_once: cores * threads }
    }

    fn asked(engine: &str, harness: &str) -> Pinning {
        Pinning { engine: engine.parse().unwrap(), harness: harness.parse().unwrap() }
    }

    #[track_caller]
    fn check(
        here: &Here,
        sizes: (usize, usize),
        asked: &Pinning,
        engine: &str,
        harness: &str,
    ) -> Pins {
        let pins = decided(asked, sizes, here).unwrap();
        assert_eq!(
            (pins.engine.to_string(), pins.harness.to_string()),
            (engine.into(), harness.into())
        );
        pins
    }

    #[test]
    fn each_has_its_own_where_there_are_enough() {
        let auto = Pinning::default();
        let two = check(&here(2, 1), (1, 1), &auto, "1", "0");
        assert!(two.holds_engine() && two.holds_harness());
        assert_eq!(two.told(), "engine on CPU 1, harness on CPU 0; by default");
        check(&here(3, 1), (1, 1), &auto, "1,2", "0");
        check(&here(4, 1), (1, 1), &auto, "2,3", "0,1");
        check(&here(8, 1), (1, 1), &auto, "2-7", "0,1");
        check(&here(16, 1), (4, 1), &auto, "5-15", "0-4");
        check(&here(8, 1), (100, 1), &auto, "4-7", "0-3");
        // Workers of the engine come first, but for one processor.
        check(&here(4, 1), (1, 3), &auto, "1-3", "0");
        check(&here(4, 1), (1, 9), &auto, "1-3", "0");
        check(&here(2, 1), (1, 2), &auto, "1", "0");
        // Threads of one core are in each other's way: they go together.
        check(&here(4, 2), (1, 1), &auto, "1-3,5-7", "0,4");
        check(&here(1, 2), (1, 1), &auto, "1", "0");
        check(&here(1, 4), (1, 1), &auto, "2,3", "0,1");
    }

    #[test]
    fn a_collector_is_named_by_the_option_that_takes_it_and_by_no_other_about_one() {
        for named in
            ["-XX:+UseG1GC", "-Xmx1g -XX:+UseZGC", "'-XX:+UseSerialGC' -ea", "-XX:+UseParallelGC"]
        {
            assert!(names_collector(named), "{named}");
        }
        for other in [
            "",
            "-XX:MaxGCPauseMillis=50",
            "-Xlog:gc -XX:-UseG1GC",
            "-XX:+UseStringDeduplication -DGC",
        ] {
            assert!(!names_collector(other), "{other}");
        }
    }

    #[test]
    fn with_one_at_a_time_nothing_is_pinned_and_it_is_said() {
        let auto = Pinning::default();
        let one = check(&here(1, 1), (1, 1), &auto, "0", "0");
        assert!(!one.holds_engine() && !one.holds_harness());
        assert!(
            one.told().contains("not pinned: there is one processor for both"),
            "{}",
            one.told()
        );
        // As a quota leaves it.
        let quota = check(&Here { at_once: 1, ..here(4, 1) }, (1, 1), &auto, "0-3", "0-3");
        assert!(!quota.holds_engine() && quota.told().contains("one processor for both"));
    }

    #[test]
    fn who_names_them_has_them() {
        let four = here(4, 1);
        check(&four, (1, 1), &asked("2,3", "0"), "2,3", "0");
        check(&four, (1, 1), &asked("1", "auto"), "1", "0,2,3");
        check(&four, (1, 1), &asked("auto", "3"), "0-2", "3");
        check(&four, (1, 1), &asked("0-3", "auto"), "0-3", "0-3");
        check(&four, (1, 1), &asked("1", "none"), "1", "0-3");
        // The other thread of a core that was named is in the way of it, unless nothing else is left.
        let threads = here(4, 2);
        check(&threads, (1, 1), &asked("1-3", "auto"), "1-3", "0,4");
        check(&threads, (1, 1), &asked("auto", "0"), "1-3,5-7", "0");
        check(&threads, (1, 1), &asked("0-3", "auto"), "0-3", "4-7");
        let shared = check(&four, (1, 1), &asked("0-2", "2,3"), "0-2", "2,3");
        assert!(shared.told().contains("they share CPU 2"), "{}", shared.told());
        for (engine, harness) in [("none", "auto"), ("auto", "none"), ("none", "none")] {
            let pins = check(&four, (1, 1), &asked(engine, harness), "0-3", "0-3");
            assert!(!pins.holds_engine() && !pins.holds_harness());
            assert!(pins.told().contains("not pinned: as [host] asks"), "{}", pins.told());
        }
    }

    #[test]
    fn what_is_not_here_is_refused_with_what_is() {
        let limited = Here { cores: vec![vec![2], vec![5]], at_once: 2 };
        let said = decided(&asked("0", "auto"), (1, 1), &limited).unwrap_err();
        assert!(said.contains("host.engine_cpus = \"0\": CPU 0 is not among"), "{said}");
        assert!(said.contains("which are 2,5; choose among them"), "{said}");
        let said = decided(&asked("2", "5-7"), (1, 1), &limited).unwrap_err();
        assert!(said.contains("host.harness_cpus = \"5-7\": CPUs 6,7 are not among"), "{said}");
        check(&limited, (1, 1), &Pinning::default(), "5", "2");
    }
}
