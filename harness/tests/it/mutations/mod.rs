//! Thousands of inputs that nobody would write: scenarios, options, traces and records with something
//! changed in them by chance.
//!
//! Whatever it is, the program ends as it is designed to, says where what is wrong stands, obeys
//! nothing of it, replaces nothing and fills no memory. A few hundred of each are tried here, in this
//! process; more of them by `scripts/mutate.sh`, which sets
//!
//! - `SLUICEBENCH_MUTATIONS`: how many inputs of each kind,
//! - `SLUICEBENCH_MUTATIONS_SEED`: the seed of the first; the others follow one by one, so that a seed
//!   that is printed by a failure makes that input again, as the first.

mod options;
mod records;
mod scenarios;
mod traces;

use clap::{CommandFactory as _, FromArgMatches as _};
use reports::words::is_obeyed;
use sluicebench::bench::exit::Exit;
use sluicebench::cli::args::Args;
use sluicebench::cli::dispatch;
use sluicebench::host::usage::memory_peak_bytes;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Chance that repeats (`SplitMix64`: Steele, Lea and Flood 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not zero.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// How many inputs, `few` where nobody says, and the seed of the first.
fn asked(few: usize) -> (usize, u64) {
    let of = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let inputs = of("SLUICEBENCH_MUTATIONS").map_or(few, |many| usize::try_from(many).unwrap());
    (inputs, of("SLUICEBENCH_MUTATIONS_SEED").unwrap_or(20_261_130))
}

/// What does harm where it is not expected.
const WORDS: &[&str] = &[
    "nan",
    "inf",
    "-inf",
    "1e400",
    "-1",
    "0",
    "-0.0",
    "1e-320",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "1e18s",
    "9223372036854775807ns",
    "584y",
    "0ns",
    "1ns",
    "100G/s",
    "1e9/s",
    "0/s",
    "..",
    "../..",
    "/dev/zero",
    "/",
    "",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\0",
    "\u{1b}[31m",
    "\u{1b}]0;x\u{7}",
    "\u{202e}",
    "\u{9b}2J",
    "\u{feff}",
    "\u{2028}",
    "µ",
    "日本",
    "👩‍🚀",
    "é",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "\\",
    "\\u0000",
    "\\u001b",
    "[",
    "]",
    "{",
    "}",
    "[[",
    "]]",
    ",",
    ";",
    "=",
    ".",
    "#",
    "`",
    "$(x)",
    "true",
    "null",
    "<script>",
    "&amp;",
    "=1+1",
    "@x",
    "%",
    "1979-05-27T07:32:00Z",
    "0x7fffffffffffffff",
    "1_000",
];

/// A text with a few things changed in it.
fn mutated(base: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut text = base.to_vec();
    for _ in 0..=chance.below(3) {
        let at = chance.below(text.len() + 1);
        let end = (at + 1 + chance.below(20)).min(text.len());
        match chance.below(9) {
            0 => drop(text.drain(at..end)),
            1 => {
                let times = chance.pick(&[1, 2, 50, 5_000]);
                let part = text[at..end].repeat(times);
                drop(text.splice(at..at, part));
            }
            2 if at < text.len() => text[at] = u8::try_from(chance.below(256)).unwrap(),
            3 => drop(text.splice(at..at, chance.pick(WORDS).bytes())),
            4 | 5 => {
                // What stands between two signs: a word, a number, a name.
                let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-+.".contains(byte);
                let from =
                    text[..at].iter().rposition(|byte| !is_word(byte)).map_or(0, |at| at + 1);
                let to = text[at..].iter().position(|byte| !is_word(byte));
                let to = to.map_or(text.len(), |length| at + length);
                drop(text.splice(from..to, chance.pick(WORDS).bytes()));
            }
            6 => {
                let mut lines: Vec<_> = text.split(|byte| *byte == b'\n').collect();
                let (one, other) = (chance.below(lines.len()), chance.below(lines.len()));
                lines.swap(one, other);
                text = lines.join(&b'\n');
            }
            7 => {
                let mut lines: Vec<_> = text.split(|byte| *byte == b'\n').collect();
                let (line, to) = (lines[chance.below(lines.len())], chance.below(lines.len()));
                lines.insert(to, line);
                text = lines.join(&b'\n');
            }
            _ if chance.below(4) == 0 => text.truncate(at),
            _ => {}
        }
    }
    text
}

/// What came of an input.
struct Came {
    exit: Exit,
    results: String,
    complaints: String,
}

/// What the program says to this line, in this process; one that is no command is told by clap.
fn called(arguments: &[&str]) -> Came {
    let line = ["sluicebench"].iter().chain(arguments);
    let parsed = Args::command().try_get_matches_from(line).and_then(|matches| {
        let args = Args::from_arg_matches(&matches)?;
        Ok((args, matches))
    });
    match parsed {
        Ok((args, matches)) => {
            let answer = dispatch(&args, &matches, false);
            let (results, complaints) = (answer.results, answer.complaints);
            Came { exit: answer.exit, results, complaints }
        }
        Err(error) => {
            let told = Args::harmless_error(&error);
            let complaints = told.unwrap_or_else(|| error.render().to_string());
            Came { exit: Exit::Usage, results: String::new(), complaints }
        }
    }
}

/// An input, as it can be made again.
struct Input<'a> {
    seed: u64,
    text: &'a [u8],
}

impl Input<'_> {
    /// How to make it again, and what it is.
    fn told(&self) -> String {
        let shown = String::from_utf8_lossy(&self.text[..self.text.len().min(2_000)]);
        format!("SLUICEBENCH_MUTATIONS_SEED={} ({} bytes): {shown:?}", self.seed, self.text.len())
    }

    /// Does something with it that does not panic.
    #[track_caller]
    fn tried<T>(&self, with: impl FnOnce() -> T) -> T {
        catch_unwind(AssertUnwindSafe(with))
            .unwrap_or_else(|_| panic!("it panicked on {}", self.told()))
    }

    /// What the program says to this line about it: it ends by one of these, and says what is wrong and
    /// where.
    #[track_caller]
    fn holds(&self, arguments: &[&str], ends: &[Exit], place: &str) -> Came {
        let came = self.tried(|| called(arguments));
        let told =
            || format!("{arguments:?}, {:?}: {}\n{}", came.exit, came.complaints, self.told());
        assert!(ends.contains(&came.exit), "not designed to end so: {}", told());
        if came.exit != Exit::Ok {
            assert!(came.complaints.contains(place), "no place `{place}`: {}", told());
        }
        let said = [&came.results, &came.complaints];
        assert!(said.iter().all(|text| !text.chars().any(is_obeyed)), "obeyed: {}", told());
        assert!(said.iter().all(|text| text.len() < 1 << 20), "echoed: {}", told());
        came
    }
}

/// Tries so many inputs, each with a chance of its own, and then looks at what memory they took.
fn each(few: usize, mut one: impl FnMut(u64, &mut Chance)) {
    let (inputs, first) = asked(few);
    let before = memory_peak_bytes();
    for seed in (first..).take(inputs) {
        one(seed, &mut Chance(seed));
    }
    // Other tests run meanwhile: they take some of it, and let it be counted from then on.
    let grown =
        memory_peak_bytes().zip(before).map_or(0, |(now, before)| now.saturating_sub(before));
    assert!(grown < 1 << 30, "{grown} bytes more than before");
}

/// The names of what is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}
