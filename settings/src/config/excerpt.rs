//! The part of a text around what is to be said of it, as it can be shown.
//!
//! A line may be as long as a file, and what stands in it may be anything. Shown are the lines of a
//! mistake, of long ones the parts around it, and nothing in them that a terminal would obey. Where a
//! place lies in the whole text is still told.

use super::diagnostic::{Label, SourceText};
use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use reports::words::{harmless, is_obeyed};
use std::ops::Range;

/// A line that is no longer is shown whole; in bytes.
const LINE_MOST: usize = 400;

/// How much of a longer one is shown before and behind a place, in bytes.
const AROUND: usize = 60;

/// How much of a place itself, if that is long.
const PLACE_MOST: usize = 120;

/// How many lines a place may have to be shown whole.
const LINES_MOST: usize = 12;

/// Part of a text, with the places that are to be pointed at.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    text: String,
    /// The number of its first line in the whole text, from 0.
    first_line: usize,
    /// Each place in it, and where that begins in the whole text: line and column, from 0.
    places: Vec<(Range<usize>, (usize, usize))>,
    labels: Vec<Option<String>>,
}

impl Excerpt {
    /// Of the lines of `source` with these labels, which are at least one.
    pub(super) fn of(source: &SourceText, labels: &[&Label]) -> Self {
        let whole = &source.text;
        let spans: Vec<_> = labels.iter().map(|label| shown_of(whole, &label.place.span)).collect();
        let start = spans.iter().map(|span| span.start).min().unwrap_or(0);
        let end = spans.iter().map(|span| span.end).max().unwrap_or(0);
        let start = line_start(whole, start);
        let end = whole[end..].find('\n').map_or(whole.len(), |at| end + at);
        let mut excerpt = Copied::default();
        for line in lines(start, &whole[start..end]) {
            if line.start > start {
                excerpt.text.push('\n');
            }
            excerpt.copy_line(whole, &line, &spans);
        }
        let place = |span: &Range<usize>| {
            let line = whole[..span.start].matches('\n').count();
            let column = whole[line_start(whole, span.start)..span.start].chars().count();
            (excerpt.at(span.start)..excerpt.at(span.end), (line, column))
        };
        let told =
            |label: &&Label| (!label.text.is_empty()).then(|| harmless(&label.text).into_owned());
        Self {
            name: harmless(&source.name).into_owned(),
            first_line: whole[..start].matches('\n').count(),
            places: spans.iter().map(place).collect(),
            labels: labels.iter().map(told).collect(),
            text: excerpt.text,
        }
    }

    /// Its places, with what is said of each.
    pub(super) fn labels(&self) -> Vec<LabeledSpan> {
        let places = self.places.iter().zip(&self.labels);
        places
            .map(|((span, _), text)| LabeledSpan::new(text.clone(), span.start, span.len()))
            .collect()
    }
}

/// The part of a place that is pointed at: on whole characters, and of one that goes on over many
/// lines the first.
fn shown_of(whole: &str, span: &Range<usize>) -> Range<usize> {
    let start = whole.floor_char_boundary(span.start.min(whole.len()));
    let end = whole.ceil_char_boundary(span.end.clamp(start, whole.len()));
    if whole[start..end].matches('\n').count() <= LINES_MOST {
        return start..end;
    }
    start..whole[start..end].find('\n').map_or(end, |at| start + at)
}

fn line_start(whole: &str, at: usize) -> usize {
    whole[..at].rfind('\n').map_or(0, |at| at + 1)
}

/// Each line of a part of a text that begins at `start`, without its end.
fn lines(start: usize, part: &str) -> impl Iterator<Item = Range<usize>> {
    part.split('\n').scan(start, |at, line| {
        let from = *at;
        *at += line.len() + 1;
        Some(from..from + line.trim_end_matches('\r').len())
    })
}

/// What was copied from a text, and from where.
#[derive(Default)]
struct Copied {
    text: String,
    /// Places in the whole text and here, in rising order.
    places: Vec<(usize, usize)>,
}

impl Copied {
    /// Copies a line, or what of it lies around the spans.
    fn copy_line(&mut self, whole: &str, line: &Range<usize>, spans: &[Range<usize>]) {
        let mut at = line.start;
        for part in parts(whole, line, spans) {
            if part.start > at {
                self.text.push('…');
            }
            for (n, c) in whole[part.clone()].char_indices() {
                self.places.push((part.start + n, self.text.len()));
                if is_obeyed(c) {
                    self.text.push_str(&harmless(c.encode_utf8(&mut [0; 4])));
                } else {
                    self.text.push(c);
                }
            }
            at = part.end;
            self.places.push((at, self.text.len()));
        }
        if at < line.end {
            self.text.push('…');
        }
    }

    /// Where a place of the whole text is here: where what stands before it ends, if it was left out.
    fn at(&self, place: usize) -> usize {
        let next = self.places.partition_point(|(from, _)| *from <= place);
        next.checked_sub(1).map_or(0, |before| self.places[before].1)
    }
}

/// The parts of a line that are shown.
fn parts(whole: &str, line: &Range<usize>, spans: &[Range<usize>]) -> Vec<Range<usize>> {
    if line.len() <= LINE_MOST {
        return vec![line.clone()];
    }
    let within = |from: usize, to: usize| {
        let from = from.saturating_sub(AROUND).max(line.start);
        let to = to.saturating_add(AROUND).min(line.end);
        whole.floor_char_boundary(from).max(line.start)..whole.ceil_char_boundary(to)
    };
    let mut parts: Vec<_> = spans
        .iter()
        .filter(|span| span.start <= line.end && span.end >= line.start)
        .flat_map(|span| {
            let start = span.start.max(line.start);
            let end = span.end.min(line.end);
            // Its beginning always, its end as well where that is the end of it.
            let begin = (span.start >= line.start)
                .then(|| within(start, end.min(start.saturating_add(PLACE_MOST))));
            let end = (span.start < line.start).then(|| within(end, end));
            [begin, end]
        })
        .flatten()
        .collect();
    if parts.is_empty() {
        parts.push(line.start..whole.floor_char_boundary(line.start + LINE_MOST));
    }
    parts.sort_by_key(|part| part.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for part in parts {
        match merged.last_mut() {
            Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
            _ => merged.push(part),
        }
    }
    merged
}

/// It is shown in whole lines. By itself, miette shows either a part of a line or its neighbours as
/// well.
impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let read = if before == WHOLE_LINES {
            let start = line_start(&self.text, start);
            let end = self.text[end..].find('\n').map_or(self.text.len(), |at| end + at);
            self.text.read_span(&(start..end.max(start)).into(), 0, 0)?
        } else {
            self.text.read_span(span, 0, 0)?
        };
        let known =
            self.places.iter().find(|(place, _)| before != WHOLE_LINES && place.start == start);
        let (line, column) = known.map_or_else(
            || (self.first_line + read.line(), read.column()),
            |(_, in_whole)| *in_whole,
        );
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            read.data(),
            *read.span(),
            line,
            column,
            self.first_line + read.line_count(),
        )))
    }
}

/// Asks an [`Excerpt`] for the lines of a span, all of them and no others.
pub(super) const WHOLE_LINES: usize = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::diagnostic::{Mistake, Place, Rejected, Sources};

    /// A text with a mistake at each place of it that is between ‹ and ›, as it is told.
    fn told(marked: &str) -> String {
        let mut text = String::new();
        let mut spans: Vec<Range<usize>> = Vec::new();
        for c in marked.chars() {
            match c {
                '‹' => spans.push(text.len()..text.len()),
                '›' => spans.last_mut().unwrap().end = text.len(),
                c => text.push(c),
            }
        }
        let mut sources = Sources::default();
        let source = sources.add(SourceText { name: "a.toml".into(), text, base: None });
        let mistake = spans.into_iter().fold(Mistake::new("a::code", "wrong"), |mistake, span| {
            mistake.at(Some(&Place { source, span }), "here")
        });
        Rejected { sources, mistakes: vec![mistake] }.to_string()
    }

    #[test]
    fn a_mistake_is_shown_wherever_on_a_line_it_stands() {
        let list: String = "0.25, ".repeat(12_000);
        let said = told(&format!("a = 1\nlist = [{list}‹\"x\"›, {list}]\nb = 2\n"));
        assert!(said.contains("─[a.toml:2:"), "the line: {said}");
        assert!(said.contains("0.25, \"x\", 0.25, 0.25"), "what stands around it: {said}");
        assert!(said.contains('…') && said.len() < 1_500, "{said}");
    }

    #[test]
    fn of_two_places_far_apart_each_is_shown() {
        let far = "x".repeat(70_000);
        let said = told(&format!("{far}‹one›{far}‹two›{far}\n"));
        assert!(said.contains("…") && said.contains("one") && said.contains("two"), "{said}");
        assert!(said.len() < 2_500, "{} bytes", said.len());
        let long = told(&format!("k = ‹{far}›\n"));
        assert!(long.len() < 1_500, "{long}");
        let lines = told(&format!("k = ‹[\n{}]›\n", "1,\n".repeat(50_000)));
        assert!(lines.len() < 500, "{lines}");
    }

    #[test]
    fn what_stands_around_it_is_shown_and_not_obeyed() {
        let said = told("t = \"\u{1b}[31m\u{202e}\0\u{7}\" ‹x\u{9b}›\r\n");
        assert!(!said.chars().any(is_obeyed), "{said:?}");
        assert!(said.contains("\\u001b[31m\\u202e\\u0000\\u0007\" x\\u009b"), "{said}");
    }

    #[test]
    fn a_place_at_any_byte_is_a_place() {
        let text = format!("µ{}µ\r\nµ", "日".repeat(300));
        let source = SourceText { name: String::new(), text: text.clone(), base: None };
        for start in 0..=text.len() + 1 {
            for length in [0, 1, 2, 500, 2_000] {
                let place = Place { source: 0, span: start..start + length };
                let label = Label { place, text: "here".into() };
                let excerpt = Excerpt::of(&source, &[&label]);
                let (span, _) = &excerpt.places[0];
                assert!(excerpt.text.get(span.clone()).is_some(), "{start} {length}");
            }
        }
    }
}
