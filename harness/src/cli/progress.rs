//! What happens meanwhile, on stderr.
//!
//! On a terminal a bar moves; otherwise a line every five seconds says how far it is. Results
//! never go this way, and what is printed here is not stable.

use crate::run::calibration;
use crate::run::estimate::{about, estimate};
use crate::run::feed::{Feed, Happening, Turn};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use instrument::load::survey::TICK_NS;
use instrument::measure::seen::{Phase, Seen};
use reports::judge::metrics::CPU_PER_EVENT;
use reports::quantity;
use reports::record::Repetition;
use reports::words::{concise, harmless};
use settings::plan::{Measure, Plan};
use std::io::{IsTerminal as _, Write as _};

/// Tells what happens.
#[derive(Debug)]
pub(crate) struct Progress {
    is_terminal: bool,
    live: Option<Live>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { is_terminal: std::io::stderr().is_terminal(), live: None }
    }
}

impl Feed for Progress {
    fn tell(&mut self, happening: &Happening<'_>) {
        match happening {
            Happening::Opened(plan) => say(&opening(plan)),
            Happening::Noted(text) => say(text),
            Happening::Begun(turn) => self.live = Some(Live::new(turn, self.is_terminal)),
            Happening::Seen(_, seen) => {
                if let Some(live) = &mut self.live {
                    live.show(seen);
                }
            }
            Happening::Ended(_, repetition) => {
                if let Some(live) = self.live.take() {
                    live.end(&told(repetition));
                }
            }
            Happening::Judged(text) => {
                if let Some(live) = self.live.take() {
                    live.bar.finish_and_clear();
                }
                say(text);
            }
        }
    }
}

/// A line on stderr. Nobody may be listening any more, as after `2>&1 | head`; that is no reason
/// to give up the run.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", harmless(&concise(line)));
}

/// One repetition as it runs.
#[derive(Debug)]
struct Live {
    name: String,
    bar: ProgressBar,
    is_terminal: bool,
    before: Option<Seen>,
}

/// How far apart plain lines are, in nanoseconds.
const LINE_NS: u64 = 5_000_000_000;

/// From this many events on, making them takes long enough to be told of.
const MANY_EVENTS: u64 = 5_000_000;

impl Live {
    fn new(turn: &Turn<'_>, is_terminal: bool) -> Self {
        let Turn { order, repeat } = turn;
        let Measure { warm_up, duration, .. } = order.cell.measure;
        let length_ms = u64::try_from((warm_up + duration).as_millis()).unwrap_or(u64::MAX);
        let target =
            if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(length_ms), target);
        let style = ProgressStyle::with_template("{prefix:32} {bar:24} {msg}")
            .expect("the template is a constant")
            .progress_chars("━╸ ");
        bar.set_style(style);
        let (cell, engine) = (&order.cell.name, &order.setting().label);
        let name = format!("{cell} {} {}/{}", harmless(engine), order.rep, repeat.most());
        bar.set_prefix(name.clone());
        Self { name, bar, is_terminal, before: None }
    }

    /// How far it is.
    fn show(&mut self, now: &Seen) {
        match now.phase {
            Phase::Making if now.events >= MANY_EVENTS => {
                self.say(&format!("making {} events first", quantity::count(now.events)));
            }
            Phase::Checking if now.events >= MANY_EVENTS => self.say("checking the answers"),
            Phase::Making | Phase::Checking => (),
            Phase::Running => self.show_running(now),
        }
    }

    fn show_running(&mut self, now: &Seen) {
        let every = if self.is_terminal { 5 * TICK_NS } else { LINE_NS };
        if now.at.as_nanos() % every >= TICK_NS {
            return;
        }
        let before = self.before.replace(*now).unwrap_or_default();
        let passed_s = now.at.nanos_since(before.at) as f64 / 1e9;
        if passed_s < 0.2 {
            return;
        }
        let text = running(&before, now, passed_s);
        if self.is_terminal {
            self.bar.set_position(now.at.as_nanos() / 1_000_000);
            self.bar.set_message(text);
        } else {
            say(&format!("{}: {:.0} s, {text}", self.name, now.at.as_nanos() as f64 / 1e9));
        }
    }

    fn say(&self, text: &str) {
        if self.is_terminal {
            self.bar.set_message(text.to_owned());
        } else {
            say(&format!("{}: {text}", self.name));
        }
    }

    /// It has ended; `text` is what came of it.
    fn end(self, text: &str) {
        self.bar.finish_and_clear();
        say(&format!("{}: {text}", self.name));
    }
}

/// What an engine has done in the seconds since it was looked at before. When all was taken, answers
/// are counted: windows that are open at the end of an input may take far longer than it did.
fn running(before: &Seen, now: &Seen, passed_s: f64) -> String {
    if now.events > 0 && before.read == now.events {
        return format!("all taken, {} answers so far", quantity::count(now.answers));
    }
    let taken = quantity::rate(now.read.saturating_sub(before.read) as f64 / passed_s);
    match now.unfinished() {
        Some(behind) => format!("{taken} taken, {} behind", quantity::count(behind)),
        // How much it computes of what it took nobody knows.
        None => format!("{taken} taken, {} waiting", quantity::count(now.backlog())),
    }
}

/// A repetition in a line.
fn told(repetition: &Repetition) -> String {
    let verdict = &repetition.verdict;
    let Some(latency) = repetition.result_latency.as_ref().filter(|_| repetition.is_verified())
    else {
        return format!("{}: {}", verdict.kind, verdict.text);
    };
    let ns = |ns: Option<u64>| {
        ns.map_or_else(|| quantity::NONE.into(), |ns| quantity::nanoseconds(ns as f64))
    };
    let cost = (CPU_PER_EVENT.figure)(repetition);
    format!(
        "✓ {}; p50 {}, p99 {}, {} CPU per event{}",
        verdict.text,
        ns(latency.p50()),
        ns(latency.p99()),
        cost.map_or_else(|| quantity::NONE.into(), quantity::microseconds),
        if repetition.throughput.sustained { "" } else { "; not sustained" }
    )
}

fn opening(plan: &Plan) -> String {
    let engines: Vec<usize> = plan.cells.iter().map(|cell| cell.engines.len()).collect();
    let engines = match (engines.iter().min(), engines.iter().max()) {
        (Some(least), Some(most)) if least != most => format!("{least} to {most} engines"),
        (Some(1), _) => "1 engine".to_owned(),
        (Some(all), _) => format!("{all} engines"),
        _ => "no engines".to_owned(),
    };
    let plural = |count: usize, one: &str| {
        if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
    };
    let seeds: Vec<u64> = plan.cells.iter().map(|cell| cell.seed).collect();
    let seed = match seeds.first() {
        Some(first) if seeds.iter().all(|seed| seed == first) => format!("seed {first}"),
        _ => "several seeds".to_owned(),
    };
    let (least, most) = (plan.repeat.least(), plan.repeat.most());
    let time_of = |repeat| about(estimate(&plan.cells, repeat) + calibration::time(plan));
    let time = if plan.simulate {
        "Simulated time.".to_owned()
    } else if plan.repeat.is_open() {
        format!("From {} to {}.", time_of(least), time_of(most))
    } else {
        format!("About {}.", time_of(most))
    };
    let often = match (least, most) {
        (1, 1) => "once each".to_owned(),
        (least, most) if least == most => format!("{most} repetitions each"),
        (least, most) => format!("{least} to {most} repetitions each"),
    };
    format!(
        "Comparing {engines} × {}, {often}, random order, {seed}. {time} Ctrl-C keeps finished \
         cells.",
        plural(plan.cells.len(), "workload"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_all_was_taken_answers_are_counted() {
        let seen =
            |read, answers| Seen { events: 1000, offered: 900, read, answers, ..Seen::default() };
        for (before, now, want) in [
            (seen(0, 0), seen(800, 3), "400/s taken, 100 waiting"),
            // The last events were among them.
            (seen(800, 3), seen(1000, 4), "100/s taken, 0 waiting"),
            (seen(1000, 4), seen(1000, 2000), "all taken, 2 000 answers so far"),
            (Seen::default(), Seen::default(), "0/s taken, 0 waiting"),
        ] {
            assert_eq!(running(&before, &now, 2.0), want);
        }
    }

    #[test]
    fn what_was_taken_and_no_batch_has_finished_is_behind() {
        let seen = |read, finished| {
            let finished = Some(finished);
            Seen { events: 1000, offered: 900, read, finished, ..Seen::default() }
        };
        let told = running(&seen(0, 0), &seen(900, 0), 2.0);
        assert_eq!(told, "450/s taken, 900 behind");
        assert_eq!(running(&seen(800, 0), &seen(900, 850), 2.0), "50.0/s taken, 50 behind");
    }
}
