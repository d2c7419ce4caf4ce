//! A history, as people and programs read it: what changed between which two runs, the newest first,
//! then every series and what was left out.
//!
//! Markdown, meant for a review, is one line where nothing changed. JSON has every figure of every
//! run.

use super::gate::{VERSION, differences, drawn, grid, pretty};
use crate::judge::history::{Gap, History, LeftOut, Run, Series, Shift, Told, Turn};
use crate::words::{listed, plural};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// How many folders are named in a line.
const NAMED_MOST: usize = 3;

/// Headings of the table of changes.
pub(crate) const CHANGES: [&str; 9] = [
    "scenario",
    "engine",
    "metric",
    "before",
    "after",
    "change",
    "95 % interval",
    "runs",
    "verdict",
];

/// Headings of the table of series.
pub(crate) const SERIES: [&str; 6] = ["scenario", "engine", "metric", "runs", "latest", "outcome"];

/// Everything, for a terminal.
pub fn text(history: &History) -> String {
    let mut out = format!("{}\n\n{}\n", heading(history), history.sentences().join("\n"));
    for gap in history.gaps() {
        let _ = writeln!(out, "\n{}", gap.named());
        for remark in gap.remarks() {
            let _ = writeln!(out, "  {remark}");
        }
        let mut table = grid(CHANGES);
        for told in &gap.told {
            table.add_row(cells(*told));
        }
        out.push_str(&drawn(&mut table, 3..8));
    }
    if !history.series.is_empty() {
        let mut table = grid(SERIES);
        for series in &history.series {
            table.add_row(row(history, series));
        }
        let _ = write!(out, "\nEvery series\n{}", drawn(&mut table, 3..5));
    }
    if !history.left_out.is_empty() {
        out.push_str("\nLeft out\n");
    }
    for line in left_out(history) {
        let _ = writeln!(out, "  {line}");
    }
    out
}

/// What changed, for a review.
pub fn markdown(history: &History) -> String {
    let mut out = format!("**History**: {}\n", history.tally());
    let gaps = history.gaps();
    if gaps.is_empty() {
        return out;
    }
    let _ = writeln!(out, "\n{}\n", history.sentences()[1..].join(" "));
    let _ = writeln!(out, "| between | {} |", CHANGES.join(" | "));
    out.push_str("|---|---|---|---|---:|---:|---:|---:|---:|---|\n");
    for Gap { before, after, told } in &gaps {
        for told in told {
            let between = format!("{} and {}", before.named(), after.named());
            let all = std::iter::once(between).chain(cells(*told));
            let all: Vec<String> = all.map(|cell| cell.replace('|', "\\|")).collect();
            let _ = writeln!(out, "| {} |", all.join(" | "));
        }
    }
    out
}

/// Every figure, for programs.
pub fn json(history: &History) -> String {
    let series = |series: &Series| {
        json!({
            "scenario": series.cell,
            "engine": series.engine,
            "metric": series.metric.name,
            "unit": series.metric.unit.name(),
            "band": series.metric.band,
            "points": series.points.iter().map(|point| {
                json!({ "run": point.run, "value": point.value, "interval": point.interval })
            }).collect::<Vec<_>>(),
            "runs_without": series.without,
            "changes": series.shifts.iter().map(|shift| change(series, shift)).collect::<Vec<_>>(),
        })
    };
    let run =
        |run: &Run| json!({ "folder": run.folder, "started": run.started, "commit": run.commit });
    let left_out =
        |left: &LeftOut| json!({ "folder": left.folder, "scenario": left.cell, "why": left.why });
    pretty(&json!({
        "schema_version": VERSION,
        "runs": history.runs.iter().map(run).collect::<Vec<_>>(),
        "series": history.series.iter().map(series).collect::<Vec<_>>(),
        "left_out": history.left_out.iter().map(left_out).collect::<Vec<_>>(),
    }))
}

fn change(series: &Series, shift: &Shift) -> Value {
    let change = &shift.change;
    let verdict = match shift.turn {
        Turn::Better => "better",
        Turn::Worse => "worse",
        Turn::WithinBand => "within-band",
        Turn::WithMachine => "with-machine",
    };
    json!({
        "between": [series.points[change.at - 1].run, series.points[change.at].run],
        "before": { "median": change.before, "runs": change.runs.0 },
        "after": { "median": change.after, "runs": change.runs.1 },
        "ratio": change.ratio,
        "interval": change.interval,
        "p_value": change.p_value,
        "differences": differences(&shift.differences),
        "same_work_after_over_before": shift.pace.map(|pace| pace.ratio),
        "verdict": verdict,
    })
}

/// How many runs there are, and from when.
pub(crate) fn heading(history: &History) -> String {
    match history.told_by()[..] {
        [] => "History of no runs".into(),
        [only] => format!("History of 1 run, {}", only.named()),
        [first, .., last] => {
            let runs = plural(history.told_by().len(), "run");
            format!("History of {runs}, {} to {}", first.named(), last.named())
        }
    }
}

/// A row of the table of changes, cell by cell.
pub(crate) fn cells(told: Told<'_>) -> [String; 9] {
    let Told { series, shift } = told;
    let show = |value: f64| series.metric.show(value);
    [
        series.cell.clone(),
        series.engine.clone(),
        series.metric.name.into(),
        show(shift.change.before),
        show(shift.change.after),
        told.change(),
        told.interval(),
        told.runs(),
        told.words(),
    ]
}

/// A row of the table of series, cell by cell.
pub(crate) fn row(history: &History, series: &Series) -> [String; 6] {
    let latest = series.points.last().map_or(f64::NAN, |point| point.value);
    [
        series.cell.clone(),
        series.engine.clone(),
        series.metric.name.into(),
        series.points.len().to_string(),
        series.metric.show(latest),
        history.outcome(series),
    ]
}

/// What was left out, a line for each reason, and what would take some of it in.
pub(crate) fn left_out(history: &History) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for left in &history.left_out {
        match reasons.iter_mut().find(|(why, _)| *why == left.why) {
            Some((_, names)) => names.push(left.named()),
            None => reasons.push((left.why.as_str(), vec![left.named()])),
        }
    }
    let told = |(why, mut names): (&str, Vec<String>)| {
        let more = names.len().saturating_sub(NAMED_MOST);
        names.truncate(NAMED_MOST);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        format!("{}: {why}", listed(&names))
    };
    let mut lines: Vec<String> = reasons.into_iter().map(told).collect();
    if history.left_out.iter().any(|left| left.is_elsewhere) {
        lines.push("--force takes in what is of another machine or build".into());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::history::{Asked, history};
    use crate::sample::pair::nights;

    /// Nights of which one is of another machine, and a folder that holds nothing.
    fn changed() -> History {
        let mut runs = nights(30, 18, 1.2);
        runs[3].0.host.cores = 2;
        let unread = vec![LeftOut::whole("nights/31", "cannot read it".into())];
        history(&runs, unread, &Asked::default())
    }

    #[test]
    fn a_history_is_shown_in_every_format() {
        let history = changed();
        insta::assert_snapshot!("history_text", text(&history));
        insta::assert_snapshot!("history_markdown", markdown(&history));
        let json: Value = serde_json::from_str(&json(&history)).unwrap();
        assert_eq!(json["schema_version"], 1);
        assert_eq!(json["runs"].as_array().unwrap().len(), 30);
        assert_eq!(json["left_out"][1]["why"], "cores is 2, in the latest run 8");
        let series = json["series"].as_array().unwrap();
        assert_eq!(series.len(), history.series.len());
        for one in series {
            assert_eq!(one["points"].as_array().unwrap().len(), 29, "{one}");
            let change = &one["changes"][0];
            assert_eq!(change["between"], serde_json::json!([17, 18]));
            assert_eq!(change["verdict"], "worse");
            assert_eq!(change["differences"][0]["what"], "commit");
        }
    }

    #[test]
    fn nothing_changed_is_one_line_for_a_review() {
        let history = history(&nights(20, 20, 1.0), Vec::new(), &Asked::default());
        insta::assert_snapshot!(markdown(&history), @"**History**: No change in 6 series");
    }

    #[test]
    fn many_runs_left_out_for_one_reason_are_one_line() {
        let mut runs = nights(20, 20, 1.0);
        for (run, _) in &mut runs[..12] {
            run.host.kernel = "Linux 5.15".into();
        }
        let told = left_out(&history(&runs, Vec::new(), &Asked::default()));
        assert_eq!(
            told,
            [
                "nights/01, nights/02, nights/03 and 9 more: kernel is Linux 5.15, in the latest run \
                 Linux 6.1",
                "--force takes in what is of another machine or build"
            ]
        );
    }
}
