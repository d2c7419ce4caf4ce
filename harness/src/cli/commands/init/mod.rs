//! `init`: a scenario file to start from, and the schema that its editor completes it by.
//!
//! A file that is there is never overwritten unless that is asked for.

use crate::cli::answer::Answer;
use crate::config::diagnostic::Mistake;
use crate::config::json_schema;
use clap::{Args, ValueEnum};
use reports::words::slug;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What `init` takes.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// The file to write.
    #[arg(value_name = "FILE", default_value = "bench.toml")]
    pub file: PathBuf,

    /// What it is to be for.
    #[arg(long, value_enum, default_value_t, value_name = "T")]
    pub template: Template,

    /// Overwrite what is there.
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
    let schema = args.file.with_file_name(SCHEMA);
    for path in [&args.file, &schema] {
        if !args.force && path.exists() && !is_ours(path) {
            let message = format!("`{}` is there already", path.display());
            let help = "name another file, or overwrite it with --force";
            return Answer::mistaken(Mistake::new("init::exists", message).help(help), colour);
        }
    }
    let file = args.file.display().to_string();
    let mut text = args.template.text().replace("bench.toml", &file);
    // Runs are named, and compared, by it.
    let name = args.file.file_stem().map(|stem| slug(&stem.to_string_lossy()));
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        text = text.replace("name = \"bench\"", &format!("name = \"{name}\""));
    }
    let written = write(&schema, &format!("{:#}\n", json_schema::scenario()))
        .and_then(|()| write(&args.file, &format!("#:schema ./{SCHEMA}\n\n{text}")));
    match written {
        Ok(()) => Answer::ok(format!(
            "{file}, and beside it {SCHEMA}, by which editors complete and check it\n\
             Next  sluicebench plan {file} · sluicebench run {file} · sluicebench describe scenario\n",
        )),
        Err(error) => Answer::failed("init::unwritable", &error.to_string()),
    }
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
    fs::write(path, text).map_err(|error| {
        io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::exit::Exit;
    use crate::config::{Traces, load};

    fn init_at(file: &Path, template: Template, force: bool) -> Answer {
        init(&InitArgs { file: file.to_owned(), template, force }, false)
    }

    #[test]
    fn every_template_resolves_and_holds_by_its_schema() {
        let folder = tempfile::tempdir().unwrap();
        for template in Template::value_variants() {
            let file = folder.path().join("deep").join(format!("{template:?}.toml"));
            let answer = init_at(&file, *template, false);
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
        fs::write(&file, "mine").unwrap();
        let refused = init_at(&file, Template::Quick, false);
        assert_eq!(refused.exit, Exit::Usage);
        assert!(refused.complaints.contains("--force"), "{}", refused.complaints);
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        assert!(!file.with_file_name(SCHEMA).exists(), "nothing was written");
        assert_eq!(init_at(&file, Template::Quick, true).exit, Exit::Ok);
        let again = init_at(&file.with_file_name("other.toml"), Template::Ci, false);
        assert_eq!(again.exit, Exit::Ok, "our own schema is no obstacle: {}", again.complaints);
        fs::write(file.with_file_name(SCHEMA), "{}").unwrap();
        let refused = init_at(&file.with_file_name("third.toml"), Template::Ci, false);
        assert!(refused.complaints.contains(SCHEMA), "{}", refused.complaints);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let answer = init_at(&file.join("below.toml"), Template::Quick, false);
        assert_eq!(answer.exit, Exit::Failed);
        assert!(answer.complaints.contains("init::unwritable"), "{}", answer.complaints);
    }
}
