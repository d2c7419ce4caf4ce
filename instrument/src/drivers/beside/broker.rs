//! The broker between load and job, and between job and answers: one of ours, or the user's own.
//!
//! Ours is a process that is started for one run and ends with it, on loopback, its log in a folder
//! that is removed. Of the user's own nothing is touched but two topics, whose names no other run
//! has: they are made here, and removed when this is let go of, however a run ends.

use super::NotReady;
use super::child::Process;
use super::ways::{Partition, WayIn, Ways};
use crate::distributions::{self, Engine, Need, Ready};
use crate::host::group::ProcessGroup;
use crate::host::usage::Usage as _;
use crate::transport::Token;
use crate::transport::kafka::{Brokers, Producer, Received, Sending, Sent, client_version};
use engines::{Clock as _, WallClock};
use settings::plan::KafkaSetting;
use std::fmt;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The most memory of the heap of a broker of ours.
const HEAP: &str = "-Xmx512m";

/// How long brokers may take until they answer: those that are there already, and one of ours.
const THERE: Duration = Duration::from_secs(10);
const STARTED: Duration = Duration::from_mins(1);

/// How long each look takes whether they answer.
const LOOK: Duration = Duration::from_millis(200);

/// Looks whether brokers of the user's own answer at these addresses.
///
/// # Errors
/// Where they do not: why, and the way out.
pub fn look(addresses: &str) -> Result<(), String> {
    look_for(addresses, THERE)
}

/// The same, for so long.
fn look_for(addresses: &str, patience: Duration) -> Result<(), String> {
    let brokers = Brokers::at(addresses).map_err(|why| format!("kafka: {why}"))?;
    match until_there(&brokers, addresses, None, patience, &AtomicBool::new(false)) {
        Err(NotReady::Failed(why)) => Err(why),
        // Nobody stops it.
        Err(NotReady::Stopped) | Ok(()) => Ok(()),
    }
}

/// A broker that answers, and the topics on it.
pub(super) struct Broker {
    brokers: Brokers,
    addresses: String,
    setting: KafkaSetting,
    /// Of events, and of answers.
    topics: [String; 2],
    /// Those that were made.
    made: Vec<String>,
    /// What sends events.
    producer: Option<Arc<Producer>>,
    /// What answers come by, for each sink, until the run has it.
    received: Vec<Received>,
    class_path: String,
    from: String,
    stop: Arc<AtomicBool>,
    /// Where it is ours.
    process: Option<Ours>,
}

/// The process of a broker of ours.
#[derive(Debug)]
struct Ours {
    process: Process,
    group: ProcessGroup,
}

impl Broker {
    /// Starts it, or finds it, and makes the topic of events. `stop` ends the waiting.
    ///
    /// # Errors
    /// Where it does not come to that.
    pub(super) fn start(
        setting: &KafkaSetting,
        partitions: usize,
        stop: &AtomicBool,
    ) -> Result<Self, NotReady> {
        let place = distributions::Place::of_this_process();
        let failed = |why: String| NotReady::Failed(format!("kafka: {why}"));
        let ready = distributions::ready(Need::of(Engine::Kafka, distributions::KAFKA), &place)
            .map_err(|error| NotReady::Failed(error.to_string()))?;
        let name = Token::new().digits();
        let (addresses, mut process) = match &setting.brokers {
            Some(addresses) => (addresses.clone(), None),
            None => started(&ready)
                .map(|(address, ours)| (address, Some(ours)))
                .map_err(|error| failed(error.to_string()))?,
        };
        let brokers = Brokers::at(&addresses).map_err(failed)?;
        let patience = if process.is_some() { STARTED } else { THERE };
        until_there(&brokers, &addresses, process.as_mut(), patience, stop)?;
        let mut broker = Self {
            brokers,
            addresses,
            setting: setting.clone(),
            topics: ["events", "answers"].map(|what| format!("sluicebench-{name}-{what}")),
            made: Vec::new(),
            producer: None,
            received: Vec::new(),
            class_path: ready.class_path(),
            from: ready.distribution.told(),
            stop: Arc::default(),
            process,
        };
        let [events, _] = broker.topics.clone();
        broker.make(events, partitions).map_err(failed)?;
        // Connections are made before the run's clock starts.
        let sent = Sent { acks: &setting.acks, linger: setting.linger };
        broker.producer = Some(broker.brokers.way_in(&broker.topics[0], sent).map_err(failed)?);
        Ok(broker)
    }

    fn make(&mut self, topic: String, partitions: usize) -> Result<(), String> {
        self.brokers.make(&topic, partitions)?;
        self.made.push(topic);
        Ok(())
    }

    /// What a job is told of it.
    pub(super) fn arguments(&self) -> Vec<String> {
        let [events, answers] = &self.topics;
        let linger_ms = self.setting.linger.as_millis().to_string();
        [
            ("--kafka", self.addresses.as_str()),
            ("--kafka-events", events),
            ("--kafka-answers", answers),
            ("--kafka-acks", &self.setting.acks),
            ("--kafka-linger-ms", &linger_ms),
            ("--kafka-class-path", &self.class_path),
        ]
        .iter()
        .flat_map(|(name, value)| [(*name).to_owned(), (*value).to_owned()])
        .collect()
    }

    /// What is known of it: name and value.
    pub(super) fn known(&self) -> Vec<(String, String)> {
        let client = format!("{}; librdkafka {}", self.from, client_version());
        vec![("kafka".to_owned(), client)]
    }

    /// Makes the topic of answers, now that it is known how many sinks there are.
    ///
    /// # Errors
    /// Where it is not made.
    pub(super) fn for_answers(&mut self, sinks: usize) -> Result<(), String> {
        let [_, answers] = self.topics.clone();
        let way = |index| self.brokers.way_out(&self.topics[1], index, &self.stop);
        let ways = |()| (0..sinks).map(way).collect();
        let made = self.brokers.make(&answers, sinks).and_then(ways);
        // Where only the ways are missing, it is there.
        self.made.push(answers);
        self.received = made.map_err(|why| format!("kafka: {why}"))?;
        Ok(())
    }

    /// The way into each partition of events, and out of each of answers. Once.
    pub(super) fn ways<'a>(&mut self, partitions: impl Iterator<Item = Partition<'a>>) -> Ways<'a> {
        let producer = &self.producer;
        let way = |(index, partition)| {
            let sending = Sending::by(producer.as_ref()?, index);
            Some(Box::new(Through { sending, partition }) as Box<dyn WayIn + 'a>)
        };
        let ways_in = partitions.enumerate().filter_map(way).collect();
        let ways_out = self.received.drain(..).map(|received| Box::new(received) as _);
        (ways_in, ways_out.collect())
    }

    /// Ends all waiting for answers.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// The processor time that it took, in seconds, where it is ours.
    pub(super) fn cpu_s(&self) -> Option<f64> {
        Some(self.process.as_ref()?.group.cpu_ns()? as f64 / 1e9)
    }

    /// Why nothing goes through it any more, if that is so.
    pub(super) fn trouble(&mut self) -> Option<String> {
        let ended = self.process.as_mut().filter(|ours| ours.process.has_ended());
        if let Some(Ours { process, .. }) = ended {
            process.end();
            return Some(format!("the broker is gone: {}", process.last_words()));
        }
        let why = self.brokers.failure()?;
        Some(format!("no broker at {} takes and gives messages any more: {why}", self.addresses))
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// Topics of ours go with their broker.
impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
        if self.process.is_none() && !self.made.is_empty() {
            // Nobody is left to be told where they stay; their names say whose they are.
            let _ = self.brokers.remove(&self.made);
        }
    }
}

/// A broker of ours, and where it will be.
fn started(ready: &Ready) -> io::Result<(String, Ours)> {
    let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    // Both at once, so that they differ.
    let (broker, controller) = (free()?, free()?);
    let ports = [broker.local_addr()?.port(), controller.local_addr()?.port()];
    drop((broker, controller));
    let process = Process::spawn(&ready.java.java, None, |command| {
        command.args([HEAP, "-cp", &ready.class_path(), "sluicebench.kafka.Broker"]);
        command.args(ports.map(|port| port.to_string()));
    })?;
    let group = ProcessGroup::of(process.id());
    Ok((format!("127.0.0.1:{}", ports[0]), Ours { process, group }))
}

/// Waits until brokers answer.
fn until_there(
    brokers: &Brokers,
    addresses: &str,
    mut ours: Option<&mut Ours>,
    patience: Duration,
    stop: &AtomicBool,
) -> Result<(), NotReady> {
    let clock = WallClock::start();
    loop {
        let Err(why) = brokers.answer(LOOK) else { return Ok(()) };
        if stop.load(Ordering::Relaxed) {
            return Err(NotReady::Stopped);
        }
        if let Some(Ours { process, .. }) = ours.as_mut().filter(|ours| ours.process.has_ended()) {
            process.end();
            let words = process.last_words();
            return Err(NotReady::Failed(format!("kafka: the broker did not start: {words}")));
        }
        if u128::from(clock.now().as_nanos()) > patience.as_nanos() {
            return Err(NotReady::Failed(format!(
                "kafka: no broker answers at {addresses} within {}: {why}; start it, name another \
                 listener by kafka.brokers, one without TLS or passwords, or leave that out for one of \
                 ours",
                reports::quantity::seconds(patience.as_secs_f64())
            )));
        }
    }
}

/// A partition as a way in.
struct Through<'a> {
    sending: Sending,
    partition: Partition<'a>,
}

impl Write for Through<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sending.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.sending.flush()
    }
}

impl WayIn for Through<'_> {
    fn held(&mut self, events: u64) {
        self.partition.sent(self.sending.messages(), events);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    /// A broker of ours; none where there is no Kafka.
    fn ours() -> Option<Broker> {
        let place = distributions::Place::of_this_process();
        distributions::ready(Need::of(Engine::Kafka, distributions::KAFKA), &place).ok()?;
        let started = Broker::start(&setting(None), 2, &AtomicBool::new(false));
        Some(started.unwrap_or_else(|why| panic!("{why:?}")))
    }

    fn setting(brokers: Option<String>) -> KafkaSetting {
        KafkaSetting { brokers, acks: "all".to_owned(), linger: Duration::from_micros(100) }
    }

    #[test]
    fn frames_go_through_a_broker_and_its_end_is_told() {
        let Some(mut broker) = ours() else { return };
        let again = broker.make(broker.topics[0].clone(), 2).unwrap_err();
        assert!(again.contains("there is a topic `sluicebench-"), "{again}");
        broker.for_answers(2).unwrap();

        // As a sink would, in two messages and one.
        let sent = Sent { acks: "all", linger: Duration::ZERO };
        let producer = broker.brokers.way_in(&broker.topics[1], sent).unwrap();
        let mut sending = Sending::by(&producer, 1);
        let frames = [&[1, 2, 0, 0, 0, 7, 8][..], &[3, 0, 0, 0, 0], &[1, 1, 0, 0, 0, 9]];
        sending.write_all(&frames[..2].concat()).unwrap();
        sending.write_all(frames[2]).unwrap();
        sending.flush().unwrap();
        assert_eq!(sending.messages(), 3);
        let (ways_in, mut ways) = broker.ways(std::iter::empty());
        assert!(ways_in.is_empty() && ways.len() == 2);
        let mut got = vec![0; frames.concat().len()];
        ways[1].read_exact(&mut got).unwrap();
        assert_eq!(got, frames.concat());

        // The user's own: of theirs, two topics come and go.
        assert_eq!(look_for(&broker.addresses, THERE), Ok(()));
        let theirs = setting(Some(broker.addresses.clone()));
        let mut own = Broker::start(&theirs, 1, &AtomicBool::new(false)).unwrap();
        own.for_answers(1).unwrap();
        assert!(own.trouble().is_none() && own.cpu_s().is_none());
        let topics = own.topics.clone();
        drop(own);
        for topic in topics {
            // Whoever can make it finds none: a broker removes what it is told to in a while.
            let clock = WallClock::start();
            while broker.brokers.make(&topic, 1).is_err() {
                assert!(clock.now().as_nanos() < 30_000_000_000, "{topic} is there");
            }
        }

        // It goes away in the middle.
        assert!(broker.cpu_s().is_some() && broker.trouble().is_none());
        broker.process.as_mut().unwrap().process.end();
        let said = ways[0].read(&mut [0; 9]).unwrap_err().to_string();
        assert!(said.contains("AllBrokersDown"), "{said}");
        let theirs = broker.process.take();
        let gone = broker.trouble().unwrap();
        assert!(gone.contains("takes and gives messages any more: AllBrokersDown"), "{gone}");
        broker.process = theirs;
        let gone = broker.trouble().unwrap();
        assert!(gone.contains("the broker is gone: its process was ended"), "{gone}");
        broker.stop();
        assert_eq!(ways[0].read(&mut [0; 9]).unwrap(), 0, "nobody waits any longer");
    }

    #[test]
    fn brokers_that_do_not_answer_are_told_with_the_way_out() {
        // A port that is known to be free: it was just given, and given back.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let brokers = Brokers::at(&address).unwrap();
        let stop = AtomicBool::new(true);
        let came = until_there(&brokers, &address, None, Duration::ZERO, &stop);
        assert_eq!(came, Err(NotReady::Stopped));
        let said = look_for(&address, Duration::ZERO).unwrap_err();
        assert!(said.contains(&format!("no broker answers at {address}")), "{said}");
        assert!(
            said.contains("without TLS or passwords, or leave that out for one of ours"),
            "{said}"
        );
    }
}
