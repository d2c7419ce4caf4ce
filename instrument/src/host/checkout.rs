//! Which commit a source tree has checked out, read without git.
//!
//! The build asks this, once, and the program is told: what is checked out when it runs may be
//! something else. It does not look for changes that are not committed.

use std::fs;
use std::path::{Path, PathBuf};

/// A commit, and the files that would say so if it were another.
pub(crate) struct Checkout {
    pub(crate) commit: String,
    pub(crate) told_by: Vec<PathBuf>,
}

/// What the tree at `root` has checked out; none where it is no checkout.
pub(crate) fn of(root: &Path) -> Option<Checkout> {
    let dot_git = root.join(".git");
    // A worktree has a file there, which says where its folder is.
    let own = match fs::read_to_string(&dot_git) {
        Ok(pointer) => root.join(pointer.trim().strip_prefix("gitdir:")?.trim()),
        Err(_) => dot_git,
    };
    // A worktree keeps its HEAD to itself and shares its branches.
    let shared = fs::read_to_string(own.join("commondir"))
        .map_or_else(|_| own.clone(), |path| own.join(path.trim()));
    let head = own.join("HEAD");
    let text = fs::read_to_string(&head).ok()?;
    let Some(name) = text.trim().strip_prefix("ref: ") else {
        return Some(Checkout { commit: text.trim().to_owned(), told_by: vec![head] });
    };
    let branch = shared.join(name);
    if let Ok(commit) = fs::read_to_string(&branch) {
        return Some(Checkout { commit: commit.trim().to_owned(), told_by: vec![head, branch] });
    }
    let packed = shared.join("packed-refs");
    let text = fs::read_to_string(&packed).ok()?;
    let line = text.lines().find(|line| line.ends_with(&format!(" {name}")))?;
    let commit = line.split(' ').next()?.to_owned();
    // The next commit makes a file of the branch's own, beside the log that every commit touches.
    let log = own.join("logs/HEAD");
    let told_by = [head, packed, log].into_iter().filter(|path| path.exists()).collect();
    Some(Checkout { commit, told_by })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    /// A tree with these files, by their paths.
    #[track_caller]
    fn check(root: &str, files: &[(&str, &str)], want: Option<&str>) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found = of(&folder.path().join(root));
        assert_eq!(found.as_ref().map(|found| found.commit.as_str()), want);
        for path in found.into_iter().flat_map(|found| found.told_by) {
            assert!(path.exists(), "{} would have every build look again", path.display());
        }
    }

    #[test]
    fn a_branch_a_bare_commit_and_a_packed_branch_are_read() {
        let line = format!("{COMMIT}\n");
        let branch = ("a/.git/HEAD", "ref: refs/heads/main\n");
        check("a", &[branch, ("a/.git/refs/heads/main", &line)], Some(COMMIT));
        check("a", &[("a/.git/HEAD", &line)], Some(COMMIT));
        let packed = format!("# pack-refs\n1111 refs/heads/other\n{COMMIT} refs/heads/main\n");
        check("a", &[branch, ("a/.git/packed-refs", &packed)], Some(COMMIT));
    }

    #[test]
    fn a_worktree_has_a_head_of_its_own_and_shares_its_branches() {
        let files = [
            ("aside/.git", "gitdir: ../main/.git/worktrees/aside\n"),
            ("main/.git/HEAD", "ref: refs/heads/main\n"),
            ("main/.git/worktrees/aside/HEAD", "ref: refs/heads/topic\n"),
            ("main/.git/worktrees/aside/commondir", "../..\n"),
            ("main/.git/refs/heads/topic", COMMIT),
        ];
        check("aside", &files, Some(COMMIT));
    }

    #[test]
    fn what_is_no_checkout_has_no_commit() {
        check("a", &[("a/Cargo.toml", "")], None);
        check("a", &[("a/.git/HEAD", "ref: refs/heads/main\n")], None);
    }
}
