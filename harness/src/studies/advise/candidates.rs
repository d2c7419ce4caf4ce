//! Which engines a workload can be asked of here.
//!
//! Where nobody names one, all there are: what is not here, or cannot be asked this, is left out with the
//! reason, so that nobody takes silence for a verdict. Engines that are named have to take part.

use instrument::distributions::{self, Place};
use instrument::drivers;
use settings::config::diagnostic::{Mistake, Rejected};
use settings::config::{Given, Loaded, Read, Traces};
use settings::plan::EngineKind;

/// The engines of a scenario that can be asked it.
#[derive(Clone, Debug)]
pub struct Candidates {
    /// The scenario, on them.
    pub loaded: Loaded,
    /// The others, and why.
    pub left_out: Vec<(String, String)>,
}

/// By which codes it is told that nothing comes of a scenario.
#[derive(Copy, Clone, Debug)]
pub struct Codes {
    /// That it is a suite.
    pub suite: &'static str,
    /// That no engine that is here can be asked it.
    pub no_engine: &'static str,
}

/// Those of a scenario that was read under a name; `named` are the engines that somebody asked for.
pub fn candidates(
    what: &str,
    read: &Read,
    given: &[Given],
    named: &[String],
    place: &Place,
    codes: Codes,
) -> Result<Candidates, Rejected> {
    let single = |loaded: Loaded| single(what, loaded, codes.suite);
    if !named.is_empty() {
        let loaded = read.load(given, named, Traces::MustExist)?;
        return Ok(Candidates { loaded: single(loaded)?, left_out: Vec::new() });
    }
    // A suite is told as one, and what is wrong with a file before anything that is wrong with engines.
    match read.load(given, &[], Traces::MustExist) {
        Ok(loaded) => drop(single(loaded)?),
        Err(rejected) if !is_contradiction(&rejected) => return Err(rejected),
        Err(_) => {}
    }
    let mut asked: Vec<String> = Vec::new();
    let mut left_out: Vec<(String, String)> = Vec::new();
    let mut refused = None;
    for name in EngineKind::NAMES {
        match alone(read, given, name) {
            Ok(loaded) => {
                let kinds = loaded.cells.iter().flat_map(|cell| &cell.engines);
                let mut needs = kinds.filter_map(|engine| drivers::needs(&engine.kind));
                match needs.find_map(|need| distributions::lacking(need, place)) {
                    Some(lacking) => left_out.push((name.to_owned(), lacking.to_string())),
                    None => asked.push(name.to_owned()),
                }
            }
            Err(rejected) if is_contradiction(&rejected) => {
                left_out.push((name.to_owned(), rejected.mistakes[0].message.clone()));
                refused.get_or_insert(rejected);
            }
            Err(rejected) => return Err(rejected),
        }
    }
    match refused {
        Some(mut rejected) if asked.is_empty() => {
            let message = "no engine that is here can be asked this";
            let help = "the first reason is shown below; each has its own: --engine E tells it";
            let mistake = Mistake::new(codes.no_engine, message).help(help);
            rejected.mistakes.insert(0, mistake);
            Err(rejected)
        }
        _ => {
            let loaded = read.load(given, &asked, Traces::MustExist)?;
            Ok(Candidates { loaded: single(loaded)?, left_out })
        }
    }
}

/// The scenario on one engine.
fn alone(read: &Read, given: &[Given], name: &str) -> Result<Loaded, Rejected> {
    read.load(given, &[name.to_owned()], Traces::MustExist)
}

/// Whether all that is wrong is what an engine cannot be asked, or is not asked by a suite of one case.
fn is_contradiction(rejected: &Rejected) -> bool {
    const CODES: [&str; 2] = ["config::conflict", "config::nothing_to_run"];
    rejected.mistakes.iter().all(|mistake| CODES.contains(&mistake.code))
}

/// A scenario that is one question.
fn single(what: &str, loaded: Loaded, code: &'static str) -> Result<Loaded, Rejected> {
    if loaded.cells.len() == 1 {
        return Ok(loaded);
    }
    let message = format!("`{what}` is a suite of {} cases", loaded.cells.len());
    let help = format!(
        "this is about one workload: name a scenario, such as `{}`",
        loaded.cells[0].scenario
    );
    Err(Rejected::because(Mistake::new(code, message).help(help)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> Read {
        settings::config::read(&[name.to_owned()])
    }

    const CODES: Codes = Codes { suite: "advise::suite", no_engine: "advise::no_engine" };

    /// Where nothing is but what is part of this program.
    fn nowhere() -> Place {
        Place::default()
    }

    fn asked(settings: &[&str], named: &[&str]) -> Result<(Vec<String>, Vec<String>), String> {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let named: Vec<_> = named.iter().map(|name| (*name).to_owned()).collect();
        let (name, place) = ("keyed-window", nowhere());
        let found = candidates(name, &read(name), &given, &named, &place, CODES);
        let Candidates { loaded, left_out } = found.map_err(|rejected| rejected.to_string())?;
        let engines = loaded.cells[0].engines.iter().map(|engine| engine.label.clone()).collect();
        Ok((
            engines,
            left_out.into_iter().map(|(engine, why)| format!("{engine}: {why}")).collect(),
        ))
    }

    #[test]
    fn what_is_not_here_or_cannot_be_asked_is_left_out_with_the_reason() {
        let (engines, left_out) = asked(&[], &[]).unwrap();
        assert_eq!(engines, ["micro-batch", "per-event"]);
        let why = |name: &str| {
            let own = left_out.iter().find(|line| line.starts_with(name));
            own.unwrap_or_else(|| panic!("{name}: {left_out:?}")).clone()
        };
        assert!(why("spark-real-time").contains("no operator with state"), "{left_out:?}");
        assert!(why("storm").contains("listens on all interfaces"), "{left_out:?}");
        assert!(why("flink").contains("here"), "{left_out:?}");
        assert_eq!(left_out.len(), 5);
    }

    #[test]
    fn who_is_named_has_to_take_part() {
        assert_eq!(asked(&[], &["per-event"]).unwrap().0, ["per-event"]);
        assert_eq!(
            asked(&[], &["flink"]).unwrap().0,
            ["flink"],
            "whether it is here is looked at later"
        );
        let refused = asked(&[], &["spark-real-time"]).unwrap_err();
        assert!(refused.contains("no operator with state"), "{refused}");
    }

    #[test]
    fn what_is_wrong_with_the_file_is_no_reason_to_leave_an_engine_out() {
        let refused = asked(&["query.window.slide=1"], &[]).unwrap_err();
        assert!(refused.contains("config::unit"), "{refused}");
        let nobody = asked(&["query.window.slide=5s"], &[]).unwrap_err();
        assert!(nobody.contains("advise::no_engine") && nobody.contains("slide"), "{nobody}");
    }

    #[test]
    fn a_suite_is_more_than_one_workload() {
        let suite = candidates("standard", &read("standard"), &[], &[], &nowhere(), CODES);
        let suite = suite.unwrap_err().to_string();
        assert!(suite.contains("advise::suite") && suite.contains("name a scenario"), "{suite}");
    }
}
