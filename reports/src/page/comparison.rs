//! A comparison and a check as a page: the noise first, then what is demanded, what changed, and
//! every figure. It decides nothing: the verdicts are those of the gate.

use super::skeleton::{drawing, fitting, render};
use super::together::Over;
use crate::chart;
use crate::judge::gate::{Checked, Compared, Difference, Row, Side};
use crate::record::RunRecord;
use crate::text::gate::{DIFFERS, NOTHING_DIFFERS, OTHER, cells, named};
use crate::words::{capitalised, plural, slug};
use minijinja::{Value, context};
use statistics::comparison::Change;

/// Two runs held against each other, and drawn over each other: these are their records.
pub fn compared(compared: &Compared, records: (&RunRecord, &RunRecord)) -> String {
    let (base, new) = (&compared.base, &compared.new);
    let mut verdict = compared.noise_sentences();
    verdict.push(format!("{}.", compared.tally()));
    let title = if base.name == new.name {
        format!("{} in {} against {}", new.name, new.folder, base.folder)
    } else {
        format!("{} against {}", new.name, base.name)
    };
    page(
        "comparison",
        &title,
        &verdict,
        &compared.remarks,
        Some(compared),
        &[],
        (
            &[("base", base), ("new", new)],
            &Over::called(vec!["base".into(), "new".into()], &[records.0, records.1]),
        ),
    )
}

/// A run held against what is demanded of it, and against a baseline where there is one; over
/// which it is then drawn: these are their records.
pub fn checked(checked: &Checked, run: &RunRecord, baseline: Option<&RunRecord>) -> String {
    let mut verdict: Vec<String> = Vec::new();
    let mut runs = Vec::new();
    if let Some(compared) = &checked.against {
        verdict.extend(compared.noise_sentences());
        runs.push(("baseline", &compared.base));
    }
    runs.push(("run", &checked.run));
    let demands = plural(checked.findings.len(), "demand");
    verdict.push(match checked.nothing() {
        Some([why, _]) => format!("{}.", capitalised(why)),
        None => format!("Of {demands}: {}.", checked.tally()),
    });
    let findings: Vec<Value> = checked
        .findings
        .iter()
        .map(|finding| {
            context! {
                status => format!("{} {}", finding.status.sign(), finding.status.word()),
                cell => finding.cell.clone(),
                engine => finding.engine.clone(),
                metric => finding.metric.clone(),
                demand => finding.demand.clone(),
                because => finding.because.clone(),
            }
        })
        .collect();
    let title = format!("{}, checked", checked.run.name);
    let against = checked.against.as_ref();
    let over = match baseline {
        Some(baseline) => Over::called(vec!["baseline".into(), "run".into()], &[baseline, run]),
        None => Over::called(Vec::new(), &[]),
    };
    page("check", &title, &verdict, &checked.remarks, against, &findings, (&runs, &over))
}

fn page(
    what: &str,
    title: &str,
    verdict: &[String],
    remarks: &[String],
    compared: Option<&Compared>,
    findings: &[Value],
    (runs, over): (&[(&str, &Side)], &Over),
) -> String {
    let chart = compared.and_then(chart::comparison);
    let provenance = runs.iter().map(|(_, side)| format!("{}, {}", side.name, side.started));
    let provenance = provenance.collect::<Vec<_>>().join(" → ");
    let environment = compared.map_or(&[][..], |compared| compared.environment.as_slice());
    let rows = compared.map_or(&[][..], |compared| compared.rows.as_slice());
    let values = |chart: Value, over: Value| {
        context! {
            what => what,
            verdict => verdict.to_vec(),
            other => capitalised(OTHER),
            differs => compared.map(|it| {
                let all = &it.circumstances;
                let heading = if all.is_empty() { NOTHING_DIFFERS } else { DIFFERS };
                let all: Vec<Value> = all.iter().map(difference).collect();
                context! { heading => heading, all => all }
            }),
            environment => named(environment),
            remarks => remarks.to_vec(),
            findings => findings.to_vec(),
            rows => rows.iter().map(row).collect::<Vec<_>>(),
            runs => runs.iter().map(|(name, side)| {
                let text = format!("{}: {}, {}, {}", side.folder, side.name, side.started, side.tool);
                context! { name => *name, text => text }
            }).collect::<Vec<_>>(),
            provenance => provenance.clone(),
            chart => chart,
            over => over,
        }
    };
    fitting(|bulk| {
        let chart = chart.as_ref().map(|chart| drawing("comparison", chart, bulk));
        let chart = chart.unwrap_or_else(|| Value::from(()));
        render(include_str!("comparison.html"), title, bulk, values(chart, over.values(bulk)))
    })
}

fn difference(one: &Difference) -> Value {
    context! { what => one.what.clone(), base => one.base.clone(), new => one.new.clone() }
}

fn row(row: &Row) -> Value {
    let class = match row.comparison.verdict {
        Change::Better => "winner",
        Change::Worse => "tint3",
        Change::Same | Change::NotEnoughData => "",
    };
    let id = format!("cmp-{}", slug(&format!("{} {} {}", row.cell, row.engine, row.metric.name)));
    context! { id => id, class => class, texts => cells(row).to_vec() }
}

#[cfg(test)]
mod tests {
    use crate::chart;
    use crate::judge::gate::{Compared, Terms, check, compare};
    use crate::sample::pair::changed;

    #[test]
    fn a_comparison_and_a_check_are_pages_that_need_no_network() {
        let (base, mut new) = changed();
        new.name = "<script>alert(1)</script>".into();
        new.tool.commit = "fedcba9".into();
        let compared = compare((&base, "runs/a"), (&new, "runs/b"), &Terms::default()).unwrap();
        let checked = check((&new, "runs/b"), Some((&base, "runs/a")), &Terms::default()).unwrap();
        let alone = check((&new, "runs/b"), None, &Terms::default()).unwrap();
        let pages = [
            super::compared(&compared, (&base, &new)),
            super::checked(&checked, &new, Some(&base)),
            super::checked(&alone, &new, None),
        ];
        for page in &pages {
            assert!(page.contains("default-src 'none'") && !page.contains("<script>alert"));
            for attribute in ["src=", "href="] {
                for (at, _) in page.match_indices(attribute) {
                    let value: String = page[at..].chars().take(40).collect();
                    assert!(!value.contains("http") && !value.contains("//"), "{value}");
                }
            }
        }
        let plain = |page: &str| page.replace('\u{a0}', " ");
        for page in &pages[..2] {
            let page = plain(page);
            let noise = page.find(&compared.noise_sentences()[0]).unwrap();
            assert!(noise < page.find("<h2>").unwrap(), "the noise comes first");
            let differs = page.find("commit: 0123abc → fedcba9").unwrap();
            assert!(differs < noise, "and before it what differs between the runs");
            for row in &compared.rows {
                assert!(page.contains(&row.words()), "{}", row.words());
            }
            assert!(
                page.contains("id=\"cmp-") && page.contains("▼ worse") && page.contains("<svg")
            );
        }
        assert!(plain(&pages[1]).contains("✗ violated"));
        assert!(pages[2].contains("What is demanded") && !pages[2].contains("What changed"));
        for (page, name) in pages[..2].iter().zip(["micro-batch, base", "micro-batch, baseline"]) {
            let [change, over, table] = ["id=\"changes\"", "id=\"over\"", "id=\"figures\""]
                .map(|id| page.find(id).unwrap());
            assert!(change < over && over < table, "the answer, the runs, every figure");
            assert!(page.contains(name) && page.contains("id=\"over-word-count-percentiles\""));
        }
        assert!(!pages[2].contains("id=\"over\""));
    }

    #[test]
    fn a_comparison_is_drawn_with_its_verdicts_in_words() {
        let (base, new) = changed();
        let compared = compare((&base, "runs/a"), (&new, "runs/b"), &Terms::default()).unwrap();
        let chart = chart::comparison(&compared).unwrap();
        assert_eq!(chart.data.rows.len(), compared.rows.len());
        let svg = chart.file();
        assert!(svg.contains("worse") && svg.contains("same within 10"), "words, not only dots");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "every place is a number");
        let nothing = Compared { rows: Vec::new(), ..compared };
        assert!(chart::comparison(&nothing).is_none());
    }
}
