//! What is wrong with what the user wrote: where, why it matters, and one thing to do.
//!
//! A [`Mistake`] is about text, be it a file or an argument, and points at it. All mistakes are
//! collected before any is shown. Nothing here decides what a mistake is.

use super::excerpt::{Excerpt, WHOLE_LINES};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use reports::words::{concise, harmless};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// Text that was written by the user, or is compiled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// The file's path as it was given, or what else it is.
    pub name: String,
    /// All of it.
    pub text: String,
    /// The folder that relative paths in it start from; `None` for the working directory.
    pub base: Option<PathBuf>,
}

/// What stands behind the name of a text that is compiled in.
pub(super) const BUILT_IN: &str = ", built in";

impl SourceText {
    /// Whether it is compiled in.
    pub(super) fn is_built_in(&self) -> bool {
        self.name.ends_with(BUILT_IN)
    }
}

/// The texts that a configuration was put together from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources(Vec<SourceText>);

impl Sources {
    /// Adds a text and returns its number.
    pub fn add(&mut self, source: SourceText) -> usize {
        self.0.push(source);
        self.0.len() - 1
    }

    /// The text with this number.
    pub fn get(&self, number: usize) -> &SourceText {
        &self.0[number]
    }
}

/// A place in one of the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The text's number in [`Sources`].
    pub source: usize,
    /// The bytes of it.
    pub span: Range<usize>,
}

/// A place and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What; may be empty.
    pub text: String,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// A stable name, such as `config::unknown_key`.
    pub code: &'static str,
    /// What is wrong, in lower case.
    pub message: String,
    /// Where. The first is where the mistake is; the others explain it.
    pub labels: Vec<Label>,
    /// One thing to do about it.
    pub help: Option<String>,
}

impl Mistake {
    /// A mistake that is nowhere yet.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        let message = concise(&message.into()).into_owned();
        Self { code, message, labels: Vec::new(), help: None }
    }

    /// Points at a place, if there is one.
    #[must_use]
    pub fn at(mut self, place: Option<&Place>, text: impl Into<String>) -> Self {
        if let Some(place) = place {
            let text = concise(&text.into()).into_owned();
            self.labels.push(Label { place: place.clone(), text });
        }
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(concise(&help.into()).into_owned());
        self
    }
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    /// What the mistakes point into.
    pub sources: Sources,
    /// At least one.
    pub mistakes: Vec<Mistake>,
}

/// A mistake as editors read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlacedMistake {
    /// A stable name; `sluicebench describe CODE` tells what it means.
    pub code: String,
    /// One thing to do about it.
    pub help: Option<String>,
    /// Where: first the mistake.
    pub labels: Vec<PlacedLabel>,
    /// What is wrong.
    pub message: String,
}

/// A place as editors count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlacedLabel {
    /// Counted from 1, in characters.
    #[schemars(range(min = 1))]
    pub column: usize,
    /// The file, or what else the text is.
    pub file: String,
    /// In bytes.
    pub length: usize,
    /// Counted from 1.
    #[schemars(range(min = 1))]
    pub line: usize,
    /// In bytes from the start of the text.
    pub offset: usize,
    /// What is to be said about this place.
    pub text: String,
}

impl Rejected {
    /// One mistake that is not about a text.
    pub fn because(mistake: Mistake) -> Self {
        Self { sources: Sources::default(), mistakes: vec![mistake] }
    }

    /// For people: each mistake with the lines it is in.
    pub fn render(&self, colour: bool) -> String {
        let rendered: Vec<_> =
            self.mistakes.iter().map(|mistake| render(&self.sources, mistake, colour)).collect();
        rendered.join("\n")
    }

    /// For editors: each mistake with its places.
    pub fn placed(&self) -> Vec<PlacedMistake> {
        let label = |label: &Label| {
            let source = self.sources.get(label.place.source);
            let before = &source.text[..label.place.span.start];
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            PlacedLabel {
                file: source.name.clone(),
                line: before.matches('\n').count() + 1,
                column: before[line_start..].chars().count() + 1,
                offset: label.place.span.start,
                length: label.place.span.len(),
                text: label.text.clone(),
            }
        };
        let mistake = |mistake: &Mistake| PlacedMistake {
            code: mistake.code.to_owned(),
            message: mistake.message.clone(),
            help: mistake.help.clone(),
            labels: mistake.labels.iter().map(label).collect(),
        };
        self.mistakes.iter().map(mistake).collect()
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Rejected {}

fn render(sources: &Sources, mistake: &Mistake, colour: bool) -> String {
    let (red, bold, plain) = if colour { ("\x1b[31m", "\x1b[1m", "\x1b[0m") } else { ("", "", "") };
    let mut out = format!(
        "{red}error[{}]{plain}: {bold}{}{plain}\n",
        mistake.code,
        harmless(&mistake.message)
    );
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .without_syntax_highlighting()
        // Lines of a help are left to the terminal: names in it would be broken at their hyphens.
        .with_wrap_lines(false)
        .with_context_lines(WHOLE_LINES);

    let snippets = clusters(sources, &mistake.labels).into_iter().map(|labels| {
        let excerpt = Excerpt::of(sources.get(labels[0].place.source), &labels);
        Snippet { labels: excerpt.labels(), source: Some(excerpt), help: None }
    });
    let help = mistake.help.as_ref().map(|help| Snippet {
        source: None,
        labels: Vec::new(),
        help: Some(harmless(help).into_owned()),
    });
    for snippet in snippets.chain(help) {
        let mut text = String::new();
        if handler.render_report(&mut text, &snippet).is_ok() {
            // The first line would be the message, which has been said above.
            out.push_str(text.split_once('\n').map_or("", |(_, rest)| rest));
        }
    }
    out
}

/// Labels that are shown in one snippet: in one text, and at most this many lines apart, so that
/// a snippet does not fill the screen with what nobody asked about.
const LINES_APART: usize = 6;

fn clusters<'a>(sources: &Sources, labels: &'a [Label]) -> Vec<Vec<&'a Label>> {
    let line = |label: &Label| {
        let text = &sources.get(label.place.source).text;
        text[..label.place.span.start].matches('\n').count()
    };
    let mut clusters: Vec<Vec<&Label>> = Vec::new();
    for label in labels {
        match clusters.last_mut() {
            Some(cluster)
                if cluster.iter().all(|other| {
                    other.place.source == label.place.source
                        && line(other).abs_diff(line(label)) <= LINES_APART
                }) =>
            {
                cluster.push(label);
            }
            _ => clusters.push(vec![label]),
        }
    }
    clusters
}

/// A part of a mistake in the shape that miette draws.
#[derive(Debug)]
struct Snippet {
    source: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
    help: Option<String>,
}

impl fmt::Display for Snippet {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Snippet {}

impl Diagnostic for Snippet {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// The candidate that was most likely meant, if one is at most two edits away; one, from a short
/// word, of which two would leave next to nothing.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let most = if length < 4 { 1 } else { 2 };
    candidates
        .into_iter()
        // What is longer by more is further away, and may be as long as a file.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= most)
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        // Two edits turn any word of two letters into any other.
        .filter(|&(edits, candidate)| edits <= most && edits < candidate.chars().count())
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, candidate)| candidate)
}

/// `a`, `b` and `c`, each in backticks.
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "none".into(),
    }
}
