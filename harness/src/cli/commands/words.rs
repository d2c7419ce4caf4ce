//! What the words of a report, an error or a list mean.

use settings::plan::EngineKind;

/// The engines, and what distinguishes them.
pub(super) fn engines() -> impl Iterator<Item = (&'static str, &'static str)> {
    EngineKind::NAMES.iter().copied().zip(ENGINES)
}

/// What distinguishes each engine, in the order of their names.
const ENGINES: [&str; EngineKind::NAMES.len()] = [
    "collects for an interval, then computes on the batch, as Spark does",
    "lets each event through at once, as Flink does",
    "Apache Flink, in a process of its own: sluicebench engines says whether it is here",
    "Apache Spark's Structured Streaming, in micro-batches, in a process of its own: sluicebench engines says whether it is here",
    "Apache Spark's Structured Streaming in real-time or continuous mode, which have no state, in a process of its own: sluicebench engines says whether it is here",
    "Apache Spark's DStreams, in windows over the batches that events arrived in, in a process of its own: sluicebench engines says whether it is here",
    "Apache Storm, in a process of its own: sluicebench engines says whether it is here",
];

/// The quantities of a report beside the metrics: name, unit and definition.
pub(super) const QUANTITIES: &[(&str, &str, &str)] = &[
    (
        "result_latency",
        "ns",
        "From the due time of the event whose arrival made an answer final under an ideal \
         watermark to the answer's emission. For an answer per event: that event itself; for a \
         window: the first event that carries the watermark past its end; for a window over \
         batches: the end of the interval. It is computed from the schedule alone, so no engine \
         can flatter itself.",
    ),
    (
        "event_latency",
        "ns",
        "From the due time of the latest event that contributed to an answer to the answer's \
         emission (Karimov et al., ICDE 2018).",
    ),
    (
        "due",
        "ns since the run's start",
        "When an event should reach the engine. Fixed before the run; latency counts from it, so \
         that a stall is seen as its users would see it.",
    ),
    (
        "backlog",
        "events",
        "Events that were due and that the engine had not finished with: whose batch was not done; \
         without batches, that it had not answered, where each has an answer of its own; and, where \
         answers are of windows, that it had not taken, since nobody tells which of those taken it \
         still holds. They show in result_latency and in the time to drain. While a run lasts, what \
         is not taken is shown.",
    ),
    (
        "watermark",
        "event time",
        "How far event time has come according to the input: the latest event time seen, less the \
         bound on disorder, less one microsecond. A window fires when it reaches the window's last \
         instant.",
    ),
    (
        "noise",
        "ratio of geometric means",
        "How far apart two sets of repetitions lie when nothing is different. Within one run it is \
         seen: `compare` and `check` say for each figure how far such sets differ 95 times in 100 \
         (Student's t on logarithms, over the pairs of repetitions with the same input). What \
         differs between two runs (the hour, neighbours, where the machine put them) is the same \
         for all repetitions of a run, so that no number of them shows it. It is known from further \
         runs of the same thing, which --again names: from seven on, the two included, they say how \
         far two differ at most, 95 times in 100; with fewer that is taken for 5.7 %, or what was \
         seen if that is more. Each repetition also times the same piece of work before and after: \
         a machine that was slower as a whole is no change either. Only what lies beyond with its \
         whole interval is called better or worse, and that is all that the words promise: that \
         it is so, and not that it is more than anyone would let pass.",
    ),
];

/// The codes of mistakes, and what they mean.
pub(super) const CODES: &[(&str, &str)] = &[
    ("config::syntax", "the file is not TOML"),
    ("config::trace", "a file of events, where a scenario that reads one is asked for"),
    ("config::unknown_key", "a key that means nothing here; often a slip of the pen"),
    ("config::missing_key", "a key without a default that is not there"),
    ("config::type", "a value of a type that the key does not take"),
    ("config::unit", "a number without a unit, where seconds and milliseconds are both likely"),
    ("config::value", "a value that cannot be read, or is not one of the choices"),
    ("config::range", "a value outside of what the key takes"),
    ("config::conflict", "two settings that contradict each other; neither is preferred silently"),
    (
        "config::not_supported",
        "something planned that is not built yet; it is never ignored silently",
    ),
    ("config::override", "an argument of --set that is not KEY=VALUE"),
    ("config::no_such_file", "a file that is not there or cannot be read"),
    ("config::too_large", "a file that is larger than any scenario, or has no end"),
    ("config::more", "more mistakes than anybody reads at once; the first hundred are told"),
    ("config::no_such_scenario", "neither a built-in scenario or suite, nor a file"),
    (
        "config::no_such_metric",
        "a threshold or a comparison on something that no engine reports; it would have no data",
    ),
    ("config::no_such_engine", "no engine there is: sluicebench list engines"),
    (
        "engine::not_here",
        "an engine that would run in a process of its own, and something it needs is missing",
    ),
    ("engine::cluster", "a cluster that was named and cannot be used: what it said, or did not"),
    ("engine::broker", "brokers that were named and do not answer: where, and why"),
    ("engine::install", "an engine that could not be fetched; nothing of it is left"),
    ("plan::cpus", "processors asked for an engine or for what measures it that are not here"),
    (
        "plan::left_out",
        "engines of a suite that runs without what is missing, left out: which, and what they lack",
    ),
    ("host::debug_build", "a build without optimisation, several times slower"),
    ("host::governor", "a processor whose speed is changed while it is measured"),
    ("host::busy", "a machine on which something else ran before the run"),
    ("host::limited", "a limit on the processors that this program may use, from outside"),
    ("host::crowded", "as many workers as processors, with none left for anything else"),
    ("host::jitter", "a machine that paused a thread which did nothing but look at the clock"),
    (
        "host::shared_cores",
        "an engine in a process of its own on the processors of what measures it",
    ),
    ("plan::simulated", "an engine in a process of its own, whose time cannot be simulated"),
    ("run::no_floor", "an engine that could not be asked nothing, for the floor of its latency"),
    ("run::cold", "a JVM that is measured while it still compiles what it runs"),
    ("advise::slo", "a demand that cannot be read, says nothing, or contradicts another"),
    ("advise::suite", "advice on more than one workload, where it is about one"),
    ("advise::budget", "a budget that does not hold one trial of each engine; nothing was begun"),
    ("advise::no_engine", "a workload that no engine here can be asked, each for its own reason"),
    (
        "advise::again",
        "something that only measuring could answer, asked of what was measured before",
    ),
    ("advise::record", "a folder of advice, or of a run that supports it, that cannot be read"),
    (
        "atlas::vary",
        "something that a map does not vary, or twice; it takes one rate and one demand on the latency",
    ),
    ("atlas::rate", "too many rates for a map, or a scenario without one to go on from"),
    ("atlas::slo", "a demand that cannot be read or marked on the map, or too many of them"),
    (
        "atlas::again",
        "something that only measuring could answer, asked of a map that was measured before",
    ),
    ("atlas::no_engine", "a scenario that no engine here can be asked, each for its own reason"),
    ("atlas::record", "a folder without the record of a map, or one that cannot be read"),
    ("advise::folder", "a folder of advice that cannot be written to"),
    ("config::nothing_to_run", "what was asked for leaves no engine on any scenario"),
    ("lint::window", "a window that is longer than the run, and never full"),
    ("lint::gap", "a silence as long as run or trace: no session ends before the input"),
    (
        "lint::watermark",
        "a bound on disorder as long as run or trace: no window ends before the input",
    ),
    ("lint::host", "[host] where no engine runs in a process of its own: it does nothing"),
    ("lint::warm_up", "an interval longer than the warm-up, in which no batch is computed then"),
    (
        "lint::warm_up_cap",
        "a longest warm-up that may leave less than half of the run to be judged",
    ),
    (
        "lint::held_by_a_window",
        "a trace of which a window of Storm's own may hold more than may be under way",
    ),
    (
        "lint::batches_added_up",
        "windows over so many batches of DStreams that adding them up takes longer than the slide",
    ),
    (
        "lint::windows_in_a_batch",
        "event time that passes so fast that whole windows lie within one batch",
    ),
    (
        "run::folder",
        "the folder to write holds a run already, is being written by one, or cannot be written",
    ),
    ("run::failed", "a run that could not go on; what was finished before is in its folder"),
    ("run::resume", "a folder without a run that these settings could go on with"),
    ("run::record", "a record that was written, and cannot be read again"),
    ("run::simulated", "simulated time: answers and counts are real, latencies and rates are not"),
    ("run::few_repetitions", "too few repetitions to show how far runs lie apart"),
    ("run::few_answers", "too few answers for the quantiles that are shown"),
    ("run::unstable", "repetitions of one engine whose p99 lie far apart"),
    ("run::paused", "a repetition in which this whole program stood still for a while"),
    (
        "verify::bounds_only",
        "answers that were held between bounds, as a race decides which of them are right",
    ),
    (
        "verify::lost",
        "events that an engine lost without a word: in no answer, and not told as late; its figures \
         are those of less work",
    ),
    (
        "run::endless_session",
        "a session that went on for most of the event time of a run: its key may never fall silent",
    ),
    ("run::feature", "something that this build was made without"),
    ("run::program", "the program cannot find itself, to start it again for a repetition"),
    ("run::not_known", "the most repetitions there may be left a median that is not known well"),
    (
        "run::stopped",
        "a run stopped because its intervals were narrow, so they are a little too narrow",
    ),
    (
        "run::no_steady_state",
        "what was measured still drifts at its end; it is shown, and not compared",
    ),
    (
        "run::not_told_steady",
        "too little was measured to tell whether it was in a steady state; it passes no threshold",
    ),
    ("run::interrupt", "the interrupt key cannot be watched, so a run could not be ended cleanly"),
    (
        "conform::cases",
        "a file of cases that cannot be read, or a case that is none: which, and where",
    ),
    (
        "conform::engine",
        "an engine that could not be put any cases: what is missing, or how it failed",
    ),
    ("conform::no_case", "an engine that was named, and by whose rules no case goes"),
    (
        "conform::crashes",
        "an engine that is to crash after each item, and has nothing it could be restored from",
    ),
    (
        "conform::nothing_asked",
        "engines that can be asked not one of the cases, so that nothing is shown",
    ),
    (
        "conform::out",
        "what came of cases cannot be kept: a file of that name is there, or none can be written",
    ),
    ("sweep::key", "what was asked to vary is no key, or means several, or changes nothing here"),
    ("sweep::keys", "more keys are varied than a chart has room for: one or two"),
    ("sweep::values", "a key that is varied over nothing"),
    ("sweep::range", "a range without a number of points, or without a way from end to end"),
    ("sweep::duplicate", "a value that comes twice: it would be measured twice as one point"),
    ("sweep::suite", "a suite has no one setting that could be varied; a scenario has"),
    ("sweep::search", "an option of a search in a sweep that searches nothing: --limit is missing"),
    ("sweep::nothing_left", "a sweep whose every point contradicts the scenario"),
    ("plan::budget", "what was asked for takes longer than it may; smaller ones are offered"),
    (
        "plan::beyond_this_machine",
        "a plan that this machine has no memory for, or never comes to the end of; what would fit is \
         told",
    ),
    ("trace::column", "a trace that does not have what the scenario file says it has"),
    ("trace::unreadable", "a trace with a row that cannot be read, or cut off, or empty"),
    ("limit::slo", "a demand on the latency that is none, such as `p99` without a duration"),
    ("limit::window", "a probe that is too short, or a duration where a window is meant"),
    ("limit::budget", "a time for a search that is none"),
    ("limit::bounds", "a bound of a search that is no rate, or no speed of a trace, or crosses"),
    (
        "limit::short_trace",
        "a trace that can offer so few events per second that no engine has a limit on it",
    ),
    ("limit::resume", "a folder without a search that these settings could go on with"),
    (
        "input::rejected_rows",
        "rows of a trace that cannot be read and were left out, as was asked for",
    ),
    (
        "input::times_near_1970",
        "times within five years of 1970, where wrong units and origins end up",
    ),
    ("input::times_after_2100", "times after 2100, where wrong units end up"),
    ("input::time_apart", "rows whose times lie years from most others, or count another unit"),
    (
        "input::rows_out_of_order",
        "rows that stand behind a later one, where one column says both when an event happened and \
         when it came",
    ),
    ("input::leap_seconds", "times in a leap second, taken for the second before it"),
    ("input::thousands", "numbers whose decimal points may part thousands"),
    ("input::time_twice", "local times that clocks showed twice, taken for the earlier one"),
    ("input::time_offsets", "times with an offset and times without one in the same trace"),
    (
        "input::notation_without_use",
        "a time_unit, time_origin or time_zone that no time in the trace is read by",
    ),
    ("input::marks", "marks of event time that make most of a latency, or come only at the end"),
    (
        "input::silent_partitions",
        "partitions that fall silent and hold event time back until that is noticed",
    ),
    ("input::goes_round", "an input that goes round before all of its keys have come"),
    ("input::empty_keys", "rows without a key, counted as one key"),
    ("input::spaced_keys", "keys that differ only by the spaces around them, counted as different"),
    (
        "input::moved_watermark",
        "an event, or all of one key, so far ahead that others came late because of it",
    ),
    ("input::part_of_trace", "a run that ends before its trace"),
    ("events::output", "a file for events that is there already, or is what they are made from"),
    ("events::failed", "the events of a scenario cannot be written"),
    ("report::record", "a folder without the record of a run, or one that cannot be read"),
    (
        "report::conformance",
        "a file beside the record of a run that does not tell what came of cases",
    ),
    ("report::page", "a report that is there already, with --out, or cannot be written"),
    ("compare::record", "a folder without the record of a run, or a record cut short or edited"),
    (
        "compare::not_comparable",
        "two runs of different machines or builds; --force compares them all the same, and marks it",
    ),
    ("compare::other_scenario", "two runs of different settings under one name"),
    ("compare::other_input", "the same seed and settings made another input on either side"),
    ("compare::nothing_in_common", "two runs without a scenario that is in both"),
    ("compare::not_again", "a run given with --again that is of something else, or one of the two"),
    (
        "compare::output",
        "the file for the outcome is there already, is a record that is read, or cannot be written",
    ),
    (
        "check::nothing_demanded",
        "a check of a run without thresholds, and without a baseline that it can be held against",
    ),
    ("check::violated", "a figure does not meet its threshold, or there is none that could"),
    ("check::regression", "a figure is worse than in the baseline, or misses its threshold"),
    ("check::inconclusive", "the figures straddle a limit, or are too few to say"),
    ("history::engine", "an engine was asked for that no run of these has"),
    (
        "history::nothing",
        "runs of which none has a figure to tell of: not one could be read, or no engine is called so",
    ),
    ("run::rate_not_held", "the generator could not offer what was planned: void, not slow"),
    ("run::results_differ", "an engine's answers differ from the reference"),
    ("run::engine_failed", "an engine failed while it was measured"),
    ("describe::unknown", "nothing of that name is known"),
    ("init::exists", "a file of that name is there already, and is not overwritten"),
    ("init::not_ours", "a file that is no scenario stands where one is to be written"),
    ("init::no_trace", "a file of events without a column of times"),
    ("init::unwritable", "a scenario file that cannot be written"),
    ("output::lost", "results that cannot be written to standard output"),
    ("export::record", "a folder without the record of a run, or one that cannot be read"),
    ("export::log", "an interval log that is not there, was cut short or does not fit its record"),
    ("export::folder", "the folder to export to holds a run, or a file of that name"),
    ("export::unwritable", "an export that cannot be written"),
    ("export::feature", "a format that this build was made without"),
    ("man::unwritable", "manual pages that cannot be written"),
    ("twin::no_trace", "a twin was asked of a scenario whose events are made up already"),
    ("twin::too_short", "a trace with too few events, or all at one moment, to fit anything to"),
    ("twin::columns", "columns were named of something that is no file of events"),
    ("twin::file", "the file that a twin was to be written to is there already, or is its trace"),
    ("twin::unreadable", "a twin that does not read back: a mistake in sluicebench"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use settings::config::keys;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    #[test]
    fn each_engine_means_what_its_table_in_a_scenario_file_says() {
        for (name, what) in engines() {
            let key = keys::key(&format!("engine.{name}")).unwrap();
            let said = key.meaning.split(';').next().unwrap();
            assert!(what.starts_with(said), "{name}: {what}, or {said}?");
        }
    }

    /// The codes in a source: `"a::b"` or `[a::b]`, but for what names functions to serde and rustfmt.
    fn codes(source: &str) -> impl Iterator<Item = &str> {
        let lines = source
            .lines()
            .filter(|line| !["serialize_with", "rustfmt"].iter().any(|it| line.contains(it)));
        let words = lines.flat_map(|line| line.split(['"', '[', ']']));
        words.filter(|word| {
            let is_word = |word: &str| {
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|it| it == b'_' || it.is_ascii_lowercase() || it.is_ascii_digit())
            };
            word.split_once("::").is_some_and(|(family, name)| is_word(family) && is_word(name))
        })
    }

    /// What is built of the sources below a folder, without tests.
    fn built(folder: &Path, sources: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                built(&path, sources);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = fs::read_to_string(path).unwrap();
                sources.push(text.split("#[cfg(test)]\nmod ").next().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn every_code_that_is_told_is_known_and_no_other() {
        let mut sources = Vec::new();
        for package in ["harness", "instrument", "reports", "scenarios", "settings"] {
            built(
                &Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("src"),
                &mut sources,
            );
        }
        // This file names all of them.
        sources.retain(|source| !source.contains("const CODES: &[(&str, &str)]"));
        // What samples for tests tell.
        let samples = ["host::shared"];
        let told: BTreeSet<&str> = sources
            .iter()
            .flat_map(|source| codes(source))
            .filter(|code| !samples.contains(code))
            .collect();
        let known: BTreeSet<&str> = CODES.iter().map(|(code, _)| *code).collect();
        assert_eq!(known.len(), CODES.len(), "each once");
        let unknown: Vec<_> = told.difference(&known).collect();
        assert!(unknown.is_empty(), "without a line in CODES: {unknown:?}");
        let gone: Vec<_> = known.difference(&told).collect();
        assert!(gone.is_empty(), "of nothing any more: {gone:?}");
    }
}
