//! Cases that are none, engines that answer wrongly, and what ours come to.

use super::*;
use serde_json::{Value, json};

/// A case in order, of Flink's rules.
fn good() -> Value {
    json!({
        "name": "mine",
        "source": "a test",
        "engine_semantics": "flink",
        "spec": {
            "op": "window_agg",
            "assigner": {"type": "tumbling", "time": "event", "size": 1000},
            "agg": "sum",
            "trigger": {"type": "event_time"}
        },
        "input": [
            {"t": 10, "key": "a", "v": i64::MAX},
            {"t": 20, "key": "b"},
            {"watermark": 999},
            {"t": 30, "key": "b", "v": 1},
            {"end_of_stream": true}
        ],
        "expected": [
            {"window_start": 0, "window_end": 1000, "key": "a", "value": i64::MAX,
             "emitted_after_index": 2},
            {"window_start": 0, "window_end": 1000, "key": "b", "value": 1,
             "emitted_after_index": 2}
        ],
        "late": [{"index": 3}]
    })
}

/// A case of Spark's rules, over batches.
fn batches() -> Value {
    json!({
        "name": "batches",
        "source": "a test",
        "engine_semantics": "spark-dstream",
        "spec": {"op": "reduce_by_key_and_window", "batch": 1000, "window": 2000, "slide": 1000,
                 "func": "+"},
        "input": [{"t": 500, "key": "a", "v": i64::MIN}, {"batch_boundary": true}],
        "expected": [{"window_start": -1000, "window_end": 1000, "key": "a", "value": i64::MIN,
                      "emitted_after_index": 1}],
        "late": []
    })
}

/// The same with another value at a path.
fn with(mut case: Value, path: &str, value: Value) -> Value {
    *case.pointer_mut(path).unwrap_or_else(|| panic!("nothing at {path}")) = value;
    case
}

fn without(mut case: Value, path: &str) -> Value {
    let (parent, name) = path.rsplit_once('/').unwrap();
    let parent = case.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
    parent.remove(name).unwrap_or_else(|| panic!("nothing at {path}"));
    case
}

fn outcomes(player: Player, cases: &[Value]) -> Vec<(String, Outcome)> {
    let cases = read(&Value::from(cases.to_vec()).to_string()).unwrap();
    put(player, None, &cases, &Way::default(), &AtomicBool::new(false)).unwrap().outcomes
}

fn outcome(player: Player, case: Value) -> Outcome {
    outcomes(player, &[case]).swap_remove(0).1
}

#[test]
fn what_is_no_case_is_told_with_its_name_and_its_place() {
    let number = |path: &str, value: Value| with(good(), path, value);
    for (case, place, message) in [
        (json!(17), "cases[0]", "expected an object, not 17"),
        (without(good(), "/name"), "cases[0]", "`name` is missing"),
        (number("/name", json!("")), "case ``.name", "a case needs a name"),
        (without(good(), "/late"), "case `mine`", "`late` is missing"),
        (
            number("/engine_semantics", json!("storm")),
            "case `mine`.engine_semantics",
            "expected one of",
        ),
        (
            number("/spec/op", json!("window_agh")),
            "case `mine`.spec.op",
            "no operator `window_agh`",
        ),
        (without(good(), "/spec/agg"), "case `mine`.spec", "`agg` is missing"),
        (
            number("/spec/agg", json!("median")),
            "case `mine`.spec.agg",
            "expected one of sum, count",
        ),
        (number("/spec/assigner/size", json!(0)), "case `mine`.spec.assigner.size", "1 or more"),
        (
            number("/spec/assigner", json!({"typ": 1})),
            "case `mine`.spec.assigner",
            "there is no `typ`",
        ),
        (number("/input/0/t", json!(1.5)), "case `mine`.input[0].t", "a whole number of 64 bits"),
        (
            number("/input/0/t", json!(9_223_372_036_854_775_808_u64)),
            "case `mine`.input[0].t",
            "not 9223372036854775808",
        ),
        (
            number("/input/0/v", json!(9_223_372_036_854_775_808_u64)),
            "case `mine`.input[0].v",
            "a whole number of 64 bits, not 9223372036854775808",
        ),
        (
            number("/expected/0/value", json!(-1e19)),
            "case `mine`.expected[0].value",
            "a whole number of 64 bits",
        ),
        (number("/input/1/key", json!(5)), "case `mine`.input[1].key", "expected a text"),
        (number("/input/2", json!({"watermrk": 5})), "case `mine`.input[2]", "this is no event"),
        (number("/input/4/end_of_stream", json!(false)), "case `mine`.input[4]", "expected true"),
        (without(good(), "/expected/0/key"), "", ""),
        (
            number("/expected/0/emitted_after_index", json!(5)),
            "case `mine`.expected[0].emitted_after_index",
            "a number below 5",
        ),
        (without(good(), "/expected/1/value"), "case `mine`.expected[1]", "`value` is missing"),
        (number("/late/0/index", json!(2)), "case `mine`.late[0].index", "no event stands there"),
        (
            with(batches(), "/input/1", json!({"t": 1})),
            "case `batches`.input",
            "no `batch_boundary`",
        ),
    ] {
        let read = read(&json!([case]).to_string());
        if message.is_empty() {
            assert!(read.is_ok(), "{read:?}");
            continue;
        }
        let error = read.expect_err(message);
        assert!(error.place.starts_with(place), "{error}");
        assert!(error.message.contains(message), "{error}");
    }
    for (text, message) in [
        ("[{]", "line 1: this is no JSON"),
        ("{}", "cases: expected an array"),
        ("[]", "there is no case here"),
        ("", "this is no JSON"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let twice = read(&json!([good(), good()]).to_string()).unwrap_err();
    assert_eq!(twice.to_string(), "case `mine`: there is another case of this name");
}

#[test]
fn a_case_that_is_wrong_differs_and_the_row_is_told() {
    let first = "[0, 1000) \"a\" = 9223372036854775807 with input[2]";
    assert_eq!(outcome(Player::PerEvent, good()), Outcome::Same);
    assert_eq!(outcome(Player::Reference, good()), Outcome::Same);
    for (wrong, expected, answered) in [
        (
            with(good(), "/expected/1/value", json!(2)),
            Some("[0, 1000) \"b\" = 2 with input[2]"),
            Some("[0, 1000) \"b\" = 1 with input[2]"),
        ),
        (
            with(good(), "/expected/0/emitted_after_index", json!(4)),
            Some("[0, 1000) \"a\" = 9223372036854775807 with input[4]"),
            Some(first),
        ),
        (
            with(good(), "/expected/0/emitted_after_index", json!(1)),
            Some("[0, 1000) \"a\" = 9223372036854775807 with input[1]"),
            Some(first),
        ),
        (with(good(), "/expected", json!([])), None, Some(first)),
        (with(good(), "/late", json!([])), Some("input[3] is not late"), Some("input[3] is late")),
        (
            with(good(), "/late/0/index", json!(1)),
            Some("input[1] is late"),
            Some("input[1] is not late"),
        ),
    ] {
        let shown = |text: Option<&str>| text.map(str::to_owned);
        let want = Difference { expected: shown(expected), answered: shown(answered) };
        assert_eq!(outcome(Player::PerEvent, wrong), Outcome::Differs(want, 1));
    }
    let wrong = with(batches(), "/expected/0/window_end", json!(2000));
    let differs = outcome(Player::MicroBatch, wrong);
    assert!(
        matches!(differs, Outcome::Differs(Difference { expected: Some(_), .. }, 1)),
        "{differs:?}"
    );
}

#[test]
fn the_answer_of_a_sum_that_has_none_is_a_failure() {
    let both = with(good(), "/input/1", json!({"t": 20, "key": "a", "v": 1}));
    for player in [Player::PerEvent, Player::Reference] {
        let failed = outcome(player, both.clone());
        assert!(
            matches!(&failed, Outcome::Failed(why, 1) if why.contains("does not fit")),
            "{failed:?}"
        );
    }
}

#[test]
fn ours_answers_what_its_own_rows_say() {
    let mut case = batches();
    case["ours"] = json!({"T1000": [["a", 5]]});
    let Outcome::Differs(difference, 1) = outcome(Player::MicroBatch, case.clone()) else {
        panic!("it answers what it did")
    };
    assert_eq!(difference.expected.as_deref(), Some("[-1000, 1000) \"a\" = 5 with input[1]"));
    for name in ["4000", "T", "Tx"] {
        case["ours"] = json!({name: []});
        let error = read(&json!([case]).to_string()).unwrap_err();
        assert_eq!(error.place, format!("case `batches`.ours.{name}"));
    }
    case["ours"] = json!({"T1000": [["a"]]});
    assert!(read(&json!([case]).to_string()).unwrap_err().message.contains("a key and a value"));
}

/// So many answer as expected, none differs, and so many cannot be asked.
#[track_caller]
fn totals(player: Player, ok: usize, unsupported: usize) {
    let heard =
        put(player, None, &built_in().unwrap(), &Way::default(), &AtomicBool::new(false)).unwrap();
    let count = |is: fn(&Outcome) -> bool| heard.outcomes.iter().filter(|(_, o)| is(o)).count();
    let others: Vec<_> = heard
        .outcomes
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::Differs(..) | Outcome::Failed(..)))
        .collect();
    assert!(others.is_empty(), "{others:?}");
    assert_eq!(count(|outcome| *outcome == Outcome::Same), ok);
    assert_eq!(count(|outcome| matches!(outcome, Outcome::Unsupported(_))), unsupported);
}

#[test]
fn our_engines_answer_as_the_originals_do() {
    totals(Player::Reference, 28, 46);
    totals(Player::PerEvent, 17, 21);
    totals(Player::MicroBatch, 14, 22);
}

#[test]
fn every_case_is_put_to_an_engine_of_its_own() {
    for case in built_in().unwrap() {
        let own = [Player::Flink, Player::SparkStructured, Player::SparkDStream];
        let own = own.into_iter().filter(|player| player.follows(case.semantics));
        assert_eq!(own.count(), 1, "{}", case.name);
    }
}

#[test]
fn who_wants_to_stop_is_heeded() {
    let stopped =
        put(Player::PerEvent, None, &built_in().unwrap(), &Way::default(), &AtomicBool::new(true));
    assert!(matches!(stopped, Err(NotPut::Stopped)), "{stopped:?}");
}
