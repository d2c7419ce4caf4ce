//! How an input is handed to an engine: held, or made ahead of need.

use crate::host::usage;
use crate::load::idle::Carried;
use crate::load::layout::Layout;
use crate::load::make::dues;
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

/// How many events are made under one call.
const TOGETHER: usize = 1024;

/// Makes one partition to its end, or until nobody wants more; `ahead` is how many chunks its queue
/// holds. Returns the processor time of this thread when its queue was full for the first time, which
/// was before the clock started.
pub(super) fn make_partition<E: Data + Hash>(
    workload: &dyn Workload<Event = E>,
    (layout, carried): (&Layout, &[Carried]),
    partition: usize,
    (chunks, ahead): (&SyncSender<Chunk<E>>, usize),
    stop: &AtomicBool,
    full: SyncSender<()>,
) -> Option<u64> {
    let mut full = Some(full);
    let mut cpu_before = None;
    let mut cutter = Cutter::new(layout, carried, ahead + CHUNKS_BESIDE);
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
    let stride = layout.partitions as u64;
    let mut dues = dues(workload, layout).skip(partition).step_by(layout.partitions).peekable();
    let mut arrivals = Vec::with_capacity(TOGETHER);
    while let Some(&(first, _)) = dues.peek() {
        arrivals.clear();
        let together = cutter.room().min(TOGETHER);
        arrivals.extend(dues.by_ref().take(together).map(|(_, arrival)| arrival));
        let next_due = dues.peek().map(|(_, next)| next.due);
        let make = |into: &mut Vec<_>| workload.append(first, stride, &arrivals, into);
        if let Some(chunk) = cutter.take(make, next_due)
            && (stop.load(Ordering::Relaxed) || !send(chunk))
        {
            break;
        }
    }
    cpu_before
}

/// How many chunks of a partition there are beside those in its queue: the one that is being made, the
/// one that is played, and the one before it, which a source lets go of when it has the next.
pub(super) const CHUNKS_BESIDE: usize = 3;
