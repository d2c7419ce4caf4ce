//! From nothing to a job of which all is there: the listener, the hellos, the ten readings.
//!
//! It listens on loopback, or where the workers of a cluster are told to dial, and takes whoever
//! knows the token. Of workers that are elsewhere, each sink is asked what its own clock says. What comes in another way than agreed,
//! or not at all, ends the waiting with a sentence: which part of the job is missing, what its
//! process said, or how it ended.

use super::broker::Broker;
use super::carry::{Event, Parts, hear_control};
use super::child::Process;
use super::clocks::{Ahead, READINGS, Reading};
use super::facts::Facts;
use super::{Elsewhere, Job, Launch, NotReady};
use crate::drivers::pinning::{Pins, shared_out};
use crate::transport::{FromJob, Hello, Refused, Role, ToJob, Token, read_control};
use engines::{Clock, Moment};
use settings::plan::Address;
use std::io::{self, ErrorKind, Read as _};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How often somebody who may dial is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// How long a connection may take to say who it is.
const HELLO: Duration = Duration::from_secs(2);

/// How long is waited for a sink to be ready, before it is looked whether to wait on.
const READY: Duration = Duration::from_millis(50);

/// How long a process that lost its connection is given to say why.
const EXPLAIN: Duration = Duration::from_secs(1);

/// What the kernel holds of what was sent and not read, in bytes: so much is out of sight, and all
/// else is seen to wait.
#[cfg(unix)]
const SENT_BYTES: usize = 128 << 10;

/// A job of which all is there.
pub(super) struct Arrived {
    pub(super) parts: Parts,
    pub(super) readings: Ahead,
    /// The same of each sink, where sinks are elsewhere and their clocks could be read.
    pub(super) of_sinks: Vec<Ahead>,
    pub(super) facts: Facts,
    /// Which processors it was started on.
    pub(super) pins: Option<Pins>,
}

/// Starts a job and waits until all of it is there.
pub(super) fn arrived(
    mut launch: Launch,
    elsewhere: Option<Elsewhere>,
    clock: &dyn Clock,
    stop: &AtomicBool,
) -> Result<Arrived, NotReady> {
    let (name, patience) = (launch.engine, launch.patience);
    let failed = |why: String| NotReady::Failed(format!("{name} did not start: {why}"));
    let Job { pinning, partitions, workers, .. } = &launch.job;
    let pins = if elsewhere.is_some() {
        None
    } else {
        shared_out(pinning, *partitions, *workers).map_err(failed)?
    };
    let listener =
        listen(elsewhere.as_ref().and_then(|it| it.reach.as_ref()), name).map_err(failed)?;
    let broker = match launch.job.transport.kafka() {
        Some(setting) => Some(Broker::start(setting, launch.job.partitions, stop)?),
        None => None,
    };
    if let Some(broker) = &broker {
        launch.job.arguments.extend(broker.arguments());
        launch.known.extend(broker.known());
    }
    let mut at = listener.local_addr().map_err(|error| failed(error.to_string()))?;
    if at.ip().is_unspecified() {
        at.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let token = Token::new();
    let (reach, remainder) =
        elsewhere.map_or((None, None), |elsewhere| (elsewhere.reach, elsewhere.remainder));
    let reach = reach.map(|reach| Address { port: at.port(), ..reach });
    if let Some(reach) = &reach {
        launch.job.arguments.extend(["--reach".to_owned(), reach.to_string()]);
    }
    let process = Process::start(&launch, at, token, remainder, pins.as_ref())
        .map_err(|error| failed(error.to_string()))?;
    let (tell, told) = channel();
    let mut waiting = Waiting {
        clock,
        process,
        token,
        partitions: launch.job.partitions,
        control: None,
        sources: (0..launch.job.partitions).map(|_| None).collect(),
        sinks: Vec::new(),
        engine: name,
        reach,
        of_sinks: Vec::new(),
        facts: Facts::known(launch.version, launch.known, launch.job.watermark_delay_us),
        stranger: None,
        broker,
        tell,
        told,
    };
    match waiting.until_all(&listener, patience.start, stop) {
        Ok(()) => {}
        Err(NotReady::Stopped) => return Err(NotReady::Stopped),
        Err(NotReady::Failed(why)) => return Err(failed(why)),
    }
    match waiting.until_sinks_are_ready(patience.start, stop) {
        Ok(()) => {}
        Err(NotReady::Stopped) => return Err(NotReady::Stopped),
        Err(NotReady::Failed(why)) => return Err(failed(why)),
    }
    let readings = waiting.readings(patience.stall).map_err(failed)?;
    let Waiting { process, control, sources, sinks, of_sinks, facts, broker, tell, told, .. } =
        waiting;
    let parts = Parts {
        child: process,
        control: control.expect("all of it is there"),
        sources: sources.into_iter().flatten().collect(),
        sinks: sinks.into_iter().flatten().collect(),
        broker,
        tell,
        told,
    };
    Ok(Arrived { parts, readings, of_sinks, facts, pins })
}

/// Looks whether this program can listen where the workers of an engine on a cluster are to find it.
///
/// # Errors
/// Where it cannot: why, and the way out.
pub(in crate::drivers) fn look(reach: &Address, engine: &str) -> Result<(), String> {
    listen(Some(reach), engine).map(drop)
}

/// Listens where the job dials.
fn listen(reach: Option<&Address>, engine: &str) -> Result<TcpListener, String> {
    let here = Address { host: Ipv4Addr::LOCALHOST.to_string(), port: 0 };
    let at = reach.unwrap_or(&here);
    let key = format!("engine.{engine}.reach");
    let all = (at.host.as_str(), at.port).to_socket_addrs();
    let all = all.map_err(|error| {
        format!("`{}` has no address ({error}): name one of this machine by {key}", at.host)
    })?;
    let mut why = None;
    for address in all {
        match TcpListener::bind(address) {
            Ok(listener) => return awaits(listener),
            Err(error) => why = Some(error),
        }
    }
    let is_none_of_ours =
        why.as_ref().is_some_and(|error| error.kind() == ErrorKind::AddrNotAvailable);
    if is_none_of_ours && at.port > 0 {
        // Somebody else has the address, and is said to forward what comes to the port.
        return match TcpListener::bind((Ipv4Addr::UNSPECIFIED, at.port)) {
            Ok(listener) => awaits(listener),
            Err(error) => Err(nobody_listens(&format!("port {}", at.port), &error)),
        };
    }
    Err(match why {
        Some(_) if is_none_of_ours => format!(
            "`{}` is no address of this machine: name one that is by {key}, or HOST:PORT where HOST \
             forwards what comes to that port of this machine",
            at.host
        ),
        Some(error) if at.port > 0 => nobody_listens(&at.to_string(), &error),
        Some(error) => nobody_listens(&at.host, &error),
        None => format!("`{}` has no address: name one of this machine by {key}", at.host),
    })
}

fn awaits(listener: TcpListener) -> Result<TcpListener, String> {
    listener.set_nonblocking(true).map_err(|error| error.to_string())?;
    Ok(listener)
}

fn nobody_listens(at: &str, error: &io::Error) -> String {
    format!("nobody may listen on {at} here: {error}; allow that, or free it")
}

/// A job that is awaited.
struct Waiting<'a> {
    clock: &'a dyn Clock,
    process: Process,
    token: Token,
    partitions: usize,
    control: Option<TcpStream>,
    sources: Vec<Option<TcpStream>>,
    sinks: Vec<Option<TcpStream>>,
    engine: &'static str,
    /// Where its workers are told to dial, where they are elsewhere.
    reach: Option<Address>,
    of_sinks: Vec<Ahead>,
    facts: Facts,
    /// Why a connection was not taken.
    stranger: Option<Refused>,
    broker: Option<Broker>,
    tell: Sender<Event>,
    told: Receiver<Event>,
}

impl Waiting<'_> {
    fn until_all(
        &mut self,
        listener: &TcpListener,
        patience: Duration,
        stop: &AtomicBool,
    ) -> Result<(), NotReady> {
        let until = u64::try_from(patience.as_nanos()).unwrap_or(u64::MAX);
        while self.missing().is_some() {
            if stop.load(Ordering::Relaxed) {
                return Err(NotReady::Stopped);
            }
            self.heed_control().map_err(NotReady::Failed)?;
            match listener.accept() {
                Ok((stream, _)) => self.take(stream).map_err(NotReady::Failed)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.process.has_ended() {
                        // It may have said why, on a connection that is still to be read.
                        self.explained().map_err(NotReady::Failed)?;
                        self.process.end();
                        let words = self.process.last_words();
                        return Err(NotReady::Failed(format!("{words}{}", self.strangers())));
                    }
                    std::thread::park_timeout(LOOK_EVERY);
                }
                // A connection that was gone before it was taken.
                Err(_) => {}
            }
            if self.clock.now().as_nanos() > until {
                return Err(NotReady::Failed(self.never_came(patience)));
            }
        }
        Ok(())
    }

    /// Waits until each sink has its way through a broker, which it then says.
    fn until_sinks_are_ready(
        &mut self,
        patience: Duration,
        stop: &AtomicBool,
    ) -> Result<(), NotReady> {
        if self.broker.is_none() {
            return Ok(());
        }
        let until = u64::try_from(patience.as_nanos()).unwrap_or(u64::MAX);
        let told = |error: io::Error| NotReady::Failed(error.to_string());
        for index in 0..self.sinks.len() {
            let mut sink = self.sinks[index].as_ref().expect("all of it is there");
            sink.set_read_timeout(Some(READY)).map_err(told)?;
            let mut ready = [0];
            while let Err(error) = sink.read_exact(&mut ready) {
                if stop.load(Ordering::Relaxed) {
                    return Err(NotReady::Stopped);
                }
                let is_waiting =
                    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                if !is_waiting || self.clock.now().as_nanos() > until {
                    // It may say why.
                    self.explained().map_err(NotReady::Failed)?;
                    let why = format!("sink {index} of it found no way through the broker");
                    return Err(NotReady::Failed(why));
                }
            }
            if ready[0] != ToJob::Go as u8 {
                let why = "a sink of it said something else than that it is ready";
                return Err(NotReady::Failed(why.to_owned()));
            }
            sink.set_read_timeout(None).map_err(told)?;
        }
        Ok(())
    }

    /// What of it is not there yet.
    fn missing(&self) -> Option<String> {
        if self.control.is_none() {
            return Some("nothing of its job".to_owned());
        }
        let not_there = |all: &[Option<TcpStream>]| all.iter().filter(|one| one.is_none()).count();
        let sources = not_there(&self.sources);
        if sources > 0 {
            return Some(format!("{sources} of its {} sources", self.partitions));
        }
        match (self.sinks.len(), not_there(&self.sinks)) {
            (0, _) => Some("none of its sinks".to_owned()),
            (_, 0) => None,
            (all, sinks) => Some(format!("{sinks} of its {all} sinks")),
        }
    }

    fn never_came(&mut self, patience: Duration) -> String {
        let missing = match self.missing() {
            Some(missing) if missing.starts_with("no") => {
                format!("{missing} has dialled in")
            }
            Some(missing) => format!("{missing} have not dialled in"),
            None => String::new(),
        };
        let stranger = self.strangers();
        self.process.end();
        format!(
            "after {} {missing}{stranger}{}; {}",
            reports::quantity::seconds(patience.as_secs_f64()),
            self.way_back(),
            self.process.last_words()
        )
    }

    /// Where workers that are elsewhere have to find this program.
    fn way_back(&self) -> String {
        self.reach.as_ref().map_or_else(String::new, |reach| {
            format!(
                "; its workers dial {reach}: if that does not lead here, name by engine.{}.reach an \
                 address of this machine that they reach",
                self.engine
            )
        })
    }

    /// Who came beside the job, or in its place.
    fn strangers(&self) -> String {
        self.stranger.as_ref().map(|why| format!("; there was {why}")).unwrap_or_default()
    }

    /// Takes a connection, if it is one of the job's.
    fn take(&mut self, mut stream: TcpStream) -> Result<(), String> {
        let ready = stream
            .set_nonblocking(false)
            .and_then(|()| stream.set_read_timeout(Some(HELLO)))
            .and_then(|()| stream.set_nodelay(true));
        if ready.is_err() {
            return Ok(());
        }
        let hello = match Hello::read(&mut stream, self.token) {
            Ok(hello) => hello,
            Err(why @ Refused::Version(_)) => return Err(why.to_string()),
            Err(why) => {
                // Whoever it is, the job may still come. Of several, one that said something tells
                // more: as a process ends, it leaves connections on which nothing was said.
                if matches!(self.stranger, None | Some(Refused::NoHello)) {
                    self.stranger = Some(why);
                }
                return Ok(());
            }
        };
        stream.set_read_timeout(None).map_err(|error| error.to_string())?;
        let place = match hello.role {
            Role::Control => &mut self.control,
            Role::Source => {
                let partitions = self.partitions;
                let index = hello.index as usize;
                self.sources
                    .get_mut(index)
                    .filter(|_| hello.count as usize == partitions)
                    .ok_or_else(|| {
                        format!(
                            "its job has {} sources, and there are {partitions} partitions: its \
                             classes are of another build",
                            hello.count
                        )
                    })?
            }
            Role::Sink => {
                if self.sinks.is_empty() {
                    self.sinks.resize_with(hello.count as usize, || None);
                    if let Some(broker) = &mut self.broker {
                        broker.for_answers(self.sinks.len())?;
                    }
                }
                let sinks = self.sinks.len();
                let index = hello.index as usize;
                self.sinks.get_mut(index).filter(|_| hello.count as usize == sinks).ok_or_else(
                    || format!("one of its sinks counts {} of them, another {sinks}", hello.count),
                )?
            }
        };
        if place.is_some() {
            let Hello { role, index, .. } = hello;
            return Err(format!("it dialled twice for the same: {role:?} {index}"));
        }
        match hello.role {
            Role::Control => {
                let read = stream.try_clone().map_err(|error| error.to_string())?;
                hear_control(read, self.tell.clone()).map_err(|error| error.to_string())?;
            }
            Role::Source => sees_what_waits(&stream),
            Role::Sink if self.reach.is_some() => {
                let ahead = clock_of_sink(&mut stream, self.clock)
                    .map_err(|error| format!("a sink does not say what its clock says: {error}"))?;
                self.of_sinks.extend(ahead);
            }
            // It waits until its topic is there.
            Role::Sink if self.broker.is_some() => {
                ToJob::Go.send(&mut &stream).map_err(|error| error.to_string())?;
            }
            Role::Sink => {}
        }
        *place = Some(stream);
        Ok(())
    }

    /// Heeds what the job has told by now.
    fn heed_control(&mut self) -> Result<(), String> {
        while let Ok(event) = self.told.try_recv() {
            self.heed(event)?;
        }
        Ok(())
    }

    /// Heeds what the job may still tell of why it goes.
    fn explained(&mut self) -> Result<(), String> {
        if self.control.is_none() {
            return Ok(());
        }
        while let Ok(event) = self.told.recv_timeout(EXPLAIN) {
            self.heed(event)?;
        }
        Ok(())
    }

    fn heed(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Told(Ok(FromJob::Note(note))) => self.facts.note(&note),
            Event::Told(Ok(FromJob::Failed(why))) if why.contains("no harness at ") => {
                Err(format!("{why}{}", self.way_back()))
            }
            Event::Told(Ok(FromJob::Failed(why))) => Err(why),
            Event::Told(Ok(FromJob::Clock(_))) => {
                Err("it told what its clock says without being asked".to_owned())
            }
            Event::Told(Ok(FromJob::Done(_))) => {
                Err("it was done before it was given anything".to_owned())
            }
            Event::Told(Err(why)) => Err(why.to_string()),
            Event::ControlEnded => {
                self.process.end_within(EXPLAIN);
                Err(self.process.last_words())
            }
            Event::Fed(..) | Event::Heard(..) => Ok(()),
        }
    }

    /// Asks ten times what the job's clock says.
    fn readings(&mut self, patience: Duration) -> Result<Ahead, String> {
        let mut readings = Vec::with_capacity(READINGS);
        while readings.len() < READINGS {
            let asked = self.clock.now();
            let mut control = self.control.as_ref().expect("all of it is there");
            ToJob::Clock.send(&mut control).map_err(|error| error.to_string())?;
            let (answered, job_ns) = self.clock_told(patience)?;
            readings.push(Reading { asked, job_ns, answered });
        }
        Ahead::by(&readings)
    }

    fn clock_told(&mut self, patience: Duration) -> Result<(Moment, i64), String> {
        loop {
            match self.told.recv_timeout(patience) {
                Ok(Event::Told(Ok(FromJob::Clock(job_ns)))) => {
                    return Ok((self.clock.now(), job_ns));
                }
                Ok(event) => self.heed(event)?,
                Err(RecvTimeoutError::Timeout) => {
                    return Err("it does not say what its clock says".to_owned());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err("its connection was cut".to_owned());
                }
            }
        }
    }
}

/// Asks a sink ten times what its clock says; none where that makes no sense.
fn clock_of_sink(stream: &mut TcpStream, clock: &dyn Clock) -> io::Result<Option<Ahead>> {
    stream.set_read_timeout(Some(HELLO))?;
    let mut readings = Vec::with_capacity(READINGS);
    while readings.len() < READINGS {
        let asked = clock.now();
        ToJob::Clock.send(stream)?;
        match read_control(stream) {
            Ok(Some(FromJob::Clock(job_ns))) => {
                readings.push(Reading { asked, job_ns, answered: clock.now() });
            }
            Ok(_) => return Err(io::Error::other("it says something else")),
            Err(error) => return Err(io::Error::other(error)),
        }
    }
    ToJob::Go.send(stream)?;
    stream.set_read_timeout(None)?;
    Ok(Ahead::by(&readings).ok())
}

/// Lets the kernel hold little of what is sent and not read, so that the rest is seen to wait.
fn sees_what_waits(stream: &TcpStream) {
    #[cfg(unix)]
    {
        // Where it is refused, more is out of sight.
        let _ = rustix::net::sockopt::set_socket_send_buffer_size(stream, SENT_BYTES);
    }
    #[cfg(not(unix))]
    let _ = stream;
}
