//! From arguments to a plan, and to a folder that can be written.
//!
//! Everything that can be refused is refused here, before anything runs.

use crate::cli::args::RunArgs;
use crate::config::diagnostic::{Mistake, Rejected};
use crate::config::{self, Given, Traces};
use crate::plan::{Cell, Plan};
use scenarios::catalog::{self, CaseError, Visitor, WorkloadSpec};
use scenarios::{Scenario, Workload};
use std::path::Path;

/// The plan for `run`.
pub(super) fn plan(args: &RunArgs, given: &[Given], command: String) -> Result<Plan, Rejected> {
    let loaded = config::load(&args.what, given, &args.engines, Traces::MustExist)?;
    let running = &args.running;
    Ok(Plan {
        name: loaded.name,
        title: loaded.title,
        cells: loaded.cells,
        out: running.out.clone(),
        keep_results: running.keep_results,
        simulate: running.simulate,
        repeat: running.repeat.unwrap_or(loaded.repeat),
        format: running.format.into(),
        command,
        strict: running.strict,
        sweep: None,
    })
}

/// The one cell that `events` writes.
pub(super) fn one_cell(name: &str, given: &[Given]) -> Result<Cell, Rejected> {
    let mut loaded = config::load(&[name.to_owned()], given, &[], Traces::MustExist)?;
    if loaded.cells.len() > 1 {
        let cases: Vec<_> = loaded.cells.iter().map(|cell| cell.scenario.as_str()).collect();
        let message = format!("`{name}` is a suite of {} cases, each with its input", cases.len());
        let help = format!("name one scenario, such as `{}`", cases[0]);
        return Err(Rejected::because(Mistake::new("config::value", message).help(help)));
    }
    Ok(loaded.cells.swap_remove(0))
}

/// Reads every trace once and lets it go again. A bad row in the last cell's trace is not found
/// out after all other cells have run.
pub(super) fn traces(cells: &[Cell]) -> Result<(), CaseError> {
    struct Read;
    impl Visitor for Read {
        type Output = ();
        fn visit<S: Scenario, W: Workload<Event = S::Event>>(self, _: S, _: W) {}
    }
    for (index, cell) in cells.iter().enumerate() {
        let is_trace = matches!(cell.case.workload, WorkloadSpec::Trace(_));
        let read = |other: &Cell| other.case.workload == cell.case.workload;
        if is_trace && !cells[..index].iter().any(read) {
            catalog::visit(&cell.case, cell.seed, Read)?;
        }
    }
    Ok(())
}

/// What a folder holds when a run was written to it, whole or in part.
fn holds_a_run(folder: &Path) -> std::io::Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let path = Path::new(&name);
        let is_log = path.extension().is_some_and(|extension| extension == "hlog");
        if is_log || name == reports::record::FILE_NAME || name == "report.html" {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes the folder of the run, or the one it will be made in, and finds out whether it can be
/// written. Nobody wants to learn that after the run.
pub(super) fn folder(out: Option<&Path>) -> Result<(), Mistake> {
    let folder = out.unwrap_or(Path::new("runs"));
    let shown = folder.display();
    let cannot = |error: &std::io::Error| {
        Mistake::new("run::folder", format!("the folder `{shown}` cannot be written: {error}"))
            .help("name another one with --out DIR")
    };
    std::fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    if out.is_some() && holds_a_run(folder).map_err(|error| cannot(&error))? {
        let message = format!("the folder `{shown}` holds a run already");
        return Err(Mistake::new("run::folder", message)
            .help("name another one with --out DIR; a run is never overwritten"));
    }
    let probe = folder.join(".sluicebench-can-write");
    std::fs::write(&probe, b"?")
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|error| cannot(&error))
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

    #[test]
    fn a_folder_with_a_run_in_it_is_refused_and_any_other_is_not() {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().join("deep").join("inside");
        assert_eq!(folder(Some(&out)), Ok(()));
        assert_eq!(folder(Some(&out)), Ok(()), "empty, as it was left");
        std::fs::write(out.join("notes.txt"), "mine").unwrap();
        assert_eq!(folder(Some(&out)), Ok(()));
        std::fs::write(out.join("per-event-1.hlog"), "").unwrap();
        let refused = folder(Some(&out)).unwrap_err();
        assert!(refused.message.contains("holds a run already"), "{}", refused.message);
        assert!(out.join("notes.txt").is_file());
        let file = out.join("notes.txt").join("below a file");
        assert!(folder(Some(&file)).unwrap_err().message.contains("cannot be written"));
    }
}
