//! `init`: a scenario file to start from, and the schema that its editor completes it by.
//!
//! A file that is there is never overwritten unless that is asked for, and one that is no scenario
//! never. A file of events is looked at, and the scenario is one that reads it.

mod bound;
mod guess;
mod own;

use crate::cli::answer::Answer;
use crate::cli::options::ColumnArgs;
use crate::cli::output::Target;
use clap::{Args, ValueEnum};
use reports::files;
use reports::words::slug;
use scenarios::catalog::CaseError;
use settings::config::diagnostic::Mistake;
use settings::config::json_schema;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub(super) use own::{NoScenario, Own, holds_events, own, scenario_of};

/// What `init` takes.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// The file to write; or a file of events (`data.csv`), to write a scenario `data.toml` that
    /// reads it, guessed from its first rows.
    #[arg(value_name = "FILE", default_value = "bench.toml")]
    pub file: PathBuf,

    /// What it is to be for.
    #[arg(long, value_enum, default_value_t, value_name = "T")]
    pub template: Template,

    /// Overwrite a scenario that is there; any other file stays.
    #[arg(long)]
    pub force: bool,
}

/// What a scenario file is for.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// A small question, with everything explained.
    #[default]
    Quick,
    /// Short and with thresholds, to be run at every change.
    Ci,
    /// A whole workload, to find out which engine it needs.
    EngineChoice,
}

impl Template {
    const fn text(self) -> &'static str {
        match self {
            Self::Quick => include_str!("quick.toml"),
            Self::Ci => include_str!("ci.toml"),
            Self::EngineChoice => include_str!("engine-choice.toml"),
        }
    }
}

/// The schema's file beside the scenario's.
const SCHEMA: &str = "scenario.schema.json";

/// Writes the file and its schema.
pub(in crate::cli) fn init(args: &InitArgs, colour: bool) -> Answer {
    let data = holds_events(&args.file).then_some(&args.file);
    let target = data.map_or_else(|| args.file.clone(), |data| scenario_of(data));
    init_at(data.map(PathBuf::as_path), &target, args, colour)
}

/// The same, for a scenario at `target`; about `data`, if a file of events is named.
fn init_at(data: Option<&Path>, target: &Path, args: &InitArgs, colour: bool) -> Answer {
    let schema = target.with_file_name(SCHEMA);
    let inputs: Vec<PathBuf> = data.map(Path::to_owned).into_iter().collect();
    for (path, is_known) in [(target, is_scenario(target)), (schema.as_path(), is_ours(&schema))] {
        if path.is_file() && !is_known {
            return Answer::mistaken(not_ours(path), colour);
        }
        let may_go = args.force || is_ours(path);
        if let Err(mistake) = Target::at("init::exists", path, &inputs, may_go) {
            return Answer::mistaken(mistake, colour);
        }
    }
    let file = target.display().to_string();
    // Runs are named, and compared, by it.
    let name = target.file_stem().map(|stem| slug(&stem.to_string_lossy()));
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "bench".to_owned());
    let (text, found) = match data {
        None => {
            let text = args.template.text().replace("bench.toml", &file);
            (text.replace("name = \"bench\"", &format!("name = \"{name}\"")), String::new())
        }
        Some(data) => match own(data, &name, &file, &ColumnArgs::default()) {
            Ok(Own { text, found }) => (text, format!("{}\n{found}\n", data.display())),
            Err(NoScenario::Trace(error)) => return Answer::of_case(&CaseError::Trace(error)),
            Err(NoScenario::Mistake(mistake)) => return Answer::mistaken(mistake, colour),
        },
    };
    let written = write(&schema, &format!("{:#}\n", json_schema::scenario()))
        .and_then(|()| write(target, &format!("#:schema ./{SCHEMA}\n\n{text}")));
    match written {
        Ok(()) => Answer::ok(format!(
            "{found}{file}, and beside it {SCHEMA}, by which editors complete and check it\n\
             Next  sluicebench plan {file} · sluicebench run {file} · sluicebench describe scenario\n",
        )),
        Err(error) => Answer::failed("init::unwritable", &error.to_string()),
    }
}

/// A file that nobody would want a scenario in the place of.
fn not_ours(path: &Path) -> Mistake {
    let what = format!("`{}` is no file that init wrote, and would be lost", path.display());
    Mistake::new("init::not_ours", what).help(
        "name another file to write, or move that one; of a file of events init reads those whose \
         lines are cut into fields (sluicebench describe source.trace)",
    )
}

/// Whether a file is a scenario or a suite, be it one with mistakes; or holds nothing at all.
fn is_scenario(path: &Path) -> bool {
    const TABLES: [&str; 6] = ["source", "query", "engine", "measure", "suite", "case"];
    let text = fs::read_to_string(path).unwrap_or_else(|_| "binary".to_owned());
    let has_table = |table: toml::Table| TABLES.iter().any(|name| table.contains_key(*name));
    text.trim().is_empty() || text.parse().is_ok_and(has_table)
}

/// Whether a file is a schema of ours, which holds nothing of the user's.
fn is_ours(path: &Path) -> bool {
    let id = json_schema::scenario()["$id"].clone();
    let schema = fs::read(path).ok();
    let schema = schema.and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
    schema.is_some_and(|schema| schema["$id"] == id)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    files::replace(path, text.as_bytes()).map_err(|error| {
        io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use instrument::bench::exit::Exit;
    use settings::config::{Traces, load};

    fn of_template(file: &Path, template: Template, force: bool) -> Answer {
        init(&InitArgs { file: file.to_owned(), template, force }, false)
    }

    #[test]
    fn every_template_resolves_and_holds_by_its_schema() {
        let folder = tempfile::tempdir().unwrap();
        for template in Template::value_variants() {
            let file = folder.path().join("deep").join(format!("{template:?}.toml"));
            let answer = of_template(&file, *template, false);
            assert_eq!(answer.exit, Exit::Ok, "{}", answer.complaints);
            let name = file.display().to_string();
            let loaded = load(&[name], &[], &[], Traces::MustExist).unwrap();
            assert!(loaded.cells[0].engines.len() >= 2, "{template:?}");
            let name = format!("{template:?}").to_lowercase();
            assert_eq!(loaded.cells[0].name, name, "named after its file");
            let text = fs::read_to_string(&file).unwrap();
            assert!(text.starts_with("#:schema ./scenario.schema.json\n"), "{text}");
            let document: toml::Table = text.parse().unwrap();
            let schema = fs::read(file.with_file_name(SCHEMA)).unwrap();
            let schema = serde_json::from_slice(&schema).unwrap();
            let document = serde_json::to_value(document).unwrap();
            assert!(jsonschema::is_valid(&schema, &document), "{template:?}");
        }
    }

    #[test]
    fn nothing_of_the_users_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        fs::write(&file, "[query]\nmine = 1").unwrap();
        let refused = of_template(&file, Template::Quick, false);
        assert_eq!(refused.exit, Exit::Usage);
        assert!(refused.complaints.contains("--force"), "{}", refused.complaints);
        assert_eq!(fs::read_to_string(&file).unwrap(), "[query]\nmine = 1");
        assert!(!file.with_file_name(SCHEMA).exists(), "nothing was written");
        assert_eq!(of_template(&file, Template::Quick, true).exit, Exit::Ok);
        let again = of_template(&file.with_file_name("other.toml"), Template::Ci, false);
        assert_eq!(again.exit, Exit::Ok, "our own schema is no obstacle: {}", again.complaints);
        fs::write(file.with_file_name(SCHEMA), "{}").unwrap();
        let refused = of_template(&file.with_file_name("third.toml"), Template::Ci, false);
        assert!(refused.complaints.contains(SCHEMA), "{}", refused.complaints);
    }

    #[test]
    fn what_is_no_scenario_is_never_overwritten_and_never_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("notes.toml", &b"mine"[..]),
            ("other.toml", b"[package]\nname = \"theirs\"\n"),
            ("comments.toml", b"# a note to myself\n"),
            ("events.zip", b"PK\x03\x04\0\0\0\xff,\xfe,\n1,2,3\n"),
            ("pretty.json", b"{\n  \"ts\": 1720612800\n}\n"),
            ("prose", b"Dear reader,\nthis is no table.\nYours\n"),
        ] {
            let file = folder.path().join(name);
            fs::write(&file, content).unwrap();
            for force in [false, true] {
                let refused = of_template(&file, Template::Quick, force);
                assert_eq!(refused.exit, Exit::Usage, "{name}");
                assert!(refused.complaints.contains("init::not_ours"), "{}", refused.complaints);
                assert!(!refused.complaints.contains("--force"), "{}", refused.complaints);
                assert_eq!(fs::read(&file).unwrap(), content, "{name}");
            }
        }
        assert!(!folder.path().join(SCHEMA).exists());
        // A schema of somebody else's stays, too.
        fs::write(folder.path().join(SCHEMA), "{}").unwrap();
        let refused = of_template(&folder.path().join("new.toml"), Template::Quick, true);
        assert!(refused.complaints.contains("init::not_ours"), "{}", refused.complaints);
    }

    #[test]
    fn a_table_of_any_ending_is_a_file_of_events() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &str| {
            let file = folder.path().join(name);
            fs::write(&file, content).unwrap();
            file
        };
        let rows = "ts\tk\tv\n1720612800\ta\t1\n1720612801\tb\t2\n";
        for name in ["sensors.tab", "sensors", "sensors.log", "sensors.2024"] {
            assert!(holds_events(&write(name, rows)), "{name}");
        }
        assert!(holds_events(&write("times", "t\n2024-07-10\n2024-07-11\n")));
        assert!(holds_events(&write(
            "lines.jsonl",
            "{\"a\": 1, \"b\": 2}\n{\"a\": 1, \"b\": 3}\n"
        )));
        assert!(!holds_events(&write("mine.toml", rows)));
        assert!(!holds_events(&write("prose", "Dear reader,\nthis is no table.\nYours\n")));
        assert!(!holds_events(&folder.path().join("new")));
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let answer = of_template(&file.join("below.toml"), Template::Quick, false);
        assert_eq!(answer.exit, Exit::Failed);
        assert!(answer.complaints.contains("init::unwritable"), "{}", answer.complaints);
    }

    /// What is written for a file of these rows, and the folder it is in.
    fn of_rows(name: &str, rows: &str) -> (tempfile::TempDir, PathBuf, Answer) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join(name);
        fs::write(&data, rows).unwrap();
        let target = folder.path().join(scenario_of(&data));
        let args = InitArgs { file: data.clone(), template: Template::Quick, force: false };
        let answer = init_at(Some(&data), &target, &args, false);
        (folder, target, answer)
    }

    #[test]
    fn a_scenario_for_a_file_of_events_resolves_reads_it_and_plays_it_whole() {
        use crate::cli::carry_out;
        for (name, rows) in [
            (
                "flights.csv",
                "departed_at,scheduled_at,origin,miles\n\
                             2001-01-01T01:19:00Z,2001-01-01T01:24:00Z,LAS,407\n\
                             2001-01-01T01:39:00Z,2001-01-01T01:19:00Z,LAS,256\n\
                             2001-01-02T03:39:00Z,2001-01-01T01:19:00Z,DTW,256\n",
            ),
            (
                "export.2024.csv",
                "sep=;\nts;k;v\n10.07.2024 08:00;a;1,5\n"
                    .replace("10.07.2024 08:00", "2024-07-10 08:00")
                    .as_str(),
            ),
            ("numbers.tsv", "7\t1720612800250\t1\n8\t1720612800350\t2\n7\t1720612800450\t2\n"),
            ("bare.csv", "t\n0.5\n1.5\nsoon\n7\n"),
            ("one moment.csv", "t,who\n2024-07-10,a\n2024-07-10,b\n2024-07-10,a\n"),
        ] {
            let (_folder, target, answer) = of_rows(name, rows);
            if name == "bare.csv" {
                // A word among numbers is no column of times.
                assert!(answer.complaints.contains("init::no_trace"), "{}", answer.complaints);
                continue;
            }
            assert_eq!(answer.exit, Exit::Ok, "{name}: {}", answer.complaints);
            let text = fs::read_to_string(&target).unwrap();
            let loaded = load(&[target.display().to_string()], &[], &[], Traces::MustExist);
            let loaded = loaded.unwrap_or_else(|why| panic!("{name}: {why}\n{text}"));
            let seen = carry_out::traces(&loaded.cells);
            let seen = seen.unwrap_or_else(|why| panic!("{name}: {why}\n{text}"));
            assert!(!seen[0].replay.is_part(), "{name}: {:?}\n{text}", seen[0].replay);
        }
    }

    #[test]
    fn what_was_guessed_is_said_with_its_ground() {
        let rows = "ts;who;amount\n1720612800;a;1,5\n1720612801;b;2\n1720612860;a;3\n";
        let (folder, target, answer) = of_rows("data.csv.gz.csv", rows);
        let shown = |text: &str| {
            text.replace(&(folder.path().display().to_string() + std::path::MAIN_SEPARATOR_STR), "")
        };
        insta::assert_snapshot!("init_of_data", shown(&answer.results));
        insta::assert_snapshot!("init_of_data_file", shown(&fs::read_to_string(target).unwrap()));
    }
}
