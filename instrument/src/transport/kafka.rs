//! Kafka's brokers, as far as frames need them: topics that are made and removed, and a way in and a
//! way out, each on a partition of its own.
//!
//! A message is a frame, and goes out when it is sent, or a little later with others (`linger`). No
//! message is sent twice, nor before one that was sent earlier: with all brokers acknowledging, the
//! client numbers them; else it tries once. What fails is told with the next frame.

use super::messages::messages;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{
    BaseRecord, DeliveryResult, NoCustomPartitioner, Producer as _, ProducerContext,
    ThreadedProducer,
};
use rdkafka::{Offset, TopicPartitionList};
use std::io::{self, Read, Write};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

/// How long brokers are waited for that were asked for something.
const ANSWER: Duration = Duration::from_secs(10);

/// How often whoever waits for a message looks whether to go on.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long is waited where no more fits into what the client holds.
const FULL: Duration = Duration::from_millis(1);

/// The longest message: longer than any frame.
const MESSAGE_BYTES_MOST: &str = "16777216";

/// Brokers that answer.
pub struct Brokers {
    config: ClientConfig,
    admin: AdminClient<DefaultClientContext>,
    failure: Failure,
}

/// What went wrong first with messages.
type Failure = Arc<OnceLock<String>>;

/// How messages are sent.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// How many brokers have to have one: `all`, `1` or `0`.
    pub acks: &'a str,
    /// How long one may wait for others.
    pub linger: Duration,
}

/// The version of the client.
pub fn client_version() -> String {
    rdkafka::util::get_rdkafka_version().1
}

impl Brokers {
    /// Those at these addresses.
    ///
    /// # Errors
    /// Where there can be no client.
    pub fn at(addresses: &str) -> Result<Self, String> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", addresses)
            .set("client.id", "sluicebench")
            .set("socket.nagle.disable", "true")
            .set("socket.timeout.ms", "10000")
            .set("reconnect.backoff.ms", "20")
            .set("reconnect.backoff.max.ms", "500")
            .set("message.max.bytes", MESSAGE_BYTES_MOST);
        let admin = config.create().map_err(|error: KafkaError| error.to_string())?;
        Ok(Self { config, admin, failure: Failure::default() })
    }

    /// Whether they answer, after a while: how many there are.
    ///
    /// # Errors
    /// Why they do not.
    pub fn answer(&self, within: Duration) -> Result<usize, String> {
        let metadata = self.admin.inner().fetch_metadata(None, within);
        metadata.map(|metadata| metadata.brokers().len()).map_err(|error| shown(&error))
    }

    /// What went wrong with messages, if something did.
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Makes a topic with so many partitions.
    ///
    /// # Errors
    /// Where it is there already, or brokers do not make it.
    pub fn make(&self, topic: &str, partitions: usize) -> Result<(), String> {
        let count = i32::try_from(partitions).unwrap_or(i32::MAX);
        let new = NewTopic::new(topic, count, TopicReplication::Fixed(-1))
            .set("max.message.bytes", MESSAGE_BYTES_MOST);
        let came = block_on(self.admin.create_topics([&new], &options()));
        let came = came.map_err(|error| shown(&error))?;
        came.into_iter().try_for_each(|one| {
            one.map(drop).map_err(|(name, code)| match code {
                RDKafkaErrorCode::TopicAlreadyExists => format!(
                    "there is a topic `{name}` already, and none is written to that this run has \
                     not made: remove it, or run again under another name"
                ),
                code => format!("the topic `{name}` was not made: {code}"),
            })
        })
    }

    /// Removes topics; where that fails, they stay.
    ///
    /// # Errors
    /// Why they stay.
    pub fn remove(&self, topics: &[String]) -> Result<(), String> {
        let names: Vec<&str> = topics.iter().map(String::as_str).collect();
        let came = block_on(self.admin.delete_topics(&names, &options()));
        let came = came.map_err(|error| shown(&error))?;
        came.into_iter().try_for_each(|one| {
            one.map(drop).map_err(|(name, code)| format!("the topic `{name}` stays: {code}"))
        })
    }

    /// A way into a topic, on any of its partitions.
    ///
    /// # Errors
    /// Where there can be none.
    pub fn way_in(&self, topic: &str, sent: Sent<'_>) -> Result<Arc<Producer>, String> {
        let is_numbered = sent.acks == "all";
        let mut config = self.config.clone();
        config
            .set("acks", sent.acks)
            .set("linger.ms", format!("{}", sent.linger.as_secs_f64() * 1e3))
            .set("enable.idempotence", is_numbered.to_string())
            .set("message.timeout.ms", ANSWER.as_millis().to_string())
            .set("queue.buffering.max.messages", "1000000");
        if !is_numbered {
            config.set("message.send.max.retries", "0");
        }
        let failure = Arc::clone(&self.failure);
        let context = Delivered { failure: Arc::clone(&failure) };
        let client: ThreadedProducer<Delivered> =
            config.create_with_context(context).map_err(|error| error.to_string())?;
        // What is asked for now holds up no event.
        client.client().fetch_metadata(Some(topic), ANSWER).map_err(|error| shown(&error))?;
        Ok(Arc::new(Producer { client, topic: topic.to_owned(), failure }))
    }

    /// A way out of a partition, from its beginning. It ends when `stop` says so.
    ///
    /// # Errors
    /// Where there can be none.
    pub fn way_out(
        &self,
        topic: &str,
        partition: usize,
        stop: &Arc<AtomicBool>,
    ) -> Result<Received, String> {
        let mut config = self.config.clone();
        // It belongs to no group: the client wants a name all the same.
        config
            .set("group.id", topic)
            .set("enable.auto.commit", "false")
            .set("fetch.message.max.bytes", MESSAGE_BYTES_MOST)
            .set("fetch.queue.backoff.ms", "1");
        let consumer: BaseConsumer = config.create().map_err(|error| error.to_string())?;
        let mut own = TopicPartitionList::new();
        own.add_partition_offset(topic, number(partition), Offset::Beginning)
            .and_then(|()| consumer.assign(&own))
            .map_err(|error| error.to_string())?;
        let (failure, stop) = (Arc::clone(&self.failure), Arc::clone(stop));
        Ok(Received { consumer, message: Vec::new(), read: 0, failure, stop })
    }
}

fn number(partition: usize) -> i32 {
    i32::try_from(partition).unwrap_or(i32::MAX)
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(ANSWER)).operation_timeout(Some(ANSWER))
}

/// What went wrong, without the client's own names for it.
fn shown(error: &KafkaError) -> String {
    error.rdkafka_error_code().map_or_else(|| error.to_string(), |code| code.to_string())
}

/// Whoever is told what became of messages.
struct Delivered {
    failure: Failure,
}

impl ClientContext for Delivered {}

impl ProducerContext<NoCustomPartitioner> for Delivered {
    type DeliveryOpaque = ();

    fn delivery(&self, came: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = came {
            // The first one tells most.
            let _ = self.failure.set(shown(error));
        }
    }
}

/// What sends to a topic.
pub struct Producer {
    client: ThreadedProducer<Delivered>,
    topic: String,
    failure: Failure,
}

impl Producer {
    fn well(&self) -> io::Result<()> {
        self.failure.get().map_or(Ok(()), |why| {
            Err(io::Error::other(format!("the broker does not take what is sent: {why}")))
        })
    }
}

/// A way into a partition.
pub struct Sending {
    producer: Arc<Producer>,
    partition: i32,
    messages: u64,
}

impl Sending {
    /// By this one, to this partition.
    pub fn by(producer: &Arc<Producer>, partition: usize) -> Self {
        Self { producer: Arc::clone(producer), partition: number(partition), messages: 0 }
    }

    /// How many messages were sent.
    pub const fn messages(&self) -> u64 {
        self.messages
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        let Producer { client, topic, .. } = &*self.producer;
        let mut record = BaseRecord::<(), [u8]>::to(topic).partition(self.partition).payload(frame);
        loop {
            self.producer.well()?;
            match client.send(record) {
                Ok(()) => break,
                // Sent faster than the broker takes it.
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    record = back;
                    thread::park_timeout(FULL);
                }
                Err((error, _)) => return Err(io::Error::other(shown(&error))),
            }
        }
        self.messages += 1;
        Ok(())
    }
}

/// Whole frames are written at once.
impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for frame in messages(bytes) {
            self.send(frame)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let came = self.producer.client.flush(ANSWER);
        self.producer.well()?;
        came.map_err(|error| io::Error::other(shown(&error)))
    }
}

/// A way out of a partition.
pub struct Received {
    consumer: BaseConsumer,
    message: Vec<u8>,
    /// How much of it was read.
    read: usize,
    failure: Failure,
    stop: Arc<AtomicBool>,
}

impl Read for Received {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.read == self.message.len() {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(0);
            }
            match self.consumer.poll(LOOK_EVERY) {
                None => {}
                Some(Ok(message)) => {
                    self.message.clear();
                    self.message.extend_from_slice(message.payload().unwrap_or_default());
                    self.read = 0;
                }
                Some(Err(error)) if is_passing(&error) => {}
                Some(Err(error)) => {
                    let _ = self.failure.set(shown(&error));
                    return Err(io::Error::other(shown(&error)));
                }
            }
        }
        let rest = &self.message[self.read..];
        let length = rest.len().min(into.len());
        into[..length].copy_from_slice(&rest[..length]);
        self.read += length;
        Ok(length)
    }
}

/// Whether the client sees to it itself: one connection of several, or one that is made again.
fn is_passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::UnknownTopicOrPartition
        )
    )
}

/// Waits for what another thread brings about.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(came) => return came,
            Poll::Pending => thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_later_is_waited_for() {
        let (tell, told) = std::sync::mpsc::channel::<Waker>();
        let waking = thread::spawn(move || told.recv().map(Waker::wake).is_ok());
        let mut is_second = false;
        let came = block_on(std::future::poll_fn(move |context| {
            if std::mem::replace(&mut is_second, true) {
                return Poll::Ready(7);
            }
            tell.send(context.waker().clone()).unwrap();
            Poll::Pending
        }));
        assert_eq!(came, 7);
        assert!(waking.join().unwrap());
    }

    #[test]
    fn nobody_at_an_address_is_told() {
        // A port that is known to be free: it was just given, and given back.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let brokers = Brokers::at(&address).unwrap();
        assert!(brokers.answer(Duration::from_millis(200)).is_err());
        assert!(!client_version().is_empty());
    }
}
