//! `describe`: what a name means, be it a scenario, a suite, an engine, a key or a word.

use super::glossary::{self, Entry};
use super::words::{CODES, QUANTITIES, engines};
use super::{advise, atlas};
use crate::cli::answer::Answer;
use crate::cli::args::Args;
use ::engines::{Data, Timestamp};
use programs::{Case, Visitor};
use reports::judge::metrics::{self, METRICS, Metric, Unit};
use scenarios::spec::{CaseSpec, KeysSpec, SyntheticSpec, ValuesSpec, WorkloadSpec};
use settings::config::diagnostic::{Mistake, listed, nearest};
use settings::config::keys;
use settings::config::schema::{Key, Kind, Unsaid};
use settings::config::{self, Loaded, Traces};
use settings::plan::{Cell, EngineKind};
use statistics::Better;
use std::fmt::Write as _;
use std::hash::Hash;

/// Describes whatever has this name.
pub(in crate::cli) fn describe(name: &str, colour: bool) -> Answer {
    let engine = engines().find(|(engine, _)| *engine == name);
    // One that people know from elsewhere is set beside the others first, and its key after it.
    if let Some((name, what)) = engine.filter(|(name, _)| glossary::entry(name).is_none()) {
        return Answer::ok(format!("{name}: {what}\n\n{}", table(&format!("engine.{name}"))));
    }
    if let Some(text) = config::built_in(name) {
        return built_in(name, text, colour);
    }
    if let Some(metric) = metrics::metric(name) {
        return Answer::ok(of_metric(metric));
    }
    if let Some((name, unit, meaning)) = QUANTITIES.iter().find(|(word, ..)| *word == name) {
        return Answer::ok(format!("{name}, in {unit}\n\n{}", wrapped(meaning)));
    }
    if let Some((code, meaning)) = CODES.iter().find(|(code, _)| *code == name) {
        return Answer::ok(format!("{code}: {meaning}\n"));
    }
    match name {
        "scenario" => return Answer::ok(format!("A scenario file\n\n{}", table(""))),
        "suite" => return Answer::ok(format!("A suite of scenarios\n\n{}", table("suite"))),
        _ => {}
    }
    let word = glossary::entry(name).map(explained);
    // The word of an engine refers to its table.
    let table = word.as_ref().map(|_| format!("engine.{name}"));
    let keys = keys_called(name).filter(|key| Some(key.path) != table.as_deref()).map(described);
    let heading = metric_headed(name).map(of_metric);
    let all: Vec<String> =
        word.into_iter().chain(heading).chain(keys).chain(command(name)).collect();
    if all.is_empty() { unknown(name, colour) } else { Answer::ok(all.join("\n")) }
}

/// The metric that a table or a sentence calls this, such as `CPU per event` or `completed`.
fn metric_headed(name: &str) -> Option<&'static Metric> {
    let name = glossary::plain(name);
    let called = |metric: &&Metric| {
        let own = glossary::plain(metric.name);
        let last = own.split_once('.').map_or(own.as_str(), |(_, last)| last);
        [last, &own.replace('.', " "), &glossary::plain(metric.words)].contains(&name.as_str())
    };
    // What is said of two of them, as a p99 is, means neither.
    let mut found = METRICS.iter().filter(called);
    found.next().filter(|_| found.next().is_none())
}

/// What a command of this name does.
fn command(name: &str) -> Option<String> {
    let all = Args::shown();
    let command = all.find_subcommand(name)?;
    let about = command.get_long_about().or(command.get_about())?;
    let paragraphs = about.to_string();
    let paragraphs: Vec<String> = paragraphs.split("\n\n").map(wrapped).collect();
    let more = match name {
        "advise" => advise::described() + "\n",
        "atlas" => atlas::described() + "\n",
        _ => String::new(),
    };
    Some(format!(
        "sluicebench {name}\n\n{}\n{more}  sluicebench {name} --help\n",
        paragraphs.join("\n")
    ))
}

/// A word of those that people come with.
fn explained(entry: &Entry) -> String {
    let mut out = format!("{}\n\n", entry.name());
    for line in entry.meaning.lines() {
        if line.is_empty() || line.starts_with(' ') {
            let _ = writeln!(out, "{line}");
        } else {
            out += &wrapped(line);
        }
    }
    out.push('\n');
    for other in entry.see {
        let _ = writeln!(out, "  sluicebench describe {other}");
    }
    out
}

/// A metric, and how a threshold on it is written.
fn of_metric(metric: &Metric) -> String {
    let (end, limit) = match metric.better {
        Better::Lower => ("lower", "below"),
        Better::Higher => ("higher", "above"),
    };
    let example = match metric.unit {
        Unit::Nanoseconds | Unit::Microseconds | Unit::Seconds => "100ms",
        Unit::PerSecond => "50k/s",
        Unit::Bytes => "64MiB",
        Unit::Share | Unit::Ratio => "99.9%",
        Unit::Events => "1000",
    };
    let example = if metric.name == "cpu_per_event" { "2us" } else { example };
    let example = if metric.name == "distance" { "0.1%" } else { example };
    format!(
        "{}, in {}: {}; {end} is better\n\n{}\nDifferences of less than {} are not worth acting \
         on.\n\n  [[threshold]]\n  metric = \"{}\"\n  {limit} = \"{example}\"\n",
        metric.name,
        metric.unit.name(),
        metric.words,
        wrapped(metric.definition),
        reports::quantity::tick(&reports::quantity::fraction(metric.band)),
        metric.name,
    )
}

/// The key of this path, or else all keys of this name.
fn keys_called(name: &str) -> impl Iterator<Item = &'static Key> {
    let exact = keys::key(name).or_else(|| keys::key(&format!("suite.{name}")));
    keys::KEYS.iter().filter(move |key| match exact {
        Some(exact) => key.path == exact.path,
        None => key.path.ends_with(name) && key.path[..key.path.len() - name.len()].ends_with('.'),
    })
}

/// A text in lines of at most 100 columns.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > 100 {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out + "\n"
}

/// A path as it is written in a file.
fn written(path: &'static str) -> &'static str {
    path.strip_prefix("suite.").unwrap_or(path)
}

fn unsaid(key: &Key) -> String {
    match key.unsaid {
        Unsaid::Required(example) => format!("required, such as {example}"),
        Unsaid::RequiredWithout(other, example) => {
            format!("required where there is no `{other}`, such as {example}")
        }
        Unsaid::Absent => "none".into(),
        Unsaid::Is(text) => text.into(),
        Unsaid::IsWithout(other, text) => format!("{text} where there is no `{other}`"),
        Unsaid::Same(other) => format!("that of `{other}`"),
    }
}

fn described(key: &'static Key) -> String {
    let mut out = format!("{}\n  {}\n", written(key.path), key.meaning);
    let _ = writeln!(out, "  takes    {}", key.kind.takes());
    if !matches!(key.kind, Kind::Table | Kind::Inline | Kind::Tables | Kind::NotYet) {
        let _ = writeln!(out, "  default  {}", unsaid(key));
    }
    if keys::children(key.path).next().is_some() {
        let _ = write!(out, "\n{}", table(key.path));
    }
    if let Some((_, example)) = EXAMPLES.iter().find(|(path, _)| *path == key.path) {
        let _ = write!(out, "\nAn example\n\n{}", indented(example));
    }
    out
}

/// Tables that say more by an example than by their keys one by one.
const EXAMPLES: &[(&str, &str)] = &[("source.trace", include_str!("source_trace.txt"))];

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| if line.is_empty() { "\n".into() } else { format!("  {line}\n") })
        .collect()
}

/// The keys of a table, with what they take and what they are when nobody says.
fn table(path: &str) -> String {
    let keys: Vec<_> = keys::children(path).collect();
    let width = keys.iter().map(|key| key.name().len()).max().unwrap_or(0);
    let mut out = String::new();
    for key in keys {
        let _ = writeln!(out, "  {:width$}  {}", key.name(), key.meaning);
        let takes = key.kind.takes();
        let default = match (&key.kind, &key.unsaid) {
            (_, Unsaid::Required(_)) => "; required".into(),
            (_, Unsaid::RequiredWithout(other, _)) => format!("; required without `{other}`"),
            (_, Unsaid::Absent) => String::new(),
            _ => format!("; default {}", unsaid(key)),
        };
        let _ = writeln!(out, "  {:width$}    {takes}{default}", "");
    }
    out
}

fn built_in(name: &str, text: &str, colour: bool) -> Answer {
    match config::load(&[name.to_owned()], &[], &[], Traces::MayBeAbsent) {
        Ok(loaded) => match &loaded.cells[..] {
            [cell] => Answer::ok(scenario(cell, text)),
            _ => Answer::ok(suite(&loaded, text)),
        },
        Err(rejected) => Answer::rejected(&rejected, colour),
    }
}

/// The comment that a built-in file opens with.
fn opening(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim_start);
    lines.collect::<Vec<_>>().join("\n")
}

fn scenario(cell: &Cell, text: &str) -> String {
    format!(
        "{}: {}\n\n{}\n\nThe plan\n\n{}\nThe scenario file, with every default\n\n{}",
        cell.name,
        cell.title,
        opening(text),
        plan_of(&cell.case),
        cell.resolved_toml
    )
}

fn suite(loaded: &Loaded, text: &str) -> String {
    let mut out = format!("{}: {}\n\n{}\n", loaded.name, loaded.title, opening(text));
    for cell in &loaded.cells {
        let engines: Vec<_> = cell.engines.iter().map(|engine| engine.label.as_str()).collect();
        let _ = write!(out, "\n{}: {}\n  {}\n", cell.name, cell.title, engines.join(", "));
    }
    let _ = write!(out, "\nThe suite file\n\n{text}");
    out
}

/// The plan of a case, drawn.
fn plan_of(case: &CaseSpec) -> String {
    struct Draw;
    impl Visitor for Draw {
        type Output = String;
        fn visit<E: Data + Hash, A: scenarios::Answer>(self, case: Case<E, A>) -> String {
            case.program.sketch()
        }
    }
    // A plan does not depend on what is in a trace, so that the trace need not be there.
    let drawn = match &case.workload {
        WorkloadSpec::Trace(_) => {
            let stand_in = SyntheticSpec {
                keys: KeysSpec::Uniform { count: 1 },
                values: ValuesSpec::Constant(0),
                payload_bytes: 0,
                decimals: 0,
                rotate_every: None,
                silence: None,
                disorder: None,
                event_us_per_second: 1,
                origin: Timestamp::from_micros(0),
            };
            CaseSpec { workload: WorkloadSpec::Synthetic(stand_in), query: case.query.clone() }
        }
        _ => case.clone(),
    };
    programs::open(&drawn, 0).map_or_else(|error| format!("{error}\n"), |case| case.visit(Draw))
}

fn unknown(name: &str, colour: bool) -> Answer {
    let paths = keys::KEYS.iter().map(|key| written(key.path));
    let last = keys::KEYS.iter().map(Key::name);
    let words = EngineKind::NAMES.iter().copied().chain(QUANTITIES.iter().map(|word| word.0));
    let words = words.chain(METRICS.iter().map(|metric| metric.name)).chain(glossary::words());
    let headings = METRICS.iter().map(|metric| metric.words);
    let all = config::built_in_names().chain(words).chain(headings).chain(last).chain(paths);
    let latencies = METRICS.iter().map(|metric| metric.name);
    let ends = |full: &&str| full.split_once('.').is_some_and(|(_, end)| end == name);
    let of_several: Vec<&str> = latencies.filter(ends).collect();
    let help = match nearest(name, all) {
        _ if !of_several.is_empty() => {
            format!("did you mean {}?  List: sluicebench list metrics", listed(of_several))
        }
        Some(name) => format!("did you mean `{name}`?  List: sluicebench list"),
        None => format!(
            "it can be one of {}, a dotted key of a scenario file, or a word of a report, such as \
             `sustained`",
            listed(config::built_in_names().chain(EngineKind::NAMES.iter().copied()))
        ),
    };
    let message = format!("nothing is called `{name}`");
    Answer::mistaken(Mistake::new("describe::unknown", message).help(help), colour)
}

#[cfg(test)]
mod tests {
    use super::*;
    use instrument::bench::exit::Exit;

    #[test]
    fn every_example_is_a_scenario_that_resolves() {
        for (path, example) in EXAMPLES {
            let (_, file) = example.split_once("\n\n").unwrap();
            let cell = config::of_text(&format!("name = \"mine\"\n{file}"));
            cell.unwrap_or_else(|rejected| panic!("{path}: {rejected}"));
            let said = describe(path, false).results;
            assert!(said.contains(&indented(example)), "{said}");
        }
    }

    #[test]
    fn every_word_is_explained_and_so_is_all_that_it_refers_to() {
        for word in glossary::words() {
            let answer = describe(word, false);
            assert_eq!(answer.exit, Exit::Ok, "{word}");
            let meaning = glossary::entry(word).unwrap();
            // A word that is also a quantity or a key would hide the one or the other.
            assert!(answer.results.starts_with(&format!("{word}\n\n")), "{}", answer.results);
            assert!(answer.results.lines().all(|line| line.chars().count() <= 100), "{word}");
            for other in meaning.see {
                assert_eq!(describe(other, false).exit, Exit::Ok, "{word} refers to {other}");
            }
        }
    }

    #[test]
    fn what_people_come_with_is_known() {
        for word in [
            "spark",
            "flink",
            "storm",
            "p99",
            "sustained",
            "steady state",
            "noise floor",
            "watermark bound",
            "batch wait",
            "verified",
            "inconclusive",
            "waiting",
            "processing latency",
            "source queuing latency",
            "end to end latency",
        ] {
            assert_eq!(describe(word, false).exit, Exit::Ok, "{word}");
            assert_eq!(describe(&word.replace(' ', "-"), false).exit, Exit::Ok, "{word}");
        }
        let waiting = describe("waiting", false).results;
        assert!(waiting.contains("engine.per-event.waiting"), "the key as well: {waiting}");
    }

    #[test]
    fn whatever_heads_a_figure_can_be_asked_for() {
        let shown = reports::text::table::FIGURES.iter().map(|figure| figure.name);
        for heading in shown.chain(METRICS.iter().map(|metric| metric.words)) {
            assert_eq!(describe(heading, false).exit, Exit::Ok, "{heading}");
        }
        for (word, want) in [
            ("CPU per event", "cpu_per_event, in"),
            ("completed", "throughput.completed, in"),
            ("offered", "throughput.offered, in"),
            ("compare", "sluicebench compare\n\n"),
            ("twin", "sluicebench twin\n\n"),
            ("history", "sluicebench history\n\n"),
            ("Otava", "change point\n\n"),
            ("marks", "watermark mark\n\n"),
            ("--simulate", "simulated\n\n"),
            ("--slo", "slo\n\n"),
            ("reference", "reference\n\n"),
        ] {
            let said = describe(word, false).results;
            assert!(said.contains(want), "{word}: {said}");
            assert!(said.lines().all(|line| line.chars().count() <= 100), "{word}");
        }
    }

    #[test]
    fn every_part_of_an_anatomy_is_named_as_records_name_it() {
        let told = glossary::entry("anatomy").unwrap().meaning;
        for part in instrument::measure::anatomy::PARTS {
            assert!(told.contains(&format!("\n  {part} ")), "{part}: {told}");
        }
    }
}
