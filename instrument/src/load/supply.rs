//! How an input is handed to an engine: held, or made ahead of need.

use crate::host::usage;
use crate::load::idle::Carried;
use crate::load::layout::Layout;
use crate::load::make::{dues, made};
use crate::load::marks::{Chunk, Cutter};
use engines::Data;
use scenarios::Workload;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::thread::JoinHandle;

/// How an input is handed to an engine, one per partition.
#[derive(Debug)]
pub enum Supply<E> {
    /// All of it is there.
    Held(std::vec::IntoIter<Chunk<E>>),
    /// It is made while the run lasts.
    Ahead(Receiver<Chunk<E>>),
}

/// The threads that make an input ahead of need. Dropping it stops them; the engine must have
/// let go of the supplies before.
#[derive(Debug)]
pub struct Makers {
    pub(super) stop: Arc<AtomicBool>,
    pub(super) threads: Vec<JoinHandle<()>>,
    pub(super) cpu_ns: Arc<AtomicU64>,
}

impl Makers {
    /// Stops them and returns the processor time they used since they had filled their queues,
    /// in nanoseconds.
    pub fn stop(mut self) -> u64 {
        self.join();
        self.cpu_ns.load(Ordering::Relaxed)
    }

    fn join(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A maker that panicked has closed its queue, and the run has failed by that.
            let _ = thread.join();
        }
    }
}

impl Drop for Makers {
    fn drop(&mut self) {
        self.join();
    }
}

/// Makes one partition to its end, or until nobody wants more. Returns the processor time of this
/// thread when its queue was full for the first time, which was before the clock started.
pub(super) fn make_partition<E: Data + Hash>(
    workload: &dyn Workload<Event = E>,
    (layout, carried): (&Layout, &[Carried]),
    partition: usize,
    chunks: &SyncSender<Chunk<E>>,
    stop: &AtomicBool,
    full: SyncSender<()>,
) -> Option<u64> {
    let mut full = Some(full);
    let mut cpu_before = None;
    let mut cutter = Cutter::new(layout, carried);
    let mut send = |chunk: Chunk<E>| -> bool {
        match chunks.try_send(chunk) {
            Ok(()) => true,
            Err(TrySendError::Full(chunk)) => {
                if full.take().is_some() {
                    cpu_before = usage::thread_cpu_ns();
                }
                // Fails when the run is over; then nobody wants the rest.
                chunks.send(chunk).is_ok()
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    };
    let mut dues = dues(workload, layout).skip(partition).step_by(layout.partitions).peekable();
    while let Some((n, arrival)) = dues.next() {
        let next_due = dues.peek().map(|(_, next)| next.due);
        if let Some(chunk) = cutter.push(made(workload, n, arrival), next_due)
            && (stop.load(Ordering::Relaxed) || !send(chunk))
        {
            break;
        }
    }
    cpu_before
}
