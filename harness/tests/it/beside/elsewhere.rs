//! A job whose sources and sinks run where nobody of us started them: how they find their way, by whose
//! clock their answers count, and what is left of them.

use super::{Ran, carried, launch, windows};
use reports::record::Stamps;
use sluicebench::drivers::beside::{Elsewhere, NotReady, Remainder, Running};
use sluicebench::host::usage::Usage as _;
use sluicebench::plan::Address;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Counts how often it is ended.
#[derive(Debug, Default)]
struct Left(AtomicU32);

impl Remainder for Left {
    fn end(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct Started {
    running: Result<Running, NotReady>,
    left: Arc<Left>,
    _folder: tempfile::TempDir,
}

fn started(how: &str, reach: &str) -> Started {
    let (folder, launch) = launch(how, &windows());
    let left = Arc::new(Left::default());
    let reach = Address::parse(reach, 0);
    let remainder: Arc<dyn Remainder> = Arc::<Left>::clone(&left);
    let elsewhere = Elsewhere { reach, remainder: Some(remainder) };
    let running = Running::start_elsewhere(launch, elsewhere, &AtomicBool::new(false));
    Started { running, left, _folder: folder }
}

#[track_caller]
fn is_right(how: &str, reach: &str) -> Running {
    let Started { running, left, _folder } = started(how, reach);
    let running = running.unwrap_or_else(|why| panic!("{how}: {why:?}"));
    let Ran { running, finding, .. } = carried(how, windows(), running);
    let finding = finding.unwrap_or_else(|why| panic!("{how}: {why}"));
    assert!(finding.is_right && finding.answers_checked > 0, "{how}: {}", finding.text);
    assert_eq!(left.0.load(Ordering::Relaxed), 0, "what ends in good order leaves nothing");
    running
}

#[test]
fn workers_of_this_machine_stamp_their_answers_and_are_not_measured() {
    let running = is_right("right", "127.0.0.1");
    let about = running.about();
    assert!(about.is_elsewhere && about.is_same_clock && about.clock_bound_ns > 0);
    assert_eq!(about.stamps, Stamps::Emission);
    // What was started only submits the job.
    assert_eq!((running.cpu_ns(), running.memory_bytes()), (None, None));
    assert_eq!((running.reset_memory_peak(), running.memory_peak_bytes()), (false, None));
}

#[test]
fn answers_by_another_clock_count_from_their_arrival() {
    let about = is_right("other-clock", "localhost").about();
    assert!(!about.is_same_clock);
    assert_eq!(about.stamps, Stamps::Arrival);
    // So what a sink stamps is no matter, whatever it is.
    is_right("other-clock-and-answers-from-the-future", "127.0.0.1");
}

#[test]
fn a_port_that_is_named_is_the_one_that_is_dialled() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    is_right("right", &free.to_string());
    // One whose address is somebody else's, who forwards what comes to the port.
    let free = TcpListener::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port();
    let why = failed(started("finds-no-way-back", &format!("192.0.2.7:{free}")));
    assert!(why.contains(&format!("its workers dial 192.0.2.7:{free}")), "{why}");
}

#[track_caller]
fn failed(started: Started) -> String {
    let Err(NotReady::Failed(why)) = started.running else { panic!("it started") };
    why
}

#[test]
fn what_does_not_find_its_way_back_is_told_with_the_way_out() {
    for how in ["never-dials", "finds-no-way-back"] {
        let started = started(how, "127.0.0.1");
        let left = Arc::clone(&started.left);
        let why = failed(started);
        assert!(why.contains("its workers dial 127.0.0.1:"), "{why}");
        assert!(why.contains("name by engine.fake.reach an address of this machine"), "{why}");
        assert_eq!(left.0.load(Ordering::Relaxed), 1, "{how}: what is left is ended");
    }
    let why = failed(started("right", "192.0.2.7"));
    assert!(why.contains("`192.0.2.7` is no address of this machine: name one"), "{why}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let why = failed(started("right", &taken.local_addr().unwrap().to_string()));
    assert!(why.contains("nobody may listen on 127.0.0.1"), "{why}");
    let why = failed(started("sink-says-something-else", "127.0.0.1"));
    assert!(why.contains("a sink does not say what its clock says"), "{why}");
}

#[test]
fn what_fails_in_the_middle_is_ended_elsewhere_too() {
    for how in ["fails-in-the-middle", "is-killed"] {
        let Started { running, left, _folder } = started(how, "127.0.0.1");
        let Ran { finding, .. } = carried(how, windows(), running.unwrap());
        assert!(finding.is_err(), "{how}");
        assert_eq!(left.0.load(Ordering::Relaxed), 1, "{how}");
    }
}
