//! What two runs differ by although nothing has changed, as far as it is known.
//!
//! Repetitions of one run share an hour, neighbours and a place on the machine; another run has
//! others. What that does to a figure no run shows of itself. It is known from further runs of the
//! same thing: the same build on the same machine with the same question. Where there are none it is
//! presumed ([`noise::presumed`]), and said to be. A machine that was slower as a whole is known by
//! the piece of work that each repetition timed, and is no change of what ran on it.

use super::comparable::{self, Difference, Refusal};
use super::runs::same_engine;
use crate::judge::metrics::Metric;
use crate::quantity;
use crate::record::{CellRecord, EngineRecord, Repetition, RunRecord};
use crate::words::plural;
use statistics::noise::{self, Pace};

/// What is known of it in a comparison of two runs.
#[derive(Debug)]
pub(super) struct Drift<'a> {
    /// The base and its like, and the new run and its like.
    sides: [Vec<&'a RunRecord>; 2],
    pub(super) pace: Option<Pace>,
}

impl<'a> Drift<'a> {
    /// Of two runs and further runs of the one or the other.
    ///
    /// # Errors
    /// A run that is of neither.
    pub(super) fn of(
        base: &'a RunRecord,
        new: &'a RunRecord,
        again: &[&'a RunRecord],
    ) -> Result<Self, Box<Refusal>> {
        let mut sides = [vec![base], vec![new]];
        for (n, run) in again.iter().enumerate() {
            // Named twice, or found in two folders.
            if again[..n].iter().any(|other| is_itself(other, run)) {
                continue;
            }
            match [base, new].map(|side| unlike(side, run)) {
                _ if is_itself(base, run) || is_itself(new, run) => {
                    return Err(Box::new(itself(run)));
                }
                [None, _] => sides[0].push(run),
                [_, None] => sides[1].push(run),
                [Some(difference), _] => return Err(Box::new(refused(run, difference))),
            }
        }
        let times = |side: &RunRecord, other: &RunRecord| -> Vec<f64> {
            work_times(comparable::in_common(other, side).map(|(_, cell)| cell))
        };
        Ok(Self { sides, pace: noise::pace(&times(base, new), &times(new, base)) })
    }

    /// How far a figure of an engine on a cell may differ between two runs of the same thing, as a
    /// share.
    pub(super) fn share(&self, cell: &str, engine: &EngineRecord, metric: &Metric) -> f64 {
        let levels = self.sides.each_ref().map(|runs| {
            let engines = runs.iter().filter_map(|run| {
                let cell = run.cells.iter().find(|other| other.name == cell)?;
                same_engine(&cell.engines, engine)
            });
            engines.filter_map(|engine| level(&metric.steady_figures(engine))).collect::<Vec<_>>()
        });
        let between = noise::between_runs(&levels.each_ref().map(Vec::as_slice));
        between.max(self.pace.map_or(0.0, |pace| pace.beyond))
    }

    /// How many runs there are of the same things, these two included.
    pub(super) fn runs(&self) -> usize {
        self.sides.iter().map(Vec::len).sum()
    }
}

/// How long the same piece of work took before and after each repetition of these cells, in
/// nanoseconds.
pub(crate) fn work_times<'a>(cells: impl Iterator<Item = &'a CellRecord>) -> Vec<f64> {
    let repetitions = cells.flat_map(|cell| &cell.engines).flat_map(|e| &e.repetitions);
    let timed = repetitions.filter_map(|repetition| repetition.fixed_work);
    timed.flat_map(|work| [work.before_ns, work.after_ns]).map(|ns| ns as f64).collect()
}

/// Whether there are runs enough of the same thing for an estimate of their own.
pub(super) const fn is_estimated(runs: usize) -> bool {
    // Each of the two sides gives one away to its own level.
    runs.saturating_sub(2) >= noise::ENOUGH
}

/// The level of a figure in a run: the geometric mean, by which runs are compared.
fn level(figures: &[f64]) -> Option<f64> {
    let positive = !figures.is_empty() && figures.iter().all(|figure| *figure > 0.0);
    let logs = figures.iter().map(|figure| figure.ln());
    positive.then(|| (logs.sum::<f64>() / figures.len() as f64).exp())
}

/// What is not the same in a run and in one that it should be another of.
fn unlike(run: &RunRecord, again: &RunRecord) -> Option<Difference> {
    if let Err(refusal) = comparable::judge(run, again, false) {
        let Refusal { message, differences, .. } = *refusal;
        let unsaid = || Difference { what: message, base: String::new(), new: String::new() };
        return Some(differences.into_iter().next().unwrap_or_else(unsaid));
    }
    let build = |run: &RunRecord| format!("{} ({})", run.tool.version, run.tool.commit);
    let (base, new) = (build(run), build(again));
    (base != new).then(|| Difference { what: "build".into(), base, new })
}

/// Whether two records are of one run, which says nothing of what two of them differ by.
pub(crate) fn is_itself(run: &RunRecord, again: &RunRecord) -> bool {
    let figures = |run: &RunRecord| -> Vec<(u64, Option<u64>)> {
        let engines = run.cells.iter().flat_map(|cell| &cell.engines);
        let repetitions = engines.flat_map(|engine| &engine.repetitions);
        let p99 = |one: &Repetition| one.result_latency.as_ref().map(|latency| latency.p99_ns);
        repetitions.map(|one| (one.cpu_us_per_event.to_bits(), p99(one))).collect()
    };
    run.started == again.started && figures(run) == figures(again)
}

fn itself(again: &RunRecord) -> Refusal {
    let message = format!("the run of {} is one of the two, and no further one", again.started);
    let help = "give other runs of the same thing (--again)".into();
    Refusal { code: "compare::not_again", message, differences: Vec::new(), help }
}

fn refused(again: &RunRecord, difference: Difference) -> Refusal {
    Refusal {
        code: "compare::not_again",
        message: format!(
            "the run of {} is another of neither the base nor the new run, so that what it differs \
             by is no noise",
            again.started
        ),
        differences: vec![difference],
        help: "give runs of the same build, machine and scenario as one of the two (--again)"
            .into(),
    }
}

/// Whether a run that lies among others is another of `base` or of `new`.
pub fn is_again(base: &RunRecord, new: &RunRecord, run: &RunRecord) -> bool {
    let is_like = [base, new].iter().any(|side| unlike(side, run).is_none());
    is_like && !is_itself(base, run) && !is_itself(new, run)
}

/// The pace of a machine in a clause, where it is known: none where it was the same, for all that can
/// be told.
pub(crate) fn pace_told(pace: Option<Pace>) -> Option<String> {
    let Pace { ratio, beyond } = pace?;
    let by = (ratio - 1.0).abs();
    // Where the interval reaches twice as far its other end lies at 1, or beyond.
    if by < 0.005 || beyond > 2.0 * by {
        return None;
    }
    let how = if ratio > 1.0 { "more" } else { "less" };
    Some(format!("the same piece of work took {} {how} time", quantity::fraction(by)))
}

/// The same of two runs, in a sentence.
pub(super) fn pace_sentence(pace: Option<Pace>) -> Option<String> {
    let told = pace_told(pace)?;
    Some(format!(
        "The machine was not as fast in both runs: {told} in the new one, and what that explains is \
         no change."
    ))
}

/// What is known of the noise, in sentences: within a run, and between runs.
pub(super) fn sentences(
    within: &[(&'static Metric, f64)],
    between: &[(&'static Metric, f64)],
    runs: usize,
    pace: Option<Pace>,
) -> Vec<String> {
    let listed = |floors: &[(&'static Metric, f64)]| {
        let each = floors
            .iter()
            .map(|(metric, floor)| format!("{} in {}", quantity::fraction(*floor), metric.words));
        each.collect::<Vec<_>>().join(", ")
    };
    let mut sentences = Vec::new();
    if within.is_empty() {
        sentences.push("The noise floor is not known: too few repetitions.".to_owned());
    } else {
        sentences.push(format!(
            "Noise floor: within one run, two sets of such repetitions without any change differ by \
             up to {}.",
            listed(within)
        ));
        sentences.push(if is_estimated(runs) {
            format!(
                "Between runs, {} of the same things show that it is up to {}; no less is called \
                 better or worse.",
                plural(runs, "run"),
                listed(between)
            )
        } else {
            let largest = between.iter().map(|(_, share)| *share).fold(0.0, f64::max);
            let largest = quantity::fraction(largest.max(noise::presumed()));
            format!(
                "What differs between two runs is not seen in them, and is taken for up to \
                 {largest}; no less is called better or worse, and more runs of the same things \
                 (--again) would tell."
            )
        });
    }
    sentences.extend(pace_sentence(pace));
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::gate::{Status, Terms, check, compare};
    use crate::judge::metrics::CPU_PER_EVENT;
    use crate::record::FixedWork;
    use crate::sample;
    use crate::sample::pair::{Noise, run};

    /// Has every repetition of a run time its fixed piece of work, on a machine that is so many times
    /// slower, with 0.5 % of noise.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "made-up and small"
    )]
    fn timed(record: &mut RunRecord, slower: f64, noise: &mut Noise) {
        let engines = record.cells.iter_mut().flat_map(|cell| &mut cell.engines);
        for repetition in engines.flat_map(|engine| &mut engine.repetitions) {
            let mut ns = || (10e6 * slower * noise.factor(0.005)).round() as u64;
            repetition.fixed_work = Some(FixedWork { before_ns: ns(), after_ns: ns() });
        }
    }

    /// A run whose every figure is shifted by a draw of 2 %, beside the noise of its repetitions.
    fn drifting(cells: usize, runs: u32, noise: &mut Noise) -> RunRecord {
        let shift = noise.factor(0.02);
        run(cells, runs, shift, noise)
    }

    #[test]
    fn tables_of_runs_that_drift_are_false_one_time_in_twenty_at_most() {
        // 18 rows: 200 tables, and three deviations of such a count.
        const MOST: usize = 10 + 9;
        for runs in [5, 20] {
            let mut noise = Noise(u64::from(runs));
            let mut alarms = 0;
            for _ in 0..200 {
                let base = drifting(3, runs, &mut noise);
                let new = drifting(3, runs, &mut noise);
                let terms = Terms::default();
                let checked = check((&new, "new"), Some((&base, "base")), &terms).unwrap();
                alarms += usize::from(checked.count(Status::Violated) > 0);
            }
            assert!(alarms <= MOST, "{alarms} of 200 at {runs} repetitions");
        }
    }

    #[test]
    fn runs_of_the_same_thing_say_what_they_differ_by() {
        let mut noise = Noise(3);
        let (base, new) = (run(1, 10, 1.0, &mut noise), run(1, 10, 1.05, &mut noise));
        let quiet: Vec<RunRecord> = (0..6).map(|_| run(1, 10, 1.0, &mut noise)).collect();
        let wild: Vec<RunRecord> =
            (0..6).map(|_| run(1, 10, noise.factor(0.2), &mut Noise(9))).collect();
        let told = |again: &[RunRecord]| {
            let again: Vec<&RunRecord> = again.iter().collect();
            let terms = Terms { again: &again, ..Terms::default() };
            let compared = compare((&base, "a"), (&new, "b"), &terms).unwrap();
            let row = compared.rows.iter().find(|row| row.metric.name == CPU_PER_EVENT.name);
            (
                row.unwrap().comparison.how.drift,
                compared.changed().count(),
                compared.noise_sentences().join(" "),
            )
        };
        let (presumed, changes, sentence) = told(&[]);
        assert!((presumed - noise::presumed()).abs() < 1e-9 && changes == 0, "{sentence}");
        assert!(sentence.contains("within one run") && sentence.contains("taken for up to 5.70 %"));
        let (share, changes, sentence) = told(&quiet);
        assert!(share < 0.03 && changes > 0, "5 % are more than {share}: {sentence}");
        assert!(sentence.contains("8 runs of the same things"), "{sentence}");
        assert!(told(&quiet[..1]).2.contains("taken for up to"), "one more is no estimate");
        let (share, changes, _) = told(&wild);
        assert!(share > 0.2 && changes == 0, "{share}");
    }

    #[test]
    fn a_run_of_something_else_is_no_noise() {
        let mut noise = Noise(4);
        let [base, mut new] = [(); 2].map(|()| run(1, 5, 1.0, &mut noise));
        new.tool.commit = "89abcde".into();
        let further = run(1, 5, 1.0, &mut noise);
        let told = |other: &RunRecord| {
            let of = Drift::of(&base, &new, &[other]);
            assert_eq!(is_again(&base, &new, other), of.is_ok());
            of.err().map(|it| {
                (it.code, it.differences.first().map_or(String::new(), |d| d.what.clone()))
            })
        };
        let refusal = |change: fn(&mut RunRecord)| {
            let mut other = further.clone();
            change(&mut other);
            told(&other)
        };
        assert_eq!(told(&base), Some(("compare::not_again", String::new())), "it is the base");
        assert_eq!(refusal(|_| ()), None);
        assert_eq!(refusal(|run| run.tool.commit = "89abcde".into()), None, "of the new one");
        let refused = |what: &str| Some(("compare::not_again", what.to_owned()));
        assert_eq!(refusal(|run| run.tool.commit = "fedcba9".into()), refused("build"));
        assert_eq!(refusal(|run| run.host.cores = 2), refused("cores"));
        let faster = |run: &mut RunRecord| {
            run.cells[0].resolved = run.cells[0].resolved.replace("100k/s", "200k/s");
        };
        assert_eq!(refusal(faster), refused("word-count: source.synthetic.rate"));
    }

    #[test]
    fn a_slower_machine_is_no_change() {
        let mut noise = Noise(5);
        let (mut base, mut new) = (run(1, 8, 1.0, &mut noise), run(1, 8, 1.15, &mut noise));
        let worse = |base: &RunRecord, new: &RunRecord| {
            let compared = compare((base, "a"), (new, "b"), &Terms::default()).unwrap();
            (compared.changed().count(), compared.noise_sentences().join(" "))
        };
        let (changes, sentence) = worse(&base, &new);
        assert!(changes > 0 && !sentence.contains("piece of work"), "{sentence}");
        timed(&mut base, 1.0, &mut noise);
        assert!(worse(&base, &new).0 > 0, "one side alone says nothing");
        timed(&mut new, 1.0, &mut noise);
        let (changes, sentence) = worse(&base, &new);
        assert!(changes > 0 && !sentence.contains("piece of work"), "as fast: {sentence}");
        timed(&mut new, 1.15, &mut noise);
        let (changes, sentence) = worse(&base, &new);
        assert_eq!(changes, 0, "{sentence}");
        assert!(
            sentence.contains("more time in the new one, and what that explains"),
            "{sentence}"
        );
        // What is slower beyond that still is.
        let (mut base, mut new) = (run(1, 8, 1.0, &mut noise), run(1, 8, 1.5, &mut noise));
        timed(&mut base, 1.0, &mut noise);
        timed(&mut new, 1.15, &mut noise);
        assert!(worse(&base, &new).0 > 0);
        let named = sample::record();
        assert!(Drift::of(&named, &named, &[]).unwrap().pace.is_none(), "nothing was timed");
    }
}
