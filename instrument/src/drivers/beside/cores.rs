//! Which processors an engine and this program really may use, read back once all of it runs.

use crate::drivers::Pins;
use crate::host::cpus;
use crate::host::group::ProcessGroup;
use reports::record::Cores;
use settings::plan::CpuList;
use std::collections::BTreeSet;

/// Those of all threads of the engine's processes, and of all of this one's; why they are these, if
/// that was decided here. None where the system does not tell.
pub(super) fn in_force(
    group: &ProcessGroup,
    pins: Option<&Pins>,
    is_elsewhere: bool,
) -> Option<Cores> {
    let shown = |cpus: BTreeSet<usize>| CpuList::of(cpus).to_string();
    let harness = cpus::in_force(std::process::id()).map(shown)?;
    if is_elsewhere {
        return Some(Cores { harness, ..Cores::default() });
    }
    let engine: Vec<BTreeSet<usize>> =
        group.pids().into_iter().filter_map(cpus::in_force).collect();
    if engine.is_empty() {
        return None;
    }
    let engine = shown(engine.into_iter().flatten().collect());
    Some(Cores { engine, harness, why: pins.map_or_else(String::new, |pins| pins.why.clone()) })
}
