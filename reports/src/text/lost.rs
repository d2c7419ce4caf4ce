//! What engines lost without a word: what they answered is less than what was asked, and so is what
//! their figures measure.

use super::verdict::{engines_in, shortened};
use crate::judge::lost::brief;
use crate::judge::summary::most_lost;
use crate::quantity;
use crate::record::RunRecord;

/// Who lost what, in a clause of the verdict; none where nobody did.
pub(super) fn clause(record: &RunRecord) -> Option<String> {
    let losers: Vec<String> = engines_in(record)
        .filter_map(|(cell, engine)| {
            let lost = most_lost(engine).filter(|lost| lost.memberships > 0)?;
            Some(format!(
                "{} in {cell} {} ({} of {} pairs of an event and a window, as many as {} hold)",
                engine.label,
                brief(lost),
                quantity::count(lost.memberships),
                quantity::count(lost.of),
                quantity::counted(lost.events, "event")
            ))
        })
        .collect();
    (!losers.is_empty())
        .then(|| format!("{}, so that its figures are those of less work", shortened(&losers)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::charts;
    use crate::record::Lost;
    use crate::sample;
    use crate::text::table::terminal;
    use crate::text::verdict::verdict;

    fn lossy(memberships: u64) -> RunRecord {
        let mut record = sample::record();
        for repetition in &mut record.cells[0].engines[1].repetitions {
            let lost = Lost { memberships, of: 600_000, events: memberships / 10 };
            repetition.verdict.bounds_only = memberships > 0;
            repetition.verdict.lost = Some(lost);
        }
        record
    }

    #[test]
    fn what_was_lost_is_part_of_the_verdict_and_of_the_table() {
        let record = lossy(12_000);
        let label = &record.cells[0].engines[1].label;
        let said = verdict(&record).join(" ");
        let sooner = said.split(". ").find(|said| said.contains("is the interval")).unwrap();
        let with = "having lost up to 2.00 % of what its windows hold without a word";
        assert!(sooner.replace('\u{a0}', " ").contains(with), "in one sentence: {sooner}");
        assert!(said.contains(&format!("{label} in ")), "{said}");
        let words = "lost 2.00 % without a word (12 000 of 600 000 pairs of an event and a window, as \
                     many as 1 200 events hold), so that its figures are those of less work";
        assert!(said.replace('\u{a0}', " ").contains(words), "{said}");
        assert!(
            said.contains("within the bounds that an engine leaves that loses events"),
            "{said}"
        );
        assert!(!said.contains("several source partitions"), "{said}");
        let text = terminal(&record).replace('\u{a0}', " ");
        assert!(text.contains("lost 2.00 % without a word"), "{text}");
    }

    #[test]
    fn whoever_is_named_as_better_is_named_with_what_it_lost() {
        let mut record = lossy(12_000);
        record.cells.truncate(1);
        let with = ", having lost 2.00 % of what its windows hold without a word";
        let has = |said: &str| said.replace('\u{a0}', " ").contains(with);
        let said = verdict(&record);
        assert!(
            has(said.iter().find(|said| said.contains("is the interval")).unwrap()),
            "{said:?}"
        );
        let cheaper = said.iter().find(|said| said.contains("CPU time per event")).unwrap();
        assert!(!has(cheaper), "the other one lost nothing: {cheaper}");
        let titles: Vec<String> =
            charts(&record).remove(0).into_iter().map(|chart| chart.title).collect();
        let sooner = titles.iter().find(|title| title.contains("75.8 µs of per-event")).unwrap();
        assert!(has(sooner), "{titles:?}");
        // The other one's figure is lower by CPU time, and is if it has lost as much.
        record.cells[0].engines.reverse();
        for repetition in &mut record.cells[0].engines[1].repetitions {
            let lost = Lost { memberships: 12_000, of: 600_000, events: 1_200 };
            repetition.verdict.lost = Some(lost);
        }
        let said = verdict(&record);
        let cheaper = said.iter().find(|said| said.contains("CPU time per event")).unwrap();
        assert!(has(cheaper), "{cheaper}");
    }

    #[test]
    fn nothing_lost_is_no_matter_of_the_verdict() {
        let said = verdict(&lossy(0)).join(" ");
        assert!(!said.contains("lost"), "{said}");
    }
}
