//! A history as a page: what changed between which runs, each engine drawn run after run, every
//! series, and what was left out. It decides nothing: what is a change is for [`judge`](crate::judge).

use super::skeleton::{drawing, fitting, render};
use crate::chart::{Course, courses};
use crate::judge::history::{Gap, History, Turn};
use crate::text::history::{CHANGES, SERIES, cells, heading, left_out, row};
use crate::words::slug;
use minijinja::{Value, context};

/// The page of a history.
pub fn page(history: &History) -> String {
    let title = heading(history);
    let courses = courses(history);
    let (changed, others): (Vec<&Course>, Vec<&Course>) =
        courses.iter().partition(|course| course.is_changed);
    fitting(|bulk| {
        let drawn = |courses: &[&Course]| -> Vec<Value> {
            let each = courses.iter().map(|course| {
                let id = slug(&format!("{} {}", course.cell, course.engine));
                context! {
                    name => format!("{}, {}", course.cell, course.engine),
                    chart => drawing(&id, &course.chart, bulk),
                    id => id,
                }
            });
            each.collect()
        };
        let values = context! {
            verdict => history.sentences(),
            left_out => left_out(history),
            gaps => history.gaps().iter().map(gap).collect::<Vec<_>>(),
            changed => drawn(&changed),
            others => drawn(&others),
            changes => CHANGES.to_vec(),
            headings => SERIES.to_vec(),
            series => history.series.iter().map(|one| row(history, one).to_vec()).collect::<Vec<_>>(),
            runs => history.runs.iter().map(|run| {
                context! { name => run.named(), folder => run.folder.clone() }
            }).collect::<Vec<_>>(),
            provenance => title.clone(),
        };
        render(include_str!("history.html"), &title, bulk, values)
    })
}

fn gap(gap: &Gap<'_>) -> Value {
    let rows = gap.told.iter().map(|told| {
        let class = match told.shift.turn {
            Turn::Better => "winner",
            Turn::Worse => "tint3",
            Turn::WithinBand | Turn::WithMachine => "",
        };
        context! { class => class, texts => cells(*told).to_vec() }
    });
    context! {
        name => gap.named(),
        remarks => gap.remarks(),
        rows => rows.collect::<Vec<_>>(),
    }
}

#[cfg(test)]
mod tests {
    use crate::judge::history::{Asked, LeftOut, history};
    use crate::sample::pair::nights;

    #[test]
    fn a_history_is_a_page_that_needs_no_network_and_obeys_nobody() {
        let mut runs = nights(30, 18, 1.2);
        runs[20].1 = "<script>alert(1)</script>".into();
        let unread = vec![LeftOut::whole("nights/31", "cannot read it".into())];
        let told = history(&runs, unread, &Asked::default());
        let page = super::page(&told);
        assert!(page.contains("default-src 'none'") && !page.contains("<script>alert"));
        for attribute in ["src=", "href="] {
            for (at, _) in page.match_indices(attribute) {
                let value: String = page[at..].chars().take(40).collect();
                assert!(!value.contains("http") && !value.contains("//"), "{value}");
            }
        }
        let page = page.replace('\u{a0}', " ");
        let [verdict, changes, drawn, table] =
            [told.tally().as_str(), "id=\"changes\"", "<figure", "id=\"series\""]
                .map(|text| page.find(text).unwrap());
        assert!(verdict < changes && changes < drawn && drawn < table);
        assert!(page.contains(&told.gaps()[0].named()) && page.contains("▼ worse"));
        assert!(page.contains("31: cannot read it"), "what was left out");
        assert_eq!(page.matches("<figure").count(), 2, "an engine each");
    }
}
