//! Scenario files and suites.

use super::{Chance, Input, each, mutated, names};
use sluicebench::bench::exit::Exit;
use sluicebench::config::{self, Traces, built_in, built_in_names};
use std::fs;

/// With what the built-in ones have none of.
const MORE: &str = r#"name = "more"
seed = 7
[source.synthetic]
rate = { shape = "steps", rates = ["1k/s", "2k/s"], every = "1s" }
arrivals = { gaps = [0, 0.5, 1, 4], together = 0.1 }
keys = { zipf = { count = 100, exponent = 1.1, rotate_every = "1s" } }
values = { normal = { mean = 0.0, deviation = 10.0 } }
payload = "256B"
disorder = { fraction = 0.1, delay = { pareto = { scale = "50ms", shape = 1.3, cap = "1s" } } }
[query.window]
size = "1s"
slide = "100ms"
aggregates = ["count", "sum", "min", "max", "mean"]
watermark = "100ms"
allowed_lateness = "1s"
[[engine.micro-batch]]
label = "a"
interval = "100ms"
[[engine.micro-batch]]
label = "b"
interval = "50ms"
[measure]
warm_up = "auto"
duration = "5s"
[[threshold]]
metric = "result_latency.p99"
engine = "micro-batch"
below = "100ms"
"#;

fn base(chance: &mut Chance) -> &'static str {
    let mut all: Vec<&str> = built_in_names().filter_map(built_in).collect();
    all.extend([MORE; 4]);
    chance.pick(&all)
}

#[test]
fn a_scenario_is_in_order_or_its_mistakes_are_told_with_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.toml");
    let name = file.display().to_string();
    let mut in_order = 0;
    each(700, |seed, chance| {
        let text = mutated(base(chance).as_bytes(), chance);
        fs::write(&file, &text).unwrap();
        let input = Input { seed, text: &text };
        let format = chance.pick(&["text", "json"]);
        let came =
            input.holds(&["validate", &name, "--format", format], &[Exit::Ok, Exit::Usage], "");
        if came.exit == Exit::Ok {
            in_order += 1;
            // What it comes to is in order as well.
            input.tried(|| {
                let loaded =
                    config::load(std::slice::from_ref(&name), &[], &[], Traces::MayBeAbsent)
                        .unwrap();
                for cell in loaded.cells {
                    config::of_text(&cell.resolved_toml).unwrap_or_else(|why| panic!("{why}"));
                }
            });
        } else {
            let all = came.results + &came.complaints;
            assert!(all.contains("s.toml"), "no place: {all}\n{}", input.told());
        }
        assert_eq!(fs::read(&file).unwrap(), text, "{}", input.told());
        assert_eq!(names(folder.path()), ["s.toml"], "{}", input.told());
    });
    assert!(in_order > 0, "some changes change nothing");
}
