//! A Flink cluster of the user's own: whether it can run the job, and how nothing of a job is left on it.
//!
//! A process of ours submits the job and waits for its end; the jar goes with it. The job has a
//! number that is chosen here, so that it can be cancelled whatever became of that process.

mod rest;

use crate::distributions::Engine;
use crate::drivers::beside::Remainder;
use crate::drivers::cluster::{self, LOOK_EVERY, LOOKS_MOST, plural};
use rest::NoAnswer;
use serde_json::Value;
use settings::plan::{Address, FlinkCluster};

/// Whether the cluster can run a job of this release that takes so many slots, and what it is, in
/// words.
///
/// # Errors
/// Where it cannot: why, and the way out.
pub(super) fn look(cluster: &FlinkCluster, release: &str, slots: usize) -> Result<String, String> {
    let at = &cluster.rest;
    let overview = || rest::get(at, "/overview");
    let mut told = overview().map_err(|error| error.to_string())?;
    let Some(version) = told["flink-version"].as_str().map(str::to_owned) else {
        let said = reports::words::brief(&told.to_string(), 80).into_owned();
        return Err(NoAnswer::Stranger(at.clone(), "/overview".to_owned(), said).to_string());
    };
    cluster::is_of(Engine::Flink, &version, release, &format!("http://{at}"))?;
    // A job that ended a moment ago may still hold some.
    let free = |told: &Value| told["slots-available"].as_u64().unwrap_or(0);
    let wanted = slots as u64;
    let all = told["slots-total"].as_u64().unwrap_or(0);
    for _ in 0..LOOKS_MOST {
        if free(&told) >= wanted || all < wanted {
            break;
        }
        std::thread::park_timeout(LOOK_EVERY);
        told = overview().map_err(|error| error.to_string())?;
    }
    if free(&told) < wanted {
        return Err(format!(
            "the cluster at http://{at} has {} of {} free, and this takes {wanted}: free some, start \
             another task manager, or lower parallelism and partitions",
            free(&told),
            plural(all, "slot"),
        ));
    }
    let managers = told["taskmanagers"].as_u64().unwrap_or(0);
    Ok(format!("Flink {version}, {}, {}", plural(managers, "task manager"), plural(all, "slot")))
}

/// A job on a cluster.
#[derive(Debug)]
pub(super) struct Submitted {
    pub(super) rest: Address,
    /// Its number: 32 hexadecimal digits.
    pub(super) job: String,
}

impl Remainder for Submitted {
    fn end(&self) {
        let path = format!("/jobs/{}", self.job);
        for _ in 0..LOOKS_MOST {
            // Where it never was, or nobody answers any more, there is nothing to be done.
            let Ok(told) = rest::get(&self.rest, &path) else { return };
            let is_over =
                ["FINISHED", "CANCELED", "FAILED"].iter().any(|state| told["state"] == *state);
            if is_over || rest::cancel(&self.rest, &self.job).is_err() {
                return;
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;

    /// A cluster that answers these in turn, and tells what it was asked.
    fn cluster(answers: &[&str]) -> (FlinkCluster, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
        let (tell, told) = channel();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                tell.send(lines.next().unwrap().unwrap()).unwrap();
                lines.find(|line| line.as_ref().unwrap().is_empty()).unwrap().unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let rest = Address { host: "127.0.0.1".to_owned(), port };
        let reach = Address { host: "127.0.0.1".to_owned(), port: 0 };
        (FlinkCluster { rest, reach }, told)
    }

    fn ok(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{body}")
    }

    fn overview(version: &str, free: u32) -> String {
        ok(&format!(
            "{{\"taskmanagers\":1,\"slots-total\":2,\"slots-available\":{free},\"flink-version\":\
             \"{version}\"}}"
        ))
    }

    #[track_caller]
    fn refused(answers: &[&str], slots: usize, says: &str) {
        let (cluster, _told) = cluster(answers);
        let why = look(&cluster, "2.3", slots).unwrap_err();
        assert!(why.contains(says), "{why}");
    }

    #[test]
    fn a_cluster_is_looked_at_before_anything_is_given_to_it() {
        let (good, told) = cluster(&[&overview("2.3.1", 2)]);
        assert_eq!(look(&good, "2.3", 2).as_deref(), Ok("Flink 2.3.1, 1 task manager, 2 slots"));
        assert_eq!(told.recv().unwrap(), "GET /overview HTTP/1.0");
        refused(&[&overview("1.20.3", 2)], 1, "set engine.flink.version = \"1.20\"");
        refused(&[&overview("1.9.0", 2)], 1, "name one of 2.3, 1.20");
        refused(&[&overview("2.3.1", 2)], 3, "has 2 of 2 slots free, and this takes 3");
        refused(&[&ok("{\"name\":\"nginx\"}")], 1, "is no Flink");
        refused(&[&ok("<html>")], 1, "is no Flink: to /overview it said `HTTP/1.1 200 OK`");
        refused(&["HTTP/1.1 503 Service Unavailable\r\n\r\n"], 1, "said `HTTP/1.1 503 Service");
        refused(&["SSH-2.0-OpenSSH_9.2"], 1, "said `SSH-2.0-OpenSSH_9.2`");
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let rest = Address { host: "127.0.0.1".to_owned(), port: nobody.port() };
        let why = look(&FlinkCluster { rest, ..good }, "2.3", 1).unwrap_err();
        assert!(why.contains("no cluster answers at http://127.0.0.1:"), "{why}");
    }

    #[test]
    fn slots_that_are_about_to_be_free_are_waited_for() {
        let (cluster, told) = cluster(&[&overview("2.3.0", 0), &overview("2.3.0", 2)]);
        assert!(look(&cluster, "2.3", 1).is_ok());
        assert_eq!(told.iter().count(), 2);
    }

    #[test]
    fn a_job_is_cancelled_until_it_is_over() {
        let state = |state: &str| ok(&format!("{{\"state\":\"{state}\"}}"));
        let accepted = "HTTP/1.1 202 Accepted\r\n\r\n";
        let (cluster, told) = cluster(&[&state("RUNNING"), accepted, &state("CANCELED")]);
        Submitted { rest: cluster.rest, job: "ab".repeat(16) }.end();
        let job = "ab".repeat(16);
        assert_eq!(
            told.iter().collect::<Vec<_>>(),
            [
                format!("GET /jobs/{job} HTTP/1.0"),
                format!("PATCH /jobs/{job}?mode=cancel HTTP/1.0"),
                format!("GET /jobs/{job} HTTP/1.0"),
            ]
        );
        // One that is gone, or never was, is left alone.
        let (cluster, told) = self::cluster(&["HTTP/1.1 404 Not Found\r\n\r\n"]);
        Submitted { rest: cluster.rest, job }.end();
        assert_eq!(told.iter().count(), 1);
    }
}
