//! The program, as a user calls it, with clusters that answer and run nothing: their jobs are a small
//! engine here, which their processes only submit. From what such a cluster lacks to a page, and what is
//! told of a job that fails at its start, and left of it: nothing, there and here.

use super::program::{RUN, call, files, installed, processes_of};
use super::{fake, write_program};
use crate::support::program::{Said, answer};
use reports::record::{Repetition, RunRecord, VerdictKind};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// A cluster of two slots that answers whoever asks, as long as the test runs.
struct Cluster {
    port: u16,
    ended: Ended,
}

/// What a cluster was told to end: numbers of jobs, or names of topologies.
#[derive(Clone, Default)]
struct Ended(Arc<Mutex<Vec<String>>>);

impl Ended {
    fn all(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cluster {
    fn answering(answer: impl Fn(&mut TcpStream, &Ended) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ended = Ended::default();
        let told = ended.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&mut stream.unwrap(), &told);
            }
        });
        Self { port, ended }
    }

    /// Of Flink: whatever job it is asked for runs until it is cancelled.
    fn of_flink() -> Self {
        Self::answering(|stream, ended| {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let asked = lines.next().unwrap().unwrap();
            lines.find(|line| line.as_ref().is_ok_and(String::is_empty)).unwrap().unwrap();
            let words: Vec<&str> = asked.split(' ').collect();
            let body = match (words[0], words[1].strip_prefix("/jobs/")) {
                ("GET", None) => {
                    "{\"taskmanagers\":1,\"slots-total\":2,\"slots-available\":2,\
                                  \"flink-version\":\"2.3.7\"}"
                }
                ("GET", Some(job)) if ended.all().iter().any(|ended| ended == job) => {
                    "{\"state\":\"CANCELED\"}"
                }
                ("GET", Some(_)) => "{\"state\":\"RUNNING\"}",
                ("PATCH", Some(job)) => {
                    ended.all().push(job.strip_suffix("?mode=cancel").unwrap().to_owned());
                    "{}"
                }
                asked => panic!("{asked:?}"),
            };
            stream.write_all(format!("HTTP/1.1 200 OK\r\n\r\n{body}").as_bytes()).unwrap();
        })
    }

    /// Of Storm: a Nimbus, which takes any topology for one of its own until it is killed.
    fn of_storm() -> Self {
        Self::answering(|stream, ended| {
            let mut length = [0; 4];
            stream.read_exact(&mut length).unwrap();
            let mut call = vec![0; u32::from_be_bytes(length) as usize];
            stream.read_exact(&mut call).unwrap();
            // Version and kind stand before the name of the function, its number behind.
            let (function, rest) = taken(&call[4..]);
            let result = match function {
                "getClusterInfo" => [&[12, 0, 0][..], &nimbus_info(), &[0]].concat(),
                "killTopologyWithOpts" => {
                    // The head of its first argument is three bytes.
                    ended.all().push(taken(&rest[7..]).0.to_owned());
                    Vec::new()
                }
                function => panic!("it calls {function}"),
            };
            let reply =
                [&[0x80, 1, 0, 2][..], &text(function), &[0; 4], result.as_slice(), &[0]].concat();
            let length = u32::try_from(reply.len()).unwrap().to_be_bytes();
            stream.write_all(&[&length[..], reply.as_slice()].concat()).unwrap();
        })
    }
}

/// A text as Thrift writes it.
fn text(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    [&length[..], text.as_bytes()].concat()
}

/// The text that stands first, and what is behind it.
fn taken(bytes: &[u8]) -> (&str, &[u8]) {
    let (length, rest) = bytes.split_first_chunk().unwrap();
    let (text, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
    (std::str::from_utf8(text).unwrap(), rest)
}

/// What a Nimbus tells of its cluster: a supervisor of two slots, no topology, and its version.
fn nimbus_info() -> Vec<u8> {
    let list = |field: u8, of: &[u8]| {
        let many = [0, 0, 0, u8::from(!of.is_empty())];
        [&[15, 0, field, 12][..], &many, of].concat()
    };
    let supervisor = [8, 0, 3, 0, 0, 0, 2, 8, 0, 4, 0, 0, 0, 0, 0];
    let nimbus = [&[11, 0, 5][..], &text("2.8.3"), &[0]].concat();
    [list(1, &supervisor), list(3, &[]), list(4, &nimbus)].concat()
}

/// An engine as it is asked for here.
struct Player {
    engine: &'static str,
    version: &'static str,
    /// What more slots than there are would be asked by.
    too_many: [&'static str; 2],
    /// What it takes to run in a process of its own.
    here: &'static [&'static str],
    /// What its cluster is, in words.
    told: &'static str,
}

const PLAYERS: [Player; 2] = [
    Player {
        engine: "flink",
        version: "2.3.7",
        too_many: ["--parallelism", "3"],
        here: &[],
        told: "Flink 2.3.7, 1 task manager, 2 slots",
    },
    Player {
        engine: "storm",
        version: "2.8.3",
        too_many: ["--set", "engine.storm.workers=3"],
        here: &["--set", "engine.storm.open_ports=true"],
        told: "Storm 2.8.3, 1 supervisor, 2 slots",
    },
];

impl Player {
    /// A cluster of it, and the setting that names it.
    fn cluster(&self) -> (Cluster, String) {
        if self.engine == "flink" {
            let cluster = Cluster::of_flink();
            let set = format!("engine.flink.cluster=\"http://127.0.0.1:{}\"", cluster.port);
            (cluster, set)
        } else {
            let cluster = Cluster::of_storm();
            let set = format!("engine.storm.cluster=\"127.0.0.1:{}\"", cluster.port);
            (cluster, set)
        }
    }

    /// A run of it in a folder with all that it takes.
    fn run(&self, folder: &Path, how: &str, more: &[&str]) -> Said {
        let run = RUN.map(|word| if word == "flink" { self.engine } else { word });
        let mut call = call(folder, &[&run[..], more].concat(), how);
        answer(call.env(fake::VERSION, self.version))
    }
}

/// A folder with all that it takes.
fn ready() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    installed(folder.path());
    // What is sent stands behind --file.
    let jar =
        "#!/bin/sh\nwhile [ $# -gt 0 ]; do [ \"$1\" = --file ] && echo jar > \"$2\"; shift; done\n";
    write_program(&folder.path().join("jdk/bin/jar"), jar);
    folder
}

fn repetition(folder: &Path) -> Repetition {
    let mut record = RunRecord::read(&folder.join("out")).unwrap();
    record.cells.swap_remove(0).engines.swap_remove(0).repetitions.swap_remove(0)
}

#[track_caller]
fn is_verified_recorded_and_shown(player: &Player) {
    let folder = ready();
    let folder = folder.path();
    let (cluster, on) = player.cluster();
    let on = ["--set", on.as_str()];
    let told = player.run(folder, "right", &[on, player.too_many].concat());
    assert_eq!(told.exit, 2, "{told}");
    assert!(told.complaints.contains("engine::cluster"), "{told}");
    assert!(told.complaints.contains("2 of 2 slots free"), "{told}");
    assert!(!folder.join("out").exists());

    let told = player.run(folder, "right", &on);
    assert_eq!(told.exit, 0, "{told}");
    let repetition = repetition(folder);
    assert_eq!(repetition.verdict.kind, VerdictKind::Verified, "{}", repetition.verdict.text);
    let process = repetition.process.as_ref().unwrap();
    let told = ("cluster".to_owned(), player.told.to_owned());
    assert!(process.settings.contains(&told), "{:?}", process.settings);
    // What it costs is not ours to know: no figure, and none that is 0.
    assert!(repetition.cpu_s.is_nan() && repetition.cpu_us_per_event.is_nan());
    assert_eq!(repetition.peak_memory(), None);
    let page = fs::read_to_string(folder.join("out/report.html")).unwrap();
    assert!(page.contains("of the cluster&#x27;s processes, which are not told"), "no ledger");
    // What ends in good order is nobody else's to end.
    assert!(cluster.ended.all().is_empty(), "{:?}", cluster.ended.all());
}

#[test]
fn a_run_on_a_cluster_is_verified_recorded_and_shown() {
    PLAYERS.iter().for_each(is_verified_recorded_and_shown);
}

/// Fails at its start, and is told in its own words: the first of them that name an error.
#[track_caller]
fn fails_and_leaves_nothing(player: &Player, is_on_a_cluster: bool, how: &str, says: &str) {
    let folder = ready();
    let folder = folder.path();
    let (cluster, on) = player.cluster();
    let on = ["--set", on.as_str()];
    let more = if is_on_a_cluster { &on[..] } else { player.here };
    let told = player.run(folder, how, more);
    assert_eq!(told.exit, 1, "{told}");
    let verdict = repetition(folder).verdict;
    assert!(verdict.text.contains(says), "{}", verdict.text);
    assert!(verdict.text.contains(&format!("{} did not start: ", player.engine)), "{told}");
    assert!(!verdict.text.contains("at frame"), "no stack: {}", verdict.text);
    let place = if is_on_a_cluster { "on a cluster" } else { "in one process on this machine" };
    let page = fs::read_to_string(folder.join("out/report.html")).unwrap();
    let was_to = format!("{} was to run {place}, and did not start.", player.engine);
    assert!(page.contains(&was_to), "{was_to}");
    let engine =
        RunRecord::read(&folder.join("out")).unwrap().cells.swap_remove(0).engines.remove(0);
    assert_eq!(engine.is_elsewhere, is_on_a_cluster);
    assert_eq!((processes_of(folder), files(&folder.join("tmp"))), (Vec::new(), Vec::new()));
    let ended = cluster.ended.all();
    let digits = |name: &String| name.chars().rev().take_while(char::is_ascii_hexdigit).count();
    let want: &[usize] = if is_on_a_cluster { &[32] } else { &[] };
    assert_eq!(ended.iter().map(digits).collect::<Vec<_>>(), want, "{ended:?}");
}

#[test]
fn a_port_that_is_taken_is_told_before_anything_runs() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    let (folder, player) = (ready(), &PLAYERS[0]);
    let (_cluster, on) = player.cluster();
    let reach = format!("engine.flink.reach=\"{at}\"");
    let told = player.run(folder.path(), "right", &["--set", &on, "--set", &reach]);
    assert_eq!(told.exit, 2, "{told}");
    assert!(told.complaints.contains("engine::cluster"), "{told}");
    assert!(told.complaints.contains(&at.port().to_string()), "{told}");
    assert!(!folder.path().join("out").exists());
}

#[test]
fn what_fails_at_its_start_is_told_in_its_own_words_and_leaves_nothing() {
    for player in &PLAYERS {
        for is_on_a_cluster in [false, true] {
            for (how, says) in [
                ("fails-at-start", "java.lang.IllegalStateException: no slots"),
                ("dies-at-start", "it said: Exception in thread \"main\": no luck"),
            ] {
                fails_and_leaves_nothing(player, is_on_a_cluster, how, says);
            }
        }
    }
}
