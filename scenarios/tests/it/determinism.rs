//! Same seed, same events: in any order, on any day.
//!
//! The snapshots are the first five events of each workload. They change when the generator
//! does, and then every published number is about another input: that must be a decision.

use engines::{Moment, Stamped, Timestamp};
use scenarios::catalog::{Visitor, visit};
use scenarios::spec::{
    CaseSpec, DelaySpec, DisorderSpec, KeysSpec, QuerySpec, SilenceSpec, SyntheticSpec, ValuesSpec,
    WordsSpec, WorkloadSpec,
};
use scenarios::{Scenario, Workload};
use std::fmt::Debug;
use std::time::Duration;

const DISORDER: DisorderSpec = DisorderSpec {
    fraction: 0.5,
    delay: DelaySpec::Pareto { scale_us: 50_000, shape: 1.3 },
    cap_us: Some(30_000_000),
};

fn synthetic() -> SyntheticSpec {
    SyntheticSpec {
        keys: KeysSpec::Zipf { count: 100_000, exponent: 1.1 },
        rotate_every: None,
        values: ValuesSpec::Uniform { low: -100, high: 100 },
        decimals: 0,
        payload_bytes: 0,
        disorder: Some(DISORDER),
        silence: None,
        event_us_per_second: 60_000_000,
        origin: Timestamp::from_micros(0),
    }
}

fn words() -> WordsSpec {
    WordsSpec {
        dictionary: 50_000,
        exponent: 1.0,
        words_per_line: 5,
        disorder: Some(DISORDER),
        event_us_per_second: 1_000_000,
        origin: Timestamp::from_micros(1_000_000_000_000_000),
    }
}

fn window() -> engines::WindowSpec {
    engines::WindowSpec::tumbling(1_000_000).unwrap()
}

/// The events with these numbers, as text: one every millisecond.
struct Texts<'a>(&'a [u64]);

impl Visitor for Texts<'_> {
    type Output = Vec<String>;

    fn visit<S: Scenario, W: Workload<Event = S::Event>>(self, _: S, workload: W) -> Vec<String> {
        let text = |n: &u64| {
            let event = workload.event(*n, Moment::from_nanos(n * 1_000_000));
            format!("{} {}", event.event_time.as_micros(), workload.cells(&event).join(" "))
        };
        self.0.iter().map(text).collect()
    }
}

fn texts(case: &CaseSpec, seed: u64, numbers: &[u64]) -> Vec<String> {
    visit(case, seed, Texts(numbers)).unwrap()
}

/// The case, once for each type of event.
fn cases() -> Vec<CaseSpec> {
    let padded = SyntheticSpec { payload_bytes: 256, ..synthetic() };
    let normal = ValuesSpec::Normal { mean: 0.0, deviation: 1_000.0 };
    let exponential = DelaySpec::Exponential { mean_us: 1_000 };
    let other = SyntheticSpec {
        keys: KeysSpec::Uniform { count: 1 << 40 },
        values: normal,
        disorder: Some(DisorderSpec { delay: exponential, ..DISORDER }),
        ..synthetic()
    };
    let mut cases: Vec<_> = [synthetic(), padded, other]
        .into_iter()
        .map(|spec| CaseSpec {
            workload: WorkloadSpec::Synthetic(spec),
            query: QuerySpec::Identity,
        })
        .collect();
    cases.push(CaseSpec {
        workload: WorkloadSpec::Words(words()),
        query: QuerySpec::WordCount { window: window() },
    });
    cases
}

#[test]
fn an_event_does_not_depend_on_what_was_asked_before() {
    let forwards: Vec<u64> = (0..1_000).collect();
    let backwards: Vec<u64> = (0..1_000).rev().collect();
    for case in cases() {
        let mut reversed = texts(&case, 42, &backwards);
        reversed.reverse();
        assert_eq!(texts(&case, 42, &forwards), reversed);
    }
}

#[test]
fn another_seed_is_another_input() {
    let numbers: Vec<u64> = (0..1_000).collect();
    for case in cases() {
        let (one, other) = (texts(&case, 1, &numbers), texts(&case, 2, &numbers));
        let same = one.iter().zip(&other).filter(|(one, other)| one == other).count();
        assert!(same < 20, "{same} of 1000 events are the same under two seeds");
    }
}

#[test]
fn far_away_events_exist_too() {
    for case in cases() {
        let numbers = [u64::from(u32::MAX), 1 << 40, 1 << 43];
        let far = texts(&case, 42, &numbers);
        assert_eq!(far, texts(&case, 42, &numbers));
        assert!(far[0] != far[1] && far[1] != far[2], "{far:?}");
    }
}

/// Event time and key of the first thousand events.
struct Parts;

impl Visitor for Parts {
    type Output = (Vec<Timestamp>, Vec<String>, Vec<String>);

    fn visit<S: Scenario, W: Workload<Event = S::Event>>(self, _: S, workload: W) -> Self::Output {
        let (mut times, mut keys, mut values) = (vec![], vec![], vec![]);
        for n in 0..1_000 {
            let event = workload.event(n, Moment::from_nanos(n));
            let cells = workload.cells(&event);
            times.push(event.event_time);
            keys.push(cells[0].clone());
            values.push(cells[1].clone());
        }
        (times, keys, values)
    }
}

#[test]
fn changing_one_knob_leaves_the_others_as_they_were() {
    let parts = |spec: SyntheticSpec| {
        let workload = WorkloadSpec::Synthetic(spec);
        visit(&CaseSpec { workload, query: QuerySpec::Identity }, 42, Parts).unwrap()
    };
    let (times, keys, values) = parts(synthetic());

    let other = parts(SyntheticSpec { keys: KeysSpec::Uniform { count: 9 }, ..synthetic() });
    assert_eq!((&times, &values), (&other.0, &other.2));
    assert_ne!(keys, other.1);

    let other = parts(SyntheticSpec { disorder: None, ..synthetic() });
    assert_eq!((&keys, &values), (&other.1, &other.2));
    assert_ne!(times, other.0);

    let other = parts(SyntheticSpec { payload_bytes: 256, ..synthetic() });
    assert_eq!((times, keys, values), other);
}

struct DueIsKept;

impl Visitor for DueIsKept {
    type Output = ();

    fn visit<S: Scenario, W: Workload<Event = S::Event>>(self, _: S, workload: W) {
        let due = Moment::from_nanos(2_500_000_000);
        let Stamped { due: kept, event_time, .. } = workload.event(3, due);
        assert_eq!(kept, due);
        assert!(event_time <= workload.arrival_clock().at(due));
        assert_eq!((workload.len(), workload.due(0)), (None, None));
        assert!(!workload.is_empty());
        assert_eq!(workload.columns().len(), workload.cells(&workload.event(3, due)).len());
    }
}

#[test]
fn an_event_is_due_when_the_schedule_says_and_never_from_the_future() {
    for case in cases() {
        visit(&case, 42, DueIsKept).unwrap();
    }
}

#[track_caller]
fn first_five(case: &CaseSpec) -> String {
    texts(case, 42, &[0, 1, 2, 3, 4]).join("\n")
}

#[test]
fn the_first_events_of_zipf_keys_and_pareto_delays() {
    insta::assert_snapshot!(first_five(&cases()[0]), @r#"
    0 92 -33
    60000 1 43
    120000 39912 -69
    122410 4060 -70
    184069 179 -25
    "#);
}

#[test]
fn the_first_events_of_uniform_keys_and_normal_values() {
    insta::assert_snapshot!(first_five(&cases()[2]), @r#"
    0 830398592953 -927
    60000 346082293305 533
    120000 438844181754 -1147
    178342 44651926616 -1731
    238557 892957260908 -375
    "#);
}

#[test]
fn the_first_lines_of_words() {
    insta::assert_snapshot!(first_five(&cases()[3]), @r#"
    1000000000000000 lakubo tado hadu ta safo
    1000000000001000 pa ra ta za rega
    1000000000002000 fu famo tati kara na
    999999999945410 nagifu kamo ra wu ze
    999999999948069 sa tahovi sa ravi nalebu
    "#);
}

#[test]
fn the_payload_of_the_first_event() {
    let text = texts(&cases()[1], 42, &[0]).remove(0);
    let payload = text.rsplit(' ').next().unwrap();
    assert_eq!(payload.len(), 512);
    insta::assert_snapshot!(payload[..64], @"67b93cf8c14136504f37210960e04a5fe0dfab7c825adaf46cccff4e23734277");
}

fn check_each<T: Debug>(rows: &[(T, &str)], check: impl Fn(&T) -> Result<(), String>) {
    for (row, want) in rows {
        assert_eq!(check(row).err().as_deref().unwrap_or("fine"), *want, "{row:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of rows")]
fn a_setting_out_of_range_is_named_with_its_remedy() {
    let disorder = |fraction, delay, cap_us| Some(DisorderSpec { fraction, delay, cap_us });
    let us = || DelaySpec::Constant { us: 1 };
    let spec = synthetic;
    let weights = |ranks: &[u64], weights: &[f64]| KeysSpec::Weights {
        ranks: ranks.to_vec(),
        weights: weights.to_vec(),
    };
    let silence = |share, flood| {
        let [every, lasts, flood] = [10, 2, flood].map(Duration::from_secs);
        Some(SilenceSpec { share, every, lasts, flood })
    };
    let rows = [
        (spec(), "fine"),
        (SyntheticSpec { silence: silence(0.5, 8), ..spec() }, "fine"),
        (SyntheticSpec { keys: weights(&[1, 9], &[2.0, 1.0]), ..spec() }, "fine"),
        (
            SyntheticSpec { keys: KeysSpec::Uniform { count: 0 }, ..spec() },
            "there must be at least one key",
        ),
        (
            SyntheticSpec { keys: KeysSpec::Zipf { count: 5, exponent: -0.5 }, ..spec() },
            "a Zipf exponent is 0 or more, not -0.5",
        ),
        (
            SyntheticSpec { keys: KeysSpec::Zipf { count: 5, exponent: f64::NAN }, ..spec() },
            "a Zipf exponent is 0 or more, not NaN",
        ),
        (
            SyntheticSpec { values: ValuesSpec::Uniform { low: 2, high: 1 }, ..spec() },
            "uniform values need low ≤ high, not 2 and 1",
        ),
        (
            SyntheticSpec {
                values: ValuesSpec::Normal { mean: f64::INFINITY, deviation: 1.0 },
                ..spec()
            },
            "normal values need a finite mean, not inf",
        ),
        (
            SyntheticSpec { values: ValuesSpec::Normal { mean: 0.0, deviation: -1.0 }, ..spec() },
            "normal values need a deviation of 0 or more, not -1",
        ),
        (SyntheticSpec { payload_bytes: 100, ..spec() }, "a payload has 0 or 256 bytes, not 100"),
        (
            SyntheticSpec { event_us_per_second: 0, ..spec() },
            "at least 1 µs of event time passes in a second, not 0 µs",
        ),
        (
            SyntheticSpec { origin: Timestamp::NONE, ..spec() },
            "no engine accepts an event time of -9223372036854775808 µs as origin",
        ),
        (
            SyntheticSpec { disorder: disorder(1.5, us(), None), ..spec() },
            "the fraction of delayed events is between 0 and 1, not 1.5",
        ),
        (
            SyntheticSpec { disorder: disorder(f64::NAN, us(), None), ..spec() },
            "the fraction of delayed events is between 0 and 1, not NaN",
        ),
        (
            SyntheticSpec { disorder: disorder(0.1, us(), Some(-1)), ..spec() },
            "a delay's cap is at least 0 µs, not -1 µs",
        ),
        (
            SyntheticSpec {
                disorder: disorder(0.1, DelaySpec::Exponential { mean_us: 0 }, None),
                ..spec()
            },
            "an exponential delay's mean is at least 1 µs, not 0 µs",
        ),
        (
            SyntheticSpec {
                disorder: disorder(0.1, DelaySpec::Pareto { scale_us: 1, shape: 0.0 }, None),
                ..spec()
            },
            "a Pareto delay's shape is above 0, not 0",
        ),
        (
            SyntheticSpec {
                disorder: disorder(0.1, DelaySpec::Uniform { low_us: 5, high_us: 4 }, None),
                ..spec()
            },
            "a uniform delay needs low ≤ high, not 5 µs and 4 µs",
        ),
        (
            SyntheticSpec {
                disorder: disorder(0.1, DelaySpec::Constant { us: -3 }, None),
                ..spec()
            },
            "a constant delay is at least 0 µs, not -3 µs",
        ),
        (
            SyntheticSpec {
                disorder: disorder(0.1, DelaySpec::Quantiles(vec![3, 1]), None),
                ..spec()
            },
            "quantiles of delays go from the least to the greatest: sort them",
        ),
        (
            SyntheticSpec { values: ValuesSpec::Quantiles(vec![3]), ..spec() },
            "quantiles of values go from the least to the greatest: give at least two",
        ),
        (SyntheticSpec { decimals: 10, ..spec() }, "a value has at most 9 decimals, not 10"),
        (
            SyntheticSpec { keys: weights(&[1, 2], &[1.0]), ..spec() },
            "each rank has a weight: 2 ranks, 1 weights",
        ),
        (SyntheticSpec { keys: weights(&[2], &[1.0]), ..spec() }, "the first rank is 1"),
        (SyntheticSpec { keys: weights(&[1, 1], &[1.0, 1.0]), ..spec() }, "ranks ascend"),
        (SyntheticSpec { keys: weights(&[1, 2], &[1.0, 0.0]), ..spec() }, "a weight is above 0"),
        (
            SyntheticSpec { keys: weights(&[1, 1 << 30], &[1.0, 1.0]), ..spec() },
            "at most 1048576 keys can have weights",
        ),
        (
            SyntheticSpec { rotate_every: Some(Duration::ZERO), ..spec() },
            "the hot keys change after some time, not after none",
        ),
        (
            SyntheticSpec { silence: silence(1.0, 1), ..spec() },
            "the share of keys that falls silent is between 0 and 1, not 1",
        ),
        (
            SyntheticSpec { silence: silence(0.5, 0), ..spec() },
            "a silence and the flood after it take some time",
        ),
        (
            SyntheticSpec { silence: silence(0.5, 9), ..spec() },
            "a silence of 2s and a flood of 9s do not fit into 10s",
        ),
    ];
    check_each(&rows, |spec| {
        let workload = WorkloadSpec::Synthetic(spec.clone());
        CaseSpec { workload, query: QuerySpec::Identity }.check()
    });
}

#[test]
fn lines_and_dictionaries_have_limits() {
    let rows = [
        (words(), "fine"),
        (WordsSpec { dictionary: 1 << 32, ..words() }, "fine"),
        (WordsSpec { dictionary: 0, ..words() }, "a dictionary has 1 to 4294967296 words, not 0"),
        (WordsSpec { words_per_line: 15, ..words() }, "fine"),
        (WordsSpec { words_per_line: 16, ..words() }, "a line has 1 to 15 words, not 16"),
        (WordsSpec { words_per_line: 0, ..words() }, "a line has 1 to 15 words, not 0"),
    ];
    check_each(&rows, |spec| {
        let workload = WorkloadSpec::Words(spec.clone());
        CaseSpec { workload, query: QuerySpec::WordCount { window: window() } }.check()
    });
}

#[test]
fn a_question_must_fit_what_is_asked() {
    use scenarios::spec::AggregateName::{Count, Sum};
    let per_key = |aggregates| QuerySpec::Window { window: window(), aggregates, keyed: true };
    let synthetic = || WorkloadSpec::Synthetic(synthetic());
    let words = || WorkloadSpec::Words(words());
    let rows = [
        ((synthetic(), per_key(vec![Count, Sum])), "fine"),
        (
            (synthetic(), QuerySpec::WordCount { window: window() }),
            "word-count counts the words of lines; give it a `words` source, or ask for a window \
             instead",
        ),
        (
            (words(), QuerySpec::Identity),
            "a `words` source has lines, not keys and values; ask word-count of it",
        ),
        (
            (synthetic(), per_key(vec![])),
            "a window without aggregates has no answer; ask for \"count\"",
        ),
        ((synthetic(), per_key(vec![Count, Sum, Count])), "the aggregate count is asked for twice"),
    ];
    check_each(&rows, |(workload, query)| {
        CaseSpec { workload: workload.clone(), query: query.clone() }.check()
    });
}
