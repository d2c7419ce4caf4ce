//! What a question contradicts by itself, or in how an engine cuts time: windows of counted events,
//! silences and joins, and sessions where time is cut by batches.

use super::diagnostic::Mistake;
use super::engines::EngineSettings;
use super::settings::{Settings, below};
use crate::plan::units;
use engines::{CountSpec, JoinError, JoinSpec};

/// What those are called that need the events themselves, and not only windows of them; `None` for all
/// other questions.
pub(super) fn called(query: &str) -> Option<&'static str> {
    match query {
        "query.session" => Some("sessions"),
        "query.counted" => Some("windows of counted events"),
        "query.silence" => Some("silences"),
        "query.join" => Some("joins"),
        _ => None,
    }
}

/// One of those, of an engine that is set to put windows together of batches.
pub(super) fn by_event_time(
    settings: &Settings,
    query: &str,
    engine: &EngineSettings,
    mistakes: &mut Vec<Mistake>,
) {
    let windows = engine.over_batches().and_then(|batches| batches.windows);
    let (Some(windows), Some(asked)) = (windows, called(query)) else { return };
    let message = format!(
        "{asked} go by the events themselves, of which windows over batches keep no times: they are \
         put together of whole batches"
    );
    mistakes.push(
        Mistake::new("config::conflict", message)
            .at(settings.key_place(query), asked)
            .at(engine.settings.place(&windows), "cuts time by batches")
            .help("set windows = \"event-time\""),
    );
}

/// What the question contradicts by itself.
pub(super) fn contradictions(settings: &Settings, query: &str, mistakes: &mut Vec<Mistake>) {
    match query {
        "query.counted" => counted(settings, query, mistakes),
        "query.join" => join(settings, query, mistakes),
        _ => {}
    }
}

fn counted(settings: &Settings, query: &str, mistakes: &mut Vec<Mistake>) {
    let (size, slide) = (below(query, "size"), below(query, "slide"));
    if let (Some(of_size), Some(of_slide)) = (settings.integer(&size), settings.integer(&slide))
        && let Err(error) = CountSpec::sliding(of_size, of_slide)
    {
        mistakes.push(
            Mistake::new("config::conflict", error.to_string())
                .at(settings.place(&size), "size")
                .at(settings.place(&slide), "slide")
                .help("choose a slide that divides the size, or a smaller size"),
        );
    }
    let Some(source) = settings.picked("source") else { return };
    let partitions = below(source.path, "partitions");
    if settings.integer::<u64>(&partitions).is_some_and(|partitions| partitions > 1) {
        mistakes.push(
            Mistake::new(
                "config::conflict",
                "which events are in a window of counted ones is decided by the order in which they \
                 come, and between several partitions nobody decides that: no answer could be checked",
            )
            .at(settings.key_place(query), "counts them as they come")
            .at(settings.place(&partitions), "several")
            .help("set partitions = 1: any number of workers shares what comes of it by key"),
        );
    }
}

fn join(settings: &Settings, query: &str, mistakes: &mut Vec<Mistake>) {
    let [size, lower, upper] = ["size", "lower", "upper"].map(|key| below(query, key));
    let given = |path: &String| settings.event_time(path);
    let place = |path: &str| settings.place(path);
    match (given(&size), given(&lower), given(&upper)) {
        (None, Some(from), Some(until)) => match JoinSpec::interval(from, until) {
            Ok(_) => {}
            Err(JoinError::Crossed { .. }) => mistakes.push(
                Mistake::new(
                    "config::conflict",
                    format!(
                        "nothing lies between the bounds: the lower one ({}) is above the upper one ({})",
                        units::show_event_time(from),
                        units::show_event_time(until)
                    ),
                )
                .at(place(&lower), "lower")
                .at(place(&upper), "upper")
                .help("exchange them"),
            ),
            Err(error) => mistakes.push(
                Mistake::new("config::conflict", error.to_string())
                    .at(place(&lower), "lower")
                    .at(place(&upper), "upper")
                    .help("choose bounds that some run reaches"),
            ),
        },
        (Some(_), None, None) => {}
        (None, None, None) => mistakes.push(
            Mistake::new("config::conflict", "it is not said which events of the two sides meet")
                .at(settings.key_place(query), "joins")
                .help(
                    "set size = \"5s\" for those in one window, or lower = \"0s\" and upper = \"1min\" \
                     for those within an interval of one another",
                ),
        ),
        (Some(_), ..) => mistakes.push(
            Mistake::new("config::conflict", "a join is by windows or by intervals, not by both")
                .at(place(&size), "by windows")
                .at(place(&lower).or(place(&upper)), "by intervals")
                .help("keep size, or lower and upper"),
        ),
        (None, one, _) => {
            let (there, missing) = if one.is_some() { (&lower, "upper") } else { (&upper, "lower") };
            mistakes.push(
                Mistake::new("config::conflict", format!("an interval has two bounds: {missing} is missing"))
                    .at(place(there), "the other one")
                    .help(format!("add {missing} = \"0s\", or what is meant")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{self, Given, Traces};
    use scenarios::catalog::SCENARIOS;

    fn said(name: &str, settings: &[&str]) -> Result<(), String> {
        let given: Vec<_> = settings.iter().map(|text| Given::set(*text)).collect();
        config::load(&[name.to_owned()], &given, &["per-event".to_owned()], Traces::MayBeAbsent)
            .map(|_| ())
            .map_err(|rejected| rejected.to_string())
    }

    /// A built-in scenario in which another table stands in place of the one that begins like this.
    fn with(name: &str, begins: &str, table: &str) -> Result<(), String> {
        let (_, text) = SCENARIOS.iter().find(|(known, _)| *known == name).unwrap();
        let (head, rest) = text.split_once(begins).unwrap();
        let (_, rest) = rest.split_once("\n\n").unwrap();
        let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        std::fs::write(file.path(), format!("{head}{table}\n\n{rest}")).unwrap();
        said(file.path().to_str().unwrap(), &[])
    }

    #[test]
    fn what_a_question_contradicts_by_itself_is_told_with_the_way_out() {
        for (name, settings, wrong, mend) in [
            (
                "word-count-10",
                &["query.counted.size=0"][..],
                "an integer of at least 1",
                "describe",
            ),
            (
                "word-count-10",
                &["query.counted={ size = 100_003, slide = 7, aggregates = [\"count\"] }"],
                "are kept in 100003 parts per key, of 65536",
                "a slide that divides the size",
            ),
            (
                "word-count-10",
                &["source.words.partitions=2"],
                "nobody decides that",
                "partitions = 1",
            ),
            (
                "word-count-10",
                &["query.counted.aggregates=[\"sum\"]"],
                "a word has no value",
                "aggregates = [\"count\"]",
            ),
            (
                "silent-meters",
                &["query.silence.length=\"0s\""],
                "must be longer than nothing",
                "too short",
            ),
            ("silent-meters", &["query.silence.after=0"], "an integer of at least 1", "describe"),
            (
                "ad-clicks",
                &["query.join.lower=\"1min\""],
                "nothing lies between the bounds: the lower one (1min) is above the upper one (10s)",
                "exchange them",
            ),
            ("ad-clicks", &["query.join.size=\"5s\""], "not by both", "keep size, or lower"),
            (
                "rides-by-window",
                &["query.join.size=\"0s\""],
                "must be longer than nothing",
                "too short",
            ),
        ] {
            let said = said(name, settings).expect_err(name);
            assert!(said.contains(wrong) && said.contains(mend), "{settings:?}: {said}");
        }
    }

    #[test]
    fn a_join_says_which_events_meet_and_an_interval_has_two_bounds() {
        for (bounds, wrong, mend) in [
            ("", "it is not said which events of the two sides meet", "set size"),
            ("upper = \"1s\"", "two bounds: lower is missing", "add lower"),
            ("lower = \"1s\"", "two bounds: upper is missing", "add upper"),
        ] {
            let table = format!("[query.join]\nleft_below = 1\n{bounds}");
            let said = with("ad-clicks", "[query.", &table).expect_err(bounds);
            assert!(said.contains(wrong) && said.contains(mend), "{said}");
        }
        let both = "[query.join]\nleft_below = 1\nlower = \"-1s\"\nupper = \"-1s\"";
        with("ad-clicks", "[query.", both).unwrap();
    }

    #[test]
    fn what_asks_for_keys_or_values_needs_a_trace_that_has_some() {
        let trace = "[source.trace]\npath = \"t.csv\"\nevent_time = \"t\"";
        for (name, words) in [
            ("silent-meters", &["silences are per key", "add key = \"COLUMN\""][..]),
            ("ad-clicks", &["joins are per key", "which tells the two sides of a join apart"]),
            ("word-count-10", &["windows are per key", "or set keyed = false"]),
        ] {
            let said = with(name, "[source.", trace).unwrap_err();
            assert!(words.iter().all(|words| said.contains(words)), "{said}");
        }
        let said = with("ad-clicks", "[source.", "[source.words]\nrate = \"1k/s\"").unwrap_err();
        assert!(said.contains("neither a key nor a value"), "{said}");
    }
}
