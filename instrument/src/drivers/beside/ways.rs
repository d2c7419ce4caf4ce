//! The ways in and out of a job: its own connections, or topics of a broker.
//!
//! Over a connection, what was written was taken, but for the little that the kernel holds. A broker
//! takes whatever comes, so there the job tells on its connection how many messages it took: events
//! wait in either case until the job takes them.

use super::broker::Broker;
use crate::transport::UnderWay;
use engines::Control;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};

/// A way in.
pub(super) trait WayIn: Write + Send {
    /// What was written since the last time held so many events.
    fn held(&mut self, events: u64);
}

/// A way in for each source, and a way out for each sink.
pub(super) type Ways<'a> = (Vec<Box<dyn WayIn + 'a>>, Vec<Box<dyn Read + Send + 'a>>);

/// Those through a broker, if there is one, or through the connections of sources and sinks.
pub(super) fn ways<'a>(
    broker: Option<&mut Broker>,
    partitions: impl Iterator<Item = Partition<'a>>,
    (sources, sinks): (&'a [TcpStream], &'a [TcpStream]),
    control: &'a Control,
) -> Ways<'a> {
    if let Some(broker) = broker {
        return broker.ways(partitions);
    }
    let way_in = |to| Box::new(Connection { to, control }) as Box<dyn WayIn + 'a>;
    let way_out = |from| Box::new(from) as Box<dyn Read + Send + 'a>;
    (sources.iter().map(way_in).collect(), sinks.iter().map(way_out).collect())
}

/// A connection as a way in.
struct Connection<'a> {
    to: &'a TcpStream,
    control: &'a Control,
}

impl Write for Connection<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl WayIn for Connection<'_> {
    fn held(&mut self, events: u64) {
        self.control.add_read(events);
    }
}

/// A partition that is written to and taken from.
pub(super) struct Partition<'a> {
    pub(super) under_way: &'a UnderWay,
    pub(super) is_waiting: &'a AtomicBool,
    pub(super) control: &'a Control,
}

impl Partition<'_> {
    /// So many messages were sent by now, the last of which held so many events.
    #[cfg(any(test, feature = "kafka"))]
    pub(super) fn sent(&self, messages: u64, events: u64) {
        self.under_way.sent(messages, events);
        self.is_waiting.store(true, Ordering::Relaxed);
    }

    /// Heeds what the job tells of how many messages it took, until it tells no more.
    pub(super) fn heed(&self, mut from: impl Read) {
        let mut messages = [0; 8];
        while from.read_exact(&mut messages).is_ok() {
            self.taken(u64::from_le_bytes(messages));
        }
    }

    /// So many messages were taken by now.
    pub(super) fn taken(&self, messages: u64) {
        let (events, is_waiting) = self.under_way.taken(messages);
        self.control.add_read(events);
        self.is_waiting.store(is_waiting, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_wait_with_the_broker_until_the_job_tells_that_it_took_them() {
        let (under_way, is_waiting) = (UnderWay::default(), AtomicBool::new(false));
        let control = Control::default();
        let partition =
            Partition { under_way: &under_way, is_waiting: &is_waiting, control: &control };
        partition.sent(2, 10);
        partition.sent(3, 4);
        assert_eq!((control.read(), is_waiting.load(Ordering::Relaxed)), (0, true));
        let told = [2u64.to_le_bytes(), 3u64.to_le_bytes()].concat();
        // Cut in the middle of the second number.
        partition.heed(&told[..12]);
        assert_eq!((control.read(), is_waiting.load(Ordering::Relaxed)), (10, true));
        partition.heed(&told[8..]);
        assert_eq!((control.read(), is_waiting.load(Ordering::Relaxed)), (14, false));
    }
}
