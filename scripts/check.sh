#!/usr/bin/env bash
# Exactly what CI runs, in the same order: what fails fastest comes first, what few need comes last.
# At the end it says where the time went, how many tests passed, and how many checks were left out
# because this machine lacks what they need. With CI=true none may be that CI can have.
set -euo pipefail
cd "$(dirname "$0")/.."
# The same for each step, so that none builds again what another has built.
export RUSTFLAGS="${RUSTFLAGS:-} -D warnings"
export RUSTDOCFLAGS="${RUSTDOCFLAGS:-} -D warnings"

notes=$(mktemp -d)
touch "$notes"/{times,results}
TIMEFORMAT='%R %U %S'
at=

step() {
  at=$*
  printf '\n== %s\n' "$at"
  { time "$@" 2>&3; } 3>&2 2>"$notes/time"
  took
}

# A step whose tests are counted, and what they say they left out.
tests() {
  at=$*
  printf '\n== %s\n' "$at"
  { time "$@" 2>&1 | tee -a "$notes/results"; } 2>"$notes/time"
  took
}

took() {
  printf '%s %s\n' "$(tail -n 1 "$notes/time")" "$at" >>"$notes/times"
  at=
}

# The last words, however it ends.
conclude() {
  local status=$?
  printf '\n  elapsed  processor\n'
  awk '{ wall += $1; busy += $2 + $3; line = $0; sub(/^[^ ]+ [^ ]+ [^ ]+ /, "", line)
         printf "%7.1f s  %7.1f s  %s\n", $1, $2 + $3, line }
       END { printf "%7.1f s  %7.1f s  all of it\n", wall, busy }' "$notes/times"
  [[ -z $at ]] || printf '\nfailed: %s\n' "$at"
  { grep -o 'left out: .*' "$notes/results" || true; } | sort | uniq -c
  awk -v at="$at" '
       /left out: / { left_out += 1 }
       /^test result:/ { passed += $4; failed += $6; ignored += $8 }
       END { if (at != "" && !failed) failed = 1
             printf "%d passed, %d failed, %d ignored, %d left out\n", passed, failed, ignored, left_out }' \
    "$notes/results"
  rm -rf "$notes"
  exit "$status"
}
trap conclude EXIT

step cargo fmt --all --check
if command -v cargo-deny >/dev/null; then
  # Advisories come from a network of their own; the others are in the manifests and in deny.toml.
  step cargo deny --locked check bans licenses sources
elif [[ ${CI:-} == true ]]; then
  at='cargo deny: not installed'
  exit 1
else
  echo 'left out: bans, licences and sources of dependencies: cargo-deny is not installed' |
    tee -a "$notes/results"
fi
step cargo clippy --locked --workspace --all-targets
# Each package alone: what a package may know is what its own manifest says. Together, features
# unify, and a scenario could name an executor without anyone noticing.
for package in sluicebench-{engines,scenarios,programs,reports} sluicebench; do
  step cargo check --locked -p "$package"
done
for feature in micro-batch per-event; do
  step cargo check --locked -p sluicebench-engines --no-default-features --features "$feature"
done
step cargo doc --locked --no-deps --document-private-items --workspace
# The command of the README.
tests cargo test --locked --workspace
# Every benchmark is first a test: small, and it checks its answers.
tests cargo test --locked --workspace --bench '*'
# What is off by default: the view in the terminal, and Parquet. Everything is selected, so that the
# same features are resolved as above and only the program, which has these, is built again; and only
# the tests that they touch are run again. These are small, and optimising what they run would take
# minutes.
features=(--workspace --features sluicebench/live,sluicebench/parquet)
step cargo clippy --locked "${features[@]}" --all-targets
tests cargo test --locked "${features[@]}" \
  --config profile.dev.package.sluicebench.opt-level=0 --lib --test it -- live tools::
