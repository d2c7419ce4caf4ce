//! A case in which the engine crashes after each item, and is restored from what it had written.
//!
//! The items between which nothing else happens are put into the case itself, so that an engine that can
//! do what a case asks can do this. What has come by then is as if nothing had been.

use super::beside::Said;
use super::case::{Case, Item};
use super::compare::Late;
use super::embedded::NoAnswer;
use super::row::Row;
use super::{Outcome, Player};
use serde_json::{Value, json};
use std::borrow::Cow;

/// A case as it is put.
pub(super) struct Crashing<'a> {
    case: Cow<'a, Case>,
    crashes: bool,
}

impl<'a> Crashing<'a> {
    /// A case, with crashes or as it is.
    pub(super) fn of(case: &'a Case, crashes: bool) -> Self {
        if !crashes {
            return Self { case: Cow::Borrowed(case), crashes };
        }
        let mut with = case.clone();
        with.input = between(&case.input, &Item::SnapshotRestore);
        if let Some(Value::Array(items)) = with.written.get_mut("input") {
            *items = between(items, &json!({ "snapshot_restore": true }));
        }
        Self { case: Cow::Owned(with), crashes }
    }

    /// What is put.
    pub(super) fn case(&self) -> &Case {
        &self.case
    }

    /// What was said, as of the case without crashes: whatever comes while the engine is restored came
    /// with the item before.
    pub(super) fn as_asked(&self, said: Said) -> Said {
        if !self.crashes {
            return said;
        }
        let mut answered = said?;
        if let Some(why) = keeps_nothing(&self.case) {
            return Err(NoAnswer::Unsupported(why.to_owned()));
        }
        for row in &mut answered.rows {
            row.index = row.index.map(|index| index / 2);
        }
        match &mut answered.late {
            Late::Untold => {}
            Late::Events(events) => events.iter_mut().for_each(|index| *index /= 2),
            Late::Batches(batches) => batches.iter_mut().for_each(|(index, _)| *index /= 2),
        }
        Ok(answered)
    }
}

/// Why there is nothing in a case that could be restored.
fn keeps_nothing(case: &Case) -> Option<&'static str> {
    match (case.spec.op(), case.spec.text("/trigger/type")) {
        ("watermark_valve" | "watermark_generator", _) => {
            Some("is asked this without a job around it, which could crash")
        }
        (_, Some("end_of_stream")) => {
            Some("takes no checkpoint of windows that are answered when the input ends")
        }
        _ => None,
    }
}

/// How an engine answered a case in which it crashed, with these rows. A checkpoint of Spark's has one
/// watermark, that of all streams together; how far each had come is forgotten with the rest of the process,
/// so that where the least counts it waits for news of each. What comes later for that is no difference
/// from the original; any other row is.
pub(super) fn of_restored(player: Player, case: &Case, rows: &[Row], outcome: Outcome) -> Outcome {
    let streams = case.spec.numbers("/streams").len();
    let waits_for_each = streams > 1 && case.spec.text("/policy") != Some("max");
    match outcome {
        Outcome::Differs(..)
            if player == Player::SparkStructured
                && waits_for_each
                && are_but_later(rows, &case.expected) =>
        {
            Outcome::Unsupported(FORGETS.to_owned())
        }
        outcome => outcome,
    }
}

/// With which item a row came; those that came at the end, after all of them.
fn item(row: &Row) -> usize {
    row.index.unwrap_or(usize::MAX)
}

/// Whether each of these rows is one that is expected, with the same item or one before it.
fn are_but_later(rows: &[Row], expected: &[Row]) -> bool {
    let mut left: Vec<&Row> = expected.iter().collect();
    rows.iter().all(|row| {
        let is_it = |want: &&Row| want.what == row.what && item(want) <= item(row);
        left.iter().position(is_it).map(|at| left.remove(at)).is_some()
    })
}

/// Why a case with several streams is none for a Spark that was restored.
const FORGETS: &str = "keeps one watermark of all streams in its checkpoint, and forgets how far each of \
                       several had come";

/// The items, with another between any two.
fn between<T: Clone>(items: &[T], other: &T) -> Vec<T> {
    let mut all = Vec::new();
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            all.push(other.clone());
        }
        all.push(item.clone());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::built_in;
    use super::super::compare::{Answered, Difference};
    use super::*;

    #[test]
    fn what_comes_in_between_came_with_the_item_before() {
        let cases = built_in().unwrap();
        let case = cases.iter().find(|case| keeps_nothing(case).is_none()).unwrap();
        let crashing = Crashing::of(case, true);
        let items = 2 * case.input.len() - 1;
        assert_eq!(crashing.case().input.len(), items);
        assert_eq!(crashing.case().written["input"].as_array().unwrap().len(), items);
        let rows = vec![Row::watermark(5, 4), Row::watermark(6, 5)];
        let said = Answered { rows, late: Late::Events(vec![6]) };
        let answered = crashing.as_asked(Ok(said.clone())).unwrap();
        assert_eq!(answered.rows, [Row::watermark(5, 2), Row::watermark(6, 2)]);
        assert_eq!(answered.late, Late::Events(vec![3]));
        assert_eq!(Crashing::of(case, false).as_asked(Ok(said.clone())), Ok(said));
    }

    #[test]
    fn what_keeps_nothing_is_asked_no_such_thing() {
        let cases = built_in().unwrap();
        let valve = cases.iter().find(|case| case.spec.op() == "watermark_valve").unwrap();
        let said = Crashing::of(valve, true).as_asked(Ok(Answered::default()));
        assert!(matches!(said, Err(NoAnswer::Unsupported(why)) if why.contains("without a job")));
    }

    #[test]
    fn what_is_not_in_a_checkpoint_is_said_and_no_difference() {
        let cases = built_in().unwrap();
        let of = |name: &str, player| {
            let case = cases.iter().find(|case| case.name == name).unwrap();
            let difference = Difference { expected: None, answered: None };
            of_restored(player, case, &case.expected, Outcome::Differs(difference, 1))
        };
        let forgets = |outcome| matches!(outcome, Outcome::Unsupported(why) if why == FORGETS);
        let two_streams = "structured_two_streams_min_watermark";
        assert!(forgets(of(two_streams, Player::SparkStructured)));
        assert!(forgets(of("structured_inner_join_time_range", Player::SparkStructured)));
        for (name, player) in [
            ("structured_sliding", Player::SparkStructured),
            ("structured_inner_join_windows_watermark", Player::SparkStructured),
            (two_streams, Player::MicroBatch),
        ] {
            assert!(matches!(of(name, player), Outcome::Differs(..)), "{name}");
        }
        let case = cases.iter().find(|case| case.name == two_streams).unwrap();
        let restored =
            |rows: &[Row], outcome| of_restored(Player::SparkStructured, case, rows, outcome);
        assert_eq!(restored(&case.expected, Outcome::Same), Outcome::Same);
        // What came twice, or sooner, was not waited for.
        let twice = [&case.expected[..], &case.expected[..1]].concat();
        let mut sooner = case.expected.clone();
        let last = sooner.last_mut().unwrap();
        last.index = last.index.map(|item| item - 1);
        for rows in [twice, sooner] {
            let differs = Outcome::Differs(Difference { expected: None, answered: None }, 1);
            assert_eq!(restored(&rows, differs.clone()), differs);
        }
    }
}
