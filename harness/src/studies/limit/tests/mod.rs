//! Searches on engines that are made up, whose truth is known.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "made-up counts are positive and far below 2^53"
)]

mod floors;
mod made_up;
mod searches;
mod remembering;

use super::probe::{Lack, Slo, Terms};
use super::*;
use instrument::bench::Draining;
use made_up::{MadeUp, Noise, noisy, queue};
use remembering::{Backlog, chances};
use reports::record::VerdictKind;
use reports::record::study::{LimitOutcome, Probe, ProbeOutcome};
use scenarios::spec::WorkloadSpec;
use searches::{MICRO_BATCH, PER_EVENT, cell, found, off_by, options, resumed, service_rates};
use settings::config;
use settings::plan::Cell;
use settings::plan::settings::Typed;
use std::time::Duration;

/// The same with another interval.
fn batches_of(interval: Duration, seed: u64) -> Cell {
    let interval = ("engine.micro-batch.interval", Typed::RunTime(interval));
    cell(seed).altered(&[interval]).unwrap()
}

#[test]
fn the_service_rate_of_a_queue_is_found() {
    // `cargo bench` searches hundreds of them.
    for engine in [PER_EVENT, MICRO_BATCH] {
        let off = service_rates(engine, 1..=40);
        let within = off.iter().filter(|off| **off <= 0.05).count();
        let worst = off.iter().copied().fold(0.0, f64::max);
        // A probe is six times shorter here than the method demands, so that now and then a tail
        // that only trembles passes for one that grows.
        assert!(within >= 38, "engine {engine}: {within} of 40 within 5 %");
        assert!(worst <= 0.10, "engine {engine}: the worst is off by {worst}");
    }
}

#[test]
fn a_backlog_that_remembers_is_neither_failed_nor_passed_by_chance() {
    for memory_s in [5.0, 20.0] {
        for deviation_s in [0.02, 0.1, 0.5] {
            let of = |growth| Backlog { memory_s, deviation_s, growth };
            let even = chances(0..150, |seed, length_s| of(0.0).looks(seed, length_s));
            assert!(even.fails <= 8, "{memory_s} s, {deviation_s} s: {even:?}");
            let growing = chances(0..150, |seed, length_s| of(0.015).looks(seed, length_s));
            assert!(growing.passes <= 8, "{memory_s} s, {deviation_s} s: {growing:?}");
            if deviation_s < 0.05 {
                assert!(even.passes >= 140 && growing.fails >= 140, "{even:?} {growing:?}");
            }
        }
    }
}

#[test]
fn teeth_that_are_nearly_as_long_as_a_probe_are_no_growth() {
    for rise in [0.02, 0.05] {
        let teeth =
            chances(0..150, |seed, length_s| remembering::teeth(seed, length_s, 50.0, rise));
        assert!(teeth.fails <= 8, "{rise}: {teeth:?}");
    }
}

#[test]
fn every_probe_has_an_input_of_its_own() {
    let mut made_up = noisy(50_000.0);
    found(&mut made_up, &cell(42), PER_EVENT, &options());
    let mut seeds = made_up.seeds.clone();
    seeds.sort_unstable();
    seeds.dedup();
    assert_eq!(seeds.len(), made_up.seeds.len());
}

#[test]
fn an_input_takes_a_gibibyte_where_nobody_says_how_much_and_its_events_can_come_again() {
    let of = |changes: &[(&str, Typed)]| {
        let mut made_up = noisy(50_000.0);
        found(&mut made_up, &cell(42).altered(changes).unwrap(), PER_EVENT, &options());
        made_up.input_memory.dedup();
        made_up.input_memory
    };
    assert_eq!(of(&[]), [Some(1 << 30)]);
    assert_eq!(of(&[("measure.input_memory", Typed::Size(64 << 20))]), [Some(64 << 20)]);
    let rotate =
        ("source.synthetic.keys.zipf.rotate_every", Typed::RunTime(Duration::from_secs(1)));
    assert_eq!(of(&[rotate]), [None], "its keys change with the time");
}

#[test]
fn a_service_of_two_speeds_is_found_at_its_mean() {
    // Fast and slow by turns of 50 ms, as an engine is that cleans up behind itself.
    for seed in 1..=20 {
        let mut made_up = queue(|now, noise| {
            let is_fast = ((now * 20.0) as u64).is_multiple_of(2);
            let rate = if is_fast { 80e3 } else { 40e3 };
            rate * (1.0 + 0.1 * noise.normal())
        });
        let limit = found(&mut made_up, &cell(seed), PER_EVENT, &options());
        assert!(off_by(&limit, 60e3) <= 0.05, "seed {seed}: {}", limit.text);
    }
}

#[test]
fn an_engine_that_slows_down_is_not_credited_with_its_start() {
    // It starts at 100,000 per second and loses a tenth of that in each ten seconds.
    for seed in 1..=20 {
        let slower = |now: f64, noise: &mut Noise| {
            100e3 * (1.0 - 0.01 * now).max(0.1) * (1.0 + 0.1 * noise.normal())
        };
        let limit = found(&mut queue(slower), &cell(seed), PER_EVENT, &options());
        // After 11 s, which is when a probe ends, it has 89,000 left.
        let pass = limit.pass_per_s.unwrap();
        assert!(pass < 90e3, "seed {seed}: {}", limit.text);
    }
}

#[test]
fn a_saw_tooth_that_beats_with_the_clock_is_no_growth() {
    // Batches of 90 ms against looks of 100 ms; at 60 % of what it can serve.
    let cell = batches_of(Duration::from_millis(90), 7);
    let limit = found(&mut noisy(100e3), &cell, MICRO_BATCH, &options());
    assert!(off_by(&limit, 100e3) <= 0.05, "{}", limit.text);
}

#[test]
fn a_short_spike_is_allowed() {
    // Half a second of nothing, once, in the middle third of a minute.
    let spiky = |now: f64, noise: &mut Noise| {
        if (30.0..30.5).contains(&now) { 0.0 } else { 100e3 * (1.0 + 0.1 * noise.normal()) }
    };
    let options = Options { window: None, ..options() };
    let limit = found(&mut queue(spiky), &cell(3), PER_EVENT, &options);
    assert!(off_by(&limit, 100e3) <= 0.05, "{}", limit.text);
    assert!(!limit.text.contains("shorter than"), "{}", limit.text);
}

#[test]
fn an_engine_with_wrong_answers_sustains_nothing() {
    let mut made_up = MadeUp { is_wrong: true, ..noisy(100e3) };
    let limit = found(&mut made_up, &cell(3), PER_EVENT, &options());
    assert_eq!((limit.outcome, limit.pass_per_s), (LimitOutcome::Unknown, None));
    assert!(limit.text.contains("not even 1.00/s is sustained"), "{}", limit.text);
    assert!(limit.text.contains("answers differ"), "{}", limit.text);
}

#[test]
fn a_load_that_cannot_be_held_makes_it_at_least() {
    let mut made_up = MadeUp { generator: 70e3, ..noisy(1e9) };
    let limit = found(&mut made_up, &cell(3), PER_EVENT, &options());
    assert_eq!(limit.outcome, LimitOutcome::AtLeast, "{}", limit.text);
    assert!((70e3 / 1.05..=70e3).contains(&limit.pass_per_s.unwrap()), "{}", limit.text);
    assert!(
        limit.text.contains("could not be offered: the input itself was late"),
        "{}",
        limit.text
    );
}

#[test]
fn a_demand_on_the_latency_lowers_the_limit() {
    let slow = |rate: f64| queue(move |_, _| rate);
    // A batch of 100 ms is served in 100 ms × rate / 100,000 behind its close; the demand of
    // 150 ms leaves half of it.
    let slo = Some(Slo::read("p99=150ms").unwrap());
    let limit = found(&mut slow(100e3), &cell(3), MICRO_BATCH, &Options { slo, ..options() });
    assert!(off_by(&limit, 50e3) <= 0.05, "{}", limit.text);
    assert!(limit.text.contains("p99 of at most 150 ms was demanded"), "{}", limit.text);
    let slo = Some(Slo::read("p99=1ms").unwrap());
    // What a batch outlasts in any case is not probed.
    let mut made_up = slow(100e3);
    let limit = found(&mut made_up, &cell(3), MICRO_BATCH, &Options { slo, ..options() });
    assert!(limit.text.starts_with("sustains no rate (not searched"), "{}", limit.text);
    assert_eq!((limit.outcome, made_up.ordered.len()), (LimitOutcome::Unknown, 0));
}

#[test]
fn a_search_that_was_interrupted_goes_on_where_it_was() {
    let whole = found(&mut noisy(50e3), &cell(9), PER_EVENT, &options());
    for most in 0..whole.probes.len() {
        let cell = cell(9);
        let part = resumed(&mut noisy(50e3), &cell, PER_EVENT, &options(), None, most);
        assert_eq!((part.outcome, part.probes.len()), (LimitOutcome::Unknown, most));
        assert!(part.text.contains("interrupted; go on with --resume"), "{}", part.text);
        let mut made_up = noisy(50e3);
        let rest = resumed(&mut made_up, &cell, PER_EVENT, &options(), Some(&part), usize::MAX);
        // What was not measured is not a number, and so not equal to itself.
        assert_eq!(format!("{rest:?}"), format!("{whole:?}"), "after {most} probes");
    }
}

#[test]
fn a_search_ends_with_its_time_and_says_so() {
    let options = Options { budget: Duration::from_secs(40), ..options() };
    let mut made_up = noisy(50e3);
    let limit = found(&mut made_up, &cell(9), PER_EVENT, &options);
    assert_eq!(limit.outcome, LimitOutcome::Unknown);
    assert_eq!(limit.probes.len(), 3, "12 s each");
    assert!(limit.text.contains("the 40s allowed are over"), "{}", limit.text);
    assert!(limit.pass_per_s.is_some(), "what was seen is told: {}", limit.text);
    assert!(limit.text.contains("go on with --resume"), "{}", limit.text);
    // What cannot be gone on with is not said to be.
    let options = Options { may_go_on: false, ..options };
    let limit = found(&mut noisy(50e3), &cell(9), PER_EVENT, &options);
    assert!(limit.text.contains("allow more with --budget"), "{}", limit.text);
    assert!(!limit.text.contains("--resume"), "{}", limit.text);
}

#[test]
fn the_window_is_that_of_the_method_and_a_shorter_one_is_named() {
    let cell = batches_of(Duration::from_secs(5), 9);
    assert_eq!(window_demanded(&cell.engines[PER_EVENT].kind), Duration::from_mins(1));
    assert_eq!(window_demanded(&cell.engines[MICRO_BATCH].kind), Duration::from_secs(100));
    let limit = found(&mut noisy(50e3), &cell, PER_EVENT, &options());
    assert!(
        limit.text.contains("a probe measured 10s, shorter than the 1min that the method demands"),
        "{}",
        limit.text
    );
}

#[test]
fn an_engine_that_is_far_behind_is_not_watched_to_the_end() {
    let mut made_up = noisy(1_000.0);
    let limit = found(&mut made_up, &cell(9), PER_EVENT, &options());
    assert!(limit.probes[0].reason.contains("of the load waited after"), "{:?}", limit.probes[0]);
    assert_eq!(limit.probes[0].outcome, ProbeOutcome::Fail);
}

#[test]
fn what_is_in_doubt_is_looked_at_for_longer() {
    // Just above what is sustained: by less than a hundredth.
    let mut made_up = queue(|_, noise| 10_060.0 * (1.0 + 0.3 * noise.normal()));
    let limit = found(&mut made_up, &cell(9), PER_EVENT, &options());
    let lengths: Vec<u64> = made_up.ordered.iter().map(|(_, length)| *length as u64).collect();
    assert!(lengths.contains(&20), "{lengths:?}");
    assert!(lengths.iter().all(|length| [10, 20, 40].contains(length)), "{lengths:?}");
    let longest = limit.probes.iter().map(|probe| probe.window_s as u64).max();
    assert!(longest >= Some(20), "the record says how long: {longest:?}");
}

#[test]
fn a_longer_look_that_cannot_be_offered_leaves_the_shorter_one_as_it_is() {
    let mut longer_looks = 0;
    for seed in 0..10 {
        let mut made_up = queue(|_, noise| 10_060.0 * (1.0 + 0.5 * noise.normal()));
        // Any level fits for the length of a look, and none for twice as long.
        let options = Options { most: Some(12e3), least: Some(8e3), ..options() };
        made_up.memory = 12e3 * 11.0;
        let limit = found(&mut made_up, &cell(seed), PER_EVENT, &options);
        longer_looks += made_up.ordered.iter().filter(|(_, length)| *length > 10.0).count();
        let not_offered = |probe: &&Probe| probe.outcome == ProbeOutcome::NotOffered;
        assert_eq!(limit.probes.iter().find(not_offered), None, "{}", limit.text);
    }
    assert!(longer_looks > 0, "none was in doubt");
}

#[test]
fn a_search_with_other_settings_is_told_apart() {
    let cell = cell(9);
    let limit = found(&mut noisy(50e3), &cell, PER_EVENT, &options());
    let refused = |cell: &Cell, options: &Options| {
        let searched = Searched::of(cell).unwrap();
        let subject = Subject { cell, engine: PER_EVENT, searched, options };
        subject.resumed(&limit).map(|_| ()).map_err(|error| error.why)
    };
    assert_eq!(refused(&cell, &options()), Ok(()));
    let longer = Options { window: None, ..options() };
    assert_eq!(refused(&cell, &longer).unwrap_err(), "a window of 10.0 s, now 60.0 s");
    let demanding = Options { slo: Some(Slo::read("max=1s").unwrap()), ..options() };
    assert_eq!(refused(&cell, &demanding).unwrap_err(), "another --slo");
    let precise = Options { precision: PRECISION_FINE, ..options() };
    assert_eq!(refused(&cell, &precise).unwrap_err(), "with and without --precise");
    let faster = cell.altered(&[("rate", Typed::Rate(15e3))]).unwrap();
    assert!(refused(&faster, &options()).unwrap_err().contains("probe 1 is not the one"));
}

#[track_caller]
fn judged(change: impl FnOnce(&mut reports::record::Repetition), want: ProbeOutcome, doubt: bool) {
    let mut repetition = remembering::sound();
    change(&mut repetition);
    let terms = Terms {
        interval: None,
        draining: Draining::Within(Duration::from_secs(2)),
        slo: Some(Slo::read("p99=60ms").unwrap()),
    };
    let judgement = terms.judge(&repetition);
    assert_eq!((judgement.outcome, judgement.in_doubt), (want, doubt), "{}", judgement.reason);
}

#[test]
fn each_condition_decides() {
    use ProbeOutcome::{Fail, NotOffered, Pass, Unknown};
    judged(|_| (), Pass, false);
    // (a) the backlog
    judged(|r| r.throughput.backlog_slope = Some((0.002, 0.02)), Unknown, true);
    judged(|r| r.throughput.backlog_slope = Some((0.011, 0.02)), Fail, false);
    judged(|r| r.throughput.backlog_slope = None, Unknown, true);
    // (b) the tail; how it was in the first third is of no interest
    judged(|r| r.p99_ns_thirds = Some([1, 50, 55]), Pass, false);
    judged(|r| r.p99_ns_thirds = Some([90_000_000, 50_000_000, 56_000_000]), Fail, true);
    judged(|r| r.p99_ns_thirds = Some([0, 50_000, 1_050_001]), Fail, true);
    judged(|r| r.p99_ns_thirds = Some([0, 50_000, 1_050_000]), Pass, false);
    judged(|r| r.p99_ns_thirds = None, Unknown, true);
    // (c) what is left
    judged(|r| r.throughput.drain_s = 2.1, Fail, false);
    // (d) the demand
    let slower = |r: &mut reports::record::Repetition| {
        r.result_latency.as_mut().unwrap().p99_ns = 61_000_000;
    };
    judged(slower, Fail, false);
    judged(|r| r.result_latency = None, Unknown, true);
    // (e) the load, (f) the answers
    judged(|r| r.verdict.kind = VerdictKind::LoadNotHeld, NotOffered, false);
    judged(|r| r.verdict.kind = VerdictKind::Differs, Fail, false);
    judged(|r| r.verdict.kind = VerdictKind::Failed, Fail, false);
    judged(|r| r.verdict.kind = VerdictKind::Interrupted, Unknown, false);
    // One that fails decides, whatever is in doubt beside it.
    judged(
        |r| {
            r.throughput.backlog_slope = None;
            r.throughput.drain_s = 9.0;
        },
        Fail,
        false,
    );
}

#[test]
fn a_demand_is_read_or_refused_with_a_remedy() {
    let slo = |text| Slo::read(text).map(|slo| slo.to_string());
    assert_eq!(slo("p99=100ms").unwrap(), "p99 of at most 100 ms");
    assert_eq!(slo(" p99.9 = 2s").unwrap(), "p99.9 of at most 2.00 s");
    assert_eq!(slo("max=1min").unwrap(), "max of at most 60.0 s");
    assert!(slo("max=30days").is_ok());
    for (text, want) in [
        ("fast", "`fast` is no demand on the latency"),
        ("p98=1s", "`p98` is no quantile that a run reports"),
        ("p99=100", "a duration needs a unit"),
        ("p99=soon", "`soon` is not a duration"),
        ("p99=0s", "no answer takes no time at all"),
        ("p99=105days", "longer than a month"),
        ("p99=9999h", "longer than a month"),
    ] {
        let (what, remedy) = slo(text).unwrap_err();
        assert_eq!(what, want);
        assert!(!remedy.is_empty());
    }
}

#[test]
fn a_search_that_lacks_answers_asks_for_a_longer_window_and_not_for_half_the_rate() {
    let slo = Some(Slo { quantile: 0.99, most_ns: 1_000_000_000 });
    // So few events a second that the made-up engine answers none within a probe.
    let options = Options { slo, least: Some(1.0), most: Some(5.0), ..options() };
    let limit = found(&mut noisy(50_000.0), &cell(1), PER_EVENT, &options);
    assert_eq!(limit.outcome, LimitOutcome::Unknown);
    assert_eq!(limit.probes.len(), 1, "{:?}", limit.probes);
    assert!(limit.text.contains("--window"), "{}", limit.text);

    let cell = cell(1);
    let rate = Searched::of(&cell).expect("a constant rate");
    let subject = Subject { cell: &cell, engine: PER_EVENT, searched: rate, options: &options };
    let lack = Lack { have: 400, needed: 1000 };
    let told = subject.too_few(&limit.probes[0], lack);
    // The probe measured 40 s: ten a second, so a hundred seconds and some more.
    assert!(told.ends_with("so measure longer, such as --window 120s"), "{told}");
    // A trace of 50 s has no more than 500 of them, however fast it is played.
    let searched = Searched::Speed { start: 1.0, rate_per_s: 5.0, length_s: 50.0 };
    let subject = Subject { cell: &cell, engine: PER_EVENT, searched, options: &options };
    let probe = Probe { speed: Some(1.0), ..limit.probes[0].clone() };
    let told = subject.too_few(&probe, lack);
    assert!(
        told.contains("all of the trace has about 500") && !told.contains("--window"),
        "{told}"
    );
}

/// Microseconds of event time in a second of the run that probes of this cell would have, at twice its
/// rate.
fn us_per_second(settings: &[&str]) -> i64 {
    let given: Vec<_> = settings.iter().map(|text| config::Given::set(*text)).collect();
    let named = ["hour-by-second".to_owned()];
    let cell = config::load(&named, &given, &[], config::Traces::MayBeAbsent);
    let cell = cell.unwrap_or_else(|rejected| panic!("{rejected}")).cells.swap_remove(0);
    let (searched, options) = (Searched::of(&cell).unwrap(), options());
    let subject = Subject { cell: &cell, engine: PER_EVENT, searched, options: &options };
    let probe = cell.altered(&subject.changes(searched.start() * 2.0, Duration::from_mins(1)));
    match probe.unwrap_or_else(|rejected| panic!("{rejected}")).case.workload {
        WorkloadSpec::Synthetic(made) => made.event_us_per_second,
        other => panic!("{other:?}"),
    }
}

#[test]
fn event_time_goes_with_the_rate_but_where_windows_are_batches_of_the_clock() {
    let own = 1_000_000_000;
    assert_eq!(us_per_second(&[]), own * 2);
    assert_eq!(us_per_second(&["source.synthetic.event_time_per_second=1000s"]), own);
    let batches = ["engine.micro-batch.windows=batches", "engine.micro-batch.interval=1ms"];
    assert_eq!(us_per_second(&batches), own, "of any engine of the cell");
}
