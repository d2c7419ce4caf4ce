//! From arguments to a plan.
//!
//! Everything that can be refused of a configuration is refused here, before anything runs.

use crate::cli::options::RunArgs;
use crate::config::diagnostic::{Mistake, Rejected};
use crate::config::{self, Given, Traces};
use crate::plan::{Cell, Plan};

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
}
