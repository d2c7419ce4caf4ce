//! The way in: what a source releases goes to its connection.
//!
//! Events are released when they are due, whatever the job does; several that are due together are
//! sent together, and nothing is held back for the sake of fuller frames. Where nothing is due the
//! thread sleeps: a core that spins here is one that the engine does not have.

use super::ways::WayIn;
use crate::transport::{Frames, Outgoing};
use engines::{Arrival, Clock, Control, Data, Patience, Source};
use programs::Sources;
use scenarios::Keyed;
use scenarios::workload::{Line, Padded};
use std::any::Any;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many records a source gives at a time, at most.
const SLICE: usize = 2048;

/// What goes into a job through one connection.
pub(super) trait Feeding: Send {
    /// Sends all of it, until its end or until `run` is to stop.
    fn feed(&mut self, to: &mut dyn WayIn, run: &Run<'_>) -> io::Result<Fed>;
}

/// A run that is fed.
pub(super) struct Run<'a> {
    pub(super) clock: &'a dyn Clock,
    pub(super) control: &'a Control,
    /// Whether something waits for the job to read.
    pub(super) is_waiting: &'a AtomicBool,
}

/// What went in.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fed {
    /// Events that were not sent, since no engine accepts their event time.
    pub(super) rejected: u64,
    /// Records that the plan makes of those that were sent.
    pub(super) records: u64,
}

/// What is to be sent, if there is a way to send what these sources give.
pub(super) fn feeds<E: Data>(sources: Sources<E>) -> Option<Vec<Box<dyn Feeding>>> {
    let mut sources = Some(sources);
    known::<E, Keyed>(&mut sources)
        .or_else(|| known::<E, Padded<32>>(&mut sources))
        .or_else(|| known::<E, Line>(&mut sources))
}

/// The same for one type of event: from here on it is known, and nothing else is generic in it.
fn known<E: Data, K: Data + Outgoing>(
    sources: &mut Option<Sources<E>>,
) -> Option<Vec<Box<dyn Feeding>>> {
    let sources: &mut dyn Any = sources;
    let sources = sources.downcast_mut::<Option<Sources<K>>>()?.take()?;
    let feed = |source| Box::new(Feed { source }) as Box<dyn Feeding>;
    Some(sources.into_iter().map(feed).collect())
}

struct Feed<K> {
    source: Box<dyn Source<Item = K>>,
}

impl<K: Data + Outgoing> Feeding for Feed<K> {
    fn feed(&mut self, to: &mut dyn WayIn, run: &Run<'_>) -> io::Result<Fed> {
        let mut frames = Frames::new();
        let mut fed = Fed::default();
        // Taken from the source and not yet sent.
        let mut taken = 0;
        let mut send = |frames: &mut Frames, taken: &mut u64| {
            run.is_waiting.store(true, Ordering::Relaxed);
            let sent = frames.send(&mut { &mut *to });
            run.is_waiting.store(false, Ordering::Relaxed);
            to.held(std::mem::take(taken));
            sent
        };
        while !run.control.is_stopped() {
            match self.source.poll(run.clock.now(), SLICE) {
                Arrival::Records(records) => {
                    taken += records.len() as u64;
                    let mut rest = records;
                    while !rest.is_empty() {
                        let is_in_time =
                            |record: &&engines::Stamped<K>| record.event_time.is_acceptable();
                        let good = rest.iter().take_while(is_in_time).count();
                        let (good, after) = rest.split_at(good);
                        if !good.is_empty() {
                            frames.records(good);
                            fed.records +=
                                good.iter().map(|record| record.value.records()).sum::<u64>();
                        }
                        let bad = after.len().min(1);
                        fed.rejected += bad as u64;
                        rest = &after[bad..];
                    }
                }
                Arrival::Watermark(watermark) => frames.mark(watermark),
                Arrival::Idle { next_due } => {
                    if !frames.is_empty() || taken > 0 {
                        send(&mut frames, &mut taken)?;
                    }
                    run.clock.pass_until(next_due, Patience::Park);
                }
                Arrival::End => {
                    frames.end();
                    send(&mut frames, &mut taken)?;
                    break;
                }
            }
            if frames.is_full() {
                send(&mut frames, &mut taken)?;
            }
        }
        Ok(fed)
    }
}
