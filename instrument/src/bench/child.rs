//! The process of a repetition, seen from inside.
//!
//! It takes one order on stdin, measures it as [`Here`] does, and reports on stdout. Stdin then
//! stays open as a lease: when it closes, whoever gave the order has died or has had enough, and
//! the engine is stopped. It asks nobody, reads no configuration file and looks at no machine.

use super::Bench as _;
use super::exit::Exit;
use super::here::Here;
use super::wire::{Report, Written};
use crate::host;
use crate::measure::seen::Seen;
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// How often it says that it is about to stop.
const STOPPING_EVERY: Duration = Duration::from_millis(50);

/// After so many times it ends, whatever it is at: ten seconds.
const STOPPING_MOST: u32 = 200;

/// Serves the order that is written on stdin, or says why not.
pub fn serve() {
    let mut line = String::new();
    if let Err(error) = io::stdin().lock().read_line(&mut line) {
        return refuse(format!("the order cannot be read: {error}"));
    }
    let written: Written = match serde_json::from_str(&line) {
        Ok(written) => written,
        Err(error) => return refuse(format!("this is not an order: {error}")),
    };
    let cell = match written.cell() {
        Ok(cell) => cell,
        Err(why) => return refuse(why),
    };
    host::sharpen_timers();
    let stop = Arc::new(AtomicBool::new(false));
    let (done, is_done) = mpsc::channel::<()>();
    let lease = {
        let stop = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("lease".to_owned());
        thread.spawn(move || heed_lease(&stop, &is_done))
    };
    if let Err(error) = lease {
        return refuse(format!("the system has no room for another thread: {error}"));
    }
    let mut watch = |seen: &Seen| {
        if report(&Report::Seen(*seen)) {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    let last = match Here::alone(stop).measure(&written.order(&cell), &mut watch) {
        Ok(measured) => Report::Measured(Box::new(measured)),
        Err(error) => Report::Refused(error.to_string()),
    };
    report(&last);
    drop(done);
}

fn refuse(why: String) {
    report(&Report::Refused(why));
}

/// Waits until stdin closes; then asks the engine to stop, and ends this process should that take
/// too long. Whoever gave the order may be gone: nobody else would remove then what the engine has
/// left, here and on a cluster, so that it is stopped in the same order.
fn heed_lease(stop: &AtomicBool, is_done: &mpsc::Receiver<()>) {
    let mut ignored = [0; 64];
    while io::stdin().lock().read(&mut ignored).is_ok_and(|read| read > 0) {}
    stop.store(true, Ordering::Relaxed);
    for _ in 0..STOPPING_MOST {
        report(&Report::Stopping);
        if is_done.recv_timeout(STOPPING_EVERY) != Err(mpsc::RecvTimeoutError::Timeout) {
            return;
        }
    }
    Exit::Failed.now();
}

/// Says it in a line, and returns whether anybody listens: where nobody does any more, nobody wants
/// the rest either, and an engine must not go on as an orphan.
fn report(report: &Report) -> bool {
    let Ok(mut line) = serde_json::to_vec(report) else { Exit::Failed.now() };
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line).and_then(|()| out.flush()).is_ok()
}
