//! `advise`: which engine a workload needs, how set, at which price, and how sure that is.
//!
//! Measured, or from the records of what was measured before: what is said follows from records alone,
//! so that both say the same.

mod asked;
mod document;

use super::limit::whole_minutes;
use crate::cli::answer::{Answer, page_line};
use crate::cli::carry_out::{self, Ready};
use crate::cli::options::{ColumnArgs, Printed, SettingArgs};
use crate::cli::progress::{Progress, say};
use crate::run::estimate::about;
use crate::studies::advise::{AdvisePlan, Division, TooLittle, factors, run_advise, tuned};
use asked::{Asked, asked};
use clap::Args;
use engines::WallClock;
use instrument::bench::error::RunError;
use instrument::bench::exit::Exit;
use reports::files;
use reports::judge::advice::{Advice, Confidence, Evidence, advise as judge};
use reports::record::advice::Prices;
use reports::words::{harmless, listed};
use reports::{page, quantity, text};
use settings::config::diagnostic::Mistake;
use settings::config::{Given, prices};
use settings::plan::units;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) use document::Advised;

/// What `advise` takes.
#[derive(Debug, Args)]
pub struct AdviseArgs {
    /// A scenario file, or the name of a built-in scenario; or a file of events, to be advised on its twin
    /// as `twin` fits it; or folders of advice, to be advised again from what was measured then.
    #[arg(required = true, value_name = "FILE|NAME|EVENTS|DIR")]
    pub what: Vec<String>,

    /// Which column is what.
    #[command(flatten)]
    pub columns: ColumnArgs,

    /// Demand this: a quantile of the latency, such as `p99=500ms`, or the share of events that count
    /// where they belong, such as `completeness=0.999`; may be repeated.
    #[arg(long = "slo", value_name = "DEMAND")]
    pub slos: Vec<String>,

    /// Consider only this engine; may be repeated. Where nothing is said, the embedded engines and
    /// every other one that is here.
    #[arg(long = "engine", value_name = "E")]
    pub engines: Vec<String>,

    /// Plan for no more than this in all: a run that takes longer than is thought is not cut short, and
    /// later ones are left out or shorter. Where nothing is said, ten minutes, or as long as it takes at
    /// the least, where engines have to be started and warmed up.
    #[arg(long, value_name = "D")]
    pub budget: Option<String>,

    /// Do not time a plain loop over the workload first, which takes some two seconds and tells what the
    /// question takes without any engine.
    #[arg(long)]
    pub no_calibration: bool,

    /// Do not ask the best two engines again at half and at double of the rate or the speed of a trace, the
    /// keys, the disorder and the slide, one at a time.
    #[arg(long)]
    pub no_sensitivity: bool,

    /// Reckon in money by this sheet of prices; `describe advise` shows one. For folders of advice, in
    /// place of what they were asked with.
    #[arg(long, value_name = "FILE")]
    pub price: Option<PathBuf>,

    /// What to change. The rate is the one to be held; a trial measures for no longer than the duration.
    #[command(flatten)]
    pub settings: SettingArgs,

    /// The folder to write; `runs/<time>-advise-<name>` where nothing is said. Folders of advice are
    /// written where they are.
    #[arg(long, value_name = "DIR", env = "SLUICEBENCH_OUT")]
    pub out: Option<PathBuf>,

    /// How to print the outcome.
    #[arg(long, value_enum, default_value_t, env = "SLUICEBENCH_FORMAT")]
    pub format: Printed,

    /// Exit with 5 where the figures do not say which engine to take.
    #[arg(long)]
    pub strict: bool,
}

/// How long it takes where nobody says.
const BUDGET: Duration = Duration::from_mins(10);

/// Advises, and tells what follows.
pub(in crate::cli) fn advise(args: &AdviseArgs, given: &[Given], colour: bool) -> Answer {
    let sheet = args.price.as_deref().map(prices::read).transpose();
    let prices = match sheet {
        Ok(prices) => prices,
        Err(rejected) => return Answer::rejected(&rejected, colour),
    };
    match asked(args, given, prices) {
        Ok(Asked::Again { folders, prices }) => again(&folders, prices.as_ref(), args),
        Ok(Asked::Anew(plan)) => anew(*plan, args, colour),
        Err(refused) => refused.answer(colour),
    }
}

/// Measures, and tells what follows from it.
fn anew(mut plan: AdvisePlan, args: &AdviseArgs, colour: bool) -> Answer {
    let division = match divided(&mut plan, args.budget.is_some()) {
        Ok(Ok(division)) => division,
        Ok(Err(mistake)) => return Answer::mistaken(mistake, colour),
        Err(RunError::Case { source, .. }) => return Answer::of_case(&source),
        Err(error) => return carry_out::not_done(&error),
    };
    let whole = plan.whole();
    let ready = carry_out::ready(&whole, || carry_out::room(&whole), colour);
    let Ready { stop, mut bench, traces } = match ready {
        Ok(ready) => ready,
        Err(answer) => return answer,
    };
    carry_out::tell_replays(&traces);
    for (engine, why) in &plan.left_out {
        say(&format!("without {engine}: {why}"));
    }
    say(&opening(&plan, &division));
    let mut progress = Progress::default();
    let clock = WallClock::start();
    match run_advise(&plan, &division, &mut *bench, &mut progress, &clock, &stop) {
        Ok(folder) => told(&folder, None, args),
        Err(error) => carry_out::not_done(&error),
    }
}

/// How the budget is spent. Where nobody gave one, it is what it takes.
fn divided(plan: &mut AdvisePlan, is_given: bool) -> Result<Result<Division, Mistake>, RunError> {
    let TooLittle(least) = match plan.divided()? {
        Ok(division) => return Ok(Ok(division)),
        Err(too_little) => too_little,
    };
    if !is_given {
        plan.budget = whole_minutes(least);
        return plan
            .divided()
            .map(|division| division.map_err(|TooLittle(least)| too_small(plan, least)));
    }
    Ok(Err(too_small(plan, least)))
}

/// A budget in which not every engine can be tried.
fn too_small(plan: &AdvisePlan, least: Duration) -> Mistake {
    let shown = units::show_duration(plan.budget);
    let engines = names(plan).len();
    let message = format!(
        "--budget {shown}: to tune and compare {} and to search how much each sustains takes about {} at \
         the least",
        quantity::counted(engines as u64, "engine"),
        about(least)
    );
    let help = format!(
        "write --budget {} or more, name fewer engines (--engine), or measure each for less \
         (--duration)",
        units::show_duration(whole_minutes(least))
    );
    Mistake::new("advise::budget", message).help(help)
}

/// The engines, by name.
fn names(plan: &AdvisePlan) -> Vec<&'static str> {
    let mut names: Vec<&str> = plan.cell.engines.iter().map(|engine| engine.kind.name()).collect();
    names.dedup();
    names
}

/// What is about to be done, in a line.
fn opening(plan: &AdvisePlan, division: &Division) -> String {
    let latencies = plan.demands.iter().map(|slo| format!("a {slo}"));
    let complete =
        plan.completeness.map(|it| format!("a completeness of {}", quantity::fraction(it)));
    let demanded: Vec<String> = latencies.chain(complete).collect();
    let varied = plan.varied(division);
    let varied = if varied.is_empty() {
        String::new()
    } else {
        format!(", with half and double of the {}", listed(&varied))
    };
    format!(
        "Which of {} does {} need? Demanded: {}. About {}{varied}. Ctrl-C keeps what is finished.",
        names(plan).join(", "),
        plan.name,
        demanded.join(", "),
        about(division.estimated)
    )
}

/// Advises again from finished runs, folder by folder.
fn again(folders: &[PathBuf], prices: Option<&Prices>, args: &AdviseArgs) -> Answer {
    let mut all = Answer::default();
    for folder in folders {
        let one = told(folder, prices, args);
        if folders.len() > 1 && args.format == Printed::Text {
            let _ = writeln!(all.results, "{}", folder.display());
        }
        all.results.push_str(&one.results);
        all.complaints.push_str(&one.complaints);
        // The reason not to read one comes before what another says.
        if all.exit == Exit::Ok || matches!(one.exit, Exit::Usage | Exit::Failed) {
            all.exit = one.exit;
        }
    }
    all
}

/// What follows from the records of a folder: its text and page are written there, unless it is reckoned
/// by other prices than it was asked with.
fn told(folder: &Path, prices: Option<&Prices>, args: &AdviseArgs) -> Answer {
    let mut evidence = match Evidence::read(folder) {
        Ok(evidence) => evidence,
        Err(error) => {
            let failed = Answer::failed("advise::record", &error.to_string());
            return Answer { exit: Exit::Usage, ..failed };
        }
    };
    if let Some(prices) = prices {
        evidence.record.prices = Some(prices.clone());
    }
    let advice = judge(&evidence);
    let said = text::advice::terminal(&evidence, &advice);
    let mut answer = match args.format {
        Printed::Json => Answer::document(&Advised::of(folder, &evidence, &advice)),
        Printed::Text => Answer::ok(said.clone()),
    };
    if prices.is_none() {
        let page = page::advice::page(&evidence, &advice);
        match written(folder, &said, &page) {
            Ok(page) if args.format == Printed::Text => {
                let _ = write!(answer.results, "\n{}", page_line(&page));
            }
            Ok(_) => {}
            Err((path, error)) => {
                let shown = path.display();
                let failed = Answer::failed(
                    "advise::folder",
                    &format!("`{shown}` cannot be written: {error}"),
                );
                return Answer { results: answer.results, ..failed };
            }
        }
    }
    answer.exit = exit(&evidence, &advice, args.strict);
    answer
}

/// Writes the text and the page of an advice, and returns where the page is.
fn written(folder: &Path, said: &str, page: &str) -> Result<PathBuf, (PathBuf, io::Error)> {
    // A page has been made harmless where it was made.
    let said = harmless(said);
    for (name, content) in [("advice.md", &*said), ("report.html", page)] {
        let path = folder.join(name);
        files::replace(&path, content.as_bytes()).map_err(|error| (path.clone(), error))?;
    }
    Ok(folder.join("report.html"))
}

/// Interrupted before missed: the reason not to read the figures comes before what they say. That
/// nobody meets what is demanded is a demand missed.
fn exit(evidence: &Evidence, advice: &Advice, strict: bool) -> Exit {
    let is_sure = advice.confidence <= Confidence::AtTheEdge;
    match advice.winner {
        _ if evidence.record.interrupted => Exit::Interrupted,
        None if is_sure => Exit::Missed,
        None if strict => Exit::Inconclusive,
        _ => Exit::Ok,
    }
}

/// What is tuned, what a sheet of prices looks like, and how sure an answer can be: for `describe`.
pub(super) fn described() -> String {
    format!(
        "What is tuned, beside what the user has set, which always takes part; what is not here runs as it is set\n\n{}\n\
         What is varied, half and double of one thing at a time, as far as the scenario has it and the budget \
         reaches, in this order\n\n  {}\n\n\
         A sheet of prices (--price), as TOML\n\n{}\n\
         Of several demands on the latency the search looks for the highest rate that meets the one on \
         the tail.\n",
        tuned(),
        factors().join(", "),
        prices::example().lines().fold(String::new(), |all, line| all + "  " + line + "\n"),
    )
}
