//! `KEY=VALUES`, as `sweep` takes it: which key is varied, and the values it takes in turn.
//!
//! A value is read as one in a file is, by the same code, so that both take the same and fail in
//! the same words. A range says how many points it has: how far apart they should lie depends on
//! what is asked, and nobody should learn the number of runs afterwards. Nothing here knows what a
//! run costs.

use super::key::{companions, key_called};
use super::range::{Spacing, like, spaced};
use reports::record::study;
use settings::config::check::typed;
use settings::config::diagnostic::{Mistake, Place, Rejected, SourceText, Sources};
use settings::config::schema::{Key, Kind, Unsaid};
use settings::config::tree::Node;
use settings::plan::settings::Typed;
use settings::plan::units;
use std::ops::Range;

/// One setting that is varied, and its values in turn.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// What is varied.
    pub(super) key: &'static Key,
    /// Its values, each once.
    pub(super) values: Vec<AxisValue>,
    /// Settings that the key needs beside it and that the scenario does not have: path and TOML.
    pub(super) companions: Vec<(String, String)>,
}

/// A value of an axis.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct AxisValue {
    /// As it is shown and typed.
    pub(super) text: String,
    /// As TOML.
    pub(super) toml: String,
    /// In base units; none for a word.
    pub(super) number: Option<f64>,
}

impl Axis {
    /// The axis as it stands in a record.
    pub(super) fn recorded(&self) -> study::Axis {
        study::Axis {
            key: self.key.path.to_owned(),
            values: self.values.iter().map(|value| value.text.clone()).collect(),
        }
    }

    /// The engine that the key is a setting of; none where it concerns all of them.
    pub(super) fn engine(&self) -> Option<&'static str> {
        self.key.path.strip_prefix("engine.")?.split('.').next()
    }
}

/// The most axes that a chart can show.
const AXES_MAX: usize = 2;

/// The most points of one range: beyond it, it is a slip of the pen.
const POINTS_MAX: usize = 100_000;

/// Reads what was typed; `resolved` is the scenario that is varied, with every default written.
/// All mistakes are collected.
pub(super) fn axes(typed: &[String], resolved: &str) -> Result<Vec<Axis>, Rejected> {
    if typed.len() > AXES_MAX {
        let message = format!("{} keys are varied, but a chart has room for two", typed.len());
        let third = typed[AXES_MAX].split([',', '/']).next().unwrap_or_default();
        let third = third.split("..").next().unwrap_or_default();
        return Err(Rejected::because(
            Mistake::new("sweep::keys", message)
                .help(format!("keep two of them and fix the others, such as --set {third}")),
        ));
    }
    // What this program has written it can read.
    let base: toml::Table = resolved.parse().unwrap_or_default();
    let mut sources = Sources::default();
    let mut mistakes = Vec::new();
    let mut axes: Vec<Axis> = Vec::new();
    for text in typed {
        let source = SourceText { name: "command line".into(), text: text.clone(), base: None };
        let source = sources.add(source);
        match axis(&Typing { text, source }, &base) {
            Ok(read) if axes.iter().any(|other| other.key.path == read.key.path) => mistakes.push(
                Mistake::new("sweep::key", format!("`{}` is varied twice", read.key.path))
                    .at(Some(&place(source, 0..text.len())), "the second time")
                    .help("write all of its values at once, such as interval=10ms,100ms"),
            ),
            Ok(read) => axes.push(read),
            Err(mut found) => mistakes.append(&mut found),
        }
    }
    if mistakes.is_empty() { Ok(axes) } else { Err(Rejected { sources, mistakes }) }
}

/// What was typed, and its number among the texts.
struct Typing<'a> {
    text: &'a str,
    source: usize,
}

fn place(source: usize, span: Range<usize>) -> Place {
    Place { source, span }
}

impl Typing<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        place(self.source, span)
    }

    /// A part of it without the blanks around it.
    fn trimmed(&self, span: Range<usize>) -> (&str, Range<usize>) {
        let text = &self.text[span.clone()];
        let start = span.start + (text.len() - text.trim_start().len());
        let text = text.trim();
        (text, start..start + text.len())
    }
}

fn axis(typing: &Typing<'_>, base: &toml::Table) -> Result<Axis, Vec<Mistake>> {
    let Some(equals) = typing.text.find('=').filter(|at| *at > 0) else {
        let whole = typing.place(0..typing.text.len());
        return Err(vec![
            Mistake::new("sweep::key", "this says neither a key nor its values")
                .at(Some(&whole), "no `key=values`")
                .help("write what is varied and over what, such as interval=10ms..10s/log8"),
        ]);
    };
    let (name, span) = typing.trimmed(0..equals);
    let key = key_called(name, base)
        .map_err(|mistake| vec![mistake.at(Some(&typing.place(span)), "what is varied")])?;
    let values = values(typing, equals + 1, key)?;
    let companions = companions(key, base);
    Ok(Axis { key, values, companions })
}

/// Nobody waits longer for an answer: 30 days.
const MONTH_NS: u64 = 30 * 24 * 3_600 * 1_000_000_000;

/// What stands where a demand is varied, which is no key of a scenario: a length of time.
static DEMAND: Key = Key {
    path: "slo",
    kind: Kind::RunTime { least_ns: 1, most_ns: MONTH_NS },
    unsaid: Unsaid::Absent,
    meaning: "how long a quantile of the latency may be at most",
};

/// The lengths of time behind the equals sign of what was typed, as they were listed.
pub(super) fn lengths(typed: &str) -> Result<Vec<AxisValue>, Rejected> {
    let mut sources = Sources::default();
    let source = SourceText { name: "command line".into(), text: typed.into(), base: None };
    let source = sources.add(source);
    let from = typed.find('=').map_or(typed.len(), |equals| equals + 1);
    values(&Typing { text: typed, source }, from, &DEMAND)
        .map_err(|mistakes| Rejected { sources, mistakes })
}

/// The values of a key, each once, in what was typed from here on.
fn values(
    typing: &Typing<'_>,
    from: usize,
    key: &'static Key,
) -> Result<Vec<AxisValue>, Vec<Mistake>> {
    let mut values: Vec<AxisValue> = Vec::new();
    let mut mistakes = Vec::new();
    for span in items(typing.text, from) {
        let read = if typing.text[span.clone()].contains("..") {
            range(typing, span.clone(), key)
        } else {
            value(typing, span.clone(), key).map(|typed| vec![shown_value(&typed)])
        };
        match read {
            Ok(read) => {
                for value in read {
                    if values.iter().any(|other| other.toml == value.toml) {
                        mistakes.push(
                            Mistake::new(
                                "sweep::duplicate",
                                format!("`{}` comes twice among the values", value.text),
                            )
                            .at(Some(&typing.place(span.clone())), "the second time")
                            .help("leave one of them out; to measure more often, add --repeat"),
                        );
                    } else {
                        values.push(value);
                    }
                }
            }
            Err(mut found) => mistakes.append(&mut found),
        }
    }
    if mistakes.is_empty() { Ok(values) } else { Err(mistakes) }
}

/// The parts between commas, those inside of brackets and quotes aside.
fn items(text: &str, from: usize) -> Vec<Range<usize>> {
    let mut items = Vec::new();
    let (mut start, mut depth, mut quoted) = (from, 0_usize, false);
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < from) {
        match c {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                items.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(start..text.len());
    items
}

fn value(
    typing: &Typing<'_>,
    span: Range<usize>,
    key: &'static Key,
) -> Result<Typed, Vec<Mistake>> {
    let (text, span) = typing.trimmed(span);
    if text.is_empty() {
        let at = typing.place(span.start.saturating_sub(1)..span.start);
        return Err(vec![
            Mistake::new("sweep::values", format!("a value of `{}` is missing", key.name()))
                .at(Some(&at), "nothing follows")
                .help(format!("it takes {}", key.kind.takes())),
        ]);
    }
    typed(key, &Node::alone(text, typing.source, span.start, typing.place(span)))
}

/// A value as it is shown, as TOML, and as a number.
fn shown_value(typed: &Typed) -> AxisValue {
    let quoted = |text: String, number: Option<f64>| AxisValue {
        toml: toml::Value::String(text.clone()).to_string(),
        text,
        number,
    };
    let plain = |text: String, number: Option<f64>| AxisValue { toml: text.clone(), text, number };
    match typed {
        Typed::Text(text) => quoted(text.clone(), None),
        Typed::Repeat(repeat) => quoted(repeat.to_string(), None),
        Typed::Integer(integer) => plain(integer.to_string(), Some(*integer as f64)),
        Typed::Number(number) => AxisValue {
            text: number.to_string(),
            toml: format!("{number:?}"),
            number: Some(*number),
        },
        Typed::Flag(flag) => plain(flag.to_string(), None),
        Typed::RunTime(length) => {
            quoted(units::show_duration(*length), Some(length.as_nanos() as f64))
        }
        Typed::EventTime(micros) => quoted(units::show_event_time(*micros), Some(*micros as f64)),
        Typed::Rate(per_s) => quoted(units::show_rate(*per_s), Some(*per_s)),
        Typed::Size(bytes) => quoted(units::show_size(*bytes), Some(*bytes as f64)),
        Typed::Choices(words) => {
            let list: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
            AxisValue {
                text: words.join("+"),
                toml: format!("[{}]", list.join(", ")),
                number: None,
            }
        }
        // Lists cannot be varied.
        Typed::List(_) | Typed::Present => plain(String::new(), None),
    }
}

fn range(
    typing: &Typing<'_>,
    span: Range<usize>,
    key: &'static Key,
) -> Result<Vec<AxisValue>, Vec<Mistake>> {
    let (text, span) = typing.trimmed(span);
    let at = |message: String, label: &str, span: Range<usize>, help: String| {
        let mistake = Mistake::new("sweep::range", message);
        vec![mistake.at(Some(&typing.place(span)), label).help(help)]
    };
    let example = |from: &str, to: &str| format!("{from}..{to}/lin5 or {from}..{to}/log5");
    let (from, rest) = text.split_once("..").unwrap_or((text, ""));
    let rest_at = span.start + from.len() + 2;
    let Some(cut) = rest.rfind("/lin").max(rest.rfind("/log")) else {
        let (to, last) = rest.rsplit_once('/').unwrap_or((rest, ""));
        let last_at = span.end - last.len()..span.end;
        if !last.is_empty() && last.starts_with(|c: char| c.is_ascii_digit()) {
            let zero = last.trim_end_matches(char::is_alphabetic).parse() == Ok(0.0);
            let message = if zero {
                "a range with a step of zero never arrives".to_owned()
            } else {
                format!("`{last}` does not say how the points of the range lie")
            };
            let help = format!("say how many points, not how far apart: {}", example(from, to));
            return Err(at(message, "how many points?", last_at, help));
        }
        // What was tried is no part of the example; the unit of a rate is.
        let to = if last.contains(|c: char| c.is_ascii_digit()) { to } else { rest };
        return Err(at(
            format!("the range `{text}` does not say how many points it has"),
            "how many points?",
            span.clone(),
            format!("write {}: equal steps, or equal ratios", example(from, to)),
        ));
    };
    let spacing =
        if rest[cut..].starts_with("/lin") { Spacing::Linear } else { Spacing::Logarithmic };
    let (to, count) = (&rest[..cut], &rest[cut + 4..]);
    let count_at = rest_at + cut + 4..span.end;
    let whole_at = rest_at + cut..span.end;
    let points = match count.parse::<usize>() {
        Ok(0) => {
            let help = format!("write {}, or one value alone", example(from, to));
            return Err(at("a range of zero points asks nothing".into(), "none", count_at, help));
        }
        Ok(1) => {
            let help = format!("write {}, or one value alone: {from}", example(from, to));
            return Err(at("a range has two ends".into(), "only one point", count_at, help));
        }
        Ok(points) if points <= POINTS_MAX => points,
        Ok(points) => {
            let message = format!("{points} points are more than anyone can measure");
            let help = format!("start with a few: {}", example(from, to));
            return Err(at(message, "too many", count_at, help));
        }
        Err(_) => {
            let help = format!("write {}", example(from, to));
            let message = format!("`{count}` is not a number of points");
            return Err(at(message, "how many points?", whole_at, help));
        }
    };
    let first = value(typing, span.start..span.start + from.len(), key);
    let last = value(typing, rest_at..rest_at + cut, key);
    let (first, last) = match (first, last) {
        (Ok(first), Ok(last)) => (first, last),
        (first, last) => {
            return Err([first.err(), last.err()].into_iter().flatten().flatten().collect());
        }
    };
    let ends = (shown_value(&first), shown_value(&last));
    let (Some(low), Some(high)) = (ends.0.number, ends.1.number) else {
        let help = format!("list them: {}={},{}", key.name(), ends.0.text, ends.1.text);
        let message =
            format!("`{}` takes words, and there is nothing between two words", key.name());
        return Err(at(message, "a range of words", span, help));
    };
    if ends.0.toml == ends.1.toml {
        let help = format!("write one value alone ({}={from}), or move an end", key.name());
        return Err(at(
            "both ends of the range are the same".into(),
            "no way from here to there",
            span,
            help,
        ));
    }
    if spacing == Spacing::Logarithmic && (low <= 0.0 || high <= 0.0) {
        let zero = if low <= 0.0 { from } else { to };
        let message = format!("a logarithmic range cannot reach {zero}: no ratio leads there");
        let help = format!(
            "write {from}..{to}/lin{points}, or list {zero} by itself beside a range that begins \
             above it"
        );
        return Err(at(message, "equal ratios", span, help));
    }
    let whole = !matches!(first, Typed::Number(_) | Typed::Rate(_));
    let Some(between) = spaced(low, high, points, spacing, whole) else {
        let message = format!("there are not {points} different values from {from} to {to}");
        let help = "ask for fewer points, or list the values".to_owned();
        return Err(at(message, "too many points", count_at, help));
    };
    let mut values = vec![ends.0];
    values.extend(between.into_iter().map(|number| shown_value(&like(&first, number))));
    values.push(ends.1);
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = r#"
        parallelism = 1
        [source.synthetic]
        rate = "100k/s"
        keys = { uniform = { count = 100 } }
        [query.window]
        size = "1s"
        slide = "100ms"
        [engine.micro-batch]
        interval = "90ms"
        algorithm = "auto"
        [engine.per-event]
        algorithm = "auto"
    "#;

    const WORDS: &str = r#"
        [source.words]
        rate = "1k/s"
        [query.word-count]
        size = "5s"
    "#;

    #[track_caller]
    fn check(base: &str, typed: &str, path: &str, values: &str) {
        let read = axes(&[typed.to_owned()], base).unwrap_or_else(|error| panic!("{error}"));
        let shown: Vec<_> = read[0].values.iter().map(|value| value.text.as_str()).collect();
        assert_eq!((read[0].key.path, shown.join(" ").as_str()), (path, values), "{typed}");
    }

    #[test]
    fn a_key_may_be_shortened_where_it_means_one_key() {
        let interval = "engine.micro-batch.interval";
        for name in [interval, "micro-batch.interval", "interval", " interval "] {
            check(BASE, &format!("{name}=10ms"), interval, "10ms");
        }
        check(BASE, "rate=1k/s", "source.synthetic.rate", "1k/s");
        check(WORDS, "rate=1k/s", "source.words.rate", "1k/s");
        check(BASE, "window.slide=1s", "query.window.slide", "1s");
        check(WORDS, "slide=1s", "query.word-count.slide", "1s");
        check(BASE, "disorder.fraction=0.1", "source.synthetic.disorder.fraction", "0.1");
        check(WORDS, "disorder.fraction=0.1", "source.words.disorder.fraction", "0.1");
        check(BASE, "keys.zipf.exponent=1", "source.synthetic.keys.zipf.exponent", "1");
        check(BASE, "count=10", "source.synthetic.keys.uniform.count", "10");
        check(BASE, "parallelism=1,2", "parallelism", "1 2");
        check(BASE, "duration=1s", "measure.duration", "1s");
    }

    #[test]
    fn a_range_has_round_points_that_stay_apart() {
        let interval = "engine.micro-batch.interval";
        check(
            BASE,
            "interval=10ms..10s/log8",
            interval,
            "10ms 27ms 72ms 190ms 520ms 1400ms 3700ms 10s",
        );
        check(BASE, "interval=1ms..1s/log4", interval, "1ms 10ms 100ms 1s");
        check(BASE, "interval=100ms..104ms/lin5", interval, "100ms 101ms 102ms 103ms 104ms");
        check(BASE, "interval=1us..1004ns/log5", interval, "1us 1001ns 1002ns 1003ns 1004ns");
        check(
            BASE,
            "rate=50k/s..400k/s/lin8",
            "source.synthetic.rate",
            "50k/s 100k/s 150k/s 200k/s 250k/s 300k/s 350k/s 400k/s",
        );
        check(BASE, "rate=4k/s..1k/s/lin4", "source.synthetic.rate", "4k/s 3k/s 2k/s 1k/s");
        check(BASE, "parallelism=1..8/log4", "parallelism", "1 2 4 8");
        check(BASE, "parallelism=1..8/lin5", "parallelism", "1 3 5 6 8");
        check(
            BASE,
            "exponent=0,0.5..1.5/lin3",
            "source.synthetic.keys.zipf.exponent",
            "0 0.5 1 1.5",
        );
        check(BASE, "fraction=0..1/lin2", "source.synthetic.disorder.fraction", "0 1");
    }

    #[test]
    fn a_list_is_cut_at_its_own_commas() {
        check(
            BASE,
            "aggregates=[\"count\", \"sum\"],[\"count\"]",
            "query.window.aggregates",
            "count+sum count",
        );
        check(
            BASE,
            "micro-batch.algorithm=auto,inverse",
            "engine.micro-batch.algorithm",
            "auto inverse",
        );
    }

    #[test]
    fn numbers_are_in_base_units() {
        let number =
            |typed: &str| axes(&[typed.to_owned()], BASE).unwrap()[0].values[0].number.unwrap();
        let rows = [
            ("interval=10ms", 1e7),
            ("slide=10ms", 1e4),
            ("rate=50k/s", 5e4),
            ("fraction=0.5", 0.5),
            ("parallelism=2", 2.0),
        ];
        for (typed, want) in rows {
            assert!((number(typed) - want).abs() < 1e-9, "{typed}");
        }
    }

    #[test]
    fn what_a_key_needs_beside_it_comes_with_it() {
        let companions =
            |typed: &str| axes(&[typed.to_owned()], BASE).unwrap()[0].companions.clone();
        let delay = "{ exponential = { mean = \"100ms\" } }".to_owned();
        assert_eq!(
            companions("disorder.fraction=0.1"),
            [("source.synthetic.disorder.delay".to_owned(), delay)]
        );
        // As many keys as before, not as many as in the example.
        assert_eq!(
            companions("zipf.exponent=1"),
            [("source.synthetic.keys.zipf.count".to_owned(), "100".to_owned())]
        );
        assert_eq!(companions("interval=10ms"), []);
    }
}
