//! How often a search finds the limit of an engine that is made up, and how often a backlog that
//! remembers is failed or passed by chance: the tests draw tens and hundreds, this thousands.
//!
//! `cargo test` runs it at a small size.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "made-up counts are positive and far below 2^53"
)]

// The same engines as in the tests, which name the wings of the crate that they are in.
use sluicebench::{run, studies};

#[path = "../src/studies/limit/tests/made_up.rs"]
mod made_up;
#[path = "../src/studies/limit/tests/remembering.rs"]
mod remembering;
#[path = "../src/studies/limit/tests/searches.rs"]
mod searches;

use remembering::{Backlog, Chances, chances, teeth};
use searches::{MICRO_BATCH, PER_EVENT, service_rates};

/// At most this share is failed or passed by chance.
const WRONG_MOST: f64 = 0.05;

fn main() {
    let is_small = !std::env::args().any(|arg| arg == "--bench");
    rates(if is_small { 4 } else { 400 });
    backlogs(if is_small { 100 } else { 4_000 });
}

/// More than a share by more than luck explains.
#[track_caller]
fn at_most(share: f64, count: u32, of: u64, what: &str) {
    let luck = 3.0 * (share * (1.0 - share) / of as f64).sqrt();
    let found = f64::from(count) / of as f64;
    assert!(found <= share + luck, "{what}: {found}, not {share}");
}

#[expect(clippy::print_stdout, reason = "a benchmark says what it found")]
fn rates(searches: u64) {
    for (engine, name) in [(PER_EVENT, "per-event"), (MICRO_BATCH, "micro-batch")] {
        let mut off = service_rates(engine, 1..=searches);
        off.sort_unstable_by(f64::total_cmp);
        let beyond = off.iter().filter(|off| **off > 0.05).count() as u32;
        let worst = off.last().copied().unwrap_or(0.0);
        println!("{name}: {beyond} of {searches} limits are off by more than 5 %, one by {worst}");
        at_most(0.02, beyond, searches, name);
        assert!(worst <= 0.15, "{name}: {worst}");
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark says what it found")]
fn backlogs(draws: u64) {
    let say = |what: &str, chances: &Chances| {
        let share = |count: u32| 100.0 * f64::from(count) / draws as f64;
        println!(
            "{what}: {:.1} % fail, {:.1} % pass, {:.1} % are in doubt after 240 s; {:.1} % of the \
             intervals of 60 s hold none",
            share(chances.fails),
            share(chances.passes),
            share(chances.doubts),
            share(chances.held)
        );
    };
    for memory_s in [1.0, 5.0, 20.0, 60.0] {
        for deviation_s in [0.02, 0.1, 0.2, 0.5, 2.0] {
            let of = |growth| Backlog { memory_s, deviation_s, growth };
            let what = format!("remembers {memory_s} s, deviates {deviation_s} s");
            let even = chances(0..draws, |seed, length_s| of(0.0).looks(seed, length_s));
            say(&format!("{what}, no growth"), &even);
            at_most(WRONG_MOST, even.fails, draws, &what);
            at_most(0.1, draws as u32 - even.held, draws, &what);
            let growing = chances(0..draws, |seed, length_s| of(0.015).looks(seed, length_s));
            say(&format!("{what}, growth of 1.5 %"), &growing);
            at_most(WRONG_MOST, growing.passes, draws, &what);
        }
    }
    for rise in [0.01, 0.02, 0.05, 0.2] {
        for period_s in [20.0, 35.0, 50.0] {
            let of = |seed, length_s| teeth(seed, length_s, period_s, rise);
            let what = format!("teeth of {period_s} s that rise by {rise}");
            let chances = chances(0..draws, of);
            say(&what, &chances);
            at_most(WRONG_MOST, chances.fails, draws, &what);
        }
    }
}
