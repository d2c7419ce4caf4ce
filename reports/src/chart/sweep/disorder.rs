//! Disorder: completeness against latency, the two ends of one trade.
//!
//! Latency alone would flatter an engine that drops what comes late, so neither is ever shown
//! without the other. Completeness has a scale of nines, on which the step from 99 to 99.9 % is
//! as long as that from 90 to 99 %.

use super::super::canvas::{Align, text_width};
use super::super::frame::{Entry, Format, Frame};
use super::super::palette::Identity;
use super::super::scale::{Scale, opened};
use super::super::{Chart, Data};
use super::{Figure, Slice, Standing, last, p99};
use crate::judge::metrics::THROUGHPUT_COMPLETED;
use crate::judge::summary::verified;
use crate::quantity::{self, NONE, nanoseconds};
use crate::record::{EngineRecord, RunRecord};

/// One engine at one value.
struct Spot<'a> {
    written: &'a str,
    p99: Figure,
    complete: Figure,
    late_per_mille: f64,
    hollow: bool,
}

/// One engine's way through the values.
struct Path<'a> {
    label: &'a str,
    identity: Identity,
    spots: Vec<Spot<'a>>,
}

/// None if no window is asked about, so that nothing can be incomplete, or nothing was verified.
pub(super) fn chart(record: &RunRecord, slice: &Slice<'_>) -> Option<Chart> {
    let paths: Vec<Path<'_>> = slice
        .series
        .iter()
        .map(|series| Path {
            label: series.label,
            identity: series.identity,
            spots: series
                .points
                .iter()
                .filter(|point| point.standing != Standing::Unfit)
                .filter_map(|point| {
                    Some(Spot {
                        written: point.written,
                        p99: p99(point.engine)?,
                        complete: completeness(point.engine)?,
                        late_per_mille: late(point.engine)?,
                        hollow: point.standing == Standing::NotSustained,
                    })
                })
                .collect(),
        })
        .filter(|path| !path.spots.is_empty())
        .collect();
    if paths.is_empty() {
        return None;
    }
    let key = last(slice.key);
    let title = slice.titled(&finding(&paths, key));
    let notes = slice.notes(record);
    let name = slice.name("completeness");
    let data = data(&paths, slice.key);
    Some(Chart::drawn(name, title, data, |format, title| draw(&paths, key, &notes, format, title)))
}

fn completeness(engine: &EngineRecord) -> Option<Figure> {
    let all = verified(engine).filter_map(|r| r.verdict.completeness).collect();
    Figure::of(all, &THROUGHPUT_COMPLETED)
}

/// Events too late for all of their windows, of a thousand; the middle repetition's.
fn late(engine: &EngineRecord) -> Option<f64> {
    let of = verified(engine)
        .map(|r| r.counts.late as f64 * 1e3 / (r.counts.read.max(1)) as f64)
        .collect();
    Figure::of(of, &super::CPU_PER_EVENT).map(|figure| figure.middle)
}

fn finding(paths: &[Path<'_>], key: &str) -> String {
    let each: Vec<String> = paths
        .iter()
        .filter_map(|path| {
            let mut held = path.spots.iter().filter(|spot| !spot.hollow);
            let (first, end) = (held.next()?, held.next_back());
            let told = |spot: &Spot<'_>| {
                format!(
                    "{} complete with a p99 of {} at {}",
                    quantity::completeness(spot.complete.middle),
                    nanoseconds(spot.p99.middle),
                    spot.written
                )
            };
            let end = end.map_or_else(String::new, |end| format!(", {}", told(end)));
            Some(format!("{} {}{end}", path.label, told(first)))
        })
        .collect();
    if each.is_empty() {
        return format!("no value of {key} was sustained");
    }
    format!("answers by {key}: {}", each.join("; "))
}

/// How many nines a share has; a whole has none that could be counted.
fn nines(share: f64) -> Option<f64> {
    (share < 1.0).then(|| -(1.0 - share).log10())
}

fn draw(paths: &[Path<'_>], key: &str, notes: &[String], format: Format, title: &str) -> String {
    let definition = "Completeness: pairs of an event and a window that count where event time says, \
                      over all such pairs. p99 of result_latency: emission − due.";
    let mut frame = Frame::new(format, title, definition, 60.0);
    let entries: Vec<Entry<'_>> = paths
        .iter()
        .map(|path| Entry { identity: path.identity, label: path.label, hollow: false })
        .collect();
    frame.legend(&entries);
    let panel = frame
        .panel(format.height(), "completeness (scale of nines); better is up and to the left ↖");
    let spots = || paths.iter().flat_map(|path| &path.spots);
    let latencies = || spots().flat_map(|spot| [spot.p99.reach().0, spot.p99.reach().1]);
    let ends = (latencies().fold(f64::MAX, f64::min), latencies().fold(1.0, f64::max));
    let x = Scale::logarithmic(opened(ends), (panel.left + 10.0, panel.right - 10.0));
    let counted = || spots().filter_map(|spot| nines(spot.complete.middle));
    let low = counted().fold(3.0, f64::min).floor();
    let high = counted().fold(low + 1.0, f64::max).ceil() + 1.0;
    let y = Scale::linear((low, high), (panel.bottom - 8.0, panel.top + 10.0));
    let size = format.text();
    let mut tick = low;
    while tick <= high {
        let at = y.at(tick);
        let label = if tick >= high {
            "100 %".into()
        } else {
            quantity::tick(&quantity::completeness(1.0 - 10.0_f64.powf(-tick)))
        };
        frame.canvas.line("l-grid", &[(panel.left, at), (panel.right, at)]);
        frame.canvas.text("muted", Align::Right, (panel.left - 7.0, at), size * 0.96, &label);
        tick += 1.0;
    }
    frame.canvas.line("l-axis", &[(panel.left, panel.bottom), (panel.right, panel.bottom)]);
    let ticks = x.ticks(format.ticks());
    let show = |tick: f64| quantity::tick(&nanoseconds(tick));
    frame.horizontal_axis(panel, &x, &ticks, show, "p99 of result_latency (log scale)");
    let height = |share: f64| y.at(nines(share).unwrap_or(high));
    let mut taken: Vec<(f64, f64, f64)> = Vec::new();
    for path in paths {
        let at = |spot: &Spot<'_>| (x.at(spot.p99.middle), height(spot.complete.middle));
        for pair in path.spots.windows(2) {
            if let [a, b] = pair
                && !a.hollow
                && !b.hollow
            {
                frame.canvas.line(path.identity.line, &[at(a), at(b)]);
            }
        }
        for spot in &path.spots {
            if let Some((low, high)) = spot.p99.interval {
                let middle = at(spot).1;
                let fill = path.identity.fill;
                let bar = ((x.at(low), middle - 0.7), (x.at(high), middle + 0.7));
                frame.canvas.rectangle(fill, bar.0, bar.1);
            } else if spot.p99.all.len() > 1 {
                for (ns, share) in spot.p99.all.iter().zip(&spot.complete.all) {
                    frame.canvas.dot(path.identity.fill, (x.at(*ns), height(*share)), 1.6);
                }
            }
            frame.canvas.marker(path.identity, at(spot), 4.6, spot.hollow);
        }
        for spot in &path.spots {
            let (px, py) = at(spot);
            let width = text_width(spot.written, size * 0.92);
            // Right of the point, above it or below it; nowhere where others stand already.
            let places = [(px + 9.0, py), (px + 9.0, py + size * 1.1), (px + 9.0, py - size * 1.1)];
            let free = places.into_iter().find(|(left, middle)| {
                taken.iter().all(|(from, to, other)| {
                    *left > *to || left + width < *from || (other - middle).abs() > size
                })
            });
            if let Some((left, middle)) = free {
                frame.canvas.text("ink", Align::Left, (left, middle), size * 0.92, spot.written);
                taken.push((left, left + width, middle));
            }
        }
    }
    frame.footnote(&format!("Labels: {key}; the path goes through them in their order."));
    for note in notes {
        frame.footnote(note);
    }
    frame.finish(title)
}

fn data(paths: &[Path<'_>], key: &str) -> Data {
    let mut header = vec![key.to_owned()];
    let mut values: Vec<&str> = Vec::new();
    for path in paths {
        for what in ["p99", "completeness", "late per 1 000"] {
            header.push(format!("{} {what}", path.label));
        }
        for spot in &path.spots {
            if !values.contains(&spot.written) {
                values.push(spot.written);
            }
        }
    }
    let rows = values
        .iter()
        .map(|value| {
            let mut row = vec![(*value).to_owned()];
            for path in paths {
                match path.spots.iter().find(|spot| spot.written == *value) {
                    Some(spot) => {
                        let hollow = if spot.hollow { ", not sustained" } else { "" };
                        row.push(format!("{}{hollow}", nanoseconds(spot.p99.middle)));
                        row.push(quantity::completeness(spot.complete.middle));
                        row.push(quantity::amount(spot.late_per_mille));
                    }
                    None => row.extend([NONE; 3].map(String::from)),
                }
            }
            row
        })
        .collect();
    Data { header, rows }
}
