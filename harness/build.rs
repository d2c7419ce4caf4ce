//! Tells the program what it was built from, since a record has to say so: the commit, the
//! compiler and its flags. It fails no build: what cannot be found out is left unsaid.

#[path = "src/host/checkout.rs"]
mod checkout;

use std::env;
use std::path::Path;
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
}

/// The version of the compiler at work, such as `1.95.0`.
fn rustc_version() -> Option<String> {
    let told = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let text = String::from_utf8(told.stdout).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}
