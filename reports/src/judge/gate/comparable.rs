//! Whether two runs may be compared at all.
//!
//! What changes results must be alike on both sides: the machine and the build, unless somebody
//! insists, and the question and its input in any case. Commits and versions of this program may
//! differ: they are what is compared. What one side does not know, because its record is older,
//! is no difference.

use crate::quantity;
use crate::record::{CellRecord, Repetition, RunRecord};
use std::collections::BTreeMap;

/// Why two runs cannot be compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// A stable code, such as `compare::not_comparable`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What differs, each with both sides.
    pub differences: Vec<Difference>,
    /// One thing to do about it.
    pub help: String,
}

/// Something that is not the same on both sides.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// What.
    pub what: String,
    /// On the base side.
    pub base: String,
    /// On the new side.
    pub new: String,
}

impl Difference {
    fn of(what: impl Into<String>, base: impl Into<String>, new: impl Into<String>) -> Self {
        Self { what: what.into(), base: base.into(), new: new.into() }
    }
}

/// What differs between the machines and the builds of two runs.
pub fn environment(base: &RunRecord, new: &RunRecord) -> Vec<Difference> {
    let facts = |record: &RunRecord| {
        let (host, tool) = (&record.host, &record.tool);
        [
            ("processor", host.cpu_model.clone()),
            ("cores", host.cores.to_string()),
            ("kernel", host.kernel.clone()),
            ("governor", host.governor.clone()),
            ("clock source", host.clock_source.clone()),
            ("virtual machine", host.virtual_machine.clone().unwrap_or_else(|| "none".into())),
            (
                "cgroup limit",
                host.cgroup_cpu_limit.map_or_else(|| "none".into(), |cores| cores.to_string()),
            ),
            ("profile", tool.profile.clone()),
            ("rustc", tool.rustc.clone()),
            ("time", if is_simulated(record) { "simulated" } else { "this machine's" }.into()),
        ]
    };
    let said_by_both = |base: Option<String>, new: Option<String>| base.zip(new);
    let smt = |smt: bool| if smt { "two threads" } else { "one thread" }.to_owned();
    let nodes = |nodes: u32| nodes.to_string();
    let flags = |flags: &String| if flags.is_empty() { "none".into() } else { flags.clone() };
    let later = [
        ("allocator", said_by_both(base.tool.allocator.clone(), new.tool.allocator.clone())),
        (
            "compiler flags",
            said_by_both(base.tool.flags.as_ref().map(flags), new.tool.flags.as_ref().map(flags)),
        ),
        ("a core runs", said_by_both(base.host.smt.map(smt), new.host.smt.map(smt))),
        (
            "memory nodes",
            said_by_both(base.host.numa_nodes.map(nodes), new.host.numa_nodes.map(nodes)),
        ),
    ];
    let pairs = facts(base).into_iter().zip(facts(new));
    let mut found: Vec<Difference> = pairs
        .filter(|((_, base), (_, new))| base != new)
        .map(|((what, base), (_, new))| Difference::of(what, base, new))
        .collect();
    found.extend(later.into_iter().filter_map(|(what, both)| {
        let (base, new) = both?;
        (base != new).then(|| Difference::of(what, base, new))
    }));
    // A kernel keeps a little more or less of it for itself from one start to the next.
    let (a, b) = (base.host.memory_bytes as f64, new.host.memory_bytes as f64);
    if a.max(b) > a.min(b) * 1.1 {
        found.push(Difference::of("memory", quantity::bytes(a), quantity::bytes(b)));
    }
    found
}

/// All that differs between the machines, the builds and the times of two runs: what changes
/// results for sure, and what may. A reader must know it before any figure.
pub fn circumstances(base: &RunRecord, new: &RunRecord) -> Vec<Difference> {
    let name = |record: &RunRecord| record.host.name.clone().unwrap_or_else(|| "not named".into());
    let version = |record: &RunRecord| record.tool.version.clone();
    let commit = |record: &RunRecord| record.tool.commit.clone();
    let load = |record: &RunRecord| match record.host.load_before {
        load if load.is_finite() => format!("{load:.1}"),
        _ => "not known".into(),
    };
    let spinning = |record: &RunRecord| {
        let engines = record.cells.iter().flat_map(|cell| &cell.engines);
        let is_told = engines.flat_map(|engine| &engine.repetitions).any(|r| r.spun_s.is_some());
        if is_told { "told apart from work" } else { "not told apart" }.to_owned()
    };
    let started = |record: &RunRecord| record.started.clone();
    let pair = |what: &str, of: &dyn Fn(&RunRecord) -> String| {
        let (base, new) = (of(base), of(new));
        (base != new).then(|| Difference::of(what, base, new))
    };
    let mut all: Vec<Difference> = pair("host class", &name).into_iter().collect();
    all.extend(environment(base, new));
    all.extend(pair("version", &version));
    all.extend(pair("commit", &commit));
    all.extend(pair("what was spun", &spinning));
    all.extend(pair("load before the run", &load));
    all.extend(pair("started", &started));
    all
}

/// Whether the latencies of a run are no times of any machine.
pub(crate) fn is_simulated(record: &RunRecord) -> bool {
    let engines = record.cells.iter().flat_map(|cell| &cell.engines);
    engines.flat_map(|engine| &engine.repetitions).any(Repetition::is_simulated)
}

/// Refuses runs that have nothing in common, or that ask different questions under one name; and
/// those of different machines, unless that is `forced`. Returns what differs between these.
pub fn judge(
    base: &RunRecord,
    new: &RunRecord,
    forced: bool,
) -> Result<Vec<Difference>, Box<Refusal>> {
    let pairs: Vec<_> = in_common(base, new).collect();
    if pairs.is_empty() {
        let names = |record: &RunRecord| {
            let names: Vec<&str> = record.cells.iter().map(|cell| cell.name.as_str()).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        return Err(Box::new(Refusal {
            code: "compare::nothing_in_common",
            message: "the two runs have no scenario in common".into(),
            differences: vec![Difference::of("scenarios", names(base), names(new))],
            help: "give two runs of the same scenario or suite".into(),
        }));
    }
    let environment = environment(base, new);
    if !environment.is_empty() && !forced {
        return Err(Box::new(Refusal {
            code: "compare::not_comparable",
            message: "baseline and new run differ in things that change results".into(),
            differences: environment,
            help: format!(
                "run the baseline again here ({}), or give --force (every figure is then marked \
                 \"different environment\")",
                base.command
            ),
        }));
    }
    let questions: Vec<Difference> = pairs
        .iter()
        .flat_map(|(base, new)| {
            settings(base, new).into_iter().map(|difference| Difference {
                what: format!("{}: {}", new.name, difference.what),
                ..difference
            })
        })
        .collect();
    if !questions.is_empty() {
        return Err(Box::new(Refusal {
            code: "compare::other_scenario",
            message: "the two runs do not ask the same question of the same input".into(),
            differences: questions,
            help: "run the baseline again with the scenario file of the new run; settings of one \
                   run are compared with `sluicebench sweep`"
                .into(),
        }));
    }
    let inputs: Vec<Difference> = pairs.iter().filter_map(|(base, new)| input(base, new)).collect();
    if !inputs.is_empty() {
        return Err(Box::new(Refusal {
            code: "compare::other_input",
            message: "the same seed and settings gave another input: the trace or the way events \
                      are made has changed"
                .into(),
            differences: inputs,
            help: "run the baseline again with this program and this trace".into(),
        }));
    }
    Ok(environment)
}

/// What keeps a cell of one run from being held against the same cell of another: their machines and
/// builds, unless that is `forced`, the names that these were given, the question and the input.
pub(crate) fn of_cell(
    (base_run, base): (&RunRecord, &CellRecord),
    (new_run, new): (&RunRecord, &CellRecord),
    forced: bool,
) -> Vec<Difference> {
    let mut all = Vec::new();
    if !forced {
        let classes = base_run.host.name.as_ref().zip(new_run.host.name.as_ref());
        let others = classes.filter(|(base, new)| base != new);
        all.extend(others.map(|(base, new)| Difference::of("host class", base, new)));
        all.extend(environment(base_run, new_run));
    }
    all.extend(settings(base, new));
    all.extend(input(base, new));
    all
}

/// The cells of the same name on both sides, in the order of the new run.
pub fn in_common<'a>(
    base: &'a RunRecord,
    new: &'a RunRecord,
) -> impl Iterator<Item = (&'a CellRecord, &'a CellRecord)> {
    new.cells.iter().filter_map(|new| {
        let same = base.cells.iter().find(|base| base.name == new.name)?;
        Some((same, new))
    })
}

/// Names, demands and where a trace lies change no result.
const NO_MATTER: [&str; 5] = ["name", "title", "scenario", "threshold", "source.trace.path"];

/// Settings that records did not always have, by engine and name, and what was done before they came.
const CAME_LATER: [(&str, &str, &str); 1] = [("engine.per-event", "strict", "false")];

/// What a run whose record does not tell this setting did.
fn untold(path: &str) -> &'static str {
    let came = CAME_LATER.iter().find(|(engine, key, _)| {
        let place = path.strip_suffix(key).and_then(|place| place.strip_suffix('.'));
        let label = place.and_then(|place| place.strip_prefix(engine));
        label.is_some_and(|label| label.is_empty() || label.starts_with(" ("))
    });
    came.map_or("not set", |(_, _, before)| before)
}

/// The settings that are not the same on both sides, as they stand in a scenario file.
fn settings(base: &CellRecord, new: &CellRecord) -> Vec<Difference> {
    let (base, new) = (read(&base.resolved), read(&new.resolved));
    let matters = |path: &str| {
        let mut ways = NO_MATTER.iter();
        !ways.any(|other| {
            path == *other || path.strip_prefix(other).is_some_and(|p| p.starts_with('.'))
        })
    };
    // An engine that is on one side only is not compared, so its settings do not matter.
    let engine = |path: &str| -> Option<String> {
        let rest = path.strip_prefix("engine.")?;
        let end = rest.rfind('.')?;
        Some(format!("engine.{}", &rest[..end]))
    };
    let has = |side: &BTreeMap<String, String>, engine: &str| {
        let prefix = format!("{engine}.");
        side.keys().any(|path| path.starts_with(&prefix))
    };
    let paths: std::collections::BTreeSet<&String> = base.keys().chain(new.keys()).collect();
    paths
        .into_iter()
        .filter(|path| matters(path))
        .filter(|path| engine(path).is_none_or(|e| has(&base, &e) && has(&new, &e)))
        .filter_map(|path| {
            let of = |side: &BTreeMap<String, String>| {
                side.get(path).cloned().unwrap_or_else(|| untold(path).into())
            };
            let (base, new) = (of(&base), of(&new));
            (base != new).then(|| Difference::of(path.clone(), base, new))
        })
        .collect()
}

/// The settings of a resolved scenario file by their path. It is a file that this program wrote:
/// one key to a line, under headings.
fn read(resolved: &str) -> BTreeMap<String, String> {
    let mut sections: Vec<(String, Vec<(String, String)>)> = vec![(String::new(), Vec::new())];
    for line in resolved.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(heading) = line.strip_prefix('[') {
            let name = heading.trim_matches(['[', ']']).to_owned();
            sections.push((name, Vec::new()));
        } else if let Some((key, value)) = line.split_once('=')
            && let Some((_, keys)) = sections.last_mut()
        {
            keys.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    let mut found = BTreeMap::new();
    for (name, keys) in sections {
        // Several settings of one engine are told apart by their label.
        let label = keys.iter().find(|(key, _)| key == "label").map(|(_, label)| label);
        let place = match label {
            Some(label) => format!("{name} ({})", label.trim_matches('"').replace('.', "·")),
            None => name,
        };
        for (key, value) in keys {
            let path = if place.is_empty() { key } else { format!("{place}.{key}") };
            found.insert(path, value);
        }
    }
    found
}

/// The first input that has another hash on the other side, for the same seed.
fn input(base: &CellRecord, new: &CellRecord) -> Option<Difference> {
    let hashes = |cell: &CellRecord| -> Vec<(u64, String)> {
        let repetitions = cell.engines.iter().flat_map(|engine| &engine.repetitions);
        let of = repetitions.filter_map(|r| Some((r.seed?, r.input_hash.clone()?)));
        std::iter::once((cell.seed, cell.input.hash.clone())).chain(of).collect()
    };
    let before = hashes(base);
    hashes(new).into_iter().find_map(|(seed, hash)| {
        let (_, other) = before.iter().find(|(other, _)| *other == seed)?;
        (*other != hash)
            .then(|| Difference::of(format!("{}: input of seed {seed}", new.name), other, hash))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[track_caller]
    fn differs_in(change: impl FnOnce(&mut RunRecord), want: &[&str]) {
        let base = sample::record();
        let mut new = base.clone();
        change(&mut new);
        let found = environment(&base, &new);
        let found: Vec<&str> = found.iter().map(|difference| difference.what.as_str()).collect();
        assert_eq!(found, want);
        assert_eq!(judge(&base, &new, false).is_err(), !want.is_empty());
        assert!(judge(&base, &new, true).is_ok(), "somebody may insist");
    }

    #[test]
    fn what_changes_results_makes_two_machines_of_one() {
        differs_in(|_| (), &[]);
        differs_in(|run| run.tool.commit = "fedcba9".into(), &[]);
        differs_in(|run| run.host.clock_source = "hpet".into(), &["clock source"]);
        differs_in(|run| run.tool.allocator = Some("jemalloc".into()), &["allocator"]);
        let native = Some("-C target-cpu=native".to_owned());
        differs_in(|run| run.tool.flags = native, &["compiler flags"]);
        differs_in(|run| run.host.smt = Some(true), &["a core runs"]);
        differs_in(|run| run.host.numa_nodes = Some(2), &["memory nodes"]);
    }

    #[test]
    fn what_may_differ_without_being_refused_is_named_as_well() {
        let base = sample::record();
        assert_eq!(circumstances(&base, &base), []);
        let mut new = base.clone();
        new.tool.commit = "fedcba9".into();
        new.started = "2026-11-20T23:00:00Z".into();
        new.host.load_before = 0.13;
        assert_eq!(environment(&base, &new), []);
        let told = |new: &RunRecord| -> Vec<String> {
            let all = circumstances(&base, new).into_iter();
            all.map(|d| format!("{}: {} → {}", d.what, d.base, d.new)).collect()
        };
        let started = "started: 2026-11-20T10:00:00Z → 2026-11-20T23:00:00Z";
        assert_eq!(told(&new), ["commit: 0123abc → fedcba9", started]);
        new.host.load_before = 1.5;
        new.host.cpu_model = "Imaginary 4000".into();
        let processor = "processor: Imaginary 3000 → Imaginary 4000";
        let load = "load before the run: 0.1 → 1.5";
        assert_eq!(told(&new), [processor, "commit: 0123abc → fedcba9", load, started]);
    }

    #[test]
    fn what_an_older_record_does_not_say_is_no_difference() {
        let forget = |run: &mut RunRecord| {
            (run.tool.allocator, run.tool.flags) = (None, None);
            (run.host.smt, run.host.numa_nodes) = (None, None);
        };
        differs_in(forget, &[]);
    }

    #[test]
    fn simulated_latencies_are_not_held_against_measured_ones() {
        let hash = |run: &mut RunRecord| {
            for engine in run.cells.iter_mut().flat_map(|cell| &mut cell.engines) {
                let repetitions = engine.repetitions.iter_mut();
                repetitions.for_each(|r| r.trace_hash = Some("0123456789abcdef".into()));
            }
        };
        differs_in(hash, &["time"]);
    }
}
