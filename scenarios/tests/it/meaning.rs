//! What each question answers, on inputs small enough to check by eye.
//!
//! Answers are shown as they are written to `results.csv`: window in seconds, key, columns.

use engines::reference::{Arrived, meaning};
use engines::{
    CountSpec, JoinSpec, Moment, SessionSpec, SilenceSpec, Timestamp, Touch, WindowSpec,
};
use scenarios::catalog::{Visitor, visit};
use scenarios::spec::{
    AggregateName, CaseSpec, KeysSpec, NotationSpec, OnBadRow, QuerySpec, SyntheticSpec, TraceSpec,
    ValuesSpec, WordsSpec, WorkloadSpec,
};
use scenarios::{Answer, Scenario, Workload};
use std::collections::BTreeMap;

/// The answers for the first so many events, by the reference, where nothing is late.
struct Answers {
    events: u64,
}

impl Visitor for Answers {
    type Output = Vec<String>;

    fn visit<S: Scenario, W: Workload<Event = S::Event>>(
        self,
        scenario: S,
        workload: W,
    ) -> Vec<String> {
        let arrived = |n| {
            let due = workload.due(n).unwrap_or(Moment::from_nanos(n * 1_000_000));
            Arrived { record: workload.event(n, due), watermark: Timestamp::BEFORE_ALL }
        };
        let events = workload.len().unwrap_or(self.events);
        let meaning = meaning(
            |flow, events| scenario.plan(flow, events),
            (0..events).map(arrived).collect::<Vec<_>>(),
        )
        .unwrap();
        let mut lines: Vec<String> = meaning
            .answers
            .iter()
            .map(|answer| {
                let cells = scenario.cells(&answer.value);
                assert_eq!(cells.len(), scenario.columns().len());
                assert!(answer.value.window().is_some() || !scenario.trigger().waits());
                let window = answer.value.window().map_or_else(String::new, |window| {
                    let seconds = |time: Timestamp| time.as_micros() / 1_000_000;
                    format!("{} to {} ", seconds(window.start), seconds(window.end))
                });
                format!("{window}{} {}", scenario.key_label(&answer.value), cells.join(" "))
            })
            .collect();
        lines.sort();
        lines
    }
}

fn answers(case: &CaseSpec, events: u64) -> Vec<String> {
    visit(case, 42, Answers { events }).unwrap()
}

/// The answers to a question about a trace with these rows.
fn asked_of(rows: &str, query: QuerySpec) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, format!("t,airport,value\n{rows}")).unwrap();
    let workload = WorkloadSpec::Trace(TraceSpec {
        path,
        arrival: "t".to_string(),
        event_time: "t".to_string(),
        key: Some("airport".to_string()),
        value: Some("value".to_string()),
        speed: 1.0,
        on_bad_row: OnBadRow::Fail,
        notation: NotationSpec::default(),
    });
    answers(&CaseSpec { workload, query }, 0)
}

const ROWS: &str = "1,LAS,2.50\n2,LAS,-1\n3,OAK,0.1\n4,LAS,2\n11,LAS,7\n";

fn tumbling(seconds: i64) -> WindowSpec {
    WindowSpec::tumbling(seconds * 1_000_000).unwrap()
}

#[test]
fn identity_gives_back_what_it_got() {
    let want = ["LAS -1.00", "LAS 2.00", "LAS 2.50", "LAS 7.00", "OAK 0.10"];
    assert_eq!(asked_of(ROWS, QuerySpec::Identity), want);
}

#[test]
fn a_window_has_the_aggregates_that_were_asked_for_in_that_order() {
    use AggregateName::{Count, Max, Mean, Min, Sum};
    let ask = |aggregates: &[AggregateName], keyed| {
        let aggregates = aggregates.to_vec();
        asked_of(ROWS, QuerySpec::Window { window: tumbling(10), aggregates, keyed })
    };
    assert_eq!(
        ask(&[Count, Sum, Min, Max, Mean], true),
        [
            "0 to 10 LAS 3 3.50 -1.00 2.50 1.166667",
            "0 to 10 OAK 1 0.10 0.10 0.10 0.100000",
            "10 to 20 LAS 1 7.00 7.00 7.00 7.000000",
        ]
    );
    assert_eq!(
        ask(&[Mean, Count], true),
        ["0 to 10 LAS 1.166667 3", "0 to 10 OAK 0.100000 1", "10 to 20 LAS 7.000000 1"]
    );
    assert_eq!(
        ask(&[Sum, Count], false),
        ["0 to 10  3.60 4", "10 to 20  7.00 1"],
        "over all events, without a key"
    );
    assert_eq!(ask(&[Max], false), ["0 to 10  2.50", "10 to 20  7.00"]);
}

#[test]
fn a_sliding_window_counts_an_event_in_each_window_that_holds_it() {
    let window = WindowSpec::sliding(10_000_000, 5_000_000).unwrap();
    let aggregates = vec![AggregateName::Count];
    let query = QuerySpec::Window { window, aggregates, keyed: true };
    assert_eq!(
        asked_of("6,LAS,1\n12,LAS,1\n", query),
        ["0 to 10 LAS 1", "10 to 20 LAS 1", "5 to 15 LAS 2"]
    );
}

#[test]
fn a_session_of_a_key_goes_on_until_it_is_silent() {
    let ask = |gap_s: i64, touch, keyed| {
        let session = SessionSpec::new(gap_s * 1_000_000).unwrap().touching(touch);
        let aggregates = vec![AggregateName::Count, AggregateName::Sum];
        asked_of(ROWS, QuerySpec::Session { session, aggregates, keyed })
    };
    assert_eq!(
        ask(2, Touch::Split, true),
        ["1 to 4 LAS 2 1.50", "11 to 13 LAS 1 7.00", "3 to 5 OAK 1 0.10", "4 to 6 LAS 1 2.00"]
    );
    assert_eq!(
        ask(2, Touch::Merge, true),
        ["1 to 6 LAS 3 3.50", "11 to 13 LAS 1 7.00", "3 to 5 OAK 1 0.10"]
    );
    assert_eq!(ask(2, Touch::Split, false), ["1 to 6  4 3.60", "11 to 13  1 7.00"]);
    assert_eq!(ask(8, Touch::Split, false), ["1 to 19  5 10.60"]);
}

#[test]
fn so_many_events_of_a_key_are_a_window_and_the_rest_is_none() {
    let ask = |size, slide, keyed| {
        let count = CountSpec::sliding(size, slide).unwrap();
        let aggregates = vec![AggregateName::Count, AggregateName::Sum, AggregateName::Max];
        asked_of(ROWS, QuerySpec::Counted { count, aggregates, keyed })
    };
    assert_eq!(ask(2, 2, true), ["1 to 2 LAS 2 1.50 2.50", "4 to 11 LAS 2 9.00 7.00"]);
    assert_eq!(
        ask(3, 2, false),
        ["1 to 2  2 1.50 2.50", "2 to 4  3 1.10 2.00"],
        "the first one has no more than there are"
    );
}

#[test]
fn a_silence_is_told_of_a_key_that_was_heard_of_often_enough() {
    let ask = |length_s: i64, after, forget_after_s: i64| {
        let silence =
            SilenceSpec::new(length_s * 1_000_000, after, forget_after_s * 1_000_000).unwrap();
        let aggregates = vec![AggregateName::Count, AggregateName::Sum];
        asked_of(ROWS, QuerySpec::Silence { silence, aggregates })
    };
    assert_eq!(ask(5, 1, 5), ["1 to 9 LAS 3 3.50", "11 to 16 LAS 1 7.00", "3 to 8 OAK 1 0.10"]);
    assert_eq!(ask(5, 2, 5), ["1 to 9 LAS 3 3.50"], "what was heard once is not missed");
    assert_eq!(ask(5, 4, 7), [""; 0], "three are forgotten before the fourth comes");
    assert_eq!(ask(5, 4, 8), ["1 to 16 LAS 4 10.50"], "and those that are remembered are in it");
}

#[test]
fn events_of_both_sides_meet_in_a_window_or_within_an_interval() {
    // Two of the left side, then one of the right, and later one of the left and one of the right.
    let rows = "1,LAS,1.00\n2,LAS,2.00\n3,LAS,30\n9,LAS,4\n11,LAS,50\n12,OAK,3\n";
    let ask = |join| asked_of(rows, QuerySpec::Join { join, left_below: 10 });
    let window = JoinSpec::window(10_000_000).unwrap();
    let in_window = ["0 to 10 LAS 1.00 30.00", "0 to 10 LAS 2.00 30.00", "0 to 10 LAS 4.00 30.00"];
    assert_eq!(ask(window), in_window);
    assert_eq!(ask(window.left()), [&in_window[..], &["10 to 20 OAK 3.00 "]].concat());
    let interval = JoinSpec::interval(-1_000_000, 2_000_000).unwrap();
    let within = ["1 to 3 LAS 1.00 30.00", "2 to 3 LAS 2.00 30.00"];
    let later = "9 to 11 LAS 4.00 50.00";
    assert_eq!(ask(interval), [within[0], within[1], later]);
    let alone = "12 to 14 OAK 3.00 ";
    assert_eq!(ask(interval.left()), [within[0], alone, within[1], later]);
}

#[test]
fn a_sum_beyond_64_bits_is_an_error_and_never_wraps() {
    struct Fails;
    impl Visitor for Fails {
        type Output = String;
        fn visit<S: Scenario, W: Workload<Event = S::Event>>(self, scenario: S, work: W) -> String {
            let arrived = |n| Arrived {
                record: work.event(n, Moment::START),
                watermark: Timestamp::BEFORE_ALL,
            };
            let events = (0..2).map(arrived).collect::<Vec<_>>();
            meaning(|flow, events| scenario.plan(flow, events), events).unwrap_err().to_string()
        }
    }
    let spec = SyntheticSpec {
        keys: KeysSpec::Uniform { count: 1 },
        values: ValuesSpec::Constant(i64::MAX),
        payload_bytes: 0,
        decimals: 0,
        rotate_every: None,
        silence: None,
        disorder: None,
        event_us_per_second: 1,
        origin: Timestamp::from_micros(0),
    };
    let query = QuerySpec::Window {
        window: tumbling(1),
        aggregates: vec![AggregateName::Sum],
        keyed: false,
    };
    let case = CaseSpec { workload: WorkloadSpec::Synthetic(spec), query };
    let message = visit(&case, 1, Fails).unwrap();
    assert!(message.contains("18446744073709551614 does not fit"), "{message}");
}

#[test]
fn words_are_counted_as_they_stand_on_the_lines() {
    /// Counts the text of the lines, without a plan.
    struct ByHand;
    impl Visitor for ByHand {
        type Output = Vec<String>;
        fn visit<S: Scenario, W: Workload<Event = S::Event>>(self, _: S, work: W) -> Vec<String> {
            let mut counts = BTreeMap::<(i64, String), u64>::new();
            for n in 0..2_000 {
                let line = work.event(n, Moment::from_nanos(n * 1_000_000));
                let second = line.event_time.as_micros().div_euclid(1_000_000);
                for word in work.cells(&line)[0].split(' ') {
                    *counts.entry((second, word.to_string())).or_default() += 1;
                }
            }
            let mut lines: Vec<String> = counts
                .into_iter()
                .map(|((second, word), count)| format!("{second} to {} {word} {count}", second + 1))
                .collect();
            lines.sort();
            lines
        }
    }
    let spec = WordsSpec {
        dictionary: 300,
        exponent: 1.0,
        words_per_line: 7,
        disorder: None,
        event_us_per_second: 1_000_000,
        origin: Timestamp::from_micros(0),
    };
    let query = QuerySpec::WordCount { window: tumbling(1) };
    let case = CaseSpec { workload: WorkloadSpec::Words(spec), query };
    let counted = answers(&case, 2_000);
    assert!(counted.len() > 300);
    assert_eq!(counted, visit(&case, 42, ByHand).unwrap());
}

#[test]
fn what_rides_along_does_not_change_the_answer() {
    let case = |payload_bytes| CaseSpec {
        workload: WorkloadSpec::Synthetic(SyntheticSpec {
            keys: KeysSpec::Zipf { count: 50, exponent: 1.0 },
            rotate_every: None,
            decimals: 0,
            silence: None,
            values: ValuesSpec::Uniform { low: -9, high: 9 },
            payload_bytes,
            disorder: None,
            event_us_per_second: 1_000_000,
            origin: Timestamp::from_micros(0),
        }),
        query: QuerySpec::Window {
            window: tumbling(1),
            aggregates: AggregateName::ALL.to_vec(),
            keyed: true,
        },
    };
    let light = answers(&case(0), 3_000);
    assert_eq!(light.len(), 150);
    assert_eq!(light, answers(&case(256), 3_000));
}

#[test]
fn a_window_per_key_over_a_trace_without_a_key_is_refused() {
    let workload = WorkloadSpec::Trace(TraceSpec {
        path: "never-opened.csv".into(),
        arrival: "t".to_string(),
        event_time: "t".to_string(),
        key: None,
        value: None,
        speed: 1.0,
        on_bad_row: OnBadRow::Fail,
        notation: NotationSpec::default(),
    });
    let case = |keyed, speed| {
        let WorkloadSpec::Trace(spec) = workload.clone() else { unreachable!("it is one") };
        let workload = WorkloadSpec::Trace(TraceSpec { speed, ..spec });
        let aggregates = vec![AggregateName::Count];
        CaseSpec { workload, query: QuerySpec::Window { window: tumbling(1), aggregates, keyed } }
    };
    assert_eq!(case(false, 1.0).check(), Ok(()));
    let message = case(true, 1.0).check().unwrap_err();
    assert!(message.starts_with("a window per key needs to know which column"), "{message}");
    for speed in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e13] {
        let message = case(false, speed).check().unwrap_err();
        assert!(message.starts_with("a trace's speed is between"), "{message}");
    }
}
