//! What is typed: settings laid over a scenario, and the options of searches and sweeps.

use super::{Chance, Input, called, each, mutated};
use reports::words::is_obeyed;
use sluicebench::bench::exit::Exit;
use sluicebench::config::keys::KEYS;
use sluicebench::config::schema::Unsaid;
use sluicebench::config::{self, Given, Sets, Traces};

/// A setting as somebody would type it.
fn setting(chance: &mut Chance) -> String {
    loop {
        let key = &KEYS[chance.below(KEYS.len())];
        let value = match key.unsaid {
            Unsaid::Is(value) | Unsaid::IsWithout(_, value) => value,
            Unsaid::Required(line) | Unsaid::RequiredWithout(_, line) => {
                line.split_once(" = ").map_or("", |(_, value)| value)
            }
            Unsaid::Absent | Unsaid::Same(_) => {
                chance.pick(&["1s", "5", "\"x\"", "10k/s", "[1, 2]"])
            }
        };
        if !key.path.starts_with("suite") {
            return format!("{}={value}", key.path);
        }
    }
}

fn text(bytes: &[u8]) -> String {
    // Of what is no text, the program is given what the system makes of it.
    String::from_utf8_lossy(bytes).replace('\0', "0")
}

#[test]
fn a_setting_is_in_order_or_told_where_it_stands() {
    const SCENARIOS: &[&str] = &["keyed-window", "word-count", "flight-departures", "quick"];
    each(600, |seed, chance| {
        let typed = text(&mutated(setting(chance).as_bytes(), chance));
        let rate = text(&mutated(b"50k/s", chance));
        let input = Input { seed, text: typed.as_bytes() };
        let mut given = vec![Given { prefix: "--set ".into(), ..Given::set(typed.clone()) }];
        if chance.below(3) == 0 {
            let prefix = "--rate ".into();
            given.push(Given { from: "command line", prefix, sets: Sets::Rate, text: rate });
        }
        let name = [chance.pick(SCENARIOS).to_owned()];
        let loaded = input.tried(|| config::load(&name, &given, &[], Traces::MayBeAbsent));
        let Err(rejected) = loaded else { return };
        let (plain, _, placed) =
            input.tried(|| (rejected.render(false), rejected.render(true), rejected.placed()));
        assert!(!plain.is_empty() && !plain.chars().any(is_obeyed), "{plain:?}\n{}", input.told());
        assert!(plain.len() < 1 << 20, "{}", input.told());
        assert!(!placed.is_empty(), "{}", input.told());
    });
}

#[test]
fn an_option_is_in_order_or_told() {
    const SEARCH: &[(&str, &str)] = &[
        ("--slo", "p99=100ms"),
        ("--budget", "1h"),
        ("--window", "10s"),
        ("--least", "1k/s"),
        ("--most", "20M/s"),
        ("--rate", "50k/s"),
        ("--seed", "7"),
        ("--parallelism", "2"),
        ("--engine", "per-event"),
    ];
    const AXES: &[&str] = &[
        "interval=10ms..1s/log4",
        "rate=50k/s..400k/s/lin8",
        "parallelism=1,2",
        "size=1s,2s",
        "keys.zipf.exponent=0..2/lin3",
    ];
    const MAPPED: &[&str] = &["rate=1k/s..1M/s/log4", "slo.p99=5ms..1s/log4", "slo.max=1s,2s"];
    each(200, |seed, chance| {
        // Nothing is there to go on with, so that nothing is begun.
        let mut line: Vec<String> = match chance.below(3) {
            0 => vec!["limit".into(), "keyed-window".into()],
            1 => {
                let axis = text(&mutated(chance.pick(AXES).as_bytes(), chance));
                vec!["sweep".into(), "keyed-window".into(), axis, "--limit".into()]
            }
            _ => {
                let axis = text(&mutated(chance.pick(MAPPED).as_bytes(), chance));
                vec!["atlas".into(), "keyed-window".into(), format!("--vary={axis}")]
            }
        };
        line.extend(["--resume".into(), "/nowhere/at/all".into()]);
        let (option, value) = chance.pick(SEARCH);
        line.push(format!("{option}={}", text(&mutated(value.as_bytes(), chance))));
        let shown = line.join(" ");
        let input = Input { seed, text: shown.as_bytes() };
        let arguments: Vec<&str> = line.iter().map(String::as_str).collect();
        input.holds(&arguments, &[Exit::Usage], "");
    });
}

#[test]
fn a_line_of_words_by_chance_is_told() {
    // What is written by none of these.
    const COMMANDS: &[&str] = &["validate", "describe", "list", "schema", "compare", "report"];
    each(200, |seed, chance| {
        let words =
            (0..=chance.below(3)).map(|_| text(&mutated(chance.pick(COMMANDS).as_bytes(), chance)));
        let line: Vec<String> = words.collect();
        // Help goes to the terminal, and ends well.
        if line.iter().any(|word| word.starts_with('-') || word == "help") {
            return;
        }
        let shown = line.join(" ");
        let input = Input { seed, text: shown.as_bytes() };
        let arguments: Vec<&str> = line.iter().map(String::as_str).collect();
        if COMMANDS.contains(&arguments[0]) {
            input.holds(&arguments, &[Exit::Ok, Exit::Usage, Exit::Failed], "");
        } else {
            assert_eq!(input.tried(|| called(&arguments)).exit, Exit::Usage, "{shown}");
        }
    });
}
