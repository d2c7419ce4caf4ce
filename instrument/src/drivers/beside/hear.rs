//! The way out: what a job answers goes to the recorders, with the moment its sink was handed it.
//!
//! What comes from a clock that is not ours counts from its arrival.
//!
//! What is no answer to what was asked ends the run: bytes of another shape, and answers from before
//! the run or from the future. Whether an answer is right is not known here.

use super::clocks::ToRun;
use crate::transport::{Aggregate, FromSink, Incoming, read_sink};
use crate::verify::Scale;
use engines::{Clock, Data, Moment, Sink, Stamped, Timestamp};
use programs::Sinks;
use scenarios::workload::Padded;
use scenarios::{Keyed, NumberedAnswer, SessionAnswer, WindowAnswer};
use std::any::Any;
use std::io::{BufReader, Read};
use std::sync::atomic::{AtomicU64, Ordering};

/// What comes out of a job through one connection.
pub(super) trait Hearing: Send {
    /// Takes all of it, to its end.
    ///
    /// # Errors
    /// Where what comes is no answer to what was asked.
    fn hear(&mut self, from: &mut dyn Read, run: &Run<'_>) -> Result<(), String>;
}

/// A run that is listened to.
pub(super) struct Run<'a> {
    pub(super) clock: &'a dyn Clock,
    /// None where an answer counts from its arrival.
    pub(super) times: Option<ToRun>,
    pub(super) aggregate: Aggregate,
    /// Where windows are told by the wall clock: from there to event time, and where that begins.
    pub(super) scale: Option<(Scale, Timestamp)>,
    /// How many answers there were so far.
    pub(super) answers: &'a AtomicU64,
}

impl Run<'_> {
    /// An answer where it is in event time.
    fn placed<K: Incoming>(&self, answer: Stamped<K>) -> Result<Stamped<K>, String> {
        let Some((scale, origin)) = self.scale else { return Ok(answer) };
        K::moved(answer, &|edge: Timestamp| scale.event_time(edge.as_micros(), origin)).ok_or_else(
            || "it answered a window at whose edges no batch of it can have ended".to_owned(),
        )
    }
}

/// Whoever takes the answers, if there is a way to read what these sinks take.
pub(super) fn ears<A: Data>(sinks: Sinks<A>) -> Option<Vec<Box<dyn Hearing>>> {
    let mut sinks = Some(sinks);
    known::<A, WindowAnswer>(&mut sinks)
        .or_else(|| known::<A, Keyed>(&mut sinks))
        .or_else(|| known::<A, Padded<32>>(&mut sinks))
        .or_else(|| known::<A, SessionAnswer>(&mut sinks))
        .or_else(|| known::<A, NumberedAnswer>(&mut sinks))
}

/// The same for one type of answer.
fn known<A: Data, K: Data + Incoming>(
    sinks: &mut Option<Sinks<A>>,
) -> Option<Vec<Box<dyn Hearing>>> {
    let sinks: &mut dyn Any = sinks;
    let sinks = sinks.downcast_mut::<Option<Sinks<K>>>()?.take()?;
    let ear = |sink| Box::new(Ear { sink }) as Box<dyn Hearing>;
    Some(sinks.into_iter().map(ear).collect())
}

struct Ear<K> {
    sink: Box<dyn Sink<Item = K>>,
}

/// The moment at which a job's clock said so.
fn emitted(times: ToRun, job_ns: i64, now: Moment) -> Result<Moment, String> {
    let emitted = times
        .moment(job_ns)
        .ok_or("it gave an answer before the run had begun, to what it was not asked")?;
    if emitted > now.saturating_add(times.slack_ns) {
        return Err(
            "it gave an answer from the future: its sinks must stamp System.nanoTime()".to_owned()
        );
    }
    Ok(emitted)
}

impl<K: Data + Incoming> Hearing for Ear<K> {
    fn hear(&mut self, from: &mut dyn Read, run: &Run<'_>) -> Result<(), String> {
        let mut from = BufReader::with_capacity(256 << 10, from);
        let (mut body, mut answers) = (Vec::new(), Vec::new());
        loop {
            match read_sink(&mut from, &mut body) {
                Ok(FromSink::End) => return Ok(()),
                Ok(FromSink::Answers { emitted_ns }) => {
                    let emitted = match run.times {
                        Some(times) => emitted(times, emitted_ns, run.clock.now())?,
                        None => run.clock.now(),
                    };
                    let each = body.chunks_exact(K::BYTES);
                    if !each.remainder().is_empty() {
                        return Err(format!(
                            "it gave {} bytes of answers that have {} each: it answers another \
                             question",
                            body.len(),
                            K::BYTES
                        ));
                    }
                    answers.clear();
                    for bytes in each {
                        let answer = K::take(bytes, run.aggregate).ok_or(
                            "it gave an answer that can be none: due before the run, or of a \
                             window that holds no time",
                        )?;
                        answers.push(run.placed(answer)?);
                    }
                    run.answers.fetch_add(answers.len() as u64, Ordering::Relaxed);
                    self.sink.accept(&answers, emitted);
                }
                Err(why) => return Err(why.to_string()),
            }
        }
    }
}
