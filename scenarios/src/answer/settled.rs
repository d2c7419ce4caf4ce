//! Which of several answers about one subject stand in the end.

use super::{Answer, Subject};
use engines::Stamped;
use foldhash::quality::FixedState;
use hashbrown::HashMap;
use std::cmp::Ordering;

/// Of several answers about one subject the fullest, and all of those that stand side by side, in
/// no particular order. Whenever one is given that takes the place of another, or would, `again`
/// is told how the new one stands to the one that is known, that one, and the new one. Of two that
/// are equally full the greater is kept, so that the order in which they were given is no matter.
///
/// Those that stand side by side are compared each with each: there should be few per subject.
pub fn settled<A: Answer>(
    answers: impl IntoIterator<Item = Stamped<A>>,
    mut again: impl FnMut(Ordering, &A, &A),
) -> Vec<Stamped<A>> {
    let mut by_subject: HashMap<Subject, Vec<Stamped<A>>, FixedState> = HashMap::default();
    for answer in answers {
        // Most subjects have one answer: it should not take the room of four.
        let about = by_subject.entry(answer.value.subject());
        let known = about.or_insert_with(|| Vec::with_capacity(1));
        let mut stands = true;
        known.retain(|known| {
            let Some(fullness) = answer.value.fullness(&known.value) else { return true };
            again(fullness, &known.value, &answer.value);
            let is_kept = fullness.then_with(|| answer.value.cmp(&known.value)).is_le();
            stands &= !is_kept;
            is_kept
        });
        if stands {
            known.push(answer);
        }
    }
    by_subject.into_values().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::WindowAnswer;
    use engines::{Moment, Timestamp, Window};

    fn counted(key: u64, count: u64, sum: i64) -> Stamped<WindowAnswer> {
        let window = Window { start: Timestamp::from_micros(0), end: Timestamp::from_micros(10) };
        let value = WindowAnswer { window, key, count, sum, extremes: None };
        Stamped { event_time: window.last_instant(), due: Moment::START, value }
    }

    #[track_caller]
    fn check(
        given: &[Stamped<WindowAnswer>],
        want: &[Stamped<WindowAnswer>],
        told: &[(Ordering, u64, u64)],
    ) {
        let mut again = Vec::new();
        let mut got = settled(given.to_vec(), |fullness, known: &WindowAnswer, given| {
            again.push((fullness, known.count, given.count));
        });
        got.sort_unstable_by_key(|answer| answer.value);
        assert_eq!(got, want);
        assert_eq!(again, told);
    }

    #[test]
    fn the_fullest_answer_stands_whatever_the_order() {
        let (less, more, other) = (counted(1, 2, 5), counted(1, 3, 1), counted(2, 1, 0));
        check(&[less, other, more], &[more, other], &[(Ordering::Greater, 2, 3)]);
        check(&[more, other, less], &[more, other], &[(Ordering::Less, 3, 2)]);
    }

    #[test]
    fn of_two_that_are_equally_full_the_greater_stands_and_both_are_told() {
        let (low, high) = (counted(1, 2, 5), counted(1, 2, 6));
        check(&[low, high], &[high], &[(Ordering::Equal, 2, 2)]);
        check(&[high, low], &[high], &[(Ordering::Equal, 2, 2)]);
        check(&[low, low], &[low], &[(Ordering::Equal, 2, 2)]);
    }
}
