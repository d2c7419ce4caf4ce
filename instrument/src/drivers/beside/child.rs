//! The process of an engine: how it is started, and how it is made sure that it ends.
//!
//! It leads a group of its own, so that the interrupt key reaches this program alone and all of it
//! can be ended at once. Its stdin is a lease, as that of a repetition is: it closes when we end,
//! however we do, and the job ends with it. What it says of itself is kept for the day it dies.

use super::Launch;
use crate::drivers::Pins;
use crate::host::children::{self, Complaints, Scratch, end_group, fate};
use crate::host::cpus;
use crate::transport::Token;
use settings::plan::CpuList;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;
use std::{fmt, io};

/// How long the last words of a process are waited for that has ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What a job may leave where its process is not, such as on a cluster.
pub trait Remainder: fmt::Debug + Send + Sync {
    /// Ends it, if there is any. Not called where the process has ended in good order.
    fn end(&self);
}

/// The process of an engine. It does not outlive this.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    lease: Option<ChildStdin>,
    said: Vec<Receiver<Complaints>>,
    status: Option<ExitStatus>,
    /// Whether it did not end by itself.
    was_ended: bool,
    /// What it may leave elsewhere.
    remainder: Option<Arc<dyn Remainder>>,
    /// Removed after the process has ended.
    _scratch: Scratch,
}

impl Process {
    /// Starts it; its job dials there.
    pub(super) fn start(
        launch: &Launch,
        at: SocketAddr,
        token: Token,
        remainder: Option<Arc<dyn Remainder>>,
        pins: Option<&Pins>,
    ) -> io::Result<Self> {
        let held = pins.filter(|pins| pins.holds_engine());
        let mut process = Self::spawn(&launch.program, held.map(|pins| &pins.engine), |command| {
            command
                .args(held.and_then(Pins::jvm_option))
                .args(&launch.arguments)
                .args(["--connect", &at.to_string()])
                .args(&launch.job.arguments)
                .envs(launch.environment.iter().map(|(name, value)| (name, value)))
                .env("SLUICEBENCH_TOKEN", token.digits());
        })?;
        process.remainder = remainder;
        Ok(process)
    }

    /// Starts a program of Java's with what `fill` says, on these processors; where none are named, on
    /// those of the calling thread.
    pub(super) fn spawn(
        program: &Path,
        on: Option<&CpuList>,
        fill: impl FnOnce(&mut Command),
    ) -> io::Result<Self> {
        let scratch = Scratch::make()?;
        let mut command = Command::new(program);
        command.arg(format!("-Djava.io.tmpdir={}", scratch.path().display()));
        fill(&mut command);
        command
            .current_dir(scratch.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let started = cpus::started_on(on.map(CpuList::numbers), || command.spawn());
        let mut child = started.map_err(|error| {
            let why = format!("`{}` cannot be run: {error}", program.display());
            io::Error::new(error.kind(), why)
        })?;
        let lease = child.stdin.take();
        let mut process = Self {
            child,
            lease,
            said: Vec::new(),
            status: None,
            was_ended: false,
            remainder: None,
            _scratch: scratch,
        };
        if let Some(stderr) = process.child.stderr.take() {
            process.said.push(children::complaints(stderr)?);
        }
        if let Some(stdout) = process.child.stdout.take() {
            process.said.push(children::complaints(stdout)?);
        }
        Ok(process)
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.status.is_some() || children::has_ended(&self.child)
    }

    /// Gives it so long to end by itself, then ends it. Returns whether it did so by itself, but in
    /// no good order.
    pub(super) fn end_within(&mut self, patience: Duration) -> bool {
        if self.status.is_none() {
            children::ends_within(&self.child, patience);
        }
        self.end();
        !self.was_ended && self.status.is_some_and(|status| !status.success())
    }

    /// Ends what it has elsewhere, if it has something there.
    pub(super) fn withdraw(&mut self) {
        if let Some(remainder) = self.remainder.take() {
            remainder.end();
        }
    }

    /// Ends it, and whatever it has started, here and elsewhere.
    pub(super) fn end(&mut self) {
        self.lease = None;
        // Not a second time: once it was waited for, its number may be somebody else's.
        if self.status.is_none() {
            self.was_ended = !self.has_ended();
            self.status = end_group(&mut self.child).ok();
            if !self.was_ended && self.status.is_some_and(|status| status.success()) {
                self.remainder = None;
            }
            self.withdraw();
        }
    }

    /// How it ended and what it said, after it has ended.
    pub(super) fn last_words(&mut self) -> String {
        let fate = match self.status {
            _ if self.was_ended => "was ended".to_owned(),
            Some(status) => fate(status),
            None => "was lost".to_owned(),
        };
        let said = self.said.drain(..).filter_map(|said| said.recv_timeout(LAST_WORDS).ok());
        let said: Vec<Complaints> = said.collect();
        let first = said.iter().find_map(|said| said.first_error.clone());
        let is_killed = self.status.is_some_and(children::was_killed) && !self.was_ended;
        let words = first.or_else(|| {
            let last = said.iter().find(|said| !said.last.is_empty() && !is_killed)?;
            Some(last.last.join(" / "))
        });
        match words {
            Some(words) => format!("its process {fate}; it said: {words}"),
            None if is_killed => format!("its process {fate}"),
            None => format!("its process {fate}, and said nothing"),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}
