//! A Storm cluster of the user's own: whether it can run the topology, and how nothing of one is left
//! on it.
//!
//! A process of ours submits the topology and hears how its tasks end; the jar goes with it. The
//! topology has a name that is chosen here, so that it can be killed whatever became of that process.

mod thrift;

use crate::distributions::Engine;
use crate::drivers::beside::Remainder;
use crate::drivers::cluster::{self, LOOK_EVERY, LOOKS_MOST, plural};
use settings::plan::{Address, StormCluster};
use thrift::{NoAnswer, Value};

// Fields of what a Nimbus tells.
const SUPERVISORS: i16 = 1;
const TOPOLOGIES: i16 = 3;
const NIMBUSES: i16 = 4;
const SLOTS_OF_SUPERVISOR: i16 = 3;
const SLOTS_USED: i16 = 4;
const NAME_OF_TOPOLOGY: i16 = 2;
const VERSION_OF_NIMBUS: i16 = 5;

/// A cluster that can run a topology.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The Nimbus that answered.
    pub(super) nimbus: Address,
    /// What it is, in words.
    pub(super) told: String,
}

/// Whether the cluster can run a topology of this release that takes so many slots. Of several Nimbuses,
/// the first that answers tells.
///
/// # Errors
/// Where it cannot: why, and the way out.
pub(super) fn look(cluster: &StormCluster, release: &str, slots: usize) -> Result<Found, String> {
    let mut silent = Vec::new();
    for at in &cluster.nimbuses {
        match thrift::cluster(at) {
            Ok(summary) => {
                let told = able(at, summary, release, slots)?;
                let is_one_of_several = cluster.nimbuses.len() > 1;
                let which =
                    if is_one_of_several { format!(", Nimbus {at}") } else { String::new() };
                return Ok(Found { nimbus: at.clone(), told: format!("{told}{which}") });
            }
            Err(NoAnswer::Nobody(at, why)) if !silent.is_empty() => {
                silent.push(format!("nor at {at} ({why})"));
            }
            Err(nobody @ NoAnswer::Nobody(..)) => silent.push(nobody.to_string()),
            Err(error) => return Err(error.to_string()),
        }
    }
    Err(silent.join("; "))
}

/// What a cluster is, in words, whose Nimbus is there and tells this of it.
fn able(at: &Address, mut told: Value, release: &str, slots: usize) -> Result<String, String> {
    let version = told.each(NIMBUSES).iter().find_map(|nimbus| nimbus.text(VERSION_OF_NIMBUS));
    let Some(version) = version.map(str::to_owned) else {
        let said = "that there is none".to_owned();
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
        told = thrift::cluster(at).map_err(|error| error.to_string())?;
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
    /// Where it may be killed: the leader of several does so, and the others refuse it.
    pub(super) nimbuses: Vec<Address>,
    pub(super) topology: String,
}

impl Remainder for Submitted {
    fn end(&self) {
        for _ in 0..LOOKS_MOST {
            // Where it never was, or nobody answers any more, there is nothing to be done.
            if !self.nimbuses.iter().any(|at| thrift::kill(at, &self.topology).is_ok()) {
                return;
            }
            let told = self.nimbuses.iter().find_map(|at| thrift::cluster(at).ok());
            let Some(told) = told else { return };
            let is_it = |topology: &Value| topology.text(NAME_OF_TOPOLOGY) == Some(&self.topology);
            if !told.each(TOPOLOGIES).iter().any(is_it) {
                return;
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;

    fn texted(text: &str) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        [&length, text.as_bytes()].concat()
    }

    /// A message that comes back: what kind it is of, to which call, and the fields of its result.
    fn message(kind: u8, function: &str, result: &[u8]) -> Vec<u8> {
        let body =
            [&[0x80, 1, 0, kind], texted(function).as_slice(), &[0; 4], result, &[0]].concat();
        [&u32::try_from(body.len()).unwrap().to_be_bytes(), body.as_slice()].concat()
    }

    /// A field that is a list of structs.
    fn list(number: u8, structs: &[Vec<u8>]) -> Vec<u8> {
        let many = u32::try_from(structs.len()).unwrap().to_be_bytes();
        [&[15, 0, number, 12], many.as_slice(), &structs.concat()].concat()
    }

    /// One supervisor of two slots, so many of them used, and a topology if one is named.
    fn summary(version: &str, used: u8, topology: Option<&str>) -> Vec<u8> {
        let supervisor = vec![8, 0, 3, 0, 0, 0, 2, 8, 0, 4, 0, 0, 0, used, 0];
        let named = |name: &str| [&[11, 0, 2], texted(name).as_slice(), &[0]].concat();
        let topologies: Vec<_> = topology.into_iter().map(named).collect();
        let nimbus = [&[11, 0, 5], texted(version).as_slice(), &[0]].concat();
        let lists = [list(1, &[supervisor]), list(3, &topologies), list(4, &[nimbus])].concat();
        message(2, "getClusterInfo", &[&[12, 0, 0], lists.as_slice(), &[0]].concat())
    }

    fn killed() -> Vec<u8> {
        message(2, "killTopologyWithOpts", &[])
    }

    /// A Nimbus that answers these in turn, and tells what it was called with, from the function on.
    fn nimbus(answers: Vec<Vec<u8>>) -> (StormCluster, Receiver<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, told) = channel();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut length = [0; 4];
                stream.read_exact(&mut length).unwrap();
                let mut call = vec![0; u32::from_be_bytes(length) as usize];
                stream.read_exact(&mut call).unwrap();
                tell.send(call.split_off(8)).unwrap();
                stream.write_all(&answer).unwrap();
            }
        });
        let at = |port| Address { host: "127.0.0.1".to_owned(), port };
        (StormCluster { nimbuses: vec![at(port)], reach: at(0) }, told)
    }

    /// Where nobody listens.
    fn nobody() -> Address {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Address { host: "127.0.0.1".to_owned(), port }
    }

    #[track_caller]
    fn refused(answer: &[u8], slots: usize, says: &str) {
        let (cluster, _told) = nimbus(vec![answer.to_vec()]);
        let why = look(&cluster, "2.8", slots).unwrap_err();
        assert!(why.contains(says), "{why}");
    }

    #[test]
    fn a_cluster_is_looked_at_before_anything_is_given_to_it() {
        let (good, told) = nimbus(vec![summary("2.8.3", 0, None)]);
        let found = look(&good, "2.8", 2).unwrap();
        assert_eq!(found.told, "Storm 2.8.3, 1 supervisor, 2 slots");
        assert_eq!(told.recv().unwrap(), b"getClusterInfo\0\0\0\0\0");
        refused(
            &summary("2.6.1", 0, None),
            1,
            "is Storm 2.6.1, and 2.8 was asked for: name one of",
        );
        refused(&summary("2.8.3", 0, None), 3, "has 2 of 2 slots free, and this takes 3");
        let unknown = [&[11, 0, 1], texted("Invalid method name").as_slice()].concat();
        refused(&message(3, "getClusterInfo", &unknown), 1, "it said `Invalid method name`");
        let why = [&[12, 0, 1, 11, 0, 1], texted("who are you").as_slice(), &[0]].concat();
        let why = message(2, "getClusterInfo", &why);
        refused(&why, 1, "refuses getClusterInfo: who are you");
        refused(&killed(), 1, "is no Nimbus");
        refused(&message(2, "getClusterInfo", &[12, 0, 0, 0]), 1, "it said that there is none");
        refused(b"HTTP/1.1 400 Bad Request\r\n\r\n", 1, "it said `HTTP/1.1 400 Bad Request`");
        refused(b"", 1, "it said nothing");
        let cut = summary("2.8.3", 0, None);
        refused(&cut[..cut.len() - 1], 1, "is no Nimbus");
        let why = look(&StormCluster { nimbuses: vec![nobody()], ..good }, "2.8", 1).unwrap_err();
        assert!(why.contains("no cluster answers at 127.0.0.1:"), "{why}");
    }

    #[test]
    fn of_several_the_first_that_answers_tells_and_is_named() {
        let (good, told) = nimbus(vec![summary("2.8.3", 0, None)]);
        let answers = good.nimbuses[0].clone();
        let with = |nimbuses: Vec<Address>| StormCluster { nimbuses, reach: good.reach.clone() };
        let several = with(vec![nobody(), answers.clone(), nobody()]);
        let found = look(&several, "2.8", 1).unwrap();
        assert_eq!(found.nimbus, answers);
        assert_eq!(found.told, format!("Storm 2.8.3, 1 supervisor, 2 slots, Nimbus {answers}"));
        assert_eq!(told.iter().count(), 1);
        let [one, other] = [nobody(), nobody()];
        let why = look(&with(vec![one.clone(), other.clone()]), "2.8", 1).unwrap_err();
        assert!(why.contains(&format!("no cluster answers at {one} (")), "{why}");
        assert!(why.contains(&format!("; nor at {other} (")), "{why}");
        // Whatever one says, it is not left for another's word.
        let (other, _told) = nimbus(vec![summary("2.6.1", 0, None)]);
        let several = with(vec![other.nimbuses[0].clone(), answers]);
        assert!(look(&several, "2.8", 1).unwrap_err().contains("is Storm 2.6.1"));
    }

    #[test]
    fn slots_that_are_about_to_be_free_are_waited_for() {
        let (cluster, told) = nimbus(vec![summary("2.8.3", 2, None), summary("2.8.3", 1, None)]);
        assert!(look(&cluster, "2.8", 1).is_ok());
        assert_eq!(told.iter().count(), 2);
    }

    #[test]
    fn a_topology_is_killed_at_once_and_until_it_is_gone() {
        let there = summary("2.8.3", 1, Some("ours"));
        let gone = summary("2.8.3", 0, Some("another's"));
        let (cluster, told) = nimbus(vec![killed(), there, killed(), gone]);
        Submitted { nimbuses: cluster.nimbuses, topology: "ours".to_owned() }.end();
        let calls: Vec<_> = told.iter().collect();
        assert_eq!(calls.len(), 4);
        let call =
            b"killTopologyWithOpts\0\0\0\0\x0b\0\x01\0\0\0\x04ours\x0c\0\x02\x08\0\x01\0\0\0\0\0\0";
        assert_eq!(calls[0], call);
        assert_eq!(calls[2], call);
        // Only the leader of several does it.
        let follower = [&[11, 0, 1], texted("not a leader").as_slice()].concat();
        let follower = message(3, "killTopologyWithOpts", &follower);
        let (one, of_one) = nimbus(vec![follower, summary("2.8.3", 0, None)]);
        let (other, of_other) = nimbus(vec![killed()]);
        let nimbuses = [one.nimbuses, other.nimbuses].concat();
        Submitted { nimbuses, topology: "ours".to_owned() }.end();
        assert_eq!(
            (of_one.iter().count(), of_other.iter().next().as_deref()),
            (2, Some(&call[..]))
        );
        // One that is gone, or never was, is left alone.
        let why = [&[12, 0, 1, 11, 0, 1], texted("ours is not alive").as_slice(), &[0]].concat();
        let (cluster, told) = nimbus(vec![message(2, "killTopologyWithOpts", &why)]);
        Submitted { nimbuses: cluster.nimbuses, topology: "ours".to_owned() }.end();
        assert_eq!(told.iter().count(), 1);
    }
}
