//! Every plan as a drawing, so that a change of a question is seen.

use engines::sketch::draw;
use engines::{CountSpec, JoinSpec, SessionSpec, SilenceSpec, Timestamp, Touch, WindowSpec};
use insta::assert_snapshot;
use scenarios::catalog::{Visitor, visit};
use scenarios::spec::{
    AggregateName, CaseSpec, KeysSpec, QuerySpec, SyntheticSpec, ValuesSpec, WordsSpec,
    WorkloadSpec,
};
use scenarios::{Scenario, Workload};

struct Draw;

impl Visitor for Draw {
    type Output = String;

    fn visit<S: Scenario, W: Workload<Event = S::Event>>(self, scenario: S, _: W) -> String {
        draw(|flow, events| scenario.plan(flow, events))
    }
}

fn synthetic() -> WorkloadSpec {
    WorkloadSpec::Synthetic(SyntheticSpec {
        keys: KeysSpec::Uniform { count: 10 },
        values: ValuesSpec::Constant(1),
        payload_bytes: 0,
        decimals: 0,
        rotate_every: None,
        silence: None,
        disorder: None,
        event_us_per_second: 1_000_000,
        origin: Timestamp::from_micros(0),
    })
}

fn words() -> WorkloadSpec {
    WorkloadSpec::Words(WordsSpec {
        dictionary: 10,
        exponent: 1.0,
        words_per_line: 4,
        disorder: None,
        event_us_per_second: 1_000_000,
        origin: Timestamp::from_micros(0),
    })
}

fn drawing(workload: WorkloadSpec, query: QuerySpec) -> String {
    visit(&CaseSpec { workload, query }, 1, Draw).unwrap()
}

fn hour_by_second(aggregates: Vec<AggregateName>, keyed: bool) -> QuerySpec {
    let window = WindowSpec::sliding(3_600_000_000, 1_000_000).unwrap();
    QuerySpec::Window { window, aggregates, keyed }
}

#[test]
fn identity() {
    assert_snapshot!(drawing(synthetic(), QuerySpec::Identity), @r"
        1  source           Keyed
        2  sink      ← 1    Keyed
    ");
}

#[test]
fn word_count() {
    let window = WindowSpec::sliding(5_000_000, 1_000_000).unwrap();
    assert_snapshot!(drawing(words(), QuerySpec::WordCount { window }), @r"
        1  source           Line
        2  flat_map  ← 1    to any number of u64
        3  aggregate ← 2    Count (has an inverse) by u64, sliding 5s by 1s
        4  map       ← 3    to WindowAnswer
        5  sink      ← 4    WindowAnswer
    ");
}

#[test]
fn sums_have_an_inverse() {
    let query = hour_by_second(vec![AggregateName::Sum, AggregateName::Mean], true);
    assert_snapshot!(drawing(synthetic(), query), @r"
        1  source           Keyed
        2  aggregate ← 1    CountAndSum (has an inverse) by u64, sliding 1h by 1s
        3  map       ← 2    to WindowAnswer
        4  sink      ← 3    WindowAnswer
    ");
}

#[test]
fn extremes_have_none() {
    let query = hour_by_second(vec![AggregateName::Sum, AggregateName::Max], true);
    assert_snapshot!(drawing(synthetic(), query), @r"
        1  source           Keyed
        2  aggregate ← 1    Summarise (no inverse) by u64, sliding 1h by 1s
        3  map       ← 2    to WindowAnswer
        4  sink      ← 3    WindowAnswer
    ");
}

#[test]
fn sessions() {
    let session = SessionSpec::new(10_000_000).unwrap().touching(Touch::Merge);
    let aggregates = vec![AggregateName::Count, AggregateName::Max];
    let query = QuerySpec::Session { session, aggregates, keyed: true };
    assert_snapshot!(drawing(synthetic(), query), @r"
        1  source           Keyed
        2  session   ← 1    Summarise by u64, sessions, gap 10s, touching ones merge
        3  map       ← 2    to SessionAnswer
        4  sink      ← 3    SessionAnswer
    ");
}

#[test]
fn counted_events_and_words() {
    let count = CountSpec::sliding(10, 5).unwrap();
    let query = |aggregates| QuerySpec::Counted { count, aggregates, keyed: false };
    assert_snapshot!(drawing(synthetic(), query(vec![AggregateName::Max])), @r"
        1  source           Keyed
        2  counted   ← 1    Summarise by (), the last 10 records, every 5
        3  map       ← 2    to NumberedAnswer
        4  sink      ← 3    NumberedAnswer
    ");
    assert_snapshot!(drawing(words(), query(vec![AggregateName::Count])), @r"
        1  source           Line
        2  flat_map  ← 1    to any number of u64
        3  counted   ← 2    Count by u64, the last 10 records, every 5
        4  map       ← 3    to NumberedAnswer
        5  sink      ← 4    NumberedAnswer
    ");
}

#[test]
fn silences() {
    let silence = SilenceSpec::new(5_000_000, 3, 30_000_000).unwrap();
    let query = QuerySpec::Silence { silence, aggregates: vec![AggregateName::Count] };
    assert_snapshot!(drawing(synthetic(), query), @r"
        1  source           Keyed
        2  silences  ← 1    CountAndSum by u64, silent for 5s after 3 records, forgotten after 30s
        3  map       ← 2    to SessionAnswer
        4  sink      ← 3    SessionAnswer
    ");
}

#[test]
fn joins() {
    let query = |join| QuerySpec::Join { join, left_below: 5 };
    assert_snapshot!(drawing(synthetic(), query(JoinSpec::window(5_000_000).unwrap())), @r"
         1  source           Keyed
         2  fork      ← 1
         3  filter    ← 2
         4  filter    ← 2
         5  map       ← 3    to Side<Keyed, Keyed>
         6  map       ← 4    to Side<Keyed, Keyed>
         7  union     ← 5, 6
         8  join      ← 7    Keyed with Keyed by u64, inner, windows of 5s
         9  map       ← 8    to PairAnswer
        10  sink      ← 9    PairAnswer
    ");
    let interval = JoinSpec::interval(0, 10_000_000).unwrap().left();
    assert_snapshot!(drawing(synthetic(), query(interval)), @r"
         1  source           Keyed
         2  fork      ← 1
         3  filter    ← 2
         4  filter    ← 2
         5  map       ← 3    to Side<Keyed, Keyed>
         6  map       ← 4    to Side<Keyed, Keyed>
         7  union     ← 5, 6
         8  join      ← 7    Keyed with Keyed by u64, left, from 0s to +10s
         9  map       ← 8    to PairAnswer
        10  sink      ← 9    PairAnswer
    ");
}

#[test]
fn over_all_events() {
    let query = hour_by_second(vec![AggregateName::Count], false);
    assert_snapshot!(drawing(synthetic(), query), @r"
        1  source           Keyed
        2  aggregate ← 1    CountAndSum (has an inverse) by (), sliding 1h by 1s
        3  map       ← 2    to WindowAnswer
        4  sink      ← 3    WindowAnswer
    ");
}
