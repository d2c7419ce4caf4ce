//! Tells the program what it was built from, since a record has to say so: the commit, the
//! compiler and its flags. It fails no build: what cannot be found out is left unsaid.
//!
//! And it lists the sources of the jobs for engines in other processes, which are part of the
//! program, so that the binary is enough.

#[path = "src/host/checkout.rs"]
mod checkout;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/host/checkout.rs");
    // Whoever builds from an archive knows the commit and can say it.
    println!("cargo::rerun-if-env-changed=SLUICEBENCH_COMMIT");
    if env::var_os("SLUICEBENCH_COMMIT").is_none()
        && let Some(root) = Path::new(env!("CARGO_MANIFEST_DIR")).parent()
        && let Some(found) = checkout::of(root)
    {
        for path in &found.told_by {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        println!("cargo::rustc-env=SLUICEBENCH_COMMIT={}", found.commit);
    }
    if let Some(version) = rustc_version() {
        println!("cargo::rustc-env=SLUICEBENCH_RUSTC={version}");
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    println!("cargo::rustc-env=SLUICEBENCH_RUSTFLAGS={}", flags.replace('\u{1f}', " "));
    // What cargo calls `debug` is whatever is not made to be measured, optimised a little or not.
    println!("cargo::rustc-check-cfg=cfg(dev)");
    if env::var_os("PROFILE").is_some_and(|profile| profile == "debug") {
        println!("cargo::rustc-cfg=dev");
    }
    list_jobs();
}

/// The folders beside the Rust sources of `engines` that hold jobs.
const JOBS: [&str; 5] = ["jvm", "flink", "spark", "storm", "kafka"];

/// Writes the list of the sources of jobs: the path of each below `engines`, and its text.
fn list_jobs() {
    let (Some(root), Some(out)) =
        (Path::new(env!("CARGO_MANIFEST_DIR")).parent(), env::var_os("OUT_DIR"))
    else {
        return;
    };
    let engines = root.join("engines");
    let mut files = Vec::new();
    for job in JOBS {
        println!("cargo::rerun-if-changed={}", engines.join(job).display());
        walk(&engines.join(job), &mut files);
    }
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let below = file.strip_prefix(&engines).unwrap_or(file).display().to_string();
        let _ = writeln!(list, "    ({below:?}, include_str!({:?})),", file.display().to_string());
    }
    list.push_str("]\n");
    // Where it cannot be written, the build fails where it is read, and says so.
    let _ = fs::write(Path::new(&out).join("jobs.rs"), list);
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        // What Maven and an IDE leave there is none of ours.
        let is_left = path.file_name().is_some_and(|name| name == "target" || name == "test");
        if path.is_dir() && !is_left {
            walk(&path, files);
        } else if path.extension().is_some_and(|kind| kind == "java" || kind == "xml") {
            files.push(path);
        }
    }
}

/// The version of the compiler at work, such as `1.95.0`.
fn rustc_version() -> Option<String> {
    let told = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let text = String::from_utf8(told.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}
