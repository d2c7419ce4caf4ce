//! What happens meanwhile, on stderr.
//!
//! On a terminal a bar moves; otherwise a line every five seconds says how far it is. Results
//! never go this way, and what is printed here is not stable.

use crate::input::{Survey, TICK_NS};
use crate::plan::{Cell, Load, Plan, RateShape};
use crate::timeline::Sample;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reports::quantity;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Mutex;
use std::time::Duration;

/// Tells what happens.
#[derive(Debug)]
pub struct Progress {
    is_terminal: bool,
}

impl Default for Progress {
    fn default() -> Self {
        Self { is_terminal: std::io::stderr().is_terminal() }
    }
}

impl Progress {
    /// The first line: what will be done, and about how long it takes.
    pub fn opening(&self, plan: &Plan) {
        say(&opening(plan));
    }

    /// A line by itself.
    pub fn line(&self, text: &str) {
        say(text);
    }

    /// One trial begins. `offered_per_s` is what is due per second.
    pub fn trial<'a>(&self, name: &str, survey: &'a Survey, length: Duration) -> Live<'a> {
        let length_ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(
            Some(length_ms),
            if self.is_terminal {
                ProgressDrawTarget::stderr()
            } else {
                ProgressDrawTarget::hidden()
            },
        );
        let style = ProgressStyle::with_template("{prefix:32} {bar:24} {msg}")
            .expect("the template is a constant")
            .progress_chars("━╸ ");
        bar.set_style(style);
        bar.set_prefix(name.to_owned());
        Live {
            name: name.to_owned(),
            survey,
            bar,
            is_terminal: self.is_terminal,
            before: Mutex::new(None),
        }
    }
}

/// A line on stderr. Nobody may be listening any more, as after `2>&1 | head`; that is no reason
/// to give up the run.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// One trial as it runs.
#[derive(Debug)]
pub struct Live<'a> {
    name: String,
    survey: &'a Survey,
    bar: ProgressBar,
    is_terminal: bool,
    before: Mutex<Option<Sample>>,
}

/// How far apart plain lines are, in nanoseconds.
const LINE_NS: u64 = 5_000_000_000;

impl Live<'_> {
    /// How far it is.
    pub fn show(&self, now: &Sample) {
        let every = if self.is_terminal { 5 * TICK_NS } else { LINE_NS };
        if now.at.as_nanos() % every >= TICK_NS {
            return;
        }
        let Ok(mut before) = self.before.lock() else { return };
        let (from, read) = before.map_or((0, 0), |before| (before.at.as_nanos(), before.read));
        *before = Some(*now);
        let passed_s = (now.at.as_nanos() - from) as f64 / 1e9;
        if passed_s < 0.2 {
            return;
        }
        let due = self.survey.due_before(now.at);
        let text = format!(
            "{} taken, {} behind",
            quantity::rate(now.read.saturating_sub(read) as f64 / passed_s),
            quantity::count(due.saturating_sub(now.read)),
        );
        if self.is_terminal {
            self.bar.set_position(now.at.as_nanos() / 1_000_000);
            self.bar.set_message(text);
        } else {
            say(&format!("{}: {:.0} s, {text}", self.name, now.at.as_nanos() as f64 / 1e9));
        }
    }

    /// It has ended; `text` is what came of it.
    pub fn end(self, text: &str) {
        self.bar.finish_and_clear();
        say(&format!("{}: {text}", self.name));
    }
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
    let time = if plan.simulate {
        "Simulated time.".to_owned()
    } else {
        format!("About {}.", about(estimate(&plan.cells, plan.repeat)))
    };
    let often = if plan.repeat == 1 {
        "once each".to_owned()
    } else {
        format!("{} repetitions each, ABBA order", plan.repeat)
    };
    format!(
        "Comparing {engines} × {}, {often}, {seed}. {time} Ctrl-C keeps what is finished.",
        plural(plan.cells.len(), "workload"),
    )
}

/// How long these cells take: the trials, and the making and checking of their input, for which a
/// million events take about a second and a half.
pub(crate) fn estimate(cells: &[Cell], repeat: u32) -> Duration {
    cells
        .iter()
        .map(|cell| {
            let length = cell.measure.warm_up + cell.measure.duration;
            let trials = u32::try_from(cell.engines.len()).unwrap_or(u32::MAX);
            let events = match &cell.load {
                Load::Synthetic { rate: RateShape::Constant { per_second }, .. } => {
                    per_second * length.as_secs_f64()
                }
                Load::Trace => 0.0,
            };
            let around = Duration::try_from_secs_f64(events * 1.5e-6).unwrap_or(Duration::ZERO);
            length * repeat * trials + around
        })
        .sum()
}

/// A time in words, no more exact than an estimate is.
pub(crate) fn about(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..100 => format!("{seconds} s"),
        seconds @ 100..6000 => format!("{} min", (seconds + 30) / 60),
        seconds @ 6000..360_000 => {
            let minutes = (seconds + 30) / 60;
            match minutes % 60 {
                0 => format!("{} h", minutes / 60),
                rest => format!("{} h {rest} min", minutes / 60),
            }
        }
        seconds => format!("{} days", (seconds + 43_200) / 86_400),
    }
}
