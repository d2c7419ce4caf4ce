//! Made-up nights, whose changes are known.

use super::*;
use crate::record::{FixedWork, VerdictKind};
use crate::sample::pair::nights;

/// What thirty nights say, the last so many of them slower by a fifth, after some change to them.
fn told(slow: usize, change: impl FnOnce(&mut Vec<(RunRecord, String)>)) -> History {
    let mut runs = nights(30, 30 - slow, 1.2);
    change(&mut runs);
    history(&runs, Vec::new(), &Asked::default())
}

fn shifts(history: &History) -> Vec<(String, Turn, usize)> {
    let each = history.series.iter().flat_map(|series| {
        let name = format!("{} {}", series.engine, series.metric.name);
        series.shifts.iter().map(move |shift| (name.clone(), shift.turn, shift.change.at))
    });
    each.collect()
}

fn why(history: &History) -> Vec<(String, String)> {
    let each = history.left_out.iter();
    each.map(|left| (left.named(), left.why.clone())).collect()
}

#[test]
fn a_slower_build_is_found_in_every_figure_and_between_the_two_runs() {
    let history = told(12, |_| ());
    assert_eq!(history.series.len(), 6, "two engines, three headlines");
    let found = shifts(&history);
    assert_eq!(found.len(), 6, "{found:?}");
    assert!(found.iter().all(|(_, turn, at)| *turn == Turn::Worse && *at == 18), "{found:?}");
    let gaps = history.gaps();
    let [gap] = &gaps[..] else { panic!("{gaps:?}") };
    assert_eq!(
        gap.named(),
        "Between 2026-11-18T02:00:00Z (0000012) and 2026-11-19T02:00:00Z (0000013)"
    );
    assert_eq!(gap.remarks(), ["commit: 0000012 → 0000013"]);
    assert_eq!(history.tally(), "6 changes in 6 series: 6 worse");
    assert_eq!(told(0, |_| ()).tally(), "No change in 6 series");
}

#[test]
fn runs_come_in_any_order_and_each_counts_once() {
    let sorted = told(12, |_| ());
    let mixed = told(12, |runs| {
        runs.reverse();
        runs.swap(3, 20);
        let mut again = runs[5].clone();
        again.1 = "zz/25".into();
        runs.push(again);
    });
    assert_eq!(shifts(&sorted), shifts(&mixed));
    assert_eq!(mixed.runs, sorted.runs);
    assert_eq!(why(&mixed), [("zz/25".to_owned(), "it is the run of nights/25".to_owned())]);
}

#[test]
fn what_is_of_another_machine_or_question_is_left_out_and_named() {
    let history = told(12, |runs| {
        runs[2].0.host.kernel = "Linux 5.15".into();
        runs[2].0.tool.rustc = "1.88.0".into();
        runs[4].0.cells[0].resolved = runs[4].0.cells[0].resolved.replace("100k/s", "200k/s");
        for (n, class) in [(6, "small"), (29, "large")] {
            runs[n].0.host.name = Some(class.into());
        }
        runs[7].0.cells.clear();
    });
    let said = |folder: &str, why: &str| (folder.to_owned(), why.to_owned());
    let others = [
        said("nights/03", "kernel is Linux 5.15, in the latest run Linux 6.1; 1 difference more"),
        said("nights/05", "source.synthetic.rate is \"200k/s\", in the latest run \"100k/s\""),
        said("nights/07", "host class is small, in the latest run large"),
        said("nights/08", "there is no scenario in it"),
    ];
    assert_eq!(why(&history), others);
    assert_eq!(history.told_by().len(), 26);
    assert_eq!(history.series[0].points.len(), 26);
    let runs = nights(30, 18, 1.2);
    let mut elsewhere = runs.clone();
    elsewhere[2].0.host.cores = 2;
    let forced = Asked { forced: true, ..Asked::default() };
    assert_eq!(super::history(&elsewhere, Vec::new(), &forced).series[0].points.len(), 30);
}

#[test]
fn one_cell_that_asks_something_else_leaves_the_others_in() {
    let mut runs = nights(10, 10, 1.0);
    for (run, _) in &mut runs {
        let mut other = run.cells[0].clone();
        other.name = "other".into();
        run.cells.push(other);
    }
    runs[0].0.cells[1].input.hash = "ffff".into();
    let history = history(&runs, Vec::new(), &Asked::default());
    assert_eq!(history.left_out.len(), 1);
    assert_eq!(history.left_out[0].named(), "other of nights/01");
    let points: Vec<usize> = history.series.iter().map(|series| series.points.len()).collect();
    assert_eq!(points, [10, 10, 10, 10, 10, 10, 9, 9, 9, 9, 9, 9]);
}

#[test]
fn what_was_not_verified_gives_no_point() {
    let history = told(12, |runs| {
        for repetition in &mut runs[4].0.cells[0].engines[0].repetitions {
            repetition.verdict.kind = VerdictKind::Differs;
        }
    });
    let points: Vec<(usize, usize)> =
        history.series.iter().map(|series| (series.points.len(), series.without)).collect();
    assert_eq!(points, [(29, 1), (29, 1), (29, 1), (30, 0), (30, 0), (30, 0)]);
    // A place among the points, and still the same night.
    assert_eq!(history.series[0].shifts[0].change.at, 17);
    assert_eq!(history.gaps().len(), 1);
}

#[test]
fn a_change_that_nobody_would_act_on_is_called_that() {
    let runs = nights(30, 15, 1.03);
    let history = history(&runs, Vec::new(), &Asked::default());
    let rates = shifts(&history);
    let rates: Vec<_> = rates.iter().filter(|(name, ..)| name.contains("throughput")).collect();
    assert_eq!(rates.len(), 2, "half a percent of noise hides no three: {rates:?}");
    assert!(rates.iter().all(|(_, turn, _)| *turn == Turn::WithinBand), "{rates:?}");
}

#[test]
fn a_slower_machine_is_no_worse_build() {
    let timed = |slower: f64| {
        told(12, |runs| {
            for (n, (run, _)) in runs.iter_mut().enumerate() {
                let ns = if n < 18 { 10e6 } else { 10e6 * slower };
                let engines = run.cells.iter_mut().flat_map(|cell| &mut cell.engines);
                for (m, repetition) in engines.flat_map(|it| &mut it.repetitions).enumerate() {
                    // A thousandth of noise.
                    let ns = ns * if m % 2 == 0 { 1.0005 } else { 0.9995 };
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "small"
                    )]
                    let ns = ns as u64;
                    repetition.fixed_work = Some(FixedWork { before_ns: ns, after_ns: ns });
                }
            }
        })
    };
    let turns = |history: &History| -> Vec<Turn> {
        shifts(history).into_iter().map(|(_, turn, _)| turn).collect()
    };
    assert_eq!(turns(&timed(1.0)), [Turn::Worse; 6]);
    let slower = timed(1.22);
    assert_eq!(turns(&slower), [Turn::WithMachine; 6]);
    let told = "word-count: the same piece of work took 22.0 % more time after it";
    assert_eq!(slower.gaps()[0].remarks()[1], told);
    // What became faster explains nothing that became slower.
    assert_eq!(turns(&timed(0.88)), [Turn::Worse; 6]);
}

#[test]
fn too_few_runs_say_how_many_it_takes() {
    let runs = nights(4, 2, 1.5);
    let history = history(&runs, Vec::new(), &Asked::default());
    assert_eq!(shifts(&history), []);
    assert_eq!(history.outcome(&history.series[0]), "4 runs, and it takes 6");
    let sentences = history.sentences();
    assert_eq!(
        sentences,
        [
            "No change in 6 series.",
            "Of these, 6 have fewer than 6 runs, and no change can be found in them: it takes 3 on \
             either side."
        ]
    );
}

#[test]
fn only_the_engines_and_metrics_that_are_asked_for() {
    let runs = nights(8, 8, 1.0);
    let of = |engine: &str, also: &[&'static Metric]| -> Vec<String> {
        let engines = [engine.to_owned()];
        let asked = Asked { also, engines: &engines, forced: false };
        let series = history(&runs, Vec::new(), &asked).series;
        series.into_iter().map(|one| format!("{} {}", one.engine, one.metric.name)).collect()
    };
    let headlines = ["result_latency.p99", "throughput.completed", "cpu_per_event"];
    let of_one = headlines.map(|name| format!("per-event {name}"));
    assert_eq!(of("per-event", &[]), of_one);
    assert_eq!(of("nobody", &[]), Vec::<String>::new());
    let memory = crate::judge::metrics::metric("peak_memory").unwrap();
    let limit = crate::judge::metrics::metric("limit").unwrap();
    let asked = of("per-event", &[memory, limit]);
    assert_eq!(asked[3..], ["per-event limit", "per-event peak_memory"], "what has none, too");
}

#[test]
fn a_lean_record_says_the_same() {
    let runs = nights(8, 4, 1.5);
    let full = crate::sample::record();
    let lean = lean(full.clone());
    for (cell, other) in full.cells.iter().zip(&lean.cells) {
        for (engine, other) in cell.engines.iter().zip(&other.engines) {
            for metric in crate::judge::metrics::METRICS {
                assert_eq!(metric.figures(engine), metric.figures(other), "{}", metric.name);
            }
            assert!(other.repetitions.iter().all(|one| one.timeline.is_empty()));
        }
    }
    let leaned: Vec<(RunRecord, String)> =
        runs.iter().map(|(run, folder)| (super::lean(run.clone()), folder.clone())).collect();
    let of = |runs: &[(RunRecord, String)]| shifts(&history(runs, Vec::new(), &Asked::default()));
    assert_eq!(of(&runs), of(&leaned));
}
