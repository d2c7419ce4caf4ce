//! Twins of traces that were made up from known settings: the fit finds these settings again,
//! says how close it is, and gives away nothing.

use crate::left_out::left_out_anywhere;
use crate::support::program;
use engines::Timestamp;
use reports::record::VerdictKind;
use scenarios::Workload;
use scenarios::spec::{DelaySpec, DisorderSpec, KeysSpec, SyntheticSpec, ValuesSpec, WorkloadSpec};
use scenarios::workload::{Keyed, Synthetic, skew};
use sluicebench::config::{self, Given, Sets, Traces};
use sluicebench::load::schedule::Schedule;
use sluicebench::plan::{Arrivals, Cell, Load, Plan, RateShape};
use sluicebench::studies::twin::{self, Closeness, Fit, Keys, Observed, TwinError, Values};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

const EVENTS: usize = 20_000;

fn spec() -> SyntheticSpec {
    SyntheticSpec {
        keys: KeysSpec::Zipf { count: 60, exponent: 1.2 },
        rotate_every: None,
        values: ValuesSpec::Uniform { low: -500, high: 2_500 },
        decimals: 2,
        payload_bytes: 0,
        disorder: Some(DisorderSpec {
            fraction: 0.3,
            delay: DelaySpec::Exponential { mean_us: 5_000_000 },
            cap_us: None,
        }),
        silence: None,
        event_us_per_second: 1_000_000,
        origin: Timestamp::from_micros(1_000_000_000_000_000),
    }
}

fn poisson() -> (RateShape, Arrivals) {
    (RateShape::Constant { per_second: 20.0 }, Arrivals::Poisson)
}

/// A trace of made-up events, and a scenario that asks something of it.
#[track_caller]
fn trace_of(
    folder: &Path,
    spec: &SyntheticSpec,
    (rate, arrivals): &(RateShape, Arrivals),
    events: usize,
) -> Cell {
    let workload = Synthetic::<Keyed>::new(spec, 7);
    let clock = workload.arrival_clock();
    let mut text = String::from("arrived,happened,who,how_much\n");
    let schedule = Schedule::of(rate, arrivals, 7, Duration::MAX);
    for (n, arrival) in (0..).zip(schedule.dues(|_| None)).take(events) {
        let event = workload.event(n, arrival.sent);
        let who = skew::rank_of(event.value.key);
        let (arrived, happened) = (clock.at(arrival.due), event.event_time);
        let cells = workload.cells(&event);
        let how_much = &cells[1];
        let (arrived, happened) = (arrived.as_micros(), happened.as_micros());
        let _ = writeln!(text, "{arrived},{happened},secret-{who},{how_much}");
    }
    std::fs::write(folder.join("trace.csv"), text).unwrap();
    let file = folder.join("scenario.toml");
    std::fs::write(
        &file,
        "name = \"mine\"\ntitle = \"A question\"\n[source.trace]\npath = \"trace.csv\"\n\
         arrival = \"arrived\"\nevent_time = \"happened\"\nkey = \"who\"\nvalue = \"how_much\"\n\
         speed = 100\n[query.window]\nsize = \"1min\"\naggregates = [\"count\", \"sum\"]\n\
         watermark = \"10s\"\n[measure]\nwarm_up = \"0s\"\nduration = \"3s\"\n",
    )
    .unwrap();
    let names = [file.to_str().unwrap().to_owned()];
    let loaded = config::load(&names, &[], &[], Traces::MustExist);
    loaded.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0)
}

fn seen(cell: &Cell) -> Observed {
    let WorkloadSpec::Trace(spec) = &cell.case.workload else { panic!("a trace") };
    let spec = scenarios::spec::TraceSpec { speed: 1.0, ..spec.clone() };
    Observed::of_trace(&scenarios::workload::Trace::load(&spec).unwrap())
}

#[track_caller]
fn all_close(twin: &twin::Twin) {
    for property in &twin.properties {
        assert_eq!(property.closeness, Closeness::Close, "{}", property.sentence());
    }
}

#[test]
fn the_fit_finds_the_settings_that_the_trace_was_made_from() {
    let folder = tempfile::tempdir().unwrap();
    let cell = trace_of(folder.path(), &spec(), &poisson(), EVENTS);
    let fit = Fit::of(&seen(&cell), 100.0);
    let Keys::Zipf { count, exponent } = fit.keys else { panic!("{:?}", fit.keys) };
    assert_eq!(count, 60);
    assert!((exponent - 1.2).abs() < 0.03, "{exponent}");
    assert_eq!((fit.rhythm.rates.len(), fit.gaps), (1, None), "even, and independent");
    assert!((fit.rhythm.mean_per_s() - 20.0).abs() < 0.5, "{}", fit.rhythm.mean_per_s());
    let (fraction, delays) = fit.delays.unwrap();
    assert!((fraction - 0.3).abs() < 0.015, "{fraction}");
    // The median of an exponential distribution is ln 2 of its mean.
    let median = delays[delays.len() / 2] as f64;
    assert!((median / 5e6 - std::f64::consts::LN_2).abs() < 0.05, "{median}");
    let Values::Quantiles(values) = fit.values else { panic!("{:?}", fit.values) };
    assert!(values.is_sorted());
    assert!((values[values.len() / 2] - 1_000).abs() < 50, "{values:?}");
}

#[test]
fn a_twin_is_close_runs_right_on_both_engines_and_gives_away_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let cell = trace_of(folder.path(), &spec(), &poisson(), EVENTS);
    let twin = twin::twin(&cell, None).unwrap();
    all_close(&twin);
    let names: Vec<_> = twin.properties.iter().map(|property| property.name).collect();
    assert_eq!(names, ["gaps", "rhythm", "counts", "keys", "delays", "values"]);
    for secret in ["secret", "trace.csv", "arrived", "how_much", "who"] {
        assert!(!twin.text.contains(&format!("{secret}\"")), "{secret} in\n{}", twin.text);
    }
    assert!(!twin.text.contains("secret"), "{}", twin.text);
    let made = config::of_text(&twin.text).unwrap_or_else(|rejected| panic!("{rejected}"));
    assert_eq!((made.name.as_str(), &made.case.query), ("mine-twin", &cell.case.query));
    assert_eq!((&made.engines, made.measure), (&cell.engines, cell.measure));
    assert_eq!(made.watermark_bound_us, cell.watermark_bound_us);

    let out = folder.path().join("run");
    let plan = Plan { keep_results: false, ..crate::support::plan(vec![made], &out) };
    let outcome = crate::support::run_here(&plan, &Arc::new(AtomicBool::new(false))).unwrap();
    for engine in &outcome.record.cells[0].engines {
        let verdict = &engine.repetitions[0].verdict;
        assert_eq!(verdict.kind, VerdictKind::Verified, "{}: {}", engine.label, verdict.text);
    }
}

#[test]
fn a_twin_of_a_twin_is_close_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let bursty = Arrivals::Gaps { quantiles: vec![0.1, 0.2, 0.2, 0.3, 1.0, 9.0], together: 0.4 };
    let rate = RateShape::Constant { per_second: 20.0 };
    let cell = trace_of(folder.path(), &spec(), &(rate, bursty), EVENTS);
    let first = twin::twin(&cell, None).unwrap();
    all_close(&first);
    let made = config::of_text(&first.text).unwrap();
    let (WorkloadSpec::Synthetic(spec), Load::Synthetic { rate, arrivals }) =
        (&made.case.workload, &made.load)
    else {
        panic!("a twin is made up")
    };
    let Arrivals::Gaps { together, .. } = arrivals else { panic!("{arrivals:?}") };
    assert!((together - 0.4).abs() < 0.02, "{together}");
    let origin = Timestamp::from_micros(1_000_000_000_000_000);
    let spec = SyntheticSpec { origin, ..spec.clone() };
    let again = trace_of(folder.path(), &spec, &(rate.clone(), arrivals.clone()), EVENTS);
    all_close(&twin::twin(&again, None).unwrap());
}

#[test]
fn a_daily_rhythm_is_found_and_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let day = Duration::from_hours(24);
    let mut weights = vec![0.0; 6];
    weights.extend([1.0, 3.0, 5.0, 4.0, 5.0, 6.0, 4.0, 4.0, 4.0, 5.0, 7.0, 8.0]);
    weights.extend([6.0, 3.0, 2.0, 1.0, 1.0, 0.5]);
    let rate = RateShape::Profile { mean: 0.02, weights: weights.clone(), period: day };
    let cell = trace_of(folder.path(), &spec(), &(rate, Arrivals::Poisson), EVENTS);
    let fit = Fit::of(&seen(&cell), 100.0);
    assert_eq!((fit.rhythm.what, fit.rhythm.rates.len()), ("a day", 48));
    // The trace starts with its first event, which comes a little after six.
    let night: f64 = fit.rhythm.rates[37..47].iter().sum();
    let all: f64 = fit.rhythm.rates.iter().sum();
    assert!(night < 0.02 * all, "{:?}", fit.rhythm.rates);
    all_close(&twin::twin(&cell, None).unwrap());
}

#[test]
fn what_no_law_fits_is_taken_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut weights = vec![50.0; 10];
    weights.extend([1.0; 30]);
    let keys = KeysSpec::Weights { ranks: (1..=40).collect(), weights };
    let cell = trace_of(folder.path(), &SyntheticSpec { keys, ..spec() }, &poisson(), EVENTS);
    let fit = Fit::of(&seen(&cell), 100.0);
    let Keys::Weights(weights) = &fit.keys else { panic!("{:?}", fit.keys) };
    assert_eq!((weights[0].0, weights.last().unwrap().0), (1, 40));
    all_close(&twin::twin(&cell, None).unwrap());
}

#[test]
fn a_trace_without_variety_has_a_twin_as_plain_as_itself() {
    let folder = tempfile::tempdir().unwrap();
    let plain = SyntheticSpec {
        keys: KeysSpec::Uniform { count: 1 },
        values: ValuesSpec::Constant(500),
        disorder: None,
        ..spec()
    };
    let even = (RateShape::Constant { per_second: 20.0 }, Arrivals::Even);
    let cell = trace_of(folder.path(), &plain, &even, 500);
    let twin = twin::twin(&cell, None).unwrap();
    all_close(&twin);
    assert!(twin.text.contains("values = { constant = 500 }"), "{}", twin.text);
    assert!(twin.text.contains("keys = { uniform = { count = 1 } }"), "{}", twin.text);
    assert!(!twin.text.contains("disorder"), "{}", twin.text);
    assert!(twin.properties.iter().all(|property| property.name != "keys"), "one key has no rank");
}

#[test]
fn what_is_no_trace_or_too_little_of_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let short = trace_of(folder.path(), &spec(), &poisson(), 99);
    assert!(matches!(twin::twin(&short, None), Err(TwinError::TooShort { events: 99 })));
    let at_once = (
        RateShape::Outage {
            rate: 50.0,
            at: Duration::ZERO,
            lasts: Duration::from_mins(1),
            catch_up: None,
        },
        Arrivals::Even,
    );
    let at_once = trace_of(folder.path(), &spec(), &at_once, 200);
    assert!(matches!(twin::twin(&at_once, None), Err(TwinError::AtOnce { events: 200 })));
    let loaded = config::load(&["keyed-window".into()], &[], &[], Traces::MustExist).unwrap();
    assert!(matches!(twin::twin(&loaded.cells[0], None), Err(TwinError::NoTrace { .. })));
    let gone = trace_of(folder.path(), &spec(), &poisson(), 200);
    std::fs::remove_file(folder.path().join("trace.csv")).unwrap();
    assert!(matches!(twin::twin(&gone, None), Err(TwinError::Trace(_))));
}

/// Exit code, results and complaints.
#[track_caller]
fn said(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let said = program::said(folder, arguments);
    (said.exit, said.results, said.complaints)
}

#[test]
fn the_command_writes_a_file_that_validates_and_says_how_close_it_is() {
    let folder = tempfile::tempdir().unwrap();
    trace_of(folder.path(), &spec(), &poisson(), 2_000);
    let twin = ["twin", "scenario.toml", "--out", "twin.toml"];
    let (exit, report, complaints) = said(folder.path(), &twin);
    assert_eq!((exit, complaints.as_str()), (0, ""), "{report}");
    assert!(report.contains("  keys     close    D 0.0"), "{report}");
    assert!(report.ends_with("Next: sluicebench run twin.toml\n"), "{report}");
    assert_eq!(said(folder.path(), &["validate", "twin.toml"]).0, 0);

    assert!(report.contains("micro-batch: trace p50 "), "{report}");
    assert!(report.contains("per-event: trace p50 "), "{report}");

    // Twice as fast as the trace at its speed, and the same for the rest.
    let faster = ["twin", "scenario.toml", "--rate", "4k/s", "--out", "faster.toml"];
    let (exit, faster, complaints) = said(folder.path(), &faster);
    assert_eq!(exit, 0, "{complaints}");
    assert_eq!(faster.replace("faster.toml", "twin.toml"), report);
    let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let rate = |text: &str| config::of_text(text).unwrap().load;
    let Load::Synthetic { rate: RateShape::Constant { per_second }, .. } =
        rate(&text("faster.toml"))
    else {
        panic!("{}", text("faster.toml"))
    };
    assert!((per_second - 4_000.0).abs() < 1e-6, "{per_second}");
    let without_rate = |name: &str| {
        text(name)
            .lines()
            .filter(|line| !line.starts_with("rate = "))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(without_rate("faster.toml"), without_rate("twin.toml"));

    let (exit, _, complaints) = said(folder.path(), &twin);
    assert_eq!(exit, 2);
    assert!(complaints.contains("error[twin::file]: `twin.toml` is there already"));
    let (exit, file, report) = said(folder.path(), &["twin", "scenario.toml"]);
    assert_eq!(
        (exit, file),
        (0, std::fs::read_to_string(folder.path().join("twin.toml")).unwrap())
    );
    assert!(report.contains("gaps"), "{report}");
    let (exit, answer, _) = said(folder.path(), &["twin", "scenario.toml", "--format", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((exit, &answer["events"]), (0, &serde_json::json!(2_000)));
    assert_eq!(answer["properties"][3]["closeness"], "close");
    assert_eq!(answer["event_latency_simulated"][0]["engine"], "micro-batch");

    let (exit, _, complaints) = said(folder.path(), &["twin", "keyed-window"]);
    assert_eq!(exit, 2);
    assert!(
        complaints.contains("error[twin::no_trace]: `keyed-window` has no trace"),
        "{complaints}"
    );
    let (exit, _, complaints) = said(folder.path(), &["twin", "quick"]);
    assert_eq!(exit, 2, "{complaints}");
}

/// Who has the recorded traces themselves says so with `SLUICEBENCH_DATA`, the folder they are in.
#[test]
fn the_recorded_traces_have_twins_where_they_are_at_hand() {
    let Some(data) = std::env::var_os("SLUICEBENCH_DATA").map(PathBuf::from) else {
        return left_out_anywhere("twins of the recorded traces: SLUICEBENCH_DATA names no folder");
    };
    for (name, file) in [("flight-departures", "flights.csv"), ("retail-revenue", "retail.csv.gz")]
    {
        let text = format!("source.trace.path={}", data.join(file).display());
        let path = Given { from: "command line", prefix: "--set ".into(), sets: Sets::Any, text };
        let loaded = config::load(&[name.into()], &[path], &[], Traces::MustExist).unwrap();
        let twin = twin::twin(&loaded.cells[0], None).unwrap();
        for property in &twin.properties {
            assert_ne!(property.closeness, Closeness::Not, "{name}: {}", property.sentence());
        }
    }
}
