//! An advice as a page: the answer, each sentence with the runs that it rests on; what each engine
//! costs; what it was set to and why; the runs; and what all this does not say.
//!
//! It decides nothing. A run's name leads to where the page tells of it, and only from there a link
//! leads to the page of that run, in its folder beside this one.

use super::circumstances::{circumstances, provenance, warnings};
use super::skeleton::{drawing, fitting, render};
use super::unsaid::unsaid_of_advice;
use crate::chart;
use crate::judge::advice::{
    Advice, DEFINITION, Evidence, Row, Sensitivity, Standing, Trial, trials,
};
use crate::judge::plain_loop;
use crate::quantity::{self, NONE};
use crate::record::RunRecord;
use crate::record::advice::AdviceRun;
use crate::record::twin::Twin;
use crate::text::advice::{BY_HAND, about, by_hand, came_of, columns, purpose};
use crate::text::{memory, sensitivity, twin};
use crate::words::{capitalised, slug};
use minijinja::{Value, context};

/// The page of an advice.
pub fn page(evidence: &Evidence, advice: &Advice) -> String {
    let record = &evidence.record;
    let title = if record.title.is_empty() { &record.name } else { &record.title };
    let deciding = evidence.deciding().map(|(_, record)| record);
    let chart = chart::advice_cost(advice, record.rate_per_s, record.plain_loop.as_ref());
    let tornado = advice.sensitivity.as_ref().map(chart::tornado);
    let columns = columns(evidence, advice);
    let engines: Vec<Value> = advice
        .rows
        .iter()
        .enumerate()
        .map(|(at, row)| {
            let cells = columns.iter().map(|column| {
                let (figure, below) = column.cells[at].clone();
                context! { figure => figure, below => below }
            });
            context! {
                name => row.name.clone(),
                label => row.label.clone(),
                setting => row.setting.clone(),
                advised => advice.winner == Some(at),
                why => doubts(row),
                cells => cells.collect::<Vec<_>>(),
            }
        })
        .collect();
    let by_hand = record.plain_loop.as_ref().map(|plain| {
        let cells = columns.iter().map(|column| {
            let (figure, below) = by_hand(column, plain, record.rate_per_s);
            context! { figure => figure, below => below }
        });
        let why = [capitalised(&plain_loop::sentence(plain, Some(record.rate_per_s))) + "."];
        let cells = cells.collect::<Vec<_>>();
        context! {
            name => plain_loop::NAME,
            setting => BY_HAND,
            advised => false,
            cells => cells,
            why => why,
        }
    });
    let sentences = advice.sentences.iter().map(|sentence| {
        let runs = sentence.runs.iter();
        let runs = runs.map(|run| context! { name => run.clone(), id => receipt(run) });
        context! { text => sentence.text.clone(), runs => runs.collect::<Vec<_>>() }
    });
    let headings = columns.iter().map(|column| {
        let (name, definition) = (column.name.clone(), column.definition.clone());
        context! { name => name, definition => definition, below => column.below }
    });
    let values = context! {
        title => title.clone(),
        name => record.name.clone(),
        started => record.started.clone(),
        command => record.command.clone(),
        sentences => sentences.collect::<Vec<_>>(),
        confidence => advice.confidence.words(),
        definition => DEFINITION,
        doubts => advice.doubts.clone(),
        headings => headings.collect::<Vec<_>>(),
        engines => engines.into_iter().chain(by_hand).collect::<Vec<_>>(),
        memory => evidence.cell().and_then(memory::sentence),
        priced => advice.rows.iter().any(|row| row.money.is_some()),
        varied => advice.sensitivity.as_ref().map(|told| varied(told, evidence)),
        twin => record.twin.as_ref().map(likeness),
        trials => trials(evidence).iter().map(|it| trial(it, advice)).collect::<Vec<_>>(),
        receipts => evidence.runs.iter().map(|(run, record)| told(run, record)).collect::<Vec<_>>(),
        circumstances => deciding.map_or_else(Vec::new, circumstances),
        warnings => deciding.map_or_else(Vec::new, warnings),
        untested => advice.untested.clone(),
        unsaid => deciding.map_or_else(Vec::new, unsaid_of_advice),
        provenance => deciding.map_or_else(String::new, provenance),
    };
    fitting(|bulk| {
        let chart = chart.as_ref().map(|chart| drawing("advice-cost", chart, bulk));
        let chart = chart.unwrap_or_else(|| Value::from(()));
        let tornado = tornado.as_ref().map(|chart| drawing("tornado", chart, bulk));
        let tornado = tornado.unwrap_or_else(|| Value::from(()));
        let values = context! { chart => chart, tornado => tornado, ..values.clone() };
        render(include_str!("advice.html"), title, bulk, values)
    })
}

/// Why an engine is not sure to hold what is demanded, and why its cost is not known, a sentence each.
fn doubts(row: &Row) -> Vec<String> {
    let all = row.holding.why.iter().chain(&row.not_costed);
    all.map(|why| capitalised(&format!("{} {why}.", row.name))).collect()
}

/// Where a page tells of a run.
fn receipt(folder: &str) -> String {
    format!("run-{}", slug(folder))
}

/// What was varied, and what came of it.
fn varied(told: &Sensitivity, evidence: &Evidence) -> Value {
    let run = evidence.runs.iter().find(|(run, _)| run.folder == told.run);
    context! {
        provenance => run.map_or_else(String::new, |(_, record)| provenance(record)),
        run => told.run.clone(),
        id => receipt(&told.run),
        advised => told.is_advised,
        heading => sensitivity::heading(told),
        turns => sensitivity::turns(told),
        notes => sensitivity::notes(told),
    }
}

/// How close a workload is to its trace.
fn likeness(twin: &Twin) -> Value {
    let properties = twin.properties.iter().map(|property| {
        context! {
            name => property.name.clone(),
            closeness => property.closeness.to_string(),
            d => format!("{:.3}", property.kolmogorov_smirnov),
            w => property.distance.clone(),
            sentence => property.sentence.clone(),
        }
    });
    let waits = twin.waits.iter().map(|wait| {
        let closeness = wait.closeness.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
        format!("{} ({closeness})", wait.text)
    });
    context! {
        about => about(twin),
        properties => properties.collect::<Vec<_>>(),
        rule => twin::RULE,
        waits_are => twin::WAITS,
        waits => waits.collect::<Vec<_>>(),
    }
}

/// A setting that was tried, and what came of it.
fn trial(trial: &Trial, advice: &Advice) -> Value {
    let Trial { standing, setting, rounds, place, of } = trial;
    let Standing { label, kind, meets, cost, miss } = standing;
    let setting: Vec<String> =
        setting.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let held = match miss {
        _ if *meets => "held".to_owned(),
        miss if miss.is_finite() && *miss > 1.0 => {
            format!("missed: {} what is allowed", quantity::ratio(*miss))
        }
        _ => "not fit, or too few answers".to_owned(),
    };
    context! {
        engine => kind.name(),
        setting => setting.join(", "),
        rounds => rounds,
        held => held,
        cost => cost.map_or_else(|| NONE.to_owned(), quantity::microseconds),
        place => format!("{place} of {of}"),
        chosen => advice.rows.iter().any(|row| row.label == *label),
    }
}

/// A run, what it was for, and what it came to.
fn told(run: &AdviceRun, record: &RunRecord) -> Value {
    context! {
        id => receipt(&run.folder),
        folder => run.folder.clone(),
        purpose => purpose(run.purpose),
        started => record.started.clone(),
        interrupted => record.interrupted,
        came => came_of(record),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::advice::advise;
    use crate::record::study::PlainLoop;
    use crate::sample;

    fn written(asked: sample::advice::Asked) -> String {
        let (record, runs) = asked;
        let evidence = Evidence { record, runs };
        page(&evidence, &advise(&evidence))
    }

    /// What a page says, without drawings and what is the same on every one.
    fn said(page: &str) -> String {
        let (from, to) = (page.find("<main>").unwrap(), page.find("</main>").unwrap());
        let mut parts = page[from..to].split("<svg");
        let mut text = parts.next().unwrap().to_owned();
        for part in parts {
            text.push_str(part.split_once("</svg>").unwrap().1);
        }
        text
    }

    #[test]
    fn a_page_of_each_answer() {
        for (name, asked) in sample::advice::all() {
            insta::assert_snapshot!(format!("advice_{name}"), said(&written(asked)));
        }
    }

    #[test]
    fn a_plain_loop_is_a_row_beside_the_engines() {
        let (mut record, runs) = sample::advice::clear();
        assert!(!said(&written((record.clone(), runs.clone()))).contains(plain_loop::NAME));
        let plain = PlainLoop { ns_per_event: 12.5, events: 1 << 20, answers: 1_040, passes: 5 };
        record.plain_loop = Some(plain);
        let page = said(&written((record, runs)));
        let row = page.split("<tr>").find(|row| row.contains(BY_HAND)).expect("it has a row");
        assert!(row.contains("12.5") && row.contains("0.00063"), "{row}");
    }

    #[test]
    fn every_sentence_leads_to_its_runs_and_nothing_leads_to_a_network() {
        for (name, asked) in sample::advice::all() {
            let runs: Vec<String> = asked.1.iter().map(|(run, _)| run.folder.clone()).collect();
            let page = written(asked);
            assert!(page.contains("default-src 'none'"), "{name}");
            for attribute in ["src=", "href=", "url(", "@import"] {
                for (at, _) in page.match_indices(attribute) {
                    let value: String = page[at..].chars().take(40).collect();
                    assert!(!value.contains("http") && !value.contains("//"), "{value}");
                }
            }
            for (at, _) in page.match_indices("href=\"#") {
                let id: String = page[at + 7..].chars().take_while(|c| *c != '"').collect();
                assert!(page.contains(&format!("id=\"{id}\"")), "{name}: #{id} leads nowhere");
            }
            for run in runs {
                assert!(page.contains(&format!("href=\"./{run}/report.html\"")), "{name}: {run}");
            }
        }
    }

    #[test]
    fn what_was_typed_is_shown_and_not_obeyed() {
        let (mut record, runs) = sample::advice::priced();
        record.title = "<b>\u{1b}]0;owned\u{7}".into();
        record.prices.as_mut().unwrap().currency = "<q1>".into();
        record.left_out = vec![("<script>alert(1)</script>".into(), "it".into())];
        let page = written((record, runs));
        assert!(!page.contains("<b>") && !page.contains("<q1>") && !page.contains("<script>alert"));
        assert!(!page.chars().any(crate::words::is_obeyed));
    }
}
