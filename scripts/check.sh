#!/usr/bin/env bash
# Exactly what CI runs. What fails fastest comes first; then the tests are compiled, and two lanes go
# side by side, one that looks at the code and one that runs it, for tests wait as often as they work.
# At the end it says where the time went, how many tests passed, and how many checks were left out
# because this machine lacks what they need. With CI=true none may be that CI can have.
set -euo pipefail
cd "$(dirname "$0")/.."
# The same for each step, so that none builds again what another has built.
export RUSTFLAGS="${RUSTFLAGS:-} -D warnings"
# Clippy's driver is the compiler with Clippy's lints: whatever is compiled here of ours is looked at
# by it, and nothing is compiled a second time for that. What it compiles is a little slower, since it
# leaves optimising to LLVM alone; what a release is made of is the same.
export RUSTC_WORKSPACE_WRAPPER=clippy-driver
export RUSTDOCFLAGS="${RUSTDOCFLAGS:-} -D warnings"
# Tests that measure wait more than they work; others go on meanwhile.
export RUST_TEST_THREADS="${RUST_TEST_THREADS:-$((2 * $(nproc)))}"

notes=$(mktemp -d)
touch "$notes"/{times,results}
TIMEFORMAT='%R %U %S'

# Runs a command, tells how long it took, and leaves its name where it failed. A lane ends where the
# other one has failed.
step() {
  [[ ! -s $notes/failed ]] || exit 1
  local status=0 took=$notes/took.$BASHPID
  printf '\n== %s\n' "$*"
  { time "$@" 2>&3; } 3>&2 2>"$took" || status=$?
  printf '%s %s\n' "$(tail -n 1 "$took")" "$*" >>"$notes/times"
  ((status == 0)) || { printf '%s\n' "$*" >>"$notes/failed"; exit "$status"; }
}

# A step whose tests are counted, and what they say they left out.
tests() {
  step counted "$@"
}

counted() {
  "$@" 2>&1 | tee -a "$notes/results"
}

# The last words, however it ends.
conclude() {
  local status=$?
  [[ -z ${looking:-} ]] || kill -- -"$looking" 2>/dev/null || true
  printf '\n  elapsed  processor\n'
  awk -v wall=$SECONDS '
       { busy += $2 + $3; line = $0; sub(/^[^ ]+ [^ ]+ [^ ]+ (counted )?/, "", line)
         printf "%7.1f s  %7.1f s  %s\n", $1, $2 + $3, line }
       END { printf "%7.1f s  %7.1f s  all of it\n", wall, busy }' "$notes/times"
  [[ ! -s $notes/failed ]] || sed 's/^counted //; s/^/\nfailed: /' "$notes/failed"
  { grep -o 'left out: .*' "$notes/results" || true; } | sort | uniq -c
  awk -v status="$status" '
       /left out: / { left_out += 1 }
       /^test result:/ { passed += $4; failed += $6; ignored += $8 }
       END { if (status != 0 && !failed) failed = 1
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
  echo 'cargo deny: not installed' | tee "$notes/failed"
  exit 1
else
  echo 'left out: bans, licences and sources of dependencies: cargo-deny is not installed' |
    tee -a "$notes/results"
fi

# The lane that looks at the code. What only builds (macros, build scripts) it has from what was built
# before; lints are in that already.
look() {
  unset RUSTC_WORKSPACE_WRAPPER
  # Each package alone: what a package may know is what its own manifest says. Together, features
  # unify, and a scenario could name an executor without anyone noticing.
  for package in sluicebench-{engines,scenarios,programs,statistics,reports,settings,instrument} sluicebench; do
    step cargo check --locked -p "$package"
  done
  # What is off by default, as a user compiles it.
  step cargo check --locked -p sluicebench --features live,parquet
  for feature in micro-batch per-event; do
    step cargo check --locked -p sluicebench-engines --no-default-features --features "$feature"
  done
  step cargo doc --locked --no-deps --document-private-items --workspace
}

# The lane that runs it.
run() {
  # The command of the README.
  tests cargo test --locked --workspace
  # Every benchmark is first a test: small, and it checks its answers.
  tests cargo test --locked --workspace --bench '*'
  # What is off by default: the view in the terminal, and Parquet. Everything is selected, so that
  # the features of what they lean on are resolved as without them; their tests are the program's
  # own, so that nothing but its library is built again.
  tests cargo test --locked --workspace --features sluicebench/live,sluicebench/parquet \
    --lib -- live:: parquet::
}

# Compiling takes both processors. What is looked at fills the time in which tests wait.
step cargo test --locked --workspace --no-run

# In a group of its own, so that it ends with whoever has started it.
set -m
(trap - EXIT; look) >"$notes/look" 2>&1 &
looking=$!
set +m
status=0
(trap - EXIT; run) || status=$?
wait "$looking" || status=$?
cat "$notes/look"
exit "$status"
