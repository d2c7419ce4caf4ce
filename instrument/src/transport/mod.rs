//! How a job in another process is given events and gives answers: frames over TCP on loopback, or as
//! the messages of a Kafka broker's topics.
//!
//! The contract of the two sides. The harness listens; the job dials once from its main (control),
//! once for each source partition and once for each sink, and says in a hello which of these it is.
//! All numbers are little-endian. Back-pressure is the socket's: what a job does not read waits
//! there, and then here. Nothing of a process, a clock or an engine is known here, only bytes.

mod hello;
mod shape;
mod frames;
#[cfg(feature = "kafka")]
pub mod kafka;
mod messages;

pub use frames::{Frames, FromJob, FromSink, ToJob, Unreadable, read_control, read_sink};
pub use hello::{Hello, Refused, Role, Token};
pub use messages::{UnderWay, messages};
pub use shape::{Aggregate, Incoming, Outgoing};
