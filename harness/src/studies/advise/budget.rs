//! How long each step takes: the budget, divided before anything runs.
//!
//! Tuning, comparing and searching each have a share of it. With more time more settings race, and all
//! are looked at for longer; with less than it takes for a trial of each, nothing is begun at all.

use super::field::{Room, rooms};
use super::sensitivity::{Varied, varied};
use super::space::{BATCHES, Ground};
use crate::run::estimate::{answers, estimate, events, length};
use crate::studies::limit::RATE_MOST;
use crate::studies::limit::probe::Slo;
use crate::studies::sweep::PROBES;
use instrument::bench::repetition::ANSWERS_FOR_P99;
use reports::record::answers_for;
use scenarios::spec::QuerySpec;
use settings::plan::settings::Typed;
use settings::plan::{Cell, Load, RateShape};
use std::time::Duration;

/// How a budget is spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// How many settings of each engine race at first.
    pub(super) places: usize,
    /// How long a trial measures in each round of tuning; no round where there is nothing to choose.
    pub(super) rounds: Vec<Duration>,
    /// How often the best of each are compared.
    pub(super) repetitions: u32,
    /// How long each of these repetitions measures.
    pub(super) compared: Duration,
    /// What is varied by itself; none where there is no time for it, or nobody to compare.
    pub(super) sensitivity: Option<Varying>,
    /// How long each probe of a search measures.
    pub(super) window: Duration,
    /// How long the searches may take together, if all before takes as long as is thought.
    pub(super) searches: Duration,
    /// How long comparing takes, as far as is known beforehand.
    pub(super) comparing: Duration,
    /// How long all of it takes, as far as is known beforehand.
    pub estimated: Duration,
}

/// How much is varied, and for how long.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Varying {
    /// How many of the factors, the first of them.
    pub(super) factors: usize,
    /// How often each value is measured.
    pub(super) repetitions: u32,
    /// How long each of these repetitions measures.
    pub(super) measured: Duration,
    /// How long all of it takes.
    pub(super) takes: Duration,
}

/// A budget that is too small; what it takes at the least.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct TooLittle(pub Duration);

/// The most that is spent on varying the workload, where all else has what it takes at the least.
const VARYING: f64 = 0.3;

/// The shares of tuning and comparing in what that leaves; the rest is for the searches.
const TUNING: f64 = 0.4;
const COMPARING: f64 = 0.25;

/// How many settings of each engine may race at first, as many as there is time for.
const PLACES: [usize; 9] = [32, 24, 16, 12, 8, 6, 4, 3, 2];

/// How often the best of each are compared: so often, less where there is no time, more where there is.
const REPETITIONS: u32 = 5;
const REPETITIONS_LEAST: u32 = 3;
const REPETITIONS_MOST: u32 = 10;

/// What a run takes beside its repetitions: a look at the machine, the record and the page.
const OPENING: Duration = Duration::from_secs(2);

/// Nothing measures for less than this.
pub(super) const MEASURED_LEAST: Duration = Duration::from_secs(2);

/// A probe is not planned to measure for longer than this.
const WINDOW_MOST: Duration = Duration::from_mins(1);

/// How much more answers than are needed are waited for, as they come unevenly.
const RESERVE: f64 = 1.5;

/// No rate is tried above so many times that of the cell, and none below that part of it: how far an
/// engine is from the edge beyond that nobody asks.
pub(super) const HEADROOM_MOST: f64 = 10.0;

/// About how many times the rate of the cell a probe offers on the mean.
const OFFERED: f64 = 4.0;

/// What a repetition of one engine takes, measuring for the shortest and for the longest time.
#[derive(Copy, Clone, Debug)]
struct Cost {
    measured: (Duration, Duration),
    takes: (Duration, Duration),
}

impl Cost {
    /// What it takes, measuring for so long.
    fn at(&self, measured: Duration) -> Duration {
        let (short, long) = self.measured;
        let span = long.saturating_sub(short);
        if span.is_zero() {
            return self.takes.0;
        }
        let share = measured.saturating_sub(short).as_secs_f64() / span.as_secs_f64();
        self.takes.0 + self.takes.1.saturating_sub(self.takes.0).mul_f64(share)
    }
}

/// What costs so much is measured for as long as is allowed: none if even the shortest takes more.
fn fitting(
    measured: (Duration, Duration),
    allowed: Duration,
    takes: impl Fn(Duration) -> Duration,
) -> Option<Duration> {
    let (short, long) = measured;
    let (least, most) = (takes(short), takes(long));
    if least > allowed {
        return None;
    }
    if most <= allowed {
        return Some(long);
    }
    let span = |from: Duration, to: Duration| to.saturating_sub(from).as_secs_f64();
    let share = span(least, allowed) / span(least, most);
    Some(tenths(short + long.saturating_sub(short).mul_f64(share)).max(short))
}

/// In whole milliseconds, not below this: somebody reads of it.
fn whole_ms(length: Duration) -> Duration {
    let ms = length.as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX))
}

/// In tenths of a second, not above this.
fn tenths(length: Duration) -> Duration {
    let ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(ms - ms % 100)
}

/// What the steps of a study cost.
struct Costs {
    rooms: Vec<Room>,
    /// Of each engine, a repetition at the cell's rate.
    trials: Vec<Cost>,
    /// Of each engine, a probe.
    probes: Vec<Cost>,
    /// Of each factor that can be varied, all of its values once, on the two engines that take longest.
    factors: Vec<Cost>,
    measured: (Duration, Duration),
    windows: (Duration, Duration),
}

impl Costs {
    fn of(ground: &Ground<'_>, demands: &[Slo]) -> Self {
        let rooms = rooms(ground);
        let Lengths { measured, varied: of_varied, windows } = lengths(ground, demands);
        let offered = match ground.cell.load {
            Load::Synthetic { .. } => {
                Some(("rate", Typed::Rate((ground.rate_per_s * OFFERED).min(RATE_MOST))))
            }
            Load::Trace => None,
        };
        let takes =
            |cell: &Cell, base: usize, change: Option<&(&str, Typed)>, measured: Duration| {
                let duration = ("measure.duration", Typed::RunTime(measured));
                let changes: Vec<_> = change.into_iter().cloned().chain([duration]).collect();
                let cell = cell.altered(&changes).ok();
                let cell = cell.and_then(|cell| cell.keeping(|engine| engine == base));
                estimate(&[cell.expect("a cell of another length and of one engine")], 1)
            };
        let costs = |measured: (Duration, Duration), change: Option<&(&str, Typed)>| -> Vec<Cost> {
            let cost = |room: &Room| {
                let takes = |measured| takes(ground.cell, room.base, change, measured);
                Cost { measured, takes: (takes(measured.0), takes(measured.1)) }
            };
            rooms.iter().map(cost).collect()
        };
        let of_cell = |cell: &Cell, measured: Duration| {
            // How long a trace lasts is for its speed to say.
            let is_trace = cell.load == Load::Trace;
            let measured = if is_trace { cell.measure.duration } else { measured };
            let all = rooms.iter().map(|room| takes(cell, room.base, None, measured));
            let mut all: Vec<Duration> = all.collect();
            all.sort_unstable();
            all.iter().rev().take(2).sum::<Duration>()
        };
        let of_factor = |varied: &Varied| {
            let takes = |measured| varied.cells.iter().map(|cell| of_cell(cell, measured)).sum();
            Cost { measured: of_varied, takes: (takes(of_varied.0), takes(of_varied.1)) }
        };
        let factors = if rooms.len() > 1 { varied(ground.cell) } else { Vec::new() };
        let factors = factors.iter().filter(|varied| !varied.cells.is_empty());
        Self {
            factors: factors.map(of_factor).collect(),
            trials: costs(measured, None),
            probes: costs(windows, offered.as_ref()),
            rooms,
            measured,
            windows,
        }
    }

    /// How many rounds there are.
    fn rounds(&self, places: usize) -> usize {
        self.rooms.iter().map(|room| room.rounds(places).len()).max().unwrap_or(0)
    }

    /// What a round takes.
    fn round(&self, places: usize, round: usize, measured: Duration) -> Duration {
        let racing = self.rooms.iter().zip(&self.trials).map(|(room, trial)| {
            let racing = room.rounds(places).get(round).copied().unwrap_or(0);
            trial.at(measured) * u32::try_from(racing).unwrap_or(u32::MAX)
        });
        OPENING + racing.sum::<Duration>()
    }

    fn comparing(&self, repetitions: u32, measured: Duration) -> Duration {
        OPENING + self.trials.iter().map(|trial| trial.at(measured) * repetitions).sum::<Duration>()
    }

    fn searching(&self, window: Duration) -> Duration {
        OPENING + self.probes.iter().map(|probe| probe.at(window) * PROBES).sum::<Duration>()
    }

    /// How much is varied: as much of it as there is time for, then as often, then for as long.
    fn varying(&self, allowed: Duration) -> Option<Varying> {
        let measured = self.factors.first()?.measured;
        let takes = |factors: usize, repetitions: u32, measured: Duration| {
            let each = self.factors[..factors].iter().map(|factor| factor.at(measured));
            OPENING + each.sum::<Duration>() * repetitions
        };
        let fits = |factors: &usize| takes(*factors, REPETITIONS_LEAST, measured.0) <= allowed;
        let factors = (1..=self.factors.len()).rev().find(fits)?;
        let mut often = (REPETITIONS_LEAST..=REPETITIONS).rev();
        let (repetitions, measured) = often.find_map(|often| {
            let takes = |measured| takes(factors, often, measured);
            Some((often, fitting(measured, allowed, takes)?))
        })?;
        let takes = takes(factors, repetitions, measured);
        Some(Varying { factors, repetitions, measured, takes })
    }

    /// How many settings race, and for how long each is measured in each round.
    fn tuning(&self, allowed: Duration) -> (usize, Vec<Duration>) {
        let fits = |places: &usize| {
            let rounds = self.rounds(*places);
            let each = allowed / u32::try_from(rounds.max(1)).unwrap_or(1);
            let fitted = (0..rounds).map(|round| {
                fitting(self.measured, each, |measured| self.round(*places, round, measured))
            });
            Some((*places, fitted.collect::<Option<Vec<_>>>()?))
        };
        let least = PLACES[PLACES.len() - 1];
        let short = || (least, vec![self.measured.0; self.rounds(least)]);
        PLACES.iter().find_map(fits).unwrap_or_else(short)
    }

    /// How often the best are compared, and for how long each time.
    fn compared(&self, allowed: Duration) -> (u32, Duration) {
        let (short, long) = self.measured;
        let mut often = (REPETITIONS + 1..=REPETITIONS_MOST).rev();
        if let Some(times) = often.find(|times| self.comparing(*times, long) <= allowed) {
            return (times, long);
        }
        let fits = |times: u32| {
            let takes = |measured| self.comparing(times, measured);
            Some((times, fitting(self.measured, allowed, takes)?))
        };
        let mut times = (REPETITIONS_LEAST..=REPETITIONS).rev();
        times.find_map(fits).unwrap_or((REPETITIONS_LEAST, short))
    }
}

/// Divides a budget, or says what is the least that would do. Nothing is varied where that is not
/// wanted, and where it would take what the other steps need.
pub(super) fn divided(
    ground: &Ground<'_>,
    demands: &[Slo],
    budget: Duration,
    is_varied: bool,
) -> Result<Division, TooLittle> {
    let costs = Costs::of(ground, demands);
    let tuned = |places: usize, rounds: &[Duration]| -> Duration {
        rounds.iter().enumerate().map(|(round, it)| costs.round(places, round, *it)).sum()
    };
    let least = PLACES[PLACES.len() - 1];
    let short = vec![costs.measured.0; costs.rounds(least)];
    let comparing = costs.comparing(REPETITIONS_LEAST, costs.measured.0);
    let searching = costs.searching(costs.windows.0);
    let needed = tuned(least, &short) + comparing + searching;
    if budget < needed {
        return Err(TooLittle(needed));
    }
    // No step has what the others need at the least.
    let sensitivity = is_varied
        .then(|| costs.varying(budget.mul_f64(VARYING).min(budget.saturating_sub(needed))))
        .flatten();
    let varying = sensitivity.map_or(Duration::ZERO, |varying| varying.takes);
    let budget = budget.saturating_sub(varying);
    let share = budget.mul_f64(TUNING).min(budget.saturating_sub(comparing + searching));
    let (places, rounds) = costs.tuning(share);
    let tuning = tuned(places, &rounds);
    let left = budget.saturating_sub(tuning);
    // What tuning leaves of its share the others have, each as much of it as of all.
    let share = left.mul_f64(COMPARING / (1.0 - TUNING)).min(left.saturating_sub(searching));
    let (repetitions, compared) = costs.compared(share);
    let comparing = costs.comparing(repetitions, compared);
    let searches = left.saturating_sub(comparing);
    let window = fitting(costs.windows, searches, |window| costs.searching(window));
    let window = window.unwrap_or(costs.windows.0);
    let estimated = tuning + comparing + varying + costs.searching(window);
    Ok(Division {
        places,
        rounds,
        repetitions,
        compared,
        sensitivity,
        window,
        searches,
        comparing,
        estimated,
    })
}

/// How long something measures, at the least and at the most.
struct Lengths {
    /// A trial.
    measured: (Duration, Duration),
    /// A trial where half as many answers may fall due.
    varied: (Duration, Duration),
    /// A probe.
    windows: (Duration, Duration),
}

fn lengths(ground: &Ground<'_>, demands: &[Slo]) -> Lengths {
    let cell = ground.cell;
    let own = cell.measure.duration;
    if cell.load == Load::Trace {
        // Part of a trace would be another workload: played faster, all of it lasts for less.
        let window = own.div_f64(HEADROOM_MOST).max(MEASURED_LEAST).min(own);
        return Lengths { measured: (own, own), varied: (own, own), windows: (window, window) };
    }
    let per_s = answers_per_s(cell);
    let lasts = |answers: u64| {
        let seconds = answers as f64 / per_s * RESERVE;
        Duration::try_from_secs_f64(seconds).map_or(own, whole_ms)
    };
    let needed =
        demands.iter().filter(|slo| slo.quantile < 1.0).map(|slo| answers_for(slo.quantile));
    // Where answers are so rare that no length the user gives is enough, the records will say so.
    let needed = needed.max().unwrap_or(1);
    let batches = whole_ms(ground.waits * BATCHES);
    let at_least = |answers| lasts(answers).max(MEASURED_LEAST).max(batches).min(own);
    let least = at_least(needed);
    let window = lasts(3 * ANSWERS_FOR_P99).min(own).max(least);
    // What comes late in a rate that changes, a shorter look never sees.
    let is_even = matches!(&cell.load, Load::Synthetic { rate: RateShape::Constant { .. }, .. });
    let from = |least: Duration| (if is_even { least } else { own }, own);
    Lengths {
        measured: from(least),
        varied: from(at_least(2 * needed)),
        windows: (window, WINDOW_MOST.max(window)),
    }
}

/// About how many answers fall due in a second.
fn answers_per_s(cell: &Cell) -> f64 {
    let all = match cell.case.query {
        QuerySpec::Identity => Some(events(cell)),
        _ => answers(cell),
    };
    all.unwrap_or_else(|| events(cell)) / length(cell).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studies::advise::field::parked;
    use settings::config::{self, Given, Traces};

    fn cell(settings: &[&str], engines: &[&str]) -> Cell {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        let engines: Vec<_> = engines.iter().map(|name| (*name).to_owned()).collect();
        let names = ["keyed-window".to_owned()];
        let loaded = config::load(&names, &given, &engines, Traces::MayBeAbsent);
        let loaded = loaded.unwrap_or_else(|rejected| panic!("{rejected}"));
        parked(&loaded.cells[0]).unwrap_or_else(|rejected| panic!("{rejected}"))
    }

    fn division(cell: &Cell, budget: Duration) -> Result<Division, TooLittle> {
        let demands = [Slo { quantile: 0.99, most_ns: 500_000_000 }];
        let ground = Ground::new(cell, &demands, 100e3, true);
        divided(&ground, &demands, budget, true)
    }

    const EMBEDDED: &[&str] = &["micro-batch", "per-event"];

    #[test]
    fn ten_minutes_are_enough_for_the_embedded_engines() {
        let budget = Duration::from_mins(10);
        let division = division(&cell(&[], EMBEDDED), budget).unwrap();
        assert!(division.places >= 8, "{division:?}");
        assert!(division.repetitions >= REPETITIONS, "{division:?}");
        assert!(division.rounds.is_sorted(), "fewer are looked at for longer: {division:?}");
        assert!(division.estimated <= budget, "{division:?}");
        assert!(division.window >= Duration::from_secs(2), "{division:?}");
    }

    #[test]
    fn no_length_has_parts_of_a_millisecond() {
        let odd = ["query.window.slide=99ms", "query.window.size=990ms"];
        let cell = cell(&odd, EMBEDDED);
        let TooLittle(least) = division(&cell, Duration::from_secs(1)).unwrap_err();
        let division = division(&cell, least).unwrap();
        assert!(division.window.as_nanos().is_multiple_of(1_000_000), "{division:?}");
        assert!(division.compared.as_nanos().is_multiple_of(1_000_000), "{division:?}");
    }

    #[test]
    fn whatever_is_allowed_is_kept_to_and_more_is_never_used_worse() {
        for engines in [EMBEDDED, &["flink", "spark-structured", "per-event"]] {
            let cell = cell(&[], engines);
            let TooLittle(least) = division(&cell, Duration::from_secs(1)).unwrap_err();
            let just = division(&cell, least).unwrap();
            assert_eq!((just.places, just.repetitions), (2, REPETITIONS_LEAST));
            let mut before = just;
            for more in [1, 2, 3, 5, 8, 13, 30] {
                let budget = least * more;
                let division = division(&cell, budget).unwrap();
                assert!(division.estimated <= budget, "{division:?} in {budget:?}");
                let so = |it: &Division| (it.places, it.repetitions);
                assert!(so(&division).0 >= so(&before).0, "{division:?} {before:?}");
                before = division;
            }
            assert_eq!((before.repetitions, before.compared), (10, cell.measure.duration));
        }
    }

    #[test]
    fn the_workload_is_varied_where_there_is_time_for_it() {
        let cell = cell(&[], EMBEDDED);
        let TooLittle(least) = division(&cell, Duration::ZERO).unwrap_err();
        assert_eq!(division(&cell, least).unwrap().sensitivity, None);
        let ten = division(&cell, Duration::from_mins(10)).unwrap().sensitivity.unwrap();
        assert_eq!(ten.factors, 3, "{ten:?}");
        let hour = division(&cell, Duration::from_hours(1)).unwrap().sensitivity.unwrap();
        assert_eq!((hour.factors, hour.repetitions), (3, REPETITIONS), "{hour:?}");
        assert!(hour.takes <= Duration::from_hours(1).mul_f64(VARYING), "{hour:?}");
        let alone = cell.keeping(|engine| engine == 0).unwrap();
        let alone = division(&alone, Duration::from_hours(1)).unwrap();
        assert_eq!(alone.sensitivity, None, "nobody to compare it with");
    }

    #[test]
    fn a_jvm_takes_its_time() {
        let TooLittle(two) = division(&cell(&[], EMBEDDED), Duration::ZERO).unwrap_err();
        let TooLittle(four) = division(
            &cell(&[], &["micro-batch", "per-event", "flink", "spark-dstream"]),
            Duration::ZERO,
        )
        .unwrap_err();
        assert!(two < Duration::from_mins(5), "{two:?}");
        assert!(four > Duration::from_mins(20), "{four:?}");
    }

    #[test]
    fn what_is_measured_has_answers_enough_for_what_is_demanded() {
        let few =
            ["source.synthetic.rate=100/s", "query.window.keyed=false", "measure.duration=300s"];
        let cell = cell(&few, EMBEDDED);
        let long = division(&cell, Duration::from_hours(10)).unwrap();
        // Ten answers a second: a thousand of them take a hundred seconds.
        assert!(long.rounds.iter().all(|it| *it >= Duration::from_secs(100)), "{long:?}");
        assert!(long.window >= Duration::from_secs(100), "{long:?}");
    }
}
