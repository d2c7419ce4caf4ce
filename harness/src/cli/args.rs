//! All that can be typed.

use crate::cli::commands::advise::AdviseArgs;
use crate::cli::commands::atlas::AtlasArgs;
use crate::cli::commands::check::CheckArgs;
use crate::cli::commands::compare::CompareArgs;
use crate::cli::commands::completions::CompletionsArgs;
use crate::cli::commands::conform::ConformArgs;
use crate::cli::commands::engines::EnginesArgs;
use crate::cli::commands::export::ExportArgs;
use crate::cli::commands::glossary;
use crate::cli::commands::history::HistoryArgs;
use crate::cli::commands::init::InitArgs;
use crate::cli::commands::limit::LimitArgs;
use crate::cli::commands::man::ManArgs;
use crate::cli::commands::plan::PlanArgs;
use crate::cli::commands::schema::SchemaArgs;
use crate::cli::commands::sweep::SweepArgs;
use crate::cli::commands::twin::TwinArgs;
use crate::cli::options::{Listed, Printed, RunArgs, SettingArgs};
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use instrument::bench::exit::Exit;
use reports::words::{brief, harmless};
use std::path::PathBuf;

/// How wide help is shown at most, in columns.
pub const HELP_WIDTH: usize = 100;

/// Runs a stream scenario on a micro-batch and a per-event engine, and tells which one it needs.
///
/// Without a command it runs the quick suite: both engines on four small questions, about 30 s,
/// then a report. No files are needed.
#[derive(Debug, Parser)]
#[command(name = "sluicebench", version, max_term_width = HELP_WIDTH, after_help = around())]
pub struct Args {
    /// What to do; the quick suite, where nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Colour,
}

/// When to use colour.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set; elsewhere if `CLICOLOR_FORCE` is.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Args {
    /// The definition without the commands that are not shown: what completions and manual pages
    /// are made from.
    pub fn shown() -> clap::Command {
        let all = Self::command();
        let mut shown = clap::Command::new("sluicebench")
            .version(env!("CARGO_PKG_VERSION"))
            .about(all.get_about().cloned().unwrap_or_default())
            .long_about(all.get_long_about().cloned().unwrap_or_default())
            .after_help(around())
            .disable_help_subcommand(true);
        for argument in all.get_arguments() {
            shown = shown.arg(argument.clone());
        }
        let commands = all.get_subcommands().filter(|command| !command.is_hide_set());
        shown.subcommands(commands.cloned())
    }

    /// What was typed, and which of it came from the environment. Nothing means the quick suite;
    /// so it heeds the environment like any other run.
    ///
    /// # Errors
    /// What was typed wrongly, or what was asked for that is no command, such as help.
    pub fn parse_typed() -> Result<(Self, ArgMatches), clap::Error> {
        let matches = Self::command().try_get_matches()?;
        let typed = Self::from_arg_matches(&matches)?;
        if typed.command.is_some() {
            return Ok((typed, matches));
        }
        let matches = Self::command().try_get_matches_from(["sluicebench", "run", "quick"])?;
        let quick = Self::from_arg_matches(&matches)?;
        Ok((Self { color: typed.color, ..quick }, matches))
    }

    /// What to say of a line that is no command, where it holds what nobody should be shown as it
    /// is; none where clap may say it itself, and in its colours.
    pub fn harmless_error(error: &clap::Error) -> Option<String> {
        let text = error.render().to_string();
        let shown = harmless(&brief(&text, 10_000)).into_owned();
        (error.use_stderr() && shown != text).then_some(shown)
    }
}

/// What stands below every help text.
fn around() -> String {
    let units = "Durations are written 250ms, rates 50k/s, sizes 64MiB. A setting on the command \
                 line comes before one in the environment, and that before one in a file.";
    format!("{units}\n\n{}\n\n{}", words(), Exit::list())
}

/// The words that can be described beside what has a name in a file or a list.
fn words() -> String {
    let words: Vec<_> = glossary::words().collect();
    format!("Words that `sluicebench describe WORD` explains: {}.", words.join(", "))
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run scenarios or suites on both engines, check the answers, and write a report.
    Run(Box<RunArgs>),
    /// Find the highest rate that an engine sustains on a scenario.
    Limit(Box<LimitArgs>),
    /// Vary one or two settings and run every combination on both engines.
    Sweep(Box<SweepArgs>),
    /// Advise which engine a workload needs, how to set it, and at which price, with what that rests on.
    ///
    /// Each engine is tuned with as many trials as any other, the best setting of each is compared over
    /// several repetitions, and the highest rate is searched that it sustains. Whoever meets what is
    /// demanded at the rate of the workload and costs the least is advised; how sure that is follows from
    /// the figures, and every sentence names the runs that it rests on.
    Advise(Box<AdviseArgs>),
    /// Map which engine is the cheapest one, over the rate and over what is demanded of the latency.
    ///
    /// The rate is measured, and what may be demanded is not: one sweep over the rate, in which each
    /// engine runs at a setting for every demand, says of each demand which engine holds it and costs the
    /// least. Who holds it and who is cheaper is decided as `advise` does, at each point. Nothing is said
    /// of a rate that was not measured, and ties, and what nobody holds, are told as such. Named the
    /// folder of a map, it says the same again from the records; with other demands, too, which take no
    /// measuring.
    Atlas(Box<AtlasArgs>),
    /// Compare two runs, with the noise of this machine in view.
    Compare(Box<CompareArgs>),
    /// Hold a run against its thresholds, and against a baseline.
    Check(Box<CheckArgs>),
    /// Tell where a figure changed its level over many runs, such as those of every night.
    ///
    /// For each scenario, engine and figure: its median in each run, the oldest first, and the change
    /// points, with the two runs between which each lies, what differs between these, by how much the
    /// figure changed and whether that is better or worse. They are found by E-divisive means with
    /// Student's t (Hunter, which is Apache Otava), from six runs on, three on either side of a
    /// change; the same runs always say the same. Runs whose machine, build, question or input is not
    /// that of the latest one are left out and named. It demands nothing and exits with 0: `check` is
    /// the gate.
    History(Box<HistoryArgs>),
    /// Fit a synthetic scenario to a recorded trace.
    Twin(Box<TwinArgs>),
    /// Tell what a run would do, how long it would take and what memory it needs.
    Plan(Box<PlanArgs>),
    /// Write a commented scenario file to start from.
    Init(Box<InitArgs>),
    /// List the built-in scenarios, the engines, the suites and the metrics.
    List {
        /// Only these.
        #[arg(value_enum)]
        what: Option<Listed>,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Printed,
    },
    /// Describe a scenario, a suite, an engine, a metric, a key of a scenario file, or a word of a
    /// report or of another system.
    #[command(after_help = words())]
    Describe {
        /// Such as `keyed-window`, `micro-batch`, `query.window.slide`, `result_latency`, `spark` or
        /// `steady state`.
        #[arg(required = true, value_name = "NAME")]
        name: Vec<String>,
    },
    /// Check scenario files and suites: every mistake, with line and caret.
    Validate {
        /// Files, or names of built-in ones.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Printed,
    },
    /// Write the input of a scenario as it will arrive: `n`, `due_ns`, `event_time_us`, key, value.
    Events {
        /// A scenario file, or the name of a built-in scenario.
        #[arg(value_name = "FILE|NAME")]
        scenario: String,
        /// The CSV file to write.
        #[arg(long, value_name = "CSV")]
        out: PathBuf,
        /// Write over a file that is there.
        #[arg(long)]
        force: bool,
        /// What to change.
        #[command(flatten)]
        settings: SettingArgs,
    },
    /// Write the report of finished runs again, from their records; several lie over each other.
    ///
    /// Each run's own page is written into its own folder. Of two or more runs that have a scenario
    /// in common there is also `together.html`, in the folder of the last: the same engine on the
    /// same scenario, run by run, on one clock.
    Report {
        /// Folders of runs.
        #[arg(required = true, value_name = "DIR")]
        folders: Vec<PathBuf>,
        /// Put all of it on one page in this folder instead.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Write over a page that is there, with --out.
        #[arg(long)]
        force: bool,
    },
    /// Measure what this machine can and cannot measure, for about three seconds.
    Doctor {
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: Printed,
    },
    /// Put small streams to engines whose exact answers are known, and tell where they differ.
    Conform(ConformArgs),
    /// Tell which engines are here, what is missing and how it is brought here; or fetch one.
    Engines(Box<EnginesArgs>),
    /// Write the numbers of a run in open formats.
    Export(Box<ExportArgs>),
    /// Print the JSON schema of a file that this program reads or writes.
    Schema(Box<SchemaArgs>),
    /// Print the completions of a shell.
    Completions(Box<CompletionsArgs>),
    /// Write the manual pages.
    Man(Box<ManArgs>),
    /// Measure one repetition, for the program itself: the order comes on stdin.
    #[command(hide = true)]
    Trial,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_command_is_told_without_what_a_terminal_would_obey() {
        let wrong = |typed: &str| {
            let error = Args::command().try_get_matches_from(["sluicebench", typed]).unwrap_err();
            Args::harmless_error(&error)
        };
        assert_eq!(wrong("rum"), None, "clap says it");
        let told = wrong("\u{1b}[31mrum\u{202e}").unwrap();
        assert!(told.contains("rum\\u202e") && !told.contains('\u{1b}'), "{told}");
        assert!(wrong(&"r".repeat(1 << 16)).unwrap().len() < 11_000);
    }

    #[test]
    fn the_definition_holds_together() {
        Args::command().debug_assert();
    }
}
