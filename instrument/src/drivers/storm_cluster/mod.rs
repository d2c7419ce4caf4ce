//! A Storm cluster of the user's own: whether it can run the topology, and how nothing of one is left
//! on it.
//!
//! A process of ours submits the topology and hears how its tasks end; the jar goes with it. The
//! topology has a name that is chosen here, so that it can be killed whatever became of that process.

mod thrift;

use crate::distributions::Engine;
use crate::drivers::beside::Remainder;
use crate::drivers::cluster::{self, LOOK_EVERY, LOOKS_MOST, plural};
use crate::plan::{Address, StormCluster};
use thrift::{NoAnswer, Value};

// Fields of what a Nimbus tells.
const SUPERVISORS: i16 = 1;
const TOPOLOGIES: i16 = 3;
const NIMBUSES: i16 = 4;
const SLOTS_OF_SUPERVISOR: i16 = 3;
const SLOTS_USED: i16 = 4;
const NAME_OF_TOPOLOGY: i16 = 2;
const VERSION_OF_NIMBUS: i16 = 5;

/// Whether the cluster can run a topology of this release that takes so many slots, and what it is, in
/// words.
///
/// # Errors
/// Where it cannot: why, and the way out.
pub(super) fn look(cluster: &StormCluster, release: &str, slots: usize) -> Result<String, String> {
    let at = &cluster.nimbus;
    let summary = || thrift::cluster(at).map_err(|error| error.to_string());
    let mut told = summary()?;
    let version = told.each(NIMBUSES).iter().find_map(|nimbus| nimbus.text(VERSION_OF_NIMBUS));
    let Some(version) = version.map(str::to_owned) else {
        let said = "a cluster without a Nimbus".to_owned();
        return Err(NoAnswer::Stranger(at.clone(), said).to_string());
    };
    cluster::is_of(Engine::Storm, &version, release, &at.to_string())?;
    let wanted = slots as u64;
    // A topology that was killed a moment ago may still hold some.
    for _ in 0..LOOKS_MOST {
        let (free, all) = slots_of(&told);
        if free >= wanted || all < wanted {
            break;
        }
        std::thread::park_timeout(LOOK_EVERY);
        told = summary()?;
    }
    let (free, all) = slots_of(&told);
    if free < wanted {
        return Err(format!(
            "the cluster at {at} has {free} of {} free, and this takes {wanted}: free some, start \
             another supervisor, or lower engine.storm.workers",
            plural(all, "slot"),
        ));
    }
    let supervisors = told.each(SUPERVISORS).len() as u64;
    Ok(format!("Storm {version}, {}, {}", plural(supervisors, "supervisor"), plural(all, "slot")))
}

/// How many slots are free, and how many there are.
fn slots_of(told: &Value) -> (u64, u64) {
    let of_all = |field| -> u64 {
        told.each(SUPERVISORS).iter().map(|supervisor| supervisor.count(field)).sum()
    };
    let all = of_all(SLOTS_OF_SUPERVISOR);
    (all.saturating_sub(of_all(SLOTS_USED)), all)
}

/// A topology on a cluster.
#[derive(Debug)]
pub(super) struct Submitted {
    pub(super) nimbus: Address,
    pub(super) topology: String,
}

impl Remainder for Submitted {
    fn end(&self) {
        for _ in 0..LOOKS_MOST {
            // Where it never was, or nobody answers any more, there is nothing to be done.
            if thrift::kill(&self.nimbus, &self.topology).is_err() {
                return;
            }
            let Ok(told) = thrift::cluster(&self.nimbus) else { return };
            let is_it = |topology: &Value| topology.text(NAME_OF_TOPOLOGY) == Some(&self.topology);
            if !told.each(TOPOLOGIES).iter().any(is_it) {
                return;
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
    }
}
