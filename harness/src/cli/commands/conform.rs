//! `conform`: small streams with the exact rows that an engine has to answer with.

use crate::cli::answer::Answer;
use crate::cli::carry_out::interruptible;
use crate::cli::options::Printed;
use crate::cli::progress::say;
use crate::studies::conform::{
    Case, Difference, Heard, NotPut, Outcome, Player, Semantics, Way, built_in, operators, put,
    read,
};
use clap::Args;
use instrument::bench::exit::Exit;
use instrument::distributions::{self, Place, Release};
use instrument::host::{self, children};
use reports::files::Over;
use reports::quantity::counted;
use reports::record::conformance::{Conformance, Conforming, OfCase, Outcome as Told, VERSION};
use reports::words::harmless;
use settings::config::diagnostic::{Mistake, listed, nearest};
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What a file of cases is made of.
const FORMAT: &str = include_str!("conform_cases.txt");

/// What `conform` takes.
#[derive(Debug, Args)]
#[command(after_help = of_cases())]
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

    /// Let the engine crash after each item of a case, and restore it from what it had written:
    /// `flink` from a checkpoint, `spark-structured` from its logs. What that does not hold is lost: Flink's
    /// checkpoints hold no watermark, so that what was late counts again until the next one comes.
    #[arg(long)]
    pub crashes: bool,

    /// Keep what came of them in this folder, a file for each engine and version. In the folder
    /// `conformance` of a run, `report` shows it on the run's page. Where nobody says, what came of
    /// the cases of this program is kept in a folder of ours, and pages of later runs of the same
    /// versions show it.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Write over files that are there in the folder of `--out`.
    #[arg(long, requires = "out")]
    pub force: bool,

    /// How to print what came of them.
    #[arg(long, value_enum, default_value_t)]
    pub format: Printed,
}

/// The same, and what there can be cases about, and who is put those.
fn of_cases() -> String {
    let each = Semantics::ALL.map(|semantics| {
        let follows = |player: &Player| player.follows(semantics);
        let players = Player::ALL.into_iter().filter(follows).map(Player::name);
        format!(
            "\nOperators (op) by the rules of {}: {}. Such cases are put to {}.\n",
            semantics.name(),
            listed(operators(semantics)),
            listed(players)
        )
    });
    format!("{FORMAT}{}", each.concat())
}

/// How long what was begun may take to end when the user has had enough.
const PATIENCE: Duration = Duration::from_secs(5);

/// Puts the cases to the engines, and tells what they answered.
pub(in crate::cli) fn conform(args: &ConformArgs, colour: bool) -> Answer {
    let asked = asked(&args.engines).and_then(|asked| {
        let cases = cases(args.cases.as_deref())?;
        let asked = with_cases(asked, args, &cases)?;
        can_crash(&asked, args.crashes)?;
        Ok((asked, cases))
    });
    let (asked, cases) = match asked {
        Ok(asked) => asked,
        Err(mistake) => return Answer::mistaken(mistake, colour),
    };
    let stop = match interruptible(PATIENCE) {
        Ok(stop) => stop,
        Err(answer) => return answer,
    };
    children::clear_abandoned();
    let mut kept = Kept::of(args);
    let mut engines = Vec::new();
    // What ended it before all were put their cases.
    let mut ended = None;
    for (player, release) in asked {
        match of_engine(player, release, &cases, args, &stop) {
            Ok(engine) => {
                kept.keep(&engine);
                engines.push(engine);
            }
            Err(NotPut::Stopped) => {
                ended = Some(Answer { exit: Exit::Interrupted, ..Answer::default() });
                break;
            }
            Err(error) => {
                let message = format!("{}: {error}", player.name());
                ended = Some(Answer::failed("conform::engine", &message));
                break;
            }
        }
    }
    answered(engines, kept, args.format, ended)
}

/// What came of the engines that were put the cases; `ended` is what ended it before all were.
fn answered(
    engines: Vec<Conforming>,
    kept: Kept,
    format: Printed,
    ended: Option<Answer>,
) -> Answer {
    let differs = engines.iter().any(|engine| engine.differs > 0);
    let was_asked = engines.iter().any(|engine| engine.ok + engine.differs > 0);
    let conformance = Conformance { schema_version: VERSION, engines };
    let answer = match format {
        // Nothing to be shown of the very first one.
        _ if conformance.engines.is_empty() => Answer::default(),
        Printed::Text => Answer::ok(text(&conformance)),
        Printed::Json => Answer::document(&conformance),
    };
    let mut complaints = kept.complaints;
    if let Some(ended) = ended {
        complaints += &ended.complaints;
        return Answer { complaints, exit: ended.exit, ..answer };
    }
    if !was_asked {
        complaints += "error[conform::nothing_asked]: not one of the cases can be asked of any of \
                       these engines, so that nothing is shown\n  help: why stands behind each; name \
                       an engine that can be asked with --engine\n";
    }
    let is_well = !differs && was_asked && !kept.has_failed;
    let exit = if is_well { answer.exit } else { Exit::Failed };
    Answer { complaints, exit, ..answer }
}

/// Where what came of cases is kept.
struct Kept {
    folder: Option<PathBuf>,
    over: Over,
    complaints: String,
    /// Whether it could not be kept where the user asked for it.
    has_failed: bool,
    is_asked_for: bool,
}

impl Kept {
    /// Where the user says; else, for the program's own cases, in a folder of ours.
    fn of(args: &ConformArgs) -> Self {
        let ours = || Place::of_this_process().conformance();
        let (folder, over) = match (&args.out, &args.cases) {
            (Some(folder), _) if args.force => (Some(folder.clone()), Over::Anything),
            (Some(folder), _) => (Some(folder.clone()), Over::Nothing),
            (None, None) => (ours(), Over::Anything),
            (None, Some(_)) => (None, Over::Nothing),
        };
        let complaints = String::new();
        Self { folder, over, complaints, has_failed: false, is_asked_for: args.out.is_some() }
    }

    fn keep(&mut self, engine: &Conforming) {
        let Some(folder) = &self.folder else { return };
        match engine.write(folder, self.over) {
            Ok(path) => say(&format!("kept in {}", path.display())),
            Err(error) => {
                self.has_failed = self.is_asked_for;
                let path = folder.join(engine.file_name());
                let shown = path.display().to_string();
                let _ = if error.kind() == io::ErrorKind::AlreadyExists {
                    writeln!(
                        self.complaints,
                        "error[conform::out]: {} is there already, and was left as it is\n  help: \
                         name another folder, or write over it with --force",
                        harmless(&shown)
                    )
                } else {
                    let how = if self.is_asked_for { "error" } else { "warning" };
                    writeln!(
                        self.complaints,
                        "{how}[conform::out]: {} cannot be written, so that no page of a run will \
                         show this: {error}",
                        harmless(&shown)
                    )
                };
            }
        }
    }
}

/// Those of the engines that are put any case. One that is named and is put none is a mistake.
fn with_cases(
    asked: Vec<(Player, Option<Release>)>,
    args: &ConformArgs,
    cases: &[Case],
) -> Result<Vec<(Player, Option<Release>)>, Mistake> {
    let is_put = |player: Player| cases.iter().any(|case| player.follows(case.semantics));
    let mut put = Vec::new();
    for (player, release) in asked {
        if is_put(player) {
            put.push((player, release));
        } else if !args.engines.is_empty() {
            let mut rules: Vec<&str> = Vec::new();
            for case in cases {
                if !rules.contains(&case.semantics.name()) {
                    rules.push(case.semantics.name());
                }
            }
            let name = player.name();
            let message = format!(
                "no case states the rules that {name} goes by, so that it would be put none"
            );
            let who: Vec<&str> = Player::ALL
                .into_iter()
                .filter(|player| is_put(*player))
                .map(Player::name)
                .collect();
            let help = format!(
                "all state those of {}, and are put to {}; or leave {name} out",
                listed(rules),
                listed(who)
            );
            return Err(Mistake::new("conform::no_case", message).help(help));
        }
    }
    Ok(put)
}

/// Whether all of them can crash and go on, where they are to.
fn can_crash(asked: &[(Player, Option<Release>)], crashes: bool) -> Result<(), Mistake> {
    let Some((player, _)) = asked.iter().find(|(player, _)| crashes && !player.is_restored())
    else {
        return Ok(());
    };
    let name = player.name();
    let can = Player::ALL.into_iter().filter(|player| player.is_restored()).map(Player::name);
    let can: Vec<String> = can.map(|name| format!("--engine {name}")).collect();
    let message = format!("{name} is put cases without anything that it could be restored from");
    let help = format!("those that are: {}", can.join(" "));
    Err(Mistake::new("conform::crashes", message).help(help))
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
    args: &ConformArgs,
    stop: &AtomicBool,
) -> Result<Conforming, NotPut> {
    let release = release.map(|release| release.name);
    if player.engine().is_some() {
        say(&format!("{}: starting it; all cases take a few seconds", player.name()));
    }
    let parallelisms = args.parallelism.map(usize::from).into_iter().collect();
    let way = Way { parallelisms, crashes: args.crashes };
    let put_at = host::rfc3339(host::utc_now());
    let Heard { version, java, parallelisms, outcomes } = put(player, release, cases, &way, stop)?;
    let tool = host::tool();
    let mut engine = Conforming {
        name: player.name().to_owned(),
        version,
        java,
        tool: tool.version,
        commit: tool.commit,
        put: put_at,
        file: args.cases.as_deref().map(named),
        parallelisms,
        crashes: args.crashes,
        ok: 0,
        differs: 0,
        unsupported: 0,
        cases: outcomes.into_iter().map(of_case).collect(),
    };
    let count = |outcome| engine.of(outcome).count();
    let counts = [Told::Ok, Told::Differs, Told::Unsupported].map(count);
    [engine.ok, engine.differs, engine.unsupported] = counts;
    Ok(engine)
}

/// What a file is called, without the place, which is this machine's.
fn named(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn of_case((name, outcome): (String, Outcome)) -> OfCase {
    let ok = OfCase {
        name,
        outcome: Told::Ok,
        parallelism: None,
        expected: None,
        answered: None,
        reason: None,
    };
    let outcome_of = |outcome| OfCase { outcome, ..ok.clone() };
    match outcome {
        Outcome::Same => ok,
        Outcome::Differs(Difference { expected, answered }, parallelism) => {
            let parallelism = Some(parallelism);
            OfCase { parallelism, expected, answered, ..outcome_of(Told::Differs) }
        }
        Outcome::Failed(reason, parallelism) => {
            let (parallelism, reason) = (Some(parallelism), Some(reason));
            OfCase { parallelism, reason, ..outcome_of(Told::Differs) }
        }
        Outcome::Unsupported(reason) => {
            OfCase { reason: Some(reason), ..outcome_of(Told::Unsupported) }
        }
    }
}

fn text(conformance: &Conformance) -> String {
    let mut out = String::new();
    for engine in &conformance.engines {
        let Conforming { name, version, parallelisms, ok, differs, unsupported, cases, .. } =
            engine;
        let version = version.as_deref().map_or(String::new(), |version| format!(" {version}"));
        let at: Vec<String> = parallelisms.iter().map(ToString::to_string).collect();
        let at = at.join(", ");
        let crashes = if engine.crashes { ", crashed and restored after each item" } else { "" };
        let _ = writeln!(out, "{name}{version}, at parallelism {at}{crashes}");
        for case in cases {
            let name = harmless(&case.name).replace('\n', "\\n");
            let _ = writeln!(out, "  {:11} {name}{}", case.outcome.name(), remark(engine, case));
        }
        let asked = ok + differs;
        let _ = if asked == 0 {
            let of_them = counted(*unsupported as u64, "case");
            writeln!(out, "{name}{version}: it can be asked none of {of_them}\n")
        } else {
            writeln!(
                out,
                "{name}{version}: the same answers as the original on {ok} of {} that it can be \
                 asked; {unsupported} it cannot\n",
                counted(asked as u64, "case")
            )
        };
    }
    out.truncate(out.trim_end().len());
    out + "\n"
}

/// What stands behind the name of a case.
fn remark(engine: &Conforming, case: &OfCase) -> String {
    let OfCase { outcome, parallelism, expected, answered, reason, .. } = case;
    let at = match parallelism {
        Some(parallelism) if engine.parallelisms.len() > 1 => {
            format!(", at parallelism {parallelism}")
        }
        _ => String::new(),
    };
    match (*outcome, reason) {
        (Told::Ok, _) => String::new(),
        (Told::Unsupported, Some(reason)) => format!(": {} {reason}", engine.name),
        (_, Some(reason)) => format!(": it failed{at}: {reason}"),
        (_, None) => {
            let shown = |row: &Option<String>| row.clone().unwrap_or_else(|| "nothing".to_owned());
            format!(": expected {}, answered {}{at}", shown(expected), shown(answered))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ConformArgs, FORMAT};
    use crate::cli::args::HELP_WIDTH;
    use crate::studies::conform::{Player, Semantics, operators};
    use clap::Args as _;

    #[test]
    fn help_names_whatever_cases_can_be_about_and_whoever_is_put_them() {
        let help = ConformArgs::augment_args(clap::Command::new("conform")).render_long_help();
        let help = help.to_string();
        let (options, format) = help.split_once("JSON array").unwrap();
        for player in Player::ALL {
            assert!(options.contains(&format!("`{}`", player.name())), "{help}");
        }
        for semantics in Semantics::ALL {
            assert!(format.contains(&format!("rules of {}", semantics.name())), "{help}");
            for operator in operators(semantics) {
                assert!(format.contains(operator), "{operator}: {help}");
            }
        }
    }

    #[test]
    fn what_a_case_is_made_of_fits_where_help_is_shown() {
        // A longer line would be broken, and its rest stand where the words of the left column do.
        let long: Vec<&str> = FORMAT.lines().filter(|line| line.len() > HELP_WIDTH).collect();
        assert!(long.is_empty(), "{long:#?}");
    }
}
