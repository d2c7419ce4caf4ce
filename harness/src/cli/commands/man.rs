//! `man`: the manual pages, one for each command.

use crate::cli::answer::Answer;
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

/// Writes the pages of what is shown of the command line.
pub(in crate::cli) fn man(args: &ManArgs, shown: clap::Command) -> Answer {
    let folder = &args.folder;
    let pages = pages(&shown);
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

/// How many pages there are of a command and those below it.
fn pages(command: &clap::Command) -> usize {
    1 + command.get_subcommands().map(pages).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use instrument::bench::exit::Exit;

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let answer = man(&ManArgs { folder: file.clone() }, clap::Command::new("sluicebench"));
        assert_eq!(answer.exit, Exit::Failed);
        assert!(answer.complaints.contains(&file.display().to_string()), "{}", answer.complaints);
    }
}
