//! `man`: the manual pages, one for each command.

use super::Answer;
use crate::cli::args::Args as Typed;
use clap::Args;
use std::fs;
use std::path::PathBuf;

/// What `man` takes.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder to write, such as `~/.local/share/man/man1`.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Writes the pages.
pub(super) fn man(args: &ManArgs) -> Answer {
    let folder = &args.folder;
    let shown = Typed::shown();
    let pages = shown.get_subcommands().count() + 1;
    let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(shown, folder));
    match written {
        Ok(()) => Answer::ok(format!(
            "{pages} pages in {0}; read one: man -l {0}/sluicebench.1\n",
            folder.display()
        )),
        Err(error) => Answer::failed(
            "man::unwritable",
            &format!("cannot write {}: {error}; name another folder", folder.display()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn every_command_that_is_shown_has_a_page_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/man1");
        let answer = man(&ManArgs { folder: path.clone() });
        assert_eq!(answer.exit, 0, "{}", answer.complaints);
        let mut pages = 1;
        for command in Typed::command().get_subcommands() {
            let page = path.join(format!("sluicebench-{}.1", command.get_name()));
            assert_eq!(page.is_file(), !command.is_hide_set(), "{}", page.display());
            if let Ok(text) = fs::read_to_string(page) {
                pages += 1;
                assert!(text.contains(".SH NAME") && text.contains("SYNOPSIS"), "{text}");
            }
        }
        assert!(fs::read_to_string(path.join("sluicebench.1")).unwrap().contains("Exit codes"));
        assert_eq!(fs::read_dir(&path).unwrap().count(), pages);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let answer = man(&ManArgs { folder: file.clone() });
        assert_eq!(answer.exit, 1);
        assert!(answer.complaints.contains(&file.display().to_string()), "{}", answer.complaints);
    }
}
