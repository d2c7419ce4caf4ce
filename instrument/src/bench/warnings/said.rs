//! What is said of each doubt that takes more words than a line.

use super::Standstill;
use reports::quantity;
use reports::record::{Lost, Sessions, answers_for};
use reports::words::listed;
use settings::plan::LeftOut;

const MARKS_ADVICE: &str = "with a shorter watermark_period they wait less (the default is \"1ms\"), \
                            and least with a mark after each event: watermark_every = 1";

/// Code, text and advice.
pub(super) type Said = (&'static str, String, String);

/// With other work beside it.
pub(super) fn busy(load: f64, cores: u32) -> Said {
    let cores = quantity::counted(cores.into(), "core");
    (
        "host::busy",
        format!("the load was {load:.2} on {cores} before the run"),
        "wait until nothing else runs".into(),
    )
}

/// On processors of what measures it.
pub(super) fn shared(engine: &str, cores: &str) -> Said {
    (
        "host::shared_cores",
        format!("{engine}: {cores}"),
        "load, recorders and engine are in each other's way there, in the tail most of all".into(),
    )
}

/// Without a figure for the way there and back.
pub(super) fn no_floor(engine: &str, why: &str) -> Said {
    (
        "run::no_floor",
        format!("{engine} has no floor: asked nothing, {why}"),
        "what of its latency is the way there and back is not known".into(),
    )
}

/// An engine that a run goes on without.
pub(super) fn without(left_out: &LeftOut) -> Said {
    let LeftOut { cells, engine, why, way_out } = left_out;
    let text = format!("in {}, {engine} is not run: {why}", cells.join(", "));
    ("plan::left_out", text, way_out.clone())
}

/// What a run would be refused for.
pub(super) fn not_here(why: &str) -> Said {
    let text = format!("a run is refused for now: {why}");
    (
        "engine::not_here",
        text,
        "`sluicebench engines` tells what is here and what is missing".into(),
    )
}

pub(super) fn cold(engines: &[String], warm_up_s: f64, least_s: f64) -> Said {
    let engines: Vec<&str> = engines.iter().map(String::as_str).collect();
    (
        "run::cold",
        format!(
            "{} {} up for {}, as configured, and a JVM still compiles what it runs then: what is \
             measured is less than it can do",
            listed(&engines),
            if engines.len() == 1 { "warms" } else { "warm" },
            quantity::seconds(warm_up_s)
        ),
        format!(
            "leave measure.warm_up out, so that its end is looked for, or warm up for {} or more",
            quantity::seconds(least_s)
        ),
    )
}

/// The first quantile that so few answers lack, and its share.
fn lacking(answers: u64) -> (&'static str, f64) {
    let quantiles = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];
    let lacks = quantiles.into_iter().find(|(_, share)| answers < answers_for(*share));
    lacks.unwrap_or(("p99.9", 0.999))
}

pub(super) fn few_answers(engines: &[(String, u64)], goes_on: bool) -> Said {
    let mut by_lack: Vec<((&str, f64), Vec<String>)> = Vec::new();
    for (engine, answers) in engines {
        let lack = lacking(*answers);
        if let Some((_, gave)) = by_lack.iter_mut().find(|(known, _)| known.0 == lack.0) {
            gave.push(format!("{engine} {}", quantity::count(*answers)));
        } else {
            let gave = quantity::counted(*answers, "measured answer");
            by_lack.push((lack, vec![format!("{engine} gave {gave}")]));
        }
    }
    let clauses: Vec<String> = by_lack
        .iter()
        .map(|((name, share), gave)| {
            let gave: Vec<&str> = gave.iter().map(String::as_str).collect();
            let takes = answers_for(*share);
            format!("{}, too few for a {name}, which takes {takes}", listed(&gave))
        })
        .collect();
    (
        "run::few_answers",
        clauses.join("; "),
        if goes_on {
            "measure longer, or ask for more answers a second: more keys, a shorter slide"
        } else {
            "all of the trace was played, so a longer run has no more of them: warm up shorter, or \
             ask for more answers of the same events, by a shorter window or slide or by more keys"
        }
        .into(),
    )
}

pub(super) fn stopped(repetitions: u32) -> Said {
    (
        "run::stopped",
        format!(
            "the run stopped after {repetitions} repetitions because its intervals were narrow, and \
             by that they are a little too narrow: they hold the true median about 88 times in 100"
        ),
        format!("where that matters ask for a number: --repeat {repetitions}"),
    )
}

pub(super) fn no_steady_state(engine: &str, repetitions: &[u32], of: usize) -> Said {
    let listed: Vec<String> = repetitions.iter().map(u32::to_string).collect();
    (
        "run::no_steady_state",
        format!(
            "{engine} reached no steady state in {} of {of} repetitions ({}), which are shown and \
             not compared",
            repetitions.len(),
            listed.join(", ")
        ),
        "look at the latency over time: warm up longer (measure.warm_up = \"auto\"), or lower the \
         rate if it falls behind"
            .into(),
    )
}

pub(super) fn not_told_steady(untold: usize, of: usize, least_s: f64) -> Said {
    (
        "run::not_told_steady",
        format!(
            "too little was measured to tell whether {untold} of {of} repetitions were in a steady \
             state; they are compared with each other, and pass no threshold"
        ),
        format!(
            "measure for {} or more (--duration), and longer where latency goes up and down by \
             itself",
            quantity::seconds(least_s)
        ),
    )
}

pub(super) fn silent_partitions(silent: usize, of: usize) -> Said {
    (
        "input::silent_partitions",
        format!(
            "{silent} of {of} source partitions ({}) {} without events and hold the \
                     watermark back that says when an answer is due, so no answer has a latency",
            match silent {
                1 => format!("number {of}"),
                _ => format!("numbers {} to {of}", of - silent + 1),
            },
            if silent == 1 { "is" } else { "are" }
        ),
        "use fewer partitions, or let the others go on without them: idle_after = \"1s\" in \
                 the source"
            .into(),
    )
}

pub(super) fn few_keys(keys: u64, period: u64) -> Said {
    (
        "input::goes_round",
        format!(
            "its input goes round every {} events, too few to draw all of its {} keys: those that they \
             did not draw never come, and nobody holds state for them",
            quantity::count(period),
            quantity::count(keys)
        ),
        "give its input more memory (measure.input_memory)".into(),
    )
}

pub(super) fn owed_to_marks(engine: &str, marks: &str, wait_ns: f64, share: f64) -> Said {
    (
        "input::marks",
        format!(
            "{engine} did not cause most of its latency: its answers waited {} for a \
                     watermark mark on average, {} of the time; one stands {marks}",
            quantity::nanoseconds(wait_ns),
            quantity::fraction(share)
        ),
        MARKS_ADVICE.into(),
    )
}

pub(super) fn marks_apart(cell: &str, marks: &str, wait_s: f64) -> Said {
    (
        "input::marks",
        format!(
            "{cell}: answers will wait about {} for a watermark mark, longer than for an \
                     engine: one stands {marks}",
            quantity::seconds(wait_s)
        ),
        MARKS_ADVICE.into(),
    )
}

pub(super) fn paused(all: &[Standstill]) -> Said {
    let stood = |Standstill { engine, rep, at_s, late_s }: &Standstill| {
        format!(
            "{} at {} into repetition {rep} of {engine}",
            quantity::seconds(*late_s),
            quantity::seconds(*at_s)
        )
    };
    let each: Vec<String> = all.iter().map(stood).collect();
    let each: Vec<&str> = each.iter().map(String::as_str).collect();
    (
        "run::paused",
        format!(
            "the process stood still for {}: who only looks on every 100 ms was late by as much, so \
             latencies there are not the engine's",
            listed(&each)
        ),
        "look for what stopped it (a suspended machine, a stopped process, a limit on \
                 processor time, memory on disk), and run it again"
            .into(),
    )
}

pub(super) fn lost_events(engine: &str, lost: Lost) -> Said {
    (
        "verify::lost",
        format!(
            "{engine} lost {} of {} pairs of an event and a window without a word ({}), as many as \
             {} hold: its figures are those of less work, and its answers are less than what was \
             asked",
            quantity::count(lost.memberships),
            quantity::count(lost.of),
            quantity::fraction(lost.share()),
            quantity::counted(lost.events, "event")
        ),
        "a watermark that trails by as much as events are in disorder (query.window.watermark), or \
         windows that act on the marks of the input (engine.storm.windows = \"marks\")"
            .into(),
    )
}

pub(super) fn endless_session(engine: &str, sessions: Sessions) -> Said {
    (
        "run::endless_session",
        format!(
            "a session on {engine} had become {} long when {} of event time had passed: its key was \
             never silent for the gap, and it is answered when it is, or when the input ends",
            quantity::seconds(sessions.longest_s),
            quantity::seconds(sessions.passed_s)
        ),
        "a shorter gap (query.session.gap), a longer run, or an input without keys that never fall \
         silent; no engine keeps more of a session for being long"
            .into(),
    )
}

pub(super) fn moved_watermark(place: &str, by_us: Option<u64>, late: u64, events: u64) -> Said {
    let how = by_us.map_or_else(
        || "came first, lay ahead of those after it".to_owned(),
        |by_us| format!("lay {} ahead of all before it", quantity::microseconds(by_us as f64)),
    );
    (
        "input::moved_watermark",
        format!(
            "the event in {place} {how} and moved the watermark: {late} of {events} events were \
             late because of it"
        ),
        "if its time is wrong, correct it or take it out; if it is right, a longer watermark waits \
         for the others"
            .to_owned(),
    )
}

pub(super) fn rejected_rows(rows: u64, first: &str) -> Said {
    let are = if rows == 1 { "is" } else { "are" };
    (
        "input::rejected_rows",
        format!(
            "{} of the trace cannot be read and {are} left out; the first: {first}",
            quantity::counted(rows, "row")
        ),
        "correct them; rejected.csv in the run's folder lists them all".to_owned(),
    )
}

pub(super) fn key_ahead(key: &str, by_us: u64, late: u64, events: u64) -> Said {
    (
        "input::moved_watermark",
        format!(
            "the events of key `{key}` lie about {} ahead of all others and moved the watermark: \
             {late} of {events} events were late because of them",
            quantity::microseconds(by_us as f64)
        ),
        "if its clock is wrong, correct its times or leave it out; if it is right, a longer watermark \
         waits for the others"
            .to_owned(),
    )
}
