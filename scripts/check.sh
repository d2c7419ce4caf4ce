#!/usr/bin/env bash
# Exactly what CI runs, in the same order: what fails fastest comes first.
set -euo pipefail
cd "$(dirname "$0")/.."
export RUSTFLAGS="${RUSTFLAGS:-} -D warnings"
export RUSTDOCFLAGS="${RUSTDOCFLAGS:-} -D warnings"

step() {
  printf '\n== %s\n' "$*"
  "$@"
}

step cargo fmt --all --check
step cargo clippy --locked --workspace --all-targets
# Each package alone: what a package may know is what its own manifest says. Together, features
# unify, and a scenario could name an executor without anyone noticing.
for package in sluicebench-engines sluicebench-scenarios sluicebench-reports sluicebench; do
  step cargo check --locked -p "$package"
done
for feature in micro-batch per-event; do
  step cargo check --locked -p sluicebench-engines --no-default-features --features "$feature"
done
# What is off by default: the view in the terminal, and Parquet. Only the program has features, so
# only the program is built again, and only the tests that the features touch are run again.
step cargo clippy --locked -p sluicebench --all-targets --features live,parquet
step cargo test --locked -p sluicebench --features live,parquet --lib live
step cargo test --locked -p sluicebench --features live,parquet --test tools
# The command of the README.
step cargo test --locked --workspace
step cargo doc --locked --no-deps --document-private-items --workspace
# Every benchmark is first a test: small, and it checks its answers.
step cargo test --locked --workspace --benches
if command -v cargo-deny >/dev/null; then
  step cargo deny --locked check
else
  printf '\n== cargo deny: not installed, left out\n'
fi
