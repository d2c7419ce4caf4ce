//! `conform`: small streams with the exact rows that an engine has to answer with.

use crate::bench::exit::Exit;
use crate::cli::answer::Answer;
use crate::cli::carry_out::interruptible;
use crate::cli::options::Printed;
use crate::cli::progress::say;
use crate::config::diagnostic::{Mistake, listed, nearest};
use crate::distributions::{self, Release};
use crate::studies::conform::{
    Case, Difference, Heard, NotPut, Outcome, Player, built_in, put, read,
};
use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What a file of cases is made of.
const FORMAT: &str = include_str!("conform_cases.txt");

/// What `conform` takes.
#[derive(Debug, Args)]
#[command(after_help = FORMAT)]
pub struct ConformArgs {
    /// Put the cases to this engine: `reference`, `per-event`, `micro-batch`, `flink`,
    /// `spark-structured` or `spark-dstream`; a release stands behind an `@`, such as `flink@1.20`.
    /// May be repeated. Where nobody says, those that are part of this program.
    #[arg(long = "engine", value_name = "E")]
    pub engines: Vec<String>,

    /// The cases of this file instead of those that are part of this program.
    #[arg(long, value_name = "FILE")]
    pub cases: Option<PathBuf>,

    /// At this parallelism. Where nobody says, at 1, and our engines at 2 and 7 as well.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=128))]
    pub parallelism: Option<u16>,

    /// How to print what came of them.
    #[arg(long, value_enum, default_value_t)]
    pub format: Printed,
}

/// Whether engines answer as the originals do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Conformance {
    /// Of this format: 1.
    schema_version: u32,
    /// The engines that were put cases.
    engines: Vec<OfEngine>,
}

/// What came of the cases on an engine.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct OfEngine {
    /// What it is called.
    name: String,
    /// Its version; none for one that is part of this program.
    version: Option<String>,
    /// At which parallelisms it was put each case.
    parallelisms: Vec<usize>,
    /// How many were answered as expected.
    ok: usize,
    /// How many were not, or failed.
    differs: usize,
    /// How many it cannot be asked.
    unsupported: usize,
    /// Each case that states its rules.
    cases: Vec<OfCase>,
}

/// What came of a case.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct OfCase {
    /// What it is called.
    name: String,
    /// `ok`, `differs`, or `unsupported`.
    outcome: &'static str,
    /// Where it differs, the parallelism at which it first did.
    #[serde(skip_serializing_if = "Option::is_none")]
    parallelism: Option<usize>,
    /// Where it differs, what was expected there first; none where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    /// Where it differs, what was answered there; none where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<String>,
    /// Why it cannot be asked, or how it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// How long what was begun may take to end when the user has had enough.
const PATIENCE: Duration = Duration::from_secs(5);

/// Puts the cases to the engines, and tells what they answered.
pub(in crate::cli) fn conform(args: &ConformArgs, colour: bool) -> Answer {
    let asked = match asked(&args.engines) {
        Ok(asked) => asked,
        Err(mistake) => return Answer::mistaken(mistake, colour),
    };
    let cases = match cases(args.cases.as_deref()) {
        Ok(cases) => cases,
        Err(mistake) => return Answer::mistaken(mistake, colour),
    };
    let parallelisms: Vec<usize> = args.parallelism.map(usize::from).into_iter().collect();
    let stop = match interruptible(PATIENCE) {
        Ok(stop) => stop,
        Err(answer) => return answer,
    };
    let mut engines = Vec::new();
    for (player, release) in asked {
        match of_engine(player, release, &cases, &parallelisms, &stop) {
            Ok(engine) => engines.push(engine),
            Err(NotPut::Stopped) => {
                return Answer { exit: Exit::Interrupted, ..Answer::default() };
            }
            Err(error) => {
                let message = format!("{}: {error}", player.name());
                return Answer::failed("conform::engine", &message);
            }
        }
    }
    let conformance = Conformance { schema_version: 1, engines };
    let answer = match args.format {
        Printed::Text => Answer::ok(text(&conformance)),
        Printed::Json => Answer::document(&conformance),
    };
    let differs = conformance.engines.iter().any(|engine| engine.differs > 0);
    if differs { Answer { exit: Exit::Failed, ..answer } } else { answer }
}

/// The engines of these names, each with a release of it, if one is said.
fn asked(names: &[String]) -> Result<Vec<(Player, Option<Release>)>, Mistake> {
    if names.is_empty() {
        return Ok(Player::EMBEDDED.map(|player| (player, None)).into());
    }
    let code = "config::no_such_engine";
    let mut asked = Vec::new();
    for text in names {
        let (name, release) = match text.split_once('@') {
            Some((name, release)) => (name, Some(release)),
            None => (text.as_str(), None),
        };
        let Some(player) = Player::ALL.into_iter().find(|player| player.name() == name) else {
            let all = Player::ALL.map(Player::name);
            let message = format!("there is no engine `{name}` that cases could be put to");
            let near = nearest(name, all).map(|near| format!("did you mean `{near}`?  "));
            let help = format!("{}there are {}", near.unwrap_or_default(), listed(all));
            return Err(Mistake::new(code, message).help(help));
        };
        let release = match (release, player.engine()) {
            (None, _) => None,
            (Some(release), Some(engine)) => Some(of_release(engine, release)?),
            (Some(_), None) => {
                let message = format!("{name} is part of this program, and has no releases");
                return Err(Mistake::new(code, message).help(format!("write --engine {name}")));
            }
        };
        if asked.contains(&(player, release)) {
            return Err(Mistake::new(code, format!("`{text}` is named twice")).help("name it once"));
        }
        asked.push((player, release));
    }
    Ok(asked)
}

fn of_release(engine: distributions::Engine, release: &str) -> Result<Release, Mistake> {
    let release = engine.release(release);
    release.map_err(|error| Mistake::new("config::no_such_engine", error.to_string()))
}

fn cases(file: Option<&Path>) -> Result<Vec<Case>, Mistake> {
    let code = "conform::cases";
    let help = "`sluicebench conform --help` says what a case is made of";
    let Some(path) = file else {
        return built_in().map_err(|error| Mistake::new(code, error.to_string()));
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Mistake::new(code, format!("{} cannot be read: {error}", path.display())).help(help)
    })?;
    read(&text)
        .map_err(|error| Mistake::new(code, format!("{}: {error}", path.display())).help(help))
}

fn of_engine(
    player: Player,
    release: Option<Release>,
    cases: &[Case],
    parallelisms: &[usize],
    stop: &AtomicBool,
) -> Result<OfEngine, NotPut> {
    let release = release.map(|release| release.name);
    if player.engine().is_some() {
        say(&format!("{}: starting it; all cases take a few seconds", player.name()));
    }
    let Heard { version, parallelisms, outcomes } =
        put(player, release, cases, parallelisms, stop)?;
    let cases: Vec<OfCase> = outcomes.into_iter().map(OfCase::of).collect();
    let count = |outcome| cases.iter().filter(|case| case.outcome == outcome).count();
    Ok(OfEngine {
        name: player.name().to_owned(),
        version,
        parallelisms,
        ok: count(OK),
        differs: count(DIFFERS),
        unsupported: count(UNSUPPORTED),
        cases,
    })
}

const OK: &str = "ok";
const DIFFERS: &str = "differs";
const UNSUPPORTED: &str = "unsupported";

impl OfCase {
    fn of((name, outcome): (String, Outcome)) -> Self {
        let ok = Self {
            name,
            outcome: OK,
            parallelism: None,
            expected: None,
            answered: None,
            reason: None,
        };
        match outcome {
            Outcome::Same => ok,
            Outcome::Differs(Difference { expected, answered }, parallelism) => {
                Self { outcome: DIFFERS, parallelism: Some(parallelism), expected, answered, ..ok }
            }
            Outcome::Failed(reason, parallelism) => Self {
                outcome: DIFFERS,
                parallelism: Some(parallelism),
                reason: Some(reason),
                ..ok
            },
            Outcome::Unsupported(reason) => {
                Self { outcome: UNSUPPORTED, reason: Some(reason), ..ok }
            }
        }
    }
}

fn text(conformance: &Conformance) -> String {
    let mut out = String::new();
    for engine in &conformance.engines {
        let OfEngine { name, version, parallelisms, ok, differs, unsupported, cases } = engine;
        let version = version.as_deref().map_or(String::new(), |version| format!(" {version}"));
        let at: Vec<String> = parallelisms.iter().map(ToString::to_string).collect();
        let at = at.join(", ");
        let _ = writeln!(out, "{name}{version}, at parallelism {at}");
        for case in cases {
            let name = reports::words::harmless(&case.name).replace('\n', "\\n");
            let _ = writeln!(out, "  {:11} {name}{}", case.outcome, remark(engine, case));
        }
        let asked = ok + differs;
        let _ = writeln!(
            out,
            "{name}{version}: the same answers as the original on {ok} of {asked} cases that it can \
             be asked; {unsupported} it cannot\n"
        );
    }
    out.truncate(out.trim_end().len());
    out + "\n"
}

/// What stands behind the name of a case.
fn remark(engine: &OfEngine, case: &OfCase) -> String {
    let OfCase { outcome, parallelism, expected, answered, reason, .. } = case;
    let at = match parallelism {
        Some(parallelism) if engine.parallelisms.len() > 1 => {
            format!(", at parallelism {parallelism}")
        }
        _ => String::new(),
    };
    match (*outcome, reason) {
        (OK, _) => String::new(),
        (UNSUPPORTED, Some(reason)) => format!(": {} {reason}", engine.name),
        (_, Some(reason)) => format!(": it failed{at}: {reason}"),
        (_, None) => {
            let shown = |row: &Option<String>| row.clone().unwrap_or_else(|| "nothing".to_owned());
            format!(": expected {}, answered {}{at}", shown(expected), shown(answered))
        }
    }
}
