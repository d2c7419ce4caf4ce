//! Cases on an engine in a process of its own: one JVM for all of them.
//!
//! It is given the cases as a file, and says a line of JSON for each when it is through with it. Its
//! stdin is a lease: it ends when we do. What it says beside that is kept for the day it dies.

use super::case::Case;
use super::compare::{Answered, Late};
use super::crashing::Crashing;
use super::embedded::NoAnswer;
use super::placed::{Misplaced, Placed};
use super::row::Row;
use super::{Asked, NotPut, Player, Told};
use instrument::distributions::{self, Need, Place};
use instrument::drivers;
use instrument::host::children::{self, Complaints, Scratch, end_group, excerpt, fate};
use serde_json::Value;
use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// What came of a case.
pub(super) type Said = Result<Answered, NoAnswer>;

/// How often a wish to stop is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How often it is looked while nothing is said: for a minute, in which a JVM starts and does any
/// case many times over.
const PATIENCE: u32 = 1200;

/// For a JVM that works for a few seconds: a quick compiler, one collector, and not much memory.
const SHORT_LIVED: [&str; 3] = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx1g"];

/// What an engine answers to each case, and what ran.
pub(super) fn answers(
    asked: &Asked<'_>,
    cases: &[&Case],
    place: &Place,
    stop: &AtomicBool,
) -> Result<Told, NotPut> {
    let &Asked { player, release, parallelism, crashes } = asked;
    let (Some(engine), Some((main, options))) = (player.engine(), started_by(player)) else {
        return Err(NotPut::Failed(format!("{} is no engine of its own", player.name())));
    };
    let release = release.unwrap_or(engine.releases()[0].name);
    let ready = distributions::ready(Need::of(engine, release), place)?;
    let version = Some(ready.distribution.version.clone());
    let java = Some(ready.java.version.clone());
    let crashing: Vec<Crashing<'_>> =
        cases.iter().map(|case| Crashing::of(case, crashes)).collect();
    let put: Vec<&Case> = crashing.iter().map(Crashing::case).collect();
    let scratch = Scratch::make().map_err(|error| not_started(&error))?;
    let file = scratch.path().join("cases.json");
    let written = Value::Array(put.iter().map(|case| case.written.clone()).collect());
    fs::write(&file, written.to_string()).map_err(|error| not_started(&error))?;
    let mut command = Command::new(&ready.java.java);
    command
        .arg(format!("-Djava.io.tmpdir={}", scratch.path().display()))
        .args(options)
        .args(SHORT_LIVED)
        .args(["-cp", &ready.class_path(), main])
        .arg("--cases")
        .arg(&file)
        .args(["--parallelism", &parallelism.to_string()])
        .current_dir(scratch.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let process = Process::start(command, scratch).map_err(|error| not_started(&error))?;
    let heard = heard(process, player, &put, stop)?;
    let answers = crashing.iter().zip(heard).map(|(case, said)| case.as_asked(said)).collect();
    Ok(Told { version, java, answers })
}

fn not_started(error: &io::Error) -> NotPut {
    NotPut::Failed(format!("its process cannot be started: {error}"))
}

/// Its main class, and what its JVM has to be told.
fn started_by(player: Player) -> Option<(&'static str, Vec<String>)> {
    let (main, options) = match player {
        Player::Flink => ("sluicebench.flink.conform.Main", drivers::flink_jvm_options()),
        Player::SparkStructured => {
            ("sluicebench.spark.conform.structured.Main", drivers::spark_jvm_options())
        }
        Player::SparkDStream => {
            ("sluicebench.spark.conform.dstream.Main", drivers::spark_jvm_options())
        }
        Player::Reference | Player::PerEvent | Player::MicroBatch => return None,
    };
    Some((main, options))
}

/// Listens until there is an answer to each case.
fn heard(
    mut process: Process,
    player: Player,
    cases: &[&Case],
    stop: &AtomicBool,
) -> Result<Vec<Said>, NotPut> {
    let mut answers: Vec<Option<Said>> = vec![None; cases.len()];
    let mut silent = 0;
    while answers.iter().any(Option::is_none) {
        if stop.load(Ordering::Relaxed) {
            return Err(NotPut::Stopped);
        }
        match process.lines.recv_timeout(LOOK_EVERY) {
            Ok(line) => {
                silent = 0;
                let (number, said) = read(&line, cases).map_err(|misplaced| {
                    NotPut::Failed(format!(
                        "{} said what was not asked: {misplaced}",
                        player.name()
                    ))
                })?;
                answers[number] = Some(said);
            }
            Err(RecvTimeoutError::Timeout) if silent < PATIENCE => silent += 1,
            Err(RecvTimeoutError::Timeout) => {
                let missing = answers.iter().position(Option::is_none);
                let name = missing.map_or("", |number| cases[number].name.as_str());
                return Err(NotPut::Failed(format!(
                    "{} has said nothing for a minute, at case `{name}`; {}",
                    player.name(),
                    process.last_words()
                )));
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(NotPut::Failed(format!(
                    "{} is gone before the last case; {}",
                    player.name(),
                    process.last_words_of_one_that_ends()
                )));
            }
        }
    }
    Ok(answers.into_iter().flatten().collect())
}

/// Reads what is said of a case: which one it is, and what came of it.
fn read(line: &str, cases: &[&Case]) -> Result<(usize, Said), Misplaced> {
    let value: Value = serde_json::from_str(line).map_err(|error| Misplaced {
        place: excerpt(line.as_bytes()),
        message: format!("this is no JSON: {error}"),
    })?;
    let line = Placed::whole(&value);
    line.only(&["case", "rows", "late", "late_in_batches", "unsupported", "failed"])?;
    let name = line.needed("case")?;
    let number = cases.iter().position(|case| Some(case.name.as_str()) == name.value.as_str());
    let number = number.ok_or_else(|| name.wrong("there is no case of this name"))?;
    if let Some(why) = line.member("unsupported")? {
        return Ok((number, Err(NoAnswer::Unsupported(why.text()?.to_owned()))));
    }
    if let Some(why) = line.member("failed")? {
        return Ok((number, Err(NoAnswer::Failed(why.text()?.to_owned()))));
    }
    let items = cases[number].input.len();
    let rows = line.needed("rows")?;
    let rows = rows.items()?.map(|row| Row::read(&row, items)).collect::<Result<_, _>>()?;
    let late = if let Some(late) = line.member("late")? {
        Late::Events(late.items()?.map(|index| index.below(items)).collect::<Result<_, _>>()?)
    } else if let Some(batches) = line.member("late_in_batches")? {
        let mut late = Vec::new();
        for batch in batches.items()? {
            batch.only(&["index", "count"])?;
            let count = usize::try_from(batch.needed("count")?.number_from(0)?);
            late.push((batch.needed("index")?.below(items)?, count.unwrap_or(usize::MAX)));
        }
        Late::Batches(late)
    } else {
        Late::Untold
    };
    Ok((number, Ok(Answered { rows, late })))
}

/// How lines begin that are about a case; others are an engine's own.
const OF_A_CASE: &[u8] = b"{\"case\":";

/// The process. It does not outlive this.
struct Process {
    child: Child,
    /// What it says of cases.
    lines: Receiver<String>,
    complaints: Option<Receiver<Complaints>>,
    _lease: Option<ChildStdin>,
    /// Removed after the process has ended.
    _scratch: Scratch,
}

impl Process {
    fn start(mut command: Command, scratch: Scratch) -> io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let lease = child.stdin.take();
        let (tell, lines) = channel();
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let mut process = Self { child, lines, complaints: None, _lease: lease, _scratch: scratch };
        process.complaints = stderr.map(children::complaints).transpose()?;
        let listen = move || {
            let mut said = BufReader::new(stdout.into_iter().next()?);
            let mut line = Vec::new();
            while said.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                if line.starts_with(OF_A_CASE) {
                    tell.send(String::from_utf8_lossy(&line).into_owned()).ok()?;
                }
                line.clear();
            }
            Some(())
        };
        std::thread::Builder::new().name("cases".to_owned()).spawn(listen)?;
        Ok(process)
    }

    /// Tells how it ended and what it said. Its stdout is closed, so that it ends by itself if given the
    /// time.
    fn last_words_of_one_that_ends(&mut self) -> String {
        children::ends_within(&self.child, LAST_WORDS);
        self.last_words()
    }

    /// Ends it, and tells how it ended and what it said.
    fn last_words(&mut self) -> String {
        let fate = if children::has_ended(&self.child) {
            end_group(&mut self.child).map_or_else(|_| "was lost".to_owned(), fate)
        } else {
            let _ = end_group(&mut self.child);
            "was ended".to_owned()
        };
        let said = self.complaints.take().and_then(|said| said.recv_timeout(LAST_WORDS).ok());
        let words = said.and_then(|said| said.first_error.or_else(|| said.last.last().cloned()));
        match words {
            Some(words) => format!("its process {fate}; it said: {words}"),
            None => format!("its process {fate}, and said nothing"),
        }
    }
}

/// How long the last words of a process are waited for that has ended.
const LAST_WORDS: Duration = Duration::from_secs(2);

impl Drop for Process {
    fn drop(&mut self) {
        // It was waited for already where its last words were heard.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = end_group(&mut self.child);
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::built_in;
    use super::*;

    /// What comes of a process that runs this script, asked the first two cases.
    fn scripted(script: &str, stop: bool) -> Result<Vec<Said>, NotPut> {
        let cases = built_in().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let process = Process::start(command, Scratch::make().unwrap()).unwrap();
        let cases: Vec<&Case> = cases.iter().take(2).collect();
        heard(process, Player::Flink, &cases, &AtomicBool::new(stop))
    }

    const FIRST: &str = r#"echo '{"case":"flink_sliding_event_time_reduce","rows":[{"watermark":1,"emitted_after_index":0}],"late":[3]}';"#;
    const SECOND: &str =
        r#"echo '{"case":"flink_session_count_trigger_merge","unsupported":"has none"}';"#;

    #[test]
    fn what_is_said_of_each_case_is_heard_whatever_else_is_said() {
        let said = scripted(&format!("{SECOND} echo some words; {FIRST} cat"), false).unwrap();
        let rows = vec![Row::watermark(1, 0)];
        assert_eq!(said[0], Ok(Answered { rows, late: Late::Events(vec![3]) }));
        assert_eq!(said[1], Err(NoAnswer::Unsupported("has none".to_owned())));
    }

    #[track_caller]
    fn fails(script: &str, words: &[&str]) {
        let error = scripted(script, false).expect_err(script).to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }

    #[test]
    fn one_that_dies_is_told_with_what_it_said() {
        let script = format!("{FIRST} echo 'java.lang.Error: no more' >&2; exit 3");
        fails(&script, &["gone before the last case", "exit code 3", "java.lang.Error: no more"]);
        fails("kill -9 $$", &["SIGKILL", "said nothing"]);
    }

    #[test]
    fn one_that_says_what_was_not_asked_is_told() {
        let said = |line: &str| format!("echo '{{\"case\":{line}'; cat");
        fails(&said(r#""flink_empty"}"#), &["there is no case of this name"]);
        fails(&said(""), &["this is no JSON"]);
        let first = r#""flink_sliding_event_time_reduce""#;
        fails(&said(&format!("{first}}}")), &["`rows` is missing"]);
        fails(
            &said(&format!("{first},\"rows\":[{{\"value\":1}}]}}")),
            &["rows[0]", "emitted_after"],
        );
        fails(&said(&format!("{first},\"rows\":[],\"late\":[99]}}")), &["late[0]", "below 17"]);
    }

    #[test]
    fn one_that_goes_on_is_ended_when_somebody_wants_to_stop() {
        assert!(matches!(scripted("cat", true), Err(NotPut::Stopped)));
    }
}
