//! `engines`: which engines are here, what is missing, and the command that brings it.

use super::words;
use crate::cli::answer::Answer;
use crate::cli::options::Printed;
use crate::cli::progress::say;
use clap::{Args, Subcommand};
use instrument::distributions::{Distribution, Engine, Fetch, Java, Lacking, Place, Release};
use instrument::distributions::{distribution, install, java};
use schemars::JsonSchema;
use serde::Serialize;
use settings::config::diagnostic::{Mistake, listed, nearest};
use settings::plan::EngineKind;
use std::fmt::Write as _;

/// What `engines` takes.
#[derive(Debug, Args)]
pub struct EnginesArgs {
    /// What to do; tell what is here, where nothing is said.
    #[command(subcommand)]
    pub what: Option<EnginesWhat>,

    /// How to print what is here.
    #[arg(long, value_enum, default_value_t)]
    pub format: Printed,
}

/// What to do with engines.
#[derive(Debug, Subcommand)]
pub enum EnginesWhat {
    /// Fetch an engine with the user's own Maven, into a folder of ours; nothing else is touched.
    Install {
        /// Which: `flink`, `spark`, or `kafka`, the broker of `transport = "kafka"`.
        #[arg(value_name = "ENGINE")]
        engine: String,
        /// Which release; the newest that is supported, where nobody says.
        #[arg(long, value_name = "V")]
        version: Option<String>,
        /// Only print the command, and where what it brings is put.
        #[arg(long)]
        dry_run: bool,
    },
}

/// What is here of engines, and what they need.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct EnginesHere {
    /// Of this format: 1.
    schema_version: u32,
    /// Those that are part of this program.
    embedded: Vec<String>,
    /// Those that run in processes of their own, each release.
    real: Vec<RealEngine>,
    /// The Java that runs them; none where there is none that is new enough.
    java: Option<String>,
    /// What is missing for any of them, and how it is brought here.
    missing: Vec<String>,
    /// The folder of ours.
    folder: Option<String>,
}

/// A release of an engine that runs in a process of its own.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct RealEngine {
    /// What it is called.
    name: String,
    /// Which release.
    release: String,
    /// Its version, if it is here.
    version: Option<String>,
    /// Where its jars are, if it is here.
    jars: Option<String>,
    /// The environment variable that named it, if one did.
    home: Option<String>,
    /// What is missing, and how it is brought here, if it is not here, or not all of it.
    missing: Option<String>,
}

/// Tells what is here, or fetches an engine.
pub(in crate::cli) fn engines(args: &EnginesArgs, colour: bool) -> Answer {
    let place = Place::of_this_process();
    match &args.what {
        None => {
            let here = here(&place);
            match args.format {
                Printed::Text => Answer::ok(text(&here)),
                Printed::Json => Answer::document(&here),
            }
        }
        Some(EnginesWhat::Install { engine, version, dry_run }) => {
            let asked = match asked(engine, version.as_deref()) {
                Ok(asked) => asked,
                Err(mistake) => return Answer::mistaken(mistake, colour),
            };
            fetched(asked, *dry_run, &place)
                .unwrap_or_else(|lacking| Answer::failed("engine::install", &lacking.to_string()))
        }
    }
}

/// The engine and the release of these names.
fn asked(name: &str, version: Option<&str>) -> Result<(Engine, Release), Mistake> {
    let code = "config::no_such_engine";
    let Some(engine) = Engine::named(name) else {
        let all = format!("those that can be are {}", listed(Engine::ALL.map(Engine::name)));
        if EngineKind::EMBEDDED.contains(&name) {
            let message = format!("{name} is part of this program, and need not be installed");
            return Err(Mistake::new(code, message).help(all));
        }
        let help = match nearest(name, Engine::ALL.map(Engine::name)) {
            Some(near) => format!("did you mean `{near}`?  {all}"),
            None => all,
        };
        let message = format!("there is no engine `{name}` that can be installed");
        return Err(Mistake::new(code, message).help(help));
    };
    let release = version.unwrap_or(engine.releases()[0].name);
    let release = engine.release(release).map_err(|error| Mistake::new(code, error.to_string()))?;
    Ok((engine, release))
}

fn fetched(
    (engine, release): (Engine, Release),
    dry_run: bool,
    place: &Place,
) -> Result<Answer, Lacking> {
    let fetch = Fetch::of(engine, release, place)?;
    let (name, version) = (engine.name(), release.version);
    let to = fetch.place();
    if dry_run {
        return Ok(Answer::ok(format!(
            "{}\n  on the pom.xml of the job for {name}; its jars go to {}\n",
            fetch.command(),
            to.display()
        )));
    }
    if !fetch.is_there() {
        say(&format!("fetching {name} {version}: {}", fetch.command()));
    }
    let was_fetched = install(&fetch)?;
    let what = if was_fetched { "is here now" } else { "was here already" };
    // Something else may stand in its way.
    let unused = distribution(engine, release, place).err();
    let unused = unused.map_or_else(String::new, |why| format!("  ! it is not used: {why}\n"));
    Ok(Answer::ok(format!("{name} {version} {what}: {}\n{unused}", to.display())))
}

fn here(place: &Place) -> EnginesHere {
    let java = java(place);
    let mut missing = Vec::new();
    match &java {
        Err(lacking) => missing.push(lacking.to_string()),
        Ok(java) => missing.extend(java.compiler().err().map(|lacking| lacking.to_string())),
    }
    let shown = |Java { java, version }: Java| format!("{version}, {}", java.display());
    EnginesHere {
        schema_version: 1,
        embedded: EngineKind::EMBEDDED.map(str::to_owned).into(),
        real: Engine::ALL
            .iter()
            .flat_map(|engine| {
                engine.releases().iter().map(|release| real(*engine, *release, place))
            })
            .collect(),
        java: java.ok().map(shown),
        missing,
        folder: place.engines.as_ref().map(|folder| folder.display().to_string()),
    }
}

fn real(engine: Engine, release: Release, place: &Place) -> RealEngine {
    let (found, missing) = match distribution(engine, release, place) {
        Ok(found) => {
            let lacks = found.lacks_sql(engine, release);
            (Some(found), lacks.map(|lacking| lacking.to_string()))
        }
        Err(lacking) => (None, Some(lacking.to_string())),
    };
    let of = |part: fn(&Distribution) -> Option<String>| found.as_ref().and_then(part);
    RealEngine {
        name: engine.name().to_owned(),
        release: release.name.to_owned(),
        version: of(|found| Some(found.version.clone())),
        jars: of(|found| Some(found.jars.display().to_string())),
        home: of(|found| found.home.map(str::to_owned)),
        missing,
    }
}

fn text(here: &EnginesHere) -> String {
    let mut out = String::from("part of this program\n");
    for name in &here.embedded {
        let what = words::engines().find(|(other, _)| other == name).map_or("", |(_, what)| what);
        let _ = writeln!(out, "  {name:12} {what}");
    }
    out.push_str("\nin a process of its own\n");
    for RealEngine { name, release, version, jars, home, missing } in &here.real {
        if name == Engine::Kafka.name() {
            out.push_str("\na broker between (transport = \"kafka\")\n");
        }
        let name = format!("{name} {release}");
        match (version, jars, missing) {
            (Some(version), Some(jars), _) => {
                let from = home.as_deref().map_or(String::new(), |home| format!(" ({home})"));
                let _ = writeln!(out, "  {name:12} {version}, {jars}{from}");
                if let Some(missing) = missing {
                    let _ = writeln!(out, "  {:12} {missing}", "");
                }
            }
            (.., missing) => {
                let missing = missing.as_deref().unwrap_or_default();
                let _ = writeln!(out, "  {name:12} missing: {missing}");
            }
        }
    }
    let java = here.java.as_deref().unwrap_or("missing");
    let _ = writeln!(out, "\njava           {java}");
    for missing in &here.missing {
        let _ = writeln!(out, "               {missing}");
    }
    if let Some(folder) = &here.folder {
        let _ = writeln!(out, "folder of ours {folder} (SLUICEBENCH_ENGINES names another)");
    }
    out
}
