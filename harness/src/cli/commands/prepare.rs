//! From arguments to a plan.
//!
//! Everything that can be refused of a configuration is refused here, before anything runs.

use crate::cli::options::RunArgs;
use crate::run::absent::leave_out_what_is_not_here;
use instrument::distributions::Place;
use scenarios::spec::WorkloadSpec;
use settings::config::diagnostic::{Mistake, Rejected};
use settings::config::{self, Given, Loaded, Read, Traces};
use settings::plan::{Cell, Floors, Plan};
use std::path::PathBuf;

/// The plan for `run`.
pub(super) fn plan(args: &RunArgs, given: &[Given], command: String) -> Result<Plan, Rejected> {
    let mut loaded = config::load(&args.what, given, &args.engines, Traces::MustExist)?;
    leave_out_what_is_not_here(&mut loaded, &Place::of_this_process());
    let running = &args.running;
    if running.simulate {
        not_simulated(&loaded.cells)?;
    }
    Ok(Plan {
        name: loaded.name,
        title: loaded.title,
        cells: loaded.cells,
        out: running.out.clone(),
        keep_results: running.keep_results,
        simulate: running.simulate,
        floors: if args.no_calibration { Floors::LeftOut } else { Floors::Measured },
        repeat: running.repeat.unwrap_or(loaded.repeat),
        format: running.format.into(),
        command,
        strict: running.strict,
        sweep: None,
        left_out: loaded.left_out,
    })
}

/// An engine in a process of its own has the time of the machine.
pub(super) fn not_simulated(cells: &[Cell]) -> Result<(), Rejected> {
    let engines = cells.iter().flat_map(|cell| &cell.engines);
    let Some(engine) = engines.map(|engine| &engine.kind).find(|kind| !kind.is_embedded()) else {
        return Ok(());
    };
    let name = engine.name();
    let message = format!("{name} runs in a process of its own, whose time cannot be simulated");
    let help = format!("run it without --simulate, or leave {name} out (--engine)");
    Err(Rejected::because(Mistake::new("plan::simulated", message).help(help)))
}

/// The one cell that `events` writes, and the files that it is made from.
pub(super) fn one_cell(name: &str, given: &[Given]) -> Result<(Cell, Vec<PathBuf>), Rejected> {
    let (mut loaded, files) = of_one_cell(name, &config::read(&[name.to_owned()]), given)?;
    Ok((loaded.cells.swap_remove(0), files))
}

/// What was read under a name, resolved: one cell, and the files that it is made from.
pub(super) fn of_one_cell(
    name: &str,
    read: &Read,
    given: &[Given],
) -> Result<(Loaded, Vec<PathBuf>), Rejected> {
    let loaded = read.load(given, &[], Traces::MustExist)?;
    if loaded.cells.len() > 1 {
        let cases: Vec<_> = loaded.cells.iter().map(|cell| cell.scenario.as_str()).collect();
        let message = format!("`{name}` is a suite of {} cases, each with its input", cases.len());
        let help = format!("name one scenario, such as `{}`", cases[0]);
        return Err(Rejected::because(Mistake::new("config::value", message).help(help)));
    }
    let mut files: Vec<PathBuf> = vec![name.into()];
    // What is no file by its name, such as the command line, is none.
    files.extend(loaded.written[0].iter().map(|written| PathBuf::from(&written.from)));
    if let WorkloadSpec::Trace(trace) = &loaded.cells[0].case.workload {
        files.push(trace.path.clone());
    }
    Ok((loaded, files))
}

/// The command line as it was typed, so that it can be typed again.
pub(super) fn typed(arguments: impl Iterator<Item = std::ffi::OsString>) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    let words = arguments.enumerate().map(|(index, word)| {
        let word = word.to_string_lossy().into_owned();
        if index == 0 {
            return "sluicebench".into();
        }
        if !word.is_empty() && word.chars().all(is_plain) {
            return word;
        }
        format!("'{}'", word.replace('\'', r"'\''"))
    });
    words.collect::<Vec<_>>().join(" ")
}

/// That nothing is asked of finished records which only measuring could answer: none of these options,
/// each with whether it was given, and no setting of the command line.
pub(super) fn measured_already(
    code: &'static str,
    options: &[(&str, bool)],
    given: &[Given],
) -> Result<(), Mistake> {
    let setting = ("a setting", given.iter().any(|given| given.from == "command line"));
    match options.iter().chain([&setting]).find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((option, _)) => {
            let message =
                format!("{option} is about what is measured, and this is measured already");
            let help = "leave it out, or name the scenario to measure it anew";
            Err(Mistake::new(code, message).help(help))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_typed_again() {
        let typed = typed(
            ["/a/b/sluicebench", "run", "it's", "--set", "a=[1, 2]", ""]
                .map(Into::into)
                .into_iter(),
        );
        assert_eq!(typed, r"sluicebench run 'it'\''s' --set 'a=[1, 2]' ''");
    }
}
