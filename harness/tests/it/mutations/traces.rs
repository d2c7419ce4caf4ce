//! Recorded files, plain and packed.

use super::{Input, each, mutated, names};
use flate2::Compression;
use flate2::write::GzEncoder;
use sluicebench::bench::exit::Exit;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

const SCENARIO: &str = r#"name = "tr"
[source.trace]
path = "FILE"
arrival = "a"
event_time = "e"
key = "k"
value = "v"
speed = 60
on_bad_row = "WHAT"
[query.window]
size = "1s"
aggregates = ["count", "sum", "min", "max", "mean"]
watermark = "1s"
[measure]
warm_up = "0s"
duration = "300ms"
"#;

fn base() -> String {
    let mut text = "a,e,k,v\n".to_owned();
    for n in 0..40 {
        let at = |n: u32| format!("2001-01-01T00:00:{n:02}Z");
        let _ = writeln!(text, "{},{},k{},{n}.{}", at(n + 1), at(n), n % 3, n % 10);
    }
    text
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

#[test]
fn a_trace_is_read_exactly_or_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (base, at) = (base(), |name: &str| folder.path().join(name));
    for (file, name) in [("plain", "t.csv"), ("packed", "t.csv.gz")] {
        for what in ["fail", "reject"] {
            let text = SCENARIO.replace("FILE", name).replace("WHAT", what);
            fs::write(at(&format!("{file}-{what}.toml")), text).unwrap();
        }
    }
    each(300, |seed, chance| {
        let what = chance.pick(&["fail", "reject"]);
        let (file, name, text) = match chance.below(4) {
            0 => ("packed", "t.csv.gz", packed(&mutated(base.as_bytes(), chance))),
            1 => ("packed", "t.csv.gz", mutated(&packed(base.as_bytes()), chance)),
            _ => ("plain", "t.csv", mutated(base.as_bytes(), chance)),
        };
        fs::write(at(name), &text).unwrap();
        let before = names(folder.path());
        let input = Input { seed, text: &text };
        let scenario = at(&format!("{file}-{what}.toml")).display().to_string();
        let out = at("out.csv");
        let line = ["events", &scenario, "--out", &out.display().to_string()];
        let came = input.holds(&line, &[Exit::Ok, Exit::Failed, Exit::Usage], name);
        assert_eq!(out.exists(), came.exit == Exit::Ok, "{}", input.told());
        let _ = fs::remove_file(&out);
        assert_eq!(fs::read(at(name)).unwrap(), text, "{}", input.told());
        assert_eq!(names(folder.path()), before, "{}", input.told());
    });
}
