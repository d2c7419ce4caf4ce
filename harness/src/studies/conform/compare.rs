//! What an engine answered, held against what a case expects: one comparison for all engines.

use super::case::{Case, Item};
use super::row::Row;

/// What an engine answered to a case.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Answered {
    pub(super) rows: Vec<Row>,
    pub(super) late: Late,
}

/// What an engine tells of late events.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Late {
    /// Nothing.
    #[default]
    Untold,
    /// Which events of the input.
    Events(Vec<usize>),
    /// How many in the batch that an item of the input ends.
    Batches(Vec<(usize, usize)>),
}

/// Where an answer differs first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What was expected there; none where nothing was.
    pub expected: Option<String>,
    /// What was answered there; none where nothing was.
    pub answered: Option<String>,
}

/// The first row that differs, in the order of the input.
pub(super) fn difference(case: &Case, expected: &[Row], answered: &Answered) -> Option<Difference> {
    rows(expected, &answered.rows).or_else(|| late(case, &answered.late))
}

/// Rows of one item of the input are a set, in which a row may come several times.
fn rows(expected: &[Row], answered: &[Row]) -> Option<Difference> {
    let mut left: Vec<&Row> = answered.iter().collect();
    let mut missing: Vec<&Row> = Vec::new();
    for row in expected {
        match left.iter().position(|other| row.is(other)) {
            Some(at) => drop(left.remove(at)),
            None => missing.push(row),
        }
    }
    let first = |rows: &[&Row]| rows.iter().map(|row| row.index).min();
    let index = [first(&missing), first(&left)].into_iter().flatten().min()?;
    let at = |rows: &[&Row]| -> Vec<Row> {
        rows.iter().filter(|row| row.index == index).map(|row| (*row).clone()).collect()
    };
    let (missing_here, left_here) = (at(&missing), at(&left));
    // Of those that came with the same item, the ones that are about the same, if there are any.
    let about_the_same = missing_here.iter().find_map(|row| {
        let other = left_here.iter().find(|other| row.subject() == other.subject())?;
        Some((row, other))
    });
    // Else what came, and with another item than was expected.
    let late = || missing_here.iter().find_map(|row| Some((row, elsewhere(row, &left)?)));
    let early = || left_here.iter().find_map(|row| Some((elsewhere(row, &missing)?, row)));
    let (expected, answered) = match about_the_same.or_else(late).or_else(early) {
        Some((row, other)) => (Some(row), Some(other)),
        None => (missing_here.first(), left_here.first()),
    };
    let shown = |row: Option<&Row>| row.map(ToString::to_string);
    Some(Difference { expected: shown(expected), answered: shown(answered) })
}

/// The row that says the same, whichever item it came with.
fn elsewhere<'a>(row: &Row, rows: &[&'a Row]) -> Option<&'a Row> {
    rows.iter().copied().find(|other| row.what == other.what)
}

fn late(case: &Case, answered: &Late) -> Option<Difference> {
    let shown = |text: String| Some(text);
    match answered {
        Late::Untold => None,
        Late::Events(events) => {
            let mut all: Vec<usize> = case.late.iter().chain(events).copied().collect();
            all.sort_unstable();
            all.dedup();
            let first = all
                .into_iter()
                .find(|index| case.late.contains(index) != events.contains(index))?;
            let [late, counted] =
                ["late", "not late"].map(|how| format!("input[{first}] is {how}"));
            Some(if case.late.contains(&first) {
                Difference { expected: shown(late), answered: shown(counted) }
            } else {
                Difference { expected: shown(counted), answered: shown(late) }
            })
        }
        Late::Batches(counts) => {
            let mut batch = Vec::new();
            for (index, item) in case.input.iter().enumerate() {
                if *item != Item::BatchBoundary {
                    batch.extend(case.late.contains(&index).then_some(index));
                    continue;
                }
                let counted = counts.iter().filter(|(end, _)| *end == index);
                let counted: usize = counted.map(|(_, count)| count).sum();
                if counted != batch.len() {
                    let told = |count: usize| {
                        shown(format!("{count} late in the batch that input[{index}] ends"))
                    };
                    return Some(Difference {
                        expected: told(batch.len()),
                        answered: told(counted),
                    });
                }
                batch.clear();
            }
            None
        }
    }
}
