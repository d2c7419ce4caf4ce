//! The loop is held against the reference on every kind of question, and a wrong one is found.

use super::*;
use settings::config::{Given, Traces, load};

/// A cell of a built-in scenario with these settings, of half a second.
fn cell(name: &str, settings: &[&str]) -> Cell {
    let short = ["measure.warm_up=0s", "measure.duration=\"500ms\""];
    let given: Vec<_> = short.iter().chain(settings).map(|text| Given::set(*text)).collect();
    let loaded = load(&[name.to_owned()], &given, &[], Traces::MayBeAbsent);
    loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0)
}

fn told(cell: &Cell) -> Option<PlainLoop> {
    measure(cell).unwrap_or_else(|error| panic!("{}: {error}", cell.name))
}

#[track_caller]
fn check(name: &str, settings: &[&str]) {
    let plain = told(&cell(name, settings)).expect("there is a loop for it");
    assert!(plain.ns_per_event > 0.0 && plain.answers > 0 && plain.events > 0, "{plain:?}");
}

#[test]
fn the_loop_gives_the_answers_of_the_reference_whatever_is_asked() {
    check("identity", &["rate=20k/s"]);
    check("identity", &["rate=2k/s", "source.synthetic.payload=\"256B\""]);
    check("word-count", &["rate=5k/s", "source.words.event_time_per_second=\"20s\""]);
    check("hour-by-second", &["rate=4k/s", "source.synthetic.event_time_per_second=\"20000s\""]);
    for window in ["size=1s slide=1s", "size=1s slide=100ms", "size=5s slide=2s"] {
        let window: Vec<String> =
            window.split(' ').map(|setting| format!("query.window.{setting}")).collect();
        for aggregates in ["[\"count\", \"sum\"]", "[\"min\", \"max\", \"mean\"]"] {
            for keyed in ["true", "false"] {
                let of = format!("query.window.aggregates={aggregates}");
                let keyed = format!("query.window.keyed={keyed}");
                let mut settings = vec![
                    "rate=20k/s",
                    "source.synthetic.event_time_per_second=\"20s\"",
                    &of,
                    &keyed,
                ];
                settings.extend(window.iter().map(String::as_str));
                check("keyed-window", &settings);
            }
        }
    }
}

#[test]
fn what_comes_late_is_late_for_the_loop_as_well() {
    let disorder = "source.synthetic.disorder={ fraction = 0.5, delay = { uniform = { low = \"0s\", high = \"3s\" } } }";
    for slide in ["query.window.slide=1s", "query.window.slide=100ms", "query.window.slide=300ms"] {
        for watermark in ["query.window.watermark=0s", "query.window.watermark=1s"] {
            let time = "source.synthetic.event_time_per_second=\"20s\"";
            check("keyed-window", &["rate=20k/s", time, disorder, slide, watermark]);
        }
    }
}

#[test]
fn there_is_no_loop_for_what_nobody_would_write_like_that() {
    let none = |settings: &[&str]| assert_eq!(told(&cell("keyed-window", settings)), None);
    none(&["rate=1k/s", "query.window.allowed_lateness=1s"]);
    none(&["rate=1k/s", "query.window.size=10s", "query.window.aggregates=[\"max\"]"]);
}

/// Leaves out the last answer.
struct Wrong;

impl<E: Data> Pass<E, E> for Wrong {
    fn go(&self, chunks: &[Chunk<E>], hear: &mut impl FnMut(Stamped<E>)) -> Option<()> {
        let all = chunks.iter().map(|chunk| chunk.records.len()).sum::<usize>();
        let records = chunks.iter().flat_map(|chunk| chunk.records.iter());
        records.take(all - 1).cloned().for_each(hear);
        Some(())
    }
}

#[test]
fn a_loop_that_answers_otherwise_is_a_fault() {
    let cell = cell("identity", &["rate=2k/s"]);
    let Ok(Opened::Keyed(case)) = programs::open(&cell.case, cell.seed) else { panic!("keyed") };
    let error = timed(&case, &cell, &Wrong).unwrap_err();
    assert!(matches!(error, PlainError::Wrong { given: 999, expected: 1_000 }), "{error}");
}

#[test]
fn of_a_long_input_it_reads_the_beginning() {
    let cell = cell("identity", &["rate=20M/s"]);
    let plain = told(&cell).unwrap();
    assert!(plain.events <= EVENTS_MOST && plain.events > EVENTS_MOST / 2, "{plain:?}");
}
