//! Each question on each workload: it opens, the reference answers it, and it can be drawn.

use engines::reference::Arrived;
use engines::{Data, Moment, Timestamp, WindowSpec};
use programs::{Case, Visitor, open};
use scenarios::Answer;
use scenarios::spec::{
    AggregateName, CaseSpec, KeysSpec, PAYLOAD_BYTES, QuerySpec, SyntheticSpec, ValuesSpec,
    WordsSpec, WorkloadSpec,
};
use std::hash::Hash;

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

fn questions() -> Vec<QuerySpec> {
    let window = WindowSpec::tumbling(1_000_000).unwrap();
    let of = |aggregates: &[AggregateName], keyed| QuerySpec::Window {
        window,
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
    ]
}

/// Ten events of a case, a tenth of a second apart: how many are counted in its answers, and how
/// many lines its drawing has.
struct Ask;

impl Visitor for Ask {
    type Output = (u64, usize);

    fn visit<E: Data + Hash, A: Answer>(self, case: Case<E, A>) -> (u64, usize) {
        let mut counted = 0;
        let tell = |hear: &mut dyn FnMut(Arrived<E>)| {
            for n in 0..10 {
                let due = Moment::from_nanos(n * 100_000_000);
                let record = case.workload.event(n, due);
                hear(Arrived { record, watermark: Timestamp::BEFORE_ALL });
            }
        };
        let told = case.program.told(Box::new(tell), &mut |answer| counted += answer.value.count());
        assert_eq!(told.unwrap().0, 0, "no event is rejected");
        (counted, case.program.sketch().lines().count())
    }
}

#[test]
fn each_question_opens_on_each_workload_that_it_fits() {
    let loads = PAYLOAD_BYTES.map(synthetic).into_iter().chain([words()]);
    let mut opened = 0;
    for workload in loads {
        for query in questions() {
            let fits = matches!(query, QuerySpec::WordCount { .. })
                == matches!(workload, WorkloadSpec::Words(_));
            let case = CaseSpec { workload: workload.clone(), query };
            let Ok(found) = open(&case, 42) else {
                assert!(!fits, "{case:?}");
                continue;
            };
            assert!(fits, "{case:?}");
            let (counted, lines) = found.visit(Ask);
            let records = if matches!(case.workload, WorkloadSpec::Words(_)) { 40 } else { 10 };
            assert_eq!(counted, records, "{case:?}");
            assert!(lines >= 2, "a source and a sink at least: {case:?}");
            opened += 1;
        }
    }
    assert_eq!(opened, 2 * 5 + 1);
}
