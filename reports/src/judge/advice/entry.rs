//! The engines of an advice, each at its best setting, with all that is known of them.

use super::cost::{Against, Money, Sheet};
use super::decision::{Decision, Place};
use super::evidence::Evidence;
use super::holding::{Demand, Holding, Met};
use super::needed::Needed;
use super::ranking::ranked;
use crate::judge::capacity;
use crate::judge::compare::best_settings;
use crate::judge::lost::aside;
use crate::judge::metrics::{CPU_PER_EVENT, RESULT_LATENCY_P99};
use crate::judge::summary::{Summary, verified};
use crate::quantity;
use crate::record::study::{Limit, LimitOutcome};
use crate::record::{EngineKind, EngineRecord, Repetition};
use statistics::capacity::HeldOut;

/// How far an engine's limit lies from the rate that is to be held, in multiples of that.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Headroom {
    /// So much was sustained.
    pub pass: f64,
    /// So much was not; none where nothing that could be offered was too much.
    pub fail: Option<f64>,
    /// Whether the limit was found, or lies above all that could be offered.
    pub is_told: bool,
    /// Whether the latency was held below what is demanded here.
    pub is_on_demand: bool,
}

impl Headroom {
    fn of(limit: &Limit, rate_per_s: f64, demands: &[(f64, u64)]) -> Option<Self> {
        let is_demanded = |(quantile, most_ns): (f64, u64)| {
            let is_own = |own: &f64| own.total_cmp(&quantile).is_eq();
            demands.iter().any(|(own, bound_ns)| is_own(own) && most_ns <= *bound_ns)
        };
        Some(Self {
            pass: limit.pass_per_s? / rate_per_s,
            fail: limit.fail_per_s.map(|fail| fail / rate_per_s),
            is_told: limit.outcome != LimitOutcome::Unknown,
            is_on_demand: limit.slo.is_some_and(is_demanded),
        })
    }

    /// In multiples: "3.90 to 4.10", "at least 4.10".
    pub fn multiples(&self) -> String {
        let shown = self.span();
        shown.trim_end_matches(TIMES).to_owned()
    }

    /// What is not known of more, in three words; none where the search came to its end.
    pub fn open(&self) -> Option<String> {
        (!self.is_told).then(|| format!("more not {}", self.searched()))
    }

    /// In a clause, to stand behind an engine: "sustains 3.90 to 4.10 times the rate".
    pub fn clause(&self) -> String {
        let on = if self.is_on_demand { " below that latency" } else { "" };
        let what = if self.is_own_rate() && !self.is_told {
            format!("holds that rate{on}")
        } else {
            format!("sustains {} the rate{on}", self.span())
        };
        if self.is_told {
            what
        } else {
            format!("{what}; how much more was not {}", self.searched())
        }
    }

    /// From where to where, as far as it was found.
    fn span(&self) -> String {
        let pass = quantity::ratio(self.pass);
        match self.fail.filter(|_| self.is_told) {
            Some(fail) => {
                format!("{} to {}", pass.trim_end_matches(TIMES), quantity::ratio(fail))
            }
            None => format!("at least {pass}"),
        }
    }

    /// Whether no more was sustained than what is to be held.
    fn is_own_rate(&self) -> bool {
        (self.pass - 1.0).abs() < 0.01
    }

    /// What was not done about more, in a word: with a rate that was too much it was looked for.
    const fn searched(&self) -> &'static str {
        if self.fail.is_some() { "found" } else { "searched" }
    }
}

/// What stands behind a number of times.
const TIMES: &str = " times";

/// An engine at its best setting, before anything is decided.
pub(in crate::judge) struct Entry<'a> {
    pub(in crate::judge) engine: &'a EngineRecord,
    pub(in crate::judge) holding: Holding,
    /// Its costs, or why they are not known, to stand behind its name.
    pub(in crate::judge) cost: Result<Summary, String>,
    /// The middle of the cores that its work keeps busy; none where that is not known.
    pub(in crate::judge) busy: Option<f64>,
    /// The cores that it needs; none where its cost is not known, or its limit was not searched.
    pub(in crate::judge) needed: Option<Needed>,
    pub(in crate::judge) headroom: Option<Headroom>,
    pub(in crate::judge) foretold: Vec<Foretold>,
    /// It is a part of this program, and others are not.
    pub(in crate::judge) is_beside: bool,
}

impl<'a> Entry<'a> {
    /// An engine, before anything is known of its limit; `has_others` says that there are some that
    /// are no part of this program.
    pub(in crate::judge) fn new(
        engine: &'a EngineRecord,
        demands: &[Demand],
        sheet: &Sheet<'_>,
        has_others: bool,
    ) -> Self {
        Self {
            engine,
            holding: Holding::of(engine, demands),
            cost: sheet.costs(engine),
            busy: sheet.busy(engine),
            needed: None,
            headroom: None,
            foretold: Vec::new(),
            is_beside: has_others && engine.kind.is_embedded(),
        }
    }
}

/// The engines of the deciding run, each at the best of its settings there; the settings themselves,
/// where there is one engine.
pub(super) fn entries<'a>(
    evidence: &'a Evidence,
    demands: &[Demand],
    sheet: &Sheet<'_>,
) -> Vec<Entry<'a>> {
    let (record, rate_per_s) = (&evidence.record, sheet.rate_per_s);
    let Some((_, deciding)) = evidence.deciding() else { return Vec::new() };
    let mut standings = ranked(deciding, &record.demands, record.completeness);
    best_settings(&mut standings, |standing| standing.kind);
    let has_others = standings.iter().any(|standing| !standing.kind.is_embedded());
    let engines = evidence.cell().map_or(&[][..], |cell| &cell.engines);
    let entry = |engine: &'a EngineRecord| {
        let mut entry = Entry::new(engine, demands, sheet, has_others);
        let limits = evidence.limits(&engine.label);
        let limit = limits.first().map(|carried| carried.limit);
        if let Some(at) = limit.and_then(|limit| limit.fail_per_s).filter(|at| *at <= rate_per_s)
            && entry.holding.met == Met::Surely
        {
            entry.holding.met = Met::Perhaps;
            let why = format!("did not sustain {} in the search for its limit", quantity::rate(at));
            entry.holding.why = Some(why);
        }
        let busy = entry.busy.filter(|_| entry.cost.is_ok());
        entry.needed = busy.and_then(|busy| Needed::of(engine, &limits, rate_per_s, busy));
        entry.headroom = limit.and_then(|limit| Headroom::of(limit, rate_per_s, &record.demands));
        entry.foretold = limit.map_or_else(Vec::new, |limit| foretold(engine, limit, rate_per_s));
        entry
    };
    let found = |label: &String| engines.iter().find(|engine| engine.label == *label);
    standings.iter().filter_map(|standing| found(&standing.label)).map(entry).collect()
}

/// So many times the rate that is to be held are foretold, where that is not outside of what was run.
pub(crate) const FORETOLD: [f64; 3] = [1.5, 2.0, 5.0];

/// What an engine would do at a rate that was not run, by a model of those that were.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Foretold {
    /// The rate, in multiples of that which is to be held.
    pub times: f64,
    /// 99th percentile of `result_latency`, in nanoseconds.
    pub p99_ns: f64,
    /// How well the model foretells what it does not know.
    pub held_out: HeldOut,
}

/// By a model of the probes of its limit and of the repetitions at the rate that is to be held: they are
/// of one setting.
fn foretold(engine: &EngineRecord, limit: &Limit, rate_per_s: f64) -> Vec<Foretold> {
    let mut loads = capacity::loads(limit);
    loads.extend(verified(engine).map(|repetition| capacity::load(repetition, rate_per_s)));
    let Ok(twin) = capacity::twin(&loads) else { return Vec::new() };
    let told = |times: f64| {
        let p99_ns = twin.model.tail(times * rate_per_s)?;
        Some(Foretold { times, p99_ns, held_out: twin.held_out })
    };
    FORETOLD.into_iter().filter_map(told).collect()
}

/// An engine at its best setting, and where it stands.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is called in the runs.
    pub label: String,
    /// Which engine it is.
    pub kind: EngineKind,
    /// What it is called here: by its kind, where that tells it from the others.
    pub name: String,
    /// Its settings that were tried at several values, in words; empty where it ran as it was given.
    pub setting: String,
    /// Where it stands.
    pub place: Place,
    /// Whether it holds what is demanded.
    pub holding: Holding,
    /// Verified repetitions of it in the run that decides.
    pub repetitions: usize,
    /// 99th percentile of `result_latency`, in nanoseconds; none of too few answers.
    pub p99_ns: Option<Summary>,
    /// Processor time per event, in microseconds.
    pub cpu_us: Option<Summary>,
    /// Cores that it needs to hold what is demanded at the rate that is to be held.
    pub needed: Option<Needed>,
    /// Cores that its work keeps busy at that rate.
    pub cores: Option<Summary>,
    /// Why its cost is not known, to stand behind its name; none where it is.
    pub not_costed: Option<String>,
    /// Its cost against that of the cheapest that holds; none of that one itself.
    pub against: Option<Against>,
    /// How far its limit lies from the rate; none where it was not searched, or on another machine.
    pub headroom: Option<Headroom>,
    /// What it would do at other rates, as far as that can be said.
    pub foretold: Vec<Foretold>,
    /// Most memory at once, in bytes: see `peak_memory` of [`metrics`](crate::judge::metrics).
    pub memory: Option<Summary>,
    /// What the machine took above what it takes at rest, in watts; none where it does not tell.
    pub watts: Option<Summary>,
    /// What it costs in money, where prices are known.
    pub money: Option<Money>,
    /// What has to be said beside whatever it is better by; mostly nothing.
    pub lost: String,
}

impl Row {
    /// Its name, with its setting.
    pub fn called(&self) -> String {
        if self.setting.is_empty() {
            self.name.clone()
        } else {
            format!("{} ({})", self.name, self.setting)
        }
    }

    /// Whether it takes part and holds all that is demanded, for sure.
    pub fn is_fit(&self) -> bool {
        self.holding.met == Met::Surely && self.place != Place::Beside
    }
}

/// The rows, those that hold first, the cheapest before the others; what stands beside comes last.
pub(super) fn rows(
    evidence: &Evidence,
    entries: &[Entry<'_>],
    decision: &Decision,
    sheet: &Sheet<'_>,
) -> Vec<Row> {
    let is_only = |kind: EngineKind| {
        let mut of_kind = entries.iter().filter(|entry| entry.engine.kind == kind);
        of_kind.next().is_some() && of_kind.next().is_none()
    };
    let row = |(at, entry): (usize, &Entry<'_>)| {
        let engine = entry.engine;
        let over = |figure: &dyn Fn(&Repetition) -> Option<f64>| Summary::over(engine, figure);
        let is_known = |_: &Summary| entry.cost.is_ok();
        let tried = evidence.tried(engine).into_iter();
        let tried: Vec<String> = tried.map(|(name, value)| format!("{name} {value}")).collect();
        Row {
            label: engine.label.clone(),
            kind: engine.kind,
            name: if is_only(engine.kind) {
                engine.kind.name().to_owned()
            } else {
                engine.label.clone()
            },
            setting: tried.join(", "),
            place: decision.places[at],
            holding: entry.holding.clone(),
            repetitions: verified(engine).count(),
            p99_ns: over(&RESULT_LATENCY_P99.figure),
            cpu_us: over(&CPU_PER_EVENT.figure),
            needed: entry.needed,
            cores: over(&|repetition| sheet.cores(repetition)).filter(is_known),
            not_costed: entry.cost.as_ref().err().cloned(),
            against: decision.against[at].clone(),
            headroom: entry.headroom,
            foretold: entry.foretold.clone(),
            memory: over(&Repetition::peak_memory),
            watts: over(&|repetition| sheet.watts(repetition)),
            money: entry
                .cost
                .as_ref()
                .ok()
                .and_then(|_| sheet.money(engine, entry.needed.as_ref())),
            lost: aside([engine]),
        }
    };
    let mut rows: Vec<Row> = entries.iter().enumerate().map(row).collect();
    let ratio = |row: &Row| row.against.as_ref().map_or(1.0, |against| against.comparison.ratio);
    let miss = |row: &Row| row.holding.held.iter().map(|held| held.times).fold(0.0, f64::max);
    rows.sort_by(|a, b| {
        let last = |row: &Row| (row.place == Place::Beside, row.not_costed.is_some());
        let held = |row: &Row| std::cmp::Reverse(row.holding.met);
        let far = |row: &Row| if row.holding.met == Met::Misses { miss(row) } else { ratio(row) };
        (last(a).0, held(a), last(a).1)
            .cmp(&(last(b).0, held(b), last(b).1))
            .then(far(a).total_cmp(&far(b)))
    });
    rows
}
