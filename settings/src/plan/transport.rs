//! What carries events to an engine in a process of its own, and its answers back.

use std::time::Duration;

/// What events and answers go through.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Transport {
    /// A connection for each source and each sink.
    #[default]
    Tcp,
    /// A broker: one topic of events, with a partition for each source, and one of answers.
    Kafka(KafkaSetting),
}

/// How a broker is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaSetting {
    /// Where brokers are, `HOST:PORT` with commas between them; none for one of ours.
    pub brokers: Option<String>,
    /// How many of them have to have a message before it counts as sent: `all`, `1` or `0`.
    pub acks: String,
    /// How long a message may wait for others.
    pub linger: Duration,
}

impl Transport {
    /// The broker's name, as it stands in a scenario file.
    pub const KAFKA: &'static str = "kafka";

    /// How a broker is used, if there is one.
    pub const fn kafka(&self) -> Option<&KafkaSetting> {
        match self {
            Self::Tcp => None,
            Self::Kafka(setting) => Some(setting),
        }
    }
}
