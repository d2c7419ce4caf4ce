//! A view in the terminal while a run goes on: `run --live`.
//!
//! [`View`] is what is known and how it is drawn; it touches no terminal. [`Screen`] has the
//! terminal and gives it back on every way out, a panic included. Nothing here is needed to
//! understand the record, and nothing here holds up an engine: it is told from the sampler.

use crate::cli::progress;
use crate::run::feed::{Feed, Happening, Turn};
use instrument::bench::exit::Exit;
use instrument::measure::seen::{Phase, Seen};
use ratatui::Frame;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::widgets::{Block, Gauge, Paragraph, Row, Sparkline, Table};
use reports::judge::metrics::CPU_PER_EVENT;
use reports::quantity;
use reports::record::{Batch, Latency, Repetition};
use reports::words::{harmless, titled};
use settings::plan::EngineKind;
use std::collections::VecDeque;
use std::io::{self, Stderr, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How many points of a p99 are shown.
const POINTS: usize = 120;

/// How many finished repetitions are shown.
const FINISHED: u16 = 8;

/// How many batches are shown.
const BATCHES: u16 = 4;

/// The colours of the engines in every chart, in the order of their names.
const COLOURS: [Color; EngineKind::NAMES.len()] = [
    Color::Rgb(0xF2, 0x8E, 0x2B),
    Color::Rgb(0x56, 0xB4, 0xE9),
    Color::Rgb(0x2B, 0xC4, 0x9A),
    Color::Rgb(0xB4, 0x8C, 0xFF),
    Color::Rgb(0xA4, 0xF0, 0xFF),
    Color::Rgb(0xF7, 0xB6, 0xD2),
    Color::Rgb(0xF0, 0xE4, 0x42),
];

/// What is known of a run, as far as it is shown.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    title: String,
    repetitions: usize,
    done: usize,
    turn: Option<Going>,
    engines: Vec<Engine>,
    finished: VecDeque<[String; 6]>,
    batches: Vec<Batch>,
    notes: Vec<String>,
    in_colour: bool,
}

/// The repetition that is going on.
#[derive(Clone, Debug)]
struct Going {
    name: String,
    length_ns: f64,
    before: Seen,
    now: Seen,
    p99s_ns: VecDeque<u64>,
}

/// An engine on a cell, as it was seen last.
#[derive(Clone, Debug)]
struct Engine {
    cell: String,
    label: String,
    offered_per_s: f64,
    read_per_s: f64,
    seen: Seen,
}

impl View {
    /// A view of nothing yet.
    pub(super) fn new(in_colour: bool) -> Self {
        Self { in_colour, ..Self::default() }
    }

    /// Takes in what has happened.
    pub(super) fn hear(&mut self, happening: &Happening<'_>) {
        match happening {
            Happening::Opened(plan) => {
                self.title = titled(&plan.name, &harmless(&plan.title));
                let engines: usize = plan.cells.iter().map(|cell| cell.engines.len()).sum();
                self.repetitions = engines * plan.repeat.most() as usize;
            }
            Happening::Noted(text) => self.notes.push(harmless(text).into_owned()),
            Happening::Judged(text) => {
                self.turn = None;
                self.notes.push(harmless(text).into_owned());
            }
            Happening::Begun(turn) => self.turn = Some(Going::new(turn)),
            Happening::Seen(turn, seen) => self.see(turn, seen),
            Happening::Ended(turn, repetition) => self.end(turn, repetition),
        }
    }

    fn see(&mut self, turn: &Turn<'_>, seen: &Seen) {
        let Some(going) = &mut self.turn else { return };
        going.now = *seen;
        if seen.phase != Phase::Running {
            return;
        }
        if let Some(p99_ns) = seen.p99_ns {
            going.p99s_ns.push_back(p99_ns);
            if going.p99s_ns.len() > POINTS {
                going.p99s_ns.pop_front();
            }
        }
        let passed_s = seen.at.nanos_since(going.before.at) as f64 / 1e9;
        // A rate over less is a rate of the sampler.
        if passed_s < 0.5 {
            return;
        }
        let per_s = |after: u64, before: u64| after.saturating_sub(before) as f64 / passed_s;
        let offered_per_s = per_s(seen.offered, going.before.offered);
        let read_per_s = per_s(seen.read, going.before.read);
        going.before = *seen;
        let (cell, label) = (&turn.order.cell.name, &turn.order.setting().label);
        let engine = Engine {
            cell: cell.clone(),
            label: label.clone(),
            offered_per_s,
            read_per_s,
            seen: *seen,
        };
        // Only the engines of one cell can be compared with one another.
        self.engines.retain(|engine| engine.cell == *cell);
        match self.engines.iter_mut().find(|engine| engine.label == *label) {
            Some(known) => *known = engine,
            None => self.engines.push(engine),
        }
    }

    fn end(&mut self, turn: &Turn<'_>, repetition: &Repetition) {
        self.turn = None;
        self.done += 1;
        let ns = |ns: Option<u64>| {
            ns.map_or_else(|| quantity::NONE.into(), |ns| quantity::nanoseconds(ns as f64))
        };
        // No speed without a proof.
        let latency = repetition.result_latency.as_ref().filter(|_| repetition.is_verified());
        let cost = latency.and_then(|_| (CPU_PER_EVENT.figure)(repetition));
        self.finished.push_front([
            format!("{} {}", turn.order.cell.name, harmless(&turn.order.setting().label)),
            repetition.rep.to_string(),
            repetition.verdict.kind.to_string(),
            ns(latency.and_then(Latency::p50)),
            ns(latency.and_then(Latency::p99)),
            cost.map_or_else(|| quantity::NONE.into(), quantity::microseconds),
        ]);
        self.finished.truncate(FINISHED.into());
        if !repetition.batches.is_empty() {
            let from = repetition.batches.len().saturating_sub(BATCHES.into());
            self.batches = repetition.batches[from..].to_vec();
        }
    }

    /// Draws it.
    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let areas = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(3),
            Constraint::Min(4),
            Constraint::Length(6),
            Constraint::Length(FINISHED + 3),
            Constraint::Length(BATCHES + 3),
            Constraint::Length(1),
        ]);
        let [title, progress, engines, latency, finished, batches, keys] =
            areas.areas(frame.area());
        frame.render_widget(Paragraph::new(self.title.as_str()).bold(), title);
        self.draw_progress(frame, progress);
        self.draw_engines(frame, engines);
        self.draw_latency(frame, latency);
        self.draw_finished(frame, finished);
        self.draw_batches(frame, batches);
        frame.render_widget("q or Ctrl-C stops and keeps what is finished".dim(), keys);
    }

    fn draw_progress(&self, frame: &mut Frame<'_>, area: Rect) {
        let (name, share) = self.turn.as_ref().map_or_else(
            || ("between two repetitions".to_owned(), 0.0),
            |going| {
                let phase = match going.now.phase {
                    Phase::Making => "making its input",
                    Phase::Running => "running",
                    Phase::Checking => "checking its answers",
                };
                let share = going.now.at.as_nanos() as f64 / going.length_ns;
                (format!("{}, {phase}", going.name), share.clamp(0.0, 1.0))
            },
        );
        let title = format!(" {name} · {} of {} done ", self.done, self.repetitions);
        frame.render_widget(
            Gauge::default().block(Block::bordered().title(title)).ratio(share),
            area,
        );
    }

    fn draw_engines(&self, frame: &mut Frame<'_>, area: Rect) {
        let ns = |ns: Option<u64>| ns.map_or("–".into(), |ns| quantity::nanoseconds(ns as f64));
        let rows = self.engines.iter().map(|engine| {
            let row = Row::new([
                format!("{} {}", engine.cell, harmless(&engine.label)),
                quantity::rate(engine.offered_per_s),
                quantity::rate(engine.read_per_s),
                quantity::count(engine.seen.unfinished().unwrap_or(engine.seen.backlog())),
                ns(engine.seen.p50_ns),
                ns(engine.seen.p99_ns),
                quantity::bytes(engine.seen.memory_bytes as f64),
            ]);
            row.style(self.style(&engine.label))
        });
        let head = ["engine", "offered", "read", "backlog", "p50", "p99", "memory"];
        let widths = [Constraint::Min(24), Constraint::Length(14), Constraint::Length(14)]
            .into_iter()
            .chain([Constraint::Length(11); 4]);
        let table = Table::new(rows, widths).header(Row::new(head).dim());
        frame.render_widget(table.block(Block::bordered().title(" as seen last ")), area);
    }

    fn draw_latency(&self, frame: &mut Frame<'_>, area: Rect) {
        let points: &[u64] = &match &self.turn {
            Some(going) => going.p99s_ns.iter().copied().collect::<Vec<_>>(),
            None => Vec::new(),
        };
        let most = points.iter().max().map_or_else(String::new, |most| {
            format!(", at most {}", quantity::nanoseconds(*most as f64))
        });
        let title = format!(" p99 of each 100 ms{most} ");
        let line = Sparkline::default().block(Block::bordered().title(title)).data(points);
        let style = self.turn.as_ref().map_or_else(Style::new, |going| self.style(&going.name));
        frame.render_widget(line.style(style), area);
    }

    fn draw_finished(&self, frame: &mut Frame<'_>, area: Rect) {
        let rows =
            self.finished.iter().map(|cells| Row::new(cells.clone()).style(self.style(&cells[0])));
        let head = ["finished", "rep", "verdict", "p50", "p99", "CPU per event"];
        let widths = [
            Constraint::Min(24),
            Constraint::Length(4),
            Constraint::Length(16),
            Constraint::Length(11),
            Constraint::Length(11),
            Constraint::Length(14),
        ];
        let table = Table::new(rows, widths).header(Row::new(head).dim());
        frame.render_widget(table.block(Block::bordered()), area);
    }

    fn draw_batches(&self, frame: &mut Frame<'_>, area: Rect) {
        let rows = self.batches.iter().map(|batch| {
            Row::new([
                quantity::seconds(batch.close_s),
                quantity::count(batch.records),
                quantity::seconds(batch.scheduling_delay_s),
                quantity::seconds(batch.processing_s),
            ])
        });
        let head = ["closed at", "events", "waited", "took"];
        let table = Table::new(rows, [Constraint::Length(14); 4]).header(Row::new(head).dim());
        let title = " last batches of the latest finished repetition ";
        frame.render_widget(table.block(Block::bordered().title(title)), area);
    }

    /// The colour of an engine, by which it is known in every chart.
    fn style(&self, name: &str) -> Style {
        // What is shown of an engine has its label in it, and that its name.
        let engine = EngineKind::NAMES.iter().position(|engine| name.contains(engine));
        match engine {
            Some(engine) if self.in_colour => Style::new().fg(COLOURS[engine]),
            _ => Style::new(),
        }
    }
}

impl Going {
    fn new(turn: &Turn<'_>) -> Self {
        let (cell, measure) = (turn.order.cell, turn.order.cell.measure);
        let label = harmless(&turn.order.setting().label);
        Self {
            name: format!("{} {label} {}/{}", cell.name, turn.order.rep, turn.repeat.most()),
            length_ns: (measure.warm_up + measure.duration).as_nanos() as f64,
            before: Seen::default(),
            now: Seen::default(),
            p99s_ns: VecDeque::new(),
        }
    }
}

/// The terminal, taken over until this is dropped.
#[derive(Debug)]
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stderr>>,
    view: View,
    over: Arc<AtomicBool>,
    keys: Option<JoinHandle<()>>,
}

impl Screen {
    /// Takes the terminal over. `stop` is set when the user wants to stop: in this mode the
    /// interrupt key is a key like any other.
    pub(super) fn take(stop: &Arc<AtomicBool>, in_colour: bool) -> io::Result<Self> {
        let terminal = Terminal::new(CrosstermBackend::new(stderr()))?;
        restore_when_panicking();
        enable_raw_mode()?;
        let over = Arc::new(AtomicBool::new(false));
        // From here on dropping it gives the terminal back.
        let mut screen = Self { terminal, view: View::new(in_colour), over, keys: None };
        execute!(stderr(), EnterAlternateScreen)?;
        let (stop, over) = (Arc::clone(stop), Arc::clone(&screen.over));
        let keys = std::thread::Builder::new().name("keys".into());
        screen.keys = Some(keys.spawn(move || watch_keys(&stop, &over))?);
        Ok(screen)
    }
}

impl Feed for Screen {
    fn tell(&mut self, happening: &Happening<'_>) {
        self.view.hear(happening);
        // A terminal that has gone away is no reason to give up the run.
        let _ = self.terminal.draw(|frame| self.view.draw(frame));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(keys) = self.keys.take() {
            let _ = keys.join();
        }
        restore();
        // What was said of the machine is worth keeping on the screen that remains.
        for note in &self.view.notes {
            progress::say(note);
        }
    }
}

/// Gives the terminal back. Harmless where it has been given back already.
fn restore() {
    let _ = disable_raw_mode();
    let _ = execute!(stderr(), LeaveAlternateScreen, Show);
}

/// What a panic has to say must not be said to a screen that is about to go.
fn restore_when_panicking() {
    let said = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        restore();
        said(panic);
    }));
}

/// How long a key may wait for an answer.
const LOOK: Duration = Duration::from_millis(100);

/// Reads keys until the view is over. The first wish to stop lets the engines stop; the second
/// ends the program at once, as the interrupt key does elsewhere.
fn watch_keys(stop: &AtomicBool, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        let key = match event::poll(LOOK) {
            Ok(true) => event::read(),
            Ok(false) => continue,
            Err(_) => return,
        };
        if let Ok(Event::Key(key)) = key
            && key.kind == KeyEventKind::Press
            && wants_to_stop(key.code, key.modifiers)
            && stop.swap(true, Ordering::Relaxed)
        {
            restore();
            Exit::Interrupted.now();
        }
    }
}

fn wants_to_stop(code: KeyCode, modifiers: KeyModifiers) -> bool {
    match code {
        KeyCode::Char('q') => true,
        KeyCode::Char('c') => modifiers.contains(KeyModifiers::CONTROL),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engines::Moment;
    use instrument::bench::{Measured, Order};
    use ratatui::backend::TestBackend;
    use reports::record::VerdictKind;
    use settings::config::{Traces, load};
    use settings::plan::{Floors, Format, Plan, Repeat};

    fn plan() -> Plan {
        let loaded = load(&["keyed-window".to_owned()], &[], &[], Traces::MayBeAbsent).unwrap();
        Plan {
            name: loaded.name,
            title: loaded.title,
            cells: loaded.cells,
            out: None,
            keep_results: false,
            simulate: false,
            floors: Floors::LeftOut,
            repeat: Repeat::times(3),
            format: Format::Text,
            command: String::new(),
            strict: false,
            sweep: None,
            left_out: Vec::new(),
        }
    }

    fn turn(plan: &Plan, engine: usize, rep: u32) -> Turn<'_> {
        let cell = &plan.cells[0];
        let (seed, keep_results, simulate) = (42, false, false);
        let order = Order { cell, engine, rep, seed, files: None, keep_results, simulate };
        Turn { order, repeat: plan.repeat }
    }

    fn seen(ms: u64, read: u64, p99_ns: u64) -> Seen {
        Seen {
            phase: Phase::Running,
            at: Moment::from_nanos(ms * 1_000_000),
            events: 600_000,
            offered: ms * 100,
            read,
            finished: None,
            answers: ms,
            p50_ns: Some(p99_ns / 3),
            p99_ns: Some(p99_ns),
            cpu_ns: 0,
            memory_bytes: 64 << 20,
        }
    }

    fn shown(view: &View, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view.draw(frame)).unwrap();
        terminal.backend().to_string()
    }

    fn told() -> View {
        let plan = plan();
        let mut view = View::new(false);
        view.hear(&Happening::Opened(&plan));
        view.hear(&Happening::Noted("8 cores, Imaginary 3000"));
        let first = turn(&plan, 0, 1);
        view.hear(&Happening::Begun(&first));
        view.hear(&Happening::Seen(&first, &seen(600, 59_000, 9_000_000)));
        let mut measured = Measured::nothing(&first.order, VerdictKind::Verified, "right".into());
        measured.repetition.result_latency = Some(Latency {
            count: 1_000,
            p50_ns: 30_000_000,
            p99_ns: 91_000_000,
            ..Latency::default()
        });
        measured.repetition.cpu_us_per_event = 0.41;
        measured.repetition.throughput.offered_per_s = 100_000.0;
        let batch = |n: u32| Batch {
            close_s: f64::from(n) * 0.09,
            scheduling_delay_s: 0.0001,
            processing_s: 0.002,
            records: 9_000,
            state_rows: None,
            watermark_s: None,
        };
        measured.repetition.batches = (1..=66).map(batch).collect();
        view.hear(&Happening::Ended(&first, &measured.repetition));
        let second = turn(&plan, 1, 1);
        view.hear(&Happening::Begun(&second));
        for step in 1..=30 {
            let now = seen(step * 100, step * 100 * 95, 100_000 + step % 7 * 40_000);
            view.hear(&Happening::Seen(&second, &now));
        }
        view
    }

    #[test]
    fn a_run_under_way() {
        insta::assert_snapshot!("live_view", shown(&told(), 110, 36));
    }

    #[test]
    fn any_size_of_terminal_will_do() {
        for (width, height) in [(1, 1), (20, 5), (80, 24), (300, 80)] {
            shown(&View::new(true), width, height);
            shown(&told(), width, height);
        }
    }

    #[test]
    fn no_speed_is_shown_of_what_is_not_verified() {
        let plan = plan();
        let mut view = View::new(false);
        let turn = turn(&plan, 0, 1);
        let kind = VerdictKind::Differs;
        let mut measured = Measured::nothing(&turn.order, kind, "wrong".into());
        measured.repetition.result_latency =
            Some(Latency { count: 1_000, p99_ns: 123_000_000, ..Latency::default() });
        view.hear(&Happening::Ended(&turn, &measured.repetition));
        let shown = shown(&view, 110, 36);
        assert!(shown.contains("answers differ") && !shown.contains("123"), "{shown}");
    }

    #[test]
    fn q_and_the_interrupt_key_stop_and_no_other_does() {
        assert!(wants_to_stop(KeyCode::Char('q'), KeyModifiers::NONE));
        assert!(wants_to_stop(KeyCode::Char('c'), KeyModifiers::CONTROL));
        assert!(!wants_to_stop(KeyCode::Char('c'), KeyModifiers::NONE));
        assert!(!wants_to_stop(KeyCode::Enter, KeyModifiers::NONE));
    }
}
