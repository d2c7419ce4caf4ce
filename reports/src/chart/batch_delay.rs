//! How a micro-batch engine spends its intervals, in the manner of Spark's streaming tab.
//!
//! Four strips over the same time: input rate, scheduling delay, processing time, total delay.
//! The three delays share one range, so that they can be added up by eye. Delays are never
//! averaged: a scheduling delay drifts, and its mean says nothing.

use super::description::{
    Axis, Data, Description, Drawn, Panel, Picture, Plot, Rule, Series, Unit,
};
use super::timing::{Timing, Track, tracks, warm_up_end_s};
use crate::judge::summary::Choice;
use crate::quantity::{self, NONE, seconds};
use crate::record::{Batch, CellRecord, EngineRecord, Repetition, thinned};
use crate::words::capitalised;
use crate::words::slug;
use std::fmt::Write as _;

/// Batches drawn at most.
const BATCHES_MAX: usize = 240;

/// One chart for each engine with batches in a verified repetition.
pub(super) fn charts(cell: &CellRecord) -> Vec<Description> {
    let tracks = tracks(cell, |repetition| !repetition.batches.is_empty());
    let alone = tracks.len() == 1;
    let name = |track: &Track<'_>| {
        let whose = if alone { String::new() } else { format!("-{}", slug(track.label())) };
        format!("batch-delay{whose}")
    };
    tracks.iter().map(|track| chart(cell, track, name(track))).collect()
}

fn chart(cell: &CellRecord, track: &Track<'_>, name: String) -> Description {
    let Track { engine, repetition, .. } = *track;
    let interval_s = interval(engine, repetition);
    let timing = Timing::of(cell, std::slice::from_ref(track));
    let (shown, every) = thinned(while_there_was_input(repetition), BATCHES_MAX, total_delay_s);
    let mut note = match Choice::of(engine) {
        Choice::Only => "The only repetition.".to_owned(),
        choice => format!("Repetition {}: the {}.", repetition.rep, choice.words()),
    };
    let one_of = u64::try_from(every).unwrap_or(u64::MAX);
    let one_of = one_of.saturating_mul(repetition.batches_one_of.unwrap_or(1));
    if one_of > 1 {
        let _ = write!(note, " Of each {one_of} batches the one with the longest delay is drawn.");
    }
    let times = shown.iter().map(|batch| batch.close_s);
    let panels = panels(cell, track, interval_s, &timing, &shown);
    Description {
        name,
        title: finding(cell, engine, repetition, interval_s),
        definition: match interval_s {
            Some(_) => "A batch closes when its interval ends, waits for the batches before it \
                        (scheduling delay), then is computed (processing time); the total delay is \
                        the sum. Hollow: longer than the interval.",
            None => "A batch is cut when the one before is done, and computed at once: what came \
                     meanwhile is in it, so that the scheduling delay is none and an event waits for \
                     the rest of the batch before its own. The total delay is the sum of both.",
        }
        .into(),
        picture: Picture::Live(Plot::new(timing.axis(times), panels)),
        notes: vec![note],
        data: data(repetition, &timing),
    }
}

/// Input rate above, and three delays on one range.
fn panels(
    cell: &CellRecord,
    track: &Track<'_>,
    interval_s: Option<f64>,
    timing: &Timing<'_>,
    shown: &[Batch],
) -> Vec<Panel> {
    let batches = &track.repetition.batches;
    let rate = |batch: &Batch| {
        batch.records as f64 / interval_s.unwrap_or_else(|| since_the_one_before(batches, batch))
    };
    let is_long = |batch: &Batch| interval_s.is_some_and(|s| batch.processing_s > s);
    let highest = shown.iter().map(total_delay_s).filter(|s| s.is_finite()).fold(0.0, f64::max);
    let busiest = shown.iter().map(rate).fold(0.0, f64::max);
    let delay = |name| {
        Axis::linear(name, Unit::Seconds, (0.0, highest.max(interval_s.unwrap_or(0.0)) * 1.08))
    };
    let measured: Vec<&Batch> = measured(cell, track.repetition).collect();
    // The same colour; a triangle, where there is one.
    let long_role = if track.role == "l-mb0" { "l-mb0d" } else { track.role };
    let panel = |y: Axis, of: &dyn Fn(&Batch) -> f64| {
        let points = |long: bool| -> Vec<(f64, f64)> {
            let these = shown.iter().filter(|batch| is_long(batch) == long);
            these.map(|batch| (timing.at(batch.close_s), of(batch))).collect()
        };
        let long = "longer than the interval";
        let mut series =
            vec![Series::new(track.label(), "", track.role, Drawn::Points, points(false))];
        if interval_s.is_some() {
            series.push(Series::new(long, "", long_role, Drawn::Points, points(true)).hollow());
        }
        let counted = measured.iter().map(|batch| of(batch)).collect();
        Panel { regions: timing.regions(), counted, ..Panel::new(y, 78, series) }
    };
    let mut processing = panel(delay("processing time"), &|batch| batch.processing_s);
    if let Some(interval_s) = interval_s {
        let label = format!("batch interval, {}", quantity::tick(&seconds(interval_s)));
        processing.rules.push(Rule::across(interval_s, label));
    }
    vec![
        panel(Axis::linear("input rate", Unit::Rate, (0.0, busiest * 1.15)), &rate),
        panel(delay("scheduling delay"), &|batch| batch.scheduling_delay_s),
        processing,
        panel(delay("total delay"), &total_delay_s),
    ]
}

/// The batches up to the last that holds an event. An engine may be given empty ones behind it, so
/// that its windows end, which say nothing of how it gets on.
fn while_there_was_input(repetition: &Repetition) -> &[Batch] {
    let last = repetition.batches.iter().rposition(|batch| batch.records > 0);
    &repetition.batches[..last.map_or(0, |last| last + 1)]
}

/// Of those, the batches that closed after the warm-up.
fn measured<'a>(
    cell: &CellRecord,
    repetition: &'a Repetition,
) -> impl Iterator<Item = &'a Batch> + use<'a> {
    let end_s = warm_up_end_s(cell, repetition);
    while_there_was_input(repetition).iter().filter(move |batch| batch.close_s > end_s)
}

fn finding(
    cell: &CellRecord,
    engine: &EngineRecord,
    repetition: &Repetition,
    interval_s: Option<f64>,
) -> String {
    let measured: Vec<&Batch> = measured(cell, repetition).collect();
    let longest = |of: fn(&Batch) -> f64| {
        measured.iter().map(|batch| of(batch)).filter(|s| s.is_finite()).fold(0.0, f64::max)
    };
    let (busiest, waited) = (longest(|b| b.processing_s), longest(|b| b.scheduling_delay_s));
    let whose = capitalised(&engine.label);
    if measured.is_empty() {
        return format!("{whose}: no batch closed in the measured part");
    }
    if repetition.is_simulated() {
        return format!(
            "{whose}: {} in the measured part; time was simulated, in which computing takes none",
            batches(measured.len())
        );
    }
    let Some(interval_s) = interval_s else {
        return format!(
            "{whose}: {} in the measured part, the longest took {}",
            batches(measured.len()),
            seconds(busiest)
        );
    };
    let interval = quantity::tick(&seconds(interval_s));
    let over = measured.iter().filter(|batch| batch.processing_s > interval_s).count();
    if over == 0 {
        let fit = match measured.len() {
            1 => "its 1 batch fits".to_owned(),
            n => format!("all {} fit", batches(n)),
        };
        return format!(
            "{whose}: {fit} into the {interval} interval, the longest took {} ({} of it)",
            seconds(busiest),
            quantity::fraction(busiest / interval_s)
        );
    }
    format!(
        "{whose}: {over} of {} took longer than the {interval} interval; later ones waited up to {}",
        batches(measured.len()),
        seconds(waited)
    )
}

fn data(repetition: &Repetition, timing: &Timing<'_>) -> Data {
    let mut header =
        vec!["batch closed at", "events", "scheduling delay", "processing time", "total delay"];
    let tells = repetition.batches.iter().any(|batch| batch.state_rows.is_some());
    if tells {
        header.extend(["rows of state", "watermark"]);
    }
    let row = |batch: &Batch| {
        let mut row = vec![
            format!("{:.2} s", timing.at(batch.close_s)).replace('-', "−"),
            quantity::count(batch.records),
            seconds(batch.scheduling_delay_s),
            seconds(batch.processing_s),
            seconds(total_delay_s(batch)),
        ];
        if tells {
            row.push(batch.state_rows.map_or_else(|| NONE.into(), quantity::count));
            let shown = |s: f64| format!("{s:.3} s").replace('-', "−");
            row.push(batch.watermark_s.map_or_else(|| NONE.into(), shown));
        }
        row
    };
    let rows =
        thinned(while_there_was_input(repetition), 60, total_delay_s).0.iter().map(row).collect();
    Data { header: header.into_iter().map(str::to_owned).collect(), rows }
}

fn batches(n: usize) -> String {
    if n == 1 { "1 batch".into() } else { format!("{n} batches") }
}

fn total_delay_s(batch: &Batch) -> f64 {
    batch.scheduling_delay_s + batch.processing_s
}

/// The batch interval; none of an engine in a process of its own that cuts batches as fast as it can.
fn interval(engine: &EngineRecord, repetition: &Repetition) -> Option<f64> {
    let usual = || repetition.process.is_none().then(|| usual_interval(repetition));
    engine.interval_s.or_else(usual)
}

/// How long what is in a batch was collected for, where there is no interval.
fn since_the_one_before(batches: &[Batch], batch: &Batch) -> f64 {
    let at = batches.partition_point(|other| other.close_s < batch.close_s);
    let before_s = at.checked_sub(1).map_or(0.0, |before| batches[before].close_s);
    (batch.close_s - before_s).max(1e-3)
}

/// Between the first two batches, where the record does not say.
fn usual_interval(repetition: &Repetition) -> f64 {
    match repetition.batches.as_slice() {
        [first, second, ..] if second.close_s > first.close_s => second.close_s - first.close_s,
        [only, ..] if only.close_s > 0.0 => only.close_s,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::EngineProcess;
    use crate::sample;

    fn title(change: impl Fn(&mut Repetition)) -> String {
        let mut cell = sample::record().cells.remove(0);
        cell.engines.iter_mut().flat_map(|engine| &mut engine.repetitions).for_each(change);
        charts(&cell)[0].title.replace('\u{a0}', " ")
    }

    #[test]
    fn batches_without_an_interval_are_held_against_none() {
        let mut cell = sample::record().cells.remove(0);
        for engine in &mut cell.engines {
            engine.interval_s = None;
            for repetition in &mut engine.repetitions {
                repetition.process = Some(EngineProcess::default());
                for batch in &mut repetition.batches {
                    (batch.state_rows, batch.watermark_s) = (Some(1_200), Some(-0.25));
                }
            }
        }
        let chart = charts(&cell).remove(0);
        let title = chart.title.replace('\u{a0}', " ");
        assert!(title.contains("20 batches in the measured part, the longest took"), "{title}");
        let header = chart.data.header.join(", ");
        assert!(header.ends_with("rows of state, watermark"), "{header}");
        assert_eq!(chart.data.rows[0].last().unwrap(), "−0.250 s");
        let Picture::Live(plot) = &chart.picture else { panic!("drawn once") };
        assert!(plot.panels.iter().all(|panel| panel.rules.is_empty() && panel.series.len() == 1));
        let batches = [0.5, 0.75].map(|close_s| Batch { close_s, ..Batch::default() });
        assert!((since_the_one_before(&batches, &batches[1]) - 0.25).abs() < 1e-9);
        assert!((since_the_one_before(&batches, &batches[0]) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn empty_batches_behind_the_last_event_are_not_counted() {
        let counted = title(|repetition| {
            repetition.batches.iter_mut().for_each(|batch| batch.processing_s = 0.01);
            let Some(last) = repetition.batches.last().map(|batch| batch.close_s) else { return };
            let closing = |n| Batch { close_s: last + f64::from(n), ..Batch::default() };
            repetition.batches.extend((1..=30).map(closing));
        });
        assert!(counted.contains("all 20 batches fit"), "{counted}");
        let idle = title(|repetition| {
            repetition.batches.get_mut(10).into_iter().for_each(|batch| batch.records = 0);
        });
        assert!(idle.contains("of 20 batches"), "one in between is one of them: {idle}");
    }

    #[test]
    fn what_no_batch_shows_is_not_said_of_all_of_them() {
        let usual = title(|_| ());
        assert!(usual.contains("1 of 20 batches took longer"), "{usual}");
        let none = title(|repetition| repetition.batches.truncate(1));
        assert_eq!(none, "Micro-batch: no batch closed in the measured part");
        let simulated = title(|repetition| repetition.trace_hash = Some("0123abcd".into()));
        assert!(
            simulated.contains("time was simulated") && !simulated.contains("longest"),
            "{simulated}"
        );
    }
}
