//! From what was typed to who does it.

use crate::cli::answer::Answer;
use crate::cli::args::{Args, Command};
use crate::cli::commands::{
    advise, atlas, check, compare, completions, conform, describe, doctor, engines, events, export,
    history, init, limit, list, man, plan, report, run, schema, sweep, twin, validate,
};
use clap::ArgMatches;
use instrument::bench;

/// Does what was asked for. `matches` tells which values came from the environment. In what it
/// answers nothing is obeyed that somebody has typed.
pub fn dispatch(args: &Args, matches: &ArgMatches, colour: bool) -> Answer {
    done(args, matches, colour).harmless(colour)
}

fn done(args: &Args, matches: &ArgMatches, colour: bool) -> Answer {
    let matches = matches.subcommand().map_or(matches, |(_, matches)| matches);
    let Some(command) = &args.command else { return Answer::default() };
    match command {
        Command::Run(args) => run::run(args, &args.settings.given(matches), colour),
        Command::List { what, format } => list::list(*what, *format),
        Command::Describe { name } => describe::describe(&name.join(" "), colour),
        Command::Validate { files, format } => validate::validate(files, *format, colour),
        Command::Events { scenario, out, force, settings } => {
            events::events(scenario, out, *force, &settings.given(matches), colour)
        }
        Command::Report { folders, out, force } => {
            report::report(folders, out.as_deref(), *force, colour)
        }
        Command::Limit(args) => limit::limit(args, &args.settings.given(matches), colour),
        Command::Sweep(args) => sweep::sweep(args, &args.settings.given(matches), colour),
        Command::Advise(args) => advise::advise(args, &args.settings.given(matches), colour),
        Command::Atlas(args) => atlas::atlas(args, &args.settings.given(matches), colour),
        Command::Compare(args) => compare::compare(args, colour),
        Command::Check(args) => check::check(args, colour),
        Command::History(args) => history::history(args, colour),
        Command::Twin(args) => twin::twin(args, &args.settings.given(matches), colour),
        Command::Plan(args) => plan::plan(args, &args.run.settings.given(matches), colour),
        Command::Init(args) => init::init(args, colour),
        Command::Schema(args) => schema::schema(args),
        Command::Export(args) => export::export(args),
        Command::Completions(args) => completions::completions(args, &mut Args::shown()),
        Command::Man(args) => man::man(args, Args::shown()),
        Command::Trial => {
            bench::serve();
            Answer::default()
        }
        Command::Conform(args) => conform::conform(args, colour),
        Command::Engines(args) => engines::engines(args, colour),
        Command::Doctor { format } => doctor::doctor(*format),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory as _, FromArgMatches as _, ValueEnum as _};
    use clap_complete::Shell;
    use instrument::bench::exit::Exit;
    use std::fs;

    /// What the program says to this command line.
    fn said(typed: &[&str]) -> Answer {
        let matches = Args::command().get_matches_from(["sluicebench"].iter().chain(typed));
        dispatch(&Args::from_arg_matches(&matches).unwrap(), &matches, false)
    }

    #[test]
    fn every_shell_learns_of_every_command_that_is_shown_and_of_no_other() {
        for shell in Shell::value_variants() {
            let script = said(&["completions", &shell.to_string()]).results;
            for command in Args::command().get_subcommands() {
                let is_there = script.contains(command.get_name());
                assert_eq!(is_there, !command.is_hide_set(), "{shell}: {}", command.get_name());
            }
        }
    }

    #[test]
    fn every_command_that_is_shown_has_a_page_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/man1");
        let answer = said(&["man", path.to_str().unwrap()]);
        assert_eq!(answer.exit, Exit::Ok, "{}", answer.complaints);
        let mut pages = 1;
        for command in Args::command().get_subcommands() {
            let page = path.join(format!("sluicebench-{}.1", command.get_name()));
            assert_eq!(page.is_file(), !command.is_hide_set(), "{}", page.display());
            if let Ok(text) = fs::read_to_string(page) {
                pages += 1 + command.get_subcommands().count();
                assert!(text.contains(".SH NAME") && text.contains("SYNOPSIS"), "{text}");
            }
        }
        assert!(fs::read_to_string(path.join("sluicebench.1")).unwrap().contains("Exit codes"));
        assert_eq!(fs::read_dir(&path).unwrap().count(), pages);
    }
}
