//! Each question on each workload: it opens, the reference answers it, and it can be drawn.

use engines::reference::Arrived;
use engines::{
    Alignment, CountSpec, Data, JoinSpec, Moment, SessionSpec, SilenceSpec, Stamped, Timestamp,
    WindowSpec,
};
use programs::{Case, Visitor, open};
use scenarios::Answer;
use scenarios::spec::{
    AggregateName, CaseSpec, KeysSpec, NotationSpec, OnBadRow, PAYLOAD_BYTES, QuerySpec,
    SyntheticSpec, TraceSpec, ValuesSpec, WordsSpec, WorkloadSpec,
};
use std::fs;
use std::hash::Hash;
use std::path::Path;

fn synthetic(payload_bytes: usize) -> WorkloadSpec {
    WorkloadSpec::Synthetic(SyntheticSpec {
        keys: KeysSpec::Uniform { count: 3 },
        rotate_every: None,
        values: ValuesSpec::Uniform { low: -9, high: 9 },
        decimals: 0,
        payload_bytes,
        disorder: None,
        silence: None,
        event_us_per_second: 1_000_000,
        origin: Timestamp::from_micros(0),
    })
}

fn words() -> WorkloadSpec {
    WorkloadSpec::Words(WordsSpec {
        dictionary: 5,
        exponent: 1.0,
        words_per_line: 4,
        disorder: None,
        event_us_per_second: 1_000_000,
        origin: Timestamp::from_micros(0),
    })
}

/// A file of two rows in this folder.
fn trace(folder: &Path) -> WorkloadSpec {
    let path = folder.join("two.csv");
    fs::write(&path, "arrived,happened,key,value\n1,1,a,5\n2,2,b,-7\n").unwrap();
    WorkloadSpec::Trace(TraceSpec {
        path,
        arrival: "arrived".to_string(),
        event_time: "happened".to_string(),
        key: Some("key".to_string()),
        value: Some("value".to_string()),
        speed: 1.0,
        on_bad_row: OnBadRow::Fail,
        notation: NotationSpec::default(),
    })
}

fn questions() -> Vec<QuerySpec> {
    let window = WindowSpec::tumbling(1_000_000).unwrap();
    let of = |aggregates: &[AggregateName], keyed| QuerySpec::Window {
        window,
        aggregates: aggregates.to_vec(),
        keyed,
    };
    let session = SessionSpec::new(1_000_000).unwrap();
    let in_sessions = |aggregates: &[AggregateName], keyed| QuerySpec::Session {
        session,
        aggregates: aggregates.to_vec(),
        keyed,
    };
    vec![
        QuerySpec::Identity,
        QuerySpec::WordCount { window },
        of(&[AggregateName::Count, AggregateName::Sum], true),
        of(&[AggregateName::Mean], false),
        of(&[AggregateName::Min, AggregateName::Max], true),
        of(&AggregateName::ALL, false),
        in_sessions(&[AggregateName::Count], true),
        in_sessions(&AggregateName::ALL, false),
        QuerySpec::Counted {
            count: CountSpec::tumbling(1).unwrap(),
            aggregates: vec![AggregateName::Count],
            keyed: true,
        },
        QuerySpec::Counted {
            count: CountSpec::tumbling(2).unwrap(),
            aggregates: AggregateName::ALL.to_vec(),
            keyed: false,
        },
        QuerySpec::Silence {
            silence: SilenceSpec::new(1, 1, 1).unwrap(),
            aggregates: vec![AggregateName::Max],
        },
        QuerySpec::Join { join: JoinSpec::window(1).unwrap().left(), left_below: i64::MAX },
        QuerySpec::Join { join: JoinSpec::interval(0, 0).unwrap().left(), left_below: i64::MAX },
    ]
}

/// All events of a case, or ten of them a tenth of a second apart where it has no end: how many are
/// counted in its answers, and how many lines its drawing has.
struct Ask;

impl Visitor for Ask {
    type Output = (u64, usize);

    fn visit<E: Data + Hash, A: Answer>(self, case: Case<E, A>) -> (u64, usize) {
        let mut counted = 0;
        let tell = |hear: &mut dyn FnMut(Arrived<E>)| {
            for n in 0..case.workload.len().unwrap_or(10) {
                let due = case.workload.due(n).unwrap_or(Moment::from_nanos(n * 100_000_000));
                let record = case.workload.event(n, due);
                hear(Arrived { record, watermark: Timestamp::BEFORE_ALL });
            }
        };
        let mut hear = |answer: Stamped<A>| counted += answer.value.count();
        let told = case.program.told(Alignment::Starts.into(), Box::new(tell), &mut hear);
        assert_eq!(told.unwrap().0, 0, "no event is rejected");
        (counted, case.program.sketch().lines().count())
    }
}

#[test]
fn each_question_opens_on_each_workload_that_it_fits() {
    let folder = tempfile::tempdir().unwrap();
    let loads = PAYLOAD_BYTES.map(synthetic).into_iter().chain([words(), trace(folder.path())]);
    let mut opened = 0;
    for workload in loads {
        for query in questions() {
            // How many are to be counted where the two fit. Whoever adds one says so here.
            let records = match (&workload, &query) {
                (_, QuerySpec::WordCount { .. }) => {
                    matches!(workload, WorkloadSpec::Words(_)).then_some(40)
                }
                (WorkloadSpec::Words(_), QuerySpec::Counted { aggregates, .. }) => {
                    (aggregates == &[AggregateName::Count]).then_some(40)
                }
                (WorkloadSpec::Synthetic(_), _) => Some(10),
                (WorkloadSpec::Trace(_), _) => Some(2),
                (WorkloadSpec::Words(_), _) => None,
            };
            let case = CaseSpec { workload: workload.clone(), query };
            let found = open(&case, 42);
            assert_eq!(found.is_ok(), records.is_some(), "{case:?}");
            let (Ok(found), Some(records)) = (found, records) else { continue };
            let (counted, lines) = found.visit(Ask);
            assert_eq!(counted, records, "{case:?}");
            assert!(lines >= 2, "a source and a sink at least: {case:?}");
            opened += 1;
        }
    }
    assert_eq!(opened, 3 * 12 + 2);
}
