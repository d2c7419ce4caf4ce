//! A process for each repetition, seen from outside.
//!
//! Whatever the process does, the run goes on: one that is killed, panics, talks nonsense or
//! cannot be started is a repetition that failed, with what is known of the reason. It is in a
//! process group of its own, so that the interrupt key reaches this program alone, which then
//! lets it go; should this program die instead, the lease closes with it.

use super::wire::{Report, Written};
use super::{Bench, Measured, Order, Watch};
use crate::bench::error::RunError;
use crate::host::children::{self, excerpt, fate};
use crate::measure::seen::Phase;
use reports::record::VerdictKind;
use reports::record::study::PlainLoop;
use settings::plan::Cell;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Measures each order in a process of its own.
#[derive(Clone, Debug)]
pub struct Processes {
    program: PathBuf,
    stop: Arc<AtomicBool>,
}

/// How often a wish to stop is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How often a process that should stop is looked at before it is killed: twelve seconds, a
/// little more than it gives itself.
const PATIENCE: u32 = 240;

impl Processes {
    /// Starts this program again for each order. `stop` ends what is running. What earlier runs left
    /// that were killed with their processes goes first.
    pub fn of_this_program(stop: Arc<AtomicBool>) -> io::Result<Self> {
        children::clear_abandoned();
        Ok(Self::of(std::env::current_exe()?, stop))
    }

    /// Starts another program that takes the same orders.
    pub const fn of(program: PathBuf, stop: Arc<AtomicBool>) -> Self {
        Self { program, stop }
    }

    fn start(&self) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.arg("trial").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn()
    }
}

/// What a process says on stdout.
enum Said {
    Report(Report),
    Nonsense(String),
}

/// How a conversation with a process ended.
#[derive(Default)]
struct Heard {
    measured: Option<Measured>,
    refused: Option<String>,
    nonsense: Option<String>,
    /// Whether it was asked to end.
    was_stopped: bool,
    /// What it was at last, as far as it said.
    phase: Phase,
}

impl Bench for Processes {
    fn plain_loop(&mut self, cell: &Cell) -> Result<Option<PlainLoop>, RunError> {
        super::plain_loop(cell)
    }

    fn measure(&mut self, order: &Order<'_>, watch: Watch<'_>) -> Result<Measured, RunError> {
        let failed = |text| Ok(Measured::nothing(order, VerdictKind::Failed, text));
        let started = self.start().and_then(|mut child| {
            let said = listen(&mut child)?;
            let complaints = child.stderr.take().map(children::complaints).transpose()?;
            Ok((child, said, complaints))
        });
        let (mut child, said, complaints) = match started {
            Ok(started) => started,
            Err(error) => return failed(format!("its process could not be started: {error}")),
        };
        let lease = child.stdin.take().map(|mut stdin| {
            // One that has died already will say so by its exit.
            let _ = give(&mut stdin, order);
            stdin
        });
        let heard = self.hear(&mut child, lease, &said, watch);
        let status = child.wait();
        // An engine that it started may be left of it where it was killed.
        children::clear_after(child.id());
        let complaints = complaints.and_then(|come| come.recv().ok()).unwrap_or_default().last;
        if let Some(why) = heard.refused {
            return Err(RunError::Refused(why));
        }
        let ended_well = status.as_ref().is_ok_and(ExitStatus::success) && heard.nonsense.is_none();
        match heard.measured {
            Some(measured) if ended_well => Ok(measured),
            _ if heard.was_stopped => {
                let text = match heard.phase {
                    Phase::Making | Phase::Running => "stopped before the end of its input",
                    Phase::Checking => "stopped before its answers were checked",
                };
                Ok(Measured::nothing(order, VerdictKind::Interrupted, text.to_owned()))
            }
            _ => {
                let mut text = match (&heard.nonsense, status) {
                    (Some(line), _) => format!("its process said what is no report: `{line}`"),
                    (None, Ok(status)) => format!("its process {}", fate(status)),
                    (None, Err(error)) => format!("its process was lost: {error}"),
                };
                if !complaints.is_empty() {
                    text = format!("{text}; it said: {}", complaints.join(" / "));
                }
                failed(text)
            }
        }
    }
}

impl Processes {
    /// Follows a process to its end, and lets go of the lease when somebody wants it to stop.
    fn hear(
        &self,
        child: &mut Child,
        mut lease: Option<ChildStdin>,
        said: &Receiver<Said>,
        watch: Watch<'_>,
    ) -> Heard {
        let mut heard = Heard::default();
        let mut looks = 0;
        loop {
            let next = said.recv_timeout(LOOK_EVERY);
            let mut wants_end = self.stop.load(Ordering::Relaxed);
            match next {
                Ok(Said::Report(Report::Seen(seen))) => {
                    heard.phase = seen.phase;
                    wants_end |= watch(&seen).is_break();
                }
                Ok(Said::Report(Report::Measured(brought))) => {
                    heard.measured = Some(*brought);
                    // Nothing follows, and nothing is to be stopped any more.
                    return heard;
                }
                Ok(Said::Report(Report::Refused(why))) => heard.refused = Some(why),
                Ok(Said::Nonsense(line)) => {
                    heard.nonsense = Some(line);
                    let _ = child.kill();
                    return heard;
                }
                Ok(Said::Report(Report::Stopping)) | Err(RecvTimeoutError::Timeout) => {
                    looks += u32::from(heard.was_stopped);
                    if looks > PATIENCE {
                        let _ = child.kill();
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return heard,
            }
            if wants_end && !heard.was_stopped {
                heard.was_stopped = true;
                lease = None;
            }
            // The lease is held until here, whatever is heard.
            let _ = &lease;
        }
    }
}

fn give(stdin: &mut ChildStdin, order: &Order<'_>) -> io::Result<()> {
    let mut line = serde_json::to_vec(&Written::of(order))?;
    line.push(b'\n');
    stdin.write_all(&line)?;
    stdin.flush()
}

/// Reads reports on a thread, since a pipe cannot be waited for with patience.
fn listen(child: &mut Child) -> io::Result<Receiver<Said>> {
    let (tell, said) = channel();
    let Some(stdout) = child.stdout.take() else { return Ok(said) };
    let thread = std::thread::Builder::new().name("listener".to_owned());
    thread.spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut line = Vec::new();
        while stdout.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let next = match serde_json::from_slice(&line) {
                Ok(report) => Said::Report(report),
                Err(_) => Said::Nonsense(excerpt(&line)),
            };
            if tell.send(next).is_err() {
                break;
            }
            line.clear();
        }
    })?;
    Ok(said)
}
