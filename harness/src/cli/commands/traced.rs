//! The trace that a twin is fitted to: that of a scenario, or a file of events, of which is asked what
//! `init` would ask of it. And the twin, or why there is none.

use super::init::{NoScenario, holds_events, own, scenario_of};
use super::prepare::of_one_cell;
use crate::cli::answer::Answer;
use crate::cli::options::ColumnArgs;
use crate::studies::advise::is_waiting_told;
use crate::studies::twin::{self, Twin, TwinError};
use scenarios::catalog::CaseError;
use scenarios::workload::TraceError;
use settings::config::diagnostic::{Mistake, Rejected};
use settings::config::{self, Given, Read, Sets};
use settings::plan::{Cell, units};
use std::path::{Path, PathBuf};

/// A trace, and what is asked of it.
#[derive(Debug)]
pub(super) struct Traced {
    /// The scenario whose source it is.
    cell: Cell,
    /// The rate that a twin of it is to offer, in events per second, where somebody says one.
    rate_per_s: Option<f64>,
    /// The files that it is made from.
    pub(super) files: Vec<PathBuf>,
    /// What nobody said of it and was guessed, a line each; nothing of a scenario file.
    pub(super) taken: Vec<String>,
    /// Whether somebody has said how the embedded per-event engine waits.
    pub(super) is_waiting_told: bool,
}

/// Why there is no trace, or no twin of it.
#[derive(Debug)]
pub(super) enum Refused {
    /// It cannot be done as it was asked for.
    Rejected(Rejected),
    /// The trace cannot be read.
    Trace(TraceError),
}

impl From<Rejected> for Refused {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl From<Mistake> for Refused {
    fn from(mistake: Mistake) -> Self {
        Self::Rejected(Rejected::because(mistake))
    }
}

impl Refused {
    /// The same as an answer.
    pub(super) fn answer(self, colour: bool) -> Answer {
        match self {
            Self::Rejected(rejected) => Answer::rejected(&rejected, colour),
            Self::Trace(error) => Answer::of_case(&CaseError::Trace(error)),
        }
    }
}

/// Whether a file of events is named, and no scenario.
pub(super) fn is_of_events(what: &str) -> bool {
    config::built_in(what).is_none() && holds_events(Path::new(what))
}

/// The trace of a scenario by name or path, or of a file of events with these columns.
pub(super) fn traced(what: &str, columns: &ColumnArgs, given: &[Given]) -> Result<Traced, Refused> {
    let rate_per_s = rate(given)?;
    let (read, mut taken) = if is_of_events(what) {
        of_events(Path::new(what), columns)?
    } else {
        of_no_events(what, columns)?;
        (config::read(&[what.to_owned()]), Vec::new())
    };
    let (mut loaded, files) = of_one_cell(what, &read, &of_trace(given))?;
    let cell = loaded.cells[0].clone();
    if !taken.is_empty() {
        taken.push(asked(&cell));
    }
    let is_waiting_told = is_waiting_told(&loaded);
    loaded.cells.clear();
    Ok(Traced { cell, rate_per_s, files, taken, is_waiting_told })
}

/// That no column is named of what is no file of events.
pub(super) fn of_no_events(what: &str, columns: &ColumnArgs) -> Result<(), Mistake> {
    let Some((option, name)) = columns.named().next() else { return Ok(()) };
    let is_scenario = config::built_in(what).is_some()
        || Path::new(what).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    let (message, help) = if is_scenario {
        (
            format!("{option} names a column of a file of events, and `{what}` is a scenario"),
            format!("a scenario says it itself, under [source.trace]; leave {option} {name} out"),
        )
    } else {
        (
            format!("{option} names a column, and `{what}` holds no rows that are cut into fields"),
            "name a CSV file with a row for each event; what it may look like: sluicebench describe \
             source.trace"
                .to_owned(),
        )
    };
    Err(Mistake::new("twin::columns", message).help(help))
}

/// The scenario that `init` would write for a file of events, and what was guessed of that.
fn of_events(data: &Path, columns: &ColumnArgs) -> Result<(Read, Vec<String>), Refused> {
    let file = scenario_of(data);
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let own = own(data, &name, &file.display().to_string(), columns).map_err(|why| match why {
        NoScenario::Trace(error) => Refused::Trace(error),
        NoScenario::Mistake(mistake) => mistake.into(),
    })?;
    let found = own.found.lines().map(|line| match line.trim().split_once("  ") {
        Some((what, found)) => format!("{what}: {}", found.trim()),
        None => line.trim().trim_start_matches("! ").to_owned(),
    });
    let read = config::read_text(&format!("the scenario for {}", data.display()), &own.text);
    Ok((read, found.collect()))
}

/// What is asked where nobody says.
fn asked(cell: &Cell) -> String {
    let window = cell.settings.cell.get("query.window.size").and_then(config::shown);
    let window = window.map_or_else(String::new, |size| format!(" by windows of {size}"));
    format!("asked: what init asks of such a file,{window}; --set query.KEY=VALUE asks otherwise")
}

/// What is set beside the file, but for the rate, which is the twin's: a trace has none.
fn of_trace(given: &[Given]) -> Vec<Given> {
    given.iter().filter(|given| given.sets != Sets::Rate).cloned().collect()
}

/// The rate that the twin is to offer, if one is named; the last word counts.
fn rate(given: &[Given]) -> Result<Option<f64>, Mistake> {
    let named = given.iter().rev().find(|given| given.sets == Sets::Rate);
    let read = |given: &Given| {
        units::rate_per_s(&given.text).map_err(|error| {
            Mistake::new("config::unit", format!("{}{}: {error}", given.prefix, given.text))
                .help(error.remedy())
        })
    };
    named.map(read).transpose()
}

impl Traced {
    /// The twin of it.
    pub(super) fn twin(&self) -> Result<Twin, Refused> {
        twin::twin(&self.cell, self.rate_per_s).map_err(|error| match error {
            TwinError::Trace(error) => Refused::Trace(error),
            error => mistake(&error).into(),
        })
    }
}

fn mistake(error: &TwinError) -> Mistake {
    let code = match error {
        TwinError::NoTrace { .. } => "twin::no_trace",
        TwinError::TooShort { .. } | TwinError::AtOnce { .. } => "twin::too_short",
        TwinError::Trace(_) | TwinError::Unrun(_) | TwinError::Unreadable(_) => "twin::unreadable",
    };
    Mistake::new(code, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;
    use std::fs;

    fn columns(arrival: &str, key: &str) -> ColumnArgs {
        ColumnArgs {
            arrival: Some(arrival.to_owned()),
            key: Some(key.to_owned()),
            ..ColumnArgs::default()
        }
    }

    /// A file of so many events, one a second.
    fn events(folder: &Path, count: u32) -> String {
        let mut text = String::from("n,came,who,how_much\n");
        for n in 0..count {
            let _ = writeln!(text, "{n},{},who-{},{}", 1_720_612_800 + n, n % 7, n % 13);
        }
        let file = folder.join("mine.csv");
        fs::write(&file, text).unwrap();
        file.display().to_string()
    }

    fn refused(what: &str, columns: &ColumnArgs) -> String {
        let refused = traced(what, columns, &[]).and_then(|traced| traced.twin().map(drop));
        refused.unwrap_err().answer(false).complaints
    }

    #[test]
    fn a_file_of_events_is_asked_what_init_would_ask_and_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = events(folder.path(), 600);
        let given = [Given::set("query.window.size=30s")];
        let traced = traced(&file, &columns("came", "who"), &given).unwrap();
        assert_eq!(traced.files.last(), Some(&PathBuf::from(&file)), "it is not written over");
        let taken = traced.taken.join("\n");
        for said in ["arrival: `came`: ", "key: `who`: 7 texts", "value: `", "windows of 30s"] {
            assert!(taken.contains(said), "{said}: {taken}");
        }
        assert!(!traced.is_waiting_told, "what init writes says nothing of that");
        let twin = traced.twin().unwrap();
        let made = config::of_text(&twin.text).unwrap_or_else(|rejected| panic!("{rejected}"));
        assert_eq!((made.name.as_str(), twin.events), ("mine-twin", 600));
        assert_eq!(made.case.query, traced.cell.case.query);
    }

    #[test]
    fn what_cannot_be_fitted_to_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let file = events(folder.path(), 600);
        let write = |name: &str, content: &[u8]| {
            let file = folder.path().join(name);
            fs::write(&file, content).unwrap();
            file.display().to_string()
        };
        let prose = write("prose", b"Dear reader,\nthis is no table.\nYours\n");
        let binary = write("picture", b"\x89PNG\0\0,\n");
        fs::create_dir(folder.path().join("few")).unwrap();
        let few = events(&folder.path().join("few"), 9);
        for (what, arrival, key, words) in [
            (file.as_str(), "cane", "who", "`cane`"),
            (file.as_str(), "came", "whom", "`whom`"),
            (file.as_str(), "who", "n", "who"),
            (few.as_str(), "came", "who", "has 9 events"),
            (prose.as_str(), "came", "who", "twin::columns"),
            (binary.as_str(), "came", "who", "holds no rows"),
            ("keyed-window", "came", "who", "is a scenario"),
            ("mine.toml", "came", "who", "is a scenario"),
            ("gone.csv", "came", "who", "gone.csv"),
        ] {
            let told = refused(what, &columns(arrival, key));
            assert!(told.contains(words), "{what} {arrival} {key}: {told}");
        }
        let product = ColumnArgs { value: Some("n * how_much".into()), ..columns("came", "who") };
        assert!(refused(&file, &product).contains("source.trace.value"), "a product is a setting");
    }
}
