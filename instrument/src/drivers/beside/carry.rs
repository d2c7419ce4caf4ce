//! A run, carried to its end: threads that feed and listen, and one that sees to it that they end.
//!
//! The run is over when all events went in, all sinks have said that nothing follows, and the job
//! that it is done. Whatever else happens is a failure, which is told by whoever knows most of it:
//! the job itself, then its process as it dies, then what was noticed here first. After that nothing
//! is left of it: connections are cut, so that nobody waits, and the process is ended.

use super::Running;
use super::broker::Broker;
use super::child::Process;
use super::feed::{self, Fed, Feeding, feeds};
use super::hear::{self, Hearing, ears};
use super::ways::{Partition, ways};
use crate::host;
use crate::host::usage::{ThisProcess, Usage as _};
use crate::measure::trial::{Answered, Doors};
use crate::transport::{Aggregate, FromJob, ToJob, UnderWay, Unreadable, read_control};
use crate::verify::{Scale, Told};
use engines::{ArrivalClock, Clock, Control, Data, EngineError, Moment, Tally, WindowCounts};
use reports::quantity;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::Builder;
use std::time::{Duration, UNIX_EPOCH};

/// How often whether all goes well is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long what went wrong is given to be explained by whoever knows more, in nanoseconds.
const EXPLAIN_NS: u64 = 1_000_000_000;

/// What goes in through each source, and what comes out through each sink.
type Ways = (Vec<Box<dyn Feeding>>, Vec<Box<dyn Hearing>>);

/// What is there of a job that has arrived.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) child: Process,
    pub(super) control: TcpStream,
    pub(super) sources: Vec<TcpStream>,
    pub(super) sinks: Vec<TcpStream>,
    pub(super) broker: Option<Broker>,
    pub(super) tell: Sender<Event>,
    pub(super) told: Receiver<Event>,
}

/// What happens to a job.
#[derive(Debug)]
pub(super) enum Event {
    /// It told something, or what cannot be read.
    Told(Result<FromJob, Unreadable>),
    /// Its own connection is closed.
    ControlEnded,
    /// A source was fed to its end, or is not there any more.
    Fed(io::Result<Fed>),
    /// A sink was listened to, to its end.
    Heard(Result<(), String>),
}

/// Listens to the job itself, on a thread.
pub(super) fn hear_control(mut from: TcpStream, tell: Sender<Event>) -> io::Result<()> {
    let thread = Builder::new().name("control".to_owned());
    thread.spawn(move || {
        loop {
            let event = match read_control(&mut from) {
                Ok(Some(told)) => Event::Told(Ok(told)),
                Ok(None) | Err(Unreadable::Cut) => Event::ControlEnded,
                Err(why) => Event::Told(Err(why)),
            };
            let is_last = !matches!(event, Event::Told(Ok(_)));
            if tell.send(event).is_err() || is_last {
                return;
            }
        }
    })?;
    Ok(())
}

impl Running {
    /// Gives it the events, and its answers to the sinks. Once; the calling thread sees to it.
    /// `arrival` is the clock that runs with the events.
    pub fn carry<E: Data, A: Data>(
        &self,
        doors: Doors<E, A>,
        arrival: ArrivalClock,
        clock: &dyn Clock,
        control: &Control,
    ) -> Answered {
        let Doors { sources, sinks } = doors;
        let (Some(feeds), Some(ears)) = (feeds(sources), ears(sinks)) else {
            let text = format!("{} cannot be given such events, or asked this", self.engine);
            return Err(EngineError::Unsupported(text));
        };
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut parts) = parts else {
            let text = format!("{} was started for one run, and had it", self.engine);
            return Err(EngineError::Unsupported(text));
        };
        let to_run = self.own_clock.to(clock);
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).to_run = Some(to_run);
        if self.by_batches {
            control.tell_finished(0);
        }
        let before_ns = ThisProcess.cpu_ns();
        let came = self.through(&mut parts, (feeds, ears), arrival, clock, control);
        let cpu_ns = ThisProcess.cpu_ns().zip(before_ns).map(|(after, before)| after - before);
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).harness_cpu_s =
            cpu_ns.unwrap_or(0) as f64 / 1e9;
        came.map_err(|why| match why {
            Wrong::Stopped => EngineError::Stopped,
            Wrong::Failed(why) | Wrong::Noticed(why) => {
                EngineError::Elsewhere(format!("{}: {why}", self.engine))
            }
        })
    }

    /// From the wall clock to event time, where its windows are told by the one; known from now on.
    fn placing(&self, clock: &dyn Clock, arrival: ArrivalClock) -> Option<Scale> {
        let interval = self.batches?;
        let now = host::utc_now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began = now.saturating_sub(Duration::from_nanos(clock.now().as_nanos()));
        let scale = Scale::new(
            i64::try_from(began.as_micros()).unwrap_or(i64::MAX),
            i64::try_from(interval.as_millis()).unwrap_or(i64::MAX),
            arrival.micros_per_second,
        );
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).scale = scale;
        Some(scale)
    }

    fn through(
        &self,
        parts: &mut Parts,
        (feeds, ears): Ways,
        arrival: ArrivalClock,
        clock: &dyn Clock,
        control: &Control,
    ) -> Result<Tally, Wrong> {
        let answers = AtomicU64::new(0);
        let is_waiting: Vec<AtomicBool> = feeds.iter().map(|_| AtomicBool::new(false)).collect();
        let under_way: Vec<UnderWay> = feeds.iter().map(|_| UnderWay::default()).collect();
        let partition = |(under_way, is_waiting)| Partition { under_way, is_waiting, control };
        let partitions = || under_way.iter().zip(&is_waiting).map(partition);
        let hearing = hear::Run {
            clock,
            times: self.clocks.as_ref().map(|clocks| clocks.to(clock)),
            aggregate: self.aggregate.unwrap_or(Aggregate::Count),
            scale: self.placing(clock, arrival).map(|scale| (scale, arrival.origin)),
            answers: &answers,
        };
        let mut watch = Watch {
            running: self,
            clock,
            control,
            answers: &answers,
            is_waiting: &is_waiting,
            to_feed: feeds.len(),
            to_hear: ears.len(),
            fed: Fed::default(),
            late: None,
            is_done: false,
            progress: (0, 0),
            progress_at: clock.now(),
            stalled_from: None,
            wrong: None,
        };
        let Parts { child, control: to_job, sources, sinks, broker, tell, told } = parts;
        let (ways_in, ways_out) = ways(broker.as_mut(), partitions(), (sources, sinks), control);
        let came = std::thread::scope(|scope| {
            let refused = |error: io::Error| {
                Wrong::Failed(format!("the system has no thread for it: {error}"))
            };
            let started = (|| {
                if broker.is_some() {
                    for (from, partition) in sources.iter().zip(partitions()) {
                        let thread = Builder::new().name("taken".to_owned());
                        thread.spawn_scoped(scope, move || partition.heed(from))?;
                    }
                }
                for ((mut feed, mut to), is_waiting) in
                    feeds.into_iter().zip(ways_in).zip(&is_waiting)
                {
                    let (tell, run) = (tell.clone(), feed::Run { clock, control, is_waiting });
                    let thread = Builder::new().name("feed".to_owned());
                    thread.spawn_scoped(scope, move || {
                        let fed = feed.feed(&mut *to, &run);
                        let fed = fed.and_then(|fed| to.flush().map(|()| fed));
                        drop(feed);
                        let _ = tell.send(Event::Fed(fed));
                    })?;
                }
                for (mut ear, mut from) in ears.into_iter().zip(ways_out) {
                    let (tell, run) = (tell.clone(), &hearing);
                    let thread = Builder::new().name("hear".to_owned());
                    thread.spawn_scoped(scope, move || {
                        let heard = ear.hear(&mut *from, run);
                        drop(ear);
                        let _ = tell.send(Event::Heard(heard));
                    })?;
                }
                ToJob::Go.send(to_job)
            })();
            let came = started.map_err(refused).and_then(|()| watch.until_over(child, told));
            if came.is_err() {
                // Nobody waits any longer: neither a thread of ours, nor the job.
                control.stop();
                child.withdraw();
                let _ = ToJob::Stop.send(to_job);
                broker.as_ref().inspect(|broker| broker.stop());
                for stream in sources.iter().chain(&*sinks) {
                    let _ = stream.shutdown(Shutdown::Both);
                }
            } else if broker.is_some() {
                // All was taken, and whoever would have told so is not waited for.
                for (stream, partition) in sources.iter().zip(partitions()) {
                    let _ = stream.shutdown(Shutdown::Both);
                    partition.taken(u64::MAX);
                }
            }
            came
        });
        let cpu_s = broker.as_ref().and_then(Broker::cpu_s);
        if let Some(cpu_s) = cpu_s {
            let mut facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
            facts.put("kafka_cpu".to_owned(), format!("{cpu_s:.2} s, of the broker's process"));
        }
        let went_wrong = child.end_within(self.patience.end);
        match came {
            Ok(()) if went_wrong => {
                Err(Wrong::Failed(format!("it was done, and then {}", child.last_words())))
            }
            Ok(()) => watch.tally(self.aggregate.is_some()),
            Err(Wrong::Noticed(why)) => {
                // What ails the broker explains the rest.
                if let Some(trouble) = broker.as_mut().and_then(Broker::trouble) {
                    return Err(Wrong::Failed(format!("{trouble}; what was noticed: {why}")));
                }
                Err(Wrong::Failed(format!("{why}; {}", child.last_words())))
            }
            Err(wrong) => Err(wrong),
        }
    }
}

/// Why a run did not come to its end.
#[derive(Clone, Debug)]
enum Wrong {
    /// Somebody wanted it to stop.
    Stopped,
    /// It failed, which is told.
    Failed(String),
    /// It failed, and its process may say more.
    Noticed(String),
}

/// Whoever sees to it that a run ends.
struct Watch<'a> {
    running: &'a Running,
    clock: &'a dyn Clock,
    control: &'a Control,
    answers: &'a AtomicU64,
    is_waiting: &'a [AtomicBool],
    to_feed: usize,
    to_hear: usize,
    fed: Fed,
    late: Option<u64>,
    is_done: bool,
    /// Events that went in and answers that came out, when there were more of them last.
    progress: (u64, u64),
    progress_at: Moment,
    /// When it was looked at first while it stood still, and what processor time it had used by then.
    stalled_from: Option<(Moment, u64)>,
    /// What went wrong first, and when.
    wrong: Option<(String, Moment)>,
}

impl Watch<'_> {
    fn until_over(&mut self, child: &Process, told: &Receiver<Event>) -> Result<(), Wrong> {
        while !(self.is_done && self.to_feed == 0 && self.to_hear == 0) {
            if self.control.is_stopped() {
                return Err(Wrong::Stopped);
            }
            match told.recv_timeout(LOOK_EVERY) {
                Ok(event) => self.heed(event)?,
                Err(RecvTimeoutError::Timeout) => {
                    self.look()?;
                    if !self.is_done && child.has_ended() {
                        self.wrong("it left in the middle of the run".to_owned());
                    }
                }
                // One end of it is ours.
                Err(RecvTimeoutError::Disconnected) => return Err(Wrong::Stopped),
            }
            if let Some((why, at)) = &self.wrong
                && self.clock.now().nanos_since(*at) > EXPLAIN_NS
            {
                return Err(Wrong::Noticed(why.clone()));
            }
        }
        Ok(())
    }

    fn heed(&mut self, event: Event) -> Result<(), Wrong> {
        match event {
            Event::Told(Ok(FromJob::Failed(why))) => return Err(Wrong::Failed(why)),
            Event::Told(Ok(FromJob::Note(note))) => {
                let mut facts = self.running.facts.lock().unwrap_or_else(PoisonError::into_inner);
                facts.note(&note).map_err(Wrong::Failed)?;
                if self.running.by_batches {
                    self.control.tell_finished(facts.cuts.events());
                }
            }
            Event::Told(Ok(FromJob::Done(late))) => {
                // As long as its memory can be read.
                self.running.group.look();
                (self.is_done, self.late) = (true, late);
                if self.to_feed > 0 {
                    self.wrong("it was done before it had read all events".to_owned());
                }
            }
            Event::Told(Ok(FromJob::Clock(_))) => {
                self.wrong("it told what its clock says without being asked".to_owned());
            }
            Event::Told(Err(why)) => self.wrong(why.to_string()),
            Event::ControlEnded if self.is_done => {}
            Event::ControlEnded => self.wrong("it left in the middle of the run".to_owned()),
            Event::Fed(Ok(Fed { rejected, records })) => {
                self.to_feed -= 1;
                self.fed.rejected += rejected;
                self.fed.records += records;
            }
            Event::Fed(Err(error)) => {
                self.wrong(format!("a source of it reads no more events: {error}"));
            }
            Event::Heard(Ok(())) => self.to_hear -= 1,
            Event::Heard(Err(why)) => self.wrong(why),
        }
        Ok(())
    }

    /// What went wrong first is what is told, unless somebody explains it.
    fn wrong(&mut self, why: String) {
        if self.wrong.is_none() {
            self.wrong = Some((why, self.clock.now()));
        }
    }

    /// Whether it goes on: events wait to be read or all were read, and for long it has taken none
    /// and given no answer.
    fn look(&mut self) -> Result<(), Wrong> {
        let now = self.clock.now();
        let progress = (self.control.read(), self.answers.load(Ordering::Relaxed));
        let could_go_on = self.to_feed == 0
            || self.is_waiting.iter().any(|waiting| waiting.load(Ordering::Relaxed));
        if progress != self.progress || !could_go_on {
            (self.progress, self.progress_at) = (progress, now);
            self.stalled_from = None;
        }
        let stalled_ns = now.nanos_since(self.progress_at);
        let most_ns = self.running.patience.stall.as_nanos();
        // It takes a while to read, and nobody wants to know of an engine that goes on.
        if self.stalled_from.is_none() && u128::from(stalled_ns) > most_ns / 2 {
            self.stalled_from = self.running.cpu_ns().map(|used_ns| (now, used_ns));
        }
        if u128::from(stalled_ns) < most_ns {
            return Ok(());
        }
        let what = match (self.to_feed, self.to_hear) {
            (0, 0) => "has not said that it is done",
            (0, _) => "gave no answer, nor said that there are no more",
            _ => "took no event and gave no answer, while events waited",
        };
        let meanwhile =
            self.stalled_from.zip(self.running.cpu_ns()).map_or("", |(from, used_ns)| {
                meanwhile(now.nanos_since(from.0), used_ns.saturating_sub(from.1))
            });
        Err(Wrong::Noticed(format!(
            "it hangs: for {} it {what}{meanwhile}",
            quantity::seconds(stalled_ns as f64 / 1e9)
        )))
    }

    /// What it did, as far as it tells.
    fn tally(&self, has_windows: bool) -> Result<Tally, Wrong> {
        let records = self.fed.records;
        let windows = match self.late {
            _ if !has_windows => None,
            None if self.running.told == Told::Nothing => {
                Some(WindowCounts { accepted: records, algorithm: OWN, ..WindowCounts::default() })
            }
            None => {
                let why = "it did not say how many records were late, which decides what is right";
                return Err(Wrong::Failed(why.to_owned()));
            }
            Some(late) if late > records => {
                let why = format!("it counted {late} late records, and was given {records}");
                return Err(Wrong::Failed(why));
            }
            Some(late) => {
                let accepted = records - late;
                Some(WindowCounts { accepted, late, algorithm: OWN, ..WindowCounts::default() })
            }
        };
        let facts = self.running.facts.lock().unwrap_or_else(PoisonError::into_inner);
        let batches = facts.to_run.map(|to_run| facts.happened.timings(to_run));
        Ok(Tally {
            batches: batches.unwrap_or_default(),
            read: self.control.read(),
            rejected: self.fed.rejected,
            windows: windows.into_iter().collect(),
            answers: self.answers.load(Ordering::Relaxed),
            ..Tally::default()
        })
    }
}

/// What is said of how an engine computes windows that is not ours.
pub(in crate::drivers) const OWN: &str = "its own";

/// What an engine that stands still has done for so long, by the processor time that it has used.
fn meanwhile(stalled_ns: u64, used_ns: u64) -> &'static str {
    if used_ns > stalled_ns / 2 {
        ", and computed all the while, as a JVM does that collects garbage in a heap that is too small \
         (its `heap` sets how large it is)"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_computes_and_gets_nowhere_is_told_from_one_that_waits() {
        assert_eq!(meanwhile(30_000_000_000, 90_000_000), "");
        assert_eq!(meanwhile(0, 0), "");
        assert!(meanwhile(30_000_000_000, 29_000_000_000).contains("a heap that is too small"));
    }
}
